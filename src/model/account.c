#include "model/account.h"

#include <glib.h>

struct account *account_copy(const struct account *a)
{
	struct account *c = g_new(struct account, 1);

	*c = *a;
	c->name = g_strdup(a->name);
	c->type = g_strdup(a->type);
	c->host = g_strdup(a->host);
	c->user = g_strdup(a->user);
	c->password_command = g_strdup(a->password_command);
	c->ca_file = g_strdup(a->ca_file);
	c->path = g_strdup(a->path);
	c->authserv_id = g_strdup(a->authserv_id);
	return c;
}

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
