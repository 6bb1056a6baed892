/*
 * The message that is open in the reader: its document, and where it comes
 * from.
 *
 * A reading begins with a row of the list.  Its body is taken from the store,
 * or fetched first; the reader process makes a document of it (read/reader.h),
 * at once where it is quick, else with EV_DOCUMENT.  A large message comes
 * twice, its beginning first.  The next message on the reader's way is read ahead.
 *
 * view_message.c shows it; commands about its parts, links and seals use the
 * calls of the first group and know nothing of lines.  What is borrowed from
 * here lasts until the next event or key.  Main thread only.
 */
#ifndef TERN_UI_READING_H
#define TERN_UI_READING_H

#include "base/err.h"
#include "base/queue.h"
#include "mime/document.h"
#include "model/id.h"
#include "read/seal.h"
#include "store/store.h"

struct ui;

/* --- for commands: about the open message, also while another view lies over it ---------- */

/* The open message; NULL = none, or it is not there yet. */
const struct document *reading_document(struct ui *ui);
message_id reading_message(struct ui *ui);
account_id reading_account(struct ui *ui);
/* A new descriptor of its stored file (of its decrypted text, where that is shown). */
int reading_open(struct ui *ui, int *fd_out, struct err *err);
/* Its holes (store_body_holes), for questions to the reader; how many.  out: BODY_HOLES_MAX. */
int reading_holes(struct ui *ui, struct body_hole *out, struct err *err);
/* Shows another of its texts; part counts for DOCUMENT_PART only. */
int reading_show(struct ui *ui, enum document_as as, int part, struct err *err);
/* Which text is shown, or was asked for last. */
enum document_as reading_as(struct ui *ui);
/* Has the open message what this command is about (attachments, links, a list)?  For the hints. */
bool reading_offered(struct ui *ui, const char *command);

/* --- for the view ------------------------------------------------------------------------ */

enum reading_state {
	READING_FETCHING, /* the body is not here yet */
	READING_OPENING,  /* the reader process has it */
	READING_FAILED,
	READING_SHOWN,
};

enum reading_change {
	READING_STATE,  /* another state, no new document */
	READING_FRESH,  /* a document of another message, or another of its texts */
	READING_AGAIN,  /* the same text: fuller, or laid out for another width */
};

struct reading {
	struct ui *ui;
	struct list_row row;    /* copied; these are its strings: */
	char *from, *to, *cc, *subject, *keywords;
	char *address;          /* the sender's, which a signature must be of */
	enum reading_state state;
	struct err why;         /* of READING_FAILED; ERR_LIMIT: too complex to show */
	bool here;              /* of READING_FAILED: it is stored, only it cannot be shown */
	struct document *doc;   /* NULL until it is there */
	struct seal_verdict verdict;
	int plain;              /* the file of its decrypted text, 0 = the stored one is shown */
	enum document_as as;
	int part;
	int width;              /* cells that it is laid out for, 0 = not known yet */
	int64_t ticket;         /* of the question to the reader process, 0 = none is open */
	bool of_plain;          /* it is about that file; the verdict stays */
	bool again;             /* it is about the text that is shown */
	int way;                /* rows to the message that is opened next: 1, or -1 behind a step up */
	message_id above;       /* of the row above it in the list, 0 = none */
	bool ahead_due;         /* the next message is still to be read ahead */
	message_id ahead;       /* it was, 0 = none */
	int64_t ahead_ticket;
	int ahead_width;
	void (*changed)(struct reading *r, enum reading_change what);
};

/* changed is called from any of the calls below, and from reading_show. */
void reading_init(struct reading *r, struct ui *ui,
	void (*changed)(struct reading *r, enum reading_change what));
void reading_release(struct reading *r);
/* Opens the message of this row, in place of the one before. */
void reading_begin(struct reading *r, const struct list_row *row);
/* Asks again, after a failure. */
void reading_retry(struct reading *r);
/* The screen has another width: tables are laid out anew. */
void reading_set_width(struct reading *r, int width);
/* The flags and tags of the row changed; true if what is shown did. */
bool reading_set_flags(struct reading *r, unsigned flags, const char *keywords);
void reading_event(struct reading *r, const struct event *e);
/* Fetches and reads the next message ahead of need, once, when the open one is there. */
void reading_ahead(struct reading *r);

#endif
