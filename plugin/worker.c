/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker: from the ring through the pipeline to the outputs. It may die:
 * the keeper starts another, which loads the state the last one has saved and
 * goes on from the byte that one had come to. What happened since then happens
 * again, alerts included (they bear the same event.id). An event that two have
 * died of is skipped by the third.
 *
 * A state is saved now and then, soon after an alert, and before the ring is
 * full of what no state has seen; not while alerts wait for an output, as who
 * begins from that state would not send them.
 */
#include "worker.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

#include "catchup.h"
#include "config.h"
#include "confine.h"
#include "inspector.h"
#include "node.h"
#include "output/syslog.h"
#include "pipeline.h"
#include "rules/support.h"
#include "state.h"
#include "status.h"
#include "users.h"
#include "util/clock.h"
#include "util/codec.h"
#include "util/diag.h"

/* Fed between two looks at signals and clock. */
#define MMAP_BYTES (128 << 10)
#define FEED_BYTES (64U << 10)
#define TICK_MS 200
#define IDLE_TICK_MS 1000
/* after the last record, for how long events may still be open */
#define BUSY_NS (5 * NSEC_PER_SEC)
/* What is held back has its turn in time, but not each event a tick of its own;
 * records that come wake the worker more often than that. */
#define TURN_MS 15
/* a loss is blindness for that long, where no heartbeat says for how long */
#define BLIND_NS (900 * NSEC_PER_SEC)
#define OUTPUT_DRAIN_MS 3000
#define LOCK_WAIT_MS 3000
/* after an alert; or later, if saving would take more than one part of so many
 * of the time */
#define SAVE_ALERT_NS NSEC_PER_SEC
#define SAVE_SHARE 400
/* so much of the ring may hold what no state has seen: a state is as large as
 * the tables, and full ones are more than what came since */
#define SAVE_BYTES (LIMIT_RING_BYTES / 2)
/* An event that two died of is skipped by the third; if that dies, too, what
 * was missed is not worth it. */
#define CATCH_UP_TRIES 3
/* Of the log, where the last plugin's state cannot be used: rules without maxspan
 * look back six minutes. */
#define REBUILD_NS (600 * NSEC_PER_SEC)
#define CATCH_UP_DRAIN_MS 50
/* The clock that stamps records was set, not slewed. */
#define CLOCK_SET_NS NSEC_PER_SEC
/* of reading /proc at start; the keeper reads meanwhile */
#define SEED_NS (2 * NSEC_PER_SEC)

struct worker {
	const struct worker_config *io;
	struct log *log;
	struct config *config;
	struct ruleset *rules;
	struct outputs *outputs;
	struct pipeline *pipeline;
	struct arena *arena; /* of the alert in hand */
	struct arena *names;
	struct confinement confinement;
	struct users *users; /* NULL = nobody is asked for names */
	int signal_fd;
	/* ring position of the pipeline's byte 0; less than none, where it has
	 * been fed a log before */
	uint64_t base;
	uint64_t position; /* read up to here */
	uint64_t put_away; /* see ring_put_away() */
	int64_t clock_ns, fed_ns, status_ns;
	int64_t epoch_ns; /* of the monotonic clock; 0 = not known yet */
	bool status_failed, reload;
	uint64_t losses; /* status_losses(), once it was asked */
	bool losses_known;
	uint64_t refused_told;
	struct str host_id, boot_id;
	struct node_names node;
	struct sieve_host hosts[STATUS_HOSTS];
	uint64_t hosts_refused_told; /* records of hosts that found no room */
	struct catch_up audit_log; /* open until it is caught up */
	bool resumed; /* the last plugin's tables were loaded, of this boot */
	bool refused; /* it left some, and they could not be */
	struct state_out state; /* while one is saved */
	struct state_writer *state_writer; /* NULL = no file */
	int state_lock;
	int64_t written_ns;
	int64_t save_ns; /* how long the last one took */
	bool alerted; /* since then */
	bool save_failed;
};

/* --- notices -------------------------------------------------------------- */

static void on_diag(void *user, const struct diag *diag)
{
	struct worker *worker = user;
	struct strbuf text = STRBUF_INIT(64U << 10);

	diag_summary(diag, &text);
	log_print(worker->log,
		  diag->severity == DIAG_ERROR ? LOG_ERR : LOG_WARNING, "%.*s",
		  STR_ARG(strbuf_str(&text)));
	strbuf_free(&text);
}

static void on_gap(void *user, struct str node, uint64_t count, int64_t time_ns)
{
	struct worker *worker = user;

	(void)time_ns;
	log_print(worker->log, LOG_WARNING,
		  "blind for %llu events%s%.*s: their records never came",
		  (unsigned long long)count, node.len ? " of " : "",
		  STR_ARG(node));
}

static void on_mixed(void *user, struct str node, bool mixed, int64_t time_ns)
{
	struct worker *worker = user;
	struct strbuf name = STRBUF_INIT(0);

	(void)time_ns;
	if (node.len)
		strbuf_printf(&name, "under the name %.*s", STR_ARG(node));
	else
		strbuf_printf(&name, "without a name");
	if (mixed)
		log_print(worker->log, LOG_ERR,
			  "more than one host sends %.*s: its events are not "
			  "correlated; give each a name (name_format in its "
			  "auditd.conf)",
			  STR_ARG(strbuf_str(&name)));
	else
		log_print(worker->log, LOG_NOTICE,
			  "one host alone sends %.*s, for an hour now",
			  STR_ARG(strbuf_str(&name)));
	strbuf_free(&name);
}

static void on_alert(void *user, const struct alert *alert)
{
	struct worker *worker = user;
	struct render_context context = {
		.created_ns = clock_ns(CLOCK_REALTIME),
		.rule_set = worker->rules->hash,
		.fields = worker->rules->fields,
		.version = PACKAGE_VERSION,
		.redact = worker->config->mask,
	};
	struct rendered rendered;
	struct alert named;
	int rc;

	worker->alerted = true;
	/* numbers have no gap for who reads syslog, which has none of those */
	if (!alert_is_observed(alert))
		context.number =
			atomic_fetch_add(&worker->io->ring->alerts, 1) + 1;
	arena_reset(worker->arena);
	if (worker->users &&
	    !users_name_alert(worker->users, alert, worker->clock_ns,
			      worker->arena, &named))
		alert = &named;
	rc = alert_render(alert, &context, worker->arena, &rendered);
	if (!rc)
		rc = outputs_put(worker->outputs, &rendered);
	if (rc)
		log_print(worker->log, LOG_CRIT,
			  "alert %llu of rule %.*s was lost: %s",
			  (unsigned long long)context.number,
			  STR_ARG(alert->rule->name), strerror(-rc));
}

/* Asked now, a name is there when an alert is told. */
static void on_wanted(void *user, const struct event *event)
{
	struct worker *worker = user;

	if (worker->users)
		users_want(worker->users, event, worker->clock_ns);
}

/* --- configuration -------------------------------------------------------- */

/* Configuration and rules as they are on disk now. 0, -EINVAL (told). */
static int load(struct worker *worker, struct config **config,
		struct ruleset **rules)
{
	struct ruleset_options options = { .on_diag = on_diag, .user = worker };
	int rc = config_load(worker->io->config_path, on_diag, worker, config);

	if (rc)
		return rc;
	options.paths = (*config)->rule_paths;
	options.path_count = (*config)->rule_path_count;
	options.disable = (*config)->disable;
	options.disable_count = (*config)->disable_count;
	options.overrides = (*config)->overrides;
	options.process_names = (*config)->process_names;
	options.builtins = true;
	options.environment = &(*config)->environment;
	return ruleset_load(&options, rules);
}

static int open_outputs(struct worker *worker)
{
	const struct config *config = worker->config;
	struct output_config output = {
		.syslog = config->syslog,
		.syslog_socket = config->syslog_socket,
		.syslog_facility = config->syslog_facility,
		.syslog_cee = config->syslog_cee,
		.json_file = config->json_file,
		.log = worker->log,
	};

	if (!output.syslog_socket && config->syslog == OUTPUT_SYSLOG_YES)
		output.syslog_socket = SYSLOG_SOCKET_DEFAULT;
	return outputs_new(&output, &worker->outputs);
}

/* The variables that are read of environments; NULL = no rule asks. */
static const struct str_list *asked_environment(const struct worker *worker)
{
	return ruleset_asks_environment(worker->rules)
		       ? &worker->rules->environment
		       : NULL;
}

static int open_pipeline(struct worker *worker)
{
	const struct config *config = worker->config;
	struct pipeline_config pipeline = {
		.rules = worker->rules,
		.host_id = worker->host_id,
		.local_node = worker->node.local,
		.names_all = worker->node.listens &&
			     worker->node.distributes &&
			     worker->node.local.len,
		.memcap = config->memcap,
		.reorder_ns = config->reorder_ns,
		.lateness_ns = config->lateness_ns,
		.suppress_ns = config->suppress_ns,
		.budget = config->budget,
		.resolver = {
			.container = inspector_container,
			.describe = inspector_describe,
			.capabilities = ruleset_asks_capabilities(worker->rules)
						? inspector_capabilities
						: NULL,
			.user = worker->confinement.inspector,
			.environment = asked_environment(worker)
					       ? inspector_environment
					       : NULL,
			.environment_user = worker->confinement.inspector,
		},
		.on_alert = on_alert,
		.on_wanted = worker->users ? on_wanted : NULL,
		.on_gap = on_gap,
		.on_mixed = on_mixed,
		.user = worker,
		.in_hand = &worker->io->ring->in_hand,
		.skip = worker->io->ring->skip,
		.running = ruleset_asks_running(worker->rules),
	};

	return pipeline_new(&pipeline, &worker->pipeline);
}

/* --- state ---------------------------------------------------------------- */

/* What the last worker left; *file = the last plugin. -ENOENT: nothing. */
static int read_state(struct worker *worker, bool *file, struct str *out)
{
	const char *path = worker->config->state_file;
	unsigned int state = atomic_load(&worker->io->ring->state);
	const int *fds = worker->io->state_fds;
	int rc;

	if (path) {
		rc = state_file_lock(path, LOCK_WAIT_MS, &worker->state_lock);
		if (rc)
			log_print(worker->log, LOG_WARNING,
				  "the lock of the state file %s cannot be "
				  "had: %s",
				  path, strerror(-rc));
	}
	*file = !state;
	if (state)
		return state_map(fds[state - 1], out);
	rc = path ? state_file_read(path, fds[0]) : -ENOENT;
	return rc ? rc : state_map(fds[0], out);
}

/* Whether a state is of this host; what it says of numbers is taken over. */
static bool state_fits(struct worker *worker, const struct state *state,
		       bool file)
{
	struct ring *ring = worker->io->ring;

	if (!str_equal(state->host_id, worker->host_id)) {
		log_print(worker->log, LOG_WARNING,
			  "the saved state is another host's: it is not used");
		return false;
	}
	if (file && atomic_load(&ring->alerts) < state->alerts)
		atomic_store(&ring->alerts, state->alerts);
	/* more may have been acknowledged since, without a state */
	if (!file && worker->position < state->position)
		worker->position = state->position;
	return true;
}

/* After a boot, all that is left of what a state knows is the files. */
static int load_tables(struct worker *worker, const struct state *state,
		       struct str mapped, bool file)
{
	struct reader reader = reader_of(state->tables);
	bool booted = !str_equal(state->boot_id, worker->boot_id);
	int rc;

	reader.mapped = (const uint8_t *)mapped.data;
	rc = pipeline_load(worker->pipeline, &reader, booted);
	worker->resumed = !rc && file && !booted;
	if (rc != -EBADMSG)
		return rc;
	log_print(worker->log, LOG_WARNING, "the saved state cannot be read");
	worker->refused = file;
	pipeline_free(&worker->pipeline);
	return open_pipeline(worker);
}

/* Goes on where a worker before this one was. 0 or -ENOMEM. */
static int restore(struct worker *worker)
{
	struct state state;
	struct str bytes = { 0 };
	bool file = false;
	int rc = read_state(worker, &file, &bytes);

	if (!rc)
		rc = state_parse(bytes, &state);
	state_put_away(bytes);
	if (!rc && state_fits(worker, &state, file))
		rc = load_tables(worker, &state, bytes, file);
	else if (!rc)
		worker->refused = file;
	else if (rc != -ENOENT && rc != -ENOMEM) {
		log_print(worker->log, LOG_WARNING,
			  "the saved state is not used: %s", state_error(rc));
		worker->refused = file;
	}
	state_unmap(&bytes);
	if (file)
		state_discard(worker->io->state_fds[0]);
	return rc == -ENOMEM ? rc : 0;
}

static int make_state(struct worker *worker, int fd)
{
	const struct state state = {
		.boot_id = worker->boot_id,
		.host_id = worker->host_id,
		.alerts = atomic_load(&worker->io->ring->alerts),
		.position = worker->base + pipeline_position(worker->pipeline),
	};
	int rc;

	state_begin(&worker->state, fd, &state);
	rc = pipeline_save(worker->pipeline, &worker->state.tables);
	if (rc && !worker->state.tables.failed) {
		state_discard(fd);
		return rc;
	}
	return state_seal(&worker->state);
}

/* Whether one of the files in memory is on its way to disk. */
static bool is_written(struct worker *worker, int fd)
{
	return worker->state_writer &&
	       state_writer_busy(worker->state_writer) == fd;
}

/* The one of them (as in ring.state) that nobody needs. */
static unsigned int free_place(struct worker *worker, unsigned int last)
{
	unsigned int place = 1;

	while (place == last ||
	       is_written(worker, worker->io->state_fds[place - 1]))
		place++;
	return place;
}

/* Saves where it is, and acknowledges what that has seen. Nothing may wait for
 * the disk. 0 or -errno (told). */
static int save(struct worker *worker)
{
	struct ring *ring = worker->io->ring;
	const int *fds = worker->io->state_fds;
	unsigned int last = atomic_load(&ring->state);
	unsigned int next = free_place(worker, last);
	int rc = make_state(worker, fds[next - 1]);

	if (!rc) {
		atomic_store(&ring->state, next);
		if (last && !is_written(worker, fds[last - 1]))
			state_discard(fds[last - 1]);
	} else if (!worker->save_failed)
		log_print(worker->log, LOG_ERR,
			  "the state cannot be saved: %s; a worker that dies "
			  "takes the sequences begun with it",
			  strerror(-rc));
	worker->save_failed = rc != 0;
	atomic_store(&ring->acked,
		     worker->base + pipeline_position(worker->pipeline));
	return rc;
}

/* The same, and has it written to disk if that is due. What waits for a disk that
 * is slow is replaced by it. */
static int save_file(struct worker *worker, bool due)
{
	struct state_writer *writer = worker->state_writer;
	bool waited = writer && state_writer_take_back(writer);
	int rc = save(worker);
	unsigned int last = atomic_load(&worker->io->ring->state);

	if (writer && last && (waited || (!rc && due)))
		state_writer_put(writer, worker->io->state_fds[last - 1]);
	if (!rc && due) {
		worker->written_ns = worker->clock_ns;
		worker->alerted = false;
	}
	return rc;
}

static bool save_is_due(const struct worker *worker)
{
	int64_t interval_ns = worker->config->state_interval_ns;
	int64_t pause_ns = SAVE_SHARE * worker->save_ns;

	if (pause_ns < SAVE_ALERT_NS)
		pause_ns = SAVE_ALERT_NS;
	if (!worker->alerted || pause_ns > interval_ns)
		pause_ns = interval_ns;
	return worker->clock_ns - worker->written_ns >= pause_ns;
}

static void save_when_due(struct worker *worker)
{
	struct ring *ring = worker->io->ring;
	uint64_t unseen = worker->position - atomic_load(&ring->acked);
	bool due;

	if (!unseen && !worker->alerted)
		return;
	due = save_is_due(worker);
	if (unseen < SAVE_BYTES &&
	    (!due || pipeline_is_pending(worker->pipeline) ||
	     !outputs_drain(worker->outputs, 0)))
		return;
	save_file(worker, due);
	worker->save_ns = clock_ns(CLOCK_MONOTONIC) - worker->clock_ns;
}

/* --- catching up ---------------------------------------------------------- */

/* What follows is in the stream: a worker of a plugin that read it before. */
static void open_audit_log(struct worker *worker)
{
	const char *path = worker->config->audit_log;

	if (atomic_load(&worker->io->ring->state))
		return;
	if (!path)
		path = "";
	else if (!strcmp(path, CONFIG_AUDIT_LOG_AUTO))
		path = node_log_file(NODE_AUDITD_CONF, worker->names);
	catch_up_open(&worker->audit_log, path);
}

static bool log_has_passed(void *user, struct str record)
{
	return pipeline_has_passed(((struct worker *)user)->pipeline, record);
}

/* A log is read faster than alerts are written. */
static int log_feed(void *user, const char *data, size_t len)
{
	struct worker *worker = user;
	uint64_t alerts = atomic_load(&worker->io->ring->alerts);
	int rc = pipeline_feed(worker->pipeline, data, len);

	if (alerts != atomic_load(&worker->io->ring->alerts))
		outputs_drain(worker->outputs, CATCH_UP_DRAIN_MS);
	return rc;
}

/* What comes meanwhile must have room. */
static bool log_go_on(void *user)
{
	const struct worker *worker = user;

	return atomic_load(&worker->io->ring->head) - worker->position <
	       SAVE_BYTES;
}

static int read_audit_log(struct worker *worker, struct catch_up_result *result)
{
	const struct catch_up_reader reader = {
		.has_passed = log_has_passed,
		.feed = log_feed,
		.go_on = log_go_on,
		.user = worker,
	};
	/* the second is for rounding */
	int64_t booted_ns = clock_ns(CLOCK_REALTIME) -
			    clock_ns(CLOCK_BOOTTIME) - NSEC_PER_SEC;
	int rc;

	pipeline_catch_up(
		worker->pipeline, booted_ns,
		worker->resumed ? 0 : clock_ns(CLOCK_REALTIME) - REBUILD_NS);
	rc = catch_up_read(&worker->audit_log, &reader, result);
	pipeline_caught_up(worker->pipeline);
	return rc;
}

static void tell_caught_up(struct worker *worker,
			   const struct catch_up_result *result)
{
	const char *path = worker->audit_log.path;
	struct pipeline_stats stats;

	pipeline_stats(worker->pipeline, &stats);
	worker->alerted = stats.sieve.caught_up > 0;
	if (stats.sieve.caught_up)
		log_print(worker->log, LOG_NOTICE,
			  "%llu records %s were taken from %s",
			  (unsigned long long)stats.sieve.caught_up,
			  worker->resumed
				  ? "that came while no plugin read"
				  : "of the last ten minutes, in place of the "
				    "state,",
			  path);
	if (result->limited)
		log_print(worker->log, LOG_WARNING,
			  "no more than the last %u MiB of %s were read again: "
			  "what came before is missing",
			  LIMIT_CATCH_UP_BYTES >> 20, path);
	if (result->given_up)
		log_print(worker->log, LOG_WARNING,
			  "%s was not read to its end, as records come too "
			  "fast: what is left of it is missing",
			  path);
}

/* Reads what came since the state; in place of a state that cannot be used, what
 * came lately: what was alerted on then is again, by the same event.id.
 * 0, or -errno (fatal). What cannot be read is missing, and counted as such as
 * soon as what follows comes. */
static int catch_up(struct worker *worker)
{
	struct catch_up *log = &worker->audit_log;
	struct ring *ring = worker->io->ring;
	struct catch_up_result result;
	int rc;

	if ((!worker->resumed && !worker->refused) ||
	    log->error == CATCH_UP_E_OFF)
		return 0;
	if (log->error) {
		log_print(worker->log, LOG_WARNING,
			  "what came while no plugin read is not taken from "
			  "%s: %s",
			  log->path ? log->path : "auditd's log",
			  catch_up_error(log->error));
		return 0;
	}
	if (atomic_fetch_add(&ring->catch_ups, 1) >= CATCH_UP_TRIES) {
		log_print(worker->log, LOG_CRIT,
			  "what came while no plugin read is left out: "
			  "workers died of it");
		return 0;
	}
	atomic_store(&ring->at, RING_NOWHERE);
	rc = read_audit_log(worker, &result);
	atomic_store(&ring->catch_ups, 0);
	if (rc == -ENOMEM)
		return rc;
	if (rc)
		log_print(worker->log, LOG_WARNING, "%s cannot be read: %s",
			  log->path, strerror(-rc));
	tell_caught_up(worker, &result);
	return 0;
}

/* --- opening -------------------------------------------------------------- */

static int open_state(struct worker *worker)
{
	const char *path = worker->config->state_file;
	int rc = restore(worker);

	if (rc || !path)
		return rc;
	return state_writer_new(path, worker->log, &worker->state_writer);
}

static int open_names(struct worker *worker)
{
	struct node_names *node = &worker->node;
	int rc = node_names(NODE_AUDITD_CONF, worker->io->node, worker->names,
			    node);

	worker->host_id = config_host_id(worker->config, worker->names);
	worker->boot_id = state_boot_id(worker->names);
	if (!rc && node->format != NODE_NONE && !node->local.len)
		log_print(worker->log, LOG_WARNING,
			  "auditd.conf has a name_format, but the name of this "
			  "host cannot be had: its records are taken for those "
			  "of another; name_format = user needs no resolver");
	return rc;
}

/* Before the privileges are gone, as who asks becomes somebody else. */
static void open_users(struct worker *worker)
{
	const struct users_config config = { .host = worker->host_id };
	enum user_names wanted = worker->config->user_names;
	int rc;

	if (wanted == USER_NAMES_NO ||
	    (wanted == USER_NAMES_AUTO && worker->node.enriched))
		return;
	rc = users_start(&config, &worker->users);
	if (rc)
		log_print(worker->log, LOG_WARNING,
			  "names of users cannot be asked for: %s",
			  strerror(-rc));
}

/* What root alone may read comes first; all that is written, or comes from
 * elsewhere, after the privileges are gone. */
static int open_all(struct worker *worker)
{
	int rc = open_names(worker);

	if (rc)
		return rc;
	open_audit_log(worker);
	open_users(worker);
	rc = confine_worker(worker->config, asked_environment(worker),
			    &worker->io->ring->refused, worker->log,
			    &worker->confinement);
	if (!rc)
		rc = open_outputs(worker);
	if (!rc)
		rc = open_pipeline(worker);
	if (!rc)
		rc = open_state(worker);
	if (!rc)
		rc = catch_up(worker);
	catch_up_close(&worker->audit_log);
	return rc;
}

static int seed_process(void *user, const struct process_seed *process)
{
	struct worker *worker = user;

	return pipeline_seed(worker->pipeline, process,
			     clock_ns(CLOCK_REALTIME));
}

/* What runs already, so that the first events have parents. */
static void seed(struct worker *worker)
{
	const struct seeder seeder = { seed_process, worker };
	size_t count = 0;
	int rc = inspector_seed(worker->confinement.inspector, &seeder, SEED_NS,
				&count);

	if (rc == PROCFS_E_LATE)
		log_print(worker->log, LOG_WARNING,
			  "no more than %zu processes could be read at start "
			  "in time: others are not known as parents",
			  count);
	else if (rc)
		log_print(worker->log, LOG_WARNING,
			  "the processes that run cannot be read: %s",
			  strerror(-rc));
}

/* How many rules of files there are. */
static size_t rules_of_files(const struct ruleset *rules)
{
	return rules->rule_count - rules->builtin_count;
}

/* The defaults, and the built-in rules alone. */
static int load_nothing(struct worker *worker)
{
	const struct ruleset_options options = { .builtins = true };
	int rc = config_defaults(&worker->config);

	return rc ? rc : ruleset_load(&options, &worker->rules);
}

static void tell_nothing(struct worker *worker, const char *why)
{
	const struct sensor_note note = {
		.id = BUILTIN_NOTHING_DETECTED,
		.time_ns = clock_ns(CLOCK_REALTIME),
	};

	log_print(worker->log, LOG_CRIT,
		  "nothing is detected: %s; mend it and reload (auditctl "
		  "--signal HUP)",
		  why);
	if (worker->pipeline)
		pipeline_note(worker->pipeline, &note);
}

/*
 * With a bad configuration, no rule at all, or nothing to confine it by, the
 * plugin stays and drains its input: one that exits is started again ten times
 * and then never, and one that does not read slows the host. It says so, by the
 * outputs it has (those of the defaults if need be; of a worker that is not
 * confined only by its notice), and waits for SIGHUP.
 */
static int worker_open(struct worker *worker)
{
	int loaded = load(worker, &worker->config, &worker->rules);
	int rc = loaded;

	worker->arena = arena_new(0);
	worker->names = arena_new(0);
	if (!worker->arena || !worker->names || rc == -ENOMEM)
		return -ENOMEM;
	if (loaded)
		rc = load_nothing(worker);
	if (!rc) {
		atomic_store(&worker->io->ring->batch_delay_ns,
			     worker->config->batch_delay_ns);
		rc = open_all(worker);
	}
	if (rc == CONFINE_E_REFUSED) {
		tell_nothing(worker, "the worker does not run unconfined");
		return 0;
	}
	if (rc)
		return rc;
	seed(worker);
	if (loaded)
		tell_nothing(worker, "the configuration is bad");
	else if (!rules_of_files(worker->rules))
		tell_nothing(worker, "no rule was found");
	else
		log_print(worker->log, LOG_INFO,
			  "version %s: %zu rules run, %zu have errors",
			  PACKAGE_VERSION, rules_of_files(worker->rules),
			  worker->rules->error_count);
	return 0;
}

int worker_try(const struct worker_config *io)
{
	struct worker worker = { .io = io, .log = io->log };
	int rc = load(&worker, &worker.config, &worker.rules);
	bool good = !rc && rules_of_files(worker.rules) &&
		    !worker.rules->error_count &&
		    confine_has_user(worker.config, io->log);

	log_print(io->log, good ? LOG_INFO : LOG_ERR,
		  good ? "reloading configuration and rules"
		       : "the new configuration or rules are bad: keeping "
			 "the old ones");
	ruleset_free(&worker.rules);
	config_free(&worker.config);
	return good ? WORKER_DONE : WORKER_FAILED;
}

/* --- status --------------------------------------------------------------- */

static void note_count(struct worker *worker, enum builtin_id id,
		       uint64_t count)
{
	const struct sensor_note note = {
		.id = id,
		.time_ns = clock_ns(CLOCK_REALTIME),
		.count = count,
	};

	pipeline_note(worker->pipeline, &note);
}

/* Told as of this host: names that find no room may be invented. */
static void tell_hosts_refused(struct worker *worker, uint64_t refused)
{
	if (refused > worker->hosts_refused_told)
		note_count(worker, BUILTIN_HOSTS_TOO_MANY,
			   refused - worker->hosts_refused_told);
	if (refused && !worker->hosts_refused_told)
		log_print(worker->log, LOG_ERR,
			  "more hosts send than there is room for: records of "
			  "further ones are left out");
	worker->hosts_refused_told = refused;
}

/* What keeper and kernel count and no record tells. */
static void tell_kernel(struct worker *worker)
{
	struct ring *ring = worker->io->ring;
	uint64_t dropped = atomic_load(&ring->dropped);
	uint32_t lost = atomic_load(&ring->kernel_lost);
	bool disabled;

	if (dropped > ring->told.dropped)
		note_count(worker, BUILTIN_RECORDS_DROPPED,
			   dropped - ring->told.dropped);
	ring->told.dropped = dropped;
	if (!atomic_load(&ring->kernel_seen))
		return;
	/* since boot; it can be set back */
	if (!ring->told.kernel)
		ring->told.lost_before = lost;
	if (ring->told.kernel && lost > ring->told.lost)
		note_count(worker, BUILTIN_RECORDS_LOST,
			   lost - ring->told.lost);
	ring->told.kernel = true;
	ring->told.lost = lost;
	disabled = !atomic_load(&ring->kernel_enabled);
	if (disabled && !ring->told.disabled)
		note_count(worker, BUILTIN_AUDIT_DISABLED, 0);
	ring->told.disabled = disabled;
}

/* All there is to be told, for as long as the two others live. */
static void take_status(struct worker *worker, struct status *status,
			struct pipeline_stats *pipeline,
			struct output_stats *outputs)
{
	struct ring *ring = worker->io->ring;
	int64_t blind_ns = worker->config->heartbeat_ns
				   ? worker->config->heartbeat_ns
				   : BLIND_NS;
	uint64_t losses;

	pipeline_stats(worker->pipeline, pipeline);
	outputs_stats(worker->outputs, outputs);
	*status = (struct status){
		.ring = ring,
		.pipeline = pipeline,
		.outputs = outputs,
		.rules = worker->rules,
		.engine = pipeline_engine(worker->pipeline),
		.host_id = worker->host_id,
		.hosts = worker->hosts,
		.host_count = pipeline_hosts(worker->pipeline, worker->hosts,
					     STATUS_HOSTS),
		.now_ns = clock_ns(CLOCK_REALTIME),
		.unread = atomic_load(&ring->head) - worker->position,
	};
	losses = status_losses(status);
	if (worker->losses_known && losses > worker->losses)
		ring->told.lost_ns = worker->clock_ns;
	worker->losses_known = true;
	worker->losses = losses;
	status->blind = !rules_of_files(worker->rules) || ring->told.disabled ||
			pipeline->sieve.mixed ||
			(ring->told.lost_ns &&
			 worker->clock_ns - ring->told.lost_ns < blind_ns);
}

/* Of our own calls none should be refused: a libc we have not seen, or somebody
 * who got in. */
static void tell_refused(struct worker *worker)
{
	struct sandbox_refused *refused = &worker->io->ring->refused;
	uint64_t count = atomic_load(&refused->count);
	char name[64];

	if (count <= 2 * worker->refused_told)
		return;
	worker->refused_told = count;
	sandbox_call_name(atomic_load(&refused->last), name, sizeof(name));
	log_print(worker->log, LOG_ERR,
		  "%llu system calls were refused by the sandbox, the last "
		  "was %s: please report it",
		  (unsigned long long)count, name);
}

static void write_status(struct worker *worker, bool ended)
{
	struct pipeline_stats pipeline;
	struct output_stats outputs;
	struct status status;
	int rc;

	worker->status_ns = worker->clock_ns;
	take_status(worker, &status, &pipeline, &outputs);
	status.ended = ended;
	tell_hosts_refused(worker, pipeline.sieve.refused);
	if (!worker->config->status_file)
		return;
	rc = status_write(worker->config->status_file, &status);
	if (rc && !worker->status_failed)
		log_print(worker->log, LOG_WARNING,
			  "the status file %s cannot be written: %s",
			  worker->config->status_file, strerror(-rc));
	worker->status_failed = rc != 0;
}

/* The times are the ring's: they outlive a worker. */
static void beat(struct worker *worker)
{
	int64_t interval_ns = worker->config->heartbeat_ns;
	int64_t *due_ns = &worker->io->ring->told.heartbeat_ns;
	struct pipeline_stats pipeline;
	struct output_stats outputs;
	struct rendered rendered;
	struct status status;

	/* it may have been longer before a reload */
	if (*due_ns - worker->clock_ns > interval_ns)
		*due_ns = worker->clock_ns + interval_ns;
	if (!interval_ns || (*due_ns && worker->clock_ns < *due_ns))
		return;
	if (*due_ns) {
		take_status(worker, &status, &pipeline, &outputs);
		arena_reset(worker->arena);
		/* a queue that is full counts it, and the next one says so */
		if (!status_heartbeat(&status, worker->arena, &rendered))
			outputs_put(worker->outputs, &rendered);
	}
	*due_ns = worker->clock_ns + interval_ns;
}

/* --- loop ----------------------------------------------------------------- */

static void take_signals(struct worker *worker)
{
	struct signalfd_siginfo info;

	while (read(worker->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1 && worker->pipeline)
			write_status(worker, false);
		else if (info.ssi_signo == SIGHUP)
			worker->reload = true;
	}
}

/* What only root can mend, another worker does, which begins as root. */
static void hand_over_if(struct worker *worker, bool broken, const char *why)
{
	if (!broken || worker->reload)
		return;
	worker->reload = true;
	log_print(worker->log, LOG_ERR, "%s: another worker takes over", why);
}

/* Records of before and after are in no order by their times, and a sequence
 * under way may not be one any more. */
static void tell_clock_set(struct worker *worker)
{
	int64_t epoch_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	int64_t by_ns = epoch_ns - worker->epoch_ns;

	if (worker->epoch_ns && (by_ns > CLOCK_SET_NS || by_ns < -CLOCK_SET_NS))
		log_print(worker->log, LOG_WARNING,
			  "the clock was set %s by %lld s: sequences under way "
			  "may be missed",
			  by_ns < 0 ? "back" : "forward",
			  (long long)((by_ns < 0 ? -by_ns : by_ns) /
				      NSEC_PER_SEC));
	worker->epoch_ns = epoch_ns;
}

/* Alerts have the numbers. */
static void tell_users(struct worker *worker)
{
	if (!worker->users || !users_failed(worker->users))
		return;
	log_print(worker->log, LOG_WARNING,
		  "who asks for names of users has ended: until a reload "
		  "alerts have their numbers alone");
	users_free(&worker->users);
}

static int pass_time(struct worker *worker)
{
	int64_t now = clock_ns(CLOCK_MONOTONIC);
	int64_t elapsed = now - worker->clock_ns;

	worker->clock_ns = now;
	tell_clock_set(worker);
	tell_refused(worker);
	tell_users(worker);
	hand_over_if(worker, inspector_failed(worker->confinement.inspector),
		     "a process could not be looked at in time");
	tell_kernel(worker);
	if (now - worker->status_ns >= STATUS_INTERVAL_NS) {
		write_status(worker, false);
		hand_over_if(worker, confine_moved(&worker->confinement),
			     "a directory was removed or made anew");
	}
	beat(worker);
	return pipeline_advance(worker->pipeline, elapsed);
}

/* How long it may sleep if nothing comes. */
static int tick_ms(const struct worker *worker)
{
	bool busy = worker->clock_ns - worker->fed_ns < BUSY_NS;
	int tick = busy ? TICK_MS : IDLE_TICK_MS;
	int64_t due_ns = worker->pipeline ? pipeline_due_ns(worker->pipeline)
					  : INT64_MAX;

	if (due_ns >= tick * NSEC_PER_MSEC)
		return tick;
	if (due_ns <= TURN_MS * NSEC_PER_MSEC)
		return TURN_MS;
	return (int)((due_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC);
}

/* Sleeps until there is something to do. */
static void wait_for_work(struct worker *worker)
{
	struct ring *ring = worker->io->ring;
	struct pollfd fds[] = {
		{ .fd = worker->io->wake_fd, .events = POLLIN },
		{ .fd = worker->signal_fd, .events = POLLIN },
		{ .fd = worker->io->alive_fd, .events = POLLIN },
	};
	uint64_t count;

	if (ring_wait(ring, worker->position))
		poll(fds, 3, tick_ms(worker));
	ring_woken(ring);
	if (fds[0].revents &&
	    read(worker->io->wake_fd, &count, sizeof(count)) < 0 &&
	    errno != EAGAIN)
		log_print(worker->log, LOG_ERR, "eventfd: %s", strerror(errno));
	/* the keeper was killed: what it left is still done */
	if (fds[2].revents & POLLHUP)
		atomic_store(&ring->ended, true);
}

/* Whether a worker died about here, and not of an event known by now: then
 * record by record, to see of which. */
static bool is_careful(const struct worker *worker)
{
	const struct ring *ring = worker->io->ring;

	return ring->deaths && worker->position <= ring->died_at + FEED_BYTES;
}

static bool is_deadly(const struct worker *worker)
{
	static const struct event_mark none;
	const struct ring *ring = worker->io->ring;

	return ring->deaths >= 2 && worker->position == ring->died_at &&
	       event_mark_equal(&ring->died_of, &none);
}

/* Some of what is in the ring. 0, or -errno. */
static int feed(struct worker *worker, const char *data, size_t len)
{
	struct ring *ring = worker->io->ring;
	bool deadly = is_deadly(worker);

	if (len > FEED_BYTES)
		len = FEED_BYTES;
	if (is_careful(worker)) {
		const char *newline = memchr(data, '\n', len);

		len = newline ? (size_t)(newline - data) + 1 : len;
	}
	atomic_store(&ring->at, worker->position);
	worker->position += len;
	worker->fed_ns = worker->clock_ns;
	ring_put_away(ring, &worker->put_away, worker->position - len);
	if (!deadly)
		return pipeline_feed(worker->pipeline, data, len);
	log_print(worker->log, LOG_CRIT,
		  "a record was skipped: two workers died of it");
	/* an empty one in its place: the pipeline counts bytes */
	while (len--) {
		int rc = pipeline_feed(worker->pipeline, "\n", 1);

		if (rc)
			return rc;
	}
	return 0;
}

static int run(struct worker *worker)
{
	int rc = 0;

	while (!rc && !worker->reload) {
		const char *data;
		size_t len =
			ring_get(worker->io->ring, worker->position, &data);

		take_signals(worker);
		if (len)
			rc = feed(worker, data, len);
		else if (atomic_load(&worker->io->ring->ended))
			break;
		else
			wait_for_work(worker);
		if (!rc)
			rc = pass_time(worker);
		if (!rc)
			save_when_due(worker);
	}
	return rc;
}

/* What is read is thrown away: a worker that is not confined parses nothing. */
static int drain(struct worker *worker)
{
	struct ring *ring = worker->io->ring;

	while (!worker->reload) {
		worker->position = atomic_load(&ring->head);
		atomic_store(&ring->acked, worker->position);
		take_signals(worker);
		if (atomic_load(&ring->ended))
			break;
		wait_for_work(worker);
	}
	return 0;
}

/* The last word to the next plugin. */
static void hand_over(struct worker *worker)
{
	if (save_file(worker, true))
		return;
	if (worker->state_writer &&
	    !state_writer_drain(worker->state_writer, OUTPUT_DRAIN_MS))
		log_print(worker->log, LOG_ERR,
			  "the state was not written in time");
}

/* What is held back is matched, what is told is delivered. What is under way
 * goes on in the next plugin, if there is a file for it. */
static int worker_finish(struct worker *worker)
{
	bool goes_on = worker->state_writer || worker->reload;
	int rc = 0;

	if (atomic_load(&worker->io->ring->auditd_gone) && !worker->reload)
		pipeline_auditd_gone(worker->pipeline,
				     clock_ns(CLOCK_REALTIME));
	if (!goes_on) {
		rc = pipeline_finish(worker->pipeline);
		engine_close_findings(pipeline_engine(worker->pipeline));
	} else if (!worker->reload) {
		rc = pipeline_flush(worker->pipeline);
	}
	write_status(worker, !worker->reload);
	if (!outputs_drain(worker->outputs, OUTPUT_DRAIN_MS))
		log_print(worker->log, LOG_ERR,
			  "alerts were left in the queue of the outputs");
	if (!rc && goes_on)
		hand_over(worker);
	else
		atomic_store(&worker->io->ring->acked, worker->position);
	return rc;
}

static int open_signals(struct worker *worker)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGUSR1);
	worker->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return worker->signal_fd < 0 ? -errno : 0;
}

/* What a large event took goes back to the system after it. glibc would raise
 * the size from which on that is so with each such event, up to 32 MiB, and lose
 * the rest between what is kept. */
static void tune_malloc(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	mallopt(M_TRIM_THRESHOLD, MMAP_BYTES);
#endif
}

/* What is audited goes before the looking at it: auditd runs at a high priority,
 * and so would this. Nothing is lost by it, as the keeper goes on reading; the share
 * of the processor stays as it is. */
static void wait_for_others(void)
{
	static const struct sched_param none = { 0 };

	sched_setscheduler(0, SCHED_BATCH, &none);
}

int worker_run(const struct worker_config *config)
{
	struct worker worker = {
		.io = config,
		.log = config->log,
		.position = atomic_load(&config->ring->acked),
		.state_lock = -1,
	};
	int rc = open_signals(&worker);

	tune_malloc();
	wait_for_others();
	if (!rc)
		rc = worker_open(&worker);
	worker.base = worker.put_away = worker.position;
	if (worker.pipeline)
		worker.base -= pipeline_position(worker.pipeline);
	worker.clock_ns = clock_ns(CLOCK_MONOTONIC);
	/* the first state soon: without one there is nothing to go on from */
	worker.written_ns = worker.clock_ns + SAVE_ALERT_NS;
	if (worker.config)
		worker.written_ns -= worker.config->state_interval_ns;
	if (!rc && !worker.pipeline)
		rc = drain(&worker);
	else if (!rc)
		rc = run(&worker);
	if (!rc && worker.pipeline)
		rc = worker_finish(&worker);
	if (rc)
		log_print(config->log, LOG_ERR, "the worker cannot go on: %s",
			  strerror(-rc));
	state_writer_free(&worker.state_writer);
	outputs_free(&worker.outputs);
	pipeline_free(&worker.pipeline);
	inspector_free(&worker.confinement.inspector);
	users_free(&worker.users);
	ruleset_free(&worker.rules);
	config_free(&worker.config);
	arena_free(&worker.arena);
	arena_free(&worker.names);
	if (rc)
		return WORKER_FAILED;
	return worker.reload ? WORKER_RELOAD : WORKER_DONE;
}
