/*
 * What every test of this room needs: a store in a temporary folder, a fake
 * server, an engine between them.  rig_new makes accounts "one", "two", ...
 * with INBOX, Archive and Trash; no worker runs until rig_start.
 */
#ifndef TERN_TESTS_SYNC_RIG_H
#define TERN_TESTS_SYNC_RIG_H

#include "support/fake_provider.h"
#include "sync/priv.h"

enum { INBOX, ARCHIVE, TRASH };

struct rig {
	char *dir;
	struct places places;
	struct config config;
	struct queue *events;
	struct store *store;     /* the test's own handle, as the screen has one */
	struct sync *sync;
	struct engine *engine;
	account_id id[FAKE_ACCOUNTS];
	struct fake_account *server[FAKE_ACCOUNTS];
};

struct rig *rig_new(int accounts);
void rig_free(struct rig **r);
void rig_start(struct rig *r);
void rig_stop(struct rig *r);
/* A new engine over the same store, as after a restart. */
void rig_restart(struct rig *r);
struct fake_box *rig_box(struct rig *r, int account, int box);
/* One blocking pass / drain that must succeed; drain returns the rows left. */
void rig_pass(struct rig *r);
int rig_drain(struct rig *r);

/* The store's view.  The subject of a fake message is its serial. */
mailbox_id rig_mailbox(struct rig *r, int account, int box);
int64_t rig_total(struct rig *r, int account, int box);
/* The row of that message in the mailbox, NULL if it does not show there. */
struct list_row *rig_row(struct rig *r, int account, int box, int serial);
bool rig_shows(struct rig *r, int account, int box, int serial);
message_id rig_message(struct rig *r, int box, int serial);
void rig_flag(struct rig *r, int box, int serial, unsigned add);
void rig_move(struct rig *r, int from, int serial, int to);
/* How much history is brought in (model/tuning.h); the server tells ten messages a slice. */
void rig_limits(struct rig *r, int newest, int cap, enum backfill_mode mode);
/* Wishes for a new mailbox of the first account. */
void rig_want_box(struct rig *r, const char *name);
enum mailbox_state rig_box_state(struct rig *r, int account, int box);
/* Rows of the queue with that status. */
int rig_rows(struct rig *r, enum mutation_status status);
/* Rows that are queued or leased, counted at one moment: between two counts a row may pass from one to
 * the other. */
int rig_waiting(struct rig *r);
/* True if every mailbox of the account shows exactly what the server has. */
bool rig_equal(struct rig *r, int account);
struct engine_state rig_state(struct rig *r, int account);
/* The code of the next EV_BODY about the message; 1 if none comes within 5 s. */
int rig_body_event(struct rig *r, message_id m);
int64_t now_ms(void);

/* Waits up to 40 s for a condition: a first pause after a failure alone is 6 s. */
#define UNTIL(condition)                                                                           \
	do {                                                                                       \
		int64_t end_ = now_ms() + 40000;                                                   \
		bool came_;                                                                        \
		while (!(came_ = (condition)) && now_ms() < end_)                                  \
			g_usleep(2000);                                                            \
		ck_assert_msg(came_, "waited in vain for: %s", #condition);                        \
	} while (0)

#endif
