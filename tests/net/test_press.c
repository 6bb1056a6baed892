/* Compression: bytes through both ends, bombs, damage. */
#include "net/test_sasl.h"

#include <glib.h>
#include <string.h>
#include <zlib.h>

#include "net/press.h"

/* Sends n bytes through a, gets them from b in pieces of `in` bytes, read `cap` at a time. */
static void carry(
	struct press *a, struct press *b, const char *text, size_t n, size_t in, size_t cap)
{
	g_autoptr(GByteArray) packed = g_byte_array_new();
	g_autoptr(GString) plain = g_string_new(NULL);
	g_autofree char *buf = g_malloc(cap);
	const void *p;
	size_t got;
	ssize_t r;
	struct err err;

	press_put(a, text, n);
	while ((got = press_packed(a, &p)) > 0)
		g_byte_array_append(packed, p, (guint)got);
	for (size_t at = 0; at < packed->len; at += in) {
		size_t room, piece = MIN(in, packed->len - at);
		void *space = press_space(b, &room);

		ck_assert_uint_ge(room, piece);
		memcpy(space, packed->data + at, piece);
		press_got(b, piece);
		while ((r = press_has(b, &err)) == 1) {
			r = press_unpack(b, buf, cap, &err);
			ck_assert_int_gt(r, 0);
			g_string_append_len(plain, buf, r);
		}
		ck_assert_int_eq(r, 0);
		ck_assert_int_eq(press_unpack(b, buf, cap, &err), 0);
	}
	ck_assert_uint_eq(plain->len, n);
	ck_assert_mem_eq(plain->str, text, n);
}

START_TEST(every_write_arrives_whole)
{
	const size_t sizes[] = { 1, 5, 100, 16383, 16384, 16385, 300000 };
	struct err err;
	struct press *a = press_new(&err), *b = press_new(&err);
	GRand *random = g_rand_new_with_seed(7);

	for (size_t n = 0; n < G_N_ELEMENTS(sizes); n++) {
		g_autofree char *text = g_malloc(sizes[n]);

		for (size_t k = 0; k < sizes[n]; k++) /* hard to press, then easy */
			text[k] = (char)(n % 2 ? g_rand_int(random) : k / 1000);
		carry(a, b, text, sizes[n], 16384, 5000);
		carry(a, b, text, MIN(sizes[n], 20000), 7, 3);
		carry(a, b, text, sizes[n], 1000, 1);
	}
	g_rand_free(random);
	press_free(&a);
	press_free(&b);
}
END_TEST

/* A kilobyte that stands for a megabyte comes out in pieces of what was asked for. */
START_TEST(a_bomb_is_bounded_by_the_reader)
{
	struct err err;
	struct press *p = press_new(&err);
	z_stream z = { 0 };
	g_autofree unsigned char *zeros = g_malloc0(12 << 20);
	g_autofree char *buf = g_malloc(1 << 20);
	size_t room, total = 0;
	ssize_t n;

	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, 0), Z_OK);
	z.next_in = zeros;
	z.avail_in = 12 << 20;
	z.next_out = press_space(p, &room);
	z.avail_out = (uInt)room;
	deflate(&z, Z_SYNC_FLUSH);
	ck_assert_uint_eq(z.avail_in, 0);
	press_got(p, room - z.avail_out);
	while ((n = press_unpack(p, buf, 1 << 20, &err)) > 0) {
		ck_assert_int_le(n, PRESS_UNPACK_MAX);
		total += (size_t)n;
	}
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(total, 12 << 20);
	deflateEnd(&z);
	press_free(&p);
}
END_TEST

START_TEST(damage_is_an_error)
{
	static const char *const bad[] = { "\377\377\377\377\377\377", "* OK plain text\r\n" };
	struct err err;

	for (size_t k = 0; k < G_N_ELEMENTS(bad); k++) {
		struct press *p = press_new(&err);
		char buf[100];
		size_t room;
		ssize_t r;

		memcpy(press_space(p, &room), bad[k], strlen(bad[k]));
		press_got(p, strlen(bad[k]));
		while ((r = press_unpack(p, buf, sizeof buf, &err)) > 0)
			;
		ck_assert_int_eq(r, ERR_PROTOCOL);
		ck_assert_int_eq(press_has(p, &err), ERR_PROTOCOL);
		press_free(&p);
	}
}
END_TEST

Suite *press_suite(void)
{
	Suite *s = suite_create("press");
	TCase *t = tcase_create("press");

	tcase_add_test(t, every_write_arrives_whole);
	tcase_add_test(t, a_bomb_is_bounded_by_the_reader);
	tcase_add_test(t, damage_is_an_error);
	suite_add_tcase(s, t);
	return s;
}
