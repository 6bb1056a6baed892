/* The provider of the server in memory. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "provider/merge.h"
#include "support/fake_priv.h"

void fake_step(void)
{
	long now = __atomic_add_fetch(&fake_world->steps, 1, __ATOMIC_SEQ_CST);

	if (now == __atomic_load_n(&fake_world->die_at, __ATOMIC_SEQ_CST))
		kill(getpid(), SIGKILL);
}

/* --- the provider --------------------------------------------------------- */

static struct provider *create(const struct account *account, struct cancel *cancel)
{
	struct fake *f = g_new0(struct fake, 1);

	f->base.account = account;
	f->base.cancel = cancel;
	f->base.ops = fake_find("fake");
	for (size_t i = 0; i < fake_world->n_accounts; i++)
		if (strcmp(fake_world->accounts[i].name, account->name) == 0)
			f->a = &fake_world->accounts[i];
	if (!f->a)
		abort();
	return &f->base;
}

/* Counts the connections of an account, whoever drops them. */
void fake_set_up(struct fake *f, bool up)
{
	fake_lock();
	if (up && !f->up)
		f->beside = f->a->connected > 0;
	f->a->connected += up - f->up;
	f->a->connected_max = MAX(f->a->connected_max, f->a->connected);
	f->up = up;
	fake_unlock();
}

static void destroy(struct provider **p)
{
	fake_set_up((struct fake *)*p, false);
	g_free((*p)->memory);
	g_free(*p);
	*p = NULL;
}

/* What the switches say about this call: blocks, fails, or 0. */
int fake_enter(struct fake *f, enum fake_call call, struct err *err)
{
	enum err_code code = ERR_OK;
	int after_s = 0;
	bool block;

	fake_step();
	fake_lock();
	f->a->call[call].count++;
	block = f->a->call[call].block;
	if (f->a->call[call].times > 0 && (f->beside || !f->a->call[call].beside)) {
		f->a->call[call].times--;
		code = f->a->call[call].code;
		after_s = f->a->call[call].after_s;
	}
	fake_unlock();
	if (block) {
		cancel_poll(f->base.cancel, -1, 0, -1);
		code = ERR_CANCELED;
	}
	if (call != FAKE_CONNECT && !f->up)
		code = ERR_OFFLINE;
	if (code == ERR_OFFLINE || code == ERR_PROTOCOL || code == ERR_CANCELED)
		fake_set_up(f, false);
	if (code == ERR_OK)
		return 0;
	err_set(err, code, "The fake server fails with %s.", err_name(code));
	err->after_s = after_s;
	return code;
}

static int fake_connect(struct provider *p, struct err *err)
{
	struct fake *f = (struct fake *)p;

	int r;

	if (f->up)
		return 0;
	f->base.traits = f->a->traits;
	if (f->base.traits.connections == 0)
		f->base.traits.connections = 2;
	if (f->a->most > 0 && fake_connected(f->a) >= f->a->most)
		return err_set(err, ERR_RETRY, "[LIMIT] Too many connections.");
	fake_set_up(f, true);
	r = fake_enter(f, FAKE_CONNECT, err);
	if (r < 0)
		fake_set_up(f, false);
	if (r < 0)
		return r;
	g_strlcpy(f->a->recalled, p->memory ? p->memory : "", sizeof f->a->recalled);
	if (*f->a->memory && g_strcmp0(p->memory, f->a->memory) != 0)
		provider_remember(p, g_strdup(f->a->memory));
	return 0;
}

bool fake_lies(int *times)
{
	bool yes;

	fake_lock();
	yes = *times > 0;
	*times -= yes;
	fake_unlock();
	return yes;
}

static int fake_mailboxes(struct provider *p, struct sink *out, struct err *err)
{
	struct fake *f = (struct fake *)p;
	int r = fake_enter(f, FAKE_MAILBOXES, err);
	size_t n, lacking = f->a->lack[0];

	if (r < 0)
		return r;
	n = (size_t)fake_boxes(f->a);
	f->tree_seen = f->a->tree_generation;
	f->a->lack[0] = f->a->lack[1];
	f->a->lack[1] = 0;
	if (fake_lies(&f->a->lie_boxes))
		n = 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct fake_box *b = &f->a->boxes[i];
		struct mailbox m = { .path = b->path, .name = b->path, .delimiter = '/',
			.role = b->role, .attrs = b->attrs };

		if (i > 0 && i == lacking)
			continue;
		r = out->mailbox(out, &m, err);
		fake_step();
	}
	return r;
}

/* A listing in the middle of being told: a copy of the mailbox, ascending by uid. */
struct told {
	struct fake *f;
	struct sink *out;
	GArray *m;               /* of struct fake_message */
	uint32_t uidvalidity;
	uint64_t high, low;      /* what the cursor covers; low 0 = nothing yet */
	uint64_t modseq, now;    /* all changes up to here were told; of the mailbox now */
	struct err *err;
	int slice, slow_ms;
};

static int tell(struct told *t, const struct fake_message *m)
{
	char id[40], subject[40];
	g_autofree char *body = g_strdup_printf("Message-ID: <m%d@fake>\r\n\r\nBody %d\r\n",
		m->serial, m->serial);
	struct change c = { .kind = CHANGE_MESSAGE, .uid = m->uid, .flags = m->flags,
		.keywords = m->keywords,
		.message_id = id, .subject = subject, .from_addr = "a@fake", .from_name = "A",
		.sent_at = 1700000000 + m->serial, .received_at = 1700000000 + m->serial,
		.size = strlen(body) };
	int r;

	snprintf(id, sizeof id, "m%d@fake", m->serial);
	snprintf(subject, sizeof subject, "%d", m->serial);
	fake_lock();
	t->f->a->reported++;
	fake_unlock();
	r = t->out->change(t->out, &c, t->err);
	fake_step();
	return r;
}

static int point(struct told *t)
{
	char cursor[100];
	struct cursor_point at = { .cursor = cursor, .uidvalidity = t->uidvalidity,
		.complete = true, .of = (int64_t)t->m->len };
	int r;

	for (guint i = 0; i < t->m->len; i++)
		if (g_array_index(t->m, struct fake_message, i).uid < t->low)
			at.complete = false;
	snprintf(cursor, sizeof cursor, "%u %llu %llu %llu", t->uidvalidity,
		(unsigned long long)t->high, (unsigned long long)t->low,
		(unsigned long long)t->modseq);
	if (t->slow_ms > 0 && cancel_poll(t->f->base.cancel, -1, 0, t->slow_ms) < 0)
		return err_set(t->err, ERR_CANCELED, "Stopped.");
	r = t->out->cursor(t->out, &at, t->err);
	fake_step();
	return r;
}

/* Messages above the high mark, oldest first. */
static int tell_new(struct told *t)
{
	int n = 0, r = 0;

	for (guint i = 0; r == 0 && i < t->m->len; i++) {
		const struct fake_message *m = &g_array_index(t->m, struct fake_message, i);

		if (m->uid <= t->high)
			continue;
		r = tell(t, m);
		t->high = m->uid;
		if (r == 0 && ++n % t->slice == 0)
			r = point(t);
	}
	return r;
}

static int compare(struct told *t, uint64_t low, uint64_t high)
{
	struct merge merge;
	int r = 0;

	merge_init(&merge, t->out, low, high);
	for (guint i = 0; r >= 0 && i < t->m->len; i++) {
		const struct fake_message *m = &g_array_index(t->m, struct fake_message, i);

		if (m->uid < low || m->uid > high)
			continue;
		r = merge_present(&merge, m->uid, m->flags, m->keywords, t->err);
		if (r > 0)
			r = tell(t, m);
	}
	if (r >= 0)
		r = merge_finish(&merge, t->err);
	merge_release(&merge);
	fake_step();
	return r < 0 ? r : 0;
}

/* History below the low mark, newest first. */
static int tell_history(struct told *t)
{
	int n = 0, r = 0;

	for (guint i = t->m->len; r == 0 && i > 0; i--) {
		const struct fake_message *m = &g_array_index(t->m, struct fake_message, i - 1);

		if (m->uid >= t->low)
			continue;
		r = tell(t, m);
		t->low = m->uid;
		if (r == 0 && ++n % t->slice == 0)
			r = point(t);
	}
	return r;
}

static void copy_box(struct told *t, struct fake_box *b, bool empty)
{
	fake_lock();
	t->uidvalidity = b->uidvalidity;
	t->now = b->modseq;
	t->slice = t->f->a->slice;
	t->slow_ms = t->f->a->slow_ms;
	for (size_t i = 0; i < b->n && !empty; i++)
		if (b->m[i].here)
			g_array_append_val(t->m, b->m[i]);
	t->f->seen[b - t->f->a->boxes] = b->generation;
	if (t->f->a->n_visits < 64)
		t->f->a->visits[t->f->a->n_visits++] = (int)(b - t->f->a->boxes);
	fake_unlock();
}

struct fake_box *fake_box_of(struct fake *f, const char *path)
{
	for (int i = 0; i < fake_boxes(f->a); i++)
		if (strcmp(f->a->boxes[i].path, path) == 0)
			return &f->a->boxes[i];
	return NULL;
}

/* All uids are void, and from now on nobody knows any. */
static int reset(struct told *t)
{
	struct known known;
	int r = t->out->reset(t->out, t->err);

	fake_step();
	if (r == 0 && t->out->known(t->out, 1, &known, 1, t->err) != 0)
		r = err_set(t->err, ERR_PROTOCOL, "Void uids are still known.");
	return r;
}

static int walk(struct told *t, const struct mailbox *m, unsigned flags)
{
	unsigned v = 0;
	unsigned long long high = 0, low = 0, modseq = 0;
	int r = 0;

	if (sscanf(m->cursor, FAKE_CURSOR, &v, &high, &low, &modseq) == 4 &&
		v != t->uidvalidity) {
		r = reset(t);
		high = low = modseq = 0;
	}
	t->high = high;
	t->low = low;
	t->modseq = modseq;
	if (r == 0 && t->low == 0) {
		t->high = t->m->len ? g_array_index(t->m, struct fake_message, t->m->len - 1).uid : 0;
		t->low = t->high + 1;
	} else if (r == 0) {
		r = tell_new(t);
		if (r == 0)
			r = compare(t, low, high);
	}
	if (r == 0)
		t->modseq = t->now;
	if (r == 0 && !(flags & CHANGES_NO_HISTORY) && t->out->history)
		r = t->out->history(t->out, t->low, t->err);
	if (r == 0 && !(flags & CHANGES_NO_HISTORY))
		r = tell_history(t);
	return r != 0 ? r : point(t) < 0 ? t->err->code : 0;
}

static int fake_changes(struct provider *p, const struct mailbox *m, unsigned flags,
	struct sink *out, struct err *err)
{
	struct fake *f = (struct fake *)p;
	struct fake_box *b = fake_box_of(f, m->path);
	struct told t = { .f = f, .out = out, .err = err };
	int r = fake_enter(f, FAKE_CHANGES, err);

	if (r < 0)
		return r;
	fake_lock();
	f->a->flags_seen |= flags;
	if (b)
		f->a->last_flags[b - f->a->boxes] = flags;
	fake_unlock();
	if (!b || fake_lies(&b->fail_times))
		return err_set(err, b ? b->fail : ERR_GONE, "This mailbox fails.");
	if (b->no_history && !(flags & CHANGES_NO_HISTORY)) {
		fake_set_up(f, false);
		return err_set(err, b->no_history, "The history of this mailbox fails.");
	}
	t.m = g_array_new(FALSE, FALSE, sizeof(struct fake_message));
	if (out->rights && b->denied != m->denied)
		r = out->rights(out, b->denied, err);
	copy_box(&t, b, !fake_lies(&f->a->lie_wait) && fake_lies(&f->a->lie_empty));
	if (fake_lies(&f->a->lie_void))
		t.uidvalidity += 1000;
	r = r < 0 ? r : walk(&t, m, flags);
	g_array_unref(t.m);
	if (r == ERR_CANCELED)
		fake_set_up(f, false);
	return r;
}

/* A body with an attachment, if the account's have one; under the lock. */
static char *body_text(struct fake *f, const struct fake_message *m, struct body_rest *rest)
{
	char *text = g_strdup_printf("Message-ID: <m%d@fake>\r\n\r\nBody %d\r\n", m->serial, m->serial);

	if (f->a->n_fetched < (int)G_N_ELEMENTS(f->a->fetched))
		f->a->fetched[f->a->n_fetched++] = m->serial;
	if (f->a->hole_bytes && rest->whole) {
		g_autofree char *head = text, *filling = g_strnfill((gsize)f->a->hole_bytes, 'x');

		return g_strconcat(head, filling, NULL);
	}
	if (f->a->hole_bytes) {
		rest->holes[0] = (struct body_hole){ strlen(text), (uint64_t)f->a->hole_bytes };
		rest->n = 1;
	}
	return text;
}

static int fake_body(struct provider *p, const struct body_ref *ref, int fd, struct body_rest *rest,
	struct err *err)
{
	struct fake *f = (struct fake *)p;
	struct fake_box *b = fake_box_of(f, ref->mailbox_path);
	struct fake_message *m = NULL;
	g_autofree char *text = NULL;
	int r = fake_enter(f, FAKE_BODY, err);

	if (r < 0)
		return r;
	fake_lock();
	if (b && (ref->uidvalidity == 0 || ref->uidvalidity == b->uidvalidity))
		m = fake_by_uid(b, ref->uid);
	if (m)
		text = body_text(f, m, rest);
	r = f->a->body_ms;
	fake_unlock();
	if (r > 0)
		g_usleep((gulong)r * 1000);
	if (!text)
		return err_set(err, ERR_GONE, "The message is not there any more.");
	if (fd_write_all(fd, text, strlen(text)) < 0)
		return err_set(err, ERR_STORAGE, "The body cannot be written.");
	fake_step();
	return 0;
}

/* Under the lock. */
static bool changed(struct fake *f, const struct fake_box *b)
{
	return b && b->generation != f->seen[b - f->a->boxes];
}

/* What push would tell now: the watched mailbox, others, their list. */
static bool news(struct fake *f, struct watch *w)
{
	const struct fake_account *a = f->a;

	fake_lock();
	for (size_t i = 0; !a->push_deaf && i < a->n_boxes; i++) {
		const struct fake_box *b = &a->boxes[i];
		bool is_watched = strcmp(b->path, w->mailbox->path) == 0;

		if (is_watched && a->push_live)
			w->news = changed(f, b);
		else if (a->push_everywhere && changed(f, b))
			g_ptr_array_add(w->stirred, g_strdup(b->path));
	}
	w->tree = !a->push_deaf && a->push_everywhere && f->tree_seen != a->tree_generation;
	fake_unlock();
	return w->news || w->tree || w->stirred->len > 0;
}

static int fake_wait(struct provider *p, struct watch *w, struct err *err)
{
	struct fake *f = (struct fake *)p;
	int r = fake_enter(f, FAKE_WAIT, err);

	if (r < 0)
		return r;
	w->live = f->a->push_live;
	w->everywhere = f->a->push_everywhere;
	for (int spent = 0; spent < w->timeout_ms; spent += 5) {
		if (news(f, w)) {
			if (spent == 0) /* it did not come to listening, as with IMAP */
				w->live = w->everywhere = false;
			return 1;
		}
		r = cancel_poll(f->base.cancel, cancel_fd(w->wake), POLLIN, 5);
		if (r < 0)
			fake_set_up(f, false);
		if (r < 0)
			return err_set(err, ERR_CANCELED, "Stopped.");
		if (r > 0)
			return 0;
	}
	return 0;
}

static int fake_arrange(struct provider *p, const struct mailbox_wish *w, struct err *err)
{
	struct fake *f = (struct fake *)p;
	int r = fake_enter(f, FAKE_ARRANGE, err);

	if (r < 0)
		return r;
	if (w->verb != MAILBOX_CREATE)
		return err_set(err, ERR_UNSUPPORTED, "The fake server only makes mailboxes.");
	if (fake_box_of(f, w->name))
		return 0;
	fake_box_appears(f->a, w->name);
	return 0;
}

/* Every third is left out, as a message that is too large for a piece would be. */
static int fake_bodies(struct provider *p, const struct mailbox *m, const uint64_t *uids, size_t n,
	struct body_sink *out, struct err *err)
{
	struct fake *f = (struct fake *)p;
	struct fake_box *b = fake_box_of(f, m->path);
	int r = fake_enter(f, FAKE_BODIES, err);

	fake_lock();
	if (r >= 0 && m->uidvalidity != b->uidvalidity)
		r = err_set(err, ERR_GONE, "The mailbox was made anew.");
	fake_unlock();
	for (size_t i = 0; r >= 0 && i < n; i++) {
		g_autofree char *text = NULL;
		struct fake_message *at;

		fake_lock();
		at = uids[i] % 3 ? fake_by_uid(b, uids[i]) : NULL;
		if (at)
			text = g_strdup_printf("Message-ID: <m%d@fake>\r\n\r\nBody %d\r\n",
				at->serial, at->serial);
		fake_unlock();
		if (text)
			r = out->body(out, uids[i], text, strlen(text), err);
		fake_step();
	}
	return r;
}

const struct provider_ops *fake_find(const char *name)
{
	static const struct provider_ops ops = {
		.name = "fake",
		.create = create,
		.destroy = destroy,
		.connect = fake_connect,
		.mailboxes = fake_mailboxes,
		.changes = fake_changes,
		.body = fake_body,
		.prepare = fake_prepare,
		.apply = fake_apply,
		.wait = fake_wait,
		.arrange = fake_arrange,
		.bodies = fake_bodies,
	};

	return strcmp(name, "fake") == 0 ? &ops : NULL;
}
