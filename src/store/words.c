/* A wish, or many alike, and how it goes with them, as a part of a sentence. */
#include "base/i18n.h"
#include "base/span.h"
#include "model/flags.h"
#include "store/priv.h"

/* One bit on or off, as people call it. */
static char *mark_words(const struct wish_words *w, const char *n)
{
	unsigned add = w->add, remove = w->remove;

	if (remove == 0 && add == FLAG_SEEN)
		return g_strdup_printf(ngettext("%s message marked as read",
					       "%s messages marked as read", (unsigned long)w->n),
			n);
	if (add == 0 && remove == FLAG_SEEN)
		return g_strdup_printf(ngettext("%s message marked as unread",
					       "%s messages marked as unread", (unsigned long)w->n),
			n);
	if (remove == 0 && add == FLAG_FLAGGED)
		return g_strdup_printf(
			ngettext("star on %s message", "star on %s messages", (unsigned long)w->n), n);
	if (add == 0 && remove == FLAG_FLAGGED)
		return g_strdup_printf(ngettext("star taken off %s message",
					       "star taken off %s messages", (unsigned long)w->n),
			n);
	if (remove == 0 && add == FLAG_ANSWERED)
		return g_strdup_printf(ngettext("%s message marked as answered",
					       "%s messages marked as answered", (unsigned long)w->n),
			n);
	return g_strdup_printf(
		ngettext("flags of %s message", "flags of %s messages", (unsigned long)w->n), n);
}

static char *flag_words(const struct wish_words *w, const char *n)
{
	bool tags_on = *w->add_keywords != '\0', tags_off = *w->remove_keywords != '\0';
	g_auto(GStrv) words = g_strsplit(tags_on ? w->add_keywords : w->remove_keywords, " ", -1);
	g_autofree char *tags = g_strjoinv(", ", words);

	if (!tags_on && !tags_off)
		return mark_words(w, n);
	if (w->add || w->remove)
		return g_strdup_printf(ngettext("flags and tags of %s message",
					       "flags and tags of %s messages", (unsigned long)w->n),
			n);
	if (tags_on && tags_off)
		return g_strdup_printf(
			ngettext("tags of %s message", "tags of %s messages", (unsigned long)w->n), n);
	if (tags_on)
		return g_strdup_printf(
			ngettext("tag %s on %s message", "tag %s on %s messages", (unsigned long)w->n),
			tags, n);
	return g_strdup_printf(ngettext("tag %s taken off %s message",
				       "tag %s taken off %s messages", (unsigned long)w->n),
		tags, n);
}

/* From and to: either may be several, or none. */
static char *move_words(const struct wish_words *w, const char *n)
{
	if (!*w->target)
		return g_strdup_printf(
			ngettext("move of %s message", "move of %s messages", (unsigned long)w->n), n);
	if (!*w->source)
		return g_strdup_printf(ngettext("move of %s message to %s",
					       "move of %s messages to %s", (unsigned long)w->n),
			n, w->target);
	return g_strdup_printf(ngettext("move of %s message from %s to %s",
				       "move of %s messages from %s to %s", (unsigned long)w->n),
		n, w->source, w->target);
}

static char *copy_words(const struct wish_words *w, const char *n)
{
	if (!*w->target)
		return g_strdup_printf(
			ngettext("copy of %s message", "copies of %s messages", (unsigned long)w->n),
			n);
	if (!*w->source)
		return g_strdup_printf(ngettext("copy of %s message to %s",
					       "copies of %s messages to %s", (unsigned long)w->n),
			n, w->target);
	return g_strdup_printf(ngettext("copy of %s message from %s to %s",
				       "copies of %s messages from %s to %s", (unsigned long)w->n),
		n, w->source, w->target);
}

static char *expunge_words(const struct wish_words *w, const char *n)
{
	if (!*w->source)
		return g_strdup_printf(
			ngettext("deletion for ever of %s message",
				"deletion for ever of %s messages", (unsigned long)w->n),
			n);
	return g_strdup_printf(ngettext("deletion for ever of %s message in %s",
				       "deletion for ever of %s messages in %s", (unsigned long)w->n),
		n, w->source);
}

static char *append_words(const struct wish_words *w, const char *n)
{
	if (!*w->target)
		return g_strdup_printf(
			ngettext("%s new message", "%s new messages", (unsigned long)w->n), n);
	return g_strdup_printf(
		ngettext("%s new message in %s", "%s new messages in %s", (unsigned long)w->n), n,
		w->target);
}

char *wish_words(const struct wish_words *w)
{
	char n[NUMBER_TEXT_MAX + 1];

	number_text(w->n, n);
	if (w->more)
		g_strlcat(n, "+", sizeof n);
	switch (w->verb) {
	case MUTATION_FLAGS:
		return flag_words(w, n);
	case MUTATION_MOVE:
		return move_words(w, n);
	case MUTATION_COPY:
		return copy_words(w, n);
	case MUTATION_EXPUNGE:
		return expunge_words(w, n);
	case MUTATION_APPEND:
		return append_words(w, n);
	}
	return g_strdup("");
}

char *mutation_tries_words(const struct mutation_row *r)
{
	GString *text = g_string_new(NULL);
	char span[32];

	if (r->attempts > 0)
		g_string_append_printf(text,
			ngettext(", tried %d time", ", tried %d times", (unsigned long)r->attempts),
			r->attempts);
	if (r->status == MUTATION_QUEUED && !r->held && r->next_in_ms > 0)
		g_string_append_printf(text, _(", next try in %s"),
			span_text((r->next_in_ms + 999) / 1000, span, sizeof span));
	return g_string_free(text, FALSE);
}
