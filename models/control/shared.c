/* shared: Omega.  Every scheduler may use every node.  It decides on its own view of the cluster,
 * which is as old as shared.sync allows, and takes the node when it has decided: if another was
 * there first that is a conflict, it learns what the node is like now, and the pod goes to the back
 * of its own queue.  Two tests of a conflict: resource-fit (there is no room left) and
 * sequence-number (anything changed on the node since it was looked at).
 *
 * In a round of R requests by N schedulers over S slots a request conflicts with probability
 * 1 - S/R (1 - (1 - R/(N S))^N) (V6); with others placing l pods a second on M nodes, a decision of
 * t seconds conflicts by sequence number with probability 1 - exp(-l t / M) (V7). */
#include "models/control/gang.h"
#include "models/control/whole.h"
#include "models/control/note.h"

static struct found search(struct control *c, uint32_t id, uint32_t pod)
{
	struct view *view = &c->view[id];
	struct found found;

	view_sync(view, c->cluster, c->config.shared.sync_ns, c->now);
	found = search_pool(&view->cluster, 0, &c->pods.at[pod].need, &c->ties);
	c->function[id].chosen = found.node;
	if (c->pods.at[pod].gang != NONE)
		gang_expect(c, id, pod, found.node);
	note_search(c, DECISION_SEARCHED, id, pod, &found,
		    note_known(&view->cluster, 0, &c->pods.at[pod].need), c->now - view->synced_ns);
	return found;
}

static bool conflict(const struct control *c, uint32_t id, uint32_t pod)
{
	uint32_t node = c->function[id].chosen;

	if (c->config.shared.conflict == CONFLICT_SEQUENCE)
		return c->cluster->node[node].version != c->view[id].cluster.node[node].version;
	return !cluster_fits(&c->cluster->node[node], &c->pods.at[pod].need);
}

void shared_lost(struct control *c, uint32_t id, uint32_t at)
{
	const struct shared_config *config = &c->config.shared;
	struct pod *pod = &c->pods.at[at];

	c->totals.conflicts++;
	pod->conflicts++;
	if (pod->record.service == NONE && config->give_up && pod->conflicts >= config->give_up) {
		pod_give_up(c, at);
	} else if (config->retry_ns) {
		pod->retry_ns = c->now + config->retry_ns;
		pod_park(c, at);
		pod_back_off(c, at);
	} else {
		pod_enqueue(c, at, id);
	}
}

static void decided(struct control *c, uint32_t id, uint32_t pod)
{
	uint32_t node = c->function[id].chosen;

	if (node == NO_NODE) {
		pod_unplaced(c, pod);
		return;
	}
	if (conflict(c, id, pod)) {
		view_learn(&c->view[id], c->cluster, node);
		note(c, DECISION_CONFLICT, pod, id, NONE, node);
		shared_lost(c, id, pod);
		return;
	}
	cluster_take(c->cluster, node, &c->pods.at[pod].need);
	view_learn(&c->view[id], c->cluster, node);
	c->pods.at[pod].record.node = node;
	pod_bind(c, pod, id);
}

/* Its view may be older than the event that it would wait for: then it tries again by the clock. */
static void parked(struct control *c, uint32_t pod)
{
	if (!view_current(&c->view[c->pods.at[pod].function], c->cluster))
		pod_back_off(c, pod);
}

const struct plane plane_shared = {
	.think = THINK_SCHEDULE,
	.search = search,
	.decided = decided,
	.start = whole_start,
	.dispatch = whole_dispatch,
	.full = whole_full,
	.parked = parked,
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
