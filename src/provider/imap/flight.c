#include "provider/imap/flight.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/clock.h"
#include "config.h"

enum { FLIGHT_NAME_MAX = 120 }; /* bytes of what a server calls itself */

void flight_release(struct flight *f)
{
	boxes_free(&f->listing);
}

/* --- what is heard ----------------------------------------------------------------- */

void imap_heard(struct imap *i, struct scan *words)
{
	const char *end = words->p;

	while (end < words->end && !strchr("\r\n]", *end) && end - words->p < MEMORY_WORDS_MAX)
		end++;
	g_free(i->heard);
	i->heard = g_utf8_make_valid(words->p, end - words->p);
	plan_read(&i->plan, words);
}

/* ("name" "Dovecot" "version" "2.3" ...) */
static void heard_name(struct imap *i, struct scan s)
{
	char name[FLIGHT_NAME_MAX] = "", version[FLIGHT_NAME_MAX] = "";
	struct slice key, value;

	if (!scan_char(&s, '('))
		return;
	while (scan_blanks(&s), scan_string(&s, &key)) {
		scan_blanks(&s);
		if (!scan_string(&s, &value))
			break;
		if (slice_is(key, "name") && value.p)
			text_clean_into(value.p, (ssize_t)value.n, name, sizeof name);
		if (slice_is(key, "version") && value.p)
			text_clean_into(value.p, (ssize_t)value.n, version, sizeof version);
	}
	if (!*name)
		return;
	g_free(i->known.server);
	i->known.server = g_strconcat(name, *version ? " " : "", version, NULL);
}

static void heard_enabled(struct imap *i, struct scan s)
{
	const struct plan *p = &i->plan;

	plan_enabled(&i->plan, &s);
	g_free(i->known.enabled);
	i->known.enabled = g_strconcat(p->qresync_on ? "QRESYNC " : "",
		p->condstore_on && !p->qresync_on ? "CONDSTORE " : "",
		p->utf8_on ? "UTF8=ACCEPT" : "", NULL);
	g_strchomp(i->known.enabled);
}

int flight_note(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct flight *f = ctx;
	struct scan words = r->rest;

	if (f->inbox.tag)
		select_note(&f->inbox, r);
	if (slice_is(r->word, "CAPABILITY"))
		imap_heard(i, &words);
	else if (slice_is(r->word, "ENABLED"))
		heard_enabled(i, words);
	else if (slice_is(r->word, "ID"))
		heard_name(i, words);
	else if (f->listing)
		return boxes_note(i, r, f->listing, err);
	return 0;
}

/* --- sending ------------------------------------------------------------------------- */

static int ask(struct imap *i, const char *text, uint32_t *tag, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };

	command_init(&c, i, text);
	return imap_send(i, &c, 0, tag, err);
}

/* What is worth switching on; a server that cannot be trusted gets no QRESYNC (C-12). */
static const char *enable_command(const struct imap *i, const struct plan *p)
{
	static const char *const commands[] = { NULL, "ENABLE CONDSTORE", "ENABLE QRESYNC",
		"ENABLE UTF8=ACCEPT", "ENABLE CONDSTORE UTF8=ACCEPT",
		"ENABLE QRESYNC UTF8=ACCEPT" };
	int changes = 0;

	if (!p->enable)
		return NULL;
	if (!imap_distrusted(i))
		changes = p->qresync ? 2 : p->condstore;
	return commands[changes + (p->utf8_accept ? 3 : 0)];
}

/*
 * The inbox is opened before the listing: then what changed in it is asked for
 * next, without another SELECT (qresync.c).  And Dovecot over a Maildir reads
 * the list of all files of an INBOX for its numbers in a listing (130 ms for
 * 100,000), and again for every SELECT soon after a change, but not of the
 * mailbox that is open.  Only with a memory of the server: before the first
 * sync nothing is known of the inbox, and a refusal costs nothing.
 */
static int ask_inbox(struct imap *i, struct flight *f, const struct plan *p, struct err *err)
{
	if (!f->early || !p->qresync || imap_distrusted(i))
		return 0;
	return select_send(i, &f->inbox, "INBOX", SELECT_WRITE | (p->acl ? SELECT_RIGHTS : 0), NULL,
		err);
}

static int ask_list(struct imap *i, struct flight *f, const struct plan *p, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	int r;

	if (f->listed || !i->base.scan_follows || !p->list_extended || !p->list_status ||
		!boxes_command(i, p, &c))
		return 0;
	boxes_free(&f->listing);
	f->listing = boxes_new();
	f->listed = true;
	r = ask_inbox(i, f, p, err);
	return r < 0 ? r : imap_send(i, &c, 0, &f->list, err);
}

static int ask_all(struct imap *i, struct flight *f, const struct plan *p, struct err *err)
{
	const char *enable = enable_command(i, p);
	int r = 0;

	if (enable && enable != f->asked) {
		f->asked = enable;
		r = ask(i, enable, &f->enable, err);
	}
	if (r == 0 && p->id && !f->introduced) {
		f->introduced = true;
		r = ask(i, "ID (\"name\" \"tern\" \"version\" \"" PACKAGE_VERSION "\")", &f->id,
			err);
	}
	return r < 0 ? r : ask_list(i, f, p, err);
}

bool flight_is_possible(const struct imap *i)
{
	return i->known.after && !i->known.deaf && i->known.stumbles < MEMORY_STUMBLES_MAX;
}

int flight_send_early(struct imap *i, struct flight *f, struct err *err)
{
	struct plan remembered = { 0 };
	struct scan words = { i->known.after, i->known.after + strlen(i->known.after) };
	int r = 0;

	plan_read(&remembered, &words);
	f->early = true;
	if (!i->known.told)
		r = ask(i, "CAPABILITY", &f->capability, err);
	return r < 0 ? r : ask_all(i, f, &remembered, err);
}

int flight_send(struct imap *i, struct flight *f, struct err *err)
{
	f->early = false;
	return ask_all(i, f, &i->plan, err);
}

/* --- landing --------------------------------------------------------------------------- */

static void enable_answered(struct imap *i, struct flight *f, const struct response *r)
{
	f->enable = 0;
	if (slice_is(r->word, "OK"))
		return;
	if (f->early)
		f->asked = NULL; /* again, when the truth is known */
	else if (slice_is(r->word, "BAD"))
		imap_evidence(i, EVIDENCE_BAD_FEATURE);
}

static void list_answered(struct imap *i, struct flight *f, const struct response *r)
{
	f->list = 0;
	if (slice_is(r->word, "OK"))
		boxes_keep(i, &f->listing);
	else
		f->listed = false; /* again, when the truth is known, or by imap_mailboxes */
	boxes_free(&f->listing);
}

static void inbox_answered(struct imap *i, struct flight *f, const struct response *r)
{
	struct answer a;

	f->inbox.tag = 0;
	answer_parse(r, &a);
	i->sel.early = select_end(i, &f->inbox, &a, NULL) == 0;
}

/* The tag of the first command whose answer is awaited, 0 = none is. */
static uint32_t oldest_awaited(const struct flight *f)
{
	const uint32_t tags[] = { f->capability, f->enable, f->id, f->inbox.rights, f->inbox.tag,
		f->list };
	uint32_t oldest = 0;

	for (size_t n = 0; n < G_N_ELEMENTS(tags); n++)
		if (tags[n] && (!oldest || tags[n] < oldest))
			oldest = tags[n];
	return oldest;
}

/*
 * What was sent ahead is lost at some servers.  Courier hands a session that
 * logged in to another process and forgets what it had read for it, which is as
 * much as had arrived by then: nothing is heard, or only of the end of the
 * flight.  Cyrus, behind AUTHENTICATE, reads its line a second time and that
 * many bytes of the flight not at all: the login is answered twice.  An early
 * flight is lost if nothing is heard for lost_ms, be it at its beginning
 * or when a later command was answered before an earlier one (which RFC 3501,
 * section 5.5, allows, so that alone proves nothing), or if among its answers
 * is one to something else.
 */
static int read_landing(struct imap *i, struct flight *f, struct response *r, struct err *err)
{
	bool doubt = f->early && (!f->heard || f->newest > oldest_awaited(f));
	int64_t start = clock_mono_ms();
	int n = imap_read(i, doubt ? i->lost_ms : STREAM_READ_MS, flight_note, f, r, err);

	f->lost = doubt && n == ERR_OFFLINE && clock_mono_ms() - start >= i->lost_ms;
	f->heard = true;
	return n;
}

static int answered(struct imap *i, struct flight *f, const struct response *r, struct err *err)
{
	f->newest = MAX(f->newest, r->tag);
	if (r->tag == f->capability) {
		f->capability = 0;
	} else if (r->tag == f->id) {
		f->id = 0;
	} else if (r->tag == f->inbox.rights) {
		f->inbox.rights = 0;
	} else if (r->tag == f->inbox.tag) {
		inbox_answered(i, f, r);
	} else if (r->tag == f->enable) {
		enable_answered(i, f, r);
	} else if (r->tag == f->list) {
		list_answered(i, f, r);
	} else if (f->early) {
		f->lost = true;
		return err_set(err, ERR_OFFLINE,
			_("The server mixed up what was sent along with the login."));
	}
	return 0;
}

int flight_land(struct imap *i, struct flight *f, struct err *err)
{
	struct response r;
	int n = 0;

	while (n == 0 && oldest_awaited(f)) {
		n = read_landing(i, f, &r, err);
		if (n == 0 && r.kind == RESPONSE_TAGGED)
			n = answered(i, f, &r, err);
	}
	return n;
}
