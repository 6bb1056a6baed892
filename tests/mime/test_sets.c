/*
 * Every collection of messages in tests/data/mime, each with its count (the
 * work "any mail that exists shows right").  The unexpected fails.
 */
#include "set.h"
#include "test_mime.h"

#include <locale.h>
#include <stdlib.h>

#include "mime/text.h"

static bool (*const sets[])(void) = { set_json, set_json_headers, set_mime4j, set_cpython,
	set_lowquality, set_tnef, set_calendar, set_unicode, set_blns };

START_TEST(as_expected)
{
	ck_assert(sets[_i]());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sets");
	TCase *c = tcase_create("sets");
	SRunner *r;
	int failed;

	setlocale(LC_ALL, "C.UTF-8");
	mime_init();
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, as_expected, 0, (int)G_N_ELEMENTS(sets));
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
