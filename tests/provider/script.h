/*
 * An IMAP server that follows a script, one step a line, for what real servers
 * do seldom or never.  It runs in a thread, in the clear, on a free port.
 *
 *   S TEXT   sends TEXT and a line end; $1 .. $9: the tag of that C step
 *   L TEXT   the same, to a client that may be gone already
 *   C WORDS  a command must come that begins with WORDS behind its tag
 *   R TEXT   a line must come that is TEXT ("R *": begins with anything)
 *   Q MS     for MS milliseconds nothing must come
 *   B MIB    sends a line of so many MiB, deflated
 *   N MS     for MS milliseconds sends deflated data that stands for nothing
 *   E        the client must close without another word
 *   =        closes, and waits for the next connection
 *
 * At the end of the script the connection stays open until the client closes.
 */
#ifndef TESTS_PROVIDER_SCRIPT_H
#define TESTS_PROVIDER_SCRIPT_H

#include <pthread.h>

struct script {
	int port;
	int fd; /* listens */
	const char *const *steps;
	pthread_t thread;
	char failure[400]; /* "" = all went as written */
};

/* steps end with NULL and outlive the script. */
void script_start(struct script *s, const char *const *steps);
/* Ends it and fails the test unless all steps were done; the client must have closed. */
void script_stop(struct script *s);

#endif
