#include "provider/maildir/maildir.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"

enum { COPY_CHUNK = 64 * 1024 };

int maildir_canceled(const struct maildir *m, struct err *err)
{
	if (!cancel_is_set(m->base.cancel))
		return 0;
	return err_set(err, ERR_CANCELED, _("Stopped."));
}

extern const struct provider_ops provider_maildir;

static struct provider *create(const struct account *account, struct cancel *cancel)
{
	struct maildir *m = g_new0(struct maildir, 1);

	m->base = (struct provider){ .ops = &provider_maildir, .account = account,
		.cancel = cancel };
	m->root = m->inotify = -1;
	return &m->base;
}

static void destroy(struct provider **p)
{
	struct maildir *m = (struct maildir *)*p;

	if (!m)
		return;
	fd_close(&m->root);
	watch_end(m);
	g_free(m);
	*p = NULL;
}

static int connect_tree(struct provider *p, struct err *err)
{
	return tree_connect((struct maildir *)p, err);
}

static int copy_out(struct maildir *m, int from, int to, struct err *err)
{
	g_autofree char *buf = g_malloc(COPY_CHUNK);

	for (;;) {
		ssize_t n = read(from, buf, COPY_CHUNK);
		int r = maildir_canceled(m, err);

		if (r < 0 || n == 0)
			return r;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_RETRY, _("The message cannot be read: %s."),
				g_strerror(errno));
		r = fd_write_all(to, buf, (size_t)n);
		if (r < 0)
			return err_set(err, ERR_STORAGE, _("The message cannot be stored: %s."),
				g_strerror(-r));
	}
}

static int body(struct provider *p, const struct body_ref *ref, int fd, struct body_rest *rest,
	struct err *err)
{
	enum { TRIES_MAX = 3 }; /* another program may rename the file at the same moment */
	struct maildir *m = (struct maildir *)p;
	AUTO(folder_close) struct folder f = FOLDER_NONE;
	int r = folder_open(m, ref->mailbox_path, &f, err);

	(void)rest; /* a local file is always whole */
	for (int i = 0; r >= 0 && i < TRIES_MAX; i++) {
		AUTO(fd_close) int from = -1;
		struct place at;

		r = folder_locate(m, &f, ref->canonical, ref->uid, &at, err);
		if (r <= 0)
			break;
		from = folder_open_file(&f, at.sub, at.name);
		if (from >= 0)
			return copy_out(m, from, fd, err);
		if (from == -EACCES)
			return err_set(err, ERR_RETRY, _("The message may not be read."));
	}
	return r < 0 ? r : err_set(err, ERR_GONE, _("The message is no longer in the Maildir."));
}

/* A rename can be seen afterwards.  A new file has a name of which nobody else can think. */
static int prepare(struct provider *p, struct mutation_batch *b, struct err *err)
{
	(void)p;
	(void)err;
	b->mark[0] = '\0';
	if (b->verb == MUTATION_COPY || b->verb == MUTATION_APPEND)
		put_mark(b->mark);
	return 0;
}

const struct provider_ops provider_maildir = {
	.name = "maildir",
	.create = create,
	.destroy = destroy,
	.connect = connect_tree,
	.mailboxes = maildir_mailboxes,
	.changes = maildir_changes,
	.body = body,
	.prepare = prepare,
	.apply = maildir_apply,
	.wait = maildir_wait,
};
