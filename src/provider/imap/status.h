/* One STATUS answer (RFC 3501, section 7.2.4; RFC 7162 for HIGHESTMODSEQ). */
#ifndef TERN_PROVIDER_IMAP_STATUS_H
#define TERN_PROVIDER_IMAP_STATUS_H

#include "provider/imap/imap.h"

/* Reads what follows "* STATUS "; returns the path (g_free), NULL if it is none. */
char *status_parse(const struct imap *i, struct scan *s, struct box_status *out);

#endif
