/*
 * Thirty invented days of a reader, for cachesim and its test: what arrives,
 * what is seen, and what is opened when.  Everything follows from a seed.
 *
 * Senders are Zipf; some are favourites, most are bulk.  A good third of the
 * messages answer a recent one.  Sizes are lognormal, every twelfth message has
 * an attachment.  The reader sits down eight times a day, sees the top of the
 * list, opens today's mail (favourites and her own threads mostly), goes back in a thread when it moves, looks up old mail of favourites,
 * searches and opens one of the first hits, opens old flagged mail, and now and
 * then something far down the list.
 *
 * Most of what is opened is today's mail, which also favours who keeps the newest: the
 * more favourites write much (seed 3), the smaller is what else can be won.
 */
#ifndef TESTS_BENCH_CACHEDAY_H
#define TESTS_BENCH_CACHEDAY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/cache.h"

enum { DAY_S = 86400, SIM_DAYS = 30, SENDERS = 1500, SIM_START = 1700000000 };

struct mail {
	int64_t at;          /* arrival */
	int64_t size;
	unsigned sender, thread;
	bool attachment, flagged, unread;
};

enum event_kind_of_day { DAY_ARRIVES, DAY_NOTICE, DAY_OPENS };

struct day_event {
	int64_t at;
	enum event_kind_of_day kind;
	unsigned mail;
	enum cache_notice_kind notice;
	int rank, of;
};

struct days {
	unsigned n;          /* messages; the first `old` of them are there at the beginning */
	unsigned old;
	struct mail *mails;  /* by arrival */
	GArray *events;      /* of struct day_event, by time */
	int64_t bytes;
	unsigned opens;
};

struct days *days_new(unsigned messages, uint32_t seed);
void days_free(struct days **d);

#endif
