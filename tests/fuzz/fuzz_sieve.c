/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sieve under any bytes: what comes out, where it says it is by then, and
 * what it saves must not depend on how the stream was cut, and every event must
 * be whole in itself. Only what is fed in one piece stays where it was fed, and
 * byte by byte nothing does. A last run lets time pass between the chunks,
 * which may change what comes out.
 */
#include "sieve.h"

#include <string.h>

#include "limits.h"
#include "target.h"
#include "util/hash.h"
#include "util/strbuf.h"

struct run {
	const struct sieve *sieve;
	uint64_t digest;
	uint64_t records; /* handed out */
	struct sieve_stats stats;
};

static void digest(struct run *run, const void *data, size_t len)
{
	static const uint8_t seed[16];

	run->digest = hash_combine(run->digest, hash_bytes(data, len, seed));
}

static int on_event(void *user, const struct raw_event *event)
{
	struct run *run = user;
	const char *p = event->text.data;
	uint64_t position;

	require(event->record_count > 0);
	for (size_t i = 0; i < event->record_count; i++) {
		require(event->records[i].data == p);
		require(event->heads[i].body <= event->records[i].len);
		require(!memcmp(p + event->heads[i].body - 2, "):", 2));
		require(event->records[i].len <= LIMIT_RECORD_BYTES);
		p += event->records[i].len;
		require(*p++ == '\n');
	}
	require(p == event->text.data + event->text.len);
	require(!memchr(event->text.data, 0, event->text.len));
	run->records += event->record_count;
	digest(run, event->node.data, event->node.len);
	digest(run, &event->time_ns, sizeof(event->time_ns));
	digest(run, &event->serial, sizeof(event->serial));
	digest(run, &event->complete, sizeof(event->complete));
	digest(run, event->text.data, event->text.len);
	digest(run, event->heads, event->record_count * sizeof(*event->heads));
	position = sieve_position(run->sieve);
	digest(run, &position, sizeof(position));
	return 0;
}

static void on_gap(void *user, struct str node, uint64_t count, int64_t time_ns)
{
	struct run *run = user;

	require(count > 0);
	digest(run, node.data, node.len);
	digest(run, &count, sizeof(count));
	digest(run, &time_ns, sizeof(time_ns));
}

static void digest_saved(struct run *run)
{
	struct strbuf saved = STRBUF_INIT(0);

	sieve_save(run->sieve, &saved);
	require(!saved.failed);
	digest(run, saved.data, saved.len);
	strbuf_free(&saved);
}

/* In chunks of 1 to max bytes (0: as a whole), aged by so much after each. */
static void run_sieve(struct str text, size_t max, int64_t age_ns,
		      struct run *run)
{
	struct sieve_config config = {
		.on_event = on_event,
		.on_gap = on_gap,
		.user = run,
		.event_timeout_ns = 2 * NSEC_PER_SEC,
	};
	uint64_t position = 0;
	struct sieve *sieve;
	size_t len;

	*run = (struct run){ 0 };
	require(!sieve_new(&config, &sieve));
	run->sieve = sieve;
	for (size_t at = 0; at < text.len; at += len) {
		len = max ? 1 + at * 2654435761U % max : text.len;
		if (len > text.len - at)
			len = text.len - at;
		require(!sieve_feed(sieve, text.data + at, len));
		if (age_ns)
			require(!sieve_age(sieve, age_ns));
		require(sieve_position(sieve) >= position);
		position = sieve_position(sieve);
		require(position <= at + len);
	}
	digest_saved(run);
	require(!sieve_finish(sieve));
	require(sieve_position(sieve) == text.len);
	sieve_stats(sieve, &run->stats);
	require(run->stats.bytes == text.len);
	require(run->records + run->stats.duplicates + run->stats.over_limit <=
		run->stats.records);
	sieve_free(&sieve);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	static const size_t sizes[] = { 1, 97, 3000 };
	struct run whole, chunks, aged;

	run_sieve(text, 0, 0, &whole);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		run_sieve(text, sizes[i], 0, &chunks);
		require(whole.digest == chunks.digest);
		require(!memcmp(&whole.stats, &chunks.stats,
				sizeof(whole.stats)));
	}
	run_sieve(text, 300, NSEC_PER_SEC, &aged);
	require(aged.stats.records == whole.stats.records);
	return 0;
}
