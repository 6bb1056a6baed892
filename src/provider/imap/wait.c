/*
 * Sleeping until something happens: IDLE (RFC 2177) where offered, with NOTIFY
 * (RFC 5465) for all mailboxes, else the doorbell and a NOOP at the end.  What
 * TLS and our own buffer already hold is looked at before every sleep, since
 * poll does not show it.
 *
 * An IDLE is renewed before routers forget the connection; the answer to its
 * end is the probe that the server is still there.  The clock is read again
 * every WATCH_MS, because poll does not count the time of a suspend.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/imap/notify.h"

enum {
	IDLE_ANSWER_MS = 20 * 1000, /* for "+" and for the answer to DONE */
	WATCH_MS = 30 * 1000,
};

/* One wait(). */
struct sleeping {
	struct imap *imap;
	struct watch *w;
	int64_t end;	 /* clock_mono_ms */
	uint32_t notify; /* tag of a NOTIFY whose answer has not come; 0 = none */
	bool refused;	 /* IDLE is not to be relied on */
	bool mail;	 /* the number of messages changed, as told */
};

static bool something(const struct sleeping *s)
{
	const struct imap *i = s->imap;

	return s->w->news || i->tree || (i->stirred && g_hash_table_size(i->stirred) > 0);
}

static int on_news(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct sleeping *s = ctx;

	(void)err;
	s->mail |= slice_is(r->word, "EXISTS") && i->sel.stirred;
	s->w->news |= slice_is(r->word, "EXISTS") || slice_is(r->word, "EXPUNGE") ||
		      slice_is(r->word, "FETCH") || slice_is(r->word, "VANISHED");
	return 0;
}

/* Reads one answer; that of NOTIFY is dealt with here. */
static int next(struct sleeping *s, struct response *r, struct err *err)
{
	struct answer a;
	int n = imap_read(s->imap, IDLE_ANSWER_MS, on_news, s, r, err);

	if (n < 0 || r->kind != RESPONSE_TAGGED || !s->notify || r->tag != s->notify)
		return n;
	answer_parse(r, &a);
	notify_answered(s->imap, &a);
	s->notify = 0;
	r->kind = RESPONSE_JUNK; /* it ends nothing */
	return 0;
}

/* Enters IDLE; s->refused if the server says no. */
static int enter(struct sleeping *s, uint32_t *tag, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct response r = { 0 };
	int n = 0;

	if (notify_wanted(s->imap))
		n = notify_send(s->imap, &s->notify, err);
	command_init(&c, s->imap, "IDLE");
	if (n == 0)
		n = imap_send(s->imap, &c, 0, tag, err);
	do {
		if (n == 0)
			n = next(s, &r, err);
	} while (n == 0 && r.kind != RESPONSE_CONTINUE &&
		 !(r.kind == RESPONSE_TAGGED && r.tag == *tag));
	s->refused = n == 0 && r.kind == RESPONSE_TAGGED;
	return n;
}

static int leave(struct sleeping *s, uint32_t tag, struct err *err)
{
	static const char done[] = "DONE\r\n";
	struct response r = { 0 };
	int n;

	wire_command(s->imap->wire, 0);
	n = wire_write(s->imap->wire, done, sizeof done - 1, err);
	while (n == 0 && !(r.kind == RESPONSE_TAGGED && r.tag == tag))
		n = next(s, &r, err);
	return n;
}

/* Until news, wake or `until`; keep-alive lines of the server do not end it.  1 = the server ended
 * IDLE by itself. */
static int listen_until(struct sleeping *s, uint32_t tag, int64_t until, struct err *err)
{
	struct response r;

	while (!something(s)) {
		int64_t left = until - clock_mono_ms();
		int n = 1;

		if (left <= 0 || cancel_is_set(s->w->wake))
			return 0;
		if (wire_pending(s->imap->wire) == 0)
			n = stream_wait(wire_stream(s->imap->wire), s->w->wake,
				(int)MIN(left, WATCH_MS), err);
		if (n < 0)
			return n;
		if (n == 0)
			continue;
		n = next(s, &r, err);
		if (n < 0)
			return n;
		if (r.kind == RESPONSE_TAGGED && r.tag == tag)
			return 1;
	}
	return 0;
}

/* One IDLE command. */
static int idle_once(struct sleeping *s, struct err *err)
{
	uint32_t tag = 0;
	int r = enter(s, &tag, err);

	if (r < 0 || s->refused)
		return r;
	r = listen_until(s, tag, MIN(s->end, clock_mono_ms() + s->imap->idle_ms), err);
	s->refused = r > 0;
	return r != 0 ? MIN(r, 0) : leave(s, tag, err);
}

static int idle(struct sleeping *s, struct err *err)
{
	struct imap *i = s->imap;
	int r = 0;

	do {
		r = idle_once(s, err);
		s->w->live = r == 0 && !s->refused;
	} while (r == 0 && !s->refused && !something(s) && !cancel_is_set(s->w->wake) &&
		 clock_mono_ms() < s->end);
	if (s->refused)
		i->plan.idle = false;
	s->w->everywhere = s->w->live && i->notify_on;
	return r;
}

/* Without IDLE: sleeps on the doorbell, then asks. */
static int doze(struct sleeping *s, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct stream *stream = wire_stream(s->imap->wire);
	struct answer a;
	int r = stream_wait(stream, s->w->wake, s->w->timeout_ms, err);

	if (r < 0 || cancel_is_set(s->w->wake))
		return r < 0 ? r : 0;
	command_init(&c, s->imap, "NOOP");
	return imap_run(s->imap, &c, on_news, s, &a, err);
}

/*
 * IDLE tells only what happens from now on.  Did something happen since
 * changes(), while another command or another mailbox was at work?
 */
static bool missed_something(const struct imap *i)
{
	const struct selected *sel = &i->sel;
	const struct seen *seen = imap_seen(i, sel->path);

	if (sel->stirred)
		return true;
	if (!seen)
		return false;
	return (sel->uidnext && sel->uidnext > seen->uidnext) || sel->exists != seen->exists ||
	       sel->modseq != seen->modseq;
}

/* What was live and silent to its end may be a lie (C-31). */
static void note_silence(struct imap *i, const struct watch *w)
{
	g_clear_pointer(&i->silent, g_free);
	if (w->live && !w->news && i->sel.path)
		i->silent = g_strdup(i->sel.path);
}

int imap_wait(struct provider *p, struct watch *w, struct err *err)
{
	struct imap *i = imap_of(p);
	struct sleeping s = { .imap = i, .w = w, .end = clock_mono_ms() + w->timeout_ms };
	int r = imap_ready(i, err);

	w->live = w->everywhere = w->news = w->tree = false;
	imap_status_forget(i, NULL);
	i->sel.early = false;
	if (r == 0)
		r = imap_select(i, w->mailbox->path, true, false, err);
	if (r == 0 && (missed_something(i) || something(&s)))
		w->news = missed_something(i);
	else if (r == 0 && i->plan.idle)
		r = idle(&s, err);
	else if (r == 0)
		r = doze(&s, err);
	if (r == 0) {
		note_silence(i, w);
		if (w->live && s.mail)
			imap_cleared(i, EVIDENCE_IDLE_SILENT);
		notify_collect(i, w);
	}
	r = imap_settle(i, r);
	return r < 0 ? r : w->news || w->tree || (w->stirred && w->stirred->len > 0);
}
