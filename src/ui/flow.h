/*
 * The flow: a message's text, broken into the lines of a screen.
 *
 * Lines break at blanks, or between wide characters, or, where a word is longer
 * than the screen, in the word; preformatted lines only where they are longer
 * than the screen.  On a screen that is wider than one likes to read a measure
 * can be set: paragraphs (SPAN_FLOWED) are broken at it, other lines only if
 * they do not fit on the screen as they are.  A wrapped quoted line repeats its quote marks, a wrapped
 * list item its indent.  Long quotations can be folded: their first lines
 * show, and one line that says how many more there are.
 *
 * Lines are made on demand, so that a text of many megabytes opens at once;
 * only flow_total works through all of it.  Text and spans are borrowed.  One
 * thread.
 */
#ifndef TERN_UI_FLOW_H
#define TERN_UI_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "mime/document.h"
#include "mime/quote.h"

enum {
	FLOW_RUNS_MAX = 256,  /* of one line; what comes behind them looks like the last */
	FLOW_NEST_MAX = 32,   /* spans in one another; deeper ones are not shown */
	FLOW_FOLD_SHOWN = 3,  /* lines of a folded quotation that show */
};

struct flow_line {
	uint32_t at, len;     /* bytes of the text */
	uint32_t prefix;      /* where the quote marks stand that are repeated before it */
	uint32_t folded;      /* > 0: stands for so many lines of the text, which begin at `at` */
	uint16_t prefix_len;  /* 0 = none */
	uint16_t indent;      /* blank cells before it */
	uint8_t quote;        /* how deep it is quoted, 0 = not */
	uint8_t kind;         /* enum quote_kind */
};

/* What a stretch of the text is. */
struct flow_look {
	uint16_t kinds;       /* bits: 1 << enum span_kind */
	uint16_t link;        /* number of the link, counted from 1; 0 = none */
	uint16_t indent;      /* of SPAN_INDENT */
	uint16_t heading;     /* its level, 0 = none */
};

/* A piece of a line that looks the same. */
struct flow_run {
	const char *text;     /* not NUL-terminated; NULL: blanks */
	size_t len;           /* bytes, or cells of blanks */
	struct flow_look look;
};

struct flow {
	const char *text;
	size_t len;
	GArray *looks;        /* of struct stretch (flow.c), by place */
	int width;            /* cells of the screen */
	int measure;          /* cells that words take of them, 0 = all */
	int fold;             /* quotations of more lines are folded, 0 = none */
	struct quote_scan scan;
	bool own;             /* something that is no quotation came already */
	/* the paragraph that is being broken: */
	const char *rest;     /* NULL = none is */
	size_t rest_len, prefix_len;
	bool preformatted;
	uint16_t indent;
	int limit;            /* cells that its lines may take */
	int block;            /* its place in its quotation, counted from 1; 0 = in none */
	int block_len;        /* lines of that quotation */
	bool folds;           /* it is to be folded */
	struct flow_line next; /* what its next line has in common with the last */
	GArray *lines;        /* of struct flow_line */
};

/* A text of one kind. */
void flow_init(struct flow *f, const char *text, int width);
/* spans: of struct document_span. */
void flow_init_spans(struct flow *f, const char *text, size_t len, const GArray *spans, int width);
void flow_release(struct flow *f);
/* Breaks again for another width. */
void flow_set_width(struct flow *f, int width);
/* Words take so many cells, 0 = all of the width. */
void flow_set_measure(struct flow *f, int cells);
/* Folds quotations of more than n lines, 0 = none. */
void flow_set_fold(struct flow *f, int n);
/* More text came behind the present one, which may have moved; it ended with a line end. */
void flow_extend(struct flow *f, const char *text, size_t len);
/* Line i, borrowed until the next call; NULL behind the end. */
const struct flow_line *flow_line(struct flow *f, size_t i);
/* Its bytes, line->len of them. */
const char *flow_text(const struct flow *f, const struct flow_line *line);
/* The pieces of a line, behind its prefix and indent; how many.  out: FLOW_RUNS_MAX. */
int flow_runs(const struct flow *f, const struct flow_line *line, struct flow_run *out);
/* What the text is at a byte. */
struct flow_look flow_look(const struct flow *f, size_t at);
size_t flow_total(struct flow *f);
/* The line that shows byte `at` of the text. */
size_t flow_find(struct flow *f, size_t at);
/* Where line i begins in the text, to find it again after flow_set_width. */
size_t flow_offset(struct flow *f, size_t i);

#endif
