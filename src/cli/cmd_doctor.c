/*
 * What could be wrong, as rows of (what, in order or not, detail, next step).
 * Safe to paste: accounts have numbers in place of names, and the home folder,
 * hosts and user names are taken out of every sentence.
 */
#include "config.h"

#include <dlfcn.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnu/libc-version.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/command.h"
#include "read/jail.h"
#include "read/reader.h"
#include "store/cache.h"

enum { CACHE_FAILED_MANY = 100 };

struct report {
	const struct cli *c;
	bool json;
	int bad;
};

/* Takes every occurrence of a private word out of *text. */
static void hide(char **text, const char *word, const char *instead)
{
	GString *s;

	if (!word || strlen(word) < 2)
		return;
	s = g_string_new(*text);
	g_string_replace(s, word, instead, 0);
	g_free(*text);
	*text = g_string_free(s, FALSE);
}

static char *hide_all(const struct cli *c, const char *raw)
{
	char *text = g_strdup(raw);

	for (guint i = 0; i < c->config->accounts->len; i++) {
		const struct account *a = c->config->accounts->pdata[i];

		hide(&text, a->user, "(user)");
		hide(&text, a->host, "(host)");
		hide(&text, a->password_command, "(command)");
		hide(&text, a->path, "(path)");
	}
	hide(&text, g_get_home_dir(), "~");
	hide(&text, g_get_user_name(), "(me)");
	return text;
}

static void line(struct report *r, const char *what, bool ok, const char *detail, const char *next)
{
	g_autofree char *safe = hide_all(r->c, detail);
	g_autofree char *clean = text_clean(safe, -1, false);

	r->bad += !ok;
	if (r->json) {
		out_json(json_pack("{s:o, s:b, s:o, s:o}", "check", json_text(what), "ok", ok,
			"detail", json_text(clean), "next", json_text(ok ? NULL : next)));
		return;
	}
	printf("%-4s %-16s %s\n", ok ? _("ok") : _("BAD"), what, clean);
	if (!ok && next)
		printf("%-4s %-16s -> %s\n", "", "", next);
}

/* --- libraries ----------------------------------------------------------- */

/* Asked by name, so that this room needs the headers of none of them. */
static void library(struct report *r, const char *what, const char *symbol)
{
	const char *(*version)(int) = NULL;
	void *found = dlsym(RTLD_DEFAULT, symbol);

	if (!found)
		return;
	memcpy(&version, &found, sizeof version);
	line(r, what, true, version(0), NULL);
}

static void libraries(struct report *r)
{
	g_autofree char *glib = g_strdup_printf("%u.%u.%u", glib_major_version, glib_minor_version,
		glib_micro_version);

	line(r, "tern", true, PACKAGE_VERSION, NULL);
	line(r, "libc", true, gnu_get_libc_version(), NULL);
	line(r, "glib", true, glib, NULL);
	library(r, "sqlite", "sqlite3_libversion");
	library(r, "openssl", "OpenSSL_version");
	library(r, "ncurses", "curses_version");
	line(r, "jansson", true, jansson_version_str(), NULL);
}

/* --- places -------------------------------------------------------------- */

static void folder(struct report *r, const char *what, const char *path)
{
	g_autofree char *detail = NULL;
	struct stat st;
	bool ok = true;

	if (stat(path, &st)) {
		detail = g_strdup_printf(_("%s is not there yet"), path);
	} else {
		ok = S_ISDIR(st.st_mode) && (st.st_mode & 077) == 0 && st.st_uid == getuid() &&
			access(path, W_OK) == 0;
		detail = g_strdup_printf("%s, %04o", path, (unsigned)(st.st_mode & 07777));
	}
	line(r, what, ok, detail, _("The folder must be yours alone: chmod 700 makes it so."));
}

static void space(struct report *r)
{
	int64_t bytes = file_free_bytes(r->c->places->data, NULL);
	g_autofree char *size = g_format_size(bytes < 0 ? 0 : (guint64)bytes);
	g_autofree char *detail = g_strdup_printf(_("%s free for the store"), size);

	if (bytes >= 0)
		line(r, "disk", bytes > 64 << 20, detail, _("Make room on the disk."));
}

static void configuration(struct report *r)
{
	const GPtrArray *w = r->c->config->warnings;
	g_autofree char *n = g_strdup_printf("%u", r->c->config->accounts->len);

	for (guint i = 0; i < w->len; i++)
		line(r, "configuration", false, w->pdata[i], _("tern.conf(5) describes the files."));
	line(r, "accounts", r->c->config->accounts->len > 0, n,
		_("`tern account add` adds one, `tern demo` shows tern with invented mail."));
}

/* --- store, terminal, accounts ------------------------------------------- */

static void store(struct report *r)
{
	struct err err = { 0 };

	if (!r->c->store) {
		line(r, "store", false, *r->c->trouble.text ? r->c->trouble.text : _("not opened"),
			_("Nothing that concerns the store can be looked at before that."));
		return;
	}
	if (store_check(r->c->store, &err) < 0)
		line(r, "store", false, err.text, _("Keep a copy of the data folder before anything else."));
	else
		line(r, "store", true,
			store_was_unclean(r->c->store) ? _("sound; the last process did not close it")
						       : _("sound"),
			NULL);
}

static void queue(struct report *r)
{
	g_autofree char *detail = NULL;
	int64_t waiting = 0, stuck = 0;
	struct err err = { 0 };

	if (!r->c->store)
		return;
	if (store_queue_counts(r->c->store, (account_id){ 0 }, &waiting, &stuck, &err) < 0) {
		line(r, "queue", false, err.text, NULL);
		return;
	}
	detail = g_strdup_printf(_("%d waiting, %d failed or in conflict"), (int)waiting, (int)stuck);
	line(r, "queue", stuck == 0, detail, _("`tern queue` shows the server's answers."));
}

static void cache(struct report *r)
{
	g_autofree char *detail = NULL, *used = NULL, *most = NULL;
	struct cache_report sum;
	struct err err = { 0 };

	if (!r->c->store)
		return;
	if (store_cache_report(r->c->store, (account_id){ 0 }, 0, &sum, &err) < 0) {
		line(r, "cache", false, err.text, NULL);
		return;
	}
	used = g_format_size_full((guint64)sum.bytes, G_FORMAT_SIZE_IEC_UNITS);
	most = g_format_size_full((guint64)sum.hard, G_FORMAT_SIZE_IEC_UNITS);
	detail = g_strdup_printf(_("%s in use, cap %s, %d messages here, %d could not be fetched"), used,
		sum.hard ? most : "-", (int)sum.cached, (int)sum.failed);
	line(r, "cache", (!sum.hard || sum.bytes <= sum.hard) && sum.failed <= CACHE_FAILED_MANY, detail,
		_("`tern cache` shows more; what is over the cap goes with the daily job."));
	cache_report_release(&sum);
}

/* A mail of one line goes the whole way. */
static void reading(struct report *r)
{
	static const char mail[] = "Subject: x\n\nx\n";
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct reader_question q = { .fd = memfd_create("mail", MFD_CLOEXEC), .part = -1, .out = -1 };
	int landlock = jail_landlock();
	g_autofree char *detail = landlock
		? g_strdup_printf(_("in a process that can do nothing else (seccomp, Landlock %d)"),
			landlock)
		: g_strdup(_("in a process that can do nothing else (seccomp; no Landlock here)"));
	struct err err = { 0 };

	if (q.fd < 0 || fd_write_all(q.fd, mail, sizeof mail - 1) < 0 ||
		reader_read(r->c->reader, &q, r->c->cancel, &a, &err) < 0)
		line(r, "reading", false, err.text, _("Mails can still be saved."));
	else
		line(r, "reading", true, detail, NULL);
}

static void terminal(struct report *r)
{
	const char *term = getenv("TERM"), *codeset = nl_langinfo(CODESET);
	g_autofree char *detail = g_strdup_printf("TERM=%s, %s, %s", term ? term : "", codeset,
		isatty(STDIN_FILENO) && isatty(STDERR_FILENO) ? _("a terminal") : _("no terminal"));
	bool ok = term && *term && strcmp(term, "dumb") != 0 && strcmp(codeset, "UTF-8") == 0;

	line(r, "terminal", ok || !isatty(STDIN_FILENO), detail,
		_("The screen needs TERM and a UTF-8 locale, such as LANG=C.UTF-8."));
}

static const struct {
	enum err_code code;
	const char *next;
} next_steps[] = {
	{ ERR_AUTH, N_("Run the password command by hand; its first line must be the password.") },
	{ ERR_OFFLINE, N_("Check host, port and network; tern tries again by itself.") },
	{ ERR_TRUST, N_("The server's certificate is not trusted: check host and ca-file.") },
	{ ERR_RETRY, N_("The server asked to wait; tern tries again by itself.") },
	{ ERR_STORAGE, N_("Check the disk and the rights of the data folder.") },
	{ ERR_PROTOCOL, N_("The server spoke in a way tern does not know: please report it.") },
	{ ERR_UNSUPPORTED, N_("The server cannot do what tern needs.") },
};

static const char *next_step(enum err_code code)
{
	for (size_t i = 0; i < G_N_ELEMENTS(next_steps); i++)
		if (next_steps[i].code == code)
			return _(next_steps[i].next);
	return _("`tern account check` tries again and says more.");
}

/* What is known of the account's server, as rows of the report. */
struct server {
	struct report *report;
	const char *account;
};

static void server_line(void *ctx, const char *label, const char *words)
{
	const struct server *s = ctx;
	g_autofree char *detail = g_strdup_printf("%s: %s", label, words);

	line(s->report, s->account, true, detail, NULL);
}

static void server(struct report *r, const struct account_row *a, const char *what)
{
	struct server s = { r, what };
	g_autofree char *memory = NULL;
	struct err err = { 0 };

	if (!r->c->engine)
		return;
	if (store_account_memory(r->c->store, a->id, &memory, &err) < 0)
		line(r, what, false, err.text, NULL);
	else
		r->c->engine->explain(a->type, memory, server_line, &s);
}

/* The jobs of the account (account 0: of the program) whose last run failed. */
static void jobs(struct report *r, account_id id, const char *what)
{
	g_autoptr(GArray) rows = NULL;
	struct err err = { 0 };

	if (store_jobs(r->c->store, id, &rows, &err) < 0) {
		line(r, what, false, err.text, NULL);
		return;
	}
	for (guint i = 0; i < rows->len; i++) {
		const struct job_row *j = &g_array_index(rows, struct job_row, i);
		g_autofree char *detail = NULL;

		if (j->account.v != id.v || !j->result.code)
			continue;
		detail = g_strdup_printf(_("job %s, failed in %d of %d runs: %s"), j->name,
			(int)j->failures, (int)j->runs, j->result.text);
		line(r, what, false, detail, next_step(j->result.code));
	}
}

static void accounts(struct report *r)
{
	g_autoptr(GArray) rows = NULL;
	struct err err = { 0 };

	if (!r->c->store || store_accounts(r->c->store, &rows, &err) < 0)
		return;
	for (guint i = 0; i < rows->len; i++) {
		const struct account_row *a = &g_array_index(rows, struct account_row, i);
		g_autofree char *what = g_strdup_printf("account %u", i + 1);
		g_autofree char *when = a->last_sync ? time_text(a->last_sync) : NULL;
		g_autofree char *detail = g_strdup_printf("%s, %s %s%s%s", a->type, _("last pass"),
			when ? when : _("never"), a->error.code ? ": " : "", a->error.text);

		line(r, what, a->error.code == 0, detail, next_step(a->error.code));
		server(r, a, what);
		jobs(r, a->id, what);
	}
	jobs(r, (account_id){ 0 }, "jobs");
}

int cmd_doctor(struct cli *c, const struct args *a)
{
	struct report r = { .c = c, .json = a->json };

	libraries(&r);
	folder(&r, "config folder", c->places->config);
	folder(&r, "data folder", c->places->data);
	folder(&r, "state folder", c->places->state);
	space(&r);
	configuration(&r);
	terminal(&r);
	reading(&r);
	store(&r);
	accounts(&r);
	queue(&r);
	cache(&r);
	return r.bad ? EXIT_FAILED : EXIT_DONE;
}
