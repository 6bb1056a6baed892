#include "provider/imap/skeleton.h"

#include <string.h>

#include "base/file.h"
#include "base/i18n.h"
#include "mime/header.h"

/* One section: its name, and what came. */
struct want {
	char name[SKELETON_SECTION];
	char *text; /* NULL: it has not come */
	size_t n;
};

struct node {
	struct structure_part at;
	char section[SKELETON_SECTION / 2];
	char boundary[SKELETON_BOUNDARY_MAX + 1];
	bool keep;		    /* a leaf whose content comes */
	int mime, header, content; /* index of the want, -1 = none */
};

struct skeleton {
	char *text; /* of the structure: the slices point here */
	size_t n, n_wants;
	size_t taken; /* bytes that came */
	struct node nodes[SKELETON_PARTS_MAX];
	struct want wants[SKELETON_WANTS_MAX];
};

void skeleton_free(struct skeleton **k)
{
	struct skeleton *x = *k;

	*k = NULL;
	if (!x)
		return;
	for (size_t i = 0; i < x->n_wants; i++)
		g_free(x->wants[i].text);
	g_free(x->text);
	g_free(x);
}

/* --- what is asked for ------------------------------------------------------------- */

/* Mail that is verified or decrypted as a whole. */
static bool is_sealed(const struct structure_part *p)
{
	if (p->kind == STRUCTURE_MULTI)
		return slice_is(p->subtype, "signed") || slice_is(p->subtype, "encrypted");
	return slice_is(p->type, "application") &&
	       (slice_is(p->subtype, "pkcs7-mime") || slice_is(p->subtype, "x-pkcs7-mime") ||
		       slice_is(p->subtype, "pgp-encrypted"));
}

/* Is its content shown, or needed to show something? */
static bool is_read(const struct structure_part *p)
{
	if (p->octets <= SKELETON_SMALL)
		return true;
	if (slice_is(p->type, "text"))
		return !p->attached;
	return slice_is(p->type, "message") ||
	       (slice_is(p->type, "application") &&
		       (slice_is(p->subtype, "ms-tnef") || slice_is(p->subtype, "vnd.ms-tnef")));
}

/* "2.1" of a part; "" for the multipart that is the message's own body (RFC 3501, 6.4.5). */
static bool name_section(struct skeleton *k, struct node *n)
{
	const struct node *parent = n->at.parent < 0 ? NULL : &k->nodes[n->at.parent];
	const char *prefix = parent ? parent->section : "";
	bool own = !parent || parent->at.kind == STRUCTURE_MESSAGE; /* the body of a message */
	int r;

	if (own && n->at.kind == STRUCTURE_MULTI)
		r = g_snprintf(n->section, sizeof n->section, "%s", prefix);
	else
		r = g_snprintf(n->section, sizeof n->section, "%s%s%d", prefix, *prefix ? "." : "",
			n->at.number);
	return r >= 0 && (size_t)r < sizeof n->section;
}

static int want(struct skeleton *k, const char *section, const char *what)
{
	struct want *w = &k->wants[k->n_wants];

	g_snprintf(w->name, sizeof w->name, "%s%s", section, what);
	return (int)k->n_wants++;
}

/* Printable, and nothing that a parser may read in two ways. */
static bool copy_boundary(struct node *n)
{
	struct slice b = n->at.boundary;
	size_t len;

	if (!b.p || b.n == 0 || b.n > SKELETON_BOUNDARY_MAX)
		return false;
	len = slice_copy(b, n->boundary);
	n->boundary[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (n->boundary[i] < 0x20 || n->boundary[i] > 0x7e || strchr("\"\\", n->boundary[i]))
			return false;
	return len > 0 && n->boundary[len - 1] != ' ';
}

static const char *plan_node(struct skeleton *k, struct node *n)
{
	bool own = n->at.parent < 0 || k->nodes[n->at.parent].at.kind == STRUCTURE_MESSAGE;

	n->mime = n->header = n->content = -1;
	if (n->at.depth > SKELETON_DEPTH_MAX || !name_section(k, n))
		return "depth";
	if (is_sealed(&n->at))
		return "sealed";
	if (n->at.kind == STRUCTURE_MULTI && !copy_boundary(n))
		return "boundary";
	if (!own)
		n->mime = want(k, n->section, ".MIME");
	if (n->at.kind == STRUCTURE_MESSAGE)
		n->header = want(k, n->section, ".HEADER");
	n->keep = n->at.kind == STRUCTURE_LEAF && is_read(&n->at);
	if (n->keep && n->at.octets > 0)
		n->content = want(k, n->section, "");
	return NULL;
}

/* NULL if the parts can be asked for one by one, and that pays. */
static const char *plan(struct skeleton *k)
{
	uint64_t kept = 0, left = 0;

	for (size_t i = 0; i < k->n; i++) {
		struct node *n = &k->nodes[i];
		const char *why = plan_node(k, n);

		if (why)
			return why;
		if (n->at.octets > UINT32_MAX)
			return "size";
		if (n->keep)
			kept += n->at.octets;
		else if (n->at.kind == STRUCTURE_LEAF)
			left += n->at.octets;
	}
	if (kept > SKELETON_KEEP_MAX)
		return "text";
	return left < SKELETON_SAVES ? "saves" : NULL;
}

struct skeleton *skeleton_new(struct slice structure, const char **why)
{
	g_autofree struct structure_part *parts = g_new(struct structure_part, SKELETON_PARTS_MAX);
	struct skeleton *k = g_new0(struct skeleton, 1);
	struct slice copy = { .n = structure.n };

	copy.p = k->text = g_memdup2(structure.p, structure.n);
	k->n = structure_tree(copy, parts, SKELETON_PARTS_MAX);
	for (size_t i = 0; i < k->n; i++)
		k->nodes[i].at = parts[i];
	*why = k->n > 0 ? plan(k) : "structure";
	if (*why)
		skeleton_free(&k);
	return k;
}

size_t skeleton_wants(const struct skeleton *k)
{
	return k->n_wants;
}

const char *skeleton_want(const struct skeleton *k, size_t n)
{
	return k->wants[n].name;
}

void skeleton_take(struct skeleton *k, const struct fetch_section *came)
{
	for (size_t i = 0; i < k->n_wants; i++) {
		struct want *w = &k->wants[i];

		if (w->text || !came->value.p || !slice_is(came->name, w->name))
			continue;
		if (came->value.n > SKELETON_TAKEN_MAX - k->taken)
			return; /* it is missing, then */
		k->taken += came->value.n;
		w->text = g_malloc(came->value.n + 1);
		w->n = slice_copy(came->value, w->text);
		return;
	}
}

/* --- the file ------------------------------------------------------------------------- */

struct writing {
	struct skeleton *k;
	int fd;
	uint64_t at;
	struct body_hole *holes;
	size_t n_holes;
	const char *why; /* it cannot be done */
	bool failed;	 /* the disk */
};

static void put(struct writing *w, const char *p, size_t n)
{
	if (w->why || w->failed)
		return;
	w->failed = fd_write_all(w->fd, p, n) < 0;
	w->at += n;
}

static void put_text(struct writing *w, const char *s)
{
	put(w, s, strlen(s));
}

static bool ends_with(const char *p, size_t n, const char *end)
{
	size_t len = strlen(end);

	return n >= len && memcmp(p + n - len, end, len) == 0;
}

static bool is_empty_line(const char *p, size_t n)
{
	return (n == 1 && *p == '\n') || (n == 2 && memcmp(p, "\r\n", 2) == 0);
}

/* Is there something behind the empty line that ends a header block? */
static bool goes_on(const char *p, size_t n)
{
	size_t end = header_block_length(p, n);

	return end > 0 && end < n;
}

/* A header block, which must end with an empty line, and have no other. */
static void put_header(struct writing *w, const char *p, size_t n)
{
	if (n > 0 && goes_on(p, n)) {
		w->why = "header";
		return;
	}
	put(w, p, n);
	if (n == 0 || ends_with(p, n, "\n\r\n") || ends_with(p, n, "\n\n") || is_empty_line(p, n))
		return put_text(w, n == 0 ? "\r\n" : "");
	put_text(w, ends_with(p, n, "\n") ? "\r\n" : "\r\n\r\n");
}

/* The section that came for that want; empty with a reason if it did not. */
static struct slice came(struct writing *w, int want)
{
	const struct want *x = &w->k->wants[want];

	if (!x->text)
		w->why = "missing";
	return (struct slice){ .p = x->text, .n = x->text ? x->n : 0 };
}

/* Does the content hold a line that would end one of the multiparts around it? */
static bool breaks_out(const struct skeleton *k, const struct node *n, struct slice content)
{
	for (int p = n->at.parent; p >= 0; p = k->nodes[p].at.parent) {
		g_autofree char *line = g_strconcat("--", k->nodes[p].boundary, NULL);

		if (k->nodes[p].at.kind == STRUCTURE_MULTI &&
			memmem(content.p, content.n, line, strlen(line)))
			return true;
	}
	return false;
}

static void put_leaf(struct writing *w, const struct node *n)
{
	struct slice content;

	if (!n->keep) {
		w->holes[w->n_holes++] =
			(struct body_hole){ .at = w->at, .bytes = n->at.octets };
		return;
	}
	if (n->content < 0)
		return;
	content = came(w, n->content);
	if (!w->why && breaks_out(w->k, n, content))
		w->why = "boundary in a part";
	put(w, content.p, content.n);
}

static void put_entity(struct writing *w, const struct node *n, struct slice header);

static void put_children(struct writing *w, const struct node *n)
{
	const struct skeleton *k = w->k;
	int self = (int)(n - k->nodes);

	for (size_t i = (size_t)self + 1; i < k->n && !w->why; i++) {
		const struct node *child = &k->nodes[i];
		struct slice mime;

		if (child->at.parent != self)
			continue;
		if (child->at.number > 1)
			put_text(w, "\r\n");
		put_text(w, "--");
		put_text(w, n->boundary);
		put_text(w, "\r\n");
		mime = came(w, child->mime);
		put_header(w, mime.p, mime.n);
		put_entity(w, child, mime);
	}
	put_text(w, "\r\n--");
	put_text(w, n->boundary);
	put_text(w, "--\r\n");
}

/* header: the block above it, which is written.  Depth is bounded by the plan. */
static void put_entity(struct writing *w, const struct node *n, struct slice header)
{
	if (w->why)
		return;
	if (n->at.kind == STRUCTURE_LEAF) {
		put_leaf(w, n);
	} else if (n->at.kind == STRUCTURE_MESSAGE) {
		struct slice inner = came(w, n->header);

		put_header(w, inner.p, inner.n);
		put_entity(w, n + 1, inner); /* its body follows it in the tree */
	} else if (!header.p ||
		   !memmem(header.p, header.n, n->boundary, strlen(n->boundary))) {
		w->why = "boundary not in the header";
	} else {
		put_children(w, n);
	}
}

int skeleton_write(struct skeleton *k, struct slice header, int fd, struct body_hole *holes,
	size_t *n_holes, const char **why, struct err *err)
{
	struct writing w = { .k = k, .fd = fd, .holes = holes };

	put_header(&w, header.p, header.n);
	put_entity(&w, k->nodes, header);
	*n_holes = w.n_holes;
	*why = w.why;
	if (w.failed)
		return err_set(err, ERR_STORAGE,
			_("The message cannot be written to disk; is there room in the data "
			  "folder?"));
	return !w.why;
}
