/*
 * Wishes inside the store: between want.c (what a key does), bulk.c (large
 * steps), append.c and coalesce.c (what becomes of a wish that meets others).
 * Everything here happens in the caller's transaction.
 */
#ifndef TERN_STORE_WISH_H
#define TERN_STORE_WISH_H

#include "store/priv.h"

/* A message in a mailbox, as a wish needs it. */
struct place {
	int64_t id, message, mailbox, account, uidvalidity;
	bool numbered;                  /* the server has it */
	unsigned flags, server_flags;   /* as the reader wants them; as the server has, or will have, them */
	char *keywords, *server_keywords; /* likewise; normal form, "" = none; owned */
};
/* 1 = loaded, 0 = nothing is shown there (hidden: nothing is there). */
int place_load(struct store *s, int64_t location, bool hidden, struct place *p, struct err *err);
void place_clear(struct place *p);

/* The place where the message is shown now that a wish of ours may have moved it on: 1 = there is
 * one, *location is it. */
int place_now(struct store *s, int64_t *location, struct err *err);

/* A wish about one place, ready for the queue. */
struct wish {
	enum mutation_verb verb;
	unsigned add, remove;
	char *add_keywords, *remove_keywords; /* normal form, never NULL; owned */
	int64_t target, step;
	int64_t gave_way;      /* out: the row of a copy or an append that had not left and will not; 0 = none */
	int64_t place;         /* out: where the message comes to be by it; 0 = nowhere */
	int64_t replaces;      /* APPEND: the older version, a message; 0 = none */
};
void wish_clear(struct wish *w);
/*
 * The table of doc/SYNC section 6 (M-69).  1 = the queue has it now, 0 = it is
 * so already.  A wish about flags is narrowed to what it changes.
 */
int wish_queue(struct store *s, const struct place *p, struct wish *w, struct err *err);
/* A row behind all others; p->uidvalidity and p->flags are what the reader saw. */
int wish_insert(struct store *s, const struct place *p, const struct wish *w, int64_t target_location,
	struct err *err);

/*
 * Taking back a row that gave way before it left (undo_item.gave_way): a copy
 * or an append waits again, *place is where (0 = of an append).  1 = so it does,
 * 0 = it cannot come back.  The items of the history are told of the place.
 */
int wish_revive(struct store *s, int64_t row, int64_t *place, struct err *err);

/* What many wishes of one transaction share. */
struct wishing {
	struct store *s;
	struct want want;       /* what all of them wish; keywords in normal form, never NULL */
	char *add_keywords, *remove_keywords;
	int64_t step;           /* of the history, 0 = none */
	bool noted;             /* each message becomes an item of the step */
	GArray *grounds;        /* mailboxes: where a wish about their messages goes */
	GPtrArray *bulks;       /* large steps that are not through; NULL = not looked yet */
	int64_t place, gave_way; /* of the last wish, as struct wish has them */
};
void wishing_open(struct wishing *w, struct store *s, const struct want *want, int64_t step,
	bool noted);
void wishing_close(struct wishing *w);
/* 1 = something changes, 0 = it is so already, or nothing is shown there. */
int wishing_act(struct wishing *w, int64_t location, struct err *err);

/* --- rights.c ---------------------------------------------------------- */

/*
 * May this be wished of the messages of a mailbox?  *target: where they go (0
 * = nowhere).  ERR_REFUSED, ERR_GONE or ERR_UNSUPPORTED with words.
 */
int wish_allowed(struct store *s, const struct want *w, int64_t mailbox, int64_t *target,
	struct err *err);
int trash_already(struct err *err);

/* --- bulk.c ------------------------------------------------------------ */

/* The rest of a large step: places, ascending, all of one account. */
int bulk_add(struct store *s, int64_t step, int64_t account, const struct want *w, GArray *places,
	struct err *err);
/* ... or all that a mailbox shows now. */
int bulk_add_mailbox(struct store *s, int64_t step, int64_t account, const struct want *w,
	int64_t mailbox, bool unread, int64_t total, struct err *err);
/* Large steps of before that have yet to reach this message do it now; how many changed it. */
int bulk_first(struct wishing *w, int64_t message, struct err *err);
void bulk_drop(gpointer bulk);

/* --- want.c ------------------------------------------------------------ */

int step_begin(struct store *s, const struct want *w, int64_t *step, struct err *err);
/* What the step does to one message. */
int step_item(struct store *s, const struct place *p, const struct wish *w, struct err *err);
/* A place in the target that the server does not know yet, looking like the one it comes from. */
int place_await(struct store *s, const struct place *p, int64_t target, int64_t *out,
	struct err *err);
/* What the screen and other processes hear of it. */
void wish_news(struct store *s, const struct place *p, const struct wish *w);

#endif
