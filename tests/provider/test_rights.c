/*
 * What may leave, and what the server allows: accounts that are read-only, and
 * shared mailboxes on servers with access control (RFC 4314), Dovecot and Cyrus.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mime/text.h"
#include "model/flags.h"
#include "provider/imap/imap.h"
#include "provider/imap_rig.h"
#include "provider/imap_server.h"

struct side {
	struct account account;
	struct recorder rec;
	struct cancel cancel;
	struct provider *p;
	struct err err;
	unsigned denied;
	int told; /* how often rights were */
};

static struct side *side_of_rights; /* the one that is told; a sink has no room for it */

static int on_rights(struct sink *s, unsigned denied, struct err *err)
{
	(void)s;
	(void)err;
	side_of_rights->denied = denied;
	side_of_rights->told++;
	return 0;
}

static void side_init(struct side *s, int port, bool two_way)
{
	memset(s, 0, sizeof *s);
	s->account = (struct account){ .name = "test",
		.type = "imap",
		.host = "127.0.0.1",
		.port = port,
		.tls = TLS_PLAIN,
		.user = "alice",
		.password_command = "echo secret",
		.two_way = two_way };
	recorder_init(&s->rec);
	s->rec.sink.rights = on_rights;
	side_of_rights = s;
	cancel_init(&s->cancel);
	s->p = provider_imap.create(&s->account, &s->cancel);
}

static void side_release(struct side *s)
{
	s->p->ops->destroy(&s->p);
	recorder_release(&s->rec);
	cancel_release(&s->cancel);
}

static void side_connect(struct side *s)
{
	ck_assert_msg(s->p->ops->connect(s->p, &s->err) == 0, "%s", s->err.text);
}

static void side_changes(struct side *s, const char *path, unsigned flags)
{
	struct mailbox m = { .path = (char *)path, .cursor = g_strdup(s->rec.cursor) };
	int n = s->p->ops->changes(s->p, &m, flags, &s->rec.sink, &s->err);

	ck_assert_msg(n == 0, "%s", s->err.text);
	g_free(m.cursor);
}

/* Runs Python with a session c of that user. */
static void python(int port, const char *user, const char *code)
{
	g_autofree char *file = g_strdup_printf("%s/code.py", server.dir);
	g_autofree char *text = g_strdup_printf("import imaplib\n"
						"c = imaplib.IMAP4('127.0.0.1', %d)\n"
						"c.login('%s', 'secret')\n"
						"def ok(x):\n"
						"    assert x[0] == 'OK', x\n"
						"    return x[1]\n%s",
		port, user, code);
	g_autofree char *command = g_strdup_printf("python3 '%s'", file);

	ck_assert(g_file_set_contents(file, text, -1, NULL));
	server_must(command);
}

/* --- a read-only account ----------------------------------------------------------------------- */

static int on_body(struct body_sink *s, uint64_t uid, const char *p, size_t n, struct err *err)
{
	(void)s;
	(void)uid;
	(void)p;
	(void)n;
	(void)err;
	return 0;
}

static void read_bodies(struct side *s, const char *path)
{
	struct kept *k = recorder_find(&s->rec, "a");
	struct body_ref ref = { .mailbox_path = path,
		.uidvalidity = s->rec.uidvalidity,
		.uid = k->uid,
		.size = k->size };
	struct mailbox m = { .path = (char *)path, .uidvalidity = s->rec.uidvalidity };
	struct body_sink out = { .body = on_body };
	FILE *f = tmpfile();
	uint64_t uid = k->uid;

	ck_assert_msg(s->p->ops->body(s->p, &ref, fileno(f), &(struct body_rest){ .whole = true }, &s->err) == 0, "%s", s->err.text);
	ck_assert_msg(s->p->ops->bodies(s->p, &m, &uid, 1, &out, &s->err) == 0, "%s", s->err.text);
	fclose(f);
}

static void sleep_a_little(struct side *s)
{
	struct mailbox m = { .path = (char *)"INBOX" };
	struct watch w = { .mailbox = &m,
		.timeout_ms = 300,
		.stirred = g_ptr_array_new_with_free_func(g_free) };

	ck_assert_msg(s->p->ops->wait(s->p, &w, &s->err) >= 0, "%s", s->err.text);
	g_ptr_array_unref(w.stirred);
}

static void try_all_verbs(struct side *s)
{
	struct mutation_item item = { .uid = 1, .fd = -1 };
	struct mailbox_wish wish = { .verb = MAILBOX_CREATE, .path = "", .name = "new" };

	for (enum mutation_verb v = MUTATION_FLAGS; v <= MUTATION_APPEND; v++) {
		struct mutation_batch b = { .verb = v,
			.source_path = (char *)"INBOX",
			.target_path = (char *)"Archive",
			.add = FLAG_SEEN,
			.n = 1,
			.items = &item };
		struct applied out = { 0 };

		ck_assert_int_eq(s->p->ops->prepare(s->p, &b, &s->err), ERR_UNSUPPORTED);
		ck_assert_int_eq(s->p->ops->apply(s->p, &b, &out, &s->err), ERR_UNSUPPORTED);
		ck_assert_int_eq(out.state, APPLIED_NOT_TRIED);
	}
	ck_assert_int_eq(s->p->ops->arrange(s->p, &wish, &s->err), ERR_UNSUPPORTED);
}

/* Every command of the ledger, by a list that is not that of the guard. */
static void check_ledger(const char *path)
{
	static const char allowed[] = "^(CAPABILITY|LOGIN|AUTHENTICATE|ENABLE|ID|NAMESPACE|LIST|LSUB|"
				      "STATUS|EXAMINE|UNSELECT|FETCH|UID FETCH|SEARCH|UID SEARCH|IDLE|"
				      "DONE|NOTIFY|COMPRESS|NOOP|MYRIGHTS|LOGOUT|<secret>)( .*)?$";
	g_autofree char *ledger = NULL;
	g_auto(GStrv) lines = NULL;
	int commands = 0, fetches = 0;

	ck_assert(g_file_get_contents(path, &ledger, NULL, NULL));
	lines = g_strsplit(ledger, "\n", -1);
	for (char **l = lines; *l; l++) {
		const char *at = strstr(*l, " > "), *what;

		if (!at)
			continue;
		what = strchr(at + 3, ' ');
		what = strcmp(at + 3, "DONE") == 0 || !what ? at + 3 : what + 1;
		ck_assert_msg(g_regex_match_simple(allowed, what, G_REGEX_CASELESS, 0), "%s", *l);
		ck_assert_msg(!strstr(what, "BODY[") && !strstr(what, "RFC822 ") &&
				      !strstr(what, "RFC822)"),
			"%s", *l);
		commands++;
		fetches += strstr(what, "FETCH ") != NULL;
	}
	ck_assert_int_gt(commands, 12);
	ck_assert_int_gt(fetches, 3);
	ck_assert_ptr_nonnull(strstr(ledger, "EXAMINE \"INBOX\""));
}

/* The whole life of an account with two_way = off, as the other end sees it: nothing but reading
 * commands, and not even \Recent is used up. */
static void read_only_life(const char *modes)
{
	struct proxy p;
	struct side s;

	server_adm("expunge -u alice mailbox INBOX all");
	proxy_start(&p, modes);
	server_deliver("INBOX", "a", 10);
	server_deliver("INBOX", "b", 10);
	side_init(&s, p.port, false);
	side_connect(&s);
	ck_assert_int_eq(s.p->ops->mailboxes(s.p, &s.rec.sink, &s.err), 0);
	side_changes(&s, "INBOX", 0);
	read_bodies(&s, "INBOX");
	sleep_a_little(&s);
	try_all_verbs(&s);
	imap_drop(imap_of(s.p)); /* and again, with a memory of the server */
	s.p->scan_follows = true;
	side_connect(&s);
	try_all_verbs(&s);
	ck_assert_int_eq(s.p->ops->mailboxes(s.p, &s.rec.sink, &s.err), 0);
	server_deliver("INBOX", "c", 10);
	side_changes(&s, "INBOX", CHANGES_FULL);
	side_changes(&s, "Archive", 0);
	ck_assert_int_eq(s.told, 0); /* what EXAMINE allows says nothing */
	side_release(&s);
	proxy_stop(&p);
	check_ledger(p.ledger);
	ck_assert_int_eq(server_count("INBOX", "seen"), 0);
	python(server.imap_port, "alice", "ok(c.select('INBOX', readonly=True))\n"
					  "assert len(ok(c.search(None, 'RECENT'))[0].split()) == 3\n");
}

START_TEST(a_read_only_life)
{
	read_only_life("--mode pass");
}
END_TEST

START_TEST(a_read_only_life_on_a_bare_server)
{
	read_only_life("--mode hide:all");
}
END_TEST

/* The second line of defence holds without the first. */
START_TEST(the_guard_stops_what_slips_through)
{
	struct mutation_item item = { .uid = 1, .fd = -1 };
	struct mutation_batch b = { .verb = MUTATION_FLAGS,
		.source_path = (char *)"INBOX",
		.add = FLAG_SEEN,
		.n = 1,
		.items = &item };
	struct applied out = { 0 };
	struct proxy p;
	struct side s;

	proxy_start(&p, "--mode pass");
	side_init(&s, p.port, false);
	side_connect(&s);
	s.account.two_way = true; /* as a mistake would */
	ck_assert_int_eq(s.p->ops->apply(s.p, &b, &out, &s.err), ERR_PROTOCOL);
	ck_assert(!proxy_saw(&p, "SELECT"));
	ck_assert(!proxy_saw(&p, "STORE"));
	side_release(&s);
	proxy_stop(&p);
}
END_TEST

/* --- shared mailboxes --------------------------------------------------------------------------- */

#define NAME                                                                                        \
	"sep = ok(c.list('\"\"', '\"\"'))[0].split(b'\"')[1].decode()\n"          \
	"name = 'INBOX' + sep + 'Team' if %d else 'Team'\n"

static const char share[] = NAME
	"ok(c.create(name))\n"
	"ok(c.append(name, None, None, b'Subject: a\\r\\nMessage-ID: <a@test.example>\\r\\n\\r\\nx\\r\\n'))\n"
	"ok(c.setacl(name, 'alice', '%s'))\n";

/* The path of bob's Team for alice. */
static char *team(struct side *s)
{
	ck_assert_msg(s->p->ops->mailboxes(s->p, &s->rec.sink, &s->err) == 0, "%s", s->err.text);
	for (guint n = 0; n < s->rec.mailboxes->len; n++) {
		const struct mailbox *m = g_ptr_array_index(s->rec.mailboxes, n);

		if (g_str_has_suffix(m->path, "Team"))
			return g_strdup(m->path);
	}
	ck_abort_msg("the shared mailbox is not listed");
	return NULL;
}

static void shared(int port, bool below_inbox, const char *rights, unsigned want)
{
	g_autofree char *code = g_strdup_printf(share, below_inbox, rights), *path = NULL;
	/* Cyrus keeps what was deleted by name and second: two of a name need a second between them */
	g_autofree char *after = g_strdup_printf("import time\ntime.sleep(1.1)\n" NAME "ok(c.delete(name))\n",
		below_inbox);
	struct mutation_item item = { .uid = 1, .fd = -1 };
	struct applied out = { 0 };
	struct mutation_batch b = { .verb = MUTATION_FLAGS, .n = 1, .items = &item };
	struct side s;

	python(port, "bob", code);
	side_init(&s, port, true);
	side_connect(&s);
	ck_assert(imap_of(s.p)->plan.acl);
	path = team(&s);
	side_changes(&s, path, 0);
	ck_assert_int_eq(s.told, 1);
	ck_assert_msg(s.denied == want, "%s: denied %x, not %x (%s)", path, s.denied, want,
		imap_of(s.p)->rights.letters);
	b.source_path = path;
	b.add = FLAG_FLAGGED;
	b.uidvalidity = s.rec.uidvalidity;
	ck_assert_msg(s.p->ops->apply(s.p, &b, &out, &s.err) == 0, "%s", s.err.text);
	ck_assert_int_eq(out.state, want & DENIED_FLAGS ? APPLIED_REFUSED : APPLIED_DONE);
	ck_assert(!(want & DENIED_FLAGS) || strlen(out.answer) > 20);
	s.rec.cursor[0] = '\0';
	side_changes(&s, "INBOX", 0); /* one's own: all is allowed but to remove an INBOX */
	ck_assert_msg((s.denied & ~(unsigned)DENIED_DROP) == 0, "%x", s.denied);
	side_release(&s);
	g_free(out.keywords);
	python(port, "bob", after);
}

enum {
	READ = DENIED_SEEN | DENIED_FLAGS | DENIED_KEYWORDS | DENIED_REMOVE | DENIED_INSERT |
	       DENIED_CHILDREN | DENIED_DROP,
	WORK = DENIED_REMOVE | DENIED_CHILDREN | DENIED_DROP,
};

START_TEST(shared_on_dovecot)
{
	shared(server.imap_port, false, "lr", READ);
	shared(server.imap_port, false, "lrswi", WORK);
}
END_TEST

static int cyrus(const char *verb)
{
	g_autofree char *command = g_strdup_printf(
		"chmod 755 %s; bash '%s/cyrus.sh' %s %s/cyrus", server.dir, TEST_SUPPORT, verb, server.dir);
	char line[400];
	int port = 0, status;
	FILE *f = popen(command, "r");

	while (f && fgets(line, sizeof line, f))
		sscanf(line, "IMAP_PORT=%d", &port);
	status = f ? pclose(f) : 1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return 0;
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return port;
}

START_TEST(shared_on_cyrus)
{
	int port = cyrus("start");

	if (!port) {
		printf("skipped: this machine has no Cyrus\n");
		return;
	}
	shared(port, true, "lr", READ);
	shared(port, true, "lrswi", WORK);
}
END_TEST

static void stop_cyrus(void)
{
	(void)cyrus("stop");
}

int main(void)
{
	Suite *s = suite_create("rights");
	TCase *c = tcase_create("rights"), *cy = tcase_create("cyrus");
	SRunner *sr;
	int failed, r;

	signal(SIGPIPE, SIG_IGN);
	mime_init();
	setenv("ACL", "1", 1);
	r = server_start();
	if (r)
		return r == 77 ? 77 : 1;
	tcase_set_timeout(c, 60);
	tcase_add_test(c, a_read_only_life);
	tcase_add_test(c, a_read_only_life_on_a_bare_server);
	tcase_add_test(c, the_guard_stops_what_slips_through);
	tcase_add_test(c, shared_on_dovecot);
	suite_add_tcase(s, c);
	tcase_set_timeout(cy, 120);
	tcase_add_unchecked_fixture(cy, NULL, stop_cyrus);
	tcase_add_test(cy, shared_on_cyrus);
	suite_add_tcase(s, cy);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	server_stop();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
