/* The sync room against a real store and a server in memory. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/backoff.h"
#include "base/mem.h"
#include "model/flags.h"
#include "sync/rig.h"
#include "sync/suites.h"

static struct rig *rig;

static void three_accounts(void)
{
	rig = rig_new(3);
}

static void one_account(void)
{
	rig = rig_new(1);
}

static void teardown(void)
{
	rig_free(&rig);
}

static int leave(const char *path)
{
	struct err err = { 0 };
	int n = 0;

	(void)path;
	for (int i = 0; i < 20 && (n = rig_drain(rig)) > 0; i++)
		;
	ck_assert_msg(n == 0, "%d rows did not leave: %s", n, err.text);
	return n;
}

/* --- retry ---------------------------------------------------------------- */

START_TEST(backoff_doubles_and_is_capped)
{
	struct retry r = { 0 };
	struct err why = { .code = ERR_OFFLINE };
	int64_t expect = 5000;

	backoff_seed(7);
	for (int i = 0; i < 30; i++) {
		int64_t ms = retry_next_ms(&r, &timing_default, &why);

		ck_assert_int_ge(ms, expect * 8 / 10);
		ck_assert_int_le(ms, MIN(expect * 12 / 10, BACKOFF_LAST_MS));
		expect = MIN(expect * 2, BACKOFF_LAST_MS);
	}
}
END_TEST

START_TEST(backoff_honours_the_server)
{
	struct retry r = { 0 };
	struct err why = { .code = ERR_RETRY, .after_s = 77 };

	ck_assert_int_eq(retry_next_ms(&r, &timing_default, &why), 77000);
	why.after_s = 10 * RETRY_AFTER_MAX_S;
	ck_assert_int_eq(retry_next_ms(&r, &timing_default, &why), RETRY_AFTER_MAX_S * 1000LL);
	why = (struct err){ .code = ERR_AUTH, .after_s = 5 };
	ck_assert_int_eq(retry_next_ms(&r, &timing_default, &why), -1);
	why.code = ERR_TRUST;
	ck_assert_int_eq(retry_next_ms(&r, &timing_default, &why), -1);
}
END_TEST

/* --- pull ----------------------------------------------------------------- */

START_TEST(pass_brings_everything)
{
	fake_deliver(rig_box(rig, 0, INBOX), 250);
	fake_deliver(rig_box(rig, 0, ARCHIVE), 1200);
	rig_pass(rig);
	ck_assert(rig_equal(rig, 0));
	fake_deliver(rig_box(rig, 0, INBOX), 3);
	fake_expunge(rig_box(rig, 0, INBOX), 7);
	fake_set_flags(rig_box(rig, 0, ARCHIVE), 300, FLAG_FLAGGED);
	rig_pass(rig);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

/* A history longer than a batch is written by a second thread, in the same order (doc/SYNC 3). */
START_TEST(a_history_of_many_batches_arrives_whole)
{
	int n = 3 * BATCH_CHANGES_MAX + 7, first;

	ck_assert_int_le(n, FAKE_MESSAGES);
	first = fake_deliver(rig_box(rig, 0, INBOX), n);
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), n);
	ck_assert(rig_equal(rig, 0));
	fake_renumber(rig_box(rig, 0, INBOX)); /* many facts behind a reset: this thread's own */
	fake_expunge(rig_box(rig, 0, INBOX), first);
	rig_pass(rig);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

/* --- writer ----------------------------------------------------------------- */

static struct batch *one_message(account_id a, mailbox_id m, uint64_t uid)
{
	struct batch *b = batch_new(a, m);
	struct change c = { .kind = CHANGE_MESSAGE, .uid = uid, .size = 1 };

	batch_change(b, &c);
	return b;
}

static struct writer *start_writer(struct session *s)
{
	struct writer *w = NULL;
	struct err err = { 0 };

	session_init(s, rig->sync, rig->config.accounts->pdata[0], NULL);
	ck_assert_int_eq(writer_start(s, &w, &err), 0);
	return w;
}

/* M-04, doc/STORE 2: a cursor is never committed without the facts before it. */
START_TEST(nothing_is_written_behind_a_failure)
{
	struct batch_result sum;
	struct session s;
	struct writer *w = start_writer(&s);
	struct err err = { 0 };
	mailbox_id inbox;
	struct batch *b;

	rig_pass(rig); /* makes the mailboxes */
	inbox = rig_mailbox(rig, 0, INBOX);
	b = one_message(rig->id[0], inbox, 1);
	ck_assert_int_eq(writer_put(w, &b, &err), 0);
	ck_assert_ptr_null(b);
	b = one_message((account_id){ 4711 }, inbox, 2); /* no such account */
	ck_assert_int_eq(writer_put(w, &b, &err), 0);
	b = one_message(rig->id[0], inbox, 3);
	ck_assert_int_eq(writer_put(w, &b, &err), ERR_STORAGE);
	ck_assert_ptr_nonnull(b);
	batch_free(&b);
	ck_assert_int_eq(writer_wait(w, &sum, &err), ERR_STORAGE);
	ck_assert_int_eq(sum.added, 1);
	writer_stop(&w);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 1);
	session_close(&s);
}
END_TEST

START_TEST(a_store_that_cannot_be_opened_is_told)
{
	char *real = rig->places.data, wrong[] = "/dev/null/tern";
	struct batch_result sum;
	struct batch *b = one_message(rig->id[0], (mailbox_id){ 1 }, 1);
	struct session s;
	struct writer *w;
	struct err err = { 0 };
	int r;

	rig->places.data = wrong;
	w = start_writer(&s);
	r = writer_put(w, &b, &err);
	if (r == 0)
		r = writer_wait(w, &sum, &err);
	ck_assert_int_eq(r, ERR_STORAGE);
	writer_stop(&w);
	rig->places.data = real;
	batch_free(&b);
	session_close(&s);
}
END_TEST

START_TEST(every_mailbox_has_its_newest_slice_first)
{
	static const int first[] = { INBOX, ARCHIVE, TRASH, INBOX };

	for (int i = INBOX; i <= TRASH; i++)
		fake_deliver(rig_box(rig, 0, i), 300);
	rig->sync->timing.turn = 0;
	rig_pass(rig);
	ck_assert_int_ge(rig->server[0]->n_visits, 9);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(rig->server[0]->visits[i], first[i]);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(nodes_without_messages_are_skipped)
{
	rig_box(rig, 0, ARCHIVE)->attrs = MAILBOX_NOSELECT;
	rig_pass(rig);
	for (int i = 0; i < rig->server[0]->n_visits; i++)
		ck_assert_int_ne(rig->server[0]->visits[i], ARCHIVE);
}
END_TEST

static const struct {
	const char *name;
	enum err_code code;
	int times;
	bool ends, noted;
	int behind; /* messages of the mailbox behind it that came */
} grades[] = {
	{ "gone", ERR_GONE, 1, false, false, 5 },
	{ "refused", ERR_REFUSED, 1, false, false, 5 },
	{ "protocol", ERR_PROTOCOL, 1, false, true, 5 },
	{ "limit", ERR_LIMIT, 1, false, true, 5 },
	{ "a line that breaks now and then", ERR_OFFLINE, BREAKS_MAX, false, false, 5 },
	{ "... and one that is no line", ERR_OFFLINE, BREAKS_MAX + 1, true, true, 5 },
	{ "auth", ERR_AUTH, 1, true, true, 0 },
	{ "trust", ERR_TRUST, 1, true, true, 0 },
};

START_TEST(one_bad_mailbox_does_not_stop_the_others)
{
	g_autoptr(GArray) accounts = NULL;
	struct err err = { 0 };
	int r;

	fake_deliver(rig_box(rig, 0, INBOX), 5);
	fake_deliver(rig_box(rig, 0, TRASH), 5);
	rig_box(rig, 0, ARCHIVE)->fail = grades[_i].code;
	rig_box(rig, 0, ARCHIVE)->fail_times = grades[_i].times;
	r = rig->engine->pass(rig->engine, rig->id[0], false, NULL, &err);
	ck_assert_int_eq(r, grades[_i].ends ? (int)grades[_i].code : 0);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 5);
	ck_assert_int_eq(rig_total(rig, 0, TRASH), grades[_i].behind);
	ck_assert_int_eq(store_accounts(rig->store, &accounts, &err), 0);
	ck_assert_int_eq(g_array_index(accounts, struct account_row, 0).error.code,
		grades[_i].noted ? (int)grades[_i].code : 0);
}
END_TEST

/* --- the second witness --------------------------------------------------- */

START_TEST(an_empty_answer_is_no_proof)
{
	fake_deliver(rig_box(rig, 0, INBOX), 100);
	rig_pass(rig);
	rig->server[0]->lie_empty = 1;
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 100);
	ck_assert_int_ge(fake_count(rig->server[0], FAKE_CONNECT), 3);
}
END_TEST

/* Limits: at half nothing is doubted; one more is; below GONE_LEAST nothing is. */
static const struct {
	int total, removed;
	bool doubted;
} shares[] = {
	{ 40, 20, false }, { 40, 21, true }, { 40, 40, true }, { 19, 19, false }, { 20, 20, true },
};

START_TEST(a_mass_removal_needs_two_witnesses)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int first = fake_deliver(inbox, shares[_i].total), before;

	rig_pass(rig);
	for (int i = 0; i < shares[_i].removed; i++)
		fake_expunge(inbox, first + i);
	before = fake_count(rig->server[0], FAKE_CONNECT);
	rig_pass(rig);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_CONNECT) - before,
		shares[_i].doubted ? 2 : 1);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(only_what_both_witnesses_say_goes)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int first = fake_deliver(inbox, 100);

	rig_pass(rig);
	for (int i = 0; i < 60; i++)
		fake_expunge(inbox, first + i);
	rig->server[0]->lie_empty = 1;
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 40);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(the_second_witness_alone_is_no_proof_either)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int first = fake_deliver(inbox, 100);

	rig_pass(rig);
	for (int i = 0; i < 60; i++)
		fake_expunge(inbox, first + i);
	rig->server[0]->lie_wait = 1;
	rig->server[0]->lie_empty = 1;
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 40);
}
END_TEST

START_TEST(a_short_list_of_mailboxes_is_no_proof)
{
	struct fake_account *a = rig->server[0];

	fake_deliver(rig_box(rig, 0, TRASH), 4);
	rig_pass(rig);
	a->lack[0] = TRASH;
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, TRASH), 4);
	a->lack[0] = ARCHIVE; /* the two lists do not miss the same */
	a->lack[1] = TRASH;
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, TRASH), 4);
	a->lack[0] = a->lack[1] = TRASH;
	a->boxes[TRASH].fail = ERR_GONE;
	a->boxes[TRASH].fail_times = 1;
	rig_pass(rig);
	ck_assert_int_eq(rig_mailbox(rig, 0, TRASH).v, 0);
}
END_TEST

START_TEST(an_empty_list_of_mailboxes_never_removes)
{
	struct err err = { 0 };

	fake_deliver(rig_box(rig, 0, INBOX), 4);
	rig_pass(rig);
	rig->server[0]->lie_boxes = 1;
	rig_pass(rig);
	rig->server[0]->lie_boxes = 2;
	ck_assert_int_eq(rig->engine->pass(rig->engine, rig->id[0], false, NULL, &err), ERR_RETRY);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 4);
}
END_TEST

static int body_now(message_id m)
{
	struct err err = { 0 };

	return rig->engine->body(rig->engine, rig->id[0], m, NULL, &err);
}

START_TEST(new_uidvalidity_keeps_bodies)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int first = fake_deliver(inbox, 50);
	message_id m;

	rig_pass(rig);
	m = rig_message(rig, INBOX, first + 10);
	ck_assert_int_eq(body_now(m), 0);
	fake_expunge(inbox, first);
	fake_renumber(inbox);
	rig_pass(rig);
	ck_assert(rig_equal(rig, 0));
	ck_assert_int_eq(rig_message(rig, INBOX, first + 10).v, m.v);
	ck_assert(store_body_cached(rig->store, m));
}
END_TEST

/* Moved by another client into a mailbox that cannot be read for a while: nothing is cleaned up. */
START_TEST(an_incomplete_pass_cleans_nothing_up)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX), *archive = rig_box(rig, 0, ARCHIVE);
	int m = fake_deliver(inbox, 3);
	message_id id;

	rig_pass(rig);
	id = rig_message(rig, INBOX, m);
	ck_assert_int_eq(body_now(id), 0);
	fake_move(inbox, m, archive);
	archive->fail = ERR_LIMIT;
	archive->fail_times = 5;
	for (int i = 0; i < 5; i++)
		rig_pass(rig);
	ck_assert(!rig_shows(rig, 0, INBOX, m));
	rig_pass(rig);
	ck_assert_int_eq(rig_message(rig, ARCHIVE, m).v, id.v);
	ck_assert(store_body_cached(rig->store, id));
}
END_TEST

START_TEST(a_lie_about_uidvalidity_changes_nothing)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	struct err err = { 0 };

	fake_deliver(inbox, 50);
	rig_pass(rig);
	rig->server[0]->lie_void = 1;
	rig->server[0]->lie_empty = 1; /* nor does what such an answer goes on with */
	rig_pass(rig);
	ck_assert_int_eq(store_mailbox(rig->store, rig_mailbox(rig, 0, INBOX), &m, &err), 0);
	ck_assert_uint_eq(m->uidvalidity, inbox->uidvalidity);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 50);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_CONNECT), 3);
}
END_TEST

/* --- push ----------------------------------------------------------------- */

START_TEST(flag_survives_a_lost_connection)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int m = fake_deliver(inbox, 3);
	unsigned flags = 0;
	struct err err = { 0 };

	rig_pass(rig);
	rig_flag(rig, INBOX, m, FLAG_FLAGGED);
	fake_fail(rig->server[0], FAKE_APPLY, ERR_OFFLINE, 1);
	ck_assert_int_eq(rig->engine->drain(rig->engine, rig->id[0], NULL, &err), 1);
	ck_assert_int_eq(err.code, ERR_OFFLINE);
	fake_copies(inbox, m, &flags);
	ck_assert_uint_eq(flags, 0);
	leave("flag");
	fake_copies(inbox, m, &flags);
	ck_assert_uint_eq(flags, FLAG_FLAGGED);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(move_with_a_lost_answer_happens_once)
{
	int m = fake_deliver(rig_box(rig, 0, INBOX), 3);

	rig->server[0]->tells_uid = _i == 0;
	rig_pass(rig);
	rig_move(rig, INBOX, m, ARCHIVE);
	rig->server[0]->lose_answer = 1;
	ck_assert_int_eq(rig_drain(rig), 1);
	leave("move");
	rig_pass(rig);
	ck_assert_int_eq(rig->server[0]->moved[m], 1);
	ck_assert_int_eq(fake_copies(rig_box(rig, 0, ARCHIVE), m, NULL), 1);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(a_message_that_is_gone_is_a_conflict)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int m = fake_deliver(inbox, 3);

	rig_pass(rig);
	rig_move(rig, INBOX, m, ARCHIVE);
	fake_expunge(inbox, m);
	ck_assert_int_eq(rig_drain(rig), 0);
	ck_assert_int_eq(rig_rows(rig, MUTATION_CONFLICT), 1);
}
END_TEST

START_TEST(changes_of_one_message_keep_their_order)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX), *trash = rig_box(rig, 0, TRASH);
	int m = fake_deliver(inbox, 3);
	unsigned flags = 0;

	rig_pass(rig);
	rig_flag(rig, INBOX, m, FLAG_SEEN);
	rig_move(rig, INBOX, m, TRASH);
	leave("flag and move");
	rig_pass(rig);
	ck_assert_int_eq(fake_copies(trash, m, &flags), 1);
	ck_assert_uint_eq(flags, FLAG_SEEN);
	ck_assert_int_eq(rig->server[0]->moved[m], 1);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(a_read_only_account_sends_nothing)
{
	struct account *a = g_ptr_array_index(rig->config.accounts, 0);
	int m = fake_deliver(rig_box(rig, 0, INBOX), 3);

	a->two_way = false;
	rig_pass(rig);
	rig_flag(rig, INBOX, m, FLAG_SEEN);
	ck_assert_int_eq(rig_drain(rig), 1);
	rig_pass(rig);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_APPLY), 0);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_PREPARE), 0);
}
END_TEST

START_TEST(many_flags_leave_as_one_command)
{
	int first = fake_deliver(rig_box(rig, 0, INBOX), 30);

	rig_pass(rig);
	for (int i = 0; i < 30; i++)
		rig_flag(rig, INBOX, first + i, FLAG_SEEN);
	leave("flags");
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_APPLY), 1);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

/* Errors of the rows at hand end neither the push nor the pass; what they become is the store's. */
static const struct {
	const char *name;
	enum err_code code;
	enum mutation_status then;
} judged[] = {
	{ "refused", ERR_REFUSED, MUTATION_FAILED },
	{ "conflict", ERR_CONFLICT, MUTATION_QUEUED },
	{ "unsupported", ERR_UNSUPPORTED, MUTATION_FAILED },
	{ "protocol", ERR_PROTOCOL, MUTATION_QUEUED },
	{ "later", ERR_RETRY, MUTATION_QUEUED },
};

START_TEST(a_bad_row_does_not_keep_new_mail_away)
{
	for (size_t i = 0; i < G_N_ELEMENTS(judged); i++) {
		struct fake_box *inbox = rig_box(rig, 0, INBOX);
		int m = fake_deliver(inbox, 2);

		rig_pass(rig);
		rig_flag(rig, INBOX, m, FLAG_SEEN);
		fake_fail(rig->server[0], FAKE_APPLY, judged[i].code, PUSH_IDLE_MAX);
		fake_deliver(inbox, 1);
		rig_pass(rig);
		ck_assert_msg(rig_shows(rig, 0, INBOX, m + 2), "%s", judged[i].name);
		ck_assert_msg(rig_rows(rig, judged[i].then) > 0, "%s", judged[i].name);
		fake_fail(rig->server[0], FAKE_APPLY, ERR_OK, 0);
		leave(judged[i].name);
	}
}
END_TEST

/* --- the command line's forms --------------------------------------------- */

START_TEST(a_drain_tells_what_waits_and_why)
{
	struct err err = { 0 };
	int m = fake_deliver(rig_box(rig, 0, INBOX), 3);

	rig_pass(rig);
	ck_assert_int_eq(rig->engine->drain(rig->engine, rig->id[0], NULL, &err), 0);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_CONNECT), 1); /* nothing to do: no call */
	rig_flag(rig, INBOX, m, FLAG_SEEN);
	rig_flag(rig, INBOX, m + 1, FLAG_FLAGGED);
	fake_fail(rig->server[0], FAKE_CONNECT, ERR_AUTH, 1);
	ck_assert_int_eq(rig->engine->drain(rig->engine, rig->id[0], NULL, &err), 2);
	ck_assert_int_eq(err.code, ERR_AUTH);
	ck_assert_int_eq(rig->engine->drain(rig->engine, rig->id[0], NULL, NULL), 0);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(check_connects_and_lists)
{
	struct err err = { 0 };

	ck_assert_int_eq(rig->engine->check(rig->engine, rig->id[0], NULL, &err), 0);
	fake_fail(rig->server[0], FAKE_CONNECT, ERR_AUTH, 1);
	ck_assert_int_eq(rig->engine->check(rig->engine, rig->id[0], NULL, &err), ERR_AUTH);
	ck_assert_int_eq(rig->engine->check(rig->engine, (account_id){ 99 }, NULL, &err),
		ERR_USAGE);
}
END_TEST

START_TEST(one_bad_account_does_not_stop_a_pass_over_all)
{
	struct err err = { 0 };

	for (int i = 0; i < 3; i++)
		fake_deliver(rig_box(rig, i, INBOX), 5);
	fake_fail(rig->server[1], FAKE_CONNECT, ERR_OFFLINE, 1);
	ck_assert_int_eq(rig->engine->pass(rig->engine, (account_id){ 0 }, false, NULL, &err),
		ERR_OFFLINE);
	ck_assert(rig_equal(rig, 0));
	ck_assert_int_eq(rig_total(rig, 1, INBOX), 0);
	ck_assert(rig_equal(rig, 2));
}
END_TEST

/* --- the list ------------------------------------------------------------- */

static void add_single(TCase *c)
{
	tcase_add_test(c, backoff_doubles_and_is_capped);
	tcase_add_test(c, backoff_honours_the_server);
	tcase_add_test(c, pass_brings_everything);
	tcase_add_test(c, a_history_of_many_batches_arrives_whole);
	tcase_add_test(c, nothing_is_written_behind_a_failure);
	tcase_add_test(c, a_store_that_cannot_be_opened_is_told);
	tcase_add_test(c, every_mailbox_has_its_newest_slice_first);
	tcase_add_test(c, nodes_without_messages_are_skipped);
	tcase_add_loop_test(c, one_bad_mailbox_does_not_stop_the_others, 0,
		(int)G_N_ELEMENTS(grades));
	tcase_add_test(c, an_empty_answer_is_no_proof);
	tcase_add_loop_test(c, a_mass_removal_needs_two_witnesses, 0, (int)G_N_ELEMENTS(shares));
	tcase_add_test(c, only_what_both_witnesses_say_goes);
	tcase_add_test(c, the_second_witness_alone_is_no_proof_either);
	tcase_add_test(c, a_short_list_of_mailboxes_is_no_proof);
	tcase_add_test(c, an_empty_list_of_mailboxes_never_removes);
	tcase_add_test(c, new_uidvalidity_keeps_bodies);
	tcase_add_test(c, an_incomplete_pass_cleans_nothing_up);
	tcase_add_test(c, a_lie_about_uidvalidity_changes_nothing);
	tcase_add_test(c, flag_survives_a_lost_connection);
	tcase_add_loop_test(c, move_with_a_lost_answer_happens_once, 0, 2);
	tcase_add_test(c, a_message_that_is_gone_is_a_conflict);
	tcase_add_test(c, changes_of_one_message_keep_their_order);
	tcase_add_test(c, a_read_only_account_sends_nothing);
	tcase_add_test(c, many_flags_leave_as_one_command);
	tcase_add_test(c, a_drain_tells_what_waits_and_why);
	tcase_add_test(c, a_bad_row_does_not_keep_new_mail_away);
	tcase_add_test(c, check_connects_and_lists);
}

static TCase *make_case(Suite *s, const char *name, void (*setup)(void))
{
	TCase *c = tcase_create(name);

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return c;
}

int main(void)
{
	Suite *s = suite_create("sync");
	SRunner *runner = srunner_create(s);
	TCase *three;
	int failed;

	add_single(make_case(s, "blocking", one_account));
	three = make_case(s, "accounts", three_accounts);
	tcase_add_test(three, one_bad_account_does_not_stop_a_pass_over_all);
	add_worker_tests(s);
	add_engine_tests(s);
	add_history_tests(s);
	suite_add_tcase(s, suite_interrupt());
	suite_add_tcase(s, suite_soak());
	suite_add_tcase(s, suite_coalesce());
	suite_add_tcase(s, suite_push());
	suite_add_tcase(s, suite_aside());
	suite_add_tcase(s, suite_processes());
	suite_add_tcase(s, suite_ready());
	suite_add_tcase(s, suite_governor());
	suite_add_tcase(s, suite_warm());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
