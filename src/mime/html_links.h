/*
 * Where links lead: targets that may be opened, their numbers, and whether
 * the words of a link pretend to lead elsewhere.  Inside of mime/html*.c only.
 */
#ifndef TERN_MIME_HTML_LINKS_H
#define TERN_MIME_HTML_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

struct html_links {
	GPtrArray *list;     /* of struct document_link; the caller's, with what stood there before */
	GHashTable *numbers; /* target -> number in list, counted from 1 */
	GArray *hinted;      /* of guint: the numbers that the text shows */
	bool cut;            /* there were too many */
};

void html_links_init(struct html_links *l, GPtrArray *list);
void html_links_clear(struct html_links *l);

/*
 * The address that would be opened (g_free), NULL if none may be: other schemes
 * than those of doc/READING, anchors, addresses without a base.
 */
char *html_target(const char *href, size_t len, const char *base);

/* The number of a target; one that is known keeps its number.  0 = there is no room. */
guint html_links_number(struct html_links *l, const char *target);

/*
 * The words of link n are known.  Returns true if they already are the target,
 * so that no hint is needed.
 */
bool html_links_words(struct html_links *l, guint n, const char *words, size_t len);

#endif
