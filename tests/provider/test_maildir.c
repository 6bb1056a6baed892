#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mime/text.h"
#include "model/flags.h"
#include "provider/maildir/maildir.h"
#include "test_maildir_sink.h"

static char *root;
static struct account account;
static struct cancel cancel;
static struct provider *p;
static struct record rec;
static struct err err;
static const struct provider_ops *ops;

extern const struct provider_ops provider_maildir;

static char *at(const char *rel)
{
	return g_build_filename(root, rel, NULL);
}

static void make_folder(const char *rel)
{
	static const char *const subs[] = { "cur", "new", "tmp" };

	for (int i = 0; i < 3; i++) {
		g_autofree char *dir = g_build_filename(root, rel, subs[i], NULL);

		ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
	}
}

/* As a delivery agent does it: written in tmp/, then renamed in one step. */
static void deliver(const char *rel, const char *subject)
{
	g_autofree char *path = at(rel), *tmp = at("tmp/delivery");
	g_autofree char *mail = g_strdup_printf("From: a@b\nSubject: %s\n\nbody of %s\n", subject,
		subject);

	ck_assert(g_file_set_contents(tmp, mail, -1, NULL));
	ck_assert_int_eq(rename(tmp, path), 0);
}

static void rename_file(const char *from, const char *to)
{
	g_autofree char *a = at(from), *b = at(to);

	ck_assert_int_eq(rename(a, b), 0);
}

static bool there(const char *rel)
{
	g_autofree char *path = at(rel);

	return access(path, F_OK) == 0;
}

static void remove_file(const char *rel)
{
	g_autofree char *path = at(rel);

	ck_assert_int_eq(unlink(path), 0);
}

static void setup(void)
{
	root = g_dir_make_tmp("tern-maildir-XXXXXX", NULL);
	ck_assert_ptr_nonnull(root);
	account = (struct account){ .name = g_strdup("test"), .path = root, .two_way = true };
	ops = &provider_maildir;
	cancel_init(&cancel);
	record_init(&rec);
	p = ops->create(&account, &cancel);
	make_folder(".");
}

static void teardown(void)
{
	char *argv[] = { (char *)"rm", (char *)"-rf", root, NULL };

	ops->destroy(&p);
	record_release(&rec);
	cancel_release(&cancel);
	g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
	g_free(account.name);
	g_free(root);
}

static int changes_of(const char *path, unsigned flags)
{
	g_autofree char *own = g_strdup(path), *cursor = g_strdup(rec.cursor);
	struct mailbox box = { .path = own, .name = own, .cursor = cursor };

	rec.n_messages = rec.n_flags = rec.n_gone = rec.n_cursors = 0;
	return ops->changes(p, &box, flags, &rec.sink, &err);
}

static void connected(void)
{
	ck_assert_msg(ops->connect(p, &err) == 0, "%s", err.text);
}

/* --- folders ---------------------------------------------------------------------- */

static bool has_box(const char *want)
{
	for (guint i = 0; i < rec.boxes->len; i++)
		if (strcmp(rec.boxes->pdata[i], want) == 0)
			return true;
	return false;
}

START_TEST(dotted_folders)
{
	make_folder(".Sent");
	make_folder(".Lists.tern");
	make_folder(".Entw&APw-rfe");
	make_folder(".A&-B");
	make_folder("plain");
	connected();
	ck_assert_int_eq(ops->mailboxes(p, &rec.sink, &err), 0);
	ck_assert_uint_eq(rec.boxes->len, 5);
	ck_assert_str_eq(rec.boxes->pdata[0], "INBOX|INBOX|inbox");
	ck_assert(has_box(".Sent|Sent|sent"));
	ck_assert(has_box(".Lists.tern|Lists/tern|none"));
	ck_assert(has_box(".Entw&APw-rfe|Entw\u00fcrfe|none"));
	ck_assert(has_box(".A&-B|A&B|none"));
}
END_TEST

START_TEST(plain_folders)
{
	make_folder("Archive");
	make_folder("Lists/tern");
	make_folder("Lists/tern/deep");
	connected();
	ck_assert_int_eq(ops->mailboxes(p, &rec.sink, &err), 0);
	ck_assert_uint_eq(rec.boxes->len, 4);
	ck_assert(has_box("Archive|Archive|archive"));
	ck_assert(has_box("Lists/tern|Lists/tern|none"));
	deliver("Lists/tern/deep/cur/1:2,", "one");
	ck_assert_int_eq(changes_of("Lists/tern/deep", 0), 0);
	ck_assert_int_eq(rec.n_messages, 1);
}
END_TEST

START_TEST(no_way_out)
{
	g_autofree char *link = at(".Out"), *file = at("cur/5:2,");

	connected();
	ck_assert_int_eq(symlink("/tmp", link), 0);
	ck_assert_int_eq(symlink("/etc/passwd", file), 0);
	deliver("cur/1:2,", "one");
	ck_assert_int_eq(changes_of("../..", 0), ERR_RETRY);
	ck_assert_int_eq(changes_of("/etc", 0), ERR_RETRY);
	ck_assert_int_eq(changes_of("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/1/2/3/4/5/"
				    "6/7/8/../../..", 0), ERR_RETRY);
	ck_assert_int_eq(changes_of(".Out", 0), ERR_RETRY);
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_messages, 1); /* the link is no message */
}
END_TEST

START_TEST(bad_roots)
{
	g_autofree char *none = at("nowhere"), *empty = at("empty"), *file = at("cur/x");
	char *real = account.path;

	deliver("cur/x", "x");
	mkdir(empty, 0700);
	account.path = none;
	ck_assert_int_eq(ops->connect(p, &err), ERR_OFFLINE);
	ck_assert_ptr_nonnull(strstr(err.text, "nowhere"));
	account.path = empty;
	ck_assert_int_eq(ops->connect(p, &err), ERR_OFFLINE);
	account.path = file;
	ck_assert_int_eq(ops->connect(p, &err), ERR_OFFLINE);
	account.path = NULL;
	ck_assert_int_eq(ops->connect(p, &err), ERR_USAGE);
	account.path = real;
	connected();
}
END_TEST

/* --- what is new ------------------------------------------------------------------- */

START_TEST(new_mail)
{
	deliver("new/1767600428.a.host", "one");
	deliver("cur/1767600500.b.host:2,FS", "two");
	deliver("cur/1767600300.c.host,S=12:2,PRST", "three");
	connected();
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_messages, 3);
	ck_assert(rec.complete);
	ck_assert_str_eq(rec.order->pdata[0], "two"); /* newest first */
	ck_assert_str_eq(rec.order->pdata[2], "three");
	ck_assert_uint_eq(record_row(&rec, "one")->flags, 0);
	ck_assert_uint_eq(record_row(&rec, "two")->flags, FLAG_SEEN | FLAG_FLAGGED);
	ck_assert_uint_eq(record_row(&rec, "three")->flags,
		FLAG_SEEN | FLAG_ANSWERED | FLAG_DELETED);
	ck_assert_str_eq(record_row(&rec, "three")->keywords, "$forwarded");
	ck_assert_str_eq(record_row(&rec, "one")->canonical, "1767600428.a.host");
	ck_assert_int_eq(record_row(&rec, "one")->received_at, 1767600428);
	ck_assert_uint_gt(record_row(&rec, "one")->uid, 0);
	ck_assert_uint_le(record_row(&rec, "one")->uid, INT64_MAX);
	deliver("new/1767600600.d.host", "four");
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_messages, 1);
	ck_assert_int_eq(rec.n_gone + rec.n_flags, 0);
}
END_TEST

static void age(const char *rel)
{
	g_autofree char *path = at(rel);
	struct timeval t[2] = { { 1700000000, 0 }, { 1700000000, 0 } };

	ck_assert_int_eq(utimes(path, t), 0);
}

START_TEST(cursor_saves_work)
{
	deliver("cur/1:2,", "one");
	connected();
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_str_eq(rec.cursor, "1 0 0"); /* the stamps are too young to be believed */
	age("cur");
	age("new");
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_cursors, 1);
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_cursors, 0); /* nothing was read */
	ck_assert_int_eq(changes_of("INBOX", CHANGES_FULL), 0);
	ck_assert_int_eq(rec.n_cursors, 1);
}
END_TEST

START_TEST(another_program)
{
	deliver("new/1.a", "one");
	deliver("cur/2.b:2,S", "two");
	make_folder(".Other");
	connected();
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	rename_file("new/1.a", "cur/1.a:2,S");
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_flags, 1);
	ck_assert_int_eq(rec.n_messages + rec.n_gone, 0);
	ck_assert_uint_eq(record_row(&rec, "one")->flags, FLAG_SEEN);
	rename_file("cur/2.b:2,S", "cur/2.b:2,FS");
	remove_file("cur/1.a:2,S");
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_flags, 1);
	ck_assert_int_eq(rec.n_gone, 1);
	ck_assert_ptr_null(record_row(&rec, "one"));
	rename_file("cur/2.b:2,FS", ".Other/cur/2.b:2,FS");
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_gone, 1);
	ck_assert_int_eq(changes_of(".Other", 0), 0);
	ck_assert_int_eq(rec.n_messages, 1);
}
END_TEST

START_TEST(vanish)
{
	g_autofree char *away = g_strconcat(root, "-away", NULL);
	g_autofree char *fresh = NULL;

	make_folder(".Box");
	deliver(".Box/cur/1:2,", "one");
	connected();
	ck_assert_int_eq(changes_of(".Box", 0), 0);
	rename_file(".Box", "away");
	ck_assert_int_eq(changes_of(".Box", 0), ERR_RETRY);
	rename_file("away", ".Box");
	ck_assert_int_eq(rename(root, away), 0);
	ck_assert_int_eq(changes_of(".Box", 0), ERR_OFFLINE);
	ck_assert_int_eq(rec.n_gone, 0);
	make_folder("."); /* an empty skeleton, as under an unmounted disk */
	ck_assert_int_eq(changes_of(".Box", 0), ERR_OFFLINE);
	connected();
	ck_assert_int_eq(changes_of(".Box", 0), ERR_RETRY);
	ck_assert_int_eq(rec.n_gone, 0);
	fresh = g_strconcat(root, "-skeleton", NULL);
	ck_assert_int_eq(rename(root, fresh), 0);
	ck_assert_int_eq(rename(away, root), 0);
	ck_assert_int_eq(ops->mailboxes(p, &rec.sink, &err), ERR_OFFLINE);
	connected();
	ck_assert_int_eq(changes_of(".Box", 0), 0);
	ck_assert_int_eq(rec.n_messages + rec.n_gone, 0);
	{
		char *argv[] = { (char *)"rm", (char *)"-rf", fresh, NULL };

		g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
			NULL);
	}
}
END_TEST

START_TEST(slices)
{
	for (int i = 0; i < 1200; i++) {
		g_autofree char *rel = g_strdup_printf("cur/%d.x:2,", 1767600000 + i);
		g_autofree char *subject = g_strdup_printf("%d", i);

		deliver(rel, subject);
	}
	connected();
	rec.pause_after = 1;
	ck_assert_int_eq(changes_of("INBOX", 0), 1);
	ck_assert_int_eq(rec.n_messages, 500);
	ck_assert(!rec.complete);
	ck_assert_str_ne(rec.cursor, "");
	ck_assert_str_eq(rec.order->pdata[0], "1199");
	ck_assert_str_eq(rec.order->pdata[499], "700");
	rec.pause_after = 0;
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_messages, 700);
	ck_assert_int_eq(rec.n_cursors, 2);
	ck_assert(rec.complete);
	ck_assert_str_eq(rec.order->pdata[500], "699");
	cancel_set(&cancel);
	ck_assert_int_eq(changes_of("INBOX", CHANGES_FULL), ERR_CANCELED);
}
END_TEST

START_TEST(odd_names)
{
	g_autofree char *dir = at("cur/6:2,"), *fifo = at("cur/7:2,");

	deliver("cur/1.\xff\xfe:2,S", "latin");
	deliver("cur/2.new\nline:2,", "line");
	deliver("cur/3.no-info", "none");
	deliver("cur/4:1,experimental", "exp");
	deliver("cur/.hidden", "hidden");
	deliver("cur/5.\x1b[31m:2,", "escape");
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	connected();
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_messages, 5);
	ck_assert_uint_eq(record_row(&rec, "latin")->flags, FLAG_SEEN);
	ck_assert(g_utf8_validate(record_row(&rec, "latin")->canonical, -1, NULL));
}
END_TEST

enum { BUSY_FILES = 1500 };
static _Atomic bool busy;

/* Another program that marks messages read and unread without a rest. */
static void *keep_renaming(void *arg)
{
	(void)arg;
	for (int i = 0; busy; i = (i + 7) % BUSY_FILES) {
		g_autofree char *plain = g_strdup_printf("%s/cur/%d.x:2,", root, i);
		g_autofree char *seen = g_strdup_printf("%s/cur/%d.x:2,S", root, i);

		if (rename(plain, seen) && rename(seen, plain))
			break;
	}
	return NULL;
}

START_TEST(nothing_vanishes_while_others_rename)
{
	pthread_t t;

	for (int i = 0; i < BUSY_FILES; i++) {
		g_autofree char *rel = g_strdup_printf("cur/%d.x:2,", i);

		deliver(rel, "x");
	}
	connected();
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	busy = true;
	ck_assert_int_eq(pthread_create(&t, NULL, keep_renaming, NULL), 0);
	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(changes_of("INBOX", CHANGES_FULL), 0);
		ck_assert_int_eq(rec.n_gone, 0);
	}
	busy = false;
	pthread_join(t, NULL);
	remove_file(there("cur/3.x:2,") ? "cur/3.x:2," : "cur/3.x:2,S");
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_gone, 1);
	ck_assert_int_eq(g_tree_nnodes(rec.rows), BUSY_FILES - 1);
}
END_TEST

/* --- bodies -------------------------------------------------------------------------- */

static int body_of(const char *subject, char *out, size_t cap)
{
	struct row *row = record_row(&rec, subject);
	struct body_ref ref = { .mailbox_path = "INBOX", .uid = row->uid,
		.canonical = row->canonical };
	g_autofree char *tmp = at("tmp/XXXXXX");
	AUTO(fd_close) int fd = g_mkstemp(tmp);
	int r = ops->body(p, &ref, fd, &(struct body_rest){ .whole = true }, &err);
	ssize_t n = pread(fd, out, cap - 1, 0);

	out[n > 0 ? n : 0] = '\0';
	return r;
}

START_TEST(bodies)
{
	char text[200];

	deliver("new/1.a", "one");
	deliver("cur/2.\xff:2,", "two");
	connected();
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(body_of("one", text, sizeof text), 0);
	ck_assert_str_eq(text, "From: a@b\nSubject: one\n\nbody of one\n");
	rename_file("new/1.a", "cur/1.a:2,DFRSTabc"); /* renamed since */
	ck_assert_int_eq(body_of("one", text, sizeof text), 0);
	ck_assert_int_eq(body_of("two", text, sizeof text), 0);
	remove_file("cur/1.a:2,DFRSTabc");
	ck_assert_int_eq(body_of("one", text, sizeof text), ERR_GONE);
}
END_TEST

/* --- changes of the reader -------------------------------------------------------------- */

static struct applied answer;

static int apply_to(const char *subject, enum mutation_verb verb, unsigned add, unsigned remove,
	const char *target)
{
	struct row *row = record_row(&rec, subject);
	struct mutation_item item = { .uid = row->uid, .canonical = row->canonical };
	g_autofree char *from = g_strdup("INBOX"), *to = g_strdup(target);
	struct mutation_batch b = { .verb = verb, .source_path = from, .target_path = to, .add = add,
		.remove = remove, .n = 1, .items = &item };

	answer = (struct applied){ 0 };
	ck_assert_int_eq(ops->prepare(p, &b, &err), 0);
	ck_assert_str_eq(b.mark, "");
	return ops->apply(p, &b, &answer, &err);
}

START_TEST(apply_flags)
{
	deliver("new/1.a", "one");
	deliver("cur/2.b:2,ST", "two");
	deliver("cur/3.c:2,PSab", "three");
	connected();
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(apply_to("one", MUTATION_FLAGS, FLAG_FLAGGED, 0, NULL), 0);
	ck_assert_int_eq(answer.state, APPLIED_DONE);
	ck_assert(there("cur/1.a:2,F"));
	ck_assert_int_eq(apply_to("one", MUTATION_FLAGS, FLAG_FLAGGED, 0, NULL), 0); /* again */
	ck_assert_int_eq(answer.state, APPLIED_DONE);
	ck_assert_int_eq(apply_to("two", MUTATION_FLAGS, FLAG_ANSWERED, FLAG_DELETED, NULL), 0);
	ck_assert(there("cur/2.b:2,RS"));
	ck_assert_int_eq(apply_to("three", MUTATION_FLAGS, FLAG_DRAFT, FLAG_SEEN, NULL), 0);
	ck_assert(there("cur/3.c:2,DPab")); /* what we do not know stays */
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(rec.n_messages + rec.n_gone, 0);
	ck_assert_uint_eq(record_row(&rec, "one")->flags, FLAG_FLAGGED);
	remove_file("cur/1.a:2,F");
	ck_assert_int_eq(apply_to("one", MUTATION_FLAGS, FLAG_SEEN, 0, NULL), 0);
	ck_assert_int_eq(answer.state, APPLIED_GONE);
}
END_TEST

START_TEST(apply_move)
{
	uint64_t uid;

	make_folder(".Archive");
	deliver("new/1.a", "one");
	deliver("cur/2.b:2,FS", "two");
	deliver("cur/3.c:2,", "three");
	deliver(".Archive/cur/3.c:2,", "another three");
	connected();
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	uid = record_row(&rec, "two")->uid;
	ck_assert_int_eq(apply_to("two", MUTATION_MOVE, 0, 0, ".Archive"), 0);
	ck_assert_int_eq(answer.state, APPLIED_DONE);
	ck_assert_uint_eq(answer.target_uid, uid);
	ck_assert(there(".Archive/cur/2.b:2,FS") && !there("cur/2.b:2,FS"));
	ck_assert_int_eq(apply_to("two", MUTATION_MOVE, 0, 0, ".Archive"), 0); /* again */
	ck_assert_int_eq(answer.state, APPLIED_DONE);
	ck_assert_uint_eq(answer.target_uid, uid);
	ck_assert_int_eq(apply_to("one", MUTATION_MOVE, 0, 0, ".Archive"), 0);
	ck_assert(there(".Archive/cur/1.a:2,"));
	ck_assert_int_eq(apply_to("three", MUTATION_MOVE, 0, 0, ".Archive"), 0);
	ck_assert_int_eq(answer.state, APPLIED_REFUSED); /* never over another file */
	ck_assert(there("cur/3.c:2,"));
	ck_assert_int_eq(apply_to("three", MUTATION_MOVE, 0, 0, ".Nowhere"), 0);
	ck_assert_int_eq(answer.state, APPLIED_REFUSED);
	ck_assert_str_ne(answer.answer, "");
	remove_file(".Archive/cur/2.b:2,FS");
	ck_assert_int_eq(apply_to("two", MUTATION_MOVE, 0, 0, ".Archive"), 0);
	ck_assert_int_eq(answer.state, APPLIED_GONE);
}
END_TEST

/* Files of a folder's cur/ and new/ together. */
static int files_in(const char *rel)
{
	static const char *const subs[] = { "cur", "new" };
	int n = 0;

	for (int i = 0; i < 2; i++) {
		g_autofree char *path = g_build_filename(root, rel, subs[i], NULL);
		g_autoptr(GDir) d = g_dir_open(path, 0, NULL);

		while (d && g_dir_read_name(d))
			n++;
	}
	return n;
}

/* The same wish twice, the second time in doubt: it happened once, and it is told which one it is. */
static void twice(struct mutation_batch *b, const char *folder, int there_now)
{
	uint64_t uid = 0;

	ck_assert_int_eq(ops->prepare(p, b, &err), 0);
	for (int i = 0; i < 2; i++) {
		answer = (struct applied){ 0 };
		b->uncertain = i > 0;
		ck_assert_msg(ops->apply(p, b, &answer, &err) == 0, "%s", err.text);
		ck_assert_int_eq(answer.state, APPLIED_DONE);
		ck_assert_int_eq(files_in(folder), there_now);
		if (i == 0)
			uid = answer.target_uid;
	}
	ck_assert_uint_eq(answer.target_uid, uid);
}

START_TEST(apply_copy_and_delete_for_ever)
{
	g_autofree char *from = g_strdup("INBOX"), *to = g_strdup(".Archive");
	struct mutation_item item = { .row = 7, .fd = -1 };
	struct mutation_batch b = { .verb = MUTATION_COPY, .source_path = from, .target_path = to,
		.n = 1, .items = &item };
	char text[200];

	make_folder(".Archive");
	deliver("cur/1.a:2,FS", "one");
	connected();
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	item.uid = record_row(&rec, "one")->uid;
	item.canonical = record_row(&rec, "one")->canonical;
	twice(&b, ".Archive", 1);
	ck_assert(there("cur/1.a:2,FS"));
	item.row = 8; /* another wish: another copy */
	twice(&b, ".Archive", 2);
	b.verb = MUTATION_EXPUNGE;
	b.target_path = NULL;
	twice(&b, "", 0);
	b.uncertain = false;
	ck_assert_int_eq(ops->apply(p, &b, &answer, &err), 0);
	ck_assert_int_eq(answer.state, APPLIED_GONE);
	ck_assert_int_eq(body_of("one", text, sizeof text), ERR_GONE);
}
END_TEST

START_TEST(apply_append)
{
	static const char mail[] = "Subject: new\r\nX: a\rb\r\n\r\nbody\r\n\r";
	g_autofree char *to = g_strdup(".Archive"), *words = g_strdup("$forwarded");
	g_autofree char *file = at("draft");
	struct mutation_item item = { .row = 7, .received_at = 1000000000 };
	struct mutation_batch b = { .verb = MUTATION_APPEND, .target_path = to, .n = 1,
		.items = &item, .add = FLAG_SEEN, .add_keywords = words };
	struct row *row;

	make_folder(".Archive");
	ck_assert(g_file_set_contents(file, mail, -1, NULL));
	item.fd = open(file, O_RDONLY);
	connected();
	twice(&b, ".Archive", 1);
	close(item.fd);
	ck_assert_int_eq(changes_of(".Archive", 0), 0);
	row = record_row(&rec, "new");
	ck_assert_uint_eq(row->uid, answer.target_uid);
	ck_assert_uint_eq(row->flags, FLAG_SEEN);
	g_free(words);
	b.add_keywords = words = g_strdup("work"); /* a letter that only Dovecot may give */
	answer = (struct applied){ 0 };
	ck_assert_int_eq(ops->apply(p, &b, &answer, &err), 0);
	ck_assert_int_eq(answer.state, APPLIED_REFUSED);
}
END_TEST

START_TEST(read_only)
{
	deliver("new/1.a", "one");
	account.two_way = false;
	connected();
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(apply_to("one", MUTATION_FLAGS, FLAG_SEEN, 0, NULL), ERR_UNSUPPORTED);
	ck_assert_int_eq(answer.state, APPLIED_NOT_TRIED);
	ck_assert(there("new/1.a"));
}
END_TEST

/* --- waiting ---------------------------------------------------------------------------- */

static void *deliver_later(void *arg)
{
	g_usleep(200000);
	if (arg)
		cancel_set(arg);
	else
		deliver("new/9.z", "late");
	return NULL;
}

static int wait_ms(struct cancel *wake, int ms, bool *live)
{
	struct watch w = { .wake = wake, .timeout_ms = ms };
	int r = ops->wait(p, &w, &err);

	*live = w.live;
	return r;
}

/* What wait returns when `set` is set, or mail comes (NULL), after 0.2 s. */
static int wait_for(struct cancel *set, struct cancel *wake, bool *live, int64_t *took)
{
	int64_t begin = clock_mono_ms();
	pthread_t t;
	int r;

	ck_assert_int_eq(pthread_create(&t, NULL, deliver_later, set), 0);
	r = wait_ms(wake, 10000, live);
	pthread_join(t, NULL);
	*took = clock_mono_ms() - begin;
	return r;
}

START_TEST(watch)
{
	struct cancel wake;
	bool live = false;
	int64_t took;

	cancel_init(&wake);
	connected();
	ck_assert_int_eq(changes_of("INBOX", 0), 0);
	ck_assert_int_eq(wait_ms(&wake, 50, &live), 0);
	ck_assert(live);
	ck_assert_int_eq(wait_for(NULL, &wake, &live, &took), 1);
	ck_assert_int_lt(took, 1000);
	ck_assert_int_eq(wait_ms(&wake, 50, &live), 0); /* said once */
	ck_assert_int_eq(wait_for(&wake, &wake, &live, &took), 0);
	ck_assert_int_lt(took, 1000);
	cancel_clear(&wake);
	make_folder(".Later"); /* a folder of its own accord is watched too */
	ck_assert_int_eq(wait_ms(&wake, 1000, &live), 1);
	ck_assert_int_eq(wait_ms(&wake, 50, &live), 0);
	deliver(".Later/new/1", "x");
	ck_assert_int_eq(wait_ms(&wake, 1000, &live), 1);
	ck_assert_int_eq(wait_for(&cancel, &wake, &live, &took), ERR_CANCELED);
	ck_assert_int_lt(took, 1000);
	cancel_release(&wake);
}
END_TEST

START_TEST(watch_by_hand)
{
	struct maildir *m = (struct maildir *)p;
	struct cancel wake;
	bool live = true;

	cancel_init(&wake);
	connected();
	m->unwatchable = true; /* as after ENOSPC */
	ck_assert_int_eq(wait_ms(&wake, 50, &live), 0);
	ck_assert(!live);
	age("new");
	ck_assert_int_eq(wait_ms(&wake, 1000, &live), 1);
	cancel_set(&wake);
	ck_assert_int_eq(wait_ms(&wake, 10000, &live), 0);
	cancel_set(&cancel);
	cancel_clear(&wake);
	ck_assert_int_eq(wait_ms(&wake, 10000, &live), ERR_CANCELED);
	cancel_release(&wake);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("maildir");
	TCase *c = tcase_create("maildir");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, dotted_folders);
	tcase_add_test(c, plain_folders);
	tcase_add_test(c, no_way_out);
	tcase_add_test(c, bad_roots);
	tcase_add_test(c, new_mail);
	tcase_add_test(c, cursor_saves_work);
	tcase_add_test(c, another_program);
	tcase_add_test(c, vanish);
	tcase_add_test(c, slices);
	tcase_add_test(c, odd_names);
	tcase_add_test(c, nothing_vanishes_while_others_rename);
	tcase_add_test(c, bodies);
	tcase_add_test(c, apply_flags);
	tcase_add_test(c, apply_move);
	tcase_add_test(c, apply_copy_and_delete_for_ever);
	tcase_add_test(c, apply_append);
	tcase_add_test(c, read_only);
	tcase_add_test(c, watch);
	tcase_add_test(c, watch_by_hand);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	SRunner *r;
	int failed;

	setlocale(LC_ALL, "C.UTF-8");
	mime_init();
	r = srunner_create(suite());
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
