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

static bool says(const char *value, const char *word)
{
	return value && g_ascii_strncasecmp(value, word, strlen(word)) == 0;
}

static char *what_happened(const char *action, const char *who)
{
	if (says(action, "failed"))
		return g_strdup_printf(_("Not delivered to %s"), who);
	if (says(action, "delayed"))
		return g_strdup_printf(_("Not delivered yet to %s"), who);
	if (says(action, "delivered"))
		return g_strdup_printf(_("Delivered to %s"), who);
	if (says(action, "relayed"))
		return g_strdup_printf(_("Passed on for %s, to a system that does not report"),
			who);
	if (says(action, "expanded"))
		return g_strdup_printf(_("Delivered to the members of %s"), who);
	return g_strdup_printf(_("About %s"), who);
}

static void append_delivery(GString *out, const struct block *b, const char *who,
	const char *reporting)
{
	const char *action = b->field[ACTION], *host = value_of(b->field[REMOTE]);
	const char *why = value_of(b->field[DIAGNOSTIC]);
	g_autofree char *what = what_happened(action, who);

	if ((!why || !*why) && !says(action, "deliver") && !says(action, "relay") &&
		!says(action, "expand"))
		why = b->field[STATUS];
	if (!host || !*host)
		host = value_of(reporting);
	g_string_append(out, what);
	if (why && *why)
		g_string_append_printf(out, ": %s", why);
	if (host && *host)
		g_string_append_printf(out, " (%s)", host);
	g_string_append(out, why && *why ? "\n" : ".\n");
}

static char *what_was_done(const char *type, const char *who)
{
	if (says(type, "displayed"))
		return g_strdup_printf(_("Your message was displayed to %s."), who);
	if (says(type, "deleted"))
		return g_strdup_printf(
			_("Your message was deleted by %s; it may not have been read."), who);
	if (says(type, "dispatched"))
		return g_strdup_printf(_("Your message was passed on by %s."), who);
	if (says(type, "processed"))
		return g_strdup_printf(
			_("Your message was handled for %s without being displayed."), who);
	if (says(type, "denied"))
		return g_strdup_printf(_("%s does not tell whether your message was read."), who);
	if (says(type, "failed"))
		return g_strdup_printf(
			_("What became of your message to %s could not be found out."), who);
	return g_strdup_printf(_("About %s"), who);
}

static void append_disposition(GString *out, const struct block *b, const char *who)
{
	g_autofree char *what = what_was_done(value_of(b->field[DISPOSITION]), who);

	g_string_append_printf(out, "%s\n", what);
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
