/*
 * Link hints: letters over every link that is on the screen.
 *
 * Lies over the reader and takes all keys: letters choose the link that bears
 * them, digits the link of that number in the message.  What is on the screen
 * is found in the cells that the reader drew, which know where they lead; keys
 * that were typed before the letters were seen choose nothing.
 */
#include <string.h>

#include "base/i18n.h"
#include "mime/document.h"
#include "ui/link.h"
#include "ui/linkhint.h"
#include "ui/priv.h"
#include "ui/reading.h"

enum { NUMBER_MAX = 100000 };

struct spot {
	char *target;
	bool differs;
	int y, x;
};

struct hints_view {
	struct view base;
	bool copy;         /* instead of opening */
	GArray *spots;     /* of struct spot, as drawn last; NULL = not yet */
	char typed[LINKHINT_LETTERS + 1];
	int number;        /* typed so far, 0 = none */
};

/* --- what is on the screen ------------------------------------------------ */

static void spot_clear(void *p)
{
	g_free(((struct spot *)p)->target);
}

/* Of several links to one place the worst counts; a link that is unknown is odd. */
static bool target_differs(const struct document *doc, const char *target)
{
	bool found = false, differs = false;

	for (guint i = 0; doc && i < doc->links->len; i++) {
		const struct document_link *l = doc->links->pdata[i];

		if (strcmp(l->target, target) != 0)
			continue;
		found = true;
		differs |= l->differs;
	}
	return differs || !found;
}

static bool seen(const GArray *links, unsigned link)
{
	for (guint i = links->len; i-- > 0;)
		if (g_array_index(links, unsigned, i) == link)
			return true;
	return false;
}

/* A link that goes on in the next line is one link. */
static void gather(struct hints_view *v, const struct canvas *c, const struct area *a)
{
	const struct document *doc = reading_document(v->base.ui);
	g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(unsigned));

	g_clear_pointer(&v->spots, g_array_unref);
	v->spots = g_array_new(FALSE, FALSE, sizeof(struct spot));
	g_array_set_clear_func(v->spots, spot_clear);
	for (int y = a->y; y < a->y + a->h; y++)
		for (int x = a->x; x < a->x + a->w; x++) {
			const char *target = canvas_target(c, y, x);
			unsigned link = c->cells[y * c->width + x].link;

			if (!target || seen(links, link) || v->spots->len >= LINKHINT_MAX)
				continue;
			g_array_append_val(links, link);
			g_array_append_val(v->spots, ((struct spot){ g_strdup(target),
							       target_differs(doc, target), y, x }));
		}
}

static void draw(struct view *base, struct canvas *c, const struct area *a)
{
	struct hints_view *v = (struct hints_view *)base;
	size_t typed = strlen(v->typed);

	gather(v, c, a);
	for (guint i = 0; i < v->spots->len; i++) {
		const struct spot *p = &g_array_index(v->spots, struct spot, i);
		char label[LINKHINT_LETTERS + 1];

		linkhint_label(i, v->spots->len, label);
		if (strncmp(label, v->typed, typed) == 0)
			canvas_put(c, p->y, p->x, a->x + a->w - p->x, STYLE_LINK_HINT, label + typed);
	}
}

/* --- keys ----------------------------------------------------------------- */

/* Closes the hints, then does it: the view is gone behind this. */
static void choose(struct hints_view *v, const char *target, bool differs)
{
	struct ui *ui = v->base.ui;
	g_autofree char *own = g_strdup(target);
	bool copy = v->copy;
	struct err err = { 0 };

	view_pop(ui);
	if ((copy ? link_copy(ui, own, &err) : link_open(ui, own, differs, &err)) < 0)
		ui_complain(ui, &err);
}

static void choose_number(struct hints_view *v)
{
	const struct document *doc = reading_document(v->base.ui);
	const struct document_link *l;
	int n = v->number;

	v->number = 0;
	if (!doc || n < 1 || n > (int)doc->links->len) {
		ui_say(v->base.ui, _("There is no link %d in this message"), n);
		return;
	}
	l = doc->links->pdata[n - 1];
	choose(v, l->target, l->differs);
}

/* One digit more; it is enough as soon as no longer number is there. */
static void digit(struct hints_view *v, int d)
{
	const struct document *doc = reading_document(v->base.ui);

	v->number = MIN(v->number * 10 + d, NUMBER_MAX);
	if (v->number > 0 && (!doc || v->number * 10 > (int)doc->links->len))
		choose_number(v);
}

static void letter(struct hints_view *v, char c)
{
	size_t n = strlen(v->typed);
	bool begins = false;

	v->typed[n] = c;
	v->typed[n + 1] = '\0';
	for (guint i = 0; v->spots && i < v->spots->len; i++) {
		const struct spot *p = &g_array_index(v->spots, struct spot, i);
		char label[LINKHINT_LETTERS + 1];

		linkhint_label(i, v->spots->len, label);
		if (strcmp(label, v->typed) == 0) {
			choose(v, p->target, p->differs);
			return;
		}
		begins |= strncmp(label, v->typed, n + 1) == 0;
	}
	if (!begins) {
		v->typed[n] = '\0';
		ui_say(v->base.ui, _("No link has this letter; Esc leaves"));
	}
}

static int key(struct view *base, const struct key *k)
{
	struct hints_view *v = (struct hints_view *)base;
	struct ui *ui = base->ui;

	if (key_is_cancel(k))
		view_pop(ui);
	else if (k->code == K_ENTER && v->number > 0)
		choose_number(v);
	else if (k->code == K_ENTER) {
		view_pop(ui);
		ui_run_line(ui, "links");
	} else if (k->code == K_BACKSPACE) {
		v->typed[0] = '\0';
		v->number = 0;
	} else if (k->mods == 0 && k->code >= '0' && k->code <= '9' && !ui->pasting)
		digit(v, (int)(k->code - '0'));
	else if (k->mods == 0 && k->code >= 'a' && k->code <= 'z' && v->spots && !ui->pasting)
		letter(v, (char)k->code);
	return 1;
}

static void title(struct view *base, GString *left, GString *right)
{
	const struct hints_view *v = (const struct hints_view *)base;

	g_string_append(left, v->copy ? _("Copy which link?") : _("Open which link?"));
	if (v->number > 0)
		g_string_append_printf(right, "[%d…", v->number);
}

static const char *hint(struct view *base)
{
	const struct hints_view *v = (const struct hints_view *)base;

	if (v->spots && v->spots->len == 0)
		return _("No link on the screen: Enter lists all, a number opens one, Esc back");
	return _("Enter lists all, Esc back, or type the letters or the number of a link");
}

static void close_view(struct view *base)
{
	g_clear_pointer(&((struct hints_view *)base)->spots, g_array_unref);
}

static const struct view_ops ops = {
	.name = "hints",
	.context = IN_READER,
	.size = sizeof(struct hints_view),
	.overlay = true,
	.close = close_view,
	.key = key,
	.hint = hint,
	.title = title,
	.draw = draw,
};

void view_hints_open(struct ui *ui, bool copy)
{
	((struct hints_view *)view_push(ui, &ops))->copy = copy;
}
