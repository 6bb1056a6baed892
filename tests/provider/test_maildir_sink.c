#include "test_maildir_sink.h"

#include <string.h>

#include "model/flags.h"

static void row_free(void *p)
{
	struct row *r = p;

	g_free(r->keywords);
	g_free(r->subject);
	g_free(r->canonical);
	g_free(r);
}

static int by_uid(const void *a, const void *b, void *data)
{
	const uint64_t *x = a, *y = b;

	(void)data;
	return *x < *y ? -1 : *x > *y;
}

static int take_mailbox(struct sink *s, const struct mailbox *m, struct err *err)
{
	struct record *r = (struct record *)s;

	(void)err;
	g_ptr_array_add(r->boxes,
		g_strdup_printf("%s|%s|%s", m->path, m->name, mailbox_role_name(m->role)));
	return 0;
}

static int take_reset(struct sink *s, struct err *err)
{
	(void)s;
	(void)err;
	return 0;
}

static int take_change(struct sink *s, const struct change *c, struct err *err)
{
	struct record *r = (struct record *)s;
	struct row *row = g_tree_lookup(r->rows, &c->uid);

	(void)err;
	if (c->kind == CHANGE_GONE) {
		r->n_gone++;
		g_tree_remove(r->rows, &c->uid);
		return 0;
	}
	if (!row) {
		row = g_new0(struct row, 1);
		row->uid = c->uid;
		g_tree_insert(r->rows, &row->uid, row);
	}
	row->flags = c->flags;
	g_free(row->keywords);
	row->keywords = g_strdup(c->keywords ? c->keywords : "");
	r->n_flags += c->kind == CHANGE_FLAGS;
	if (c->kind != CHANGE_MESSAGE)
		return 0;
	r->n_messages++;
	g_free(row->subject);
	g_free(row->canonical);
	row->subject = g_strdup(c->subject);
	row->canonical = g_strdup(c->canonical);
	row->received_at = c->received_at;
	g_ptr_array_add(r->order, g_strdup(c->subject ? c->subject : ""));
	return 0;
}

static int take_cursor(struct sink *s, const struct cursor_point *at, struct err *err)
{
	struct record *r = (struct record *)s;

	(void)err;
	g_free(r->cursor);
	r->cursor = g_strdup(at->cursor);
	r->complete = at->complete;
	return ++r->n_cursors == r->pause_after;
}

struct search {
	uint64_t from;
	struct known *out;
	size_t n, max;
};

static gboolean copy_known(void *key, void *value, void *data)
{
	struct search *s = data;
	const struct row *row = value;

	(void)key;
	if (row->uid >= s->from)
		s->out[s->n++] = (struct known){ row->uid, row->flags,
			flags_keywords_hash(row->keywords) };
	return s->n == s->max;
}

static int give_known(struct sink *s, uint64_t from, struct known *out, size_t max,
	struct err *err)
{
	struct record *r = (struct record *)s;
	struct search search = { from, out, 0, max };

	(void)err;
	g_tree_foreach(r->rows, copy_known, &search);
	return (int)search.n;
}

static void take_progress(struct sink *s, enum engine_stage stage, int64_t done, int64_t of)
{
	(void)s;
	(void)stage;
	(void)done;
	(void)of;
}

void record_init(struct record *r)
{
	*r = (struct record){ .sink = { .mailbox = take_mailbox, .reset = take_reset,
				      .change = take_change, .cursor = take_cursor,
				      .known = give_known, .progress = take_progress } };
	r->rows = g_tree_new_full(by_uid, NULL, NULL, row_free);
	r->boxes = g_ptr_array_new_with_free_func(g_free);
	r->order = g_ptr_array_new_with_free_func(g_free);
	r->cursor = g_strdup("");
}

void record_release(struct record *r)
{
	g_tree_unref(r->rows);
	g_ptr_array_unref(r->boxes);
	g_ptr_array_unref(r->order);
	g_free(r->cursor);
}

struct find {
	const char *subject;
	struct row *row;
};

static gboolean same_subject(void *key, void *value, void *data)
{
	struct row *row = value;
	struct find *f = data;

	(void)key;
	if (row->subject && strcmp(row->subject, f->subject) == 0)
		f->row = row;
	return f->row != NULL;
}

struct row *record_row(struct record *r, const char *subject)
{
	struct find f = { subject, NULL };

	g_tree_foreach(r->rows, same_subject, &f);
	return f.row;
}
