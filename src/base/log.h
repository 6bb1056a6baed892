/*
 * The log: JSON lines in a daily file of the state folder, kept for LOG_DAYS.
 *
 * No secrets and no message bodies (P-32): secrets are registered with
 * log_secret and replaced in every line by a redactor that sits under all
 * calls.  Before log_open, and after log_close, lines go nowhere.  Thread-safe;
 * its mutex is a leaf.
 */
#ifndef TERN_BASE_LOG_H
#define TERN_BASE_LOG_H

#include "base/err.h"

enum { LOG_DAYS = 7 };
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Opens DIR/tern-YYYY-MM-DD.log (0600), removes files older than LOG_DAYS; lines above `level` are dropped. */
int log_open(const char *dir, enum log_level level, struct err *err);
/* From now on lines go nowhere; log_secret's words are forgotten. */
void log_close(void);

/*
 * One line: {"at":..., "level":..., "event": event, ...fields}.  `fields` is a
 * jansson pack format of an object's inside, such as "s:s, s:I", with its
 * values behind it, or NULL.
 */
void log_event(enum log_level level, const char *event, const char *fields, ...);

/* From now on `secret` never appears in a line. */
void log_secret(const char *secret);

#endif
