/* central: kube-scheduler.  One function owns every node: its cycle is the search of
 * cluster/search.c, its queues are those of whole.c. */
#include "models/control/state.h"

const struct plane plane_central = {
	.think = THINK_SCHEDULE,
	.search = function_search_own,
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
