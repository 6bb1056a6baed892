/* The session against a real server: ways to log in, compression, the scan. */
#include "provider/test_session.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static void desk_at(struct desk *d, int port)
{
	desk_init(d, port);
	d->account.user = (char *)"alice";
}

/* The secret that tests/support gives alice, by this way. */
static const char *secret_for(enum auth_method way)
{
	bool token = way == AUTH_XOAUTH2 || way == AUTH_OAUTHBEARER;

	return token ? "echo tok-alice" : "echo secret";
}

START_TEST(every_way_to_log_in_works)
{
	static const enum auth_method ways[] = { AUTH_AUTO, AUTH_PLAIN, AUTH_LOGIN,
		AUTH_SCRAM_SHA_1, AUTH_SCRAM_SHA_256, AUTH_XOAUTH2, AUTH_OAUTHBEARER };
	struct desk d;

	for (size_t n = 0; n < G_N_ELEMENTS(ways); n++)
		for (int again = 0; again < 2; again++) { /* without and with a memory */
			if (!again)
				desk_at(&d, server.imap_port);
			else
				desk_restart(&d);
			d.account.auth = ways[n];
			d.account.password_command = (char *)secret_for(ways[n]);
			must(&d, desk_connect(&d));
			must(&d, desk_list(&d));
			ck_assert_ptr_nonnull(recorder_mailbox(&d.rec, "INBOX"));
			if (again)
				desk_release(&d);
		}
}
END_TEST

/* A password or a token; with a token the server says why in a challenge before its "no". */
START_TEST(a_wrong_secret_is_refused_by_every_way)
{
	static const enum auth_method ways[] = { AUTH_PLAIN, AUTH_LOGIN, AUTH_SCRAM_SHA_1,
		AUTH_SCRAM_SHA_256, AUTH_XOAUTH2, AUTH_OAUTHBEARER };

	for (size_t n = 0; n < G_N_ELEMENTS(ways); n++) {
		struct desk d;

		desk_at(&d, server.imap_port);
		d.account.auth = ways[n];
		d.account.password_command = (char *)"echo wrong";
		ck_assert_int_eq(desk_connect(&d), ERR_AUTH);
		ck_assert_ptr_nonnull(strstr(d.err.text, "refused"));
		ck_assert_ptr_null(strstr(d.err.text, "wrong"));
		desk_release(&d);
	}
}
END_TEST

static int changes(struct desk *d, const char *path)
{
	struct mailbox m = { .path = (char *)path, .cursor = (char *)"" };

	return d->p->ops->changes(d->p, &m, 0, &d->rec.sink, &d->err);
}

/* M-, I-: the same rows and bytes through compression, over TLS as well */
START_TEST(compression_changes_nothing_but_the_bytes)
{
	struct body_ref ref = { .mailbox_path = "press" };

	server_deliver("press", "large", 2000000);
	for (int tls = 0; tls < 2; tls++) {
		char file[] = "/tmp/tern-body.XXXXXX";
		int fd = mkstemp(file);
		struct imap *i;
		struct desk d;

		unlink(file);
		desk_at(&d, tls ? server.imaps_port : server.imap_port);
		d.account.tls = tls ? TLS_IMPLICIT : TLS_PLAIN;
		d.account.ca_file = server.ca;
		d.account.compress = COMPRESS_YES;
		must(&d, desk_connect(&d));
		i = imap_of(d.p);
		ck_assert(i->plan.compress);
		must(&d, imap_bulk(i, &d.err));
		must(&d, imap_bulk(i, &d.err)); /* a second time is nothing */
		must(&d, desk_list(&d));
		must(&d, changes(&d, "press"));
		ck_assert_uint_eq(recorder_count(&d.rec), 301);
		ref.uidvalidity = d.rec.uidvalidity;
		ref.uid = recorder_find(&d.rec, "large")->uid;
		must(&d, d.p->ops->body(d.p, &ref, fd, &(struct body_rest){ .whole = true }, &d.err));
		ck_assert_int_gt(lseek(fd, 0, SEEK_END), 2000000);
		close(fd);
		desk_release(&d);
	}
}
END_TEST

START_TEST(idle_wakes_through_compression)
{
	struct mailbox inbox = { .path = (char *)"INBOX" };
	struct watch w = { .mailbox = &inbox, .timeout_ms = 300 };
	struct desk d;
	struct cancel wake;

	cancel_init(&wake);
	w.wake = &wake;
	desk_at(&d, server.imap_port);
	d.account.compress = COMPRESS_YES;
	must(&d, desk_connect(&d));
	must(&d, imap_bulk(imap_of(d.p), &d.err));
	ck_assert_int_eq(d.p->ops->wait(d.p, &w, &d.err), 0); /* nothing inside the press */
	server_deliver("INBOX", "through", 100);
	w.timeout_ms = 20000;
	ck_assert_int_eq(d.p->ops->wait(d.p, &w, &d.err), 1);
	desk_release(&d);
	cancel_release(&wake);
}
END_TEST

START_TEST(this_machine_is_not_compressed_unasked)
{
	struct desk d;

	desk_at(&d, server.imap_port);
	must(&d, desk_connect(&d));
	must(&d, imap_bulk(imap_of(d.p), &d.err));
	must(&d, desk_list(&d));
	desk_release(&d);
}
END_TEST

static int lines_with(const struct proxy *p, const char *word)
{
	g_autofree char *ledger = NULL, *want = g_strdup_printf("> ");
	int n = 0;

	ck_assert(g_file_get_contents(p->ledger, &ledger, NULL, NULL));
	for (const char *at = ledger; (at = strstr(at, want)); at++) {
		const char *end = strchr(at, '\n');
		g_autofree char *line = g_strndup(at, end ? (size_t)(end - at) : strlen(at));

		n += strstr(line, word) != NULL;
	}
	return n;
}

/* I-08: one command where LIST-STATUS is offered, one for each mailbox where not; same numbers */
START_TEST(the_scan_tells_the_same_either_way)
{
	static const char *const modes[] = { "--mode hide:X", "--mode hide:LIST-STATUS",
		"--mode hide:LIST-STATUS,LIST-EXTENDED,SPECIAL-USE,CONDSTORE,QRESYNC" };
	uint64_t uidnext = 0;

	for (size_t n = 0; n < G_N_ELEMENTS(modes); n++) {
		const struct box_status *s;
		struct proxy p;
		struct desk d;

		proxy_start(&p, modes[n]);
		desk_at(&d, p.port);
		must(&d, desk_connect(&d));
		ck_assert_int_eq(d.p->traits.cheap_scan, n == 0);
		must(&d, desk_list(&d));
		s = imap_status(imap_of(d.p), "press");
		ck_assert_ptr_nonnull(s);
		ck_assert_uint_ge(s->messages, 300);
		ck_assert_uint_ne(s->uidvalidity, 0);
		ck_assert_uint_eq(s->uidnext, n ? uidnext : s->uidnext);
		ck_assert_int_eq(s->modseq != 0, n < 2);
		uidnext = s->uidnext;
		ck_assert_int_eq(lines_with(&p, "LIST \"\""), 1);
		ck_assert_int_eq(lines_with(&p, "LSUB"), n == 2);
		ck_assert_int_eq(lines_with(&p, " STATUS \""), n ? (int)d.rec.mailboxes->len : 0);
		ck_assert(recorder_mailbox(&d.rec, "Trash")->attrs & MAILBOX_SUBSCRIBED);
		ck_assert_int_eq(recorder_mailbox(&d.rec, "Trash")->role, ROLE_TRASH);
		desk_release(&d);
		proxy_stop(&p);
	}
}
END_TEST

START_TEST(a_refused_status_is_only_unknown)
{
	struct proxy p;
	struct desk d;

	proxy_start(&p, "--mode hide:LIST-STATUS --mode no:STATUS");
	desk_at(&d, p.port);
	must(&d, desk_connect(&d));
	must(&d, desk_list(&d));
	ck_assert_ptr_nonnull(recorder_mailbox(&d.rec, "press"));
	ck_assert_ptr_null(imap_status(imap_of(d.p), "press"));
	desk_release(&d);
	proxy_stop(&p);
}
END_TEST

/* TCP, TLS 1.3, the greeting and one flight: four round trips until nothing new is known. */
START_TEST(a_scan_is_known_after_four_round_trips)
{
	enum { ROUND_TRIP_MS = 250 };
	g_autofree char *arguments = g_strdup_printf("--raw --mode delay:%d", ROUND_TRIP_MS);
	struct proxy p;
	struct desk d;
	int64_t begun;
	int took;

	proxy_before(&p, server.imaps_port, arguments);
	desk_at(&d, p.port);
	d.account.tls = TLS_IMPLICIT;
	d.account.ca_file = server.ca;
	must(&d, desk_connect(&d));
	desk_restart(&d);
	begun = clock_mono_ms();
	must(&d, desk_connect(&d));
	must(&d, desk_list(&d));
	took = (int)(clock_mono_ms() - begun);
	ck_assert_ptr_nonnull(imap_status(imap_of(d.p), "INBOX"));
	ck_assert_int_ge(took, 4 * ROUND_TRIP_MS - 10);
	ck_assert_int_lt(took, 5 * ROUND_TRIP_MS);
	desk_release(&d);
	proxy_stop(&p);
}
END_TEST

START_TEST(the_selected_mailbox_is_not_asked)
{
	struct proxy p;
	struct desk d;

	proxy_start(&p, "--mode hide:LIST-STATUS");
	desk_at(&d, p.port);
	must(&d, desk_connect(&d));
	must(&d, imap_select(imap_of(d.p), "press", true, false, &d.err));
	must(&d, desk_list(&d));
	ck_assert_ptr_null(imap_status(imap_of(d.p), "press"));
	ck_assert_ptr_nonnull(imap_status(imap_of(d.p), "INBOX"));
	ck_assert_int_eq(lines_with(&p, "STATUS \"press\""), 0);
	desk_release(&d);
	proxy_stop(&p);
}
END_TEST

Suite *server_suite(void)
{
	Suite *s = suite_create("session with a server");
	TCase *t = tcase_create("dovecot");

	server_make("press");
	server_fill("press", 300);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_way_to_log_in_works);
	tcase_add_test(t, a_wrong_secret_is_refused_by_every_way);
	tcase_add_test(t, compression_changes_nothing_but_the_bytes);
	tcase_add_test(t, idle_wakes_through_compression);
	tcase_add_test(t, this_machine_is_not_compressed_unasked);
	tcase_add_test(t, the_scan_tells_the_same_either_way);
	tcase_add_test(t, a_scan_is_known_after_four_round_trips);
	tcase_add_test(t, the_selected_mailbox_is_not_asked);
	tcase_add_test(t, a_refused_status_is_only_unknown);
	suite_add_tcase(s, t);
	return s;
}
