/* Which nodes have read which weights, as far as whoever places pods has heard: a row of bits a
 * node. What a node has dropped since nobody says, so a bit is a hope. */
#include "models/cluster/locality.h"
#include "base/vec.h"
#include <assert.h>
#include <string.h>

static uint64_t *row(const struct cluster *cluster, uint32_t node)
{
	return cluster->local.at + (size_t)node * cluster->local_words;
}

void locality_grow(struct cluster *cluster)
{
	while (cluster->local.n < cluster->n * cluster->local_words)
		vec_push(&cluster->local, 0);
}

void cluster_models(struct cluster *cluster, uint32_t models)
{
	cluster->local_words = (models + 63) / 64;
	locality_grow(cluster);
}

void cluster_learn(struct cluster *cluster, uint32_t node, uint32_t model)
{
	uint64_t *word, bit = UINT64_C(1) << ((model - 1) % 64);

	if (!cluster->local_words || !model)
		return;
	assert(node < cluster->n && (model - 1) / 64 < cluster->local_words);
	word = row(cluster, node) + (model - 1) / 64;
	if (*word & bit)
		return;
	*word |= bit;
	cluster_rescore(cluster, node);
}

void cluster_forget(struct cluster *cluster, uint32_t node)
{
	if (!cluster->local_words)
		return;
	memset(row(cluster, node), 0, cluster->local_words * sizeof(uint64_t));
	cluster_rescore(cluster, node);
}

bool cluster_has(const struct cluster *cluster, uint32_t node, const struct need *need)
{
	if (!cluster->local_words || !need->model)
		return false;
	return row(cluster, node)[(need->model - 1) / 64] >> ((need->model - 1) % 64) & 1;
}

void locality_copy(struct cluster *cluster, uint32_t node, const struct cluster *from)
{
	if (cluster->local_words)
		memcpy(row(cluster, node), row(from, node),
		       cluster->local_words * sizeof(uint64_t));
}
