/*
 * Parts that hold others in a form of their own: winmail.dat, uuencoded blocks
 * of plain text, and messages that were encoded as a whole, which RFC 2046
 * (5.2.1) forbids and servers send.  What is in them becomes parts like any
 * other.
 */
#ifndef TERN_MIME_UNPACK_H
#define TERN_MIME_UNPACK_H

#include "mime/outline.h"

enum {
	UNPACK_TEXT_MAX = 8 << 20,      /* bytes of a text searched for uuencoded files */
	UNPACK_MESSAGES_MAX = 16 << 20, /* decoded bytes of all encoded messages in a message */
};

/* The parts made of what is in n, a new object; NULL if it is no such part. */
GMimeMultipart *unpack(const struct node *n);

/*
 * The message that the part n is, decoded and parsed within the limits that every message has; a
 * new object.  NULL: it is none, it passes a limit, or is larger than *budget, from which its bytes
 * are taken.
 */
GMimeMessage *unpack_message(const struct node *n, size_t *budget);

#endif
