/*
 * Sleeping until something happens: IDLE (RFC 2177) where offered, else the
 * doorbell and a NOOP at the end.  What TLS and our own buffer already hold is
 * looked at before every sleep, since poll does not show it.
 */
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "provider/imap/command.h"

enum {
	IDLE_MS = 9 * 60 * 1000,    /* then IDLE is renewed: routers forget silent connections */
	IDLE_ANSWER_MS = 20 * 1000, /* for "+" and for the answer to DONE */
};

static int on_news(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	bool *news = ctx;

	(void)i;
	(void)err;
	*news |= slice_is(r->word, "EXISTS") || slice_is(r->word, "EXPUNGE") ||
		 slice_is(r->word, "FETCH") || slice_is(r->word, "VANISHED");
	return 0;
}

/* Reads until the tagged answer of `tag`. */
static int finish(struct imap *i, uint32_t tag, bool *news, struct answer *a, struct err *err)
{
	struct response r;
	int n;

	do {
		n = imap_read(i, IDLE_ANSWER_MS, on_news, news, &r, err);
	} while (n == 0 && !(r.kind == RESPONSE_TAGGED && r.tag == tag));
	if (n == 0)
		answer_parse(&r, a);
	return n;
}

/* Enters IDLE; *refused if the server says no. */
static int enter(struct imap *i, uint32_t *tag, bool *news, bool *refused, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct response r;
	int n;

	command_init(&c, i, "IDLE");
	n = imap_send(i, &c, 0, tag, err);
	do {
		if (n == 0)
			n = imap_read(i, IDLE_ANSWER_MS, on_news, news, &r, err);
	} while (n == 0 && r.kind != RESPONSE_CONTINUE && r.kind != RESPONSE_TAGGED);
	*refused = n == 0 && r.kind == RESPONSE_TAGGED;
	return n;
}

static int leave(struct imap *i, uint32_t tag, bool *news, struct err *err)
{
	static const char done[] = "DONE\r\n";
	struct answer a;
	int r;

	wire_command(i->wire, 0);
	r = wire_write(i->wire, done, sizeof done - 1, err);
	return r < 0 ? r : finish(i, tag, news, &a, err);
}

/* Until news, wake or the end; keep-alive lines of the server do not end it. */
static int listen_until(
	struct imap *i, struct cancel *wake, int64_t end, bool *news, struct err *err)
{
	struct response r;

	while (!*news) {
		int64_t left = end - clock_mono_ms();
		int n = 1;

		if (wire_pending(i->wire) == 0)
			n = stream_wait(wire_stream(i->wire), wake, (int)MAX(left, 0), err);
		if (n <= 0)
			return n;
		n = imap_read(i, IDLE_ANSWER_MS, on_news, news, &r, err);
		if (n < 0)
			return n;
		if (r.kind == RESPONSE_TAGGED) /* the server ended IDLE by itself */
			return 0;
	}
	return 0;
}

/* One IDLE command, at most until `end`. */
static int idle_once(struct imap *i, struct cancel *wake, int64_t end, bool *news, bool *refused,
	struct err *err)
{
	unsigned before = i->in_flight;
	uint32_t tag;
	int r = enter(i, &tag, news, refused, err);

	if (r < 0 || *refused)
		return r;
	r = listen_until(i, wake, end, news, err);
	*refused = r == 0 && i->in_flight == before; /* ended by the server: not to be relied on */
	if (r < 0 || *refused)
		return r;
	return leave(i, tag, news, err);
}

static int idle(
	struct imap *i, struct cancel *wake, int64_t end, bool *live, bool *news, struct err *err)
{
	bool refused = false;
	int r = 0;

	do {
		int64_t now = clock_mono_ms();

		r = idle_once(i, wake, MIN(end, now + IDLE_MS), news, &refused, err);
		*live = r == 0 && !refused;
	} while (r == 0 && !refused && !*news && !cancel_is_set(wake) && clock_mono_ms() < end);
	if (refused)
		i->plan.idle = false;
	return r;
}

/* Without IDLE: sleeps on the doorbell, then asks. */
static int doze(struct imap *i, struct cancel *wake, int timeout_ms, bool *news, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r = stream_wait(wire_stream(i->wire), wake, timeout_ms, err);

	if (r < 0 || cancel_is_set(wake))
		return r < 0 ? r : 0;
	command_init(&c, i, "NOOP");
	return imap_run(i, &c, on_news, news, &a, err);
}

/*
 * IDLE tells only what happens from now on.  Did something happen since
 * changes(), while another command or another mailbox was at work?
 */
static bool missed_something(const struct imap *i)
{
	const struct selected *sel = &i->sel;
	const struct seen *seen = &i->seen;

	if (sel->stirred)
		return true;
	if (!seen->path || strcmp(seen->path, sel->path) != 0)
		return false;
	return (sel->uidnext && sel->uidnext != seen->uidnext) || sel->exists != seen->exists ||
	       sel->modseq != seen->modseq;
}

int imap_wait(struct provider *p, struct watch *w, struct err *err)
{
	struct imap *i = imap_of(p);
	int64_t end = clock_mono_ms() + w->timeout_ms;
	int r = imap_ready(i, err);

	w->live = w->news = false;
	if (r == 0)
		r = imap_select(i, w->mailbox->path, true, false, err);
	if (r == 0 && missed_something(i))
		w->news = true;
	else if (r == 0 && i->plan.idle)
		r = idle(i, w->wake, end, &w->live, &w->news, err);
	else if (r == 0)
		r = doze(i, w->wake, w->timeout_ms, &w->news, err);
	r = imap_settle(i, r);
	return r < 0 ? r : w->news;
}
