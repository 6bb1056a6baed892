/*
 * What every provider owes to the rest of tern: one table of cases, asked of
 * each of them through the real store and the real passes, and compared with
 * what the other side says of itself (world.h).
 *
 * A case ends with settled(): both sides show the same, the store is sound,
 * nothing waits, and one more pass changes nothing.
 */
#include <check.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mime/text.h"
#include "model/flags.h"
#include "provider/client.h"
#include "provider/world.h"

enum { MANY = 60, HUGE_BYTES = 3 << 20, CASE_SECONDS = 60 };

struct bench {
	struct world w;
	struct client c;
};

/* --- shorthands ------------------------------------------------------------------------ */

static char *letter(const struct bench *b, const char *key, size_t filling)
{
	const char *eol = b->w.ops->eol;
	GString *mail = g_string_new(NULL);

	g_string_append_printf(mail,
		"From: Ann <ann@example.org>%sSubject: about %s%s"
		"Message-ID: <%s" WORLD_DOMAIN
		">%sDate: Tue, 01 Jul 2025 10:00:00 +0200%s%sBody of %s%s",
		eol, key, eol, key, eol, eol, eol, key, eol);
	while (mail->len < filling)
		g_string_append_printf(mail, "%08zx The quick brown fox, -- .%s", mail->len, eol);
	return g_string_free(mail, FALSE);
}

static void deliver(struct bench *b, const char *box, const char *key)
{
	g_autofree char *mail = letter(b, key, 0);

	b->w.ops->deliver(&b->w, box, mail, strlen(mail));
}

static void flag_there(struct bench *b, const char *box, const char *key, const char *changes)
{
	b->w.ops->flag(&b->w, box, key, changes);
}

/* Several messages in INBOX, and the store knows them. */
static void begin_with(struct bench *b, const char *keys)
{
	g_auto(GStrv) list = g_strsplit(keys, " ", 0);

	for (char **k = list; *k; k++)
		deliver(b, "INBOX", *k);
	client_pass(&b->c);
}

static void drain(struct bench *b)
{
	struct err err;

	ck_assert_msg(client_drain(&b->c, &err) == 0, "rows wait: %s", err.text);
}

static char *picture_there(struct bench *b)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	b->w.ops->picture(&b->w, lines);
	return picture_end(lines);
}

static void shows(struct bench *b, const char *box, const char *key)
{
	ck_assert_msg(client_place(&b->c, box, key).v != 0, "%s does not show %s", box, key);
}

static void shows_not(struct bench *b, const char *box, const char *key)
{
	ck_assert_msg(client_place(&b->c, box, key).v == 0, "%s shows %s", box, key);
}

static void same(struct bench *b)
{
	g_autofree char *there = picture_there(b), *here = client_picture(&b->c);

	ck_assert_msg(strcmp(there, here) == 0, "THERE\n%s\nHERE\n%s", there, here);
}

static void sound(struct bench *b)
{
	struct err err = { 0 };

	ck_assert_msg(store_check(b->c.store, &err) >= 0, "%s", err.text);
}

static void settled(struct bench *b)
{
	g_autofree char *before = NULL, *after = NULL;

	client_pass(&b->c);
	drain(b);
	client_pass(&b->c);
	same(b);
	ck_assert_int_eq(client_pending(&b->c), 0);
	before = client_dump(&b->c);
	client_pass(&b->c);
	after = client_dump(&b->c);
	ck_assert_msg(strcmp(before, after) == 0, "BEFORE\n%s\nAFTER\n%s", before, after);
	sound(b);
}

/* --- inbound --------------------------------------------------------------------------- */

static void first_sync_of_nothing(struct bench *b)
{
	client_pass(&b->c);
	ck_assert_int_eq(client_total(&b->c, "INBOX"), 0);
}

static void first_sync_of_one(struct bench *b)
{
	begin_with(b, "a");
	shows(b, "INBOX", "a");
}

static void first_sync_of_many(struct bench *b)
{
	b->w.ops->fill(&b->w, "INBOX", MANY);
	client_pass(&b->c);
	ck_assert_int_eq(client_total(&b->c, "INBOX"), MANY);
}

static void a_new_message_comes(struct bench *b)
{
	begin_with(b, "a");
	deliver(b, "INBOX", "b");
	client_pass(&b->c);
	shows(b, "INBOX", "a");
	shows(b, "INBOX", "b");
}

static void flags_of_others_come_and_go(struct bench *b)
{
	begin_with(b, "a b");
	flag_there(b, "INBOX", "a", "+\\Seen +\\Flagged +\\Answered");
	client_pass(&b->c);
	same(b);
	flag_there(b, "INBOX", "a", "-\\Flagged -\\Seen");
	client_pass(&b->c);
	same(b);
}

static void odd_flags_are_kept(struct bench *b)
{
	begin_with(b, "a b");
	flag_there(b, "INBOX", "a", "+\\Draft +\\Deleted +$Forwarded");
	if (b->w.ops->can & CAN_KEYWORDS)
		flag_there(b, "INBOX", "b", "+$MDNSent +NonJunk +a.very-odd_key/word=1 +work");
	client_pass(&b->c);
	same(b);
	client_flag(&b->c, "INBOX", "a", FLAG_SEEN, FLAG_DRAFT);
	client_flag(&b->c, "INBOX", "b", FLAG_SEEN, 0);
	drain(b);
	client_pass(&b->c);
	same(b);
	flag_there(b, "INBOX", "a", "-$Forwarded");
}

static void an_expunge_comes(struct bench *b)
{
	begin_with(b, "a b c");
	b->w.ops->expunge(&b->w, "INBOX", "b");
	client_pass(&b->c);
	shows_not(b, "INBOX", "b");
	ck_assert_int_eq(client_total(&b->c, "INBOX"), 2);
}

static void all_are_expunged(struct bench *b)
{
	begin_with(b, "a b");
	b->w.ops->expunge(&b->w, "INBOX", "a");
	b->w.ops->expunge(&b->w, "INBOX", "b");
	client_pass(&b->c);
	ck_assert_int_eq(client_total(&b->c, "INBOX"), 0);
}

/* The message stays the same one, with its body, wherever others put it. */
static void a_move_of_others_keeps_the_message(struct bench *b)
{
	message_id m;
	size_t len;

	begin_with(b, "a b");
	m = client_message(&b->c, "INBOX", "a");
	g_free(client_body(&b->c, m, &len));
	b->w.ops->move(&b->w, "INBOX", "a", "Archive");
	client_pass(&b->c);
	shows_not(b, "INBOX", "a");
	ck_assert_int_eq(client_message(&b->c, "Archive", "a").v, m.v);
	ck_assert(store_body_cached(b->c.store, m));
	b->w.ops->move(&b->w, "Archive", "a", "INBOX");
	client_pass(&b->c);
	ck_assert_int_eq(client_message(&b->c, "INBOX", "a").v, m.v);
}

static void mailboxes_come_and_go(struct bench *b)
{
	begin_with(b, "a");
	b->w.ops->make(&b->w, "Projects");
	b->w.ops->make(&b->w, "Projects/Tern");
	deliver(b, "Projects/Tern", "t");
	client_pass(&b->c);
	shows(b, "Projects/Tern", "t");
	same(b);
	b->w.ops->remove(&b->w, "Projects/Tern");
	client_pass(&b->c);
	same(b);
}

static void a_renamed_mailbox_keeps_its_messages(struct bench *b)
{
	message_id m;
	size_t len;

	b->w.ops->make(&b->w, "Old");
	deliver(b, "Old", "a");
	client_pass(&b->c);
	m = client_message(&b->c, "Old", "a");
	g_free(client_body(&b->c, m, &len));
	b->w.ops->rename(&b->w, "Old", "New");
	client_pass(&b->c);
	ck_assert_int_eq(client_message(&b->c, "New", "a").v, m.v);
	ck_assert(store_body_cached(b->c.store, m));
}

/* A new UIDVALIDITY, files with new names: the numbers are void, the messages are not. */
static void new_numbers_keep_the_messages(struct bench *b)
{
	message_id m;
	size_t len;

	begin_with(b, "a b");
	m = client_message(&b->c, "INBOX", "a");
	g_free(client_body(&b->c, m, &len));
	client_flag(&b->c, "INBOX", "a", FLAG_FLAGGED, 0);
	drain(b);
	b->w.ops->renumber(&b->w, "INBOX");
	client_pass(&b->c);
	ck_assert_int_eq(client_message(&b->c, "INBOX", "a").v, m.v);
	ck_assert(store_body_cached(b->c.store, m));
	ck_assert_int_eq(client_total(&b->c, "INBOX"), 2);
}

/* --- bodies ---------------------------------------------------------------------------- */

static void body_equals(struct bench *b, message_id m, const char *want, size_t want_len)
{
	size_t len;
	g_autofree char *body = client_body(&b->c, m, &len);

	ck_assert_uint_eq(len, want_len);
	ck_assert(memcmp(body, want, len) == 0);
}

static void round_trip(struct bench *b, size_t filling)
{
	g_autofree char *mail = letter(b, "a", filling);

	b->w.ops->deliver(&b->w, "INBOX", mail, strlen(mail));
	client_pass(&b->c);
	body_equals(b, client_message(&b->c, "INBOX", "a"), mail, strlen(mail));
}

static void a_body_is_what_was_delivered(struct bench *b)
{
	round_trip(b, 2000);
}

static void a_huge_body_is_what_was_delivered(struct bench *b)
{
	round_trip(b, HUGE_BYTES);
}

static void a_body_after_a_move_by_others(struct bench *b)
{
	g_autofree char *mail = letter(b, "a", 500);
	message_id m;

	b->w.ops->deliver(&b->w, "INBOX", mail, strlen(mail));
	client_pass(&b->c);
	m = client_message(&b->c, "INBOX", "a");
	b->w.ops->move(&b->w, "INBOX", "a", "Archive");
	client_pass(&b->c);
	body_equals(b, m, mail, strlen(mail));
}

static void mail_without_headers(struct bench *b)
{
	const char *eol = b->w.ops->eol;
	g_autofree char *text = g_strdup_printf("%snothing but a text%s", eol, eol);
	g_autofree char *noise = g_strdup_printf("no colon here%s: and no name%s", eol, eol);
	int64_t n = 2;

	b->w.ops->deliver(&b->w, "INBOX", text, strlen(text));
	b->w.ops->deliver(&b->w, "INBOX", noise, strlen(noise));
	if (b->w.ops->can & CAN_EMPTY) {
		b->w.ops->deliver(&b->w, "INBOX", "", 0);
		n++;
	}
	client_pass(&b->c);
	ck_assert_int_eq(client_total(&b->c, "INBOX"), n);
}

/* Two copies of one letter are two messages. */
static void two_messages_of_one_id(struct bench *b)
{
	begin_with(b, "a a");
	ck_assert_int_eq(client_total(&b->c, "INBOX"), 2);
}

/* --- outbound -------------------------------------------------------------------------- */

static void our_flags_arrive(struct bench *b)
{
	begin_with(b, "a b");
	client_flag(&b->c, "INBOX", "a", FLAG_SEEN | FLAG_FLAGGED, 0);
	drain(b);
	same(b);
	client_flag(&b->c, "INBOX", "a", FLAG_ANSWERED, FLAG_SEEN);
	drain(b);
	same(b);
}

static void our_move_arrives(struct bench *b)
{
	message_id m;

	b->w.ops->make(&b->w, "Lists");
	begin_with(b, "a b");
	m = client_message(&b->c, "INBOX", "a");
	client_move(&b->c, "INBOX", "a", "Lists");
	shows(b, "Lists", "a"); /* before the server knows */
	drain(b);
	client_pass(&b->c);
	same(b);
	ck_assert_int_eq(client_message(&b->c, "Lists", "a").v, m.v);
}

static void flags_travel_with_a_move(struct bench *b)
{
	begin_with(b, "a");
	client_flag(&b->c, "INBOX", "a", FLAG_FLAGGED, 0);
	client_move(&b->c, "INBOX", "a", "Archive");
	client_flag(&b->c, "Archive", "a", FLAG_SEEN, 0);
	drain(b);
}

static void archive_and_undo(struct bench *b)
{
	message_id m;

	begin_with(b, "a b");
	m = client_message(&b->c, "INBOX", "a");
	client_role(&b->c, "INBOX", "a", ROLE_ARCHIVE);
	drain(b);
	client_pass(&b->c);
	same(b);
	shows(b, "Archive", "a");
	client_undo(&b->c);
	shows(b, "INBOX", "a");
	drain(b);
	client_pass(&b->c);
	same(b);
	shows_not(b, "Archive", "a");
	ck_assert_int_eq(client_message(&b->c, "INBOX", "a").v, m.v);
}

static void undo_before_it_left(struct bench *b)
{
	g_autofree char *before = NULL, *after = NULL;

	begin_with(b, "a b");
	before = picture_there(b);
	client_role(&b->c, "INBOX", "a", ROLE_ARCHIVE);
	client_undo(&b->c);
	drain(b);
	after = picture_there(b);
	ck_assert_str_eq(before, after);
	shows(b, "INBOX", "a");
}

static void delete_goes_to_the_trash(struct bench *b)
{
	begin_with(b, "a b");
	client_role(&b->c, "INBOX", "a", ROLE_TRASH);
	drain(b);
	client_pass(&b->c);
	shows(b, "Trash", "a");
	shows_not(b, "INBOX", "a");
	same(b);
}

static void what_others_removed_is_no_failure(struct bench *b)
{
	begin_with(b, "a b");
	b->w.ops->expunge(&b->w, "INBOX", "a");
	client_flag(&b->c, "INBOX", "a", FLAG_SEEN, 0);
	drain(b);
	client_pass(&b->c);
	shows_not(b, "INBOX", "a");
	ck_assert_int_eq(client_rows(&b->c, MUTATION_FAILED), 0);
}

static void our_keywords_arrive(struct bench *b)
{
	struct want w = { .verb = MUTATION_FLAGS, .add = FLAG_FLAGGED, .add_keywords = "work" };

	begin_with(b, "a b");
	if (!(b->w.ops->can & CAN_KEYWORDS))
		return;
	client_want(&b->c, "INBOX", "a", w, NULL);
	drain(b);
	client_pass(&b->c);
	same(b);
}

static void our_copy_arrives(struct bench *b)
{
	begin_with(b, "a b");
	client_want(&b->c, "INBOX", "a", (struct want){ .verb = MUTATION_COPY }, "Archive");
	drain(b);
	client_pass(&b->c);
	shows(b, "INBOX", "a");
	shows(b, "Archive", "a");
	same(b);
}

/* C-14: what somebody else has marked as deleted stays. */
static void our_expunge_takes_ours_only(struct bench *b)
{
	begin_with(b, "a b c");
	flag_there(b, "INBOX", "c", "+\\Deleted");
	client_pass(&b->c);
	client_want(&b->c, "INBOX", "a", (struct want){ .verb = MUTATION_EXPUNGE }, NULL);
	drain(b);
	client_pass(&b->c);
	shows_not(b, "INBOX", "a");
	same(b);
}

/* C-02: flags of both sides come together. */
static void flags_changed_meanwhile_commute(struct bench *b)
{
	begin_with(b, "a b");
	flag_there(b, "INBOX", "a", "+\\Answered");
	client_flag(&b->c, "INBOX", "a", FLAG_SEEN, 0);
	client_flag(&b->c, "INBOX", "b", FLAG_SEEN, 0);
	drain(b);
	client_pass(&b->c);
	same(b);
	ck_assert_int_eq(client_rows(&b->c, MUTATION_CONFLICT), 0);
}

/* --- the other side is away ------------------------------------------------------------ */

static void fails_offline(struct bench *b)
{
	struct err err;

	ck_assert_int_eq(client_try(&b->c, &err), ERR_OFFLINE);
	ck_assert_msg(strlen(err.text) > 20, "%s", err.text);
}

static void away_and_back_loses_nothing(struct bench *b)
{
	g_autofree char *before = NULL, *after = NULL;
	message_id m;
	size_t len;

	begin_with(b, "a b c");
	m = client_message(&b->c, "INBOX", "a");
	g_free(client_body(&b->c, m, &len));
	before = client_picture(&b->c);
	b->w.ops->vanish(&b->w);
	fails_offline(b);
	fails_offline(b);
	after = client_picture(&b->c);
	ck_assert_str_eq(before, after);
	ck_assert(store_body_cached(b->c.store, m));
	sound(b);
	b->w.ops->come_back(&b->w);
	client_pass(&b->c);
	ck_assert_int_eq(client_message(&b->c, "INBOX", "a").v, m.v);
}

/* Flags commute, what is gone is gone, and a move of what others moved is a conflict. */
static void both_sides_changed(struct bench *b)
{
	struct err err;

	begin_with(b, "a b c d");
	b->w.ops->vanish(&b->w);
	client_flag(&b->c, "INBOX", "a", FLAG_SEEN, 0);
	client_move(&b->c, "INBOX", "b", "Archive");
	client_flag(&b->c, "INBOX", "c", FLAG_SEEN, 0);
	client_role(&b->c, "INBOX", "d", ROLE_ARCHIVE);
	ck_assert_int_eq(client_drain(&b->c, &err), 4);
	ck_assert_int_eq(err.code, ERR_OFFLINE);
	fails_offline(b);
	shows(b, "Archive", "b");
	b->w.ops->come_back(&b->w);
	flag_there(b, "INBOX", "a", "+\\Flagged");
	b->w.ops->move(&b->w, "INBOX", "b", "Trash");
	b->w.ops->expunge(&b->w, "INBOX", "c");
	deliver(b, "INBOX", "e");
	client_pass(&b->c);
	drain(b);
	client_pass(&b->c);
	same(b);
	shows(b, "Trash", "b");
	shows(b, "Archive", "d");
	shows(b, "INBOX", "e");
	shows_not(b, "INBOX", "c");
	ck_assert_int_eq(client_rows(&b->c, MUTATION_CONFLICT), 2); /* b, and c's flag */
	ck_assert_int_eq(client_rows(&b->c, MUTATION_FAILED), 0);
}

static void a_move_into_a_removed_mailbox(struct bench *b)
{
	b->w.ops->make(&b->w, "Short");
	begin_with(b, "a b");
	client_move(&b->c, "INBOX", "a", "Short");
	b->w.ops->remove(&b->w, "Short");
	client_pass(&b->c);
	drain(b);
	client_pass(&b->c);
	shows(b, "INBOX", "a");
	same(b);
}

/* --- the table ------------------------------------------------------------------------- */

#define NAMED(f) #f, f

static const struct {
	const char *name;
	void (*run)(struct bench *b);
} cases[] = {
	{ NAMED(first_sync_of_nothing) },
	{ NAMED(first_sync_of_one) },
	{ NAMED(first_sync_of_many) },
	{ NAMED(a_new_message_comes) },
	{ NAMED(flags_of_others_come_and_go) },
	{ NAMED(odd_flags_are_kept) }, /* a Maildir name holds no keyword but $Forwarded */
	{ NAMED(an_expunge_comes) },
	{ NAMED(all_are_expunged) },
	{ NAMED(a_move_of_others_keeps_the_message) },
	{ NAMED(mailboxes_come_and_go) },
	{ NAMED(a_renamed_mailbox_keeps_its_messages) },
	{ NAMED(new_numbers_keep_the_messages) }, /* other bytes under one Maildir name: not
						     possible */
	{ NAMED(a_body_is_what_was_delivered) },
	{ NAMED(a_huge_body_is_what_was_delivered) },
	{ NAMED(a_body_after_a_move_by_others) },
	{ NAMED(mail_without_headers) }, /* of no bytes at all: only a Maildir takes that */
	{ NAMED(two_messages_of_one_id) },
	{ NAMED(our_flags_arrive) },
	{ NAMED(our_move_arrives) },
	{ NAMED(flags_travel_with_a_move) },
	{ NAMED(archive_and_undo) },
	{ NAMED(undo_before_it_left) },
	{ NAMED(delete_goes_to_the_trash) },
	{ NAMED(what_others_removed_is_no_failure) },
	{ NAMED(our_keywords_arrive) },
	{ NAMED(our_copy_arrives) },
	{ NAMED(our_expunge_takes_ours_only) },
	{ NAMED(flags_changed_meanwhile_commute) },
	{ NAMED(away_and_back_loses_nothing) },
	{ NAMED(both_sides_changed) },
	{ NAMED(a_move_into_a_removed_mailbox) },
};

static void run(const struct world_ops *ops, int i)
{
	struct bench b = { .w.ops = ops };

	printf("%s: %s\n", ops->name, cases[i].name);
	fflush(stdout);
	client_open(&b.c, ops->open(&b.w, i));
	cases[i].run(&b);
	settled(&b);
	client_close(&b.c);
	ops->close(&b.w);
}

START_TEST(imap)
{
	run(&world_imap, _i);
}
END_TEST

START_TEST(maildir)
{
	run(&world_maildir, _i);
}
END_TEST

static int run_world(const struct world_ops *ops, const TTest *test)
{
	Suite *s = suite_create(ops->name);
	TCase *c = tcase_create("conformance");
	int r = ops->begin(), failed;
	SRunner *sr;

	if (r == 77)
		printf("%s: skipped, this machine has no server for it\n", ops->name);
	tcase_set_timeout(c, CASE_SECONDS);
	if (r == 0)
		tcase_add_loop_test(c, test, 0, G_N_ELEMENTS(cases));
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	if (r == 0)
		ops->end();
	return failed + (r != 0 && r != 77);
}

int main(void)
{
	int failed;

	setlocale(LC_ALL, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	mime_init();
	failed = run_world(&world_maildir, maildir);
	failed += run_world(&world_imap, imap);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
