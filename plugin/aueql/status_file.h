/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status file that the plugin writes (../status.h), read. */
#ifndef AUDISP_EQL_AUEQL_STATUS_FILE_H
#define AUDISP_EQL_AUEQL_STATUS_FILE_H

#include "../util/strbuf.h"

/* One row of the file: NAME{LABELS} NUMBER, without the prefix. */
struct metric {
	struct str name, labels; /* labels.data NULL = none */
	uint64_t number;
};

struct status_file {
	struct strbuf text;
	size_t metric_count;
	struct metric *metrics;
	int64_t age_s; /* since it was written, by this host's clock */
};

/*
 * Reads it. 0, -errno, or STATUS_FILE_E_OTHER: that is none, or is damaged. To be
 * freed in any case.
 */
enum { STATUS_FILE_E_OTHER = 1 };
int status_file_read(const char *path, struct status_file *out);
/* The same, of what is in file->text already. */
int status_file_parse(struct status_file *file);
void status_file_free(struct status_file *file);

/* NULL = it is not there. */
const struct metric *status_file_find(const struct status_file *file,
				      const char *name);
/* What is not there is nothing. */
uint64_t status_file_number(const struct status_file *file, const char *name);
/* Of a number that is a time in seconds since the epoch: one that cannot be is the
 * last that can, in nanoseconds, too. */
uint64_t status_file_time(uint64_t number);
/* A label of a row, and of audisp_eql_info, as it is written there. */
struct str status_file_label(const struct metric *metric, const char *label);
struct str status_file_info(const struct status_file *file, const char *label);

/* What can be wrong with who writes it. */
enum status_life {
	STATUS_RUNS,
	STATUS_ENDED, /* it said so */
	STATUS_SILENT, /* it was killed, or hangs */
	STATUS_AHEAD, /* it was written in the future */
};
enum status_life status_file_life(const struct status_file *file);

#endif
