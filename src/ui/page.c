#include "ui/page.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/text.h"
#include "mime/authres.h"
#include "mime/lookalike.h"
#include "ui/priv.h"
#include "ui/seal_words.h"

enum {
	HEADER_LINES_MAX = 3,   /* of one header, unless all are shown */
	HEADER_ALL_MAX = 200,   /* of one header, if they are */
	HEADER_SHARE = 3,       /* the usual headers take at most a third of the height */
	HEADERS_CHOSEN_MAX = 50,
	RAW_MAX = 256 * 1024,   /* bytes of the header block as it was sent */
	SENDER_LINE_MAX = 3000, /* bytes, with three names of hosts */
	TAGS_MAX = 512,         /* bytes */
	HANG = 4,               /* cells by which the next lines of a header are indented */
};

#define HEADERS_DEFAULT "From To Cc Date List-Id Tags Subject"

/* --- lines ------------------------------------------------------------- */

static void clear_lines(GArray *lines)
{
	for (guint i = 0; i < lines->len; i++)
		g_free(g_array_index(lines, struct head_line, i).text);
	g_array_set_size(lines, 0);
}

static void add_line(GArray *lines, const char *label, const char *text, size_t len,
	enum style style)
{
	struct head_line line = { .text = g_strndup(text, len), .style = style };

	text_clean_into(label, -1, line.label, sizeof line.label);
	g_array_append_val(lines, line);
}

/* A text wrapped beside its label into at most `limit` lines. */
static void add_wrapped(struct page *p, GArray *lines, const char *label, const char *value,
	enum style style, size_t limit)
{
	int indent = *label ? MIN(text_width(label) + 2, PAGE_LABEL_MAX + 2) : 0;
	const struct flow_line *line;
	struct flow flow;

	flow_init(&flow, value, MAX(p->width - indent, 10));
	for (size_t i = 0; (line = flow_line(&flow, i)); i++) {
		if (i == limit) {
			add_line(lines, "", "…", strlen("…"), style);
			break;
		}
		add_line(lines, i == 0 ? label : "", flow_text(&flow, line), line->len, style);
		if (i > 0)
			g_array_index(lines, struct head_line, lines->len - 1).indent = MIN(indent, HANG);
	}
	flow_release(&flow);
}

/* A header; where there is little room drawing cuts it. */
static void add_header(struct page *p, const char *label, const char *value, enum style style)
{
	if (!value || !*value)
		return;
	if (p->head_room && p->headers == PAGE_USUAL)
		add_line(p->head, label, value, strlen(value), style);
	else
		add_wrapped(p, p->head, label, value, style,
			p->headers == PAGE_USUAL ? HEADER_LINES_MAX : HEADER_ALL_MAX);
}

/* --- headers -------------------------------------------------------------- */

static const char *header_or(const struct page *p, const char *name, const char *otherwise)
{
	const struct document *doc = p->reading->doc;
	const char *value = doc ? document_header(doc, name) : NULL;

	return value && *value ? value : otherwise;
}

static void add_known(struct page *p, const char *name)
{
	const struct reading *r = p->reading;
	char date[64], tags[TAGS_MAX];
	const struct {
		const char *name, *label, *value;
		enum style style;
		int least; /* lines that must be there for it */
	} all[] = {
		{ "From", _("From"), header_or(p, "From", r->from), STYLE_HEADER, 0 },
		{ "To", _("To"), header_or(p, "To", r->to), STYLE_HEADER, 4 },
		{ "Cc", _("Cc"), header_or(p, "Cc", r->cc), STYLE_HEADER, 6 },
		{ "Date", _("Date"), date, STYLE_HEADER, 3 },
		{ "List-Id", _("List"), header_or(p, "List-Id", ""), STYLE_HEADER, 7 },
		{ "Tags", _("Tags"), tags, STYLE_HEADER, 8 },
		{ "Subject", _("Subject"), *r->subject ? r->subject : _("(no subject)"), STYLE_SUBJECT, 0 },
		{ name, name, header_or(p, name, ""), STYLE_HEADER, 7 },
	};
	size_t i = 0;

	tags_text(r->row.keywords, tags, sizeof tags);
	date_long(r->row.sent_at ? r->row.sent_at : r->row.received_at, date, sizeof date);
	if (!*date)
		g_strlcpy(date, header_or(p, "Date", ""), sizeof date);
	while (g_ascii_strcasecmp(all[i].name, name) != 0)
		i++;
	if (!p->head_room || p->head_room >= all[i].least)
		add_header(p, all[i].label, all[i].value, all[i].style);
}

static void add_chosen_headers(struct page *p)
{
	const char *chosen = p->reading->ui->config->headers;
	g_auto(GStrv) names = g_strsplit_set(chosen ? chosen : HEADERS_DEFAULT, " ,", HEADERS_CHOSEN_MAX);

	for (size_t i = 0; names[i]; i++)
		if (*names[i])
			add_known(p, names[i]);
}

static void add_all_headers(struct page *p)
{
	for (guint i = 0; i < p->reading->doc->headers->len; i++) {
		const struct document_header *h = p->reading->doc->headers->pdata[i];

		add_header(p, h->name, h->value, STYLE_HEADER);
	}
}

/* Bytes up to the empty line behind the headers. */
static size_t header_bytes(const char *raw, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (raw[i] == '\n' && (raw[i + 1] == '\n' || (raw[i + 1] == '\r' && i + 2 < n && raw[i + 2] == '\n')))
			return i;
	return n;
}

/* The header block as it was sent; the screen cleans it as it cleans everything. */
static void add_raw_headers(struct page *p)
{
	g_autofree char *raw = g_malloc(RAW_MAX + 1);
	AUTO(fd_close) int fd = -1;
	struct err err = { 0 };
	ssize_t n;

	if (store_body_open(p->reading->ui->store, p->reading->row.message, &fd, &err) < 0) {
		add_line(p->head, "", err.text, strlen(err.text), STYLE_ERROR);
		return;
	}
	n = pread(fd, raw, RAW_MAX, 0);
	raw[header_bytes(raw, (size_t)MAX(n, 0))] = '\0';
	add_wrapped(p, p->head, "", raw, STYLE_CODE, SIZE_MAX);
}

/* --- what was found out ------------------------------------------------------ */

static int attachments(const struct page *p)
{
	const struct document *doc = p->reading->doc;
	int n = 0;

	for (guint i = 0; doc && i < doc->parts->len; i++)
		n += ((const struct document_part *)doc->parts->pdata[i])->attachment;
	return n;
}

static void add_count(struct page *p)
{
	char count[160], keys[KEYS_NAME_MAX];
	int n = attachments(p);

	if (n == 0 || (p->head_room && p->head_room < 5))
		return;
	if (keymap_keys_of(p->reading->ui->keymap, IN_READER, "parts", keys, sizeof keys))
		snprintf(count, sizeof count,
			ngettext("%d attachment, listed below the text: %s opens and saves",
				"%d attachments, listed below the text: %s opens and saves",
				(unsigned long)n),
			n, keys);
	else
		snprintf(count, sizeof count,
			ngettext("%d attachment, listed below the text",
				"%d attachments, listed below the text", (unsigned long)n),
			n);
	add_line(p->head, "", count, strlen(count), STYLE_ATTACHMENT);
}

/* The one line about a signature: from the verdict alone, never from the mail. */
static void add_seal(struct page *p)
{
	char line[SEAL_LINE_MAX];
	enum style style = seal_line(&p->reading->verdict, line, sizeof line);

	if (p->reading->doc && *line)
		add_wrapped(p, p->head, "", line, style, HEADER_LINES_MAX);
}

static void add_blocked(struct page *p)
{
	int n = p->reading->doc ? p->reading->doc->blocked : 0;
	char line[120];

	if (n == 0)
		return;
	snprintf(line, sizeof line,
		ngettext("%d remote image was not loaded", "%d remote images were not loaded",
			(unsigned long)n),
		n);
	add_line(p->head, "", line, strlen(line), STYLE_NOTICE);
}

/* Who sent it: from what the own server found out and from what the reader knows. */
static void add_sender(struct page *p)
{
	const struct reading *r = p->reading;
	const struct account *account = ui_account(r->ui, r->row.account);
	char line[SENDER_LINE_MAX];
	enum lookalike like;
	int checked;

	if (!r->doc)
		return;
	like = lookalike_line(r->doc, known_domains(r->ui, r->row.account), line, sizeof line);
	if (like != LOOKALIKE_NO)
		add_wrapped(p, p->head, "", line,
			like == LOOKALIKE_WARNING ? STYLE_SEAL_BAD : STYLE_NOTICE, HEADER_LINES_MAX);
	checked = authres_line(r->doc, account, line, sizeof line);
	if (checked != 0 && (checked < 0 || !p->head_room))
		add_wrapped(p, p->head, "", line, checked > 0 ? STYLE_SENDER_GOOD : STYLE_SEAL_DOUBT,
			HEADER_LINES_MAX);
}

static void add_headers(struct page *p)
{
	if (p->headers == PAGE_RAW && p->reading->doc)
		add_raw_headers(p);
	else if (p->headers == PAGE_ALL && p->reading->doc)
		add_all_headers(p);
	else
		add_chosen_headers(p);
	add_count(p);
}

/* On a small screen the text matters more than the headers: H shows them all. */
static void build_head(struct page *p)
{
	int room = p->height / HEADER_SHARE;

	p->head_room = 0;
	clear_lines(p->head);
	add_headers(p);
	if (p->headers == PAGE_USUAL && p->height > 0 && (int)p->head->len > room) {
		clear_lines(p->head);
		p->head_room = MAX(room, 2);
		add_headers(p);
	}
	add_sender(p);
	add_seal(p);
	add_blocked(p);
	add_line(p->head, "", "", 0, STYLE_NORMAL);
}

static void describe_part(const struct document_part *p, char *out, size_t cap)
{
	char size[24];

	snprintf(out, cap, "%s  %s  %s", p->filename && *p->filename ? p->filename : _("(no name)"),
		p->type, size_text(p->size, size, sizeof size));
}

static void build_tail(struct page *p)
{
	const struct document *doc = p->reading->doc;

	clear_lines(p->tail);
	if (doc && doc->note) {
		add_line(p->tail, "", "", 0, STYLE_NORMAL);
		add_wrapped(p, p->tail, "", doc->note, STYLE_NOTICE, HEADER_ALL_MAX);
	}
	if (!doc || attachments(p) == 0)
		return;
	add_line(p->tail, "", "", 0, STYLE_NORMAL);
	add_line(p->tail, "", _("Attachments"), strlen(_("Attachments")), STYLE_TITLE);
	for (guint i = 0; i < doc->parts->len; i++) {
		const struct document_part *part = doc->parts->pdata[i];
		char text[600];

		if (!part->attachment)
			continue;
		describe_part(part, text, sizeof text);
		add_line(p->tail, "", text, strlen(text), STYLE_ATTACHMENT);
	}
}

/* --- the whole ------------------------------------------------------------------ */

void page_init(struct page *p, struct reading *r)
{
	*p = (struct page){ .reading = r };
	p->head = g_array_new(FALSE, FALSE, sizeof(struct head_line));
	p->tail = g_array_new(FALSE, FALSE, sizeof(struct head_line));
}

void page_release(struct page *p)
{
	flow_release(&p->flow);
	clear_lines(p->head);
	clear_lines(p->tail);
	g_array_unref(p->head);
	g_array_unref(p->tail);
}

void page_refresh(struct page *p)
{
	build_head(p);
	build_tail(p);
}

void page_read(struct page *p)
{
	const struct document *doc = p->reading->doc;

	flow_release(&p->flow);
	p->has_text = doc != NULL;
	if (doc) {
		flow_init_spans(&p->flow, doc->text, strlen(doc->text), doc->spans, MAX(p->width, 1));
		flow_set_measure(&p->flow, p->reading->ui->config->text_width);
		flow_set_fold(&p->flow, p->unfolded ? 0 : p->reading->ui->config->fold_quotes);
	}
	page_refresh(p);
}

void page_set_size(struct page *p, int width, int height)
{
	p->width = width;
	p->height = height;
	page_refresh(p);
	if (p->has_text)
		flow_set_width(&p->flow, width);
}

void page_fold(struct page *p, bool fold)
{
	p->unfolded = !fold;
	if (p->has_text)
		flow_set_fold(&p->flow, fold ? p->reading->ui->config->fold_quotes : 0);
}

const struct flow_line *page_text_line(struct page *p, size_t i)
{
	return p->has_text && i >= p->head->len ? flow_line(&p->flow, i - p->head->len) : NULL;
}

bool page_has(struct page *p, size_t i)
{
	return i < p->head->len || page_text_line(p, i) || i < page_total(p);
}

size_t page_total(struct page *p)
{
	return p->head->len + (p->has_text ? flow_total(&p->flow) : 0) + p->tail->len;
}

size_t page_offset(struct page *p, size_t i)
{
	return p->has_text && i > p->head->len ? flow_offset(&p->flow, i - p->head->len) : 0;
}

size_t page_find(struct page *p, size_t at)
{
	return p->head->len + (p->has_text ? flow_find(&p->flow, at) : 0);
}
