/* Options, accounts and the words about what is wrong in them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/options.h"
#include "config/suggest.h"
#include "test_config.h"

static char home[64];
static struct places places;

static void setup(void)
{
	strcpy(home, "/tmp/tern-config-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	places_init(&places, home);
	ck_assert_int_eq(g_mkdir_with_parents(places.config, 0700), 0);
}

static void teardown(void)
{
	g_autofree char *command = g_strdup_printf("rm -r '%s'", home);

	places_release(&places);
	ck_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
}

static void put(const char *leaf, const char *text)
{
	g_autofree char *path = g_build_filename(places.config, leaf, NULL);
	g_autofree char *dir = g_path_get_dirname(path);

	ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
	ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static struct config *load(void)
{
	struct config *c = NULL;
	struct err err = { 0 };

	ck_assert_msg(config_load(&places, &c, &err) == 0, "%s", err.text);
	return c;
}

static void assert_refused(const char *words)
{
	struct config *c = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(config_load(&places, &c, &err), ERR_USAGE);
	ck_assert_msg(strstr(err.text, words) != NULL, "\"%s\" is not in \"%s\"", words, err.text);
	ck_assert_ptr_null(c);
}

START_TEST(no_files_give_the_defaults)
{
	AUTO(config_free) struct config *c = NULL;

	unsetenv("NO_COLOR");
	c = load();
	ck_assert(c->mark_read && c->color);
	ck_assert_int_eq(c->log_level, LOG_INFO);
	ck_assert_str_eq(c->date_format, "%Y-%m-%d");
	ck_assert_uint_eq(c->accounts->len, 0);
	ck_assert_uint_eq(c->warnings->len, 0);
	/* what the manual shows and what works without a configuration is the same (M-67) */
	ck_assert_mem_eq(&c->tuning, &tuning_default, sizeof tuning_default);
}
END_TEST

START_TEST(options_are_read)
{
	AUTO(config_free) struct config *c = NULL;

	put("tern.conf", "# mine\n[tern]\nmark_read = no\nsidebar-width=30\nlog-level = debug\n");
	c = load();
	ck_assert(!c->mark_read);
	ck_assert_int_eq(c->sidebar_width, 30);
	ck_assert_int_eq(c->log_level, LOG_DEBUG);
}
END_TEST

START_TEST(no_color_wins_over_the_file)
{
	AUTO(config_free) struct config *c = NULL;

	put("tern.conf", "[tern]\ncolor = true\n");
	setenv("NO_COLOR", "1", 1);
	c = load();
	ck_assert(!c->color);
}
END_TEST

START_TEST(an_unknown_key_is_a_warning_with_line_and_help)
{
	AUTO(config_free) struct config *c = NULL;

	put("tern.conf", "[tern]\n\nmark-raed = true\nnonsense = 1\n[other]\n");
	c = load();
	ck_assert_uint_eq(c->warnings->len, 3);
	ck_assert_ptr_nonnull(strstr(c->warnings->pdata[0], ":5: "));
	ck_assert_ptr_nonnull(strstr(c->warnings->pdata[1], "tern.conf:3: [tern]"));
	ck_assert_ptr_nonnull(strstr(c->warnings->pdata[1], "did you mean \"mark-read\"?"));
	ck_assert_ptr_null(strstr(c->warnings->pdata[2], "did you mean"));
}
END_TEST

/* M-67: values that do not fit together are a warning, not a refusal. */
START_TEST(more_at_once_than_at_all_is_a_warning)
{
	static const struct {
		const char *text;
		guint warnings;
	} cases[] = {
		{ "backfill-bootstrap-max = 500\nbackfill-max-total-per-folder = 100\n", 1 },
		{ "backfill_bootstrap_max = 500\nbackfill_max_total_per_folder = 100\n", 1 },
		{ "backfill-bootstrap-max = 30000\n", 1 },
		{ "backfill-bootstrap-max = 30000\nbackfill-max-total-per-folder = 0\n", 0 },
		{ "backfill-bootstrap-max = 100\nbackfill-max-total-per-folder = 100\n", 0 },
		{ "backfill-max-total-per-folder = 100\n", 0 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strconcat("[tern]\n", cases[i].text, NULL);
		AUTO(config_free) struct config *c = NULL;

		put("tern.conf", text);
		c = load();
		ck_assert_msg(c->warnings->len == cases[i].warnings, "%s", text);
		if (cases[i].warnings)
			ck_assert_ptr_nonnull(strstr(c->warnings->pdata[0], "the smaller one counts"));
	}
}
END_TEST

static const struct {
	const char *name, *file, *text, *words;
} refusals[] = {
	{ "bool", "tern.conf", "[tern]\n\ncolor = maybe\n", "tern.conf:3: [tern] color: \"maybe\"" },
	{ "int", "tern.conf", "[tern]\nsidebar-width = wide\n", "from 0 to 200" },
	{ "range", "tern.conf", "[tern]\nsidebar-width = 201\n", "from 0 to 200" },
	{ "word", "tern.conf", "[tern]\nlog-level = loud\n", "error, warn, info, debug" },
	{ "date", "tern.conf", "[tern]\ndate-format =\n", "strftime" },
	{ "malformed", "tern.conf", "[tern]\nthis is nothing\n", "tern.conf:2: " },
	{ "no group", "tern.conf", "color = true\n", "tern.conf" },
	{ "type", "accounts.conf", "[a]\ntype = pop3\n", "accounts.conf:1: [a]: \"pop3\"" },
	{ "no type", "accounts.conf", "[a]\nhost = h\n", "\"type\"" },
	{ "no host", "accounts.conf", "[a]\ntype = imap\nuser = u\npassword-command = c\n", "\"host\"" },
	{ "no user", "accounts.conf", "[a]\ntype = imap\nhost = h\npassword-command = c\n", "\"user\"" },
	{ "no password", "accounts.conf", "[a]\ntype = imap\nhost = h\nuser = u\n",
		"\"password-command\"" },
	{ "plain", "accounts.conf",
		"[a]\ntype=imap\nhost=mail.example.org\nuser=u\npassword-command=c\ntls=plain\n",
		"this computer" },
	{ "plain by a name that looks local", "accounts.conf",
		"[a]\ntype=imap\nhost=127.0.0.1.example.org\nuser=u\npassword-command=c\ntls=plain\n",
		"this computer" },
	{ "port", "accounts.conf", "[a]\ntype = imap\nport = 65536\n", "0 to 65535" },
	{ "path", "accounts.conf", "[a]\ntype = maildir\n", "\"path\"" },
	{ "relative", "accounts.conf", "[a]\ntype = maildir\npath = Mail\n", "absolute" },
	{ "name", "accounts.conf", "[a b]\ntype = maildir\npath = /m\n", "no name for an account" },
	{ "dots", "accounts.conf", "[..]\ntype = maildir\npath = /m\n", "no name for an account" },
	{ "broken in accounts.d", "accounts.d/x.conf", "[x]\ntype = maildir\n", "x.conf:1" },
};

START_TEST(wrong_values_are_refused_with_their_place)
{
	put(refusals[_i].file, refusals[_i].text);
	assert_refused(refusals[_i].words);
}
END_TEST

START_TEST(plain_is_for_loopback)
{
	static const char *const hosts[] = { "127.0.0.1", "127.9.8.7", "::1", "localhost" };

	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
		struct account a = { .name = (char *)"a", .type = (char *)"imap",
			.host = (char *)hosts[i], .user = (char *)"u",
			.password_command = (char *)"c", .tls = TLS_PLAIN };
		struct err err = { 0 };

		ck_assert_msg(account_validate(&a, &err) == 0, "%s", err.text);
	}
}
END_TEST

START_TEST(accounts_come_in_the_order_of_the_files)
{
	AUTO(config_free) struct config *c = NULL;

	put("accounts.conf", "[zoe]\ntype = maildir\npath = ~/Mail\n[amy]\ntype = maildir\npath = /m\n");
	put("accounts.d/b.conf", "[b]\ntype=imap\nhost=h\nuser=u\npassword_command=c\ntwo-way=false\n");
	put("accounts.d/a.conf", "[a]\ntype=maildir\npath=/a\n[amy]\ntype=maildir\npath=/n\n");
	c = load();
	ck_assert_uint_eq(c->accounts->len, 4);
	ck_assert_str_eq(((struct account *)c->accounts->pdata[0])->name, "zoe");
	ck_assert(g_path_is_absolute(((struct account *)c->accounts->pdata[0])->path));
	ck_assert_str_eq(((struct account *)c->accounts->pdata[2])->name, "a");
	ck_assert_str_eq(config_account(c, "amy")->path, "/m");
	ck_assert(!config_account(c, "b")->two_way);
	ck_assert(config_account(c, "amy")->two_way);
	ck_assert_uint_eq(c->warnings->len, 1);
}
END_TEST

static struct account imap = { .name = (char *)"work", .type = (char *)"imap",
	.host = (char *)"mail.example.org", .port = 1993, .tls = TLS_STARTTLS, .user = (char *)"ana",
	.password_command = (char *)"printf '%s\\n' \"a b\\tc\"; # x", .two_way = false };

START_TEST(an_added_account_reads_back_and_goes)
{
	g_autofree char *path = g_build_filename(places.config, "accounts.d", "work.conf", NULL);
	AUTO(config_free) struct config *before = load(), *after = NULL, *gone = NULL;
	struct err err = { 0 };
	struct stat st;
	struct account *a;

	ck_assert_msg(config_account_add(&places, before, &imap, &err) == 0, "%s", err.text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	after = load();
	a = config_account(after, "work");
	ck_assert_ptr_nonnull(a);
	ck_assert_str_eq(a->host, imap.host);
	ck_assert_str_eq(a->password_command, imap.password_command);
	ck_assert_int_eq(a->port, 1993);
	ck_assert_int_eq((int)a->tls, TLS_STARTTLS);
	ck_assert(!a->two_way);
	ck_assert_int_eq(config_account_add(&places, after, &imap, &err), ERR_USAGE);
	ck_assert_int_eq(config_account_remove(&places, "work", &err), 0);
	gone = load();
	ck_assert_uint_eq(gone->accounts->len, 0);
}
END_TEST

START_TEST(an_account_of_the_reader_stays)
{
	struct err err = { 0 };

	put("accounts.conf", "[mine]\ntype = maildir\npath = /m\n");
	put("accounts.d/two.conf", "[two]\ntype = maildir\npath = /m\n[three]\ntype=maildir\npath=/m\n");
	ck_assert_int_eq(config_account_remove(&places, "mine", &err), ERR_USAGE);
	ck_assert_int_eq(config_account_remove(&places, "two", &err), ERR_USAGE);
	ck_assert_int_eq(config_account_remove(&places, "../tern", &err), ERR_USAGE);
}
END_TEST

START_TEST(a_value_with_a_line_end_is_refused)
{
	AUTO(config_free) struct config *c = load();
	struct account a = imap;
	struct err err = { 0 };

	a.user = (char *)"ana\ntls = plain";
	ck_assert_int_eq(config_account_add(&places, c, &a, &err), ERR_USAGE);
}
END_TEST

START_TEST(near_words_are_found)
{
	ck_assert_uint_eq(suggest_distance("raed", "read"), 1);
	ck_assert_uint_eq(suggest_distance("abc", ""), 3);
	ck_assert(suggest_is_near("mailboxs", "mailboxes"));
	ck_assert(!suggest_is_near("zzz", "sync"));
}
END_TEST

/* The paragraphs that a table prints stand in tern.conf.5 between comments that name the table. */
static void assert_in_manual(const struct option *rows)
{
	g_autofree char *manual = NULL, *printed = NULL;
	size_t len;
	FILE *f = open_memstream(&printed, &len);

	option_print_manual(rows, f);
	fclose(f);
	ck_assert(g_file_get_contents(TOP_SRCDIR "/doc/tern.conf.5", &manual, NULL, NULL));
	ck_assert_msg(strstr(manual, printed) != NULL,
		"doc/tern.conf.5 lacks this text (`tern help --manual` prints it):\n%s", printed);
}

START_TEST(the_manual_says_what_the_tables_say)
{
	assert_in_manual(config_options);
	assert_in_manual(account_options);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *t = tcase_create("config");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, no_files_give_the_defaults);
	tcase_add_test(t, options_are_read);
	tcase_add_test(t, no_color_wins_over_the_file);
	tcase_add_test(t, an_unknown_key_is_a_warning_with_line_and_help);
	tcase_add_test(t, more_at_once_than_at_all_is_a_warning);
	tcase_add_loop_test(t, wrong_values_are_refused_with_their_place, 0,
		(int)G_N_ELEMENTS(refusals));
	tcase_add_test(t, plain_is_for_loopback);
	tcase_add_test(t, accounts_come_in_the_order_of_the_files);
	tcase_add_test(t, an_added_account_reads_back_and_goes);
	tcase_add_test(t, an_account_of_the_reader_stays);
	tcase_add_test(t, a_value_with_a_line_end_is_refused);
	tcase_add_test(t, near_words_are_found);
	tcase_add_test(t, the_manual_says_what_the_tables_say);
	suite_add_tcase(suite, t);
	srunner_add_suite(runner, suite_of_mailcap());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
