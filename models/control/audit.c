/* Pods and reservations on each node, counted anew, against what the node says is taken; and what
 * cluster_verify has to say.  GPUs, CPU and memory cannot be over-committed where these hold:
 * cluster_take refuses to. */
#include "base/vec.h"
#include "models/control/state.h"
#include <assert.h>
#include <string.h>

bool pod_has_node(const struct pod *pod)
{
	return pod->record.node != NO_NODE &&
	       (pod->state == POD_QUEUED || pod->state == POD_DECIDING ||
		(pod->state >= POD_BINDING && pod->state <= POD_STOPPING));
}

void control_audit(const struct control *c)
{
	struct {
		uint32_t pods, holds;
	} *on = vec_grow(NULL, &(uint32_t){ 0 }, c->cluster->n + 1, sizeof(*on));

	memset(on, 0, (c->cluster->n + 1) * sizeof(*on));
	for (uint32_t i = 0; i < c->pods.n; i++)
		if (pod_has_node(&c->pods.at[i]))
			on[c->pods.at[i].record.node].pods++;
	for (uint32_t i = 0; i < c->holds.n; i++)
		if (c->holds.at[i].live)
			on[c->holds.at[i].node].holds++;
	for (uint32_t i = 0; i < c->cluster->n; i++) {
		const struct node *node = &c->cluster->node[i];
		const struct group_config *group = cluster_group(&c->cluster->config, node->group);
		int64_t taken = (int64_t)on[i].pods + on[i].holds;

		assert(node->holds == on[i].holds);
		assert(group->pods - node->free_pods == taken);
		assert(group->ips - node->free_ips == taken);
	}
	free(on);
	cluster_verify(c->cluster);
}
