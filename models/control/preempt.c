/* Preemption, as kube-scheduler's DefaultPreemption does it: a pod that no node has room for may
 * take the place of pods of lower priority.
 *
 * On a sample of the nodes, from a random one on, it looks at what would fit if all pods of lower
 * priority were gone, spares as many of those as fit beside the newcomer, the more important first,
 * and takes the node whose victims matter least. The victims are told to end. The node is kept for
 * the pod until they have. Plain pods have priority 0 and are spared. Nothing here costs anything
 * while all services have priority 0.
 * Source: kubernetes pkg/scheduler/framework/preemption/preemption.go and
 * plugins/defaultpreemption/default_preemption.go. Budgets for disruption are not modelled. */
#include "base/vec.h"
#include "models/control/preempt.h"
#include "models/control/note.h"
#include "models/control/state.h"
#include <assert.h>

/* Source: DefaultPreemptionArgs, MinCandidateNodesPercentage and MinCandidateNodesAbsolute. */
enum { CANDIDATES_PERCENT = 10, CANDIDATES_MIN = 100 };

/* What the victims on a node are worth; the least is taken. */
struct loss {
	int32_t highest; /* priority */
	int64_t sum;	 /* of priorities, each plus 2^31: so fewer count less */
	uint32_t victims;
	int64_t started_ns; /* of the highest ones, the first: the later the better */
};

static int32_t priority_of(const struct control *c, const struct pod *pod)
{
	return pod->record.service == NONE ? 0
					   : (int32_t)c->set[pod->record.service].service->priority;
}

bool preempt_before(const struct control *c, uint32_t a, uint32_t b)
{
	return priority_of(c, &c->pods.at[a]) > priority_of(c, &c->pods.at[b]);
}

void preempt_init(struct control *c)
{
	for (uint32_t i = 0; i < c->sets; i++)
		c->priorities |= c->set[i].service->priority != 0;
}

/* Pods that hold a node are linked by it. */
static void reserve(struct control *c)
{
	while (c->on_node.n < c->cluster->n)
		vec_push(&c->on_node, ((struct on_node){ NONE, NONE }));
}

void preempt_link(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	uint32_t *first;

	if (!c->priorities)
		return;
	reserve(c);
	first = &c->on_node.at[pod->record.node].first;
	pod->beside_prev = NONE;
	pod->beside_next = *first;
	if (*first != NONE)
		c->pods.at[*first].beside_prev = id;
	*first = id;
	pod->linked = true;
	preempt_forget(c, id);
}

void preempt_unlink(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	if (!pod->linked)
		return;
	if (pod->beside_next != NONE)
		c->pods.at[pod->beside_next].beside_prev = pod->beside_prev;
	if (pod->beside_prev != NONE)
		c->pods.at[pod->beside_prev].beside_next = pod->beside_next;
	else
		c->on_node.at[pod->record.node].first = pod->beside_next;
	pod->linked = false;
}

void preempt_forget(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	uint32_t node = pod->nominated;

	if (node == NONE)
		return;
	assert(c->on_node.at[node].nominee == id);
	c->on_node.at[node].nominee = pod->nominated = NONE;
	cluster_keep(c->cluster, node, false);
	/* What is left there may do for others. */
	if (c->cluster->node[node].up)
		c->plane->freed(c, node);
}

/* Whether the pod fits the node that is kept for it. */
static bool fits_kept(struct control *c, const struct pod *pod)
{
	bool fits;

	cluster_keep(c->cluster, pod->nominated, false);
	fits = cluster_fits(&c->cluster->node[pod->nominated], &pod->need);
	cluster_keep(c->cluster, pod->nominated, true);
	return fits;
}

bool preempt_take(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	if (pod->nominated == NONE || !fits_kept(c, pod))
		return false;
	cluster_keep(c->cluster, pod->nominated, false);
	cluster_take(c->cluster, pod->nominated, &pod->need);
	cluster_keep(c->cluster, pod->nominated, true);
	pod->record.node = pod->nominated;
	return true;
}

void preempt_freed(struct control *c, uint32_t node)
{
	uint32_t id = node < c->on_node.n ? c->on_node.at[node].nominee : NONE;
	const struct pod *pod = id == NONE ? NULL : &c->pods.at[id];

	if (pod && pod->state == POD_PARKED && !pod->timed && fits_kept(c, pod))
		pod_wake(c, id);
}

void preempt_node_down(struct control *c, uint32_t node)
{
	uint32_t id = node < c->on_node.n ? c->on_node.at[node].nominee : NONE;

	if (id == NONE)
		return;
	preempt_forget(c, id);
	if (c->pods.at[id].state == POD_PARKED && !c->pods.at[id].timed)
		pod_wake(c, id);
}

/* The more important first: of higher priority, then the one that runs longer. */
static bool more_important(const struct control *c, uint32_t a, uint32_t b)
{
	const struct pod *x = &c->pods.at[a], *y = &c->pods.at[b];
	int32_t px = priority_of(c, x), py = priority_of(c, y);

	if (px != py)
		return px > py;
	if (x->record.bound_ns != y->record.bound_ns)
		return x->record.bound_ns < y->record.bound_ns;
	return x->record.id < y->record.id;
}

/* The pods on a node below this priority, the most important first, into scratch; false if there
 * are none. */
static bool candidates(struct control *c, uint32_t node, int32_t priority)
{
	c->scratch.n = 0;
	for (uint32_t id = c->on_node.at[node].first; id != NONE; id = c->pods.at[id].beside_next) {
		const struct pod *pod = &c->pods.at[id];
		uint32_t at = c->scratch.n;

		if (pod->record.service == NONE || priority_of(c, pod) >= priority)
			continue;
		vec_push(&c->scratch, id);
		for (; at && more_important(c, id, c->scratch.at[at - 1]); at--)
			c->scratch.at[at] = c->scratch.at[at - 1];
		c->scratch.at[at] = id;
	}
	return c->scratch.n > 0;
}

/* Leaves in scratch those that have to go for the pod to fit; false if that is not enough.  The
 * node is as it was afterwards. */
static bool victims(struct control *c, uint32_t node, const struct pod *pod)
{
	struct cluster *cluster = c->cluster;
	const struct node *on = &cluster->node[node];
	uint32_t n = 0;
	bool fits;

	for (uint32_t i = 0; i < c->scratch.n; i++)
		cluster_give(cluster, node, &c->pods.at[c->scratch.at[i]].need);
	fits = cluster_fits(on, &pod->need);
	for (uint32_t i = 0; i < c->scratch.n; i++) {
		uint32_t id = c->scratch.at[i];

		cluster_retake(cluster, node, &c->pods.at[id].need);
		if (!fits || cluster_fits(on, &pod->need))
			continue;
		cluster_give(cluster, node, &c->pods.at[id].need);
		c->scratch.at[n++] = id;
	}
	if (!fits)
		return false;
	c->scratch.n = n;
	for (uint32_t i = 0; i < n; i++)
		cluster_retake(cluster, node, &c->pods.at[c->scratch.at[i]].need);
	return true;
}

static struct loss loss_of(const struct control *c)
{
	struct loss loss = { INT32_MIN, 0, c->scratch.n, INT64_MAX };

	for (uint32_t i = 0; i < c->scratch.n; i++) {
		const struct pod *pod = &c->pods.at[c->scratch.at[i]];
		int32_t priority = priority_of(c, pod);

		if (priority > loss.highest)
			loss.highest = priority;
		loss.sum += priority + (INT64_C(1) << 31);
	}
	for (uint32_t i = 0; i < c->scratch.n; i++) {
		const struct pod *pod = &c->pods.at[c->scratch.at[i]];

		if (priority_of(c, pod) == loss.highest && pod->record.bound_ns < loss.started_ns)
			loss.started_ns = pod->record.bound_ns;
	}
	return loss;
}

static bool less(const struct loss *a, const struct loss *b)
{
	if (a->highest != b->highest)
		return a->highest < b->highest;
	if (a->sum != b->sum)
		return a->sum < b->sum;
	if (a->victims != b->victims)
		return a->victims < b->victims;
	return a->started_ns > b->started_ns;
}

/* Tells the pods in scratch to end; their services replace them. */
static void evict(struct control *c)
{
	uint32_t n = c->scratch.n;

	/* What follows may use scratch. */
	c->victims.n = 0;
	for (uint32_t i = 0; i < n; i++)
		vec_push(&c->victims, c->scratch.at[i]);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = c->victims.at[i], set = c->pods.at[id].record.service;

		/* Some may be on their way out already. */
		if (c->pods.at[id].doomed)
			continue;
		c->totals.evictions++;
		note(c, DECISION_EVICTED, id, NONE, NONE, c->pods.at[id].record.node);
		pod_doom(c, id);
		set_drive(c, set);
	}
}

/* The node whose victims matter least among the sampled ones, or NO_NODE. */
static uint32_t choose(struct control *c, const struct pod *pod)
{
	uint32_t n = c->cluster->n, best = NO_NODE, tried = 0;
	uint32_t most = n * CANDIDATES_PERCENT / 100;
	uint32_t node = rng_below(&c->choices, n);
	int32_t priority = priority_of(c, pod);
	struct loss least = { 0 };

	if (most < CANDIDATES_MIN)
		most = CANDIDATES_MIN;
	for (uint32_t i = 0; i < n && tried < most; i++, node = node + 1 < n ? node + 1 : 0) {
		struct loss loss;

		if (!c->cluster->node[node].up || c->cluster->node[node].kept ||
		    !candidates(c, node, priority) || !victims(c, node, pod))
			continue;
		tried++;
		loss = loss_of(c);
		if (best == NO_NODE || less(&loss, &least)) {
			best = node;
			least = loss;
		}
	}
	return best;
}

void preempt_try(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	uint32_t node;

	if (!c->priorities || !c->config.preemption || pod->nominated != NONE)
		return;
	reserve(c);
	node = choose(c, pod);
	if (node == NO_NODE)
		return;
	pod->nominated = node;
	c->on_node.at[node].nominee = id;
	if (!candidates(c, node, priority_of(c, pod)) || !victims(c, node, pod))
		assert(!"the node was a candidate");
	cluster_keep(c->cluster, node, true);
	note(c, DECISION_PREEMPTS, id, pod->function, NONE, node);
	evict(c);
}
