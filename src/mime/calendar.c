#include "mime/calendar.h"

#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "mime/calendar_time.h"
#include "mime/ical.h"

/* --- what may be parsed -------------------------------------------------------------- */

static bool begins(const char *line, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - line) >= n && g_ascii_strncasecmp(line, word, n) == 0;
}

/* Counts lines and components. */
static bool is_bounded(const char *text, size_t len)
{
	const char *end = text + len;
	int lines = 0, blocks = 0, depth = 0;

	if (len > CALENDAR_READ_MAX)
		return false;
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));

		if (begins(text, end, "BEGIN:")) {
			blocks++;
			depth++;
		} else if (begins(text, end, "END:")) {
			depth--;
		}
		if (++lines > CALENDAR_LINES_MAX || blocks > CALENDAR_BLOCKS_MAX ||
			depth > CALENDAR_DEPTH_MAX)
			return false;
		text = nl ? nl + 1 : end;
	}
	return blocks > 0;
}

/* --- values --------------------------------------------------------------------------- */

/* One line of valid UTF-8, at most max bytes; NULL if there is nothing in it. */
static char *line_of(const char *s, size_t max)
{
	char *line = s ? g_utf8_make_valid(s, (gssize)strnlen(s, max)) : NULL;

	for (char *p = line; p && *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	if (line)
		g_strstrip(line);
	if (line && !*line)
		g_clear_pointer(&line, g_free);
	return line;
}

static char *text_property(icalcomponent *event, icalproperty_kind kind)
{
	icalproperty *p = ical.icalcomponent_get_first_property(event, kind);
	icalvalue *v = p ? ical.icalproperty_get_value(p) : NULL;

	return line_of(v && ical.icalvalue_isa(v) == ICAL_TEXT_VALUE ? ical.icalvalue_get_text(v) : NULL,
		CALENDAR_VALUE_MAX);
}

static void field(struct body_text *out, const char *label, const char *value)
{
	if (!value || !*value)
		return;
	body_text_ours(out, label);
	body_text_ours(out, ": ");
	g_string_append_printf(out->text, "%s\n", value);
}

/* "Ann <ann@example.org>" */
static char *person(icalproperty *p)
{
	icalparameter *cn = ical.icalproperty_get_first_parameter(p, ICAL_CN_PARAMETER);
	g_autofree char *name = line_of(cn ? ical.icalparameter_get_cn(cn) : NULL, CALENDAR_VALUE_MAX);
	icalvalue *v = ical.icalproperty_get_value(p);
	bool address = v && ical.icalvalue_isa(v) == ICAL_CALADDRESS_VALUE;
	const char *uri = address ? ical.icalvalue_get_caladdress(v) : NULL;
	g_autofree char *addr = NULL;

	if (uri && g_ascii_strncasecmp(uri, "mailto:", 7) == 0)
		uri += 7;
	addr = line_of(uri, CALENDAR_VALUE_MAX);
	if (name && addr && strcmp(name, addr) != 0)
		return g_strdup_printf("%s <%s>", name, addr);
	return name ? g_steal_pointer(&name) : g_steal_pointer(&addr);
}

static icalparameter_partstat answer_of(icalproperty *p)
{
	icalparameter *a = ical.icalproperty_get_first_parameter(p, ICAL_PARTSTAT_PARAMETER);

	return a ? ical.icalparameter_get_partstat(a) : ICAL_PARTSTAT_NEEDSACTION;
}

static const char *answer_words(icalparameter_partstat answer)
{
	switch (answer) {
	case ICAL_PARTSTAT_ACCEPTED:
		return _("accepted");
	case ICAL_PARTSTAT_DECLINED:
		return _("declined");
	case ICAL_PARTSTAT_TENTATIVE:
		return _("maybe");
	case ICAL_PARTSTAT_DELEGATED:
		return _("sends somebody else");
	default:
		return _("no answer yet");
	}
}

/* --- the card ------------------------------------------------------------------------- */

static const char *heading(icalcomponent *event, icalproperty_method method)
{
	icalproperty *status = ical.icalcomponent_get_first_property(event, ICAL_STATUS_PROPERTY);

	if (method == ICAL_METHOD_CANCEL ||
		(status && ical.icalproperty_get_status(status) == ICAL_STATUS_CANCELLED))
		return _("Canceled event");
	switch (method) {
	case ICAL_METHOD_REPLY:
		return _("Answer to an invitation");
	case ICAL_METHOD_COUNTER:
		return _("Proposal of another time");
	case ICAL_METHOD_DECLINECOUNTER:
		return _("Proposal of another time declined");
	case ICAL_METHOD_REQUEST:
		return ical.icalcomponent_get_sequence(event) > 0 ? _("Changed invitation")
							     : _("Invitation");
	default:
		return ical.icalcomponent_isa(event) == ICAL_VTODO_COMPONENT ? _("Task") : _("Event");
	}
}

/* The end: told, or the beginning and a duration. */
static bool end_of(icalcomponent *cal, icalcomponent *event, const struct moment *from,
	struct moment *to)
{
	icalproperty *d = ical.icalcomponent_get_first_property(event, ICAL_DURATION_PROPERTY);
	struct icaldurationtype how;

	if (moment_of(cal, ical.icalcomponent_get_first_property(event, ICAL_DTEND_PROPERTY), to))
		return true;
	if (!d)
		return false;
	how = ical.icalproperty_get_duration(d);
	*to = *from;
	to->at = ical.icaltime_add(from->at, how);
	to->unix_time += ical.icaldurationtype_as_int(how);
	return true;
}

static void print_times(struct body_text *out, icalcomponent *cal, icalcomponent *event)
{
	icalproperty *p = ical.icalcomponent_get_first_property(event, ICAL_DTSTART_PROPERTY);
	struct moment from, to;
	g_autofree char *words = NULL, *here = NULL, *rule = NULL, *one = NULL;
	bool end;

	if (moment_of(cal, p, &from)) {
		end = end_of(cal, event, &from, &to);
		words = moment_words(&from, end ? &to : NULL);
		here = moment_words_here(&from, end ? &to : NULL);
	}
	p = ical.icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);
	if (p) {
		struct icalrecurrencetype r = ical.icalproperty_get_rrule(p);

		rule = rule_words(&r);
	}
	if (moment_of(cal, ical.icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY),
		    &from))
		one = moment_words(&from, NULL);
	field(out, _("When"), words);
	field(out, _("Your time"), here);
	field(out, _("Repeats"), rule);
	field(out, _("Only this date of a series"), one);
}

static void print_people(struct body_text *out, icalcomponent *event)
{
	icalproperty *p = ical.icalcomponent_get_first_property(event, ICAL_ORGANIZER_PROPERTY);
	g_autofree char *organizer = p ? person(p) : NULL;
	int n = 0;

	field(out, _("Organizer"), organizer);
	for (p = ical.icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY); p;
		p = ical.icalcomponent_get_next_property(event, ICAL_ATTENDEE_PROPERTY)) {
		g_autofree char *who = person(p), *line = NULL;

		if (!who || n++ >= CALENDAR_PEOPLE_MAX)
			continue;
		line = g_strdup_printf("%s (%s)", who, answer_words(answer_of(p)));
		field(out, _("Attendee"), line);
	}
	if (n > CALENDAR_PEOPLE_MAX) {
		g_autofree char *more = g_strdup_printf(_("and %d more attendees"),
			n - CALENDAR_PEOPLE_MAX);

		body_text_ours(out, more);
		g_string_append_c(out->text, '\n');
	}
}

/* Words of the sender; they keep their lines. */
static void print_words(struct body_text *out, icalcomponent *event, icalproperty_kind kind)
{
	icalproperty *p = ical.icalcomponent_get_first_property(event, kind);
	icalvalue *v = p ? ical.icalproperty_get_value(p) : NULL;
	const char *s = v && ical.icalvalue_isa(v) == ICAL_TEXT_VALUE ? ical.icalvalue_get_text(v) : NULL;
	g_autofree char *words = NULL;
	size_t len = s ? strlen(s) : 0;

	if (len == 0)
		return;
	words = g_utf8_make_valid(s, (gssize)MIN(len, (size_t)CALENDAR_WORDS_MAX));
	g_strstrip(words);
	g_strdelimit(words, "\r", ' ');
	if (*words)
		g_string_append_printf(out->text, "\n%s%s\n", words,
			len > CALENDAR_WORDS_MAX ? " ..." : "");
}

static void print_event(struct body_text *out, icalcomponent *cal, icalcomponent *event,
	icalproperty_method method)
{
	g_autofree char *what = text_property(event, ICAL_SUMMARY_PROPERTY);
	g_autofree char *where = text_property(event, ICAL_LOCATION_PROPERTY);

	body_text_ours(out, "[");
	body_text_ours(out, heading(event, method));
	body_text_ours(out, "]");
	g_string_append_c(out->text, '\n');
	field(out, _("Event"), what);
	print_times(out, cal, event);
	field(out, _("Place"), where);
	print_people(out, event);
	print_words(out, event, ICAL_COMMENT_PROPERTY);
	print_words(out, event, ICAL_DESCRIPTION_PROPERTY);
}

static bool is_event(icalcomponent *c)
{
	icalcomponent_kind kind = ical.icalcomponent_isa(c);

	return kind == ICAL_VEVENT_COMPONENT || kind == ICAL_VTODO_COMPONENT;
}

static int print_calendar(struct body_text *out, icalcomponent *cal, const char *method)
{
	icalproperty *p = ical.icalcomponent_get_first_property(cal, ICAL_METHOD_PROPERTY);
	icalproperty_method how = p ? ical.icalproperty_get_method(p) : ICAL_METHOD_NONE;
	int n = 0;

	if (!p && method)
		how = ical.icalproperty_string_to_method(method);
	for (icalcomponent *c = ical.icalcomponent_get_first_component(cal, ICAL_ANY_COMPONENT); c;
		c = ical.icalcomponent_get_next_component(cal, ICAL_ANY_COMPONENT)) {
		if (!is_event(c) || n++ >= CALENDAR_EVENTS_MAX)
			continue;
		if (n > 1)
			g_string_append_c(out->text, '\n');
		print_event(out, cal, c, how);
	}
	if (n > CALENDAR_EVENTS_MAX) {
		g_autofree char *more = g_strdup_printf(_("and %d more events"),
			n - CALENDAR_EVENTS_MAX);

		body_text_ours(out, more);
		g_string_append_c(out->text, '\n');
	}
	return n;
}

/* The calendar in what was parsed: itself, or the first one of several. */
static icalcomponent *calendar_in(icalcomponent *parsed)
{
	if (ical.icalcomponent_isa(parsed) == ICAL_VCALENDAR_COMPONENT)
		return parsed;
	return ical.icalcomponent_get_first_component(parsed, ICAL_VCALENDAR_COMPONENT);
}

bool calendar_card(struct body_text *out, const char *text, size_t len, const char *method)
{
	g_autofree char *copy = NULL;
	icalcomponent *parsed, *cal;
	int n = 0;

	if (!is_bounded(text, len) || !ical_load())
		return false;
	copy = g_strndup(text, len);
	parsed = ical.icalparser_parse_string(copy);
	cal = parsed ? calendar_in(parsed) : NULL;
	if (cal)
		n = print_calendar(out, cal, method);
	if (parsed)
		ical.icalcomponent_free(parsed);
	return n > 0;
}
