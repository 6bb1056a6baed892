/*
 * A key press as a value, and its names.
 *
 * In key files a key is written as itself (`j`, `G`, `#`) or in angle
 * brackets: <Enter> <Esc> <Space> <Tab> <S-Tab> <Up> <F1> <lt>, <C-d> with
 * Ctrl, <A-x> with Alt.  Several keys in a row make a sequence: `gi`.
 * For people the short form of terminals is used: ^D, M-x, Enter.
 */
#ifndef TERN_UI_KEY_H
#define TERN_UI_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_named {
	K_NONE = 0,
	K_UP = 0x110000, /* above all code points */
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_HOME,
	K_END,
	K_PAGE_UP,
	K_PAGE_DOWN,
	K_INSERT,
	K_DELETE,
	K_BACKSPACE,
	K_ENTER,
	K_TAB,
	K_BACKTAB,
	K_ESC,
	K_F1, /* to K_F1 + 11 */
	K_F12 = K_F1 + 11,
	K_PASTE_BEGIN, /* pasted text follows as plain characters ... */
	K_PASTE_END,   /* ... up to here */
	K_RESIZE,
	K_OTHER,       /* a key without a name */
};

enum key_mods { MOD_CTRL = 1 << 0, MOD_ALT = 1 << 1 };

struct key {
	uint32_t code; /* a Unicode character (lower case with MOD_CTRL) or enum key_named */
	unsigned mods;
};

enum {
	KEY_SEQUENCE_MAX = 4,
	KEY_NAME_MAX = 24,
	KEYS_NAME_MAX = KEY_SEQUENCE_MAX * KEY_NAME_MAX, /* of a sequence */
};

/* Reads one key of a key file, moving *s behind it; false if there is none or the name is unknown. */
bool key_parse(const char **s, struct key *out);
/* The name for people; out holds KEY_NAME_MAX bytes. */
void key_text(const struct key *k, char *out);
bool key_equal(const struct key *a, const struct key *b);
/* True for a character that types text. */
bool key_is_text(const struct key *k);
/* Esc, ^G or ^C: what was begun is not to be. */
bool key_is_cancel(const struct key *k);

#endif
