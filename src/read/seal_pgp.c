/*
 * OpenPGP by gpg.
 *
 * gpg is started for each layer, with its standard streams and two descriptors
 * only, and says what it found in status lines (doc/DETAILS of GnuPG, "Format
 * of the --status-fd output"); its words for people are not read.  It may not
 * go to the network, whatever stands in gpg.conf: no dirmngr, no key is looked
 * for or imported.  A second run lists the addresses of the key.
 */
#include "read/seal_layer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/spawn.h"

enum {
	STATUS_MAX = 256 * 1024,  /* bytes of status lines that are read */
	LISTING_MAX = 1 << 20,    /* of a key's description */
	SIGNATURES_MAX = 16,      /* of one layer */
	ARGS_MAX = 32,
	WORDS_MAX = 16,           /* of a status line that count */
	KEY_MAX = 65,             /* a fingerprint in hex, with its end */
};

struct signature {
	enum seal_result result;
	char key[KEY_MAX];        /* of the primary key */
	char signer[SEAL_SIGNER_MAX];
	int64_t made_at;
	bool valid, weak;
};

/* What the status lines say. */
struct status {
	struct signature signatures[SIGNATURES_MAX];
	int n;
	int texts;                /* pieces of text that came out */
	bool begun, decrypted, intact, failed, no_key, too_many;
};

/* --- the lines ------------------------------------------------------------ */

static struct signature *current(struct status *s)
{
	return s->n ? &s->signatures[s->n - 1] : NULL;
}

static void on_new(struct status *s, char **words, int n)
{
	(void)words;
	(void)n;
	if (s->n == SIGNATURES_MAX)
		s->too_many = true;
	else
		s->signatures[s->n++] = (struct signature){ .result = SEAL_UNKNOWN };
}

/* words: [1] key id, [2] the rest: user id, escaped. */
static void set_result(struct status *s, char **words, int n, enum seal_result result)
{
	struct signature *sig = current(s);
	g_autofree char *id = n > 2 ? g_uri_unescape_string(words[2], NULL) : NULL;
	const char *end;

	if (!sig || s->too_many)
		return;
	sig->result = result;
	if (!id)
		return;
	g_strlcpy(sig->signer, id, sizeof sig->signer);
	if (!g_utf8_validate(sig->signer, -1, &end))
		sig->signer[end - sig->signer] = '\0';
}

static void on_good(struct status *s, char **words, int n)
{
	set_result(s, words, n, SEAL_GOOD);
}

static void on_bad(struct status *s, char **words, int n)
{
	set_result(s, words, n, SEAL_BAD);
}

static void on_expired(struct status *s, char **words, int n)
{
	set_result(s, words, n, SEAL_EXPIRED);
}

/* ERRSIG keyid pkalgo hashalgo class time rc: 9 = the key is not here. */
static void on_error(struct status *s, char **words, int n)
{
	bool no_key;

	(void)n;
	g_auto(GStrv) rest = words[2] ? g_strsplit(words[2], " ", WORDS_MAX) : NULL;
	no_key = rest && g_strv_length(rest) > 4 && strcmp(rest[4], "9") == 0;
	set_result(s, words, 1, no_key ? SEAL_NO_KEY : SEAL_UNKNOWN);
}

static bool is_weak(const char *digest)
{
	return strcmp(digest, "1") == 0 || strcmp(digest, "2") == 0; /* MD5, SHA-1 */
}

/* VALIDSIG fpr date time expires version reserved pkalgo hashalgo class primary-fpr */
static void on_valid(struct status *s, char **words, int n)
{
	enum { TIME = 1, DIGEST = 6, CLASS, PRIMARY, ALL };
	struct signature *sig = current(s);
	g_auto(GStrv) rest = n > 2 ? g_strsplit(words[2], " ", WORDS_MAX) : NULL;

	if (!sig || s->too_many || !rest || g_strv_length(rest) < ALL)
		return;
	/* of a document or a text, and not of a key */
	sig->valid = strcmp(rest[CLASS], "00") == 0 || strcmp(rest[CLASS], "01") == 0;
	sig->made_at = strtoll(rest[TIME], NULL, 10);
	sig->weak = is_weak(rest[DIGEST]);
	g_strlcpy(sig->key, rest[PRIMARY], sizeof sig->key);
}

static void on_flag(struct status *s, char **words, int n)
{
	(void)n;
	s->texts += strcmp(words[0], "PLAINTEXT") == 0;
	s->decrypted |= strcmp(words[0], "DECRYPTION_OKAY") == 0;
	s->intact |= strcmp(words[0], "GOODMDC") == 0;
	s->failed |= strcmp(words[0], "DECRYPTION_FAILED") == 0 || strcmp(words[0], "BADMDC") == 0;
	s->no_key |= strcmp(words[0], "NO_SECKEY") == 0;
	s->begun |= strcmp(words[0], "BEGIN_DECRYPTION") == 0;
}

static const struct {
	const char *word;
	void (*read)(struct status *s, char **words, int n);
} lines[] = {
	{ "NEWSIG", on_new },
	{ "GOODSIG", on_good },
	{ "BADSIG", on_bad },
	{ "EXPSIG", on_expired },
	{ "EXPKEYSIG", on_expired },
	{ "REVKEYSIG", on_expired },
	{ "ERRSIG", on_error },
	{ "VALIDSIG", on_valid },
	{ "PLAINTEXT", on_flag },
	{ "DECRYPTION_OKAY", on_flag },
	{ "DECRYPTION_FAILED", on_flag },
	{ "GOODMDC", on_flag },
	{ "BADMDC", on_flag },
	{ "NO_SECKEY", on_flag },
	{ "BEGIN_DECRYPTION", on_flag },
};

static void read_status(const char *text, struct status *s)
{
	static const char prefix[] = "[GNUPG:] ";
	g_auto(GStrv) all = g_strsplit(text, "\n", -1);

	for (char **line = all; *line; line++) {
		g_auto(GStrv) words = NULL;

		if (!g_str_has_prefix(*line, prefix))
			continue;
		words = g_strsplit(*line + sizeof prefix - 1, " ", 3);
		for (size_t i = 0; words[0] && i < G_N_ELEMENTS(lines); i++)
			if (strcmp(words[0], lines[i].word) == 0)
				lines[i].read(s, words, (int)g_strv_length(words));
	}
}

/* --- the program ------------------------------------------------------------ */

/* The beginning of a file as a string (g_free). */
static char *text_of(int fd, size_t max)
{
	char *text = g_malloc(max + 1);
	size_t len = 0;
	ssize_t n;

	while (len < max && (n = pread(fd, text + len, max - len, (off_t)len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return text;
}

/* What every run says first. */
static int common_args(const char **args, const char *terminal, bool ask)
{
	static const char *const always[] = { "gpg", "--batch", "--no-tty", "--quiet",
		"--no-greeting", "--disable-dirmngr", "--no-auto-key-locate",
		"--no-auto-key-retrieve", "--no-auto-key-import", "--no-permission-warning",
		"--enable-special-filenames", "--display-charset", "utf-8", "--max-output",
		G_STRINGIFY(268435456), "--status-fd", "3" };
	int n = 0;

	G_STATIC_ASSERT(SEAL_BYTES_MAX == 268435456);
	for (size_t i = 0; i < G_N_ELEMENTS(always); i++)
		args[n++] = always[i];
	args[n++] = "--pinentry-mode";
	args[n++] = ask ? "ask" : "cancel";
	args[n++] = "--ttyname"; /* no pinentry may write over the screen */
	args[n++] = terminal ? terminal : "/dev/null";
	return n;
}

/* Runs gpg; its status lines to *status (g_free), which is NULL if it cannot be had. */
static int run_gpg(const struct seal_bytes *b, const char *const *words, int out, int signature,
	char **status, struct err *err)
{
	const char *args[ARGS_MAX] = { 0 };
	bool ask = b->config->terminal || b->config->display;
	int n = common_args(args, b->config->terminal, ask), code, ended;
	AUTO(fd_close) int told = seal_file(err);
	struct spawn how = { .argv = args, .in = b->body, .out = out, .errors = -1,
		.more = { told, signature }, .n_more = signature >= 0 ? 2 : 1, .place = SPAWN_GROUP };
	pid_t pid;

	while (*words && n < ARGS_MAX - 1)
		args[n++] = *words++;
	if (told < 0 || lseek(b->body, 0, SEEK_SET) < 0 || spawn_start(&how, &pid, err) < 0)
		return err->code;
	code = spawn_wait(pid, b->cancel, ask ? SEAL_ASK_MS : SEAL_WALL_MS, &ended);
	if (code == ERR_CANCELED)
		return err_set(err, code, _("Stopped."));
	if (code < 0)
		return err_set(err, code, _("gpg gave no answer in time."));
	*status = text_of(told, STATUS_MAX);
	return 0;
}

/* --- whose key ---------------------------------------------------------------- */

/* The address in "Name <address>", or all of it. */
static void address_of(const char *id, char *out, size_t cap)
{
	const char *open = strrchr(id, '<');
	size_t len = open ? strcspn(open + 1, ">") : strlen(id);

	g_strlcpy(out, open ? open + 1 : id, MIN(cap, len + 1));
}

/* One line "uid:VALIDITY:...:ID:" of a key: true if its address is From; whether it is trusted. */
static bool is_senders(const char *line, const char *from, char *id_out, size_t cap, bool *trusted)
{
	enum { VALIDITY = 1, ID = 9 };
	g_auto(GStrv) fields = g_strsplit(line, ":", ID + 2);
	g_autofree char *id = NULL;
	char address[SEAL_SIGNER_MAX];

	if (g_strv_length(fields) <= ID || strcmp(fields[0], "uid") != 0 ||
		strchr("reidn", fields[VALIDITY][0] ? fields[VALIDITY][0] : '-'))
		return false;
	id = g_strcompress(fields[ID]);
	address_of(id, address, sizeof address);
	if (!seal_same_address(address, from) || !g_utf8_validate(id, -1, NULL))
		return false;
	*trusted = strchr("fu", fields[VALIDITY][0]) != NULL;
	g_strlcpy(id_out, id, cap);
	return true;
}

/* A signature that holds: whether its key is the sender's, and trusted. */
static int judge_key(const struct seal_bytes *b, struct signature *s, struct err *err)
{
	const char *const words[] = { "--with-colons", "--fixed-list-mode", "--list-keys", "--", s->key,
		NULL };
	AUTO(fd_close) int out = seal_file(err);
	g_autofree char *status = NULL, *text = NULL;
	g_auto(GStrv) all = NULL;
	bool trusted = false, found = false;

	if (out < 0 || run_gpg(b, words, out, -1, &status, err) < 0)
		return err->code;
	text = text_of(out, LISTING_MAX);
	all = g_strsplit(text, "\n", -1);
	for (char **line = all; *line && !(found && trusted); line++)
		found |= is_senders(*line, b->from, s->signer, sizeof s->signer, &trusted);
	s->result = !found ? SEAL_OTHER : trusted ? SEAL_GOOD : SEAL_UNTRUSTED;
	return 0;
}

static int judge(const struct seal_bytes *b, struct status *s, struct seal_finding *out,
	struct err *err)
{
	enum seal_result all = SEAL_GOOD;

	for (int i = 0; i < s->n; i++) {
		struct signature *sig = &s->signatures[i];

		if (sig->result == SEAL_GOOD && !sig->valid)
			sig->result = SEAL_UNKNOWN;
		if (sig->result == SEAL_GOOD && judge_key(b, sig, err) < 0)
			return err->code;
		if (sig->weak && sig->valid)
			sig->result = seal_worse(sig->result, SEAL_WEAK);
		if (i == 0 || seal_worse(all, sig->result) != all) {
			g_strlcpy(out->signer, sig->signer, sizeof out->signer);
			out->made_at = sig->made_at;
		}
		all = seal_worse(all, sig->result);
	}
	out->result = s->n == 0 || s->too_many ? SEAL_UNKNOWN : all;
	return 0;
}

/* --- the ways --------------------------------------------------------------------- */

static void say(struct seal_finding *out, enum seal_result result, const char *words)
{
	out->result = result;
	g_strlcpy(out->words, words, sizeof out->words);
}

static int verify(const struct seal_bytes *b, struct seal_finding *out, struct err *err)
{
	const char *const words[] = { "--verify", "--", "-&4", "-", NULL };
	g_autofree char *text = NULL;
	g_autofree struct status *s = g_new0(struct status, 1);

	if (lseek(b->signature, 0, SEEK_SET) < 0 || run_gpg(b, words, -1, b->signature, &text, err) < 0)
		return err->code;
	read_status(text, s);
	if (judge(b, s, out, err) < 0)
		return err->code;
	if (s->texts) /* it was not apart from a text of its own, and says nothing of this one */
		out->result = SEAL_BAD;
	else if (s->n == 0)
		say(out, SEAL_UNKNOWN, _("There is no signature in it that gpg can read."));
	return 0;
}

static void locked(const struct status *s, struct seal_finding *out)
{
	if (!s->begun && !s->no_key)
		say(out, SEAL_LOCKED, _("It is damaged, or is not what it says."));
	else if (s->no_key)
		say(out, SEAL_LOCKED, _("None of your keys opens it."));
	else if (s->decrypted && !s->intact)
		say(out, SEAL_LOCKED, _("Nothing protects it from having been changed on its way."));
	else
		say(out, SEAL_LOCKED, _("gpg did not open it: if it needs a passphrase, use the key once "
				       "with gpg in a terminal, or run tern show."));
}

/* Decrypts; also opens a text that is only signed, where that is what it may be. */
static int open_text(const struct seal_bytes *b, struct seal_finding *out, struct err *err)
{
	const char *const words[] = { "--decrypt", NULL };
	AUTO(fd_close) int plain = seal_file(err);
	g_autofree char *text = NULL;
	g_autofree struct status *s = g_new0(struct status, 1);
	bool inside = b->kind == SEAL_PGP_INLINE;

	if (plain < 0 || run_gpg(b, words, plain, -1, &text, err) < 0)
		return err->code;
	read_status(text, s);
	out->decrypted = s->decrypted && s->intact && !s->failed;
	if (!out->decrypted && !(inside && s->n && !s->failed && !s->no_key)) {
		locked(s, out);
		return 0;
	}
	if (judge(b, s, out, err) < 0)
		return err->code;
	if (s->n == 0)
		out->result = SEAL_DECRYPTED;
	if (s->texts != 1)
		say(out, SEAL_BAD, _("It is not one text."));
	else if (out->result != SEAL_BAD || out->decrypted)
		out->content = g_steal_fd(&plain);
	return 0;
}

int seal_pgp(const struct seal_bytes *b, struct seal_finding *out, struct err *err)
{
	int rc = b->kind == SEAL_PGP_SIGNED ? verify(b, out, err) : open_text(b, out, err);

	if (rc == ERR_CANCELED || rc == 0)
		return rc;
	say(out, b->kind == SEAL_PGP_SIGNED ? SEAL_UNKNOWN : SEAL_LOCKED, err->text);
	return 0;
}
