/* Compression and names, by script. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/imap/command.h"
#include "provider/test_session.h"

/* --- compression ------------------------------------------------------------------------------ */

#define PRESSED                                                                                    \
	"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE",                                    \
		"S $1 OK [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] in", "C COMPRESS DEFLATE",        \
		"S $2 OK begin"

static void desk_press(struct desk *d, int port)
{
	desk_init(d, port);
	d->account.compress = COMPRESS_YES;
	must(d, desk_connect(d));
	must(d, imap_bulk(imap_of(d->p), &d->err));
}

START_TEST(a_bomb_meets_the_guard)
{
	static const char *const steps[] = { PRESSED, "B 64", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_press(&d, s.port);
	ck_assert_int_eq(desk_list(&d), ERR_LIMIT);
	ck_assert_ptr_null(imap_of(d.p)->wire); /* nothing of it is read on */
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(packed_nothing_is_no_news)
{
	static const char *const steps[] = { PRESSED, "N 500", NULL };
	int64_t begun;
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_press(&d, s.port);
	begun = clock_mono_ms();
	ck_assert_int_eq(stream_wait(wire_stream(imap_of(d.p)->wire), NULL, 200, &d.err), 0);
	ck_assert_int_lt((int)(clock_mono_ms() - begun), 400);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(compression_may_be_refused)
{
	static const char *const steps[] = { "S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE",
		"S $1 OK [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] in", "C COMPRESS DEFLATE",
		"S $2 NO not now", "C LIST", "S $3 OK", "C LSUB", "S $4 OK", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_press(&d, s.port);
	must(&d, desk_list(&d));
	ck_assert(!imap_distrusted(imap_of(d.p)));
	desk_release(&d);
	script_stop(&s);
}
END_TEST

/* --- names ------------------------------------------------------------------------------------ */

START_TEST(names_are_utf8_after_utf8_accept)
{
	static const char *const steps[] = { "S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE",
		"S $1 OK [CAPABILITY IMAP4rev1 ENABLE UTF8=ACCEPT] in", "C ENABLE UTF8=ACCEPT",
		"S * ENABLED UTF8=ACCEPT", "S $2 OK", "C LIST",
		"S * LIST () \"/\" \"Entwürfe & mehr\"", "S $3 OK", "C LSUB", "S $4 OK",
		"C STATUS \"Entwürfe & mehr\" (", "S * STATUS \"Entwürfe & mehr\" (UIDNEXT 4)",
		"S $5 OK", "C SELECT \"Entwürfe & mehr\"", "S * OK [UIDVALIDITY 1]", "S $6 OK",
		NULL };
	static const char path[] = "Entw&APw-rfe &- mehr";
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	must(&d, desk_list(&d));
	ck_assert_ptr_nonnull(recorder_mailbox(&d.rec, path));
	ck_assert_str_eq(recorder_mailbox(&d.rec, path)->name, "Entwürfe & mehr");
	ck_assert_uint_eq(imap_status(imap_of(d.p), path)->uidnext, 4);
	must(&d, imap_select(imap_of(d.p), path, true, false, &d.err));
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(short_literals_do_not_wait_under_literal_minus)
{
	static const char *const steps[] = { "S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE",
		"S $1 OK [CAPABILITY IMAP4rev1 LITERAL-] in", "C SELECT {3+}\r\n\xc3\xa4x",
		"S * OK [UIDVALIDITY 1]", "S $2 OK", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	must(&d, imap_select(imap_of(d.p), "\xc3\xa4x", true, false, &d.err));
	desk_release(&d);
	script_stop(&s);
}
END_TEST

Suite *wire_suite(void)
{
	Suite *s = suite_create("wire");
	TCase *t = tcase_create("scripts");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_bomb_meets_the_guard);
	tcase_add_test(t, packed_nothing_is_no_news);
	tcase_add_test(t, compression_may_be_refused);
	tcase_add_test(t, names_are_utf8_after_utf8_accept);
	tcase_add_test(t, short_literals_do_not_wait_under_literal_minus);
	suite_add_tcase(s, t);
	return s;
}
