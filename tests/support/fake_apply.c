/* What the server in memory does with the reader's changes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model/flags.h"
#include "support/fake_priv.h"

/* One batch in the hands of the server. */
struct task {
	struct fake *f;
	const struct mutation_batch *batch;
	struct fake_box *from, *to;  /* NULL if not there */
};

int fake_prepare(struct provider *p, struct mutation_batch *batch, struct err *err)
{
	struct fake *f = (struct fake *)p;
	struct fake_box *b = fake_box_of(f, batch->target_path ? batch->target_path : "");
	int r = fake_enter(f, FAKE_PREPARE, err);

	if (r < 0)
		return r;
	if (!b)
		return err_set(err, ERR_GONE, "The target is not there any more.");
	fake_lock();
	snprintf(batch->mark, sizeof batch->mark, "%u %llu", b->uidvalidity,
		(unsigned long long)b->uidnext);
	fake_unlock();
	return 0;
}

static int serial_of(const char *header)
{
	int serial = 0;

	return header && sscanf(header, "m%d@fake", &serial) == 1 ? serial : 0;
}

/* The message that is meant: by uid if the numbers still hold, otherwise by what it is. */
static struct fake_message *locate(const struct task *t, const struct mutation_item *it)
{
	int serial = serial_of(it->message_id_header);
	struct fake_message *m;

	if (!t->from)
		return NULL;
	if (t->batch->uidvalidity != t->from->uidvalidity)
		return fake_by_serial(t->from, serial);
	m = fake_by_uid(t->from, it->uid);
	if (m && m->serial != serial) {
		t->f->a->wrong++;
		return NULL;
	}
	return m;
}

/* The message that arrived in the target after the mark was taken; NULL = it did not. */
static struct fake_message *arrived(const struct task *t, const struct mutation_item *it)
{
	unsigned v;
	unsigned long long next;
	int serial = serial_of(it->message_id_header);

	if (!t->batch->uncertain || !t->to ||
		sscanf(t->batch->mark, "%u %llu", &v, &next) != 2)
		return NULL;
	if (v != t->to->uidvalidity)
		next = 1; /* the mark is void: wherever it is, it arrived */
	for (size_t i = 0; i < t->to->n; i++)
		if (t->to->m[i].here && t->to->m[i].serial == serial && t->to->m[i].uid >= next)
			return &t->to->m[i];
	return NULL;
}

static void refuse(struct applied *out, const char *why)
{
	out->state = APPLIED_REFUSED;
	g_strlcpy(out->answer, why, sizeof out->answer);
}

static bool denied(const struct fake_box *b, unsigned what, struct applied *out)
{
	if (!b || !(b->denied & what))
		return false;
	refuse(out, "[NOPERM] The fake server does not allow that.");
	return true;
}

/* It is in the target, as the copy there says. */
static void done_there(const struct task *t, const struct fake_message *there, struct applied *out)
{
	out->state = APPLIED_DONE;
	if (!t->f->a->tells_uid)
		return;
	out->target_uid = there->uid;
	out->target_uidvalidity = t->to->uidvalidity;
}

static struct fake_message *put(const struct task *t, int serial, unsigned flags,
	const char *keywords)
{
	fake_put(t->to, serial, flags);
	g_strlcpy(t->to->m[t->to->n - 1].keywords, keywords, FAKE_KEYWORDS);
	t->f->a->moved[serial]++;
	return &t->to->m[t->to->n - 1];
}

static void take_out(const struct task *t, struct fake_message *m, struct applied *out)
{
	out->marked = t->f->a->only_marks;
	if (out->marked)
		fake_change(t->from, m, FLAG_DELETED, 0, NULL, NULL);
	else
		m->here = false;
	t->from->generation++;
}

static void move_or_copy(const struct task *t, const struct mutation_item *it, bool move,
	struct applied *out)
{
	struct fake_message *m = locate(t, it), *there = arrived(t, it);

	out->state = APPLIED_GONE;
	if (denied(t->to, DENIED_INSERT, out) || (move && denied(t->from, DENIED_REMOVE, out)))
		return;
	if (!there && m && t->to) {
		there = put(t, m->serial, m->flags, m->keywords);
		if (move && t->f->a->two_steps) {
			fake_unlock();
			fake_step();
			fake_lock();
		}
	}
	if (!there)
		return;
	done_there(t, there, out);
	if (move && m && m->here)
		take_out(t, m, out);
}

static void expunge(const struct task *t, const struct mutation_item *it, struct applied *out)
{
	struct fake_message *m = locate(t, it);

	out->state = m || t->batch->uncertain ? APPLIED_DONE : APPLIED_GONE;
	if (m && !denied(t->from, DENIED_REMOVE, out))
		take_out(t, m, out);
}

/* What came in the descriptor is the message that was announced. */
static bool is_whole(const struct mutation_item *it)
{
	char text[4096] = "";
	ssize_t n = it->fd < 0 ? -1 : pread(it->fd, text, sizeof text - 1, 0);

	return n > 0 && it->message_id_header && strstr(text, it->message_id_header);
}

static void append(const struct task *t, const struct mutation_item *it, struct applied *out)
{
	int serial = serial_of(it->message_id_header);
	struct fake_message *there = arrived(t, it);
	const char *words = t->batch->add_keywords ? t->batch->add_keywords : "";

	if (!t->to || denied(t->to, DENIED_INSERT, out))
		return;
	if (!there && (serial == 0 || !is_whole(it)))
		t->f->a->wrong++;
	if (!there)
		there = put(t, serial, t->batch->add, words);
	done_there(t, there, out);
}

/* Nobody changed it since the reader saw it, or nobody asks. */
static bool unchanged(const struct task *t, const struct mutation_item *it,
	const struct fake_message *m)
{
	unsigned v;
	unsigned long long high, low, modseq = 0;

	if (!t->f->a->condstore || t->batch->unconditional)
		return true;
	if (!t->batch->source_cursor ||
		sscanf(t->batch->source_cursor, FAKE_CURSOR, &v, &high, &low, &modseq) != 4)
		modseq = 0;
	modseq = MAX(modseq, it->modseq);
	return modseq == 0 || m->modseq <= modseq;
}

static void set_flags(const struct task *t, const struct mutation_item *it, struct applied *out)
{
	const struct mutation_batch *b = t->batch;
	struct fake_message *m = locate(t, it);

	out->state = m ? APPLIED_DONE : APPLIED_GONE;
	if (!m || denied(t->from, DENIED_FLAGS, out))
		return;
	if (unchanged(t, it, m)) {
		fake_change(t->from, m, b->add, b->remove, b->add_keywords, b->remove_keywords);
	} else {
		out->state = APPLIED_CHANGED;
		out->flags = m->flags;
		out->keywords = g_strdup(m->keywords);
	}
	if (t->f->a->condstore)
		out->modseq = m->modseq;
}

static void carry_out(const struct task *t, const struct mutation_item *it, struct applied *out)
{
	switch (t->batch->verb) {
	case MUTATION_FLAGS:
		set_flags(t, it, out);
		break;
	case MUTATION_MOVE:
	case MUTATION_COPY:
		move_or_copy(t, it, t->batch->verb == MUTATION_MOVE, out);
		break;
	case MUTATION_EXPUNGE:
		expunge(t, it, out);
		break;
	case MUTATION_APPEND:
		append(t, it, out);
	}
	t->f->a->items[t->batch->verb] += out->state == APPLIED_DONE;
}

int fake_apply(struct provider *p, const struct mutation_batch *batch, struct applied *out,
	struct err *err)
{
	struct fake *f = (struct fake *)p;
	struct task t = { .f = f, .batch = batch,
		.from = batch->source_path ? fake_box_of(f, batch->source_path) : NULL,
		.to = batch->target_path ? fake_box_of(f, batch->target_path) : NULL };
	int r = fake_enter(f, FAKE_APPLY, err);

	if (r < 0)
		return r;
	fake_lock();
	f->a->batches[batch->verb]++;
	if (f->a->serial_at_apply == 0)
		f->a->serial_at_apply = f->a->reported;
	fake_unlock();
	for (size_t i = 0; i < batch->n; i++) {
		fake_lock();
		carry_out(&t, &batch->items[i], &out[i]);
		fake_unlock();
		fake_step();
	}
	if (!fake_lies(&f->a->lose_answer))
		return 0;
	for (size_t i = 0; i < batch->n; i++) {
		g_free(out[i].keywords);
		out[i] = (struct applied){ .state = APPLIED_UNKNOWN };
	}
	fake_set_up(f, false);
	return err_set(err, ERR_OFFLINE, "The answer was lost.");
}
