#include "model/query.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"

enum { DAY_S = 24 * 3600, DAYS_MAX = 36500, YEAR_MIN = 1900, YEAR_MAX = 9999 };

enum what {
	WORD,      /* in subject or sender */
	SENDER,
	RECIPIENT,
	SUBJECT,
	TAG,
	IS,
	HAS,
	BEFORE,
	AFTER,
	LARGER,
	SMALLER,
	ALL,
};

struct term {
	enum what what;
	bool not;
	char *word;            /* folded; NULL for numbers */
	int64_t number;        /* seconds or bytes */
	unsigned flag;         /* IS: the flag that must be on ... */
	bool off;              /* ... or off */
};

struct query {
	GArray *terms;         /* of struct term */
};

static const struct name {
	const char *name;
	enum what what;
} names[] = {
	{ "from", SENDER },
	{ "to", RECIPIENT },
	{ "subject", SUBJECT },
	{ "tag", TAG },
	{ "is", IS },
	{ "has", HAS },
	{ "before", BEFORE },
	{ "after", AFTER },
	{ "larger", LARGER },
	{ "smaller", SMALLER },
};

static const struct state {
	const char *name;
	unsigned flag;
	bool off;
} states[] = {
	{ "unread", FLAG_SEEN, true },
	{ "read", FLAG_SEEN, false },
	{ "flagged", FLAG_FLAGGED, false },
	{ "unflagged", FLAG_FLAGGED, true },
	{ "answered", FLAG_ANSWERED, false },
	{ "unanswered", FLAG_ANSWERED, true },
	{ "draft", FLAG_DRAFT, false },
};

/* --- reading ----------------------------------------------------------- */

/* "100k", "2M", "1g", "512" in bytes; -1 = it is none. */
static int64_t parse_size(const char *word)
{
	static const char units[] = "kmg";
	char *end;
	const char *unit;
	guint64 n;
	int shift;

	if (!g_ascii_isdigit(*word))
		return -1;
	errno = 0;
	n = g_ascii_strtoull(word, &end, 10);
	unit = *end ? strchr(units, g_ascii_tolower(*end)) : NULL;
	if (unit)
		end++;
	if (g_ascii_tolower(*end) == 'b')
		end++;
	shift = unit ? 10 * (int)(unit - units + 1) : 0;
	if (*end || errno || n > (guint64)INT64_MAX >> shift)
		return -1;
	return (int64_t)(n << shift);
}

static int64_t midnight(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_isdst = -1 };

	return (int64_t)mktime(&tm);
}

/* The digits of a part of a date, moving *s behind it and the '-' that follows. */
static int part(const char **s, int digits)
{
	int n = 0;

	for (int i = 0; i < digits; i++, (*s)++) {
		if (!g_ascii_isdigit(**s))
			return -1;
		n = 10 * n + (**s - '0');
	}
	if (**s == '-' && (*s)[1])
		(*s)++;
	return n;
}

/* 2026, 2026-01 or 2026-01-31 as the midnight where it begins; false if it is none. */
static bool parse_calendar(const char *word, int64_t *out)
{
	int year = part(&word, 4), month = 1, day = 1;

	if (year >= 0 && *word)
		month = part(&word, 2);
	if (month >= 1 && *word)
		day = part(&word, 2);
	if (*word || year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
		!g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
		return false;
	*out = midnight(year, month, day);
	return true;
}

static bool parse_date(const char *word, int64_t now, int64_t *out)
{
	time_t t = (time_t)now;
	int64_t days = -1;
	struct tm tm;
	char *end;

	if (strcmp(word, "today") == 0) {
		days = 0;
	} else if (strcmp(word, "yesterday") == 0) {
		days = 1;
	} else if (g_ascii_isdigit(*word)) {
		days = (int64_t)g_ascii_strtoull(word, &end, 10);
		if (strcmp(end, "d") != 0 || days > DAYS_MAX)
			return parse_calendar(word, out);
	}
	if (days < 0 || !localtime_r(&t, &tm))
		return false;
	*out = midnight(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday - (int)days);
	return true;
}

static int unknown_state(const char *word, struct err *err)
{
	g_autoptr(GString) all = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
		g_string_append_printf(all, "%s%s", i ? ", " : "", states[i].name);
	return err_set(err, ERR_USAGE, _("\"is:%s\" is not known; after is: stands one of %s"), word,
		all->str);
}

static int read_state(struct term *t, const char *word, struct err *err)
{
	for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
		if (strcmp(states[i].name, word) == 0) {
			t->flag = states[i].flag;
			t->off = states[i].off;
			return 0;
		}
	return unknown_state(word, err);
}

/* What stands behind the colon. */
static int read_value(struct term *t, const char *name, const char *word, int64_t now,
	struct err *err)
{
	if (!*word)
		return err_set(err, ERR_USAGE, _("A word is missing after %s:"), name);
	switch (t->what) {
	case IS:
		return read_state(t, word, err);
	case HAS:
		if (strcmp(word, "attachment") == 0)
			return 0;
		return err_set(err, ERR_USAGE, _("\"has:%s\" is not known; has:attachment is"), word);
	case BEFORE:
	case AFTER:
		if (parse_date(word, now, &t->number))
			return 0;
		return err_set(err, ERR_USAGE,
			_("\"%s\" is no date; write it as 2026-01-31, 2026-01, 2026, today, yesterday or "
			  "30d (days ago)"), word);
	case LARGER:
	case SMALLER:
		t->number = parse_size(word);
		if (t->number >= 0)
			return 0;
		return err_set(err, ERR_USAGE, _("\"%s\" is no size; write it as 500, 100k or 2M"),
			word);
	case WORD:
	case SENDER:
	case RECIPIENT:
	case SUBJECT:
	case TAG:
	case ALL:
		t->word = g_utf8_casefold(word, -1);
		return 0;
	}
	return 0;
}

static int unknown_term(const char *name, struct err *err)
{
	g_autoptr(GString) all = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		g_string_append_printf(all, "%s%s:", i ? " " : "", names[i].name);
	return err_set(err, ERR_USAGE,
		_("There is no \"%s:\"; there are %s (a word with a colon goes into quotes)"), name,
		all->str);
}

/* One term as it was typed, its quotes gone; colon: where the first colon outside of quotes stands. */
static int read_term(struct term *t, const char *text, gssize colon, int64_t now, struct err *err)
{
	g_autofree char *name = colon > 0 ? g_ascii_strdown(text, colon) : NULL;

	if (!name) {
		t->what = WORD;
		if (strcmp(text, "all") == 0)
			t->what = ALL;
		return read_value(t, "", text, now, err);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(names[i].name, name) == 0) {
			g_autofree char *lower = g_utf8_strdown(text + colon + 1, -1);

			t->what = names[i].what;
			return read_value(t, name, lower, now, err);
		}
	return unknown_term(name, err);
}

/* Cuts the next term off *s into out; where its colon is, -1 = it has none, -2 = a quote is open. */
static gssize next_term(const char **s, GString *out)
{
	gssize colon = -1;
	bool quoted = false, was_quoted = false;

	g_string_truncate(out, 0);
	for (; **s && (quoted || !g_ascii_isspace(**s)); (*s)++) {
		if (**s == '"') {
			quoted = !quoted;
			was_quoted = true;
			continue;
		}
		if (**s == ':' && !was_quoted && colon < 0)
			colon = (gssize)out->len;
		g_string_append_c(out, **s);
	}
	return quoted ? -2 : colon;
}

static void term_clear(void *p)
{
	g_free(((struct term *)p)->word);
}

static int add_term(struct query *q, const char **s, int64_t now, struct err *err)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct term t = { .not = **s == '-' && (*s)[1] && !g_ascii_isspace((*s)[1]) };
	gssize colon;
	int r;

	if (t.not)
		(*s)++;
	colon = next_term(s, text);
	if (colon == -2)
		return err_set(err, ERR_USAGE, _("A quotation mark is not closed"));
	if (text->len == 0)
		return 0;
	if (q->terms->len == QUERY_TERMS_MAX)
		return err_set(err, ERR_USAGE, _("These are more than %d terms"), QUERY_TERMS_MAX);
	r = read_term(&t, text->str, colon, now, err);
	if (r == 0)
		g_array_append_val(q->terms, t);
	return r;
}

int query_parse(const char *text, int64_t now, struct query **out, struct err *err)
{
	AUTO(query_free) struct query *q = g_new0(struct query, 1);

	q->terms = g_array_new(FALSE, TRUE, sizeof(struct term));
	g_array_set_clear_func(q->terms, term_clear);
	if (strlen(text) > QUERY_TEXT_MAX || !g_utf8_validate(text, -1, NULL))
		return err_set(err, ERR_USAGE, _("This is too long, or not readable text"));
	while (*text) {
		if (g_ascii_isspace(*text))
			text++;
		else if (add_term(q, &text, now, err) < 0)
			return err ? err->code : ERR_USAGE;
	}
	if (q->terms->len == 0)
		return err_set(err, ERR_USAGE,
			_("Say which ones: from:ana subject:invoice is:unread before:2026-01-01, or all"));
	*out = TAKE(q);
	return 0;
}

void query_free(struct query **q)
{
	if (!*q)
		return;
	g_array_unref((*q)->terms);
	g_clear_pointer(q, g_free);
}

/* --- comparing --------------------------------------------------------- */

static bool contains(const char *text, const char *word)
{
	g_autofree char *folded = g_utf8_casefold(text, -1);

	return strstr(folded, word) != NULL;
}

/* One whole word of a blank-separated list in lower case. */
static bool lists(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == '\0' || p[n] == ' '))
			return true;
	return false;
}

static bool holds(const struct term *t, const struct query_facts *f)
{
	switch (t->what) {
	case ALL:
		return true;
	case WORD:
		return contains(f->subject, t->word) || contains(f->from_name, t->word) ||
		       contains(f->from_addr, t->word);
	case SENDER:
		return contains(f->from_name, t->word) || contains(f->from_addr, t->word);
	case RECIPIENT:
		return contains(f->to, t->word) || contains(f->cc, t->word);
	case SUBJECT:
		return contains(f->subject, t->word);
	case TAG:
		return lists(f->keywords, t->word);
	case IS:
		return ((f->flags & t->flag) == 0) == t->off;
	case HAS:
		return f->attachment;
	case BEFORE:
		return f->date < t->number;
	case AFTER:
		return f->date >= t->number;
	case LARGER:
		return f->size > t->number;
	case SMALLER:
		return f->size < t->number;
	}
	return false;
}

bool query_match(const struct query *q, const struct query_facts *f)
{
	for (guint i = 0; i < q->terms->len; i++) {
		const struct term *t = &g_array_index(q->terms, struct term, i);

		if (holds(t, f) == t->not)
			return false;
	}
	return true;
}

/* --- completing -------------------------------------------------------- */

static void add_match(GPtrArray *out, const char *head, size_t n, const char *word, const char *colon,
	const char *typed)
{
	g_autofree char *whole = g_strconcat(word, colon, NULL);

	if (g_ascii_strncasecmp(whole, typed, strlen(typed)) == 0)
		g_ptr_array_add(out, g_strdup_printf("%.*s%s", (int)n, head, whole));
}

GPtrArray *query_complete(const char *typed)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	const char *blank = strrchr(typed, ' '), *last = blank ? blank + 1 : typed;

	if (*last == '-')
		last++;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		add_match(out, typed, (size_t)(last - typed), names[i].name, ":", last);
	for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
		g_autofree char *state = g_strconcat("is:", states[i].name, NULL);

		if (strchr(last, ':'))
			add_match(out, typed, (size_t)(last - typed), state, "", last);
	}
	if (strchr(last, ':'))
		add_match(out, typed, (size_t)(last - typed), "has:attachment", "", last);
	add_match(out, typed, (size_t)(last - typed), "all", "", last);
	return out;
}
