/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../status.h"
#include "../util/clock.h"
#include "../util/digits.h"
#include "../util/json.h"

#define FILE_BYTES_MAX (8U << 20)
/* written every ten seconds: this is three times missed */
#define STALE_S (3 * STATUS_INTERVAL_NS / NSEC_PER_SEC)

static bool skip(struct str *rest, struct str text)
{
	if (rest->len < text.len || memcmp(rest->data, text.data, text.len))
		return false;
	rest->data += text.len;
	rest->len -= text.len;
	return true;
}

static struct str take_until(struct str *rest, const char *ends)
{
	struct str part = { rest->data, 0 };

	while (part.len < rest->len && !strchr(ends, rest->data[part.len]))
		part.len++;
	rest->data += part.len;
	rest->len -= part.len;
	return part;
}

/* A quoted value, as it is written, behind its first quote. */
static struct str take_quoted(struct str *rest)
{
	struct str part = { rest->data, 0 };

	while (part.len < rest->len && rest->data[part.len] != '"')
		part.len += rest->data[part.len] == '\\' ? 2 : 1;
	if (part.len > rest->len)
		part.len = rest->len;
	rest->data += part.len;
	rest->len -= part.len;
	skip(rest, STR("\""));
	return part;
}

/* Between braces; a quoted value may hold any of these characters. */
static bool take_labels(struct str *rest, struct str *out)
{
	bool quoted = false;

	*out = (struct str){ 0 };
	if (!skip(rest, STR("{")))
		return true;
	out->data = rest->data;
	while (rest->len && (quoted || rest->data[0] != '}')) {
		size_t step = rest->data[0] == '\\' && rest->len > 1 ? 2 : 1;

		quoted ^= rest->data[0] == '"';
		rest->data += step;
		rest->len -= step;
	}
	out->len = (size_t)(rest->data - out->data);
	return skip(rest, STR("}"));
}

static bool take_metric(struct str row, struct metric *out)
{
	if (!skip(&row, STR(STATUS_PREFIX)))
		return false;
	out->name = take_until(&row, "{ ");
	return out->name.len && take_labels(&row, &out->labels) &&
	       skip(&row, STR(" ")) && digits_parse(row, 10, &out->number);
}

const struct metric *status_file_find(const struct status_file *file,
				      const char *name)
{
	for (size_t i = 0; i < file->metric_count; i++)
		if (str_equal(file->metrics[i].name, str_from(name)))
			return &file->metrics[i];
	return NULL;
}

uint64_t status_file_number(const struct status_file *file, const char *name)
{
	const struct metric *metric = status_file_find(file, name);

	return metric ? metric->number : 0;
}

uint64_t status_file_time(uint64_t number)
{
	const uint64_t last = INT64_MAX / NSEC_PER_SEC;

	return number < last ? number : last;
}

struct str status_file_label(const struct metric *metric, const char *label)
{
	struct str rest = metric ? metric->labels : (struct str){ 0 };

	while (rest.len) {
		struct str name = take_until(&rest, "=");
		struct str value;

		if (!skip(&rest, STR("=\"")))
			break;
		value = take_quoted(&rest);
		if (str_equal(name, str_from(label)))
			return value;
		skip(&rest, STR(","));
	}
	return STR("?");
}

struct str status_file_info(const struct status_file *file, const char *label)
{
	return status_file_label(status_file_find(file, "info"), label);
}

/* False = this is no status file: the plugin writes nothing that a terminal would
 * take for more than text. */
static bool take_rows(struct status_file *file)
{
	struct str rest = strbuf_str(&file->text);

	while (rest.len) {
		struct str row = take_until(&rest, "\n");

		if (!skip(&rest, STR("\n")) || !text_is_plain(row))
			return false;
		if (row.len && row.data[0] == '#')
			continue;
		if (!take_metric(row, &file->metrics[file->metric_count]))
			return false;
		file->metric_count++;
	}
	return status_file_find(file, "info") &&
	       status_file_find(file, "written_timestamp_seconds");
}

static int read_all(int fd, struct strbuf *out)
{
	char chunk[65536];
	ssize_t len;

	while ((len = read(fd, chunk, sizeof(chunk))) > 0) {
		strbuf_add(out, chunk, (size_t)len);
		if (out->failed)
			return -EFBIG;
	}
	return len < 0 ? -errno : 0;
}

/* Its directory is the worker's, which may have been taken over: a pipe there
 * must not hold up who reads, nor a link lead elsewhere. */
static int read_regular(const char *path, struct strbuf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;
	int rc;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		rc = -errno;
	else
		rc = S_ISREG(st.st_mode) ? read_all(fd, out)
					 : STATUS_FILE_E_OTHER;
	close(fd);
	return rc;
}

int status_file_parse(struct status_file *file)
{
	uint64_t written;
	size_t rows = 0;

	for (size_t i = 0; i < file->text.len; i++)
		rows += file->text.data[i] == '\n';
	file->metrics = calloc(rows + 1, sizeof(*file->metrics));
	if (!file->metrics)
		return -ENOMEM;
	if (!take_rows(file))
		return STATUS_FILE_E_OTHER;
	written = status_file_number(file, "written_timestamp_seconds");
	file->age_s = clock_ns(CLOCK_REALTIME) / NSEC_PER_SEC -
		      (int64_t)status_file_time(written);
	return 0;
}

int status_file_read(const char *path, struct status_file *out)
{
	int rc;

	*out = (struct status_file){ .text = { .max = FILE_BYTES_MAX } };
	rc = read_regular(path, &out->text);
	return rc ? rc : status_file_parse(out);
}

void status_file_free(struct status_file *file)
{
	free(file->metrics);
	strbuf_free(&file->text);
	*file = (struct status_file){ 0 };
}

enum status_life status_file_life(const struct status_file *file)
{
	if (!status_file_number(file, "running"))
		return STATUS_ENDED;
	if (file->age_s > STALE_S)
		return STATUS_SILENT;
	return file->age_s < -STALE_S ? STATUS_AHEAD : STATUS_RUNS;
}
