#include "provider/imap/plan.h"

#include <string.h>
#include <strings.h>

#include <glib.h>

static void learn(struct plan *p, struct slice word)
{
	static const char limit[] = "APPENDLIMIT=";
	const struct {
		const char *name;
		bool *into;
	} table[] = {
		{ "STARTTLS", &p->starttls },
		{ "LOGINDISABLED", &p->logindisabled },
		{ "SASL-IR", &p->sasl_ir },
		{ "AUTH=PLAIN", &p->auth_plain },
		{ "AUTH=LOGIN", &p->auth_login },
		{ "AUTH=SCRAM-SHA-1", &p->auth_scram_sha1 },
		{ "AUTH=SCRAM-SHA-256", &p->auth_scram_sha256 },
		{ "AUTH=XOAUTH2", &p->auth_xoauth2 },
		{ "AUTH=OAUTHBEARER", &p->auth_oauthbearer },
		{ "ENABLE", &p->enable },
		{ "ID", &p->id },
		{ "NAMESPACE", &p->namespace },
		{ "COMPRESS=DEFLATE", &p->compress },
		{ "LITERAL+", &p->literal_plus },
		{ "LITERAL-", &p->literal_minus },
		{ "UTF8=ACCEPT", &p->utf8_accept },
		{ "UTF8=ONLY", &p->utf8_accept },
		{ "SPECIAL-USE", &p->special_use },
		{ "CREATE-SPECIAL-USE", &p->create_special_use },
		{ "LIST-EXTENDED", &p->list_extended },
		{ "LIST-STATUS", &p->list_status },
		{ "OBJECTID", &p->objectid },
		{ "X-SIEVE-MAILBOX", &p->sieve_mailbox },
		{ "X-GM-EXT-1", &p->gmail },
		{ "PREVIEW", &p->preview },
		{ "CONDSTORE", &p->condstore },
		{ "QRESYNC", &p->qresync },
		{ "ESEARCH", &p->esearch },
		{ "IDLE", &p->idle },
		{ "NOTIFY", &p->notify },
		{ "UNSELECT", &p->unselect },
		{ "MOVE", &p->move },
		{ "UIDPLUS", &p->uidplus },
		{ "ACL", &p->acl },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (slice_is(word, table[i].name))
			*table[i].into = true;
	if (word.n > sizeof limit - 1 && strncasecmp(word.p, limit, sizeof limit - 1) == 0) {
		struct scan digits = { word.p + sizeof limit - 1, word.p + word.n };

		(void)scan_number(&digits, &p->append_max);
	}
}

void plan_read(struct plan *p, struct scan *s)
{
	struct slice word;

	*p = (struct plan){ .known = true,
		.qresync_on = p->qresync_on,
		.condstore_on = p->condstore_on,
		.utf8_on = p->utf8_on };
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

void plan_enabled(struct plan *p, struct scan *s)
{
	struct slice word;

	while (scan_blanks(s), !scan_at_end(s) && scan_atom(s, &word)) {
		p->qresync_on |= slice_is(word, "QRESYNC");
		p->condstore_on |= slice_is(word, "CONDSTORE") || slice_is(word, "QRESYNC");
		p->utf8_on |= slice_is(word, "UTF8=ACCEPT");
	}
}
