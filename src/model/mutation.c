#include "model/mutation.h"

#include <glib.h>

void mutation_batch_free(struct mutation_batch **b)
{
	if (!*b)
		return;
	for (size_t i = 0; i < (*b)->n; i++) {
		g_free((*b)->items[i].canonical);
		g_free((*b)->items[i].message_id_header);
	}
	g_free((*b)->items);
	g_free((*b)->source_path);
	g_free((*b)->target_path);
	g_free(*b);
	*b = NULL;
}
