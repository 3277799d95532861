/* Pods that wait: in a function's queue, for room (parked: for an event, or with a timer for their
 * back-off), or, orphans, for a function that is up. */
#include "models/control/functional.h"
#include "models/control/gang.h"
#include "models/control/preempt.h"
#include "models/control/note.h"
#include <assert.h>

/* First in, first out within a priority; a higher one goes before. */
static void queue_push(struct control *c, struct list *queue, uint32_t id)
{
	uint32_t after = queue->n ? queue->tail : NONE;

	while (c->priorities && after != NONE && preempt_before(c, id, after))
		after = c->pods.at[after].prev;
	if (!queue->n || after == queue->tail)
		list_push(c, queue, id);
	else
		list_insert(c, queue, id, after);
}

void pod_enqueue(struct control *c, uint32_t id, uint32_t function)
{
	struct function *f = &c->function[function];
	struct pod *pod = &c->pods.at[id];

	if (f->state != FUNCTION_UP) {
		c->plane->dispatch(c, id);
		return;
	}
	if (pod->gang != NONE) {
		gang_gather(c, id, function);
		return;
	}
	pod->state = POD_QUEUED;
	pod->function = function;
	pod->since_ns = c->now;
	queue_push(c, &f->queue, id);
	c->queued[function] = f->queue.n;
	note_queued(c, id);
	function_next(c, function);
}

void pod_unqueue(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	struct function *f;

	if (pod->function == NONE) {
		list_remove(c, &c->orphans, id);
		return;
	}
	f = &c->function[pod->function];
	if (pod->state == POD_PARKED) {
		list_remove(c, pod->timed ? &f->backoff : &f->parked, id);
		return;
	}
	assert(pod->state == POD_QUEUED);
	list_remove(c, &f->queue, id);
	if (f->state == FUNCTION_UP)
		c->queued[pod->function] = f->queue.n;
}

void pod_orphan(struct control *c, uint32_t id)
{
	c->pods.at[id].state = POD_QUEUED;
	c->pods.at[id].function = NONE;
	c->pods.at[id].since_ns = c->now;
	list_push(c, &c->orphans, id);
}

void function_adopt(struct control *c)
{
	/* Those that still find nobody are put back. */
	for (uint32_t n = c->crew->lives ? c->orphans.n : 0; n; n--) {
		uint32_t id = c->orphans.head;

		list_remove(c, &c->orphans, id);
		c->plane->dispatch(c, id);
	}
}

void pod_give_up(struct control *c, uint32_t id)
{
	note(c, DECISION_GIVEN_UP, id, c->pods.at[id].function, NONE, NO_NODE);
	pod_report(c, id, POD_UNSCHEDULABLE);
	pod_free(c, id);
}

void pod_park(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	pod->state = POD_PARKED;
	pod->since_ns = c->now;
	pod->timed = false;
	note(c, DECISION_PARKED, id, pod->function, NONE, NO_NODE);
	list_push(c, &c->function[pod->function].parked, id);
}

void pod_unplaced(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	const struct backoff_config *b = &c->config.backoff;
	int64_t wait_ns = b->initial_ns;

	assert(pod->record.node == NO_NODE);
	c->totals.unschedulable++;
	pod->record.attempts++;
	if (pod->record.service == NONE && c->config.attempts &&
	    pod->record.attempts >= c->config.attempts) {
		pod_give_up(c, id);
		return;
	}
	control_write(c, VERB_POD_STATUS, CLIENT_SCHEDULER, id, pod->gen,
		      c->config.visits.unschedulable);
	/* initial * 2^(attempts - 1), at most max, ending on a flush.  Source: kube-scheduler
	 * scheduling_queue.go, calculateBackoffDuration. */
	for (uint32_t i = 1; i < pod->record.attempts && wait_ns < b->max_ns; i++)
		wait_ns *= 2;
	if (wait_ns > b->max_ns)
		wait_ns = b->max_ns;
	pod->retry_ns = (c->now + wait_ns + b->flush_ns - 1) / b->flush_ns * b->flush_ns;
	pod_park(c, id);
	c->plane->parked(c, id);
}

void pod_back_off(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	struct function *f = &c->function[pod->function];

	assert(pod->state == POD_PARKED && !pod->timed);
	list_remove(c, &f->parked, id);
	pod->timed = true;
	list_push(c, &f->backoff, id);
	control_arm(c, pod->retry_ns, TIMER_POD, id, pod->gen, pod->record.attempts);
}

void pod_wake(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	if (c->now < pod->retry_ns) {
		pod_back_off(c, id);
		return;
	}
	pod_unqueue(c, id);
	pod_enqueue(c, id, pod->function);
}
