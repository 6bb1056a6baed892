/* A real Dovecot.  Every case has a user of its own, so that cases share nothing. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "provider/imap_server.h"
#include "provider/world.h"

enum { USERS_MAX = 100 };

/* A start of the server writes its own list. */
static bool add_users(void)
{
	g_autofree char *path = g_strdup_printf("%s/passwd", server.dir);
	GString *users = g_string_new(NULL);
	bool well;

	for (int i = 0; i < USERS_MAX; i++)
		g_string_append_printf(users, "user%d:{PLAIN}secret::::::\n", i);
	well = g_file_set_contents(path, users->str, -1, NULL);
	g_string_free(users, TRUE);
	return well;
}

static int begin(void)
{
	int r = server_start();

	return r ? r : !add_users();
}

static void come_back(struct world *w)
{
	(void)w;
	ck_assert_int_eq(server_resume(), 0);
	ck_assert(add_users());
}

static struct account *open_imap(struct world *w, int serial)
{
	struct account *a = g_new0(struct account, 1);

	ck_assert_int_lt(serial, USERS_MAX);
	if (!server_running())
		come_back(w);
	g_snprintf(server.user, sizeof server.user, "user%d", serial);
	a->name = g_strdup("imap");
	a->type = g_strdup("imap");
	a->host = g_strdup("127.0.0.1");
	a->port = server.imaps_port;
	a->ca_file = g_strdup(server.ca);
	a->user = g_strdup(server.user);
	a->password_command = g_strdup("echo secret");
	a->two_way = true;
	return a;
}

static void close_imap(struct world *w)
{
	(void)w;
}

static void make(struct world *w, const char *box)
{
	(void)w;
	server_make(box);
}

static void remove_box(struct world *w, const char *box)
{
	(void)w;
	server_adm("mailbox delete -u %s -s '%s'", server.user, box);
}

static void rename_box(struct world *w, const char *box, const char *to)
{
	(void)w;
	server_adm("mailbox rename -u %s -s '%s' '%s'", server.user, box, to);
}

static void deliver(struct world *w, const char *box, const char *mail, size_t len)
{
	(void)w;
	server_save(box, mail, len);
}

static void fill(struct world *w, const char *box, int n)
{
	(void)w;
	server_fill(box, n);
}

static void flag(struct world *w, const char *box, const char *key, const char *changes)
{
	g_auto(GStrv) words = g_strsplit(changes, " ", 0);

	(void)w;
	for (char **c = words; *c; c++)
		server_adm("flags %s -u %s '%s' mailbox '%s' header message-id '<%s%s>'",
			**c == '+' ? "add" : "remove", server.user, *c + 1, box, key, WORLD_DOMAIN);
}

static void expunge(struct world *w, const char *box, const char *key)
{
	(void)w;
	server_adm("expunge -u %s mailbox '%s' header message-id '<%s%s>'", server.user, box, key,
		WORLD_DOMAIN);
}

static void move(struct world *w, const char *box, const char *key, const char *target)
{
	(void)w;
	server_adm("move -u %s '%s' mailbox '%s' header message-id '<%s%s>'", server.user, target,
		box, key, WORLD_DOMAIN);
}

/* As after a restore: Dovecot makes numbers and UIDVALIDITY anew when its list of them is lost. */
static void renumber(struct world *w, const char *box)
{
	bool inbox = strcmp(box, "INBOX") == 0;
	g_autofree char *command = g_strdup_printf("cd '%s/mail/%s/Maildir/%s%s' && rm -f "
						   "dovecot-uidlist dovecot.index*",
		server.dir, server.user, inbox ? "" : ".", inbox ? "" : box);

	(void)w;
	server_must(command);
}

static void vanish(struct world *w)
{
	(void)w;
	server_halt();
}

static void add_box(GPtrArray *lines, const json_t *box)
{
	const char *name = json_string_value(json_object_get(box, "name"));
	json_t *m, *flag;
	size_t i, k;

	picture_box(lines, name);
	json_array_foreach(json_object_get(box, "messages"), i, m)
	{
		GString *words = g_string_new(NULL);

		json_array_foreach(json_object_get(m, "flags"), k, flag)
			g_string_append_printf(words, "%s ", json_string_value(flag));
		picture_message(lines, name, json_string_value(json_object_get(m, "message_id")),
			words->str);
		g_string_free(words, TRUE);
	}
}

static void picture(struct world *w, GPtrArray *lines)
{
	g_autofree char *command = g_strdup_printf(
		"python3 '%s/imapcheck.py' --plain --port %d --user %s dump", TEST_SUPPORT,
		server.imap_port, server.user);
	FILE *f = popen(command, "r");
	json_t *box;
	int status;

	(void)w;
	ck_assert_ptr_nonnull(f);
	while ((box = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL))) {
		add_box(lines, box);
		json_decref(box);
	}
	status = pclose(f);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

const struct world_ops world_imap = {
	.name = "imap",
	.eol = "\r\n",
	.can = CAN_KEYWORDS,
	.begin = begin,
	.end = server_stop,
	.open = open_imap,
	.close = close_imap,
	.make = make,
	.remove = remove_box,
	.rename = rename_box,
	.deliver = deliver,
	.fill = fill,
	.flag = flag,
	.expunge = expunge,
	.move = move,
	.renumber = renumber,
	.vanish = vanish,
	.come_back = come_back,
	.picture = picture,
};
