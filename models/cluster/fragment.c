/* FGD: what is free on a node is worth what pods that may come can use of it.  For a typical pod m
 * the fragment of a node is all that is free of its GPUs if m does not fit (or asks for none), else
 * what is free of those GPUs that are too full for m; F of the node is the mean over the typical
 * pods.  A placement is the better the less F grows by it, and so is the choice of the GPU.
 * Source: Weng et al., USENIX ATC'23, and the score of hkust-adsl/kubernetes-scheduler-simulator
 * (100 times the sigmoid of the decrease of F in GPUs). */
#include "models/cluster/fragment.h"
#include <assert.h>
#include <math.h>

/* GPUs of a node that are looked at one by one; source: assumption, twice what machines have. */
enum { SPLIT_MAX = 32 };

/* What is free on a node: entirely free GPUs, and of each that is shared. */
struct rest {
	int32_t free_gpus, split[SPLIT_MAX], most;
	uint32_t splits, type;
	int64_t milli, cpu_milli, memory_bytes;
	uint32_t gpu[SPLIT_MAX]; /* that the splits are of */
};

static struct rest rest_of(const struct cluster *cluster, const struct node *node)
{
	const uint16_t *taken = cluster_shares(cluster, node);
	struct rest rest = { .free_gpus = node->free_gpus,
			     .type = node->type,
			     .milli = node->free_gpu_milli,
			     .cpu_milli = node->free_cpu_milli,
			     .memory_bytes = node->free_memory_bytes };

	if (!taken)
		return rest;
	for (uint32_t i = 0; i < (uint32_t)node->gpus && rest.splits < SPLIT_MAX; i++) {
		if (!taken[i] || taken[i] == GPU_MILLI)
			continue;
		rest.gpu[rest.splits] = i;
		rest.split[rest.splits++] = GPU_MILLI - taken[i];
		if (GPU_MILLI - taken[i] > rest.most)
			rest.most = GPU_MILLI - taken[i];
	}
	return rest;
}

static bool fits(const struct rest *rest, const struct need *need)
{
	int32_t milli = (int32_t)need->gpu_milli;

	if (need->cpu_milli > rest->cpu_milli || (int64_t)need->memory_bytes > rest->memory_bytes)
		return false;
	if (need->types && !(need->types & rest->type))
		return false;
	if (milli >= GPU_MILLI)
		return rest->free_gpus * GPU_MILLI >= milli;
	return rest->free_gpus > 0 || rest->most >= milli;
}

/* F, in milli-GPUs. */
static double fragment(const struct place_config *place, const struct rest *rest)
{
	double sum = 0;

	if (!rest->milli)
		return 0;
	for (uint32_t i = 0; i < place->typicals; i++) {
		const struct typical *typical = &place->typical[i];
		int32_t milli = (int32_t)typical->need.gpu_milli, each, lost = 0;

		each = milli < GPU_MILLI ? milli : GPU_MILLI;
		if (!milli || !fits(rest, &typical->need)) {
			sum += typical->share * (double)rest->milli;
			continue;
		}
		for (uint32_t s = 0; s < rest->splits; s++)
			lost += rest->split[s] < each ? rest->split[s] : 0;
		sum += typical->share * lost;
	}
	return sum;
}

/* Takes need from what is free, a share from split s or, past the last, from a free GPU. */
static struct rest take(const struct rest *from, const struct need *need, uint32_t s)
{
	struct rest rest = *from;

	rest.milli -= need->gpu_milli;
	rest.cpu_milli -= need->cpu_milli;
	rest.memory_bytes -= (int64_t)need->memory_bytes;
	if (need->gpu_milli % GPU_MILLI == 0) {
		rest.free_gpus -= (int32_t)(need->gpu_milli / GPU_MILLI);
		return rest;
	}
	if (s == rest.splits && rest.splits < SPLIT_MAX)
		rest.split[rest.splits++] = GPU_MILLI;
	rest.free_gpus -= s == from->splits;
	rest.split[s] -= (int32_t)need->gpu_milli;
	rest.most = 0;
	for (uint32_t i = 0; i < rest.splits; i++)
		if (rest.split[i] > rest.most)
			rest.most = rest.split[i];
	return rest;
}

/* The least F after the placement; *at is the split that gives it. */
static double best(const struct place_config *place, const struct rest *rest,
		   const struct need *need, uint32_t *at)
{
	bool share = need->gpu_milli % GPU_MILLI != 0;
	uint32_t last = rest->splits < SPLIT_MAX ? rest->splits : SPLIT_MAX - 1;
	double least = INFINITY;

	*at = 0;
	for (uint32_t s = 0; s <= last; s++) {
		struct rest after;
		double f;

		if (share && (s < rest->splits ? rest->split[s] < (int32_t)need->gpu_milli
					       : !rest->free_gpus))
			continue;
		after = take(rest, need, s);
		f = fragment(place, &after);
		if (f < least) {
			least = f;
			*at = s;
		}
		if (!share)
			break;
	}
	return least;
}

int64_t fragment_score(const struct cluster *cluster, const struct node *node,
		       const struct need *need)
{
	const struct place_config *place = &cluster->place;
	struct rest rest = rest_of(cluster, node);
	uint32_t at;
	double less = fragment(place, &rest) - best(place, &rest, need, &at);

	return (int64_t)((double)place->fragmentation * 100 / (1 + exp(-less / GPU_MILLI)));
}

uint32_t fragment_gpu(const struct cluster *cluster, const struct node *node,
		      const struct need *need)
{
	struct rest rest = rest_of(cluster, node);
	const uint16_t *taken = cluster_shares(cluster, node);
	uint32_t at;

	best(&cluster->place, &rest, need, &at);
	if (at < rest.splits && rest.split[at] >= (int32_t)need->gpu_milli)
		return rest.gpu[at];
	assert(taken && node->free_gpus > 0);
	for (at = 0; taken[at]; at++)
		;
	return at;
}

double fragment_of(const struct cluster *cluster)
{
	double fragments = 0, free_milli = 0;

	for (uint32_t i = 0; i < cluster->n; i++) {
		struct rest rest = rest_of(cluster, &cluster->node[i]);

		if (!cluster->node[i].up)
			continue;
		fragments += fragment(&cluster->place, &rest);
		free_milli += (double)rest.milli;
	}
	return cluster->place.typicals && free_milli > 0 ? fragments / free_milli : NAN;
}
