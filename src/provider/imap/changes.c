/* What changed in a mailbox: from a cursor to the next one. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/imap/notify.h"
#include "provider/imap/pull.h"

/* Frees what is inside. */
static void pull_release(struct pull *p)
{
	g_clear_pointer(&p->vanished, g_array_unref);
}

/* --- the cursor -------------------------------------------------------------------- */

/* "2 UIDVALIDITY UIDNEXT LOW HIGHESTMODSEQ EXISTS FLAGS_AT"; version 1 had no FLAGS_AT. */
bool position_read(const char *cursor, struct position *out)
{
	struct position p = { 0 };
	struct scan s = { cursor, cursor + strlen(cursor) };
	uint64_t version, n[6] = { 0 };

	if (!scan_number(&s, &version) || version < 1 || version > 2)
		return false;
	for (size_t i = 0; i < (version == 1 ? 5 : G_N_ELEMENTS(n)); i++) {
		scan_blanks(&s);
		if (!scan_number(&s, &n[i]))
			return false;
	}
	p.uidvalidity = (uint32_t)n[0];
	p.uidnext = (uint32_t)n[1];
	p.low = n[2];
	p.modseq = n[3];
	p.exists = n[4];
	p.flags_at = (int64_t)MIN(n[5], INT64_MAX);
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

	g_snprintf(text, sizeof text,
		"2 %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64,
		at->uidvalidity, at->uidnext, at->low, at->modseq, at->exists, at->flags_at);
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
	p->n_new += p->covered && f->uid >= p->covered;
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

	p->n_new = 0;
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
static int fetch_new(struct pull *p, struct err *err)
{
	struct imap *i = p->imap;
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r;

	command_init(&c, i, "UID FETCH ");
	g_string_append_printf(c.text, "%" PRIu32 ":* %s", p->at.uidnext, p->items_new);
	p->from = p->at.uidnext;
	p->max_uid = p->n_new = 0;
	r = imap_run(i, &c, pull_on_message, p, &a, err);
	if (r == 0 && a.status != ANSWER_OK)
		r = answer_error(&a, err);
	if (r == ERR_LIMIT)
		r = rescue_new(p, err);
	p->from = 0;
	return r;
}

/* New mail, unless the first flight brought it or SELECT told that there is none. */
static int new_mail(struct pull *p, struct err *err)
{
	const struct selected *sel = &p->imap->sel;
	int r = 0;

	if (!p->news_read && sel->exists + sel->expunged > 0 && (!sel->uidnext || sel->uidnext > p->at.uidnext))
		r = fetch_new(p, err);
	if (r < 0)
		return r;
	p->at.uidnext = (uint32_t)MIN(
		MAX(p->max_uid + 1, MAX(p->at.uidnext, sel->uidnext)), UINT32_MAX);
	p->at.exists += p->n_new;
	return pull_strays(p, err);
}

/* --- one mailbox ------------------------------------------------------------------- */

/* Everything begins anew: nothing is covered. */
static void begin_fresh(struct pull *p)
{
	const struct selected *sel = &p->imap->sel;

	p->fresh = true;
	p->covered = 0;
	p->at = (struct position){ .uidvalidity = sel->uidvalidity,
		.uidnext = sel->uidnext,
		.low = sel->uidnext ? sel->uidnext : UINT32_MAX,
		.modseq = imap_distrusted(p->imap) ? 0 : p->modseq,
		.exists = sel->exists,
		.flags_at = clock_unix() };
}

/* Where to begin; UIDVALIDITY decides whether the cursor still means anything. */
static int begin(struct pull *p, bool had, const struct mailbox *m, struct err *err)
{
	uint32_t now = p->imap->sel.uidvalidity;
	/* a reset that was cut off has cleared the cursor and left places with the old numbers */
	uint32_t before = had ? p->at.uidvalidity : m->uidvalidity;

	if (had && before == now)
		return 0;
	if (before > now)
		imap_evidence(p->imap, EVIDENCE_VALIDITY_BACK);
	begin_fresh(p);
	return before && before != now ? p->out->reset(p->out, err) : 0;
}

static bool wants_history(const struct pull *p)
{
	return p->at.low > 1 && !(p->flags & CHANGES_NO_HISTORY);
}

/* The scan proves that nothing changed: same messages, same flags (RFC 7162; L-100).  Of rights it
 * tells nothing: what was forbidden is asked for again when the reader comes. */
static bool is_unchanged(const struct pull *p, unsigned denied)
{
	const struct imap *i = p->imap;
	const struct box_status *st = imap_status(i, p->path);

	if (!st || p->flags & CHANGES_FULL || imap_distrusted(i) || !p->at.modseq)
		return false;
	if (wants_history(p) || (denied && p->flags & CHANGES_LOOKED_AT))
		return false;
	if (i->sel.path && strcmp(i->sel.path, p->path) == 0 && !pull_is_open(p))
		return false; /* of the selected mailbox, servers tell what they told it last */
	return st->uidvalidity == p->at.uidvalidity && st->uidnext == p->at.uidnext &&
	       st->messages == p->at.exists &&
	       pull_modseq(st->modseq, st->messages) == p->at.modseq;
}

/* HIGHESTMODSEQ went back, or there is none any more: nothing is known of flags (C-15). */
static void check_modseq(struct pull *p)
{
	if (!p->at.modseq || p->modseq >= p->at.modseq)
		return;
	log_event(LOG_WARN, "imap-modseq-back", "s:s, s:I, s:I", "account",
		p->imap->base.account->name, "was", (json_int_t)p->at.modseq, "is",
		(json_int_t)p->modseq);
	if (p->modseq)
		imap_evidence(p->imap, EVIDENCE_MODSEQ_BACK);
	p->at.modseq = 0;
	p->at.flags_at = 0;
}

/* Mail that an IDLE which claimed to watch did not tell of (C-12, C-31). */
static void check_silence(struct pull *p)
{
	struct imap *i = p->imap;

	if (!i->silent || strcmp(i->silent, p->path) != 0)
		return;
	if (p->flags & CHANGES_CHECK && p->n_new > 0)
		imap_evidence(i, EVIDENCE_IDLE_SILENT);
	g_clear_pointer(&i->silent, g_free);
}

/* Do the numbers say that no message went? */
static bool counts_fit(const struct pull *p)
{
	return p->at.exists == p->imap->sel.exists + p->imap->sel.expunged;
}

/* On a plain server: all flags, or only those of the newest messages (C-10). */
static int settle_plain(struct pull *p, struct err *err)
{
	bool all = p->flags & (CHANGES_FULL | CHANGES_LOOKED_AT) || !counts_fit(p) ||
		   clock_unix() - p->at.flags_at >= PULL_FLAGS_S ||
		   (p->modseq && !imap_distrusted(p->imap)); /* to have something to begin from */

	return all ? pull_refresh(p, err) : pull_refresh_newest(p, err);
}

/* Flags and expunges below p->covered. */
static int settle(struct pull *p, struct err *err)
{
	bool heavy = false;
	int r = 0;

	if (p->proof == PROOF_NONE)
		return settle_plain(p, err);
	if (p->proof == PROOF_QRESYNC)
		r = pull_vanished(p, &heavy, err);
	if (p->proof == PROOF_QRESYNC && p->at.low > 1)
		p->at.exists = p->imap->sel.exists + p->imap->sel.expunged; /* VANISHED told all */
	else if (p->proof == PROOF_FLAGS && !counts_fit(p))
		r = pull_members(p, &heavy, err);
	if (r == 0 && (heavy || !counts_fit(p)))
		r = pull_refresh(p, err);
	return r;
}

/* What came and what changed inside the coverage. */
static int catch_up(struct pull *p, struct err *err)
{
	int r;

	check_modseq(p);
	r = new_mail(p, err);
	if (r == 0)
		check_silence(p);
	if (r == 0)
		r = settle(p, err);
	if (r < 0)
		return r;
	p->at.modseq = imap_distrusted(p->imap) ? 0 : p->modseq; /* as told before looking (I-07) */
	if (wants_history(p))
		return 0; /* the first slice of history has a point, and no call is without a slice */
	return pull_point(p, p->at.low == 1 ? p->at.exists : p->fetched, err);
}

static int tell_history(struct pull *p, uint64_t low, struct err *err)
{
	return p->out->history ? p->out->history(p->out, low, err) : 0;
}

/* History; what stirred meanwhile is found by the next call, or at once where that is costly. */
static int go_back(struct pull *p, struct err *err)
{
	int r = wants_history(p) ? tell_history(p, p->fresh ? UINT64_MAX : p->at.low, err) : 0;

	if (r == 0 && wants_history(p))
		r = pull_backfill(p, err);
	if (r < 0 || p->paused)
		return r;
	if (p->imap->sel.stirred && !p->imap->plan.qresync_on && p->at.low == 1) {
		p->covered = p->at.uidnext;
		p->n_new = 0;
		r = tell_history(p, 0, err); /* what is known already is read again */
		if (r == 0)
			r = pull_refresh(p, err);
	}
	if (r < 0 || !p->at.uidnext) /* a server that does not tell it: there is nothing to keep yet */
		return r;
	return pull_point(p, p->at.low == 1 ? p->at.exists : p->fetched, err);
}

/* What the server allows, as it told when the mailbox was opened; of one that we only read, nothing
 * is known. */
static int tell_rights(struct pull *p, struct err *err)
{
	const struct imap *i = p->imap;

	if (!p->out->rights || !i->base.account->two_way || (i->plan.acl && !i->rights.asked))
		return 0;
	return p->out->rights(p->out, rights_denied(i), err);
}

static int update(struct pull *p, const struct mailbox *m, struct err *err)
{
	bool had = position_read(m->cursor ? m->cursor : "", &p->at);
	struct known stray;
	int r;

	if (had && is_unchanged(p, m->denied))
		return 0;
	if (had)
		p->covered = p->at.uidnext;
	r = had ? p->out->known(p->out, p->covered, &stray, 1, err) : 0;
	p->strays = r > 0;
	if (r >= 0)
		r = pull_open(p, had, err);
	if (r == 0)
		r = begin(p, had, m, err);
	if (r == 0)
		r = tell_rights(p, err);
	if (r == 0 && !p->fresh)
		r = catch_up(p, err);
	if (r == 0 && !p->paused && (p->fresh || wants_history(p)))
		r = go_back(p, err);
	return r < 0 ? r : p->paused;
}

static void remember(struct pull *p)
{
	struct imap *i = p->imap;
	const struct box_status *st = imap_status(i, p->path);
	struct seen *seen = g_new0(struct seen, 1);

	if (i->sel.path && strcmp(i->sel.path, p->path) == 0)
		*seen = (struct seen){ MAX(p->at.uidnext, i->sel.uidnext), i->sel.exists,
			i->sel.modseq };
	else if (st)
		*seen = (struct seen){ st->uidnext, st->messages, st->modseq };
	if (!i->seen)
		i->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_replace(i->seen, g_strdup(p->path), seen);
	notify_forget(i, p->path);
}

/* What is asked of a message, as far as the server can tell it. */
static void choose_items(struct pull *p)
{
	const struct plan *plan = &p->imap->plan;
	const char *id = plan->objectid ? " EMAILID" : plan->gmail ? " X-GM-MSGID" : "";

	g_snprintf(p->items, sizeof p->items, "(" PULL_FACTS " " PULL_WORDS "%s)", id);
	g_snprintf(p->items_new, sizeof p->items_new, "(" PULL_FACTS " " PULL_WORDS "%s%s)", id,
		plan->preview ? " PREVIEW (LAZY)" : "");
}

int imap_changes(struct provider *base, const struct mailbox *m, unsigned flags, struct sink *out,
	struct err *err)
{
	struct imap *i = imap_of(base);
	AUTO(pull_release)
	struct pull p = { .imap = i, .path = m->path, .out = out, .flags = flags,
		.fetched = (uint64_t)MAX(m->fetched, 0) };
	int r = imap_ready(i, err);

	choose_items(&p);
	if (r == 0)
		r = update(&p, m, err);
	if (r == 0)
		remember(&p);
	i->sel.early = false;
	return imap_settle(i, r);
}
