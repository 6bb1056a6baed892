#include "provider/merge.h"

#include "base/i18n.h"
#include "model/flags.h"

void merge_init(struct merge *m, struct sink *out, uint64_t low, uint64_t high)
{
	*m = (struct merge){ .out = out, .high = high, .last = low ? low - 1 : 0 };
	m->gone = g_array_new(FALSE, FALSE, sizeof(uint64_t));
}

void merge_release(struct merge *m)
{
	g_clear_pointer(&m->gone, g_array_unref);
}

/* Puts the next known message at *k; 0 = there is none inside the coverage. */
static int peek(struct merge *m, uint64_t from, struct known **k, struct err *err)
{
	if (m->at == m->have && !m->end) {
		uint64_t next = m->have ? m->window[m->have - 1].uid + 1 : from;
		int n = m->out->known(m->out, next, m->window, MERGE_WINDOW, err);

		if (n < 0)
			return n;
		m->at = 0;
		m->have = (size_t)n;
		m->end = n == 0;
	}
	if (m->end || m->window[m->at].uid > m->high)
		return 0;
	*k = &m->window[m->at];
	return 1;
}

/* Every known message below uid was not listed. */
static int skip_to(struct merge *m, uint64_t uid, struct known **k, struct err *err)
{
	int r;

	while ((r = peek(m, m->last + 1, k, err)) > 0 && (*k)->uid < uid) {
		g_array_append_val(m->gone, (*k)->uid);
		m->n_known++;
		m->at++;
	}
	return r;
}

int merge_present(struct merge *m, uint64_t uid, unsigned flags, const char *keywords,
	struct err *err)
{
	struct change c = { .kind = CHANGE_FLAGS, .uid = uid, .flags = flags, .keywords = keywords };
	struct known *k = NULL;
	int r;

	if (uid <= m->last || uid > m->high)
		return err_set(err, ERR_PROTOCOL, _("The listing of the mailbox is out of order."));
	r = skip_to(m, uid, &k, err);
	if (r < 0)
		return r;
	m->last = uid;
	m->n_present++;
	if (r == 0 || k->uid != uid)
		return 1;
	m->at++;
	m->n_known++;
	if (k->flags == flags && k->keywords_hash == flags_keywords_hash(keywords))
		return 0;
	r = m->out->change(m->out, &c, err);
	return r < 0 ? r : 0;
}

int merge_finish(struct merge *m, struct err *err)
{
	struct known *k = NULL;
	int r = skip_to(m, UINT64_MAX, &k, err);

	for (guint i = 0; r >= 0 && i < m->gone->len; i++) {
		struct change c = { .kind = CHANGE_GONE,
			.uid = g_array_index(m->gone, uint64_t, i) };

		r = m->out->change(m->out, &c, err);
	}
	return r < 0 ? r : 0;
}
