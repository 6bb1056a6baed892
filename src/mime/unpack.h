/*
 * Parts that hold files in a form of their own: winmail.dat and uuencoded
 * blocks of plain text.  What is in them becomes parts like any other.
 */
#ifndef TERN_MIME_UNPACK_H
#define TERN_MIME_UNPACK_H

#include "mime/outline.h"

enum { UNPACK_TEXT_MAX = 8 << 20 }; /* bytes of a text searched for uuencoded files */

/* The parts made of what is in n, a new object; NULL if it is no such part. */
GMimeMultipart *unpack(const struct node *n);

#endif
