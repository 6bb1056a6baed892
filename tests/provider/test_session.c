/*
 * From connection to scan, by scripts: what is sent before the server answers,
 * what is remembered, what odd servers do.  test_session_wire.c has compression
 * and names, test_session_server.c the real server, test_arrange.c the tree of
 * mailboxes.
 */
#include "provider/test_session.h"

#include <inttypes.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "mime/text.h"
#include "provider/imap/command.h"
#include "provider/imap/flight.h"

/* --- the desk ------------------------------------------------------------------------- */

void desk_init(struct desk *d, int port)
{
	memset(d, 0, sizeof *d);
	d->account = (struct account){ .name = "test",
		.type = "imap",
		.host = "127.0.0.1",
		.port = port,
		.tls = TLS_PLAIN,
		.user = "user",
		.password_command = "echo secret",
		.two_way = true };
	recorder_init(&d->rec);
	cancel_init(&d->cancel);
	d->p = provider_imap.create(&d->account, &d->cancel);
	d->p->scan_follows = true;
}

void desk_release(struct desk *d)
{
	d->p->ops->destroy(&d->p);
	recorder_release(&d->rec);
	cancel_release(&d->cancel);
}

void desk_restart(struct desk *d)
{
	char *memory = g_strdup(d->p->memory);

	d->p->ops->destroy(&d->p);
	recorder_release(&d->rec);
	recorder_init(&d->rec);
	d->p = provider_imap.create(&d->account, &d->cancel);
	d->p->scan_follows = true;
	d->p->memory = memory;
}

int desk_connect(struct desk *d)
{
	return d->p->ops->connect(d->p, &d->err);
}

int desk_list(struct desk *d)
{
	return d->p->ops->mailboxes(d->p, &d->rec.sink, &d->err);
}

int desk_arrange(struct desk *d, enum mailbox_verb verb, const char *path, const char *name)
{
	const struct mailbox_wish wish = { .verb = verb, .path = path, .name = name };

	return d->p->ops->arrange(d->p, &wish, &d->err);
}

/* --- one flight -------------------------------------------------------------------------- */

#define LIST_COMMAND                                                                               \
	"LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY "     \
	"UNSEEN HIGHESTMODSEQ))"
#define LIST_ANSWER                                                                                \
	"S * LIST (\\Subscribed) \"/\" INBOX",                                                     \
		"S * STATUS INBOX (MESSAGES 5 UIDNEXT 9 UIDVALIDITY 3 UNSEEN 2 HIGHESTMODSEQ 77)"

/* The third command of a flight with memory. */
#define SELECT_ANSWER                                                                              \
	"S * 5 EXISTS", "S * OK [UIDVALIDITY 3] v", "S * OK [UIDNEXT 9] n",                        \
		"S * OK [HIGHESTMODSEQ 77] m", "S $4 OK [READ-WRITE] done"

/* A first connection: nothing leaves before it is known to be understood. */
#define FIRST                                                                                      \
	"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE PLAIN " SECRET, "Q 50",              \
		"S $1 OK [CAPABILITY " AFTER "] in", "C ENABLE QRESYNC",                           \
		"C ID (\"name\" \"tern\"", "C " LIST_COMMAND, "S * ENABLED QRESYNC", "S $2 OK",    \
		"S * ID (\"name\" \"Odd\")", "S $3 OK", LIST_ANSWER, "S $4 OK done"

START_TEST(the_flight_leaves_with_the_login)
{
	static const char *const steps[] = { FIRST, "C LOGOUT", "=",
		/* with memory: all of it before an answer, and nothing more for the scan */
		"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE PLAIN " SECRET,
		"C ENABLE QRESYNC", "C ID (", "C SELECT \"INBOX\"", "C " LIST_COMMAND, "Q 50",
		"S $1 OK [CAPABILITY " AFTER "] in", "S * ENABLED QRESYNC", "S $2 OK",
		"S * ID (\"name\" \"Odd\")", "S $3 OK", SELECT_ANSWER, LIST_ANSWER,
		"S $5 OK done", "C LOGOUT", NULL };
	const struct box_status *inbox;
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	ck_assert_int_eq(d.p->traits.letter, 'A');
	ck_assert(d.p->traits.cheap_scan);
	ck_assert_int_eq(d.p->traits.connections, CONNECTIONS_MAX);
	ck_assert(d.p->memory_changed);
	must(&d, desk_list(&d));
	desk_restart(&d);
	must(&d, desk_connect(&d));
	must(&d, desk_list(&d));
	ck_assert_ptr_nonnull(recorder_mailbox(&d.rec, "INBOX"));
	inbox = imap_status(imap_of(d.p), "INBOX");
	ck_assert_ptr_nonnull(inbox);
	ck_assert_uint_eq(inbox->uidnext, 9);
	ck_assert_uint_eq(inbox->modseq, 77);
	ck_assert(imap_of(d.p)->plan.qresync_on);
	imap_status_forget(imap_of(d.p), NULL);
	ck_assert_ptr_null(imap_status(imap_of(d.p), "INBOX"));
	desk_release(&d);
	script_stop(&s);
}
END_TEST

/* A flight with memory, by which the inbox is open and listed. */
#define SECOND                                                                                     \
	"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE PLAIN", "C ENABLE QRESYNC", "C ID",  \
		"C SELECT \"INBOX\"", "C LIST", "S $1 OK [CAPABILITY " AFTER "] in",              \
		"S * ENABLED QRESYNC", "S $2 OK", "S $3 OK", SELECT_ANSWER, LIST_ANSWER, "S $5 OK"

/* The inbox is not opened again: nothing is asked if nothing changed, else only what did (L-100). */
START_TEST(the_inbox_that_is_open_is_not_opened_again)
{
	static const char *const steps[] = { FIRST, "C LOGOUT", "=", SECOND, "C LOGOUT", "=",
		SECOND, "C UID FETCH 1:8 (UID FLAGS) (CHANGEDSINCE 70 VANISHED)",
		"S * VANISHED (EARLIER) 4,6", "S * 2 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (75))",
		"S $6 OK", "C LOGOUT", NULL };
	struct mailbox m = { .path = (char *)"INBOX", .uidvalidity = 3 };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	for (int round = 0; round < 2; round++) {
		desk_restart(&d);
		for (uint64_t uid = 1; uid <= 7; uid++)
			d.rec.sink.change(&d.rec.sink,
				&(struct change){ .kind = CHANGE_MESSAGE, .uid = uid }, &d.err);
		must(&d, desk_connect(&d));
		must(&d, desk_list(&d));
		m.cursor = (char *)(round == 0 ? "2 3 9 1 77 5 1" : "2 3 9 1 70 7 1");
		must(&d, d.p->ops->changes(d.p, &m, 0, &d.rec.sink, &d.err));
	}
	ck_assert_str_eq(d.rec.cursor, "2 3 9 1 77 5 1");
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(a_wrong_memory_is_corrected)
{
	static const char *const steps[] = { FIRST, "C LOGOUT", "=",
		"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE PLAIN", "C ENABLE QRESYNC",
		"C ID (", "C SELECT", "C LIST",
		"S $1 OK [CAPABILITY IMAP4rev1 IDLE ENABLE CONDSTORE] in", "S $2 BAD what",
		"S $3 BAD what", "S $4 BAD what", "S $5 BAD what", "C ENABLE CONDSTORE",
		"S * ENABLED CONDSTORE", "S $6 OK", "C LIST \"\" \"*\"", "S * LIST () \"/\" INBOX",
		"S $7 OK", "C LSUB", "S $8 OK",
		"C STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)",
		"S * STATUS INBOX (UIDNEXT 4)", "S $9 OK", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	desk_restart(&d);
	must(&d, desk_connect(&d));
	ck_assert_int_eq(d.p->traits.letter, 'B'); /* and not D: it announced nothing of it */
	ck_assert(!d.p->traits.cheap_scan);
	must(&d, desk_list(&d));
	ck_assert_uint_eq(imap_status(imap_of(d.p), "INBOX")->uidnext, 4);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(a_refused_login_leaves_nothing_behind)
{
	static const char *const steps[] = { FIRST, "C LOGOUT", "=",
		"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE PLAIN", "C ENABLE", "C ID",
		"C SELECT", "C LIST", /* in one piece: the client goes when it has read the first line */
		"S $1 NO [AUTHENTICATIONFAILED] wrong\r\n$2 BAD who\r\n$3 BAD who\r\n$4 BAD who\r\n"
		"$5 BAD who", "=",
		"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE PLAIN", "C ENABLE", "C ID",
		"C SELECT", "C LIST", "S $1 OK [CAPABILITY " AFTER "] in", "S $2 OK", "S $3 OK",
		"S $4 NO [NONEXISTENT] no inbox", LIST_ANSWER, "S $5 OK", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	desk_restart(&d);
	ck_assert_int_eq(desk_connect(&d), ERR_AUTH);
	ck_assert_ptr_nonnull(strstr(d.err.text, "wrong"));
	ck_assert_uint_eq(imap_of(d.p)->in_flight, 0);
	must(&d, desk_connect(&d));
	must(&d, desk_list(&d));
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(login_without_sasl_ir_is_one_flight_too)
{
	static const char *const steps[] = { "S * OK hello", "C CAPABILITY",
		"S * CAPABILITY IMAP4rev1", "S $1 OK", "C LOGIN ", "Q 50", "S $2 OK in",
		"C CAPABILITY", "S * CAPABILITY IMAP4rev1 ID IDLE", "S $3 OK", "C ID", "S $4 OK",
		"C LOGOUT", "=",
		/* neither the greeting nor the login tells capabilities: still one flight */
		"S * OK hello", "C LOGIN ", "C CAPABILITY", "C ID", "Q 50", "S $1 OK in",
		"S * CAPABILITY IMAP4rev1 ID IDLE UIDPLUS", "S $2 OK", "S $3 OK", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	ck_assert_int_eq(d.p->traits.letter, 'B');
	desk_restart(&d);
	must(&d, desk_connect(&d));
	ck_assert(imap_of(d.p)->plan.uidplus);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(plain_goes_by_continuation_where_login_is_disabled)
{
	static const char *const steps[] = {
		"S * OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN] hello",
		"C AUTHENTICATE PLAIN", "S + ", "R " SECRET, "S $1 OK [CAPABILITY IMAP4rev1 ID] in",
		"C ID", "S $2 OK", "C LOGOUT", "=",
		"S * OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN] hello",
		"C AUTHENTICATE PLAIN", "Q 50", "S + go ahead", "R " SECRET, "C ID",
		"S $1 OK [CAPABILITY IMAP4rev1 ID] in", "S $2 OK", NULL
	};
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	desk_restart(&d);
	must(&d, desk_connect(&d));
	desk_release(&d);
	script_stop(&s);
}
END_TEST

/* A server may repeat what it was told; no form of the password gets into the log. */
START_TEST(what_was_said_is_not_logged)
{
	static const char *const steps[] = {
		"S * OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN] hello",
		"C AUTHENTICATE PLAIN", "S + ", "R " SECRET, "S $1 NO not " SECRET, NULL
	};
	g_autofree char *dir = g_dir_make_tmp("tern-log-XXXXXX", NULL), *text = NULL, *path = NULL;
	struct script s;
	struct desk d;
	GDir *files;

	script_start(&s, steps);
	desk_init(&d, s.port);
	ck_assert_int_eq(desk_connect(&d), ERR_AUTH);
	ck_assert_int_eq(log_open(dir, LOG_INFO, NULL), 0);
	log_event(LOG_INFO, "refused", "s:s", "why", d.err.text);
	log_close();
	files = g_dir_open(dir, 0, NULL);
	path = g_build_filename(dir, g_dir_read_name(files), NULL);
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	ck_assert_ptr_nonnull(strstr(text, "refused"));
	ck_assert_ptr_null(strstr(text, SECRET));
	g_dir_close(files);
	g_unlink(path);
	g_rmdir(dir);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(a_server_that_breaks_at_the_flight_gets_none)
{
	static const char *const steps[] = { FIRST, "C LOGOUT", "=",
		"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE", "C ENABLE", "=",
		"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE", "C ENABLE", "=", FIRST,
		"C LOGOUT", "=", FIRST, NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	desk_restart(&d);
	ck_assert_int_eq(desk_connect(&d), ERR_OFFLINE);
	ck_assert_int_eq(desk_connect(&d), ERR_OFFLINE);
	must(&d, desk_connect(&d));
	desk_restart(&d);
	must(&d, desk_connect(&d)); /* a login without a flight proves nothing */
	desk_release(&d);
	script_stop(&s);
}
END_TEST

/* A line that is cut behind the login is no sign that the server loses flights. */
START_TEST(a_cut_line_is_no_lost_flight)
{
	static const char *const steps[] = { "S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE",
		"S $1 OK [CAPABILITY IMAP4rev1 ID] in", "C ID", "S $2 OK", "C LOGOUT", "=",
		"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE", "C ID",
		"S $1 OK [CAPABILITY IMAP4rev1 ID] in", "=",
		"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE", "C ID", "Q 50",
		"S $1 OK [CAPABILITY IMAP4rev1 ID] in", "S $2 OK", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	desk_restart(&d);
	ck_assert_int_eq(desk_connect(&d), ERR_OFFLINE);
	ck_assert(!imap_of(d.p)->known.deaf);
	ck_assert_int_eq(imap_of(d.p)->known.stumbles, 1);
	must(&d, desk_connect(&d));
	ck_assert_int_eq(imap_of(d.p)->known.stumbles, 0);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

/*
 * Courier forgets what had arrived of a flight when the login was through: its
 * beginning, or all.  That is noticed in seconds (FLIGHT_LOST_MS; less for the test), once (C-12).
 */
enum { LOST_MS = 700, NOTICED_MS = 4000 };

static void lost_flight(const char *answer)
{
	const char *const steps[] = { "S * OK hello", "C CAPABILITY", "S * CAPABILITY IMAP4rev1",
		"S $1 OK", "C LOGIN ", "S $2 OK in", "C CAPABILITY",
		"S * CAPABILITY IMAP4rev1 ID", "S $3 OK", "C ID", "S $4 OK", "C LOGOUT", "=",
		"S * OK hello", "C LOGIN ", "C CAPABILITY", "C ID", "S $1 OK in", answer,
		"Q 500", "E", "=", "S * OK hello", "C CAPABILITY", "S * CAPABILITY IMAP4rev1",
		"S $1 OK", "C LOGIN ", "Q 50", "S $2 OK in", "C CAPABILITY",
		"S * CAPABILITY IMAP4rev1 ID", "S $3 OK", "C ID", "S $4 OK", NULL };
	int64_t start;
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	desk_restart(&d);
	imap_of(d.p)->lost_ms = LOST_MS;
	start = clock_mono_ms();
	must(&d, desk_connect(&d));
	ck_assert_int_lt(clock_mono_ms() - start, NOTICED_MS);
	ck_assert(imap_of(d.p)->known.deaf);
	desk_release(&d);
	script_stop(&s);
}

START_TEST(a_lost_flight_is_noticed)
{
	lost_flight("Q 50");
}
END_TEST

START_TEST(a_flight_whose_beginning_is_lost_is_noticed)
{
	lost_flight("S $3 OK");
}
END_TEST

/* RFC 3501, section 5.5: the order of answers is free. */
START_TEST(a_slow_answer_is_no_lost_flight)
{
	static const char *const steps[] = { "S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE",
		"S $1 OK in", "C CAPABILITY", "S * CAPABILITY IMAP4rev1 ID", "S $2 OK", "C ID",
		"S $3 OK", "C LOGOUT", "=", "S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE",
		"C CAPABILITY", "C ID", "S $1 OK in", "S $3 OK", "Q 500",
		"S * CAPABILITY IMAP4rev1 ID", "S $2 OK", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	desk_restart(&d);
	must(&d, desk_connect(&d));
	ck_assert(!imap_of(d.p)->known.deaf);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

/* --- ways to log in ------------------------------------------------------------------------ */

START_TEST(an_unknown_way_is_followed_by_the_next)
{
	static const char *const steps[] = {
		"S * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=SCRAM-SHA-256] hello",
		"C AUTHENTICATE PLAIN", "S $1 NO [CANNOT] not today",
		"C LOGIN ", "S $2 BAD unknown", "C AUTHENTICATE PLAIN", "S $3 OK [CAPABILITY IMAP4rev1] in",
		NULL
	};
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(a_cheating_scram_server_is_refused)
{
	/* it answers with a nonce that is not ours: the exchange ends with "*" */
	static const char *const steps[] = {
		"S * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-1] hello",
		"C AUTHENTICATE SCRAM-SHA-1 ",
		"S + cj1hYmMscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==", "R *", "S $1 BAD canceled", "=",
		"S * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-1] hello",
		"C AUTHENTICATE SCRAM-SHA-1 ", "S $1 OK [CAPABILITY IMAP4rev1] trust me", NULL
	};
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	d.account.auth = AUTH_SCRAM_SHA_1;
	ck_assert_int_eq(desk_connect(&d), ERR_PROTOCOL);
	ck_assert_int_eq(desk_connect(&d), ERR_TRUST);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(an_oauth_refusal_is_told_in_the_servers_words)
{
	/* {"status":"invalid_token"}; the flight of a memory must not be taken for an answer */
	static const char *const steps[] = {
		"S * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER] hello",
		"C AUTHENTICATE OAUTHBEARER ", "S $1 OK [CAPABILITY IMAP4rev1 ID] in", "C ID",
		"S $2 OK", "C LOGOUT", "=",
		"S * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER] hello",
		"C AUTHENTICATE OAUTHBEARER ", "Q 50", "S + eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=",
		"R AQ==", "S $1 NO [AUTHENTICATIONFAILED] no", NULL
	};
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	d.account.auth = AUTH_OAUTHBEARER;
	must(&d, desk_connect(&d));
	desk_restart(&d);
	ck_assert_int_eq(desk_connect(&d), ERR_AUTH);
	ck_assert_ptr_nonnull(strstr(d.err.text, "invalid_token"));
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(a_way_that_is_not_offered_is_said)
{
	static const char *const steps[] = { "S * OK [CAPABILITY " CAPS "] hello", "E", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	d.account.auth = AUTH_XOAUTH2;
	ck_assert_int_eq(desk_connect(&d), ERR_AUTH);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

/* --- what is learned ------------------------------------------------------------------------ */

START_TEST(a_limit_of_connections_is_remembered)
{
	static const char *const steps[] = { "S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE",
		"S $1 NO [LIMIT] Too many connections, try again in 2 minutes", "=", FIRST, NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	ck_assert_int_eq(desk_connect(&d), ERR_RETRY);
	ck_assert_int_eq(d.err.after_s, 120);
	must(&d, desk_connect(&d));
	ck_assert_int_eq(d.p->traits.connections, CONNECTIONS_MAX - 1);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(evidence_is_kept_for_a_week)
{
	/* C-12: class D gets no QRESYNC, one connection, small runs; M-78: the probe forgives */
	static const char *const steps[] = { FIRST, "C LOGOUT", "=",
		"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE", "C ID", "C LIST",
		"S $1 OK [CAPABILITY " AFTER "] in", "S $2 OK", "S $3 OK", "C LOGOUT", "=",
		"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE", "C ENABLE QRESYNC", "C ID",
		"C SELECT", "C LIST", "S $1 OK [CAPABILITY " AFTER "] in", "S $2 OK", "S $3 OK",
		"S $4 OK", "S $5 OK", NULL };
	int64_t now = clock_unix();
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	d.p->memory_changed = false;
	imap_evidence(imap_of(d.p), EVIDENCE_MODSEQ_STUCK);
	ck_assert(d.p->memory_changed);
	ck_assert(imap_distrusted(imap_of(d.p)));
	desk_restart(&d);
	must(&d, desk_connect(&d));
	ck_assert_int_eq(d.p->traits.letter, 'D');
	ck_assert_int_eq(d.p->traits.connections, 1);
	ck_assert_int_eq(d.p->traits.run_s, 25);
	ck_assert_int_eq(d.p->traits.run_messages, 200);
	ck_assert(!imap_of(d.p)->plan.qresync && !imap_of(d.p)->plan.condstore);
	desk_restart(&d);
	clock_fake(-1, now + EVIDENCE_PROBE_S + EVIDENCE_PROBE_S / 10 + 1);
	must(&d, desk_connect(&d));
	clock_fake(-1, -1);
	ck_assert_int_eq(d.p->traits.letter, 'A');
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(bad_memory_is_no_memory)
{
	static const char *const bad[] = { "", "{", "[1]", "{\"v\":2}", "{\"v\":1,\"after\":7}",
		"{\"v\":1,\"connections\":-5,\"evidence\":[1]}", "\377" };
	static const char *const steps[] = { FIRST, NULL };

	for (size_t n = 0; n < G_N_ELEMENTS(bad); n++) {
		struct script s;
		struct desk d;

		script_start(&s, steps);
		desk_init(&d, s.port);
		d.p->memory = g_strdup(bad[n]);
		must(&d, desk_connect(&d));
		desk_release(&d);
		script_stop(&s);
	}
}
END_TEST

/* Words are cut between characters, and a clock that went back does not end forgiveness. */
START_TEST(memory_survives_odd_words_and_clocks)
{
	g_autofree char *words = g_strnfill(MEMORY_WORDS_MAX - 1, 'a');
	g_autofree char *text = g_strdup_printf("{\"v\":1,\"after\":\"%sé\",\"probed\":%" PRId64
						",\"evidence\":{\"modseq-back\":[1,1]}}",
		words, clock_unix() + 10 * (int64_t)EVIDENCE_PROBE_S);
	g_autofree char *again = NULL;
	struct memory m = { 0 };
	struct desk d;

	memory_read(&m, text);
	again = memory_write(&m);
	ck_assert_ptr_nonnull(strstr(again, "modseq-back"));
	memory_release(&m);
	desk_init(&d, 1);
	d.p->memory = g_steal_pointer(&text);
	imap_recall(imap_of(d.p));
	ck_assert(!imap_distrusted(imap_of(d.p)));
	desk_release(&d);
}
END_TEST

static void gather(void *ctx, const char *label, const char *words)
{
	g_string_append_printf(ctx, "%s: %s\n", label, words);
}

START_TEST(each_class_is_explained)
{
	static const struct {
		const char *memory, *has[4];
	} rows[] = {
		{ "{\"v\":1,\"class\":\"A\",\"after\":\"IDLE QRESYNC UIDPLUS COMPRESS=DEFLATE\","
		  "\"server\":\"Odd 1\",\"connections\":3}",
			{ "class: A\n", "because: IDLE, CONDSTORE, QRESYNC, UIDPLUS are offered\n",
				"QRESYNC)", "server: Odd 1\n" } },
		{ "{\"v\":1,\"class\":\"B\",\"after\":\"IDLE CONDSTORE LIST-EXTENDED LIST-STATUS\","
		  "\"connections\":2}",
			{ "class: B\n", "not offered: QRESYNC, UIDPLUS\n", "LIST-STATUS)",
				"connections: 2\n" } },
		{ "{\"v\":1,\"class\":\"C\",\"after\":\"IMAP4rev1\"}",
			{ "class: C\n", "IDLE, CONDSTORE, QRESYNC, UIDPLUS are not offered\n",
				"push: not offered", "(STATUS)" } },
		{ "{\"v\":1,\"class\":\"D\",\"after\":\"IDLE\",\"probed\":1700000000,"
		  "\"evidence\":{\"idle-silent\":[3,1700000000]}}",
			{ "class: D\n", "caught at: mail came that IDLE did not tell (count: 3",
				"connections: 1\n", "push: the server was silent" } },
	};

	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		g_autoptr(GString) text = g_string_new(NULL);

		imap_explain(rows[n].memory, gather, text);
		for (size_t k = 0; k < 4; k++)
			ck_assert_msg(strstr(text->str, rows[n].has[k]), "%s in:\n%s",
				rows[n].has[k], text->str);
	}
	imap_explain(NULL, gather, NULL); /* nothing to say, nobody called */
}
END_TEST

START_TEST(waits_are_read_from_words)
{
	static const struct {
		const char *words;
		int seconds;
	} rows[] = { { "Try again in 5 minutes", 300 }, { "please retry after 30 seconds.", 30 },
		{ "wait 2 min", 120 }, { "wait 15s", 15 }, { "Try again later", 0 },
		{ "5 minutes of fame", 0 }, { "try again in 99999999999 hours", 24 * 3600 },
		{ "retry at port 993", 0 }, { "", 0 }, { "again", 0 } };

	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++)
		ck_assert_msg(answer_after_s(rows[n].words) == rows[n].seconds, "%s: %d",
			rows[n].words, answer_after_s(rows[n].words));
}
END_TEST

/* I-09, and the uses of mailboxes in any case of letters (Gmail has others of its own) */
START_TEST(a_listing_tells_ids_and_uses)
{
	static const char *const steps[] = { "S * OK [CAPABILITY " CAPS "] hello",
		"C AUTHENTICATE",
		"S $1 OK [CAPABILITY IMAP4rev1 OBJECTID LIST-EXTENDED LIST-STATUS SPECIAL-USE] in",
		"C LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT "
		"UIDVALIDITY UNSEEN MAILBOXID))",
		"S * LIST () \"/\" INBOX",
		"S * STATUS INBOX (UIDNEXT 4 MAILBOXID (F2212ea8-7)) ",
		"S * LIST (\\archive \\HasNoChildren) \"/\" Old", "S * STATUS Old (MAILBOXID NIL)",
		"S * LIST (\\Important) \"/\" Top", "S * LIST (\\ALL) \"/\" Every",
		"S * LIST () \"/\" Trash", "S * STATUS Ghost (UIDNEXT 4)", "S $2 OK", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	must(&d, desk_list(&d));
	ck_assert_str_eq(recorder_mailbox(&d.rec, "INBOX")->object_id, "F2212ea8-7");
	ck_assert_ptr_null(recorder_mailbox(&d.rec, "Old")->object_id);
	ck_assert_int_eq(recorder_mailbox(&d.rec, "Old")->role, ROLE_ARCHIVE);
	ck_assert_int_eq(recorder_mailbox(&d.rec, "Every")->role, ROLE_ALL);
	ck_assert_int_eq(recorder_mailbox(&d.rec, "Top")->role, ROLE_NONE);
	ck_assert_int_eq(recorder_mailbox(&d.rec, "Trash")->role, ROLE_NONE); /* no guess here */
	ck_assert_ptr_null(imap_status(imap_of(d.p), "Ghost"));
	desk_release(&d);
	script_stop(&s);
}
END_TEST

/* I-03: VANISHED stands for EXPUNGE after ENABLE QRESYNC; EARLIER tells of the past */
START_TEST(vanished_counts_like_expunge)
{
	static const char *const steps[] = { "S * OK [CAPABILITY " CAPS "] hello",
		"C AUTHENTICATE", "S $1 OK [CAPABILITY IMAP4rev1] in", "C SELECT \"INBOX\"",
		"S * 10 EXISTS", "S * OK [UIDVALIDITY 1]", "S $2 OK", "C LIST",
		"S * VANISHED (EARLIER) 1:5", "S * VANISHED 7,9:10", "S $3 OK", "C LSUB", "S $4 OK",
		NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	must(&d, imap_select(imap_of(d.p), "INBOX", true, false, &d.err));
	must(&d, desk_list(&d));
	ck_assert_uint_eq(imap_of(d.p)->sel.exists, 7);
	ck_assert(imap_of(d.p)->sel.stirred);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("session");
	TCase *t = tcase_create("scripts");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_flight_leaves_with_the_login);
	tcase_add_test(t, the_inbox_that_is_open_is_not_opened_again);
	tcase_add_test(t, a_wrong_memory_is_corrected);
	tcase_add_test(t, a_refused_login_leaves_nothing_behind);
	tcase_add_test(t, login_without_sasl_ir_is_one_flight_too);
	tcase_add_test(t, plain_goes_by_continuation_where_login_is_disabled);
	tcase_add_test(t, a_server_that_breaks_at_the_flight_gets_none);
	tcase_add_test(t, what_was_said_is_not_logged);
	tcase_add_test(t, a_cut_line_is_no_lost_flight);
	tcase_add_test(t, a_lost_flight_is_noticed);
	tcase_add_test(t, a_flight_whose_beginning_is_lost_is_noticed);
	tcase_add_test(t, a_slow_answer_is_no_lost_flight);
	tcase_add_test(t, an_unknown_way_is_followed_by_the_next);
	tcase_add_test(t, a_cheating_scram_server_is_refused);
	tcase_add_test(t, an_oauth_refusal_is_told_in_the_servers_words);
	tcase_add_test(t, a_way_that_is_not_offered_is_said);
	tcase_add_test(t, a_limit_of_connections_is_remembered);
	tcase_add_test(t, evidence_is_kept_for_a_week);
	tcase_add_test(t, bad_memory_is_no_memory);
	tcase_add_test(t, memory_survives_odd_words_and_clocks);
	tcase_add_test(t, each_class_is_explained);
	tcase_add_test(t, waits_are_read_from_words);
	tcase_add_test(t, a_listing_tells_ids_and_uses);
	tcase_add_test(t, vanished_counts_like_expunge);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite());
	int failed, r;

	signal(SIGPIPE, SIG_IGN);
	mime_init();
	g_setenv("COMPRESS", "1", TRUE);
	g_setenv("MECHANISMS", "plain login scram-sha-1 scram-sha-256 xoauth2 oauthbearer", TRUE);
	r = server_start();
	if (r == 0)
		srunner_add_suite(sr, server_suite());
	srunner_add_suite(sr, arrange_suite());
	srunner_add_suite(sr, wire_suite());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	if (r == 0)
		server_stop();
	return failed || (r && r != 77) ? EXIT_FAILURE : EXIT_SUCCESS;
}
