#include "ui/coverage.h"

#include <stdio.h>
#include <time.h>

#include "base/i18n.h"
#include "ui/priv.h"

/* A mailbox that is complete may have been capped before its state was kept. */
static enum mailbox_state state_of(const struct mailbox *m)
{
	return m->complete && m->state != MAILBOX_CAPPED ? MAILBOX_COMPLETE : m->state;
}

/* A later date, or an earlier state with the same one, is less history. */
static bool is_less(enum mailbox_state state, int64_t since, const struct coverage *than)
{
	if (than->state == MAILBOX_COMPLETE)
		return state != MAILBOX_COMPLETE;
	return state != MAILBOX_COMPLETE && since > than->since;
}

void coverage_read(
	struct coverage *c, struct store *s, const struct sidebar *side, const struct list *l)
{
	*c = (struct coverage){ .state = MAILBOX_COMPLETE, .here = l->total };
	for (guint i = 0; i < l->mailboxes->len; i++) {
		mailbox_id id = g_array_index(l->mailboxes, mailbox_id, i);
		const struct mailbox *m = sidebar_mailbox(side, id);
		int64_t since;

		if (!m || state_of(m) == MAILBOX_COMPLETE)
			continue;
		since = store_mailbox_since(s, id);
		if (is_less(state_of(m), since, c)) {
			c->state = state_of(m);
			c->since = since;
		}
	}
}

static void date_of(int64_t at, char *out, size_t cap)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(out, cap, "%Y-%m-%d", &tm) == 0)
		g_strlcpy(out, "?", cap);
}

void coverage_text(const struct coverage *c, const struct tuning *t, char *out, size_t cap)
{
	char date[16], here[32];

	out[0] = '\0';
	date_of(c->since, date, sizeof date);
	number_text(c->here, here);
	switch (c->state) {
	case MAILBOX_PENDING:
	case MAILBOX_BOOTSTRAPPING:
		g_strlcpy(out, _("Loading: the newest messages come first."), cap);
		break;
	case MAILBOX_INCREMENTAL:
		if (t->backfill_mode == BACKFILL_BOOTSTRAP_ONLY)
			snprintf(out, cap,
				_("History before %s is not loaded (%s messages are).  "
				  "backfill-mode = "
				  "progressive in tern.conf loads it."),
				date, here);
		else
			snprintf(out, cap,
				_("History before %s is not loaded yet (%s messages are)."), date,
				here);
		break;
	case MAILBOX_CAPPED:
		snprintf(out, cap,
			_("History before %s is not loaded: limit reached (%s messages).  "
			  "backfill-max-total-per-folder in tern.conf raises it."),
			date, here);
		break;
	case MAILBOX_COMPLETE:
		break;
	}
}
