/*
 * Carrying changes on: the rest of large steps goes into the queue, and the
 * queue goes to the servers; with progress for people who wait at a terminal.
 */
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/span.h"
#include "base/text.h"
#include "cli/command.h"

enum {
	PROGRESS_MS = 200,   /* between two words of progress */
	STAGE_TEXT_MAX = 48, /* bytes of a mailbox's name in them */
	LEFT_SHOWN_MAX = 5,  /* changes of an account that are told one by one */
	STEPS_SEARCHED = 20, /* newest steps among which an unfinished one is looked for */
};

/* --- the rest of large steps --------------------------------------------- */

static void show_progress(const char *who, int64_t done, int64_t of)
{
	fprintf(stderr, "\r%s: %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT "\033[K", who, done, of);
	fflush(stderr);
}

static void end_progress(void)
{
	fputs("\r\033[K", stderr);
	fflush(stderr);
}

/* The newest step that is not yet in the queue as a whole; 0 = none. */
static int64_t unfinished_step(struct cli *c)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct err ignored;

	if (store_history(c->store, 0, STEPS_SEARCHED, &rows, &ignored) < 0)
		return 0;
	for (guint i = 0; i < rows->len; i++) {
		const struct history_row *r = rows->pdata[i];

		if (r->left > 0)
			return r->step;
	}
	return 0;
}

/* ^C: a step of this command ends here, one of an earlier command waits. */
static int halt(struct cli *c, int changed, int64_t left, struct err *err)
{
	int64_t step = changed > 0 ? unfinished_step(c) : 0;

	if (step == 0)
		say(ngettext("Stopped: %d message of a large change is still to come; `tern push` goes "
			     "on with it.",
			    "Stopped: %d messages of a large change are still to come; `tern push` "
			    "goes on with them.",
			    (unsigned long)left),
			(int)left);
	else if (store_want_stop(c->store, step, err) < 0)
		return err->code;
	else
		say(_("Stopped after %d of %d messages: the others stay as they are, and `tern undo` "
		      "takes these back."),
			(int)MAX(changed - left, 0), changed);
	return err_set(err, ERR_CANCELED, "%s", _("Stopped."));
}

int carry_on(struct cli *c, int changed, struct err *err)
{
	const account_id all = { 0 };
	int64_t total = store_want_left(c->store, all), left = total;
	bool show = isatty(STDERR_FILENO) && total > 0;
	int64_t next = 0;
	int r = total > 0;

	while (r > 0 && !cancel_is_set(c->cancel)) {
		r = store_want_more(c->store, err);
		left = store_want_left(c->store, all);
		if (!show || clock_mono_ms() < next)
			continue;
		show_progress(_("queued"), total - left, total);
		next = clock_mono_ms() + PROGRESS_MS;
	}
	if (show)
		end_progress();
	if (r < 0)
		return r;
	return left > 0 && cancel_is_set(c->cancel) ? halt(c, changed, left, err) : 0;
}

/* --- progress of a push -------------------------------------------------- */

static int64_t to_send(struct store *s, account_id a)
{
	int64_t waiting = 0, stuck = 0;
	struct err ignored;

	if (store_queue_counts(s, a, &waiting, &stuck, &ignored) < 0)
		return 0;
	return waiting + store_want_left(s, a);
}

static gpointer look_on(gpointer p)
{
	struct onlooker *o = p;
	struct store *s = NULL;
	struct err ignored;
	int64_t total;

	if (store_open(o->dir, STORE_CLI, NULL, &s, &ignored) < 0)
		return NULL;
	total = to_send(s, o->account);
	while (cancel_poll(&o->over, -1, 0, PROGRESS_MS) == 0) {
		int64_t left = to_send(s, o->account);

		total = MAX(total, left);
		show_progress(o->name, total - left, total);
		o->shown = true;
	}
	store_close(&s);
	return NULL;
}

/* Where the engine is: a mailbox, and how much of it. */
static gpointer look_at_engine(gpointer p)
{
	struct onlooker *o = p;

	while (cancel_poll(&o->over, -1, 0, PROGRESS_MS) == 0) {
		struct engine_state s = { 0 };
		char name[STAGE_TEXT_MAX], done[NUMBER_TEXT_MAX], of[NUMBER_TEXT_MAX];

		if (!o->engine->state(o->engine, o->account, &s) || !s.mailbox[0])
			continue;
		text_clean_into(s.mailbox, -1, name, sizeof name);
		fprintf(stderr, "\r%s: %s %s%s%s\033[K", o->name, name,
			s.done > 0 ? number_text(s.done, done) : "", s.of > 0 ? "/" : "",
			s.of > 0 ? number_text(s.of, of) : "");
		fflush(stderr);
		o->shown = true;
	}
	return NULL;
}

void onlooker_start(struct onlooker *o, const struct cli *c, const struct account *a, bool queue)
{
	*o = (struct onlooker){ .dir = c->places->data, .name = a->name, .account = a->id,
		.engine = c->engine };
	cancel_init(&o->over);
	if (isatty(STDERR_FILENO))
		o->thread = g_thread_new("progress", queue ? look_on : look_at_engine, o);
}

void onlooker_stop(struct onlooker *o)
{
	cancel_set(&o->over);
	if (o->thread)
		g_thread_join(o->thread);
	if (o->shown)
		end_progress();
	cancel_release(&o->over);
}

/* --- what is left -------------------------------------------------------- */

char *queue_state_text(const struct mutation_row *r)
{
	g_autofree char *tries = mutation_tries_words(r);

	return g_strconcat(mutation_state_words(r->status, r->uncertain, r->held), tries, NULL);
}

/* One change in words: what, its state, why, and how to get rid of it if it is stuck. */
static void say_change(const char *account, const char *what, const char *state,
	const char *answer, const char *advice)
{
	say("%s: %s: %s%s%s%s", account, what, state, answer && *answer ? ": " : "",
		answer && *answer ? answer : "", advice);
}

void say_group(const struct cli *c, const struct queue_group *g)
{
	g_autofree char *what = queue_group_words(g), *state = queue_state_text(&g->row);
	g_autofree char *advice = NULL;

	if (mutation_is_stuck(g->row.status))
		advice = g_strdup_printf(_(" (`tern queue drop %" PRId64
					   "%s` gives it up, `tern queue retry %" PRId64
					   "%s` tries it again)"),
			g->row.id, g->n > 1 ? " --group" : "", g->row.id,
			g->n > 1 ? " --group" : "");
	say_change(account_name_of(c, g->row.account), what, state, g->row.answer,
		advice ? advice : "");
}

void say_wish(const struct cli *c, const struct tree_wish *w)
{
	g_autofree char *what = wish_text(w), *advice = NULL;

	if (mutation_is_stuck(w->status))
		advice = g_strdup_printf(_(" (`tern queue drop m%" PRId64
					   "` gives it up, `tern queue retry m%" PRId64
					   "` tries it again)"),
			w->id, w->id);
	say_change(account_name_of(c, w->account), what,
		mutation_state_words(w->status, false, false), w->answer, advice ? advice : "");
}

/* What waits or is stuck for the account and why, the first few. */
static void say_left(struct cli *c, const struct account *a)
{
	g_autoptr(GPtrArray) groups = NULL, wishes = NULL;
	guint told = 0, more;
	struct err ignored;

	if (store_queue_groups(c->store, a->id, LEFT_SHOWN_MAX + 1, 0, &groups, &ignored) < 0 ||
		store_tree_rows(c->store, a->id, &wishes, &ignored) < 0)
		return;
	for (guint i = 0; i < wishes->len && told < LEFT_SHOWN_MAX; i++, told++)
		say_wish(c, wishes->pdata[i]);
	for (guint i = 0; i < groups->len && told < LEFT_SHOWN_MAX; i++, told++)
		say_group(c, groups->pdata[i]);
	more = groups->len + wishes->len - told;
	if (more > 0)
		say(_("%s: and more; `tern queue` lists all."), a->name);
}

/* Changes of the account that need the reader. */
static int64_t count_stuck(struct cli *c, account_id a)
{
	g_autoptr(GPtrArray) wishes = NULL;
	int64_t waiting, stuck = 0;
	struct err ignored;

	if (store_queue_counts(c->store, a, &waiting, &stuck, &ignored) < 0)
		stuck = 0;
	if (store_tree_rows(c->store, a, &wishes, &ignored) < 0)
		return stuck;
	for (guint i = 0; i < wishes->len; i++)
		stuck += mutation_is_stuck(((const struct tree_wish *)wishes->pdata[i])->status);
	return stuck;
}

/* --- pushing ------------------------------------------------------------- */

int worse(int a, int b)
{
	if (a == EXIT_FAILED || b == EXIT_FAILED)
		return EXIT_FAILED;
	return a == EXIT_DONE ? b : a;
}

static void push_json(const struct account *a, int left, int64_t refused, const struct err *why)
{
	out_json(json_pack("{s:o, s:b, s:o, s:I, s:o, s:o}", "account", json_text(a->name), "ok",
		left >= 0 && refused == 0, "left", left >= 0 ? json_integer(left) : json_null(),
		"refused", (json_int_t)refused, "code",
		why->code ? json_string(err_name(why->code)) : json_null(), "error",
		why->code ? json_text(why->text) : json_null()));
}

int push_account(struct cli *c, const struct account *a, bool json)
{
	int64_t stuck = count_stuck(c, a->id);
	struct err err = { 0 };
	struct onlooker o;
	int left;

	onlooker_start(&o, c, a, true);
	left = c->engine->drain(c->engine, a->id, c->cancel, &err);
	onlooker_stop(&o);
	stuck = count_stuck(c, a->id) - stuck;
	if (json)
		push_json(a, left, MAX(stuck, 0), &err);
	if (err.code && err.code != ERR_CANCELED)
		say("%s: %s", a->name, err.text);
	if (left < 0)
		return EXIT_FAILED;
	if (left > 0)
		say(ngettext("%s: %d change is still queued.", "%s: %d changes are still queued.",
			    (unsigned long)left),
			a->name, left);
	if (left > 0 || stuck > 0)
		say_left(c, a);
	if (stuck > 0)
		return EXIT_FAILED;
	return left > 0 ? EXIT_QUEUED : EXIT_DONE;
}

int push_all(struct cli *c, const GPtrArray *rows)
{
	int code = EXIT_DONE;

	for (guint i = 0; i < c->config->accounts->len; i++) {
		const struct account *a = c->config->accounts->pdata[i];
		bool touched = !rows;

		for (guint j = 0; rows && j < rows->len; j++)
			touched |= ((const struct list_row *)rows->pdata[j])->account.v == a->id.v;
		if (touched)
			code = worse(code, push_account(c, a, false));
	}
	return code;
}
