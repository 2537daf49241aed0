/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unixsock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A full queue is looked at so often. */
#define WAIT_STEP_MS 200

int unixsock_init(struct unixsock *sock, const char *path, bool may_stream)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	*sock = (struct unixsock){
		.address = address,
		.fd = -1,
		.may_stream = may_stream,
	};
	return 0;
}

void unixsock_close(struct unixsock *sock)
{
	if (sock->fd >= 0)
		close(sock->fd);
	sock->fd = -1;
}

static int connect_as(struct unixsock *sock, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&sock->address,
		    sizeof(sock->address))) {
		rc = -errno;
		close(fd);
		return rc;
	}
	sock->fd = fd;
	sock->stream = type == SOCK_STREAM;
	return 0;
}

int unixsock_connect(struct unixsock *sock)
{
	int rc;

	unixsock_close(sock);
	rc = connect_as(sock, SOCK_DGRAM);
	if (rc == -EPROTOTYPE && sock->may_stream)
		rc = connect_as(sock, SOCK_STREAM);
	return rc;
}

/* Waits for room; false = there was none in time. */
static bool wait_for_room(const struct unixsock *sock, int *wait_ms)
{
	struct pollfd poll_fd = { .fd = sock->fd, .events = POLLOUT };

	if (*wait_ms <= 0)
		return false;
	/* what poll() says is only a hint here: the next try tells */
	poll(&poll_fd, 1, *wait_ms < WAIT_STEP_MS ? *wait_ms : WAIT_STEP_MS);
	*wait_ms -= WAIT_STEP_MS;
	return true;
}

static int send_whole(struct unixsock *sock, struct str message, int wait_ms)
{
	size_t len = message.len + sock->stream, sent = 0;

	while (sent < len) {
		ssize_t n = send(sock->fd, message.data + sent, len - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
		int error = errno;

		if (n >= 0) {
			sent += (size_t)n;
			continue;
		}
		if (error == EINTR)
			continue;
		if ((error == EAGAIN || error == ENOBUFS) &&
		    wait_for_room(sock, &wait_ms))
			continue;
		/* half a message in a stream: its end marks the end */
		if (sent)
			unixsock_close(sock);
		return -error;
	}
	return 0;
}

/* Errors by which a daemon that has gone makes itself known. */
static bool is_gone(int error)
{
	return error == ECONNREFUSED || error == ECONNRESET ||
	       error == EDESTADDRREQ || error == ENOENT || error == ENOTCONN ||
	       error == EPIPE;
}

int unixsock_send(struct unixsock *sock, struct str message, int wait_ms)
{
	int rc = 0;

	if (sock->full)
		wait_ms = 0;
	if (sock->fd >= 0)
		rc = send_whole(sock, message, wait_ms);
	if (sock->fd < 0 || is_gone(-rc)) {
		rc = unixsock_connect(sock);
		if (!rc)
			rc = send_whole(sock, message, wait_ms);
	}
	sock->full = rc == -EAGAIN || rc == -ENOBUFS;
	return rc;
}
