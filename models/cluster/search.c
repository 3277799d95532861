/* kube-scheduler's way to a node: filter from where the last search stopped until enough nodes are
 * feasible, score those, take the best.  What differs is that nodes too full for the pod's shape
 * are stepped over by the pool's bitmap: they count as examined, for a scheduler pays for them, but
 * they are not touched here. */
#include "models/cluster/cluster.h"
#include <assert.h>
#include <math.h>

/* Source: kube-scheduler schedule_one.go, minFeasibleNodesToFind, minFeasibleNodesPercentageToFind.
 */
#define SAMPLE_MIN 100
#define PERCENT_MIN 5
/* Source: k8s.io/kube-scheduler framework, MaxNodeScore. */
#define SCORE_MAX 100

uint32_t search_sample(uint32_t nodes, int64_t percent)
{
	int64_t found;

	if (nodes < SAMPLE_MIN || percent >= 100)
		return nodes;
	if (percent <= 0) {
		percent = 50 - (int64_t)nodes / 125;
		if (percent < PERCENT_MIN)
			percent = PERCENT_MIN;
	}
	found = (int64_t)nodes * percent / 100;
	return found < SAMPLE_MIN ? SAMPLE_MIN : (uint32_t)found;
}

struct resource {
	int64_t weight, capacity, used, asked; /* requests as they are: balanced */
	int64_t scored_used, scored_asked;     /* with defaults for empty ones: least, most */
};

static int weighed(const struct place_config *place, const struct node *node,
		   const struct need *need, struct resource r[3])
{
	int n = 0;

	if (place->cpu && node->cpu_milli)
		r[n++] = (struct resource){ place->cpu,
					    node->cpu_milli,
					    node->cpu_milli - node->free_cpu_milli,
					    need->cpu_milli,
					    node->scored_cpu_milli,
					    need_scored_cpu_milli(need) };
	if (place->memory && node->memory_bytes)
		r[n++] = (struct resource){ place->memory,
					    node->memory_bytes,
					    node->memory_bytes - node->free_memory_bytes,
					    (int64_t)need->memory_bytes,
					    node->scored_memory_bytes,
					    need_scored_memory_bytes(need) };
	if (place->gpu && node->gpus)
		r[n++] = (struct resource){ place->gpu,
					    node->gpus * GPU_MILLI,
					    node->gpus * GPU_MILLI - node->free_gpu_milli,
					    need->gpu_milli,
					    node->gpus * GPU_MILLI - node->free_gpu_milli,
					    need->gpu_milli };
	return n;
}

/* (1 - standard deviation of the used shares) * 100; of two shares it is half their difference. */
static int64_t balance(const struct resource *r, int n, bool with)
{
	double share[3], mean = 0, sum = 0;

	for (int i = 0; i < n; i++) {
		share[i] = (double)(r[i].used + (with ? r[i].asked : 0)) / (double)r[i].capacity;
		if (share[i] > 1)
			share[i] = 1;
		mean += share[i] / n;
	}
	if (n == 2)
		return (int64_t)((1 - fabs((share[0] - share[1]) / 2)) * SCORE_MAX);
	for (int i = 0; i < n; i++)
		sum += (share[i] - mean) * (share[i] - mean);
	return (int64_t)((1 - (n > 2 ? sqrt(sum / n) : 0)) * SCORE_MAX);
}

int64_t search_score(const struct place_config *place, const struct node *node,
		     const struct need *need)
{
	struct resource r[3];
	int n = weighed(place, node, need, r);
	int64_t least = 0, most = 0, weights = 0, score = 0;
	bool any = false;

	for (int i = 0; i < n; i++) {
		int64_t used = r[i].scored_used + r[i].scored_asked;

		any |= r[i].asked != 0;
		weights += r[i].weight;
		if (used <= r[i].capacity)
			least += r[i].weight * ((r[i].capacity - used) * SCORE_MAX / r[i].capacity);
		else
			used = r[i].capacity;
		most += r[i].weight * (used * SCORE_MAX / r[i].capacity);
	}
	if (weights)
		score = place->least * (least / weights) + place->most * (most / weights);
	/* A pod that asks for nothing is not balanced (kubernetes#129138). */
	if (place->balanced && any)
		score += place->balanced *
			 (50 + (50 + balance(r, n, true) - balance(r, n, false)) / 2);
	return score;
}

/* Between two searches few nodes change and pods are alike: most scores are those of last time. */
static int64_t score_of(const struct place_config *place, struct node *node,
			const struct need *need)
{
	const struct need *of = &node->score_need;

	if (!node->known || of->gpu_milli != need->gpu_milli || of->cpu_milli != need->cpu_milli ||
	    of->memory_bytes != need->memory_bytes) {
		node->known = true;
		node->score_need = *need;
		node->score = search_score(place, node, need);
	}
	return node->score;
}

struct best {
	uint32_t node, ties;
	int64_t score;
};

/* Keeps the better node; the k-th of equals replaces the one kept with probability 1/k
 * (selectHost). */
static void consider(struct best *best, uint32_t node, int64_t score, struct rng *ties)
{
	if (best->node == NO_NODE || score > best->score)
		*best = (struct best){ node, 1, score };
	else if (score == best->score && !rng_below(ties, ++best->ties))
		best->node = node;
}

struct found search_pool(struct cluster *cluster, uint32_t id, const struct need *need,
			 struct rng *ties)
{
	struct pool *pool = &cluster->pool[id];
	const struct bits *can = &pool->can[cluster_shape(need->gpu_milli)];
	struct best best = { .node = NO_NODE };
	struct found found = { .node = NO_NODE, .examined = pool->n };
	uint32_t want = search_sample(pool->n, cluster->place.sample), start, at, end;

	assert(id < cluster->pools);
	if (!pool->n)
		return found;
	start = pool->cursor % pool->n;
	for (int lap = 0; lap < 2 && found.feasible < want; lap++) {
		at = lap ? 0 : start;
		end = lap ? start : pool->n;
		for (at = bits_next(can, at); at < end; at = bits_next(can, at + 1)) {
			struct node *node = &cluster->node[pool->node[at]];

			if (!cluster_fits(node, need))
				continue;
			consider(&best, pool->node[at], score_of(&cluster->place, node, need),
				 ties);
			if (++found.feasible == want) {
				found.examined = (at + pool->n - start) % pool->n + 1;
				break;
			}
		}
	}
	pool->cursor = (start + found.examined) % pool->n;
	found.node = best.node;
	return found;
}
