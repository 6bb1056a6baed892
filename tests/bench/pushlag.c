/*
 * pushlag - how long does a flag take to the server while a first sync runs?
 *
 * usage: pushlag HOST PORT CAFILE USER PASSWORDCOMMAND DIR [SAMPLES]
 *
 * Starts the engine over an empty store in DIR, lets it bring in the whole INBOX,
 * and marks messages meanwhile, as a reader would: at random times, at random
 * places of what is there.  A sample is the time from before the key's durable
 * transaction to the moment when the server's answer is committed, seen by
 * asking the store every half millisecond: more than the time until the server
 * has it.  One JSON line.  Build: make tests/bench/pushlag
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"
#include "mime/text.h"
#include "model/flags.h"
#include "store/store.h"
#include "sync/sync.h"

enum { ROWS = 500, SAMPLES_MAX = 10000, WAIT_S = 20 };

struct lag {
	struct places places;
	struct config config;
	struct account account;
	struct queue *events;
	struct store *store;
	struct sync *sync;
	struct engine *engine;
	double took[SAMPLES_MAX];
	int n;
	int64_t had[SAMPLES_MAX];
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	fprintf(stderr, "pushlag: %s: %s\n", err_name(err->code), err->text);
	exit(1);
}

static void begin(struct lag *g, char **argv)
{
	struct err err = { 0 };

	g->places.data = argv[6];
	g->account = (struct account){ .name = (char *)"bench", .type = (char *)"imap",
		.host = argv[1], .port = atoi(argv[2]), .ca_file = argv[3], .user = argv[4],
		.password_command = argv[5], .two_way = true };
	g->config.tuning = tuning_default;
	g->config.tuning.backfill_bootstrap_max = 0x7fffffff;
	g->config.tuning.backfill_max_total_per_folder = 0;
	g->config.accounts = g_ptr_array_new();
	g_ptr_array_add(g->config.accounts, &g->account);
	g->events = queue_new();
	must(store_open(g->places.data, STORE_UI, NULL, &g->store, &err), &err);
	must(store_account_bind(g->store, g->account.name, g->account.type, &g->account.id, &err),
		&err);
	g->sync = sync_new(&g->places, &g->config, g->events);
	g->engine = sync_engine(g->sync);
	must(sync_start(g->sync, &err), &err);
}

/* Toggles the star of one message; false if it could not be done. */
static bool sample(struct lag *g)
{
	g_autoptr(GPtrArray) rows = NULL;
	mailbox_id inbox = store_mailbox_with_role(g->store, g->account.id, ROLE_INBOX);
	struct list_scope scope = { .order = ORDER_DATE, .n = 1, .mailboxes = &inbox };
	struct err err = { 0 };
	const struct list_row *row;
	int64_t waiting = 1, stuck, total, unread;
	double at;

	if (inbox.v == 0 || store_scope_counts(g->store, &scope, &total, &unread, &err) < 0)
		return false;
	must(store_page(g->store, &scope, PAGE_FIRST, NULL, ROWS, &rows, &err), &err);
	if (rows->len == 0)
		return false;
	row = rows->pdata[(guint)rand() % rows->len];
	at = now_ms();
	must(store_want_flags(g->store, &row->location, 1, ~row->flags & FLAG_FLAGGED,
		     row->flags & FLAG_FLAGGED, &err),
		&err);
	g->engine->push(g->engine, g->account.id);
	while (waiting > 0 && now_ms() - at < WAIT_S * 1e3) {
		usleep(500);
		must(store_queue_counts(g->store, g->account.id, &waiting, &stuck, &err), &err);
	}
	if (getenv("PUSHLAG_VERBOSE"))
		fprintf(stderr, "%lld messages: %.1f ms\n", (long long)total, now_ms() - at);
	g->had[g->n] = total;
	g->took[g->n++] = now_ms() - at;
	return true;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool over(struct lag *g)
{
	struct engine_state state = { 0 };

	g->engine->state(g->engine, g->account.id, &state);
	return state.stage == STAGE_IDLE && state.last_sync > 0;
}

int main(int argc, char **argv)
{
	static struct lag g;
	int most = argc > 7 ? atoi(argv[7]) : SAMPLES_MAX;
	double began;

	if (argc < 7)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	mime_init();
	began = now_ms();
	begin(&g, argv);
	while (g.n < MIN(most, SAMPLES_MAX) && !over(&g)) {
		sample(&g);
		usleep((useconds_t)(100000 + rand() % 600000));
	}
	qsort(g.took, (size_t)g.n, sizeof *g.took, by_size);
	if (g.n > 0)
		printf("{\"samples\": %d, \"p50_ms\": %.1f, \"p95_ms\": %.1f, \"p99_ms\": %.1f, "
		       "\"max_ms\": %.1f, \"messages\": %lld, \"s\": %.1f}\n",
			g.n, g.took[g.n / 2], g.took[g.n * 95 / 100], g.took[g.n * 99 / 100],
			g.took[g.n - 1], (long long)g.had[g.n - 1], (now_ms() - began) / 1e3);
	sync_free(&g.sync);
	store_close(&g.store);
	queue_free(&g.events);
	g_ptr_array_unref(g.config.accounts);
	return 0;
}
