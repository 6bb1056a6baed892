#include "ui/hyperlink.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SAVE    "\0337"
#define RESTORE "\0338"
#define OPEN    "\033]8;"
#define CLOSE   "\033]8;;\033\\"

enum {
	VTE_LEAST = 5000,       /* 0.50 */
	KONSOLE_LEAST = 201200, /* 20.12 */
};

/* --- which terminals -------------------------------------------------------- */

static bool begins_any(const char *value, const char *const *words)
{
	for (; value && *words; words++)
		if (g_str_has_prefix(value, *words))
			return true;
	return false;
}

/* tmux hands them on since 3.4; older ones and GNU screen do not. */
static bool multiplexer_has(char *(*env)(const char *name))
{
	const char *program = env("TERM_PROGRAM"), *version = env("TERM_PROGRAM_VERSION");

	return program && version && strcmp(program, "tmux") == 0 && strtod(version, NULL) >= 3.4;
}

static int number_of(const char *value)
{
	return value ? (int)MIN(strtol(value, NULL, 10), INT_MAX) : 0;
}

bool hyperlink_known(char *(*env)(const char *name))
{
	static const char *const terms[] = { "xterm-kitty", "foot", "wezterm", "contour", "ghostty",
		"xterm-ghostty", "rio", NULL };
	static const char *const programs[] = { "WezTerm", "iTerm.app", "ghostty", "vscode", "rio",
		"Tabby", "Hyper", NULL };

	if (env("TMUX") || env("STY"))
		return multiplexer_has(env);
	return begins_any(env("TERM"), terms) || begins_any(env("TERM_PROGRAM"), programs) ||
	       env("WT_SESSION") || number_of(env("VTE_VERSION")) >= VTE_LEAST ||
	       number_of(env("KONSOLE_VERSION")) >= KONSOLE_LEAST;
}

/* --- targets ------------------------------------------------------------------ */

bool hyperlink_target(GString *out, const char *target)
{
	static const char *const schemes[] = { "http://", "https://", "mailto:", NULL };
	g_autoptr(GString) safe = g_string_new(NULL);
	g_autofree char *start = g_ascii_strdown(target, 8);

	if (!begins_any(start, schemes))
		return false;
	for (; *target && safe->len <= HYPERLINK_MAX; target++)
		if (g_ascii_isgraph(*target) && !strchr("\"<>\\^`{|}", *target))
			g_string_append_c(safe, *target);
		else
			g_string_append_printf(safe, "%%%02X", (unsigned char)*target);
	if (safe->len > HYPERLINK_MAX)
		return false;
	g_string_append_len(out, safe->str, (gssize)safe->len);
	return true;
}

/* --- painting ------------------------------------------------------------------- */

static void append_color(GString *out, int color, int base)
{
	if (color >= 8)
		g_string_append_printf(out, ";%d", base + 60 + color - 8);
	else if (color >= 0)
		g_string_append_printf(out, ";%d", base + color);
}

static void append_look(GString *out, const struct cell *cell, int colors)
{
	static const int codes[] = { 1, 2, 7, 4, 3, 9 }; /* of the bits of enum look_attrs */
	struct look look = theme_look((enum style)cell->style, colors);
	unsigned attrs = look.attrs | cell->attrs;

	g_string_append(out, "\033[0");
	for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++)
		if (attrs & 1u << i)
			g_string_append_printf(out, ";%d", codes[i]);
	append_color(out, look.fg, 30);
	append_color(out, look.bg, 40);
	g_string_append_c(out, 'm');
}

static void append_glyph(GString *out, const struct canvas *c, const struct cell *cell)
{
	if (cell->width == 0)
		return;
	g_string_append_unichar(out, cell->c);
	for (unsigned i = 0; i < cell->n_marks; i++)
		g_string_append_unichar(out, g_array_index(c->marks, uint32_t, cell->marks + i));
}

/* A link is there, or was there before. */
static bool is_concerned(const struct canvas *c, const struct canvas *painted, int y, int x)
{
	return canvas_target(c, y, x) || canvas_target(painted, y, x);
}

/* Writes the cells from x on that look alike and lead to the same place; how many. */
static int append_run(GString *out, const struct canvas *c, const struct canvas *painted, int y, int x,
	int colors)
{
	const struct cell *first = &c->cells[y * c->width + x];
	const char *target = canvas_target(c, y, x);
	bool open = false;
	int n = 0;

	g_string_append_printf(out, "\033[%d;%dH", y + 1, x + 1);
	append_look(out, first, colors);
	if (target) {
		size_t before = out->len;

		g_string_append_printf(out, OPEN "id=t%u;", first->link);
		open = hyperlink_target(out, target);
		g_string_truncate(out, open ? out->len : before);
		if (open)
			g_string_append(out, "\033\\");
	}
	do
		append_glyph(out, c, &first[n++]);
	while (x + n < c->width && first[n].link == first->link && first[n].style == first->style &&
		first[n].attrs == first->attrs && is_concerned(c, painted, y, x + n));
	if (target && open)
		g_string_append(out, CLOSE);
	return n;
}

static bool any_change(const struct canvas *c, const struct canvas *painted)
{
	for (int y = c->written_top; y < c->written_end; y++)
		if (!canvas_same_row(c, painted, y))
			return true;
	return false;
}

void hyperlink_paint(GString *out, const struct canvas *c, const struct canvas *painted, int colors)
{
	size_t before = out->len;

	if ((c->links->len == 0 && painted->links->len == 0) || !any_change(c, painted))
		return;
	g_string_append(out, SAVE);
	for (int y = 0; y < c->height; y++)
		for (int x = 0; x < c->width;)
			x += is_concerned(c, painted, y, x) && c->cells[y * c->width + x].width > 0
				     ? append_run(out, c, painted, y, x, colors) : 1;
	if (out->len == before + strlen(SAVE))
		g_string_truncate(out, before);
	else
		g_string_append(out, RESTORE);
}
