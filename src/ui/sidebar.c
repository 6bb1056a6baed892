#include "ui/sidebar.h"

#include <string.h>

#include "base/i18n.h"
#include "ui/priv.h"

enum { SCOPE_MAX = 256 };

static void place_free(gpointer p)
{
	struct place *place = p;

	g_free(place->label);
	g_free(place);
}

void sidebar_init(struct sidebar *s)
{
	*s = (struct sidebar){ .current = -1 };
	s->mailboxes = g_ptr_array_new();
	s->places = g_ptr_array_new_with_free_func(place_free);
}

void sidebar_release(struct sidebar *s)
{
	g_ptr_array_unref(s->mailboxes);
	g_ptr_array_unref(s->places);
}

static struct place *add(struct sidebar *s, enum place_kind kind, account_id a, const char *label)
{
	struct place *p = g_new0(struct place, 1);

	p->kind = kind;
	p->account = a;
	p->label = g_strdup(label);
	p->selectable = kind != PLACE_ACCOUNT;
	g_ptr_array_add(s->places, p);
	return p;
}

/* The names of the account's mailboxes without a role, as a set; they are borrowed. */
static GHashTable *plain_names(const struct sidebar *s, account_id a)
{
	GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < s->mailboxes->len; i++) {
		const struct mailbox *m = s->mailboxes->pdata[i];

		if (m->account.v == a.v && m->role == ROLE_NONE)
			g_hash_table_add(names, m->name);
	}
	return names;
}

static bool listed(GHashTable *names, const char *path, size_t len)
{
	g_autofree char *parent = g_strndup(path, len);

	return g_hash_table_contains(names, parent);
}

/* A child of a listed mailbox shows its last level only, indented. */
static const char *nest(GHashTable *names, const struct mailbox *m, int *depth)
{
	const char *last = m->name;

	*depth = 0;
	if (m->role != ROLE_NONE)
		return mailbox_label(m);
	for (const char *p = strchr(m->name, '/'); p && p[1]; p = strchr(p + 1, '/')) {
		if (!listed(names, m->name, (size_t)(p - m->name)))
			break;
		last = p + 1;
		(*depth)++;
	}
	return last;
}

static void add_mailboxes(struct sidebar *s, account_id a)
{
	g_autoptr(GHashTable) names = plain_names(s, a);

	for (guint i = 0; i < s->mailboxes->len; i++) {
		const struct mailbox *m = s->mailboxes->pdata[i];
		struct place *p;
		int depth;

		if (m->account.v != a.v)
			continue;
		p = add(s, PLACE_MAILBOX, a, nest(names, m, &depth));
		p->depth = depth;
		p->mailbox = m->id;
		p->unread = m->role == ROLE_TRASH ? 0 : m->unread;
		p->selectable = !(m->attrs & MAILBOX_NOSELECT);
	}
}

static void build(struct sidebar *s, const struct config *config)
{
	struct place *all = NULL;

	g_ptr_array_set_size(s->places, 0);
	if (config->accounts->len > 1)
		all = add(s, PLACE_ALL_INBOXES, (account_id){ 0 }, _("All inboxes"));
	for (guint i = 0; i < config->accounts->len; i++) {
		const struct account *a = config->accounts->pdata[i];

		add(s, PLACE_ACCOUNT, a->id, a->name);
		add_mailboxes(s, a->id);
	}
	for (guint i = 0; all && i < s->mailboxes->len; i++) {
		const struct mailbox *m = s->mailboxes->pdata[i];

		if (m->role == ROLE_INBOX)
			all->unread += m->unread;
	}
}

/* Finds the place again that was current before everything was read anew. */
static int same_place(const struct sidebar *s, enum place_kind kind, mailbox_id m)
{
	for (guint i = 0; i < s->places->len; i++) {
		const struct place *p = s->places->pdata[i];

		if (p->kind == kind && p->mailbox.v == m.v && kind != PLACE_ACCOUNT)
			return (int)i;
	}
	return -1;
}

/* The store may still know accounts that are no longer configured. */
static void drop_strangers(GPtrArray *mailboxes, const struct config *config)
{
	for (guint i = mailboxes->len; i > 0; i--) {
		const struct mailbox *m = mailboxes->pdata[i - 1];
		bool known = false;

		for (guint k = 0; k < config->accounts->len; k++)
			known |= ((const struct account *)config->accounts->pdata[k])->id.v ==
				 m->account.v;
		if (!known)
			g_ptr_array_remove_index(mailboxes, i - 1);
	}
}

int sidebar_read(struct sidebar *s, struct store *store, const struct config *config,
	struct err *err)
{
	const struct place *was = sidebar_current(s);
	enum place_kind kind = was ? was->kind : PLACE_ACCOUNT;
	mailbox_id mailbox = was ? was->mailbox : (mailbox_id){ 0 };
	GPtrArray *fresh = NULL;
	int rc = store_mailboxes(store, (account_id){ 0 }, &fresh, err);

	if (rc < 0)
		return rc;
	g_ptr_array_unref(s->mailboxes);
	s->mailboxes = fresh;
	drop_strangers(fresh, config);
	build(s, config);
	s->current = same_place(s, kind, mailbox);
	return 0;
}

const struct place *sidebar_current(const struct sidebar *s)
{
	return s->current >= 0 && s->current < (int)s->places->len ? s->places->pdata[s->current]
								   : NULL;
}

int sidebar_step(const struct sidebar *s, int direction)
{
	for (int i = s->current + direction; i >= 0 && i < (int)s->places->len; i += direction)
		if (((const struct place *)s->places->pdata[i])->selectable)
			return i;
	return -1;
}

int sidebar_start(const struct sidebar *s)
{
	int first = -1;

	for (guint i = 0; i < s->places->len; i++) {
		const struct place *p = s->places->pdata[i];
		const struct mailbox *m = sidebar_mailbox(s, p->mailbox);

		if (!p->selectable)
			continue;
		if (p->kind == PLACE_ALL_INBOXES || (m && m->role == ROLE_INBOX))
			return (int)i;
		if (first < 0)
			first = (int)i;
	}
	return first;
}

int sidebar_find(const struct sidebar *s, mailbox_id m)
{
	return same_place(s, PLACE_MAILBOX, m);
}

const struct mailbox *sidebar_mailbox(const struct sidebar *s, mailbox_id id)
{
	for (guint i = 0; i < s->mailboxes->len; i++) {
		const struct mailbox *m = s->mailboxes->pdata[i];

		if (m->id.v == id.v)
			return m;
	}
	return NULL;
}

GArray *sidebar_scope(const struct sidebar *s, int place)
{
	GArray *out = g_array_new(FALSE, FALSE, sizeof(mailbox_id));
	const struct place *p = s->places->pdata[place];

	if (p->kind == PLACE_MAILBOX)
		g_array_append_val(out, p->mailbox);
	for (guint i = 0; p->kind == PLACE_ALL_INBOXES && i < s->mailboxes->len; i++) {
		const struct mailbox *m = s->mailboxes->pdata[i];

		if (m->role == ROLE_INBOX && out->len < SCOPE_MAX)
			g_array_append_val(out, m->id);
	}
	return out;
}

static enum style place_style(const struct place *p, bool current)
{
	if (current)
		return STYLE_SIDEBAR_CURRENT;
	if (!p->selectable)
		return STYLE_SIDEBAR_ACCOUNT;
	return p->unread > 0 ? STYLE_SIDEBAR_UNREAD : STYLE_SIDEBAR;
}

static void draw_place(const struct place *p, bool current, struct canvas *c, int y,
	const struct area *a)
{
	enum style style = place_style(p, current);
	int indent = p->kind == PLACE_MAILBOX ? 1 + MIN(p->depth, 4) * 2 : 0, end = a->x + a->w - 1;
	char number[32];

	canvas_fill(c, y, a->x, a->w, style);
	if (p->unread > 0)
		end = canvas_put_right(c, y, end, a->w / 2, style, number_text(p->unread, number)) - 1;
	canvas_put_cut(c, y, a->x + 1 + indent, end - a->x - 1 - indent, style, p->label);
}

void sidebar_draw(struct sidebar *s, struct canvas *c, const struct area *a)
{
	int n = (int)s->places->len;

	if (s->current >= s->top + a->h)
		s->top = s->current - a->h + 1;
	if (s->current >= 0 && s->current < s->top)
		s->top = s->current;
	s->top = CLAMP(s->top, 0, MAX(n - a->h, 0));
	for (int y = 0; y < a->h && s->top + y < n; y++)
		draw_place(s->places->pdata[s->top + y], s->top + y == s->current, c, a->y + y, a);
}
