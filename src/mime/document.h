/*
 * A message as a person reads it: decoded headers, the parts, the text.
 *
 * Limits (each is tested): depth 64, parts 2,000,
 * header block 1 MiB, shown text 8 MiB.  Beyond a limit the document says so
 * in `note` and shows what it has; it never fails for being strange.
 * Pure I/O on one file; any thread; the result belongs to the caller.
 * Strings are valid UTF-8, still outside text.
 */
#ifndef TERN_MIME_DOCUMENT_H
#define TERN_MIME_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "model/hole.h"

enum {
	DOCUMENT_DEPTH_MAX = 64,
	DOCUMENT_PARTS_MAX = 2000,
	DOCUMENT_HEADER_MAX = 1 << 20,
	DOCUMENT_TEXT_MAX = 8 << 20,
};

struct document_header {
	char *name, *value; /* decoded, unfolded */
};

struct document_part {
	int depth;
	char *type;      /* "text/plain", lower case */
	char *filename;  /* may be NULL */
	uint64_t size;   /* decoded bytes; an estimate for parts that were not decoded */
	bool attachment; /* to be listed as an attachment (not a body that is shown, not a container) */
	bool shown;      /* its text is part of document.text */
	bool missing;    /* its content was left at the server (model/hole.h) */
};

/* What a stretch of the text is.  Spans may nest; they never overlap in part. */
enum span_kind {
	SPAN_STRONG,
	SPAN_EMPHASIS,
	SPAN_UNDERLINE,
	SPAN_STRIKE,
	SPAN_CODE,
	SPAN_HEADING,      /* value: level 1 to 6 */
	SPAN_LINK,         /* value: index in document.links */
	SPAN_IMAGE,        /* what stands for an image: "[alt 640x200]" */
	SPAN_PREFORMATTED, /* whole lines: blanks count, a line that is too long is broken anywhere */
	SPAN_INDENT,       /* whole lines; value: cells by which the continuation lines are indented */
	SPAN_FLOWED,       /* paragraphs: a line may be broken wherever that reads well */
	SPAN_OURS,         /* words of the program, not the sender's: nothing in a mail makes one */
	SPAN_PART,         /* the text of a part; value: index in document.parts */
};

struct document_span {
	uint32_t at, len;  /* bytes of document.text */
	uint16_t kind;     /* enum span_kind */
	uint16_t value;
};

struct document_link {
	char *target;      /* as it would be opened: http, https, mailto, ...; what may not be opened is no link */
	char *label;       /* the words of the link, one line */
	bool differs;      /* the words look like another address than the target */
};

/* A protection that the message says it has; whether it holds is found out by read/seal.h. */
enum seal_kind { SEAL_NONE, SEAL_PGP_SIGNED, SEAL_PGP_ENCRYPTED, SEAL_PGP_INLINE, SEAL_SMIME_SIGNED,
	SEAL_SMIME_OPAQUE, SEAL_SMIME_ENCRYPTED };

struct document_seal {
	enum seal_kind kind;
	int part;          /* the container (or the part, where it is one), index in parts */
	bool whole;        /* all text that is shown lies in it */
};

struct document {
	GPtrArray *headers; /* of struct document_header, in order */
	GPtrArray *parts;   /* of struct document_part, depth first */
	char *text;         /* the body to show: LF lines, format=flowed joined, "" if none */
	GArray *spans;      /* of struct document_span, by at, outer ones first */
	GPtrArray *links;   /* of struct document_link: number n in the text is links[n - 1] */
	struct document_seal seal;
	int blocked;        /* remote images and the like that were not loaded */
	bool wide;          /* tables were laid out for the width: ask again when it changes */
	bool partial;       /* only the beginning was read; the whole comes later */
	char *note;         /* NULL, or a sentence: what could not be shown and why */
};

/* Which of the texts to show. */
enum document_as {
	DOCUMENT_BEST,  /* plain text, unless HTML says more */
	DOCUMENT_PLAIN,
	DOCUMENT_HTML,
	DOCUMENT_PART,  /* the text of one part */
};

struct document_how {
	int width;          /* cells that tables may take; 0 = 80 */
	int text_width;     /* cells that words will take, if fewer; 0 = width */
	enum document_as as;
	int part;           /* of DOCUMENT_PART */
	uint64_t first;     /* read only so many bytes (partial); 0 = all */
	const struct body_hole *holes; /* of the stored file, ascending; may be NULL */
	size_t n_holes;
};

/* how may be NULL: the best text, 80 cells. */
int document_read(int fd, const struct document_how *how, struct document **out, struct err *err);
struct document *document_new(void); /* empty */
void document_free(struct document **d);
/* The first value of a header (any case), NULL if missing. */
const char *document_header(const struct document *d, const char *name);

#endif
