/* The buckets' arithmetic backwards, and a byte string that any machine can read back.
 *
 * Packed: the byte 1 (version); then, as LEB128 numbers, count, min, max, the sum's low and high 64
 * bits, the number of used buckets, and for each of them the distance from the one before and its
 * count. */
#include "base/hist.h"
#include "base/vec.h"
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	PACK_VERSION = 1,
	NUMBER_BYTES = 10,
	GRAIN = 16 /* buckets: memory is given in so many, two cache lines */
};

void hist_clear(struct hist *hist)
{
	if (hist->room)
		memset(hist->bucket, 0, hist->room * sizeof(*hist->bucket));
	hist->count = hist->zeros = 0;
	hist->min = hist->max = 0;
	hist->sum = 0;
}

void hist_release(struct hist *hist)
{
	free(hist->bucket);
	*hist = (struct hist){ 0 };
}

uint32_t hist_reach(struct hist *hist, uint32_t bucket)
{
	uint32_t first = bucket / GRAIN * GRAIN, end = first + GRAIN, cap = 0;
	uint64_t *grown;

	assert(bucket && bucket < HIST_BUCKETS);
	if (bucket - hist->first < hist->room)
		return bucket - hist->first;
	if (hist->room && hist->first < first)
		first = hist->first;
	if (hist->room && hist->first + hist->room > end)
		end = hist->first + hist->room;
	grown = vec_grow(NULL, &cap, end - first, sizeof(*grown));
	memset(grown, 0, (end - first) * sizeof(*grown));
	if (hist->room)
		memcpy(grown + (hist->first - first), hist->bucket, hist->room * sizeof(*grown));
	free(hist->bucket);
	hist->bucket = grown;
	hist->first = first;
	hist->room = end - first;
	return bucket - first;
}

int64_t hist_bucket_low(uint32_t bucket)
{
	uint32_t group = bucket >> HIST_SUB_BITS;

	assert(bucket < HIST_BUCKETS);
	if (group < 2)
		return bucket;
	return (int64_t)(bucket - ((group - 1) << HIST_SUB_BITS)) << (group - 1);
}

/* How many values share a bucket. */
static int64_t width(uint32_t bucket)
{
	uint32_t group = bucket >> HIST_SUB_BITS;

	return group < 2 ? 1 : (int64_t)1 << (group - 1);
}

/* How many values this bucket holds. */
static uint64_t held(const struct hist *hist, uint32_t bucket)
{
	if (!bucket)
		return hist->zeros;
	return bucket - hist->first < hist->room ? hist->bucket[bucket - hist->first] : 0;
}

/* To put n values into this bucket, and nothing else. */
static void put_bucket(struct hist *hist, uint32_t bucket, uint64_t n)
{
	uint32_t at;

	if (!bucket) {
		hist->zeros += n;
		return;
	}
	at = hist_reach(hist, bucket);
	hist->bucket[at] += n;
}

void hist_merge(struct hist *hist, const struct hist *other)
{
	if (!other->count)
		return;
	if (!hist->count || other->min < hist->min)
		hist->min = other->min;
	if (other->max > hist->max)
		hist->max = other->max;
	hist->count += other->count;
	hist->sum += other->sum;
	hist->zeros += other->zeros;
	for (uint32_t i = 0; i < other->room; i++)
		if (other->bucket[i])
			put_bucket(hist, other->first + i, other->bucket[i]);
}

bool hist_equal(const struct hist *a, const struct hist *b)
{
	if (a->count != b->count || a->min != b->min || a->max != b->max || a->sum != b->sum)
		return false;
	for (uint32_t i = 0; i <= hist_bucket(a->max); i++)
		if (held(a, i) != held(b, i))
			return false;
	return true;
}

int64_t hist_quantile(const struct hist *hist, double q)
{
	uint64_t rank, seen = 0;
	uint32_t i;
	int64_t middle;

	assert(q >= 0 && q <= 1);
	if (!hist->count)
		return 0;
	/* 0.07 * 100 is 7.000000000000001 in binary: a product that close to a whole number is
	 * meant to be it. */
	rank = (uint64_t)ceil(q * (double)hist->count * (1 - 4 * DBL_EPSILON));
	if (rank < 1)
		rank = 1;
	if (rank > hist->count)
		rank = hist->count;
	for (i = hist_bucket(hist->min); (seen += held(hist, i)) < rank; i++)
		assert(i < HIST_BUCKETS);
	middle = hist_bucket_low(i) + width(i) / 2;
	return middle < hist->min ? hist->min : middle > hist->max ? hist->max : middle;
}

double hist_mean(const struct hist *hist)
{
	return hist->count ? (double)hist->sum / (double)hist->count : 0;
}

double hist_share_below(const struct hist *hist, int64_t limit)
{
	uint64_t below = 0;
	uint32_t last;

	if (!hist->count || limit < hist->min)
		return 0;
	if (limit >= hist->max)
		return 1;
	last = hist_bucket(limit);
	for (uint32_t i = hist_bucket(hist->min); i <= last; i++)
		below += held(hist, i);
	return (double)below / (double)hist->count;
}

static unsigned char *put(unsigned char *at, uint64_t number)
{
	for (; number > 0x7f; number >>= 7)
		*at++ = (unsigned char)(number | 0x80);
	*at++ = (unsigned char)number;
	return at;
}

unsigned char *hist_pack(const struct hist *hist, size_t *bytes)
{
	uint32_t low = hist_bucket(hist->min), high = hist_bucket(hist->max), used = 0, last = 0;
	unsigned char *data, *at;

	for (uint32_t i = low; i <= high; i++)
		used += held(hist, i) != 0;
	data = malloc(1 + 6 * NUMBER_BYTES + (size_t)used * 2 * NUMBER_BYTES);
	if (!data)
		abort();
	at = data;
	*at++ = PACK_VERSION;
	at = put(at, hist->count);
	at = put(at, (uint64_t)hist->min);
	at = put(at, (uint64_t)hist->max);
	at = put(at, (uint64_t)hist->sum);
	at = put(at, (uint64_t)(hist->sum >> 64));
	at = put(at, used);
	for (uint32_t i = low; i <= high; i++) {
		if (!held(hist, i))
			continue;
		at = put(at, i - last);
		at = put(at, held(hist, i));
		last = i;
	}
	*bytes = (size_t)(at - data);
	return data;
}

/* Reads one number; false where the bytes end, it does not fit 64 bits or it has idle bytes. */
static bool get(const unsigned char **at, const unsigned char *end, uint64_t *number)
{
	*number = 0;
	for (uint32_t shift = 0; *at < end && shift < 64; shift += 7) {
		unsigned char byte = *(*at)++;

		if (shift == 63 && byte > 1)
			return false;
		*number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return byte || !shift;
	}
	return false;
}

/* What hist_add keeps true of every histogram. */
static bool sound(const struct hist *hist, uint32_t first, uint32_t last, uint64_t total)
{
	if (!hist->count)
		return !total && !hist->min && !hist->max && !hist->sum;
	return total == hist->count && hist->min >= 0 && hist->min <= hist->max &&
	       hist_bucket(hist->min) == first && hist_bucket(hist->max) == last &&
	       hist->sum >= (__int128)hist->min && hist->sum >= (__int128)hist->max &&
	       hist->sum / (__int128)hist->count <= hist->max;
}

bool hist_unpack(struct hist *hist, const unsigned char *data, size_t bytes)
{
	const unsigned char *at = data, *end = data + bytes;
	uint64_t head[6], step, n, total = 0;
	uint32_t first = 0, last = 0;

	hist_clear(hist);
	if (!bytes || *at++ != PACK_VERSION)
		return false;
	for (int i = 0; i < 6; i++)
		if (!get(&at, end, &head[i]))
			return false;
	hist->count = head[0];
	hist->min = (int64_t)head[1];
	hist->max = (int64_t)head[2];
	hist->sum = (__int128)(((unsigned __int128)head[4] << 64) | head[3]);
	for (uint64_t i = 0; i < head[5]; i++) {
		if (!get(&at, end, &step) || !get(&at, end, &n) || !n || (i && !step) ||
		    step >= HIST_BUCKETS - last)
			return false;
		last += (uint32_t)step;
		if (!i)
			first = last;
		put_bucket(hist, last, n);
		if (__builtin_add_overflow(total, n, &total))
			return false;
	}
	return at == end && sound(hist, first, last, total);
}
