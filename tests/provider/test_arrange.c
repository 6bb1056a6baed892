/* Wishes about the tree of mailboxes: every one twice, on a real server and by scripts. */
#include "provider/test_session.h"

#include <string.h>

static void relist(struct desk *d)
{
	g_ptr_array_set_size(d->rec.mailboxes, 0);
	must(d, desk_list(d));
}

static bool is_subscribed(struct desk *d, const char *path)
{
	return recorder_mailbox(&d->rec, path)->attrs & MAILBOX_SUBSCRIBED;
}

START_TEST(every_wish_twice)
{
	struct desk d;

	desk_init(&d, server.imap_port);
	d.account.user = (char *)"bob";
	must(&d, desk_connect(&d));
	for (int n = 0; n < 2; n++)
		must(&d, desk_arrange(&d, MAILBOX_CREATE, "", "Häfen/Saltmere"));
	relist(&d);
	ck_assert_ptr_nonnull(recorder_mailbox(&d.rec, "H&AOQ-fen/Saltmere"));
	for (int n = 0; n < 2; n++)
		must(&d, desk_arrange(&d, MAILBOX_SUBSCRIBE, "H&AOQ-fen/Saltmere", NULL));
	must(&d, imap_select(imap_of(d.p), "H&AOQ-fen/Saltmere", true, false, &d.err));
	relist(&d);
	ck_assert(is_subscribed(&d, "H&AOQ-fen/Saltmere"));
	for (int n = 0; n < 2; n++)
		must(&d, desk_arrange(&d, MAILBOX_RENAME, "H&AOQ-fen", "Ports & more"));
	relist(&d);
	ck_assert_ptr_null(recorder_mailbox(&d.rec, "H&AOQ-fen/Saltmere"));
	ck_assert_ptr_nonnull(recorder_mailbox(&d.rec, "Ports &- more/Saltmere"));
	ck_assert(is_subscribed(&d, "Ports &- more/Saltmere")); /* a rename keeps it */
	for (int n = 0; n < 2; n++)
		must(&d, desk_arrange(&d, MAILBOX_UNSUBSCRIBE, "Ports &- more/Saltmere", NULL));
	relist(&d);
	ck_assert(!is_subscribed(&d, "Ports &- more/Saltmere"));
	for (int n = 0; n < 2; n++)
		must(&d, desk_arrange(&d, MAILBOX_DELETE, "Ports &- more/Saltmere", NULL));
	relist(&d);
	ck_assert_ptr_null(recorder_mailbox(&d.rec, "Ports &- more/Saltmere"));
	desk_release(&d);
}
END_TEST

START_TEST(what_cannot_be_wished)
{
	static const struct {
		enum mailbox_verb verb;
		const char *path, *name;
	} rows[] = {
		{ MAILBOX_CREATE, "", "" },
		{ MAILBOX_CREATE, "", "a//b" },
		{ MAILBOX_CREATE, "", "/a" },
		{ MAILBOX_CREATE, "", "a/" },
		{ MAILBOX_CREATE, "", "a\r\nT9 DELETE b" },
		{ MAILBOX_CREATE, "", "a\tb" },
		{ MAILBOX_CREATE, "", "\377" },
		{ MAILBOX_CREATE, "", NULL },
		{ MAILBOX_RENAME, "INBOX", "Old" },
		{ MAILBOX_RENAME, "Sent", "inbox" },
		{ MAILBOX_DELETE, "inbox", NULL },
		{ MAILBOX_DELETE, "", NULL },
	};
	g_autofree char *long_name = g_strnfill(IMAP_PATH_MAX + 1, 'a');
	struct desk d;

	desk_init(&d, server.imap_port);
	d.account.user = (char *)"bob";
	must(&d, desk_connect(&d));
	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++)
		ck_assert_msg(
			desk_arrange(&d, rows[n].verb, rows[n].path, rows[n].name) == ERR_USAGE,
			"%zu", n);
	ck_assert_int_eq(desk_arrange(&d, MAILBOX_CREATE, "", long_name), ERR_USAGE);
	/* neither is there: that is no success */
	ck_assert_int_lt(desk_arrange(&d, MAILBOX_RENAME, "nowhere", "elsewhere"), 0);
	/* both are there */
	ck_assert_int_lt(desk_arrange(&d, MAILBOX_RENAME, "Sent", "Trash"), 0);
	d.account.two_way = false;
	ck_assert_int_eq(desk_arrange(&d, MAILBOX_CREATE, "", "x"), ERR_UNSUPPORTED);
	desk_release(&d);
}
END_TEST

#define OPEN                                                                                       \
	"S * OK [CAPABILITY " CAPS "] hello", "C AUTHENTICATE",                                    \
		"S $1 OK [CAPABILITY IMAP4rev1 NAMESPACE] in", "C NAMESPACE",                      \
		"S * NAMESPACE ((\"INBOX.\" \".\")) NIL NIL", "S $2 OK"

START_TEST(a_namespace_goes_before_the_name)
{
	static const char *const steps[] = { OPEN, "C CREATE \"INBOX.Work.This &AOQ-\"", "S $3 OK",
		"C CREATE \"INBOX.Work\"", "S $4 OK", "C LOGOUT", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	must(&d, desk_arrange(&d, MAILBOX_CREATE, "", "Work/This ä"));
	must(&d, desk_arrange(&d, MAILBOX_CREATE, "", "INBOX/Work"));
	ck_assert_int_eq(desk_arrange(&d, MAILBOX_CREATE, "", "a.b"), ERR_USAGE);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

START_TEST(without_a_code_the_list_is_asked)
{
	static const char *const steps[] = { OPEN, "C CREATE \"INBOX.a\"", "S $3 NO cannot",
		"C LIST \"\" \"INBOX.a\"", "S * LIST () \".\" INBOX.a", "S $4 OK",
		"C DELETE \"INBOX.a\"", "S $5 NO cannot", "C LIST \"\" \"INBOX.a\"", "S $6 OK",
		"C UNSUBSCRIBE \"INBOX.a\"", "S $7 NO never was", "C CREATE \"INBOX.b\"",
		"S $8 NO quite full", "C LIST", "S $9 OK", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	must(&d, desk_arrange(&d, MAILBOX_CREATE, "", "a"));
	must(&d, desk_arrange(&d, MAILBOX_DELETE, "INBOX.a", NULL));
	ck_assert_int_eq(desk_arrange(&d, MAILBOX_CREATE, "", "b"), ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(d.err.text, "quite full"));
	desk_release(&d);
	script_stop(&s);
}
END_TEST

/* A list that is refused proves nothing. */
START_TEST(a_refused_list_is_no_proof)
{
	static const char *const steps[] = { OPEN, "C DELETE \"INBOX.a\"", "S $3 NO not yours",
		"C LIST \"\" \"INBOX.a\"", "S $4 NO not now", "C LOGOUT", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	ck_assert_int_eq(desk_arrange(&d, MAILBOX_DELETE, "INBOX.a", NULL), ERR_REFUSED);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

static int delete_known(struct desk *d, const char *cursor)
{
	const struct mailbox_wish wish = {
		.verb = MAILBOX_DELETE, .path = "INBOX.a", .cursor = cursor
	};

	return d->p->ops->arrange(d->p, &wish, &d->err);
}

/* Mail may come between the reader's word and the DELETE. */
START_TEST(what_nobody_saw_is_not_deleted)
{
	static const char *const steps[] = { OPEN,
		"C STATUS \"INBOX.a\" (MESSAGES UIDNEXT UIDVALIDITY)",
		"S * STATUS INBOX.a (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7)", "S $3 OK",
		"C STATUS", "S * STATUS INBOX.a (MESSAGES 2 UIDNEXT 8 UIDVALIDITY 6)", "S $4 OK",
		"C STATUS", "S * STATUS INBOX.a (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 7)", "S $5 OK",
		"C STATUS", "S * STATUS INBOX.a (MESSAGES 2 UIDNEXT 8 UIDVALIDITY 7)", "S $6 OK",
		"C DELETE \"INBOX.a\"", "S $7 OK", "C UNSUBSCRIBE \"INBOX.a\"", "S $8 OK", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	ck_assert_int_eq(delete_known(&d, "2 7 8 1 0 2 0"), ERR_CONFLICT);
	ck_assert_int_eq(delete_known(&d, "2 7 8 1 0 2 0"), ERR_CONFLICT); /* made anew */
	ck_assert_int_eq(delete_known(&d, ""), ERR_CONFLICT);		   /* never read */
	must(&d, delete_known(&d, "2 7 8 1 0 2 0"));
	desk_release(&d);
	script_stop(&s);
}
END_TEST

/* "Later" for the subscription of a mailbox that has its new name already. */
START_TEST(a_rename_keeps_the_subscription_later)
{
	static const char *const steps[] = { OPEN, "C LSUB", "S * LSUB () \".\" INBOX.a", "S $3 OK",
		"C RENAME \"INBOX.a\" \"INBOX.b\"", "S $4 OK", "C SUBSCRIBE \"INBOX.b\"",
		"S $5 NO [UNAVAILABLE] later", "C LOGOUT", NULL };
	struct script s;
	struct desk d;

	script_start(&s, steps);
	desk_init(&d, s.port);
	must(&d, desk_connect(&d));
	ck_assert_int_eq(desk_arrange(&d, MAILBOX_RENAME, "INBOX.a", "INBOX/b"), ERR_RETRY);
	desk_release(&d);
	script_stop(&s);
}
END_TEST

Suite *arrange_suite(void)
{
	Suite *s = suite_create("arrange");
	TCase *t = tcase_create("arrange");

	tcase_set_timeout(t, 60);
	if (server.imap_port) {
		tcase_add_test(t, every_wish_twice);
		tcase_add_test(t, what_cannot_be_wished);
	}
	tcase_add_test(t, a_namespace_goes_before_the_name);
	tcase_add_test(t, without_a_code_the_list_is_asked);
	tcase_add_test(t, a_refused_list_is_no_proof);
	tcase_add_test(t, what_nobody_saw_is_not_deleted);
	tcase_add_test(t, a_rename_keeps_the_subscription_later);
	suite_add_tcase(s, t);
	return s;
}
