/* Mailcap files (RFC 1524), the group [open], and that nothing of a mail becomes a program. */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/mailcap.h"
#include "test_config.h"

static const struct mailcap_rule *find(const GPtrArray *rules, const char *type)
{
	for (guint i = 0; i < rules->len; i++)
		if (mailcap_matches(rules->pdata[i], type))
			return rules->pdata[i];
	return NULL;
}

/* Lines as distributions and people have them. */
static const char real[] =
	"# comment\n"
	"application/pdf; /usr/bin/zathura '%s'; test=test -n \"$DISPLAY\"; nametemplate=%s.pdf\n"
	"text/html; w3m -I %{charset} -T text/html; copiousoutput; description=HTML Text; "
	"nametemplate=%s.html; priority=3\n"
	"image/*; feh %s ; test=sh -c 'test $DISPLAY'\n"
	"audio; mpv -- %s; needsterminal\n"
	"application/x-tar; tar tvf - ; print=tar tvf - | print text/plain:- ; copiousoutput\n"
	"message/rfc822; less '%s'; edit=vi %s; compose=vi %s; needsterminal\n"
	"text/x-a; echo one\\; two; \\\n"
	"  copiousoutput\n"
	"   \n"
	"nonsense without a command\n"
	"text/empty; ; needsterminal\n"
	"TEXT/Upper; cat\n"
	"*/*; xdg-open %s\n";

START_TEST(a_mailcap_file_is_read)
{
	g_autoptr(GPtrArray) rules = mailcap_rules_new();
	const struct mailcap_rule *r;

	mailcap_parse(rules, real);
	ck_assert_uint_eq(rules->len, 9);
	r = find(rules, "application/pdf");
	ck_assert_str_eq(r->command, "/usr/bin/zathura '%s'");
	ck_assert_str_eq(r->test, "test -n \"$DISPLAY\"");
	ck_assert_str_eq(r->extension, "pdf");
	ck_assert(!r->needsterminal && !r->copiousoutput && r->mailcap);
	r = find(rules, "text/html");
	ck_assert(r->copiousoutput && !r->test);
	ck_assert_str_eq(r->extension, "html");
	ck_assert_str_eq(find(rules, "image/png")->command, "feh %s");
	ck_assert(find(rules, "audio/mpeg")->needsterminal);
	ck_assert(find(rules, "application/x-tar")->copiousoutput);
	ck_assert_str_eq(find(rules, "text/x-a")->command, "echo one\\; two");
	ck_assert(find(rules, "text/x-a")->copiousoutput);
	ck_assert_str_eq(find(rules, "text/upper")->command, "cat");
	ck_assert_str_eq(find(rules, "video/mp4")->command, "xdg-open %s");
}
END_TEST

START_TEST(types_match_whole_or_by_their_kind)
{
	g_autoptr(GPtrArray) rules = mailcap_rules_new();

	ck_assert(mailcap_add(rules, "image/*", "a %s"));
	ck_assert(mailcap_add(rules, "text/plain", "b %s; needsterminal"));
	ck_assert(!mailcap_add(rules, "text/html", ""));
	ck_assert(!mailcap_add(rules, "text/html", " ; needsterminal"));
	ck_assert_ptr_nonnull(find(rules, "image/svg+xml"));
	ck_assert_ptr_null(find(rules, "imagex/png"));
	ck_assert_ptr_null(find(rules, "text/plainer"));
	ck_assert(find(rules, "Text/Plain")->needsterminal);
	ck_assert(!((struct mailcap_rule *)rules->pdata[0])->mailcap);
}
END_TEST

START_TEST(types_are_of_harmless_characters)
{
	static const char *const good[] = { "image/png", "image/svg+xml", "application/vnd.ms-excel",
		"application/x-7z-compressed", "a/b_c" };
	static const char *const bad[] = { "", "image", "/png", "image/", "image/png;$(touch x)", "image/png;x",
		"image/$(x)", "image/p ng", "image/`x`", "image/../x", "-o/x", "image/-o", "a/b/c", "image/p'ng",
		"image/png\n", "im&age/png" };
	g_autofree char *rest = g_strnfill(MAILCAP_TYPE_MAX - 2, 'a');
	g_autofree char *longest = g_strconcat("a/", rest, NULL), *longer = g_strconcat(longest, "a", NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		ck_assert_msg(mailcap_type_is_safe(good[i]), "%s", good[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		ck_assert_msg(!mailcap_type_is_safe(bad[i]), "%s", bad[i]);
	ck_assert(mailcap_type_is_safe(longest));
	ck_assert(!mailcap_type_is_safe(longer));
}
END_TEST

/* What a program gets for a rule; a vector is joined by '|'. */
static const struct {
	const char *command, *argv;
	bool names_file;
} vectors[] = {
	{ "feh %s", "feh|/t/a 1.png", true },
	{ "feh '%s'", "feh|/t/a 1.png", true },
	{ "feh \"%s\" --type %t", "feh|/t/a 1.png|--type|image/png", true },
	{ "w3m -I %{charset} -T %t", "w3m|-I|-T|image/png", false },
	{ "feh --title=%s", "sh|-c|feh --title=\"${1}\"|sh|/t/a 1.png|image/png", true },
	{ "a %s; b", "sh|-c|a \"${1}\"; b|sh|/t/a 1.png|image/png", true },
	{ "a '%s' | b", "sh|-c|a ''\"${1}\"'' | b|sh|/t/a 1.png|image/png", true },
	{ "a \"x %s\" > b", "sh|-c|a \"x ${1}\" > b|sh|/t/a 1.png|image/png", true },
	{ "a \"$(b '%s')\"", "sh|-c|a \"$(b '${1}')\"|sh|/t/a 1.png|image/png", true },
	{ "a 100\\%s", "a|100%s", false },
	{ "a %%s %n %F", "a|%s", false },
	{ "cat", "cat", false },
	{ "unclosed ' %s", "sh|-c|unclosed ' '\"${1}\"'|sh|/t/a 1.png|image/png", true },
	{ "a %", "a|%", false },
	{ "a %{x", "a", false },
};

START_TEST(a_rule_becomes_a_vector)
{
	bool names_file = false;
	g_auto(GStrv) argv = mailcap_argv(vectors[_i].command, "/t/a 1.png", "image/png", &names_file);
	g_autofree char *got = argv ? g_strjoinv("|", argv) : NULL;

	ck_assert_ptr_nonnull(argv);
	ck_assert_str_eq(got, vectors[_i].argv);
	ck_assert_int_eq(names_file, vectors[_i].names_file);
}
END_TEST

START_TEST(nothing_is_no_program)
{
	bool names_file;

	ck_assert_ptr_null(mailcap_argv("", "/t", "a/b", &names_file));
	ck_assert_ptr_null(mailcap_argv("  ", "/t", "a/b", &names_file));
	ck_assert_ptr_null(mailcap_argv("%{x}", "/t", "a/b", &names_file));
}
END_TEST

/* Whatever quotes a rule has, a name full of shell syntax stays one word. */
START_TEST(a_shell_never_reads_the_name)
{
	static const char *const rules[] = { "printf '<%%s>' %s; true", "printf '<%%s>' '%s'; true",
		"printf '<%%s>' \"%s\"; true", "x=%s; printf '<%%s>' \"$x\"", "printf '<%%s>' %s | cat" };
	g_autofree char *dir = g_dir_make_tmp("tern-mailcap-XXXXXX", NULL);
	g_autofree char *proof = g_build_filename(dir, "proof", NULL);
	g_autofree char *name = g_strdup_printf("/t/a';touch %s;\"$(touch %s)`touch %s` b", proof, proof, proof);
	g_autofree char *wanted = g_strdup_printf("<%s>", name);

	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
		bool names_file;
		g_auto(GStrv) argv = mailcap_argv(rules[i], name, "image/png", &names_file);
		g_autofree char *out = NULL;

		ck_assert(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL, NULL));
		ck_assert_msg(strcmp(out, wanted) == 0, "%s gave %s", rules[i], out);
		ck_assert_msg(!g_file_test(proof, G_FILE_TEST_EXISTS), "%s ran the name", rules[i]);
	}
	g_rmdir(dir);
}
END_TEST

START_TEST(limits_hold)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GPtrArray) rules = mailcap_rules_new();

	for (int i = 0; i < MAILCAP_RULES_MAX + 1; i++)
		g_string_append_printf(text, "a/b%d; x\n", i);
	mailcap_parse(rules, text->str);
	ck_assert_uint_eq(rules->len, MAILCAP_RULES_MAX);
}
END_TEST

START_TEST(mailcaps_names_the_files)
{
	g_autofree char *dir = g_dir_make_tmp("tern-mailcap-XXXXXX", NULL);
	g_autofree char *one = g_build_filename(dir, "one", NULL), *two = g_build_filename(dir, "two", NULL);
	g_autofree char *both = g_strdup_printf("relative:%s:%s/nothing:%s", one, dir, two);

	ck_assert(g_file_set_contents(one, "a/b; first %s\n", -1, NULL));
	ck_assert(g_file_set_contents(two, "a/b; second %s\nc/d; third %s", -1, NULL));
	setenv("MAILCAPS", both, 1);
	g_autoptr(GPtrArray) rules = mailcap_load();
	ck_assert_uint_eq(rules->len, 3);
	ck_assert_str_eq(find(rules, "a/b")->command, "first %s");
	unsetenv("MAILCAPS");
	g_unlink(one);
	g_unlink(two);
	g_rmdir(dir);
}
END_TEST

Suite *suite_of_mailcap(void)
{
	Suite *suite = suite_create("mailcap");
	TCase *t = tcase_create("mailcap");

	tcase_add_test(t, a_mailcap_file_is_read);
	tcase_add_test(t, types_match_whole_or_by_their_kind);
	tcase_add_test(t, types_are_of_harmless_characters);
	tcase_add_loop_test(t, a_rule_becomes_a_vector, 0, (int)G_N_ELEMENTS(vectors));
	tcase_add_test(t, nothing_is_no_program);
	tcase_add_test(t, a_shell_never_reads_the_name);
	tcase_add_test(t, limits_hold);
	tcase_add_test(t, mailcaps_names_the_files);
	suite_add_tcase(suite, t);
	return suite;
}
