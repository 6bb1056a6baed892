#include "ui/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "base/text.h"
#include "ui/priv.h"

struct filter {
	char *title;
	pid_t pid;
	int out;          /* -1 = closed: by it, or because there was too much */
	GString *text;
	int64_t began;    /* monotonic ms */
	bool cut;
};

static void forget(struct ui *ui)
{
	struct filter *f = ui->filter;

	fd_close(&f->out);
	g_free(f->title);
	g_string_free(f->text, TRUE);
	g_clear_pointer(&ui->filter, g_free);
	ui->dirty = true;
}

int filter_start(struct ui *ui, const char *title, const char *const *argv, int in, struct err *err)
{
	struct spawn how = { .argv = argv, .in = in, .place = SPAWN_GROUP };
	pid_t pid;
	int p[2], rc;

	if (ui->filter)
		return err_set(err, ERR_USAGE, _("A program is still running; Esc ends it"));
	if (pipe2(p, O_CLOEXEC))
		return err_set(err, ERR_STORAGE, _("The program cannot be started: %s."), g_strerror(errno));
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	fcntl(p[0], F_SETPIPE_SZ, FILTER_TURN); /* fewer turns; it is as well if that is not allowed */
	how.out = how.errors = p[1];
	rc = spawn_start(&how, &pid, err);
	close(p[1]);
	if (rc < 0) {
		close(p[0]);
		return rc;
	}
	ui->filter = g_new0(struct filter, 1);
	*ui->filter = (struct filter){ .title = g_strdup(title), .pid = pid, .out = p[0],
		.text = g_string_new(NULL), .began = clock_mono_ms() };
	ui->dirty = true;
	return 0;
}

/* Closes the pipe at its end, at an error, and when there is enough. */
static void take_output(struct filter *f)
{
	char chunk[65536];
	ssize_t n = 1;

	for (size_t got = 0; f->out >= 0 && got < FILTER_TURN; got += (size_t)n) {
		n = read(f->out, chunk, sizeof chunk);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n > 0)
			g_string_append_len(f->text, chunk, MIN(n, (ssize_t)(FILTER_MAX - f->text->len)));
		f->cut = f->text->len >= FILTER_MAX;
		if (n <= 0 || f->cut)
			fd_close(&f->out);
		n = MAX(n, 0);
	}
}

/* Its words, cleaned; NUL bytes do not end them. */
static char *cleaned(struct filter *f)
{
	char *text;

	for (gsize i = 0; i < f->text->len; i++)
		if (f->text->str[i] == '\0')
			f->text->str[i] = '.';
	if (f->cut)
		g_string_append_printf(f->text, "\n\n%s\n", _("[Only the beginning is shown: there was more than 8 MiB.]"));
	text = text_clean(f->text->str, (ssize_t)f->text->len, true);
	return text;
}

static void show(struct ui *ui, int status)
{
	struct filter *f = ui->filter;
	g_autofree char *text = cleaned(f), *title = g_strdup(f->title);
	bool any = f->text->len > 0, cut = f->cut;
	int code = spawn_code(status);

	forget(ui);
	if (any)
		view_text_open(ui, title, text);
	if (code != 0 && !cut)
		ui_say(ui, _("The program ended with exit status %d"), code);
	else if (!any)
		ui_say(ui, _("The program ended well and printed nothing"));
}

int64_t filter_tick(struct ui *ui)
{
	struct filter *f = ui->filter;
	int status = 0;

	if (!f)
		return -1;
	take_output(f);
	if (f->out < 0 && spawn_ended(f->pid, &status)) {
		show(ui, status);
		return -1;
	}
	if (clock_mono_ms() - f->began < FILTER_MS)
		return f->out < 0 ? FILTER_LOOK_MS : f->began + FILTER_MS - clock_mono_ms();
	filter_stop(ui);
	ui_say(ui, _("The program was ended: it ran for more than %d minutes"), FILTER_MS / 60000);
	return -1;
}

int filter_fd(const struct ui *ui)
{
	return ui->filter ? ui->filter->out : -1;
}

bool filter_running(const struct ui *ui)
{
	return ui->filter != NULL;
}

bool filter_stop(struct ui *ui)
{
	int status;

	if (!ui->filter)
		return false;
	spawn_kill(ui->filter->pid, &status);
	forget(ui);
	return true;
}
