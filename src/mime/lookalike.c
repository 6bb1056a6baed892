#include "mime/lookalike.h"

#include <stdio.h>
#include <string.h>

#include "base/host.h"
#include "base/i18n.h"
#include "base/text.h"
#include "mime/sender.h"

/* Imitated more than others; compared by looks only, not by distance. */
static const char *const imitated[] = { "paypal.com", "apple.com", "amazon.com", "microsoft.com",
	"google.com", "netflix.com", "facebook.com", "instagram.com", "linkedin.com", "dhl.com",
	NULL };

/* --- domains -------------------------------------------------------------- */

/* One letter more, less, other, or two of them exchanged. */
static bool one_edit(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), same = 0, tail = 0;

	while (a[same] && a[same] == b[same])
		same++;
	while (tail < n - same && tail < m - same && a[n - 1 - tail] == b[m - 1 - tail])
		tail++;
	n -= same + tail;
	m -= same + tail;
	if (n == 2 && m == 2)
		return a[same] == b[same + 1] && a[same + 1] == b[same];
	return MAX(n, m) == 1;
}

/* "example" of "example.co.uk", and what is behind it. */
static const char *first_label(const char *site, char *out, size_t cap)
{
	size_t n = strcspn(site, ".");

	g_strlcpy(out, site, MIN(cap, n + 1));
	return site + n;
}

static bool same_looks(const char *a, const char *b)
{
	char one[HOST_SHOWN_MAX], two[HOST_SHOWN_MAX];

	host_skeleton(a, one, sizeof one);
	host_skeleton(b, two, sizeof two);
	return strcmp(one, two) == 0;
}

static bool near(const char *a, const char *b)
{
	char one[HOST_MAX], two[HOST_MAX];
	const char *behind = first_label(a, one, sizeof one);

	return strcmp(behind, first_label(b, two, sizeof two)) == 0 &&
	       MIN(strlen(one), strlen(two)) >= LOOKALIKE_EDIT_LENGTH && one_edit(one, two);
}

static bool knows(const char *const *list, const char *domain)
{
	for (size_t i = 0; list && list[i] && i < LOOKALIKE_KNOWN_MAX; i++)
		if (host_same_site(list[i], domain))
			return true;
	return false;
}

const char *lookalike_of(const char *domain, const char *const *known)
{
	const char *site = host_site(domain);

	if (knows(known, domain) || knows(imitated, domain))
		return NULL;
	for (size_t i = 0; known && known[i] && i < LOOKALIKE_KNOWN_MAX; i++) {
		const char *other = host_site(known[i]);

		if (same_looks(site, other) || near(site, other))
			return other;
	}
	for (size_t i = 0; imitated[i]; i++)
		if (same_looks(site, imitated[i]))
			return imitated[i];
	return NULL;
}

/* --- names ---------------------------------------------------------------- */

/* The domain of an address in the display name that is not the sender's; false if there is none. */
static bool other_address(const struct sender *s, char *out, size_t cap)
{
	static const char stop[] = " \t,;:()<>[]\"'/|";

	for (const char *at = strchr(s->name, '@'); at; at = strchr(at + 1, '@')) {
		g_autofree char *word = g_strndup(at + 1, strcspn(at + 1, stop));

		if (at == s->name || strchr(stop, at[-1]) || !host_ascii(word, out, cap) ||
			!strchr(out, '.'))
			continue;
		if (!host_same_site(out, s->domain))
			return true;
	}
	return false;
}

/* A name such as "PayPal.com" that is a site the reader knows, and not the sender's. */
static bool other_site(const struct sender *s, const char *const *known, char *out, size_t cap)
{
	g_auto(GStrv) words = g_strsplit_set(s->name, " \t,;:()<>[]\"'/|", 100);
	char own[HOST_MAX], named[HOST_MAX];

	first_label(host_site(s->domain), own, sizeof own);
	for (size_t i = 0; words[i]; i++) {
		if (!strchr(words[i], '.') || strchr(words[i], '@') || !host_ascii(words[i], out, cap) ||
			(!knows(known, out) && !knows(imitated, out)))
			continue;
		first_label(host_site(out), named, sizeof named);
		if (!host_same_site(out, s->domain) && strcmp(named, own) != 0)
			return true;
	}
	return false;
}

/* "ann@x.example via Docs": services that write for somebody say so. */
static bool says_via(const char *name)
{
	g_autofree char *lower = g_utf8_strdown(name, -1);

	return strstr(lower, " via ") || strstr(lower, "(via ");
}

/* --- in words ------------------------------------------------------------- */

static enum lookalike judge_name(const struct sender *s, const char *const *known, char *out,
	size_t cap)
{
	char other[HOST_MAX], shown[HOST_SHOWN_MAX], real[HOST_SHOWN_MAX];

	if (!other_address(s, other, sizeof other) && !other_site(s, known, other, sizeof other))
		return LOOKALIKE_NO;
	if (says_via(s->name))
		return LOOKALIKE_NO;
	host_shown(other, shown, sizeof shown);
	host_shown(s->domain, real, sizeof real);
	snprintf(out, cap, _("The sender's name says %s, but the address is at %s"), shown, real);
	return LOOKALIKE_WARNING;
}

static enum lookalike judge_domain(const struct sender *s, const char *const *known, char *out,
	size_t cap)
{
	const char *like = lookalike_of(s->domain, known);
	char shown[HOST_SHOWN_MAX], wanted[HOST_SHOWN_MAX];

	host_shown(s->domain, shown, sizeof shown);
	if (like) {
		host_shown(like, wanted, sizeof wanted);
		snprintf(out, cap, _("This address looks like %s but is %s"), wanted, shown);
		return LOOKALIKE_WARNING;
	}
	if (host_deceives(s->domain)) {
		snprintf(out, cap,
			_("The sender's domain is spelt so that it looks like another: it is %s"), shown);
		return LOOKALIKE_WARNING;
	}
	return LOOKALIKE_NO;
}

/* Lists set where answers go; nobody need be told. */
static enum lookalike judge_answers(const struct document *d, const struct sender *s, char *out,
	size_t cap)
{
	struct sender answers;
	char shown[HOST_SHOWN_MAX];

	if (document_header(d, "List-Id") || document_header(d, "List-Post") ||
		!sender_read(document_header(d, "Reply-To"), &answers) ||
		host_same_site(answers.domain, s->domain))
		return LOOKALIKE_NO;
	host_shown(answers.domain, shown, sizeof shown);
	snprintf(out, cap, _("Answers go to another domain: %s"), shown);
	return LOOKALIKE_NOTE;
}

enum lookalike lookalike_line(const struct document *d, const char *const *known, char *out,
	size_t cap)
{
	struct sender s;
	enum lookalike found;

	*out = '\0';
	if (!sender_read(document_header(d, "From"), &s))
		return LOOKALIKE_NO;
	found = judge_domain(&s, known, out, cap);
	if (!found)
		found = judge_name(&s, known, out, cap);
	if (!found)
		found = judge_answers(d, &s, out, cap);
	text_whole(out);
	return found;
}
