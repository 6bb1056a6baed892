/* Numbers, sizes and dates as people read them. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "ui/priv.h"

enum { NAMES_MAX = 200 };

const char *size_text(uint64_t bytes, char *out, size_t cap)
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1000 && u + 1 < G_N_ELEMENTS(units)) {
		n /= 1000;
		u++;
	}
	snprintf(out, cap, n < 10 && u > 0 ? "%.1f %s" : "%.0f %s", n, units[u]);
	return out;
}

/* The system keywords that say something to people (RFC 5788's registry). */
static const char *friendly(const char *keyword)
{
	static const struct {
		const char *keyword, *word;
	} known[] = { { "$forwarded", N_("forwarded") }, { "$important", N_("important") } };

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
		if (strcmp(known[i].keyword, keyword) == 0)
			return _(known[i].word);
	return *keyword == '$' ? NULL : keyword;
}

int tags_text(const char *keywords, char *out, size_t cap)
{
	g_autoptr(GString) text = NULL;
	g_auto(GStrv) words = NULL;

	out[0] = '\0';
	if (!keywords || !*keywords)
		return 0;
	text = g_string_new(NULL);
	words = g_strsplit(keywords, " ", -1);
	for (size_t i = 0; words[i] && text->len < cap; i++) {
		const char *word = friendly(words[i]);

		if (word && *word)
			g_string_append_printf(text, "%s%s", text->len ? ", " : "", word);
	}
	return text_clean_into(text->str, -1, out, cap);
}

static bool same_day(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_yday == b->tm_yday;
}

/* The format may be the reader's own: only here is it no literal. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void format_date(const char *format, const struct tm *tm, char *out, size_t cap)
{
	if (strftime(out, cap, format, tm) == 0)
		out[0] = '\0';
}
#pragma GCC diagnostic pop

/* Today's date, broken down once a second: every row of a list asks. */
static const struct tm *today_at(time_t now)
{
	static struct tm today;
	static time_t at = -1;

	if (now != at && localtime_r(&now, &today))
		at = now;
	return &today;
}

void date_short(int64_t t, const char *other_years, int cells, char *out, size_t cap)
{
	time_t when = (time_t)t, now = (time_t)clock_unix();
	const struct tm *today = today_at(now);
	const char *format;
	struct tm tm;

	out[0] = '\0';
	if (t == 0 || !localtime_r(&when, &tm))
		return;
	if (same_day(&tm, today))
		format = "%H:%M";
	else if (when < now && now - when < 6 * 86400)
		format = "%a";
	else if (tm.tm_year == today->tm_year)
		format = "%e %b";
	else if (cells < 10)
		format = "%b %y";
	else
		format = other_years && *other_years ? other_years : "%Y-%m-%d";
	format_date(format, &tm, out, cap);
}

void date_long(int64_t t, char *out, size_t cap)
{
	time_t when = (time_t)t;
	struct tm tm;

	out[0] = '\0';
	if (t == 0 || !localtime_r(&when, &tm) ||
		strftime(out, cap, "%a, %e %b %Y %H:%M %z", &tm) == 0)
		out[0] = '\0';
}

const char *list_order_name(enum list_order order)
{
	static const char *const names[] = { N_("date"), N_("sender"), N_("subject"), N_("size") };

	return names[order];
}

char *path_typed(const char *typed)
{
	return typed[0] == '~' && (typed[1] == '/' || !typed[1])
		       ? g_build_filename(g_get_home_dir(), typed + 1, NULL)
		       : g_canonicalize_filename(typed, NULL);
}

void path_complete(GPtrArray *out, const char *head, const char *typed)
{
	const char *slash = strrchr(typed, '/'), *base = slash ? slash + 1 : typed;
	g_autofree char *shown = g_strndup(typed, (size_t)(base - typed));
	g_autofree char *dir = shown[0] == '~' && shown[1] == '/'
				       ? g_build_filename(g_get_home_dir(), shown + 2, NULL)
				       : g_strdup(*shown ? shown : ".");
	DIR *d = opendir(dir);
	const struct dirent *e;

	while (d && (e = readdir(d)) && out->len < NAMES_MAX)
		if ((e->d_type == DT_DIR || e->d_type == DT_LNK || e->d_type == DT_UNKNOWN) &&
			(e->d_name[0] != '.' || base[0] == '.') &&
			strncmp(e->d_name, base, strlen(base)) == 0)
			g_ptr_array_add(out, g_strconcat(head, shown, e->d_name, "/", NULL));
	if (d)
		closedir(d);
}

GPtrArray *path_offers(struct ui *ui, const char *typed)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);

	(void)ui;
	path_complete(out, "", typed);
	return out;
}
