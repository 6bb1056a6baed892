#include "mime/ical.h"

#include <dlfcn.h>

#include <glib.h>

struct ical ical;

static bool load_functions(void *library)
{
#define LOAD(f)                                                                                    \
	*(void **)&ical.f = dlsym(library, #f);                                                    \
	if (!ical.f)                                                                               \
		return false;
	ICAL_FUNCTIONS(LOAD)
#undef LOAD
	return true;
}

static void set_up(void)
{
	ical.icalerror_set_errors_are_fatal(0);
	/* what it knows of zones comes from the message alone: there is nothing in this folder */
	ical.icaltimezone_set_builtin_tzdata(1);
	ical.set_zone_directory((char[]){ "/nonexistent" });
	(void)ical.icaltimezone_get_utc_timezone();
}

bool ical_load(void)
{
	enum { MISSING = 1, THERE };
	static gsize state;

	if (g_once_init_enter(&state)) {
		void *library = dlopen("libical.so.3", RTLD_NOW | RTLD_LOCAL);
		bool there = library && load_functions(library);

		if (there)
			set_up();
		g_once_init_leave(&state, there ? THERE : MISSING);
	}
	return state == THERE;
}
