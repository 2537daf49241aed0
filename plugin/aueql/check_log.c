/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By the end of auditd's log: what it grows by, and how long it lasts; and which
 * services make so many audited calls that auditing them costs the host more
 * than it should. For each of these the pair of audit rules is proposed that
 * leaves it out: one program under one service's user, and nothing else.
 * Programs that others than root could replace, and users who log in, get none:
 * what is left out is not seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../record.h"
#include "../util/strbuf.h"
#include "check.h"

/* The end of the log: some ten thousand events. */
#define TAIL_BYTES (16U << 20)
#define LOGS_MAX 999
#define SERVICES_MAX 256
#define KEYS_MAX 64
#define KEYS_TOLD 5
#define MIXED_TOLD 16
#define PATH_BYTES 256
#define PATH_ROOM 4096
/* A shorter log says nothing of a rate, unless it is all there is room for. */
#define SERVICE_SPAN_S 60
#define LOG_SPAN_S 600
/* auditd takes some 100 us an event: that many take 2% of a core. */
#define EVENTS_PER_SECOND 200
/* A night and a day: who comes in the morning finds the evening. */
#define HOURS_LEAST 24
#define HOURS_GOOD 48
/* Longer between two events the host was off, or its clock was set. */
#define PAUSE_NS (3600 * NSEC_PER_SEC)
#define BACK_NS (24 * PAUSE_NS)

/* before those of ours: the first that fits decides */
#define NEVER_RULES "/etc/audit/rules.d/50-audisp-eql-never.rules"

static const char no_key[] = "without a key";

struct service {
	char exe[PATH_BYTES];
	int64_t uid, call, arch;
	size_t count;
};

struct key {
	char name[AUDIT_MAX_KEY_LEN + 1];
	uint64_t bytes;
};

struct load {
	struct check *check;
	struct record_parser *parser;
	struct arena *arena;
	struct service services[SERVICES_MAX];
	size_t service_count;
	struct key keys[KEYS_MAX]; /* the last one is all others */
	size_t key_count;
	uint64_t bytes, ours; /* ours: by keys of our audit rules */
	int64_t newest_ns, span_ns; /* 0 = no event yet */
	size_t mixed; /* names told of */
	bool whole; /* there is no more log than was read */
};

/* --- reading ---------------------------------------------------------------- */

static struct service *find_service(struct load *load, struct str exe,
				    const struct service *like)
{
	struct service *service = load->services;

	for (; service < load->services + load->service_count; service++)
		if (service->uid == like->uid && service->call == like->call &&
		    service->arch == like->arch &&
		    str_equal(str_from(service->exe), exe))
			return service;
	if (load->service_count == SERVICES_MAX || !exe.len ||
	    exe.len >= PATH_BYTES || memchr(exe.data, '\0', exe.len))
		return NULL;
	load->service_count++;
	*service = *like;
	memcpy(service->exe, exe.data, exe.len);
	return service;
}

/* Calls of who has no login. */
static void take_service(struct load *load, const struct record *record)
{
	struct service *service, like = { 0 };
	int64_t login;

	if (!record_number(record, "auid", 10, &login) || login != UINT32_MAX ||
	    !record_number(record, "uid", 10, &like.uid) ||
	    !record_number(record, "arch", 16, &like.arch) ||
	    !record_number(record, "syscall", 10, &like.call))
		return;
	service = find_service(load, record_decoded(record, "exe"), &like);
	if (service)
		service->count++;
}

static void count_key(struct load *load, struct str key, size_t bytes)
{
	struct key *at = load->keys;

	if (key.len >= sizeof(at->name))
		key.len = sizeof(at->name) - 1;
	while (at < load->keys + load->key_count &&
	       !str_equal(str_from(at->name), key))
		at++;
	if (at == load->keys + KEYS_MAX)
		at--;
	if (at == load->keys + load->key_count) {
		load->key_count++;
		memcpy(at->name, key.data, key.len);
	}
	at->bytes += bytes;
}

static void take_call(struct load *load, const struct record *record,
		      size_t bytes)
{
	struct str key = record_decoded(record, "key");
	size_t len = 0;

	/* of several keys the first, and none that is half bytes */
	while (len < key.len && (unsigned char)key.data[len] >= ' ')
		len++;
	key.len = len;
	count_key(load, len ? key : str_from(no_key), bytes);
	if (!str_begins(key, STR("audisp_eql_")))
		return;
	load->ours += bytes;
	take_service(load, record);
}

static void take_time(struct load *load, int64_t time_ns)
{
	int64_t step = load->newest_ns ? time_sub(time_ns, load->newest_ns) : 0;

	if (step > 0)
		load->span_ns += step < PAUSE_NS ? step : PAUSE_NS;
	if (step > 0 || step < -BACK_NS || !load->newest_ns)
		load->newest_ns = time_ns;
}

static int take_event(void *user, const struct raw_event *raw)
{
	struct load *load = user;
	const struct record *record;
	struct record_event event;
	size_t next = 0;
	int rc;

	take_time(load, raw->time_ns);
	load->bytes += raw->text.len;
	arena_reset(load->arena);
	rc = record_parse(load->parser, raw, RECORD_ALL, load->arena, &event);
	if (rc)
		return rc == RECORD_E_MALFORMED ? 0 : rc;
	record = record_find(&event, AUDIT_SYSCALL, &next);
	if (record)
		take_call(load, record, raw->text.len);
	else
		count_key(load, str_from(no_key), raw->text.len);
	return 0;
}

/* Two hosts under one name, as their serials show. */
static void take_mixed(void *user, struct str node, bool mixed, int64_t time_ns)
{
	struct load *load = user;

	(void)time_ns;
	if (!mixed || load->mixed == MIXED_TOLD)
		return;
	load->mixed++;
	check_finding(load->check, FINDING_NODE, FINDING_PROBLEM,
		      "grep -n name_format /etc/audit/auditd.conf; hostname",
		      "more than one host sends its records under the name "
		      "'%.*s', so they cannot be told apart: each needs its "
		      "own",
		      STR_ARG(node));
}

static int take_log(struct load *load, const char *text, size_t len)
{
	struct sieve_config config = {
		.on_event = take_event,
		.on_mixed = take_mixed,
		.user = load,
		.event_timeout_ns = 2 * NSEC_PER_SEC,
	};
	struct sieve *sieve = NULL;
	int rc = sieve_new(&config, &sieve);

	if (!rc)
		rc = sieve_feed(sieve, text, len);
	if (!rc)
		rc = sieve_finish(sieve);
	sieve_free(&sieve);
	return rc;
}

/* Puts the end of a file before what begins at *start; false = no file. */
static bool read_before(const char *path, char *text, size_t *start)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t want;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return false;
	}
	want = (uint64_t)st.st_size < *start ? (size_t)st.st_size : *start;
	/* what is cut off meanwhile is not waited for */
	if (pread(fd, text + *start - want, want, st.st_size - (off_t)want) ==
	    (ssize_t)want)
		*start -= want;
	close(fd);
	return true;
}

/* The end of the log, over as many of its files as it takes. */
static char *read_tail(struct load *load, const char *path, size_t *start)
{
	char *text = malloc(TAIL_BYTES), name[PATH_ROOM];
	bool there;

	*start = TAIL_BYTES;
	if (!text)
		return NULL;
	there = read_before(path, text, start);
	for (int i = 1; there && i <= LOGS_MAX && *start; i++) {
		snprintf(name, sizeof(name), "%s.%d", path, i);
		there = read_before(name, text, start);
	}
	load->whole = *start > 0;
	return text;
}

/* --- services --------------------------------------------------------------- */

/* Whether a shell takes a path as it is. */
static bool is_plain(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._+-";

	return !path[strspn(path, plain)];
}

static void tell_service(struct check *check, const struct service *service,
			 int64_t rate)
{
	int machine = audit_elf_to_machine((unsigned int)service->arch);
	const char *name =
		machine < 0
			? NULL
			: audit_syscall_to_name((int)service->call, machine);
	const char *mend = NULL;
	char call[32];

	snprintf(call, sizeof(call), "%lld", (long long)service->call);
	if (is_plain(service->exe) &&
	    check_is_of_root(check, str_from(service->exe)))
		mend = check_mend(
			check,
			"echo '-a never,exit -F arch=b%d -S %s -F exe=%s "
			"-F uid=%lld' >>'%s'%s",
			service->arch & __AUDIT_ARCH_64BIT ? 64 : 32,
			name ? name : call, service->exe,
			(long long)service->uid, check_path(check, NEVER_RULES),
			check_is_live(check) ? "; augenrules --load" : "");
	check_finding(check, FINDING_DEAR_SERVICE, FINDING_WARNING, mend,
		      "%s, run by user %lld, makes %lld audited calls (%s) a "
		      "second: that is dear. Left out, that program under that "
		      "user is not seen to make them",
		      service->exe, (long long)service->uid, (long long)rate,
		      name ? name : call);
}

static void tell_services(struct load *load)
{
	int64_t span_s = load->span_ns / NSEC_PER_SEC;

	if (span_s < SERVICE_SPAN_S)
		return;
	for (size_t i = 0; i < load->service_count; i++) {
		int64_t rate = (int64_t)load->services[i].count / span_s;

		if (rate >= EVENTS_PER_SECOND)
			tell_service(load->check, &load->services[i], rate);
	}
}

/* --- how long it lasts ------------------------------------------------------- */

/* Bytes there are for the log; false = nobody knows. */
static bool log_room(const struct load *load, const char *path, bool *grows,
		     uint64_t *room)
{
	const struct auditd_conf *conf = load->check->auditd;
	struct str directory =
		arena_printf(load->check->arena, "%.*s",
			     (int)(strrchr(path, '/') - path), path);
	uint64_t left, size;
	struct statvfs fs;

	*grows = conf->max_log_file_action != AUDITD_ROTATE ||
		 conf->num_logs < 2 || !conf->max_log_file_mb;
	if (!*grows) {
		*room = (conf->max_log_file_mb * conf->num_logs) << 20;
		return true;
	}
	if (!directory.data ||
	    statvfs(directory.len ? directory.data : "/", &fs))
		return false;
	size = (uint64_t)fs.f_blocks * fs.f_frsize;
	*room = (uint64_t)fs.f_bavail * fs.f_frsize;
	left = conf->space_left_is_percent ? size / 100 * conf->space_left
					   : conf->space_left << 20;
	*room = *room > left ? *room - left : 0;
	return true;
}

/* How a rate is said: "730 B" a second. */
static const char *amount(double bytes, char out[32])
{
	if (bytes < 1000)
		snprintf(out, 32, "%.0f B", bytes);
	else if (bytes < 1e6)
		snprintf(out, 32, "%.1f kB", bytes / 1e3);
	else
		snprintf(out, 32, "%.1f MB", bytes / 1e6);
	return out;
}

static const char *hours_text(double hours, char out[32])
{
	if (hours > 24 * 365)
		snprintf(out, 32, "more than a year");
	else if (hours >= 72)
		snprintf(out, 32, "%.0f days", hours / 24);
	else if (hours >= 2)
		snprintf(out, 32, "%.0f h", hours);
	else
		snprintf(out, 32, "%.0f min", hours * 60);
	return out;
}

static double hours_of(uint64_t room, double rate)
{
	return rate > 0 ? (double)room / rate / 3600 : 1e9;
}

static int by_bytes(const void *a, const void *b)
{
	const struct key *one = a, *other = b;

	return (one->bytes < other->bytes) - (one->bytes > other->bytes);
}

/* The keys that take most, each with its bytes a second. */
static struct str key_text(struct load *load, double span_s)
{
	struct strbuf out = STRBUF_INIT(2048);
	struct str text;
	char rate[32];

	qsort(load->keys, load->key_count, sizeof(load->keys[0]), by_bytes);
	for (size_t i = 0; i < load->key_count && i < KEYS_TOLD; i++)
		strbuf_printf(
			&out, "%s%s %s", i ? ", " : "", load->keys[i].name,
			amount((double)load->keys[i].bytes / span_s, rate));
	if (load->key_count > KEYS_TOLD)
		strbuf_add_str(&out, STR(", others less"));
	text = arena_str(load->check->arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

static const char *mend_hours(struct load *load, bool grows, double rate)
{
	struct check *check = load->check;
	uint64_t logs = check->auditd->num_logs;
	char text[32];

	if (grows)
		return "df -h /var/log/audit";
	snprintf(text, sizeof(text), "%.0f",
		 rate * 3600 * HOURS_GOOD / (double)logs / (1 << 20) + 1);
	return check_mend_auditd(check, "max_log_file", text);
}

static void tell_hours(struct load *load, const char *path, bool grows,
		       uint64_t room)
{
	double span_s = (double)load->span_ns / (double)NSEC_PER_SEC;
	double rate = (double)load->bytes / span_s;
	double before = rate - (double)load->ours / span_s;
	double hours = hours_of(room, rate);
	bool is_short = hours < HOURS_LEAST;
	char now[32], then[32], each[32];

	check_finding(load->check, FINDING_LOG_HOURS,
		      is_short ? FINDING_PROBLEM : FINDING_OK,
		      is_short ? mend_hours(load, grows, rate) : NULL,
		      "%s grows by %s a second (%.*s): %s %s%s, %s without "
		      "our audit rules",
		      path, amount(rate, each), STR_ARG(key_text(load, span_s)),
		      grows ? "it fills its file system in" : "it holds",
		      is_short && !grows ? "only " : "", hours_text(hours, now),
		      hours_text(hours_of(room, before), then));
}

/* What stops this host, or its log, when the log has filled the disk. */
static const char *stops(const struct auditd_conf *conf)
{
	const struct {
		const char *name;
		enum auditd_action action;
	} all[] = {
		{ "space_left_action", conf->space_left_action },
		{ "admin_space_left_action", conf->admin_space_left_action },
		{ "disk_full_action", conf->disk_full_action },
		{ "disk_error_action", conf->disk_error_action },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].action == AUDITD_HALT ||
		    all[i].action == AUDITD_SINGLE)
			return all[i].name;
	return NULL;
}

static void tell_full(struct load *load, bool grows, bool known, uint64_t room)
{
	struct check *check = load->check;
	const char *stop = stops(check->auditd);
	double span_s = (double)load->span_ns / (double)NSEC_PER_SEC;
	char when[64] = "", hours[32];

	if (known && load->span_ns >= LOG_SPAN_S * NSEC_PER_SEC)
		snprintf(
			when, sizeof(when), ", in %s",
			hours_text(hours_of(room, (double)load->bytes / span_s),
				   hours));
	if (check->auditd->max_log_file_action == AUDITD_SUSPEND)
		check_finding(check, FINDING_LOG_FULL, FINDING_PROBLEM,
			      check_mend_auditd(check, "max_log_file_action",
						"ROTATE"),
			      "max_log_file_action = suspend: auditd stops to "
			      "write its log when the file is full");
	else if (grows && stop)
		check_finding(check, FINDING_LOG_FULL, FINDING_PROBLEM,
			      check_mend_auditd(check, "max_log_file_action",
						"ROTATE"),
			      "no old log is deleted%s, and %s takes this host "
			      "down when the disk is full%s",
			      check->auditd->max_log_file_action ==
					      AUDITD_KEEP_LOGS
				      ? " (keep_logs)"
				      : "",
			      stop, when);
}

static void tell_all(struct load *load, const char *path)
{
	bool long_enough = load->span_ns >= LOG_SPAN_S * NSEC_PER_SEC ||
			   (!load->whole && load->span_ns > 0);
	bool grows = false, known;
	uint64_t room = 0;

	known = log_room(load, path, &grows, &room);
	tell_services(load);
	if (load->check->auditd->error)
		return;
	tell_full(load, grows, known, room);
	if (long_enough && known)
		tell_hours(load, path, grows, room);
}

void check_log(struct check *check)
{
	const char *path = check_path(check, check->auditd->log_file);
	struct load *load = calloc(1, sizeof(*load));
	size_t start = 0;
	char *tail = load ? read_tail(load, path, &start) : NULL;
	int rc = tail ? 0 : -ENOMEM;

	if (tail && strchr(path, '/')) {
		load->check = check;
		load->arena = arena_new(0);
		rc = load->arena ? record_parser_new(&load->parser) : -ENOMEM;
		if (!rc)
			rc = take_log(load, tail + start, TAIL_BYTES - start);
		if (!rc)
			tell_all(load, path);
		record_parser_free(&load->parser);
		arena_free(&load->arena);
	}
	if (rc)
		check_finding(check, FINDING_LOG_HOURS, FINDING_WARNING, NULL,
			      "%s: %s", path, strerror(-rc));
	free(tail);
	free(load);
}
