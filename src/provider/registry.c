#include "provider/provider.h"

#include <string.h>

extern const struct provider_ops provider_imap, provider_maildir;

static const struct provider_ops *const all[] = { &provider_imap, &provider_maildir };

const struct provider_ops *provider_find(const char *name)
{
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
