/* Undo of any step, redo, the lines of the history (M-08, M-69). */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "model/flags.h"
#include "store/desk.h"

static mailbox_id none;

/* --- any line ---------------------------------------------------------- */

START_TEST(any_line_can_be_undone)
{
	struct undone out;

	for (uint64_t i = 1; i <= 3; i++)
		rig_add(rig, rig->inbox, i, 0);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	want_at(MUTATION_MOVE, rig->inbox, 2, rig->archive);
	want_flags(rig->inbox, 3, FLAG_SEEN, 0);
	ck_assert_int_eq(undo(step_at(1), &out), 1); /* the one in the middle */
	ck_assert_str_eq(out.what, "move of 1 message from Inbox to Archive");
	ck_assert_int_eq(out.done, 1);
	ck_assert(rig_shows(rig, rig->inbox, 2));
	ck_assert_uint_eq(flags_in(rig->inbox, 1), FLAG_FLAGGED);
	ck_assert_uint_eq(flags_in(rig->inbox, 3), FLAG_SEEN);
	ck_assert_int_eq(undo(step_at(1), NULL), 0); /* it is undone already */
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert_uint_eq(flags_in(rig->inbox, 3), 0);
	ck_assert_int_eq(undo(0, NULL), 1); /* goes past the one that was undone */
	ck_assert_uint_eq(flags_in(rig->inbox, 1), 0);
	ck_assert_int_eq(undo(0, NULL), 0);
}
END_TEST

START_TEST(flags_are_undone_where_the_message_is_now)
{
	rig_add(rig, rig->inbox, 1, 0);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	send_all(50);
	ck_assert_int_eq(undo(step_at(1), NULL), 1);
	ck_assert_uint_eq(flags_in(rig->archive, 1), 0);
	send_all(60);
	ck_assert_uint_eq(flags_in(rig->archive, 1), 0);
}
END_TEST

START_TEST(what_is_elsewhere_is_left_alone_and_counted)
{
	location_id l[2];
	struct undone out;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	rig_add(rig, rig->inbox, 2, 0);
	l[0] = rig_place(rig, rig->inbox, 1);
	l[1] = rig_place(rig, rig->inbox, 2);
	must(store_want_move(rig->store, l, 2, rig->archive, &err), &err);
	send_all(50);
	want_at(MUTATION_MOVE, rig->archive, 1, rig->trash);
	ck_assert_int_eq(undo(step_at(1), &out), 1);
	ck_assert_int_eq(out.done, 1);
	ck_assert_int_eq(out.skipped, 1);
	ck_assert(rig_shows(rig, rig->trash, 1) && rig_shows(rig, rig->inbox, 2));
	ck_assert_int_eq(redo(0), 1); /* only what was undone is done again */
	ck_assert(rig_shows(rig, rig->trash, 1) && rig_shows(rig, rig->archive, 2));
}
END_TEST

START_TEST(keywords_are_undone)
{
	rig_add(rig, rig->inbox, 1, 0);
	want(rig->inbox, 1, &(struct want){ .verb = MUTATION_FLAGS, .add_keywords = "work todo" });
	send_all(0);
	ck_assert_int_eq(rig_ask(rig, "SELECT keywords = 'todo work' FROM location"), 1);
	ck_assert_int_eq(undo(0, NULL), 1);
	send_all(0);
	ck_assert_int_eq(rig_ask(rig, "SELECT keywords IS NULL FROM location"), 1);
}
END_TEST

/* --- redo --------------------------------------------------------------- */

START_TEST(redo_takes_what_was_undone_last)
{
	rig_add(rig, rig->inbox, 1, 0);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	want_flags(rig->inbox, 1, FLAG_SEEN, 0);
	ck_assert_int_eq(redo(0), 0);
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert_uint_eq(flags_in(rig->inbox, 1), 0);
	rig_reopen(rig);
	ck_assert_int_eq(redo(0), 1);
	ck_assert_uint_eq(flags_in(rig->inbox, 1), FLAG_FLAGGED);
	ck_assert_int_eq(redo(0), 1);
	ck_assert_uint_eq(flags_in(rig->inbox, 1), FLAG_FLAGGED | FLAG_SEEN);
	ck_assert_int_eq(redo(0), 0);
}
END_TEST

START_TEST(a_new_step_ends_what_redo_finds)
{
	int64_t undone;

	rig_add(rig, rig->inbox, 1, 0);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	undone = step_at(0);
	ck_assert_int_eq(undo(0, NULL), 1);
	want_flags(rig->inbox, 1, FLAG_SEEN, 0);
	ck_assert_int_eq(redo(0), 0);
	ck_assert_int_eq(redo(undone), 1); /* but the line can be chosen */
	ck_assert_uint_eq(flags_in(rig->inbox, 1), FLAG_FLAGGED | FLAG_SEEN);
}
END_TEST

START_TEST(many_steps_survive_restarts)
{
	enum { STEPS = 60 };

	rig_add(rig, rig->inbox, 1, 0);
	for (int i = 0; i < STEPS; i++) {
		if (i % 2)
			want_flags(rig->inbox, 1, 0, FLAG_FLAGGED);
		else
			want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
		if (i % 7 == 0)
			send_all(0);
		if (i % 11 == 0)
			rig_reopen(rig);
	}
	for (int i = STEPS - 1; i >= 0; i--) {
		ck_assert_int_eq(undo(0, NULL), 1);
		ck_assert_uint_eq(flags_in(rig->inbox, 1), i % 2 ? FLAG_FLAGGED : 0);
		if (i % 13 == 0)
			rig_reopen(rig);
	}
	ck_assert_int_eq(undo(0, NULL), 0);
	send_all(0);
	ck_assert_uint_eq(flags_in(rig->inbox, 1), 0);
}
END_TEST

/* --- every verb --------------------------------------------------------- */

START_TEST(undo_of_a_copy_removes_the_copy)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	ck_assert(rig_shows(rig, rig->archive, 1));
	ck_assert_int_eq(undo(0, NULL), 1); /* nothing left: nothing is sent */
	ck_assert(!rig_shows(rig, rig->archive, 1) && rig_shows(rig, rig->inbox, 1));
	ck_assert_int_eq(open_rows(), 0);
	ck_assert_int_eq(redo(0), 1);
	send_all(50);
	ck_assert_int_eq(undo(0, NULL), 1);
	b = rig_claim(rig);
	ck_assert_int_eq(b->verb, MUTATION_EXPUNGE);
	ck_assert_int_eq(b->source.v, rig->archive.v);
	ck_assert_uint_eq(b->items[0].uid, 50);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	ck_assert(!rig_shows(rig, rig->archive, 1) && rig_shows(rig, rig->inbox, 1));
}
END_TEST

/* Both places of a message go to the same mailbox, and back to where each was. */
START_TEST(undo_brings_two_places_of_a_message_back)
{
	const struct want to_trash = { .verb = MUTATION_MOVE, .target = rig->trash };
	struct list_row *rows[2];
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	rows[0] = rig_row(rig, rig->inbox, 1);
	rows[1] = rig_row(rig, rig->archive, 1);
	must(store_want(rig->store, &to_trash,
		     (location_id[]){ rows[0]->location, rows[1]->location }, 2, &err), &err);
	list_row_free(&rows[0]);
	list_row_free(&rows[1]);
	ck_assert(!rig_shows(rig, rig->inbox, 1) && !rig_shows(rig, rig->archive, 1));
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert(rig_shows(rig, rig->inbox, 1) && rig_shows(rig, rig->archive, 1));
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert(rig_shows(rig, rig->inbox, 1) && !rig_shows(rig, rig->archive, 1));
	ck_assert_int_eq(open_rows(), 0);
}
END_TEST

START_TEST(undo_of_an_append)
{
	struct mutation_batch *b;

	append();
	ck_assert(rig_shows(rig, rig->archive, 9));
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert(!rig_shows(rig, rig->archive, 9));
	ck_assert_ptr_null(rig_claim(rig));
	ck_assert_int_eq(redo(0), 1);
	ck_assert(rig_shows(rig, rig->archive, 9));
	b = rig_claim(rig);
	ck_assert_int_eq(b->verb, MUTATION_APPEND);
	ck_assert_int_ge(b->items[0].fd, 0);
	ck_assert_int_eq(b->items[0].received_at, 1600000000);
	ck_assert_uint_eq(b->add, FLAG_DRAFT | FLAG_SEEN);
	rig_settle(rig, &b, APPLIED_DONE, 70, ERR_OK);
	ck_assert_int_ne(rig_place(rig, rig->archive, 70).v, 0);
	ck_assert_int_eq(undo(0, NULL), 1);
	b = rig_claim(rig);
	ck_assert_int_eq(b->verb, MUTATION_EXPUNGE);
	ck_assert_uint_eq(b->items[0].uid, 70);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	ck_assert(!rig_shows(rig, rig->archive, 9));
}
END_TEST

START_TEST(a_deletion_for_ever_can_be_undone_until_it_leaves)
{
	struct mutation_batch *b;
	struct undone out;
	struct err err;

	rig_add(rig, rig->trash, 1, 0);
	want_at(MUTATION_EXPUNGE, rig->trash, 1, none);
	ck_assert(!rig_shows(rig, rig->trash, 1));
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert(rig_shows(rig, rig->trash, 1));
	ck_assert_int_eq(redo(0), 1);
	ck_assert(!rig_shows(rig, rig->trash, 1));
	b = rig_claim(rig);
	ck_assert_int_eq(b->verb, MUTATION_EXPUNGE);
	ck_assert_int_eq(store_undo(rig->store, 0, &out, &err), ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(err.text, "for ever"));
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	ck_assert_int_eq(store_undo(rig->store, 0, &out, &err), ERR_REFUSED);
	ck_assert(!rig_shows(rig, rig->trash, 1));
}
END_TEST

START_TEST(a_deletion_that_swallowed_a_move_gives_it_back)
{
	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->trash);
	want_at(MUTATION_EXPUNGE, rig->trash, 1, none);
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert(rig_shows(rig, rig->trash, 1) && !rig_shows(rig, rig->inbox, 1));
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert(rig_shows(rig, rig->inbox, 1));
	ck_assert_int_eq(open_rows(), 0);
}
END_TEST

/* --- large steps --------------------------------------------------------- */

START_TEST(a_large_step_is_undone_in_slices)
{
	enum { N = 700 };
	g_autofree location_id *l = g_new(location_id, N);
	struct undone out;
	struct err err;

	for (uint64_t i = 1; i <= N; i++)
		rig_add(rig, rig->inbox, i, 0);
	for (uint64_t i = 0; i < N; i++) /* places are numbered as they came */
		l[i].v = rig_ask(rig, "SELECT min(id) FROM location") + (int64_t)i;
	must(store_want_move(rig->store, l, N, rig->archive, &err), &err);
	while (store_want_more(rig->store, &err) > 0)
		;
	ck_assert_int_eq(rig_total(rig, rig->archive), N);
	ck_assert_int_eq(undo(0, &out), 1);
	ck_assert_int_eq(out.done, WANT_AT_ONCE);
	ck_assert_int_eq(out.left, N - WANT_AT_ONCE);
	ck_assert_str_eq(out.what, "move of 700 messages from Inbox to Archive");
	ck_assert_int_eq(rig_total(rig, rig->archive), N - WANT_AT_ONCE);
	ck_assert_ptr_null(rig_claim(rig)); /* nothing leaves before the step is whole */
	rig_reopen(rig);
	while (store_want_more(rig->store, &err) > 0)
		;
	ck_assert_int_eq(rig_total(rig, rig->inbox), N);
	ck_assert_int_eq(open_rows(), 0);
	ck_assert_int_eq(redo(0), 1);
	ck_assert_int_eq(undo(0, NULL), 1); /* in the middle of it */
	while (store_want_more(rig->store, &err) > 0)
		;
	ck_assert_int_eq(rig_total(rig, rig->inbox), N);
	ck_assert_int_eq(open_rows(), 0);
}
END_TEST

/* --- lines --------------------------------------------------------------- */

START_TEST(a_line_tells_what_it_was)
{
	g_autoptr(GPtrArray) rows = NULL;
	const struct history_row *h;
	struct mutation_batch *b;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	rows = lines();
	ck_assert_uint_eq(rows->len, 2);
	h = rows->pdata[0];
	ck_assert_int_eq(h->verb, MUTATION_MOVE);
	ck_assert_int_eq(h->messages, 1);
	ck_assert_str_eq(h->subject, "Subject 1");
	ck_assert_str_eq(h->target_name, "Archive");
	ck_assert_int_eq(h->account.v, rig->account.v);
	ck_assert_int_eq(h->waiting, 1);
	ck_assert(!h->undone);
	{
		g_autofree char *words = history_words(rows->pdata[1]);

		ck_assert_str_eq(words, "star on 1 message");
	}
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_REFUSED, 0, ERR_OK);
	g_clear_pointer(&rows, g_ptr_array_unref);
	rows = lines();
	ck_assert_int_eq(((struct history_row *)rows->pdata[0])->stuck +
				 ((struct history_row *)rows->pdata[1])->stuck, 1);
	{
		g_autoptr(GPtrArray) older = NULL;

		h = rows->pdata[0];
		must(store_history(rig->store, h->step, 10, &older, &err), &err);
		ck_assert_uint_eq(older->len, 1);
	}
}
END_TEST

/* --- at random ------------------------------------------------------------ */

/*
 * A server in memory and a history of pictures.  Only the reader changes
 * things, so undo must show the picture from before the step, redo that from
 * after it, whatever left in between; and when all has left, the server has
 * what the reader sees.
 */
enum { MESSAGES = 4, BOXES = 3, MOVES = 400, ROUNDS = 12, DEPTH = 500 };

struct picture {
	int flags[MESSAGES][BOXES]; /* -1 = it is not there */
};

struct world {
	uint64_t uid[MESSAGES][BOXES]; /* 0 = not there */
	struct picture server, past[DEPTH];
	uint64_t next_uid[BOXES];
	int now, newest;               /* in past */
	struct mutation_batch *sent;   /* claimed and not settled */
	GRand *rand;
};

static mailbox_id box(int i)
{
	return i == 0 ? rig->inbox : i == 1 ? rig->archive : rig->trash;
}

static int box_index(mailbox_id m)
{
	return m.v == rig->inbox.v ? 0 : m.v == rig->archive.v ? 1 : 2;
}

static struct picture look(void)
{
	struct picture p;

	for (int m = 0; m < MESSAGES; m++) {
		for (int b = 0; b < BOXES; b++) {
			struct list_row *row = rig_row(rig, box(b), (uint64_t)m + 1);

			p.flags[m][b] = row ? (int)row->flags : -1;
			list_row_free(&row);
		}
	}
	return p;
}

static void same(const struct picture *a, const struct picture *b, const char *what, int at)
{
	for (int m = 0; m < MESSAGES; m++)
		for (int i = 0; i < BOXES; i++)
			ck_assert_msg(a->flags[m][i] == b->flags[m][i],
				"%s at %d: message %d in mailbox %d is %d, not %d", what, at, m + 1, i,
				a->flags[m][i], b->flags[m][i]);
}

/* What the server makes of one item; the uid in the target. */
static uint64_t serve(struct world *w, const struct mutation_batch *b, const struct mutation_item *i)
{
	int from = box_index(b->source), to = b->target.v ? box_index(b->target) : -1, m;
	int flags;

	for (m = 0; m < MESSAGES && w->uid[m][from] != i->uid; m++)
		;
	ck_assert_int_lt(m, MESSAGES);
	flags = w->server.flags[m][from];
	if (b->verb == MUTATION_FLAGS) {
		w->server.flags[m][from] = (int)(((unsigned)flags | b->add) & ~b->remove);
		return 0;
	}
	if (b->verb == MUTATION_MOVE || b->verb == MUTATION_EXPUNGE) {
		w->server.flags[m][from] = -1;
		w->uid[m][from] = 0;
	}
	if (to < 0)
		return 0;
	ck_assert_int_eq(w->server.flags[m][to], -1); /* never twice */
	w->server.flags[m][to] = flags;
	return w->uid[m][to] = ++w->next_uid[to];
}

/* A pass hears a message whose number we were not told. */
static void hear(struct world *w, int m, int b)
{
	g_autofree char *id = g_strdup_printf("m%d@example.org", m + 1);
	struct change c = { .kind = CHANGE_MESSAGE, .uid = w->uid[m][b],
		.flags = (unsigned)w->server.flags[m][b], .message_id = id,
		.size = 1000 + (uint64_t)m + 1 };
	struct batch *facts = batch_new(rig->account, box(b));
	struct err err;

	batch_change(facts, &c);
	batch_cursor(facts, "2", 1, true);
	must(batch_apply(rig->store, facts, NULL, &err), &err);
	batch_free(&facts);
}

static void answer(struct world *w)
{
	g_autofree struct applied *out = g_new0(struct applied, w->sent->n);
	bool silent = g_rand_int_range(w->rand, 0, 4) == 0;
	struct err why = { 0 }, err;

	for (size_t i = 0; i < w->sent->n; i++) {
		uint64_t uid = serve(w, w->sent, &w->sent->items[i]);

		out[i].state = APPLIED_DONE;
		out[i].target_uid = silent ? 0 : uid;
	}
	must(store_queue_settle(rig->store, w->sent, out, &why, &err), &err);
	if (silent && w->sent->target.v)
		for (int m = 0; m < MESSAGES; m++)
			if (w->uid[m][box_index(w->sent->target)])
				hear(w, m, box_index(w->sent->target));
	mutation_batch_free(&w->sent);
}

static void work(struct world *w)
{
	struct err why, err;

	if (!w->sent)
		w->sent = rig_claim(rig);
	else if (g_rand_int_range(w->rand, 0, 3) > 0)
		answer(w);
	else {
		g_autofree struct applied *out = g_new0(struct applied, w->sent->n);

		err_set(&why, ERR_OFFLINE, "The test is offline.");
		must(store_queue_settle(rig->store, w->sent, out, &why, &err), &err);
		mutation_batch_free(&w->sent);
	}
}

static void step(struct world *w)
{
	int m = g_rand_int_range(w->rand, 0, MESSAGES), b = g_rand_int_range(w->rand, 0, BOXES);
	int kind = g_rand_int_range(w->rand, 0, 8), to = g_rand_int_range(w->rand, 0, BOXES);
	const struct picture before = look();
	int flags = before.flags[m][b];
	struct want wish = { .verb = kind < 4 ? MUTATION_FLAGS : kind < 7 ? MUTATION_MOVE : MUTATION_COPY,
		.target = box(to) };
	struct list_row *row;
	struct err err;
	int r;

	if (flags < 0)
		return;
	if (wish.verb != MUTATION_FLAGS && (to == b || before.flags[m][to] >= 0))
		return;
	wish.add = kind & 1 ? FLAG_SEEN : FLAG_FLAGGED;
	if ((unsigned)flags & wish.add) {
		wish.remove = wish.add;
		wish.add = 0;
	}
	row = rig_row(rig, box(b), (uint64_t)m + 1);
	r = store_want(rig->store, &wish, &row->location, 1, &err);
	list_row_free(&row);
	must(r, &err);
	ck_assert_int_eq(r, 1);
	w->newest = ++w->now;
	ck_assert_int_lt(w->now, DEPTH);
	w->past[w->now] = look();
}

static void back_or_forth(struct world *w)
{
	struct picture p;

	if (g_rand_int_range(w->rand, 0, 5) < 3) {
		ck_assert_int_eq(undo(0, NULL), w->now > 0);
		w->now -= w->now > 0;
	} else {
		ck_assert_int_eq(redo(0), w->now < w->newest);
		w->now += w->now < w->newest;
	}
	p = look();
	same(&p, &w->past[w->now], "history", w->now);
}

static void drain(struct world *w)
{
	struct picture p;

	while (w->sent || (w->sent = rig_claim(rig)) != NULL)
		answer(w);
	p = look();
	same(&p, &w->server, "server", w->now);
	same(&p, &w->past[w->now], "reader", w->now);
	ck_assert_int_eq(open_rows(), 0);
}

START_TEST(undo_and_redo_at_random)
{
	struct world w = { .rand = g_rand_new_with_seed((guint32)_i + 1) };

	for (int m = 0; m < MESSAGES; m++) {
		rig_add(rig, rig->inbox, (uint64_t)m + 1, 0);
		w.uid[m][0] = (uint64_t)m + 1;
	}
	for (int b = 0; b < BOXES; b++)
		w.next_uid[b] = 1000;
	w.past[0] = w.server = look();
	for (int i = 0; i < MOVES; i++) {
		int what = g_rand_int_range(w.rand, 0, 10);

		if (what < 4)
			step(&w);
		else if (what < 7)
			back_or_forth(&w);
		else if (what < 9)
			work(&w);
		else if (i % 5 == 0)
			rig_reopen(rig);
		if (i % 100 == 99)
			rig_sound(rig);
	}
	drain(&w);
	g_rand_free(w.rand);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history");
	TCase *t = tcase_create("history");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, desk_open, desk_close);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, any_line_can_be_undone);
	tcase_add_test(t, flags_are_undone_where_the_message_is_now);
	tcase_add_test(t, what_is_elsewhere_is_left_alone_and_counted);
	tcase_add_test(t, keywords_are_undone);
	tcase_add_test(t, redo_takes_what_was_undone_last);
	tcase_add_test(t, a_new_step_ends_what_redo_finds);
	tcase_add_test(t, many_steps_survive_restarts);
	tcase_add_test(t, undo_of_a_copy_removes_the_copy);
	tcase_add_test(t, undo_brings_two_places_of_a_message_back);
	tcase_add_test(t, undo_of_an_append);
	tcase_add_test(t, a_deletion_for_ever_can_be_undone_until_it_leaves);
	tcase_add_test(t, a_deletion_that_swallowed_a_move_gives_it_back);
	tcase_add_test(t, a_large_step_is_undone_in_slices);
	tcase_add_test(t, a_line_tells_what_it_was);
	tcase_add_loop_test(t, undo_and_redo_at_random, 0, ROUNDS);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
