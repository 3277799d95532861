/* The histogram: its error bound over random data, merging, packing, and every convention of a
 * quantile. */
#include "base/hist.h"
#include "base/rng.h"
#include "tests/suites.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 20000 };

static struct hist a, b, whole;
static int64_t sample[SAMPLES];

static int by_value(const void *x, const void *y)
{
	int64_t l = *(const int64_t *)x, r = *(const int64_t *)y;

	return (l > r) - (l < r);
}

START_TEST(buckets_tile_the_line)
{
	int64_t low;

	for (uint32_t i = 0; i < HIST_BUCKETS; i++) {
		low = hist_bucket_low(i);
		ck_assert_uint_eq(hist_bucket(low), i);
		if (i)
			ck_assert_uint_eq(hist_bucket(low - 1), i - 1);
		if (i < 128)
			ck_assert_int_eq(low, i);
	}
	ck_assert_uint_eq(hist_bucket(INT64_MAX), HIST_BUCKETS - 1);
	ck_assert_uint_eq(hist_bucket(-5), 0);
}
END_TEST

START_TEST(quantiles_lie_within_the_bound)
{
	struct rng rng = rng_stream(3, "hist", 0);
	__int128 sum;

	for (int round = 0; round < 12; round++) {
		double spread = 1 + round * 3;

		hist_clear(&a);
		sum = 0;
		for (int i = 0; i < SAMPLES; i++) {
			sample[i] = (int64_t)exp(rng_unit(&rng) * spread);
			hist_add(&a, sample[i], 1);
			sum += sample[i];
		}
		qsort(sample, SAMPLES, sizeof(sample[0]), by_value);
		ck_assert_int_eq(a.min, sample[0]);
		ck_assert_int_eq(a.max, sample[SAMPLES - 1]);
		ck_assert(a.sum == sum);
		for (int q = 0; q <= 1000; q++) {
			int rank = (SAMPLES / 1000) * q;
			int64_t exact = sample[rank ? rank - 1 : 0],
				got = hist_quantile(&a, q / 1000.0);

			ck_assert_msg(fabs((double)(got - exact)) <= (double)exact * HIST_ERROR,
				      "q %d: %ld for %ld", q, (long)got, (long)exact);
		}
	}
}
END_TEST

START_TEST(quantile_conventions)
{
	hist_clear(&a);
	ck_assert_int_eq(hist_quantile(&a, 0.5), 0);
	ck_assert_double_eq(hist_mean(&a), 0);
	ck_assert_double_eq(hist_share_below(&a, 10), 0);
	for (int i = 1; i <= 100; i++)
		hist_add(&a, i, 1);
	ck_assert_int_eq(hist_quantile(&a, 0), 1);
	ck_assert_int_eq(hist_quantile(&a, 1), 100);
	ck_assert_int_eq(hist_quantile(&a, 0.5), 50);
	ck_assert_int_eq(hist_quantile(&a, 0.505), 51);
	for (int i = 1; i <= 100; i++)
		ck_assert_int_eq(hist_quantile(&a, i / 100.0), i);
	ck_assert_double_eq(hist_mean(&a), 50.5);
	ck_assert_double_eq(hist_share_below(&a, 25), 0.25);
	ck_assert_double_eq(hist_share_below(&a, 0), 0);
	ck_assert_double_eq(hist_share_below(&a, 100), 1);
	ck_assert_double_eq(hist_share_below(&a, INT64_MAX), 1);

	/* One value: min and max hold the quantile to it, wide as its bucket is. */
	hist_clear(&a);
	hist_add(&a, 1000000007, 3);
	ck_assert_int_eq(hist_quantile(&a, 0.5), 1000000007);
	hist_clear(&a);
	hist_add(&a, -3, 2);
	ck_assert_int_eq(a.min, 0);
	ck_assert_int_eq(a.max, 0);
	hist_clear(&a);
	hist_add(&a, INT64_MAX, 4);
	ck_assert_int_eq(hist_quantile(&a, 0.99), INT64_MAX);
	ck_assert_double_eq(hist_mean(&a), 0x1p63);
}
END_TEST

START_TEST(merge_is_the_whole_in_any_order)
{
	struct rng rng = rng_stream(4, "hist", 0);

	hist_clear(&a);
	hist_clear(&b);
	hist_clear(&whole);
	hist_merge(&whole, &a);
	for (int i = 0; i < SAMPLES; i++) {
		int64_t value = (int64_t)exp(rng_unit(&rng) * 30);
		uint64_t n = 1 + rng_below(&rng, 5);

		hist_add(i % 3 ? &a : &b, value, n);
		hist_add(&whole, value, n);
	}
	{
		struct hist ab = { 0 }, ba = { 0 };

		hist_merge(&ab, &a);
		hist_merge(&ab, &b);
		hist_merge(&ba, &b);
		hist_merge(&ba, &a);
		ck_assert(hist_equal(&ab, &whole));
		ck_assert(hist_equal(&ba, &whole));
		ck_assert(!hist_equal(&ba, &a));
		hist_clear(&a);
		hist_merge(&ba, &a);
		ck_assert(hist_equal(&ba, &whole));
		hist_release(&ab);
		hist_release(&ba);
	}
}
END_TEST

/* Memory for what was seen alone, and every count where it was after each growth. */
START_TEST(memory_goes_with_the_range)
{
	const int64_t value[] = { 1000000, 2000000, 3, 900000000000, 1000001, INT64_MAX };

	hist_release(&a);
	hist_add(&a, 0, 7);
	ck_assert_uint_eq(a.room, 0);
	for (uint32_t i = 0; i < sizeof(value) / sizeof(*value); i++) {
		hist_add(&a, value[i], i + 1);
		if (i < 2)
			ck_assert_uint_le(a.room, 96);
		for (uint32_t j = 0; j <= i; j++) {
			uint64_t n = a.bucket[hist_bucket(value[j]) - a.first];

			ck_assert_uint_eq(n, j == 0 && i >= 4 ? 6 : j == 4 ? 6 : j + 1);
		}
	}
	ck_assert_uint_le(a.room, HIST_BUCKETS);
	ck_assert_uint_eq(a.zeros, 7);
	hist_clear(&a);
	hist_clear(&b);
	ck_assert(hist_equal(&a, &b));
	hist_release(&a);
	ck_assert_uint_eq(a.room, 0);
}
END_TEST

START_TEST(packed_reads_back_and_broken_does_not)
{
	struct rng rng = rng_stream(5, "hist", 0);
	unsigned char *data, *bent;
	size_t bytes, taken = 0;

	hist_clear(&a);
	data = hist_pack(&a, &bytes);
	ck_assert(hist_unpack(&b, data, bytes));
	ck_assert(hist_equal(&a, &b));
	free(data);

	for (int i = 0; i < 500; i++)
		hist_add(&a, (int64_t)exp(rng_unit(&rng) * 43), 1 + rng_below(&rng, 1000000));
	hist_add(&a, INT64_MAX, (uint64_t)1 << 40);
	data = hist_pack(&a, &bytes);
	ck_assert(hist_unpack(&b, data, bytes));
	ck_assert(hist_equal(&a, &b));
	for (size_t i = 0; i < bytes; i++)
		ck_assert(!hist_unpack(&b, data, i));
	bent = malloc(bytes + 1);
	ck_assert_ptr_nonnull(bent);
	memcpy(bent, data, bytes);
	bent[bytes] = 0;
	ck_assert(!hist_unpack(&b, bent, bytes + 1));
	/* A bent byte may give another sound histogram (where min is moved within its bucket),
	 * seldom. */
	for (size_t i = 0; i < bytes; i++) {
		bent[i] ^= (unsigned char)(1 + rng_below(&rng, 255));
		taken += hist_unpack(&b, bent, bytes);
		bent[i] = data[i];
	}
	ck_assert_uint_lt(taken, 40);
	free(bent);
	free(data);
}
END_TEST

Suite *base_hist_suite(void)
{
	Suite *suite = suite_create("base_hist");
	TCase *tc = tcase_create("base_hist");

	tcase_add_test(tc, buckets_tile_the_line);
	tcase_add_test(tc, quantiles_lie_within_the_bound);
	tcase_add_test(tc, quantile_conventions);
	tcase_add_test(tc, merge_is_the_whole_in_any_order);
	tcase_add_test(tc, memory_goes_with_the_range);
	tcase_add_test(tc, packed_reads_back_and_broken_does_not);
	suite_add_tcase(suite, tc);
	return suite;
}
