/*
 * A page of HTML as a flat list: what the parser leaves for the layout.
 * Inside of mime/html*.c only.
 *
 * Nodes stand in the order of the page, each before what it holds; `end` is
 * the index behind its last descendant, so a subtree is skipped in one step
 * and no walk ever goes back.  Only what shapes the text is kept: an element
 * that does nothing leaves no node, and of its attributes there remain flags,
 * two numbers and one string.
 */
#ifndef TERN_MIME_HTML_PAGE_H
#define TERN_MIME_HTML_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

enum html_tag {
	TAG_TEXT,    /* at, len: its characters */
	TAG_INLINE,  /* nothing but its flags */
	TAG_BLOCK,   /* the same, and it begins and ends a line */
	TAG_A,       /* at, len: its target; one: 1 if there is one */
	TAG_AREA,    /* the same; two, the bytes behind the target: its words */
	TAG_BR,
	TAG_HR,
	TAG_IMG,     /* at, len: its words; one, two: width and height in pixels, 0 = not told */
	TAG_UL,
	TAG_OL,      /* one: number of its first item; two: 'a', 'A', 'i' or 'I', how it counts */
	TAG_LI,      /* one: its number, 0 = the next */
	TAG_WORD_LI, /* a paragraph of Word that is an item; one: level */
	TAG_WORD_BULLET,
	TAG_DD,
	TAG_HEADING, /* one: level */
	TAG_QUOTE,
	TAG_Q,
	TAG_SUP,
	TAG_TABLE,   /* at: index in page.tables */
	TAG_CAPTION,
	TAG_ROW,     /* one: 1 if it takes more than a line; len: letters in its cells */
	TAG_CELL,    /* one, two: columns and rows that it takes */
	TAG_HEAD_CELL,
	TAG_DROP,    /* never shown: script, style, ...; leaves no node */
};

enum html_flag {
	FLAG_HIDDEN = 1 << 0,
	FLAG_BLOCK = 1 << 1,     /* begins and ends a line */
	FLAG_PARA = 1 << 2,      /* begins and ends a paragraph */
	FLAG_PRE = 1 << 3,       /* blanks and line ends count */
	FLAG_FLOW = 1 << 4,      /* with FLAG_PRE: its long lines may be broken at blanks */
	FLAG_STRONG = 1 << 5,
	FLAG_EMPHASIS = 1 << 6,
	FLAG_UNDERLINE = 1 << 7,
	FLAG_STRIKE = 1 << 8,
	FLAG_CODE = 1 << 9,
	FLAG_RULE = 1 << 10,     /* a line is drawn above */
	FLAG_RIGHT = 1 << 11,    /* aligned to the right */
	FLAG_INLINE = 1 << 12,   /* a block by its name that is none by its style */
	FLAG_QUOTED = 1 << 13,   /* has a line at its left */
	FLAG_TIGHT = 1 << 14,    /* a paragraph without distance */
	FLAG_MUTE = 1 << 15,     /* an image without a word about it */
	/* What the parser alone sees, as it passes on to what is inside and can end there: */
	FLAG_SMALL = 1 << 16,    /* letters without a size */
	FLAG_SIZED = 1 << 17,    /* letters with one, whatever is around */
	FLAG_BLIND = 1 << 18,    /* letters in the colour of their ground */
	FLAG_COLOURED = 1 << 19, /* letters in a colour of their own */
	FLAG_LINED = 1 << 20,    /* with a line all around; this one does not pass on */
	FLAG_WRITTEN = FLAG_STRONG | FLAG_EMPHASIS | FLAG_UNDERLINE | FLAG_STRIKE | FLAG_CODE,
};

struct html_node {
	uint32_t end;
	uint32_t at, len;
	uint16_t one, two;
	uint16_t flags;
	uint16_t tag;
};

/* What tells a table of data from one that only places things. */
struct html_table {
	int rows, cells, columns;  /* columns: of the widest row */
	int full;                  /* rows that have all columns */
	int heads;                 /* cells that are headings */
	int bulky;                 /* cells of several blocks */
	int images;
	size_t longest, letters;   /* of one cell, of all; blanks do not count */
	bool nested;               /* a table or a heading inside */
	bool placing;              /* says itself that it holds no data */
	bool border;
};

struct html_page {
	GArray *nodes;     /* of struct html_node */
	GString *pool;     /* the characters of the nodes */
	GArray *tables;    /* of struct html_table */
	char *base;        /* against which targets are read; may be NULL */
	GHashTable *hidden; /* of html_styles, borrowed */
	int blocked;       /* what would have been loaded */
	bool word;         /* paragraphs have no distance, as Word says */
	bool cut;          /* a limit left something out */
};

/* What was in the style elements that html_trim took out. */
struct html_styles {
	GHashTable *hidden; /* names of classes that are not displayed */
	int loads;         /* addresses that would be fetched */
	bool word;         /* they are Word's, whose paragraphs are lines */
};

static inline struct html_node *html_node(const struct html_page *p, size_t i)
{
	return &g_array_index(p->nodes, struct html_node, i);
}

/* Reads trimmed html (html_trim) into p, which is empty; html_page_clear frees. */
void html_page_read(struct html_page *p, const char *html, size_t len,
	const struct html_styles *styles);
void html_page_clear(struct html_page *p);

/* In `level`: the mark of an item of a Word list, not its paragraph. */
enum { HTML_LEVEL_MARK = 99 };

/* What the style attribute says, as flags; *level is set for what belongs to a Word list. */
unsigned html_style(const char *style, uint16_t *level, int *blocked);

/*
 * What the parser gets to see: without comments, scripts, styles and tags that break a limit;
 * false = the end was cut off.
 */
bool html_trim(GString *out, const char *html, size_t len, struct html_styles *styles);

/* Adds the classes that the style sheet does not display, and takes out those that it does. */
void html_sheet_read(GHashTable *hidden, const char *css, size_t len);
/* Whether one of the classes (a class attribute) is not displayed. */
bool html_sheet_hides(GHashTable *hidden, const char *classes);

/* Whether a renderer would fetch this address. */
bool html_is_remote(const char *address);
/* Addresses that a style names and that would be fetched. */
int html_style_loads(const char *css, size_t len);

#endif
