/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sieve.h"

#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libaudit.h>

#include "limits.h"
#include "readlog.h"
#include "util/codec.h"
#include "util/strbuf.h"

#define BASE_SEC 1700000000LL
#define SILENT_NS (3600 * NSEC_PER_SEC)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What a sieve under test hands out, as text. */
struct sink {
	struct sieve *sieve;
	struct strbuf out;
	bool whole; /* write records in full, not their types */
	bool places; /* write the position by then */
	int fail; /* what on_event returns */
	uint64_t events, records; /* handed out */
};

/* What is told of a record's head is what stands there. */
static void check_head(struct str record, const struct raw_head *head)
{
	const char *type = record.data, *end, *stamp;
	char name[65] = { 0 };

	if (str_begins(record, STR("node=")))
		type = (const char *)memchr(record.data, ' ', record.len) + 1;
	type += strlen("type=");
	end = strchr(type, ' ');
	assert_true(end - type < (ptrdiff_t)sizeof(name));
	memcpy(name, type, (size_t)(end - type));
	assert_int_equal(head->type, audit_name_to_msg_type(name));
	stamp = memmem(end, (size_t)(record.data + record.len - end), "):", 2);
	assert_ptr_equal(stamp + 2, record.data + head->body);
}

/* Each record stands at its place in text, and nothing stands between. */
static void check_shape(const struct raw_event *event)
{
	const char *p = event->text.data;

	assert_true(event->record_count > 0);
	assert_true(event->record_count <= LIMIT_EVENT_RECORDS);
	assert_true(event->text.len <= LIMIT_EVENT_BYTES);
	for (size_t i = 0; i < event->record_count; i++) {
		assert_ptr_equal(event->records[i].data, p);
		check_head(event->records[i], &event->heads[i]);
		assert_true(event->records[i].len <= LIMIT_RECORD_BYTES);
		p += event->records[i].len;
		assert_int_equal(*p++, '\n');
	}
	assert_ptr_equal(p, event->text.data + event->text.len);
}

static void add_type(struct strbuf *out, struct str record)
{
	const char *type = memmem(record.data, record.len, "type=", 5);
	const char *end;

	assert_non_null(type);
	type += 5;
	end = memchr(type, ' ', (size_t)(record.data + record.len - type));
	assert_non_null(end);
	strbuf_add(out, type, (size_t)(end - type));
}

/* [NODE/]SERIAL=TYPE,TYPE and '?' where it is not complete. */
static int sink_event(void *user, const struct raw_event *event)
{
	struct sink *sink = user;

	check_shape(event);
	sink->events++;
	sink->records += event->record_count;
	if (event->node.len) {
		strbuf_add_str(&sink->out, event->node);
		strbuf_add_char(&sink->out, '/');
	}
	strbuf_printf(&sink->out, "%llu=", (unsigned long long)event->serial);
	if (sink->whole) {
		strbuf_printf(&sink->out, "%lld ", (long long)event->time_ns);
		strbuf_add_str(&sink->out, event->text);
	}
	for (size_t i = 0; !sink->whole && i < event->record_count; i++) {
		if (i)
			strbuf_add_char(&sink->out, ',');
		add_type(&sink->out, event->records[i]);
	}
	if (sink->places)
		strbuf_printf(&sink->out, "@%llu",
			      (unsigned long long)sieve_position(sink->sieve));
	strbuf_add_str(&sink->out, event->complete ? STR(" ") : STR("? "));
	return sink->fail;
}

static void sink_gap(void *user, struct str node, uint64_t count,
		     int64_t time_ns)
{
	struct sink *sink = user;

	strbuf_add_str(&sink->out, STR("gap:"));
	if (node.len) {
		strbuf_add_str(&sink->out, node);
		strbuf_add_char(&sink->out, '/');
	}
	strbuf_printf(&sink->out, "%llu", (unsigned long long)count);
	if (sink->whole)
		strbuf_printf(&sink->out, "@%lld", (long long)time_ns);
	strbuf_add_char(&sink->out, ' ');
}

static void sink_mixed(void *user, struct str node, bool mixed, int64_t time_ns)
{
	struct sink *sink = user;

	(void)node;
	(void)time_ns;
	strbuf_add_str(&sink->out, mixed ? STR("mixed ") : STR("not-mixed "));
}

static void sink_configure(struct sink *sink, struct sieve_config *config)
{
	*config = (struct sieve_config){
		.on_event = sink_event,
		.on_gap = sink_gap,
		.on_mixed = sink_mixed,
		.user = sink,
		.event_timeout_ns = 2 * NSEC_PER_SEC,
	};
	*sink = (struct sink){ 0 };
}

static void sink_open(struct sink *sink)
{
	struct sieve_config config;

	sink_configure(sink, &config);
	assert_int_equal(sieve_new(&config, &sink->sieve), 0);
}

static void sink_close(struct sink *sink)
{
	sieve_free(&sink->sieve);
	assert_null(sink->sieve);
	sieve_free(&sink->sieve);
	strbuf_free(&sink->out);
}

/* The text so far, NUL-terminated; the next call begins anew. */
static const char *sink_take(struct sink *sink)
{
	strbuf_add_char(&sink->out, '\0');
	assert_false(sink->out.failed);
	sink->out.len = 0;
	return sink->out.data;
}

static struct sieve_stats sink_stats(const struct sink *sink)
{
	struct sieve_stats stats;

	sieve_stats(sink->sieve, &stats);
	return stats;
}

static void feed(struct sink *sink, const char *text)
{
	assert_int_equal(sieve_feed(sink->sieve, text, strlen(text)), 0);
}

static void finish(struct sink *sink)
{
	assert_int_equal(sieve_finish(sink->sieve), 0);
	assert_int_equal(sieve_position(sink->sieve), sink_stats(sink).bytes);
}

struct record {
	const char *node, *type; /* node NULL = none */
	long long msec; /* since BASE_SEC */
	unsigned long long serial;
};

static void record_write(struct strbuf *out, const struct record *record)
{
	if (record->node)
		strbuf_printf(out, "node=%s ", record->node);
	strbuf_printf(out, "type=%s msg=audit(%lld.%03lld:%llu): a=b\n",
		      record->type, BASE_SEC + record->msec / 1000,
		      record->msec % 1000, record->serial);
}

static void feed_record(struct sink *sink, const struct record *record)
{
	struct strbuf text = STRBUF_INIT(0);

	record_write(&text, record);
	assert_int_equal(sieve_feed(sink->sieve, text.data, text.len), 0);
	strbuf_free(&text);
}

static void feed_serial(struct sink *sink, const char *type,
			unsigned long long serial)
{
	feed_record(sink, &(struct record){ .type = type, .serial = serial });
}

/* A record of an exact size, without its line end. */
static void feed_sized(struct sink *sink, const struct record *record,
		       size_t size, const char *line_end)
{
	struct strbuf text = STRBUF_INIT(0);

	record_write(&text, record);
	text.len--;
	assert_true(text.len <= size);
	while (text.len < size)
		strbuf_add_char(&text, 'x');
	strbuf_add(&text, line_end, strlen(line_end));
	assert_false(text.failed);
	assert_int_equal(sieve_feed(sink->sieve, text.data, text.len), 0);
	strbuf_free(&text);
}

/*
 * A step is [NODE/]SERIAL[@MSEC]:TYPE, a record, or +MSEC, time that passes
 * without one. '|' in what is expected: here the stream ends.
 */
struct stream_case {
	const char *name, *steps, *expected;
};

static const struct stream_case stream_cases[] = {
	{ "ended by EOE", "1:SYSCALL 1:PATH 1:EOE", "1=SYSCALL,PATH |" },
	{ "ended by PROCTITLE", "1:SYSCALL 1:PROCTITLE",
	  "1=SYSCALL,PROCTITLE |" },
	{ "EOE behind PROCTITLE is none of its records",
	  "1:SYSCALL 1:PROCTITLE 1:EOE", "1=SYSCALL,PROCTITLE |" },
	{ "records behind PROCTITLE are dropped",
	  "1:SYSCALL 1:PROCTITLE 1:PATH 1:EOE", "1=SYSCALL,PROCTITLE |" },
	{ "an EOE alone is no event", "1:EOE", "|" },
	{ "ended by the end", "1:SYSCALL 1:PATH", "|1=SYSCALL,PATH? " },
	{ "the end keeps the order", "1:AVC 2:AVC 1:PATH 3:AVC",
	  "|1=AVC,PATH? 2=AVC? 3=AVC? " },
	{ "interleaved",
	  "1:SYSCALL 2:SYSCALL 1:CWD 3:SYSCALL 2:CWD 3:EOE 2:EOE 1:EOE",
	  "3=SYSCALL 2=SYSCALL,CWD 1=SYSCALL,CWD |" },
	{ "one that is not finished delays no other",
	  "1:SYSCALL 2:SYSCALL 2:EOE 3:USER_CMD",
	  "2=SYSCALL 3=USER_CMD |"
	  "1=SYSCALL? " },
	{ "programs' records come alone",
	  "1:USER 2:USER_AVC 3:CRED_ACQ 4:SERVICE_START 5:TEST "
	  "6:SYSTEM_BOOT 7:ADD_USER 8:DEL_GROUP 9:GRP_MGMT 10:ROLE_ASSIGN",
	  "1=USER 2=USER_AVC 3=CRED_ACQ 4=SERVICE_START 5=TEST "
	  "6=SYSTEM_BOOT 7=ADD_USER 8=DEL_GROUP 9=GRP_MGMT "
	  "10=ROLE_ASSIGN |" },
	{ "more of them",
	  "1:LABEL_OVERRIDE 2:CRYPTO_SESSION 3:VIRT_CONTROL 4:ANOM_EXEC "
	  "5:RESP_EXEC 6:ACCT_LOCK 7:USYS_CONFIG 8:SOFTWARE_UPDATE 9:KERNEL "
	  "10:CHUSER_ID 11:DEV_ALLOC 12:MAC_CHECK 13:NETFILTER_PKT",
	  "1=LABEL_OVERRIDE 2=CRYPTO_SESSION 3=VIRT_CONTROL 4=ANOM_EXEC "
	  "5=RESP_EXEC 6=ACCT_LOCK 7=USYS_CONFIG 8=SOFTWARE_UPDATE 9=KERNEL "
	  "10=CHUSER_ID 11=DEV_ALLOC 12=MAC_CHECK 13=NETFILTER_PKT |" },
	{ "kernel records wait for their SYSCALL",
	  "1:LOGIN 2:CONFIG_CHANGE 3:EVENT_LISTENER 4:AVC 5:SECCOMP "
	  "6:NETFILTER_CFG 7:KERN_MODULE 8:MAC_STATUS 9:ANOM_ABEND "
	  "10:ANOM_LINK 11:UNKNOWN[1420] 12:URINGOP 13:DM_CTRL 1:SYSCALL "
	  "1:EOE",
	  "1=LOGIN,SYSCALL |2=CONFIG_CHANGE? 3=EVENT_LISTENER? 4=AVC? "
	  "5=SECCOMP? 6=NETFILTER_CFG? 7=KERN_MODULE? 8=MAC_STATUS? "
	  "9=ANOM_ABEND? 10=ANOM_LINK? 11=UNKNOWN[1420]? 12=URINGOP? "
	  "13=DM_CTRL? " },
	{ "idle by newer records", "1:LOGIN 2@1999:USER_CMD 3@2000:USER_CMD",
	  "2=USER_CMD 1=LOGIN? 3=USER_CMD |" },
	{ "idle since its last record, not its first",
	  "1:SYSCALL 2@1500:USER_CMD 1:PATH 3@3499:USER_CMD 4@3500:USER_CMD",
	  "2=USER_CMD 3=USER_CMD 1=SYSCALL,PATH? 4=USER_CMD |" },
	{ "a late record's own time does not make it idle",
	  "1@200000:USER_CMD 2@0:SYSCALL 3@200001:USER_CMD 2@0:SOCKADDR "
	  "2@0:PROCTITLE",
	  "1=USER_CMD 3=USER_CMD 2=SYSCALL,SOCKADDR,PROCTITLE |" },
	{ "idle by the clock", "1:LOGIN +1999 2:LOGIN +1 +1998 +1",
	  "1=LOGIN? 2=LOGIN? |" },
	{ "what comes after an event closed idle is dropped",
	  "1:SYSCALL +2000 1:PATH 1:EOE", "1=SYSCALL? |" },
	{ "nodes are apart",
	  "a/1:SYSCALL 1:SYSCALL b/1:SYSCALL b/1:EOE 1:PATH a/1:EOE 1:EOE",
	  "b/1=SYSCALL a/1=SYSCALL 1=SYSCALL,PATH |" },
	{ "so is their time", "a/1:LOGIN b/1@9000:USER_CMD",
	  "b/1=USER_CMD |a/1=LOGIN? " },
	{ "one serial, two times", "1:SYSCALL 1@1:SYSCALL 1:EOE 1@1:EOE",
	  "1=SYSCALL 1=SYSCALL |" },
	{ "repeated after the end",
	  "1:SYSCALL 1:EOE 2:USER_CMD 1:SYSCALL 1:PATH 1:EOE 2:USER_CMD",
	  "1=SYSCALL 2=USER_CMD |" },
	{ "a reboot repeats serials, not times",
	  "1:USER_CMD 2:USER_CMD 1@9:USER_CMD 2@9:USER_CMD 1@9:USER_CMD",
	  "1=USER_CMD 2=USER_CMD 1=USER_CMD 2=USER_CMD |" },
	{ "auditd counts its own records",
	  "5:USER_CMD 900@1:DAEMON_START 6:USER_CMD 6@2:DAEMON_END "
	  "6@2:DAEMON_END 7:USER_CMD",
	  "5=USER_CMD 900=DAEMON_START 6=USER_CMD 6=DAEMON_END 6=DAEMON_END "
	  "7=USER_CMD |" },
	{ "gap at the end", "1:USER_CMD 4:USER_CMD",
	  "1=USER_CMD 4=USER_CMD |gap:2 " },
	{ "what is open is not missing", "1:USER_CMD 2:AVC 3:USER_CMD",
	  "1=USER_CMD 3=USER_CMD |2=AVC? " },
	{ "nothing is known of before the first", "9:USER_CMD 8:USER_CMD",
	  "9=USER_CMD 8=USER_CMD |" },
	{ "out of order is no gap",
	  "1:USER_CMD 3:USER_CMD 2@6000:USER_CMD 4@12000:USER_CMD",
	  "1=USER_CMD 3=USER_CMD 2=USER_CMD 4=USER_CMD |" },
	{ "a gap after five seconds at the earliest",
	  "1:USER_CMD 3@4999:USER_CMD 4@5000:USER_CMD 5@9999:USER_CMD "
	  "6@10000:USER_CMD",
	  "1=USER_CMD 3=USER_CMD 4=USER_CMD 5=USER_CMD gap:1 6=USER_CMD |" },
	{ "once in five seconds",
	  "1:USER_CMD 3:USER_CMD 5@1:USER_CMD 6@5000:USER_CMD "
	  "8@5001:USER_CMD 9@10000:USER_CMD 10@14999:USER_CMD "
	  "11@15000:USER_CMD",
	  "1=USER_CMD 3=USER_CMD 5=USER_CMD 6=USER_CMD 8=USER_CMD gap:2 "
	  "9=USER_CMD 10=USER_CMD gap:1 11=USER_CMD |" },
	{ "a gap of a node gone silent", "1:USER_CMD 3:USER_CMD +5000 +4999 +1",
	  "1=USER_CMD 3=USER_CMD gap:1 |" },
	{ "gaps by node", "a/1:USER_CMD b/7:USER_CMD a/2:USER_CMD b/9:USER_CMD",
	  "a/1=USER_CMD b/7=USER_CMD a/2=USER_CMD b/9=USER_CMD |gap:b/1 " },
	{ "a late serial is no second gap",
	  "1:USER_CMD 3:USER_CMD +5000 +5000 2:USER_CMD 4:USER_CMD",
	  "1=USER_CMD 3=USER_CMD gap:1 2=USER_CMD 4=USER_CMD |" },
	{ "a reboot forgets no gap",
	  "1:USER_CMD 2:USER_CMD 4:USER_CMD 2@9:USER_CMD 3@9:USER_CMD",
	  "1=USER_CMD 2=USER_CMD 4=USER_CMD 2=USER_CMD 3=USER_CMD |gap:1 " },
	{ "a jump of the whole window",
	  "1:USER_CMD 65537:USER_CMD 65538:USER_CMD",
	  "1=USER_CMD 65537=USER_CMD 65538=USER_CMD |gap:65535 " },
	{ "a longer jump is none", "1:USER_CMD 65538:USER_CMD 65540:USER_CMD",
	  "1=USER_CMD 65538=USER_CMD 65540=USER_CMD |gap:1 " },
	{ "the window's last serial is known",
	  "0:USER_CMD 1:USER_CMD 65536:USER_CMD 1:USER_CMD 65536:USER_CMD",
	  "0=USER_CMD 1=USER_CMD 65536=USER_CMD |gap:65534 " },
	{ "the one before it is not",
	  "1:USER_CMD 2:USER_CMD 65537:USER_CMD 1:USER_CMD 2:USER_CMD",
	  "1=USER_CMD 2=USER_CMD 65537=USER_CMD 1=USER_CMD 2=USER_CMD "
	  "|gap:65534 " },
	{ "the largest serial", "9999999999999999999:USER_CMD 1:USER_CMD",
	  "9999999999999999999=USER_CMD 1=USER_CMD |" },
};

static void run_step(struct sink *sink, char *step)
{
	struct record record = { 0 };
	char *colon = strchr(step, ':'), *slash = strchr(step, '/'), *end;

	if (*step == '+') {
		assert_int_equal(
			sieve_age(sink->sieve, atoll(step) * NSEC_PER_MSEC), 0);
		return;
	}
	assert_non_null(colon);
	*colon = '\0';
	record.type = colon + 1;
	if (slash) {
		*slash = '\0';
		record.node = step;
		step = slash + 1;
	}
	record.serial = strtoull(step, &end, 10);
	if (*end == '@')
		record.msec = atoll(end + 1);
	feed_record(sink, &record);
}

static void test_streams(void **state)
{
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stream_cases); i++) {
		const struct stream_case *c = &stream_cases[i];
		char *steps = strdup(c->steps), *save = NULL;
		struct sink sink;
		const char *out;

		sink_open(&sink);
		for (char *step = strtok_r(steps, " ", &save); step;
		     step = strtok_r(NULL, " ", &save))
			run_step(&sink, step);
		strbuf_add_char(&sink.out, '|');
		finish(&sink);
		out = sink_take(&sink);
		if (strcmp(out, c->expected)) {
			print_error("%s:\n  got      %s\n  expected %s\n",
				    c->name, out, c->expected);
			failed++;
		}
		free(steps);
		sink_close(&sink);
	}
	assert_int_equal(failed, 0);
}

#define ID "msg=audit(1700000000.000:1): "

/* One line each; what the sieve counts it as. */
static const struct {
	const char *line;
	unsigned int records, malformed;
} line_cases[] = {
	{ "type=USER " ID "a", 1, 0 },
	{ "type=USER " ID "a\r", 1, 0 },
	{ "type=EOE msg=audit(1700000000.000:1):", 1, 0 },
	{ "type=UNKNOWN[1420] " ID, 1, 0 },
	{ "node=h type=USER " ID, 1, 0 },
	{ "node=\xc3\xa4.example type=USER " ID, 1, 0 },
	{ "type=USER msg=audit(0.000:0): ", 1, 0 },
	{ "type=USER msg=audit(8000000000.999:9999999999999999999):", 1, 0 },
	{ "", 0, 0 },
	{ "\r", 0, 0 },
	{ "----", 0, 0 },
	{ "----\r", 0, 0 },
	{ "-----", 0, 1 },
	{ " ", 0, 1 },
	{ "\r\r", 0, 1 },
	{ "time->Thu Jan  1 00:00:00 1970", 0, 1 },
	{ " type=USER " ID, 0, 1 },
	{ "Type=USER " ID, 0, 1 },
	{ "type= " ID, 0, 1 },
	{ "type=USER\x01 " ID, 0, 1 },
	{ "type=USER  " ID, 0, 1 },
	{ "type=USER", 0, 1 },
	{ "type=USER msg=audit(1700000000.000:1)", 0, 1 },
	{ "type=USER msg=audit(1700000000.00:1): ", 0, 1 },
	{ "type=USER msg=audit(1700000000.0000:1): ", 0, 1 },
	{ "type=USER msg=audit(1700000000:1): ", 0, 1 },
	{ "type=USER msg=audit(.000:1): ", 0, 1 },
	{ "type=USER msg=audit(-1.000:1): ", 0, 1 },
	{ "type=USER msg=audit(8000000001.000:1): ", 0, 1 },
	{ "type=USER msg=audit(99999999999999999999.000:1): ", 0, 1 },
	{ "type=USER msg=audit(1700000000.000:): ", 0, 1 },
	{ "type=USER msg=audit(1700000000.000:10000000000000000000): ", 0, 1 },
	{ "type=USER msg=audit(1700000000.000:1x): ", 0, 1 },
	{ "node= type=USER " ID, 0, 1 },
	{ "node=h\ttype=USER " ID, 0, 1 },
	{ "node=a b type=USER " ID, 0, 1 },
	{ "node=h", 0, 1 },
	{ "node=h ", 0, 1 },
	{ "\xff\xfe\x01\x7f", 0, 1 },
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(line_cases); i++) {
		struct sieve_stats stats;
		struct sink sink;

		/* ended by a newline, and by the end of the stream */
		for (int newline = 0; newline < 2; newline++) {
			sink_open(&sink);
			feed(&sink, line_cases[i].line);
			feed(&sink, newline ? "\n" : "");
			finish(&sink);
			stats = sink_stats(&sink);
			if (stats.records != line_cases[i].records ||
			    stats.malformed != line_cases[i].malformed)
				fail_msg("\"%s\"", line_cases[i].line);
			sink_close(&sink);
		}
	}
}

static void test_line_with_nul(void **state)
{
	static const char text[] = "type=USER " ID "a\0b\n"
				   "\0\0\0\0type=USER " ID "a\n"
				   "type=USER " ID "a\n";
	struct sink sink;

	(void)state;
	sink_open(&sink);
	assert_int_equal(sieve_feed(sink.sieve, text, sizeof(text) - 1), 0);
	assert_int_equal(sink_stats(&sink).malformed, 2);
	assert_int_equal(sink_stats(&sink).records, 1);
	assert_string_equal(sink_take(&sink), "1=USER ");
	sink_close(&sink);
}

static void test_name_lengths(void **state)
{
	struct strbuf text = STRBUF_INIT(0);
	struct sink sink;

	(void)state;
	sink_open(&sink);
	for (int len = 255; len <= 256; len++)
		strbuf_printf(&text, "node=%0*d type=USER " ID "a\n", len, 0);
	for (int len = 64; len <= 65; len++)
		strbuf_printf(&text, "type=%0*d " ID "a\n", len, 0);
	assert_int_equal(sieve_feed(sink.sieve, text.data, text.len), 0);
	assert_int_equal(sink_stats(&sink).records, 2);
	assert_int_equal(sink_stats(&sink).malformed, 2);
	strbuf_free(&text);
	sink_close(&sink);
}

/* Text and enrichment come through as they are, without the line end. */
static void test_text(void **state)
{
	struct sink sink;

	(void)state;
	sink_open(&sink);
	sink.whole = true;
	feed(&sink, "type=SYSCALL " ID "a=\xff\x01\x1d"
		    "AUID=\"x\"\r\n"
		    "type=EOE " ID "\n");
	assert_string_equal(sink_take(&sink),
			    "1=1700000000000000000 type=SYSCALL " ID
			    "a=\xff\x01\x1d"
			    "AUID=\"x\"\n ");
	sink_close(&sink);
}

static void test_record_limit(void **state)
{
	static const char *const ends[] = { "\n", "\r\n" };
	struct record user = { .type = "USER", .serial = 1 };
	struct record more = { .type = "USER", .serial = 2 };
	struct record path = { .type = "PATH", .serial = 3 };
	struct record eoe = { .type = "EOE", .serial = 3 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct sink sink;

		sink_open(&sink);
		feed_sized(&sink, &user, LIMIT_RECORD_BYTES, ends[i]);
		assert_int_equal(sink_stats(&sink).malformed, 0);
		assert_string_equal(sink_take(&sink), "1=USER ");
		/* cut: still an event, but not a complete one */
		feed_sized(&sink, &more, LIMIT_RECORD_BYTES + 1, ends[i]);
		assert_int_equal(sink_stats(&sink).malformed, 1);
		assert_string_equal(sink_take(&sink), "2=USER? ");
		feed_sized(&sink, &path, 5 * LIMIT_RECORD_BYTES, ends[i]);
		feed_record(&sink, &eoe);
		assert_int_equal(sink_stats(&sink).malformed, 2);
		assert_int_equal(sink_stats(&sink).records, 4);
		assert_int_equal(sink_stats(&sink).incomplete, 0);
		assert_string_equal(sink_take(&sink), "3=PATH? ");
		sink_close(&sink);
	}
}

static void test_event_record_limit(void **state)
{
	(void)state;
	for (unsigned int over = 0; over < 2; over++) {
		struct sink sink;
		const char *out;

		sink_open(&sink);
		for (size_t i = 0; i < LIMIT_EVENT_RECORDS + over; i++)
			feed_serial(&sink, "PATH", 1);
		feed_serial(&sink, "EOE", 1);
		assert_int_equal(sink_stats(&sink).over_limit, over);
		assert_int_equal(sink.events, 1);
		assert_int_equal(sink.records, LIMIT_EVENT_RECORDS);
		out = sink_take(&sink);
		assert_int_equal(out[strlen(out) - 2] == '?', over);
		sink_close(&sink);
	}
}

/* Leaves an event of exactly size bytes open. */
static void feed_event_sized(struct sink *sink, const struct record *record,
			     size_t size)
{
	while (size) {
		size_t part = size;

		if (part > 2 * LIMIT_RECORD_BYTES)
			part = LIMIT_RECORD_BYTES;
		else if (part > LIMIT_RECORD_BYTES)
			part /= 2;
		feed_sized(sink, record, part - 1, "\n");
		size -= part;
	}
}

static void test_event_byte_limit(void **state)
{
	struct record path = { .type = "PATH", .serial = 1 };
	struct record cwd = { .type = "CWD", .serial = 1 };

	(void)state;
	for (unsigned int over = 0; over < 2; over++) {
		struct sink sink;

		sink_open(&sink);
		feed_event_sized(&sink, &path, LIMIT_EVENT_BYTES - 100);
		feed_sized(&sink, &cwd, 99 + over, "\n");
		assert_int_equal(sink_stats(&sink).over_limit, over);
		feed_serial(&sink, "EOE", 1);
		assert_int_equal(!strstr(sink_take(&sink), ",CWD"), over);
		sink_close(&sink);
	}
}

static void test_open_event_limit(void **state)
{
	static const char *const nodes[] = { "a", "b", "c", "d" };
	struct sink sink;

	(void)state;
	sink_open(&sink);
	/* on four nodes: of one, 512 records are as long as an event waits */
	for (unsigned int i = 0; i < LIMIT_OPEN_EVENTS; i++)
		feed_record(&sink, &(struct record){ .node = nodes[i % 4],
						     .type = "AVC",
						     .serial = 1 + i / 4 });
	assert_int_equal(sink.events, 0);
	feed_record(&sink, &(struct record){ .node = "e", .type = "AVC" });
	assert_string_equal(sink_take(&sink), "a/1=AVC? ");
	/* one whose record came later gives way nevertheless: it is oldest */
	feed_record(&sink, &(struct record){
				   .node = "b", .type = "PATH", .serial = 1 });
	feed_record(&sink, &(struct record){ .node = "f", .type = "AVC" });
	assert_string_equal(sink_take(&sink), "b/1=AVC,PATH? ");
	finish(&sink);
	assert_int_equal(sink.events, LIMIT_OPEN_EVENTS + 2);
	assert_int_equal(sink_stats(&sink).incomplete, LIMIT_OPEN_EVENTS + 2);
	sink_close(&sink);
}

static void test_open_byte_limit(void **state)
{
	static const char *const nodes[] = { "a", "b", "c", "d" };
	struct record record = { .type = "PATH", .serial = 1 };
	struct sink sink;

	(void)state;
	assert_int_equal(LIMIT_OPEN_BYTES % LIMIT_EVENT_BYTES, 0);
	assert_int_equal(LIMIT_OPEN_BYTES / LIMIT_EVENT_BYTES,
			 ARRAY_SIZE(nodes));
	sink_open(&sink);
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		record.node = nodes[i];
		feed_event_sized(&sink, &record,
				 LIMIT_EVENT_BYTES - (i ? 0 : 100));
	}
	record.node = "a";
	feed_sized(&sink, &record, 99, "\n");
	assert_int_equal(sink.events, 0);
	/* full; the oldest goes, but never the one that needs the room */
	record.node = "e";
	feed_sized(&sink, &record, 99, "\n");
	assert_memory_equal(sink_take(&sink), "a/1=", 4);
	assert_int_equal(sink.events, 1);
	finish(&sink);
	assert_int_equal(sink.events, 5);
	sink_close(&sink);
}

static void test_later_records(void **state)
{
	struct sink sink;

	(void)state;
	for (unsigned int later = 511; later <= 512; later++) {
		sink_open(&sink);
		feed_serial(&sink, "SYSCALL", 1);
		for (unsigned int i = 0; i < later; i++)
			feed_serial(&sink, "PATH", 2);
		/* records of other nodes do not count */
		for (unsigned int i = 0; i < 1000; i++)
			feed_record(&sink, &(struct record){ .node = "x",
							     .type = "USER",
							     .serial = i });
		sink_take(&sink);
		feed_serial(&sink, "PATH", 1);
		feed_serial(&sink, "EOE", 1);
		assert_string_equal(sink_take(&sink),
				    later < 512 ? "1=SYSCALL,PATH "
						: "1=SYSCALL? ");
		sink_close(&sink);
	}
}

/*
 * Without EOE and PROCTITLE, all in one millisecond: what is open stays
 * bounded, whatever the number of events.
 */
static void test_no_ends(void **state)
{
	struct sink sink;

	(void)state;
	sink_open(&sink);
	for (unsigned int i = 1; i <= 100000; i++) {
		feed_serial(&sink, "SYSCALL", i);
		assert_true(i - sink.events <= 513);
		if (i % 1000 == 0)
			sink_take(&sink);
	}
	finish(&sink);
	assert_int_equal(sink.events, 100000);
	sink_close(&sink);
}

/* A clock set back by a year does not stop events from closing by age. */
static void test_clock_set_back(void **state)
{
	struct record record = { .type = "USER", .msec = 1LL << 35 };
	struct sink sink;

	(void)state;
	sink_open(&sink);
	feed_record(&sink, &record);
	record.msec = 0;
	for (record.serial = 1; record.serial < 1500; record.serial++)
		feed_record(&sink, &record);
	record.type = "LOGIN";
	feed_record(&sink, &record);
	sink_take(&sink);
	record.type = "USER";
	record.serial++;
	record.msec = 2000;
	feed_record(&sink, &record);
	assert_string_equal(sink_take(&sink), "1500=LOGIN? 1501=USER ");
	sink_close(&sink);
}

static void feed_node(struct sink *sink, unsigned int number, const char *type)
{
	char name[16];

	snprintf(name, sizeof(name), "n%u", number);
	feed_record(sink, &(struct record){
				  .node = name, .type = type, .serial = 7 });
}

/* All places are taken: a name more finds one only where a host is silent. */
static void test_host_limit(void **state)
{
	struct sink sink;

	(void)state;
	sink_open(&sink);
	for (unsigned int i = 0; i < LIMIT_HOSTS; i++)
		feed_node(&sink, i, i == 1 ? "AVC" : "USER");
	sink_take(&sink);
	assert_int_equal(sink_stats(&sink).hosts, LIMIT_HOSTS);
	assert_int_equal(sieve_age(sink.sieve, SILENT_NS - 1), 0);
	assert_string_equal(sink_take(&sink), "n1/7=AVC? ");
	feed_node(&sink, LIMIT_HOSTS, "USER");
	assert_string_equal(sink_take(&sink), "");
	assert_int_equal(sink_stats(&sink).refused, 1);
	/* all but one speak */
	for (unsigned int i = 0; i < LIMIT_HOSTS; i++)
		if (i != 2)
			feed_node(&sink, i, "USER");
	assert_string_equal(sink_take(&sink), "");
	assert_int_equal(sink_stats(&sink).duplicates, LIMIT_HOSTS - 1);
	assert_int_equal(sieve_age(sink.sieve, 1), 0);
	feed_node(&sink, LIMIT_HOSTS, "USER");
	assert_string_equal(sink_take(&sink), "n4096/7=USER ");
	feed_node(&sink, 2, "USER");
	assert_string_equal(sink_take(&sink), "");
	assert_int_equal(sink_stats(&sink).refused, 2);
	assert_int_equal(sink_stats(&sink).hosts, LIMIT_HOSTS);
	sink_close(&sink);
}

/* This host finds a place whatever others call themselves, and keeps it. */
static void test_local_host(void **state)
{
	struct sieve_config config;
	struct sink sink;

	(void)state;
	sink_configure(&sink, &config);
	config.host_max = 2;
	config.local_node = STR("me");
	assert_int_equal(sieve_new(&config, &sink.sieve), 0);
	for (unsigned int i = 0; i < 3; i++)
		feed_node(&sink, i, "USER");
	assert_string_equal(sink_take(&sink), "n0/7=USER n1/7=USER ");
	assert_int_equal(sink_stats(&sink).refused, 1);
	feed_record(&sink, &(struct record){
				   .node = "me", .type = "USER", .serial = 7 });
	feed_serial(&sink, "USER", 7);
	assert_string_equal(sink_take(&sink), "me/7=USER 7=USER ");
	assert_int_equal(sink_stats(&sink).hosts, 4);
	/* silent longest, and yet it is another that goes */
	assert_int_equal(sieve_age(sink.sieve, SILENT_NS), 0);
	feed_node(&sink, 0, "USER");
	feed_node(&sink, 2, "USER");
	assert_string_equal(sink_take(&sink), "n2/7=USER ");
	feed_serial(&sink, "USER", 7);
	assert_string_equal(sink_take(&sink), "");
	sink_close(&sink);
}

static void feed_window(struct sink *sink, unsigned int number,
			unsigned int step)
{
	struct strbuf text = STRBUF_INIT(0);
	char name[16];

	snprintf(name, sizeof(name), "n%u", number);
	for (unsigned int j = 7; j < 65536; j += step)
		record_write(&text, &(struct record){ .node = name,
						      .type = "USER",
						      .serial = j });
	assert_int_equal(sieve_feed(sink->sieve, text.data, text.len), 0);
	strbuf_free(&text);
	sink_take(sink);
}

/* More full windows than there is room for: each keeps its share, those with
 * less keep all they have. */
static void test_window_limit(void **state)
{
	unsigned int count = LIMIT_WINDOW_BYTES / (65536 * sizeof(uint16_t));
	struct sink sink;

	(void)state;
	sink_open(&sink);
	feed_node(&sink, 0, "USER");
	for (unsigned int i = 1; i <= count + 20; i++)
		feed_window(&sink, i, 512);
	feed_node(&sink, 0, "USER");
	assert_string_equal(sink_take(&sink), "");
	/* one that begins now has its share as well */
	feed_window(&sink, count + 21, 32768);
	feed_node(&sink, count + 21, "USER");
	assert_string_equal(sink_take(&sink), "");
	/* who had most has lost the oldest, and no hole comes of it */
	feed_node(&sink, 1, "USER");
	assert_string_equal(sink_take(&sink), "n1/7=USER ");
	assert_true(sieve_holes(sink.sieve, STR("n1")) < 65536);
	sink_close(&sink);
}

static void feed_open(struct sink *sink, const char *node, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		feed_record(sink, &(struct record){ .node = node,
						    .type = "AVC",
						    .serial = 1000 + i });
}

/* Who floods with events that never end closes his own. */
static void test_open_shares(void **state)
{
	struct sink sink;

	(void)state;
	sink_open(&sink);
	feed_record(&sink, &(struct record){ .node = "quiet",
					     .type = "SYSCALL",
					     .serial = 1 });
	/* of one node, 512 are open at most */
	feed_open(&sink, "flood", 500);
	feed_open(&sink, "other", 500);
	sink_take(&sink);
	feed_open(&sink, "third", 500);
	assert_null(strstr(sink_take(&sink), "quiet"));
	feed_record(&sink, &(struct record){ .node = "quiet",
					     .type = "PROCTITLE",
					     .serial = 1 });
	assert_string_equal(sink_take(&sink), "quiet/1=SYSCALL,PROCTITLE ");
	sink_close(&sink);
}

/* Two hosts under one name: noticed, no gap is made of it, and it ends. */
static void test_mixed(void **state)
{
	struct sieve_host hosts[3];
	struct sink sink;

	(void)state;
	sink_open(&sink);
	for (unsigned int i = 0; i < 12; i++) {
		feed_serial(&sink, "USER", 100 + i / 3);
		feed_serial(&sink, "USER", 500000 + i);
		feed_record(&sink, &(struct record){ .node = "b",
						     .type = "USER",
						     .serial = 7 + i });
	}
	assert_non_null(strstr(sink_take(&sink), "mixed "));
	assert_int_equal(sink_stats(&sink).mixed, 1);
	finish(&sink);
	assert_string_equal(sink_take(&sink), "");
	assert_int_equal(sieve_hosts(sink.sieve, hosts, 3), 2);
	assert_int_equal(hosts[0].node.len + hosts[1].node.len, 1);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(hosts[i].mixed, !hosts[i].node.len);
	/* one of them got a name */
	feed_record(&sink, &(struct record){ .type = "USER",
					     .msec = 3600 * 1000,
					     .serial = 500020 });
	assert_string_equal(sink_take(&sink), "not-mixed 500020=USER ");
	assert_int_equal(sink_stats(&sink).mixed, 0);
	sink_close(&sink);
}

static void test_counts(void **state)
{
	struct sieve_stats stats;
	struct sink sink;

	(void)state;
	sink_open(&sink);
	feed_serial(&sink, "SYSCALL", 1);
	feed_serial(&sink, "PATH", 1);
	feed_serial(&sink, "EOE", 1);
	feed_serial(&sink, "SYSCALL", 1); /* repeated, with its EOE */
	feed_serial(&sink, "PATH", 1);
	feed_serial(&sink, "EOE", 1);
	feed_serial(&sink, "LOGIN", 5);
	feed(&sink, "junk\n\n----\n");
	finish(&sink);
	stats = sink_stats(&sink);
	assert_int_equal(stats.records, 7);
	assert_int_equal(stats.malformed, 1);
	assert_int_equal(stats.events, 2);
	assert_int_equal(stats.incomplete, 1);
	assert_int_equal(stats.duplicates, 2);
	assert_int_equal(stats.gaps, 3);
	assert_int_equal(stats.over_limit, 0);
	sink_close(&sink);
}

static void test_position(void **state)
{
	struct sink sink;
	uint64_t first, second;

	(void)state;
	sink_open(&sink);
	assert_int_equal(sieve_position(sink.sieve), 0);
	feed(&sink, "\njunk\n");
	first = sink_stats(&sink).bytes;
	assert_int_equal(sieve_position(sink.sieve), first);
	feed_serial(&sink, "SYSCALL", 1);
	second = sink_stats(&sink).bytes;
	feed_serial(&sink, "SYSCALL", 2);
	feed_serial(&sink, "PATH", 1);
	assert_int_equal(sieve_position(sink.sieve), first);
	feed_serial(&sink, "EOE", 1);
	assert_int_equal(sieve_position(sink.sieve), second);
	feed_serial(&sink, "EOE", 2);
	first = sink_stats(&sink).bytes;
	assert_int_equal(sieve_position(sink.sieve), first);
	/* of a line begun, nothing is taken yet */
	feed(&sink, "type=USER ");
	assert_int_equal(sieve_position(sink.sieve), first);
	feed(&sink, ID "\r\n");
	assert_int_equal(sieve_position(sink.sieve), sink_stats(&sink).bytes);
	sink_close(&sink);
}

static void test_error_is_passed_up(void **state)
{
	static const char text[] = "type=USER " ID "\n";
	struct sink sink;

	(void)state;
	sink_open(&sink);
	sink.fail = -EIO;
	assert_int_equal(sieve_feed(sink.sieve, text, sizeof(text) - 1), -EIO);
	sink.fail = 0;
	feed_serial(&sink, "AVC", 2);
	feed_serial(&sink, "AVC", 3);
	sink.fail = -EPIPE;
	assert_int_equal(sieve_age(sink.sieve, 2 * NSEC_PER_SEC), -EPIPE);
	assert_int_equal(sieve_finish(sink.sieve), -EPIPE);
	assert_string_equal(sink_take(&sink), "1=USER 2=AVC? 3=AVC? ");
	sink_close(&sink);
}

/* --- real captures -------------------------------------------------------- */

static void read_file(const char *path, struct strbuf *out)
{
	FILE *file = fopen(path, "re");
	char part[65536];
	size_t got;

	assert_non_null(file);
	while ((got = fread(part, 1, sizeof(part), file)))
		strbuf_add(out, part, got);
	assert_false(ferror(file) || out->failed);
	fclose(file);
}

static void for_each_log(void (*check)(const char *path, struct str text))
{
	const char *srcdir = getenv("srcdir");
	struct strbuf path = STRBUF_INIT(0);
	glob_t found;

	strbuf_printf(&path, "%s/tests/corpus/*/*.log", srcdir ? srcdir : ".");
	strbuf_add_char(&path, '\0');
	assert_int_equal(glob(path.data, 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct strbuf text = STRBUF_INIT(0);

		read_file(found.gl_pathv[i], &text);
		check(found.gl_pathv[i], strbuf_str(&text));
		strbuf_free(&text);
	}
	globfree(&found);
	strbuf_free(&path);
}

/* A record of a capture, grouped the simple way: sorted by (node, id). */
struct plain {
	char key[128];
	size_t order;
	struct str text;
	bool used;
};

static int plain_compare(const void *a, const void *b)
{
	const struct plain *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : x->order < y->order ? -1 : 1;
}

static bool plain_parse(struct str line, struct plain *plain)
{
	char head[256], node[64] = "", type[32], id[48];
	size_t len = line.len < sizeof(head) - 1 ? line.len : sizeof(head) - 1;

	memcpy(head, line.data, len);
	head[len] = '\0';
	if (sscanf(head, "node=%63s type=%31s msg=audit(%47[0-9.:]):", node,
		   type, id) != 3 &&
	    sscanf(head, "type=%31s msg=audit(%47[0-9.:]):", type, id) != 2)
		return false;
	if (!strcmp(type, "EOE"))
		return false;
	snprintf(plain->key, sizeof(plain->key), "%s %s", node, id);
	plain->text = line;
	plain->used = false;
	return true;
}

struct grouping {
	struct plain *plains;
	size_t count;
};

static void grouping_make(struct str text, struct grouping *out)
{
	const char *p = text.data, *end = text.data + text.len;

	out->plains = calloc(text.len / 16 + 1, sizeof(*out->plains));
	assert_non_null(out->plains);
	out->count = 0;
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;
		struct plain *plain = &out->plains[out->count];

		if (plain_parse((struct str){ p, (size_t)(stop - p) }, plain))
			plain->order = out->count++;
		p = stop + 1;
	}
	qsort(out->plains, out->count, sizeof(*out->plains), plain_compare);
}

/* The event must be one whole group, not seen before. */
static int check_grouping(void *user, const struct raw_event *event)
{
	struct grouping *grouping = user;
	struct plain wanted = { .order = 0 }, *plain;
	size_t i = 0;

	check_shape(event);
	assert_true(plain_parse(event->records[0], &wanted));
	while (i < grouping->count &&
	       strcmp(grouping->plains[i].key, wanted.key))
		i++;
	for (size_t j = 0; j < event->record_count; j++) {
		assert_true(i + j < grouping->count);
		plain = &grouping->plains[i + j];
		assert_string_equal(plain->key, wanted.key);
		assert_false(plain->used);
		plain->used = true;
		assert_true(str_equal(plain->text, event->records[j]));
	}
	i += event->record_count;
	assert_true(i == grouping->count ||
		    strcmp(grouping->plains[i].key, wanted.key));
	return 0;
}

static void check_log_grouping(const char *path, struct str text)
{
	struct grouping grouping;
	struct sieve_config config = {
		.on_event = check_grouping,
		.user = &grouping,
		.event_timeout_ns = 2 * NSEC_PER_SEC,
	};
	struct sieve_stats stats;
	struct sieve *sieve;

	grouping_make(text, &grouping);
	assert_int_equal(sieve_new(&config, &sieve), 0);
	assert_int_equal(sieve_feed(sieve, text.data, text.len), 0);
	assert_int_equal(sieve_finish(sieve), 0);
	sieve_stats(sieve, &stats);
	assert_int_equal(stats.malformed, 0);
	assert_int_equal(stats.duplicates, 0);
	/* of all captures, only this one lost records */
	assert_int_equal(stats.gaps, strstr(path, "/load-wait/") ? 39 : 0);
	for (size_t i = 0; i < grouping.count; i++)
		if (!grouping.plains[i].used)
			fail_msg("%s: %s not given out", path,
				 grouping.plains[i].key);
	sieve_free(&sieve);
	free(grouping.plains);
}

static void test_corpus_grouping(void **state)
{
	(void)state;
	for_each_log(check_log_grouping);
}

/* --- chunks and mutations ------------------------------------------------- */

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Everything that comes out, fed in chunks of size, or of random sizes (0). */
static void run_chunks(struct str text, size_t size, struct sink *sink)
{
	uint64_t position = 0;
	uint32_t random = 1;

	sink_open(sink);
	sink->whole = sink->places = true;
	for (size_t at = 0; at < text.len;) {
		size_t len = size ? size : 1 + next_random(&random) % 4096;

		if (len > text.len - at)
			len = text.len - at;
		assert_int_equal(sieve_feed(sink->sieve, text.data + at, len),
				 0);
		at += len;
		assert_true(sieve_position(sink->sieve) >= position);
		position = sieve_position(sink->sieve);
		assert_true(position <= at);
	}
	/* all that is known by now */
	sieve_save(sink->sieve, &sink->out);
	finish(sink);
}

static void check_log_chunks(const char *path, struct str text)
{
	static const size_t sizes[] = { 1, 7, 0 };
	struct sink whole, chunks;
	struct sieve_stats a, b;

	(void)path;
	run_chunks(text, text.len, &whole);
	a = sink_stats(&whole);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		run_chunks(text, sizes[i], &chunks);
		b = sink_stats(&chunks);
		assert_true(str_equal(strbuf_str(&whole.out),
				      strbuf_str(&chunks.out)));
		assert_memory_equal(&a, &b, sizeof(a));
		sink_close(&chunks);
	}
	sink_close(&whole);
}

static void test_corpus_chunks(void **state)
{
	(void)state;
	for_each_log(check_log_chunks);
}

/* The sieve at a cut, and one that goes on from what it has saved. */
static void hand_over(struct str log, size_t cut, struct sink *first,
		      struct sink *second)
{
	struct strbuf saved = STRBUF_INIT(0);
	struct reader reader;
	uint64_t position;

	sink_open(first);
	sink_open(second);
	assert_int_equal(sieve_feed(first->sieve, log.data, cut), 0);
	position = sieve_position(first->sieve);
	assert_true(position <= cut);
	sieve_save(first->sieve, &saved);
	assert_false(saved.failed);
	reader.at = (const uint8_t *)saved.data;
	reader.end = reader.at + saved.len;
	reader.bad = false;
	assert_int_equal(sieve_load(second->sieve, &reader), 0);
	assert_ptr_equal(reader.at, reader.end);
	assert_int_equal(sieve_feed(second->sieve, log.data + position,
				    log.len - position),
			 0);
	assert_int_equal(sieve_finish(second->sieve), 0);
	strbuf_free(&saved);
}

static size_t count_of(const char *text, const char *part, size_t len)
{
	size_t count = 0;

	for (; (text = memmem(text, strlen(text), part, len)); text += len)
		count++;
	return count;
}

/* Wherever it is cut, each event comes once, and no serial is missed. */
static void test_handover(void **state)
{
	char path[4096];
	struct sink whole;
	const char *expected;
	size_t len = 0;
	char *data;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/corpus/gcc-o/plugin.log",
		 readlog_srcdir());
	data = readlog_file(path, &len);
	assert_non_null(data);
	sink_open(&whole);
	feed(&whole, data);
	assert_int_equal(sieve_finish(whole.sieve), 0);
	expected = sink_take(&whole);
	for (size_t cut = 0; cut <= len; cut += 97) {
		struct sink first, second;
		struct strbuf both = STRBUF_INIT(0);

		hand_over((struct str){ data, len }, cut, &first, &second);
		strbuf_printf(&both, "%s", sink_take(&first));
		strbuf_printf(&both, "%s", sink_take(&second));
		for (const char *p = expected; *p; p = strchr(p, ' ') + 1)
			assert_int_equal(
				count_of(both.data, p,
					 (size_t)(strchr(p, ' ') + 1 - p)),
				1);
		assert_int_equal(both.len, strlen(expected));
		assert_int_equal(sink_stats(&second).gaps,
				 sink_stats(&whole).gaps);
		strbuf_free(&both);
		sink_close(&first);
		sink_close(&second);
	}
	sink_close(&whole);
	free(data);
}

/* --- catching up ---------------------------------------------------------- */

/* Of another boot, with serials that would be new; of a host not known; and one
 * that the first sieve had seen, were its window still all there. */
static const char other_records[] =
	"type=USER msg=audit(1795480000.000:900000): x\n"
	"node=b type=USER msg=audit(1795486463.000:25285): x\n"
	"type=USER msg=audit(1795486000.000:7): x\n"
	"garbage\n";

/* The log as auditd has written it when the stream is at a place: whole rows up
 * to there and one more, and some of the next; no EOE. Returns the bytes of whole
 * rows. */
static size_t write_log(struct str stream, size_t at, struct strbuf *log)
{
	size_t rows;

	const char *p = stream.data, *stop = stream.data + at;

	strbuf_add_str(log, str_from(other_records));
	while (p <= stop && p < stream.data + stream.len) {
		const char *end = strchr(p, '\n') + 1;

		if (memcmp(p, "type=EOE ", 9))
			strbuf_add(log, p, (size_t)(end - p));
		p = end;
	}
	rows = log->len;
	if (p < stream.data + stream.len)
		strbuf_add(log, p, 20);
	return rows;
}

/* The state is of a cut, and the stream goes on for another at a later place. */
static void catch_up(struct str stream, size_t cut, size_t at,
		     struct sink *first, struct sink *second)
{
	struct strbuf saved = STRBUF_INIT(0), log = STRBUF_INIT(0);
	struct reader reader = { 0 };
	size_t rows;

	sink_open(first);
	sink_open(second);
	assert_int_equal(sieve_feed(first->sieve, stream.data, cut), 0);
	sieve_save(first->sieve, &saved);
	reader.at = (const uint8_t *)saved.data;
	reader.end = reader.at + saved.len;
	assert_int_equal(sieve_load(second->sieve, &reader), 0);
	rows = write_log(stream, at, &log);
	sieve_catch_up(second->sieve, 1795486000 * NSEC_PER_SEC, 0);
	assert_int_equal(sieve_feed(second->sieve, log.data, log.len), 0);
	sieve_caught_up(second->sieve);
	assert_int_equal(sink_stats(second).records, 0);
	assert_int_equal(sieve_position(second->sieve), rows);
	assert_int_equal(
		sieve_feed(second->sieve, stream.data + at, stream.len - at),
		0);
	assert_int_equal(sieve_finish(second->sieve), 0);
	strbuf_free(&saved);
	strbuf_free(&log);
}

static void assert_each_once(const char *expected, struct sink *first,
			     struct sink *second)
{
	struct strbuf both = STRBUF_INIT(0);

	strbuf_printf(&both, "%s", sink_take(first));
	strbuf_printf(&both, "%s", sink_take(second));
	for (const char *p = expected; *p; p = strchr(p, ' ') + 1)
		assert_int_equal(count_of(both.data, p,
					  (size_t)(strchr(p, ' ') + 1 - p)),
				 1);
	assert_int_equal(both.len, strlen(expected));
	strbuf_free(&both);
}

/* Whenever the state was saved, and wherever the stream goes on: each event
 * comes once and whole, by the log or by the stream, and no serial is missed. */
static void test_catch_up(void **state)
{
	char path[4096];
	struct sink whole;
	const char *expected;
	size_t len = 0, start;
	char *data;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/corpus/gcc-o/plugin.log",
		 readlog_srcdir());
	data = readlog_file(path, &len);
	assert_non_null(data);
	sink_open(&whole);
	feed(&whole, data);
	assert_int_equal(sieve_finish(whole.sieve), 0);
	expected = sink_take(&whole);
	/* something of the host has been seen */
	start = (size_t)(strstr(data, "type=EOE ") - data);
	start += strcspn(data + start, "\n") + 1;
	for (size_t cut = start; cut < len; cut += 211) {
		size_t at = cut + strcspn(data + cut, "\n") + 1;

		for (; at < len; at += strcspn(data + at, "\n") + 1) {
			struct sink first, second;

			catch_up((struct str){ data, len }, cut, at, &first,
				 &second);
			assert_each_once(expected, &first, &second);
			assert_int_equal(sink_stats(&second).gaps, 0);
			sink_close(&first);
			sink_close(&second);
		}
	}
	sink_close(&whole);
	free(data);
}

/* A window that was saved does not start again: what is missing is told, however
 * much it is. */
static void test_missing_while_away(void **state)
{
	static const struct record before = { .type = "USER", .serial = 100 },
				   after = { .type = "USER",
					     .msec = 5000,
					     .serial = 300101 };
	struct strbuf saved = STRBUF_INIT(0);
	struct reader reader = { 0 };
	struct sink first, second;

	(void)state;
	sink_open(&first);
	sink_open(&second);
	feed_record(&first, &before);
	sieve_save(first.sieve, &saved);
	reader.at = (const uint8_t *)saved.data;
	reader.end = reader.at + saved.len;
	assert_int_equal(sieve_load(second.sieve, &reader), 0);
	feed_record(&second, &after);
	assert_int_equal(sieve_finish(second.sieve), 0);
	assert_int_equal(sink_stats(&second).gaps, 300000);
	strbuf_free(&saved);
	sink_close(&first);
	sink_close(&second);
}

/* What is cut off or has a byte changed is refused, or at least does no harm.
 */
static void test_damaged_state(void **state)
{
	struct strbuf saved = STRBUF_INIT(0);
	uint32_t random = 1;
	struct sink sink;

	(void)state;
	sink_open(&sink);
	feed(&sink, "node=a type=USER msg=audit(1700000000.000:7): x\n"
		    "node=b type=SYSCALL msg=audit(1700000000.000:70): x\n");
	sieve_save(sink.sieve, &saved);
	sink_close(&sink);
	for (int i = 0; i < 2000; i++) {
		struct strbuf copy = STRBUF_INIT(0);
		struct reader reader = { 0 };
		int rc;

		strbuf_add(&copy, saved.data, saved.len);
		copy.data[next_random(&random) % copy.len] =
			(char)next_random(&random);
		if (i % 2)
			copy.len = next_random(&random) % copy.len;
		reader.at = (const uint8_t *)copy.data;
		reader.end = reader.at + copy.len;
		sink_open(&sink);
		rc = sieve_load(sink.sieve, &reader);
		if (!rc)
			feed(&sink, "node=a type=USER "
				    "msg=audit(1700000000.000:8): x\n");
		else
			assert_int_equal(rc, -EBADMSG);
		sink_close(&sink);
		strbuf_free(&copy);
	}
	strbuf_free(&saved);
}

/* Also over the limit of a record, where a line begun is cut. */
static void test_long_chunks(void **state)
{
	struct strbuf text = STRBUF_INIT(0);

	(void)state;
	for (int extra = -2; extra <= 3; extra++) {
		static const char *const ends[] = { "\n", "\r\n" };

		for (int i = 0; i < 2; i++) {
			size_t start = text.len;

			record_write(&text,
				     &(struct record){ .type = "USER",
						       .serial = text.len });
			text.len--;
			while (text.len - start <
			       (size_t)(LIMIT_RECORD_BYTES + extra))
				strbuf_add_char(&text, '\r');
			strbuf_add(&text, ends[i], strlen(ends[i]));
		}
	}
	check_log_chunks("", strbuf_str(&text));
	strbuf_free(&text);
}

/* One random change; the text keeps its length or gets shorter. */
static void mutate(struct strbuf *text, uint32_t *random)
{
	static const char bytes[] = "\0\n\r =:.()-0123456789_\x1d\xff";
	size_t at = next_random(random) % text->len;
	size_t from = next_random(random) % text->len;
	size_t len = 1 + next_random(random) % 400;

	if (len > text->len - at)
		len = text->len - at;
	if (len > text->len - from)
		len = text->len - from;
	switch (next_random(random) % 4) {
	case 0:
		text->data[at] = (char)next_random(random);
		break;
	case 1:
		text->data[at] = bytes[next_random(random) % sizeof(bytes)];
		break;
	case 2:
		memmove(text->data + at, text->data + from, len);
		break;
	default:
		if (len == text->len)
			break;
		memmove(text->data + at, text->data + at + len,
			text->len - at - len);
		text->len -= len;
		break;
	}
}

static void check_log_mutations(const char *path, struct str text)
{
	uint32_t random = 0x9e3779b9;

	if (!strstr(path, "/gcc-o/") && !strstr(path, "/hosts-crossed/"))
		return;
	for (int round = 0; round < 40; round++) {
		struct strbuf copy = STRBUF_INIT(0);

		strbuf_add_str(&copy, text);
		for (int i = 0; i < 1 << round % 8; i++)
			mutate(&copy, &random);
		check_log_chunks(path, strbuf_str(&copy));
		strbuf_free(&copy);
	}
}

static void test_mutations(void **state)
{
	(void)state;
	for_each_log(check_log_mutations);
}

/* --- random streams ------------------------------------------------------- */

#define OPEN_AT_ONCE 3

struct random_stream {
	struct strbuf text;
	uint32_t random;
	long long msec;
	unsigned long long serial;
	const char *node;
	unsigned int percent; /* of what is odd */
	struct record open[OPEN_AT_ONCE];
};

static bool by_chance(struct random_stream *stream, unsigned int percent)
{
	return next_random(&stream->random) % 100 < percent;
}

static struct record random_record(struct random_stream *stream)
{
	static const char *const nodes[] = { NULL, "a", "ab", "b" };

	if (by_chance(stream, stream->percent))
		stream->node = nodes[next_random(&stream->random) % 4];
	stream->msec += next_random(&stream->random) % 20;
	/* a clock that is set, and a loss */
	if (by_chance(stream, 1))
		stream->msec += next_random(&stream->random) % 9000 - 4000LL;
	stream->serial += 1 + by_chance(stream, 2);
	return (struct record){ .node = stream->node,
				.msec = stream->msec + 100000,
				.serial = stream->serial };
}

static void random_write(struct random_stream *stream,
			 const struct record *record)
{
	static const char *const others[] = { "\n", "----\n", "type=PATH\n",
					      "\r\n", "no record\n" };
	char *end;

	record_write(&stream->text, record);
	if (!by_chance(stream, stream->percent / 4))
		return;
	end = stream->text.data + stream->text.len - 2;
	switch (next_random(&stream->random) % 4) {
	case 0:
		*end = '\r';
		break;
	case 1:
		*end = '\0';
		break;
	case 2:
		record_write(&stream->text, record);
		break;
	default:
		strbuf_printf(&stream->text, "%s",
			      others[next_random(&stream->random) %
				     ARRAY_SIZE(others)]);
	}
}

/* A record of one of a few events, most often of the same one. */
static void random_step(struct random_stream *stream)
{
	static const char *const types[] = { "PATH", "CWD",	  "SYSCALL",
					     "PATH", "PROCTITLE", "EOE" };
	struct record *open = stream->open;

	if (by_chance(stream, stream->percent))
		open += next_random(&stream->random) % OPEN_AT_ONCE;
	if (!open->type) {
		*open = random_record(stream);
		open->type = by_chance(stream, 10) ? "USER_ACCT" : "SYSCALL";
	} else {
		open->type =
			types[next_random(&stream->random) % ARRAY_SIZE(types)];
	}
	random_write(stream, open);
	if (strcmp(open->type, "EOE") && strcmp(open->type, "USER_ACCT"))
		return;
	open->type = NULL;
}

/* In one piece, where most records are taken as what follows the last one, and
 * byte by byte, where none is. */
static void test_random(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 60; seed++) {
		struct random_stream stream = { .random = seed * 2654435761U,
						.percent = seed % 3 * 8 };

		for (int i = 0; i < 2500; i++)
			random_step(&stream);
		assert_false(stream.text.failed);
		check_log_chunks("", strbuf_str(&stream.text));
		strbuf_free(&stream.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_line_with_nul),
		cmocka_unit_test(test_name_lengths),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_record_limit),
		cmocka_unit_test(test_event_record_limit),
		cmocka_unit_test(test_event_byte_limit),
		cmocka_unit_test(test_open_event_limit),
		cmocka_unit_test(test_open_byte_limit),
		cmocka_unit_test(test_later_records),
		cmocka_unit_test(test_no_ends),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_host_limit),
		cmocka_unit_test(test_local_host),
		cmocka_unit_test(test_window_limit),
		cmocka_unit_test(test_open_shares),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_position),
		cmocka_unit_test(test_error_is_passed_up),
		cmocka_unit_test(test_corpus_grouping),
		cmocka_unit_test(test_corpus_chunks),
		cmocka_unit_test(test_handover),
		cmocka_unit_test(test_catch_up),
		cmocka_unit_test(test_missing_while_away),
		cmocka_unit_test(test_damaged_state),
		cmocka_unit_test(test_long_chunks),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
