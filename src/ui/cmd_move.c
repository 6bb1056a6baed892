/* Commands that move: in lists, in a message, in help. */
#include "base/i18n.h"
#include "ui/command.h"
#include "ui/priv.h"
#include "ui/view_message.h"

static int move(struct ui *ui, enum motion m, struct err *err)
{
	struct view *v = ui_view(ui);
	int rc = 0;

	for (int i = 0; rc >= 0 && v->ops->move && i < ui_count(ui); i++)
		rc = v->ops->move(v, m, err);
	if (ui->count > 1)
		ui->dirty = true; /* not only the cursor bar */
	return rc;
}

#define MOTION(function, motion)                                                                   \
	static int function(struct ui *ui, const char *arg, struct err *err)                       \
	{                                                                                          \
		(void)arg;                                                                         \
		return move(ui, motion, err);                                                      \
	}
MOTION(next, MOVE_NEXT)
MOTION(prev, MOVE_PREV)
MOTION(half_down, MOVE_HALF_DOWN)
MOTION(half_up, MOVE_HALF_UP)
MOTION(page_down, MOVE_PAGE_DOWN)
MOTION(page_up, MOVE_PAGE_UP)
MOTION(first, MOVE_FIRST)
MOTION(last, MOVE_LAST)

static int open_it(struct ui *ui, const char *arg, struct err *err)
{
	struct view *v = ui_view(ui);

	(void)arg;
	return v->ops->open ? v->ops->open(v, err) : 0;
}

static int close_it(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	view_pop(ui);
	return 0;
}

static int after_seek(struct ui *ui, int found, struct err *err)
{
	if (found < 0)
		return found;
	if (found == 0) {
		ui_say(ui, _("No other unread message here"));
		return 0;
	}
	if (found == 2)
		ui_say(ui, _("Started again from the top"));
	return ui_view(ui)->ops->context == IN_READER ? view_message_follow(ui, err) : 0;
}

static int seek_unread(struct ui *ui, int (*seek)(struct list *l, struct err *err), struct err *err)
{
	int found = 1;

	for (int i = 0; found > 0 && i < ui_count(ui); i++)
		found = seek(&ui->list, err);
	return after_seek(ui, found, err);
}

static int next_unread(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return seek_unread(ui, list_next_unread, err);
}

static int prev_unread(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return seek_unread(ui, list_prev_unread, err);
}

static int step_message(struct ui *ui, int delta, struct err *err)
{
	int rc = list_move(&ui->list, delta * ui_count(ui), err);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		ui_say(ui, delta > 0 ? _("This is the last message") : _("This is the first message"));
		return 0;
	}
	return view_message_follow(ui, err);
}

static int next_message(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return step_message(ui, 1, err);
}

static int prev_message(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return step_message(ui, -1, err);
}

enum { MOVES = IN_LIST | IN_READER | IN_HELP | IN_PICKER | IN_ACTIVITY | IN_HISTORY | IN_PARTS |
	       IN_TEXT | IN_LINKS,
	MAIL = IN_LIST | IN_READER };

const struct command commands_move[] = {
	{ "next", "", MOVES, 0, 0, N_("down"), N_("one row or line down"), next },
	{ "prev", "", MOVES, 0, 0, N_("up"), N_("one row or line up"), prev },
	{ "half-down", "", MOVES, 0, 0, NULL, N_("half a page down"), half_down },
	{ "half-up", "", MOVES, 0, 0, NULL, N_("half a page up"), half_up },
	{ "page-down", "", MOVES, 0, 0, N_("page"), N_("a page down"), page_down },
	{ "page-up", "", MOVES, 0, 0, NULL, N_("a page up"), page_up },
	{ "first", "", MOVES, 0, 0, NULL, N_("to the first row or line"), first },
	{ "last", "", MOVES, 0, 0, NULL, N_("to the last row or line"), last },
	{ "open", "", IN_LIST | IN_PICKER | IN_PARTS | IN_LINKS, 0, 0, N_("open"), N_("open what the cursor is on"), open_it },
	{ "close", "", IN_ANY & ~(IN_LIST | IN_WELCOME), 0, 0, N_("back"), N_("back to where you came from"),
		close_it },
	{ "next-unread", "", MAIL, NEEDS_STORE, 0, N_("next unread"), N_("to the next unread message"),
		next_unread },
	{ "prev-unread", "", MAIL, NEEDS_STORE, 0, NULL, N_("to the previous unread message"),
		prev_unread },
	{ "next-message", "", IN_READER, 0, 0, N_("next"), N_("open the next message"), next_message },
	{ "prev-message", "", IN_READER, 0, 0, NULL, N_("open the previous message"), prev_message },
	{ 0 },
};
