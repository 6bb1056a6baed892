/* When the system refuses, or somebody kills: the reader says so and goes on as soon as it can. */
#include "test_read.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "read/child.h"
#include "read/jail.h"
#include "read/reader.h"

enum { MIB = 1 << 20 };

static int small(void)
{
	return file_of("Subject: x\n\nhello\n", 18);
}

/* Asks and waits, without a descriptor of its own; 0 or the error. */
static int read_it(struct reader *r, int fd, struct reader_answer *out, struct err *err)
{
	int64_t ticket = reader_ask(r, &(struct reader_question){ .fd = fd, .part = -1, .out = -1 });
	int rc;

	ck_assert(reader_wait(r, ticket, 50000));
	rc = reader_take(r, ticket, out, err);
	ck_assert_int_ne(rc, 0);
	return MIN(rc, 0);
}

static void must_read(struct reader *r)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct err err;

	ck_assert_msg(read_it(r, small(), &a, &err) == 0, "%s", err.text);
	ck_assert_str_eq(a.doc->text, "hello\n");
}

/* What is allowed for now; the limit that can be gone back to stays. */
static void allow(__rlimit_resource_t what, rlim_t most)
{
	struct rlimit r;

	ck_assert_int_eq(getrlimit(what, &r), 0);
	r.rlim_cur = MIN(most, r.rlim_max);
	ck_assert_int_eq(setrlimit(what, &r), 0);
}

/* From now on no descriptor can be had: the lowest ones are in use, and no others are allowed. */
static void use_up_descriptors(void)
{
	enum { IN_USE = 30 };
	int next;

	while ((next = fcntl(0, F_DUPFD_CLOEXEC, 0)) < IN_USE)
		ck_assert_int_ge(next, 0);
	close(next);
	allow(RLIMIT_NOFILE, (rlim_t)next);
}

START_TEST(without_descriptors)
{
	AUTO(reader_free) struct reader *r = reader_new(NULL);
	struct reader_answer a = { 0 };
	struct err err;
	int fd = small();

	use_up_descriptors();
	ck_assert_int_eq(read_it(r, fd, &a, &err), ERR_STORAGE);
	ck_assert_ptr_nonnull(strstr(err.text, "open files"));
	allow(RLIMIT_NOFILE, RLIM_INFINITY);
	must_read(r);
}
END_TEST

/* Where a question cannot be sent the mail is not called too complex. */
START_TEST(a_question_that_cannot_be_sent)
{
	AUTO(reader_free) struct reader *r = reader_new(NULL);
	struct reader_answer a = { 0 };
	struct err err;

	ck_assert_int_eq(read_it(r, -1, &a, &err), ERR_STORAGE);
	ck_assert_ptr_nonnull(strstr(err.text, "cannot be asked"));
	must_read(r);
}
END_TEST

/* gpg must not get /dev/null for a signature. */
START_TEST(a_program_gets_all_of_its_files_or_does_not_run)
{
	static const char *const argv[] = { "true", NULL };
	struct spawn how = { .argv = argv, .in = -1, .out = -1, .errors = -1, .more = { 0 },
		.n_more = 1, .place = SPAWN_GROUP };
	struct err err;
	pid_t pid;
	int status;

	ck_assert_int_eq(spawn_start(&how, &pid, &err), 0);
	ck_assert_int_eq(spawn_wait(pid, NULL, 50000, &status), 0);
	use_up_descriptors();
	ck_assert_int_eq(spawn_start(&how, &pid, &err), ERR_STORAGE);
	allow(RLIMIT_NOFILE, RLIM_INFINITY);
	ck_assert_ptr_nonnull(strstr(err.text, "open files"));
}
END_TEST

static rlim_t address_space(void)
{
	g_autofree char *text = NULL;

	ck_assert(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
	return (rlim_t)g_ascii_strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
}

START_TEST(without_a_thread)
{
	AUTO(reader_free) struct reader *r = reader_new(NULL);
	struct reader_answer a = { 0 };
	struct err err;
	int fd = small();

	if (JAIL_SANITIZED)
		return;
	allow(RLIMIT_AS, address_space() + MIB); /* the stack of a thread does not fit */
	reader_warm(r);
	ck_assert_int_eq(read_it(r, fd, &a, &err), ERR_STORAGE);
	allow(RLIMIT_AS, RLIM_INFINITY);
	must_read(r);
}
END_TEST

/* Reads and saves below limits that cannot be raised; 0, or the number of what went wrong.  Nothing is
 * asserted here: Check writes that down in a file, which is below the limit as well. */
static int work_below_limits(int small_mail, int large, int out)
{
	static const struct rlimit files = { 64, 64 }, seconds = { 300, 300 }, bytes = { MIB, MIB };
	AUTO(reader_free) struct reader *r = reader_new(NULL);
	struct reader_question q = { .fd = small_mail, .part = -1, .out = -1 };
	struct reader_answer a = { 0 };
	struct err err;

	prctl(PR_CAPBSET_DROP, 24, 0, 0, 0); /* CAP_SYS_RESOURCE: root could raise them again */
	if (setrlimit(RLIMIT_NOFILE, &files) || setrlimit(RLIMIT_CPU, &seconds) ||
		setrlimit(RLIMIT_FSIZE, &bytes))
		return 1;
	if (reader_read(r, &q, NULL, &a, &err) < 0 || strcmp(a.doc->text, "hello\n") != 0)
		return 2;
	reader_answer_release(&a);
	q = (struct reader_question){ .fd = large, .part = 2, .out = out };
	if (reader_read(r, &q, NULL, &a, &err) != ERR_STORAGE || !strstr(err.text, "too large"))
		return 3;
	return 0;
}

/* The limits that a person has set may be stricter than those of the jail: that is no reason not to
 * read.  What does not fit is told, and nothing goes beyond. */
START_TEST(stricter_limits_are_kept)
{
	AUTO(fd_close) int out = file_of("", 0);
	int first = small(), large = large_mail(2 * MIB), status = 0;
	struct stat st;
	pid_t pid = fork();

	if (pid == 0)
		_exit(work_below_limits(first, large, out));
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert_int_eq(fstat(out, &st), 0);
	ck_assert_int_gt(st.st_size, 0);
	ck_assert_int_le(st.st_size, MIB);
	close(first);
	close(large);
}
END_TEST

/* Until it is dead; it can be reaped still. */
static void kill_it(pid_t pid)
{
	siginfo_t info;

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

START_TEST(a_child_that_died_waiting_is_replaced)
{
	AUTO(reader_free) struct reader *r =
		reader_new_limited(NULL, &(struct reader_limits){ .word = PLAY "clerk" });

	for (int i = 0; i < 3; i++) {
		AUTO(reader_answer_release) struct reader_answer a = { 0 };
		struct err err;

		ck_assert_msg(read_it(r, small(), &a, &err) == 0, "%s", err.text);
		kill_it((pid_t)g_ascii_strtoll(a.doc->text, NULL, 10)); /* its text tells */
	}
}
END_TEST

/* A parent of a child that cannot notice anything: tells its number and waits to be killed. */
static _Noreturn void be_parent(int tell)
{
	struct child c = { .fd = -1 };
	struct request *q = g_new0(struct request, 1);
	void *payload = NULL;
	struct reply reply;
	struct err err;
	int mail = small();

	q->kind = REQUEST_DOCUMENT;
	q->cpu_ms = 2000;
	if (child_start(&c, READER_CHILD_WORD, READER_MEMORY, &err) < 0 ||
		child_ask(&c, q, &mail, 20000, NULL, &reply, &payload, &err) < 0)
		_exit(1);
	kill(c.pid, SIGSTOP);
	if (fd_write_all(tell, &c.pid, sizeof c.pid) < 0)
		_exit(1);
	for (;;)
		pause();
}

START_TEST(the_child_goes_with_its_parent)
{
	pid_t parent, child = 0;
	int p[2], status = 0;

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	ck_assert_int_eq(pipe2(p, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0)
		be_parent(p[1]);
	ck_assert_int_gt(parent, 0);
	close(p[1]);
	ck_assert_int_eq(read(p[0], &child, sizeof child), (int)sizeof child);
	ck_assert_int_eq(kill(parent, SIGKILL), 0);
	ck_assert_int_eq(waitpid(parent, &status, 0), parent);
	ck_assert_int_eq(waitpid(child, &status, 0), child); /* ours now */
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(p[0]);
}
END_TEST

TCase *failure_cases(void)
{
	TCase *t = tcase_create("failure");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, without_descriptors);
	tcase_add_test(t, a_question_that_cannot_be_sent);
	tcase_add_test(t, a_program_gets_all_of_its_files_or_does_not_run);
	tcase_add_test(t, without_a_thread);
	tcase_add_test(t, stricter_limits_are_kept);
	tcase_add_test(t, a_child_that_died_waiting_is_replaced);
	tcase_add_test(t, the_child_goes_with_its_parent);
	return t;
}
