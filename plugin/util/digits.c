/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "digits.h"

static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A' + 10);
	return UINT32_MAX;
}

bool digits_parse(struct str text, int base, uint64_t *out)
{
	uint64_t number = 0;
	size_t i = 0;

	/* so many cannot be too many; base is 16 at most */
	for (; i < text.len && i < 15; i++) {
		unsigned int digit = digit_of(text.data[i]);

		if (digit >= (unsigned int)base)
			return false;
		number = number * (uint64_t)base + digit;
	}
	for (; i < text.len; i++) {
		unsigned int digit = digit_of(text.data[i]);

		if (digit >= (unsigned int)base ||
		    __builtin_mul_overflow(number, (uint64_t)base, &number) ||
		    __builtin_add_overflow(number, (uint64_t)digit, &number))
			return false;
	}
	*out = number;
	return text.len > 0;
}

size_t digits_format(uint64_t number, char out[DIGITS_MAX])
{
	char reversed[DIGITS_MAX];
	size_t len = 0;

	do {
		reversed[len++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	for (size_t i = 0; i < len; i++)
		out[i] = reversed[len - 1 - i];
	return len;
}
