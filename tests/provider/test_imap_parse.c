/*
 * The reader of IMAP answers, without a server: odd lines as field reports and
 * servers have them, names, sets, dates, and a collection of recorded answers.
 */
#include <arpa/inet.h>
#include <check.h>
#include <glib.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "mime/text.h"
#include "model/flags.h"
#include "provider/imap/command.h"
#include "provider/imap/pull.h"
#include "provider/imap/uidset.h"
#include "provider/imap/utf7.h"

/* --- FETCH lines ------------------------------------------------------------------------ */

#define ENV(subject) "ENVELOPE (NIL \"" subject "\" NIL NIL NIL NIL NIL NIL NIL \"<i@x>\")"

static const struct {
	const char *name, *line;
	uint64_t uid, size;
	const char *subject; /* NULL: not looked at */
	int attachment;	     /* -1: not looked at */
	bool damaged;
} lines[] = {
	{ "plain", "(UID 7 FLAGS (\\Seen) RFC822.SIZE 12 " ENV("hi") ")", 7, 12, "hi", -1, false },
	{ "lower case, extra blanks", "( uid 7  flags () rfc822.size 12 )", 7, 12, NULL, -1,
		false },
	{ "no items", "()", 0, 0, NULL, -1, false },
	{ "modseq unasked", "(MODSEQ (12345) UID 7 RFC822.SIZE 1)", 7, 1, NULL, -1, false },
	{ "unknown items",
		"(EMAILID (M1) THREADID NIL PREVIEW \"a (b\" SAVEDATE NIL X-GM-LABELS "
		"(\"\\\\Sent\" a) UID 7)",
		7, 0, NULL, -1, false },
	{ "literal8", "(BINARY[1] ~{3}\r\na)b UID 7)", 7, 0, NULL, -1, false },
	{ "flags with ]", "(FLAGS (NonJunk] \\Flagged) UID 7)", 7, 0, NULL, -1, false },
	{ "empty date", "(INTERNALDATE \"\" UID 7)", 7, 0, NULL, -1, false },
	{ "zero day", "(INTERNALDATE \" 0-Jan-1970 00:00:00 +0000\" UID 7)", 7, 0, NULL, -1,
		false },
	{ "huge size", "(RFC822.SIZE 5000000000 UID 7)", 7, 5000000000, NULL, -1, false },
	{ "20 digits", "(UID 7 RFC822.SIZE 99999999999999999999)", 7, UINT64_MAX, NULL, -1, false },
	{ "raw UTF-8", "(UID 7 " ENV("caf\303\251") ")", 7, 0, "café", -1, false },
	{ "raw latin-1", "(UID 7 " ENV("caf\351") ")", 7, 0, NULL, -1, false },
	{ "escapes", "(UID 7 " ENV("a \\\"b\\\" \\\\c") ")", 7, 0, "a \"b\" \\c", -1, false },
	{ "quote in a message id (iCloud)",
		"(UID 7 ENVELOPE (NIL \"s\" NIL NIL NIL NIL NIL NIL NIL \"<\"a\"b@x>\") "
		"RFC822.SIZE 3)",
		7, 3, "s", -1, false },
	{ "empty address lists", "(UID 7 ENVELOPE (NIL \"s\" () () NIL NIL NIL NIL NIL NIL))", 7, 0,
		"s", -1, false },
	{ "NIL addresses",
		"(UID 7 ENVELOPE (NIL \"s\" ((NIL NIL NIL NIL)) NIL NIL NIL NIL NIL NIL NIL))", 7,
		0, "s", -1, false },
	{ "subject as literal",
		"(UID 7 ENVELOPE (NIL {4}\r\na\"(b NIL NIL NIL NIL NIL NIL NIL NIL))", 7, 0,
		"a\"(b", -1, false },
	{ "attachment",
		"(UID 7 BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 "
		"1)(\"APPLICATION\" \"PDF\" "
		"(\"NAME\" \"a.pdf\") NIL NIL \"BASE64\" 9 NIL (\"ATTACHMENT\" (\"FILENAME\" "
		"\"a.pdf\"))) \"MIXED\"))",
		7, 0, NULL, 1, false },
	{ "named without disposition",
		"(UID 7 BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 1)(\"IMAGE\" "
		"\"PNG\" "
		"(\"NAME\" \"a.png\") NIL NIL \"BASE64\" 9) \"MIXED\"))",
		7, 0, NULL, 1, false },
	{ "image in related",
		"(UID 7 BODYSTRUCTURE ((\"TEXT\" \"HTML\" NIL NIL NIL \"7BIT\" 5 1)(\"IMAGE\" "
		"\"PNG\" "
		"(\"NAME\" \"a.png\") \"<1>\" NIL \"BASE64\" 9 NIL (\"INLINE\" NIL)) \"RELATED\"))",
		7, 0, NULL, 0, false },
	{ "signature",
		"(UID 7 BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 "
		"1)(\"APPLICATION\" "
		"\"PGP-SIGNATURE\" (\"NAME\" \"signature.asc\") NIL NIL \"7BIT\" 9 NIL "
		"(\"ATTACHMENT\" NIL)) "
		"\"SIGNED\"))",
		7, 0, NULL, 0, false },
	{ "message inside",
		"(UID 7 BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 1)(\"MESSAGE\" "
		"\"RFC822\" NIL NIL "
		"NIL \"7BIT\" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) (\"TEXT\" \"PLAIN\" NIL "
		"NIL NIL \"7BIT\" 5 "
		"1) 3) \"MIXED\"))",
		7, 0, NULL, 1, false },
	{ "message without its envelope",
		"(UID 7 BODYSTRUCTURE (\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9) RFC822.SIZE "
		"3)",
		7, 3, NULL, 1, false },
	{ "sizes missing", "(BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" NIL -1) UID 7)",
		7, 0, NULL, 0, false },
	{ "related with an empty list (Gmail)",
		"(BODYSTRUCTURE (\"RELATED\" NIL (\"ATTACHMENT\" NIL) NIL) UID 7)", 7, 0, NULL, -1,
		false },
	{ "multipart as a leaf",
		"(BODYSTRUCTURE (\"MULTIPART\" \"MIXED\" NIL NIL NIL \"7BIT\" 3 (\"BOUNDARY\" "
		"\"x\")) UID 7)",
		7, 0, NULL, -1, false },
	{ "broken structure, the rest kept",
		"(BODYSTRUCTURE ((\"TEXT\" ( UID 7 RFC822.SIZE 3 BODY[HEADER.FIELDS (REFERENCES)] "
		"{4}\r\n\r\n\r\n)",
		7, 3, NULL, -1, true },
	{ "broken envelope, the rest kept", "(ENVELOPE (\"x UID 7 RFC822.SIZE 3)", 7, 3, NULL, -1,
		true },
};

static char *subject_of(const struct fetch *f)
{
	struct row *row = row_new();
	char *copy = g_strdup(row_message(row, f)->subject);

	row_free(&row);
	return copy;
}

START_TEST(odd_fetch_lines)
{
	const char *name = lines[_i].name;
	g_autofree char *text = g_strdup_printf("* 3 FETCH %s\r\n", lines[_i].line);
	struct response r;
	struct fetch f;

	response_parse(text, text + strlen(text), &r);
	ck_assert_int_eq(r.kind, RESPONSE_DATA);
	ck_assert_uint_eq(r.number, 3);
	ck_assert(slice_is(r.word, "FETCH"));
	ck_assert_msg(fetch_parse(3, &r.rest, &f), "%s", name);
	ck_assert_msg(f.uid == lines[_i].uid, "%s: uid", name);
	ck_assert_msg(f.size == lines[_i].size, "%s: size", name);
	ck_assert_msg(!(f.has & FETCH_DAMAGED) == !lines[_i].damaged, "%s: damaged", name);
	if (lines[_i].attachment >= 0)
		ck_assert_msg(f.attachment == lines[_i].attachment, "%s: attachment", name);
	if (lines[_i].subject) {
		g_autofree char *subject = subject_of(&f);

		ck_assert_msg(g_strcmp0(subject, lines[_i].subject) == 0, "%s: %s", name, subject);
	}
}
END_TEST

START_TEST(deep_nesting_is_only_skipped)
{
	g_autoptr(GString) s = g_string_new("(BODYSTRUCTURE ");
	struct scan at;
	struct fetch f;

	for (int n = 0; n < 50000; n++)
		g_string_append_c(s, '(');
	g_string_append(s, " UID 7)\r\n");
	at = (struct scan){ s->str, s->str + s->len };
	ck_assert(fetch_parse(1, &at, &f));
	ck_assert_uint_eq(f.uid, 7);
	ck_assert(f.has & FETCH_DAMAGED);
}
END_TEST

START_TEST(long_references_keep_first_and_last)
{
	g_autoptr(GString) refs = g_string_new("References:");
	struct row *row = row_new();
	struct fetch f = { .has = FETCH_UID | FETCH_ENVELOPE, .uid = 1 };
	const struct change *c;

	for (int n = 0; n < 150; n++)
		g_string_append_printf(refs, " <%d@x>", n);
	f.header = (struct slice){ .p = refs->str, .n = refs->len };
	f.envelope.in_reply_to = (struct slice){ .p = "<149@x>", .n = 7 };
	c = row_message(row, &f);
	ck_assert_uint_le(c->n_references, CHANGE_REFERENCES_MAX);
	ck_assert_uint_ge(c->n_references, CHANGE_REFERENCES_MAX - 1);
	ck_assert_str_eq(c->references[0], "0@x");
	ck_assert_str_eq(c->references[c->n_references - 1], "149@x");
	row_free(&row);
}
END_TEST

START_TEST(keywords_are_in_normal_form)
{
	struct scan s;
	const char *text = "(UID 7 FLAGS (\\Seen NonJunk $Work \\Recent nonjunk))\r\n";
	struct row *row = row_new();
	struct fetch f;

	s = (struct scan){ text, text + strlen(text) };
	ck_assert(fetch_parse(1, &s, &f));
	ck_assert_uint_eq(f.flags, FLAG_SEEN);
	ck_assert_str_eq(row_keywords(row, &f), "$work nonjunk");
	row_free(&row);
}
END_TEST

/* --- small things ------------------------------------------------------------------------- */

START_TEST(mailbox_names)
{
	const struct {
		const char *path;
		char delimiter;
		const char *name;
	} rows[] = {
		{ "INBOX", '/', "INBOX" },
		{ "a.b.c", '.', "a/b/c" },
		{ "Entw&APw-rfe", '/', "Entwürfe" },
		{ "&U,BTFw-", '/', "台北" },
		{ "R&-D", '/', "R&D" },
		{ "&2D3eAA-", '/', "😀" },
		{ "bad &!!! name", '/', "bad &!!! name" },
		{ "open &APw", '/', "open &APw" },
		{ "roh-ü", '/', "roh-ü" },
		{ "&2D0-", '/', "&2D0-" },
		{ "x&AAA-y", '/', "x&AAA-y" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = utf7_name(rows[i].path, rows[i].delimiter);

		ck_assert_str_eq(name, rows[i].name);
	}
}
END_TEST

START_TEST(mailbox_names_go_and_come_back)
{
	static const struct {
		const char *name, *path;
	} rows[] = { { "INBOX", "INBOX" }, { "a&b", "a&-b" }, { "&", "&-" }, { "ä", "&AOQ-" },
		{ "Entwürfe", "Entw&APw-rfe" }, { "日本語", "&ZeVnLIqe-" },
		{ "~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-" }, /* RFC 3501 */
		{ "\xf0\x9f\x98\x80x", "&2D3eAA-x" }, { "äöü&ß", "&AOQA9gD8-&-&AN8-" } };
	static const char *const bad[] = { "&", "&AOQ", "&AGE-", "&AOQ-&APY-", "&2D0-", "a\xffz" };
	GRand *random = g_rand_new_with_seed(11);

	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		g_autofree char *path = utf7_encode(rows[n].name), *name = utf7_decode(rows[n].path);

		ck_assert_str_eq(path, rows[n].path);
		ck_assert_str_eq(name, rows[n].name);
	}
	for (size_t n = 0; n < G_N_ELEMENTS(bad); n++)
		ck_assert_msg(!utf7_decode(bad[n]), "%s", bad[n]);
	for (int n = 0; n < 2000; n++) {
		g_autoptr(GString) text = g_string_new(NULL);
		g_autofree char *path = NULL, *name = NULL;

		for (int k = g_rand_int_range(random, 0, 12); k > 0; k--) {
			gunichar c = (gunichar)g_rand_int_range(random, 1, n % 2 ? 0x110000 : 0x180);

			if (c < 0xd800 || c > 0xdfff)
				g_string_append_unichar(text, c);
		}
		path = utf7_encode(text->str);
		name = utf7_decode(path);
		ck_assert_str_eq(name, text->str);
	}
	g_rand_free(random);
}
END_TEST

START_TEST(uid_sets)
{
	uint64_t uids[] = { 1, 2, 3, 7, 9, 10 }, many[5000];
	g_autoptr(GString) s = g_string_new(NULL), big = g_string_new(NULL);
	g_autoptr(GArray) back = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	const char *bad[] = { "", "0", "1:", "a", "1,,2", "1:99999999999", "*" };
	size_t done = 0;

	ck_assert_uint_eq(uidset_write(s, uids, 6), 6);
	ck_assert_str_eq(s->str, "1:3,7,9:10");
	ck_assert(uidset_read(&(struct scan){ s->str, s->str + s->len }, back));
	ck_assert_uint_eq(back->len, 6);
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct scan at = { bad[i], bad[i] + strlen(bad[i]) };

		ck_assert_msg(!uidset_read(&at, back) || at.p != at.end, "%s", bad[i]);
	}
	for (size_t i = 0; i < 5000; i++)
		many[i] = 1000000 + 2 * i;
	done = uidset_write(big, many, 5000);
	ck_assert_uint_lt(done, 5000);
	ck_assert_uint_le(big->len, UIDSET_BYTES_MAX);
}
END_TEST

START_TEST(dates)
{
	const struct {
		const char *text;
		int64_t unix_s;
	} rows[] = {
		{ "17-Jul-1996 02:44:25 -0700", 837596665 },
		{ " 1-Jan-1970 00:00:10 +0000", 10 },
		{ "1-Jan-1970 01:00:00 +0100", 0 },
		{ "29-Feb-2024 12:00:00 +0530", 1709188200 },
		{ "nonsense", 0 },
		{ "", 0 },
		{ "99-Jan-2020 00:00:00 +0000", 0 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		ck_assert_int_eq(internaldate_parse((struct slice){
					 .p = rows[i].text, .n = strlen(rows[i].text) }),
			rows[i].unix_s);
}
END_TEST

START_TEST(status_texts)
{
	const struct {
		const char *text, *code, *words;
	} rows[] = {
		{ "[UIDNEXT 5] Predicted\r\n", "UIDNEXT", "Predicted" },
		{ "done\r\n", NULL, "done" },
		{ "\r\n", NULL, "" },
		{ "[ALERT]\r\n", "ALERT", "" },
		{ "[PERMANENTFLAGS (a] \\*)] ok\r\n", "PERMANENTFLAGS", NULL },
		{ "[open ended\r\n", "open", "" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct resp_text t;

		resp_text_parse(
			(struct scan){ rows[i].text, rows[i].text + strlen(rows[i].text) }, &t);
		if (rows[i].code)
			ck_assert_msg(slice_is(t.code, rows[i].code), "%s", rows[i].text);
		else
			ck_assert_ptr_null(t.code.p);
		if (rows[i].words)
			ck_assert_uint_eq(t.words.n, strlen(rows[i].words));
	}
}
END_TEST

START_TEST(an_answer_is_read_to_its_end_and_no_further)
{
	static const char line[] = "T1 NO [TRYCREATE] there is none";
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = sizeof line - 1;
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct response r;
	struct answer a;

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mprotect(map + page, page, PROT_NONE), 0);
	memcpy(map + page - n, line, n); /* the byte behind it cannot be read */
	response_parse(map + page - n, map + page, &r);
	answer_parse(&r, &a);
	ck_assert_int_eq(a.status, ANSWER_NO);
	ck_assert_str_eq(a.code, "TRYCREATE");
	ck_assert_str_eq(a.text, "there is none");
	munmap(map, 2 * page);
}
END_TEST

struct counter {
	struct sink sink; /* first */
	int told;
};

static int count_change(struct sink *s, const struct change *c, struct err *err)
{
	(void)c;
	(void)err;
	((struct counter *)s)->told++;
	return 0;
}

/* What lacks FLAGS or a size is a row all the same, else each comparison would ask for it again. */
START_TEST(a_message_is_told_from_news_of_its_flags)
{
	const struct {
		const char *line;
		int told;
	} rows[] = {
		{ "* 1 FETCH (UID 5 FLAGS () RFC822.SIZE 7)\r\n", 1 },
		{ "* 1 FETCH (UID 5 FLAGS () " ENV("a") ")\r\n", 1 },
		{ "* 1 FETCH (UID 5 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n", 1 },
		{ "* 1 FETCH (UID 5 FLAGS (\\Seen))\r\n", 0 },
		{ "* 1 FETCH (FLAGS (\\Seen) RFC822.SIZE 7)\r\n", 0 },
	};
	struct account account = { .name = (char *)"test" };
	struct imap imap = { .base.account = &account, .row = row_new() };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct counter c = { .sink.change = count_change };
		struct pull p = { .imap = &imap, .out = &c.sink };
		struct response r;

		response_parse(rows[i].line, rows[i].line + strlen(rows[i].line), &r);
		ck_assert_int_eq(pull_on_message(&imap, &r, &p, NULL), 0);
		ck_assert_msg(c.told == rows[i].told, "%s", rows[i].line);
	}
	row_free(&imap.row);
}
END_TEST

/* --- recorded answers through the wire -------------------------------------------------------- */

struct playback {
	int listener;
	GString *bytes;
	size_t chunk;
};

static void *play(void *arg)
{
	struct playback *p = arg;
	int fd = accept(p->listener, NULL, NULL);

	for (size_t at = 0; at < p->bytes->len; at += p->chunk)
		if (send(fd, p->bytes->str + at, MIN(p->chunk, p->bytes->len - at), MSG_NOSIGNAL) <
			0)
			break;
	close(fd);
	return NULL;
}

static struct wire *wire_to(struct playback *p)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof a;
	struct stream *s = NULL;
	struct err err;

	p->listener = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(p->listener, (struct sockaddr *)&a, len), 0);
	ck_assert_int_eq(listen(p->listener, 1), 0);
	getsockname(p->listener, (struct sockaddr *)&a, &len);
	ck_assert_int_eq(stream_connect("127.0.0.1", ntohs(a.sin_port), NULL, &s, &err), 0);
	return wire_new(&s);
}

/* What is read, in a digest that must not depend on the pieces it came in. */
static guint digest(struct row *row, const struct response *r)
{
	struct scan s = r->rest;
	struct fetch f;
	guint h = (guint)r->kind * 31 + (guint)r->number * 7 + (guint)(r->end - r->p);

	if (slice_is(r->word, "FETCH") && fetch_parse(r->number, &s, &f) && f.uid) {
		const struct change *c = row_message(row, &f);

		h = h * 31 + (c->subject ? g_str_hash(c->subject) : 0) + (guint)c->uid + f.has;
	}
	return h;
}

static guint replay(GString *bytes, size_t chunk, bool *sentinel)
{
	struct playback p = { .bytes = bytes, .chunk = chunk };
	struct wire *w = wire_to(&p);
	struct row *row = row_new();
	struct response r;
	struct err err;
	guint h = 0;
	pthread_t t;

	*sentinel = false;
	pthread_create(&t, NULL, play, &p);
	while (wire_next(w, 5000, &r, &err) == 0) {
		h = h * 33 + digest(row, &r);
		*sentinel |= r.number == 424242;
	}
	wire_free(&w);
	pthread_join(t, NULL);
	close(p.listener);
	row_free(&row);
	return h;
}

static void try_file(const char *path)
{
	g_autofree char *text = NULL;
	g_autoptr(GString) bytes = g_string_new(NULL);
	const size_t chunks[] = { 1, 7, 1 << 20 };
	guint first = 0;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		ck_abort_msg("%s cannot be read", path);
	for (const char *p = text; *p; p++) {
		if (*p == '\n' && (p == text || p[-1] != '\r'))
			g_string_append_c(bytes, '\r');
		g_string_append_c(bytes, *p);
	}
	if (bytes->len && bytes->str[bytes->len - 1] != '\n')
		g_string_append(bytes, "\r\n");
	g_string_append(bytes, "* 424242 EXISTS\r\n");
	for (size_t i = 0; i < G_N_ELEMENTS(chunks); i++) {
		bool sentinel;
		guint h = replay(bytes, chunks[i], &sentinel);

		ck_assert_msg(
			sentinel, "%s, pieces of %zu: the end was not reached", path, chunks[i]);
		ck_assert_msg(i == 0 || h == first, "%s: depends on the pieces", path);
		first = h;
	}
}

static int try_all(const char *dir)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;
	int n = 0;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
			n += try_all(path);
		} else if (g_str_has_suffix(name, ".txt")) {
			try_file(path);
			n++;
		}
	}
	return n;
}

START_TEST(recorded_answers_are_read_to_their_end)
{
	ck_assert_int_gt(try_all(TEST_DATA "/imap-responses"), 50);
}
END_TEST

START_TEST(a_body_goes_to_its_file)
{
	g_autoptr(GString) bytes = g_string_new("* 1 FETCH (UID 5 BODY[] {200000}\r\n");
	const size_t chunks[] = { 7, 4096, 1 << 20 };
	size_t at = bytes->len;

	g_string_set_size(bytes, at + 200000);
	memset(bytes->str + at, 'b', 200000);
	g_string_append(bytes, " RFC822.SIZE 200000)\r\n* 2 EXISTS\r\n");
	for (size_t i = 0; i < G_N_ELEMENTS(chunks); i++) {
		struct playback p = { .bytes = bytes, .chunk = chunks[i] };
		struct wire *w = wire_to(&p);
		FILE *file = tmpfile();
		struct response r;
		struct fetch f;
		struct err err;
		pthread_t t;

		pthread_create(&t, NULL, play, &p);
		wire_body_to(w, fileno(file));
		ck_assert_int_eq(wire_next(w, 5000, &r, &err), 0);
		ck_assert(fetch_parse(1, &r.rest, &f));
		ck_assert_uint_eq(f.has, FETCH_UID | FETCH_SIZE | FETCH_BODY);
		ck_assert_int_eq(wire_body_bytes(w), 200000);
		ck_assert_int_eq(wire_next(w, 5000, &r, &err), 0);
		ck_assert(slice_is(r.word, "EXISTS"));
		fseek(file, 0, SEEK_END);
		ck_assert_int_eq(ftell(file), 200000);
		fclose(file);
		pthread_join(t, NULL);
		close(p.listener);
		wire_free(&w);
	}
}
END_TEST

/* I-02: ranges of any size, in any order, cost nothing. */
START_TEST(spans_of_uids_are_cut_and_joined)
{
	static const char text[] = "4294967295:9,3,1:2,5";
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct span));
	struct scan s = { text, text + sizeof text - 1 };
	const struct span *x;

	ck_assert(uidset_spans(&s, 2, 20, 10, spans));
	uidset_spans_join(spans);
	x = (const struct span *)(const void *)spans->data;
	ck_assert_uint_eq(spans->len, 3);
	ck_assert_uint_eq(x[0].first, 2);
	ck_assert_uint_eq(x[0].last, 3);
	ck_assert_uint_eq(x[1].first, 5);
	ck_assert_uint_eq(x[2].first, 9);
	ck_assert_uint_eq(x[2].last, 20);
	s = (struct scan){ text, text + sizeof text - 1 };
	ck_assert_uint_eq(uidset_count(&s, 1, 10), 6);
	s = (struct scan){ text, text + sizeof text - 1 };
	ck_assert(!uidset_spans(&s, 1, 20, 4, spans)); /* more than may be kept */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("imap reader");
	TCase *c = tcase_create("reader");
	SRunner *sr;
	int failed;

	signal(SIGPIPE, SIG_IGN);
	mime_init();
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, odd_fetch_lines, 0, G_N_ELEMENTS(lines));
	tcase_add_test(c, spans_of_uids_are_cut_and_joined);
	tcase_add_test(c, deep_nesting_is_only_skipped);
	tcase_add_test(c, long_references_keep_first_and_last);
	tcase_add_test(c, keywords_are_in_normal_form);
	tcase_add_test(c, mailbox_names);
	tcase_add_test(c, mailbox_names_go_and_come_back);
	tcase_add_test(c, uid_sets);
	tcase_add_test(c, dates);
	tcase_add_test(c, status_texts);
	tcase_add_test(c, a_message_is_told_from_news_of_its_flags);
	tcase_add_test(c, an_answer_is_read_to_its_end_and_no_further);
	tcase_add_test(c, a_body_goes_to_its_file);
	tcase_add_test(c, recorded_answers_are_read_to_their_end);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
