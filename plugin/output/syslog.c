/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The form is BSD's (RFC 3164), as syslog(3) sends it: rsyslog garbles RFC 5424
 * on its local socket.
 */
#include "syslog.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "../limits.h"
#include "unixsock.h"

/* How long an alert may wait for a daemon that is behind. */
#define ALERT_WAIT_MS 1000
#define HEADER_BYTES 64

struct syslog_writer {
	pthread_mutex_t lock;
	int facility;
	struct unixsock sock;
	struct strbuf message;
};

int syslog_new(const char *path, int facility, struct syslog_writer **out)
{
	struct syslog_writer *writer = calloc(1, sizeof(*writer));
	int rc;

	if (!writer)
		return -ENOMEM;
	rc = unixsock_init(&writer->sock, path, true);
	if (rc) {
		free(writer);
		return rc;
	}
	pthread_mutex_init(&writer->lock, NULL);
	writer->facility = facility;
	writer->message.max = LIMIT_SYSLOG_BYTES + HEADER_BYTES;
	/* now, not after privileges and file system are gone */
	tzset();
	*out = writer;
	return 0;
}

void syslog_free(struct syslog_writer **writer)
{
	if (!*writer)
		return;
	unixsock_close(&(*writer)->sock);
	strbuf_free(&(*writer)->message);
	pthread_mutex_destroy(&(*writer)->lock);
	free(*writer);
	*writer = NULL;
}

int syslog_connect(struct syslog_writer *writer)
{
	int rc;

	pthread_mutex_lock(&writer->lock);
	rc = unixsock_connect(&writer->sock);
	pthread_mutex_unlock(&writer->lock);
	return rc;
}

void syslog_format(const struct syslog_header *header, struct str text,
		   struct strbuf *out)
{
	/* not strftime(): the names are English in any locale */
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
	};
	struct tm tm = { 0 };

	localtime_r(&header->when, &tm);
	strbuf_printf(out, "<%d>%s %2d %02d:%02d:%02d audisp-eql[%d]: ",
		      header->priority, months[tm.tm_mon], tm.tm_mday,
		      tm.tm_hour, tm.tm_min, tm.tm_sec, (int)header->pid);
	strbuf_add_str(out, text);
}

int syslog_send(struct syslog_writer *writer, int priority, struct str text,
		int wait_ms)
{
	/* the one time that is not an event's: when we wrote this */
	struct syslog_header header = {
		.priority = priority | writer->facility,
		.when = time(NULL),
		.pid = getpid(),
	};
	int rc;

	if (text.len > LIMIT_SYSLOG_BYTES)
		text.len = LIMIT_SYSLOG_BYTES;
	pthread_mutex_lock(&writer->lock);
	strbuf_reset(&writer->message);
	syslog_format(&header, text, &writer->message);
	/* behind it, not in it: see unixsock_send() */
	strbuf_add_char(&writer->message, '\0');
	rc = writer->message.failed
		     ? -ENOMEM
		     : unixsock_send(&writer->sock,
				     (struct str){ writer->message.data,
						   writer->message.len - 1 },
				     wait_ms);
	pthread_mutex_unlock(&writer->lock);
	return rc;
}

void syslog_notice(void *user, int priority, struct str text)
{
	syslog_send(user, priority, text, 0);
}

/* --- output --------------------------------------------------------------- */

struct syslog_output {
	struct syslog_writer *writer;
	bool cee;
};

static bool syslog_wanted(const struct output_config *config)
{
	return config->syslog == OUTPUT_SYSLOG_YES;
}

static void syslog_close(void *state)
{
	struct syslog_output *output = state;

	syslog_free(&output->writer);
	free(output);
}

static int syslog_reopen(void *state)
{
	struct syslog_output *output = state;

	return syslog_connect(output->writer);
}

static int syslog_open(const struct output_config *config, void **state)
{
	const char *path = config->syslog_socket;
	struct syslog_output *output = calloc(1, sizeof(*output));
	int rc;

	if (!output)
		return -ENOMEM;
	output->cee = config->syslog_cee;
	rc = syslog_new(path && *path ? path : SYSLOG_SOCKET_DEFAULT,
			config->syslog_facility, &output->writer);
	if (!rc)
		rc = syslog_connect(output->writer);
	if (rc) {
		syslog_close(output);
		return rc;
	}
	*state = output;
	return 0;
}

static int syslog_write(void *state, const struct rendered *alert)
{
	struct syslog_output *output = state;

	return syslog_send(output->writer, alert->priority,
			   output->cee ? alert->cee : alert->text,
			   ALERT_WAIT_MS);
}

const struct output_ops output_syslog = {
	.name = "syslog",
	.wanted = syslog_wanted,
	.open = syslog_open,
	.write = syslog_write,
	.reopen = syslog_reopen,
	.close = syslog_close,
};
