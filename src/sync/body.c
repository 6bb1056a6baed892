/*
 * The body worker: fetches the messages that someone waits for, between two of
 * them carries changes to the server while history comes in (aside.c), and when
 * nobody wants anything fetches what will be opened next (warm.c).
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
#include <sys/stat.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

enum {
	DOZE_MAX_MS = 3600 * 1000,
	CLAIM_TRIES = 20,            /* of CLAIM_MS, while another process fetches the same */
	CLAIM_MS = 250,
};

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
static message_id add(struct bodies *b, struct wanted_body w)
{
	message_id out = { 0 };

	if (b->now.message.v == w.message.v && (b->now.whole || !w.whole))
		return out;
	for (size_t i = 0; i < b->n; i++)
		if (b->wanted[i].message.v == w.message.v) {
			w.whole |= b->wanted[i].whole;
			cut(b, i);
			break;
		}
	if (b->n == BODIES_WANTED_MAX) {
		out = b->wanted[0].message;
		cut(b, 0);
	}
	b->wanted[b->n++] = w;
	return out;
}

message_id bodies_ask(struct bodies *b, message_id m, bool whole)
{
	message_id out;

	pthread_mutex_lock(&b->lock);
	out = add(b, (struct wanted_body){ m, whole });
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
static struct wanted_body take(struct bodies *b)
{
	struct wanted_body w = { 0 };

	pthread_mutex_lock(&b->lock);
	if (b->n > 0)
		w = b->wanted[--b->n];
	b->now = w;
	pthread_mutex_unlock(&b->lock);
	return w;
}

/* Done with it: from now on the same message may be asked for again. */
static void release(struct bodies *b)
{
	pthread_mutex_lock(&b->lock);
	b->now = (struct wanted_body){ 0 };
	pthread_mutex_unlock(&b->lock);
}

/* What is being fetched. */
struct filling {
	message_id message;
	bool whole;
	int64_t bytes;               /* out: of the file */
	int64_t mailbox;             /* out: where it was asked for, 0 = nowhere yet */
	uint32_t uidvalidity;
	uint64_t uid;
};

static int keep(struct session *s, struct body_draft *draft, const struct body_rest *rest,
	struct filling *f, struct err *err)
{
	struct stat st;

	f->bytes = fstat(draft->fd, &st) == 0 ? (int64_t)st.st_size : 0;
	draft->holes = rest->n ? rest->holes : NULL;
	draft->n_holes = rest->n;
	return store_body_commit(s->store, draft, err);
}

static int stream(struct session *s, const struct body_place *at, struct filling *f, struct err *err)
{
	const struct body_ref ref = { .mailbox_path = at->path, .uidvalidity = at->uidvalidity,
		.uid = at->uid, .canonical = at->canonical, .size = at->size,
		.message_id_header = at->message_id_header };
	g_autofree struct body_rest *rest = g_new0(struct body_rest, 1);
	struct body_draft draft = { .fd = -1 };
	int r = store_body_begin(s->store, f->message, &draft, err);

	if (r < 0)
		return r;
	rest->whole = f->whole;
	f->mailbox = at->mailbox.v;
	f->uidvalidity = at->uidvalidity;
	f->uid = at->uid;
	r = session_heard(s, s->provider->ops->body(s->provider, &ref, draft.fd, rest, err));
	if (r >= 0)
		return keep(s, &draft, rest, f, err);
	store_body_abandon(s->store, &draft, NULL);
	return r;
}

/* One try: place, draft, stream, commit.  A failed try leaves nothing behind. */
static int fetch(struct session *s, struct filling *f, struct err *err)
{
	AUTO(body_place_release) struct body_place at = { 0 };
	int r = store_body_place(s->store, f->message, &at, err);

	if (r >= 0)
		r = session_connect(s, err);
	return r < 0 ? r : stream(s, &at, f, err);
}

/* In the cache with all that is wanted of it, and its file is really there. */
static bool present(struct session *s, message_id m, bool whole)
{
	g_autofree struct body_hole *holes = whole ? g_new(struct body_hole, BODY_HOLES_MAX) : NULL;
	AUTO(fd_close) int fd = -1;

	return store_body_open(s->store, m, &fd, NULL) >= 0 &&
	       (!whole || store_body_holes(s->store, m, holes, NULL) == 0);
}

/* Is it somewhere else than where it was asked for, or on its way?  Then who says that it is gone does not
 * say so of the message. */
static bool has_moved(struct session *s, const struct filling *f)
{
	AUTO(body_place_release) struct body_place at = { 0 };
	int r = store_body_place(s->store, f->message, &at, NULL);

	return f->mailbox == 0 || (r >= 0 && (at.mailbox.v != f->mailbox || at.uid != f->uid ||
						     at.uidvalidity != f->uidvalidity));
}

static void tell_failure(struct session *s, const struct filling *f, const struct err *err)
{
	struct err why = *err, lost = { 0 };

	if (why.code == ERR_GONE && has_moved(s, f))
		why.code = ERR_RETRY;
	if (store_cache_failed(s->store, f->message, &why, &lost) < 0)
		log_event(LOG_WARN, "cache-lost", "s:I, s:s", "message", (long long)f->message.v, "words",
			lost.text);
}

int body_fill(struct session *s, message_id m, bool whole, int64_t *bytes, struct err *err)
{
	struct filling f = { .message = m, .whole = whole };
	int r = fetch(s, &f, err);

	if (f.mailbox != 0 && (r == ERR_OFFLINE || r == ERR_PROTOCOL)) {
		session_drop(s); /* an idle connection may have died long ago: once more */
		r = fetch(s, &f, err);
	}
	if (bytes)
		*bytes = f.bytes;
	if (r < 0)
		tell_failure(s, &f, err);
	return MIN(r, 0);
}

/* 1 = claimed, 0 = another process has it or it cannot be stored, or an error. */
static int admit(struct session *s, message_id m, int64_t bytes, bool whole, struct err *err)
{
	struct cache_caps caps = caps_of(s->sync, 1.0);
	struct cache_pick pick = { .message = m, .account = s->account->id, .fetch_bytes = bytes,
		.whole = whole };
	int r = store_cache_admit(s->store, &pick, &caps, true, err);

	if (r == 0 && bytes > caps.hard)
		return err_set(err, ERR_LIMIT,
			_("This message does not fit into the cache; cache-hard-cap in tern.conf is "
			  "too small for it."));
	return r;
}

/* Claims it for who waits: 1 = fetch it, 0 = somebody else just did. */
static int claim(struct session *s, message_id m, bool whole, struct err *err)
{
	AUTO(body_place_release) struct body_place at = { 0 };
	int r = store_body_place(s->store, m, &at, err);

	if (r >= 0)
		r = admit(s, m, (int64_t)MIN(at.size, (uint64_t)INT64_MAX), whole, err);
	for (int i = 0; r == 0 && i < CLAIM_TRIES; i++) {
		if (present(s, m, whole))
			return 0;
		if (cancel_poll(s->cancel, -1, 0, CLAIM_MS) < 0)
			return err_set(err, ERR_CANCELED, _("Stopped."));
		r = admit(s, m, (int64_t)MIN(at.size, (uint64_t)INT64_MAX), whole, err);
	}
	if (r == 0)
		return err_set(err, ERR_RETRY,
			_("Another tern is fetching this message, or the cache has no room for it; "
			  "open it again in a moment."));
	return r;
}

int body_fetch(struct session *s, message_id m, bool whole, struct err *err)
{
	int r = present(s, m, whole) ? 0 : claim(s, m, whole, err);

	return r <= 0 ? r : body_fill(s, m, whole, NULL, err);
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

static int answer(struct lane *l, struct session *s, struct wanted_body w, struct err *err)
{
	int r = session_open(s, STORE_PROMPT, err);

	if (r >= 0 && !s->up && !present(s, w.message, w.whole) && refused(l, err))
		return err->code;
	if (r >= 0)
		r = body_fetch(s, w.message, w.whole, err);
	log_event(r < 0 ? LOG_WARN : LOG_INFO, "body", "s:s, s:I, s:b, s:s, s:s", "account",
		s->account->name, "message", (long long)w.message.v, "whole", (int)w.whole,
		"result", r < 0 ? err_name(err->code) : "ok", "words", r < 0 ? err->text : "");
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

static void serve(struct lane *l, struct session *s, struct wanted_body w)
{
	struct err err = { 0 };
	struct event e = { .kind = EV_BODY, .account = l->account->id.v, .message = w.message.v };
	int r = answer(l, s, w, &err);

	if (r == ERR_CANCELED && cancel_is_set(&l->stop))
		return;
	if (r < 0 && lane_crowded(l, s, &err)) {
		release(&l->bodies);
		bodies_ask(&l->bodies, w.message, w.whole);
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
	struct wanted_body w;

	while (!cancel_is_set(&l->stop) && (w = take(&l->bodies)).message.v != 0)
		serve(l, s, w);
}

/* Milliseconds that the connection may still stay open without being used. */
static int64_t idle_left(struct lane *l, const struct session *s)
{
	return s->provider ? s->used_at + l->sync->timing.body_idle - clock_mono_ms() : INT64_MAX;
}

/* Nothing is wanted: waits, and lets an idle connection go. */
static void doze(struct lane *l, struct session *s)
{
	int64_t ms = MIN(MIN(idle_left(l, s), warm_wait(l)), ready_wait(l, s));

	cancel_poll(&l->stop, cancel_fd(&l->bodies.ring), POLLIN, (int)CLAMP(ms, 0, DOZE_MAX_MS));
	if (s->provider && idle_left(l, s) <= 0)
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
		struct wanted_body w;

		cancel_clear(&l->bodies.ring);
		if (atomic_load(&l->shared)) {
			aside_ready(l, false);
			stand_aside(l, &s);
			continue;
		}
		w = take(&l->bodies);
		aside_ready(l, w.message.v == 0 && s.up);
		if (w.message.v != 0)
			serve(l, &s, w);
		else if (aside_push(l, &s))
			continue;
		else if (warm_wait(l) <= 0)
			warm_turn(l, &s);
		else if (ready_wait(l, &s) <= 0)
			ready_turn(l, &s);
		else
			doze(l, &s);
	}
	session_close(&s);
	return NULL;
}
