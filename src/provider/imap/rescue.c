/*
 * One message must not stop its mailbox.
 *
 * Whoever sends mail decides how large an ENVELOPE and how deep a
 * BODYSTRUCTURE the server tells, and what is beyond the guard's limits ends
 * the connection.  The same command would end it again, for ever.  So the
 * messages of such a command are asked for once more, over a new connection;
 * when it breaks again, the first that has not come is taken for the cause,
 * asked for alone and with less, and the others go on.  What cannot even be
 * read so is left out, and the log tells its uid.
 */
#include <jansson.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/imap/pull.h"
#include "provider/imap/uidset.h"

enum { RESCUE_SUSPECTS_MAX = 16 }; /* of one command; behind them all are asked for with less */

/* Ever less of a message; what a row of the list needs is cut out of the header by the server. */
static const char *const smaller[] = {
	"(" PULL_FACTS " BODY.PEEK[HEADER.FIELDS (SUBJECT FROM TO CC DATE MESSAGE-ID)]<0.16384>)",
	"(" PULL_FACTS ")",
};

int pull_reconnect(struct pull *p, struct err *err)
{
	struct imap *i = p->imap;
	int r;

	imap_drop(i);
	r = imap_session_open(i, err);
	if (r == 0)
		r = imap_select(i, p->path, true, true, err);
	if (r == 0 && i->sel.uidvalidity != p->at.uidvalidity)
		return err_set(err, ERR_RETRY,
			_("The mailbox changed while it was read; it will be read again."));
	return r;
}

static void note(const struct pull *p, const char *event, uint64_t uid)
{
	log_event(LOG_WARN, event, "s:s, s:I", "account", p->imap->base.account->name, "uid",
		(json_int_t)uid);
}

/* --- which messages ------------------------------------------------------------------- */

static int on_uid(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	GArray *uids = ctx;
	struct scan s = r->rest;
	struct fetch f;

	(void)i;
	(void)err;
	if (slice_is(r->word, "FETCH") && fetch_parse(r->number, &s, &f) && f.uid &&
		f.uid <= UINT32_MAX)
		g_array_append_val(uids, f.uid);
	return 0;
}

int pull_list_uids(struct pull *p, const char *what, GArray *uids, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r;

	command_init(&c, p->imap, what);
	command_add(&c, " (UID)");
	r = imap_run(p->imap, &c, on_uid, uids, &a, err);
	if (r == 0 && a.status != ANSWER_OK)
		r = answer_error(&a, err);
	g_array_set_size(uids, (guint)uidset_sort((uint64_t *)(void *)uids->data, uids->len));
	return r;
}

/* --- fetching them --------------------------------------------------------------------- */

static int fetch(struct pull *p, const uint64_t *uids, size_t n, const char *items, size_t *taken,
	struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r;

	command_init(&c, p->imap, "UID FETCH ");
	*taken = uidset_write(c.text, uids, MIN(n, IMAP_FETCH_BATCH));
	command_add(&c, " ");
	command_add(&c, items);
	r = imap_run(p->imap, &c, pull_on_message, p, &a, err);
	if (r == 0 && a.status != ANSWER_OK)
		r = answer_error(&a, err);
	return r;
}

static bool came(const struct pull *p, uint64_t uid)
{
	return g_hash_table_contains(p->came, GUINT_TO_POINTER((guint)uid));
}

/* The message alone, with ever less of it; what beats all of that is left out. */
static int fetch_suspect(struct pull *p, uint64_t uid, struct err *err)
{
	size_t taken;
	int r = ERR_LIMIT;

	note(p, "imap-message-too-large", uid);
	for (size_t n = 0; r == ERR_LIMIT && n < G_N_ELEMENTS(smaller); n++) {
		r = pull_reconnect(p, err);
		if (r == 0)
			r = fetch(p, &uid, 1, smaller[n], &taken, err);
	}
	if (r != ERR_LIMIT)
		return r;
	note(p, "imap-message-left-out", uid);
	return pull_reconnect(p, err);
}

/* One command's worth; returns behind which of the uids to go on. */
static int fetch_some(struct pull *p, const uint64_t *uids, size_t n, unsigned *suspects, size_t *next,
	struct err *err)
{
	bool wary = *suspects >= RESCUE_SUSPECTS_MAX;
	int r = fetch(p, uids, n, wary ? smaller[0] : p->items, next, err);
	size_t first = 0;

	if (r != ERR_LIMIT)
		return r;
	while (first + 1 < *next && came(p, uids[first]))
		first++;
	++*suspects;
	*next = first + 1;
	return fetch_suspect(p, uids[first], err);
}

int pull_rescue(struct pull *p, const uint64_t *uids, size_t n, struct err *err)
{
	unsigned suspects = 0;
	size_t done = 0, next = 0;
	int r = 0;

	p->came = g_hash_table_new(NULL, NULL);
	for (; r == 0 && done < n; done += next)
		r = fetch_some(p, uids + done, n - done, &suspects, &next, err);
	g_clear_pointer(&p->came, g_hash_table_unref);
	return r;
}
