#include "ui/opener.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "config/mailcap.h"

#define UNKNOWN_TYPE "application/octet-stream"

void opener_release(struct opener *o)
{
	g_clear_pointer(&o->command, g_free);
	g_clear_pointer(&o->extension, g_free);
	g_clear_pointer(&o->type, g_free);
}

/* --- types and names ----------------------------------------------------- */

/* Both ways: the type of an extension; the first extension of a type. */
static const struct {
	const char *extension, *type;
} known[] = {
	{ "pdf", "application/pdf" }, { "txt", "text/plain" }, { "html", "text/html" },
	{ "htm", "text/html" }, { "csv", "text/csv" }, { "md", "text/markdown" },
	{ "log", "text/plain" }, { "diff", "text/x-diff" }, { "patch", "text/x-diff" },
	{ "ics", "text/calendar" }, { "vcf", "text/vcard" }, { "xml", "application/xml" },
	{ "json", "application/json" }, { "jpg", "image/jpeg" }, { "jpeg", "image/jpeg" },
	{ "png", "image/png" }, { "gif", "image/gif" }, { "webp", "image/webp" },
	{ "svg", "image/svg+xml" }, { "tif", "image/tiff" }, { "tiff", "image/tiff" },
	{ "bmp", "image/bmp" }, { "heic", "image/heic" }, { "mp3", "audio/mpeg" },
	{ "ogg", "audio/ogg" }, { "opus", "audio/ogg" }, { "wav", "audio/x-wav" },
	{ "m4a", "audio/mp4" }, { "flac", "audio/flac" }, { "mp4", "video/mp4" },
	{ "mkv", "video/x-matroska" }, { "webm", "video/webm" }, { "mov", "video/quicktime" },
	{ "avi", "video/x-msvideo" }, { "zip", "application/zip" }, { "gz", "application/gzip" },
	{ "tgz", "application/gzip" }, { "7z", "application/x-7z-compressed" },
	{ "tar", "application/x-tar" }, { "xz", "application/x-xz" }, { "ps", "application/postscript" },
	{ "epub", "application/epub+zip" }, { "rtf", "application/rtf" },
	{ "doc", "application/msword" }, { "xls", "application/vnd.ms-excel" },
	{ "ppt", "application/vnd.ms-powerpoint" },
	{ "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
	{ "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
	{ "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
	{ "odt", "application/vnd.oasis.opendocument.text" },
	{ "ods", "application/vnd.oasis.opendocument.spreadsheet" },
	{ "odp", "application/vnd.oasis.opendocument.presentation" },
	{ "eml", "message/rfc822" },
};

/* What follows the last dot, lower case, "" unless it is short and of letters and digits (g_free). */
static char *extension_of(const char *filename)
{
	const char *dot = filename ? strrchr(filename, '.') : NULL;
	size_t n = dot ? strlen(dot + 1) : 0;

	if (n == 0 || n > OPENER_EXTENSION_MAX)
		return g_strdup("");
	for (const char *p = dot + 1; *p; p++)
		if (!g_ascii_isalnum(*p))
			return g_strdup("");
	return g_ascii_strdown(dot + 1, -1);
}

static const char *type_of_extension(const char *extension)
{
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
		if (strcmp(known[i].extension, extension) == 0)
			return known[i].type;
	return UNKNOWN_TYPE;
}

static const char *extension_of_type(const char *type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
		if (strcmp(known[i].type, type) == 0)
			return known[i].extension;
	return "";
}

char *opener_type(const char *type, const char *filename)
{
	static const char *const vague[] = { UNKNOWN_TYPE, "application/binary", "application/download",
		"application/force-download", "application/x-download", "application/unknown" };
	g_autofree char *lower = g_ascii_strdown(type ? type : "", -1);
	g_autofree char *extension = extension_of(filename);

	for (size_t i = 0; i < G_N_ELEMENTS(vague); i++)
		if (strcmp(lower, vague[i]) == 0)
			return g_strdup(type_of_extension(extension));
	return mailcap_type_is_safe(lower) ? TAKE(lower) : g_strdup(type_of_extension(extension));
}

/* --- second thoughts ----------------------------------------------------- */

static bool among(const char *word, const char *words)
{
	size_t n = strlen(word);

	for (const char *at = words; n > 0 && (at = strstr(at, word)); at += n)
		if ((at == words || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

/* Every dot in a name may hide what it is: "invoice.pdf.exe", "run.sh.txt" looks at the last only. */
const char *opener_danger(const char *type, const char *filename)
{
	static const char program_types[] =
		"application/x-executable application/x-pie-executable application/x-sharedlib "
		"application/x-elf application/x-msdownload application/x-msdos-program "
		"application/x-dosexec application/x-ms-dos-executable application/x-msi "
		"application/vnd.microsoft.portable-executable application/x-sh text/x-sh "
		"application/x-shellscript text/x-shellscript application/x-csh application/x-desktop "
		"application/java-archive application/x-java-archive application/java-vm "
		"application/javascript text/javascript application/x-javascript application/ecmascript "
		"application/x-perl text/x-perl application/x-python text/x-python "
		"text/x-python3 application/x-ruby application/x-php text/x-script.python "
		"application/hta application/x-ms-shortcut application/vnd.appimage "
		"application/vnd.debian.binary-package application/x-deb application/x-rpm "
		"application/vnd.android.package-archive application/x-bat text/vbscript "
		"application/vnd.flatpak application/vnd.flatpak.ref application/vnd.snap";
	static const char programs[] =
		"exe com scr pif bat cmd msi msp cpl dll lnk hta vbs vbe js jse mjs wsf wsh ps1 psm1 reg "
		"chm jar class sh bash zsh csh ksh fish run bin py pyc pyw pl pm rb php lua tcl desktop "
		"service appimage deb rpm apk snap flatpak flatpakref elf so out command app scpt xpi "
		"crx url website gadget inf jnlp";
	static const char page_types[] = "text/html application/xhtml+xml image/svg+xml multipart/related";
	static const char pages[] = "html htm xhtml shtml mht mhtml svg svgz xht";
	static const char macros[] = "docm dotm xlsm xltm xlam pptm potm ppsm ppam sldm xlsb";
	g_autofree char *extension = extension_of(filename), *lower = opener_type(type, filename);

	if (among(lower, program_types) || among(extension, programs))
		return _("This is a program, or can act as one: opened, it may do all that you can do.");
	if (among(lower, page_types) || among(extension, pages))
		return _("This is a page: opened, it may load things from the network, which tells its "
			 "sender that you read it, and it may look like a page of somebody else.");
	if (among(extension, macros) || strstr(lower, "macroenabled"))
		return _("This document may bring programs along (macros).");
	return NULL;
}

/* --- choosing ------------------------------------------------------------ */

/* Tests look at the display and the like; they get a name of ours, for the file is not there yet. */
static bool passes(const struct mailcap_rule *r, const char *type, struct cancel *cancel, int *tests)
{
	g_auto(GStrv) argv = NULL;
	struct err ignored;
	bool file;

	if (!r->test)
		return true;
	argv = ++*tests <= OPENER_TESTS_MAX ? mailcap_argv(r->test, "/dev/null", type, &file) : NULL;
	return argv && spawn_verdict((const char *const *)argv, cancel, OPENER_TEST_MS, &ignored) == 0;
}

/* Distributions ship rules for programs that are not there. */
static bool is_here(const struct mailcap_rule *r, const char *type)
{
	bool file;
	g_auto(GStrv) argv = mailcap_argv(r->command, "/dev/null", type, &file);
	g_autofree char *path = argv ? g_find_program_in_path(argv[0]) : NULL;

	return path != NULL;
}

static const struct mailcap_rule *first_match(const GPtrArray *rules, const char *type,
	struct cancel *cancel)
{
	int tests = 0;

	for (guint i = 0; rules && i < rules->len; i++) {
		const struct mailcap_rule *r = rules->pdata[i];

		if (mailcap_matches(r, type) && (!r->mailcap || is_here(r, type)) &&
			passes(r, type, cancel, &tests))
			return r;
	}
	return NULL;
}

static void take(const struct mailcap_rule *r, struct opener *out)
{
	out->command = g_strdup(r->command);
	out->way = r->needsterminal ? OPENER_TERMINAL : r->copiousoutput ? OPENER_OUTPUT : OPENER_DETACHED;
	if (r->extension) {
		g_free(out->extension);
		out->extension = g_strdup(r->extension);
	}
	out->from = r->mailcap ? _("mailcap") : "tern.conf";
}

int opener_choose(const GPtrArray *own, const char *type, const char *filename,
	struct cancel *cancel, struct opener *out, struct err *err)
{
	g_autofree char *wanted = opener_type(type, filename), *extension = extension_of(filename);
	g_autoptr(GPtrArray) system = mailcap_load();
	const struct mailcap_rule *rule = first_match(own, wanted, cancel);
	g_autofree char *desktop = g_find_program_in_path("xdg-open");

	if (!rule)
		rule = first_match(system, wanted, cancel);
	if (cancel_is_set(cancel))
		return err_set(err, ERR_CANCELED, _("Stopped."));
	if (!rule && (!desktop || !mailcap_has_display()))
		return err_set(err, ERR_GONE,
			_("Nothing here opens %s.  Save it, or name a program in the group [open] of tern.conf."),
			wanted);
	*out = (struct opener){ .extension = *extension ? TAKE(extension) : g_strdup(extension_of_type(wanted)) };
	if (rule) {
		take(rule, out);
	} else {
		out->command = g_strdup("xdg-open %s");
		out->from = _("the desktop");
	}
	out->type = TAKE(wanted);
	return 0;
}
