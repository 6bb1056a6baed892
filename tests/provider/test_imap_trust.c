/* The IMAP provider and servers that are not what they should be: nothing secret may leave. */
#include "provider/test_imap.h"

#include <string.h>

START_TEST(a_wrong_password_is_told_in_the_servers_words)
{
	struct rig r;

	rig_init(&r);
	r.account.password_command = (char *)"echo wrong";
	ck_assert_int_eq(rig_connect(&r), ERR_AUTH);
	ck_assert_ptr_nonnull(strstr(r.err.text, "Authentication failed"));
	rig_release(&r);
}
END_TEST

START_TEST(odd_passwords_get_through_login)
{
	struct proxy p;
	struct rig r;

	proxy_start(&p, "--mode hide:SASL-IR");
	rig_through(&r, &p);
	r.account.password_command = (char *)"printf '%s' 'se\"c\\ret'";
	ck_assert_int_eq(rig_connect(&r), ERR_AUTH); /* refused as wrong, not as malformed */
	ck_assert(proxy_saw(&p, "LOGIN"));
	rig_release(&r);
	rig_through(&r, &p);
	ck_assert_msg(rig_connect(&r) == 0, "%s", r.err.text);
	rig_release(&r);
	proxy_stop(&p);
}
END_TEST

START_TEST(an_unknown_authority_is_refused)
{
	g_autofree char *other = g_strdup_printf("%s/tls/other-ca.pem", server.dir);
	struct rig r;

	rig_init(&r);
	r.account.ca_file = other;
	ck_assert_int_eq(rig_connect(&r), ERR_TRUST);
	r.account.ca_file = NULL;
	ck_assert_int_eq(rig_connect(&r), ERR_TRUST);
	rig_release(&r);
}
END_TEST

START_TEST(starttls_works)
{
	struct rig r;

	rig_init(&r);
	r.account.tls = TLS_STARTTLS;
	r.account.host = (char *)"127.0.0.2";
	r.account.port = server.tlsonly_port;
	ck_assert_msg(rig_changes(&r, "INBOX", 0) == 0, "%s", r.err.text);
	rig_release(&r);
}
END_TEST

/* Through a proxy, with TLS_STARTTLS unless plain. */
static void refused(const char *arguments, enum tls_mode tls, bool alone, int code)
{
	struct proxy p;
	struct rig r;
	int n;

	if (alone)
		proxy_alone(&p, arguments);
	else
		proxy_start(&p, arguments);
	rig_through(&r, &p);
	r.account.tls = tls;
	n = rig_connect(&r);
	ck_assert_msg(n == code, "%s: %d %s", arguments, n, r.err.text);
	ck_assert(!proxy_saw(&p, "LOGIN"));
	ck_assert(!proxy_saw(&p, "AUTHENTICATE"));
	rig_release(&r);
	proxy_stop(&p);
}

START_TEST(stripped_starttls_is_refused)
{
	refused("--mode strip-starttls", TLS_STARTTLS, false, ERR_TRUST);
}
END_TEST

START_TEST(preauth_in_the_clear_is_refused)
{
	refused("--mode preauth", TLS_STARTTLS, false, ERR_TRUST);
}
END_TEST

START_TEST(refused_starttls_is_refused)
{
	refused("--mode strip-starttls --mode no:STARTTLS", TLS_STARTTLS, false, ERR_TRUST);
}
END_TEST

START_TEST(injected_bytes_before_tls_are_refused)
{
	g_autofree char *arguments =
		g_strdup_printf("--cert %s/tls/server.pem --key %s/tls/server.key --starttls "
				"--mode starttls-inject",
			server.dir, server.dir);

	refused(arguments, TLS_STARTTLS, false, ERR_TRUST);
}
END_TEST

START_TEST(malformed_greetings_are_refused)
{
	refused("--mode bad-greeting:http", TLS_PLAIN, true, ERR_PROTOCOL);
	refused("--mode bad-greeting:binary", TLS_PLAIN, true, ERR_PROTOCOL);
	refused("--mode bad-greeting:endless", TLS_PLAIN, true, ERR_LIMIT);
	refused("--mode bad-greeting:empty", TLS_PLAIN, true, ERR_PROTOCOL);
	refused("--mode bad-greeting:bye", TLS_PLAIN, true, ERR_RETRY);
}
END_TEST

START_TEST(plain_leaves_for_loopback_only)
{
	struct rig r;

	rig_init(&r);
	r.account.tls = TLS_PLAIN;
	r.account.host = (char *)"192.0.2.1";
	ck_assert_int_eq(rig_connect(&r), ERR_TRUST);
	rig_release(&r);
}
END_TEST

START_TEST(no_password_command_is_told)
{
	struct rig r;

	rig_init(&r);
	r.account.password_command = NULL;
	ck_assert_int_eq(rig_connect(&r), ERR_AUTH);
	rig_release(&r);
}
END_TEST

Suite *imap_trust_suite(void)
{
	Suite *s = suite_create("imap trust");
	TCase *c = tcase_create("trust");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, a_wrong_password_is_told_in_the_servers_words);
	tcase_add_test(c, odd_passwords_get_through_login);
	tcase_add_test(c, an_unknown_authority_is_refused);
	tcase_add_test(c, starttls_works);
	tcase_add_test(c, stripped_starttls_is_refused);
	tcase_add_test(c, preauth_in_the_clear_is_refused);
	tcase_add_test(c, refused_starttls_is_refused);
	tcase_add_test(c, injected_bytes_before_tls_are_refused);
	tcase_add_test(c, malformed_greetings_are_refused);
	tcase_add_test(c, plain_leaves_for_loopback_only);
	tcase_add_test(c, no_password_command_is_told);
	suite_add_tcase(s, c);
	return s;
}
