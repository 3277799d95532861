/* mem.h - single objects and texts on the heap that cannot fail; arrays that grow are vec.h's. */
#ifndef RESULTS_MEM_H
#define RESULTS_MEM_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* n zeroed elements of size bytes; never NULL; the caller frees them; aborts when out of memory. */
static inline void *mem_zero(size_t n, size_t size)
{
	void *at = calloc(n ? n : 1, size);

	if (!at) {
		fprintf(stderr, "sonde: out of memory: %zu elements of %zu bytes wanted\n", n,
			size);
		abort();
	}
	return at;
}

/* A copy of a text; the caller frees it. */
static inline char *mem_text(const char *text)
{
	size_t bytes = strlen(text) + 1;

	return memcpy(mem_zero(bytes, 1), text, bytes);
}
#endif
