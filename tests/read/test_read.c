#include "test_read.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "mime/text.h"
#include "read/reader.h"

int file_of(const char *bytes, size_t len)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, bytes, len), 0);
	return fd;
}

GByteArray *bytes_of(int fd)
{
	GByteArray *all = g_byte_array_new();
	guint8 chunk[65536];
	ssize_t n;

	while ((n = pread(fd, chunk, sizeof chunk, all->len)) > 0)
		g_byte_array_append(all, chunk, (guint)n);
	return all;
}

/* All files in the folder and in those inside it. */
static void add_folder(GPtrArray *list, const char *folder)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	ck_assert_ptr_nonnull(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			add_folder(list, path);
		else
			g_ptr_array_add(list, g_steal_pointer(&path));
	}
	g_dir_close(dir);
}

GPtrArray *corpus(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

	add_folder(list, TEST_DATA "/mime");
	ck_assert_uint_gt(list->len, 100);
	return list;
}

int large_mail(size_t attachment)
{
	static const char head[] = "Subject: large\nContent-Type: multipart/mixed; boundary=B\n\n"
				   "--B\n\nHello.\n--B\nContent-Type: application/octet-stream\n"
				   "Content-Transfer-Encoding: base64\n\n";
	int fd = file_of(head, sizeof head - 1);
	guchar raw[57];
	unsigned char next = 0;

	while (attachment > 0) {
		size_t n = MIN(attachment, sizeof raw);
		g_autofree char *line = NULL;

		for (size_t i = 0; i < n; i++)
			raw[i] = next++;
		line = g_base64_encode(raw, n);
		ck_assert_int_eq(fd_write_all(fd, line, strlen(line)), 0);
		ck_assert_int_eq(fd_write_all(fd, "\n", 1), 0);
		attachment -= n;
	}
	ck_assert_int_eq(fd_write_all(fd, "--B--\n", 6), 0);
	return fd;
}

int main(int argc, char **argv)
{
	Suite *s = suite_create("read");
	SRunner *r;
	int failed;

	setlocale(LC_ALL, "C.UTF-8");
	if (argc > 1 && strcmp(argv[1], READER_CHILD_WORD) == 0)
		reader_child();
	if (argc > 1 && g_str_has_prefix(argv[1], PLAY))
		play(argv[1] + strlen(PLAY));
	mime_init();
	suite_add_tcase(s, wire_cases());
	suite_add_tcase(s, export_cases());
	suite_add_tcase(s, htmlfilter_cases());
	suite_add_tcase(s, jail_cases());
	suite_add_tcase(s, reader_cases());
	suite_add_tcase(s, failure_cases());
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
