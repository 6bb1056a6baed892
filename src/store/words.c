/* A wish, or many alike, as a part of a sentence. */
#include "base/i18n.h"
#include "model/flags.h"
#include "store/priv.h"

/* One bit on or off, as people call it. */
static char *mark_words(unsigned add, unsigned remove, int n)
{
	if (remove == 0 && add == FLAG_SEEN)
		return g_strdup_printf(ngettext("%d message marked as read",
					       "%d messages marked as read", (unsigned long)n),
			n);
	if (add == 0 && remove == FLAG_SEEN)
		return g_strdup_printf(ngettext("%d message marked as unread",
					       "%d messages marked as unread", (unsigned long)n),
			n);
	if (remove == 0 && add == FLAG_FLAGGED)
		return g_strdup_printf(
			ngettext("star on %d message", "star on %d messages", (unsigned long)n), n);
	if (add == 0 && remove == FLAG_FLAGGED)
		return g_strdup_printf(ngettext("star taken off %d message",
					       "star taken off %d messages", (unsigned long)n),
			n);
	if (remove == 0 && add == FLAG_ANSWERED)
		return g_strdup_printf(ngettext("%d message marked as answered",
					       "%d messages marked as answered", (unsigned long)n),
			n);
	return g_strdup_printf(
		ngettext("flags of %d message", "flags of %d messages", (unsigned long)n), n);
}

static char *flag_words(const struct wish_words *w, int n)
{
	bool tags_on = *w->add_keywords != '\0', tags_off = *w->remove_keywords != '\0';

	if (!tags_on && !tags_off)
		return mark_words(w->add, w->remove, n);
	if (w->add || w->remove)
		return g_strdup_printf(ngettext("flags and tags of %d message",
					       "flags and tags of %d messages", (unsigned long)n),
			n);
	if (tags_on && tags_off)
		return g_strdup_printf(
			ngettext("tags of %d message", "tags of %d messages", (unsigned long)n), n);
	if (tags_on)
		return g_strdup_printf(
			ngettext("tag %s on %d message", "tag %s on %d messages", (unsigned long)n),
			w->add_keywords, n);
	return g_strdup_printf(ngettext("tag %s taken off %d message",
				       "tag %s taken off %d messages", (unsigned long)n),
		w->remove_keywords, n);
}

/* From and to: either may be several, or none. */
static char *move_words(const struct wish_words *w, int n)
{
	if (!*w->target)
		return g_strdup_printf(
			ngettext("move of %d message", "move of %d messages", (unsigned long)n), n);
	if (!*w->source)
		return g_strdup_printf(ngettext("move of %d message to %s",
					       "move of %d messages to %s", (unsigned long)n),
			n, w->target);
	return g_strdup_printf(ngettext("move of %d message from %s to %s",
				       "move of %d messages from %s to %s", (unsigned long)n),
		n, w->source, w->target);
}

static char *copy_words(const struct wish_words *w, int n)
{
	if (!*w->target)
		return g_strdup_printf(
			ngettext("copy of %d message", "copies of %d messages", (unsigned long)n),
			n);
	if (!*w->source)
		return g_strdup_printf(ngettext("copy of %d message to %s",
					       "copies of %d messages to %s", (unsigned long)n),
			n, w->target);
	return g_strdup_printf(ngettext("copy of %d message from %s to %s",
				       "copies of %d messages from %s to %s", (unsigned long)n),
		n, w->source, w->target);
}

static char *expunge_words(const struct wish_words *w, int n)
{
	if (!*w->source)
		return g_strdup_printf(
			ngettext("deletion for ever of %d message",
				"deletion for ever of %d messages", (unsigned long)n),
			n);
	return g_strdup_printf(ngettext("deletion for ever of %d message in %s",
				       "deletion for ever of %d messages in %s", (unsigned long)n),
		n, w->source);
}

static char *append_words(const struct wish_words *w, int n)
{
	if (!*w->target)
		return g_strdup_printf(
			ngettext("%d new message", "%d new messages", (unsigned long)n), n);
	return g_strdup_printf(
		ngettext("%d new message in %s", "%d new messages in %s", (unsigned long)n), n,
		w->target);
}

char *wish_words(const struct wish_words *w)
{
	int n = (int)CLAMP(w->n, 0, G_MAXINT);

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
