/*
 * Wishes that meet (M-69, M-73, C-14): whatever the reader does offline, in the
 * end the server has what he saw, and was told no more than needed.
 *
 * The table of doc/SYNC section 6 line by line, with exact numbers of wishes
 * that the server carried out; and random sequences against a model.  The seed
 * is fixed and printed; SEED=N RUNS=N in the environment for longer ones.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/flags.h"
#include "sync/rig.h"
#include "sync/suites.h"

enum { WORK = 3, BOXES = 4, MESSAGES = 5, COPIES_MAX = 4, ACTIONS_MAX = 30 };
enum { COALESCE_SEED = 20261122, COALESCE_RUNS = 60 };

static struct rig *rig;
static GString *said;            /* what was done so far, for the message of a failure */

static void setup(void)
{
	rig = rig_new(1);
	fake_box_add(rig->server[0], "Work", ROLE_NONE);
	rig->server[0]->condstore = true;
}

static void teardown(void)
{
	rig_free(&rig);
}

/* Everything that waits leaves, and the server's new state comes in. */
static void synchronise(const char *what)
{
	ck_assert_msg(rig_drain(rig) == 0, "%s: something is left", what);
	rig_pass(rig);
	ck_assert_msg(rig_rows(rig, MUTATION_CONFLICT) + rig_rows(rig, MUTATION_FAILED) == 0,
		"%s: something failed", what);
	ck_assert_int_eq(rig->server[0]->wrong, 0);
}

/* --- what the reader does ---------------------------------------------------- */

static int wish(int box, int serial, const struct want *w)
{
	AUTO(list_row_free) struct list_row *row = rig_row(rig, 0, box, serial);
	struct err err = { 0 };
	int n;

	ck_assert_msg(row != NULL, "message %d does not show in box %d", serial, box);
	n = store_want(rig->store, w, &row->location, 1, &err);
	ck_assert_msg(n >= 0, "%s", err.text);
	return n;
}

static int wish_flags(int box, int serial, unsigned add, unsigned remove)
{
	return wish(box, serial,
		&(struct want){ .verb = MUTATION_FLAGS, .add = add, .remove = remove });
}

static int wish_words(int box, int serial, const char *add, const char *remove)
{
	return wish(box, serial, &(struct want){ .verb = MUTATION_FLAGS, .add_keywords = add,
					 .remove_keywords = remove });
}

static int wish_put(int box, int serial, enum mutation_verb verb, int target)
{
	return wish(box, serial,
		&(struct want){ .verb = verb, .target = rig_mailbox(rig, 0, target) });
}

static int wish_role(int box, int serial, enum mailbox_role role)
{
	return wish(box, serial, &(struct want){ .verb = MUTATION_MOVE, .role = role });
}

static int wish_expunge(int box, int serial)
{
	return wish(box, serial, &(struct want){ .verb = MUTATION_EXPUNGE });
}

static int undo_last(bool redo)
{
	struct undone undone;
	struct err err = { 0 };
	int r = redo ? store_redo(rig->store, 0, &undone, &err)
		     : store_undo(rig->store, 0, &undone, &err);

	ck_assert_msg(r >= 0, "%s: %s:%s", redo ? "redo" : "undo", err.text, said ? said->str : "");
	return r;
}

/* A message that only we have; its row shows in the mailbox. */
static message_id append(int box, int serial, message_id replaces)
{
	g_autofree char *id = g_strdup_printf("m%d@fake", serial);
	g_autofree char *subject = g_strdup_printf("%d", serial);
	g_autofree char *text = g_strdup_printf("Message-ID: <%s>\r\n\r\nBody\r\n", id);
	g_autofree char *path = g_build_filename(rig->dir, "append", NULL);
	struct change facts = { .kind = CHANGE_MESSAGE, .message_id = id, .subject = subject,
		.from_addr = "me@fake", .received_at = 1700000000, .size = strlen(text) };
	FILE *f = fopen(path, "w+");
	message_id out = { 0 };
	struct err err = { 0 };
	int r;

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fflush(f);
	r = store_append(rig->store, rig_mailbox(rig, 0, box), &facts, fileno(f), replaces, &out,
		&err);
	ck_assert_msg(r >= 0, "append: %s", err.text);
	fclose(f);
	return out;
}

/* --- the table ----------------------------------------------------------------- */

/*
 * One letter, one key: F f flag on and off, S seen, K k keyword, A T W I move to
 * Archive, trash, Work, inbox, C copy to Work, c that copy for ever, X delete
 * for ever, U undo, R redo, | what waits leaves.  The message begins in INBOX.
 */
static const struct line {
	const char *keys;
	int flags, move, copy, expunge;
	int box;             /* where it is then, -1 = nowhere */
	const char *picture; /* as fake_picture has it there */
} table[] = {
	{ "Ff", 0, 0, 0, 0, INBOX, "0 " },
	{ "Kk", 0, 0, 0, 0, INBOX, "0 " },
	{ "F|f", 2, 0, 0, 0, INBOX, "0 " },
	{ "FSK", 1, 0, 0, 0, INBOX, "5 work" },
	{ "FSKf", 1, 0, 0, 0, INBOX, "1 work" },
	{ "AW", 0, 1, 0, 0, WORK, "0 " },
	{ "AWT", 0, 1, 0, 0, TRASH, "0 " },
	{ "AI", 0, 0, 0, 0, INBOX, "0 " },
	{ "AF", 1, 1, 0, 0, ARCHIVE, "4 " },
	{ "AFf", 0, 1, 0, 0, ARCHIVE, "0 " },
	{ "AFW", 1, 1, 0, 0, WORK, "4 " },
	{ "ST", 1, 1, 0, 0, TRASH, "1 " },
	{ "Cc", 0, 0, 0, 0, INBOX, "0 " },
	{ "C", 0, 0, 1, 0, INBOX, "0 " },
	{ "X", 0, 0, 0, 1, -1, "" },
	{ "FSX", 0, 0, 0, 1, -1, "" },
	{ "FAX", 0, 0, 0, 1, -1, "" },
	{ "TX", 0, 0, 0, 1, -1, "" },
	{ "FU", 0, 0, 0, 0, INBOX, "0 " },
	{ "AU", 0, 0, 0, 0, INBOX, "0 " },
	{ "CU", 0, 0, 0, 0, INBOX, "0 " },
	{ "XU", 0, 0, 0, 0, INBOX, "0 " },
	{ "CcU", 0, 0, 1, 0, INBOX, "0 " },
	{ "CcUU", 0, 0, 0, 0, INBOX, "0 " },
	{ "CcURU", 0, 0, 1, 0, INBOX, "0 " },
	{ "CFcU", 1, 0, 1, 0, INBOX, "4 " },
	{ "AUR", 0, 1, 0, 0, ARCHIVE, "0 " },
	{ "FUR", 1, 0, 0, 0, INBOX, "4 " },
	{ "A|U", 0, 2, 0, 0, INBOX, "0 " },
	{ "F|U", 2, 0, 0, 0, INBOX, "0 " },
	{ "C|U", 0, 0, 1, 1, INBOX, "0 " },
	{ "F|F", 1, 0, 0, 0, INBOX, "4 " },
};

/* Where the message shows, leaving the copy in Work aside if it is also elsewhere. */
static int box_of(int serial)
{
	for (int b = 0; b < BOXES; b++)
		if (rig_shows(rig, 0, b, serial))
			return b;
	return -1;
}

static void press(char key, int m)
{
	int at = box_of(m);

	switch (key) {
	case 'F': wish_flags(at, m, FLAG_FLAGGED, 0); break;
	case 'f': wish_flags(at, m, 0, FLAG_FLAGGED); break;
	case 'S': wish_flags(at, m, FLAG_SEEN, 0); break;
	case 'K': wish_words(at, m, "work", NULL); break;
	case 'k': wish_words(at, m, NULL, "work"); break;
	case 'A': wish_role(at, m, ROLE_ARCHIVE); break;
	case 'T': wish_role(at, m, ROLE_TRASH); break;
	case 'W': wish_put(at, m, MUTATION_MOVE, WORK); break;
	case 'I': wish_put(at, m, MUTATION_MOVE, INBOX); break;
	case 'C': wish_put(at, m, MUTATION_COPY, WORK); break;
	case 'c': wish_expunge(WORK, m); break;
	case 'X': wish_expunge(at, m); break;
	case 'U': ck_assert_int_eq(undo_last(false), 1); break;
	case 'R': ck_assert_int_eq(undo_last(true), 1); break;
	default: synchronise("|");
	}
}

static void counts_are(const struct line *l)
{
	const int *n = rig->server[0]->items;

	ck_assert_msg(n[MUTATION_FLAGS] == l->flags && n[MUTATION_MOVE] == l->move &&
			n[MUTATION_COPY] == l->copy && n[MUTATION_EXPUNGE] == l->expunge,
		"%s: %d flags, %d moves, %d copies, %d expunges; wanted %d %d %d %d", l->keys,
		n[MUTATION_FLAGS], n[MUTATION_MOVE], n[MUTATION_COPY], n[MUTATION_EXPUNGE],
		l->flags, l->move, l->copy, l->expunge);
}

START_TEST(wishes_become_what_the_table_says)
{
	const struct line *l = &table[_i];
	int m = fake_deliver(rig_box(rig, 0, INBOX), 1);

	rig_pass(rig);
	for (const char *k = l->keys; *k; k++)
		press(*k, m);
	synchronise(l->keys);
	counts_are(l);
	for (int b = 0; b < BOXES; b++) {
		g_autofree char *is = fake_picture(rig_box(rig, 0, b), m);
		bool copy = b == WORK && l->copy > 0 && l->expunge == 0;

		ck_assert_msg(strcmp(is, b == l->box ? l->picture : copy ? "0 " : "") == 0,
			"%s: box %d has \"%s\"", l->keys, b, is);
	}
	ck_assert(rig_equal(rig, 0) || strchr(l->keys, 'K'));
}
END_TEST

/* a: appended; then the key; how many appends reach the server, and what is where. */
static const struct {
	char key;
	int appends, box;
	const char *picture;
} appended[] = {
	{ ' ', 1, ARCHIVE, "0 " },
	{ 'F', 1, ARCHIVE, "4 " },
	{ 'K', 1, ARCHIVE, "0 work" },
	{ 'W', 1, WORK, "0 " },
	{ 'X', 0, -1, "" },
	{ 'U', 0, -1, "" },
};

START_TEST(an_append_that_waits_takes_what_comes)
{
	struct fake_account *a = rig->server[0];
	int m;

	rig_pass(rig);
	m = fake_serial();
	append(ARCHIVE, m, (message_id){ 0 });
	if (appended[_i].key != ' ')
		press(appended[_i].key, m);
	synchronise("append");
	ck_assert_int_eq(a->items[MUTATION_APPEND], appended[_i].appends);
	ck_assert_int_eq(a->items[MUTATION_FLAGS] + a->items[MUTATION_MOVE] +
				 a->items[MUTATION_EXPUNGE],
		0);
	for (int b = 0; b < BOXES; b++) {
		g_autofree char *is = fake_picture(rig_box(rig, 0, b), m);

		ck_assert_str_eq(is, b == appended[_i].box ? appended[_i].picture : "");
	}
}
END_TEST

/* A lost answer, and the message is there once (C-14: nothing twice). */
START_TEST(an_append_with_a_lost_answer_happens_once)
{
	int m;

	rig_pass(rig);
	m = fake_serial();
	append(ARCHIVE, m, (message_id){ 0 });
	rig->server[0]->lose_answer = 1;
	ck_assert_int_eq(rig_drain(rig), 1);
	rig_restart(rig);
	synchronise("append");
	ck_assert_int_eq(fake_copies(rig_box(rig, 0, ARCHIVE), m, NULL), 1);
	ck_assert_int_eq(rig->server[0]->moved[m], 1);
}
END_TEST

START_TEST(of_a_draft_only_the_newest_version_leaves)
{
	message_id first;
	int old, m;

	rig_pass(rig);
	old = fake_serial();
	first = append(ARCHIVE, old, (message_id){ 0 });
	m = fake_serial();
	append(ARCHIVE, m, first);
	synchronise("draft");
	ck_assert_int_eq(rig->server[0]->items[MUTATION_APPEND], 1);
	ck_assert_int_eq(fake_copies(rig_box(rig, 0, ARCHIVE), old, NULL), 0);
	ck_assert_int_eq(fake_copies(rig_box(rig, 0, ARCHIVE), m, NULL), 1);
}
END_TEST

/* --- random sequences against a model --------------------------------------------- */

/* One copy of a message, as the reader sees it. */
struct place {
	int box;                 /* -1 = not there */
	unsigned flags;
	unsigned words;          /* bits of words[] */
};

struct state {
	struct place at[MESSAGES][COPIES_MAX];
};

static const char *const words[] = { "later", "work" };

struct model {
	GRand *rand;
	int serial[MESSAGES];
	struct state begin, now;
	struct state before[ACTIONS_MAX + 1], after[ACTIONS_MAX + 1]; /* steps: undo, redo */
	int n_undo, n_redo;
	struct state redone[ACTIONS_MAX + 1], undone[ACTIONS_MAX + 1];
	int acts[MESSAGES];      /* actions about each message */
	bool copied[MESSAGES];   /* ... among them a copy, at any time */
};

static int upto(struct model *m, int n)
{
	return g_rand_int_range(m->rand, 0, n);
}

static bool is_in(const struct state *s, int i, int box)
{
	for (int c = 0; c < COPIES_MAX; c++)
		if (s->at[i][c].box == box)
			return true;
	return false;
}

static void step(struct model *m, const struct state *was)
{
	m->before[m->n_undo] = *was;
	m->after[m->n_undo++] = m->now;
	m->n_redo = 0;
}

static void go_back(struct model *m)
{
	if (m->n_undo == 0)
		return;
	ck_assert_int_eq(undo_last(false), 1);
	m->n_undo--;
	m->undone[m->n_redo] = m->before[m->n_undo];
	m->redone[m->n_redo++] = m->after[m->n_undo];
	m->now = m->before[m->n_undo];
	g_string_append(said, " undo");
}

static void go_on(struct model *m)
{
	if (m->n_redo == 0)
		return;
	ck_assert_int_eq(undo_last(true), 1);
	m->n_redo--;
	m->before[m->n_undo] = m->undone[m->n_redo];
	m->after[m->n_undo++] = m->redone[m->n_redo];
	m->now = m->redone[m->n_redo];
	g_string_append(said, " redo");
}

static int flag(struct model *m, int i, struct place *p)
{
	unsigned bit = upto(m, 2) ? FLAG_SEEN : FLAG_FLAGGED;
	bool on = upto(m, 2);
	int n = wish_flags(p->box, m->serial[i], on ? bit : 0, on ? 0 : bit);

	g_string_append_printf(said, " %sflag%u(%d)", on ? "" : "un", bit, i);
	p->flags = on ? p->flags | bit : p->flags & ~bit;
	return n;
}

static int word(struct model *m, int i, struct place *p)
{
	int w = upto(m, 2);
	bool on = upto(m, 2);
	int n = wish_words(p->box, m->serial[i], on ? words[w] : NULL, on ? NULL : words[w]);

	g_string_append_printf(said, " %s%s(%d)", on ? "+" : "-", words[w], i);
	p->words = on ? p->words | 1u << w : p->words & ~(1u << w);
	return n;
}

static int move(struct model *m, int i, struct place *p, int to)
{
	int n;

	if (is_in(&m->now, i, to))
		return 0;
	n = to == TRASH ? wish_role(p->box, m->serial[i], ROLE_TRASH)
	    : to == ARCHIVE ? wish_role(p->box, m->serial[i], ROLE_ARCHIVE)
			    : wish_put(p->box, m->serial[i], MUTATION_MOVE, to);
	g_string_append_printf(said, " move(%d,%d>%d)", i, p->box, to);
	p->box = to;
	return n;
}

static int copy(struct model *m, int i, struct place *p, int to)
{
	struct place *all = m->now.at[i];
	int n;

	if (is_in(&m->now, i, to))
		return 0;
	for (int c = 0; c < COPIES_MAX; c++)
		if (all[c].box < 0) {
			n = wish_put(p->box, m->serial[i], MUTATION_COPY, to);
			g_string_append_printf(said, " copy(%d,%d>%d)", i, p->box, to);
			all[c] = *p;
			all[c].box = to;
			m->copied[i] = true;
			return n;
		}
	return 0;
}

static int destroy(struct model *m, int i, struct place *p)
{
	int n = wish_expunge(p->box, m->serial[i]);

	g_string_append_printf(said, " expunge(%d,%d)", i, p->box);
	p->box = -1;
	return n;
}

static void act(struct model *m)
{
	int i = upto(m, MESSAGES), c = upto(m, COPIES_MAX), what = upto(m, 20), n;
	struct state was = m->now;
	struct place *p = &m->now.at[i][c];

	if (what < 4) {
		if (what < 3)
			go_back(m);
		else
			go_on(m);
		return;
	}
	if (p->box < 0)
		return;
	n = what < 9    ? flag(m, i, p)
	    : what < 12 ? word(m, i, p)
	    : what < 17 ? move(m, i, p, upto(m, BOXES))
	    : what < 19 ? copy(m, i, p, upto(m, BOXES))
			: destroy(m, i, p);
	if (memcmp(&was, &m->now, sizeof was) == 0) {
		ck_assert_msg(n == 0, "a change that is none:%s", said->str);
		return;
	}
	ck_assert_msg(n == 1, "a change of %d messages:%s", n, said->str);
	m->acts[i]++;
	step(m, &was);
}

static char *line_of(const struct place *p)
{
	return g_strdup_printf("%u %s%s%s", p->flags, p->words & 1 ? words[0] : "",
		p->words == 3 ? " " : "", p->words & 2 ? words[1] : "");
}

static void server_equals_model(const struct model *m)
{
	for (int i = 0; i < MESSAGES; i++)
		for (int b = 0; b < BOXES; b++) {
			g_autofree char *is = fake_picture(rig_box(rig, 0, b), m->serial[i]);
			g_autofree char *want = g_strdup("");

			for (int c = 0; c < COPIES_MAX; c++)
				if (m->now.at[i][c].box == b) {
					g_free(want);
					want = line_of(&m->now.at[i][c]);
				}
			ck_assert_msg(strcmp(is, want) == 0,
				"message %d in box %d: \"%s\", wanted \"%s\":%s", i, b, is, want,
				said->str);
		}
}

/* The most wishes that may leave: exact for what was never copied. */
static void commands_are_few(const struct model *m)
{
	const int *n = rig->server[0]->items;
	int most = 0, is = 0;

	for (int i = 0; i < MESSAGES; i++) {
		const struct place *was = &m->begin.at[i][0], *now = &m->now.at[i][0];

		if (m->copied[i])
			most += m->acts[i] + 1;
		else if (now->box < 0)
			most += 1;
		else
			most += (now->box != was->box) +
				(now->flags != was->flags || now->words != was->words);
	}
	for (int v = 0; v < FAKE_VERBS; v++)
		is += n[v];
	ck_assert_msg(is <= most, "%d wishes left, %d would do:%s", is, most, said->str);
}

/* Five new messages; the server forgets all others. */
static void begin(struct model *m)
{
	m->n_undo = m->n_redo = 0;
	memset(m->acts, 0, sizeof m->acts);
	memset(m->copied, 0, sizeof m->copied);
	g_string_truncate(said, 0);
	for (int b = 0; b < BOXES; b++)
		fake_empty(rig_box(rig, 0, b));
	for (int i = 0; i < MESSAGES; i++) {
		int box = upto(m, BOXES);

		for (int c = 0; c < COPIES_MAX; c++)
			m->now.at[i][c] = (struct place){ .box = -1 };
		m->now.at[i][0].box = box;
		m->serial[i] = fake_deliver(rig_box(rig, 0, box), 1);
	}
	m->begin = m->now;
	rig_pass(rig);
	fake_count_anew(rig->server[0]);
}

static void run(struct model *m)
{
	int n = 1 + upto(m, ACTIONS_MAX);

	begin(m);
	for (int i = 0; i < n; i++)
		act(m);
	if (getenv("VERBOSE"))
		fprintf(stderr, "%s\n", said->str);
	ck_assert_msg(rig_drain(rig) == 0, "something is left:%s", said->str);
	ck_assert_msg(rig_rows(rig, MUTATION_CONFLICT) + rig_rows(rig, MUTATION_FAILED) == 0,
		"something failed:%s", said->str);
	server_equals_model(m);
	commands_are_few(m);
}

static long number_of(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? atol(text) : otherwise;
}

START_TEST(random_sequences_end_as_the_reader_saw_them)
{
	long seed = number_of("SEED", COALESCE_SEED), runs = number_of("RUNS", COALESCE_RUNS);
	struct model m = { .rand = g_rand_new_with_seed((guint32)seed) };
	struct err err = { 0 };

	said = g_string_new("");
	printf("coalesce: SEED=%ld RUNS=%ld\n", seed, runs);
	for (long i = 0; i < runs; i++)
		run(&m);
	ck_assert_int_eq(rig->server[0]->wrong, 0);
	ck_assert_msg(store_check(rig->store, &err) == 0, "%s", err.text);
	g_rand_free(m.rand);
	g_string_free(said, TRUE);
	said = NULL;
}
END_TEST

TCase *suite_coalesce(void)
{
	TCase *c = tcase_create("coalesce");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, (double)number_of("RUNS", COALESCE_RUNS) + 120);
	tcase_add_loop_test(c, wishes_become_what_the_table_says, 0, G_N_ELEMENTS(table));
	tcase_add_loop_test(c, an_append_that_waits_takes_what_comes, 0, G_N_ELEMENTS(appended));
	tcase_add_test(c, an_append_with_a_lost_answer_happens_once);
	tcase_add_test(c, of_a_draft_only_the_newest_version_leaves);
	tcase_add_test(c, random_sequences_end_as_the_reader_saw_them);
	return c;
}
