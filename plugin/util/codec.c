/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codec.h"

#include <endian.h>
#include <string.h>
#include <sys/mman.h>

/* A system call for each of these: many pages. */
#define AWAY_BYTES (256U << 10)

void write_u8(struct strbuf *out, uint8_t number)
{
	strbuf_add(out, &number, sizeof(number));
}

void write_u16(struct strbuf *out, uint16_t number)
{
	number = htole16(number);
	strbuf_add(out, &number, sizeof(number));
}

void write_u32(struct strbuf *out, uint32_t number)
{
	number = htole32(number);
	strbuf_add(out, &number, sizeof(number));
}

void write_u64(struct strbuf *out, uint64_t number)
{
	number = htole64(number);
	strbuf_add(out, &number, sizeof(number));
}

void write_str(struct strbuf *out, struct str text)
{
	write_u32(out, (uint32_t)text.len);
	strbuf_add_str(out, text);
}

struct reader reader_of(struct str bytes)
{
	const uint8_t *at = (const uint8_t *)bytes.data;

	/* of none there may be no address, either */
	return (struct reader){ .at = at,
				.end = bytes.len ? at + bytes.len : at };
}

/* Texts that were read are still there for who looks at them: the pages come
 * back then. */
static void put_away(struct reader *reader)
{
	size_t len = (size_t)(reader->at - reader->mapped);

	len -= len % AWAY_BYTES;
	if (!len)
		return;
	madvise((void *)(uintptr_t)reader->mapped, len, MADV_DONTNEED);
	reader->mapped += len;
}

void read_bytes(struct reader *reader, void *out, size_t len)
{
	if ((size_t)(reader->end - reader->at) < len) {
		reader->bad = true;
		reader->at = reader->end;
		memset(out, 0, len);
		return;
	}
	memcpy(out, reader->at, len);
	reader->at += len;
}

uint8_t read_u8(struct reader *reader)
{
	uint8_t number;

	read_bytes(reader, &number, sizeof(number));
	return number;
}

uint16_t read_u16(struct reader *reader)
{
	uint16_t number;

	read_bytes(reader, &number, sizeof(number));
	return le16toh(number);
}

uint32_t read_u32(struct reader *reader)
{
	uint32_t number;

	read_bytes(reader, &number, sizeof(number));
	return le32toh(number);
}

uint64_t read_u64(struct reader *reader)
{
	uint64_t number;

	read_bytes(reader, &number, sizeof(number));
	return le64toh(number);
}

int64_t read_i64(struct reader *reader)
{
	return (int64_t)read_u64(reader);
}

struct str read_str(struct reader *reader)
{
	uint32_t len = read_u32(reader);
	struct str text = { (const char *)reader->at, len };

	if ((size_t)(reader->end - reader->at) < len) {
		reader->bad = true;
		return (struct str){ 0 };
	}
	reader->at += len;
	if (reader->mapped)
		put_away(reader);
	return text;
}

uint32_t read_count(struct reader *reader, size_t least)
{
	uint32_t count = read_u32(reader);

	if (count > (size_t)(reader->end - reader->at) / least) {
		reader->bad = true;
		return 0;
	}
	return count;
}

uint32_t read_index(struct reader *reader, size_t count)
{
	uint32_t index = read_u32(reader);

	if (index < count)
		return index;
	reader->bad = true;
	return 0;
}
