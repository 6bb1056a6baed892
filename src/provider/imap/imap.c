#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "provider/imap/command.h"

extern const struct provider_ops provider_imap;

void imap_drop(struct imap *i)
{
	wire_free(&i->wire);
	g_clear_pointer(&i->sel.path, g_free);
	i->sel = (struct selected){ 0 };
	i->plan = (struct plan){ 0 };
	i->bulk = false;
	imap_status_forget(i, NULL);
	g_clear_pointer(&i->heard, g_free);
	g_clear_pointer(&i->prefix, g_free);
	i->in_flight = 0;
	i->bye[0] = '\0';
}

int imap_settle(struct imap *i, int r)
{
	bool broken = r == ERR_OFFLINE || r == ERR_PROTOCOL || r == ERR_CANCELED || r == ERR_TRUST;

	if (broken || i->in_flight > 0 || i->bye[0])
		imap_drop(i);
	return r;
}

int imap_ready(struct imap *i, struct err *err)
{
	if (cancel_is_set(i->base.cancel))
		return err_set(err, ERR_CANCELED, _("Stopped."));
	if (!i->wire)
		return err_set(err, ERR_OFFLINE, _("There is no connection to the server."));
	return 0;
}

/* --- selecting ------------------------------------------------------------------- */

/* What the untagged answers to SELECT tell (RFC 3501, section 6.3.1). */
static int select_note(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct selected *sel = ctx;
	struct resp_text t;
	uint64_t n;

	(void)err;
	(void)i;
	if (slice_is(r->word, "EXISTS"))
		sel->exists = r->number;
	if (!slice_is(r->word, "OK"))
		return 0;
	resp_text_parse(r->rest, &t);
	if (!t.code.p || !scan_number(&t.args, &n))
		return 0;
	if (slice_is(t.code, "UIDVALIDITY"))
		sel->uidvalidity = (uint32_t)n;
	else if (slice_is(t.code, "UIDNEXT"))
		sel->uidnext = (uint32_t)MIN(n, UINT32_MAX);
	else if (slice_is(t.code, "HIGHESTMODSEQ"))
		sel->modseq = n;
	return 0;
}

static int select_run(struct imap *i, const char *path, bool write, struct selected *sel,
	struct answer *a, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	int r;

	command_init(&c, i, write ? "SELECT " : "EXAMINE ");
	r = command_mailbox(i, &c, path, err);
	if (r < 0)
		return r;
	if (i->plan.condstore)
		command_add(&c, " (CONDSTORE)");
	return imap_run(i, &c, select_note, sel, a, err);
}

int imap_select(struct imap *i, const char *path, bool write, bool fresh, struct err *err)
{
	struct selected sel = { 0 };
	struct answer a;
	int r;

	write = write && i->base.account->two_way;
	if (!fresh && i->sel.path && strcmp(i->sel.path, path) == 0 && (i->sel.writable || !write))
		return 0;
	g_clear_pointer(&i->sel.path, g_free); /* a refused SELECT leaves nothing selected */
	r = select_run(i, path, write, &sel, &a, err);
	if (r < 0)
		return r;
	if (a.status == ANSWER_NO && !a.code[0]) /* the usual meaning of an unexplained no */
		return err_set(err, ERR_GONE, _("The mailbox cannot be opened: %s"), a.text);
	if (a.status != ANSWER_OK)
		return answer_error(&a, err);
	if (!sel.uidvalidity)
		return err_set(err, ERR_UNSUPPORTED,
			_("The server gives messages no lasting numbers (no UIDVALIDITY); tern "
			  "needs them."));
	sel.path = g_strdup(path);
	sel.writable = write && !answer_code(&a, "READ-ONLY");
	i->sel = sel;
	return 0;
}

/* --- life ------------------------------------------------------------------------ */

static struct provider *create(const struct account *account, struct cancel *cancel)
{
	struct imap *i = g_new0(struct imap, 1);

	i->base = (struct provider){ .ops = &provider_imap, .account = account, .cancel = cancel };
	i->row = row_new();
	memory_read(&i->known, NULL);
	return &i->base;
}

static void say_goodbye(struct imap *i)
{
	static const char logout[] = "T0 LOGOUT\r\n";
	struct err ignored;

	if (!i->wire || i->in_flight || cancel_is_set(i->base.cancel))
		return;
	wire_command(i->wire, 0);
	(void)wire_write(i->wire, logout, sizeof logout - 1, &ignored);
}

static void destroy(struct provider **p)
{
	struct imap *i = *p ? imap_of(*p) : NULL;

	*p = NULL;
	if (!i)
		return;
	say_goodbye(i);
	imap_drop(i);
	row_free(&i->row);
	memory_release(&i->known);
	g_free(i->base.memory);
	g_free(i->seen.path);
	g_free(i);
}

static int imap_connect(struct provider *p, struct err *err)
{
	struct imap *i = imap_of(p);

	if (i->wire)
		return 0;
	if (cancel_is_set(p->cancel))
		return err_set(err, ERR_CANCELED, _("Stopped."));
	return imap_session_open(i, err);
}

const struct provider_ops provider_imap = {
	.name = "imap",
	.create = create,
	.destroy = destroy,
	.connect = imap_connect,
	.mailboxes = imap_mailboxes,
	.arrange = imap_arrange,
	.explain = imap_explain,
	.changes = imap_changes,
	.body = imap_body,
	.prepare = imap_prepare,
	.apply = imap_apply,
	.wait = imap_wait,
};
