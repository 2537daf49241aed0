/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of EQL, and arithmetic, which is written either way. A
 * function gets values of the types its row asks for, and null only where the
 * row lets it through (script.c sees to both).
 */
#include "functions.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "literal.h"
#include "text.h"

static int raise_error(struct call *call, const char *error)
{
	call->error = error;
	return SCRIPT_E_RAISED;
}

static bool is_null(const struct call *call, size_t index)
{
	return index >= call->count ||
	       call->arguments[index].type == VALUE_NULL;
}

/* --- arithmetic ----------------------------------------------------------- */

static double as_double(const struct value *value)
{
	return value->type == VALUE_INT ? (double)value->i : value->d;
}

static bool both_whole(const struct call *call)
{
	return call->arguments[0].type == VALUE_INT &&
	       call->arguments[1].type == VALUE_INT;
}

static int give_double(double number, struct value *out)
{
	*out = (struct value){ .type = VALUE_DOUBLE, .d = number };
	return 0;
}

static int give_whole(struct call *call, bool overflow, int64_t number,
		      struct value *out)
{
	if (overflow || (call->narrow && number != (int32_t)number))
		return raise_error(call, "a whole number overflows");
	*out = VALUE_OF_INT(number);
	return 0;
}

static int run_add(struct call *call, struct value *out)
{
	const struct value *a = &call->arguments[0], *b = a + 1;
	int64_t sum = 0;
	bool overflow;

	if (!both_whole(call))
		return give_double(as_double(a) + as_double(b), out);
	overflow = __builtin_add_overflow(a->i, b->i, &sum);
	return give_whole(call, overflow, sum, out);
}

static int run_subtract(struct call *call, struct value *out)
{
	const struct value *a = &call->arguments[0], *b = a + 1;
	int64_t difference = 0;
	bool overflow;

	if (!both_whole(call))
		return give_double(as_double(a) - as_double(b), out);
	overflow = __builtin_sub_overflow(a->i, b->i, &difference);
	return give_whole(call, overflow, difference, out);
}

static int run_multiply(struct call *call, struct value *out)
{
	const struct value *a = &call->arguments[0], *b = a + 1;
	int64_t product = 0;
	bool overflow;

	if (!both_whole(call))
		return give_double(as_double(a) * as_double(b), out);
	overflow = __builtin_mul_overflow(a->i, b->i, &product);
	return give_whole(call, overflow, product, out);
}

/* Toward zero. As in Java, the least number over -1 wraps to itself. */
static int run_divide(struct call *call, struct value *out)
{
	const struct value *a = &call->arguments[0], *b = a + 1;

	if (!both_whole(call))
		return give_double(as_double(a) / as_double(b), out);
	if (!b->i)
		return raise_error(call, "division by zero");
	if (b->i == -1)
		*out = VALUE_OF_INT(call->narrow && a->i == INT32_MIN
					    ? INT32_MIN
					    : (int64_t)(0 - (uint64_t)a->i));
	else
		*out = VALUE_OF_INT(a->i / b->i);
	return 0;
}

/* The sign is the dividend's. */
static int run_modulo(struct call *call, struct value *out)
{
	const struct value *a = &call->arguments[0], *b = a + 1;

	if (!both_whole(call))
		return give_double(fmod(as_double(a), as_double(b)), out);
	if (!b->i)
		return raise_error(call, "division by zero");
	*out = VALUE_OF_INT(b->i == -1 ? 0 : a->i % b->i);
	return 0;
}

static int run_negate(struct call *call, struct value *out)
{
	const struct value *a = &call->arguments[0];

	if (a->type == VALUE_DOUBLE)
		return give_double(-a->d, out);
	if (a->i == INT64_MIN)
		return raise_error(call, "a whole number overflows");
	return give_whole(call, false, -a->i, out);
}

/* --- text ----------------------------------------------------------------- */

/* The first two arguments, in lower case for the ~ form. */
static int two_texts(struct call *call, struct str out[2])
{
	for (size_t i = 0; i < 2; i++) {
		out[i] = call->arguments[i].s;
		if (call->insensitive)
			out[i] = text_lower(call->arena, out[i]);
		if (call->insensitive && !out[i].data)
			return -ENOMEM;
	}
	return 0;
}

static struct str tail(struct str text, size_t from)
{
	if (!from)
		return text;
	return (struct str){ text.data + from, text.len - from };
}

static int run_starts_with(struct call *call, struct value *out)
{
	struct str texts[2];
	int rc = two_texts(call, texts);

	if (rc)
		return rc;
	if (texts[0].len > texts[1].len)
		texts[0].len = texts[1].len;
	*out = VALUE_OF_BOOL(str_equal(texts[0], texts[1]));
	return 0;
}

static int run_ends_with(struct call *call, struct value *out)
{
	struct str texts[2];
	int rc = two_texts(call, texts);

	if (rc)
		return rc;
	if (texts[0].len > texts[1].len)
		texts[0] = tail(texts[0], texts[0].len - texts[1].len);
	*out = VALUE_OF_BOOL(str_equal(texts[0], texts[1]));
	return 0;
}

/* Nothing contains nothing, and nothing is contained in nothing. */
static int run_string_contains(struct call *call, struct value *out)
{
	struct str texts[2];
	int rc = two_texts(call, texts);

	if (rc)
		return rc;
	*out = VALUE_OF_BOOL(texts[0].len && texts[1].len &&
			     text_find(texts[0], texts[1]) != SIZE_MAX);
	return 0;
}

/* A whole number among the arguments; fallback where it is null or absent. */
static int whole_argument(struct call *call, size_t index, int64_t fallback,
			  int64_t *out)
{
	*out = fallback;
	if (is_null(call, index))
		return 0;
	if (call->arguments[index].type != VALUE_INT)
		return raise_error(call, "a whole number is required");
	*out = call->arguments[index].i;
	return 0;
}

static int run_index_of(struct call *call, struct value *out)
{
	struct str texts[2];
	int64_t start;
	size_t from, at;
	int rc = whole_argument(call, 2, 0, &start);

	if (!rc)
		rc = two_texts(call, texts);
	if (rc)
		return rc;
	from = text_utf16_offset(texts[0], start < 0 ? 0 : (size_t)start);
	at = text_find(tail(texts[0], from), texts[1]);
	*out = (struct value){ 0 };
	if (at != SIZE_MAX) {
		texts[0].len = from + at;
		*out = VALUE_OF_INT((int64_t)text_utf16_length(texts[0]));
	}
	return 0;
}

static int run_length(struct call *call, struct value *out)
{
	*out = VALUE_OF_INT((int64_t)text_utf16_length(call->arguments[0].s));
	return 0;
}

/* A bound of a slice: negative counts from the end, the rest is cut off. */
static size_t slice_bound(int64_t bound, size_t length)
{
	if (bound < 0)
		bound += (int64_t)length;
	if (bound < 0)
		return 0;
	return (uint64_t)bound > length ? length : (size_t)bound;
}

static int run_substring(struct call *call, struct value *out)
{
	struct str text = call->arguments[0].s;
	size_t length = text_utf16_length(text), from, to;
	int64_t start, end;
	int rc = whole_argument(call, 1, 0, &start);

	if (!rc)
		rc = whole_argument(call, 2, INT64_MAX, &end);
	if (rc)
		return rc;
	*out = VALUE_OF_STR(text);
	if (is_null(call, 1))
		return 0;
	from = text_utf16_offset(text, slice_bound(start, length));
	to = text_utf16_offset(text, slice_bound(end, length));
	text.len = to;
	*out = VALUE_OF_STR(from < to ? tail(text, from) : STR(""));
	return 0;
}

/* What lies between left and the next right, or the last where greedy. */
static int run_between(struct call *call, struct value *out)
{
	struct str source = call->arguments[0].s, texts[2], right, rest;
	bool greedy = !is_null(call, 3) && call->arguments[3].b;
	size_t from, to;

	if (is_null(call, 1) || is_null(call, 2))
		return raise_error(call, "between needs a left and a right");
	right = call->arguments[2].s;
	if (call->insensitive)
		right = text_lower(call->arena, right);
	if (two_texts(call, texts) || (call->insensitive && !right.data))
		return -ENOMEM;
	*out = VALUE_OF_STR(source);
	if (!source.len || !texts[1].len || !right.len)
		return 0;
	*out = VALUE_OF_STR(STR(""));
	from = text_find(texts[0], texts[1]);
	if (from == SIZE_MAX)
		return 0;
	from += texts[1].len;
	rest = tail(texts[0], from);
	to = greedy ? text_find_last(texts[0], right) : text_find(rest, right);
	if (to == SIZE_MAX)
		return 0;
	if (!greedy)
		to += from;
	if (to < from)
		return raise_error(call, "between: the right comes first");
	/* lower case has as many characters, but maybe not as many bytes */
	rest = texts[0];
	rest.len = from;
	from = text_utf16_offset(source, text_utf16_length(rest));
	rest.len = to;
	source.len = text_utf16_offset(source, text_utf16_length(rest));
	*out = VALUE_OF_STR(tail(source, from));
	return 0;
}

/* --- conversions ---------------------------------------------------------- */

/* A value as text; data == NULL = the arena is full. */
static struct str as_text(struct call *call, const struct value *value)
{
	char text[DOUBLE_TEXT_MAX];

	switch (value->type) {
	case VALUE_STRING:
		return value->s.data ? value->s : STR("");
	case VALUE_BOOL:
		return value->b ? STR("true") : STR("false");
	case VALUE_INT:
		return arena_printf(call->arena, "%lld", (long long)value->i);
	case VALUE_DOUBLE:
		double_format(value->d, text);
		return arena_str(call->arena, str_from(text));
	default:
		return STR("");
	}
}

static int run_string(struct call *call, struct value *out)
{
	struct str text = as_text(call, &call->arguments[0]);

	if (!text.data)
		return -ENOMEM;
	*out = VALUE_OF_STR(text);
	return 0;
}

static int run_concat(struct call *call, struct value *out)
{
	struct str *texts =
		arena_array(call->arena, call->count, sizeof(*texts));
	size_t len = 0;
	char *joined;

	if (!texts)
		return -ENOMEM;
	for (size_t i = 0; i < call->count; i++) {
		texts[i] = as_text(call, &call->arguments[i]);
		if (!texts[i].data)
			return -ENOMEM;
		len += texts[i].len;
	}
	joined = arena_alloc(call->arena, len + 1);
	if (!joined)
		return -ENOMEM;
	len = 0;
	for (size_t i = 0; i < call->count; i++) {
		memcpy(joined + len, texts[i].data, texts[i].len);
		len += texts[i].len;
	}
	*out = VALUE_OF_STR(((struct str){ joined, len }));
	return 0;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = text_fold(c);
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* Digits of a base with an optional sign. */
static bool parse_base(struct str text, int base, int64_t *out)
{
	bool negative = text.len && text.data[0] == '-';
	size_t i = text.len && (negative || text.data[0] == '+');
	int64_t number = 0;

	if (i == text.len)
		return false;
	for (; i < text.len; i++) {
		int digit = digit_of(text.data[i]);

		if (digit >= base ||
		    __builtin_mul_overflow(number, base, &number) ||
		    __builtin_sub_overflow(number, digit, &number))
			return false;
	}
	if (!negative && number == INT64_MIN)
		return false;
	*out = negative ? number : -number;
	return true;
}

static int run_number(struct call *call, struct value *out)
{
	struct str text = call->arguments[0].s;
	bool hex = text.len > 2 && text.data[0] == '0' &&
		   text_fold(text.data[1]) == 'x';
	int64_t base, number;
	int rc = whole_argument(call, 1, hex ? 16 : 10, &base);

	if (rc)
		return rc;
	if (base < 2 || base > 36)
		return raise_error(call, "number: no such base");
	if (base == 10 && number_parse(text, out))
		return 0;
	if (!parse_base(tail(text, hex && base == 16 ? 2 : 0), (int)base,
			&number))
		return raise_error(call, "number: this text is none");
	*out = VALUE_OF_INT(number);
	return 0;
}

static int run_cidr_match(struct call *call, struct value *out)
{
	struct ip ip;

	if (ip_parse(call->arguments[0].s, &ip))
		return raise_error(call, "cidrMatch: this is no address");
	*out = VALUE_OF_BOOL(false);
	for (size_t i = 1; i < call->count && !out->b; i++) {
		struct network network;

		if (!network_parse(call->arguments[i].s, &network))
			return raise_error(call, "cidrMatch: no network");
		out->b = network_contains(&network, &ip);
	}
	return 0;
}

/* --- table ---------------------------------------------------------------- */

static const struct function functions[] = {
#define FUNCTION(id, name, parameters, least, tilde, result) \
	{ name, parameters, least, tilde, result, run_##id },
#include "functions.def"
#undef FUNCTION
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))
static_assert(FUNCTION_COUNT == 16, "EQL has sixteen functions");

static const struct function negation = { "-",	 "N",	      1,
					  false, KIND_NUMBER, run_negate };

const struct function *function_find(struct str name)
{
	size_t low = 0, high = FUNCTION_COUNT;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const char *other = functions[middle].name;
		int order = strncasecmp(name.data, other, name.len);

		if (!order)
			order = name.len < strlen(other) ? -1 : 0;
		if (!order)
			return &functions[middle];
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct function *function_of_symbol(char symbol)
{
	switch (symbol) {
	case '+':
		return function_find(STR("add"));
	case '-':
		return function_find(STR("subtract"));
	case '*':
		return function_find(STR("multiply"));
	case '/':
		return function_find(STR("divide"));
	case '%':
		return function_find(STR("modulo"));
	default:
		return &negation;
	}
}

char function_parameter(const struct function *function, size_t index)
{
	const char *parameters = function->parameters;
	size_t count = strlen(parameters);

	if (parameters[count - 1] == '+' && index >= count - 2)
		return parameters[count - 2];
	return index < count ? parameters[index] : '\0';
}
