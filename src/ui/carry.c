#include "ui/carry.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "ui/priv.h"

enum {
	CARRY_MS = 250,      /* so often is looked how much is left */
	STOP_MS = 5000,      /* a second Esc within this time stops */
	STEPS_MAX = 20,      /* of the history, in which the large one is looked for */
};

static void look(struct ui *ui)
{
	struct carry *c = &ui->carry;
	int64_t was = c->left;

	c->looked_at = MAX(clock_mono_ms(), 1);
	c->left = MAX(store_want_left(ui->store, (account_id){ 0 }), 0);
	c->of = c->left == 0 ? 0 : MAX(c->of, c->left);
	ui->dirty |= c->left != was;
}

void carry_watch(struct ui *ui, const char *word, int64_t n)
{
	struct carry *c = &ui->carry;

	if (n <= WANT_AT_ONCE && c->left == 0)
		return;
	look(ui);
	if (n > WANT_AT_ONCE && c->left > 0) {
		g_strlcpy(c->word, word, sizeof c->word);
		c->of = MAX(n, c->left);
	}
}

void carry_look(struct ui *ui)
{
	if (ui->carry.left == 0)
		ui->carry.looked_at = 0;
}

int64_t carry_tick(struct ui *ui)
{
	struct carry *c = &ui->carry;
	int64_t wait = c->looked_at + CARRY_MS - clock_mono_ms();

	if (c->looked_at > 0 && c->left == 0)
		return -1;
	if (c->looked_at > 0 && wait > 0)
		return wait;
	look(ui);
	return c->left > 0 ? CARRY_MS : -1;
}

void carry_text(const struct ui *ui, char *out, size_t cap)
{
	const struct carry *c = &ui->carry;
	char done[32], of[32];

	out[0] = '\0';
	if (c->left > 0)
		snprintf(out, cap, _("%s %s of %s"), *c->word ? c->word : _("changing"),
			number_text(c->of - c->left, done), number_text(c->of, of));
}

int carry_stop(struct ui *ui, struct err *err)
{
	g_autoptr(GPtrArray) steps = NULL;
	int rc = store_history(ui->store, 0, STEPS_MAX, &steps, err);

	if (rc < 0)
		return rc;
	for (guint i = 0; i < steps->len; i++) {
		const struct history_row *h = steps->pdata[i];
		char left[32];

		if (h->left == 0)
			continue;
		rc = store_want_stop(ui->store, h->step, err);
		if (rc < 0)
			return rc;
		ui_say(ui, _("Stopped: %s messages are left as they were"), number_text(h->left, left));
		look(ui);
		ui->stale = true;
		return 0;
	}
	return err_set(err, ERR_USAGE, _("There is nothing to stop"));
}

bool carry_escape(struct ui *ui)
{
	struct carry *c = &ui->carry;
	int64_t now = clock_mono_ms();
	struct err err = { 0 };
	char left[32];

	if (c->left == 0)
		return false;
	if (c->warned_at > 0 && now - c->warned_at < STOP_MS) {
		c->warned_at = 0;
		if (carry_stop(ui, &err) < 0)
			ui_complain(ui, &err);
		return true;
	}
	c->warned_at = MAX(now, 1);
	ui_say(ui, _("Esc again stops it: %s messages would stay as they are"),
		number_text(c->left, left));
	return true;
}
