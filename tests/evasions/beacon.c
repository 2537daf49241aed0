/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What evasions.sh builds and starts: a harmless program that makes itself
 * heard at one address, in the way its first argument names, and notes that it
 * did. TO4, TO6 and NOTE are put in by the script.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in to4 = { .sin_family = AF_INET };
static struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };

static void note(const char *how, long result)
{
	FILE *out = fopen(NOTE, "a");

	if (!out)
		return;
	fprintf(out, "%s %ld %d\n", how, result, result < 0 ? errno : 0);
	fclose(out);
}

static int tcp(const char *how, int family, int flags, int protocol)
{
	int fd = socket(family, SOCK_STREAM | flags, protocol);
	long result =
		family == AF_INET
			? connect(fd, (struct sockaddr *)&to4, sizeof(to4))
			: connect(fd, (struct sockaddr *)&to6, sizeof(to6));

	note(how, result);
	return fd;
}

static void datagram(const char *how, sa_family_t family)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct iovec piece = { "beacon\n", 7 };
	struct mmsghdr many = { .msg_hdr = { .msg_name = &to4,
					     .msg_namelen = sizeof(to4),
					     .msg_iov = &piece,
					     .msg_iovlen = 1 } };

	to4.sin_family = family;
	if (!strcmp(how, "udp"))
		note(how, connect(fd, (struct sockaddr *)&to4, sizeof(to4)));
	else if (!strcmp(how, "sendmsg"))
		note(how, sendmsg(fd, &many.msg_hdr, 0));
	else if (!strcmp(how, "sendmmsg"))
		note(how, sendmmsg(fd, &many, 1, 0));
	else
		note(how, sendto(fd, "beacon\n", 7, 0, (struct sockaddr *)&to4,
				 sizeof(to4)));
}

static void fastopen(const char *how)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct iovec piece = { "beacon\n", 7 };
	struct msghdr message = { .msg_name = &to4,
				  .msg_namelen = sizeof(to4),
				  .msg_iov = &piece,
				  .msg_iovlen = 1 };

	if (!strcmp(how, "fastopen"))
		note(how, sendto(fd, "beacon\n", 7, MSG_FASTOPEN,
				 (struct sockaddr *)&to4, sizeof(to4)));
	else
		note(how, sendmsg(fd, &message, MSG_FASTOPEN));
}

/* The 32-bit way of a 64-bit program: connect is 362 there. */
static void int80(void)
{
#ifdef __x86_64__
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in *low =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long result = 362;

	*low = to4;
	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"((long)fd), "c"(low), "d"((long)sizeof(to4))
			 : "memory", "r8", "r9", "r10", "r11");
	errno = (int)-result;
	note("int80", result < 0 ? -1 : result);
#endif
}

/* One operation; with a polling thread nobody calls the kernel. */
static void uring(const char *how)
{
	unsigned int flags = strcmp(how, "sqpoll") ? 0 : IORING_SETUP_SQPOLL;
	struct iovec piece = { "beacon\n", 7 };
	struct msghdr message = { .msg_name = &to4,
				  .msg_namelen = sizeof(to4),
				  .msg_iov = &piece,
				  .msg_iovlen = 1 };
	struct io_uring_params p = { .flags = flags };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char *sq = mmap(NULL, p.sq_off.array + p.sq_entries * 4,
			PROT_READ | PROT_WRITE, MAP_SHARED, ring,
			IORING_OFF_SQ_RING);
	struct io_uring_sqe *sqe =
		mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE,
		     MAP_SHARED, ring, IORING_OFF_SQES);

	if (ring < 0 || sq == MAP_FAILED || sqe == MAP_FAILED) {
		note(how, -1);
		return;
	}
	sqe->opcode = IORING_OP_CONNECT;
	sqe->fd = fd;
	sqe->addr = (unsigned long)&to4;
	sqe->off = sizeof(to4);
	if (!strcmp(how, "uring-async"))
		sqe->flags = IOSQE_ASYNC;
	if (!strcmp(how, "uring-sendmsg")) {
		sqe->opcode = IORING_OP_SENDMSG;
		sqe->fd = socket(AF_INET, SOCK_DGRAM, 0);
		sqe->addr = (unsigned long)&message;
		sqe->off = 0;
		sqe->len = 1;
	}
	*(volatile unsigned int *)(sq + p.sq_off.array) = 0;
	*(volatile unsigned int *)(sq + p.sq_off.tail) = 1;
	if (flags)
		sleep(1);
	else
		syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS,
			NULL, 0);
	note(how, 0);
}

static void on_alarm(int number)
{
	(void)number;
}

/* Waits for a peer that does not answer, and is interrupted. */
static void late(const char *how)
{
	struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	alarm(4);
	to4.sin_port = htons(4446);
	connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to4,
		sizeof(to4));
	note(how, 0);
}

static void *in_thread(void *how)
{
	tcp(how, AF_INET, 0, 0);
	return NULL;
}

static void daemonize(void)
{
	if (fork())
		_exit(0);
	setsid();
	if (fork())
		_exit(0);
	sleep(1);
}

/* A descriptor that somebody else connected, handed over a unix socket. */
static void handed(const char *path)
{
	struct sockaddr_un {
		sa_family_t family;
		char path[108];
	} from = { .family = AF_UNIX };
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec piece = { &byte, 1 };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(from.path, sizeof(from.path), "%s", path);
	if (connect(fd, (struct sockaddr *)&from, sizeof(from)) ||
	    recvmsg(fd, &message, 0) < 1 || !CMSG_FIRSTHDR(&message))
		return;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	note("handed", write(fd, "beacon\n", 7));
}

static void served(const char *how, const char *address)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_port = htons(5555) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, address, &here.sin_addr);
	note(how, bind(fd, (struct sockaddr *)&here, sizeof(here)));
	listen(fd, 1);
}

static void in_child(char **argv)
{
	int fd = tcp("exec", AF_INET, 0, 0);

	dup2(fd, 0);
	dup2(fd, 1);
	execvp(argv[2], argv + 2);
}

static void on_the_network(const char *how)
{
	if (!strcmp(how, "nonblock"))
		tcp(how, AF_INET, SOCK_NONBLOCK, 0);
	else if (!strcmp(how, "late"))
		late(how);
	else if (!strcmp(how, "mptcp"))
		tcp(how, AF_INET, 0, 262);
	else if (!strcmp(how, "ipv6") || !strcmp(how, "mapped"))
		tcp(how, AF_INET6, 0, 0);
	else if (!strcmp(how, "refused")) {
		to4.sin_port = htons(4445);
		tcp(how, AF_INET, 0, 0);
	} else if (!strncmp(how, "fastopen", 8))
		fastopen(how);
	else if (!strcmp(how, "int80"))
		int80();
	else if (!strncmp(how, "uring", 5) || !strcmp(how, "sqpoll"))
		uring(how);
	else if (!strcmp(how, "unspec"))
		datagram(how, AF_UNSPEC);
	else
		datagram(how, AF_INET);
}

static void as_process(const char *how, int argc, char **argv)
{
	pthread_t thread;

	if (!strcmp(how, "fork")) {
		if (!fork())
			tcp(how, AF_INET, 0, 0);
		else
			wait(NULL);
	} else if (!strcmp(how, "daemon")) {
		daemonize();
		tcp(how, AF_INET, 0, 0);
	} else if (!strcmp(how, "thread")) {
		pthread_create(&thread, NULL, in_thread, "thread");
		pthread_join(thread, NULL);
	} else if (!strcmp(how, "gone")) {
		unlink(argv[0]);
		tcp(how, AF_INET, 0, 0);
	} else if (!strcmp(how, "stay")) {
		sleep(3);
	} else if (!strcmp(how, "say")) {
		note(how, write(1, "beacon\n", 7));
	} else if (!strcmp(how, "exec") && argc > 2) {
		execvp(argv[2], argv + 2);
	} else if (!strcmp(how, "connexec") && argc > 2) {
		in_child(argv);
	} else if (!strcmp(how, "handed") && argc > 2) {
		handed(argv[2]);
	} else if (!strcmp(how, "bind") && argc > 2) {
		served(how, argv[2]);
	} else if (!strcmp(how, "local")) {
		inet_pton(AF_INET, "127.0.0.1", &to4.sin_addr);
		tcp(how, AF_INET, 0, 0);
	} else {
		on_the_network(how);
	}
}

/* Of a shared object: what is done when it is loaded. */
#ifdef LOADED
__attribute__((constructor))
#endif
int beacon(void);
int beacon(void)
{
	to4.sin_port = to6.sin6_port = htons(4444);
	inet_pton(AF_INET, TO4, &to4.sin_addr);
	inet_pton(AF_INET6, TO6, &to6.sin6_addr);
#ifdef LOADED
	tcp("loaded", AF_INET, 0, 0);
#endif
	return 0;
}

int main(int argc, char **argv)
{
	beacon();
	if (argc > 1 && !strcmp(argv[1], "mapped"))
		inet_pton(AF_INET6, "::ffff:" TO4, &to6.sin6_addr);
	if (argc > 1 && strcmp(argv[1], "tcp"))
		as_process(argv[1], argc, argv);
	else
		tcp("tcp", AF_INET, 0, 0);
	return 0;
}
