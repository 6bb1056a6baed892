#include "config/mailcap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static void rule_free(gpointer p)
{
	struct mailcap_rule *r = p;

	g_free(r->type);
	g_free(r->command);
	g_free(r->test);
	g_free(r->extension);
	g_free(r);
}

GPtrArray *mailcap_rules_new(void)
{
	return g_ptr_array_new_with_free_func(rule_free);
}

/* --- reading ------------------------------------------------------------- */

/* Cuts the field off that ends at the next ';' without a backslash before it; NULL at the end. */
static char *next_field(const char **s)
{
	const char *start = *s, *p = start;

	if (!start)
		return NULL;
	while (*p && *p != ';')
		p += *p == '\\' && p[1] ? 2 : 1;
	*s = *p ? p + 1 : NULL;
	return g_strstrip(g_strndup(start, (size_t)(p - start)));
}

/* The extension of "%s.html"; NULL if the template asks for more than that. */
static char *template_extension(const char *template)
{
	const char *dot = g_str_has_prefix(template, "%s.") ? template + 3 : "";

	if (!*dot)
		return NULL;
	for (const char *p = dot; *p; p++)
		if (!g_ascii_isalnum(*p))
			return NULL;
	return g_strdup(dot);
}

static void set_field(struct mailcap_rule *r, const char *field)
{
	const char *equals = strchr(field, '=');
	g_autofree char *name = equals ? g_strndup(field, (size_t)(equals - field)) : g_strdup(field);
	const char *value = equals ? equals + 1 + strspn(equals + 1, " \t") : "";

	g_strstrip(name);
	if (g_ascii_strcasecmp(name, "needsterminal") == 0)
		r->needsterminal = true;
	else if (g_ascii_strcasecmp(name, "copiousoutput") == 0)
		r->copiousoutput = true;
	else if (g_ascii_strcasecmp(name, "test") == 0 && !r->test)
		r->test = g_strdup(value);
	else if (g_ascii_strcasecmp(name, "nametemplate") == 0 && !r->extension)
		r->extension = template_extension(value);
}

bool mailcap_add(GPtrArray *rules, const char *type, const char *fields)
{
	struct mailcap_rule *r = g_new0(struct mailcap_rule, 1);
	char *field;

	r->type = g_strstrip(g_ascii_strdown(type, -1));
	r->command = next_field(&fields);
	while ((field = next_field(&fields))) {
		set_field(r, field);
		g_free(field);
	}
	if (!r->command || !*r->command || !*r->type || rules->len >= MAILCAP_RULES_MAX) {
		rule_free(r);
		return false;
	}
	g_ptr_array_add(rules, r);
	return true;
}

static void add_line(GPtrArray *rules, const char *line)
{
	g_autofree char *type = NULL;

	line += strspn(line, " \t\r");
	if (!*line || *line == '#')
		return;
	type = next_field(&line);
	if (line && mailcap_add(rules, type, line))
		((struct mailcap_rule *)rules->pdata[rules->len - 1])->mailcap = true;
}

void mailcap_parse(GPtrArray *rules, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GString) whole = g_string_new(NULL);

	for (size_t i = 0; lines[i]; i++) {
		g_string_append(whole, g_strchomp(lines[i]));
		if (g_str_has_suffix(whole->str, "\\") && lines[i + 1] && whole->str[0] != '#') {
			g_string_truncate(whole, whole->len - 1);
			continue;
		}
		add_line(rules, whole->str);
		g_string_truncate(whole, 0);
	}
}

static void load_file(GPtrArray *rules, const char *path)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	g_autofree char *text = g_malloc(MAILCAP_FILE_MAX + 1);
	size_t len = 0;
	ssize_t n;

	while (fd >= 0 && len < MAILCAP_FILE_MAX && (n = read(fd, text + len, MAILCAP_FILE_MAX - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	mailcap_parse(rules, text);
}

GPtrArray *mailcap_load(void)
{
	static const char usual[] = "/etc/mailcap:/usr/share/etc/mailcap:/usr/local/etc/mailcap";
	g_autofree char *own = g_build_filename(g_get_home_dir(), ".mailcap", NULL);
	const char *named = getenv("MAILCAPS");
	g_autofree char *all = named && *named ? g_strdup(named) : g_strconcat(own, ":", usual, NULL);
	g_auto(GStrv) paths = g_strsplit(all, ":", -1);
	GPtrArray *rules = mailcap_rules_new();

	for (size_t i = 0; paths[i]; i++)
		if (g_path_is_absolute(paths[i]))
			load_file(rules, paths[i]);
	return rules;
}

/* --- looking up ---------------------------------------------------------- */

bool mailcap_type_is_safe(const char *type)
{
	const char *slash = strchr(type, '/');

	if (!slash || slash == type || !slash[1] || strlen(type) > MAILCAP_TYPE_MAX)
		return false;
	for (const char *p = type; *p; p++) {
		bool first = p == type || p == slash + 1;

		if (p != slash && !g_ascii_isalnum(*p) && (first || !strchr(".+-_", *p)))
			return false;
	}
	return true;
}

bool mailcap_matches(const struct mailcap_rule *r, const char *type)
{
	size_t n = strlen(r->type);

	if (strcmp(r->type, "*") == 0 || strcmp(r->type, "*/*") == 0)
		return true;
	if (!strchr(r->type, '/')) /* RFC 1524: "image" is all images */
		return g_ascii_strncasecmp(type, r->type, n) == 0 && type[n] == '/';
	if (g_str_has_suffix(r->type, "/*"))
		return g_ascii_strncasecmp(type, r->type, n - 1) == 0;
	return g_ascii_strcasecmp(type, r->type) == 0;
}

bool mailcap_has_display(void)
{
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	return (x && *x) || (wayland && *wayland);
}

/* --- running ------------------------------------------------------------- */

/* What stands for a placeholder in a rule that no shell reads, until the vector is made. */
enum { MARK_FILE = 1, MARK_TYPE = 2 };

/* A rule's text on its way to a program, and where the shell's quotes stand in it. */
struct rewriting {
	GString *out;
	bool shell;      /* for sh, else for g_shell_parse_argv */
	bool escaped;    /* the shell takes the next character as it is */
	char quote;      /* '"', '\'' or 0 */
	bool names_file;
};

static void put(struct rewriting *w, char c)
{
	g_string_append_c(w->out, c);
	if (w->escaped)
		w->escaped = false;
	else if (c == '\\' && w->quote != '\'')
		w->escaped = true;
	else if (w->quote == c)
		w->quote = 0;
	else if (!w->quote && (c == '"' || c == '\''))
		w->quote = c;
}

/* mark: 1 for the file, 2 for the type, which are also the shell's numbers of them. */
static void put_mark(struct rewriting *w, int mark)
{
	if (w->escaped) { /* a backslash before a placeholder says nothing */
		g_string_truncate(w->out, w->out->len - 1);
		w->escaped = false;
	}
	if (!w->shell)
		g_string_append_c(w->out, (char)mark);
	else if (w->quote == '"')
		g_string_append_printf(w->out, "${%d}", mark);
	else if (w->quote == '\'')
		g_string_append_printf(w->out, "'\"${%d}\"'", mark);
	else
		g_string_append_printf(w->out, "\"${%d}\"", mark);
	w->names_file |= mark == MARK_FILE;
}

/* A placeholder, *s behind its '%'; moves *s to its last character. */
static void put_placeholder(struct rewriting *w, const char **s)
{
	const char *end;

	switch (**s) {
	case 's':
		put_mark(w, MARK_FILE);
		break;
	case 't':
		put_mark(w, MARK_TYPE);
		break;
	case 'n': /* parts of a multipart: none are given */
	case 'F':
		break;
	case '{': /* a parameter of the type: outside text, and therefore nothing */
		end = strchr(*s, '}');
		*s = end ? end : *s + strlen(*s) - 1;
		break;
	default:
		put(w, **s);
	}
}

static char *rewrite(const char *command, bool shell, bool *names_file)
{
	struct rewriting w = { .out = g_string_new(NULL), .shell = shell };

	for (const char *s = command; *s; s++)
		if (*s == '\\' && s[1])
			put(&w, *++s);
		else if (*s == '%' && s[1])
			s++, put_placeholder(&w, &s);
		else if ((unsigned char)*s >= ' ' || *s == '\t')
			put(&w, *s);
	*names_file = w.names_file;
	return g_string_free(w.out, FALSE);
}

static bool has_shell_syntax(const char *command)
{
	return command[strcspn(command, "|&;<>()$`*?[]{}~#=!\\\n")] != '\0';
}

static char *without_marks(const char *word, const char *file, const char *type)
{
	GString *out = g_string_new(NULL);

	for (; *word; word++)
		if (*word == MARK_FILE)
			g_string_append(out, file);
		else if (*word == MARK_TYPE)
			g_string_append(out, type);
		else
			g_string_append_c(out, *word);
	return g_string_free(out, FALSE);
}

char **mailcap_argv(const char *command, const char *file, const char *type, bool *names_file)
{
	g_autofree char *plain = rewrite(command, false, names_file), *script = NULL;
	g_auto(GStrv) words = NULL;
	g_autofree char *bare = g_strdelimit(g_strdup(plain), "\001\002", 'x');

	if (!bare[strspn(bare, " \t")])
		return NULL;
	if (!has_shell_syntax(bare) && g_shell_parse_argv(plain, NULL, &words, NULL)) {
		for (size_t i = 0; words[i]; i++) {
			char *word = without_marks(words[i], file, type);

			g_free(words[i]);
			words[i] = word;
		}
		return TAKE(words);
	}
	script = rewrite(command, true, names_file);
	return g_strdupv((char *[]){ (char *)"sh", (char *)"-c", script, (char *)"sh", (char *)file,
		(char *)type, NULL });
}
