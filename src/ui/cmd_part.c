/* Commands about the parts of a message, and about its bytes: save, open, pipe. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/save.h"
#include "mime/document.h"
#include "ui/command.h"
#include "ui/errand.h"
#include "ui/opener.h"
#include "ui/priv.h"
#include "ui/reading.h"

enum { SUBJECT_NAME_MAX = 120 };

/* --- what it is about ---------------------------------------------------- */

static void add_part(struct errand_order *o, const struct document_part *p, int part)
{
	errand_order_add(o, &(struct errand_item){ .part = part, .type = p->type,
			.filename = p->filename, .size = p->size, .missing = p->missing });
}

/* The whole message, named by its subject. */
static void add_message(struct errand_order *o, const struct list_row *row)
{
	g_autofree char *subject = g_utf8_make_valid(*row->subject ? row->subject : _("message"), -1);
	g_autofree char *name = NULL;

	g_strdelimit(subject, "/\\", '-'); /* save_name would take what stands behind them */
	if (g_utf8_strlen(subject, -1) > SUBJECT_NAME_MAX)
		*g_utf8_offset_to_pointer(subject, SUBJECT_NAME_MAX) = '\0';
	name = g_strconcat(subject, ".eml", NULL);
	errand_order_add(o, &(struct errand_item){ .part = WHOLE_MESSAGE, .type = (char *)"message/rfc822",
			.filename = name, .size = row->size });
}

/* The part under the cursor of the parts view, else the whole message. */
static void order_here(struct ui *ui, enum errand_kind kind, struct errand_order *o)
{
	const struct list_row *row = ui_row(ui);
	const struct document *doc = reading_document(ui);
	int part = view_parts_part(ui);

	*o = (struct errand_order){ .kind = kind, .message = row->message, .account = row->account };
	if (part >= 0 && doc && part < (int)doc->parts->len)
		add_part(o, doc->parts->pdata[part], part);
	else
		add_message(o, row);
}

static const struct document *parts_of(struct ui *ui, struct err *err)
{
	const struct document *doc = reading_document(ui);

	if (!doc)
		err_set(err, ERR_USAGE,
			_("The parts of this message are not known (yet); :save keeps the whole message"));
	return doc;
}

static int show_parts(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	if (!parts_of(ui, err))
		return err->code;
	view_parts_open(ui);
	return 0;
}

/* --- save ---------------------------------------------------------------- */

/* Where was saved last, else as configured, else where downloads go (g_free). */
static char *usual_folder(const struct ui *ui)
{
	const char *downloads = g_get_user_special_dir(G_USER_DIRECTORY_DOWNLOAD);
	g_autofree char *plain = g_build_filename(g_get_home_dir(), "Downloads", NULL);

	if (ui->errands.folder)
		return g_strdup(ui->errands.folder);
	if (ui->config->save_folder)
		return g_strdup(ui->config->save_folder);
	if (downloads && g_file_test(downloads, G_FILE_TEST_IS_DIR))
		return g_strdup(downloads);
	return g_file_test(plain, G_FILE_TEST_IS_DIR) ? TAKE(plain) : g_strdup(g_get_home_dir());
}

/* Takes the order that was asked about. */
static int begin_asked(struct ui *ui, struct err *err)
{
	return errand_begin(ui, &ui->errands.asked, err);
}

/* A folder, or the name of a file in one. */
static int save_to(struct ui *ui, const char *typed, struct err *err)
{
	struct errand_order *o = &ui->errands.asked;
	g_autofree char *path = path_typed(typed);

	if (o->items->len > 1 || g_str_has_suffix(typed, "/") || g_file_test(path, G_FILE_TEST_IS_DIR)) {
		o->folder = TAKE(path);
	} else {
		o->folder = g_path_get_dirname(path);
		o->name = g_path_get_basename(path);
	}
	return begin_asked(ui, err);
}

static void path_given(struct ui *ui, const char *text)
{
	g_autofree char *typed = g_strstrip(g_strdup(text));
	struct err err = { 0 };

	if (*typed && save_to(ui, typed, &err) < 0)
		ui_complain(ui, &err);
}

static int save_asked(struct ui *ui, const char *arg, struct err *err)
{
	struct errand_order *o = &ui->errands.asked;
	g_autofree char *folder = usual_folder(ui), *name = errand_item_name(o->items->pdata[0]);
	g_autofree char *label = NULL, *initial = NULL;

	if (*arg)
		return save_to(ui, arg, err);
	if (o->items->len == 1) {
		label = g_strdup(_("Save to: "));
		initial = g_build_filename(folder, name, NULL);
	} else {
		label = g_strdup_printf(ngettext("Save %u file into: ", "Save %u files into: ",
						o->items->len), o->items->len);
		initial = g_build_filename(folder, "/", NULL);
	}
	prompt_ask(&ui->prompt, label, initial, path_offers, path_given, false);
	return 0;
}

static int save(struct ui *ui, const char *arg, struct err *err)
{
	errand_order_clear(&ui->errands.asked);
	order_here(ui, ERRAND_SAVE, &ui->errands.asked);
	return save_asked(ui, arg, err);
}

static int save_all(struct ui *ui, const char *arg, struct err *err)
{
	const struct document *doc = parts_of(ui, err);
	struct errand_order *o = &ui->errands.asked;

	if (!doc)
		return err->code;
	errand_order_clear(o);
	*o = (struct errand_order){ .kind = ERRAND_SAVE, .message = reading_message(ui),
		.account = reading_account(ui) };
	for (guint i = 0; i < doc->parts->len; i++) {
		const struct document_part *p = doc->parts->pdata[i];

		if (p->attachment)
			add_part(o, p, (int)i);
	}
	if (!o->items)
		return err_set(err, ERR_USAGE, _("This message has no attachments"));
	return save_asked(ui, arg, err);
}

/* --- open ---------------------------------------------------------------- */

static void open_after_all(struct ui *ui)
{
	struct err err = { 0 };

	if (begin_asked(ui, &err) < 0)
		ui_complain(ui, &err);
}

/* Types that can act are asked about first. */
static int open_asked(struct ui *ui, struct err *err)
{
	const struct errand_item *item = ui->errands.asked.items->pdata[0];
	const char *danger = opener_danger(item->type, item->filename);
	g_autofree char *name = errand_item_name(item), *question = NULL;

	if (!danger)
		return begin_asked(ui, err);
	question = g_strdup_printf(_("%s  Open \"%s\" all the same?"), danger, name);
	ask_begin(ui, question, open_after_all);
	return 0;
}

int cmd_open_part(struct ui *ui, int part, struct err *err)
{
	const struct document *doc = parts_of(ui, err);
	const struct document_part *p;

	if (!doc)
		return err->code;
	if (part < 0 || part >= (int)doc->parts->len)
		return err_set(err, ERR_USAGE, _("There is no part %d: the parts have numbers from 1 to %d"),
			part + 1, (int)doc->parts->len);
	p = doc->parts->pdata[part];
	if (g_str_has_prefix(p->type, "multipart/"))
		return err_set(err, ERR_USAGE, _("This part only holds others; choose one of those"));
	errand_order_clear(&ui->errands.asked);
	ui->errands.asked = (struct errand_order){ .kind = ERRAND_OPEN, .message = reading_message(ui),
		.account = reading_account(ui) };
	add_part(&ui->errands.asked, p, part);
	return open_asked(ui, err);
}

/* The only attachment, -1 if there are several or none. */
static int only_attachment(const struct document *doc)
{
	int found = -1;

	for (guint i = 0; doc && i < doc->parts->len; i++)
		if (((const struct document_part *)doc->parts->pdata[i])->attachment) {
			if (found >= 0)
				return -1;
			found = (int)i;
		}
	return found;
}

static int open_part(struct ui *ui, const char *arg, struct err *err)
{
	int part = *arg ? (int)strtol(arg, NULL, 10) - 1 : view_parts_part(ui);

	if (!*arg && part < 0)
		part = only_attachment(reading_document(ui));
	return !*arg && part < 0 ? show_parts(ui, arg, err) : cmd_open_part(ui, part, err);
}

/* --- pipe ---------------------------------------------------------------- */

static int pipe_asked(struct ui *ui, const char *command, struct err *err)
{
	ui->errands.asked.command = g_strdup(command);
	g_free(ui->errands.command);
	ui->errands.command = g_strdup(command);
	return begin_asked(ui, err);
}

static void command_given(struct ui *ui, const char *text)
{
	struct err err = { 0 };

	if (text[strspn(text, " ")] && pipe_asked(ui, text, &err) < 0)
		ui_complain(ui, &err);
}

static int pipe_it(struct ui *ui, const char *arg, struct err *err)
{
	errand_order_clear(&ui->errands.asked);
	order_here(ui, ERRAND_PIPE, &ui->errands.asked);
	if (*arg)
		return pipe_asked(ui, arg, err);
	prompt_ask(&ui->prompt,
		view_parts_part(ui) >= 0 ? _("Pipe the part to: ") : _("Pipe the message to: "),
		ui->errands.command ? ui->errands.command : "", NULL, command_given, false);
	return 0;
}

enum { MAIL = IN_LIST | IN_READER | IN_PARTS, OPEN_MAIL = IN_READER | IN_PARTS };

const struct command commands_part[] = {
	{ "parts", "", IN_READER, NEEDS_MESSAGE, 0, N_("files"),
		N_("show the parts of the message: to read, save, open, pipe them"), show_parts },
	{ "save", N_("[path]"), MAIL, NEEDS_MESSAGE, COMPLETES_PATH, N_("save"),
		N_("save the part under the cursor, elsewhere the whole message"), save },
	{ "save-all", N_("[folder]"), OPEN_MAIL, NEEDS_MESSAGE, COMPLETES_PATH, N_("save all"),
		N_("save all attachments"), save_all },
	{ "open-part", N_("[number]"), OPEN_MAIL, NEEDS_MESSAGE, 0, N_("open with a program"),
		N_("open the part with the program for its type"), open_part },
	{ "pipe", N_("[command]"), MAIL, NEEDS_MESSAGE, 0, N_("pipe"),
		N_("give the part, elsewhere the whole message, to a command"), pipe_it },
	{ 0 },
};
