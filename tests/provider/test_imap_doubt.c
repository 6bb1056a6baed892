/* Doubt, against answers that real servers here do not give: nothing is doubled, nothing is removed
 * on a likeness, and no row ends without proof (C-14, M-73). */
#include "provider/test_imap.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "model/flags.h"
#include "provider/imap/imap.h"
#include "provider/imap_script.h"

#define CAN "CONDSTORE UIDPLUS MOVE LITERAL+"
#define SOURCE                                                                                     \
	"* 9 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 10]\r\n%T OK [READ-WRITE]\r\n"
#define TARGET "* 9 EXISTS\r\n* OK [UIDVALIDITY 6]\r\n%T OK\r\n"
#define ID(line) "BODY[HEADER.FIELDS (MESSAGE-ID)] \"" line "\")\r\n"

enum { ITEMS = 3 };

struct doubt {
	struct script s;
	struct rig r;
	struct mutation_batch b;
	struct mutation_item items[ITEMS];
	struct applied out[ITEMS];
	int result;
};

/* Connected; the answer to n messages of 100 bytes with uids from 1 on was lost. */
static void begin(struct doubt *d, const char *capabilities, const struct script_rule *rules,
	enum mutation_verb verb, size_t n, const char *const *ids)
{
	memset(d, 0, sizeof *d);
	script_start(&d->s, capabilities, rules);
	rig_init(&d->r);
	d->r.account.tls = TLS_PLAIN;
	d->r.account.port = d->s.port;
	d->b = (struct mutation_batch){ .verb = verb,
		.source_path = verb == MUTATION_APPEND ? NULL : (char *)"box",
		.target_path = verb == MUTATION_EXPUNGE ? NULL : (char *)"to",
		.uidvalidity = verb == MUTATION_APPEND ? 0 : 77,
		.n = n,
		.items = d->items,
		.uncertain = true,
		.mark = "6 40" };
	for (size_t k = 0; k < n; k++)
		d->items[k] = (struct mutation_item){ .uid = verb == MUTATION_APPEND ? 0 : k + 1,
			.size = 100, .fd = -1, .message_id_header = (char *)ids[k] };
	ck_assert_msg(rig_connect(&d->r) == 0, "%s", d->r.err.text);
	script_reset(&d->s);
}

static void apply(struct doubt *d)
{
	memset(d->out, 0, sizeof d->out);
	d->result = d->r.p->ops->apply(d->r.p, &d->b, d->out, &d->r.err);
}

static void expect(struct doubt *d, int result, const char *want)
{
	static const char letters[] = "-DGRUC"; /* enum applied_state */
	char have[ITEMS + 1] = "";

	for (size_t k = 0; k < d->b.n; k++)
		have[k] = letters[d->out[k].state];
	ck_assert_msg(d->result == result && strcmp(have, want) == 0, "%d %s %s, not %s: %s\n%s",
		d->result, d->r.err.text, have, want, d->out[0].answer, d->s.heard->str);
}

static void heard(struct doubt *d, const char *command, int times)
{
	int n = script_heard(&d->s, command);

	ck_assert_msg(n == times, "%s was heard %d times\n%s", command, n, d->s.heard->str);
}

static void end(struct doubt *d)
{
	rig_release(&d->r);
	script_stop(&d->s);
}

/* --- by what a message is known ------------------------------------------------------------ */

/* Message-IDs that are none by the book: without an @, and with signs that separate others. */
START_TEST(odd_message_ids_are_recognised)
{
	const struct script_rule rules[] = {
		{ "SELECT", SOURCE, 0 },
		{ "EXAMINE", TARGET, 0 },
		{ "UID FETCH 40:*",
			"* 8 FETCH (UID 40 RFC822.SIZE 100 " ID("Message-ID: <20041023.7>")
			"* 9 FETCH (UID 41 RFC822.SIZE 100 " ID("Message-ID: <a;b@x>") "%T OK\r\n",
			0 },
		{ "UID FETCH 1:2 (UID)", "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct doubt d;

	begin(&d, CAN, rules, MUTATION_COPY, 2, (const char *const[]){ "20041023.7", "a;b@x" });
	apply(&d);
	expect(&d, 0, "DD");
	ck_assert_uint_eq(d.out[0].target_uid, 40);
	ck_assert_uint_eq(d.out[1].target_uid, 41);
	heard(&d, "UID COPY", 0);
	end(&d);
}
END_TEST

/* A stranger of the same size without a Message-ID is not our message that has an odd one. */
START_TEST(nothing_is_removed_on_a_likeness)
{
	const struct script_rule rules[] = {
		{ "SELECT", SOURCE, 0 },
		{ "EXAMINE", TARGET, 0 },
		{ "UID FETCH 40:*", "* 9 FETCH (UID 40 RFC822.SIZE 100 " ID("") "%T OK\r\n", 0 },
		{ "UID FETCH 1 (UID)", "* 1 FETCH (UID 1)\r\n%T OK\r\n", 0 },
		{ "UID MOVE 1 ", "* 1 EXPUNGE\r\n%T OK [COPYUID 6 1 41]\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct doubt d;

	begin(&d, CAN, rules, MUTATION_MOVE, 1, (const char *const[]){ "20041023.7" });
	apply(&d);
	expect(&d, 0, "D");
	heard(&d, "UID STORE", 0);
	heard(&d, "UID MOVE", 1);
	end(&d);
}
END_TEST

/* Of two that look the same the one that left the source is the one that came. */
START_TEST(of_twins_the_one_that_left_has_come)
{
	const struct script_rule rules[] = {
		{ "SELECT", SOURCE, 0 },
		{ "EXAMINE", TARGET, 0 },
		{ "UID FETCH 40:*",
			"* 9 FETCH (UID 40 RFC822.SIZE 100 " ID("Message-ID: <m@x>") "%T OK\r\n", 0 },
		{ "UID FETCH 1:3 (UID)", "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 3)\r\n%T OK\r\n", 0 },
		{ "UID MOVE 1,3 ", "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n%T OK [COPYUID 6 1,3 41:42]\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct doubt d;

	begin(&d, CAN, rules, MUTATION_MOVE, 3, (const char *const[]){ "m@x", "m@x", "m@x" });
	apply(&d);
	expect(&d, 0, "DDD");
	ck_assert_uint_eq(d.out[1].target_uid, 40);
	heard(&d, "UID STORE", 0); /* nothing was only copied */
	end(&d);
}
END_TEST

/* --- a copy that somebody removed ------------------------------------------------------------ */

/* Without MOVE: our \Deleted at the source and a number of the target that names nothing any more say
 * that it was copied.  What was removed at the server is not brought back (C-14), and nothing stays
 * behind marked; where one of the two is missing, nothing happened yet, and it is copied. */
START_TEST(a_removed_copy_is_not_made_again)
{
	static const struct {
		const char *next, *flags;
		unsigned base;
		int copies;
	} rows[] = {
		{ "41", "\\Deleted \\Seen", 0, 0 },
		{ "41", "\\Deleted", FLAG_DELETED, 1 }, /* the reader saw the mark: it is not ours */
		{ "41", "\\Seen", 0, 1 },
		{ "40", "\\Deleted", 0, 1 }, /* nothing came */
	};

	for (size_t k = 0; k < G_N_ELEMENTS(rows); k++) {
		g_autofree char *target = g_strdup_printf("* 9 EXISTS\r\n* OK [UIDVALIDITY 6]\r\n"
			"* OK [UIDNEXT %s]\r\n%%T OK\r\n", rows[k].next);
		g_autofree char *flags = g_strdup_printf("* 1 FETCH (UID 1 FLAGS (%s))\r\n%%T OK\r\n",
			rows[k].flags);
		const struct script_rule rules[] = {
			{ "SELECT", SOURCE, 0 },
			{ "EXAMINE", target, 0 },
			/* of "40:*" the last one is always part */
			{ "UID FETCH 40:*", "* 9 FETCH (UID 39 RFC822.SIZE 9 " ID("") "%T OK\r\n", 0 },
			{ "UID FETCH 1 (UID)", "* 1 FETCH (UID 1)\r\n%T OK\r\n", 0 },
			{ "UID FETCH 1 (UID FLAGS)", flags, 0 },
			{ "UID COPY 1 ", "%T OK [COPYUID 6 1 41]\r\n", 0 },
			{ NULL, NULL, 0 },
		};
		struct doubt d;

		begin(&d, "UIDPLUS LITERAL+", rules, MUTATION_MOVE, 1,
			(const char *const[]){ "m@x" });
		d.items[0].base = rows[k].base;
		apply(&d);
		expect(&d, 0, "D");
		heard(&d, "UID COPY", rows[k].copies);
		heard(&d, "UID STORE 1 +FLAGS.SILENT (\\Deleted)", 1);
		heard(&d, "UID EXPUNGE 1", 1);
		end(&d);
	}
}
END_TEST

/* Two are marked and one number is missing: who marked which is not known, and both are copied. */
START_TEST(more_marks_than_missing_prove_nothing)
{
	const struct script_rule rules[] = {
		{ "SELECT", SOURCE, 0 },
		{ "EXAMINE", "* 9 EXISTS\r\n* OK [UIDVALIDITY 6]\r\n* OK [UIDNEXT 41]\r\n%T OK\r\n", 0 },
		{ "UID FETCH 1:2 (UID)", "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n%T OK\r\n", 0 },
		{ "UID FETCH 1:2 (UID FLAGS)",
			"* 1 FETCH (UID 1 FLAGS (\\Deleted))\r\n"
			"* 2 FETCH (UID 2 FLAGS (\\Deleted))\r\n%T OK\r\n", 0 },
		{ "UID COPY 1:2 ", "%T OK [COPYUID 6 1:2 41:42]\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct doubt d;

	begin(&d, "UIDPLUS LITERAL+", rules, MUTATION_MOVE, 2, (const char *const[]){ "m1@x", "m2@x" });
	apply(&d);
	expect(&d, 0, "DD");
	heard(&d, "UID COPY 1:2", 1);
	end(&d);
}
END_TEST

/* --- looking that fails --------------------------------------------------------------------- */

/* A no without a reason is no proof that the target is not there. */
START_TEST(a_target_that_cannot_be_opened_proves_nothing)
{
	const struct script_rule rules[] = {
		{ "SELECT", SOURCE, 0 },
		{ "EXAMINE", "%T NO not now\r\n", 1 },
		{ "EXAMINE", "%T NO not here\r\n", 0 },
		{ "LIST", "* LIST (\\HasNoChildren) \"/\" to\r\n%T OK\r\n", 1 },
		{ "LIST", "%T OK\r\n", 0 },
		{ "UID FETCH 1 (UID)", "* 1 FETCH (UID 1)\r\n%T OK\r\n", 0 },
		{ "UID COPY", "%T NO [TRYCREATE] no such mailbox\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct doubt d;

	begin(&d, CAN, rules, MUTATION_COPY, 1, (const char *const[]){ "m@x" });
	apply(&d);
	expect(&d, ERR_RETRY, "U");
	heard(&d, "UID COPY", 0);
	apply(&d); /* now it is proved */
	expect(&d, 0, "R");
	heard(&d, "UID COPY", 1);
	end(&d);
}
END_TEST

/* Whatever the server refuses to tell: what is in doubt stays so, and is no failure yet. */
START_TEST(a_refused_look_decides_nothing)
{
	static const char *const looks[] = { "UID FETCH 1 (UID)", "UID FETCH 40:*" };

	for (size_t k = 0; k < G_N_ELEMENTS(looks); k++) {
		const struct script_rule rules[] = {
			{ looks[k], "%T NO something is wrong\r\n", 0 },
			{ "SELECT", SOURCE, 0 },
			{ "EXAMINE", TARGET, 0 },
			{ NULL, NULL, 0 },
		};
		struct doubt d;

		begin(&d, CAN, rules, MUTATION_MOVE, 1, (const char *const[]){ "m@x" });
		apply(&d);
		expect(&d, ERR_RETRY, "U");
		heard(&d, "UID MOVE", 0);
		end(&d);
	}
}
END_TEST

/* --- answers of half a tongue ----------------------------------------------------------------- */

/* OK without a COPYUID, and fewer left than were to: which of them went is not known. */
START_TEST(an_ok_is_no_proof_for_all)
{
	const struct script_rule rules[] = {
		{ "SELECT", SOURCE, 0 },
		{ "UID MOVE 1:3 ", "* 1 EXPUNGE\r\n%T OK\r\n", 0 },
		{ "UID FETCH", "* 1 FETCH (UID 3)\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct doubt d;

	begin(&d, CAN, rules, MUTATION_MOVE, 3, (const char *const[]){ "m1@x", "m2@x", "m3@x" });
	d.b.uncertain = false;
	apply(&d);
	expect(&d, 0, "UUU");
	end(&d);
}
END_TEST

/* What could be marked but not removed is not left marked: somebody's EXPUNGE would take it. */
START_TEST(what_cannot_be_removed_is_not_left_marked)
{
	const struct script_rule rules[] = {
		{ "SELECT", SOURCE, 0 },
		{ "UID FETCH", "* 1 FETCH (UID 1)\r\n%T OK\r\n", 0 },
		{ "UID EXPUNGE", "%T NO [NOPERM] you may not\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct doubt d;

	begin(&d, CAN, rules, MUTATION_EXPUNGE, 1, (const char *const[]){ "m1@x" });
	d.b.uncertain = false;
	d.b.mark[0] = '\0';
	apply(&d);
	expect(&d, 0, "R");
	ck_assert_ptr_nonnull(strstr(d.out[0].answer, "may not"));
	heard(&d, "UID STORE 1 -FLAGS.SILENT (\\Deleted)", 1);
	end(&d);
}
END_TEST

/* One file that cannot be read is the trouble of one message, not of the account. */
START_TEST(a_message_that_cannot_be_read_fails_alone)
{
	const struct script_rule rules[] = { { NULL, NULL, 0 } };
	struct doubt d;

	begin(&d, CAN, rules, MUTATION_APPEND, 1, (const char *const[]){ "m1@x" });
	d.b.uncertain = false;
	d.items[0].fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	apply(&d);
	expect(&d, 0, "R");
	ck_assert_ptr_nonnull(strstr(d.out[0].answer, "cannot be read"));
	close(d.items[0].fd);
	end(&d);
}
END_TEST

Suite *imap_doubt_suite(void)
{
	Suite *s = suite_create("imap doubt");
	TCase *c = tcase_create("doubt");

	tcase_set_timeout(c, 30);
	tcase_add_test(c, odd_message_ids_are_recognised);
	tcase_add_test(c, nothing_is_removed_on_a_likeness);
	tcase_add_test(c, of_twins_the_one_that_left_has_come);
	tcase_add_test(c, a_removed_copy_is_not_made_again);
	tcase_add_test(c, more_marks_than_missing_prove_nothing);
	tcase_add_test(c, a_target_that_cannot_be_opened_proves_nothing);
	tcase_add_test(c, a_refused_look_decides_nothing);
	tcase_add_test(c, an_ok_is_no_proof_for_all);
	tcase_add_test(c, what_cannot_be_removed_is_not_left_marked);
	tcase_add_test(c, a_message_that_cannot_be_read_fails_alone);
	suite_add_tcase(s, c);
	return s;
}
