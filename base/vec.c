/* Doubling, and a count of it. */
#include "base/vec.h"
#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Atomic because worlds with threads share it; it never reaches a result. */
static _Atomic uint64_t grown;

enum { CACHE_LINE = 64 };

/* Rows of whole cache lines lie on cache lines. */
static void *grow(void *at, size_t bytes, size_t new_bytes, size_t size)
{
	void *moved;

	if (size % CACHE_LINE)
		return realloc(at, new_bytes);
	moved = aligned_alloc(CACHE_LINE, new_bytes);
	if (moved && at)
		memcpy(moved, at, bytes);
	if (moved)
		free(at);
	return moved;
}

void *vec_grow(void *at, uint32_t *cap, uint32_t want, size_t size)
{
	uint32_t new_cap = *cap > UINT32_MAX / 2 ? UINT32_MAX : *cap * 2;

	assert(size && want > *cap);
	if (new_cap < 8)
		new_cap = 8;
	if (new_cap < want)
		new_cap = want;
	at = (size_t)new_cap <= SIZE_MAX / size ? grow(at, *cap * size, new_cap * size, size)
						: NULL;
	if (!at) {
		fprintf(stderr, "sonde: out of memory: %u elements of %zu bytes wanted\n", new_cap,
			size);
		abort();
	}
	*cap = new_cap;
	atomic_fetch_add_explicit(&grown, 1, memory_order_relaxed);
	return at;
}

uint64_t vec_grown(void)
{
	return atomic_load_explicit(&grown, memory_order_relaxed);
}
