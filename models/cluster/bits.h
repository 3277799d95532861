/* bits.h - a set of small integers that is asked for its next member: a bitmap with a summary
 * above it.
 *
 * One summary bit stands for 64 members' word, so that the next member of a nearly empty set of
 * 15,000 is found in a handful of loads.  Not a general set: members lie below `n`, which only
 * grows. */
#ifndef MODELS_CLUSTER_BITS_H
#define MODELS_CLUSTER_BITS_H
#include <stdbool.h>
#include <stdint.h>

struct bits {
	uint64_t *word, *sum;
	uint32_t words, sums;   /* allocated, all zero beyond what is set */
};

/* Makes room for members below n; the new ones are out.  Freed by bits_release. */
void bits_reserve(struct bits *bits, uint32_t n);
/* Frees the set. */
void bits_release(struct bits *bits);
/* Puts i in or takes it out; i lies below what was reserved. */
void bits_put(struct bits *bits, uint32_t i, bool in);
/* The lowest member at or above i, or UINT32_MAX. */
uint32_t bits_next(const struct bits *bits, uint32_t i);

/* Whether i is in. */
static inline bool bits_has(const struct bits *bits, uint32_t i)
{
	return bits->word[i >> 6] >> (i & 63) & 1;
}
#endif
