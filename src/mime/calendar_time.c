#include "mime/calendar_time.h"

#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "mime/ical.h"

enum {
	WORDS_MAX = 120,
	ZONE_BLOCKS_MAX = 100,  /* parts of a zone's description */
	YEAR_FIRST = 1970,      /* years for which zones are worked out */
	YEAR_LAST = 2100,
};

/* A description that is cheap to work out: nothing in it happens more often than yearly. */
static bool is_harmless(icalcomponent *zone)
{
	int n = 0;

	for (icalcomponent *c = ical.icalcomponent_get_first_component(zone, ICAL_ANY_COMPONENT); c;
		c = ical.icalcomponent_get_next_component(zone, ICAL_ANY_COMPONENT)) {
		icalproperty *p = ical.icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY);

		for (; p; p = ical.icalcomponent_get_next_property(c, ICAL_RRULE_PROPERTY)) {
			struct icalrecurrencetype rule = ical.icalproperty_get_rrule(p);

			if (rule.freq != ICAL_YEARLY_RECURRENCE)
				return false;
		}
		if (++n > ZONE_BLOCKS_MAX)
			return false;
	}
	return n > 0;
}

/* The zone that the calendar describes under this name; NULL if it does not. */
static icaltimezone *zone_of(icalcomponent *calendar, const char *name)
{
	icaltimezone *zone = ical.icalcomponent_get_timezone(calendar, name);
	icalcomponent *c = zone ? ical.icaltimezone_get_component(zone) : NULL;

	return c && is_harmless(c) ? zone : NULL;
}

bool moment_of(icalcomponent *calendar, icalproperty *p, struct moment *out)
{
	icalvalue *v = p ? ical.icalproperty_get_value(p) : NULL;
	icalparameter *tz = p ? ical.icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER) : NULL;
	struct moment m = { 0 };
	icaltimezone *zone = NULL;

	if (!v || (ical.icalvalue_isa(v) != ICAL_DATETIME_VALUE && ical.icalvalue_isa(v) != ICAL_DATE_VALUE))
		return false;
	m.at = ical.icalvalue_isa(v) == ICAL_DATE_VALUE ? ical.icalvalue_get_date(v)
						   : ical.icalvalue_get_datetime(v);
	if (ical.icaltime_is_null_time(m.at) || !ical.icaltime_is_valid_time(m.at))
		return false;
	if (ical.icaltime_is_utc(m.at)) {
		m.zone = "UTC";
		zone = ical.icaltimezone_get_utc_timezone();
	} else if (tz) {
		m.zone = ical.icalparameter_get_tzid(tz);
		zone = m.zone ? zone_of(calendar, m.zone) : NULL;
	}
	m.known = zone && !m.at.is_date && m.at.year >= YEAR_FIRST && m.at.year <= YEAR_LAST;
	if (m.known)
		m.unix_time = ical.icaltime_as_timet_with_zone(m.at, zone);
	*out = m;
	return true;
}

/* --- one time, or from and to ------------------------------------------------------- */

static struct tm fields_of(const icaltimetype *t)
{
	struct tm tm = { .tm_year = t->year - 1900,
		.tm_mon = t->month - 1,
		.tm_mday = t->day,
		.tm_hour = t->hour,
		.tm_min = t->minute,
		.tm_wday = (ical.icaltime_day_of_week(*t) + 6) % 7 };

	return tm;
}

static bool same_day(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday;
}

static void day_words(const struct tm *tm, char out[WORDS_MAX])
{
	if (strftime(out, WORDS_MAX, "%a %Y-%m-%d", tm) == 0)
		*out = '\0';
}

static char *span_words(const struct tm *from, const struct tm *to, bool all_day, const char *zone)
{
	char day[WORDS_MAX];
	GString *out = g_string_new(NULL);

	day_words(from, day);
	g_string_append(out, day);
	if (!all_day)
		g_string_append_printf(out, " %02d:%02d", from->tm_hour, from->tm_min);
	if (to && !same_day(from, to)) {
		day_words(to, day);
		g_string_append_printf(out, " - %s", day);
		if (!all_day)
			g_string_append_printf(out, " %02d:%02d", to->tm_hour, to->tm_min);
	} else if (to && !all_day && (from->tm_hour != to->tm_hour || from->tm_min != to->tm_min)) {
		g_string_append_printf(out, " - %02d:%02d", to->tm_hour, to->tm_min);
	}
	if (all_day)
		g_string_append_printf(out, ", %s", _("all day"));
	else if (zone)
		g_string_append_printf(out, " (%s)", zone);
	return g_string_free(out, FALSE);
}

char *moment_words(const struct moment *from, const struct moment *to)
{
	struct tm a = fields_of(&from->at), b = { 0 };
	icaltimetype last;

	if (to) {
		last = to->at;
		if (last.is_date) /* the day after the last one */
			ical.icaltime_adjust(&last, -1, 0, 0, 0);
		b = fields_of(&last);
		if (ical.icaltime_compare(last, from->at) < 0)
			to = NULL;
	}
	return span_words(&a, to ? &b : NULL, from->at.is_date, from->zone);
}

char *moment_words_here(const struct moment *from, const struct moment *to)
{
	struct tm there = fields_of(&from->at), a, b;
	bool end = to && to->known && to->unix_time >= from->unix_time;

	if (!from->known || !localtime_r(&from->unix_time, &a))
		return NULL;
	if (same_day(&there, &a) && there.tm_hour == a.tm_hour && there.tm_min == a.tm_min)
		return NULL;
	if (end && !localtime_r(&to->unix_time, &b))
		return NULL;
	return span_words(&a, end ? &b : NULL, false, a.tm_zone);
}

/* --- repetition ------------------------------------------------------------------- */

/* "every 2 weeks"; NULL for what happens within a day. */
static char *every(icalrecurrencetype_frequency how, int n)
{
	switch (how) {
	case ICAL_DAILY_RECURRENCE:
		return n > 1 ? g_strdup_printf(_("every %d days"), n) : g_strdup(_("every day"));
	case ICAL_WEEKLY_RECURRENCE:
		return n > 1 ? g_strdup_printf(_("every %d weeks"), n) : g_strdup(_("every week"));
	case ICAL_MONTHLY_RECURRENCE:
		return n > 1 ? g_strdup_printf(_("every %d months"), n)
			     : g_strdup(_("every month"));
	case ICAL_YEARLY_RECURRENCE:
		return n > 1 ? g_strdup_printf(_("every %d years"), n) : g_strdup(_("every year"));
	default:
		return NULL;
	}
}

/* "on Mon, Wed", "on 2. Tue", "on the last Fri" */
static void append_days(GString *out, const struct icalrecurrencetype *rule)
{
	for (int i = 0; i < ICAL_BY_DAY_SIZE && rule->by_day[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
		int day = (int)ical.icalrecurrencetype_day_day_of_week(rule->by_day[i]) - 1;
		int nth = ical.icalrecurrencetype_day_position(rule->by_day[i]);
		struct tm tm = { .tm_wday = day, .tm_mday = 1, .tm_year = 100 };
		char name[WORDS_MAX];

		if (day < 0 || day > 6 || strftime(name, sizeof name, "%a", &tm) == 0)
			continue;
		g_string_append(out, i == 0 ? _(" on ") : ", ");
		if (nth == -1)
			g_string_append_printf(out, _("the last %s"), name);
		else if (nth != 0)
			g_string_append_printf(out, "%d. %s", nth, name);
		else
			g_string_append(out, name);
	}
}

/* Whether words can tell it: no more than days of the week and days of the month. */
static bool is_simple(const struct icalrecurrencetype *r)
{
	const short none = ICAL_RECURRENCE_ARRAY_MAX;

	return r->by_second[0] == none && r->by_minute[0] == none &&
	       r->by_hour[0] == none && r->by_year_day[0] == none && r->by_week_no[0] == none &&
	       r->by_set_pos[0] == none && (r->by_month[0] == none || r->by_month[1] == none) &&
	       (r->by_month_day[0] == none || r->by_month_day[1] == none);
}

char *rule_words(const struct icalrecurrencetype *rule)
{
	struct icalrecurrencetype copy = *rule;
	g_autofree char *words = every(rule->freq, rule->interval);
	GString *out;

	if (!words || !is_simple(rule))
		return g_strdup(ical.icalrecurrencetype_as_string(&copy));
	out = g_string_new(words);
	append_days(out, rule);
	if (rule->freq == ICAL_MONTHLY_RECURRENCE && rule->by_month_day[0] > 0 &&
		rule->by_month_day[0] <= 31)
		g_string_append_printf(out, _(" on day %d"), rule->by_month_day[0]);
	if (rule->count > 0)
		g_string_append_printf(out, _(", %d times"), rule->count);
	else if (!ical.icaltime_is_null_time(rule->until))
		g_string_append_printf(out, _(", until %04d-%02d-%02d"), rule->until.year,
			rule->until.month, rule->until.day);
	return g_string_free(out, FALSE);
}
