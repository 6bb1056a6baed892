/* The jobs that run by themselves: how often, when last, with what result. */
#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"

static void job_json(const struct cli *c, const struct job_row *j)
{
	bool failed = j->result.code != 0;

	out_json(json_pack("{s:o, s:s, s:I, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:I, s:I}",
		"account", json_text(j->account.v ? account_name_of(c, j->account) : NULL), "job",
		j->name, "cadence_s", (json_int_t)j->cadence_s, "last_start",
		json_time(j->last_start), "last_end", json_time(j->last_end), "next",
		json_time(j->next_at), "ok", !failed, "code",
		json_text(failed ? err_name(j->result.code) : NULL), "error",
		json_text(failed ? j->result.text : NULL), "words", json_text(j->words), "runs",
		(json_int_t)j->runs, "failures", (json_int_t)j->failures));
}

static char *time_or(int64_t at, const char *instead)
{
	return at ? time_text(at) : g_strdup(instead);
}

static void job_cells(const struct cli *c, struct table *t, const struct job_row *j)
{
	g_autofree char *cadence =
		j->cadence_s ? g_strdup_printf("%" G_GINT64_FORMAT " s", j->cadence_s)
			     : g_strdup("-"); /* when something asks for it */
	g_autofree char *last = time_or(j->last_end, _("never")), *next = time_or(j->next_at, "-");
	g_autofree char *runs = g_strdup_printf("%" G_GINT64_FORMAT, j->runs);
	g_autofree char *failures = g_strdup_printf("%" G_GINT64_FORMAT, j->failures);

	table_row(t, (const char *[]){ j->account.v ? account_name_of(c, j->account) : _("(all)"),
			     j->name, cadence, last, next, runs, failures,
			     j->result.code ? j->result.text : j->words });
}

int cmd_jobs(struct cli *c, const struct args *a)
{
	static const int widths[] = { 16, 0, 0, 0, 0, 0, 0, 0 };
	AUTO(table_free) struct table *t = table_new(G_N_ELEMENTS(widths), widths);
	g_autoptr(GArray) rows = NULL;
	struct err err = { 0 };
	account_id id;

	if (pick_account_id(c, a, &id, &err) < 0 || store_jobs(c->store, id, &rows, &err) < 0)
		return say_error(&err);
	table_row(t, (const char *[]){ _("account"), _("job"), _("every"), _("last"), _("next"),
			     _("runs"), _("failed"), _("result") });
	for (guint i = 0; i < rows->len; i++)
		if (a->json)
			job_json(c, &g_array_index(rows, struct job_row, i));
		else
			job_cells(c, t, &g_array_index(rows, struct job_row, i));
	if (!a->json && rows->len)
		table_print(t);
	else if (!a->json)
		say(_("No job has run yet: they run while tern is open."));
	return rows->len ? EXIT_DONE : EXIT_NOTHING;
}
