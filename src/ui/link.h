/*
 * Links: what a link of a message is, opening it, copying it.
 *
 * A link is told by its true target before it is opened, with the host as
 * base/host shows it.  A key is asked for first when the words of the link name
 * another place, when the host is spelt like another one, when a name stands
 * before the host, or when the address is none of the web.  Main thread only.
 */
#ifndef TERN_UI_LINK_H
#define TERN_UI_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct ui;

enum { LINK_SHOWN_MAX = 600 }; /* bytes of an address in a sentence */

/* The address for people, shortened in the middle of its path; never without its host. */
void link_shown(const char *target, char *out, size_t cap);
/* Opens it, or asks first.  differs: as in document_link.  ERR_USAGE: no program may get it. */
int link_open(struct ui *ui, const char *target, bool differs, struct err *err);
/* Copies it; of a mailto link the address alone. */
int link_copy(struct ui *ui, const char *target, struct err *err);
/* Starts the browser with a cleaned address, or offers to copy it where there is none. */
int link_browse(struct ui *ui, const char *url, struct err *err);
/* The same with ui->asked_url, which it takes: the answer to a question. */
void link_browse_asked(struct ui *ui);
/* Asks whether to copy an address that cannot be used otherwise; why: a sentence. */
void link_offer_copy(struct ui *ui, const char *why, const char *text);

#endif
