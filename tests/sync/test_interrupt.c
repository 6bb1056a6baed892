/*
 * Dying everywhere: for every step k of a scenario a child process is killed at
 * step k, a second one resumes, and the end must be what it is without the
 * death.  One more run must change nothing.
 */
#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/flags.h"
#include "sync/rig.h"
#include "sync/suites.h"

enum { STEPS_MAX = 2000 };

/* Serials of the scenario. */
struct plan {
	int seen, moved, trashed, expunged, flagged;
};

static struct fake_box *box(struct rig *r, int b)
{
	return rig_box(r, 0, b);
}

/* What else happens: the same ends are expected of all. */
enum twist {
	MOVES_TELL_THE_UID,
	MOVES_TELL_NOTHING,
	UIDVALIDITY_CHANGES,
	ANSWERS_ARE_LOST,
	TWISTS,
};

/* A mailbox that was synchronised once; since then both sides changed it. */
static struct plan arrange(struct rig *r, enum twist twist)
{
	struct plan p;
	int first = fake_deliver(box(r, INBOX), 12);

	p = (struct plan){ first, first + 1, first + 2, first + 3, first + 4 };
	fake_deliver(box(r, ARCHIVE), 3);
	r->server[0]->slice = 4;
	r->server[0]->tells_uid = twist != MOVES_TELL_NOTHING;
	rig_pass(r);
	rig_flag(r, INBOX, p.seen, FLAG_SEEN);
	rig_move(r, INBOX, p.moved, ARCHIVE);
	rig_flag(r, INBOX, p.trashed, FLAG_SEEN);
	rig_move(r, INBOX, p.trashed, TRASH);
	fake_deliver(box(r, INBOX), 6);
	fake_expunge(box(r, INBOX), p.expunged);
	fake_set_flags(box(r, INBOX), p.flagged, FLAG_FLAGGED);
	if (twist == UIDVALIDITY_CHANGES)
		fake_renumber(box(r, INBOX));
	if (twist == ANSWERS_ARE_LOST)
		fake_lose(r->server[0], 2);
	store_close(&r->store); /* a handle must not cross a fork */
	sync_free(&r->sync);
	return p;
}

/* In a process of its own: one pass over a new engine; the exit code tells how it ended. */
static int run_child(struct rig *r, long die_at)
{
	int status;
	pid_t child;

	fake_world->steps = 0;
	fake_world->die_at = die_at;
	child = fork();
	if (child == 0) {
		struct err err = { 0 };
		struct sync *s = sync_new(&r->places, &r->config, NULL);
		struct engine *e = sync_engine(s);

		s->find = fake_find;
		_exit(e->pass(e, r->id[0], false, NULL, &err) == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	fake_world->die_at = 0;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int add_line(void *ctx, const char *line)
{
	if (!strstr(line, "\"kind\":\"account\"")) /* says when the last pass was */
		g_string_append_printf(ctx, "%s\n", line);
	return 0;
}

/* Everything that the store holds. */
static char *dump(struct rig *r)
{
	GString *out = g_string_new(NULL);
	struct err err = { 0 };

	ck_assert_int_eq(store_dump(r->store, add_line, out, &err), 0);
	return g_string_free(out, FALSE);
}

static void open_again(struct rig *r)
{
	struct err err = { 0 };

	ck_assert_msg(store_open(r->places.data, STORE_UI, NULL, &r->store, &err) >= 0, "%s",
		err.text);
	ck_assert_msg(store_check(r->store, &err) == 0, "%s", err.text);
}

static void compare(struct rig *r, const struct plan *p, long k)
{
	unsigned flags = 0;

	ck_assert_msg(rig_equal(r, 0), "step %ld: store and server differ", k);
	ck_assert_int_eq(rig_waiting(r), 0);
	ck_assert_msg(rig_rows(r, MUTATION_CONFLICT) + rig_rows(r, MUTATION_FAILED) == 0,
		"step %ld: a change was lost", k);
	ck_assert_int_eq(fake_copies(box(r, INBOX), p->seen, &flags), 1);
	ck_assert_uint_eq(flags, FLAG_SEEN);
	ck_assert_int_eq(fake_copies(box(r, INBOX), p->moved, NULL), 0);
	ck_assert_int_eq(fake_copies(box(r, ARCHIVE), p->moved, NULL), 1);
	ck_assert_int_eq(fake_copies(box(r, INBOX), p->trashed, NULL), 0);
	ck_assert_int_eq(fake_copies(box(r, TRASH), p->trashed, &flags), 1);
	ck_assert_uint_eq(flags, FLAG_SEEN);
	ck_assert_int_eq(r->server[0]->moved[p->moved], 1);
	ck_assert_int_eq(r->server[0]->moved[p->trashed], 1);
	ck_assert_int_eq(rig_total(r, 0, INBOX), 12 + 6 - 3);
	ck_assert_int_eq(r->server[0]->wrong, 0);
}

static void compare_rerun(struct rig *r, const struct plan *p, long k)
{
	g_autofree char *before = NULL, *after = NULL;

	open_again(r);
	compare(r, p, k);
	store_close(&r->store);
	ck_assert_int_eq(run_child(r, 0), 0);
	open_again(r);
	before = dump(r);
	store_close(&r->store);
	ck_assert_int_eq(run_child(r, 0), 0);
	open_again(r);
	after = dump(r);
	compare(r, p, k);
	if (strcmp(before, after) != 0 && g_file_set_contents("before.json", before, -1, NULL))
		g_file_set_contents("after.json", after, -1, NULL);
	ck_assert_msg(strcmp(before, after) == 0,
		"step %ld: one more run changed something (before.json, after.json)", k);
}

/* 1 = the child died at step k, 0 = the scenario has fewer steps. */
static int die_and_resume(long k, enum twist twist)
{
	AUTO(rig_free) struct rig *r = rig_new(1);
	struct plan p = arrange(r, twist);
	int end = run_child(r, k);

	ck_assert_msg(end == -SIGKILL || end == (twist == ANSWERS_ARE_LOST),
		"step %ld: the child ended with %d", k, end);
	for (int i = 0; i < 5 && end != 0; i++)
		if (run_child(r, 0) == 0)
			break;
	compare_rerun(r, &p, k);
	return end == -SIGKILL;
}

START_TEST(death_at_every_step_loses_nothing)
{
	long k = 1;

	while (k < STEPS_MAX && die_and_resume(k, (enum twist)_i))
		k++;
	ck_assert_int_gt(k, _i == ANSWERS_ARE_LOST ? 2 : 25);
	ck_assert_int_lt(k, STEPS_MAX);
}
END_TEST

TCase *suite_interrupt(void)
{
	TCase *c = tcase_create("interrupt");

	tcase_add_loop_test(c, death_at_every_step_loses_nothing, 0, TWISTS);
	tcase_set_timeout(c, 300);
	return c;
}
