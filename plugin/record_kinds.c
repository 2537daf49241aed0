/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record_kinds.h"

#include <libaudit.h>

/* ANOM_* of the kernel come with a SYSCALL, the others from programs. */
static bool is_kernel_anomaly(struct str type)
{
	return str_equal(type, STR("ANOM_ABEND")) ||
	       str_equal(type, STR("ANOM_PROMISCUOUS")) ||
	       str_equal(type, STR("ANOM_LINK")) ||
	       str_equal(type, STR("ANOM_CREAT"));
}

/*
 * Whether a record of this type is a whole event: what programs and auditd
 * send (1100-1299, 2100-2999), and the two types that the kernel never ties to
 * a system call (KERNEL, NETFILTER_PKT). A name that ends in '_' here stands
 * for all that begin so. A type not listed only waits longer.
 */
static bool is_alone(struct str type)
{
	static const struct str names[] = {
		STR("ACCT_"),	  STR("ADD_"),		STR("ANOM_"),
		STR("CHGRP_ID"),  STR("CHUSER_ID"),	STR("CRED_"),
		STR("CRYPTO_"),	  STR("DAC_CHECK"),	STR("DAEMON_"),
		STR("DEL_"),	  STR("DEV_"),		STR("FS_RELABEL"),
		STR("GRP_"),	  STR("KERNEL"),	STR("LABEL_"),
		STR("MAC_CHECK"), STR("NETFILTER_PKT"), STR("RESP_"),
		STR("ROLE_"),	  STR("SERVICE_"),	STR("SOFTWARE_"),
		STR("SYSTEM_"),	  STR("TEST"),		STR("TRUSTED_APP"),
		STR("USER"),	  STR("USER_"),		STR("USYS_CONFIG"),
		STR("VIRT_"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct str name = names[i];

		if (name.data[name.len - 1] == '_' ? str_begins(type, name)
						   : str_equal(type, name))
			return !is_kernel_anomaly(type);
	}
	return false;
}

static bool is_name_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '[' || c == ']';
}

static bool is_name(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_name_char(text.data[i]))
			return false;
	return true;
}

static int type_number(struct str name)
{
	char text[KIND_NAME_MAX + 1];

	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	return audit_name_to_msg_type(text);
}

void kind_note_learn(struct kind_note *note, struct str name)
{
	memcpy(note->name, name.data, name.len);
	note->len = name.len;
	note->kind = (struct record_kind){
		.valid = is_name(name),
		.type = type_number(name),
		.eoe = str_equal(name, STR("EOE")),
		.ends = str_equal(name, STR("EOE")) ||
			str_equal(name, STR("PROCTITLE")),
		.alone = is_alone(name),
		.daemon = str_begins(name, STR("DAEMON_")),
	};
}
