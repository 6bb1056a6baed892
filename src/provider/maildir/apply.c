/*
 * The reader's changes: renames, new names and removals.  Each is atomic, and
 * looking at the folder tells whether it happened already.
 *
 * Keywords other than $forwarded have no letter of their own: Dovecot gives them
 * some by a table that only it may write, under its own lock, so they are refused.
 */
#include "provider/maildir/maildir.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"

enum { TRIES_MAX = 3 }; /* another program may rename the file at the same moment */

struct act {
	struct maildir *m;
	const struct mutation_batch *b;
	struct folder source, target; /* as far as the verb has them */
	unsigned add, remove;         /* FLAGS, APPEND: with MAILDIR_PASSED */
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

/* 1 = done, 0 = look again (it was renamed meanwhile), negative errno. */
static int rename_place(struct act *a, const struct place *at, int to_dir, const char *to)
{
	int r = put_rename(a->source.sub[at->sub], at->name, to_dir, to);

	if (r == 0)
		return 1;
	return r == -ENOENT ? 0 : r;
}

static int set_flags(struct act *a, const struct place *at)
{
	unsigned passed = *maildir_keywords(at->name) ? MAILDIR_PASSED : 0;
	unsigned have = maildir_flags(at->name, at->sub == SUB_NEW) | passed;
	unsigned hidden = maildir_flags(at->name, false) & ~have; /* a seen mark in new/ is none */
	g_autofree char *to = NULL;

	if ((have & a->add) == a->add && !(have & a->remove))
		return 1;
	to = maildir_renamed(at->name, a->add, a->remove | (hidden & ~a->add));
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

static int copy(struct act *a, const struct mutation_item *it, const struct place *at)
{
	g_autofree char *base = put_base(a->b->mark, it->row);
	g_autofree char *as = g_strconcat(base, at->name + maildir_base_length(at->name), NULL);
	g_autofree char *to = maildir_renamed(as, 0, at->sub == SUB_NEW ? FLAG_SEEN : 0);
	int r = put_copy(a->m, &a->source, at, &a->target, to);

	if (r == -ENOENT)
		return 0;
	return r == 0 || r == -EEXIST ? 1 : r;
}

static int expunge(struct act *a, const struct place *at)
{
	if (unlinkat(a->source.sub[at->sub], at->name, 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

static int act_on(struct act *a, const struct mutation_item *it, const struct place *at)
{
	switch (a->b->verb) {
	case MUTATION_MOVE:
		return move(a, at);
	case MUTATION_COPY:
		return copy(a, it, at);
	case MUTATION_EXPUNGE:
		return expunge(a, at);
	default:
		return set_flags(a, at);
	}
}

/* The number of the message where it is now. */
static uint64_t uid_there(const struct act *a, const struct mutation_item *it)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree char *base = put_base(a->b->mark, it->row);

	if (a->b->verb == MUTATION_COPY || a->b->verb == MUTATION_APPEND)
		return maildir_uid(sum, base, strlen(base));
	return a->b->verb == MUTATION_MOVE ? it->uid : 0;
}

static int done(const struct act *a, const struct mutation_item *it, struct applied *out)
{
	out->state = APPLIED_DONE;
	out->target_uid = uid_there(a, it);
	return 0;
}

/* 1 = the message of this wish is in the target. */
static int arrived(struct act *a, const struct mutation_item *it, struct err *err)
{
	g_autofree char *base = put_base(a->b->mark, it->row);
	bool moved = a->b->verb == MUTATION_MOVE;
	struct place at;

	return folder_locate(a->m, &a->target, moved ? it->canonical : base, uid_there(a, it), &at,
		err);
}

/* Not in the source: a move that happened before, or a message that is gone. */
static int not_there(struct act *a, const struct mutation_item *it, struct applied *out,
	struct err *err)
{
	int r = a->b->verb == MUTATION_MOVE ? arrived(a, it, err) : 0;

	if (r > 0 || (a->b->verb == MUTATION_EXPUNGE && a->b->uncertain))
		return done(a, it, out);
	out->state = r < 0 ? APPLIED_NOT_TRIED : APPLIED_GONE;
	return r;
}

/* What an error of the file system means; 0 = it is the item's. */
static int fail(int why, struct applied *out, struct err *err)
{
	if (why == -ECANCELED)
		return err_set(err, ERR_CANCELED, _("Stopped."));
	if (why == -ENOSPC || why == -EIO || why == -EDQUOT)
		return err_set(err, ERR_RETRY, _("The Maildir cannot be changed: %s."),
			g_strerror(-why));
	refuse(out, why == -EEXIST ? _("A message of this name is already there.")
				   : g_strerror(-why));
	return 0;
}

static int change(struct act *a, const struct mutation_item *it, struct applied *out,
	struct err *err)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		struct place at;
		int r = folder_locate(a->m, &a->source, it->canonical, it->uid, &at, err);

		if (r < 0)
			return r;
		if (r == 0)
			return not_there(a, it, out, err);
		r = act_on(a, it, &at);
		if (r != 0)
			return r > 0 ? done(a, it, out) : fail(r, out, err);
	}
	return err_set(err, ERR_RETRY, _("Another program is changing the same message."));
}

static int append(struct act *a, const struct mutation_item *it, struct applied *out,
	struct err *err)
{
	g_autofree char *base = put_base(a->b->mark, it->row);
	g_autofree char *to = maildir_renamed(base, a->add, 0);
	int r = put_new(a->m, it->fd, it->received_at, &a->target, to);

	return r == 0 || r == -EEXIST ? done(a, it, out) : fail(r, out, err);
}

static int apply_one(struct act *a, const struct mutation_item *it, struct applied *out,
	struct err *err)
{
	bool made = a->b->verb == MUTATION_COPY || a->b->verb == MUTATION_APPEND;
	int r = made && a->b->uncertain ? arrived(a, it, err) : 0;

	if (r != 0)
		return r < 0 ? r : done(a, it, out);
	return a->b->verb == MUTATION_APPEND ? append(a, it, out, err) : change(a, it, out, err);
}

/* --- a batch --------------------------------------------------------------------- */

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

/* The same for all items. */
static int refuse_all(const struct mutation_batch *b, struct applied *out, const char *why)
{
	for (size_t i = 0; i < b->n; i++)
		refuse(&out[i], why);
	return 0;
}

static int refuse_folder(const struct mutation_batch *b, struct applied *out, const char *path)
{
	g_autofree char *why = g_strdup_printf(_("The folder %s is not there."), path);

	return refuse_all(b, out, why);
}

/* The letters of keywords; false = one has none. */
static bool letters_of(const char *keywords, unsigned *flags)
{
	if (!keywords || !*keywords)
		return true;
	*flags |= MAILDIR_PASSED;
	return strcmp(keywords, "$forwarded") == 0;
}

/* 1 = both ends are open, 0 = all is refused. */
static int open_ends(struct act *a, struct applied *out, struct err *err)
{
	const struct mutation_batch *b = a->b;
	int r = b->verb == MUTATION_APPEND ? 0 : folder_open(a->m, b->source_path, &a->source, err);

	if (r == 0 && b->target_path) {
		r = folder_open(a->m, b->target_path, &a->target, err);
		if (r == ERR_RETRY)
			return refuse_folder(b, out, b->target_path);
	}
	return r < 0 ? r : 1;
}

/* 1 = it can be tried. */
static int begin(struct act *a, struct applied *out, struct err *err)
{
	const struct mutation_batch *b = a->b;
	bool made = b->verb == MUTATION_COPY || b->verb == MUTATION_APPEND;

	a->add = b->add;
	a->remove = b->remove;
	if (made && (!*b->mark || strpbrk(b->mark, "/:")))
		return err_set(err, ERR_CONFLICT, _("The change has no mark; it was not made."));
	if (!letters_of(b->add_keywords, &a->add) || !letters_of(b->remove_keywords, &a->remove))
		return refuse_all(b, out, _("A Maildir keeps no keywords of this name."));
	return open_ends(a, out, err);
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
	r = begin(&a, out, err);
	if (r <= 0)
		return r;
	r = 0;
	for (size_t i = 0; i < b->n && r == 0; i++) {
		r = maildir_canceled(a.m, err);
		if (r == 0)
			r = apply_one(&a, &b->items[i], &out[i], err);
	}
	synced = sync_folders(&a);
	return synced < 0 ? unsure(b, out, synced, err) : r;
}
