#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/imap/pull.h"

/* --- the cursor -------------------------------------------------------------------- */

bool position_read(const char *cursor, struct position *out)
{
	struct position p = { 0 };
	struct scan s = { cursor, cursor + strlen(cursor) };
	uint64_t version, n[5];

	if (!scan_number(&s, &version) || version != 1)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(n); i++) {
		scan_blanks(&s);
		if (!scan_number(&s, &n[i]))
			return false;
	}
	p.uidvalidity = (uint32_t)n[0];
	p.uidnext = (uint32_t)n[1];
	p.low = n[2];
	p.modseq = n[3];
	p.exists = n[4];
	if (!p.uidvalidity || !p.uidnext || !p.low)
		return false;
	*out = p;
	return true;
}

int pull_point(struct pull *p, uint64_t done, struct err *err)
{
	const struct position *at = &p->at;
	char text[PULL_CURSOR_MAX];
	struct cursor_point point = {
		.cursor = text,
		.uidvalidity = at->uidvalidity,
		.complete = at->low == 1,
		.done = (int64_t)done,
		.of = (int64_t)p->imap->sel.exists,
	};
	int r;

	g_snprintf(text, sizeof text, "1 %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64,
		at->uidvalidity, at->uidnext, at->low, at->modseq, at->exists);
	r = p->out->cursor(p->out, &point, err);
	if (r > 0)
		p->paused = true;
	return r < 0 ? r : 0;
}

/* --- messages ---------------------------------------------------------------------- */

int pull_report(struct pull *p, const struct fetch *f, struct err *err)
{
	int r;

	if (!fetch_is_whole(f))
		p->imap->sel.stirred = true; /* another session changed its flags */
	if (!fetch_is_whole(f) || f->uid < p->from || f->uid == 0 || f->uid > UINT32_MAX)
		return 0; /* news of a message that was not asked for, or without a number */
	if (f->has & FETCH_DAMAGED)
		log_event(LOG_WARN, "imap-odd-message", "s:s, s:I", "account",
			p->imap->base.account->name, "uid", (json_int_t)f->uid);
	p->max_uid = MAX(p->max_uid, f->uid);
	if (p->came)
		g_hash_table_add(p->came, GUINT_TO_POINTER((guint)f->uid));
	r = p->out->change(p->out, row_message(p->imap->row, f), err);
	return r < 0 ? r : 0;
}

int pull_on_message(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct scan s = r->rest;
	struct fetch f;

	if (!slice_is(r->word, "FETCH"))
		return 0;
	if (!fetch_parse(r->number, &s, &f)) {
		log_event(LOG_WARN, "imap-odd-line", "s:s", "account", i->base.account->name);
		return 0;
	}
	return pull_report(ctx, &f, err);
}

/* The same, after a message that the guard refused ended the connection. */
static int rescue_new(struct pull *p, struct err *err)
{
	g_autofree char *what = g_strdup_printf("UID FETCH %" PRIu32 ":*", p->at.uidnext);
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	const uint64_t *list;
	size_t skip = 0;
	int r = pull_reconnect(p, err);

	if (r == 0)
		r = pull_list_uids(p, what, uids, err);
	if (r < 0)
		return r;
	list = (const uint64_t *)(void *)uids->data;
	while (skip < uids->len && list[skip] < p->at.uidnext)
		skip++;
	r = pull_rescue(p, list + skip, uids->len - skip, err);
	if (uids->len > 0)
		p->max_uid = MAX(p->max_uid, list[uids->len - 1]); /* also what was left out */
	return r;
}

/* What came since: "N:*" always holds the last message too, which pull_report drops. */
static int new_mail(struct pull *p, struct err *err)
{
	struct imap *i = p->imap;
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r;

	if (i->sel.exists == 0 || (i->sel.uidnext && i->sel.uidnext <= p->at.uidnext)) {
		p->at.uidnext = MAX(p->at.uidnext, i->sel.uidnext);
		return 0;
	}
	command_init(&c, i, "UID FETCH ");
	g_string_append_printf(c.text, "%" PRIu32 ":* " PULL_ITEMS, p->at.uidnext);
	p->from = p->at.uidnext;
	p->max_uid = 0;
	r = imap_run(i, &c, pull_on_message, p, &a, err);
	if (r == 0 && a.status != ANSWER_OK)
		r = answer_error(&a, err);
	if (r == ERR_LIMIT)
		r = rescue_new(p, err);
	p->from = 0;
	if (r < 0)
		return r;
	p->at.uidnext =
		(uint32_t)MIN(MAX(p->max_uid + 1, MAX(p->at.uidnext, i->sel.uidnext)), UINT32_MAX);
	return 0;
}

/* --- one mailbox ------------------------------------------------------------------- */

/* Where to begin; UIDVALIDITY decides whether the cursor still means anything. */
static int begin(struct pull *p, const struct mailbox *m, struct err *err)
{
	const struct selected *sel = &p->imap->sel;
	bool had = position_read(m->cursor ? m->cursor : "", &p->at);
	/* a reset that was cut off has cleared the cursor and left places with the old numbers */
	uint32_t before = had ? p->at.uidvalidity : m->uidvalidity;

	if (had && before == sel->uidvalidity)
		return 0;
	p->fresh = true;
	p->at = (struct position){
		.uidvalidity = sel->uidvalidity, .uidnext = sel->uidnext, .low = UINT32_MAX
	};
	if (sel->uidnext)
		p->at.low = sel->uidnext;
	return before && before != sel->uidvalidity ? p->out->reset(p->out, err) : 0;
}

/*
 * The server proves that nothing changed: same messages, same flags (RFC 7162).
 * 1 is where counting begins and what a server says that only pretends to count.
 */
static bool unchanged(const struct pull *p, unsigned flags)
{
	const struct selected *sel = &p->imap->sel;

	return !(flags & CHANGES_FULL) && !sel->stirred && p->at.modseq > 1 &&
	       p->at.modseq == sel->modseq && p->at.exists == sel->exists && sel->uidnext &&
	       p->at.uidnext == sel->uidnext;
}

/* Flags and expunges, unless they are known to be as the store has them. */
static int settle_flags(struct pull *p, unsigned flags, struct err *err)
{
	uint64_t modseq = p->imap->sel.modseq; /* before looking */
	int r = 0;

	if (!p->fresh || p->imap->sel.stirred || flags & CHANGES_FULL)
		r = pull_refresh(p, err);
	if (r < 0)
		return r;
	p->at.modseq = modseq;
	p->at.exists = p->imap->sel.exists;
	return pull_point(p, p->at.exists, err);
}

static int update(struct pull *p, const struct mailbox *m, unsigned flags, struct err *err)
{
	int r = imap_select(p->imap, m->path, true, true, err);

	if (r == 0)
		r = begin(p, m, err);
	if (r < 0)
		return r;
	if (unchanged(p, flags) && p->at.low == 1)
		return pull_point(p, p->at.exists, err);
	if (!p->fresh)
		r = new_mail(p, err);
	if (r == 0 && !p->paused && p->at.low > 1)
		r = pull_backfill(p, err);
	if (r == 0 && p->paused)
		return 1;
	return r < 0 ? r : settle_flags(p, flags, err);
}

static void remember(struct pull *p)
{
	struct seen *seen = &p->imap->seen;

	g_free(seen->path);
	*seen = (struct seen){ .path = g_strdup(p->path),
		.uidnext = p->at.uidnext,
		.exists = p->at.exists,
		.modseq = p->at.modseq };
}

int imap_changes(struct provider *base, const struct mailbox *m, unsigned flags, struct sink *out,
	struct err *err)
{
	struct imap *i = imap_of(base);
	struct pull p = { .imap = i, .path = m->path, .out = out };
	int r = imap_ready(i, err);

	if (r == 0)
		r = update(&p, m, flags, err);
	if (r == 0)
		remember(&p);
	return imap_settle(i, r);
}
