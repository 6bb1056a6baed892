#include "mime/region.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "base/file.h"
#include "base/i18n.h"
#include "mime/open.h"

enum {
	CHUNK = 64 * 1024,
	LINE_LOOK_MAX = 1024,  /* bytes of a line that are looked at: a boundary has 70 */
};

/* Walks over the lines of a region. */
struct lines {
	int fd;
	int64_t next, end;        /* of the file: what was not read yet */
	char buf[CHUNK];
	size_t at, have;
	int64_t line;             /* where the line stands in the file */
	const char *s;            /* its beginning, not terminated; */
	size_t len;               /* at most LINE_LOOK_MAX bytes of it, with its end if that is there */
	int64_t behind;           /* where the following line begins */
};

/* Moves what is left to the front and reads more; < 0 failed. */
static int fill(struct lines *l, struct err *err)
{
	size_t left = l->have - l->at, room = CHUNK - left;
	ssize_t n;

	memmove(l->buf, l->buf + l->at, left);
	l->at = 0;
	l->have = left;
	if ((int64_t)room > l->end - l->next)
		room = (size_t)(l->end - l->next);
	do
		n = pread(l->fd, l->buf + left, room, l->next);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return opened_unreadable(err);
	if (n == 0)
		l->end = l->next; /* the file is shorter than we were told */
	l->have += (size_t)n;
	l->next += n;
	return 0;
}

/* Skips the rest of a line that was longer than what is looked at. */
static int skip_rest(struct lines *l, struct err *err)
{
	for (;;) {
		const char *nl = memchr(l->buf + l->at, '\n', l->have - l->at);

		if (nl) {
			l->at = (size_t)(nl - l->buf) + 1;
			return 0;
		}
		l->at = l->have;
		if (l->next >= l->end)
			return 0;
		if (fill(l, err) < 0)
			return err->code;
	}
}

/* 1 = the next line is in l, 0 = none is left, else the error. */
static int next_line(struct lines *l, struct err *err)
{
	const char *nl;

	if (l->have - l->at < LINE_LOOK_MAX && l->next < l->end && fill(l, err) < 0)
		return err->code;
	if (l->at == l->have)
		return 0;
	l->line = l->next - (int64_t)(l->have - l->at);
	l->s = l->buf + l->at;
	l->len = MIN(l->have - l->at, (size_t)LINE_LOOK_MAX);
	nl = memchr(l->s, '\n', l->len);
	if (nl)
		l->len = (size_t)(nl - l->s) + 1;
	return 1;
}

/* To the following line; what l->s showed is no longer valid. */
static int step(struct lines *l, struct err *err)
{
	bool whole = l->len > 0 && l->s[l->len - 1] == '\n';

	l->at += l->len;
	if (!whole && skip_rest(l, err) < 0)
		return err->code;
	l->behind = l->next - (int64_t)(l->have - l->at);
	return 0;
}

static struct lines *lines_of(int fd, const struct region *r)
{
	struct lines *l = g_malloc(sizeof *l);

	*l = (struct lines){ .fd = fd, .next = r->at, .end = MAX(r->at, r->end) };
	return l;
}

int region_body(int fd, const struct region *part, struct region *out, struct err *err)
{
	g_autofree struct lines *l = lines_of(fd, part);
	int r;

	while ((r = next_line(l, err)) > 0) {
		bool empty = l->s[0] == '\n' || (l->len == 2 && memcmp(l->s, "\r\n", 2) == 0);

		if (step(l, err) < 0)
			return err->code;
		if (empty) {
			*out = (struct region){ l->behind, part->end };
			return 0;
		}
	}
	return r < 0 ? r : err_set(err, ERR_GONE, _("The message has no such part."));
}

/* 1 = a boundary line, 2 = the last one, 0 = another line. */
static int boundary_kind(const struct lines *l, const char *boundary, size_t n)
{
	const char *p = l->s + 2 + n, *end = l->s + l->len;

	if (l->len < 2 + n || memcmp(l->s, "--", 2) != 0 || memcmp(l->s + 2, boundary, n) != 0)
		return 0;
	if (end - p >= 2 && p[0] == '-' && p[1] == '-')
		return 2;
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p == end || *p == '\n';
}

/* The end of a part whose boundary stands at `line`: before the line end that precedes it. */
static int64_t before_line_end(int fd, int64_t start, int64_t line)
{
	char two[2];

	if (line - 2 >= start && pread(fd, two, 2, line - 2) == 2 && memcmp(two, "\r\n", 2) == 0)
		return line - 2;
	return line - 1 >= start ? line - 1 : start;
}

int region_part(int fd, const struct region *body, const char *boundary, int n,
	struct region *out, struct err *err)
{
	g_autofree struct lines *l = lines_of(fd, body);
	size_t len = strlen(boundary);
	int64_t start = -1;
	int r, seen = -1;

	while ((r = next_line(l, err)) > 0) {
		int kind = boundary_kind(l, boundary, len);
		int64_t line = l->line;

		if (kind && start >= 0) {
			*out = (struct region){ start, before_line_end(fd, start, line) };
			return 0;
		}
		if (step(l, err) < 0)
			return err->code;
		if (kind == 1 && ++seen == n)
			start = l->behind;
		else if (kind == 2)
			break;
	}
	if (r >= 0 && start >= 0) { /* the message was cut: no boundary behind it */
		*out = (struct region){ start, body->end };
		return 0;
	}
	return r < 0 ? r : err_set(err, ERR_GONE, _("The message has no such part."));
}

int region_copy(int fd, const struct region *r, int out, struct err *err)
{
	g_autofree char *chunk = g_malloc(CHUNK);
	int64_t at = r->at;

	while (at < r->end) {
		ssize_t n = pread(fd, chunk, (size_t)MIN(r->end - at, (int64_t)CHUNK), at);
		int w;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return opened_unreadable(err);
		if (n == 0)
			break;
		w = fd_write_all(out, chunk, (size_t)n);
		if (w < 0)
			return err_set(err, ERR_STORAGE, _("The part cannot be written: %s."),
				g_strerror(-w));
		at += n;
	}
	return 0;
}
