/*
 * A mail server in memory, with a provider for it and switches for failures.
 *
 * The world lives in shared memory, so that a test can fork, let the child die
 * in the middle of anything, and go on with the server as the child left it.
 * Messages have no content but a serial number, from which everything else
 * follows.  Every call and every sink call is a step; the process that makes
 * step `die_at` is killed on the spot.
 *
 * All fake_* functions are safe from any thread.
 */
#ifndef TERN_TESTS_FAKE_PROVIDER_H
#define TERN_TESTS_FAKE_PROVIDER_H

#include <pthread.h>

#include "provider/provider.h"

enum { FAKE_ACCOUNTS = 3, FAKE_BOXES = 6, FAKE_MESSAGES = 110000,
	FAKE_SERIALS = 400000, FAKE_KEYWORDS = 64, FAKE_VERBS = 5 };

enum fake_call {
	FAKE_CONNECT,
	FAKE_MAILBOXES,
	FAKE_CHANGES,
	FAKE_BODY,
	FAKE_PREPARE,
	FAKE_APPLY,
	FAKE_WAIT,
	FAKE_ARRANGE,
	FAKE_BODIES,
	FAKE_CALLS,
};

struct fake_message {
	uint64_t uid;
	int serial;
	unsigned flags;
	bool here;
	uint64_t modseq;         /* of its last change */
	char keywords[FAKE_KEYWORDS]; /* normal form */
};

struct fake_box {
	char path[40];
	enum mailbox_role role;
	unsigned attrs;
	unsigned denied;         /* enum mailbox_denied: told, and refused if tried */
	uint64_t modseq;         /* of the last change of any message */
	uint32_t uidvalidity;
	uint64_t uidnext;
	int generation;          /* rises with every change: what IDLE would tell */
	int fail, fail_times;    /* changes() of this mailbox only */
	int no_history;          /* changes() with history fails with this; 0 = it does not */
	size_t n;
	struct fake_message m[FAKE_MESSAGES];
};

struct fake_account {
	char name[40];
	size_t n_boxes;
	struct fake_box boxes[FAKE_BOXES];
	int slice;               /* messages between two cursor points */
	bool push_live, tells_uid;
	bool push_deaf;          /* push claims to be live and tells nothing */
	bool push_everywhere;    /* push tells of all mailboxes and of their list */
	struct traits traits;    /* what connect tells; connections 0 = 2 */
	int most;                /* connections that it allows, 0 = any number */
	int connected, connected_max; /* now and at most */
	char memory[40];         /* connect remembers this, "" = nothing */
	char recalled[40];       /* what the last connect was given as memory */
	int tree_generation;     /* rises when the list of mailboxes changes */
	unsigned flags_seen;     /* all changes_flags that came */
	unsigned last_flags[FAKE_BOXES]; /* ... of the last call for each mailbox */
	int slow_ms;             /* each slice takes this long */
	int body_ms;             /* ... and each body */
	int hole_bytes;          /* bodies come without an attachment of so many bytes; 0 = whole */
	int fetched[200], n_fetched; /* serials of the bodies that were asked for, in order */

	struct {
		enum err_code code;
		int times, after_s;
		bool beside;     /* only on a connection that was made beside another one */
		bool block;      /* until canceled */
		int count;       /* calls so far */
	} call[FAKE_CALLS];
	int lose_answer;         /* apply does its work and then loses the connection, so many times */
	int lie_wait;            /* so many listings of messages are true before a lie */
	int lie_empty;           /* so many listings of messages show nothing */
	int lie_void;            /* so many times the uidvalidity is a wrong one */
	int lie_boxes;           /* so many LIST answers are empty */
	size_t lack[2];          /* the next LIST answers lack these mailboxes; 0 = none */
	bool condstore;          /* flags are changed on condition (UNCHANGEDSINCE) */
	bool two_steps;          /* a move is a copy and then a removal: a death may come between */
	bool only_marks;         /* no UIDPLUS: what is removed is only marked \\Deleted */
	int batches[FAKE_VERBS]; /* apply calls for each verb ... */
	int items[FAKE_VERBS];   /* ... and wishes in them that were carried out */
	int wrong;               /* changes that would have hit another message: never */
	int moved[FAKE_SERIALS]; /* how often each message was really moved, copied or appended */
	int visits[64], n_visits;/* order of changes() calls: box index */
	int serial_at_apply;     /* messages reported when the first apply came */
	int reported;            /* messages reported so far */
};

struct fake_world {
	pthread_mutex_t lock;
	struct fake_account accounts[FAKE_ACCOUNTS];
	size_t n_accounts;
	int next_serial;
	long steps, die_at;      /* die_at 0 = never */
};

extern struct fake_world *fake_world;

void fake_world_new(void);
void fake_world_free(void);
/* For struct sync's seam: any name is the fake provider. */
const struct provider_ops *fake_find(const char *name);

struct fake_account *fake_account_add(const char *name);
struct fake_box *fake_box_add(struct fake_account *a, const char *path, enum mailbox_role role);
/* Puts n new messages into the mailbox; returns the serial of the first. */
int fake_deliver(struct fake_box *b, int n);
void fake_expunge(struct fake_box *b, int serial);
/* All of its messages go. */
void fake_empty(struct fake_box *b);
void fake_set_flags(struct fake_box *b, int serial, unsigned flags);
/* Another client moves it. */
void fake_move(struct fake_box *from, int serial, struct fake_box *to);
bool fake_expunge_if_here(struct fake_box *b, int serial);
void fake_flag_if_here(struct fake_box *b, int serial, unsigned add);
/* From now on slices are so long and each takes so many milliseconds. */
void fake_slow(struct fake_account *a, int slice, int ms);
void fake_slow_bodies(struct fake_account *a, int ms);
/* The answers of the next so many apply calls are lost. */
void fake_lose(struct fake_account *a, int times);
enum fake_lies { FAKE_EMPTY, FAKE_VOID, FAKE_NO_BOXES };
void fake_lie(struct fake_account *a, int times, int kind);
/* The mailbox gets a new UIDVALIDITY and all its messages new uids. */
void fake_renumber(struct fake_box *b);
void fake_fail(struct fake_account *a, enum fake_call call, enum err_code code, int times);
/* The same, on a connection that was made beside another one. */
void fake_fail_beside(struct fake_account *a, enum fake_call call, enum err_code code, int times);
/* A new mailbox appears; its index. */
int fake_box_appears(struct fake_account *a, const char *path);
int fake_boxes(struct fake_account *a);
/* From now on push says nothing, though it claims to be live. */
void fake_deafen(struct fake_account *a);
/* True if some call of changes() came with this flag since the last question. */
bool fake_was_ever_asked(struct fake_account *a, unsigned flag);
int fake_reported(struct fake_account *a);
int fake_connected(struct fake_account *a);
/* True if the last call of changes() for the mailbox had all of these flags. */
bool fake_was_asked(struct fake_box *b, struct fake_account *a, unsigned flags);
void fake_block(struct fake_account *a, enum fake_call call, bool on);
int fake_count(struct fake_account *a, enum fake_call call);
/* A counter of the world, while workers are at it. */
int fake_read(const int *counter);
/* How many copies of the message the mailbox holds; *flags (may be NULL) of the last. */
int fake_copies(struct fake_box *b, int serial, unsigned *flags);
int fake_total(struct fake_box *b);
/* A serial for a message that a test appends: its Message-ID is mSERIAL@fake. */
int fake_serial(void);
/* Another client changes keywords (blank-separated, NULL = none). */
void fake_words(struct fake_box *b, int serial, const char *add, const char *remove);
/* "FLAGS KEYWORDS" of the copies of a message in a mailbox, sorted, one a line (g_free). */
char *fake_picture(struct fake_box *b, int serial);
/* Sets the counts of apply calls to 0. */
void fake_count_anew(struct fake_account *a);

#endif
