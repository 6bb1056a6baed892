/*
 * The provider of a local Maildir tree: Maildir++ (folders ".Name.Sub" beside
 * the cur/new/tmp of the inbox) or plain nested folders "Name/Sub".
 *
 * Internal to this folder; one thread, as every provider.  Files are only
 * reached through descriptors of their folders (openat, O_NOFOLLOW), never by
 * names that hold a '/'.  A tree or folder that is not there is an error with
 * words, never "everything was deleted".
 */
#ifndef TERN_PROVIDER_MAILDIR_H
#define TERN_PROVIDER_MAILDIR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <glib.h>

#include "provider/provider.h"

enum {
	MAILDIR_MESSAGES_MAX = 2000000, /* files of one folder */
	MAILDIR_FOLDERS_MAX = 10000,
	MAILDIR_DEPTH_MAX = 32,         /* of plain nested folders */
	MAILDIR_SLICE = 500,            /* messages between two cursors */
	MAILDIR_CANCEL_EVERY = 256,     /* steps of a loop between two looks at cancel */
	MAILDIR_RACY_S = 2,             /* a younger time stamp may hide a second change */
	MAILDIR_POLL_MS = 5000,         /* looking by hand, without inotify */
};

struct maildir {
	struct provider base;
	int root;                  /* -1: not connected */
	bool dotted;               /* Maildir++ */
	int inotify;               /* -1: none */
	bool stale;                /* the set of folders changed since the watches were made */
	bool unwatchable;          /* the system has no watches left: look by hand */
	uint64_t stamp;            /* what the hand saw last */
	bool again;                /* a listing proved nothing: look again soon */
};

/* --- names.c: what a file name says ------------------------------------------ */

/* Length of the unique part of a file name: before ":2,FLAGS". */
size_t maildir_base_length(const char *name);
/* The number of a message: of the SHA-256 of its unique part, as much as fits below 2^63, never 0. */
uint64_t maildir_uid(GChecksum *sum, const char *base, size_t len);
/* Enum flags by the letters behind ":2,"; what is in new/ is not seen. */
unsigned maildir_flags(const char *name, bool in_new);
const char *maildir_keywords(const char *name); /* "" or "$forwarded" */
/* The seconds that a delivery agent wrote at the beginning; 0 if there are none. */
int64_t maildir_name_time(const char *name);
/* Beside enum flags: what the letter P says, the keyword $forwarded. */
enum { MAILDIR_PASSED = 1 << 8 };
/* The name in cur/ with `add` on and `remove` off (enum flags, MAILDIR_PASSED); other letters stay.
 * g_free. */
char *maildir_renamed(const char *name, unsigned add, unsigned remove);

/* --- tree.c: folders ----------------------------------------------------------- */

enum maildir_sub { SUB_NEW, SUB_CUR, N_SUBS };

/* An open folder, its new/ and cur/. */
struct folder {
	int sub[N_SUBS];
	int top;
};

#define FOLDER_NONE ((struct folder){ { -1, -1 }, -1 })

void folder_close(struct folder *f);
/* ERR_OFFLINE if the whole tree is gone, ERR_RETRY if only this folder is. */
int folder_open(struct maildir *m, const char *path, struct folder *out, struct err *err);

/* Opens the root and finds out which layout it has; ERR_OFFLINE if it is not there. */
int tree_connect(struct maildir *m, struct err *err);
/* The tree is still the one that was connected to. */
int tree_check(struct maildir *m, struct err *err);
/* Calls each for every folder's path. */
int tree_walk(struct maildir *m, int (*each)(void *ctx, const char *path, struct err *err),
	void *ctx, struct err *err);
int maildir_mailboxes(struct provider *p, struct sink *out, struct err *err);

/* --- listing.c: the files of a folder ------------------------------------------ */

struct entry {
	uint64_t uid;
	uint32_t name;   /* offset in listing.names */
	uint32_t order;  /* rises while listing: of two entries the later one counts */
	bool in_new;
};

struct listing {
	GArray *entries;   /* of struct entry, ascending by uid, each uid once */
	GByteArray *names;
	int64_t mtime[N_SUBS]; /* ns, before the listing */
	bool steady;       /* nothing moved while it was read: what is missing is gone */
};

void listing_init(struct listing *l);
void listing_release(struct listing *l);
/* All messages of a folder; a file that moves from new/ to cur/ meanwhile is there once. */
int listing_read(struct maildir *m, const struct folder *f, struct listing *l, struct err *err);
const char *listing_name(const struct listing *l, const struct entry *e); /* of its file, borrowed */
/* When new/ and cur/ changed last, in ns. */
int folder_mtimes(const struct folder *f, int64_t out[N_SUBS], struct err *err);

/* Where one message is: its directory and its name now. */
struct place {
	enum maildir_sub sub;
	char name[NAME_MAX + 1];
};

/* 1 = found, 0 = it is not in the folder. */
int folder_locate(struct maildir *m, const struct folder *f, const char *base, uint64_t uid,
	struct place *out, struct err *err);
/* A regular file, for reading; -errno. */
int folder_open_file(const struct folder *f, enum maildir_sub sub, const char *name);

/* --- put.c: messages that come into a folder ------------------------------------- */

/* A mark that no other wish of any program has: new names begin with it. */
void put_mark(char out[MUTATION_MARK_MAX]);
/* The unique part of the name that the wish of this row gives its message.  g_free. */
char *put_base(const char *mark, int64_t row);
/* A second name for the file, or where that cannot be a copy of it, as `to` in the target's cur/;
 * 0, -errno (-EEXIST: it is there), or -ECANCELED. */
int put_copy(struct maildir *m, const struct folder *from, const struct place *at,
	const struct folder *target, const char *to);
/* The same for a message that only we have, with the line ends of a file; received_at: unix seconds,
 * 0 = now. */
int put_new(struct maildir *m, int fd, int64_t received_at, const struct folder *target,
	const char *to);
/* renameat that never replaces a file, where the file system can promise that; 0 or -errno. */
int put_rename(int from_dir, const char *from, int to_dir, const char *to);

/* --- the rest ---------------------------------------------------------------------- */

int maildir_changes(struct provider *p, const struct mailbox *box, unsigned flags,
	struct sink *out, struct err *err);
int maildir_apply(struct provider *p, const struct mutation_batch *b, struct applied *out,
	struct err *err);
int maildir_wait(struct provider *p, struct watch *w, struct err *err);
/* Makes the watches, if they are not there yet. */
void watch_begin(struct maildir *m);
void watch_end(struct maildir *m);

int maildir_canceled(const struct maildir *m, struct err *err); /* 0 or ERR_CANCELED */

#endif
