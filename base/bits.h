/* bits.h - a set of small integers with "the first member at or after i" in constant time.
 *
 * A bitmap with three summary levels of 64 each: 16.7 million members, at most seven words read
 * a question. */
#ifndef BASE_BITS_H
#define BASE_BITS_H
#include <stdbool.h>
#include <stdint.h>

enum { BITS_LEVELS = 4 };
struct bits { uint64_t *word[BITS_LEVELS]; uint32_t words[BITS_LEVELS]; };

/* Makes room for members 0..n-1; an empty set is all zero. */
void bits_reserve(struct bits *bits, uint32_t n);
/* Frees it and leaves it empty. */
void bits_release(struct bits *bits);
/* Adds or removes a member (within what was reserved); no matter if it was there. */
void bits_set(struct bits *bits, uint32_t i);
void bits_clear(struct bits *bits, uint32_t i);
/* Whether i is a member (within what was reserved). */
static inline bool bits_has(const struct bits *bits, uint32_t i)
{
	return bits->word[0][i >> 6] >> (i & 63) & 1;
}
/* The smallest member >= from, or UINT32_MAX. */
uint32_t bits_next(const struct bits *bits, uint32_t from);
#endif
