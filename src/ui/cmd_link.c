/* Commands about the links of a message, and about leaving its list. */
#include "base/i18n.h"
#include "mime/document.h"
#include "ui/command.h"
#include "ui/link.h"
#include "ui/priv.h"
#include "ui/reading.h"
#include "ui/unsubscribe.h"

static const struct document *linked(struct ui *ui, struct err *err)
{
	const struct document *doc = reading_document(ui);

	if (!doc)
		err_set(err, ERR_USAGE, _("The message is not here yet"));
	else if (doc->links->len == 0)
		err_set(err, ERR_USAGE, _("This message has no links"));
	return doc && doc->links->len > 0 ? doc : NULL;
}

static int links(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	if (!linked(ui, err))
		return err->code;
	view_links_open(ui);
	return 0;
}

/* The link of a number that was typed behind the command; NULL with words. */
static const struct document_link *numbered(const struct document *doc, const char *arg, struct err *err)
{
	guint64 n;

	if (g_ascii_string_to_unsigned(arg, 10, 1, doc->links->len, &n, NULL))
		return doc->links->pdata[n - 1];
	err_set(err, ERR_USAGE, _("The links of this message are numbered from 1 to %u"), doc->links->len);
	return NULL;
}

static int choose(struct ui *ui, const char *arg, bool copy, struct err *err)
{
	const struct document_link *link = view_links_link(ui);
	const struct document *doc = linked(ui, err);

	if (!doc)
		return err->code;
	if (*arg)
		link = numbered(doc, arg, err);
	else if (!link) {
		view_hints_open(ui, copy);
		return 0;
	}
	if (!link)
		return err->code;
	return copy ? link_copy(ui, link->target, err) : link_open(ui, link->target, link->differs, err);
}

static int open_link(struct ui *ui, const char *arg, struct err *err)
{
	return choose(ui, arg, false, err);
}

static int copy_link(struct ui *ui, const char *arg, struct err *err)
{
	return choose(ui, arg, true, err);
}

static int unsubscribe(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return unsubscribe_ask(ui, err);
}

const struct command commands_link[] = {
	{ "open-link", N_("[number]"), IN_READER | IN_LINKS, 0, 0, N_("links"),
		N_("open a link: letters over the links choose it, or its number"), open_link },
	{ "copy-link", N_("[number]"), IN_READER | IN_LINKS, 0, 0, N_("copy"),
		N_("copy the address of a link, likewise"), copy_link },
	{ "links", "", IN_READER, 0, 0, N_("all links"), N_("list the links of the message"), links },
	{ "unsubscribe", "", IN_READER, 0, 0, N_("unsubscribe"),
		N_("leave the mailing list, after a question"), unsubscribe },
	{ 0 },
};
