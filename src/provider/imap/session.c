/*
 * From a TCP connection to a logged-in session.
 *
 * libetpan speaks here: greeting, CAPABILITY, STARTTLS and, in login.c, LOGIN.
 * It never sees the network: its stream is the driver below, which hands it
 * one cleaned status line at a time out of wire.c.  The packaged libetpan
 * crashes on a status line without text, loops at an end of file and loses its
 * footing at lines that it does not know, so it gets none of these.  Response
 * codes are read here and cut out.  As the driver never reads ahead of the
 * line, nothing that came in the clear can be taken for an answer inside TLS.
 *
 * The rule for secrets: none leaves before TLS is up and verified, except to a
 * loopback address when the account says "plain".
 */
#include "provider/imap/session.h"

#include <string.h>

#include "base/host.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"

/* --- the driver ------------------------------------------------------------------ */

static bool is_status_word(struct slice w)
{
	return slice_is(w, "OK") || slice_is(w, "NO") || slice_is(w, "BAD") || slice_is(w, "BYE") ||
	       slice_is(w, "PREAUTH");
}

/* A status line: remembers what it says and passes it on without its code. */
static void pass_status(struct session *s, const struct response *r)
{
	size_t tag = (size_t)(r->word.p - r->p);
	struct resp_text t;

	answer_parse(r, &s->last);
	resp_text_parse(r->rest, &t);
	if (slice_is(t.code, "CAPABILITY"))
		imap_heard(s->imap, &t.args);
	s->len = (size_t)g_snprintf(s->line, sizeof s->line, "%.*s%.*s -\r\n", (int)MIN(tag, 64),
		r->p, (int)r->word.n, r->word.p);
}

/* Puts what libetpan may see of an answer into s->line; nothing of an answer that it need not know.
 */
static int digest(struct session *s, const struct response *r)
{
	struct scan words = r->rest;
	size_t n = (size_t)(r->end - r->p);

	if (n > SESSION_LINE_MAX)
		return err_set(&s->err, ERR_PROTOCOL,
			_("The server sent a line that is too long before login."));
	if (!s->greeted && (r->kind != RESPONSE_DATA || !is_status_word(r->word)))
		return err_set(&s->err, ERR_PROTOCOL,
			_("No IMAP server answers at this address; check host, port and "
			  "security."));
	s->greeted = true;
	s->len = s->at = 0;
	if (r->kind == RESPONSE_DATA && slice_is(r->word, "BYE")) {
		answer_parse(r, &s->last);
		err_set(&s->err, ERR_RETRY, _("The server sends us away: %s"), s->last.text);
		s->err.after_s = answer_after_s(s->last.text);
		return ERR_RETRY;
	}
	if (r->kind == RESPONSE_CONTINUE) {
		s->len = g_strlcpy(s->line, "+ \r\n", sizeof s->line);
	} else if (is_status_word(r->word)) {
		pass_status(s, r);
	} else if (r->kind == RESPONSE_DATA && slice_is(r->word, "CAPABILITY")) {
		imap_heard(s->imap, &words);
		s->len = g_strlcpy(s->line, "* CAPABILITY IMAP4rev1\r\n", sizeof s->line);
	}
	return 0;
}

/* Never returns 0: libetpan would spin on it. */
static ssize_t low_read(mailstream_low *low, void *buf, size_t count)
{
	struct session *s = low->data;
	struct response r;
	size_t n;

	while (s->at == s->len)
		if (wire_next(s->imap->wire, STREAM_READ_MS, &r, &s->err) < 0 || digest(s, &r) < 0)
			return -1;
	n = MIN(count, s->len - s->at);
	memcpy(buf, s->line + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static ssize_t low_write(mailstream_low *low, const void *buf, size_t count)
{
	struct session *s = low->data;
	const char *end = (const char *)buf + count;
	uint64_t size;

	if (wire_write(s->imap->wire, buf, count, &s->err) < 0)
		return -1;
	if (!s->along || count == 0 || end[-1] != '\n' || guard_announces(buf, end, &size) > 0)
		return (ssize_t)count;
	s->along = false;
	return flight_send_early(s->imap, &s->flight, &s->err) < 0 ? -1 : (ssize_t)count;
}

static int low_close(mailstream_low *low)
{
	(void)low;
	return 0; /* the wire lives on */
}

static int low_get_fd(mailstream_low *low)
{
	(void)low;
	return -1;
}

static void low_free(mailstream_low *low)
{
	free(low);
}

static void low_cancel(mailstream_low *low)
{
	(void)low; /* every wait of the stream watches the latch of the provider */
}

static mailstream_low_driver driver = {
	.mailstream_read = low_read,
	.mailstream_write = low_write,
	.mailstream_close = low_close,
	.mailstream_get_fd = low_get_fd,
	.mailstream_free = low_free,
	.mailstream_cancel = low_cancel,
};

static mailstream *etpan_stream(struct session *s)
{
	mailstream_low *low = mailstream_low_new(s, &driver);
	mailstream *stream = low ? mailstream_new(low, SESSION_LINE_MAX) : NULL;

	if (!stream && low)
		mailstream_low_free(low);
	return stream;
}

/* Frees libetpan's side, its buffer with the password in it wiped. */
static void imap_session_release(struct session *s)
{
	mailstream *stream;

	if (!s->etpan)
		return;
	stream = s->etpan->imap_stream;
	s->etpan->imap_stream = NULL; /* else mailimap_free would send LOGOUT */
	mailimap_free(s->etpan);
	s->etpan = NULL;
	if (stream) {
		explicit_bzero(stream->write_buffer, stream->buffer_max_size);
		mailstream_close(stream);
	}
}

/* --- steps ----------------------------------------------------------------------- */

int session_failed(const struct session *s, struct err *err)
{
	if (s->err.code) {
		*err = s->err;
		return err->code;
	}
	return answer_error(&s->last, err);
}

static int greeting(struct session *s, bool *preauth, struct err *err)
{
	mailstream *stream;
	int r;

	s->etpan = mailimap_new(0, NULL);
	stream = s->etpan ? etpan_stream(s) : NULL;
	if (!stream)
		return err_set(err, ERR_RETRY, _("The session cannot be set up."));
	r = mailimap_connect(s->etpan, stream);
	*preauth = r == MAILIMAP_NO_ERROR_AUTHENTICATED;
	if (*preauth || r == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
		return 0;
	return session_failed(s, err);
}

int session_capability(struct session *s, struct err *err)
{
	struct mailimap_capability_data *data = NULL;
	int r;

	if (s->imap->plan.known)
		return 0;
	wire_command(s->imap->wire, 0);
	r = mailimap_capability(s->etpan, &data);
	if (data)
		mailimap_capability_data_free(data);
	return r == MAILIMAP_NO_ERROR ? 0 : session_failed(s, err);
}

/* Raises TLS.  What was heard before it counts for nothing. */
static int start_tls(struct session *s, struct err *err)
{
	struct imap *i = s->imap;
	int r = session_capability(s, err);

	if (r < 0)
		return r;
	if (!i->plan.starttls)
		return err_set(err, ERR_TRUST,
			_("The server offers no encryption (STARTTLS); nothing was sent to it."));
	wire_command(i->wire, 0);
	if (mailimap_starttls(s->etpan) != MAILIMAP_NO_ERROR) {
		if (s->err.code)
			return session_failed(s, err);
		return err_set(err, ERR_TRUST, _("The server refused encryption (STARTTLS): %s"),
			s->last.text);
	}
	if (wire_pending(i->wire) || s->etpan->imap_stream->read_buffer_len)
		return err_set(err, ERR_TRUST,
			_("Somebody slipped data in before encryption began; the connection was "
			  "closed."));
	i->plan = (struct plan){ 0 };
	i->bye[0] = '\0';
	return stream_start_tls(wire_stream(i->wire), i->base.account->ca_file, err);
}

/* May a secret be sent now? */
static int secret_allowed(const struct imap *i, struct err *err)
{
	const struct account *a = i->base.account;

	if (stream_is_tls(wire_stream(i->wire)))
		return 0;
	if (a->tls == TLS_PLAIN && host_is_loopback(a->host))
		return 0;
	return err_set(err, ERR_TRUST,
		_("The connection is not encrypted; tern sends no password over it."));
}

/*
 * Before the login, its capabilities must be known: from the greeting, from
 * the last connection (what turns out to be wrong is asked for then), or asked.
 */
static int prepare_login(struct session *s, struct err *err)
{
	struct imap *i = s->imap;
	int r = secret_allowed(i, err);

	if (r < 0)
		return r;
	if (!i->plan.known && i->known.before && flight_is_possible(i)) {
		struct scan words = { i->known.before, i->known.before + strlen(i->known.before) };

		imap_heard(i, &words);
		s->remembered = true;
	}
	r = session_capability(s, err);
	g_free(i->known.before);
	i->known.before = g_strdup(i->heard);
	return r;
}

static int login(struct session *s, struct err *err)
{
	int r = prepare_login(s, err);

	if (r == 0)
		r = session_login(s, err);
	if (r < 0)
		return r;
	s->imap->known.told = s->imap->plan.known;
	r = flight_land(s->imap, &s->flight, err);
	if (r == 0 && s->flight.early)
		s->imap->known.stumbles = 0;
	return r;
}

static int greet(struct session *s, struct err *err)
{
	const struct account *a = s->imap->base.account;
	bool preauth = false;
	int r = greeting(s, &preauth, err);

	if (r < 0)
		return r;
	if (preauth && a->tls == TLS_STARTTLS)
		return err_set(err, ERR_TRUST,
			_("The server skips encryption (PREAUTH in the clear); nothing was sent to "
			  "it."));
	if (a->tls == TLS_STARTTLS)
		r = start_tls(s, err);
	return r == 0 && !preauth ? login(s, err) : r;
}

/* What evidence forbids is not planned (C-12). */
static void apply_evidence(struct imap *i)
{
	struct plan *p = &i->plan;

	if (imap_distrusted(i))
		p->condstore = p->qresync = p->condstore_on = p->qresync_on = false;
	if (i->evidence.count[EVIDENCE_IDLE_SILENT] >= EVIDENCE_SILENT_MAX)
		p->idle = p->notify = false;
}

static int converse(struct session *s, struct err *err)
{
	struct imap *i = s->imap;
	int r = greet(s, err);

	if (r == 0)
		r = session_capability(
			s, err); /* not if the login's answer or the flight told them */
	if (r == 0)
		r = flight_send(i, &s->flight, err);
	if (r == 0)
		r = flight_land(i, &s->flight, err);
	if (r < 0)
		return r;
	g_free(i->known.after);
	i->known.after = g_strdup(i->heard);
	return 0;
}

/* --- the whole ------------------------------------------------------------------------ */

bool session_is_crowded(const struct answer *a)
{
	static const char *const words[] = { "too many", "maximum number of conn",
		"connection limit", "connections exceeded" };

	if (answer_code(a, "LIMIT") || answer_code(a, "INUSE"))
		return true;
	for (size_t n = 0; n < G_N_ELEMENTS(words); n++)
		if (strcasestr(a->text, words[n]))
			return true;
	return false;
}

/* What a failure teaches for the next connection. */
static void learn_from(struct session *s, const struct err *err)
{
	struct memory *m = &s->imap->known;
	bool broke = err->code == ERR_OFFLINE || err->code == ERR_PROTOCOL;

	if (*s->imap->bye)
		g_strlcpy(s->last.text, s->imap->bye, sizeof s->last.text);
	if ((broke || err->code == ERR_RETRY) && s->greeted && session_is_crowded(&s->last))
		m->connections = MAX(m->connections - 1, 1);
	else if (s->flight.lost)
		m->deaf = true;
	else if (broke && s->flight.early)
		m->stumbles = MIN(m->stumbles + 1, MEMORY_STUMBLES_MAX);
	else
		return;
	imap_keep(s->imap);
}

static int open_stream(struct imap *i, struct err *err)
{
	const struct account *a = i->base.account;
	AUTO(stream_close) struct stream *stream = NULL;
	int port = a->port, r;

	if (!a->host || strpbrk(a->host, "\r\n"))
		return err_set(err, ERR_USAGE, _("The account has no host; see accounts.conf."));
	if (a->tls == TLS_PLAIN && !host_is_loopback(a->host))
		return err_set(err, ERR_TRUST,
			_("Without encryption tern talks to this machine only; set tls to "
			  "implicit."));
	if (port == 0)
		port = a->tls == TLS_IMPLICIT ? IMAPS_PORT : IMAP_PORT;
	r = stream_connect(a->host, port, i->base.cancel, &stream, err);
	if (r == 0 && a->tls == TLS_IMPLICIT)
		r = stream_start_tls(stream, a->ca_file, err);
	if (r < 0)
		return r;
	i->wire = wire_new(&stream);
	if (!a->two_way)
		wire_reading(i->wire);
	return 0;
}

static void log_login(const struct imap *i)
{
	const struct plan *p = &i->plan;
	const char letter[] = { i->base.traits.letter, '\0' };
	const char *changes = p->qresync_on ? "qresync" : p->condstore ? "condstore" : "compare";

	log_event(LOG_INFO, "imap-login", "s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:i",
		"account", i->base.account->name, "class", letter, "changes", changes, "scan",
		i->base.traits.cheap_scan, "idle", p->idle, "notify", p->notify, "move", p->move,
		"uidplus", p->uidplus, "utf8", p->utf8_on, "connections",
		i->base.traits.connections);
}

/* *lost: the flight was; the next try sends none. */
static int open_once(struct imap *i, bool *lost, struct err *err)
{
	struct session s = { .imap = i };
	int r;

	imap_recall(i);
	r = open_stream(i, err);
	if (r == 0)
		r = converse(&s, err);
	imap_session_release(&s);
	flight_release(&s.flight);
	*lost = s.flight.lost;
	if (r < 0) {
		learn_from(&s, err);
		imap_drop(i);
	}
	return r;
}

int imap_session_open(struct imap *i, struct err *err)
{
	bool lost;
	int r = open_once(i, &lost, err);

	if (r < 0 && lost && !cancel_is_set(i->base.cancel))
		r = open_once(i, &lost, err);
	if (r < 0)
		return r;
	apply_evidence(i);
	imap_set_traits(i);
	imap_keep(i);
	log_login(i);
	return 0;
}
