#include "read/htmlfilter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "base/text.h"

enum {
	CHUNK = 64 * 1024,
	REAP_MS = 5,     /* has it ended? asked this often once it has closed its output */
	USUAL_WIDTH = 80,
};

/* A command that runs. */
struct work {
	pid_t pid;
	int out;         /* what it prints */
	int64_t end;     /* monotonic ms */
	GString *text;
};

static void work_release(struct work *w)
{
	fd_close(&w->out);
	g_string_free(w->text, TRUE);
}

static int begin(struct work *w, const char *command, int width, int in, struct err *err)
{
	char columns[32];
	const char *const argv[] = { "env", columns, "sh", "-c", command, NULL };
	struct spawn how = { .argv = argv, .in = in, .errors = -1, .place = SPAWN_GROUP };
	int p[2], r;

	snprintf(columns, sizeof columns, "COLUMNS=%d", width > 0 ? width : USUAL_WIDTH);
	if (pipe2(p, O_CLOEXEC))
		return err_set(err, ERR_STORAGE, _("it cannot be started: %s"), g_strerror(errno));
	how.out = p[1];
	r = spawn_start(&how, &w->pid, err);
	close(p[1]);
	w->out = p[0];
	w->end = clock_mono_ms() + HTMLFILTER_MS;
	return r;
}

/* Reads to the end of its output, or until there is enough: 1.  ERR_CANCELED, ERR_RETRY (too late). */
static int drain(struct work *w, const struct cancel *cancel)
{
	g_autofree char *chunk = g_malloc(CHUNK);

	while (w->text->len < HTMLFILTER_BYTES_MAX) {
		int64_t left = w->end - clock_mono_ms();
		int ready = cancel_poll(cancel, w->out, POLLIN, left > 0 ? (int)left : 0);
		ssize_t n;

		if (ready <= 0)
			return ready < 0 ? ERR_CANCELED : ERR_RETRY;
		n = read(w->out, chunk, MIN((size_t)CHUNK, HTMLFILTER_BYTES_MAX - w->text->len));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		g_string_append_len(w->text, chunk, n);
	}
	return 1;
}

/* Waits for the end of what has closed its output. */
static int await_end(const struct work *w, const struct cancel *cancel, int *status)
{
	while (!spawn_ended(w->pid, status)) {
		if (cancel_poll(cancel, -1, 0, REAP_MS) < 0)
			return ERR_CANCELED;
		if (clock_mono_ms() >= w->end)
			return ERR_RETRY;
	}
	return 0;
}

/* 0 = it has ended by itself, 1 = there was enough, < 0 = it had to be ended. */
static int finish(struct work *w, const struct cancel *cancel, int *code)
{
	int status = 0;
	int r = drain(w, cancel);

	if (r == 0)
		r = await_end(w, cancel, &status);
	if (r != 0)
		spawn_kill(w->pid, &status);
	*code = r == 0 ? spawn_code(status) : 0;
	return r;
}

/* Its words, cleaned; NUL bytes do not end them. */
static char *cleaned(GString *text, bool cut)
{
	g_autofree char *clean = NULL;

	for (gsize i = 0; i < text->len; i++)
		if (text->str[i] == '\0')
			text->str[i] = ' ';
	if (cut)
		g_string_append_printf(text, "\n\n%s\n", _("[Only the beginning is shown: there was more than 8 MiB.]"));
	clean = text_clean(text->str, (ssize_t)text->len, true);
	g_strchomp(clean);
	return *clean ? g_strconcat(clean, "\n", NULL) : NULL;
}

int htmlfilter_run(const char *command, int width, int in, const struct cancel *cancel,
	char **text_out, struct err *err)
{
	AUTO(work_release) struct work w = { .out = -1, .text = g_string_new(NULL) };
	char *text;
	int r, code;

	if (lseek(in, 0, SEEK_SET) < 0 || begin(&w, command, width, in, err) < 0)
		return err_set(err, ERR_STORAGE, _("it cannot be started"));
	r = finish(&w, cancel, &code);
	if (r == ERR_CANCELED)
		return err_set(err, ERR_CANCELED, _("Stopped."));
	if (r == ERR_RETRY)
		return err_set(err, ERR_RETRY, _("it took more than %d seconds and was ended"),
			HTMLFILTER_MS / 1000);
	if (code != 0)
		return err_set(err, ERR_UNSUPPORTED, _("it ended with exit status %d"), code);
	text = cleaned(w.text, r == 1);
	if (!text)
		return err_set(err, ERR_UNSUPPORTED, _("it printed nothing"));
	*text_out = text;
	return 0;
}

/* --- the document ------------------------------------------------------------------- */

const struct document_span *htmlfilter_span(const struct document *d)
{
	for (guint i = 0; i < d->spans->len; i++) {
		const struct document_span *s = &g_array_index(d->spans, struct document_span, i);
		const struct document_part *p;

		if (s->kind != SPAN_PART || s->value >= d->parts->len)
			continue;
		p = d->parts->pdata[s->value];
		if (strcmp(p->type, "text/html") == 0)
			return s;
	}
	return NULL;
}

/* What is left of a span when `old` is replaced by `len` bytes; false = nothing. */
static bool move_span(struct document_span *s, const struct document_span *old, uint32_t len)
{
	uint32_t end = old->at + old->len;

	if (s->at >= end)
		s->at = s->at - old->len + len;
	else if (s->at <= old->at && s->at + s->len >= end && (s->len > old->len || s->kind == SPAN_PART))
		s->len = s->len - old->len + len;
	else
		return s->at + s->len <= old->at;
	return true;
}

void htmlfilter_replace(struct document *d, const struct document_span *of, const char *text)
{
	struct document_span old = *of;
	g_autofree char *before = g_strndup(d->text, old.at);
	char *all = g_strconcat(before, text, d->text + old.at + old.len, NULL);
	GArray *spans = g_array_new(FALSE, FALSE, sizeof(struct document_span));
	uint32_t len = (uint32_t)strlen(text);

	for (guint i = 0; i < d->spans->len; i++) {
		struct document_span s = g_array_index(d->spans, struct document_span, i);

		if (move_span(&s, &old, len))
			g_array_append_val(spans, s);
	}
	g_array_unref(d->spans);
	d->spans = spans;
	g_free(d->text);
	d->text = all;
	d->wide = true; /* the command was told the width */
}

void htmlfilter_failed(struct document *d, const struct err *why)
{
	g_autofree char *old = d->note, *cause = g_strdup(why->text), *note = NULL;

	if (g_str_has_suffix(cause, ".")) /* the words of others are sentences */
		cause[strlen(cause) - 1] = '\0';
	note = g_strdup_printf(
		_("Your html-filter did not work: %s.  Shown by tern itself; try the command in a shell."),
		cause);

	d->note = old ? g_strconcat(old, "  ", note, NULL) : TAKE(note);
}
