/*
 * openbench - how long does opening a mail take that is not in the cache?
 *
 * usage: openbench HOST PORT CAFILE USER PASSWORDCOMMAND
 *
 * For each line "PATH SUBJECT whole" or "PATH SUBJECT partial" of its input it looks
 * for the message and prints "found"; on a further line "go [FROM]" it visits the
 * mailbox FROM and prints "there", if one is named, and opens the message: a JSON
 * line with milliseconds, bytes of the file and holes.  openmail.py drives it over
 * a slow line.
 * Build: make tests/bench/openbench
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mime/text.h"
#include "provider/imap_rig.h"

struct bench {
	struct account account;
	struct cancel cancel;
	struct provider *p;
	struct err err;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Where the message is; the reader's list knows that already. */
static int find(struct bench *b, struct recorder *rec, const char *path, const char *subject,
	struct body_ref *ref)
{
	struct mailbox m = { .path = (char *)path, .cursor = (char *)"" };
	int r = b->p->ops->changes(b->p, &m, 0, &rec->sink, &b->err);
	const struct kept *k = r < 0 ? NULL : recorder_find(rec, subject);

	if (!k)
		return -1;
	*ref = (struct body_ref){ .mailbox_path = path, .uid = k->uid, .size = k->size,
		.uidvalidity = rec->uidvalidity, .message_id_header = k->message_id };
	return 0;
}

static int open_one(struct bench *b, const struct body_ref *ref, bool whole)
{
	struct body_rest rest = { .whole = whole };
	FILE *f = tmpfile();
	double start = now_ms();
	int r = b->p->ops->body(b->p, ref, fileno(f), &rest, &b->err);

	printf("{\"ms\": %.1f, \"bytes\": %lld, \"holes\": %zu, \"result\": %d}\n", now_ms() - start,
		(long long)lseek(fileno(f), 0, SEEK_END), rest.n, r);
	fflush(stdout);
	fclose(f);
	return r;
}

/* Selects another mailbox; true if there is nothing to visit, or it was. */
static bool visit(struct bench *b, char *from)
{
	struct mailbox m = { .path = from, .cursor = (char *)"" };
	struct recorder rec;
	int r = 0;

	if (!*from)
		return true;
	recorder_init(&rec);
	r = b->p->ops->changes(b->p, &m, 0, &rec.sink, &b->err);
	recorder_release(&rec);
	printf("there\n");
	fflush(stdout);
	return r >= 0;
}

static int follow(struct bench *b, const char *path, const char *subject, const char *how)
{
	char line[120], from[100] = "";
	struct recorder rec;
	struct body_ref ref;
	int r;

	recorder_init(&rec);
	r = find(b, &rec, path, subject, &ref);
	printf("%s\n", r < 0 ? "nothing" : "found");
	fflush(stdout);
	if (r == 0 && fgets(line, sizeof line, stdin) && (sscanf(line, "go %99s", from), true) &&
		visit(b, from) && (!*from || fgets(line, sizeof line, stdin)))
		r = open_one(b, &ref, strcmp(how, "whole") == 0);
	recorder_release(&rec);
	return r;
}

int main(int argc, char **argv)
{
	struct bench b = { .account = { .name = "bench", .type = "imap", .two_way = true } };
	char path[100], subject[100], how[20], line[300];
	int r;

	if (argc < 6)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	mime_init();
	b.account.host = argv[1];
	b.account.port = atoi(argv[2]);
	b.account.ca_file = argv[3];
	b.account.user = argv[4];
	b.account.password_command = argv[5];
	cancel_init(&b.cancel);
	b.p = provider_imap.create(&b.account, &b.cancel);
	r = b.p->ops->connect(b.p, &b.err);
	while (r >= 0 && fgets(line, sizeof line, stdin))
		if (sscanf(line, "%99s %99s %19s", path, subject, how) == 3)
			r = follow(&b, path, subject, how);
	if (r < 0)
		fprintf(stderr, "openbench: %s\n", b.err.text);
	b.p->ops->destroy(&b.p);
	cancel_release(&b.cancel);
	return r < 0;
}
