/* Nodes that come, fall silent and are given up: what Kubernetes' node lifecycle controller does.
 * A silent node's pods are withdrawn from the endpoints but count as there, so that nobody makes
 * others in their place; when it is given up they have failed.  Each step may come twice, late, or
 * without the one before it. */
#include "models/control/preempt.h"
#include "models/control/state.h"
#include <assert.h>

/* Whoever is still deciding about a pod must look for another node. */
static void close_node(struct control *c, uint32_t id)
{
	if (c->cluster->node[id].up)
		cluster_up(c->cluster, id, false);
	hold_drop_all(c, NONE, id);
	preempt_node_down(c, id);
	for (uint32_t i = 0; i < c->pods.n; i++) {
		struct pod *pod = &c->pods.at[i];

		if (pod->state == POD_UNUSED || pod->record.node != id || pod->state >= POD_BINDING)
			continue;
		cluster_give(c->cluster, id, &pod->need);
		pod->record.node = NO_NODE;
	}
	if (c->plane->node_down)
		c->plane->node_down(c, id);
}

/* Pods that were withdrawn while their node was silent take requests again. */
static void pods_back(struct control *c, uint32_t id)
{
	for (uint32_t i = 0; i < c->pods.n; i++) {
		struct pod *pod = &c->pods.at[i];

		if (pod->record.node != id || pod->routable || pod->doomed)
			continue;
		if (pod->state == POD_SERVING)
			pod->state = POD_WARM;
		if (pod->state == POD_WARM)
			endpoint_change(c, i);
	}
}

/* New nodes may come in any order; those skipped are closed until they come. */
void node_came(struct control *c, uint32_t id)
{
	bool known = id < c->cluster->n;

	if (known && c->cluster->node[id].up)
		return;
	while (c->cluster->n <= id)
		cluster_up(c->cluster, cluster_add(c->cluster), false);
	cluster_up(c->cluster, id, true);
	if (known)
		pods_back(c, id);
	else
		provision_up(c);
	if (c->cluster->node[id].pool == NO_POOL)
		c->plane->node_up(c, id);
	c->plane->freed(c, id);
}

void node_fell_silent(struct control *c, uint32_t id)
{
	assert(id < c->cluster->n);
	if (!c->cluster->node[id].up)
		return;
	close_node(c, id);
	for (uint32_t i = 0; i < c->pods.n; i++)
		if (c->pods.at[i].record.node == id && c->pods.at[i].routable)
			endpoint_change(c, i);
}

void node_given_up(struct control *c, uint32_t id)
{
	assert(id < c->cluster->n);
	close_node(c, id);
	cluster_forget(c->cluster, id);
	for (uint32_t i = 0; i < c->pods.n; i++)
		if (c->pods.at[i].state != POD_UNUSED && c->pods.at[i].record.node == id)
			pod_lost(c, i);
}
