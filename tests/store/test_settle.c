/* What leaves, in which batches, what becomes of it, and what people may do with the queue. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "model/flags.h"
#include "store/desk.h"

static const mailbox_id none;

/* The only item of the batch is settled so. */
static void settle(struct mutation_batch **b, struct applied a)
{
	struct err why = { 0 }, err;

	ck_assert_ptr_nonnull(*b);
	ck_assert_uint_eq((*b)->n, 1);
	must(store_queue_settle(rig->store, *b, &a, &why, &err), &err);
	mutation_batch_free(b);
}

static GPtrArray *queue(void)
{
	GPtrArray *rows = NULL;
	struct err err;

	must(store_queue_rows(rig->store, rig->account, false, &rows, &err), &err);
	return rows;
}

static guint listed(void)
{
	g_autoptr(GPtrArray) rows = queue();

	return rows->len;
}

static int64_t row_at(guint i)
{
	g_autoptr(GPtrArray) rows = queue();

	ck_assert_uint_lt(i, rows->len);
	return ((struct mutation_row *)rows->pdata[i])->id;
}

static enum mutation_status status_at(guint i)
{
	g_autoptr(GPtrArray) rows = queue();

	ck_assert_uint_lt(i, rows->len);
	return ((struct mutation_row *)rows->pdata[i])->status;
}

static int act(int64_t row, bool group, enum queue_act a)
{
	struct err err;
	int r = store_queue_act(rig->store, row, group, a, &err);

	must(r, &err);
	return r;
}

/* --- claims -------------------------------------------------------------- */

START_TEST(keywords_leave_in_batches_of_their_own)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	rig_add(rig, rig->inbox, 2, 0);
	rig_add(rig, rig->inbox, 3, 0);
	want(rig->inbox, 1, &(struct want){ .verb = MUTATION_FLAGS, .add_keywords = "work" });
	want(rig->inbox, 2, &(struct want){ .verb = MUTATION_FLAGS, .add_keywords = "home" });
	want(rig->inbox, 3, &(struct want){ .verb = MUTATION_FLAGS, .add_keywords = "work" });
	b = rig_claim(rig);
	ck_assert_uint_eq(b->n, 2);
	ck_assert_str_eq(b->add_keywords, "work");
	ck_assert_str_eq(b->source_cursor, "1");
	ck_assert_str_eq(b->source_path, "INBOX");
	ck_assert(!b->unconditional);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM location WHERE keywords = 'work'"), 2);
	b = rig_claim(rig);
	ck_assert_str_eq(b->add_keywords, "home");
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
}
END_TEST

START_TEST(done_keeps_the_new_number_of_the_change)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_flags(rig->inbox, 1, FLAG_SEEN, 0);
	b = rig_claim(rig);
	ck_assert_uint_eq(b->items[0].modseq, 0);
	settle(&b, (struct applied){ .state = APPLIED_DONE, .modseq = 4711 });
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	b = rig_claim(rig);
	ck_assert_uint_eq(b->items[0].modseq, 4711);
	settle(&b, (struct applied){ .state = APPLIED_DONE });
}
END_TEST

START_TEST(a_held_row_holds_what_follows_on_the_message)
{
	struct mutation_batch *b;
	int64_t held;

	rig_add(rig, rig->inbox, 1, 0);
	rig_add(rig, rig->inbox, 2, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	want_flags(rig->inbox, 2, FLAG_FLAGGED, 0);
	held = row_at(0);
	ck_assert_int_eq(act(held, false, QUEUE_HOLD), 1);
	rig_reopen(rig);
	must(store_queue_recover(rig->store, rig->account, &(struct err){ 0 }), &(struct err){ 0 });
	b = rig_claim(rig);
	ck_assert_uint_eq(b->n, 1);
	ck_assert_uint_eq(b->items[0].uid, 2);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	ck_assert_ptr_null(rig_claim(rig));
	ck_assert_int_eq(store_queue_due_in(rig->store, rig->account), -1);
	ck_assert_int_eq(act(held, false, QUEUE_RELEASE), 1);
	b = rig_claim(rig);
	ck_assert_int_eq(b->verb, MUTATION_COPY);
	rig_settle(rig, &b, APPLIED_DONE, 9, ERR_OK);
}
END_TEST

/* --- somebody else changed it (C-02, L-85) -------------------------------- */

START_TEST(a_change_that_is_true_already_is_done)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_flags(rig->inbox, 1, FLAG_SEEN, 0);
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_CHANGED, .flags = FLAG_SEEN | FLAG_ANSWERED,
			   .modseq = 12 });
	ck_assert_uint_eq(listed(), 0);
	ck_assert_uint_eq(flags_in(rig->inbox, 1), FLAG_SEEN | FLAG_ANSWERED);
}
END_TEST

START_TEST(what_is_left_of_a_change_is_sent_again)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, FLAG_ANSWERED);
	want(rig->inbox, 1, &(struct want){ .verb = MUTATION_FLAGS, .add = FLAG_SEEN | FLAG_FLAGGED,
				    .remove = FLAG_ANSWERED, .add_keywords = "a b" });
	for (int i = 0; i < MUTATION_REVIEWS_MAX; i++) {
		b = rig_claim(rig);
		ck_assert(!b->unconditional);
		settle(&b, (struct applied){ .state = APPLIED_CHANGED, .flags = FLAG_SEEN,
				   .keywords = (char *)"a c", .modseq = 100 + (uint64_t)i });
		ck_assert_uint_eq(flags_in(rig->inbox, 1), FLAG_SEEN | FLAG_FLAGGED);
	}
	b = rig_claim(rig); /* at once, with no pause */
	ck_assert_ptr_nonnull(b);
	ck_assert(b->unconditional); /* a busy message does not keep a wish waiting for ever */
	ck_assert_uint_eq(b->add, FLAG_FLAGGED);
	ck_assert_uint_eq(b->remove, 0);
	ck_assert_str_eq(b->add_keywords, "b");
	ck_assert_uint_eq(b->items[0].modseq, 102);
	ck_assert_int_eq(rig_ask(rig, "SELECT attempts FROM mutation WHERE status = 'leased'"), 0);
	settle(&b, (struct applied){ .state = APPLIED_DONE });
	ck_assert_int_eq(rig_ask(rig, "SELECT keywords = 'a b c' FROM location"), 1);
}
END_TEST

START_TEST(reading_is_never_a_conflict)
{
	struct mutation_batch *b;
	struct err err;

	for (uint64_t i = 1; i <= 3; i++)
		rig_add(rig, rig->inbox, i, 0);
	must(store_note_read(rig->store, rig_place(rig, rig->inbox, 1), &err), &err);
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_GONE });
	ck_assert_uint_eq(listed(), 0);
	must(store_note_read(rig->store, rig_place(rig, rig->inbox, 2), &err), &err);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 2, 0);
	ck_assert_uint_eq(listed(), 0);
	want_flags(rig->inbox, 3, FLAG_SEEN, 0); /* a decision of the reader's is */
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_GONE });
	ck_assert_int_eq(status_at(0), MUTATION_CONFLICT);
	ck_assert_uint_eq(flags_in(rig->inbox, 3), 0);
}
END_TEST

/* --- every verb ------------------------------------------------------------ */

START_TEST(what_can_only_be_marked_is_hidden)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	rig_add(rig, rig->inbox, 2, 0);
	want_at(MUTATION_EXPUNGE, rig->inbox, 1, none);
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_DONE, .marked = true });
	want_at(MUTATION_MOVE, rig->inbox, 2, rig->archive);
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_DONE, .marked = true, .target_uid = 5 });
	ck_assert_int_eq(rig_total(rig, rig->inbox), 0);
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
	rig_fact(rig, rig->inbox, CHANGE_FLAGS, 1, FLAG_DELETED | FLAG_SEEN);
	ck_assert_int_eq(rig_total(rig, rig->inbox), 0);
	rig_fact(rig, rig->inbox, CHANGE_FLAGS, 1, FLAG_SEEN); /* somebody takes it back */
	ck_assert_int_eq(rig_total(rig, rig->inbox), 1);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 2, 0);
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
}
END_TEST

START_TEST(deleted_for_ever_goes_with_its_body)
{
	struct mutation_batch *b;
	struct err err;

	rig_add(rig, rig->trash, 1, 0);
	rig_keep_body(rig, rig->trash, 1);
	want_at(MUTATION_EXPUNGE, rig->trash, 1, none);
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_DONE });
	must(store_pass_done(rig->store, rig->account, &err), &err);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM message"), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM body"), 0);
}
END_TEST

START_TEST(a_copy_without_a_number_is_adopted)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_DONE });
	rig_add(rig, rig->archive, 1, 0);
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
	ck_assert_int_eq(rig_total(rig, rig->inbox), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM message"), 1);
}
END_TEST

START_TEST(a_refused_copy_takes_what_follows_along)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	want(rig->archive, 1, &(struct want){ .verb = MUTATION_FLAGS, .add = FLAG_FLAGGED });
	want_at(MUTATION_MOVE, rig->archive, 1, rig->trash);
	settle(&b, (struct applied){ .state = APPLIED_REFUSED, .answer = "No room." });
	ck_assert_ptr_null(rig_claim(rig));
	ck_assert(!rig_shows(rig, rig->archive, 1) && !rig_shows(rig, rig->trash, 1));
	ck_assert_uint_eq(flags_in(rig->inbox, 1), 0); /* the original was not meant */
	ck_assert_int_eq(status_at(0), MUTATION_FAILED);
	ck_assert_int_eq(status_at(1), MUTATION_CONFLICT);
}
END_TEST

START_TEST(a_number_of_another_mailbox_is_not_believed)
{
	struct batch *facts = batch_new(rig->account, rig->archive);
	struct mutation_batch *b;
	struct err err;

	batch_cursor(facts, "1", 7, true);
	must(batch_apply(rig->store, facts, NULL, &err), &err);
	batch_free(&facts);
	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_DONE, .target_uid = 5, .target_uidvalidity = 8 });
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM location WHERE uid IS NULL"), 1);
}
END_TEST

START_TEST(events_tell_of_every_step) /* M-45..M-48 */
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	rig_add(rig, rig->inbox, 2, 0);
	want(rig->inbox, 1, &(struct want){ .verb = MUTATION_FLAGS, .add_keywords = "x" });
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_DONE });
	ck_assert_int_ge(rig_ask(rig, "SELECT count(*) FROM event_log WHERE topic = 'tags_changed'"), 2);
	want_at(MUTATION_EXPUNGE, rig->inbox, 2, none);
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_REFUSED });
	ck_assert(rig_shows(rig, rig->inbox, 2));
	ck_assert_int_eq(rig_ask(rig, "SELECT topic = 'messages_added' FROM event_log"
				      " WHERE topic <> 'unread_count_changed'"
				      " ORDER BY seq DESC LIMIT 1"), 1);
}
END_TEST

/* --- groups and what people may do ------------------------------------------ */

static void flag_many(uint64_t from, uint64_t n, unsigned add)
{
	g_autofree location_id *l = g_new(location_id, n);
	const struct want w = { .verb = MUTATION_FLAGS, .add = add };
	struct err err;

	for (uint64_t i = 0; i < n; i++)
		l[i] = rig_place(rig, rig->inbox, from + i);
	must(store_want(rig->store, &w, l, n, &err), &err);
}

static GPtrArray *groups(void)
{
	GPtrArray *list = NULL;
	struct err err;

	must(store_queue_groups(rig->store, rig->account, 100, 0, &list, &err), &err);
	return list;
}

START_TEST(a_step_is_one_line)
{
	g_autoptr(GPtrArray) list = NULL;
	g_autofree char *words = NULL;
	const struct queue_group *g;

	for (uint64_t i = 1; i <= 9; i++)
		rig_add(rig, rig->inbox, i, 0);
	flag_many(1, 5, FLAG_SEEN);
	flag_many(6, 3, FLAG_SEEN);
	want_at(MUTATION_MOVE, rig->inbox, 9, rig->archive);
	list = groups();
	ck_assert_uint_eq(list->len, 3);
	g = list->pdata[0];
	ck_assert_int_eq(g->n, 5);
	words = queue_group_words(g);
	ck_assert_str_eq(words, "5 messages marked as read");
	g = list->pdata[2];
	ck_assert_int_eq(g->n, 1);
	ck_assert_str_eq(g->row.subject, "Subject 9");
	g_free(words);
	words = queue_group_words(g);
	ck_assert_str_eq(words, "move of 1 message from Inbox to Archive");
	ck_assert_int_eq(act(g->row.id, true, QUEUE_DROP), 1);
	ck_assert_int_eq(act(((struct queue_group *)list->pdata[0])->row.id, true, QUEUE_HOLD), 5);
	g_clear_pointer(&list, g_ptr_array_unref);
	list = groups();
	ck_assert_uint_eq(list->len, 2);
	ck_assert(((struct queue_group *)list->pdata[0])->row.held);
}
END_TEST

START_TEST(a_dropped_move_gives_back_what_follows)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	want(rig->archive, 1, &(struct want){ .verb = MUTATION_FLAGS, .add = FLAG_FLAGGED });
	{
		struct err err;

		ck_assert_int_eq(store_queue_act(rig->store, row_at(0), false, QUEUE_DROP, &err),
			ERR_USAGE); /* it is being sent */
		ck_assert_ptr_nonnull(strstr(err.text, "being sent"));
	}
	rig_settle(rig, &b, APPLIED_NOT_TRIED, 0, ERR_OFFLINE);
	ck_assert_int_eq(act(row_at(0), false, QUEUE_DROP), 1);
	ck_assert(rig_shows(rig, rig->inbox, 1) && !rig_shows(rig, rig->archive, 1));
	ck_assert_uint_eq(flags_in(rig->inbox, 1), FLAG_FLAGGED);
	b = rig_claim(rig);
	ck_assert_int_eq(b->verb, MUTATION_FLAGS);
	ck_assert_int_eq(b->source.v, rig->inbox.v);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
}
END_TEST

START_TEST(what_failed_is_wished_again_where_the_message_is)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_REFUSED, .answer = "Not now." });
	ck_assert(rig_shows(rig, rig->inbox, 1));
	ck_assert_int_eq(act(row_at(0), false, QUEUE_RETRY), 1);
	ck_assert_uint_eq(listed(), 1);
	ck_assert_int_eq(status_at(0), MUTATION_QUEUED);
	ck_assert(rig_shows(rig, rig->archive, 1));
	b = rig_claim(rig);
	settle(&b, (struct applied){ .state = APPLIED_REFUSED });
	ck_assert_int_eq(act(row_at(0), false, QUEUE_DROP), 1); /* out of sight */
	ck_assert_uint_eq(listed(), 0);
}
END_TEST

/* What may have happened is never repeated blindly, not by hand either. */
START_TEST(what_failed_in_doubt_is_looked_for_when_tried_again)
{
	struct mutation_batch *b;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	for (int i = 0; i < MUTATION_ATTEMPTS_MAX; i++) {
		b = rig_claim(rig);
		ck_assert_ptr_nonnull(b);
		g_strlcpy(b->mark, "1 5", sizeof b->mark);
		must(store_queue_mark(rig->store, b, &err), &err);
		rig_settle(rig, &b, APPLIED_UNKNOWN, 0, ERR_PROTOCOL);
		if (status_at(0) == MUTATION_QUEUED)
			ck_assert_int_eq(act(row_at(0), false, QUEUE_RETRY), 1);
	}
	ck_assert_int_eq(status_at(0), MUTATION_FAILED);
	ck_assert_int_eq(store_queue_retarget(rig->store, row_at(0), false, rig->trash, &err),
		ERR_USAGE);
	ck_assert_int_eq(act(row_at(0), false, QUEUE_RETRY), 1);
	b = rig_claim(rig);
	ck_assert_ptr_nonnull(b);
	ck_assert(b->uncertain);
	ck_assert_str_eq(b->mark, "1 5");
	rig_settle(rig, &b, APPLIED_DONE, 9, ERR_OK);
	ck_assert_uint_eq(listed(), 0);
}
END_TEST

/* A server that answers and never tells what it did: the row that gives up says so. */
START_TEST(an_outcome_that_is_never_told_has_words)
{
	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	for (int i = 0; i < MUTATION_ATTEMPTS_MAX; i++) {
		struct mutation_batch *b = rig_claim(rig);

		settle(&b, (struct applied){ .state = APPLIED_UNKNOWN });
		if (status_at(0) == MUTATION_QUEUED)
			ck_assert_int_eq(act(row_at(0), false, QUEUE_RETRY), 1);
	}
	ck_assert_int_eq(status_at(0), MUTATION_FAILED);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mutation WHERE answer LIKE '%not tell%'"),
		1);
}
END_TEST

START_TEST(a_retry_ends_the_pause)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_flags(rig->inbox, 1, FLAG_SEEN, 0);
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_NOT_TRIED, 0, ERR_PROTOCOL);
	ck_assert_int_gt(store_queue_due_in(rig->store, rig->account), 0);
	ck_assert_int_eq(act(row_at(0), true, QUEUE_RETRY), 1);
	ck_assert_int_eq(store_queue_due_in(rig->store, rig->account), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT attempts FROM mutation"), 1);
}
END_TEST

START_TEST(a_move_gets_another_target)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct undone out;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	ck_assert_int_eq(store_queue_retarget(rig->store, row_at(0), true, rig->trash, &err), 1);
	ck_assert(rig_shows(rig, rig->trash, 1) && !rig_shows(rig, rig->archive, 1));
	must(store_history(rig->store, 0, 5, &rows, &err), &err);
	ck_assert_str_eq(((struct history_row *)rows->pdata[0])->target_name, "Trash");
	ck_assert_int_eq(store_undo(rig->store, 0, &out, &err), 1);
	ck_assert(rig_shows(rig, rig->inbox, 1));
	want_flags(rig->inbox, 1, FLAG_SEEN, 0);
	ck_assert_int_eq(store_queue_retarget(rig->store, row_at(0), false, rig->trash, &err),
		ERR_USAGE);
}
END_TEST

/* A wish behind a move whose source goes is about that source again, and ends with it. */
START_TEST(what_follows_on_a_move_ends_when_its_source_goes)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	want_at(MUTATION_COPY, rig->archive, 1, rig->trash);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 1, 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mutation WHERE status = 'conflict'"), 2);
	ck_assert_int_eq(rig_total(rig, rig->trash), 0);
	b = rig_claim(rig);
	ck_assert_ptr_null(b);
}
END_TEST

/* --- a new UIDVALIDITY ---------------------------------------------------- */

static void reset(mailbox_id m)
{
	struct batch *b = batch_new(rig->account, m);
	struct err err;

	batch_reset(b);
	must(batch_apply(rig->store, b, NULL, &err), &err);
	batch_free(&b);
}

/* The message `number` arrives under a new uid; last: and that was all. */
static void arrive(mailbox_id m, uint64_t number, uint64_t uid, bool last)
{
	g_autofree char *id = g_strdup_printf("m%d@example.org", (int)number);
	struct change c = { .kind = CHANGE_MESSAGE, .uid = uid, .message_id = id,
		.subject = "Found", .size = 1000 + number };
	struct batch *b = batch_new(rig->account, m);
	struct err err;

	batch_change(b, &c);
	batch_cursor(b, "9", 2, last);
	must(batch_apply(rig->store, b, NULL, &err), &err);
	batch_free(&b);
}

START_TEST(wishes_are_about_the_new_numbers)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	rig_add(rig, rig->inbox, 2, 0);
	rig_keep_body(rig, rig->inbox, 1);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	reset(rig->inbox);
	ck_assert_ptr_null(rig_claim(rig));
	arrive(rig->inbox, 1, 101, false);
	ck_assert_ptr_null(rig_claim(rig)); /* another one like it may still come */
	arrive(rig->inbox, 2, 102, true);
	ck_assert(rig_has_body(rig, rig->inbox, 1));
	ck_assert_uint_eq(flags_in(rig->inbox, 1), FLAG_FLAGGED);
	b = rig_claim(rig);
	ck_assert_ptr_nonnull(b);
	ck_assert_uint_eq(b->items[0].uid, 101);
	ck_assert_uint_eq(b->uidvalidity, 2);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	ck_assert_int_eq(rig_total(rig, rig->inbox), 2);
}
END_TEST

START_TEST(a_wish_is_a_conflict_only_when_passes_do_not_find_it)
{
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	rig_add(rig, rig->inbox, 2, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	reset(rig->inbox);
	arrive(rig->inbox, 2, 102, true);
	must(store_pass_done(rig->store, rig->account, &err), &err);
	ck_assert_int_eq(status_at(0), MUTATION_QUEUED);
	must(store_pass_done(rig->store, rig->account, &err), &err);
	ck_assert_int_eq(status_at(0), MUTATION_CONFLICT);
	ck_assert(!rig_shows(rig, rig->archive, 1) && !rig_shows(rig, rig->inbox, 1));
}
END_TEST

START_TEST(two_that_look_alike_are_a_conflict)
{
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	reset(rig->inbox);
	arrive(rig->inbox, 1, 101, false);
	arrive(rig->inbox, 1, 102, true); /* two arrivals */
	ck_assert_int_eq(status_at(0), MUTATION_CONFLICT);
	ck_assert_ptr_null(rig_claim(rig));
	ck_assert_int_eq(rig_total(rig, rig->inbox), 2);
	act(row_at(0), false, QUEUE_DROP);
	{
		location_id l = rig_place(rig, rig->inbox, 101);

		must(store_want_flags(rig->store, &l, 1, FLAG_FLAGGED, 0, &err), &err);
	}
	reset(rig->inbox); /* two places */
	ck_assert_int_eq(status_at(0), MUTATION_CONFLICT);
}
END_TEST

START_TEST(a_move_in_doubt_that_arrived_is_done)
{
	struct mutation_batch *b;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	g_strlcpy(b->mark, "1 5", sizeof b->mark);
	must(store_queue_mark(rig->store, b, &err), &err);
	rig_settle(rig, &b, APPLIED_UNKNOWN, 0, ERR_OFFLINE);
	reset(rig->inbox);
	rig_add(rig, rig->archive, 1, 0); /* the copy is seen */
	must(store_pass_done(rig->store, rig->account, &err), &err);
	must(store_pass_done(rig->store, rig->account, &err), &err);
	ck_assert_uint_eq(listed(), 0);
	ck_assert(rig_shows(rig, rig->archive, 1) && !rig_shows(rig, rig->inbox, 1));
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mutation WHERE status = 'done'"), 1);
}
END_TEST

START_TEST(a_move_in_doubt_is_done_when_its_source_goes)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_UNKNOWN, 0, ERR_OFFLINE);
	rig_add(rig, rig->archive, 1, 0);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 1, 0);
	ck_assert_uint_eq(listed(), 0);
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
}
END_TEST

START_TEST(undo_after_a_new_uidvalidity)
{
	struct mutation_batch *b;
	struct undone out;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_DONE, 5, ERR_OK);
	rig_fact(rig, rig->archive, CHANGE_FLAGS, 5, 0);
	reset(rig->archive);
	arrive(rig->archive, 1, 105, true);
	ck_assert_int_eq(store_undo(rig->store, 0, &out, &err), 1);
	ck_assert_int_eq(out.done, 1);
	b = rig_claim(rig);
	ck_assert_uint_eq(b->items[0].uid, 105);
	ck_assert_uint_eq(b->uidvalidity, 2);
	rig_settle(rig, &b, APPLIED_DONE, 6, ERR_OK);
	ck_assert(rig_shows(rig, rig->inbox, 1));
}
END_TEST

START_TEST(a_large_step_outlives_a_new_uidvalidity)
{
	enum { N = WANT_AT_ONCE + 20 };
	location_id l[N];
	const struct want w = { .verb = MUTATION_FLAGS, .add = FLAG_FLAGGED };
	struct err err;

	for (uint64_t i = 1; i <= N; i++)
		rig_add(rig, rig->inbox, i, 0);
	for (uint64_t i = 1; i <= N; i++)
		l[i - 1] = rig_place(rig, rig->inbox, i);
	must(store_want(rig->store, &w, l, N, &err), &err);
	reset(rig->inbox);
	for (uint64_t i = 1; i <= N; i++)
		arrive(rig->inbox, i, 1000 + i, i == N);
	while (store_want_more(rig->store, &err) > 0)
		;
	for (uint64_t i = 1; i <= N; i++)
		ck_assert_uint_eq(flags_in(rig->inbox, i), FLAG_FLAGGED);
	{
		struct mutation_batch *b = rig_claim(rig);

		ck_assert_ptr_nonnull(b);
		ck_assert_uint_eq(b->n, N);
		rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settle");
	TCase *t = tcase_create("settle");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, desk_open, desk_close);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, keywords_leave_in_batches_of_their_own);
	tcase_add_test(t, done_keeps_the_new_number_of_the_change);
	tcase_add_test(t, a_held_row_holds_what_follows_on_the_message);
	tcase_add_test(t, a_change_that_is_true_already_is_done);
	tcase_add_test(t, what_is_left_of_a_change_is_sent_again);
	tcase_add_test(t, reading_is_never_a_conflict);
	tcase_add_test(t, what_can_only_be_marked_is_hidden);
	tcase_add_test(t, deleted_for_ever_goes_with_its_body);
	tcase_add_test(t, a_copy_without_a_number_is_adopted);
	tcase_add_test(t, a_refused_copy_takes_what_follows_along);
	tcase_add_test(t, a_number_of_another_mailbox_is_not_believed);
	tcase_add_test(t, events_tell_of_every_step);
	tcase_add_test(t, a_step_is_one_line);
	tcase_add_test(t, a_dropped_move_gives_back_what_follows);
	tcase_add_test(t, what_failed_is_wished_again_where_the_message_is);
	tcase_add_test(t, what_failed_in_doubt_is_looked_for_when_tried_again);
	tcase_add_test(t, an_outcome_that_is_never_told_has_words);
	tcase_add_test(t, a_retry_ends_the_pause);
	tcase_add_test(t, a_move_gets_another_target);
	tcase_add_test(t, what_follows_on_a_move_ends_when_its_source_goes);
	tcase_add_test(t, wishes_are_about_the_new_numbers);
	tcase_add_test(t, a_wish_is_a_conflict_only_when_passes_do_not_find_it);
	tcase_add_test(t, two_that_look_alike_are_a_conflict);
	tcase_add_test(t, a_move_in_doubt_that_arrived_is_done);
	tcase_add_test(t, a_move_in_doubt_is_done_when_its_source_goes);
	tcase_add_test(t, undo_after_a_new_uidvalidity);
	tcase_add_test(t, a_large_step_outlives_a_new_uidvalidity);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
