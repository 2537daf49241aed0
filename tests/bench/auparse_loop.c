/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that a program on libauparse does with a log on its input: each
 * event, each record, each field, no interpretation. What we cost beyond that
 * is ours.
 */
#include <auparse.h>
#include <stdio.h>
#include <unistd.h>

struct count {
	unsigned long events, records, fields, bytes;
};

static void on_event(auparse_state_t *parser, auparse_cb_event_t type,
		     void *user)
{
	struct count *count = user;

	if (type != AUPARSE_CB_EVENT_READY)
		return;
	count->events++;
	auparse_first_record(parser);
	do {
		count->records++;
		do {
			const char *text = auparse_get_field_str(parser);

			count->fields++;
			count->bytes += text ? (unsigned char)*text : 0;
		} while (auparse_next_field(parser) > 0);
	} while (auparse_next_record(parser) > 0);
}

int main(void)
{
	auparse_state_t *parser = auparse_init(AUSOURCE_FEED, NULL);
	struct count count = { 0 };
	char data[65536];
	ssize_t len;

	if (!parser)
		return 1;
	auparse_add_callback(parser, on_event, &count, NULL);
	while ((len = read(STDIN_FILENO, data, sizeof(data))) > 0)
		if (auparse_feed(parser, data, (size_t)len))
			return 1;
	auparse_flush_feed(parser);
	auparse_destroy(parser);
	printf("%lu events, %lu records, %lu fields\n", count.events,
	       count.records, count.fields);
	return len != 0;
}
