/* What a file name says: the number, the flags, the time of a message. */
#include "provider/maildir/maildir.h"

#include <string.h>

#include "model/flags.h"

enum { LETTERS_MAX = 64 };

static const struct {
	char letter;
	unsigned flag;
} letters[] = {
	{ 'D', FLAG_DRAFT },     { 'F', FLAG_FLAGGED }, { 'P', MAILDIR_PASSED },
	{ 'R', FLAG_ANSWERED },  { 'S', FLAG_SEEN },    { 'T', FLAG_DELETED },
};

size_t maildir_base_length(const char *name)
{
	return strcspn(name, ":");
}

uint64_t maildir_uid(GChecksum *sum, const char *base, size_t len)
{
	guint8 digest[32];
	gsize n = sizeof digest;
	uint64_t uid = 0;

	g_checksum_reset(sum);
	g_checksum_update(sum, (const guchar *)base, (gssize)len);
	g_checksum_get_digest(sum, digest, &n);
	for (int i = 0; i < 8; i++)
		uid = uid << 8 | digest[i];
	uid &= INT64_MAX;
	return uid ? uid : 1;
}

/* The letters behind ":2,", "" if there are none. */
static const char *info(const char *name)
{
	const char *p = name + maildir_base_length(name);

	return strncmp(p, ":2,", 3) == 0 ? p + 3 : "";
}

unsigned maildir_flags(const char *name, bool in_new)
{
	const char *have = info(name);
	unsigned flags = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(letters); i++)
		if (strchr(have, letters[i].letter))
			flags |= letters[i].flag;
	flags &= ~(unsigned)MAILDIR_PASSED;
	return in_new ? flags & ~(unsigned)FLAG_SEEN : flags;
}

const char *maildir_keywords(const char *name)
{
	return strchr(info(name), 'P') ? "$forwarded" : "";
}

int64_t maildir_name_time(const char *name)
{
	enum { DIGITS_MAX = 10 };
	size_t n = strspn(name, "0123456789");
	int64_t t = 0;

	if (n < 9 || n > DIGITS_MAX || name[n] != '.')
		return 0;
	for (size_t i = 0; i < n; i++)
		t = t * 10 + (name[i] - '0');
	return t;
}

static int by_letter(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

char *maildir_renamed(const char *name, unsigned add, unsigned remove)
{
	const char *old = info(name);
	char set[LETTERS_MAX + G_N_ELEMENTS(letters) + 1] = "";
	size_t n = 0;

	for (; *old && n < LETTERS_MAX; old++) {
		unsigned flag = 0;

		for (size_t i = 0; i < G_N_ELEMENTS(letters); i++)
			if (letters[i].letter == *old)
				flag = letters[i].flag;
		if (!(flag & remove) && !strchr(set, *old))
			set[n++] = *old;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(letters); i++)
		if (letters[i].flag & add && !strchr(set, letters[i].letter))
			set[n++] = letters[i].letter;
	qsort(set, n, 1, by_letter);
	return g_strdup_printf("%.*s:2,%s", (int)maildir_base_length(name), name, set);
}
