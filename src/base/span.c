#include "base/span.h"

#include <inttypes.h>
#include <stdio.h>

#include <glib.h>

#include "base/i18n.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

const char *span_text(int64_t s, char *out, size_t cap)
{
	if (s < 2 * MINUTE)
		snprintf(out, cap, _("%d s"), (int)MAX(s, 0));
	else if (s < 2 * HOUR)
		snprintf(out, cap, _("%d min"), (int)(s / MINUTE));
	else if (s < 2 * DAY)
		snprintf(out, cap, _("%d h"), (int)(s / HOUR));
	else
		snprintf(out, cap, _("%d d"), (int)MIN(s / DAY, G_MAXINT));
	return out;
}

const char *number_text(int64_t n, char *out)
{
	char plain[24];
	int len = snprintf(plain, sizeof plain, "%" PRId64, n < 0 ? 0 : n), used = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[used++] = ',';
		out[used++] = plain[i];
	}
	out[used] = '\0';
	return out;
}
