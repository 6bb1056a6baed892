/* Wishes that meet (M-69), what the server allows, what lists show, appends. */
#include <check.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/flags.h"
#include "support/rig.h"

static struct rig *rig;
static struct err err;

static void setup(void)
{
	rig = rig_new();
	rig_add(rig, rig->inbox, 1, 0);
}

static void teardown(void)
{
	rig_sound(rig);
	rig_free(&rig);
}

/* --- acting and looking ------------------------------------------------ */

static location_id place(mailbox_id m, uint64_t number)
{
	struct list_row *row = rig_row(rig, m, number);
	location_id l = row ? row->location : (location_id){ 0 };

	ck_assert_msg(row != NULL, "message %d is not shown", (int)number);
	list_row_free(&row);
	return l;
}

static int want(const struct want *w, mailbox_id from, uint64_t number)
{
	location_id l = place(from, number);

	return store_want(rig->store, w, &l, 1, &err);
}

static int flag(mailbox_id m, unsigned add, unsigned remove)
{
	return want(&(struct want){ .verb = MUTATION_FLAGS, .add = add, .remove = remove }, m, 1);
}

static int tag(mailbox_id m, const char *add, const char *remove)
{
	return want(&(struct want){ .verb = MUTATION_FLAGS, .add_keywords = add,
			    .remove_keywords = remove }, m, 1);
}

static int move(mailbox_id from, mailbox_id to)
{
	return want(&(struct want){ .verb = MUTATION_MOVE, .target = to }, from, 1);
}

static int copy(mailbox_id from, mailbox_id to)
{
	return want(&(struct want){ .verb = MUTATION_COPY, .target = to }, from, 1);
}

static int expunge(mailbox_id m)
{
	return want(&(struct want){ .verb = MUTATION_EXPUNGE }, m, 1);
}

static char *box_name(mailbox_id m)
{
	return g_strdup(m.v == rig->inbox.v	? "I"
			: m.v == rig->archive.v ? "A"
			: m.v == rig->trash.v	? "T"
						: "-");
}

/* The open rows in the order in which they leave: "flags I +8 -1 [a] [b]; move I>A". */
static char *rows(void)
{
	g_autoptr(GPtrArray) list = NULL;
	GString *out = g_string_new(NULL);

	ck_assert_int_eq(store_queue_rows(rig->store, rig->account, false, &list, &err), 0);
	for (guint i = 0; i < list->len; i++) {
		const struct mutation_row *r = list->pdata[i];
		g_autofree char *source = box_name(r->source), *target = box_name(r->target);

		if (r->status != MUTATION_QUEUED && r->status != MUTATION_LEASED)
			continue;
		g_string_append_printf(out, "%s%s %s", out->len ? "; " : "",
			mutation_verb_name(r->verb), source);
		if (r->verb != MUTATION_FLAGS && r->verb != MUTATION_EXPUNGE)
			g_string_append_printf(out, ">%s", target);
		if (r->verb == MUTATION_FLAGS || r->verb == MUTATION_APPEND) {
			if (r->add)
				g_string_append_printf(out, " +%u", r->add);
			if (r->remove)
				g_string_append_printf(out, " -%u", r->remove);
			if (*r->add_keywords)
				g_string_append_printf(out, " +%s", r->add_keywords);
			if (*r->remove_keywords)
				g_string_append_printf(out, " -%s", r->remove_keywords);
		}
	}
	return g_string_free(out, FALSE);
}

static void waits(const char *expected)
{
	g_autofree char *found = rows();

	ck_assert_str_eq(found, expected);
}

/* "I4 A" with flags, keywords and '*' for a pending mark. */
static void shows(const char *expected)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const mailbox_id boxes[] = { rig->inbox, rig->archive, rig->trash };

	for (size_t i = 0; i < G_N_ELEMENTS(boxes); i++) {
		struct list_row *row = rig_row(rig, boxes[i], 1);
		g_autofree char *name = box_name(boxes[i]);

		if (!row)
			continue;
		g_string_append_printf(out, "%s%s", out->len ? " " : "", name);
		if (row->flags)
			g_string_append_printf(out, "%u", row->flags);
		if (*row->keywords)
			g_string_append_printf(out, "[%s]", row->keywords);
		if (row->pending)
			g_string_append_c(out, '*');
		list_row_free(&row);
	}
	ck_assert_str_eq(out->str, expected);
}

static void settle(enum applied_state state, uint64_t uid)
{
	struct mutation_batch *b = rig_claim(rig);

	ck_assert_ptr_nonnull(b);
	rig_settle(rig, &b, state, uid, ERR_OK);
}

static void undo(void)
{
	struct undone u;

	ck_assert_int_eq(store_undo(rig->store, 0, &u, &err), 1);
}

/* --- the table, line by line (M-69) ------------------------------------ */

START_TEST(a_flag_on_and_off_is_nothing)
{
	ck_assert_int_eq(flag(rig->inbox, FLAG_FLAGGED, 0), 1);
	waits("flags I +4");
	ck_assert_int_eq(flag(rig->inbox, 0, FLAG_FLAGGED), 1);
	waits("");
	shows("I");
}
END_TEST

START_TEST(a_tag_on_and_off_is_nothing)
{
	ck_assert_int_eq(tag(rig->inbox, "Work later", NULL), 1);
	shows("I[later work]*");
	ck_assert_int_eq(tag(rig->inbox, NULL, "later work"), 1);
	waits("");
	shows("I");
}
END_TEST

START_TEST(flags_and_tags_are_one_row)
{
	flag(rig->inbox, FLAG_FLAGGED, 0);
	tag(rig->inbox, "b a", NULL);
	flag(rig->inbox, FLAG_SEEN, 0);
	tag(rig->inbox, "c", "a");
	waits("flags I +5 +b c");
	shows("I5[b c]*");
	ck_assert_int_eq(rig_unread(rig, rig->inbox), 0);
}
END_TEST

START_TEST(moves_make_one_move)
{
	move(rig->inbox, rig->archive);
	move(rig->archive, rig->trash);
	waits("move I>T");
	shows("T*");
	move(rig->trash, rig->inbox);
	waits("");
	shows("I");
}
END_TEST

START_TEST(flags_after_an_unsent_move_come_before_it)
{
	flag(rig->inbox, FLAG_SEEN, 0);
	move(rig->inbox, rig->archive);
	flag(rig->archive, FLAG_FLAGGED, 0);
	waits("flags I +5; move I>A");
	shows("A5*");
	flag(rig->archive, 0, FLAG_SEEN | FLAG_FLAGGED);
	waits("move I>A");
	tag(rig->archive, "x", NULL);
	waits("flags I +x; move I>A");
	shows("A[x]*");
}
END_TEST

START_TEST(flags_after_a_move_under_way_follow_it)
{
	struct mutation_batch *b;

	move(rig->inbox, rig->archive);
	b = rig_claim(rig);
	flag(rig->archive, FLAG_FLAGGED, 0);
	waits("move I>A; flags A +4");
	flag(rig->archive, 0, FLAG_FLAGGED);
	rig_settle(rig, &b, APPLIED_DONE, 9, ERR_OK);
	waits("");
	shows("A");
}
END_TEST

START_TEST(a_copy_that_is_deleted_is_nothing)
{
	ck_assert_int_eq(copy(rig->inbox, rig->archive), 1);
	waits("copy I>A");
	shows("I* A*");
	ck_assert_int_eq(copy(rig->inbox, rig->archive), 0); /* it is there already */
	expunge(rig->archive);
	waits("");
	shows("I");
}
END_TEST

START_TEST(a_copy_goes_elsewhere)
{
	copy(rig->inbox, rig->archive);
	move(rig->archive, rig->trash);
	waits("copy I>T");
	shows("I* T*");
	move(rig->trash, rig->inbox); /* there are two then, as if it had left */
	waits("copy I>T; move T>I");
	shows("I*"); /* one of them */
}
END_TEST

START_TEST(flags_around_a_copy_keep_their_order)
{
	flag(rig->inbox, FLAG_FLAGGED, 0);
	copy(rig->inbox, rig->archive);
	flag(rig->inbox, 0, FLAG_FLAGGED);
	waits("flags I +4; copy I>A; flags I -4");
	shows("I* A4*");
}
END_TEST

START_TEST(deletion_for_ever_wins)
{
	flag(rig->inbox, FLAG_FLAGGED, 0);
	tag(rig->inbox, "x", NULL);
	move(rig->inbox, rig->archive);
	expunge(rig->archive);
	waits("expunge I");
	shows("");
	undo(); /* and all of it is back */
	waits("flags I +4 +x; move I>A");
	shows("A4[x]*");
}
END_TEST

START_TEST(deleting_the_original_keeps_the_copy)
{
	copy(rig->inbox, rig->archive);
	expunge(rig->inbox);
	waits("copy I>A; expunge I");
	shows("A*");
	settle(APPLIED_DONE, 7);
	settle(APPLIED_DONE, 0);
	shows("A");
}
END_TEST

START_TEST(what_is_so_already_is_nothing)
{
	ck_assert_int_eq(flag(rig->inbox, 0, FLAG_SEEN), 0);
	ck_assert_int_eq(tag(rig->inbox, NULL, "x"), 0);
	ck_assert_int_eq(move(rig->inbox, rig->inbox), 0);
	ck_assert_int_eq(copy(rig->inbox, rig->inbox), 0);
	waits("");
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM undo_step"), 0);
}
END_TEST

START_TEST(the_trash_keeps_the_flags_that_wait)
{
	flag(rig->inbox, FLAG_SEEN, 0);
	ck_assert_int_eq(want(&(struct want){ .verb = MUTATION_MOVE, .role = ROLE_TRASH },
				 rig->inbox, 1), 1);
	waits("flags I +1; move I>T");
	shows("T1*");
	ck_assert_int_eq(want(&(struct want){ .verb = MUTATION_MOVE, .role = ROLE_TRASH },
				 rig->trash, 1), ERR_UNSUPPORTED);
}
END_TEST

START_TEST(what_is_in_doubt_is_not_touched)
{
	struct mutation_batch *b;

	flag(rig->inbox, FLAG_FLAGGED, 0);
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_UNKNOWN, 0, ERR_OFFLINE);
	flag(rig->inbox, 0, FLAG_FLAGGED);
	waits("flags I +4; flags I -4");
	shows("I*");
}
END_TEST

/* --- what lists show (C-14) -------------------------------------------- */

static void server_flags(unsigned flags, const char *keywords)
{
	struct batch *b = batch_new(rig->account, rig->inbox);
	struct change c = { .kind = CHANGE_FLAGS, .uid = 1, .flags = flags, .keywords = keywords };

	batch_change(b, &c);
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), 0);
	batch_free(&b);
}

START_TEST(facts_and_wanted_tags_lie_over_each_other)
{
	tag(rig->inbox, "mine", "theirs");
	server_flags(FLAG_SEEN, "other theirs");
	shows("I1[mine other theirs]*"); /* nobody wished "theirs" off: it was not on */
	tag(rig->inbox, NULL, "theirs");
	shows("I1[mine other]*");
	settle(APPLIED_DONE, 0);
	shows("I1[mine other]");
}
END_TEST

START_TEST(what_is_only_marked_deleted_stays_hidden)
{
	expunge(rig->inbox);
	{
		struct mutation_batch *b = rig_claim(rig);
		struct applied a = { .state = APPLIED_DONE, .marked = true };
		struct err why = { 0 };

		ck_assert_int_eq(store_queue_settle(rig->store, b, &a, &why, &err), 0);
		mutation_batch_free(&b);
	}
	shows("");
	ck_assert_int_eq(rig_ask(rig, "SELECT removed FROM location"), 1);
	server_flags(FLAG_DELETED | FLAG_SEEN, NULL);
	shows("");
	server_flags(FLAG_SEEN, NULL); /* somebody wants it back */
	shows("I1");
	server_flags(FLAG_DELETED, NULL); /* somebody else's mark */
	shows("I8");
}
END_TEST

/* --- rights ------------------------------------------------------------ */

static void deny(mailbox_id m, unsigned denied)
{
	struct batch *b = batch_new(rig->account, m);

	batch_rights(b, denied);
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), 0);
	batch_free(&b);
}

static void refused(int r)
{
	ck_assert_int_eq(r, ERR_REFUSED);
	ck_assert_uint_gt(strlen(err.text), 20);
	waits("");
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM undo_step"), 0);
}

START_TEST(what_the_server_denies_is_refused_before_anything_is_written)
{
	const struct want seen = { .verb = MUTATION_FLAGS, .add = FLAG_SEEN };

	deny(rig->inbox, DENIED_SEEN);
	refused(flag(rig->inbox, FLAG_SEEN, 0));
	ck_assert_int_eq(store_may(rig->store, &seen, rig->inbox, &err), ERR_REFUSED);
	ck_assert_int_eq(store_may(rig->store, &seen, rig->archive, &err), 0);
	ck_assert_int_eq(store_note_read(rig->store, place(rig->inbox, 1), &err), 0);
	deny(rig->inbox, DENIED_FLAGS);
	refused(flag(rig->inbox, FLAG_FLAGGED, 0));
	deny(rig->inbox, DENIED_KEYWORDS);
	refused(tag(rig->inbox, "x", NULL));
	deny(rig->inbox, DENIED_REMOVE);
	refused(move(rig->inbox, rig->archive));
	refused(expunge(rig->inbox));
	ck_assert_int_eq(copy(rig->inbox, rig->archive), 1);
	undo();
	deny(rig->inbox, 0);
	deny(rig->archive, DENIED_INSERT);
	ck_assert_int_eq(move(rig->inbox, rig->archive), ERR_REFUSED);
	ck_assert_int_eq(copy(rig->inbox, rig->archive), ERR_REFUSED);
	waits("");
}
END_TEST

START_TEST(a_read_only_account_takes_no_wishes)
{
	ck_assert_int_eq(store_account_read_only(rig->store, rig->account, true, &err), 0);
	refused(flag(rig->inbox, FLAG_SEEN, 0));
	ck_assert_ptr_nonnull(strstr(err.text, "two_way"));
	ck_assert_int_eq(store_note_read(rig->store, place(rig->inbox, 1), &err), 0);
	ck_assert_int_eq(store_account_read_only(rig->store, rig->account, false, &err), 0);
	ck_assert_int_eq(flag(rig->inbox, FLAG_SEEN, 0), 1);
}
END_TEST

/* --- appends ----------------------------------------------------------- */

static int new_file(void)
{
	g_autofree char *path = g_build_filename(rig->dir, "message", NULL);

	return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static message_id append(uint64_t number, mailbox_id to, message_id replaces)
{
	g_autofree char *id = g_strdup_printf("m%d@example.org", (int)number);
	AUTO(fd_close) int fd = new_file();
	struct change c = { .kind = CHANGE_MESSAGE, .message_id = id, .subject = "Draft",
		.flags = FLAG_DRAFT | FLAG_SEEN, .keywords = "Mine", .received_at = 1600000000 };
	message_id m = { 0 };

	ck_assert_int_eq(write(fd, "Subject: x\r\n\r\nhi\r\n", 18), 18);
	ck_assert_msg(store_append(rig->store, to, &c, fd, replaces, &m, &err) == 0, "%s", err.text);
	return m;
}

/* Message 2 instead of 1: shown where, with what. */
static bool shown2(mailbox_id m)
{
	return rig_shows(rig, m, 2);
}

START_TEST(an_append_is_shown_and_has_its_bytes)
{
	struct mutation_batch *b;
	char bytes[32] = "";
	message_id m;

	m = append(2, rig->archive, (message_id){ 0 });
	waits("append A>A +17 +mine");
	rig_reopen(rig);
	ck_assert(shown2(rig->archive));
	ck_assert_int_eq(rig_unread(rig, rig->archive), 0);
	ck_assert_int_ge(store_bodies_expire(rig->store, -1, &err), 0);
	ck_assert_int_eq(store_pass_done(rig->store, rig->account, &err), 0);
	ck_assert(store_body_cached(rig->store, m));
	b = rig_claim(rig);
	ck_assert_int_eq(b->verb, MUTATION_APPEND);
	ck_assert_int_eq(b->target.v, rig->archive.v);
	ck_assert_uint_eq(b->add, FLAG_DRAFT | FLAG_SEEN);
	ck_assert_uint_eq(b->items[0].size, 18);
	ck_assert_str_eq(b->items[0].message_id_header, "m2@example.org");
	ck_assert_int_eq(read(b->items[0].fd, bytes, sizeof bytes), 18);
	rig_settle(rig, &b, APPLIED_DONE, 5, ERR_OK);
	ck_assert_int_ne(rig_place(rig, rig->archive, 5).v, 0);
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
}
END_TEST

START_TEST(an_append_takes_flags_and_moves_with_it)
{
	append(2, rig->archive, (message_id){ 0 });
	want(&(struct want){ .verb = MUTATION_FLAGS, .add = FLAG_FLAGGED, .remove = FLAG_SEEN,
		     .add_keywords = "b", .remove_keywords = "mine" }, rig->archive, 2);
	waits("append A>A +20 +b");
	want(&(struct want){ .verb = MUTATION_MOVE, .target = rig->trash }, rig->archive, 2);
	waits("append T>T +20 +b");
	ck_assert(shown2(rig->trash) && !shown2(rig->archive));
	ck_assert_int_eq(rig_unread(rig, rig->trash), 1);
	want(&(struct want){ .verb = MUTATION_EXPUNGE }, rig->trash, 2);
	waits("");
	ck_assert(!shown2(rig->trash));
}
END_TEST

START_TEST(an_append_that_is_undone_comes_again)
{
	struct undone u;

	append(2, rig->archive, (message_id){ 0 });
	undo();
	waits("");
	ck_assert(!shown2(rig->archive));
	ck_assert_int_eq(store_redo(rig->store, 0, &u, &err), 1);
	waits("append A>A +17 +mine");
	ck_assert(shown2(rig->archive));
}
END_TEST

START_TEST(a_newer_draft_takes_the_place_of_one_that_has_not_left)
{
	message_id old = append(2, rig->archive, (message_id){ 0 });

	append(3, rig->archive, old);
	waits("append A>A +17 +mine");
	ck_assert(!shown2(rig->archive) && rig_shows(rig, rig->archive, 3));
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
}
END_TEST

START_TEST(an_older_draft_goes_when_the_newer_one_is_there)
{
	message_id old = append(2, rig->archive, (message_id){ 0 });
	struct mutation_batch *b;

	settle(APPLIED_DONE, 5);
	old = append(3, rig->archive, old);
	ck_assert(!shown2(rig->archive) && rig_shows(rig, rig->archive, 3));
	append(4, rig->archive, old); /* a third one: the second never leaves, the first waits on */
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
	b = rig_claim(rig);
	ck_assert_int_eq(b->verb, MUTATION_APPEND);
	ck_assert_str_eq(b->items[0].message_id_header, "m4@example.org");
	ck_assert_ptr_null(rig_claim(rig)); /* not before */
	rig_settle(rig, &b, APPLIED_DONE, 6, ERR_OK);
	b = rig_claim(rig);
	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(b->verb, MUTATION_EXPUNGE);
	ck_assert_uint_eq(b->items[0].uid, 5);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	ck_assert_ptr_null(rig_claim(rig));
}
END_TEST

START_TEST(an_older_draft_stays_if_the_newer_one_is_refused)
{
	message_id old = append(2, rig->archive, (message_id){ 0 }), new;

	settle(APPLIED_DONE, 5);
	new = append(3, rig->archive, old);
	settle(APPLIED_REFUSED, 0);
	ck_assert(shown2(rig->archive) && !rig_shows(rig, rig->archive, 3));
	ck_assert_ptr_null(rig_claim(rig));
	for (int i = 0; i < 4; i++) /* what only we have is not lost */
		ck_assert_int_eq(store_pass_done(rig->store, rig->account, &err), 0);
	ck_assert_int_ge(store_bodies_expire(rig->store, -1, &err), 0);
	ck_assert(store_body_cached(rig->store, new));
}
END_TEST

/* What the server does not delete keeps the flags that were wished of it before. */
START_TEST(a_refused_deletion_gives_its_flags_back)
{
	want(&(struct want){ .verb = MUTATION_FLAGS, .add = FLAG_FLAGGED, .add_keywords = "b" },
		rig->inbox, 1);
	want(&(struct want){ .verb = MUTATION_EXPUNGE }, rig->inbox, 1);
	settle(APPLIED_REFUSED, 0);
	waits("flags I +4 +b");
	settle(APPLIED_DONE, 0);
	waits("");
	ck_assert_int_eq(rig_ask(rig, "SELECT server_flags FROM location"), FLAG_FLAGGED);
}
END_TEST

START_TEST(an_append_without_a_name_is_refused)
{
	struct change c = { .kind = CHANGE_MESSAGE, .subject = "x" };
	AUTO(fd_close) int fd = new_file();

	ck_assert_int_eq(store_append(rig->store, rig->archive, &c, fd, (message_id){ 0 }, NULL, &err),
		ERR_USAGE);
	deny(rig->archive, DENIED_INSERT);
	c.message_id = "x@y";
	ck_assert_int_eq(store_append(rig->store, rig->archive, &c, fd, (message_id){ 0 }, NULL, &err),
		ERR_REFUSED);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM message"), 1);
}
END_TEST

/* --- the history ------------------------------------------------------- */

START_TEST(a_line_of_the_history_tells_what_it_was)
{
	flag(rig->inbox, FLAG_FLAGGED, 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT messages = 1 AND subject = 'Subject 1' AND add_flags = 4"
				      " AND target_id = 0 AND source_id = (SELECT id FROM mailbox"
				      " WHERE path = 'INBOX') AND account_id = 1 FROM undo_step"), 1);
	move(rig->inbox, rig->archive);
	ck_assert_int_eq(rig_ask(rig, "SELECT target_id = (SELECT id FROM mailbox WHERE path ="
				      " 'Archive') FROM undo_step ORDER BY id DESC"), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mutation WHERE step_id = 0"), 0);
}
END_TEST

START_TEST(many_messages_are_one_event)
{
	location_id l[30];

	for (uint64_t i = 2; i <= 30; i++)
		rig_add(rig, rig->inbox, i, 0);
	for (uint64_t i = 1; i <= 30; i++)
		l[i - 1] = place(rig->inbox, i);
	ck_assert_int_eq(store_want_flags(rig->store, l, 30, FLAG_FLAGGED, 0, &err), 30);
	ck_assert_int_eq(rig_ask(rig, "SELECT count FROM event_log WHERE topic = 'flags_changed'"), 30);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM event_log WHERE topic = 'flags_changed'"),
		1);
	ck_assert_int_eq(store_want_move(rig->store, l, 3, rig->archive, &err), 3);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM event_log WHERE topic = 'messages_moved'"
				      " AND message_id > 0"), 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("want");
	TCase *t = tcase_create("want");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_flag_on_and_off_is_nothing);
	tcase_add_test(t, a_tag_on_and_off_is_nothing);
	tcase_add_test(t, flags_and_tags_are_one_row);
	tcase_add_test(t, moves_make_one_move);
	tcase_add_test(t, flags_after_an_unsent_move_come_before_it);
	tcase_add_test(t, flags_after_a_move_under_way_follow_it);
	tcase_add_test(t, a_copy_that_is_deleted_is_nothing);
	tcase_add_test(t, a_copy_goes_elsewhere);
	tcase_add_test(t, flags_around_a_copy_keep_their_order);
	tcase_add_test(t, deletion_for_ever_wins);
	tcase_add_test(t, deleting_the_original_keeps_the_copy);
	tcase_add_test(t, what_is_so_already_is_nothing);
	tcase_add_test(t, the_trash_keeps_the_flags_that_wait);
	tcase_add_test(t, what_is_in_doubt_is_not_touched);
	tcase_add_test(t, facts_and_wanted_tags_lie_over_each_other);
	tcase_add_test(t, what_is_only_marked_deleted_stays_hidden);
	tcase_add_test(t, what_the_server_denies_is_refused_before_anything_is_written);
	tcase_add_test(t, a_read_only_account_takes_no_wishes);
	tcase_add_test(t, an_append_is_shown_and_has_its_bytes);
	tcase_add_test(t, an_append_takes_flags_and_moves_with_it);
	tcase_add_test(t, an_append_that_is_undone_comes_again);
	tcase_add_test(t, a_newer_draft_takes_the_place_of_one_that_has_not_left);
	tcase_add_test(t, an_older_draft_goes_when_the_newer_one_is_there);
	tcase_add_test(t, an_older_draft_stays_if_the_newer_one_is_refused);
	tcase_add_test(t, a_refused_deletion_gives_its_flags_back);
	tcase_add_test(t, an_append_without_a_name_is_refused);
	tcase_add_test(t, a_line_of_the_history_tells_what_it_was);
	tcase_add_test(t, many_messages_are_one_event);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
