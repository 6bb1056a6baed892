#include "ui/theme.h"

#include <glib.h>

enum { OWN = -1, RED = 1, GREEN = 2, YELLOW = 3, BLUE = 4, MAGENTA = 5, CYAN = 6, WHITE = 7 };

/* One row per role; `mono` are the attributes where there are no colours. */
static const struct row {
	const char *name;
	struct look look;
	unsigned mono;
} rows[STYLE_COUNT_] = {
	[STYLE_NORMAL] = { "normal", { OWN, OWN, 0 }, 0 },
	[STYLE_BAR] = { "bar", { OWN, OWN, LOOK_REVERSE | LOOK_BOLD }, LOOK_REVERSE | LOOK_BOLD },
	[STYLE_BAR_DIM] = { "bar-dim", { OWN, OWN, LOOK_REVERSE }, LOOK_REVERSE },
	[STYLE_HINT] = { "hint", { OWN, OWN, LOOK_DIM }, 0 },
	[STYLE_HINT_KEY] = { "hint-key", { OWN, OWN, LOOK_BOLD }, LOOK_BOLD },
	[STYLE_STATUS] = { "status", { OWN, OWN, 0 }, 0 },
	[STYLE_STATUS_DIM] = { "status-dim", { OWN, OWN, LOOK_DIM }, 0 },
	[STYLE_ERROR] = { "error", { RED, OWN, LOOK_BOLD }, LOOK_BOLD },
	[STYLE_PROMPT] = { "prompt", { OWN, OWN, LOOK_BOLD }, LOOK_BOLD },
	[STYLE_BORDER] = { "border", { OWN, OWN, LOOK_DIM }, 0 },
	[STYLE_SIDEBAR] = { "sidebar", { OWN, OWN, 0 }, 0 },
	[STYLE_SIDEBAR_UNREAD] = { "sidebar-unread", { OWN, OWN, LOOK_BOLD }, LOOK_BOLD },
	[STYLE_SIDEBAR_ACCOUNT] = { "sidebar-account", { OWN, OWN, LOOK_DIM }, LOOK_UNDERLINE },
	[STYLE_SIDEBAR_CURRENT] = { "sidebar-current", { OWN, OWN, LOOK_REVERSE }, LOOK_REVERSE },
	[STYLE_ROW] = { "row", { OWN, OWN, 0 }, 0 },
	[STYLE_ROW_DIM] = { "row-dim", { OWN, OWN, 0 }, 0 },
	[STYLE_UNREAD] = { "unread", { OWN, OWN, LOOK_BOLD }, LOOK_BOLD },
	[STYLE_MARK_NEW] = { "mark-new", { CYAN, OWN, LOOK_BOLD }, LOOK_BOLD },
	[STYLE_MARK_FLAG] = { "mark-flag", { RED, OWN, LOOK_BOLD }, LOOK_BOLD },
	[STYLE_MARK_PENDING] = { "mark-pending", { MAGENTA, OWN, 0 }, 0 },
	[STYLE_CURSOR] = { "cursor", { WHITE + 8, BLUE, 0 }, LOOK_REVERSE },
	[STYLE_CURSOR_UNREAD] = { "cursor-unread", { WHITE + 8, BLUE, LOOK_BOLD },
		LOOK_REVERSE | LOOK_BOLD },
	[STYLE_HEADER_NAME] = { "header-name", { CYAN, OWN, 0 }, LOOK_BOLD },
	[STYLE_HEADER] = { "header", { OWN, OWN, 0 }, 0 },
	[STYLE_SUBJECT] = { "subject", { OWN, OWN, LOOK_BOLD }, LOOK_BOLD },
	[STYLE_QUOTE_1] = { "quote-1", { CYAN, OWN, 0 }, 0 },
	[STYLE_QUOTE_2] = { "quote-2", { MAGENTA, OWN, 0 }, 0 },
	[STYLE_QUOTE_3] = { "quote-3", { GREEN, OWN, 0 }, 0 },
	[STYLE_QUOTE_4] = { "quote-4", { RED, OWN, 0 }, 0 },
	[STYLE_SIGNATURE] = { "signature", { OWN, OWN, LOOK_DIM }, 0 },
	[STYLE_ATTACHMENT] = { "attachment", { MAGENTA, OWN, 0 }, 0 },
	[STYLE_NOTICE] = { "notice", { OWN, OWN, LOOK_ITALIC }, 0 },
	[STYLE_TITLE] = { "title", { OWN, OWN, LOOK_BOLD }, LOOK_BOLD },
	[STYLE_KEY] = { "key", { CYAN, OWN, LOOK_BOLD }, LOOK_BOLD },
	[STYLE_MARKED] = { "marked", { GREEN, OWN, 0 }, LOOK_UNDERLINE },
	[STYLE_MARKED_UNREAD] = { "marked-unread", { GREEN, OWN, LOOK_BOLD }, LOOK_UNDERLINE | LOOK_BOLD },
	[STYLE_KEY_OFF] = { "key-off", { OWN, OWN, LOOK_DIM }, LOOK_DIM },
	[STYLE_LINK] = { "link", { BLUE + 8, OWN, LOOK_UNDERLINE }, LOOK_UNDERLINE },
	[STYLE_IMAGE] = { "image", { MAGENTA, OWN, LOOK_DIM }, LOOK_DIM },
	[STYLE_CODE] = { "code", { GREEN, OWN, 0 }, 0 },
	[STYLE_HEADING] = { "heading", { CYAN, OWN, LOOK_BOLD }, LOOK_BOLD | LOOK_UNDERLINE },
	[STYLE_OURS] = { "ours", { MAGENTA, OWN, LOOK_ITALIC }, LOOK_REVERSE },
	[STYLE_ATTRIBUTION] = { "attribution", { OWN, OWN, LOOK_DIM }, 0 },
	[STYLE_FOLD] = { "fold", { CYAN, OWN, LOOK_BOLD }, LOOK_BOLD },
	[STYLE_MATCH] = { "match", { OWN, OWN, LOOK_REVERSE }, LOOK_REVERSE },
	[STYLE_MATCH_HERE] = { "match-here", { 0, YELLOW, 0 }, LOOK_REVERSE | LOOK_BOLD },
	[STYLE_SEAL_GOOD] = { "seal-good", { 0, GREEN, 0 }, LOOK_REVERSE },
	[STYLE_SEAL_DOUBT] = { "seal-doubt", { 0, YELLOW, 0 }, LOOK_REVERSE },
	[STYLE_SENDER_GOOD] = { "sender-good", { GREEN, OWN, LOOK_BOLD }, LOOK_REVERSE },
	[STYLE_LINK_HINT] = { "link-hint", { 0, CYAN, LOOK_BOLD }, LOOK_REVERSE | LOOK_BOLD },
	[STYLE_SEAL_BAD] = { "seal-bad", { WHITE + 8, RED, LOOK_BOLD }, LOOK_REVERSE | LOOK_BOLD },
};

struct look theme_look(enum style style, int colors)
{
	struct look look = rows[style].look;

	if (colors < 8)
		return (struct look){ OWN, OWN, rows[style].mono };
	if (colors < 16 && look.fg >= 8) { /* eight colours: bold makes them bright */
		look.fg -= 8;
		look.attrs |= LOOK_BOLD;
	}
	return look;
}

const char *theme_name(enum style style)
{
	return rows[style].name;
}
