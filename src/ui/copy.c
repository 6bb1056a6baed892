#include "ui/copy.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/text.h"
#include "ui/priv.h"

#define COMMAND "command:"

/* The program reads the text from a file without a name. */
static int copy_by(struct ui *ui, const char *command, const char *text, struct err *err)
{
	AUTO(fd_close) int fd = memfd_create("tern-copy", MFD_CLOEXEC);
	g_auto(GStrv) argv = NULL;
	size_t len = strlen(text);

	if (!g_shell_parse_argv(command, NULL, &argv, NULL))
		return err_set(err, ERR_USAGE, _("\"%s\" is no command; see the option clipboard."), command);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(err, ERR_STORAGE, _("Nothing was copied: there is no memory for it."));
	return errand_program(ui, (const char *const *)argv, fd, _("clipboard"), err);
}

int copy_text(struct ui *ui, const char *text, struct err *err)
{
	const char *how = ui->config->clipboard ? ui->config->clipboard : "osc52";
	g_autofree char *clean = text_clean(text, -1, false); /* a line end would run it in a shell */
	int rc = 0;

	if (strlen(clean) > COPY_MAX)
		return err_set(err, ERR_LIMIT, _("This is too long to be copied (more than %d KB)."),
			COPY_MAX / 1024);
	if (strcmp(how, "off") == 0)
		return err_set(err, ERR_USAGE, _("Nothing is copied: the option clipboard is off."));
	if (g_str_has_prefix(how, COMMAND)) {
		rc = copy_by(ui, how + strlen(COMMAND), clean, err);
	} else {
		g_free(ui->to_copy);
		ui->to_copy = g_strdup(clean);
	}
	if (rc == 0)
		ui_say(ui, _("Copied: %s"), clean);
	return rc;
}
