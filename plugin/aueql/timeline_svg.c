/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An alert as one SVG: the tree of processes at the left, a lane for each, and
 * the steps on the lanes in the order of time, which runs to the right (as
 * stations, not to scale: milliseconds and days must both be seen). Below stands
 * what each step was, then files and addresses.
 *
 * Who reads it may open it in a browser: it has no script, no link, no outside
 * reference, and all texts are escaped for XML. Right-to-left letters are shown
 * in the order in which they stand, so that no name can be read for another.
 */
#include <stdio.h>
#include <string.h>

#include "../util/json.h"
#include "columns.h"
#include "timeline.h"

#define WIDTH 1000
#define MARGIN 24
#define ROW 26
/* of the tree: lanes begin behind it */
#define TREE 330
#define INDENT 16
#define INDENTS_MAX 12
/* a character of 13 px, of a font that may be wider than ours */
#define CHARACTER 8
#define RADIUS 11
/* lanes for so many; the rest is left out, and said to be */
#define LANES_MAX 48
#define TITLE_BYTES 2048

struct drawing {
	const struct timeline *timeline;
	struct strbuf *out;
	struct strbuf safe, cut;
	size_t lanes; /* processes, and one for what has none */
	bool has_outside;
	int lanes_y, steps_y;
};

/* --- text ----------------------------------------------------------------- */

/* Characters that XML has a meaning for; those that it forbids, and what is no
 * UTF-8, have been escaped before. */
static void add_xml(struct strbuf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		const char *p = text.data + i;

		switch (*p) {
		case '<':
			strbuf_add_str(out, STR("&lt;"));
			break;
		case '>':
			strbuf_add_str(out, STR("&gt;"));
			break;
		case '&':
			strbuf_add_str(out, STR("&amp;"));
			break;
		case '"':
			strbuf_add_str(out, STR("&quot;"));
			break;
		case '\'':
			strbuf_add_str(out, STR("&#39;"));
			break;
		default:
			strbuf_add_char(out, *p);
		}
	}
}

/* Hostile text as the content of an element, in so many columns. */
static void add_cut(struct drawing *drawing, struct str text, size_t columns)
{
	strbuf_reset(&drawing->safe);
	text_escape_plain(&drawing->safe, text);
	strbuf_reset(&drawing->cut);
	columns_fit(&drawing->cut, strbuf_str(&drawing->safe), columns,
		    COLUMNS_CUT_MIDDLE, STR("…"));
	add_xml(drawing->out, strbuf_str(&drawing->cut));
}

/* All of it, where the pointer rests on what it is of. */
static void add_title(struct drawing *drawing, struct str text)
{
	strbuf_add_str(drawing->out, STR("<title>"));
	add_cut(drawing, text, TITLE_BYTES);
	strbuf_add_str(drawing->out, STR("</title>"));
}

static void text_begin(struct drawing *drawing, int x, int y, const char *class)
{
	strbuf_printf(drawing->out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x,
		      y, class);
}

static void text_end(struct drawing *drawing)
{
	strbuf_add_str(drawing->out, STR("</text>\n"));
}

static void put(struct drawing *drawing, int x, int y, const char *class,
		struct str text, size_t columns)
{
	text_begin(drawing, x, y, class);
	add_cut(drawing, text, columns);
	text_end(drawing);
}

/* A word of ours and a value, in the line of text that is open. */
static void add_pair(struct drawing *drawing, const char *name,
		     struct str value)
{
	if (!value.len)
		return;
	strbuf_printf(drawing->out,
		      "<tspan class=\"faint\" dx=\"%d\">%s</tspan> ", CHARACTER,
		      name);
	add_cut(drawing, value, 40);
	strbuf_add_char(drawing->out, ' ');
}

/* --- frame ---------------------------------------------------------------- */

static const char *severity_fill(const struct timeline *timeline)
{
	if (timeline->severity_number >= 99)
		return "#8b0f1a";
	if (timeline->severity_number >= 73)
		return "#c62828";
	return timeline->severity_number >= 47 ? "#b25e00" : "#4a5a6a";
}

static void open_picture(struct drawing *drawing, int height)
{
	strbuf_printf(drawing->out,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		      "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
		      "xml:space=\"preserve\">\n",
		      WIDTH, height, WIDTH, height);
	add_title(drawing, drawing->timeline->rule);
	strbuf_add_str(
		drawing->out,
		STR("\n<style>\n"
		    "text{font:13px 'DejaVu Sans Mono',Menlo,Consolas,monospace;"
		    "fill:#1d2733;unicode-bidi:bidi-override;direction:ltr}\n"
		    ".head{font-size:18px;font-weight:bold;fill:#fff}\n"
		    ".sub{fill:#fff}\n"
		    ".strong{font-weight:bold}\n"
		    ".faint{fill:#66737f}\n"
		    ".file{fill:#00616b}\n"
		    ".address{fill:#8e1f86}\n"
		    ".number{fill:#fff;font-weight:bold;text-anchor:middle}\n"
		    ".time{fill:#66737f;text-anchor:middle;font-size:11px}\n"
		    "</style>\n"));
	strbuf_printf(drawing->out,
		      "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
		      WIDTH, height);
}

#define HEAD 64

static void draw_head(struct drawing *drawing)
{
	const struct timeline *timeline = drawing->timeline;
	struct strbuf text = STRBUF_INIT(0);

	strbuf_printf(drawing->out,
		      "<rect width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", WIDTH,
		      HEAD, severity_fill(timeline));
	put(drawing, MARGIN, 28, "head", timeline->rule, 80);
	strbuf_add_str(&text, timeline->severity);
	strbuf_add_str(&text, STR("  "));
	text_time(&text, timeline->start_ns);
	if (timeline->end_ns != timeline->start_ns) {
		strbuf_add_str(&text, STR(" to "));
		text_time(&text, timeline->end_ns);
		strbuf_add_str(&text, STR(" ("));
		timeline_put_span(
			&text, time_sub(timeline->end_ns, timeline->start_ns));
		strbuf_add_char(&text, ')');
	}
	put(drawing, MARGIN, 50, "sub", strbuf_str(&text), 110);
	strbuf_free(&text);
}

static void draw_who(struct drawing *drawing)
{
	const struct timeline *timeline = drawing->timeline;
	char number[24] = "";

	text_begin(drawing, MARGIN - CHARACTER, HEAD + 24, "");
	add_pair(drawing, "host", timeline->host);
	add_pair(drawing, "user", timeline->user);
	add_pair(drawing, "uid", timeline->uid);
	add_pair(drawing, "login",
		 timeline->login.len ? timeline->login : STR("unset"));
	add_pair(drawing, "session", timeline->session);
	text_end(drawing);
	if (timeline->number >= 0)
		snprintf(number, sizeof(number), "%lld",
			 (long long)timeline->number);
	text_begin(drawing, MARGIN - CHARACTER, HEAD + 44, "");
	add_pair(drawing, "number", str_from(number));
	add_pair(drawing, "alert", timeline->id);
	add_pair(drawing, "technique", timeline->techniques);
	text_end(drawing);
}

/* --- lanes ---------------------------------------------------------------- */

static int lane_y(const struct drawing *drawing, size_t lane)
{
	return drawing->lanes_y + (int)lane * ROW + ROW / 2;
}

/* Stations have the same distance; a last one leaves room for its time. */
static int step_x(const struct drawing *drawing, size_t step)
{
	int room = WIDTH - MARGIN - TREE - 90;
	int count = (int)drawing->timeline->step_count;

	return TREE + 45 + (count > 1 ? room * (int)step / (count - 1) : 0);
}

/* The lane of a process; the last one for what has none. */
static size_t lane_of(const struct drawing *drawing, size_t process)
{
	const struct timeline *timeline = drawing->timeline;

	for (size_t i = 0; i < timeline->process_count && i < LANES_MAX; i++)
		if (timeline->order[i] == process)
			return i;
	return drawing->lanes - 1;
}

/* What did not come is shown where the story stood. */
static int step_y(const struct drawing *drawing, size_t step)
{
	const struct timeline_step *steps = drawing->timeline->steps;

	while (step && steps[step].missing)
		step--;
	return lane_y(drawing, lane_of(drawing, steps[step].process));
}

static int indent_of(const struct timeline_process *process)
{
	size_t depth =
		process->depth < INDENTS_MAX ? process->depth : INDENTS_MAX;

	return MARGIN + (int)depth * INDENT;
}

static void draw_branch(struct drawing *drawing, size_t lane)
{
	const struct timeline *timeline = drawing->timeline;
	const struct timeline_process *process =
		&timeline->processes[timeline->order[lane]];
	int x, y = lane_y(drawing, lane);

	if (process->parent == TIMELINE_NONE || process->depth > INDENTS_MAX)
		return;
	x = indent_of(process) - INDENT + 6;
	strbuf_printf(drawing->out,
		      "<path d=\"M%d %dV%dH%d\" fill=\"none\" "
		      "stroke=\"#9aa7b2\"/>\n",
		      x, lane_y(drawing, lane_of(drawing, process->parent)) + 9,
		      y, x + INDENT - 8);
}

static void draw_lane(struct drawing *drawing, size_t lane)
{
	const struct timeline *timeline = drawing->timeline;
	const struct timeline_process *process =
		&timeline->processes[timeline->order[lane]];
	int x = indent_of(process), y = lane_y(drawing, lane);
	char pid[32] = "";

	draw_branch(drawing, lane);
	strbuf_printf(drawing->out,
		      "<path d=\"M%d %dH%d\" stroke=\"#dde3e8\"/>\n", TREE, y,
		      WIDTH - MARGIN);
	strbuf_add_str(drawing->out, STR("<g>"));
	add_title(drawing, process->command.len ? process->command
						: process->executable);
	if (process->pid >= 0)
		snprintf(pid, sizeof(pid), "%lld", (long long)process->pid);
	text_begin(drawing, x, y + 4, "");
	add_cut(drawing, process->name.len ? process->name : STR("?"),
		(size_t)(TREE - x) / CHARACTER - strlen(pid) - 2);
	strbuf_printf(
		drawing->out,
		"<tspan class=\"faint\" dx=\"%d\">%s</tspan></text></g>\n",
		CHARACTER, pid);
}

static void draw_lanes(struct drawing *drawing)
{
	const struct timeline *timeline = drawing->timeline;

	for (size_t i = 0; i < timeline->process_count && i < LANES_MAX; i++)
		draw_lane(drawing, i);
	if (drawing->has_outside) {
		int y = lane_y(drawing, drawing->lanes - 1);

		strbuf_printf(drawing->out,
			      "<path d=\"M%d %dH%d\" stroke=\"#dde3e8\" "
			      "stroke-dasharray=\"4 4\"/>\n",
			      TREE, y, WIDTH - MARGIN);
		put(drawing, MARGIN, y + 4, "faint",
		    timeline->process_count > LANES_MAX
			    ? STR("before, and other processes")
			    : STR("before"),
		    36);
	}
}

/* From one step to the next, as a line between lanes. */
static void draw_thread(struct drawing *drawing)
{
	const struct timeline *timeline = drawing->timeline;

	strbuf_printf(drawing->out,
		      "<polyline fill=\"none\" stroke=\"%s\" "
		      "stroke-opacity=\"0.35\" stroke-width=\"2\" points=\"",
		      severity_fill(timeline));
	for (size_t i = 0; i < timeline->step_count; i++)
		strbuf_printf(drawing->out, "%s%d,%d", i ? " " : "",
			      step_x(drawing, i), step_y(drawing, i));
	strbuf_add_str(drawing->out, STR("\"/>\n"));
}

/* How long after the one before, where there is room. */
static void draw_since(struct drawing *drawing, size_t step)
{
	const struct timeline_step *steps = drawing->timeline->steps;
	struct strbuf text = STRBUF_INIT(0);
	int x = step_x(drawing, step);

	if (!step || steps[step].missing || x - step_x(drawing, step - 1) < 50)
		return;
	strbuf_add_char(&text, '+');
	timeline_put_span(
		&text, time_sub(steps[step].time_ns, steps[step - 1].time_ns));
	put(drawing, (x + step_x(drawing, step - 1)) / 2, drawing->lanes_y - 6,
	    "time", strbuf_str(&text), 16);
	strbuf_free(&text);
}

static bool is_of_one_day(const struct timeline *timeline)
{
	const int64_t day = 86400 * NSEC_PER_SEC;

	return timeline->start_ns / day == timeline->end_ns / day;
}

static void draw_time(struct drawing *drawing, size_t step)
{
	const struct timeline *timeline = drawing->timeline;
	struct strbuf text = STRBUF_INIT(0);
	struct str time;

	/* every other one, and so on, where they would cover each other */
	if (step && step_x(drawing, step) - step_x(drawing, step - 1) < 80 &&
	    step + 1 != timeline->step_count)
		return;
	if (timeline->steps[step].missing)
		return;
	text_time(&text, timeline->steps[step].time_ns);
	time = strbuf_str(&text);
	/* of several days the date is worth more than milliseconds */
	if (time.len == 24 && !is_of_one_day(timeline))
		time = (struct str){ time.data + 5, 14 };
	else if (time.len > 13)
		time = (struct str){ time.data + time.len - 13, 12 };
	put(drawing, step_x(drawing, step), drawing->lanes_y - 22, "time", time,
	    16);
	strbuf_free(&text);
}

static void draw_mark(struct drawing *drawing, size_t step)
{
	const struct timeline_step *told = &drawing->timeline->steps[step];
	int x = step_x(drawing, step);
	int y = step_y(drawing, step);

	strbuf_add_str(drawing->out, STR("<g>"));
	add_title(drawing, told->missing ? STR("nothing") : told->object);
	strbuf_printf(drawing->out,
		      "<circle cx=\"%d\" cy=\"%d\" r=\"%d\" fill=\"%s\" "
		      "stroke=\"%s\" stroke-width=\"2\"/>",
		      x, y, told->stage ? RADIUS : RADIUS - 5,
		      told->stage && !told->missing
			      ? severity_fill(drawing->timeline)
			      : "#fff",
		      severity_fill(drawing->timeline));
	if (told->stage && !told->missing)
		strbuf_printf(drawing->out,
			      "<text x=\"%d\" y=\"%d\" class=\"number\">%lld"
			      "</text>",
			      x, y + 5, (long long)told->stage);
	strbuf_add_str(drawing->out, STR("</g>\n"));
}

static void draw_marks(struct drawing *drawing)
{
	draw_thread(drawing);
	for (size_t i = 0; i < drawing->timeline->step_count; i++) {
		draw_time(drawing, i);
		draw_since(drawing, i);
		draw_mark(drawing, i);
	}
}

/* --- what each step was --------------------------------------------------- */

static const char *kind_class(enum timeline_kind kind)
{
	switch (kind) {
	case TIMELINE_FILE:
		return "file";
	case TIMELINE_ADDRESS:
		return "address";
	default:
		return "";
	}
}

static struct str program_of(const struct timeline *timeline,
			     const struct timeline_step *step)
{
	const struct timeline_process *process;

	if (step->process == TIMELINE_NONE)
		return step->by;
	process = &timeline->processes[step->process];
	if (process->resolved.len)
		return process->resolved;
	return process->executable.len ? process->executable : process->name;
}

static void draw_step(struct drawing *drawing, size_t index, int y)
{
	const struct timeline *timeline = drawing->timeline;
	const struct timeline_step *step = &timeline->steps[index];
	struct strbuf by = STRBUF_INIT(0);
	char stage[24] = "";

	if (step->stage)
		snprintf(stage, sizeof(stage), "%lld", (long long)step->stage);
	put(drawing, MARGIN, y, "strong", str_from(stage), 4);
	if (step->missing) {
		put(drawing, MARGIN + 30, y, "",
		    STR("nothing: the rule is about what did not come"), 80);
		return;
	}
	strbuf_add_str(drawing->out, STR("<g>"));
	add_title(drawing, step->object);
	put(drawing, MARGIN + 30, y, "strong", step->action, 21);
	put(drawing, MARGIN + 210, y, kind_class(step->kind), step->object, 92);
	strbuf_add_str(drawing->out, STR("</g>\n"));
	if (program_of(timeline, step).len) {
		strbuf_add_str(&by, STR("by "));
		strbuf_add_str(&by, program_of(timeline, step));
	}
	if (step->outcome.len && !str_equal(step->outcome, STR("success"))) {
		strbuf_add_str(&by, STR(", "));
		strbuf_add_str(&by, step->outcome);
	}
	put(drawing, MARGIN + 210, y + 18, "faint", strbuf_str(&by), 54);
	strbuf_reset(&by);
	if (step->node.len) {
		strbuf_add_str(&by, step->node);
		strbuf_add_char(&by, ' ');
	}
	strbuf_add_str(&by, step->audit);
	put(drawing, MARGIN + 660, y + 18, "faint", strbuf_str(&by), 36);
	strbuf_free(&by);
}

static int draw_steps(struct drawing *drawing, int y)
{
	const struct timeline *timeline = drawing->timeline;
	char text[64];

	for (size_t i = 0; i < timeline->step_count; i++, y += 42) {
		if (timeline->steps_left_out && i == timeline->left_out_at) {
			snprintf(text, sizeof(text), "%zu more, left out here",
				 timeline->steps_left_out);
			put(drawing, MARGIN + 30, y + 16, "faint",
			    str_from(text), 64);
			y += 24;
		}
		draw_step(drawing, i, y + 16);
	}
	return y;
}

static int draw_things(struct drawing *drawing, int y, enum timeline_kind kind)
{
	const struct timeline *timeline = drawing->timeline;
	bool file = kind == TIMELINE_FILE;

	for (size_t i = 0; i < timeline->thing_count; i++) {
		const struct timeline_thing *thing = &timeline->things[i];
		struct strbuf inode = STRBUF_INIT(0);

		if (thing->kind != kind)
			continue;
		put(drawing, MARGIN, y + 14, "faint",
		    file ? STR("file") : STR("address"), 8);
		strbuf_add_str(drawing->out, STR("<g>"));
		add_title(drawing, thing->text);
		put(drawing, MARGIN + 80, y + 14, file ? "file" : "address",
		    thing->text, 70);
		strbuf_add_str(drawing->out, STR("</g>\n"));
		strbuf_add_str(&inode, thing->device);
		strbuf_add_str(&inode, inode.len ? STR(" ") : STR(""));
		strbuf_add_str(&inode, thing->inode);
		put(drawing, MARGIN + 660, y + 14, "faint", strbuf_str(&inode),
		    36);
		strbuf_free(&inode);
		y += 20;
	}
	return y;
}

static int draw_remarks(struct drawing *drawing, int y)
{
	const struct timeline *timeline = drawing->timeline;
	const struct {
		bool holds;
		struct str text;
	} remarks[] = {
		{ timeline->observed, STR("its rule only observes") },
		{ timeline->foreign,
		  STR("it has no list of its events: only what it says itself "
		      "is shown") },
		{ timeline->gap,
		  STR("audit records are missing in its time: there may be "
		      "more to it") },
		{ timeline->degraded, STR("tables overflowed in its time: "
					  "there may be more to it") },
		{ timeline->truncated, STR("the alert was cut to fit: long "
					   "values lack their middle") },
		{ timeline->processes_left_out || timeline->things_left_out ||
			  timeline->process_count > LANES_MAX,
		  STR("there are more processes or files than are shown") },
	};

	if (timeline->suppressed > 0) {
		char text[64];

		snprintf(text, sizeof(text),
			 "%lld more of the same were not sent",
			 (long long)timeline->suppressed);
		put(drawing, MARGIN, y + 14, "strong", str_from(text), 110);
		y += 20;
	}
	for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++) {
		if (!remarks[i].holds)
			continue;
		put(drawing, MARGIN, y + 14, "strong", remarks[i].text, 110);
		y += 20;
	}
	return y;
}

static void rule_off(struct drawing *drawing, int y)
{
	strbuf_printf(drawing->out,
		      "<path d=\"M%d %dH%d\" stroke=\"#c5ced6\"/>\n", MARGIN, y,
		      WIDTH - MARGIN);
}

static void set_lanes(struct drawing *drawing)
{
	const struct timeline *timeline = drawing->timeline;

	drawing->lanes = timeline->process_count < LANES_MAX
				 ? timeline->process_count
				 : LANES_MAX;
	drawing->has_outside = timeline->process_count > LANES_MAX;
	for (size_t i = 0; i < timeline->step_count; i++)
		if (timeline->steps[i].process == TIMELINE_NONE &&
		    (!i || !timeline->steps[i].missing))
			drawing->has_outside = true;
	drawing->lanes += drawing->has_outside;
}

void timeline_svg(const struct timeline *timeline, struct strbuf *out)
{
	struct strbuf body = STRBUF_INIT(out->max);
	struct drawing drawing = {
		.timeline = timeline,
		.out = &body,
		.lanes_y = HEAD + 108,
	};
	int y;

	set_lanes(&drawing);
	draw_head(&drawing);
	draw_who(&drawing);
	draw_lanes(&drawing);
	draw_marks(&drawing);
	y = drawing.lanes_y + (int)drawing.lanes * ROW + 14;
	rule_off(&drawing, y);
	y = draw_steps(&drawing, y + 10);
	rule_off(&drawing, y + 6);
	y = draw_things(&drawing, y + 16, TIMELINE_FILE);
	y = draw_things(&drawing, y, TIMELINE_ADDRESS);
	y = draw_remarks(&drawing, y + 8);
	/* now its height is known */
	drawing.out = out;
	open_picture(&drawing, y + MARGIN);
	strbuf_add_str(out, strbuf_str(&body));
	strbuf_add_str(out, STR("</svg>\n"));
	out->failed = out->failed || body.failed || drawing.safe.failed ||
		      drawing.cut.failed;
	strbuf_free(&body);
	strbuf_free(&drawing.safe);
	strbuf_free(&drawing.cut);
}
