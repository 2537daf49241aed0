/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of stages against asking them all: random conditions over few
 * fields and words, so that they share texts and come near to each other, and
 * random events. A stage that the index leaves out must hold under no reading,
 * and be no error.
 */
#include "engine_rig.h"

#include "engine/index.h"
#include "eql/pred.h"

#define RULES 12
#define EVENTS 40
#define WORDS (sizeof(words) / sizeof(words[0]))

static uint64_t state; /* of chance */

/* From 0 to below. */
static size_t roll(size_t below)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (size_t)((z ^ z >> 31) % below);
}

/* Parts of each other, other in case, shorter than a piece. */
static const char *const words[] = {
	"a",	 "ab",	     "abc",	    "abcd", "bcd",    "ABC",
	"cdabc", "xabcx",    "b",	    "/tmp", "/tmp/x", "5",
	"bc\\n", "\xc3\xa9", "\xc3\xa9-ab", "@bc"
};
static const char *const fields[] = { "k", "j", "process.name",
				      "process.executable", "m" };

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* --- conditions ----------------------------------------------------------- */

static void write_texts(struct strbuf *out, bool wild)
{
	static const char *const forms[] = { "%s",	"%s*",	"*%s",	"*%s*",
					     "?%s",	"%s?*", "*%s?", "%s*%s",
					     "*%s*%s*", "*" };
	size_t count = 1 + roll(3);

	strbuf_add_char(out, '(');
	for (size_t i = 0; i < count; i++) {
		const char *form = wild ? forms[roll(10)] : "%s";
		const char *separator = i ? ", \"" : "\"";

		strbuf_add_str(out, str_from(separator));
		for (; *form; form++) {
			if (*form != '%') {
				strbuf_add_char(out, *form);
				continue;
			}
			strbuf_add_str(out, str_from(words[roll(WORDS)]));
			form++;
		}
		strbuf_add_char(out, '"');
	}
	strbuf_add_char(out, ')');
}

/* What is no text: numbers, addresses, and whether there is a value. */
static void write_other(struct strbuf *out)
{
	static const char *const operators[] = { "==", "!=", "<", ">" };
	const char *negation = roll(3) ? "" : "not ";

	switch (roll(4)) {
	case 0:
		strbuf_printf(out, "m1 / m2 %s 1", roll(2) ? "==" : "!=");
		break;
	case 1:
		strbuf_printf(out, "%sm%zu %s %zu", negation, 1 + roll(2),
			      operators[roll(4)], roll(3));
		break;
	case 2:
		strbuf_printf(out, "%scidrMatch(a, \"10.0.0.%zu/31\")",
			      negation, roll(3));
		break;
	default:
		strbuf_printf(out, "%s %s null", fields[roll(FIELDS)],
			      roll(3) ? "!=" : "==");
	}
}

static void write_leaf(struct strbuf *out)
{
	static const char *const operators[] = {
		" in ", " in~ ", " : ", " like ", " like~ ", " not in "
	};
	static const char *const functions[] = { "startsWith", "endsWith~",
						 "stringContains" };
	const char *field = fields[roll(FIELDS)];
	size_t kind = roll(16), op = roll(6);

	if (kind < 10) {
		strbuf_printf(out, "%s%s", field, operators[op]);
		write_texts(out, op > 1 && op < 5);
	} else if (kind == 10) {
		strbuf_printf(out, "%s(%s, \"%s\")", functions[roll(3)], field,
			      words[roll(9)]);
	} else if (kind == 11) {
		strbuf_printf(out, "%s regex \".*abc?\"", field);
	} else {
		write_other(out);
	}
}

static void write_condition(struct strbuf *out, int depth)
{
	size_t count = depth ? 1 + roll(3) : 1;
	bool all = roll(2);

	if (!depth) {
		write_leaf(out);
		return;
	}
	if (!roll(6))
		strbuf_add_str(out, STR("not "));
	strbuf_add_char(out, '(');
	for (size_t i = 0; i < count; i++) {
		if (i)
			strbuf_add_str(out, all ? STR(" and ") : STR(" or "));
		write_condition(out, depth - 1);
	}
	strbuf_add_char(out, ')');
}

/* --- events --------------------------------------------------------------- */

/* Some words together, as a list or one value. */
static void write_values(struct strbuf *out)
{
	size_t count = roll(4);

	for (size_t i = 0; i < count; i++) {
		if (i)
			strbuf_add_str(out, roll(2) ? STR(",") : STR(""));
		strbuf_add_str(out, str_from(words[roll(WORDS)]));
	}
}

/* Or none at all. */
static void write_number(struct strbuf *out, const char *field)
{
	size_t number = roll(5);

	if (number < 3)
		strbuf_printf(out, " %s=%zu", field, number);
}

static const struct event *make_event(struct rig *rig)
{
	struct strbuf out = STRBUF_INIT(0);
	struct event *event;

	strbuf_add_str(&out, STR("cat=process"));
	write_number(&out, "m1");
	write_number(&out, "m2");
	if (roll(2))
		strbuf_printf(&out, " a=10.0.0.%zu", roll(3));
	for (size_t i = 0; i < FIELDS; i++) {
		strbuf_printf(&out, " %s=", fields[i]);
		write_values(&out);
		if (!strncmp(fields[i], "process", 7) && roll(2)) {
			strbuf_printf(&out, " !%s=", fields[i]);
			write_values(&out);
		}
	}
	strbuf_add_char(&out, '\0');
	event = rig_event(rig, out.data);
	strbuf_free(&out);
	/* what a document may have where text is expected */
	if (!roll(8))
		event_set(event,
			  (size_t)field_table_find(rig->fields, STR("m")),
			  VALUE_OF_INT(5));
	return event;
}

/* --- the index ------------------------------------------------------------ */

struct counts {
	size_t stages, left_out, held;
};

static bool holds(struct rig *rig, const struct pred *condition,
		  const struct event *event, uint64_t *errors)
{
	struct pred_context context = { .scratch = rig->engine->scratch };
	bool holds = false;

	for (int i = READING_INVOKED; i <= READING_RESOLVED; i++) {
		arena_reset(rig->engine->scratch);
		holds |= pred_eval(condition, event, (enum reading)i, &context);
	}
	*errors = context.errors;
	return holds;
}

static bool in_category(const struct stage *stage, const struct event *event)
{
	return !stage->category_bit || stage->category_bit & event->categories;
}

static void ask_each(struct rig *rig, const struct event *event,
		     struct counts *counts)
{
	const struct engine *engine = rig->engine;

	index_ask(rig->engine, event);
	for (size_t i = 0; i < engine->probe_count; i++) {
		const struct stage *stage = engine->probes[i]->stage;
		bool asked = engine->asked[i / PROBES_PER_WORD] >>
				     i % PROBES_PER_WORD &
			     1;
		uint64_t errors = 0;
		bool held = in_category(stage, event) &&
			    holds(rig, stage->condition, event, &errors);

		if (!asked && (held || errors)) {
			struct strbuf text = STRBUF_INIT(0);

			pred_print(stage->condition, rig->fields, &text);
			strbuf_add_char(&text, '\0');
			fail_msg("left out, %s: %s",
				 held ? "but holds" : "with an error",
				 text.data);
		}
		counts->stages++;
		counts->left_out += !asked;
		counts->held += held;
	}
}

static void open_fields(struct rig *rig)
{
	field_table_add(rig->fields, STR("k"), FIELD_KEYWORD);
	field_table_add(rig->fields, STR("j"), FIELD_KEYWORD);
	field_table_add(rig->fields, STR("m"), FIELD_KEYWORD);
	field_table_add(rig->fields, STR("m1"), FIELD_LONG);
	field_table_add(rig->fields, STR("m2"), FIELD_LONG);
	field_table_add(rig->fields, STR("a"), FIELD_IP);
}

static const char *const categories[] = { "any", "process", "file" };

static void try_rules(uint64_t seed, struct counts *counts)
{
	struct rig rig;

	state = seed;
	rig_open(&rig);
	open_fields(&rig);
	for (size_t i = 0; i < RULES; i++) {
		struct strbuf query = STRBUF_INIT(0);

		strbuf_printf(&query, "%s where ", categories[roll(3)]);
		write_condition(&query, (int)roll(4));
		strbuf_add_char(&query, '\0');
		rig_rule(&rig, query.data);
		strbuf_free(&query);
	}
	rig_start(&rig);
	for (size_t i = 0; i < EVENTS; i++)
		ask_each(&rig, make_event(&rig), counts);
	rig_close(&rig);
}

static void test_random(void **unused)
{
	struct counts counts = { 0 };

	(void)unused;
	for (uint64_t seed = 1; seed <= 1000; seed++)
		try_rules(seed, &counts);
	print_message("%zu stages asked, %zu left out, %zu held\n",
		      counts.stages, counts.left_out, counts.held);
	/* an index that leaves nothing out would be right, too */
	assert_true(counts.left_out > counts.stages / 5);
	assert_true(counts.held > counts.stages / 20);
}

/* What rules as they are written must be left out by. */
static void expect(const char *condition, const char *event, bool asked)
{
	struct counts counts = { 0 };
	struct strbuf query = STRBUF_INIT(0);
	struct rig rig;

	rig_open(&rig);
	open_fields(&rig);
	strbuf_printf(&query, "any where %s%c", condition, '\0');
	rig_rule(&rig, query.data);
	rig_start(&rig);
	ask_each(&rig, rig_event(&rig, event), &counts);
	if (counts.left_out == asked)
		fail_msg("%s, %s: is%s asked", condition, event,
			 asked ? " not" : "");
	strbuf_free(&query);
	rig_close(&rig);
}

static void test_left_out(void **unused)
{
	(void)unused;
	expect("k == \"curl\"", "k=curl", true);
	expect("k == \"curl\"", "k=wget", false);
	expect("k in (\"a\", \"b\")", "k=x,b", true);
	expect("k like \"*/dev/tcp/*\"", "k=cat,x/dev/tcp/y", true);
	expect("k like \"*/dev/tcp/*\"", "k=cat,/dev/tcp", false);
	/* both pieces, and the anchors */
	expect("k : \"*socket*connect*\"", "k=a.socket.b", false);
	expect("k : \"*socket*connect*\"", "k=SOCKET.CONNECT", true);
	expect("k like \"/tmp/*\"", "k=x/tmp/y", false);
	expect("k like \"*.so\"", "k=x.so.1", false);
	expect("k like \"-c*\"", "k=-c", true);
	expect("k like \"-c*\"", "k=x-c", false);
	/* each of a field's conditions */
	expect("k == \"a\" and k == \"b\"", "k=a", false);
	expect("k == \"a\" and k == \"b\"", "k=a,b", true);
	/* alternatives that all ask something of it */
	expect("(k == \"a\" and j == \"b\") or k like \"x*\"", "k=b", false);
	/* or each something of another one */
	expect("k == \"a\" or j == \"b\"", "k=c", false);
	expect("k == \"a\" or j == \"b\"", "k=c j=b", true);
	expect("m == \"x\" and (k == \"a\" or j == \"b\")", "m=x k=c j=c",
	       false);
	expect("m == \"x\" and (k == \"a\" or j == \"b\")", "m=x k=a", true);
	/* that there is a value at all */
	expect("m1 > 1", "k=a", false);
	expect("m1 > 1", "m1=0", true);
	expect("k regex \"a.*\"", "j=a", false);
	expect("k regex \"a.*\"", "k=b", true);
	expect("k != null", "j=a", false);
	expect("k == null", "j=a", true);
	expect("not k == \"a\"", "j=a", true);
	expect("m1 > 1 or k == \"a\"", "j=a", false);
	expect("m1 > 1 or not k == \"a\"", "j=a", true);
	/* either reading of a name */
	expect("process.name == \"sh\"", "process.name=dash !process.name=sh",
	       true);
	expect("process.name == \"sh\"", "process.name=dash !process.name=bash",
	       false);
	/* what may fail is asked last, so it hides nothing */
	expect("m1 / m2 == 1 and k == \"a\"", "m1=1 m2=0 k=b", false);
	expect("m1 / m2 == 1 and k == \"a\"", "m1=1 m2=0 k=a", true);
	/* but an error is not spared by what is asked behind it */
	expect("m1 / m2 == 1 and (k == \"a\" or (k == \"b\" and m1 % m2 == 1))",
	       "m1=1 m2=0 k=c", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
