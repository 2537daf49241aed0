/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine: events in, alerts out, in bounded memory. One thread, no clock
 * of its own, no input or output.
 */
#ifndef AUDISP_EQL_ENGINE_H
#define AUDISP_EQL_ENGINE_H

#include <audisp-eql/alert.h>

struct engine;
struct reader;
struct strbuf;

/* One match: an alert may stand for several that end in the same event. Valid
 * during the call. */
struct engine_match {
	const struct rule *rule;
	size_t event_count;
	const struct event *const *events; /* one a stage, NULL = missing */
	size_t key_count;
	const struct value *keys;
};

struct engine_config {
	const struct ruleset *rules; /* borrowed, outlives the engine */
	size_t memcap; /* bytes: partials, events they keep, held-back hits */
	int64_t reorder_ns; /* hold-back; see engine_process() */
	int64_t lateness_ns; /* how long partials outlive maxspan */
	int64_t suppress_ns; /* interval of one finding; 0 = never suppress */
	/* alerts an hour, of rules that do not say; 0 = all, -1 = no budgets,
	 * not even of those that say */
	int64_t budget;
	/* exact order (replay): hold back for lateness_ns instead */
	bool exact;
	alert_fn on_alert;
	/* each single match, before its alert; may be NULL */
	void (*on_match)(void *user, const struct engine_match *match);
	/* memory is full, and what a login (uid where unset) of a host had
	 * begun was forgotten; once for a burst, never to call the engine from;
	 * may be NULL */
	void (*on_evict)(void *user, struct str host, uint32_t uid,
			 int64_t time_ns);
	/* an event of a login had more keys than one may have; the same */
	void (*on_cut)(void *user, struct str host, uint32_t uid,
		       int64_t time_ns);
	void *user;
};

struct engine_stats {
	uint64_t events; /* processed */
	uint64_t hits; /* event and stage pairs whose condition held */
	uint64_t excepted; /* pairs that an exception took away */
	uint64_t matches; /* before suppression */
	uint64_t observed; /* alerts of rules that only observe */
	uint64_t alerts; /* handed on, the observed ones included */
	uint64_t suppressed;
	uint64_t partials_started;
	uint64_t partials_live;
	uint64_t partials_evicted; /* by memcap */
	uint64_t late_attempts;
	uint64_t held_early; /* released before their time: memory */
	uint64_t key_overflows; /* events beyond LIMIT_KEY_TUPLES */
	uint64_t runtime_errors; /* e.g. division by zero in a condition */
	size_t memory; /* bytes charged now */
	size_t memory_peak;
};

/* 0, -EINVAL (configuration), -ENOMEM. */
int engine_new(const struct engine_config *config, struct engine **out);
void engine_free(struct engine **engine);

/*
 * Takes an event in arrival order (its arena may be reset afterwards). Stage
 * conditions are evaluated at once; an event that holds for some stage is kept
 * and held back for reorder_ns (exact: lateness_ns) of its host's time, then
 * matched in the order of (effective time, serial). -ENOMEM is fatal.
 */
int engine_process(struct engine *engine, const struct event *event);
/* Something that no rule asks for happened on a host then: its time goes on. */
int engine_pass(struct engine *engine, struct str host, int64_t time_ns);
/*
 * Time passes without events: elapsed_ns of the monotonic clock since the last
 * call. Releases what has been held back long enough.
 */
int engine_advance(struct engine *engine, int64_t elapsed_ns);
/* After how much more time without events that will be, for the first of what is
 * held back; INT64_MAX = nothing is. */
int64_t engine_due_ns(const struct engine *engine);
/* End of this process's input: what is held back has its turn. What else is
 * under way is for engine_save() and a successor. */
int engine_flush(struct engine *engine);
/* The end of all input: matches that wait for their window's end go out, too.
 */
int engine_finish(struct engine *engine);
/*
 * What comes of this host next has nothing to do with what came before: nothing
 * that was begun goes on. 0 or -errno.
 */
int engine_separate(struct engine *engine, struct str host);
/* So many hosts are kept apart; of more, the longest silent is given up. */
size_t engine_host_max(const struct engine *engine);
/* Sends the closing alert of every suppression interval with repeats. */
void engine_close_findings(struct engine *engine);
/* Records of host were lost within this time: marks alerts that touch it. */
void engine_mark_gap(struct engine *engine, struct str host, int64_t from_ns,
		     int64_t to_ns);
/* Something that its findings may need was forgotten elsewhere: the same. */
void engine_mark_loss(struct engine *engine, struct str host, int64_t time_ns);
void engine_stats(const struct engine *engine, struct engine_stats *out);
/* What an exception of the rule set did, in the time of events. */
struct exception_use {
	uint64_t hits; /* took something away: for each event once a stage */
	int64_t since_ns; /* they are counted since; 0 = no event yet */
	int64_t last_ns; /* of the last one; 0 = none */
};

void engine_exception_use(const struct engine *engine,
			  const struct exception *exception,
			  struct exception_use *out);

/*
 * All that the engine knows of hosts, as bytes for engine_load(): partials,
 * marks of until and missing events, matches that wait, events held back,
 * findings, and what exceptions did. 0, or -ENOMEM: out has failed, and what it
 * has is of no use.
 *
 * engine_load() reads to the end, for an engine that has seen no event (-EINVAL else). Its
 * rule set may differ: rules of unchanged hash take theirs back. -EBADMSG with
 * nothing loaded when the bytes are nothing that engine_save() could have
 * written, -ENOMEM. That they are what it wrote is for who kept them to see.
 */
int engine_save(const struct engine *engine, struct strbuf *out);
int engine_load(struct engine *engine, struct reader *state);

#endif
