#include "ui/keymap.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "ui/command.h"
#include "ui/default-keys.h" /* default.keys as one string, made by the build */

struct keymap {
	GPtrArray *bindings; /* of struct binding */
};

static const struct {
	const char *name;
	unsigned bits;
} contexts[] = {
	{ "list", IN_LIST },
	{ "reader", IN_READER },
	{ "picker", IN_PICKER },
	{ "help", IN_HELP },
	{ "welcome", IN_WELCOME },
	{ "activity", IN_ACTIVITY },
	{ "history", IN_HISTORY },
	{ "parts", IN_PARTS },
	{ "text", IN_TEXT },
	{ "links", IN_LINKS },
};

const char *keymap_context(size_t n, unsigned *where)
{
	*where = n < G_N_ELEMENTS(contexts) ? contexts[n].bits : 0;
	return n < G_N_ELEMENTS(contexts) ? contexts[n].name : NULL;
}

static void binding_free(gpointer p)
{
	struct binding *b = p;

	g_free(b->command);
	g_free(b);
}

struct keymap *keymap_new(void)
{
	struct keymap *m = g_new0(struct keymap, 1);

	m->bindings = g_ptr_array_new_with_free_func(binding_free);
	keymap_add(m, default_keys, "default.keys", false, NULL);
	return m;
}

void keymap_free(struct keymap **m)
{
	if (!*m)
		return;
	g_ptr_array_unref((*m)->bindings);
	g_free(*m);
	*m = NULL;
}

static unsigned parse_context(const char *word)
{
	for (size_t i = 0; i < G_N_ELEMENTS(contexts); i++)
		if (strcmp(contexts[i].name, word) == 0)
			return contexts[i].bits;
	return strcmp(word, "any") == 0 ? IN_ANY : 0;
}

/* "list,reader" to bits; 0 if a word is unknown. */
static unsigned parse_contexts(const char *words)
{
	g_auto(GStrv) list = g_strsplit(words, ",", -1);
	unsigned bits = 0;

	for (size_t i = 0; list[i]; i++) {
		unsigned found = parse_context(list[i]);

		if (!found)
			return 0;
		bits |= found;
	}
	return bits;
}

/* The next blank-separated word of *s, cut out in place. */
static char *word(char **s)
{
	char *start = *s + strspn(*s, " \t"), *end = start + strcspn(start, " \t");

	*s = *end ? end + 1 : end;
	*end = '\0';
	return start;
}

static bool parse_keys(const char *s, struct binding *b)
{
	while (*s) {
		if (b->n == KEY_SEQUENCE_MAX || !key_parse(&s, &b->keys[b->n]))
			return false;
		b->n++;
	}
	return b->n > 0;
}

/* One line; returns NULL or what is wrong with it (translated). */
static const char *add_line(struct keymap *m, char *line, bool user)
{
	struct binding b = { .user = user, .where = parse_contexts(word(&line)) };
	const char *keys = word(&line);
	char *command = g_strstrip(line);
	g_autofree char *name = g_strndup(command, strcspn(command, " "));

	if (!b.where)
		return _("unknown context; use any, list, reader, picker, help, welcome, activity, history, parts, text or links");
	if (!parse_keys(keys, &b))
		return _("these keys cannot be read; examples: gi <Enter> <C-d> <F1>");
	if (strcmp(name, "none") != 0 && !command_find(name))
		return _("there is no such command; ? in tern lists them");
	b.command = g_strdup(command);
	g_ptr_array_add(m->bindings, g_memdup2(&b, sizeof b));
	return NULL;
}

void keymap_add(struct keymap *m, const char *text, const char *source, bool user,
	GPtrArray *warnings)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (size_t i = 0; lines[i]; i++) {
		char *line = g_strstrip(lines[i]);
		const char *wrong;

		if (!*line || *line == '#')
			continue;
		wrong = add_line(m, line, user);
		if (wrong && warnings)
			g_ptr_array_add(warnings,
				g_strdup_printf("%s:%zu: %s", source, i + 1, wrong));
	}
}

void keymap_add_file(struct keymap *m, const char *path, GPtrArray *warnings)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	if (g_file_get_contents(path, &text, NULL, &error))
		keymap_add(m, text, path, true, warnings);
	else if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT) && warnings)
		g_ptr_array_add(warnings, g_strdup(error->message));
}

static bool begins_with(const struct binding *b, const struct key *keys, size_t n)
{
	if (b->n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!key_equal(&b->keys[i], &keys[i]))
			return false;
	return true;
}

/* The binding that counts for exactly these keys in one of these contexts. */
static const struct binding *exact(const struct keymap *m, unsigned where, const struct key *keys,
	size_t n)
{
	for (size_t i = m->bindings->len; i > 0; i--) {
		const struct binding *b = m->bindings->pdata[i - 1];

		if ((b->where & where) && b->n == n && begins_with(b, keys, n))
			return strcmp(b->command, "none") == 0 ? NULL : b;
	}
	return NULL;
}

static bool counts(const struct keymap *m, unsigned where, const struct binding *b)
{
	return (b->where & where) && exact(m, where, b->keys, b->n) == b;
}

GPtrArray *keymap_following(const struct keymap *m, unsigned where, const struct key *keys, size_t n)
{
	GPtrArray *out = g_ptr_array_new();

	for (size_t i = 0; i < m->bindings->len; i++) {
		struct binding *b = m->bindings->pdata[i];

		if (b->n > n && begins_with(b, keys, n) && counts(m, where, b))
			g_ptr_array_add(out, b);
	}
	return out;
}

enum keymap_answer keymap_look_up(const struct keymap *m, unsigned where, const struct key *keys,
	size_t n, const struct binding **out)
{
	g_autoptr(GPtrArray) longer = keymap_following(m, where, keys, n);

	*out = exact(m, where, keys, n);
	if (*out)
		return KEYMAP_FOUND;
	return longer->len > 0 ? KEYMAP_MORE : KEYMAP_NONE;
}

void binding_name(const struct binding *b, char *out, size_t cap)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < b->n && used < cap; i++) {
		char name[KEY_NAME_MAX];
		int n;

		key_text(&b->keys[i], name);
		n = snprintf(out + used, cap - used, "%s", name);
		used += (size_t)n;
	}
}

bool keymap_keys_of(const struct keymap *m, unsigned where, const char *command, char *out,
	size_t cap)
{
	const struct binding *best = NULL;

	for (size_t i = 0; i < m->bindings->len; i++) {
		const struct binding *b = m->bindings->pdata[i];

		if (strcmp(b->command, command) == 0 && counts(m, where, b) &&
			(!best || (b->user && !best->user)))
			best = b;
	}
	if (best)
		binding_name(best, out, cap);
	return best != NULL;
}

const char *keymap_way_to(const struct keymap *m, unsigned where, const char *command, char *out)
{
	snprintf(out, KEYS_NAME_MAX, ":%s", command);
	keymap_keys_of(m, where, command, out, KEYS_NAME_MAX);
	return out;
}

char *keymap_all_keys_of(const struct keymap *m, unsigned where, const char *command)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < m->bindings->len; i++) {
		const struct binding *b = m->bindings->pdata[i];
		char name[KEYS_NAME_MAX];

		if (strcmp(b->command, command) != 0 || !counts(m, where, b))
			continue;
		binding_name(b, name, sizeof name);
		g_string_append_printf(out, "%s%s", out->len ? " " : "", name);
	}
	return g_string_free(out, FALSE);
}
