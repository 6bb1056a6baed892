#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "provider/imap/command.h"
#include "provider/imap/flight.h"

extern const struct provider_ops provider_imap;

void imap_drop(struct imap *i)
{
	wire_free(&i->wire);
	g_clear_pointer(&i->sel.path, g_free);
	i->sel = (struct selected){ 0 };
	rights_forget(i);
	i->plan = (struct plan){ 0 };
	g_clear_pointer(&i->silent, g_free);
	g_clear_pointer(&i->stirred, g_hash_table_unref);
	i->notify_on = i->tree = i->modseq_rises = false;
	i->bulk = false;
	i->whole_only = false;
	i->unbroken = 0;
	imap_status_forget(i, NULL);
	g_clear_pointer(&i->heard, g_free);
	g_clear_pointer(&i->prefix, g_free);
	i->in_flight = 0;
	imap_forget_kept(i);
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

const struct seen *imap_seen(const struct imap *i, const char *path)
{
	return i->seen ? g_hash_table_lookup(i->seen, path) : NULL;
}

/* --- life ------------------------------------------------------------------------ */

static struct provider *create(const struct account *account, struct cancel *cancel)
{
	struct imap *i = g_new0(struct imap, 1);

	i->base = (struct provider){ .ops = &provider_imap, .account = account, .cancel = cancel };
	i->row = row_new();
	i->idle_ms = IMAP_IDLE_MS;
	i->lost_ms = FLIGHT_LOST_MS;
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
	g_clear_pointer(&i->seen, g_hash_table_unref);
	memory_release(&i->known);
	g_free(i->base.memory);
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

/* The list that the server would have us look at is being read. */
static int mailboxes(struct provider *p, struct sink *out, struct err *err)
{
	int r = imap_mailboxes(p, out, err);

	imap_of(p)->tree = false;
	return r;
}

const struct provider_ops provider_imap = {
	.name = "imap",
	.create = create,
	.destroy = destroy,
	.connect = imap_connect,
	.mailboxes = mailboxes,
	.arrange = imap_arrange,
	.explain = imap_explain,
	.changes = imap_changes,
	.body = imap_body,
	.bodies = imap_bodies,
	.prepare = imap_prepare,
	.apply = imap_apply,
	.wait = imap_wait,
};
