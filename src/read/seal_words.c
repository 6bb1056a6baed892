#include "read/seal_words.h"

#include <stdio.h>

#include "base/i18n.h"

/* One row per result; %s is the signer. */
static const struct {
	const char *name;
	const char *words;
	bool signer;     /* the words name the signer */
} rows[] = {
	[SEAL_UNKNOWN] = { "unknown", N_("? The protection of this message was not checked."),
		false },
	[SEAL_GOOD] = { "good", N_("✔ Signed by %s (good)"),
		true },
	[SEAL_UNTRUSTED] = { "untrusted", N_("? Signed by %s, but nothing says whose key that is"),
		true },
	[SEAL_OTHER] = { "other", N_("! Signed by %s, who is not the sender of this message"),
		true },
	[SEAL_PARTLY] = { "partly", N_("! Only a part of this text was signed, by %s"),
		true },
	[SEAL_MISDATED] = { "misdated", N_("! Signed by %s, but at another time than this message is of"),
		true },
	[SEAL_WEAK] = { "weak", N_("! Signed by %s, in a way that no longer proves anything"),
		true },
	[SEAL_NO_KEY] = { "no-key", N_("? Signed, but the key to check it is not here"),
		false },
	[SEAL_EXPIRED] = { "expired", N_("? Signed by %s, with a key that has expired or was revoked"),
		true },
	[SEAL_BAD] = { "bad", N_("✘ The signature does not hold: this is not the text that was signed"),
		false },
	[SEAL_DECRYPTED] = { "decrypted", N_("Encrypted for you, and not signed"),
		false },
	[SEAL_LOCKED] = { "locked", N_("✘ Encrypted, and it cannot be opened here"),
		false },
};

const char *seal_name(enum seal_result result)
{
	return rows[(unsigned)result < G_N_ELEMENTS(rows) ? result : SEAL_UNKNOWN].name;
}

void seal_sentence(const struct seal_verdict *v, char *out, size_t cap)
{
	unsigned result = (unsigned)v->result < G_N_ELEMENTS(rows) ? v->result : SEAL_UNKNOWN;
	const char *signer = *v->signer ? v->signer : _("somebody unknown");
	char line[SEAL_LINE_MAX];

	*out = '\0';
	if (v->kind == SEAL_NONE)
		return;
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
}
