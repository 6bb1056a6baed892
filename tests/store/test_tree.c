/* The tree of mailboxes in the store: listings, roles, histories, and wishes about it. */
#include <check.h>
#include <glib.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/flags.h"
#include "support/rig.h"

static struct rig *rig;
static struct err err;

static void setup(void)
{
	rig = rig_new();
	err = (struct err){ 0 };
}

static void teardown(void)
{
	clock_fake(-1, -1);
	rig_sound(rig);
	rig_free(&rig);
}

static void must(int r)
{
	ck_assert_msg(r >= 0, "%s", err.text);
}

/* --- mailboxes ----------------------------------------------------------- */

static void add(struct batch *b, const char *path, const char *name, const char *object)
{
	batch_mailbox(b, &(struct mailbox){ .path = (char *)path, .name = (char *)name,
				 .delimiter = '.', .object_id = (char *)object,
				 .role = strcmp(path, "INBOX") == 0 ? ROLE_INBOX : ROLE_NONE });
}

static void apply(struct batch *b, bool replace)
{
	if (replace)
		batch_replace_mailboxes(b);
	must(batch_apply(rig->store, b, NULL, &err));
	batch_free(&b);
}

static struct batch *list_of(void)
{
	return batch_new(rig->account, (mailbox_id){ 0 });
}

static mailbox_id named(const char *word)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;

	must(store_mailbox_find(rig->store, rig->account, word, &m, &err));
	return m->id;
}

static int64_t tree_events(void)
{
	return rig_ask(rig, "SELECT count(*) FROM event_log WHERE topic = 'folder_tree_changed'");
}

/* INBOX, a/1 (object A) and b (object B), with a message in each of the two. */
static void grow(const char *a, const char *b)
{
	struct batch *l = list_of();

	add(l, "INBOX", "INBOX", NULL);
	add(l, "a", "a", a);
	add(l, "b", "b", b);
	apply(l, true);
	rig_add(rig, named("a"), 1, 0);
	rig_add(rig, named("b"), 2, 0);
}

START_TEST(a_renamed_mailbox_keeps_its_row)
{
	mailbox_id a, b;
	struct batch *l = list_of();
	int64_t events;

	grow("A", "B");
	a = named("a");
	b = named("b");
	events = tree_events();
	add(l, "INBOX", "INBOX", NULL);
	add(l, "new.place", "new/place", "A");
	add(l, "b", "b", "B");
	apply(l, true);
	ck_assert_int_eq(named("new/place").v, a.v);
	ck_assert_int_eq(named("b").v, b.v);
	ck_assert(rig_shows(rig, a, 1));
	ck_assert_int_eq(tree_events(), events + 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mailbox"), 3);
}
END_TEST

START_TEST(two_mailboxes_swap_their_names)
{
	mailbox_id a, b;
	struct batch *l = list_of();

	grow("A", "B");
	a = named("a");
	b = named("b");
	add(l, "INBOX", "INBOX", NULL);
	add(l, "a", "a", "B");
	add(l, "b", "b", "A");
	apply(l, true);
	ck_assert_int_eq(named("a").v, b.v);
	ck_assert_int_eq(named("b").v, a.v);
	ck_assert(rig_shows(rig, a, 1));
	ck_assert(rig_shows(rig, b, 2));
}
END_TEST

/* b was deleted and a renamed to b: the row of b goes, the row of a stays. */
START_TEST(a_rename_over_a_deleted_one)
{
	mailbox_id a;
	struct batch *l = list_of();

	grow("A", "B");
	a = named("a");
	add(l, "INBOX", "INBOX", NULL);
	add(l, "b", "b", "A");
	apply(l, true);
	ck_assert_int_eq(named("b").v, a.v);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mailbox"), 2);
	ck_assert(rig_shows(rig, a, 1));
}
END_TEST

START_TEST(a_list_that_lies_is_survived)
{
	struct batch *l = list_of();

	grow("A", NULL);
	add(l, "INBOX", "INBOX", "A");
	add(l, "a", "a", "A");
	add(l, "a", "twice", "C");
	add(l, "b", "b", "A");
	add(l, "c", "c", "");
	apply(l, true);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mailbox WHERE object_id = 'A'"), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mailbox WHERE path IN ('INBOX','a','b','c')"), 4);
}
END_TEST

START_TEST(an_object_id_stays_when_a_list_does_not_tell_it)
{
	struct batch *l = list_of();

	grow("A", "B");
	add(l, "INBOX", "INBOX", NULL);
	add(l, "a", "a", NULL);
	add(l, "b", "b", NULL);
	apply(l, true);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mailbox WHERE object_id IN ('A','B')"), 2);
}
END_TEST

/* The same name for people in another spelling (UTF-8 instead of modified UTF-7). */
START_TEST(another_spelling_is_the_same_mailbox)
{
	struct batch *l = list_of();
	mailbox_id m;

	add(l, "INBOX", "INBOX", NULL);
	add(l, "&ANw-bung", "Übung", NULL);
	apply(l, true);
	m = named("Übung");
	rig_add(rig, m, 3, 0);
	l = list_of();
	add(l, "INBOX", "INBOX", NULL);
	add(l, "Übung", "Übung", NULL);
	apply(l, true);
	ck_assert_int_eq(named("Übung").v, m.v);
	ck_assert(rig_shows(rig, m, 3));
}
END_TEST

static struct mailbox *box(mailbox_id id)
{
	struct mailbox *m = NULL;

	must(store_mailbox(rig->store, id, &m, &err));
	return m;
}

static enum mailbox_role role_of(mailbox_id id)
{
	AUTO(mailbox_free) struct mailbox *m = box(id);

	return m->role;
}

START_TEST(overrides_survive_a_listing) /* L-59, L-64 */
{
	struct batch *l = list_of();

	must(store_mailbox_role_override(rig->store, rig->archive, ROLE_NONE, &err));
	must(store_mailbox_role_override(rig->store, rig->trash, ROLE_ARCHIVE, &err));
	add(l, "INBOX", "INBOX", NULL);
	add(l, "Archive", "Archive", NULL);
	add(l, "Trash", "Trash", NULL);
	apply(l, true);
	ck_assert_int_eq(role_of(rig->archive), ROLE_NONE);
	ck_assert_int_eq(role_of(rig->trash), ROLE_ARCHIVE);
	ck_assert_int_eq(store_mailbox_with_role(rig->store, rig->account, ROLE_ARCHIVE).v,
		rig->trash.v);
	ck_assert_int_eq(store_mailbox_with_role(rig->store, rig->account, ROLE_TRASH).v, 0);
	l = list_of();
	batch_mailbox(l, &(struct mailbox){ .path = (char *)"Archive", .name = (char *)"Archive",
				 .role = ROLE_ARCHIVE });
	apply(l, false);
	must(store_mailbox_role_clear(rig->store, rig->archive, &err));
	ck_assert_int_eq(role_of(rig->archive), ROLE_ARCHIVE);
	ck_assert_int_eq(store_mailbox_role_override(rig->store, (mailbox_id){ 99 }, ROLE_SENT, &err),
		ERR_GONE);
}
END_TEST

static void check_state(mailbox_id id, enum mailbox_state state, int64_t fetched, bool filled)
{
	AUTO(mailbox_free) struct mailbox *m = box(id);

	ck_assert_int_eq(m->state, state);
	ck_assert_int_eq(m->fetched, fetched);
	ck_assert((m->backfilled_at > 0) == filled);
}

START_TEST(the_state_of_a_history) /* M-64, M-36 */
{
	struct batch *b;

	check_state(rig->inbox, MAILBOX_PENDING, 0, false);
	ck_assert_int_eq(store_mailbox_since(rig->store, rig->inbox), 0);
	must(store_mailbox_state(rig->store, rig->inbox, MAILBOX_INCREMENTAL, 200, &err));
	check_state(rig->inbox, MAILBOX_INCREMENTAL, 200, false);
	must(store_mailbox_state(rig->store, rig->inbox, MAILBOX_CAPPED, 300, &err));
	check_state(rig->inbox, MAILBOX_CAPPED, 300, false);
	rig_add(rig, rig->inbox, 2, 0); /* with a complete cursor */
	rig_add(rig, rig->inbox, 1, 0);
	check_state(rig->inbox, MAILBOX_COMPLETE, 300, true);
	ck_assert_int_eq(store_mailbox_since(rig->store, rig->inbox), 1600000060);
	b = batch_new(rig->account, rig->inbox);
	batch_reset(b);
	apply(b, false);
	check_state(rig->inbox, MAILBOX_PENDING, 0, false);
}
END_TEST

START_TEST(backfill_goes_round_and_claims) /* M-36, C-35 */
{
	mailbox_id first, second;
	struct store *other = NULL;

	ck_assert_int_eq(store_mailbox_claim_backfill(rig->store, rig->account, &err).v, 0);
	must(store_mailbox_state(rig->store, rig->archive, MAILBOX_INCREMENTAL, 1, &err));
	must(store_mailbox_state(rig->store, rig->trash, MAILBOX_INCREMENTAL, 1, &err));
	must(store_open(rig->dir, STORE_CLI, NULL, &other, &err));
	first = store_mailbox_claim_backfill(rig->store, rig->account, &err);
	second = store_mailbox_claim_backfill(other, rig->account, &err);
	ck_assert_int_eq(first.v, rig->archive.v);
	ck_assert_int_eq(second.v, rig->trash.v);
	ck_assert_int_eq(store_mailbox_claim_backfill(rig->store, rig->account, &err).v, 0);
	must(store_mailbox_state(rig->store, second, MAILBOX_INCREMENTAL, 2, &err));
	must(store_mailbox_state(rig->store, first, MAILBOX_INCREMENTAL, 2, &err));
	ck_assert_int_eq(store_mailbox_claim_backfill(rig->store, rig->account, &err).v, first.v);
	rig_ask(rig, "UPDATE mailbox SET claimed_by = 'dead 1 1' WHERE claimed_by IS NOT NULL");
	ck_assert_int_eq(store_mailbox_claim_backfill(rig->store, rig->account, &err).v, second.v);
	ck_assert_int_eq(store_mailbox_claim_backfill(rig->store, rig->account, &err).v, first.v);
	store_close(&other);
}
END_TEST

/* --- wishes about the tree ------------------------------------------------ */

static int64_t wish(enum mailbox_verb verb, mailbox_id m, const char *name)
{
	int64_t id = store_want_mailbox(rig->store, rig->account, verb, m, name, &err);

	ck_assert_msg(id > 0, "%s", err.text);
	return id;
}

static guint open_wishes(void)
{
	g_autoptr(GPtrArray) rows = NULL;

	must(store_tree_rows(rig->store, rig->account, &rows, &err));
	return rows->len;
}

static struct tree_wish *due(void)
{
	struct tree_wish *w = NULL;

	must(store_tree_due(rig->store, rig->account, &w, &err));
	return w;
}

static void settle(int64_t id, enum err_code code)
{
	struct err why = { 0 };

	if (code)
		err_set(&why, code, "The test says so.");
	must(store_tree_settle(rig->store, id, &why, &err));
}

static const mailbox_id none = { 0 };

/* A chain at the server, B -> C and A -> B: the wish about A must not end up at C. */
START_TEST(wishes_follow_their_mailbox_and_no_other)
{
	struct batch *b = list_of();
	struct tree_wish *w;

	add(b, "INBOX", "INBOX", "i");
	add(b, "A", "A", "1");
	add(b, "B", "B", "2");
	apply(b, true);
	wish(MAILBOX_DELETE, named("A"), NULL);
	wish(MAILBOX_SUBSCRIBE, named("B"), NULL);
	b = list_of();
	add(b, "INBOX", "INBOX", "i");
	add(b, "B", "B", "1");
	add(b, "C", "C", "2");
	apply(b, true);
	w = due();
	ck_assert_int_eq(w->verb, MAILBOX_DELETE);
	ck_assert_str_eq(w->path, "B");
	settle(w->id, ERR_OK);
	tree_wish_free(&w);
	w = due();
	ck_assert_int_eq(w->verb, MAILBOX_SUBSCRIBE);
	ck_assert_str_eq(w->path, "C");
	tree_wish_free(&w);
}
END_TEST

START_TEST(asking_when_a_wish_is_due_takes_nothing)
{
	int64_t id;
	struct tree_wish *w;

	ck_assert_int_eq(store_tree_due_in(rig->store, rig->account), -1);
	id = wish(MAILBOX_SUBSCRIBE, rig->trash, NULL);
	ck_assert_int_eq(store_tree_due_in(rig->store, rig->account), 0);
	must(store_tree_discard(rig->store, id, &err));
	ck_assert_int_eq(store_tree_due_in(rig->store, rig->account), -1);
	id = wish(MAILBOX_SUBSCRIBE, rig->trash, NULL);
	w = due();
	tree_wish_free(&w);
	settle(id, ERR_PROTOCOL);
	ck_assert_int_gt(store_tree_due_in(rig->store, rig->account), 0);
	ck_assert_ptr_null(due());
}
END_TEST

START_TEST(bad_names_are_refused_with_words)
{
	g_autofree char *level = g_strnfill(256, 'x'), *all = NULL, *good = g_strnfill(255, 'x');
	const char *bad[] = { "", "a//b", "/a", "a/", "a\nb", "a\x7f", "a/../b", ".", "\xff", level };

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		err = (struct err){ 0 };
		ck_assert_int_eq(store_want_mailbox(rig->store, rig->account, MAILBOX_CREATE, none,
					 bad[i], &err), ERR_USAGE);
		ck_assert_uint_gt(strlen(err.text), 10);
	}
	all = g_strdup_printf("%s/%s/%s/%s", good, good, good, good);
	ck_assert_int_eq(store_want_mailbox(rig->store, rig->account, MAILBOX_CREATE, none, all, &err),
		ERR_USAGE);
	ck_assert_int_eq(store_want_mailbox(rig->store, rig->account, MAILBOX_CREATE, none, NULL, &err),
		ERR_USAGE);
	ck_assert_int_eq(store_want_mailbox(rig->store, rig->account, MAILBOX_CREATE, none, "Trash",
				 &err), ERR_USAGE);
	ck_assert_int_eq(store_want_mailbox(rig->store, rig->account, MAILBOX_DELETE, rig->inbox, NULL,
				 &err), ERR_USAGE);
	ck_assert_int_eq(store_want_mailbox(rig->store, rig->account, MAILBOX_RENAME, rig->trash,
				 "Trash/x", &err), ERR_USAGE);
	ck_assert_int_eq(store_want_mailbox(rig->store, rig->account, MAILBOX_DELETE,
				 (mailbox_id){ 99 }, NULL, &err), ERR_GONE);
	wish(MAILBOX_CREATE, none, good);
	ck_assert_uint_eq(open_wishes(), 1);
}
END_TEST

START_TEST(opposites_take_each_other_back)
{
	int64_t id = wish(MAILBOX_CREATE, none, "Work/Bills");

	ck_assert_int_eq(wish(MAILBOX_CREATE, none, "Work/Bills"), id);
	ck_assert_uint_eq(open_wishes(), 1);
	wish(MAILBOX_DELETE, none, "Work/Bills");
	ck_assert_uint_eq(open_wishes(), 0);
	ck_assert_int_eq(store_want_mailbox(rig->store, rig->account, MAILBOX_DELETE, none,
				 "Work/Bills", &err), ERR_GONE);
	wish(MAILBOX_SUBSCRIBE, rig->trash, NULL);
	wish(MAILBOX_UNSUBSCRIBE, rig->trash, NULL);
	ck_assert_uint_eq(open_wishes(), 0);
	wish(MAILBOX_RENAME, rig->trash, "Bin");
	wish(MAILBOX_RENAME, rig->trash, "Basket");
	ck_assert_uint_eq(open_wishes(), 1);
	wish(MAILBOX_DELETE, rig->trash, NULL);
	ck_assert_uint_eq(open_wishes(), 1);
}
END_TEST

START_TEST(what_is_on_its_way_is_not_taken_back)
{
	int64_t id = wish(MAILBOX_SUBSCRIBE, rig->trash, NULL);
	AUTO(tree_wish_free) struct tree_wish *w = due();

	ck_assert_int_eq(w->id, id);
	ck_assert_int_eq(store_tree_discard(rig->store, id, &err), ERR_CONFLICT);
	wish(MAILBOX_UNSUBSCRIBE, rig->trash, NULL);
	ck_assert_uint_eq(open_wishes(), 2);
	must(store_queue_recover(rig->store, rig->account, &err)); /* the worker died */
	must(store_tree_discard(rig->store, id, &err));
	ck_assert_uint_eq(open_wishes(), 1);
}
END_TEST

START_TEST(wishes_about_one_mailbox_keep_their_order)
{
	int64_t create = wish(MAILBOX_CREATE, none, "Work");
	int64_t below = wish(MAILBOX_CREATE, none, "Work/Bills");
	int64_t other = wish(MAILBOX_SUBSCRIBE, rig->trash, NULL);
	struct tree_wish *w = due();

	ck_assert_int_eq(w->id, create);
	ck_assert_int_eq(w->verb, MAILBOX_CREATE);
	ck_assert_str_eq(w->name, "Work");
	tree_wish_free(&w);
	settle(create, ERR_PROTOCOL); /* counted: it waits */
	w = due();
	ck_assert_int_eq(w->id, other);
	tree_wish_free(&w);
	settle(other, ERR_OK);
	ck_assert_ptr_null(due());
	clock_fake(clock_mono_ms() + 60000, clock_unix());
	w = due();
	ck_assert_int_eq(w->id, create);
	ck_assert_int_eq(w->attempts, 1);
	tree_wish_free(&w);
	settle(create, ERR_OK);
	w = due();
	ck_assert_int_eq(w->id, below);
	tree_wish_free(&w);
}
END_TEST

START_TEST(attempts_end) /* C-39: bad weather does not count, judgements do */
{
	int64_t id = wish(MAILBOX_DELETE, rig->trash, NULL), now = clock_mono_ms();

	for (int i = 0; i < 20; i++)
		settle(id, ERR_OFFLINE);
	ck_assert_int_eq(rig_ask(rig, "SELECT attempts FROM tree_wish"), 0);
	for (int i = 0; i < MUTATION_ATTEMPTS_MAX; i++) {
		ck_assert_int_eq(rig_ask(rig, "SELECT status = 'queued' FROM tree_wish"), 1);
		clock_fake(now += 3600 * 1000, 1700000000);
		settle(id, ERR_PROTOCOL);
	}
	ck_assert_int_eq(rig_ask(rig, "SELECT status = 'failed' FROM tree_wish"), 1);
	ck_assert_uint_eq(open_wishes(), 1); /* seen until it is discarded */
	must(store_tree_discard(rig->store, id, &err));
	ck_assert_uint_eq(open_wishes(), 0);
	id = wish(MAILBOX_DELETE, rig->trash, NULL);
	settle(id, ERR_REFUSED);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM tree_wish WHERE status = 'failed'"), 1);
	settle(id, ERR_OK); /* said twice: nothing happens */
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM tree_wish WHERE status = 'failed'"), 1);
}
END_TEST

START_TEST(our_own_rename_keeps_the_rows)
{
	struct batch *l = list_of();
	mailbox_id top, below, beside;
	int64_t id, later;

	add(l, "INBOX", "INBOX", NULL);
	add(l, ".Lists", "Lists", NULL);
	add(l, ".Lists.tern", "Lists/tern", NULL);
	add(l, ".Lists2", "Lists2", NULL);
	apply(l, true);
	top = named("Lists");
	below = named("Lists/tern");
	beside = named("Lists2");
	rig_add(rig, below, 7, 0);
	id = wish(MAILBOX_RENAME, top, "Talk/Über");
	later = wish(MAILBOX_SUBSCRIBE, top, NULL);
	settle(id, ERR_OK);
	ck_assert_int_eq(named("Talk/Über").v, top.v);
	ck_assert_int_eq(named(".Talk.Über.tern").v, below.v);
	ck_assert_int_eq(named("Lists2").v, beside.v);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM tree_wish WHERE status = 'queued'"
			     " AND path = '.Talk.Über'"), 1);
	settle(later, ERR_OK);
	AUTO(mailbox_free) struct mailbox *m = box(top);
	ck_assert_uint_eq(m->attrs & MAILBOX_SUBSCRIBED, MAILBOX_SUBSCRIBED);
	l = list_of(); /* the provider writes it in its own way */
	add(l, "INBOX", "INBOX", NULL);
	add(l, ".Talk", "Talk", NULL);
	add(l, ".Talk.&ANw-ber", "Talk/Über", NULL);
	add(l, ".Talk.&ANw-ber.tern", "Talk/Über/tern", NULL);
	add(l, ".Lists2", "Lists2", NULL);
	apply(l, true);
	ck_assert_int_eq(named("Talk/Über").v, top.v);
	ck_assert_int_eq(named(".Talk.&ANw-ber.tern").v, below.v);
	ck_assert(rig_shows(rig, below, 7));
}
END_TEST

START_TEST(a_wish_outlives_a_restart)
{
	int64_t id = wish(MAILBOX_CREATE, none, "Work");
	int holder;

	rig_reopen(rig);
	AUTO(tree_wish_free) struct tree_wish *w = due();
	ck_assert_int_eq(w->id, id);
	ck_assert_int_eq(store_lease_take(rig->store, rig->account, &holder, &err), 1);
	rig_ask(rig, "UPDATE lease SET owner = 'x ' || pid");
	ck_assert_int_eq(store_tree_settle(rig->store, id, &(struct err){ 0 }, &err), ERR_CONFLICT);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM tree_wish WHERE status = 'leased'"), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tree");
	TCase *t = tcase_create("tree");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_renamed_mailbox_keeps_its_row);
	tcase_add_test(t, two_mailboxes_swap_their_names);
	tcase_add_test(t, a_rename_over_a_deleted_one);
	tcase_add_test(t, a_list_that_lies_is_survived);
	tcase_add_test(t, an_object_id_stays_when_a_list_does_not_tell_it);
	tcase_add_test(t, another_spelling_is_the_same_mailbox);
	tcase_add_test(t, overrides_survive_a_listing);
	tcase_add_test(t, the_state_of_a_history);
	tcase_add_test(t, backfill_goes_round_and_claims);
	tcase_add_test(t, wishes_follow_their_mailbox_and_no_other);
	tcase_add_test(t, asking_when_a_wish_is_due_takes_nothing);
	tcase_add_test(t, bad_names_are_refused_with_words);
	tcase_add_test(t, opposites_take_each_other_back);
	tcase_add_test(t, what_is_on_its_way_is_not_taken_back);
	tcase_add_test(t, wishes_about_one_mailbox_keep_their_order);
	tcase_add_test(t, attempts_end);
	tcase_add_test(t, our_own_rename_keeps_the_rows);
	tcase_add_test(t, a_wish_outlives_a_restart);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
