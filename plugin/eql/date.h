/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_DATE_H
#define AUDISP_EQL_EQL_DATE_H

#include <audisp-eql/event.h>

/* What a date names: a day is a range, a full time one millisecond. */
struct date {
	int64_t low_ms, high_ms; /* since the epoch, both inclusive */
	int32_t ns; /* 0..999999: of low_ms, what is below a millisecond */
};

/*
 * ISO 8601 as Elasticsearch's strict_date_optional_time (2026, 2026-11-24,
 * 2026-11-24T04:11:51.123456789+01:00), or milliseconds since the epoch.
 * 0 or -EINVAL.
 */
int date_parse(struct str text, struct date *out);

#endif
