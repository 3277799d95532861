/* Two levels are enough: 64 x 64 members a summary word, so 100,000 nodes have 25 of those. */
#include "models/cluster/bits.h"
#include "base/vec.h"
#include <assert.h>
#include <string.h>

static void grow(uint64_t **at, uint32_t *n, uint32_t want)
{
	uint32_t had = *n;

	if (want <= had)
		return;
	*at = vec_grow(*at, n, want, sizeof(**at));
	memset(*at + had, 0, (*n - had) * sizeof(**at));
}

void bits_reserve(struct bits *bits, uint32_t n)
{
	grow(&bits->word, &bits->words, (n + 63) / 64);
	grow(&bits->sum, &bits->sums, (bits->words + 63) / 64);
}

void bits_release(struct bits *bits)
{
	free(bits->word);
	free(bits->sum);
	*bits = (struct bits){ 0 };
}

void bits_put(struct bits *bits, uint32_t i, bool in)
{
	uint32_t w = i >> 6;

	assert(w < bits->words);
	if (in)
		bits->word[w] |= UINT64_C(1) << (i & 63);
	else
		bits->word[w] &= ~(UINT64_C(1) << (i & 63));
	if (bits->word[w])
		bits->sum[w >> 6] |= UINT64_C(1) << (w & 63);
	else
		bits->sum[w >> 6] &= ~(UINT64_C(1) << (w & 63));
}

uint32_t bits_next(const struct bits *bits, uint32_t i)
{
	uint32_t w = i >> 6;
	uint64_t found;

	if (w >= bits->words)
		return UINT32_MAX;
	found = bits->word[w] & ~UINT64_C(0) << (i & 63);
	if (found)
		return w * 64 + (uint32_t)__builtin_ctzll(found);
	w++;
	for (uint32_t s = w >> 6; s < bits->sums; s++, w = s * 64) {
		found = bits->sum[s] & ~UINT64_C(0) << (w & 63);
		if (!found)
			continue;
		w = s * 64 + (uint32_t)__builtin_ctzll(found);
		return w * 64 + (uint32_t)__builtin_ctzll(bits->word[w]);
	}
	return UINT32_MAX;
}
