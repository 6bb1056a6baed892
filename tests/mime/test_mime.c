#include "test_mime.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "mime/text.h"

int file_of(const char *bytes, size_t len)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, bytes, len), 0);
	return fd;
}

static void check_text(const char *s)
{
	if (s)
		ck_assert(text_is_utf8(s, strlen(s)));
}

void check_document(const struct document *d)
{
	check_text(d->text);
	check_text(d->note);
	ck_assert_uint_le(strlen(d->text), DOCUMENT_TEXT_MAX);
	ck_assert_uint_le(d->parts->len, DOCUMENT_PARTS_MAX);
	for (guint i = 0; i < d->headers->len; i++) {
		struct document_header *h = d->headers->pdata[i];

		check_text(h->name);
		check_text(h->value);
		ck_assert_ptr_nonnull(h->value);
	}
	for (guint i = 0; i < d->parts->len; i++) {
		struct document_part *p = d->parts->pdata[i];

		check_text(p->type);
		check_text(p->filename);
		ck_assert_int_lt(p->depth, DOCUMENT_DEPTH_MAX);
		ck_assert(!(p->shown && p->attachment));
	}
}

struct document *document_of(const char *bytes, size_t len)
{
	AUTO(fd_close) int fd = file_of(bytes, len);
	struct document *d = NULL;
	struct err err = { 0 };

	ck_assert_msg(document_read(fd, NULL, &d, &err) == 0, "%s", err.text);
	check_document(d);
	return d;
}

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
	suite_add_tcase(s, hostile_cases());
	suite_add_tcase(s, corpus_cases());
	suite_add_tcase(s, quote_cases());
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
