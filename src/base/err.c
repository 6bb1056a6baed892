#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	char raw[2 * ERR_TEXT_MAX];
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	err->code = code;
	err->after_s = 0;
	text_clean_into(raw, -1, err->text, sizeof err->text);
	return code;
}

const char *err_name(enum err_code code)
{
	switch (code) {
	case ERR_OK:
		return "ok";
	case ERR_CANCELED:
		return "canceled";
	case ERR_RETRY:
		return "retry";
	case ERR_OFFLINE:
		return "offline";
	case ERR_AUTH:
		return "auth";
	case ERR_GONE:
		return "gone";
	case ERR_CONFLICT:
		return "conflict";
	case ERR_LIMIT:
		return "limit";
	case ERR_UNSUPPORTED:
		return "unsupported";
	case ERR_PROTOCOL:
		return "protocol";
	case ERR_STORAGE:
		return "storage";
	case ERR_USAGE:
		return "usage";
	case ERR_TRUST:
		return "trust";
	case ERR_REFUSED:
		return "refused";
	}
	return "unknown";
}
