#include "net/guard.h"

#include <string.h>
#include <strings.h>

#include <glib.h>

#include "base/i18n.h"

void guard_init(struct guard *g)
{
	*g = (struct guard){ .literal_max = GUARD_LITERAL_MAX };
}

void guard_command(struct guard *g, uint64_t literal_max)
{
	g->literal_max = literal_max ? literal_max : GUARD_LITERAL_MAX;
	g->lines = g->bytes = 0;
	g->out_open = true;
	g->out_literal_left = 0; /* of one that was refused: it never left */
	g->out_judged = g->out_fetches = false;
	g->n_out_words = 0;
}

void guard_answered(struct guard *g)
{
	g->lines = g->bytes = 0;
}

/* --- grammar shared with the reader -------------------------------------------- */

int guard_announces(const char *line, const char *end, uint64_t *size)
{
	const char *p = end, *digits;
	uint64_t n = 0;

	if (p > line && p[-1] == '\n')
		p--;
	if (p > line && p[-1] == '\r')
		p--;
	if (p == line || *--p != '}')
		return 0;
	if (p > line && p[-1] == '+')
		p--;
	for (digits = p; digits > line && g_ascii_isdigit(digits[-1]);)
		digits--;
	if (p - digits > GUARD_DIGITS_MAX)
		return -1;
	if (digits == p || digits == line || digits[-1] != '{')
		return 0;
	for (; digits < p; digits++)
		n = n * 10 + (uint64_t)(*digits - '0');
	*size = n;
	return 1;
}

static bool has_word(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && strncasecmp(p, word, n) == 0 &&
	       (p + n == end || p[n] == ' ' || p[n] == '\r' || p[n] == '\n');
}

bool guard_is_status(const char *line, size_t len)
{
	const char *end = line + len, *p = memchr(line, ' ', len);

	if (len && *line == '+')
		return true;
	if (!p)
		return false;
	p++;
	return has_word(p, end, "OK") || has_word(p, end, "NO") || has_word(p, end, "BAD") ||
	       has_word(p, end, "BYE") || has_word(p, end, "PREAUTH");
}

/* --- from the server ----------------------------------------------------------- */

static int too_big(struct guard *g, struct err *err)
{
	if (g->literal_max > GUARD_LITERAL_MAX)
		return err_set(err, ERR_LIMIT,
			_("The message is larger than %d MiB, the most that tern fetches."),
			(int)(g->literal_max >> 20));
	return err_set(err, ERR_LIMIT,
		_("The server announced a piece of data that is too large; the answer was "
		  "refused."));
}

/* The brackets of a piece of a line.  Quotes hide them; a quote ends with its line. */
static int brackets(struct guard *g, const char *p, const char *end, struct err *err)
{
	static const unsigned char special[256] = { ['('] = 1, [')'] = 1, ['"'] = 1, ['\\'] = 1 };

	if (g->escaped && p < end) {
		g->escaped = false;
		p++;
	}
	for (;; p++) {
		while (p < end && !special[(unsigned char)*p])
			p++;
		if (p >= end)
			return 0;
		if (*p == '"') {
			g->quoted = !g->quoted;
		} else if (*p == '\\' && g->quoted) {
			g->escaped = p + 1 == end;
			p++;
		} else if (*p == ')' && !g->quoted && g->depth > 0) {
			g->depth--;
		} else if (*p == '(' && !g->quoted && ++g->depth > GUARD_DEPTH_MAX) {
			return err_set(err, ERR_LIMIT,
				_("The server nested lists too deeply; the answer was refused."));
		}
	}
}

/* Keeps the last bytes of a line whose end is not here yet. */
static unsigned keep_tail(char *tail, unsigned have, const char *p, size_t len)
{
	if (len >= GUARD_TAIL) {
		memcpy(tail, p + len - GUARD_TAIL, GUARD_TAIL);
		return GUARD_TAIL;
	}
	if (have + len > GUARD_TAIL) {
		unsigned drop = (unsigned)(have + len - GUARD_TAIL);

		memmove(tail, tail + drop, have - drop);
		have -= drop;
	}
	memcpy(tail + have, p, len);
	return have + (unsigned)len;
}

/* The line is complete: does a literal follow, or is the answer's line over? */
static int line_end(struct guard *g, struct err *err)
{
	uint64_t size = 0;
	int r = 0;

	if (g->continued || !guard_is_status(g->head, g->n_head))
		r = guard_announces(g->tail, g->tail + g->n_tail, &size);
	if (r < 0)
		return err_set(err, ERR_LIMIT,
			_("The server announced a piece of data that is too large; the answer was "
			  "refused."));
	g->quoted = g->escaped = false;
	g->n_tail = 0;
	if (r > 0) {
		if (size > g->literal_max)
			return too_big(g, err);
		g->literal_left = size;
		g->continued = true;
		return 0;
	}
	if (g->n_head && g->head[0] == '*' && ++g->lines > GUARD_LINES_MAX)
		return err_set(err, ERR_LIMIT,
			_("The server's answer has too many lines; it was refused."));
	g->line = g->depth = g->n_head = 0;
	g->continued = false;
	return 0;
}

static int part_of_line(struct guard *g, const char *p, size_t len, struct err *err)
{
	unsigned more = (unsigned)MIN(len, GUARD_HEAD - g->n_head);

	memcpy(g->head + g->n_head, p, more);
	g->n_head += more;
	g->line += len;
	if (g->line > GUARD_LINE_MAX)
		return err_set(err, ERR_LIMIT,
			_("The server sent a line that is too long; the answer was refused."));
	if (memchr(p, '\0', len))
		return err_set(err, ERR_PROTOCOL,
			_("The server sent a NUL byte where none may be; the answer was refused."));
	g->n_tail = keep_tail(g->tail, g->n_tail, p, len);
	return brackets(g, p, p + len, err);
}

int guard_in(struct guard *g, const char *p, size_t len, struct err *err)
{
	const char *end = p + len;
	int r = 0;

	g->bytes += len;
	if (g->bytes > GUARD_BYTES_MAX + (g->literal_max > GUARD_LITERAL_MAX ? g->literal_max : 0))
		return err_set(
			err, ERR_LIMIT, _("The server's answer is too large; it was refused."));
	while (p < end && r == 0) {
		size_t left = (size_t)(end - p);
		const char *nl;

		if (g->literal_left) {
			size_t n = (size_t)MIN(g->literal_left, left);

			g->literal_left -= n;
			p += n;
			continue;
		}
		nl = memchr(p, '\n', left);
		r = part_of_line(g, p, nl ? (size_t)(nl + 1 - p) : left, err);
		if (r == 0 && nl)
			r = line_end(g, err);
		p = nl ? nl + 1 : end;
	}
	return r;
}

/* --- to the server ------------------------------------------------------------- */

static int bad_command(struct err *err)
{
	return err_set(err, ERR_PROTOCOL,
		_("A command with a line end or NUL inside was not sent; please report this."));
}

void guard_reading(struct guard *g)
{
	g->out_reading = true;
}

/* Does the command that begins with these words, its tag behind it, change nothing? */
static bool only_reads(const char *words, size_t n)
{
	static const char *const commands[] = { "CAPABILITY", "LOGIN", "AUTHENTICATE", "STARTTLS",
		"ENABLE", "ID", "NAMESPACE", "LIST", "LSUB", "STATUS", "EXAMINE", "UNSELECT",
		"FETCH", "SEARCH", "UID FETCH", "UID SEARCH", "IDLE", "NOTIFY", "COMPRESS", "NOOP",
		"MYRIGHTS", "LOGOUT" };

	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (has_word(words, words + n, commands[i]))
			return true;
	return false;
}

static bool ends_with(const struct guard *g, const char *word)
{
	size_t n = strlen(word);

	return g->n_out_tail >= n &&
	       strncasecmp(g->out_tail + g->n_out_tail - n, word, n) == 0;
}

/* Would what was said so far mark a message as read (RFC 3501, section 6.4.5)? */
static bool peeks(const struct guard *g, char c)
{
	if (c == '[')
		return !ends_with(g, "BODY[") && !ends_with(g, "BINARY[");
	if (c == ' ' || c == ')' || c == '\r')
		return !ends_with(g, (const char[]){ 'R', 'F', 'C', '8', '2', '2', c, '\0' }) &&
		       !ends_with(g, (const char[]){ '.', 'T', 'E', 'X', 'T', c, '\0' });
	return true;
}

/*
 * One more byte of a command, already in the tail: may it go on?  Judged is
 * "TAG NAME" or "TAG UID NAME" as soon as its end is there.
 */
static bool may_leave(struct guard *g, char c)
{
	const char *end, *name;
	bool ends = c == ' ' || c == '\r';

	if (g->out_judged)
		return !g->out_fetches || peeks(g, c);
	if (g->n_out_words < GUARD_WORDS)
		g->out_words[g->n_out_words++] = c;
	end = g->out_words + g->n_out_words;
	name = memchr(g->out_words, ' ', g->n_out_words);
	if (g->n_out_words == GUARD_WORDS)
		return !name && c != ' ';
	if (!name || ++name == end || !ends || (c == ' ' && has_word(name, end, "UID") &&
						       memchr(name, ' ', (size_t)(end - name)) == end - 1))
		return true;
	g->out_fetches = has_word(name, end, "FETCH") || has_word(name, end, "UID FETCH");
	g->out_judged = only_reads(name, (size_t)(end - name));
	return g->out_judged;
}

static void out_line_end(struct guard *g)
{
	uint64_t size = 0;

	if (guard_announces(g->out_tail, g->out_tail + g->n_out_tail, &size) > 0)
		g->out_literal_left = size;
	else
		g->out_open = false;
	g->n_out_tail = 0;
}

int guard_out(struct guard *g, const char *p, size_t len, struct err *err)
{
	for (const char *end = p + len; p < end; p++) {
		if (g->out_literal_left) {
			size_t n = (size_t)MIN(g->out_literal_left, (uint64_t)(end - p));

			g->out_literal_left -= n;
			p += n - 1;
			continue;
		}
		if (!g->out_open || *p == '\0' || (g->out_cr != (*p == '\n')))
			return bad_command(err);
		g->n_out_tail = keep_tail(g->out_tail, g->n_out_tail, p, 1);
		g->out_cr = *p == '\r';
		if (g->out_reading && !may_leave(g, *p))
			return err_set(err, ERR_PROTOCOL,
				_("The account is read-only (two_way = false); a command that could "
				  "change mail was not sent."));
		if (*p == '\n')
			out_line_end(g);
	}
	return 0;
}
