/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/literal.h"
#include "../util/json.h"

/* A picture of more would be none. */
#define STEPS_MAX 24
#define PROCESSES_MAX 256
#define THINGS_MAX 32
#define ANCESTORS_MAX 32

struct maker {
	const struct timeline_reader *reader;
	struct arena *arena;
	struct timeline *timeline;
};

/* --- reading -------------------------------------------------------------- */

int timeline_reader_open(struct timeline_reader *reader)
{
	static const struct {
		const char *name;
		enum field_type type;
	} rows[] = {
#define TIMELINE_FIELD(id, name, type) [TIMELINE_##id] = { name, type },
#include "timeline_fields.def"
#undef TIMELINE_FIELD
	};
	int rc = field_table_new(&reader->fields);

	for (size_t i = 0; i < TIMELINE__COUNT && !rc; i++) {
		int slot = field_table_add(
			reader->fields, str_from(rows[i].name), rows[i].type);

		if (slot < 0)
			rc = slot;
		else
			reader->slots[i] = (size_t)slot;
	}
	return rc;
}

void timeline_reader_close(struct timeline_reader *reader)
{
	field_table_free(&reader->fields);
}

static const struct value *first_value(const struct event *event, size_t slot,
				       enum reading reading)
{
	static const struct value none;
	size_t count;
	const struct value *items =
		value_items(event_value(event, slot, reading), &count);

	return count ? items : &none;
}

const struct value *timeline_value(const struct timeline_reader *reader,
				   const struct event *event,
				   enum timeline_field field)
{
	return first_value(event, reader->slots[field], READING_INVOKED);
}

static struct str text_of(const struct value *value)
{
	return value->type == VALUE_STRING ? value->s : STR("");
}

static int64_t number_of(const struct value *value)
{
	return value->type == VALUE_INT ? value->i : -1;
}

static struct str field_text(const struct event *event, size_t slot)
{
	return text_of(first_value(event, slot, READING_INVOKED));
}

static struct str own_text(const struct maker *maker, const struct event *event,
			   enum timeline_field field)
{
	return text_of(timeline_value(maker->reader, event, field));
}

static bool own_bool(const struct maker *maker, const struct event *event,
		     enum timeline_field field)
{
	const struct value *value = timeline_value(maker->reader, event, field);

	return value->type == VALUE_BOOL && value->b;
}

/* --- processes ------------------------------------------------------------ */

static bool is_same(const struct timeline_process *a,
		    const struct timeline_process *b)
{
	if (a->entity.len && b->entity.len)
		return str_equal(a->entity, b->entity);
	return a->pid >= 0 && a->pid == b->pid && str_equal(a->host, b->host);
}

static void fill(struct str *out, struct str text)
{
	if (!out->len)
		*out = text;
}

/* The process as far as it is told here, which may be known already. */
static size_t add_process(struct maker *maker,
			  const struct timeline_process *told)
{
	struct timeline *timeline = maker->timeline;
	size_t i = 0;

	if (told->pid < 0 && !told->entity.len && !told->name.len)
		return TIMELINE_NONE;
	while (i < timeline->process_count &&
	       !is_same(&timeline->processes[i], told))
		i++;
	if (i == PROCESSES_MAX) {
		timeline->processes_left_out = true;
		return TIMELINE_NONE;
	}
	if (i == timeline->process_count) {
		timeline->processes[timeline->process_count++] = *told;
		return i;
	}
	fill(&timeline->processes[i].entity, told->entity);
	fill(&timeline->processes[i].name, told->name);
	fill(&timeline->processes[i].executable, told->executable);
	fill(&timeline->processes[i].resolved, told->resolved);
	fill(&timeline->processes[i].command, told->command);
	fill(&timeline->processes[i].user, told->user);
	return i;
}

/* A document may say anything: who is its own ancestor gets no parent. */
static void set_parent(struct timeline *timeline, size_t child, size_t parent)
{
	struct timeline_process *processes = timeline->processes;

	if (child == TIMELINE_NONE || parent == TIMELINE_NONE ||
	    processes[child].parent != TIMELINE_NONE)
		return;
	for (size_t at = parent; at != TIMELINE_NONE; at = processes[at].parent)
		if (at == child)
			return;
	processes[child].parent = parent;
}

/* The slots that tell of a process. */
struct process_slots {
	size_t pid, entity, name, executable, command, user;
};

static size_t add_told(struct maker *maker, const struct event *event,
		       const struct process_slots *slots)
{
	struct timeline_process process = {
		.pid = number_of(
			first_value(event, slots->pid, READING_INVOKED)),
		.host = event->host,
		.entity = field_text(event, slots->entity),
		.name = field_text(event, slots->name),
		.executable = field_text(event, slots->executable),
		.resolved = text_of(first_value(event, slots->executable,
						READING_RESOLVED)),
		.command = field_text(event, slots->command),
		.user = field_text(event, slots->user),
		.parent = TIMELINE_NONE,
	};

	fill(&process.name, str_basename(process.executable));
	return add_process(maker, &process);
}

/* "11376 /usr/bin/gcc", as our own ancestry has it; Elastic's has entity ids,
 * which lead nowhere. */
static bool parse_ancestor(struct str text, struct timeline_process *out)
{
	const char *blank = text.len ? memchr(text.data, ' ', text.len) : NULL;
	struct value pid;

	if (!blank ||
	    !number_parse(
		    (struct str){ text.data, (size_t)(blank - text.data) },
		    &pid) ||
	    pid.type != VALUE_INT)
		return false;
	out->pid = pid.i;
	out->executable.data = blank + 1;
	out->executable.len = (size_t)(text.data + text.len - blank) - 1;
	out->name = str_basename(out->executable);
	return true;
}

static void add_ancestors(struct maker *maker, const struct event *event,
			  size_t child)
{
	size_t count;
	const struct value *items = value_items(
		event_value(event, FIELD_PROCESS_EXT_ANCESTRY, READING_INVOKED),
		&count);

	for (size_t i = 0; i < count && i < ANCESTORS_MAX; i++) {
		struct timeline_process told = {
			.host = event->host,
			.parent = TIMELINE_NONE,
		};
		size_t parent;

		if (!parse_ancestor(text_of(&items[i]), &told))
			return;
		parent = add_process(maker, &told);
		set_parent(maker->timeline, child, parent);
		child = parent;
	}
}

static size_t add_processes(struct maker *maker, const struct event *event)
{
	static const struct process_slots self = {
		.pid = FIELD_PROCESS_PID,
		.entity = FIELD_PROCESS_ENTITY_ID,
		.name = FIELD_PROCESS_NAME,
		.executable = FIELD_PROCESS_EXECUTABLE,
		.command = FIELD_PROCESS_COMMAND_LINE,
		.user = FIELD_USER_ID,
	};
	static const struct process_slots above = {
		.pid = FIELD_PROCESS_PARENT_PID,
		.entity = FIELD_PROCESS_PARENT_ENTITY_ID,
		.name = FIELD_PROCESS_PARENT_NAME,
		.executable = FIELD_PROCESS_PARENT_EXECUTABLE,
		.command = FIELD_PROCESS_PARENT_COMMAND_LINE,
		.user = FIELD_PROCESS_PARENT_USER_ID,
	};
	size_t process = add_told(maker, event, &self);
	size_t parent = add_told(maker, event, &above);

	set_parent(maker->timeline, process, parent);
	add_ancestors(maker, event, process);
	return process;
}

/* Depth first, children in the order they were met. */
static void order_below(struct timeline *timeline, size_t parent, size_t depth,
			size_t *count)
{
	size_t last = TIMELINE_NONE;

	for (size_t i = 0; i < timeline->process_count; i++) {
		if (timeline->processes[i].parent != parent)
			continue;
		last = i;
		timeline->processes[i].depth = depth;
		timeline->order[(*count)++] = i;
		order_below(timeline, i, depth + 1, count);
	}
	if (last != TIMELINE_NONE)
		timeline->processes[last].last = true;
}

/* --- files and addresses -------------------------------------------------- */

bool timeline_is_of(const struct timeline_step *step,
		    const struct timeline_thing *thing)
{
	if (thing->kind == TIMELINE_FILE)
		return str_equal(step->file, thing->text);
	return step->kind == thing->kind &&
	       str_equal(step->object, thing->text);
}

static void add_thing(struct timeline *timeline,
		      const struct timeline_thing *thing)
{
	if (!thing->text.len)
		return;
	for (size_t i = 0; i < timeline->thing_count; i++) {
		struct timeline_thing *known = &timeline->things[i];

		if (known->kind != thing->kind ||
		    !str_equal(known->text, thing->text))
			continue;
		fill(&known->device, thing->device);
		fill(&known->inode, thing->inode);
		return;
	}
	if (timeline->thing_count == THINGS_MAX)
		timeline->things_left_out = true;
	else
		timeline->things[timeline->thing_count++] = *thing;
}

/* a.b.c.d:port or [v6]:port. 0 or -ENOMEM. */
static int endpoint(struct arena *arena, const struct value *ip,
		    const struct value *port, struct str *out)
{
	char text[IP_TEXT_MAX];
	size_t len;

	if (ip->type != VALUE_IP)
		return 0;
	len = ip_format(&ip->ip, text);
	if (port->type != VALUE_INT)
		*out = arena_str(arena, (struct str){ text, len });
	else if (memchr(text, ':', len))
		*out = arena_printf(arena, "[%.*s]:%lld", (int)len, text,
				    (long long)port->i);
	else
		*out = arena_printf(arena, "%.*s:%lld", (int)len, text,
				    (long long)port->i);
	return out->data ? 0 : -ENOMEM;
}

static int add_destinations(struct maker *maker, const struct event *alert)
{
	const size_t *slots = maker->reader->slots;
	size_t ip_count, port_count;
	const struct value *ips =
		value_items(event_value(alert, slots[TIMELINE_DESTINATION_IP],
					READING_INVOKED),
			    &ip_count);
	const struct value *ports =
		value_items(event_value(alert, slots[TIMELINE_DESTINATION_PORT],
					READING_INVOKED),
			    &port_count);
	static const struct value none;
	int rc = 0;

	for (size_t i = 0; i < ip_count && i < THINGS_MAX && !rc; i++) {
		struct timeline_thing thing = { .kind = TIMELINE_ADDRESS };

		/* one that has no port would shift those behind it */
		rc = endpoint(maker->arena, &ips[i],
			      port_count == ip_count ? &ports[i] : &none,
			      &thing.text);
		add_thing(maker->timeline, &thing);
	}
	return rc;
}

/* --- steps ---------------------------------------------------------------- */

static int step_address(struct maker *maker, const struct event *event,
			struct timeline_step *step)
{
	int rc = endpoint(
		maker->arena,
		first_value(event, FIELD_DESTINATION_IP, READING_INVOKED),
		first_value(event, FIELD_DESTINATION_PORT, READING_INVOKED),
		&step->object);

	if (!rc && !step->object.len)
		rc = endpoint(
			maker->arena,
			first_value(event, FIELD_SOURCE_IP, READING_INVOKED),
			first_value(event, FIELD_SOURCE_PORT, READING_INVOKED),
			&step->object);
	if (step->object.len)
		step->kind = TIMELINE_ADDRESS;
	return rc;
}

/* What an event is about: an address, a file, what was run, or a reason. */
static int step_object(struct maker *maker, const struct event *event,
		       struct timeline_step *step)
{
	int rc = 0;

	step->kind = TIMELINE_OTHER;
	if (event->categories & CATEGORY_NETWORK ||
	    !(event->categories & (CATEGORY_FILE | CATEGORY_PROCESS)))
		rc = step_address(maker, event, step);
	if (rc || step->object.len)
		return rc;
	if (event->categories & CATEGORY_PROCESS) {
		step->kind = TIMELINE_COMMAND;
		step->object = field_text(event, FIELD_PROCESS_COMMAND_LINE);
		fill(&step->object,
		     field_text(event, FIELD_PROCESS_EXECUTABLE));
		return 0;
	}
	step->object = step->file;
	if (step->object.len)
		step->kind = TIMELINE_FILE;
	fill(&step->object, field_text(event, FIELD_EVENT_REASON));
	fill(&step->object, field_text(event, FIELD_PROCESS_COMMAND_LINE));
	return 0;
}

static void add_step_things(struct maker *maker, const struct event *event,
			    const struct timeline_step *step)
{
	struct timeline_thing file = {
		.kind = TIMELINE_FILE,
		.text = step->file,
		.device = field_text(event, FIELD_FILE_DEVICE),
		.inode = field_text(event, FIELD_FILE_INODE),
	};
	struct timeline_thing address = {
		.kind = TIMELINE_ADDRESS,
		.text = step->object,
	};

	add_thing(maker->timeline, &file);
	if (step->kind == TIMELINE_ADDRESS)
		add_thing(maker->timeline, &address);
}

/* "1795486879.630:31978" as a time; false = it is none. */
static bool time_of_id(struct str id, int64_t *out)
{
	const char *colon = id.len ? memchr(id.data, ':', id.len) : NULL;
	const char *point = id.len ? memchr(id.data, '.', id.len) : NULL;
	struct value seconds, thousandths;

	if (!colon || !point || colon - point != 4 ||
	    !number_parse((struct str){ id.data, (size_t)(point - id.data) },
			  &seconds) ||
	    !number_parse((struct str){ point + 1, 3 }, &thousandths) ||
	    seconds.type != VALUE_INT || thousandths.type != VALUE_INT ||
	    __builtin_mul_overflow(seconds.i, NSEC_PER_SEC, out))
		return false;
	return !__builtin_add_overflow(*out, thousandths.i * NSEC_PER_MSEC,
				       out);
}

static bool has_audit(const struct timeline *timeline, struct str audit)
{
	for (size_t i = 0; i < timeline->step_count; i++)
		if (str_equal(timeline->steps[i].audit, audit))
			return true;
	return false;
}

/* Where the program came from, long before, is where the story begins. */
static void add_origin(struct maker *maker, const struct event *event)
{
	struct timeline *timeline = maker->timeline;
	struct timeline_step step = {
		.kind = TIMELINE_FILE,
		.action = field_text(event, FIELD_PROCESS_ORIGIN_KIND),
		.object = field_text(event, FIELD_PROCESS_ORIGIN_PATH),
		.file = field_text(event, FIELD_PROCESS_ORIGIN_PATH),
		.by = field_text(event, FIELD_PROCESS_ORIGIN_EXECUTABLE),
		.audit = field_text(event, FIELD_PROCESS_ORIGIN_AUDIT_ID),
		.node = event->node,
		.process = TIMELINE_NONE,
	};
	struct timeline_thing thing = {
		.kind = TIMELINE_FILE,
		.text = step.object,
	};

	if (!step.audit.len || has_audit(timeline, step.audit) ||
	    !time_of_id(step.audit, &step.time_ns))
		return;
	timeline->steps[timeline->step_count++] = step;
	add_thing(timeline, &thing);
}

static int add_step(struct maker *maker, const struct event *event,
		    int64_t stage)
{
	struct timeline *timeline = maker->timeline;
	struct timeline_step step = {
		.stage = stage,
		.process = TIMELINE_NONE,
	};
	int rc;

	if (!event) {
		step.missing = true;
		step.time_ns =
			timeline->step_count
				? timeline->steps[timeline->step_count - 1]
					  .time_ns
				: timeline->end_ns;
		timeline->steps[timeline->step_count++] = step;
		return 0;
	}
	step.time_ns = event->time_ns;
	step.action = field_text(event, FIELD_EVENT_ACTION);
	fill(&step.action, field_text(event, FIELD_AUDITD_DATA_SYSCALL));
	fill(&step.action, STR("event"));
	step.outcome = field_text(event, FIELD_EVENT_OUTCOME);
	step.file = field_text(event, FIELD_FILE_PATH);
	step.audit = own_text(maker, event, TIMELINE_AUDIT_ID);
	step.node = event->node;
	step.process = add_processes(maker, event);
	rc = step_object(maker, event, &step);
	timeline->steps[timeline->step_count++] = step;
	add_step_things(maker, event, &step);
	return rc;
}

/* By time; a missing event stays behind what it follows. */
static int compare_steps(const void *x, const void *y)
{
	const struct timeline_step *a = x, *b = y;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return (a->stage > b->stage) - (a->stage < b->stage);
}

/* The beginning and the end tell most. */
static void leave_out_steps(struct timeline *timeline)
{
	size_t more = timeline->step_count - STEPS_MAX;

	if (timeline->step_count <= STEPS_MAX)
		return;
	timeline->steps_left_out = more;
	timeline->left_out_at = STEPS_MAX / 2;
	memmove(timeline->steps + STEPS_MAX / 2,
		timeline->steps + STEPS_MAX / 2 + more,
		STEPS_MAX / 2 * sizeof(*timeline->steps));
	timeline->step_count = STEPS_MAX;
}

static int add_steps(struct maker *maker, const struct ecs_alert *alert)
{
	struct timeline *timeline = maker->timeline;
	int rc = 0;

	for (size_t i = 0; i < alert->event_count && !rc; i++) {
		const struct event *event = alert->events[i];
		int64_t stage =
			event ? number_of(timeline_value(maker->reader, event,
							 TIMELINE_STAGE))
			      : -1;

		rc = add_step(maker, event, stage > 0 ? stage : (int64_t)i + 1);
	}
	if (!rc && !alert->event_count)
		rc = add_step(maker, alert->event, 1);
	for (size_t i = 0; i < alert->event_count && !rc; i++)
		if (alert->events[i])
			add_origin(maker, alert->events[i]);
	if (!rc && !alert->event_count)
		add_origin(maker, alert->event);
	qsort(timeline->steps, timeline->step_count, sizeof(*timeline->steps),
	      compare_steps);
	leave_out_steps(timeline);
	return rc;
}

/* --- the whole ------------------------------------------------------------ */

static struct str severity_word(int64_t number)
{
	if (number < 0)
		return STR("ALERT");
	if (number < 47)
		return STR("LOW");
	if (number < 73)
		return STR("MEDIUM");
	return number < 99 ? STR("HIGH") : STR("CRITICAL");
}

static int set_techniques(struct maker *maker, const struct event *event)
{
	struct strbuf text = STRBUF_INIT(4096);
	size_t count;
	const struct value *items = value_items(
		event_value(event, maker->reader->slots[TIMELINE_TECHNIQUE],
			    READING_INVOKED),
		&count);

	for (size_t i = 0; i < count; i++) {
		strbuf_add_str(&text, i ? STR(" ") : STR(""));
		strbuf_add_str(&text, text_of(&items[i]));
	}
	maker->timeline->techniques =
		arena_str(maker->arena, strbuf_str(&text));
	strbuf_free(&text);
	return maker->timeline->techniques.data ? 0 : -ENOMEM;
}

static void set_head(struct maker *maker, const struct ecs_alert *alert)
{
	struct timeline *timeline = maker->timeline;
	const struct event *event = alert->event;

	timeline->severity_number = number_of(
		timeline_value(maker->reader, event, TIMELINE_SEVERITY));
	timeline->severity = severity_word(timeline->severity_number);
	timeline->rule = own_text(maker, event, TIMELINE_MESSAGE);
	fill(&timeline->rule, own_text(maker, event, TIMELINE_RULE_NAME));
	timeline->rule_id = own_text(maker, event, TIMELINE_RULE_ID);
	timeline->id = own_text(maker, event, TIMELINE_ID);
	timeline->host = field_text(event, FIELD_HOST_NAME);
	fill(&timeline->host, event->host);
	timeline->user = field_text(event, FIELD_USER_NAME);
	timeline->uid = field_text(event, FIELD_USER_ID);
	timeline->login = own_text(maker, event, TIMELINE_LOGIN);
	timeline->session = own_text(maker, event, TIMELINE_SESSION);
	timeline->number = number_of(
		timeline_value(maker->reader, event, TIMELINE_NUMBER));
	timeline->suppressed = number_of(
		timeline_value(maker->reader, event, TIMELINE_SUPPRESSED));
	timeline->observed =
		str_equal(field_text(event, FIELD_EVENT_KIND), STR("event")) &&
		alert->event_count;
	timeline->gap = own_bool(maker, event, TIMELINE_GAP);
	timeline->degraded = own_bool(maker, event, TIMELINE_DEGRADED);
	timeline->truncated = own_bool(maker, event, TIMELINE_TRUNCATED);
	timeline->foreign = !alert->event_count;
	timeline->end_ns = event->time_ns;
}

static int make_room(struct maker *maker, size_t event_count)
{
	struct timeline *timeline = maker->timeline;

	/* an event, or its alert, and an origin of each */
	timeline->steps = arena_array(maker->arena, 2 * event_count + 2,
				      sizeof(*timeline->steps));
	timeline->processes = arena_array(maker->arena, PROCESSES_MAX,
					  sizeof(*timeline->processes));
	timeline->order = arena_array(maker->arena, PROCESSES_MAX,
				      sizeof(*timeline->order));
	timeline->things = arena_array(maker->arena, THINGS_MAX,
				       sizeof(*timeline->things));
	return timeline->steps && timeline->processes && timeline->order &&
			       timeline->things
		       ? 0
		       : -ENOMEM;
}

int timeline_make(const struct timeline_reader *reader,
		  const struct ecs_alert *alert, struct arena *arena,
		  struct timeline *out)
{
	struct timeline timeline = { 0 };
	struct maker maker = {
		.reader = reader,
		.arena = arena,
		.timeline = &timeline,
	};
	size_t ordered = 0;
	int rc = make_room(&maker, alert->event_count);

	if (rc)
		return rc;
	set_head(&maker, alert);
	rc = set_techniques(&maker, alert->event);
	if (!rc)
		rc = add_steps(&maker, alert);
	if (!rc)
		rc = add_destinations(&maker, alert->event);
	if (rc)
		return rc;
	order_below(&timeline, TIMELINE_NONE, 0, &ordered);
	timeline.start_ns = timeline.steps[0].time_ns;
	timeline.end_ns = timeline.steps[timeline.step_count - 1].time_ns;
	*out = timeline;
	return 0;
}

void timeline_put_span(struct strbuf *out, int64_t ns)
{
	static const struct {
		int64_t s;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" } };
	int64_t ms = ns / NSEC_PER_MSEC, seconds = ms / 1000;

	if (!seconds) {
		strbuf_printf(out, "%lld ms", (long long)ms);
		return;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t next = i + 1 < sizeof(units) / sizeof(units[0])
				       ? units[i + 1].s
				       : 1;

		if (seconds < units[i].s)
			continue;
		strbuf_printf(out, "%lld %s", (long long)(seconds / units[i].s),
			      units[i].name);
		if (seconds % units[i].s / next)
			strbuf_printf(out, " %lld %s",
				      (long long)(seconds % units[i].s / next),
				      next == 1 ? "s" : units[i + 1].name);
		return;
	}
	strbuf_printf(out, "%lld.%lld s", (long long)seconds,
		      (long long)(ms / 100 % 10));
}
