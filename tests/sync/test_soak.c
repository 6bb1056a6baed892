/*
 * Both sides change things at random while calls fail at random: in the end
 * nothing is lost, nothing is there twice, and store and server agree.  The
 * seed is printed and fixed; TERN_TEST_SEED=N takes another one.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "model/flags.h"
#include "sync/rig.h"
#include "sync/suites.h"

enum { ROUNDS = 250, EXPUNGED_MAX = FAKE_SERIALS };

struct soak {
	struct rig *r;
	GRand *rand;
	int last;                      /* newest serial */
	bool expunged[EXPUNGED_MAX];   /* by the server */
};

static int upto(struct soak *s, int n)
{
	return g_rand_int_range(s->rand, 0, n);
}

static void server_acts(struct soak *s)
{
	struct fake_box *b = rig_box(s->r, 0, upto(s, 3));
	int serial = 1 + upto(s, s->last);

	switch (upto(s, 4)) {
	case 0:
		fake_deliver(b, 1 + upto(s, 5));
		s->last = fake_world->next_serial - 1;
		break;
	case 1:
		if (fake_expunge_if_here(b, serial))
			s->expunged[serial] = true;
		break;
	case 2:
		fake_flag_if_here(b, serial, FLAG_ANSWERED);
		break;
	default:
		if (upto(s, 10) == 0)
			fake_renumber(b);
	}
}

static void reader_acts(struct soak *s)
{
	int from = upto(s, 3);
	AUTO(list_row_free) struct list_row *row =
		rig_row(s->r, 0, from, 1 + upto(s, s->last));
	struct err err = { 0 };
	struct undone undone;

	if (upto(s, 8) == 0)
		ck_assert_int_ge(store_undo(s->r->store, 0, &undone, &err), 0);
	if (!row)
		return;
	if (upto(s, 2))
		store_want_flags(s->r->store, &row->location, 1, FLAG_SEEN, FLAG_FLAGGED, &err);
	else
		store_want_move(s->r->store, &row->location, 1,
			rig_mailbox(s->r, 0, upto(s, 3)), &err);
	if (upto(s, 2))
		s->r->engine->push(s->r->engine, s->r->id[0]);
}

static void trouble(struct soak *s)
{
	static const enum err_code codes[] = { ERR_OFFLINE, ERR_PROTOCOL, ERR_RETRY, ERR_OFFLINE };
	struct fake_account *a = s->r->server[0];

	switch (upto(s, 8)) {
	case 0:
		fake_lose(a, 1);
		break;
	case 1:
		fake_lie(a, 1, upto(s, 3));
		break;
	default:
		fake_fail(a, (enum fake_call)upto(s, FAKE_CALLS), codes[upto(s, 4)], 1);
	}
}

static void calm(struct soak *s)
{
	for (int i = 0; i < FAKE_CALLS; i++)
		fake_fail(s->r->server[0], (enum fake_call)i, ERR_OK, 0);
	fake_lose(s->r->server[0], 0);
	for (int i = 0; i < 3; i++)
		fake_lie(s->r->server[0], 0, i);
}

/* Every message is at the server exactly once, unless the server itself removed it. */
static void nothing_lost_nothing_twice(struct soak *s)
{
	for (int serial = 1; serial <= s->last; serial++) {
		int copies = 0;

		for (int b = INBOX; b <= TRASH; b++)
			copies += fake_copies(rig_box(s->r, 0, b), serial, NULL);
		ck_assert_msg(copies == !s->expunged[serial], "message %d is there %d times",
			serial, copies);
	}
}

/* Lets everything come to rest: what is in doubt waits seconds, a restart does not. */
static void settle(struct soak *s)
{
	struct err err = { 0 };

	calm(s);
	rig_restart(s->r);
	for (int i = 0; i < 20; i++) {
		rig_pass(s->r);
		if (rig_drain(s->r) == 0 && i > 2)
			break;
	}
	rig_pass(s->r);
	ck_assert_msg(store_check(s->r->store, &err) == 0, "%s", err.text);
}

enum { SOAK_SEED = 20261122 };

START_TEST(storm)
{
	const char *given = getenv("TERN_TEST_SEED");
	guint32 seed = given ? (guint32)strtoul(given, NULL, 10) : SOAK_SEED;
	struct soak *s = g_new0(struct soak, 1);

	printf("soak: TERN_TEST_SEED=%u\n", seed);
	fflush(stdout);
	s->r = rig_new(1);
	s->rand = g_rand_new_with_seed(seed);
	s->r->server[0]->slice = 7;
	s->r->server[0]->push_live = true;
	s->r->server[0]->tells_uid = upto(s, 2);
	fake_deliver(rig_box(s->r, 0, INBOX), 60);
	s->last = fake_world->next_serial - 1;
	rig_pass(s->r);
	rig_start(s->r);
	for (int i = 0; i < ROUNDS; i++) {
		server_acts(s);
		reader_acts(s);
		if (upto(s, 3) == 0)
			trouble(s);
		if (upto(s, 10) == 0)
			s->r->engine->sync_now(s->r->engine, s->r->id[0], false);
		g_usleep((gulong)upto(s, 8000));
	}
	settle(s);
	nothing_lost_nothing_twice(s);
	ck_assert_msg(rig_equal(s->r, 0), "store and server differ");
	ck_assert_int_eq(s->r->server[0]->wrong, 0);
	rig_free(&s->r);
	g_rand_free(s->rand);
	g_free(s);
}
END_TEST

TCase *suite_soak(void)
{
	TCase *c = tcase_create("soak");

	tcase_add_test(c, storm);
	tcase_set_timeout(c, 120);
	return c;
}
