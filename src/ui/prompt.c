#include "ui/prompt.h"

#include "base/text.h"
#include "ui/priv.h"

enum { HISTORY_MAX = 200, PROMPT_TEXT_MAX = 2000, TYPED_MIN = 10 /* cells */ };

void prompt_init(struct prompt *p)
{
	*p = (struct prompt){ .text = g_string_new(NULL),
		.history = g_ptr_array_new_with_free_func(g_free) };
}

static void forget_candidates(struct prompt *p)
{
	g_clear_pointer(&p->candidates, g_ptr_array_unref);
}

void prompt_release(struct prompt *p)
{
	forget_candidates(p);
	g_free(p->label);
	g_string_free(p->text, TRUE);
	g_ptr_array_unref(p->history);
}

void prompt_ask(struct prompt *p, const char *label, const char *initial,
	prompt_complete *complete, prompt_done *done, bool keeps_history)
{
	forget_candidates(p);
	g_free(p->label);
	p->label = g_strdup(label);
	g_string_assign(p->text, initial);
	p->at = p->text->len;
	p->history_at = (int)p->history->len;
	p->keeps_history = keeps_history;
	p->complete = complete;
	p->done = done;
	p->active = true;
}

static void set_text(struct prompt *p, const char *text)
{
	g_string_assign(p->text, text);
	p->at = p->text->len;
}

static size_t before(const struct prompt *p, size_t at)
{
	return at == 0 ? 0
		       : (size_t)(g_utf8_find_prev_char(p->text->str, p->text->str + at) -
				  p->text->str);
}

static size_t after(const struct prompt *p, size_t at)
{
	return at >= p->text->len ? at : (size_t)(g_utf8_next_char(p->text->str + at) - p->text->str);
}

static void erase(struct prompt *p, size_t from, size_t to)
{
	g_string_erase(p->text, (gssize)from, (gssize)(to - from));
	p->at = from;
}

static void erase_word(struct prompt *p)
{
	size_t from = p->at;

	while (from > 0 && p->text->str[from - 1] == ' ')
		from--;
	while (from > 0 && p->text->str[from - 1] != ' ')
		from--;
	erase(p, from, p->at);
}

static void type(struct prompt *p, uint32_t c)
{
	char utf8[8];
	int n = text_put(c, utf8);

	if (p->text->len + (size_t)n > PROMPT_TEXT_MAX)
		return;
	g_string_insert_len(p->text, (gssize)p->at, utf8, n);
	p->at += (size_t)n;
}

static void walk_history(struct prompt *p, int step)
{
	int to = p->history_at + step;

	if (!p->keeps_history || to < 0 || to > (int)p->history->len)
		return;
	p->history_at = to;
	set_text(p, to < (int)p->history->len ? p->history->pdata[to] : "");
}

static void complete(struct ui *ui, struct prompt *p, int step)
{
	int n;

	if (!p->complete)
		return;
	if (!p->candidates) {
		p->candidates = p->complete(ui, p->text->str);
		p->candidate = step > 0 ? -1 : 0;
	}
	n = (int)p->candidates->len;
	if (n == 0) {
		forget_candidates(p);
		return;
	}
	p->candidate = (p->candidate + step + n) % n;
	set_text(p, p->candidates->pdata[p->candidate]);
	if (n == 1) {
		forget_candidates(p);
		if (!g_str_has_suffix(p->text->str, "/") && !g_str_has_suffix(p->text->str, ":"))
			type(p, ' ');
	}
}

static void finish(struct ui *ui, struct prompt *p)
{
	g_autofree char *text = g_strdup(p->text->str);

	p->active = false;
	forget_candidates(p);
	if (p->keeps_history && *text) {
		if (p->history->len == HISTORY_MAX)
			g_ptr_array_remove_index(p->history, 0);
		g_ptr_array_add(p->history, g_strdup(text));
	}
	p->done(ui, text);
}

/* Ctrl with a letter does what a named key does. */
static uint32_t meaning(const struct key *k)
{
	static const struct {
		char letter;
		uint32_t code;
	} ctrl[] = { { 'a', K_HOME }, { 'e', K_END }, { 'b', K_LEFT }, { 'f', K_RIGHT },
		{ 'p', K_UP }, { 'n', K_DOWN }, { 'd', K_DELETE }, { 'h', K_BACKSPACE },
		{ 'g', K_ESC }, { 'c', K_ESC }, { 'm', K_ENTER }, { 'j', K_ENTER } };

	for (size_t i = 0; k->mods == MOD_CTRL && i < G_N_ELEMENTS(ctrl); i++)
		if ((uint32_t)ctrl[i].letter == k->code)
			return ctrl[i].code;
	return k->code;
}

/* True if the key was one of the editing keys with Ctrl. */
static bool kill_key(struct prompt *p, const struct key *k)
{
	if (k->mods != MOD_CTRL)
		return false;
	if (k->code == 'u')
		erase(p, 0, p->at);
	else if (k->code == 'k')
		g_string_truncate(p->text, p->at);
	else if (k->code == 'w')
		erase_word(p);
	else
		return false;
	return true;
}

static void edit(struct prompt *p, const struct key *k)
{
	switch (meaning(k)) {
	case K_LEFT:
		p->at = before(p, p->at);
		break;
	case K_RIGHT:
		p->at = after(p, p->at);
		break;
	case K_HOME:
		p->at = 0;
		break;
	case K_END:
		p->at = p->text->len;
		break;
	case K_UP:
		walk_history(p, -1);
		break;
	case K_DOWN:
		walk_history(p, 1);
		break;
	case K_DELETE:
		erase(p, p->at, after(p, p->at));
		break;
	case K_BACKSPACE:
		if (p->text->len == 0)
			p->active = false;
		else
			erase(p, before(p, p->at), p->at);
		break;
	default:
		if (!kill_key(p, k) && key_is_text(k))
			type(p, k->code);
	}
}

void prompt_key(struct ui *ui, const struct key *k)
{
	struct prompt *p = &ui->prompt;
	uint32_t code = meaning(k);

	ui->dirty = true;
	if (code == K_TAB || code == K_BACKTAB) {
		if (!ui->pasting)
			complete(ui, p, code == K_TAB ? 1 : -1);
		return;
	}
	if (code == K_ESC && p->candidates) {
		forget_candidates(p);
		return;
	}
	if (code == K_ESC) {
		p->active = false;
		return;
	}
	if (code == K_ENTER) {
		if (!ui->pasting)
			finish(ui, p);
		return;
	}
	forget_candidates(p);
	edit(p, k);
}

/* Cells of the text before the cursor. */
static int cells_before(const struct prompt *p)
{
	g_autofree char *head = g_strndup(p->text->str, p->at);

	return text_width(head);
}

void prompt_draw(const struct prompt *p, struct canvas *c, int y)
{
	int x = canvas_put_cut(c, y, 0, MAX(c->width - TYPED_MIN, 0), STYLE_PROMPT, p->label);
	int room = c->width - x - 1, at = cells_before(p);
	const char *from = p->text->str;

	while (at > room && *from) { /* scroll the line so that the cursor shows */
		struct text_iter it;
		int width;

		text_iter_init(&it, from, -1);
		text_next(&it, &width);
		from = (const char *)it.p;
		at -= width;
	}
	canvas_put(c, y, x, c->width - x, STYLE_NORMAL, from);
	c->cursor_y = y;
	c->cursor_x = MIN(x + at, c->width - 1);
}

bool prompt_draw_candidates(const struct prompt *p, struct canvas *c, int y)
{
	int x = 0, first = 0;

	if (!p->candidates)
		return false;
	/* begin so that the chosen one is on the screen */
	for (int i = p->candidate, used = 0; i >= 0 && used < c->width / 2; i--) {
		used += text_width(p->candidates->pdata[i]) + 2;
		first = i;
	}
	for (int i = first; i < (int)p->candidates->len && x < c->width; i++)
		x += canvas_put_cut(c, y, x, c->width - x,
			     i == p->candidate ? STYLE_SIDEBAR_CURRENT : STYLE_HINT,
			     p->candidates->pdata[i]) +
		     2;
	return true;
}
