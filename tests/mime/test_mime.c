#include "test_mime.h"

#include <locale.h>
#include <stdlib.h>

#include "mime/text.h"

int main(void)
{
	Suite *s = suite_create("mime");
	SRunner *r;
	int failed;

	setlocale(LC_ALL, "C.UTF-8");
	mime_init();
	suite_add_tcase(s, text_cases());
	suite_add_tcase(s, summary_cases());
	suite_add_tcase(s, document_cases());
	suite_add_tcase(s, html_cases());
	suite_add_tcase(s, html_bombs());
	suite_add_tcase(s, hostile_cases());
	suite_add_tcase(s, shape_cases());
	suite_add_tcase(s, encoded_cases());
	suite_add_tcase(s, corpus_cases());
	suite_add_tcase(s, sender_cases());
	suite_add_tcase(s, quote_cases());
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
