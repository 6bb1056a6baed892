/* The engine: starts, stops and answers for the workers of all accounts. */
#include "sync/sync.h"

#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "sync/priv.h"

/* --- what the screen may ask ---------------------------------------------- */

static struct lane *lane_of(struct sync *s, account_id a)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->lanes[i].account->id.v == a.v)
			return &s->lanes[i];
	return NULL;
}

void lane_ring(struct lane *l)
{
	cancel_set(&l->wake);
}

/* The reader asks for a pass, now (full: one that distrusts all cursors). */
static void ask(struct lane *l, bool full)
{
	int want = full ? ASKED_FULL : ASKED_PASS, had = atomic_load(&l->asked);

	while (had < want && !atomic_compare_exchange_weak(&l->asked, &had, want))
		;
	lane_ring(l);
}

/* Whatever the screen asks for, somebody sits in front of it. */
static void note_reader(struct sync *s)
{
	atomic_store(&s->reader_at, clock_mono_ms());
}

static void engine_sync_now(struct engine *e, account_id a, bool full)
{
	struct sync *s = (struct sync *)e;

	note_reader(s);
	for (size_t i = 0; i < s->n; i++)
		if (a.v == 0 || s->lanes[i].account->id.v == a.v)
			ask(&s->lanes[i], full);
}

static void engine_push(struct engine *e, account_id a)
{
	struct sync *s = (struct sync *)e;

	note_reader(s);
	for (size_t i = 0; i < s->n; i++)
		if (a.v == 0 || s->lanes[i].account->id.v == a.v)
			lane_push(&s->lanes[i]);
	cancel_set(&s->grown);
}

static void engine_look(struct engine *e, account_id a, mailbox_id m)
{
	struct sync *s = (struct sync *)e;
	struct lane *l = lane_of(s, a);
	int64_t watched;

	note_reader(s);
	if (!l)
		return;
	if (clock_mono_ms() - atomic_exchange(&l->looked_at, clock_mono_ms()) > s->timing.look_lasts)
		cancel_set(&l->bodies.ring); /* the reader came (back) */
	watched = atomic_load(&l->watched);
	if (m.v != 0 && looks_ask(&l->looks, m, watched == -1 || watched == m.v, &s->timing))
		lane_ring(l);
}

static void post_body(struct sync *s, account_id a, message_id m, enum err_code code)
{
	struct event e = { .kind = EV_BODY, .code = code, .account = a.v, .message = m.v };

	if (s->events && m.v != 0)
		queue_post(s->events, &e);
}

static void want(struct engine *e, account_id a, message_id m, bool whole)
{
	struct sync *s = (struct sync *)e;
	struct lane *l = lane_of(s, a);

	note_reader(s);
	if (!l)
		post_body(s, a, m, ERR_GONE);
	else
		post_body(s, a, bodies_ask(&l->bodies, m, whole), ERR_CANCELED);
}

static void engine_want_body(struct engine *e, account_id a, message_id m)
{
	want(e, a, m, false);
}

static void engine_want_whole(struct engine *e, account_id a, message_id m)
{
	want(e, a, m, true);
}

/* Whoever waits for something wakes the workers; what only is worth knowing waits for their turn. */
static void engine_notice(struct engine *e, const struct cache_notice *n, size_t count)
{
	struct sync *s = (struct sync *)e;

	if (!notices_add(&s->notices, n, count))
		return;
	note_reader(s);
	for (size_t i = 0; i < s->n; i++)
		warm_stir(&s->lanes[i]);
}

static bool engine_state(struct engine *e, account_id a, struct engine_state *out)
{
	struct lane *l = lane_of((struct sync *)e, a);

	if (l)
		board_read(&l->board, out);
	return l != NULL;
}

static void engine_explain(const char *type, const char *memory,
	void (*put)(void *ctx, const char *label, const char *words), void *ctx)
{
	const struct provider_ops *ops = provider_find(type);

	if (ops && ops->explain && memory)
		ops->explain(memory, put, ctx);
}

/* --- life ----------------------------------------------------------------- */

static void lane_init(struct lane *l, struct sync *s, const struct account *a)
{
	*l = (struct lane){ .sync = s, .account = a };
	cancel_init(&l->stop);
	cancel_init(&l->wake);
	bodies_init(&l->bodies);
	looks_init(&l->looks);
	aside_init(&l->aside);
	board_init(&l->board, a->id, s->events, s->timing.progress);
}

static void lane_release(struct lane *l)
{
	board_release(&l->board);
	aside_release(&l->aside);
	looks_release(&l->looks);
	bodies_release(&l->bodies);
	cancel_release(&l->wake);
	cancel_release(&l->stop);
}

struct sync *sync_new(const struct places *places, const struct config *config,
	struct queue *events)
{
	struct sync *s = g_new0(struct sync, 1);

	s->engine = (struct engine){
		.sync_now = engine_sync_now,
		.look = engine_look,
		.push = engine_push,
		.want_body = engine_want_body,
		.want_whole = engine_want_whole,
		.notice = engine_notice,
		.one_click = engine_one_click,
		.told = engine_told,
		.state = engine_state,
		.pass = once_pass,
		.drain = once_drain,
		.body = once_body,
		.whole = once_whole,
		.bodies = once_bodies,
		.check = once_check,
		.explain = engine_explain,
	};
	s->places = places;
	s->config = config;
	s->events = events;
	s->find = provider_find;
	s->timing = timing_default;
	s->disk_least = DISK_LEAST;
	cancel_init(&s->stop);
	cancel_init(&s->grown);
	notices_init(&s->notices);
	clicks_init(&s->clicks);
	s->n = config->accounts->len;
	s->lanes = g_new0(struct lane, s->n);
	for (size_t i = 0; i < s->n; i++)
		lane_init(&s->lanes[i], s, g_ptr_array_index(config->accounts, i));
	return s;
}

struct engine *sync_engine(struct sync *s)
{
	return &s->engine;
}

int sync_spawn(pthread_t *out, const char *kind, const char *name, void *(*run)(void *), void *arg,
	struct err *err)
{
	char title[16];
	pthread_attr_t attr;
	sigset_t all, old;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(out, &attr, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (r != 0)
		return err_set(err, ERR_LIMIT, _("No thread could be started: %s."),
			g_strerror(r));
	snprintf(title, sizeof title, "%s:%.10s", kind, name);
	pthread_setname_np(*out, title);
	return 0;
}

static int lane_start(struct lane *l, struct err *err)
{
	static void *(*const mains[])(void *) = { worker_main, body_main };
	static const char *const kinds[] = { "sync", "body" };

	warm_init(l);
	while (l->n_threads < 2) {
		int i = l->n_threads;

		if (sync_spawn(&l->threads[i], kinds[i], l->account->name, mains[i], l, err) < 0)
			return err->code;
		l->n_threads++;
	}
	return 0;
}

static void lane_stop(struct lane *l)
{
	cancel_set(&l->stop);
	cancel_set(&l->wake);
	cancel_set(&l->bodies.ring);
	cancel_set(&l->aside.quit);
}

static void lane_join(struct lane *l)
{
	while (l->n_threads > 0)
		pthread_join(l->threads[--l->n_threads], NULL);
}

/* First everybody hears of it, then everybody is waited for. */
static void stop(struct sync *s)
{
	cancel_set(&s->stop);
	for (size_t i = 0; i < s->n; i++)
		lane_stop(&s->lanes[i]);
	for (size_t i = 0; i < s->n; i++)
		lane_join(&s->lanes[i]);
	while (s->n_threads > 0)
		pthread_join(s->threads[--s->n_threads], NULL);
}

/* The threads that serve all accounts. */
static int start_common(struct sync *s, struct err *err)
{
	static void *(*const mains[])(void *) = { watch_main, expand_main };
	static const char *const names[] = { "watch", "expand" };

	while (s->n_threads < 2) {
		int i = s->n_threads;

		if (sync_spawn(&s->threads[i], "sync", names[i], mains[i], s, err) < 0)
			return err->code;
		s->n_threads++;
	}
	return 0;
}

int sync_start(struct sync *s, struct err *err)
{
	int r = start_common(s, err);

	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = lane_start(&s->lanes[i], err);
	if (r < 0)
		stop(s);
	return r;
}

void sync_free(struct sync **s)
{
	if (!*s)
		return;
	stop(*s);
	clicks_release(&(*s)->clicks);
	for (size_t i = 0; i < (*s)->n; i++)
		lane_release(&(*s)->lanes[i]);
	g_free((*s)->lanes);
	notices_release(&(*s)->notices);
	cancel_release(&(*s)->grown);
	cancel_release(&(*s)->stop);
	g_free(*s);
	*s = NULL;
}
