/* pool.h - rows that never move, by 32-bit id: the queue keeps pointers to the events that lie in
 * them.
 *
 * Blocks of 256 rows, kept until the pool is released, and a free list; ids are handed out lowest
 * first in a fresh pool, then last freed first, so they are the same in every run. A new row is all
 * zero; a row that comes back is as it was left (its sim_event must not be initialised anew while
 * the queue remembers it). */
#ifndef SIM_POOL_H
#define SIM_POOL_H
#include "base/vec.h"
#include <assert.h>
#include <string.h>

enum { POOL_BITS = 8, POOL_ROWS = 1 << POOL_BITS };

struct pool {
	size_t row_bytes;
	VEC(void *) blocks;
	VEC(uint32_t) spare;
	uint32_t used;       /* rows ever handed out */
};

/* The row of an id that was handed out. */
static inline void *pool_row(const struct pool *pool, uint32_t id)
{
	char *block = pool->blocks.at[id >> POOL_BITS];

	return block + (size_t)(id & (POOL_ROWS - 1)) * pool->row_bytes;
}

/* Makes every id below n valid, for tables that are indexed by the ids of others. */
static inline void pool_reach(struct pool *pool, uint32_t n)
{
	while (pool->used < n) {
		if (pool->used >> POOL_BITS == pool->blocks.n) {
			void *block = NULL;
			uint32_t cap = 0;

			block = vec_grow(block, &cap, POOL_ROWS, pool->row_bytes);
			memset(block, 0, POOL_ROWS * pool->row_bytes);
			vec_push(&pool->blocks, block);
		}
		pool->used++;
	}
}

/* An id for a row that no one has. */
static inline uint32_t pool_take(struct pool *pool)
{
	if (pool->spare.n)
		return vec_pop(&pool->spare);
	assert(pool->used < UINT32_MAX - 1);
	pool_reach(pool, pool->used + 1);
	return pool->used - 1;
}

/* Gives a row back; events in it are disarmed. */
static inline void pool_give(struct pool *pool, uint32_t id)
{
	vec_push(&pool->spare, id);
}

/* Frees all rows. */
static inline void pool_release(struct pool *pool)
{
	for (uint32_t i = 0; i < pool->blocks.n; i++)
		free(pool->blocks.at[i]);
	vec_release(&pool->blocks);
	vec_release(&pool->spare);
	pool->used = 0;
}
#endif
