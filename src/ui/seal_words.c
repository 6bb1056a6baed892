#include "ui/seal_words.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/mem.h"

/* One row per result; %s is the signer. */
static const struct {
	const char *words;
	enum style style;
	bool signer;     /* the words name the signer */
} rows[] = {
	[SEAL_UNKNOWN] = { N_("? The protection of this message was not checked."), STYLE_SEAL_DOUBT, false },
	[SEAL_GOOD] = { N_("✔ Signed by %s (good)"), STYLE_SEAL_GOOD, true },
	[SEAL_UNTRUSTED] = { N_("? Signed by %s, but nothing says whose key that is"), STYLE_SEAL_DOUBT,
		true },
	[SEAL_OTHER] = { N_("! Signed by %s, who is not the sender of this message"), STYLE_SEAL_BAD, true },
	[SEAL_PARTLY] = { N_("! Only a part of this text was signed, by %s"), STYLE_SEAL_DOUBT, true },
	[SEAL_MISDATED] = { N_("! Signed by %s, but at another time than this message is of"),
		STYLE_SEAL_BAD, true },
	[SEAL_WEAK] = { N_("! Signed by %s, in a way that no longer proves anything"), STYLE_SEAL_DOUBT,
		true },
	[SEAL_NO_KEY] = { N_("? Signed, but the key to check it is not here"), STYLE_SEAL_DOUBT, false },
	[SEAL_EXPIRED] = { N_("? Signed by %s, with a key that has expired or was revoked"),
		STYLE_SEAL_DOUBT, true },
	[SEAL_BAD] = { N_("✘ The signature does not hold: this is not the text that was signed"),
		STYLE_SEAL_BAD, false },
	[SEAL_DECRYPTED] = { N_("Encrypted for you, and not signed"), STYLE_SEAL_DOUBT, false },
	[SEAL_LOCKED] = { N_("✘ Encrypted, and it cannot be opened here"), STYLE_SEAL_BAD, false },
};

enum style seal_line(const struct seal_verdict *v, char *out, size_t cap)
{
	unsigned result = (unsigned)v->result < G_N_ELEMENTS(rows) ? v->result : SEAL_UNKNOWN;
	const char *signer = *v->signer ? v->signer : _("somebody unknown");
	char line[SEAL_LINE_MAX];

	*out = '\0';
	if (v->kind == SEAL_NONE)
		return STYLE_NORMAL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (rows[result].signer)
		snprintf(line, sizeof line, _(rows[result].words), signer);
	else
		g_strlcpy(line, _(rows[result].words), sizeof line);
#pragma GCC diagnostic pop
	snprintf(out, cap, "%s%s%s%s", line,
		v->encrypted && result != SEAL_DECRYPTED && result != SEAL_LOCKED ? _("; encrypted") : "",
		*v->words ? "  " : "", v->words);
	return rows[result].style;
}
