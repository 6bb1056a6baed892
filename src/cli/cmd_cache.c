/* What of the mail is here, what is to be, and why. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"
#include "store/cache.h"

enum { TOP = 10, TOP_MAX = 1000 };

static char *size_text(int64_t bytes)
{
	return g_format_size_full((guint64)MAX(bytes, 0), G_FORMAT_SIZE_IEC_UNITS);
}

/* --- the report ------------------------------------------------------------ */

static json_t *line_json(const struct cache_line *l)
{
	const struct cache_score *s = &l->score;

	return json_pack("{s:I, s:o, s:s, s:I, s:f, s:f, s:f, s:{s:f, s:f, s:f, s:f, s:f, s:f, s:f}}", "id",
		(json_int_t)l->message.v, "subject", json_text(l->subject), "state", l->state,
		"fetch_bytes", (json_int_t)l->facts.fetch_bytes, "priority", s->priority, "utility",
		s->utility, "cost", s->cost, "terms", "recency", s->recency, "thread", s->thread,
		"sender", s->sender, "importance", s->importance, "search", s->search, "behaviour",
		s->behaviour, "boost", s->boost);
}

static void report_json(const struct cache_report *r, const char *lease)
{
	json_t *top = json_array();

	for (guint i = 0; i < r->top->len; i++)
		json_array_append_new(top, line_json(r->top->pdata[i]));
	out_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
		"bytes", (json_int_t)r->bytes, "soft", (json_int_t)r->soft, "hard",
		(json_int_t)r->hard, "protected_bytes", (json_int_t)r->protected_bytes, "cached",
		(json_int_t)r->cached, "wanted", (json_int_t)r->wanted, "fetching",
		(json_int_t)r->fetching, "failed", (json_int_t)r->failed, "evicted",
		(json_int_t)r->evicted, "queued", (json_int_t)r->queued, "opens",
		(json_int_t)r->opens, "hits", (json_int_t)r->hits, "lease", json_text(lease), "top",
		top));
}

static void put_candidates(const GPtrArray *top)
{
	static const int widths[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40 };
	AUTO(table_free) struct table *t = table_new(G_N_ELEMENTS(widths), widths);

	table_row(t, (const char *[]){ _("id"), _("priority"), _("size"), _("cost"), _("age"),
			     _("thread"), _("sender"), _("mark"), _("search"), _("opened"), _("seen"),
			     _("subject") });
	for (guint i = 0; i < top->len; i++) {
		const struct cache_line *l = top->pdata[i];
		const struct cache_score *s = &l->score;
		const double terms[] = { s->priority, s->cost, s->recency, s->thread, s->sender,
			s->importance, s->search, s->behaviour, s->boost };
		g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, l->message.v);
		g_autofree char *size = size_text(l->facts.fetch_bytes);
		char n[G_N_ELEMENTS(terms)][24];

		for (size_t k = 0; k < G_N_ELEMENTS(terms); k++)
			g_snprintf(n[k], sizeof n[k], "%.3f", terms[k]);
		table_row(t, (const char *[]){ id, n[0], size, n[1], n[2], n[3], n[4], n[5], n[6], n[7],
				     n[8], l->subject });
	}
	if (top->len)
		table_print(t);
}

static void report_text(const struct cache_report *r, const char *lease)
{
	g_autofree char *used = size_text(r->bytes), *soft = size_text(r->soft);
	g_autofree char *hard = size_text(r->hard), *kept = size_text(r->protected_bytes);

	printf(_("%s in use, caps %s and %s, %s protected\n"), used, soft, hard, kept);
	printf(_("%d of %d opened messages were here (%d %%)\n"), (int)r->hits, (int)r->opens,
		r->opens ? (int)(100 * r->hits / r->opens) : 0);
	printf(_("%d here, %d wanted, %d being fetched, %d failed, %d evicted; %d wait to be scored\n"),
		(int)r->cached, (int)r->wanted, (int)r->fetching, (int)r->failed, (int)r->evicted,
		(int)r->queued);
	if (lease)
		printf(_("last turn: %s\n"), lease);
	put_candidates(r->top);
}

int cmd_cache(struct cli *c, const struct args *a)
{
	g_autofree char *lease = NULL;
	struct cache_report r;
	struct err err = { 0 };
	account_id id;
	int64_t top;

	if (pick_account_id(c, a, &id, &err) < 0 ||
		args_number(args_option(a, "top"), 0, TOP, &top, &err) < 0 ||
		store_cache_lease(c->store, id, &lease, &err) < 0 ||
		store_cache_report(c->store, id, (int)MIN(top, TOP_MAX), &r, &err) < 0)
		return say_error(&err);
	if (a->json)
		report_json(&r, lease);
	else
		report_text(&r, lease);
	cache_report_release(&r);
	return EXIT_DONE;
}

/* --- pins -------------------------------------------------------------------- */

static int pin(struct cli *c, const struct args *a, enum cache_notice_kind kind)
{
	struct err err = { 0 };

	for (guint i = 0; i < a->words->len; i++) {
		struct cache_notice n = { .kind = kind };
		struct cache_line *l = NULL;
		int r = args_number(a->words->pdata[i], 1, 0, &n.message.v, &err);

		if (r >= 0)
			r = store_cache_line(c->store, n.message, &l, &err);
		cache_line_free(l);
		if (r == 0)
			r = err_set(&err, ERR_GONE, _("There is no message %s."),
				(const char *)a->words->pdata[i]);
		if (r > 0)
			r = store_cache_notice(c->store, &n, 1, &err);
		if (r < 0)
			return say_error(&err);
		if (a->json)
			out_json(json_pack("{s:I, s:b}", "id", (json_int_t)n.message.v, "pinned",
				kind == CACHE_PINNED_ON));
	}
	return EXIT_DONE;
}

int cmd_cache_pin(struct cli *c, const struct args *a)
{
	return pin(c, a, CACHE_PINNED_ON);
}

int cmd_cache_unpin(struct cli *c, const struct args *a)
{
	return pin(c, a, CACHE_PINNED_OFF);
}

/* --- reading offline ------------------------------------------------------------ */

static const char *const policies[] = { "auto", "headers", "recent", "everything" };

/* "500k", "200M", "2G", or bytes; ERR_USAGE. */
static int read_size(const char *word, int64_t *out, struct err *err)
{
	static const char units[] = "kMG";
	char *end;
	guint64 n = g_ascii_strtoull(word, &end, 10);
	const char *unit = *end ? strchr(units, *end) : NULL;
	int shift = unit ? 10 * (int)(unit - units + 1) : 0;

	if (!g_ascii_isdigit(*word) || (*end && (!unit || end[1])) || n > ((guint64)G_MAXINT64 >> shift))
		return err_set(err, ERR_USAGE, _("\"%s\" is no size; write it as 500k, 200M or 2G."), word);
	*out = (int64_t)(n << shift);
	return 0;
}

static int read_policy(const struct args *a, struct offline *o, struct err *err)
{
	const char *word = args_word(a, 1), *cap = args_option(a, "cap");
	int64_t days = 0;
	size_t i = 0;

	while (i < G_N_ELEMENTS(policies) && strcmp(policies[i], word) != 0)
		i++;
	if (i == G_N_ELEMENTS(policies))
		return err_set(err, ERR_USAGE,
			_("\"%s\" is no policy; there are auto, headers, recent and everything."), word);
	o->policy = (enum offline_policy)i;
	if (o->policy == OFFLINE_RECENT && !args_word(a, 2))
		return err_set(err, ERR_USAGE, _("How many days? Write: recent 30."));
	if (args_number(args_word(a, 2), 1, 0, &days, err) < 0 || (cap && read_size(cap, &o->cap, err) < 0))
		return err->code;
	o->days = (int)MIN(days, 36500);
	return 0;
}

static void put_offline(const char *name, const char *policy, const char *bytes,
	const struct offline_progress *p)
{
	static const int widths[] = { 40, 0, 0 };
	AUTO(table_free) struct table *t = table_new(G_N_ELEMENTS(widths), widths);
	g_autofree char *what = g_strdup_printf(_("%d of %d messages here, %s, %d left out by the cap"),
		(int)p->here, (int)p->of, bytes, (int)p->capped);

	table_row(t, (const char *[]){ name, policy, what });
	table_print(t);
}

static void show_offline(const struct args *a, const struct mailbox *m, const struct offline *o,
	const struct offline_progress *p)
{
	g_autofree char *bytes = size_text(p->bytes);

	if (a->json)
		out_json(json_pack("{s:o, s:s, s:i, s:I, s:I, s:I, s:I, s:I}", "mailbox",
			json_text(m->name), "policy", policies[o->policy], "days", o->days, "cap",
			(json_int_t)o->cap, "here", (json_int_t)p->here, "of", (json_int_t)p->of, "bytes",
			(json_int_t)p->bytes, "capped", (json_int_t)p->capped));
	else
		put_offline(m->name, policies[o->policy], bytes, p);
}

int cmd_offline(struct cli *c, const struct args *a)
{
	struct err err = { 0 };
	AUTO(mailbox_free) struct mailbox *m = pick_mailbox(c, a, args_word(a, 0), &err);
	struct offline_progress p;
	struct offline o = { OFFLINE_AUTO, 0, 0 };
	int r = 0;

	if (!m)
		return say_error(&err);
	if (args_word(a, 1)) {
		r = read_policy(a, &o, &err);
		if (r == 0)
			r = store_offline_set(c->store, m->id, &o, &err);
	}
	if (r == 0)
		r = store_offline_get(c->store, m->id, &o, &err);
	if (r == 0)
		r = store_offline_progress(c->store, m->id, &p, &err);
	if (r == 0)
		show_offline(a, m, &o, &p);
	return r < 0 ? say_error(&err) : EXIT_DONE;
}
