/*
 * The pen of the layout: words in, lines and spans out.  Inside of
 * mime/html*.c only.
 *
 * A line is `> ` for each quote, then `indent` blanks (or a bullet that ends
 * there), then words.  Line ends are owed and paid before the next word, so
 * nothing ends with empty lines and two blocks never make more than one.
 * Spans of writing (bold, a link) are cut at each line end and go on with the
 * next word; those of whole lines begin and end together.  So no two spans
 * ever overlap in part.
 */
#ifndef TERN_MIME_HTML_WRITE_H
#define TERN_MIME_HTML_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "mime/html_links.h"

enum { HTML_KINDS_MAX = 16, HTML_BULLET_MAX = 32, HTML_INDENT_MAX = 40, HTML_QUOTES_MAX = 20 };

/* What whole lines are. */
struct html_line {
	int heading;       /* level, 0 = none */
	int indent;        /* cells behind the quote marks */
	bool pre;
};

struct html_pen {
	GString *out;
	size_t start;      /* out->len at the beginning */
	GArray *spans;     /* of struct document_span */
	guint spans_left;
	struct html_links *links;

	int quotes;
	struct html_line line;
	char bullet[HTML_BULLET_MAX]; /* of an item that has no word yet, else "" */
	int bullet_cells;  /* of the indentation, these are the bullet's on its line */

	int wanted;        /* line ends owed; more than two is two */
	bool space, cell;  /* a blank, or two, owed */
	bool hard;         /* the line holds a blank that does not fold, and nothing else */

	struct html_line run;
	gsize run_at, run_end;
	bool run_open;

	struct html_kind {
		uint16_t kind, value;
		int depth;         /* how often it was begun */
		guint span;        /* index in spans, counted from 1; 0 = not begun on this line */
		const char *target; /* of a link that has no number yet */
	} kinds[HTML_KINDS_MAX];
	int n_kinds;
};

void pen_init(struct html_pen *w, GString *out, GArray *spans, struct html_links *links);
/* Ends the last line, with LF. */
void pen_finish(struct html_pen *w);

/* Before the next word there will be at least so many line ends (2 = an empty line). */
void pen_owe(struct html_pen *w, int lines);
/* One line end more. */
void pen_break(struct html_pen *w);

/* The next line has mark at the end of its indentation, in place of so many blanks. */
void pen_bullet(struct html_pen *w, const char *mark, int cells);

/* Characters of a page: blanks fold. */
void pen_flow(struct html_pen *w, const char *s, size_t len);
/* The same, blanks and line ends count. */
void pen_pre(struct html_pen *w, const char *s, size_t len);
/* Pays what is owed and writes s as it is. */
void pen_words(struct html_pen *w, const char *s);
/* Only pays. */
void pen_pay(struct html_pen *w);
/* Words of the program behind what was written, on the same line. */
void pen_hint(struct html_pen *w, const char *s);

/* Begins and ends a kind of writing; strictly nested.  target: of SPAN_LINK, else NULL. */
void pen_begin(struct html_pen *w, uint16_t kind, const char *target);
/* Of SPAN_LINK: the number that the link got, 0 if it had no words. */
guint pen_end(struct html_pen *w, uint16_t kind);

void pen_span(struct html_pen *w, uint16_t kind, uint16_t value, size_t at, size_t len);
/* Whether anything was written. */
bool pen_any(const struct html_pen *w);

/* The bytes of what stands at s and is not seen: 0 = it is seen; *blank tells whether it parts words. */
size_t html_blank(const char *s, size_t len, bool *blank);

#endif
