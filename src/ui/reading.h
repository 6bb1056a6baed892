/*
 * The message that is open in the reader, for commands about it.
 *
 * view_message.c shows it; commands about its parts, links and seals use these
 * calls and know nothing of lines.  Main thread only.
 */
#ifndef TERN_UI_READING_H
#define TERN_UI_READING_H

#include "base/err.h"
#include "mime/document.h"
#include "model/id.h"
#include "read/seal.h"

struct ui;

/* The open message; NULL = none, or it is not there yet. */
const struct document *reading_document(struct ui *ui);
message_id reading_message(struct ui *ui);
account_id reading_account(struct ui *ui);
/* What was found out of its signature; kind SEAL_NONE: nothing. */
const struct seal_verdict *reading_verdict(struct ui *ui);
/* A new descriptor of its stored file (of its decrypted text, where that is shown). */
int reading_open(struct ui *ui, int *fd_out, struct err *err);
/* Its holes (store_body_holes), for questions to the reader; how many. */
int reading_holes(struct ui *ui, struct body_hole *out, struct err *err);
/* Shows another of its texts; part counts for DOCUMENT_PART only. */
int reading_show(struct ui *ui, enum document_as as, int part, struct err *err);
/* Scrolls so that this byte of the text is on the screen. */
void reading_go(struct ui *ui, size_t at);
/* The bytes of the text that are on the screen now. */
void reading_screen(struct ui *ui, size_t *from, size_t *to);

#endif
