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
 * Its time goes by the number of records, fields and bytes, so it gets no
 * records and no fields that nobody reads, and the commonest records of a call
 * as one. It takes a record for words between blanks, whatever quotes are in it,
 * and makes a field of each word that has an equals sign, whatever stands beside
 * it: a word that is left out takes its field along, and no other; and what is
 * joined by a byte that no record has can be told apart again.
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
	uint64_t key; /* record_key() of the name: what look-ups compare */
	struct str name, value;
};

struct record {
	int type;
	struct arena *arena; /* for what is decoded */
	struct str enrichment;
	size_t count;
	const struct record_field *fields;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Words that are left out: how they begin, and who reads them after all. */
struct unread {
	struct str begin;
	unsigned int want; /* of enum record_want */
};

static const struct unread unread_of_call[] = {
	{ STR("a0="), RECORD_A0 },
	{ STR("a1="), RECORD_A1 },
	{ STR("a2="), RECORD_A2 },
	{ STR("a3="), RECORD_A3 },
	{ STR("arch="), RECORD_CALL },
	{ STR("comm="), RECORD_COMM },
	{ STR("exit="), 0 },
	{ STR("fsgid="), 0 },
	{ STR("fsuid="), 0 },
	{ STR("key="), 0 },
	{ STR("sgid="), 0 },
	{ STR("subj="), 0 },
	{ STR("success="), RECORD_CALL },
	{ STR("suid="), 0 },
	{ STR("syscall="), RECORD_CALL },
};

static const struct unread unread_of_path[] = {
	{ STR("cap_f"), 0 },
	{ STR("item="), 0 },
	{ STR("obj="), 0 },
	{ STR("rdev="), 0 },
};

/*
 * Records that are joined. The name of the first field of each but the first
 * has a byte before it that the kernel writes into none of them: one that has
 * it anywhere, or does not begin as it should, stands apart. A call comes first.
 */
#define MARK 0x1c

static const struct joined {
	int type;
	struct str field; /* the first one that is read */
	const struct unread *unread;
	size_t unread_count;
} joined[] = {
	{ AUDIT_SYSCALL, { 0 }, unread_of_call, COUNT(unread_of_call) },
	{ AUDIT_PATH, STR("name="), unread_of_path, COUNT(unread_of_path) },
	{ AUDIT_EXECVE, STR("argc="), NULL, 0 },
	{ AUDIT_SOCKADDR, STR("saddr="), NULL, 0 },
};

/* Unread words of one type of record, as they are compared: eight bytes at
 * once, and only those whose first two letters it may be. */
#define WORD_BYTES sizeof(uint64_t)
#define LETTERS 64
#define UNREAD_MAX 16

struct unread_words {
	uint16_t candidates[LETTERS]; /* a bit for each of: */
	struct {
		uint64_t bytes, mask;
		unsigned int want;
	} words[UNREAD_MAX];
};

_Static_assert(COUNT(unread_of_call) <= UNREAD_MAX, "too many words");

/* Records that auparse has as one. */
struct line {
	size_t first, count; /* of places[] */
};

struct place {
	size_t record; /* of the event */
	int type; /* of one that is joined; -1 = as auparse says */
};

struct record_parser {
	auparse_state_t *auparse;
	struct unread_words unread[COUNT(joined)];
	struct strbuf plain; /* what it has of the event in hand */
	size_t line_count, place_count;
	struct line lines[BATCH];
	struct place places[BATCH];
};

static size_t letters(const char *word)
{
	return ((unsigned char)word[0] + 4U * (unsigned char)word[1]) % LETTERS;
}

static void make_unread(const struct joined *type, struct unread_words *out)
{
	static const struct str ones = STR("\377\377\377\377\377\377\377\377");

	for (size_t i = 0; i < type->unread_count; i++) {
		struct str begin = type->unread[i].begin;

		out->candidates[letters(begin.data)] |= (uint16_t)(1U << i);
		out->words[i].bytes = record_key(begin);
		out->words[i].mask =
			record_key((struct str){ ones.data, begin.len });
		out->words[i].want = type->unread[i].want;
	}
}

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
	for (size_t i = 0; i < COUNT(joined); i++)
		make_unread(&joined[i], &parser->unread[i]);
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

/* Copies them, one behind the other; behind the last one as many bytes can be
 * read as the beginning of a word has. */
static char *copy_texts(const struct raw_event *raw, struct arena *arena)
{
	size_t size = WORD_BYTES;
	char *copy, *end;

	for (size_t i = 0; i < raw->record_count; i++)
		size += raw->records[i].len + 1;
	copy = end = arena_alloc(arena, size);
	for (size_t i = 0; copy && i < raw->record_count; i++) {
		struct str text = raw->records[i];

		if (text.len)
			memcpy(end, text.data, text.len);
		end += text.len + 1; /* the arena gives zeroes */
	}
	return copy;
}

static int split_records(const struct raw_event *raw, struct arena *arena,
			 struct halves *out)
{
	size_t count = raw->record_count;
	const char *text = copy_texts(raw, arena);

	out->texts = arena_array(arena, 2 * count, sizeof(*out->texts));
	if (!text || !out->texts)
		return -ENOMEM;
	out->enrichments = out->texts + count;
	for (size_t i = 0; i < count; i++) {
		size_t len = raw->records[i].len;
		const char *mark = memchr(text, ENRICHMENT, len);
		const char *end = mark ? mark : text + len;

		out->texts[i] = (struct str){ text, (size_t)(end - text) };
		if (mark)
			out->enrichments[i] =
				(struct str){ mark + 1,
					      (size_t)(text + len - mark - 1) };
		text += len + 1;
	}
	return 0;
}

/* Where the texts of a record's fields go: a block that nearly always has room
 * for all, since auparse hands out pieces of the record. */
struct copies {
	struct arena *arena;
	char *next, *end;
};

/* Copies a text and the NUL behind it. */
static inline int copy_text(struct copies *copies, const char *text,
			    struct str *out)
{
	size_t len = strlen(text);
	char *copy = copies->next;

	if (len < (size_t)(copies->end - copy)) {
		copies->next += len + 1;
	} else {
		copy = arena_alloc(copies->arena, len + 1);
		if (!copy)
			return -ENOMEM;
	}
	memcpy(copy, text, len + 1);
	*out = (struct str){ copy, len };
	return 0;
}

/* A name of up to eight bytes is read from its key. */
static int copy_name(struct copies *copies, const char *name,
		     struct record_field *out)
{
	char *key = (char *)&out->key;
	size_t len = 0;

	while (len < WORD_BYTES && name[len]) {
		key[len] = name[len];
		len++;
	}
	out->name = (struct str){ key, len };
	return len == WORD_BYTES && name[len]
		       ? copy_text(copies, name, &out->name)
		       : 0;
}

struct batch {
	const struct raw_event *raw;
	const struct halves *halves;
	struct record **records;
	unsigned int want;
	size_t first, count; /* which of its records */
};

/* The fields of a line, from where auparse stands. */
struct fields {
	auparse_state_t *auparse;
	struct record_field *next;
	size_t left;
	struct copies copies;
};

/* len: of the line's records. */
static int fields_begin(struct fields *fields, auparse_state_t *auparse,
			struct arena *arena, size_t len)
{
	size_t count = auparse_get_num_fields(auparse);
	char *text = arena_alloc(arena, len + 1);

	if (!text)
		return -ENOMEM;
	*fields = (struct fields){
		.auparse = auparse,
		.next = arena_array(arena, count, sizeof(*fields->next)),
		.left = count,
		.copies = { arena, text, text + len + 1 },
	};
	auparse_first_field(auparse);
	return fields->next ? 0 : -ENOMEM;
}

/* No text is told of an event at the beginning of time. */
static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static inline int copy_field(struct fields *fields, const char *name)
{
	const char *value = auparse_get_field_str(fields->auparse);
	int rc = copy_name(&fields->copies, name, fields->next);

	return rc ? rc
		  : copy_text(&fields->copies, or_empty(value),
			      &fields->next->value);
}

/* The fields of one record; in_row = up to the next one that is marked. */
static int copy_fields(struct fields *fields, bool in_row,
		       struct record *record)
{
	record->fields = fields->next;
	for (; fields->left; fields->left--) {
		const char *name =
			or_empty(auparse_get_field_name(fields->auparse));
		bool marked = in_row && name[0] == MARK;
		int rc;

		if (marked && record->count)
			break;
		rc = copy_field(fields, name + marked);
		if (rc)
			return rc;
		record->count++;
		fields->next++;
		auparse_next_field(fields->auparse);
	}
	return 0;
}

/* The records of the line auparse stands on, each at its place. */
static int copy_line(const struct record_parser *parser, struct arena *arena,
		     const struct batch *batch, const struct line *line)
{
	struct record *records =
		arena_array(arena, line->count, sizeof(*records));
	const struct place *places = &parser->places[line->first];
	int type = auparse_get_type(parser->auparse), rc;
	struct fields fields;
	size_t len = 0;

	for (size_t i = 0; i < line->count; i++)
		len += batch->halves->texts[places[i].record].len;
	rc = records ? fields_begin(&fields, parser->auparse, arena, len)
		     : -ENOMEM;
	for (size_t i = 0; !rc && i < line->count; i++) {
		records[i] = (struct record){
			.type = places[i].type < 0 ? type : places[i].type,
			.arena = arena,
			.enrichment =
				batch->halves->enrichments[places[i].record],
		};
		batch->records[places[i].record] = &records[i];
		rc = copy_fields(&fields, places[i].type >= 0, &records[i]);
	}
	return rc;
}

/*
 * Those of the event auparse stands on: it makes one event of several where a
 * record ends it early (LOGIN), and passes over lines it does not understand.
 */
static int copy_event(const struct record_parser *parser, struct arena *arena,
		      const struct batch *batch)
{
	auparse_state_t *auparse = parser->auparse;
	int rc = 0;

	do { /* it stands on the first record */
		/* counted from 1 */
		size_t line = auparse_get_line_number(auparse);

		if (line && line <= parser->line_count)
			rc = copy_line(parser, arena, batch,
				       &parser->lines[line - 1]);
	} while (!rc && auparse_next_record(auparse) > 0);
	return rc;
}

static bool is_left_out(const struct unread_words *unread, unsigned int want,
			const char *word)
{
	/* what is read may reach into the next record, which begins otherwise */
	unsigned int candidates = unread->candidates[letters(word)];
	uint64_t bytes;

	memcpy(&bytes, word, sizeof(bytes));
	for (; candidates; candidates &= candidates - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(candidates);

		if ((bytes & unread->words[i].mask) == unread->words[i].bytes)
			return !(unread->words[i].want & want);
	}
	return false;
}

/* Adds a record but for words that are left out. */
static void add_words(struct strbuf *plain, struct str text,
		      const struct unread_words *unread, unsigned int want)
{
	const char *kept = text.data, *word = kept, *end = kept + text.len;

	while (word < end) {
		const char *blank = memchr(word, ' ', (size_t)(end - word));
		const char *next = blank ? blank + 1 : end;

		if (is_left_out(unread, want, word)) {
			strbuf_add(plain, kept, (size_t)(word - kept));
			kept = next;
		}
		word = next;
	}
	strbuf_add(plain, kept, (size_t)(end - kept));
}

/* Up to its first cwd=: auparse leaks the value of each but the last. */
static struct str cut_directory(struct str text)
{
	static const struct str name = STR(" cwd=");
	const char *found = memmem(text.data, text.len, name.data, name.len);
	const char *end = text.data + text.len;

	if (found)
		found = memchr(found + 1, ' ', (size_t)(end - found - 1));
	if (found)
		text.len = (size_t)(found - text.data);
	return text;
}

static void add_place(struct record_parser *parser, size_t record, int type)
{
	parser->places[parser->place_count++] = (struct place){ record, type };
}

static void end_line(struct record_parser *parser, size_t first)
{
	strbuf_add_char(&parser->plain, '\n');
	parser->lines[parser->line_count++] =
		(struct line){ first, parser->place_count - first };
}

/* Which row of joined[] a record is of; NULL = it is none. */
static const struct joined *find_joined(int type)
{
	for (size_t i = 0; i < COUNT(joined); i++)
		if (joined[i].type == type)
			return &joined[i];
	return NULL;
}

static struct str text_from(struct str text, size_t from)
{
	return (struct str){ text.data + from, text.len - from };
}

/* Whether a record begins with a field of that name and some value: of one with
 * none newer versions of auparse make no field. */
static bool begins_with_field(struct str text, struct str name)
{
	return name.len && str_begins(text, name) && text.len > name.len &&
	       text.data[name.len] != ' ';
}

/* Adds a record to those that are joined, if it can be. The first one brings
 * type and stamp. */
static bool join(struct record_parser *parser, const struct batch *batch,
		 size_t record)
{
	const struct raw_event *raw = batch->raw;
	const struct joined *type = find_joined(raw->heads[record].type);
	struct strbuf *plain = &parser->plain;
	struct str text = batch->halves->texts[record], added;
	size_t before = plain->len;

	if (!type || memchr(text.data, MARK, text.len))
		return false;
	if (before) {
		text = text_from(text, raw->heads[record].body);
		strbuf_add_char(plain, ' ');
		strbuf_add_char(plain, MARK);
		text = text_from(text, text.len && text.data[0] == ' ');
	} else if (raw->node.len) {
		text = text_from(text, sizeof("node= ") - 1 + raw->node.len);
	}
	added.len = plain->len;
	if (type->unread)
		add_words(plain, text, &parser->unread[type - joined],
			  batch->want);
	else
		strbuf_add_str(plain, text);
	if (plain->failed)
		return false;
	added.data = plain->data + added.len;
	added.len = plain->len - added.len;
	if (before && !begins_with_field(added, type->field)) {
		plain->len = before;
		return false;
	}
	add_place(parser, record, type->type);
	return true;
}

/* Adds a record as a line of its own. */
static void add_apart(struct record_parser *parser, const struct batch *batch,
		      size_t place)
{
	struct str text = batch->halves->texts[place];
	int type = batch->raw->heads[place].type;

	if (type == AUDIT_CWD) {
		if (!(batch->want & RECORD_CWD))
			return;
		text = cut_directory(text);
	} else if (!(batch->want & RECORD_UNREAD) &&
		   (type == AUDIT_PROCTITLE || type == AUDIT_EOE)) {
		return;
	}
	strbuf_add_str(&parser->plain, text);
	add_place(parser, place, -1);
	end_line(parser, parser->place_count - 1);
}

/* Hands lines to auparse; all it may hold of earlier ones goes. */
static int load(struct record_parser *parser, const struct batch *batch)
{
	struct strbuf *plain = &parser->plain;
	size_t apart[BATCH], apart_count = 0;

	strbuf_reset(plain);
	parser->line_count = parser->place_count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		size_t place = batch->first + i;

		if ((batch->want & RECORD_UNREAD) ||
		    !join(parser, batch, place))
			apart[apart_count++] = place;
	}
	if (parser->place_count)
		end_line(parser, 0);
	for (size_t i = 0; i < apart_count; i++)
		add_apart(parser, batch, apart[i]);
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
		 unsigned int want, struct arena *arena,
		 struct record_event *out)
{
	size_t max = raw->record_count, count = 0;
	struct halves halves = { 0 };
	struct batch batch = {
		.raw = raw,
		.halves = &halves,
		.want = want,
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

/* By a name that is longer than its key. */
static struct str find_long(const struct record *record, struct str name)
{
	for (size_t i = 0; i < record->count; i++)
		if (str_equal(record->fields[i].name, name))
			return record->fields[i].value;
	return (struct str){ 0 };
}

struct str record_field_at(const struct record *record, uint64_t key,
			   struct str name)
{
	const struct record_field *field = record->fields;
	const struct record_field *end = field + record->count;

	if (name.len > WORD_BYTES)
		return find_long(record, name);
	for (; field < end; field++)
		if (field->key == key && field->name.len == name.len)
			return field->value;
	return (struct str){ 0 };
}

static bool has_name(const struct record_field *field,
		     const struct record_name *name)
{
	uint64_t key;

	memcpy(&key, name->text, sizeof(key));
	return field->key == key && field->name.len == name->len;
}

void record_pick(const struct record *record, const struct record_name *names,
		 size_t count, struct str *out)
{
	size_t next = 0;

	memset(out, 0, count * sizeof(*out));
	for (size_t i = 0; i < record->count; i++) {
		const struct record_field *field = &record->fields[i];
		size_t at = next, left = count;

		while (left && !has_name(field, &names[at])) {
			at = at + 1 < count ? at + 1 : 0;
			left--;
		}
		if (!left)
			continue;
		next = at + 1 < count ? at + 1 : 0;
		/* of several the first counts */
		if (!out[at].data)
			out[at] = field->value;
	}
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
