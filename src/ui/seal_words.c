#include "ui/seal_words.h"

static const enum style styles[] = {
	[SEAL_UNKNOWN] = STYLE_SEAL_DOUBT,
	[SEAL_GOOD] = STYLE_SEAL_GOOD,
	[SEAL_UNTRUSTED] = STYLE_SEAL_DOUBT,
	[SEAL_OTHER] = STYLE_SEAL_BAD,
	[SEAL_PARTLY] = STYLE_SEAL_DOUBT,
	[SEAL_MISDATED] = STYLE_SEAL_BAD,
	[SEAL_WEAK] = STYLE_SEAL_DOUBT,
	[SEAL_NO_KEY] = STYLE_SEAL_DOUBT,
	[SEAL_EXPIRED] = STYLE_SEAL_DOUBT,
	[SEAL_BAD] = STYLE_SEAL_BAD,
	[SEAL_DECRYPTED] = STYLE_SEAL_DOUBT,
	[SEAL_LOCKED] = STYLE_SEAL_BAD,
};

enum style seal_line(const struct seal_verdict *v, char *out, size_t cap)
{
	seal_sentence(v, out, cap);
	if (v->kind == SEAL_NONE)
		return STYLE_NORMAL;
	return styles[(unsigned)v->result < G_N_ELEMENTS(styles) ? v->result : SEAL_UNKNOWN];
}
