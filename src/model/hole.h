/*
 * What was left out of a stored message.
 *
 * Opening a mail with a large attachment brings only what is read: the stored
 * file is the message with the contents of some parts empty, each told by a
 * hole.  Saving such a part first fetches the whole message, which replaces the
 * file.  Plain values.
 */
#ifndef TERN_MODEL_HOLE_H
#define TERN_MODEL_HOLE_H

#include <stdint.h>

struct body_hole {
	uint64_t at;    /* byte of the stored file where the content would begin */
	uint64_t bytes; /* of the content as it would be transferred, still encoded */
};

enum { BODY_HOLES_MAX = 200 };

#endif
