/*
 * Rich text (RTF) as words: what the bodies of winmail.dat are kept in.
 *
 * A flat reader with a small stack: words, paragraphs, tabs, characters by
 * their code; pictures, fonts and the like are left out.  RTF that wraps an
 * HTML page ([MS-OXRTFEX]) gives back the page.  Every byte is read once.
 * Pure; any thread.
 */
#ifndef TERN_MIME_RTF_H
#define TERN_MIME_RTF_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum {
	RTF_DEPTH_MAX = 100,       /* groups in groups; deeper ones are left out */
	RTF_WORD_MAX = 32,         /* bytes of a control word */
	RTF_TEXT_MAX = 8 << 20,    /* bytes of the result */
};

/* Appends the text as UTF-8; true = it is an HTML page. */
bool rtf_read(const char *rtf, size_t len, GString *out);

#endif
