/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be told of our own blindness, as events for the built-in rules
 * (builtins.def): from records about audit itself, and from what others count.
 */
#ifndef AUDISP_EQL_SENSOR_H
#define AUDISP_EQL_SENSOR_H

#include <audisp-eql/builtin.h>

#include "normalize/normalize.h"

struct sensor;

struct sensor_config {
	struct normalizer *normalizer;
	struct str host_id; /* this host's */
	size_t field_count; /* slots an event needs */
	/* takes an event; what it returns is passed up */
	int (*on_event)(void *user, const struct event *event);
	void *user;
};

/* Something counted elsewhere; what of one kind and host comes before the next
 * sensor_run() is one event. */
struct sensor_note {
	enum builtin_id id;
	struct str host, node; /* either may be empty: this host */
	int64_t time_ns; /* of the host */
	uint64_t count; /* of MEMORY_FULL and KEYS_CUT: whose (a login uid) */
	uint32_t login; /* of what was forgotten: whose most of it was */
};

int sensor_new(const struct sensor_config *config, struct sensor **out);
void sensor_free(struct sensor **sensor);
/* Any audit event, in the order they close. 0 or -errno. */
int sensor_take(struct sensor *sensor, const struct raw_event *raw,
		struct arena *arena);
/* Never calls on_event: it may be used from within. */
void sensor_note(struct sensor *sensor, const struct sensor_note *note);
/* elapsed_ns of the monotonic clock passed: tells what is due. */
int sensor_run(struct sensor *sensor, int64_t elapsed_ns, struct arena *arena);
/* Tells all it has. */
int sensor_flush(struct sensor *sensor, struct arena *arena);
/* Whether something is begun that only sensor_flush() would tell now: a state
 * saved before that is over would not have it. */
bool sensor_is_pending(const struct sensor *sensor);
/* auditd, which fed us, is gone: told where no record told of it. */
void sensor_auditd_gone(struct sensor *sensor, int64_t now_ns);

#endif
