/*
 * Wishes at random, held against a model of what the reader sees.
 *
 * The model knows for every message in which mailboxes it is shown, with which
 * flags and keywords.  As long as nothing leaves, the queue must hold no row
 * for a message that looks as the server has it, and at most a few for any
 * other; when everything has left, the lists must show what the model says.
 */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/flags.h"
#include "support/rig.h"

enum { MESSAGES = 5, BOXES = 3, ROUNDS = 10, STEPS = 60, ROWS_MAX = 8 };

static struct rig *rig;
static struct err err;
static uint64_t next_uid;
static bool undoing; /* what is deleted must come back as it was: copies cannot, before they left */

/* --- the model --------------------------------------------------------- */

struct look {
	bool shown;
	unsigned flags;
	bool tag; /* the one keyword of this test, "t" */
};

struct model {
	struct look look[MESSAGES][BOXES];
};

static struct model now, history[STEPS + 1];
static int n_history;

static mailbox_id box(int i)
{
	const mailbox_id boxes[BOXES] = { rig->inbox, rig->archive, rig->trash };

	return boxes[i];
}

static struct look seen_in_store(int message, int b)
{
	struct list_row *row = rig_row(rig, box(b), (uint64_t)message + 1);
	struct look l = { .shown = row != NULL };

	if (row) {
		l.flags = row->flags;
		l.tag = strcmp(row->keywords, "t") == 0;
		ck_assert(l.tag || !*row->keywords);
	}
	list_row_free(&row);
	return l;
}

static void compare(const char *when)
{
	for (int m = 0; m < MESSAGES; m++)
		for (int b = 0; b < BOXES; b++) {
			struct look has = seen_in_store(m, b), should = now.look[m][b];

			ck_assert_msg(has.shown == should.shown &&
					      (!has.shown || (has.flags == should.flags &&
								     has.tag == should.tag)),
				"%s: message %d in %d: %d %u %d instead of %d %u %d", when, m + 1, b,
				has.shown, has.flags, has.tag, should.shown, should.flags, should.tag);
		}
	for (int b = 0; b < BOXES; b++) {
		int n = 0;

		for (int m = 0; m < MESSAGES; m++)
			n += now.look[m][b].shown;
		ck_assert_int_eq(rig_total(rig, box(b)), n);
	}
	rig_sound(rig);
}

/* --- one wish ---------------------------------------------------------- */

static int wish(int m, int b, const struct want *w)
{
	struct list_row *row = rig_row(rig, box(b), (uint64_t)m + 1);
	int r;

	ck_assert_ptr_nonnull(row);
	r = store_want(rig->store, w, &row->location, 1, &err);
	ck_assert_msg(r >= 0, "%s", err.text);
	list_row_free(&row);
	return r;
}

static bool wish_flags(GRand *rand, int m, int b)
{
	unsigned bit = g_rand_boolean(rand) ? FLAG_SEEN : FLAG_FLAGGED;
	bool on = g_rand_boolean(rand), tag = g_rand_int_range(rand, 0, 3) == 0;
	struct look *l = &now.look[m][b];
	struct look before = *l;
	const struct want w = { .verb = MUTATION_FLAGS,
		.add = on && !tag ? bit : 0,
		.remove = !on && !tag ? bit : 0,
		.add_keywords = tag && on ? "t" : NULL,
		.remove_keywords = tag && !on ? "t" : NULL };
	bool changes;

	if (tag)
		l->tag = on;
	else
		l->flags = on ? l->flags | bit : l->flags & ~bit;
	changes = before.flags != l->flags || before.tag != l->tag;
	ck_assert_int_eq(wish(m, b, &w), changes);
	return changes;
}

/* Two copies of one message in one mailbox would have no name in the model. */
static bool wish_move(GRand *rand, int m, int b)
{
	int to = g_rand_int_range(rand, 0, BOXES);

	if (to == b || now.look[m][to].shown)
		return false;
	ck_assert_int_eq(wish(m, b, &(struct want){ .verb = MUTATION_MOVE, .target = box(to) }), 1);
	now.look[m][to] = now.look[m][b];
	now.look[m][b].shown = false;
	return true;
}

static bool wish_copy(GRand *rand, int m, int b)
{
	int to = g_rand_int_range(rand, 0, BOXES);
	bool changes = !now.look[m][to].shown;

	ck_assert_int_eq(wish(m, b, &(struct want){ .verb = MUTATION_COPY, .target = box(to) }),
		changes);
	if (changes)
		now.look[m][to] = now.look[m][b];
	return changes;
}

static bool wish_expunge(int m, int b)
{
	int places = 0;

	for (int i = 0; i < BOXES; i++)
		places += now.look[m][i].shown;
	if (undoing ? places > 1 : places < 2) /* or the test soon has nothing to play with */
		return false;
	ck_assert_int_eq(wish(m, b, &(struct want){ .verb = MUTATION_EXPUNGE }), 1);
	now.look[m][b].shown = false;
	return true;
}

static bool wish_something(GRand *rand)
{
	int m = g_rand_int_range(rand, 0, MESSAGES), b = g_rand_int_range(rand, 0, BOXES);

	if (!now.look[m][b].shown)
		return false;
	switch (g_rand_int_range(rand, 0, 8)) {
	case 0:
	case 1:
		return wish_move(rand, m, b);
	case 2:
		return wish_copy(rand, m, b);
	case 3:
		return wish_expunge(m, b);
	default:
		return wish_flags(rand, m, b);
	}
}

/* --- what waits -------------------------------------------------------- */

static int64_t open_rows(int m)
{
	g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM mutation q JOIN message m ON"
					       " m.id = q.message_id WHERE q.status = 'queued' AND"
					       " m.rfc_id = 'm%d@example.org'", m + 1);

	return rig_ask(rig, sql);
}

static bool same(const struct look *a, const struct look *b)
{
	return a->shown == b->shown && (!a->shown || (a->flags == b->flags && a->tag == b->tag));
}

/* Lines of the table that do not cross a copy leave nothing of what comes back to its beginning. */
static void check_rows(const struct model *server, const bool *copied)
{
	for (int m = 0; m < MESSAGES; m++) {
		bool as_server = true;

		for (int b = 0; b < BOXES; b++)
			as_server = as_server && same(&now.look[m][b], &server->look[m][b]);
		if (as_server && !copied[m])
			ck_assert_msg(open_rows(m) == 0, "message %d waits for nothing", m + 1);
		if (!copied[m])
			ck_assert_int_le(open_rows(m), 2); /* flags, then a move */
		ck_assert_int_le(open_rows(m), STEPS);
	}
}

/* The server does what it is told, in the order in which it is told. */
static void push_all(void)
{
	struct mutation_batch *b;
	int n = 0;

	while ((b = rig_claim(rig))) {
		uint64_t uid = b->verb == MUTATION_MOVE || b->verb == MUTATION_COPY ? next_uid : 0;

		next_uid += b->n;
		rig_settle(rig, &b, APPLIED_DONE, uid, ERR_OK);
		ck_assert_int_lt(n++, 1000);
	}
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mutation WHERE status = 'queued'"), 0);
}

/* --- rounds ------------------------------------------------------------ */

static void check_round(unsigned seed, bool push_between)
{
	GRand *rand = g_rand_new_with_seed(seed);
	struct model server;
	bool copied[MESSAGES] = { false };

	rig = rig_new();
	next_uid = 100;
	memset(&now, 0, sizeof now);
	for (int m = 0; m < MESSAGES; m++) {
		rig_add(rig, rig->inbox, (uint64_t)m + 1, m % 2 ? FLAG_SEEN : 0);
		now.look[m][0] = (struct look){ .shown = true, .flags = m % 2 ? FLAG_SEEN : 0 };
	}
	server = now;
	n_history = 0;
	for (int i = 0; i < STEPS; i++) {
		struct model before = now;

		if (wish_something(rand))
			history[n_history++] = before;
		for (int m = 0; m < MESSAGES; m++)
			for (int b = 0, k = 0; b < BOXES; b++)
				copied[m] |= (k += now.look[m][b].shown) > 1;
		compare("wish");
		if (!push_between)
			check_rows(&server, copied);
		if (push_between && g_rand_int_range(rand, 0, 10) == 0)
			push_all();
	}
	push_all();
	compare("pushed");
	g_rand_free(rand);
	rig_free(&rig);
}

START_TEST(lists_show_what_was_wished) /* C-14, M-69 */
{
	unsigned seed = (unsigned)_i + 1;

	check_round(seed, false);
}
END_TEST

START_TEST(lists_show_what_was_wished_while_it_leaves)
{
	check_round(1000 + (unsigned)_i, true);
}
END_TEST

/* Before anything leaves, undo is exact: step by step back to the beginning. */
START_TEST(undo_leads_back)
{
	GRand *rand = g_rand_new_with_seed(2000 + (unsigned)_i);
	struct undone u;

	undoing = true;
	rig = rig_new();
	memset(&now, 0, sizeof now);
	for (int m = 0; m < MESSAGES; m++) {
		rig_add(rig, rig->inbox, (uint64_t)m + 1, 0);
		now.look[m][0] = (struct look){ .shown = true };
	}
	n_history = 0;
	for (int i = 0; i < STEPS / 2; i++) {
		struct model before = now;

		if (wish_something(rand))
			history[n_history++] = before;
	}
	while (n_history > 0) {
		int r = store_undo(rig->store, 0, &u, &err);

		ck_assert_msg(r == 1, "%d %s", r, err.text);
		now = history[--n_history];
		compare("undo");
	}
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mutation WHERE status = 'queued'"), 0);
	g_rand_free(rand);
	rig_free(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wishes");
	TCase *t = tcase_create("wishes");
	SRunner *runner;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, lists_show_what_was_wished, 0, ROUNDS);
	tcase_add_loop_test(t, lists_show_what_was_wished_while_it_leaves, 0, ROUNDS);
	tcase_add_loop_test(t, undo_leads_back, 0, ROUNDS);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
