/* Parts of planes whose functions may use any node; taken together they are the central one.  A pod
 * without room waits in the parked list until something comes free (or for five minutes), and then
 * at least for its back-off: scheduling_queue.go's unschedulable, back-off and active queues. */
#include "models/control/whole.h"

void whole_start(struct control *c)
{
	control_arm(c, c->now + c->config.backoff.idle_flush_ns, TIMER_IDLE, 0, 0, 0);
}

void whole_dispatch(struct control *c, uint32_t pod)
{
	uint32_t function = function_choose(c, pod);

	if (function == NONE)
		pod_orphan(c, pod);
	else
		pod_enqueue(c, pod, function);
}

void whole_full(struct control *c, uint32_t function, uint32_t pod)
{
	(void)function;
	pod_unplaced(c, pod);
}

/* What came free while the decision was under way may help.  Source: scheduling_queue.go, events in
 * flight. */
void whole_parked(struct control *c, uint32_t pod)
{
	if (c->freed != c->function[c->pods.at[pod].function].freed)
		pod_wake(c, pod);
}

void whole_retry(struct control *c, uint32_t pod)
{
	pod_unqueue(c, pod);
	c->plane->dispatch(c, pod);
}

/* Any event may help any pod: those parked all move on, as coarse as the scheduler's queueing hint
 * for a deleted pod.  Each moves once, so that this costs a constant a pod and attempt. */
void whole_freed(struct control *c, uint32_t node)
{
	(void)node;
	c->freed++;
	for (uint32_t i = 0; i < c->functions; i++) {
		struct list *list = &c->function[i].parked;

		for (uint32_t n = list->n; n; n--)
			pod_wake(c, list->head);
	}
}

bool whole_probe(struct control *c, uint32_t function, const struct task *p)
{
	(void)c, (void)function, (void)p;
	return false;
}

void whole_answer(struct control *c, uint32_t function)
{
	(void)c, (void)function;
}

void whole_received(struct control *c, uint32_t function, const struct msg *msg, const void *load)
{
	(void)c, (void)function, (void)msg, (void)load;
}

void whole_idle(struct control *c, uint32_t function)
{
	(void)c, (void)function;
}

void whole_function_up(struct control *c, uint32_t function)
{
	(void)c, (void)function;
}

/* Leader election or the kubelet brings it back. */
void whole_function_lost(struct control *c, uint32_t function)
{
	(void)function;
	function_start(c, FUNCTION_SCHEDULE);
}

void whole_node_up(struct control *c, uint32_t node)
{
	cluster_own(c->cluster, node, 0);
}

void whole_timer(struct control *c, const struct timer *timer)
{
	int64_t since_ns = c->now - c->config.backoff.idle_max_ns;

	(void)timer;
	for (uint32_t i = 0; i < c->functions; i++) {
		struct list *list = &c->function[i].parked;

		while (list->n && c->pods.at[list->head].since_ns <= since_ns)
			pod_wake(c, list->head);
	}
	whole_start(c);
}
