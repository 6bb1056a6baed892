/*
 * The canvas: what the screen should look like, as cells.
 *
 * Views draw into a canvas and never meet the terminal; term.c paints the
 * difference, tests compare canvas_dump().  canvas_put and its siblings are
 * the only writers, and they read every string through struct text_iter, so
 * no byte from outside reaches a terminal in any other way.  Wide characters
 * are never cut in half: where half of one would show, a blank stands.
 *
 * Rows and columns outside the canvas are ignored, so that a view may draw
 * into any size.  One thread.
 */
#ifndef TERN_UI_CANVAS_H
#define TERN_UI_CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <glib.h>

#include "ui/theme.h"

enum { CANVAS_LINKS_MAX = 1000 };

struct cell {
	uint32_t c;      /* code point; ' ' for an empty cell */
	uint32_t marks;  /* where its combining marks start in canvas.marks */
	uint8_t n_marks;
	uint8_t width;   /* 1, 2; 0 = the right half of the wide character before it */
	uint8_t style;   /* enum style */
	uint8_t attrs;   /* enum look_attrs, in addition to the style's */
	uint16_t link;   /* number in canvas.links, counted from 1; 0 = none */
	uint16_t unused; /* always 0: rows are compared as bytes */
};

struct canvas {
	int height, width;
	struct cell *cells;      /* height * width */
	GPtrArray *links;        /* of char *: where cells lead to, emptied by canvas_clear */
	GArray *marks;           /* uint32_t: combining marks of all cells, emptied by canvas_clear */
	int cursor_y, cursor_x;  /* where the terminal's cursor shows; -1 = hidden */
	int written_top, written_end; /* rows [top, end) were written since canvas_settle */
};

/* A rectangle of a canvas. */
struct area {
	int y, x, h, w;
};

struct canvas *canvas_new(int height, int width);
void canvas_free(struct canvas **c);
/* Changes the size; the content is cleared. */
void canvas_resize(struct canvas *c, int height, int width);
void canvas_clear(struct canvas *c);
/* Makes `to` an exact copy of `from`; only the rows written since canvas_settle can differ. */
void canvas_copy(struct canvas *to, const struct canvas *from);
/* Forgets which rows were written. */
void canvas_settle(struct canvas *c);
bool canvas_same_cell(const struct canvas *a, const struct canvas *b, int y, int x);
bool canvas_same_glyph(const struct canvas *a, const struct canvas *b, int y, int x); /* but for the style */
bool canvas_same_row(const struct canvas *a, const struct canvas *b, int y);

/* Writes text (len -1: up to its NUL) into at most max cells; returns the cells used. */
int canvas_put(struct canvas *c, int y, int x, int max, enum style style, const char *text);
int canvas_put_len(struct canvas *c, int y, int x, int max, enum style style, const char *text,
	ssize_t len);
/* The same; a text that does not fit ends in an ellipsis. */
int canvas_put_cut(struct canvas *c, int y, int x, int max, enum style style, const char *text);
/* Ends at column end (exclusive); returns the column where it begins. */
int canvas_put_right(struct canvas *c, int y, int end, int max, enum style style, const char *text);
/* Blanks in a style. */
void canvas_fill(struct canvas *c, int y, int x, int n, enum style style);
void canvas_fill_area(struct canvas *c, const struct area *a, enum style style);
/* Changes the style of what is there. */
void canvas_style(struct canvas *c, int y, int x, int n, enum style style);
/* Attributes in addition to the style's. */
void canvas_attrs(struct canvas *c, int y, int x, int n, unsigned attrs);
/* The cells lead to an address (term.c makes it something to click on); at most CANVAS_LINKS_MAX. */
void canvas_link(struct canvas *c, int y, int x, int n, const char *target);
/* Where a cell leads to, NULL = nowhere. */
const char *canvas_target(const struct canvas *c, int y, int x);
/* A single line box around the area, drawn inside of it. */
void canvas_box(struct canvas *c, const struct area *a, enum style style);

/*
 * The canvas as UTF-8 lines without trailing blanks (g_free).  With styles a
 * line "~" of one letter per cell follows each row that is not all normal, and
 * a line "^" each row with attributes of its own.
 */
char *canvas_dump(const struct canvas *c, bool styles);

#endif
