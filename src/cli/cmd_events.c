/* The store as lines for programs: what happened in it, and all that is in it. */
#include <stdio.h>

#include "cli/command.h"

enum { EVENTS_MAX = 500, FOLLOW_MS = 200 };

static void event_json(const struct cli *c, const struct event_row *e)
{
	out_json(json_pack("{s:I, s:o, s:s, s:o, s:o, s:o, s:I}", "seq", (json_int_t)e->seq, "at",
		json_time(e->at), "topic", store_topic_name(e->topic), "account",
		e->account.v ? json_text(account_name_of(c, e->account)) : json_null(), "mailbox",
		json_id(e->mailbox.v), "message", json_id(e->message.v), "count",
		(json_int_t)e->count));
}

/* Prints all events behind *after and moves it on.  A reader who comes too late is told to read
 * everything again. */
static int print_events(struct cli *c, int64_t *after, struct err *err)
{
	for (;;) {
		g_autoptr(GArray) rows = NULL;
		int64_t floor = 0;

		if (store_events(c->store, *after, EVENTS_MAX, &rows, &floor, err) < 0)
			return err->code;
		if (*after + 1 < floor && *after > 0)
			event_json(c, &(struct event_row){ .seq = floor - 1, .topic = TOPIC_REFRESH });
		for (guint i = 0; i < rows->len; i++) {
			const struct event_row *e = &g_array_index(rows, struct event_row, i);

			event_json(c, e);
			*after = e->seq;
		}
		if (rows->len < EVENTS_MAX || !out_alive())
			return 0;
	}
}

int cmd_events(struct cli *c, const struct args *a)
{
	struct err err = { 0 };
	int64_t after, seen = -1;

	if (args_number(args_option(a, "after-seq"), 0, 0, &after, &err) < 0)
		return say_error(&err);
	do {
		int64_t now = store_version(c->store);

		if (now != seen && print_events(c, &after, &err) < 0)
			return say_error(&err);
		seen = now;
	} while (out_alive() && args_has(a, "follow") &&
		 cancel_poll(c->cancel, -1, 0, FOLLOW_MS) == 0);
	return EXIT_DONE;
}

/* --- dump ---------------------------------------------------------------- */

static int put_line(void *ctx, const char *line)
{
	(void)ctx;
	out_line(line);
	return ferror(stdout) ? ERR_CANCELED : 0;
}

int cmd_dump(struct cli *c, const struct args *a)
{
	struct err err = { 0 };

	(void)a;
	if (store_dump(c->store, put_line, NULL, &err) < 0 && !ferror(stdout))
		return say_error(&err);
	return EXIT_DONE;
}
