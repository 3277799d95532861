/* Doubling, and a count of it. */
#include "base/vec.h"
#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>

/* Atomic because worlds with threads share it; it never reaches a result. */
static _Atomic uint64_t grown;

void *vec_grow(void *at, uint32_t *cap, uint32_t want, size_t size)
{
	uint32_t new_cap = *cap > UINT32_MAX / 2 ? UINT32_MAX : *cap * 2;

	assert(size && want > *cap);
	if (new_cap < 8)
		new_cap = 8;
	if (new_cap < want)
		new_cap = want;
	at = (size_t)new_cap <= SIZE_MAX / size ? realloc(at, new_cap * size) : NULL;
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
