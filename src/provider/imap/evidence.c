#include "provider/imap/evidence.h"

#include "base/clock.h"
#include "provider/imap/imap.h"

void imap_evidence(struct imap *i, enum evidence_kind kind)
{
	struct evidence *e = &i->evidence;

	if (e->count[kind] < INT32_MAX)
		e->count[kind]++;
	if (e->first_at[kind] == 0)
		e->first_at[kind] = clock_unix();
	imap_set_traits(i);
	imap_keep(i);
}

static bool counts(const struct imap *i, enum evidence_kind kind)
{
	return i->evidence.count[kind] >= (kind == EVIDENCE_IDLE_SILENT ? EVIDENCE_SILENT_MAX : 1);
}

void imap_cleared(struct imap *i, enum evidence_kind kind)
{
	struct evidence *e = &i->evidence;

	if (e->count[kind] == 0 || counts(i, kind))
		return;
	e->count[kind] = 0;
	e->first_at[kind] = 0;
	imap_keep(i);
}

bool imap_distrusted(const struct imap *i)
{
	for (int kind = 0; kind < EVIDENCE_KINDS; kind++)
		if (counts(i, (enum evidence_kind)kind))
			return true;
	return false;
}

char imap_letter(const struct imap *i)
{
	const struct plan *p = &i->plan;

	if (imap_distrusted(i))
		return 'D';
	if (!p->idle)
		return 'C';
	return p->condstore && p->qresync && p->uidplus ? 'A' : 'B';
}

void imap_set_traits(struct imap *i)
{
	bool distrusted = imap_distrusted(i);

	i->base.traits = (struct traits){
		.cheap_scan = i->plan.list_extended && i->plan.list_status,
		.connections = distrusted ? 1 : i->known.connections,
		.run_s = distrusted ? EVIDENCE_RUN_S : 0,
		.run_messages = distrusted ? EVIDENCE_RUN_MESSAGES : 0,
		.letter = imap_letter(i),
	};
}
