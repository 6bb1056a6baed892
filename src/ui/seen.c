#include "ui/seen.h"

#include "base/clock.h"
#include "ui/priv.h"

/* The messages on the screen, by rank; how many. */
static size_t rows_of(const struct ui *ui, struct cache_notice *out)
{
	size_t n = 0;
	int hits = 0;

	for (int y = 0; y < ui->list.height && n < SEEN_ROWS_MAX; y++) {
		const struct list_row *row = list_shown(&ui->list, y);

		if (!row)
			break;
		out[n] = (struct cache_notice){ .kind = CACHE_SAW_ROW, .message = row->message,
			.rank = y };
		if (ui->seen.hits > 0 && marks_has(&ui->marks, row->location)) {
			out[n].kind = CACHE_SAW_HIT;
			out[n].rank = hits++;
			out[n].of = ui->seen.hits;
		}
		n++;
	}
	return n;
}

static uint64_t hash_of(const struct cache_notice *rows, size_t n)
{
	uint64_t h = 14695981039346656037U; /* FNV-1a over the ids and the numbers of hits */

	for (size_t i = 0; i < n; i++) {
		h = (h ^ (uint64_t)rows[i].message.v) * 1099511628211U;
		h = (h ^ (uint64_t)rows[i].of) * 1099511628211U;
	}
	return h;
}

int64_t seen_tick(struct ui *ui)
{
	struct cache_notice rows[SEEN_ROWS_MAX];
	size_t n = rows_of(ui, rows);
	uint64_t now_shown = hash_of(rows, n);
	struct seen *s = &ui->seen;
	int64_t now = clock_mono_ms();

	if (!ui->engine || !ui->engine->notice || n == 0 || now_shown == s->rows)
		return -1;
	if (now_shown != s->waiting) {
		s->waiting = now_shown;
		s->since = now;
	}
	if (now - s->since < SEEN_MS)
		return s->since + SEEN_MS - now;
	s->rows = now_shown;
	ui->engine->notice(ui->engine, rows, n);
	return -1;
}
