#include "ui/marks.h"

#include "base/clock.h"

enum {
	CHECK_SLICE = 2000,
	CHECK_EVERY_MS = 3000, /* where they are more than a slice */
};

void marks_init(struct marks *m)
{
	*m = (struct marks){ .set = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL) };
}

void marks_release(struct marks *m)
{
	g_clear_pointer(&m->set, g_hash_table_unref);
	g_clear_pointer(&m->checked, g_array_unref);
}

guint marks_count(const struct marks *m)
{
	return g_hash_table_size(m->set);
}

bool marks_has(const struct marks *m, location_id l)
{
	gint64 id = l.v;

	return g_hash_table_size(m->set) > 0 && g_hash_table_contains(m->set, &id);
}

void marks_put(struct marks *m, location_id l, bool on)
{
	gint64 id = l.v;

	if (on)
		g_hash_table_add(m->set, g_memdup2(&id, sizeof id));
	else
		g_hash_table_remove(m->set, &id);
}

bool marks_clear(struct marks *m)
{
	bool any = marks_count(m) > 0;

	g_hash_table_remove_all(m->set);
	g_clear_pointer(&m->checked, g_array_unref);
	m->again = false;
	return any;
}

static int newest_first(const void *pa, const void *pb)
{
	int64_t a = ((const location_id *)pa)->v, b = ((const location_id *)pb)->v;

	return a > b ? -1 : a < b;
}

GArray *marks_all(const struct marks *m)
{
	GArray *out = g_array_sized_new(FALSE, FALSE, sizeof(location_id), marks_count(m));
	GHashTableIter i;
	gpointer key;

	g_hash_table_iter_init(&i, m->set);
	while (g_hash_table_iter_next(&i, &key, NULL)) {
		location_id l = { *(const gint64 *)key };

		g_array_append_val(out, l);
	}
	g_array_sort(out, newest_first);
	return out;
}

void marks_stale(struct marks *m)
{
	m->again = marks_count(m) > 0;
}

/* Of the slice, what is not among those that are here. */
static guint drop_gone(struct marks *m, const location_id *slice, guint n, const GArray *here)
{
	guint dropped = 0, h = 0;

	for (guint i = 0; i < n; i++) {
		if (h < here->len && g_array_index(here, location_id, h).v == slice[i].v) {
			h++;
			continue;
		}
		dropped += marks_has(m, slice[i]);
		marks_put(m, slice[i], false);
	}
	return dropped;
}

/* Is a look due?  Milliseconds, -1 = none is. */
static int64_t begin_check(struct marks *m)
{
	int64_t now = clock_mono_ms(), wait = m->began_at + CHECK_EVERY_MS - now;

	if (!m->again)
		return -1;
	if (marks_count(m) > CHECK_SLICE && m->began_at > 0 && wait > 0)
		return wait;
	m->checked = marks_all(m);
	m->at = 0;
	m->again = false;
	m->began_at = MAX(now, 1);
	return 0;
}

int64_t marks_tick(struct marks *m, struct store *s, guint *dropped)
{
	struct survey now = { 0 };
	const location_id *slice;
	int64_t wait;
	guint n;

	if (!m->checked && (wait = begin_check(m)) != 0)
		return wait;
	slice = (const location_id *)(const void *)m->checked->data + m->at;
	n = MIN(m->checked->len - m->at, (guint)CHECK_SLICE);
	if (store_survey(s, slice, n, &now, NULL) == 0)
		*dropped += drop_gone(m, slice, n, now.here);
	survey_release(&now);
	m->at += n;
	if (m->at >= m->checked->len)
		g_clear_pointer(&m->checked, g_array_unref);
	return m->checked || m->again ? 0 : -1;
}
