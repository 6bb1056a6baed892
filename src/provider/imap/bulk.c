/*
 * COMPRESS=DEFLATE (RFC 4978), begun when much is going to be read: a scan or a
 * small change is not worth the round trip.
 */
#include "base/host.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/imap/command.h"

static bool pays(const struct imap *i)
{
	const struct account *a = i->base.account;

	if (!i->plan.compress || a->compress == COMPRESS_NO)
		return false;
	return a->compress == COMPRESS_YES || !host_is_loopback(a->host);
}

static int begin(struct imap *i, struct answer *a, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	int r;

	command_init(&c, i, "COMPRESS DEFLATE");
	wire_careful(i->wire, true);
	r = imap_run(i, &c, NULL, NULL, a, err);
	wire_careful(i->wire, false);
	return r;
}

int imap_bulk(struct imap *i, struct err *err)
{
	struct answer a;
	int r = imap_ready(i, err);

	if (r < 0 || i->bulk || i->in_flight > 0 || wire_pending(i->wire))
		return r;
	i->bulk = true;
	if (!pays(i))
		return 0;
	r = begin(i, &a, err);
	if (r < 0)
		return r;
	if (a.status == ANSWER_OK)
		r = wire_compress(i->wire, err);
	if (r < 0)
		imap_drop(i); /* the server speaks compressed from here on */
	else if (a.status == ANSWER_BAD)
		imap_evidence(i, EVIDENCE_BAD_FEATURE);
	log_event(LOG_INFO, "imap-compress", "s:s, s:b", "account", i->base.account->name, "on",
		a.status == ANSWER_OK);
	return r;
}
