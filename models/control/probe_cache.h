/* probe_cache.h - what each schedule function last heard from each other one: its free vector, and
 * when.
 *
 * A row belongs to one function and is learnt from messages to it alone (answers, gossip, what
 * others carry); nothing here is shared state.  It rules out partitions that cannot take a pod
 * before they are asked. */
#ifndef MODELS_CONTROL_PROBE_CACHE_H
#define MODELS_CONTROL_PROBE_CACHE_H
#include "models/control/control.h"

struct probe_entry {
	int64_t at_ns;                  /* -1 = never heard */
	uint16_t fit[SHAPES - 1];       /* counts above 65,535 are kept as that */
	uint16_t types[SHAPES - 1];     /* that have such nodes */
};

struct probe_cache {
	struct probe_entry *entry;      /* functions x functions: [who knows][about whom] */
	uint32_t functions;
	int64_t age_ns;
};

/* An empty cache for so many functions, entries trusted for age_ns; probe_cache_release frees. */
void probe_cache_init(struct probe_cache *cache, uint32_t functions, int64_t age_ns);
/* Frees it. */
void probe_cache_release(struct probe_cache *cache);
/* A new instance in this slot knows nothing. */
void probe_cache_forget(struct probe_cache *cache, uint32_t function);
/* `function` heard from `other` at time now. */
void probe_cache_learn(struct probe_cache *cache, uint32_t function, uint32_t other, int64_t now,
		       const struct free_vector *free);
/* How many nodes of `other` could take the shape of need when `function` last heard, 0 if none of
 * a type that will do; -1 = it does not know, or heard too long ago.  *age_ns is how long ago. */
int64_t probe_cache_look(const struct probe_cache *cache, uint32_t function, uint32_t other,
			 const struct need *need, int64_t now, int64_t *age_ns);
#endif
