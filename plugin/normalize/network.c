/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of the network. An attempt counts whatever came of it: a connect that
 * is in progress, refused or cut short has been tried.
 */
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

/* struct sockaddr_in and sockaddr_in6 as the kernel lays them out. */
#define SOCKADDR_FAMILY 0
#define SOCKADDR_PORT 2
#define SOCKADDR_IPV4 4
#define SOCKADDR_IPV4_END 8
#define SOCKADDR_IPV6 8
#define SOCKADDR_IPV6_END 24

struct destination {
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

/* saddr= is the address as the caller gave it, in hex; it may be cut short or
 * have bytes behind it. False = no internet address. */
static bool get_destination(const struct context *context,
			    struct destination *out)
{
	size_t next = 0;
	const struct record *record =
		record_find(&context->records, AUDIT_SOCKADDR, &next);
	struct str saddr =
		record ? record_decoded(record, "saddr") : (struct str){ 0 };
	const uint8_t *bytes = (const uint8_t *)saddr.data;
	unsigned int family;

	if (saddr.len < SOCKADDR_IPV4_END)
		return false;
	family = get_family(context, bytes + SOCKADDR_FAMILY);
	*out = (struct destination){
		.port = bytes[SOCKADDR_PORT] << 8 | bytes[SOCKADDR_PORT + 1],
	};
	if (family == AF_INET) {
		out->ip.b[10] = out->ip.b[11] = 0xff;
		memcpy(out->ip.b + 12, bytes + SOCKADDR_IPV4, 4);
		return true;
	}
	if (family != AF_INET6 || saddr.len < SOCKADDR_IPV6_END)
		return false;
	memcpy(out->ip.b, bytes + SOCKADDR_IPV6, sizeof(out->ip.b));
	return true;
}

static bool is_ipv4(const struct ip *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(ip->b, mapped, sizeof(mapped));
}

static int network_event(struct context *context, const struct event_kind *kind)
{
	struct destination destination;
	int rc;

	if (!get_destination(context, &destination))
		return NORMALIZE_E_IGNORED;
	rc = context_set_process(context);
	if (rc)
		return rc;
	context->event->flags |= EVENT_ATTEMPT;
	event_set(context->event, FIELD_DESTINATION_IP,
		  (struct value){ .type = VALUE_IP, .ip = destination.ip });
	event_set(context->event, FIELD_DESTINATION_PORT,
		  VALUE_OF_INT(destination.port));
	context_set_str(context, FIELD_NETWORK_DIRECTION, STR("egress"));
	context_set_str(context, FIELD_NETWORK_TYPE,
			is_ipv4(&destination.ip) ? STR("ipv4") : STR("ipv6"));
	context_set_kind(context, kind);
	return 0;
}

int network_on_connect(struct context *context)
{
	return network_event(context, &kind_connect);
}

int network_on_send(struct context *context)
{
	return network_event(context, &kind_send);
}

/* 32-bit x86 has one number for all of these. */
int network_on_socketcall(struct context *context)
{
	enum { CALL_CONNECT = 3, CALL_SENDTO = 11, CALL_SENDMSG = 16 };
	int64_t call;

	if (!context_argument(context, A0, &call))
		return NORMALIZE_E_IGNORED;
	if (call == CALL_CONNECT)
		return network_on_connect(context);
	if (call == CALL_SENDTO || call == CALL_SENDMSG)
		return network_on_send(context);
	return NORMALIZE_E_IGNORED;
}
