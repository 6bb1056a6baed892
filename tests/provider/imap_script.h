/*
 * An IMAP server that says what a test wants it to say.
 *
 * For answers that no real server on this machine gives: a liar's, a broken
 * one's, those of extensions that Dovecot lacks.  Commands that come without
 * waiting for an answer are read together; they are one flight, and flights are
 * round trips.  Needs no login (PREAUTH).
 *
 * A literal is read and not kept, one in a command, with what stands behind it.
 * One that waits comes if the answer of its rule begins with "+"; the rule of
 * "(literal)" answers the command.  Behind an answer that begins with "* BYE"
 * the connection ends.
 */
#ifndef TESTS_PROVIDER_IMAP_SCRIPT_H
#define TESTS_PROVIDER_IMAP_SCRIPT_H

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>

struct script_rule {
	const char *command; /* what the command begins with, behind its tag; NULL ends the list */
	const char *answer;  /* "%T" stands for the tag; lines end with "\r\n" */
	int times;	     /* 0 = always, else so often */
};

struct script {
	const char *capabilities;
	const struct script_rule *rules; /* the first that fits and is not used up */
	int port, listener;
	pthread_t thread;
	GMutex lock;
	GString *heard; /* one line "FLIGHT COMMAND" each */
	int flights;
	int used[32];
	size_t literal; /* bytes that are awaited; behind them, the rest of the line */
	char literal_tag[20], literal_of[80]; /* literal_of: "" = no literal is awaited */
	bool leaving;
};

/* Unknown commands are answered with OK; ENABLE enables all it names. */
void script_start(struct script *s, const char *capabilities, const struct script_rule *rules);
void script_stop(struct script *s);
/* Forgets what was heard. */
void script_reset(struct script *s);
int script_flights(struct script *s);
/* How many commands that hold this text were heard. */
int script_heard(struct script *s, const char *text);

#endif
