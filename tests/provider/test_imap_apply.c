/* The IMAP provider against a real server: changing things, and doubt about it. */
#include "provider/test_imap.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
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

/* What the results of the last run own. */
static void order_clear(struct order *o)
{
	for (size_t n = 0; n < G_N_ELEMENTS(o->out); n++)
		g_free(o->out[n].keywords);
	memset(o->out, 0, sizeof o->out);
}

static int run(struct rig *r, struct order *o)
{
	int n = rig_connect(r);

	order_clear(o);
	return n < 0 ? n : r->p->ops->apply(r->p, &o->b, o->out, &r->err);
}

static int prepare(struct rig *r, struct order *o)
{
	int n = rig_connect(r);

	return n < 0 ? n : r->p->ops->prepare(r->p, &o->b, &r->err);
}

/* A server that has just lost a message may need a moment to know which one it was. */
static int run_patiently(struct rig *r, struct order *o)
{
	int n = run(r, o);

	for (int tries = 0; n == ERR_RETRY && tries < 20; tries++) {
		g_usleep(200 * 1000);
		n = run(r, o);
	}
	return n;
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

/* --- keywords, and what others changed ---------------------------------------------------- */

static int ledger_count(const struct proxy *p, const char *text)
{
	g_autofree char *ledger = NULL;
	int n = 0;

	ck_assert(g_file_get_contents(p->ledger, &ledger, NULL, NULL));
	for (const char *at = ledger; (at = strstr(at, text)); at += strlen(text))
		n++;
	return n;
}

START_TEST(keywords_and_flags_leave_in_one_command)
{
	struct proxy p;
	struct order o;
	struct rig r;

	proxy_start(&p, "--mode pass");
	rig_through(&r, &p);
	arrange(&r, "kw", "kw-to");
	server_adm("flags add -u alice 'old \\Seen' mailbox kw all");
	order_init(&o, &r, MUTATION_FLAGS, "kw", NULL, a_and_b);
	o.b.add = FLAG_FLAGGED;
	o.b.add_keywords = (char *)"$forwarded work";
	o.b.remove = FLAG_SEEN;
	o.b.remove_keywords = (char *)"old";
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	ck_assert_int_eq(o.out[0].state, APPLIED_DONE);
	ck_assert_int_eq(o.out[1].state, APPLIED_DONE);
	ck_assert_int_eq(server_count("kw", "flagged keyword work keyword '$Forwarded'"), 2);
	ck_assert_int_eq(server_count("kw", "keyword old"), 1);
	ck_assert_int_eq(server_count("kw", "seen"), 1);
	ck_assert_int_eq(ledger_count(&p, "UID STORE"), 2);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

/* C-02: somebody else was faster at one of them. */
START_TEST(what_changed_meanwhile_is_not_overwritten)
{
	struct order o;
	struct rig r;

	rig_init(&r);
	arrange(&r, "chg", "chg-to");
	server_adm("flags add -u alice '\\Answered home' mailbox chg subject b");
	order_init(&o, &r, MUTATION_FLAGS, "chg", NULL, a_and_b);
	o.b.add = FLAG_FLAGGED;
	o.b.source_cursor = r.rec.cursor;
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	ck_assert_int_eq(o.out[0].state, APPLIED_DONE);
	ck_assert_uint_gt(o.out[0].modseq, 0);
	ck_assert_int_eq(o.out[1].state, APPLIED_CHANGED);
	ck_assert_uint_eq(o.out[1].flags, FLAG_ANSWERED);
	ck_assert_str_eq(o.out[1].keywords, "home");
	ck_assert_int_eq(server_count("chg", "flagged"), 1);
	o.items[0].modseq = o.out[0].modseq; /* with what is known now it works */
	o.items[1].modseq = o.out[1].modseq;
	o.b.add = FLAG_SEEN;
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	ck_assert_int_eq(o.out[0].state, APPLIED_DONE);
	ck_assert_int_eq(o.out[1].state, APPLIED_DONE);
	ck_assert_int_eq(server_count("chg", "seen"), 2);
	o.items[0].modseq = 1;
	o.b.source_cursor = NULL;
	o.b.unconditional = true;
	o.b.add = FLAG_DRAFT;
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	ck_assert_int_eq(o.out[0].state, APPLIED_DONE);
	order_clear(&o);
	rig_release(&r);
}
END_TEST

/* --- copy ------------------------------------------------------------------------------------ */

static void copy_works(const char *name, const char *mode)
{
	g_autofree char *to = g_strconcat(name, "-to", NULL);
	struct proxy p;
	struct order o;
	struct rig r;

	proxy_start(&p, mode);
	rig_through(&r, &p);
	arrange(&r, name, to);
	server_adm("expunge -u alice mailbox %s subject b", name);
	order_init(&o, &r, MUTATION_COPY, name, to, a_and_b);
	ck_assert_msg(prepare(&r, &o) == 0, "%s", r.err.text);
	ck_assert_msg(run_patiently(&r, &o) == 0, "%s", r.err.text);
	ck_assert_msg(o.out[0].state == APPLIED_DONE, "%d: %s", (int)o.out[0].state,
		o.out[0].answer);
	ck_assert_int_eq(o.out[1].state, APPLIED_GONE);
	ck_assert_int_eq(server_count(to, "all"), 1);
	ck_assert_int_eq(server_count(name, "all"), 2);
	rig_release(&r);
	proxy_stop(&p);
}

START_TEST(copy_with_uidplus)
{
	copy_works("cp1", "--mode pass");
}
END_TEST

START_TEST(copy_on_a_bare_server)
{
	copy_works("cp2", "--mode hide:MOVE,UIDPLUS");
}
END_TEST

/* The answer is lost; the second try must leave everything once. */
static void copy_in_doubt(const char *name, const char *mode)
{
	g_autofree char *to = g_strconcat(name, "-to", NULL);
	struct proxy p;
	struct order o;
	struct rig r;

	proxy_start(&p, mode);
	rig_through(&r, &p);
	arrange(&r, name, to);
	order_init(&o, &r, MUTATION_COPY, name, to, a_and_b);
	ck_assert_int_eq(prepare(&r, &o), 0);
	ck_assert_int_eq(run(&r, &o), ERR_OFFLINE);
	ck_assert_int_eq(o.out[0].state, APPLIED_UNKNOWN);
	o.b.uncertain = true;
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	for (int n = 0; n < 2; n++) {
		ck_assert_int_eq(o.out[n].state, APPLIED_DONE);
		ck_assert_uint_eq(o.out[n].target_uid, (uint64_t)n + 1);
	}
	ck_assert_int_eq(server_count(to, "all"), 2);
	ck_assert_int_eq(server_count(name, "all"), 3);
	rig_release(&r);
	proxy_stop(&p);
}

START_TEST(a_copy_is_not_made_twice)
{
	copy_in_doubt("cpu1", "--mode drop-all:COPY");
	copy_in_doubt("cpu2", "--mode drop-command:COPY");
}
END_TEST

/* --- expunge ----------------------------------------------------------------------------------- */

/* What somebody else has marked survives (C-14). */
static void expunge_works(const char *name, const char *modes, int left, bool lost)
{
	g_autofree char *to = g_strconcat(name, "-to", NULL);
	struct proxy p;
	struct order o;
	struct rig r;

	proxy_start(&p, modes);
	rig_through(&r, &p);
	arrange(&r, name, to);
	server_adm("flags add -u alice '\\Deleted' mailbox %s subject c", name);
	order_init(&o, &r, MUTATION_EXPUNGE, name, NULL, a_and_b);
	ck_assert_int_eq(prepare(&r, &o), 0);
	ck_assert_str_eq(o.b.mark, "");
	if (lost) {
		ck_assert_int_eq(run(&r, &o), ERR_OFFLINE);
		ck_assert_int_eq(o.out[0].state, APPLIED_UNKNOWN);
		o.b.uncertain = true;
	}
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	for (int n = 0; n < 2; n++) {
		ck_assert_int_eq(o.out[n].state, APPLIED_DONE);
		ck_assert_int_eq(o.out[n].marked, left == 3);
	}
	ck_assert_msg(rig_changes(&r, to, 0) == 0, "%s", r.err.text); /* leaves the mailbox */
	rig_release(&r);
	ck_assert_int_eq(server_count(name, "all"), left);
	ck_assert_int_eq(server_count(name, "deleted subject c"), 1);
	proxy_stop(&p);
}

START_TEST(expunge_takes_ours_only)
{
	expunge_works("ex1", "--mode pass", 1, false);
	expunge_works("ex2", "--mode hide:UIDPLUS,MOVE", 3, false);
}
END_TEST

START_TEST(an_expunge_in_doubt_is_finished)
{
	expunge_works("ex3", "--mode 'drop-all:UID EXPUNGE'", 1, true);
	expunge_works("ex4", "--mode 'drop-command:UID EXPUNGE'", 1, true);
	expunge_works("ex5", "--mode 'drop-all:UID STORE'", 1, true);
}
END_TEST

/* --- append ------------------------------------------------------------------------------------ */

static int letter(const char *id, size_t filling)
{
	GString *mail = g_string_new(NULL);
	FILE *f = tmpfile();
	int fd = dup(fileno(f));

	g_string_append_printf(mail, "From: a@example.org\r\nSubject: ours\r\n%s\r\n\r\n", id);
	while (mail->len < filling)
		g_string_append_printf(mail, "%076zx\r\n", mail->len);
	ck_assert_int_eq(fd_write_all(fd, mail->str, mail->len), 0);
	g_string_free(mail, TRUE);
	fclose(f);
	return fd;
}

static void append_works(const char *to, const char *modes, size_t filling, const char *id, bool lost)
{
	struct order o = { .b = { .verb = MUTATION_APPEND,
				   .target_path = (char *)to,
				   .add = FLAG_SEEN | FLAG_DRAFT,
				   .add_keywords = (char *)"work",
				   .n = 1 } };
	struct proxy p;
	struct rig r;

	server_make(to);
	server_deliver(to, "older", 10);
	proxy_start(&p, modes);
	rig_through(&r, &p);
	o.b.items = o.items;
	o.items[0] = (struct mutation_item){ .fd = letter(id, filling),
		.received_at = 1000000000,
		.message_id_header = (char *)"ours@test.example" };
	ck_assert_msg(prepare(&r, &o) == 0, "%s", r.err.text);
	if (lost) {
		ck_assert_int_eq(run(&r, &o), ERR_OFFLINE);
		ck_assert_int_eq(o.out[0].state, APPLIED_UNKNOWN);
		o.b.uncertain = true;
	}
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	ck_assert_msg(o.out[0].state == APPLIED_DONE, "%s", o.out[0].answer);
	ck_assert_uint_eq(o.out[0].target_uid, 2);
	ck_assert_int_eq(server_count(to, "all"), 2);
	ck_assert_int_eq(server_count(to, "subject ours seen draft keyword work on 2001-09-09"), 1);
	if (filling > 1 << 20)
		ck_assert_int_eq(server_count(to, "larger 3145728"), 1);
	close(o.items[0].fd);
	rig_release(&r);
	proxy_stop(&p);
}

#define OUR_ID "Message-ID: <ours@test.example>"
#define OUR_TUID "X-TUID: ours@test.example"

START_TEST(append_with_flags_and_date)
{
	append_works("ap1", "--mode pass", 100, OUR_ID, false);
	append_works("ap2", "--mode hide:LITERAL+,LITERAL-", 100, OUR_ID, false);
	append_works("ap3", "--mode pass", 3 << 20, OUR_ID, false);
}
END_TEST

START_TEST(an_append_is_not_made_twice)
{
	append_works("ap4", "--mode drop-all:APPEND", 100, OUR_ID, true);
	append_works("ap5", "--mode drop-command:APPEND", 100, OUR_ID, true);
	append_works("ap6", "--mode drop-all:APPEND", 100, OUR_TUID, true);
}
END_TEST

START_TEST(an_append_into_no_mailbox_says_so)
{
	struct order o = { .b = { .verb = MUTATION_APPEND, .target_path = (char *)"nowhere", .n = 1 } };
	struct rig r;

	rig_init(&r);
	o.b.items = o.items;
	o.items[0].fd = letter(OUR_ID, 10);
	ck_assert_msg(run(&r, &o) == 0, "%s", r.err.text);
	ck_assert_int_eq(o.out[0].state, APPLIED_REFUSED);
	ck_assert_ptr_nonnull(strstr(o.out[0].answer, "nowhere"));
	close(o.items[0].fd);
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
	tcase_add_test(c, keywords_and_flags_leave_in_one_command);
	tcase_add_test(c, what_changed_meanwhile_is_not_overwritten);
	tcase_add_test(c, copy_with_uidplus);
	tcase_add_test(c, copy_on_a_bare_server);
	tcase_add_test(c, a_copy_is_not_made_twice);
	tcase_add_test(c, expunge_takes_ours_only);
	tcase_add_test(c, an_expunge_in_doubt_is_finished);
	tcase_add_test(c, append_with_flags_and_date);
	tcase_add_test(c, an_append_is_not_made_twice);
	tcase_add_test(c, an_append_into_no_mailbox_says_so);
	suite_add_tcase(s, c);
	return s;
}
