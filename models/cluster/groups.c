/* A cluster of several kinds of nodes: groups, and the GPU types that they name.  Types are few and
 * known before a run begins; a set of them is a word. */
#include "models/cluster/cluster.h"
#include <assert.h>
#include <string.h>

uint32_t cluster_groups(const struct cluster_config *config)
{
	return config->groups.n ? config->groups.n : 1;
}

const struct group_config *cluster_group(const struct cluster_config *config, uint32_t group)
{
	const struct group_config *groups = config->groups.at;

	assert(group < cluster_groups(config));
	return config->groups.n ? &groups[group] : &config->group;
}

static const char *type_name(const struct cluster_config *config, uint32_t group)
{
	const char *name = cluster_group(config, group)->gpu;

	return name ? name : "";
}

int64_t cluster_nodes(const struct cluster_config *config)
{
	int64_t nodes = 0;

	for (uint32_t g = 0; g < cluster_groups(config); g++)
		nodes += cluster_group(config, g)->nodes;
	return nodes;
}

int64_t cluster_most_gpus(const struct cluster_config *config)
{
	int64_t most = 0;

	for (uint32_t g = 0; g < cluster_groups(config); g++)
		if (cluster_group(config, g)->gpus > most)
			most = cluster_group(config, g)->gpus;
	return most;
}

/* Whether the group is the first to name its type. */
static bool names_first(const struct cluster_config *config, uint32_t group)
{
	for (uint32_t g = 0; g < group; g++)
		if (!strcmp(type_name(config, g), type_name(config, group)))
			return false;
	return *type_name(config, group);
}

uint32_t cluster_types(const struct cluster_config *config)
{
	uint32_t types = 0;

	for (uint32_t g = 0; g < cluster_groups(config); g++)
		types += names_first(config, g);
	return types;
}

/* The bit of a name of n characters; 0 if no group has it. */
static uint32_t find(const struct cluster_config *config, const char *name, size_t n)
{
	uint32_t bit = 1;

	for (uint32_t g = 0; g < cluster_groups(config); g++) {
		const char *type = type_name(config, g);

		if (!names_first(config, g))
			continue;
		if (strlen(type) == n && !memcmp(type, name, n))
			return bit;
		bit <<= 1;
	}
	return 0;
}

uint32_t cluster_type(const struct cluster_config *config, uint32_t group)
{
	const char *name = type_name(config, group);

	return *name ? find(config, name, strlen(name)) : 0;
}

static bool unknown(const struct cluster_config *config, const char *name, size_t n,
		    struct err *err)
{
	const char *names[TYPES_MAX + 1] = { NULL }, *near;
	char text[64];
	uint32_t types = 0;

	for (uint32_t g = 0; g < cluster_groups(config) && types < TYPES_MAX; g++)
		if (names_first(config, g))
			names[types++] = type_name(config, g);
	n = n < sizeof(text) ? n : sizeof(text) - 1;
	memcpy(text, name, n);
	text[n] = '\0';
	near = err_nearest(text, names);
	return err_set(err, "no node of the cluster has GPUs of type '%s'%s%s%s", text,
		       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Whether every node has one of these types. */
static bool all(const struct cluster_config *config, uint32_t types)
{
	for (uint32_t g = 0; g < cluster_groups(config); g++)
		if (!(cluster_type(config, g) & types))
			return false;
	return true;
}

bool cluster_types_named(const struct cluster_config *config, const char *names, uint32_t *types,
			 struct err *err)
{
	*types = 0;
	if (!names || !*names || !cluster_types(config))
		return true;
	for (;;) {
		size_t n = strcspn(names, "|");
		uint32_t bit = find(config, names, n);

		if (!bit)
			return unknown(config, names, n, err);
		*types |= bit;
		if (!names[n])
			break;
		names += n + 1;
	}
	if (all(config, *types))
		*types = 0;
	return true;
}

uint32_t cluster_growing(const struct cluster_config *config)
{
	const char *name = config->provision.group;

	for (uint32_t g = 0; name && *name && g < config->groups.n; g++)
		if (!strcmp(cluster_group(config, g)->name, name))
			return g;
	return 0;
}

bool cluster_has_room(const struct cluster_config *config, const struct need *need)
{
	for (uint32_t g = 0; g < cluster_groups(config); g++) {
		const struct group_config *group = cluster_group(config, g);

		if (need->gpu_milli <= group->gpus * GPU_MILLI &&
		    need->cpu_milli <= group->cpu_milli &&
		    (int64_t)need->memory_bytes <= group->memory_bytes &&
		    (!need->types || need->types & cluster_type(config, g)))
			return true;
	}
	return false;
}

bool cluster_config_check(const struct cluster_config *config, struct err *err)
{
	const char *grows = config->provision.group;

	if (cluster_types(config) > TYPES_MAX)
		return err_set(err, "cluster.groups name %u types of GPUs: expected at most %d",
			       cluster_types(config), TYPES_MAX);
	if (grows && *grows &&
	    (!config->groups.n ||
	     strcmp(cluster_group(config, cluster_growing(config))->name, grows) != 0))
		return err_set(err, "cluster.provision.group: no group is called '%s'", grows);
	return true;
}

/* ---- what pools know by type ---- */

uint32_t cluster_fit(const struct cluster *cluster, uint32_t id, const struct need *need)
{
	const struct pool *pool = &cluster->pool[id];
	uint32_t shape = cluster_shape(need->gpu_milli), fit = 0;

	if (!need->types || !pool->kind)
		return pool->fit[shape];
	for (uint32_t left = need->types; left; left &= left - 1)
		fit += pool->kind[__builtin_ctz(left)].fit[shape];
	return fit;
}

const struct bits *cluster_can(const struct pool *pool, const struct need *need)
{
	uint32_t shape = cluster_shape(need->gpu_milli), types = need->types;

	if (!types || types & (types - 1) || !pool->kind)
		return &pool->can[shape];
	return &pool->kind[__builtin_ctz(types)].can[shape];
}

void cluster_vector(const struct cluster *cluster, uint32_t id, struct free_vector *vector)
{
	const struct pool *pool = &cluster->pool[id];

	*vector = (struct free_vector){ .unused = 0 };
	for (int s = 1; s < SHAPES; s++) {
		vector->fit[s - 1] = pool->fit[s];
		for (uint32_t k = 0; k < cluster->kinds; k++)
			if (pool->kind[k].fit[s])
				vector->types[s - 1] |= (uint16_t)(1u << k);
	}
}

uint32_t cluster_vector_fit(const struct free_vector *vector, const struct need *need)
{
	uint32_t shape = cluster_shape(need->gpu_milli);

	assert(shape);
	if (need->types && !(vector->types[shape - 1] & need->types))
		return 0;
	return vector->fit[shape - 1];
}
