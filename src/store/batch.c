#include "store/batch.h"

enum { STRINGS_BLOCK = 64 * 1024 };

struct batch *batch_new(account_id a, mailbox_id m)
{
	struct batch *b = g_new0(struct batch, 1);

	b->account = a;
	b->mailbox = m;
	b->strings = g_string_chunk_new(STRINGS_BLOCK);
	b->changes = g_array_new(FALSE, FALSE, sizeof(struct change));
	b->mailboxes = g_ptr_array_new_with_free_func(mailbox_drop);
	b->references = g_ptr_array_new_with_free_func(g_free);
	return b;
}

void batch_clear(struct batch *b)
{
	g_string_chunk_clear(b->strings);
	g_array_set_size(b->changes, 0);
	g_ptr_array_set_size(b->mailboxes, 0);
	g_ptr_array_set_size(b->references, 0);
	g_clear_pointer(&b->cursor, g_free);
	b->replace_mailboxes = b->reset = b->has_rights = false;
}

void batch_free(struct batch **b)
{
	if (!*b)
		return;
	batch_clear(*b);
	g_string_chunk_free((*b)->strings);
	g_array_unref((*b)->changes);
	g_ptr_array_unref((*b)->mailboxes);
	g_ptr_array_unref((*b)->references);
	g_free(*b);
	*b = NULL;
}

void batch_mailbox(struct batch *b, const struct mailbox *m)
{
	struct mailbox *copy = g_new(struct mailbox, 1);

	*copy = *m;
	copy->path = g_strdup(m->path);
	copy->name = g_strdup(m->name);
	copy->object_id = g_strdup(m->object_id);
	copy->cursor = NULL;
	g_ptr_array_add(b->mailboxes, copy);
}

void batch_replace_mailboxes(struct batch *b)
{
	b->replace_mailboxes = true;
}

void batch_reset(struct batch *b)
{
	b->reset = true;
}

void batch_additive(struct batch *b, bool additive)
{
	b->additive = additive;
}

static const char *keep(struct batch *b, const char *text)
{
	return text ? g_string_chunk_insert(b->strings, text) : NULL;
}

static const char *const *keep_references(struct batch *b, const struct change *c)
{
	const char **list;

	if (c->n_references == 0)
		return NULL;
	list = g_new(const char *, c->n_references);
	g_ptr_array_add(b->references, list);
	for (size_t i = 0; i < c->n_references; i++)
		list[i] = keep(b, c->references[i]);
	return list;
}

void batch_change(struct batch *b, const struct change *c)
{
	struct change copy = *c;

	copy.keywords = keep(b, c->keywords);
	copy.size = MIN(c->size, BATCH_SIZE_MOST);
	if (c->kind == CHANGE_MESSAGE) {
		copy.canonical = keep(b, c->canonical);
		copy.message_id = keep(b, c->message_id);
		copy.subject = keep(b, c->subject);
		copy.from_name = keep(b, c->from_name);
		copy.from_addr = keep(b, c->from_addr);
		copy.to = keep(b, c->to);
		copy.cc = keep(b, c->cc);
		copy.preview = keep(b, c->preview);
		copy.references = keep_references(b, c);
	}
	g_array_append_val(b->changes, copy);
}

void batch_rights(struct batch *b, unsigned denied)
{
	b->has_rights = true;
	b->denied = denied;
}

void batch_cursor(struct batch *b, const char *cursor, uint32_t uidvalidity, bool complete)
{
	g_free(b->cursor);
	b->cursor = g_strdup(cursor);
	b->uidvalidity = uidvalidity;
	b->complete = complete;
}

size_t batch_size(const struct batch *b)
{
	return b->changes->len;
}
