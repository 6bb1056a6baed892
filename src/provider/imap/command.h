/*
 * Commands and their tagged answers.
 *
 * A struct command is built piece by piece, so that nothing from outside gets
 * into it but through command_astring, which quotes it or makes it a literal;
 * the guard below refuses any stray line end.  Several commands may be in
 * flight; answers are matched by tag, never by order.  A literal that waits for
 * the server's "+" may leave behind other commands: what is heard before the
 * "+" is kept, and imap_read hands it out in its order.
 */
#ifndef TERN_PROVIDER_IMAP_COMMAND_H
#define TERN_PROVIDER_IMAP_COMMAND_H

#include <glib.h>

#include "provider/imap/imap.h"

enum {
	COMMAND_STOPS_MAX = 4, /* literals of one command that wait for the server */
	COMMAND_KEPT_MAX = 4 << 20, /* bytes of answers to others that come before a "+" */
	COMMAND_LITERAL_MINUS = 4096, /* bytes of a literal under LITERAL- (RFC 7888) */
	ANSWER_AFTER_MAX_S = 24 * 3600, /* a longer wait that a server asks for is cut */
	ANSWER_CODE_MAX = 40,
};

struct command {
	GString *text;
	size_t literal_free; /* bytes of a literal that need not wait for the server */
	unsigned n_stops;
	size_t stops[COMMAND_STOPS_MAX]; /* offsets in text where "+" is awaited */
};

enum answer_status {
	ANSWER_OK,
	ANSWER_NO,
	ANSWER_BAD,
};

struct answer {
	enum answer_status status;
	char code[ANSWER_CODE_MAX];	/* the word of the response code, "" if none */
	char text[MUTATION_ANSWER_MAX]; /* the server's words, cleaned */
};

/* The text behind OK, NO, BAD or BYE (RFC 3501, resp-text). */
struct resp_text {
	struct slice code; /* "UIDNEXT", p = NULL if there is none */
	struct scan args;  /* what follows it inside the brackets */
	struct slice words;
};

/* Gets every untagged answer; returns 0, or an error that ends the connection. */
typedef int (*untagged_fn)(struct imap *i, const struct response *r, void *ctx, struct err *err);

void command_init(struct command *c, const struct imap *i, const char *text);
void command_release(struct command *c);
void command_add(struct command *c, const char *text);
int command_astring(struct command *c, const char *s, struct err *err);

/* Sends; *tag says which answer belongs to it.  literal_max as guard_command. */
int imap_send(
	struct imap *i, struct command *c, uint64_t literal_max, uint32_t *tag, struct err *err);
/* Reads one answer; data goes to fn (may be NULL) after the connection's own notes were taken. */
int imap_read(struct imap *i, int timeout_ms, untagged_fn fn, void *ctx, struct response *r,
	struct err *err);
/* Reads until the tagged answer of `tag`, which is put into *a. */
int imap_finish(struct imap *i, uint32_t tag, untagged_fn fn, void *ctx, struct answer *a,
	struct err *err);
/* Sends, and does that. */
int imap_run(struct imap *i, struct command *c, untagged_fn fn, void *ctx, struct answer *a,
	struct err *err);

/* The wait in seconds that the words name, 0 = none. */
int answer_after_s(const char *words);

/* Drops what was kept and not read: the connection is another one. */
void imap_forget_kept(struct imap *i);

void resp_text_parse(struct scan s, struct resp_text *out);
void answer_parse(const struct response *r, struct answer *out);
/*
 * The error that a NO or BAD stands for; err.after_s if the server's words name
 * a wait ("try again in 5 minutes").
 */
int answer_error(const struct answer *a, struct err *err);
bool answer_code(const struct answer *a, const char *code);

#endif
