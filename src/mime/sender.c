#include "mime/sender.h"

#include <string.h>

#include <glib.h>

/* Bytes of s before the first '<' or ',' outside of quotes. */
static size_t name_length(const char *s)
{
	bool quoted = false;
	size_t n;

	for (n = 0; s[n]; n++)
		if (s[n] == '\\' && s[n + 1])
			n++;
		else if (s[n] == '"')
			quoted = !quoted;
		else if (!quoted && (s[n] == '<' || s[n] == ','))
			break;
	return n;
}

/* Copies without quotes, backslashes and blanks around it; cut at a character. */
static void copy_name(const char *s, size_t len, char *out, size_t cap)
{
	g_autoptr(GString) name = g_string_new(NULL);
	const char *end;

	for (size_t i = 0; i < len; i++)
		if (s[i] == '\\' && i + 1 < len)
			g_string_append_c(name, s[++i]);
		else if (s[i] != '"')
			g_string_append_c(name, s[i]);
	g_strstrip(name->str);
	g_strlcpy(out, name->str, cap);
	if (!g_utf8_validate(out, -1, &end))
		out[end - out] = '\0';
}

bool sender_read(const char *value, struct sender *out)
{
	size_t n;
	const char *at;

	*out = (struct sender){ 0 };
	if (!value)
		return false;
	n = name_length(value);
	if (value[n] == '<') {
		copy_name(value, n, out->name, sizeof out->name);
		value += n + 1;
		n = strcspn(value, ">");
	}
	if (n >= sizeof out->address)
		return false;
	copy_name(value, n, out->address, sizeof out->address);
	at = strrchr(out->address, '@');
	return at && host_ascii(at + 1, out->domain, sizeof out->domain) && strchr(out->domain, '.');
}
