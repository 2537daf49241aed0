/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An alert as text: a head, the steps below each other, the process tree, and
 * what to look for elsewhere. */
#include <stdio.h>
#include <string.h>

#include "../util/color.h"
#include "../util/json.h"
#include "columns.h"
#include "timeline.h"

#define WIDTH 80
/* where the text of a step begins, behind its time and the axis */
#define AXIS 14
#define LABEL 11
/* of a tree, deeper ones are not indented any more */
#define INDENTS_MAX 12
/* lines that one value may take */
#define LINES_MAX 4

struct glyphs {
	const char *axis, *dot, *hollow, *branch, *end, *pass, *mark;
};

struct page {
	const struct timeline *timeline;
	const struct timeline_look *look;
	const struct glyphs *glyphs;
	struct strbuf *out;
	struct strbuf scratch; /* a text made safe */
	size_t column;
};

static const struct glyphs box = {
	.axis = "│",
	.dot = "●",
	.hollow = "○",
	.branch = "├─ ",
	.end = "└─ ",
	.pass = "│  ",
	.mark = "…",
};

static const struct glyphs plain = {
	.axis = "|",
	.dot = "*",
	.hollow = "o",
	.branch = "|- ",
	.end = "`- ",
	.pass = "|  ",
	.mark = "...",
};

void timeline_escape(const struct timeline_look *look, struct str text,
		     struct strbuf *out)
{
	struct strbuf safe = STRBUF_INIT(0);

	text_escape_plain(&safe, text);
	if (look->utf8) {
		strbuf_add_str(out, strbuf_str(&safe));
	} else {
		for (size_t i = 0; i < safe.len; i++) {
			if (safe.data[i] & 0x80)
				strbuf_printf(out, "\\x%02x",
					      (unsigned char)safe.data[i]);
			else
				strbuf_add_char(out, safe.data[i]);
		}
	}
	out->failed = out->failed || safe.failed;
	strbuf_free(&safe);
}

/* --- pieces of a line ----------------------------------------------------- */

static void end_line(struct page *page)
{
	while (page->out->len && page->out->data[page->out->len - 1] == ' ')
		page->out->len--;
	strbuf_add_char(page->out, '\n');
	page->column = 0;
}

static void go_to(struct page *page, size_t column)
{
	for (; page->column < column; page->column++)
		strbuf_add_char(page->out, ' ');
}

/* Hostile text, made safe, in at most so many columns. */
static void put_cut(struct page *page, enum color color, struct str text,
		    size_t columns, enum columns_cut cut)
{
	strbuf_reset(&page->scratch);
	timeline_escape(page->look, text, &page->scratch);
	if (!text.len)
		return;
	color_begin(page->out, page->look->color, color);
	page->column += columns_fit(page->out, strbuf_str(&page->scratch),
				    columns, cut, str_from(page->glyphs->mark));
	color_end(page->out, page->look->color, color);
}

/* As much as the line holds. */
static void put(struct page *page, enum color color, struct str text)
{
	if (page->column < WIDTH)
		put_cut(page, color, text, WIDTH - page->column,
			COLUMNS_CUT_END);
}

static void put_word(struct page *page, const char *text)
{
	put(page, COLOR_NONE, str_from(text));
}

/* Lines of a long value, below each other. */
static void put_wrapped(struct page *page, enum color color, struct str text)
{
	struct strbuf safe = STRBUF_INIT(0);
	struct str rest;
	size_t start = page->column, width = WIDTH - start;

	timeline_escape(page->look, text, &safe);
	rest = strbuf_str(&safe);
	for (size_t line = 1; line < LINES_MAX && columns_of(rest) > width;
	     line++) {
		size_t len = columns_prefix(rest, width);

		color_add(page->out, page->look->color, color,
			  (struct str){ rest.data, len });
		rest.data += len;
		rest.len -= len;
		end_line(page);
		go_to(page, start);
	}
	color_begin(page->out, page->look->color, color);
	page->column += columns_fit(page->out, rest, width, COLUMNS_CUT_MIDDLE,
				    str_from(page->glyphs->mark));
	color_end(page->out, page->look->color, color);
	strbuf_free(&safe);
}

/* Behind what stands on the line, on the next one where it has no room. */
static void put_item(struct page *page, enum color color, const char *name,
		     struct str value)
{
	struct strbuf safe = STRBUF_INIT(0);

	if (!value.len)
		return;
	timeline_escape(page->look, value, &safe);
	if (page->column &&
	    page->column + 3 + strlen(name) + columns_of(strbuf_str(&safe)) >
		    WIDTH)
		end_line(page);
	if (page->column)
		put_word(page, "  ");
	put(page, COLOR_FAINT, str_from(name));
	put_word(page, " ");
	put(page, color, value);
	strbuf_free(&safe);
}

/* --- the head ------------------------------------------------------------- */

static enum color severity_color(const struct timeline *timeline)
{
	return timeline->severity_number >= 73 ? COLOR_BAD : COLOR_WARNING;
}

/* The day or the time of day of a stamp. */
static struct str time_part(struct strbuf *scratch, int64_t time_ns, bool day)
{
	struct str text;

	strbuf_reset(scratch);
	text_time(scratch, time_ns);
	text = strbuf_str(scratch);
	if (scratch->failed || text.len < 24)
		return STR("");
	return day ? (struct str){ text.data, text.len - 14 }
		   : (struct str){ text.data + text.len - 13, 12 };
}

static void put_times(struct page *page)
{
	const struct timeline *timeline = page->timeline;
	struct strbuf text = STRBUF_INIT(0);

	text_time(&text, timeline->start_ns);
	put(page, COLOR_NONE, strbuf_str(&text));
	if (timeline->end_ns != timeline->start_ns) {
		strbuf_reset(&text);
		text_time(&text, timeline->end_ns);
		put_word(page, " to ");
		put(page, COLOR_NONE, strbuf_str(&text));
		strbuf_reset(&text);
		strbuf_add_str(&text, STR(" ("));
		timeline_put_span(
			&text, time_sub(timeline->end_ns, timeline->start_ns));
		strbuf_add_char(&text, ')');
		put(page, COLOR_NONE, strbuf_str(&text));
	}
	end_line(page);
	strbuf_free(&text);
}

static void put_number(struct page *page, const char *name, int64_t number)
{
	char text[24];

	if (number < 0)
		return;
	snprintf(text, sizeof(text), "%lld", (long long)number);
	put_item(page, COLOR_NONE, name, str_from(text));
}

static void put_remark(struct page *page, bool holds, const char *text)
{
	if (!holds)
		return;
	put(page, COLOR_WARNING, str_from(text));
	end_line(page);
}

static void put_remarks(struct page *page)
{
	const struct timeline *timeline = page->timeline;
	char text[80];

	put_remark(page, timeline->observed,
		   "its rule only observes: no output but the alerts file "
		   "has it");
	put_remark(page, timeline->foreign,
		   "it has no list of its events: only what it says itself is "
		   "shown");
	put_remark(page, timeline->gap,
		   "audit records are missing in its time: there may be more "
		   "to it");
	put_remark(page, timeline->degraded,
		   "tables overflowed in its time: there may be more to it");
	put_remark(page, timeline->truncated,
		   "the alert was cut to fit: long values lack their middle");
	snprintf(text, sizeof(text), "%lld more of the same were not sent",
		 (long long)timeline->suppressed);
	put_remark(page, timeline->suppressed > 0, text);
}

static void put_head(struct page *page)
{
	const struct timeline *timeline = page->timeline;

	put(page, severity_color(timeline), timeline->severity);
	put_word(page, "  ");
	put(page, COLOR_STRONG, timeline->rule);
	end_line(page);
	put_times(page);
	put_item(page, COLOR_STRONG, "host", timeline->host);
	put_item(page, COLOR_STRONG, "user", timeline->user);
	put_item(page, COLOR_NONE, "uid", timeline->uid);
	put_item(page, COLOR_NONE, "login",
		 timeline->login.len ? timeline->login : STR("unset"));
	put_item(page, COLOR_NONE, "session", timeline->session);
	end_line(page);
	put_number(page, "number", timeline->number);
	put_item(page, COLOR_NONE, "alert", timeline->id);
	put_item(page, COLOR_NONE, "technique", timeline->techniques);
	if (page->column)
		end_line(page);
	put_remarks(page);
}

/* --- steps ---------------------------------------------------------------- */

static const struct timeline_process *process_of(const struct page *page,
						 size_t process)
{
	return process == TIMELINE_NONE ? NULL
					: &page->timeline->processes[process];
}

static void put_stage(struct page *page, const struct timeline_step *step)
{
	char text[24] = "";

	if (step->stage)
		snprintf(text, sizeof(text), "%lld", (long long)step->stage);
	put(page, COLOR_STRONG, str_from(text));
	put_word(page, " ");
}

static enum color kind_color(enum timeline_kind kind)
{
	switch (kind) {
	case TIMELINE_FILE:
		return COLOR_FILE;
	case TIMELINE_ADDRESS:
		return COLOR_ADDRESS;
	default:
		return COLOR_NONE;
	}
}

/* What goes before a step, right of its time: how long after the one before. */
static void put_since(struct page *page, const struct timeline_step *step,
		      const struct timeline_step *before)
{
	struct strbuf text = STRBUF_INIT(0);

	if (before && !step->missing) {
		strbuf_add_char(&text, '+');
		timeline_put_span(&text,
				  time_sub(step->time_ns, before->time_ns));
		if (columns_of(strbuf_str(&text)) < AXIS - 1)
			go_to(page, AXIS - 2 - columns_of(strbuf_str(&text)));
		put(page, COLOR_FAINT, strbuf_str(&text));
	}
	strbuf_free(&text);
}

static void put_axis(struct page *page, const char *glyph, enum color color)
{
	go_to(page, AXIS - 1);
	if (*glyph != ' ')
		put(page, color, str_from(glyph));
	go_to(page, AXIS + 1);
}

/* Who did it: program and pid, and whether it went well. */
static void put_by(struct page *page, const struct timeline_step *step)
{
	const struct timeline_process *process =
		process_of(page, step->process);
	struct str program = step->by;
	char pid[32];

	if (process && process->resolved.len)
		program = process->resolved;
	else if (process)
		program = process->executable.len ? process->executable
						  : process->name;
	snprintf(pid, sizeof(pid), ", pid %lld",
		 process ? (long long)process->pid : -1LL);
	if (program.len) {
		put(page, COLOR_FAINT, STR("by "));
		put_cut(page, COLOR_NONE, program, 40, COLUMNS_CUT_MIDDLE);
	}
	if (process && process->pid >= 0)
		put(page, COLOR_NONE,
		    str_from(program.len ? pid : pid + strlen(", ")));
	if (step->outcome.len && !str_equal(step->outcome, STR("success"))) {
		put_word(page, ", ");
		put(page, COLOR_WARNING, step->outcome);
	}
}

static void put_step(struct page *page, const struct timeline_step *step,
		     const struct timeline_step *before, bool last)
{
	struct strbuf scratch = STRBUF_INIT(0);

	if (!step->missing)
		put(page, COLOR_NONE,
		    time_part(&scratch, step->time_ns, false));
	put_axis(page, step->stage ? page->glyphs->dot : page->glyphs->hollow,
		 step->stage ? severity_color(page->timeline) : COLOR_FAINT);
	put_stage(page, step);
	if (step->missing) {
		put_word(page, "nothing: the rule is about what did not come");
	} else {
		put(page, COLOR_STRONG, step->action);
		put_word(page, " ");
		if (page->column < WIDTH)
			put_cut(page, kind_color(step->kind), step->object,
				WIDTH - page->column, COLUMNS_CUT_MIDDLE);
	}
	end_line(page);
	if (!step->missing) {
		put_since(page, step, before);
		put_axis(page, last ? " " : page->glyphs->axis, COLOR_FAINT);
		put_word(page, "  ");
		put_by(page, step);
		end_line(page);
	}
	strbuf_free(&scratch);
}

static void put_left_out(struct page *page)
{
	char text[64];

	snprintf(text, sizeof(text), "%zu more, left out here",
		 page->timeline->steps_left_out);
	put_axis(page, page->glyphs->axis, COLOR_FAINT);
	put(page, COLOR_WARNING, str_from(text));
	end_line(page);
}

/* Each day is told once. */
static void put_steps(struct page *page)
{
	const struct timeline *timeline = page->timeline;
	struct strbuf scratch = STRBUF_INIT(0), day = STRBUF_INIT(0);

	for (size_t i = 0; i < timeline->step_count; i++) {
		const struct timeline_step *step = &timeline->steps[i];
		struct str today = time_part(&scratch, step->time_ns, true);

		if (timeline->steps_left_out && i == timeline->left_out_at)
			put_left_out(page);
		if (!str_equal(today, strbuf_str(&day))) {
			strbuf_reset(&day);
			strbuf_add_str(&day, today);
			put(page, COLOR_FAINT, today);
			put_axis(page, i ? page->glyphs->axis : " ",
				 COLOR_FAINT);
			end_line(page);
		}
		put_step(page, step, i ? step - 1 : NULL,
			 i + 1 == timeline->step_count);
	}
	strbuf_free(&scratch);
	strbuf_free(&day);
}

/* --- processes ------------------------------------------------------------ */

/* The branches that pass by, then the one it hangs on; in a second line of the
 * same process that one has passed, too. */
static void put_branches(struct page *page, size_t process, bool second)
{
	const struct timeline_process *processes = page->timeline->processes;
	size_t path[INDENTS_MAX], count = 0;

	for (size_t at = process; processes[at].parent != TIMELINE_NONE;
	     at = processes[at].parent) {
		if (processes[at].depth <= INDENTS_MAX)
			path[count++] = at;
	}
	while (count--) {
		const struct timeline_process *at = &processes[path[count]];
		const char *glyph = at->last ? "   " : page->glyphs->pass;

		if (!count && !second)
			glyph = at->last ? page->glyphs->end
					 : page->glyphs->branch;
		put(page, COLOR_FAINT, str_from(glyph));
	}
}

/* The stages that satisfied a condition, as "1 2 3". */
static void add_stages(const struct timeline *timeline,
		       bool (*holds)(const struct timeline_step *,
				     const void *),
		       const void *what, struct strbuf *out)
{
	int64_t last = 0;

	for (size_t i = 0; i < timeline->step_count; i++) {
		const struct timeline_step *step = &timeline->steps[i];

		if (!step->stage || step->stage == last || !holds(step, what))
			continue;
		last = step->stage;
		if (out->len > 16) {
			strbuf_add_str(out, STR(" .."));
			return;
		}
		strbuf_printf(out, "%s%lld", out->len ? " " : "",
			      (long long)last);
	}
}

static bool is_by(const struct timeline_step *step, const void *what)
{
	return step->process == *(const size_t *)what;
}

static bool is_about(const struct timeline_step *step, const void *what)
{
	return timeline_is_of(step, what);
}

/* Another file ran than the one it was called by. */
static bool is_renamed(const struct timeline_process *process)
{
	return process->resolved.len &&
	       !str_equal(str_basename(process->resolved),
			  str_basename(process->executable));
}

static void put_process(struct page *page, size_t index)
{
	const struct timeline *timeline = page->timeline;
	const struct timeline_process *process = &timeline->processes[index];
	const struct timeline_process *parent =
		process_of(page, process->parent);
	struct strbuf stages = STRBUF_INIT(0);
	char pid[32] = "";
	size_t room;

	add_stages(timeline, is_by, &index, &stages);
	room = WIDTH - (stages.len ? stages.len + 1 : 0);
	put_branches(page, index, false);
	put_cut(page, stages.len ? COLOR_STRONG : COLOR_NONE,
		process->name.len ? process->name : STR("?"), 24,
		COLUMNS_CUT_MIDDLE);
	if (process->pid >= 0)
		snprintf(pid, sizeof(pid), " %lld", (long long)process->pid);
	put_word(page, pid);
	if (process->user.len && parent && parent->user.len &&
	    !str_equal(parent->user, process->user)) {
		put(page, COLOR_WARNING, STR("  uid "));
		put_cut(page, COLOR_WARNING, process->user, 12,
			COLUMNS_CUT_END);
	}
	put_word(page, "  ");
	if (page->column < room)
		put_cut(page, COLOR_FAINT,
			process->command.len ? process->command
					     : process->executable,
			room - page->column, COLUMNS_CUT_MIDDLE);
	if (stages.len) {
		go_to(page, WIDTH - stages.len);
		put(page, COLOR_STRONG, strbuf_str(&stages));
	}
	end_line(page);
	strbuf_free(&stages);
}

/* What ran, below a process that was called by another name; of one with a step
 * that is told there. */
static void put_renamed(struct page *page, size_t index)
{
	const struct timeline_process *process =
		&page->timeline->processes[index];

	for (size_t i = 0; i < page->timeline->step_count; i++)
		if (page->timeline->steps[i].process == index)
			return;
	if (!is_renamed(process))
		return;
	put_branches(page, index, true);
	put(page, COLOR_FAINT, STR("  is "));
	put_cut(page, COLOR_FILE, process->resolved, WIDTH - page->column,
		COLUMNS_CUT_MIDDLE);
	end_line(page);
}

static void put_processes(struct page *page)
{
	const struct timeline *timeline = page->timeline;

	if (!timeline->process_count)
		return;
	end_line(page);
	for (size_t i = 0; i < timeline->process_count; i++) {
		put_process(page, timeline->order[i]);
		put_renamed(page, timeline->order[i]);
	}
	put_remark(page, timeline->processes_left_out,
		   "there are more processes than are shown");
}

/* --- files, addresses, records -------------------------------------------- */

static void put_label(struct page *page, const char *label)
{
	put(page, COLOR_FAINT, str_from(label));
	go_to(page, LABEL);
}

static void put_things(struct page *page, enum timeline_kind kind,
		       const char *label)
{
	const struct timeline *timeline = page->timeline;

	for (size_t i = 0; i < timeline->thing_count; i++) {
		const struct timeline_thing *thing = &timeline->things[i];
		struct strbuf stages = STRBUF_INIT(0);

		if (thing->kind != kind)
			continue;
		add_stages(timeline, is_about, thing, &stages);
		put_label(page, label);
		label = "";
		put_wrapped(page, kind_color(kind), thing->text);
		if (thing->inode.len && page->column < WIDTH - 30) {
			put_word(page, "  ");
			put(page, COLOR_FAINT, thing->device);
			put_word(page, " ");
			put(page, COLOR_FAINT, thing->inode);
		}
		if (stages.len && page->column + 1 + stages.len <= WIDTH) {
			go_to(page, WIDTH - stages.len);
			put(page, COLOR_STRONG, strbuf_str(&stages));
		}
		end_line(page);
		strbuf_free(&stages);
	}
}

/* The ids as ausearch -a wants their serials, each behind its stage. */
static void put_records(struct page *page)
{
	const struct timeline *timeline = page->timeline;
	const char *label = "audit";

	for (size_t i = 0; i < timeline->step_count; i++) {
		const struct timeline_step *step = &timeline->steps[i];
		struct strbuf text = STRBUF_INIT(0);

		if (!step->audit.len)
			continue;
		timeline_escape(page->look, step->node, &text);
		strbuf_add_str(&text, step->node.len ? STR(" ") : STR(""));
		timeline_escape(page->look, step->audit, &text);
		if (*label ||
		    page->column + 4 + columns_of(strbuf_str(&text)) > WIDTH) {
			if (page->column)
				end_line(page);
			put_label(page, label);
			label = "";
		} else {
			put_word(page, "  ");
		}
		if (step->stage)
			put_stage(page, step);
		put(page, COLOR_NONE, strbuf_str(&text));
		strbuf_free(&text);
	}
	if (page->column)
		end_line(page);
}

void timeline_text(const struct timeline *timeline,
		   const struct timeline_look *look, struct strbuf *out)
{
	struct page page = {
		.timeline = timeline,
		.look = look,
		.glyphs = look->utf8 ? &box : &plain,
		.out = out,
	};

	put_head(&page);
	end_line(&page);
	put_steps(&page);
	put_processes(&page);
	end_line(&page);
	put_things(&page, TIMELINE_FILE, "files");
	put_things(&page, TIMELINE_ADDRESS, "addresses");
	put_records(&page);
	put_remark(&page, timeline->things_left_out,
		   "there are more files and addresses than are shown");
	out->failed = out->failed || page.scratch.failed;
	strbuf_free(&page.scratch);
}
