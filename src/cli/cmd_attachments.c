/* The attachments of a message: listed, saved, or one part of it to a file or a pipe. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/save.h"
#include "base/scratch.h"
#include "cli/command.h"
#include "mime/document.h"
#include "read/reader.h"

/* A stored message and what is known of it. */
struct opened {
	message_id id;
	account_id account;
	struct document *doc;
	struct body_hole holes[BODY_HOLES_MAX];
	int n_holes;
	int plain;   /* what was decrypted: parts are numbered in it; 0 = in the stored file */
};

static void opened_release(struct opened *o)
{
	document_free(&o->doc);
	if (o->plain)
		fd_close(&o->plain);
}

/* A descriptor of the file that the parts are in. */
static int open_text(struct cli *c, const struct opened *o, int *fd, struct err *err)
{
	if (!o->plain)
		return store_body_open(c->store, o->id, fd, err);
	*fd = dup(o->plain);
	return *fd >= 0 ? 0 : err_set(err, ERR_STORAGE, _("The decrypted text cannot be opened again."));
}

/* Another descriptor of the stored file: each question takes one. */
static int ask(struct cli *c, struct opened *o, struct reader_question *q, struct reader_answer *answer,
	struct err *err)
{
	q->how.holes = o->holes;
	q->how.n_holes = o->plain ? 0 : (size_t)o->n_holes;
	if (open_text(c, o, &q->fd, err) < 0) {
		fd_close(&q->out);
		return err->code;
	}
	return reader_read(c->reader, q, c->cancel, answer, err);
}

static int read_parts(struct cli *c, struct opened *o, struct err *err)
{
	struct reader_question q = { .part = -1, .out = -1, .seal = true };
	struct reader_answer answer = { 0 };

	if (o->plain)
		fd_close(&o->plain);
	o->plain = 0;
	o->n_holes = store_body_holes(c->store, o->id, o->holes, err);
	if (o->n_holes < 0 || ask(c, o, &q, &answer, err) < 0)
		return err->code;
	document_free(&o->doc);
	o->doc = TAKE(answer.doc);
	o->plain = answer.plain;
	answer.plain = 0;
	reader_answer_release(&answer);
	return o->doc ? 0 : err_set(err, ERR_PROTOCOL, _("The parts of this message cannot be told."));
}

static int open_message(struct cli *c, const struct args *a, struct opened *o, struct err *err)
{
	int64_t id;

	if (args_number(args_word(a, 0), 1, 0, &id, err) < 0)
		return err->code;
	o->id = (message_id){ id };
	if (fetch_body(c, o->id, &o->account, err) < 0)
		return err->code;
	return read_parts(c, o, err);
}

/* Brings what was left at the server. */
static int fetch_whole(struct cli *c, struct opened *o, struct err *err)
{
	if (o->n_holes == 0)
		return 0;
	if (!c->engine->whole || !account_of(c, o->account))
		return err_set(err, ERR_OFFLINE, _("The attachment is still at the server, and cannot be fetched."));
	if (c->engine->whole(c->engine, o->account, o->id, c->cancel, err) < 0)
		return err->code;
	return read_parts(c, o, err);
}

/* Decodes a part into a file (borrowed). */
static int decode(struct cli *c, struct opened *o, int part, int fd, struct err *err)
{
	struct reader_question q = { .part = part, .out = fcntl(fd, F_DUPFD_CLOEXEC, 0) };
	struct reader_answer answer = { 0 };
	int rc = ask(c, o, &q, &answer, err);

	reader_answer_release(&answer);
	return rc;
}

/* --- saving -------------------------------------------------------------- */

static const struct document_part *part_of(const struct opened *o, int i)
{
	return o->doc->parts->pdata[i];
}

static char *name_of(const struct opened *o, int part)
{
	return save_part_name(part_of(o, part)->filename, part + 1);
}

static int save_part(struct cli *c, struct opened *o, int part, const char *folder, const char *name,
	char **path, struct err *err)
{
	AUTO(save_release) struct save s = SAVE_NONE;

	if (save_begin(&s, folder, name, err) < 0 || decode(c, o, part, s.fd, err) < 0 ||
		save_commit(&s, err) < 0)
		return err->code;
	*path = g_build_filename(s.path, s.name, NULL);
	return 0;
}

static void tell_saved(const struct args *a, int part, const char *path)
{
	if (a->json)
		out_json(json_pack("{s:i, s:o}", "part", part + 1, "saved", json_text(path)));
	else
		say(_("Saved: %s"), path);
}

/* All attachments; EXIT_NOTHING if there are none. */
static int save_all(struct cli *c, const struct args *a, struct opened *o, struct err *err)
{
	int n = 0;

	if (fetch_whole(c, o, err) < 0 || !o->doc)
		return err->code;
	for (guint i = 0; i < o->doc->parts->len; i++) {
		g_autofree char *name = name_of(o, (int)i), *path = NULL;

		if (!part_of(o, (int)i)->attachment)
			continue;
		if (save_part(c, o, (int)i, args_option(a, "save"), name, &path, err) < 0)
			return err->code;
		tell_saved(a, (int)i, path);
		n++;
	}
	return n > 0 ? 0 : err_set(err, ERR_GONE, _("This message has no attachments."));
}

/* To standard output only when it is complete: a half part is never taken for a whole one. */
static int part_to_output(struct cli *c, struct opened *o, int part, struct err *err)
{
	AUTO(fd_close) int fd = -1;

	if (isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE,
			_("Bytes of a mail are not written to a terminal: name a file, or use a pipe."));
	if (scratch_nameless(&fd, err) < 0 || decode(c, o, part, fd, err) < 0)
		return err->code;
	if (lseek(fd, 0, SEEK_SET) < 0 || out_bytes(fd) < 0)
		return err_set(err, ERR_STORAGE, _("The decoded part cannot be read."));
	return 0;
}

static int one_part(struct cli *c, const struct args *a, struct opened *o, struct err *err)
{
	const char *file = args_option(a, "output");
	g_autofree char *folder = NULL, *name = NULL, *path = NULL;
	int64_t number;
	int part;

	if (args_number(args_option(a, "part"), 1, 0, &number, err) < 0)
		return err->code;
	if (number > (int64_t)o->doc->parts->len)
		return err_set(err, ERR_GONE, _("There is no part %d: this message has %u."), (int)MIN(number, G_MAXINT),
			o->doc->parts->len);
	part = (int)number - 1;
	if (part_of(o, part)->missing && (fetch_whole(c, o, err) < 0 || part >= (int)o->doc->parts->len))
		return err->code;
	if (strcmp(file, "-") == 0)
		return part_to_output(c, o, part, err);
	folder = g_path_get_dirname(file);
	name = g_path_get_basename(file);
	if (save_part(c, o, part, folder, name, &path, err) < 0)
		return err->code;
	tell_saved(a, part, path);
	return 0;
}

/* --- listing ------------------------------------------------------------- */

static int list_json(const struct opened *o)
{
	for (guint i = 0; i < o->doc->parts->len; i++) {
		const struct document_part *p = part_of(o, (int)i);
		g_autofree char *name = name_of(o, (int)i);

		if (p->attachment)
			out_json(json_pack("{s:i, s:o, s:o, s:o, s:I, s:b}", "part", (int)i + 1, "type",
				json_text(p->type), "filename", json_text(p->filename), "saved_as",
				json_text(name), "size", (json_int_t)p->size, "missing", p->missing));
	}
	return 0;
}

static int list(const struct args *a, const struct opened *o, struct err *err)
{
	static const int widths[] = { 0, 0, 0, 0, 0 };
	AUTO(table_free) struct table *t = table_new(G_N_ELEMENTS(widths), widths);
	int n = 0;

	for (guint i = 0; i < o->doc->parts->len; i++) {
		const struct document_part *p = part_of(o, (int)i);
		g_autofree char *number = g_strdup_printf("%u", i + 1);
		g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, p->size);
		g_autofree char *name = name_of(o, (int)i);

		if (!p->attachment)
			continue;
		table_row(t, (const char *[]){ number, p->type, size, name, p->missing ? _("at the server") : "" });
		n++;
	}
	if (n == 0)
		return err_set(err, ERR_GONE, _("This message has no attachments."));
	if (a->json)
		return list_json(o);
	table_print(t);
	return 0;
}

static int attachments(struct cli *c, const struct args *a, struct err *err)
{
	AUTO(opened_release) struct opened o = { 0 };

	if (args_has(a, "part") != args_has(a, "output"))
		return err_set(err, ERR_USAGE, _("--part and --output belong together: which part, and where to."));
	if (args_has(a, "part") && args_has(a, "save"))
		return err_set(err, ERR_USAGE, _("Either --save for all attachments, or --part for one part."));
	if (open_message(c, a, &o, err) < 0 || !o.doc)
		return err->code;
	if (args_has(a, "part"))
		return one_part(c, a, &o, err);
	return args_has(a, "save") ? save_all(c, a, &o, err) : list(a, &o, err);
}

int cmd_attachments(struct cli *c, const struct args *a)
{
	struct err err = { 0 };

	return attachments(c, a, &err) < 0 ? say_error(&err) : EXIT_DONE;
}
