/*
 * Goes through the layers of a message from outside in, as far as each holds
 * the whole text, and puts the findings together: the worst one counts.
 */
#include "read/seal.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "mime/region.h"
#include "mime/sender.h"
#include "mime/text.h"
#include "read/seal_layer.h"

enum {
	LAYERS_MAX = 6,               /* inside each other */
	CHUNK = 64 * 1024,
	MISDATED_S = 7 * 24 * 3600,   /* so far a signature may be from the date of the message */
	FUTURE_S = 24 * 3600,         /* so far clocks may differ */
};

static int no_memory(struct err *err)
{
	return err_set(err, ERR_STORAGE, _("No memory can be had for the protected text."));
}

int seal_file(struct err *err)
{
	int fd = memfd_create("seal", MFD_CLOEXEC);

	if (fd < 0)
		no_memory(err);
	return fd;
}

/* --- addresses ------------------------------------------------------------------ */

bool seal_same_address(const char *a, const char *b)
{
	const char *p = strrchr(a, '@'), *q = strrchr(b, '@');

	return p && q && p > a && p - a == q - b && memcmp(a, b, (size_t)(p - a)) == 0 &&
	       g_ascii_strcasecmp(p, q) == 0;
}

/* Whether the value names several: a comma or semicolon outside of quotes and brackets. */
static bool has_several(const char *value)
{
	bool quoted = false;
	int angles = 0, opened = 0;

	for (const char *p = value; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && (*p == ',' || *p == ';'))
			return true;
		else if (!quoted)
			opened += *p == '<', angles += *p == '>';
	}
	return opened > 1 || angles != opened;
}

/* The one address of From; "" if there is not exactly one, or it is not what was asked about. */
static void find_from(const struct seal_question *q, const struct document *d, struct sender *out)
{
	const char *value = NULL;
	int n = 0;

	for (guint i = 0; i < d->headers->len; i++) {
		const struct document_header *h = d->headers->pdata[i];

		if (g_ascii_strcasecmp(h->name, "From") == 0) {
			value = h->value;
			n++;
		}
	}
	if (n != 1 || !sender_read(value, out) || has_several(value) ||
		(q->from && !seal_same_address(q->from, out->address)))
		*out = (struct sender){ 0 };
}

/* --- putting together -------------------------------------------------------------- */

/* From what proves most to what proves least. */
enum seal_result seal_worse(enum seal_result a, enum seal_result b)
{
	static const enum seal_result order[] = { SEAL_DECRYPTED, SEAL_GOOD, SEAL_UNTRUSTED,
		SEAL_EXPIRED, SEAL_WEAK, SEAL_UNKNOWN, SEAL_NO_KEY, SEAL_MISDATED, SEAL_PARTLY,
		SEAL_OTHER, SEAL_BAD, SEAL_LOCKED };
	size_t i = G_N_ELEMENTS(order);

	while (i > 1 && order[i - 1] != a && order[i - 1] != b)
		i--;
	return order[i - 1];
}

/* A finding of the next layer joins the verdict; the signer of the worst one is named. */
static void join(struct seal_verdict *v, const struct seal_finding *f, bool first)
{
	enum seal_result all = first ? f->result : seal_worse(v->result, f->result);

	v->encrypted |= f->decrypted;
	if (first || all != v->result) {
		g_strlcpy(v->signer, f->signer, sizeof v->signer);
		g_strlcpy(v->words, f->words, sizeof v->words);
		v->made_at = f->made_at;
	}
	v->result = all;
}

static bool holds(enum seal_result r)
{
	return r == SEAL_GOOD || r == SEAL_UNTRUSTED || r == SEAL_EXPIRED || r == SEAL_WEAK;
}

static void say(struct seal_verdict *v, enum seal_result result, const char *words)
{
	v->result = result;
	g_strlcpy(v->words, words, sizeof v->words);
}

/* What was signed may be an old message that somebody sends again. */
static void judge_date(const struct seal_question *q, const struct document *d,
	struct seal_verdict *v)
{
	const char *value = document_header(d, "Date");
	int64_t date = value ? mime_parse_date(value, strlen(value)) : 0;
	int64_t now = q->config->now ? q->config->now : clock_unix();
	g_autoptr(GDateTime) made = NULL;
	g_autofree char *day = NULL;

	if (!holds(v->result) || v->made_at <= 0)
		return;
	made = g_date_time_new_from_unix_local(v->made_at);
	day = made ? g_date_time_format(made, "%Y-%m-%d") : g_strdup("?");
	if (v->made_at > now + FUTURE_S || (date && ABS(date - v->made_at) > MISDATED_S)) {
		v->result = SEAL_MISDATED;
		g_snprintf(v->words, sizeof v->words, _("It was signed on %s."), day);
	}
}

/* --- one layer ------------------------------------------------------------------------ */

typedef size_t turn_fn(const char *in, size_t n, char *out, char *last);

/* Line ends as they were when it was signed (RFC 3156 section 5, RFC 8551 section 3.1.1). */
static size_t canonical(const char *in, size_t n, char *out, char *last)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (in[i] == '\n' && *last != '\r')
			out[len++] = '\r';
		out[len++] = *last = in[i];
	}
	return len;
}

/* Some programs sign what their own system calls a line. */
static size_t bare(const char *in, size_t n, char *out, char *last)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (*last == '\r' && in[i] != '\n')
			out[len++] = '\r';
		if (in[i] != '\r')
			out[len++] = in[i];
		*last = in[i];
	}
	return len;
}

/* Armor has no letters but ASCII: what programs made of its blank lines is left out. */
static size_t ascii_only(const char *in, size_t n, char *out, char *last)
{
	size_t len = 0;

	(void)last;
	for (size_t i = 0; i < n; i++)
		if (!(in[i] & 0x80))
			out[len++] = in[i];
	return len;
}

/* The file is replaced by what `turn` makes of it. */
static int turned(int *fd, turn_fn *turn, struct err *err)
{
	g_autofree char *in = g_malloc(CHUNK), *out = g_malloc((size_t)2 * CHUNK);
	AUTO(fd_close) int from = g_steal_fd(fd);
	AUTO(fd_close) int to = seal_file(err);
	char last = 0;
	int64_t at = 0;
	ssize_t n;

	if (to < 0)
		return err->code;
	for (; (n = pread(from, in, CHUNK, at)) > 0; at += n)
		if (fd_write_all(to, out, turn(in, (size_t)n, out, &last)) < 0)
			return no_memory(err);
	*fd = g_steal_fd(&to);
	return 0;
}

static bool starts(int fd, const char *word)
{
	char head[64] = "";
	ssize_t n = pread(fd, head, sizeof head - 1, 0);

	return n > 0 && g_str_has_prefix(head, word);
}

/* What was in a text becomes a message of one text. */
static int as_message(int *fd, struct err *err)
{
	static const char head[] = "Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\n";
	AUTO(fd_close) int plain = g_steal_fd(fd);
	AUTO(fd_close) int out = seal_file(err);

	if (out < 0)
		return err->code;
	if (fd_write_all(out, head, sizeof head - 1) < 0)
		return no_memory(err);
	if (region_copy(plain, &(struct region){ 0, INT64_MAX }, out, err) < 0)
		return err->code;
	*fd = g_steal_fd(&out);
	return 0;
}

static bool is_encrypted(enum seal_kind kind)
{
	return kind == SEAL_PGP_ENCRYPTED || kind == SEAL_SMIME_ENCRYPTED;
}

static bool is_apart(enum seal_kind kind)
{
	return kind == SEAL_PGP_SIGNED || kind == SEAL_SMIME_SIGNED;
}

/* A layer while it is worked on. */
struct layer {
	struct seal_bytes bytes;
	const struct document *doc;
	int fd;                       /* the message or part that the document is of; borrowed */
};

static void layer_release(struct layer *l)
{
	fd_close(&l->bytes.body);
	fd_close(&l->bytes.signature);
}

/* Takes the protected bytes out of the message, as the signer or the encryption had them. */
static int take_out(const struct seal_question *q, struct layer *l, struct err *err)
{
	struct seal_bytes *b = &l->bytes;
	struct stat st;

	b->body = seal_file(err);
	b->signature = b->body < 0 ? -1 : seal_file(err);
	if (b->signature < 0 || q->reader.extract(q->reader.ctx, l->fd, l->doc->seal.part, b->body,
					b->signature, err) < 0)
		return err->code == ERR_GONE && is_apart(b->kind)
			       ? err_set(err, ERR_GONE, _("The signature itself is missing."))
			       : err->code;
	if (fstat(b->body, &st) || st.st_size > SEAL_BYTES_MAX)
		return err_set(err, ERR_LIMIT, _("It is too large to be checked."));
	if (is_apart(b->kind))
		return turned(&b->body, canonical, err);
	if (b->kind == SEAL_PGP_INLINE && starts(b->body, "-----BEGIN PGP MESSAGE"))
		return turned(&b->body, ascii_only, err);
	return 0;
}

/* A part begins with a header: what does not was signed as something else than mail. */
static bool is_part(int fd)
{
	char head[200] = "";
	ssize_t n = pread(fd, head, sizeof head - 1, 0);
	size_t name = strcspn(head, ": \t\r\n");

	return n > 0 && (head[name] == ':' || head[0] == '\r' || head[0] == '\n');
}

static int check(const struct seal_bytes *b, struct seal_finding *f, struct err *err)
{
	bool pgp = b->kind == SEAL_PGP_SIGNED || b->kind == SEAL_PGP_ENCRYPTED ||
		   b->kind == SEAL_PGP_INLINE;

	return pgp ? seal_pgp(b, f, err) : seal_smime(b, f, err);
}

static int examine(const struct seal_question *q, struct layer *l, struct seal_finding *f,
	struct err *err)
{
	enum seal_kind kind = l->bytes.kind;

	if (is_encrypted(kind) && !l->doc->seal.whole)
		return err_set(err, ERR_UNSUPPORTED, _("Only a part of this message is encrypted: it is "
			"not opened, as what stands around it could give it away."));
	if (take_out(q, l, err) < 0)
		return err->code;
	if (is_apart(kind) && !is_part(l->bytes.body))
		return err_set(err, ERR_PROTOCOL, _("What was signed is not a part of a mail."));
	if (kind == SEAL_PGP_INLINE && !l->doc->seal.whole &&
		starts(l->bytes.body, "-----BEGIN PGP MESSAGE")) {
		f->result = SEAL_LOCKED;
		return err_set(err, ERR_UNSUPPORTED, _("Only a part of this text is encrypted: save it, "
			"and open it with gpg."));
	}
	if (check(&l->bytes, f, err) < 0)
		return err->code;
	if (f->result == SEAL_BAD && is_apart(kind)) {
		*f = (struct seal_finding){ .content = -1 };
		if (turned(&l->bytes.body, bare, err) < 0 || check(&l->bytes, f, err) < 0)
			return err->code;
	}
	return f->content >= 0 && kind == SEAL_PGP_INLINE ? as_message(&f->content, err) : 0;
}

/* As examine, and every failure becomes a finding. */
static int find(const struct seal_question *q, struct layer *l, struct seal_finding *f,
	struct err *err)
{
	*f = (struct seal_finding){ .content = -1 };
	if (examine(q, l, f, err) == 0)
		return 0;
	if (err->code == ERR_CANCELED)
		return err->code;
	fd_close(&f->content);
	if (is_encrypted(l->bytes.kind))
		f->result = SEAL_LOCKED;
	else if (f->result != SEAL_LOCKED)
		f->result = SEAL_UNKNOWN;
	g_strlcpy(f->words, err->text, sizeof f->words);
	return 0;
}

/* --- all layers ------------------------------------------------------------------------ */

/* Whether the signed part has a protection of its own inside. */
static bool has_more(const struct document *d)
{
	static const char *const types[] = { "multipart/encrypted", "multipart/signed",
		"application/pkcs7-mime", "application/x-pkcs7-mime", NULL };
	const struct document_part *outer = d->parts->pdata[d->seal.part], *p;

	for (guint i = (guint)d->seal.part + 1; i < d->parts->len; i++) {
		p = d->parts->pdata[i];
		if (p->depth <= outer->depth)
			return false;
		if (g_strv_contains(types, p->type))
			return true;
	}
	return false;
}

static bool lists_more(const struct document *d)
{
	const struct document_part *outer = d->parts->pdata[d->seal.part], *p;
	bool inside = false;

	for (guint i = 0; i < d->parts->len; i++) {
		p = d->parts->pdata[i];
		inside = i == (guint)d->seal.part || (inside && p->depth > outer->depth);
		if (!inside && p->attachment)
			return true;
	}
	return false;
}

static void add_note(struct document *d, const char *sentence)
{
	char *note = d->note ? g_strjoin("  ", d->note, sentence, NULL) : g_strdup(sentence);

	g_free(d->note);
	d->note = note;
}

/* The state of going inwards. */
struct way {
	const struct seal_question *q;
	struct sender from;
	struct document **shown;      /* the caller's */
	struct document *inner;       /* of the layer that comes next, where it is not shown itself */
	int *plain;                   /* the caller's */
	int inside;                   /* the file of `inner` */
	struct seal_verdict *verdict;
};

static void way_release(struct way *w)
{
	document_free(&w->inner);
	fd_close(&w->inside);
}

static struct document_header *subject_of(const struct document *d)
{
	for (guint i = 0; i < d->headers->len; i++) {
		struct document_header *h = d->headers->pdata[i];

		if (g_ascii_strcasecmp(h->name, "Subject") == 0)
			return h;
	}
	return NULL;
}

/* Some programs encrypt the subject too, and leave three dots outside. */
static bool hides_subject(const struct document *d)
{
	const struct document_header *h = subject_of(d);

	return h && (strcmp(h->value, "...") == 0 || strcmp(h->value, "[...]") == 0);
}

static void restore_subject(struct document *inside, struct document *outside)
{
	struct document_header *from = subject_of(inside), *to = subject_of(outside);
	char *value;

	if (!from || !hides_subject(outside))
		return;
	value = to->value;
	to->value = from->value;
	from->value = value;
}

/* What was inside a layer is what is shown from now on. */
static void show(struct way *w, struct document **doc, int *fd)
{
	struct document *old = *w->shown, *d = TAKE(*doc);
	GPtrArray *headers = d->headers;

	if (lists_more(old))
		add_note(d, _("Attachments that were not protected are not listed here."));
	if (w->verdict->encrypted)
		restore_subject(d, old);
	d->headers = old->headers;
	old->headers = headers;
	*w->shown = d;
	document_free(&old);
	document_free(&w->inner);
	fd_close(&w->inside);
	fd_close(w->plain);
	*w->plain = g_steal_fd(fd);
}

/* Reads what is inside; 1 = a layer may follow, 0 = not. */
static int go_in(struct way *w, struct layer *l, struct seal_finding *f, struct err *err)
{
	const struct seal_question *q = w->q;
	bool apart = f->content < 0;
	AUTO(document_free) struct document *d = NULL;
	AUTO(fd_close) int fd = apart ? g_steal_fd(&l->bytes.body) : g_steal_fd(&f->content);
	struct document_how how = { .width = q->how->width, .text_width = q->how->text_width,
		.as = q->how->as == DOCUMENT_PART ? DOCUMENT_BEST : q->how->as };

	if (q->reader.read(q->reader.ctx, fd, &how, &d, err) < 0) {
		if (err->code != ERR_CANCELED && !apart)
			say(w->verdict, SEAL_LOCKED, err->text);
		return err->code == ERR_CANCELED ? err->code : 0;
	}
	if (!apart) {
		show(w, &d, &fd);
		return 1;
	}
	if (w->verdict->encrypted)
		restore_subject(d, *w->shown);
	document_free(&w->inner);
	fd_close(&w->inside);
	w->inner = TAKE(d);
	w->inside = g_steal_fd(&fd);
	return w->inner->seal.whole;
}

/* One step; 1 = another may follow. */
static int step(struct way *w, bool first, struct err *err)
{
	const struct document *d = w->inner ? w->inner : *w->shown;
	AUTO(layer_release) struct layer l = { .doc = d,
		.fd = w->inner ? w->inside : *w->plain >= 0 ? *w->plain : w->q->fd,
		.bytes = { .kind = d->seal.kind, .body = -1, .signature = -1, .from = w->from.address,
			.config = w->q->config, .cancel = w->q->cancel } };
	struct seal_finding f;
	bool deeper;
	int rc;

	if (d->seal.kind == SEAL_NONE || (!first && !d->seal.whole))
		return 0;
	if (find(w->q, &l, &f, err) < 0)
		return err->code;
	join(w->verdict, &f, first);
	if (!d->seal.whole && holds(w->verdict->result))
		w->verdict->result = SEAL_PARTLY;
	deeper = f.content >= 0 ||
		 (is_apart(d->seal.kind) &&
			 (has_more(d) || (w->verdict->encrypted && hides_subject(*w->shown))));
	rc = d->seal.whole && deeper ? go_in(w, &l, &f, err) : 0;
	fd_close(&f.content);
	return rc;
}

int seal_check(const struct seal_question *q, struct document **doc, int *plain,
	struct seal_verdict *out, struct err *err)
{
	AUTO(way_release) struct way w = { .q = q, .shown = doc, .plain = plain, .inside = -1,
		.verdict = out };
	int more = 1;

	*out = (struct seal_verdict){ .kind = (*doc)->seal.kind };
	if (out->kind == SEAL_NONE)
		return 0;
	if (q->how->n_holes) {
		say(out, SEAL_UNKNOWN, _("A part of it is still at the server."));
		return 0;
	}
	find_from(q, *doc, &w.from);
	for (int i = 0; i < LAYERS_MAX && more == 1; i++)
		more = step(&w, i == 0, err);
	if (more < 0)
		return more;
	*err = (struct err){ 0 }; /* what failed has become a verdict */
	judge_date(q, *doc, out);
	return 0;
}
