/*
 * The key table: which keys run which command in which context.
 *
 * Lines of text, `contexts keys command [args]`: the shipped default.keys
 * (built in) first, the reader's CONFIG/keys.conf over it; of two bindings of
 * the same keys the later one counts, and the command `none` takes a binding
 * away.  A line that makes no sense is skipped with a warning that names file
 * and line; keys never keep tern from starting.  One thread.
 */
#ifndef TERN_UI_KEYMAP_H
#define TERN_UI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "ui/key.h"

/* Where a key or a command counts; each view names its own. */
enum context {
	IN_LIST = 1 << 0,
	IN_READER = 1 << 1,
	IN_PICKER = 1 << 2,
	IN_HELP = 1 << 3,
	IN_WELCOME = 1 << 4,
	IN_ACTIVITY = 1 << 5,
	IN_HISTORY = 1 << 6,
	IN_PARTS = 1 << 7,
	IN_TEXT = 1 << 8,
	IN_LINKS = 1 << 9,
	IN_ANY = (1 << 10) - 1,
};

/* The n-th context by its name in the table, and its bit; NULL at the end.  "any" is none of them. */
const char *keymap_context(size_t n, unsigned *where);

struct binding {
	unsigned where;
	size_t n;
	struct key keys[KEY_SEQUENCE_MAX];
	char *command;  /* a command line */
	bool user;      /* from keys.conf */
};

struct keymap;

/* The shipped table. */
struct keymap *keymap_new(void);
void keymap_free(struct keymap **m);
/* Adds lines of text; warnings (char *, g_free) may be NULL. */
void keymap_add(struct keymap *m, const char *text, const char *source, bool user,
	GPtrArray *warnings);
/* Adds the file if it exists. */
void keymap_add_file(struct keymap *m, const char *path, GPtrArray *warnings);

enum keymap_answer {
	KEYMAP_NONE,   /* nothing begins with these keys */
	KEYMAP_MORE,   /* other keys may follow */
	KEYMAP_FOUND,
};
/* What the keys typed so far mean; *out is borrowed. */
enum keymap_answer keymap_look_up(const struct keymap *m, unsigned where, const struct key *keys,
	size_t n, const struct binding **out);
/* The bindings that go on from these keys (n 0: all), borrowed, in the order of the table. */
GPtrArray *keymap_following(const struct keymap *m, unsigned where, const struct key *keys, size_t n);
/* The keys of a command line for people ("gi", "^D"), the reader's own first; false if it has none. */
bool keymap_keys_of(const struct keymap *m, unsigned where, const char *command, char *out,
	size_t cap);
/* The same, or where it has no key what to type, ":go inbox".  out holds KEYS_NAME_MAX bytes; returns it. */
const char *keymap_way_to(const struct keymap *m, unsigned where, const char *command, char *out);
/* All keys of it, "e a", "" if it has none (g_free). */
char *keymap_all_keys_of(const struct keymap *m, unsigned where, const char *command);
/* Its keys for people; cap KEYS_NAME_MAX is enough for any. */
void binding_name(const struct binding *b, char *out, size_t cap);

#endif
