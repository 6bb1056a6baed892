#include "provider/imap/command.h"

#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "provider/imap/notify.h"
#include "provider/imap/uidset.h"
#include "provider/imap/utf7.h"

/* --- building ------------------------------------------------------------------ */

void command_init(struct command *c, const struct imap *i, const char *text)
{
	*c = (struct command){ .text = g_string_new(text) };
	if (i->plan.literal_plus)
		c->literal_free = SIZE_MAX;
	else if (i->plan.literal_minus)
		c->literal_free = COMMAND_LITERAL_MINUS;
}

void command_release(struct command *c)
{
	if (c->text)
		g_string_free(c->text, TRUE);
	c->text = NULL;
}

void command_add(struct command *c, const char *text)
{
	g_string_append(c->text, text);
}

static bool quotable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
			return false;
	return true;
}

static void quote(struct command *c, const char *s)
{
	g_string_append_c(c->text, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			g_string_append_c(c->text, '\\');
		g_string_append_c(c->text, *s);
	}
	g_string_append_c(c->text, '"');
}

int command_astring(struct command *c, const char *s, struct err *err)
{
	bool waits = strlen(s) > c->literal_free;

	if (strpbrk(s, "\r\n"))
		return err_set(err, ERR_USAGE, _("A name with a line end in it cannot be sent."));
	if (quotable(s)) {
		quote(c, s);
		return 0;
	}
	g_string_append_printf(c->text, "{%zu%s}\r\n", strlen(s), waits ? "" : "+");
	if (waits) {
		if (c->n_stops == COMMAND_STOPS_MAX)
			return err_set(err, ERR_LIMIT, _("Too many unusual names in one command."));
		c->stops[c->n_stops++] = c->text->len;
	}
	g_string_append(c->text, s);
	return 0;
}

int command_mailbox(struct imap *i, struct command *c, const char *path, struct err *err)
{
	g_autofree char *name = i->plan.utf8_on ? utf7_decode(path) : NULL;

	if (!name || strpbrk(name, "\r\n"))
		return command_astring(c, path, err);
	quote(c, name); /* RFC 6855, section 3: quoted strings hold UTF-8 */
	return 0;
}

char *imap_path(const struct imap *i, struct slice name)
{
	g_autofree char *text = g_malloc0(name.n + 1);

	slice_copy(name, text);
	if (i->plan.utf8_on && g_utf8_validate(text, -1, NULL))
		return utf7_encode(text);
	return TAKE(text);
}

/* --- answers ------------------------------------------------------------------- */

void resp_text_parse(struct scan s, struct resp_text *out)
{
	const char *p;

	*out = (struct resp_text){ 0 };
	if (scan_char(&s, '[')) {
		for (p = s.p; p < s.end && *p != '\r' && *p != '\n'; p++)
			if (*p == ']' && (p + 1 == s.end || strchr(" \r\n", p[1])))
				break;
		out->args = (struct scan){ s.p, p };
		(void)scan_atom(&out->args, &out->code);
		scan_blanks(&out->args);
		s.p = p;
		(void)scan_char(&s, ']');
	}
	scan_blanks(&s);
	for (p = s.end; p > s.p && (p[-1] == '\n' || p[-1] == '\r'); p--)
		;
	out->words = (struct slice){ .p = s.p, .n = (size_t)(p - s.p) };
}

void answer_parse(const struct response *r, struct answer *out)
{
	struct resp_text t;

	*out = (struct answer){ .status = ANSWER_BAD };
	if (slice_is(r->word, "OK"))
		out->status = ANSWER_OK;
	else if (slice_is(r->word, "NO"))
		out->status = ANSWER_NO;
	resp_text_parse(r->rest, &t);
	if (t.code.p) /* a piece of the buffer: nothing may look for its NUL */
		memcpy(out->code, t.code.p, MIN(t.code.n, sizeof out->code - 1));
	text_clean_into(t.words.p, (ssize_t)t.words.n, out->text, sizeof out->text);
}

bool answer_code(const struct answer *a, const char *code)
{
	return strcasecmp(a->code, code) == 0;
}

/* The number in front of a unit of time, as seconds. */
static int seconds_of(const char *p)
{
	static const struct {
		const char *unit;
		int seconds;
	} units[] = { { "sec", 1 }, { "min", 60 }, { "hour", 3600 }, { "s", 1 }, { "m", 60 } };
	int64_t n = 0;

	for (; g_ascii_isdigit(*p); p++)
		n = MIN(n * 10 + (*p - '0'), ANSWER_AFTER_MAX_S);
	p += *p == ' ';
	for (size_t u = 0; u < G_N_ELEMENTS(units); u++) {
		size_t len = strlen(units[u].unit);

		if (g_ascii_strncasecmp(p, units[u].unit, len) == 0 &&
			(len > 1 || !g_ascii_isalnum(p[len])))
			return (int)MIN(n * units[u].seconds, ANSWER_AFTER_MAX_S);
	}
	return 0;
}

int answer_after_s(const char *words)
{
	static const char *const cues[] = { "again", "retry", "wait", "backoff" };
	g_autofree char *low = g_ascii_strdown(words, -1);
	const char *from = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(cues) && !from; i++)
		from = strstr(low, cues[i]);
	for (const char *p = from; p && *p; p++)
		if (g_ascii_isdigit(*p) && !g_ascii_isalnum(p[-1])) {
			int s = seconds_of(p);

			if (s > 0)
				return s;
		}
	return 0;
}

/* Over a limit of traffic, which passes; a full mailbox does not. */
static bool is_throttled(const struct answer *a)
{
	return answer_code(a, "OVERQUOTA") &&
	       (strcasestr(a->text, "bandwidth") || strcasestr(a->text, "rate"));
}

static int later(const struct answer *a, enum err_code grade, struct err *err)
{
	err_set(err, grade, _("The server says: %s"), a->text);
	if (grade == ERR_RETRY && err)
		err->after_s = answer_after_s(a->text);
	return grade;
}

int answer_error(const struct answer *a, struct err *err)
{
	static const struct {
		const char *code;
		enum err_code grade;
	} table[] = {
		{ "UNAVAILABLE", ERR_RETRY },
		{ "INUSE", ERR_RETRY },
		{ "LIMIT", ERR_RETRY },
		{ "SERVERBUG", ERR_RETRY },
		{ "NONEXISTENT", ERR_GONE },
		{ "AUTHENTICATIONFAILED", ERR_AUTH },
		{ "AUTHORIZATIONFAILED", ERR_AUTH },
		{ "EXPIRED", ERR_AUTH },
		{ "PRIVACYREQUIRED", ERR_AUTH },
		{ "CONTACTADMIN", ERR_AUTH },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (answer_code(a, table[i].code))
			return later(a, table[i].grade, err);
	if (is_throttled(a))
		return later(a, ERR_RETRY, err);
	return err_set(err, ERR_REFUSED, _("The server refused: %s"), a->text);
}

/* --- the connection's own notes -------------------------------------------------- */

static void status_line(struct imap *i, const struct response *r)
{
	struct resp_text t;
	char words[ERR_TEXT_MAX];

	resp_text_parse(r->rest, &t);
	text_clean_into(t.words.p, (ssize_t)t.words.n, words, sizeof words);
	if (slice_is(r->word, "BYE"))
		g_strlcpy(i->bye, *words ? words : "BYE", sizeof i->bye);
	if (slice_is(t.code, "NOTIFICATIONOVERFLOW"))
		notify_lost(i);
	if (slice_is(t.code, "ALERT"))
		log_event(LOG_WARN, "imap-alert", "s:s, s:s", "account", i->base.account->name,
			"text", words);
}

/* After ENABLE QRESYNC a VANISHED without "(EARLIER)" takes the place of EXPUNGE (RFC 7162, 3.2.10). */
static void note_gone(struct imap *i, uint64_t n)
{
	n = MIN(n, i->sel.exists); /* it may name more than there were */
	i->sel.expunged += n;
	i->sel.exists -= n;
	i->sel.stirred = true;
}

static void note(struct imap *i, const struct response *r)
{
	rights_note(i, r);
	if (slice_is(r->word, "EXISTS")) {
		i->sel.stirred |= r->number != i->sel.exists;
		i->sel.exists = r->number;
	} else if (slice_is(r->word, "EXPUNGE")) {
		note_gone(i, 1);
	} else if (slice_is(r->word, "VANISHED") && !scan_peek(&r->rest, '(')) {
		struct scan s = r->rest;

		note_gone(i, uidset_count(&s, 0, UINT32_MAX));
	} else if (slice_is(r->word, "STATUS") || slice_is(r->word, "LIST")) {
		notify_heard(i, r);
	} else if (slice_is(r->word, "OK") || slice_is(r->word, "NO") || slice_is(r->word, "BAD") ||
		   slice_is(r->word, "BYE")) {
		status_line(i, r);
	}
}

/* --- sending and reading --------------------------------------------------------- */

static void free_kept(gpointer p)
{
	g_bytes_unref(p);
}

/* What came while a literal waited goes first; the last of it lives until the next call. */
static int next(struct imap *i, int timeout_ms, struct response *r, struct err *err)
{
	const char *p;
	gsize len;

	if (i->kept && i->kept_read == i->kept->len)
		imap_forget_kept(i);
	if (!i->kept)
		return wire_next(i->wire, timeout_ms, r, err);
	p = g_bytes_get_data(g_ptr_array_index(i->kept, i->kept_read++), &len);
	response_parse(p, p + len, r);
	return 0;
}

void imap_forget_kept(struct imap *i)
{
	g_clear_pointer(&i->kept, g_ptr_array_unref);
	i->kept_read = 0;
	i->kept_bytes = 0;
}

static int ended(const struct imap *i, int n, struct err *err)
{
	if (n == ERR_OFFLINE && i->bye[0])
		return err_set(err, ERR_OFFLINE, _("The server ended the session: %s"), i->bye);
	return n;
}

static void count_answer(struct imap *i)
{
	if (i->in_flight > 0) {
		i->in_flight--;
		wire_answered(i->wire);
	}
}

int imap_read(struct imap *i, int timeout_ms, untagged_fn fn, void *ctx, struct response *r,
	struct err *err)
{
	int n = next(i, timeout_ms, r, err);

	if (n < 0)
		return ended(i, n, err);
	if (r->kind == RESPONSE_TAGGED)
		count_answer(i);
	if (r->kind != RESPONSE_DATA)
		return 0;
	note(i, r);
	return fn ? fn(i, r, ctx, err) : 0;
}

/* An answer to a command that left before: for whoever awaits it, when he reads. */
static int keep(struct imap *i, const struct response *r, struct err *err)
{
	size_t len = (size_t)(r->end - r->p);

	if (slice_is(r->word, "BYE")) /* the connection may end before anybody reads it */
		status_line(i, r);
	if (i->kept_bytes + len > COMMAND_KEPT_MAX)
		return err_set(err, ERR_LIMIT,
			_("The server says too much before it takes a name; the connection was "
			  "closed."));
	if (!i->kept)
		i->kept = g_ptr_array_new_with_free_func(free_kept);
	g_ptr_array_add(i->kept, g_bytes_new(r->p, len));
	i->kept_bytes += len;
	return 0;
}

/* The server must ask for the literal of this command; a tagged answer instead is its refusal. */
static int await_go_ahead(struct imap *i, uint32_t tag, struct err *err)
{
	struct response r;
	struct answer a;
	int n = 0;

	while (n == 0) {
		n = wire_next(i->wire, STREAM_READ_MS, &r, err);
		if (n < 0 || r.kind == RESPONSE_CONTINUE)
			break;
		if (r.kind == RESPONSE_TAGGED && r.tag == tag) {
			count_answer(i);
			answer_parse(&r, &a);
			return answer_error(&a, err);
		}
		n = keep(i, &r, err);
	}
	return ended(i, n, err);
}

int imap_send(
	struct imap *i, struct command *c, uint64_t literal_max, uint32_t *tag, struct err *err)
{
	char head[16];
	size_t at = 0, shift;
	int r = 0;

	*tag = ++i->last_tag;
	g_snprintf(head, sizeof head, "T%u ", *tag);
	shift = strlen(head);
	g_string_prepend(c->text, head);
	g_string_append(c->text, "\r\n");
	wire_command(i->wire, literal_max);
	i->in_flight++;
	for (unsigned n = 0; r == 0 && n < c->n_stops; n++) {
		size_t stop = c->stops[n] + shift;

		r = wire_write(i->wire, c->text->str + at, stop - at, err);
		if (r == 0)
			r = await_go_ahead(i, *tag, err);
		at = stop;
	}
	return r < 0 ? r : wire_write(i->wire, c->text->str + at, c->text->len - at, err);
}

int imap_finish(struct imap *i, uint32_t tag, untagged_fn fn, void *ctx, struct answer *a,
	struct err *err)
{
	struct response r;
	int n;

	do {
		n = imap_read(i, STREAM_READ_MS, fn, ctx, &r, err);
	} while (n == 0 && !(r.kind == RESPONSE_TAGGED && r.tag == tag));
	if (n == 0)
		answer_parse(&r, a);
	return n;
}

int imap_run(struct imap *i, struct command *c, untagged_fn fn, void *ctx, struct answer *a,
	struct err *err)
{
	uint32_t tag;
	int n = imap_send(i, c, 0, &tag, err);

	return n < 0 ? n : imap_finish(i, tag, fn, ctx, a, err);
}
