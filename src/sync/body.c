/*
 * The body worker: fetches the messages that someone waits for, and between two
 * of them carries changes to the server while history comes in (aside.c).
 *
 * It has its own connection, so that opening a mail does not wait behind a
 * synchronisation.  It connects with the first request and closes after some
 * idle minutes.  The newest request goes first: it is what the reader looks at
 * now.  Each request is answered by one EV_BODY: code 0 (the body is in the
 * cache), or the code of the failure, whose words stand in engine_state.error
 * until the next pass ends.  While the account's last error is one that only
 * the reader can resolve, requests fail at once: one failed login, then silence.
 *
 * Where a server allows one connection (it said so, it cannot be trusted, or it
 * refused the second one), the sync worker answers all requests on its own
 * connection, between its slices and at once when it waits: the lane is
 * `shared`, and this thread only rings the bell.
 */
#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

void bodies_init(struct bodies *b)
{
	*b = (struct bodies){ 0 };
	pthread_mutex_init(&b->lock, NULL);
	cancel_init(&b->ring);
}

void bodies_release(struct bodies *b)
{
	cancel_release(&b->ring);
	pthread_mutex_destroy(&b->lock);
}

/* Takes entry i out of the list. */
static void cut(struct bodies *b, size_t i)
{
	b->n--;
	for (; i < b->n; i++)
		b->wanted[i] = b->wanted[i + 1];
}

/* The newest request stands last; returns the one that had no room any more. */
static message_id add(struct bodies *b, message_id m)
{
	message_id out = { 0 };

	if (b->now.v == m.v)
		return out;
	for (size_t i = 0; i < b->n; i++)
		if (b->wanted[i].v == m.v) {
			cut(b, i);
			break;
		}
	if (b->n == BODIES_WANTED_MAX) {
		out = b->wanted[0];
		cut(b, 0);
	}
	b->wanted[b->n++] = m;
	return out;
}

message_id bodies_ask(struct bodies *b, message_id m)
{
	message_id out;

	pthread_mutex_lock(&b->lock);
	out = add(b, m);
	pthread_mutex_unlock(&b->lock);
	cancel_set(&b->ring);
	return out;
}

bool bodies_waiting(struct bodies *b)
{
	bool yes;

	pthread_mutex_lock(&b->lock);
	yes = b->n > 0;
	pthread_mutex_unlock(&b->lock);
	return yes;
}

/* The next request, which is now being worked on; 0 = none. */
static message_id take(struct bodies *b)
{
	message_id m;

	pthread_mutex_lock(&b->lock);
	m = b->n > 0 ? b->wanted[--b->n] : (message_id){ 0 };
	b->now = m;
	pthread_mutex_unlock(&b->lock);
	return m;
}

/* Done with it: from now on the same message may be asked for again. */
static void release(struct bodies *b)
{
	pthread_mutex_lock(&b->lock);
	b->now = (message_id){ 0 };
	pthread_mutex_unlock(&b->lock);
}

/* One try: place, draft, stream, commit.  A failed try leaves nothing behind. */
static int fetch(struct session *s, message_id m, bool last, bool *asked, struct err *err)
{
	AUTO(body_place_release) struct body_place at = { 0 };
	struct body_draft draft = { .fd = -1 };
	struct body_rest rest = { .whole = true };
	struct body_ref ref;
	bool again;
	int r = store_body_place(s->store, m, &at, err);

	if (r >= 0)
		r = session_connect(s, err);
	if (r >= 0)
		r = store_body_begin(s->store, m, &draft, err);
	if (r < 0)
		return r;
	ref = (struct body_ref){ .mailbox_path = at.path, .uidvalidity = at.uidvalidity,
		.uid = at.uid, .canonical = at.canonical, .size = at.size,
		.message_id_header = at.message_id_header };
	*asked = true;
	r = session_heard(s, s->provider->ops->body(s->provider, &ref, draft.fd, &rest, err));
	if (r >= 0)
		return store_body_commit(s->store, &draft, err);
	again = !last && (r == ERR_OFFLINE || r == ERR_PROTOCOL);
	store_body_abandon(s->store, &draft, again || r == ERR_CANCELED ? NULL : err);
	return r;
}

/* In the cache, and its file is really there. */
static bool present(struct session *s, message_id m)
{
	AUTO(fd_close) int fd = -1;

	return store_body_open(s->store, m, &fd, NULL) >= 0;
}

int body_fetch(struct session *s, message_id m, struct err *err)
{
	bool asked = false;
	int r;

	if (present(s, m))
		return 0;
	r = fetch(s, m, false, &asked, err);
	if (asked && (r == ERR_OFFLINE || r == ERR_PROTOCOL)) {
		session_drop(s); /* an idle connection may have died long ago: once more */
		r = fetch(s, m, true, &asked, err);
	}
	return r < 0 ? r : 0;
}

/* The account waits for the reader: its error answers for the server. */
static bool refused(struct lane *l, struct err *err)
{
	struct engine_state state;

	board_read(&l->board, &state);
	if (!retry_needs_reader(state.error.code))
		return false;
	*err = state.error;
	return true;
}

static int answer(struct lane *l, struct session *s, message_id m, struct err *err)
{
	int r = session_open(s, STORE_PROMPT, err);

	if (r >= 0 && !s->up && !present(s, m) && refused(l, err))
		return err->code;
	if (r >= 0)
		r = body_fetch(s, m, err);
	log_event(r < 0 ? LOG_WARN : LOG_INFO, "body", "s:s, s:I, s:s, s:s", "account",
		s->account->name, "message", (long long)m.v, "result",
		r < 0 ? err_name(err->code) : "ok", "words", r < 0 ? err->text : "");
	return r;
}

/* The server wants no second connection: the sync worker shall answer, on its own. */
bool lane_crowded(struct lane *l, const struct session *s, const struct err *why)
{
	if (why->code != ERR_RETRY || s->up || s->lane || !atomic_load(&l->up))
		return false;
	log_event(LOG_WARN, "second-connection-refused", "s:s, s:s", "account", l->account->name,
		"words", why->text);
	atomic_store(&l->crowded_at, clock_mono_ms());
	atomic_store(&l->shared, true);
	return true;
}

static void serve(struct lane *l, struct session *s, message_id m)
{
	struct err err = { 0 };
	struct event e = { .kind = EV_BODY, .account = l->account->id.v, .message = m.v };
	int r = answer(l, s, m, &err);

	if (r == ERR_CANCELED && cancel_is_set(&l->stop))
		return;
	if (r < 0 && lane_crowded(l, s, &err)) {
		release(&l->bodies);
		bodies_ask(&l->bodies, m);
		return;
	}
	if (r < 0)
		board_error(&l->board, &err);
	e.code = r < 0 ? r : 0;
	release(&l->bodies); /* before the answer: whoever hears it may ask at once */
	if (l->sync->events)
		queue_post(l->sync->events, &e);
}

void bodies_serve(struct lane *l, struct session *s)
{
	message_id m;

	while (!cancel_is_set(&l->stop) && (m = take(&l->bodies)).v != 0)
		serve(l, s, m);
}

/* Nothing is wanted: waits, and lets an idle connection go. */
static void doze(struct lane *l, struct session *s)
{
	int r = cancel_poll(&l->stop, cancel_fd(&l->bodies.ring), POLLIN,
		s->provider ? l->sync->timing.body_idle : -1);

	if (r == 0)
		session_drop(s);
}

/* The sync worker answers: our connection would be one too many. */
static void stand_aside(struct lane *l, struct session *s)
{
	session_drop(s);
	if (bodies_waiting(&l->bodies))
		lane_ring(l);
	cancel_poll(&l->stop, cancel_fd(&l->bodies.ring), POLLIN, -1);
}

void *body_main(void *lane)
{
	struct lane *l = lane;
	struct session s;

	session_init(&s, l->sync, l->account, &l->aside.quit);
	while (!cancel_is_set(&l->stop)) {
		message_id m;

		cancel_clear(&l->bodies.ring);
		if (atomic_load(&l->shared)) {
			aside_ready(l, false);
			stand_aside(l, &s);
			continue;
		}
		m = take(&l->bodies);
		aside_ready(l, m.v == 0 && s.up);
		if (m.v != 0)
			serve(l, &s, m);
		else if (!aside_push(l, &s))
			doze(l, &s);
	}
	session_close(&s);
	return NULL;
}
