/*
 * A message without the contents that nobody reads: what of it to ask for, by
 * its BODYSTRUCTURE (RFC 3501, section 7.4.2), and the file that is made of the
 * answers.
 *
 * The file has the headers of the message and of every part, the boundaries
 * between them, the contents of texts, reports, invitations and small parts, and
 * nothing where a large other part was: it parses as the same tree.  What
 * cannot be put together so that this is certain is not begun: signed and
 * encrypted mail (whoever verifies it needs every byte), a boundary that is not
 * in the header of its container word for word, a structure that is odd or
 * beyond the limits.  Then the whole message is fetched, as it is if little
 * would be saved.
 *
 * Pure but for the file; owner: the caller.
 */
#ifndef TERN_PROVIDER_IMAP_SKELETON_H
#define TERN_PROVIDER_IMAP_SKELETON_H

#include <glib.h>

#include "base/err.h"
#include "model/hole.h"
#include "provider/imap/fetch.h"

enum {
	SKELETON_FROM = 256 * 1024,    /* bytes: smaller messages come whole */
	SKELETON_SAVES = 128 * 1024,   /* bytes that must be left out to be worth a round trip */
	SKELETON_SMALL = 64 * 1024,    /* a part of at most so many bytes comes whatever it is */
	SKELETON_KEEP_MAX = 2 << 20,   /* bytes of all parts that come, in memory */
	SKELETON_TAKEN_MAX = 8 << 20,  /* ... and of all answers, whatever was announced */
	SKELETON_PARTS_MAX = 100,
	SKELETON_DEPTH_MAX = 16,
	SKELETON_SECTION = 160,	       /* bytes of "1.2.3.HEADER" */
	SKELETON_BOUNDARY_MAX = 200,   /* RFC 2046 allows 70; some write more */
	SKELETON_WANTS_MAX = 3 * SKELETON_PARTS_MAX,
};

struct skeleton;

/* NULL: the whole message is to be fetched; *why tells, in a word for the log. */
struct skeleton *skeleton_new(struct slice structure, const char **why);
void skeleton_free(struct skeleton **k);

/* The sections to ask for: "1.MIME"; n of 0 .. skeleton_wants() - 1. */
size_t skeleton_wants(const struct skeleton *k);
const char *skeleton_want(const struct skeleton *k, size_t n);
/* One came; those that nobody asked for are passed over. */
void skeleton_take(struct skeleton *k, const struct fetch_section *came);

/*
 * Writes the file: header is that of the message, empty line included.  1 = the
 * holes are told; 0 = it cannot be done (something did not come or does not
 * fit; the file holds anything), and *why tells; or ERR_STORAGE.
 */
int skeleton_write(struct skeleton *k, struct slice header, int fd, struct body_hole *holes,
	size_t *n_holes, const char **why, struct err *err);

#endif
