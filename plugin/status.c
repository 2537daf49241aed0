/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/json.h"
#include "util/strbuf.h"

static void add(struct strbuf *out, const char *name, uint64_t number)
{
	strbuf_printf(out, "audisp_eql_%s %llu\n", name,
		      (unsigned long long)number);
}

/* One row for each exception of a stage, whose number is as written. */
static void add_exceptions(struct strbuf *out, const struct status *status,
			   const struct stage *stage, const char *labels)
{
	for (size_t i = 0; i < stage->exception_count; i++)
		strbuf_printf(out,
			      "audisp_eql_exception_hits_total{%s,"
			      "exception=\"%zu\"} %llu\n",
			      labels, i + 1,
			      (unsigned long long)engine_exception_hits(
				      status->engine, &stage->exceptions[i]));
}

static void add_rule(struct strbuf *out, const struct status *status,
		     const struct rule *rule)
{
	struct strbuf labels = STRBUF_INIT(0);
	size_t number = 0;

	for (size_t i = 0; i < rule->query->stage_count; i++) {
		if (query_stage_repeats(rule->query, i))
			continue;
		strbuf_reset(&labels);
		strbuf_add_str(&labels, STR("rule=\""));
		text_escape(&labels, rule->id);
		strbuf_printf(&labels, "\",stage=\"%zu\"", ++number);
		strbuf_add_char(&labels, '\0');
		if (!labels.failed)
			add_exceptions(out, status, &rule->query->stages[i],
				       labels.data);
	}
	out->failed = out->failed || labels.failed;
	strbuf_free(&labels);
}

static void fill(const struct status *status, struct strbuf *out)
{
	const struct pipeline_stats *p = status->pipeline;

	strbuf_printf(out,
		      "audisp_eql_info{version=\"%s\",rule_set=\"%016llx\"} "
		      "1\n",
		      PACKAGE_VERSION, (unsigned long long)status->rules->hash);
	add(out, "rules", status->rules->rule_count);
	add(out, "received_bytes_total", atomic_load(&status->ring->head));
	add(out, "dropped_records_total", atomic_load(&status->ring->dropped));
	add(out, "alert_number", atomic_load(&status->ring->alerts));
	add(out, "records_total", p->sieve.records);
	add(out, "malformed_records_total", p->sieve.malformed);
	add(out, "duplicate_records_total", p->sieve.duplicates);
	add(out, "over_limit_records_total", p->sieve.over_limit);
	add(out, "audit_events_total", p->sieve.events);
	add(out, "incomplete_events_total", p->sieve.incomplete);
	add(out, "missing_serials_total", p->sieve.gaps);
	add(out, "events_total", p->normalizer.events);
	add(out, "processes", p->normalizer.processes);
	add(out, "processes_evicted_total", p->normalizer.processes_evicted);
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
	for (size_t i = 0; i < status->rules->rule_count; i++)
		add_rule(out, status, status->rules->rules[i]);
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
	struct strbuf out = STRBUF_INIT(4U << 20);
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
