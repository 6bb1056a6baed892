/*
 * The queue as people see it: changes of messages and wishes about mailboxes
 * that wait, conflict or were refused, and what can be done with them.  A
 * wish's number is written with an m.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/span.h"
#include "cli/command.h"

enum {
	GROUPS_MAX = 10000, /* lines of a list without --rows */
	ADVICE_MAX = 5,     /* refused changes for which it is said what to do */
};

static json_t *answer_json(const char *answer)
{
	return json_text(answer && *answer ? answer : NULL);
}

static json_t *next_json(int64_t next_in_ms)
{
	return next_in_ms < 0 ? json_null() : json_integer(next_in_ms);
}

/* A row, or with n > 0 a group of so many that begins with it. */
static void row_json(const struct cli *c, const struct mutation_row *r, int64_t n, const char *what)
{
	bool flags = r->verb == MUTATION_FLAGS || r->verb == MUTATION_APPEND;
	json_t *line = json_pack("{s:s, s:I, s:o, s:I, s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, "
				 "s:b, s:b, s:i, s:o, s:o, s:o, s:o}",
		"kind", "message", "id", (json_int_t)r->id, "account",
		json_text(account_name_of(c, r->account)), "step", (json_int_t)r->step, "message",
		(json_int_t)r->message.v, "verb", mutation_verb_name(r->verb), "status",
		mutation_status_name(r->status), "source", json_text(r->source_name), "target",
		json_text(r->target_name), "add", flags ? json_flags(r->add) : json_null(),
		"remove", flags ? json_flags(r->remove) : json_null(), "add_tags",
		json_words(r->add_keywords), "remove_tags", json_words(r->remove_keywords),
		"uncertain", r->uncertain, "held", r->held, "attempts", r->attempts, "created",
		json_time(r->created_at), "next_in_ms", next_json(r->next_in_ms), "subject",
		json_text(r->subject), "answer", answer_json(r->answer));

	if (n > 0) {
		json_object_set_new(line, "messages", json_integer(n));
		json_object_set_new(line, "what", json_text(what));
	}
	out_json(line);
}

static void put_cells(struct table *t, const struct cli *c, const struct mutation_row *r,
	const char *what, bool subject)
{
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, r->id);
	g_autofree char *state = queue_state_text(r);
	char age[32];

	table_row(t, (const char *[]){ id, account_name_of(c, r->account), state,
			     span_text(clock_unix() - r->created_at, age, sizeof age), what,
			     subject && r->subject ? r->subject : "", r->answer });
}

/* --- wishes about mailboxes ---------------------------------------------- */

static void tree_json(const struct cli *c, const struct tree_wish *w)
{
	out_json(json_pack("{s:s, s:I, s:o, s:s, s:s, s:o, s:o, s:i, s:o, s:o, s:o}", "kind",
		"mailbox", "id", (json_int_t)w->id, "account",
		json_text(account_name_of(c, w->account)), "verb", mailbox_verb_name(w->verb),
		"status", mutation_status_name(w->status), "mailbox",
		json_text(w->path && *w->path ? w->path : NULL), "name", json_text(w->name),
		"attempts", w->attempts, "created", json_time(w->created_at), "next_in_ms",
		next_json(w->next_in_ms), "answer", answer_json(w->answer)));
}

char *wish_text(const struct tree_wish *w)
{
	const char *verb = mailbox_verb_name(w->verb);

	if (w->verb == MAILBOX_RENAME)
		return g_strdup_printf("%s %s -> %s", verb, w->path, w->name);
	return g_strdup_printf("%s %s", verb, w->verb == MAILBOX_CREATE ? w->name : w->path);
}

static void tree_cells(struct table *t, const struct cli *c, const struct tree_wish *w)
{
	const struct mutation_row as_row = { .status = w->status,
		.attempts = w->attempts,
		.next_in_ms = w->next_in_ms };
	g_autofree char *id = g_strdup_printf("m%" G_GINT64_FORMAT, w->id), *what = wish_text(w);
	g_autofree char *state = queue_state_text(&as_row);
	char age[32];

	table_row(t, (const char *[]){ id, account_name_of(c, w->account), state,
			     span_text(clock_unix() - w->created_at, age, sizeof age), what, "",
			     w->answer });
}

/* --- the list ------------------------------------------------------------ */

struct listing {
	struct cli *c;
	bool json;
	struct table *table;
	int advised; /* refused changes for which it was said what to do */
};

static int list_rows(struct listing *l, account_id id, bool all, struct err *err)
{
	g_autoptr(GPtrArray) rows = NULL;

	if (store_queue_rows(l->c->store, id, all, &rows, err) < 0)
		return err->code;
	for (guint i = 0; i < rows->len; i++) {
		struct mutation_row *r = rows->pdata[i];
		const struct queue_group alone = { .row = *r, .n = 1 };
		g_autofree char *what = queue_group_words(&alone);

		if (l->json)
			row_json(l->c, r, 0, NULL);
		else
			put_cells(l->table, l->c, r, what, true);
	}
	return 0;
}

static int list_groups(struct listing *l, account_id id, GPtrArray **out, struct err *err)
{
	if (store_queue_groups(l->c->store, id, GROUPS_MAX, 0, out, err) < 0)
		return err->code;
	for (guint i = 0; i < (*out)->len; i++) {
		const struct queue_group *g = (*out)->pdata[i];
		g_autofree char *what = queue_group_words(g);

		if (l->json)
			row_json(l->c, &g->row, g->n, what);
		else
			put_cells(l->table, l->c, &g->row, what, g->n == 1);
	}
	return 0;
}

/* What can be done about the first refused ones. */
static void advise(struct listing *l, const GPtrArray *groups, const GPtrArray *wishes)
{
	for (guint i = 0; i < wishes->len && l->advised < ADVICE_MAX; i++) {
		const struct tree_wish *w = wishes->pdata[i];

		if (mutation_is_stuck(w->status)) {
			say_wish(l->c, w);
			l->advised++;
		}
	}
	for (guint i = 0; groups && i < groups->len && l->advised < ADVICE_MAX; i++) {
		const struct queue_group *g = groups->pdata[i];

		if (mutation_is_stuck(g->row.status)) {
			say_group(l->c, g);
			l->advised++;
		}
	}
}

int cmd_queue(struct cli *c, const struct args *a)
{
	static const int widths[] = { 0, 16, 0, 0, 60, 40, 0 };
	AUTO(table_free) struct table *t = table_new(7, widths);
	struct listing l = { .c = c, .json = a->json, .table = t };
	g_autoptr(GPtrArray) wishes = NULL, groups = NULL;
	bool single = args_has(a, "rows") || args_has(a, "all");
	struct err err = { 0 };
	account_id id;

	if (pick_account_id(c, a, &id, &err) < 0 || store_tree_rows(c->store, id, &wishes, &err) < 0 ||
		(single ? list_rows(&l, id, args_has(a, "all"), &err)
			: list_groups(&l, id, &groups, &err)) < 0)
		return say_error(&err);
	for (guint i = 0; i < wishes->len; i++)
		if (a->json)
			tree_json(c, wishes->pdata[i]);
		else
			tree_cells(t, c, wishes->pdata[i]);
	table_print(t);
	if (!a->json)
		advise(&l, groups, wishes);
	return EXIT_DONE;
}

/* --- acting on it -------------------------------------------------------- */

/* "17" or "m3": *tree tells which. */
static int read_row(const char *word, int64_t *id, bool *tree, struct err *err)
{
	*tree = word[0] == 'm';
	if (args_number(word + *tree, 1, 0, id, err) < 0)
		return err_set(err, ERR_USAGE,
			_("\"%s\" is no number of the queue: `tern queue` shows them, such as 17 or "
			  "m3."),
			word);
	return 0;
}

static int act_on_wish(struct cli *c, int64_t id, enum queue_act act, struct err *err)
{
	if (act == QUEUE_RETRY)
		return store_tree_retry(c->store, id, err) < 0 ? err->code : 1;
	if (act == QUEUE_DROP)
		return store_tree_discard(c->store, id, err) < 0 ? err->code : 1;
	return err_set(err, ERR_USAGE, _("Only changes of messages can be held."));
}

static int act_on(struct cli *c, const struct args *a, const char *word, enum queue_act act,
	struct err *err)
{
	int64_t id;
	bool tree;

	if (read_row(word, &id, &tree, err) < 0)
		return err->code;
	if (tree)
		return act_on_wish(c, id, act, err);
	return store_queue_act(c->store, id, args_has(a, "group"), act, err);
}

/* code: what it is when nothing is sent. */
static int report(struct cli *c, const struct args *a, int changed, int code, const char *said)
{
	if (changed > 0 && args_has(a, "push"))
		code = push_all(c, NULL);
	if (a->json)
		out_json(json_pack("{s:i, s:b}", "changed", changed, "queued", code == EXIT_QUEUED));
	else
		say("%s", said);
	return code;
}

static int act(struct cli *c, const struct args *a, enum queue_act what, int code, const char *said)
{
	struct err err = { 0 };
	int changed = 0;

	for (guint i = 0; i < a->words->len; i++) {
		int r = act_on(c, a, args_word(a, i), what, &err);

		if (r < 0)
			return say_error(&err);
		changed += r;
	}
	return report(c, a, changed, code, said);
}

int cmd_queue_retry(struct cli *c, const struct args *a)
{
	return act(c, a, QUEUE_RETRY, EXIT_QUEUED, _("queued again; `tern push` sends it."));
}

int cmd_queue_hold(struct cli *c, const struct args *a)
{
	return act(c, a, QUEUE_HOLD, EXIT_DONE, _("held; `tern queue release` lets it go."));
}

int cmd_queue_release(struct cli *c, const struct args *a)
{
	return act(c, a, QUEUE_RELEASE, EXIT_QUEUED, _("released; `tern push` sends it."));
}

int cmd_queue_drop(struct cli *c, const struct args *a)
{
	return act(c, a, QUEUE_DROP, EXIT_DONE, _("dropped"));
}

/* The account of an open row; 0 with words if there is none. */
static account_id account_of_row(struct cli *c, int64_t id, struct err *err)
{
	g_autoptr(GPtrArray) rows = NULL;

	if (store_queue_rows(c->store, (account_id){ 0 }, false, &rows, err) < 0)
		return (account_id){ 0 };
	for (guint i = 0; i < rows->len; i++) {
		const struct mutation_row *r = rows->pdata[i];

		if (r->id == id)
			return r->account;
	}
	err_set(err, ERR_GONE, _("There is no change %" PRId64 " in the queue."), id);
	return (account_id){ 0 };
}

int cmd_queue_move(struct cli *c, const struct args *a)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	struct err err = { 0 };
	account_id account;
	int64_t id;
	bool tree;
	int changed;

	if (read_row(args_word(a, 0), &id, &tree, &err) == 0 && tree)
		err_set(&err, ERR_USAGE, _("Only a move or copy of messages has another target."));
	if (err.code || !(account = account_of_row(c, id, &err)).v ||
		store_mailbox_find(c->store, account, args_word(a, 1), &m, &err) < 0)
		return say_error(&err);
	changed = store_queue_retarget(c->store, id, args_has(a, "group"), m->id, &err);
	if (changed < 0)
		return say_error(&err);
	return report(c, a, changed, EXIT_QUEUED, _("queued anew; `tern push` sends it."));
}
