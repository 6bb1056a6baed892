#include "provider/imap/status.h"

#include "base/mem.h"

static void item(struct box_status *out, struct slice name, uint64_t n)
{
	if (slice_is(name, "UIDVALIDITY"))
		out->uidvalidity = (uint32_t)MIN(n, UINT32_MAX);
	else if (slice_is(name, "UIDNEXT"))
		out->uidnext = (uint32_t)MIN(n, UINT32_MAX);
	else if (slice_is(name, "MESSAGES"))
		out->messages = n;
	else if (slice_is(name, "UNSEEN"))
		out->unseen = n;
	else if (slice_is(name, "HIGHESTMODSEQ"))
		out->modseq = n;
}

char *status_parse(const struct imap *i, struct scan *s, struct box_status *out)
{
	struct slice box, name;
	uint64_t n;

	*out = (struct box_status){ 0 };
	if (!scan_string(s, &box) || !box.p || box.n == 0 || box.n > IMAP_PATH_MAX)
		return NULL;
	scan_blanks(s);
	if (!scan_char(s, '('))
		return NULL;
	while (scan_blanks(s), scan_atom(s, &name)) {
		scan_blanks(s);
		if (scan_number(s, &n))
			item(out, name, n);
		else if (!scan_skip(s))
			break;
	}
	return imap_path(i, box);
}
