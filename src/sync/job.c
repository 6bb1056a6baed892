/*
 * The table of jobs: what runs by the clock, when it last did, how it ended and
 * when it runs again (M-28..M-37).  One row is written at the end of a run, in
 * one small transaction; nothing is written while a run lasts.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "sync/priv.h"

enum {
	DAY_S = 24 * 3600,
	WEEK_S = 7 * DAY_S,
};

void job_note(struct store *store, account_id a, const struct job *j)
{
	struct job_row row = { .account = a, .cadence_s = j->cadence_s, .last_start = j->began,
		.last_end = clock_unix(), .next_at = j->next_at };
	struct err err = { 0 };

	g_strlcpy(row.name, j->name, sizeof row.name);
	g_strlcpy(row.words, j->words ? j->words : "", sizeof row.words);
	if (j->result)
		row.result = *j->result;
	if (store_job_note(store, &row, &err) < 0)
		log_event(LOG_WARN, "job-lost", "s:s, s:s", "job", j->name, "words", err.text);
}

void job_words(const struct session *s, char *out, size_t cap)
{
	snprintf(out, cap, _("%s: %lld new, %lld changed, %lld removed"), s->trigger,
		(long long)s->added, (long long)s->changed, (long long)s->removed);
}

bool job_last(struct store *store, account_id a, const char *name, struct job_row *out)
{
	g_autoptr(GArray) rows = NULL;

	if (store_jobs(store, a, &rows, NULL) < 0)
		return false;
	for (guint i = 0; i < rows->len; i++) {
		const struct job_row *row = &g_array_index(rows, struct job_row, i);

		if (row->account.v != a.v || g_strcmp0(row->name, name) != 0)
			continue;
		*out = *row;
		return true;
	}
	return false;
}

static bool ran_within(struct store *store, account_id a, const char *name, int64_t seconds)
{
	struct job_row row;

	return job_last(store, a, name, &row) && clock_unix() < row.last_end + seconds &&
	       row.last_end <= clock_unix();
}

/* Bodies that a process claimed and never brought (C-06); at every start, and now and then. */
static void reap(struct store *store)
{
	struct err err = { 0 };
	int n = store_cache_reap(store, &err);

	if (n != 0)
		log_event(n < 0 ? LOG_WARN : LOG_INFO, "cache-reap", "s:i, s:s", "claims", MAX(n, 0),
			"words", err.text);
}

void job_clean_cache(struct store *store, const struct tuning *tuning, const struct cache_caps *caps)
{
	const account_id program = { 0 };
	struct err err = { 0 };
	char words[120] = "";
	int64_t began = clock_unix();
	struct job_row row;
	int n;

	reap(store);
	if (!job_last(store, program, "export", &row))
		job_note(store, program, &(struct job){ .name = "export", .words = _("no rules") });
	if (ran_within(store, program, "cache-cleanup", DAY_S))
		return;
	n = store_cache_expire(store, tuning->cache_retention_days, caps, &err);
	if (n >= 0)
		snprintf(words, sizeof words, _("%d bodies removed"), n);
	log_event(n < 0 ? LOG_WARN : LOG_INFO, "cache-cleanup", "s:i, s:s", "removed", MAX(n, 0),
		"words", err.text);
	job_note(store, program,
		&(struct job){ .name = "cache-cleanup", .cadence_s = DAY_S, .began = began,
			.next_at = began + DAY_S, .result = n < 0 ? &err : NULL, .words = words });
}

void job_probe(struct session *s)
{
	char words[120] = "";
	int64_t now = clock_unix();
	struct job_row row = { 0 };
	bool known;

	if (!s->provider->traits.letter)
		return; /* nothing to find out: no server, or it has not been tried yet */
	snprintf(words, sizeof words, _("class %c"), s->provider->traits.letter);
	known = job_last(s->store, s->account->id, "probe", &row);
	if (known && now < row.last_end + WEEK_S && g_str_equal(row.words, words))
		return;
	job_note(s->store, s->account->id,
		&(struct job){ .name = "probe", .cadence_s = WEEK_S, .began = now,
			.next_at = now + WEEK_S, .words = words });
}
