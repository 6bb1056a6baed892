/*
 * BODYSTRUCTURE, read for two questions: are there attachments, and, for reading
 * a part of a message, what is it made of?
 *
 * Positions are not trusted, because servers leave fields out: a disposition
 * is known by its looks, ("attachment" ...) or ("inline" ...).  A part counts
 * as an attachment if its disposition says so, if it is a named part that is
 * not text, or a whole message.  A named part that is shown inside its HTML
 * (an image in multipart/related) and detached signatures do not count.
 *
 * For the tree positions do count: a part whose size does not stand where it
 * belongs has none.
 */
#include "provider/imap/fetch.h"

#include <string.h>
#include <strings.h>

enum { PARTS_DEPTH_MAX = 64 };

/* The tree that is being read. */
struct tree {
	struct structure_part *out;
	size_t n, max;
	bool odd; /* something stands where it does not belong, or there is too much */
};

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

/* The value of "boundary" in a parameter list. */
static void find_boundary(struct slice list, struct slice *out)
{
	struct scan s = { list.p, list.p ? list.p + list.n : NULL };
	struct slice key, value;

	if (!list.p || !scan_char(&s, '('))
		return;
	while (scan_blanks(&s), scan_string(&s, &key)) {
		scan_blanks(&s);
		if (!scan_string(&s, &value))
			return;
		if (slice_is(key, "boundary"))
			*out = value;
	}
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

static bool part(struct scan *s, int depth, struct verdict *out, struct tree *t, int parent);

/* A new part of the tree; its index, -1 = there is none (and no tree, or it is odd). */
static int grow(struct tree *t, int parent, int depth, enum structure_kind kind)
{
	struct structure_part *p;
	int number = 1;

	if (!t || t->odd || t->n == t->max) {
		if (t)
			t->odd = true;
		return -1;
	}
	for (size_t i = 0; i < t->n; i++)
		number += t->out[i].parent == parent;
	p = &t->out[t->n];
	*p = (struct structure_part){ .kind = kind, .parent = parent, .number = number,
		.depth = depth };
	return (int)t->n++;
}

/* Behind the parameters: id, description, encoding, size; of a message envelope and body. */
static void grow_leaf(struct scan s, struct tree *t, int at, int depth)
{
	struct structure_part *p = &t->out[at];
	struct verdict unused = { 0 };
	struct slice encoding = { 0 };

	for (int i = 0; i < 2; i++) {
		scan_blanks(&s);
		t->odd |= scan_peek(&s, '(') || !scan_skip(&s);
	}
	scan_blanks(&s);
	t->odd |= scan_peek(&s, '(') || !scan_string(&s, &encoding);
	scan_blanks(&s);
	t->odd |= s.p >= s.end || *s.p < '0' || *s.p > '9' || !scan_number(&s, &p->octets);
	if (t->odd || !slice_is(p->type, "message") || !slice_is(p->subtype, "rfc822") ||
		slice_is(encoding, "base64") || slice_is(encoding, "quoted-printable"))
		return;
	p->kind = STRUCTURE_MESSAGE;
	scan_blanks(&s);
	t->odd |= !scan_peek(&s, '(') || !scan_skip(&s);
	scan_blanks(&s);
	t->odd |= !part(&s, depth + 1, &unused, t, at);
}

/* The fields behind the opening bracket of a part that is no multipart. */
static bool leaf(struct scan *s, int depth, struct verdict *v, struct tree *t, int parent)
{
	int at = grow(t, parent, depth, STRUCTURE_LEAF);
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
	if (at >= 0) {
		t->out[at].type = type;
		t->out[at].subtype = subtype;
		grow_leaf(*s, t, at, depth);
	}
	while (scan_blanks(s), !scan_char(s, ')')) {
		if (scan_peek(s, '(') && scan_list(s, &list))
			disposition(list, v, &inlined);
		else if (!scan_skip(s))
			return false;
	}
	if (at >= 0)
		t->out[at].attached = v->sure;
	if (slice_is(type, "text"))
		v->named = false;
	if (slice_is(type, "message") && slice_is(subtype, "rfc822"))
		v->sure = true;
	if (is_signature(type, subtype))
		*v = (struct verdict){ 0 };
	return true;
}

static bool multipart(struct scan *s, int depth, struct verdict *out, struct tree *t, int parent)
{
	int at = grow(t, parent, depth, STRUCTURE_MULTI);
	struct slice subtype = { 0 }, boundary = { 0 };
	bool unused = false;
	struct slice list;

	while (scan_blanks(s), scan_peek(s, '(')) {
		struct verdict v = { 0 };

		if (!part(s, depth + 1, &v, t, at))
			return false;
		out->sure |= v.sure;
		out->named |= v.named;
	}
	if (!scan_string(s, &subtype))
		return false;
	if (slice_is(subtype, "related"))
		out->named = false;
	while (scan_blanks(s), !scan_char(s, ')')) {
		if (scan_peek(s, '(') && scan_list(s, &list)) {
			if (!boundary.p)
				find_boundary(list, &boundary);
			disposition(list, out, &unused);
		} else if (!scan_skip(s)) {
			return false;
		}
	}
	if (at >= 0) {
		t->out[at].subtype = subtype;
		t->out[at].boundary = boundary;
	}
	return true;
}

static bool part(struct scan *s, int depth, struct verdict *out, struct tree *t, int parent)
{
	if (depth > PARTS_DEPTH_MAX || !scan_char(s, '('))
		return false;
	scan_blanks(s);
	return scan_peek(s, '(') ? multipart(s, depth, out, t, parent) :
				   leaf(s, depth, out, t, parent);
}

bool structure_parse(struct scan *s, bool *attachment)
{
	struct scan at = *s;
	struct verdict v = { 0 };

	if (scan_word(s, "NIL"))
		return true;
	if (!part(&at, 0, &v, NULL, -1))
		return false;
	*attachment = v.sure || v.named;
	*s = at;
	return true;
}

size_t structure_tree(struct slice text, struct structure_part *out, size_t max)
{
	struct scan s = { text.p, text.p ? text.p + text.n : NULL };
	struct tree t = { .out = out, .max = max };
	struct verdict unused = { 0 };

	return text.p && part(&s, 0, &unused, &t, -1) && !t.odd ? t.n : 0;
}
