/* The demo mailbox as an account. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "cli/command.h"
#include "cli/demo.h"

/* --mbox, then $TERN_DEMO, then what was installed. */
static const char *source(const struct args *a)
{
	const char *given = args_option(a, "mbox");

	if (!given)
		given = getenv("TERN_DEMO");
	return given && *given ? given : PKGDATADIR "/demo/demo.mbox";
}

static int add_account(struct cli *c, const char *dir, struct err *err)
{
	struct account demo = { .name = (char *)"demo", .type = (char *)"maildir",
		.path = (char *)dir, .two_way = true };

	return config_account_add(c->places, c->config, &demo, err);
}

/* Makes tree and account, each unless it is there.  > 0: messages unpacked, 0: all was there. */
static int make_demo(struct cli *c, const struct args *a, const char *dir, struct err *err)
{
	const struct account *old = config_account(c->config, "demo");
	g_autofree char *parent = g_path_get_dirname(dir);
	int n = 0;

	if (old && g_strcmp0(old->path, dir) != 0)
		return err_set(err, ERR_USAGE,
			_("There is already an account \"demo\", and it is another one."));
	if (!old && !args_has(a, "dir") && g_file_test(dir, G_FILE_TEST_EXISTS))
		n = 0; /* unpacked before, only the account went */
	else if (g_file_test(dir, G_FILE_TEST_EXISTS) && !old)
		return err_set(err, ERR_USAGE, _("%s is already there; choose another folder."), dir);
	else if (!g_file_test(dir, G_FILE_TEST_EXISTS)) {
		if (dir_make_private(parent, err) < 0)
			return err->code;
		n = demo_unpack(source(a), dir, clock_unix(), err);
	}
	if (n >= 0 && !old && add_account(c, dir, err) < 0)
		return err->code;
	return n;
}

int cmd_demo(struct cli *c, const struct args *a)
{
	g_autofree char *dir = args_has(a, "dir")
		? g_canonicalize_filename(args_option(a, "dir"), NULL)
		: g_build_filename(c->places->data, "demo", NULL);
	struct err err = { 0 };
	int n = make_demo(c, a, dir, &err);

	if (n < 0)
		return say_error(&err);
	if (a->json)
		out_json(json_pack("{s:s, s:o, s:i}", "account", "demo", "path", json_text(dir),
			"messages", n));
	else if (n > 0)
		say(ngettext("%d message in %s; `tern` shows it.", "%d messages in %s; `tern` shows them.",
			    (unsigned long)n),
			n, dir);
	else
		say(_("The demo mailbox is already in %s."), dir);
	return EXIT_DONE;
}
