/*
 * The theme: what each role of text looks like.
 *
 * Views name roles, never colours.  The default theme uses the sixteen colours
 * of the user's own palette and the terminal's own background, so that it
 * reads on dark and light screens alike; without colours (NO_COLOR, a
 * monochrome terminal) attributes carry every difference.
 */
#ifndef TERN_UI_THEME_H
#define TERN_UI_THEME_H

#include <stdbool.h>

enum style {
	STYLE_NORMAL,
	STYLE_BAR,            /* the top line */
	STYLE_BAR_DIM,        /* counts in the top line */
	STYLE_HINT,           /* hint line: what a key does */
	STYLE_HINT_KEY,
	STYLE_STATUS,
	STYLE_STATUS_DIM,     /* how the accounts are */
	STYLE_ERROR,
	STYLE_PROMPT,
	STYLE_BORDER,
	STYLE_SIDEBAR,
	STYLE_SIDEBAR_UNREAD,
	STYLE_SIDEBAR_ACCOUNT,
	STYLE_SIDEBAR_CURRENT,
	STYLE_ROW,            /* a list row that was read */
	STYLE_ROW_DIM,        /* its date */
	STYLE_UNREAD,
	STYLE_MARK_NEW,       /* the dot of an unread row */
	STYLE_MARK_FLAG,
	STYLE_MARK_PENDING,
	STYLE_CURSOR,
	STYLE_CURSOR_UNREAD,
	STYLE_HEADER_NAME,
	STYLE_HEADER,
	STYLE_SUBJECT,
	STYLE_QUOTE_1,
	STYLE_QUOTE_2,
	STYLE_QUOTE_3,
	STYLE_QUOTE_4,
	STYLE_SIGNATURE,
	STYLE_ATTACHMENT,
	STYLE_NOTICE,         /* tern speaks inside a view */
	STYLE_TITLE,
	STYLE_KEY,            /* a key in running text */
	STYLE_MARKED,         /* a marked row: its check mark, date, sender and subject */
	STYLE_MARKED_UNREAD,
	STYLE_KEY_OFF,        /* a key that cannot work here */
	STYLE_LINK,
	STYLE_IMAGE,          /* what stands for one */
	STYLE_CODE,
	STYLE_HEADING,
	STYLE_OURS,           /* words of the program between the sender's */
	STYLE_ATTRIBUTION,    /* who is quoted */
	STYLE_FOLD,           /* what was folded away */
	STYLE_MATCH,          /* what was searched for */
	STYLE_MATCH_HERE,
	STYLE_SEAL_GOOD,      /* what was found out of a signature */
	STYLE_SEAL_DOUBT,
	STYLE_SEAL_BAD,
	STYLE_SENDER_GOOD,    /* who it is from was checked */
	STYLE_LINK_HINT,      /* letters that choose a link */
	STYLE_COUNT_
};

enum look_attrs {
	LOOK_BOLD = 1 << 0,
	LOOK_DIM = 1 << 1,
	LOOK_REVERSE = 1 << 2,
	LOOK_UNDERLINE = 1 << 3,
	LOOK_ITALIC = 1 << 4,
	LOOK_STRIKE = 1 << 5,
};

/* Colours: -1 = the terminal's own, 0..7 basic, 8..15 bright. */
struct look {
	int fg, bg;
	unsigned attrs;
};

/* The look of a role on a terminal with that many colours (below 8: none). */
struct look theme_look(enum style style, int colors);
/* The stable name of a role: "cursor", "quote-1", ... */
const char *theme_name(enum style style);

#endif
