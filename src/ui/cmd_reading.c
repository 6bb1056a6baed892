/* Commands about the text of the message that is open. */
#include <string.h>

#include "base/i18n.h"
#include "ui/command.h"
#include "ui/priv.h"
#include "ui/view_message.h"

static int headers(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return view_message_headers(ui, err);
}

static int retry(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return view_message_retry(ui, err);
}

static int fold(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return view_message_fold(ui, err);
}

static int next_own(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return view_message_own(ui, false, err);
}

static int prev_own(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return view_message_own(ui, true, err);
}

/* --- searching ----------------------------------------------------------- */

static void words_typed(struct ui *ui, const char *text)
{
	struct err err = { 0 };

	if (*text && view_message_find(ui, text, false, &err) < 0)
		ui_complain(ui, &err);
}

static int find(struct ui *ui, const char *arg, struct err *err)
{
	if (*arg)
		return view_message_find(ui, arg, false, err);
	if (!reading_document(ui))
		return err_set(err, ERR_USAGE, _("The message is not here yet"));
	prompt_ask(&ui->prompt, "/", "", NULL, words_typed, true);
	return 0;
}

static int find_next(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return view_message_find(ui, "", false, err);
}

static int find_prev(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return view_message_find(ui, "", true, err);
}

/* --- other texts ------------------------------------------------------------ */

static int source(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return view_source_open(ui, err);
}

/* Which of the two texts the open message has, as far as it is known, and which is shown. */
struct texts {
	bool plain, html, html_shown;
};

static struct texts texts_of(struct ui *ui)
{
	const struct document *doc = reading_document(ui);
	struct texts t = { .plain = !doc || doc->partial, .html = !doc || doc->partial };

	for (guint i = 0; doc && i < doc->parts->len; i++) {
		const struct document_part *p = doc->parts->pdata[i];
		bool html = strcmp(p->type, "text/html") == 0;

		if (p->attachment || !g_str_has_prefix(p->type, "text/") || strcmp(p->type, "text/calendar") == 0)
			continue;
		t.html = t.html || html;
		t.plain = t.plain || !html;
		t.html_shown = t.html_shown || (html && p->shown);
	}
	return t;
}

/* Without a word: from the best text to the other one, and back. */
static int view(struct ui *ui, const char *arg, struct err *err)
{
	static const char *const names[] = { "best", "plain", "html" };
	static const char *const said[] = { N_("This is the text that says most"), N_("This is the plain text"),
		N_("This is the HTML") };
	struct texts t = texts_of(ui);
	size_t as = reading_as(ui) != DOCUMENT_BEST ? DOCUMENT_BEST : t.html_shown ? DOCUMENT_PLAIN : DOCUMENT_HTML;

	if (*arg) {
		for (as = 0; as < G_N_ELEMENTS(names) && strcmp(arg, names[as]) != 0; as++)
			;
		if (as == G_N_ELEMENTS(names))
			return err_set(err, ERR_USAGE, _("A message is viewed as best, plain or html"));
	}
	if ((as == DOCUMENT_PLAIN && !t.plain) || (as == DOCUMENT_HTML && !t.html))
		return err_set(err, ERR_USAGE, as == DOCUMENT_HTML ? _("This message has no HTML")
								   : _("This message has no plain text"));
	if (reading_show(ui, (enum document_as)as, 0, err) < 0)
		return err->code;
	ui_say(ui, "%s", _(said[as]));
	return 0;
}

/* --- on -------------------------------------------------------------------------- */

static int page_on(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	if (ui->config->space_goes_on && view_message_at_end(ui))
		return command_run(ui, "next-unread", err);
	return command_run(ui, "page-down", err);
}

const struct command commands_reading[] = {
	{ "page-on", "", IN_READER, 0, 0, N_("page"),
		N_("a page down; at the end to the next unread message, if space-goes-on is set"), page_on },
	{ "headers", "", IN_READER, 0, 0, N_("headers"),
		N_("show the chosen headers, all of them, or as they were sent"), headers },
	{ "view", N_("[best|plain|html]"), IN_READER, 0, 0, N_("view"),
		N_("show another of the message's texts"), view },
	{ "source", "", IN_READER, 0, 0, N_("source"), N_("show the message as it was sent"), source },
	{ "fold", "", IN_READER, 0, 0, N_("fold"), N_("fold long quotations, or open them all"), fold },
	{ "next-own", "", IN_READER, 0, 0, N_("skip quoted"),
		N_("to the sender's next words, over what is quoted"), next_own },
	{ "prev-own", "", IN_READER, 0, 0, NULL, N_("back to the sender's words above"), prev_own },
	{ "find", N_("[words]"), IN_READER, 0, 0, N_("find"), N_("look for words in the message"), find },
	{ "find-next", "", IN_READER, 0, 0, N_("next match"), N_("to the next place with those words"),
		find_next },
	{ "find-prev", "", IN_READER, 0, 0, NULL, N_("to the place before with those words"), find_prev },
	{ "retry", "", IN_READER, 0, 0, N_("try again"), N_("ask for the message again"), retry },
	{ 0 },
};
