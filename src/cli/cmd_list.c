/* Messages, page by page: a message with several places is one line. */
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/cursor.h"
#include "model/flags.h"

enum { SCOPE_MAX = 256, LIMIT_DEFAULT = 30, PAGE_ROWS = 128 };

struct listing {
	struct cli *c;
	bool json;
	struct table *table;
	GHashTable *names;   /* mailbox id -> its name, of every account listed */
	GArray *scope;       /* of mailbox_id */
	struct list_row *held; /* read but not printed: its copy in another mailbox may follow */
	int64_t printed;
};

static void listing_release(struct listing *l)
{
	table_free(&l->table);
	g_clear_pointer(&l->names, g_hash_table_unref);
	g_clear_pointer(&l->scope, g_array_unref);
	list_row_free(&l->held);
}

static void add_to_scope(struct listing *l, const struct mailbox *m)
{
	if (!(m->attrs & MAILBOX_NOSELECT))
		g_array_append_val(l->scope, m->id);
}

/* Names of all mailboxes of the account; those that --mailbox means (or all) join the scope. */
static int scope_account(struct listing *l, account_id id, const char *word, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *one = NULL;
	g_autoptr(GPtrArray) all = NULL;

	if (store_mailboxes(l->c->store, id, &all, err) < 0)
		return err->code;
	for (guint i = 0; i < all->len; i++) {
		struct mailbox *m = all->pdata[i];

		g_hash_table_insert(l->names, g_memdup2(&m->id.v, sizeof m->id.v), g_strdup(m->name));
		if (!word)
			add_to_scope(l, m);
	}
	if (!word)
		return 0;
	if (store_mailbox_find(l->c->store, id, word, &one, err) == 0)
		add_to_scope(l, one);
	else if (err->code != ERR_GONE)
		return err->code;
	return 0;
}

static int scope_all(struct listing *l, const struct args *a, struct err *err)
{
	g_autoptr(GPtrArray) accounts = NULL;

	if (pick_accounts(l->c, a, &accounts, err) < 0)
		return err->code;
	for (guint i = 0; i < accounts->len; i++) {
		const struct account *account = accounts->pdata[i];

		if (scope_account(l, account->id, args_option(a, "mailbox"), err) < 0)
			return err->code;
	}
	if (args_has(a, "mailbox") && l->scope->len == 0)
		return err_set(err, ERR_GONE, _("There is no mailbox \"%s\"."),
			args_option(a, "mailbox"));
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct list_key *x = &(*(struct list_row *const *)a)->key;
	const struct list_key *y = &(*(struct list_row *const *)b)->key;

	if (x->number != y->number)
		return x->number < y->number ? 1 : -1;
	return x->location.v < y->location.v ? 1 : x->location.v > y->location.v ? -1 : 0;
}

/* The next n rows behind `from`.  A scope takes SCOPE_MAX mailboxes; of more, each slice gives its
 * first n and the first n of those together are the answer. */
static int read_rows(struct listing *l, const struct list_key *from, size_t n, GPtrArray *rows,
	struct err *err)
{
	for (guint at = 0; at < l->scope->len; at += SCOPE_MAX) {
		struct list_scope scope = { .order = ORDER_DATE,
			.n = MIN(l->scope->len - at, SCOPE_MAX),
			.mailboxes = &g_array_index(l->scope, mailbox_id, at) };
		g_autoptr(GPtrArray) some = NULL;

		if (store_page(l->c->store, &scope, from ? PAGE_AFTER : PAGE_FIRST, from, n, &some,
			    err) < 0)
			return err->code;
		for (guint i = 0; i < some->len; i++)
			g_ptr_array_add(rows, g_steal_pointer(&some->pdata[i]));
	}
	if (l->scope->len > SCOPE_MAX)
		g_ptr_array_sort(rows, by_place);
	if (rows->len > n)
		g_ptr_array_set_size(rows, (int)n);
	return 0;
}

static json_t *mailboxes_json(struct listing *l, const struct list_row *r)
{
	g_autoptr(GPtrArray) rows = NULL;
	json_t *list = json_array();
	struct err err;

	if (store_message_rows(l->c->store, r->message, &rows, &err) < 0)
		return list;
	for (guint i = 0; i < rows->len; i++) {
		const struct list_row *at = rows->pdata[i];
		const char *name = g_hash_table_lookup(l->names, &at->mailbox.v);

		if (name)
			json_array_append_new(list, json_text(name));
	}
	return list;
}

static json_t *uid_json(const struct account *a, const struct list_row *r)
{
	bool numbered = a && strcmp(a->type, "maildir") != 0 && r->uid;

	return numbered ? json_integer((json_int_t)r->uid) : json_null();
}

static json_t *from_json(const struct list_row *r)
{
	g_autofree char *both = *r->from_name && *r->from_addr
		? g_strdup_printf("%s <%s>", r->from_name, r->from_addr)
		: g_strdup(*r->from_name ? r->from_name : r->from_addr);

	return json_text(both);
}

static void row_json(struct listing *l, const struct list_row *r)
{
	g_autofree char *cursor = cursor_write(&r->key);
	const struct account *a = account_of(l->c, r->account);
	char flags[FLAGS_NAMES_MAX];

	flags_to_imap(r->flags, flags);
	out_json(json_pack(
		"{s:I, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:b, s:b, s:s}",
		"id", (json_int_t)r->message.v, "account", json_text(a ? a->name : ""), "mailboxes",
		mailboxes_json(l, r), "uid", uid_json(a, r), "message_id",
		json_text(*r->message_id_header ? r->message_id_header : NULL), "thread",
		(json_int_t)r->conversation, "from", from_json(r), "to", json_text(r->to), "subject",
		json_text(r->subject), "date", json_time(r->sent_at), "received",
		json_time(r->received_at), "size", (json_int_t)r->size, "flags", json_words(flags),
		"tags", json_words(r->keywords), "attachments", r->attachment, "pending", r->pending,
		"cursor", cursor));
}

/* N unread, ! flagged, r answered, @ attachment, * waits to be sent. */
static void marks(const struct list_row *r, char out[6])
{
	out[0] = r->flags & FLAG_SEEN ? ' ' : 'N';
	out[1] = r->flags & FLAG_FLAGGED ? '!' : ' ';
	out[2] = r->flags & FLAG_ANSWERED ? 'r' : ' ';
	out[3] = r->attachment ? '@' : ' ';
	out[4] = r->pending ? '*' : ' ';
	out[5] = '\0';
}

static void row_cells(struct listing *l, const struct list_row *r)
{
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, r->message.v);
	time_t at = (time_t)(r->received_at ? r->received_at : r->sent_at);
	char date[24] = "", mark[6];
	struct tm tm;

	if (at && localtime_r(&at, &tm))
		strftime(date, sizeof date, "%Y-%m-%d %H:%M", &tm);
	marks(r, mark);
	table_row(l->table, (const char *[]){ id, mark, date, account_name_of(l->c, r->account),
		*r->from_name ? r->from_name : r->from_addr, r->subject });
}

static void print_held(struct listing *l)
{
	if (l->json)
		row_json(l, l->held);
	else
		row_cells(l, l->held);
	l->printed++;
}

/* Takes a row: a second copy of the held message takes its place, another one lets it be printed.
 * False when the limit is reached: the row is more than was asked for. */
static bool take_row(struct listing *l, struct list_row **row, int64_t limit)
{
	bool same = l->held && l->held->message.v == (*row)->message.v;

	if (l->held && !same && l->printed + 1 >= limit)
		return false;
	if (l->held && !same)
		print_held(l);
	list_row_free(&l->held);
	l->held = TAKE(*row);
	return true;
}

/* 1 = there is more, 0 = that was all. */
static int list_rows(struct listing *l, const struct list_key *after, int64_t limit, struct err *err)
{
	struct list_key from = { 0 };
	bool more = true, started = after != NULL;

	if (after)
		from = *after;
	while (more && out_alive()) {
		g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(list_row_drop);

		if (read_rows(l, started ? &from : NULL, PAGE_ROWS, rows, err) < 0)
			return err->code;
		more = rows->len == PAGE_ROWS;
		for (guint i = 0; i < rows->len; i++) {
			AUTO(list_row_free) struct list_row *row = g_steal_pointer(&rows->pdata[i]);

			from = row->key;
			if (!take_row(l, &row, limit))
				return 1;
		}
		started = true;
	}
	return 0;
}

static int run_list(struct listing *l, const struct args *a, struct err *err)
{
	const char *after = args_option(a, "after");
	struct list_key from;
	int64_t limit;
	int more;

	if (args_number(args_option(a, "limit"), 1, LIMIT_DEFAULT, &limit, err) < 0 ||
		(after && cursor_read(after, &from, err) < 0) || scope_all(l, a, err) < 0)
		return err->code;
	more = list_rows(l, after ? &from : NULL, limit, err);
	if (more < 0 || !l->held)
		return more;
	print_held(l);
	table_print(l->table);
	if (more && !l->json) {
		g_autofree char *cursor = cursor_write(&l->held->key);

		fflush(stdout);
		fprintf(stderr, _("more: --after %s\n"), cursor);
	}
	return 0;
}

int cmd_list(struct cli *c, const struct args *a)
{
	static const int widths[] = { 0, 0, 0, 16, 24, 0 };
	AUTO(listing_release) struct listing l = { .c = c, .json = a->json,
		.table = table_new(6, widths),
		.names = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
		.scope = g_array_new(FALSE, FALSE, sizeof(mailbox_id)) };
	struct err err = { 0 };

	if (run_list(&l, a, &err) < 0)
		return say_error(&err);
	return l.printed ? EXIT_DONE : EXIT_NOTHING;
}
