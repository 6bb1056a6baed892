#include "ui/link.h"

#include <stdio.h>
#include <string.h>

#include "base/host.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/url.h"
#include "config/browser.h"
#include "ui/copy.h"
#include "ui/priv.h"

enum { QUESTION_MAX = 1500 };

static bool is_one_of(const char *word, const char *const *words)
{
	return g_strv_contains(words, word);
}

void link_shown(const char *target, char *out, size_t cap)
{
	char url[URL_MAX], shown[URL_MAX + HOST_SHOWN_MAX];
	size_t n, tail;

	if (!url_clean(target, url, sizeof url))
		g_strlcpy(url, target, sizeof url);
	url_shown(url, shown, sizeof shown);
	n = strlen(shown);
	if (n < cap) {
		g_strlcpy(out, shown, cap);
		return;
	}
	tail = cap / 4;
	while (tail > 0 && (shown[n - tail] & 0xC0) == 0x80)
		tail--;
	snprintf(out, cap - tail - strlen("…"), "%s", shown);
	out[g_utf8_find_prev_char(out, out + strlen(out)) - out] = '\0'; /* it may have been cut in half */
	g_strlcat(out, "…", cap);
	g_strlcat(out, shown + n - tail, cap);
}

/* --- copying -------------------------------------------------------------- */

/* The address of a mailto link (RFC 6068): decoded, without what stands behind the '?'. */
static char *mail_address(const char *url)
{
	const char *s = url + strlen("mailto:");
	g_autofree char *raw = g_strndup(s, strcspn(s, "?"));
	char *plain = g_uri_unescape_string(raw, NULL);

	return plain && g_utf8_validate(plain, -1, NULL) ? plain : (g_free(plain), g_strdup(raw));
}

int link_copy(struct ui *ui, const char *target, struct err *err)
{
	g_autofree char *address = NULL;
	char url[URL_MAX];

	if (!url_clean(target, url, sizeof url))
		return err_set(err, ERR_USAGE, _("This is no address that could be opened: %s"), target);
	if (g_str_has_prefix(url, "mailto:"))
		address = mail_address(url);
	return copy_text(ui, address ? address : url, err);
}

static void copy_asked(struct ui *ui)
{
	struct err err = { 0 };

	if (copy_text(ui, ui->asked_url, &err) < 0)
		ui_complain(ui, &err);
}

static void set_asked(struct ui *ui, const char *url)
{
	char *own = g_strdup(url);

	g_free(ui->asked_url);
	ui->asked_url = own;
}

void link_offer_copy(struct ui *ui, const char *why, const char *text)
{
	g_autofree char *question = g_strdup_printf(_("%s  Copy %s?"), why, text);

	set_asked(ui, text);
	ask_begin(ui, question, copy_asked);
}

/* --- opening -------------------------------------------------------------- */

int link_browse(struct ui *ui, const char *url, struct err *err)
{
	char shown[LINK_SHOWN_MAX], host[HOST_MAX];
	bool terminal = false;
	g_auto(GStrv) argv = browser_argv(ui->config, url, &terminal);

	if (!argv) {
		link_offer_copy(ui, _("No program opens links here (option browser)."), url);
		return 0;
	}
	link_shown(url, shown, sizeof shown);
	url_host(url, host, sizeof host);
	if (terminal)
		ui_lend(ui, argv, -1, false);
	else if (errand_program(ui, (const char *const *)argv, -1, *host ? host : shown, err) < 0)
		return err->code;
	ui_say(ui, _("Opening %s"), shown);
	return 0;
}

void link_browse_asked(struct ui *ui)
{
	g_autofree char *url = TAKE(ui->asked_url);
	struct err err = { 0 };

	if (link_browse(ui, url, &err) < 0)
		ui_complain(ui, &err);
}

/* Why it is not opened at once, as the beginning of a question; NULL = nothing is odd. */
static const char *doubt(const char *url, const char *scheme, bool differs)
{
	static const char *const web[] = { "http", "https", NULL };
	char host[HOST_MAX];

	url_host(url, host, sizeof host);
	if (!is_one_of(scheme, web))
		return _("This is no address of the web; another program may get it.");
	if (host_deceives(host))
		return _("The host of this link is spelt so that it looks like another.");
	if (url_has_user(url))
		return _("What stands before the @ is not where this link leads.");
	return differs ? _("The words of this link name another place.") : NULL;
}

static void ask_to_open(struct ui *ui, const char *url, const char *why)
{
	char shown[LINK_SHOWN_MAX], host[HOST_MAX], question[QUESTION_MAX];

	link_shown(url, shown, sizeof shown);
	url_host(url, host, sizeof host);
	if (url_has_user(url))
		snprintf(question, sizeof question, _("%s  It leads to %s (%s).  Open it?"), why, host, shown);
	else
		snprintf(question, sizeof question, _("%s  It leads to %s.  Open it?"), why, shown);
	set_asked(ui, url);
	ask_begin(ui, question, link_browse_asked);
}

int link_open(struct ui *ui, const char *target, bool differs, struct err *err)
{
	static const char *const closed[] = { "javascript", "vbscript", "data", "file", "about", "blob",
		"view-source", NULL };
	char url[URL_MAX], scheme[URL_SCHEME_MAX];
	g_autofree char *address = NULL;
	const char *why;

	if (!url_clean(target, url, sizeof url))
		return err_set(err, ERR_USAGE, _("This is no address that could be opened: %s"), target);
	url_scheme(url, scheme, sizeof scheme);
	if (is_one_of(scheme, closed))
		return err_set(err, ERR_USAGE, _("Links of the kind %s: are not opened."), scheme);
	if (strcmp(scheme, "mailto") == 0) {
		address = mail_address(url);
		link_offer_copy(ui, _("tern cannot write mail yet."), address);
		return 0;
	}
	why = doubt(url, scheme, differs);
	if (!why)
		return link_browse(ui, url, err);
	ask_to_open(ui, url, why);
	return 0;
}
