#include "mime/quote.h"

#include <string.h>

#include <glib.h>

enum {
	ATTRIBUTION_LINES = 4,  /* "On ... wrote:" may be broken into so many */
	HEADERS_LEAST = 3,      /* of different kinds, to be a header block */
	BLANKS_BEHIND = 5,      /* empty lines between an attribution and what was said */
	RULE_LEAST = 5,         /* dashes that are a line across */
	FOOTER_RULE = 30,       /* underscores above the footer of a mailing list */
	KEY_MAX_BYTES = 40,     /* up to its colon */
	DEVICE_WORDS = 4,       /* "Sent from my" so many words */
};

struct line {
	const char *s;
	size_t n;
};

/* --- words ------------------------------------------------------------------ */

static const char *const starters[] = { "On ", "Am ", "Le ", "El ", "Il ", "Em ", "Op ", "Den ", "W dniu ",
	"Dne ", "In article ", "In message ", "Il giorno ", "Le\xc2\xa0", "Am\xc2\xa0", "På ", "Vào ",
	"Pada ", "Dňa ", "Dana ", "Von ", NULL };

/* What somebody did who is quoted.  Other cases than ASCII's are spelt out. */
static const char *const verbs[] = { "wrote", "writes", "schrieb", "schrieben", "écrit", "escribió",
	"ha scritto", "escreveu", "schreef", "skrev", "kirjoitti", "napisał", "napisal", "написал",
	"пишет", "пише", "写道", "寫道", "yazdı", "írta", "のメール", "さんは書きました", "έγραψε", "a scris",
	"viết", "menulis", "작성", NULL };

static const char *const originals[] = { "Original Message", "Original Appointment", "Original-Nachricht",
	"Ursprüngliche Nachricht", "Originalnachricht", "Message d'origine", "Message original",
	"Mensaje original", "Messaggio originale", "Mensagem original", "Oorspronkelijk bericht",
	"Исходное сообщение", "Ursprungligt meddelande", "Originalmeddelande", "Oprindelig meddelelse",
	"Opprinnelig melding", "Alkuperäinen viesti", "Wiadomość oryginalna", "Původní zpráva",
	"Reply message", "原始邮件", "原郵件", NULL };

static const char *const forwards[] = { "Forwarded", "Begin forwarded message", "Weitergeleitete",
	"Message transféré", "Message transmis", "Mensaje reenviado", "Messaggio inoltrato",
	"Mensagem encaminhada", "Doorgestuurd bericht", "Пересылаемое сообщение",
	"Vidarebefordrat", "Videresendt", "Välitetty viesti", "Przekazana wiadomość", "转发邮件", NULL };

static const char *const devices[] = { "Sent from my ", "Sent from Mail for ", "Sent via ",
	"Get Outlook for ", "Von meinem ", "Gesendet von ", "Envoyé de mon ", "Enviado desde mi ",
	"Inviato da ", "Verstuurd vanaf mijn ", "Skickat från min ", "Отправлено с ", NULL };

enum { KEY_FROM = 1, KEY_DATE = 2, KEY_TO = 4, KEY_SUBJECT = 8 };

static const struct {
	const char *word;
	unsigned kind;
} keys[] = {
	{ "From", KEY_FROM }, { "Sent", KEY_DATE }, { "Date", KEY_DATE }, { "To", KEY_TO },
	{ "Cc", KEY_TO }, { "Subject", KEY_SUBJECT }, { "Von", KEY_FROM }, { "Gesendet", KEY_DATE },
	{ "Datum", KEY_DATE }, { "An", KEY_TO }, { "Betreff", KEY_SUBJECT }, { "De", KEY_FROM },
	{ "Envoyé", KEY_DATE }, { "Date ", KEY_DATE }, { "À", KEY_TO }, { "Objet", KEY_SUBJECT },
	{ "Enviado el", KEY_DATE }, { "Enviado", KEY_DATE }, { "Enviada em", KEY_DATE },
	{ "Fecha", KEY_DATE }, { "Data", KEY_DATE }, { "Para", KEY_TO }, { "Asunto", KEY_SUBJECT },
	{ "Assunto", KEY_SUBJECT }, { "Da", KEY_FROM }, { "Inviato", KEY_DATE }, { "A", KEY_TO },
	{ "Oggetto", KEY_SUBJECT }, { "Van", KEY_FROM }, { "Verzonden", KEY_DATE }, { "Aan", KEY_TO },
	{ "Onderwerp", KEY_SUBJECT }, { "Från", KEY_FROM }, { "Skickat", KEY_DATE },
	{ "Till", KEY_TO }, { "Ämne", KEY_SUBJECT }, { "Fra", KEY_FROM }, { "Sendt", KEY_DATE },
	{ "Til", KEY_TO }, { "Emne", KEY_SUBJECT }, { "Lähettäjä", KEY_FROM },
	{ "Lähetetty", KEY_DATE }, { "Vastaanottaja", KEY_TO }, { "Aihe", KEY_SUBJECT },
	{ "Od", KEY_FROM }, { "Wysłano", KEY_DATE }, { "Do", KEY_TO }, { "Temat", KEY_SUBJECT },
	{ "Odesláno", KEY_DATE }, { "Komu", KEY_TO }, { "Předmět", KEY_SUBJECT },
	{ "От", KEY_FROM }, { "Отправлено", KEY_DATE }, { "Дата", KEY_DATE }, { "Кому", KEY_TO },
	{ "Тема", KEY_SUBJECT }, { "发件人", KEY_FROM }, { "发送时间", KEY_DATE }, { "收件人", KEY_TO },
	{ "主题", KEY_SUBJECT }, { "差出人", KEY_FROM }, { "送信日時", KEY_DATE }, { "宛先", KEY_TO },
	{ "件名", KEY_SUBJECT },
};

static bool begins(struct line l, const char *word)
{
	size_t n;

	if (l.n == 0 || g_ascii_tolower(*l.s) != g_ascii_tolower(*word))
		return false;
	n = strlen(word);
	return l.n >= n && g_ascii_strncasecmp(l.s, word, n) == 0;
}

static bool begins_any(struct line l, const char *const *words)
{
	for (; *words; words++)
		if (begins(l, *words))
			return true;
	return false;
}

static bool holds(struct line l, const char *word)
{
	for (; l.n > 0; l.s++, l.n--)
		if (begins(l, word))
			return true;
	return false;
}

static bool holds_any(struct line l, const char *const *words)
{
	for (; *words; words++)
		if (holds(l, *words))
			return true;
	return false;
}

/* --- lines ------------------------------------------------------------------- */

/* The line at *at, which moves behind it; false at the end. */
static bool line_at(const struct quote_scan *q, size_t *at, struct line *out)
{
	const char *end;

	if (*at >= q->len)
		return false;
	out->s = q->text + *at;
	end = memchr(out->s, '\n', q->len - *at);
	out->n = end ? (size_t)(end - out->s) : q->len - *at;
	*at += out->n + (end ? 1 : 0);
	if (out->n > 0 && out->s[out->n - 1] == '\r')
		out->n--;
	return true;
}

/* Without blanks at both ends, and no longer than words are looked for. */
static struct line trimmed(struct line l)
{
	l.n = MIN(l.n, (size_t)QUOTE_LINE_MAX);
	while (l.n > 0 && (*l.s == ' ' || *l.s == '\t'))
		l.s++, l.n--;
	while (l.n > 0 && (l.s[l.n - 1] == ' ' || l.s[l.n - 1] == '\t'))
		l.n--;
	return l;
}

static bool is_blank(struct line l)
{
	for (size_t i = 0; i < l.n; i++)
		if (l.s[i] != ' ' && l.s[i] != '\t')
			return false;
	return true;
}

/* Counts the quote marks at the start; *len = bytes of marks and the blank behind them. */
static int quote_depth(struct line l, size_t *len)
{
	int depth = 0;
	size_t i = 0;

	*len = 0;
	while (i < l.n && depth < QUOTE_LEVEL_MAX) {
		if (l.s[i] == '>')
			*len = i + 1, depth++;
		else if (l.s[i] != ' ' || (i > 0 && l.s[i - 1] == ' '))
			break;
		i++;
	}
	if (depth > 0 && *len < l.n && l.s[*len] == ' ')
		(*len)++;
	return depth;
}

/* Dashes or the like at the start. */
static size_t dashes(struct line l)
{
	size_t n = 0;

	while (n < l.n && (l.s[n] == '-' || l.s[n] == '_'))
		n++;
	return n;
}

/* Without the dashes in front: "---- On ... wrote ----". */
static struct line undashed(struct line l)
{
	size_t n;

	l = trimmed(l);
	n = dashes(l);
	return trimmed((struct line){ l.s + n, l.n - n });
}

static bool is_rule(struct line l)
{
	l = trimmed(l);
	return l.n >= RULE_LEAST && dashes(l) == l.n;
}

/* --- header blocks ------------------------------------------------------------ */

/* "From: ...", also "*From:* ..."; what it tells, 0 = it is no header. */
static unsigned key_kind(struct line l)
{
	l = trimmed(l);
	while (l.n > 0 && *l.s == '*')
		l.s++, l.n--;
	if (!memchr(l.s, ':', MIN(l.n, (size_t)KEY_MAX_BYTES)) &&
		!memmem(l.s, MIN(l.n, (size_t)KEY_MAX_BYTES), "：", 3))
		return 0;
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		size_t n = strlen(keys[i].word);

		if (l.n > n && begins(l, keys[i].word) &&
			(l.s[n] == ':' || (l.s[n] == ' ' && l.n > n + 1 && l.s[n + 1] == ':') ||
				(l.n >= n + 3 && memcmp(l.s + n, "：", 3) == 0)))
			return keys[i].kind;
	}
	return 0;
}

/* How many lines of headers stand at `at`; 0 = they are too few to be what a program wrote. */
static int header_block(const struct quote_scan *q, size_t at)
{
	struct line l;
	unsigned seen = 0;
	int lines = 0, n = 0, kinds = 0;

	while (n < QUOTE_AHEAD_MAX && line_at(q, &at, &l) && !is_blank(l)) {
		unsigned kind = key_kind(l);

		if (n == 0 && !kind)
			return 0;
		n++;
		if (!kind)
			continue; /* the second line of a long list */
		seen |= kind;
		lines = n;
	}
	for (unsigned bit = 1; bit <= KEY_SUBJECT; bit <<= 1)
		kinds += (seen & bit) != 0;
	return kinds >= HEADERS_LEAST && (seen & KEY_FROM) ? lines : 0;
}

/* Moves behind empty lines; how many there were, -1 = the text ends. */
static int skip_blank(const struct quote_scan *q, size_t *at)
{
	struct line l;
	int n = 0;

	for (size_t next = *at; line_at(q, &next, &l); *at = next) {
		if (!is_blank(l) || n == BLANKS_BEHIND)
			return n;
		n++;
	}
	return -1;
}

/* --- attributions -------------------------------------------------------------- */

/* "-----Original Message-----", or a line across, with the headers that follow it; lines, 0 = no. */
static int separator(const struct quote_scan *q, size_t at)
{
	struct line l = { 0 };
	bool named;
	int blanks, block;
	size_t n;

	if (!line_at(q, &at, &l))
		return 0;
	l = trimmed(l);
	n = dashes(l);
	if (n == 0)
		return header_block(q, (size_t)(l.s - q->text));
	l.s += n;
	l.n -= n;
	l = trimmed(l);
	named = n >= 2 && begins_any(l, originals);
	if (!named && (n < RULE_LEAST || l.n > 0))
		return 0;
	blanks = skip_blank(q, &at);
	block = blanks < 0 ? 0 : header_block(q, at);
	return block > 0 ? 1 + blanks + block : named ? 1 : 0;
}

static bool ends_in_colon(struct line l)
{
	l = trimmed(l);
	while (l.n > 0 && l.s[l.n - 1] == '-') /* "---- On ... wrote ----" */
		l.n--;
	l = trimmed(l);
	return l.n > 0 && (l.s[l.n - 1] == ':' || (l.n >= 3 && memcmp(l.s + l.n - 3, "：", 3) == 0));
}

static bool has_digit(struct line l)
{
	for (size_t i = 0; i < l.n; i++)
		if (g_ascii_isdigit(l.s[i]))
			return true;
	return false;
}

/* "On Monday, 3 April, Ana <ana@...> wrote:", in up to four lines; how many, 0 = no.  *sure: it begins
 * as programs begin it. */
static int said(const struct quote_scan *q, size_t at, bool *sure)
{
	struct line l = { 0 }, all = { 0 };
	int n = 0;

	while (n < ATTRIBUTION_LINES && line_at(q, &at, &l) && !is_blank(l) && *l.s != '>') {
		if (n++ == 0) {
			all = undashed(l);
			*sure = begins_any(all, starters) || (all.n > 0 && g_ascii_isdigit(*all.s));
		} else if (!*sure) {
			return 0;
		}
		all.n = MIN((size_t)(l.s + l.n - all.s), (size_t)QUOTE_LINE_MAX);
		if (!ends_in_colon(l))
			continue;
		*sure = *sure && has_digit(all);
		if (!holds_any(all, verbs)) /* "3.5.2024, Ana <ana@...>:" is one above a quotation */
			return has_digit(all) && holds(all, "@") && skip_blank(q, &at) >= 0 &&
					       q->text[at] == '>'
				       ? n
				       : 0;
		return *sure || holds(all, "@") ? n : 0;
	}
	return 0;
}

/* Is what stands at `at` without quote marks? */
static bool bare(const struct quote_scan *q, size_t at)
{
	return skip_blank(q, &at) >= 0 && q->text[at] != '>';
}

static size_t behind(const struct quote_scan *q, size_t at, int lines)
{
	struct line l;

	while (lines-- > 0 && line_at(q, &at, &l))
		;
	return at;
}

/* Begins an attribution at `at` if there is one. */
static bool attribution(struct quote_scan *q, size_t at)
{
	bool sure = false;
	int n = said(q, at, &sure), headers = n ? 0 : separator(q, at);

	if (n + headers == 0)
		return false;
	if (headers && (!q->own || q->forward)) /* what was sent on is no quotation */
		return false;
	q->attribution = n + headers;
	q->tail = q->own && (headers > 0 || sure) && bare(q, behind(q, at, n + headers));
	return true;
}

/* --- signatures ----------------------------------------------------------------- */

static int words_in(struct line l)
{
	int n = 0;

	for (size_t i = 0; i < l.n; i++) {
		if (l.s[i] == ',' || l.s[i] == '.')
			return DEVICE_WORDS + 1; /* a sentence */
		n += l.s[i] != ' ' && (i == 0 || l.s[i - 1] == ' ');
	}
	return n;
}

static bool by_device(struct line l)
{
	l = trimmed(l);
	for (size_t i = 0; devices[i]; i++) {
		struct line rest = { l.s + strlen(devices[i]), l.n - strlen(devices[i]) };

		if (begins(l, devices[i]))
			return words_in(rest) <= DEVICE_WORDS;
	}
	return false;
}

/* The line across above "riak-users mailing list" and its addresses. */
static bool is_footer(const struct quote_scan *q, struct line l)
{
	size_t at = (size_t)(l.s - q->text);
	struct line next = { 0 };

	if (!is_rule(l) || trimmed(l).n < FOOTER_RULE)
		return false;
	return line_at(q, &at, &l) && line_at(q, &at, &next) && holds(trimmed(next), "mailing list");
}

/* "-- " (RFC 3676, 4.3), also without its blank, or with more of them. */
static bool is_dashes(struct line l)
{
	return l.n >= 2 && memcmp(l.s, "--", 2) == 0 && is_blank((struct line){ l.s + 2, l.n - 2 });
}

static bool begins_signature(const struct quote_scan *q, struct line l)
{
	return is_dashes(l) || by_device(l) || is_footer(q, l);
}

/* --- the scan --------------------------------------------------------------------- */

void quote_begin(struct quote_scan *q, const char *text, size_t len)
{
	*q = (struct quote_scan){ .text = text, .len = len };
}

static bool is_forward(struct line l)
{
	return begins_any(undashed(l), forwards);
}

/* A line without quote marks, at `at`. */
static enum quote_kind plain_kind(struct quote_scan *q, size_t at, struct line l)
{
	if (q->attribution == 0 && q->below)
		return QUOTE_QUOTED;
	if (q->attribution == 0 && !is_blank(l) && attribution(q, at))
		q->signature = false;
	if (q->attribution > 0) {
		q->attribution--;
		q->below = q->attribution == 0 && q->tail;
		return QUOTE_ATTRIBUTION;
	}
	if (is_blank(l))
		return q->signature ? QUOTE_SIGNATURE : QUOTE_OWN;
	q->forward |= is_forward(l);
	q->signature = q->signature || begins_signature(q, l);
	q->own |= !q->signature;
	return q->signature ? QUOTE_SIGNATURE : QUOTE_OWN;
}

bool quote_next(struct quote_scan *q, struct quote_line *out)
{
	size_t at = q->at;
	struct line l;

	if (!line_at(q, &q->at, &l))
		return false;
	*out = (struct quote_line){ .text = l.s, .len = l.n };
	out->level = quote_depth(l, &out->prefix);
	if (out->level > 0) {
		out->kind = QUOTE_QUOTED;
		out->level = MIN(out->level + q->below, QUOTE_LEVEL_MAX);
		q->signature = q->signature && q->below;
		q->attribution = 0;
		return true;
	}
	out->kind = plain_kind(q, at, l);
	out->level = out->kind == QUOTE_QUOTED;
	return true;
}
