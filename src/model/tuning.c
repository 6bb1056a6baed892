#include "model/tuning.h"

const struct tuning tuning_default = {
	.sync_batch_size = 100,
	.backfill_bootstrap_max = 1500,
	.backfill_batch_size = 100,
	.backfill_job_budget_seconds = 25,
	.backfill_max_total_per_folder = 20000,
	.backfill_mode = BACKFILL_PROGRESSIVE,
	.cache_retention_days = 30,
	.list_page_limit = 30,
	.ingest_batch_size = 50,
};
