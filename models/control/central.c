/* central: kube-scheduler.  One function owns every node: its cycle is the search of
 * cluster/search.c, its queues are those of whole.c.  A pod without room may evict others
 * (preempt.c). */
#include "models/control/preempt.h"
#include "models/control/whole.h"
#include "models/control/note.h"

/* A pod looks first at the node that is kept for it. */
static struct found search(struct control *c, uint32_t function, uint32_t pod)
{
	struct found found = { .examined = 1, .feasible = 1 };

	if (!preempt_take(c, pod))
		return function_search_own(c, function, pod);
	found.node = c->pods.at[pod].record.node;
	note_search(c, DECISION_SEARCHED, function, pod, &found, 1, 0);
	return found;
}

static void full(struct control *c, uint32_t function, uint32_t pod)
{
	(void)function;
	preempt_try(c, pod);
	pod_unplaced(c, pod);
}

/* One that has a node kept waits for that. */
static void freed(struct control *c, uint32_t node)
{
	preempt_freed(c, node);
	if (!c->priorities) {
		whole_freed(c, node);
		return;
	}
	c->freed++;
	for (uint32_t i = 0; i < c->functions; i++) {
		uint32_t id = c->function[i].parked.n ? c->function[i].parked.head : NONE;

		for (uint32_t next; id != NONE; id = next) {
			next = c->pods.at[id].next;
			if (c->pods.at[id].nominated == NONE)
				pod_wake(c, id);
		}
	}
}

const struct plane plane_central = {
	.think = THINK_SCHEDULE,
	.search = search,
	.decided = function_decided_own,
	.start = whole_start,
	.dispatch = whole_dispatch,
	.full = full,
	.parked = whole_parked,
	.retry = whole_retry,
	.freed = freed,
	.probe = whole_probe,
	.answer = whole_answer,
	.received = whole_received,
	.idle = whole_idle,
	.function_up = whole_function_up,
	.function_lost = whole_function_lost,
	.node_up = whole_node_up,
	.timer = whole_timer,
};
