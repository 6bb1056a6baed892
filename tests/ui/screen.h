/*
 * The screen without a terminal, for tests: a temporary store, a fake engine
 * that records what it is asked, keys in, a canvas out.  The clock stands at
 * Friday, 15 March 2024, 12:00 UTC.  Every function fails the running test on
 * an error.
 */
#ifndef TERN_TESTS_UI_SCREEN_H
#define TERN_TESTS_UI_SCREEN_H

#include "read/reader.h"
#include "support/rig.h"
#include "ui/priv.h"

enum { NOW = 1710504000, START_MS = 1000000 };

struct screen {
	struct rig *rig;
	struct places places;
	struct config config;
	struct engine engine;     /* first asked, then recorded: */
	GString *calls;           /* "push 1\n", "body 1 7\n", ... */
	struct cache_notice notices[64]; /* the last ones */
	size_t n_notices;
	int looks;                /* how often it was told what is looked at */
	struct engine_state state;
	struct reader *reader;
	struct ui *ui;
	struct canvas *canvas;
	int64_t ms;               /* the fake clock */
	mailbox_id sent, junk;
};

struct mail {
	const char *from_name, *from_addr, *to, *subject;
	int64_t age;              /* seconds before NOW */
	unsigned flags;
	bool attachment;
};

/* A screen of that size; accounts 0 (welcome), 1, or 2. */
struct screen *screen_new(int accounts, int height, int width);
void screen_free(struct screen **s);
/* Makes the screen anew over the same store: as after a restart. */
void screen_start(struct screen *s);
/* A message that the server has, with that number in a mailbox. */
void screen_mail(struct screen *s, mailbox_id m, uint64_t uid, const struct mail *mail);
/* A dozen ordinary messages in the inbox, two in Sent. */
void screen_fill(struct screen *s);
/* n plain messages, number 1 the oldest. */
void screen_fill_many(struct screen *s, int n);
/* Caches the raw message of a number in the inbox. */
void screen_body(struct screen *s, uint64_t uid, const char *raw);
/* Types keys in the syntax of key files. */
void screen_keys(struct screen *s, const char *keys);
/* Waits for the message that is being opened. */
void screen_read(struct screen *s);
/* Delivers what the store and the test posted, as the loop does. */
void screen_events(struct screen *s);
/* Turns the clock and does what is due. */
void screen_wait(struct screen *s, int ms);
void screen_size(struct screen *s, int height, int width);
/* Draws; row y as text (g_free). */
char *screen_row(struct screen *s, int y);
char *screen_text(struct screen *s);
bool screen_shows(struct screen *s, const char *text);
/* Compares the screen with tests/ui/golden/NAME.txt; UPDATE_GOLDEN=1 writes it. */
void screen_golden(struct screen *s, const char *name);

Suite *suite_of_parts(void);
Suite *suite_of_activity(void);
Suite *suite_of_changes(void);
Suite *suite_of_flow(void);
Suite *suite_of_marks(void);
Suite *suite_of_reading(void);
Suite *suite_of_seen(void);
TCase *hyperlink_cases(void);
TCase *spool_cases(void);
Suite *suite_of_links(void);

#endif
