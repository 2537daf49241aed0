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
#include "util/digits.h"
#include "util/strbuf.h"

#define ENRICHMENT 0x1d /* begins it */

/* Records that auparse gets at once: it takes longer than in proportion for
 * many, and their order is kept here anyhow. Of the arguments of a program there
 * may be thousands, of which it would make a copy three times as large. */
#define BATCH 16

struct record_field {
	struct str name, value;
};

struct record {
	int type;
	struct arena *arena; /* for what is decoded */
	struct str enrichment;
	size_t count;
	uint64_t *keys; /* record_key() of each name: what look-ups compare */
	struct record_field *fields;
};

struct record_parser {
	auparse_state_t *auparse;
	struct strbuf plain; /* what it has of the event in hand */
	size_t line_count, lines[BATCH]; /* which records those are */
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

/* Where the texts of a record's fields go: a block that nearly always has room
 * for all, since auparse hands out pieces of the record. */
struct copies {
	struct arena *arena;
	char *next;
	size_t room;
};

static int copies_begin(struct copies *copies, struct arena *arena, size_t room)
{
	copies->arena = arena;
	copies->next = arena_alloc(arena, room);
	copies->room = room;
	return copies->next ? 0 : -ENOMEM;
}

static int copy_text(struct copies *copies, const char *text, struct str *out)
{
	size_t len = text ? strlen(text) : 0;

	if (len >= copies->room) {
		char *apart = arena_alloc(copies->arena, len + 1);

		if (!apart)
			return -ENOMEM;
		if (len)
			memcpy(apart, text, len);
		*out = (struct str){ apart, len };
		return 0;
	}
	if (len)
		memcpy(copies->next, text, len);
	*out = (struct str){ copies->next, len };
	copies->next += len + 1; /* the arena gives zeroes */
	copies->room -= len + 1;
	return 0;
}

static int copy_field(auparse_state_t *auparse, struct copies *copies,
		      struct record_field *out)
{
	int rc = copy_text(copies, auparse_get_field_name(auparse), &out->name);

	if (rc)
		return rc;
	return copy_text(copies, auparse_get_field_str(auparse), &out->value);
}

/* len: of the record's text. */
static int copy_record(auparse_state_t *auparse, struct arena *arena,
		       size_t len, struct record **out)
{
	struct record *record = arena_alloc(arena, sizeof(*record));
	size_t count = auparse_get_num_fields(auparse);
	struct copies copies;

	if (!record)
		return -ENOMEM;
	record->type = auparse_get_type(auparse);
	record->arena = arena;
	record->fields = arena_array(arena, count, sizeof(*record->fields));
	record->keys = arena_array(arena, count, sizeof(*record->keys));
	if (!record->fields || !record->keys ||
	    copies_begin(&copies, arena, len + 1))
		return -ENOMEM;
	auparse_first_field(auparse);
	while (record->count < count) {
		struct record_field *field = &record->fields[record->count];
		int rc = copy_field(auparse, &copies, field);

		if (rc)
			return rc;
		record->keys[record->count++] = record_key(field->name);
		if (auparse_next_field(auparse) <= 0)
			break;
	}
	*out = record;
	return 0;
}

struct batch {
	const struct halves *halves;
	struct record **records;
	size_t first, count; /* which of its records */
};

/*
 * The records of the event auparse stands on, each at its place:
 * auparse makes one event of several where a record ends it early (LOGIN), and
 * passes over lines it does not understand.
 */
static int copy_event(const struct record_parser *parser, struct arena *arena,
		      const struct batch *batch)
{
	auparse_state_t *auparse = parser->auparse;

	if (auparse_first_record(auparse) <= 0)
		return 0;
	do {
		/* counted from 1 */
		size_t line = auparse_get_line_number(auparse), place;
		int rc;

		if (!line || line > parser->line_count)
			continue;
		place = parser->lines[line - 1];
		rc = copy_record(auparse, arena,
				 batch->halves->texts[place].len,
				 &batch->records[place]);
		if (rc)
			return rc;
		batch->records[place]->enrichment =
			batch->halves->enrichments[place];
	} while (auparse_next_record(auparse) > 0);
	return 0;
}

/* Where the type of a record stands, behind node= if there is one. */
static struct str after_node(struct str text)
{
	const char *space;

	if (text.len < 5 || memcmp(text.data, "node=", 5))
		return text;
	space = memchr(text.data, ' ', text.len);
	if (!space)
		return (struct str){ 0 };
	text.len -= (size_t)(space + 1 - text.data);
	text.data = space + 1;
	return text;
}

/* The text up to what, if that is in it. Quoted or encoded values hold no
 * space, so none of them can pass for a field. */
static struct str up_to(struct str text, struct str what)
{
	const char *found = memmem(text.data, text.len, what.data, what.len);

	if (found)
		text.len = (size_t)(found - text.data);
	return text;
}

/*
 * What auparse gets of a record. Its time goes by the number of fields, so
 * those at the end that nobody asks for are left out: nothing of PROCTITLE is
 * asked for, of PATH nothing behind nametype=. Of CWD it gets no more than one
 * cwd=, since it leaks the value of each but the last.
 */
static struct str wanted_part(struct str text)
{
	struct str rest = after_node(text);
	const char *end;

	if (str_begins(rest, STR("type=PROCTITLE ")))
		return (struct str){ 0 };
	if (str_begins(rest, STR("type=PATH ")))
		return up_to(text, STR(" cap_fp="));
	if (!str_begins(rest, STR("type=CWD ")))
		return text;
	rest = up_to(text, STR(" cwd="));
	end = rest.len == text.len ? NULL
				   : memchr(rest.data + rest.len + 1, ' ',
					    text.len - rest.len - 1);
	if (end)
		text.len = (size_t)(end - text.data);
	return text;
}

/* Hands lines to auparse; all it may hold of earlier ones goes. */
static int load(struct record_parser *parser, const struct batch *batch)
{
	struct strbuf *plain = &parser->plain;

	strbuf_reset(plain);
	parser->line_count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		struct str text = batch->halves->texts[batch->first + i];

		text = wanted_part(text);
		if (!text.len)
			continue;
		strbuf_add_str(plain, text);
		strbuf_add_char(plain, '\n');
		parser->lines[parser->line_count++] = batch->first + i;
	}
	if (plain->failed)
		return -ENOMEM;
	if (!parser->line_count)
		return 0;
	if (!auparse_new_buffer(parser->auparse, plain->data, plain->len))
		return 0;
	return errno == ENOMEM ? -ENOMEM : RECORD_E_MALFORMED;
}

static int parse_batch(struct record_parser *parser, struct arena *arena,
		       const struct batch *batch)
{
	int rc = load(parser, batch);

	if (!parser->line_count)
		return rc;
	while (!rc && auparse_next_event(parser->auparse) > 0)
		rc = copy_event(parser, arena, batch);
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
	bool given = false;

	for (; !rc && batch.first < max; batch.first += BATCH) {
		batch.count = max - batch.first;
		if (batch.count > BATCH)
			batch.count = BATCH;
		rc = parse_batch(parser, arena, &batch);
		given |= parser->line_count > 0;
	}
	if (rc)
		return rc;
	for (size_t i = 0; i < max; i++)
		if (batch.records[i])
			batch.records[count++] = batch.records[i];
	if (!count && given)
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

struct str record_field_at(const struct record *record, uint64_t key,
			   struct str name)
{
	for (size_t i = 0; i < record->count; i++)
		if (record->keys[i] == key &&
		    str_equal(record->fields[i].name, name))
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

struct str record_decode(const struct record *record, struct str value)
{
	return decode(record->arena, value);
}

bool record_parse_number(struct str text, int base, int64_t *out)
{
	bool negative = text.len && text.data[0] == '-';
	uint64_t number;

	if (negative) {
		text.data++;
		text.len--;
	}
	if (!digits_parse(text, base, &number))
		return false;
	/* hex registers use all 64 bits: the sign is in the top one */
	if ((base != 16 || negative) && number > INT64_MAX)
		return false;
	*out = negative ? -(int64_t)number : (int64_t)number;
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
