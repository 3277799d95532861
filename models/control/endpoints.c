/* The endpoints controller: one write of a service is under way at most, and says all that changed
 * since the last, as the EndpointSlice controller's work queue does.  Whether a pod is to be
 * published or withdrawn is read off its state when the write is seen, so that a pod that died in
 * between is never announced. */
#include "models/control/functional.h"
#include <assert.h>

void endpoint_publish(struct control *c, uint32_t id)
{
	struct set *s = &c->set[id];

	if (s->publishing || s->changed == NONE)
		return;
	s->publishing = true;
	s->publishes = s->changed;
	s->changed = NONE;
	s->publish_ns = c->now;
	control_write(c, VERB_ENDPOINTS, CLIENT_ENDPOINTS, id, ++s->publish_seq,
		      c->config.visits.endpoints);
}

static void publish(struct control *c, uint32_t id)
{
	if (c->crews)
		crew_ask(c, FUNCTION_ENDPOINT, id);
	else
		endpoint_publish(c, id);
}

void endpoint_change(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	struct set *s = &c->set[pod->record.service];

	if (pod->in_endpoints)
		return;
	pod->in_endpoints = true;
	pod->endpoint_next = s->changed;
	s->changed = id;
	publish(c, pod->record.service);
}

void endpoint_up(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	struct msg *msg =
		outbox_add_load(c->out, MSG_ENDPOINT, id, &pod->record, sizeof(pod->record));

	msg->endpoint.gen = pod->gen;
	msg->endpoint.service = pod->record.service;
	msg->endpoint.node = pod->record.node;
	msg->endpoint.up = true;
}

static void withdraw(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	struct msg *msg = outbox_add(c->out, MSG_ENDPOINT, id);

	if (pod->counted)
		set_serves(c, id, -1); /* its node is silent */
	pod->routable = false;
	msg->endpoint.gen = pod->gen;
	msg->endpoint.service = pod->record.service;
	msg->endpoint.node = pod->record.node;
}

/* The pod's endpoint is now what its state says. */
static void settle(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	struct set *s = &c->set[pod->record.service];

	pod->in_endpoints = false;
	pod->endpoint_next = NONE;
	if (pod->state == POD_WARM && !pod->doomed && c->cluster->node[pod->record.node].up) {
		pod->state = POD_SERVING;
		pod->since_ns = pod->record.phase_end_ns[PHASE_ENDPOINT] = c->now;
		pod->record.end = POD_READY;
		pod->routable = true;
		set_serves(c, id, 1);
		s->failures = 0;
		endpoint_up(c, id);
		pod_report(c, id, POD_READY);
		return;
	}
	if (pod->routable)
		withdraw(c, id);
	if (pod->state == POD_DEAD)
		pod_free(c, id);
	else if (pod->doomed && !pod->deleting)
		pod_delete(c, id);
}

void endpoint_seen(struct control *c, uint32_t id, uint32_t seq)
{
	struct set *s = &c->set[id];
	uint32_t next, reversed = NONE;

	if (!s->publishing || seq != s->publish_seq)
		return;
	s->publishing = false;
	/* The list was made newest first; oldest first is the order of events. */
	for (uint32_t at = s->publishes; at != NONE; at = next) {
		next = c->pods.at[at].endpoint_next;
		c->pods.at[at].endpoint_next = reversed;
		reversed = at;
	}
	s->publishes = NONE;
	for (uint32_t at = reversed; at != NONE; at = next) {
		next = c->pods.at[at].endpoint_next;
		settle(c, at);
	}
	publish(c, id);
	set_drive(c, id);
}

void endpoint_resync(struct control *c, uint32_t id, int64_t stale_ns)
{
	struct set *s = &c->set[id];

	if (!s->publishing || s->publish_ns > stale_ns)
		return;
	s->publish_ns = c->now;
	control_write(c, VERB_ENDPOINTS, CLIENT_ENDPOINTS, id, s->publish_seq,
		      c->config.visits.endpoints);
}
