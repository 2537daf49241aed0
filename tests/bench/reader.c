/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a record reader of our own could gain: takes of a log on its input the
 * fields that auparse_loop.c takes, of the same records, without libauparse. One
 * pass over each record, nothing allocated; a field's name is known by its
 * length and first byte, and then compared. Numbers are read, texts decoded;
 * unlike there nothing gets a name (system calls, users, errors, addresses).
 *
 * It prints events, fields and bytes of their values as they stand in the log,
 * which are those of `auparse_loop --raw`; then what the values came to.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SERIALS 1024
#define CHUNK (1U << 18)

struct span {
	const char *at, *end;
};

struct reader {
	struct {
		uint64_t serial;
		bool wanted;
	} events[SERIALS];
	unsigned long count, fields, bytes;
	uint64_t numbers; /* their sum */
	unsigned long decoded; /* bytes of texts */
	char text[CHUNK]; /* the one in hand */
};

/* --- values --------------------------------------------------------------- */

static uint64_t number(const char **p, const char *end)
{
	uint64_t value = 0;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
		value = value * 10 + (uint64_t)(**p - '0');
	return value;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Quoted as it is, else in hex; what is neither, such as (null), is no text. */
static size_t decode(struct span value, char *out)
{
	size_t len = 0;

	if (value.end - value.at >= 2 && *value.at == '"') {
		len = (size_t)(value.end - value.at) - 2;
		memcpy(out, value.at + 1, len);
		return len;
	}
	for (; value.end - value.at >= 2; value.at += 2) {
		int high = nibble(value.at[0]), low = nibble(value.at[1]);

		if (high < 0 || low < 0)
			return 0;
		out[len++] = (char)(high << 4 | low);
	}
	return len;
}

enum kind { NUMBER, TEXT, WORD };

static void take(struct reader *reader, enum kind kind, struct span value)
{
	const char *p = value.at;

	reader->fields++;
	reader->bytes += (unsigned long)(value.end - value.at);
	if (kind == TEXT) {
		reader->decoded += decode(value, reader->text);
	} else if (kind == NUMBER) {
		p += p < value.end && *p == '-';
		reader->numbers += number(&p, value.end);
	}
}

/* --- fields --------------------------------------------------------------- */

struct field {
	const char *name;
	size_t len;
	enum kind kind;
};

#define FIELDS_MAX 16
#define LENGTHS 16
#define BYTES 32

/* Of one type of record. */
struct type {
	const char *name;
	const struct field fields[FIELDS_MAX];
	/* the place, from 1, of the first field of a length and first byte;
	 * others of the same follow it */
	uint8_t first[LENGTHS][BYTES];
};

#define FIELD(name, kind) \
	{ \
		name, sizeof(name) - 1, kind \
	}
static struct type types[] = {
	{ "SYSCALL",
	  { FIELD("syscall", NUMBER), FIELD("success", WORD),
	    FIELD("exit", NUMBER), FIELD("euid", NUMBER), FIELD("ppid", NUMBER),
	    FIELD("pid", NUMBER), FIELD("auid", NUMBER), FIELD("uid", NUMBER),
	    FIELD("ses", NUMBER), FIELD("comm", TEXT), FIELD("exe", TEXT),
	    FIELD("key", TEXT) },
	  { { 0 } } },
	{ "EXECVE", { { 0 } }, { { 0 } } }, /* all arguments */
	{ "PATH", { FIELD("name", TEXT), FIELD("nametype", WORD) }, { { 0 } } },
	{ "CWD", { FIELD("cwd", TEXT) }, { { 0 } } },
	{ "SOCKADDR", { FIELD("saddr", TEXT) }, { { 0 } } },
	{ "PROCTITLE", { FIELD("proctitle", TEXT) }, { { 0 } } },
};

#define TYPES (sizeof(types) / sizeof(types[0]))
#define TYPE_SYSCALL (&types[0])
#define TYPE_EXECVE (&types[1])

static void index_fields(void)
{
	for (struct type *type = types; type < types + TYPES; type++)
		for (size_t i = FIELDS_MAX; i-- > 0;) {
			const struct field *field = &type->fields[i];

			if (field->name)
				type->first[field->len % LENGTHS]
					   [*field->name % BYTES] =
					(uint8_t)(i + 1);
		}
}

static const struct field *find_field(const struct type *type, struct span name)
{
	size_t len = (size_t)(name.end - name.at);
	size_t place =
		type->first[len % LENGTHS][(unsigned char)*name.at % BYTES];
	const struct field *field = &type->fields[place - 1];

	if (!place)
		return NULL;
	for (; field < type->fields + FIELDS_MAX && field->len == len; field++)
		if (!memcmp(field->name, name.at, len))
			return field;
	return NULL;
}

/* The next NAME=VALUE; false = there is none. */
static bool next_field(struct span *rest, struct span *name, struct span *value)
{
	const char *equals;

	while (rest->at < rest->end && *rest->at == ' ')
		rest->at++;
	equals = memchr(rest->at, '=', (size_t)(rest->end - rest->at));
	if (!equals || equals == rest->at)
		return false;
	*name = (struct span){ rest->at, equals };
	value->at = equals + 1;
	value->end = memchr(value->at, ' ', (size_t)(rest->end - value->at));
	if (!value->end)
		value->end = rest->end;
	rest->at = value->end;
	return true;
}

static bool is_argument(struct span name)
{
	return name.end - name.at > 1 && name.at[0] == 'a' &&
	       name.at[1] >= '0' && name.at[1] <= '9';
}

/* Of several fields with one name the first counts, as auparse finds it. */
static void take_fields(struct reader *reader, const struct type *type,
			struct span rest)
{
	unsigned int taken = 0;
	struct span name, value;

	while (next_field(&rest, &name, &value)) {
		const struct field *field = find_field(type, name);
		unsigned int bit = field ? 1U << (field - type->fields) : 0;

		if (field && !(taken & bit))
			take(reader, field->kind, value);
		else if (type == TYPE_EXECVE && is_argument(name))
			take(reader, TEXT, value);
		taken |= bit;
	}
}

/* --- records -------------------------------------------------------------- */

static const struct type *find_type(struct span name)
{
	size_t len = (size_t)(name.end - name.at);

	for (size_t i = 0; i < TYPES; i++)
		if (strlen(types[i].name) == len &&
		    !memcmp(types[i].name, name.at, len))
			return &types[i];
	return NULL;
}

/* arch=c000003e syscall=59 */
static bool is_wanted_call(struct span rest)
{
	struct span name, value;

	while (next_field(&rest, &name, &value)) {
		if (name.end - name.at != 7 || memcmp(name.at, "syscall", 7))
			continue;
		switch (number(&value.at, value.end)) {
		case 42: /* connect */
		case 59: /* execve */
		case 257: /* openat */
		case 322: /* execveat */
			return true;
		default:
			return false;
		}
	}
	return false;
}

/* [node=NAME ]type=NAME msg=audit(TIME:SERIAL): FIELDS, up to the enrichment. */
static bool split(struct span line, struct span *type, uint64_t *serial,
		  struct span *rest)
{
	const char *p = line.at, *end = line.end;

	if (p < end && *p == 'n')
		p = memchr(p, ' ', (size_t)(end - p));
	if (!p || end - p < 16)
		return false;
	p += *p == ' ';
	type->at = p + 5;
	type->end = memchr(type->at, ' ', (size_t)(end - type->at));
	p = type->end ? memchr(type->end, ':', (size_t)(end - type->end))
		      : NULL;
	if (!p)
		return false;
	p++;
	*serial = number(&p, end);
	rest->at = end - p < 2 ? end : p + 2;
	rest->end = memchr(rest->at, 0x1d, (size_t)(end - rest->at));
	if (!rest->end)
		rest->end = end;
	return true;
}

/* Records of events may come mixed: what was decided on is remembered of the
 * last serials. */
static void read_line(struct reader *reader, struct span line)
{
	const struct type *type;
	struct span name, rest;
	uint64_t serial;
	size_t slot;

	if (!split(line, &name, &serial, &rest))
		return;
	type = find_type(name);
	slot = serial % SERIALS;
	if (reader->events[slot].serial != serial) {
		reader->count++;
		reader->events[slot].serial = serial;
		reader->events[slot].wanted =
			type == TYPE_SYSCALL && is_wanted_call(rest);
	}
	if (type && reader->events[slot].wanted)
		take_fields(reader, type, rest);
}

/* The lines that are whole; how much was left over. */
static size_t read_chunk(struct reader *reader, char *data, size_t len)
{
	struct span line = { data, NULL };
	const char *end = data + len;

	while ((line.end = memchr(line.at, '\n', (size_t)(end - line.at)))) {
		read_line(reader, line);
		line.at = line.end + 1;
	}
	memmove(data, line.at, (size_t)(end - line.at));
	return (size_t)(end - line.at);
}

int main(void)
{
	static struct reader reader;
	static char data[CHUNK];
	size_t len = 0;
	ssize_t got;

	index_fields();
	while ((got = read(STDIN_FILENO, data + len, sizeof(data) - len)) > 0)
		len = read_chunk(&reader, data, len + (size_t)got);
	printf("%lu events, %lu fields, %lu bytes\n", reader.count,
	       reader.fields, reader.bytes);
	printf("numbers to %llu, %lu bytes of text\n",
	       (unsigned long long)reader.numbers, reader.decoded);
	return got != 0;
}
