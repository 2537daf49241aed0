/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "limits.h"
#include "util/arena.h"
#include "util/json.h"
#include "util/strbuf.h"

static bool is_counter(const char *name)
{
	size_t len = strlen(name);

	return len > 6 && !strcmp(name + len - 6, "_total");
}

static void add(struct strbuf *out, const char *name, uint64_t number)
{
	strbuf_printf(out,
		      "# TYPE " STATUS_PREFIX "%s %s\n" STATUS_PREFIX
		      "%s %llu\n",
		      name, is_counter(name) ? "counter" : "gauge", name,
		      (unsigned long long)number);
}

int64_t status_lag_ns(const struct status *status)
{
	int64_t last_ns = status->pipeline->sieve.last_ns;

	return status->unread && last_ns && last_ns < status->now_ns
		       ? status->now_ns - last_ns
		       : 0;
}

uint64_t status_losses(const struct status *status)
{
	const struct pipeline_stats *p = status->pipeline;
	const struct ring *ring = status->ring;
	uint32_t lost = 0;

	if (ring->told.lost > ring->told.lost_before)
		lost = ring->told.lost - ring->told.lost_before;
	return atomic_load(&ring->dropped) + lost + p->sieve.gaps +
	       p->sieve.over_limit + p->sieve.refused +
	       p->engine.partials_evicted + p->engine.key_overflows +
	       p->normalizer.linked_evicted + p->normalizer.young_evicted;
}

/* What only the kernel's own auditd can have told us. */
static void add_kernel(struct strbuf *out, const struct ring *ring)
{
	if (!atomic_load(&ring->kernel_seen))
		return;
	add(out, "kernel_audit_enabled", atomic_load(&ring->kernel_enabled));
	add(out, "kernel_backlog", atomic_load(&ring->kernel_backlog));
	add(out, "kernel_lost_total", atomic_load(&ring->kernel_lost));
}

static uint64_t seconds_of(int64_t time_ns)
{
	return time_ns > 0 ? (uint64_t)(time_ns / NSEC_PER_SEC) : 0;
}

static uint64_t use_hits(const struct exception *exception,
			 const struct exception_use *use)
{
	(void)exception;
	return use->hits;
}

static uint64_t use_since(const struct exception *exception,
			  const struct exception_use *use)
{
	(void)exception;
	return seconds_of(use->since_ns);
}

static uint64_t use_last(const struct exception *exception,
			 const struct exception_use *use)
{
	(void)exception;
	return seconds_of(use->last_ns);
}

/* 0 = never; one that has expired before the epoch has at its first second. */
static uint64_t use_expires(const struct exception *exception,
			    const struct exception_use *use)
{
	uint64_t seconds = seconds_of(exception->expires_ns);

	(void)use;
	if (exception->expires_ns == INT64_MAX)
		return 0;
	return seconds ? seconds : 1;
}

/* What is told of each exception. */
static const struct use_row {
	const char *name;
	uint64_t (*get)(const struct exception *exception,
			const struct exception_use *use);
} use_rows[] = {
	{ "exception_hits_total", use_hits },
	{ "exception_since_timestamp_seconds", use_since },
	{ "exception_last_hit_timestamp_seconds", use_last },
	{ "exception_expires_timestamp_seconds", use_expires },
};

/* A row for each exception; its stage and number are as they are written. */
static void add_uses(struct strbuf *out, const struct status *status,
		     const struct use_row *row)
{
	struct exception_place place = { 0 };

	while (ruleset_next_exception(status->rules, &place)) {
		struct exception_use use;

		engine_exception_use(status->engine, place.exception, &use);
		strbuf_printf(out, STATUS_PREFIX "%s{rule=\"", row->name);
		text_escape(out, place.rule->id);
		strbuf_printf(
			out, "\",stage=\"%zu\",exception=\"%zu\"} %llu\n",
			place.stage, place.number,
			(unsigned long long)row->get(place.exception, &use));
	}
}

static uint64_t host_records(const struct sieve_host *host)
{
	return host->records;
}

static uint64_t host_missing(const struct sieve_host *host)
{
	return host->gaps;
}

static uint64_t host_silent_s(const struct sieve_host *host)
{
	return (uint64_t)(host->silent_ns / NSEC_PER_SEC);
}

static uint64_t host_clock_s(const struct sieve_host *host)
{
	return host->now_ns > 0 ? (uint64_t)(host->now_ns / NSEC_PER_SEC) : 0;
}

static uint64_t host_mixed(const struct sieve_host *host)
{
	return host->mixed;
}

static const struct host_metric {
	const char *name;
	uint64_t (*get)(const struct sieve_host *host);
} host_metrics[] = {
	{ "host_records_total", host_records },
	{ "host_missing_serials_total", host_missing },
	{ "host_silent_seconds", host_silent_s },
	{ "host_clock_timestamp_seconds", host_clock_s },
	{ "host_mixed", host_mixed },
};

static void add_host_metric(struct strbuf *out, const struct status *status,
			    const struct host_metric *metric)
{
	strbuf_printf(out, "# TYPE " STATUS_PREFIX "%s %s\n", metric->name,
		      is_counter(metric->name) ? "counter" : "gauge");
	for (size_t i = 0; i < status->host_count; i++) {
		strbuf_printf(out, STATUS_PREFIX "%s{host=\"", metric->name);
		text_escape(out, status->hosts[i].node);
		strbuf_printf(
			out, "\"} %llu\n",
			(unsigned long long)metric->get(&status->hosts[i]));
	}
}

/* One host is the rule, and all that is said is said of it. */
static void add_hosts(struct strbuf *out, const struct status *status)
{
	size_t count = sizeof(host_metrics) / sizeof(host_metrics[0]);

	for (size_t i = 0; i < count && status->host_count > 1; i++)
		add_host_metric(out, status, &host_metrics[i]);
}

/* When the last record of any host came, by our clock. */
static uint64_t last_record_s(const struct status *status)
{
	const struct sieve_stats *sieve = &status->pipeline->sieve;

	if (!sieve->records)
		return 0;
	return (uint64_t)((status->now_ns - sieve->idle_ns) / NSEC_PER_SEC);
}

static void fill(const struct status *status, struct strbuf *out)
{
	const struct pipeline_stats *p = status->pipeline;

	strbuf_printf(out,
		      STATUS_PREFIX "info{version=\"%s\",rule_set=\"%016llx\","
				    "host=\"",
		      PACKAGE_VERSION, (unsigned long long)status->rules->hash);
	text_escape(out, status->host_id);
	strbuf_add_str(out, STR("\"} 1\n"));
	add(out, "running", !status->ended);
	add(out, "blind", status->blind);
	add(out, "written_timestamp_seconds",
	    (uint64_t)(status->now_ns / NSEC_PER_SEC));
	add(out, "last_record_timestamp_seconds", last_record_s(status));
	add(out, "unread_bytes", status->unread);
	add(out, "lag_milliseconds",
	    (uint64_t)(status_lag_ns(status) / NSEC_PER_MSEC));
	add_kernel(out, status->ring);
	add(out, "rules",
	    status->rules->rule_count - status->rules->builtin_count);
	add(out, "received_bytes_total", atomic_load(&status->ring->head));
	add(out, "dropped_records_total", atomic_load(&status->ring->dropped));
	add(out, "refused_calls_total",
	    atomic_load(&status->ring->refused.count));
	add(out, "alert_number", atomic_load(&status->ring->alerts));
	add(out, "records_total", p->sieve.records);
	add(out, "malformed_records_total", p->sieve.malformed);
	add(out, "duplicate_records_total", p->sieve.duplicates);
	add(out, "over_limit_records_total", p->sieve.over_limit);
	add(out, "caught_up_records_total", p->sieve.caught_up);
	add(out, "audit_events_total", p->sieve.events);
	add(out, "incomplete_events_total", p->sieve.incomplete);
	add(out, "missing_serials_total", p->sieve.gaps);
	add(out, "hosts", p->sieve.hosts);
	add(out, "hosts_mixed", p->sieve.mixed);
	add(out, "refused_records_total", p->sieve.refused);
	add_hosts(out, status);
	add(out, "events_total", p->normalizer.events);
	add(out, "processes", p->normalizer.processes);
	add(out, "processes_evicted_total", p->normalizer.processes_evicted);
	add(out, "young_processes_evicted_total", p->normalizer.young_evicted);
	add(out, "files", p->normalizer.files);
	add(out, "files_evicted_total", p->normalizer.files_evicted);
	add(out, "linked_files_evicted_total", p->normalizer.linked_evicted);
	add(out, "containers_unresolved_total",
	    p->normalizer.containers_unresolved);
	add(out, "environments_unresolved_total",
	    p->normalizer.environments_unresolved);
	add(out, "matches_total", p->engine.matches);
	add(out, "suppressed_total", p->engine.suppressed);
	add(out, "observed_total", p->engine.observed);
	add(out, "excepted_total", p->engine.excepted);
	add(out, "partials", p->engine.partials_live);
	add(out, "partials_evicted_total", p->engine.partials_evicted);
	add(out, "held_early_total", p->engine.held_early);
	add(out, "key_overflows_total", p->engine.key_overflows);
	add(out, "condition_errors_total", p->engine.runtime_errors);
	add(out, "late_attempts_total", p->engine.late_attempts);
	add(out, "memory_bytes", p->engine.memory);
	add(out, "outputs_delivered_total", status->outputs->delivered);
	add(out, "outputs_failed_total", status->outputs->failed);
	add(out, "outputs_dropped_total", status->outputs->dropped);
	for (size_t i = 0; i < sizeof(use_rows) / sizeof(use_rows[0]); i++)
		add_uses(out, status, &use_rows[i]);
}

static int write_file(const char *path, struct str text)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		      0644);
	ssize_t done;
	int rc = 0;

	if (fd < 0)
		return -errno;
	done = write(fd, text.data, text.len);
	if (done != (ssize_t)text.len)
		rc = done < 0 ? -errno : -ENOSPC;
	if (!rc && fchmod(fd, 0644))
		rc = -errno;
	close(fd);
	return rc;
}

int status_write(const char *path, const struct status *status)
{
	struct strbuf out = STRBUF_INIT(8U << 20);
	char temporary[4096];
	int rc;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >=
	    sizeof(temporary))
		return -ENAMETOOLONG;
	fill(status, &out);
	rc = out.failed ? -ENOMEM : write_file(temporary, strbuf_str(&out));
	if (!rc && rename(temporary, path))
		rc = -errno;
	strbuf_free(&out);
	return rc;
}

/* --- heartbeat ------------------------------------------------------------ */

static uint64_t beat_rules(const struct status *status)
{
	return status->rules->rule_count - status->rules->builtin_count;
}

static uint64_t beat_alert_number(const struct status *status)
{
	return atomic_load(&status->ring->alerts);
}

static uint64_t beat_records(const struct status *status)
{
	return status->pipeline->sieve.records;
}

static uint64_t beat_hosts(const struct status *status)
{
	return status->pipeline->sieve.hosts;
}

static uint64_t beat_missing(const struct status *status)
{
	return status->pipeline->sieve.gaps;
}

static uint64_t beat_lost(const struct status *status)
{
	return atomic_load(&status->ring->kernel_lost);
}

static uint64_t beat_dropped(const struct status *status)
{
	return atomic_load(&status->ring->dropped);
}

static uint64_t beat_evicted(const struct status *status)
{
	return status->pipeline->engine.partials_evicted +
	       status->pipeline->normalizer.linked_evicted +
	       status->pipeline->normalizer.young_evicted;
}

static uint64_t beat_undelivered(const struct status *status)
{
	return status->outputs->dropped + status->outputs->failed;
}

static uint64_t beat_lag_ms(const struct status *status)
{
	return (uint64_t)(status_lag_ns(status) / NSEC_PER_MSEC);
}

/* What it says, in the order it is said. */
static const struct beat {
	const char *name;
	uint64_t (*get)(const struct status *status);
} beats[] = {
#define BEAT(name) { #name, beat_##name },
	BEAT(rules) BEAT(alert_number) BEAT(records) BEAT(missing) BEAT(lost)
		BEAT(dropped) BEAT(evicted) BEAT(undelivered) BEAT(lag_ms)
			BEAT(hosts)
#undef BEAT
};

#define BEATS (sizeof(beats) / sizeof(beats[0]))

static const char *verdict(const struct status *status)
{
	return status->blind ? "yes" : "no";
}

static void write_beat_json(const struct status *status, struct strbuf *out)
{
	char rule_set[17];
	struct json json;

	snprintf(rule_set, sizeof(rule_set), "%016llx",
		 (unsigned long long)status->rules->hash);
	json_init(&json, out);
	json_object_begin(&json);
	json_key(&json, STR("@timestamp"));
	json_time(&json, status->now_ns);
	json_add_str(&json, "message",
		     status->blind ? STR("audisp-eql runs and misses something")
				   : STR("audisp-eql runs and sees"));
	json_key(&json, STR("event"));
	json_object_begin(&json);
	json_add_str(&json, "kind", STR("state"));
	json_add_str(&json, "module", STR("audisp_eql"));
	json_add_str(&json, "dataset", STR("audisp_eql.heartbeat"));
	json_object_end(&json);
	json_key(&json, STR("host"));
	json_object_begin(&json);
	json_add_str(&json, "id", status->host_id);
	json_object_end(&json);
	json_key(&json, STR("audisp_eql"));
	json_object_begin(&json);
	json_add_str(&json, "kind", STR("heartbeat"));
	json_add_bool(&json, "blind", status->blind);
	json_add_str(&json, "version", STR(PACKAGE_VERSION));
	json_add_str(&json, "rule_set", str_from(rule_set));
	for (size_t i = 0; i < BEATS; i++) {
		json_key(&json, str_from(beats[i].name));
		json_uint(&json, beats[i].get(status));
	}
	json_object_end(&json);
	json_object_end(&json);
}

static void write_beat_text(const struct status *status, struct strbuf *out)
{
	strbuf_printf(out,
		      "HEARTBEAT blind=%s version=" PACKAGE_VERSION
		      " rule_set=%016llx",
		      verdict(status), (unsigned long long)status->rules->hash);
	for (size_t i = 0; i < BEATS; i++)
		strbuf_printf(out, " %s=%llu", beats[i].name,
			      (unsigned long long)beats[i].get(status));
	strbuf_add_str(out, STR(" host=\""));
	text_escape(out, status->host_id);
	strbuf_add_char(out, '"');
}

int status_heartbeat(const struct status *status, struct arena *arena,
		     struct rendered *out)
{
	struct strbuf json = STRBUF_INIT(LIMIT_SYSLOG_BYTES / 2);
	struct strbuf text = STRBUF_INIT(LIMIT_SYSLOG_BYTES / 2);
	struct rendered forms = {
		.priority = status->blind ? LOG_WARNING : LOG_INFO,
	};

	write_beat_json(status, &json);
	write_beat_text(status, &text);
	if (!json.failed && !text.failed) {
		forms.json = arena_str(arena, strbuf_str(&json));
		forms.text = arena_str(arena, strbuf_str(&text));
		forms.cee =
			arena_printf(arena, "@cee: %.*s", STR_ARG(forms.json));
		forms.journal = arena_printf(
			arena,
			"MESSAGE=%.*s\nPRIORITY=%d\nSYSLOG_IDENTIFIER="
			"audisp-eql\nAUDISP_EQL_JSON=%.*s\n",
			STR_ARG(forms.text), forms.priority,
			STR_ARG(forms.json));
	}
	strbuf_free(&json);
	strbuf_free(&text);
	if (!forms.json.data || !forms.text.data || !forms.cee.data ||
	    !forms.journal.data)
		return -ENOMEM;
	*out = forms;
	return 0;
}
