/* What happened elsewhere: what it makes stale, and what is said of it. */
#include <string.h>

#include "base/i18n.h"
#include "ui/activity.h"
#include "ui/priv.h"

enum { ANSWERS_MAX = 32 }; /* changes of one message whose answers are looked through */

/* The change about the message that the server did not take, in words; false if none is known. */
static bool refused_words(struct ui *ui, const struct event *e, const char *way, struct err *out)
{
	g_autoptr(GPtrArray) rows = NULL;
	bool found = false;

	if (!e->message || store_queue_some(ui->store, (account_id){ e->account },
				   (message_id){ e->message }, ANSWERS_MAX, &rows, NULL) < 0)
		return false;
	for (guint i = 0; i < rows->len; i++) {
		const struct mutation_row *r = rows->pdata[i];

		if (!r->answer || !*r->answer || !mutation_is_stuck(r->status))
			continue;
		found = true;
		err_set(out, out->code, r->status == MUTATION_CONFLICT
				? _("\"%s\" was changed elsewhere: %s (%s shows it)")
				: _("The server did not change \"%s\": %s (%s shows it)"),
			r->subject, r->answer, way);
	}
	return found;
}

void events_tell_failed(struct ui *ui)
{
	struct err err = { .code = (enum err_code)ui->failed.code };
	char way[KEYS_NAME_MAX];

	if (ui->failed.code >= 0)
		return;
	if (!refused_words(ui, &ui->failed, ui_way_to(ui, "activity", way), &err))
		err_set(&err, err.code,
			_("The server did not take a change, the list shows what it has; %s tells more"),
			way);
	ui->failed.code = 0;
	ui_complain(ui, &err);
}

/* What was said to wait does so no more: the words go as well, if they still stand there. */
static void end_waiting(struct ui *ui)
{
	g_autoptr(GPtrArray) rows = NULL;
	bool waits = false;

	if (ui->waiting_wish == 0 ||
		store_tree_rows(ui->store, (account_id){ 0 }, &rows, NULL) < 0)
		return;
	for (guint i = 0; i < rows->len; i++)
		waits |= ((const struct tree_wish *)rows->pdata[i])->id == ui->waiting_wish;
	if (waits)
		return;
	ui->waiting_wish = 0;
	if (ui->status.until == ui->waiting_until)
		ui_say(ui, _("Done: the server has it"));
}

/* Says which wish about the tree of mailboxes was refused, once. */
static void complain_tree(struct ui *ui, const struct event *e)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct err err = { 0 };

	if (store_tree_rows(ui->store, (account_id){ e->account }, &rows, &err) < 0)
		return;
	for (guint i = 0; i < rows->len; i++) {
		const struct tree_wish *w = rows->pdata[i];
		g_autofree char *words = NULL;

		if (w->id <= ui->told_wish || !mutation_is_stuck(w->status))
			continue;
		words = activity_wish_words(w);
		err_set(&err, ERR_REFUSED, _("Refused: %s.  %s"), words, w->answer ? w->answer : "");
		ui->told_wish = w->id;
		ui_complain(ui, &err);
	}
}

/* The trouble of an account is told when it comes, and forgotten when it is over. */
static void complain_account(struct ui *ui, const struct event *e)
{
	const struct account *a = ui_account(ui, (account_id){ e->account });
	struct engine_state state = { 0 };
	struct err named;

	if (!a || !ui->engine || !ui->engine->state(ui->engine, a->id, &state))
		return;
	if (!state_is_trouble(&state)) { /* that another tern is at work stands in the status line */
		if (ui->status.about.v == e->account)
			status_clear(ui);
		return;
	}
	if (e->code >= 0)
		return;
	named = state.error;
	if (ui->config->accounts->len > 1)
		err_set(&named, state.error.code, "%s: %s", a->name, state.error.text);
	if (strcmp(named.text, ui->status.text) == 0)
		return;
	ui_complain(ui, &named);
	ui->status.about = a->id;
}

static void say_new_mail(struct ui *ui, const struct event *e)
{
	const struct mailbox *m = sidebar_mailbox(&ui->sidebar, (mailbox_id){ e->mailbox });
	const struct account *a = ui_account(ui, (account_id){ e->account });

	if (ui->status.until) /* what the reader just did matters more; the counters tell */
		return;
	if (m && a && ui->config->accounts->len > 1)
		ui_say(ui, _("New mail in %s / %s"), a->name, mailbox_label(m));
	else
		ui_say(ui, _("New mail"));
}

void ui_event(struct ui *ui, const struct event *e)
{
	ui->dirty = true;
	switch (e->kind) {
	case EV_ACCOUNT:
		complain_account(ui, e);
		break;
	case EV_MUTATION:
		ui->status.pending_at = 0;
		ui->stale = true;
		carry_look(ui);
		if (e->code < 0)
			ui->failed = *e;
		break;
	case EV_NEW_MAIL:
		ui->stale = true;
		say_new_mail(ui, e);
		break;
	case EV_MAILBOXES:
		ui->stale = true;
		ui->status.pending_at = 0;
		if (e->code < 0)
			complain_tree(ui, e);
		end_waiting(ui);
		break;
	case EV_RESYNC:
		unsubscribe_event(ui);
		/* fall through */
	case EV_MESSAGES:
		carry_look(ui);
		ui->stale = true;
		break;
	case EV_BODY:
	case EV_DOCUMENT:
		break;
	case EV_ONE_CLICK:
		unsubscribe_event(ui);
		break;
	}
	for (guint i = 0; i < ui->views->len; i++) {
		struct view *v = ui->views->pdata[i];

		if (v->ops->event)
			v->ops->event(v, e);
	}
	errand_event(ui, e);
}
