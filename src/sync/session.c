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
	session_new_id(s);
}

int session_open(struct session *s, enum store_role role, struct err *err)
{
	if (s->store)
		return 0;
	return store_open(s->sync->places->data, role, s->sync->events, &s->store, err);
}

static int make_provider(struct session *s, struct err *err)
{
	const struct provider_ops *ops = s->sync->find(s->account->type);

	if (!ops)
		return err_set(err, ERR_USAGE, _("Account %s: there is no account type \"%s\"."),
			s->account->name, s->account->type);
	s->provider = ops->create(s->account, s->cancel);
	return 0;
}

int session_heard(struct session *s, int r)
{
	if (r == ERR_OFFLINE || r == ERR_PROTOCOL || r == ERR_CANCELED || r == ERR_TRUST)
		s->up = false;
	return r;
}

int session_connect(struct session *s, struct err *err)
{
	int r = 0;

	if (!s->provider)
		r = make_provider(s, err);
	if (r < 0 || !s->provider)
		return r;
	if (!s->up)
		board_stage(s->board, STAGE_CONNECTING, NULL);
	r = session_heard(s, s->provider->ops->connect(s->provider, err));
	s->up = r >= 0;
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

void session_new_id(struct session *s)
{
	snprintf(s->id, sizeof s->id, "%llx-%x-%u", (unsigned long long)clock_unix(),
		(unsigned)getpid(), atomic_fetch_add(&s->sync->cycles, 1) + 1);
	s->added = s->changed = s->removed = 0;
}

void session_result(struct session *s, const struct err *why)
{
	struct err err = { 0 };

	if (s->store && store_account_result(s->store, s->account->id, why, &err) < 0)
		log_event(LOG_ERROR, "result-lost", "s:s, s:s", "account", s->account->name,
			"error", err.text);
}
