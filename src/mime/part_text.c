#include "mime/part_text.h"

#include <string.h>

#include "base/i18n.h"
#include "mime/calendar.h"
#include "mime/content.h"
#include "mime/document.h"
#include "mime/enriched.h"
#include "mime/flowed.h"
#include "mime/html.h"
#include "mime/linkify.h"
#include "mime/report.h"
#include "mime/rtf.h"
#include "mime/uuencode.h"

static bool is_type(const struct node *n, const char *type)
{
	return strcmp(n->type, type) == 0;
}

bool part_is_calendar(const struct node *n)
{
	return is_type(n, "text/calendar") || is_type(n, "application/ics");
}

bool part_is_text(const struct node *n)
{
	return g_str_has_prefix(n->type, "text/") || report_is(n->type) || part_is_calendar(n) ||
	       is_type(n, "message/feedback-report");
}

/* --- links -------------------------------------------------------------------------- */

static void link_all(struct body_text *out, size_t begin)
{
	size_t at = 0, len = out->text->len - begin;
	struct found_link found;

	while (out->links->len < PART_LINKS_MAX &&
		linkify_next(out->text->str + begin, len, &at, &found)) {
		struct document_span s = { .at = (uint32_t)(begin + found.at),
			.len = (uint32_t)found.len,
			.kind = SPAN_LINK,
			.value = (uint16_t)out->links->len };
		struct document_link *link = g_new0(struct document_link, 1);

		link->target = found.target;
		link->label = g_strndup(out->text->str + s.at, found.len);
		g_strdelimit(link->label, "\n", ' ');
		g_array_append_val(out->spans, s);
		g_ptr_array_add(out->links, link);
	}
}

/* --- kinds of text -------------------------------------------------------------------- */

static void append_html(struct part_how *how, const char *html, size_t all, struct body_text *out)
{
	struct html_how h = { .width = how->width, .text_width = how->text_width };
	struct html_out got = { .text = out->text, .spans = out->spans, .links = out->links };
	size_t len = MIN(all, how->html_budget), begin = out->text->len;

	how->html_budget -= len;
	html_to_text(html, len, &h, &got);
	body_text_span(out, begin, SPAN_FLOWED, 0);
	out->blocked += got.blocked;
	out->wide = out->wide || got.wide;
	if (got.cut || len < all)
		out->notes |= BODY_CUT;
}

static bool looks_like_html(const GString *s)
{
	const char *p = s->str + strspn(s->str, " \t\r\n");

	return g_ascii_strncasecmp(p, "<!doctype html", 14) == 0 ||
	       g_ascii_strncasecmp(p, "<html", 5) == 0;
}

/* Plain text; the uuencoded files in it are parts, and only named here. */
static void append_plain(struct node *n, const GString *text, struct body_text *out)
{
	struct uu_block block;
	size_t from = 0, done = 0;

	for (int i = 0; n->made && i < n->n_children; i++) {
		g_autofree char *name = NULL;

		if (!uuencode_next(text->str, text->len, &from, &block, NULL))
			break;
		if (block.at > done)
			plain_append(out->text, text->str + done, block.at - done);
		done = from;
		name = g_utf8_make_valid(block.name, -1);
		body_text_ours(out, "[");
		body_text_ours(out, _("Attached file"));
		body_text_ours(out, ": ");
		g_string_append(out->text, name);
		body_text_ours(out, "]");
		g_string_append_c(out->text, '\n');
	}
	if (done < text->len)
		plain_append(out->text, text->str + done, text->len - done);
}

/* Source code, patches, tables: blanks count. */
static bool is_laid_out(const struct node *n)
{
	static const char *const words[] = { "text/plain", "text/markdown", "text/enriched",
		"text/richtext", "text/rfc822-headers" };

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (is_type(n, words[i]))
			return false;
	return !part_is_calendar(n) && !report_is(n->type);
}

static bool is_enriched(const struct node *n)
{
	return is_type(n, "text/enriched") || is_type(n, "text/richtext");
}

/* RFC 3676. */
static bool is_flowed(const struct node *n)
{
	return content_param_is(n, "format", "flowed") && !n->made;
}

static void append_rtf(struct part_how *how, const GString *text, struct body_text *out)
{
	g_autoptr(GString) words = g_string_new(NULL);

	if (rtf_read(text->str, text->len, words))
		append_html(how, words->str, words->len, out);
	else
		plain_append(out->text, words->str, words->len);
}

static void append_report(const struct node *n, const GString *text, struct body_text *out)
{
	body_text_ours(out, strstr(n->type, "disposition") ? _("[Reading confirmation]")
							   : _("[Delivery report]"));
	g_string_append_c(out->text, '\n');
	report_append(out->text, text->str, text->len);
}

/* A calendar that cannot be read is shown as it stands, unless other words say the same. */
static void append_calendar(struct part_how *how, struct node *n, const GString *text,
	struct body_text *out)
{
	if (n->attachment && how->cards)
		return;
	if (calendar_card(out, text->str, text->len, content_param(n, "method")))
		how->cards = true;
	else if (n->in != PARENT_ALTERNATIVE && !n->attachment)
		plain_append(out->text, text->str, text->len);
}

/* --- inline PGP (RFC 9580, 6.2 and 7) --------------------------------------------------- */

static bool is_blank(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] > ' ')
			return false;
	return true;
}

static void find_armor(struct node *n, const GString *text)
{
	static const struct {
		const char *begin, *end;
	} forms[] = {
		{ "-----BEGIN PGP SIGNED MESSAGE-----", "-----END PGP SIGNATURE-----" },
		{ "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(forms) && !n->armor; i++) {
		const char *p = strstr(text->str, forms[i].begin);
		const char *end = p ? strstr(p, forms[i].end) : NULL;

		if (!end || (p > text->str && p[-1] != '\n') || end[-1] != '\n')
			continue;
		end += strlen(forms[i].end);
		n->armor = true;
		n->armor_whole = is_blank(text->str, (size_t)(p - text->str)) &&
				 is_blank(end, text->len - (size_t)(end - text->str));
	}
}

void part_text(struct part_how *how, struct node *n, struct body_text *out)
{
	g_autoptr(GString) text = content_text(n, how->max, &out->notes);
	size_t begin = out->text->len;

	if (is_type(n, "text/html") || looks_like_html(text)) {
		append_html(how, text->str, text->len, out);
		return;
	}
	if (is_type(n, "text/rtf") || is_type(n, "application/rtf")) {
		append_rtf(how, text, out);
		return;
	}
	if (part_is_calendar(n))
		append_calendar(how, n, text, out);
	else if (report_is(n->type))
		append_report(n, text, out);
	else if (is_enriched(n))
		enriched_append(out->text, text->str, text->len, is_type(n, "text/richtext"));
	else if (is_flowed(n))
		flowed_append(out->text, text->str, text->len, content_param_is(n, "delsp", "yes"));
	else
		append_plain(n, text, out);
	if (is_laid_out(n))
		body_text_span(out, begin, SPAN_PREFORMATTED, 0);
	else if (is_enriched(n) || is_flowed(n))
		body_text_span(out, begin, SPAN_FLOWED, 0);
	if (is_type(n, "text/plain"))
		find_armor(n, text);
	link_all(out, begin);
}
