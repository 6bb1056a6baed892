/*
 * Names of hosts and domains: as the DNS has them, as people may safely see
 * them, and what they could be mistaken for.
 *
 * A name in letters of other scripts (IDNA) is shown decoded only if every
 * label keeps to one script, or to the scripts of one language (UTS 39,
 * "highly restrictive"), and is not made of look-alikes of Latin letters
 * altogether; else as punycode.  Pure; any thread.
 */
#ifndef TERN_BASE_HOST_H
#define TERN_BASE_HOST_H

#include <stdbool.h>
#include <stddef.h>

enum {
	HOST_MAX = 254,              /* a name of the DNS with its NUL (RFC 1035) */
	HOST_SHOWN_MAX = 4 * HOST_MAX,
};

/* Lower-case ASCII without a dot at the end; false if it can be no name or address of a host. */
bool host_ascii(const char *host, char *out, size_t cap);
/* What people see of an ASCII name; UTF-8. */
void host_shown(const char *ascii, char *out, size_t cap);
/* Decoded it could be read as another name: mixed scripts, or nothing but look-alikes. */
bool host_deceives(const char *ascii);
/*
 * The part of a name that one owner has registered: the last two labels, three
 * below suffixes such as co.uk (a small list, not all there are).  Leads into name.
 */
const char *host_site(const char *name);
/* Both belong to one site; case does not matter. */
bool host_same_site(const char *a, const char *b);

/* This machine's loopback: 127.0.0.0/8 or ::1 in digits, or "localhost"; nothing that the DNS decides. */
bool host_is_loopback(const char *host);
/* The name with letters that look alike made one ("rn" is "m", Cyrillic "а" is "a"). */
void host_skeleton(const char *ascii, char *out, size_t cap);

#endif
