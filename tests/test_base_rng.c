/* Random streams: the generators' published vectors, the ziggurat's tables, and draws held against
 * GSL's distribution functions.  Seeds are fixed, so a statistical bound that holds once holds
 * always; it would fail by chance for one seed in a thousand or less. */
#include "base/rng.h"
#include "base/ziggurat.h"
#include "tests/suites.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 200000 };

static double draw[DRAWS];

static int by_value(const void *x, const void *y)
{
	double l = *(const double *)x, r = *(const double *)y;

	return (l > r) - (l < r);
}

/* Kolmogorov-Smirnov over the first n draws: sqrt(n) * D, above 1.95 once in a thousand. */
static double ks(int n, double (*cdf)(double x, double shape), double shape)
{
	double worst = 0;

	qsort(draw, (size_t)n, sizeof(draw[0]), by_value);
	for (int i = 0; i < n; i++) {
		double p = cdf(draw[i], shape), below = p - (double)i / n,
		       above = (double)(i + 1) / n - p;

		worst = fmax(worst, fmax(below, above));
	}
	return worst * sqrt(n);
}

static double exp_cdf(double x, double shape)
{
	(void)shape;
	return gsl_cdf_exponential_P(x, 1);
}

static double normal_cdf(double x, double shape)
{
	(void)shape;
	return gsl_cdf_ugaussian_P(x);
}

static double gamma_cdf(double x, double shape)
{
	return gsl_cdf_gamma_P(x, shape, 1 / shape);
}

START_TEST(published_vectors)
{
	/* splitmix64 from 1234567; xoshiro256++ from the state 1, 2, 3, 4. */
	static const uint64_t split[] = { 6457827717110365317u, 3203168211198807973u,
					  9817491932198370423u, 4593380528125082431u,
					  16408922859458223821u };
	static const uint64_t plus[] = { 41943041u,
					 58720359u,
					 3588806011781223u,
					 3591011842654386u,
					 9228616714210784205u,
					 9973669472204895162u,
					 14011001112246962877u,
					 12406186145184390807u,
					 15849039046786891736u,
					 10450023813501588000u };
	struct rng rng = { { 1, 2, 3, 4 } };
	uint64_t state = 1234567;

	for (size_t i = 0; i < sizeof(split) / sizeof(split[0]); i++)
		ck_assert_uint_eq(rng_split(&state), split[i]);
	for (size_t i = 0; i < sizeof(plus) / sizeof(plus[0]); i++)
		ck_assert_uint_eq(rng_bits(&rng), plus[i]);
}
END_TEST

START_TEST(streams_are_told_apart_and_stay)
{
	static const char *const names[] = { "arrivals", "arrivalt", "lengths", "", "a" };
	struct rng first[40], again;
	uint32_t n = 0;

	for (uint64_t seed = 0; seed < 2; seed++)
		for (size_t name = 0; name < 5; name++)
			for (uint64_t instance = 0; instance < 4; instance++)
				first[n++] = rng_stream(seed, names[name], instance);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < i; j++)
			for (int word = 0; word < 4; word++)
				ck_assert_uint_ne(first[i].s[word], first[j].s[word]);
	again = rng_stream(1, "a", 3);
	ck_assert_mem_eq(&again, &first[39], sizeof(again));
	/* Golden: a change here changes every result ever published with a seed. */
	again = rng_stream(42, "arrivals", 7);
	ck_assert_uint_eq(rng_bits(&again), 7815323272879715128u);
}
END_TEST

START_TEST(neighbouring_streams_do_not_correlate)
{
	for (uint64_t k = 1; k <= 5; k++) {
		struct rng x = rng_stream(9, "x", 0),
			   y = rng_stream(k == 5 ? 10 : 9, "x", k == 5 ? 0 : k);
		double sum = 0;
		int same = 0;

		for (int i = 0; i < DRAWS; i++) {
			double u = rng_unit(&x), v = rng_unit(&y);

			sum += (u - 0.5) * (v - 0.5) * 12;
			same += __builtin_popcountll(rng_bits(&x) ^ rng_bits(&y));
		}
		ck_assert_double_lt(fabs(sum / sqrt(DRAWS)), 3.3);
		ck_assert_double_lt(fabs((same - 32.0 * DRAWS) / sqrt(16.0 * DRAWS)), 3.3);
	}
}
END_TEST

/* All layers have the same area; the tables are what the recurrence of tools/ziggurat.c says. */
static void check_table(const struct zig_layer *layer, const double *y, double r, double tail)
{
	double v = r * y[1] + tail, x, next;

	ck_assert_double_eq(layer[1].width * 0x1p53, r);
	ck_assert_double_eq(y[256], 1);
	ck_assert_double_eq_tol(layer[0].width * 0x1p53 * y[1] / v, 1, 1e-14);
	for (int i = 0; i < 256; i++) {
		x = layer[i].width * 0x1p53;
		next = i < 255 ? layer[i + 1].width * 0x1p53 : 0;
		if (i)
			ck_assert_double_eq_tol(x * (y[i + 1] - y[i]) / v, 1, 1e-12);
		ck_assert_double_eq_tol((double)layer[i].inside * 0x1p-53, next / x, 1e-15);
		ck_assert_double_gt(y[i + 1], y[i]);
	}
}

START_TEST(ziggurat_layers_have_one_area)
{
	check_table(zig_exp, zig_exp_y, zig_exp_r, exp(-zig_exp_r));
	check_table(zig_normal, zig_normal_y, zig_normal_r,
		    sqrt(acos(-1) / 2) * erfc(zig_normal_r / sqrt(2)));
	for (int i = 1; i < 256; i++) {
		double x = zig_normal[i].width * 0x1p53;

		ck_assert_double_eq_tol(zig_exp_y[i] / exp(-zig_exp[i].width * 0x1p53), 1, 1e-14);
		ck_assert_double_eq_tol(zig_normal_y[i] / exp(-x * x / 2), 1, 1e-14);
	}
}
END_TEST

START_TEST(unit_is_uniform)
{
	struct rng rng = rng_stream(1, "unit", 0);
	double chi = 0;
	int cell[1000] = { 0 };

	for (int i = 0; i < DRAWS; i++) {
		double u = rng_unit(&rng);

		ck_assert(u >= 0 && u < 1);
		cell[(int)(u * 1000)]++;
	}
	for (int i = 0; i < 1000; i++)
		chi += (cell[i] - DRAWS / 1000.0) * (cell[i] - DRAWS / 1000.0) / (DRAWS / 1000.0);
	ck_assert_double_gt(gsl_cdf_chisq_Q(chi, 999), 0.001);
	ck_assert_double_gt(gsl_cdf_chisq_P(chi, 999), 0.001);
}
END_TEST

START_TEST(below_is_unbiased)
{
	/* 3 * 2^30: taking the remainder would give the lower third of the numbers half of all
	 * draws, not a third. */
	static const uint32_t bounds[] = { 1, 2, 3, 7, 10, 1000, 3u << 30, UINT32_MAX };
	struct rng rng = rng_stream(1, "below", 0);

	for (size_t b = 0; b < sizeof(bounds) / sizeof(bounds[0]); b++) {
		uint32_t n = bounds[b], cells = n < 1000 ? n : 999, seen[999] = { 0 };
		double chi = 0;

		for (int i = 0; i < DRAWS; i++) {
			uint32_t x = rng_below(&rng, n);

			ck_assert_uint_lt(x, n);
			seen[(uint64_t)x * cells / n]++;
		}
		for (uint32_t i = 0; i < cells; i++) {
			/* How many of the n numbers fall in cell i. */
			uint64_t from = ((uint64_t)i * n + cells - 1) / cells,
				 to = ((uint64_t)(i + 1) * n + cells - 1) / cells;
			double expected = (double)DRAWS * (double)(to - from) / n;

			chi += (seen[i] - expected) * (seen[i] - expected) / expected;
		}
		if (n > 1)
			ck_assert_double_gt(gsl_cdf_chisq_Q(chi, cells - 1), 0.001);
	}
}
END_TEST

START_TEST(exponential)
{
	struct rng rng = rng_stream(1, "exp", 0);
	double sum[5] = { 0 }, tail = 0;

	for (int i = 0; i < DRAWS; i++) {
		draw[i] = rng_exp(&rng);
		ck_assert_double_ge(draw[i], 0);
		for (int k = 1; k <= 4; k++)
			sum[k] += pow(draw[i], k);
		tail += draw[i] > zig_exp_r;
	}
	/* Moments k!, each within four standard errors: var(x^k) = (2k)! - k!^2. */
	for (int k = 1; k <= 4; k++) {
		double moment = tgamma(k + 1),
		       error = sqrt((tgamma(2 * k + 1) - moment * moment) / DRAWS);

		ck_assert_msg(fabs(sum[k] / DRAWS - moment) < 4 * error, "moment %d: %g", k,
			      sum[k] / DRAWS);
	}
	ck_assert_double_lt(fabs(tail - DRAWS * exp(-zig_exp_r)),
			    4 * sqrt(DRAWS * exp(-zig_exp_r)));
	ck_assert_double_lt(ks(DRAWS, exp_cdf, 0), 1.95);
}
END_TEST

START_TEST(normal)
{
	struct rng rng = rng_stream(1, "normal", 0);
	double sum[5] = { 0 }, beyond = 2 * gsl_cdf_ugaussian_Q(3.5) * DRAWS;
	static const double moment[] = { 1, 0, 1, 0, 3 }, variance[] = { 0, 1, 2, 15, 96 };
	int tail = 0;

	for (int i = 0; i < DRAWS; i++) {
		draw[i] = rng_normal(&rng);
		for (int k = 1; k <= 4; k++)
			sum[k] += pow(draw[i], k);
		tail += fabs(draw[i]) > 3.5;
	}
	for (int k = 1; k <= 4; k++)
		ck_assert_msg(fabs(sum[k] / DRAWS - moment[k]) < 4 * sqrt(variance[k] / DRAWS),
			      "moment %d: %g", k, sum[k] / DRAWS);
	ck_assert_double_lt(fabs(tail - beyond), 4 * sqrt(beyond));
	ck_assert_double_lt(ks(DRAWS, normal_cdf, 0), 1.95);
}
END_TEST

/* The far tails, which a sample of all draws does not reach: only draws beyond r are looked at. */
START_TEST(tails_beyond_the_base_layer)
{
	struct rng rng = rng_stream(2, "tails", 0);
	double sum_exp = 0, sum_normal = 0, mean;
	int n_exp = 0, n_normal = 0;

	for (int i = 0; i < 5000000; i++) {
		double e = rng_exp(&rng), z = fabs(rng_normal(&rng));

		if (e > zig_exp_r) {
			sum_exp += e - zig_exp_r;
			n_exp++;
		}
		if (z > zig_normal_r) {
			sum_normal += z - zig_normal_r;
			n_normal++;
		}
	}
	ck_assert_int_gt(n_exp, 2000);
	ck_assert_double_lt(fabs(sum_exp / n_exp - 1), 4 / sqrt(n_exp));
	ck_assert_int_gt(n_normal, 1000);
	mean = gsl_cdf_ugaussian_Q(zig_normal_r);
	mean = exp(-zig_normal_r * zig_normal_r / 2) / sqrt(2 * acos(-1)) / mean - zig_normal_r;
	ck_assert_double_lt(fabs(sum_normal / n_normal / mean - 1), 4 / sqrt(n_normal));
}
END_TEST

START_TEST(gamma_of_every_shape)
{
	static const double shapes[] = { 0.05, 0.5, 0.99, 1, 1.5, 4, 100, 1e4 };
	struct rng rng = rng_stream(1, "gamma", 0);

	for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
		double sum = 0, mean, variance = 0;

		for (int i = 0; i < DRAWS; i++) {
			draw[i] = rng_gamma(&rng, shapes[s]);
			sum += draw[i];
		}
		mean = sum / DRAWS;
		for (int i = 0; i < DRAWS; i++)
			variance += (draw[i] - mean) * (draw[i] - mean) / DRAWS;
		ck_assert_msg(fabs(mean - 1) < 4 / sqrt(shapes[s] * DRAWS), "shape %g: mean %g",
			      shapes[s], mean);
		/* Relative error of the variance: sqrt((excess kurtosis 6/shape + 2) / n). */
		ck_assert_msg(fabs(variance * shapes[s] - 1) <
				      4 * sqrt((6 / shapes[s] + 2) / DRAWS),
			      "shape %g: cv2 %g", shapes[s], variance);
		ck_assert_msg(ks(DRAWS / 10, gamma_cdf, shapes[s]) < 1.95, "shape %g", shapes[s]);
	}
}
END_TEST

Suite *base_rng_suite(void)
{
	Suite *suite = suite_create("base_rng");
	TCase *tc = tcase_create("base_rng");

	tcase_add_test(tc, published_vectors);
	tcase_add_test(tc, streams_are_told_apart_and_stay);
	tcase_add_test(tc, neighbouring_streams_do_not_correlate);
	tcase_add_test(tc, ziggurat_layers_have_one_area);
	tcase_add_test(tc, unit_is_uniform);
	tcase_add_test(tc, below_is_unbiased);
	tcase_add_test(tc, exponential);
	tcase_add_test(tc, normal);
	tcase_add_test(tc, tails_beyond_the_base_layer);
	tcase_add_test(tc, gamma_of_every_shape);
	suite_add_tcase(suite, tc);
	return suite;
}
