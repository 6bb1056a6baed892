#include "cli/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "mime/text.h"

enum { DAY = 86400, HEADERS_MAX = 1 << 20 };

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
	"Oct", "Nov", "Dec" };
static const char *const weekdays[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

/* --- dates --------------------------------------------------------------- */

/* The end of a "From " line: "Fri Oct 17 12:00:02 2025", in UTC; 0 if it is something else. */
static int64_t from_line_date(const char *line)
{
	struct tm tm = { 0 };
	char month[4];
	size_t n = strlen(line);

	while (n && strchr("\r\n", line[n - 1]))
		n--;
	if (n < 24 || sscanf(line + n - 24, "%*3s %3s %2d %2d:%2d:%2d %4d", month, &tm.tm_mday,
			      &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &tm.tm_year) != 6)
		return 0;
	for (tm.tm_mon = 0; tm.tm_mon < 12; tm.tm_mon++)
		if (strcmp(months[tm.tm_mon], month) == 0)
			break;
	tm.tm_year -= 1900;
	return tm.tm_mon < 12 ? timegm(&tm) : 0;
}

/* "+0530" at the end of a date, in seconds. */
static int zone_of(const char *value, const char **zone)
{
	const char *p = strrchr(value, '+'), *minus = strrchr(value, '-');
	int hhmm;

	if (!p || (minus && minus > p))
		p = minus;
	*zone = "+0000";
	if (!p || sscanf(p + 1, "%4d", &hhmm) != 1)
		return 0;
	*zone = p;
	return (*p == '-' ? -1 : 1) * ((hhmm / 100) * 3600 + (hhmm % 100) * 60);
}

/* The value of a Date header moved by so many days, in its own time zone; NULL if it cannot be read. */
static char *move_date(const char *value, int64_t days)
{
	int64_t at = mime_parse_date(value, strlen(value));
	const char *zone;
	time_t local = (time_t)(at + days * DAY + zone_of(value, &zone));
	struct tm tm;

	if (!at || !gmtime_r(&local, &tm))
		return NULL;
	return g_strdup_printf("%s, %02d %s %04d %02d:%02d:%02d %.5s", weekdays[tm.tm_wday],
		tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
		zone);
}

/* --- the tree ------------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool folder_is_good(const char *name)
{
	return *name && *name != '/' && !strstr(name, "//") && !g_str_has_suffix(name, "/") &&
		!name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_ /")];
}

/* The Maildir of a folder below root: Maildir++ writes Lists/sailing as .Lists.sailing. */
static char *maildir_of(const char *root, const char *folder)
{
	g_autofree char *leaf = NULL;

	if (!folder_is_good(folder) || g_ascii_strcasecmp(folder, "INBOX") == 0)
		return g_strdup(root);
	leaf = g_strdup_printf(".%s", folder);
	g_strdelimit(leaf + 1, "/", '.');
	return g_build_filename(root, leaf, NULL);
}

static int make_maildir(const char *dir, struct err *err)
{
	static const char *const parts[] = { "cur", "new", "tmp" };

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = g_build_filename(dir, parts[i], NULL);

		if (dir_make_private(path, err) < 0)
			return err->code;
	}
	return 0;
}

/* --- one message --------------------------------------------------------- */

struct unpack {
	FILE *in;
	const char *root;
	char *line;
	size_t cap;
	ssize_t len;        /* of the line; < 0 at the end */
	int64_t days;       /* to move dates by */
	int messages;
};

struct letter {
	GString *head;      /* the headers that stay */
	char *folder, *status;
	int64_t at;
};

static void letter_release(struct letter *l)
{
	g_string_free(l->head, TRUE);
	g_free(l->folder);
	g_free(l->status);
}

static void unpack_release(struct unpack *u)
{
	free(u->line);
	if (u->in)
		fclose(u->in);
}

static void next_line(struct unpack *u)
{
	u->len = getline(&u->line, &u->cap, u->in);
}

/* The value of the line if it is that header, else NULL. */
static const char *value_of(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(line, name, n) == 0 && line[n] == ':' ? line + n + 1 + strspn(line + n + 1, " ")
								 : NULL;
}

static void add_header(struct letter *l, const struct unpack *u)
{
	const char *date = value_of(u->line, "Date"), *value;
	g_autofree char *moved = date ? move_date(g_strchomp(u->line + (date - u->line)), u->days)
				      : NULL;

	if (moved) {
		g_string_append_printf(l->head, "Date: %s\n", moved);
	} else if (date) {
		g_string_append_printf(l->head, "Date: %s\n", date);
	} else if ((value = value_of(u->line, "X-Tern-Folder"))) {
		g_free(l->folder);
		l->folder = g_strstrip(g_strdup(value));
	} else if ((value = value_of(u->line, "Status")) || (value = value_of(u->line, "X-Status"))) {
		char *both = g_strconcat(l->status, value, NULL);

		g_free(l->status);
		l->status = both;
	} else {
		g_string_append_len(l->head, u->line, u->len);
	}
}

static bool is_from_line(const struct unpack *u)
{
	return u->len >= 0 && strncmp(u->line, "From ", 5) == 0;
}

static bool is_blank(const struct unpack *u)
{
	return u->line[0] == '\n' || strcmp(u->line, "\r\n") == 0;
}

static int read_headers(struct unpack *u, struct letter *l, struct err *err)
{
	for (next_line(u); u->len >= 0 && !is_blank(u) && !is_from_line(u); next_line(u)) {
		add_header(l, u);
		if (l->head->len > HEADERS_MAX)
			return err_set(err, ERR_LIMIT, _("A message has over 1 MiB of headers."));
	}
	return 0;
}

/* The text up to the next "From " line; the blank line before that is not part of it, and one '>'
 * comes off lines that look like ">From ". */
static bool copy_text(struct unpack *u, FILE *out)
{
	bool blank = false;

	if (u->len < 0 || is_from_line(u))
		return !ferror(out);
	fputs("\n", out);
	for (next_line(u); u->len >= 0 && !is_from_line(u); next_line(u)) {
		size_t quoted = strspn(u->line, ">");
		size_t skip = quoted && strncmp(u->line + quoted, "From ", 5) == 0;

		if (blank)
			putc('\n', out);
		blank = is_blank(u);
		if (!blank)
			fwrite(u->line + skip, 1, (size_t)u->len - skip, out);
	}
	return !ferror(out);
}

/* Status and X-Status to the letters of a Maildir name, which stand in ASCII order. */
static void maildir_flags(const char *status, char out[8])
{
	static const char from[] = "TFARD", to[] = "DFRST"; /* T: draft, D: deleted */
	size_t n = 0;

	for (const char *flag = "DFRST"; *flag; flag++)
		for (size_t i = 0; from[i]; i++)
			if (to[i] == *flag && strchr(status, from[i]))
				out[n++] = *flag;
	out[n] = '\0';
}

static int write_letter(struct unpack *u, const struct letter *l, struct err *err)
{
	g_autofree char *dir = maildir_of(u->root, l->folder), *path = NULL;
	struct timespec times[2] = { { .tv_sec = (time_t)l->at }, { .tv_sec = (time_t)l->at } };
	char flags[8];
	FILE *out;
	bool well;

	if (make_maildir(dir, err) < 0)
		return err->code;
	maildir_flags(l->status, flags);
	path = g_strdup_printf("%s/cur/%" G_GINT64_FORMAT ".M%06dP1.demo:2,%s", dir, l->at, u->messages,
		flags);
	out = fopen(path, "wxe");
	if (!out)
		return err_set(err, ERR_STORAGE, _("%s cannot be written: %s."), path,
			g_strerror(errno));
	fwrite(l->head->str, 1, l->head->len, out);
	well = copy_text(u, out);
	if (fclose(out) || !well || utimensat(AT_FDCWD, path, times, 0))
		return err_set(err, ERR_STORAGE, _("%s cannot be written: %s."), path,
			g_strerror(errno));
	u->messages++;
	return 0;
}

/* Stands at a "From " line; afterwards at the next one or at the end. */
static int unpack_letter(struct unpack *u, struct err *err)
{
	AUTO(letter_release) struct letter l = { .head = g_string_new(NULL),
		.folder = g_strdup("INBOX"), .status = g_strdup("") };
	int64_t at = from_line_date(u->line);

	l.at = at ? at + u->days * DAY : 1;
	if (read_headers(u, &l, err) < 0)
		return err->code;
	return write_letter(u, &l, err);
}

/* --- the whole ----------------------------------------------------------- */

/* Days from the newest message to the last 24 hours. */
static int64_t days_to(struct unpack *u, int64_t now)
{
	int64_t newest = 0;

	for (next_line(u); u->len >= 0; next_line(u))
		if (is_from_line(u))
			newest = MAX(newest, from_line_date(u->line));
	rewind(u->in);
	return newest && newest < now ? (now - newest) / DAY : 0;
}

static int unpack_all(struct unpack *u, struct err *err)
{
	if (make_maildir(u->root, err) < 0)
		return err->code;
	for (next_line(u); u->len >= 0;) {
		if (!is_from_line(u))
			return err_set(err, ERR_USAGE, _("This is not an mbox file."));
		if (unpack_letter(u, err) < 0)
			return err->code;
	}
	return u->messages;
}

int demo_unpack(const char *mbox, const char *dir, int64_t now, struct err *err)
{
	g_autofree char *part = g_strdup_printf("%s.part", dir);
	AUTO(unpack_release) struct unpack u = { .in = fopen(mbox, "re"), .root = part };

	if (!u.in)
		return err_set(err, ERR_GONE, _("%s cannot be read: %s."), mbox, g_strerror(errno));
	u.days = days_to(&u, now);
	remove_tree(part);
	if (unpack_all(&u, err) < 0) {
		remove_tree(part);
		return err->code;
	}
	if (rename(part, dir))
		return err_set(err, ERR_STORAGE, _("%s cannot be written: %s."), dir,
			g_strerror(errno));
	return u.messages;
}
