/*
 * imap_bench - how fast does the IMAP provider read a mailbox?
 *
 * usage: imap_bench HOST PORT CAFILE USER PASSWORDCOMMAND [MAILBOX [BATCH]]
 *
 * Reads all messages into a sink that counts, over TLS, and prints one JSON
 * line.  tests/bench/rawfetch.c shows the limit in the same run.
 * Build: make tests/provider/imap_bench
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "mime/text.h"
#include "provider/imap_rig.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const char *what, const struct err *err)
{
	fprintf(stderr, "imap_bench: %s: %s: %s\n", what, err_name(err->code), err->text);
	return 1;
}

static void report(const struct recorder *rec, double connect, double list)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	printf("{\"messages\": %d, \"connect_s\": %.3f, \"changes_s\": %.3f, \"per_s\": %.0f, "
	       "\"user_s\": %.3f, \"sys_s\": %.3f, \"peak_rss_kib\": %ld, \"complete\": %s}\n",
		rec->changes, connect, list, rec->changes / list,
		(double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6,
		(double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6, u.ru_maxrss,
		rec->complete ? "true" : "false");
}

int main(int argc, char **argv)
{
	struct account account = { .name = "bench", .type = "imap", .two_way = true };
	struct mailbox m = { .path = argc > 6 ? argv[6] : "INBOX", .cursor = "" };
	struct tuning tuning = tuning_default;
	struct recorder rec;
	struct cancel cancel;
	struct provider *p;
	struct err err = { 0 };
	double start, connected;

	if (argc < 6)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	mime_init();
	account.host = argv[1];
	account.port = atoi(argv[2]);
	account.ca_file = argv[3];
	account.user = argv[4];
	account.password_command = argv[5];
	recorder_init(&rec);
	rec.count_only = true;
	cancel_init(&cancel);
	p = provider_imap.create(&account, &cancel);
	if (argc > 7)
		tuning.sync_batch_size = tuning.backfill_batch_size = atoi(argv[7]);
	p->tuning = &tuning;
	start = now();
	if (p->ops->connect(p, &err) < 0)
		return fail("connect", &err);
	connected = now();
	if (p->ops->changes(p, &m, 0, &rec.sink, &err) < 0)
		return fail("changes", &err);
	report(&rec, connected - start, now() - connected);
	m.cursor = rec.cursor;
	start = now();
	if (p->ops->changes(p, &m, 0, &rec.sink, &err) < 0)
		return fail("changes again", &err);
	printf("{\"nothing_new_s\": %.4f}\n", now() - start);
	p->ops->destroy(&p);
	recorder_release(&rec);
	cancel_release(&cancel);
	return 0;
}
