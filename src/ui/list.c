#include "ui/list.h"

#include "model/flags.h"

enum {
	READ_MAX = 250,                /* rows of one read backwards for prev-unread */
	HEIGHT_DEFAULT = 20,           /* before the first draw */
	BACK_PAGES = 10,               /* how far prev-unread looks */
};

void list_init(struct list *l, struct store *s, int page)
{
	*l = (struct list){ .store = s, .from_first = true, .to_last = true, .page = page };
	l->mailboxes = g_array_new(FALSE, FALSE, sizeof(mailbox_id));
	l->rows = g_ptr_array_new();
	l->height = HEIGHT_DEFAULT;
}

static void free_rows(GPtrArray *rows, guint from, guint n)
{
	for (guint i = from; i < from + n; i++) {
		struct list_row *r = rows->pdata[i];

		list_row_free(&r);
	}
	g_ptr_array_remove_range(rows, from, n);
}

static void drop(struct list *l)
{
	if (l->rows->len > 0)
		free_rows(l->rows, 0, l->rows->len);
	l->top = l->cursor = 0;
}

void list_release(struct list *l)
{
	drop(l);
	g_ptr_array_unref(l->rows);
	g_array_unref(l->mailboxes);
}

struct list_scope list_scope(const struct list *l)
{
	return (struct list_scope){ .order = l->order,
		.ascending = l->ascending,
		.n = l->mailboxes->len,
		.mailboxes = (const mailbox_id *)(const void *)l->mailboxes->data };
}

static size_t chunk(const struct list *l)
{
	return (size_t)MAX(l->page, l->height);
}

/* Reads rows into a plain array that does not own them. */
static int read_page(struct list *l, enum page_direction dir, const struct list_key *from, size_t n,
	GPtrArray **out, struct err *err)
{
	struct list_scope scope = list_scope(l);
	GPtrArray *rows = NULL;
	gsize len = 0;
	int rc;

	*out = NULL;
	if (scope.n == 0) {
		*out = g_ptr_array_new();
		return 0;
	}
	rc = store_page(l->store, &scope, dir, from, n, &rows, err);
	if (rc < 0)
		return rc;
	*out = g_ptr_array_sized_new(rows->len);
	for (gpointer *p = g_ptr_array_steal(rows, &len), *q = p; q; q = NULL) {
		for (gsize i = 0; i < len; i++)
			g_ptr_array_add(*out, p[i]);
		g_free(p);
	}
	g_ptr_array_unref(rows);
	return 0;
}

static const struct list_key *key_at(const struct list *l, guint i)
{
	return &((const struct list_row *)l->rows->pdata[i])->key;
}

/* Longer windows lose the end that is farther away. */
static void trim(struct list *l)
{
	int reach = 3 * (int)chunk(l), len = (int)l->rows->len;
	int from = MAX(MIN(l->cursor, l->top) - reach, 0);
	int to = MIN(MAX(l->cursor, l->top + l->height) + reach, len);

	if (to < len) {
		free_rows(l->rows, (guint)to, (guint)(len - to));
		l->to_last = false;
	}
	if (from > 0) {
		free_rows(l->rows, 0, (guint)from);
		l->from_first = false;
		l->top -= from;
		l->cursor -= from;
	}
}

static int grow_down(struct list *l, struct err *err)
{
	g_autoptr(GPtrArray) more = NULL;
	size_t n = chunk(l);
	int rc = l->rows->len == 0 ? read_page(l, PAGE_FIRST, NULL, n, &more, err)
				   : read_page(l, PAGE_AFTER, key_at(l, l->rows->len - 1), n, &more,
					     err);

	if (rc < 0)
		return rc;
	l->to_last = more->len < n;
	for (guint i = 0; i < more->len; i++)
		g_ptr_array_add(l->rows, more->pdata[i]);
	return 0;
}

static int grow_up(struct list *l, struct err *err)
{
	g_autoptr(GPtrArray) more = NULL;
	size_t n = chunk(l);
	int rc;

	if (l->rows->len == 0)
		return grow_down(l, err);
	rc = read_page(l, PAGE_BEFORE, key_at(l, 0), n, &more, err);
	if (rc < 0)
		return rc;
	l->from_first = more->len < n;
	for (guint i = more->len; i > 0; i--)
		g_ptr_array_insert(l->rows, 0, more->pdata[i - 1]);
	l->top += (int)more->len;
	l->cursor += (int)more->len;
	return 0;
}

/* Reads until rows [from, to) are in the window, or its end is the list's. */
static int reach(struct list *l, int delta_from, int delta_to, struct err *err)
{
	while (l->top + delta_from < 0 && !l->from_first)
		if (grow_up(l, err) < 0)
			return err ? err->code : ERR_STORAGE;
	while (l->top + delta_to > (int)l->rows->len && !l->to_last)
		if (grow_down(l, err) < 0)
			return err ? err->code : ERR_STORAGE;
	return 0;
}

/* Brings cursor and top into the window and the cursor onto the screen. */
static void settle(struct list *l)
{
	int len = (int)l->rows->len, foot = MIN(l->foot, l->height - 1), last;

	l->cursor = CLAMP(l->cursor, 0, MAX(len - 1, 0));
	l->top = CLAMP(l->top, 0, MAX(len - 1, 0));
	if (l->to_last)
		l->top = MIN(l->top, MAX(len + foot - l->height, 0));
	l->top = MIN(l->top, l->cursor);
	last = list_at_end(l) ? l->cursor + foot : l->cursor;
	l->top = MAX(l->top, last - l->height + 1);
}

static int counts(struct list *l, struct err *err)
{
	struct list_scope scope = list_scope(l);

	l->total = l->unread = 0;
	return scope.n ? store_scope_counts(l->store, &scope, &l->total, &l->unread, err) : 0;
}

int list_first(struct list *l, struct err *err)
{
	if (!l->from_first || l->rows->len == 0) {
		drop(l);
		l->from_first = true;
		l->to_last = false;
		if (grow_down(l, err) < 0)
			return err->code;
	}
	l->top = l->cursor = 0;
	return 0;
}

int list_last(struct list *l, struct err *err)
{
	if (!l->to_last) {
		GPtrArray *rows;
		int rc = read_page(l, PAGE_LAST, NULL, chunk(l), &rows, err);

		if (rc < 0)
			return rc;
		drop(l);
		g_ptr_array_unref(l->rows);
		l->rows = rows;
		l->to_last = true;
		l->from_first = rows->len < chunk(l);
	}
	l->cursor = l->top = (int)l->rows->len - 1;
	settle(l);
	return reach(l, 0, l->height, err);
}

int list_open(struct list *l, const mailbox_id *mailboxes, size_t n, struct err *err)
{
	g_array_set_size(l->mailboxes, 0);
	g_array_append_vals(l->mailboxes, mailboxes, (guint)n);
	drop(l);
	if (counts(l, err) < 0)
		return err->code;
	return list_first(l, err);
}

int list_set_order(struct list *l, enum list_order order, bool ascending, struct err *err)
{
	l->order = order;
	l->ascending = ascending;
	drop(l);
	return list_first(l, err);
}

void list_set_height(struct list *l, int height, int foot)
{
	struct err ignored;

	height = MAX(height, 1);
	if (height == l->height && foot == l->foot)
		return;
	l->height = height;
	l->foot = foot;
	settle(l);
	reach(l, 0, height + foot, &ignored);
	settle(l);
}

bool list_shows(const struct list *l, mailbox_id m)
{
	for (guint i = 0; i < l->mailboxes->len; i++)
		if (g_array_index(l->mailboxes, mailbox_id, i).v == m.v)
			return true;
	return false;
}

/* Reads the window around key; y is the screen row that the cursor should keep. */
static int read_around(struct list *l, const struct list_key *key, int y, struct err *err)
{
	g_autoptr(GPtrArray) above = NULL, below = NULL;
	size_t n = chunk(l);

	if (read_page(l, PAGE_BEFORE, key, n, &above, err) < 0)
		return err->code;
	if (read_page(l, PAGE_AT, key, n, &below, err) < 0) {
		free_rows(above, 0, above->len);
		return err->code;
	}
	drop(l);
	for (guint i = 0; i < above->len; i++)
		g_ptr_array_add(l->rows, above->pdata[i]);
	for (guint i = 0; i < below->len; i++)
		g_ptr_array_add(l->rows, below->pdata[i]);
	l->from_first = above->len < n;
	l->to_last = below->len < n;
	l->cursor = (int)above->len;
	l->top = MAX(l->cursor - y, 0);
	settle(l);
	return 0;
}

int list_refresh(struct list *l, struct err *err)
{
	const struct list_row *row = list_current(l);
	bool at_first = l->from_first && l->top == 0;
	struct list_key key;
	int y = l->cursor - l->top;

	if (counts(l, err) < 0)
		return err->code;
	if (!row) {
		drop(l);
		return list_first(l, err);
	}
	key = row->key;
	if (read_around(l, &key, y, err) < 0)
		return err->code;
	if (at_first && l->from_first) { /* what arrived at the top is to be seen */
		l->top = 0;
		settle(l);
	}
	return 0;
}

const struct list_row *list_current(const struct list *l)
{
	return l->cursor < (int)l->rows->len ? l->rows->pdata[l->cursor] : NULL;
}

const struct list_row *list_shown(const struct list *l, int y)
{
	return l->top + y < (int)l->rows->len ? l->rows->pdata[l->top + y] : NULL;
}

int list_end(const struct list *l)
{
	int y = (int)l->rows->len - l->top;

	return l->to_last && y < l->height ? y : -1;
}

bool list_at_end(const struct list *l)
{
	return l->to_last && l->cursor + 1 >= (int)l->rows->len;
}

int list_move(struct list *l, int delta, struct err *err)
{
	int y = l->cursor - l->top, was;
	bool moved;

	if (reach(l, MIN(y + delta, 0), MAX(y + delta + 1, l->height) + l->foot, err) < 0)
		return err->code;
	was = l->cursor;
	l->cursor += delta;
	settle(l);
	moved = l->cursor != was;
	if (reach(l, 0, l->height, err) < 0)
		return err->code;
	trim(l);
	return moved;
}

int list_scroll(struct list *l, int delta, struct err *err)
{
	int was, last;
	bool moved;

	if (reach(l, MIN(delta, 0), MAX(delta, 0) + l->height + l->foot, err) < 0)
		return err->code;
	was = l->cursor;
	last = MAX((int)l->rows->len - 1, 0);
	l->cursor = CLAMP(l->cursor + delta, 0, last);
	l->top = CLAMP(l->top + delta, 0, last);
	settle(l);
	moved = l->cursor != was;
	trim(l);
	return moved;
}

int list_take(struct list *l, int n, GArray *out, struct err *err)
{
	int y = l->cursor - l->top, taken = 0;

	if (reach(l, 0, y + n, err) < 0)
		return err->code;
	for (; taken < n && l->cursor + taken < (int)l->rows->len; taken++) {
		const struct list_row *r = l->rows->pdata[l->cursor + taken];

		g_array_append_val(out, r->location);
	}
	trim(l);
	return taken;
}

bool list_between(const struct list *l, const struct list_key *from, const struct list_row *r)
{
	const struct list_row *cursor = list_current(l);
	int a, b;

	if (!cursor)
		return false;
	a = list_key_compare(l->order, &r->key, from);
	b = list_key_compare(l->order, &r->key, &cursor->key);
	return (a >= 0 && b <= 0) || (a <= 0 && b >= 0);
}

int list_seek(struct list *l, const struct list_key *key, struct err *err)
{
	struct list_key copy = *key;
	int y = l->cursor - l->top;

	for (int i = 0; i < (int)l->rows->len; i++)
		if (key_at(l, (guint)i)->location.v == copy.location.v) {
			l->cursor = i;
			settle(l);
			return reach(l, 0, l->height, err);
		}
	return read_around(l, &copy, CLAMP(y, 0, l->height / 2), err);
}

int list_seek_message(struct list *l, const struct list_key *key, message_id m, struct err *err)
{
	int rc = list_seek(l, key, err);

	for (int i = 0; rc >= 0 && i < (int)l->rows->len; i++)
		if (((const struct list_row *)l->rows->pdata[i])->message.v == m.v) {
			l->cursor = i;
			settle(l);
			return reach(l, 0, l->height, err);
		}
	return rc;
}

int list_next_unread(struct list *l, struct err *err)
{
	const struct list_row *row = list_current(l);
	struct list_scope scope = list_scope(l);
	struct list_key found;
	int rc, answer = 1;

	if (!row)
		return 0;
	rc = store_next_unread(l->store, &scope, &row->key, &found, err);
	if (rc == 0) {
		rc = store_next_unread(l->store, &scope, NULL, &found, err);
		answer = 2;
	}
	if (rc <= 0)
		return rc;
	if (found.location.v == row->location.v)
		return 0;
	rc = list_seek(l, &found, err);
	return rc < 0 ? rc : answer;
}

int list_prev_unread(struct list *l, struct err *err)
{
	struct list_key from;

	if (!list_current(l))
		return 0;
	from = list_current(l)->key;
	for (int page = 0; page < BACK_PAGES; page++) {
		g_autoptr(GPtrArray) rows = NULL;
		struct list_key found;
		bool any = false;
		guint len;

		if (read_page(l, PAGE_BEFORE, &from, READ_MAX, &rows, err) < 0)
			return err->code;
		len = rows->len;
		for (guint i = len; i > 0 && !any; i--) {
			const struct list_row *r = rows->pdata[i - 1];

			any = !(r->flags & FLAG_SEEN);
			found = r->key;
		}
		if (len > 0)
			from = ((const struct list_row *)rows->pdata[0])->key;
		if (len > 0)
			free_rows(rows, 0, len);
		if (any)
			return list_seek(l, &found, err) < 0 ? err->code : 1;
		if (len < READ_MAX)
			return 0;
	}
	return 0;
}
