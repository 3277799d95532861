/* hist.h - a log-linear, mergeable histogram of non-negative int64 (mostly ns).
 *
 * Values below 128 are exact; above, each power of two has 64 buckets, so a quantile read from it
 * lies within 1/128 (0.8 %) of the exact one. Count, sum, min and max are exact. Merging is
 * addition: the result does not depend on the order. (Idea: HdrHistogram, Gil Tene; fio's
 * stat.h.) */
#ifndef BASE_HIST_H
#define BASE_HIST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HIST_ERROR (1.0 / 128)
enum { HIST_SUB_BITS = 6, HIST_BUCKETS = (64 - HIST_SUB_BITS) << HIST_SUB_BITS };

struct hist {
	uint64_t count;
	int64_t min, max;
	__int128 sum;               /* exact, so that a merge in any order gives the same mean */
	uint64_t bucket[HIST_BUCKETS];
};

/* Empties it. */
void hist_clear(struct hist *hist);
/* The bucket of a value (values below 0 count as 0). */
static inline uint32_t hist_bucket(int64_t value)
{
	uint64_t v = value < 0 ? 0 : (uint64_t)value;
	uint32_t top;

	if (v < (2u << HIST_SUB_BITS))
		return (uint32_t)v;
	top = 63u - (uint32_t)__builtin_clzll(v);
	return ((top - HIST_SUB_BITS) << HIST_SUB_BITS) + (uint32_t)(v >> (top - HIST_SUB_BITS));
}
/* Adds a value n times. */
static inline void hist_add(struct hist *hist, int64_t value, uint64_t n)
{
	if (value < 0)
		value = 0;
	if (!hist->count || value < hist->min)
		hist->min = value;
	if (value > hist->max)
		hist->max = value;
	hist->count += n;
	hist->sum += (__int128)value * (__int128)n;
	hist->bucket[hist_bucket(value)] += n;
}
/* Adds all of other to hist. */
void hist_merge(struct hist *hist, const struct hist *other);
/* The q-quantile (0..1): middle of the bucket that holds the value of rank ceil(q*count), held
 * within [min, max]; 0 when empty. */
int64_t hist_quantile(const struct hist *hist, double q);
/* The exact mean; 0 when empty. */
double hist_mean(const struct hist *hist);
/* The share of values <= limit (by bucket). */
double hist_share_below(const struct hist *hist, int64_t limit);
/* The lowest value of a bucket, for drawing. */
int64_t hist_bucket_low(uint32_t bucket);
/* Packs the used buckets into a portable little-endian byte string (malloc'd, caller frees) and
 * back. */
unsigned char *hist_pack(const struct hist *hist, size_t *bytes);
bool hist_unpack(struct hist *hist, const unsigned char *data, size_t bytes);
#endif
