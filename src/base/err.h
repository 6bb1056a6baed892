/*
 * Errors, graded by what the caller does next.
 *
 * A function that can fail returns 0 (or a count) on success and a negative
 * enum err_code on failure, and fills the struct err that it was given as its
 * last argument.  A struct err holds no pointers: it lives on the stack, is
 * copied by assignment and fits in a row of the store.  Its text is a whole
 * sentence, already translated, fit for the status line: cause and next step.
 *
 * A function either returns an error or shows it, never both.
 */
#ifndef TERN_BASE_ERR_H
#define TERN_BASE_ERR_H

enum err_code {
	ERR_OK = 0,
	ERR_CANCELED = -1,     /* the reader, or the end of the program, asked to stop */
	ERR_RETRY = -2,        /* try again after a pause: nothing was judged */
	ERR_OFFLINE = -3,      /* no way to the server */
	ERR_AUTH = -4,         /* refused until the reader acts */
	ERR_GONE = -5,         /* the thing is not there any more */
	ERR_CONFLICT = -6,     /* the thing changed under our hands */
	ERR_LIMIT = -7,        /* a named limit was reached */
	ERR_UNSUPPORTED = -8,  /* the other side cannot do this */
	ERR_PROTOCOL = -9,     /* the other side spoke nonsense */
	ERR_STORAGE = -10,     /* the local disk or database failed */
	ERR_USAGE = -11,       /* the caller, a person, asked for something impossible */
	ERR_TRUST = -12,       /* the other side is not who it says: never retried */
	ERR_REFUSED = -13,     /* the server judged the request and said no for good */
};

enum { ERR_TEXT_MAX = 300 };

struct err {
	enum err_code code;
	int after_s;              /* the other side asked to wait this many seconds; 0 = nothing said */
	char text[ERR_TEXT_MAX];  /* valid UTF-8, cleaned of control characters by err_set */
};

/* Fills *err (may be NULL) and returns code, so that `return err_set(err, ...)` reads well. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The stable one-word name of a code ("offline", "auth", ...): for logs, JSON and rows. */
const char *err_name(enum err_code code);

#endif
