/* vec.h - a growable flat array of any type, and memory that cannot fail.
 *
 * `VEC(struct pod) pods = {0};` is a struct {at, n, cap}.  Growth doubles and is counted in
 * vec_grown, so that a test can show that the steady state allocates nothing. */
#ifndef BASE_VEC_H
#define BASE_VEC_H
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define VEC(TYPE) struct { TYPE *at; uint32_t n, cap; }

/* Makes room for want elements of size bytes; returns the array, perhaps moved; aborts when out of
 * memory. */
void *vec_grow(void *at, uint32_t *cap, uint32_t want, size_t size);
/* How often vec_grow has allocated since the program began (a diagnostic, used by tests alone). */
uint64_t vec_grown(void);

/* Makes room for want elements in all. */
#define vec_reserve(v, want) \
	((uint32_t)(want) <= (v)->cap ? (void)0 \
	 : (void)((v)->at = vec_grow((v)->at, &(v)->cap, (uint32_t)(want), sizeof(*(v)->at))))
/* Appends one element (evaluated once, after growth). */
#define vec_push(v, ...) (vec_reserve((v), (v)->n + 1), (void)((v)->at[(v)->n++] = (__VA_ARGS__)))
/* Removes and yields the last element; the array must not be empty. */
#define vec_pop(v) ((v)->at[--(v)->n])
/* Frees the array and leaves it empty. */
#define vec_release(v) (free((v)->at), (v)->at = NULL, (void)((v)->n = (v)->cap = 0))
#endif
