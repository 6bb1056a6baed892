/*
 * What is known of a server, in words: the class of M-79, why, and what tern
 * makes of it.
 */
#include <string.h>

#include "base/i18n.h"
#include "provider/imap/imap.h"

struct explaining {
	struct memory memory;
	struct plan plan; /* as remembered */
	void (*put)(void *ctx, const char *label, const char *words);
	void *ctx;
};

static void say(const struct explaining *e, const char *label, const char *words)
{
	e->put(e->ctx, label, words);
}

/* "IDLE, CONDSTORE": the features of the class that are offered, or those that are missing. */
static char *features(const struct plan *p, bool offered)
{
	const struct {
		const char *name;
		bool has;
	} all[] = { { "IDLE", p->idle }, { "CONDSTORE", p->condstore }, { "QRESYNC", p->qresync },
		{ "UIDPLUS", p->uidplus } };
	GString *out = g_string_new(NULL);

	for (size_t n = 0; n < G_N_ELEMENTS(all); n++)
		if (all[n].has == offered)
			g_string_append_printf(out, "%s%s", out->len ? ", " : "", all[n].name);
	return g_string_free(out, FALSE);
}

static void because(const struct explaining *e)
{
	g_autofree char *has = features(&e->plan, true), *lacks = features(&e->plan, false);
	g_autofree char *words = NULL;

	if (e->memory.letter == 'D')
		words = g_strdup(_("what the server announces did not hold; see below"));
	else if (!*lacks)
		words = g_strdup_printf(_("%s are offered"), has);
	else if (!*has)
		words = g_strdup_printf(_("%s are not offered"), lacks);
	else
		words = g_strdup_printf(_("offered: %s; not offered: %s"), has, lacks);
	say(e, _("because"), words);
}

static const char *how_scanned(const struct plan *p)
{
	if (p->list_extended && p->list_status)
		return _("one command tells all mailboxes and which changed (LIST-STATUS)");
	return _("a question for each mailbox, many at a time (STATUS)");
}

static const char *how_changes(const struct explaining *e)
{
	if (e->memory.letter == 'D')
		return _("by comparing whole lists of numbers and flags");
	if (e->plan.qresync)
		return _("the server tells all changes since the last time (QRESYNC)");
	if (e->plan.condstore)
		return _("the server tells changed flags (CONDSTORE); losses by comparing numbers");
	return _(
		"by comparing numbers and flags of the newest messages often, of all now and then");
}

static const char *how_pushed(const struct explaining *e)
{
	if (e->memory.evidence.count[EVIDENCE_IDLE_SILENT] >= EVIDENCE_SILENT_MAX)
		return _("the server was silent about new mail; tern asks by the clock");
	if (e->plan.idle && e->plan.notify)
		return _("for all mailboxes (NOTIFY)");
	if (e->plan.idle)
		return _("for one mailbox at a time (IDLE)");
	return _("not offered; tern asks by the clock");
}

static const char *caught_at(enum evidence_kind kind)
{
	switch (kind) {
	case EVIDENCE_MODSEQ_STUCK:
		return _("its change number (HIGHESTMODSEQ) did not rise after a change");
	case EVIDENCE_MODSEQ_BACK:
		return _("its change number (HIGHESTMODSEQ) went back");
	case EVIDENCE_VALIDITY_BACK:
		return _("the number of a mailbox (UIDVALIDITY) went back");
	case EVIDENCE_IDLE_SILENT:
		return _("mail came that IDLE did not tell");
	default:
		return _("it did not carry out a command that it announced");
	}
}

static void evidence(const struct explaining *e)
{
	for (int kind = 0; kind < EVIDENCE_KINDS; kind++) {
		int count = e->memory.evidence.count[kind];
		g_autoptr(GDateTime) at = NULL;
		g_autofree char *date = NULL, *words = NULL;

		if (!count)
			continue;
		at = g_date_time_new_from_unix_local(e->memory.evidence.first_at[kind]);
		date = at ? g_date_time_format(at, "%Y-%m-%d %H:%M") : g_strdup("?");
		words = g_strdup_printf(_("%s (count: %d, first: %s)"),
			caught_at((enum evidence_kind)kind), count, date);
		say(e, _("caught at"), words);
	}
}

static void probe(const struct explaining *e)
{
	g_autoptr(GDateTime) at =
		g_date_time_new_from_unix_local(e->memory.evidence.probed_at + EVIDENCE_PROBE_S);
	g_autofree char *date = at ? g_date_time_format(at, "%Y-%m-%d") : NULL;

	if (e->memory.evidence.probed_at && date)
		say(e, _("judged anew"), date);
}

static void connections(const struct explaining *e)
{
	g_autofree char *words =
		g_strdup_printf("%d", e->memory.letter == 'D' ? 1 : e->memory.connections);

	say(e, _("connections"), words);
}

static void explain_all(struct explaining *e)
{
	const char letter[] = { e->memory.letter, '\0' };

	if (e->memory.server)
		say(e, _("server"), e->memory.server);
	say(e, _("class"), letter);
	because(e);
	say(e, _("mailboxes"), how_scanned(&e->plan));
	say(e, _("changes"), how_changes(e));
	say(e, _("push"), how_pushed(e));
	say(e, _("compression"),
		e->plan.compress ? _("offered; used before much is read") : _("not offered"));
	connections(e);
	evidence(e);
	probe(e);
}

void imap_explain(
	const char *memory, void (*put)(void *ctx, const char *label, const char *words), void *ctx)
{
	struct explaining e = { .put = put, .ctx = ctx };

	memory_read(&e.memory, memory);
	if (e.memory.after && e.memory.letter) {
		struct scan words = { e.memory.after, e.memory.after + strlen(e.memory.after) };

		plan_read(&e.plan, &words);
		explain_all(&e);
	}
	memory_release(&e.memory);
}
