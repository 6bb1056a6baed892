/*
 * The reader, for commands: what keys do with the message that is open.
 *
 * All of them are for the view on top; where that is no reader, or its message
 * is not there yet, they are ERR_USAGE with words.  Main thread only.
 */
#ifndef TERN_UI_VIEW_MESSAGE_H
#define TERN_UI_VIEW_MESSAGE_H

#include <stdbool.h>

#include "base/err.h"

struct ui;

/* Shows the message the list's cursor stands on, in the reader that is open. */
int view_message_follow(struct ui *ui, struct err *err);
int view_message_retry(struct ui *ui, struct err *err);
/* The usual headers, all, as they were sent; and again. */
int view_message_headers(struct ui *ui, struct err *err);
/* Folds the long quotations, or opens all that are folded. */
int view_message_fold(struct ui *ui, struct err *err);
/* To the next (or the last) words of the sender, over what is quoted. */
int view_message_own(struct ui *ui, bool back, struct err *err);
/* Looks for words from the screen on; "" = for those of before, behind (or before) the last match. */
int view_message_find(struct ui *ui, const char *words, bool back, struct err *err);
/* Is the end of the message on the screen? */
bool view_message_at_end(struct ui *ui);
/* The message as it was sent. */
int view_source_open(struct ui *ui, struct err *err);

#endif
