/*
 * Random steps of readers, workers and servers, and crashes between them: after
 * each the invariants of the cache hold (L-94, L-95, C-05, C-06, M-15).
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/flags.h"
#include "store/larder.h"

enum { SEEDS = 6, STEPS = 220, MESSAGES = 40, SOFT = 150000, HARD = 250000 };

static struct {
	message_id id;
	int64_t size;
	bool gone, flagged;
} known[MESSAGES + 1]; /* by uid */
static unsigned uids;
static GRand *dice;
static int64_t now;

static unsigned roll(unsigned n)
{
	return (unsigned)g_rand_int_range(dice, 0, (gint32)n);
}

static unsigned any(void) /* 0 = there is none */
{
	unsigned u = uids ? 1 + roll(uids) : 0;

	return u && !known[u].gone ? u : 0;
}

static void arrives(void)
{
	unsigned flags = roll(4) ? FLAG_SEEN : 0;

	if (uids == MESSAGES)
		return;
	uids++;
	known[uids].size = 1000 + (int64_t)roll(60000);
	known[uids].gone = false;
	known[uids].flagged = roll(8) == 0;
	known[uids].id = put(uids, flags | (known[uids].flagged ? FLAG_FLAGGED : 0), known[uids].size,
		roll(200));
	note(CACHE_NEW, known[uids].id, 0, 0);
}

static void leaves(void)
{
	unsigned u = any();
	struct err err;

	if (!u)
		return;
	rig_fact(rig, rig->inbox, CHANGE_GONE, u, 0);
	known[u].gone = true;
	for (int i = 0; i < 4; i++)
		must(store_pass_done(rig->store, rig->account, &err), &err);
}

static void is_flagged(void)
{
	unsigned u = any();

	if (!u)
		return;
	known[u].flagged = !known[u].flagged;
	rig_fact(rig, rig->inbox, CHANGE_FLAGS, u, known[u].flagged ? FLAG_FLAGGED : 0);
}

static void is_noticed(void)
{
	static const enum cache_notice_kind kinds[] = { CACHE_SAW_ROW, CACHE_SAW_HIT, CACHE_OPENED,
		CACHE_PINNED_ON, CACHE_PINNED_OFF, CACHE_NEW };
	unsigned u = uids ? 1 + roll(uids) : 0;

	if (u) /* also those that are gone */
		note(kinds[roll(G_N_ELEMENTS(kinds))], known[u].id, (int)roll(30), (int)roll(50));
}

static void fails(message_id m)
{
	static const enum err_code codes[] = { ERR_GONE, ERR_OFFLINE, ERR_PROTOCOL, ERR_LIMIT, ERR_AUTH };
	struct err why = { .code = codes[roll(G_N_ELEMENTS(codes))] }, err;

	must(store_cache_failed(rig->store, m, &why, &err), &err);
}

static void is_fetched(void)
{
	unsigned u = any();
	bool waited = roll(3) == 0;

	if (!u || admit(known[u].id, SOFT, HARD, roll(2), waited) == 0)
		return;
	switch (roll(5)) {
	case 0:
		fails(known[u].id);
		break;
	case 1:
		break; /* the claim stays open */
	case 2:
		keep(known[u].id, known[u].size + (int64_t)roll(9000)); /* larger than it said */
		break;
	default:
		keep(known[u].id, known[u].size);
	}
}

static void works(void)
{
	struct err err;

	must(store_cache_reap(rig->store, &err), &err);
	must(store_cache_stale(rig->store, rig->account, (int)roll(20), &err), &err);
	must(store_cache_rescore(rig->store, rig->account, (int)roll(20), &err), &err);
}

static void day_passes(void)
{
	const struct cache_caps caps = { SOFT, HARD, 0 };
	struct err err;

	clock_at(now += 86400);
	must(store_cache_expire(rig->store, 30, &caps, &err), &err);
	ck_assert_int_le(rig_ask(rig, "SELECT (SELECT ifnull(sum(b.stored_bytes), 0) FROM body b"
				      " JOIN location l USING (message_id) WHERE l.flags & 4 = 0"
				      " AND NOT EXISTS (SELECT 1 FROM cache_signal g WHERE"
				      " g.message_id = b.message_id AND g.pinned))"),
		SOFT);
}

static void dies(void)
{
	rig_reopen(rig);
	if (roll(2))
		clock_at(now += CACHE_CLAIM_S);
}

/* How many protected bodies there are: only the server, the reader and damage make them fewer. */
static int64_t protected_bodies(void)
{
	return rig_ask(rig, "SELECT count(*) FROM body b WHERE EXISTS (SELECT 1 FROM location l"
			    " WHERE l.message_id = b.message_id AND l.flags & 4) OR EXISTS"
			    " (SELECT 1 FROM cache_signal g WHERE g.message_id = b.message_id AND g.pinned)");
}

static void holds(int64_t before, bool may_fall)
{
	struct err err;

	ck_assert_msg(store_check(rig->store, &err) == 0, "%s", err.text);
	ck_assert_int_le(bytes_used() - rig_ask(rig, "SELECT ifnull(sum(b.stored_bytes), 0) FROM body b"
						     " JOIN location l USING (message_id)"
						     " WHERE l.flags & 4 OR EXISTS (SELECT 1 FROM cache_signal g"
						     "  WHERE g.message_id = b.message_id AND g.pinned)"),
		HARD);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM (SELECT message_id FROM cache_signal UNION ALL"
				      " SELECT message_id FROM cache_rescore) WHERE message_id NOT IN"
				      " (SELECT id FROM message)"),
		0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_object")
				 - rig_ask(rig, "SELECT count(*) FROM message"),
		0);
	ck_assert_msg(may_fall || protected_bodies() >= before, "a protected body went");
}

START_TEST(invariants_hold_whatever_happens)
{
	static const struct {
		void (*act)(void);
		unsigned weight;
		bool may_fall;
	} steps[] = { { arrives, 6, false }, { leaves, 1, true }, { is_flagged, 2, true },
		{ is_noticed, 6, true }, { is_fetched, 12, false }, { works, 5, false },
		{ day_passes, 1, false }, { dies, 1, false } };

	dice = g_rand_new_with_seed(4711 + (guint32)_i);
	uids = 0;
	now = LARDER_NOW;
	for (int i = 0; i < STEPS; i++) {
		int64_t before = protected_bodies();
		size_t k = 0;
		unsigned at = roll(34);

		while (at >= steps[k].weight)
			at -= steps[k++].weight;
		steps[k].act();
		holds(before, steps[k].may_fall);
	}
	ck_assert_int_gt(rig_ask(rig, "SELECT count(*) FROM cache_object WHERE state = 'cached'"), 0);
	g_rand_free(dice);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hoard");
	TCase *t = tcase_create("random");

	tcase_add_checked_fixture(t, larder_open, larder_close);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, invariants_hold_whatever_happens, 0, SEEDS);
	suite_add_tcase(s, t);

	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
