/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions as Lucene has them, on PCRE2.
 *
 * A pattern is parsed by Lucene's grammar and written anew for PCRE2, so that
 * nothing of PCRE2's own syntax gets through: whole text, '^' and '$' are
 * letters, '.' is any character, "..." quotes. What PCRE2 cannot say (the
 * operators ~ & @ # <>) is refused. Below a function Elasticsearch runs Java's
 * regex instead; of that we take what has the same form, and refuse the rest.
 *
 * pcre2_dfa_match() follows all alternatives at once and never backtracks. The
 * states it may follow and the length of the text are limited: a match that
 * hits a limit has no answer, which its caller turns into "alert".
 *
 * Memory of PCRE2 comes from the arena of the query; freeing does nothing.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "regex.h"

#include <errno.h>
#include <pcre2.h>
#include <string.h>

#include "../limits.h"
#include "lexer.h"
#include "text.h"

/* PCRE2's own ceiling of a counted repeat. */
#define REPEAT_MAX 65535

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
};

/* One pattern on its way. */
struct translator {
	struct compile *compile;
	size_t literal; /* offset of its string in the query */
	struct str pattern;
	size_t at;
	bool insensitive; /* ASCII letters, written out */
	bool script;
	unsigned int depth;
	struct strbuf *out;
};

static int parse_union(struct translator *tr);

static int fail(struct translator *tr, int code, size_t at, const char *why)
{
	return compile_fail(
		tr->compile, code,
		lexer_string_offset(tr->compile->text, tr->literal, at), "%s",
		why);
}

static bool more(const struct translator *tr)
{
	return tr->at < tr->pattern.len;
}

static bool peek(const struct translator *tr, char c)
{
	return more(tr) && tr->pattern.data[tr->at] == c;
}

static bool take(struct translator *tr, char c)
{
	bool found = peek(tr, c);

	tr->at += found;
	return found;
}

/* The character at the position, which moves behind it. */
static uint32_t take_char(struct translator *tr)
{
	const char *p = tr->pattern.data + tr->at;
	size_t len = tr->pattern.len - tr->at;

	tr->at += text_char_length(p, len);
	return text_char_code(p, len);
}

static bool is_letter(uint32_t code)
{
	return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

static bool is_digit(uint32_t code)
{
	return code >= '0' && code <= '9';
}

/* --- characters and classes ----------------------------------------------- */

static void emit_char(struct translator *tr, uint32_t code)
{
	if (tr->insensitive && is_letter(code))
		strbuf_printf(tr->out, "[%c%c]", (int)code, (int)code ^ 0x20);
	else if (is_letter(code) || is_digit(code))
		strbuf_add_char(tr->out, (char)code);
	else
		strbuf_printf(tr->out, "\\x{%x}", code);
}

/* The letters of a range once more, in the other case. */
static void emit_other_case(struct translator *tr, uint32_t first,
			    uint32_t last)
{
	static const char starts[] = { 'a', 'A' };

	for (size_t i = 0; i < sizeof(starts); i++) {
		uint32_t low = (unsigned char)starts[i], high = low + 25;

		if (low < first)
			low = first;
		if (high > last)
			high = last;
		if (low <= high)
			strbuf_printf(tr->out, "\\x{%x}-\\x{%x}", low ^ 0x20,
				      high ^ 0x20);
	}
}

static void emit_range(struct translator *tr, uint32_t first, uint32_t last)
{
	strbuf_printf(tr->out, "\\x{%x}-\\x{%x}", first, last);
	if (tr->insensitive)
		emit_other_case(tr, first, last);
}

/* What \d \s \w stand for inside a class; NULL = no such class. */
static const char *predefined(const struct translator *tr, char c)
{
	switch (c) {
	case 'd':
	case 'D':
		return "0-9";
	case 's':
	case 'S':
		return tr->script ? "\\x{20}\\x{9}-\\x{d}"
				  : "\\x{20}\\x{9}\\x{a}\\x{d}";
	case 'w':
	case 'W':
		return "A-Za-z0-9_";
	default:
		return NULL;
	}
}

/* Behind a backslash: a class, or a character that stands for itself. */
static int take_escape(struct translator *tr, const char **class,
		       uint32_t *code)
{
	size_t start = tr->at - 1;
	char c;

	if (!more(tr))
		return fail(tr, EQL_E_INVALID, start,
			    "nothing stands behind this backslash");
	c = tr->pattern.data[tr->at];
	*class = predefined(tr, c);
	if (!*class &&
	    (is_letter((unsigned char)c) || is_digit((unsigned char)c)))
		return fail(tr, tr->script ? EQL_E_UNSUPPORTED : EQL_E_INVALID,
			    start, "regex has no such escape here");
	*code = take_char(tr);
	return 0;
}

static int emit_escape(struct translator *tr)
{
	const char *class;
	uint32_t code;
	int rc = take_escape(tr, &class, &code);

	if (rc)
		return rc;
	if (class)
		strbuf_printf(tr->out, "[%s%s]", code < 'a' ? "^" : "", class);
	else
		emit_char(tr, code);
	return 0;
}

/* A negated class inside a class: all characters but these. */
static void emit_class_complement(struct translator *tr, char c)
{
	if (c == 'D')
		strbuf_add_str(tr->out, STR("\\x{0}-\\x{2f}\\x{3a}-"
					    "\\x{10ffff}"));
	else if (c == 'W')
		strbuf_add_str(tr->out,
			       STR("\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-"
				   "\\x{5e}\\x{60}\\x{7b}-\\x{10ffff}"));
	else if (tr->script)
		strbuf_add_str(tr->out, STR("\\x{0}-\\x{8}\\x{e}-\\x{1f}"
					    "\\x{21}-\\x{10ffff}"));
	else
		strbuf_add_str(tr->out,
			       STR("\\x{0}-\\x{8}\\x{b}\\x{c}\\x{e}-\\x{1f}"
				   "\\x{21}-\\x{10ffff}"));
}

/* One character of a class; *class is set where it was \d or the like. */
static int take_member(struct translator *tr, const char **class,
		       uint32_t *code)
{
	*class = NULL;
	if (!more(tr))
		return fail(tr, EQL_E_INVALID, tr->pattern.len,
			    "']' is wanted here");
	if (take(tr, '\\'))
		return take_escape(tr, class, code);
	if (tr->script && (peek(tr, '[') || peek(tr, '&')))
		return fail(tr, EQL_E_UNSUPPORTED, tr->at,
			    "classes within classes do not run here");
	*code = take_char(tr);
	return 0;
}

static int emit_member(struct translator *tr)
{
	size_t start = tr->at;
	const char *class;
	uint32_t first, last;
	int rc = take_member(tr, &class, &first);

	if (rc)
		return rc;
	if (class) {
		if (first >= 'a')
			strbuf_add_str(tr->out, str_from(class));
		else
			emit_class_complement(tr, (char)first);
		return 0;
	}
	last = first;
	if (peek(tr, '-') && tr->at + 1 < tr->pattern.len &&
	    tr->pattern.data[tr->at + 1] != ']') {
		tr->at++;
		rc = take_member(tr, &class, &last);
		if (rc)
			return rc;
		if (class || last < first)
			return fail(tr, EQL_E_INVALID, start,
				    "this range runs backwards");
	}
	emit_range(tr, first, last);
	return 0;
}

/* [...], the position behind '['. A first ']' is a member. */
static int emit_class(struct translator *tr)
{
	int rc;

	strbuf_add_str(tr->out, take(tr, '^') ? STR("[^") : STR("["));
	do {
		rc = emit_member(tr);
		if (rc)
			return rc;
	} while (more(tr) && !peek(tr, ']'));
	strbuf_add_char(tr->out, ']');
	return take(tr, ']')
		       ? 0
		       : fail(tr, EQL_E_INVALID, tr->at, "']' is wanted here");
}

/* --- atoms ---------------------------------------------------------------- */

/* "...", the position behind the first quote. */
static int emit_quoted(struct translator *tr)
{
	size_t start = tr->at - 1;

	strbuf_add_str(tr->out, STR("(?:"));
	while (more(tr) && !peek(tr, '"'))
		emit_char(tr, take_char(tr));
	strbuf_add_char(tr->out, ')');
	return take(tr, '"') ? 0
			     : fail(tr, EQL_E_INVALID, start,
				    "this quote of the regex is not closed");
}

/* (...), the position behind '('. */
static int emit_group(struct translator *tr)
{
	size_t start = tr->at - 1;
	int rc;

	if (tr->script && peek(tr, '?'))
		return fail(tr, EQL_E_UNSUPPORTED, start,
			    "'(?' does not run here");
	if (tr->depth == LIMIT_NESTING)
		return fail(tr, EQL_E_INVALID, start,
			    "this regex nests too deep");
	strbuf_add_str(tr->out, STR("(?:"));
	tr->depth++;
	rc = peek(tr, ')') ? 0 : parse_union(tr);
	tr->depth--;
	if (rc)
		return rc;
	strbuf_add_char(tr->out, ')');
	return take(tr, ')') ? 0
			     : fail(tr, EQL_E_INVALID, start,
				    "this group is not closed");
}

static bool is_refused(const struct translator *tr, char c)
{
	return c && strchr(tr->script ? "^$" : "~&@#<", c);
}

static int parse_atom(struct translator *tr)
{
	char c = tr->pattern.data[tr->at];

	if (is_refused(tr, c))
		return fail(tr, EQL_E_UNSUPPORTED, tr->at,
			    tr->script ? "below a function, this operator of "
					 "regex does not run here"
				       : "this operator of Lucene's regex does "
					 "not run here; a backslash makes it a "
					 "letter");
	if (take(tr, '.')) {
		strbuf_add_str(tr->out, tr->script
						? STR("[^\\n\\r\\x{85}\\x{2028}"
						      "\\x{2029}]")
						: STR("."));
		return 0;
	}
	if (take(tr, '('))
		return emit_group(tr);
	if (take(tr, '['))
		return emit_class(tr);
	if (take(tr, '\\'))
		return emit_escape(tr);
	if (!tr->script && take(tr, '"'))
		return emit_quoted(tr);
	emit_char(tr, take_char(tr));
	return 0;
}

/* --- repeats and sequences ------------------------------------------------ */

static int take_count(struct translator *tr, unsigned int *out)
{
	size_t start = tr->at;

	*out = 0;
	while (more(tr) && is_digit((unsigned char)tr->pattern.data[tr->at])) {
		*out = *out * 10 +
		       (unsigned int)(tr->pattern.data[tr->at++] - '0');
		if (*out > REPEAT_MAX)
			return fail(tr, EQL_E_UNSUPPORTED, start,
				    "a repeat beyond 65535 does not run here");
	}
	return tr->at > start ? 0
			      : fail(tr, EQL_E_INVALID, start,
				     "a number of repeats is wanted here");
}

/* {n}, {n,} or {n,m}, the position behind '{'. */
static int emit_counts(struct translator *tr)
{
	size_t start = tr->at - 1;
	unsigned int least, most;
	int rc = take_count(tr, &least);

	if (rc)
		return rc;
	strbuf_printf(tr->out, "{%u", least);
	if (take(tr, ',')) {
		strbuf_add_char(tr->out, ',');
		if (!peek(tr, '}')) {
			rc = take_count(tr, &most);
			if (rc)
				return rc;
			if (most < least)
				return fail(tr, EQL_E_INVALID, start,
					    "this repeat runs backwards");
			strbuf_printf(tr->out, "%u", most);
		}
	}
	strbuf_add_char(tr->out, '}');
	return take(tr, '}')
		       ? 0
		       : fail(tr, EQL_E_INVALID, tr->at, "'}' is wanted here");
}

/* Encloses what was written since start in a group. */
static void enclose(struct strbuf *out, size_t start)
{
	size_t len = out->len - start;

	strbuf_add_str(out, STR("(?:)"));
	if (out->failed)
		return;
	memmove(out->data + start + 3, out->data + start, len);
	memcpy(out->data + start, "(?:", 3);
	out->data[start + 3 + len] = ')';
}

static int parse_repeat(struct translator *tr)
{
	size_t start = tr->out->len, first = tr->at;
	int rc = parse_atom(tr);

	for (unsigned int repeats = 0; !rc && more(tr); repeats++) {
		char c = tr->pattern.data[tr->at];

		if (!strchr("?*+{", c) || !c)
			break;
		if (repeats == LIMIT_NESTING)
			return fail(tr, EQL_E_INVALID, first,
				    "this regex nests too deep");
		/* PCRE2 would read a second one as lazy or possessive */
		if (repeats)
			enclose(tr->out, start);
		tr->at++;
		if (c != '{')
			strbuf_add_char(tr->out, c);
		else
			rc = emit_counts(tr);
		if (tr->script && !rc && take(tr, '?'))
			continue; /* lazy: the same for a whole match */
		if (tr->script && !rc && peek(tr, '+'))
			return fail(tr, EQL_E_UNSUPPORTED, tr->at,
				    "possessive repeats do not run here");
	}
	return rc;
}

static int parse_concat(struct translator *tr)
{
	if (!more(tr) || peek(tr, '|') || peek(tr, ')'))
		return fail(tr, EQL_E_INVALID, tr->at,
			    "an alternative is empty; write ()");
	while (more(tr) && !peek(tr, '|') && !peek(tr, ')')) {
		int rc = parse_repeat(tr);

		if (rc)
			return rc;
	}
	return 0;
}

static int parse_union(struct translator *tr)
{
	int rc = parse_concat(tr);

	while (!rc && take(tr, '|')) {
		strbuf_add_char(tr->out, '|');
		rc = parse_concat(tr);
	}
	return rc;
}

static int translate(struct compile *compile, const struct node *match,
		     bool script, struct strbuf *out)
{
	strbuf_add_str(out, STR("\\A(?:"));
	for (size_t i = 1; i < match->count; i++) {
		const struct node *literal = match->operands[i];
		struct translator tr = {
			.compile = compile,
			.literal = literal->offset,
			.pattern = literal->value.s,
			.insensitive = match->insensitive && !script,
			.script = script,
			.out = out,
		};
		int rc = more(&tr) ? parse_union(&tr) : 0;

		if (!rc && more(&tr))
			rc = fail(&tr, EQL_E_INVALID, tr.at,
				  "this ')' closes nothing");
		if (rc)
			return rc;
		strbuf_add_char(out, i + 1 < match->count ? '|' : ')');
	}
	strbuf_add_str(out, STR("\\z"));
	return out->failed ? -ENOMEM : 0;
}

/* --- PCRE2 ---------------------------------------------------------------- */

static void *arena_malloc(size_t size, void *arena)
{
	return arena_alloc(arena, size);
}

static void arena_no_free(void *memory, void *arena)
{
	(void)memory;
	(void)arena;
}

/* The contexts of PCRE2 over the arena, and the compiled pattern. */
static int build(struct compile *compile, struct str pattern, uint32_t options,
		 struct regex *regex)
{
	pcre2_general_context *memory = pcre2_general_context_create(
		arena_malloc, arena_no_free, compile->options->arena);
	pcre2_compile_context *context =
		memory ? pcre2_compile_context_create(memory) : NULL;
	int error = PCRE2_ERROR_HEAP_FAILED;
	PCRE2_SIZE at;

	if (context)
		regex->code =
			pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len,
				      options, &error, &at, context);
	if (!regex->code)
		return error == PCRE2_ERROR_HEAP_FAILED ? -ENOMEM : error;
	regex->data = pcre2_match_data_create(1, memory);
	return regex->data ? 0 : -ENOMEM;
}

int regex_compile(struct compile *compile, const struct node *match,
		  bool script, const struct regex **out)
{
	struct regex *regex =
		arena_alloc(compile->options->arena, sizeof(*regex));
	uint32_t options = PCRE2_UTF | PCRE2_DOTALL | PCRE2_ANCHORED;
	struct strbuf pattern = STRBUF_INIT(LIMIT_REGEX_PATTERN_BYTES);
	char why[128];
	int rc = regex ? translate(compile, match, script, &pattern) : -ENOMEM;

	if (script && match->insensitive)
		options |= PCRE2_CASELESS;
	if (!rc)
		rc = build(compile, strbuf_str(&pattern), options, regex);
	strbuf_free(&pattern);
	if (rc > EQL_E_UNSUPPORTED) {
		pcre2_get_error_message(rc, (PCRE2_UCHAR *)why, sizeof(why));
		return compile_fail(compile, EQL_E_UNSUPPORTED,
				    match->operands[1]->offset,
				    "PCRE2 does not take this regex: %s", why);
	}
	if (!rc)
		*out = regex;
	return rc;
}

enum match_result regex_match(const struct regex *regex, struct str text,
			      struct arena *scratch)
{
	int workspace[LIMIT_REGEX_WORKSPACE];
	struct str subject;
	int rc;

	if (text.len > LIMIT_REGEX_TEXT_BYTES)
		return MATCH_LIMIT;
	subject = text_as_utf8(scratch, text);
	if (!subject.data)
		return MATCH_LIMIT;
	rc = pcre2_dfa_match(regex->code, (PCRE2_SPTR)subject.data, subject.len,
			     0, PCRE2_NO_UTF_CHECK, regex->data, NULL,
			     workspace, LIMIT_REGEX_WORKSPACE);
	if (rc >= 0)
		return MATCH_YES;
	return rc == PCRE2_ERROR_NOMATCH ? MATCH_NO : MATCH_LIMIT;
}
