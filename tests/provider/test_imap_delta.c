/* The IMAP provider: what changed since, in few round trips, and servers that lie about it. */
#include "provider/test_imap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/flags.h"
#include "provider/imap/imap.h"
#include "provider/imap/pull.h"
#include "provider/imap/status.h"
#include "provider/imap_script.h"

#define ALL_OF_IT "ENABLE CONDSTORE QRESYNC ESEARCH UIDPLUS IDLE"
#define NEW_11                                                                                      \
	"* 9 FETCH (UID 11 FLAGS () INTERNALDATE \"01-Jul-2025 10:00:00 +0000\" RFC822.SIZE 10 "    \
	"ENVELOPE (NIL \"new\" NIL NIL NIL NIL NIL NIL NIL \"<n@x>\"))\r\n%T OK\r\n"

/* --- the rig --------------------------------------------------------------------------- */

static void seed(struct rig *r, uint64_t n)
{
	for (uint64_t uid = 1; uid <= n; uid++) {
		struct change c = { .kind = CHANGE_MESSAGE, .uid = uid };

		r->rec.sink.change(&r->rec.sink, &c, &r->err);
	}
	r->rec.changes = 0;
}

/* Connected to the script, with n messages known and this cursor. */
static void begin(struct rig *r, struct script *s, const char *capabilities,
	const struct script_rule *rules, uint64_t n, const char *cursor)
{
	script_start(s, capabilities, rules);
	rig_init(r);
	r->account.tls = TLS_PLAIN;
	r->account.port = s->port;
	seed(r, n);
	g_strlcpy(r->rec.cursor, cursor, sizeof r->rec.cursor);
	ck_assert_msg(rig_connect(r) == 0, "%s", r->err.text);
	script_reset(s);
}

static void end(struct rig *r, struct script *s)
{
	rig_release(r);
	script_stop(s);
}

static void scanned(struct rig *r, uint32_t uidnext, uint64_t messages, uint64_t modseq)
{
	struct box_status st = {
		.uidvalidity = 77, .uidnext = uidnext, .messages = messages, .modseq = modseq
	};
	struct imap *i = imap_of(r->p);

	if (!i->status)
		i->status = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_replace(i->status, g_strdup("box"), g_memdup2(&st, sizeof st));
}

static int ledger_count(const struct proxy *p, const char *text)
{
	g_autofree char *ledger = NULL;
	int n = 0;

	ck_assert(g_file_get_contents(p->ledger, &ledger, NULL, NULL));
	for (const char *at = ledger; (at = strstr(at, text)); at += strlen(text))
		n++;
	return n;
}

/* --- QRESYNC ----------------------------------------------------------------------------- */

/* I-01, I-02: the whole delta costs one round trip. */
START_TEST(a_delta_is_one_flight)
{
	const struct script_rule rules[] = {
		{ "SELECT \"box\" (QRESYNC (77 100 1:10))",
			"* 9 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 12]\r\n"
			"* OK [HIGHESTMODSEQ 130]\r\n* VANISHED (EARLIER) 3,5\r\n"
			"* 5 FETCH (UID 7 FLAGS (\\Seen) MODSEQ (120))\r\n%T OK [READ-WRITE]\r\n",
			0 },
		{ "UID FETCH 11:*", NEW_11, 0 },
		{ "SELECT \"other\"", "* 0 EXISTS\r\n* OK [UIDVALIDITY 1]\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, ALL_OF_IT, rules, 10, "2 77 11 1 100 10 0");
	scanned(&r, 12, 9, 130);
	ck_assert_msg(rig_changes(&r, "box", 0) == 0, "%s", r.err.text);
	ck_assert_int_eq(script_flights(&s), 1);
	ck_assert_uint_eq(recorder_count(&r.rec), 9);
	ck_assert_int_eq(r.rec.gone, 2);
	ck_assert_uint_eq(recorder_get(&r.rec, 7)->flags, FLAG_SEEN);
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "new"));
	ck_assert_str_eq(r.rec.cursor, "2 77 12 1 130 9 0");
	scanned(&r, 12, 9, 130);
	ck_assert_msg(imap_select(imap_of(r.p), "other", true, true, &r.err) == 0, "%s", r.err.text);
	script_reset(&s);
	r.rec.points = 0;
	ck_assert_int_eq(rig_changes(&r, "box", 0), 0); /* C-10: proved by the scan */
	ck_assert_int_eq(script_flights(&s), 0);
	ck_assert_int_eq(r.rec.points, 0);
	end(&r, &s);
}
END_TEST

/* I-02: sets of uids that were never seen. */
START_TEST(vanished_may_name_everything)
{
	const struct script_rule rules[] = {
		{ "SELECT",
			"* 0 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 11]\r\n"
			"* OK [HIGHESTMODSEQ 130]\r\n"
			"* VANISHED (EARLIER) 4294967295:1,2,7:3000000000\r\n%T OK\r\n",
			0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, ALL_OF_IT, rules, 10, "2 77 11 1 100 10 0");
	scanned(&r, 11, 0, 130);
	ck_assert_msg(rig_changes(&r, "box", 0) == 0, "%s", r.err.text);
	ck_assert_int_eq(script_flights(&s), 1);
	ck_assert_int_eq(r.rec.gone, 10);
	end(&r, &s);
}
END_TEST

/* What vanished does not fit the number of messages: the listing has the last word. */
START_TEST(vanished_is_held_against_the_count)
{
	const struct script_rule rules[] = {
		{ "SELECT",
			"* 3 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 5]\r\n"
			"* OK [HIGHESTMODSEQ 130]\r\n%T OK\r\n",
			0 },
		{ "UID FETCH 1:4 (UID FLAGS)",
			"* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS (\\Flagged))\r\n"
			"* 3 FETCH (UID 4 FLAGS ())\r\n%T OK\r\n",
			0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, ALL_OF_IT, rules, 4, "2 77 5 1 100 4 0");
	ck_assert_msg(rig_changes(&r, "box", 0) == 0, "%s", r.err.text);
	ck_assert_ptr_null(recorder_get(&r.rec, 3));
	ck_assert_uint_eq(recorder_get(&r.rec, 2)->flags, FLAG_FLAGGED);
	ck_assert(g_str_has_prefix(r.rec.cursor, "2 77 5 1 130 3 "));
	end(&r, &s);
}
END_TEST

/* A refused SELECT, and one whose tagged answer never comes, prove nothing. */
START_TEST(nothing_is_gone_before_the_tagged_ok)
{
	const struct script_rule rules[] = {
		{ "SELECT", "* VANISHED (EARLIER) 1:10\r\n%T NO [UNAVAILABLE] later\r\n", 0 },
		{ "UID FETCH", "%T BAD nothing is selected\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, ALL_OF_IT, rules, 10, "2 77 11 1 100 10 0");
	ck_assert_int_eq(rig_changes(&r, "box", 0), ERR_RETRY);
	ck_assert_int_eq(r.rec.gone, 0);
	ck_assert_int_eq(r.rec.changes, 0);
	end(&r, &s);
}
END_TEST

START_TEST(another_uidvalidity_voids_the_rest_of_the_flight)
{
	const struct script_rule rules[] = {
		{ "SELECT",
			"* OK [UIDVALIDITY 78]\r\n* 1 EXISTS\r\n* OK [UIDNEXT 2]\r\n"
			"* OK [HIGHESTMODSEQ 3]\r\n%T OK\r\n",
			0 },
		{ "UID FETCH 11:*", NEW_11, 0 },
		{ "FETCH 1:1",
			"* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 10 INTERNALDATE \"01-Jul-2025 "
			"10:00:00 +0000\" ENVELOPE (NIL \"first\" NIL NIL NIL NIL NIL NIL NIL "
			"NIL))\r\n%T OK\r\n",
			0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, ALL_OF_IT, rules, 10, "2 77 11 1 100 10 0");
	ck_assert_msg(rig_changes(&r, "box", 0) == 0, "%s", r.err.text);
	ck_assert_int_eq(r.rec.resets, 1);
	ck_assert_uint_eq(recorder_count(&r.rec), 1);
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "first"));
	ck_assert(!imap_distrusted(imap_of(r.p)));
	end(&r, &s);
}
END_TEST

START_TEST(uidvalidity_that_goes_back_is_noted)
{
	const struct script_rule rules[] = {
		{ "SELECT", "* OK [UIDVALIDITY 76]\r\n* 0 EXISTS\r\n* OK [UIDNEXT 1]\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, ALL_OF_IT, rules, 10, "2 77 11 1 100 10 0");
	ck_assert_msg(rig_changes(&r, "box", 0) == 0, "%s", r.err.text);
	ck_assert_int_eq(imap_of(r.p)->evidence.count[EVIDENCE_VALIDITY_BACK], 1);
	ck_assert(imap_distrusted(imap_of(r.p)));
	end(&r, &s);
}
END_TEST

/* C-15: a server that lost its mod-sequences is compared in full. */
static void modseq_lost(const char *told, bool evidence)
{
	g_autofree char *opened = g_strdup_printf("* 2 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n"
						  "* OK [UIDNEXT 3]\r\n%s%%T OK\r\n",
		told);
	const struct script_rule rules[] = {
		{ "SELECT", opened, 0 },
		{ "UID FETCH 1:2 (UID FLAGS)",
			"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 2 FETCH (UID 2 FLAGS ())\r\n"
			"%T OK\r\n",
			0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, ALL_OF_IT, rules, 2, "2 77 3 1 100 2 9999999999");
	ck_assert_msg(rig_changes(&r, "box", 0) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_get(&r.rec, 1)->flags, FLAG_SEEN);
	ck_assert(g_str_has_prefix(r.rec.cursor, "2 77 3 1 0 2 "));
	ck_assert_int_eq(imap_of(r.p)->evidence.count[EVIDENCE_MODSEQ_BACK], evidence);
	end(&r, &s);
}

START_TEST(modseq_that_goes_back_is_noted)
{
	modseq_lost("* OK [HIGHESTMODSEQ 50]\r\n", true);
}
END_TEST

START_TEST(nomodseq_is_a_full_comparison)
{
	modseq_lost("* OK [NOMODSEQ]\r\n", false);
}
END_TEST

/* I-03: VANISHED in place of EXPUNGE shifts the numbers of a listing. */
START_TEST(plain_vanished_is_an_expunge)
{
	const struct script_rule rules[] = {
		{ "SELECT",
			"* 4 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 5]\r\n"
			"* OK [HIGHESTMODSEQ 100]\r\n%T OK\r\n",
			0 },
		{ "UID FETCH 1:4 (UID FLAGS)",
			"* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n"
			"* VANISHED 1\r\n* 2 FETCH (UID 3 FLAGS (\\Seen))\r\n"
			"* 3 FETCH (UID 4 FLAGS ())\r\n%T OK\r\n",
			0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, ALL_OF_IT, rules, 4, "2 77 5 1 100 4 0");
	ck_assert_msg(rig_changes(&r, "box", CHANGES_FULL) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_get(&r.rec, 3)->flags, FLAG_SEEN);
	ck_assert_int_eq(r.rec.gone, 0);
	ck_assert_uint_eq(imap_of(r.p)->sel.exists, 3);
	ck_assert(g_str_has_prefix(r.rec.cursor, "2 77 5 1 100 4 ")); /* 4: the next call looks */
	end(&r, &s);
}
END_TEST

/* --- CONDSTORE --------------------------------------------------------------------------- */

/* I-05, with SEARCH only where the numbers do not prove that nobody left. */
START_TEST(condstore_alone_is_one_flight_and_a_search)
{
	const struct script_rule rules[] = {
		{ "SELECT \"box\" (CONDSTORE)",
			"* 9 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 11]\r\n"
			"* OK [HIGHESTMODSEQ 130]\r\n%T OK\r\n",
			0 },
		{ "UID FETCH 1:10 (UID FLAGS) (CHANGEDSINCE 100)",
			"* 5 FETCH (UID 6 FLAGS (\\Seen) MODSEQ (120))\r\n%T OK\r\n", 0 },
		{ "UID SEARCH RETURN (ALL) UID 1:10",
			"* ESEARCH (TAG \"%T\") UID ALL 1:3,5:10\r\n%T OK\r\n", 0 },
		{ "UID SEARCH UID 1:10", "* SEARCH 1 2 3 5 6 7 8 9 10\r\n%T OK\r\n", 0 },
		{ NULL, NULL, 0 },
	};
	const char *const caps[] = { "CONDSTORE ESEARCH", "CONDSTORE" };

	for (size_t k = 0; k < G_N_ELEMENTS(caps); k++) {
		struct script s;
		struct rig r;

		begin(&r, &s, caps[k], rules, 10, "2 77 11 1 100 10 0");
		scanned(&r, 11, 9, 130);
		ck_assert_msg(rig_changes(&r, "box", 0) == 0, "%s", r.err.text);
		ck_assert_int_eq(script_flights(&s), 2);
		ck_assert_ptr_null(recorder_get(&r.rec, 4));
		ck_assert_uint_eq(recorder_count(&r.rec), 9);
		ck_assert_uint_eq(recorder_get(&r.rec, 6)->flags, FLAG_SEEN);
		ck_assert_str_eq(r.rec.cursor, "2 77 11 1 130 9 0");
		end(&r, &s);
	}
}
END_TEST

/* A liar ignores CHANGEDSINCE and tells no MODSEQ: that is a listing. */
START_TEST(a_changedsince_that_is_ignored_is_harmless)
{
	const struct script_rule rules[] = {
		{ "SELECT",
			"* 3 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 4]\r\n"
			"* OK [HIGHESTMODSEQ 130]\r\n%T OK\r\n",
			0 },
		{ "UID FETCH 1:3 (UID FLAGS) (CHANGEDSINCE 100)",
			"* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n"
			"* 3 FETCH (UID 3 FLAGS ())\r\n%T OK\r\n",
			0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, "CONDSTORE", rules, 3, "2 77 4 1 100 3 0");
	ck_assert_msg(rig_changes(&r, "box", 0) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_count(&r.rec), 3);
	ck_assert_uint_eq(recorder_get(&r.rec, 2)->flags, FLAG_SEEN);
	ck_assert_int_eq(r.rec.gone, 0);
	ck_assert_int_eq(script_heard(&s, "SEARCH"), 0);
	end(&r, &s);
}
END_TEST

START_TEST(condstore_of_a_real_server)
{
	struct proxy p;
	struct rig r;

	server_make("cond");
	for (int n = 0; n < 3; n++)
		server_deliver("cond", n == 0 ? "a" : n == 1 ? "b" : "c", 10);
	proxy_start(&p, "--mode hide:QRESYNC");
	rig_through(&r, &p);
	ck_assert_msg(rig_changes(&r, "cond", 0) == 0, "%s", r.err.text);
	server_deliver("cond", "d", 10);
	server_adm("flags add -u alice '\\Flagged' mailbox cond subject a");
	server_adm("expunge -u alice mailbox cond subject b");
	ck_assert_msg(rig_changes(&r, "cond", 0) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_count(&r.rec), 3);
	ck_assert_uint_eq(recorder_find(&r.rec, "a")->flags, FLAG_FLAGGED);
	ck_assert_ptr_null(recorder_find(&r.rec, "b"));
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "d"));
	ck_assert(proxy_saw(&p, "CHANGEDSINCE"));
	ck_assert(proxy_saw(&p, "UID SEARCH"));
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

/* --- plain servers ----------------------------------------------------------------------- */

/* C-10: without CONDSTORE the newest 500 each time, all of them hourly or when looked at. */
START_TEST(plain_servers_are_asked_for_the_newest_flags)
{
	struct proxy p;
	struct rig r;
	g_auto(GStrv) words = NULL;
	g_autofree char *hour_ago = NULL;

	server_make("plain");
	server_fill("plain", 700);
	proxy_start(&p, "--mode hide:CONDSTORE");
	rig_through(&r, &p);
	ck_assert_msg(rig_changes(&r, "plain", 0) == 0, "%s", r.err.text);
	ck_assert_uint_eq(recorder_count(&r.rec), 700);
	server_adm("flags add -u alice '$Work' mailbox plain uid 10,690");
	ck_assert_msg(rig_changes(&r, "plain", 0) == 0, "%s", r.err.text);
	ck_assert_str_eq(recorder_get(&r.rec, 690)->keywords, "$work");
	ck_assert_str_eq(recorder_get(&r.rec, 10)->keywords, "");
	ck_assert(proxy_saw(&p, "FETCH 201:* (UID FLAGS)"));
	ck_assert_int_eq(rig_changes(&r, "plain", CHANGES_LOOKED_AT), 0);
	ck_assert_str_eq(recorder_get(&r.rec, 10)->keywords, "$work");
	server_adm("flags add -u alice '$More' mailbox plain uid 11");
	words = g_strsplit(r.rec.cursor, " ", -1);
	hour_ago = g_strdup_printf("%" PRId64, g_ascii_strtoll(words[6], NULL, 10) - PULL_FLAGS_S);
	g_free(words[6]);
	words[6] = g_steal_pointer(&hour_ago);
	hour_ago = g_strjoinv(" ", words);
	g_strlcpy(r.rec.cursor, hour_ago, sizeof r.rec.cursor);
	ck_assert_int_eq(rig_changes(&r, "plain", 0), 0);
	ck_assert_str_eq(recorder_get(&r.rec, 11)->keywords, "$more");
	server_adm("expunge -u alice mailbox plain uid 5,600");
	ck_assert_int_eq(rig_changes(&r, "plain", 0), 0);
	ck_assert_uint_eq(recorder_count(&r.rec), 698);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

/* A cursor of before has no time of the last comparison. */
START_TEST(an_old_cursor_is_understood)
{
	struct rig r;

	server_make("old");
	server_deliver("old", "a", 10);
	rig_init(&r);
	ck_assert_int_eq(rig_changes(&r, "old", 0), 0);
	r.rec.cursor[0] = '1';
	*strrchr(r.rec.cursor, ' ') = '\0';
	r.rec.changes = 0;
	ck_assert_int_eq(rig_changes(&r, "old", 0), 0);
	ck_assert_int_eq(r.rec.resets, 0);
	ck_assert_int_eq(r.rec.changes, 0);
	ck_assert_int_eq(r.rec.cursor[0], '2');
	rig_release(&r);
}
END_TEST

/* L-100 */
START_TEST(what_the_scan_proves_costs_no_command)
{
	struct proxy p;
	struct rig r;
	int selects, points;

	server_make("skip");
	server_deliver("skip", "a", 10);
	proxy_start(&p, "--mode pass");
	rig_through(&r, &p);
	ck_assert_int_eq(rig_changes(&r, "skip", 0), 0);
	ck_assert_int_eq(imap_select(imap_of(r.p), "INBOX", true, true, &r.err), 0);
	ck_assert_int_eq(r.p->ops->mailboxes(r.p, &r.rec.sink, &r.err), 0);
	selects = ledger_count(&p, " > ");
	points = r.rec.points;
	ck_assert_int_eq(rig_changes(&r, "skip", 0), 0);
	ck_assert_int_eq(ledger_count(&p, " > "), selects);
	ck_assert_int_eq(r.rec.points, points);
	server_adm("flags add -u alice '\\Seen' mailbox skip all");
	ck_assert_int_eq(r.p->ops->mailboxes(r.p, &r.rec.sink, &r.err), 0);
	ck_assert_int_eq(rig_changes(&r, "skip", 0), 0);
	ck_assert_uint_eq(recorder_find(&r.rec, "a")->flags, FLAG_SEEN);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

/* C-12: a mod-sequence that does not rise with our own change; one that was there is no proof. */
static int stuck(const char *before, const char *after)
{
	g_autofree char *first = g_strdup_printf("* 1 FETCH (UID 1 %s)\r\n%%T OK\r\n", before);
	g_autofree char *second = g_strdup_printf("* 1 FETCH (UID 1 %s)\r\n%%T OK\r\n", after);
	const struct script_rule rules[] = {
		{ "SELECT",
			"* 1 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 2]\r\n"
			"* OK [HIGHESTMODSEQ 100]\r\n%T OK [READ-WRITE]\r\n",
			0 },
		{ "UID FETCH 1 (UID FLAGS MODSEQ)", first, 1 },
		{ "UID FETCH 1 (UID FLAGS MODSEQ)", second, 0 },
		{ NULL, NULL, 0 },
	};
	struct mutation_item item = { .uid = 1 };
	struct mutation_batch b = { .verb = MUTATION_FLAGS,
		.source_path = (char *)"box",
		.add = FLAG_SEEN,
		.n = 1,
		.items = &item };
	struct applied out = { 0 };
	struct script s;
	struct rig r;
	int n;

	begin(&r, &s, ALL_OF_IT, rules, 0, "");
	ck_assert_msg(r.p->ops->apply(r.p, &b, &out, &r.err) == 0, "%s", r.err.text);
	ck_assert_int_eq(out.state, APPLIED_DONE);
	ck_assert_int_eq(script_flights(&s), 3); /* SELECT, STORE, look */
	n = imap_of(r.p)->evidence.count[EVIDENCE_MODSEQ_STUCK];
	g_free(out.keywords);
	end(&r, &s);
	return n;
}

START_TEST(a_modseq_that_does_not_rise_is_noted)
{
	ck_assert_int_eq(stuck("FLAGS () MODSEQ (90)", "FLAGS (\\Seen) MODSEQ (90)"), 1);
	ck_assert_int_eq(stuck("FLAGS () MODSEQ (90)", "FLAGS (\\Seen) MODSEQ (101)"), 0);
	ck_assert_int_eq(stuck("FLAGS (\\Seen) MODSEQ (90)", "FLAGS (\\Seen) MODSEQ (90)"), 0);
	ck_assert_int_eq(stuck("FLAGS ()", "FLAGS (\\Seen)"), 0);
}
END_TEST

/* --- history ------------------------------------------------------------------------------ */

START_TEST(history_keeps_to_its_limits)
{
	struct rig r;
	int n;

	server_make("hist");
	server_fill("hist", 700);
	rig_init(&r);
	ck_assert_int_eq(rig_connect(&r), 0);
	r.p->traits.run_messages = 200; /* class D (M-79) */
	n = rig_changes(&r, "hist", 0);
	ck_assert_msg(n == 1, "%d %s", n, r.err.text);
	ck_assert_uint_eq(recorder_count(&r.rec), 200);
	ck_assert(!r.rec.complete);
	r.rec.sink.room = 130; /* the caller's limit, whichever is less (M-65) */
	ck_assert_int_eq(rig_changes(&r, "hist", 0), 1);
	ck_assert_uint_eq(recorder_count(&r.rec), 330);
	r.rec.sink.room = 0;
	n = (int)recorder_count(&r.rec);
	ck_assert_int_eq(rig_changes(&r, "hist", CHANGES_NO_HISTORY), 0);
	ck_assert_int_eq((int)recorder_count(&r.rec), n);
	server_deliver("hist", "late", 10);
	ck_assert_int_eq(rig_changes(&r, "hist", CHANGES_NO_HISTORY), 0);
	ck_assert_ptr_nonnull(recorder_find(&r.rec, "late"));
	ck_assert(!r.rec.complete);
	r.p->traits.run_messages = 0;
	ck_assert_int_eq(rig_changes(&r, "hist", 0), 0);
	ck_assert(r.rec.complete);
	ck_assert_uint_eq(recorder_count(&r.rec), 701);
	rig_release(&r);
}
END_TEST

/* --- what only some servers tell -------------------------------------------------------------- */

START_TEST(the_servers_own_id_and_preview_are_taken)
{
	static const char told[] =
		"* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 10 INTERNALDATE \"01-Jul-2025 10:00:00 "
		"+0000\" EMAILID (M6d99ac) X-GM-MSGID 1278455344230334865 "
		"PREVIEW \"First w\\\"ords\" ENVELOPE "
		"(NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL))\r\n%T OK\r\n";
	const struct script_rule rules[] = {
		{ "SELECT", "* 1 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 2]\r\n%T OK\r\n", 0 },
		{ "FETCH 1:1", told, 0 },
		{ "UID FETCH 1:*", told, 0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, "OBJECTID PREVIEW", rules, 0, "");
	ck_assert_msg(rig_changes(&r, "box", 0) == 0, "%s", r.err.text);
	ck_assert_str_eq(recorder_get(&r.rec, 1)->canonical, "e:M6d99ac");
	ck_assert_int_eq(script_heard(&s, "EMAILID"), 1);
	ck_assert_int_eq(script_heard(&s, "PREVIEW"), 0); /* history: not in bulk */
	g_strlcpy(r.rec.cursor, "2 77 1 1 0 0 0", sizeof r.rec.cursor);
	ck_assert_msg(rig_changes(&r, "box", 0) == 0, "%s", r.err.text);
	ck_assert_int_eq(script_heard(&s, "PREVIEW (LAZY)"), 1);
	ck_assert_str_eq(recorder_get(&r.rec, 1)->preview, "First w\"ords");
	end(&r, &s);
}
END_TEST

/* --- answers that contradict themselves ------------------------------------------------------- */

#define BOX_OF_10                                                                                  \
	"* 10 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 11]\r\n* OK [HIGHESTMODSEQ 130]\r\n"

/* "* SEQ FETCH (UID UID FLAGS ())" for uids from .. to, up or down; seq is the uid. */
static char *listing(int from, int to, const char *before)
{
	GString *out = g_string_new(before);

	for (int uid = from;; uid += from < to ? 1 : -1) {
		g_string_append_printf(out, "* %d FETCH (UID %d FLAGS ())\r\n", uid, uid);
		if (uid == to)
			break;
	}
	g_string_append(out, "%T OK\r\n");
	return g_string_free(out, FALSE);
}

/* What is named in a listing is there, in whatever order (I-05). */
static void must_keep_all(const char *cursor, int from, int to, const char *before)
{
	g_autofree char *lines = listing(from, to, before);
	const struct script_rule rules[] = {
		{ "SELECT", BOX_OF_10 "%T OK\r\n", 0 },
		{ "UID FETCH", lines, 0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, "IDLE", rules, 10, cursor);
	scanned(&r, 11, 10, 0);
	ck_assert_msg(rig_changes(&r, "box", CHANGES_NO_HISTORY) == 0, "%s", r.err.text);
	ck_assert_int_eq(script_heard(&s, "(UID FLAGS)"), 1);
	ck_assert_int_eq(r.rec.gone, 0);
	ck_assert_uint_eq(recorder_count(&r.rec), 10);
	end(&r, &s);
}

START_TEST(what_a_listing_names_is_not_gone)
{
	must_keep_all("2 77 11 1 0 10 0", 1, 10, "");
	must_keep_all("2 77 11 5 0 10 0", 5, 10, "* 10 FETCH (UID 10 FLAGS (\\Seen))\r\n");
	must_keep_all("2 77 11 1 0 10 0", 10, 1, "");
}
END_TEST

/* A SEARCH or a VANISHED that does not fit the number of messages proves no loss. */
static void must_list(const char *capabilities, const char *cursor, const char *vanished,
	const char *found, int gone)
{
	g_autofree char *opened = g_strconcat(BOX_OF_10, vanished, "%T OK\r\n", NULL);
	g_autofree char *lines = listing(1, 10, "");
	const struct script_rule rules[] = {
		{ "SELECT", opened, 0 },
		{ "UID FETCH 1:10 (UID FLAGS) (CHANGEDSINCE", "%T OK\r\n", 0 },
		{ "UID FETCH 3:10 (UID FLAGS) (CHANGEDSINCE", "%T OK\r\n", 0 },
		{ "UID SEARCH", found, 0 },
		{ "UID FETCH", lines, 0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	begin(&r, &s, capabilities, rules, 10, cursor);
	scanned(&r, 11, 10, 130);
	ck_assert_msg(rig_changes(&r, "box", CHANGES_NO_HISTORY) == 0, "%s", r.err.text);
	ck_assert_int_eq(r.rec.gone, gone);
	ck_assert_int_eq(script_heard(&s, ":10 (UID FLAGS)\n"), gone == 0);
	end(&r, &s);
}

START_TEST(a_loss_must_fit_the_count)
{
	must_list(ALL_OF_IT, "2 77 11 1 100 10 0", "* VANISHED (EARLIER) 1:5\r\n", "", 0);
	must_list(ALL_OF_IT, "2 77 11 3 100 10 0", "* VANISHED (EARLIER) 4:5\r\n", "", 0);
	must_list(ALL_OF_IT, "2 77 11 3 100 12 0", "* VANISHED (EARLIER) 4:5\r\n", "", 2);
	must_list("CONDSTORE", "2 77 11 1 100 12 0", "", "* SEARCH 1 2 3\r\n%T OK\r\n", 0);
	must_list("CONDSTORE ESEARCH", "2 77 11 3 100 12 0", "", "%T OK\r\n", 0);
}
END_TEST

/* C-12: BAD for what was announced; if the mailbox opens without it, that was the cause. */
START_TEST(a_select_that_is_not_understood_goes_without)
{
	g_autofree char *lines = listing(1, 10, "");

	for (int opens = 0; opens < 2; opens++) {
		const struct script_rule rules[] = {
			{ "SELECT \"box\" (", "%T BAD what?\r\n", 0 },
			{ "SELECT", opens ? BOX_OF_10 "%T OK\r\n" : "%T BAD what?\r\n", 0 },
			{ "UID FETCH 11:*", "%T BAD nothing selected\r\n", 1 },
			{ "UID FETCH", lines, 0 },
			{ NULL, NULL, 0 },
		};
		struct script s;
		struct rig r;

		begin(&r, &s, ALL_OF_IT, rules, 10, "2 77 11 1 100 10 0");
		ck_assert_int_eq(rig_changes(&r, "box", 0), opens ? 0 : ERR_REFUSED);
		ck_assert_int_eq(imap_of(r.p)->evidence.count[EVIDENCE_BAD_FEATURE], opens);
		ck_assert_uint_eq(recorder_count(&r.rec), 10);
		end(&r, &s);
	}
}
END_TEST

/* Security, section 3: the guard counts lines and bytes for each command, not for all that are in flight. */
START_TEST(limits_are_those_of_one_command)
{
	const int many = GUARD_LINES_MAX * 6 / 10;
	g_autoptr(GString) opened = g_string_new(NULL), news = g_string_new(NULL);
	struct script_rule rules[] = {
		{ "SELECT", NULL, 0 },
		{ "UID FETCH 11:*", NULL, 0 },
		{ NULL, NULL, 0 },
	};
	struct script s;
	struct rig r;

	for (int n = 0; n < many; n++) {
		g_string_append(opened, "* X\r\n");
		g_string_append(news, "* X\r\n");
	}
	g_string_append(opened, BOX_OF_10 "%T OK\r\n");
	g_string_append(news, "%T OK\r\n");
	rules[0].answer = opened->str;
	rules[1].answer = news->str;
	begin(&r, &s, ALL_OF_IT, rules, 10, "2 77 11 1 100 10 0");
	ck_assert_msg(rig_changes(&r, "box", 0) == 0, "%s", r.err.text);
	ck_assert_int_eq(script_flights(&s), 1);
	end(&r, &s);
}
END_TEST

/* With NOTIFY in force a STATUS of any mailbox may come at any time (section 7: marks). */
START_TEST(a_mark_is_that_of_its_mailbox)
{
	const struct script_rule rules[] = {
		{ "STATUS \"target\"",
			"* STATUS target (UIDVALIDITY 77 UIDNEXT 5)\r\n"
			"* STATUS other (UIDVALIDITY 77 UIDNEXT 900)\r\n"
			"* STATUS target (MESSAGES 5)\r\n%T OK\r\n",
			0 },
		{ NULL, NULL, 0 },
	};
	struct mutation_batch b = { .verb = MUTATION_MOVE,
		.source_path = (char *)"box",
		.target_path = (char *)"target" };
	struct script s;
	struct rig r;

	begin(&r, &s, ALL_OF_IT, rules, 0, "");
	ck_assert_msg(r.p->ops->prepare(r.p, &b, &r.err) == 0, "%s", r.err.text);
	ck_assert_str_eq(b.mark, "77 5");
	end(&r, &s);
}
END_TEST

Suite *imap_delta_suite(void)
{
	Suite *s = suite_create("imap delta");
	TCase *c = tcase_create("delta");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, a_delta_is_one_flight);
	tcase_add_test(c, vanished_may_name_everything);
	tcase_add_test(c, vanished_is_held_against_the_count);
	tcase_add_test(c, nothing_is_gone_before_the_tagged_ok);
	tcase_add_test(c, another_uidvalidity_voids_the_rest_of_the_flight);
	tcase_add_test(c, uidvalidity_that_goes_back_is_noted);
	tcase_add_test(c, modseq_that_goes_back_is_noted);
	tcase_add_test(c, nomodseq_is_a_full_comparison);
	tcase_add_test(c, plain_vanished_is_an_expunge);
	tcase_add_test(c, condstore_alone_is_one_flight_and_a_search);
	tcase_add_test(c, a_changedsince_that_is_ignored_is_harmless);
	tcase_add_test(c, condstore_of_a_real_server);
	tcase_add_test(c, plain_servers_are_asked_for_the_newest_flags);
	tcase_add_test(c, an_old_cursor_is_understood);
	tcase_add_test(c, what_the_scan_proves_costs_no_command);
	tcase_add_test(c, a_modseq_that_does_not_rise_is_noted);
	tcase_add_test(c, history_keeps_to_its_limits);
	tcase_add_test(c, the_servers_own_id_and_preview_are_taken);
	tcase_add_test(c, what_a_listing_names_is_not_gone);
	tcase_add_test(c, a_loss_must_fit_the_count);
	tcase_add_test(c, a_select_that_is_not_understood_goes_without);
	tcase_add_test(c, limits_are_those_of_one_command);
	tcase_add_test(c, a_mark_is_that_of_its_mailbox);
	suite_add_tcase(s, c);
	return s;
}
