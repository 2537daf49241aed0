/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libauparse splits records into fields; this is all that is asked of it. What
 * it would interpret is decoded here, since its interpretation of ids asks the
 * user database (seconds of waiting where that is remote), and its search for a
 * field walks on into the next record.
 *
 * An event is given to it whole, as a buffer of its own: nothing is left in its
 * state from one event to the next. What auditd adds behind 0x1D (enrichment)
 * is kept from it: it would split that for each record it steps on, a quarter
 * of its time, and nobody asks it for the result.
 *
 * In a field that may hold any bytes (name, cwd, comm, exe, arguments) the
 * kernel writes text either in quotes, which never hold a quote, a blank or a
 * control byte, or as hex without quotes; (null) without quotes is no value.
 */
#include "record.h"

#include <auparse.h>
#include <errno.h>
#include <libaudit.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "util/strbuf.h"

#define ENRICHMENT 0x1d /* begins it */

struct record_field {
	struct str name, value;
};

struct record {
	int type;
	struct arena *arena; /* for what is decoded */
	struct str enrichment;
	size_t count;
	struct record_field *fields;
};

struct record_parser {
	auparse_state_t *auparse;
	struct strbuf plain; /* the event in hand, without enrichment */
};

int record_parser_new(struct record_parser **out)
{
	struct record_parser *parser = calloc(1, sizeof(*parser));

	if (!parser)
		return -ENOMEM;
	parser->plain.max = LIMIT_EVENT_BYTES;
	parser->auparse = auparse_init(AUSOURCE_BUFFER, "");
	if (!parser->auparse) {
		free(parser);
		return -ENOMEM;
	}
	auparse_set_escape_mode(parser->auparse, AUPARSE_ESC_RAW);
	*out = parser;
	return 0;
}

void record_parser_free(struct record_parser **parser)
{
	if (!*parser)
		return;
	auparse_destroy((*parser)->auparse);
	strbuf_free(&(*parser)->plain);
	free(*parser);
	*parser = NULL;
}

/* --- parsing -------------------------------------------------------------- */

/* The raw records cut in two: texts and what stands behind 0x1D. */
struct halves {
	struct str *texts, *enrichments;
};

static int split_records(const struct raw_event *raw, struct arena *arena,
			 struct halves *out)
{
	size_t count = raw->record_count;

	out->texts = arena_array(arena, 2 * count, sizeof(*out->texts));
	if (!out->texts)
		return -ENOMEM;
	out->enrichments = out->texts + count;
	for (size_t i = 0; i < count; i++) {
		struct str text = arena_str(arena, raw->records[i]);
		const char *mark;

		if (!text.data)
			return -ENOMEM;
		mark = memchr(text.data, ENRICHMENT, text.len);
		if (mark) {
			size_t len = (size_t)(mark - text.data);

			out->enrichments[i] =
				(struct str){ mark + 1, text.len - len - 1 };
			text.len = len;
		}
		out->texts[i] = text;
	}
	return 0;
}

static int copy_field(auparse_state_t *auparse, struct arena *arena,
		      struct record_field *out)
{
	struct str name = str_from(auparse_get_field_name(auparse));
	struct str value = str_from(auparse_get_field_str(auparse));
	char *copy = arena_alloc(arena, name.len + value.len + 1);

	if (!copy)
		return -ENOMEM;
	if (name.len)
		memcpy(copy, name.data, name.len);
	if (value.len)
		memcpy(copy + name.len, value.data, value.len);
	out->name = (struct str){ copy, name.len };
	out->value = (struct str){ copy + name.len, value.len };
	return 0;
}

static int copy_record(auparse_state_t *auparse, struct arena *arena,
		       struct record **out)
{
	struct record *record = arena_alloc(arena, sizeof(*record));
	size_t count = auparse_get_num_fields(auparse);

	if (!record)
		return -ENOMEM;
	record->type = auparse_get_type(auparse);
	record->arena = arena;
	record->fields = arena_array(arena, count, sizeof(*record->fields));
	if (!record->fields)
		return -ENOMEM;
	auparse_first_field(auparse);
	while (record->count < count) {
		int rc = copy_field(auparse, arena,
				    &record->fields[record->count]);

		if (rc)
			return rc;
		record->count++;
		if (auparse_next_field(auparse) <= 0)
			break;
	}
	*out = record;
	return 0;
}

/* The lines of an event that auparse has in hand: it takes longer than in
 * proportion for many, and the order of records is kept here anyhow. */
#define BATCH 256

struct batch {
	const struct halves *halves;
	struct record **records;
	size_t first, count; /* lines of the event */
};

/*
 * The records of the event auparse stands on, each at the place of its line:
 * auparse makes one event of several where a record ends it early (LOGIN), and
 * passes over lines it does not understand.
 */
static int copy_event(auparse_state_t *auparse, struct arena *arena,
		      const struct batch *batch)
{
	if (auparse_first_record(auparse) <= 0)
		return 0;
	do {
		/* counted from 1 */
		size_t line = auparse_get_line_number(auparse);
		size_t place = batch->first + line - 1;
		int rc;

		if (!line || line > batch->count)
			continue;
		rc = copy_record(auparse, arena, &batch->records[place]);
		if (rc)
			return rc;
		batch->records[place]->enrichment =
			batch->halves->enrichments[place];
	} while (auparse_next_record(auparse) > 0);
	return 0;
}

/* What auparse gets of a record: of CWD no more than one cwd=, since it leaks
 * the value of each but the last. */
static struct str without_more(struct str text)
{
	const char *cwd = memmem(text.data, text.len, " cwd=", 5);
	const char *end;

	if (!cwd || !memmem(text.data, text.len, "type=CWD ", 9))
		return text;
	cwd++;
	end = memchr(cwd, ' ', text.len - (size_t)(cwd - text.data));
	if (end)
		text.len = (size_t)(end - text.data);
	return text;
}

/* Hands lines to auparse; all it may hold of earlier ones goes. */
static int load(struct record_parser *parser, const struct batch *batch)
{
	struct strbuf *plain = &parser->plain;

	strbuf_reset(plain);
	for (size_t i = 0; i < batch->count; i++) {
		strbuf_add_str(
			plain,
			without_more(batch->halves->texts[batch->first + i]));
		strbuf_add_char(plain, '\n');
	}
	if (plain->failed)
		return -ENOMEM;
	if (!auparse_new_buffer(parser->auparse, plain->data, plain->len))
		return 0;
	return errno == ENOMEM ? -ENOMEM : RECORD_E_MALFORMED;
}

static int parse_batch(struct record_parser *parser, struct arena *arena,
		       const struct batch *batch)
{
	int rc = load(parser, batch);

	while (!rc && auparse_next_event(parser->auparse) > 0)
		rc = copy_event(parser->auparse, arena, batch);
	return rc;
}

int record_parse(struct record_parser *parser, const struct raw_event *raw,
		 struct arena *arena, struct record_event *out)
{
	size_t max = raw->record_count, count = 0;
	struct halves halves = { 0 };
	struct batch batch = {
		.halves = &halves,
		.records = arena_array(arena, max, sizeof(*batch.records)),
	};
	int rc = batch.records ? split_records(raw, arena, &halves) : -ENOMEM;

	for (; !rc && batch.first < max; batch.first += BATCH) {
		batch.count = max - batch.first;
		if (batch.count > BATCH)
			batch.count = BATCH;
		rc = parse_batch(parser, arena, &batch);
	}
	if (rc)
		return rc;
	for (size_t i = 0; i < max; i++)
		if (batch.records[i])
			batch.records[count++] = batch.records[i];
	if (!count)
		return RECORD_E_MALFORMED;
	*out = (struct record_event){
		.raw = raw,
		.count = count,
		.records = (const struct record *const *)batch.records,
		.texts = halves.texts,
	};
	return 0;
}

/* --- fields --------------------------------------------------------------- */

int record_type(const struct record *record)
{
	return record->type;
}

struct str record_raw(const struct record *record, const char *field)
{
	struct str name = str_from(field);

	for (size_t i = 0; i < record->count; i++)
		if (str_equal(record->fields[i].name, name))
			return record->fields[i].value;
	return (struct str){ 0 };
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Decodes hex into out (len / 2 bytes); false = it is none. */
static bool hex_decode(struct str hex, char *out)
{
	if (hex.len % 2)
		return false;
	for (size_t i = 0; i < hex.len; i += 2) {
		int high = hex_value(hex.data[i]);
		int low = hex_value(hex.data[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (char)(high << 4 | low);
	}
	return true;
}

static struct str decode(struct arena *arena, struct str value)
{
	char *bytes;

	if (!value.len || str_equal(value, STR("(null)")))
		return (struct str){ 0 };
	if (value.data[0] == '"') {
		size_t end = value.len > 1 && value.data[value.len - 1] == '"';

		return (struct str){ value.data + 1, value.len - 1 - end };
	}
	bytes = arena_alloc(arena, value.len / 2 + 1);
	if (!bytes)
		return (struct str){ 0 };
	/* not encoded after all: a word such as (none) */
	if (!hex_decode(value, bytes))
		return value;
	return (struct str){ bytes, value.len / 2 };
}

struct str record_decoded(const struct record *record, const char *field)
{
	return decode(record->arena, record_raw(record, field));
}

bool record_number(const struct record *record, const char *field, int base,
		   int64_t *out)
{
	struct str text = record_raw(record, field);
	char copy[32], *end;
	uint64_t number;

	if (!text.len || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	errno = 0;
	number = strtoull(copy, &end, base);
	if (*end || errno || end == copy)
		return false;
	/* hex registers use all 64 bits: the sign is in the top one */
	if (base != 16 && copy[0] != '-' && number > INT64_MAX)
		return false;
	*out = (int64_t)number;
	return true;
}

const struct record *record_find(const struct record_event *event, int type,
				 size_t *next)
{
	while (*next < event->count) {
		const struct record *record = event->records[(*next)++];

		if (record->type == type)
			return record;
	}
	return NULL;
}

/* Where a value ends: "...", {...}, or a word. */
static const char *value_end(const char *p, const char *end)
{
	char close = *p == '"' ? '"' : *p == '{' ? '}' : ' ';
	const char *found = memchr(p + 1, close, (size_t)(end - p - 1));

	if (!found)
		return end;
	return close == ' ' ? found : found + 1;
}

struct str record_enriched(const struct record *record, const char *name)
{
	struct str wanted = str_from(name), value;
	const char *p = record->enrichment.data;
	const char *end = p ? p + record->enrichment.len : NULL;

	while (p < end) {
		const char *equals = memchr(p, '=', (size_t)(end - p));
		struct str found;

		if (!equals || equals + 1 == end)
			break;
		found = (struct str){ p, (size_t)(equals - p) };
		p = value_end(equals + 1, end);
		value = (struct str){ equals + 1, (size_t)(p - equals - 1) };
		if (str_equal(found, wanted))
			return value.data[0] == '"'
				       ? decode(record->arena, value)
				       : value;
		p += p < end && *p == ' ';
	}
	return (struct str){ 0 };
}

/* --- arguments ------------------------------------------------------------ */

/* a3 or a3[1]: the number, and whether it is a piece of an argument. False = no
 * argument, such as a3_len. */
static bool argument_number(struct str name, size_t *number, bool *piece)
{
	size_t i = 1;

	if (name.len < 2 || name.data[0] != 'a')
		return false;
	*number = 0;
	for (; i < name.len && name.data[i] >= '0' && name.data[i] <= '9';
	     i++) {
		*number = *number * 10 + (size_t)(name.data[i] - '0');
		if (*number >= LIMIT_ARGS)
			return false;
	}
	*piece = i < name.len;
	return i > 1 && (!*piece || name.data[i] == '[');
}

/* An argument being joined. Doubling keeps that linear. */
struct argument {
	struct str text;
	size_t capacity; /* 0 = text is borrowed */
};

static int argument_append(struct arena *arena, struct argument *argument,
			   struct str piece)
{
	size_t need = argument->text.len + piece.len;
	char *bytes = (char *)argument->text.data;

	if (!bytes) {
		argument->text = piece;
		return 0;
	}
	if (need > argument->capacity) {
		argument->capacity = 2 * need;
		bytes = arena_alloc(arena, argument->capacity);
		if (!bytes)
			return -ENOMEM;
		memcpy(bytes, argument->text.data, argument->text.len);
	}
	memcpy(bytes + argument->text.len, piece.data, piece.len);
	argument->text = (struct str){ bytes, need };
	return 0;
}

/* Takes the arguments of one EXECVE record. */
static int take_arguments(const struct record *record, struct arena *arena,
			  struct argument *arguments)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct record_field *field = &record->fields[i];
		struct str text;
		size_t number;
		bool piece;
		int rc;

		if (!argument_number(field->name, &number, &piece) ||
		    (!piece && arguments[number].text.data))
			continue;
		text = decode(arena, field->value);
		if (!text.data)
			text = STR("");
		rc = argument_append(arena, &arguments[number], text);
		if (rc)
			return rc;
	}
	return 0;
}

/* The highest argument number that occurs, plus one: argc may be a lie of a
 * record that was cut. */
static size_t count_arguments(const struct record_event *event)
{
	const struct record *record;
	size_t next = 0, count = 0, number;
	bool piece;

	while ((record = record_find(event, AUDIT_EXECVE, &next)))
		for (size_t i = 0; i < record->count; i++)
			if (argument_number(record->fields[i].name, &number,
					    &piece) &&
			    number >= count)
				count = number + 1;
	return count;
}

int record_arguments(const struct record_event *event, struct arena *arena,
		     struct str_array *out, bool *complete)
{
	size_t count = count_arguments(event), next = 0;
	const struct record *record = record_find(event, AUDIT_EXECVE, &next);
	struct argument *arguments =
		arena_array(arena, count, sizeof(*arguments));
	struct str *items = arena_array(arena, count, sizeof(*items));
	int64_t promised = -1;

	if (!arguments || !items)
		return -ENOMEM;
	if (record)
		record_number(record, "argc", 10, &promised);
	*complete = promised == (int64_t)count;
	for (; record; record = record_find(event, AUDIT_EXECVE, &next)) {
		int rc = take_arguments(record, arena, arguments);

		if (rc)
			return rc;
	}
	for (size_t i = 0; i < count; i++) {
		items[i] = arguments[i].text;
		if (!items[i].data) {
			items[i] = STR("");
			*complete = false;
		}
	}
	*out = (struct str_array){ count, items };
	return 0;
}
