/*
 * What is new in a folder.
 *
 * The cursor is "1 NEW CUR": the time stamps (ns) of the two directories when
 * they were last read to the end.  The same stamps again mean that no name
 * changed, unless a stamp was so young at the time that a second change could
 * hide in it; then it is written as 0, which never matches.
 */
#include "provider/maildir/maildir.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mime/summary.h"
#include "provider/merge.h"

enum { CURSOR_MAX = 64 };

/* A message that the store does not know. */
struct fresh {
	int64_t time;
	guint entry;
};

struct pass {
	struct maildir *m;
	struct sink *out;
	struct folder folder;
	struct listing list;
	GArray *fresh;  /* of struct fresh, newest first */
	bool missed;    /* something moved away under our hands: look again soon */
};

static void pass_release(struct pass *p)
{
	folder_close(&p->folder);
	listing_release(&p->list);
	g_array_unref(p->fresh);
}

static struct entry *entry_at(const struct pass *p, guint i)
{
	return &g_array_index(p->list.entries, struct entry, i);
}

/* --- cursor ------------------------------------------------------------------------ */

static bool unchanged(const char *cursor, const int64_t mtime[N_SUBS])
{
	int64_t at[N_SUBS] = { 0 };

	if (sscanf(cursor, "1 %" SCNd64 " %" SCNd64, &at[SUB_NEW], &at[SUB_CUR]) != 2)
		return false;
	return memcmp(at, mtime, sizeof at) == 0;
}

static int64_t settled(int64_t mtime)
{
	return clock_unix() - mtime / 1000000000 > MAILDIR_RACY_S ? mtime : 0;
}

static int report_cursor(struct pass *p, bool complete, guint fetched, struct err *err)
{
	int64_t of = (int64_t)p->list.entries->len;
	char text[CURSOR_MAX] = "1 0 0";
	struct cursor_point at = { .cursor = text, .complete = complete, .of = of };

	at.done = of - (int64_t)p->fresh->len + (int64_t)fetched;
	if (complete && !p->missed)
		snprintf(text, sizeof text, "1 %" PRId64 " %" PRId64,
			settled(p->list.mtime[SUB_NEW]), settled(p->list.mtime[SUB_CUR]));
	return p->out->cursor(p->out, &at, err);
}

/* --- comparing ----------------------------------------------------------------------- */

static int64_t time_of(struct pass *p, const struct entry *e)
{
	const char *name = listing_name(&p->list, e);
	int64_t named = maildir_name_time(name);
	struct stat st;

	if (named > 0)
		return named;
	return fstatat(p->folder.sub[e->in_new ? SUB_NEW : SUB_CUR], name, &st, AT_SYMLINK_NOFOLLOW)
		       ? 0
		       : st.st_mtime;
}

static int newest_first(const void *a, const void *b)
{
	const struct fresh *x = a, *y = b;

	if (x->time != y->time)
		return x->time > y->time ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static int compare_all(struct pass *p, struct merge *merge, struct err *err)
{
	for (guint i = 0; i < p->list.entries->len; i++) {
		struct entry *e = entry_at(p, i);
		const char *name = listing_name(&p->list, e);
		int r = i % MAILDIR_CANCEL_EVERY ? 0 : maildir_canceled(p->m, err);

		if (r == 0)
			r = merge_present(merge, e->uid, maildir_flags(name, e->in_new),
				maildir_keywords(name), err);
		if (r < 0)
			return r;
		if (r > 0) {
			struct fresh f = { time_of(p, e), i };

			g_array_append_val(p->fresh, f);
		}
	}
	return 0;
}

static int compare(struct pass *p, struct err *err)
{
	AUTO(merge_release) struct merge merge;
	int r;

	merge_init(&merge, p->out, 1, INT64_MAX);
	r = compare_all(p, &merge, err);
	if (r == 0 && p->list.steady)
		r = merge_finish(&merge, err);
	p->missed = !p->list.steady;
	p->m->again |= !p->list.steady;
	g_array_sort(p->fresh, newest_first);
	return r;
}

/* --- fetching ------------------------------------------------------------------------ */

/* When it arrived: a copied file is younger than its name, a downloaded one is older. */
static int64_t received_at(const char *name, int64_t mtime)
{
	int64_t named = maildir_name_time(name);

	return named > 0 && (mtime <= 0 || named < mtime) ? named : MAX(mtime, 0);
}

static int report_message(struct pass *p, const struct entry *e, struct err *err)
{
	const char *name = listing_name(&p->list, e);
	AUTO(summary_free) struct summary *s = NULL;
	AUTO(fd_close) int fd =
		folder_open_file(&p->folder, e->in_new ? SUB_NEW : SUB_CUR, name);
	g_autofree char *base = g_strndup(name, maildir_base_length(name));
	g_autofree char *valid = g_utf8_make_valid(base, -1);
	struct change c = { .kind = CHANGE_MESSAGE, .uid = e->uid };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || summary_read(fd, &s, NULL) < 0) {
		p->missed = true; /* renamed or removed since the listing, or not for us */
		return 0;
	}
	summary_fill(s, &c);
	c.flags = maildir_flags(name, e->in_new);
	c.keywords = maildir_keywords(name);
	c.canonical = valid;
	c.received_at = received_at(name, st.st_mtime);
	return p->out->change(p->out, &c, err);
}

/* 1 = the sink wants a pause. */
static int fetch(struct pass *p, struct err *err)
{
	guint n = p->fresh->len;

	for (guint i = 0; i < n; i++) {
		guint entry = g_array_index(p->fresh, struct fresh, i).entry;
		int r = i % 32 ? 0 : maildir_canceled(p->m, err);

		if (r == 0)
			r = report_message(p, entry_at(p, entry), err);
		if (r < 0)
			return r;
		if ((i + 1) % MAILDIR_SLICE == 0 && i + 1 < n) {
			p->out->progress(p->out, STAGE_FETCHING, (int64_t)i + 1, (int64_t)n);
			r = report_cursor(p, false, i + 1, err);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

/* What the file system does not allow; keywords have no letters (apply.c). */
static int report_rights(struct pass *p, struct err *err)
{
	unsigned denied = DENIED_KEYWORDS;

	if (!p->out->rights)
		return 0;
	for (int i = 0; i < N_SUBS; i++)
		if (faccessat(p->folder.sub[i], ".", W_OK | X_OK, AT_EACCESS))
			denied |= DENIED_SEEN | DENIED_FLAGS | DENIED_REMOVE | DENIED_INSERT |
				  DENIED_DROP;
	return p->out->rights(p->out, denied, err);
}

int maildir_changes(struct provider *provider, const struct mailbox *box, unsigned flags,
	struct sink *out, struct err *err)
{
	AUTO(pass_release) struct pass p = { .m = (struct maildir *)provider, .out = out,
		.folder = FOLDER_NONE };
	int64_t mtime[N_SUBS];
	int r;

	p.fresh = g_array_new(FALSE, FALSE, sizeof(struct fresh));
	listing_init(&p.list);
	watch_begin(p.m);
	r = folder_open(p.m, box->path, &p.folder, err);
	if (r == 0)
		r = folder_mtimes(&p.folder, mtime, err);
	if (r == 0)
		r = report_rights(&p, err);
	if (r < 0)
		return r;
	if (!(flags & CHANGES_FULL) && box->cursor && unchanged(box->cursor, mtime))
		return 0;
	r = listing_read(p.m, &p.folder, &p.list, err);
	if (r == 0)
		r = compare(&p, err);
	if (r == 0)
		r = fetch(&p, err);
	if (r == 0)
		r = report_cursor(&p, true, p.fresh->len, err);
	return r;
}
