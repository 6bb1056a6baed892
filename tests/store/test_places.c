/*
 * Two places of one message in one mailbox, and undo: each goes back to where it
 * was, with its flags (M-08, C-14).
 */
#include <check.h>
#include <glib.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "model/flags.h"
#include "store/desk.h"

/* --- looking ------------------------------------------------------------ */

/* All that is shown, as "MESSAGE:MAILBOX:FLAGS ...". */
static char *look(void)
{
	g_autofree char *path = g_build_filename(rig->dir, "tern.db", NULL);
	char *words;
	sqlite3_stmt *q;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_busy_timeout(db, 10000), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db,
		"SELECT ifnull(group_concat(m || ':' || b || ':' || f, ' '), '') FROM (SELECT"
		" message_id AS m, mailbox_id AS b, flags AS f FROM location WHERE shown = 1"
		" ORDER BY 1, 2, 3)", -1, &q, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
	words = g_strdup((const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	sqlite3_close(db);
	return words;
}

static void same(const char *want, const char *what, int at)
{
	g_autofree char *have = look();

	ck_assert_msg(strcmp(have, want) == 0, "%s at %d: %s, not %s", what, at, have, want);
}

/* The n-th place that the mailbox shows, by age. */
static location_id place(mailbox_id m, int n)
{
	g_autofree char *sql = g_strdup_printf("SELECT id FROM location WHERE shown = 1"
		" AND mailbox_id = %d ORDER BY id LIMIT 1 OFFSET %d", (int)m.v, n);

	return (location_id){ rig_ask(rig, sql) };
}

static int count(mailbox_id m, unsigned flags)
{
	g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM location WHERE shown = 1"
		" AND mailbox_id = %d AND flags = %u", (int)m.v, flags);

	return (int)rig_ask(rig, sql);
}

/* --- acting ------------------------------------------------------------- */

static int wish(enum mutation_verb verb, const location_id *l, size_t n, mailbox_id target,
	unsigned add)
{
	const struct want w = { .verb = verb, .target = target, .add = add };
	struct err err;
	int r = store_want(rig->store, &w, l, n, &err);

	must(r, &err);
	return r;
}

/* The archive shows one message twice, the second one with a star; both are at the server. */
static void archive_twice(void)
{
	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	send_all(100);
	wish(MUTATION_FLAGS, (location_id[]){ place(rig->archive, 1) }, 1, rig->inbox, FLAG_FLAGGED);
	send_all(0);
	ck_assert_int_eq(count(rig->archive, 0), 1);
	ck_assert_int_eq(count(rig->archive, FLAG_FLAGGED), 1);
}

static int act_on_both(enum mutation_verb verb, mailbox_id target, unsigned add)
{
	const location_id both[] = { place(rig->archive, 0), place(rig->archive, 1) };

	return wish(verb, both, 2, target, add);
}

/* --- one step about both -------------------------------------------------- */

START_TEST(both_come_back)
{
	g_autofree char *before = NULL;

	archive_twice();
	before = look();
	ck_assert_int_eq(act_on_both(MUTATION_MOVE, rig->trash, 0), 2);
	if (_i & 1)
		send_all(200);
	ck_assert_int_eq(rig_total(rig, rig->archive), 0);
	ck_assert_int_eq(undo(0, NULL), 1);
	same(before, "undone", 0);
	if (_i & 2)
		send_all(300);
	ck_assert_int_eq(redo(0), 1);
	ck_assert_int_eq(rig_total(rig, rig->archive), 0);
	if (_i & 4)
		send_all(400);
	ck_assert_int_eq(undo(0, NULL), 1);
	send_all(500);
	same(before, "undone again", 0);
	ck_assert_int_eq(undo(0, NULL), 1); /* the star */
	ck_assert_int_eq(count(rig->archive, 0), 2);
	ck_assert_int_eq(undo(0, NULL), 1); /* the move */
	ck_assert(rig_shows(rig, rig->inbox, 1));
	ck_assert_int_eq(undo(0, NULL), 1); /* the copy */
	send_all(600);
	ck_assert_int_eq(rig_total(rig, rig->archive), 0);
	ck_assert_int_eq(rig_total(rig, rig->inbox), 1);
	ck_assert_int_eq(open_rows(), 0);
}
END_TEST

/* The copy goes with the original, from two mailboxes into one; what became of each is known. */
START_TEST(each_goes_back_to_its_mailbox)
{
	g_autofree char *before = NULL;
	location_id both[2];

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	send_all(100);
	before = look();
	both[0] = place(rig->archive, 0);
	both[1] = place(rig->inbox, 0);
	ck_assert_int_eq(wish(MUTATION_MOVE, both, 2, rig->trash, 0), 2);
	send_all(200);
	ck_assert_int_eq(rig_total(rig, rig->trash), 2);
	ck_assert_int_eq(undo(0, NULL), 1);
	send_all(300);
	same(before, "undone", 0);
}
END_TEST

/* A copy of message 1 is heard of. */
static void arrive(mailbox_id m, uint64_t uid, unsigned flags)
{
	const struct change c = { .kind = CHANGE_MESSAGE, .uid = uid, .flags = flags,
		.message_id = "m1@example.org", .size = 1001 };
	struct batch *b = batch_new(rig->account, m);
	struct err err;

	batch_change(b, &c);
	batch_cursor(b, "2", 1, true);
	must(batch_apply(rig->store, b, NULL, &err), &err);
	batch_free(&b);
}

/* A server that tells no numbers: which of both came is told by its flags. */
START_TEST(each_is_found_by_its_flags)
{
	g_autofree char *before = NULL;
	struct mutation_batch *b;
	location_id both[2];

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	send_all(100);
	before = look();
	both[0] = place(rig->archive, 0);
	both[1] = place(rig->inbox, 0);
	ck_assert_int_eq(wish(MUTATION_MOVE, both, 2, rig->trash, 0), 2);
	while ((b = rig_claim(rig)) != NULL)
		rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	arrive(rig->trash, 200, FLAG_FLAGGED);
	arrive(rig->trash, 201, 0);
	ck_assert_int_eq(rig_total(rig, rig->trash), 2);
	ck_assert_int_eq(undo(0, NULL), 1);
	send_all(300);
	same(before, "undone", 0);
}
END_TEST

START_TEST(flags_of_both_come_back)
{
	g_autofree char *before = NULL;

	archive_twice();
	before = look();
	ck_assert_int_eq(act_on_both(MUTATION_FLAGS, rig->inbox, FLAG_SEEN | FLAG_FLAGGED), 2);
	send_all(0);
	ck_assert_int_eq(count(rig->archive, FLAG_SEEN | FLAG_FLAGGED), 2);
	/* one of them goes elsewhere: undo finds it there, too */
	wish(MUTATION_MOVE, (location_id[]){ place(rig->archive, 1) }, 1, rig->trash, 0);
	send_all(200);
	ck_assert_int_eq(undo(step_at(1), NULL), 1);
	ck_assert_int_eq(count(rig->archive, 0), 1);
	ck_assert_int_eq(count(rig->trash, FLAG_FLAGGED), 1);
	ck_assert_int_eq(undo(0, NULL), 1);
	send_all(300);
	same(before, "undone", 0);
}
END_TEST

START_TEST(both_are_taken_back_from_deletion)
{
	g_autofree char *before = NULL;

	archive_twice();
	before = look();
	ck_assert_int_eq(act_on_both(MUTATION_EXPUNGE, rig->inbox, 0), 2);
	ck_assert_int_eq(rig_total(rig, rig->archive), 0);
	ck_assert_int_eq(undo(0, NULL), 1);
	same(before, "undone", 0);
	ck_assert_int_eq(open_rows(), 0);
	ck_assert_int_eq(redo(0), 1);
	ck_assert_int_eq(undo(0, NULL), 1);
	same(before, "undone again", 0);
}
END_TEST

/* ... which had moved there and had not left. */
START_TEST(both_are_taken_back_to_where_they_were_deleted)
{
	g_autofree char *before = NULL;

	archive_twice();
	ck_assert_int_eq(act_on_both(MUTATION_MOVE, rig->trash, 0), 2);
	before = look();
	ck_assert_int_eq(wish(MUTATION_EXPUNGE,
		(location_id[]){ place(rig->trash, 1), place(rig->trash, 0) }, 2, rig->inbox, 0), 2);
	ck_assert_int_eq(rig_total(rig, rig->trash), 0);
	ck_assert_int_eq(undo(0, NULL), 1);
	same(before, "undone", 0);
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert_int_eq(rig_total(rig, rig->archive), 2);
	ck_assert_int_eq(open_rows(), 0);
}
END_TEST

/* --- what is elsewhere ---------------------------------------------------- */

START_TEST(the_one_that_moved_on_is_left_alone)
{
	struct undone out;

	archive_twice();
	act_on_both(MUTATION_MOVE, rig->trash, 0);
	send_all(200);
	/* the plain one moves on: the one with the star is that which comes back */
	wish(MUTATION_MOVE, (location_id[]){ place(rig->trash, 0) }, 1, rig->inbox, 0);
	send_all(300);
	ck_assert_int_eq(undo(step_at(1), &out), 1);
	ck_assert_int_eq(out.done, 1);
	ck_assert_int_eq(out.skipped, 1);
	ck_assert_int_eq(count(rig->archive, FLAG_FLAGGED), 1);
	ck_assert_int_eq(count(rig->inbox, 0), 1);
	ck_assert_int_eq(rig_total(rig, rig->trash), 0);
}
END_TEST

/* Somebody removed the copy: undo of the copy does not delete the original that came there since. */
START_TEST(undo_of_a_copy_spares_the_original)
{
	struct undone out;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	send_all(100);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	send_all(101);
	rig_fact(rig, rig->archive, CHANGE_GONE, 100, 0);
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
	ck_assert_int_eq(undo(step_at(1), &out), 1);
	ck_assert_int_eq(out.done, 0);
	ck_assert_int_eq(out.skipped, 1);
	ck_assert_int_eq(open_rows(), 0);
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
}
END_TEST

/* A copy goes to where it is copied from: whether it had left or not, there are two. */
START_TEST(a_copy_that_moved_home_comes_back)
{
	g_autofree char *before = NULL;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	before = look();
	want_at(MUTATION_MOVE, rig->archive, 1, rig->inbox);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(count(rig->inbox, 0), 2);
		ck_assert_int_eq(undo(0, NULL), 1);
		same(before, "undone", i);
		send_all((uint64_t)i * 100 + 100);
		ck_assert_int_eq(redo(0), 1);
	}
	send_all(300);
	ck_assert_int_eq(count(rig->inbox, 0), 2);
	ck_assert_int_eq(open_rows(), 0);
}
END_TEST

/* What the server refused and is tried again is the same item. */
START_TEST(a_retry_is_undone_like_the_first_try)
{
	g_autofree char *before = NULL;
	struct mutation_batch *b;
	struct err err;

	archive_twice();
	before = look();
	act_on_both(MUTATION_MOVE, rig->trash, 0);
	while ((b = rig_claim(rig)) != NULL)
		rig_settle(rig, &b, APPLIED_REFUSED, 0, ERR_OK);
	same(before, "refused", 0);
	must(store_queue_act(rig->store, rig_ask(rig, "SELECT max(id) FROM mutation WHERE"
		" status = 'failed'"), true, QUEUE_RETRY, &err), &err);
	send_all(200);
	ck_assert_int_eq(rig_total(rig, rig->trash), 2);
	ck_assert_int_eq(undo(0, NULL), 1);
	send_all(300);
	same(before, "undone", 0);
}
END_TEST

/* An item of a store of before knows the mailbox only; as soon as it is used it knows more. */
START_TEST(an_item_without_a_place_is_found_by_its_mailbox)
{
	g_autofree char *path = g_build_filename(rig->dir, "tern.db", NULL), *before = NULL;
	sqlite3 *db;

	rig_add(rig, rig->inbox, 1, 0);
	before = look();
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	if (_i & 1)
		send_all(100);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "UPDATE undo_item SET place = 0, target_place = 0", NULL,
		NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(undo(0, NULL), 1);
		same(before, "undone", i);
		ck_assert_int_eq(redo(0), 1);
		ck_assert(rig_shows(rig, rig->archive, 1) && !rig_shows(rig, rig->inbox, 1));
		send_all((uint64_t)i * 100 + 200);
	}
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM undo_item u JOIN location l"
		" ON l.id = u.target_place AND l.mailbox_id = u.target_id"), 1);
}
END_TEST

/* --- at random ------------------------------------------------------------ */

/*
 * Only the reader changes things: undo shows the picture from before the step,
 * redo that from after it, however many places a message has in a mailbox and
 * whatever left in between.
 */
enum { MESSAGES = 3, MOVES = 300, ROUNDS = 12, DEPTH = 400, PLACES_MAX = 12 };

struct copy {
	int64_t message, mailbox;
	uint64_t uid;
	unsigned flags;
};

struct world {
	GArray *copies;              /* of struct copy: the server */
	char *past[DEPTH];
	int now, newest;             /* in past */
	uint64_t uid;
	struct mutation_batch *sent; /* claimed and not settled */
	GRand *rand;
};

static struct copy *find(struct world *w, mailbox_id m, uint64_t uid)
{
	for (guint i = 0; i < w->copies->len; i++) {
		struct copy *c = &g_array_index(w->copies, struct copy, i);

		if (c->mailbox == m.v && c->uid == uid)
			return c;
	}
	ck_abort_msg("there is no message %d", (int)uid);
	return NULL;
}

/* What the server makes of one item; the uid in the target. */
static uint64_t serve(struct world *w, const struct mutation_batch *b, const struct mutation_item *i)
{
	struct copy *c = find(w, b->source, i->uid);
	struct copy there = { c->message, b->target.v, w->uid, c->flags };

	ck_assert_int_eq(c->message, i->message.v);
	if (b->verb == MUTATION_FLAGS)
		c->flags = (c->flags | b->add) & ~b->remove;
	if (b->verb == MUTATION_MOVE || b->verb == MUTATION_EXPUNGE)
		g_array_remove_index_fast(w->copies,
			(guint)(c - &g_array_index(w->copies, struct copy, 0)));
	if (!b->target.v)
		return 0;
	w->uid++;
	g_array_append_val(w->copies, there);
	return there.uid;
}

static void answer(struct world *w, bool tried)
{
	g_autofree struct applied *out = g_new0(struct applied, w->sent->n);
	struct err why = { 0 }, err;

	if (!tried)
		err_set(&why, ERR_OFFLINE, "The test is offline.");
	for (size_t i = 0; tried && i < w->sent->n; i++) {
		out[i].target_uid = serve(w, w->sent, &w->sent->items[i]);
		out[i].state = APPLIED_DONE;
	}
	must(store_queue_settle(rig->store, w->sent, out, &why, &err), &err);
	mutation_batch_free(&w->sent);
}

static void work(struct world *w)
{
	if (w->sent)
		answer(w, g_rand_int_range(w->rand, 0, 3) > 0);
	else
		w->sent = rig_claim(rig);
}

/* Acts on one place, or on all of the message in that mailbox. */
static void step(struct world *w)
{
	const mailbox_id boxes[] = { rig->inbox, rig->archive, rig->trash };
	mailbox_id from = boxes[g_rand_int_range(w->rand, 0, 3)];
	mailbox_id to = boxes[g_rand_int_range(w->rand, 0, 3)];
	int kind = g_rand_int_range(w->rand, 0, 8);
	enum mutation_verb verb = kind < 3 ? MUTATION_FLAGS : kind < 7 ? MUTATION_MOVE : MUTATION_COPY;
	int n = (int)rig_total(rig, from), many = g_rand_int_range(w->rand, 0, 3) == 0 ? n : 1;
	location_id l[PLACES_MAX];

	if (n == 0 || n > PLACES_MAX || (verb == MUTATION_COPY && rig_ask(rig,
		"SELECT count(*) FROM location WHERE shown = 1") >= PLACES_MAX))
		return;
	for (int i = 0; i < many; i++)
		l[i] = place(from, many == n ? i : g_rand_int_range(w->rand, 0, n));
	if (wish(verb, l, (size_t)many, to, kind & 1 ? FLAG_SEEN : FLAG_FLAGGED) == 0)
		return;
	w->newest = ++w->now;
	ck_assert_int_lt(w->now, DEPTH);
	g_free(w->past[w->now]);
	w->past[w->now] = look();
}

static void back_or_forth(struct world *w)
{
	if (g_rand_int_range(w->rand, 0, 5) < 3) {
		ck_assert_int_eq(undo(0, NULL), w->now > 0);
		w->now -= w->now > 0;
	} else {
		ck_assert_int_eq(redo(0), w->now < w->newest);
		w->now += w->now < w->newest;
	}
	same(w->past[w->now], "history", w->now);
}

static int by_place(gconstpointer pa, gconstpointer pb)
{
	const struct copy *a = pa, *b = pb;

	if (a->message != b->message)
		return a->message < b->message ? -1 : 1;
	if (a->mailbox != b->mailbox)
		return a->mailbox < b->mailbox ? -1 : 1;
	return (a->flags > b->flags) - (a->flags < b->flags);
}

/* When all has left the server has what the reader sees. */
static void drain(struct world *w)
{
	g_autoptr(GString) server = g_string_new(NULL);

	while (w->sent || (w->sent = rig_claim(rig)) != NULL)
		answer(w, true);
	ck_assert_int_eq(open_rows(), 0);
	g_array_sort(w->copies, by_place);
	for (guint i = 0; i < w->copies->len; i++) {
		const struct copy *c = &g_array_index(w->copies, struct copy, i);

		g_string_append_printf(server, "%s%d:%d:%u", i ? " " : "", (int)c->message,
			(int)c->mailbox, c->flags);
	}
	same(server->str, "server", w->now);
	same(w->past[w->now], "reader", w->now);
}

START_TEST(undo_and_redo_at_random)
{
	struct world w = { .rand = g_rand_new_with_seed((guint32)_i + 1), .uid = 1000 };

	w.copies = g_array_new(FALSE, FALSE, sizeof(struct copy));
	for (uint64_t m = 1; m <= MESSAGES; m++) {
		struct copy c = { .mailbox = rig->inbox.v, .uid = m };

		rig_add(rig, rig->inbox, m, 0);
		c.message = rig_ask(rig, "SELECT max(id) FROM message");
		g_array_append_val(w.copies, c);
	}
	w.past[0] = look();
	for (int i = 0; i < MOVES; i++) {
		int what = g_rand_int_range(w.rand, 0, 10);

		if (what < 4)
			step(&w);
		else if (what < 7)
			back_or_forth(&w);
		else
			work(&w);
		if (i % 100 == 99)
			rig_sound(rig);
	}
	drain(&w);
	for (int i = 0; i < DEPTH; i++)
		g_free(w.past[i]);
	g_array_free(w.copies, TRUE);
	g_rand_free(w.rand);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("places");
	TCase *t = tcase_create("places");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, desk_open, desk_close);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, both_come_back, 0, 8);
	tcase_add_test(t, each_goes_back_to_its_mailbox);
	tcase_add_test(t, each_is_found_by_its_flags);
	tcase_add_test(t, flags_of_both_come_back);
	tcase_add_test(t, both_are_taken_back_from_deletion);
	tcase_add_test(t, both_are_taken_back_to_where_they_were_deleted);
	tcase_add_test(t, the_one_that_moved_on_is_left_alone);
	tcase_add_test(t, undo_of_a_copy_spares_the_original);
	tcase_add_test(t, a_copy_that_moved_home_comes_back);
	tcase_add_test(t, a_retry_is_undone_like_the_first_try);
	tcase_add_loop_test(t, an_item_without_a_place_is_found_by_its_mailbox, 0, 2);
	tcase_add_loop_test(t, undo_and_redo_at_random, 0, ROUNDS);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
