/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auditd's socket holds 278 records; when it is full, auditd stops and with it,
 * soon, every audited call of the host. And a plugin that crashes ten times is
 * not started again. So what auditd starts does nothing that can wait or fail:
 * it reads, and puts what it read where the worker finds it. It never parses.
 */
#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "batch.h"
#include "confine.h"
#include "kernel.h"
#include "privs.h"
#include "ring.h"
#include "util/clock.h"
#include "worker.h"

#define CHUNK_BYTES (256U << 10)
#define TERM_DEADLINE_MS 3000
/* how long the worker may take at the end */
#define DRAIN_MS 5000
/* a worker that dies again within this time is not restarted at once */
#define RESTART_PAUSE_MS 1000
/* between two questions to the kernel, and two looks at how much comes */
#define KERNEL_MS 5000
/* if less than this came in between, what is free of the ring goes back to the
 * system: of more, all of it would be needed again within twice that time */
#define TRIM_BYTES (LIMIT_RING_BYTES / 2)
/* a process that ends closes its descriptors, then is no parent any more */
#define PARENT_GONE_MS 100

struct keeper {
	const char *config_path;
	struct log *log;
	struct ring *ring;
	char *chunk;
	int wake_fd, signal_fd, alive[2], state_fds[STATE_FDS];
	pid_t worker; /* 0 = none now */
	pid_t trial; /* of a new configuration; 0 = none now */
	bool trial_due; /* another one, after it */
	int64_t started_ms, restart_ms; /* restart_ms: when, 0 = not due */
	int64_t deadline_ms; /* after SIGTERM; 0 = none */
	uint64_t dropped_told;
	uint64_t put_away; /* see ring_put_away() */
	struct batch batch;
	pid_t parent; /* auditd */
	struct node_answer node;
	int kernel_fd; /* < 0: it cannot be asked */
	int64_t ask_ms;
	uint64_t asked_head; /* of the ring, at that time */
	bool socket; /* input is one, and need not be waited for */
};

static int64_t now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NSEC_PER_MSEC;
}

static void wake_worker(struct keeper *keeper)
{
	uint64_t one = 1;

	if (!ring_wake(keeper->ring))
		return;
	/* the counter is nowhere near full: this does not block */
	if (write(keeper->wake_fd, &one, sizeof(one)) < 0)
		log_print(keeper->log, LOG_ERR, "cannot wake the worker: %s",
			  strerror(errno));
}

/* --- the worker's life ---------------------------------------------------- */

static void run_worker(struct keeper *keeper)
{
	struct worker_config config = {
		.ring = keeper->ring,
		.wake_fd = keeper->wake_fd,
		.alive_fd = keeper->alive[0],
		.state_fds = keeper->state_fds,
		.config_path = keeper->config_path,
		.node = &keeper->node,
		.log = keeper->log,
	};

	close(keeper->alive[1]);
	close(keeper->signal_fd);
	if (keeper->kernel_fd >= 0)
		close(keeper->kernel_fd);
	close(STDIN_FILENO);
	_exit(worker_run(&config));
}

static void start_worker(struct keeper *keeper)
{
	pid_t pid = fork();

	keeper->restart_ms = 0;
	if (!pid)
		run_worker(keeper);
	if (pid < 0) {
		log_print(keeper->log, LOG_ERR, "cannot start a worker: %s",
			  strerror(errno));
		keeper->restart_ms = now_ms() + RESTART_PAUSE_MS;
		return;
	}
	keeper->worker = pid;
	keeper->started_ms = now_ms();
}

/* An event that two have died of is not tried a third time. */
static void count_death(struct ring *ring)
{
	static const struct event_mark none;
	uint64_t at = atomic_load(&ring->at);
	struct event_mark of = ring->in_hand;
	bool known = !event_mark_equal(&of, &none);

	if (event_mark_equal(&of, &ring->died_of) &&
	    (known || at == ring->died_at))
		ring->deaths++;
	else
		ring->deaths = 1;
	ring->died_at = at;
	ring->died_of = of;
	ring->in_hand = none;
	if (known && ring->deaths >= 2)
		ring->skip = of;
}

static void worker_died(struct keeper *keeper, int status)
{
	count_death(keeper->ring);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_print(keeper->log, LOG_CRIT,
			  "the worker was killed for a forbidden system call: "
			  "somebody may have got in; starting another");
	else if (WIFSIGNALED(status))
		log_print(keeper->log, LOG_ERR,
			  "the worker was killed by signal %d; starting "
			  "another",
			  WTERMSIG(status));
	else
		log_print(keeper->log, LOG_ERR,
			  "the worker ended with status %d; starting another",
			  WEXITSTATUS(status));
}

/* SIGHUP: the new configuration is tried before the old one is given up, and not
 * by the worker, who may not read it. */
static void start_trial(struct keeper *keeper)
{
	const struct worker_config config = {
		.config_path = keeper->config_path,
		.log = keeper->log,
	};
	pid_t pid;

	keeper->trial_due = keeper->trial != 0;
	if (keeper->trial_due)
		return;
	pid = fork();
	if (!pid)
		_exit(worker_try(&config));
	if (pid < 0)
		log_print(keeper->log, LOG_ERR, "cannot reload: %s",
			  strerror(errno));
	else
		keeper->trial = pid;
}

static void reap_trial(struct keeper *keeper)
{
	int status;

	if (!keeper->trial || waitpid(keeper->trial, &status, WNOHANG) <= 0)
		return;
	keeper->trial = 0;
	if (WIFSIGNALED(status))
		log_print(keeper->log, LOG_ERR,
			  "reading the new configuration and rules was ended "
			  "by signal %d: keeping the old ones",
			  WTERMSIG(status));
	if (keeper->trial_due)
		start_trial(keeper);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_DONE &&
		 keeper->worker)
		kill(keeper->worker, SIGHUP);
}

/* Takes note of a worker that has ended. */
static void reap_worker(struct keeper *keeper)
{
	int status;

	if (!keeper->worker || waitpid(keeper->worker, &status, WNOHANG) <= 0)
		return;
	keeper->worker = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_RELOAD) {
		start_worker(keeper);
		return;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_DONE &&
	    atomic_load(&keeper->ring->ended))
		return;
	worker_died(keeper, status);
	if (now_ms() - keeper->started_ms > RESTART_PAUSE_MS)
		start_worker(keeper);
	else
		keeper->restart_ms = now_ms() + RESTART_PAUSE_MS;
}

/* --- kernel audit --------------------------------------------------------- */

static void ask_kernel(struct keeper *keeper, int64_t now)
{
	keeper->ask_ms = now + KERNEL_MS;
	if (keeper->kernel_fd >= 0)
		kernel_ask(keeper->kernel_fd);
}

static void hear_kernel(struct keeper *keeper)
{
	struct ring *ring = keeper->ring;
	struct kernel_status status;

	/* who starts us is not always the kernel's auditd: then its audit is
	 * none of ours */
	if (!kernel_hear(keeper->kernel_fd, &status) ||
	    status.daemon != keeper->parent)
		return;
	atomic_store(&ring->kernel_enabled, status.enabled);
	atomic_store(&ring->kernel_lost, status.lost);
	atomic_store(&ring->kernel_backlog, status.backlog);
	atomic_fetch_add(&ring->kernel_seen, 1);
}

/* --- input ---------------------------------------------------------------- */

static void tell_dropped(struct keeper *keeper)
{
	uint64_t dropped = atomic_load(&keeper->ring->dropped);

	/* the first, then each time the number has doubled */
	if (dropped <= 2 * keeper->dropped_told)
		return;
	keeper->dropped_told = dropped;
	log_print(keeper->log, LOG_ERR,
		  "%llu records dropped: the worker is too slow",
		  (unsigned long long)dropped);
}

/* A record at a time was written, and as many are read as there are. */
static ssize_t receive(const struct keeper *keeper, struct iovec *space,
		       size_t count)
{
	struct msghdr message = { .msg_iov = space, .msg_iovlen = count };

	if (keeper->socket)
		return recvmsg(STDIN_FILENO, &message, MSG_DONTWAIT);
	return readv(STDIN_FILENO, space, (int)count);
}

/* False = the end of input. */
static bool take_input(struct keeper *keeper)
{
	struct ring *ring = keeper->ring;
	struct iovec space[2];
	size_t count = ring_space(ring, CHUNK_BYTES, space);
	bool direct = count > 0;
	ssize_t len;

	if (!direct) {
		space[0] = (struct iovec){ keeper->chunk, CHUNK_BYTES };
		count = 1;
	}
	len = receive(keeper, space, count);
	if (len < 0)
		return errno == EINTR || errno == EAGAIN;
	if (!len)
		return false;
	batch_note(&keeper->batch, clock_ns(CLOCK_MONOTONIC), (size_t)len,
		   atomic_load(&ring->batch_delay_ns));
	if (direct)
		ring_fill(ring, (size_t)len);
	else
		ring_put(ring, keeper->chunk, (size_t)len);
	ring_put_away(ring, &keeper->put_away, atomic_load(&ring->head));
	wake_worker(keeper);
	tell_dropped(keeper);
	return true;
}

/* Memory that a burst took is not kept for the next. */
static void trim_ring(struct keeper *keeper)
{
	uint64_t head = atomic_load(&keeper->ring->head);

	if (head - keeper->asked_head < TRIM_BYTES)
		ring_trim(keeper->ring);
	keeper->asked_head = head;
}

static void take_signal(struct keeper *keeper)
{
	struct signalfd_siginfo info;

	if (read(keeper->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGCHLD:
		reap_worker(keeper);
		reap_trial(keeper);
		break;
	case SIGHUP:
		start_trial(keeper);
		break;
	case SIGTERM:
	case SIGINT:
		/* auditd closes the socket soon: what is in it still counts */
		if (!keeper->deadline_ms)
			keeper->deadline_ms = now_ms() + TERM_DEADLINE_MS;
		break;
	default:
		if (keeper->worker)
			kill(keeper->worker, (int)info.ssi_signo);
		break;
	}
}

/* Until what is to be done at a time. */
static int64_t time_left_ms(const struct keeper *keeper, int64_t now)
{
	int64_t until = keeper->ask_ms;

	if (keeper->deadline_ms && keeper->deadline_ms < until)
		until = keeper->deadline_ms;
	if (keeper->restart_ms && keeper->restart_ms < until)
		until = keeper->restart_ms;
	return until > now ? until - now : 0;
}

/*
 * Sleeps until there is input; or, while records are to gather, for that long
 * without a look at it, as the first of them would end it. True = there may be
 * input. Signals end either, and what the kernel says.
 */
static bool wait_for_input(struct keeper *keeper, int64_t now_ns)
{
	int64_t gather =
		batch_wait_ns(&keeper->batch, now_ns,
			      atomic_load(&keeper->ring->batch_delay_ns));
	bool gathers = gather && !keeper->deadline_ms;
	int64_t wait = gathers ? gather
			       : time_left_ms(keeper, now_ns / NSEC_PER_MSEC) *
					 NSEC_PER_MSEC;
	struct timespec time = { .tv_nsec = wait % NSEC_PER_SEC,
				 .tv_sec = wait / NSEC_PER_SEC };
	struct pollfd fds[] = {
		{ .fd = gathers ? -1 : STDIN_FILENO, .events = POLLIN },
		{ .fd = keeper->signal_fd, .events = POLLIN },
		{ .fd = keeper->kernel_fd, .events = POLLIN },
	};
	int ready = ppoll(fds, 3, &time, NULL);

	if (ready > 0 && fds[2].revents)
		hear_kernel(keeper);
	if (ready > 0 && fds[1].revents)
		take_signal(keeper);
	if (gathers)
		return !ready && keeper->socket;
	return ready > 0 && fds[0].revents;
}

static void read_all(struct keeper *keeper)
{
	for (;;) {
		int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
		int64_t now = now_ns / NSEC_PER_MSEC;

		if (keeper->deadline_ms && now >= keeper->deadline_ms)
			return;
		if (keeper->restart_ms && now >= keeper->restart_ms)
			start_worker(keeper);
		if (now >= keeper->ask_ms) {
			ask_kernel(keeper, now);
			trim_ring(keeper);
		}
		if (wait_for_input(keeper, now_ns) && !take_input(keeper))
			return;
	}
}

/* Nothing more comes: the worker finishes, for so long as is sensible. */
static void finish(struct keeper *keeper)
{
	struct pollfd fd = { .fd = keeper->signal_fd, .events = POLLIN };
	int64_t until = now_ms() + PARENT_GONE_MS;
	uint64_t one = 1;

	while (getppid() == keeper->parent && now_ms() < until)
		poll(NULL, 0, 10);
	atomic_store(&keeper->ring->auditd_gone, getppid() != keeper->parent);
	until = now_ms() + DRAIN_MS;
	atomic_store(&keeper->ring->ended, true);
	if (!keeper->worker)
		start_worker(keeper);
	if (write(keeper->wake_fd, &one, sizeof(one)) < 0)
		log_print(keeper->log, LOG_ERR, "cannot wake the worker: %s",
			  strerror(errno));
	while (keeper->worker && now_ms() < until) {
		poll(&fd, 1, (int)(until - now_ms()));
		take_signal(keeper);
	}
	if (!keeper->worker)
		return;
	log_print(keeper->log, LOG_ERR,
		  "the worker did not finish in time; %llu bytes unread",
		  (unsigned long long)(atomic_load(&keeper->ring->head) -
				       atomic_load(&keeper->ring->acked)));
	kill(keeper->worker, SIGKILL);
	waitpid(keeper->worker, NULL, 0);
}

static int keeper_open(struct keeper *keeper)
{
	struct stat input;
	sigset_t mask;

	privs_signals(&mask);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	keeper->socket =
		!fstat(STDIN_FILENO, &input) && S_ISSOCK(input.st_mode);
	keeper->ring = ring_new();
	keeper->chunk = malloc(CHUNK_BYTES);
	keeper->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (int i = 0; i < STATE_FDS; i++) {
		keeper->state_fds[i] =
			memfd_create("audisp-eql state", MFD_CLOEXEC);
		if (keeper->state_fds[i] < 0)
			return -errno;
	}
	/* not blocking: SIGCHLD may have been taken already */
	keeper->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (!keeper->ring || !keeper->chunk)
		return -ENOMEM;
	if (keeper->wake_fd < 0 || keeper->signal_fd < 0 || pipe(keeper->alive))
		return -errno;
	return 0;
}

int keeper_run(const char *config_path, bool sandbox, struct log *log)
{
	struct keeper keeper = {
		.config_path = config_path,
		.log = log,
		.parent = getppid(),
		/* no such socket is to be had once it is confined, nor the
		 * resolver's */
		.kernel_fd = kernel_open(),
	};
	int rc;

	node_ask(NODE_AUDITD_CONF, &keeper.node);
	confine_keeper(sandbox, log);
	rc = keeper_open(&keeper);
	if (rc) {
		log_print(log, LOG_ERR, "cannot start: %s", strerror(-rc));
	} else {
		start_worker(&keeper);
		read_all(&keeper);
		finish(&keeper);
	}
	free(keeper.chunk);
	ring_free(&keeper.ring);
	return rc != 0;
}
