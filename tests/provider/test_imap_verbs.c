/* The verbs of apply() against scripts: how many flights they need, and answers that real servers
 * here do not give. */
#include "provider/test_imap.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "model/flags.h"
#include "provider/imap/imap.h"
#include "provider/imap_script.h"

#define CAN "ENABLE CONDSTORE UIDPLUS MOVE LITERAL+"
#define OPENED                                                                                      \
	"* 9 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 10]\r\n"                               \
	"* OK [HIGHESTMODSEQ 100]\r\n"                                                              \
	"* OK [PERMANENTFLAGS (\\Seen \\Flagged \\Answered \\Draft \\Deleted work \\*)]\r\n"         \
	"%T OK [READ-WRITE]\r\n"
#define MAIL "From: a@example.org\r\nMessage-ID: <m1@x>\r\n\r\nhello\r\n"

enum { ITEMS = 4 };

struct wish {
	struct script s;
	struct rig r;
	struct mutation_batch b;
	struct mutation_item items[ITEMS];
	struct applied out[ITEMS];
	int result;
};

/* Connected, and a batch of n messages with uids from 1 on. */
static void begin(struct wish *w, const char *capabilities, const struct script_rule *rules,
	enum mutation_verb verb, size_t n)
{
	static char *const ids[] = { "m1@x", "m2@x", "m3@x", "m4@x" };

	memset(w, 0, sizeof *w);
	script_start(&w->s, capabilities, rules);
	rig_init(&w->r);
	w->r.account.tls = TLS_PLAIN;
	w->r.account.port = w->s.port;
	w->b = (struct mutation_batch){ .verb = verb,
		.source_path = verb == MUTATION_APPEND ? NULL : (char *)"box",
		.target_path = verb == MUTATION_FLAGS || verb == MUTATION_EXPUNGE ? NULL : (char *)"to",
		.uidvalidity = 77,
		.n = n,
		.items = w->items };
	for (size_t k = 0; k < n; k++)
		w->items[k] = (struct mutation_item){
			.uid = k + 1, .size = 100, .fd = -1, .message_id_header = ids[k]
		};
	ck_assert_msg(rig_connect(&w->r) == 0, "%s", w->r.err.text);
	imap_of(w->r.p)->modseq_rises = true; /* no witness */
	script_reset(&w->s);
}

static void apply(struct wish *w)
{
	int n = rig_connect(&w->r);

	for (size_t k = 0; k < ITEMS; k++)
		g_free(w->out[k].keywords);
	memset(w->out, 0, sizeof w->out);
	w->result = n < 0 ? n : w->r.p->ops->apply(w->r.p, &w->b, w->out, &w->r.err);
}

static void done(struct wish *w)
{
	ck_assert_msg(w->result == 0, "%d %s", w->result, w->r.err.text);
}

static void states(struct wish *w, const char *want)
{
	static const char letters[] = "-DGRUC"; /* enum applied_state */
	char have[ITEMS + 1] = "";

	for (size_t k = 0; k < w->b.n; k++)
		have[k] = letters[w->out[k].state];
	ck_assert_msg(strcmp(have, want) == 0, "%s, not %s: %s\n%s", have, want, w->out[0].answer,
		w->s.heard->str);
}

static void end(struct wish *w)
{
	for (size_t k = 0; k < ITEMS; k++)
		g_free(w->out[k].keywords);
	rig_release(&w->r);
	script_stop(&w->s);
}

static void heard(struct wish *w, const char *command, int times)
{
	int n = script_heard(&w->s, command);

	ck_assert_msg(n == times, "%s was heard %d times\n%s", command, n, w->s.heard->str);
}

/* --- flags ------------------------------------------------------------------------------- */

/* C-02: what somebody changed meanwhile is left alone and told as it is now; of what the STORE
 * named nothing is asked again. */
START_TEST(what_was_modified_is_told)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID STORE 1:4 (UNCHANGEDSINCE 90) +FLAGS.SILENT (\\Seen work)",
			"* 1 FETCH (UID 1 MODSEQ (120))\r\n%T OK [MODIFIED 2,3] some changed\r\n", 0 },
		{ "UID FETCH 2:4 (UID FLAGS MODSEQ)",
			"* 2 FETCH (UID 2 MODSEQ (110) FLAGS (\\Flagged Home))\r\n"
			"* 4 FETCH (UID 4 MODSEQ (80) FLAGS (\\Seen work))\r\n%T OK\r\n",
			0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, CAN, rules, MUTATION_FLAGS, 4);
	w.b.add = FLAG_SEEN;
	w.b.add_keywords = (char *)"work";
	w.b.source_cursor = (char *)"2 77 10 1 90 9 0";
	apply(&w);
	done(&w);
	states(&w, "DCGD");
	ck_assert_uint_eq(w.out[0].modseq, 120);
	ck_assert_uint_eq(w.out[1].modseq, 110);
	ck_assert_uint_eq(w.out[1].flags, FLAG_FLAGGED);
	ck_assert_str_eq(w.out[1].keywords, "home");
	ck_assert_int_eq(script_flights(&w.s), 3); /* SELECT, STORE, FETCH */
	end(&w);
}
END_TEST

/* What NO leaves in doubt is asked. */
START_TEST(modified_in_a_no_counts_too)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID STORE 1:2 (UNCHANGEDSINCE 90) +FLAGS.SILENT (\\Seen)",
			"* 1 FETCH (UID 1 MODSEQ (120))\r\n%T NO [MODIFIED 2] some are gone\r\n", 0 },
		{ "UID FETCH 1:2 (UID FLAGS MODSEQ)",
			"* 1 FETCH (UID 1 MODSEQ (120) FLAGS (\\Seen))\r\n"
			"* 2 FETCH (UID 2 MODSEQ (95) FLAGS ())\r\n%T OK\r\n",
			0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, CAN, rules, MUTATION_FLAGS, 2);
	w.b.add = FLAG_SEEN;
	w.b.source_cursor = (char *)"2 77 10 1 90 9 0";
	apply(&w);
	done(&w);
	states(&w, "DC");
	end(&w);
}
END_TEST

/* One command for each number that the wishes are based on; the second sign builds on the first. */
START_TEST(conditions_go_by_what_was_seen)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID STORE 1,3 (UNCHANGEDSINCE 90) +FLAGS.SILENT (\\Seen)",
			"* 1 FETCH (UID 1 MODSEQ (120))\r\n* 3 FETCH (UID 3 MODSEQ (121))\r\n%T OK\r\n", 0 },
		{ "UID STORE 1,3 (UNCHANGEDSINCE 121) -FLAGS.SILENT (\\Flagged)",
			"* 1 FETCH (UID 1 MODSEQ (122))\r\n* 3 FETCH (UID 3 MODSEQ (122))\r\n%T OK\r\n", 0 },
		{ "UID STORE 2 (UNCHANGEDSINCE 95) +FLAGS.SILENT (\\Seen)",
			"* 2 FETCH (UID 2 MODSEQ (123))\r\n%T OK\r\n", 0 },
		{ "UID STORE 2 (UNCHANGEDSINCE 123) -FLAGS.SILENT (\\Flagged)",
			"* 2 FETCH (UID 2 MODSEQ (124))\r\n%T OK\r\n", 0 },
		{ "UID", "%T BAD unexpected\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, CAN, rules, MUTATION_FLAGS, 3);
	w.b.add = FLAG_SEEN;
	w.b.remove = FLAG_FLAGGED;
	w.b.source_cursor = (char *)"2 77 10 1 90 9 0";
	w.items[0].modseq = 30; /* the cursor knows better */
	w.items[1].modseq = 95;
	apply(&w);
	done(&w);
	states(&w, "DDD");
	ck_assert_uint_eq(w.out[0].modseq, 122);
	ck_assert_uint_eq(w.out[1].modseq, 124);
	end(&w);
}
END_TEST

START_TEST(no_condition_where_none_is_wanted_or_trusted)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID STORE 1 (UNCHANGEDSINCE", "%T NO a condition\r\n", 0 },
		{ "UID STORE 1 +FLAGS.SILENT (\\Seen)", "* 1 FETCH (UID 1 MODSEQ (120))\r\n%T OK\r\n", 0 },
		{ "UID FETCH 1 (UID)", "* 1 FETCH (UID 1)\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, CAN, rules, MUTATION_FLAGS, 1);
	w.b.add = FLAG_SEEN;
	w.b.source_cursor = (char *)"2 77 10 1 90 9 0";
	w.b.unconditional = true;
	apply(&w);
	done(&w);
	states(&w, "D");
	w.b.unconditional = false;
	w.b.source_cursor = (char *)"2 78 10 1 90 9 0"; /* numbers of another mailbox */
	apply(&w);
	states(&w, "D");
	heard(&w, "UID FETCH", 0);
	w.b.source_cursor = (char *)"2 77 10 1 90 9 0";
	imap_evidence(imap_of(w.r.p), EVIDENCE_MODSEQ_BACK); /* class D */
	script_reset(&w.s);
	apply(&w);
	states(&w, "D");
	ck_assert_int_eq(script_flights(&w.s), 1); /* the look goes along */
	end(&w);
}
END_TEST

START_TEST(a_condition_that_is_not_known_is_evidence)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID STORE 1 (UNCHANGEDSINCE", "%T BAD what?\r\n", 0 },
		{ "UID FETCH 1", "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, CAN, rules, MUTATION_FLAGS, 1);
	w.b.add = FLAG_SEEN;
	w.b.source_cursor = (char *)"2 77 10 1 90 9 0";
	apply(&w);
	done(&w);
	states(&w, "D");
	heard(&w, "UID STORE 1 +FLAGS.SILENT", 1);
	ck_assert(imap_distrusted(imap_of(w.r.p)));
	end(&w);
}
END_TEST

START_TEST(keywords_that_cannot_be_kept_are_refused)
{
	const struct script_rule rules[] = {
		{ "SELECT",
			"* 9 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n"
			"* OK [PERMANENTFLAGS (\\Seen \\Deleted Work)]\r\n%T OK\r\n",
			0 },
		{ "UID FETCH", "* 1 FETCH (UID 1)\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, "UIDPLUS", rules, MUTATION_FLAGS, 1);
	w.b.add_keywords = (char *)"home work";
	apply(&w);
	done(&w);
	states(&w, "R");
	ck_assert_ptr_nonnull(strstr(w.out[0].answer, "keyword"));
	w.b.add_keywords = (char *)"work";
	apply(&w);
	states(&w, "D");
	w.b.add_keywords = (char *)"a(b";
	apply(&w);
	states(&w, "R");
	w.b.add_keywords = NULL;
	w.b.add = FLAG_FLAGGED;
	apply(&w);
	states(&w, "R");
	heard(&w, "UID STORE", 1);
	end(&w);
}
END_TEST

/* --- move, copy, expunge -------------------------------------------------------------------- */

static void odd_copyuid(const char *answer, const char *want, int flights)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID MOVE 1:2 \"to\"", answer, 0 },
		{ "UID FETCH", "%T OK nothing there\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, CAN, rules, MUTATION_MOVE, 2);
	apply(&w);
	done(&w);
	states(&w, want);
	ck_assert_int_eq(script_flights(&w.s), flights);
	end(&w);
}

START_TEST(copyuid_tells_what_was_there)
{
	odd_copyuid("* OK [COPYUID 88 1:2 5:6]\r\n* VANISHED 1:2\r\n%T OK\r\n", "DD", 2);
	odd_copyuid("* OK [COPYUID 88 2 5]\r\n* 2 EXPUNGE\r\n%T OK\r\n", "GD", 3);
	odd_copyuid("%T OK no messages found\r\n", "GG", 3);
}
END_TEST

/* A tagged OK is final. */
START_TEST(an_odd_copyuid_changes_nothing)
{
	odd_copyuid("* OK [COPYUID 88 1:2 5]\r\n* 1 EXPUNGE\r\n%T OK\r\n", "DD", 2);
	odd_copyuid("* OK [COPYUID x]\r\n%T OK\r\n", "DD", 2);
	odd_copyuid("* OK [COPYUID 88 1:3 5:7]\r\n%T OK\r\n", "DD", 2);
	odd_copyuid("* OK [COPYUID 99999999999 1:2 5:6]\r\n%T OK\r\n", "DD", 2);
	odd_copyuid("* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n%T OK\r\n", "DD", 2);
}
END_TEST

/* Without MOVE: COPY, then the marks and the removal in one flight, of ours only. */
START_TEST(a_move_of_three_commands_is_two_flights)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID COPY 1:3", "%T OK [COPYUID 88 1,3 5,6] done\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, "UIDPLUS", rules, MUTATION_MOVE, 3);
	apply(&w);
	done(&w);
	states(&w, "DGD");
	heard(&w, "UID STORE 1,3 +FLAGS.SILENT (\\Deleted)", 1);
	heard(&w, "UID EXPUNGE 1,3", 1);
	ck_assert_int_eq(script_flights(&w.s), 3);
	ck_assert(!w.out[0].marked);
	end(&w);
}
END_TEST

START_TEST(without_uidplus_they_stay_marked)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID FETCH 1:2", "* 2 FETCH (UID 2)\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, "IDLE", rules, MUTATION_MOVE, 2);
	apply(&w);
	done(&w);
	states(&w, "GD");
	ck_assert(w.out[1].marked);
	w.b.verb = MUTATION_EXPUNGE;
	w.b.target_path = NULL;
	apply(&w);
	states(&w, "GD");
	ck_assert(w.out[1].marked);
	heard(&w, "EXPUNGE", 0);
	heard(&w, "CLOSE", 0);
	end(&w);
}
END_TEST

START_TEST(an_expunge_is_one_flight)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID FETCH 1:2 (UID)", "* 1 FETCH (UID 1)\r\n%T OK\r\n", 1 },
		{ "UID FETCH 1:2 (UID)", "* 2 FETCH (UID 2)\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, CAN, rules, MUTATION_EXPUNGE, 2);
	apply(&w);
	done(&w);
	states(&w, "DG");
	ck_assert_int_eq(script_flights(&w.s), 2);
	w.b.uncertain = true; /* what is not there any more is done, the rest again */
	script_reset(&w.s);
	apply(&w);
	done(&w);
	states(&w, "DD");
	heard(&w, "UID EXPUNGE 2", 1);
	end(&w);
}
END_TEST

/* Section 7 of the rules for outbound changes: what is final, and what is only "later". */
START_TEST(a_no_is_final_or_it_is_not)
{
	static const struct {
		const char *code;
		int result;
		const char *states;
	} rows[] = { { "[NOPERM]", 0, "RR" }, { "[CANNOT]", 0, "RR" }, { "[OVERQUOTA]", 0, "RR" },
		{ "[NONEXISTENT]", 0, "RR" }, { "[TRYCREATE]", 0, "RR" }, { "", 0, "RR" },
		{ "[UNAVAILABLE]", ERR_RETRY, "--" }, { "[INUSE]", ERR_RETRY, "--" },
		{ "[LIMIT]", ERR_RETRY, "--" } };
	static const struct {
		enum mutation_verb verb;
		const char *command;
	} verbs[] = { { MUTATION_FLAGS, "UID STORE" }, { MUTATION_COPY, "UID COPY" },
		{ MUTATION_MOVE, "UID MOVE" } };

	for (size_t v = 0; v < G_N_ELEMENTS(verbs); v++)
		for (size_t k = 0; k < G_N_ELEMENTS(rows); k++) {
			g_autofree char *no = g_strdup_printf("%%T NO %s sorry\r\n", rows[k].code);
			const struct script_rule rules[] = { { "SELECT", OPENED, 0 },
				{ verbs[v].command, no, 0 },
				{ "UID FETCH",
					"* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n"
					"%T OK\r\n",
					0 },
				{ NULL, NULL, 0 } };
			struct wish w;

			begin(&w, CAN, rules, verbs[v].verb, 2);
			w.b.add = verbs[v].verb == MUTATION_FLAGS ? FLAG_SEEN : 0;
			apply(&w);
			ck_assert_msg(w.result == rows[k].result, "%s %s: %d", verbs[v].command,
				rows[k].code, w.result);
			states(&w, rows[k].states);
			ck_assert(w.result || strstr(w.out[0].answer, "sorry"));
			end(&w);
		}
}
END_TEST

/* --- doubt ------------------------------------------------------------------------------------ */

/* The target made anew since the mark: all of it is looked at (the mark's numbers are void). */
START_TEST(a_mark_of_another_mailbox_is_void)
{
	const struct script_rule rules[] = {
		{ "STATUS", "* STATUS \"to\" (UIDVALIDITY 5 UIDNEXT 40)\r\n%T OK\r\n", 0 },
		{ "EXAMINE", "* 1 EXISTS\r\n* OK [UIDVALIDITY 6]\r\n%T OK\r\n", 0 },
		{ "SELECT", OPENED, 0 },
		{ "UID FETCH 1:* (UID RFC822.SIZE",
			"* 1 FETCH (UID 3 RFC822.SIZE 100 BODY[HEADER.FIELDS (MESSAGE-ID)] "
			"\"Message-ID: <m1@x>\")\r\n%T OK\r\n",
			0 },
		{ "UID FETCH 1:2 (UID)", "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n%T OK\r\n", 0 },
		{ "UID COPY 2 ", "%T OK [COPYUID 6 2 4]\r\n", 0 },
		{ "UID COPY", "%T NO not that\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, CAN, rules, MUTATION_COPY, 2);
	ck_assert_int_eq(w.r.p->ops->prepare(w.r.p, &w.b, &w.r.err), 0);
	ck_assert_str_eq(w.b.mark, "5 40");
	ck_assert_int_eq(script_flights(&w.s), 1); /* with the SELECT of the source */
	heard(&w, "SELECT \"box\"", 1);
	w.b.uncertain = true;
	apply(&w);
	done(&w);
	states(&w, "DD");
	ck_assert_uint_eq(w.out[0].target_uid, 3);
	ck_assert_uint_eq(w.out[0].target_uidvalidity, 6);
	ck_assert_uint_eq(w.out[1].target_uid, 4);
	end(&w);
}
END_TEST

START_TEST(without_a_mark_nothing_was_sent)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID COPY", "%T OK [COPYUID 6 1:2 3:4]\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, CAN, rules, MUTATION_COPY, 2);
	w.b.uncertain = true;
	apply(&w);
	done(&w);
	states(&w, "DD");
	heard(&w, "EXAMINE", 0);
	end(&w);
}
END_TEST

/* Between the look and the act the source was made anew: nothing is touched. */
START_TEST(a_source_made_anew_between_look_and_act)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 1 },
		{ "SELECT", "* 9 EXISTS\r\n* OK [UIDVALIDITY 78]\r\n%T OK\r\n", 0 },
		{ "EXAMINE", "* 0 EXISTS\r\n* OK [UIDVALIDITY 6]\r\n%T OK\r\n", 0 },
		{ "UID FETCH", "* 1 FETCH (UID 1)\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin(&w, CAN, rules, MUTATION_MOVE, 1);
	w.b.uncertain = true;
	g_strlcpy(w.b.mark, "6 1", sizeof w.b.mark);
	apply(&w);
	ck_assert_int_eq(w.result, ERR_CONFLICT);
	states(&w, "-");
	heard(&w, "UID MOVE", 0);
	end(&w);
}
END_TEST

/* --- append ------------------------------------------------------------------------------------ */

static int letter(const char *text, size_t n)
{
	FILE *f = tmpfile();
	int fd;

	ck_assert_ptr_nonnull(f);
	fd = dup(fileno(f));
	fclose(f);
	ck_assert_int_eq(fd_write_all(fd, text, n), 0);
	return fd;
}

static void begin_append(struct wish *w, const char *capabilities, const struct script_rule *rules,
	const char *text, size_t n)
{
	begin(w, capabilities, rules, MUTATION_APPEND, 1);
	w->b.uidvalidity = 0;
	w->items[0].uid = 0;
	w->items[0].fd = letter(text, n);
	w->items[0].size = n;
}

static void end_append(struct wish *w)
{
	close(w->items[0].fd);
	end(w);
}

START_TEST(an_append_is_one_flight)
{
	const struct script_rule rules[] = {
		{ "APPEND \"to\" (\\Seen \\Draft $forwarded) \" 1-Jul-2025 08:00:05 +0000\" {50+}",
			"%T OK [APPENDUID 6 17] done\r\n", 0 },
		{ "APPEND", "%T BAD what?\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin_append(&w, CAN, rules, MAIL, strlen(MAIL));
	w.b.add = FLAG_SEEN | FLAG_DRAFT;
	w.b.add_keywords = (char *)"$forwarded";
	w.items[0].received_at = 1751356805;
	apply(&w);
	done(&w);
	states(&w, "D");
	ck_assert_uint_eq(w.out[0].target_uid, 17);
	ck_assert_uint_eq(w.out[0].target_uidvalidity, 6);
	ck_assert_int_eq(script_flights(&w.s), 1);
	end_append(&w);
}
END_TEST

/* A literal that waits, and is not sent if it is not wanted. */
START_TEST(an_append_waits_for_leave)
{
	const struct script_rule rules[] = {
		{ "APPEND", "+ go on\r\n", 1 },
		{ "(literal)", "%T OK [APPENDUID what]\r\n", 0 },
		{ "APPEND", "%T NO [TRYCREATE] no such mailbox\r\n", 1 },
		{ "APPEND", "%T NO [LIMIT] later\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin_append(&w, "IDLE", rules, MAIL, strlen(MAIL));
	apply(&w);
	done(&w);
	states(&w, "D");
	ck_assert_uint_eq(w.out[0].target_uid, 0);
	apply(&w);
	done(&w);
	states(&w, "R");
	ck_assert_ptr_nonnull(strstr(w.out[0].answer, "not on the server"));
	apply(&w);
	ck_assert_int_eq(w.result, ERR_RETRY);
	states(&w, "-");
	heard(&w, "{50}", 3);
	ck_assert_ptr_nonnull(imap_of(w.r.p)->wire); /* still in step */
	end_append(&w);
}
END_TEST

START_TEST(what_cannot_be_appended_is_refused_with_words)
{
	static const struct {
		const char *text;
		size_t n;
		const char *words;
	} rows[] = { { "a\0b\r\n", 5, "NUL" }, { "a\nb\r\n", 5, "CR LF" }, { "a\rb\r\n", 5, "CR LF" },
		{ "ab\r", 3, "CR LF" }, { MAIL MAIL MAIL, 3 * sizeof MAIL - 3, "larger" } };
	const struct script_rule rules[] = { { NULL, NULL, 0 } };

	for (size_t k = 0; k < G_N_ELEMENTS(rows); k++) {
		struct wish w;

		begin_append(&w, "LITERAL+ APPENDLIMIT=100", rules, rows[k].text, rows[k].n);
		apply(&w);
		done(&w);
		states(&w, "R");
		ck_assert_msg(strstr(w.out[0].answer, rows[k].words), "%s", w.out[0].answer);
		ck_assert_int_eq(script_flights(&w.s), 0);
		end_append(&w);
	}
}
END_TEST

/* Found again by our own header, whatever the server made of its size. */
START_TEST(an_append_in_doubt_is_looked_for)
{
	const struct script_rule rules[] = {
		{ "EXAMINE", "* 3 EXISTS\r\n* OK [UIDVALIDITY 6]\r\n%T OK\r\n", 0 },
		{ "UID FETCH 7:* (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-TUID)])",
			"* 2 FETCH (UID 6 RFC822.SIZE 50 BODY[HEADER.FIELDS (MESSAGE-ID X-TUID)] "
			"\"Message-ID: <m1@x>\")\r\n"
			"* 3 FETCH (UID 9 RFC822.SIZE 999 BODY[HEADER.FIELDS (MESSAGE-ID X-TUID)] "
			"{20}\r\nX-TUID:\r\n <m1@x>\r\n\r\n)\r\n%T OK\r\n",
			1 },
		{ "UID FETCH", "%T OK\r\n", 0 },
		{ "APPEND", "%T OK [APPENDUID 6 10]\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct wish w;

	begin_append(&w, CAN, rules, MAIL, strlen(MAIL));
	w.b.uncertain = true;
	g_strlcpy(w.b.mark, "6 7", sizeof w.b.mark);
	apply(&w);
	done(&w);
	states(&w, "D");
	ck_assert_uint_eq(w.out[0].target_uid, 9);
	heard(&w, "APPEND", 0);
	apply(&w);
	states(&w, "D");
	ck_assert_uint_eq(w.out[0].target_uid, 10);
	heard(&w, "APPEND", 1);
	end_append(&w);
}
END_TEST

/* --- rights ------------------------------------------------------------------------------------- */

static int on_rights(struct sink *s, unsigned denied, struct err *err)
{
	(void)err;
	((struct recorder *)s)->bytes = denied;
	return 0;
}

static unsigned denied(const char *rights, const char *permanent, const char *tagged)
{
	g_autofree char *opened = g_strdup_printf("* 0 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n"
						  "* OK [UIDNEXT 10]\r\n%s%%T OK %s\r\n",
		permanent, tagged);
	const struct script_rule rules[] = { { "SELECT", opened, 0 }, { "MYRIGHTS \"box\"", rights, 0 },
		{ NULL, NULL, 0 } };
	struct wish w;
	uint64_t told;

	begin(&w, "ACL", rules, MUTATION_FLAGS, 0);
	w.r.rec.sink.rights = on_rights;
	ck_assert_msg(rig_changes(&w.r, "box", 0) == 0, "%s", w.r.err.text);
	told = w.r.rec.bytes;
	ck_assert_int_eq(script_flights(&w.s), 1); /* no round trip of its own */
	end(&w);
	return (unsigned)told;
}

START_TEST(rights_are_heard_when_a_mailbox_is_opened)
{
	const unsigned all = DENIED_SEEN | DENIED_FLAGS | DENIED_KEYWORDS | DENIED_REMOVE |
			     DENIED_INSERT | DENIED_CHILDREN | DENIED_DROP;

	ck_assert_uint_eq(denied("* MYRIGHTS box lr\r\n%T OK\r\n", "", ""), all);
	ck_assert_uint_eq(denied("* MYRIGHTS box lrswipkxteacd\r\n%T OK\r\n", "", "[READ-WRITE]"), 0);
	ck_assert_uint_eq(denied("* MYRIGHTS \"box\" lrswipcd\r\n%T OK\r\n", "", ""), 0);
	ck_assert_uint_eq(denied("* MYRIGHTS box lrswitkx\r\n%T OK\r\n", "", ""), DENIED_REMOVE);
	ck_assert_uint_eq(denied("* MYRIGHTS box lrs\r\n%T OK\r\n", "", ""), all & ~(unsigned)DENIED_SEEN);
	ck_assert_uint_eq(denied("%T NO not allowed\r\n", "", ""), 0);
	ck_assert_uint_eq(denied("%T NO\r\n", "", "[READ-ONLY]"),
		DENIED_SEEN | DENIED_FLAGS | DENIED_KEYWORDS | DENIED_REMOVE);
	ck_assert_uint_eq(denied("%T NO\r\n",
				  "* OK [PERMANENTFLAGS (\\Seen \\Flagged \\Deleted)] limited\r\n", ""),
		DENIED_KEYWORDS);
}
END_TEST

/* A right that was given since: the scan of a quiet mailbox does not tell it, so the reader who
 * opens the mailbox must find out. */
START_TEST(what_was_forbidden_is_asked_again)
{
	const struct script_rule rules[] = {
		{ "LIST", "* LIST () \"/\" box\r\n"
			  "* STATUS box (UIDVALIDITY 77 UIDNEXT 10 MESSAGES 9 HIGHESTMODSEQ 100)\r\n%T OK\r\n",
			0 },
		{ "SELECT", OPENED, 0 },
		{ "MYRIGHTS \"box\"", "* MYRIGHTS box lrswipkxteacd\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct mailbox m = { .path = (char *)"box", .cursor = (char *)"2 77 10 1 100 9 0" };
	struct wish w;

	begin(&w, "ACL LIST-EXTENDED LIST-STATUS " CAN, rules, MUTATION_FLAGS, 0);
	w.r.rec.sink.rights = on_rights;
	ck_assert_int_eq(w.r.p->ops->mailboxes(w.r.p, &w.r.rec.sink, &w.r.err), 0);
	for (int k = 0; k < 4; k++) {
		w.r.rec.bytes = m.denied = k & 1 ? DENIED_FLAGS : 0;
		ck_assert_int_eq(w.r.p->ops->changes(w.r.p, &m, k & 2 ? CHANGES_LOOKED_AT : 0,
					 &w.r.rec.sink, &w.r.err), 0);
		heard(&w, "SELECT", k == 3);
		ck_assert_uint_eq(w.r.rec.bytes, k == 1 ? DENIED_FLAGS : 0);
	}
	end(&w);
}
END_TEST

Suite *imap_verbs_suite(void)
{
	Suite *s = suite_create("imap verbs");
	TCase *c = tcase_create("scripts");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, what_was_modified_is_told);
	tcase_add_test(c, modified_in_a_no_counts_too);
	tcase_add_test(c, conditions_go_by_what_was_seen);
	tcase_add_test(c, no_condition_where_none_is_wanted_or_trusted);
	tcase_add_test(c, a_condition_that_is_not_known_is_evidence);
	tcase_add_test(c, keywords_that_cannot_be_kept_are_refused);
	tcase_add_test(c, copyuid_tells_what_was_there);
	tcase_add_test(c, an_odd_copyuid_changes_nothing);
	tcase_add_test(c, a_move_of_three_commands_is_two_flights);
	tcase_add_test(c, without_uidplus_they_stay_marked);
	tcase_add_test(c, an_expunge_is_one_flight);
	tcase_add_test(c, a_no_is_final_or_it_is_not);
	tcase_add_test(c, a_mark_of_another_mailbox_is_void);
	tcase_add_test(c, without_a_mark_nothing_was_sent);
	tcase_add_test(c, a_source_made_anew_between_look_and_act);
	tcase_add_test(c, an_append_is_one_flight);
	tcase_add_test(c, an_append_waits_for_leave);
	tcase_add_test(c, what_cannot_be_appended_is_refused_with_words);
	tcase_add_test(c, an_append_in_doubt_is_looked_for);
	tcase_add_test(c, rights_are_heard_when_a_mailbox_is_opened);
	tcase_add_test(c, what_was_forbidden_is_asked_again);
	suite_add_tcase(s, c);
	return s;
}
