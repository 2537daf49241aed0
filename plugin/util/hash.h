/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_HASH_H
#define AUDISP_EQL_UTIL_HASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4: keys come from an attacker, the seed does not. */
uint64_t hash_bytes(const void *data, size_t len, const uint8_t seed[16]);
/* Shows damage, and does not withstand malice; six times as fast. The same on
 * all machines. */
uint64_t hash_check(const void *data, size_t len);
/* The same of what comes in parts, each but the last of whole blocks. */
#define HASH_CHECK_BLOCK 32U
struct hash_check {
	uint64_t lanes[4], len;
};
void hash_check_begin(struct hash_check *check);
void hash_check_add(struct hash_check *check, const void *data, size_t len);
uint64_t hash_check_end(const struct hash_check *check);
/* Mixes a further hash in, order counts. */
uint64_t hash_combine(uint64_t a, uint64_t b);
/* A seed from the kernel; 0 or -errno. */
int hash_seed(uint8_t seed[16]);

/* A secret for numbers. */
struct hash_key {
	uint64_t salt, factors[2]; /* these are odd */
};

/* 0 or -errno. */
int hash_key_new(struct hash_key *out);

/* Of a number: ten times as fast as its bytes. Who knows neither the key nor the
 * hashes cannot choose numbers that meet in a table. */
static inline uint64_t hash_number(const struct hash_key *key, uint64_t number)
{
	uint64_t hash = (number ^ key->salt) * key->factors[0];

	hash ^= hash >> 32;
	hash *= key->factors[1];
	return hash ^ hash >> 29;
}

#endif
