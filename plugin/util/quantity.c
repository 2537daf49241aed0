/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quantity.h"

struct unit {
	struct str name;
	int64_t factor;
};

static bool parse(struct str text, const struct unit *units, size_t count,
		  int64_t *out)
{
	int64_t number = 0;
	size_t i = 0;

	for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, text.data[i] - '0', &number))
			return false;
	if (!i)
		return false;
	text = (struct str){ text.data + i, text.len - i };
	for (size_t k = 0; k < count; k++) {
		if (!str_equal(text, units[k].name))
			continue;
		if (__builtin_mul_overflow(number, units[k].factor, &number))
			return false;
		*out = number;
		return true;
	}
	return false;
}

bool quantity_duration(struct str text, int64_t *out)
{
	static const struct unit units[] = {
		{ STR("ms"), NSEC_PER_MSEC },
		{ STR("s"), NSEC_PER_SEC },
		{ STR("m"), 60 * NSEC_PER_SEC },
		{ STR("h"), 3600 * NSEC_PER_SEC },
		{ STR("d"), 86400 * NSEC_PER_SEC },
		{ STR("w"), 7 * 86400 * NSEC_PER_SEC },
	};

	return parse(text, units, sizeof(units) / sizeof(units[0]), out);
}

bool quantity_size(struct str text, int64_t *out)
{
	static const struct unit units[] = {
		{ STR(""), 1 },
		{ STR("K"), 1 << 10 },
		{ STR("M"), 1 << 20 },
		{ STR("G"), 1 << 30 },
	};

	return parse(text, units, sizeof(units) / sizeof(units[0]), out);
}

bool quantity_count(struct str text, int64_t *out)
{
	static const struct unit units[] = { { STR(""), 1 } };

	return parse(text, units, 1, out);
}
