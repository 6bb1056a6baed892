#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"

enum { SECRETS_MAX = 64, SECRET_LEAST = 4, DAY_S = 86400 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf */
static _Atomic int threshold = -1; /* lines above it are dropped; -1: the log is closed */
static char *folder;
static int out = -1;                               /* under the lock */
static int64_t out_day;
static char *secrets[SECRETS_MAX];
static size_t n_secrets;

static void day_name(int64_t day, char *name, size_t cap)
{
	time_t t = (time_t)(day * DAY_S);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(name, cap, "tern-%Y-%m-%d.log", &tm);
}

static void remove_old(const char *dir, int64_t today)
{
	char oldest[40];
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return;
	day_name(today - LOG_DAYS, oldest, sizeof oldest);
	while ((e = readdir(d)))
		if (g_str_has_prefix(e->d_name, "tern-") && g_str_has_suffix(e->d_name, ".log") &&
			strcmp(e->d_name, oldest) < 0)
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

/* Opens the file of `day`; the lock is held (or nobody else runs yet). */
static int roll(int64_t day)
{
	g_autofree char *path = NULL;
	char name[40];
	int fd;

	day_name(day, name, sizeof name);
	path = g_build_filename(folder, name, NULL);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	fd_close(&out);
	out = fd;
	out_day = day;
	remove_old(folder, day);
	return 0;
}

int log_open(const char *dir, enum log_level level, struct err *err)
{
	int r;

	if (dir_make_private(dir, err) < 0)
		return err->code;
	pthread_mutex_lock(&lock);
	g_free(folder);
	folder = g_strdup(dir);
	threshold = (int)level;
	r = roll(clock_unix() / DAY_S);
	pthread_mutex_unlock(&lock);
	if (r < 0)
		return err_set(err, ERR_STORAGE, _("The log in %s cannot be written: %s."), dir,
			g_strerror(-r));
	return 0;
}

void log_close(void)
{
	pthread_mutex_lock(&lock);
	threshold = -1;
	fd_close(&out);
	g_clear_pointer(&folder, g_free);
	while (n_secrets > 0)
		g_clear_pointer(&secrets[--n_secrets], g_free);
	pthread_mutex_unlock(&lock);
}

static void redact(char *line)
{
	for (size_t i = 0; i < n_secrets; i++) {
		size_t n = strlen(secrets[i]);

		for (char *p = line; (p = strstr(p, secrets[i])); p += n)
			memset(p, '*', n);
	}
}

void log_event(enum log_level level, const char *event, const char *fields, ...)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	g_autofree char *format = NULL;
	int64_t now = clock_unix();
	json_t *line, *more = NULL;
	char *text;
	va_list ap;

	if ((int)level > threshold)
		return;
	line = json_pack("{s:I, s:s, s:s}", "at", (json_int_t)now, "level", names[level], "event",
		event);
	if (fields) {
		format = g_strdup_printf("{%s}", fields);
		va_start(ap, fields);
		more = json_vpack_ex(NULL, 0, format, ap);
		va_end(ap);
		json_object_update(line, more);
	}
	text = json_dumps(line, JSON_COMPACT);
	pthread_mutex_lock(&lock);
	if (text && out >= 0) {
		redact(text);
		if (now / DAY_S != out_day)
			roll(now / DAY_S);
		dprintf(out, "%s\n", text);
	}
	pthread_mutex_unlock(&lock);
	free(text);
	json_decref(more);
	json_decref(line);
}

/* Keeps a secret once; the oldest makes room. */
static void keep(const char *secret)
{
	if (strlen(secret) < SECRET_LEAST)
		return;
	for (size_t i = 0; i < n_secrets; i++)
		if (strcmp(secrets[i], secret) == 0)
			return;
	if (n_secrets == SECRETS_MAX) {
		g_free(secrets[0]);
		memmove(secrets, secrets + 1, --n_secrets * sizeof *secrets);
	}
	secrets[n_secrets++] = g_strdup(secret);
}

/* As it would stand in a line of JSON, without the quotes; a new string, NULL if it cannot. */
static char *escaped(const char *secret)
{
	json_t *j = json_string_nocheck(secret);
	char *text = json_dumps(j, JSON_ENCODE_ANY);
	char *bare = text && strlen(text) >= 2 ? g_strndup(text + 1, strlen(text) - 2) : NULL;

	free(text);
	json_decref(j);
	return bare;
}

void log_secret(const char *secret)
{
	g_autofree char *inside = escaped(secret);

	pthread_mutex_lock(&lock);
	keep(secret);
	if (inside)
		keep(inside);
	pthread_mutex_unlock(&lock);
}
