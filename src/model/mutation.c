#include "model/mutation.h"

#include <glib.h>
#include <unistd.h>

#include "base/i18n.h"

bool mutation_is_waiting(enum mutation_status status)
{
	return status == MUTATION_QUEUED || status == MUTATION_LEASED;
}

bool mutation_is_stuck(enum mutation_status status)
{
	return status == MUTATION_FAILED || status == MUTATION_CONFLICT;
}

const char *mutation_state_words(enum mutation_status status, bool uncertain, bool held)
{
	switch (status) {
	case MUTATION_LEASED:
		return _("sending");
	case MUTATION_CONFLICT:
		return _("conflict");
	case MUTATION_FAILED:
		return _("refused");
	case MUTATION_DONE:
		return _("done");
	case MUTATION_CANCELED:
		return _("canceled");
	case MUTATION_QUEUED:
		break;
	}
	if (held)
		return _("held");
	return uncertain ? _("in doubt") : _("waiting");
}

static void item_clear(struct mutation_item *i)
{
	if (i->fd >= 0)
		close(i->fd);
	g_free(i->canonical);
	g_free(i->message_id_header);
}

void mutation_batch_free(struct mutation_batch **b)
{
	if (!*b)
		return;
	for (size_t i = 0; i < (*b)->n; i++)
		item_clear(&(*b)->items[i]);
	g_free((*b)->items);
	g_free((*b)->source_path);
	g_free((*b)->target_path);
	g_free((*b)->source_cursor);
	g_free((*b)->add_keywords);
	g_free((*b)->remove_keywords);
	g_free(*b);
	*b = NULL;
}

void applied_free(struct applied *a, size_t n)
{
	for (size_t i = 0; a && i < n; i++)
		g_free(a[i].keywords);
	g_free(a);
}
