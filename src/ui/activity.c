#include "ui/activity.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/span.h"
#include "base/text.h"
#include "ui/flow.h"
#include "ui/priv.h"

enum {
	LABEL_X = 2,
	TEXT_X = 13,	/* cells */
	TABLE_MIN = 64, /* narrower screens show jobs as sentences */
	GROUPS_MAX = 100, /* changes shown per account */
	COUNTED_MAX = 5000, /* ... and so many messages of theirs are counted: a key may not wait */
	JOB_COLUMNS = 7,
	NEW_S = 5,	/* so young a change is "just now" */
};

struct builder {
	struct ui *ui;
	GArray *lines, *items;
	int width;
	bool server; /* the heading of what is known of the server was put */
};

static void line_clear(void *line)
{
	g_free(((struct activity_line *)line)->text);
}

static void item_clear(void *item)
{
	g_free(((struct activity_item *)item)->what);
}

/* One line as it is. */
static void put(struct builder *b, enum style style, int x, const char *label, char *text)
{
	struct activity_line line = { style, x, text, label };

	g_array_append_val(b->lines, line);
}

/* A text behind a label, on as many lines as it takes. */
static void put_text(
	struct builder *b, enum style style, int x, const char *label, const char *text)
{
	const struct flow_line *line;
	struct flow flow;

	flow_init(&flow, text, MAX(b->width - x - 1, 8));
	for (size_t i = 0; (line = flow_line(&flow, i)); i++)
		put(b, style, x, i == 0 ? label : NULL, g_strndup(flow_text(&flow, line), line->len));
	flow_release(&flow);
}

static void __attribute__((format(printf, 4, 5)))
say(struct builder *b, enum style style, const char *label, const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	put_text(b, style, TEXT_X, label, text);
}

static void put_blank(struct builder *b)
{
	put(b, STYLE_NORMAL, 0, NULL, g_strdup(""));
}

/* "11:58", "Fri", "3 Feb": as in a list. */
static const char *when(int64_t at, char *out, size_t cap)
{
	if (at)
		date_short(at, "%Y-%m-%d", 10, out, cap);
	else
		g_strlcpy(out, _("never"), cap);
	return g_strchug(out);
}

/* --- the account --------------------------------------------------------- */

static const char *reason(const char *trigger)
{
	static const struct {
		const char *trigger, *words;
	} reasons[] = {
		{ "startup", N_("because tern started") },
		{ "push", N_("because the server told") },
		{ "poll", N_("by the clock") },
		{ "manual", N_("because you asked") },
		{ "queue", N_("to send changes") },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
		if (strcmp(reasons[i].trigger, trigger) == 0)
			return _(reasons[i].words);
	return trigger;
}

static void add_now(struct builder *b, const struct engine_state *s)
{
	char text[200], at[32];

	state_text(s, text, sizeof text);
	if (s->stage == STAGE_IDLE && !s->error.code)
		g_strlcpy(text,
			s->last_sync ? _("up to date, waiting for what comes") : _("not begun"),
			sizeof text);
	say(b, STYLE_NORMAL, _("Now"), "%s", text);
	if (s->started_at && *s->sync_id)
		say(b, STYLE_ROW_DIM, NULL, _("since %s, %s"), when(s->started_at, at, sizeof at),
			reason(s->trigger));
	if (state_is_shared(s) || s->error.code) /* what it pushes goes to the other one, or to nobody */
		return;
	if (s->push_live)
		say(b, STYLE_NORMAL, _("Push"),
			s->push_everywhere ? _("changes of every mailbox arrive at once")
					   : _("changes of the inbox arrive at once"));
	else
		say(b, STYLE_NORMAL, _("Push"), _("not now: tern asks every few minutes"));
}

static void server_words(void *ctx, const char *label, const char *words)
{
	g_autofree char *text = g_strdup_printf("%s: %s", label, words);
	struct builder *b = ctx;

	if (!b->server) {
		put_blank(b);
		put(b, STYLE_HEADER_NAME, LABEL_X, NULL,
			g_strdup(_("What is known of the server")));
	}
	b->server = true;
	put_text(b, STYLE_NORMAL, LABEL_X + 2, NULL, text);
}

static void add_server(struct builder *b, const struct account *a)
{
	g_autofree char *memory = NULL;
	struct err ignored;

	b->server = false;
	if (b->ui->engine && store_account_memory(b->ui->store, a->id, &memory, &ignored) >= 0)
		b->ui->engine->explain(a->type, memory, server_words, b);
}

static void add_state(struct builder *b, const struct account *a)
{
	struct engine_state s = { 0 };
	char at[32], span[32];

	if (!b->ui->engine || !b->ui->engine->state(b->ui->engine, a->id, &s))
		return;
	add_now(b, &s);
	say(b, STYLE_NORMAL, _("Last sync"), "%s", when(s.last_sync, at, sizeof at));
	if (state_is_shared(&s))
		say(b, STYLE_NORMAL, _("Note"), _("%s  Everything works here too."), s.error.text);
	else if (s.error.code)
		say(b, STYLE_ERROR, _("Trouble"), "%s", s.error.text);
	if (s.retry_at)
		say(b, STYLE_NORMAL, _("Next try"), _("%s, in %s"), when(s.retry_at, at, sizeof at),
			span_text(s.retry_at - clock_unix(), span, sizeof span));
}

/* --- jobs ---------------------------------------------------------------- */

static void cadence_text(int64_t s, char *out, size_t cap)
{
	if (s == 0)
		g_strlcpy(out, "-", cap);
	else if (s % 86400 == 0)
		snprintf(out, cap, _("%d d"), (int)(s / 86400));
	else if (s % 3600 == 0)
		snprintf(out, cap, _("%d h"), (int)(s / 3600));
	else if (s % 60 == 0)
		snprintf(out, cap, _("%d min"), (int)(s / 60));
	else
		snprintf(out, cap, _("%d s"), (int)s);
}

/* One row of the table; the result goes below it if there is no room for it. */
static void table_row(struct builder *b, enum style style, const char *const cells[JOB_COLUMNS])
{
	static const int widths[JOB_COLUMNS] = { 16, 8, 8, 8, 7, 8, 0 };
	g_autoptr(GString) row = g_string_new(NULL);
	const char *result = cells[JOB_COLUMNS - 1];
	int end = LABEL_X;
	bool fits;

	for (int i = 0; i < JOB_COLUMNS - 1; i++) {
		end += widths[i];
		g_string_append(row, cells[i]);
		g_string_append_printf(row, "%*s", MAX(widths[i] - text_width(cells[i]), 1), "");
	}
	fits = text_width(result) < b->width - end;
	g_string_append(row, fits ? result : "");
	put(b, style, LABEL_X, NULL, g_strdup(row->str));
	if (!fits)
		put_text(b, style, LABEL_X + 2, NULL, result);
}

static void job_row(struct builder *b, const struct job_row *j)
{
	char every[32], last[32], next[32] = "-", runs[32], failures[32];

	cadence_text(j->cadence_s, every, sizeof every);
	if (j->next_at)
		when(j->next_at, next, sizeof next);
	table_row(b, STYLE_NORMAL,
		(const char *[]){ j->name, every, when(j->last_end, last, sizeof last), next,
			number_text(j->runs, runs), number_text(j->failures, failures),
			j->result.code ? "" : j->words });
}

static void job_sentence(struct builder *b, const struct job_row *j)
{
	g_autofree char *text = NULL;
	char every[32], last[32];

	when(j->last_end, last, sizeof last);
	cadence_text(j->cadence_s, every, sizeof every);
	if (j->cadence_s == 0)
		text = g_strdup_printf(_("%s: last %s, %d of %d failed"), j->name, last,
			(int)j->failures, (int)j->runs);
	else
		text = g_strdup_printf(_("%s: every %s, last %s, %d of %d failed"), j->name, every,
			last, (int)j->failures, (int)j->runs);
	put_text(b, STYLE_NORMAL, LABEL_X, NULL, text);
}

/* The jobs of an account, account 0: of the whole program, below a heading. */
static void add_jobs(struct builder *b, account_id id, const char *heading)
{
	g_autoptr(GArray) rows = NULL;
	struct err err = { 0 };
	bool any = false;

	if (store_jobs(b->ui->store, id, &rows, &err) < 0) {
		say(b, STYLE_ERROR, _("Jobs"), "%s", err.text);
		return;
	}
	for (guint i = 0; i < rows->len; i++) {
		const struct job_row *j = &g_array_index(rows, struct job_row, i);

		if (j->account.v != id.v)
			continue;
		if (!any && heading) {
			put_blank(b);
			put(b, STYLE_TITLE, 1, NULL, g_strdup(heading));
		}
		if (!any && b->width >= TABLE_MIN)
			table_row(b, STYLE_HEADER_NAME,
				(const char *[]){ _("Job"), _("every"), _("last"), _("next"),
					_("runs"), _("failed"), _("result") });
		any = true;
		if (b->width >= TABLE_MIN)
			job_row(b, j);
		else
			job_sentence(b, j);
		if (j->result.code)
			put_text(b, STYLE_ERROR, LABEL_X + 2, NULL, j->result.text);
	}
}

/* --- what waits ---------------------------------------------------------- */

/* What became of a change that needs the reader, and what can be done. */
static void put_advice(struct builder *b, const struct activity_item *item)
{
	bool moves = item->verb == MUTATION_MOVE || item->verb == MUTATION_COPY;
	char retry[KEYS_NAME_MAX], drop[KEYS_NAME_MAX], target[KEYS_NAME_MAX];
	const struct keymap *keys = b->ui->keymap;

	if (!mutation_is_stuck(item->status))
		return;
	keymap_way_to(keys, IN_ACTIVITY, "change-retry", retry);
	keymap_way_to(keys, IN_ACTIVITY, "change-drop", drop);
	keymap_way_to(keys, IN_ACTIVITY, "change-target", target);
	if (item->status == MUTATION_CONFLICT)
		say(b, STYLE_ROW_DIM, NULL,
			_("Not done.  %s does it where the message is now, %s gives it up."),
			retry, drop);
	else if (moves && !item->tree)
		say(b, STYLE_ROW_DIM, NULL,
			_("Not done.  %s tries it again, %s another mailbox, %s gives it up."),
			retry, target, drop);
	else
		say(b, STYLE_ROW_DIM, NULL, _("Not done.  %s tries it again, %s gives it up."),
			retry, drop);
}

/* One change: a word for its state, what it is, how old, how often it was tried and when it is
 * again; the server's words below.  Takes the words of the item. */
static void put_change(struct builder *b, struct activity_item item, const struct mutation_row *r)
{
	g_autofree char *tries = mutation_tries_words(r);
	g_autoptr(GString) text = g_string_new(item.what);
	int64_t age = clock_unix() - r->created_at;
	char span[32];

	if (r->subject && *r->subject && item.n == 1)
		g_string_append_printf(text, ": %s", r->subject);
	if (age < NEW_S)
		g_string_append(text, _(" (just now"));
	else
		g_string_append_printf(text, _(" (%s old"), span_text(age, span, sizeof span));
	g_string_append_printf(text, "%s)", tries);
	item.line = (int)b->lines->len;
	put_text(b, mutation_is_stuck(r->status) ? STYLE_ERROR : STYLE_NORMAL, TEXT_X,
		mutation_state_words(r->status, r->uncertain, r->held), text->str);
	if (r->answer && *r->answer) {
		g_autofree char *words = g_strdup_printf(_("answer: %s"), r->answer);

		put_text(b, STYLE_ROW_DIM, TEXT_X, NULL, words);
	}
	put_advice(b, &item);
	item.lines = (int)b->lines->len - item.line;
	g_array_append_val(b->items, item);
}

static void put_group(struct builder *b, const struct queue_group *g)
{
	const struct mutation_row *r = &g->row;

	put_change(b,
		(struct activity_item){ .id = r->id, .n = g->n, .step = r->step,
			.account = r->account, .verb = r->verb, .status = r->status,
			.held = r->held, .what = queue_group_words(g) },
		r);
}

char *activity_wish_words(const struct tree_wish *w)
{
	switch (w->verb) {
	case MAILBOX_CREATE:
		return g_strdup_printf(_("make the mailbox %s"), w->name);
	case MAILBOX_RENAME:
		return g_strdup_printf(_("rename the mailbox %s to %s"), w->path, w->name);
	case MAILBOX_DELETE:
		return g_strdup_printf(_("delete the mailbox %s"), w->path);
	case MAILBOX_SUBSCRIBE:
		return g_strdup_printf(_("subscribe to %s"), w->path);
	case MAILBOX_UNSUBSCRIBE:
		break;
	}
	return g_strdup_printf(_("end the subscription to %s"), w->path);
}

static void put_tree(struct builder *b, const struct tree_wish *w)
{
	const struct mutation_row r = { .status = w->status, .attempts = w->attempts,
		.next_in_ms = w->next_in_ms, .created_at = w->created_at, .answer = w->answer };

	put_change(b,
		(struct activity_item){ .tree = true, .id = w->id, .account = w->account,
			.status = w->status, .what = activity_wish_words(w) },
		&r);
}

/* How many changes there are beside those in the groups. */
static void put_more(struct builder *b, account_id id, int64_t shown)
{
	int64_t waiting = 0, stuck = 0;
	struct err ignored;
	char more[32];

	if (store_queue_counts(b->ui->store, id, &waiting, &stuck, &ignored) < 0)
		return;
	if (waiting + stuck > shown)
		say(b, STYLE_ROW_DIM, NULL, _("and %s more: `tern queue` has all of them"),
			number_text(waiting + stuck - shown, more));
}

/* Large steps that are still being taken apart. */
static void put_left(struct builder *b, account_id id)
{
	int64_t left = store_want_left(b->ui->store, id);
	char n[32];

	if (left > 0)
		say(b, STYLE_NORMAL, _("preparing"), _("%s more messages of a large change"),
			number_text(left, n));
}

static void add_changes(struct builder *b, account_id id)
{
	g_autoptr(GPtrArray) groups = NULL, wishes = NULL;
	struct err err = { 0 };
	int64_t shown = 0;

	if (store_queue_groups(b->ui->store, id, GROUPS_MAX, COUNTED_MAX, &groups, &err) < 0 ||
		store_tree_rows(b->ui->store, id, &wishes, &err) < 0) {
		say(b, STYLE_ERROR, _("Changes"), "%s", err.text);
		return;
	}
	if (groups->len + wishes->len == 0 && store_want_left(b->ui->store, id) == 0) {
		say(b, STYLE_NORMAL, _("Changes"), _("none waits for the server"));
		return;
	}
	put(b, STYLE_HEADER_NAME, LABEL_X, NULL, g_strdup(_("Changes that are not at the server")));
	put_left(b, id);
	for (guint i = 0; i < wishes->len && i < GROUPS_MAX; i++)
		put_tree(b, wishes->pdata[i]);
	for (guint i = 0; i < groups->len; i++) {
		const struct queue_group *g = groups->pdata[i];

		put_group(b, g);
		shown += g->n;
	}
	if (groups->len == GROUPS_MAX)
		put_more(b, id, shown);
}

/* --- errors -------------------------------------------------------------- */

static void add_told(struct builder *b)
{
	const struct status *s = &b->ui->status;

	if (s->n_told == 0)
		return;
	put_blank(b);
	put(b, STYLE_TITLE, 1, NULL, g_strdup(_("Errors that were told here")));
	for (size_t i = 0; i < s->n_told; i++) {
		g_autofree char *text = s->told[i].times > 1
			? g_strdup_printf(_("%s (%d times)"), s->told[i].text, s->told[i].times)
			: g_strdup(s->told[i].text);
		char at[32];

		when(s->told[i].at, at, sizeof at);
		put(b, STYLE_ROW_DIM, LABEL_X, NULL, g_strdup(at));
		put_text(b, STYLE_ERROR, LABEL_X + 2, NULL, text);
	}
}

struct activity *activity_build(struct ui *ui, int width)
{
	struct activity *a = g_new0(struct activity, 1);
	struct builder b = { .ui = ui,
		.lines = g_array_new(FALSE, FALSE, sizeof(struct activity_line)),
		.items = g_array_new(FALSE, FALSE, sizeof(struct activity_item)),
		.width = width };

	g_array_set_clear_func(b.lines, line_clear);
	g_array_set_clear_func(b.items, item_clear);
	for (guint i = 0; i < ui->config->accounts->len; i++) {
		const struct account *account = ui->config->accounts->pdata[i];

		if (i > 0)
			put_blank(&b);
		put(&b, STYLE_TITLE, 1, NULL,
			g_strdup_printf("%s (%s)", account->name, account->type));
		add_state(&b, account);
		put_blank(&b);
		add_changes(&b, account->id);
		put_blank(&b);
		add_jobs(&b, account->id, NULL);
		add_server(&b, account);
	}
	add_told(&b);
	add_jobs(&b, (account_id){ 0 }, _("tern, for all accounts"));
	*a = (struct activity){ b.lines, b.items };
	return a;
}

void activity_free(struct activity **a)
{
	if (!*a)
		return;
	g_array_unref((*a)->lines);
	g_array_unref((*a)->items);
	g_clear_pointer(a, g_free);
}
