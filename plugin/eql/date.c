/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "date.h"

#include <errno.h>

#define MS_PER_MINUTE 60000LL
#define MS_PER_DAY 86400000LL

struct cursor {
	const char *p, *end;
};

/* Exactly count digits. */
static bool read_digits(struct cursor *at, int count, int64_t *out)
{
	int64_t number = 0;

	if (at->end - at->p < count)
		return false;
	for (int i = 0; i < count; i++, at->p++) {
		if (*at->p < '0' || *at->p > '9')
			return false;
		number = number * 10 + (*at->p - '0');
	}
	*out = number;
	return true;
}

static bool take(struct cursor *at, char c)
{
	if (at->p == at->end || *at->p != c)
		return false;
	at->p++;
	return true;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days since the epoch, of years 0 to 9999. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
	int64_t y = year - 1, days;

	days = 365 * year + (year ? y / 4 - y / 100 + y / 400 + 1 : 0);
	for (int64_t m = 1; m < month; m++)
		days += days_in_month(year, m);
	return days + day - 1 - 719528;
}

/* Fraction of a second, 1 to 9 digits, in nanoseconds. */
static bool read_fraction(struct cursor *at, int64_t *ns, int *digits)
{
	*digits = 0;
	for (*ns = 0; at->p < at->end && *at->p >= '0' && *at->p <= '9';
	     at->p++, (*digits)++) {
		if (*digits == 9)
			return false;
		*ns = *ns * 10 + (*at->p - '0');
	}
	if (*digits < 1)
		return false;
	for (int i = *digits; i < 9; i++)
		*ns *= 10;
	return true;
}

/* HH[:MM[:SS[.fraction]]] added to the date; width is what it leaves open. */
static bool read_time(struct cursor *at, struct date *date, int64_t *width)
{
	int64_t hour, minute = 0, second = 0, ns = 0;
	int digits;

	if (!read_digits(at, 2, &hour) || hour > 23)
		return false;
	*width = 60 * MS_PER_MINUTE;
	if (take(at, ':')) {
		if (!read_digits(at, 2, &minute) || minute > 59)
			return false;
		*width = MS_PER_MINUTE;
		if (take(at, ':')) {
			if (!read_digits(at, 2, &second) || second > 59)
				return false;
			*width = 1000;
			if (take(at, '.') || take(at, ',')) {
				if (!read_fraction(at, &ns, &digits))
					return false;
				*width = digits == 1   ? 100
					 : digits == 2 ? 10
						       : 1;
			}
		}
	}
	date->low_ms += (hour * 60 + minute) * MS_PER_MINUTE + second * 1000 +
			ns / 1000000;
	date->ns = (int32_t)(ns % 1000000);
	return true;
}

/* Z, +HH, +HHMM or +HH:MM; nothing means UTC. */
static bool read_zone(struct cursor *at, int64_t *minutes)
{
	int64_t hour, minute = 0;
	bool west = at->p < at->end && *at->p == '-';

	*minutes = 0;
	if (take(at, 'Z'))
		return true;
	if (!take(at, '+') && !take(at, '-'))
		return at->p == at->end;
	if (!read_digits(at, 2, &hour) || hour > 18)
		return false;
	if (at->p < at->end) {
		take(at, ':');
		if (!read_digits(at, 2, &minute) || minute > 59)
			return false;
	}
	*minutes = (hour * 60 + minute) * (west ? -1 : 1);
	return true;
}

static bool read_date(struct cursor *at, struct date *date, int64_t *width)
{
	int64_t year, month = 1, day = 1;

	if (!read_digits(at, 4, &year))
		return false;
	*width = (365 + is_leap(year)) * MS_PER_DAY;
	if (take(at, '-')) {
		if (!read_digits(at, 2, &month) || month < 1 || month > 12)
			return false;
		*width = days_in_month(year, month) * MS_PER_DAY;
		if (take(at, '-')) {
			if (!read_digits(at, 2, &day) || day < 1 ||
			    day > days_in_month(year, month))
				return false;
			*width = MS_PER_DAY;
		}
	}
	date->low_ms = days_from_civil(year, month, day) * MS_PER_DAY;
	return true;
}

/* A sign and digits, more of them than a year has. */
static bool read_epoch(struct str text, struct date *date)
{
	struct cursor at = { text.data, text.data + text.len };
	bool negative = text.len && *text.data == '-';
	int64_t number;

	if (negative)
		at.p++;
	if ((!negative && at.end - at.p < 5) || at.end - at.p > 18 ||
	    !read_digits(&at, (int)(at.end - at.p), &number) ||
	    at.p == text.data + negative)
		return false;
	date->low_ms = date->high_ms = negative ? -number : number;
	return true;
}

int date_parse(struct str text, struct date *out)
{
	struct cursor at = { text.data, text.data + text.len };
	struct date date = { 0 };
	int64_t width, zone = 0;

	if (read_epoch(text, &date)) {
		*out = date;
		return 0;
	}
	if (!read_date(&at, &date, &width))
		return -EINVAL;
	if (take(&at, 'T') && at.p < at.end &&
	    (!read_time(&at, &date, &width) || !read_zone(&at, &zone)))
		return -EINVAL;
	if (at.p != at.end)
		return -EINVAL;
	date.low_ms -= zone * MS_PER_MINUTE;
	date.high_ms = date.low_ms + width - 1;
	*out = date;
	return 0;
}
