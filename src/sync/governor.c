#include "sync/governor.h"

#include <glib.h>

static void refill(struct bucket *b, double a_second, double burst, int64_t now)
{
	if (now > b->at)
		b->tokens = MIN(burst, b->tokens + a_second * (double)(now - b->at) / 1000.0);
	b->at = now;
}

void purse_init(struct bucket *purse, int64_t now)
{
	*purse = (struct bucket){ GOVERNOR_BYTES_BURST, now };
}

void governor_init(struct governor *g, int64_t now)
{
	*g = (struct governor){ .rows = { GOVERNOR_ROWS_BURST, now },
		.requests = { GOVERNOR_REQUESTS_BURST, now }, .multiplier = 1 };
}

static double request_rate(const struct governor *g, bool pressed)
{
	return g->multiplier * (pressed ? GOVERNOR_REQUESTS_RATE_PRESSED : GOVERNOR_REQUESTS_RATE);
}

/* A part of `most` by the multiplier, but at least one whole. */
static double share(const struct governor *g, double most)
{
	return MAX(1.0, most * g->multiplier);
}

static void lease_rows(struct governor *g, struct lease *l)
{
	l->rows = (int)CLAMP(g->rows.tokens, 0, GOVERNOR_ROWS_LEASE);
	l->stale = l->rows * GOVERNOR_STALE_PERCENT / 100;
	g->rows.tokens -= l->rows;
}

/* Bytes for the requests of the lease; without them the requests are worth nothing. */
static void lease_network(struct governor *g, struct bucket *purse, struct lease *l)
{
	double most = l->pressed ? GOVERNOR_BYTES_LEASE_PRESSED : GOVERNOR_BYTES_LEASE;
	double bytes = MIN(purse->tokens, most);

	if (l->pressed && purse->tokens > 0)
		bytes = MAX(bytes, GOVERNOR_BYTES_PRESSED_LEAST);
	bytes *= g->multiplier;
	if (bytes < GOVERNOR_BYTES_LEAST || g->requests.tokens < 1)
		return;
	l->requests = (int)MIN(g->requests.tokens, share(g, l->pressed ?
				GOVERNOR_REQUESTS_LEASE_PRESSED : GOVERNOR_REQUESTS_LEASE));
	l->bytes = (int64_t)bytes;
	g->requests.tokens -= l->requests;
	purse->tokens -= (double)l->bytes;
}

struct lease governor_take(struct governor *g, struct bucket *purse, bool pressed, int64_t now)
{
	struct lease l = { .pressed = pressed, .paused = now < g->paused_until };

	refill(&g->rows, GOVERNOR_ROWS_RATE, GOVERNOR_ROWS_BURST, now);
	refill(&g->requests, request_rate(g, pressed), GOVERNOR_REQUESTS_BURST, now);
	refill(purse, pressed ? GOVERNOR_BYTES_RATE_PRESSED : GOVERNOR_BYTES_RATE,
		GOVERNOR_BYTES_BURST, now);
	lease_rows(g, &l);
	if (!l.paused)
		lease_network(g, purse, &l);
	return l;
}

static void judge(struct governor *g, const struct used *u, int64_t now)
{
	int64_t pause = GOVERNOR_BACKOFF_MS;

	if (u->failed > 0)
		g->multiplier = MAX(GOVERNOR_MULTIPLIER_LEAST,
			g->multiplier * GOVERNOR_MULTIPLIER_FAILED);
	else if (u->cached > 0)
		g->multiplier = MIN(1.0, g->multiplier + GOVERNOR_MULTIPLIER_GOOD);
	if (u->cached > 0)
		g->failures = 0;
	if (u->failed == 0 || u->cached > 0)
		return;
	for (int i = 0; i < g->failures && pause < GOVERNOR_BACKOFF_MOST_MS; i++)
		pause *= 2;
	g->failures++;
	g->paused_until = now + MIN(pause, GOVERNOR_BACKOFF_MOST_MS);
}

void governor_give(struct governor *g, struct bucket *purse, const struct lease *l,
	const struct used *u, int64_t now)
{
	g->rows.tokens = MIN(GOVERNOR_ROWS_BURST, g->rows.tokens + l->rows - u->rows);
	g->requests.tokens = MIN(GOVERNOR_REQUESTS_BURST,
		g->requests.tokens + l->requests - u->requests);
	purse->tokens = MIN(GOVERNOR_BYTES_BURST, purse->tokens + (double)(l->bytes - u->bytes));
	judge(g, u, now);
}

int64_t governor_wait(const struct governor *g, bool pressed, int64_t now)
{
	double lacks = 1.0 - g->requests.tokens;
	int64_t ms = lacks <= 0 ? 0 : (int64_t)(lacks * 1000.0 / request_rate(g, pressed)) + 1;

	return MAX(ms, g->paused_until - now);
}
