/*
 * The options as rows: one row gives loading, checking, the error's words and
 * the manual's paragraph.  config_options describes struct config (the group
 * [tern] of tern.conf), account_options describes struct account (one group
 * per account).  Both end with a row whose name is NULL.
 */
#ifndef TERN_CONFIG_OPTIONS_H
#define TERN_CONFIG_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

enum option_type {
	OPTION_BOOL, /* bool: true or false, also yes/no, on/off, 1/0 */
	OPTION_INT,  /* int: between least and most */
	OPTION_SIZE, /* int64_t: bytes, also with K, M, G or T behind the number (powers of 1024) */
	OPTION_WORD, /* int: the place of the value in words */
	OPTION_TEXT, /* char *, owned */
	OPTION_PATH, /* char *, owned, absolute; a leading ~/ is the reader's home */
};

struct option {
	const char *name;      /* with '-'; a file may also write '_' */
	enum option_type type;
	size_t offset;         /* of the field */
	const char *fallback;  /* as it would stand in the file; NULL = unset */
	int least, most;       /* INT */
	const char *words;     /* WORD: separated by blanks, in the order of the enum */
	int (*check)(const char *value, struct err *err); /* what the type cannot tell; may be NULL */
	const char *help;      /* one or two sentences, N_() */
};

extern const struct option config_options[], account_options[];

/* The row of that key, '_' and '-' being the same; NULL if there is none. */
const struct option *option_find(const struct option *rows, const char *key);
/* The known key that looks most like `key`, NULL if none is close. */
const char *option_suggest(const struct option *rows, const char *key);
/* Sets every field to its fallback; the struct must be zeroed. */
void option_defaults(const struct option *rows, void *base);
/* Sets one field from text, freeing what was there; ERR_USAGE with a sentence about the value. */
int option_set(const struct option *o, void *base, const char *value, struct err *err);
/* What a file would say for the field; a new string, NULL if it is unset. */
char *option_get(const struct option *o, const void *base);
/* A text as man(7) source: dashes that are meant, one sentence a line. */
void option_put_manual(const char *s, FILE *out);
/* The manual's paragraphs, likewise. */
void option_print_manual(const struct option *rows, FILE *out);

#endif
