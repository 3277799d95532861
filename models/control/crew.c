/* Functions of the kinds that do not schedule.  Each has a queue and thinks about one service, or
 * one binding, at a time; what it then does is what sets.c and endpoints.c do at no cost in other
 * planes.  Whose a service is follows from its number and from who is up; it is in one queue at
 * most, so that two functions never see to it at once.  What a function needs to know of a service
 * it reads from its watch, which the world prices: services change hands at no cost.  A pod's node
 * is known to who found it alone, and goes to the bind function by message. */
#include "models/control/functional.h"
#include "models/control/note.h"
#include <assert.h>

static const enum think thinks[FUNCTION_KINDS] = { [FUNCTION_AUTOSCALE] = THINK_AUTOSCALE,
						   [FUNCTION_EXPAND] = THINK_EXPAND,
						   [FUNCTION_BIND] = THINK_BIND,
						   [FUNCTION_ENDPOINT] = THINK_ENDPOINT };

static uint32_t owner(const struct control *c, enum function_kind kind, uint32_t id)
{
	const struct crew *crew = &c->crew[kind];

	return crew->lives ? crew->live[id % crew->lives] : NONE;
}

void crew_ask(struct control *c, enum function_kind kind, uint32_t set)
{
	uint32_t to = owner(c, kind, set);

	if (to == NONE || c->set[set].asked >> kind & 1 || !set_wants(c, set, kind))
		return;
	c->set[set].asked |= (uint8_t)(1u << kind);
	function_ask(c, to, (struct task){ .from = NONE, .id = set, .since_ns = c->now });
}

void crew_hand(struct control *c, uint32_t from, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	uint32_t to = owner(c, FUNCTION_BIND, id);
	struct msg *msg;

	assert(pod->state == POD_BINDING && pod->handed != HANDED_WRITTEN);
	pod->since_ns = c->now;
	pod->handed = to == NONE ? HANDED_NOT : HANDED_SENT;
	if (to == NONE)
		return;
	msg = control_send(c, from, to, VERB_HAND, NULL, 0);
	msg->send.task = id;
	msg->send.gen = pod->gen;
}

/* The pod whose binding a bind function is to write, if that is still so. */
static struct pod *to_bind(struct control *c, uint32_t id, uint32_t gen, enum handed handed)
{
	struct pod *pod = pod_at(c, id, gen);

	return pod && pod->state == POD_BINDING && pod->handed == handed ? pod : NULL;
}

void crew_handed(struct control *c, uint32_t function, uint32_t id, uint32_t gen)
{
	struct pod *pod = to_bind(c, id, gen, HANDED_SENT);

	if (!pod)
		return;
	/* Nobody is there any more: to another. */
	if (c->function[function].state != FUNCTION_UP) {
		crew_hand(c, pod->function, id);
		return;
	}
	pod->handed = HANDED_QUEUED;
	note(c, DECISION_QUEUED, id, function, pod->function, NO_NODE);
	function_ask(c, function,
		     (struct task){ .from = NONE, .id = id, .gen = gen, .since_ns = c->now });
}

/* Nobody sees to the task any more. */
static void drop(struct control *c, enum function_kind kind, uint32_t id, uint32_t gen)
{
	struct pod *pod;

	if (kind != FUNCTION_BIND)
		c->set[id].asked &= (uint8_t) ~(1u << kind);
	else if ((pod = to_bind(c, id, gen, HANDED_QUEUED)) != NULL)
		pod->handed = HANDED_NOT;
}

void crew_next(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];
	uint32_t size = 1;

	while (f->inbox.n) {
		struct task task = function_pop(f);

		if (f->kind == FUNCTION_BIND) {
			if (!to_bind(c, task.id, task.gen, HANDED_QUEUED))
				continue;
		} else if (set_wants(c, task.id, f->kind)) {
			size = set_size(c, task.id, f->kind);
		} else {
			drop(c, f->kind, task.id, 0);
			continue;
		}
		function_waited(c, id, task.since_ns);
		if (f->kind == FUNCTION_BIND)
			note_search(c, DECISION_BINDER, id, task.id,
				    &(struct found){ c->pods.at[task.id].record.node, 1, 1 }, -1,
				    0);
		function_think(c, id, thinks[f->kind], task.id, size);
		return;
	}
	if (function_drained(c, id))
		function_stop(c, id);
}

void crew_thought(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];
	struct pod *pod;

	if (f->kind != FUNCTION_BIND) {
		drop(c, f->kind, f->pod, 0);
		set_work(c, f->pod, f->kind);
	} else if ((pod = to_bind(c, f->pod, f->pod_gen, HANDED_QUEUED)) != NULL) {
		pod->handed = HANDED_WRITTEN;
		pod->since_ns = c->now;
		pod_write_binding(c, f->pod);
	}
}

/* What nobody sees to. */
static void ask_all(struct control *c, enum function_kind kind)
{
	if (kind != FUNCTION_BIND) {
		for (uint32_t i = 0; i < c->sets; i++)
			crew_ask(c, kind, i);
		return;
	}
	for (uint32_t i = 0; i < c->pods.n; i++) {
		const struct pod *pod = &c->pods.at[i];

		if (pod->state == POD_BINDING && pod->handed == HANDED_NOT)
			crew_hand(c, pod->function, i);
	}
}

void crew_deal(struct control *c, enum function_kind kind)
{
	const struct crew *crew = &c->crew[kind];

	for (uint32_t id = crew->first; id < crew->first + crew->slots; id++) {
		struct function *f = &c->function[id];

		for (uint32_t n = f->inbox.n; n; n--) {
			struct task task = function_pop(f);
			uint32_t to = owner(c, kind, task.id);

			if (to == id || to == NONE)
				function_ask(c, id, task);
			else if (kind != FUNCTION_BIND)
				function_ask(c, to, task);
			else if (to_bind(c, task.id, task.gen, HANDED_QUEUED))
				crew_hand(c, id, task.id);
		}
	}
	ask_all(c, kind);
}

void crew_lost(struct control *c, uint32_t id, bool thinking)
{
	struct function *f = &c->function[id];

	if (thinking)
		drop(c, f->kind, f->pod, f->pod_gen);
	while (f->inbox.n) {
		struct task task = function_pop(f);

		drop(c, f->kind, task.id, task.gen);
	}
	crew_deal(c, f->kind);
	top_restart(c, f->kind);
}
