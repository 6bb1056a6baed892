#include "ui/known.h"

#include <string.h>

#include "base/clock.h"
#include "mime/lookalike.h"
#include "ui/priv.h"

void known_release(struct known *k)
{
	g_clear_pointer(&k->domains, g_ptr_array_unref);
}

/* The own addresses, as far as the sign-in names are addresses. */
static void add_own(const struct ui *ui, GPtrArray *out)
{
	for (guint i = 0; i < ui->config->accounts->len; i++) {
		const struct account *a = ui->config->accounts->pdata[i];
		const char *at = a->user ? strrchr(a->user, '@') : NULL;

		if (at && at[1])
			g_ptr_array_add(out, g_ascii_strdown(at + 1, -1));
	}
}

const char *const *known_domains(struct ui *ui, account_id account)
{
	struct known *k = &ui->known;
	int64_t now = clock_mono_ms();
	struct err err = { 0 };

	if (k->domains && k->account.v == account.v && now - k->read_at < KNOWN_KEPT_MS)
		return (const char *const *)k->domains->pdata;
	known_release(k);
	k->domains = g_ptr_array_new_with_free_func(g_free);
	k->account = account;
	k->read_at = now;
	add_own(ui, k->domains);
	if (store_known_domains(ui->store, account, k->domains, LOOKALIKE_KNOWN_MAX, &err) < 0)
		ui_complain(ui, &err);
	g_ptr_array_add(k->domains, NULL);
	return (const char *const *)k->domains->pdata;
}
