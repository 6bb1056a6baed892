#include "config/keyfile.h"

#include <stdbool.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

/* The first line that is no comment, group head or KEY=VALUE; 0 if all are. */
static int broken_line(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (int i = 0; lines[i]; i++) {
		const char *line = g_strstrip(lines[i]);
		const char *equals = strchr(line, '=');

		if (!*line || *line == '#')
			continue;
		if (*line == '[' ? !g_str_has_suffix(line, "]") : !equals || equals == line)
			return i + 1;
	}
	return 0;
}

static int parse(struct keyfile *k, size_t len, struct err *err)
{
	g_autoptr(GError) why = NULL;

	if (g_key_file_load_from_data(k->keys, k->text, len, G_KEY_FILE_NONE, &why))
		return 1;
	/* an empty file is no error to a person */
	if (g_error_matches(why, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE) && len == 0)
		return 1;
	return err_set(err, ERR_USAGE, _("%s:%d: %s."), k->path, broken_line(k->text), why->message);
}

int keyfile_load(const char *path, struct keyfile **out, struct err *err)
{
	AUTO(keyfile_free) struct keyfile *k = g_new0(struct keyfile, 1);
	g_autoptr(GError) why = NULL;
	size_t len;
	int r;

	k->keys = g_key_file_new();
	k->path = g_strdup(path);
	if (!g_file_get_contents(path, &k->text, &len, &why)) {
		if (g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			return 0;
		return err_set(err, ERR_USAGE, _("%s cannot be read: %s."), path, why->message);
	}
	r = parse(k, len, err);
	if (r > 0)
		*out = TAKE(k);
	return r;
}

void keyfile_free(struct keyfile **k)
{
	if (!*k)
		return;
	g_key_file_free((*k)->keys);
	g_free((*k)->path);
	g_free((*k)->text);
	g_free(*k);
	*k = NULL;
}

static bool is_head(const char *line, const char *group)
{
	size_t n = strlen(group);

	return line[0] == '[' && strncmp(line + 1, group, n) == 0 && line[n + 1] == ']';
}

static bool is_key(const char *line, const char *key)
{
	size_t n = strlen(key);

	return strncmp(line, key, n) == 0 && strchr(" \t=", line[n]) && line[n];
}

int keyfile_line(const struct keyfile *k, const char *group, const char *key)
{
	g_auto(GStrv) lines = g_strsplit(k->text, "\n", -1);
	bool inside = false;

	for (int i = 0; lines[i]; i++) {
		const char *line = g_strstrip(lines[i]);

		if (*line == '[')
			inside = is_head(line, group);
		if (inside && (key ? is_key(line, key) : *line == '['))
			return i + 1;
	}
	return 0;
}

static void warn_unknown(const struct keyfile *k, const char *group, const char *key,
	const struct option *rows, GPtrArray *warnings)
{
	const char *near = option_suggest(rows, key);
	int line = keyfile_line(k, group, key);

	if (near)
		g_ptr_array_add(warnings,
			g_strdup_printf(_("%s:%d: [%s]: there is no option \"%s\"; did you mean \"%s\"?"),
				k->path, line, group, key, near));
	else
		g_ptr_array_add(warnings, g_strdup_printf(_("%s:%d: [%s]: there is no option \"%s\"."),
						  k->path, line, group, key));
}

static int apply_key(const struct keyfile *k, const char *group, const char *key,
	const struct option *o, void *base, struct err *err)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *value = g_key_file_get_string(k->keys, group, key, &why);
	struct err cause = { 0 };

	if (value && option_set(o, base, g_strchomp(value), &cause) == 0)
		return 0;
	return err_set(err, ERR_USAGE, "%s:%d: [%s] %s: %s", k->path, keyfile_line(k, group, key),
		group, key, value ? cause.text : why->message);
}

int keyfile_apply(const struct keyfile *k, const char *group, const struct option *rows, void *base,
	GPtrArray *warnings, struct err *err)
{
	g_auto(GStrv) keys = g_key_file_get_keys(k->keys, group, NULL, NULL);

	for (size_t i = 0; keys && keys[i]; i++) {
		const struct option *o = option_find(rows, keys[i]);

		if (!o)
			warn_unknown(k, group, keys[i], rows, warnings);
		else if (apply_key(k, group, keys[i], o, base, err) < 0)
			return ERR_USAGE;
	}
	return 0;
}
