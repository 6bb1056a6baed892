/*
 * The page: an open message laid out as the lines of a screen.
 *
 * Head (headers, what was found out of it), text, tail (notes, attachments).
 * Lines of head and tail are strings of the page; those of the text are made
 * as far as the screen was scrolled (flow.h).  Places in the text are bytes of
 * the document's text, which outlast another width.  One thread.
 */
#ifndef TERN_UI_PAGE_H
#define TERN_UI_PAGE_H

#include "ui/canvas.h"
#include "ui/find.h"
#include "ui/flow.h"
#include "ui/reading.h"

enum { PAGE_LABEL_MAX = 24 };

enum page_headers {
	PAGE_USUAL,  /* those that were chosen */
	PAGE_ALL,
	PAGE_RAW,    /* as they were sent */
	PAGE_HEADERS_COUNT_
};

struct head_line {
	char label[PAGE_LABEL_MAX]; /* "" on continuation lines, which have an indent: */
	int indent;                 /* cells */
	char *text;
	enum style style;
};

struct page {
	struct reading *reading; /* what is laid out */
	GArray *head, *tail;     /* of struct head_line */
	struct flow flow;
	bool has_text;           /* flow is of reading->doc */
	enum page_headers headers;
	bool unfolded;           /* long quotations show in full */
	int head_room;           /* lines for the usual headers, 0 = as many as there are */
	int width, height;
	struct needle needle;    /* what is marked in the text */
	size_t hit, hit_bytes;   /* the match that was found last; 0 bytes = none */
};

void page_init(struct page *p, struct reading *r);
void page_release(struct page *p);
/* Another document, or none: the text is laid out anew, and head and tail with it. */
void page_read(struct page *p);
/* Head and tail alone. */
void page_refresh(struct page *p);
void page_set_size(struct page *p, int width, int height);
void page_fold(struct page *p, bool fold);

/* Is there a line i? */
bool page_has(struct page *p, size_t i);
size_t page_total(struct page *p);
/* Where line i begins in the text: 0 in the head, its length in the tail. */
size_t page_offset(struct page *p, size_t i);
/* The line that shows a byte of the text. */
size_t page_find(struct page *p, size_t at);
/* The line of the text; NULL in head and tail. */
const struct flow_line *page_text_line(struct page *p, size_t i);

/* Draws line i; false behind the end. */
bool page_draw(struct page *p, size_t i, struct canvas *c, int y, const struct area *a);

#endif
