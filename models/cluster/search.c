/* kube-scheduler's way to a node: filter from where the last search stopped until enough nodes are
 * feasible, score those, take the best.  What differs is that nodes are not touched that need not
 * be: those too full for the pod's shape are stepped over by the pool's bitmap, and of a block of
 * 64 the best score, how many have it and how many have room are remembered until one of them
 * changes.  All count as examined, for a scheduler pays for them.  Of 100,000 nodes 5,000 are
 * scored for a pod: 80 blocks, of which one or two have changed. */
#include "base/vec.h"
#include "models/cluster/fragment.h"
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

/* 100 when nothing is left of the resources that count, 0 when as much as the largest node has. */
static int64_t best_fit(const struct cluster *cluster, const struct node *node,
			const struct need *need)
{
	const struct place_config *place = &cluster->place;
	double left = 0, weights = 0;

	if (place->cpu && cluster->most_cpu_milli) {
		left += (double)place->cpu * (double)(node->free_cpu_milli - need->cpu_milli) /
			(double)cluster->most_cpu_milli;
		weights += (double)place->cpu;
	}
	if (place->memory && cluster->most_memory_bytes) {
		left += (double)place->memory *
			(double)(node->free_memory_bytes - (int64_t)need->memory_bytes) /
			(double)cluster->most_memory_bytes;
		weights += (double)place->memory;
	}
	if (place->gpu && cluster->most_gpu_milli) {
		left += (double)place->gpu *
			(double)(node->free_gpu_milli - (int32_t)need->gpu_milli) /
			(double)cluster->most_gpu_milli;
		weights += (double)place->gpu;
	}
	return weights > 0 ? (int64_t)((double)place->best_fit * SCORE_MAX * (1 - left / weights))
			   : 0;
}

/* Between two searches few nodes change and pods are alike: most scores are those of last time. */
static int64_t score_of(const struct cluster *cluster, struct node *node, const struct need *need)
{
	const struct place_config *place = &cluster->place;
	const struct need *of = &node->score_need;

	if (!node->known || of->gpu_milli != need->gpu_milli || of->cpu_milli != need->cpu_milli ||
	    of->memory_bytes != need->memory_bytes || of->model != need->model) {
		node->known = true;
		node->score_need = *need;
		node->score = search_score(place, node, need);
		if (place->locality && cluster_has(cluster, (uint32_t)(node - cluster->node), need))
			node->score += place->locality * SCORE_MAX;
		if (place->best_fit)
			node->score += best_fit(cluster, node, need);
		if (place->fragmentation)
			node->score += fragment_score(cluster, node, need);
	}
	return node->score;
}

/* ---- blocks ---- */

struct walk {
	struct cluster *cluster;
	struct pool *pool;
	struct memo *memo;
	const struct need *need;
	const struct bits *can;
};

static bool same(const struct need *a, const struct need *b)
{
	return a->gpu_milli == b->gpu_milli && a->cpu_milli == b->cpu_milli &&
	       a->memory_bytes == b->memory_bytes && a->types == b->types && a->model == b->model;
}

/* What is remembered of searches for this need; of those that are not, the oldest makes room. */
static struct memo *recall(struct pool *pool, const struct need *need)
{
	uint32_t blocks = (pool->n + BLOCK - 1) / BLOCK, was;
	struct memo *memo = NULL;

	for (uint32_t i = 0; i < MEMOS && !memo; i++)
		if (pool->memo[i].cap && same(&pool->memo[i].need, need))
			memo = &pool->memo[i];
	if (!memo) {
		memo = &pool->memo[pool->memo_turn++ % MEMOS];
		memo->need = *need;
		for (uint32_t i = 0; i < memo->cap; i++)
			memo->block[i].version = 0;
	}
	was = memo->cap;
	if (blocks > was)
		memo->block = vec_grow(memo->block, &memo->cap, blocks, sizeof(*memo->block));
	for (uint32_t i = was; i < memo->cap; i++)
		memo->block[i].version = 0;
	return memo;
}

/* The next node from position *at on, before `to`, that has room; *at is its position. */
static struct node *next(const struct walk *w, uint32_t *at, uint32_t to)
{
	for (*at = bits_next(w->can, *at); *at < to; *at = bits_next(w->can, *at + 1)) {
		struct node *node = &w->cluster->node[w->pool->node[*at]];

		if (cluster_fits(node, w->need))
			return node;
	}
	return NULL;
}

static struct tally look(const struct walk *w, uint32_t from, uint32_t to)
{
	struct tally tally = { .score = INT64_MIN };
	struct node *node;

	for (uint32_t at = from; (node = next(w, &at, to)); at++) {
		int64_t score = score_of(w->cluster, node, w->need);

		tally.feasible++;
		if (score > tally.score) {
			tally.score = score;
			tally.ties = 0;
		}
		tally.ties += score == tally.score;
	}
	return tally;
}

/* The same of a part of a block, remembered where it is all of it. */
static struct tally look_up(const struct walk *w, uint32_t from, uint32_t to)
{
	struct tally *known = &w->memo->block[from / BLOCK], tally;
	uint32_t version = w->pool->version[from / BLOCK];
	bool whole = from % BLOCK == 0 && (to % BLOCK == 0 || to == w->pool->n);

	if (whole && known->version == version)
		return *known;
	tally = look(w, from, to);
	tally.version = version;
	if (whole)
		*known = tally;
	return tally;
}

/* The position behind the n-th node that has room, from `from` on; there must be so many. */
static uint32_t behind(const struct walk *w, uint32_t from, uint32_t n)
{
	uint32_t at = from;

	for (; next(w, &at, w->pool->n); at++)
		if (!--n)
			return at + 1;
	assert(!"so many have room");
	return at;
}

/* ---- the search ---- */

struct best {
	int64_t score;
	uint32_t ties;		      /* nodes of this score, so far */
	uint32_t from, to, part_ties; /* the part of a block that has the one kept */
};

/* Of equals each is kept with the same probability (selectHost): a part with k of n so far replaces
 * the one kept with k/n. */
static void consider(struct best *best, const struct tally *tally, uint32_t from, uint32_t to,
		     struct rng *ties)
{
	if (!tally->ties || tally->score < best->score)
		return;
	if (tally->score > best->score)
		best->ties = 0;
	best->score = tally->score;
	best->ties += tally->ties;
	if (best->ties > tally->ties && rng_below(ties, best->ties) >= tally->ties)
		return;
	best->from = from;
	best->to = to;
	best->part_ties = tally->ties;
}

static uint32_t draw(const struct walk *w, const struct best *best, struct rng *ties)
{
	uint32_t k = best->part_ties > 1 ? rng_below(ties, best->part_ties) : 0;
	struct node *node;

	for (uint32_t at = best->from; (node = next(w, &at, best->to)); at++)
		if (score_of(w->cluster, node, w->need) == best->score && !k--)
			return w->pool->node[at];
	assert(!"a tally is right");
	return NO_NODE;
}

struct found search_pool(struct cluster *cluster, uint32_t id, const struct need *need,
			 struct rng *ties)
{
	struct pool *pool = &cluster->pool[id];
	struct walk w = { cluster, pool, NULL, need, cluster_can(pool, need) };
	struct best best = { .score = INT64_MIN };
	struct found found = { .node = NO_NODE, .examined = pool->n };
	uint32_t want = search_sample(pool->n, cluster->place.sample), start;

	assert(id < cluster->pools);
	if (!pool->n)
		return found;
	w.memo = recall(pool, need);
	start = pool->cursor % pool->n;
	for (int lap = 0; lap < 2 && found.feasible < want; lap++) {
		uint32_t from = lap ? 0 : start, end = lap ? start : pool->n, to;

		for (; (from = bits_next(w.can, from)) < end && found.feasible < want; from = to) {
			uint32_t block = from - from % BLOCK, left = want - found.feasible;
			struct tally tally;

			from = lap || block >= start ? block : from;
			to = block + BLOCK < end ? block + BLOCK : end;
			tally = look_up(&w, from, to);
			if (tally.feasible >= left) {
				to = behind(&w, from, left);
				tally = look(&w, from, to);
				found.examined = (to - 1 + pool->n - start) % pool->n + 1;
			}
			consider(&best, &tally, from, to, ties);
			found.feasible += tally.feasible;
		}
	}
	pool->cursor = (start + found.examined) % pool->n;
	if (found.feasible)
		found.node = draw(&w, &best, ties);
	return found;
}
