/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <stdio.h>
#include <string.h>

#include "json.h"

#define NOTICE_BYTES 2048

void log_print(struct log *log, int priority, const char *format, ...)
{
	struct strbuf out = STRBUF_INIT(4 * NOTICE_BYTES);
	char text[NOTICE_BYTES];
	va_list ap;
	int len;

	if (!log || !log->write)
		return;
	va_start(ap, format);
	len = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(text)) {
		len = sizeof(text) - 1;
		memcpy(text + len - 3, "...", 3);
	}
	text_escape_plain(&out, (struct str){ text, (size_t)len });
	log->write(log->user, priority,
		   out.failed ? STR("out of memory for a notice")
			      : strbuf_str(&out));
	strbuf_free(&out);
}
