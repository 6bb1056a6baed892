#include "base/mem.h"
#include "provider/imap/command.h"

const struct box_status *imap_status(const struct imap *i, const char *path)
{
	return i->status ? g_hash_table_lookup(i->status, path) : NULL;
}

void imap_status_forget(struct imap *i, const char *path)
{
	if (i->status && path)
		g_hash_table_remove(i->status, path);
	else if (i->status)
		g_hash_table_remove_all(i->status);
}

int imap_bulk(struct imap *i, struct err *err)
{
	(void)err;
	i->bulk = true;
	return 0;
}

int command_mailbox(struct imap *i, struct command *c, const char *path, struct err *err)
{
	(void)i;
	return command_astring(c, path, err);
}

char *imap_path(const struct imap *i, struct slice name)
{
	char *path = g_malloc0(name.n + 1);

	(void)i;
	slice_copy(name, path);
	return path;
}
