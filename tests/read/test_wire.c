/* What crosses the socket: all of a document, and nothing that is not sound. */
#include "test_read.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "read/wire.h"

/* --- a document that has everything --------------------------------------------------- */

static void add_span(struct document *d, uint32_t at, uint32_t len, enum span_kind kind, int value)
{
	struct document_span s = { .at = at, .len = len, .kind = (uint16_t)kind,
		.value = (uint16_t)value };

	g_array_append_val(d->spans, s);
}

static void add_header(struct document *d, const char *name, const char *value)
{
	struct document_header *h = g_new0(struct document_header, 1);

	h->name = g_strdup(name);
	h->value = g_strdup(value);
	g_ptr_array_add(d->headers, h);
}

static void add_part(struct document *d, int depth, const char *type, const char *filename)
{
	struct document_part *p = g_new0(struct document_part, 1);

	p->depth = depth;
	p->type = g_strdup(type);
	p->filename = g_strdup(filename);
	p->size = 4711 + d->parts->len;
	p->attachment = filename != NULL;
	p->shown = !filename;
	p->missing = filename != NULL;
	g_ptr_array_add(d->parts, p);
}

static void add_link(struct document *d, const char *target, const char *label)
{
	struct document_link *x = g_new0(struct document_link, 1);

	x->target = g_strdup(target);
	x->label = g_strdup(label);
	x->differs = d->links->len % 2;
	g_ptr_array_add(d->links, x);
}

/* "Grüße an alle": ü and ß have two bytes each, 2..3 and 4..5. */
static struct document *sample(void)
{
	struct document *d = document_new();

	add_header(d, "Subject", "Grüße");
	add_header(d, "X-Empty", "");
	add_part(d, 0, "multipart/mixed", NULL);
	add_part(d, 1, "text/html", NULL);
	add_part(d, 1, "image/png", "Bild ü.png");
	g_free(d->text);
	d->text = g_strdup("Grüße an alle\n");
	add_span(d, 0, 16, SPAN_PART, 1);
	add_span(d, 0, 7, SPAN_HEADING, 2);
	add_span(d, 0, 2, SPAN_STRONG, 0);
	add_span(d, 8, 2, SPAN_LINK, 1);
	add_link(d, "https://example.org/", "an");
	add_link(d, "mailto:a@example.org", "alle");
	d->seal = (struct document_seal){ SEAL_PGP_SIGNED, 0, true };
	d->blocked = 3;
	d->wide = d->partial = true;
	d->note = g_strdup("Ein Satz.");
	return d;
}

static GByteArray *packed(const struct document *d)
{
	GByteArray *b = g_byte_array_new();

	ck_assert(wire_pack(d, b));
	return b;
}

static bool refused(const struct document *d, const GByteArray *b)
{
	AUTO(document_free) struct document *got = wire_unpack(b->data, b->len);

	(void)d;
	return !got;
}

/* --- the tests -------------------------------------------------------------------------- */

START_TEST(everything_arrives)
{
	AUTO(document_free) struct document *d = sample(), *got = NULL;
	g_autoptr(GByteArray) b = packed(d), again = NULL;
	const struct document_part *p;
	const struct document_link *x;

	got = wire_unpack(b->data, b->len);
	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(got->text, d->text);
	ck_assert_str_eq(got->note, "Ein Satz.");
	ck_assert_str_eq(document_header(got, "subject"), "Grüße");
	ck_assert_int_eq(got->parts->len, 3);
	p = got->parts->pdata[2];
	ck_assert(p->missing && p->attachment && !p->shown && p->depth == 1 && p->size == 4713);
	ck_assert_str_eq(p->filename, "Bild ü.png");
	ck_assert_int_eq(got->spans->len, 4);
	ck_assert_mem_eq(got->spans->data, d->spans->data, 4 * sizeof(struct document_span));
	x = got->links->pdata[1];
	ck_assert_str_eq(x->target, "mailto:a@example.org");
	ck_assert_str_eq(x->label, "alle");
	ck_assert(x->differs);
	ck_assert(got->seal.kind == SEAL_PGP_SIGNED && got->seal.part == 0 && got->seal.whole);
	ck_assert(got->blocked == 3 && got->wide && got->partial);
	again = packed(got);
	ck_assert_int_eq(again->len, b->len);
	ck_assert_mem_eq(again->data, b->data, b->len);
}
END_TEST

START_TEST(every_mail_of_the_corpora_arrives)
{
	g_autoptr(GPtrArray) files = corpus();

	for (guint i = 0; i < files->len; i++) {
		AUTO(fd_close) int fd = open(files->pdata[i], O_RDONLY | O_CLOEXEC);
		AUTO(document_free) struct document *d = NULL, *got = NULL;
		g_autoptr(GByteArray) b = NULL, again = NULL;
		struct err err;

		ck_assert_int_eq(document_read(fd, NULL, &d, &err), 0);
		b = packed(d);
		got = wire_unpack(b->data, b->len);
		ck_assert_msg(got != NULL, "%s", (char *)files->pdata[i]);
		ck_assert_msg(got->spans->len == d->spans->len, "spans of %s are not in order",
			(char *)files->pdata[i]);
		again = packed(got);
		ck_assert(again->len == b->len && memcmp(again->data, b->data, b->len) == 0);
	}
}
END_TEST

/* Unsound spans cannot be packed, so they are written over those that were. */
static const struct {
	struct document_span spans[4];
} unsound[] = {
	{ { { 0, 17, SPAN_STRONG } } },                          /* beyond the end */
	{ { { 0, UINT32_MAX, SPAN_STRONG } } },
	{ { { UINT32_MAX, 2, SPAN_STRONG } } },
	{ { { 0, 3, SPAN_STRONG } } },                           /* ends in a character */
	{ { { 3, 4, SPAN_STRONG } } },                           /* begins in one */
	{ { { 8, 1, SPAN_STRONG }, { 0, 1, SPAN_STRONG } } },    /* not ascending */
	{ { { 0, 4, SPAN_STRONG }, { 1, 5, SPAN_STRONG } } },    /* in part over another */
	{ { { 0, 1, SPAN_STRONG }, { 0, 2, SPAN_STRONG } } },    /* the inner one first */
	{ { { 0, 1, SPAN_LINK, 2 } } },
	{ { { 0, 1, SPAN_PART, 3 } } },
	{ { { 0, 1, SPAN_HEADING, 0 } } },
	{ { { 0, 1, SPAN_HEADING, 7 } } },
	{ { { 0, 1, SPAN_PART + 1 } } },
	{ { { 0, 1, UINT16_MAX } } },
};

START_TEST(unsound_spans_are_refused)
{
	AUTO(document_free) struct document *d = sample();
	g_autoptr(GByteArray) b = packed(d);
	size_t bytes = 4 * sizeof(struct document_span);
	guint8 *at = memmem(b->data, b->len, d->spans->data, bytes);
	struct document_span spans[4];

	ck_assert_ptr_nonnull(at);
	memcpy(spans, unsound[_i].spans, sizeof spans);
	for (int i = 1; i < 4; i++)
		if (spans[i].len == 0)
			spans[i] = (struct document_span){ .at = 15, .kind = SPAN_CODE };
	memcpy(at, spans, bytes);
	ck_assert(refused(d, b));
	/* and the child's side leaves them out */
	memcpy(d->spans->data, spans, bytes);
	g_byte_array_set_size(b, 0);
	ck_assert(wire_pack(d, b));
	ck_assert(!refused(d, b));
}
END_TEST

START_TEST(any_cut_is_refused)
{
	AUTO(document_free) struct document *d = sample();
	g_autoptr(GByteArray) b = packed(d);

	for (guint len = 0; len < b->len; len++) {
		g_autofree void *copy = g_memdup2(b->data, len); /* so that ASan sees its end */
		AUTO(document_free) struct document *got = wire_unpack(copy, len);

		ck_assert_ptr_null(got);
	}
	g_byte_array_append(b, (const guint8 *)"", 1);
	ck_assert(refused(d, b));
}
END_TEST

/* Whatever is accepted is sound: packed again, it is accepted again. */
START_TEST(any_change_is_refused_or_sound)
{
	static const guint8 values[] = { 0, 1, 0x7F, 0x80, 0xC3, 0xFF };
	AUTO(document_free) struct document *d = sample();
	g_autoptr(GByteArray) b = packed(d);

	for (guint i = 0; i < b->len; i++)
		for (size_t v = 0; v < G_N_ELEMENTS(values); v++) {
			AUTO(document_free) struct document *got = NULL, *third = NULL;
			g_autoptr(GByteArray) again = NULL;
			guint8 was = b->data[i];

			b->data[i] = values[v];
			got = wire_unpack(b->data, b->len);
			b->data[i] = was;
			if (!got)
				continue;
			again = packed(got);
			third = wire_unpack(again->data, again->len);
			ck_assert_ptr_nonnull(third);
			ck_assert_int_eq(third->spans->len, got->spans->len);
		}
}
END_TEST

/* Text that is no UTF-8, or has a NUL in it. */
START_TEST(bad_strings_are_refused)
{
	static const char *const words[] = { "Grüße an", "Ein Satz", "image/png", "mailto:a" };
	AUTO(document_free) struct document *d = sample();

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autoptr(GByteArray) b = packed(d);
		guint8 *at = memmem(b->data, b->len, words[i], strlen(words[i]));

		ck_assert_ptr_nonnull(at);
		at[1] = 0xC3;
		ck_assert(refused(d, b));
		at[1] = 0;
		ck_assert(refused(d, b));
	}
}
END_TEST

START_TEST(deep_nesting_is_left_out)
{
	AUTO(document_free) struct document *d = sample(), *got = NULL;
	g_autoptr(GByteArray) b = NULL;

	g_array_set_size(d->spans, 0);
	for (int i = 0; i < WIRE_NESTING_MAX; i++)
		add_span(d, 0, 16, SPAN_STRONG, 0);
	b = packed(d);
	got = wire_unpack(b->data, b->len);
	ck_assert_int_eq(got->spans->len, WIRE_NESTING_MAX);
	add_span(d, 0, 16, SPAN_STRONG, 0);
	document_free(&got);
	g_byte_array_set_size(b, 0);
	ck_assert(wire_pack(d, b));
	got = wire_unpack(b->data, b->len);
	ck_assert_int_eq(got->spans->len, 0);
}
END_TEST

TCase *wire_cases(void)
{
	TCase *t = tcase_create("wire");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, everything_arrives);
	tcase_add_test(t, every_mail_of_the_corpora_arrives);
	tcase_add_loop_test(t, unsound_spans_are_refused, 0, G_N_ELEMENTS(unsound));
	tcase_add_test(t, any_cut_is_refused);
	tcase_add_test(t, any_change_is_refused_or_sound);
	tcase_add_test(t, bad_strings_are_refused);
	tcase_add_test(t, deep_nesting_is_left_out);
	return t;
}
