/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Outputs: where rendered alerts go. An alert is rendered once, on the thread
 * that found it, and queued; one thread of its own does all the writing, so
 * that nothing between socket and engine ever waits for a disk or a daemon.
 */
#ifndef AUDISP_EQL_OUTPUT_H
#define AUDISP_EQL_OUTPUT_H

#include <audisp-eql/alert.h>

struct log;
struct redact;

/* An alert as text; each form is one line without its newline. */
struct rendered {
	int priority; /* LOG_NOTICE .. LOG_CRIT */
	bool observed; /* for outputs that take those alone */
	struct str json; /* the ECS document */
	struct str text; /* key=value sentence, < LIMIT_SYSLOG_BYTES */
	struct str cee; /* "@cee: {...}", < LIMIT_SYSLOG_BYTES */
	struct str journal; /* native journal fields, a whole datagram */
};

enum output_syslog {
	OUTPUT_SYSLOG_NO,
	OUTPUT_SYSLOG_YES,
	OUTPUT_SYSLOG_JOURNAL,
};

struct output_config {
	enum output_syslog syslog;
	const char *syslog_socket; /* /dev/log; the journal's for journal */
	int syslog_facility; /* LOG_AUTHPRIV */
	bool syslog_cee; /* @cee: JSON instead of the sentence */
	const char *json_file; /* NULL or "" = off */
	struct log *log; /* where troubles of outputs are told */
};

struct output; /* one open output */

/* A kind of output: one row of the table in output.c. */
struct output_ops {
	const char *name;
	bool takes_observed;
	bool (*wanted)(const struct output_config *config);
	/* 0, or -errno: the output is tried again at the next write */
	int (*open)(const struct output_config *config, void **state);
	/* one alert; 0 = delivered, -errno = not (the caller counts it) */
	int (*write)(void *state, const struct rendered *alert);
	int (*reopen)(void *state);
	void (*close)(void *state);
};

struct output_stats {
	uint64_t queued, dropped; /* dropped: the queue was full */
	uint64_t delivered, failed; /* over all outputs */
};

struct outputs;

/* Opens the outputs and starts the writer thread. -ENOMEM, -EAGAIN. An output
 * that cannot be opened is logged and tried again at each alert. */
int outputs_new(const struct output_config *config, struct outputs **out);
/* Copies the alert into the queue. 0, or -ENOBUFS: queue full, counted. */
int outputs_put(struct outputs *outputs, const struct rendered *alert);
/* Waits until the queue is empty or timeout_ms have passed. True = empty. */
bool outputs_drain(struct outputs *outputs, int timeout_ms);
void outputs_stats(struct outputs *outputs, struct output_stats *stats);
/* Drains for at most a second, stops the thread, closes. */
void outputs_free(struct outputs **outputs);

/* How an alert is rendered beyond what it holds itself. */
struct render_context {
	uint64_t number; /* gap-free, of this sensor; 0 = none (replay) */
	int64_t created_ns; /* event.created; 0 = none (replay) */
	uint64_t rule_set; /* ruleset hash */
	const struct field_table *fields;
	const char *version;
	struct redact *redact; /* what is masked; NULL = nothing */
};

/* Renders all forms; the strings live in the arena. 0 or -ENOMEM. */
int alert_render(const struct alert *alert,
		 const struct render_context *context, struct arena *arena,
		 struct rendered *out);

#endif
