/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of the network. An attempt counts whatever came of it: a connect that
 * is in progress, refused or cut short has been tried. What a process does with
 * a socket of its own counts when it was done.
 *
 * The record of an address is what the call was given or gave back: the peer of
 * connect, sendto and accept, the own end of bind. Who accepts without asking
 * for the address leaves no record of it, so no event. The own end of what was
 * accepted is what the socket was bound to: often any address of the host.
 */
#include <errno.h>
#include <libaudit.h>
#include <string.h>
#include <sys/socket.h>

#include "handler.h"

static const struct event_kind kind_connect = {
	.categories = CATEGORY_NETWORK,
	.category = WORDS(WORD("network")),
	.dataset = DATASETS("network"),
	.type = WORDS(WORD("connection"), WORD("start")),
	.action = WORDS(WORD("connection_attempted"), WORD("connected-to")),
};

static const struct event_kind kind_send = {
	.categories = CATEGORY_NETWORK,
	.category = WORDS(WORD("network")),
	.dataset = DATASETS("network"),
	.type = WORDS(WORD("connection"), WORD("info")),
	.action = WORDS(WORD("sent-to")),
};

static const struct event_kind kind_accept = {
	.categories = CATEGORY_NETWORK,
	.category = WORDS(WORD("network")),
	.dataset = DATASETS("network"),
	.type = WORDS(WORD("connection"), WORD("start")),
	.action = WORDS(WORD("connection_accepted"),
			WORD("accepted-connection-from")),
};

static const struct event_kind kind_bind = {
	.categories = CATEGORY_NETWORK,
	.category = WORDS(WORD("network")),
	.dataset = DATASETS("network"),
	.type = WORDS(WORD("start")),
	.action = WORDS(WORD("bound-socket")),
};

static const struct event_kind kind_listen = {
	.categories = CATEGORY_NETWORK,
	.category = WORDS(WORD("network")),
	.dataset = DATASETS("network"),
	.type = WORDS(WORD("start")),
	.action = WORDS(WORD("listen-for-connections")),
};

/* struct sockaddr_in and sockaddr_in6 as the kernel lays them out. */
#define SOCKADDR_FAMILY 0
#define SOCKADDR_PORT 2
#define SOCKADDR_IPV4 4
#define SOCKADDR_IPV4_END 8
#define SOCKADDR_IPV6 8
#define SOCKADDR_IPV6_END 24

struct address {
	unsigned int family;
	bool internet; /* the family has what follows */
	struct ip ip;
	int64_t port;
};

/* The family is in the byte order of the machine the record comes from, which
 * need not be this one; a bit of arch= tells. */
static unsigned int get_family(const struct context *context,
			       const uint8_t bytes[2])
{
	bool little = context->arch ? (context->arch & __AUDIT_ARCH_LE) != 0
				    : __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

	return little ? bytes[0] | (unsigned int)bytes[1] << 8
		      : bytes[1] | (unsigned int)bytes[0] << 8;
}

static void read_internet(struct str saddr, struct address *out)
{
	const uint8_t *bytes = (const uint8_t *)saddr.data;

	if (out->family == AF_INET && saddr.len >= SOCKADDR_IPV4_END) {
		out->ip.b[10] = out->ip.b[11] = 0xff;
		memcpy(out->ip.b + 12, bytes + SOCKADDR_IPV4, 4);
	} else if (out->family == AF_INET6 && saddr.len >= SOCKADDR_IPV6_END) {
		memcpy(out->ip.b, bytes + SOCKADDR_IPV6, sizeof(out->ip.b));
	} else {
		return;
	}
	out->internet = true;
	out->port = bytes[SOCKADDR_PORT] << 8 | bytes[SOCKADDR_PORT + 1];
}

/* saddr= is the address as the caller gave it, in hex; it may be cut short or
 * have bytes behind it. False = none. */
static bool get_address(const struct context *context, struct address *out)
{
	size_t next = 0;
	const struct record *record =
		record_find(&context->records, AUDIT_SOCKADDR, &next);
	struct str saddr =
		record ? record_decoded(record, "saddr") : (struct str){ 0 };

	if (saddr.len < SOCKADDR_PORT)
		return false;
	*out = (struct address){
		.family = get_family(context, (const uint8_t *)saddr.data),
	};
	read_internet(saddr, out);
	return true;
}

static bool is_ipv4(const struct ip *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(ip->b, mapped, sizeof(mapped));
}

/* The family by the name auditbeat gives it, else its number. */
static int set_family(struct context *context, unsigned int family)
{
	static const char *const names[] = {
		[AF_UNIX] = "unix",
		[AF_INET] = "ipv4",
		[AF_INET6] = "ipv6",
		[AF_NETLINK] = "netlink",
	};
	struct str text;

	if (family < sizeof(names) / sizeof(names[0]) && names[family])
		text = str_from(names[family]);
	else
		text = arena_printf(context->arena, "%u", family);
	context_set_str(context, FIELD_AUDITD_DATA_SOCKET_FAMILY, text);
	return text.data ? 0 : -ENOMEM;
}

/* The two fields of an end of the connection. */
struct end_slots {
	size_t ip, port;
};

static const struct end_slots source = { FIELD_SOURCE_IP, FIELD_SOURCE_PORT };
static const struct end_slots destination = { FIELD_DESTINATION_IP,
					      FIELD_DESTINATION_PORT };

static void set_address(struct context *context, const struct end_slots *end,
			const struct address *address)
{
	if (!address->internet)
		return;
	event_set(context->event, end->ip,
		  (struct value){ .type = VALUE_IP, .ip = address->ip });
	event_set(context->event, end->port, VALUE_OF_INT(address->port));
	context_set_str(context, FIELD_NETWORK_TYPE,
			is_ipv4(&address->ip) ? STR("ipv4") : STR("ipv6"));
}

static int network_event(struct context *context, const struct end_slots *end,
			 const struct event_kind *kind)
{
	struct address address;
	int rc;

	if (!get_address(context, &address) || !address.internet)
		return NORMALIZE_E_IGNORED;
	rc = context_set_process(context);
	if (!rc)
		rc = set_family(context, address.family);
	if (rc)
		return rc;
	set_address(context, end, &address);
	context_set_kind(context, kind);
	return 0;
}

/* To somewhere, whether it got there or not. */
static int attempt_event(struct context *context, const struct event_kind *kind)
{
	int rc = network_event(context, &destination, kind);

	if (rc)
		return rc;
	context->event->flags |= EVENT_ATTEMPT;
	context_set_str(context, FIELD_NETWORK_DIRECTION, STR("egress"));
	return 0;
}

int network_on_connect(struct context *context)
{
	return attempt_event(context, &kind_connect);
}

/* With MSG_FASTOPEN it is connect and send in one (TCP fast open). The flags of
 * a socketcall are in memory. */
int network_on_send(struct context *context)
{
	int64_t flags;

	if (context_argument(context, context->row->flags, &flags) &&
	    (flags & MSG_FASTOPEN))
		return attempt_event(context, &kind_connect);
	return attempt_event(context, &kind_send);
}

/* The descriptor of a call; socketcall has it in memory. */
static bool get_descriptor(const struct context *context, int64_t *fd)
{
	return context->row->handler != network_on_socketcall &&
	       context_argument(context, A0, fd);
}

static bool is_any(const struct ip *ip)
{
	static const struct ip any = { { 0 } };
	static const struct ip any_ipv4 = { { [10] = 0xff, [11] = 0xff } };

	return !memcmp(ip, &any, sizeof(any)) ||
	       !memcmp(ip, &any_ipv4, sizeof(any_ipv4));
}

static bool is_loopback(const struct ip *ip)
{
	static const struct ip loopback = { { [15] = 1 } };

	return is_ipv4(ip) ? ip->b[12] == 127
			   : !memcmp(ip, &loopback, sizeof(loopback));
}

/* Where the peer came to. Who comes from a loopback address came to one. */
static void set_own_end(struct context *context)
{
	const struct value *peer =
		event_value(context->event, FIELD_SOURCE_IP, READING_INVOKED);
	const struct bound_socket *bound;
	struct address address = { .internet = true };
	int64_t fd;

	if (!get_descriptor(context, &fd))
		return;
	bound = proctable_bound(context->process, fd);
	if (!bound)
		return;
	address.ip = is_any(&bound->ip) && is_loopback(&peer->ip) ? peer->ip
								  : bound->ip;
	address.port = bound->port;
	set_address(context, &destination, &address);
}

int network_on_accept(struct context *context)
{
	int rc;

	if (!context->succeeded)
		return NORMALIZE_E_IGNORED;
	rc = network_event(context, &source, &kind_accept);
	if (rc)
		return rc;
	set_own_end(context);
	context_set_str(context, FIELD_NETWORK_DIRECTION, STR("ingress"));
	return 0;
}

static int note_bound(struct context *context, const struct address *address)
{
	struct bound_socket socket = { .ip = address->ip,
				       .port = address->port };

	if (!address->internet || !get_descriptor(context, &socket.fd))
		return 0;
	return proctable_bind(context->process, &socket);
}

/* Of any family that is not for talk within the host, which every daemon
 * does: the kernel's crypto interface and raw packets are bound, too. */
int network_on_bind(struct context *context)
{
	struct address address;
	int rc;

	if (!context->succeeded || !get_address(context, &address) ||
	    address.family == AF_UNIX || address.family == AF_NETLINK)
		return NORMALIZE_E_IGNORED;
	rc = context_set_process(context);
	if (!rc)
		rc = set_family(context, address.family);
	if (rc)
		return rc;
	set_address(context, &source, &address);
	context_set_kind(context, &kind_bind);
	return note_bound(context, &address);
}

/* Which address, its record does not say. */
int network_on_listen(struct context *context)
{
	return context_make_plain(context, &kind_listen);
}

/* 32-bit x86 has one number for all of these. */
int network_on_socketcall(struct context *context)
{
	static const struct {
		int64_t call;
		syscall_handler handler;
	} calls[] = {
		{ 2, network_on_bind },	   { 3, network_on_connect },
		{ 4, network_on_listen },  { 5, network_on_accept },
		{ 11, network_on_send },   { 16, network_on_send },
		{ 18, network_on_accept },
	};
	int64_t call;

	if (!context_argument(context, A0, &call))
		return NORMALIZE_E_IGNORED;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].call == call)
			return calls[i].handler(context);
	return NORMALIZE_E_IGNORED;
}
