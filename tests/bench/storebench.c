/*
 * storebench - how fast facts become rows, beside a bare insert of the same rows
 *
 * usage: storebench DIR [MESSAGES [BATCH [wishes|recent]]]
 *
 * Makes MESSAGES (100,000) facts as the first synchronisation of a mailbox
 * brings them (windows counted down from the newest, replies among them),
 * applies them with batch_apply in batches of BATCH (BATCH_CHANGES_MAX) into a
 * store in DIR/store, then reads that store's tables into memory and inserts
 * the rows into an empty database with the same schema: prepared statements,
 * one transaction, nothing else.  One JSON line; seconds are of the processor
 * (user and system) and of the clock.  DIR must exist and be empty.
 *
 * With "recent" all messages are of the last 80 days, else of years ago.
 *
 * With "wishes", instead, the reader acts on WISHES (1,000) marked rows: flags, tags, a move, the
 * trash, deletion for ever.  For each: milliseconds until store_want returns,
 * durably, until store_want_more is through, and the longest slice; the median
 * of ROUNDS, each on other messages.
 *
 * Part of `make bench`; no test, for a machine's speed is not ours.
 */
#include <glib.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "model/flags.h"
#include "store/store.h"

enum { WINDOW = 500, SENDERS = 400, WORDS_MAX = 9, TEXT = 200, WISHES = 1000, ROUNDS = 3 };

struct cost {
	double cpu, wall;
};

static struct cost now(void)
{
	struct rusage u;
	struct timespec t;

	getrusage(RUSAGE_SELF, &u);
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (struct cost){
		.cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6,
		.wall = (double)t.tv_sec + (double)t.tv_nsec / 1e9,
	};
}

static void add_since(struct cost *sum, struct cost begin)
{
	struct cost end = now();

	sum->cpu += end.cpu - begin.cpu;
	sum->wall += end.wall - begin.wall;
}

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "storebench: %s: %s\n", what, why);
	exit(1);
}

/* --- facts ------------------------------------------------------------- */

/* A number that depends on n alone. */
static uint32_t mix(uint64_t n)
{
	n = (n ^ (n >> 31)) * 0x9e3779b97f4a7c15u;
	n = (n ^ (n >> 29)) * 0xbf58476d1ce4e5b9u;
	return (uint32_t)(n >> 32);
}

struct fact {
	struct change change;
	char id[TEXT], reference[TEXT], subject[TEXT], name[TEXT], addr[TEXT];
	const char *references[1];
};

static int64_t first_date = 1500000000, date_step = 1700; /* unix seconds */

static void write_subject(char *out, uint32_t topic, bool reply)
{
	static const char *const words[] = { "kernel", "agenda", "meeting", "server", "release",
		"plan", "schedule", "invoice", "question", "build", "report", "holiday", "patch",
		"review", "list", "update" };
	size_t n = (size_t)g_snprintf(out, TEXT, "%s", reply ? "Re:" : "");

	for (unsigned i = 0; i < 2 + topic % (WORDS_MAX - 2); i++)
		n += (size_t)g_snprintf(out + n, TEXT - n, "%s%s", n ? " " : "",
			words[mix(topic + 77777 * i) % G_N_ELEMENTS(words)]);
}

/* Message k of a mailbox; not quite half of all answer one of the 200 before it. */
static void make_fact(struct fact *f, uint64_t k)
{
	uint32_t r = mix(k), sender = mix(r) % SENDERS;
	bool reply = k > 200 && r % 16 < 7;
	uint64_t root = reply ? k - 1 - r / 16 % 200 : k;

	memset(&f->change, 0, sizeof f->change);
	g_snprintf(f->id, TEXT, "%08x.%" G_GUINT64_FORMAT "@mail%u.example.org", r, k, r % 7);
	g_snprintf(f->name, TEXT, "Name%u Family%u", mix(sender) % 97, sender);
	g_snprintf(f->addr, TEXT, "name%u.family%u@example.net", mix(sender) % 97, sender);
	write_subject(f->subject, mix(root), reply);
	f->change = (struct change){ .kind = CHANGE_MESSAGE,
		.uid = k,
		.flags = r % 5 ? FLAG_SEEN : 0,
		.message_id = f->id,
		.subject = f->subject,
		.from_name = f->name,
		.from_addr = f->addr,
		.to = "Alice Example <alice@example.com>",
		.sent_at = first_date + (int64_t)k * date_step,
		.received_at = first_date + (int64_t)k * date_step + r % 300,
		.size = 1500 + mix(r + 1) % 20000,
		.has_attachment = r % 11 == 0 };
	if (reply) {
		uint32_t q = mix(root);

		g_snprintf(f->reference, TEXT, "%08x.%" G_GUINT64_FORMAT "@mail%u.example.org", q,
			root, q % 7);
		f->references[0] = f->reference;
		f->change.references = f->references;
		f->change.n_references = 1;
	}
}

/* --- through the store --------------------------------------------------- */

static mailbox_id make_mailbox(struct store *s, account_id *a)
{
	const struct mailbox list[] = {
		{ .path = (char *)"INBOX", .name = (char *)"INBOX", .delimiter = '/',
			.role = ROLE_INBOX },
		{ .path = (char *)"Archive", .name = (char *)"Archive", .delimiter = '/',
			.role = ROLE_ARCHIVE },
		{ .path = (char *)"Trash", .name = (char *)"Trash", .delimiter = '/',
			.role = ROLE_TRASH },
	};
	struct mailbox *found;
	struct batch *b;
	mailbox_id id;
	struct err err;

	if (store_account_bind(s, "bench", "imap", a, &err) < 0)
		fail("account", err.text);
	b = batch_new(*a, (mailbox_id){ 0 });
	for (size_t i = 0; i < G_N_ELEMENTS(list); i++)
		batch_mailbox(b, &list[i]);
	if (batch_apply(s, b, NULL, &err) < 0 || store_mailbox_find(s, *a, "INBOX", &found, &err) < 0)
		fail("mailbox", err.text);
	batch_free(&b);
	id = found->id;
	mailbox_free(&found);
	return id;
}

struct through {
	struct cost gather, apply;
};

static void apply(struct store *s, struct batch *b, struct through *out)
{
	struct cost begin = now();
	struct err err;

	batch_cursor(b, "cursor", 1, false);
	if (batch_apply(s, b, NULL, &err) < 0)
		fail("batch_apply", err.text);
	add_since(&out->apply, begin);
}

static struct through through_store(const char *dir, uint64_t messages, size_t full)
{
	struct through out = { 0 };
	g_autofree struct fact *f = g_new(struct fact, 1);
	struct store *s;
	struct batch *b;
	account_id a;
	mailbox_id m;
	struct err err;

	if (store_open(dir, STORE_BULK, NULL, &s, &err) < 0)
		fail("store_open", err.text);
	m = make_mailbox(s, &a);
	b = batch_new(a, m);
	for (uint64_t hi = messages; hi > 0;) {
		uint64_t lo = hi > WINDOW ? hi - WINDOW + 1 : 1;

		for (uint64_t k = lo; k <= hi; k++) {
			struct cost begin;

			make_fact(f, k);
			begin = now();
			batch_change(b, &f->change);
			add_since(&out.gather, begin);
		}
		hi = lo - 1;
		if (batch_size(b) >= full)
			apply(s, b, &out);
	}
	apply(s, b, &out);
	batch_free(&b);
	store_close(&s);
	return out;
}

/* --- the same rows, bare ------------------------------------------------- */

struct rows {
	char *table;
	int columns;
	GPtrArray *values; /* of sqlite3_value *, row by row */
};

static void rows_free(void *p)
{
	struct rows *r = p;

	g_ptr_array_unref(r->values);
	g_free(r->table);
	g_free(r);
}

static void must(sqlite3 *db, int code)
{
	if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
		fail("bare insert", sqlite3_errmsg(db));
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *q;

	must(db, sqlite3_prepare_v2(db, sql, -1, &q, NULL));
	return q;
}

static void drop_value(void *p)
{
	sqlite3_value_free(p);
}

static struct rows *read_table(sqlite3 *old, const char *table)
{
	struct rows *r = g_new0(struct rows, 1);
	g_autofree char *sql = g_strdup_printf("SELECT * FROM %s", table);
	sqlite3_stmt *q = prepare(old, sql);

	r->table = g_strdup(table);
	r->columns = sqlite3_column_count(q);
	r->values = g_ptr_array_new_with_free_func(drop_value);
	while (sqlite3_step(q) == SQLITE_ROW)
		for (int i = 0; i < r->columns; i++)
			g_ptr_array_add(r->values, sqlite3_value_dup(sqlite3_column_value(q, i)));
	sqlite3_finalize(q);
	return r;
}

/* Makes the old schema anew; the rows of its tables, in memory. */
static GPtrArray *read_old(sqlite3 *old, sqlite3 *db)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(rows_free);
	sqlite3_stmt *q = prepare(old, "SELECT type, name, sql FROM sqlite_master"
				       " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
				       " ORDER BY type = 'trigger', type DESC");

	while (sqlite3_step(q) == SQLITE_ROW) {
		const char *sql = (const char *)sqlite3_column_text(q, 2);

		must(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
		if (strcmp((const char *)sqlite3_column_text(q, 0), "table") == 0)
			g_ptr_array_add(all,
				read_table(old, (const char *)sqlite3_column_text(q, 1)));
	}
	sqlite3_finalize(q);
	return all;
}

static void insert_rows(sqlite3 *db, const struct rows *r)
{
	GString *sql = g_string_new(NULL);
	sqlite3_stmt *q;

	g_string_printf(sql, "INSERT INTO %s VALUES (?", r->table);
	for (int i = 1; i < r->columns; i++)
		g_string_append(sql, ",?");
	g_string_append_c(sql, ')');
	q = prepare(db, sql->str);
	for (guint n = 0; n < r->values->len; n += (guint)r->columns) {
		for (int i = 0; i < r->columns; i++)
			sqlite3_bind_value(q, i + 1, r->values->pdata[n + (guint)i]);
		must(db, sqlite3_step(q));
		sqlite3_reset(q);
	}
	sqlite3_finalize(q);
	g_string_free(sql, TRUE);
}

static struct cost bare_insert(const char *from, const char *into)
{
	struct cost spent = { 0 }, begin;
	g_autoptr(GPtrArray) all = NULL;
	sqlite3 *old, *db;

	must(NULL, sqlite3_open(from, &old));
	must(NULL, sqlite3_open(into, &db));
	must(db, sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;", NULL, NULL,
			 NULL));
	all = read_old(old, db);
	begin = now();
	must(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
	for (guint i = 0; i < all->len; i++)
		insert_rows(db, all->pdata[i]);
	must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
	add_since(&spent, begin);
	sqlite3_close(db);
	sqlite3_close(old);
	return spent;
}

/* --- what the reader does ---------------------------------------------- */

struct wished {
	double at_once, at_once_cpu, through, through_cpu, slice; /* milliseconds */
};

static double since_ms(struct cost begin)
{
	return (now().wall - begin.wall) * 1000;
}

static double spent_ms(struct cost begin)
{
	return (now().cpu - begin.cpu) * 1000;
}

/* Marks the newest WISHES rows of the inbox and wishes this of them. */
static struct wished wish(struct store *s, mailbox_id inbox, const struct want *w)
{
	struct list_scope scope = { .order = ORDER_DATE, .n = 1, .mailboxes = &inbox };
	g_autoptr(GPtrArray) rows = NULL;
	location_id l[WISHES];
	struct wished out = { 0 };
	struct cost begin;
	struct err err;
	int r;

	if (store_page(s, &scope, PAGE_FIRST, NULL, WISHES, &rows, &err) < 0)
		fail("store_page", err.text);
	for (guint i = 0; i < rows->len; i++)
		l[i] = ((struct list_row *)rows->pdata[i])->location;
	begin = now();
	if (store_want(s, w, l, rows->len, &err) < 0)
		fail("store_want", err.text);
	out.at_once = since_ms(begin);
	out.at_once_cpu = spent_ms(begin);
	do {
		struct cost slice = now();

		r = store_want_more(s, &err);
		out.slice = MAX(out.slice, since_ms(slice));
	} while (r > 0);
	if (r < 0)
		fail("store_want_more", err.text);
	out.through = since_ms(begin);
	out.through_cpu = spent_ms(begin);
	store_checkpoint(s);
	return out;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *numbers)
{
	qsort(numbers, ROUNDS, sizeof *numbers, by_size);
	return numbers[ROUNDS / 2];
}

static void wish_rounds(struct store *s, mailbox_id inbox, const char *name, const struct want *w)
{
	double at_once[ROUNDS], at_once_cpu[ROUNDS], through[ROUNDS], through_cpu[ROUNDS],
		slice[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		struct want one = *w;
		struct wished t;

		if (w->verb == MUTATION_FLAGS && i % 2) { /* on, off, on */
			one.add = w->remove;
			one.remove = w->add;
			one.add_keywords = w->remove_keywords;
			one.remove_keywords = w->add_keywords;
		}
		t = wish(s, inbox, &one);
		at_once[i] = t.at_once;
		at_once_cpu[i] = t.at_once_cpu;
		through[i] = t.through;
		through_cpu[i] = t.through_cpu;
		slice[i] = t.slice;
	}
	printf("{\"wish\": \"%s\", \"messages\": %d, \"at_once_ms\": %.1f,"
	       " \"at_once_cpu_ms\": %.1f, \"through_ms\": %.1f, \"through_cpu_ms\": %.1f,"
	       " \"slice_ms\": %.1f}\n", name, WISHES, median(at_once), median(at_once_cpu),
		median(through), median(through_cpu), median(slice));
}

static void wishes(const char *dir)
{
	const struct want flags = { .verb = MUTATION_FLAGS, .add = FLAG_FLAGGED },
			  tags = { .verb = MUTATION_FLAGS, .add_keywords = "work" },
			  move = { .verb = MUTATION_MOVE, .role = ROLE_ARCHIVE },
			  trash = { .verb = MUTATION_MOVE, .role = ROLE_TRASH },
			  expunge = { .verb = MUTATION_EXPUNGE };
	struct store *s;
	account_id a;
	mailbox_id inbox;
	struct err err;

	if (store_open(dir, STORE_CLI, NULL, &s, &err) < 0 ||
		store_account_bind(s, "bench", "imap", &a, &err) < 0)
		fail("store_open", err.text);
	inbox = store_mailbox_with_role(s, a, ROLE_INBOX);
	wish_rounds(s, inbox, "flags", &flags);
	wish_rounds(s, inbox, "tags", &tags);
	wish_rounds(s, inbox, "move", &move);
	wish_rounds(s, inbox, "trash", &trash);
	wish_rounds(s, inbox, "expunge", &expunge);
	store_close(&s);
}

int main(int argc, char **argv)
{
	uint64_t messages = argc > 2 ? g_ascii_strtoull(argv[2], NULL, 10) : 100000;
	uint64_t full = argc > 3 ? g_ascii_strtoull(argv[3], NULL, 10) : BATCH_CHANGES_MAX;
	g_autofree char *dir = argc > 1 ? g_build_filename(argv[1], "store", NULL) : NULL;
	g_autofree char *from = dir ? g_build_filename(dir, "tern.db", NULL) : NULL;
	g_autofree char *into = dir ? g_build_filename(argv[1], "bare.db", NULL) : NULL;
	bool recent = argc > 4 && strcmp(argv[4], "recent") == 0;
	struct through t;
	struct cost bare;

	if (!dir || messages == 0) {
		fprintf(stderr, "usage: storebench DIR [MESSAGES [BATCH [wishes|recent]]]\n");
		return 2;
	}
	if (recent) {
		date_step = 80 * 86400 / (int64_t)messages;
		first_date = (int64_t)time(NULL) - (int64_t)messages * date_step;
	}
	t = through_store(dir, messages, (size_t)full);
	if (argc > 4 && !recent) {
		wishes(dir);
		return 0;
	}
	bare = bare_insert(from, into);
	printf("{\"messages\": %" G_GUINT64_FORMAT ", \"gather_cpu_s\": %.3f, \"apply_cpu_s\": %.3f,"
	       " \"apply_s\": %.3f, \"bare_cpu_s\": %.3f, \"bare_s\": %.3f,"
	       " \"apply_rows_per_cpu_s\": %.0f, \"rate_of_bare\": %.2f}\n",
		messages, t.gather.cpu, t.apply.cpu, t.apply.wall, bare.cpu, bare.wall,
		(double)messages / t.apply.cpu, bare.cpu / t.apply.cpu);
	return 0;
}
