/* Bit i of level l+1 says whether word i of level l is not zero. */
#include "base/bits.h"
#include "base/vec.h"
#include <assert.h>
#include <string.h>

void bits_reserve(struct bits *bits, uint32_t n)
{
	for (int l = 0; l < BITS_LEVELS; l++) {
		uint32_t old = bits->words[l];

		n = n / 64 + (n % 64 != 0);
		if (n > old) {
			bits->word[l] =
				vec_grow(bits->word[l], &bits->words[l], n, sizeof(uint64_t));
			memset(bits->word[l] + old, 0, (bits->words[l] - old) * sizeof(uint64_t));
		}
		n = bits->words[l];
	}
	assert(n <= 64);
}

void bits_release(struct bits *bits)
{
	for (int l = 0; l < BITS_LEVELS; l++)
		free(bits->word[l]);
	*bits = (struct bits){ 0 };
}

void bits_set(struct bits *bits, uint32_t i)
{
	for (int l = 0; l < BITS_LEVELS; l++, i >>= 6) {
		assert(i >> 6 < bits->words[l]);
		bits->word[l][i >> 6] |= UINT64_C(1) << (i & 63);
	}
}

void bits_clear(struct bits *bits, uint32_t i)
{
	for (int l = 0; l < BITS_LEVELS; l++, i >>= 6) {
		assert(i >> 6 < bits->words[l]);
		bits->word[l][i >> 6] &= ~(UINT64_C(1) << (i & 63));
		if (bits->word[l][i >> 6])
			return;
	}
}

uint32_t bits_next(const struct bits *bits, uint32_t from)
{
	uint32_t at = from;

	for (int l = 0; l < BITS_LEVELS; l++) {
		uint64_t word;

		if (at >> 6 >= bits->words[l])
			return UINT32_MAX;
		word = bits->word[l][at >> 6] & ~UINT64_C(0) << (at & 63);
		if (word) {
			at = (at & ~63u) + (uint32_t)__builtin_ctzll(word);
			while (l--)
				at = at * 64 + (uint32_t)__builtin_ctzll(bits->word[l][at]);
			return at;
		}
		at = (at >> 6) + 1;
	}
	return UINT32_MAX;
}
