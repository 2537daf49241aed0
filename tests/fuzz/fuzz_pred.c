/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A query, and behind it, on a row that begins with '{', an ECS document: what
 * the query answers about it must be what its printed form answers, and its
 * opposite must not hold with it; what holds is possible; and where the query
 * is a condition alone the engine, which asks an index first, must match the
 * event just where the condition holds.
 */
#include "eql/eql.h"

#include <audisp-eql/engine.h>

#include "aueql/ecs.h"
#include "aueql/search.h"
#include "eql/pred.h"
#include "target.h"

struct run {
	struct arena *arena, *scratch;
	struct field_table *fields;
	struct str text;
	const struct query *query;
	struct event *event;
	bool *known;
	uint64_t matches;
};

/* As bits of readings. */
static unsigned int ask(struct run *run, const struct pred *condition,
			uint64_t *errors)
{
	unsigned int holds = 0;

	for (int i = READING_INVOKED; i <= READING_RESOLVED; i++) {
		struct pred_context context = { .scratch = run->scratch };

		arena_reset(run->scratch);
		holds |= (unsigned int)pred_eval(condition, run->event,
						 (enum reading)i, &context)
			 << i;
		*errors += context.errors;
	}
	return holds;
}

static const struct query *compile(struct run *run, struct str text)
{
	const struct eql_options options = { .arena = run->arena,
					     .fields = run->fields };
	const struct query *query = NULL;
	struct eql_error error;

	return eql_compile(&options, text, &query, &error) ? NULL : query;
}

/* "any where not (CONDITION)", as it is printed. */
static void check_opposite(struct run *run, const struct stage *stage)
{
	struct strbuf text = STRBUF_INIT(0);
	const struct query *opposite;
	uint64_t errors = 0;
	unsigned int holds;

	strbuf_add_str(&text, STR("any where not ("));
	pred_print(stage->condition, run->fields, &text);
	strbuf_add_char(&text, ')');
	require(!text.failed);
	opposite = compile(run, strbuf_str(&text));
	/* its nesting may be one too deep */
	if (opposite) {
		holds = ask(run, stage->condition, &errors);
		holds &= ask(run, opposite->stages->condition, &errors);
		/* a leaf that met a limit, or is wrong, has no opposite */
		require(!holds || errors);
	}
	strbuf_free(&text);
}

static void check_stage(struct run *run, const struct stage *stage,
			const struct stage *printed)
{
	struct pred_known all = { run->known, run->event->value_count };
	struct pred_known none = { run->known, 0 };
	uint64_t errors = 0, errors_printed = 0;
	unsigned int holds = ask(run, stage->condition, &errors);

	require(holds == ask(run, printed->condition, &errors_printed));
	require(errors == errors_printed);
	if (holds & 1 << READING_INVOKED)
		require(pred_possible(stage->condition, run->event, &all) &&
			pred_possible(stage->condition, run->event, &none));
	check_opposite(run, stage);
}

static void check_printed(struct run *run)
{
	struct strbuf text = STRBUF_INIT(0);
	const struct query *printed;

	eql_print(run->query, run->fields, &text);
	require(!text.failed);
	printed = compile(run, strbuf_str(&text));
	require(printed && printed->stage_count == run->query->stage_count);
	for (size_t i = 0; i < printed->stage_count; i++)
		check_stage(run, &run->query->stages[i], &printed->stages[i]);
	strbuf_free(&text);
}

static void on_match(void *user, const struct engine_match *match)
{
	(void)match;
	((struct run *)user)->matches++;
}

static void on_alert(void *user, const struct alert *alert)
{
	(void)user;
	(void)alert;
}

static void check_engine(struct run *run)
{
	const struct stage *stage = run->query->stages;
	const struct rule rule = { .id = STR("r"), .query = run->query };
	const struct rule *const rules[] = { &rule };
	const struct ruleset set = { .fields = run->fields,
				     .rules = rules,
				     .rule_count = 1 };
	const struct engine_config config = {
		.rules = &set,
		.memcap = 4U << 20,
		.on_alert = on_alert,
		.on_match = on_match,
		.user = run,
	};
	struct engine *engine = NULL;
	uint64_t errors = 0;
	bool holds = search_has_category(stage, run->event) &&
		     ask(run, stage->condition, &errors);

	require(!engine_new(&config, &engine));
	require(!engine_process(engine, run->event));
	require(!engine_finish(engine));
	require(run->matches == holds);
	engine_free(&engine);
}

/* The input's two parts; false = it has not both. */
static bool divide(struct str input, struct str *query, struct str *document)
{
	for (size_t i = 1; i < input.len; i++) {
		if (input.data[i - 1] != '\n' || input.data[i] != '{')
			continue;
		*query = (struct str){ input.data, i - 1 };
		*document = (struct str){ input.data + i, input.len - i };
		return true;
	}
	return false;
}

static void run_both(struct run *run, struct str document)
{
	struct ecs_reader reader = { .fields = run->fields };

	run->query = compile(run, run->text);
	if (!run->query ||
	    ecs_parse(&reader, document, run->arena, &run->event))
		return;
	run->known = arena_alloc(run->arena, run->event->value_count);
	require(run->known != NULL);
	memset(run->known, true, run->event->value_count);
	check_printed(run);
	if (run->query->type == QUERY_EVENT && !run->query->pipe_count)
		check_engine(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size }, document;
	struct run run = { 0 };

	if (!divide(input, &run.text, &document))
		return 0;
	run.arena = arena_new(256U << 20);
	run.scratch = arena_new(1U << 20);
	require(run.arena && run.scratch && !field_table_new(&run.fields));
	/* names of types that a document alone does not say */
	require(field_table_add(run.fields, STR("ip"), FIELD_IP) > 0);
	require(field_table_add(run.fields, STR("d"), FIELD_DATE) > 0);
	require(field_table_add(run.fields, STR("v"), FIELD_VERSION) > 0);
	run_both(&run, document);
	field_table_free(&run.fields);
	arena_free(&run.arena);
	arena_free(&run.scratch);
	return 0;
}
