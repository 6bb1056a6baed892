#include "ui/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "ui/flow.h"
#include "ui/priv.h"

enum {
	SAY_MS = 8000,
	COMPLAIN_MS = 30000,
	COUNT_MS = 1000, /* the queue is counted at most this often */
	LINES_MAX = 4,   /* of a long message */
	NAME_CELLS = 20, /* of a mailbox that is being worked on */
};

void ui_say(struct ui *ui, const char *fmt, ...)
{
	char raw[2 * ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	text_clean_into(raw, -1, ui->status.text, sizeof ui->status.text);
	ui->status.error = false;
	ui->status.about = (account_id){ 0 };
	ui->status.until = clock_mono_ms() + SAY_MS;
	ui->dirty = true;
}

/* Keeps the error: the activity view shows it when it is long gone from here. */
static void remember(struct status *s, const char *text)
{
	if (s->n_told > 0 && strcmp(s->told[0].text, text) == 0) {
		s->told[0].at = clock_unix();
		s->told[0].times++;
		return;
	}
	s->n_told = MIN(s->n_told + 1, TOLD_MAX);
	memmove(&s->told[1], &s->told[0], (s->n_told - 1) * sizeof s->told[0]);
	s->told[0] = (struct told){ .at = clock_unix(), .times = 1 };
	g_strlcpy(s->told[0].text, text, sizeof s->told[0].text);
}

void ui_complain(struct ui *ui, const struct err *err)
{
	if (err->code != ERR_USAGE) /* what was typed wrong matters to nobody later */
		remember(&ui->status, err->text);
	ui_say(ui, "%s", err->text);
	ui->status.error = true;
	ui->status.until = clock_mono_ms() + COMPLAIN_MS;
}

bool status_clear(struct ui *ui)
{
	bool had = ui->status.until != 0;

	ui->status.until = 0;
	ui->dirty |= had;
	return had;
}

int64_t status_tick(struct ui *ui)
{
	int64_t left = ui->status.until - clock_mono_ms();

	if (ui->status.until == 0)
		return -1;
	if (left > 0)
		return left;
	status_clear(ui);
	return -1;
}

static void clock_text(int64_t t, char *out, size_t cap)
{
	time_t when = (time_t)t;
	struct tm tm;

	if (!localtime_r(&when, &tm) || strftime(out, cap, "%H:%M", &tm) == 0)
		g_strlcpy(out, "?", cap);
}

/* The last level of a mailbox's name, cut. */
static char *short_name(const char *name)
{
	const char *slash = strrchr(name, '/');
	bool inbox = g_ascii_strcasecmp(name, "INBOX") == 0; /* RFC 3501 section 5.1 */
	g_autoptr(GString) out = g_string_new(NULL);
	struct text_iter it;
	int width, used = 0;
	uint32_t c;

	if (inbox)
		return g_strdup(mailbox_label_of(ROLE_INBOX, name));
	text_iter_init(&it, slash && slash[1] ? slash + 1 : name, -1);
	while ((c = text_next(&it, &width))) {
		if ((used += width) > NAME_CELLS) {
			g_string_append(out, "…");
			break;
		}
		g_string_append_unichar(out, c);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

/* What is done, to which mailbox, and how far it is. */
static void progress_text(const char *verb, const struct engine_state *s, char *out, size_t cap)
{
	g_autofree char *name = short_name(s->mailbox);
	char done[32], of[32];
	int used = snprintf(out, cap, "%s%s%s", verb, *name ? " " : "", name);
	size_t at = MIN((size_t)used, cap - 1);

	if (s->of > 0)
		snprintf(out + at, cap - at, " %s/%s", number_text(s->done, done),
			number_text(s->of, of));
	else if (s->done > 0)
		snprintf(out + at, cap - at, " %s", number_text(s->done, done));
}

bool state_is_shared(const struct engine_state *s)
{
	return s->stage == STAGE_WAITING && s->error.code == ERR_CONFLICT;
}

bool state_is_trouble(const struct engine_state *s)
{
	return s->error.code != 0 && !state_is_shared(s);
}

static void trouble_text(const struct engine_state *s, char *out, size_t cap)
{
	char since[16] = "", next[16] = "";
	const char *what = s->error.code == ERR_OFFLINE ? _("offline")
			   : s->error.code == ERR_AUTH	? _("sign-in refused")
			   : s->error.code == ERR_TRUST ? _("certificate refused")
			   : s->error.code == 0		? _("waiting")
							: _("failed");

	if (s->last_sync > 0 && s->error.code != 0)
		clock_text(s->last_sync, since, sizeof since);
	if (s->retry_at > 0)
		clock_text(s->retry_at, next, sizeof next);
	if (*since && *next)
		snprintf(out, cap, _("%s since %s, next try %s"), what, since, next);
	else if (*next)
		snprintf(out, cap, _("%s, next try %s"), what, next);
	else if (*since)
		snprintf(out, cap, _("%s since %s"), what, since);
	else
		snprintf(out, cap, "%s", what);
}

void state_text(const struct engine_state *s, char *out, size_t cap)
{
	char at[16];

	out[0] = '\0';
	switch (s->stage) {
	case STAGE_CONNECTING:
		g_strlcpy(out, _("connecting"), cap);
		break;
	case STAGE_DISCOVERING:
		g_strlcpy(out, _("reading mailboxes"), cap);
		break;
	case STAGE_PLANNING:
		progress_text(_("comparing"), s, out, cap);
		break;
	case STAGE_FETCHING:
		progress_text(_("fetching"), s, out, cap);
		break;
	case STAGE_STORING:
		progress_text(_("storing"), s, out, cap);
		break;
	case STAGE_SENDING:
		progress_text(_("sending changes"), s, out, cap);
		break;
	case STAGE_WAITING:
		if (state_is_shared(s))
			g_strlcpy(out, _("another tern fetches mail"), cap);
		else
			trouble_text(s, out, cap);
		break;
	case STAGE_IDLE:
		if (s->error.code != 0) {
			trouble_text(s, out, cap);
		} else if (s->push_live) {
			g_strlcpy(out, s->push_everywhere ? _("live everywhere") : _("live"), cap);
		} else if (s->last_sync > 0) {
			clock_text(s->last_sync, at, sizeof at);
			snprintf(out, cap, _("synced %s"), at);
		}
		break;
	}
}

/* How many changes wait; read again when something moved, but not all the time. */
static int pending(struct ui *ui)
{
	struct status *s = &ui->status;
	int64_t now = clock_mono_ms(), waiting = 0, stuck = 0;
	g_autoptr(GPtrArray) wishes = NULL;
	struct err ignored;

	if (s->pending_at && now - s->pending_at < COUNT_MS)
		return s->pending;
	s->pending_at = MAX(now, 1);
	if (store_queue_counts(ui->store, (account_id){ 0 }, &waiting, &stuck, &ignored) < 0 ||
		store_tree_rows(ui->store, (account_id){ 0 }, &wishes, &ignored) < 0)
		return s->pending;
	for (guint i = 0; i < wishes->len; i++) {
		const struct tree_wish *w = wishes->pdata[i];

		waiting += mutation_is_waiting(w->status);
		stuck += mutation_is_stuck(w->status);
	}
	s->pending = (int)waiting;
	s->stuck = (int)stuck;
	return s->pending;
}

static void add_part(GString *out, const char *part)
{
	if (*part)
		g_string_append_printf(out, "%s%s", out->len ? " · " : "", part);
}

/* Changes that did not happen stand there until the reader saw to them. */
static void add_stuck(struct ui *ui, GString *out)
{
	char keys[KEYS_NAME_MAX], text[160];
	int n = ui->status.stuck;

	if (keymap_keys_of(ui->keymap, ui_view(ui)->ops->context, "activity", keys, sizeof keys))
		snprintf(text, sizeof text,
			ngettext("%d refused, see %s", "%d refused, see %s", (unsigned long)n), n, keys);
	else /* these lines are on the screen */
		snprintf(text, sizeof text, ngettext("%d refused", "%d refused", (unsigned long)n), n);
	add_part(out, text);
}

/* The accounts with trouble, or those without. */
static void add_accounts(struct ui *ui, GString *out, bool trouble)
{
	bool several = ui->config->accounts->len > 1;

	for (guint i = 0; i < ui->config->accounts->len; i++) {
		const struct account *a = ui->config->accounts->pdata[i];
		struct engine_state state = { 0 };
		char text[120], named[200];

		if (!ui->engine->state(ui->engine, a->id, &state) || state_is_trouble(&state) != trouble)
			continue;
		state_text(&state, text, sizeof text);
		snprintf(named, sizeof named, "%s: %s", a->name, text);
		add_part(out, several && *text ? named : text);
	}
}

/* Trouble stands first: the end of a long line is cut. */
static void accounts_text(struct ui *ui, GString *out)
{
	if (!ui->engine)
		return;
	add_accounts(ui, out, true);
	add_accounts(ui, out, false);
}

void status_draw_text(const char *text, enum style style, struct canvas *c, int y)
{
	const struct flow_line *line;
	struct flow flow;
	int n = 0;

	flow_init(&flow, text, c->width);
	while (n < LINES_MAX && n < MAX(c->height / 3, 1) && flow_line(&flow, (size_t)n))
		n++;
	for (int i = 0; i < n; i++) {
		line = flow_line(&flow, (size_t)i);
		canvas_fill(c, y - n + 1 + i, 0, c->width, STYLE_NORMAL);
		if (i == n - 1) /* the rest, which is cut if it must be */
			canvas_put_cut(c, y, 0, c->width, style, flow_text(&flow, line));
		else
			canvas_put_len(c, y - n + 1 + i, 0, c->width, style, flow_text(&flow, line),
				(ssize_t)line->len);
	}
	flow_release(&flow);
}

void status_draw(struct ui *ui, struct canvas *c, int y)
{
	g_autoptr(GString) right = g_string_new(NULL);
	struct status *s = &ui->status;
	int n = ui->config->accounts->len ? pending(ui) : 0, x = c->width, room;
	char count[160];

	if (s->until && text_width(s->text) > c->width) {
		status_draw_text(s->text, s->error ? STYLE_ERROR : STYLE_STATUS, c, y);
		return;
	}
	errand_text(ui, count, sizeof count);
	add_part(right, count);
	carry_text(ui, count, sizeof count);
	add_part(right, count);
	if (s->stuck > 0)
		add_stuck(ui, right);
	if (n > 0) {
		snprintf(count, sizeof count, ngettext("%d waiting", "%d waiting", (unsigned long)n),
			n);
		add_part(right, count);
	}
	accounts_text(ui, right);
	room = s->until ? c->width - text_width(s->text) - 2 : c->width;
	if (right->len && room > 8)
		x = canvas_put_right(c, y, c->width, room, STYLE_STATUS_DIM, right->str) - 1;
	if (s->until)
		canvas_put_cut(c, y, 0, MAX(x, 0), s->error ? STYLE_ERROR : STYLE_STATUS, s->text);
}
