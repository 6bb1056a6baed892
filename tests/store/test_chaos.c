/*
 * Both sides at random, with every outcome: a server in memory that refuses,
 * loses answers, renumbers its mailboxes and is written to by others, while the
 * reader wishes, undoes, holds, drops and retries, large steps are under way
 * and processes die.
 *
 * After each action the store's own check and the invariants of doc/STORE must
 * hold; what reaches the server must be about the message that was meant, and
 * what may have been done already must come back in doubt.  In the end, when
 * everything is let go, nothing waits and the lists show what the server has.
 * SEED=N RUNS=N in the environment for longer ones (C-14, C-30, M-69..M-74).
 */
#include <check.h>
#include <glib.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/flags.h"
#include "support/rig.h"

enum { BOXES = 3, FIRST = 6, ACTIONS = 150, RUNS_DEFAULT = 30, DRAIN_MAX = 60, SEED_DEFAULT = 1 };

static struct rig *rig;
static struct err err;

/* A message in a mailbox of the server. */
struct slot {
	uint64_t uid, size;
	int m;
	unsigned flags;
	bool tag;              /* its one keyword, "t" */
	bool ours;             /* marked \Deleted for us */
};

static struct world {
	GRand *rand;
	GArray *slots[BOXES];
	uint64_t next_uid[BOXES];
	uint32_t validity[BOXES];
	bool renumbered[BOXES];      /* and the store has not heard it */
	int next_m, cursor;
	bool calm;                   /* no more faults */
	struct mutation_batch *sent; /* claimed, not settled */
	GHashTable *doubt;           /* rows that the server may have done */
	GString *said;
} w;

static int upto(int n)
{
	return g_rand_int_range(w.rand, 0, n);
}

static bool chance(int percent)
{
	return upto(100) < percent;
}

static void said(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void said(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_string_append_vprintf(w.said, format, args);
	va_end(args);
	g_string_append_c(w.said, ' ');
	if (getenv("VERBOSE"))
		fprintf(stderr, "%s\n", strrchr(g_strchomp(g_strdup(w.said->str)), ' '));
}

#define must(r) ck_assert_msg((r) >= 0, "%s: %s", err.text, w.said->str)

static mailbox_id box(int i)
{
	return i == 0 ? rig->inbox : i == 1 ? rig->archive : rig->trash;
}

static int box_index(mailbox_id m)
{
	return m.v == rig->inbox.v ? 0 : m.v == rig->archive.v ? 1 : 2;
}

/* --- the server -------------------------------------------------------- */

static struct slot *slot_at(int b, guint i)
{
	return &g_array_index(w.slots[b], struct slot, i);
}

static int find(int b, uint64_t uid)
{
	for (guint i = 0; i < w.slots[b]->len; i++)
		if (slot_at(b, i)->uid == uid)
			return (int)i;
	return -1;
}

/* A message that came there after the mark was noted. */
static struct slot *found_since(int b, int m, const char *mark)
{
	for (guint i = 0; i < w.slots[b]->len; i++)
		if (slot_at(b, i)->m == m && slot_at(b, i)->uid >= strtoull(mark, NULL, 10))
			return slot_at(b, i);
	return NULL;
}

static uint64_t put(int b, const struct slot *of)
{
	struct slot s = *of;

	s.uid = ++w.next_uid[b];
	s.ours = false;
	g_array_append_val(w.slots[b], s);
	return s.uid;
}

/* --- what the store hears ---------------------------------------------- */

static void add_gone(struct batch *facts, int b)
{
	struct store_known known[256];
	int n = store_known(rig->store, box(b), 0, known, G_N_ELEMENTS(known), &err);

	must(n);
	for (int i = 0; i < n; i++)
		if (find(b, known[i].uid) < 0)
			batch_change(facts, &(struct change){ .kind = CHANGE_GONE, .uid = known[i].uid });
}

static void hear(int b)
{
	struct batch *facts = batch_new(rig->account, box(b));
	g_autofree char *cursor = g_strdup_printf("%d", ++w.cursor);

	if (w.renumbered[b])
		batch_reset(facts);
	else
		add_gone(facts, b);
	for (guint i = 0; i < w.slots[b]->len; i++) {
		const struct slot *s = slot_at(b, i);
		g_autofree char *id = g_strdup_printf("m%d@example.org", s->m);

		batch_change(facts, &(struct change){ .kind = CHANGE_MESSAGE, .uid = s->uid,
					    .flags = s->flags, .keywords = s->tag ? "t" : NULL,
					    .message_id = id, .subject = id, .size = s->size,
					    .received_at = 1600000000 + s->m });
	}
	batch_cursor(facts, cursor, w.validity[b], true);
	must(batch_apply(rig->store, facts, NULL, &err));
	batch_free(&facts);
	w.renumbered[b] = false;
	said("hear%d", b);
}

static void pass(void)
{
	for (int b = 0; b < BOXES; b++)
		hear(b);
	must(store_pass_done(rig->store, rig->account, &err));
	said("pass");
}

/* --- what the server is told ------------------------------------------- */

static int number_of(const struct mutation_item *i)
{
	return atoi(i->message_id_header + 1);
}

static void serve_flags(struct slot *s, const struct mutation_batch *b, struct applied *out)
{
	if (!w.calm && !b->unconditional && chance(10)) {
		s->flags ^= chance(50) ? FLAG_SEEN : FLAG_ANSWERED;
		s->tag = chance(50);
		out->state = APPLIED_CHANGED;
		out->flags = s->flags;
		out->keywords = g_strdup(s->tag ? "t" : "");
		return;
	}
	s->flags = (s->flags | b->add) & ~b->remove;
	s->tag = (s->tag || strcmp(b->add_keywords, "t") == 0) && strcmp(b->remove_keywords, "t") != 0;
	out->state = APPLIED_DONE;
}

static void serve_removal(int from, int at, struct applied *out)
{
	out->marked = !w.calm && chance(15);
	if (out->marked) {
		slot_at(from, (guint)at)->flags |= FLAG_DELETED;
		slot_at(from, (guint)at)->ours = true;
	} else
		g_array_remove_index(w.slots[from], (guint)at);
}

static void serve_append(const struct mutation_batch *b, const struct mutation_item *i,
	struct applied *out)
{
	const struct slot s = { .m = number_of(i), .size = i->size, .flags = b->add,
		.tag = strcmp(b->add_keywords, "t") == 0 };
	int to = box_index(b->target);
	const struct slot *there = b->uncertain ? found_since(to, s.m, b->mark) : NULL;

	out->target_uid = there ? there->uid : put(to, &s);
	out->state = APPLIED_DONE;
}

/* What was in doubt is looked for first. */
static void serve_one(const struct mutation_batch *b, const struct mutation_item *i,
	struct applied *out)
{
	int from = b->verb == MUTATION_APPEND ? -1 : box_index(b->source);
	int to = b->target.v ? box_index(b->target) : -1, at = from < 0 ? -1 : find(from, i->uid);
	const struct slot *there = NULL;

	if (from < 0) {
		serve_append(b, i, out);
		return;
	}
	if (at >= 0)
		ck_assert_msg(slot_at(from, (guint)at)->m == number_of(i), "the wrong message: %s",
			w.said->str);
	if (b->uncertain && to >= 0)
		there = found_since(to, number_of(i), b->mark);
	if (at < 0) {
		out->state = there || (b->uncertain && b->verb == MUTATION_EXPUNGE) ? APPLIED_DONE
										    : APPLIED_GONE;
		out->target_uid = there ? there->uid : 0;
		return;
	}
	if (b->verb == MUTATION_FLAGS) {
		serve_flags(slot_at(from, (guint)at), b, out);
		return;
	}
	if (to >= 0)
		out->target_uid = there ? there->uid : put(to, slot_at(from, (guint)at));
	if (b->verb != MUTATION_COPY)
		serve_removal(from, at, out);
	out->state = APPLIED_DONE;
}

/* --- a batch ----------------------------------------------------------- */

static void claim(void)
{
	struct mutation_batch *b = rig_claim(rig);

	if (!b)
		return;
	said("claim(%s,%d)", mutation_verb_name(b->verb), (int)b->n);
	for (size_t i = 0; i < b->n; i++)
		ck_assert_msg(b->uncertain || !g_hash_table_contains(w.doubt, &b->items[i].row),
			"a row in doubt is sent as if it were new: %s", w.said->str);
	if (b->target.v && !(b->uncertain && *b->mark)) {
		snprintf(b->mark, sizeof b->mark, "%d",
			(int)w.next_uid[box_index(b->target)] + 1);
		must(store_queue_mark(rig->store, b, &err));
	}
	w.sent = b;
}

/* How the batch as a whole fares. */
static void fate(struct applied *out, size_t i, struct err *why)
{
	static const enum err_code codes[] = { ERR_OFFLINE, ERR_CONFLICT, ERR_PROTOCOL, ERR_RETRY };
	const struct mutation_batch *b = w.sent;
	int dice = w.calm ? 100 : upto(100);

	if (dice < 10) {
		err_set(why, codes[upto(G_N_ELEMENTS(codes))], "Not now.");
		return;
	}
	if (dice < 16) {
		out[i].state = APPLIED_REFUSED;
		return;
	}
	if (dice >= 20 || chance(50)) /* else it was lost on its way there */
		serve_one(b, &b->items[i], &out[i]);
	if (dice < 24) {
		g_clear_pointer(&out[i].keywords, g_free);
		out[i] = (struct applied){ .state = APPLIED_UNKNOWN };
		err_set(why, ERR_OFFLINE, "The line broke.");
	}
	if (!w.calm && chance(25))
		out[i].target_uid = 0;
}

static void note_doubt(const struct applied *out)
{
	for (size_t i = 0; i < w.sent->n; i++)
		if (out[i].state == APPLIED_UNKNOWN)
			g_hash_table_add(w.doubt, g_memdup2(&w.sent->items[i].row, sizeof(int64_t)));
		else if (out[i].state != APPLIED_NOT_TRIED)
			g_hash_table_remove(w.doubt, &w.sent->items[i].row);
}

static void answer(void)
{
	struct applied *out = g_new0(struct applied, w.sent->n);
	struct err why = { 0 };
	bool same = w.sent->verb == MUTATION_APPEND ||
		w.sent->uidvalidity == w.validity[box_index(w.sent->source)];

	if (!same)
		err_set(&why, ERR_CONFLICT, "Made anew.");
	for (size_t i = 0; same && i < w.sent->n; i++)
		fate(out, i, &why);
	for (size_t i = 0; i < w.sent->n; i++) {
		if (w.sent->target.v)
			out[i].target_uidvalidity = w.validity[box_index(w.sent->target)];
		said("=%d", out[i].state);
	}
	note_doubt(out);
	must(store_queue_settle(rig->store, w.sent, out, &why, &err));
	applied_free(out, w.sent->n);
	mutation_batch_free(&w.sent);
}

/* The process dies; perhaps what it sent arrived. */
static void die(void)
{
	if (w.sent) {
		struct applied *out = g_new0(struct applied, w.sent->n);
		bool arrived = chance(50) && w.sent->verb != MUTATION_APPEND &&
			w.sent->uidvalidity == w.validity[box_index(w.sent->source)];

		for (size_t i = 0; i < w.sent->n; i++) {
			if (arrived)
				serve_one(w.sent, &w.sent->items[i], &out[i]);
			g_clear_pointer(&out[i].keywords, g_free);
			out[i].state = APPLIED_UNKNOWN;
		}
		note_doubt(out);
		g_free(out);
		mutation_batch_free(&w.sent);
	}
	rig_reopen(rig);
	must(store_queue_recover(rig->store, rig->account, &err));
	said("die");
}

/* --- the reader -------------------------------------------------------- */

static GPtrArray *shown(int b)
{
	mailbox_id m = box(b);
	struct list_scope scope = { .order = ORDER_DATE, .n = 1, .mailboxes = &m };
	GPtrArray *rows = NULL;

	must(store_page(rig->store, &scope, PAGE_FIRST, NULL, 1000, &rows, &err));
	return rows;
}

static struct want any_want(void)
{
	unsigned bit = chance(50) ? FLAG_SEEN : FLAG_FLAGGED;
	int kind = upto(20);

	if (kind < 5)
		return (struct want){ .verb = MUTATION_FLAGS, .add = bit };
	if (kind < 8)
		return (struct want){ .verb = MUTATION_FLAGS, .remove = bit };
	if (kind < 10)
		return (struct want){ .verb = MUTATION_FLAGS, .add_keywords = chance(50) ? "t" : NULL,
			.remove_keywords = "t" };
	return (struct want){ .verb = kind < 16 ? MUTATION_MOVE : kind < 18 ? MUTATION_COPY
							       : MUTATION_EXPUNGE,
		.target = box(upto(BOXES)) };
}

static void wish(void)
{
	g_autoptr(GPtrArray) rows = shown(upto(BOXES));
	const struct want want = any_want();
	const struct list_row *row;

	if (rows->len == 0)
		return;
	row = rows->pdata[upto((int)rows->len)];
	said("%s(%s,%d>%d,+%u-%u)", mutation_verb_name(want.verb), row->message_id_header,
		box_index(row->mailbox), want.target.v ? box_index(want.target) : -1, want.add,
		want.remove);
	if (chance(20))
		must(store_note_read(rig->store, row->location, &err));
	else
		must(store_want(rig->store, &want, &row->location, 1, &err));
}

/* As many places as are shown at once, all the same; the others follow by store_want_more. */
static void wish_much(void)
{
	g_autoptr(GPtrArray) rows = shown(upto(BOXES));
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(location_id));
	const struct want want = any_want();

	if (rows->len == 0)
		return;
	for (guint i = 0; i < WANT_AT_ONCE + rows->len - 1; i++) {
		const struct list_row *row = rows->pdata[i < WANT_AT_ONCE ? 0 : i - WANT_AT_ONCE + 1];

		g_array_append_val(places, row->location);
	}
	said("much(%s,%d>%d)", mutation_verb_name(want.verb),
		box_index(((struct list_row *)rows->pdata[0])->mailbox),
		want.target.v ? box_index(want.target) : -1);
	must(store_want(rig->store, &want, (const location_id *)(void *)places->data, places->len,
		&err));
}

static void draft(void)
{
	g_autoptr(GPtrArray) rows = shown(1);
	g_autofree char *path = g_build_filename(rig->dir, "draft", NULL);
	g_autofree char *id = g_strdup_printf("m%d@example.org", w.next_m);
	const struct change facts = { .kind = CHANGE_MESSAGE, .message_id = id, .subject = id,
		.flags = FLAG_DRAFT | (chance(50) ? FLAG_SEEN : 0), .received_at = 1600000000 + w.next_m };
	message_id old = { 0 };
	FILE *f = fopen(path, "w+");

	ck_assert_ptr_nonnull(f);
	fprintf(f, "Message-ID: <%s>\r\n\r\n%d\r\n", id, w.next_m);
	fflush(f);
	if (rows->len > 0 && chance(70))
		old = ((struct list_row *)rows->pdata[upto((int)rows->len)])->message;
	must(store_append(rig->store, rig->archive, &facts, fileno(f), old, NULL, &err));
	fclose(f);
	said("draft(m%d,for %d)", w.next_m++, (int)old.v);
}

static void turn_back(void)
{
	bool again = chance(40);
	struct undone u;
	int64_t step = 0;
	int r;

	if (chance(50)) {
		g_autoptr(GPtrArray) lines = NULL;

		must(store_history(rig->store, 0, 50, &lines, &err));
		if (lines->len > 0)
			step = ((struct history_row *)lines->pdata[upto((int)lines->len)])->step;
	}
	r = again ? store_redo(rig->store, step, &u, &err) : store_undo(rig->store, step, &u, &err);
	said("%s(%d)=%d", again ? "redo" : "undo", (int)step, r);
	ck_assert_msg(r >= 0 || r == ERR_REFUSED || r == ERR_GONE, "%s: %s", err.text, w.said->str);
}

static void act_on_row(void)
{
	g_autoptr(GPtrArray) rows = NULL;
	const struct mutation_row *row;
	int what = upto(6), r;
	bool group = chance(30);

	must(store_queue_rows(rig->store, rig->account, false, &rows, &err));
	if (rows->len == 0)
		return;
	row = rows->pdata[upto((int)rows->len)];
	r = what > 4 ? store_queue_retarget(rig->store, row->id, group, box(upto(BOXES)), &err)
		     : store_queue_act(rig->store, row->id, group,
			       what == 4 ? QUEUE_RELEASE : (enum queue_act)what, &err);
	said("act%d(%d,%s,%d)=%d", what, (int)row->id, mutation_verb_name(row->verb), group, r);
	ck_assert_msg(r >= 0 || r == ERR_USAGE || r == ERR_GONE || r == ERR_REFUSED || r == ERR_UNSUPPORTED,
		"%s: %s", err.text, w.said->str);
}

/* --- others ------------------------------------------------------------ */

static void foreign(void)
{
	int b = upto(BOXES), what = upto(10);
	guint i;

	if (what < 2) {
		put(b, &(struct slot){ .m = w.next_m, .size = 1000 });
		w.next_m++;
	} else if (what == 9) {
		w.validity[b] += BOXES;
		w.renumbered[b] = true;
		for (i = 0; i < w.slots[b]->len; i++)
			slot_at(b, i)->uid = ++w.next_uid[b];
	} else if (w.slots[b]->len > 0) {
		i = (guint)upto((int)w.slots[b]->len);
		if (what < 6)
			slot_at(b, i)->flags ^= FLAG_ANSWERED;
		else if (what == 6)
			g_array_remove_index(w.slots[b], i);
		else {
			put(upto(BOXES), slot_at(b, i));
			g_array_remove_index(w.slots[b], i);
		}
	}
	said("foreign%d(%d)", what, b);
	if (chance(60))
		hear(b);
}

/* --- what must always hold --------------------------------------------- */

#define OPEN "status IN ('queued', 'leased')"

static const struct rule {
	const char *name, *sql;
} rules[] = {
	{ "ready",
		"SELECT count(*) FROM mutation q WHERE status = 'queued' AND ready <> (held = 0 AND"
		" id = (SELECT min(id) FROM mutation e WHERE e.message_id = q.message_id AND e." OPEN ")"
		" AND (verb = 'append' OR EXISTS (SELECT 1 FROM location l JOIN mailbox b"
		"  ON b.id = l.mailbox_id WHERE l.id = q.source_location_id AND l.uid IS NOT NULL"
		"  AND l.lost = 0 AND (b.cursor <> '' OR b.uidvalidity = 0)))"
		" AND NOT EXISTS (SELECT 1 FROM mutation a WHERE q.after_id > 0 AND a.id = q.after_id"
		"  AND a." OPEN "))" },
	{ "source",
		"SELECT count(*) FROM mutation q WHERE " OPEN " AND NOT EXISTS (SELECT 1 FROM location l"
		" WHERE l.id = q.source_location_id AND l.message_id = q.message_id"
		" AND l.mailbox_id = q.source_id)" },
	{ "target",
		"SELECT count(*) FROM mutation q WHERE status = 'queued' AND uncertain = 0"
		" AND target_id > 0 AND NOT EXISTS"
		" (SELECT 1 FROM location l WHERE l.id = q.target_location_id"
		" AND l.message_id = q.message_id AND l.mailbox_id = q.target_id)" },
	{ "pending",
		"SELECT count(*) FROM location l WHERE pending <> EXISTS (SELECT 1 FROM mutation q"
		" WHERE q.message_id = l.message_id AND q." OPEN " AND (q.source_location_id = l.id"
		" OR q.target_location_id = l.id))" },
};

static sqlite3 *eye; /* a connection of its own, that looks on */
static sqlite3_stmt *broken[G_N_ELEMENTS(rules)];

static void open_eye(void)
{
	g_autofree char *path = g_build_filename(rig->dir, "tern.db", NULL);

	ck_assert_int_eq(sqlite3_open(path, &eye), SQLITE_OK);
	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
		ck_assert_int_eq(sqlite3_prepare_v2(eye, rules[i].sql, -1, &broken[i], NULL), SQLITE_OK);
}

static void close_eye(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
		sqlite3_finalize(broken[i]);
	sqlite3_close(eye);
}

static void check_all(void)
{
	ck_assert_msg(store_check(rig->store, &err) == 0, "%s: %s", err.text, w.said->str);
	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
		int n = sqlite3_step(broken[i]) == SQLITE_ROW ? sqlite3_column_int(broken[i], 0) : -1;

		sqlite3_reset(broken[i]);
		ck_assert_msg(n == 0, "%s: %s", rules[i].name, w.said->str);
	}
}

static void act(void)
{
	int what = upto(100);

	if (what < 30)
		wish();
	else if (what < 33)
		wish_much();
	else if (what < 37)
		draft();
	else if (what < 47)
		turn_back();
	else if (what < 53)
		act_on_row();
	else if (what < 63)
		foreign();
	else if (what < 66)
		die();
	else if (what < 70)
		hear(upto(BOXES));
	else if (what < 72)
		pass();
	else if (what < 76)
		must(store_want_more(rig->store, &err));
	else if (w.sent)
		answer();
	else
		claim();
}

/* --- in the end -------------------------------------------------------- */

static void let_go(bool stuck)
{
	g_autoptr(GPtrArray) rows = NULL;

	must(store_queue_rows(rig->store, rig->account, false, &rows, &err));
	for (guint i = 0; i < rows->len; i++) {
		const struct mutation_row *row = rows->pdata[i];
		bool over = row->status == MUTATION_CONFLICT || row->status == MUTATION_FAILED;

		if (!over && row->status != MUTATION_QUEUED)
			continue;
		if (over ? stuck : row->held)
			must(store_queue_act(rig->store, row->id, false,
				over ? QUEUE_DROP : QUEUE_RELEASE, &err));
		if (!over)
			must(store_queue_act(rig->store, row->id, false, QUEUE_RETRY, &err));
	}
}

static bool matches(const struct list_row *row, const struct slot *s)
{
	return row->uid == s->uid && atoi(row->message_id_header + 1) == s->m && row->flags == s->flags &&
		(strcmp(row->keywords, "t") == 0) == s->tag && !row->pending;
}

static void compare(void)
{
	for (int b = 0; b < BOXES; b++) {
		g_autoptr(GPtrArray) rows = shown(b);
		guint found = 0;

		for (guint i = 0; i < w.slots[b]->len; i++) {
			const struct slot *s = slot_at(b, i);
			bool there = false;

			for (guint k = 0; k < rows->len; k++)
				there = there || matches(rows->pdata[k], s);
			found += there;
			ck_assert_msg(there || s->ours, "message %d in box %d is not shown so: %s",
				s->m, b, w.said->str);
		}
		ck_assert_msg(found == rows->len, "box %d shows %d, has %d: %s", b, (int)rows->len,
			(int)found, w.said->str);
	}
}

static void drain(void)
{
	int64_t open = 1;

	w.calm = true;
	for (int n = 0; open > 0 && n < DRAIN_MAX; n++) {
		while (store_want_more(rig->store, &err) > 0)
			;
		let_go(false);
		if (!w.sent)
			claim();
		while (w.sent) {
			answer();
			check_all();
			claim();
		}
		pass();
		check_all();
		open = rig_ask(rig, "SELECT count(*) FROM mutation WHERE " OPEN);
	}
	ck_assert_msg(open == 0, "%d rows wait for ever: %s", (int)open, w.said->str);
	let_go(true);
	for (int i = 0; i < 3; i++)
		pass();
	check_all();
	compare();
}

/* --- runs -------------------------------------------------------------- */

static void begin(unsigned seed)
{
	w = (struct world){ .rand = g_rand_new_with_seed(seed), .next_m = 1,
		.doubt = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.said = g_string_new(NULL) };
	rig = rig_new();
	for (int b = 0; b < BOXES; b++) {
		w.slots[b] = g_array_new(FALSE, FALSE, sizeof(struct slot));
		w.next_uid[b] = (uint64_t)(b + 1) * 10000;
		w.validity[b] = (uint32_t)b + 1;
	}
	for (int i = 0; i < FIRST; i++)
		put(upto(BOXES), &(struct slot){ .m = w.next_m++, .size = 1000 });
	pass();
	open_eye();
	g_string_append_printf(w.said, "[SEED=%u] ", seed);
}

static void end(void)
{
	close_eye();
	mutation_batch_free(&w.sent);
	for (int b = 0; b < BOXES; b++)
		g_array_unref(w.slots[b]);
	g_hash_table_destroy(w.doubt);
	g_string_free(w.said, TRUE);
	g_rand_free(w.rand);
	rig_free(&rig);
}

static long from_environment(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? atol(text) : otherwise;
}

START_TEST(whatever_happens_it_adds_up)
{
	unsigned seed = (unsigned)(from_environment("SEED", SEED_DEFAULT) + _i);

	begin(seed);
	for (int i = 0; i < ACTIONS; i++) {
		act();
		check_all();
	}
	drain();
	end();
}
END_TEST

int main(void)
{
	long runs = from_environment("RUNS", RUNS_DEFAULT);
	Suite *suite = suite_create("chaos");
	TCase *t = tcase_create("chaos");
	SRunner *runner;
	int failed;

	printf("chaos: SEED=%ld RUNS=%ld\n", from_environment("SEED", SEED_DEFAULT), runs);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, whatever_happens_it_adds_up, 0, (int)runs);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
