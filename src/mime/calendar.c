#include "mime/calendar.h"

#include <string.h>

#include "base/i18n.h"

enum { METHOD, SUMMARY, START, END, LOCATION, ORGANIZER, N_WANTED };

static const struct {
	const char *name, *label;
} wanted[N_WANTED] = {
	[METHOD] = { "METHOD", NULL },
	[SUMMARY] = { "SUMMARY", N_("Event") },
	[START] = { "DTSTART", N_("Begins") },
	[END] = { "DTEND", N_("Ends") },
	[LOCATION] = { "LOCATION", N_("Place") },
	[ORGANIZER] = { "ORGANIZER", N_("Organizer") },
};

/* The text with its folded lines joined. */
static GString *unfold(const char *s, size_t len)
{
	GString *out = g_string_sized_new(len);

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\r')
			continue;
		if (s[i] == '\n' && i + 1 < len && (s[i + 1] == ' ' || s[i + 1] == '\t'))
			i++;
		else
			g_string_append_c(out, s[i]);
	}
	return out;
}

/* The value of the content line: behind the first ':' outside quotes. */
static const char *value_of(const char *line)
{
	bool quoted = false;

	for (; *line && (quoted || *line != ':'); line++)
		quoted ^= *line == '"';
	return *line ? line + 1 : NULL;
}

static char *unescape(const char *s)
{
	GString *out = g_string_new(NULL);

	for (; *s && out->len < CALENDAR_VALUE_MAX; s++) {
		if (*s == '\\' && s[1]) {
			s++;
			g_string_append_c(out, *s == 'n' || *s == 'N' ? ' ' : *s);
		} else {
			g_string_append_c(out, *s);
		}
	}
	return g_string_free(out, FALSE);
}

/* 20260105T090000Z -> 2026-01-05 09:00 UTC; anything else stays as it is. */
static char *time_words(const char *line, const char *v)
{
	const char *zone = strstr(line, "TZID=");
	size_t n = zone ? strcspn(zone + 5, ":;") : 0;
	g_autofree char *tz = NULL;

	if (strspn(v, "0123456789") != 8)
		return g_strdup(v);
	if (v[8] != 'T' || strspn(v + 9, "0123456789") != 6)
		return g_strdup_printf("%.4s-%.2s-%.2s", v, v + 4, v + 6);
	if (v[15] == 'Z')
		tz = g_strdup(" UTC");
	else if (zone && zone < v && n > 0 && n < 60)
		tz = g_strdup_printf(" %.*s", (int)n, zone + 5);
	return g_strdup_printf("%.4s-%.2s-%.2s %.2s:%.2s%s", v, v + 4, v + 6, v + 9, v + 11,
		tz ? tz : "");
}

static void take_line(const char *line, char *values[N_WANTED])
{
	const char *v = value_of(line);
	size_t n = strcspn(line, ":;");

	for (int i = 0; v && i < N_WANTED; i++) {
		if (values[i] || strlen(wanted[i].name) != n ||
			g_ascii_strncasecmp(line, wanted[i].name, n) != 0)
			continue;
		if (i == START || i == END)
			values[i] = time_words(line, v);
		else
			values[i] = unescape(i == ORGANIZER && !g_ascii_strncasecmp(v, "mailto:", 7)
						     ? v + 7
						     : v);
	}
}

static const char *heading(const char *method)
{
	if (method && g_ascii_strcasecmp(method, "CANCEL") == 0)
		return _("Canceled event");
	if (method && g_ascii_strcasecmp(method, "REPLY") == 0)
		return _("Answer to an invitation");
	if (method && g_ascii_strcasecmp(method, "REQUEST") == 0)
		return _("Invitation");
	return _("Calendar");
}

static void print(GString *out, char *values[N_WANTED])
{
	if (values[SUMMARY] || values[START]) {
		g_string_append_printf(out, "[%s]\n", heading(values[METHOD]));
		for (int i = SUMMARY; i < N_WANTED; i++)
			if (values[i] && *values[i])
				g_string_append_printf(out, "%s: %s\n", _(wanted[i].label),
					values[i]);
	}
	for (int i = 0; i < N_WANTED; i++)
		g_free(values[i]);
}

void calendar_card(GString *out, const char *text, size_t len)
{
	g_autoptr(GString) flat = unfold(text, MIN(len, (size_t)CALENDAR_READ_MAX));
	char *values[N_WANTED] = { NULL };
	bool event = false;

	for (char *line = flat->str, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		event = event || g_ascii_strcasecmp(line, "BEGIN:VEVENT") == 0;
		if (event && g_ascii_strcasecmp(line, "END:VEVENT") == 0)
			break;
		if (event || g_ascii_strncasecmp(line, "METHOD", 6) == 0)
			take_line(line, values);
	}
	print(out, values);
}
