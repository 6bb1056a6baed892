/*
 * Taking parts out of a message, as bytes.
 *
 * document_export writes what a part holds (an attachment to be saved or
 * opened); document_extract what a seal is made of (read/seal.h).  Both read
 * the message again from its file, stream, and hold no part in memory.
 * Pure I/O on the descriptors that they are given; any thread.
 */
#ifndef TERN_MIME_EXPORT_H
#define TERN_MIME_EXPORT_H

#include <stdint.h>

#include "base/err.h"
#include "mime/document.h"

/*
 * The decoded bytes of document.parts[part] to `out`: a message inside as it
 * stands in the file, text as it is (no charset is changed).  Only how->holes
 * counts.  *bytes: written.  ERR_GONE: there is no such part, or its content
 * was left at the server; ERR_UNSUPPORTED: a container; ERR_STORAGE.
 */
int document_export(int fd, const struct document_how *how, int part, int out, uint64_t *bytes,
	struct err *err);

/*
 * The same part as text in UTF-8, by the charset that it or the page in it
 * names: its source, not what it looks like.  At most DOCUMENT_TEXT_MAX bytes
 * of it.  ERR_UNSUPPORTED: it is no leaf.
 */
int document_export_text(int fd, const struct document_how *how, int part, int out, struct err *err);

/*
 * What the protection of parts[part] is about (document.seal):
 *   multipart/signed        to `body` the first part, byte for byte as in the
 *                           file (line ends are not made canonical), to
 *                           `signature` the decoded second part
 *   multipart/encrypted     to `body` the decoded second part
 *   any other part          to `body` the decoded content (application/pkcs7-mime)
 *   a text                  to `body` the first PGP message in it, from BEGIN to
 *                           END, in the charset of the part
 * ERR_GONE: there is no such thing in it.  ERR_PROTOCOL: what stands between
 * the boundaries is not what the parser showed; no verdict may be built on it.
 */
int document_extract(int fd, int part, int body, int signature, struct err *err);

#endif
