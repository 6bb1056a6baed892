/*
 * What is asked once, as soon as the login is through: CAPABILITY, ENABLE, ID,
 * the inbox and the listing, in one flight.
 *
 * With a memory of the server (memory.h) the flight leaves together with the
 * login, before its answer is known; nothing in it is secret or changes
 * anything.  What was refused, or turned out to be wrong, is asked again when
 * the truth is known.
 */
#ifndef TERN_PROVIDER_IMAP_FLIGHT_H
#define TERN_PROVIDER_IMAP_FLIGHT_H

#include "provider/imap/list.h"
#include "provider/imap/select.h"

enum { FLIGHT_LOST_MS = 5000 };

struct flight {
	bool early;			       /* it left before the login was answered */
	uint32_t capability, enable, id, list; /* tags that are awaited, 0 = none */
	const char *asked; /* the words of the last ENABLE that was not refused */
	bool heard;	   /* something was read since the login was answered */
	uint32_t newest;   /* the highest tag that was answered, 0 = none */
	bool lost;	   /* the server lost the flight, or a part of it */
	bool introduced, listed;
	struct selecting inbox; /* its tag: awaited, 0 = not */
	struct boxes *listing; /* being filled */
};

void flight_release(struct flight *f);

/* May one leave before the login is answered? */
bool flight_is_possible(const struct imap *i);
/* Sends it from memory, behind the last line of the login. */
int flight_send_early(struct imap *i, struct flight *f, struct err *err);
/* Sends what is still to be asked, by i->plan. */
int flight_send(struct imap *i, struct flight *f, struct err *err);
/* Reads all answers that are awaited. */
int flight_land(struct imap *i, struct flight *f, struct err *err);

/* An untagged_fn with a struct flight as ctx, for the answers to login and flight. */
int flight_note(struct imap *i, const struct response *r, void *ctx, struct err *err);

/* The words of a capability list: i->plan and i->heard. */
void imap_heard(struct imap *i, struct scan *words);

#endif
