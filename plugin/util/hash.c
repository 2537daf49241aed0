/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hash.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

static inline uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline uint64_t load_le64(const uint8_t *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return le64toh(x);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static inline void sip_absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t hash_bytes(const void *data, size_t len, const uint8_t seed[16])
{
	uint64_t k0 = load_le64(seed), k1 = load_le64(seed + 8);
	uint64_t v[4] = {
		k0 ^ 0x736f6d6570736575ULL,
		k1 ^ 0x646f72616e646f6dULL,
		k0 ^ 0x6c7967656e657261ULL,
		k1 ^ 0x7465646279746573ULL,
	};
	uint64_t last = (uint64_t)len << 56;
	const uint8_t *p = data;

	for (; len >= 8; len -= 8, p += 8)
		sip_absorb(v, load_le64(p));
	for (size_t i = 0; i < len; i++)
		last |= (uint64_t)p[i] << (8 * i);
	sip_absorb(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hash_combine(uint64_t a, uint64_t b)
{
	return (rotate(a, 25) ^ b) * 0x9e3779b97f4a7c15ULL;
}

void hash_check_begin(struct hash_check *check)
{
	*check = (struct hash_check){ .lanes = { 0, 1, 2, 3 } };
}

static void check_absorb(uint64_t lanes[4], const uint8_t *block)
{
	/* four at a time: multiplications wait for one another */
	for (size_t i = 0; i < 4; i++)
		lanes[i] = hash_combine(lanes[i], load_le64(block + 8 * i));
}

void hash_check_add(struct hash_check *check, const void *data, size_t len)
{
	uint64_t lanes[4];
	uint8_t rest[HASH_CHECK_BLOCK] = { 0 };
	const uint8_t *p = data;

	memcpy(lanes, check->lanes, sizeof(lanes));
	check->len += len;
	for (; len >= sizeof(rest); len -= sizeof(rest), p += sizeof(rest))
		check_absorb(lanes, p);
	if (len) {
		memcpy(rest, p, len);
		check_absorb(lanes, rest);
	}
	memcpy(check->lanes, lanes, sizeof(lanes));
}

uint64_t hash_check_end(const struct hash_check *check)
{
	uint64_t hash = check->len;

	for (size_t i = 0; i < 4; i++)
		hash = hash_combine(hash, check->lanes[i]);
	return hash;
}

uint64_t hash_check(const void *data, size_t len)
{
	struct hash_check check;

	hash_check_begin(&check);
	hash_check_add(&check, data, len);
	return hash_check_end(&check);
}

int hash_seed(uint8_t seed[16])
{
	uint8_t bytes[16];
	ssize_t got;

	do
		got = getrandom(bytes, sizeof(bytes), 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (got != sizeof(bytes))
		return -EIO;
	memcpy(seed, bytes, sizeof(bytes));
	return 0;
}

int hash_key_new(struct hash_key *out)
{
	uint8_t seeds[2][16];
	int rc = hash_seed(seeds[0]);

	if (!rc)
		rc = hash_seed(seeds[1]);
	if (rc)
		return rc;
	out->salt = load_le64(seeds[0]);
	out->factors[0] = load_le64(seeds[1]) | 1;
	out->factors[1] = load_le64(seeds[1] + 8) | 1;
	return 0;
}
