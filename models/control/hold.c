/* Reservations: rows of their own, for a pod may hold two nodes for a while when an answer comes
 * after it stopped waiting for it. */
#include "base/vec.h"
#include "models/control/state.h"
#include <assert.h>

uint32_t hold_room(struct control *c, const struct need *need, uint32_t node, uint32_t function)
{
	uint32_t id = c->free_hold, gen = 0;

	if (id != NONE) {
		c->free_hold = c->holds.at[id].next;
		gen = c->holds.at[id].gen;
	} else {
		id = c->holds.n;
		vec_push(&c->holds, (struct hold){ 0 });
	}
	c->holds.at[id] = (struct hold){ .need = *need,
					 .pod = NONE,
					 .node = node,
					 .function = function,
					 .gen = gen,
					 .live = true };
	cluster_take(c->cluster, node, &c->holds.at[id].need);
	c->cluster->node[node].holds++;
	c->function[function].holds++;
	return id;
}

uint32_t hold_new(struct control *c, uint32_t pod, uint32_t node, uint32_t function)
{
	uint32_t id = hold_room(c, &c->pods.at[pod].need, node, function);

	c->holds.at[id].pod = pod;
	c->holds.at[id].pod_gen = c->pods.at[pod].gen;
	return id;
}

void hold_arm(struct control *c, uint32_t id)
{
	c->holds.at[id].expires_ns = c->now + c->config.functional.reservation_ns;
	control_arm(c, c->holds.at[id].expires_ns, TIMER_HOLD, id, c->holds.at[id].gen, 0);
}

void hold_end(struct control *c, uint32_t id)
{
	struct hold *hold = &c->holds.at[id];

	assert(hold->live && c->cluster->node[hold->node].holds);
	c->cluster->node[hold->node].holds--;
	c->function[hold->function].holds--;
	hold->live = false;
	hold->gen++;
	hold->next = c->free_hold;
	c->free_hold = id;
}

bool hold_alive(const struct control *c, uint32_t id, uint32_t gen)
{
	return id < c->holds.n && c->holds.at[id].live && c->holds.at[id].gen == gen;
}

uint32_t hold_use(struct control *c, uint32_t id, uint32_t gen, uint32_t pod)
{
	const struct hold *hold;

	if (!hold_alive(c, id, gen))
		return NO_NODE;
	hold = &c->holds.at[id];
	if (hold->pod != pod || hold->pod_gen != c->pods.at[pod].gen)
		return NO_NODE;
	c->pods.at[pod].need = hold->need;
	hold_end(c, id);
	return hold->node;
}

void hold_drop(struct control *c, uint32_t id)
{
	struct need need = c->holds.at[id].need;
	uint32_t node = c->holds.at[id].node;

	hold_end(c, id);
	cluster_give(c->cluster, node, &need);
	if (c->cluster->node[node].up)
		c->plane->freed(c, node);
}

void hold_drop_all(struct control *c, uint32_t function, uint32_t node)
{
	for (uint32_t i = 0; i < c->holds.n; i++)
		if (c->holds.at[i].live &&
		    (c->holds.at[i].function == function || c->holds.at[i].node == node))
			hold_drop(c, i);
}
