/*
 * Address headers as people read them.  Pure; any thread after mime_init.
 */
#ifndef TERN_MIME_ADDRESS_H
#define TERN_MIME_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

enum { ADDRESS_RAW_MAX = 128 * 1024 }; /* of a longer header only the beginning is read */

/*
 * "Name <addr>, ..." decoded, names quoted where they need it, at most max
 * bytes.  Returns a new string (g_free), never NULL.
 */
char *address_list_text(const char *raw, size_t len, size_t max);

/*
 * The first mailbox of a header: new strings (g_free), NULL for what is
 * missing.  A value that holds no address gives its text as the name.
 */
void address_first(const char *raw, size_t len, size_t max, char **name_out, char **addr_out);

#endif
