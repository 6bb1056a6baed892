#include "mime/warm.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include <glib.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "mime/document.h"
#include "mime/text.h"

const char *const warm_charsets[] = {
	"US-ASCII", "UTF-7", "UTF-16", "UTF-16BE", "UTF-16LE", "UTF-32", "UTF-32BE", "UTF-32LE",
	"UCS-2", "UCS-4",
	"ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4", "ISO-8859-5", "ISO-8859-6",
	"ISO-8859-7", "ISO-8859-8", "ISO-8859-9", "ISO-8859-9E", "ISO-8859-10", "ISO-8859-11",
	"ISO-8859-13", "ISO-8859-14", "ISO-8859-15", "ISO-8859-16",
	"WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1253", "WINDOWS-1254",
	"WINDOWS-1255", "WINDOWS-1256", "WINDOWS-1257", "WINDOWS-1258", "CP874",
	"KOI8-R", "KOI8-U", "KOI8-T", "KOI8-RU", "TIS-620", "VISCII", "TCVN", "PT154", "RK1048",
	"ISO-IR-166", "ARMSCII-8", "GEORGIAN-PS", "GEORGIAN-ACADEMY", "MIK",
	"MACINTOSH", "MAC-CYRILLIC", "MAC-UK", "MAC-CENTRALEUROPE", "MAC-IS",
	"IBM437", "CP737", "IBM775", "IBM850", "IBM852", "IBM855", "IBM857", "CP858", "IBM860",
	"IBM861", "IBM862", "IBM863", "IBM864", "IBM865", "IBM866", "IBM869", "IBM037", "IBM1047",
	"CP1125", "HP-ROMAN8",
	"ISO-2022-JP", "ISO-2022-JP-2", "ISO-2022-JP-3", "EUC-JP", "EUC-JISX0213", "EUC-JP-MS",
	"SHIFT_JIS", "SHIFT_JISX0213", "CP932",
	"GB2312", "GBK", "CP936", "GB18030", "ISO-2022-CN", "ISO-2022-CN-EXT",
	"BIG5", "BIG5-HKSCS", "CP950", "EUC-TW",
	"EUC-KR", "CP949", "UHC", "JOHAB", "ISO-2022-KR",
	NULL,
};

/* A charset stays loaded while a descriptor for it is open: these are never closed. */
static GIConv held[G_N_ELEMENTS(warm_charsets)];

static int hold_charsets(void)
{
	int missing = 0;

	for (size_t i = 0; warm_charsets[i]; i++) {
		held[i] = g_iconv_open("UTF-8", warm_charsets[i]);
		missing += held[i] == (GIConv)-1;
	}
	return missing;
}

/* What a first message loads: the catalogues, the time zone, the parsers. */
static void read_one(void)
{
	static const char mail[] = "From: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?= <a@example.org>\n"
				   "Date: Sat, 1 Jan 2000 12:00:00 +0000\n"
				   "Content-Type: multipart/mixed; boundary=B\n\n"
				   "--B\nContent-Type: text/html; charset=windows-1252\n\n"
				   "<p>x<table><tr><td><a href='http://example.org/'>y</a></table>\n"
				   "--B\nContent-Type: text/calendar\n\n"
				   "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n"
				   "DTSTART;TZID=Europe/Berlin:20240101T100000\n"
				   "SUMMARY:x\nEND:VEVENT\nEND:VCALENDAR\n--B--\n";
	AUTO(fd_close) int fd = memfd_create("mail", MFD_CLOEXEC);
	AUTO(document_free) struct document *d = NULL;

	if (fd >= 0 && fd_write_all(fd, mail, sizeof mail - 1) == 0)
		document_read(fd, NULL, &d, NULL);
}

/* Asking for words that no catalogue has makes gettext open all of the reader's languages. */
static void load_catalogues(void)
{
	gettext("\001");
	(void)g_strerror(EIO);
}

int mime_warm(void)
{
	int missing;

	mime_init();
	tzset();
	load_catalogues();
	missing = hold_charsets();
	read_one();
	return missing;
}
