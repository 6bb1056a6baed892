#include "mime/address.h"

#include <string.h>

#include <gmime/gmime.h>

#include "mime/charset.h"
#include "mime/structure.h"
#include "mime/text.h"

/* GMime recurses on groups ("a:b:c:..."): a field with very many is only text. */
static bool too_many_groups(const char *s, size_t len)
{
	int colons = 0;

	for (const char *end = s + len; (s = memchr(s, ':', (size_t)(end - s))); s++)
		colons++;
	return colons > STRUCTURE_GROUPS_MAX;
}

/* What GMime reads: UTF-8, bounded; NULL if nothing can be read. */
static InternetAddressList *parse(const char *raw, size_t len)
{
	g_autoptr(GString) utf8 = NULL;

	if (too_many_groups(raw, len))
		return NULL;
	utf8 = g_string_new(NULL);
	charset_append(utf8, NULL, raw, MIN(len, (size_t)ADDRESS_RAW_MAX));
	return internet_address_list_parse(NULL, utf8->str);
}

char *address_list_text(const char *raw, size_t len, size_t max)
{
	InternetAddressList *list;
	g_autofree char *text = NULL;

	if (!memmem(raw, len, "=?", 2)) /* nothing is hidden: it reads well as it is */
		return mime_decode_text(raw, len, max);
	list = parse(raw, len);
	if (!list)
		return mime_decode_text(raw, len, max);
	text = internet_address_list_to_string(list, NULL, FALSE);
	g_object_unref(list);
	return mime_decode_text(text ? text : "", text ? strlen(text) : 0, max);
}

static char *some(char *s)
{
	if (s && !*s)
		g_clear_pointer(&s, g_free);
	return s;
}

static bool is_address(const char *s, size_t len)
{
	static const char odd[] = " \t\r\n<>()[],;:\\\"";

	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x21 || s[i] == 0x7F || strchr(odd, s[i]))
			return false;
	return memchr(s, '@', len) != NULL;
}

/* A name without anything that needs a grammar; "..." is taken off. */
static bool simple_name(const char **s, size_t *len)
{
	bool quoted = *len >= 2 && **s == '"' && (*s)[*len - 1] == '"';

	if (quoted) {
		(*s)++;
		*len -= 2;
	}
	for (size_t i = 0; i < *len; i++)
		if ((*s)[i] == '"' || (*s)[i] == '\\' || (*s)[i] == '<' ||
			(!quoted && strchr("(),;:@\r\n", (*s)[i])))
			return false;
	return true;
}

/* `addr`, `Name <addr>` and `"Name" <addr>`: nearly every From there is. */
static bool first_simple(const char *s, size_t len, size_t max, char **name, char **addr)
{
	const char *open;
	size_t n, n_addr;

	for (; len > 0 && (*s == ' ' || *s == '\t'); s++)
		len--;
	while (len > 0 && (unsigned char)s[len - 1] <= ' ')
		len--;
	if (len <= max && is_address(s, len)) {
		*addr = g_strndup(s, len);
		return true;
	}
	open = len > 0 && s[len - 1] == '>' ? memrchr(s, '<', len) : NULL;
	if (!open)
		return false;
	n = (size_t)(open - s);
	n_addr = len - n - 2;
	while (n > 0 && (unsigned char)s[n - 1] <= ' ')
		n--;
	if (n_addr > max || !is_address(open + 1, n_addr) || !simple_name(&s, &n))
		return false;
	*addr = g_strndup(open + 1, n_addr);
	*name = some(mime_decode_text(s, n, max));
	return true;
}

/* The first mailbox in a list, also inside groups. */
static InternetAddressMailbox *first_mailbox(InternetAddressList *list)
{
	int n = list ? internet_address_list_length(list) : 0;

	for (int i = 0; i < n; i++) {
		InternetAddress *a = internet_address_list_get_address(list, i);

		if (INTERNET_ADDRESS_IS_MAILBOX(a))
			return INTERNET_ADDRESS_MAILBOX(a);
		if (INTERNET_ADDRESS_IS_GROUP(a)) {
			InternetAddressList *members =
				internet_address_group_get_members(INTERNET_ADDRESS_GROUP(a));

			if (members && internet_address_list_length(members) > 0) {
				a = internet_address_list_get_address(members, 0);
				if (INTERNET_ADDRESS_IS_MAILBOX(a))
					return INTERNET_ADDRESS_MAILBOX(a);
			}
		}
	}
	return NULL;
}

static char *text_of(const char *s, size_t max)
{
	return s ? some(mime_decode_text(s, strlen(s), max)) : NULL;
}

void address_first(const char *raw, size_t len, size_t max, char **name_out, char **addr_out)
{
	InternetAddressList *list;
	InternetAddressMailbox *m;

	*name_out = *addr_out = NULL;
	if (first_simple(raw, len, max, name_out, addr_out))
		return;
	list = parse(raw, len);
	m = first_mailbox(list);
	if (m) {
		*name_out = text_of(internet_address_get_name(INTERNET_ADDRESS(m)), max);
		*addr_out = text_of(internet_address_mailbox_get_addr(m), max);
	}
	if (!*name_out && !*addr_out)
		*name_out = some(mime_decode_text(raw, len, max));
	g_clear_object(&list);
}
