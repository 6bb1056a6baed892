/*
 * After a lost answer nothing is repeated blindly.
 *
 * What stands in the source and what came to the target since the mark decides
 * for each message of a move:
 *
 *	source  target
 *	no      yes     done
 *	yes     yes     copied, not removed: remove it from the source only
 *	yes     no      nothing happened: act
 *	no      no      gone, by somebody else's hand
 *
 * Without MOVE there is a fifth: the source has it with a \Deleted that the reader
 * had not seen, and of the numbers that the target gave out since the mark one
 * names nothing any more.  We mark what is copied only; so it was copied, and
 * somebody removed the copy.  It is not brought back: the source follows.
 *
 * A copy is done where the target has it.  A message is recognised by its
 * Message-ID and size; one without a Message-ID that still stands in the source
 * by its whole header and size; one that we appended by its Message-ID or our
 * X-TUID alone, because some servers change what they store.
 *
 * Whatever the server will not tell proves nothing: what is in doubt stays so.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "mime/text.h"
#include "model/change.h"
#include "model/flags.h"
#include "provider/imap/job.h"
#include "provider/imap/list.h"
#include "provider/imap/uidset.h"

#define DOUBT_HEADER "BODY.PEEK[HEADER]<0.65536>"

/* --- the target ---------------------------------------------------------------------- */

struct search {
	struct job *job;
	bool by_id;	    /* APPEND */
	uint64_t from;	    /* uids below were there before the first try */
	uint64_t seen;	    /* messages from there on */
	GHashTable *wanted; /* fingerprint -> struct pick, twins chained */
};

static void first_id(void *ctx, const char *id, size_t len)
{
	char **out = ctx;

	if (!*out)
		*out = g_strndup(id, len);
}

/* "SIZE id", or the id alone.  A new string. */
static char *fingerprint(const struct search *s, uint64_t size, const char *id)
{
	if (s->by_id)
		return g_strdup(id);
	return g_strdup_printf("%" PRIu64 " %s", size, id);
}

static bool has_id(const struct pick *p)
{
	return p->item->message_id_header && *p->item->message_id_header;
}

static char *digest_key(uint64_t size, const char *digest)
{
	return g_strdup_printf("%" PRIu64 " #%s", size, digest);
}

/* SHA-256 of the header; "" if there is none. */
static void digest_of(const struct fetch *f, char out[static JOB_DIGEST])
{
	g_autofree char *sum = NULL;

	*out = '\0';
	if (!(f->has & FETCH_HEADER) || !f->header.p || f->header.n == 0)
		return;
	sum = g_compute_checksum_for_data(
		G_CHECKSUM_SHA256, (const guchar *)f->header.p, f->header.n);
	g_strlcpy(out, sum, JOB_DIGEST);
}

static void want(struct search *s, struct pick *p)
{
	char *key = *p->digest ? digest_key(p->item->size, p->digest)
			       : fingerprint(s, p->item->size,
					 has_id(p) ? p->item->message_id_header : "");

	p->twin = g_hash_table_lookup(s->wanted, key);
	g_hash_table_replace(s->wanted, key, p);
}

/* Of those that look the same the ones that left the source come first: these are what has come. */
static void want_all(struct search *s)
{
	for (int left = 0; left < 2; left++)
		for (size_t n = s->job->n; n-- > 0;)
			if (s->job->picks[n].there == !left)
				want(s, &s->job->picks[n]);
}

/* The first one of that fingerprint that was not found yet. */
static bool found(struct search *s, const char *key, uint64_t uid)
{
	struct pick *p = *key ? g_hash_table_lookup(s->wanted, key) : NULL;

	while (p && p->target_uid)
		p = p->twin;
	if (!p)
		return false;
	p->target_uid = uid;
	p->out->target_uidvalidity = s->job->imap->sel.uidvalidity;
	return true;
}

/* The next field of a header: what stands behind its colon, folded lines included. */
static bool next_value(struct scan *s, struct slice *value)
{
	const char *colon = memchr(s->p, ':', (size_t)(s->end - s->p)), *end;

	if (!colon)
		return false;
	for (end = colon + 1; end < s->end; end++)
		if (*end == '\n' && (end + 1 == s->end || (end[1] != ' ' && end[1] != '\t')))
			break;
	*value = (struct slice){ .p = colon + 1, .n = (size_t)(end - colon - 1) };
	s->p = end < s->end ? end + 1 : end;
	return true;
}

static bool found_as(struct search *s, const struct fetch *f, const char *id)
{
	g_autofree char *key = fingerprint(s, f->size, id);

	return found(s, key, f->uid);
}

/* By the id in a field; one that is none by the book is known by its words (mime/summary.c). */
static bool found_by(struct search *s, const struct fetch *f, struct slice value, bool *any)
{
	g_autofree char *id = NULL;

	mime_each_message_id(value.p, value.n, 1, first_id, &id);
	*any |= id != NULL;
	if (!id)
		id = g_strstrip(mime_decode_text(value.p, value.n, CHANGE_MESSAGE_ID_MAX));
	return *id && found_as(s, f, id);
}

static int on_candidate(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct search *s = ctx;
	struct scan at = r->rest, header;
	struct slice value;
	bool any = false, done = false;
	struct fetch f;

	(void)i;
	(void)err;
	if (r->kind != RESPONSE_DATA || !slice_is(r->word, "FETCH") ||
		!fetch_parse(r->number, &at, &f))
		return 0;
	s->seen += f.uid >= s->from;
	if (f.uid < s->from || !(f.has & FETCH_SIZE) || !(f.has & FETCH_HEADER))
		return 0;
	header = (struct scan){ f.header.p, f.header.p ? f.header.p + f.header.n : NULL };
	while (!done && header.p && next_value(&header, &value))
		done = found_by(s, &f, value, &any);
	if (!done && !any && !s->by_id)
		(void)found_as(s, &f, "");
	return 0;
}

/* Likewise of those without an id, whose header is known from the source. */
static int on_nameless(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct search *s = ctx;
	struct scan at = r->rest;
	g_autofree char *key = NULL;
	char digest[JOB_DIGEST];
	struct fetch f;

	(void)i;
	(void)err;
	if (r->kind != RESPONSE_DATA || !slice_is(r->word, "FETCH") ||
		!fetch_parse(r->number, &at, &f) || f.uid < s->from || !(f.has & FETCH_SIZE))
		return 0;
	digest_of(&f, digest);
	key = digest_key(f.size, digest);
	if (*digest)
		(void)found(s, key, f.uid);
	return 0;
}

static bool any_digest(const struct job *j)
{
	for (size_t n = 0; n < j->n; n++)
		if (*j->picks[n].digest)
			return true;
	return false;
}

static int ask_target(struct search *s, const char *items, untagged_fn fn, struct err *err)
{
	struct imap *i = s->job->imap;
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r;

	command_init(&c, i, "UID FETCH ");
	g_string_append_printf(c.text, "%" PRIu64 ":* (UID RFC822.SIZE %s)", s->from, items);
	r = imap_run(i, &c, fn, s, &a, err);
	if (r == 0 && a.status != ANSWER_OK)
		return answer_error(&a, err);
	return r;
}

/* The UIDNEXT of the mark, 0 = not known: it counts only while the target is the same mailbox. */
static uint64_t marked_uidnext(const struct job *j)
{
	struct scan s = { j->batch->mark, j->batch->mark + strlen(j->batch->mark) };
	uint64_t uidvalidity, uidnext;

	if (!scan_number(&s, &uidvalidity))
		return 0;
	scan_blanks(&s);
	if (!scan_number(&s, &uidnext) || uidvalidity != j->imap->sel.uidvalidity)
		return 0;
	return uidnext;
}

/* Of the numbers that were given out since the mark, how many name nothing. */
static uint64_t vanished(const struct search *s, uint64_t mark)
{
	uint64_t next = s->job->imap->sel.uidnext;

	return mark && next > mark + s->seen ? next - mark - s->seen : 0;
}

/* Is the target not there (ERR_GONE), or is that only how the server says no? */
static int target_gone(struct job *j, struct err *err)
{
	struct err why = *err;
	int r = imap_exists(j->imap, j->batch->target_path, false, err);

	return r > 0 ? err_set(err, ERR_REFUSED, "%s", why.text) : r;
}

int job_search(struct job *j, struct err *err)
{
	g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct search s = {
		.job = j, .wanted = wanted, .by_id = j->batch->verb == MUTATION_APPEND
	};
	int r = imap_select(j->imap, j->batch->target_path, false, true, err);
	uint64_t mark;

	if (r == ERR_GONE)
		return target_gone(j, err); /* no target: nothing is in it */
	if (r < 0)
		return r;
	mark = marked_uidnext(j);
	j->vanished = vanished(&s, mark);
	if (j->imap->sel.exists == 0)
		return 0;
	want_all(&s);
	s.from = MAX(mark, 1);
	r = ask_target(&s,
		s.by_id ? "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-TUID)]"
			: "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]",
		on_candidate, err);
	j->vanished = vanished(&s, mark);
	if (r == 0 && any_digest(j))
		r = ask_target(&s, DOUBT_HEADER, on_nameless, err);
	return r;
}

/* --- the source ---------------------------------------------------------------------- */

/* Which of all picks stand in the source? */
static int look_all(struct job *j, struct err *err)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < j->n) {
		g_autoptr(GString) set = g_string_new(NULL);
		size_t from = job_set(j, &at, set);

		if (set->len)
			r = job_look(j, from, at, set->str, err);
	}
	return r;
}

/* The headers of those that have no id and are still there: a size alone proves nothing. */
static int on_header(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct job *j = ctx;
	struct scan at = r->rest;
	struct fetch f;

	(void)i;
	(void)err;
	if (r->kind != RESPONSE_DATA || !slice_is(r->word, "FETCH") ||
		!fetch_parse(r->number, &at, &f) || !(f.has & FETCH_HEADER))
		return 0;
	for (struct pick *p = job_find(j, f.uid); p; p = job_next(j, p))
		if (!has_id(p))
			digest_of(&f, p->digest);
	return 0;
}

static bool is_nameless(const struct pick *p)
{
	return p->there && !has_id(p);
}

/* Asks for these items of those picks in the source. */
static int ask_source(struct job *j, bool (*which)(const struct pick *), const char *items,
	untagged_fn fn, struct err *err)
{
	g_autofree uint64_t *uids = g_new(uint64_t, j->n + 1);
	size_t n = 0, taken;
	int r = 0;

	for (size_t k = 0; k < j->n; k++)
		if (which(&j->picks[k]) && (n == 0 || uids[n - 1] != j->picks[k].uid))
			uids[n++] = j->picks[k].uid;
	for (size_t at = 0; r == 0 && at < n; at += taken) {
		AUTO(command_release) struct command c = { 0 };
		struct answer a;

		command_init(&c, j->imap, "UID FETCH ");
		taken = uidset_write(c.text, uids + at, n - at);
		command_add(&c, items);
		r = imap_run(j->imap, &c, fn, j, &a, err);
		if (r == 0 && a.status != ANSWER_OK)
			r = answer_error(&a, err);
	}
	return r;
}

/* It is where it was, and its copy is nowhere. */
static bool is_alone(const struct pick *p)
{
	return p->there && !p->target_uid && !(p->item->base & FLAG_DELETED);
}

static int on_flags(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct job *j = ctx;
	struct scan at = r->rest;
	struct fetch f;

	(void)i;
	(void)err;
	if (r->kind != RESPONSE_DATA || !slice_is(r->word, "FETCH") ||
		!fetch_parse(r->number, &at, &f) || !(f.has & FETCH_FLAGS) || !f.uid)
		return 0;
	for (struct pick *p = job_find(j, f.uid); p; p = job_next(j, p))
		p->doomed = is_alone(p) && f.flags & FLAG_DELETED;
	return 0;
}

/* Which of them were copied, and somebody removed the copy? */
static int find_doomed(struct job *j, struct err *err)
{
	uint64_t n = 0;
	int r = j->imap->plan.move || !j->vanished
			? 0
			: ask_source(j, is_alone, " (UID FLAGS)", on_flags, err);

	for (size_t k = 0; k < j->n; k++)
		n += j->picks[k].doomed;
	for (size_t k = 0; n > j->vanished && k < j->n; k++)
		j->picks[k].doomed = false; /* more than can have been: somebody else marks, too */
	return r;
}

/* What was copied and not removed.  Only what has an id or the same header: nothing is removed on a
 * likeness. */
static int remove_copied(struct job *j, struct err *err)
{
	g_autofree struct pick *picks = g_new(struct pick, j->n + 1);
	struct job part = { .imap = j->imap, .batch = j->batch, .picks = picks };
	size_t at = 0;
	int r = 0;

	for (size_t n = 0; n < j->n; n++) {
		struct pick *p = &j->picks[n];

		if (!p->open || (!p->target_uid && !p->doomed))
			continue;
		if (p->doomed || has_id(p) || *p->digest) {
			picks[part.n++] = *p;
			p->open = false;
		} else {
			p->target_uid = 0;
		}
	}
	while (r == 0 && at < part.n) {
		g_autoptr(GString) set = g_string_new(NULL);
		size_t from = job_set(&part, &at, set);

		r = job_remove(&part, from, at, false, err);
	}
	job_decide(&part, 0, part.n, APPLIED_UNKNOWN, NULL);
	return r;
}

int job_doubt(struct job *j, struct err *err)
{
	bool copy = j->batch->verb == MUTATION_COPY;
	int r = look_all(j, err);

	if (r == 0)
		r = ask_source(j, is_nameless, " (UID " DOUBT_HEADER ")", on_header, err);
	if (r == 0)
		r = job_search(j, err);
	if (r == 0)
		r = job_select(j, true, err);
	/* again, in the session that will act: only what stands there now may be touched */
	if (r == 0)
		r = look_all(j, err);
	for (size_t n = 0; r == 0 && n < j->n; n++) {
		struct pick *p = &j->picks[n];

		if (p->target_uid && (copy || !p->there))
			job_decide(j, n, n + 1, APPLIED_DONE, NULL);
		else if (!p->there)
			job_decide(j, n, n + 1, APPLIED_GONE, NULL);
	}
	if (r == 0 && !copy)
		r = find_doomed(j, err);
	return r < 0 || copy ? r : remove_copied(j, err);
}
