/* The formulas of the cache; what they mean stands in cache.h. */
#include "model/cache.h"

#include <math.h>

static double between(double v, double least, double most)
{
	return v > least ? (v < most ? v : most) : least; /* not a number: the least */
}

double cache_saturate(double count)
{
	return count > 0 ? 1 - exp(-count / CACHE_SATURATION) : 0;
}

double cache_decay(double value, int64_t age_s, double half_life_days)
{
	if (age_s < -CACHE_AHEAD_S)
		return 0;
	return age_s <= 0 ? value : value * exp2(-(double)age_s / (CACHE_DAY_S * half_life_days));
}

double cache_visible_boost(int rank)
{
	return rank < 0 ? 0 : CACHE_VISIBLE_BOOST / sqrt(rank + 1.0);
}

double cache_search_context(int n, int of, int rank)
{
	double found;

	if (n <= 0 || of <= 0 || rank < 0)
		return 0;
	found = n < of ? n : of;
	return between((1 - log(found + 1) / log(of + 1.0)) / sqrt(rank + 1.0), 0, 1);
}

static double recency(double age_days)
{
	return exp2(-(age_days >= 0 ? age_days : CACHE_NO_DATE_DAYS) / CACHE_HALF_LIFE_DAYS);
}

/* P-07 */
static double importance(const struct cache_facts *f)
{
	if (f->flagged)
		return 1.0;
	if (f->unread)
		return f->inbox ? 0.6 : 0.4;
	return f->inbox ? 0.2 : 0;
}

static double size_cost(int64_t fetch_bytes)
{
	double bytes = fetch_bytes > CACHE_COST_LEAST ? (double)fetch_bytes : CACHE_COST_LEAST;

	return pow(bytes / CACHE_COST_UNIT, CACHE_COST_EXPONENT);
}

struct cache_score cache_score(const struct cache_facts *f)
{
	struct cache_score s = {
		.recency = f->layer * CACHE_W_RECENCY * recency(f->age_days),
		.thread = f->layer * CACHE_W_THREAD * cache_saturate(f->thread),
		.sender = f->layer * CACHE_W_SENDER * cache_saturate(f->sender),
		.importance = f->layer * CACHE_W_IMPORTANCE * importance(f),
		.search = f->layer * CACHE_W_SEARCH *
			  cache_search_context(f->search_n, f->search_of, f->search_rank),
		.behaviour = f->layer * CACHE_W_BEHAVIOUR * cache_saturate(f->behaviour),
		.boost = between(f->boost, 0, CACHE_VISIBLE_BOOST) + (f->pinned ? CACHE_PINNED : 0),
		.cost = size_cost(f->fetch_bytes),
	};

	s.utility = s.recency + s.thread + s.sender + s.importance + s.search + s.behaviour + s.boost;
	s.priority = s.utility / s.cost;
	return s;
}

double cache_rescore_priority(const struct cache_facts *f)
{
	double boost = between(f->boost, 0, CACHE_VISIBLE_BOOST);
	double search = cache_search_context(f->search_n, f->search_of, f->search_rank);
	double thread = cache_saturate(f->thread), sender = cache_saturate(f->sender);
	double behaviour = cache_saturate(f->behaviour);

	if (!f->pinned && boost + search + thread + sender + behaviour <= 0)
		return CACHE_NO_SIGNAL;
	return CACHE_LOCAL_BAND + 10 * boost + 8 * search + 4 * thread + 2 * sender +
	       2 * behaviour + (f->pinned ? CACHE_PINNED : 0);
}

int64_t cache_target(int64_t soft, int64_t hard, double pressure)
{
	if (soft < 0)
		soft = 0;
	if (hard < soft)
		hard = soft; /* P-02 */
	return soft + (int64_t)(between(pressure, 0, 1) * (double)(hard - soft));
}

int64_t cache_guess(int64_t message_bytes, bool attachment)
{
	if (message_bytes <= 0)
		return CACHE_GUESS;
	if (attachment && message_bytes > CACHE_GUESS_MOST)
		return CACHE_GUESS_MOST;
	if (attachment && message_bytes < CACHE_GUESS_LEAST)
		return CACHE_GUESS_LEAST;
	return message_bytes < CACHE_COST_LEAST ? CACHE_COST_LEAST : message_bytes;
}

bool cache_in_parts(int64_t message_bytes, bool attachment)
{
	return attachment && message_bytes > CACHE_GUESS_MOST;
}

int64_t cache_fetch_bytes(int64_t message_bytes, bool parts)
{
	if (message_bytes <= 0)
		return CACHE_GUESS;
	return parts ? cache_guess(message_bytes, true) : message_bytes;
}

int64_t cache_until(bool body, int64_t since, int days)
{
	return since + (body ? (int64_t)days * CACHE_DAY_S : CACHE_PLACEHOLDER_S);
}
