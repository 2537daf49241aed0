/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a byte stream of records to whole events of raw records.
 *
 * The kernel gives all records of an event one (node, time, serial) and writes
 * them one by one, so that on several processors the records of events
 * interleave. Each event not yet whole stands in a table of open events. It is
 * closed, and handed on at once, by what comes first:
 *
 *   - EOE, the kernel's last record, which the log on disk does not have;
 *   - PROCTITLE, the last one before it, which rules may leave out;
 *   - a type that always comes alone (what programs send, not the kernel);
 *   - idleness: no record of it for event_timeout_ns, by the time of the
 *     node's newer records or by the monotonic clock, or while LATER_RECORDS
 *     other records of the node passed;
 *   - room: the oldest gives way when LIMIT_OPEN_* is reached;
 *   - the end of the stream.
 *
 * No event waits for another. Idleness is measured from the arrival of the last
 * record, never from the event's own time: the record of a blocking connect
 * is minutes old when it is written.
 *
 * Serials of a node count upwards from boot without holes. A window over the
 * last WINDOW of them tells apart what is new, what comes a second time (auditd
 * repeats what a dead plugin may have lost) and what never came. It keeps a tag
 * of the time for each serial: the same serial with another time is another
 * boot, with which the window starts again. DAEMON_* records stay out of it:
 * auditd counts them itself, from an unrelated number.
 *
 * A serial that is passed over is a hole. Holes are kept in two generations
 * that change places every GAP_INTERVAL_NS of the node's time: the ones still
 * there at the second change, missing for one to two intervals, are a gap.
 * That needs two counters and no search.
 *
 * Nodes have nothing to do with one another. Whoever sends chooses its name,
 * and as many names as it likes: so there are host_max of them, and while all
 * of these speak (every SILENT_NS) the records of further ones are left out,
 * and counted. Open events and windows are shared out: who has most gives way.
 * Two hosts under one name (streams.h) have no window that means anything:
 * their events are marked, and no gap is told.
 *
 * A successor catches up from auditd's log before it takes the stream. The log
 * holds what was seen and what other boots wrote, so that of it only what the
 * saved windows show as not seen is taken: serials above them, and holes. The
 * stream then repeats the end of the log, which the same windows drop; of an
 * event that the log had the beginning of, record by record.
 *
 * Most events come in one piece, and most of a record's head is what the one
 * before had. So the event opened last is in hand: while its records follow one
 * another, they are told by that head and stay where they were fed; nothing is
 * copied, no number read, no table asked (hand_take()). What is open when the
 * chunk ends, or when another event's record comes, is copied then.
 *
 * Nothing here trusts a byte: node names, types, times and serials are only
 * compared and copied. In a steady state nothing is allocated: open events and
 * their buffers, and the pages of windows, are used again.
 */
#include "sieve.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record_kinds.h"
#include "limits.h"
#include "streams.h"
#include "util/codec.h"
#include "util/hash.h"
#include "util/list.h"
#include "util/strbuf.h"

enum {
	LATER_RECORDS = 512,
	/* a node's time is the latest of so many records, at least: it follows
	 * a clock that was set back */
	CLOCK_RECORDS = 512,
	NODE_NAME_MAX = 255,
	DIGITS_MAX = 19, /* fit 64 bits whatever they are */

	WINDOW = 65536,
	PAGE_SERIALS = 1024,
	PAGES = WINDOW / PAGE_SERIALS + 1, /* the first and last are partial */

	/* buffers of closed events up to these sizes are kept for the next */
	KEEP_TEXT_BYTES = 16384,
	KEEP_RECORDS = 256,
	FIRST_RECORDS = 8,

	/* serials below the highest seen of which none can be open or late */
	SETTLED_SERIALS = 2 * LIMIT_OPEN_EVENTS,
	/* auditd's own records of the log, which come again in the stream */
	DAEMON_MARKS = 32,

	EVENT_BUCKETS = 2 * LIMIT_OPEN_EVENTS,
	NODE_BUCKETS = LIMIT_HOSTS,
};

/* holes are a gap after one to two of these */
#define GAP_INTERVAL_NS (SIEVE_GAP_NS / 2)
/* A node silent for so long, by the monotonic clock, gives way to a new one. */
#define SILENT_NS (3600 * NSEC_PER_SEC)
/* A call may be that old when it ends, and its record is written: connect() */
#define LATE_NS (300 * NSEC_PER_SEC)
#define SEC_MAX 8000000000U /* year 2223: sums with it stay in 64 bits */

/* One record of the stream, in the memory of who feeds it. */
struct line {
	struct str text; /* without line end */
	bool cut; /* text is its first part only */
	bool stays; /* with its newline in the chunk that is fed */
	struct str node;
	size_t before, body; /* where type= stands, and where its fields */
	const struct record_kind *kind;
	int64_t time_ns;
	uint64_t serial;
	uint64_t end; /* stream offset behind it */
};

/* What stands before the fields of the record read last: all records of an
 * event have it in common. */
struct stamp {
	size_t len, second_len; /* of text, and up to the dot; 0 = none */
	uint64_t sec, serial;
	int64_t time_ns;
	char text
		[64]; /* DIGITS_MAX of two numbers, three, and what is between */
};

/* Tags of serials in a row, 0 = not seen. */
struct page {
	struct page *next; /* among the free ones */
	uint16_t tags[PAGE_SERIALS];
};

struct window {
	uint64_t next; /* the highest serial seen, plus one; 0 = none seen */
	uint64_t old_from, new_from; /* where the two generations begin */
	uint64_t old_holes, new_holes;
	int64_t interval_ns; /* node time at the last change */
	struct page *pages[PAGES]; /* by serial / PAGE_SERIALS; NULL = zeroes */
	size_t page_count;
	uint64_t floor; /* of serials below it nothing is known any more */
};

struct node {
	struct list by_use; /* sieve.nodes */
	struct node *next; /* in the bucket */
	size_t bucket;
	struct list open; /* its open events, by last record */
	size_t open_count, open_bytes;
	bool local; /* this host */
	bool mixed;
	uint64_t records;
	int64_t now_ns; /* its time by its records: the later of the next two */
	int64_t latest_ns, before_ns; /* of this and the last CLOCK_RECORDS */
	int64_t mono_ns; /* sieve.mono_ns at its last record */
	bool loaded; /* from a state, and nothing came in the stream since */
	int64_t loaded_ns; /* its time then */
	struct window window;
	struct streams streams;
	uint64_t events, gaps;
	size_t name_len;
	char name[NODE_NAME_MAX];
};

struct open_event {
	struct list by_age; /* sieve.opened, or sieve.pool */
	struct list by_use; /* node.open */
	struct open_event *next; /* in the bucket */
	size_t bucket;
	struct node *node;
	int64_t time_ns;
	uint64_t serial;
	uint64_t start; /* stream offset of its first record */
	/* the clocks at its last record */
	uint64_t node_records;
	int64_t node_ns, mono_ns;
	bool cut; /* something of it was left out */
	bool of_log; /* has records of the log */
	size_t bytes; /* of its text */
	struct str there; /* its text where it was fed, while in hand */
	struct strbuf text; /* its text else */
	size_t count, room; /* of the next two */
	struct str *records; /* data is set on closing */
	struct raw_head *heads;
};

/* Of the record just taken, where it stays: the next one may be like it. */
struct hand {
	struct node *node;
	struct str before; /* its type=: node=NAME, if anything */
	const char *next; /* where the next one begins; NULL = none */
};

struct daemon_mark {
	const struct node *node;
	int64_t time_ns;
	uint64_t serial;
};

struct sieve {
	struct sieve_config config;
	struct sieve_stats stats;
	uint8_t seed[16];
	int64_t mono_ns;
	uint64_t consumed; /* stream offset behind the last record taken */
	uint64_t line_len; /* of the line begun; what of it fits is in line */
	struct list opened, pool;
	size_t open_bytes; /* text of all open events */
	struct list nodes; /* the one used last at the end */
	size_t node_count, local_count, page_count;
	struct page *free_pages;
	struct open_event *in_hand; /* see sieve_settle() */
	struct hand hand;
	struct stamp stamp;
	struct record_kinds kinds;
	struct open_event *event_buckets[EVENT_BUCKETS];
	struct node *node_buckets[NODE_BUCKETS];
	struct open_event events[LIMIT_OPEN_EVENTS];
	char line[LIMIT_RECORD_BYTES + 1]; /* room for a '\r' */
	bool catching_up;
	int64_t booted_ns, since_ns;
	size_t mark_count; /* ever */
	struct daemon_mark marks[DAEMON_MARKS];
};

static_assert(LIMIT_EVENT_BYTES <= LIMIT_OPEN_BYTES, "one event must fit");
#define PAGES_MAX (LIMIT_WINDOW_BYTES / sizeof(struct page))
static_assert(PAGES_MAX / 2 > LIMIT_HOSTS, "two pages for each must fit");

/* --- reading a record's head ---------------------------------------------- */

static inline bool text_is(struct str text, struct str other)
{
	return text.len == other.len &&
	       !memcmp(text.data, other.data, other.len);
}

/* Each of these: what is behind a part of the head that begins at p; NULL = it
 * is not there. */

static inline const char *past_text(const char *p, const char *end,
				    struct str text)
{
	if ((size_t)(end - p) < text.len || memcmp(p, text.data, text.len))
		return NULL;
	return p + text.len;
}

static inline const char *past_number(const char *p, const char *end,
				      uint64_t *out)
{
	const char *start = p;
	uint64_t number = 0;

	for (; p < end && *p >= '0' && *p <= '9'; p++)
		number = number * 10 + (uint64_t)(*p - '0');
	*out = number;
	return p == start || p - start > DIGITS_MAX ? NULL : p;
}

/* Behind a name; last: that of the record before, or empty. */
static const char *past_node(const char *p, const char *end, struct str last)
{
	if (last.len && past_text(p, end, last))
		p += last.len;
	while (p < end && (unsigned char)*p > ' ' && *p != 0x7f)
		p++;
	return p;
}

/* msg=audit(SEC.MMM:SERIAL): of which most stand in the second of the last. */
static const char *past_new_stamp(const char *p, const char *end,
				  struct stamp *out)
{
	const char *start = p, *dot;
	struct str second = { out->text, out->second_len };
	uint64_t sec = out->sec, msec;

	dot = second.len ? past_text(p, end, second) : NULL;
	if (!dot) {
		p = past_text(p, end, STR(" msg=audit("));
		p = p ? past_number(p, end, &sec) : NULL;
		dot = p && sec <= SEC_MAX ? past_text(p, end, STR(".")) : NULL;
	}
	p = dot ? past_number(dot, end, &msec) : NULL;
	p = p && p - dot == 3 ? past_text(p, end, STR(":")) : NULL;
	p = p ? past_number(p, end, &out->serial) : NULL;
	p = p ? past_text(p, end, STR("):")) : NULL;
	if (!p)
		return NULL;
	out->sec = sec;
	out->time_ns =
		(int64_t)sec * NSEC_PER_SEC + (int64_t)msec * NSEC_PER_MSEC;
	out->second_len = (size_t)(dot - start);
	out->len = (size_t)(p - start);
	memcpy(out->text, start, out->len);
	return p;
}

/* The same, told by its text where it is that of the record before. */
static inline const char *past_stamp(const char *p, const char *end,
				     struct stamp *stamp)
{
	const char *behind = NULL;

	if (stamp->len)
		behind = past_text(p, end,
				   (struct str){ stamp->text, stamp->len });
	return behind ? behind : past_new_stamp(p, end, stamp);
}

/* The name that the record before bore; empty = none. */
static struct str last_node(const struct sieve *sieve)
{
	const struct node *node;

	if (list_empty(&sieve->nodes))
		return (struct str){ 0 };
	node = list_entry(sieve->nodes.prev, struct node, by_use);
	return (struct str){ node->name, node->name_len };
}

/* node=NAME type=NAME msg=audit(SEC.MMM:SERIAL): where node= need not be. */
static inline __attribute__((always_inline)) bool line_parse(
	struct sieve *sieve, struct line *line)
{
	const char *end = line->text.data + line->text.len;
	const char *p = line->text.data, *start, *space;

	line->node = (struct str){ 0 };
	start = past_text(p, end, STR("node="));
	if (start) {
		p = past_node(start, end, last_node(sieve));
		line->node = (struct str){ start, (size_t)(p - start) };
		p = past_text(p, end, STR(" "));
		if (!p || !line->node.len || line->node.len > NODE_NAME_MAX)
			return false;
	}
	start = past_text(p, end, STR("type="));
	space = start ? memchr(start, ' ', (size_t)(end - start)) : NULL;
	if (!space || space == start || space - start > KIND_NAME_MAX)
		return false;
	line->kind = record_kinds_find(
		&sieve->kinds, (struct str){ start, (size_t)(space - start) });
	p = line->kind->valid ? past_stamp(space, end, &sieve->stamp) : NULL;
	if (!p)
		return false;
	line->time_ns = sieve->stamp.time_ns;
	line->serial = sieve->stamp.serial;
	line->before = (size_t)(start - line->text.data) - strlen("type=");
	line->body = (size_t)(p - line->text.data);
	return true;
}

/* Text with a NUL in it would end early for some reader behind us. */
static bool has_nul(struct str text)
{
	return text.len && memchr(text.data, 0, text.len);
}

/* --- open events ---------------------------------------------------------- */

static size_t event_bucket(const struct sieve *sieve, const struct node *node,
			   int64_t time_ns, uint64_t serial)
{
	uint64_t key[3] = { (uintptr_t)node, (uint64_t)time_ns, serial };

	return hash_bytes(key, sizeof(key), sieve->seed) % EVENT_BUCKETS;
}

static bool event_is(const struct open_event *event, const struct node *node,
		     const struct line *line)
{
	return event->serial == line->serial &&
	       event->time_ns == line->time_ns && event->node == node;
}

static struct open_event *event_find(const struct sieve *sieve,
				     const struct node *node,
				     const struct line *line)
{
	struct open_event *event;

	if (list_empty(&node->open))
		return NULL;
	/* records mostly follow one of the same event */
	event = list_entry(node->open.prev, struct open_event, by_use);
	if (event_is(event, node, line))
		return event;
	event = sieve->event_buckets[event_bucket(sieve, node, line->time_ns,
						  line->serial)];
	while (event && !event_is(event, node, line))
		event = event->next;
	return event;
}

/*
 * The event in hand is none any more: what of it stands where it was fed is
 * copied, and it gets a bucket. Until then it had none, as it was the one that
 * its node used last. 0 or -ENOMEM.
 */
static int sieve_settle(struct sieve *sieve)
{
	struct open_event *event = sieve->in_hand;
	struct open_event **bucket;

	if (!event)
		return 0;
	sieve->in_hand = NULL;
	event->bucket =
		event_bucket(sieve, event->node, event->time_ns, event->serial);
	bucket = &sieve->event_buckets[event->bucket];
	event->next = *bucket;
	*bucket = event;
	strbuf_add_str(&event->text, event->there);
	event->there = (struct str){ 0 };
	if (!event->text.failed)
		return 0;
	event->count = 0;
	return -ENOMEM;
}

static void event_unlink(struct sieve *sieve, struct open_event *event)
{
	struct open_event **link = &sieve->event_buckets[event->bucket];

	if (sieve->in_hand == event) {
		sieve->in_hand = NULL;
	} else {
		while (*link != event)
			link = &(*link)->next;
		*link = event->next;
	}
	list_remove(&event->by_age);
	list_remove(&event->by_use);
	sieve->open_bytes -= event->bytes;
	event->node->open_bytes -= event->bytes;
	event->node->open_count--;
}

static void event_free_records(struct open_event *event)
{
	free(event->records);
	free(event->heads);
	event->records = NULL;
	event->heads = NULL;
	event->room = 0;
}

/* Back to the pool. Large buffers go: a thousand of them would be much. */
static void event_recycle(struct sieve *sieve, struct open_event *event)
{
	if (event->text.capacity > KEEP_TEXT_BYTES)
		strbuf_free(&event->text);
	if (event->room > KEEP_RECORDS)
		event_free_records(event);
	strbuf_reset(&event->text);
	event->there = (struct str){ 0 };
	event->count = event->bytes = 0;
	/* to the front: the buffers used last are warm */
	list_add_tail(sieve->pool.next, &event->by_age);
}

/* Hands the event on. ended: by a record that says so. */
static int event_close(struct sieve *sieve, struct open_event *event,
		       bool ended)
{
	struct raw_event raw = {
		.node = { event->node->name, event->node->name_len },
		.time_ns = event->time_ns,
		.serial = event->serial,
		.record_count = event->count,
		.records = event->records,
		.heads = event->heads,
		.text = event->there.len ? event->there
					 : strbuf_str(&event->text),
		.complete = ended && !event->cut,
		.mixed = event->node->mixed,
	};
	const char *p = raw.text.data;
	int rc;

	for (size_t i = 0; i < event->count; i++) {
		event->records[i].data = p;
		p += event->records[i].len + 1;
	}
	event_unlink(sieve, event);
	sieve->stats.events++;
	sieve->stats.incomplete += !ended;
	rc = sieve->config.on_event(sieve->config.user, &raw);
	event_recycle(sieve, event);
	return rc;
}

static size_t open_share(const struct node *node, bool bytes)
{
	return bytes ? node->open_bytes : node->open_count;
}

/* Closes the event opened first of the node that has most open, in bytes or in
 * number, but not the one to be kept (may be NULL). They are few: a walk does. */
static int event_make_room(struct sieve *sieve, const struct open_event *keep,
			   bool bytes)
{
	struct open_event *oldest = NULL;

	for (struct list *p = sieve->opened.next; p != &sieve->opened;
	     p = p->next) {
		struct open_event *event =
			list_entry(p, struct open_event, by_age);

		if (event != keep &&
		    (!oldest || open_share(event->node, bytes) >
					open_share(oldest->node, bytes)))
			oldest = event;
	}
	return event_close(sieve, oldest, false);
}

static int event_open(struct sieve *sieve, struct node *node,
		      const struct line *line, struct open_event **out)
{
	struct open_event *event;
	int rc = sieve_settle(sieve);

	if (!rc && list_empty(&sieve->pool))
		rc = event_make_room(sieve, NULL, false);
	if (rc)
		return rc;
	event = list_entry(sieve->pool.next, struct open_event, by_age);
	list_remove(&event->by_age);
	list_add_tail(&sieve->opened, &event->by_age);
	list_add_tail(&node->open, &event->by_use);
	event->node = node;
	event->time_ns = line->time_ns;
	event->serial = line->serial;
	event->start = sieve->consumed;
	event->cut = false;
	node->open_count++;
	node->events++;
	event->of_log = sieve->catching_up;
	sieve->in_hand = event;
	*out = event;
	return 0;
}

static int event_grow(struct open_event *event)
{
	size_t room = event->room ? 2 * event->room : FIRST_RECORDS;
	struct raw_head *heads;
	struct str *records;

	records = realloc(event->records, room * sizeof(*records));
	if (!records)
		return -ENOMEM;
	event->records = records;
	heads = realloc(event->heads, room * sizeof(*heads));
	if (!heads)
		return -ENOMEM;
	event->heads = heads;
	event->room = room;
	return 0;
}

/* A record of the event in hand that stands right behind the last one of it. */
static bool event_stays(const struct sieve *sieve,
			const struct open_event *event, const struct line *line)
{
	return sieve->in_hand == event && line->stays &&
	       (event->there.len ? line->text.data ==
					   event->there.data + event->there.len
				 : !event->count);
}

static int event_add_text(struct sieve *sieve, struct open_event *event,
			  const struct line *line)
{
	int rc;

	if (event_stays(sieve, event, line)) {
		if (!event->count)
			event->there.data = line->text.data;
		event->there.len += line->text.len + 1;
		sieve->hand = (struct hand){
			.node = event->node,
			.before = { line->text.data, line->before },
			.next = line->text.data + line->text.len + 1,
		};
		return 0;
	}
	rc = sieve_settle(sieve);
	if (rc)
		return rc;
	strbuf_add_str(&event->text, line->text);
	strbuf_add_char(&event->text, '\n');
	return event->text.failed ? -ENOMEM : 0;
}

static int event_add(struct sieve *sieve, struct open_event *event,
		     const struct line *line)
{
	size_t size = line->text.len + 1;
	int rc = 0;

	event->node_records = event->node->records;
	event->node_ns = event->node->now_ns;
	event->mono_ns = sieve->mono_ns;
	if (event->node->open.prev != &event->by_use) {
		list_remove(&event->by_use);
		list_add_tail(&event->node->open, &event->by_use);
	}
	if (event->count == LIMIT_EVENT_RECORDS ||
	    event->bytes + size > LIMIT_EVENT_BYTES) {
		sieve->stats.over_limit++;
		event->cut = true;
		return 0;
	}
	while (!rc && sieve->open_bytes + size > LIMIT_OPEN_BYTES)
		rc = event_make_room(sieve, event, true);
	if (!rc && event->count == event->room)
		rc = event_grow(event);
	if (!rc)
		rc = event_add_text(sieve, event, line);
	if (rc)
		return rc;
	event->cut |= line->cut;
	event->records[event->count].len = line->text.len;
	event->heads[event->count++] = (struct raw_head){
		.type = line->kind->type,
		.body = (uint32_t)line->body,
	};
	event->bytes += size;
	sieve->open_bytes += size;
	event->node->open_bytes += size;
	return 0;
}

/* --- windows -------------------------------------------------------------- */

static void window_report(struct sieve *sieve, struct node *node,
			  uint64_t count, int64_t now_ns)
{
	struct str name = { node->name, node->name_len };

	/* of two hosts under one name each has holes where the other counts */
	if (!count || node->mixed)
		return;
	sieve->stats.gaps += count;
	node->gaps += count;
	if (sieve->config.on_gap)
		sieve->config.on_gap(sieve->config.user, name, count, now_ns);
}

/* Once an interval: the old holes are a gap, the new ones become old. */
static void window_tick(struct sieve *sieve, struct node *node, int64_t now_ns)
{
	struct window *window = &node->window;

	if (now_ns < window->interval_ns)
		window->interval_ns = now_ns;
	if (now_ns - window->interval_ns < GAP_INTERVAL_NS)
		return;
	window_report(sieve, node, window->old_holes, now_ns);
	window->old_holes = window->new_holes;
	window->new_holes = 0;
	window->old_from = window->new_from;
	window->new_from = window->next;
	window->interval_ns = now_ns;
}

static void window_finish(struct sieve *sieve, struct node *node)
{
	struct window *window = &node->window;
	uint64_t holes = window->old_holes + window->new_holes;

	window->old_holes = window->new_holes = 0;
	window->old_from = window->new_from = window->next;
	window_report(sieve, node, holes, node->now_ns);
}

static struct page **window_page(struct window *window, uint64_t serial)
{
	return &window->pages[serial / PAGE_SERIALS % PAGES];
}

static void window_drop_page(struct sieve *sieve, struct window *window,
			     struct page **page)
{
	if (!*page)
		return;
	window->page_count--;
	(*page)->next = sieve->free_pages;
	sieve->free_pages = *page;
	*page = NULL;
}

/* The holes so far will not be filled any more, but are not forgotten. */
static void window_restart(struct sieve *sieve, struct window *window,
			   uint64_t serial)
{
	for (size_t i = 0; i < PAGES; i++)
		window_drop_page(sieve, window, &window->pages[i]);
	window->floor = 0;
	window->next = window->old_from = window->new_from = serial;
	window->old_holes += window->new_holes;
	window->new_holes = 0;
}

/* A serial below next has come, out of order. */
static void window_fill(struct window *window, uint64_t serial)
{
	if (serial >= window->new_from)
		window->new_holes -= window->new_holes > 0;
	else if (serial >= window->old_from)
		window->old_holes -= window->old_holes > 0;
}

/* The pages of serials that fall out make room for those that come. */
static void window_advance(struct sieve *sieve, struct window *window,
			   uint64_t serial)
{
	/* the first page that none of the serials before next is in */
	uint64_t page = (window->next + PAGE_SERIALS - 1) / PAGE_SERIALS;

	for (; page <= serial / PAGE_SERIALS; page++)
		window_drop_page(sieve, window, &window->pages[page % PAGES]);
	window->new_holes += serial - window->next;
	window->next = serial + 1;
}

/* Takes the oldest page of a window, but not that of a serial. */
static void window_shrink(struct sieve *sieve, struct window *window,
			  uint64_t keep)
{
	uint64_t page = window->next > WINDOW
				? (window->next - WINDOW) / PAGE_SERIALS
				: 0;
	struct page **slot;

	do {
		slot = &window->pages[page++ % PAGES];
	} while (!*slot || slot == window_page(window, keep));
	window_drop_page(sieve, window, slot);
	if (page * PAGE_SERIALS > window->floor)
		window->floor = page * PAGE_SERIALS;
}

/* No page is left: the largest window gives one. There are more of them than
 * nodes by far. */
static void window_make_room(struct sieve *sieve, struct window *window,
			     uint64_t serial)
{
	struct window *largest = window;

	/* who has his share by now looks no further */
	if (window->page_count <= 1 ||
	    window->page_count < PAGES_MAX / sieve->node_count)
		for (struct list *p = sieve->nodes.next; p != &sieve->nodes;
		     p = p->next) {
			struct window *other =
				&list_entry(p, struct node, by_use)->window;

			if (other->page_count > largest->page_count)
				largest = other;
		}
	window_shrink(sieve, largest,
		      largest == window ? serial : largest->next - 1);
}

/* The place of the tag of a serial within the window, to be written. */
static int window_tag(struct sieve *sieve, struct window *window,
		      uint64_t serial, uint16_t **out)
{
	struct page **slot = window_page(window, serial);

	if (!*slot && !sieve->free_pages && sieve->page_count == PAGES_MAX)
		window_make_room(sieve, window, serial);
	if (!*slot) {
		if (sieve->free_pages) {
			*slot = sieve->free_pages;
			sieve->free_pages = (*slot)->next;
			memset(*slot, 0, sizeof(**slot));
		} else {
			*slot = calloc(1, sizeof(**slot));
			if (!*slot)
				return -ENOMEM;
			sieve->page_count++;
		}
		window->page_count++;
	}
	*out = &(*slot)->tags[serial % PAGE_SERIALS];
	return 0;
}

/* Serials that were passed over while nobody was there: in the same boot a
 * window does not start again, however far they have come. */
static uint64_t window_jump(const struct node *node, uint64_t serial)
{
	const struct window *window = &node->window;

	return node->loaded && window->next && serial > window->next &&
			       serial - window->next <= UINT32_MAX
		       ? serial - window->next
		       : 0;
}

/* Whether it is one kernel that counts under this name. */
static void node_follow(struct sieve *sieve, struct node *node, uint64_t serial,
			bool other)
{
	struct str name = { node->name, node->name_len };
	bool mixed;

	streams_take(&node->streams, serial, other, node->now_ns);
	mixed = streams_mixed(&node->streams, node->now_ns);
	if (mixed == node->mixed)
		return;
	node->mixed = mixed;
	if (mixed)
		sieve->stats.mixed++;
	else
		sieve->stats.mixed--;
	if (sieve->config.on_mixed)
		sieve->config.on_mixed(sieve->config.user, name, mixed,
				       node->now_ns);
}

enum { WINDOW_E_DUPLICATE = 1 };

/*
 * Takes note of a new event. 0, WINDOW_E_DUPLICATE where it was there before,
 * -errno. A tag is 16 bits of the time, and another tag restarts the window:
 * of the events that come after a reboot the first one could be taken for an
 * old one, with a chance of 1 in 65,535, but not the others.
 */
static int window_take(struct sieve *sieve, struct node *node,
		       const struct line *line)
{
	struct window *window = &node->window;
	uint64_t serial = line->serial;
	uint64_t msec = (uint64_t)(line->time_ns / NSEC_PER_MSEC);
	uint16_t tag = (uint16_t)(msec * 0x9e3779b97f4a7c15ULL >> 48), *slot;
	bool other = false;
	int rc;

	if (!tag)
		tag = 1;
	if (!window->next || serial >= window->next + WINDOW ||
	    serial + WINDOW < window->next) {
		uint64_t missing = window_jump(node, serial);

		window_restart(sieve, window, serial);
		window->new_holes += missing;
	} else if (serial < window->next) {
		const struct page *page = *window_page(window, serial);
		uint16_t old = page ? page->tags[serial % PAGE_SERIALS] : 0;

		if (old == tag)
			return WINDOW_E_DUPLICATE;
		other = old != 0;
		if (other)
			window_restart(sieve, window, serial);
		else if (serial >= window->floor)
			window_fill(window, serial);
	}
	node_follow(sieve, node, serial, other);
	if (serial >= window->next)
		window_advance(sieve, window, serial);
	if (serial < window->floor)
		return 0;
	rc = window_tag(sieve, window, serial, &slot);
	if (rc)
		return rc;
	*slot = tag;
	return 0;
}

/* --- nodes ---------------------------------------------------------------- */

static void node_free(struct sieve *sieve, struct node *node)
{
	for (size_t i = 0; i < DAEMON_MARKS; i++)
		if (sieve->marks[i].node == node)
			sieve->marks[i].node = NULL;
	for (size_t i = 0; i < PAGES; i++)
		window_drop_page(sieve, &node->window, &node->window.pages[i]);
	list_remove(&node->by_use);
	free(node);
}

/* Forgets a node; its open events close. */
static int node_evict(struct sieve *sieve, struct node *node)
{
	struct node **link = &sieve->node_buckets[node->bucket];

	while (!list_empty(&node->open)) {
		int rc = event_close(
			sieve,
			list_entry(node->open.next, struct open_event, by_use),
			false);

		if (rc)
			return rc;
	}
	window_finish(sieve, node);
	while (*link != node)
		link = &(*link)->next;
	*link = node->next;
	sieve->node_count--;
	sieve->local_count -= node->local;
	sieve->stats.mixed -= node->mixed;
	node_free(sieve, node);
	return 0;
}

static bool node_is(const struct node *node, struct str name)
{
	return node->name_len == name.len &&
	       (!name.len || !memcmp(node->name, name.data, name.len));
}

static size_t node_bucket(const struct sieve *sieve, struct str name)
{
	return hash_bytes(name.data, name.len, sieve->seed) % NODE_BUCKETS;
}

static bool is_local(const struct sieve *sieve, struct str name)
{
	return name.len ? text_is(name, sieve->config.local_node)
			: !sieve->config.names_all;
}

enum { NODE_E_REFUSED = 1 };

/* Room for one more, which no name can take from this host, nor from one that
 * speaks. 0, NODE_E_REFUSED, -errno. */
static int node_make_room(struct sieve *sieve, bool local)
{
	struct list *silent = sieve->nodes.next;
	struct node *node;

	if (local ||
	    sieve->node_count - sieve->local_count < sieve->config.host_max)
		return 0;
	while (list_entry(silent, struct node, by_use)->local)
		silent = silent->next;
	node = list_entry(silent, struct node, by_use);
	if (sieve->mono_ns - node->mono_ns < SILENT_NS)
		return NODE_E_REFUSED;
	return node_evict(sieve, node);
}

static int node_new(struct sieve *sieve, struct str name, int64_t time_ns,
		    struct node **out)
{
	size_t bucket = node_bucket(sieve, name);
	bool local = is_local(sieve, name);
	int rc = node_make_room(sieve, local);
	struct node *node;

	if (rc)
		return rc;
	node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->local = local;
	sieve->local_count += local;
	node->mono_ns = sieve->mono_ns;
	node->bucket = bucket;
	node->next = sieve->node_buckets[bucket];
	sieve->node_buckets[bucket] = node;
	sieve->node_count++;
	list_add_tail(&sieve->nodes, &node->by_use);
	list_init(&node->open);
	node->window.interval_ns = time_ns;
	node->name_len = name.len;
	if (name.len)
		memcpy(node->name, name.data, name.len);
	*out = node;
	return 0;
}

static struct node *node_find(const struct sieve *sieve, struct str name)
{
	struct node *node = sieve->node_buckets[node_bucket(sieve, name)];

	while (node && !node_is(node, name))
		node = node->next;
	return node;
}

/* The node of a record, new where need be; it is the one used last now. */
static int node_get(struct sieve *sieve, const struct line *line,
		    struct node **out)
{
	struct node *node;

	if (!list_empty(&sieve->nodes)) {
		node = list_entry(sieve->nodes.prev, struct node, by_use);
		if (node_is(node, line->node)) {
			*out = node;
			return 0;
		}
	}
	node = node_find(sieve, line->node);
	if (!node)
		return node_new(sieve, line->node, line->time_ns, out);
	list_remove(&node->by_use);
	list_add_tail(&sieve->nodes, &node->by_use);
	*out = node;
	return 0;
}

/* A record came: the node's clocks go on, its idle events close. */
static int node_tick(struct sieve *sieve, struct node *node, int64_t time_ns)
{
	if (++node->records % CLOCK_RECORDS == 0) {
		node->before_ns = node->latest_ns;
		node->latest_ns = 0;
	}
	if (time_ns > node->latest_ns)
		node->latest_ns = time_ns;
	node->now_ns = node->latest_ns > node->before_ns ? node->latest_ns
							 : node->before_ns;
	node->mono_ns = sieve->mono_ns;
	window_tick(sieve, node, node->now_ns);
	while (!list_empty(&node->open)) {
		struct open_event *event =
			list_entry(node->open.next, struct open_event, by_use);
		int rc;

		if (node->records - event->node_records <= LATER_RECORDS &&
		    node->now_ns - event->node_ns <
			    sieve->config.event_timeout_ns)
			break;
		rc = event_close(sieve, event, false);
		if (rc)
			return rc;
	}
	return 0;
}

/* --- state ---------------------------------------------------------------- */

static bool is_open_serial(const struct node *node, uint64_t serial)
{
	for (const struct list *p = node->open.next; p != &node->open;
	     p = p->next)
		if (list_entry(p, struct open_event, by_use)->serial == serial)
			return true;
	return false;
}

/* The tags of the last serials; an event that is open has none, and counts as
 * a hole, which it fills when its records come again. */
static void save_tags(const struct node *node, uint64_t from,
		      struct strbuf *out)
{
	const struct window *window = &node->window;

	write_u64(out, from);
	for (uint64_t serial = from; serial < window->next; serial++) {
		const struct page *page =
			window->pages[serial / PAGE_SERIALS % PAGES];
		uint16_t tag = page ? page->tags[serial % PAGE_SERIALS] : 0;

		write_u16(out, is_open_serial(node, serial) ? 0 : tag);
	}
}

static void save_streams(const struct streams *streams, struct strbuf *out)
{
	for (size_t i = 0; i < STREAMS_MAX; i++)
		write_u64(out, streams->next[i]);
	for (size_t i = 0; i < STREAMS_SWITCHES; i++)
		write_u64(out, (uint64_t)streams->switches[i]);
	write_u32(out, streams->switch_count);
	write_u32(out, streams->switch_at);
}

static void save_node(const struct node *node, struct strbuf *out)
{
	const struct window *window = &node->window;
	uint64_t old_holes = window->old_holes, new_holes = window->new_holes;
	uint64_t from = window->next > LIMIT_SAVED_SERIALS
				? window->next - LIMIT_SAVED_SERIALS
				: 0;

	for (const struct list *p = node->open.next; p != &node->open;
	     p = p->next) {
		uint64_t serial =
			list_entry(p, struct open_event, by_use)->serial;

		new_holes += serial >= window->new_from;
		old_holes +=
			serial < window->new_from && serial >= window->old_from;
	}
	write_str(out, (struct str){ node->name, node->name_len });
	write_u64(out, (uint64_t)node->latest_ns);
	write_u64(out, (uint64_t)node->before_ns);
	write_u64(out, (uint64_t)node->now_ns);
	write_u64(out, window->next);
	write_u64(out, window->old_from);
	write_u64(out, window->new_from);
	write_u64(out, old_holes);
	write_u64(out, new_holes);
	write_u64(out, (uint64_t)window->interval_ns);
	write_u64(out, window->floor);
	save_streams(&node->streams, out);
	save_tags(node, from, out);
}

void sieve_save(const struct sieve *sieve, struct strbuf *out)
{
	size_t start = strbuf_total(out);

	for (struct list *p = sieve->nodes.prev;
	     p != &sieve->nodes &&
	     strbuf_total(out) - start < LIMIT_SAVED_WINDOW_BYTES;
	     p = p->prev) {
		write_u8(out, 1);
		save_node(list_entry(p, struct node, by_use), out);
	}
	write_u8(out, 0);
}

static int load_tags(struct sieve *sieve, struct window *window,
		     struct reader *state)
{
	uint64_t from = read_u64(state);

	if (from > window->next || window->next - from > LIMIT_SAVED_SERIALS)
		return -EBADMSG;
	for (uint64_t serial = from; serial < window->next; serial++) {
		uint16_t tag = read_u16(state), *slot;
		int rc;

		if (state->bad)
			return -EBADMSG;
		if (!tag)
			continue;
		rc = window_tag(sieve, window, serial, &slot);
		if (rc)
			return rc;
		*slot = tag;
	}
	return 0;
}

static int load_streams(struct streams *streams, struct reader *state)
{
	for (size_t i = 0; i < STREAMS_MAX; i++)
		streams->next[i] = read_u64(state);
	for (size_t i = 0; i < STREAMS_SWITCHES; i++)
		streams->switches[i] = read_i64(state);
	streams->switch_count = read_u32(state);
	streams->switch_at = read_u32(state);
	return streams->switch_count > STREAMS_SWITCHES ||
			       streams->switch_at >= STREAMS_SWITCHES
		       ? -EBADMSG
		       : 0;
}

static int load_node(struct sieve *sieve, struct reader *state)
{
	struct str name = read_str(state);
	struct window *window;
	struct node *node;
	int rc;

	/* what was saved is far from these limits, and no node may have to go
	 * for another one here */
	if (state->bad || name.len > NODE_NAME_MAX ||
	    sieve->node_count >= sieve->config.host_max ||
	    sieve->page_count > LIMIT_WINDOW_BYTES / sizeof(struct page) / 2)
		return -EBADMSG;
	if (node_find(sieve, name))
		return -EBADMSG;
	rc = node_new(sieve, name, 0, &node);
	if (rc)
		return rc;
	/* they come with the one used last first */
	list_remove(&node->by_use);
	list_add_tail(sieve->nodes.next, &node->by_use);
	node->latest_ns = read_i64(state);
	node->before_ns = read_i64(state);
	node->now_ns = read_i64(state);
	node->loaded = true;
	node->loaded_ns = node->now_ns;
	window = &node->window;
	window->next = read_u64(state);
	window->old_from = read_u64(state);
	window->new_from = read_u64(state);
	window->old_holes = read_u64(state);
	window->new_holes = read_u64(state);
	window->interval_ns = read_i64(state);
	window->floor = read_u64(state);
	rc = load_streams(&node->streams, state);
	if (rc)
		return rc;
	/* told by who saved it */
	node->mixed = streams_mixed(&node->streams, node->now_ns);
	sieve->stats.mixed += node->mixed;
	return load_tags(sieve, window, state);
}

int sieve_load(struct sieve *sieve, struct reader *state)
{
	while (read_u8(state)) {
		int rc = load_node(sieve, state);

		if (rc)
			return rc;
	}
	return state->bad ? -EBADMSG : 0;
}

/* --- catching up ---------------------------------------------------------- */

/* What is that old was written before the state, or in another boot. */
static bool log_is_old(const struct sieve *sieve, const struct node *node,
		       int64_t time_ns)
{
	return time_ns < node->loaded_ns - LATE_NS ||
	       (node->loaded_ns >= sieve->booted_ns &&
		time_ns < sieve->booted_ns);
}

/* Nothing of it was seen: it is above the window, or one of its holes. */
static bool log_is_new(const struct node *node, uint64_t serial)
{
	const struct window *window = &node->window;
	const struct page *page;

	if (!window->next)
		return false;
	if (serial >= window->next)
		return true;
	if (window->next - serial > LIMIT_SAVED_SERIALS ||
	    serial < window->floor)
		return false;
	page = window->pages[serial / PAGE_SERIALS % PAGES];
	return !page || !page->tags[serial % PAGE_SERIALS];
}

/* Of a node that was not known nothing is: all of it would seem new. */
static bool log_is_wanted(const struct sieve *sieve, const struct line *line)
{
	const struct node *node = node_find(sieve, line->node);

	if (sieve->since_ns)
		return line->time_ns >= sieve->since_ns;
	if (!node || !node->loaded || log_is_old(sieve, node, line->time_ns))
		return false;
	if (line->kind->daemon)
		return line->time_ns > node->loaded_ns;
	return event_find(sieve, node, line) || log_is_new(node, line->serial);
}

/* auditd's own records are in no window. True = it came by the log. */
static bool daemon_is_known(struct sieve *sieve, const struct node *node,
			    const struct line *line)
{
	const struct daemon_mark mark = { node, line->time_ns, line->serial };

	for (size_t i = 0; i < sieve->mark_count && i < DAEMON_MARKS; i++)
		if (sieve->marks[i].node == node &&
		    sieve->marks[i].time_ns == mark.time_ns &&
		    sieve->marks[i].serial == mark.serial)
			return true;
	if (sieve->catching_up)
		sieve->marks[sieve->mark_count++ % DAEMON_MARKS] = mark;
	return false;
}

/* Whether the stream brings what the log had of this event. */
static bool event_repeats(struct sieve *sieve, const struct open_event *event,
			  const struct line *line)
{
	struct str record = { event->text.data, 0 };

	if (!event->of_log || sieve->catching_up)
		return false;
	for (size_t i = 0; i < event->count; i++) {
		record.len = event->records[i].len;
		if (text_is(record, line->text)) {
			sieve->stats.duplicates++;
			return true;
		}
		record.data += record.len + 1;
	}
	return false;
}

void sieve_catch_up(struct sieve *sieve, int64_t booted_ns, int64_t since_ns)
{
	sieve->catching_up = true;
	sieve->booted_ns = booted_ns;
	sieve->since_ns = since_ns < booted_ns ? booted_ns : since_ns;
	if (!since_ns)
		sieve->since_ns = 0;
}

void sieve_caught_up(struct sieve *sieve)
{
	sieve->catching_up = false;
	/* the last row was being written */
	sieve->line_len = 0;
	/* a successor has nothing of the log to read again */
	for (struct list *p = sieve->opened.next; p != &sieve->opened;
	     p = p->next)
		list_entry(p, struct open_event, by_age)->start =
			sieve->consumed;
}

bool sieve_has_passed(struct sieve *sieve, struct str record)
{
	struct line line = { .text = record };
	const struct node *node;

	if (!line_parse(sieve, &line) || has_nul(record) || line.kind->daemon)
		return false;
	if (sieve->since_ns)
		return line.time_ns < sieve->since_ns - LATE_NS;
	node = node_find(sieve, line.node);
	if (!node || !node->loaded)
		return false;
	return log_is_old(sieve, node, line.time_ns) ||
	       (line.serial + SETTLED_SERIALS <= node->window.next &&
		line.time_ns <= node->loaded_ns);
}

/* --- the stream ----------------------------------------------------------- */

static void sieve_count(struct sieve *sieve, const struct line *line)
{
	sieve->stats.malformed += line->cut;
	if (sieve->catching_up)
		sieve->stats.caught_up++;
	else
		sieve->stats.records++;
}

static int sieve_record(struct sieve *sieve, const struct line *line)
{
	bool ends = line->kind->ends;
	struct open_event *event;
	struct node *node;
	int rc;

	if (sieve->catching_up && !log_is_wanted(sieve, line))
		return 0;
	sieve_count(sieve, line);
	rc = node_get(sieve, line, &node);
	if (rc == NODE_E_REFUSED) {
		sieve->stats.refused++;
		return 0;
	}
	if (rc)
		return rc;
	sieve->stats.last_ns = node->local ? line->time_ns : 0;
	rc = node_tick(sieve, node, line->time_ns);
	if (rc)
		return rc;
	event = event_find(sieve, node, line);
	/* the event was closed by PROCTITLE, or nothing else of it came */
	if (!event && line->kind->eoe)
		return 0;
	if (!event) {
		if (line->kind->daemon) {
			if (daemon_is_known(sieve, node, line)) {
				sieve->stats.duplicates++;
				return 0;
			}
		} else {
			rc = window_take(sieve, node, line);
			if (rc == WINDOW_E_DUPLICATE)
				sieve->stats.duplicates++;
			else
				node->loaded &= sieve->catching_up;
			if (rc)
				return rc < 0 ? rc : 0;
		}
		rc = event_open(sieve, node, line, &event);
		if (rc)
			return rc;
		ends |= line->kind->alone;
	}
	if (!line->kind->eoe)
		rc = event_repeats(sieve, event, line)
			     ? 0
			     : event_add(sieve, event, line);
	if (rc)
		return rc;
	sieve->consumed = line->end;
	return ends ? event_close(sieve, event, true) : 0;
}

/* A line that may be a record. clean: there is no NUL in it. */
static int sieve_line(struct sieve *sieve, struct line *line, bool clean)
{
	int rc = 0;

	if (line->text.len && line->text.data[line->text.len - 1] == '\r') {
		line->text.len--;
		line->stays = false;
	}
	if (line->text.len > LIMIT_RECORD_BYTES) {
		line->text.len = LIMIT_RECORD_BYTES;
		line->cut = true;
		line->stays = false;
	}
	if (line_parse(sieve, line) && (clean || !has_nul(line->text))) {
		rc = sieve_record(sieve, line);
	} else if (line->text.len && !str_equal(line->text, STR("----"))) {
		/* ausearch prints that between events */
		sieve->stats.malformed += !sieve->catching_up;
	}
	if (!rc)
		sieve->consumed = line->end;
	return rc;
}

/* The line that was kept; newline: whether one came behind it. */
static int sieve_kept_line(struct sieve *sieve, bool newline)
{
	uint64_t len = sieve->line_len;
	struct line line = {
		.text = { sieve->line, (size_t)len },
		.end = sieve->consumed + len + newline,
	};

	if (len > sizeof(sieve->line)) {
		line.text.len = sizeof(sieve->line);
		line.cut = true;
	}
	return sieve_line(sieve, &line, false);
}

/* The type of a record whose head is, but for that, the one in hand; NULL = it
 * is not. body: where its fields begin. */
static inline const struct record_kind *hand_kind(struct sieve *sieve,
						  struct str text, size_t *body)
{
	const struct str before = sieve->hand.before;
	const struct str stamp = { sieve->stamp.text, sieve->stamp.len };
	const char *p = text.data, *end = p + text.len, *space;
	const struct record_kind *kind;

	if (before.len)
		p = past_text(p, end, before);
	p = p ? past_text(p, end, STR("type=")) : NULL;
	/* of an event that has ended this may be left */
	if (!p || (!sieve->in_hand && !past_text(p, end, STR("EOE "))))
		return NULL;
	space = memchr(p, ' ', (size_t)(end - p));
	if (!space || space == p || space - p > KIND_NAME_MAX ||
	    !past_text(space, end, stamp))
		return NULL;
	*body = (size_t)(space - text.data) + stamp.len;
	kind = record_kinds_find(&sieve->kinds,
				 (struct str){ p, (size_t)(space - p) });
	return kind->valid ? kind : NULL;
}

/* Whether nothing is to be done beside taking a record of the event in hand: no
 * other event may have become idle, no clock turns, nothing is full. */
static inline bool hand_is_free(const struct sieve *sieve, size_t size)
{
	const struct open_event *event = sieve->in_hand;
	const struct node *node = sieve->hand.node;

	if (sieve->catching_up || (node->records + 1) % CLOCK_RECORDS == 0)
		return false;
	if (!event)
		return list_empty(&node->open);
	return node->open.next == &event->by_use &&
	       node->open.prev == &event->by_use &&
	       event->count < event->room &&
	       event->bytes + size <= LIMIT_EVENT_BYTES &&
	       sieve->open_bytes + size <= LIMIT_OPEN_BYTES;
}

/*
 * Takes the record behind the one just taken, where it is of the same event:
 * nothing has changed since, but that there is one more. NULL = there is more to
 * it, see sieve_record(); else its type.
 */
static inline const struct record_kind *hand_take(struct sieve *sieve,
						  struct str text)
{
	struct open_event *event = sieve->in_hand;
	size_t size = text.len + 1, body;
	const struct record_kind *kind;

	if (text.data != sieve->hand.next || !text.len ||
	    text.data[text.len - 1] == '\r' || text.len > LIMIT_RECORD_BYTES ||
	    !hand_is_free(sieve, size))
		return NULL;
	kind = hand_kind(sieve, text, &body);
	if (!kind)
		return NULL;
	sieve->stats.records++;
	sieve->consumed += size;
	sieve->hand.next += size;
	sieve->hand.node->records++;
	if (kind->eoe)
		return kind;
	event->node_records = event->node->records;
	event->records[event->count].len = text.len;
	event->heads[event->count++] =
		(struct raw_head){ kind->type, (uint32_t)body };
	event->there.len += size;
	event->bytes += size;
	event->node->open_bytes += size;
	sieve->open_bytes += size;
	return kind;
}

/* Keeps the beginning of a line whose end is still to come. */
static void sieve_keep(struct sieve *sieve, const char *data, size_t len)
{
	if (sieve->line_len < sizeof(sieve->line)) {
		size_t room = sizeof(sieve->line) - (size_t)sieve->line_len;

		memcpy(sieve->line + sieve->line_len, data,
		       len < room ? len : room);
	}
	sieve->line_len += len;
}

/* A whole line, with its newline behind it. */
static inline int sieve_fed_line(struct sieve *sieve, struct str text,
				 bool clean)
{
	const struct record_kind *kind = clean ? hand_take(sieve, text) : NULL;
	struct line line = {
		.text = text,
		.stays = true,
		.end = sieve->consumed + text.len + 1,
	};

	if (!kind)
		return sieve_line(sieve, &line, clean);
	if (!kind->ends || !sieve->in_hand)
		return 0;
	return event_close(sieve, sieve->in_hand, true);
}

static int sieve_feed_lines(struct sieve *sieve, const char *data, size_t len)
{
	const char *end = data + len, *newline;
	bool clean = !has_nul((struct str){ data, len });

	for (; data < end; data = newline + 1) {
		int rc;

		newline = memchr(data, '\n', (size_t)(end - data));
		if (!newline) {
			sieve_keep(sieve, data, (size_t)(end - data));
			break;
		}
		len = (size_t)(newline - data);
		if (sieve->line_len) {
			sieve_keep(sieve, data, len);
			rc = sieve_kept_line(sieve, true);
		} else {
			rc = sieve_fed_line(sieve, (struct str){ data, len },
					    clean);
		}
		if (rc)
			return rc;
		sieve->line_len = 0;
	}
	return 0;
}

int sieve_feed(struct sieve *sieve, const char *data, size_t len)
{
	int rc, settled;

	sieve->stats.bytes += sieve->catching_up ? 0 : len;
	rc = sieve_feed_lines(sieve, data, len);
	/* what was fed is gone from here on */
	sieve->hand.next = NULL;
	settled = sieve_settle(sieve);
	return rc ? rc : settled;
}

/* Walks all open events: they are few, and close in the order of opening. */
static int sieve_close_idle(struct sieve *sieve, int64_t idle_ns)
{
	struct list *next;

	for (struct list *p = sieve->opened.next; p != &sieve->opened;
	     p = next) {
		struct open_event *event =
			list_entry(p, struct open_event, by_age);
		int rc;

		next = p->next;
		if (sieve->mono_ns - event->mono_ns < idle_ns)
			continue;
		rc = event_close(sieve, event, false);
		if (rc)
			return rc;
	}
	return 0;
}

int sieve_age(struct sieve *sieve, int64_t elapsed_ns)
{
	sieve->mono_ns += elapsed_ns;
	/* a silent node's time goes on by the monotonic clock */
	for (struct list *p = sieve->nodes.next; p != &sieve->nodes;
	     p = p->next) {
		struct node *node = list_entry(p, struct node, by_use);

		window_tick(sieve, node,
			    node->now_ns + sieve->mono_ns - node->mono_ns);
	}
	return sieve_close_idle(sieve, sieve->config.event_timeout_ns);
}

int sieve_finish(struct sieve *sieve)
{
	int rc = 0;

	if (sieve->line_len)
		rc = sieve_kept_line(sieve, false);
	if (rc)
		return rc;
	sieve->line_len = 0;
	rc = sieve_close_idle(sieve, 0);
	if (rc)
		return rc;
	for (struct list *p = sieve->nodes.next; p != &sieve->nodes;
	     p = p->next)
		window_finish(sieve, list_entry(p, struct node, by_use));
	return 0;
}

uint64_t sieve_position(const struct sieve *sieve)
{
	if (list_empty(&sieve->opened))
		return sieve->consumed;
	return list_entry(sieve->opened.next, struct open_event, by_age)->start;
}

uint64_t sieve_holes(const struct sieve *sieve, struct str name)
{
	const struct node *node = node_find(sieve, name);

	return node ? node->window.old_holes + node->window.new_holes : 0;
}

void sieve_stats(const struct sieve *sieve, struct sieve_stats *out)
{
	*out = sieve->stats;
	out->hosts = sieve->node_count;
	if (!list_empty(&sieve->nodes))
		out->idle_ns = sieve->mono_ns - list_entry(sieve->nodes.prev,
							   struct node, by_use)
							->mono_ns;
}

size_t sieve_hosts(const struct sieve *sieve, struct sieve_host *out,
		   size_t max)
{
	size_t count = 0;

	for (const struct list *p = sieve->nodes.prev;
	     p != &sieve->nodes && count < max; p = p->prev) {
		const struct node *node = list_entry(p, struct node, by_use);

		out[count++] = (struct sieve_host){
			.node = { node->name, node->name_len },
			.records = node->records,
			.events = node->events,
			.gaps = node->gaps,
			.silent_ns = sieve->mono_ns - node->mono_ns,
			.now_ns = node->now_ns + sieve->mono_ns - node->mono_ns,
			.mixed = node->mixed,
		};
	}
	return count;
}

int sieve_new(const struct sieve_config *config, struct sieve **out)
{
	struct sieve *sieve = calloc(1, sizeof(*sieve));
	int rc;

	if (!sieve)
		return -ENOMEM;
	rc = hash_seed(sieve->seed);
	if (rc) {
		free(sieve);
		return rc;
	}
	sieve->config = *config;
	if (!config->host_max || config->host_max > LIMIT_HOSTS)
		sieve->config.host_max = LIMIT_HOSTS;
	list_init(&sieve->opened);
	list_init(&sieve->pool);
	list_init(&sieve->nodes);
	for (size_t i = 0; i < LIMIT_OPEN_EVENTS; i++)
		list_add_tail(&sieve->pool, &sieve->events[i].by_age);
	*out = sieve;
	return 0;
}

void sieve_free(struct sieve **out)
{
	struct sieve *sieve = *out;

	if (!sieve)
		return;
	for (size_t i = 0; i < LIMIT_OPEN_EVENTS; i++) {
		strbuf_free(&sieve->events[i].text);
		event_free_records(&sieve->events[i]);
	}
	while (!list_empty(&sieve->nodes))
		node_free(sieve,
			  list_entry(sieve->nodes.next, struct node, by_use));
	while (sieve->free_pages) {
		struct page *page = sieve->free_pages;

		sieve->free_pages = page->next;
		free(page);
	}
	free(sieve);
	*out = NULL;
}
