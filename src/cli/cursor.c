#include "cli/cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"

static unsigned checksum(const char *s)
{
	return g_str_hash(s) & 0xffff;
}

char *cursor_write(const struct list_key *key)
{
	g_autofree char *hex = g_malloc0(2 * sizeof key->text + 1);
	g_autofree char *plain = NULL, *whole = NULL;
	char *word;

	for (size_t i = 0; i < sizeof key->text && key->text[i]; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)key->text[i]);
	plain = g_strdup_printf("1 %" PRId64 " %" PRId64 " %" PRId64 " %s.", key->number, key->date,
		key->location.v, hex);
	whole = g_strdup_printf("%04x%s", checksum(plain), plain);
	word = g_base64_encode((const guchar *)whole, strlen(whole));
	g_strdelimit(word, "+", '-');
	g_strdelimit(word, "/", '_');
	g_strdelimit(word, "=", '\0');
	return word;
}

/* The text of a word made by cursor_write; NULL if it was damaged. */
static char *unwrap(const char *word)
{
	g_autofree char *padded = g_strdup_printf("%s%.*s", word, (int)(3 - (strlen(word) + 3) % 4),
		"===");
	g_autofree guchar *raw = NULL;
	g_autofree char *whole = NULL;
	unsigned sum;
	gsize len;

	g_strdelimit(padded, "-", '+');
	g_strdelimit(padded, "_", '/');
	raw = g_base64_decode(padded, &len);
	whole = g_strndup((const char *)raw, len);
	if (strlen(whole) != len || sscanf(whole, "%4x", &sum) != 1 || len < 5)
		return NULL;
	return sum == checksum(whole + 4) ? g_strdup(whole + 4) : NULL;
}

static bool unhex(const char *hex, char *out, size_t cap)
{
	size_t n = 0;

	for (; hex[0] != '.'; hex += 2, n++) {
		int high = g_ascii_xdigit_value(hex[0]);
		int low = high < 0 ? -1 : g_ascii_xdigit_value(hex[1]);

		if (low < 0 || n + 1 >= cap)
			return false;
		out[n] = (char)(high << 4 | low);
	}
	out[n] = '\0';
	return hex[1] == '\0';
}

int cursor_read(const char *word, struct list_key *out, struct err *err)
{
	g_autofree char *plain = unwrap(word);
	struct list_key key = { 0 };
	int at = 0;

	if (plain)
		sscanf(plain, "1 %" SCNd64 " %" SCNd64 " %" SCNd64 " %n", &key.number, &key.date,
			&key.location.v, &at);
	if (at == 0 || !unhex(plain + at, key.text, sizeof key.text))
		return err_set(err, ERR_USAGE, _("\"%s\" is no cursor of `tern list`."), word);
	*out = key;
	return 0;
}
