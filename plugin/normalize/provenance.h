/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which executable files came into being on each host, and how: by device and
 * inode, and by path. Bounded in bytes: of the host that has most, the login
 * that has most loses its oldest (share.h).
 */
#ifndef AUDISP_EQL_NORMALIZE_PROVENANCE_H
#define AUDISP_EQL_NORMALIZE_PROVENANCE_H

#include "../util/codec.h"
#include "../util/list.h"
#include "image.h"
#include "origin.h"
#include "share.h"

struct provenance;
struct file_host;

/* A file of a host. An inode number is used again after the file is gone, at
 * once on ext4. */
struct file_id {
	uint64_t host; /* provenance_host() */
	uint64_t device; /* major << 32 | minor */
	uint64_t inode; /* 0 = not known */
};

/* What it is known by. All but the first are known by path alone. */
enum file_known {
	FILE_BORN, /* a record of its birth */
	FILE_OUTPUT, /* a linker was told to make it */
	FILE_COPY, /* a tool was told to copy or move to it */
	FILE_RUN, /* a program was seen to run under this name */
	FILE__KNOWN,
};

struct known_file {
	struct list in_inodes, in_paths;
	struct file_host *host;
	struct share_entry charged;
	struct file_id id;
	struct origin *origin;
	enum file_known how;
	uint32_t payer;
	uint32_t owner; /* uid of the file; told to be made: of who was told */
	/* seen with an execute permission: were another file given the inode,
	 * that would have been seen, too */
	bool confirmed;
	struct shared_text *path; /* NULL = not known any more */
};

struct provenance_stats {
	uint64_t files, evicted;
	uint64_t linked_evicted; /* of these, linked */
	uint32_t evicted_payer; /* who paid for the last of those */
	size_t memory;
};

int provenance_new(size_t memcap, struct provenance **out);
void provenance_free(struct provenance **table);
/* What stands for a host in a file_id: the same in each run. */
uint64_t provenance_host(struct str name);
/* "fe:00" and "1343571" of a PATH record; false = not known. */
bool file_id_parse(struct str device, struct str inode, struct file_id *out);

/* An origin for files of this table; NULL = out of memory. */
struct origin *provenance_origin(struct provenance *table,
				 const struct origin_source *source);

/* A file and how it came into being. */
struct file_birth {
	struct file_id id; /* no inode: known by its path alone */
	struct str path; /* empty: known by its inode alone */
	enum file_known how;
	uint32_t owner;
	uint32_t payer;
	bool confirmed;
	struct origin *origin;
};

/* It takes the place of what had the inode, and the path, before. 0, -ENOMEM. */
int provenance_add(struct provenance *table, const struct file_birth *birth);
/* NULL = not known. */
struct known_file *provenance_find(const struct provenance *table,
				   const struct file_id *id);
/* One of that inode and name on another device, where one of the two devices is
 * none of a disk: the same file by way of an overlay or a snapshot. */
struct known_file *provenance_find_layer(const struct provenance *table,
					 const struct file_id *id,
					 struct str name);
struct known_file *provenance_find_path(const struct provenance *table,
					uint64_t host, struct str path);
/* The newest linked file with this base name that the payer brought about; a
 * walk over all that he has. NULL = none. */
struct known_file *provenance_find_linked(const struct provenance *table,
					  uint64_t host, uint32_t payer,
					  struct str name);
/* The file has another name now. 0 or -ENOMEM. */
int provenance_move(struct provenance *table, struct known_file *file,
		    struct str path);
/* Something with another origin has been written into it. */
void provenance_set_origin(struct provenance *table, struct known_file *file,
			   struct origin *origin);

/* Nothing is known of a host's files any more. */
void provenance_forget(struct provenance *table, uint64_t host);

void provenance_save(const struct provenance *table, struct strbuf *out);
/* Into an empty table; booted = without files of no device, which are gone. 0,
 * -EBADMSG, -ENOMEM. */
int provenance_load(struct provenance *table, struct reader *reader,
		    bool booted);
/* An origin by itself; NULL = out of memory. One that is bad sets reader->bad. */
void provenance_save_origin(const struct origin_source *is, struct strbuf *out);
struct origin *provenance_load_origin(struct provenance *table,
				      struct reader *reader);
void provenance_stats(const struct provenance *table,
		      struct provenance_stats *out);

#endif
