/* A square table of 40-byte entries: 200 functions make 1.6 MB, 1000 make 40 MB. */
#include "models/control/probe_cache.h"
#include "base/vec.h"
#include <assert.h>

_Static_assert(sizeof(struct probe_entry) == 40, "there is one for each pair of functions");

void probe_cache_init(struct probe_cache *cache, uint32_t functions, int64_t age_ns)
{
	*cache = (struct probe_cache){ .functions = functions, .age_ns = age_ns };
	cache->entry =
		vec_grow(NULL, &(uint32_t){ 0 }, functions * functions, sizeof(*cache->entry));
	for (uint32_t i = 0; i < functions; i++)
		probe_cache_forget(cache, i);
}

void probe_cache_release(struct probe_cache *cache)
{
	free(cache->entry);
	*cache = (struct probe_cache){ 0 };
}

static struct probe_entry *at(const struct probe_cache *cache, uint32_t function, uint32_t other)
{
	assert(function < cache->functions && other < cache->functions);
	return &cache->entry[(size_t)function * cache->functions + other];
}

void probe_cache_forget(struct probe_cache *cache, uint32_t function)
{
	for (uint32_t i = 0; i < cache->functions; i++)
		at(cache, function, i)->at_ns = -1;
}

void probe_cache_learn(struct probe_cache *cache, uint32_t function, uint32_t other, int64_t now,
		       const struct free_vector *free_vector)
{
	struct probe_entry *entry = at(cache, function, other);

	entry->at_ns = now;
	for (int s = 0; s < SHAPES - 1; s++) {
		uint32_t fit = free_vector->fit[s];

		entry->fit[s] = fit < UINT16_MAX ? (uint16_t)fit : UINT16_MAX;
		entry->types[s] = free_vector->types[s];
	}
}

int64_t probe_cache_look(const struct probe_cache *cache, uint32_t function, uint32_t other,
			 const struct need *need, int64_t now, int64_t *age_ns)
{
	const struct probe_entry *entry = at(cache, function, other);
	uint32_t shape = cluster_shape(need->gpu_milli);

	*age_ns = now - entry->at_ns;
	/* Of pods without GPUs nothing is kept: they go nearly anywhere. */
	if (entry->at_ns < 0 || *age_ns > cache->age_ns || !shape)
		return -1;
	if (need->types && !(entry->types[shape - 1] & need->types))
		return 0;
	return entry->fit[shape - 1];
}
