/* central: kube-scheduler.  One function owns every node.  A pod without room waits in the parked
 * list until something comes free (or for five minutes), and then at least for its back-off:
 * scheduling_queue.go's unschedulable, back-off and active queues. */
#include "models/control/state.h"

static void start(struct control *c)
{
	control_arm(c, c->now + c->config.backoff.idle_flush_ns, TIMER_IDLE, 0, 0, 0);
}

static void dispatch(struct control *c, uint32_t pod)
{
	uint32_t function = function_choose(c);

	if (function == NONE)
		pod_orphan(c, pod);
	else
		pod_enqueue(c, pod, function);
}

static void full(struct control *c, uint32_t function, uint32_t pod)
{
	(void)function;
	pod_unplaced(c, pod);
}

static void parked(struct control *c, uint32_t pod)
{
	(void)c, (void)pod;
}

static void retry(struct control *c, uint32_t pod)
{
	pod_unqueue(c, pod);
	dispatch(c, pod);
}

/* Any event may help any pod: those parked all move on, as coarse as the scheduler's queueing hint
 * for a deleted pod.  Each moves once, so that this costs a constant a pod and attempt. */
static void freed(struct control *c, uint32_t node)
{
	struct list *list = &c->function[0].parked;

	(void)node;
	for (uint32_t n = list->n; n; n--)
		pod_wake(c, list->head);
}

static bool probe(struct control *c, uint32_t function, const struct probe *p)
{
	(void)c, (void)function, (void)p;
	return false;
}

static void answer(struct control *c, uint32_t function)
{
	(void)c, (void)function;
}

static void received(struct control *c, uint32_t function, const struct msg *msg, const void *load)
{
	(void)c, (void)function, (void)msg, (void)load;
}

static void idle(struct control *c, uint32_t function)
{
	(void)c, (void)function;
}

static void up(struct control *c, uint32_t function)
{
	(void)c, (void)function;
}

/* Leader election or the kubelet brings it back; its nodes are all there are. */
static void lost(struct control *c, uint32_t function)
{
	(void)function;
	function_start(c);
}

static void node_up(struct control *c, uint32_t node)
{
	cluster_own(c->cluster, node, 0);
}

static void timer(struct control *c, const struct timer *timer)
{
	struct list *list = &c->function[0].parked;

	(void)timer;
	while (list->n && c->pods.at[list->head].since_ns + c->config.backoff.idle_max_ns <= c->now)
		pod_wake(c, list->head);
	start(c);
}

const struct plane plane_central = {
	.start = start,
	.dispatch = dispatch,
	.full = full,
	.parked = parked,
	.retry = retry,
	.freed = freed,
	.probe = probe,
	.answer = answer,
	.received = received,
	.idle = idle,
	.function_up = up,
	.function_lost = lost,
	.node_up = node_up,
	.timer = timer,
};
