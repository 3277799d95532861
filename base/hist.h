/* hist.h - a log-linear, mergeable histogram of non-negative int64 (mostly ns).
 *
 * Values below 128 are exact; above, each power of two has 64 buckets, so a quantile read from it
 * lies within 1/128 (0.8 %) of the exact one. Count, sum, min and max are exact. Merging is
 * addition: the result does not depend on the order. (Idea: HdrHistogram, Gil Tene; fio's
 * stat.h.)
 *
 * Only the buckets between the lowest and the highest value seen, zeros apart, have memory: a
 * hundred requests take some KiB a quantity, values of every magnitude 30. */
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
	uint64_t zeros;             /* what bucket 0 holds: many parts of a latency are 0, the rest
	                             * far from it */
	__int128 sum;               /* exact, so that a merge in any order gives the same mean */
	uint64_t *bucket;           /* counts of the buckets first .. first + room - 1 */
	uint32_t first, room;
};

/* A zeroed struct hist is empty. Empties one, keeping its memory. */
void hist_clear(struct hist *hist);
/* Frees it and leaves it empty. */
void hist_release(struct hist *hist);
/* Gives memory to this bucket, not 0; returns its place in `bucket`. */
uint32_t hist_reach(struct hist *hist, uint32_t bucket);
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
	uint64_t *held = &hist->zeros;
	uint32_t at;

	if (value > 0) {
		at = hist_bucket(value) - hist->first;
		if (__builtin_expect(at >= hist->room, 0))
			at = hist_reach(hist, hist_bucket(value));
		held = &hist->bucket[at];
	} else {
		value = 0;
	}
	if (!hist->count || value < hist->min)
		hist->min = value;
	if (value > hist->max)
		hist->max = value;
	hist->count += n;
	hist->sum += (__int128)value * (__int128)n;
	*held += n;
}
/* Adds all of other to hist. */
void hist_merge(struct hist *hist, const struct hist *other);
/* Whether two are the same: counts, sum, min and max. */
bool hist_equal(const struct hist *a, const struct hist *b);
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
 * back, into one that is initialised. */
unsigned char *hist_pack(const struct hist *hist, size_t *bytes);
bool hist_unpack(struct hist *hist, const unsigned char *data, size_t bytes);
#endif
