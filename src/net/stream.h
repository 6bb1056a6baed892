/*
 * A byte stream to a server: TCP, then TLS with chain and host name checked in
 * ONE function, every wait bounded and cancelable.
 *
 * Owner: one thread.  The struct cancel may be set from any thread; the call
 * under way then returns ERR_CANCELED within 300 ms (name look-up included: it
 * runs in a helper thread that is abandoned when the reader cannot wait).
 * An end of the connection is an error (ERR_OFFLINE), never "end of data"; so
 * is a TLS end without close_notify.
 */
#ifndef TERN_NET_STREAM_H
#define TERN_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/cancel.h"
#include "base/err.h"

struct stream;

enum {
	STREAM_CONNECT_MS = 20 * 1000, /* look-up, TCP and TLS together */
	STREAM_READ_MS = 60 * 1000,    /* silence while an answer is awaited */
};

/* Connects to host:port; no TLS yet. */
int stream_connect(const char *host, int port, struct cancel *cancel, struct stream **out,
	struct err *err);

/*
 * Raises TLS (1.2 or newer), checks the chain against ca_file (NULL: the
 * system's authorities) and the certificate's name against the host that was
 * given to stream_connect.  ERR_TRUST says in words what is wrong with the
 * certificate.  Bytes read before and not consumed are the caller's business:
 * it must refuse to call this with a non-empty buffer of its own.
 */
int stream_start_tls(struct stream *s, const char *ca_file, struct err *err);

/*
 * From now on both directions are compressed (net/press.h).  Not a byte behind
 * the answer that allowed it may have been read before.
 */
int stream_compress(struct stream *s, struct err *err);

bool stream_is_tls(const struct stream *s);

/* > 0 bytes read; < 0 error.  Waits at most timeout_ms for the first byte (ERR_OFFLINE when it passes). */
ssize_t stream_read(struct stream *s, void *buf, size_t cap, int timeout_ms, struct err *err);
/* Writes everything. */
int stream_write(struct stream *s, const void *buf, size_t len, struct err *err);
/* 1 = bytes can be read now (also those waiting inside TLS or the press), 0 = timeout, or `wake` (may be NULL) was set; < 0 error. */
int stream_wait(struct stream *s, struct cancel *wake, int timeout_ms, struct err *err);

/* Sends close_notify if that needs no waiting, closes; NULL-safe. */
void stream_close(struct stream **s);

#endif
