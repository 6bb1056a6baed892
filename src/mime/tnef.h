/*
 * What is in a winmail.dat (TNEF, [MS-OXTNEF]): the files, and the text if the
 * mail itself has none.
 *
 * Read here and not by libytnef, which reads behind its buffers on files that
 * exist, prints to standard output and drops what is larger than 512 KiB.
 * Every length is checked against what is left.  Pure; any thread.
 */
#ifndef TERN_MIME_TNEF_H
#define TERN_MIME_TNEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

enum {
	TNEF_READ_MAX = 32 << 20,   /* bytes of a winmail.dat; a larger one is not opened */
	TNEF_RECORDS_MAX = 20000,
	TNEF_FILES_MAX = 200,
	TNEF_OUT_MAX = 64 << 20,    /* bytes of all files together */
	TNEF_RTF_MAX = 16 << 20,    /* bytes of the text, unpacked ... */
	TNEF_RTF_RATIO = 100,       /* ... and times its packed size */
	TNEF_NAME_MAX = 1000,
};

struct tnef_file {
	char *name;    /* UTF-8, outside text; NULL if it has none */
	char *type;    /* "image/png", outside text; NULL if it has none */
	GByteArray *data;
};

struct tnef {
	GPtrArray *files; /* of struct tnef_file */
	GString *body;    /* UTF-8; NULL if there is none */
	bool html;        /* body is an HTML page */
};

/* Whether a part of this type, or with this name (may be NULL), is a winmail.dat. */
bool tnef_is(const char *type, const char *filename);

/* NULL: it cannot be read.  tnef_free frees. */
struct tnef *tnef_open(const char *bytes, size_t len);
void tnef_free(struct tnef **t);

#endif
