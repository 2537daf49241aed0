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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util/strbuf.h"
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
	unsigned long uid, call;
	size_t count;
};

struct load {
	struct service services[SERVICES_MAX];
	size_t count;
	double first, last; /* seconds since the epoch */
};

/* The value behind " name=" up to the next space; empty = none. */
static struct str field_of(struct str record, const char *name)
{
	size_t len = strlen(name);
	const char *at = record.data, *end = record.data + record.len;

	while ((at = memmem(at, (size_t)(end - at), name, len))) {
		const char *value = at + len, *space;

		space = memchr(value, ' ', (size_t)(end - value));
		if (at > record.data && at[-1] == ' ')
			return (struct str){
				value, (size_t)((space ? space : end) - value)
			};
		at = value;
	}
	return (struct str){ 0 };
}

static bool number_of(struct str record, const char *name, unsigned long *out)
{
	struct str value = field_of(record, name);
	char digits[16], *end;

	if (!value.len || value.len >= sizeof(digits))
		return false;
	memcpy(digits, value.data, value.len);
	digits[value.len] = '\0';
	*out = strtoul(digits, &end, 10);
	return !*end;
}

/* exe="..." without the quotes; hex, as odd names are, is no service's. */
static bool exe_of(struct str record, char out[PATH_BYTES])
{
	struct str value = field_of(record, "exe=");

	if (value.len < 3 || value.len > PATH_BYTES || value.data[0] != '"' ||
	    value.data[1] != '/' || value.data[value.len - 1] != '"')
		return false;
	memcpy(out, value.data + 1, value.len - 2);
	out[value.len - 2] = '\0';
	return true;
}

static struct service *find_service(struct load *load, const char *exe,
				    unsigned long uid, unsigned long call)
{
	struct service *service = load->services;

	for (; service < load->services + load->count; service++)
		if (service->uid == uid && service->call == call &&
		    !strcmp(service->exe, exe))
			return service;
	if (load->count == SERVICES_MAX)
		return NULL;
	load->count++;
	service->uid = uid;
	service->call = call;
	strcpy(service->exe, exe);
	return service;
}

static void take_time(struct load *load, struct str record)
{
	static const char stamp[] = "msg=audit(";
	const char *at =
		memmem(record.data, record.len, stamp, sizeof(stamp) - 1);
	double time = at ? atof(at + sizeof(stamp) - 1) : 0;

	if (time <= 0)
		return;
	if (!load->first)
		load->first = time;
	load->last = time;
}

/* Calls that our audit rules log, of who has no login. */
static void take_record(struct load *load, struct str record)
{
	static const char type[] = "type=SYSCALL ";
	static const char ours[] = " key=\"audisp_eql_";
	static const char none[] = " auid=4294967295 ";
	const char *enriched = memchr(record.data, 0x1d, record.len);
	char exe[PATH_BYTES];
	unsigned long uid, call;
	struct service *service;

	take_time(load, record);
	if (enriched)
		record.len = (size_t)(enriched - record.data);
	if (!memmem(record.data, record.len, type, sizeof(type) - 1) ||
	    !memmem(record.data, record.len, ours, sizeof(ours) - 1) ||
	    !memmem(record.data, record.len, none, sizeof(none) - 1) ||
	    !number_of(record, "uid=", &uid) ||
	    !number_of(record, "syscall=", &call) || !exe_of(record, exe))
		return;
	service = find_service(load, exe, uid, call);
	if (service)
		service->count++;
}

static void take_log(struct load *load, struct str text)
{
	while (text.len) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;

		take_record(load, (struct str){ text.data, len });
		text.data += len + (end != NULL);
		text.len -= len + (end != NULL);
	}
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
			 double rate)
{
	char mend[PATH_BYTES + 128];

	snprintf(mend, sizeof(mend),
		 "auditctl -A never,exit -F arch=b64 -S %lu -F exe=%s "
		 "-F uid=%lu",
		 service->call, service->exe, service->uid);
	check_finding(check, FINDING_WARNING,
		      is_of_root(service->exe) ? mend : NULL,
		      "%s, run by user %lu, makes %.0f audited calls (number "
		      "%lu) a second: that is dear. Left out, that program "
		      "under that user is not seen to make them",
		      service->exe, service->uid, rate, service->call);
}

void check_load(struct check *check, const char *audit_log)
{
	struct load *load = calloc(1, sizeof(*load));
	struct str text;
	char *tail;
	double span;

	if (!load)
		return;
	tail = read_tail(audit_log, &text.len);
	text.data = tail;
	take_log(load, text);
	span = load->last - load->first;
	for (size_t i = 0; span >= SPAN_LEAST_S && i < load->count; i++) {
		double rate = (double)load->services[i].count / span;

		if (rate >= EVENTS_PER_SECOND)
			tell_service(check, &load->services[i], rate);
	}
	free(tail);
	free(load);
}
