/*
 * The reader's changes, as renames.  Each is atomic, and looking at the folder
 * tells whether it happened already, so that nothing has to be noted before.
 */
#include "provider/maildir/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"

enum { TRIES_MAX = 3 }; /* another program may rename the file at the same moment */

struct act {
	struct maildir *m;
	const struct mutation_batch *b;
	struct folder source, target; /* target: of a move */
};

static void act_release(struct act *a)
{
	folder_close(&a->source);
	folder_close(&a->target);
}

static void refuse(struct applied *out, const char *why)
{
	out->state = APPLIED_REFUSED;
	g_strlcpy(out->answer, why, sizeof out->answer);
}

/* Never over another file, where the file system can promise that. */
static int rename_new(int from_dir, const char *from, int to_dir, const char *to)
{
	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (faccessat(to_dir, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(from_dir, from, to_dir, to) == 0 ? 0 : -errno;
}

/* 1 = done, 0 = look again (it was renamed meanwhile), negative errno. */
static int rename_place(struct act *a, const struct place *at, int to_dir, const char *to)
{
	int r = rename_new(a->source.sub[at->sub], at->name, to_dir, to);

	if (r == 0)
		return 1;
	return r == -ENOENT ? 0 : r;
}

static int set_flags(struct act *a, const struct place *at)
{
	unsigned have = maildir_flags(at->name, at->sub == SUB_NEW);
	unsigned hidden = maildir_flags(at->name, false) & ~have; /* a seen mark in new/ is none */
	g_autofree char *to = NULL;

	if ((have & a->b->add) == a->b->add && !(have & a->b->remove))
		return 1;
	to = maildir_renamed(at->name, a->b->add, a->b->remove | (hidden & ~a->b->add));
	if (at->sub == SUB_CUR && strcmp(to, at->name) == 0)
		return 1;
	return rename_place(a, at, a->source.sub[SUB_CUR], to);
}

static int move(struct act *a, const struct place *at)
{
	g_autofree char *to = NULL;

	if (at->sub == SUB_NEW) /* an info part is due in cur/; it is still unseen there */
		to = maildir_renamed(at->name, 0, FLAG_SEEN);
	return rename_place(a, at, a->target.sub[SUB_CUR], to ? to : at->name);
}

/* Not in the source: a move that happened before, or a message that is gone. */
static int not_there(struct act *a, const struct mutation_item *it, struct applied *out,
	struct err *err)
{
	struct place at;
	int r = 0;

	if (a->b->verb == MUTATION_MOVE)
		r = folder_locate(a->m, &a->target, it->canonical, it->uid, &at, err);
	if (r < 0)
		return r;
	out->state = r > 0 ? APPLIED_DONE : APPLIED_GONE;
	out->target_uid = r > 0 ? it->uid : 0;
	return 0;
}

static int apply_one(struct act *a, const struct mutation_item *it, struct applied *out,
	struct err *err)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		struct place at;
		int r = folder_locate(a->m, &a->source, it->canonical, it->uid, &at, err);

		if (r < 0)
			return r;
		if (r == 0)
			return not_there(a, it, out, err);
		r = a->b->verb == MUTATION_MOVE ? move(a, &at) : set_flags(a, &at);
		if (r == 0)
			continue;
		if (r > 0) {
			out->state = APPLIED_DONE;
			out->target_uid = a->b->verb == MUTATION_MOVE ? it->uid : 0;
		} else if (r == -ENOSPC || r == -EIO || r == -EDQUOT) {
			return err_set(err, ERR_RETRY, _("The Maildir cannot be changed: %s."),
				g_strerror(-r));
		} else {
			refuse(out, r == -EEXIST ? _("A message of this name is already there.")
						 : g_strerror(-r));
		}
		return 0;
	}
	return err_set(err, ERR_RETRY, _("Another program is changing the same message."));
}

/* A rename survives a power cut only after its directories were written. */
static int sync_folders(const struct act *a)
{
	const struct folder *all[] = { &a->target, &a->source };

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		for (int s = N_SUBS - 1; s >= 0; s--)
			if (all[i]->sub[s] >= 0 && fsync(all[i]->sub[s]) && errno != EINVAL)
				return -errno;
	return 0;
}

/* What was renamed but perhaps not written is in doubt. */
static int unsure(const struct mutation_batch *b, struct applied *out, int why, struct err *err)
{
	for (size_t i = 0; i < b->n; i++)
		if (out[i].state == APPLIED_DONE)
			out[i].state = APPLIED_UNKNOWN;
	return err_set(err, ERR_RETRY, _("The Maildir cannot be written: %s."), g_strerror(-why));
}

/* All items name a folder that is not there. */
static int refuse_all(const struct mutation_batch *b, struct applied *out, const char *path)
{
	g_autofree char *why = g_strdup_printf(_("The folder %s is not there."), path);

	for (size_t i = 0; i < b->n; i++)
		refuse(&out[i], why);
	return 0;
}

int maildir_apply(struct provider *p, const struct mutation_batch *b, struct applied *out,
	struct err *err)
{
	AUTO(act_release) struct act a = { .m = (struct maildir *)p, .b = b, .source = FOLDER_NONE,
		.target = FOLDER_NONE };
	int r, synced;

	if (!p->account->two_way)
		return err_set(err, ERR_UNSUPPORTED, _("The account %s is read-only."),
			p->account->name);
	r = folder_open(a.m, b->source_path, &a.source, err);
	if (r == ERR_RETRY)
		return r;
	if (r == 0 && b->verb == MUTATION_MOVE) {
		r = folder_open(a.m, b->target_path, &a.target, err);
		if (r == ERR_RETRY)
			return refuse_all(b, out, b->target_path);
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < b->n && r == 0; i++) {
		r = maildir_canceled(a.m, err);
		if (r == 0)
			r = apply_one(&a, &b->items[i], &out[i], err);
	}
	synced = sync_folders(&a);
	return synced < 0 ? unsure(b, out, synced, err) : r;
}
