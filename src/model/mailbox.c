#include "model/mailbox.h"

#include <string.h>

#include <glib.h>

#include "base/i18n.h"

static const char *const roles[] = { "inbox", "drafts", "sent", "archive", "junk", "trash", "all",
	"flagged", "none" };

void mailbox_free(struct mailbox **m)
{
	if (!*m)
		return;
	g_free((*m)->path);
	g_free((*m)->name);
	g_free((*m)->cursor);
	g_free((*m)->object_id);
	g_free(*m);
	*m = NULL;
}

void mailbox_drop(void *m)
{
	struct mailbox *mailbox = m;

	mailbox_free(&mailbox);
}

const char *mailbox_label_of(enum mailbox_role role, const char *name)
{
	const char *last = strrchr(name, '/');

	if (role == ROLE_NONE || !*name)
		return name;
	if (role == ROLE_INBOX)
		return _("Inbox");
	return last && last[1] ? last + 1 : name;
}

const char *mailbox_label(const struct mailbox *m)
{
	return mailbox_label_of(m->role, m->name);
}

const char *mailbox_role_name(enum mailbox_role role)
{
	return roles[role];
}

enum mailbox_role mailbox_role_from_name(const char *name)
{
	for (unsigned i = 0; i < ROLE_NONE; i++)
		if (g_strcmp0(roles[i], name) == 0)
			return i;
	return ROLE_NONE;
}

const char *mailbox_state_name(enum mailbox_state state)
{
	static const char *const names[] = { "pending", "bootstrapping", "incremental", "capped",
		"complete" };

	return names[state];
}

const char *mailbox_verb_name(enum mailbox_verb verb)
{
	static const char *const names[] = { "create", "rename", "delete", "subscribe",
		"unsubscribe" };

	return names[verb];
}
