/* direct: Dirigent.  One lean process that knows every node and places at once, without filters and
 * scores beyond whether the pod fits (or, least-allocated, with those of Kubernetes).  It takes
 * the node when it begins, as any owner; what that costs is the world's decision.lean.  Source of
 * the three policies: eth-easl/dirigent 44c9e88a. */
#include "models/control/whole.h"
#include "models/control/note.h"

/* Draws before a walk from a random start.  source: assumption; so many in a row miss once in 30
 * where one node in ten has room (0.9^32 = 3 %), and a walk is then short */
#define DRAWS 32

/* The first node at or behind position `start`, round the pool, that has room. */
static struct found walk(struct cluster *cluster, const struct need *need, uint32_t start)
{
	struct pool *pool = &cluster->pool[0];
	const struct bits *can = cluster_can(pool, need);
	struct found found = { .node = NO_NODE, .examined = pool->n };

	for (int lap = 0; lap < 2; lap++) {
		uint32_t end = lap ? start : pool->n;

		for (uint32_t at = bits_next(can, lap ? 0 : start); at < end;
		     at = bits_next(can, at + 1)) {
			if (!cluster_fits(&cluster->node[pool->node[at]], need))
				continue;
			found.node = pool->node[at];
			found.examined = (at + pool->n - start) % pool->n + 1;
			found.feasible = 1;
			pool->cursor = at + 1;
			return found;
		}
	}
	return found;
}

static struct found any(struct control *c, const struct need *need)
{
	const struct pool *pool = &c->cluster->pool[0];
	struct found found;

	for (uint32_t i = 1; i <= DRAWS; i++) {
		uint32_t node = pool->node[rng_below(&c->choices, pool->n)];

		if (cluster_fits(&c->cluster->node[node], need))
			return (struct found){ node, i, 1 };
	}
	found = walk(c->cluster, need, rng_below(&c->choices, pool->n));
	found.examined += DRAWS;
	return found;
}

static struct found search(struct control *c, uint32_t id, uint32_t at)
{
	struct pod *pod = &c->pods.at[at];
	const struct pool *pool = &c->cluster->pool[0];
	struct found found = { .node = NO_NODE };

	if (c->config.lean.placement == PLACEMENT_LEAST_ALLOCATED)
		return function_search_own(c, id, at);
	if (pool->n && c->config.lean.placement == PLACEMENT_RANDOM)
		found = any(c, &pod->need);
	else if (pool->n)
		found = walk(c->cluster, &pod->need, pool->cursor % pool->n);
	note_search(c, DECISION_SEARCHED, id, at, &found, note_known(c->cluster, 0, &pod->need), 0);
	if (found.node != NO_NODE)
		cluster_take(c->cluster, found.node, &pod->need);
	pod->record.node = found.node;
	return found;
}

const struct plane plane_direct = {
	.think = THINK_LEAN,
	.search = search,
	.decided = function_decided_own,
	.start = whole_start,
	.dispatch = whole_dispatch,
	.full = whole_full,
	.parked = whole_parked,
	.retry = whole_retry,
	.freed = whole_freed,
	.probe = whole_probe,
	.answer = whole_answer,
	.received = whole_received,
	.idle = whole_idle,
	.function_up = whole_function_up,
	.function_lost = whole_function_lost,
	.node_up = whole_node_up,
	.timer = whole_timer,
};
