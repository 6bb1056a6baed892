/*
 * Leaving a list by one request (RFC 8058): a thread of its own for each, since
 * it belongs to no account and nobody waits for it.
 */
#include "base/host.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/url.h"
#include "net/http.h"
#include "sync/priv.h"

enum { STATUS_DONE = 200, STATUS_REDIRECT = 300, STATUS_WRONG = 400 };

void clicks_init(struct clicks *c)
{
	pthread_mutex_init(&c->lock, NULL);
}

/* Joins what runs: the latch of the end is set by then. */
void clicks_release(struct clicks *c)
{
	for (size_t i = 0; i < CLICKS_MAX; i++) {
		if (c->all[i].started)
			pthread_join(c->all[i].thread, NULL);
		g_free(c->all[i].url);
	}
	pthread_mutex_destroy(&c->lock);
}

static int judge(const struct http_answer *a, const char *host, struct err *err)
{
	if (a->status >= STATUS_DONE && a->status < STATUS_REDIRECT)
		return 0;
	if (a->status >= STATUS_REDIRECT && a->status < STATUS_WRONG)
		return err_set(err, ERR_REFUSED,
			_("%s sends the request on to another address, which is not followed: the "
			  "list may not know of it.  Open the address in a browser."), host);
	return err_set(err, ERR_REFUSED,
		_("%s did not accept the request (HTTP %d).  Open the address in a browser."), host,
		a->status);
}

static void *click_main(void *arg)
{
	struct click *c = arg;
	struct http_request request = { .url = c->url, .form = ONE_CLICK_FORM,
		.private_ok = c->sync->config->unsubscribe_private, .cancel = &c->sync->stop };
	struct http_answer answer = { 0 };
	struct event e = { .kind = EV_ONE_CLICK, .message = c->ticket };
	struct err err = { 0 };
	char host[HOST_MAX];

	url_host(c->url, host, sizeof host);
	if (http_post(&request, &answer, &err) == 0)
		judge(&answer, host, &err);
	log_event(LOG_INFO, "oneclick", "s:s, s:i, s:s", "host", host, "status", answer.status, "result",
		err_name(err.code));
	pthread_mutex_lock(&c->sync->clicks.lock);
	c->result = err;
	c->done = true;
	pthread_mutex_unlock(&c->sync->clicks.lock);
	e.code = err.code;
	if (c->sync->events)
		queue_post(c->sync->events, &e);
	return NULL;
}

/* A slot for the next one: never used, or told. */
static struct click *take_slot(struct clicks *all)
{
	for (size_t i = 0; i < CLICKS_MAX; i++) {
		struct click *c = &all->all[i];

		if (c->started && !c->told)
			continue;
		if (c->started)
			pthread_join(c->thread, NULL);
		g_free(c->url);
		*c = (struct click){ 0 };
		return c;
	}
	return NULL;
}

int64_t engine_one_click(struct engine *e, const char *url)
{
	struct sync *s = (struct sync *)e;
	struct click *c = take_slot(&s->clicks);
	struct err err;

	if (!c)
		return 0;
	*c = (struct click){ .sync = s, .url = g_strdup(url), .ticket = ++s->clicks.last };
	if (sync_spawn(&c->thread, "click", "", click_main, c, &err) < 0)
		return 0;
	c->started = true;
	return c->ticket;
}

bool engine_told(struct engine *e, int64_t ticket, struct err *out)
{
	struct clicks *all = &((struct sync *)e)->clicks;
	bool found = false;

	pthread_mutex_lock(&all->lock);
	for (size_t i = 0; i < CLICKS_MAX && !found; i++) {
		struct click *c = &all->all[i];

		if (!c->started || !c->done || c->told || c->ticket != ticket)
			continue;
		*out = c->result;
		c->told = found = true;
	}
	pthread_mutex_unlock(&all->lock);
	return found;
}
