/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: rule files written into a directory of their own, and loaded. */
#ifndef AUDISP_EQL_TESTS_RULEFILES_H
#define AUDISP_EQL_TESTS_RULEFILES_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <audisp-eql/rule.h>

#include "util/diag.h"

static inline void rulefiles_note(void *user, const struct diag *diag)
{
	diag_print(diag, false, user);
}

static inline void rulefiles_write(const char *path, const void *data,
				   size_t len)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static inline void rulefiles_write_text(const char *path, const char *text)
{
	rulefiles_write(path, text, strlen(text));
}

static inline void assert_text(struct str got, const char *expected)
{
	if (str_equal(got, str_from(expected)))
		return;
	print_error("expected:\n%s\ngot:\n%.*s\n", expected, STR_ARG(got));
	fail();
}

/* A rule set, and what was complained of. */
static inline struct ruleset *rulefiles_load(struct ruleset_options *options,
					     const char *complaints)
{
	struct strbuf got = STRBUF_INIT(0);
	struct ruleset *set = NULL;

	options->on_diag = rulefiles_note;
	options->user = &got;
	assert_int_equal(ruleset_load(options, &set), 0);
	assert_non_null(set);
	assert_text(strbuf_str(&got), complaints);
	strbuf_free(&got);
	return set;
}

#endif
