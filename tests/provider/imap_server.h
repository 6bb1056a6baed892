/*
 * Real servers for the IMAP tests: one Dovecot for the whole program, and
 * proxies in front of it that misbehave (tests/support, tests/faults).
 */
#ifndef TESTS_PROVIDER_IMAP_SERVER_H
#define TESTS_PROVIDER_IMAP_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct server {
	char dir[80], ca[200];
	char user[40]; /* whose mail the functions below change; "alice" unless changed */
	int imap_port, imaps_port, tlsonly_port;
};

extern struct server server;

/* 0 = it runs, 77 = there is none on this machine, else it failed. */
int server_start(void);
void server_stop(void);
/* Goes away and comes back with the same ports and mail; resume answers as start does. */
void server_halt(void);
int server_resume(void);
bool server_running(void);

/* Runs a shell command; aborts the test on failure. */
void server_must(const char *command);

/* Runs doveadm; the arguments as a shell sees them.  Aborts the test on failure. */
void server_adm(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void server_make(const char *mailbox);
/* Puts these bytes there as a message. */
void server_save(const char *mailbox, const char *mail, size_t len);
/* Puts a message there; body_bytes of filling. */
void server_deliver(const char *mailbox, const char *subject, int body_bytes);
/* n messages of varied kinds, by one copy into its Maildir. */
void server_fill(const char *mailbox, int n);
/* How many messages match the search. */
int server_count(const char *mailbox, const char *search);

struct proxy {
	pid_t pid;
	int port;
	char ledger[128];
};

/* Starts a faulty proxy with these further arguments. */
void proxy_start(struct proxy *p, const char *arguments);
/* The same in front of another port of 127.0.0.1. */
void proxy_before(struct proxy *p, int port, const char *arguments);
/* The same in front of the small server inside it. */
void proxy_alone(struct proxy *p, const char *arguments);
void proxy_stop(struct proxy *p);
bool proxy_saw(const struct proxy *p, const char *text);

#endif
