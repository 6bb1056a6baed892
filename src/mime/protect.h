/*
 * Which protection a message says it has: the outermost one (RFC 1847, 3156,
 * 8551, and PGP in the text itself).  Whether it holds is not found out here.
 */
#ifndef TERN_MIME_PROTECT_H
#define TERN_MIME_PROTECT_H

#include "mime/document.h"
#include "mime/outline.h"

/* After body_render, which marks what is shown. */
struct document_seal protect_find(GArray *nodes);

#endif
