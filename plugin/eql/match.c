/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "match.h"

#include <errno.h>

#include "strset.h"
#include "text.h"
#include "wildcard.h"

struct matcher {
	const struct regex *regex; /* or else: */
	bool lower; /* texts are compared in Unicode's lower case */
	struct strset exact; /* patterns without star or question mark */
	size_t count;
	struct wildcard *wildcards;
};

static int add_wildcards(struct compile *compile, const struct node *match,
			 bool script, struct matcher *matcher)
{
	struct arena *arena = compile->options->arena;
	struct str *exact = arena_array(arena, match->count, sizeof(*exact));
	size_t exact_count = 0;

	matcher->lower = script && match->insensitive;
	matcher->exact.insensitive = !script && match->insensitive;
	matcher->wildcards =
		arena_array(arena, match->count, sizeof(*matcher->wildcards));
	if (!exact || !matcher->wildcards)
		return -ENOMEM;
	for (size_t i = 1; i < match->count; i++) {
		struct wildcard *wildcard = &matcher->wildcards[matcher->count];
		struct str pattern = match->operands[i]->value.s;

		wildcard->insensitive = matcher->exact.insensitive;
		wildcard->one_line = script;
		if (matcher->lower)
			pattern = text_lower(arena, pattern);
		if (!pattern.data || wildcard_make(arena, pattern, wildcard))
			return -ENOMEM;
		if (wildcard->shape == WILDCARD_EXACT)
			exact[exact_count++] = wildcard->text;
		else
			matcher->count++;
	}
	return strset_make(arena, exact, exact_count, &matcher->exact);
}

int matcher_compile(struct compile *compile, struct node *match, bool script)
{
	struct matcher *matcher =
		arena_alloc(compile->options->arena, sizeof(*matcher));
	int rc;

	if (!matcher)
		return -ENOMEM;
	if (match->match == MATCH_REGEX)
		rc = regex_compile(compile, match, script, &matcher->regex);
	else
		rc = add_wildcards(compile, match, script, matcher);
	if (!rc)
		match->matcher = matcher;
	return rc;
}

enum match_result matcher_match(const struct matcher *matcher, struct str text,
				struct arena *scratch)
{
	if (matcher->regex)
		return regex_match(matcher->regex, text, scratch);
	if (matcher->lower)
		text = text_lower(scratch, text);
	if (matcher->lower && !text.data)
		return MATCH_LIMIT;
	if (strset_has(&matcher->exact, text))
		return MATCH_YES;
	for (size_t i = 0; i < matcher->count; i++)
		if (wildcard_match(&matcher->wildcards[i], text))
			return MATCH_YES;
	return MATCH_NO;
}
