/*
 * Accounts: one group per account, the group's name being the account's.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/host.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/config.h"
#include "config/keyfile.h"
#include "config/options.h"
#include "config/read.h"

enum { NAME_MAX_BYTES = 60 };

/* --- checks ------------------------------------------------------------- */

static bool name_is_good(const char *name)
{
	size_t n = strspn(name,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n <= NAME_MAX_BYTES && !name[n] && name[0] != '.' && name[0] != '-';
}

static bool has_controls(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static int lacks(const struct account *a, const char *key, struct err *err)
{
	return err_set(err, ERR_USAGE, _("Account \"%s\" needs a value for \"%s\"."), a->name, key);
}

static int validate_imap(const struct account *a, struct err *err)
{
	if (!a->host)
		return lacks(a, "host", err);
	if (strpbrk(a->host, " /\t@") || has_controls(a->host))
		return err_set(err, ERR_USAGE, _("\"%s\" is not the name of a host."), a->host);
	if (a->port < 0 || a->port > 65535)
		return err_set(err, ERR_USAGE, _("%d is not a port."), a->port);
	if (!a->user)
		return lacks(a, "user", err);
	if (!a->password_command)
		return lacks(a, "password-command", err);
	if (a->tls == TLS_PLAIN && !host_is_loopback(a->host))
		return err_set(err, ERR_USAGE,
			_("\"tls = plain\" is for a server on this computer (127.0.0.1, ::1, "
			  "localhost), not for \"%s\": use implicit or starttls."),
			a->host);
	return 0;
}

static int validate_maildir(const struct account *a, struct err *err)
{
	if (!a->path)
		return lacks(a, "path", err);
	if (!g_path_is_absolute(a->path))
		return err_set(err, ERR_USAGE, _("\"%s\" is not an absolute path."), a->path);
	return 0;
}

static const struct {
	const char *name;
	int (*validate)(const struct account *a, struct err *err);
} types[] = {
	{ "imap", validate_imap },
	{ "maildir", validate_maildir },
};

int account_validate(const struct account *a, struct err *err)
{
	if (!a->name || !name_is_good(a->name))
		return err_set(err, ERR_USAGE,
			_("\"%s\" is no name for an account: use up to %d of the letters A-Z, a-z, "
			  "digits, and . _ - inside."),
			a->name ? a->name : "", NAME_MAX_BYTES);
	if (!a->type)
		return lacks(a, "type", err);
	for (const struct option *o = account_options; o->name; o++) {
		g_autofree char *value = option_get(o, a);

		if (has_controls(value) || (value && !text_is_utf8(value, strlen(value))))
			return err_set(err, ERR_USAGE,
				_("The value of \"%s\" holds control characters or is not UTF-8."),
				o->name);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
		if (strcmp(types[i].name, a->type) == 0)
			return types[i].validate(a, err);
	return err_set(err, ERR_USAGE, _("\"%s\" is not a type of account: imap and maildir are."),
		a->type);
}

/* --- loading ------------------------------------------------------------ */

static int load_group(const struct keyfile *k, const char *group, struct config *c, struct err *err)
{
	AUTO(account_free) struct account *a = g_new0(struct account, 1);
	struct err cause;

	a->name = g_strdup(group);
	option_defaults(account_options, a);
	if (keyfile_apply(k, group, account_options, a, c->warnings, err) < 0)
		return err->code;
	if (account_validate(a, &cause) < 0)
		return err_set(err, ERR_USAGE, "%s:%d: [%s]: %s", k->path,
			keyfile_line(k, group, NULL), group, cause.text);
	if (config_account(c, group)) {
		g_ptr_array_add(c->warnings,
			g_strdup_printf(_("%s:%d: the account \"%s\" was already described in another "
					  "file; this one is left out."),
				k->path, keyfile_line(k, group, NULL), group));
		return 0;
	}
	g_ptr_array_add(c->accounts, TAKE(a));
	return 0;
}

static int load_file(const char *path, struct config *c, struct err *err)
{
	AUTO(keyfile_free) struct keyfile *k = NULL;
	g_auto(GStrv) groups = NULL;
	int r = keyfile_load(path, &k, err);

	if (r <= 0)
		return r;
	groups = g_key_file_get_groups(k->keys, NULL);
	for (size_t i = 0; groups[i]; i++)
		if (load_group(k, groups[i], c, err) < 0)
			return err->code;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *files_of(const char *dir)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GDir *d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d)))
		if (name[0] != '.' && g_str_has_suffix(name, ".conf"))
			g_ptr_array_add(names, g_build_filename(dir, name, NULL));
	if (d)
		g_dir_close(d);
	g_ptr_array_sort(names, by_name);
	return names;
}

int accounts_load(const struct places *p, struct config *c, struct err *err)
{
	g_autofree char *own = g_build_filename(p->config, "accounts.conf", NULL);
	g_autofree char *dir = g_build_filename(p->config, "accounts.d", NULL);
	g_autoptr(GPtrArray) files = files_of(dir);

	if (load_file(own, c, err) < 0)
		return err->code;
	for (guint i = 0; i < files->len; i++)
		if (load_file(files->pdata[i], c, err) < 0)
			return err->code;
	return 0;
}

/* --- tern's own files --------------------------------------------------- */

static char *file_of(const struct places *p, const char *name)
{
	g_autofree char *leaf = g_strdup_printf("%s.conf", name);

	return g_build_filename(p->config, "accounts.d", leaf, NULL);
}

static char *text_of(const struct account *a)
{
	g_autoptr(GKeyFile) keys = g_key_file_new();

	for (const struct option *o = account_options; o->name; o++) {
		g_autofree char *value = option_get(o, a);

		if (value && g_strcmp0(value, o->fallback) != 0)
			g_key_file_set_string(keys, a->name, o->name, value);
	}
	return g_key_file_to_data(keys, NULL, NULL);
}

int config_account_add(const struct places *p, const struct config *c, const struct account *a,
	struct err *err)
{
	g_autofree char *dir = g_build_filename(p->config, "accounts.d", NULL);
	g_autofree char *path = NULL, *text = NULL;

	if (account_validate(a, err) < 0)
		return err->code;
	path = file_of(p, a->name);
	if (config_account(c, a->name) || g_file_test(path, G_FILE_TEST_EXISTS))
		return err_set(err, ERR_USAGE, _("There is already an account \"%s\"."), a->name);
	text = text_of(a);
	if (dir_make_private(p->config, err) < 0 || dir_make_private(dir, err) < 0)
		return err->code;
	return file_write_atomic(path, text, strlen(text), err);
}

static int refuse_remove(const char *name, struct err *err)
{
	return err_set(err, ERR_USAGE,
		_("The account \"%s\" stands in a file of your own; remove it there."), name);
}

int config_account_remove(const struct places *p, const char *name, struct err *err)
{
	g_autofree char *path = NULL;
	AUTO(keyfile_free) struct keyfile *k = NULL;
	g_auto(GStrv) groups = NULL;
	int r;

	if (!name_is_good(name))
		return err_set(err, ERR_USAGE, _("There is no account \"%s\"."), name);
	path = file_of(p, name);
	r = keyfile_load(path, &k, err);
	if (r < 0)
		return r;
	if (r == 0)
		return refuse_remove(name, err);
	groups = g_key_file_get_groups(k->keys, NULL);
	if (g_strv_length(groups) != 1 || strcmp(groups[0], name) != 0)
		return refuse_remove(name, err);
	if (unlink(path))
		return err_set(err, ERR_STORAGE, _("%s cannot be removed: %s."), path,
			g_strerror(errno));
	return 0;
}
