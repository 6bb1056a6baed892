/* Events: a row of the log now, a word to the screen after the commit. */
#include "base/clock.h"
#include "store/priv.h"

static const char *const topics[] = { "messages_added", "flags_changed", "messages_moved",
	"messages_deleted", "tags_changed", "folder_tree_changed", "unread_count_changed",
	"refresh", "new_messages", "admin_attention_required" };

const char *store_topic_name(enum store_topic t)
{
	return topics[t];
}

static enum event_kind kind_of(enum store_topic t)
{
	switch (t) {
	case TOPIC_FOLDER_TREE_CHANGED:
	case TOPIC_UNREAD_COUNT_CHANGED:
		return EV_MAILBOXES;
	case TOPIC_NEW_MESSAGES:
		return EV_NEW_MAIL;
	case TOPIC_ATTENTION_REQUIRED:
		return EV_ACCOUNT;
	default:
		return EV_MESSAGES;
	}
}

int event_emit(struct store *s, enum store_topic topic, account_id a, mailbox_id m, message_id msg,
	int64_t count, struct err *err)
{
	struct event e = { .kind = kind_of(topic), .account = a.v, .mailbox = m.v,
		.message = msg.v };

	g_assert(s->depth == 1);
	g_array_append_val(s->posted, e);
	return db_run(s, err,
		"INSERT INTO event_log (at, topic, account_id, mailbox_id, message_id, count)"
		" VALUES (?, ?, ?, ?, ?, ?)",
		"itiiii", clock_unix(), topics[topic], a.v, m.v, msg.v, count);
}

void event_post(struct store *s, enum event_kind kind, int code, account_id a, message_id m)
{
	struct event e = { .kind = kind, .code = code, .account = a.v, .message = m.v };

	if (s->depth > 0)
		g_array_append_val(s->posted, e);
	else if (s->events)
		queue_post(s->events, &e);
}

void event_gather(struct store *s, enum store_topic topic, account_id a, mailbox_id m,
	message_id msg)
{
	struct news fresh = { .topic = topic, .account = a, .mailbox = m, .n = 1,
		.singles = { msg } };

	for (guint i = 0; i < s->news->len; i++) {
		struct news *n = &g_array_index(s->news, struct news, i);

		if (n->topic != topic || n->mailbox.v != m.v)
			continue;
		if (n->n < EVENT_SINGLES_MAX)
			n->singles[n->n] = msg;
		n->n++;
		return;
	}
	g_array_append_val(s->news, fresh);
}

static int tell(struct store *s, const struct news *n, struct err *err)
{
	bool many = n->n > EVENT_SINGLES_MAX;
	int r = 0;

	for (guint i = 0; r == 0 && i < (many ? 1 : n->n); i++) {
		message_id m = many ? (message_id){ 0 } : n->singles[i];

		r = event_emit(s, n->topic, n->account, n->mailbox, m, many ? n->n : 1, err);
		event_post(s, EV_MUTATION, 0, n->account, m);
	}
	return r;
}

int event_flush(struct store *s, struct err *err)
{
	int r = 0;

	for (guint i = 0; r == 0 && i < s->news->len; i++)
		r = tell(s, &g_array_index(s->news, struct news, i), err);
	g_array_set_size(s->news, 0);
	return r;
}

int event_trim(struct store *s, struct err *err)
{
	return db_run(s, err,
		"DELETE FROM event_log WHERE seq <= (SELECT max(seq) FROM event_log) - ?"
		" OR (at < ? AND seq < (SELECT max(seq) FROM event_log))",
		"ii", (int64_t)EVENT_KEEP_ROWS, clock_unix() - EVENT_KEEP_S);
}

static enum store_topic topic_from_name(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(topics); i++)
		if (g_str_equal(topics[i], name))
			return i;
	return TOPIC_REFRESH;
}

int store_events(struct store *s, int64_t after, size_t max, GArray **out, int64_t *floor,
	struct err *err)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(struct event_row));
	sqlite3_stmt *q;
	int r;

	*floor = 0;
	r = db_ask(s, err, floor, "SELECT ifnull(min(seq), 0) FROM event_log", "");
	if (r < 0)
		return r;
	q = db_stmt(s, "SELECT seq, at, topic, account_id, mailbox_id, message_id, count"
		    " FROM event_log WHERE seq > ? ORDER BY seq LIMIT ?");
	if (!q)
		return db_fail(s, err);
	db_bind(q, "ii", after, (int64_t)max);
	while ((r = db_step(s, q, err)) > 0) {
		struct event_row e = {
			.seq = sqlite3_column_int64(q, 0),
			.at = sqlite3_column_int64(q, 1),
			.topic = topic_from_name(db_column(q, 2)),
			.account.v = sqlite3_column_int64(q, 3),
			.mailbox.v = sqlite3_column_int64(q, 4),
			.message.v = sqlite3_column_int64(q, 5),
			.count = sqlite3_column_int64(q, 6),
		};

		g_array_append_val(rows, e);
	}
	if (r < 0)
		return r;
	*out = g_steal_pointer(&rows);
	return 0;
}
