/* Which providers there are, and what they share. */
#include "provider/provider.h"

#include <string.h>

extern const struct provider_ops provider_imap, provider_maildir;

static const struct provider_ops *const all[] = { &provider_imap, &provider_maildir };

void provider_remember(struct provider *p, char *text)
{
	if (strlen(text) > PROVIDER_MEMORY_MAX || g_strcmp0(p->memory, text) == 0) {
		g_free(text);
		return;
	}
	g_free(p->memory);
	p->memory = text;
	p->memory_changed = true;
}

const struct provider_ops *provider_find(const char *name)
{
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
