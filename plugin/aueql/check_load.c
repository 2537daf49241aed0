/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services that make so many audited calls that auditing them costs the host
 * more than it should, by the end of auditd's log. For each the pair of audit
 * rules is proposed that leaves it out: one program under one service's user,
 * and nothing else. Programs that others than root could replace, and users who
 * log in, get none: what is left out is not seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../record.h"
#include "check.h"

/* The end of the log: some ten thousand events. */
#define TAIL_BYTES (16U << 20)
#define SERVICES_MAX 256
#define PATH_BYTES 256
/* A shorter log says nothing of a rate. */
#define SPAN_LEAST_S 60
/* auditd takes some 100 us an event: that many take 2% of a core. */
#define EVENTS_PER_SECOND 200

struct service {
	char exe[PATH_BYTES];
	int64_t uid, call;
	size_t count;
};

struct load {
	struct record_parser *parser;
	struct arena *arena;
	struct service services[SERVICES_MAX];
	size_t count;
	int64_t first_ns, last_ns; /* 0 = no event yet */
};

static struct service *find_service(struct load *load, struct str exe,
				    int64_t uid, int64_t call)
{
	struct service *service = load->services;

	for (; service < load->services + load->count; service++)
		if (service->uid == uid && service->call == call &&
		    str_equal(str_from(service->exe), exe))
			return service;
	if (load->count == SERVICES_MAX || !exe.len || exe.len >= PATH_BYTES ||
	    memchr(exe.data, '\0', exe.len))
		return NULL;
	load->count++;
	service->uid = uid;
	service->call = call;
	memcpy(service->exe, exe.data, exe.len);
	return service;
}

/* Calls that our audit rules log, of who has no login. */
static void take_call(struct load *load, const struct record *record)
{
	struct service *service;
	int64_t login, uid, call;

	if (!str_begins(record_decoded(record, "key"), STR("audisp_eql_")) ||
	    !record_number(record, "auid", 10, &login) || login != UINT32_MAX ||
	    !record_number(record, "uid", 10, &uid) ||
	    !record_number(record, "syscall", 10, &call))
		return;
	service = find_service(load, record_decoded(record, "exe"), uid, call);
	if (service)
		service->count++;
}

static int take_event(void *user, const struct raw_event *raw)
{
	struct load *load = user;
	const struct record *record;
	struct record_event event;
	size_t next = 0;
	int rc;

	load->first_ns = load->first_ns ? load->first_ns : raw->time_ns;
	load->last_ns = raw->time_ns;
	arena_reset(load->arena);
	rc = record_parse(load->parser, raw, load->arena, &event);
	if (rc)
		return rc == RECORD_E_MALFORMED ? 0 : rc;
	record = record_find(&event, AUDIT_SYSCALL, &next);
	if (record)
		take_call(load, record);
	return 0;
}

static int take_log(struct load *load, const char *text, size_t len)
{
	struct sieve_config config = {
		.on_event = take_event,
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

/* The end of a file; NULL = it cannot be read. */
static char *read_tail(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd >= 0 ? malloc(TAIL_BYTES) : NULL;
	off_t size;
	ssize_t got;

	*len = 0;
	if (!text) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	size = lseek(fd, 0, SEEK_END);
	if (size > (off_t)TAIL_BYTES)
		lseek(fd, size - (off_t)TAIL_BYTES, SEEK_SET);
	else
		lseek(fd, 0, SEEK_SET);
	while (*len < TAIL_BYTES &&
	       (got = read(fd, text + *len, TAIL_BYTES - *len)) > 0)
		*len += (size_t)got;
	close(fd);
	return text;
}

/* Whether nobody but root can put another program there, and a shell takes its
 * path as it is. */
static bool is_of_root(const char *exe)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._+-";
	struct stat file;

	return !exe[strspn(exe, plain)] && !lstat(exe, &file) &&
	       S_ISREG(file.st_mode) && !file.st_uid &&
	       !(file.st_mode & (S_IWGRP | S_IWOTH));
}

static void tell_service(struct check *check, const struct service *service,
			 int64_t rate)
{
	char mend[PATH_BYTES + 128];

	snprintf(mend, sizeof(mend),
		 "auditctl -A never,exit -F arch=b64 -S %lld -F exe=%s "
		 "-F uid=%lld",
		 (long long)service->call, service->exe,
		 (long long)service->uid);
	check_finding(check, FINDING_WARNING,
		      is_of_root(service->exe) ? mend : NULL,
		      "%s, run by user %lld, makes %lld audited calls (number "
		      "%lld) a second: that is dear. Left out, that program "
		      "under that user is not seen to make them",
		      service->exe, (long long)service->uid, (long long)rate,
		      (long long)service->call);
}

static void tell_all(struct check *check, const struct load *load)
{
	int64_t span_s = time_sub(load->last_ns, load->first_ns) / NSEC_PER_SEC;

	if (span_s < SPAN_LEAST_S)
		return;
	for (size_t i = 0; i < load->count; i++) {
		int64_t rate = (int64_t)load->services[i].count / span_s;

		if (rate >= EVENTS_PER_SECOND)
			tell_service(check, &load->services[i], rate);
	}
}

void check_load(struct check *check, const char *audit_log)
{
	struct load *load = calloc(1, sizeof(*load));
	size_t len = 0;
	char *tail = load ? read_tail(audit_log, &len) : NULL;
	int rc = load ? 0 : -ENOMEM;

	if (tail) {
		load->arena = arena_new(0);
		rc = load->arena ? record_parser_new(&load->parser) : -ENOMEM;
		if (!rc)
			rc = take_log(load, tail, len);
		if (!rc)
			tell_all(check, load);
		record_parser_free(&load->parser);
		arena_free(&load->arena);
	}
	if (rc)
		check_finding(check, FINDING_WARNING, NULL, "%s: %s", audit_log,
			      strerror(-rc));
	free(tail);
	free(load);
}
