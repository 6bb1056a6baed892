/*
 * The screen without a terminal: keys and events in, a canvas out (events.c,
 * frame.c).
 *
 * Nothing here waits, and nothing reads more of the store than a few screens
 * full of rows.  Events only mark what is stale; ui_tick reads it again, at
 * once for the first event and at most every REREAD_MS while they keep coming.
 */
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "ui/priv.h"

enum { COUNT_MAX = 9999 }; /* typed before a command */

static void load_keys(struct ui *ui)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = g_build_filename(ui->places->config, "keys.conf", NULL);

	ui->keymap = keymap_new();
	keymap_add_file(ui->keymap, path, warnings);
	for (guint i = 0; i < warnings->len; i++)
		log_event(LOG_WARN, "ui.keys", "s:s", "text", (char *)warnings->pdata[i]);
	if (warnings->len > 0)
		ui_say(ui, "%s", (char *)warnings->pdata[0]);
	else if (ui->config->warnings && ui->config->warnings->len > 0)
		ui_say(ui, "%s", (char *)ui->config->warnings->pdata[0]);
}

struct ui *ui_new(const struct ui_start *start)
{
	struct ui *ui = g_new0(struct ui, 1);

	ui->places = start->places;
	ui->config = start->config;
	ui->store = start->store;
	ui->events = start->events;
	ui->engine = start->engine;
	ui->reader = start->reader;
	ui->views = g_ptr_array_new_with_free_func(view_free);
	ui->dirty = true;
	ui->bar_from = -1;
	ui->lent.in = -1;
	list_init(&ui->list, ui->store, ui->config->tuning.list_page_limit);
	sidebar_init(&ui->sidebar);
	prompt_init(&ui->prompt);
	marks_init(&ui->marks);
	errands_init(&ui->errands);
	load_keys(ui);
	if (ui->config->accounts->len == 0) {
		view_welcome_open(ui);
	} else {
		view_main_open(ui);
		ui_reread(ui);
	}
	return ui;
}

void ui_free(struct ui **ui)
{
	if (!*ui)
		return;
	g_free((*ui)->asked_url);
	g_free((*ui)->to_copy);
	known_release(&(*ui)->known);
	errands_release(*ui);
	ui_lend(*ui, NULL, -1, false);
	g_ptr_array_unref((*ui)->views);
	keymap_free(&(*ui)->keymap);
	list_release(&(*ui)->list);
	sidebar_release(&(*ui)->sidebar);
	prompt_release(&(*ui)->prompt);
	marks_release(&(*ui)->marks);
	targets_clear(&(*ui)->targets);
	deed_clear(&(*ui)->asked);
	deed_clear(&(*ui)->last);
	ask_release(&(*ui)->ask);
	search_stop(*ui);
	g_clear_pointer(&(*ui)->hints, g_array_unref);
	g_free(*ui);
	*ui = NULL;
}

void ui_end(struct ui *ui, int end)
{
	ui->done = true;
	ui->end = end;
}

const struct account *ui_account(const struct ui *ui, account_id id)
{
	for (guint i = 0; i < ui->config->accounts->len; i++) {
		const struct account *a = ui->config->accounts->pdata[i];

		if (a->id.v == id.v)
			return a;
	}
	return NULL;
}

void ui_lend(struct ui *ui, char **argv, int in, bool wait)
{
	g_clear_pointer(&ui->lent.argv, g_strfreev);
	fd_close(&ui->lent.in);
	ui->lent = (struct lent){ .argv = g_strdupv(argv), .in = in >= 0 ? fcntl(in, F_DUPFD_CLOEXEC, 0) : -1, .wait = wait };
}

/* --- places ------------------------------------------------------------ */

/* Tells the engine which mailboxes are looked at. */
void ui_look(struct ui *ui)
{
	ui->looked_at = clock_mono_ms();
	for (guint i = 0; ui->engine && i < ui->list.mailboxes->len; i++) {
		mailbox_id id = g_array_index(ui->list.mailboxes, mailbox_id, i);
		const struct mailbox *m = sidebar_mailbox(&ui->sidebar, id);

		if (m)
			ui->engine->look(ui->engine, m->account, id);
	}
}

/* Shows these mailboxes from the top. */
static int open_scope(struct ui *ui, const GArray *scope, struct err *err)
{
	int rc = list_open(&ui->list, (const mailbox_id *)(const void *)scope->data, scope->len, err);

	coverage_read(&ui->coverage, ui->store, &ui->sidebar, &ui->list);
	ui_look(ui);
	return rc;
}

int ui_open_place(struct ui *ui, int place, struct err *err)
{
	g_autoptr(GArray) scope = sidebar_scope(&ui->sidebar, place);

	while (ui->views->len > 1)
		view_pop(ui);
	ui->sidebar.current = place;
	ui->has_acted = false;
	search_stop(ui);
	ui_forget_marks(ui); /* what is not seen is not to be acted on */
	ui->dirty = true;
	return open_scope(ui, scope, err);
}

int ui_open_mailbox(struct ui *ui, mailbox_id m, struct err *err)
{
	int place = sidebar_find(&ui->sidebar, m);

	if (place < 0)
		return err_set(err, ERR_GONE, _("This mailbox is not there any more"));
	return ui_open_place(ui, place, err);
}

static bool same_scope(const struct list *l, const GArray *scope)
{
	if (l->mailboxes->len != scope->len)
		return false;
	for (guint i = 0; i < scope->len; i++)
		if (!list_shows(l, g_array_index(scope, mailbox_id, i)))
			return false;
	return true;
}

/* The list follows the sidebar: a new inbox joins, a removed mailbox is left. */
static int follow_sidebar(struct ui *ui, struct err *err)
{
	g_autoptr(GArray) scope = NULL;

	if (!sidebar_current(&ui->sidebar)) {
		ui->sidebar.current = sidebar_start(&ui->sidebar);
		if (ui->sidebar.current < 0)
			return list_open(&ui->list, NULL, 0, err);
	}
	scope = sidebar_scope(&ui->sidebar, ui->sidebar.current);
	if (same_scope(&ui->list, scope))
		return list_refresh(&ui->list, err);
	return open_scope(ui, scope, err);
}

void ui_reread(struct ui *ui)
{
	struct err err = { 0 };

	ui->stale = false;
	ui->offers = (struct offers){ 0 };
	marks_stale(&ui->marks);
	ui->read_at = MAX(clock_mono_ms(), 1);
	ui->dirty = true;
	if (sidebar_read(&ui->sidebar, ui->store, ui->config, &err) < 0 ||
		follow_sidebar(ui, &err) < 0)
		ui_complain(ui, &err);
	coverage_read(&ui->coverage, ui->store, &ui->sidebar, &ui->list);
	for (guint i = 0; i < ui->views->len; i++) {
		struct view *v = ui->views->pdata[i];

		if (v->ops->reread)
			v->ops->reread(v);
	}
}

/* --- marks ------------------------------------------------------------- */

bool ui_forget_marks(struct ui *ui)
{
	bool any = marks_clear(&ui->marks) || ui->visual;

	ui->seen.hits = 0;
	ui->visual = false;
	ui->dirty |= any;
	return any;
}

bool ui_marked(const struct ui *ui, const struct list_row *r)
{
	return marks_has(&ui->marks, r->location) ||
	       (ui->visual && list_between(&ui->list, &ui->anchor, r));
}

/* The marks of rows that are gone go too. */
static int64_t marks_due(struct ui *ui)
{
	guint dropped = 0;
	int64_t wait = marks_tick(&ui->marks, ui->store, &dropped);

	ui->dirty |= dropped > 0;
	return wait;
}

/* --- keys -------------------------------------------------------------- */

void ui_run_line(struct ui *ui, const char *line)
{
	struct err err = { 0 };

	if (command_run(ui, line, &err) < 0)
		ui_complain(ui, &err);
}

static void command_typed(struct ui *ui, const char *text)
{
	if (*text)
		ui_run_line(ui, text);
}

void ui_ask_command(struct ui *ui, const char *initial)
{
	prompt_ask(&ui->prompt, ":", initial, command_complete, command_typed, true);
}

const char *ui_way_to(const struct ui *ui, const char *command, char *out)
{
	return keymap_way_to(ui->keymap, ui_view(ui)->ops->context, command, out);
}

static void say_unbound(struct ui *ui)
{
	struct binding b = { .n = ui->n_keys };
	char name[KEYS_NAME_MAX], help[KEYS_NAME_MAX];

	memcpy(b.keys, ui->keys, sizeof b.keys);
	binding_name(&b, name, sizeof name);
	ui_say(ui, _("%s does nothing here: %s shows the keys"), name, ui_way_to(ui, "help", help));
}

/* One more key of a sequence. */
static void sequence(struct ui *ui, const struct key *k)
{
	unsigned where = ui_view(ui)->ops->context;
	const struct binding *b = NULL;

	ui->keys[ui->n_keys++] = *k;
	ui->keys_at = clock_mono_ms();
	switch (keymap_look_up(ui->keymap, where, ui->keys, ui->n_keys, &b)) {
	case KEYMAP_MORE:
		if (ui->n_keys < KEY_SEQUENCE_MAX)
			return;
		say_unbound(ui);
		break;
	case KEYMAP_FOUND:
		ui->n_keys = 0;
		ui_run_line(ui, b->command);
		ui->count = 0;
		return;
	case KEYMAP_NONE:
		say_unbound(ui);
		break;
	}
	ui->n_keys = 0;
	ui->count = 0;
}

/* Digits before a command say how often, where no key table gives them another meaning. */
static bool count_key(struct ui *ui, const struct key *k)
{
	unsigned where = ui_view(ui)->ops->context;
	const struct binding *b;

	if (k->mods || k->code < (ui->count > 0 ? '0' : '1') || k->code > '9' || ui->n_keys > 0 ||
		!(where & (IN_LIST | IN_READER | IN_HELP | IN_ACTIVITY | IN_HISTORY | IN_PARTS | IN_TEXT |
			     IN_LINKS)) ||
		keymap_look_up(ui->keymap, where, k, 1, &b) != KEYMAP_NONE)
		return false;
	ui->count = MIN(10 * ui->count + (int)(k->code - '0'), COUNT_MAX);
	return true;
}

int ui_count(const struct ui *ui)
{
	return MAX(ui->count, 1);
}

/* True if the key only opens, closes or belongs to pasted text. */
static bool pasted(struct ui *ui, const struct key *k)
{
	struct view *v = ui_view(ui);

	if (k->code == K_PASTE_BEGIN || k->code == K_PASTE_END) {
		ui->pasting = k->code == K_PASTE_BEGIN;
		return true;
	}
	if (!ui->pasting || ui->prompt.active)
		return false;
	if (!v->ops->key || !v->ops->key(v, k))
		ui_say(ui, _("Pasted text is not taken as keys"));
	return true;
}

/*
 * Alt with a key that has no such binding was Esc and the key, typed quickly
 * or held together by the line.
 */
static bool split_alt(struct ui *ui, const struct key *k)
{
	struct key plain = { .code = k->code, .mods = k->mods & ~(unsigned)MOD_ALT };
	const struct binding *b;

	if (!(k->mods & MOD_ALT) ||
		(!ui->prompt.active && ui->n_keys == 0 &&
			keymap_look_up(ui->keymap, ui_view(ui)->ops->context, k, 1, &b) !=
				KEYMAP_NONE))
		return false;
	ui_key(ui, &(struct key){ .code = K_ESC });
	if (!ui->done)
		ui_key(ui, &plain);
	return true;
}

static void take_key(struct ui *ui, const struct key *k)
{
	struct view *v;

	if (pasted(ui, k) || split_alt(ui, k))
		return;
	v = ui_view(ui);
	if (ui->ask.text) {
		ask_key(ui, k);
		return;
	}
	if (ui->prompt.active) {
		prompt_key(ui, k);
		return;
	}
	if ((ui->n_keys > 0 || ui->count > 0) && key_is_cancel(k)) {
		ui->n_keys = 0;
		ui->count = 0;
		return;
	}
	status_clear(ui);
	if (ui->n_keys == 0 && v->ops->key && v->ops->key(v, k))
		return;
	if (count_key(ui, k))
		return;
	sequence(ui, k);
}

/* Every key draws everything, but one that only moved the cursor bar. */
void ui_key(struct ui *ui, const struct key *k)
{
	int earlier = ui->bar_from;
	bool was_dirty = ui->dirty;

	ui->bar_from = -1;
	if (clock_mono_ms() - ui->looked_at >= LOOK_MS)
		ui_look(ui); /* somebody is here (C-25) */
	take_key(ui, k);
	if (ui->bar_from < 0)
		ui->dirty = true;
	else if (earlier >= 0)
		ui->bar_from = earlier;
	ui->dirty |= was_dirty;
}

/* --- time --------------------------------------------------------------- */

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 ? b : b < 0 ? a : MIN(a, b);
}

/* Reads again what events made stale; milliseconds until that is due, -1 = nothing is. */
static int64_t reread_tick(struct ui *ui)
{
	int64_t wait = ui->read_at ? ui->read_at + REREAD_MS - clock_mono_ms() : 0;

	if (!ui->stale || ui->config->accounts->len == 0)
		return -1;
	if (wait > 0)
		return wait;
	ui_reread(ui);
	return -1;
}

/* The list of keys that may follow comes up after a while. */
static int64_t which_key_tick(struct ui *ui)
{
	int64_t wait = ui->keys_at + WHICH_KEY_MS - clock_mono_ms();

	if (ui->n_keys == 0 || wait <= -WHICH_KEY_MS)
		return -1;
	if (wait > 0)
		return wait;
	ui->dirty = true;
	return -1;
}

int64_t ui_tick(struct ui *ui)
{
	struct view *v = ui_view(ui);
	int64_t next = sooner(reread_tick(ui), status_tick(ui));

	events_tell_failed(ui);
	next = sooner(next, which_key_tick(ui));
	next = sooner(next, search_tick(ui));
	next = sooner(next, errand_tick(ui));
	next = sooner(next, seen_tick(ui));
	next = sooner(next, marks_due(ui));
	if (ui->config->accounts->len > 0)
		next = sooner(next, carry_tick(ui));
	if (v->ops->tick)
		next = sooner(next, v->ops->tick(v));
	return next;
}
