/* A thread's own store handle and connection. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "sync/priv.h"

void session_init(struct session *s, struct sync *sync, const struct account *a,
	struct cancel *cancel)
{
	*s = (struct session){ .sync = sync, .account = a, .cancel = cancel };
	s->touched = g_array_new(FALSE, FALSE, sizeof(int64_t));
	session_cycle(s, "manual");
}

int session_open(struct session *s, enum store_role role, struct err *err)
{
	if (s->store)
		return 0;
	return store_open(s->sync->places->data, role, s->sync->events, &s->store, err);
}

/* What earlier connections learned of the server.  Without it the provider learns anew. */
static void recall(struct session *s)
{
	struct provider *p = s->provider;
	struct err err = { 0 };

	g_clear_pointer(&p->memory, g_free);
	if (store_account_memory(s->store, s->account->id, &p->memory, &err) < 0)
		log_event(LOG_WARN, "memory-unread", "s:s, s:s", "account", s->account->name,
			"words", err.text);
	p->memory_changed = false;
}

static void keep_memory(struct session *s)
{
	struct provider *p = s->provider;
	struct err err = { 0 };

	if (!s->keeps || !p || !p->memory_changed)
		return;
	p->memory_changed = false;
	if (store_account_memory_set(s->store, s->account->id, p->memory, &err) < 0)
		log_event(LOG_WARN, "memory-lost", "s:s, s:s", "account", s->account->name, "words",
			err.text);
}

static int make_provider(struct session *s, struct err *err)
{
	const struct provider_ops *ops = s->sync->find(s->account->type);

	if (!ops)
		return err_set(err, ERR_USAGE, _("Account %s: there is no account type \"%s\"."),
			s->account->name, s->account->type);
	s->provider = ops->create(s->account, s->cancel);
	s->provider->tuning = tuning_of(s);
	recall(s);
	return 0;
}

int session_heard(struct session *s, int r)
{
	s->used_at = clock_mono_ms();
	if (r == ERR_OFFLINE || r == ERR_PROTOCOL || r == ERR_CANCELED || r == ERR_TRUST)
		s->up = false;
	keep_memory(s);
	return r;
}

int session_stored(struct session *s, int r)
{
	s->lost = s->lost || (r == ERR_CONFLICT && s->leased);
	return r;
}

int session_connect(struct session *s, struct err *err)
{
	bool was_up = s->up;
	int r = 0;

	if (!s->provider)
		r = make_provider(s, err);
	if (r < 0 || !s->provider)
		return r;
	if (!was_up) {
		board_stage(s->board, STAGE_CONNECTING, NULL);
		s->provider->scan_bare = history_none(s);
	}
	s->provider->scan_follows = s->scan_next;
	s->scan_next = false;
	r = session_heard(s, s->provider->ops->connect(s->provider, err));
	s->up = r >= 0;
	if (s->up && !was_up && s->keeps) {
		board_letter(s->board, s->provider->traits.letter);
		job_probe(s);
	}
	return r;
}

void session_drop(struct session *s)
{
	s->up = false;
	if (s->provider)
		s->provider->ops->destroy(&s->provider);
}

void session_close(struct session *s)
{
	session_drop(s);
	store_close(&s->store);
	g_clear_pointer(&s->touched, g_array_unref);
}

void session_touch(struct session *s, mailbox_id m)
{
	for (guint i = 0; i < s->touched->len; i++)
		if (g_array_index(s->touched, int64_t, i) == m.v)
			return;
	if (m.v != 0)
		g_array_append_val(s->touched, m.v);
}

void session_cycle(struct session *s, const char *trigger)
{
	snprintf(s->id, sizeof s->id, "%llx-%x-%u", (unsigned long long)clock_unix(),
		(unsigned)getpid(), atomic_fetch_add(&s->sync->cycles, 1) + 1);
	g_strlcpy(s->trigger, trigger, sizeof s->trigger);
	s->added = s->changed = s->removed = 0;
	s->glanced_at = clock_mono_ms();
	board_cycle(s->board, trigger, s->id);
}

void session_result(struct session *s, const struct err *why)
{
	struct err err = { 0 };

	if (s->store && store_account_result(s->store, s->account->id, why, &err) < 0)
		log_event(LOG_ERROR, "result-lost", "s:s, s:s", "account", s->account->name,
			"error", err.text);
}
