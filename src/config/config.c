#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "config/keyfile.h"
#include "config/mailcap.h"
#include "config/options.h"
#include "config/read.h"

void places_init(struct places *p, const char *home)
{
	g_autofree char *base = home ? g_canonicalize_filename(home, NULL) : NULL;

	if (base) {
		p->config = g_build_filename(base, "config", NULL);
		p->data = g_build_filename(base, "data", NULL);
		p->state = g_build_filename(base, "state", NULL);
	} else {
		p->config = g_build_filename(g_get_user_config_dir(), "tern", NULL);
		p->data = g_build_filename(g_get_user_data_dir(), "tern", NULL);
		p->state = g_build_filename(g_get_user_state_dir(), "tern", NULL);
	}
}

void places_release(struct places *p)
{
	g_clear_pointer(&p->config, g_free);
	g_clear_pointer(&p->data, g_free);
	g_clear_pointer(&p->state, g_free);
}

static void free_account(void *a)
{
	struct account *p = a;

	account_free(&p);
}

static bool no_color(void)
{
	const char *s = getenv("NO_COLOR");

	return s && *s;
}

static struct config *config_new(void)
{
	struct config *c = g_new0(struct config, 1);

	c->accounts = g_ptr_array_new_with_free_func(free_account);
	c->warnings = g_ptr_array_new_with_free_func(g_free);
	c->openers = mailcap_rules_new();
	option_defaults(config_options, c);
	return c;
}

void config_free(struct config **c)
{
	if (!*c)
		return;
	g_ptr_array_unref((*c)->accounts);
	g_ptr_array_unref((*c)->warnings);
	g_ptr_array_unref((*c)->openers);
	g_free((*c)->date_format);
	g_free((*c)->html_filter);
	g_free((*c)->browser);
	g_free((*c)->smime_ca_file);
	g_free((*c)->smime_key);
	g_free((*c)->smime_key_password_command);
	g_free((*c)->clipboard);
	g_free((*c)->save_folder);
	g_free((*c)->headers);
	g_free(*c);
	*c = NULL;
}

/* Values that are good alone but not together: a warning, for tern can live with them.  Who only
 * lowers the limit means it, and is not bothered about a default. */
static void check_together(const struct keyfile *k, struct config *c)
{
	const struct tuning *t = &c->tuning;

	if (t->backfill_max_total_per_folder == 0 ||
		t->backfill_bootstrap_max == tuning_default.backfill_bootstrap_max ||
		t->backfill_bootstrap_max <= t->backfill_max_total_per_folder)
		return;
	g_ptr_array_add(c->warnings,
		g_strdup_printf(_("%s: [tern]: backfill-bootstrap-max (%d) is more than "
				  "backfill-max-total-per-folder (%d); the smaller one counts."),
			k->path, t->backfill_bootstrap_max, t->backfill_max_total_per_folder));
}

/* The group [open]: a type, and what opens it. */
static void load_openers(const struct keyfile *k, struct config *c)
{
	g_auto(GStrv) types = g_key_file_get_keys(k->keys, "open", NULL, NULL);

	for (size_t i = 0; types && types[i]; i++) {
		g_autofree char *fields = g_key_file_get_string(k->keys, "open", types[i], NULL);

		if (!fields || !mailcap_add(c->openers, types[i], fields))
			g_ptr_array_add(c->warnings,
				g_strdup_printf(_("%s:%d: [open]: \"%s\" has no command that could open it."),
					k->path, keyfile_line(k, "open", types[i]), types[i]));
	}
}

static int load_options(const struct places *p, struct config *c, struct err *err)
{
	g_autofree char *path = g_build_filename(p->config, "tern.conf", NULL);
	AUTO(keyfile_free) struct keyfile *k = NULL;
	g_auto(GStrv) groups = NULL;
	int r = keyfile_load(path, &k, err);

	if (r <= 0)
		return r;
	groups = g_key_file_get_groups(k->keys, NULL);
	for (size_t i = 0; groups[i]; i++)
		if (strcmp(groups[i], "tern") != 0 && strcmp(groups[i], "open") != 0)
			g_ptr_array_add(c->warnings,
				g_strdup_printf(_("%s:%d: there is no group [%s]; options stand in [tern], programs in [open]."),
					path, keyfile_line(k, groups[i], NULL), groups[i]));
	r = keyfile_apply(k, "tern", config_options, c, c->warnings, err);
	if (r >= 0)
		check_together(k, c);
	load_openers(k, c);
	return r;
}

int config_load(const struct places *p, struct config **out, struct err *err)
{
	AUTO(config_free) struct config *c = config_new();

	if (load_options(p, c, err) < 0 || accounts_load(p, c, err) < 0)
		return err->code;
	if (no_color())
		c->color = false;
	*out = TAKE(c);
	return 0;
}

struct config *config_empty(const char *why)
{
	struct config *c = config_new();

	if (why)
		g_ptr_array_add(c->warnings, g_strdup(why));
	if (no_color())
		c->color = false;
	return c;
}

struct account *config_account(const struct config *c, const char *name)
{
	for (guint i = 0; i < c->accounts->len; i++) {
		struct account *a = c->accounts->pdata[i];

		if (strcmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}
