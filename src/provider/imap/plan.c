#include "provider/imap/plan.h"

#include <string.h>

#include "base/mem.h"

static void learn(struct plan *p, struct slice word)
{
	const struct {
		const char *name;
		bool *into;
	} table[] = {
		{ "STARTTLS", &p->starttls },
		{ "LOGINDISABLED", &p->logindisabled },
		{ "AUTH=PLAIN", &p->auth_plain },
		{ "SASL-IR", &p->sasl_ir },
		{ "IDLE", &p->idle },
		{ "MOVE", &p->move },
		{ "UIDPLUS", &p->uidplus },
		{ "SPECIAL-USE", &p->special_use },
		{ "LIST-EXTENDED", &p->list_extended },
		{ "LITERAL+", &p->literal_plus },
		{ "CONDSTORE", &p->condstore },
		{ "QRESYNC", &p->qresync },
		{ "ENABLE", &p->enable },
		{ "ESEARCH", &p->esearch },
		{ "COMPRESS=DEFLATE", &p->compress },
		{ "OBJECTID", &p->objectid },
		{ "X-GM-EXT-1", &p->gmail },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (slice_is(word, table[i].name))
			*table[i].into = true;
}

void plan_read(struct plan *p, struct scan *s)
{
	struct slice word;

	*p = (struct plan){ .known = true };
	while (scan_blanks(s), !scan_at_end(s) && scan_atom(s, &word)) {
		const char *close = memchr(word.p, ']', word.n);

		if (close)
			word.n = (size_t)(close - word.p);
		learn(p, word);
		if (close)
			break;
	}
	p->condstore |= p->qresync;
}
