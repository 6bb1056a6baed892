/* One message: its bytes, or what the reader made of it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/command.h"
#include "read/reader.h"
#include "read/seal_words.h"

/* Opens the body, fetching it first if it is not cached. */
static int open_body(struct cli *c, message_id m, int *fd, struct err *err)
{
	account_id account;

	return fetch_body(c, m, &account, err) < 0 ? err->code : store_body_open(c->store, m, fd, err);
}

/* --- raw ----------------------------------------------------------------- */

static int unreadable(struct err *err)
{
	return err_set(err, ERR_STORAGE, _("The stored message cannot be read."));
}

/* Bytes of the last character, which may go on behind s + n: at most three. */
static size_t last_character(const char *s, size_t n)
{
	size_t back = 1;

	while (back < 4 && back < n && ((unsigned char)s[n - back] & 0xC0) == 0x80)
		back++;
	return back < 4 && back < n && (unsigned char)s[n - back] >= 0xC0 ? back : 0;
}

/* To a terminal: piece by piece, however long the lines are, each one cleaned. */
static int copy_clean(int fd, struct err *err)
{
	char chunk[65536];
	size_t kept = 0;
	ssize_t n;

	while ((n = read(fd, chunk + kept, sizeof chunk - kept)) > 0 && !ferror(stdout)) {
		size_t have = kept + (size_t)n;
		g_autofree char *clean = NULL;

		kept = last_character(chunk, have);
		clean = text_clean(chunk, (ssize_t)(have - kept), true);
		fputs(clean, stdout);
		memmove(chunk, chunk + have - kept, kept);
	}
	if (n == 0 && kept > 0) {
		g_autofree char *rest = text_clean(chunk, (ssize_t)kept, true);

		fputs(rest, stdout);
	}
	return n < 0 ? unreadable(err) : 0;
}

/* --- read ---------------------------------------------------------------- */

static const char *const usual[] = { "From", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject" };

static void print_header(const char *name, const char *value)
{
	g_autofree char *n = text_clean(name, -1, false), *v = text_clean(value, -1, false);

	printf("%s: %s\n", n, v);
}

static void print_headers(const struct document *d, bool all)
{
	for (guint i = 0; all && i < d->headers->len; i++) {
		const struct document_header *h = d->headers->pdata[i];

		print_header(h->name, h->value);
	}
	for (size_t i = 0; !all && i < G_N_ELEMENTS(usual); i++)
		if (document_header(d, usual[i]))
			print_header(usual[i], document_header(d, usual[i]));
}

static void print_text(const struct document *d)
{
	g_autofree char *text = text_clean(d->text ? d->text : "", -1, true);
	size_t n = strlen(text);

	fputs(text, stdout);
	if (n && text[n - 1] != '\n')
		putchar('\n');
	if (d->note)
		say("%s", d->note);
}

static void print_parts(const struct document *d)
{
	static const int widths[] = { 0, 0, 0 };
	AUTO(table_free) struct table *t = table_new(3, widths);

	for (guint i = 0; i < d->parts->len; i++) {
		const struct document_part *p = d->parts->pdata[i];
		g_autofree char *type = g_strdup_printf("%*s%s", 2 * p->depth, "", p->type);
		g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, p->size);

		table_row(t, (const char *[]){ type, size, p->filename ? p->filename : "" });
	}
	table_print(t);
}

static json_t *headers_json(const struct document *d)
{
	json_t *list = json_array();

	for (guint i = 0; i < d->headers->len; i++) {
		const struct document_header *h = d->headers->pdata[i];

		json_array_append_new(list, json_pack("{s:o, s:o}", "name", json_text(h->name), "value",
						    json_text(h->value)));
	}
	return list;
}

static json_t *parts_json(const struct document *d)
{
	json_t *list = json_array();

	for (guint i = 0; i < d->parts->len; i++) {
		const struct document_part *p = d->parts->pdata[i];

		json_array_append_new(list,
			json_pack("{s:i, s:o, s:o, s:I, s:b, s:b}", "depth", p->depth, "type",
				json_text(p->type), "filename", json_text(p->filename), "size",
				(json_int_t)p->size, "attachment", p->attachment, "shown", p->shown));
	}
	return list;
}

static json_t *seal_json(const struct seal_verdict *v)
{
	if (v->kind == SEAL_NONE)
		return json_null();
	return json_pack("{s:s, s:b, s:o, s:o, s:I}", "result", seal_name(v->result), "encrypted",
		v->encrypted, "signer", json_text(v->signer), "words", json_text(v->words), "made",
		(json_int_t)v->made_at);
}

/* Beside the text and not in it, where a mail could write the same. */
static void tell_seal(const struct seal_verdict *v)
{
	char line[SEAL_LINE_MAX];
	g_autofree char *clean = NULL;

	seal_sentence(v, line, sizeof line);
	clean = text_clean(line, -1, false);
	if (*clean)
		say("%s", clean);
}

enum { SHOW_HEADERS = 1 << 0, SHOW_TEXT = 1 << 1, SHOW_PARTS = 1 << 2 };

static void show_json(const struct reader_answer *a, int64_t id, unsigned what)
{
	const struct document *d = a->doc;
	json_t *line = json_pack("{s:I, s:o}", "id", (json_int_t)id, "seal", seal_json(&a->verdict));

	if (what & SHOW_HEADERS)
		json_object_set_new(line, "headers", headers_json(d));
	if (what & SHOW_TEXT) {
		json_object_set_new(line, "text", json_text(d->text ? d->text : ""));
		json_object_set_new(line, "note", json_text(d->note));
	}
	if (what & SHOW_PARTS)
		json_object_set_new(line, "parts", parts_json(d));
	out_json(line);
}

/* Takes *fd. */
static int show_document(struct cli *c, int *fd, int64_t id, const struct args *a, struct err *err)
{
	AUTO(reader_answer_release) struct reader_answer answer = { 0 };
	struct reader_question q = { .fd = *fd, .part = -1, .out = -1, .seal = true };
	const struct document *d;
	unsigned what = (args_has(a, "headers") ? SHOW_HEADERS : 0u) |
		(args_has(a, "text") ? SHOW_TEXT : 0u) | (args_has(a, "parts") ? SHOW_PARTS : 0u);

	*fd = -1;
	if (reader_read(c->reader, &q, c->cancel, &answer, err) < 0)
		return err->code;
	d = answer.doc;
	if (a->json) {
		show_json(&answer, id, what ? what : SHOW_HEADERS | SHOW_TEXT | SHOW_PARTS);
		return 0;
	}
	tell_seal(&answer.verdict);
	if (!what || what & SHOW_HEADERS)
		print_headers(d, what != 0);
	if (!what)
		putchar('\n');
	if (!what || what & SHOW_TEXT)
		print_text(d);
	if (what & SHOW_PARTS)
		print_parts(d);
	return 0;
}

static int show(struct cli *c, const struct args *a, struct err *err)
{
	AUTO(fd_close) int fd = -1;
	int64_t id;

	if (args_number(args_word(a, 0), 1, 0, &id, err) < 0)
		return err->code;
	if (args_has(a, "raw") && a->json)
		return err_set(err, ERR_USAGE, _("--raw gives bytes, not JSON."));
	if (open_body(c, (message_id){ id }, &fd, err) < 0)
		return err->code;
	if (args_has(a, "raw") && isatty(STDOUT_FILENO))
		return copy_clean(fd, err);
	if (args_has(a, "raw"))
		return out_bytes(fd) < 0 ? unreadable(err) : 0;
	return show_document(c, &fd, id, a, err);
}

int cmd_show(struct cli *c, const struct args *a)
{
	struct err err = { 0 };

	return show(c, a, &err) < 0 ? say_error(&err) : EXIT_DONE;
}
