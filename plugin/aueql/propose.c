/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An exception hides whoever meets it, so it must not rest on what an account
 * can choose: no name, path or argument. What is left is
 *
 *  - where a connection goes, unless that is this host or its link, where
 *    anybody may listen;
 *  - another account that wrote the program: root, or a service;
 *  - the service that started it;
 *  - the service it is.
 *
 * A service is an id below UID_MIN of most distributions, but for root's: no
 * person logs in with it, and none becomes it without root. Whom a condition
 * rests on is narrowed by who ran the program and who logged in, which is never
 * enough by itself: a person's id, or root's, would hide all that he does.
 *
 * Of what hides about as much, the narrowest is taken.
 */
#include "propose.h"

#include <string.h>

#include <audisp-eql/builtin.h>

#define SERVICE_UID_MAX 999
/* one that hides so many of a hundred that the broadest hides is as good */
#define AS_GOOD_PERCENT 75

enum fact {
	FACT_UID = 1 << 0, /* with the login */
	FACT_DESTINATION = 1 << 1,
	FACT_ORIGIN = 1 << 2,
	FACT_PARENT = 1 << 3,
};

struct proposal_kind {
	unsigned int facts;
	bool (*fits)(const struct tally_facts *facts);
	const char *rests_on, *whom;
};

static bool is_service(int64_t uid)
{
	return uid > 0 && uid <= SERVICE_UID_MAX;
}

/* Beyond this host and its link; the same that the shipped rules leave out. */
static bool is_elsewhere(const struct ip *ip)
{
	static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *b = ip->b;

	if (!memcmp(b, v4, sizeof(v4)))
		return b[12] && b[12] != 127 && b[12] < 224 &&
		       !(b[12] == 169 && b[13] == 254);
	for (size_t i = 0; i < 15; i++)
		if (b[i])
			return b[0] != 0xff &&
			       !(b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
	return b[15] > 1;
}

static bool has_destination(const struct tally_facts *facts)
{
	return facts->has_ip && facts->port >= 0 && is_elsewhere(&facts->ip);
}

static bool has_destination_and_uid(const struct tally_facts *facts)
{
	return has_destination(facts) && facts->uid >= 0;
}

/* Who runs a program had better not be who wrote it, or started it. */
static bool has_origin(const struct tally_facts *facts)
{
	return facts->uid >= 0 && facts->origin_uid != facts->uid &&
	       (!facts->origin_uid || is_service(facts->origin_uid));
}

static bool has_parent(const struct tally_facts *facts)
{
	return facts->uid >= 0 && facts->parent_uid != facts->uid &&
	       is_service(facts->parent_uid);
}

/* A person who became it, by root, is no service. */
static bool has_service(const struct tally_facts *facts)
{
	return is_service(facts->uid) && facts->login < 0;
}

/* The narrowest first. */
static const struct proposal_kind kinds[] = {
	{ FACT_UID | FACT_DESTINATION, has_destination_and_uid,
	  "the destination, for one account",
	  "this account, in what it sends there" },
	{ FACT_UID | FACT_ORIGIN, has_origin,
	  "who wrote the program that this account runs",
	  "this account, with programs of that one" },
	{ FACT_UID | FACT_PARENT, has_parent,
	  "the service that started it, for one account",
	  "whoever has this service start something as this account" },
	{ FACT_UID, has_service, "the id of a service",
	  "whoever takes over this service" },
	{ FACT_DESTINATION, has_destination, "the destination",
	  "everybody, in what is sent there" },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Whether an alert of one group meets what rests on the facts of another. */
static bool is_met(const struct proposal_kind *kind,
		   const struct tally_facts *facts,
		   const struct tally_facts *other)
{
	if (facts->stage != other->stage)
		return false;
	if (kind->facts & FACT_UID &&
	    (facts->uid != other->uid || facts->login != other->login))
		return false;
	if (kind->facts & FACT_ORIGIN && facts->origin_uid != other->origin_uid)
		return false;
	if (kind->facts & FACT_PARENT && facts->parent_uid != other->parent_uid)
		return false;
	return !(kind->facts & FACT_DESTINATION) ||
	       (other->has_ip && facts->port == other->port &&
		!memcmp(&facts->ip, &other->ip, sizeof(facts->ip)));
}

static uint64_t count_met(const struct tally_rule *rule,
			  const struct proposal_kind *kind,
			  const struct tally_facts *facts)
{
	uint64_t count = 0;

	for (size_t i = 0; i < rule->group_count; i++)
		if (!rule->groups[i].hidden &&
		    is_met(kind, facts, &rule->groups[i].facts))
			count += rule->groups[i].alerts;
	return count;
}

/* What of this kind hides most of what is not hidden yet. */
static void best_of(const struct tally_rule *rule,
		    const struct proposal_kind *kind, struct proposal *out)
{
	*out = (struct proposal){ .kind = kind };
	for (size_t i = 0; i < rule->group_count; i++) {
		const struct tally_group *group = &rule->groups[i];
		uint64_t count;

		if (group->hidden || !group->facts.stage ||
		    !kind->fits(&group->facts))
			continue;
		count = count_met(rule, kind, &group->facts);
		if (count <= out->hides)
			continue;
		out->hides = count;
		out->facts = group->facts;
	}
}

static void choose(const struct tally_rule *rule, struct proposal *out)
{
	struct proposal best[KINDS];
	uint64_t most = 0;

	for (size_t i = 0; i < KINDS; i++) {
		best_of(rule, &kinds[i], &best[i]);
		if (best[i].hides > most)
			most = best[i].hides;
	}
	for (size_t i = KINDS; i-- > 0;)
		if (100 * best[i].hides >= AS_GOOD_PERCENT * most)
			*out = best[i];
}

static void hide(struct tally_rule *rule, const struct proposal *proposal)
{
	for (size_t i = 0; i < rule->group_count; i++) {
		struct tally_group *group = &rule->groups[i];

		if (is_met(proposal->kind, &proposal->facts, &group->facts))
			group->hidden = true;
	}
}

size_t propose(struct tally_rule *rule, struct proposal out[PROPOSALS_MAX])
{
	uint64_t remain = rule->alerts;
	size_t count = 0;

	if (!rule->rule)
		return 0;
	while (count < PROPOSALS_MAX) {
		struct proposal *proposal = &out[count];

		choose(rule, proposal);
		if (proposal->hides < PROPOSE_LEAST ||
		    proposal->hides * PROPOSE_PART < rule->alerts)
			break;
		remain -= proposal->hides;
		proposal->remain = remain;
		hide(rule, proposal);
		count++;
	}
	return count;
}

static void add_id(struct strbuf *out, const char *field, int64_t id)
{
	if (out->len)
		strbuf_add_str(out, STR(" and "));
	if (id < 0)
		strbuf_printf(out, "%s == null", field);
	else
		strbuf_printf(out, "%s == \"%lld\"", field, (long long)id);
}

/* Numbers and addresses alone: nothing in it needs quoting. */
void proposal_condition(const struct proposal *proposal, struct strbuf *out)
{
	const struct tally_facts *facts = &proposal->facts;
	unsigned int has = proposal->kind->facts;
	char ip[IP_TEXT_MAX];

	if (has & FACT_ORIGIN)
		add_id(out, "process.origin.user.id", facts->origin_uid);
	if (has & FACT_PARENT)
		add_id(out, "process.parent.user.id", facts->parent_uid);
	if (has & FACT_UID) {
		add_id(out, "process.user.id", facts->uid);
		add_id(out, "user.audit.id", facts->login);
	}
	if (!(has & FACT_DESTINATION))
		return;
	if (out->len)
		strbuf_add_str(out, STR(" and "));
	ip_format(&facts->ip, ip);
	strbuf_printf(out,
		      "destination.ip == \"%s\" and destination.port == %lld",
		      ip, (long long)facts->port);
}

const char *proposal_rests_on(const struct proposal *proposal)
{
	return proposal->kind->rests_on;
}

const char *proposal_hides_whom(const struct proposal *proposal)
{
	return proposal->kind->whom;
}

const char *proposal_why_none(const struct tally_rule *rule)
{
	if (str_begins(rule->id, STR(BUILTIN_ID_PREFIX)))
		return "none: what the sensor tells of itself has no "
		       "exceptions";
	if (!rule->rule)
		return "none: this rule is not among those that run";
	if (rule->alerts < PROPOSE_LEAST)
		return "none: so few alerts are no noise, look at each";
	return "none: what these alerts share (names, paths, arguments, a "
	       "person's id, root's, an address of this host) is what an "
	       "attacker would take; see budget and mode in "
	       "audisp-eql-rules(7)";
}
