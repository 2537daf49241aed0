/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A local daemon's socket, written to and never waited for long. */
#ifndef AUDISP_EQL_OUTPUT_UNIXSOCK_H
#define AUDISP_EQL_OUTPUT_UNIXSOCK_H

#include <sys/un.h>

#include <audisp-eql/event.h>

struct unixsock {
	struct sockaddr_un address;
	int fd; /* -1 = not connected */
	bool may_stream; /* a stream will do where the daemon has one */
	bool stream; /* it is one */
	bool full; /* the last message waited in vain */
};

/* 0, or -ENAMETOOLONG. Does not connect. */
int unixsock_init(struct unixsock *sock, const char *path, bool may_stream);
/* 0, or -errno. Closes what was open before. */
int unixsock_connect(struct unixsock *sock);
/*
 * Sends one message, connecting anew where the daemon has gone or come back.
 * Where its queue is full it waits for up to wait_ms in all, but not again
 * until a message has got through. 0, or -errno and nothing was delivered.
 * Where the socket may be a stream there must be a NUL behind the message: it
 * is sent along as its end, as syslog(3) does.
 */
int unixsock_send(struct unixsock *sock, struct str message, int wait_ms);
void unixsock_close(struct unixsock *sock);

#endif
