#include "config/browser.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BROWSERS_MAX = 20, WORDS_MAX = 50 };

/* The words of a command, with the address in its place; NULL if it is no command. */
static char **words_of(const char *command, const char *url)
{
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) words = NULL;
	bool placed = false;

	if (!g_shell_parse_argv(command, NULL, &words, NULL) || g_strv_length(words) > WORDS_MAX)
		return NULL;
	for (size_t i = 0; words[i]; i++) {
		const char *at = strstr(words[i], "%s");

		placed |= at != NULL;
		g_ptr_array_add(out, at ? g_strdup_printf("%.*s%s%s", (int)(at - words[i]), words[i], url, at + 2)
					: g_strdup(words[i]));
	}
	if (!placed)
		g_ptr_array_add(out, g_strdup(url));
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(TAKE(out), FALSE);
}

static bool is_there(const char *program)
{
	g_autofree char *path = g_find_program_in_path(program);

	return path != NULL;
}

/* $BROWSER is a list, separated by colons. */
static char **from_environment(const char *url)
{
	const char *named = getenv("BROWSER");
	g_auto(GStrv) all = named ? g_strsplit(named, ":", BROWSERS_MAX) : NULL;

	for (size_t i = 0; all && all[i]; i++) {
		char **argv = words_of(all[i], url);

		if (argv && is_there(argv[0]))
			return argv;
		g_strfreev(argv);
	}
	return NULL;
}

static char **from_desktop(const char *url)
{
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	if (!(x && *x) && !(wayland && *wayland))
		return NULL;
	return is_there("xdg-open") ? words_of("xdg-open", url) : NULL;
}

static bool needs_terminal(const char *program)
{
	static const char *const names[] = { "w3m", "lynx", "links", "links2", "elinks", "felinks", "cha",
		"browsh", "carbonyl", NULL };
	g_autofree char *name = g_path_get_basename(program);

	return g_strv_contains(names, name);
}

char **browser_argv(const struct config *c, const char *url, bool *terminal_out)
{
	char **argv = c->browser ? words_of(c->browser, url) : from_environment(url);

	if (!argv && !c->browser)
		argv = from_desktop(url);
	*terminal_out = argv && needs_terminal(argv[0]);
	return argv;
}
