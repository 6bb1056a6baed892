#include "model/account.h"

#include <glib.h>

void account_free(struct account **a)
{
	if (!*a)
		return;
	g_free((*a)->name);
	g_free((*a)->type);
	g_free((*a)->host);
	g_free((*a)->user);
	g_free((*a)->password_command);
	g_free((*a)->ca_file);
	g_free((*a)->path);
	g_free((*a)->authserv_id);
	g_free(*a);
	*a = NULL;
}
