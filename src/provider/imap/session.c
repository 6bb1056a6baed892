/*
 * From a TCP connection to a logged-in session.
 *
 * libetpan speaks here: greeting, CAPABILITY, STARTTLS, LOGIN, AUTHENTICATE.
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
#include <libetpan/libetpan.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "base/text.h"
#include "provider/imap/command.h"

enum {
	SESSION_LINE_MAX = 8192, /* of a status line before login */
	SESSION_PASSWORD_MAX = 1024,
	SESSION_PASSWORD_MS = 30 * 1000,
};

struct session {
	struct imap *imap;
	mailimap *etpan;
	bool greeted;
	char line[SESSION_LINE_MAX + 8];
	size_t len, at;	    /* of line: what libetpan has not taken yet */
	struct answer last; /* of the last status line */
	struct err err;	    /* why the driver failed */
};

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
		plan_read(&s->imap->plan, &t.args);
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
		return err_set(&s->err, ERR_RETRY, _("The server sends us away: %s"), s->last.text);
	}
	if (r->kind == RESPONSE_CONTINUE) {
		s->len = g_strlcpy(s->line, "+ \r\n", sizeof s->line);
	} else if (is_status_word(r->word)) {
		pass_status(s, r);
	} else if (r->kind == RESPONSE_DATA && slice_is(r->word, "CAPABILITY")) {
		plan_read(&s->imap->plan, &words);
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

/* libetpan ends a custom command with a blank, which Cyrus refuses behind AUTHENTICATE (RFC 3501 has
 * none there). */
static ssize_t low_write(mailstream_low *low, const void *buf, size_t count)
{
	static const char tail[] = " \r\n";
	const size_t n = sizeof tail - 1;
	struct session *s = low->data;

	if (count > n && memcmp((const char *)buf + count - n, tail, n) == 0)
		return wire_write(s->imap->wire, buf, count - n, &s->err) < 0 ||
				       wire_write(s->imap->wire, tail + 1, n - 1, &s->err) < 0
			       ? -1
			       : (ssize_t)count;
	return wire_write(s->imap->wire, buf, count, &s->err) < 0 ? -1 : (ssize_t)count;
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

/* What a failed step means: the driver's reason if it has one, else the server's no. */
static int step_failed(const struct session *s, struct err *err)
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
	return step_failed(s, err);
}

static int capability(struct session *s, struct err *err)
{
	struct mailimap_capability_data *data = NULL;
	int r;

	if (s->imap->plan.known)
		return 0;
	wire_command(s->imap->wire, 0);
	r = mailimap_capability(s->etpan, &data);
	if (data)
		mailimap_capability_data_free(data);
	return r == MAILIMAP_NO_ERROR ? 0 : step_failed(s, err);
}

/* Raises TLS.  What was heard before it counts for nothing. */
static int start_tls(struct session *s, struct err *err)
{
	struct imap *i = s->imap;
	int r = capability(s, err);

	if (r < 0)
		return r;
	if (!i->plan.starttls)
		return err_set(err, ERR_TRUST,
			_("The server offers no encryption (STARTTLS); nothing was sent to it."));
	wire_command(i->wire, 0);
	if (mailimap_starttls(s->etpan) != MAILIMAP_NO_ERROR) {
		if (s->err.code)
			return step_failed(s, err);
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
	if (a->tls == TLS_PLAIN && stream_host_is_loopback(a->host))
		return 0;
	return err_set(err, ERR_TRUST,
		_("The connection is not encrypted; tern sends no password over it."));
}

static int login_refused(struct session *s, struct err *err)
{
	if (s->err.code)
		return step_failed(s, err);
	if (answer_error(&s->last, err) == ERR_RETRY)
		return ERR_RETRY;
	return err_set(err, ERR_AUTH, _("The login was refused: %s"), s->last.text);
}

/* AUTHENTICATE PLAIN with its initial response (RFC 4959, RFC 4616). */
static int auth_plain(struct session *s, const char *user, const char *password)
{
	size_t nu = strlen(user), np = strlen(password), len = nu + np + 2;
	g_autofree char *raw = g_malloc0(len), *base64 = NULL, *command = NULL;
	int r;

	memcpy(raw + 1, user, nu);
	memcpy(raw + nu + 2, password, np);
	base64 = g_base64_encode((const guchar *)raw, len);
	command = g_strconcat("AUTHENTICATE PLAIN ", base64, NULL);
	log_secret(base64);
	r = mailimap_custom_command(s->etpan, command);
	explicit_bzero(raw, len);
	explicit_bzero(base64, strlen(base64));
	explicit_bzero(command, strlen(command));
	return r;
}

static int send_secret(struct session *s, const char *password, struct err *err)
{
	const struct account *a = s->imap->base.account;
	struct plan *plan = &s->imap->plan;
	bool sasl = plan->auth_plain && plan->sasl_ir;
	int r;

	if (strpbrk(a->user, "\r\n") || strpbrk(password, "\r\n"))
		return err_set(err, ERR_USAGE, _("User name and password must be one line each."));
	if (!sasl && plan->logindisabled)
		return err_set(err, ERR_AUTH,
			_("The server does not accept passwords on this connection."));
	plan->known = false;
	wire_command(s->imap->wire, 0);
	if (sasl)
		r = auth_plain(s, a->user, password);
	else
		r = mailimap_login(s->etpan, a->user, password);
	return r == MAILIMAP_NO_ERROR ? 0 : login_refused(s, err);
}

static int login(struct session *s, struct err *err)
{
	const struct account *a = s->imap->base.account;
	char password[SESSION_PASSWORD_MAX];
	int r = secret_allowed(s->imap, err);

	if (r == 0)
		r = capability(s, err);
	if (r < 0)
		return r;
	if (!a->user || !a->password_command)
		return err_set(err, ERR_AUTH,
			_("The account has no user or no password-command; see accounts.conf."));
	r = spawn_first_line(a->password_command, s->imap->base.cancel, SESSION_PASSWORD_MS,
		password, sizeof password, err);
	if (r >= 0) {
		log_secret(password);
		r = send_secret(s, password, err);
	}
	explicit_bzero(password, sizeof password);
	return r;
}

static int converse(struct session *s, struct err *err)
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
	if (r == 0 && !preauth)
		r = login(s, err);
	return r < 0 ? r : capability(s, err); /* not again if the login's answer told them */
}

static int open_stream(struct imap *i, struct err *err)
{
	const struct account *a = i->base.account;
	AUTO(stream_close) struct stream *stream = NULL;
	int port = a->port, r;

	if (!a->host || strpbrk(a->host, "\r\n"))
		return err_set(err, ERR_USAGE, _("The account has no host; see accounts.conf."));
	if (a->tls == TLS_PLAIN && !stream_host_is_loopback(a->host))
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
	return 0;
}

int imap_session_open(struct imap *i, struct err *err)
{
	struct session s = { .imap = i };
	int r = open_stream(i, err);

	if (r == 0)
		r = converse(&s, err);
	imap_session_release(&s);
	if (r < 0) {
		imap_drop(i);
		return r;
	}
	log_event(LOG_INFO, "imap-login", "s:s, s:b, s:b, s:b, s:b, s:b", "account",
		i->base.account->name, "idle", i->plan.idle, "move", i->plan.move, "uidplus",
		i->plan.uidplus, "special_use", i->plan.special_use, "condstore",
		i->plan.condstore);
	return 0;
}
