/* The IMAP provider: waiting for one mailbox and for all, and reading many bodies. */
#include "provider/test_imap.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "provider/imap/imap.h"
#include "provider/imap_script.h"

static int ledger_count(const struct proxy *p, const char *text)
{
	g_autofree char *ledger = NULL;
	int n = 0;

	ck_assert(g_file_get_contents(p->ledger, &ledger, NULL, NULL));
	for (const char *at = ledger; (at = strstr(at, text)); at += strlen(text))
		n++;
	return n;
}

static void *deliver_soon(void *path)
{
	g_usleep(300000);
	server_deliver(path, "pushed", 10);
	return NULL;
}

static void *make_soon(void *path)
{
	g_usleep(300000);
	server_make(path);
	return NULL;
}

/* Waits in INBOX; w->stirred is the caller's. */
static int watch(struct rig *r, struct watch *w, int ms)
{
	static char inbox[] = "INBOX";
	struct mailbox m = { .path = inbox };

	w->mailbox = &m;
	w->timeout_ms = ms;
	w->stirred = g_ptr_array_new_with_free_func(g_free);
	return r->p->ops->wait(r->p, w, &r->err);
}

static bool names(const GPtrArray *paths, const char *path)
{
	for (guint n = 0; n < paths->len; n++)
		if (strcmp(g_ptr_array_index(paths, n), path) == 0)
			return true;
	return false;
}

/* --- NOTIFY -------------------------------------------------------------------------------- */

START_TEST(notify_tells_of_other_mailboxes)
{
	struct watch w = { 0 };
	struct rig r;
	pthread_t t;
	int64_t start;

	server_make("noti");
	rig_init(&r);
	ck_assert_msg(rig_changes(&r, "INBOX", 0) == 0, "%s", r.err.text);
	start = clock_mono_ms();
	pthread_create(&t, NULL, deliver_soon, (void *)"noti");
	ck_assert_msg(watch(&r, &w, 15000) == 1, "%s", r.err.text);
	pthread_join(t, NULL);
	ck_assert(w.live && w.everywhere && !w.news);
	ck_assert(names(w.stirred, "noti"));
	ck_assert_int_lt(clock_mono_ms() - start, 10000);
	g_ptr_array_unref(w.stirred);
	ck_assert_int_eq(watch(&r, &w, 100), 0); /* told once */
	ck_assert_uint_eq(w.stirred->len, 0);
	g_ptr_array_unref(w.stirred);
	pthread_create(&t, NULL, make_soon, (void *)"born");
	ck_assert_int_eq(watch(&r, &w, 15000), 1);
	pthread_join(t, NULL);
	ck_assert(w.tree);
	g_ptr_array_unref(w.stirred);
	rig_release(&r);
}
END_TEST

/* What comes while another command is at work ends the next wait at once. */
START_TEST(news_between_two_waits_are_kept)
{
	struct watch w = { 0 };
	struct rig r;
	int64_t start;

	server_make("between");
	rig_init(&r);
	ck_assert_int_eq(rig_changes(&r, "INBOX", 0), 0);
	ck_assert_int_eq(watch(&r, &w, 50), 0);
	g_ptr_array_unref(w.stirred);
	server_deliver("between", "x", 10);
	r.rec.cursor[0] = '\0';
	ck_assert_int_eq(rig_changes(&r, "INBOX", 0), 0);
	start = clock_mono_ms();
	ck_assert_msg(watch(&r, &w, 10000) == 1, "%s", r.err.text);
	ck_assert(names(w.stirred, "between"));
	ck_assert_int_lt(clock_mono_ms() - start, 3000);
	g_ptr_array_unref(w.stirred);
	rig_release(&r);
}
END_TEST

START_TEST(a_refused_notify_leaves_idle)
{
	struct watch w = { 0 };
	struct proxy p;
	struct rig r;

	proxy_start(&p, "--mode no:NOTIFY");
	rig_through(&r, &p);
	ck_assert_int_eq(rig_changes(&r, "INBOX", 0), 0);
	ck_assert_msg(watch(&r, &w, 300) == 0, "%s", r.err.text);
	ck_assert(w.live && !w.everywhere);
	g_ptr_array_unref(w.stirred);
	ck_assert_int_eq(watch(&r, &w, 100), 0);
	ck_assert_int_eq(ledger_count(&p, " NOTIFY SET"), 1);
	g_ptr_array_unref(w.stirred);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

#define OPENED                                                                                     \
	"* 1 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 2]\r\n%T OK [READ-WRITE]\r\n"

START_TEST(an_overflow_ends_notify)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "IDLE", "+ idling\r\n* STATUS x (MESSAGES 1)\r\n* OK [NOTIFICATIONOVERFLOW] \r\n", 1 },
		{ "IDLE", "+ idling\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct watch w = { 0 };
	struct script s;
	struct rig r;

	script_start(&s, "IDLE NOTIFY", rules);
	rig_init(&r);
	r.account.tls = TLS_PLAIN;
	r.account.port = s.port;
	ck_assert_msg(rig_connect(&r) == 0, "%s", r.err.text);
	ck_assert_int_eq(watch(&r, &w, 5000), 1);
	g_ptr_array_unref(w.stirred);
	while (!w.tree) {
		ck_assert_int_eq(watch(&r, &w, 5000), 1);
		g_ptr_array_unref(w.stirred);
	}
	ck_assert_int_eq(watch(&r, &w, 100), 0);
	ck_assert(w.live && !w.everywhere);
	ck_assert_int_eq(script_heard(&s, "NOTIFY"), 1);
	g_ptr_array_unref(w.stirred);
	rig_release(&r);
	script_stop(&s);
}
END_TEST

/* --- IDLE ------------------------------------------------------------------------------------ */

START_TEST(idle_is_renewed)
{
	struct watch w = { 0 };
	struct proxy p;
	struct rig r;

	proxy_start(&p, "--mode pass");
	rig_through(&r, &p);
	ck_assert_int_eq(rig_changes(&r, "INBOX", 0), 0);
	imap_of(r.p)->idle_ms = 150;
	ck_assert_msg(watch(&r, &w, 700) == 0, "%s", r.err.text);
	ck_assert(w.live);
	ck_assert_int_ge(ledger_count(&p, " IDLE"), 3);
	ck_assert_int_eq(ledger_count(&p, " SELECT"), 1); /* that of changes() is good enough */
	g_ptr_array_unref(w.stirred);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

/* C-12, C-31: three times mail that a live IDLE did not tell of. */
START_TEST(a_silent_idle_is_noted)
{
	static const char mail[] =
		"* %d FETCH (UID %d FLAGS () INTERNALDATE \"01-Jul-2025 10:00:00 +0000\" "
		"RFC822.SIZE 10 ENVELOPE (NIL \"n\" NIL NIL NIL NIL NIL NIL NIL NIL))\r\n%%T OK\r\n";
	struct rig r;

	for (int round = 0; round < 2; round++) {
		g_autofree char *opened = g_strdup_printf(
			"* %d EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT %d]\r\n%%T OK\r\n", 2,
			3);
		g_autofree char *fetched = g_strdup_printf(mail, 2, 2);
		const struct script_rule rules[] = {
			{ "SELECT", OPENED, 1 },
			{ "SELECT", opened, 0 },
			{ "IDLE", "+ idling\r\n", 0 },
			{ "FETCH 1:1",
				"* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 1 ENVELOPE (NIL NIL NIL NIL "
				"NIL NIL NIL NIL NIL NIL))\r\n%T OK\r\n",
				0 },
			{ "UID FETCH 2:*", fetched, 0 },
			{ "UID FETCH 1:1 (UID FLAGS)", "* 1 FETCH (UID 1 FLAGS ())\r\n%T OK\r\n", 0 },
			{ NULL, NULL, 0 },
		};
		struct watch w = { 0 };
		struct script s;

		script_start(&s, "IDLE", rules);
		rig_init(&r);
		r.account.tls = TLS_PLAIN;
		r.account.port = s.port;
		ck_assert_msg(rig_changes(&r, "INBOX", 0) == 0, "%s", r.err.text);
		ck_assert_msg(watch(&r, &w, 200) == 0, "%s", r.err.text);
		ck_assert(w.live);
		g_ptr_array_unref(w.stirred);
		ck_assert_int_eq(rig_changes(&r, "INBOX", round == 0 ? CHANGES_CHECK : 0), 0);
		ck_assert_uint_eq(recorder_count(&r.rec), 2);
		ck_assert_int_eq(imap_of(r.p)->evidence.count[EVIDENCE_IDLE_SILENT], round == 0);
		ck_assert(!imap_distrusted(imap_of(r.p)));
		rig_release(&r);
		script_stop(&s);
	}
}
END_TEST

/* Mail may always come between the end of an IDLE and the next look: silences count in a row. */
START_TEST(an_idle_that_tells_is_not_silent)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "IDLE", "+ idling\r\n* 2 EXISTS\r\n", 0 },
		{ NULL, NULL, 0 },
	};

	for (int before = 2; before <= EVIDENCE_SILENT_MAX; before++) {
		struct watch w = { 0 };
		struct script s;
		struct rig r;

		script_start(&s, "IDLE", rules);
		rig_init(&r);
		r.account.tls = TLS_PLAIN;
		r.account.port = s.port;
		ck_assert_msg(rig_connect(&r) == 0, "%s", r.err.text);
		for (int n = 0; n < before; n++)
			imap_evidence(imap_of(r.p), EVIDENCE_IDLE_SILENT);
		ck_assert_msg(watch(&r, &w, 5000) == 1, "%s", r.err.text);
		ck_assert(w.news);
		g_ptr_array_unref(w.stirred);
		ck_assert_int_eq(imap_of(r.p)->evidence.count[EVIDENCE_IDLE_SILENT],
			before < EVIDENCE_SILENT_MAX ? 0 : before);
		rig_release(&r);
		script_stop(&s);
	}
}
END_TEST

/* --- bodies ---------------------------------------------------------------------------------- */

struct pile {
	struct body_sink sink; /* first */
	GHashTable *sizes;     /* uid -> bytes */
	int fail_at;
};

static int on_body(struct body_sink *s, uint64_t uid, const char *p, size_t n, struct err *err)
{
	struct pile *pile = (struct pile *)s;

	if (pile->fail_at && --pile->fail_at == 0)
		return err_set(err, ERR_STORAGE, "full");
	ck_assert(n > 5 && memchr(p, ':', n));
	ck_assert(!g_hash_table_contains(pile->sizes, GUINT_TO_POINTER((guint)uid)));
	g_hash_table_insert(
		pile->sizes, GUINT_TO_POINTER((guint)uid), GUINT_TO_POINTER((guint)n));
	return 0;
}

static int read_pile(struct rig *r, const char *path, uint32_t uidvalidity, const uint64_t *uids,
	size_t n, struct pile *pile)
{
	struct mailbox m = { .path = (char *)path, .uidvalidity = uidvalidity };

	pile->sink.body = on_body;
	return r->p->ops->bodies(r->p, &m, uids, n, &pile->sink, &r->err);
}

START_TEST(bodies_come_whole_and_the_large_are_left_out)
{
	struct pile pile = { .sizes = g_hash_table_new(NULL, NULL) };
	uint64_t uids[1003];
	struct rig r;
	uint64_t big;

	server_make("pile");
	server_fill("pile", 1000);
	server_deliver("pile", "big", BODIES_PIECE_MAX);
	rig_init(&r);
	ck_assert_msg(rig_changes(&r, "pile", 0) == 0, "%s", r.err.text);
	big = recorder_find(&r.rec, "big")->uid;
	for (size_t n = 0; n < 1001; n++)
		uids[n] = 1001 - n;
	uids[1001] = 5; /* twice */
	uids[1002] = 4711; /* gone */
	ck_assert_msg(
		read_pile(&r, "pile", r.rec.uidvalidity, uids, 1003, &pile) == 0, "%s", r.err.text);
	ck_assert(!g_hash_table_contains(pile.sizes, GUINT_TO_POINTER((guint)big)));
	for (uint64_t uid = 1; uid <= 1000; uid++) {
		uint64_t size = recorder_get(&r.rec, uid)->size;

		ck_assert_uint_eq(GPOINTER_TO_UINT(g_hash_table_lookup(
					  pile.sizes, GUINT_TO_POINTER((guint)uid))),
			size > BODIES_PIECE_MAX ? 0 : size);
	}
	ck_assert_int_eq(
		read_pile(&r, "pile", r.rec.uidvalidity + 1, uids, 1003, &pile), ERR_GONE);
	g_hash_table_remove_all(pile.sizes);
	pile.fail_at = 3;
	ck_assert_int_eq(read_pile(&r, "pile", 0, uids, 1003, &pile), ERR_STORAGE);
	ck_assert_int_eq(rig_changes(&r, "pile", 0), 0); /* after a new connection all is well */
	g_hash_table_unref(pile.sizes);
	rig_release(&r);
}
END_TEST

Suite *imap_watch_suite(void)
{
	Suite *s = suite_create("imap watch");
	TCase *c = tcase_create("watch");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, notify_tells_of_other_mailboxes);
	tcase_add_test(c, news_between_two_waits_are_kept);
	tcase_add_test(c, a_refused_notify_leaves_idle);
	tcase_add_test(c, an_overflow_ends_notify);
	tcase_add_test(c, idle_is_renewed);
	tcase_add_test(c, a_silent_idle_is_noted);
	tcase_add_test(c, an_idle_that_tells_is_not_silent);
	tcase_add_test(c, bodies_come_whole_and_the_large_are_left_out);
	suite_add_tcase(s, c);
	return s;
}
