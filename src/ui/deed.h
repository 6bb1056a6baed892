/*
 * Deeds: what the reader does to one message or to many.
 *
 * A command makes a deed (kind, target, keywords) and gives it to deed_do,
 * which finds out what it is about (the visual range, a count of rows, the
 * marked, or the row of the cursor), whether it may be, asks where it must,
 * writes it to the store as one wish, shows the list as it is then, and says
 * what happened.  Nothing waits for the network.
 */
#ifndef TERN_UI_DEED_H
#define TERN_UI_DEED_H

#include <stdbool.h>

#include "base/err.h"
#include "model/id.h"
#include "store/store.h"

struct ui;

enum deed_kind {
	DEED_NONE,
	DEED_TOGGLE_READ, /* becomes READ if any of them is unread, else UNREAD */
	DEED_TOGGLE_FLAG,
	DEED_READ,
	DEED_UNREAD,
	DEED_FLAG,
	DEED_UNFLAG,
	DEED_ARCHIVE,
	DEED_DELETE,      /* to the trash */
	DEED_SPAM,
	DEED_MOVE,
	DEED_COPY,
	DEED_TAG,
	DEED_FOREVER,
};

enum { DEED_ASKS_ABOVE = 50 /* messages: more are asked about first */ };

struct deed {
	enum deed_kind kind;
	mailbox_id target;                    /* MOVE, COPY */
	char *add_keywords, *remove_keywords; /* TAG; owned, may be NULL */
};

/* What a deed is about. */
struct targets {
	GArray *places;   /* of location_id, those on the screen first; NULL = none */
	bool marked;      /* they are the marks or the visual range, which end with the deed */
	int rows;         /* else: so many rows from the cursor on */
};

void deed_clear(struct deed *d);
void targets_clear(struct targets *t);

/*
 * Keeps in ui->targets what a command is about now: a picker or prompt may be
 * open until deed_commit.  ERR_USAGE: there is no message.
 */
int deed_prepare(struct ui *ui, struct err *err);
/* The account of ui->targets; ERR_USAGE if they are of several. */
int deed_account(struct ui *ui, account_id *out, struct err *err);
/* Does it to ui->targets, or asks first.  The strings of d are copied. */
int deed_commit(struct ui *ui, const struct deed *d, struct err *err);
/* Both. */
int deed_do(struct ui *ui, enum deed_kind kind, struct err *err);

/* Can a command that changes mail work on the row of the cursor?  False with words. */
bool deed_possible(struct ui *ui, const char *command, struct err *why);
/* The same, remembered until rows are read again: for what is drawn with every key. */
bool deed_offered(struct ui *ui, const char *command);

/* May mail of this account be changed at all?  ERR_USAGE with words. */
int deed_writable(const struct ui *ui, account_id a, struct err *err);
/* ERR_REFUSED: no mailbox of the account has this use. */
int deed_needs_role(enum mailbox_role role, struct err *err);

/* --- words (deed_words.c) ---------------------------------------------- */

/* "Archived", "Moved to Lists", "Archived: 3 messages". */
void deed_done_words(struct ui *ui, const struct deed *d, int64_t n, char *out, size_t cap);
/* "Move 120 messages of Inbox to Archive?  80 of them are unread." */
void deed_question(struct ui *ui, const struct deed *d, const struct survey *v, char *out, size_t cap);
/* "archiving" */
const char *deed_progress_word(const struct deed *d);

#endif
