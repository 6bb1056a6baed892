#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "model/flags.h"

enum { READ_MS = 20000, ANSWERS = 3 };

static struct screen *current; /* the fake engine has no other way to it */

static void must(int rc, const struct err *err)
{
	ck_assert_msg(rc >= 0, "%s", err->text);
}

static void fake_sync(struct engine *e, account_id a, bool full)
{
	(void)e;
	g_string_append_printf(current->calls, "sync %d%s\n", (int)a.v, full ? " full" : "");
}

static void fake_push(struct engine *e, account_id a)
{
	(void)e;
	g_string_append_printf(current->calls, "push %d\n", (int)a.v);
}

static void fake_body(struct engine *e, account_id a, message_id m)
{
	(void)e;
	g_string_append_printf(current->calls, "body %d %d\n", (int)a.v, (int)m.v);
}

static void fake_look(struct engine *e, account_id a, mailbox_id m)
{
	(void)e;
	(void)a;
	(void)m;
	current->looks++;
}

static void fake_explain(const char *type, const char *memory,
	void (*put)(void *ctx, const char *label, const char *words), void *ctx)
{
	(void)type;
	(void)memory;
	put(ctx, "class", "B");
	put(ctx, "because", "offered: IDLE, CONDSTORE, UIDPLUS; not offered: QRESYNC");
	put(ctx, "changes", "the server tells changed flags (CONDSTORE); losses by comparing numbers");
}

static bool fake_state(struct engine *e, account_id a, struct engine_state *out)
{
	(void)e;
	if (a.v == 1)
		*out = current->state;
	else
		*out = (struct engine_state){ .last_sync = NOW - 3600 };
	return true;
}

static struct account *account_new(const char *name, account_id id)
{
	struct account *a = g_new0(struct account, 1);

	a->id = id;
	a->name = g_strdup(name);
	a->type = g_strdup("imap");
	a->two_way = true;
	return a;
}

static void account_destroy(gpointer p)
{
	struct account *a = p;

	account_free(&a);
}

static void add_mailbox(struct batch *b, const char *name, enum mailbox_role role, unsigned attrs)
{
	batch_mailbox(b, &(struct mailbox){ .path = (char *)name, .name = (char *)name,
				.delimiter = '/', .role = role, .attrs = attrs });
}

static void add_mailboxes(struct screen *s, account_id a)
{
	struct batch *b = batch_new(a, (mailbox_id){ 0 });
	struct err err;

	add_mailbox(b, "INBOX", ROLE_INBOX, 0);
	add_mailbox(b, "Archive", ROLE_ARCHIVE, 0);
	add_mailbox(b, "Sent", ROLE_SENT, 0);
	add_mailbox(b, "Junk", ROLE_JUNK, 0);
	add_mailbox(b, "Trash", ROLE_TRASH, 0);
	add_mailbox(b, "Lists", ROLE_NONE, MAILBOX_NOSELECT);
	add_mailbox(b, "Lists/tern-devel", ROLE_NONE, 0);
	add_mailbox(b, "Lists/Übung", ROLE_NONE, 0);
	batch_replace_mailboxes(b);
	must(batch_apply(s->rig->store, b, NULL, &err), &err);
	batch_free(&b);
}

static void add_account(struct screen *s, const char *name)
{
	account_id id;
	struct err err;

	must(store_account_bind(s->rig->store, name, "imap", &id, &err), &err);
	g_ptr_array_add(s->config.accounts, account_new(name, id));
	add_mailboxes(s, id);
}

static void complete(struct screen *s, mailbox_id m)
{
	struct batch *b = batch_new(s->rig->account, m);
	struct err err;

	batch_cursor(b, "1", 1, true);
	must(batch_apply(s->rig->store, b, NULL, &err), &err);
	batch_free(&b);
}

void screen_start(struct screen *s)
{
	struct ui_start start = { &s->places, &s->config, s->rig->store, s->rig->events,
		&s->engine, NULL };

	ui_free(&s->ui);
	if (!s->reader)
		s->reader = reader_new(s->rig->events);
	start.reader = s->reader;
	s->ui = ui_new(&start);
}

static void fake_notice(struct engine *e, const struct cache_notice *n, size_t count)
{
	(void)e;
	current->n_notices = MIN(count, G_N_ELEMENTS(current->notices));
	memcpy(current->notices, n, current->n_notices * sizeof *n);
}

struct screen *screen_new(int accounts, int height, int width)
{
	struct screen *s = g_new0(struct screen, 1);
	account_id first;

	current = s;
	s->ms = START_MS;
	clock_fake(s->ms, NOW);
	s->rig = rig_new();
	first = s->rig->account;
	s->places.config = g_strdup_printf("%s/config", s->rig->dir);
	s->places.data = g_strdup(s->rig->dir);
	s->config = (struct config){ .mark_read = true, .mark_read_delay = 1,
		.accounts = g_ptr_array_new_with_free_func(account_destroy),
		.warnings = g_ptr_array_new_with_free_func(g_free),
		.date_format = (char *)"%Y-%m-%d" };
	if (accounts > 0)
		add_account(s, "test");
	if (accounts > 1)
		add_account(s, "work");
	if (accounts > 0) {
		s->sent = store_mailbox_with_role(s->rig->store, first, ROLE_SENT);
		s->junk = store_mailbox_with_role(s->rig->store, first, ROLE_JUNK);
		complete(s, s->sent);
		complete(s, s->rig->inbox);
	}
	s->calls = g_string_new(NULL);
	s->state = (struct engine_state){ .push_live = true, .last_sync = NOW };
	s->engine = (struct engine){ .sync_now = fake_sync, .push = fake_push,
		.look = fake_look, .want_body = fake_body, .state = fake_state,
		.notice = fake_notice,
		.explain = fake_explain };
	s->canvas = canvas_new(height, width);
	screen_start(s);
	return s;
}

void screen_free(struct screen **p)
{
	struct screen *s = *p;

	ui_free(&s->ui);
	reader_free(&s->reader);
	canvas_free(&s->canvas);
	rig_free(&s->rig);
	g_ptr_array_unref(s->config.accounts);
	g_ptr_array_unref(s->config.warnings);
	g_free(s->places.config);
	g_free(s->places.data);
	g_string_free(s->calls, TRUE);
	g_free(s);
	*p = NULL;
}

static void add_change(struct batch *b, uint64_t uid, const struct mail *mail)
{
	char id[60];

	snprintf(id, sizeof id, "m%d@example.org", (int)uid);
	batch_change(b, &(struct change){ .kind = CHANGE_MESSAGE,
				.uid = uid,
				.flags = mail->flags,
				.message_id = id,
				.subject = mail->subject,
				.from_name = mail->from_name,
				.from_addr = mail->from_addr,
				.to = mail->to ? mail->to : "me@example.org",
				.sent_at = NOW - mail->age,
				.received_at = NOW - mail->age,
				.size = 2000 + uid,
				.has_attachment = mail->attachment });
}

void screen_mail(struct screen *s, mailbox_id m, uint64_t uid, const struct mail *mail)
{
	struct batch *b = batch_new(s->rig->account, m);
	struct err err;

	add_change(b, uid, mail);
	must(batch_apply(s->rig->store, b, NULL, &err), &err);
	batch_free(&b);
}

void screen_fill(struct screen *s)
{
	enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };
	static const struct mail inbox[] = {
		{ "Ana Lima", "ana@example.org", NULL, "Tuesday's review moved to 3 pm", 5 * MINUTE, 0 },
		{ "CI robot", "ci@example.org", NULL, "[tern] build 4711 failed: test_ui", 2 * HOUR, 0 },
		{ NULL, "no-name@example.org", NULL, "Re: Invoice 2024-03", 20 * HOUR,
			FLAG_SEEN | FLAG_ANSWERED, true },
		{ "山田太郎", "yamada@example.jp", NULL, "会議の議事録をお送りします(第三回)確認してください",
			2 * DAY, 0 },
		{ "Müller, Jörg", "joerg@example.de", NULL, "Grüße aus Köln 🎉 e\xcc\x81te\xcc\x81", 3 * DAY,
			FLAG_SEEN | FLAG_FLAGGED },
		{ "דנה כהן", "dana@example.il", NULL, "שלום \xe2\x80\xae world \xe2\x80\xac end", 5 * DAY,
			FLAG_SEEN },
		{ "Evil \x1b[31mRed", "evil@example.org", NULL, "\x1b]0;owned\x07 title \x9b 2J", 9 * DAY, 0 },
		{ "A name that is far too long for its column", "long@example.org", NULL,
			"A subject that is longer than any list is wide, so that it must end in an "
			"ellipsis on every screen that people use, even on very wide ones, which have "
			"two hundred columns or more",
			20 * DAY, FLAG_SEEN },
		{ "Newsletter", "news@example.com", NULL, "", 60 * DAY, FLAG_SEEN },
		{ "Old Friend", "old@example.org", NULL, "Happy new year!", 400 * DAY, FLAG_SEEN, true },
	};
	static const struct mail sent[] = {
		{ "Me", "me@example.org", "Ana Lima <ana@example.org>", "Re: Tuesday", HOUR, FLAG_SEEN },
		{ "Me", "me@example.org", "team@example.org, ana@example.org", "Notes", DAY, FLAG_SEEN },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(inbox); i++)
		screen_mail(s, s->rig->inbox, i + 1, &inbox[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(sent); i++)
		screen_mail(s, s->sent, i + 100, &sent[i]);
	screen_events(s);
}

void screen_fill_many(struct screen *s, int n)
{
	struct batch *b = batch_new(s->rig->account, s->rig->inbox);
	struct err err;

	for (int i = 1; i <= n; i++) {
		char subject[40];

		snprintf(subject, sizeof subject, "Message %d", i);
		add_change(b, (uint64_t)i, &(struct mail){ .from_name = "Person",
						.from_addr = "p@example.org", .subject = subject,
						.age = (int64_t)(n - i) * 60, .flags = FLAG_SEEN });
		if (batch_size(b) == BATCH_CHANGES_MAX)
			must(batch_apply(s->rig->store, b, NULL, &err), &err);
	}
	must(batch_apply(s->rig->store, b, NULL, &err), &err);
	batch_free(&b);
	screen_events(s);
}

void screen_body(struct screen *s, uint64_t uid, const char *raw)
{
	struct list_row *row = rig_row(s->rig, s->rig->inbox, uid);
	struct body_draft draft;
	struct err err;

	ck_assert_ptr_nonnull(row);
	must(store_body_begin(s->rig->store, row->message, &draft, &err), &err);
	ck_assert_int_eq(fd_write_all(draft.fd, raw, strlen(raw)), 0);
	must(store_body_commit(s->rig->store, &draft, &err), &err);
	list_row_free(&row);
}

void screen_keys(struct screen *s, const char *keys)
{
	g_free(screen_text(s)); /* moving by pages needs the height that drawing finds out */

	while (*keys) {
		struct key k;

		ck_assert_msg(key_parse(&keys, &k), "no key: %s", keys);
		ui_key(s->ui, &k);
		if (s->ui->done)
			return;
		screen_read(s);
		ui_tick(s->ui);
	}
}

void screen_read(struct screen *s)
{
	for (int i = 0; i < ANSWERS && s->ui->reading && s->ui->reading->ticket; i++) {
		int64_t ticket = s->ui->reading->ticket;

		ck_assert(reader_wait(s->reader, ticket, READ_MS));
		ui_event(s->ui, &(struct event){ .kind = EV_DOCUMENT, .message = ticket });
	}
}

void screen_events(struct screen *s)
{
	struct event e;

	while (queue_pop(s->rig->events, &e))
		ui_event(s->ui, &e);
	screen_wait(s, REREAD_MS);
}

void screen_wait(struct screen *s, int ms)
{
	s->ms += ms;
	clock_fake(s->ms, NOW + (s->ms - START_MS) / 1000);
	ui_tick(s->ui);
}

void screen_size(struct screen *s, int height, int width)
{
	canvas_resize(s->canvas, height, width);
}

char *screen_text(struct screen *s)
{
	ui_draw(s->ui, s->canvas);
	return canvas_dump(s->canvas, false);
}

char *screen_row(struct screen *s, int y)
{
	g_autofree char *text = screen_text(s);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	return g_strdup(lines[y < 0 ? s->canvas->height + y : y]);
}

bool screen_shows(struct screen *s, const char *text)
{
	g_autofree char *all = screen_text(s);

	return strstr(all, text) != NULL;
}

void screen_golden(struct screen *s, const char *name)
{
	g_autofree char *path = g_strdup_printf("%s/%s.txt", TEST_GOLDEN, name);
	g_autofree char *expected = NULL, *got = NULL;

	ui_draw(s->ui, s->canvas);
	got = canvas_dump(s->canvas, true);
	if (getenv("UPDATE_GOLDEN")) {
		ck_assert(g_file_set_contents(path, got, -1, NULL));
		return;
	}
	ck_assert_msg(g_file_get_contents(path, &expected, NULL, NULL), "%s is missing", path);
	ck_assert_msg(strcmp(expected, got) == 0, "%s differs; now:\n%s", path, got);
}
