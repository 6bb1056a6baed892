#include "mime/report.h"

#include <string.h>

#include "base/i18n.h"
#include "mime/flowed.h"
#include "mime/header.h"
#include "mime/text.h"

enum field {
	FINAL, ORIGINAL, ACTION, STATUS, DIAGNOSTIC, REMOTE, REPORTING, DISPOSITION, N_FIELDS
};

static const char *const names[N_FIELDS] = { "Final-Recipient", "Original-Recipient", "Action",
	"Status", "Diagnostic-Code", "Remote-MTA", "Reporting-MTA", "Disposition" };

/* The fields of one block, decoded; NULL what is missing. */
struct block {
	char *field[N_FIELDS];
};

static void block_clear(struct block *b)
{
	for (int i = 0; i < N_FIELDS; i++)
		g_clear_pointer(&b->field[i], g_free);
}

bool report_is(const char *type)
{
	return strcmp(type, "message/delivery-status") == 0 ||
	       strcmp(type, "message/global-delivery-status") == 0 ||
	       strcmp(type, "message/disposition-notification") == 0 ||
	       strcmp(type, "message/global-disposition-notification") == 0;
}

/* Reads the block that begins at p; returns where the next one may begin. */
static const char *read_block(const char *p, const char *end, struct block *b)
{
	size_t n;
	const char *stop;
	struct header_field f;

	while (p < end && (*p == '\n' || *p == '\r'))
		p++;
	n = header_block_length(p, (size_t)(end - p));
	stop = n > 0 ? p + n : end;
	while (p < stop && header_next(&p, stop, &f))
		for (int i = 0; i < N_FIELDS; i++)
			if (!b->field[i] && header_is(&f, names[i]))
				b->field[i] = mime_decode_text(f.value, f.value_len,
					REPORT_FIELD_MAX);
	return stop;
}

/* "smtp; 550 no" -> "550 no": what stands behind the type. */
static const char *value_of(const char *s)
{
	const char *semicolon = s ? strchr(s, ';') : NULL;
	size_t word = s ? strcspn(s, "; \t") : 0;

	if (!semicolon || s + word + strspn(s + word, " \t") != semicolon)
		return s;
	semicolon++;
	return semicolon + strspn(semicolon, " \t");
}

/* Whom the block is about: without the type and without <>. */
static char *recipient(const struct block *b)
{
	const char *s = value_of(b->field[FINAL] ? b->field[FINAL] : b->field[ORIGINAL]);
	size_t n = s ? strlen(s) : 0;

	if (n >= 2 && *s == '<' && s[n - 1] == '>') {
		s++;
		n -= 2;
	}
	return n > 0 ? g_strndup(s, n) : NULL;
}

static const char *what_happened(const char *action)
{
	static const struct {
		const char *word, *sentence;
	} rows[] = {
		/* %s: a mail address */
		{ "failed", N_("Not delivered to %s") },
		{ "delayed", N_("Not delivered yet to %s") },
		{ "delivered", N_("Delivered to %s") },
		{ "relayed", N_("Passed on for %s, to a system that does not report") },
		{ "expanded", N_("Delivered to the members of %s") },
	};

	for (size_t i = 0; action && i < G_N_ELEMENTS(rows); i++)
		if (g_ascii_strncasecmp(action, rows[i].word, strlen(rows[i].word)) == 0)
			return _(rows[i].sentence);
	return _("About %s");
}

static void append_delivery(GString *out, const struct block *b, const char *who, const char *reporting)
{
	const char *why = value_of(b->field[DIAGNOSTIC]), *host = value_of(b->field[REMOTE]);
	bool good = b->field[ACTION] && (g_ascii_strncasecmp(b->field[ACTION], "fail", 4) != 0 &&
						g_ascii_strncasecmp(b->field[ACTION], "delay", 5) != 0);

	if (!why || !*why)
		why = good ? NULL : b->field[STATUS];
	if (!host || !*host)
		host = value_of(reporting);
	g_string_append_printf(out, what_happened(b->field[ACTION]), who);
	if (why && *why)
		g_string_append_printf(out, ": %s", why);
	if (host && *host)
		g_string_append_printf(out, " (%s)", host);
	g_string_append(out, why && *why ? "\n" : ".\n");
}

static void append_disposition(GString *out, const struct block *b, const char *who)
{
	static const struct {
		const char *word, *sentence;
	} rows[] = {
		/* %s: a mail address */
		{ "displayed", N_("Your message was displayed to %s.") },
		{ "deleted", N_("Your message was deleted by %s; it may not have been read.") },
		{ "dispatched", N_("Your message was passed on by %s.") },
		{ "processed", N_("Your message was handled for %s without being displayed.") },
		{ "denied", N_("%s does not tell whether your message was read.") },
		{ "failed", N_("What became of your message to %s could not be found out.") },
	};
	const char *type = value_of(b->field[DISPOSITION]);

	for (size_t i = 0; type && i < G_N_ELEMENTS(rows); i++)
		if (g_ascii_strncasecmp(type, rows[i].word, strlen(rows[i].word)) == 0) {
			g_string_append_printf(out, _(rows[i].sentence), who);
			g_string_append_c(out, '\n');
			return;
		}
	g_string_append_printf(out, _("About %s"), who);
	g_string_append_printf(out, ": %s\n", type ? type : "");
}

void report_append(GString *out, const char *text, size_t len)
{
	const char *end = text + len, *p = text;
	struct block b = { 0 };
	g_autofree char *reporting = NULL;
	int said = 0;

	while (p < end && said < REPORT_RECIPIENTS_MAX) {
		g_autofree char *who = NULL;

		p = read_block(p, end, &b);
		if (!reporting)
			reporting = g_steal_pointer(&b.field[REPORTING]);
		who = recipient(&b);
		if (who && b.field[DISPOSITION])
			append_disposition(out, &b, who);
		else if (who)
			append_delivery(out, &b, who, reporting);
		said += who != NULL;
		block_clear(&b);
	}
	if (said == 0)
		plain_append(out, text, len);
}
