/* Pods and reservations on each node and GPU, counted anew, against what it says is taken; and what
 * cluster_verify has to say.  GPUs, CPU and memory cannot be over-committed where these hold:
 * cluster_take refuses to. */
#include "base/vec.h"
#include "models/cluster/fragment.h"
#include "models/control/state.h"
#include <assert.h>
#include <math.h>
#include <string.h>

bool pod_has_node(const struct pod *pod)
{
	return pod->record.node != NO_NODE &&
	       (pod->state == POD_QUEUED || pod->state == POD_DECIDING ||
		(pod->state >= POD_BINDING && pod->state <= POD_STOPPING));
}

/* Counts a share to the GPU that it is of. */
static void count_share(const struct control *c, uint32_t *taken, uint32_t node,
			const struct need *need)
{
	if (need->gpu_milli % GPU_MILLI)
		taken[c->cluster->node[node].share + need->gpu] += need->gpu_milli;
}

/* What pods and reservations have of each GPU is what the cluster says is taken of it. */
static void audit_shares(const struct control *c)
{
	uint32_t n = c->cluster->share.n;
	uint32_t *taken = vec_grow(NULL, &(uint32_t){ 0 }, n + 1, sizeof(*taken));

	memset(taken, 0, (n + 1) * sizeof(*taken));
	for (uint32_t i = 0; i < c->pods.n; i++)
		if (pod_has_node(&c->pods.at[i]))
			count_share(c, taken, c->pods.at[i].record.node, &c->pods.at[i].need);
	for (uint32_t i = 0; i < c->holds.n; i++)
		if (c->holds.at[i].live)
			count_share(c, taken, c->holds.at[i].node, &c->holds.at[i].need);
	for (uint32_t i = 0; i < n; i++)
		assert(taken[i] == c->cluster->share.at[i]);
	free(taken);
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
	audit_shares(c);
	cluster_verify(c->cluster);
}

static double part(double taken, double all)
{
	return all > 0 ? taken / all : NAN;
}

void control_occupancy(struct control *c)
{
	double gpus = 0, in_use = 0, milli = 0, cpu = 0, free_cpu = 0, memory = 0, free_memory = 0;

	for (uint32_t i = 0; i < c->cluster->n; i++) {
		const struct node *node = &c->cluster->node[i];

		if (!node->up)
			continue;
		gpus += node->gpus;
		in_use += node->gpus - node->free_gpus;
		milli += node->gpus - node->free_gpu_milli / (double)GPU_MILLI;
		cpu += (double)node->cpu_milli;
		free_cpu += (double)node->free_cpu_milli;
		memory += (double)node->memory_bytes;
		free_memory += (double)node->free_memory_bytes;
	}
	c->totals.fragmentation = fragment_of(c->cluster);
	c->totals.gpus_in_use = part(in_use, gpus);
	c->totals.gpu_taken = part(milli, gpus);
	c->totals.cpu_taken = part(cpu - free_cpu, cpu);
	c->totals.memory_taken = part(memory - free_memory, memory);
}
