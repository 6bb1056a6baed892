#include "ui/term.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/hyperlink.h"
#include "ui/spool.h"

#define PASTE_ON  "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

enum { ESC_DELAY_MS = 25, CODE_PASTE_BEGIN = KEY_MAX + 1, CODE_PASTE_END };

static struct {
	SCREEN *screen;
	struct spool spool;     /* what curses writes to */
	char update[2][40];     /* begin and end of an update that is shown when it is complete; "" */
	WINDOW *input;          /* a pad: reading from it refreshes nothing */
	bool on;                /* the screen is ours */
	bool color;
	bool italic;            /* it has italics */
	bool hyperlinks;
	struct canvas *painted; /* what the terminal shows */
	struct termios before;
	char restore[256];      /* written by the signal handler */
	size_t restore_len;
	bool unread;            /* a key was read too far */
	struct key pushed;
} term;

/* --- giving it back ---------------------------------------------------- */

/* A string of the terminal's description, NULL if it has none. */
static const char *capability(const char *name)
{
	const char *s = tigetstr((char *)name);

	return s == (const char *)-1 ? NULL : s;
}

/* Appends a terminal string without its padding marks "$<...>". */
static void add_restore(const char *name)
{
	const char *s = capability(name);

	if (!s)
		return;
	while (*s && term.restore_len + 1 < sizeof term.restore) {
		const char *end = s[0] == '$' && s[1] == '<' ? strchr(s, '>') : NULL;

		if (end)
			s = end + 1;
		else
			term.restore[term.restore_len++] = *s++;
	}
}

static void prepare_restore(void)
{
	term.restore_len = 0;
	add_restore("sgr0");
	add_restore("rmkx");
	add_restore("cnorm");
	add_restore("rmcup");
	if (term.restore_len + sizeof PASTE_OFF < sizeof term.restore) {
		memcpy(term.restore + term.restore_len, PASTE_OFF, sizeof PASTE_OFF - 1);
		term.restore_len += sizeof PASTE_OFF - 1;
	}
}

/* Only calls that are safe in a signal handler. */
static void on_fatal(int sig)
{
	if (term.on) {
		ssize_t n = write(STDOUT_FILENO, term.restore, term.restore_len);

		(void)n;
		tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
	}
	raise(sig); /* SA_RESETHAND: now with its usual end */
}

static void catch_fatal(void)
{
	static const int fatal[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };
	static char stack[1 << 16];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_handler = on_fatal,
		.sa_flags = (int)(SA_RESETHAND | SA_ONSTACK | SA_NODEFER) };

	sigaltstack(&alternate, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(fatal); i++)
		sigaction(fatal[i], &action, NULL);
}

static void out(const char *s)
{
	fputs(s, term.spool.stream);
	fflush(term.spool.stream);
}

void term_stop(void)
{
	if (!term.on)
		return;
	out(PASTE_OFF);
	endwin();
	term.on = false;
	delwin(term.input);
	delscreen(term.screen);
	spool_close(&term.spool);
	canvas_free(&term.painted);
	term.screen = NULL;
}

/* --- taking it over ---------------------------------------------------- */

static void init_colors(bool color)
{
	term.color = color && has_colors() && start_color() == OK;
	if (!term.color)
		return;
	use_default_colors();
	for (int s = 0; s < STYLE_COUNT_; s++) {
		struct look look = theme_look((enum style)s, COLORS);

		init_extended_pair(s + 1, look.fg, look.bg);
	}
}

static void init_keys(void)
{
	static const struct {
		const char *bytes;
		int code;
	} extra[] = {
		{ "\033[200~", CODE_PASTE_BEGIN }, { "\033[201~", CODE_PASTE_END },
		{ "\033[A", KEY_UP }, { "\033[B", KEY_DOWN }, { "\033[C", KEY_RIGHT },
		{ "\033[D", KEY_LEFT }, { "\033[H", KEY_HOME }, { "\033[F", KEY_END },
		{ "\033[1~", KEY_HOME }, { "\033[4~", KEY_END },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(extra); i++)
		define_key(extra[i].bytes, extra[i].code);
}

static void init_modes(void)
{
	raw();
	noecho();
	nonl();
	curs_set(0);
	leaveok(stdscr, TRUE);
	idlok(stdscr, TRUE);
	typeahead(-1); /* the loop looks at the keys, curses need not */
	term.input = newpad(1, 1);
	keypad(term.input, TRUE);
	nodelay(term.input, TRUE);
	meta(term.input, TRUE);
	set_escdelay(ESC_DELAY_MS);
	init_keys();
	out(PASTE_ON);
}

/* Terminals that can wait until an update is complete tell of it by a capability that tmux made usual
 * (tmux(1), "Sync"): with 1 the update begins, with 2 it ends. */
static void init_updates(void)
{
	const char *sync = capability("Sync");

	for (int i = 0; i < 2; i++)
		g_strlcpy(term.update[i], sync ? tparm((char *)sync, i + 1) : "", sizeof term.update[i]);
}

/* Asks before newterm does, which would only say "no". */
static int check_terminal(struct err *err)
{
	const char *name = getenv("TERM");
	bool places_cursor;
	int known = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE,
			_("The full screen needs a terminal; 'tern --help' lists what works without"));
	if (!name || !*name || setupterm(NULL, STDOUT_FILENO, &known) == ERR)
		return err_set(err, ERR_USAGE,
			_("The terminal '%s' is not known here: set TERM, for instance to xterm-256color"),
			name ? name : "");
	places_cursor = capability("cup") != NULL;
	del_curterm(cur_term);
	if (!places_cursor)
		return err_set(err, ERR_USAGE,
			_("The terminal '%s' cannot place its cursor, which a full screen needs"), name);
	return 0;
}

int term_start(bool color, struct err *err)
{
	static bool registered;
	int rc = check_terminal(err);

	if (rc < 0)
		return rc;
	tcgetattr(STDIN_FILENO, &term.before);
	if (spool_open(&term.spool, STDOUT_FILENO))
		term.screen = newterm(NULL, term.spool.stream, stdin);
	if (!term.screen) {
		spool_close(&term.spool);
		return err_set(err, ERR_USAGE, _("The terminal cannot show a full screen"));
	}
	term.on = true;
	term.italic = capability("sitm") != NULL;
	prepare_restore();
	if (!registered)
		atexit(term_stop);
	registered = true;
	catch_fatal();
	init_colors(color);
	init_modes();
	init_updates();
	term.painted = canvas_new(LINES, COLS);
	return 0;
}

int term_fd(void)
{
	return STDIN_FILENO;
}

/* --- keys -------------------------------------------------------------- */

static uint32_t function_key(int code)
{
	static const struct {
		int code;
		uint32_t key;
	} map[] = {
		{ KEY_UP, K_UP }, { KEY_DOWN, K_DOWN }, { KEY_LEFT, K_LEFT }, { KEY_RIGHT, K_RIGHT },
		{ KEY_HOME, K_HOME }, { KEY_END, K_END }, { KEY_PPAGE, K_PAGE_UP },
		{ KEY_NPAGE, K_PAGE_DOWN }, { KEY_IC, K_INSERT }, { KEY_DC, K_DELETE },
		{ KEY_BACKSPACE, K_BACKSPACE }, { KEY_ENTER, K_ENTER }, { KEY_BTAB, K_BACKTAB },
		{ KEY_RESIZE, K_RESIZE }, { CODE_PASTE_BEGIN, K_PASTE_BEGIN },
		{ CODE_PASTE_END, K_PASTE_END },
	};

	if (code >= KEY_F(1) && code <= KEY_F(12))
		return (uint32_t)(K_F1 + code - KEY_F(1));
	for (size_t i = 0; i < G_N_ELEMENTS(map); i++)
		if (map[i].code == code)
			return map[i].key;
	return K_OTHER;
}

static struct key character(wint_t c)
{
	switch (c) {
	case '\t':
		return (struct key){ .code = K_TAB };
	case '\r':
	case '\n':
		return (struct key){ .code = K_ENTER };
	case 8:
	case 127:
		return (struct key){ .code = K_BACKSPACE };
	case 27:
		return (struct key){ .code = K_ESC };
	default:
		break;
	}
	if (c < 27)
		return (struct key){ .code = c ? c + 'a' - 1 : ' ', .mods = MOD_CTRL };
	if (c < 32)
		return (struct key){ .code = c + 64, .mods = MOD_CTRL };
	return (struct key){ .code = c };
}

static bool read_key(struct key *key)
{
	wint_t c;
	int kind = wget_wch(term.input, &c);

	if (kind == ERR)
		return false;
	*key = kind == KEY_CODE_YES ? (struct key){ .code = function_key((int)c) } : character(c);
	return true;
}

bool term_key(struct key *key)
{
	if (term.unread) {
		term.unread = false;
		*key = term.pushed;
		return true;
	}
	if (!read_key(key))
		return false;
	if (key->code != K_ESC || !read_key(&term.pushed))
		return true;
	if (term.pushed.code < K_UP) { /* Alt with a character comes as ESC and the character */
		*key = term.pushed;
		key->mods |= MOD_ALT;
	} else {
		term.unread = true;
	}
	return true;
}

/* --- painting ---------------------------------------------------------- */

static attr_t attrs_of(unsigned attrs)
{
	return (attrs & LOOK_BOLD ? A_BOLD : 0) | (attrs & LOOK_DIM ? A_DIM : 0) |
	       (attrs & LOOK_REVERSE ? A_REVERSE : 0) | (attrs & LOOK_UNDERLINE ? A_UNDERLINE : 0) |
	       (attrs & LOOK_ITALIC ? A_ITALIC : 0) |
	       (attrs & LOOK_STRIKE ? A_DIM : 0); /* curses knows no such attribute */
}

static int pair_of(unsigned style)
{
	return term.color ? (int)style + 1 : 0;
}

/* What the sender stressed shows on every terminal. */
static attr_t look_of(const struct cell *cell)
{
	struct look look = theme_look((enum style)cell->style, term.color ? COLORS : 0);
	bool no_italic = cell->attrs & LOOK_ITALIC && !term.italic;

	return attrs_of(look.attrs | cell->attrs | (no_italic ? LOOK_UNDERLINE : 0));
}

static void paint_cell(const struct canvas *c, int y, int x)
{
	const struct cell *cell = &c->cells[y * c->width + x];
	wchar_t text[TEXT_MARKS_MAX + 2];
	cchar_t out_cell;
	int n = 0;

	if (cell->width == 0)
		return; /* curses placed both halves with the left one */
	text[n++] = (wchar_t)cell->c;
	/* curses keeps CCHARW_MAX characters in a cell */
	for (unsigned i = 0; i < cell->n_marks && n < CCHARW_MAX; i++)
		text[n++] = (wchar_t)g_array_index(c->marks, uint32_t, cell->marks + i);
	text[n] = 0;
	if (setcchar(&out_cell, text, look_of(cell), (short)pair_of(cell->style), NULL) == OK)
		mvwadd_wch(stdscr, y, x, &out_cell);
}

/* Cells from x on that keep their characters and all change to one style; 0 = not even the first. */
static int restyled(const struct canvas *c, int y, int x)
{
	const struct cell *first = &c->cells[y * c->width + x];
	int n = 0;

	while (x + n < c->width && first[n].style == first->style && first[n].attrs == first->attrs &&
		canvas_same_glyph(c, term.painted, y, x + n) &&
		!canvas_same_cell(c, term.painted, y, x + n))
		n++;
	return n;
}

/* A moved cursor bar changes only the style of two rows: a cheap special case of curses. */
static void paint_row(const struct canvas *c, int y)
{
	for (int x = 0; x < c->width; x++) {
		const struct cell *cell = &c->cells[y * c->width + x];
		int n;

		if (canvas_same_cell(c, term.painted, y, x))
			continue;
		n = restyled(c, y, x);
		if (n > 0) {
			mvwchgat(stdscr, y, x, n, look_of(cell), (short)pair_of(cell->style), NULL);
			x += n - 1;
		} else {
			paint_cell(c, y, x);
		}
	}
}

void term_hyperlinks(bool on)
{
	term.hyperlinks = on;
}

void term_paint(struct canvas *c)
{
	g_autoptr(GString) links = g_string_new(NULL);
	bool cursor = c->cursor_y >= 0, back = isendwin();

	if (c->height != term.painted->height || c->width != term.painted->width)
		canvas_resize(term.painted, c->height, c->width);
	for (int y = c->written_top; y < c->written_end; y++)
		if (!canvas_same_row(c, term.painted, y))
			paint_row(c, y);
	if (term.hyperlinks)
		hyperlink_paint(links, c, term.painted, term.color ? COLORS : 0);
	canvas_copy(term.painted, c);
	canvas_settle(c);
	if (!back) /* else curses sets the terminal's modes first */
		spool_begin(&term.spool);
	if (cursor)
		wmove(stdscr, c->cursor_y, c->cursor_x);
	leaveok(stdscr, !cursor);
	curs_set(cursor);
	wnoutrefresh(stdscr);
	doupdate();
	if (links->len > 0)
		out(links->str);
	spool_end(&term.spool, term.update[0], term.update[1]);
}

void term_forget(void)
{
	werase(stdscr);
	canvas_clear(term.painted);
	clearok(curscr, TRUE);
}

/* In base64, so that nothing of the text can be anything but text. */
void term_copy(const char *text)
{
	size_t len = strlen(text);
	g_autofree char *base64 = NULL, *sequence = NULL;

	if (!term.on || len > TERM_COPY_MAX)
		return;
	base64 = g_base64_encode((const unsigned char *)text, len);
	sequence = g_strconcat("\033]52;c;", base64, "\033\\", NULL);
	out(sequence);
}

void term_resize(int *height, int *width)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
		(size.ws_row != LINES || size.ws_col != COLS)) {
		resizeterm(size.ws_row, size.ws_col);
		canvas_resize(term.painted, size.ws_row, size.ws_col);
		werase(stdscr);
	}
	*height = LINES;
	*width = COLS;
}

void term_leave(void)
{
	out(PASTE_OFF);
	endwin();
	signal(SIGQUIT, SIG_IGN); /* typed at the other program */
}

void term_return(const char *question)
{
	char c = 0;

	signal(SIGTTOU, SIG_IGN); /* a shell may have died with the terminal */
	tcsetpgrp(STDIN_FILENO, getpgrp());
	signal(SIGTTOU, SIG_DFL);
	if (question) {
		tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
		out(question);
		while (c != '\n' && read(STDIN_FILENO, &c, 1) == 1)
			;
	}
	signal(SIGQUIT, SIG_DFL);
	reset_prog_mode();
	tcflush(STDIN_FILENO, TCIFLUSH);
	out(PASTE_ON);
	term_forget();
}

void term_suspend(void)
{
	sigset_t stop, was;

	out(PASTE_OFF);
	endwin();
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	signal(SIGTSTP, SIG_DFL);
	kill(0, SIGTSTP); /* with whatever started us, as the terminal would do */
	pthread_sigmask(SIG_UNBLOCK, &stop, &was);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	reset_prog_mode();
	out(PASTE_ON);
	term_forget();
}
