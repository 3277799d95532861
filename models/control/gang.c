/* Jobs whose pods are decided together, as in Omega: one decision looks for a node for each of them
 * and commits what it found, incrementally (each that can be) or as a gang (all or none).  Who owns
 * its nodes takes them while it looks, and gives them back if one is missing. Who looks at a view
 * takes them in the view, and commits when it has decided: if another was there first the pod, or
 * the whole gang, has met a conflict and goes to the back of the queue.
 *
 * A gang is a row: how many of its pods are not bound yet, and those of them that wait for the
 * rest. */
#include "models/control/gang.h"
#include "models/control/note.h"
#include "base/vec.h"
#include <assert.h>

/* The first pod that a function decides about together with others; NONE if there is none. */
static uint32_t first_of(const struct function *f)
{
	return f->gang.n ? f->gang.head : NONE;
}

static struct gang *gang_of(struct control *c, uint32_t pod)
{
	return &c->gangs.at[c->pods.at[pod].gang];
}

/* The pods of a job come one after the other: another job is another gang. */
void gang_join(struct control *c, uint32_t pod, uint64_t job, uint32_t size)
{
	if (c->config.jobs == JOBS_PODS || size < 2)
		return;
	if (c->gang == NONE || c->gangs.at[c->gang].job != job) {
		c->gang = c->free_gang;
		if (c->gang != NONE)
			c->free_gang = c->gangs.at[c->gang].next;
		else
			vec_push(&c->gangs, (struct gang){ 0 });
		if (c->gang == NONE)
			c->gang = c->gangs.n - 1;
		c->gangs.at[c->gang] = (struct gang){ .job = job, .size = size };
	}
	c->pods.at[pod].gang = c->gang;
}

/* All are there: to the end of the queue. */
static void enqueue(struct control *c, struct gang *gang, uint32_t function)
{
	struct function *f = &c->function[function];

	while (gang->waiting.n) {
		uint32_t id = gang->waiting.head;
		struct pod *pod = &c->pods.at[id];

		list_remove(c, &gang->waiting, id);
		pod->state = POD_QUEUED;
		pod->function = function;
		pod->since_ns = c->now;
		list_push(c, &f->queue, id);
		c->queued[function] = f->queue.n;
		note_queued(c, id);
	}
}

void gang_gather(struct control *c, uint32_t id, uint32_t function)
{
	struct gang *gang = gang_of(c, id);

	c->pods.at[id].state = POD_GATHERING;
	c->pods.at[id].function = NONE;
	c->pods.at[id].since_ns = c->now;
	list_push(c, &gang->waiting, id);
	gang->function = function;
	if (gang->waiting.n < gang->size)
		return;
	enqueue(c, gang, function);
	function_next(c, function);
}

void gang_leave(struct control *c, uint32_t id)
{
	uint32_t at = c->pods.at[id].gang;
	struct gang *gang;

	if (at == NONE)
		return;
	gang = &c->gangs.at[at];
	c->pods.at[id].gang = NONE;
	assert(gang->size);
	if (--gang->size) {
		/* The others waited for this one. */
		if (gang->waiting.n == gang->size) {
			enqueue(c, gang, gang->function);
			function_next(c, gang->function);
		}
		return;
	}
	gang->next = c->free_gang;
	c->free_gang = at;
	if (c->gang == at)
		c->gang = NONE;
}

void gang_expect(struct control *c, uint32_t id, uint32_t pod, uint32_t node)
{
	struct pod *of = &c->pods.at[pod];
	struct node *seen = node == NO_NODE ? NULL : &c->view[id].cluster.node[node];

	of->chosen = node;
	if (!seen)
		return;
	of->seen = seen->version;
	cluster_take(&c->view[id].cluster, node, &of->need);
	seen->version = of->seen;
}

void gang_decide(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];
	uint32_t first = f->queue.head, gang = c->pods.at[first].gang, examined = 0;

	function_waited(c, id, c->pods.at[first].since_ns);
	c->totals.decisions++;
	f->freed = c->freed;
	while (f->queue.n && c->pods.at[f->queue.head].gang == gang) {
		uint32_t at = f->queue.head;
		struct pod *pod = &c->pods.at[at];

		pod_unqueue(c, at);
		c->totals.retries += pod->tried;
		pod->tried = true;
		pod->state = POD_DECIDING;
		pod->since_ns = c->now;
		list_push(c, &f->gang, at);
		examined += c->plane->search(c, id, at).examined;
	}
	function_think(c, id, c->plane->think, first, examined);
}

/* What was taken in the view is real from now on, or not at all. */
static void forget_expected(struct control *c, uint32_t id)
{
	struct cluster *seen = &c->view[id].cluster;

	for (uint32_t at = first_of(&c->function[id]); at != NONE; at = c->pods.at[at].next) {
		const struct pod *pod = &c->pods.at[at];

		if (pod->chosen == NO_NODE)
			continue;
		cluster_give(seen, pod->chosen, &pod->need);
		seen->node[pod->chosen].version = pod->seen;
	}
}

void gang_lost(struct control *c, uint32_t id)
{
	if (c->view)
		forget_expected(c, id);
	c->function[id].gang = (struct list){ 0 };
}

/* Takes what was chosen in the view; a pod that another one was faster than keeps no node. */
static void commit(struct control *c, uint32_t id)
{
	bool sequence = c->config.shared.conflict == CONFLICT_SEQUENCE, all = true;

	for (uint32_t at = first_of(&c->function[id]); at != NONE; at = c->pods.at[at].next) {
		struct pod *pod = &c->pods.at[at];

		pod->current = pod->chosen != NO_NODE &&
			       (!sequence || c->cluster->node[pod->chosen].version == pod->seen);
		all &= pod->current;
	}
	/* What is taken and given back would be a change to others. */
	if (!all && c->config.jobs == JOBS_GANG)
		return;
	for (uint32_t at = first_of(&c->function[id]); at != NONE; at = c->pods.at[at].next) {
		struct pod *pod = &c->pods.at[at];

		if (!pod->current || !cluster_fits(&c->cluster->node[pod->chosen], &pod->need))
			continue;
		cluster_take(c->cluster, pod->chosen, &pod->need);
		pod->record.node = pod->chosen;
	}
}

/* One that is missing takes the others with it; returns whether it was for want of room, not
 * because another scheduler was faster. */
static bool all_or_none(struct control *c, uint32_t id)
{
	bool all = true, room = true;

	for (uint32_t at = first_of(&c->function[id]); at != NONE; at = c->pods.at[at].next) {
		const struct pod *pod = &c->pods.at[at];

		all &= pod->record.node != NO_NODE;
		room &= pod->record.node != NO_NODE || (c->view && pod->chosen != NO_NODE);
	}
	for (uint32_t at = first_of(&c->function[id]); !all && at != NONE;
	     at = c->pods.at[at].next) {
		struct pod *pod = &c->pods.at[at];

		if (pod->record.node != NO_NODE)
			cluster_give(c->cluster, pod->record.node, &pod->need);
		pod->record.node = NO_NODE;
	}
	return !room;
}

/* One of the pods, with or without a node, goes its way. */
static void settle(struct control *c, uint32_t id, uint32_t at, bool full)
{
	struct pod *pod = &c->pods.at[at];

	if (c->view && pod->chosen != NO_NODE)
		view_learn(&c->view[id], c->cluster, pod->chosen);
	if (pod->record.node != NO_NODE) {
		pod_bind(c, at, id);
	} else if (full) {
		if (c->config.jobs != JOBS_GANG)
			gang_leave(c, at);
		pod_unplaced(c, at);
	} else {
		note(c, DECISION_CONFLICT, at, id, NONE, pod->chosen);
		shared_lost(c, id, at);
	}
}

void gang_decided(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];
	struct list mine;
	bool full = false;

	if (c->view) {
		forget_expected(c, id);
		commit(c, id);
	}
	if (c->config.jobs == JOBS_GANG)
		full = all_or_none(c, id);
	mine = f->gang;
	f->gang = (struct list){ 0 };
	while (mine.n) {
		uint32_t at = mine.head;

		list_remove(c, &mine, at);
		settle(c, id, at,
		       c->config.jobs == JOBS_GANG ? full
						   : !c->view || c->pods.at[at].chosen == NO_NODE);
	}
}
