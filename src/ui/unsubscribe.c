#include "ui/unsubscribe.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/url.h"
#include "mime/authres.h"
#include "mime/unsubscribe.h"
#include "ui/link.h"
#include "ui/priv.h"
#include "ui/reading.h"

enum { QUESTION_MAX = 1500, ADDRESS_SHOWN_MAX = 120 };

/* RFC 8058, section 4: a signature that holds must cover the headers. */
static bool is_vouched(const struct unsubscribe *u, const struct document *doc, const struct account *a)
{
	struct authres said;

	return u->signed_ && u->signer && authres_read(doc, a, &said) && said.dkim == AUTHRES_PASS &&
	       host_same_site(said.dkim_domain, u->signer);
}

static struct leaving *free_slot(struct ui *ui)
{
	for (size_t i = 0; i < LEAVING_MAX; i++)
		if (ui->leaving[i].ticket == 0)
			return &ui->leaving[i];
	return NULL;
}

static void send_it(struct ui *ui)
{
	g_autofree char *url = TAKE(ui->asked_url);
	struct leaving *slot = free_slot(ui);
	struct err err = { 0 };
	int64_t ticket = slot ? ui->engine->one_click(ui->engine, url) : 0;

	if (ticket == 0) {
		err_set(&err, ERR_LIMIT, _("Too many lists are being left at once; try again in a moment."));
		ui_complain(ui, &err);
		return;
	}
	slot->ticket = ticket;
	url_host(url, slot->host, sizeof slot->host);
	ui_say(ui, _("Telling %s…"), slot->host);
}

static void ask(struct ui *ui, const char *url, const char *question, void (*yes)(struct ui *ui))
{
	g_free(ui->asked_url);
	ui->asked_url = g_strdup(url);
	ask_begin(ui, question, yes);
}

static void ask_one_click(struct ui *ui, const struct unsubscribe *u, bool vouched)
{
	char shown[ADDRESS_SHOWN_MAX], host[HOST_MAX], name[HOST_SHOWN_MAX], question[QUESTION_MAX];

	link_shown(u->web, shown, sizeof shown);
	url_host(u->web, host, sizeof host);
	host_shown(host, name, sizeof name);
	snprintf(question, sizeof question,
		_("Leave this list?  tern sends a POST to %s; this tells %s that this address is read.%s"),
		shown, name,
		vouched ? "" : _("  No checked signature vouches for this: it may not come from the list."));
	ask(ui, u->web, question, send_it);
}

static void ask_page(struct ui *ui, const struct unsubscribe *u)
{
	char shown[LINK_SHOWN_MAX], question[QUESTION_MAX];

	link_shown(u->web, shown, sizeof shown);
	snprintf(question, sizeof question,
		_("This list is left on a web page, %s, which learns that this address is read.  Open it?"), shown);
	ask(ui, u->web, question, link_browse_asked);
}

/* "leave@list.example (subject: off)" for people; the address alone is copied. */
static void offer_mail(struct ui *ui, const char *mail)
{
	const char *s = mail + strlen("mailto:"), *subject = strstr(s, "subject=");
	g_autofree char *raw = g_strndup(s, strcspn(s, "?"));
	g_autofree char *tail = subject ? g_strndup(subject + 8, strcspn(subject + 8, "&")) : NULL;
	g_autofree char *address = g_uri_unescape_string(raw, NULL);
	g_autofree char *words = tail ? g_uri_unescape_string(tail, NULL) : NULL;
	g_autofree char *why = words && g_utf8_validate(words, -1, NULL)
		? g_strdup_printf(_("This list is left by a mail with the subject \"%s\", which tern cannot send yet."),
			  words)
		: g_strdup(_("This list is left by a mail, which tern cannot send yet."));

	link_offer_copy(ui, why, address && g_utf8_validate(address, -1, NULL) ? address : raw);
}

int unsubscribe_ask(struct ui *ui, struct err *err)
{
	const struct document *doc = reading_document(ui);
	AUTO(unsubscribe_clear) struct unsubscribe u = { 0 };

	if (!doc)
		return err_set(err, ERR_USAGE, _("The message is not here yet"));
	if (!unsubscribe_read(doc, &u))
		return err_set(err, ERR_USAGE, _("This message does not say how to leave a list"));
	if (u.web && u.one_click && ui->engine && ui->engine->one_click)
		ask_one_click(ui, &u, is_vouched(&u, doc, ui_account(ui, reading_account(ui))));
	else if (u.web)
		ask_page(ui, &u);
	else
		offer_mail(ui, u.mail);
	return 0;
}

void unsubscribe_event(struct ui *ui)
{
	for (size_t i = 0; i < LEAVING_MAX; i++) {
		struct leaving *l = &ui->leaving[i];
		struct err err = { 0 };

		if (l->ticket == 0 || !ui->engine->told || !ui->engine->told(ui->engine, l->ticket, &err))
			continue;
		l->ticket = 0;
		if (err.code < 0)
			ui_complain(ui, &err);
		else
			ui_say(ui, _("Unsubscribed: %s has taken the request"), l->host);
	}
}
