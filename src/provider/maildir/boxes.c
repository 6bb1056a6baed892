/*
 * Folders as mailboxes: names for people and the usual roles.
 */
#include "provider/maildir/maildir.h"

#include <string.h>

struct report {
	struct maildir *m;
	struct sink *out;
	unsigned roles; /* given so far: the first folder of a kind gets it */
};

/* The characters of one "&...-" run of IMAP's UTF-7 (base64 of UTF-16); false if it is none. */
static bool decode_run(GString *out, const char *s, size_t len)
{
	g_autofree char *b64 = g_strndup(s, len), *padded = NULL;
	g_autofree guchar *raw = NULL;
	g_autofree char *utf8 = NULL;
	gsize n = 0;

	if (len % 4 == 1 || strspn(b64, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789+,") != len)
		return false;
	g_strdelimit(b64, ",", '/');
	padded = g_strdup_printf("%s%.*s", b64, (int)((4 - len % 4) % 4), "==");
	raw = g_base64_decode(padded, &n);
	utf8 = g_convert((const char *)raw, (gssize)(n & ~(gsize)1), "UTF-8", "UTF-16BE", NULL, &n,
		NULL);
	if (!utf8 || strlen(utf8) != n)
		return false;
	g_string_append(out, utf8);
	return true;
}

/* IMAP's UTF-7 if it is well-formed, else the bytes as they are. */
static char *decode_name(const char *s)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const char *all = s;

	while (*s) {
		const char *end = *s == '&' ? strchr(s, '-') : NULL;

		if (*s != '&') {
			g_string_append_c(out, *s++);
		} else if (end && end == s + 1) {
			g_string_append_c(out, '&');
			s = end + 1;
		} else if (end && decode_run(out, s + 1, (size_t)(end - s - 1))) {
			s = end + 1;
		} else {
			return g_utf8_make_valid(all, -1);
		}
	}
	return g_utf8_make_valid(out->str, (gssize)out->len);
}

/* ".Lists.tern" and "Lists/tern" are both "Lists/tern" for people. */
static char *name_of(const struct maildir *m, const char *path)
{
	g_autofree char *flat = g_strdup(*path == '.' ? path + 1 : path);
	g_auto(GStrv) levels = g_strsplit(flat, m->dotted ? "." : "/", 0);

	for (char **l = levels; *l; l++) {
		char *name = decode_name(*l);

		g_strdelimit(name, "/", '_');
		g_free(*l);
		*l = name;
	}
	return g_strjoinv("/", levels);
}

static enum mailbox_role role_of(const char *name)
{
	static const struct {
		const char *name;
		enum mailbox_role role;
	} usual[] = {
		{ "INBOX", ROLE_INBOX },          { "Drafts", ROLE_DRAFTS },
		{ "Draft", ROLE_DRAFTS },         { "Sent", ROLE_SENT },
		{ "Sent Items", ROLE_SENT },      { "Sent Messages", ROLE_SENT },
		{ "Sent Mail", ROLE_SENT },       { "Archive", ROLE_ARCHIVE },
		{ "Archives", ROLE_ARCHIVE },     { "Junk", ROLE_JUNK },
		{ "Junk E-mail", ROLE_JUNK },     { "Spam", ROLE_JUNK },
		{ "Trash", ROLE_TRASH },          { "Deleted Items", ROLE_TRASH },
		{ "Deleted Messages", ROLE_TRASH },
	};

	if (g_ascii_strncasecmp(name, "INBOX/", 6) == 0)
		name += 6;
	for (size_t i = 0; i < G_N_ELEMENTS(usual); i++)
		if (g_ascii_strcasecmp(usual[i].name, name) == 0)
			return usual[i].role;
	return ROLE_NONE;
}

static int report_folder(void *ctx, const char *path, struct err *err)
{
	struct report *r = ctx;
	g_autofree char *name = name_of(r->m, path), *own = g_strdup(path);
	char none[] = "";
	struct mailbox box = { .path = own, .name = name, .delimiter = r->m->dotted ? '.' : '/',
		.role = role_of(name), .attrs = MAILBOX_SUBSCRIBED, .cursor = none };
	int n;

	if (box.role != ROLE_NONE && r->roles & 1u << box.role)
		box.role = ROLE_NONE;
	r->roles |= 1u << box.role;
	n = r->out->mailbox(r->out, &box, err);
	return MIN(n, 0);
}

int maildir_mailboxes(struct provider *p, struct sink *out, struct err *err)
{
	struct report report = { .m = (struct maildir *)p, .out = out };
	int r = tree_check(report.m, err);

	return r < 0 ? r : tree_walk(report.m, report_folder, &report, err);
}
