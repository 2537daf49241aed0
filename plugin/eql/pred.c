/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evaluation of a condition. check.c has left only NOT, AND, OR over leaves of
 * one field and constants; see there for the logic. A leaf looks at each value
 * of its field and stops at the first that holds. Nothing is allocated.
 */
#include "pred.h"

#include <string.h>

#include "ast.h"
#include "wildcard.h"

/* What evaluation carries down the tree. */
struct evaluation {
	const struct event *event;
	enum reading reading;
	const bool *known; /* pred_possible: the slots that count, else NULL */
	size_t known_count;
};

/* UNKNOWN only where slots are unknown: pred_possible(). */
enum truth { IS_FALSE, IS_UNKNOWN, IS_TRUE };

static bool order_holds(enum compare_op op, int order)
{
	switch (op) {
	case OP_EQ:
		return !order;
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	case OP_GE:
		return order >= 0;
	}
	return false;
}

/* A number of the log against a literal: whole numbers exactly. */
static bool compare_number(enum compare_op op, const struct value *value,
			   const struct literal *literal)
{
	double x;

	if (!literal->is_number)
		return false;
	if (value->type == VALUE_INT && literal->is_integer)
		return order_holds(op, (value->i > literal->integer) -
					       (value->i < literal->integer));
	x = value->type == VALUE_INT ? (double)value->i : value->d;
	if (x != x) /* NaN is ordered with nothing */
		return false;
	return order_holds(op, (x > literal->number) - (x < literal->number));
}

static bool network_holds(const struct network *network, const struct ip *ip)
{
	unsigned int bytes = network->prefix / 8, bits = network->prefix % 8;
	uint8_t mask = (uint8_t)(0xff00U >> bits);

	if (memcmp(network->ip.b, ip->b, bytes))
		return false;
	return !bits || (ip->b[bytes] & mask) == network->ip.b[bytes];
}

static bool compare_ip(enum compare_op op, const struct ip *ip,
		       const struct literal *literal)
{
	if (!literal->is_network)
		return false;
	if (op == OP_EQ)
		return network_holds(&literal->network, ip);
	return order_holds(op,
			   memcmp(ip->b, literal->network.ip.b, sizeof(ip->b)));
}

/* One value against one literal; each is read as the other's type asks. */
static bool compare_value(enum compare_op op, const struct value *value,
			  const struct literal *literal)
{
	switch (value->type) {
	case VALUE_BOOL:
		return op == OP_EQ &&
		       str_equal(value->b ? STR("true") : STR("false"),
				 literal->text);
	case VALUE_INT:
	case VALUE_DOUBLE:
		return compare_number(op, value, literal);
	case VALUE_STRING:
		return order_holds(op, str_compare(value->s, literal->text));
	case VALUE_IP:
		return compare_ip(op, &value->ip, literal);
	case VALUE_NULL:
	case VALUE_LIST:
		return false;
	}
	return false;
}

static bool in_holds(const struct node *node, const struct value *value)
{
	for (size_t i = 1; i < node->count; i++) {
		const struct literal *literal = &node->operands[i]->literal;

		if (node->insensitive) {
			if (value->type == VALUE_STRING &&
			    wildcard_equal_insensitive(value->s, literal->text))
				return true;
		} else if (compare_value(OP_EQ, value, literal)) {
			return true;
		}
	}
	return false;
}

static bool match_holds(const struct node *node, const struct value *value)
{
	char text[IP_TEXT_MAX];
	struct str subject;

	if (value->type == VALUE_STRING)
		subject = value->s;
	else if (value->type == VALUE_IP)
		subject = (struct str){ text, ip_format(&value->ip, text) };
	else
		return false;
	for (size_t i = 0; i < node->part_count; i++)
		if (wildcard_match(&node->patterns[i], subject))
			return true;
	return false;
}

static bool cidr_holds(const struct node *node, const struct value *value)
{
	struct ip parsed;
	const struct ip *ip = &value->ip;

	if (value->type == VALUE_STRING) {
		if (ip_parse(value->s, &parsed))
			return false;
		ip = &parsed;
	} else if (value->type != VALUE_IP) {
		return false;
	}
	for (size_t i = 0; i < node->part_count; i++)
		if (network_holds(&node->networks[i], ip))
			return true;
	return false;
}

static bool value_holds(const struct node *leaf, const struct value *value)
{
	switch (leaf->type) {
	case NODE_COMPARE:
		return compare_value(leaf->op, value,
				     &leaf->operands[1]->literal);
	case NODE_IN:
		return in_holds(leaf, value);
	case NODE_MATCH:
		return match_holds(leaf, value);
	case NODE_CIDR:
		return cidr_holds(leaf, value);
	default:
		return false;
	}
}

static bool has_value(const struct value *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].type != VALUE_NULL)
			return true;
	return false;
}

static enum truth eval_leaf(const struct node *leaf,
			    const struct evaluation *evaluation)
{
	size_t slot = leaf->operands[0]->slot;
	const struct value *items;
	size_t count;

	if (evaluation->known &&
	    (slot >= evaluation->known_count || !evaluation->known[slot]))
		return IS_UNKNOWN;
	items = value_items(
		event_value(evaluation->event, slot, evaluation->reading),
		&count);
	if (leaf->type == NODE_NULL_TEST)
		return has_value(items, count) ? IS_FALSE : IS_TRUE;
	for (size_t i = 0; i < count; i++)
		if (value_holds(leaf, &items[i]))
			return IS_TRUE;
	return IS_FALSE;
}

static enum truth eval_node(const struct node *node,
			    const struct evaluation *evaluation);

/* AND is the least of its operands, OR the greatest. */
static enum truth eval_logic(const struct node *node,
			     const struct evaluation *evaluation)
{
	bool and = node->type == NODE_AND;
	enum truth decides = and? IS_FALSE : IS_TRUE;
	enum truth result = and? IS_TRUE : IS_FALSE;

	for (size_t i = 0; i < node->count && result != decides; i++) {
		enum truth truth = eval_node(node->operands[i], evaluation);

		if (and? truth < result : truth > result)
			result = truth;
	}
	return result;
}

static enum truth eval_node(const struct node *node,
			    const struct evaluation *evaluation)
{
	switch (node->type) {
	case NODE_AND:
	case NODE_OR:
		return eval_logic(node, evaluation);
	case NODE_NOT:
		return (enum truth)(IS_TRUE -
				    eval_node(node->operands[0], evaluation));
	case NODE_CONST:
		return node->literal.value.type == VALUE_BOOL &&
				       node->literal.value.b
			       ? IS_TRUE
			       : IS_FALSE;
	default:
		return eval_leaf(node, evaluation);
	}
}

bool pred_eval(const struct pred *pred, const struct event *event,
	       enum reading reading)
{
	struct evaluation evaluation = { event, reading, NULL, 0 };

	return eval_node(pred->root, &evaluation) == IS_TRUE;
}

bool pred_possible(const struct pred *pred, const struct event *event,
		   const bool *known, size_t known_count)
{
	struct evaluation evaluation = { event, READING_INVOKED, known,
					 known_count };

	return eval_node(pred->root, &evaluation) != IS_FALSE;
}
