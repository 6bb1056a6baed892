/*
 * Moving messages, at most once in effect.
 *
 * MOVE (RFC 6851) where offered.  Else COPY, and only when that is proved,
 * \Deleted and UID EXPUNGE (RFC 4315) on exactly our messages; without UIDPLUS
 * they stay marked, because a plain EXPUNGE or CLOSE would also take what
 * somebody else has marked.
 *
 * After a lost answer nothing is repeated blindly.  What stands in the source
 * and what came to the target since the mark (matched by Message-ID and size)
 * decides for each message:
 *
 *	source  target
 *	no      yes     done
 *	yes     yes     copied, not removed: remove it from the source only
 *	yes     no      nothing happened: act
 *	no      no      gone, by somebody else's hand
 */
#include <inttypes.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "mime/text.h"
#include "provider/imap/job.h"
#include "provider/imap/uidset.h"

/* --- COPYUID ----------------------------------------------------------------------- */

struct mapping {
	struct job *job;
	bool came;
	uint64_t uidvalidity;
};

/* "COPYUID uidvalidity source-set target-set": one to one, in order. */
static void map_uids(struct mapping *m, struct scan s)
{
	g_autoptr(GArray) from = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	if (!scan_number(&s, &m->uidvalidity) || m->uidvalidity > UINT32_MAX)
		return;
	scan_blanks(&s);
	if (!uidset_read(&s, from))
		return;
	scan_blanks(&s);
	if (!uidset_read(&s, to) || from->len != to->len)
		return;
	m->came = true;
	for (guint n = 0; n < from->len; n++) {
		uint64_t uid = g_array_index(from, uint64_t, n);
		struct pick *p = job_find(m->job, uid);

		for (; p && p < m->job->picks + m->job->n && p->uid == uid; p++) {
			p->target_uid = g_array_index(to, uint64_t, n);
			p->out->target_uidvalidity = (uint32_t)m->uidvalidity;
		}
	}
}

static void look_for_map(const struct response *r, struct mapping *m)
{
	struct resp_text t;

	resp_text_parse(r->rest, &t);
	if (slice_is(t.code, "COPYUID"))
		map_uids(m, t.args);
}

static int on_copyuid(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	(void)i;
	(void)err;
	if (slice_is(r->word, "OK"))
		look_for_map(r, ctx);
	return 0;
}

/* Sends "UID verb set target" and reads its answer with the mapping in it. */
static int send_verb(struct job *j, const char *verb, const char *set, struct mapping *m,
	struct answer *a, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct response r = { 0 };
	uint32_t tag = 0;
	int n;

	command_init(&c, j->imap, verb);
	g_string_append_printf(c.text, " %s ", set);
	n = command_mailbox(j->imap, &c, j->batch->target_path, err);
	if (n == 0)
		n = imap_send(j->imap, &c, 0, &tag, err);
	do {
		if (n == 0)
			n = imap_read(j->imap, STREAM_READ_MS, on_copyuid, m, &r, err);
	} while (n == 0 && !(r.kind == RESPONSE_TAGGED && r.tag == tag));
	if (n < 0)
		return n;
	look_for_map(&r, m);
	answer_parse(&r, a);
	return 0;
}

/* --- acting ------------------------------------------------------------------------ */

static int simple(struct job *j, const char *verb, const char *set, const char *tail,
	struct answer *a, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };

	command_init(&c, j->imap, verb);
	command_add(&c, set);
	command_add(&c, tail);
	return imap_run(j->imap, &c, NULL, NULL, a, err);
}

/* Takes the open picks of [from, to) out of the source; they are proved to be in the target. */
static int remove_source(struct job *j, size_t from, size_t to, struct err *err)
{
	g_autoptr(GString) set = g_string_new(NULL);
	struct answer a = { .status = ANSWER_OK };
	size_t at = from;
	int r;

	job_set(j, &at, set);
	if (!set->len)
		return 0;
	to = MIN(to, at);
	r = simple(j, "UID STORE ", set->str, " +FLAGS.SILENT (\\Deleted)", &a, err);
	if (r == 0 && a.status == ANSWER_OK && j->imap->plan.uidplus)
		r = simple(j, "UID EXPUNGE ", set->str, "", &a, err);
	if (r < 0 || a.status != ANSWER_OK) {
		job_decide(j, from, to, APPLIED_UNKNOWN, r < 0 ? NULL : &a);
		return r < 0 ? r : job_postponed(&a, err);
	}
	job_decide(j, from, to, APPLIED_DONE, NULL);
	return 0;
}

/* The server said no to MOVE: some may have gone all the same (RFC 6851, section 3.3). */
static int move_refused(struct job *j, size_t from, size_t to, const char *set,
	const struct answer *a, struct err *err)
{
	int later = job_postponed(a, err);
	struct err ignored;

	if (job_look(j, from, to, set, &ignored) < 0) {
		job_decide(j, from, to, APPLIED_UNKNOWN, a);
		return later ? later : err_set(err, ignored.code, "%s", ignored.text);
	}
	for (size_t n = from; n < to; n++) {
		struct pick *p = &j->picks[n];

		if (p->there && later)
			continue; /* not tried */
		if (p->there)
			job_decide(j, n, n + 1, APPLIED_REFUSED, a);
		else
			job_decide(j, n, n + 1, p->target_uid ? APPLIED_DONE : APPLIED_UNKNOWN, a);
	}
	return later;
}

static int move_of(struct job *j, size_t from, size_t to, const char *set, struct err *err)
{
	struct mapping m = { .job = j };
	struct answer a;
	int r = send_verb(j, "UID MOVE", set, &m, &a, err);

	if (r < 0) {
		job_decide(j, from, to, APPLIED_UNKNOWN, NULL);
		return r;
	}
	if (a.status != ANSWER_OK)
		return move_refused(j, from, to, set, &a, err);
	job_decide(j, from, to, APPLIED_DONE, NULL); /* final, whatever COPYUID says */
	return 0;
}

static int copy_of(struct job *j, size_t from, size_t to, const char *set, struct err *err)
{
	struct mapping m = { .job = j };
	struct answer a;
	int r = send_verb(j, "UID COPY", set, &m, &a, err);

	if (r < 0) {
		job_decide(j, from, to, APPLIED_UNKNOWN, NULL);
		return r;
	}
	r = job_postponed(&a, err);
	if (r < 0)
		return r;
	if (a.status != ANSWER_OK) {
		job_decide(j, from, to, APPLIED_REFUSED, &a);
		return 0;
	}
	for (size_t n = from; m.came && n < to; n++)
		if (!j->picks[n].target_uid) /* not copied: it vanished in between */
			job_decide(j, n, n + 1, APPLIED_GONE, NULL);
	return remove_source(j, from, to, err);
}

/* Decides those of the set that are not in the source any more. */
static int drop_gone(struct job *j, size_t from, size_t to, const char *set, struct err *err)
{
	int r = job_look(j, from, to, set, err);

	for (size_t n = from; r == 0 && n < to; n++)
		if (!j->picks[n].there)
			job_decide(j, n, n + 1, APPLIED_GONE, NULL);
	return r;
}

static int act(struct job *j, struct err *err)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < j->n) {
		g_autoptr(GString) set = g_string_new(NULL), rest = g_string_new(NULL);
		size_t from = job_set(j, &at, set), again = from;

		if (!set->len)
			break;
		r = drop_gone(j, from, at, set->str, err);
		if (r < 0)
			break;
		job_set(&(struct job){ .picks = j->picks, .n = at }, &again, rest);
		if (!rest->len)
			continue;
		r = j->imap->plan.move ? move_of(j, from, at, rest->str, err)
				       : copy_of(j, from, at, rest->str, err);
	}
	return r;
}

/* --- looking first ------------------------------------------------------------------ */

struct search {
	struct job *job;
	uint64_t from;	    /* uids below were there before the first try */
	GHashTable *wanted; /* "size id" -> struct pick, twins chained */
};

static void first_id(void *ctx, const char *id, size_t len)
{
	char **out = ctx;

	if (!*out)
		*out = g_strndup(id, len);
}

/* "SIZE id": what a message is recognised by.  A new string. */
static char *fingerprint(uint64_t size, const char *header, size_t len)
{
	g_autofree char *id = NULL;

	if (header && len)
		mime_each_message_id(header, len, 1, first_id, &id);
	return g_strdup_printf("%" PRIu64 " %s", size, id ? id : "");
}

static bool has_id(const struct pick *p)
{
	return p->item->message_id_header && *p->item->message_id_header;
}

static void want_all(struct search *s)
{
	for (size_t n = s->job->n; n-- > 0;) {
		struct pick *p = &s->job->picks[n];
		const char *id = has_id(p) ? p->item->message_id_header : NULL;
		char *key = fingerprint(p->item->size, id, id ? strlen(id) : 0);

		p->twin = g_hash_table_lookup(s->wanted, key);
		g_hash_table_replace(s->wanted, key, p);
	}
}

static int on_candidate(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct search *s = ctx;
	struct scan at = r->rest;
	g_autofree char *key = NULL;
	const char *colon;
	struct fetch f;
	struct pick *p;

	(void)err;
	if (!slice_is(r->word, "FETCH") || !fetch_parse(r->number, &at, &f))
		return 0;
	if (f.uid < s->from || !(f.has & FETCH_SIZE) || !(f.has & FETCH_HEADER))
		return 0;
	colon = f.header.p ? memchr(f.header.p, ':', f.header.n) : NULL;
	key = fingerprint(f.size, colon ? colon + 1 : NULL,
		colon ? (size_t)(f.header.p + f.header.n - colon - 1) : 0);
	for (p = g_hash_table_lookup(s->wanted, key); p && p->target_uid; p = p->twin)
		;
	if (p) {
		p->target_uid = f.uid;
		p->out->target_uidvalidity = i->sel.uidvalidity;
	}
	return 0;
}

/* The mark counts only while the target is the same mailbox. */
static uint64_t search_from(const struct job *j)
{
	struct scan s = { j->batch->mark, j->batch->mark + strlen(j->batch->mark) };
	uint64_t uidvalidity, uidnext;

	if (!scan_number(&s, &uidvalidity))
		return 1;
	scan_blanks(&s);
	if (!scan_number(&s, &uidnext) || uidvalidity != j->imap->sel.uidvalidity)
		return 1;
	return MAX(uidnext, 1);
}

static int search_target(struct job *j, struct err *err)
{
	g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct search s = { .job = j, .wanted = wanted };
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r = imap_select(j->imap, j->batch->target_path, false, true, err);

	if (r == ERR_GONE)
		return 0; /* no target: nothing is in it */
	if (r < 0 || j->imap->sel.exists == 0)
		return r;
	want_all(&s);
	s.from = search_from(j);
	command_init(&c, j->imap, "UID FETCH ");
	g_string_append_printf(c.text,
		"%" PRIu64 ":* (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])", s.from);
	r = imap_run(j->imap, &c, on_candidate, &s, &a, err);
	if (r == 0 && a.status != ANSWER_OK)
		return answer_error(&a, err);
	return r;
}

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

/* The table at the top, but for "act".  A message without an id is not removed on a likeness. */
static int settle(struct job *j, struct err *err)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < j->n; n++) {
		struct pick *p = &j->picks[n];

		if (!p->there)
			job_decide(j, n, n + 1, p->target_uid ? APPLIED_DONE : APPLIED_GONE, NULL);
		else if (p->target_uid && has_id(p))
			r = remove_source(
				&(struct job){
					.imap = j->imap, .batch = j->batch, .picks = p, .n = 1 },
				0, 1, err);
		else
			p->target_uid = 0;
	}
	return r;
}

static int look_first(struct job *j, struct err *err)
{
	int r = look_all(j, err);

	if (r == 0)
		r = search_target(j, err);
	if (r == 0)
		r = job_select(j, true, err);
	/* again, in the session that will act: only what stands there now may be touched */
	if (r == 0)
		r = look_all(j, err);
	return r < 0 ? r : settle(j, err);
}

int job_move(struct job *j, struct err *err)
{
	int r = 0;

	if (!j->batch->target_path)
		return err_set(err, ERR_USAGE, _("A move needs a mailbox to move to."));
	if (strcmp(j->batch->source_path, j->batch->target_path) == 0) {
		job_decide(j, 0, j->n, APPLIED_DONE, NULL);
		return 0;
	}
	if (j->batch->uncertain)
		r = look_first(j, err);
	return r < 0 ? r : act(j, err);
}
