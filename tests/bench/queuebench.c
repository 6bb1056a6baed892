/*
 * How long a long queue takes: make tests/bench/queuebench, then run it with
 * the number of rows (default 100000).  Wishes in mixed order (alternating
 * flags and moves, several mailboxes) about as many messages; asks when the
 * next is due, lists the groups, drains.  The time per row must not depend on
 * the number of rows.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/flags.h"
#include "store/store.h"

enum { BOXES = 5, ASKED = 1000, TOGETHER = 200 };

static struct store *store;
static account_id account;
static mailbox_id boxes[BOXES];
static GArray *places[BOXES];

/* Of the processor, not of the wall: what else the machine does is left out. */
static int64_t cpu_ms(void)
{
	return (int64_t)clock() * 1000 / CLOCKS_PER_SEC;
}

static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	fprintf(stderr, "queuebench: %s\n", err->text);
	exit(EXIT_FAILURE);
}

static void make_boxes(void)
{
	struct batch *b = batch_new(account, (mailbox_id){ 0 });
	g_autoptr(GPtrArray) list = NULL;
	struct err err;

	for (int i = 0; i < BOXES; i++) {
		g_autofree char *name = g_strdup_printf("box%d", i);

		batch_mailbox(b, &(struct mailbox){ .path = name, .name = name, .role = ROLE_NONE });
	}
	batch_replace_mailboxes(b);
	must(batch_apply(store, b, NULL, &err), &err);
	batch_free(&b);
	must(store_mailboxes(store, account, &list, &err), &err);
	for (guint i = 0; i < BOXES; i++)
		boxes[i] = ((struct mailbox *)list->pdata[i])->id;
}

static void fill(int box, int n)
{
	struct list_scope scope = { .order = ORDER_DATE, .n = 1, .mailboxes = &boxes[box] };
	struct batch *b = batch_new(account, boxes[box]);
	g_autoptr(GPtrArray) rows = NULL;
	struct err err;

	for (int i = 1; i <= n; i++) {
		g_autofree char *id = g_strdup_printf("%d.%d@example.org", box, i);
		struct change c = { .kind = CHANGE_MESSAGE, .uid = (uint64_t)i, .message_id = id,
			.subject = "Subject", .from_addr = "a@example.org",
			.received_at = 1600000000 + i, .size = 1000 };

		batch_change(b, &c);
		if (i % BATCH_CHANGES_MAX == 0 || i == n) {
			batch_cursor(b, "1", 1, i == n);
			must(batch_apply(store, b, NULL, &err), &err);
		}
	}
	batch_free(&b);
	places[box] = g_array_new(FALSE, FALSE, sizeof(location_id));
	must(store_page(store, &scope, PAGE_FIRST, NULL, (size_t)n, &rows, &err), &err);
	for (guint i = 0; i < rows->len; i++)
		g_array_append_val(places[box], ((struct list_row *)rows->pdata[i])->location);
}

/* Flags and moves take turns, and so do the mailboxes: hardly two rows in a row are alike. */
static void wish(int n)
{
	struct err err;

	for (int at = 0, turn = 0; at < n / BOXES; at += TOGETHER, turn++) {
		for (int i = 0; i < BOXES; i++) {
			const location_id *l = &g_array_index(places[i], location_id, (guint)at);
			size_t k = MIN((size_t)TOGETHER, places[i]->len - (size_t)at);

			for (size_t j = 0; j < k; j += TOGETHER / 4) {
				size_t m = MIN(k - j, (size_t)TOGETHER / 4);

				if ((turn + (int)j) % 4 < 2)
					must(store_want_flags(store, l + j, m, FLAG_SEEN, 0, &err), &err);
				else
					must(store_want_move(store, l + j, m, boxes[(i + 1) % BOXES],
						     &err), &err);
			}
		}
	}
}

static uint64_t next_uid[BOXES];

static void settle(struct mutation_batch *b)
{
	g_autofree struct applied *out = g_new0(struct applied, b->n);
	struct err why = { 0 }, err;
	int to = 0;

	while (to < BOXES - 1 && boxes[to].v != b->target.v)
		to++;
	for (size_t i = 0; i < b->n; i++) {
		out[i].state = APPLIED_DONE;
		out[i].target_uid = b->target.v ? 10000000 + ++next_uid[to] : 0;
	}
	must(store_queue_settle(store, b, out, &why, &err), &err);
}

static void drain(int *rows, int *batches, int64_t *claiming)
{
	struct mutation_batch *b = NULL;
	struct err err;

	for (;;) {
		int64_t since = cpu_ms();
		int r = store_queue_claim(store, account, &b, &err);

		must(r, &err);
		*claiming += cpu_ms() - since;
		if (r == 0)
			return;
		settle(b);
		*rows += (int)b->n;
		++*batches;
		mutation_batch_free(&b);
	}
}

static void look(void)
{
	int64_t since = cpu_ms();
	g_autoptr(GPtrArray) groups = NULL, steps = NULL;
	int64_t waiting = 0, stuck = 0;
	struct err err;

	must(store_queue_groups(store, account, 200, 5000, &groups, &err), &err);
	printf("groups     %6.1f ms (%u shown)\n", (double)(cpu_ms() - since), groups->len);
	since = cpu_ms();
	must(store_queue_counts(store, account, &waiting, &stuck, &err), &err);
	printf("counts     %6.1f ms (%d waiting)\n", (double)(cpu_ms() - since), (int)waiting);
	since = cpu_ms();
	must(store_history(store, 0, 50, &steps, &err), &err);
	printf("history    %6.1f ms (%u steps)\n", (double)(cpu_ms() - since), steps->len);
	since = cpu_ms();
	for (int i = 0; i < ASKED; i++)
		store_queue_due_in(store, account);
	printf("due_in     %6.3f ms\n", (double)(cpu_ms() - since) / ASKED);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 100000, rows = 0, batches = 0;
	g_autofree char *dir = g_dir_make_tmp("tern-queuebench-XXXXXX", NULL);
	g_autofree char *command = g_strdup_printf("rm -rf -- '%s'", dir);
	int64_t since, claiming = 0;
	struct err err;

	must(store_open(dir, STORE_BULK, NULL, &store, &err), &err);
	must(store_account_bind(store, "bench", "imap", &account, &err), &err);
	make_boxes();
	for (int i = 0; i < BOXES; i++)
		fill(i, n / BOXES);
	since = cpu_ms();
	wish(n);
	printf("wishes     %6.1f us each\n", (double)(cpu_ms() - since) * 1000 / n);
	look();
	since = cpu_ms();
	drain(&rows, &batches, &claiming);
	since = cpu_ms() - since;
	printf("drained    %d rows in %d batches: %lld ms, %.1f us each; claims %lld ms\n", rows,
		batches, (long long)since, (double)since * 1000 / MAX(rows, 1),
		(long long)claiming);
	must(store_check(store, &err), &err);
	store_close(&store);
	return system(command) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
