/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_CODEC_H
#define AUDISP_EQL_UTIL_CODEC_H

#include "strbuf.h"

/*
 * Numbers and texts of a saved state: little-endian, texts with their length.
 * Reading never goes beyond the end: what is not there reads as zero and sets
 * bad, which is asked once, where it matters.
 */
struct reader {
	const uint8_t *at, *end;
	bool bad;
	/* of a file that is mapped: from here on what was read is part of this
	 * process, and soon no more; NULL = the bytes are memory as any */
	const uint8_t *mapped;
};

struct reader reader_of(struct str bytes);

void write_u8(struct strbuf *out, uint8_t number);
void write_u16(struct strbuf *out, uint16_t number);
void write_u32(struct strbuf *out, uint32_t number);
void write_u64(struct strbuf *out, uint64_t number);
void write_str(struct strbuf *out, struct str text);

uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
int64_t read_i64(struct reader *reader);
void read_bytes(struct reader *reader, void *out, size_t len);
struct str read_str(struct reader *reader);
/* A number of things that take at least so many bytes each. */
uint32_t read_count(struct reader *reader, size_t least);
/* An index below count; 0 and bad where it is none. */
uint32_t read_index(struct reader *reader, size_t count);

#endif
