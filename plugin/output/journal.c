/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journald's native protocol: an entry is one datagram of fields. */
#include "journal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "unixsock.h"

#define ALERT_WAIT_MS 1000
/* an entry with a document of 64 KiB, and what the kernel adds */
#define SEND_BUFFER_BYTES (256 << 10)

static bool journal_wanted(const struct output_config *config)
{
	return config->syslog == OUTPUT_SYSLOG_JOURNAL;
}

static int journal_reopen(void *state)
{
	struct unixsock *sock = state;
	int bytes = SEND_BUFFER_BYTES;
	int rc = unixsock_connect(sock);

	/* as much as net.core.wmem_max grants; what is too large is refused */
	if (!rc)
		setsockopt(sock->fd, SOL_SOCKET, SO_SNDBUF, &bytes,
			   sizeof(bytes));
	return rc;
}

static void journal_close(void *state)
{
	unixsock_close(state);
	free(state);
}

static int journal_open(const struct output_config *config, void **state)
{
	const char *path = config->syslog_socket;
	struct unixsock *sock = malloc(sizeof(*sock));
	int rc;

	if (!sock)
		return -ENOMEM;
	rc = unixsock_init(sock, path && *path ? path : JOURNAL_SOCKET_DEFAULT,
			   false);
	if (!rc)
		rc = journal_reopen(sock);
	if (rc) {
		free(sock);
		return rc;
	}
	*state = sock;
	return 0;
}

static int journal_write(void *state, const struct rendered *alert)
{
	return unixsock_send(state, alert->journal, ALERT_WAIT_MS);
}

const struct output_ops output_journal = {
	.name = "journal",
	.wanted = journal_wanted,
	.open = journal_open,
	.write = journal_write,
	.reopen = journal_reopen,
	.close = journal_close,
};
