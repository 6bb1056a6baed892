#include "provider/imap/select.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

/* What a response code tells. */
static void note_code(struct selected *sel, const struct response *r)
{
	struct resp_text t;
	uint64_t n;

	resp_text_parse(r->rest, &t);
	if (slice_is(t.code, "NOMODSEQ"))
		sel->modseq = 0;
	if (!t.code.p || !scan_number(&t.args, &n))
		return;
	if (slice_is(t.code, "UIDVALIDITY"))
		sel->uidvalidity = (uint32_t)MIN(n, UINT32_MAX);
	else if (slice_is(t.code, "UIDNEXT"))
		sel->uidnext = (uint32_t)MIN(n, UINT32_MAX);
	else if (slice_is(t.code, "HIGHESTMODSEQ"))
		sel->modseq = n;
}

void select_note(struct selecting *s, const struct response *r)
{
	if (slice_is(r->word, "EXISTS"))
		s->sel.exists = r->number;
	else if (slice_is(r->word, "OK"))
		note_code(&s->sel, r);
}

int select_send(struct imap *i, struct selecting *s, const char *path, unsigned how, const char *more,
	struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	int r = 0;

	*s = (struct selecting){
		.path = path, .write = how & SELECT_WRITE && i->base.account->two_way
	};
	g_clear_pointer(&i->sel.path, g_free); /* a refused SELECT leaves nothing selected */
	rights_forget(i);
	if (how & SELECT_RIGHTS && s->write)
		r = rights_ask(i, path, &s->rights, err);
	command_init(&c, i, s->write ? "SELECT " : "EXAMINE ");
	if (r == 0)
		r = command_mailbox(i, &c, path, err);
	if (r < 0)
		return r;
	if (more)
		g_string_append_printf(c.text, " (%s)", more);
	else if (i->plan.condstore && !imap_distrusted(i))
		command_add(&c, " (CONDSTORE)");
	return imap_send(i, &c, 0, &s->tag, err);
}

int select_end(struct imap *i, struct selecting *s, const struct answer *a, struct err *err)
{
	if (a->status == ANSWER_NO && !a->code[0]) /* the usual meaning of an unexplained no */
		return err_set(err, ERR_GONE, _("The mailbox cannot be opened: %s"), a->text);
	if (a->status != ANSWER_OK)
		return answer_error(a, err);
	if (!s->sel.uidvalidity)
		return err_set(err, ERR_UNSUPPORTED,
			_("The server gives messages no lasting numbers (no UIDVALIDITY); tern "
			  "needs them."));
	i->sel = s->sel;
	i->sel.path = g_strdup(s->path);
	i->sel.writable = s->write && !answer_code(a, "READ-ONLY");
	return 0;
}

static int on_select(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	(void)i;
	(void)err;
	select_note(ctx, r);
	return 0;
}

int imap_select(struct imap *i, const char *path, bool write, bool fresh, struct err *err)
{
	struct selecting s;
	struct answer a = { 0 };
	int r;

	write = write && i->base.account->two_way;
	if (!fresh && i->sel.path && strcmp(i->sel.path, path) == 0 && (i->sel.writable || !write))
		return 0;
	r = select_send(i, &s, path, write ? SELECT_WRITE : SELECT_READ, NULL, err);
	if (r == 0)
		r = imap_finish(i, s.tag, on_select, &s, &a, err);
	return r < 0 ? r : select_end(i, &s, &a, err);
}
