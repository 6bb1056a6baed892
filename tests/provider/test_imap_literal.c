/* Names that wait for the server's "+" behind commands that are under way (C-14): a server without
 * LITERAL+ and with 8-bit names.  Each answer reaches whoever awaits it. */
#include "provider/test_imap.h"

#include <string.h>

#include "provider/imap/imap.h"
#include "provider/imap_script.h"

#define BOX "Entw\xc3\xbcrfe" /* 9 bytes */
#define SELECTED                                                                                   \
	"* 9 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 10]\r\n%T OK [READ-WRITE]\r\n"

struct waiting {
	struct script s;
	struct rig r;
	struct mutation_item item;
	struct mutation_batch b;
	struct applied out;
};

/* A message of `source` is to go to `target`. */
static void begin(struct waiting *w, const char *capabilities, const struct script_rule *rules,
	const char *source, const char *target)
{
	memset(w, 0, sizeof *w);
	script_start(&w->s, capabilities, rules);
	rig_init(&w->r);
	w->r.account.tls = TLS_PLAIN;
	w->r.account.port = w->s.port;
	w->item = (struct mutation_item){
		.uid = 1, .size = 100, .fd = -1, .message_id_header = (char *)"m1@x"
	};
	w->b = (struct mutation_batch){ .verb = MUTATION_MOVE,
		.source_path = (char *)source,
		.target_path = (char *)target,
		.uidvalidity = 77,
		.n = 1,
		.items = &w->item };
	ck_assert_msg(rig_connect(&w->r) == 0, "%s", w->r.err.text);
	script_reset(&w->s);
}

static int prepare(struct waiting *w)
{
	return w->r.p->ops->prepare(w->r.p, &w->b, &w->r.err);
}

static int apply(struct waiting *w)
{
	return w->r.p->ops->apply(w->r.p, &w->b, &w->out, &w->r.err);
}

static void end(struct waiting *w)
{
	rig_release(&w->r);
	script_stop(&w->s);
}

/* SELECT and STATUS, then FETCH and MOVE, each pair in flight: the first is answered before the "+"
 * of the second. */
START_TEST(a_name_waits_behind_other_commands)
{
	const struct script_rule rules[] = {
		{ "SELECT \"box\"", SELECTED, 0 },
		{ "STATUS {9}", "+ go on\r\n", 0 },
		{ "(literal)", "* STATUS {9}\r\n" BOX " (UIDVALIDITY 6 UIDNEXT 40)\r\n%T OK\r\n", 1 },
		{ "UID FETCH 1 (UID)", "* 1 FETCH (UID 1)\r\n%T OK\r\n", 0 },
		{ "UID MOVE 1 {9}", "+ go on\r\n", 0 },
		{ "(literal)", "* 1 EXPUNGE\r\n%T OK moved\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct waiting w;

	begin(&w, "MOVE", rules, "box", BOX);
	ck_assert_msg(prepare(&w) == 0, "%s", w.r.err.text);
	ck_assert_str_eq(w.b.mark, "6 40");
	ck_assert_msg(apply(&w) == 0, "%s", w.r.err.text);
	ck_assert_int_eq(w.out.state, APPLIED_DONE);
	ck_assert_int_eq(script_heard(&w.s, "SELECT"), 1); /* its answer was heard */
	ck_assert_ptr_nonnull(imap_of(w.r.p)->wire);
	end(&w);
}
END_TEST

/* The message is not there: the answer that says so came before the "+". */
START_TEST(what_was_said_before_the_leave_counts)
{
	const struct script_rule rules[] = {
		{ "SELECT \"box\"", SELECTED, 0 },
		{ "UID FETCH 1 (UID)", "%T OK nothing\r\n", 0 },
		{ "UID MOVE 1 {9}", "+ go on\r\n", 0 },
		{ "(literal)", "%T OK nothing moved\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct waiting w;

	begin(&w, "MOVE", rules, "box", BOX);
	ck_assert_msg(apply(&w) == 0, "%s", w.r.err.text);
	ck_assert_int_eq(w.out.state, APPLIED_GONE);
	end(&w);
}
END_TEST

/* Refused instead of awaited: the refusal is that of the MOVE, and no name follows it as a command. */
START_TEST(a_refused_name_is_not_sent)
{
	const struct script_rule rules[] = {
		{ "SELECT \"box\"", SELECTED, 0 },
		{ "UID FETCH 1 (UID)", "* 1 FETCH (UID 1)\r\n%T OK\r\n", 0 },
		{ "UID MOVE 1 {9}", "%T NO no such name\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct waiting w;

	begin(&w, "MOVE", rules, "box", BOX);
	ck_assert_int_eq(apply(&w), 0);
	ck_assert_int_eq(w.out.state, APPLIED_REFUSED);
	ck_assert_ptr_nonnull(strstr(w.out.answer, "no such name"));
	ck_assert_int_eq(script_heard(&w.s, "Entw"), 0);
	end(&w);
}
END_TEST

/* The server goes in between: its words are told, not that the line broke. */
START_TEST(a_goodbye_before_the_leave_is_told)
{
	const struct script_rule rules[] = {
		{ "SELECT \"box\"", SELECTED, 0 },
		{ "UID FETCH 1 (UID)", "* BYE closing down\r\n", 0 },
		{ "UID MOVE", "", 0 },
		{ NULL, NULL, 0 },
	};
	struct waiting w;

	begin(&w, "MOVE", rules, "box", BOX);
	ck_assert_int_eq(apply(&w), ERR_OFFLINE);
	ck_assert_ptr_nonnull(strstr(w.r.err.text, "closing down"));
	ck_assert_int_eq(w.out.state, APPLIED_UNKNOWN);
	end(&w);
}
END_TEST

Suite *imap_literal_suite(void)
{
	Suite *s = suite_create("imap literals");
	TCase *c = tcase_create("waiting");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, a_name_waits_behind_other_commands);
	tcase_add_test(c, what_was_said_before_the_leave_counts);
	tcase_add_test(c, a_refused_name_is_not_sent);
	tcase_add_test(c, a_goodbye_before_the_leave_is_told);
	suite_add_tcase(s, c);
	return s;
}
