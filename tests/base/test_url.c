/* Addresses and hosts from mail: what is handed over, what is shown, what looks alike. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <glib.h>

#include "base/host.h"
#include "base/url.h"

/* What becomes of an address; NULL = it cannot be opened.  Then its host, and what people see. */
static const struct {
	const char *raw, *clean, *host, *shown;
} urls[] = {
	{ "https://example.com/", "https://example.com/", "example.com", "https://example.com/" },
	{ "  HTTPS://Example.COM/A?b=c#D\n", "https://example.com/A?b=c#D", "example.com",
		"https://example.com/A?b=c#D" },
	{ "http://example.com:8080", "http://example.com:8080", "example.com",
		"http://example.com:8080" },
	{ "http://example.com./x", "http://example.com/x", "example.com", "http://example.com/x" },
	/* nothing that a shell, a browser or another parser could read in its own way is left */
	{ "https://example.com/a b\"<>^`{|}\\", "https://example.com/a%20b%22%3C%3E%5E%60%7B%7C%7D%5C",
		"example.com", "https://example.com/a%20b%22%3C%3E%5E%60%7B%7C%7D%5C" },
	{ "https://example.com/\303\244", "https://example.com/%C3%A4", "example.com",
		"https://example.com/%C3%A4" },
	{ "https://example.com/%41%4", "https://example.com/%41%254", "example.com",
		"https://example.com/%41%254" },
	{ "https://example.com/\x01\x7f", "https://example.com/%01%7F", "example.com",
		"https://example.com/%01%7F" },
	/* who is asked, whatever stands before it */
	{ "https://paypal.com@evil.example/", "https://paypal.com@evil.example/", "evil.example",
		"https://paypal.com@evil.example/" },
	{ "https://a@b@evil.example/", "https://a@b@evil.example/", "evil.example",
		"https://a@b@evil.example/" },
	{ "https://evil.example\\@paypal.com/", NULL },
	{ "https://e%76il.example/", "https://evil.example/", "evil.example", "https://evil.example/" },
	{ "https://evil.example%2f.paypal.com/", NULL },
	{ "https:///evil.example/", NULL },
	{ "https:evil.example", NULL },
	{ "https:/evil.example", NULL },
	{ "https://", NULL },
	{ "https://a..b/", NULL },
	{ "https://a.b../", NULL },
	{ "https://-x.example/", NULL },
	{ "https://example.com:80a/", NULL },
	{ "https://[::1]/x", "https://[::1]/x", "::1", "https://[::1]/x" },
	{ "https://[::1]:8443/x", "https://[::1]:8443/x", "::1", "https://[::1]:8443/x" },
	{ "https://[::1", NULL },
	{ "https://[::1].evil.example/", NULL },
	{ "https://[x]/", NULL },
	/* other scripts: one script is shown, a mixture is not */
	{ "https://m\303\274nchen.example/", "https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example",
		"https://m\303\274nchen.example/" },
	{ "https://xn--mnchen-3ya.example/", "https://xn--mnchen-3ya.example/",
		"xn--mnchen-3ya.example", "https://m\303\274nchen.example/" },
	/* what is no name in letters is shown as it is written */
	{ "https://xn--paypal-.com/", "https://xn--paypal-.com/", "xn--paypal-.com",
		"https://xn--paypal-.com/" },
	{ "https://xn--8a-0x111m/", "https://xn--8a-0x111m/", "xn--8a-0x111m", "https://xn--8a-0x111m/" },
	{ "https://p\320\260ypal.com/", "https://xn--pypal-4ve.com/", "xn--pypal-4ve.com",
		"https://xn--pypal-4ve.com/" },
	{ "https://\320\260\321\200\321\200\323\217\320\265.com/", "https://xn--80ak6aa92e.com/",
		"xn--80ak6aa92e.com", "https://xn--80ak6aa92e.com/" },
	{ "https://\320\277\320\276\321\207\321\202\320\260.example/",
		"https://xn--80a1acny.example/", "xn--80a1acny.example",
		"https://\320\277\320\276\321\207\321\202\320\260.example/" },
	{ "https://xn--a.example/", "https://xn--a.example/", "xn--a.example", "https://xn--a.example/" },
	{ "mailto:Ann@example.com?subject=a b", "mailto:Ann@example.com?subject=a%20b", "",
		"mailto:Ann@example.com?subject=a%20b" },
	{ "javascript:alert(1)", "javascript:alert(1)", "", "javascript:alert(1)" },
	{ "-option", NULL },
	{ "www.example.com", NULL },
	{ "", NULL },
};

START_TEST(addresses_are_cleaned)
{
	char clean[URL_MAX], host[HOST_MAX], shown[URL_MAX];

	if (!urls[_i].clean) {
		ck_assert_msg(!url_clean(urls[_i].raw, clean, sizeof clean), "%s", urls[_i].raw);
		return;
	}
	ck_assert_msg(url_clean(urls[_i].raw, clean, sizeof clean), "%s", urls[_i].raw);
	ck_assert_str_eq(clean, urls[_i].clean);
	url_host(clean, host, sizeof host);
	ck_assert_str_eq(host, urls[_i].host);
	url_shown(clean, shown, sizeof shown);
	ck_assert_str_eq(shown, urls[_i].shown);
	ck_assert(url_clean(clean, host, sizeof host) || strlen(clean) >= sizeof host);
	ck_assert_int_eq(url_has_user(clean), strchr(clean, '@') && strstr(clean, "://"));
}
END_TEST

/* The limit at one below, at, and one above it. */
START_TEST(addresses_have_a_limit)
{
	const char *head = "https://example.com/";

	for (int d = -1; d <= 1; d++) {
		g_autofree char *tail = g_strnfill((gsize)(URL_MAX - 1 + d) - strlen(head), 'x');
		g_autofree char *url = g_strconcat(head, tail, NULL);
		char clean[URL_MAX];

		ck_assert_int_eq(url_clean(url, clean, sizeof clean), d <= 0);
	}
}
END_TEST

/* A scheme's letter, then only what needs no quotes anywhere. */
static bool is_plain(const char *url)
{
	const char *p = url;

	while (g_ascii_isgraph(*p) && !strchr("\"<>^`{|}\\", *p))
		p++;
	return g_ascii_islower(url[0]) && *p == '\0';
}

/* Nothing of any bytes gets through that a program could take for an option or a second word. */
START_TEST(random_bytes_come_out_clean)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(5);

	for (int i = 0; i < 20000; i++) {
		char raw[64] = "https://a.example/", clean[URL_MAX];
		size_t at = i % 2 ? strlen(raw) : (size_t)g_rand_int_range(r, 0, 18), n = (size_t)g_rand_int_range(r, 1, 40);

		for (size_t k = 0; k < n; k++)
			raw[at + k] = (char)g_rand_int_range(r, 1, 256);
		raw[at + n] = '\0';
		if (url_clean(raw, clean, sizeof clean) && !is_plain(clean))
			ck_abort_msg("%s", clean);
	}
}
END_TEST

START_TEST(sites_are_what_somebody_registered)
{
	static const struct {
		const char *name, *site;
	} rows[] = {
		{ "example.com", "example.com" },
		{ "mail.example.com", "example.com" },
		{ "a.b.example.co.uk", "example.co.uk" },
		{ "example.com.au", "example.com.au" },
		{ "co.uk", "co.uk" },
		{ "me.com", "me.com" },
		{ "imap.me.com", "me.com" },
		{ "localhost", "localhost" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		ck_assert_str_eq(host_site(rows[i].name), rows[i].site);
	ck_assert(host_same_site("A.Example.com", "b.example.COM"));
	ck_assert(!host_same_site("a.co.uk", "b.co.uk"));
	ck_assert(!host_same_site("", ""));
}
END_TEST

START_TEST(skeletons_are_what_eyes_see)
{
	static const char *const same[][2] = {
		{ "paypal.com", "paypa1.com" }, { "paypal.com", "paypai.com" },
		{ "google.com", "g00gle.com" }, { "modern.example", "rnodem.example" },
		{ "www.example", "vvvvw.example" }, { "paypal.com", "xn--pypal-4ve.com" },
		{ "apple.com", "xn--80ak6aa92e.com" },
	};
	char a[HOST_SHOWN_MAX], b[HOST_SHOWN_MAX];

	for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
		host_skeleton(same[i][0], a, sizeof a);
		host_skeleton(same[i][1], b, sizeof b);
		ck_assert_str_eq(a, b);
	}
}
END_TEST

START_TEST(loopback_is_told_by_the_name)
{
	ck_assert(host_is_loopback("localhost"));
	ck_assert(host_is_loopback("127.9.8.7"));
	ck_assert(host_is_loopback("::1"));
	ck_assert(!host_is_loopback("127.0.0.1.example.org"));
	ck_assert(!host_is_loopback("localhost.example.org"));
	ck_assert(!host_is_loopback("10.0.0.1"));
	ck_assert(!host_is_loopback("::2"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("url");
	TCase *t = tcase_create("url");
	SRunner *runner;
	int failed;

	setlocale(LC_ALL, "C.UTF-8");
	tcase_add_loop_test(t, addresses_are_cleaned, 0, G_N_ELEMENTS(urls));
	tcase_add_test(t, addresses_have_a_limit);
	tcase_add_test(t, random_bytes_come_out_clean);
	tcase_add_test(t, sites_are_what_somebody_registered);
	tcase_add_test(t, skeletons_are_what_eyes_see);
	tcase_add_test(t, loopback_is_told_by_the_name);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
