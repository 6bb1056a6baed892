/*
 * BODYSTRUCTURE, read for one question: are there attachments?
 *
 * Positions are not trusted, because servers leave fields out: a disposition
 * is known by its looks, ("attachment" ...) or ("inline" ...).  A part counts
 * as an attachment if its disposition says so, if it is a named part that is
 * not text, or a whole message.  A named part that is shown inside its HTML
 * (an image in multipart/related) and detached signatures do not count.
 */
#include "provider/imap/fetch.h"

#include <string.h>
#include <strings.h>

enum { PARTS_DEPTH_MAX = 64 };

struct verdict {
	bool sure;  /* marked as an attachment */
	bool named; /* has a name and is not text */
};

/* Looks for a NAME or FILENAME in a parameter list. */
static bool has_name(struct slice list)
{
	struct scan s = { list.p, list.p ? list.p + list.n : NULL };
	struct slice key;

	if (!list.p || !scan_char(&s, '('))
		return false;
	while (scan_blanks(&s), scan_string(&s, &key)) {
		if (key.n >= 4 && strncasecmp(key.p, "name", 4) == 0)
			return true;
		if (key.n >= 8 && strncasecmp(key.p, "filename", 8) == 0)
			return true;
		scan_blanks(&s);
		if (!scan_skip(&s))
			return false;
	}
	return false;
}

/* ("attachment" (...)) or ("inline" (...)), perhaps without its parameters. */
static void disposition(struct slice list, struct verdict *v, bool *inlined)
{
	struct scan s = { list.p + 1, list.p + list.n - 1 };
	struct slice word, params = { 0 };

	if (!scan_peek(&s, '"') || !scan_string(&s, &word))
		return;
	scan_blanks(&s);
	(void)scan_list(&s, &params);
	if (slice_is(word, "attachment")) {
		v->sure = true;
	} else if (slice_is(word, "inline")) {
		*inlined = true;
		v->named |= has_name(params);
	}
}

static bool is_signature(struct slice type, struct slice subtype)
{
	return slice_is(type, "application") &&
	       (slice_is(subtype, "pgp-signature") || slice_is(subtype, "pkcs7-signature") ||
		       slice_is(subtype, "x-pkcs7-signature"));
}

/* The fields behind the opening bracket of a part that is no multipart. */
static bool leaf(struct scan *s, struct verdict *v)
{
	struct slice type, subtype, params = { 0 }, list;
	bool inlined = false;

	if (!scan_string(s, &type))
		return false;
	scan_blanks(s);
	if (!scan_string(s, &subtype))
		return false;
	scan_blanks(s);
	if (!scan_list(s, &params) && !scan_skip(s))
		return false;
	v->named = has_name(params);
	while (scan_blanks(s), !scan_char(s, ')')) {
		if (scan_peek(s, '(') && scan_list(s, &list))
			disposition(list, v, &inlined);
		else if (!scan_skip(s))
			return false;
	}
	if (slice_is(type, "text"))
		v->named = false;
	if (slice_is(type, "message") && slice_is(subtype, "rfc822"))
		v->sure = true;
	if (is_signature(type, subtype))
		*v = (struct verdict){ 0 };
	return true;
}

static bool part(struct scan *s, int depth, struct verdict *out);

static bool multipart(struct scan *s, int depth, struct verdict *out)
{
	struct slice subtype = { 0 };
	bool unused = false;
	struct slice list;

	while (scan_blanks(s), scan_peek(s, '(')) {
		struct verdict v = { 0 };

		if (!part(s, depth + 1, &v))
			return false;
		out->sure |= v.sure;
		out->named |= v.named;
	}
	if (!scan_string(s, &subtype))
		return false;
	if (slice_is(subtype, "related"))
		out->named = false;
	while (scan_blanks(s), !scan_char(s, ')')) {
		if (scan_peek(s, '(') && scan_list(s, &list))
			disposition(list, out, &unused);
		else if (!scan_skip(s))
			return false;
	}
	return true;
}

static bool part(struct scan *s, int depth, struct verdict *out)
{
	if (depth > PARTS_DEPTH_MAX || !scan_char(s, '('))
		return false;
	scan_blanks(s);
	return scan_peek(s, '(') ? multipart(s, depth, out) : leaf(s, out);
}

bool structure_parse(struct scan *s, bool *attachment)
{
	struct scan at = *s;
	struct verdict v = { 0 };

	if (scan_word(s, "NIL"))
		return true;
	if (!part(&at, 0, &v))
		return false;
	*attachment = v.sure || v.named;
	*s = at;
	return true;
}
