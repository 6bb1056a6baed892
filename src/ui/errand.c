#include "ui/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/save.h"
#include "base/spawn.h"
#include "base/text.h"
#include "config/mailcap.h"
#include "read/reader.h"
#include "ui/filter.h"
#include "ui/opener.h"
#include "ui/priv.h"
#include "ui/reading.h"

enum stage { CHOOSING, FETCHING, DECODING, SETTLING };

enum { COPY_CHUNK = 1 << 20, PROGRAM_YOUNG_MS = 5000, PROGRAM_LOOK_MS = 250, PROGRAM_OLD_LOOK_MS = 5000 };

/*
 * What the thread works on.  It belongs to the errand and to the thread: the
 * last of the two frees it, so that an errand need not wait for a dead disk.
 */
struct chore {
	atomic_int owners;
	atomic_bool done;
	struct cancel stop;
	struct err err;
	int rc;
	/* choosing: */
	const GPtrArray *rules; /* of the configuration, which outlives all threads but at the end */
	char *type, *filename;
	struct opener opener;
	/* settling a saved file: */
	struct save save;
	int from;               /* the whole message, to be copied; -1 = it was decoded into the file */
};

/* A program that was started for an attachment. */
struct program {
	pid_t pid;
	int64_t began;
	char name[80];
};

struct errand {
	struct errand_order order;
	guint at;               /* the item */
	enum stage stage;
	struct chore *chore;
	struct opener opener;   /* OPEN, once chosen */
	int out;                /* OPEN, PIPE: the decoded part; -1 */
	char *path;             /* OPEN: its name */
	int64_t ticket;
	uint64_t bytes;         /* of the item, where it is decoded */
	guint saved;
	char *last;             /* the path of the last saved file */
};

/* --- orders -------------------------------------------------------------- */

static void item_free(gpointer p)
{
	struct errand_item *item = p;

	g_free(item->type);
	g_free(item->filename);
	g_free(item);
}

void errand_order_clear(struct errand_order *o)
{
	g_clear_pointer(&o->items, g_ptr_array_unref);
	g_free(o->folder);
	g_free(o->name);
	g_free(o->command);
	*o = (struct errand_order){ 0 };
}

void errand_order_add(struct errand_order *o, const struct errand_item *item)
{
	struct errand_item *own = g_memdup2(item, sizeof *item);

	own->type = g_strdup(item->type ? item->type : "");
	own->filename = g_strdup(item->filename ? item->filename : "");
	if (!o->items)
		o->items = g_ptr_array_new_with_free_func(item_free);
	g_ptr_array_add(o->items, own);
}

char *errand_item_name(const struct errand_item *item)
{
	if (item->part == WHOLE_MESSAGE)
		return save_name(item->filename, _("message.eml"));
	return save_part_name(item->filename, item->part + 1);
}

static const struct errand_item *item_of(const struct errand *e)
{
	return e->order.items->pdata[e->at];
}

/* --- the thread ---------------------------------------------------------- */

static struct chore *chore_new(void)
{
	struct chore *c = g_new0(struct chore, 1);

	c->owners = 1;
	c->from = -1;
	c->save = (struct save)SAVE_NONE;
	cancel_init(&c->stop);
	return c;
}

static void chore_unref(struct chore **c)
{
	struct chore *own = TAKE(*c);

	if (!own || atomic_fetch_sub(&own->owners, 1) != 1)
		return;
	save_release(&own->save);
	fd_close(&own->from);
	opener_release(&own->opener);
	cancel_release(&own->stop);
	g_free(own->type);
	g_free(own->filename);
	g_free(own);
}

/* Copies the message; 0 or an error. */
static int copy_message(struct chore *c)
{
	g_autofree char *chunk = g_malloc(COPY_CHUNK);
	ssize_t n;
	int r;

	while ((n = read(c->from, chunk, COPY_CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (cancel_is_set(&c->stop))
			return err_set(&c->err, ERR_CANCELED, _("Stopped."));
		r = n < 0 ? -errno : fd_write_all(c->save.fd, chunk, (size_t)n);
		if (r < 0)
			return save_failed(&c->save, -r, &c->err);
	}
	return 0;
}

static gpointer settle(gpointer p)
{
	struct chore *c = p;

	c->rc = c->from >= 0 ? copy_message(c) : 0;
	if (c->rc == 0 && cancel_is_set(&c->stop))
		c->rc = err_set(&c->err, ERR_CANCELED, _("Stopped."));
	if (c->rc == 0)
		c->rc = save_commit(&c->save, &c->err);
	atomic_store(&c->done, true);
	chore_unref(&c);
	return NULL;
}

static gpointer choose(gpointer p)
{
	struct chore *c = p;

	c->rc = opener_choose(c->rules, c->type, c->filename, &c->stop, &c->opener, &c->err);
	atomic_store(&c->done, true);
	chore_unref(&c);
	return NULL;
}

static void chore_start(struct chore *c, GThreadFunc work)
{
	atomic_fetch_add(&c->owners, 1);
	g_thread_unref(g_thread_new("errand", work, c));
}

/* --- the end of it ------------------------------------------------------- */

static void finish(struct ui *ui)
{
	struct errand *e = TAKE(ui->errands.now);

	if (e->ticket && ui->reader)
		reader_forget(ui->reader, e->ticket);
	if (e->chore)
		cancel_set(&e->chore->stop);
	chore_unref(&e->chore);
	errand_order_clear(&e->order);
	opener_release(&e->opener);
	fd_close(&e->out);
	g_free(e->path);
	g_free(e->last);
	g_free(e);
	ui->dirty = true;
}

static void fail(struct ui *ui, const struct err *why)
{
	struct errand *e = ui->errands.now;
	struct err told = *why;

	if (why->code == ERR_CANCELED)
		err_set(&told, ERR_CANCELED, "%s", _("Stopped"));
	if (e->saved > 0)
		err_set(&told, why->code, _("%u of %u files were saved.  %s"), e->saved,
			e->order.items->len, why->code == ERR_CANCELED ? _("Stopped") : why->text);
	finish(ui);
	if (why->code == ERR_CANCELED)
		ui_say(ui, "%s", told.text);
	else
		ui_complain(ui, &told);
}

static void say_saved(struct ui *ui, const struct errand *e)
{
	if (e->saved == 1)
		ui_say(ui, _("Saved: %s"), e->last);
	else
		ui_say(ui, ngettext("Saved: %u file in %s", "Saved: %u files in %s", e->saved), e->saved,
			e->order.folder);
}

/* --- programs ------------------------------------------------------------ */

static void remember_program(struct ui *ui, pid_t pid, const char *name)
{
	struct program p = { .pid = pid, .began = clock_mono_ms() };

	text_clean_into(name, -1, p.name, sizeof p.name);
	if (ui->errands.programs->len >= PROGRAMS_MAX)
		g_array_remove_index(ui->errands.programs, 0); /* init reaps it when we are gone */
	g_array_append_val(ui->errands.programs, p);
}

int errand_program(struct ui *ui, const char *const *argv, int in, const char *name,
	struct err *err)
{
	struct spawn how = { .argv = argv, .in = in, .out = -1, .errors = -1, .place = SPAWN_SESSION };
	pid_t pid;

	if (spawn_start(&how, &pid, err) < 0)
		return err->code;
	remember_program(ui, pid, name);
	return 0;
}

/* An opener that fails soon has something to say, which went to /dev/null: at least that is told. */
static void end_program(struct ui *ui, const struct program *p, int status)
{
	struct err err = { 0 };

	if (spawn_code(status) == 0 || clock_mono_ms() - p->began > PROGRAM_YOUNG_MS)
		return;
	err_set(&err, ERR_REFUSED, _("The program that was to open \"%s\" failed (exit status %d)."), p->name,
		spawn_code(status));
	ui_complain(ui, &err);
}

static int64_t programs_tick(struct ui *ui)
{
	GArray *all = ui->errands.programs;
	int64_t next = -1, now = clock_mono_ms();

	for (guint i = all->len; i-- > 0;) {
		struct program p = g_array_index(all, struct program, i);
		int64_t pause = now - p.began < PROGRAM_YOUNG_MS ? PROGRAM_LOOK_MS : PROGRAM_OLD_LOOK_MS;
		int status = 0;

		if (!spawn_ended(p.pid, &status)) {
			next = next < 0 ? pause : MIN(next, pause);
			continue;
		}
		g_array_remove_index(all, i);
		end_program(ui, &p, status);
	}
	return next;
}

/* --- what is done with the bytes ----------------------------------------- */

static int open_file(struct ui *ui, struct errand *e, struct err *err)
{
	const struct errand_item *item = item_of(e);
	g_autofree char *name = errand_item_name(item);
	bool names_file;
	g_auto(GStrv) argv = mailcap_argv(e->opener.command, e->path, e->opener.type, &names_file);
	int in = names_file ? -1 : e->out, rc = 0;

	if (!argv)
		return err_set(err, ERR_USAGE, _("The rule that is to open \"%s\" has no command."), name);
	lseek(e->out, 0, SEEK_SET);
	if (e->opener.way == OPENER_OUTPUT)
		rc = filter_start(ui, name, (const char *const *)argv, in, err);
	else if (e->opener.way == OPENER_TERMINAL)
		ui_lend(ui, argv, in, false);
	else
		rc = errand_program(ui, (const char *const *)argv, in, name, err);
	if (rc == 0)
		ui_say(ui, _("Opening %s with %s (%s)"), name, argv[0], e->opener.from);
	return rc;
}

static int pipe_file(struct ui *ui, struct errand *e, struct err *err)
{
	const char *const argv[] = { "sh", "-c", e->order.command, NULL };

	lseek(e->out, 0, SEEK_SET);
	if (ui->config->pipe_output == PIPE_TO_VIEW)
		return filter_start(ui, e->order.command, argv, e->out, err);
	ui_lend(ui, (char **)argv, e->out, true);
	return 0;
}

/* The file is complete. */
static int deliver(struct ui *ui, struct errand *e, struct err *err)
{
	int rc;

	if (e->order.kind == ERRAND_SAVE) {
		e->stage = SETTLING;
		chore_start(e->chore, settle);
		return 0;
	}
	rc = e->order.kind == ERRAND_OPEN ? open_file(ui, e, err) : pipe_file(ui, e, err);
	if (rc == 0)
		finish(ui);
	return rc;
}

/* --- the bytes ----------------------------------------------------------- */

/* The stored message; of the one that is open its decrypted text, where parts are numbered in that. */
static int open_source(struct ui *ui, const struct errand *e, int *fd, struct err *err)
{
	if (item_of(e)->part != WHOLE_MESSAGE && reading_message(ui).v == e->order.message.v)
		return reading_open(ui, fd, err);
	return store_body_open(ui->store, e->order.message, fd, err);
}

/* Where the item is to go: a file in the folder, one for an opener, or one without a name. */
static int open_target(struct ui *ui, struct errand *e, int *fd, struct err *err)
{
	g_autofree char *name = errand_item_name(item_of(e));
	int rc = 0;

	switch (e->order.kind) {
	case ERRAND_SAVE:
		e->chore = chore_new();
		rc = save_begin(&e->chore->save, e->order.folder, e->order.name ? e->order.name : name, err);
		*fd = e->chore->save.fd;
		return rc;
	case ERRAND_OPEN:
		rc = scratch_path(&ui->errands.scratch, e->opener.extension, &e->path, err);
		if (rc == 0)
			rc = scratch_create(e->path, &e->out, err);
		break;
	case ERRAND_PIPE:
		rc = scratch_nameless(&e->out, err);
		break;
	}
	*fd = e->out;
	return rc;
}

static int decode(struct ui *ui, struct errand *e, int source, struct err *err)
{
	struct reader_question q = { .fd = source, .part = item_of(e)->part, .out = -1 };
	struct body_hole holes[BODY_HOLES_MAX];
	int n = 0, to;

	if (open_target(ui, e, &to, err) < 0) {
		close(source);
		return err->code;
	}
	q.out = fcntl(to, F_DUPFD_CLOEXEC, 0);
	if (q.out < 0) {
		err_set(err, ERR_STORAGE, _("The part cannot be decoded: %s."), g_strerror(errno));
		close(source);
		return err->code;
	}
	if (reading_message(ui).v == e->order.message.v)
		n = reading_holes(ui, holes, err);
	q.how.holes = holes;
	q.how.n_holes = (size_t)MAX(n, 0);
	e->stage = DECODING;
	e->ticket = reader_ask(ui->reader, &q);
	return 0;
}

/* A whole message needs no decoding. */
static int take_whole(struct ui *ui, struct errand *e, int source, struct err *err)
{
	int to;

	if (e->order.kind == ERRAND_PIPE) {
		e->out = source;
		return deliver(ui, e, err);
	}
	if (open_target(ui, e, &to, err) < 0) {
		close(source);
		return err->code;
	}
	e->chore->from = source;
	return deliver(ui, e, err);
}

/* Is something of the item still at the server? */
static bool is_away(struct ui *ui, const struct errand *e)
{
	const struct errand_item *item = item_of(e);
	struct body_hole holes[BODY_HOLES_MAX];
	struct err ignored;

	if (!store_body_cached(ui->store, e->order.message))
		return true;
	return (item->missing || item->part == WHOLE_MESSAGE) &&
	       store_body_holes(ui->store, e->order.message, holes, &ignored) > 0;
}

static int fetch(struct ui *ui, struct errand *e, struct err *err)
{
	bool cached = store_body_cached(ui->store, e->order.message);

	if (!ui->engine || (cached && !ui->engine->want_whole))
		return err_set(err, ERR_OFFLINE, _("This is still at the server, and cannot be fetched now"));
	e->stage = FETCHING;
	if (ui->engine->want_whole)
		ui->engine->want_whole(ui->engine, e->order.account, e->order.message);
	else
		ui->engine->want_body(ui->engine, e->order.account, e->order.message);
	return 0;
}

/* Begins the item, or goes on when what was missing has come. */
static int go_on(struct ui *ui, struct errand *e, struct err *err)
{
	int source = -1;

	ui->dirty = true;
	if (is_away(ui, e))
		return fetch(ui, e, err);
	if (open_source(ui, e, &source, err) < 0)
		return err->code;
	return item_of(e)->part == WHOLE_MESSAGE ? take_whole(ui, e, source, err)
						 : decode(ui, e, source, err);
}

static void begin_choosing(struct ui *ui, struct errand *e)
{
	e->stage = CHOOSING;
	e->chore = chore_new();
	e->chore->rules = ui->config->openers;
	e->chore->type = g_strdup(item_of(e)->type);
	e->chore->filename = g_strdup(item_of(e)->filename);
	chore_start(e->chore, choose);
}

int errand_begin(struct ui *ui, struct errand_order *order, struct err *err)
{
	struct errand *e;

	if (ui->errands.now || filter_running(ui)) {
		errand_order_clear(order);
		return err_set(err, ERR_USAGE, _("Something is still being saved or opened; Esc ends it"));
	}
	e = ui->errands.now = g_new0(struct errand, 1);
	e->out = -1;
	e->order = *order;
	*order = (struct errand_order){ 0 };
	if (e->order.kind == ERRAND_OPEN) {
		begin_choosing(ui, e);
	} else if (go_on(ui, e, err) < 0) {
		finish(ui);
		return err->code;
	}
	return 0;
}

/* --- what comes back ----------------------------------------------------- */

static int decoded(struct ui *ui, struct errand *e, struct err *err)
{
	struct reader_answer answer = { 0 };
	int rc = reader_take(ui->reader, e->ticket, &answer, err);

	if (rc <= 0)
		return rc;
	e->bytes = answer.bytes;
	reader_answer_release(&answer);
	e->ticket = 0;
	return deliver(ui, e, err);
}

void errand_event(struct ui *ui, const struct event *event)
{
	struct errand *e = ui->errands.now;
	struct err err = { 0 };
	int rc = 0;

	if (!e)
		return;
	if (e->stage == DECODING && (event->kind == EV_DOCUMENT || event->kind == EV_RESYNC)) {
		rc = decoded(ui, e, &err);
	} else if (e->stage == FETCHING && event->kind == EV_BODY && event->message == e->order.message.v &&
		   event->code < 0) {
		rc = err_set(&err, (enum err_code)event->code,
			_("What is at the server could not be fetched; the activity tells more"));
	} else if (e->stage == FETCHING && (event->kind == EV_BODY || event->kind == EV_RESYNC) &&
		   !is_away(ui, e)) {
		rc = go_on(ui, e, &err);
	}
	if (rc < 0)
		fail(ui, &err);
}

/* The file has its name. */
static int settled(struct ui *ui, struct errand *e, struct err *err)
{
	e->saved++;
	g_free(e->last);
	e->last = g_build_filename(e->chore->save.path, e->chore->save.name, NULL);
	chore_unref(&e->chore);
	e->bytes = 0;
	if (++e->at < e->order.items->len)
		return go_on(ui, e, err);
	g_free(ui->errands.folder);
	ui->errands.folder = g_strdup(e->order.folder);
	say_saved(ui, e);
	finish(ui);
	return 0;
}

static int chosen(struct ui *ui, struct errand *e, struct err *err)
{
	e->opener = e->chore->opener;
	e->chore->opener = (struct opener){ 0 };
	chore_unref(&e->chore);
	return go_on(ui, e, err);
}

/* Of the thread; milliseconds until it is looked at again. */
static int64_t chore_tick(struct ui *ui)
{
	struct errand *e = ui->errands.now;
	struct err err = { 0 };
	int rc;

	if (!e || (e->stage != CHOOSING && e->stage != SETTLING))
		return e ? 500 : -1; /* the progress of what others do */
	if (!atomic_load(&e->chore->done))
		return ERRAND_LOOK_MS;
	err = e->chore->err;
	rc = e->chore->rc;
	if (rc == 0)
		rc = e->stage == CHOOSING ? chosen(ui, e, &err) : settled(ui, e, &err);
	if (rc < 0)
		fail(ui, &err);
	return ui->errands.now ? 0 : -1;
}

int64_t errand_tick(struct ui *ui)
{
	int64_t chore = chore_tick(ui), filter = filter_tick(ui), programs = programs_tick(ui);
	int64_t next = chore;

	if (ui->errands.now || filter_running(ui))
		ui->dirty = true;
	next = next < 0 ? filter : filter < 0 ? next : MIN(next, filter);
	return next < 0 ? programs : programs < 0 ? next : MIN(next, programs);
}

bool errand_cancel(struct ui *ui)
{
	if (filter_stop(ui)) {
		ui_say(ui, _("The program was ended"));
		return true;
	}
	if (!ui->errands.now)
		return false;
	fail(ui, &(struct err){ .code = ERR_CANCELED });
	return true;
}

void errand_text(const struct ui *ui, char *out, size_t cap)
{
	const struct errand *e = ui->errands.now;
	g_autofree char *name = e ? errand_item_name(item_of(e)) : NULL;
	int fd = !e ? -1 : e->chore ? e->chore->save.fd : e->out;
	struct stat st = { 0 };
	char size[24], so_far[40] = "";

	*out = '\0';
	if (!e) {
		if (filter_running(ui))
			snprintf(out, cap, _("a program runs… (Esc ends it)"));
		return;
	}
	if (e->stage == DECODING && fd >= 0 && fstat(fd, &st) == 0 && item_of(e)->size > 0)
		snprintf(so_far, sizeof so_far, " %d%%",
			(int)MIN(100 * (uint64_t)st.st_size / item_of(e)->size, 100));
	else if (item_of(e)->size > 0)
		snprintf(so_far, sizeof so_far, " %s", size_text(item_of(e)->size, size, sizeof size));
	snprintf(out, cap, e->stage == FETCHING ? _("fetching %s%s… (Esc stops)")
			: e->order.kind == ERRAND_SAVE ? _("saving %s%s… (Esc stops)")
						       : _("opening %s%s… (Esc stops)"),
		name, so_far);
}

/* --- life ---------------------------------------------------------------- */

void errands_init(struct errands *e)
{
	*e = (struct errands){ .programs = g_array_new(FALSE, FALSE, sizeof(struct program)) };
	scratch_sweep();
}

/* A thread that is at the disk is waited for a little, so that it can put away its half file. */
static void leave(struct errand *e)
{
	if (!e->chore || e->stage == FETCHING || e->stage == DECODING)
		return;
	cancel_set(&e->chore->stop);
	for (int n = 0; n < ERRAND_LEAVE_MS / ERRAND_LOOK_MS && !atomic_load(&e->chore->done); n++)
		cancel_poll(NULL, -1, 0, ERRAND_LOOK_MS);
}

void errands_release(struct ui *ui)
{
	filter_stop(ui);
	if (ui->errands.now) {
		leave(ui->errands.now);
		finish(ui);
	}
	errand_order_clear(&ui->errands.asked);
	g_free(ui->errands.folder);
	g_free(ui->errands.command);
	g_array_unref(ui->errands.programs);
	scratch_release(&ui->errands.scratch);
}
