/*
 * Mailbox names: modified UTF-7 (RFC 3501, section 5.1.3) to UTF-8 and back.
 */
#ifndef TERN_PROVIDER_IMAP_UTF7_H
#define TERN_PROVIDER_IMAP_UTF7_H

/*
 * A new string (g_free): path decoded, with `delimiter` (0 = none) replaced by
 * '/'.  A name that is no modified UTF-7 is taken as it is; the result is
 * always valid UTF-8.
 */
char *utf7_name(const char *path, char delimiter);

/*
 * Exactly: path as UTF-8 (g_free), NULL if it is no modified UTF-7 or if
 * encoding that again would not give the same path.
 */
char *utf7_decode(const char *path);

/* The modified UTF-7 (g_free) of valid UTF-8. */
char *utf7_encode(const char *name);

#endif
