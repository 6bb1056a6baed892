/*
 * calendar-invites: invitations through their life (tests/data/mime/calendar).
 * expected: "FILE<tab>lines that must be in the text", in the reader's zone
 * UTC, separated by "|"; "!" before one that must not.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "set.h"
#include "test_mime.h"

/* A calendar alone, as the part of a message. */
static char *as_mail(const char *path, char *bytes)
{
	char *mail;

	if (!g_str_has_suffix(path, ".ics"))
		return bytes;
	mail = g_strdup_printf("Subject: x\nContent-Type: text/calendar; charset=utf-8\n\n%s", bytes);
	g_free(bytes);
	return mail;
}

bool set_calendar(void)
{
	struct set *s = set_open("calendar");
	g_autofree char *path = g_build_filename(TEST_DATA, "mime/calendar/expected", NULL);
	g_autofree char *text = set_read(path, NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	setenv("TZ", "UTC0", 1);
	tzset();
	for (char **l = lines; *l; l++) {
		g_auto(GStrv) want = g_strsplit(*l, "\t", 2), words = NULL;
		g_autofree char *file = NULL, *mail = NULL;
		g_autoptr(GString) why = g_string_new(NULL);
		AUTO(document_free) struct document *d = NULL;

		if (**l == '#' || g_strv_length(want) < 2)
			continue;
		file = g_build_filename(TEST_DATA, "mime/calendar", want[0], NULL);
		mail = as_mail(file, set_read(file, NULL));
		d = document_of(mail, strlen(mail));
		words = g_strsplit(want[1], "|", -1);
		for (char **w = words; *w; w++) {
			bool absent = **w == '!';

			if ((strstr(d->text, *w + absent) != NULL) == absent)
				g_string_append_printf(why, "\"%s\" in\n%s", *w, d->text);
		}
		set_case(s, want[0], why->len == 0, why->str);
	}
	return set_close(&s);
}
