/*
 * imap_push_bench - what do large changes cost beside the bare command?
 *
 * usage: imap_push_bench HOST PORT CAFILE USER PASSWORDCOMMAND MAILBOX TARGET
 *
 * MAILBOX must hold 100000 messages or more.  Flags, moves and deletes 1000 of
 * them, spread over it, through the provider (from claim to settle: prepare
 * and apply), and others by the bare command for the same number; prints one
 * JSON line each, the middle one of RUNS.
 * Build: make tests/provider/imap_push_bench
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mime/text.h"
#include "model/flags.h"
#include "provider/imap/command.h"
#include "provider/imap/uidset.h"
#include "provider/imap_rig.h"

enum { MANY = 1000, RUNS = 5, STEP = 3 }; /* RUNS * 6 blocks of MANY * STEP */

static struct provider *p;
static char *box, *target;
static uint64_t next_uid = 1; /* of messages that were not touched yet */
static uint32_t tags;	      /* of the last command before */

static void must(int r, const char *what, const struct err *err)
{
	if (r >= 0)
		return;
	fprintf(stderr, "imap_push_bench: %s: %s\n", what, err->text);
	exit(1);
}

/* Through the provider; returns milliseconds. */
static double ours(enum mutation_verb verb, unsigned add)
{
	g_autofree struct mutation_item *items = g_new0(struct mutation_item, MANY);
	struct applied *out = g_new0(struct applied, MANY);
	const struct selected *sel = &imap_of(p)->sel;
	g_autofree char *cursor = g_strdup_printf("2 %" PRIu32 " %" PRIu32 " 1 %" PRIu64 " 1 0",
		sel->uidvalidity, sel->uidnext, sel->modseq);
	struct mutation_batch b = { .verb = verb,
		.source_path = box,
		.target_path = verb == MUTATION_MOVE ? target : NULL,
		.uidvalidity = sel->uidvalidity,
		.source_cursor = cursor,
		.add = add,
		.n = MANY,
		.items = items };
	struct err err = { 0 };
	int64_t start;

	for (size_t n = 0; n < MANY; n++)
		items[n] = (struct mutation_item){ .uid = next_uid + n * STEP, .fd = -1 };
	tags = imap_of(p)->last_tag;
	start = g_get_monotonic_time();
	must(p->ops->prepare(p, &b, &err), "prepare", &err);
	must(p->ops->apply(p, &b, out, &err), "apply", &err);
	start = g_get_monotonic_time() - start;
	for (size_t n = 0; n < MANY; n++)
		if (out[n].state != APPLIED_DONE)
			fprintf(stderr, "%zu: state %d %s\n", n, out[n].state, out[n].answer);
	applied_free(out, MANY);
	return (double)start / 1e3;
}

static double bare(const char *verb, const char *tail)
{
	uint64_t uids[MANY];
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	struct err err = { 0 };
	int64_t start;

	for (size_t n = 0; n < MANY; n++)
		uids[n] = next_uid + n * STEP;
	command_init(&c, imap_of(p), verb);
	uidset_write(c.text, uids, MANY);
	command_add(&c, tail);
	start = g_get_monotonic_time();
	must(imap_run(imap_of(p), &c, NULL, NULL, &a, &err), verb, &err);
	if (a.status != ANSWER_OK)
		fprintf(stderr, "%s: %s\n", verb, a.text);
	return (double)(g_get_monotonic_time() - start) / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(const char *name, enum mutation_verb verb, unsigned add, const char *raw,
	const char *tail, const char *second)
{
	double mine[RUNS], theirs[RUNS];
	uint32_t commands = 0;

	for (int n = 0; n < RUNS; n++) {
		mine[n] = ours(verb, add);
		commands = imap_of(p)->last_tag - tags;
		next_uid += MANY * STEP;
		theirs[n] = bare(raw, tail) + (second ? bare(second, "") : 0);
		next_uid += MANY * STEP;
	}
	qsort(mine, RUNS, sizeof *mine, by_value);
	qsort(theirs, RUNS, sizeof *theirs, by_value);
	printf("{\"what\": \"%s\", \"n\": %d, \"ms\": %.2f, \"bare_ms\": %.2f, \"ratio\": %.2f, "
	       "\"commands\": %u}\n",
		name, MANY, mine[RUNS / 2], theirs[RUNS / 2], mine[RUNS / 2] / theirs[RUNS / 2],
		commands);
}

int main(int argc, char **argv)
{
	struct account account = { .name = "bench", .type = "imap", .two_way = true };
	g_autofree char *to = NULL;
	struct cancel cancel;
	struct err err = { 0 };

	if (argc < 8)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	mime_init();
	account.host = argv[1];
	account.port = atoi(argv[2]);
	account.ca_file = argv[3];
	account.user = argv[4];
	account.password_command = argv[5];
	box = argv[6];
	target = argv[7];
	to = g_strdup_printf(" \"%s\"", target);
	cancel_init(&cancel);
	p = provider_imap.create(&account, &cancel);
	must(p->ops->connect(p, &err), "connect", &err);
	must(imap_select(imap_of(p), box, true, true, &err), "select", &err);
	measure("flags", MUTATION_FLAGS, FLAG_DRAFT, "UID STORE ", " +FLAGS.SILENT (\\Draft)", NULL);
	measure("move", MUTATION_MOVE, 0, "UID MOVE ", to, NULL);
	measure("expunge", MUTATION_EXPUNGE, 0, "UID STORE ", " +FLAGS.SILENT (\\Deleted)",
		"UID EXPUNGE ");
	p->ops->destroy(&p);
	cancel_release(&cancel);
	return 0;
}
