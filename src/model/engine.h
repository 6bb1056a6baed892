/*
 * What the screen and the command line may ask of the sync side.
 *
 * ui/ and cli/ never include sync/; main.c hands them a filled-in struct
 * engine.  All calls return at once, except those marked "blocking".
 */
#ifndef TERN_MODEL_ENGINE_H
#define TERN_MODEL_ENGINE_H

#include <stdbool.h>

#include "base/cancel.h"
#include "base/err.h"
#include "model/cache.h"
#include "model/id.h"

enum engine_stage {
	STAGE_IDLE,
	STAGE_CONNECTING,
	STAGE_DISCOVERING,
	STAGE_PLANNING,
	STAGE_FETCHING,
	STAGE_STORING,
	STAGE_SENDING, /* the reader's own changes; done/of: of those that wait */
	STAGE_WAITING, /* backing off after a failure, or another process has the account */
};

/* A snapshot of an account for the status line: plain values, copied out. */
struct engine_state {
	enum engine_stage stage;
	bool push_live;        /* IDLE or its like is listening */
	int64_t done, of;      /* counts of the stage, of = 0: unknown */
	char mailbox[120];     /* what is being worked on; outside text */
	struct err error;      /* the last failure, code 0 = none */
	int64_t retry_at;      /* unix seconds of the next try when waiting, 0 = none */
	int64_t last_sync;     /* unix seconds of the last complete pass, 0 = never */
	bool push_everywhere;  /* the server pushes for all mailboxes */
	char letter;           /* how far the server can be trusted, 'A'..'D' (M-79); 0 = not known */
	char trigger[12];      /* "startup", "push", "poll", "manual", "queue": of the cycle that runs */
	char sync_id[40];      /* of that cycle, as in the log; "" between cycles */
	int64_t started_at;    /* of that cycle, unix seconds */
};

/* What such a request says, and what List-Unsubscribe-Post must say for it. */
#define ONE_CLICK_FORM "List-Unsubscribe=One-Click"

struct engine {
	/* asynchronous, for the screen; account 0 = all */
	void (*sync_now)(struct engine *e, account_id a, bool full); /* full: distrust all cursors */
	/* The reader looks at this mailbox: it is brought up to date at once, and its account is
	 * asked more often for a while (M-55, C-25).  Cheap to call again and again. */
	void (*look)(struct engine *e, account_id a, mailbox_id m);
	void (*push)(struct engine *e, account_id a);
	void (*want_body)(struct engine *e, account_id a, message_id m); /* answered by EV_BODY */
	/* The whole message, attachments included, where only its text is here; likewise. */
	void (*want_whole)(struct engine *e, account_id a, message_id m);
	/* Something was seen or done: what the cache learns from.  Cheap; never waits, may forget.
	 * Whoever shows a message tells CACHE_OPENED, whether it was here or not. */
	void (*notice)(struct engine *e, const struct cache_notice *n, size_t count);
	/* Tells a list that the reader wants no more of it (RFC 8058: one POST, no cookies, no
	 * redirects followed).  Answered by EV_ONE_CLICK with the ticket as its message; the words
	 * of a failure by `told`, once. */
	int64_t (*one_click)(struct engine *e, const char *url); /* 0: too many at once */
	bool (*told)(struct engine *e, int64_t ticket, struct err *out);
	bool (*state)(struct engine *e, account_id a, struct engine_state *out); /* false: unknown account */

	/* blocking, for the command line: in the caller's thread, no worker runs */
	int (*pass)(struct engine *e, account_id a, bool full, struct cancel *cancel, struct err *err);
	int (*drain)(struct engine *e, account_id a, struct cancel *cancel, struct err *err); /* rows left */
	int (*body)(struct engine *e, account_id a, message_id m, struct cancel *cancel, struct err *err);
	int (*whole)(struct engine *e, account_id a, message_id m, struct cancel *cancel, struct err *err);
	int (*bodies)(struct engine *e, account_id a, struct cancel *cancel, struct err *err); /* all that are not cached */
	int (*check)(struct engine *e, account_id a, struct cancel *cancel, struct err *err); /* connect and list */

	/* What is known of the account's server, in words for people; memory: store_account_memory.
	 * Pure. */
	void (*explain)(const char *type, const char *memory,
		void (*put)(void *ctx, const char *label, const char *words), void *ctx);
};

#endif
