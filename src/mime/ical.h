/*
 * libical, loaded when the first calendar is read.
 *
 * It brings libraries of its own that cost a program a good part of its start,
 * and only the reader's child reads calendars: it loads them before it goes to
 * jail (mime/warm.h).  Where the library is missing, calendars are shown as they
 * stand.  For calendar.c and calendar_time.c only.
 */
#ifndef TERN_MIME_ICAL_H
#define TERN_MIME_ICAL_H

#include <stdbool.h>

#include <libical/ical.h>

#define ICAL_FUNCTIONS(X)                                                                          \
	X(icalcomponent_free)                                                                      \
	X(icalcomponent_get_first_component)                                                       \
	X(icalcomponent_get_first_property)                                                        \
	X(icalcomponent_get_next_component)                                                        \
	X(icalcomponent_get_next_property)                                                         \
	X(icalcomponent_get_sequence)                                                              \
	X(icalcomponent_get_timezone)                                                              \
	X(icalcomponent_isa)                                                                       \
	X(icaldurationtype_as_int)                                                                 \
	X(icalerror_set_errors_are_fatal)                                                          \
	X(icalparameter_get_cn)                                                                    \
	X(icalparameter_get_partstat)                                                              \
	X(icalparameter_get_tzid)                                                                  \
	X(icalparser_parse_string)                                                                 \
	X(icalproperty_get_duration)                                                               \
	X(icalproperty_get_first_parameter)                                                        \
	X(icalproperty_get_method)                                                                 \
	X(icalproperty_get_rrule)                                                                  \
	X(icalproperty_get_status)                                                                 \
	X(icalproperty_get_value)                                                                  \
	X(icalproperty_string_to_method)                                                           \
	X(icalrecurrencetype_as_string)                                                            \
	X(icalrecurrencetype_day_day_of_week)                                                      \
	X(icalrecurrencetype_day_position)                                                         \
	X(icaltime_add)                                                                            \
	X(icaltime_adjust)                                                                         \
	X(icaltime_as_timet_with_zone)                                                             \
	X(icaltime_compare)                                                                        \
	X(icaltime_day_of_week)                                                                    \
	X(icaltime_is_null_time)                                                                   \
	X(icaltime_is_utc)                                                                         \
	X(icaltime_is_valid_time)                                                                  \
	X(icaltimezone_get_component)                                                              \
	X(icaltimezone_get_utc_timezone)                                                           \
	X(icaltimezone_set_builtin_tzdata)                                                         \
	X(icalvalue_get_caladdress)                                                                \
	X(icalvalue_get_date)                                                                      \
	X(icalvalue_get_datetime)                                                                  \
	X(icalvalue_get_text)                                                                      \
	X(icalvalue_isa)                                                                           \
	X(set_zone_directory)

/* Its functions by their own names; NULL before ical_load was true. */
struct ical {
#define POINTER(f) __typeof__(f) *f;
	ICAL_FUNCTIONS(POINTER)
#undef POINTER
};
extern struct ical ical;

/* True if it is there.  Once a process, any thread; it stays loaded. */
bool ical_load(void);

#endif
