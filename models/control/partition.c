/* Who owns which nodes.  A node changes hands in three messages: the top-level control plane tells
 * the owner (RELEASE), which gives up nodes of its choice between two decisions and says which
 * (RELEASED); only then does the top give them to the new owner (ADOPT).  In between they have
 * none, so two never have one; a message that is lost leaves them loose until the next sweep.
 * Nodes with a reservation stay where they are. */
#include "base/vec.h"
#include "models/control/functional.h"
#include <assert.h>

/* Node ids, or halves of pairs, in one message: a load has at most 65,535 bytes. */
#define LOAD_WORDS 8192

void partition_start(struct control *c)
{
	uint32_t n = c->cluster->n;

	while (c->cluster->pool[0].n)
		cluster_disown(c->cluster, c->cluster->pool[0].node[0], c->now);
	for (uint32_t i = 0; i < n; i++)
		cluster_own(c->cluster, i, c->crew->live[(uint64_t)i * c->crew->lives / n]);
}

void partition_order(struct control *c, uint32_t from, uint32_t to, enum release how,
		     const struct need *need, uint32_t n)
{
	struct msg *msg = control_send(c, NONE, from, VERB_RELEASE, NULL, 0);

	c->function[from].giving = true;
	c->function[from].giving_ns = c->now;
	msg->send.task = to;
	msg->send.flag = (uint16_t)how;
	msg->send.value = n;
	if (need)
		msg->send.value |= (int64_t)((uint64_t)need->types << 40 |
					     (uint64_t)cluster_shape(need->gpu_milli) << 32);
}

void partition_ordered(struct control *c, uint32_t id, const struct msg *in)
{
	struct function *f = &c->function[id];

	f->release_to = in->send.task;
	f->release_how = in->send.flag;
	f->release_n = (uint32_t)in->send.value;
	f->release_shape = (uint32_t)((uint64_t)in->send.value >> 32 & 0xff);
	f->release_types = (uint32_t)((uint64_t)in->send.value >> 40);
	function_next(c, id);
}

/* Whether the node is of the kind that it was told to give up. */
static bool worth(const struct node *node, const struct function *f)
{
	if (f->release_how == RELEASE_FREE)
		return node->up && node->free_gpus;
	if (f->release_how == RELEASE_LOAD)
		return true;
	return (uint32_t)node->shapes > f->release_shape &&
	       (!f->release_types || f->release_types & node->type);
}

/* Which nodes to give up, into scratch. */
static void choose(struct control *c, uint32_t id)
{
	const struct function *f = &c->function[id];
	const struct pool *pool = &c->cluster->pool[id];
	uint32_t n = 0;

	c->scratch.n = 0;
	for (uint32_t at = 0; at < pool->n; at++) {
		const struct node *node = &c->cluster->node[pool->node[at]];

		if (node->holds)
			continue;
		if (f->release_how == RELEASE_HALF && at % 2 == 0)
			continue;
		if (f->release_how >= RELEASE_LOAD) {
			if (n >= f->release_n || c->scratch.n + 1 >= pool->n)
				break;
			if (!worth(node, f))
				continue;
			n += f->release_how == RELEASE_FREE ? (uint32_t)node->free_gpus : 1;
		}
		vec_push(&c->scratch, pool->node[at]);
	}
}

static void send_words(struct control *c, uint32_t from, uint32_t to, enum verb verb, uint32_t task,
		       const uint32_t *words, uint32_t n)
{
	for (uint32_t at = 0, part; at < n; at += part) {
		part = n - at < LOAD_WORDS ? n - at : LOAD_WORDS;
		control_send(c, from, to, verb, words + at, part * (uint32_t)sizeof(*words))
			->send.task = task;
	}
}

/* Who owns a node by now keeps it; only loose ones are looked at. */
static void promise(struct control *c, const uint32_t *nodes, uint32_t n, uint32_t to)
{
	for (uint32_t i = 0; i < n; i++)
		c->cluster->node[nodes[i]].promised = to;
}

/* Queued pods go along with half or all of the nodes. */
static void send_tasks(struct control *c, uint32_t id, uint32_t to, bool all)
{
	struct function *f = &c->function[id];
	uint32_t i = 0;

	c->scratch.n = 0;
	for (uint32_t at = f->queue.n ? f->queue.head : NONE, next; at != NONE; at = next, i++) {
		struct pod *pod = &c->pods.at[at];

		next = pod->next;
		if (!all && i % 2 == 0)
			continue;
		pod_unqueue(c, at);
		pod->state = POD_MOVING;
		pod->function = to;
		pod->since_ns = c->now;
		vec_push(&c->scratch, at);
		vec_push(&c->scratch, pod->gen);
	}
	send_words(c, id, to, VERB_TASKS, 0, c->scratch.at, c->scratch.n);
}

void partition_release(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];
	uint32_t to = f->release_to, how = f->release_how;

	assert(!f->thinking);
	choose(c, id);
	f->release_to = NONE;
	for (uint32_t i = 0; i < c->scratch.n; i++)
		cluster_disown(c->cluster, c->scratch.at[i], c->now);
	promise(c, c->scratch.at, c->scratch.n, to);
	c->totals.rebalanced_nodes += c->scratch.n;
	c->totals.partition_moves += c->scratch.n > 0;
	if (c->scratch.n)
		send_words(c, id, NONE, VERB_RELEASED, to, c->scratch.at, c->scratch.n);
	else
		control_send(c, id, NONE, VERB_RELEASED, NULL, 0)->send.task = to;
	if (how <= RELEASE_LOAD)
		send_tasks(c, id, to, how == RELEASE_ALL);
}

void partition_assign(struct control *c, const uint32_t *nodes, uint32_t n, uint32_t to)
{
	promise(c, nodes, n, to);
	send_words(c, NONE, to, VERB_ADOPT, 0, nodes, n);
}

void partition_adopt(struct control *c, uint32_t id, const uint32_t *nodes, uint32_t n)
{
	if (c->function[id].state != FUNCTION_UP)
		return;
	for (uint32_t i = 0; i < n; i++) {
		if (c->cluster->node[nodes[i]].pool != NO_POOL)
			continue;
		cluster_own(c->cluster, nodes[i], id);
		if (c->cluster->node[nodes[i]].up)
			functional_wake(c, nodes[i]);
	}
}

void partition_tasks(struct control *c, uint32_t id, const uint32_t *pairs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct pod *pod = pod_at(c, pairs[2 * i], pairs[2 * i + 1]);

		if (pod && pod->state == POD_MOVING && pod->function == id)
			pod_enqueue(c, pairs[2 * i], id);
	}
}

uint32_t partition_least(const struct control *c, uint32_t except)
{
	uint32_t best = NONE;

	for (uint32_t i = 0; i < c->crew->lives; i++) {
		uint32_t id = c->crew->live[i];

		if (id != except &&
		    (best == NONE || c->cluster->pool[id].n < c->cluster->pool[best].n))
			best = id;
	}
	return best;
}

/* Loose nodes that are promised to a function (NONE: to none that is up), into scratch. */
static void loose(struct control *c, int64_t since_ns, uint32_t to)
{
	c->scratch.n = 0;
	for (uint32_t i = 0; i < c->cluster->n; i++) {
		const struct node *node = &c->cluster->node[i];
		bool kept = node->promised != NO_POOL &&
			    c->function[node->promised].state == FUNCTION_UP;

		if (node->pool == NO_POOL && node->loose_ns <= since_ns &&
		    (to == NONE ? !kept : node->promised == to))
			vec_push(&c->scratch, i);
	}
}

void partition_sweep(struct control *c, int64_t since_ns)
{
	uint32_t at = 0, part;

	if (!c->cluster->loose || !c->crew->lives)
		return;
	/* Once more to whom they were promised: slow messages change nothing. */
	for (uint32_t i = 0; i < c->crew->lives; i++) {
		loose(c, since_ns, c->crew->live[i]);
		partition_assign(c, c->scratch.at, c->scratch.n, c->crew->live[i]);
	}
	/* The others in equal parts, as far as they go round. */
	loose(c, since_ns, NONE);
	for (uint32_t i = 0; i < c->crew->lives && at < c->scratch.n; i++, at += part) {
		part = (c->scratch.n - at + c->crew->lives - i - 1) / (c->crew->lives - i);
		partition_assign(c, c->scratch.at + at, part, c->crew->live[i]);
	}
}
