#include "ui/reading.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "read/reader.h"
#include "ui/priv.h"

enum {
	WAIT_MS = 10,             /* for a usual mail, so that it opens in one step */
	FETCH_AHEAD_MAX = 1 << 20, /* larger messages are fetched when they are opened */
};

/* --- the row ----------------------------------------------------------- */

static void set_keywords(struct reading *r, const char *keywords)
{
	char *own = g_strdup(keywords);

	g_free(r->keywords);
	r->row.keywords = r->keywords = own;
}

static void free_row(struct reading *r)
{
	g_clear_pointer(&r->from, g_free);
	g_clear_pointer(&r->to, g_free);
	g_clear_pointer(&r->cc, g_free);
	g_clear_pointer(&r->subject, g_free);
	g_clear_pointer(&r->address, g_free);
}

static void take_row(struct reading *r, const struct list_row *row)
{
	free_row(r);
	r->row = *row; /* the pointers in it are replaced: */
	r->from = *row->from_name ? g_strdup_printf("%s <%s>", row->from_name, row->from_addr)
				  : g_strdup(row->from_addr);
	r->address = g_strdup(row->from_addr);
	r->to = g_strdup(row->to);
	r->cc = g_strdup(row->cc);
	r->subject = g_strdup(row->subject);
	r->row.from_name = r->row.from_addr = r->from;
	r->row.to = r->to;
	r->row.cc = r->cc;
	r->row.subject = r->subject;
	set_keywords(r, row->keywords);
	r->row.message_id_header = (char *)"";
}

bool reading_set_flags(struct reading *r, unsigned flags, const char *keywords)
{
	r->row.flags = flags;
	if (strcmp(r->keywords, keywords) == 0)
		return false;
	set_keywords(r, keywords);
	return true;
}

/* --- the question and its answer ---------------------------------------- */

static void forget_question(struct reading *r)
{
	if (r->ticket)
		reader_forget(r->ui->reader, r->ticket);
	r->ticket = 0;
}

static void forget_ahead(struct reading *r)
{
	if (r->ahead_ticket)
		reader_forget(r->ui->reader, r->ahead_ticket);
	r->ahead_ticket = 0;
	r->ahead = (message_id){ 0 };
}

static void fail(struct reading *r, const struct err *why)
{
	if (r->state == READING_SHOWN) { /* what is shown stays */
		ui_complain(r->ui, why);
		return;
	}
	r->state = READING_FAILED;
	r->why = *why;
	if (!*r->why.text)
		g_strlcpy(r->why.text, _("The message could not be fetched"), sizeof r->why.text);
	r->changed(r, READING_STATE);
}

static void forget_plain(struct reading *r)
{
	if (r->plain)
		close(r->plain);
	r->plain = 0;
}

/* Another text of what was decrypted: the headers are those of the message, and the verdict stays
 * but for text that no signature inside is about. */
static void take_plain(struct reading *r, struct reader_answer *a)
{
	GPtrArray *headers = r->doc->headers;

	r->doc->headers = a->doc->headers;
	a->doc->headers = headers;
	if (a->doc->seal.kind != SEAL_NONE && !a->doc->seal.whole && r->verdict.result == SEAL_GOOD)
		r->verdict.result = SEAL_PARTLY;
}

static void take_verdict(struct reading *r, struct reader_answer *a)
{
	if (r->of_plain && r->doc) {
		take_plain(r, a);
		return;
	}
	r->verdict = a->verdict;
	forget_plain(r);
	r->plain = a->plain;
	a->plain = 0;
	if (r->plain && a->verdict.encrypted && document_header(a->doc, "Subject")) {
		g_free(r->subject); /* it may have been encrypted too */
		r->row.subject = r->subject = g_strdup(document_header(a->doc, "Subject"));
	}
}

/* Takes the answer if it is there. */
static void take(struct reading *r)
{
	struct reader_answer answer = { 0 };
	struct err err = { 0 };
	struct document *old;
	bool again = r->again && r->doc;
	int rc = r->ticket ? reader_take(r->ui->reader, r->ticket, &answer, &err) : 0;

	if (rc == 0)
		return;
	if (rc < 0 || !answer.more)
		r->ticket = 0;
	r->here = true;
	if (rc < 0) {
		fail(r, &err);
		return;
	}
	take_verdict(r, &answer);
	old = r->doc;
	r->doc = answer.doc;
	r->state = READING_SHOWN;
	r->again = true; /* what follows is more of the same */
	r->changed(r, again ? READING_AGAIN : READING_FRESH);
	document_free(&old);
}

/* Takes the answer, if it comes at once. */
static void await(struct reading *r)
{
	if (reader_wait(r->ui->reader, r->ticket, WAIT_MS))
		take(r);
}

/* The stored file, or the decrypted text that is shown in its place. */
static int open_text(struct reading *r, int *fd, struct err *err)
{
	if (!r->plain)
		return store_body_open(r->ui->store, r->row.message, fd, err);
	*fd = fcntl(r->plain, F_DUPFD_CLOEXEC, 0);
	return *fd >= 0 ? 0 : err_set(err, ERR_STORAGE, _("The decrypted text cannot be opened again."));
}

static int ask(struct reading *r, struct err *err)
{
	struct body_hole holes[BODY_HOLES_MAX];
	struct reader_question q = { .from = r->address, .part = -1, .out = -1 };
	int n = reading_holes(r->ui, holes, err), rc;

	if (n < 0)
		return n;
	rc = open_text(r, &q.fd, err);
	if (rc < 0)
		return rc;
	q.seal = !r->plain;
	r->of_plain = r->plain != 0;
	q.how = (struct document_how){ .width = r->width, .text_width = r->ui->config->text_width,
		.as = r->as, .part = r->part,
		.holes = holes, .n_holes = (size_t)n };
	forget_question(r);
	r->ticket = reader_ask(r->ui->reader, &q);
	await(r);
	return 0;
}

/* --- the body ----------------------------------------------------------- */

static void want_body(struct reading *r)
{
	struct engine *engine = r->ui->engine;

	r->state = READING_FETCHING;
	if (engine)
		engine->want_body(engine, r->row.account, r->row.message);
	r->changed(r, READING_STATE);
}

static const struct list_row *beside(const struct reading *r, int step)
{
	const struct list *l = &r->ui->list;

	return l->cursor + step < 0 ? NULL : list_shown(l, l->cursor - l->top + step);
}

/* The reader goes on the way that he went last, down the list at first. */
static void note_way(struct reading *r)
{
	const struct list_row *above = beside(r, -1);

	r->way = r->above.v && r->above.v == r->row.message.v ? -1 : 1;
	r->above = above ? above->message : (message_id){ 0 };
}

/* Brings the body of what will be opened next. */
static void fetch_ahead(const struct ui *ui, const struct list_row *next)
{
	if (ui->engine && next->size <= FETCH_AHEAD_MAX && !store_body_cached(ui->store, next->message))
		ui->engine->want_body(ui->engine, next->account, next->message);
}

/* The message was read ahead: true if its document is used.  What is sealed is asked for anew. */
static bool use_ahead(struct reading *r)
{
	if (!r->ahead_ticket || r->ahead.v != r->row.message.v || r->ahead_width != r->width) {
		forget_ahead(r);
		return false;
	}
	r->ticket = r->ahead_ticket;
	r->ahead_ticket = 0;
	await(r);
	if (r->state == READING_SHOWN && r->doc->seal.kind != SEAL_NONE)
		return false;
	return r->state != READING_FAILED || r->why.code != ERR_CANCELED;
}

static void open_body(struct reading *r)
{
	struct err err = { 0 };
	int rc;

	r->state = READING_OPENING;
	rc = use_ahead(r) ? 0 : ask(r, &err);
	if (rc == ERR_GONE)
		want_body(r);
	else if (rc < 0)
		fail(r, &err);
	else if (r->state == READING_OPENING)
		r->changed(r, READING_STATE);
}

static void forget(struct reading *r)
{
	forget_question(r);
	document_free(&r->doc);
	forget_plain(r);
	r->of_plain = false;
	r->verdict = (struct seal_verdict){ 0 };
	r->as = DOCUMENT_BEST;
	r->part = 0;
	r->again = r->here = false;
}

/* What the reader opens teaches the cache (C-28); rank: was it here? */
static void tell_opened(const struct reading *r)
{
	const struct ui *ui = r->ui;
	const struct cache_notice n = { .kind = CACHE_OPENED, .message = r->row.message,
		.rank = store_body_cached(ui->store, r->row.message) };

	if (ui->engine && ui->engine->notice)
		ui->engine->notice(ui->engine, &n, 1);
}

void reading_begin(struct reading *r, const struct list_row *row)
{
	forget(r);
	take_row(r, row);
	note_way(r);
	tell_opened(r);
	open_body(r);
	r->ahead_due = true;
}

void reading_retry(struct reading *r)
{
	forget(r);
	open_body(r);
}

/*
 * Not before the open one is here: the newest request for a body goes first, and
 * would keep it waiting.  Only small messages are read: a large one would keep the
 * reader process from what is wanted now.
 */
void reading_ahead(struct reading *r)
{
	struct ui *ui = r->ui;
	const struct list_row *next = beside(r, r->way);
	struct reader_question q = { .part = -1, .out = -1 };
	struct err ignored;

	if (!r->ahead_due || r->state != READING_SHOWN || r->ticket)
		return;
	r->ahead_due = false;
	forget_ahead(r);
	if (!next)
		return;
	fetch_ahead(ui, next);
	if (next->size > READER_FIRST ||
		store_body_open(ui->store, next->message, &q.fd, &ignored) < 0)
		return;
	q.how.width = r->width;
	q.how.text_width = ui->config->text_width;
	r->ahead = next->message;
	r->ahead_width = r->width;
	r->ahead_ticket = reader_ask(ui->reader, &q);
}

void reading_set_width(struct reading *r, int width)
{
	struct err err = { 0 };
	bool other = width != r->width;

	r->width = width;
	if (other && r->state == READING_SHOWN && r->doc->wide && ask(r, &err) < 0)
		ui_complain(r->ui, &err);
}

/* --- events ------------------------------------------------------------- */

/* The event says only that it failed; the account's state has the words. */
static void fetch_failed(struct reading *r, int code)
{
	struct engine *engine = r->ui->engine;
	struct engine_state state = { 0 };
	struct err err = { 0 };

	err_set(&err, (enum err_code)code, "%s",
		code == ERR_OFFLINE ? _("The server cannot be reached")
		: code == ERR_GONE  ? _("The message is no longer on the server")
		: code == ERR_LIMIT ? _("The message is too large to be fetched")
		: code == ERR_STORAGE ? _("The message could not be stored: is the disk full?")
				    : _("The message could not be fetched"));
	if (engine && engine->state(engine, r->row.account, &state) && state.error.code == err.code)
		err = state.error;
	fail(r, &err);
}

static void body_event(struct reading *r, const struct event *e)
{
	if (e->kind == EV_BODY && e->message != r->row.message.v) {
		r->ahead_due |= e->code == 0 && r->ahead_ticket == 0;
		return;
	}
	if (r->state != READING_FETCHING && r->state != READING_FAILED)
		return;
	if (e->kind == EV_BODY && e->code < 0)
		fetch_failed(r, e->code);
	else if (store_body_cached(r->ui->store, r->row.message))
		open_body(r);
}

void reading_event(struct reading *r, const struct event *e)
{
	if (e->kind == EV_RESYNC || (e->kind == EV_DOCUMENT && e->message == r->ticket))
		take(r);
	if (e->kind == EV_BODY || e->kind == EV_RESYNC)
		body_event(r, e);
}

/* --- life ---------------------------------------------------------------- */

void reading_init(struct reading *r, struct ui *ui,
	void (*changed)(struct reading *r, enum reading_change what))
{
	*r = (struct reading){ .ui = ui, .changed = changed };
	ui->reading = r;
}

void reading_release(struct reading *r)
{
	forget(r);
	forget_ahead(r);
	free_row(r);
	g_clear_pointer(&r->keywords, g_free);
	if (r->ui->reading == r)
		r->ui->reading = NULL;
}

/* --- for commands ---------------------------------------------------------- */

const struct document *reading_document(struct ui *ui)
{
	return ui->reading && ui->reading->state == READING_SHOWN ? ui->reading->doc : NULL;
}

message_id reading_message(struct ui *ui)
{
	return ui->reading ? ui->reading->row.message : (message_id){ 0 };
}

account_id reading_account(struct ui *ui)
{
	return ui->reading ? ui->reading->row.account : (account_id){ 0 };
}

static int need_document(struct ui *ui, struct err *err)
{
	return reading_document(ui) ? 0 : err_set(err, ERR_USAGE, _("The message is not here yet"));
}

int reading_open(struct ui *ui, int *fd_out, struct err *err)
{
	if (!ui->reading)
		return err_set(err, ERR_USAGE, _("There is no open message"));
	return open_text(ui->reading, fd_out, err);
}

int reading_holes(struct ui *ui, struct body_hole *out, struct err *err)
{
	if (!ui->reading)
		return err_set(err, ERR_USAGE, _("There is no open message"));
	if (ui->reading->plain)
		return 0; /* what was decrypted is whole */
	return store_body_holes(ui->store, ui->reading->row.message, out, err);
}

int reading_show(struct ui *ui, enum document_as as, int part, struct err *err)
{
	struct reading *r = ui->reading;

	if (need_document(ui, err) < 0 || !r)
		return err->code;
	r->as = as;
	r->part = part;
	r->again = false;
	return ask(r, err);
}

static bool has_attachment(const struct document *doc)
{
	for (guint i = 0; doc && i < doc->parts->len; i++)
		if (((const struct document_part *)doc->parts->pdata[i])->attachment)
			return true;
	return false;
}

bool reading_offered(struct ui *ui, const char *command)
{
	const struct document *doc = reading_document(ui);

	if (strcmp(command, "parts") == 0)
		return has_attachment(doc);
	if (strcmp(command, "open-link") == 0)
		return doc && doc->links->len > 0;
	if (strcmp(command, "unsubscribe") == 0)
		return doc && document_header(doc, "List-Unsubscribe");
	return true;
}

enum document_as reading_as(struct ui *ui)
{
	return ui->reading ? ui->reading->as : DOCUMENT_BEST;
}
