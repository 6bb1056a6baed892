#include "store/desk.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "model/flags.h"

struct rig *rig;

void desk_open(void)
{
	rig = rig_new();
}

void desk_close(void)
{
	if (rig)
		rig_sound(rig);
	if (rig)
		rig_free(&rig);
}

void must(int r, const struct err *err)
{
	ck_assert_msg(r >= 0, "%s", err->text);
}

void want(mailbox_id m, uint64_t number, const struct want *w)
{
	struct list_row *row = rig_row(rig, m, number);
	struct err err;
	int r;

	ck_assert_ptr_nonnull(row);
	r = store_want(rig->store, w, &row->location, 1, &err);
	must(r, &err);
	ck_assert_int_eq(r, 1);
	list_row_free(&row);
}

void want_flags(mailbox_id m, uint64_t number, unsigned add, unsigned remove)
{
	want(m, number, &(struct want){ .verb = MUTATION_FLAGS, .add = add, .remove = remove });
}

void want_at(enum mutation_verb verb, mailbox_id m, uint64_t number, mailbox_id target)
{
	want(m, number, &(struct want){ .verb = verb, .target = target });
}

unsigned flags_in(mailbox_id m, uint64_t number)
{
	struct list_row *row = rig_row(rig, m, number);
	unsigned flags;

	ck_assert_ptr_nonnull(row);
	flags = row->flags;
	list_row_free(&row);
	return flags;
}

int undo(int64_t step, struct undone *out)
{
	struct undone unused;
	struct err err;
	int r = store_undo(rig->store, step, out ? out : &unused, &err);

	must(r, &err);
	return r;
}

int redo(int64_t step)
{
	struct undone out;
	struct err err;
	int r = store_redo(rig->store, step, &out, &err);

	must(r, &err);
	return r;
}

GPtrArray *lines(void)
{
	GPtrArray *rows = NULL;
	struct err err;

	must(store_history(rig->store, 0, 1000, &rows, &err), &err);
	return rows;
}

int64_t step_at(guint i)
{
	g_autoptr(GPtrArray) rows = lines();

	ck_assert_uint_lt(i, rows->len);
	return ((struct history_row *)rows->pdata[i])->step;
}

void send_all(uint64_t uid)
{
	struct mutation_batch *b;

	while ((b = rig_claim(rig)) != NULL)
		rig_settle(rig, &b, APPLIED_DONE, uid++, ERR_OK);
}

int64_t open_rows(void)
{
	return rig_ask(rig, "SELECT count(*) FROM mutation WHERE status IN ('queued', 'leased')");
}

/* Message `number`, with the same bytes as any other. */
message_id append_version(uint64_t number, message_id replaces)
{
	g_autofree char *id = g_strdup_printf("m%d@example.org", (int)number);
	const struct change facts = { .kind = CHANGE_MESSAGE, .message_id = id,
		.subject = "Draft", .from_addr = "me@example.org", .flags = FLAG_DRAFT | FLAG_SEEN,
		.received_at = 1600000000 };
	static const char text[] = "Message-ID: <m9@example.org>\r\nSubject: Draft\r\n\r\nHello.\r\n";
	g_autofree char *path = g_build_filename(rig->dir, "draft.eml", NULL);
	message_id m = { 0 };
	struct err err;
	int fd;

	ck_assert(g_file_set_contents(path, text, -1, NULL));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	must(store_append(rig->store, rig->archive, &facts, fd, replaces, &m, &err), &err);
	close(fd);
	return m;
}

message_id append(void)
{
	return append_version(9, (message_id){ 0 });
}
