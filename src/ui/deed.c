#include "ui/deed.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"
#include "ui/priv.h"

void deed_clear(struct deed *d)
{
	g_free(d->add_keywords);
	g_free(d->remove_keywords);
	*d = (struct deed){ 0 };
}

void targets_clear(struct targets *t)
{
	if (t->places)
		g_array_unref(t->places);
	*t = (struct targets){ 0 };
}

static struct deed copy_of(const struct deed *d)
{
	return (struct deed){ d->kind, d->target, g_strdup(d->add_keywords),
		g_strdup(d->remove_keywords) };
}

static struct want want_of(const struct deed *d)
{
	struct want w = { .verb = MUTATION_FLAGS, .role = ROLE_NONE, .target = d->target,
		.add_keywords = d->add_keywords, .remove_keywords = d->remove_keywords };

	switch (d->kind) {
	case DEED_READ:
	case DEED_TOGGLE_READ:
		w.add = FLAG_SEEN;
		break;
	case DEED_UNREAD:
		w.remove = FLAG_SEEN;
		break;
	case DEED_FLAG:
	case DEED_TOGGLE_FLAG:
		w.add = FLAG_FLAGGED;
		break;
	case DEED_UNFLAG:
		w.remove = FLAG_FLAGGED;
		break;
	case DEED_ARCHIVE:
	case DEED_DELETE:
	case DEED_SPAM:
		w.verb = MUTATION_MOVE;
		w.role = d->kind == DEED_ARCHIVE ? ROLE_ARCHIVE
			 : d->kind == DEED_DELETE ? ROLE_TRASH : ROLE_JUNK;
		break;
	case DEED_MOVE:
		w.verb = MUTATION_MOVE;
		break;
	case DEED_COPY:
		w.verb = MUTATION_COPY;
		break;
	case DEED_FOREVER:
		w.verb = MUTATION_EXPUNGE;
		break;
	case DEED_TAG:
	case DEED_NONE:
		break;
	}
	return w;
}

static bool leaves(const struct deed *d)
{
	return (d->kind >= DEED_ARCHIVE && d->kind <= DEED_MOVE) || d->kind == DEED_FOREVER;
}

/* --- what it is about -------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	int64_t x = ((const location_id *)a)->v, y = ((const location_id *)b)->v;

	return x < y ? -1 : x > y;
}

/* What is on the screen is to change at once: it goes first (store_want). */
static void shown_first(const struct list *l, GArray *places)
{
	g_autoptr(GArray) screen = g_array_new(FALSE, FALSE, sizeof(location_id));
	g_autoptr(GArray) rest = g_array_sized_new(FALSE, FALSE, sizeof(location_id), places->len);
	const struct list_row *r;
	guint at = 0;

	for (int y = 0; y < l->height && (r = list_shown(l, y)); y++)
		g_array_append_val(screen, r->location);
	g_array_sort(screen, by_number);
	for (guint i = 0; i < places->len; i++) {
		location_id id = g_array_index(places, location_id, i);

		if (g_array_binary_search(screen, &id, by_number, NULL))
			g_array_index(places, location_id, at++) = id;
		else
			g_array_append_val(rest, id);
	}
	g_array_set_size(places, at);
	g_array_append_vals(places, rest->data, rest->len);
}

static int gather(struct ui *ui, const struct list_row *row, struct targets *t, struct err *err)
{
	bool in_list = ui_view(ui)->ops->context == IN_LIST;
	struct list_scope scope = list_scope(&ui->list);

	if (in_list && ui->visual) {
		t->marked = true;
		if (store_range(ui->store, &scope, &ui->anchor, &row->key, MARK_RANGE_MAX, t->places, err) < 0)
			return err->code;
	} else if (in_list && ui->count > 0) {
		t->rows = list_take(&ui->list, ui->count, t->places, err);
		return t->rows < 0 ? t->rows : 0;
	} else if (in_list && marks_count(&ui->marks) > 0) {
		t->marked = true;
		g_array_unref(t->places);
		t->places = marks_all(&ui->marks);
	} else {
		t->rows = 1;
		g_array_append_val(t->places, row->location);
		return 0;
	}
	shown_first(&ui->list, t->places);
	return 0;
}

int deed_prepare(struct ui *ui, struct err *err)
{
	const struct list_row *row = ui_row(ui);
	struct targets t = { .places = g_array_new(FALSE, FALSE, sizeof(location_id)) };

	targets_clear(&ui->targets);
	if (!row || gather(ui, row, &t, err) < 0) {
		targets_clear(&t);
		return row ? err->code : err_set(err, ERR_USAGE, _("There is no message here"));
	}
	ui->targets = t;
	row = ui_row(ui); /* the rows may have been read again */
	ui->acted = row->key;
	ui->acted_message = row->message;
	ui->has_acted = true;
	return 0;
}

static int survey(struct ui *ui, struct survey *out, struct err *err)
{
	const GArray *places = ui->targets.places;

	g_assert(places); /* deed_prepare came before */
	if (store_survey(ui->store, (const location_id *)(const void *)places->data, places->len, out,
		    err) < 0)
		return err->code;
	if (out->here->len == 0)
		return err_set(err, ERR_GONE, ngettext("The message is not in the list any more",
						     "The messages are not in the list any more",
						     places->len));
	return 0;
}

/* The account of all of them; 0 = they are of several. */
static account_id account_of(struct ui *ui, const struct survey *v)
{
	account_id found = { 0 };

	for (guint i = 0; i < v->mailboxes->len; i++) {
		mailbox_id id = g_array_index(v->mailboxes, mailbox_id, i);
		const struct mailbox *m = sidebar_mailbox(&ui->sidebar, id);

		if (m && found.v && m->account.v != found.v)
			return (account_id){ 0 };
		if (m)
			found = m->account;
	}
	return found;
}

int deed_account(struct ui *ui, account_id *out, struct err *err)
{
	AUTO(survey_release) struct survey v = { 0 };

	if (survey(ui, &v, err) < 0)
		return err->code;
	*out = account_of(ui, &v);
	if (out->v == 0)
		return err_set(err, ERR_USAGE,
			_("These messages are of several accounts: mark those of one account only"));
	return 0;
}

/* --- may it be? -------------------------------------------------------- */

int deed_writable(const struct ui *ui, account_id id, struct err *err)
{
	const struct account *a = ui_account(ui, id);

	if (a && !a->two_way)
		return err_set(err, ERR_USAGE,
			_("%s is read-only: set two-way = on in its configuration to change mail"),
			a->name);
	return 0;
}

int deed_needs_role(enum mailbox_role role, struct err *err)
{
	return err_set(err, ERR_REFUSED,
		_("This account has no mailbox for \"%s\"; :mailbox-role gives one this use"),
		mailbox_role_name(role));
}

static int writable(struct ui *ui, mailbox_id id, struct err *err)
{
	const struct mailbox *m = sidebar_mailbox(&ui->sidebar, id);

	return m ? deed_writable(ui, m->account, err) : 0;
}

static int allowed(struct ui *ui, const struct want *w, const struct survey *v, struct err *err)
{
	for (guint i = 0; i < v->mailboxes->len; i++) {
		mailbox_id m = g_array_index(v->mailboxes, mailbox_id, i);

		if (writable(ui, m, err) < 0 || store_may(ui->store, w, m, err) < 0)
			return err->code;
	}
	return 0;
}

/* What a command would wish, as far as that is known before it runs. */
static const struct probe {
	const char *command;
	struct want want;
} probes[] = {
	{ "archive", { .verb = MUTATION_MOVE, .role = ROLE_ARCHIVE } },
	{ "delete", { .verb = MUTATION_MOVE, .role = ROLE_TRASH } },
	{ "spam", { .verb = MUTATION_MOVE, .role = ROLE_JUNK } },
	{ "move", { .verb = MUTATION_EXPUNGE, .role = ROLE_NONE } },
	{ "delete-forever", { .verb = MUTATION_EXPUNGE, .role = ROLE_NONE } },
	{ "toggle-read", { .verb = MUTATION_FLAGS, .add = FLAG_SEEN, .role = ROLE_NONE } },
	{ "mark-all-read", { .verb = MUTATION_FLAGS, .add = FLAG_SEEN, .role = ROLE_NONE } },
	{ "toggle-flag", { .verb = MUTATION_FLAGS, .add = FLAG_FLAGGED, .role = ROLE_NONE } },
	{ "tag", { .verb = MUTATION_FLAGS, .add_keywords = "new", .role = ROLE_NONE } },
};

static bool ask_probe(struct ui *ui, const struct probe *p, mailbox_id m, struct err *why)
{
	const struct mailbox *box = sidebar_mailbox(&ui->sidebar, m);

	if (writable(ui, m, why) < 0)
		return false;
	if (box && p->want.verb == MUTATION_MOVE && p->want.role != ROLE_NONE &&
		store_mailbox_with_role(ui->store, box->account, p->want.role).v == 0) {
		deed_needs_role(p->want.role, why);
		return false;
	}
	return store_may(ui->store, &p->want, m, why) >= 0;
}

static mailbox_id mailbox_here(const struct ui *ui)
{
	const struct place *place = sidebar_current(&ui->sidebar);
	const struct list_row *row = ui_row(ui);

	if (row)
		return row->mailbox;
	return place ? place->mailbox : (mailbox_id){ 0 };
}

static const struct probe *probe_of(const char *command)
{
	for (size_t i = 0; i < G_N_ELEMENTS(probes); i++)
		if (strcmp(probes[i].command, command) == 0)
			return &probes[i];
	return NULL;
}

bool deed_possible(struct ui *ui, const char *command, struct err *why)
{
	const struct probe *p = probe_of(command);
	mailbox_id m = mailbox_here(ui);

	return !p || !m.v || ask_probe(ui, p, m, why);
}

bool deed_offered(struct ui *ui, const char *command)
{
	const struct probe *p = probe_of(command);
	mailbox_id m = mailbox_here(ui);
	unsigned bit;
	struct err ignored;

	if (!p || !m.v)
		return true;
	if (ui->offers.mailbox.v != m.v)
		ui->offers = (struct offers){ .mailbox = m };
	bit = 1u << (p - probes);
	if (!(ui->offers.known & bit)) {
		ui->offers.known |= bit;
		if (ask_probe(ui, p, m, &ignored))
			ui->offers.possible |= bit;
	}
	return ui->offers.possible & bit;
}

/* --- doing ------------------------------------------------------------- */

/* Where the cursor goes: to the next row that is still there. */
static void go_on(struct ui *ui, const struct deed *d)
{
	struct view *v = ui_view(ui);
	struct err err = { 0 };

	if (leaves(d) && v->ops->row_left)
		v->ops->row_left(v);
	if (!leaves(d) && v->ops->context == IN_LIST && ui->targets.rows > 0 &&
		list_move(&ui->list, ui->targets.rows, &err) < 0)
		ui_complain(ui, &err);
}

/* After a wish was stored: show it, go on, tell the engine. */
static void settle(struct ui *ui, const struct deed *d, account_id account, int64_t n)
{
	char undo[KEYS_NAME_MAX], what[200], number[32];

	if (ui->targets.marked) {
		marks_clear(&ui->marks);
		ui->visual = false;
	}
	ui->status.pending_at = 0;
	deed_done_words(ui, d, n, what, sizeof what);
	ui_reread(ui);
	go_on(ui, d);
	if (ui->carry.left > 0)
		ui_say(ui, _("On its way: %s messages; Esc Esc stops the rest"), number_text(n, number));
	else if (d->kind == DEED_FOREVER)
		ui_say(ui, "%s", what);
	else
		ui_say(ui, _("%s; %s undoes it"), what, ui_way_to(ui, "undo", undo));
	if (ui->engine)
		ui->engine->push(ui->engine, account);
}

static int wish(struct ui *ui, const struct deed *d, const struct survey *v, struct err *err)
{
	const location_id *l = (const location_id *)(const void *)v->here->data;
	struct want w = want_of(d);
	int n = store_want(ui->store, &w, l, v->here->len, err);

	if (n < 0)
		return n;
	deed_clear(&ui->last);
	ui->last = copy_of(d);
	if (n == 0) {
		ui_say(ui, ngettext("Nothing to do: the message is so already",
				   "Nothing to do: the messages are so already", v->here->len));
		return 0;
	}
	carry_watch(ui, deed_progress_word(d), v->here->len);
	settle(ui, d, account_of(ui, v), n);
	return 0;
}

static void said_yes(struct ui *ui)
{
	AUTO(survey_release) struct survey v = { 0 };
	AUTO(deed_clear) struct deed d = ui->asked;
	struct err err = { 0 };

	ui->asked = (struct deed){ 0 };
	if (survey(ui, &v, &err) < 0 || wish(ui, &d, &v, &err) < 0)
		ui_complain(ui, &err);
}

static void resolve(struct deed *d, const struct survey *v)
{
	if (d->kind == DEED_TOGGLE_READ)
		d->kind = v->unread > 0 ? DEED_READ : DEED_UNREAD;
	else if (d->kind == DEED_TOGGLE_FLAG)
		d->kind = v->unflagged > 0 ? DEED_FLAG : DEED_UNFLAG;
}

int deed_commit(struct ui *ui, const struct deed *d, struct err *err)
{
	AUTO(survey_release) struct survey v = { 0 };
	AUTO(deed_clear) struct deed own = copy_of(d);
	struct want w;
	char question[ERR_TEXT_MAX];

	if (survey(ui, &v, err) < 0)
		return err->code;
	resolve(&own, &v);
	w = want_of(&own);
	if (allowed(ui, &w, &v, err) < 0)
		return err->code;
	if (v.here->len <= DEED_ASKS_ABOVE && own.kind != DEED_FOREVER)
		return wish(ui, &own, &v, err);
	deed_question(ui, &own, &v, question, sizeof question);
	deed_clear(&ui->asked);
	ui->asked = copy_of(&own);
	ask_begin(ui, question, said_yes);
	return 0;
}

int deed_do(struct ui *ui, enum deed_kind kind, struct err *err)
{
	int rc = deed_prepare(ui, err);

	return rc < 0 ? rc : deed_commit(ui, &(struct deed){ .kind = kind }, err);
}
