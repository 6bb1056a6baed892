#include "provider/imap_rig.h"

#include <string.h>

#include "base/mem.h"
#include "model/flags.h"

static void kept_free(gpointer p)
{
	struct kept *k = p;

	g_free(k->keywords);
	g_free(k->subject);
	g_free(k->message_id);
	g_free(k->from_addr);
	g_free(k->from_name);
	g_free(k->to);
	g_free(k->canonical);
	g_free(k->preview);
	g_free(k);
}

static void box_free(gpointer p)
{
	struct mailbox *m = p;

	mailbox_free(&m);
}

static gint by_uid(gconstpointer a, gconstpointer b, gpointer unused)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	(void)unused;
	return x < y ? -1 : x > y;
}

static int on_mailbox(struct sink *s, const struct mailbox *m, struct err *err)
{
	struct recorder *r = (struct recorder *)s;
	struct mailbox *copy = g_new0(struct mailbox, 1);

	(void)err;
	copy->path = g_strdup(m->path);
	copy->name = g_strdup(m->name);
	copy->cursor = g_strdup(m->cursor);
	copy->delimiter = m->delimiter;
	copy->role = m->role;
	copy->attrs = m->attrs;
	copy->object_id = g_strdup(m->object_id);
	g_ptr_array_add(r->mailboxes, copy);
	return 0;
}

static int on_reset(struct sink *s, struct err *err)
{
	struct recorder *r = (struct recorder *)s;

	(void)err;
	r->resets++;
	g_tree_remove_all(r->messages);
	return 0;
}

static void keep_message(struct recorder *r, const struct change *c)
{
	struct kept *old = g_tree_lookup(r->messages, &c->uid);
	struct kept *k = g_new0(struct kept, 1);

	k->times = old ? old->times + 1 : 1;
	if (!old)
		g_array_append_val(r->order, c->uid);
	k->uid = c->uid;
	k->size = c->size;
	k->flags = c->flags;
	k->keywords = g_strdup(c->keywords ? c->keywords : "");
	k->subject = g_strdup(c->subject);
	k->message_id = g_strdup(c->message_id);
	k->from_addr = g_strdup(c->from_addr);
	k->from_name = g_strdup(c->from_name);
	k->to = g_strdup(c->to);
	k->canonical = g_strdup(c->canonical);
	k->preview = g_strdup(c->preview);
	k->n_references = c->n_references;
	k->sent_at = c->sent_at;
	k->received_at = c->received_at;
	k->has_attachment = c->has_attachment;
	g_tree_replace(r->messages, &k->uid, k);
}

static int on_change(struct sink *s, const struct change *c, struct err *err)
{
	struct recorder *r = (struct recorder *)s;
	struct kept *k;

	if (r->fail_after && r->changes + 1 >= r->fail_after)
		return err_set(err, ERR_STORAGE, "The disk is full.");
	r->changes++;
	if (r->count_only)
		return 0;
	k = g_tree_lookup(r->messages, &c->uid);
	if (c->kind == CHANGE_MESSAGE) {
		keep_message(r, c);
	} else if (c->kind == CHANGE_GONE) {
		r->gone++;
		g_tree_remove(r->messages, &c->uid);
	} else {
		r->flag_changes++;
		if (k) {
			k->flags = c->flags;
			g_free(k->keywords);
			k->keywords = g_strdup(c->keywords ? c->keywords : "");
		}
	}
	return 0;
}

static int on_cursor(struct sink *s, const struct cursor_point *at, struct err *err)
{
	struct recorder *r = (struct recorder *)s;

	(void)err;
	g_strlcpy(r->cursor, at->cursor, sizeof r->cursor);
	r->uidvalidity = at->uidvalidity;
	r->complete = at->complete;
	r->done = at->done;
	r->of = at->of;
	r->points++;
	return r->pause_after && r->points >= r->pause_after;
}

struct filling {
	struct known *out;
	uint64_t from;
	size_t n, max;
};

static gboolean fill(gpointer key, gpointer value, gpointer data)
{
	struct filling *f = data;
	const struct kept *k = value;

	if (*(uint64_t *)key < f->from)
		return FALSE;
	f->out[f->n++] = (struct known){
		.uid = k->uid, .flags = k->flags, .keywords_hash = flags_keywords_hash(k->keywords)
	};
	return f->n == f->max;
}

static int on_known(struct sink *s, uint64_t from, struct known *out, size_t max, struct err *err)
{
	struct recorder *r = (struct recorder *)s;
	struct filling f = { .out = out, .from = from, .max = max };

	(void)err;
	g_tree_foreach(r->messages, fill, &f);
	return (int)f.n;
}

static void on_progress(struct sink *s, enum engine_stage stage, int64_t done, int64_t of)
{
	(void)s;
	(void)stage;
	(void)done;
	(void)of;
}

void recorder_init(struct recorder *r)
{
	*r = (struct recorder){ .sink = { .mailbox = on_mailbox,
					.reset = on_reset,
					.change = on_change,
					.cursor = on_cursor,
					.known = on_known,
					.progress = on_progress } };
	r->mailboxes = g_ptr_array_new_with_free_func(box_free);
	r->messages = g_tree_new_full(by_uid, NULL, NULL, kept_free);
	r->order = g_array_new(FALSE, FALSE, sizeof(uint64_t));
}

void recorder_release(struct recorder *r)
{
	g_ptr_array_unref(r->mailboxes);
	g_tree_unref(r->messages);
	g_array_unref(r->order);
}

struct kept *recorder_get(struct recorder *r, uint64_t uid)
{
	return g_tree_lookup(r->messages, &uid);
}

struct wanted {
	const char *subject;
	struct kept *found;
};

static gboolean match(gpointer key, gpointer value, gpointer data)
{
	struct wanted *w = data;
	struct kept *k = value;

	(void)key;
	if (g_strcmp0(k->subject, w->subject) == 0)
		w->found = k;
	return w->found != NULL;
}

struct kept *recorder_find(struct recorder *r, const char *subject)
{
	struct wanted w = { .subject = subject };

	g_tree_foreach(r->messages, match, &w);
	return w.found;
}

size_t recorder_count(struct recorder *r)
{
	return (size_t)g_tree_nnodes(r->messages);
}

struct mailbox *recorder_mailbox(struct recorder *r, const char *path)
{
	for (guint i = 0; i < r->mailboxes->len; i++) {
		struct mailbox *m = g_ptr_array_index(r->mailboxes, i);

		if (strcmp(m->path, path) == 0)
			return m;
	}
	return NULL;
}
