/*
 * A message from a file or from standard input into a mailbox.
 *
 * It is kept as it will be at the server: line ends are CRLF, and there is a
 * Message-ID, by which the message is found again after a lost answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/scratch.h"
#include "cli/command.h"
#include "mime/header.h"
#include "mime/summary.h"
#include "model/flags.h"

enum {
	MESSAGE_MAX = 128 << 20, /* bytes of a message that are taken */
	CHUNK = 64 * 1024,
};

/* --- reading ------------------------------------------------------------- */

static int read_all(int fd, GString *out, struct err *err)
{
	char chunk[CHUNK];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_USAGE, _("The message cannot be read: %s."),
				g_strerror(errno));
		if (out->len + (size_t)n > MESSAGE_MAX)
			return err_set(err, ERR_LIMIT,
				_("The message is too large: at most %d MiB are taken."),
				MESSAGE_MAX >> 20);
		g_string_append_len(out, chunk, n);
	}
	return 0;
}

static int read_message(const char *path, GString *out, struct err *err)
{
	AUTO(fd_close) int fd = -1;

	if (!path || strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, out, err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_USAGE, _("%s cannot be read: %s."), path, g_strerror(errno));
	return read_all(fd, out, err);
}

/* --- the form it has at a server ----------------------------------------- */

/* Every line end, LF or CR alone too, becomes CRLF (RFC 5322 section 2.3). */
static GString *with_crlf(const GString *raw)
{
	GString *out = g_string_sized_new(raw->len + raw->len / 32 + 2);

	for (gsize i = 0; i < raw->len; i++) {
		bool cr = raw->str[i] == '\r';

		if (!cr && raw->str[i] != '\n') {
			g_string_append_c(out, raw->str[i]);
			continue;
		}
		g_string_append(out, "\r\n");
		if (cr && i + 1 < raw->len && raw->str[i + 1] == '\n')
			i++;
	}
	if (!g_str_has_suffix(out->str, "\r\n"))
		g_string_append(out, "\r\n");
	return out;
}

/* Header fields there are; *has_id: one of them is a Message-ID. */
static int count_fields(const GString *m, bool *has_id)
{
	size_t block = header_block_length(m->str, m->len);
	const char *p = m->str, *end = p + (block ? block : m->len);
	struct header_field f;
	int n = 0;

	*has_id = false;
	while (header_next(&p, end, &f)) {
		*has_id |= header_is(&f, "Message-ID");
		n++;
	}
	return n;
}

static int make_fit(const GString *raw, GString **out, struct err *err)
{
	GString *m;
	bool has_id;

	if (memchr(raw->str, '\0', raw->len)) /* RFC 3501: a literal holds no NUL */
		return err_set(err, ERR_USAGE, _("The message has NUL bytes in it, which a server "
						 "would not take."));
	m = with_crlf(raw);
	if (count_fields(m, &has_id) == 0) {
		g_string_free(m, TRUE);
		return err_set(err, ERR_USAGE, _("This is no message: it has no header."));
	}
	if (!has_id) {
		g_autofree char *unique = g_uuid_string_random();
		g_autofree char *field =
			g_strdup_printf("Message-ID: <%s@tern.invalid>\r\n", unique);

		g_string_prepend(m, field);
	}
	*out = m;
	return 0;
}

/* A file without a name that holds the message, to be read from its beginning. */
static int keep(const GString *m, int *out, struct err *err)
{
	int r;

	if (scratch_nameless(out, err) < 0)
		return err->code;
	r = fd_write_all(*out, m->str, m->len);
	if (r == 0 && lseek(*out, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	fd_close(out);
	return err_set(err, ERR_STORAGE, _("The message cannot be kept: %s."), g_strerror(-r));
}

/* --- the command --------------------------------------------------------- */

/* "seen,flagged": words of the flags that a new message may have. */
static int read_flags(const char *words, unsigned *out, struct err *err)
{
	g_auto(GStrv) all = g_strsplit_set(words ? words : "", ", ", -1);

	*out = 0;
	for (size_t i = 0; all[i]; i++) {
		g_autofree char *name = g_strconcat(all[i][0] == '\\' ? "" : "\\", all[i], NULL);
		unsigned flag = flags_from_imap(name, strlen(name));

		if (!*all[i])
			continue;
		if (!flag || flag == FLAG_DELETED)
			return err_set(err, ERR_USAGE,
				_("\"%s\" is not one of: seen, flagged, answered, draft."), all[i]);
		*out |= flag;
	}
	return 0;
}

static int append(struct cli *c, const struct args *a, mailbox_id target, message_id *out,
	struct err *err)
{
	const char *words = args_option(a, "tags");
	g_autofree char *tags = flags_keywords_normalize(words ? words : "");
	g_autoptr(GString) raw = g_string_new(NULL), m = NULL;
	AUTO(summary_free) struct summary *summary = NULL;
	struct change facts = { .kind = CHANGE_MESSAGE, .keywords = tags };
	AUTO(fd_close) int fd = -1;

	if (read_flags(args_option(a, "flags"), &facts.flags, err) < 0 ||
		read_message(args_word(a, 1), raw, err) < 0 || make_fit(raw, &m, err) < 0 || !m ||
		keep(m, &fd, err) < 0 || summary_read(fd, &summary, err) < 0)
		return err->code;
	summary_fill(summary, &facts);
	facts.received_at = clock_unix();
	facts.size = m->len;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(err, ERR_STORAGE, _("The message cannot be read: %s."),
			g_strerror(errno));
	return store_append(c->store, target, &facts, fd, (message_id){ 0 }, out, err);
}

int cmd_append(struct cli *c, const struct args *a)
{
	struct err err = { 0 };
	AUTO(mailbox_free) struct mailbox *m = pick_mailbox(c, a, args_word(a, 0), &err);
	message_id id = { 0 };
	int code = EXIT_QUEUED;

	if (!m || append(c, a, m->id, &id, &err) < 0)
		return say_error(&err);
	if (args_has(a, "push"))
		code = push_account(c, account_of(c, m->account), false);
	if (a->json)
		out_json(json_pack("{s:I, s:o, s:b}", "id", (json_int_t)id.v, "mailbox",
			json_text(m->name), "queued", code == EXIT_QUEUED));
	else if (!args_has(a, "push"))
		say(_("queued: message %" PRId64 "; `tern push` sends it."), id.v);
	return code;
}
