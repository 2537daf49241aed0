/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One row per setting of kernel audit, and per record about audit itself, with
 * the function that says what is wrong with it, if anything is.
 *
 * Rules that are removed are told of once for all: augenrules, and every
 * package that brings rules, removes them all and loads them again, a record
 * each. From the first removal on they are gathered by key until none came for
 * QUIET_NS; what counts is what is not there again in the end. A key that
 * comes back with less in its rule is not told from the same rule: the record
 * does not say. Rules that are only loaded are none of our business.
 */
#include "sensor.h"

#include <errno.h>
#include <libaudit.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash.h"
#include "util/strbuf.h"

/* removing a rule takes the kernel some 10 ms, and augenrules is a script */
#define QUIET_NS (3 * NSEC_PER_SEC)
/* nobody keeps it from being told by going on and on */
#define CHANGE_MAX_NS (60 * NSEC_PER_SEC)
/* how long a shutdown takes to stop auditd */
#define SHUTDOWN_NS (300 * NSEC_PER_SEC)
#define CHANGES 16 /* hosts whose rules change at once */
#define KEYS 16 /* told apart by name; others are only counted */
#define KEY_MAX 64
#define NOTES 32
#define HOSTS_SHUT 16

/* What became of the rules of one key (list=). */
struct change_key {
	uint32_t removed, added;
	uint8_t len;
	char text[KEY_MAX];
};

/* Rules of a host that are being changed. */
struct change {
	struct event *event; /* of the first removal; NULL = a free place */
	uint64_t host; /* hash */
	int64_t last_ns; /* by the records' time */
	int64_t idle_ns, age_ns; /* by the monotonic clock */
	uint32_t removed, added;
	uint32_t lost; /* removed by the kernel itself */
	char place[KEY_MAX]; /* what the first of these named */
	uint8_t place_len;
	size_t key_count;
	struct change_key keys[KEYS];
	struct change_key rest; /* of further keys, all together */
};

struct pending_note {
	uint64_t host;
	struct sensor_note note; /* its texts are in sensor.noted */
};

struct sensor {
	struct sensor_config config;
	uint8_t seed[16];
	struct change changes[CHANGES];
	size_t change_count, note_count;
	struct pending_note notes[NOTES];
	struct arena *noted;
	/* when hosts said that they go down; the newest replace the oldest */
	struct {
		uint64_t host;
		int64_t time_ns;
	} shut[HOSTS_SHUT];
	size_t shut_next;
	bool end_told; /* auditd's, by a record of its own */
};

/* One record about audit, in hand. */
struct about {
	struct sensor *sensor;
	const struct record *record;
	struct event *event; /* who did it; complete but for action, reason */
	struct arena *arena;
	uint64_t host;
};

/* --- telling -------------------------------------------------------------- */

static const char *const names[] = {
#define BUILTIN(id, name, severity, same, minutes, title, description) name,
#include <audisp-eql/builtins.def>
#undef BUILTIN
};

static int tell(struct sensor *sensor, struct event *event, enum builtin_id id,
		struct str reason)
{
	if (!reason.data)
		return -ENOMEM;
	event->categories = CATEGORY_CONFIGURATION;
	event_set(event, FIELD_EVENT_CATEGORY,
		  VALUE_OF_STR(STR("configuration")));
	event_set(event, FIELD_EVENT_TYPE, VALUE_OF_STR(STR("info")));
	event_set(event, FIELD_EVENT_ACTION, VALUE_OF_STR(str_from(names[id])));
	event_set(event, FIELD_EVENT_REASON, VALUE_OF_STR(reason));
	event_set(event, FIELD_DATA_STREAM_DATASET,
		  VALUE_OF_STR(STR("audisp_eql.sensor")));
	return sensor->config.on_event(sensor->config.user, event);
}

static uint64_t hash_host(const struct sensor *sensor, struct str host)
{
	return hash_bytes(host.data, host.len, sensor->seed);
}

/* --- settings ------------------------------------------------------------- */

struct setting {
	const char *name;
	enum builtin_id id;
	bool (*is_worse)(int64_t old, int64_t new);
	const char *change, *effect; /* what is said before old, after new */
};

static bool is_off(int64_t old, int64_t new)
{
	return old && !new;
}

static bool is_less(int64_t old, int64_t new)
{
	return new < old;
}

/* 0 = no limit. */
static bool is_limit(int64_t old, int64_t new)
{
	return new && (!old || new < old);
}

static const struct setting settings[] = {
	{ "audit_backlog_limit", BUILTIN_AUDIT_BACKLOG_LOWERED, is_less,
	  "the backlog limit was lowered", " records" },
	{ "audit_backlog_wait_time", BUILTIN_AUDIT_WEAKENED, is_off,
	  "the backlog wait time was set",
	  ": records that find no room are lost at once" },
	{ "audit_enabled", BUILTIN_AUDIT_DISABLED, is_off,
	  "audit_enabled was set", "" },
	{ "audit_failure", BUILTIN_AUDIT_WEAKENED, is_less,
	  "the failure mode was lowered", " (0 silent, 1 printk, 2 panic)" },
	{ "audit_rate_limit", BUILTIN_AUDIT_WEAKENED, is_limit,
	  "the rate limit was set",
	  " records a second: those beyond it are lost (0: none are)" },
	{ "lost", BUILTIN_AUDIT_WEAKENED, is_off,
	  "the counter of lost records was set back", "" },
};

/* op=set NAME=NEW old=OLD */
static int on_set(struct about *about)
{
	int64_t old, new;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const struct setting *setting = &settings[i];

		if (!record_number(about->record, setting->name, 10, &new) ||
		    !record_number(about->record, "old", 10, &old) ||
		    !setting->is_worse(old, new))
			continue;
		return tell(about->sensor, about->event, setting->id,
			    arena_printf(about->arena, "%s from %lld to %lld%s",
					 setting->change, (long long)old,
					 (long long)new, setting->effect));
	}
	return 0;
}

/* feature=loginuid_immutable old=1 new=0 old_lock=1 new_lock=0 */
static int on_feature(struct about *about)
{
	struct str feature = record_raw(about->record, "feature");
	int64_t old, new;

	if (!record_number(about->record, "old", 10, &old) ||
	    !record_number(about->record, "new", 10, &new) || !is_off(old, new))
		return 0;
	return tell(about->sensor, about->event, BUILTIN_AUDIT_WEAKENED,
		    arena_printf(about->arena,
				 "the feature %.*s of kernel audit was "
				 "switched off",
				 STR_ARG(feature)));
}

/* --- rules ---------------------------------------------------------------- */

static struct change *change_find(struct sensor *sensor, uint64_t host)
{
	for (size_t i = 0; i < CHANGES && sensor->change_count; i++)
		if (sensor->changes[i].event && sensor->changes[i].host == host)
			return &sensor->changes[i];
	return NULL;
}

static uint32_t gone(const struct change_key *key)
{
	return key->removed > key->added ? key->removed - key->added : 0;
}

static void add_gone(struct strbuf *out, const struct change_key *key,
		     const char **separator)
{
	if (!gone(key))
		return;
	strbuf_printf(out, "%s%u of ", *separator, gone(key));
	if (key->len)
		strbuf_printf(out, "key \"%.*s\"", (int)key->len, key->text);
	else
		strbuf_add_str(out, STR("no key"));
	*separator = ", ";
}

static struct str change_reason(const struct change *change, uint32_t missing,
				struct arena *arena)
{
	struct strbuf out = STRBUF_INIT(4096);
	const char *separator = " (";
	struct str reason = { 0 };

	strbuf_printf(&out, "audit rules gone: %u", missing);
	for (size_t i = 0; i < change->key_count; i++)
		add_gone(&out, &change->keys[i], &separator);
	if (gone(&change->rest))
		strbuf_printf(&out, "%s%u of further keys", separator,
			      gone(&change->rest));
	strbuf_printf(&out, "%s; removed %u, loaded %u", missing ? ")" : "",
		      change->removed, change->added);
	if (change->lost)
		strbuf_printf(&out,
			      "; %u by the kernel, as what they name was "
			      "removed or moved: \"%.*s\"%s",
			      change->lost, (int)change->place_len,
			      change->place,
			      change->lost > 1 ? " and others" : "");
	if (!out.failed)
		reason = arena_str(arena, strbuf_str(&out));
	strbuf_free(&out);
	return reason;
}

static int change_tell(struct sensor *sensor, struct change *change,
		       struct arena *arena)
{
	struct event *event = event_copy(change->event, arena);
	enum builtin_id id = BUILTIN_AUDIT_RULES_RELOADED;
	uint32_t missing = gone(&change->rest);

	for (size_t i = 0; i < change->key_count; i++)
		missing += gone(&change->keys[i]);
	if (missing)
		id = change->lost == change->removed
			     ? BUILTIN_AUDIT_RULE_AUTOREMOVED
			     : BUILTIN_AUDIT_RULES_REMOVED;
	event_release(&change->event);
	sensor->change_count--;
	return event ? tell(sensor, event, id,
			    change_reason(change, missing, arena))
		     : -ENOMEM;
}

/* A place for a host's changes; where there is none, the oldest is told. */
static int change_begin(struct about *about, struct change **out)
{
	struct sensor *sensor = about->sensor;
	struct change *place = &sensor->changes[0];
	size_t size;

	for (size_t i = 0; i < CHANGES && place->event; i++)
		if (!sensor->changes[i].event ||
		    sensor->changes[i].age_ns > place->age_ns)
			place = &sensor->changes[i];
	if (place->event) {
		int rc = change_tell(sensor, place, about->arena);

		if (rc)
			return rc;
	}
	*place = (struct change){ .host = about->host };
	place->event = event_keep(about->event, &size);
	if (!place->event)
		return -ENOMEM;
	sensor->change_count++;
	*out = place;
	return 0;
}

static struct change_key *key_of(struct change *change, struct str text)
{
	struct change_key *key;

	if (text.len > KEY_MAX)
		text.len = KEY_MAX;
	for (size_t i = 0; i < change->key_count; i++) {
		key = &change->keys[i];
		if (key->len == text.len &&
		    !memcmp(key->text, text.data ? text.data : "", text.len))
			return key;
	}
	if (change->key_count == KEYS)
		return &change->rest;
	key = &change->keys[change->key_count++];
	key->len = (uint8_t)text.len;
	if (text.len)
		memcpy(key->text, text.data, text.len);
	return key;
}

/* The directory or file that a rule named, which the kernel removed with it. */
static struct str place_of(const struct about *about)
{
	struct str place = record_decoded(about->record, "dir");

	return place.data ? place : record_decoded(about->record, "path");
}

static int on_rule(struct about *about, bool removed)
{
	struct change *change = change_find(about->sensor, about->host);
	struct str place = place_of(about);
	struct change_key *key;
	int rc = 0;

	if (!change && !removed)
		return 0;
	if (!change)
		rc = change_begin(about, &change);
	if (rc)
		return rc;
	key = key_of(change, record_decoded(about->record, "key"));
	change->last_ns = about->event->time_ns;
	change->idle_ns = 0;
	change->added += !removed;
	key->added += !removed;
	change->removed += removed;
	key->removed += removed;
	if (!removed || !place.data)
		return 0;
	if (!change->lost++) {
		change->place_len =
			(uint8_t)(place.len < KEY_MAX ? place.len : KEY_MAX);
		memcpy(change->place, place.data, change->place_len);
	}
	return 0;
}

static int on_removed(struct about *about)
{
	return on_rule(about, true);
}

static int on_added(struct about *about)
{
	return on_rule(about, false);
}

/* --- auditd --------------------------------------------------------------- */

static bool is_shut(const struct sensor *sensor, uint64_t host, int64_t time_ns)
{
	for (size_t i = 0; i < HOSTS_SHUT; i++) {
		int64_t since = time_sub(time_ns, sensor->shut[i].time_ns);

		if (sensor->shut[i].host == host && sensor->shut[i].time_ns &&
		    since >= 0 && since < SHUTDOWN_NS)
			return true;
	}
	return false;
}

static int on_shutdown(struct about *about)
{
	struct sensor *sensor = about->sensor;

	sensor->shut[sensor->shut_next].host = about->host;
	sensor->shut[sensor->shut_next].time_ns = about->event->time_ns;
	sensor->shut_next = (sensor->shut_next + 1) % HOSTS_SHUT;
	return 0;
}

static enum builtin_id stop_kind(const struct sensor *sensor, uint64_t host,
				 int64_t time_ns)
{
	return is_shut(sensor, host, time_ns)
		       ? BUILTIN_AUDITD_STOPPED_AT_SHUTDOWN
		       : BUILTIN_AUDITD_STOPPED;
}

/* Of a remote auditd (distribute_network) it says nothing about ours. */
static void note_end(struct about *about)
{
	if (str_equal(about->event->host, about->sensor->config.host_id))
		about->sensor->end_told = true;
}

static int on_end(struct about *about)
{
	int64_t time_ns = about->event->time_ns;

	note_end(about);
	return tell(about->sensor, about->event,
		    stop_kind(about->sensor, about->host, time_ns),
		    STR("auditd ends as it was told to (DAEMON_END)"));
}

static int on_abort(struct about *about)
{
	note_end(about);
	return tell(about->sensor, about->event, BUILTIN_AUDITD_ABORTED,
		    STR("auditd ends by an error (DAEMON_ABORT)"));
}

void sensor_auditd_gone(struct sensor *sensor, int64_t now_ns)
{
	uint64_t host = hash_host(sensor, sensor->config.host_id);
	const struct sensor_note note = {
		.id = stop_kind(sensor, host, now_ns),
		.time_ns = now_ns,
	};

	if (!sensor->end_told)
		sensor_note(sensor, &note);
}

/* --- records -------------------------------------------------------------- */

static const struct row {
	int type;
	const char *op; /* NULL = any */
	int (*take)(struct about *about);
} rows[] = {
	{ AUDIT_CONFIG_CHANGE, "add_rule", on_added },
	{ AUDIT_CONFIG_CHANGE, "autoremove_rule", on_removed },
	{ AUDIT_CONFIG_CHANGE, "remove_rule", on_removed },
	{ AUDIT_CONFIG_CHANGE, "set", on_set },
	{ AUDIT_DAEMON_ABORT, NULL, on_abort },
	{ AUDIT_DAEMON_END, NULL, on_end },
	{ AUDIT_FEATURE_CHANGE, NULL, on_feature },
	{ AUDIT_SYSTEM_SHUTDOWN, NULL, on_shutdown },
};

/* What a row asks for, and has happened. */
static bool is_of(const struct row *row, const struct record *record)
{
	return record_type(record) == row->type &&
	       (!row->op ||
		str_equal(record_raw(record, "op"), str_from(row->op))) &&
	       !str_equal(record_raw(record, "res"), STR("0"));
}

static int take_record(struct about *about)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_of(&rows[i], about->record))
			return rows[i].take(about);
	return 0;
}

/* Whether a row may ask for a record of the type. */
static bool is_about_audit(int type)
{
	return type == AUDIT_CONFIG_CHANGE || type == AUDIT_FEATURE_CHANGE ||
	       type == AUDIT_SYSTEM_SHUTDOWN ||
	       (type >= AUDIT_FIRST_DAEMON && type <= AUDIT_LAST_DAEMON);
}

static bool has_about_audit(const struct raw_event *raw)
{
	for (size_t i = 0; i < raw->record_count; i++)
		if (is_about_audit(raw->heads[i].type))
			return true;
	return false;
}

static int take_records(struct sensor *sensor, const struct raw_event *raw,
			struct arena *arena)
{
	struct about about = { .sensor = sensor, .arena = arena };
	struct record_event records;
	int rc = normalize_about(sensor->config.normalizer, raw, arena,
				 &records, &about.event);

	if (rc)
		return rc == NORMALIZE_E_IGNORED ? 0 : rc;
	about.host = hash_host(sensor, about.event->host);
	for (size_t i = 0; i < records.count && !rc; i++) {
		about.record = records.records[i];
		rc = take_record(&about);
	}
	return rc;
}

int sensor_take(struct sensor *sensor, const struct raw_event *raw,
		struct arena *arena)
{
	struct str host = normalizer_host(sensor->config.normalizer, raw->node);
	int rc = 0;

	if (sensor->change_count) {
		struct change *change =
			change_find(sensor, hash_host(sensor, host));

		if (change &&
		    time_sub(raw->time_ns, change->last_ns) > QUIET_NS) {
			arena_reset(arena);
			rc = change_tell(sensor, change, arena);
		}
	}
	if (rc || !has_about_audit(raw))
		return rc;
	arena_reset(arena);
	return take_records(sensor, raw, arena);
}

/* --- notes ---------------------------------------------------------------- */

/* What is said of what others count: before and after the number, or alone. */
static const struct {
	const char *before, *after;
} note_reasons[BUILTIN__COUNT] = {
#define SAID(text) \
	{ \
		.before = text \
	}
#define COUNTED(before, after) \
	{ \
		before, after \
	}
	[BUILTIN_AUDIT_DISABLED] = SAID("the kernel says that audit is off"),
	[BUILTIN_AUDITD_STOPPED] = SAID("auditd is gone and did not say so"),
	[BUILTIN_AUDITD_STOPPED_AT_SHUTDOWN] =
		SAID("auditd is gone and did not say so"),
	[BUILTIN_EVENT_SKIPPED] = SAID("two workers died of this event"),
	[BUILTIN_HOSTS_MIXED] =
		SAID("more than one host sends under this name: its events are "
		     "not correlated"),
	[BUILTIN_HOSTS_TOO_MANY] =
		COUNTED("", " records were left out: their hosts are more than "
			    "there is room for"),
	[BUILTIN_KEYS_CUT] = COUNTED(
		"an event of login ",
		" had more keys than one may have: the first ones count"),
	[BUILTIN_MEMORY_FULL] =
		COUNTED("memcap is reached: login ",
			", who held most, lost sequences begun"),
	[BUILTIN_NOTHING_DETECTED] =
		SAID("the configuration is bad, or no rule was found: see "
		     "what audisp-eql says in syslog"),
	[BUILTIN_ORIGINS_FORGOTTEN] =
		COUNTED("", " programs linked on a host, or processes of such, "
			    "were forgotten (memcap), the oldest of login "),
	[BUILTIN_PROCESSES_FORGOTTEN] =
		COUNTED("", " processes of the last minute were forgotten "
			    "(memcap), the oldest of login "),
	[BUILTIN_RECORDS_DROPPED] = COUNTED("", " records were dropped: the "
						"worker is too slow"),
	[BUILTIN_RECORDS_LOST] = COUNTED("the kernel lost ", " records"),
	[BUILTIN_RECORDS_MISSING] =
		COUNTED("blind for ", " events: their records never "
				      "came"),
#undef SAID
#undef COUNTED
};

/* Whose it was is told behind how many there were. */
static bool is_forgotten(enum builtin_id id)
{
	return id == BUILTIN_ORIGINS_FORGOTTEN ||
	       id == BUILTIN_PROCESSES_FORGOTTEN;
}

static struct str note_reason(const struct sensor_note *note,
			      struct arena *arena)
{
	const char *before = note_reasons[note->id].before;
	const char *after = note_reasons[note->id].after;

	if (!after)
		return str_from(before);
	if (is_forgotten(note->id))
		return arena_printf(arena, "%llu%s%u, who had most",
				    (unsigned long long)note->count, after,
				    note->login);
	return arena_printf(arena, "%s%llu%s", before,
			    (unsigned long long)note->count, after);
}

/* Whose it was is all there is to tell. */
static bool names_login(enum builtin_id id)
{
	return id == BUILTIN_MEMORY_FULL || id == BUILTIN_KEYS_CUT;
}

/* What finds no room, or no memory, is counted where it came from. */
void sensor_note(struct sensor *sensor, const struct sensor_note *note)
{
	struct str name = note->host.len ? note->host : sensor->config.host_id;
	uint64_t host = hash_host(sensor, name);
	struct pending_note *place;

	for (size_t i = 0; i < sensor->note_count; i++) {
		place = &sensor->notes[i];
		if (place->host == host && place->note.id == note->id) {
			place->note.count =
				names_login(note->id)
					? note->count
					: place->note.count + note->count;
			place->note.login = note->login;
			return;
		}
	}
	if (sensor->note_count == NOTES)
		return;
	place = &sensor->notes[sensor->note_count];
	place->note = *note;
	place->host = host;
	place->note.host = arena_str(sensor->noted, name);
	place->note.node = arena_str(sensor->noted, note->node);
	if (place->note.host.data && place->note.node.data)
		sensor->note_count++;
}

static int note_tell(struct sensor *sensor, const struct sensor_note *note,
		     struct arena *arena)
{
	struct event *event;

	arena_reset(arena);
	event = event_new(arena, sensor->config.field_count);
	if (!event)
		return -ENOMEM;
	event->time_ns = note->time_ns;
	event->host = note->host;
	event->node = note->node;
	event_set(event, FIELD_TIMESTAMP,
		  VALUE_OF_INT(note->time_ns / NSEC_PER_MSEC));
	event_set(event, FIELD_HOST_ID, VALUE_OF_STR(note->host));
	if (note->node.len)
		event_set(event, FIELD_HOST_NAME, VALUE_OF_STR(note->node));
	event_set(event, FIELD_EVENT_KIND, VALUE_OF_STR(STR("event")));
	event_set(event, FIELD_EVENT_MODULE, VALUE_OF_STR(STR("audisp_eql")));
	return tell(sensor, event, note->id, note_reason(note, arena));
}

static int notes_tell(struct sensor *sensor, struct arena *arena)
{
	int rc = 0;

	/* telling one may note another */
	for (size_t i = 0; i < sensor->note_count && !rc; i++)
		rc = note_tell(sensor, &sensor->notes[i].note, arena);
	/* one that found no memory meanwhile */
	if (!rc && arena_failed(sensor->noted))
		rc = -ENOMEM;
	if (rc)
		return rc;
	sensor->note_count = 0;
	arena_reset(sensor->noted);
	return 0;
}

/* --- life ----------------------------------------------------------------- */

static int changes_tell(struct sensor *sensor, bool all, struct arena *arena)
{
	int rc = 0;

	for (size_t i = 0; i < CHANGES && sensor->change_count && !rc; i++) {
		struct change *change = &sensor->changes[i];

		if (!change->event || !(all || change->idle_ns > QUIET_NS ||
					change->age_ns > CHANGE_MAX_NS))
			continue;
		arena_reset(arena);
		rc = change_tell(sensor, change, arena);
	}
	return rc;
}

int sensor_run(struct sensor *sensor, int64_t elapsed_ns, struct arena *arena)
{
	for (size_t i = 0; i < CHANGES && sensor->change_count; i++) {
		sensor->changes[i].idle_ns += elapsed_ns;
		sensor->changes[i].age_ns += elapsed_ns;
	}
	if (sensor->note_count) {
		int rc = notes_tell(sensor, arena);

		if (rc)
			return rc;
	}
	return changes_tell(sensor, false, arena);
}

int sensor_flush(struct sensor *sensor, struct arena *arena)
{
	int rc = notes_tell(sensor, arena);

	return rc ? rc : changes_tell(sensor, true, arena);
}

bool sensor_is_pending(const struct sensor *sensor)
{
	return sensor->change_count > 0;
}

int sensor_new(const struct sensor_config *config, struct sensor **out)
{
	struct sensor *sensor = calloc(1, sizeof(*sensor));
	int rc = sensor ? hash_seed(sensor->seed) : -ENOMEM;

	if (!rc) {
		sensor->noted = arena_new(1U << 20);
		rc = sensor->noted ? 0 : -ENOMEM;
	}
	if (rc) {
		free(sensor);
		return rc;
	}
	sensor->config = *config;
	*out = sensor;
	return 0;
}

void sensor_free(struct sensor **out)
{
	struct sensor *sensor = *out;

	if (!sensor)
		return;
	for (size_t i = 0; i < CHANGES; i++)
		event_release(&sensor->changes[i].event);
	arena_free(&sensor->noted);
	free(sensor);
	*out = NULL;
}
