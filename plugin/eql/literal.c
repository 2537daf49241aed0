/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "literal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"

/* --- networks ------------------------------------------------------------- */

static bool parse_prefix(struct str text, unsigned int bits, unsigned int *out)
{
	unsigned int prefix = 0;

	if (!text.len || text.len > 3)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		prefix = prefix * 10 + (unsigned int)(text.data[i] - '0');
	}
	*out = prefix;
	return prefix <= bits;
}

bool network_parse(struct str text, struct network *out)
{
	const char *slash = text.len ? memchr(text.data, '/', text.len) : NULL;
	struct str address = text;
	struct network network;
	unsigned int bits;

	if (slash)
		address.len = (size_t)(slash - text.data);
	if (ip_parse(address, &network.ip))
		return false;
	bits = memchr(address.data, ':', address.len) ? 128 : 32;
	network.prefix = bits;
	if (slash &&
	    !parse_prefix((struct str){ slash + 1, text.len - address.len - 1 },
			  bits, &network.prefix))
		return false;
	network.prefix += 128 - bits;
	for (unsigned int bit = network.prefix; bit < 128; bit++)
		network.ip.b[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
	*out = network;
	return true;
}

bool network_contains(const struct network *network, const struct ip *ip)
{
	unsigned int bytes = network->prefix / 8, bits = network->prefix % 8;
	uint8_t mask = (uint8_t)(0xff00U >> bits);

	if (memcmp(network->ip.b, ip->b, bytes))
		return false;
	return !bits || (ip->b[bytes] & mask) == network->ip.b[bytes];
}

/* --- numbers -------------------------------------------------------------- */

bool number_parse(struct str text, struct value *out)
{
	char copy[65], *end;
	long long integer;
	double real;

	if (!text.len || text.len >= sizeof(copy))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!text.data[i] || !strchr("0123456789+-.eE", text.data[i]))
			return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	errno = 0;
	integer = strtoll(copy, &end, 10);
	if (!*end && !errno) {
		*out = VALUE_OF_INT(integer);
		return true;
	}
	real = strtod(copy, &end);
	if (*end || !isfinite(real))
		return false;
	*out = (struct value){ .type = VALUE_DOUBLE, .d = real };
	return true;
}

/* digits d.ddd of the shortest form that reads back, without point. */
static int shortest_digits(double number, char digits[20])
{
	char text[40];
	size_t count = 0;

	for (int precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, number);
		if (strtod(text, NULL) == number)
			break;
	}
	for (const char *p = text; *p != 'e'; p++)
		if (*p != '.')
			digits[count++] = *p;
	while (count > 1 && digits[count - 1] == '0')
		count--;
	digits[count] = '\0';
	return atoi(strchr(text, 'e') + 1);
}

size_t double_format(double number, char out[DOUBLE_TEXT_MAX])
{
	const char *sign = signbit(number) ? "-" : "";
	char digits[20];
	int exponent, count, length;

	if (isnan(number))
		return (size_t)snprintf(out, DOUBLE_TEXT_MAX, "NaN");
	if (isinf(number))
		return (size_t)snprintf(out, DOUBLE_TEXT_MAX, "%sInfinity",
					sign);
	if (number == 0)
		return (size_t)snprintf(out, DOUBLE_TEXT_MAX, "%s0.0", sign);
	exponent = shortest_digits(fabs(number), digits);
	count = (int)strlen(digits);
	if (exponent < -3 || exponent > 6)
		length = snprintf(out, DOUBLE_TEXT_MAX, "%s%c.%sE%d", sign,
				  digits[0], count > 1 ? digits + 1 : "0",
				  exponent);
	else if (exponent < 0)
		length = snprintf(out, DOUBLE_TEXT_MAX, "%s0.%.*s%s", sign,
				  -exponent - 1, "000", digits);
	else if (count <= exponent + 1)
		length = snprintf(out, DOUBLE_TEXT_MAX, "%s%s%.*s.0", sign,
				  digits, exponent + 1 - count, "000000");
	else
		length = snprintf(out, DOUBLE_TEXT_MAX, "%s%.*s.%s", sign,
				  exponent + 1, digits, digits + exponent + 1);
	return (size_t)length;
}

bool compare_order(enum compare_op op, int order)
{
	switch (op) {
	case OP_EQ:
		return order == 0;
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	case OP_GE:
		return order >= 0;
	}
	return false;
}

/* A whole number with any other, exactly. */
static int compare_mixed(int64_t a, double b)
{
	int64_t whole;

	if (b >= 0x1p63)
		return -1;
	if (b < -0x1p63)
		return 1;
	whole = (int64_t)b;
	if (a != whole)
		return a < whole ? -1 : 1;
	return ((double)whole > b) - ((double)whole < b);
}

int compare_numbers(const struct value *a, const struct value *b)
{
	if (a->type == VALUE_INT && b->type == VALUE_INT)
		return (a->i > b->i) - (a->i < b->i);
	if (a->type == VALUE_INT)
		return compare_mixed(a->i, b->d);
	if (b->type == VALUE_INT)
		return -compare_mixed(b->i, a->d);
	return (a->d > b->d) - (a->d < b->d);
}

/* --- versions ------------------------------------------------------------- */

struct version {
	struct str core; /* numbers and dots */
	struct str pre; /* behind '-': comes before the same without */
	bool valid;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct version version_split(struct str text)
{
	struct version version = { .core = text, .valid = text.len > 0 };
	size_t i = 0;

	while (i < text.len &&
	       (is_digit(text.data[i]) ||
		(text.data[i] == '.' && i && is_digit(text.data[i - 1]))))
		i++;
	version.core.len = i;
	version.valid = i && is_digit(text.data[i - 1]);
	if (i < text.len && text.data[i] == '-') {
		version.pre =
			(struct str){ text.data + i + 1, text.len - i - 1 };
		version.valid = version.valid && version.pre.len;
	} else if (i < text.len && text.data[i] != '+') {
		version.valid = false;
	}
	return version;
}

/* The part up to the next dot, which is taken off. */
static struct str next_part(struct str *text)
{
	const char *dot = text->len ? memchr(text->data, '.', text->len) : NULL;
	struct str part = *text;

	if (dot)
		part.len = (size_t)(dot - text->data);
	text->data += part.len + (dot != NULL);
	text->len -= part.len + (dot != NULL);
	return part;
}

static bool all_digits(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_digit(text.data[i]))
			return false;
	return text.len > 0;
}

/* Numbers of any length by value and before words, words by bytes. */
static int compare_parts(struct str a, struct str b)
{
	bool numeric = all_digits(a);

	if (numeric != all_digits(b))
		return numeric ? -1 : 1;
	if (!numeric)
		return str_compare(a, b);
	for (; a.len && *a.data == '0'; a.data++)
		a.len--;
	for (; b.len && *b.data == '0'; b.data++)
		b.len--;
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return str_compare(a, b);
}

static int compare_dotted(struct str a, struct str b)
{
	while (a.len && b.len) {
		int order = compare_parts(next_part(&a), next_part(&b));

		if (order)
			return order;
	}
	return (a.len > 0) - (b.len > 0);
}

/*
 * The order of Elasticsearch's version fields: as semantic versioning has it,
 * what is no version behind all that are.
 */
static int compare_versions(struct str a, struct str b)
{
	struct version x = version_split(a), y = version_split(b);
	int order;

	if (x.valid != y.valid)
		return x.valid ? -1 : 1;
	if (!x.valid)
		return str_compare(a, b);
	order = compare_dotted(x.core, y.core);
	if (order)
		return order;
	if (!x.pre.len != !y.pre.len)
		return x.pre.len ? -1 : 1;
	order = compare_dotted(x.pre, y.pre);
	return order ? order : str_compare(a, b);
}

/* --- literals ------------------------------------------------------------- */

static void set_number(struct literal *literal, const struct value *number)
{
	if (number->type == VALUE_INT) {
		literal->number = NUMBER_INT;
		literal->low = literal->high = number->i;
	} else {
		literal->number = NUMBER_DOUBLE;
		literal->real = number->d;
	}
}

/* The text of a literal and, where it has one, its number. */
static int set_forms(struct arena *arena, struct literal *literal)
{
	const struct value *value = &literal->value;
	char text[DOUBLE_TEXT_MAX];
	struct value number;

	switch (value->type) {
	case VALUE_STRING:
		literal->text = value->s;
		literal->is_network =
			network_parse(value->s, &literal->network);
		if (number_parse(value->s, &number))
			set_number(literal, &number);
		return 0;
	case VALUE_BOOL:
		literal->text = value->b ? STR("true") : STR("false");
		return 0;
	case VALUE_INT:
		snprintf(text, sizeof(text), "%lld", (long long)value->i);
		break;
	case VALUE_DOUBLE:
		double_format(value->d, text);
		break;
	default:
		return 0;
	}
	set_number(literal, value);
	literal->text = arena_str(arena, str_from(text));
	return literal->text.data ? 0 : -ENOMEM;
}

static int set_date(struct literal *literal)
{
	struct str text = literal->value.s;
	struct date date;

	if (literal->value.type == VALUE_INT)
		return 0;
	if (literal->value.type != VALUE_STRING)
		return LITERAL_E_TYPE;
	if ((text.len >= 3 && !memcmp(text.data, "now", 3)) ||
	    memmem(text.data, text.len, "||", 2))
		return LITERAL_E_DATE_MATH;
	if (date_parse(text, &date))
		return LITERAL_E_TYPE;
	literal->number = NUMBER_INT;
	literal->low = date.low_ms;
	literal->high = date.high_ms;
	return 0;
}

int literal_make(struct arena *arena, const struct value *value,
		 enum field_type type, struct literal *out)
{
	struct literal literal = { .value = *value };
	int rc = set_forms(arena, &literal);

	if (rc)
		return rc;
	switch (type) {
	case FIELD_KEYWORD:
		break;
	case FIELD_LONG:
	case FIELD_DOUBLE:
		if (literal.number == NUMBER_NONE)
			return LITERAL_E_TYPE;
		break;
	case FIELD_BOOL:
		if (!str_equal(literal.text, STR("true")) &&
		    !str_equal(literal.text, STR("false")))
			return LITERAL_E_TYPE;
		break;
	case FIELD_IP:
		if (!literal.is_network)
			return LITERAL_E_TYPE;
		break;
	case FIELD_DATE:
		rc = set_date(&literal);
		if (rc)
			return rc;
		break;
	case FIELD_VERSION:
		literal.by_version = true;
		break;
	}
	*out = literal;
	return 0;
}

static bool number_holds(const struct literal *literal, enum compare_op op,
			 const struct value *value)
{
	struct value low = VALUE_OF_INT(literal->low);
	struct value high = VALUE_OF_INT(literal->high);

	if (literal->number == NUMBER_NONE)
		return false;
	if (literal->number == NUMBER_DOUBLE)
		low = high = (struct value){ .type = VALUE_DOUBLE,
					     .d = literal->real };
	if ((value->type == VALUE_DOUBLE && isnan(value->d)) ||
	    (low.type == VALUE_DOUBLE && isnan(low.d)))
		return false;
	switch (op) {
	case OP_EQ:
		return compare_numbers(value, &low) >= 0 &&
		       compare_numbers(value, &high) <= 0;
	case OP_LT:
	case OP_GE:
		return compare_order(op, compare_numbers(value, &low));
	case OP_LE:
	case OP_GT:
		return compare_order(op, compare_numbers(value, &high));
	}
	return false;
}

static bool text_holds(const struct literal *literal, enum compare_op op,
		       struct str text)
{
	if (op == OP_EQ)
		return str_equal(text, literal->text);
	return compare_order(op, literal->by_version
					 ? compare_versions(text, literal->text)
					 : str_compare(text, literal->text));
}

static bool ip_holds(const struct literal *literal, enum compare_op op,
		     const struct ip *ip)
{
	if (!literal->is_network)
		return false;
	if (op == OP_EQ)
		return network_contains(&literal->network, ip);
	return compare_order(
		op, memcmp(ip->b, literal->network.ip.b, sizeof(ip->b)));
}

bool literal_holds(const struct literal *literal, enum compare_op op,
		   const struct value *value)
{
	switch (value->type) {
	case VALUE_BOOL:
		return op == OP_EQ &&
		       str_equal(literal->text,
				 value->b ? STR("true") : STR("false"));
	case VALUE_INT:
	case VALUE_DOUBLE:
		return number_holds(literal, op, value);
	case VALUE_STRING:
		return text_holds(literal, op, value->s);
	case VALUE_IP:
		return ip_holds(literal, op, &value->ip);
	case VALUE_NULL:
	case VALUE_LIST:
		return false;
	}
	return false;
}
