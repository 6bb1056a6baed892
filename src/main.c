/*
 * tern: start, wire, stop.
 *
 * The only file that knows every room.  It opens what a command or the screen
 * needs, hands the engine of sync/ to ui/ and cli/, which never meet sync/
 * themselves, and closes everything in the opposite order.
 */
#include "config.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/cancel.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/queue.h"
#include "base/text.h"
#include "cli/cli.h"
#include "config/config.h"
#include "config/mailcap.h"
#include "mime/text.h"
#include "read/reader.h"
#include "store/store.h"
#include "sync/sync.h"
#include "ui/ui.h"

static struct cancel stop; /* set by signals while a command runs */

/* --- the process --------------------------------------------------------- */

/* No core file and no debugger of the same user may see a password. */
static void harden(void)
{
	struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
	umask(077);
	signal(SIGPIPE, SIG_IGN);
}

static void set_locale(void)
{
	setlocale(LC_ALL, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
	bindtextdomain(PACKAGE, LOCALEDIR);
	bind_textdomain_codeset(PACKAGE, "UTF-8");
	textdomain(PACKAGE);
}

static void complain(const char *text)
{
	g_autofree char *clean = text_clean(text, -1, false);

	fprintf(stderr, "tern: %s\n", clean);
}

static int fail(const struct err *err)
{
	complain(err->text);
	return err->code == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

static void on_stop(int signal_number)
{
	(void)signal_number;
	cancel_set(&stop);
}

/* The first signal asks the command to stop, a second one of the same kind ends the program. */
static void catch_stop_signals(void)
{
	struct sigaction ask = { .sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &ask, NULL);
	sigaction(SIGTERM, &ask, NULL);
	sigaction(SIGHUP, &ask, NULL);
}

/* The screen reads these as events; no worker may be interrupted by them. */
static void block_screen_signals(void)
{
	static const int all[] = { SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		sigaddset(&set, all[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* --- what a run is made of ----------------------------------------------- */

struct run {
	const struct places *places;
	struct config *config;
	struct store *store;
	struct queue *events;
	struct sync *sync;
	struct reader *reader;
};

static void run_release(struct run *r)
{
	reader_free(&r->reader);
	sync_free(&r->sync);
	store_close(&r->store);
	queue_free(&r->events);
	config_free(&r->config);
	log_close();
}

static int load_config(struct run *r, struct err *err)
{
	struct err no_log;

	if (config_load(r->places, &r->config, err) < 0)
		return err->code;
	/* a log that cannot be written is no reason to refuse the mail */
	if (log_open(r->places->state, (enum log_level)r->config->log_level, &no_log) < 0)
		g_ptr_array_add(r->config->warnings, g_strdup(no_log.text));
	return 0;
}

static int open_store(struct run *r, enum store_role role, struct err *err)
{
	if (store_open(r->places->data, role, r->events, &r->store, err) < 0)
		return err->code;
	for (guint i = 0; i < r->config->accounts->len; i++) {
		struct account *a = r->config->accounts->pdata[i];

		if (store_account_bind(r->store, a->name, a->type, &a->id, err) < 0 ||
			store_account_read_only(r->store, a->id, !a->two_way, err) < 0)
			return err->code;
	}
	return 0;
}

static void print_warnings(const struct config *c)
{
	for (guint i = 0; i < c->warnings->len; i++)
		complain(c->warnings->pdata[i]);
}

/* terminal: where gpg may ask for a passphrase; NULL where it would write over the screen. */
static void tell_reader(const struct run *r, const char *terminal)
{
	const struct config *c = r->config;
	struct seal_config seals = { .terminal = terminal, .display = mailcap_has_display() };

	if (c) {
		seals.ca_file = c->smime_ca_file;
		seals.key_file = c->smime_key;
		seals.key_command = c->smime_key_password_command;
	}
	reader_seals(r->reader, &seals);
	if (c)
		reader_set_html_filter(r->reader, c->html_filter);
}

/* --- the screen ---------------------------------------------------------- */

/* One run of the screen with one configuration: an enum ui_end, or an error. */
static int screen_once(const struct places *places, struct err *err)
{
	AUTO(run_release) struct run r = { .places = places, .events = queue_new() };
	struct ui_start start = { .places = places };

	if (load_config(&r, err) < 0)
		return err->code;
	print_warnings(r.config);
	if (open_store(&r, STORE_UI, err) < 0)
		return err->code;
	r.sync = sync_new(places, r.config, r.events);
	if (sync_start(r.sync, err) < 0)
		return err->code;
	start.config = r.config;
	start.store = r.store;
	start.events = r.events;
	start.engine = sync_engine(r.sync);
	start.reader = r.reader = reader_new(r.events);
	tell_reader(&r, NULL);
	return ui_run(&start, err);
}

static int screen(const struct places *places)
{
	struct err err = { 0 };
	int end;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		cli_usage(stderr);
		return EXIT_USAGE;
	}
	block_screen_signals();
	mime_init(); /* also takes GLib's log, which must not land in the middle of the screen */
	do
		end = screen_once(places, &err);
	while (end == UI_RELOAD);
	return end < 0 ? fail(&err) : EXIT_DONE;
}

/* --- a command ----------------------------------------------------------- */

static int prepare(struct run *r, unsigned needs, struct err *err)
{
	if (!needs)
		return 0;
	if (load_config(r, err) < 0)
		return err->code;
	if (needs & CLI_NEEDS_STORE && open_store(r, STORE_CLI, err) < 0)
		return err->code;
	if (needs & CLI_NEEDS_ENGINE)
		r->sync = sync_new(r->places, r->config, r->events);
	return 0;
}

static int command(const struct places *places, int argc, char **argv)
{
	AUTO(run_release) struct run r = { .places = places, .events = queue_new() };
	struct cli c = { .places = places, .cancel = &stop };
	int needs = cli_needs(argc, argv);

	cancel_init(&stop);
	catch_stop_signals();
	mime_init();
	if (needs > 0 && prepare(&r, (unsigned)needs, &c.trouble) < 0) {
		if (!(needs & CLI_TOLERANT))
			return fail(&c.trouble);
		if (!r.config)
			r.config = config_empty(c.trouble.text);
	}
	if (r.config && !(needs & CLI_TOLERANT))
		print_warnings(r.config);
	c.config = r.config;
	c.store = r.store;
	c.reader = r.reader = reader_new(NULL);
	tell_reader(&r, isatty(STDIN_FILENO) ? ttyname(STDIN_FILENO) : NULL);
	c.engine = r.sync ? sync_engine(r.sync) : NULL;
	return cli_run(&c, argc, argv);
}

/* Takes what stands before the command; returns how many words that was, -1 for nonsense. */
static int read_options(int argc, char **argv, const char **home, const char **instead)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--home") == 0 && i + 1 < argc)
			*home = argv[++i];
		else if (strncmp(argv[i], "--home=", 7) == 0)
			*home = argv[i] + 7;
		else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			*instead = "help";
		else if (strcmp(argv[i], "--version") == 0)
			*instead = "version";
		else
			return -1;
	}
	return *home && !**home ? -1 : i;
}

int main(int argc, char **argv)
{
	AUTO(places_release) struct places places = { 0 };
	const char *home = NULL, *instead = NULL, *seed;
	int at;

	harden();
	set_locale();
	if (argc > 1 && strcmp(argv[1], READER_CHILD_WORD) == 0)
		reader_child();
	seed = getenv("TERN_RETRY_SEED"); /* makes the jitter of retries repeatable */
	if (seed)
		backoff_seed(strtoull(seed, NULL, 10));
	at = read_options(argc, argv, &home, &instead);
	if (at < 0) {
		cli_usage(stderr);
		return EXIT_USAGE;
	}
	places_init(&places, home);
	if (instead)
		return command(&places, 1, (char *[]){ (char *)instead, NULL });
	if (at >= argc)
		return screen(&places);
	return command(&places, argc - at, argv + at);
}
