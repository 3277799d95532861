/* Every count and index of a cluster against what its nodes say, counted anew. */
#include "models/cluster/cluster.h"
#include <assert.h>
#include <string.h>

/* Free and taken GPUs are what the shares say; whole pods have the rest. */
static void verify_gpus(const struct cluster *cluster, const struct node *node)
{
	const uint16_t *taken = cluster_shares(cluster, node);
	int32_t shared = 0, most = 0, milli = node->free_gpus * GPU_MILLI;

	for (int32_t i = 0; taken && i < node->gpus; i++) {
		assert(taken[i] <= GPU_MILLI);
		shared += taken[i] > 0;
		milli += taken[i] ? GPU_MILLI - taken[i] : 0;
		if (taken[i] && GPU_MILLI - taken[i] > most)
			most = GPU_MILLI - taken[i];
	}
	assert(node->free_gpus >= 0 && node->free_gpus + shared <= node->gpus);
	assert(node->free_gpu_milli == milli);
	assert(node->room_milli == (node->free_gpus ? node->free_gpus * GPU_MILLI : most));
}

static void verify_kind(const struct cluster *cluster, const struct pool *pool, uint32_t k)
{
	const struct kind *kind = &pool->kind[k];

	for (int s = 0; s < SHAPES; s++) {
		uint32_t fit = 0;

		for (uint32_t at = 0; at < pool->n; at++) {
			const struct node *node = &cluster->node[pool->node[at]];
			bool can = node->type == 1u << k && s < node->shapes;

			assert(bits_has(&kind->can[s], at) == can);
			fit += can;
		}
		assert(fit == kind->fit[s] && bits_next(&kind->can[s], pool->n) == UINT32_MAX);
	}
}

static void verify_pool(const struct cluster *cluster, uint32_t id)
{
	const struct pool *pool = &cluster->pool[id];
	uint32_t fit[SHAPES] = { 0 };
	int64_t free_gpus = 0;

	for (uint32_t at = 0; at < pool->n; at++) {
		const struct node *node = &cluster->node[pool->node[at]];

		assert(node->pool == id && node->at == at);
		if (node->up)
			free_gpus += node->free_gpus;
		for (int s = 0; s < SHAPES; s++) {
			assert(bits_has(&pool->can[s], at) == (s < node->shapes));
			fit[s] += s < node->shapes;
		}
	}
	assert(free_gpus == pool->free_gpus && !memcmp(fit, pool->fit, sizeof(fit)));
	for (int s = 0; s < SHAPES; s++)
		assert(bits_next(&pool->can[s], pool->n) == UINT32_MAX);
	for (uint32_t k = 0; k < cluster->kinds; k++)
		verify_kind(cluster, pool, k);
}

void cluster_verify(const struct cluster *cluster)
{
	uint32_t owned = 0;

	for (uint32_t i = 0; i < cluster->pools; i++) {
		verify_pool(cluster, i);
		owned += cluster->pool[i].n;
	}
	assert(owned + cluster->loose == cluster->n);
	for (uint32_t i = 0; i < cluster->n; i++) {
		const struct node *node = &cluster->node[i];
		const struct group_config *group = cluster_group(&cluster->config, node->group);

		verify_gpus(cluster, node);
		assert(node->free_cpu_milli >= 0 && node->free_cpu_milli <= node->cpu_milli);
		assert(node->free_memory_bytes >= 0);
		assert(node->free_memory_bytes <= node->memory_bytes);
		assert(node->free_pods >= 0 && node->free_pods <= group->pods);
		assert(node->free_ips >= 0 && node->free_ips <= group->ips);
		assert(node->shapes ==
		       (node->up && !node->kept && node->free_pods && node->free_ips
				? 1 + (int8_t)cluster_shape((uint32_t)node->room_milli)
				: 0));
	}
}
