/* The reader and its child, as the program uses them. */
#include "test_read.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "read/child.h"
#include "read/jail.h"
#include "read/reader.h"
#include "read/wire.h"

#define SMALL "Subject: x\n\nhello\n"

static int small(void)
{
	return file_of(SMALL, sizeof SMALL - 1);
}

static struct reader *reader_of(struct queue *events, struct reader_limits limits)
{
	return reader_new_limited(events, &limits);
}

static int read_it(struct reader *r, int fd, struct reader_answer *out, struct err *err)
{
	return reader_read(r, &(struct reader_question){ .fd = fd, .part = -1, .out = -1 }, NULL,
		out, err);
}

static int64_t ask(struct reader *r, int fd)
{
	return reader_ask(r, &(struct reader_question){ .fd = fd, .part = -1, .out = -1 });
}

static void must_read(struct reader *r)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct err err;

	ck_assert_msg(read_it(r, small(), &a, &err) == 0, "%s", err.text);
	ck_assert_str_eq(a.doc->text, "hello\n");
}

static void must_fail(struct reader *r, int fd, enum err_code code)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct err err;

	ck_assert_int_eq(read_it(r, fd, &a, &err), code);
	ck_assert_int_ge((int)strlen(err.text), 20);
	ck_assert_ptr_null(a.doc);
}

/* The ticket of the next event, 0 if none comes in ms. */
static int64_t next_event(struct queue *q, int ms, int *code)
{
	struct event e;

	for (int i = 0; i <= ms; i += 5) {
		if (queue_pop(q, &e)) {
			ck_assert_int_eq(e.kind, EV_DOCUMENT);
			*code = e.code;
			return e.message;
		}
		g_usleep(5000);
	}
	return 0;
}

/* --- what is read ------------------------------------------------------------------------ */

START_TEST(the_child_reads_as_the_program_would)
{
	AUTO(reader_free) struct reader *r = reader_new(NULL);
	g_autoptr(GPtrArray) files = corpus();

	for (guint i = 0; i < files->len; i++) {
		int fd = open(files->pdata[i], O_RDONLY | O_CLOEXEC);
		AUTO(document_free) struct document *d = NULL;
		AUTO(reader_answer_release) struct reader_answer a = { 0 };
		g_autoptr(GByteArray) here = g_byte_array_new(), there = g_byte_array_new();
		struct err err;

		ck_assert_int_eq(document_read(fd, NULL, &d, &err), 0);
		ck_assert_msg(read_it(r, fd, &a, &err) == 0, "%s: %s", (char *)files->pdata[i],
			err.text);
		ck_assert(wire_pack(d, here) && wire_pack(a.doc, there));
		ck_assert_msg(here->len == there->len &&
				      memcmp(here->data, there->data, here->len) == 0,
			"%s differs", (char *)files->pdata[i]);
	}
}
END_TEST

START_TEST(a_question_is_answered_later)
{
	AUTO(queue_free) struct queue *q = queue_new();
	AUTO(reader_free) struct reader *r = reader_new(q);
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct err err;
	int64_t ticket;
	int code = 1;

	reader_warm(r);
	ticket = ask(r, small());
	ck_assert_int_gt(ticket, 0);
	ck_assert(reader_wait(r, ticket, 20000));
	ck_assert_int_eq(next_event(q, 1000, &code), ticket);
	ck_assert_int_eq(code, 0);
	ck_assert_int_eq(reader_take(r, ticket, &a, &err), 1);
	ck_assert_str_eq(a.doc->text, "hello\n");
	ck_assert(!a.more);
	ck_assert_int_eq(reader_take(r, ticket, &a, &err), 0);
	ck_assert(!reader_wait(r, ticket, 1000));
}
END_TEST

START_TEST(a_large_message_is_answered_twice)
{
	AUTO(queue_free) struct queue *q = queue_new();
	AUTO(reader_free) struct reader *r = reader_new(q);
	int64_t ticket = ask(r, large_mail(3 << 20));
	struct reader_answer first = { 0 }, whole = { 0 };
	struct err err;

	while (reader_take(r, ticket, &first, &err) == 0)
		ck_assert(reader_wait(r, ticket, 20000));
	if (first.more) { /* else the whole was faster than this process */
		ck_assert(first.doc->partial);
		ck_assert_str_eq(first.doc->text, "Hello.\n");
		ck_assert_ptr_null(first.doc->note);
		while (reader_take(r, ticket, &whole, &err) == 0)
			ck_assert(reader_wait(r, ticket, 20000));
	} else {
		whole = first;
		first.doc = NULL;
	}
	ck_assert(!whole.doc->partial && !whole.more);
	ck_assert_int_eq(whole.doc->parts->len, 3);
	reader_answer_release(&first);
	reader_answer_release(&whole);
}
END_TEST

START_TEST(only_the_beginning)
{
	AUTO(reader_free) struct reader *r = reader_new(NULL);
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct reader_question q = { .fd = large_mail(1 << 20), .part = -1, .out = -1,
		.how = { .first = 10000 } };
	struct err err;

	ck_assert_int_eq(reader_read(r, &q, NULL, &a, &err), 0);
	ck_assert(a.doc->partial && !a.more);
	ck_assert_ptr_null(a.doc->note);
}
END_TEST

/* Where the bytes of large_mail's second part stop being as they were made. */
static int first_wrong(const GByteArray *bytes)
{
	guint i = 0;

	while (i < bytes->len && bytes->data[i] == i % 256)
		i++;
	return (int)i;
}

START_TEST(parts_are_written_into_files)
{
	enum { SIZE = 2 * 1000 * 1000 };
	AUTO(reader_free) struct reader *r = reader_new(NULL);
	AUTO(fd_close) int keep = file_of("", 0);
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	g_autoptr(GByteArray) got = NULL;
	struct reader_question q = { .fd = large_mail(SIZE), .part = 2,
		.out = fcntl(keep, F_DUPFD_CLOEXEC, 0) };
	struct err err;

	ck_assert_msg(reader_read(r, &q, NULL, &a, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(a.bytes, SIZE);
	ck_assert_ptr_null(a.doc);
	got = bytes_of(keep);
	ck_assert_uint_eq(got->len, SIZE);
	ck_assert_int_eq(first_wrong(got), SIZE); /* one check: each is written down by Check */
}
END_TEST

START_TEST(an_export_can_fail)
{
	AUTO(reader_free) struct reader *r = reader_new(NULL);
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	static const char mail[] = "Content-Type: image/png\n\n";
	struct body_hole hole = { .at = sizeof mail - 1, .bytes = 1000 };
	struct reader_question q = { .part = 7 };
	struct err err;

	q.fd = small();
	q.out = file_of("", 0);
	ck_assert_int_eq(reader_read(r, &q, NULL, &a, &err), ERR_GONE);
	q = (struct reader_question){ .fd = file_of(mail, sizeof mail - 1), .out = file_of("", 0),
		.how = { .holes = &hole, .n_holes = 1 } };
	ck_assert_int_eq(reader_read(r, &q, NULL, &a, &err), ERR_GONE);
	q = (struct reader_question){ .fd = small(), .out = open("/dev/full", O_WRONLY | O_CLOEXEC) };
	ck_assert_int_eq(reader_read(r, &q, NULL, &a, &err), ERR_STORAGE);
	ck_assert_ptr_nonnull(strstr(err.text, "space"));
	must_read(r);
}
END_TEST

/* --- what goes wrong ---------------------------------------------------------------------- */

static const struct {
	const char *word;
	enum err_code code;
	int wall_ms;
} bad_children[] = {
	{ PLAY "dies", ERR_LIMIT }, { PLAY "nonsense", ERR_LIMIT }, { PLAY "huge", ERR_LIMIT },
	{ PLAY "half", ERR_LIMIT }, { PLAY "hangs", ERR_LIMIT, 300 }, { PLAY "lies", ERR_LIMIT },
	{ PLAY "judges", ERR_LIMIT }, { PLAY "stranger", ERR_LIMIT }, { PLAY "early", ERR_LIMIT },
	{ PLAY "hasty", ERR_LIMIT }, { PLAY "no-jail", ERR_UNSUPPORTED }, { PLAY "unknown", ERR_LIMIT },
	{ PLAY "stillborn", ERR_UNSUPPORTED }, { PLAY "closes", ERR_LIMIT },
	{ PLAY "drips", ERR_LIMIT, 300 },
};

START_TEST(a_bad_child_is_one_mail_that_cannot_be_shown)
{
	AUTO(reader_free) struct reader *r = reader_of(NULL,
		(struct reader_limits){ .word = bad_children[_i].word,
			.wall_ms = bad_children[_i].wall_ms });

	must_fail(r, small(), bad_children[_i].code);
	must_fail(r, small(), bad_children[_i].code);
}
END_TEST

/* --- a child that somebody has taken over ---------------------------------------------------- */

static struct reader *taken_over(const char *word)
{
	return reader_of(NULL, (struct reader_limits){ .word = word, .wall_ms = 5000 });
}

/* Reads a message of these words; they must be what the answer is of.  The child's pid. */
static int must_be_of(struct reader *r, const char *words)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct err err;

	ck_assert_msg(read_it(r, file_of(words, strlen(words)), &a, &err) == 0, "%s", err.text);
	ck_assert_msg(g_str_has_suffix(a.doc->text, words), "%s is answered as: %s", words, a.doc->text);
	return atoi(a.doc->text);
}

static int open_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* What it said too much is not the answer to the next question: another child is asked. */
START_TEST(a_second_answer_is_not_that_of_the_next_mail)
{
	AUTO(reader_free) struct reader *r = taken_over(PLAY "twice");

	ck_assert_int_ne(must_be_of(r, "one"), must_be_of(r, "two"));
	must_be_of(r, "three");
}
END_TEST

START_TEST(an_answer_of_another_question_is_none)
{
	AUTO(reader_free) struct reader *r = taken_over(PLAY "again");
	int pid = must_be_of(r, "one");

	must_fail(r, file_of("two", 3), ERR_LIMIT);
	ck_assert_int_ne(must_be_of(r, "three"), pid);
}
END_TEST

START_TEST(descriptors_of_the_child_are_not_taken)
{
	AUTO(reader_free) struct reader *r = taken_over(PLAY "giver");
	int before;

	must_be_of(r, "one");
	before = open_files();
	for (int i = 0; i < 5; i++) { /* what it gives may come between: then that mail is not shown */
		AUTO(reader_answer_release) struct reader_answer a = { 0 };
		struct err err;

		read_it(r, small(), &a, &err);
	}
	ck_assert_int_le(open_files(), before);
}
END_TEST

/* One that never says that it leaves goes all the same. */
START_TEST(the_program_counts_the_answers_itself)
{
	AUTO(reader_free) struct reader *r = taken_over(PLAY "clerk");
	int first = must_be_of(r, "one");

	for (int i = 1; i < CHILD_ANSWERS_MAX; i++)
		ck_assert_int_eq(must_be_of(r, "more"), first);
	ck_assert_int_ne(must_be_of(r, "one"), first);
}
END_TEST

/* A saved file is not written to by a child that kept its descriptor. */
START_TEST(a_saved_file_stays_as_it_was)
{
	AUTO(reader_free) struct reader *r = taken_over(PLAY "keeper");
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	AUTO(fd_close) int keep = file_of("", 0);
	struct reader_question q = { .fd = small(), .out = fcntl(keep, F_DUPFD_CLOEXEC, 0) };
	g_autoptr(GByteArray) then = NULL, later = NULL;
	struct err err;

	reader_read(r, &q, NULL, &a, &err);
	then = bytes_of(keep);
	g_usleep(200 * 1000);
	later = bytes_of(keep);
	ck_assert_uint_eq(later->len, then->len);
}
END_TEST

/* What is believed of the sender stands in the stored file, whatever the child says. */
START_TEST(the_child_says_nothing_of_the_sender)
{
	static const char real[] =
		"Authentication-Results: mx.example.org;\n  dkim=fail header.d=bank.example\n\nherald";
	AUTO(reader_free) struct reader *r = taken_over(PLAY "clerk");
	AUTO(reader_answer_release) struct reader_answer none = { 0 }, other = { 0 };
	struct err err;

	ck_assert_int_eq(read_it(r, file_of("herald", 6), &none, &err), 0);
	ck_assert_ptr_null(document_header(none.doc, "Authentication-Results"));
	ck_assert_int_eq(read_it(r, file_of(real, sizeof real - 1), &other, &err), 0);
	ck_assert_str_eq(document_header(other.doc, "Authentication-Results"),
		"mx.example.org; dkim=fail header.d=bank.example");
}
END_TEST

/* It is not asked for a verdict on one mail after it has seen another. */
START_TEST(a_verdict_comes_from_a_fresh_child)
{
	AUTO(reader_free) struct reader *r = taken_over(PLAY "clerk");
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct reader_question q = { .fd = file_of("sealed", 6), .part = -1, .out = -1, .seal = true };
	struct err err;
	int first = must_be_of(r, "one");

	ck_assert_int_eq(reader_read(r, &q, NULL, &a, &err), 0);
	ck_assert_int_ne(a.verdict.result, SEAL_GOOD);
	ck_assert_int_ne(atoi(a.doc->text), first);
}
END_TEST

/* Bytes for a check lie in memory: one that writes without end is stopped. */
START_TEST(what_is_extracted_is_not_larger_than_its_mail)
{
	AUTO(child_end) struct child c = { .fd = -1 };
	AUTO(fd_close) int mail = small(), body = file_of("", 0), signature = file_of("", 0);
	g_autofree struct request *q = g_new0(struct request, 1);
	g_autofree void *payload = NULL;
	struct reply reply;
	struct err err;
	struct stat st;

	q->kind = REQUEST_EXTRACT;
	ck_assert_int_eq(child_start(&c, PLAY "filler", READER_MEMORY, &err), 0);
	child_ask(&c, q, (int[]){ mail, body, signature }, 5000, NULL, &reply, &payload, &err);
	ck_assert_int_eq(fstat(body, &st), 0);
	ck_assert_int_gt(st.st_size, 0);
	ck_assert_int_le(st.st_size, CHILD_EXTRA_BYTES + (off_t)sizeof SMALL);
}
END_TEST

START_TEST(a_part_that_is_not_there_is_not_saved)
{
	AUTO(reader_free) struct reader *r = taken_over(PLAY "boasts");
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct reader_question q = { .fd = small(), .out = file_of("", 0) };
	struct err err;

	ck_assert_int_eq(reader_read(r, &q, NULL, &a, &err), ERR_PROTOCOL);
}
END_TEST

/* A mail of so many bytes that holds nothing but line ends. */
static int empty_lines(size_t bytes)
{
	g_autofree char *text = g_malloc(bytes);

	memset(text, '\n', bytes);
	memcpy(text, "X: y", 4);
	return file_of(text, bytes);
}

/* Real mails that take more than is allowed; the next one is read. */
START_TEST(too_much_work)
{
	AUTO(reader_free) struct reader *r = reader_of(NULL, (struct reader_limits){ .cpu_ms = 40 });
	int64_t begin = g_get_monotonic_time();

	must_fail(r, empty_lines(40 << 20), ERR_LIMIT);
	ck_assert_int_lt(g_get_monotonic_time() - begin, READER_WALL_S * G_USEC_PER_SEC);
	if (!JAIL_SANITIZED)
		must_read(r);
}
END_TEST

START_TEST(too_much_memory)
{
	AUTO(reader_free) struct reader *r = reader_of(NULL, (struct reader_limits){ .memory = 8 << 20 });

	if (JAIL_SANITIZED)
		return;
	must_read(r);
	must_fail(r, empty_lines(6 << 20), ERR_LIMIT);
	must_read(r);
}
END_TEST

START_TEST(a_child_knows_nothing)
{
	AUTO(fd_close) int keep = file_of("", 0), other = file_of("", 0);
	AUTO(reader_free) struct reader *r =
		reader_of(NULL, (struct reader_limits){ .word = PLAY "witness" });
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct reader_question q = { .fd = small(), .out = fcntl(keep, F_DUPFD_CLOEXEC, 0) };
	g_autoptr(GByteArray) got = NULL;
	g_auto(GStrv) lines = NULL;
	struct err err;
	int files = 0;

	ck_assert_int_eq(fcntl(other, F_SETFD, 0), 0); /* not even what is inherited */
	g_setenv("TERN_TEST_SECRET", "hunter2", TRUE);
	g_setenv("LD_LIBRARY_PATH", "/nowhere", TRUE);
	g_setenv("LC_TIME", "C.UTF-8", TRUE);
	ck_assert_msg(reader_read(r, &q, NULL, &a, &err) == 0, "%s", err.text);
	got = bytes_of(keep);
	g_byte_array_append(got, (const guint8 *)"", 1);
	ck_assert_ptr_null(strstr((char *)got->data, "hunter2"));
	ck_assert_ptr_nonnull(strstr((char *)got->data, "LC_TIME=C.UTF-8\n"));
	lines = g_strsplit((char *)got->data, "\n", -1);
	for (char **l = lines; *l && **l; l++) {
		if (g_str_has_prefix(*l, "fd "))
			files++;
		else
			ck_assert_msg(g_str_has_prefix(*l, "L") || g_str_has_prefix(*l, "TZ=") ||
					      g_str_has_prefix(*l, "TERN_IS_READER_CHILD=") ||
					      strstr(*l, "SAN_OPTIONS="),
				"%s", *l);
		ck_assert_msg(!g_str_has_prefix(*l, "LD_"), "%s", *l);
	}
	/* 0 to 2, the socket, the message and the file for its part */
	ck_assert_int_eq(files, 6);
}
END_TEST

/* --- the list --------------------------------------------------------------------------- */

START_TEST(the_newest_question_goes_first)
{
	AUTO(queue_free) struct queue *q = queue_new();
	AUTO(reader_free) struct reader *r =
		reader_of(q, (struct reader_limits){ .word = PLAY "hangs", .wall_ms = 400 });
	int64_t first = ask(r, small()), second, third;
	int code;

	g_usleep(100 * 1000); /* the thread has taken it */
	second = ask(r, small());
	third = ask(r, small());
	ck_assert_int_eq(next_event(q, 20000, &code), first);
	ck_assert_int_eq(code, ERR_LIMIT);
	ck_assert_int_eq(next_event(q, 20000, &code), third);
	ck_assert_int_eq(next_event(q, 20000, &code), second);
}
END_TEST

START_TEST(old_questions_are_given_up)
{
	AUTO(queue_free) struct queue *q = queue_new();
	AUTO(reader_free) struct reader *r =
		reader_of(q, (struct reader_limits){ .word = PLAY "hangs", .wall_ms = 30000 });
	struct reader_answer a;
	struct err err;
	int64_t running = ask(r, small());
	int code;

	g_usleep(200 * 1000);
	for (int i = 0; i < READER_ASKED_MAX; i++)
		ask(r, small());
	ck_assert_int_eq(next_event(q, 100, &code), 0);
	ask(r, small());
	ck_assert_int_eq(next_event(q, 5000, &code), running + 1);
	ck_assert_int_eq(code, ERR_CANCELED);
	ck_assert_int_eq(reader_take(r, running + 1, &a, &err), ERR_CANCELED);
	ck_assert_int_eq(reader_take(r, running + 1, &a, &err), 0);
}
END_TEST

START_TEST(what_nobody_wants_is_ended)
{
	AUTO(queue_free) struct queue *q = queue_new();
	AUTO(reader_free) struct reader *r =
		reader_of(q, (struct reader_limits){ .word = PLAY "hangs", .wall_ms = 30000 });
	int64_t first = ask(r, small()), second, begin = g_get_monotonic_time();
	struct reader_answer a;
	struct err err;
	int code;

	g_usleep(100 * 1000);
	second = ask(r, small());
	reader_forget(r, second); /* waits */
	reader_forget(r, first);  /* runs */
	reader_forget(r, 4711);
	second = ask(r, small()); /* its turn comes at once */
	ck_assert_int_eq(next_event(q, 100, &code), 0);
	ck_assert_int_eq(reader_take(r, first, &a, &err), 0);
	reader_forget(r, second);
	reader_free(&r);
	ck_assert_int_lt(g_get_monotonic_time() - begin, 15 * G_USEC_PER_SEC);
}
END_TEST

START_TEST(a_command_can_be_stopped)
{
	AUTO(reader_free) struct reader *r =
		reader_of(NULL, (struct reader_limits){ .word = PLAY "hangs", .wall_ms = 30000 });
	AUTO(cancel_release) struct cancel cancel;
	struct reader_question q = { .fd = small(), .part = -1, .out = -1 };
	struct reader_answer a;
	struct err err;

	cancel_init(&cancel);
	cancel_set(&cancel);
	ck_assert_int_eq(reader_read(r, &q, &cancel, &a, &err), ERR_CANCELED);
}
END_TEST

/* A program that does not know the word would become many. */
START_TEST(a_child_starts_no_child)
{
	AUTO(reader_free) struct reader *r = reader_new(NULL);

	g_setenv("TERN_IS_READER_CHILD", "1", TRUE);
	must_fail(r, small(), ERR_UNSUPPORTED);
}
END_TEST

START_TEST(a_reader_that_was_never_asked)
{
	struct reader *r = reader_new(NULL);

	reader_free(&r);
	ck_assert_ptr_null(r);
	r = reader_new(NULL);
	reader_warm(r);
	reader_free(&r);
}
END_TEST

TCase *reader_cases(void)
{
	TCase *t = tcase_create("reader");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_child_reads_as_the_program_would);
	tcase_add_test(t, a_question_is_answered_later);
	tcase_add_test(t, a_large_message_is_answered_twice);
	tcase_add_test(t, only_the_beginning);
	tcase_add_test(t, parts_are_written_into_files);
	tcase_add_test(t, an_export_can_fail);
	tcase_add_loop_test(t, a_bad_child_is_one_mail_that_cannot_be_shown, 0,
		G_N_ELEMENTS(bad_children));
	tcase_add_test(t, a_second_answer_is_not_that_of_the_next_mail);
	tcase_add_test(t, an_answer_of_another_question_is_none);
	tcase_add_test(t, descriptors_of_the_child_are_not_taken);
	tcase_add_test(t, the_program_counts_the_answers_itself);
	tcase_add_test(t, a_saved_file_stays_as_it_was);
	tcase_add_test(t, the_child_says_nothing_of_the_sender);
	tcase_add_test(t, a_verdict_comes_from_a_fresh_child);
	tcase_add_test(t, what_is_extracted_is_not_larger_than_its_mail);
	tcase_add_test(t, a_part_that_is_not_there_is_not_saved);
	tcase_add_test(t, too_much_work);
	tcase_add_test(t, too_much_memory);
	tcase_add_test(t, a_child_knows_nothing);
	tcase_add_test(t, the_newest_question_goes_first);
	tcase_add_test(t, old_questions_are_given_up);
	tcase_add_test(t, what_nobody_wants_is_ended);
	tcase_add_test(t, a_command_can_be_stopped);
	tcase_add_test(t, a_child_starts_no_child);
	tcase_add_test(t, a_reader_that_was_never_asked);
	return t;
}
