/* A pod from its object to its end.  Each function is one arrow of the state machine and checks
 * that the pod is where the arrow begins: what comes late or twice finds it elsewhere and is
 * dropped. */
#include "base/vec.h"
#include "models/control/functional.h"
#include "models/control/gang.h"
#include "models/control/preempt.h"
#include <assert.h>
#include <string.h>

uint32_t pod_new(struct control *c, uint32_t service, uint64_t number, const struct need *need,
		 int64_t wanted_ns)
{
	uint32_t id, gen = 0;
	struct pod *pod;

	if (c->free_pods.n) {
		id = c->free_pods.head;
		list_remove(c, &c->free_pods, id);
		gen = c->pods.at[id].gen;
	} else {
		uint32_t d = (uint32_t)c->config.functional.d;

		id = c->pods.n;
		vec_reserve(&c->pods, id + 1);
		c->pods.n++;
		if (d && c->plane == &plane_functional && c->targets_cap < c->pods.cap * d)
			c->targets = vec_grow(c->targets, &c->targets_cap, c->pods.cap * d,
					      sizeof(*c->targets));
	}
	pod = &c->pods.at[id];
	memset(pod, 0, sizeof(*pod));
	pod->record = (struct pod_record){ .id = number,
					   .service = service,
					   .node = NO_NODE,
					   .wanted_ns = wanted_ns,
					   .created_ns = -1,
					   .bound_ns = -1 };
	for (int i = 0; i < PHASES; i++)
		pod->record.phase_end_ns[i] = -1;
	pod->record.phase_end_ns[PHASE_DECISION] = wanted_ns;
	pod->need = *need;
	pod->gen = gen;
	pod->next = pod->prev = pod->older = pod->younger = pod->endpoint_next = NONE;
	pod->nominated = pod->gang = NONE;
	pod->function = pod->asked = NONE;
	pod->since_ns = c->now;
	pod->state = POD_CREATING;
	return id;
}

struct pod *pod_at(struct control *c, uint32_t id, uint32_t gen)
{
	struct pod *pod;

	if (id >= c->pods.n)
		return NULL;
	pod = &c->pods.at[id];
	return pod->gen == gen && pod->state != POD_UNUSED ? pod : NULL;
}

void pod_free(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	assert(pod->state != POD_UNUSED && !pod->in_endpoints && !pod->routable && pod->reported);
	preempt_forget(c, id);
	gang_leave(c, id);
	if (pod->record.service != NONE) {
		set_answered(c, id);
		set_uncount(c, id);
		set_unlink(c, id);
	}
	pod->state = POD_UNUSED;
	pod->gen++;
	list_push(c, &c->free_pods, id);
}

void pod_report(struct control *c, uint32_t id, enum pod_end end)
{
	struct pod *pod = &c->pods.at[id];

	if (pod->reported)
		return;
	pod->reported = true;
	pod->record.end = end;
	outbox_add_load(c->out, MSG_RECORD_POD, id, &pod->record, sizeof(pod->record));
}

void pod_give(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	uint32_t node = pod->record.node;

	assert(node != NO_NODE);
	preempt_unlink(c, id);
	cluster_give(c->cluster, node, &pod->need);
	if (c->cluster->node[node].up)
		c->plane->freed(c, node);
}

void pod_created(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	assert(pod->state == POD_CREATING);
	pod->record.created_ns = c->now;
	pod->record.phase_end_ns[PHASE_CONTROL] = c->now;
	c->plane->dispatch(c, id);
}

void pod_write_binding(struct control *c, uint32_t id)
{
	int64_t assume = c->binder != NONE ? c->config.godel.assume : 0;
	/* The message that brought it to its node was the binding. */
	bool bound = c->direct && c->sampling;

	control_write(c, VERB_BIND, CLIENT_SCHEDULER, id, c->pods.at[id].gen,
		      bound ? 0 : c->config.visits.bind + assume);
}

void pod_bind(struct control *c, uint32_t id, uint32_t function)
{
	struct pod *pod = &c->pods.at[id];

	assert(pod->record.node != NO_NODE);
	pod->state = POD_BINDING;
	pod->handed = HANDED_NOT;
	pod->since_ns = c->now;
	pod->function = function;
	pod->record.attempts++;
	c->totals.placements++;
	preempt_link(c, id);
	gang_leave(c, id);
	if (c->crews)
		crew_hand(c, function, id);
	else
		pod_write_binding(c, id);
}

struct msg *pod_tell(struct control *c, enum msg_kind kind, uint32_t id)
{
	const struct pod *pod = &c->pods.at[id];
	struct msg *msg = outbox_add_load(c->out, kind, id, &pod->record.id, sizeof(uint64_t));

	msg->pod.gen = pod->gen;
	msg->pod.node = pod->record.node;
	msg->pod.service = pod->record.service;
	return msg;
}

void pod_bound(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	int64_t *end_ns = pod->record.phase_end_ns;

	assert(pod->state == POD_BINDING);
	pod->state = POD_STARTING;
	pod->since_ns = pod->record.bound_ns = end_ns[PHASE_SCHEDULING] = c->now;
	if (end_ns[PHASE_PROVISION] < 0)
		end_ns[PHASE_PROVISION] = pod->record.created_ns;
	if (pod->record.service == NONE)
		pod_report(c, id, POD_READY);
	pod_tell(c, MSG_POD_START, id);
}

void pod_phase(struct control *c, uint32_t id, uint32_t phase)
{
	struct pod *pod = &c->pods.at[id];

	assert(phase < PHASES);
	if (pod->state == POD_STARTING && phase > PHASE_SCHEDULING && phase < PHASE_READINESS &&
	    pod->record.phase_end_ns[phase] < 0)
		pod->record.phase_end_ns[phase] = c->now;
}

void pod_ready(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	int64_t *end_ns = pod->record.phase_end_ns;

	if (pod->state != POD_STARTING || pod->record.service == NONE)
		return;
	/* A phase that was skipped took no time; one told late ends where the next one does. */
	for (int i = PHASE_SANDBOX; i < PHASE_READINESS; i++)
		if (end_ns[i] < end_ns[i - 1])
			end_ns[i] = end_ns[i - 1];
	end_ns[PHASE_READINESS] = c->now;
	pod->state = POD_WARM;
	pod->since_ns = c->now;
	cluster_learn(c->cluster, pod->record.node, pod->need.model);
	if (!pod->doomed)
		endpoint_change(c, id);
}

/* A pod of a service is no more; its row lives on while its endpoint does. */
static void bury(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	pod->state = POD_DEAD;
	set_uncount(c, id);
	if (pod->routable)
		endpoint_change(c, id);
	else if (!pod->in_endpoints)
		pod_free(c, id);
}

/* A crash makes the next pod of the service wait; a node that was lost does not.  Source: kubelet's
 * crash-loop back-off, and replica_set.go, which has none of its own. */
static void failed(struct control *c, uint32_t id, bool crashed)
{
	struct pod *pod = &c->pods.at[id];
	uint32_t set = pod->record.service;
	bool wanted = pod->counted;

	if (pod->state < POD_BINDING || pod->state > POD_STOPPING)
		return;
	pod_report(c, id, pod->doomed ? POD_CANCELLED : POD_FAILED);
	pod_give(c, id);
	if (set == NONE) {
		pod_free(c, id);
		return;
	}
	bury(c, id);
	if (wanted)
		c->set[set].lost_ns = c->now;
	if (wanted && crashed) {
		struct set *s = &c->set[set];
		int64_t wait_ns = c->config.backoff.crash_ns;

		for (uint32_t i = 0; i < s->failures && wait_ns < c->config.backoff.crash_max_ns;
		     i++)
			wait_ns *= 2;
		if (wait_ns > c->config.backoff.crash_max_ns)
			wait_ns = c->config.backoff.crash_max_ns;
		s->failures++;
		s->hold_ns = c->now + wait_ns;
		control_arm(c, s->hold_ns, TIMER_SET, set, 0, 0);
	}
	set_drive(c, set);
}

void pod_failed(struct control *c, uint32_t id)
{
	failed(c, id, true);
}

void pod_lost(struct control *c, uint32_t id)
{
	failed(c, id, false);
}

void pod_gone(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	uint32_t set = pod->record.service;

	/* Not asked for: a pod of a service has then failed. */
	if (pod->state != POD_STOPPING && pod->record.service != NONE) {
		pod_failed(c, id);
		return;
	}
	if (pod->state < POD_STARTING || pod->state > POD_STOPPING)
		return;
	pod_report(c, id, POD_CANCELLED);
	pod_give(c, id);
	pod_free(c, id);
	/* It may have been the last of a batch whose reply was lost. */
	if (set != NONE)
		set_drive(c, set);
}

void pod_doom(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	assert(!pod->doomed && pod->state != POD_DEAD);
	set_uncount(c, id);
	pod->doomed = true;
	if (pod->routable)
		endpoint_change(c, id);
	else if (!pod->in_endpoints)
		pod_delete(c, id);
}

void pod_delete(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	pod->deleting = true;
	pod->delete_ns = c->now;
	control_write(c, VERB_POD_DELETE, CLIENT_REPLICASET, id, pod->gen, c->config.visits.remove);
}

void pod_deleted(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	if (!pod->deleting || pod->state >= POD_STOPPING)
		return;
	if (pod->state >= POD_STARTING) {
		pod->state = POD_STOPPING;
		pod->since_ns = c->now;
		pod_tell(c, MSG_POD_STOP, id);
		return;
	}
	if (pod->state == POD_QUEUED || pod->state == POD_PARKED)
		pod_unqueue(c, id);
	else if (c->plane->forget)
		c->plane->forget(c, id);
	else if (pod->state == POD_PROBING)
		c->function[pod->function].probing--;
	if (pod->record.node != NO_NODE)
		pod_give(c, id);
	pod_report(c, id, POD_CANCELLED);
	pod_free(c, id);
}

void pod_resync(struct control *c, uint32_t id, int64_t stale_ns)
{
	struct pod *pod = &c->pods.at[id];

	if (pod->state == POD_UNUSED)
		return;
	/* A reply that was lost counts as come when the pod itself was seen. */
	if (pod->state > POD_CREATING && !pod->replied && pod->record.service != NONE &&
	    pod->record.created_ns <= stale_ns)
		set_answered(c, id);
	if (pod->deleting && pod->state < POD_STOPPING && pod->delete_ns <= stale_ns)
		pod_delete(c, id);
	if (pod->since_ns > stale_ns)
		return;
	switch (pod->state) {
	case POD_CREATING:
		pod->since_ns = c->now;
		control_write(c, VERB_POD_CREATE, CLIENT_REPLICASET, id, pod->gen,
			      c->config.visits.create);
		break;
	case POD_BINDING:
		pod->since_ns = c->now;
		if (!c->crews || pod->handed == HANDED_WRITTEN)
			pod_write_binding(c, id);
		else if (pod->handed != HANDED_QUEUED)
			crew_hand(c, pod->function, id);
		break;
	case POD_STARTING:
		/* A plain pod stays in this state and is not heard of before its end. */
		if (pod->record.service != NONE)
			pod_tell(c, MSG_POD_START, id);
		break;
	case POD_STOPPING: pod_tell(c, MSG_POD_STOP, id); break;
	case POD_PROBING:
		if (!c->plane->forget)
			break;
		c->plane->forget(c, id);
		c->plane->dispatch(c, id);
		break;
	case POD_MIGRATING:
	case POD_MOVING: c->plane->dispatch(c, id); break;
	default: break;
	}
}
