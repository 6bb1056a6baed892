#include "ui/search.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "ui/priv.h"

enum {
	SLICE = 1000,     /* rows between two looks at the keyboard */
	TELL_MS = 100,    /* the status line is written so often */
};

bool search_stop(struct ui *ui)
{
	struct search *s = &ui->search;
	bool any = s->query != NULL;

	query_free(&s->query);
	g_free(s->text);
	if (s->found)
		g_array_unref(s->found);
	*s = (struct search){ 0 };
	return any;
}

void search_begin(struct ui *ui, struct query *query, const char *text)
{
	search_stop(ui);
	ui->search = (struct search){ .query = query, .text = g_strdup(text),
		.found = g_array_new(FALSE, FALSE, sizeof(location_id)) };
}

static void tell(struct ui *ui)
{
	struct search *s = &ui->search;
	char looked[32], total[32], found[32];
	int64_t now = clock_mono_ms();

	if (s->told_at && now - s->told_at < TELL_MS)
		return;
	s->told_at = MAX(now, 1);
	ui_say(ui, _("Looked at %s of %s: %s match; Esc stops"), number_text(s->at.looked, looked),
		number_text(ui->list.total, total), number_text(s->found->len, found));
}

static void finish(struct ui *ui)
{
	struct search *s = &ui->search;
	char n[32];

	for (guint i = 0; i < s->found->len; i++)
		marks_put(&ui->marks, g_array_index(s->found, location_id, i), true);
	ui->seen.hits = (int)MIN(s->found->len, (guint)INT_MAX);
	if (s->found->len == 0)
		ui_say(ui, _("No message here matches %s"), s->text);
	else
		ui_say(ui, ngettext("%s message matches %s and is marked", "%s messages match %s and are marked",
				  s->found->len), number_text(s->found->len, n), s->text);
	search_stop(ui);
}

int64_t search_tick(struct ui *ui)
{
	struct search *s = &ui->search;
	struct list_scope scope = list_scope(&ui->list);
	struct err err = { 0 };
	int rc;

	if (!s->query)
		return -1;
	rc = store_match(ui->store, &scope, s->query, &s->at, SLICE, s->found, &err);
	if (rc > 0) {
		tell(ui);
		return 0;
	}
	if (rc == 0) {
		finish(ui);
	} else {
		search_stop(ui);
		ui_complain(ui, &err);
	}
	return -1;
}
