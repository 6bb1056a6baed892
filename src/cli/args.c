/* The words of a command line, read by the grammar that a usage string is. */
#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"
#include "config/suggest.h"

/* What a usage string allows. */
struct grammar {
	GPtrArray *names;      /* of char *: every option, without the dashes */
	GHashTable *valued;    /* set of the names that take a value */
	guint least, most;     /* words */
};

static void grammar_release(struct grammar *g)
{
	g_ptr_array_unref(g->names);
	g_hash_table_unref(g->valued);
}

/* "[--raw|--text]" or "--type" or "[--to": all the options of one token. */
static void add_options(struct grammar *g, const char *token, bool valued)
{
	g_autofree char *bare = g_strdelimit(g_strdup(token), "[]|", ' ');
	g_auto(GStrv) names = g_strsplit(bare, " ", -1);

	for (size_t i = 0; names[i]; i++)
		if (g_str_has_prefix(names[i], "--")) {
			g_ptr_array_add(g->names, g_strdup(names[i] + 2));
			if (valued)
				g_hash_table_add(g->valued, g_strdup(names[i] + 2));
		}
}

static void add_word(struct grammar *g, const char *token)
{
	bool many = strstr(token, "...") != NULL;

	if (token[0] != '[')
		g->least++;
	g->most = many ? G_MAXUINT : g->most + 1;
}

static void grammar_init(struct grammar *g, const char *usage)
{
	g_auto(GStrv) tokens = g_strsplit(usage, " ", -1);

	*g = (struct grammar){ .names = g_ptr_array_new_with_free_func(g_free),
		.valued = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
	for (size_t i = 0; tokens[i]; i++) {
		const char *next = tokens[i + 1];
		bool option = strstr(tokens[i], "--") != NULL;
		bool valued = option && !g_str_has_suffix(tokens[i], "]") && next &&
			next[0] != '-' && next[0] != '[';

		if (option)
			add_options(g, tokens[i], valued);
		else if (tokens[i][0] && tokens[i][0] != '|')
			add_word(g, tokens[i]);
		i += valued;
	}
}

/* The known name equal to the first len bytes of name; NULL. */
static const char *known(const struct grammar *g, const char *name, size_t len)
{
	for (guint i = 0; i < g->names->len; i++) {
		const char *n = g->names->pdata[i];

		if (strlen(n) == len && strncmp(n, name, len) == 0)
			return n;
	}
	return NULL;
}

static int refuse_option(const struct grammar *g, const char *given, struct err *err)
{
	for (guint i = 0; i < g->names->len; i++)
		if (suggest_is_near(given, g->names->pdata[i]))
			return err_set(err, ERR_USAGE,
				_("There is no option --%s here; did you mean --%s?"), given,
				(const char *)g->names->pdata[i]);
	return err_set(err, ERR_USAGE, _("There is no option --%s here."), given);
}

/* One option at argv[*i]; moves *i over a value that stands apart. */
static int take_option(const struct grammar *g, int argc, char **argv, int *i, struct args *out,
	struct err *err)
{
	const char *given = argv[*i] + 2, *equals = strchr(given, '=');
	const char *name = known(g, given, equals ? (size_t)(equals - given) : strlen(given));
	const char *value = equals ? equals + 1 : "";

	if (!name)
		return refuse_option(g, given, err);
	if (g_hash_table_contains(g->valued, name) && !equals) {
		if (++*i >= argc)
			return err_set(err, ERR_USAGE, _("--%s needs a value."), name);
		value = argv[*i];
	} else if (equals && !g_hash_table_contains(g->valued, name)) {
		return err_set(err, ERR_USAGE, _("--%s takes no value."), name);
	}
	/* the key is the caller's own text: g is gone before out */
	g_hash_table_insert(out->options, g_strdup(name), (char *)value);
	return 0;
}

static int count_words(const struct grammar *g, const struct args *a, struct err *err)
{
	if (a->words->len < g->least)
		return err_set(err, ERR_USAGE, _("Something is missing."));
	if (a->words->len > g->most)
		return err_set(err, ERR_USAGE, _("\"%s\" is one word too many."),
			(const char *)a->words->pdata[g->most]);
	return 0;
}

int args_parse(const char *usage, int argc, char **argv, struct args *out, struct err *err)
{
	AUTO(grammar_release) struct grammar g;
	bool options = true;

	grammar_init(&g, usage);
	*out = (struct args){ .words = g_ptr_array_new(),
		.options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
	for (int i = 0; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (options && g_str_has_prefix(argv[i], "--")) {
			if (take_option(&g, argc, argv, &i, out, err) < 0)
				return err->code;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			return err_set(err, ERR_USAGE, _("There is no option %s here."), argv[i]);
		} else {
			g_ptr_array_add(out->words, argv[i]);
		}
	}
	out->json = args_has(out, "json");
	return count_words(&g, out, err);
}

void args_release(struct args *a)
{
	g_clear_pointer(&a->words, g_ptr_array_unref);
	g_clear_pointer(&a->options, g_hash_table_unref);
}

const char *args_option(const struct args *a, const char *name)
{
	return g_hash_table_lookup(a->options, name);
}

bool args_has(const struct args *a, const char *name)
{
	return g_hash_table_contains(a->options, name);
}

const char *args_word(const struct args *a, guint i)
{
	return i < a->words->len ? a->words->pdata[i] : NULL;
}

int args_number(const char *value, int64_t least, int64_t fallback, int64_t *out, struct err *err)
{
	char *end;

	*out = fallback;
	if (!value)
		return 0;
	errno = 0;
	*out = g_ascii_strtoll(value, &end, 10);
	if (errno || end == value || *end || *out < least || !g_ascii_isdigit(value[0]))
		return err_set(err, ERR_USAGE, _("\"%s\" is not a number that fits here."), value);
	return 0;
}
