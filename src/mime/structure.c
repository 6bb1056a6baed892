/*
 * A line machine: it is either in a header block or in a body.  In a block it
 * keeps the few fields that matter; in a body it looks for the boundaries
 * that are open, innermost first.
 */
#include "mime/structure.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "base/i18n.h"
#include "mime/header.h"

enum {
	CHUNK = 32 * 1024,
	FIELD_MAX = 2048,
	LINE_LOOK_MAX = FIELD_MAX,
	NESTED_MAX = 64, /* messages inside messages without a multipart between */
};

struct level {
	char boundary[HEADER_PARAM_MAX];
	size_t len;
	enum part_parent kind;
	bool digest;
	int children;
};

enum captured { CAPTURED_NONE, CAPTURED_TYPE, CAPTURED_DISPOSITION, CAPTURED_ENCODING, N_CAPTURED };

struct machine {
	const struct structure_limits *limits;
	struct structure *out;
	struct level stack[STRUCTURE_DEPTH_MAX];
	int depth;
	bool in_header, has_id, stop;
	int encodings; /* fields that name one, of this block */
	enum captured current;
	char fields[N_CAPTURED][FIELD_MAX];
	size_t lens[N_CAPTURED];
	int64_t block_bytes;
	int lines, nested;
	bool addresses; /* in a field that the parser reads as addresses */
	int colons;
};

bool part_is_attachment(const struct part_facts *f)
{
	static const char *const never[] = { "application/pgp-signature",
		"application/pgp-encrypted", "application/pkcs7-signature", "application/x-pkcs7-signature",
		"application/pkcs7-mime", "application/x-pkcs7-mime", "message/delivery-status",
		"message/disposition-notification", "text/rfc822-headers",
		"message/global-delivery-status", "message/global-disposition-notification",
		"message/feedback-report" };
	static const char *const texts[] = { "text/plain", "text/enriched", "text/richtext", "text/x-patch",
		"text/x-diff", "text/markdown", "text/calendar", "message/rfc822" };

	if (g_str_has_prefix(f->type, "multipart/"))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
		if (strcmp(never[i], f->type) == 0)
			return false;
	if (f->attached)
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		if (strcmp(texts[i], f->type) == 0) /* beside the root it is a file, if named */
			return f->parent == PARENT_RELATED && f->index > 0 && f->named;
	if (strcmp(f->type, "text/html") == 0)
		return f->named && f->parent == PARENT_MIXED && f->index > 0;
	if (f->parent == PARENT_RELATED && f->index > 0 && g_str_has_prefix(f->type, "image/"))
		return !f->has_id;
	return true;
}

enum part_parent part_parent_of(const char *type)
{
	if (strcmp(type, "multipart/alternative") == 0)
		return PARENT_ALTERNATIVE;
	if (strcmp(type, "multipart/related") == 0)
		return PARENT_RELATED;
	if (strcmp(type, "multipart/signed") == 0 || strcmp(type, "multipart/encrypted") == 0)
		return PARENT_OTHER;
	return PARENT_MIXED;
}

static void begin_header(struct machine *m)
{
	m->in_header = true;
	m->has_id = false;
	m->current = CAPTURED_NONE;
	m->block_bytes = 0;
	m->encodings = 0;
	for (int i = 0; i < N_CAPTURED; i++)
		m->lens[i] = 0;
}

static void capture(struct machine *m, const char *s, size_t len)
{
	size_t *have = &m->lens[m->current];

	if (m->current == CAPTURED_NONE)
		return;
	len = MIN(len, FIELD_MAX - *have);
	memcpy(m->fields[m->current] + *have, s, len);
	*have += len;
}

static void push(struct machine *m, const char *type)
{
	struct level *l = &m->stack[m->depth];

	if (m->depth == STRUCTURE_DEPTH_MAX) {
		m->stop = m->out->cut = true;
		return;
	}
	*l = (struct level){ .kind = part_parent_of(type),
		.digest = strcmp(type, "multipart/digest") == 0 };
	if (!header_param(m->fields[CAPTURED_TYPE], m->lens[CAPTURED_TYPE], "boundary", l->boundary,
		    sizeof l->boundary))
		return;
	l->len = strlen(l->boundary);
	m->depth += l->len > 0;
}

/* Whether the part whose block is in m->fields is an attachment. */
static bool judge(struct machine *m, const char *type, struct level *in)
{
	const char *ct = m->fields[CAPTURED_TYPE], *cd = m->fields[CAPTURED_DISPOSITION];
	size_t n_ct = m->lens[CAPTURED_TYPE], n_cd = m->lens[CAPTURED_DISPOSITION];
	char how[HEADER_TYPE_MAX];
	struct part_facts f = { .type = type, .has_id = m->has_id };

	header_word(cd, n_cd, how, sizeof how);
	f.attached = strcmp(how, "attachment") == 0;
	f.named = header_param(ct, n_ct, "name", NULL, 0) ||
		  header_param(cd, n_cd, "filename", NULL, 0);
	f.parent = in ? in->kind : PARENT_NONE;
	f.index = in ? in->children - 1 : 0;
	return part_is_attachment(&f);
}

/*
 * Whether the body is encoded as a whole, so that no line of it is a header.  Only what the parser
 * takes for that too: one field, with nothing but the name in it.
 */
static bool is_encoded(const struct machine *m)
{
	const char *s = m->fields[CAPTURED_ENCODING];
	size_t len = m->lens[CAPTURED_ENCODING];

	while (len > 0 && g_ascii_isspace(*s)) {
		s++;
		len--;
	}
	while (len > 0 && g_ascii_isspace(s[len - 1]))
		len--;
	return m->encodings == 1 &&
	       ((len == 6 && g_ascii_strncasecmp(s, "base64", len) == 0) ||
		       (len == 16 && g_ascii_strncasecmp(s, "quoted-printable", len) == 0));
}

/* The block is complete: what follows is a body, or the block of a message inside. */
static void end_header(struct machine *m)
{
	struct level *in = m->depth > 0 ? &m->stack[m->depth - 1] : NULL;
	char type[HEADER_TYPE_MAX];

	m->in_header = false;
	header_word(m->fields[CAPTURED_TYPE], m->lens[CAPTURED_TYPE], type, sizeof type);
	if (!strchr(type, '/'))
		g_strlcpy(type, in && in->digest ? "message/rfc822" : "text/plain", sizeof type);
	if (judge(m, type, in)) {
		m->out->has_attachment = true;
		m->stop = m->limits->stop_at_attachment;
	}
	if (strcmp(type, "message/rfc822") == 0 && !is_encoded(m)) {
		begin_header(m);
		if (++m->nested > NESTED_MAX)
			m->stop = m->out->cut = true;
	} else if (g_str_has_prefix(type, "multipart/")) {
		push(m, type);
	}
}

static bool named(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n && g_ascii_strncasecmp(line, name, n) == 0;
}

/* Counts header bytes; true = a limit was passed. */
static bool too_much(struct machine *m, size_t len, int lines)
{
	m->block_bytes += (int64_t)len;
	m->lines += lines;
	if (m->lines <= m->limits->header_lines && m->block_bytes <= m->limits->header_bytes)
		return false;
	m->stop = m->out->cut = true;
	return true;
}

/* The bytes of the name of a field and its colon, also with blanks between; 0 = another field. */
static size_t field_length(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (!named(line, len, name))
		return 0;
	while (n < len && (line[n] == ' ' || line[n] == '\t'))
		n++;
	return n < len && line[n] == ':' ? n + 1 : 0;
}

static void header_line(struct machine *m, const char *line, size_t len)
{
	static const char type[] = "content-type:", how[] = "content-disposition:";
	size_t encoding;

	if (*line == '\n' || (*line == '\r' && (len == 1 || line[1] == '\n'))) {
		end_header(m);
	} else if (*line == ' ' || *line == '\t') {
		capture(m, line, len);
	} else {
		m->current = CAPTURED_NONE;
		if (named(line, len, type) && !m->lens[CAPTURED_TYPE]) {
			m->current = CAPTURED_TYPE;
			capture(m, line + sizeof type - 1, len - (sizeof type - 1));
		} else if (named(line, len, how) && !m->lens[CAPTURED_DISPOSITION]) {
			m->current = CAPTURED_DISPOSITION;
			capture(m, line + sizeof how - 1, len - (sizeof how - 1));
		} else if (named(line, len, "content-id:")) {
			m->has_id = true;
		} else if ((encoding = field_length(line, len, "content-transfer-encoding"))) {
			m->encodings++;
			m->current = CAPTURED_ENCODING;
			capture(m, line + encoding, len - encoding);
		}
	}
}

/* If the line is an open boundary: closes what is inside it, begins the next part. */
static bool boundary_line(struct machine *m, const char *line, size_t len)
{
	if (len < 3 || line[0] != '-' || line[1] != '-')
		return false;
	for (int i = m->depth - 1; i >= 0; i--) {
		struct level *l = &m->stack[i];
		const char *rest = line + 2 + l->len;

		if (len < 2 + l->len || memcmp(line + 2, l->boundary, l->len) != 0)
			continue;
		if (rest < line + len && *rest != '-' && !g_ascii_isspace(*rest))
			continue;
		if (m->in_header)
			end_header(m);
		m->depth = i + 1;
		m->in_header = false;
		m->nested = 0;
		if (line + len - rest >= 2 && rest[0] == '-' && rest[1] == '-') {
			m->depth = i;
		} else if (++m->out->parts > m->limits->parts) {
			m->stop = m->out->cut = true;
		} else {
			l->children++;
			begin_header(m);
		}
		return true;
	}
	return false;
}

static void take_line(struct machine *m, const char *line, size_t len)
{
	if (boundary_line(m, line, len))
		return;
	if (m->in_header && !too_much(m, len, 1))
		header_line(m, line, len);
	else if (!m->in_header && m->depth == 0 && m->limits->stop_at_attachment)
		m->stop = true; /* a leaf, or an epilogue: nothing more can come */
}

static bool is_address_field(const char *s, size_t len)
{
	static const char *const fields[] = { "from", "to", "cc", "bcc", "sender", "reply-to" };

	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
		if (field_length(s, len, fields[i]) > 0)
			return true;
	return false;
}

/*
 * GMime reads "a:b:c:..." as a group in a group in a group, one call deep
 * each, wherever it believes to be in a header block.  So this looks at every
 * line that could begin such a field, whatever the machine believes.
 */
static void guard_groups(struct machine *m, const char *s, size_t len, bool begins)
{
	const char *end = s + len;

	if (begins && *s != ' ' && *s != '\t') {
		m->addresses = is_address_field(s, len);
		m->colons = 0;
	}
	while (m->addresses && (s = memchr(s, ':', (size_t)(end - s)))) {
		s++;
		if (++m->colons > STRUCTURE_GROUPS_MAX)
			m->stop = m->out->cut = true;
	}
}

/* Hands the whole lines of buf to the machine; returns the bytes that are used up. */
static size_t take_lines(struct machine *m, const char *buf, size_t have, bool last, bool *inside)
{
	size_t at = 0;

	while (at < have && !m->stop) {
		const char *nl = memchr(buf + at, '\n', have - at);
		size_t len = nl ? (size_t)(nl - (buf + at)) + 1 : have - at;

		if (!nl && !last && len < LINE_LOOK_MAX)
			break;
		guard_groups(m, buf + at, len, !*inside);
		if (m->stop)
			break;
		if (!*inside)
			take_line(m, buf + at, len);
		else if (m->in_header)
			too_much(m, len, 0);
		if (m->stop)
			break;
		*inside = !nl; /* the rest of a long line is skipped */
		at += len;
	}
	return at;
}

void structure_scan_bytes(const char *s, size_t len, const struct structure_limits *limits,
	struct structure *out)
{
	g_autofree struct machine *m = g_new0(struct machine, 1);
	bool inside = false;

	*out = (struct structure){ .parts = 1 };
	m->limits = limits;
	m->out = out;
	begin_header(m);
	if ((int64_t)len > limits->bytes) {
		len = (size_t)limits->bytes;
		out->cut = true;
	}
	out->end = (int64_t)take_lines(m, s, len, true, &inside);
}

int structure_scan(int fd, const struct structure_limits *limits, struct structure *out,
	struct err *err)
{
	g_autofree struct machine *m = g_new0(struct machine, 1);
	g_autofree char *buf = g_malloc(CHUNK);
	size_t have = 0, used;
	bool inside = false;

	*out = (struct structure){ .parts = 1 };
	m->limits = limits;
	m->out = out;
	begin_header(m);
	while (!m->stop && out->end < limits->bytes) {
		ssize_t n = pread(fd, buf + have, CHUNK - have, out->end + (int64_t)have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_STORAGE, _("The message cannot be read: %s."),
				g_strerror(errno));
		have += (size_t)n;
		used = take_lines(m, buf, have, n == 0, &inside);
		out->end += (int64_t)used;
		have -= used;
		memmove(buf, buf + used, have);
		if (n == 0)
			return 0;
	}
	out->cut = out->cut || !m->stop;
	return 0;
}
