/* godel: ByteDance's Goedel.  A dispatcher deals pods to schedulers; each prefers the nodes of its
 * shard and, when shards are logical, falls back to all others, on a view of the cluster.  What it
 * chose is checked against the truth when the pod is handed to the binder; refused, it goes back to
 * the dispatcher, after three times with a back-off.  The binder is one function that takes one pod
 * at a time: its queue costs time, but no further conflicts.  Shards that have grown apart are
 * evened out now and then.  Source: kubewharf/godel-scheduler. */
#include "models/control/whole.h"
#include "models/control/note.h"
#include <assert.h>

/* Source: godel-scheduler pkg/binder, at most 3 retries. */
#define REFUSALS 3

enum { POOL_SHARD, POOL_OTHERS };

/* The scheduler that is up with the fewest nodes; NONE if none is up. */
static uint32_t smallest(const struct control *c)
{
	uint32_t best = NONE;

	for (uint32_t i = 0; i < c->binder; i++)
		if (c->function[i].state == FUNCTION_UP &&
		    (best == NONE || c->cluster->pool[i].n < c->cluster->pool[best].n))
			best = i;
	return best;
}

static void hand_over(struct control *c, uint32_t from, uint32_t to, uint32_t n)
{
	c->totals.partition_moves++;
	c->totals.rebalanced_nodes += n;
	for (; n; n--) {
		uint32_t node = c->cluster->pool[from].node[c->cluster->pool[from].n - 1];

		cluster_disown(c->cluster, node, c->now);
		cluster_own(c->cluster, node, to);
	}
}

/* Nodes of a dead shard are re-homed, each to the smallest. */
static void rehome(struct control *c)
{
	for (uint32_t i = 0; i < c->binder; i++)
		while (c->function[i].state != FUNCTION_UP && c->cluster->pool[i].n &&
		       smallest(c) != NONE)
			hand_over(c, i, smallest(c), 1);
}

/* Source: godel-scheduler's node shuffler: max > 2 min; (max + min) / 2 - min nodes. */
static void shuffle(struct control *c)
{
	uint32_t min = smallest(c), max = min, most, least;

	for (uint32_t i = 0; i < c->binder; i++)
		if (c->function[i].state == FUNCTION_UP &&
		    c->cluster->pool[i].n > c->cluster->pool[max].n)
			max = i;
	if (min == NONE)
		return;
	most = c->cluster->pool[max].n;
	least = c->cluster->pool[min].n;
	if (most > 2 * least && most > 1)
		hand_over(c, max, min, (most + least) / 2 - least);
}

static void start(struct control *c)
{
	uint32_t n = c->cluster->n;

	whole_start(c);
	control_arm(c, c->now + c->config.godel.shuffle_ns, TIMER_TOP, 0, 0, 0);
	for (uint32_t i = 0; i < n; i++)
		cluster_disown(c->cluster, i, c->now);
	for (uint32_t i = 0; i < n; i++)
		cluster_own(c->cluster, i, (uint32_t)((uint64_t)i * c->binder / n));
}

static void dispatch(struct control *c, uint32_t pod)
{
	/* The binder that was to have it is not there. */
	if (c->pods.at[pod].record.node != NO_NODE) {
		pod_give(c, pod);
		c->pods.at[pod].record.node = NO_NODE;
	}
	/* What nobody could bind is not worth a decision. */
	if (c->function[c->binder].state == FUNCTION_UP)
		whole_dispatch(c, pod);
	else
		pod_orphan(c, pod);
}

static struct found search(struct control *c, uint32_t id, uint32_t at)
{
	const struct pod *pod = &c->pods.at[at];
	struct view *view = &c->view[id];
	struct found found, beyond;
	int64_t known;

	if (id == c->binder) {
		found = (struct found){ pod->record.node, 1, 1 };
		note_search(c, DECISION_BINDER, id, at, &found, -1, 0);
		return found;
	}
	view_sync(view, c->cluster, c->config.godel.sync_ns, c->now);
	found = search_pool(&view->cluster, POOL_SHARD, &pod->need, &c->ties);
	known = note_known(&view->cluster, POOL_SHARD, &pod->need);
	if (found.node == NO_NODE && c->config.godel.logical) {
		beyond = search_pool(&view->cluster, POOL_OTHERS, &pod->need, &c->ties);
		beyond.examined += found.examined;
		known += note_known(&view->cluster, POOL_OTHERS, &pod->need);
		found = beyond;
	}
	c->function[id].chosen = found.node;
	note_search(c, DECISION_SEARCHED, id, at, &found, known, c->now - view->synced_ns);
	return found;
}

static void refused(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	c->totals.conflicts++;
	if (++pod->target <= REFUSALS) {
		dispatch(c, id);
		return;
	}
	pod->target = 0;
	pod_unplaced(c, id);
}

static void decided(struct control *c, uint32_t id, uint32_t at)
{
	struct pod *pod = &c->pods.at[at];
	uint32_t node = c->function[id].chosen;

	if (id == c->binder) {
		/* The node was lost meanwhile. */
		if (pod->record.node == NO_NODE)
			dispatch(c, at);
		else
			pod_bind(c, at, id);
		return;
	}
	if (node == NO_NODE) {
		pod_unplaced(c, at);
		return;
	}
	if (!cluster_fits(&c->cluster->node[node], &pod->need)) {
		note(c, DECISION_CONFLICT, at, id, NONE, node);
		view_learn(&c->view[id], c->cluster, node);
		refused(c, at);
		return;
	}
	cluster_take(c->cluster, node, &pod->need);
	view_learn(&c->view[id], c->cluster, node);
	pod->target = 0;
	pod->record.node = node;
	pod_enqueue(c, at, c->binder);
}

/* By the clock it comes to another scheduler, which matters where shards are physical, or to a view
 * that knows of what it would wait for. */
static void parked(struct control *c, uint32_t pod)
{
	if (!c->config.godel.logical ||
	    !view_current(&c->view[c->pods.at[pod].function], c->cluster))
		pod_back_off(c, pod);
}

static void up(struct control *c, uint32_t function)
{
	(void)function;
	rehome(c);
}

static void lost(struct control *c, uint32_t function)
{
	(void)function;
	rehome(c);
	function_start(c, FUNCTION_SCHEDULE);
}

static void node_up(struct control *c, uint32_t node)
{
	uint32_t to = smallest(c);

	cluster_own(c->cluster, node, to == NONE ? 0 : to);
}

static void timer(struct control *c, const struct timer *timer)
{
	if (timer->kind != TIMER_TOP) {
		whole_timer(c, timer);
		return;
	}
	shuffle(c);
	control_arm(c, c->now + c->config.godel.shuffle_ns, TIMER_TOP, 0, 0, 0);
}

const struct plane plane_godel = {
	.think = THINK_SCHEDULE,
	.search = search,
	.decided = decided,
	.start = start,
	.dispatch = dispatch,
	.full = whole_full,
	.parked = parked,
	.retry = whole_retry,
	.freed = whole_freed,
	.probe = whole_probe,
	.answer = whole_answer,
	.received = whole_received,
	.idle = whole_idle,
	.function_up = up,
	.function_lost = lost,
	.node_up = node_up,
	.timer = timer,
};
