/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alerts are put into a queue and written by one thread of its own: who finds
 * them never waits. The queue has a ceiling; beyond it the newest alert is
 * dropped and counted, because the oldest tell how it began.
 *
 * An output that fails is told of once, tried again with each alert, and told
 * of again when it works. The others do not notice.
 */
#include <audisp-eql/output.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "../limits.h"
#include "../util/list.h"
#include "../util/log.h"
#include "journal.h"
#include "jsonl.h"
#include "syslog.h"

/* All there are, the quickest first. */
static const struct output_ops *const output_table[] = {
	&output_jsonl,
	&output_syslog,
	&output_journal,
};

#define OUTPUT_COUNT (sizeof(output_table) / sizeof(output_table[0]))
#define FREE_DRAIN_MS 1000

struct output {
	const struct output_ops *ops; /* NULL = not wanted */
	void *state; /* NULL = could not be opened yet */
	bool failing;
	uint64_t missed; /* alerts, since it fails */
};

/* An alert in the queue, its text behind it. */
struct item {
	struct list in_queue;
	size_t bytes;
	struct rendered alert;
	char text[];
};

struct outputs {
	struct output_config config;
	char *syslog_socket, *json_file; /* own copies */
	struct output outputs[OUTPUT_COUNT]; /* the thread's, once it runs */
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t work, idle;
	struct list queue;
	size_t count, bytes; /* the one being written included */
	bool stop;
	struct output_stats stats;
};

/* --- one output ----------------------------------------------------------- */

static int output_open(struct outputs *outputs, struct output *output)
{
	if (output->state)
		return output->ops->reopen(output->state);
	return output->ops->open(&outputs->config, &output->state);
}

static void output_failed(struct outputs *outputs, struct output *output,
			  int rc)
{
	if (!output->failing)
		log_print(outputs->config.log, LOG_ERR,
			  "output %s: %s; tried again with each alert",
			  output->ops->name, strerror(-rc));
	output->failing = true;
}

static void output_works(struct outputs *outputs, struct output *output)
{
	if (output->failing)
		log_print(
			outputs->config.log, LOG_NOTICE,
			"output %s works again, %llu alerts did not get there",
			output->ops->name, (unsigned long long)output->missed);
	output->failing = false;
	output->missed = 0;
}

/* True = delivered. */
static bool output_write(struct outputs *outputs, struct output *output,
			 const struct rendered *alert)
{
	int rc = 0;

	if (output->failing || !output->state)
		rc = output_open(outputs, output);
	if (!rc)
		rc = output->ops->write(output->state, alert);
	if (rc) {
		output_failed(outputs, output, rc);
		output->missed++;
		return false;
	}
	output_works(outputs, output);
	return true;
}

/* --- the thread ----------------------------------------------------------- */

static void write_item(struct outputs *outputs, const struct item *item)
{
	uint64_t delivered = 0, failed = 0;

	for (size_t i = 0; i < OUTPUT_COUNT; i++) {
		struct output *output = &outputs->outputs[i];

		if (!output->ops ||
		    (item->alert.observed && !output->ops->takes_observed))
			continue;
		if (output_write(outputs, output, &item->alert))
			delivered++;
		else
			failed++;
	}
	pthread_mutex_lock(&outputs->lock);
	outputs->stats.delivered += delivered;
	outputs->stats.failed += failed;
	pthread_mutex_unlock(&outputs->lock);
}

/* The next alert, waiting for it; NULL = the end. */
static struct item *next_item(struct outputs *outputs)
{
	struct item *item = NULL;

	pthread_mutex_lock(&outputs->lock);
	while (list_empty(&outputs->queue) && !outputs->stop)
		pthread_cond_wait(&outputs->work, &outputs->lock);
	if (!outputs->stop) {
		item = list_entry(outputs->queue.next, struct item, in_queue);
		list_remove(&item->in_queue);
	}
	pthread_mutex_unlock(&outputs->lock);
	return item;
}

static void drop_item(struct outputs *outputs, struct item *item)
{
	pthread_mutex_lock(&outputs->lock);
	outputs->count--;
	outputs->bytes -= item->bytes;
	if (!outputs->count)
		pthread_cond_broadcast(&outputs->idle);
	pthread_mutex_unlock(&outputs->lock);
	free(item);
}

static void *outputs_run(void *user)
{
	struct outputs *outputs = user;
	struct item *item;

	while ((item = next_item(outputs))) {
		write_item(outputs, item);
		drop_item(outputs, item);
	}
	return NULL;
}

/* Signals are for the thread that waits for records; but for SIGSYS, which is
 * the thread's own. */
static int start_thread(struct outputs *outputs)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&outputs->thread, NULL, outputs_run, outputs);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

/* --- the queue ------------------------------------------------------------ */

static struct str copy_text(char **at, struct str text)
{
	struct str copy = { *at, text.len };

	if (text.len)
		memcpy(*at, text.data, text.len);
	*at += text.len;
	return copy;
}

static bool is_taken(const struct output_ops *ops,
		     const struct output_config *config,
		     const struct rendered *alert)
{
	return ops->wanted(config) && (!alert->observed || ops->takes_observed);
}

/* A copy of the forms that some output writes, in one allocation. */
static struct item *item_new(const struct output_config *config,
			     const struct rendered *alert)
{
	struct rendered wanted = *alert;
	struct item *item;
	size_t bytes;
	char *at;

	if (!is_taken(&output_jsonl, config, alert))
		wanted.json.len = 0;
	if (!is_taken(&output_journal, config, alert))
		wanted.journal.len = 0;
	if (!is_taken(&output_syslog, config, alert) || config->syslog_cee)
		wanted.text.len = 0;
	if (!is_taken(&output_syslog, config, alert) || !config->syslog_cee)
		wanted.cee.len = 0;
	bytes = sizeof(*item) + wanted.json.len + wanted.journal.len +
		wanted.text.len + wanted.cee.len;
	item = malloc(bytes);
	if (!item)
		return NULL;
	at = item->text;
	item->bytes = bytes;
	item->alert = (struct rendered){
		.priority = alert->priority,
		.observed = alert->observed,
		.json = copy_text(&at, wanted.json),
		.journal = copy_text(&at, wanted.journal),
		.text = copy_text(&at, wanted.text),
		.cee = copy_text(&at, wanted.cee),
	};
	return item;
}

int outputs_put(struct outputs *outputs, const struct rendered *alert)
{
	struct item *item = item_new(&outputs->config, alert);
	bool fits;

	pthread_mutex_lock(&outputs->lock);
	fits = item && outputs->count < LIMIT_OUTPUT_QUEUE &&
	       item->bytes <= LIMIT_OUTPUT_QUEUE_BYTES - outputs->bytes;
	if (fits) {
		outputs->count++;
		outputs->bytes += item->bytes;
		outputs->stats.queued++;
		list_add_tail(&outputs->queue, &item->in_queue);
		pthread_cond_signal(&outputs->work);
	} else {
		outputs->stats.dropped++;
	}
	pthread_mutex_unlock(&outputs->lock);
	if (!fits)
		free(item);
	return fits ? 0 : -ENOBUFS;
}

bool outputs_drain(struct outputs *outputs, int timeout_ms)
{
	struct timespec until;
	int64_t until_ns;
	bool empty;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until_ns = until.tv_nsec + timeout_ms * NSEC_PER_MSEC;
	until.tv_sec += until_ns / NSEC_PER_SEC;
	until.tv_nsec = until_ns % NSEC_PER_SEC;
	pthread_mutex_lock(&outputs->lock);
	while (outputs->count &&
	       !pthread_cond_timedwait(&outputs->idle, &outputs->lock, &until))
		;
	empty = !outputs->count;
	pthread_mutex_unlock(&outputs->lock);
	return empty;
}

void outputs_stats(struct outputs *outputs, struct output_stats *stats)
{
	pthread_mutex_lock(&outputs->lock);
	*stats = outputs->stats;
	pthread_mutex_unlock(&outputs->lock);
}

/* --- life ----------------------------------------------------------------- */

static char *copy_path(const char *path)
{
	return strdup(path ? path : "");
}

static struct outputs *outputs_alloc(const struct output_config *config)
{
	struct outputs *outputs = calloc(1, sizeof(*outputs));
	pthread_condattr_t monotonic;

	if (!outputs)
		return NULL;
	outputs->config = *config;
	outputs->syslog_socket = copy_path(config->syslog_socket);
	outputs->json_file = copy_path(config->json_file);
	outputs->config.syslog_socket = outputs->syslog_socket;
	outputs->config.json_file = outputs->json_file;
	list_init(&outputs->queue);
	pthread_mutex_init(&outputs->lock, NULL);
	pthread_cond_init(&outputs->work, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&outputs->idle, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return outputs;
}

/* Without the thread: it does not run, or no longer. */
static void outputs_destroy(struct outputs *outputs)
{
	for (size_t i = 0; i < OUTPUT_COUNT; i++)
		if (outputs->outputs[i].state)
			outputs->outputs[i].ops->close(
				outputs->outputs[i].state);
	while (!list_empty(&outputs->queue)) {
		struct item *item =
			list_entry(outputs->queue.next, struct item, in_queue);

		list_remove(&item->in_queue);
		free(item);
	}
	pthread_cond_destroy(&outputs->work);
	pthread_cond_destroy(&outputs->idle);
	pthread_mutex_destroy(&outputs->lock);
	free(outputs->syslog_socket);
	free(outputs->json_file);
	free(outputs);
}

int outputs_new(const struct output_config *config, struct outputs **out)
{
	struct outputs *outputs = outputs_alloc(config);
	int rc;

	if (!outputs)
		return -ENOMEM;
	if (!outputs->syslog_socket || !outputs->json_file) {
		outputs_destroy(outputs);
		return -ENOMEM;
	}
	for (size_t i = 0; i < OUTPUT_COUNT; i++) {
		struct output *output = &outputs->outputs[i];

		if (!output_table[i]->wanted(&outputs->config))
			continue;
		output->ops = output_table[i];
		rc = output_open(outputs, output);
		if (rc)
			output_failed(outputs, output, rc);
	}
	rc = start_thread(outputs);
	if (rc) {
		outputs_destroy(outputs);
		return rc;
	}
	*out = outputs;
	return 0;
}

void outputs_free(struct outputs **outputs)
{
	struct outputs *self = *outputs;

	if (!self)
		return;
	outputs_drain(self, FREE_DRAIN_MS);
	pthread_mutex_lock(&self->lock);
	self->stop = true;
	pthread_cond_signal(&self->work);
	pthread_mutex_unlock(&self->lock);
	pthread_join(self->thread, NULL);
	if (self->count)
		log_print(self->config.log, LOG_ERR,
			  "%zu alerts could not be written before the end",
			  self->count);
	outputs_destroy(self);
	*outputs = NULL;
}
