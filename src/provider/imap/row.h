/*
 * From a FETCH answer to the row of a message.
 *
 * Decodes what needs decoding (RFC 2047, charsets) and cuts every field to the
 * limits of model/change.h.  A struct row is reused for message after message:
 * its strings live in one arena, so that plain ASCII mail costs no allocation.
 * Owner: the thread of the provider.
 */
#ifndef TERN_PROVIDER_IMAP_ROW_H
#define TERN_PROVIDER_IMAP_ROW_H

#include "model/change.h"
#include "provider/imap/fetch.h"

enum {
	ROW_ARENA = 192 * 1024,
	ROW_KEYWORDS_RAW = 2048,    /* bytes of a flag list that is looked at for keywords */
	ROW_REFERENCES_SCAN = 2000, /* ids of a References header that are looked at */
	ROW_REPLIES_SCAN = 10,
	ROW_CANONICAL_MAX = 256,    /* RFC 8474: at most 255 */
	ROW_HEADER_MAX = 64 * 1024, /* bytes of a References header that are looked at */
};

struct row;

struct row *row_new(void);
void row_free(struct row **r);

/* The change lives until the next call with the same row; f needs a uid. */
const struct change *row_message(struct row *r, const struct fetch *f);

/* The keywords of f in normal form ("" for none); lives until the next call. */
const char *row_keywords(struct row *r, const struct fetch *f);

#endif
