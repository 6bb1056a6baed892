/*
 * A connection on its way to being logged in; private to session.c and login.c.
 */
#ifndef TERN_PROVIDER_IMAP_SESSION_H
#define TERN_PROVIDER_IMAP_SESSION_H

#include <libetpan/libetpan.h>

#include "provider/imap/flight.h"

enum {
	SESSION_LINE_MAX = 8192,     /* of a status line before login */
	SESSION_PASSWORD_MAX = 8192, /* access tokens are long */
	SESSION_PASSWORD_MS = 30 * 1000,
	SESSION_METHODS_MAX = 3, /* ways to log in that are tried on a connection */
};

struct session {
	struct imap *imap;
	mailimap *etpan;
	bool greeted;
	bool remembered; /* the capabilities are those of the last time, not told yet */
	bool along;	 /* the flight leaves behind the command that libetpan writes next */
	struct flight flight;
	char line[SESSION_LINE_MAX + 8];
	size_t len, at;	    /* of line: what libetpan has not taken yet */
	struct answer last; /* of the last status line */
	struct err err;	    /* why the driver failed */
};

/* Asks for the capabilities if none are known. */
int session_capability(struct session *s, struct err *err);

/* Signs in with the account's password, by the best way that is offered. (login.c) */
int session_login(struct session *s, struct err *err);

/* Does a refusal mean that the server allows fewer connections than there are? */
bool session_is_crowded(const struct answer *a);

/* What a failed step means: the driver's reason if it has one, else the server's no. */
int session_failed(const struct session *s, struct err *err);

#endif
