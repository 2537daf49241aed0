/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From any bytes to what is told of the sensor itself: whatever comes, alerts
 * say what they are about and can be written, and nothing stays untold.
 */
#include <string.h>

#include <audisp-eql/output.h>

#include "pipeline.h"
#include "target.h"
#include "util/arena.h"

struct run {
	struct ruleset *rules;
	struct pipeline *pipeline;
	struct arena *arena;
};

static void on_alert(void *user, const struct alert *alert)
{
	struct run *run = user;
	const struct render_context context = {
		.fields = run->rules->fields,
		.version = "0",
	};
	const struct event *event = alert->events[0];
	struct rendered forms;

	require(alert->event_count == 1 && alert->host.len > 0);
	require(!strncmp(alert->rule->id.data, BUILTIN_ID_PREFIX,
			 sizeof(BUILTIN_ID_PREFIX) - 1));
	require(event_value(event, FIELD_EVENT_REASON, READING_INVOKED)->type ==
		VALUE_STRING);
	arena_reset(run->arena);
	require(!alert_render(alert, &context, run->arena, &forms));
	require(!memchr(forms.json.data, '\n', forms.json.len));
	require(!memchr(forms.text.data, '\n', forms.text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ruleset_options options = { .builtins = true };
	struct run run = { .arena = arena_new(0) };
	struct pipeline_config config = {
		.host_id = STR("here"),
		.memcap = 1U << 20,
		.reorder_ns = 100 * NSEC_PER_MSEC,
		.on_alert = on_alert,
		.user = &run,
	};
	size_t half = size / 2;

	require(!ruleset_load(&options, &run.rules));
	config.rules = run.rules;
	require(!pipeline_new(&config, &run.pipeline));
	require(!pipeline_feed(run.pipeline, (const char *)data, half));
	require(!pipeline_advance(run.pipeline, NSEC_PER_SEC));
	require(!pipeline_feed(run.pipeline, (const char *)data + half,
			       size - half));
	require(!pipeline_advance(run.pipeline, 4 * NSEC_PER_SEC));
	pipeline_auditd_gone(run.pipeline, NSEC_PER_SEC);
	require(!pipeline_finish(run.pipeline));
	require(!pipeline_is_pending(run.pipeline));
	pipeline_free(&run.pipeline);
	ruleset_free(&run.rules);
	arena_free(&run.arena);
	return 0;
}
