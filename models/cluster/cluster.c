/* A node's row says how many shapes it can take; when that number changes, and only then, the bits
 * and counts of its pool change with it.  A pod comes or goes in a few loads; nothing is ever
 * recounted. */
#include "models/cluster/fragment.h"
#include "models/cluster/locality.h"
#include "base/vec.h"
#include <assert.h>
#include <string.h>

/* The shortest log of changes.  source: assumption, a few pages */
#define LOG_MIN 1024

/* The shapes in milli-GPUs. */
enum { QUARTER = 250, HALF = 500, SHAPE_ONE = 4 };
uint32_t cluster_shape(uint32_t gpu_milli)
{
	uint32_t shape;

	if (gpu_milli < GPU_MILLI)
		return (gpu_milli > 0) + (gpu_milli >= QUARTER) + (gpu_milli >= HALF);
	shape = SHAPE_ONE + 31 - (uint32_t)__builtin_clz(gpu_milli / GPU_MILLI);
	return shape < SHAPES ? shape : SHAPES - 1;
}

static int8_t shapes_of(const struct node *node)
{
	if (!node->up || node->kept || node->free_pods <= 0 || node->free_ips <= 0)
		return 0;
	return (int8_t)(1 + cluster_shape((uint32_t)node->room_milli));
}

static void reset(struct bits *can, uint32_t *fit, uint32_t at, int8_t before, int8_t now)
{
	for (int8_t s = now; s < before; s++) {
		bits_clear(&can[s], at);
		fit[s]--;
	}
	for (int8_t s = before; s < now; s++) {
		bits_set(&can[s], at);
		fit[s]++;
	}
}

/* The pool is told that one of its nodes can now take `now` shapes instead of `before`. */
static void reshape(struct pool *pool, const struct node *node, int8_t before, int8_t now)
{
	struct kind *kind =
		pool->kind && node->type ? &pool->kind[__builtin_ctz(node->type)] : NULL;

	reset(pool->can, pool->fit, node->at, before, now);
	if (kind)
		reset(kind->can, kind->fit, node->at, before, now);
}

/* What searches remember of the block that the position is in is not right any more. */
static void touch(struct pool *pool, uint32_t at)
{
	pool->version[at / BLOCK]++;
}

static void changed(struct cluster *cluster, const struct node *node)
{
	if (cluster->log_cap)
		cluster->log[cluster->changes++ & (cluster->log_cap - 1)] =
			(uint32_t)(node - cluster->node);
}

/* After free resources or `up` changed. */
static void refresh(struct cluster *cluster, struct node *node)
{
	int8_t shapes = shapes_of(node);

	changed(cluster, node);
	if (node->pool != NO_POOL)
		touch(&cluster->pool[node->pool], node->at);
	if (shapes == node->shapes)
		return;
	if (node->pool != NO_POOL)
		reshape(&cluster->pool[node->pool], node, node->shapes, shapes);
	node->shapes = shapes;
}

static uint32_t add(struct cluster *cluster, uint32_t group, uint32_t type)
{
	const struct group_config *config = cluster_group(&cluster->config, group);
	uint32_t id = cluster->n;
	struct node *node;

	if (cluster->n == cluster->cap)
		cluster->node = vec_grow(cluster->node, &cluster->cap, id + 1, sizeof(*node));
	node = &cluster->node[cluster->n++];
	*node = (struct node){ .cpu_milli = config->cpu_milli,
			       .memory_bytes = config->memory_bytes,
			       .free_cpu_milli = config->cpu_milli,
			       .free_memory_bytes = config->memory_bytes,
			       .gpus = (int32_t)config->gpus,
			       .free_gpus = (int32_t)config->gpus,
			       .free_gpu_milli = (int32_t)config->gpus * GPU_MILLI,
			       .room_milli = (int32_t)config->gpus * GPU_MILLI,
			       .share = NO_SHARE,
			       .free_pods = (int32_t)config->pods,
			       .free_ips = (int32_t)config->ips,
			       .group = group,
			       .type = type,
			       .rack = id / (uint32_t)cluster->config.rack_nodes,
			       .pool = NO_POOL,
			       .promised = NO_POOL,
			       .up = true };
	refresh(cluster, node);
	locality_grow(cluster);
	cluster->loose++;
	return id;
}

uint32_t cluster_add(struct cluster *cluster)
{
	uint32_t group = cluster_growing(&cluster->config);

	return add(cluster, group, cluster_type(&cluster->config, group));
}

struct cluster *cluster_new(const struct cluster_config *config, const struct place_config *place,
			    uint32_t pools)
{
	struct cluster *cluster = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*cluster));

	cluster_init(cluster, config, place, pools);
	for (uint32_t g = 0; g < cluster_groups(config); g++) {
		uint32_t type = cluster_type(config, g);

		for (int64_t i = 0; i < cluster_group(config, g)->nodes; i++)
			add(cluster, g, type);
	}
	return cluster;
}

void cluster_init(struct cluster *cluster, const struct cluster_config *config,
		  const struct place_config *place, uint32_t pools)
{
	memset(cluster, 0, sizeof(*cluster));
	cluster->config = *config;
	cluster->place = *place;
	cluster->pools = pools;
	cluster->pool = vec_grow(NULL, &(uint32_t){ 0 }, pools, sizeof(*cluster->pool));
	memset(cluster->pool, 0, pools * sizeof(*cluster->pool));
	for (uint32_t g = 0; g < cluster_groups(config); g++) {
		const struct group_config *group = cluster_group(config, g);

		if (cluster_type(config, g) != cluster_type(config, 0))
			cluster->kinds = cluster_types(config);
		if (group->cpu_milli > cluster->most_cpu_milli)
			cluster->most_cpu_milli = group->cpu_milli;
		if (group->memory_bytes > cluster->most_memory_bytes)
			cluster->most_memory_bytes = group->memory_bytes;
	}
	cluster->most_gpu_milli = cluster_most_gpus(config) * GPU_MILLI;
	for (uint32_t i = 0; cluster->kinds && i < pools; i++) {
		struct kind **kind = &cluster->pool[i].kind;

		*kind = vec_grow(NULL, &(uint32_t){ 0 }, cluster->kinds, sizeof(**kind));
		memset(*kind, 0, cluster->kinds * sizeof(**kind));
	}
}

void cluster_release(struct cluster *cluster)
{
	for (uint32_t i = 0; i < cluster->pools; i++) {
		struct pool *pool = &cluster->pool[i];

		free(pool->node);
		free(pool->version);
		for (int m = 0; m < MEMOS; m++)
			free(pool->memo[m].block);
		for (int s = 0; s < SHAPES; s++) {
			bits_release(&pool->can[s]);
			for (uint32_t k = 0; k < cluster->kinds; k++)
				bits_release(&pool->kind[k].can[s]);
		}
		free(pool->kind);
	}
	free(cluster->pool);
	free(cluster->node);
	free(cluster->log);
	vec_release(&cluster->share);
	vec_release(&cluster->local);
}

void cluster_free(struct cluster *cluster)
{
	if (!cluster)
		return;
	cluster_release(cluster);
	free(cluster);
}

void cluster_log(struct cluster *cluster)
{
	uint32_t cap = LOG_MIN;

	assert(!cluster->log_cap);
	while (cap < cluster->n || cap < cluster->config.provision.max_nodes)
		cap *= 2;
	cluster->log = vec_grow(NULL, &(uint32_t){ 0 }, cap, sizeof(*cluster->log));
	cluster->log_cap = cap;
}

void cluster_rescore(struct cluster *cluster, uint32_t id)
{
	struct node *node = &cluster->node[id];

	node->known = false;
	node->version++;
	refresh(cluster, node);
}

void cluster_up(struct cluster *cluster, uint32_t id, bool up)
{
	struct node *node = &cluster->node[id];

	assert(id < cluster->n);
	if (node->up == up)
		return;
	node->up = up;
	node->version++;
	if (node->pool != NO_POOL)
		cluster->pool[node->pool].free_gpus += up ? node->free_gpus : -node->free_gpus;
	refresh(cluster, node);
}

static void grow_version(struct pool *pool)
{
	uint32_t was = pool->version_cap;

	pool->version = vec_grow(pool->version, &pool->version_cap, was + 1, sizeof(uint32_t));
	for (uint32_t i = was; i < pool->version_cap; i++)
		pool->version[i] = 1;
}

void cluster_keep(struct cluster *cluster, uint32_t id, bool kept)
{
	assert(id < cluster->n && cluster->node[id].kept != kept);
	cluster->node[id].kept = kept;
	refresh(cluster, &cluster->node[id]);
}

void cluster_own(struct cluster *cluster, uint32_t id, uint32_t to)
{
	struct pool *pool = &cluster->pool[to];
	struct node *node = &cluster->node[id];

	assert(id < cluster->n && to < cluster->pools && node->pool == NO_POOL);
	if (pool->n == pool->cap)
		pool->node = vec_grow(pool->node, &pool->cap, pool->n + 1, sizeof(*pool->node));
	for (int s = 0; s < SHAPES; s++) {
		bits_reserve(&pool->can[s], pool->n + 1);
		for (uint32_t k = 0; k < cluster->kinds; k++)
			bits_reserve(&pool->kind[k].can[s], pool->n + 1);
	}
	if (pool->n / BLOCK == pool->version_cap)
		grow_version(pool);
	node->pool = to;
	node->at = pool->n;
	pool->node[pool->n++] = id;
	if (node->up)
		pool->free_gpus += node->free_gpus;
	reshape(pool, node, 0, node->shapes);
	touch(pool, node->at);
	cluster->loose--;
	changed(cluster, node);
}

void cluster_disown(struct cluster *cluster, uint32_t id, int64_t now)
{
	struct node *node = &cluster->node[id], *last;
	struct pool *pool = &cluster->pool[node->pool];

	assert(id < cluster->n && node->pool != NO_POOL && pool->n);
	assert(pool->node[node->at] == id);
	reshape(pool, node, node->shapes, 0);
	touch(pool, node->at);
	last = &cluster->node[pool->node[--pool->n]];
	touch(pool, pool->n);
	if (last != node) {
		reshape(pool, last, last->shapes, 0);
		last->at = node->at;
		pool->node[last->at] = pool->node[pool->n];
		reshape(pool, last, 0, last->shapes);
	}
	if (node->up)
		pool->free_gpus -= node->free_gpus;
	node->pool = node->promised = NO_POOL;
	node->loose_ns = now;
	cluster->loose++;
	changed(cluster, node);
}

bool cluster_fits(const struct node *node, const struct need *need)
{
	return node->shapes > 0 && (uint32_t)node->room_milli >= need->gpu_milli &&
	       (!need->types || need->types & node->type) &&
	       node->free_cpu_milli >= need->cpu_milli &&
	       node->free_memory_bytes >= (int64_t)need->memory_bytes;
}

/* The GPUs of a node that pods have shares of. */
static uint16_t *shares(struct cluster *cluster, struct node *node)
{
	if (node->share == NO_SHARE) {
		node->share = cluster->share.n;
		for (int32_t i = 0; i < node->gpus; i++)
			vec_push(&cluster->share, 0);
	}
	return cluster->share.at + node->share;
}

/* The fullest shared GPU that has room for so much, else one that is entirely free. */
static uint32_t choose_gpu(struct cluster *cluster, struct node *node, const struct need *need)
{
	const uint16_t *taken = shares(cluster, node);
	uint32_t best = NO_SHARE, milli = need->gpu_milli;

	if (cluster->place.fragmentation)
		return fragment_gpu(cluster, node, need);

	for (uint32_t i = 0; i < (uint32_t)node->gpus; i++)
		if (taken[i] && taken[i] + milli <= GPU_MILLI &&
		    (best == NO_SHARE || taken[i] > taken[best]))
			best = i;
	for (uint32_t i = 0; best == NO_SHARE; i++)
		if (!taken[i])
			best = i;
	assert(best < (uint32_t)node->gpus && (taken[best] || node->free_gpus > 0));
	return best;
}

/* The most that a pod could get, after free GPUs changed. */
static int32_t room(const struct cluster *cluster, const struct node *node)
{
	const uint16_t *taken = cluster_shares(cluster, node);
	int32_t most = 0;

	if (node->free_gpus)
		return node->free_gpus * GPU_MILLI;
	for (int32_t i = 0; taken && i < node->gpus; i++)
		if (taken[i] && GPU_MILLI - taken[i] > most)
			most = GPU_MILLI - taken[i];
	return most;
}

/* Takes a share (sign -1) or gives it back; returns by how many the free GPUs changed. */
static int32_t move_share(struct cluster *cluster, struct node *node, const struct need *need,
			  int sign)
{
	uint16_t *taken = shares(cluster, node) + need->gpu;
	bool was = *taken > 0;

	assert(need->gpu < (uint32_t)node->gpus && (sign < 0 || *taken >= need->gpu_milli));
	*taken = (uint16_t)(*taken - sign * (int32_t)need->gpu_milli);
	assert(*taken <= GPU_MILLI);
	return (int32_t)was - (*taken > 0);
}

/* Moves need between free and taken: sign -1 takes, +1 gives back. */
static void move(struct cluster *cluster, struct node *node, const struct need *need, int sign)
{
	int32_t gpus = sign * (int32_t)(need->gpu_milli / GPU_MILLI);

	if (need->gpu_milli % GPU_MILLI)
		gpus = move_share(cluster, node, need, sign);
	node->known = false;
	node->version++;
	node->free_gpus += gpus;
	node->free_gpu_milli += sign * (int32_t)need->gpu_milli;
	node->room_milli = room(cluster, node);
	node->free_cpu_milli += sign * (int64_t)need->cpu_milli;
	node->free_memory_bytes += sign * (int64_t)need->memory_bytes;
	node->free_pods += sign;
	node->free_ips += sign;
	node->scored_cpu_milli -= sign * need_scored_cpu_milli(need);
	node->scored_memory_bytes -= sign * need_scored_memory_bytes(need);
	if (node->up && node->pool != NO_POOL)
		cluster->pool[node->pool].free_gpus += gpus;
	refresh(cluster, node);
}

/* The shares of a node become those of another, of another cluster; returns where they are. */
static uint32_t copy_shares(struct cluster *cluster, struct node *to, const struct cluster *from,
			    const struct node *of)
{
	uint16_t *taken;

	if (of->share == NO_SHARE)
		return NO_SHARE;
	taken = shares(cluster, to);
	assert(to->gpus == of->gpus);
	memcpy(taken, from->share.at + of->share, (size_t)of->gpus * sizeof(*taken));
	return to->share;
}

void cluster_copy(struct cluster *cluster, uint32_t id, const struct cluster *from)
{
	struct node *to = &cluster->node[id], copy = from->node[id];
	struct pool *pool = to->pool == NO_POOL ? NULL : &cluster->pool[to->pool];

	assert(id < cluster->n && id < from->n);
	if (to->version == copy.version && to->group == copy.group)
		return;
	if (pool && to->up)
		pool->free_gpus -= to->free_gpus;
	if (pool && to->type != copy.type) {
		reshape(pool, to, to->shapes, 0);
		to->shapes = 0;
	}
	copy.pool = to->pool;
	copy.at = to->at;
	copy.holds = to->holds;
	copy.loose_ns = to->loose_ns;
	copy.promised = to->promised;
	copy.shapes = to->shapes;
	copy.known = false;
	to->gpus = copy.gpus;
	copy.share = copy_shares(cluster, to, from, &copy);
	locality_copy(cluster, id, from);
	*to = copy;
	if (pool && to->up)
		pool->free_gpus += to->free_gpus;
	refresh(cluster, to);
}

void cluster_take(struct cluster *cluster, uint32_t id, struct need *need)
{
	struct node *node = &cluster->node[id];

	assert(id < cluster->n && cluster_fits(node, need));
	if (need->gpu_milli % GPU_MILLI)
		need->gpu = choose_gpu(cluster, node, need);
	move(cluster, node, need, -1);
}

void cluster_retake(struct cluster *cluster, uint32_t id, const struct need *need)
{
	assert(id < cluster->n);
	move(cluster, &cluster->node[id], need, -1);
}

void cluster_give(struct cluster *cluster, uint32_t id, const struct need *need)
{
	struct node *node = &cluster->node[id];

	assert(id < cluster->n);
	move(cluster, node, need, +1);
	assert(node->free_gpus <= node->gpus && node->free_cpu_milli <= node->cpu_milli);
	assert(node->free_memory_bytes <= node->memory_bytes);
	assert(node->free_pods <= cluster_group(&cluster->config, node->group)->pods);
	assert(node->free_ips <= cluster_group(&cluster->config, node->group)->ips);
}
