/*
 * SQLite lets one writer in, and its busy wait is not fair: with a bulk write
 * going on, the reader's key may wait for seconds.  So the writers of this
 * process queue here first, and the screen and the thread that carries its
 * changes to the server go before everybody else; a bulk writer looks at
 * turn_wanted and commits early.
 */
#include <pthread.h>

#include "store/priv.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf */
static pthread_cond_t freed = PTHREAD_COND_INITIALIZER;
static bool taken;
static _Atomic int ahead; /* of those who go first, so many wait */

static bool goes_first(enum store_role role)
{
	return role == STORE_UI || role == STORE_PROMPT;
}

void turn_take(enum store_role role)
{
	pthread_mutex_lock(&lock);
	ahead += goes_first(role);
	while (taken || (!goes_first(role) && ahead > 0))
		pthread_cond_wait(&freed, &lock);
	ahead -= goes_first(role);
	taken = true;
	pthread_mutex_unlock(&lock);
}

void turn_give(void)
{
	pthread_mutex_lock(&lock);
	taken = false;
	pthread_cond_broadcast(&freed);
	pthread_mutex_unlock(&lock);
}

bool turn_wanted(void)
{
	return ahead > 0;
}
