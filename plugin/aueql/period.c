/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moments as ausearch(8) takes them, with three differences: a date is
 * YYYY-MM-DD, for 11/12/26 is one day here and another there, and a script with
 * it does not what it did where the locale is another; what names a day is the
 * whole day also as an end, so that --start yesterday --end yesterday is a day and
 * not a moment; and a zone may be named, as in our own output. boot is no word:
 * the log need not be this host's.
 */
#include "period.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <audisp-eql/event.h>

#define RECENT_S 600

/* What a text names: from, and how long it lasts. */
struct moment {
	struct tm tm;
	int days, months, years, hours; /* as long as it lasts; */
	int64_t ns; /* or so long */
	int64_t fraction_ns; /* of its second */
	bool has_zone; /* tm is zone_s off UTC */
	long zone_s;
};

static const char forms[] =
	"write YYYY-MM-DD, HH:MM[:SS], both, @SECONDS, or now, recent, "
	"this-hour, today, yesterday, this-week, week-ago, this-month or "
	"this-year";

/* --- words ---------------------------------------------------------------- */

static void begin_day(struct moment *moment)
{
	moment->tm.tm_hour = moment->tm.tm_min = moment->tm.tm_sec = 0;
	moment->days = 1;
}

/* A word for a day, or for more; false = it is none. */
static bool parse_days(const char *text, size_t len, struct moment *moment)
{
	static const char *const words[] = {
		"today",     "yesterday",  "week-ago",
		"this-week", "this-month", "this-year",
	};
	size_t word = 0;

	while (word < 6 &&
	       (strlen(words[word]) != len || memcmp(words[word], text, len)))
		word++;
	if (word == 6)
		return false;
	begin_day(moment);
	if (word == 1)
		moment->tm.tm_mday--;
	if (word == 2)
		moment->tm.tm_mday -= 7;
	if (word == 3) {
		/* Sunday, as ausearch has it */
		moment->tm.tm_mday -= moment->tm.tm_wday;
		moment->days = 7;
	}
	if (word >= 4) {
		moment->tm.tm_mday = 1;
		moment->days = 0;
		moment->months = word == 4;
		moment->years = word == 5;
	}
	if (word == 5)
		moment->tm.tm_mon = 0;
	return true;
}

static bool parse_word(const char *text, struct moment *moment)
{
	if (parse_days(text, strlen(text), moment))
		return true;
	if (!strcmp(text, "now"))
		return true;
	if (!strcmp(text, "recent")) {
		moment->tm.tm_sec -= RECENT_S;
		return true;
	}
	if (strcmp(text, "this-hour"))
		return false;
	moment->tm.tm_min = moment->tm.tm_sec = 0;
	moment->hours = 1;
	return true;
}

/* --- dates and times ------------------------------------------------------ */

/* So many digits; -1 = they are not there. */
static int take_digits(const char **at, int count)
{
	int number = 0;

	for (int i = 0; i < count; i++, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return -1;
		number = 10 * number + (**at - '0');
	}
	return number;
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool in(int number, int low, int high)
{
	return number >= low && number <= high;
}

static bool take_date(const char **at, struct moment *moment)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };
	int year = take_digits(at, 4), month, day;

	if (year < 1970 || !take(at, '-'))
		return false;
	month = take_digits(at, 2);
	if (!in(month, 1, 12) || !take(at, '-'))
		return false;
	day = take_digits(at, 2);
	if (!in(day, 1, days[month - 1]) ||
	    (month == 2 && day == 29 &&
	     (year % 4 || (!(year % 100) && year % 400))))
		return false;
	begin_day(moment);
	moment->tm.tm_year = year - 1900;
	moment->tm.tm_mon = month - 1;
	moment->tm.tm_mday = day;
	return true;
}

/* .123 of a second, at most nine digits. */
static bool take_fraction(const char **at, struct moment *moment)
{
	int64_t unit = NSEC_PER_SEC;

	if (!take(at, '.'))
		return true;
	moment->ns = 0;
	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at) && unit > 1; (*at)++) {
		unit /= 10;
		moment->fraction_ns += unit * (**at - '0');
	}
	/* all that begins so: records have milliseconds */
	moment->ns = unit;
	return true;
}

static bool take_time(const char **at, struct moment *moment)
{
	int hour = take_digits(at, 2), minute, second = 0;

	if (!in(hour, 0, 23) || !take(at, ':'))
		return false;
	minute = take_digits(at, 2);
	if (!in(minute, 0, 59))
		return false;
	moment->days = moment->months = moment->years = 0;
	moment->ns = NSEC_PER_SEC;
	if (take(at, ':')) {
		second = take_digits(at, 2);
		if (!in(second, 0, 60))
			return false;
		if (!take_fraction(at, moment))
			return false;
	}
	moment->tm.tm_hour = hour;
	moment->tm.tm_min = minute;
	moment->tm.tm_sec = second;
	return true;
}

/* Z or +hh:mm; none is the local zone. */
static bool take_zone(const char **at, struct moment *moment)
{
	int sign = **at == '-' ? -1 : 1, hours, minutes;

	if (take(at, 'Z')) {
		moment->has_zone = true;
		return true;
	}
	if (!take(at, '+') && !take(at, '-'))
		return true;
	hours = take_digits(at, 2);
	if (!in(hours, 0, 14))
		return false;
	take(at, ':');
	minutes = take_digits(at, 2);
	if (!in(minutes, 0, 59))
		return false;
	moment->has_zone = true;
	moment->zone_s = sign * (hours * 3600L + minutes * 60L);
	return true;
}

static bool begins_with_time(const char *text)
{
	return isdigit((unsigned char)text[0]) &&
	       isdigit((unsigned char)text[1]) && text[2] == ':';
}

/* A date or a word for a day, a time, or both with a blank or T between. */
static bool parse_stamp(const char *text, struct moment *moment)
{
	const char *at = text, *blank = strchr(text, ' ');

	if (blank && parse_days(text, (size_t)(blank - text), moment) &&
	    !moment->months && !moment->years && moment->days == 1)
		at = blank;
	else if (!begins_with_time(text) && !take_date(&at, moment))
		return false;
	if (!*at)
		return at != text;
	if (at != text && !take(&at, ' ') && !take(&at, 'T'))
		return false;
	return take_time(&at, moment) && take_zone(&at, moment) && !*at;
}

/* Seconds since the epoch, as records are stamped. */
static bool parse_epoch(const char *text, struct moment *moment, time_t *out)
{
	const char *at = text + 1;
	time_t seconds = 0;

	if (*text != '@' || !isdigit((unsigned char)*at))
		return false;
	for (; isdigit((unsigned char)*at) && seconds < 9000000000; at++)
		seconds = 10 * seconds + (*at - '0');
	moment->ns = NSEC_PER_SEC;
	if (!take_fraction(&at, moment) || *at)
		return false;
	*out = seconds;
	return true;
}

/* --- the moment ----------------------------------------------------------- */

static time_t seconds_of(const struct moment *moment, struct tm tm)
{
	tm.tm_isdst = -1;
	return moment->has_zone ? timegm(&tm) - moment->zone_s : mktime(&tm);
}

static int64_t last_ns(const struct moment *moment, time_t first)
{
	struct tm tm = moment->tm;

	tm.tm_mday += moment->days;
	tm.tm_mon += moment->months;
	tm.tm_year += moment->years;
	tm.tm_hour += moment->hours;
	if (moment->days || moment->months || moment->years || moment->hours)
		return (int64_t)seconds_of(moment, tm) * NSEC_PER_SEC - 1;
	return (int64_t)first * NSEC_PER_SEC + moment->fraction_ns +
	       (moment->ns ? moment->ns : NSEC_PER_SEC) - 1;
}

const char *period_parse(const char *text, enum period_edge edge, time_t now,
			 int64_t *out)
{
	struct moment moment = { 0 };
	time_t seconds;
	int64_t ns;

	if (!strcmp(text, "boot"))
		return "the log need not be this host's; when this one booted "
		       "is told by 'who -b'";
	if (!strcmp(text, "checkpoint"))
		return "no command keeps a checkpoint; the plugin sees each "
		       "event once";
	if (!localtime_r(&now, &moment.tm))
		return "there is no local time";
	if (*text == '@') {
		if (!parse_epoch(text, &moment, &seconds))
			return forms;
	} else {
		if (!parse_word(text, &moment) && !parse_stamp(text, &moment))
			return forms;
		seconds = seconds_of(&moment, moment.tm);
	}
	if (seconds < 0 || seconds > INT64_MAX / NSEC_PER_SEC - 1)
		return "is out of range";
	ns = (int64_t)seconds * NSEC_PER_SEC + moment.fraction_ns;
	*out = edge == PERIOD_START ? ns : last_ns(&moment, seconds);
	return NULL;
}
