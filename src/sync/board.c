/* The board: plain values for the status line, copied in and out under a leaf mutex. */
#include "base/clock.h"
#include "base/text.h"
#include "sync/priv.h"

void board_init(struct board *b, account_id a, struct queue *events, int progress_ms)
{
	*b = (struct board){ .account = a, .events = events, .progress_ms = progress_ms };
	pthread_mutex_init(&b->lock, NULL);
}

void board_release(struct board *b)
{
	pthread_mutex_destroy(&b->lock);
}

static void tell(const struct board *b)
{
	struct event e = { .kind = EV_ACCOUNT, .account = b->account.v };

	if (b->events)
		queue_post(b->events, &e);
}

/* Statements under the lock, then the event: the queue has a lock of its own, hence outside. */
#define CHANGE(b, ...)                                                                             \
	do {                                                                                       \
		if (!(b))                                                                          \
			return;                                                                    \
		pthread_mutex_lock(&(b)->lock);                                                    \
		__VA_ARGS__;                                                                       \
		pthread_mutex_unlock(&(b)->lock);                                                  \
		tell(b);                                                                           \
	} while (0)

static void put_stage(struct engine_state *s, enum engine_stage stage, const char *mailbox)
{
	s->stage = stage;
	s->done = s->of = 0;
	s->retry_at = 0;
	text_clean_into(mailbox ? mailbox : "", -1, s->mailbox, sizeof s->mailbox);
}

/* True, with the time noted, if the last word about progress was long enough ago. */
static bool may_tell(struct board *b)
{
	int64_t now = clock_mono_ms();
	bool due = now - b->told_at >= b->progress_ms;

	if (due)
		b->told_at = now;
	return due;
}

void board_stage(struct board *b, enum engine_stage stage, const char *mailbox)
{
	bool due;

	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	due = stage == STAGE_IDLE && b->state.stage != STAGE_IDLE;
	put_stage(&b->state, stage, mailbox);
	due = may_tell(b) || due; /* the end of the work is always told */
	pthread_mutex_unlock(&b->lock);
	if (due)
		tell(b);
}

void board_progress(struct board *b, enum engine_stage stage, int64_t done, int64_t of)
{
	bool due;

	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	b->state.stage = stage;
	b->state.done = done;
	b->state.of = of;
	due = may_tell(b);
	pthread_mutex_unlock(&b->lock);
	if (due)
		tell(b);
}

void board_push(struct board *b, bool live, bool everywhere)
{
	CHANGE(b, b->state.push_live = live; b->state.push_everywhere = live && everywhere);
}

void board_letter(struct board *b, char letter)
{
	if (b && b->state.letter != letter) /* only its own worker writes it */
		CHANGE(b, b->state.letter = letter);
}

void board_cycle(struct board *b, const char *trigger, const char *sync_id)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	g_strlcpy(b->state.trigger, trigger, sizeof b->state.trigger);
	g_strlcpy(b->state.sync_id, sync_id, sizeof b->state.sync_id);
	b->state.started_at = *sync_id ? clock_unix() : 0;
	pthread_mutex_unlock(&b->lock);
}

void board_synced(struct board *b, int64_t at)
{
	CHANGE(b, b->state.last_sync = at);
}

void board_error(struct board *b, const struct err *why)
{
	CHANGE(b, b->state.error = *why);
}

void board_waiting(struct board *b, const struct err *why, int64_t retry_at)
{
	CHANGE(b, put_stage(&b->state, STAGE_WAITING, NULL); b->state.error = *why;
	       b->state.retry_at = retry_at; b->state.push_live = b->state.push_everywhere = false;
	       *b->state.trigger = *b->state.sync_id = '\0'; b->state.started_at = 0);
}

void board_read(struct board *b, struct engine_state *out)
{
	pthread_mutex_lock(&b->lock);
	*out = b->state;
	pthread_mutex_unlock(&b->lock);
}
