#include "store/larder.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"

struct rig *rig;

void clock_at(int64_t unix_s)
{
	clock_fake(unix_s * 1000, unix_s);
}

void larder_open(void)
{
	clock_at(LARDER_NOW);
	rig = rig_new();
}

void larder_close(void)
{
	rig_sound(rig);
	rig_free(&rig);
	clock_fake(-1, -1);
}

void must(int r, const struct err *err)
{
	ck_assert_msg(r >= 0, "%s", err->text);
}

message_id put_in(mailbox_id m, uint64_t uid, unsigned flags, int64_t size, double age_days)
{
	g_autofree char *id = g_strdup_printf("m%d@example.org", (int)uid);
	g_autofree char *from = g_strdup_printf("Person%d@example.org", (int)(uid % 10));
	const struct change c = { .kind = CHANGE_MESSAGE,
		.uid = uid,
		.flags = flags,
		.message_id = id,
		.subject = "A subject",
		.from_name = "Person",
		.from_addr = from,
		.received_at = clock_unix() - (int64_t)(age_days * 86400),
		.size = (uint64_t)size };
	struct batch *b = batch_new(rig->account, m);
	struct list_row *row;
	message_id out;
	struct err err;

	batch_change(b, &c);
	batch_cursor(b, "1", 1, true);
	must(batch_apply(rig->store, b, NULL, &err), &err);
	batch_free(&b);
	row = rig_row(rig, m, uid);
	ck_assert_ptr_nonnull(row);
	out = row->message;
	list_row_free(&row);
	return out;
}

message_id put(uint64_t uid, unsigned flags, int64_t size, double age_days)
{
	return put_in(rig->inbox, uid, flags, size, age_days);
}

void keep(message_id m, int64_t bytes)
{
	struct body_draft d;
	struct err err;

	must(store_body_begin(rig->store, m, &d, &err), &err);
	ck_assert_int_eq(ftruncate(d.fd, bytes), 0);
	must(store_body_commit(rig->store, &d, &err), &err);
}

void note(enum cache_notice_kind kind, message_id m, int rank, int of)
{
	const struct cache_notice n = { kind, m, rank, of };
	struct err err;

	must(store_cache_notice(rig->store, &n, 1, &err), &err);
}

void score_all(void)
{
	struct err err;
	int n = 1;

	while (n > 0) {
		must(store_cache_stale(rig->store, rig->account, 100, &err), &err);
		n = store_cache_rescore(rig->store, rig->account, 100, &err);
		must(n, &err);
	}
}

const char *state_of(message_id m)
{
	struct cache_line *l = NULL;
	const char *state = "";
	struct err err;
	int r = store_cache_line(rig->store, m, &l, &err);

	must(r, &err);
	if (r > 0)
		state = l->state;
	cache_line_free(l);
	return state;
}

double priority_of(message_id m)
{
	return (double)ask("SELECT CAST(priority * 1e6 AS INTEGER) FROM cache_object WHERE message_id = %d",
		       m) /
	       1e6;
}

int64_t ask(const char *sql, message_id m)
{
	g_auto(GStrv) halves = g_strsplit(sql, "%d", 2);
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, m.v);
	g_autofree char *whole = g_strjoinv(id, halves);

	return rig_ask(rig, whole);
}

int64_t bytes_used(void)
{
	return rig_ask(rig, "SELECT bytes FROM cache_total");
}

int admit(message_id m, int64_t soft, int64_t hard, double pressure, bool waited)
{
	const struct cache_pick p = { .message = m,
		.account = rig->account,
		.fetch_bytes = ask("SELECT fetch_bytes FROM cache_object WHERE message_id = %d", m),
		.priority = priority_of(m) };
	const struct cache_caps caps = { soft, hard, pressure };
	struct err err;
	int r = store_cache_admit(rig->store, &p, &caps, waited, &err);

	must(r, &err);
	return r;
}
