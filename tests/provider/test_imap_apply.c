/* The IMAP provider against a real server: changing things, and doubt about it. */
#include "provider/test_imap.h"

#include <string.h>

#include "model/flags.h"

struct order {
	struct mutation_batch b;
	struct mutation_item items[4];
	struct applied out[4];
};

/* A wish for the messages with these subjects (NULL ends), as the recorder knows them. */
static void order_init(struct order *o, struct rig *r, enum mutation_verb verb, const char *source,
	const char *target, const char *const *subjects)
{
	memset(o, 0, sizeof *o);
	o->b.verb = verb;
	o->b.source_path = (char *)source;
	o->b.target_path = (char *)target;
	o->b.uidvalidity = r->rec.uidvalidity;
	o->b.items = o->items;
	for (; subjects[o->b.n]; o->b.n++) {
		struct kept *k = recorder_find(&r->rec, subjects[o->b.n]);

		o->items[o->b.n] = (struct mutation_item){
			.uid = k->uid, .size = k->size, .message_id_header = k->message_id
		};
	}
}

static int run(struct rig *r, struct order *o)
{
	int n = rig_connect(r);

	memset(o->out, 0, sizeof o->out);
	return n < 0 ? n : r->p->ops->apply(r->p, &o->b, o->out, &r->err);
}

static int prepare(struct rig *r, struct order *o)
{
	int n = rig_connect(r);

	return n < 0 ? n : r->p->ops->prepare(r->p, &o->b, &r->err);
}

static const char *const a_and_b[] = { "a", "b", NULL };

/* SOURCE with messages a, b and c, read into the recorder; TARGET empty. */
static void arrange(struct rig *r, const char *source, const char *target)
{
	server_make(source);
	server_make(target);
	server_deliver(source, "a", 10);
	server_deliver(source, "b", 500);
	server_deliver(source, "c", 10);
	ck_assert_msg(rig_changes(r, source, 0) == 0, "%s", r->err.text);
	ck_assert_uint_eq(recorder_count(&r->rec), 3);
}

START_TEST(flags_are_set_and_cleared)
{
	struct order o;
	struct rig r;

	rig_init(&r);
	arrange(&r, "fl", "fl-to");
	server_adm("flags add -u alice '\\Seen' mailbox fl subject a");
	server_adm("expunge -u alice mailbox fl subject b");
	order_init(&o, &r, MUTATION_FLAGS, "fl", NULL, a_and_b);
	o.b.add = FLAG_FLAGGED;
	o.b.remove = FLAG_SEEN;
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	ck_assert_int_eq(o.out[0].state, APPLIED_DONE);
	ck_assert_int_eq(o.out[1].state, APPLIED_GONE);
	ck_assert_int_eq(server_count("fl", "flagged"), 1);
	ck_assert_int_eq(server_count("fl", "seen"), 0);
	rig_release(&r);
}
END_TEST

START_TEST(another_uidvalidity_is_a_conflict)
{
	struct order o;
	struct rig r;

	rig_init(&r);
	arrange(&r, "uv", "uv-to");
	order_init(&o, &r, MUTATION_FLAGS, "uv", NULL, a_and_b);
	o.b.add = FLAG_SEEN;
	o.b.uidvalidity++;
	ck_assert_int_eq(run(&r, &o), ERR_CONFLICT);
	ck_assert_int_eq(o.out[0].state, APPLIED_NOT_TRIED);
	ck_assert_int_eq(server_count("uv", "seen"), 0);
	rig_release(&r);
}
END_TEST

/* A foreign \Deleted message must survive every way of moving. */
static void move_works(const char *name, const char *mode, bool marked_only)
{
	g_autofree char *to = g_strconcat(name, "-to", NULL);
	struct proxy p;
	struct order o;
	struct rig r;

	proxy_start(&p, mode);
	rig_through(&r, &p);
	arrange(&r, name, to);
	server_adm("flags add -u alice '\\Deleted' mailbox %s subject c", name);
	order_init(&o, &r, MUTATION_MOVE, name, to, a_and_b);
	ck_assert_msg(prepare(&r, &o) == 0, "%s", r.err.text);
	ck_assert_str_ne(o.b.mark, "");
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	for (int n = 0; n < 2; n++) {
		ck_assert_int_eq(o.out[n].state, APPLIED_DONE);
		if (!marked_only)
			ck_assert_uint_eq(o.out[n].target_uid, (uint64_t)n + 1);
	}
	ck_assert_int_eq(server_count(to, "all"), 2);
	ck_assert_int_eq(server_count(name, "all"), marked_only ? 3 : 1);
	ck_assert_int_eq(server_count(name, "deleted"), marked_only ? 3 : 1);
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	if (!marked_only)
		ck_assert_int_eq(o.out[0].state, APPLIED_GONE);
	rig_release(&r);
	proxy_stop(&p);
}

START_TEST(move_with_move)
{
	move_works("mv1", "--mode pass", false);
}
END_TEST

START_TEST(move_with_copy_and_uid_expunge)
{
	move_works("mv2", "--mode hide:MOVE", false);
}
END_TEST

START_TEST(move_on_a_bare_server_only_marks)
{
	move_works("mv3", "--mode hide:MOVE,UIDPLUS", true);
}
END_TEST

START_TEST(a_refused_move_says_why)
{
	struct order o;
	struct rig r;

	rig_init(&r);
	arrange(&r, "mvno", "mvno-to");
	order_init(&o, &r, MUTATION_MOVE, "mvno", "no such mailbox", a_and_b);
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	ck_assert_int_eq(o.out[0].state, APPLIED_REFUSED);
	ck_assert_ptr_nonnull(strstr(o.out[0].answer, "exist"));
	ck_assert_int_eq(server_count("mvno", "all"), 3);
	rig_release(&r);
}
END_TEST

START_TEST(unavailable_is_tried_later)
{
	struct proxy p;
	struct order o;
	struct rig r;

	proxy_start(&p, "--mode 'no:UID STORE:[UNAVAILABLE] come back later'");
	rig_through(&r, &p);
	arrange(&r, "unav", "unav-to");
	order_init(&o, &r, MUTATION_FLAGS, "unav", NULL, a_and_b);
	o.b.add = FLAG_SEEN;
	ck_assert_int_eq(run(&r, &o), ERR_RETRY);
	ck_assert_int_eq(o.out[0].state, APPLIED_NOT_TRIED);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

/* The answer to `verb` is lost; the second try must leave each message exactly once. */
static void uncertain(const char *name, const char *modes, bool telling)
{
	g_autofree char *to = g_strconcat(name, "-to", NULL);
	struct proxy p;
	struct order o;
	struct rig r;
	int n;

	proxy_start(&p, modes);
	rig_through(&r, &p);
	arrange(&r, name, to);
	server_deliver(to, "older", 10);
	order_init(&o, &r, MUTATION_MOVE, name, to, a_and_b);
	ck_assert_msg(prepare(&r, &o) == 0, "%s", r.err.text);
	if (!telling)
		g_strlcpy(o.b.mark, "0 0", sizeof o.b.mark);
	n = run(&r, &o);
	ck_assert_msg(n == ERR_OFFLINE, "%d %s", n, r.err.text);
	ck_assert_int_eq(o.out[0].state, APPLIED_UNKNOWN);
	ck_assert_int_eq(o.out[1].state, APPLIED_UNKNOWN);
	o.b.uncertain = true;
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	ck_assert_int_eq(o.out[0].state, APPLIED_DONE);
	ck_assert_int_eq(o.out[1].state, APPLIED_DONE);
	ck_assert_int_eq(server_count(to, "all"), 3);
	ck_assert_int_eq(server_count(name, "all"), 1);
	rig_release(&r);
	proxy_stop(&p);
}

START_TEST(a_move_whose_answer_was_lost_is_not_done_twice)
{
	uncertain("un1", "--mode drop-answer:MOVE", true);
}
END_TEST

START_TEST(a_move_that_never_arrived_is_done)
{
	uncertain("un2", "--mode drop-command:MOVE", true);
}
END_TEST

START_TEST(a_copy_whose_answer_was_lost_is_not_done_twice)
{
	uncertain("un3", "--mode hide:MOVE --mode drop-all:COPY", true);
}
END_TEST

START_TEST(a_copy_that_was_not_expunged_is_finished)
{
	uncertain("un4", "--mode hide:MOVE --mode 'drop-command:UID EXPUNGE'", true);
}
END_TEST

START_TEST(a_mark_that_tells_nothing_will_do)
{
	uncertain("un5", "--mode drop-all:MOVE", false);
}
END_TEST

START_TEST(what_somebody_else_removed_is_gone)
{
	struct order o;
	struct rig r;

	rig_init(&r);
	arrange(&r, "un6", "un6-to");
	order_init(&o, &r, MUTATION_MOVE, "un6", "un6-to", a_and_b);
	ck_assert_int_eq(prepare(&r, &o), 0);
	server_adm("expunge -u alice mailbox un6 subject a");
	o.b.uncertain = true;
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	ck_assert_int_eq(o.out[0].state, APPLIED_GONE);
	ck_assert_int_eq(o.out[1].state, APPLIED_DONE);
	ck_assert_int_eq(server_count("un6-to", "all"), 1);
	rig_release(&r);
}
END_TEST

Suite *imap_apply_suite(void)
{
	Suite *s = suite_create("imap apply");
	TCase *c = tcase_create("changing");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, flags_are_set_and_cleared);
	tcase_add_test(c, another_uidvalidity_is_a_conflict);
	tcase_add_test(c, move_with_move);
	tcase_add_test(c, move_with_copy_and_uid_expunge);
	tcase_add_test(c, move_on_a_bare_server_only_marks);
	tcase_add_test(c, a_refused_move_says_why);
	tcase_add_test(c, unavailable_is_tried_later);
	tcase_add_test(c, a_move_whose_answer_was_lost_is_not_done_twice);
	tcase_add_test(c, a_move_that_never_arrived_is_done);
	tcase_add_test(c, a_copy_whose_answer_was_lost_is_not_done_twice);
	tcase_add_test(c, a_copy_that_was_not_expunged_is_finished);
	tcase_add_test(c, a_mark_that_tells_nothing_will_do);
	tcase_add_test(c, what_somebody_else_removed_is_gone);
	suite_add_tcase(s, c);
	return s;
}
