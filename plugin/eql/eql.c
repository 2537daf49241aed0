/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eql.h"

#include <errno.h>

#include "../limits.h"
#include "check.h"
#include "parser.h"

int eql_compile(const struct eql_options *options, struct str text,
		const struct query **out, struct eql_error *error)
{
	struct compile compile = { .options = options, .error = error };
	struct ast_query *ast;
	int rc;

	if (text.len > LIMIT_QUERY_BYTES)
		return compile_fail(&compile, EQL_E_INVALID, 0,
				    "the query is longer than %u bytes",
				    LIMIT_QUERY_BYTES);
	/* a copy that ends in NUL, and lives as long as what points into it */
	compile.text = arena_str(options->arena, text);
	if (!compile.text.data)
		return -ENOMEM;
	rc = parse_query(&compile, &ast);
	return rc ? rc : check_query(&compile, ast, out);
}
