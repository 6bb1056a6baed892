/* What is said of a deed: before, while, and after it is done. */
#include <stdio.h>

#include "base/i18n.h"
#include "ui/deed.h"
#include "ui/priv.h"

enum { NAME_MAX_BYTES = 120 };

/* The mailbox of a role in the account that the reader is in, or any name for it. */
static void role_label(struct ui *ui, enum mailbox_role role, const char *fallback, char *out, size_t cap)
{
	mailbox_id id = store_mailbox_with_role(ui->store, ui_here(ui), role);
	const struct mailbox *m = sidebar_mailbox(&ui->sidebar, id);

	g_strlcpy(out, m ? mailbox_label(m) : fallback, cap);
}

static void target_label(struct ui *ui, const struct deed *d, char *out, size_t cap)
{
	const struct mailbox *m = sidebar_mailbox(&ui->sidebar, d->target);

	if (d->kind == DEED_ARCHIVE)
		role_label(ui, ROLE_ARCHIVE, _("the archive"), out, cap);
	else if (d->kind == DEED_DELETE)
		role_label(ui, ROLE_TRASH, _("the trash"), out, cap);
	else if (d->kind == DEED_SPAM)
		role_label(ui, ROLE_JUNK, _("junk"), out, cap);
	else
		g_strlcpy(out, m ? mailbox_label(m) : "?", cap);
}

static void tag_words(const struct deed *d, char *out, size_t cap)
{
	const char *const lists[] = { d->add_keywords, d->remove_keywords };

	out[0] = '\0';
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_auto(GStrv) words = g_strsplit(lists[i] ? lists[i] : "", " ", -1);

		for (size_t w = 0; words[w]; w++) {
			g_strlcat(out, *out ? " " : "", cap);
			g_strlcat(out, i == 0 ? "+" : "-", cap);
			g_strlcat(out, words[w], cap);
		}
	}
}

static void done_word(struct ui *ui, const struct deed *d, char *out, size_t cap)
{
	static const char *const words[] = { [DEED_READ] = N_("Marked read"),
		[DEED_UNREAD] = N_("Marked unread"), [DEED_FLAG] = N_("Flagged"),
		[DEED_UNFLAG] = N_("Flag removed"), [DEED_ARCHIVE] = N_("Archived"),
		[DEED_DELETE] = N_("Moved to the trash"), [DEED_SPAM] = N_("Moved to junk"),
		[DEED_FOREVER] = N_("Deleted for ever") };
	char name[NAME_MAX_BYTES];

	if (d->kind == DEED_MOVE || d->kind == DEED_COPY) {
		target_label(ui, d, name, sizeof name);
		snprintf(out, cap, d->kind == DEED_MOVE ? _("Moved to %s") : _("Copied to %s"), name);
	} else if (d->kind == DEED_TAG) {
		tag_words(d, name, sizeof name);
		snprintf(out, cap, _("Tags: %s"), name);
	} else {
		g_strlcpy(out, _(words[d->kind]), cap);
	}
}

void deed_done_words(struct ui *ui, const struct deed *d, int64_t n, char *out, size_t cap)
{
	char number[32], count[80];

	done_word(ui, d, out, cap);
	if (n <= 1)
		return;
	snprintf(count, sizeof count, ngettext(": %s message", ": %s messages", (unsigned long)n),
		number_text(n, number));
	g_strlcat(out, count, cap);
}

static void mailboxes_label(struct ui *ui, const struct survey *v, char *out, size_t cap)
{
	const struct mailbox *m = v->mailboxes->len == 1
		? sidebar_mailbox(&ui->sidebar, g_array_index(v->mailboxes, mailbox_id, 0)) : NULL;

	if (m)
		g_strlcpy(out, mailbox_label(m), cap);
	else
		snprintf(out, cap, ngettext("%u mailbox", "%u mailboxes", v->mailboxes->len),
			v->mailboxes->len);
}

static void question_about_flags(const struct deed *d, unsigned long n, const char *number,
	const char *where, char *out, size_t cap)
{
	char tags[NAME_MAX_BYTES];

	if (d->kind == DEED_READ) {
		snprintf(out, cap, ngettext("Mark %s message of %s read?", "Mark %s messages of %s read?", n),
			number, where);
	} else if (d->kind == DEED_UNREAD) {
		snprintf(out, cap, ngettext("Mark %s message of %s unread?", "Mark %s messages of %s unread?",
					   n), number, where);
	} else if (d->kind == DEED_FLAG) {
		snprintf(out, cap, ngettext("Flag %s message of %s?", "Flag %s messages of %s?", n), number,
			where);
	} else if (d->kind == DEED_UNFLAG) {
		snprintf(out, cap, ngettext("Take the flag off %s message of %s?",
					   "Take the flags off %s messages of %s?", n), number, where);
	} else {
		tag_words(d, tags, sizeof tags);
		snprintf(out, cap, ngettext("Change the tags of %s message of %s: %s?",
					   "Change the tags of %s messages of %s: %s?", n),
			number, where, tags);
	}
}

void deed_question(struct ui *ui, const struct deed *d, const struct survey *v, char *out, size_t cap)
{
	unsigned long n = v->here->len;
	char number[32], unread[32], where[NAME_MAX_BYTES], target[NAME_MAX_BYTES], more[80];

	number_text((int64_t)n, number);
	mailboxes_label(ui, v, where, sizeof where);
	if (d->kind == DEED_FOREVER) {
		snprintf(out, cap, ngettext("Delete %s message of %s for ever?  Nothing brings it back.",
				"Delete %s messages of %s for ever?  Nothing brings them back.", n),
			number, where);
	} else if (d->kind >= DEED_ARCHIVE && d->kind <= DEED_COPY) {
		target_label(ui, d, target, sizeof target);
		snprintf(out, cap, d->kind == DEED_COPY
				? ngettext("Copy %s message of %s to %s?", "Copy %s messages of %s to %s?", n)
				: ngettext("Move %s message of %s to %s?", "Move %s messages of %s to %s?", n),
			number, where, target);
	} else {
		question_about_flags(d, n, number, where, out, cap);
	}
	if (v->unread == 0 || d->kind == DEED_READ)
		return;
	if (v->here->len == 1) {
		g_strlcat(out, _("  It is unread."), cap);
		return;
	}
	snprintf(more, sizeof more, ngettext("  %s of them is unread.", "  %s of them are unread.",
					    (unsigned long)v->unread), number_text(v->unread, unread));
	g_strlcat(out, more, cap);
}

const char *deed_progress_word(const struct deed *d)
{
	static const char *const words[] = { [DEED_READ] = N_("marking read"),
		[DEED_UNREAD] = N_("marking unread"), [DEED_FLAG] = N_("flagging"),
		[DEED_UNFLAG] = N_("unflagging"), [DEED_ARCHIVE] = N_("archiving"),
		[DEED_DELETE] = N_("moving to the trash"), [DEED_SPAM] = N_("moving to junk"),
		[DEED_MOVE] = N_("moving"), [DEED_COPY] = N_("copying"), [DEED_TAG] = N_("tagging"),
		[DEED_FOREVER] = N_("deleting for ever") };

	return d->kind < G_N_ELEMENTS(words) && words[d->kind] ? _(words[d->kind]) : _("changing");
}
