/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream is cut into records and the records are gathered by (node, time,
 * serial) before libauparse sees them: its own grouping searches all events of
 * the last two seconds for each record where EOE and PROCTITLE are missing, and
 * lets one unfinished event hold up all later ones. Here an event is closed by
 * itself, as soon as it is known to be whole:
 *
 *   EOE, or PROCTITLE      the kernel writes nothing behind them
 *   a record that is alone user space sends its events in one record
 *   age, room, the end     counted as incomplete
 *
 * Only headers are read, and no byte of a header is trusted.
 */
#include "sieve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "util/hash.h"
#include "util/list.h"
#include "util/strbuf.h"

#define BUCKETS 4096 /* a power of two */
#define WINDOW 65536 /* serials remembered per node, a power of two */
#define NODE_BYTES 256 /* longer names are no host names */
#define GAP_INTERVAL_NS (5 * NSEC_PER_SEC)
/* records of its node after which a silent event is taken for finished: the
 * worst interleaving seen under back pressure is 120 */
#define RECORDS_PASSED 512

struct node {
	struct node *next; /* most recently used first */
	struct list open; /* open events, longest silent first */
	int64_t newest_ns;
	uint64_t records;
	/* serials: slot = serial % WINDOW holds a tag of the event's time,
	 * 0 = not seen; valid for (highest - WINDOW, highest] */
	uint16_t *seen;
	uint64_t highest, assessed, mark;
	int64_t mark_ns; /* when mark was set */
	size_t name_len;
	char name[NODE_BYTES];
};

struct open_event {
	struct list in_node, in_all;
	struct open_event *chain; /* of its bucket, or of the free ones */
	struct node *node;
	int64_t time_ns;
	uint64_t serial;
	uint64_t start; /* offset of its first record */
	int64_t touched_ns; /* node's newest time at its last record */
	int64_t touched_clock;
	uint64_t touched_records;
	bool over_limit;
	struct strbuf text; /* records, each with '\n' */
	size_t *ends; /* where each ends in text */
	size_t count, capacity;
};

struct sieve {
	struct sieve_config config;
	struct sieve_stats stats;
	uint8_t seed[16];
	int64_t clock; /* sum of sieve_age() */
	uint64_t fed;
	struct node *nodes;
	size_t node_count;
	struct list all; /* open events, longest silent first */
	size_t open_count;
	struct open_event *buckets[BUCKETS];
	struct open_event *free;
	struct strbuf pending; /* a record whose end has not come */
	uint64_t pending_start; /* offset of its first byte */
	bool skipping; /* of an overlong record, up to its newline */
	struct str *records; /* of the event handed out */
	size_t record_capacity;
};

/* What the head of a record says. */
struct header {
	struct str node, type;
	int64_t time_ns;
	uint64_t serial;
};

/* --- headers -------------------------------------------------------------- */

/* Digits at *p; false = none, or a number of more than 19. */
static bool parse_digits(const char **p, const char *end, uint64_t *out)
{
	const char *start = *p;
	uint64_t number = 0;

	while (*p < end && **p >= '0' && **p <= '9')
		number = number * 10 + (uint64_t)(*(*p)++ - '0');
	*out = number;
	return *p > start && *p - start <= 19;
}

static bool parse_literal(const char **p, const char *end, struct str literal)
{
	if ((size_t)(end - *p) < literal.len ||
	    memcmp(*p, literal.data, literal.len))
		return false;
	*p += literal.len;
	return true;
}

/* A word up to the next blank. */
static bool parse_word(const char **p, const char *end, struct str *out)
{
	const char *blank = memchr(*p, ' ', (size_t)(end - *p));

	if (!blank || blank == *p)
		return false;
	*out = (struct str){ *p, (size_t)(blank - *p) };
	*p = blank + 1;
	return true;
}

/* [node=NAME ]type=NAME msg=audit(SECONDS.MILLIS:SERIAL): */
static bool parse_header(struct str record, struct header *out)
{
	const char *p = record.data, *end = p + record.len;
	uint64_t seconds, millis;

	out->node = (struct str){ 0 };
	if (parse_literal(&p, end, STR("node=")) &&
	    (!parse_word(&p, end, &out->node) || out->node.len >= NODE_BYTES))
		return false;
	if (!parse_literal(&p, end, STR("type=")) ||
	    !parse_word(&p, end, &out->type) ||
	    !parse_literal(&p, end, STR("msg=audit(")) ||
	    !parse_digits(&p, end, &seconds) ||
	    !parse_literal(&p, end, STR(".")) ||
	    !parse_digits(&p, end, &millis) ||
	    !parse_literal(&p, end, STR(":")) ||
	    !parse_digits(&p, end, &out->serial) ||
	    !parse_literal(&p, end, STR("):")))
		return false;
	/* what fits in nanoseconds; the year 2262 is far */
	if (seconds > INT64_MAX / NSEC_PER_SEC - 1 || millis > 999)
		return false;
	out->time_ns = (int64_t)seconds * NSEC_PER_SEC +
		       (int64_t)millis * NSEC_PER_MSEC;
	return true;
}

/*
 * Record types that user space sends: one record is the whole event. Kernel
 * records that may stand alone or beside a SYSCALL of the same serial (LOGIN,
 * CONFIG_CHANGE, AVC, SECCOMP, ...) are not among them and wait.
 */
static bool type_is_alone(struct str type)
{
	static const struct str prefixes[] = {
		STR("USER"),	    STR("CRED_"),	STR("SERVICE_"),
		STR("DAEMON_"),	    STR("SYSTEM_"),	STR("ADD_"),
		STR("DEL_"),	    STR("GRP_"),	STR("ROLE_"),
		STR("LABEL_"),	    STR("CRYPTO_"),	STR("VIRT_"),
		STR("RESP_"),	    STR("ACCT_"),	STR("CHGRP_ID"),
		STR("CHUSER_ID"),   STR("DEV_"),	STR("FS_RELABEL"),
		STR("TEST"),	    STR("TRUSTED_APP"), STR("SOFTWARE_"),
		STR("USYS_CONFIG"), STR("ANOM_LOGIN"),	STR("ANOM_MOD_ACCT"),
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (type.len >= prefixes[i].len &&
		    !memcmp(type.data, prefixes[i].data, prefixes[i].len))
			return true;
	return false;
}

static bool type_is_daemon(struct str type)
{
	return type.len > 7 && !memcmp(type.data, "DAEMON_", 7);
}

/* --- nodes and their serials ---------------------------------------------- */

static void node_free(struct node *node)
{
	free(node->seen);
	free(node);
}

/* Forgets the node used longest ago that has no open event. */
static void node_evict(struct sieve *sieve)
{
	struct node **link = &sieve->nodes, **last = NULL;

	for (; *link; link = &(*link)->next)
		if (list_empty(&(*link)->open))
			last = link;
	if (last) {
		struct node *node = *last;

		*last = node->next;
		sieve->node_count--;
		node_free(node);
	}
}

static struct node *node_new(struct sieve *sieve, struct str name)
{
	struct node *node;

	if (sieve->node_count == LIMIT_HOSTS)
		node_evict(sieve);
	node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	node->seen = calloc(WINDOW, sizeof(*node->seen));
	if (!node->seen) {
		free(node);
		return NULL;
	}
	list_init(&node->open);
	if (name.len)
		memcpy(node->name, name.data, name.len);
	node->name_len = name.len;
	node->next = sieve->nodes;
	sieve->nodes = node;
	sieve->node_count++;
	return node;
}

/* The node of a name, moved to the front. NULL = out of memory. */
static struct node *node_get(struct sieve *sieve, struct str name)
{
	for (struct node **link = &sieve->nodes; *link; link = &(*link)->next) {
		struct node *node = *link;

		if (!str_equal((struct str){ node->name, node->name_len },
			       name))
			continue;
		*link = node->next;
		node->next = sieve->nodes;
		sieve->nodes = node;
		return node;
	}
	return node_new(sieve, name);
}

static uint16_t time_tag(int64_t time_ns)
{
	uint64_t ms = (uint64_t)(time_ns / NSEC_PER_MSEC);

	return (uint16_t)(1 + ms * 0x9e3779b97f4a7c15ULL % 65535);
}

/* Counts the serials up to a bound that never came, and tells. */
static void node_assess(struct sieve *sieve, struct node *node, uint64_t upto)
{
	uint64_t missing = 0;

	if (upto <= node->assessed)
		return;
	for (uint64_t serial = node->assessed + 1; serial <= upto; serial++)
		missing += !node->seen[serial % WINDOW];
	node->assessed = upto;
	if (!missing)
		return;
	sieve->stats.gaps += missing;
	if (sieve->config.on_gap)
		sieve->config.on_gap(sieve->config.user,
				     (struct str){ node->name, node->name_len },
				     missing, node->newest_ns);
}

/* A serial outside the window: another boot, or a filtered log. */
static void node_restart(struct node *node, uint64_t serial)
{
	memset(node->seen, 0, WINDOW * sizeof(*node->seen));
	node->highest = node->assessed = node->mark = serial;
	node->mark_ns = node->newest_ns;
}

/* Moves the window up to a new highest serial. */
static void node_raise(struct sieve *sieve, struct node *node, uint64_t serial)
{
	/* slots about to be reused must be assessed first */
	if (serial - node->assessed >= WINDOW)
		node_assess(sieve, node, node->highest);
	for (uint64_t s = node->highest + 1; s <= serial; s++)
		node->seen[s % WINDOW] = 0;
	node->highest = serial;
}

/*
 * Takes note of the first record of an event; false = an event of this serial
 * and time has been here and is closed: delivered again.
 */
static bool node_note(struct sieve *sieve, struct node *node,
		      const struct header *header)
{
	uint16_t tag = time_tag(header->time_ns);
	uint64_t serial = header->serial;

	if (!node->highest || serial + WINDOW <= node->highest ||
	    serial > node->highest + WINDOW)
		node_restart(node, serial);
	else if (serial > node->highest)
		node_raise(sieve, node, serial);
	if (node->seen[serial % WINDOW] == tag)
		return false;
	node->seen[serial % WINDOW] = tag;
	if (node->newest_ns - node->mark_ns >= GAP_INTERVAL_NS) {
		node_assess(sieve, node, node->mark);
		node->mark = node->highest;
		node->mark_ns = node->newest_ns;
	}
	return true;
}

/* --- open events ---------------------------------------------------------- */

static struct open_event **bucket_of(struct sieve *sieve,
				     const struct node *node,
				     const struct header *header)
{
	uint64_t key[3] = { (uint64_t)(uintptr_t)node,
			    (uint64_t)header->time_ns, header->serial };

	return &sieve->buckets[hash_bytes(key, sizeof(key), sieve->seed) %
			       BUCKETS];
}

static struct open_event *open_find(struct open_event *const *bucket,
				    const struct node *node,
				    const struct header *header)
{
	struct open_event *event = *bucket;

	while (event &&
	       (event->node != node || event->serial != header->serial ||
		event->time_ns != header->time_ns))
		event = event->chain;
	return event;
}

static void open_unlink(struct sieve *sieve, struct open_event *event)
{
	struct header header = { .time_ns = event->time_ns,
				 .serial = event->serial };
	struct open_event **link = bucket_of(sieve, event->node, &header);

	while (*link != event)
		link = &(*link)->chain;
	*link = event->chain;
	list_remove(&event->in_node);
	list_remove(&event->in_all);
	sieve->open_count--;
}

/* Gives the event back to the free ones; large buffers go. */
static void open_recycle(struct sieve *sieve, struct open_event *event)
{
	if (event->text.capacity > 4 * LIMIT_RECORD_BYTES)
		strbuf_free(&event->text);
	event->chain = sieve->free;
	sieve->free = event;
}

static int records_reserve(struct sieve *sieve, size_t count)
{
	struct str *records;

	if (count <= sieve->record_capacity)
		return 0;
	records = reallocarray(sieve->records, count, sizeof(*records));
	if (!records)
		return -ENOMEM;
	sieve->records = records;
	sieve->record_capacity = count;
	return 0;
}

static int open_close(struct sieve *sieve, struct open_event *event,
		      bool complete)
{
	struct raw_event raw = {
		.node = { event->node->name, event->node->name_len },
		.time_ns = event->time_ns,
		.serial = event->serial,
		.record_count = event->count,
		.text = strbuf_str(&event->text),
		.complete = complete && !event->over_limit,
	};
	size_t start = 0;
	int rc = records_reserve(sieve, event->count);

	if (rc)
		return rc;
	for (size_t i = 0; i < event->count; i++) {
		sieve->records[i] = (struct str){ event->text.data + start,
						  event->ends[i] - start };
		start = event->ends[i] + 1;
	}
	raw.records = sieve->records;
	open_unlink(sieve, event);
	sieve->stats.events++;
	sieve->stats.incomplete += !complete;
	if (event->count)
		rc = sieve->config.on_event(sieve->config.user, &raw);
	open_recycle(sieve, event);
	return rc;
}

static struct open_event *open_take_free(struct sieve *sieve)
{
	struct open_event *event = sieve->free;

	if (!event)
		return calloc(1, sizeof(*event));
	sieve->free = event->chain;
	return event;
}

static int open_new(struct sieve *sieve, struct node *node,
		    const struct header *header, struct open_event **out)
{
	struct open_event **bucket, *event;
	int rc;

	if (sieve->open_count == LIMIT_OPEN_EVENTS) {
		rc = open_close(
			sieve,
			list_entry(sieve->all.next, struct open_event, in_all),
			false);
		if (rc)
			return rc;
	}
	event = open_take_free(sieve);
	if (!event)
		return -ENOMEM;
	strbuf_reset(&event->text);
	event->text.max = LIMIT_EVENT_BYTES;
	event->count = 0;
	event->over_limit = false;
	event->node = node;
	event->time_ns = header->time_ns;
	event->serial = header->serial;
	list_init(&event->in_node);
	list_init(&event->in_all);
	bucket = bucket_of(sieve, node, header);
	event->chain = *bucket;
	*bucket = event;
	sieve->open_count++;
	*out = event;
	return 0;
}

static int open_add(struct sieve *sieve, struct open_event *event,
		    struct str record)
{
	if (event->count == event->capacity) {
		size_t capacity = event->capacity ? 2 * event->capacity : 16;
		size_t *ends =
			reallocarray(event->ends, capacity, sizeof(*ends));

		if (!ends)
			return -ENOMEM;
		event->ends = ends;
		event->capacity = capacity;
	}
	if (event->count == LIMIT_EVENT_RECORDS ||
	    event->text.len + record.len + 1 > LIMIT_EVENT_BYTES) {
		sieve->stats.over_limit++;
		event->over_limit = true;
		return 0;
	}
	strbuf_add_str(&event->text, record);
	strbuf_add_char(&event->text, '\n');
	if (event->text.failed)
		return -ENOMEM;
	event->ends[event->count++] = event->text.len - 1;
	return 0;
}

/* The event has just had a record: it is the least silent one now. */
static void open_touch(struct sieve *sieve, struct open_event *event)
{
	struct node *node = event->node;

	event->touched_ns = node->newest_ns;
	event->touched_clock = sieve->clock;
	event->touched_records = node->records;
	list_remove(&event->in_node);
	list_add_tail(&node->open, &event->in_node);
	list_remove(&event->in_all);
	list_add_tail(&sieve->all, &event->in_all);
}

/* Closes the events of a node that have been silent for too long. */
static int node_age(struct sieve *sieve, struct node *node)
{
	while (!list_empty(&node->open)) {
		struct open_event *event =
			list_entry(node->open.next, struct open_event, in_node);
		int64_t timeout = sieve->config.event_timeout_ns;
		int rc;

		if (node->newest_ns - event->touched_ns <= timeout &&
		    sieve->clock - event->touched_clock <= timeout &&
		    node->records - event->touched_records <= RECORDS_PASSED)
			return 0;
		rc = open_close(sieve, event, false);
		if (rc)
			return rc;
	}
	return 0;
}

/* --- records -------------------------------------------------------------- */

/* The open event a record belongs to; NULL in *out = drop the record. */
static int find_event(struct sieve *sieve, struct node *node,
		      const struct header *header, struct open_event **out)
{
	*out = open_find(bucket_of(sieve, node, header), node, header);
	if (*out || str_equal(header->type, STR("EOE")))
		return 0;
	/* auditd's own records count by themselves and may collide */
	if (!type_is_daemon(header->type) && !node_note(sieve, node, header)) {
		sieve->stats.duplicates++;
		return 0;
	}
	return open_new(sieve, node, header, out);
}

static int take_record(struct sieve *sieve, struct str record, uint64_t offset)
{
	struct header header;
	struct open_event *event;
	struct node *node;
	bool ends;
	int rc;

	if (!parse_header(record, &header)) {
		sieve->stats.malformed++;
		return 0;
	}
	sieve->stats.records++;
	node = node_get(sieve, header.node);
	if (!node)
		return -ENOMEM;
	node->records++;
	if (header.time_ns > node->newest_ns)
		node->newest_ns = header.time_ns;
	rc = find_event(sieve, node, &header, &event);
	if (rc || !event)
		return rc;
	if (!event->count)
		event->start = offset;
	ends = str_equal(header.type, STR("EOE"));
	if (!ends)
		rc = open_add(sieve, event, record);
	if (rc)
		return rc;
	open_touch(sieve, event);
	if (ends || str_equal(header.type, STR("PROCTITLE")) ||
	    type_is_alone(header.type)) {
		rc = open_close(sieve, event, true);
		if (rc)
			return rc;
	}
	return node_age(sieve, node);
}

/* A whole record, without its newline; ausearch's "----" and "time->" rows and
 * empty ones are passed over. */
static int take_line(struct sieve *sieve, struct str line, uint64_t offset)
{
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	if (!line.len || str_equal(line, STR("----")))
		return 0;
	/* a record must not hold what ends a record for libauparse */
	if (memchr(line.data, '\0', line.len)) {
		sieve->stats.malformed++;
		return 0;
	}
	return take_record(sieve, line, offset);
}

/* Part of a record whose end is not there yet. */
static int keep_pending(struct sieve *sieve, const char *data, size_t len)
{
	size_t room = LIMIT_RECORD_BYTES - sieve->pending.len;

	if (sieve->skipping)
		return 0;
	if (!sieve->pending.len)
		sieve->pending_start = sieve->fed;
	if (len > room) {
		sieve->stats.malformed++;
		sieve->skipping = true;
		len = room;
	}
	strbuf_add(&sieve->pending, data, len);
	return sieve->pending.failed ? -ENOMEM : 0;
}

static int end_pending(struct sieve *sieve)
{
	int rc = take_line(sieve, strbuf_str(&sieve->pending),
			   sieve->pending_start);

	strbuf_reset(&sieve->pending);
	sieve->skipping = false;
	return rc;
}

int sieve_feed(struct sieve *sieve, const char *data, size_t len)
{
	const char *p = data, *end = data + len;
	int rc = 0;

	sieve->stats.bytes += len;
	while (p < end && !rc) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t part = (size_t)((newline ? newline : end) - p);

		if (newline && !sieve->pending.len && !sieve->skipping &&
		    part <= LIMIT_RECORD_BYTES) {
			rc = take_line(sieve, (struct str){ p, part },
				       sieve->fed);
		} else {
			rc = keep_pending(sieve, p, part);
			if (!rc && newline)
				rc = end_pending(sieve);
		}
		part += newline != NULL;
		p += part;
		sieve->fed += part;
	}
	return rc;
}

int sieve_age(struct sieve *sieve, int64_t elapsed_ns)
{
	sieve->clock += elapsed_ns;
	for (struct node *node = sieve->nodes; node; node = node->next) {
		int rc = node_age(sieve, node);

		if (rc)
			return rc;
	}
	return 0;
}

int sieve_finish(struct sieve *sieve)
{
	int rc = sieve->pending.len ? end_pending(sieve) : 0;

	while (!rc && !list_empty(&sieve->all))
		rc = open_close(
			sieve,
			list_entry(sieve->all.next, struct open_event, in_all),
			false);
	for (struct node *node = sieve->nodes; node && !rc; node = node->next)
		node_assess(sieve, node, node->highest);
	return rc;
}

uint64_t sieve_position(const struct sieve *sieve)
{
	uint64_t position =
		sieve->pending.len ? sieve->pending_start : sieve->fed;

	for (const struct list *at = sieve->all.next; at != &sieve->all;
	     at = at->next) {
		const struct open_event *event =
			list_entry(at, struct open_event, in_all);

		if (event->start < position)
			position = event->start;
	}
	return position;
}

void sieve_stats(const struct sieve *sieve, struct sieve_stats *out)
{
	*out = sieve->stats;
}

int sieve_new(const struct sieve_config *config, struct sieve **out)
{
	struct sieve *sieve = calloc(1, sizeof(*sieve));
	int rc;

	if (!sieve)
		return -ENOMEM;
	sieve->config = *config;
	list_init(&sieve->all);
	rc = hash_seed(sieve->seed);
	if (rc) {
		free(sieve);
		return rc;
	}
	*out = sieve;
	return 0;
}

static void open_free(struct open_event *event)
{
	strbuf_free(&event->text);
	free(event->ends);
	free(event);
}

void sieve_free(struct sieve **out)
{
	struct sieve *sieve = *out;

	if (!sieve)
		return;
	while (!list_empty(&sieve->all)) {
		struct open_event *event =
			list_entry(sieve->all.next, struct open_event, in_all);

		open_unlink(sieve, event);
		open_free(event);
	}
	while (sieve->free) {
		struct open_event *next = sieve->free->chain;

		open_free(sieve->free);
		sieve->free = next;
	}
	while (sieve->nodes) {
		struct node *next = sieve->nodes->next;

		node_free(sieve->nodes);
		sieve->nodes = next;
	}
	strbuf_free(&sieve->pending);
	free(sieve->records);
	free(sieve);
	*out = NULL;
}
