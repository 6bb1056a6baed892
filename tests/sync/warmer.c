/*
 * The engine as the screen starts it, with a reader who never rests: for
 * warmkill.py, which kills it.
 *
 * usage: warmer HOME SEED MS
 *
 * All accounts of HOME are synchronised and warmed, with waits of milliseconds.
 * The reader sees rows and hits, opens mails and wants whole ones, by chance, as
 * SEED says.  After MS milliseconds all ends in good order.  exit: 0, 1 failure
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "mime/text.h"
#include "sync/priv.h"

enum {
	IDS_MAX = 2000,
	SCREEN = 10,        /* rows that are seen at once */
	PAUSE_MS = 12,      /* between two acts */
	LIST_EVERY = 20,    /* acts, between two looks at what there is */
};

struct warmer {
	struct places places;
	struct config *config;
	struct queue *events;
	struct store *store;
	struct sync *sync;
	struct engine *engine;
	GRand *dice;
	GArray *ids;        /* of int64_t: messages of the first account */
};

static const struct timing hasty = {
	.poll = 300,
	.poll_live = 300,
	.poll_least = 100,
	.poll_most = 1000,
	.look_lasts = 500,
	.reader_lasts = 1000,
	.look_gap = 20,
	.glance = 20,
	.silence = 1000000,
	.backfill = 50,
	.backfill_soon = 5,
	.learn = 20,
	.push_gap = 5,
	.stuck = 20,
	.watch = 20,
	.network = 1000,
	.lease = 20,
	.retry_cap = 30,
	.turn = 10,
	.progress = 200,
	.body_idle = 5000,
	.aside_patience = 300,
	.aside_rest = 1000,
	.warm_first = 1,
	.warm_tick = 5,
	.warm_idle = 50,
	.warm_gap = 5,
	.warm_fresh = 500,
	.offline_idle = 50,
};

static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	fprintf(stderr, "warmer: %s\n", err->text);
	exit(EXIT_FAILURE);
}

static struct account *account(const struct warmer *w, guint i)
{
	return g_ptr_array_index(w->config->accounts, i);
}

/* --- what the reader does -------------------------------------------------------- */

static void list_box(struct warmer *w, mailbox_id m)
{
	struct list_scope scope = { .order = ORDER_DATE, .n = 1, .mailboxes = &m };
	g_autoptr(GPtrArray) rows = NULL;

	if (store_page(w->store, &scope, PAGE_FIRST, NULL, IDS_MAX, &rows, NULL) < 0)
		return;
	for (guint i = 0; i < rows->len; i++) {
		const struct list_row *row = g_ptr_array_index(rows, i);

		g_array_append_val(w->ids, row->message.v);
	}
}

static void list_all(struct warmer *w)
{
	g_autoptr(GPtrArray) boxes = NULL;

	g_array_set_size(w->ids, 0);
	if (store_mailboxes(w->store, account(w, 0)->id, &boxes, NULL) < 0)
		return;
	for (guint i = 0; i < boxes->len; i++)
		list_box(w, ((const struct mailbox *)g_ptr_array_index(boxes, i))->id);
}

static message_id any(struct warmer *w)
{
	gint32 i = g_rand_int_range(w->dice, 0, (gint32)w->ids->len);

	return (message_id){ g_array_index(w->ids, int64_t, i) };
}

static void sees(struct warmer *w, enum cache_notice_kind kind)
{
	struct cache_notice n[SCREEN];
	guint first = (guint)g_rand_int_range(w->dice, 0, (gint32)w->ids->len);
	size_t k = 0;

	for (; k < SCREEN && first + k < w->ids->len; k++)
		n[k] = (struct cache_notice){ kind, { g_array_index(w->ids, int64_t, first + k) }, (int)k,
			SCREEN };
	w->engine->notice(w->engine, n, k);
}

static void opens(struct warmer *w, bool whole)
{
	const struct cache_notice n = { .kind = CACHE_OPENED, .message = any(w) };

	w->engine->notice(w->engine, &n, 1);
	(whole ? w->engine->want_whole : w->engine->want_body)(w->engine, account(w, 0)->id, n.message);
}

static void acts(struct warmer *w)
{
	gint32 what = g_rand_int_range(w->dice, 0, 10);

	if (w->ids->len == 0)
		return;
	if (what < 5)
		sees(w, CACHE_SAW_ROW);
	else if (what < 6)
		sees(w, CACHE_SAW_HIT);
	else
		opens(w, what > 7);
}

static void live(struct warmer *w, int64_t until)
{
	struct event e;

	for (unsigned i = 0; clock_mono_ms() < until; i++) {
		if (i % LIST_EVERY == 0)
			list_all(w);
		acts(w);
		while (queue_pop(w->events, &e))
			;
		g_usleep(PAUSE_MS * 1000);
	}
}

/* --- beginning and end -------------------------------------------------------------- */

static void begin(struct warmer *w)
{
	struct err err = { 0 };

	must(config_load(&w->places, &w->config, &err), &err);
	must(log_open(w->places.state, (enum log_level)w->config->log_level, &err), &err);
	w->events = queue_new();
	must(store_open(w->places.data, STORE_UI, w->events, &w->store, &err), &err);
	for (guint i = 0; i < w->config->accounts->len; i++)
		must(store_account_bind(w->store, account(w, i)->name, account(w, i)->type,
			     &account(w, i)->id, &err),
			&err);
	w->sync = sync_new(&w->places, w->config, w->events);
	w->sync->timing = hasty;
	w->sync->disk_least = 0; /* how full this machine is matters to nobody */
	w->engine = sync_engine(w->sync);
	must(sync_start(w->sync, &err), &err);
}

static void end(struct warmer *w)
{
	sync_free(&w->sync);
	store_close(&w->store);
	queue_free(&w->events);
	config_free(&w->config);
	log_close();
}

int main(int argc, char **argv)
{
	struct warmer w = { 0 };
	int64_t began = clock_mono_ms();

	if (argc != 4)
		return EXIT_FAILURE;
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	mime_init();
	places_init(&w.places, argv[1]);
	w.dice = g_rand_new_with_seed((guint32)g_ascii_strtoull(argv[2], NULL, 10));
	w.ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	begin(&w);
	live(&w, began + g_ascii_strtoll(argv[3], NULL, 10));
	end(&w);
	g_array_unref(w.ids);
	g_rand_free(w.dice);
	places_release(&w.places);
	return EXIT_SUCCESS;
}
