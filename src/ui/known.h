/*
 * The domains that the reader knows, kept for a while: reading them costs two
 * bounded queries.  Main thread only.
 */
#ifndef TERN_UI_KNOWN_H
#define TERN_UI_KNOWN_H

#include <stdint.h>

#include <glib.h>

#include "model/id.h"

struct ui;

enum { KNOWN_KEPT_MS = 600000 };

struct known {
	account_id account;
	int64_t read_at;     /* monotonic ms, 0 = never */
	GPtrArray *domains;  /* of char *, NULL at its end */
};

/* Of the account's correspondents and of all own accounts, ended by NULL; borrowed until the next call. */
const char *const *known_domains(struct ui *ui, account_id account);
void known_release(struct known *k);

#endif
