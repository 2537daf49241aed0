/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a byte stream of records to whole events of raw records. */
#ifndef AUDISP_EQL_SIEVE_H
#define AUDISP_EQL_SIEVE_H

#include <audisp-eql/event.h>

struct sieve;
struct reader;
struct strbuf;

/* What is known of a record by its head. */
struct raw_head {
	int type; /* AUDIT_* of libaudit.h; -1 = it does not know the name */
	uint32_t body; /* where its fields begin */
};

/* One closed event: its records, in the order they came. */
struct raw_event {
	struct str node; /* empty where records bear none */
	int64_t time_ns;
	uint64_t serial;
	size_t record_count;
	const struct str
		*records; /* whole lines, no newline; enrichment kept */
	const struct raw_head *heads; /* as many */
	/* the lines once more, contiguous, each ended by '\n' */
	struct str text;
	bool complete; /* closed by EOE or PROCTITLE, or a one-record type */
	bool mixed; /* more than one host sends under this node's name */
};

/* Called for each closed event; 0, or -errno which feed passes up. */
typedef int (*sieve_fn)(void *user, const struct raw_event *event);

struct sieve_stats {
	uint64_t records; /* lines that are audit records */
	uint64_t bytes;
	uint64_t malformed; /* lines that are none, or cut, or binary */
	uint64_t events;
	uint64_t incomplete; /* closed by age, by room or by the end */
	uint64_t duplicates; /* same (node, time, serial) seen closed before */
	uint64_t gaps; /* serials that never came, per node, summed */
	uint64_t over_limit; /* records left out: LIMIT_EVENT_* */
	uint64_t refused; /* records of hosts beyond host_max */
	uint64_t hosts; /* known now */
	uint64_t mixed; /* of these, names that more than one host uses */
	int64_t last_ns; /* the last record's stamp; 0 = it was another host's */
	int64_t idle_ns; /* since any host's, by the monotonic clock */
	uint64_t caught_up; /* records taken from the log; not in the above */
};

#define SIEVE_GAP_NS (10 * NSEC_PER_SEC)

struct sieve_config {
	sieve_fn on_event;
	/* serials missing on a node: how many, and when that was known, which
	 * is SIEVE_GAP_NS later at most. May be NULL. */
	void (*on_gap)(void *user, struct str node, uint64_t count,
		       int64_t time_ns);
	/* more than one host sends under this name, or does so no more. May be
	 * NULL. */
	void (*on_mixed)(void *user, struct str node, bool mixed,
			 int64_t time_ns);
	void *user;
	struct str local_node; /* this host's; empty where it is not known */
	bool names_all; /* without a name it is none of this host's */
	size_t host_max; /* beside this one; 0 = LIMIT_HOSTS */
	int64_t event_timeout_ns; /* 2 s: of the records' own time */
};

int sieve_new(const struct sieve_config *config, struct sieve **out);
void sieve_free(struct sieve **sieve);
/* Any chunk of the stream, lines may be cut anywhere. 0 or -errno. */
int sieve_feed(struct sieve *sieve, const char *data, size_t len);
/* elapsed_ns of the monotonic clock passed: closes events whose last record
 * is older than event_timeout_ns. */
int sieve_age(struct sieve *sieve, int64_t elapsed_ns);
/* End of the stream: a last line without newline counts, all events close. */
int sieve_finish(struct sieve *sieve);
/*
 * Stream offset (bytes fed) before which every record belongs to a closed
 * event: what a successor need not read again.
 */
uint64_t sieve_position(const struct sieve *sieve);
/*
 * What was seen of each node, for a successor that begins at sieve_position():
 * events closed before are duplicates there, events open now are new. The nodes
 * used last, so far as they fit into LIMIT_SAVED_WINDOW_BYTES. sieve_load() is
 * for a sieve that was fed nothing; 0, -EBADMSG, -ENOMEM.
 */
void sieve_save(const struct sieve *sieve, struct strbuf *out);
int sieve_load(struct sieve *sieve, struct reader *state);
/*
 * Between these two the log of auditd is fed. Of its records are taken those of
 * saved nodes that were not seen, and the rest passed over; of a sieve that was
 * not loaded, those of the time since since_ns (0 = none). booted_ns: the host
 * began then, what is older is another boot's. What is open at the end may go on
 * in the stream, whose records of it that came by the log are dropped.
 */
void sieve_catch_up(struct sieve *sieve, int64_t booted_ns, int64_t since_ns);
void sieve_caught_up(struct sieve *sieve);
/* Whether what stands in a log before this record was seen, or is not wanted:
 * within these two. */
bool sieve_has_passed(struct sieve *sieve, struct str record);
/* Serials of a node that are missing now and may yet come. */
uint64_t sieve_holes(const struct sieve *sieve, struct str node);
/* One node. */
struct sieve_host {
	struct str node; /* in the memory of the sieve */
	uint64_t records, events, gaps;
	int64_t silent_ns; /* since its last record, by the monotonic clock */
	int64_t now_ns; /* its clock */
	bool mixed;
};
/* The nodes used last first, at most max of them; how many. */
size_t sieve_hosts(const struct sieve *sieve, struct sieve_host *out,
		   size_t max);
void sieve_stats(const struct sieve *sieve, struct sieve_stats *out);

#endif
