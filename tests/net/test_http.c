/*
 * One request over HTTPS to a real server: what it sends, whom it trusts, where
 * it stops.  With an address from mail in mind: no redirects, no cookies, no
 * private addresses.
 */
#include <arpa/inet.h>
#include <check.h>
#include <glib.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/queue.h"
#include "net/http.h"
#include "sync/priv.h"

enum { CANCEL_AFTER_MS = 200, CANCEL_WITHIN_MS = 300, LATE_MS = 5000 };

static char folder[80];

struct server {
	pid_t pid;
	int in;
	int port;
	char *log;
};

static void server_start(struct server *s, const char *cert)
{
	g_autofree char *script = g_strdup_printf("%s/../net/httpserver.py", TEST_SUPPORT);
	g_autofree char *pem = g_strdup_printf("%s/%s.pem", folder, cert);
	g_autofree char *key = g_strdup_printf("%s/%s.key", folder, cert);
	char *argv[] = { (char *)"python3", script, pem, key, NULL, NULL };
	int out;
	char line[20] = "";

	s->log = g_strdup_printf("%s/%s.%d.log", folder, cert, (int)getpid());
	argv[4] = s->log;
	ck_assert(g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
		NULL, NULL, &s->pid, &s->in, &out, NULL, NULL));
	ck_assert_int_gt(read(out, line, sizeof line - 1), 0);
	close(out);
	s->port = (int)g_ascii_strtoll(line, NULL, 10);
	ck_assert_int_gt(s->port, 0);
}

static void server_stop(struct server *s)
{
	close(s->in);
	waitpid(s->pid, NULL, 0);
	g_free(s->log);
}

static char *url_of(const struct server *s, const char *host, const char *path)
{
	return g_strdup_printf("https://%s:%d%s", host, s->port, path);
}

static int post(const struct server *s, const char *host, const char *path,
	struct http_request *with, struct http_answer *answer, struct err *err)
{
	g_autofree char *url = url_of(s, host, path), *ca = g_strdup_printf("%s/ca.pem", folder);
	struct http_request r = with ? *with : (struct http_request){ .private_ok = true };

	r.url = url;
	r.form = ONE_CLICK_FORM;
	if (!r.ca_file)
		r.ca_file = ca;
	*answer = (struct http_answer){ 0 };
	*err = (struct err){ 0 };
	return http_post(&r, answer, err);
}

static char *logged(const struct server *s)
{
	char *text = NULL;

	return g_file_get_contents(s->log, &text, NULL, NULL) ? text : g_strdup("");
}

START_TEST(a_list_is_told_as_rfc_8058_says)
{
	struct server s;
	struct http_answer answer;
	struct err err;
	g_autofree char *log = NULL;

	server_start(&s, "server");
	ck_assert_msg(post(&s, "localhost", "/ok?id=1", NULL, &answer, &err) == 0, "%s", err.text);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_uint_eq(answer.bytes, 4);
	log = logged(&s);
	ck_assert_ptr_nonnull(strstr(log, "\"method\": \"POST\", \"path\": \"/ok?id=1\", "
					  "\"body\": \"List-Unsubscribe=One-Click\""));
	ck_assert_ptr_nonnull(strstr(log, "\"content-type\": \"application/x-www-form-urlencoded\""));
	ck_assert_ptr_null(strstr(log, "cookie"));
	ck_assert_ptr_null(strstr(log, "referer"));
	ck_assert_ptr_null(strstr(log, "authorization"));
	/* a second request knows nothing of the first */
	ck_assert_int_eq(post(&s, "127.0.0.1", "/ok", NULL, &answer, &err), 0);
	g_free(log);
	log = logged(&s);
	ck_assert_ptr_null(strstr(log, "cookie"));
	server_stop(&s);
}
END_TEST

START_TEST(answers_are_told_and_nothing_is_followed)
{
	struct server s;
	struct http_answer answer;
	struct err err;
	g_autofree char *log = NULL;

	server_start(&s, "server");
	ck_assert_int_eq(post(&s, "localhost", "/redirect", NULL, &answer, &err), 0);
	ck_assert_int_eq(answer.status, 302);
	ck_assert_int_eq(post(&s, "localhost", "/missing", NULL, &answer, &err), 0);
	ck_assert_int_eq(answer.status, 404);
	log = logged(&s);
	ck_assert_ptr_null(strstr(log, "/elsewhere"));
	server_stop(&s);
}
END_TEST

START_TEST(answers_have_limits)
{
	struct server s;
	struct http_answer answer;
	struct err err;

	server_start(&s, "server");
	ck_assert_msg(post(&s, "localhost", "/big", NULL, &answer, &err) == 0, "%s", err.text);
	ck_assert_int_eq(answer.status, 200);
	ck_assert(answer.cut);
	ck_assert_uint_eq(answer.bytes, HTTP_ANSWER_MAX);
	ck_assert_int_eq(post(&s, "localhost", "/headers", NULL, &answer, &err), ERR_LIMIT);
	ck_assert_int_eq(post(&s, "localhost", "/cut", NULL, &answer, &err), ERR_PROTOCOL);
	server_stop(&s);
}
END_TEST

START_TEST(a_silent_server_is_left)
{
	struct server s;
	struct http_answer answer;
	struct http_request r = { .private_ok = true, .time_ms = 300 };
	struct err err;
	int64_t began;

	server_start(&s, "server");
	began = clock_mono_ms();
	ck_assert_int_eq(post(&s, "localhost", "/slow", &r, &answer, &err), ERR_RETRY);
	ck_assert_int_lt(clock_mono_ms() - began, LATE_MS);
	server_stop(&s);
}
END_TEST

static void *cancel_soon(void *arg)
{
	g_usleep(CANCEL_AFTER_MS * 1000);
	cancel_set(arg);
	return NULL;
}

START_TEST(a_request_ends_when_asked)
{
	struct server s;
	struct cancel cancel;
	struct http_answer answer;
	struct http_request r = { .private_ok = true, .cancel = &cancel };
	struct err err;
	pthread_t thread;
	int64_t began;

	server_start(&s, "server");
	cancel_init(&cancel);
	began = clock_mono_ms();
	pthread_create(&thread, NULL, cancel_soon, &cancel);
	ck_assert_int_eq(post(&s, "localhost", "/slow", &r, &answer, &err), ERR_CANCELED);
	ck_assert_int_lt(clock_mono_ms() - began, CANCEL_AFTER_MS + CANCEL_WITHIN_MS + LATE_MS / 5);
	pthread_join(thread, NULL);
	cancel_release(&cancel);
	server_stop(&s);
}
END_TEST

/* As for mail: none of the bad ones, and nothing is sent to them. */
static const char *const bad[] = { "wronghost", "expired", "future", "selfsigned", "otherca" };

START_TEST(bad_certificates_are_refused)
{
	struct server s;
	struct http_answer answer;
	struct err err;
	g_autofree char *log = NULL;

	server_start(&s, bad[_i]);
	ck_assert_msg(post(&s, "localhost", "/ok", NULL, &answer, &err) == ERR_TRUST, "%s: %s", bad[_i], err.text);
	log = logged(&s);
	ck_assert_str_eq(log, "");
	server_stop(&s);
}
END_TEST

START_TEST(private_addresses_are_refused)
{
	static const char *const hosts[] = { "localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433",
		"0x7f.1", "10.255.255.1", "192.168.255.1", "169.254.1.1" };
	struct server s;
	struct http_answer answer;
	struct http_request r = { .time_ms = 2000 };
	struct err err;
	g_autofree char *log = NULL;

	server_start(&s, "server");
	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
		int rc = post(&s, hosts[i], "/ok", &r, &answer, &err);

		ck_assert_msg(rc == ERR_REFUSED, "%s: %d %s", hosts[i], rc, err.text);
	}
	log = logged(&s);
	ck_assert_str_eq(log, "");
	server_stop(&s);
}
END_TEST

START_TEST(which_addresses_are_public)
{
	static const struct {
		const char *address;
		bool public;
	} rows[] = {
		{ "192.0.2.1", true }, { "8.8.8.8", true }, { "172.15.0.1", true }, { "172.32.0.1", true },
		{ "100.63.0.1", true }, { "11.0.0.1", true }, { "126.255.255.255", true },
		{ "0.0.0.0", false }, { "10.1.2.3", false }, { "100.64.0.1", false }, { "127.0.0.1", false },
		{ "127.255.255.255", false }, { "169.254.169.254", false }, { "172.16.0.1", false },
		{ "172.31.255.255", false }, { "192.168.0.1", false }, { "198.18.0.1", false },
		{ "224.0.0.1", false }, { "255.255.255.255", false },
		{ "2001:db8::1", true }, { "2a00:1450::1", true }, { "::", false }, { "::1", false },
		{ "fe80::1", false }, { "fc00::1", false }, { "fd12::1", false }, { "ff02::1", false },
		{ "::ffff:10.0.0.1", false }, { "::ffff:8.8.8.8", true }, { "::127.0.0.1", false },
		{ "64:ff9b::7f00:1", false }, { "64:ff9b::808:808", true }, { "2002:7f00:1::", false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct sockaddr_in v4 = { .sin_family = AF_INET };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
		bool is4 = inet_pton(AF_INET, rows[i].address, &v4.sin_addr) == 1;

		ck_assert(is4 || inet_pton(AF_INET6, rows[i].address, &v6.sin6_addr) == 1);
		ck_assert_msg(http_is_public(is4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6) == rows[i].public,
			"%s", rows[i].address);
	}
}
END_TEST

START_TEST(only_https_is_spoken)
{
	struct http_request r = { .url = "http://127.0.0.1:1/", .form = "", .private_ok = true };
	struct http_answer answer;
	struct err err = { 0 };

	ck_assert_int_eq(http_post(&r, &answer, &err), ERR_USAGE);
	r.url = "https://127.0.0.1:1/";
	ck_assert_int_eq(http_post(&r, &answer, &err), ERR_OFFLINE);
	r.url = "https://no-such-host.invalid/";
	ck_assert_int_eq(http_post(&r, &answer, &err), ERR_OFFLINE);
}
END_TEST

/* --- the engine ------------------------------------------------------------------------- */

/* Asks and waits; the words of the answer. */
static int click(struct sync *sync, struct queue *events, const char *url, struct err *err)
{
	struct engine *e = sync_engine(sync);
	int64_t ticket = e->one_click(e, url), end = clock_mono_ms() + 2 * LATE_MS;
	struct event event = { 0 };

	ck_assert_int_gt(ticket, 0);
	while (!queue_pop(events, &event)) {
		ck_assert_int_lt(clock_mono_ms(), end);
		g_usleep(2000);
	}
	ck_assert_int_eq(event.kind, EV_ONE_CLICK);
	ck_assert_int_eq(event.message, ticket);
	*err = (struct err){ 0 };
	ck_assert(e->told(e, ticket, err));
	ck_assert_int_eq(err->code, event.code);
	ck_assert(!e->told(e, ticket, err)); /* once */
	return event.code;
}

START_TEST(the_engine_leaves_a_list)
{
	struct server s;
	struct places places = { 0 };
	struct config config = { .accounts = g_ptr_array_new(), .unsubscribe_private = true };
	struct queue *events = queue_new();
	struct sync *sync = sync_new(&places, &config, events);
	g_autofree char *ca = g_strdup_printf("%s/ca.pem", folder), *log = NULL;
	struct err err;

	g_setenv("SSL_CERT_FILE", ca, TRUE); /* the authorities of this machine, as OpenSSL knows them */
	server_start(&s, "server");
	for (int i = 0; i < CLICKS_MAX + 2; i++) { /* more than there are slots, one after the other */
		g_autofree char *url = url_of(&s, "localhost", "/ok");

		ck_assert_msg(click(sync, events, url, &err) == 0, "%s", err.text);
	}
	log = logged(&s);
	ck_assert_ptr_nonnull(strstr(log, "\"body\": \"List-Unsubscribe=One-Click\""));
	for (int i = 0; i < 3; i++) {
		static const char *const paths[] = { "/redirect", "/missing", "/ok" };
		g_autofree char *url = url_of(&s, "localhost", paths[i]);

		config.unsubscribe_private = i < 2;
		ck_assert_int_eq(click(sync, events, url, &err), ERR_REFUSED);
		ck_assert_ptr_nonnull(strstr(err.text, "localhost"));
	}
	sync_free(&sync);
	queue_free(&events);
	g_ptr_array_unref(config.accounts);
	server_stop(&s);
}
END_TEST

/* What is on its way when the program ends does not hold it up. */
START_TEST(the_end_waits_for_no_list)
{
	struct server s;
	struct places places = { 0 };
	struct config config = { .accounts = g_ptr_array_new(), .unsubscribe_private = true };
	struct sync *sync = sync_new(&places, &config, NULL);
	struct engine *e = sync_engine(sync);
	g_autofree char *ca = g_strdup_printf("%s/ca.pem", folder), *url = NULL;
	int64_t began;

	g_setenv("SSL_CERT_FILE", ca, TRUE);
	server_start(&s, "server");
	url = url_of(&s, "localhost", "/slow");
	for (int i = 0; i < CLICKS_MAX; i++)
		ck_assert_int_gt(e->one_click(e, url), 0);
	ck_assert_int_eq(e->one_click(e, url), 0);
	g_usleep(CANCEL_AFTER_MS * 1000);
	began = clock_mono_ms();
	sync_free(&sync);
	ck_assert_int_lt(clock_mono_ms() - began, LATE_MS);
	g_ptr_array_unref(config.accounts);
	server_stop(&s);
}
END_TEST

static bool make_folder(void)
{
	g_autofree char *command = NULL;

	g_strlcpy(folder, "/tmp/tern-http.XXXXXX", sizeof folder);
	if (!mkdtemp(folder))
		return false;
	command = g_strdup_printf("sh '%s/certs.sh' %s && command -v python3 >/dev/null", TEST_SUPPORT, folder);
	return system(command) == 0;
}

static void remove_folder(void)
{
	g_autofree char *command = g_strdup_printf("rm -rf %s", folder);

	if (system(command))
		fprintf(stderr, "left behind: %s\n", folder);
}

int main(void)
{
	Suite *suite = suite_create("http");
	TCase *t = tcase_create("http");
	SRunner *runner;
	int failed;

	signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, which_addresses_are_public);
	tcase_add_test(t, only_https_is_spoken);
	if (make_folder()) {
		tcase_add_test(t, a_list_is_told_as_rfc_8058_says);
		tcase_add_test(t, answers_are_told_and_nothing_is_followed);
		tcase_add_test(t, answers_have_limits);
		tcase_add_test(t, a_silent_server_is_left);
		tcase_add_test(t, a_request_ends_when_asked);
		tcase_add_loop_test(t, bad_certificates_are_refused, 0, G_N_ELEMENTS(bad));
		tcase_add_test(t, private_addresses_are_refused);
		tcase_add_test(t, the_engine_leaves_a_list);
		tcase_add_test(t, the_end_waits_for_no_list);
	}
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	remove_folder();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
