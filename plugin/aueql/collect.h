/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All events of some files, in memory and in order. */
#ifndef AUDISP_EQL_AUEQL_COLLECT_H
#define AUDISP_EQL_AUEQL_COLLECT_H

#include "../pipeline.h"
#include "documents.h"
#include "period.h"

struct collection {
	struct arena *arena; /* owns the events */
	size_t count, capacity;
	const struct event **events; /* by time, then serial or place */
	struct pipeline *pipeline;
	struct documents documents;
	struct period period;
	int failed; /* -errno of an event that could not be kept */
};

struct collect_options {
	char **paths;
	size_t count;
	bool ecs; /* ECS documents, not audit records */
	struct period period; /* events outside are left out */
	size_t memory; /* bytes the events may take */
	/* what is read of documents: compile the query first */
	const struct field_table *fields;
};

/* Reads all; an exit code, with a word on stderr where it is not EXIT_DONE. */
int collect(const struct collect_options *options,
	    struct collection *collection);
void collection_close(struct collection *collection);

#endif
