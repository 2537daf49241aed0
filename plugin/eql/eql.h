/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the text of a query to what the engine runs. */
#ifndef AUDISP_EQL_EQL_EQL_H
#define AUDISP_EQL_EQL_EQL_H

#include <audisp-eql/rule.h>

#include "../util/arena.h"
#include "../util/strbuf.h"

enum {
	/* the query is wrong: EQL itself rejects it */
	EQL_E_INVALID = 1,
	/* right, but nothing here can run it */
	EQL_E_UNSUPPORTED = 2,
};

struct eql_error {
	size_t offset; /* into the query text */
	struct str message; /* in the arena */
};

struct eql_options {
	struct arena *arena; /* owns the result, and the error's text */
	struct field_table *fields; /* unknown names are added as keywords */
	/* user.id means the real id: compiled to user.Ext.real.id */
	bool user_id_is_real;
	/* a rule that runs for ever: pipes and sample, which look back over
	 * stored events, are EQL_E_UNSUPPORTED */
	bool live;
};

/*
 * Compiles one query. 0 and *out; EQL_E_* and *error; -ENOMEM. On failure *out
 * is unchanged.
 */
int eql_compile(const struct eql_options *options, struct str text,
		const struct query **out, struct eql_error *error);

/* The query as it runs, one stage a line, printed from the compiled nodes. */
void eql_print(const struct query *query, const struct field_table *fields,
	       struct strbuf *out);

#endif
