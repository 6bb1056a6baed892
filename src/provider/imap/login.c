/*
 * Signing in: which way, and the conversation.
 *
 * For a password the ways are, in this order: PLAIN with its initial response
 * and LOGIN, which need one flight and work whatever the server keeps of the
 * password (inside TLS that was verified nobody else sees it); PLAIN by
 * continuation; SCRAM, which does not show it; AUTH=LOGIN.  A way that the server
 * announced and then does not know is followed by the next one; a refusal of
 * the password is final, so that nobody is locked out.
 *
 * The flight (flight.h) leaves together with the line after which the server
 * can only say yes or no.
 */
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "net/sasl.h"
#include "provider/imap/session.h"

enum way {
	WAY_PLAIN_AT_ONCE,
	WAY_LOGIN_COMMAND,
	WAY_PLAIN,
	WAY_SCRAM_SHA_256,
	WAY_SCRAM_SHA_1,
	WAY_LOGIN,
	WAY_XOAUTH2,
	WAY_OAUTHBEARER,
	WAYS,
};

static enum sasl_mechanism mechanism_of(enum way w)
{
	static const enum sasl_mechanism mechanisms[WAYS] = {
		[WAY_PLAIN_AT_ONCE] = SASL_PLAIN,
		[WAY_PLAIN] = SASL_PLAIN,
		[WAY_SCRAM_SHA_256] = SASL_SCRAM_SHA_256,
		[WAY_SCRAM_SHA_1] = SASL_SCRAM_SHA_1,
		[WAY_LOGIN] = SASL_LOGIN,
		[WAY_XOAUTH2] = SASL_XOAUTH2,
		[WAY_OAUTHBEARER] = SASL_OAUTHBEARER,
	};

	return mechanisms[w];
}

/* --- choosing ---------------------------------------------------------------------- */

static bool offered(const struct plan *p, enum way w)
{
	switch (w) {
	case WAY_PLAIN_AT_ONCE:
		return p->auth_plain && p->sasl_ir;
	case WAY_SCRAM_SHA_256:
		return p->auth_scram_sha256;
	case WAY_SCRAM_SHA_1:
		return p->auth_scram_sha1;
	case WAY_LOGIN_COMMAND:
		return !p->logindisabled;
	case WAY_PLAIN:
		return p->auth_plain;
	case WAY_LOGIN:
		return p->auth_login;
	case WAY_XOAUTH2:
		return p->auth_xoauth2;
	case WAY_OAUTHBEARER:
		return p->auth_oauthbearer;
	default:
		return false;
	}
}

/* Does the account allow it? */
static bool allowed(enum auth_method auth, enum way w)
{
	static const unsigned ways[] = {
		[AUTH_AUTO] = (1u << WAY_XOAUTH2) - 1,
		[AUTH_PLAIN] = 1u << WAY_PLAIN_AT_ONCE | 1u << WAY_PLAIN,
		[AUTH_LOGIN] = 1u << WAY_LOGIN_COMMAND | 1u << WAY_LOGIN,
		[AUTH_SCRAM_SHA_1] = 1u << WAY_SCRAM_SHA_1,
		[AUTH_SCRAM_SHA_256] = 1u << WAY_SCRAM_SHA_256,
		[AUTH_XOAUTH2] = 1u << WAY_XOAUTH2,
		[AUTH_OAUTHBEARER] = 1u << WAY_OAUTHBEARER,
	};

	return ways[auth] & 1u << w;
}

static int choose(const struct session *s, unsigned tried, enum way *out, struct err *err)
{
	const struct account *a = s->imap->base.account;

	for (enum way w = 0; w < WAYS; w++)
		if (!(tried & 1u << w) && allowed(a->auth, w) && offered(&s->imap->plan, w)) {
			*out = w;
			return 0;
		}
	if (a->auth != AUTH_AUTO)
		return err_set(err, ERR_AUTH,
			_("The server does not offer the way to sign in that the account asks for; "
			  "see auth in accounts.conf."));
	return err_set(
		err, ERR_AUTH, _("The server does not accept passwords on this connection."));
}

/* --- AUTHENTICATE ------------------------------------------------------------------ */

/* One line of the conversation; text is base64 or "*". */
static int say(struct imap *i, const char *text, struct err *err)
{
	size_t n = strlen(text);
	char *line = g_malloc(n + 3);
	int r;

	memcpy(line, text, n);
	memcpy(line + n, "\r\n", 3);
	wire_command(i->wire, 0);
	r = wire_write(i->wire, line, n + 2, err);
	sasl_wipe(&line);
	return r;
}

/* A server may repeat in its refusal what it was told. */
static void hide(enum way w, const char *response)
{
	if (w != WAY_SCRAM_SHA_1 && w != WAY_SCRAM_SHA_256)
		log_secret(response);
}

/* Sends AUTHENTICATE, with the initial response if the server takes it; *said if it was sent. */
static int begin(struct session *s, struct sasl *sasl, enum way w, uint32_t *tag, bool *said,
	struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	AUTO(sasl_wipe) char *first = NULL;
	int r = 0;

	if (s->imap->plan.sasl_ir && w != WAY_PLAIN)
		r = sasl_step(sasl, NULL, 0, &first, err);
	if (r < 0)
		return r;
	*said = first != NULL;
	command_init(&c, s->imap, "");
	g_string_set_size(
		c.text, (first ? strlen(first) : 0) + 80); /* not moved later: it is wiped */
	g_string_printf(c.text, "AUTHENTICATE %s%s%s", sasl_name(mechanism_of(w)), first ? " " : "",
		!first	 ? ""
		: *first ? first
			 : "=");
	if (first)
		hide(w, first);
	r = imap_send(s->imap, &c, 0, tag, err);
	explicit_bzero(c.text->str, c.text->len);
	return r;
}

/* What stands behind "+ ". */
static struct slice challenge_of(const struct response *r)
{
	const char *end = r->end;

	while (end > r->rest.p && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' '))
		end--;
	return (struct slice){ .p = r->rest.p, .n = (size_t)(end - r->rest.p) };
}

/* The answer to one challenge. */
static int respond(struct session *s, struct sasl *sasl, enum way w, const struct response *r,
	bool said, struct err *err)
{
	AUTO(sasl_wipe) char *response = NULL;
	struct slice challenge = challenge_of(r);
	int n;

	if (!said) /* the first "+" only asks; some servers put words behind it */
		n = sasl_step(sasl, NULL, 0, &response, err);
	else
		n = sasl_step(sasl, challenge.p, challenge.n, &response, err);
	if (n == 0 && !response)
		n = sasl_step(sasl, challenge.p, challenge.n, &response, err);
	if (n < 0)
		return n;
	hide(w, response);
	n = say(s->imap, response, err);
	if (n == 0 && sasl_is_last(sasl) && flight_is_possible(s->imap) && !s->flight.early)
		n = flight_send_early(s->imap, &s->flight, err);
	return n;
}

/* Ends the exchange; the reason stays in *err. */
static int give_up(struct session *s, uint32_t tag, int reason)
{
	struct response r;
	struct err ignored;
	int n = say(s->imap, "*", &ignored);

	while (n == 0) {
		n = imap_read(s->imap, STREAM_READ_MS, flight_note, &s->flight, &r, &ignored);
		if (n == 0 && r.kind == RESPONSE_TAGGED && r.tag == tag)
			break;
	}
	return reason;
}

static int converse(struct session *s, struct sasl *sasl, enum way w, uint32_t tag, bool said,
	struct err *err)
{
	struct response r;

	for (;;) {
		int n = imap_read(s->imap, STREAM_READ_MS, flight_note, &s->flight, &r, err);

		if (n < 0)
			return n;
		if (r.kind == RESPONSE_CONTINUE) {
			n = respond(s, sasl, w, &r, said, err);
			said = true;
			if (n < 0 && s->imap->wire && n != ERR_OFFLINE && n != ERR_CANCELED)
				return give_up(s, tag, n);
			if (n < 0)
				return n;
		}
		if (r.kind == RESPONSE_TAGGED && r.tag == tag)
			break;
	}
	answer_parse(&r, &s->last);
	if (s->last.status == ANSWER_OK && answer_code(&s->last, "CAPABILITY")) {
		struct resp_text t;

		resp_text_parse(r.rest, &t);
		imap_heard(s->imap, &t.args);
	}
	return 0;
}

static int authenticate(struct session *s, enum way w, const char *password, struct err *err)
{
	const struct account *a = s->imap->base.account;
	const struct sasl_who who = {
		.user = a->user, .secret = password, .host = a->host, .port = a->port
	};
	AUTO(sasl_free) struct sasl *sasl = sasl_new(mechanism_of(w), &who, err);
	bool said = false;
	uint32_t tag;
	int r;

	if (!sasl)
		return err->code;
	r = begin(s, sasl, w, &tag, &said, err);
	if (r == 0 && sasl_is_last(sasl) && flight_is_possible(s->imap))
		r = flight_send_early(s->imap, &s->flight, err);
	if (r == 0)
		r = converse(s, sasl, w, tag, said, err);
	if (r < 0)
		return r;
	if (s->last.status == ANSWER_OK)
		return sasl_accept(sasl, err);
	if (*sasl_reason(sasl)) /* the server's own reason is better than its "no" */
		g_strlcpy(s->last.text, sasl_reason(sasl), sizeof s->last.text);
	return 0;
}

/* --- LOGIN --------------------------------------------------------------------------- */

static int login_command(struct session *s, const char *password, struct err *err)
{
	int r;

	s->along = flight_is_possible(s->imap);
	wire_command(s->imap->wire, 0);
	r = mailimap_login(s->etpan, s->imap->base.account->user, password);
	s->along = false;
	if (s->err.code)
		return session_failed(s, err);
	if (r == MAILIMAP_NO_ERROR)
		s->last.status = ANSWER_OK;
	return 0;
}

/* --- the whole ------------------------------------------------------------------------ */

/* Is the way at fault and not the password? */
static bool way_is_unknown(const struct answer *a)
{
	return a->status == ANSWER_BAD || answer_code(a, "CANNOT");
}

static int login_refused(struct session *s, struct err *err)
{
	if (answer_error(&s->last, err) == ERR_RETRY)
		return ERR_RETRY;
	if (session_is_crowded(&s->last)) {
		err_set(err, ERR_RETRY, _("The server says: %s"), s->last.text);
		err->after_s = answer_after_s(s->last.text);
		return ERR_RETRY;
	}
	return err_set(err, ERR_AUTH, _("The login was refused: %s"), s->last.text);
}

/* The next way, with capabilities that are told now. */
static int begin_anew(struct session *s, unsigned *tried, struct err *err)
{
	int r = flight_land(s->imap, &s->flight, err);

	if (r < 0)
		return r;
	flight_release(&s->flight);
	s->flight = (struct flight){ 0 };
	if (!s->remembered)
		return 0;
	*tried = 0;
	s->remembered = false;
	s->imap->plan = (struct plan){ 0 };
	return session_capability(s, err);
}

static int try_ways(struct session *s, const char *password, struct err *err)
{
	unsigned tried = 0;

	for (int n = 0; n < SESSION_METHODS_MAX; n++) {
		struct plan before = s->imap->plan;
		enum way w = WAYS;
		int r = choose(s, tried, &w, err);

		if (r < 0)
			return r;
		s->imap->plan.known = false;
		if (w == WAY_LOGIN_COMMAND)
			r = login_command(s, password, err);
		else
			r = authenticate(s, w, password, err);
		if (r < 0 || s->last.status == ANSWER_OK)
			return r;
		if (!way_is_unknown(&s->last))
			break;
		s->imap->plan = before;
		tried |= 1u << w;
		r = begin_anew(s, &tried, err);
		if (r < 0)
			return r;
	}
	return login_refused(s, err);
}

int session_login(struct session *s, struct err *err)
{
	const struct account *a = s->imap->base.account;
	char password[SESSION_PASSWORD_MAX];
	int r;

	if (!a->user || !a->password_command)
		return err_set(err, ERR_AUTH,
			_("The account has no user or no password-command; see accounts.conf."));
	r = spawn_first_line(a->password_command, s->imap->base.cancel, SESSION_PASSWORD_MS,
		password, sizeof password, err);
	if (r >= 0 && (strpbrk(a->user, "\r\n") || strpbrk(password, "\r\n")))
		r = err_set(err, ERR_USAGE, _("User name and password must be one line each."));
	if (r >= 0) {
		log_secret(password);
		r = try_ways(s, password, err);
	}
	explicit_bzero(password, sizeof password);
	return r;
}
