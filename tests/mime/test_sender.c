/* Who wrote it: Authentication-Results, look-alikes, and how to leave a list. */
#include "test_mime.h"

#include <string.h>

#include <glib.h>

#include "base/mem.h"
#include "mime/authres.h"
#include "mime/lookalike.h"
#include "mime/sender.h"
#include "mime/unsubscribe.h"

/* --- Authentication-Results: the grammar ------------------------------------------------ */

/* "server spf dkim dmarc arc dkim-domain spf-domain from-domain" */
static const struct {
	const char *value, *aligned, *want;
} values[] = {
	/* RFC 8601, appendix B */
	{ "example.org 1; none", "", "example.org 0 0 0 0 - - -" },
	{ "example.com; spf=pass smtp.mailfrom=example.net", "", "example.com 1 0 0 0 - example.net -" },
	{ "example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass "
	  "smtp.mailfrom=example.net", "", "example.com 1 0 0 0 - example.net -" },
	{ "example.com; sender-id=fail header.from=example.com; dkim=pass (good signature) "
	  "header.d=example.com", "", "example.com 0 1 0 0 example.com - -" },
	{ "foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) "
	  "fail policy (A dot can go here) . (like that) expired (this surprised me) = (as I wasn't "
	  "expecting it) 1362471462", "", "foo.example.net 0 2 0 0 - - -" },
	/* what servers write */
	{ "mx.google.com; dkim=pass header.i=@example.com header.s=s1 header.b=\"abc;d\"; spf=pass "
	  "(google.com: domain of bounce@mail.example.com designates 192.0.2.1 as permitted sender) "
	  "smtp.mailfrom=bounce@mail.example.com; dmarc=pass (p=NONE sp=NONE dis=NONE) "
	  "header.from=example.com", "", "mx.google.com 1 1 1 0 example.com mail.example.com example.com" },
	{ "spf=softfail (sender IP is 192.0.2.1) smtp.mailfrom=x.example; dkim=none (message not "
	  "signed) header.d=none;dmarc=fail action=none header.from=example.com;", "",
		" 3 0 2 0 - x.example example.com" },
	{ "a.example; dkim=fail header.d=x.example; dkim=pass header.d=y.example; dkim=pass "
	  "header.d=mail.z.example", "z.example", "a.example 0 1 0 0 mail.z.example - -" },
	{ "a.example; dkim=pass header.d=z.example; dkim=pass header.d=y.example", "z.example",
		"a.example 0 1 0 0 z.example - -" },
	{ "a.example; DKIM=Pass Header.D=\"Z.Example\"; arc=pass (i=1)", "", "a.example 0 1 0 1 z.example - -" },
	{ "a.example; dkim=temperror; spf=neutral", "", "a.example 3 3 0 0 - - -" },
	/* nonsense */
	{ "", "", NULL },
	{ ";;;", "", NULL },
	{ "a.example", "", "a.example 0 0 0 0 - - -" },
	{ "a.example; (((((((((((((((((((((((((((((((( dkim=pass", "", "a.example 0 0 0 0 - - -" },
	{ "a.example; dkim=\"pass", "", "a.example 0 1 0 0 - - -" },
	{ "a.example; (dkim=pass) spf=fail (x\\) dkim=pass)", "", "a.example 2 0 0 0 - - -" },
	{ "a.example; dkim=pass header.d=../x y", "", "a.example 0 1 0 0 - - -" },
};

static const char *or_dash(const char *s)
{
	return *s ? s : "-";
}

START_TEST(results_are_read)
{
	struct authres a;
	g_autofree char *got = NULL;

	if (!values[_i].want) {
		ck_assert(!authres_parse(values[_i].value, values[_i].aligned, &a));
		return;
	}
	ck_assert(authres_parse(values[_i].value, values[_i].aligned, &a));
	got = g_strdup_printf("%s %d %d %d %d %s %s %s", a.server, a.spf, a.dkim, a.dmarc, a.arc,
		or_dash(a.dkim_domain), or_dash(a.spf_domain), or_dash(a.from_domain));
	ck_assert_str_eq(got, values[_i].want);
}
END_TEST

/* Any bytes: it ends, and domains are names. */
START_TEST(random_results_do_no_harm)
{
	static const char letters[] = ";=()\"\\. \t/adkimspfpass1@\x80";
	g_autoptr(GRand) r = g_rand_new_with_seed(7);

	for (int i = 0; i < 50000; i++) {
		char value[200] = "a.example; dkim=pass ";
		size_t n = strlen(value);
		struct authres a;

		while (n < sizeof value - 1 && g_rand_int_range(r, 0, 150))
			value[n++] = letters[g_rand_int_range(r, 0, sizeof letters - 1)];
		value[n] = '\0';
		authres_parse(value, "", &a);
		ck_assert_uint_lt(strlen(a.dkim_domain), sizeof a.dkim_domain);
	}
}
END_TEST

/* --- whom to believe -------------------------------------------------------------------- */

#define FROM "From: Ann <ann@example.com>\n"
#define BODY "\nx\n"
#define PASS(id) "Authentication-Results: " id "; dkim=pass header.d=example.com; spf=pass smtp.mailfrom=a@example.com\n"
#define FAIL(id) "Authentication-Results: " id "; dmarc=fail header.from=example.com\n"
#define GMAIL_HOP "Received: from out.example.com (out.example.com [192.0.2.1]) by mx.google.com with ESMTPS\n"
#define OWN_HOP "Received: from out.example.com by mx.host.example with ESMTPS; x\n"
#define INNER_HOP "Received: from mx.host.example by store.host.example with LMTP; x\n"
#define OTHER_HOP "Received: from a.example.com by out.example.com; x\n"

static const struct {
	const char *host, *id, *mail, *line;
} believed[] = {
	{ "imap.gmail.com", NULL, GMAIL_HOP PASS("mx.google.com") FROM BODY,
		"Sender checked: example.com (DKIM, SPF)" },
	{ "imap.gmail.com", "auto", GMAIL_HOP FAIL("mx.google.com") FROM BODY,
		"Sender NOT confirmed: this may not come from example.com (DMARC failed)" },
	{ "imap.gmail.com", NULL, GMAIL_HOP
	  "Authentication-Results: mx.google.com; dkim=pass header.d=mailer.example; spf=pass smtp.mailfrom=mailer.example\n"
	  FROM BODY, "Sender not confirmed: signed by mailer.example, not by example.com" },
	{ "imap.gmail.com", NULL, GMAIL_HOP "Authentication-Results: mx.google.com; spf=fail smtp.mailfrom=example.com\n"
	  FROM BODY, "Sender NOT confirmed: SPF failed for example.com" },
	{ "imap.gmail.com", NULL, GMAIL_HOP "Authentication-Results: mx.google.com; spf=neutral\n" FROM BODY,
		"Sender not confirmed: nothing proves that this comes from example.com" },
	/* the topmost counts, and nothing below a hop of somebody else */
	{ "imap.gmail.com", NULL, GMAIL_HOP FAIL("mx.google.com") PASS("mx.google.com") FROM BODY,
		"Sender NOT confirmed: this may not come from example.com (DMARC failed)" },
	{ "imap.gmail.com", NULL, GMAIL_HOP OTHER_HOP PASS("mx.google.com") FROM BODY, "" },
	{ "imap.gmail.com", NULL, PASS("mx.evil.example") FROM BODY, "" },
	{ "imap.gmail.com", NULL, PASS("mx.google.com.evil.example") FROM BODY, "" },
	/* a server that is not known: only above the first hop from outside */
	{ "imap.host.example", NULL, PASS("mx.host.example") OWN_HOP FROM BODY,
		"Sender checked: example.com (DKIM, SPF)" },
	{ "imap.host.example", NULL, INNER_HOP PASS("mx.host.example") OWN_HOP FROM BODY,
		"Sender checked: example.com (DKIM, SPF)" },
	{ "imap.host.example", NULL, OWN_HOP PASS("mx.host.example") FROM BODY, "" },
	{ "imap.host.example", NULL, PASS("mx.other.example") OWN_HOP FROM BODY, "" },
	{ "imap.host.example", NULL,
	  "Authentication-Results: mx.host.example; dmarc=pass header.from=example.com\n"
	  PASS("mx.host.example") OWN_HOP FROM BODY, "Sender checked: example.com (DMARC, DKIM, SPF)" },
	/* the reader knows better */
	{ "imap.host.example", "filter.example", OWN_HOP PASS("filter.example") FROM BODY,
		"Sender checked: example.com (DKIM, SPF)" },
	{ "imap.host.example", "filter.example", PASS("mx.host.example") OWN_HOP FROM BODY, "" },
	{ "127.0.0.1", NULL, PASS("127.0.0.1") FROM BODY, "" },
	{ "localhost", NULL, PASS("localhost") FROM BODY, "" },
	{ NULL, NULL, PASS("mx.google.com") FROM BODY, "" },
	/* one header for each method */
	{ "imap.mail.me.com", NULL,
	  "Authentication-Results: dmarc.icloud.com; dmarc=pass header.from=example.com\n"
	  "X-Other: x\nAuthentication-Results: dkim-verifier.icloud.com; dkim=pass header.d=example.com\n" FROM BODY,
		"Sender checked: example.com (DMARC, DKIM)" },
	/* a pass of a subdomain is a pass of its owner; of a look-alike it is not */
	{ "imap.gmail.com", NULL, "Authentication-Results: mx.google.com; dkim=pass header.d=m.example.com\n" FROM BODY,
		"Sender checked: example.com (DKIM)" },
	{ "imap.gmail.com", NULL, "Authentication-Results: mx.google.com; dkim=pass header.d=notexample.com\n" FROM BODY,
		"Sender not confirmed: signed by notexample.com, not by example.com" },
	{ "imap.gmail.com", NULL, PASS("mx.google.com") "From: nobody\n" BODY, "" },
};

START_TEST(only_the_own_server_is_believed)
{
	struct account account = { .host = (char *)believed[_i].host, .authserv_id = (char *)believed[_i].id };
	AUTO(document_free) struct document *d = document_of(believed[_i].mail, strlen(believed[_i].mail));
	char line[300];
	int r = authres_line(d, &account, line, sizeof line);

	ck_assert_str_eq(line, believed[_i].line);
	ck_assert_int_eq(r, !*line ? 0 : g_str_has_prefix(line, "Sender checked") ? 1 : -1);
}
END_TEST

/* A host of two-byte letters, in lines of every length. */
START_TEST(a_line_is_cut_at_a_character)
{
	static const char mail[] = "Authentication-Results: mx.google.com; dmarc=fail\n"
				   "From: Ana <ana@xn--80a1acny.xn--p1ai>\n" BODY;
	struct account account = { .host = (char *)"imap.gmail.com" };
	AUTO(document_free) struct document *d = document_of(mail, strlen(mail));
	char line[120];

	for (size_t cap = 2; cap <= sizeof line; cap++) {
		ck_assert_int_eq(authres_line(d, &account, line, cap), -1);
		ck_assert(g_utf8_validate(line, -1, NULL));
	}
}
END_TEST

/* --- look-alikes ------------------------------------------------------------------------ */

static const char *const known[] = { "example-bank.com", "mail.firma.example", "shop.co.uk", "github.com",
	"gmx.de", NULL };

static const struct {
	const char *domain, *like;
} domains[] = {
	/* what deceives */
	{ "examp1e-bank.com", "example-bank.com" },
	{ "exarnple-bank.com", "example-bank.com" },
	{ "example-bnak.com", "example-bank.com" },
	{ "examplebank.com", "example-bank.com" },
	{ "mail.example-banks.com", "example-bank.com" },
	{ "githuh.com", "github.com" },
	{ "xn--xample-bank-nkj.com", "example-bank.com" }, /* е */
	{ "flrma.example", "firma.example" },
	{ "sh0p.co.uk", "shop.co.uk" },
	{ "paypa1.com", "paypal.com" },
	{ "xn--pypal-4ve.com", "paypal.com" },
	{ "rnicrosoft.com", "microsoft.com" },
	/* what does not */
	{ "example-bank.com", NULL },
	{ "news.example-bank.com", NULL },
	{ "firma.example", NULL },
	{ "other.example", NULL },
	{ "stop.co.uk", NULL },       /* short names are near each other by chance */
	{ "gmx.net", NULL },
	{ "web.de", NULL },
	{ "gitlab.com", NULL },
	{ "example-bank.org", NULL },
	{ "paypal.com", NULL },
	{ "paypals.com", NULL },      /* not one that the reader knows: looks only */
	{ "apply.com", NULL },
	{ "m.paypal.com", NULL },
	{ "xn--mnchen-3ya.example", NULL },
};

START_TEST(domains_that_look_like_known_ones)
{
	const char *got = lookalike_of(domains[_i].domain, known);

	ck_assert_str_eq(got ? got : "-", domains[_i].like ? domains[_i].like : "-");
}
END_TEST

static const struct {
	const char *headers;
	enum lookalike kind;
	const char *line;
} senders[] = {
	{ "From: \"Bank\" <info@examp1e-bank.com>\n", LOOKALIKE_WARNING,
		"This address looks like example-bank.com but is examp1e-bank.com" },
	{ "From: PayPal <service@paypaI.com>\n", LOOKALIKE_WARNING,
		"This address looks like paypal.com but is paypai.com" },
	{ "From: \"service@example-bank.com\" <x@evil.example>\n", LOOKALIKE_WARNING,
		"The sender's name says example-bank.com, but the address is at evil.example" },
	{ "From: =?utf-8?q?boss=40firma=2Eexample?= <x@evil.example>\n", LOOKALIKE_WARNING,
		"The sender's name says firma.example, but the address is at evil.example" },
	{ "From: GitHub.com Support <x@evil.example>\n", LOOKALIKE_WARNING,
		"The sender's name says github.com, but the address is at evil.example" },
	{ "From: a <x@xn--mil--53d1a.example>\n", LOOKALIKE_WARNING,
		"The sender's domain is spelt so that it looks like another: it is xn--mil--53d1a.example" },
	{ "From: Ann <ann@other.example>\nReply-To: ann@third.example\n", LOOKALIKE_NOTE,
		"Answers go to another domain: third.example" },
	/* ordinary */
	{ "From: Ann <ann@other.example>\n", LOOKALIKE_NO, "" },
	{ "From: \"ann@other.example\" <ann@mail.other.example>\n", LOOKALIKE_NO, "" },
	{ "From: \"ann@firma.example (via Docs)\" <share@docs.example>\n", LOOKALIKE_NO, "" },
	{ "From: Ann via github.com <noreply@mailer.example>\n", LOOKALIKE_NO, "" },
	{ "From: Amazon.com <x@amazon.co.uk>\n", LOOKALIKE_NO, "" },
	{ "From: Dr. A. B. Smith <x@other.example>\n", LOOKALIKE_NO, "" },
	{ "From: \"Smith @ Work\" <x@other.example>\n", LOOKALIKE_NO, "" },
	{ "From: Ann <ann@other.example>\nReply-To: ann@mail.other.example\n", LOOKALIKE_NO, "" },
	{ "From: Ann <ann@other.example>\nReply-To: list@lists.example\nList-Id: <x>\n", LOOKALIKE_NO, "" },
	{ "Subject: x\n", LOOKALIKE_NO, "" },
	{ "From: undisclosed\n", LOOKALIKE_NO, "" },
};

START_TEST(senders_are_judged)
{
	g_autofree char *mail = g_strconcat(senders[_i].headers, BODY, NULL);
	AUTO(document_free) struct document *d = document_of(mail, strlen(mail));
	char line[300];

	ck_assert_int_eq(lookalike_line(d, known, line, sizeof line), senders[_i].kind);
	ck_assert_str_eq(line, senders[_i].line);
}
END_TEST

START_TEST(addresses_in_headers_are_found)
{
	static const struct {
		const char *value, *name, *address, *domain;
	} rows[] = {
		{ "Ann <ann@a.example>", "Ann", "ann@a.example", "a.example" },
		{ "\"Ann, \\\"B\\\"\" <ann@A.example>, Bob <b@b.example>", "Ann, \"B\"", "ann@A.example", "a.example" },
		{ "ann@a.example", "", "ann@a.example", "a.example" },
		{ "ann@a.example, b@b.example", "", "ann@a.example", "a.example" },
		{ "\"<x@evil.example>\" <ann@a.example>", "<x@evil.example>", "ann@a.example", "a.example" },
	};
	struct sender s;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		ck_assert(sender_read(rows[i].value, &s));
		ck_assert_str_eq(s.name, rows[i].name);
		ck_assert_str_eq(s.address, rows[i].address);
		ck_assert_str_eq(s.domain, rows[i].domain);
	}
	ck_assert(!sender_read(NULL, &s) && !sender_read("Ann", &s) && !sender_read("a@b", &s));
}
END_TEST

/* --- leaving a list --------------------------------------------------------------------- */

#define SIGNED "DKIM-Signature: v=1; d=L.example; h=from:List-Unsubscribe:\n list-unsubscribe-post:subject; b=x\n"
#define POST "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"

static const struct {
	const char *headers, *web, *mail;
	bool one_click;
	const char *signer;
} lists[] = {
	{ "List-Unsubscribe: <https://l.example/u?x=1>\n" POST SIGNED, "https://l.example/u?x=1", NULL, true, "l.example" },
	{ "List-Unsubscribe: <mailto:u@l.example?subject=off>,\n <https://l.example/u>\n" POST,
		"https://l.example/u", "mailto:u@l.example?subject=off", true, NULL },
	{ "List-Unsubscribe: <https://l.example/a\n b>\n", "https://l.example/ab", NULL, false, NULL },
	{ "List-Unsubscribe: <http://l.example/u>\n" POST, "http://l.example/u", NULL, false, NULL },
	{ "List-Unsubscribe: <http://l.example/u>, <https://l.example/v>\n" POST, "https://l.example/v", NULL, true, NULL },
	{ "List-Unsubscribe: <https://l.example/u>\nList-Unsubscribe-Post: Something=Else\n",
		"https://l.example/u", NULL, false, NULL },
	{ "List-Unsubscribe: <mailto:u@l.example>\n" POST, NULL, "mailto:u@l.example", false, NULL },
	{ "List-Unsubscribe: <javascript:x>, <file:///etc/passwd>\n" POST, NULL, NULL, false, NULL },
	{ "List-Unsubscribe: https://l.example/u\n" POST, NULL, NULL, false, NULL },
	{ "List-Unsubscribe: <https://l.example/u\n" POST, NULL, NULL, false, NULL },
	{ "Subject: x\n" POST, NULL, NULL, false, NULL },
	{ "List-Unsubscribe: <https://l.example/u>\n" POST "DKIM-Signature: d=l.example; h=from:list-unsubscribe\n",
		"https://l.example/u", NULL, true, NULL },
};

START_TEST(ways_out_of_a_list)
{
	g_autofree char *mail = g_strconcat(lists[_i].headers, BODY, NULL);
	AUTO(document_free) struct document *d = document_of(mail, strlen(mail));
	AUTO(unsubscribe_clear) struct unsubscribe u;

	ck_assert_int_eq(unsubscribe_read(d, &u), lists[_i].web || lists[_i].mail);
	ck_assert_str_eq(u.web ? u.web : "-", lists[_i].web ? lists[_i].web : "-");
	ck_assert_str_eq(u.mail ? u.mail : "-", lists[_i].mail ? lists[_i].mail : "-");
	ck_assert_str_eq(u.signer ? u.signer : "-", lists[_i].signer ? lists[_i].signer : "-");
	ck_assert_int_eq(u.one_click, lists[_i].one_click);
	ck_assert_int_eq(u.signed_, lists[_i].signer != NULL);
}
END_TEST

TCase *sender_cases(void)
{
	TCase *t = tcase_create("sender");

	tcase_add_loop_test(t, results_are_read, 0, G_N_ELEMENTS(values));
	tcase_add_test(t, random_results_do_no_harm);
	tcase_add_loop_test(t, only_the_own_server_is_believed, 0, G_N_ELEMENTS(believed));
	tcase_add_test(t, a_line_is_cut_at_a_character);
	tcase_add_loop_test(t, domains_that_look_like_known_ones, 0, G_N_ELEMENTS(domains));
	tcase_add_loop_test(t, senders_are_judged, 0, G_N_ELEMENTS(senders));
	tcase_add_test(t, addresses_in_headers_are_found);
	tcase_add_loop_test(t, ways_out_of_a_list, 0, G_N_ELEMENTS(lists));
	return t;
}
