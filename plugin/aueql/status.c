/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aueql status: what the running plugin counts, from the file it writes every
 * ten seconds. A file outlives who wrote it, so that its age is looked at
 * first; what is wrong stands before what is counted.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../config.h"
#include "../status.h"
#include "../util/diag.h"
#include "../util/json.h"
#include "command.h"
#include "exceptions.h"
#include "status_file.h"
#include "terminal.h"

#define OUTPUT_BYTES_MAX (32U << 20)
/* an exception that held nothing for so long is told of */
#define UNUSED_S (30ULL * 86400)
#define RULE_ID_TOLD 64

/* a clock is off beyond this */
#define CLOCK_OFF_S 60
/* of many hosts, so many are named, and shown */
#define HOSTS_NAMED 5
#define HOSTS_SHOWN 50
#define MIXED_MEND "man 8 audisp-eql"

enum status_format { STATUS_TEXT, STATUS_JSON, STATUS_PROMETHEUS };

/* A host of many, by its rows. */
struct host_rows {
	struct str name; /* as it is written there */
	uint64_t records, missing, silent_s, clock_s;
	bool mixed;
};

struct report {
	struct status_file file;
	enum status_format format;
	struct json *json; /* where problems go; NULL = to standard output */
	size_t problems, warnings;
};

/* The number of a metric; what is not there is nothing. */
static uint64_t number_of(const struct report *report, const char *name)
{
	return status_file_number(&report->file, name);
}

static uint64_t time_of(const struct report *report, const char *name)
{
	return status_file_time(number_of(report, name));
}

/* What a metric says of the host at an index; all have the same order. */
static uint64_t number_of_host(const struct report *report, const char *name,
			       size_t index)
{
	const struct metric *end =
		report->file.metrics + report->file.metric_count;
	const struct metric *metric = status_file_find(&report->file, name);

	if (!metric || (size_t)(end - metric) <= index ||
	    !str_equal(metric[index].name, str_from(name)))
		return 0;
	return metric[index].number;
}

/* False = there are no more. */
static bool host_at(const struct report *report, size_t index,
		    struct host_rows *out)
{
	const struct metric *end =
		report->file.metrics + report->file.metric_count;
	const struct metric *metric =
		status_file_find(&report->file, "host_records_total");

	if (!metric || (size_t)(end - metric) <= index ||
	    !str_equal(metric[index].name, metric->name))
		return false;
	out->name = status_file_label(&metric[index], "host");
	out->records = metric[index].number;
	out->missing =
		number_of_host(report, "host_missing_serials_total", index);
	out->silent_s = number_of_host(report, "host_silent_seconds", index);
	out->clock_s = status_file_time(
		number_of_host(report, "host_clock_timestamp_seconds", index));
	out->mixed = number_of_host(report, "host_mixed", index) != 0;
	return true;
}

/* --- what is wrong -------------------------------------------------------- */

/* What scripts know it by, how bad it is, and what to type (NULL = nothing). */
struct complaint {
	const char *id;
	bool problem;
	const char *mend;
};

static void complain(struct report *report, struct complaint what,
		     const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(struct report *report, struct complaint what,
		     const char *format, ...)
{
	char sentence[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	/* of a character that was cut nothing is left */
	for (size_t len = strlen(sentence);
	     !text_is_plain((struct str){ sentence, len }); len--)
		sentence[len - 1] = '\0';
	report->problems += what.problem;
	report->warnings += !what.problem;
	if (report->json) {
		json_object_begin(report->json);
		json_add_str(report->json, "id", str_from(what.id));
		json_add_str(report->json, "severity",
			     what.problem ? STR("problem") : STR("warning"));
		json_add_str(report->json, "finding", str_from(sentence));
		if (what.mend)
			json_add_str(report->json, "type", str_from(what.mend));
		json_object_end(report->json);
	} else if (report->format == STATUS_TEXT) {
		terminal_word(what.problem ? COLOR_BAD : COLOR_WARNING,
			      what.problem ? "problem" : "warning", 9);
		puts(sentence);
		if (what.mend)
			printf("         type: %s\n", what.mend);
	}
}

#define SPAN_BYTES 48

/* A span of time as people say it: 12 s, 5 min, 3 h 20 min, 4 d 2 h. */
static const char *span(int64_t seconds, char out[SPAN_BYTES])
{
	long long s = seconds;

	if (s < 120)
		snprintf(out, SPAN_BYTES, "%lld s", s);
	else if (s < 2 * 3600)
		snprintf(out, SPAN_BYTES, "%lld min", s / 60);
	else if (s < 2 * 86400)
		snprintf(out, SPAN_BYTES, "%lld h %lld min", s / 3600,
			 s / 60 % 60);
	else
		snprintf(out, SPAN_BYTES, "%lld d %lld h", s / 86400,
			 s / 3600 % 24);
	return out;
}

/* Whether it is there at all. */
static void judge_running(struct report *report)
{
	int64_t age = report->file.age_s;
	struct complaint gone = { "running", true, "aueql check" };
	char text[SPAN_BYTES];

	switch (status_file_life(&report->file)) {
	case STATUS_RUNS:
		return;
	case STATUS_ENDED:
		complain(report, gone,
			 "the plugin has ended, %s ago: nothing is detected",
			 span(age, text));
		return;
	case STATUS_SILENT:
		complain(report, gone,
			 "the plugin was killed, or hangs: it wrote its last "
			 "report %s ago",
			 span(age, text));
		return;
	case STATUS_AHEAD:
		gone.problem = false;
		gone.mend = "date";
		complain(report, gone,
			 "the report is of the future, by %s: the clock was "
			 "set back",
			 span(-age, text));
	}
}

/* Whether it can see. */
static void judge_sight(struct report *report)
{
	const struct metric *enabled =
		status_file_find(&report->file, "kernel_audit_enabled");

	if (!number_of(report, "rules"))
		complain(report,
			 (struct complaint){ "rules", true, "aueql check" },
			 "no rule of a file runs: nothing is detected");
	if (enabled && !enabled->number)
		complain(report,
			 (struct complaint){ "kernel_audit_enabled", true,
					     "auditctl -e 1" },
			 "kernel audit is switched off");
	if (number_of(report, "blind"))
		complain(report,
			 (struct complaint){ "blind", true, "aueql check" },
			 "blind: what is named here, or below, is so now or "
			 "was a moment ago");
}

/* What was lost since the plugin, or the host, was started. */
static const struct loss {
	const char *name, *sentence, *mend;
} losses[] = {
	{ "refused_records_total",
	  "records were left out: more hosts send than there is room for",
	  NULL },
	{ "missing_serials_total", "audit events never came",
	  "ausearch -m CONFIG_CHANGE,DAEMON_END -ts today" },
	{ "kernel_lost_total", "records were lost by the kernel since boot",
	  "auditctl -b 8192" },
	{ "dropped_records_total",
	  "records were dropped: more came than could be read", "aueql check" },
	{ "over_limit_records_total", "records of events too large were cut",
	  NULL },
	{ "partials_evicted_total", "sequences begun were forgotten (memcap)",
	  NULL },
	{ "linked_files_evicted_total",
	  "programs linked here were forgotten (memcap)", NULL },
	{ "young_processes_evicted_total",
	  "processes in use were forgotten (memcap)", NULL },
	{ "key_overflows_total", "events had too many keys", NULL },
	{ "outputs_dropped_total", "alerts found no room in the queue", NULL },
	{ "outputs_failed_total", "times an output did not take an alert",
	  "journalctl -t audisp-eql" },
	{ "condition_errors_total", "conditions could not be computed",
	  "aueql rules" },
};

static void judge_losses(struct report *report)
{
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		uint64_t number = number_of(report, losses[i].name);

		if (number)
			complain(report,
				 (struct complaint){ losses[i].name, false,
						     losses[i].mend },
				 "%llu %s", (unsigned long long)number,
				 losses[i].sentence);
	}
}

/* What is told of one exception, by the row that counts its hits. */
struct use {
	const struct metric *hits;
	uint64_t since_s, last_s, expires_s; /* 0 = not, never */
};

/* The time in the row that has another name and the same labels. */
static uint64_t time_beside(const struct report *report,
			    const struct metric *metric, const char *name)
{
	for (size_t i = 0; i < report->file.metric_count; i++)
		if (str_equal(report->file.metrics[i].labels, metric->labels) &&
		    str_equal(report->file.metrics[i].name, str_from(name)))
			return status_file_time(report->file.metrics[i].number);
	return 0;
}

static bool next_use(const struct report *report, struct use *use)
{
	const struct metric *at =
		use->hits ? use->hits + 1 : report->file.metrics;
	const struct metric *end =
		report->file.metrics + report->file.metric_count;

	while (at < end && !str_equal(at->name, STR("exception_hits_total")))
		at++;
	if (at == end)
		return false;
	use->hits = at;
	use->since_s =
		time_beside(report, at, "exception_since_timestamp_seconds");
	use->last_s =
		time_beside(report, at, "exception_last_hit_timestamp_seconds");
	use->expires_s =
		time_beside(report, at, "exception_expires_timestamp_seconds");
	return true;
}

/* Its labels stay as they are written: escaped. */
static void complain_of_use(struct report *report, const struct use *use,
			    const char *what, uint64_t time_s)
{
	const struct str rule = status_file_label(use->hits, "rule");
	char time[TIME_TEXT_MAX];

	time_text((int64_t)time_s * NSEC_PER_SEC, time);
	complain(report,
		 (struct complaint){ "exception", false, "aueql rules" },
		 "exception no. %.*s of stage %.*s, rule %.*s%s, %s %s",
		 STR_ARG(status_file_label(use->hits, "exception")),
		 STR_ARG(status_file_label(use->hits, "stage")),
		 rule.len > RULE_ID_TOLD ? RULE_ID_TOLD : (int)rule.len,
		 rule.data, rule.len > RULE_ID_TOLD ? "..." : "", what, time);
}

/* One that has expired is without effect; one that takes nothing away for a
 * month hides what nobody needs hidden. */
static void judge_exceptions(struct report *report)
{
	uint64_t written = time_of(report, "written_timestamp_seconds");
	struct use use = { 0 };

	while (next_use(report, &use)) {
		uint64_t idle = use.last_s ? use.last_s : use.since_s;

		if (use.expires_s && use.expires_s <= written)
			complain_of_use(report, &use, "has expired at",
					use.expires_s);
		else if (idle && idle + UNUSED_S < written)
			complain_of_use(report, &use, "has held nothing since",
					idle);
	}
}

/* How far a host's clock is ahead of ours; none that has not been set yet. */
static int64_t clock_ahead_s(const struct report *report,
			     const struct host_rows *host)
{
	uint64_t ours = time_of(report, "written_timestamp_seconds");

	return host->clock_s ? (int64_t)(host->clock_s - ours) : 0;
}

static bool is_clock_off(int64_t ahead_s)
{
	return ahead_s > CLOCK_OFF_S || ahead_s < -CLOCK_OFF_S;
}

static void complain_of_clock(struct report *report,
			      const struct host_rows *host, int64_t ahead_s)
{
	if (ahead_s < 0)
		complain(report,
			 (struct complaint){ "host_clock", false,
					     "timedatectl" },
			 "the clock of %.*s is %lld s behind, or its records "
			 "come so late: its alerts go by it",
			 STR_ARG(host->name), (long long)-ahead_s);
	else
		complain(report,
			 (struct complaint){ "host_clock", false,
					     "timedatectl" },
			 "the clock of %.*s is %lld s ahead: its alerts go by "
			 "it",
			 STR_ARG(host->name), (long long)ahead_s);
}

/* The first of each kind by name, and how many there are. */
static void judge_hosts(struct report *report)
{
	struct host_rows host;
	size_t off = 0;

	if (number_of(report, "hosts_mixed") && number_of(report, "hosts") < 2)
		complain(report,
			 (struct complaint){ "host_mixed", true, MIXED_MEND },
			 "more than one host sends without a name, or under "
			 "this one's: its events are not correlated");
	for (size_t i = 0; host_at(report, i, &host); i++) {
		int64_t ahead_s = clock_ahead_s(report, &host);

		if (host.mixed)
			complain(
				report,
				(struct complaint){ "host_mixed", true,
						    MIXED_MEND },
				"more than one host sends under the name %.*s: "
				"its events are not correlated",
				STR_ARG(host.name));
		else if (is_clock_off(ahead_s) && ++off <= HOSTS_NAMED)
			complain_of_clock(report, &host, ahead_s);
	}
	if (off > HOSTS_NAMED)
		complain(report,
			 (struct complaint){ "host_clock", false,
					     "timedatectl" },
			 "so are those of %zu others (--format json has all)",
			 off - HOSTS_NAMED);
}

static void judge(struct report *report)
{
	judge_running(report);
	judge_sight(report);
	judge_hosts(report);
	judge_losses(report);
	judge_exceptions(report);
}

/* --- forms ---------------------------------------------------------------- */

static void print_str(const char *name, struct str text)
{
	struct strbuf out = STRBUF_INIT(0);

	text_escape_plain(&out, text);
	printf("%-18s %.*s\n", name, STR_ARG(strbuf_str(&out)));
	strbuf_free(&out);
}

static void print_number(const struct report *report, const char *name,
			 const char *metric)
{
	printf("%-18s %llu\n", name,
	       (unsigned long long)number_of(report, metric));
}

static void print_info(const struct report *report, const char *name,
		       const char *label)
{
	print_str(name, status_file_info(&report->file, label));
}

static void print_times(const struct report *report)
{
	uint64_t last = time_of(report, "last_record_timestamp_seconds");
	uint64_t written = time_of(report, "written_timestamp_seconds");
	uint64_t lag = number_of(report, "lag_milliseconds");
	char text[SPAN_BYTES];

	printf("%-18s %s ago\n", "report", span(report->file.age_s, text));
	if (last)
		printf("%-18s %s before the report\n", "last record",
		       span((int64_t)(written - last), text));
	else
		printf("%-18s none yet\n", "last record");
	printf("%-18s %llu.%03llu s\n", "behind",
	       (unsigned long long)(lag / 1000),
	       (unsigned long long)(lag % 1000));
}

static void print_uses(const struct report *report)
{
	struct use use = { 0 };
	const char *label = "exceptions";

	while (next_use(report, &use)) {
		struct strbuf text = STRBUF_INIT(0);
		char time[TIME_TEXT_MAX];

		strbuf_printf(&text, "held %llu times",
			      (unsigned long long)use.hits->number);
		time_text((int64_t)(use.last_s ? use.last_s : use.since_s) *
				  NSEC_PER_SEC,
			  time);
		if (use.last_s || use.since_s)
			strbuf_printf(&text, ", %s %s",
				      use.last_s ? "last" : "since", time);
		strbuf_printf(&text, ": no. %.*s of stage %.*s, rule %.*s",
			      STR_ARG(status_file_label(use.hits, "exception")),
			      STR_ARG(status_file_label(use.hits, "stage")),
			      STR_ARG(status_file_label(use.hits, "rule")));
		print_str(label, strbuf_str(&text));
		strbuf_free(&text);
		label = "";
	}
}

static void print_hosts(const struct report *report)
{
	uint64_t all = number_of(report, "hosts");
	size_t shown = 0;
	struct host_rows host;

	for (; shown < HOSTS_SHOWN && host_at(report, shown, &host); shown++) {
		struct strbuf name = STRBUF_INIT(0);

		if (!shown)
			printf("\n%-32s %12s %10s %10s %12s\n", "host",
			       "records", "missing", "silent, s", "clock, s");
		text_escape_plain(&name, host.name);
		printf("%-32.*s %12llu %10llu %10llu %+12lld%s\n",
		       STR_ARG(strbuf_str(&name)),
		       (unsigned long long)host.records,
		       (unsigned long long)host.missing,
		       (unsigned long long)host.silent_s,
		       (long long)clock_ahead_s(report, &host),
		       host.mixed ? "  more than one host" : "");
		strbuf_free(&name);
	}
	if (shown == HOSTS_SHOWN && all > shown)
		printf("and %llu more\n", (unsigned long long)(all - shown));
}

static void print_text(struct report *report)
{
	judge(report);
	if (!report->problems && !report->warnings) {
		terminal_word(COLOR_GOOD, "ok", 9);
		puts("the plugin runs, and sees all there is");
	}
	putchar('\n');
	print_info(report, "host", "host");
	print_info(report, "version", "version");
	print_info(report, "rule set", "rule_set");
	print_number(report, "rules", "rules");
	print_times(report);
	print_number(report, "records", "records_total");
	print_number(report, "audit events", "audit_events_total");
	print_number(report, "ECS events", "events_total");
	print_number(report, "matches", "matches_total");
	print_number(report, "suppressed", "suppressed_total");
	print_number(report, "observed", "observed_total");
	print_number(report, "last alert number", "alert_number");
	print_number(report, "delivered", "outputs_delivered_total");
	print_number(report, "sequences begun", "partials");
	printf("%-18s %llu KiB\n", "memory",
	       (unsigned long long)(number_of(report, "memory_bytes") >> 10));
	print_uses(report);
	print_hosts(report);
}

static void write_metrics(const struct report *report, struct json *json)
{
	json_key(json, STR("metrics"));
	json_object_begin(json);
	for (size_t i = 0; i < report->file.metric_count; i++) {
		const struct metric *metric = &report->file.metrics[i];

		if (metric->labels.data)
			continue;
		json_key(json, metric->name);
		json_uint(json, metric->number);
	}
	json_object_end(json);
	json_key(json, STR("labelled"));
	json_array_begin(json);
	for (size_t i = 0; i < report->file.metric_count; i++) {
		const struct metric *metric = &report->file.metrics[i];

		if (!metric->labels.data ||
		    str_equal(metric->name, STR("info")))
			continue;
		json_object_begin(json);
		json_add_str(json, "name", metric->name);
		json_add_str(json, "labels", metric->labels);
		json_key(json, STR("value"));
		json_uint(json, metric->number);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_text(struct json *json, const struct report *report,
		      const char *name)
{
	json_add_str(json, name, status_file_info(&report->file, name));
}

static void print_json(struct report *report)
{
	struct strbuf out = STRBUF_INIT(OUTPUT_BYTES_MAX);
	struct json json;

	json_init(&json, &out);
	json_object_begin(&json);
	json_text(&json, report, "host");
	json_text(&json, report, "version");
	json_text(&json, report, "rule_set");
	json_add_int(&json, "age_seconds", report->file.age_s);
	json_key(&json, STR("findings"));
	json_array_begin(&json);
	report->json = &json;
	judge(report);
	json_array_end(&json);
	json_add_bool(&json, "well", !report->problems);
	write_metrics(report, &json);
	json_object_end(&json);
	strbuf_add_char(&out, '\n');
	report->json = NULL;
	fwrite(out.data, 1, out.len, stdout);
	strbuf_free(&out);
}

/* The file as it is; but one that a dead plugin left behind says so. */
static void print_prometheus(struct report *report)
{
	static const char running[] = "\n" STATUS_PREFIX "running ";
	struct str text = strbuf_str(&report->file.text);
	enum status_life life = status_file_life(&report->file);
	const char *at =
		memmem(text.data, text.len, running, sizeof(running) - 1);
	size_t before = at ? (size_t)(at - text.data) + sizeof(running) - 1 : 0;

	judge(report);
	if (life == STATUS_SILENT && before && before < text.len) {
		fwrite(text.data, 1, before, stdout);
		putchar('0');
		text.data += before + 1;
		text.len -= before + 1;
	}
	fwrite(text.data, 1, text.len, stdout);
}

static int print_report(struct report *report)
{
	switch (report->format) {
	case STATUS_TEXT:
		print_text(report);
		break;
	case STATUS_JSON:
		print_json(report);
		break;
	case STATUS_PROMETHEUS:
		print_prometheus(report);
		break;
	}
	return report->problems ? EXIT_NOT_DONE : EXIT_DONE;
}

/* There is no report: who reads other forms than text gets that in his own. */
static int print_none(struct report *report, const char *why)
{
	struct strbuf out = STRBUF_INIT(0);
	struct json json;

	command_error("%s", why);
	if (report->format == STATUS_PROMETHEUS)
		puts("# TYPE " STATUS_PREFIX "running gauge\n" STATUS_PREFIX
		     "running 0");
	if (report->format != STATUS_JSON)
		return EXIT_NOT_DONE;
	json_init(&json, &out);
	json_object_begin(&json);
	json_key(&json, STR("findings"));
	json_array_begin(&json);
	report->json = &json;
	complain(report, (struct complaint){ "report", true, "aueql check" },
		 "%s", why);
	json_array_end(&json);
	json_add_bool(&json, "well", false);
	json_object_end(&json);
	strbuf_add_char(&out, '\n');
	fwrite(out.data, 1, out.len, stdout);
	strbuf_free(&out);
	return EXIT_NOT_DONE;
}

/* --- command -------------------------------------------------------------- */

static int status_of_file(struct report *report, const char *path)
{
	int rc = status_file_read(path, &report->file);
	char why[512];
	int code;

	if (rc == -ENOENT)
		snprintf(why, sizeof(why),
			 "%s is not there: the plugin does not run, or cannot "
			 "write it; try 'aueql check'",
			 path);
	else if (rc == STATUS_FILE_E_OTHER || rc == -ELOOP)
		snprintf(why, sizeof(why),
			 "%s is no status file of this version, or is damaged; "
			 "the plugin writes it anew every 10 s",
			 path);
	else if (rc)
		snprintf(why, sizeof(why), "%s: %s", path, strerror(-rc));
	code = rc ? print_none(report, why) : print_report(report);
	status_file_free(&report->file);
	return code;
}

/* The configured file. */
static int status_configured(struct report *report)
{
	struct config *config = NULL;
	int rc = config_load(NULL, command_diag, NULL, &config);
	char why[64];
	int code;

	snprintf(why, sizeof(why), "configuration: %s", strerror(-rc));
	if (rc)
		code = print_none(report, why);
	else if (!config->status_file)
		code = print_none(report,
				  "the configuration's 'status_file' is empty: "
				  "the plugin writes none");
	else
		code = status_of_file(report, config->status_file);
	config_free(&config);
	return code;
}

static bool parse_format(const char *text, enum status_format *out)
{
	static const char *const names[] = { "text", "json", "prometheus" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]))
			continue;
		*out = (enum status_format)i;
		return true;
	}
	return false;
}

static int status_run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct report report = { 0 };
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (opt == 'h')
			return command_help(command);
		if (opt != 'f')
			return command_bad_option(command, opt, argv);
		if (!parse_format(optarg, &report.format))
			return command_usage(
				command,
				"no format '%s': text, json or prometheus",
				optarg);
	}
	if (argc - optind > 1)
		return command_usage(command, "takes one file");
	return command_finish(optind < argc
				      ? status_of_file(&report, argv[optind])
				      : status_configured(&report));
}

const struct command command_status = {
	.name = "status",
	.summary = "what the running plugin counts, and whether it sees",
	.help = "Usage: aueql status [--format text|json|prometheus] [FILE]\n"
		"What the running plugin counts, what is wrong first. Without "
		"FILE it is read\n"
		"from the configuration's status_file, which the plugin "
		"writes every 10 seconds.\n"
		"Exit status 1 where it does not run, is blind, or its report "
		"is older than 30 s.\n"
		"\n"
		"      --format FORMAT  text (default), json: one object, or "
		"prometheus: the file\n"
		"                       as it is, for the textfile collector\n"
		"  -h, --help           this text\n",
	.run = status_run,
};
