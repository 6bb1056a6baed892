/* What the scheduler did and will do: one row per account and job, for people (M-28). */
#include "store/priv.h"

int store_job_note(struct store *s, const struct job_row *j, struct err *err)
{
	int r = tx_begin(s, TX_CONSISTENT, err);

	if (r < 0)
		return r;
	r = db_run(s, err,
		"INSERT INTO job (account_id, name, cadence_s, last_start, last_end, next_at,"
		" result_code, result_text, words, runs, failures)"
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?7 <> 0"
		" WHERE ?1 = 0 OR EXISTS (SELECT 1 FROM account WHERE id = ?1)"
		" ON CONFLICT (account_id, name) DO UPDATE SET cadence_s = excluded.cadence_s,"
		" last_start = excluded.last_start, last_end = excluded.last_end,"
		" next_at = excluded.next_at, result_code = excluded.result_code,"
		" result_text = excluded.result_text, words = excluded.words,"
		" runs = runs + 1, failures = failures + (excluded.result_code <> 0)",
		"itiiiiitt", j->account.v, j->name, j->cadence_s, j->last_start, j->last_end,
		j->next_at, (int64_t)j->result.code, j->result.code ? j->result.text : "",
		j->words);
	/* no fact of the log: a view reads again, and the queue merges what comes in bursts */
	event_post(s, EV_ACCOUNT, 0, j->account, (message_id){ 0 });
	return tx_end(s, r, err);
}

static void read_job(sqlite3_stmt *q, struct job_row *j)
{
	*j = (struct job_row){
		.account.v = sqlite3_column_int64(q, 0),
		.cadence_s = sqlite3_column_int64(q, 2),
		.last_start = sqlite3_column_int64(q, 3),
		.last_end = sqlite3_column_int64(q, 4),
		.next_at = sqlite3_column_int64(q, 5),
		.result.code = sqlite3_column_int(q, 6),
		.runs = sqlite3_column_int64(q, 9),
		.failures = sqlite3_column_int64(q, 10),
	};
	g_strlcpy(j->name, db_column(q, 1), sizeof j->name);
	g_strlcpy(j->result.text, db_column(q, 7), sizeof j->result.text);
	g_strlcpy(j->words, db_column(q, 8), sizeof j->words);
}

int store_jobs(struct store *s, account_id a, GArray **out, struct err *err)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(struct job_row));
	sqlite3_stmt *q = db_stmt(s, "SELECT account_id, name, cadence_s, last_start, last_end, next_at,"
				  " result_code, result_text, words, runs, failures FROM job"
				  " WHERE ?1 = 0 OR account_id = ?1 ORDER BY account_id, name");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", a.v);
	while ((r = db_step(s, q, err)) > 0) {
		struct job_row j;

		read_job(q, &j);
		g_array_append_val(rows, j);
	}
	if (r < 0)
		return r;
	*out = g_steal_pointer(&rows);
	return 0;
}
