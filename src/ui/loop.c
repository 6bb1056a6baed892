/*
 * The loop: the only poll of the screen.
 *
 * One turn drains the keys, drains the events, does what is due, draws what is
 * dirty into the canvas and paints the difference once.  It waits for the
 * terminal, the event queue, signals, the output of a program that a message was
 * piped to, and the next timer, and for nothing else.  Only a program that the
 * terminal is lent to stops it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "read/reader.h"
#include "ui/filter.h"
#include "ui/hyperlink.h"
#include "ui/priv.h"
#include "ui/term.h"

enum { KEYS_A_TURN = 64 };

struct loop {
	struct ui *ui;
	struct canvas *canvas;
	int signals;     /* signalfd */
	bool more_keys;  /* curses holds keys that poll does not see */
	bool warm;       /* the reader's child was started, behind the first screen */
};

static int open_signals(void)
{
	static const int ours[] = { SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < G_N_ELEMENTS(ours); i++)
		sigaddset(&set, ours[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void adopt_size(struct loop *l)
{
	int height, width;

	term_resize(&height, &width);
	if (height != l->canvas->height || width != l->canvas->width)
		canvas_resize(l->canvas, height, width);
	l->ui->dirty = true;
}

static void take_signal(struct loop *l, uint32_t sig)
{
	switch (sig) {
	case SIGWINCH:
		adopt_size(l);
		break;
	case SIGTSTP:
		l->ui->want_suspend = true;
		break;
	case SIGCONT:
		l->ui->want_redraw = true;
		break;
	default:
		ui_end(l->ui, UI_QUIT);
	}
}

static void drain_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->signals, &info, sizeof info) == sizeof info)
		take_signal(l, info.ssi_signo);
}

static void drain_keys(struct loop *l)
{
	struct key key;

	l->more_keys = false;
	for (int n = 0; !l->ui->done && term_key(&key); n++) {
		if (key.code == K_RESIZE)
			continue;
		ui_key(l->ui, &key);
		if (n == KEYS_A_TURN) {
			l->more_keys = true;
			return;
		}
	}
}

static void drain_events(struct loop *l)
{
	struct event event;

	for (int n = 0; n < QUEUE_MAX && queue_pop(l->ui->events, &event); n++)
		ui_event(l->ui, &event);
}

/* A program has the terminal to itself until it ends: what it is sent meanwhile is not for us. */
static void lend(struct loop *l)
{
	struct spawn how = { .argv = (const char *const *)l->ui->lent.argv,
		.in = l->ui->lent.in >= 0 ? l->ui->lent.in : STDIN_FILENO, .out = STDOUT_FILENO,
		.errors = STDERR_FILENO, .place = SPAWN_HERE };
	static const struct timespec at_once = { 0 };
	struct err err = { 0 };
	sigset_t typed;
	int status = 0, rc;
	pid_t pid;

	term_leave();
	rc = spawn_start(&how, &pid, &err);
	if (rc == 0)
		spawn_wait_here(pid, &status);
	term_return(l->ui->lent.wait && rc == 0 ? _("Press Enter to go back to tern. ") : NULL);
	sigemptyset(&typed);
	sigaddset(&typed, SIGINT);
	sigaddset(&typed, SIGTSTP);
	while (sigtimedwait(&typed, NULL, &at_once) > 0)
		;
	ui_lend(l->ui, NULL, -1, false);
	adopt_size(l);
	l->ui->stale = true;
	if (rc < 0)
		ui_complain(l->ui, &err);
	else if (spawn_code(status) != 0)
		ui_say(l->ui, _("The program ended with exit status %d"), spawn_code(status));
}

/* What commands asked of the terminal. */
static void serve(struct loop *l)
{
	if (l->ui->want_suspend) {
		l->ui->want_suspend = false;
		term_suspend();
		adopt_size(l);
		l->ui->stale = true;
	}
	if (l->ui->lent.argv)
		lend(l);
	if (l->ui->to_copy)
		term_copy(l->ui->to_copy);
	g_clear_pointer(&l->ui->to_copy, g_free);
	if (l->ui->want_redraw) {
		l->ui->want_redraw = false;
		term_forget();
		adopt_size(l);
	}
}

static void turn(struct loop *l)
{
	int64_t wait = ui_tick(l->ui);
	struct pollfd p[] = { { term_fd(), POLLIN, 0 },
		{ queue_fd(l->ui->events), POLLIN, 0 },
		{ l->signals, POLLIN, 0 },
		{ filter_fd(l->ui), POLLIN, 0 } }; /* ui_tick reads it */

	serve(l);
	if (l->ui->dirty || l->ui->bar_from >= 0) {
		ui_draw(l->ui, l->canvas);
		term_paint(l->canvas);
	}
	if (!l->warm)
		reader_warm(l->ui->reader);
	l->warm = true;
	if (l->more_keys)
		wait = 0;
	if (poll(p, G_N_ELEMENTS(p), (int)CLAMP(wait, -1, 60000)) < 0 && errno != EINTR)
		ui_end(l->ui, UI_QUIT);
	if (p[2].revents)
		drain_signals(l);
	if (p[0].revents || l->more_keys)
		drain_keys(l);
	if (p[0].revents & (POLLHUP | POLLERR | POLLNVAL)) /* the terminal is gone */
		ui_end(l->ui, UI_QUIT);
	if (p[1].revents)
		drain_events(l);
}

int ui_run(const struct ui_start *start, struct err *err)
{
	AUTO(fd_close) int signals = open_signals();
	struct loop l = { .signals = signals };
	int end;

	if (signals < 0)
		return err_set(err, ERR_STORAGE, _("Signals cannot be watched: %s"),
			g_strerror(errno));
	if (term_start(start->config->color, err) < 0)
		return err ? err->code : ERR_USAGE;
	term_hyperlinks(start->config->hyperlinks == HYPERLINKS_YES ||
			(start->config->hyperlinks == HYPERLINKS_AUTO && hyperlink_known(getenv)));
	l.ui = ui_new(start);
	l.canvas = canvas_new(1, 1);
	adopt_size(&l);
	while (!l.ui->done)
		turn(&l);
	end = l.ui->end;
	ui_free(&l.ui);
	canvas_free(&l.canvas);
	term_stop();
	return end;
}
