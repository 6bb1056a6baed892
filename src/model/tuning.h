/*
 * How much is brought in at once: the parameters of M-67, as the reader
 * configured them.  Immutable after the configuration was loaded.
 */
#ifndef TERN_MODEL_TUNING_H
#define TERN_MODEL_TUNING_H

enum backfill_mode {
	BACKFILL_PROGRESSIVE,    /* the history comes newest first, job by job */
	BACKFILL_BOOTSTRAP_ONLY, /* only the newest messages */
};

struct tuning {
	int sync_batch_size;       /* messages in one FETCH */
	int backfill_bootstrap_max; /* newest messages of a mailbox that come at once */
	int backfill_batch_size;   /* messages in one FETCH of history */
	int backfill_job_budget_seconds; /* one run of the backfill job */
	int backfill_max_total_per_folder; /* then the mailbox is capped; 0 = no limit */
	enum backfill_mode backfill_mode;
	int cache_retention_days;  /* an unused body may go after so many days */
	int list_page_limit;       /* rows that a list reads at once, at least a screen */
	int ingest_batch_size;     /* messages that one run of the export job hands out */
};

extern const struct tuning tuning_default;

#endif
