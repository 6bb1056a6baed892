/*
 * The history of the reader's changes: its steps, undone and done again.
 */
#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"

enum { HISTORY_DEFAULT = 30, HISTORY_PAGE = 200 };

/* --- undo and redo ------------------------------------------------------- */

/* EXIT_QUEUED if anything waits for any account. */
static int waiting(struct cli *c)
{
	for (guint i = 0; i < c->config->accounts->len; i++)
		if (store_queue_due_in(c->store,
			    ((struct account *)c->config->accounts->pdata[i])->id) >= 0)
			return EXIT_QUEUED;
	return EXIT_DONE;
}

static void tell(const struct args *a, bool redo, const struct undone *u)
{
	if (a->json) {
		out_json(json_pack("{s:b, s:o, s:o, s:i, s:i, s:i}", redo ? "redone" : "undone", u->step != 0, "step",
			json_id(u->step), "what", json_text(u->step ? u->what : NULL), "messages",
			u->done + u->left, "skipped", u->skipped, "passed", u->passed));
		return;
	}
	if (u->step == 0)
		say("%s", redo ? _("There is nothing to do again.") : _("There is nothing to undo."));
	else if (redo)
		say(_("Done again: %s."), u->what);
	else
		say(_("Undone: %s."), u->what);
	if (u->skipped > 0)
		say(ngettext("%d message is not where that put it any more and was left alone.",
			    "%d messages are not where that put them any more and were left "
			    "alone.",
			    (unsigned long)u->skipped),
			u->skipped);
	if (u->passed > 0)
		say(ngettext("%d later change cannot be undone.", "%d later changes cannot be undone.",
			    (unsigned long)u->passed),
			u->passed);
}

/* Runs undo or redo for the step of the first word, or the latest. */
static int turn(struct cli *c, const struct args *a, bool redo, struct undone *u, struct err *err)
{
	int64_t step;
	int r;

	if (args_number(args_word(a, 0), 1, 0, &step, err) < 0)
		return err->code;
	r = redo ? store_redo(c->store, step, u, err) : store_undo(c->store, step, u, err);
	if (r <= 0)
		*u = (struct undone){ 0 };
	if (r > 0 && carry_on(c, 0, err) < 0)
		return err->code;
	return r;
}

static int after(struct cli *c, const struct args *a, int turned)
{
	if (turned == 0)
		return EXIT_NOTHING;
	return args_has(a, "push") ? push_all(c, NULL) : waiting(c);
}

static int turn_and_tell(struct cli *c, const struct args *a, bool redo)
{
	struct undone u = { 0 };
	struct err err = { 0 };
	int r = turn(c, a, redo, &u, &err), code;

	if (r < 0)
		return say_error(&err);
	code = after(c, a, r);
	tell(a, redo, &u);
	return code;
}

int cmd_undo(struct cli *c, const struct args *a)
{
	return turn_and_tell(c, a, false);
}

int cmd_redo(struct cli *c, const struct args *a)
{
	return turn_and_tell(c, a, true);
}

/* --- history ------------------------------------------------------------- */

static void step_json(const struct cli *c, const struct history_row *r)
{
	g_autofree char *what = history_words(r);

	out_json(json_pack("{s:I, s:o, s:o, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, "
			   "s:I, s:I, s:I, s:I}",
		"step", (json_int_t)r->step, "at", json_time(r->at), "account",
		json_text(r->account.v ? account_name_of(c, r->account) : NULL), "verb",
		mutation_verb_name(r->verb), "messages", (json_int_t)r->messages, "what",
		json_text(what), "source", json_text(r->source_name), "target",
		json_text(r->target_name), "add", json_flags(r->add), "remove",
		json_flags(r->remove), "add_tags", json_words(r->add_keywords), "remove_tags",
		json_words(r->remove_keywords), "subject", json_text(r->subject), "undone",
		r->undone, "waiting", (json_int_t)r->waiting, "stuck", (json_int_t)r->stuck, "left",
		(json_int_t)r->left, "held", (json_int_t)r->held));
}

/* Where the step stands; a new string. */
static char *step_state(const struct history_row *r)
{
	GString *text = g_string_new(r->undone ? _("undone") : "");

	if (r->stuck > 0)
		g_string_append_printf(text, _("%s%d refused"), text->len ? ", " : "",
			(int)r->stuck);
	if (r->held > 0)
		g_string_append_printf(text, _("%s%d held"), text->len ? ", " : "", (int)r->held);
	if (r->waiting + r->left > r->held)
		g_string_append_printf(text, _("%s%d waiting"), text->len ? ", " : "",
			(int)(r->waiting + r->left - r->held));
	return g_string_free(text, FALSE);
}

static void step_cells(struct table *t, const struct cli *c, const struct history_row *r)
{
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, r->step);
	g_autofree char *at = time_text(r->at), *state = step_state(r), *what = history_words(r);

	table_row(t, (const char *[]){ id, at, r->account.v ? account_name_of(c, r->account) : "*",
			     state, what, r->messages == 1 && r->subject ? r->subject : "" });
}

int cmd_history(struct cli *c, const struct args *a)
{
	static const int widths[] = { 0, 0, 16, 0, 60, 0 };
	AUTO(table_free) struct table *t = table_new(6, widths);
	struct err err = { 0 };
	int64_t left, before = 0, printed = 0;
	guint got = 1;

	if (args_number(args_option(a, "max"), 1, HISTORY_DEFAULT, &left, &err) < 0)
		return say_error(&err);
	while (left > 0 && got > 0 && out_alive()) {
		g_autoptr(GPtrArray) rows = NULL;

		if (store_history(c->store, before, (size_t)MIN(left, HISTORY_PAGE), &rows, &err) <
			0)
			return say_error(&err);
		got = rows->len;
		left -= got;
		printed += got;
		for (guint i = 0; i < got; i++) {
			const struct history_row *r = rows->pdata[i];

			before = r->step;
			if (a->json)
				step_json(c, r);
			else
				step_cells(t, c, r);
		}
	}
	table_print(t);
	return printed ? EXIT_DONE : EXIT_NOTHING;
}
