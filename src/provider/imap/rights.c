#include "provider/imap/rights.h"

#include <string.h>

#include "base/mem.h"
#include "model/flags.h"
#include "provider/imap/command.h"

void rights_forget(struct imap *i)
{
	g_free(i->rights.keywords);
	i->rights = (struct rights){ 0 };
}

int rights_ask(struct imap *i, const char *path, uint32_t *tag, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	int r;

	command_init(&c, i, "MYRIGHTS ");
	r = command_mailbox(i, &c, path, err);
	if (r < 0)
		return r;
	i->rights.asked = true;
	return imap_send(i, &c, 0, tag, err);
}

/* --- what is heard ------------------------------------------------------------------- */

/* "(\Seen \Flagged work \*)" */
static void permanent(struct rights *x, struct scan s)
{
	g_autoptr(GString) words = g_string_new(NULL);
	struct slice list;

	if (!scan_list(&s, &list) || !list.p)
		return;
	x->permanent = true;
	x->any_keyword = false;
	x->flags = 0;
	s = (struct scan){ list.p + 1, list.p + list.n - 1 };
	while (scan_blanks(&s), s.p < s.end) {
		const char *word = s.p;
		size_t n;

		while (s.p < s.end && *s.p != ' ')
			s.p++;
		n = (size_t)(s.p - word);
		x->any_keyword |= n == 2 && memcmp(word, "\\*", n) == 0;
		x->flags |= flags_from_imap(word, n);
		if (*word != '\\')
			g_string_append_printf(words, "%.*s ", (int)n, word);
	}
	g_free(x->keywords);
	x->keywords = flags_keywords_normalize(words->str);
}

/* "INBOX lrswipkxtecda" */
static void letters(struct rights *x, struct scan s)
{
	struct slice name, told;

	if (!scan_string(&s, &name))
		return;
	scan_blanks(&s);
	if (!scan_string(&s, &told) || told.n >= sizeof x->letters)
		return;
	if (told.p)
		memcpy(x->letters, told.p, told.n);
	x->letters[told.n] = '\0';
}

void rights_note(struct imap *i, const struct response *r)
{
	struct resp_text t;

	if (slice_is(r->word, "MYRIGHTS"))
		letters(&i->rights, r->rest);
	if (!slice_is(r->word, "OK"))
		return;
	resp_text_parse(r->rest, &t);
	if (slice_is(t.code, "PERMANENTFLAGS"))
		permanent(&i->rights, t.args);
}

/* --- what it means ------------------------------------------------------------------- */

static bool has(const struct rights *x, char letter)
{
	return strchr(x->letters, letter) != NULL;
}

/* RFC 4314, section 2.1; "c" and "d" are what RFC 2086 had in place of "kx" and "te". */
static unsigned denied_by_letters(const struct rights *x)
{
	unsigned no = 0;

	if (!x->letters[0])
		return 0;
	if (!has(x, 's'))
		no |= DENIED_SEEN;
	if (!has(x, 'w'))
		no |= DENIED_FLAGS | DENIED_KEYWORDS;
	if (has(x, 't') || has(x, 'e') ? !has(x, 't') || !has(x, 'e') : !has(x, 'd'))
		no |= DENIED_REMOVE;
	if (!has(x, 'i'))
		no |= DENIED_INSERT;
	if (!has(x, 'k') && !has(x, 'c'))
		no |= DENIED_CHILDREN;
	if (!has(x, 'x') && (has(x, 'k') || !has(x, 'c')))
		no |= DENIED_DROP;
	return no;
}

static unsigned denied_by_flags(const struct rights *x)
{
	unsigned no = 0;

	if (!x->permanent)
		return 0;
	if (!(x->flags & FLAG_SEEN))
		no |= DENIED_SEEN;
	if (!(x->flags & FLAG_FLAGGED))
		no |= DENIED_FLAGS;
	if (!x->any_keyword)
		no |= DENIED_KEYWORDS;
	if (!(x->flags & FLAG_DELETED))
		no |= DENIED_REMOVE;
	return no;
}

unsigned rights_denied(const struct imap *i)
{
	unsigned no = denied_by_letters(&i->rights) | denied_by_flags(&i->rights);

	if (!i->sel.writable)
		no |= DENIED_SEEN | DENIED_FLAGS | DENIED_KEYWORDS | DENIED_REMOVE;
	return no;
}

bool rights_keep(const struct imap *i, unsigned flags, const char *keywords)
{
	const struct rights *x = &i->rights;
	g_auto(GStrv) have = NULL, want = NULL;

	if (x->permanent && (flags & ~x->flags))
		return false;
	if (!x->permanent || x->any_keyword || !keywords || !*keywords)
		return true;
	have = g_strsplit(x->keywords ? x->keywords : "", " ", -1);
	want = g_strsplit(keywords, " ", -1);
	for (char **w = want; *w; w++)
		if (!g_strv_contains((const char *const *)have, *w))
			return false;
	return true;
}
