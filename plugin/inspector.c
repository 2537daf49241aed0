/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program and the directory of another user's process show themselves to
 * CAP_SYS_PTRACE alone, with which one may also write into that process; and to
 * none that Landlock confines. The worker, which parses what attackers write,
 * is to have neither. So it asks: a question is a kind and two numbers, an
 * answer some parts, each a message of processes or variables, then an end.
 */
#include "inspector.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "environ.h"
#include "normalize/proctable.h"
#include "util/clock.h"
#include "util/codec.h"

/* a process: three texts, and arguments, of some KB each */
#define MESSAGE_BYTES (64U << 10)
#define ARGS_MAX 512
/* how long an answer may take, once nothing is read but /proc */
#define ANSWER_MS 1000
#define START_MS 10000
/* of one environment: some 20 us are usual, waiting for the thread included */
#define ENVIRON_NS (20 * NSEC_PER_MSEC)

/* a process_resolver's user is not constant */
static char proc[] = "/proc";

enum question_kind { CONTAINER, CAPABILITIES, DESCRIBE, ENVIRONMENT, SEED };

struct question {
	int64_t kind; /* enum question_kind; as wide as the rest, so that no
		       * byte between goes out unset */
	int64_t pid;
	int64_t since_ms; /* SEED: a deadline, in ns */
};

/* What a message is of an answer. */
enum answer_kind { PART, END };

struct inspector {
	int fd;
	bool failed, sees; /* sees: what everybody may see */
	const struct str_list *environment;
	struct str args[ARGS_MAX];
	char message[MESSAGE_BYTES];
};

/* --- a process as bytes --------------------------------------------------- */

static void write_process(struct strbuf *out, const struct process_seed *seed)
{
	const int64_t numbers[] = { seed->pid, seed->ppid, seed->session,
				    seed->group, seed->start_ms };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		write_u64(out, (uint64_t)numbers[i]);
	write_u64(out, seed->start);
	write_u64(out, seed->file.device);
	write_u64(out, seed->file.inode);
	write_u32(out, seed->file.owner);
	write_u32(out, seed->ids.uid);
	write_u32(out, seed->ids.euid);
	write_u32(out, seed->ids.gid);
	write_u32(out, seed->ids.egid);
	write_u8(out, (uint8_t)seed->tty);
	write_str(out, seed->exe);
	write_str(out, seed->directory);
	write_str(out, seed->container);
	write_u32(out, (uint32_t)seed->args_len);
	for (size_t i = 0; i < seed->args_len; i++)
		write_str(out, seed->args[i]);
}

static void read_process(struct reader *reader, struct str args[ARGS_MAX],
			 struct process_seed *out)
{
	out->pid = read_i64(reader);
	out->ppid = read_i64(reader);
	out->session = read_i64(reader);
	out->group = read_i64(reader);
	out->start_ms = read_i64(reader);
	out->start = read_u64(reader);
	out->file.device = read_u64(reader);
	out->file.inode = read_u64(reader);
	out->file.owner = read_u32(reader);
	out->ids.uid = read_u32(reader);
	out->ids.euid = read_u32(reader);
	out->ids.gid = read_u32(reader);
	out->ids.egid = read_u32(reader);
	out->tty = (enum process_tty)read_u8(reader);
	out->exe = read_str(reader);
	out->directory = read_str(reader);
	out->container = read_str(reader);
	out->args_len = read_count(reader, 1);
	if (out->args_len > ARGS_MAX)
		reader->bad = true;
	out->args = args;
	for (size_t i = 0; i < out->args_len && !reader->bad; i++)
		args[i] = read_str(reader);
}

/* --- the process that looks ----------------------------------------------- */

struct server {
	int fd;
	struct strbuf message;
	struct environ_reader *environ; /* NULL = it may read none */
	struct arena *arena; /* of the variables in hand */
};

/* 0 or -errno: nobody is there any more. */
static int send_message(struct server *server)
{
	struct str bytes = strbuf_str(&server->message);

	if (server->message.failed)
		return -ENOMEM;
	return send(server->fd, bytes.data, bytes.len, MSG_NOSIGNAL) < 0
		       ? -errno
		       : 0;
}

static int send_process(void *user, const struct process_seed *seed)
{
	struct server *server = user;

	strbuf_reset(&server->message);
	write_u8(&server->message, PART);
	write_process(&server->message, seed);
	return send_message(server);
}

static int send_end(struct server *server, int64_t result, struct str rest)
{
	strbuf_reset(&server->message);
	write_u8(&server->message, END);
	write_u64(&server->message, (uint64_t)result);
	write_str(&server->message, rest);
	return send_message(server);
}

static int answer_all(struct server *server, int64_t deadline_ns)
{
	const struct seeder seeder = { send_process, server };
	size_t count = 0;
	int rc = procfs_seed(&seeder, proc, deadline_ns, &count);

	return send_end(server, rc,
			(struct str){ (const char *)&count, sizeof(count) });
}

static int send_variable(struct server *server, struct str text)
{
	strbuf_reset(&server->message);
	write_u8(&server->message, PART);
	write_str(&server->message, text);
	return send_message(server);
}

static int answer_environment(struct server *server, int64_t pid,
			      int64_t since_ms)
{
	enum environment_answer result = ENVIRONMENT_UNKNOWN;
	struct value variables = { 0 };
	const struct value *items;
	size_t count;
	int rc = 0;

	if (server->environ) {
		arena_reset(server->arena);
		result = environ_read(server->environ, pid, since_ms,
				      server->arena, &variables);
	}
	items = value_items(&variables, &count);
	for (size_t i = 0; i < count && !rc; i++)
		rc = send_variable(server, items[i].s);
	return rc ? rc : send_end(server, result, (struct str){ 0 });
}

static int answer(struct server *server, const struct question *question)
{
	const int64_t pid = question->pid, since_ms = question->since_ms;
	struct process_capabilities capabilities = { 0 };
	char id[CONTAINER_ID_MAX];
	bool found;
	int rc;

	switch ((enum question_kind)question->kind) {
	case CONTAINER:
		return send_end(
			server, 0,
			(struct str){ id, procfs_container(proc, pid, since_ms,
							   id) });
	case CAPABILITIES:
		found = procfs_capabilities(proc, pid, since_ms, &capabilities);
		return send_end(server, found,
				(struct str){ (const char *)&capabilities,
					      sizeof(capabilities) });
	case DESCRIBE:
		rc = procfs_describe(proc, pid, since_ms, send_process, server);
		return send_end(server, rc, (struct str){ 0 });
	case ENVIRONMENT:
		return answer_environment(server, pid, since_ms);
	case SEED:
		return answer_all(server, since_ms);
	}
	return -EINVAL;
}

static int confine(const struct inspector_config *config)
{
	uint64_t capabilities = PRIVS_CAP(CAP_SYS_PTRACE);
	int rc;

	if (config->environment)
		capabilities |= PRIVS_CAP(CAP_DAC_READ_SEARCH);
	rc = privs_drop(&config->user, capabilities);
	/* one that somebody makes wait does not see its socket close */
	if (!rc && prctl(PR_SET_PDEATHSIG, SIGKILL))
		rc = -errno;
	if (!rc && config->refused)
		rc = sandbox_enter(SANDBOX_INSPECTOR, config->refused);
	return rc;
}

/* Its thread has what this one has given up, and can do no more. */
static int open_environ(struct server *server, const struct str_list *names)
{
	const struct environ_config config = {
		.root = proc,
		.names = names,
		.deadline_ns = ENVIRON_NS,
	};

	if (!names)
		return 0;
	server->arena = arena_new(0);
	if (!server->arena)
		return -ENOMEM;
	return environ_reader_new(&config, &server->environ);
}

static void serve(int fd, const struct inspector_config *config)
{
	struct server server = {
		.fd = STDIN_FILENO,
		.message = STRBUF_INIT(MESSAGE_BYTES),
	};
	struct question question;
	int rc;

	if (dup2(fd, STDIN_FILENO) < 0)
		return;
	privs_close_inherited();
	rc = confine(config);
	if (!rc)
		rc = open_environ(&server, config->environment);
	if (send_end(&server, rc, (struct str){ 0 }) || rc)
		return;
	while (recv(server.fd, &question, sizeof(question), 0) ==
	       (ssize_t)sizeof(question))
		if (answer(&server, &question))
			return;
}

/* --- who asks ------------------------------------------------------------- */

/* The next message; false = it has failed. */
static bool receive(struct inspector *inspector, int timeout_ms,
		    struct reader *out)
{
	struct pollfd ready = { .fd = inspector->fd, .events = POLLIN };
	ssize_t len = -1;

	if (poll(&ready, 1, timeout_ms) == 1)
		len = recv(inspector->fd, inspector->message, MESSAGE_BYTES,
			   MSG_DONTWAIT);
	inspector->failed = len <= 0;
	*out = (struct reader){
		.at = (const uint8_t *)inspector->message,
		.end = (const uint8_t *)inspector->message +
		       (len > 0 ? len : 0),
	};
	return len > 0;
}

/* The next part of an answer; false = *out is at its end, or it has failed. */
static bool next_part(struct inspector *inspector, int timeout_ms,
		      struct reader *out)
{
	return receive(inspector, timeout_ms, out) && read_u8(out) == PART;
}

/* Tells of the processes of an answer up to its end, where *reader then is.
 * seeder NULL = there are none. 0, or what seeder->seed() did. */
static int take_answer(struct inspector *inspector, int timeout_ms,
		       const struct seeder *seeder, struct reader *reader)
{
	struct process_seed seed;
	int rc = 0;

	while (next_part(inspector, timeout_ms, reader)) {
		read_process(reader, inspector->args, &seed);
		if (!rc && seeder && !reader->bad)
			rc = seeder->seed(seeder->user, &seed);
	}
	return rc;
}

static bool ask(struct inspector *inspector, const struct question *question)
{
	if (!inspector->failed &&
	    send(inspector->fd, question, sizeof(*question), MSG_NOSIGNAL) < 0)
		inspector->failed = true;
	return !inspector->failed;
}

int inspector_seed(struct inspector *inspector, const struct seeder *seeder,
		   int64_t deadline_ns, size_t *count)
{
	const struct question question = { SEED, 0, deadline_ns };
	int wait_ms = ANSWER_MS + (int)(deadline_ns / NSEC_PER_MSEC);
	struct reader reader;
	int64_t result;
	struct str rest;
	int rc;

	*count = 0;
	if (!ask(inspector, &question))
		return -EPIPE;
	rc = take_answer(inspector, wait_ms, seeder, &reader);
	if (inspector->failed)
		return -EPIPE;
	result = read_i64(&reader);
	rest = read_str(&reader);
	if (rest.len == sizeof(*count))
		memcpy(count, rest.data, sizeof(*count));
	return rc ? rc : (int)result;
}

size_t inspector_container(void *user, int64_t pid, int64_t since_ms,
			   char out[CONTAINER_ID_MAX])
{
	const struct question question = { CONTAINER, pid, since_ms };
	struct inspector *inspector = user;
	struct reader reader;
	struct str id;

	if (inspector->sees)
		return procfs_container(proc, pid, since_ms, out);
	if (!ask(inspector, &question))
		return 0;
	take_answer(inspector, ANSWER_MS, NULL, &reader);
	read_i64(&reader);
	id = read_str(&reader);
	if (!id.len || id.len > CONTAINER_ID_MAX)
		return 0;
	memcpy(out, id.data, id.len);
	return id.len;
}

int inspector_describe(void *user, int64_t pid, int64_t since_ms,
		       process_seed_fn seed, void *seed_user)
{
	const struct question question = { DESCRIBE, pid, since_ms };
	const struct seeder seeder = { seed, seed_user };
	struct inspector *inspector = user;
	struct reader reader;

	if (!ask(inspector, &question))
		return 0;
	return take_answer(inspector, ANSWER_MS, &seeder, &reader);
}

bool inspector_capabilities(void *user, int64_t pid, int64_t since_ms,
			    struct process_capabilities *out)
{
	const struct question question = { CAPABILITIES, pid, since_ms };
	struct inspector *inspector = user;
	struct reader reader;
	struct str rest;
	bool found;

	if (inspector->sees)
		return procfs_capabilities(proc, pid, since_ms, out);
	if (!ask(inspector, &question))
		return false;
	take_answer(inspector, ANSWER_MS, NULL, &reader);
	found = read_i64(&reader) == 1;
	rest = read_str(&reader);
	if (!found || reader.bad || rest.len != sizeof(*out))
		return false;
	memcpy(out, rest.data, sizeof(*out));
	return true;
}

static bool is_wanted(const struct str_list *names, struct str text)
{
	const char *equals = text.len ? memchr(text.data, '=', text.len) : NULL;
	struct str name = { text.data, 0 };

	if (!equals || text.len > ENVIRON_TEXT_MAX ||
	    memchr(text.data, 0, text.len))
		return false;
	name.len = (size_t)(equals - text.data);
	for (size_t i = 0; i < names->count; i++)
		if (str_equal(names->items[i], name))
			return true;
	return false;
}

/* Copies the variables of an answer up to its end; there is room for the most
 * there can be. Whoever says what cannot be has been taken over. */
static enum environment_answer take_variables(struct inspector *inspector,
					      struct arena *arena,
					      struct value *items,
					      size_t *count)
{
	size_t most = ENVIRON_TEXTS * inspector->environment->count;
	bool copied = true;
	struct reader reader;
	int64_t result;

	while (next_part(inspector, ANSWER_MS, &reader)) {
		struct str text = read_str(&reader);

		inspector->failed = *count == most ||
				    !is_wanted(inspector->environment, text);
		if (inspector->failed)
			return ENVIRONMENT_UNKNOWN;
		text = arena_str(arena, text);
		copied = copied && text.data;
		items[(*count)++] = VALUE_OF_STR(text);
	}
	result = read_i64(&reader);
	inspector->failed = reader.bad || result < ENVIRONMENT_UNKNOWN ||
			    result > ENVIRONMENT_WHOLE;
	return copied && !inspector->failed ? (enum environment_answer)result
					    : ENVIRONMENT_UNKNOWN;
}

enum environment_answer inspector_environment(void *user, int64_t pid,
					      int64_t since_ms,
					      struct arena *arena,
					      struct value *out)
{
	const struct question question = { ENVIRONMENT, pid, since_ms };
	struct inspector *inspector = user;
	enum environment_answer result;
	struct value *items;
	size_t count = 0;

	if (!inspector->environment)
		return ENVIRONMENT_UNKNOWN;
	items = arena_array(arena,
			    ENVIRON_TEXTS * inspector->environment->count,
			    sizeof(*items));
	if (!items || !ask(inspector, &question))
		return ENVIRONMENT_UNKNOWN;
	result = take_variables(inspector, arena, items, &count);
	if (result != ENVIRONMENT_UNKNOWN && count)
		*out = (struct value){ .type = VALUE_LIST,
				       .list = { items, count } };
	return result;
}

void inspector_look_around(struct inspector *inspector)
{
	int fd = open("/proc/1/status", O_RDONLY | O_CLOEXEC);

	inspector->sees = fd >= 0;
	if (fd >= 0)
		close(fd);
}

bool inspector_failed(const struct inspector *inspector)
{
	return inspector->failed;
}

/* --- life ----------------------------------------------------------------- */

int inspector_start(const struct inspector_config *config,
		    struct inspector **out)
{
	struct inspector *inspector = calloc(1, sizeof(*inspector));
	struct reader reader;
	int fds[2], rc = -EPIPE;
	pid_t pid;

	if (!inspector)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		rc = -errno;
		free(inspector);
		return rc;
	}
	inspector->fd = fds[0];
	inspector->environment = config->environment;
	pid = fork();
	if (!pid) {
		free(inspector); /* who asks is the other one */
		serve(fds[1], config);
		_exit(0);
	}
	if (pid < 0)
		rc = -errno;
	close(fds[1]);
	/* the end of an answer, to no question: whether it could begin */
	if (pid > 0 && receive(inspector, START_MS, &reader) &&
	    read_u8(&reader) == END)
		rc = (int)read_i64(&reader);
	if (rc) {
		inspector_free(&inspector);
		return rc;
	}
	*out = inspector;
	return 0;
}

void inspector_free(struct inspector **inspector)
{
	if (*inspector)
		close((*inspector)->fd);
	free(*inspector);
	*inspector = NULL;
}
