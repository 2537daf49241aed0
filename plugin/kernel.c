/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libaudit's audit_request_status() waits for an acknowledgement, for half a
 * second if need be; who reads auditd's socket must not. So the question is put
 * by hand, without asking for one. (The kernel answers within the call, behind
 * the rule that it is changing at that moment: some 10 ms at worst.)
 */
#include "kernel.h"

#include <errno.h>
#include <libaudit.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int kernel_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_AUDIT);

	return fd < 0 ? -errno : fd;
}

int kernel_ask(int fd)
{
	const struct nlmsghdr question = {
		.nlmsg_len = NLMSG_LENGTH(0),
		.nlmsg_type = AUDIT_GET,
		.nlmsg_flags = NLM_F_REQUEST,
	};
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, &question, question.nlmsg_len, MSG_DONTWAIT,
		   (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

bool kernel_hear(int fd, struct kernel_status *out)
{
	struct audit_reply reply;
	struct audit_status status = { 0 };
	int len = audit_get_reply(fd, &reply, GET_REPLY_NONBLOCKING, 0);

	/* older kernels tell less: lost and backlog are there in all */
	if (len <= 0 || reply.type != AUDIT_GET ||
	    reply.len < (int)offsetof(struct audit_status, backlog) +
				(int)sizeof(status.backlog))
		return false;
	memcpy(&status, reply.status,
	       (size_t)reply.len < sizeof(status) ? (size_t)reply.len
						  : sizeof(status));
	*out = (struct kernel_status){
		.daemon = (pid_t)status.pid,
		.enabled = status.enabled,
		.lost = status.lost,
		.backlog = status.backlog,
	};
	return true;
}
