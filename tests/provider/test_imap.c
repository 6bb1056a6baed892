/*
 * The IMAP provider against a real server: reading.  Changing things is in
 * test_imap_apply.c, odd servers in test_imap_trust.c.
 */
#include "provider/test_imap.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "mime/text.h"
#include "model/flags.h"

/* --- the rig --------------------------------------------------------------------------- */

void rig_init(struct rig *r)
{
	memset(r, 0, sizeof *r);
	r->account = (struct account){ .name = "test",
		.type = "imap",
		.host = "127.0.0.1",
		.port = server.imaps_port,
		.ca_file = server.ca,
		.user = "alice",
		.password_command = "echo secret",
		.two_way = true };
	recorder_init(&r->rec);
	cancel_init(&r->cancel);
	r->p = provider_imap.create(&r->account, &r->cancel);
}

void rig_through(struct rig *r, const struct proxy *p)
{
	rig_init(r);
	r->account.tls = TLS_PLAIN;
	r->account.port = p->port;
}

void rig_release(struct rig *r)
{
	r->p->ops->destroy(&r->p);
	recorder_release(&r->rec);
	cancel_release(&r->cancel);
}

int rig_connect(struct rig *r)
{
	return r->p->ops->connect(r->p, &r->err);
}

int rig_changes(struct rig *r, const char *path, unsigned flags)
{
	struct mailbox m = { .path = (char *)path, .cursor = g_strdup(r->rec.cursor) };
	int n = rig_connect(r);

	if (n == 0)
		n = r->p->ops->changes(r->p, &m, flags, &r->rec.sink, &r->err);
	g_free(m.cursor);
	return n;
}

/* --- mailboxes -------------------------------------------------------------------------- */

START_TEST(mailboxes_have_roles_names_and_subscriptions)
{
	struct rig r;

	server_make("Entwürfe"); /* doveadm takes UTF-8 */
	rig_init(&r);
	ck_assert_msg(rig_connect(&r) == 0, "%s", r.err.text);
	ck_assert_int_eq(r.p->ops->mailboxes(r.p, &r.rec.sink, &r.err), 0);
	ck_assert_int_eq(recorder_mailbox(&r.rec, "INBOX")->role, ROLE_INBOX);
	ck_assert_int_eq(recorder_mailbox(&r.rec, "Sent")->role, ROLE_SENT);
	ck_assert_int_eq(recorder_mailbox(&r.rec, "Trash")->role, ROLE_TRASH);
	ck_assert(recorder_mailbox(&r.rec, "Trash")->attrs & MAILBOX_SUBSCRIBED);
	ck_assert_ptr_nonnull(recorder_mailbox(&r.rec, "Entw&APw-rfe"));
	ck_assert_str_eq(recorder_mailbox(&r.rec, "Entw&APw-rfe")->name, "Entwürfe");
	rig_release(&r);
}
END_TEST

START_TEST(mailbox_roles_are_guessed_on_a_bare_server)
{
	struct proxy p;
	struct rig r;

	proxy_start(&p, "--mode hide:all");
	rig_through(&r, &p);
	ck_assert_msg(rig_connect(&r) == 0, "%s", r.err.text);
	ck_assert_int_eq(r.p->ops->mailboxes(r.p, &r.rec.sink, &r.err), 0);
	ck_assert_int_eq(recorder_mailbox(&r.rec, "Sent")->role, ROLE_SENT);
	ck_assert_int_eq(recorder_mailbox(&r.rec, "Junk")->role, ROLE_JUNK);
	ck_assert(recorder_mailbox(&r.rec, "Junk")->attrs & MAILBOX_SUBSCRIBED);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

START_TEST(evil_mailbox_names_are_left_out)
{
	struct proxy p;
	struct rig r;

	proxy_start(&p, "--mode evil-names");
	rig_through(&r, &p);
	ck_assert_msg(rig_connect(&r) == 0, "%s", r.err.text);
	ck_assert_msg(r.p->ops->mailboxes(r.p, &r.rec.sink, &r.err) == 0, "%s", r.err.text);
	ck_assert_ptr_nonnull(recorder_mailbox(&r.rec, "Sent"));
	for (guint n = 0; n < r.rec.mailboxes->len; n++) {
		const struct mailbox *m = g_ptr_array_index(r.rec.mailboxes, n);

		ck_assert_ptr_null(strpbrk(m->path, "\r\n"));
		ck_assert(strlen(m->path) <= 1024);
		ck_assert(g_utf8_validate(m->name, -1, NULL));
	}
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

/* --- changes ---------------------------------------------------------------------------- */

START_TEST(first_sync_reads_whole_rows)
{
	struct rig r;
	struct kept *k;

	server_make("first");
	server_deliver("first", "alpha", 100);
	server_deliver("first", "=?utf-8?q?b=C3=A9ta?=", 3000);
	rig_init(&r);
	ck_assert_msg(rig_changes(&r, "first", 0) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_count(&r.rec), 2);
	ck_assert(r.rec.complete);
	ck_assert_int_eq(r.rec.of, 2);
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "béta"));
	k = recorder_find(&r.rec, "alpha");
	ck_assert_str_eq(k->message_id, "alpha@test.example");
	ck_assert_str_eq(k->from_name, "Ann Example");
	ck_assert_str_eq(k->from_addr, "ann@example.org");
	ck_assert_str_eq(k->to, "Bob <bob@example.org>");
	ck_assert_uint_eq(k->n_references, 2);
	ck_assert_int_eq(k->sent_at, 1751356800);
	ck_assert_int_gt(k->received_at, 1751356800);
	ck_assert_uint_gt(k->size, 100);
	rig_release(&r);
}
END_TEST

START_TEST(an_empty_mailbox_is_complete_at_once)
{
	struct rig r;

	server_make("empty");
	rig_init(&r);
	ck_assert_msg(rig_changes(&r, "empty", 0) == 0, "%s", r.err.text);
	ck_assert(r.rec.complete);
	ck_assert_uint_eq(recorder_count(&r.rec), 0);
	server_deliver("empty", "now", 10);
	ck_assert_int_eq(rig_changes(&r, "empty", 0), 0);
	ck_assert_uint_eq(recorder_count(&r.rec), 1);
	rig_release(&r);
}
END_TEST

START_TEST(later_syncs_see_new_mail_flags_and_expunges)
{
	struct rig r;
	uint64_t gone;

	server_make("later");
	server_deliver("later", "a", 10);
	server_deliver("later", "b", 10);
	server_deliver("later", "c", 10);
	rig_init(&r);
	ck_assert_int_eq(rig_changes(&r, "later", 0), 0);
	gone = recorder_find(&r.rec, "b")->uid;
	r.rec.changes = 0;
	ck_assert_int_eq(rig_changes(&r, "later", 0), 0);
	ck_assert_int_eq(r.rec.changes, 0);
	server_deliver("later", "d", 10);
	server_adm("flags add -u alice '\\Flagged $Work' mailbox later subject a");
	server_adm("expunge -u alice mailbox later subject b");
	ck_assert_int_eq(rig_changes(&r, "later", 0), 0);
	ck_assert_uint_eq(recorder_count(&r.rec), 3);
	ck_assert_int_eq(r.rec.changes, 3);
	ck_assert_ptr_null(recorder_get(&r.rec, gone));
	ck_assert_uint_eq(recorder_find(&r.rec, "a")->flags, FLAG_FLAGGED);
	ck_assert_str_eq(recorder_find(&r.rec, "a")->keywords, "$work");
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "d"));
	rig_release(&r);
}
END_TEST

START_TEST(a_message_that_the_store_lost_comes_back)
{
	struct rig r;
	uint64_t uid;

	server_make("lost");
	server_deliver("lost", "a", 10);
	server_deliver("lost", "b", 10);
	rig_init(&r);
	ck_assert_int_eq(rig_changes(&r, "lost", 0), 0);
	uid = recorder_find(&r.rec, "a")->uid;
	g_tree_remove(r.rec.messages, &uid);
	ck_assert_int_eq(rig_changes(&r, "lost", CHANGES_FULL), 0);
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "a"));
	rig_release(&r);
}
END_TEST

START_TEST(another_uidvalidity_starts_anew)
{
	struct rig r;

	server_make("anew");
	server_deliver("anew", "a", 10);
	rig_init(&r);
	ck_assert_int_eq(rig_changes(&r, "anew", 0), 0);
	server_adm("mailbox delete -u alice -s anew");
	sleep(1); /* UIDVALIDITY is a time */
	server_make("anew");
	server_deliver("anew", "z", 10);
	ck_assert_msg(rig_changes(&r, "anew", 0) == 0, "%s", r.err.text);
	ck_assert_int_eq(r.rec.resets, 1);
	ck_assert_uint_eq(recorder_count(&r.rec), 1);
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "z"));
	rig_release(&r);
}
END_TEST

/* bulk has 700 messages: more than a slice */
START_TEST(backfill_is_newest_first_and_can_be_paused)
{
	struct rig r;
	int n;

	rig_init(&r);
	r.rec.pause_after = 1;
	n = rig_changes(&r, "bulk", 0);
	ck_assert_msg(n == 1, "%d %s", n, r.err.text);
	ck_assert(!r.rec.complete);
	ck_assert_uint_lt(recorder_count(&r.rec), 700);
	ck_assert_uint_gt(g_array_index(r.rec.order, uint64_t, 0), 600);
	server_adm("expunge -u alice mailbox bulk uid 300");
	server_adm("expunge -u alice mailbox bulk uid 690");
	r.rec.pause_after = 0;
	ck_assert_msg(rig_changes(&r, "bulk", 0) == 0, "%s", r.err.text);
	ck_assert(r.rec.complete);
	ck_assert_uint_eq(recorder_count(&r.rec), 698);
	for (uint64_t uid = 1; uid <= 700; uid++)
		ck_assert_msg((recorder_get(&r.rec, uid) != NULL) == (uid != 300 && uid != 690),
			"uid %d", (int)uid);
	rig_release(&r);
}
END_TEST

START_TEST(a_heavy_loss_is_proved_twice)
{
	struct proxy p;
	struct rig r;

	proxy_start(&p, "--mode pass");
	rig_through(&r, &p);
	ck_assert_int_eq(rig_changes(&r, "bulk", 0), 0);
	server_adm("expunge -u alice mailbox bulk uid 1:500");
	ck_assert_msg(rig_changes(&r, "bulk", 0) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_count(&r.rec), 199);
	ck_assert(proxy_saw(&p, " 2 > ") || proxy_saw(&p, "2 ! open"));
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

/* Anybody can send a mail whose ENVELOPE is beyond the guard's limits. */
START_TEST(one_monstrous_message_does_not_stop_its_mailbox)
{
	g_autofree char *monster = g_strnfill(1200 * 1024, 'M');
	struct rig r;

	server_make("monster");
	server_deliver("monster", "before", 10);
	server_deliver("monster", monster, 10);
	server_deliver("monster", "between", 10);
	server_deliver("monster", monster, 10);
	server_deliver("monster", "behind", 10);
	rig_init(&r);
	ck_assert_msg(rig_changes(&r, "monster", 0) == 0, "%s", r.err.text);
	ck_assert(r.rec.complete);
	ck_assert_uint_eq(recorder_count(&r.rec), 5);
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "before"));
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "between"));
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "behind"));
	ck_assert_int_eq(recorder_get(&r.rec, 2)->subject[0], 'M');
	ck_assert_uint_gt(recorder_get(&r.rec, 4)->size, 1024 * 1024);
	server_deliver("monster", "new", 10);
	server_deliver("monster", monster, 10); /* as new mail, too */
	server_deliver("monster", "newest", 10);
	ck_assert_msg(rig_changes(&r, "monster", 0) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_count(&r.rec), 8);
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "newest"));
	g_tree_remove_all(r.rec.messages); /* and as what the store misses */
	ck_assert_msg(rig_changes(&r, "monster", CHANGES_FULL) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_count(&r.rec), 8);
	rig_release(&r);
}
END_TEST

START_TEST(an_error_of_the_sink_is_handed_on)
{
	struct rig r;

	server_make("sink");
	server_deliver("sink", "a", 10);
	rig_init(&r);
	r.rec.fail_after = 1;
	ck_assert_int_eq(rig_changes(&r, "sink", 0), ERR_STORAGE);
	ck_assert_str_eq(r.err.text, "The disk is full.");
	r.rec.fail_after = 0;
	ck_assert_msg(rig_changes(&r, "sink", 0) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_count(&r.rec), 1);
	rig_release(&r);
}
END_TEST

START_TEST(a_cut_in_fetch_is_made_good)
{
	struct proxy p;
	struct rig r;

	server_make("cut");
	server_deliver("cut", "a", 10);
	server_deliver("cut", "b", 10);
	proxy_start(&p, "--mode cut-fetch:400:1");
	rig_through(&r, &p);
	ck_assert_int_eq(rig_changes(&r, "cut", 0), ERR_OFFLINE);
	ck_assert_msg(rig_changes(&r, "cut", 0) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_count(&r.rec), 2);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

START_TEST(garbage_lines_are_skipped)
{
	struct proxy p;
	struct rig r;

	server_make("garbage");
	server_deliver("garbage", "a", 10);
	server_deliver("garbage", "b", 10);
	proxy_start(&p, "--mode garbage-line");
	rig_through(&r, &p);
	ck_assert_msg(rig_changes(&r, "garbage", 0) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_count(&r.rec), 2);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

/* ... and what asks for no literal is read all the same. */
START_TEST(a_literal_of_four_gigabytes_is_refused)
{
	struct proxy p;
	struct rig r;

	server_make("huge");
	server_deliver("huge", "a", 10);
	proxy_start(&p, "--mode huge-literal:4294967296");
	rig_through(&r, &p);
	ck_assert_msg(rig_changes(&r, "huge", 0) == 0, "%s", r.err.text);
	ck_assert(proxy_saw(&p, "huge-literal"));
	ck_assert_ptr_null(recorder_get(&r.rec, 1)->subject);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

START_TEST(a_read_only_account_never_selects)
{
	struct mutation_batch b = { .verb = MUTATION_FLAGS, .source_path = (char *)"first" };
	struct applied out = { 0 };
	struct proxy p;
	struct rig r;

	proxy_start(&p, "--mode pass");
	rig_through(&r, &p);
	r.account.two_way = false;
	ck_assert_int_eq(rig_changes(&r, "INBOX", 0), 0);
	ck_assert_int_eq(r.p->ops->apply(r.p, &b, &out, &r.err), ERR_UNSUPPORTED);
	ck_assert(proxy_saw(&p, "EXAMINE"));
	ck_assert(!proxy_saw(&p, "SELECT"));
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

/* --- bodies ------------------------------------------------------------------------------ */

static int read_body(struct rig *r, const char *path, uint64_t uid, uint32_t uidvalidity, FILE *f)
{
	struct body_ref ref = { .mailbox_path = path, .uid = uid, .uidvalidity = uidvalidity };
	int n = rig_connect(r);

	return n < 0 ? n : r->p->ops->body(r->p, &ref, fileno(f), &(struct body_rest){ .whole = true }, &r->err);
}

START_TEST(a_body_is_streamed_byte_for_byte)
{
	struct rig r;
	struct kept *k;
	FILE *f = tmpfile();

	server_make("body");
	server_deliver("body", "big", 3000000);
	rig_init(&r);
	ck_assert_int_eq(rig_changes(&r, "body", 0), 0);
	k = recorder_find(&r.rec, "big");
	ck_assert_msg(read_body(&r, "body", k->uid, r.rec.uidvalidity, f) == 0, "%s", r.err.text);
	fseek(f, 0, SEEK_END);
	ck_assert_uint_eq((uint64_t)ftell(f), k->size);
	fclose(f);
	f = tmpfile();
	ck_assert_int_eq(read_body(&r, "body", 4711, r.rec.uidvalidity, f), ERR_GONE);
	ck_assert_int_eq(read_body(&r, "body", k->uid, r.rec.uidvalidity + 1, f), ERR_GONE);
	ck_assert_int_eq(read_body(&r, "nowhere", k->uid, 1, f), ERR_GONE);
	ck_assert_int_eq(ftell(f), 0);
	fclose(f);
	rig_release(&r);
}
END_TEST

/* Without a cursor there may be places all the same: those of before a reset that a crash cut off. */
START_TEST(an_old_uidvalidity_without_a_cursor_is_a_reset)
{
	struct mailbox m = { .path = (char *)"cutoff", .cursor = (char *)"" };
	struct rig r;

	server_make("cutoff");
	server_deliver("cutoff", "a", 10);
	rig_init(&r);
	ck_assert_int_eq(rig_connect(&r), 0);
	ck_assert_int_eq(r.p->ops->changes(r.p, &m, 0, &r.rec.sink, &r.err), 0);
	ck_assert_int_eq(r.rec.resets, 0);
	m.uidvalidity = r.rec.uidvalidity;
	ck_assert_int_eq(r.p->ops->changes(r.p, &m, 0, &r.rec.sink, &r.err), 0);
	ck_assert_int_eq(r.rec.resets, 0);
	m.uidvalidity++;
	ck_assert_int_eq(r.p->ops->changes(r.p, &m, 0, &r.rec.sink, &r.err), 0);
	ck_assert_int_eq(r.rec.resets, 1);
	rig_release(&r);
}
END_TEST

START_TEST(a_body_of_another_message_is_not_taken)
{
	const struct {
		const char *id;
		uint64_t size; /* 0 = the true one */
		int result;
	} rows[] = {
		{ "right@test.example", 0, 0 },
		{ "right@test.example", 9000, 0 }, /* an estimate */
		{ "wrong@test.example", 0, 0 },	   /* an id that the server wrote anew */
		{ "wrong@test.example", 9000, ERR_PROTOCOL },
		{ NULL, 9000, 0 },
		{ NULL, 900000, ERR_PROTOCOL },
	};
	struct rig r;
	struct kept *k;

	server_make("other");
	server_deliver("other", "right", 1000);
	rig_init(&r);
	ck_assert_int_eq(rig_changes(&r, "other", 0), 0);
	k = recorder_find(&r.rec, "right");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct body_ref ref = { .mailbox_path = "other",
			.uid = k->uid,
			.uidvalidity = r.rec.uidvalidity,
			.size = rows[i].size ? rows[i].size : k->size,
			.message_id_header = rows[i].id };
		FILE *f = tmpfile();

		ck_assert_int_eq(rig_connect(&r), 0);
		ck_assert_msg(r.p->ops->body(r.p, &ref, fileno(f), &(struct body_rest){ .whole = true }, &r.err) == rows[i].result,
			"row %d: %s", (int)i, r.err.text);
		fclose(f);
	}
	rig_release(&r);
}
END_TEST

/* --- waiting ----------------------------------------------------------------------------- */

static int wait_in(struct rig *r, const char *path, struct cancel *wake, int ms, bool *live)
{
	struct mailbox m = { .path = (char *)path, .cursor = r->rec.cursor };

	struct watch w = { .mailbox = &m, .wake = wake, .timeout_ms = ms };
	int n = r->p->ops->wait(r->p, &w, &r->err);

	*live = w.live;
	return n;
}

static void *deliver_soon(void *path)
{
	g_usleep(200000);
	server_deliver(path, "pushed", 10);
	return NULL;
}

START_TEST(idle_wakes_for_new_mail)
{
	int64_t start;
	struct rig r;
	pthread_t t;
	bool live = false;

	server_make("idle");
	rig_init(&r);
	ck_assert_int_eq(rig_changes(&r, "idle", 0), 0);
	start = clock_mono_ms();
	pthread_create(&t, NULL, deliver_soon, (void *)"idle");
	ck_assert_msg(wait_in(&r, "idle", NULL, 15000, &live) == 1, "%s", r.err.text);
	pthread_join(t, NULL);
	ck_assert(live);
	ck_assert_int_lt(clock_mono_ms() - start, 10000);
	ck_assert_int_eq(rig_changes(&r, "idle", 0), 0);
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "pushed"));
	ck_assert_int_eq(wait_in(&r, "idle", NULL, 100, &live), 0);
	rig_release(&r);
}
END_TEST

START_TEST(wait_notices_what_came_while_elsewhere)
{
	struct rig r;
	bool live;

	server_make("here");
	server_make("elsewhere");
	rig_init(&r);
	ck_assert_int_eq(rig_changes(&r, "here", 0), 0);
	wait_in(&r, "elsewhere", NULL, 10, &live);
	server_deliver("here", "missed", 10);
	ck_assert_int_eq(wait_in(&r, "here", NULL, 5000, &live), 1);
	rig_release(&r);
}
END_TEST

START_TEST(without_idle_a_noop_finds_it)
{
	struct proxy p;
	struct rig r;
	bool live = true;

	server_make("noop");
	proxy_start(&p, "--mode hide:IDLE");
	rig_through(&r, &p);
	ck_assert_int_eq(rig_changes(&r, "noop", 0), 0);
	server_deliver("noop", "found", 10);
	ck_assert_int_eq(wait_in(&r, "noop", NULL, 50, &live), 1);
	ck_assert(!live);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

struct ringer {
	struct cancel *latch;
	int64_t at;
};

static void *ring(void *arg)
{
	struct ringer *r = arg;

	g_usleep(200000);
	r->at = clock_mono_ms();
	cancel_set(r->latch);
	return NULL;
}

START_TEST(wake_ends_idle)
{
	struct cancel wake;
	struct ringer bell = { .latch = &wake };
	struct rig r;
	pthread_t t;
	bool live;

	cancel_init(&wake);
	rig_init(&r);
	ck_assert_int_eq(rig_connect(&r), 0);
	pthread_create(&t, NULL, ring, &bell);
	ck_assert_msg(wait_in(&r, "INBOX", &wake, 20000, &live) == 0, "%s", r.err.text);
	ck_assert_int_lt(clock_mono_ms() - bell.at, 1000);
	pthread_join(t, NULL);
	cancel_clear(&wake);
	ck_assert_int_eq(rig_changes(&r, "INBOX", 0), 0); /* the connection is still good */
	rig_release(&r);
	cancel_release(&wake);
}
END_TEST

/* --- cancel ------------------------------------------------------------------------------ */

static void cancel_during(const char *mode, bool connects)
{
	struct ringer bell;
	struct proxy p;
	struct rig r;
	pthread_t t;

	proxy_start(&p, mode);
	rig_through(&r, &p);
	if (connects)
		ck_assert_msg(rig_connect(&r) == 0, "%s", r.err.text);
	bell.latch = &r.cancel;
	pthread_create(&t, NULL, ring, &bell);
	ck_assert_int_eq(rig_changes(&r, "INBOX", 0), ERR_CANCELED);
	ck_assert_int_lt(clock_mono_ms() - bell.at, 300);
	pthread_join(t, NULL);
	rig_release(&r);
	proxy_stop(&p);
}

START_TEST(cancel_ends_a_stalled_command)
{
	cancel_during("--mode stall:SELECT", true);
}
END_TEST

START_TEST(cancel_ends_a_stalled_greeting)
{
	cancel_during("--mode stall-connect", false);
}
END_TEST

START_TEST(cancel_ends_a_connect_into_the_void)
{
	struct ringer bell;
	struct rig r;
	pthread_t t;

	rig_init(&r);
	r.account.host = (char *)"192.0.2.1"; /* reserved for documentation */
	bell.latch = &r.cancel;
	pthread_create(&t, NULL, ring, &bell);
	if (rig_connect(&r) == ERR_CANCELED) /* else this machine has no route: refused at once */
		ck_assert_int_lt(clock_mono_ms() - bell.at, 300);
	pthread_join(t, NULL);
	rig_release(&r);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("imap");
	TCase *c = tcase_create("reading");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, mailboxes_have_roles_names_and_subscriptions);
	tcase_add_test(c, mailbox_roles_are_guessed_on_a_bare_server);
	tcase_add_test(c, evil_mailbox_names_are_left_out);
	tcase_add_test(c, first_sync_reads_whole_rows);
	tcase_add_test(c, an_empty_mailbox_is_complete_at_once);
	tcase_add_test(c, later_syncs_see_new_mail_flags_and_expunges);
	tcase_add_test(c, a_message_that_the_store_lost_comes_back);
	tcase_add_test(c, another_uidvalidity_starts_anew);
	tcase_add_test(c, backfill_is_newest_first_and_can_be_paused);
	tcase_add_test(c, a_heavy_loss_is_proved_twice);
	tcase_add_test(c, one_monstrous_message_does_not_stop_its_mailbox);
	tcase_add_test(c, an_error_of_the_sink_is_handed_on);
	tcase_add_test(c, a_cut_in_fetch_is_made_good);
	tcase_add_test(c, garbage_lines_are_skipped);
	tcase_add_test(c, a_literal_of_four_gigabytes_is_refused);
	tcase_add_test(c, a_read_only_account_never_selects);
	tcase_add_test(c, a_body_is_streamed_byte_for_byte);
	tcase_add_test(c, a_body_of_another_message_is_not_taken);
	tcase_add_test(c, an_old_uidvalidity_without_a_cursor_is_a_reset);
	tcase_add_test(c, idle_wakes_for_new_mail);
	tcase_add_test(c, wait_notices_what_came_while_elsewhere);
	tcase_add_test(c, without_idle_a_noop_finds_it);
	tcase_add_test(c, wake_ends_idle);
	tcase_add_test(c, cancel_ends_a_stalled_command);
	tcase_add_test(c, cancel_ends_a_stalled_greeting);
	tcase_add_test(c, cancel_ends_a_connect_into_the_void);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	SRunner *sr;
	int failed, r;

	signal(SIGPIPE, SIG_IGN);
	mime_init();
	r = server_start();
	if (r)
		return r == 77 ? 77 : 1;
	server_make("bulk");
	server_fill("bulk", 700);
	sr = srunner_create(suite());
	srunner_add_suite(sr, imap_apply_suite());
	srunner_add_suite(sr, imap_delta_suite());
	srunner_add_suite(sr, imap_trust_suite());
	srunner_add_suite(sr, imap_watch_suite());
	srunner_add_suite(sr, imap_partial_suite());
	srunner_add_suite(sr, imap_verbs_suite());
	srunner_add_suite(sr, imap_doubt_suite());
	srunner_add_suite(sr, imap_literal_suite());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	server_stop();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
