#include "mime/protect.h"

#include <string.h>

#include "mime/content.h"

static bool is_type(const struct node *n, const char *a, const char *b)
{
	return strcmp(n->type, a) == 0 || strcmp(n->type, b) == 0;
}

/* What a PKCS#7 object is: by its label, else by the name of its content in the first bytes. */
static enum seal_kind kind_of_pkcs7(const struct node *n)
{
	static const char signed_data[] = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
	enum { LOOK = 64 };
	g_autoptr(GString) bytes = NULL;

	if (content_param_is(n, "smime-type", "signed-data"))
		return SEAL_SMIME_OPAQUE;
	if (content_param(n, "smime-type"))
		return SEAL_SMIME_ENCRYPTED;
	bytes = content_bytes(n, LOOK, NULL);
	return memmem(bytes->str, bytes->len, signed_data, sizeof signed_data - 1)
		       ? SEAL_SMIME_OPAQUE
		       : SEAL_SMIME_ENCRYPTED;
}

static bool is_pkcs7(const struct node *n)
{
	size_t len = n->filename ? strlen(n->filename) : 0;

	if (is_type(n, "application/pkcs7-mime", "application/x-pkcs7-mime"))
		return !content_param_is(n, "smime-type", "certs-only");
	return strcmp(n->type, "application/octet-stream") == 0 && len > 4 &&
	       g_ascii_strcasecmp(n->filename + len - 4, ".p7m") == 0;
}

/* The second part names the kind where the parameter is missing. */
static enum seal_kind kind_of_signed(GArray *nodes, int i)
{
	const struct node *n = outline_node(nodes, i);
	const char *how = content_param(n, "protocol");

	for (int c = i + 1, end = outline_end(nodes, i); !how && c < end; c++)
		if (outline_node(nodes, c)->parent == i && outline_node(nodes, c)->index == 1)
			how = outline_node(nodes, c)->type;
	if (how && g_ascii_strcasecmp(how, "application/pgp-signature") == 0)
		return SEAL_PGP_SIGNED;
	return how && strstr(how, "pkcs7-signature") ? SEAL_SMIME_SIGNED : SEAL_NONE;
}

static enum seal_kind kind_of(GArray *nodes, int i)
{
	const struct node *n = outline_node(nodes, i);

	if (strcmp(n->type, "multipart/signed") == 0) /* of what is not in the file nothing is checked */
		return n->apart ? SEAL_NONE : kind_of_signed(nodes, i);
	if (strcmp(n->type, "multipart/encrypted") == 0)
		return SEAL_PGP_ENCRYPTED;
	if (is_pkcs7(n))
		return kind_of_pkcs7(n);
	return n->armor && n->shown ? SEAL_PGP_INLINE : SEAL_NONE;
}

/* Whether nothing is shown but what lies in part i. */
static bool holds_all(GArray *nodes, int i)
{
	int end = outline_end(nodes, i);

	for (int c = 0; c < (int)nodes->len; c++)
		if ((c < i || c >= end) && outline_node(nodes, c)->shown)
			return false;
	return true;
}

struct document_seal protect_find(GArray *nodes)
{
	struct document_seal seal = { .kind = SEAL_NONE };

	for (int i = 0; i < (int)nodes->len && seal.kind == SEAL_NONE; i++) {
		seal.kind = kind_of(nodes, i);
		if (seal.kind == SEAL_NONE)
			continue;
		seal.part = i;
		seal.whole = holds_all(nodes, i);
		if (seal.kind == SEAL_PGP_INLINE)
			seal.whole = seal.whole && outline_node(nodes, i)->armor_whole;
	}
	return seal;
}
