/* A node's row says how many shapes it can take; when that number changes, and only then, the bits
 * and counts of its pool change with it.  A pod comes or goes in a few loads; nothing is ever
 * recounted. */
#include "models/cluster/cluster.h"
#include "base/vec.h"
#include <assert.h>
#include <string.h>

/* The shortest log of changes.  source: assumption, a few pages */
#define LOG_MIN 1024

uint32_t cluster_shape(uint32_t gpus)
{
	uint32_t shape = gpus ? 32 - (uint32_t)__builtin_clz(gpus) : 0;

	return shape < SHAPES ? shape : SHAPES - 1;
}

static int8_t shapes_of(const struct node *node)
{
	if (!node->up || node->free_pods <= 0 || node->free_ips <= 0)
		return 0;
	return (int8_t)(1 + cluster_shape((uint32_t)node->free_gpus));
}

/* The pool is told that one of its nodes can now take `now` shapes instead of `before`. */
static void reshape(struct pool *pool, uint32_t at, int8_t before, int8_t now)
{
	for (int8_t s = now; s < before; s++) {
		bits_clear(&pool->can[s], at);
		pool->fit[s]--;
	}
	for (int8_t s = before; s < now; s++) {
		bits_set(&pool->can[s], at);
		pool->fit[s]++;
	}
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
	if (shapes == node->shapes)
		return;
	if (node->pool != NO_POOL)
		reshape(&cluster->pool[node->pool], node->at, node->shapes, shapes);
	node->shapes = shapes;
}

struct cluster *cluster_new(const struct cluster_config *config, const struct place_config *place,
			    uint32_t pools)
{
	struct cluster *cluster = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*cluster));

	cluster_init(cluster, config, place, pools);
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
	for (int64_t i = 0; i < config->nodes; i++)
		cluster_add(cluster);
}

void cluster_release(struct cluster *cluster)
{
	for (uint32_t i = 0; i < cluster->pools; i++) {
		free(cluster->pool[i].node);
		for (int s = 0; s < SHAPES; s++)
			bits_release(&cluster->pool[i].can[s]);
	}
	free(cluster->pool);
	free(cluster->node);
	free(cluster->log);
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

uint32_t cluster_add(struct cluster *cluster)
{
	const struct cluster_config *config = &cluster->config;
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
			       .free_pods = (int32_t)config->pods,
			       .free_ips = (int32_t)config->ips,
			       .rack = id / (uint32_t)config->rack_nodes,
			       .pool = NO_POOL,
			       .promised = NO_POOL,
			       .up = true };
	refresh(cluster, node);
	cluster->loose++;
	return id;
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

void cluster_own(struct cluster *cluster, uint32_t id, uint32_t to)
{
	struct pool *pool = &cluster->pool[to];
	struct node *node = &cluster->node[id];

	assert(id < cluster->n && to < cluster->pools && node->pool == NO_POOL);
	if (pool->n == pool->cap)
		pool->node = vec_grow(pool->node, &pool->cap, pool->n + 1, sizeof(*pool->node));
	for (int s = 0; s < SHAPES; s++)
		bits_reserve(&pool->can[s], pool->n + 1);
	node->pool = to;
	node->at = pool->n;
	pool->node[pool->n++] = id;
	if (node->up)
		pool->free_gpus += node->free_gpus;
	reshape(pool, node->at, 0, node->shapes);
	cluster->loose--;
	changed(cluster, node);
}

void cluster_disown(struct cluster *cluster, uint32_t id, int64_t now)
{
	struct node *node = &cluster->node[id], *last;
	struct pool *pool = &cluster->pool[node->pool];

	assert(id < cluster->n && node->pool != NO_POOL && pool->n);
	assert(pool->node[node->at] == id);
	reshape(pool, node->at, node->shapes, 0);
	last = &cluster->node[pool->node[--pool->n]];
	if (last != node) {
		reshape(pool, last->at, last->shapes, 0);
		last->at = node->at;
		pool->node[last->at] = pool->node[pool->n];
		reshape(pool, last->at, 0, last->shapes);
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
	return node->shapes > 0 && (uint32_t)node->free_gpus >= need->gpus &&
	       node->free_cpu_milli >= need->cpu_milli &&
	       node->free_memory_bytes >= (int64_t)need->memory_bytes;
}

/* Moves need between free and taken: sign -1 takes, +1 gives back. */
static void move(struct cluster *cluster, struct node *node, const struct need *need, int sign)
{
	node->known = false;
	node->version++;
	node->free_gpus += sign * (int32_t)need->gpus;
	node->free_cpu_milli += sign * (int64_t)need->cpu_milli;
	node->free_memory_bytes += sign * (int64_t)need->memory_bytes;
	node->free_pods += sign;
	node->free_ips += sign;
	node->scored_cpu_milli -= sign * need_scored_cpu_milli(need);
	node->scored_memory_bytes -= sign * need_scored_memory_bytes(need);
	if (node->up && node->pool != NO_POOL)
		cluster->pool[node->pool].free_gpus += sign * (int64_t)need->gpus;
	refresh(cluster, node);
}

void cluster_copy(struct cluster *cluster, uint32_t id, const struct cluster *from)
{
	struct node *to = &cluster->node[id], copy = from->node[id];
	struct pool *pool = to->pool == NO_POOL ? NULL : &cluster->pool[to->pool];

	assert(id < cluster->n && id < from->n);
	if (to->version == copy.version)
		return;
	if (pool && to->up)
		pool->free_gpus -= to->free_gpus;
	copy.pool = to->pool;
	copy.at = to->at;
	copy.holds = to->holds;
	copy.loose_ns = to->loose_ns;
	copy.promised = to->promised;
	copy.shapes = to->shapes;
	copy.known = false;
	*to = copy;
	if (pool && to->up)
		pool->free_gpus += to->free_gpus;
	refresh(cluster, to);
}

void cluster_take(struct cluster *cluster, uint32_t id, const struct need *need)
{
	assert(id < cluster->n && cluster_fits(&cluster->node[id], need));
	move(cluster, &cluster->node[id], need, -1);
}

void cluster_give(struct cluster *cluster, uint32_t id, const struct need *need)
{
	struct node *node = &cluster->node[id];

	assert(id < cluster->n);
	move(cluster, node, need, +1);
	assert(node->free_gpus <= node->gpus && node->free_cpu_milli <= node->cpu_milli);
	assert(node->free_memory_bytes <= node->memory_bytes);
	assert(node->free_pods <= cluster->config.pods && node->free_ips <= cluster->config.ips);
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

		assert(node->free_gpus >= 0 && node->free_gpus <= node->gpus);
		assert(node->free_cpu_milli >= 0 && node->free_cpu_milli <= node->cpu_milli);
		assert(node->free_memory_bytes >= 0);
		assert(node->free_memory_bytes <= node->memory_bytes);
		assert(node->free_pods >= 0 && node->free_pods <= cluster->config.pods);
		assert(node->free_ips >= 0 && node->free_ips <= cluster->config.ips);
		assert(node->shapes == shapes_of(node));
	}
}
