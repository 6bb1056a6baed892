/* Messages made by others (tests/data/mime, each folder with its licence): all must be readable. */
#include "test_mime.h"

#include <fcntl.h>
#include <string.h>

#include <glib.h>

#include "base/mem.h"
#include "base/text.h"
#include "mime/summary.h"

static const struct {
	const char *folder;
	int least;
} folders[] = {
	{ "cpython", 40 },
	{ "json/rfc", 5 },
	{ "json/malformed", 10 },
	{ "lowquality/dsn", 1 },
	{ "lowquality/low-quality", 5 },
	{ "lowquality/mail", 20 },
	{ "lowquality/parts", 10 },
};

/* Something is shown or offered, unless every part is empty. */
static void check_visible(const struct document *d, const char *path)
{
	uint64_t bytes = 0;
	bool offered = *d->text || d->note;

	for (guint i = 0; i < d->parts->len; i++) {
		const struct document_part *p = d->parts->pdata[i];

		offered |= p->attachment;
		bytes += p->size;
	}
	ck_assert_msg(offered || bytes == 0, "nothing to see in %s", path);
}

static void read_one(const char *path)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO(document_free) struct document *d = NULL;
	AUTO(summary_free) struct summary *s = NULL;
	struct change c = { 0 };

	ck_assert_msg(document_read(fd, NULL, &d, NULL) == 0, "%s", path);
	check_document(d);
	ck_assert_msg(summary_read(fd, &s, NULL) == 0, "%s", path);
	summary_fill(s, &c);
	ck_assert(!c.subject || text_is_utf8(c.subject, strlen(c.subject)));
	ck_assert(!c.from_name || text_is_utf8(c.from_name, strlen(c.from_name)));
	ck_assert(!c.to || text_is_utf8(c.to, strlen(c.to)));
	check_visible(d, path);
}

START_TEST(everything)
{
	g_autofree char *dir = g_build_filename(TEST_DATA, "mime", folders[_i].folder, NULL);
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while ((name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
			read_one(path);
			n++;
		}
	}
	ck_assert_int_ge(n, folders[_i].least);
}
END_TEST

TCase *corpus_cases(void)
{
	TCase *c = tcase_create("corpus");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, everything, 0, (int)G_N_ELEMENTS(folders));
	return c;
}
