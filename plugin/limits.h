/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every ceiling in one place, each with its reason. */
#ifndef AUDISP_EQL_LIMITS_H
#define AUDISP_EQL_LIMITS_H

/* One record: auditd cuts at 8970 bytes (MAX_AUDIT_MESSAGE_LENGTH) plus node
 * name and enrichment. Longer input is cut here and counted. */
#define LIMIT_RECORD_BYTES 16384

/* Records of one event: the kernel splits an argument vector over many EXECVE
 * records (ARG_MAX 2 MiB / 7.5 KiB) and names many PATH items on overlays. */
#define LIMIT_EVENT_RECORDS 8192
#define LIMIT_EVENT_BYTES (16U << 20)

/* Events open at once in the sieve, over all hosts. The worst interleaving seen
 * is 15 events of one millisecond; records of 1,024 others may pass. */
#define LIMIT_OPEN_EVENTS 1024
/* Text of all of them: four events of the largest kind. */
#define LIMIT_OPEN_BYTES (64U << 20)
/* Serials seen, over all hosts: a busy one takes 128 KiB, so that this holds
 * 250 of them; beyond that the one silent longest starts anew. */
#define LIMIT_WINDOW_BYTES (32U << 20)
/* Of a window, the serials a saved state holds: auditd has some 2,000 records
 * queued that it may send again; and of all windows together. */
#define LIMIT_SAVED_SERIALS 8192
#define LIMIT_SAVED_WINDOW_BYTES (4U << 20)

/* What a plugin that begins reads again of auditd's log: at 10,000 records/s of
 * 250 bytes some 25 s of being away. And how many files of it, whatever num_logs
 * says. */
#define LIMIT_CATCH_UP_BYTES (64U << 20)
#define LIMIT_CATCH_UP_FILES 32

/* Arguments kept of one execve; ARG_MAX allows about this many empty ones. */
#define LIMIT_ARGS 131072

/* Variables of environments that are kept where the configuration names them,
 * and of each value so much (PATH_MAX); LD_PRELOAD holds some paths. */
#define LIMIT_ENVIRONMENT_NAMES 32
#define LIMIT_ENVIRONMENT_NAME_BYTES 128
#define LIMIT_ENVIRONMENT_VALUE_BYTES 4096

/* Distinct field names of a rule set beyond fields.def. */
#define LIMIT_FIELDS 4096

/* Key tuples of one event and stage (product over multi-valued keys). */
#define LIMIT_KEY_TUPLES 65536

/* A rule file; Elastic's largest are under 64 KiB. */
#define LIMIT_RULE_FILE_BYTES (4U << 20)
/* An export of rules, a line each: all 1,600 of Elastic's are some 30 MB. */
#define LIMIT_EXPORT_BYTES (64U << 20)
#define LIMIT_QUERY_BYTES (1U << 20)
/* Nesting of parentheses, arrays and operators: the parsers recurse. */
#define LIMIT_NESTING 200
#define LIMIT_STAGES 256
#define LIMIT_FIELD_NAME_BYTES 512
/* Key constraints copied to other stages, summed over the stages. */
#define LIMIT_CONSTRAINTS 4096
/* Tuples of field values one computing leaf may try. */
#define LIMIT_SCRIPT_TUPLES 65536
/* A regex as rewritten for PCRE2, several times what stands in the query. */
#define LIMIT_REGEX_PATTERN_BYTES (1U << 20)
/* A regex steps through a text with up to WORKSPACE / 6 states at once and
 * compares each with each: the two bound one match to about a second. */
#define LIMIT_REGEX_WORKSPACE 1024
#define LIMIT_REGEX_TEXT_BYTES 65536

/* What matching of redact may take for one alert; a good pattern takes
 * thousandths of it. Of longer texts an alert tells next to nothing anyway. */
#define LIMIT_REDACT_MS 200
#define LIMIT_REDACT_TEXT_BYTES 65536

/* An ECS document of aueql's input. */
#define LIMIT_DOCUMENT_BYTES (16U << 20)

/* A saved state: the largest memcap's tables, more than once. */
#define LIMIT_STATE_BYTES (256U << 20)

/* The ring between keeper and worker: at 10,000 records/s of 250 bytes it
 * holds three seconds of a stalled worker. A power of two. */
#define LIMIT_RING_BYTES (8U << 20)

/* Alerts waiting for an output; an alert is some 20 KB. */
#define LIMIT_OUTPUT_QUEUE 256
#define LIMIT_OUTPUT_QUEUE_BYTES (8U << 20)

/* Alerts an hour that a rule may be held to. */
#define LIMIT_BUDGET 1000000

/* One alert document, and what of it goes to syslog (rsyslog cuts at 8 KiB). */
#define LIMIT_ALERT_BYTES (256U << 10)
#define LIMIT_SYSLOG_BYTES 8000
#define LIMIT_ALERT_RECORDS_BYTES (64U << 10)

/* Hosts one plugin keeps apart (central auditd). */
#define LIMIT_HOSTS 4096

/* Live processes a host's table knows; pid_max is 4,194,304, but a server runs
 * hundreds. */
#define LIMIT_PROCESSES 16384

#endif
