/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of ECS documents, one JSON object a line. */
#ifndef AUDISP_EQL_AUEQL_DOCUMENTS_H
#define AUDISP_EQL_AUEQL_DOCUMENTS_H

#include "../util/strbuf.h"
#include "ecs.h"

/* 0, or -errno which ends the reading. The event lives in documents.arena. */
typedef int (*document_fn)(void *user, struct event *event);

struct documents {
	struct ecs_reader reader;
	struct arena *arena; /* of the document in hand; reset for each if */
	bool reset; /* this says so */
	size_t max; /* bytes of a document; 0 = LIMIT_DOCUMENT_BYTES */
	document_fn on_event;
	/* a document that is none: reader.error says why; may be NULL */
	void (*on_bad)(void *user, uint64_t line);
	void *user;
	struct strbuf text; /* of the line begun */
	uint64_t line, count, bad;
	bool cut; /* the line begun is over the limit */
};

/* Any chunk of the stream. 0 or -errno. */
int documents_feed(struct documents *documents, const char *data, size_t len);
/* The end of a file: a last line without newline counts. */
int documents_end(struct documents *documents);
void documents_close(struct documents *documents);

#endif
