/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auditd.conf, as far as records may stay away by it, or lose their host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../node.h"
#include "../rules/support.h"
#include "check.h"

/* A burst fills fewer before any plugin has read them. */
#define Q_DEPTH_LEAST 1000
#define Q_DEPTH_GOOD "8192"

const char *check_mend_auditd(struct check *check, const char *key,
			      const char *value)
{
	const char *path = check_path(check, NODE_AUDITD_CONF);

	return check_mend(
		check, "sed -i '/^ *%s *=/Id' '%s'; echo '%s = %s' >>'%s'%s",
		key, path, key, value, path,
		check_is_live(check) ? "; auditctl --signal HUP" : "");
}

static void check_form(struct check *check, const char *path)
{
	const struct auditd_conf *conf = check->auditd;

	if (conf->error == EACCES && geteuid())
		check_finding(check, FINDING_AUDITD_CONF, FINDING_WARNING,
			      "sudo aueql check", "%s: %s", path,
			      strerror(conf->error));
	else if (conf->error)
		check_finding(check, FINDING_AUDITD_CONF, FINDING_PROBLEM, NULL,
			      "%s: %s: auditd does not start", path,
			      strerror(conf->error));
	else if (conf->bad_line)
		check_finding(check, FINDING_AUDITD_CONF, FINDING_PROBLEM,
			      check_mend(check, "$EDITOR +%u '%s'",
					 conf->bad_line, path),
			      "%s:%u: not \"name = value\": auditd does not "
			      "start, or reload, over it",
			      path, conf->bad_line);
	else if (conf->bad_key)
		check_finding(check, FINDING_AUDITD_CONF, FINDING_PROBLEM,
			      check_mend(check, "$EDITOR '%s'", path),
			      "%s: the value of %s is none that auditd takes: "
			      "it does not start",
			      path, conf->bad_key);
	else if (!conf->local_events)
		check_finding(check, FINDING_AUDITD_CONF, FINDING_PROBLEM,
			      check_mend_auditd(check, "local_events", "yes"),
			      "local_events = no: auditd does not take the "
			      "records of this host");
	else if (!conf->write_logs)
		check_finding(check, FINDING_AUDITD_CONF, FINDING_WARNING,
			      check_mend_auditd(check, "write_logs", "yes"),
			      "write_logs = no: what an alert names by its "
			      "serial cannot be looked up");
	else
		check_finding(check, FINDING_AUDITD_CONF, FINDING_OK, NULL,
			      "auditd's configuration can be read");
}

static void check_queue(struct check *check)
{
	const struct auditd_conf *conf = check->auditd;

	if (conf->overflow_action == AUDITD_SINGLE ||
	    conf->overflow_action == AUDITD_HALT)
		check_finding(
			check, FINDING_OVERFLOW, FINDING_PROBLEM,
			check_mend_auditd(check, "overflow_action", "syslog"),
			"overflow_action: a burst of records takes this "
			"host down");
	else if (conf->q_depth < Q_DEPTH_LEAST)
		check_finding(check, FINDING_OVERFLOW, FINDING_WARNING,
			      check_mend_auditd(check, "q_depth", Q_DEPTH_GOOD),
			      "q_depth is %llu: in a burst auditd holds up the "
			      "host, or drops records",
			      (unsigned long long)conf->q_depth);
}

/* Whether records leave for another host: audisp-remote is a plugin, too. */
static bool sends(struct check *check)
{
	const char *const names[] = { AUDIT_PLUGINS_DIR "/au-remote.conf",
				      "/etc/audit/plugins.d/au-remote.conf" };
	char row[256], word[16];
	bool active = false;

	for (size_t i = 0; i < 2 && !active; i++) {
		FILE *file = fopen(check_path(check, names[i]), "re");

		while (file && fgets(row, sizeof(row), file))
			if (sscanf(row, " active = %15s", word) == 1)
				active = !strcasecmp(word, "yes");
		if (file)
			fclose(file);
	}
	return active;
}

/* The name this host's records have, or would have; "" = unknown. */
static void own_name(struct check *check, char out[256])
{
	FILE *file;

	out[0] = '\0';
	if (check_is_live(check)) {
		gethostname(out, 255);
		out[255] = '\0';
		return;
	}
	file = fopen(check_path(check, "/etc/hostname"), "re");
	if (!file)
		return;
	if (!fgets(out, 256, file))
		out[0] = '\0';
	fclose(file);
	out[strcspn(out, "\n")] = '\0';
}

/* Names that hosts have before anyone gives them one. */
static bool is_common(const char *name)
{
	static const char *const common[] = { "localhost",
					      "localhost.localdomain", "(none)",
					      "debian", "ubuntu" };

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (!strcasecmp(name, common[i]))
			return true;
	return false;
}

static void check_name(struct check *check)
{
	const struct auditd_conf *conf = check->auditd;
	bool collects = conf->listens || conf->distributes;
	char name[256];

	if (!collects && !sends(check))
		return;
	if (conf->listens && !conf->distributes)
		check_finding(
			check, FINDING_NODE, FINDING_WARNING,
			check_mend_auditd(check, "distribute_network", "yes"),
			"auditd takes records of other hosts "
			"(tcp_listen_port) and keeps them from the "
			"plugin: nothing is detected in them");
	own_name(check, name);
	if (!strcasecmp(conf->name_format, "none"))
		check_finding(
			check, FINDING_NODE, FINDING_PROBLEM,
			check_mend_auditd(check, "name_format", "hostname"),
			"%s, and name_format is none: records of "
			"different hosts cannot be told apart",
			collects ? "auditd takes records of other hosts"
				 : "records are sent to another host");
	else if (!strcasecmp(conf->name_format, "hostname") && is_common(name))
		check_finding(check, FINDING_NODE, FINDING_PROBLEM,
			      "hostnamectl set-hostname NAME",
			      "this host's records are sent under the name "
			      "'%s', as those of others may be",
			      name);
	else
		check_finding(check, FINDING_NODE, FINDING_OK, NULL,
			      "records bear the name of their host");
}

/* Records of logins and accounts bear names whatever the format. */
static bool needs_names(const struct query *query)
{
	const unsigned int told =
		CATEGORY_AUTHENTICATION | CATEGORY_IAM | CATEGORY_SESSION;

	if (query_reads(query, FIELD_USER_NAME))
		for (size_t i = 0; i < query->stage_count; i++)
			if (!(query->stages[i].category_bit & told))
				return true;
	return false;
}

/* A rule that asks for what no record has: it finds nothing, or, where it leaves
 * somebody out, too much. */
static void check_user_names(struct check *check, const struct ruleset *rules)
{
	const struct rule *first = NULL;
	size_t count = 0;

	if (!rules || !strcasecmp(check->auditd->log_format, "enriched"))
		return;
	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct rule *rule = rules->rules[i];

		if (!needs_names(rule->query))
			continue;
		first = count++ ? first : rule;
	}
	if (count)
		check_finding(
			check, FINDING_USER_NAMES, FINDING_WARNING,
			check_mend_auditd(check, "log_format", "ENRICHED"),
			"log_format is not ENRICHED, so that records "
			"bear no names of users, and %zu rule%s for "
			"user.name: %.*s",
			count, count == 1 ? " asks" : "s ask",
			STR_ARG(first->name));
}

void check_auditd(struct check *check, const struct ruleset *rules)
{
	check_form(check, check_path(check, NODE_AUDITD_CONF));
	if (check->auditd->error)
		return;
	check_queue(check);
	check_name(check);
	check_user_names(check, rules);
}
