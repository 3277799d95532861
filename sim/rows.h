/* rows.h - rows that never move, by 32-bit id: the queue keeps pointers to the events that lie in
 * them.
 *
 * Blocks of 256 rows, kept until all are released, and a free list; ids are handed out last freed
 * first, else the lowest new one, so they are the same in every run. A new row is all zero; a row
 * that comes back is as it was left (its sim_event must not be initialised anew while the queue
 * remembers it). */
#ifndef SIM_ROWS_H
#define SIM_ROWS_H
#include "base/vec.h"
#include <assert.h>
#include <string.h>

enum { ROWS_BITS = 8, ROWS_BLOCK = 1 << ROWS_BITS };

struct rows {
	size_t row_bytes;
	VEC(void *) blocks;
	VEC(uint32_t) spare;
	uint32_t used;       /* rows ever handed out */
};

/* The row of an id that was handed out. */
static inline void *rows_at(const struct rows *rows, uint32_t id)
{
	char *block = rows->blocks.at[id >> ROWS_BITS];

	return block + (size_t)(id & (ROWS_BLOCK - 1)) * rows->row_bytes;
}

/* Makes every id below n valid, for tables that are indexed by the ids of others. */
static inline void rows_reach(struct rows *rows, uint32_t n)
{
	while (rows->used < n) {
		if (rows->used >> ROWS_BITS == rows->blocks.n) {
			void *block = NULL;
			uint32_t cap = 0;

			block = vec_grow(block, &cap, ROWS_BLOCK, rows->row_bytes);
			memset(block, 0, ROWS_BLOCK * rows->row_bytes);
			vec_push(&rows->blocks, block);
		}
		rows->used++;
	}
}

/* An id for a row that no one has. */
static inline uint32_t rows_take(struct rows *rows)
{
	if (rows->spare.n)
		return vec_pop(&rows->spare);
	assert(rows->used < UINT32_MAX - 1);
	rows_reach(rows, rows->used + 1);
	return rows->used - 1;
}

/* Gives a row back; events in it are disarmed. */
static inline void rows_give(struct rows *rows, uint32_t id)
{
	vec_push(&rows->spare, id);
}

/* Frees all rows. */
static inline void rows_release(struct rows *rows)
{
	for (uint32_t i = 0; i < rows->blocks.n; i++)
		free(rows->blocks.at[i]);
	vec_release(&rows->blocks);
	vec_release(&rows->spare);
	rows->used = 0;
}
#endif
