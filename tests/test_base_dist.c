/* Distributions: each form against GSL's distribution function, percentiles as promised, means,
 * tails, bad texts. */
#include "base/dist.h"
#include "tests/suites.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 100000 };

static double draw[DRAWS];
static struct arena arena;

static void setup(void)
{
	arena_init(&arena);
}

static void teardown(void)
{
	arena_release(&arena);
}

static struct dist parsed(const char *text, enum unit unit)
{
	struct err err = { 0 };
	struct dist dist;

	ck_assert_msg(dist_parse(&dist, text, unit, &arena, &err), "%s: %s", text, err.text);
	return dist;
}

static int by_value(const void *x, const void *y)
{
	double l = *(const double *)x, r = *(const double *)y;

	return (l > r) - (l < r);
}

static double uniform_cdf(double x)
{
	return gsl_cdf_flat_P(x, 2, 6);
}

static double exp_cdf(double x)
{
	return gsl_cdf_exponential_P(x, 5);
}

static double lognormal_cdf(double x)
{
	return gsl_cdf_lognormal_P(x, log(10), log(1.8) / gsl_cdf_ugaussian_Pinv(0.95));
}

static double normal_cdf(double x)
{
	double at_0 = gsl_cdf_gaussian_P(-3, 4);

	return (gsl_cdf_gaussian_P(x - 3, 4) - at_0) / (1 - at_0);
}

static double gamma_cdf(double x)
{
	return gsl_cdf_gamma_P(x, 4, 2.5 / 4);
}

static double weibull_cdf(double x)
{
	return gsl_cdf_weibull_P(x, 7 / tgamma(1 + 1 / 0.8), 0.8);
}

/* cv2 = 4: p = (1 + sqrt(3/5)) / 2, both phases carry half of the mean. */
static double hyper_cdf(double x)
{
	double p = (1 + sqrt(0.6)) / 2;

	return p * gsl_cdf_exponential_P(x, 3 / (2 * p)) +
	       (1 - p) * gsl_cdf_exponential_P(x, 3 / (2 * (1 - p)));
}

static double table_cdf(double x)
{
	return x < 2  ? (x - 1) / 1 * 0.5
	     : x < 10 ? 0.5 + (x - 2) / 8 * 0.4
		      : 0.9 + (x - 10) / 90 * 0.1;
}

/* The tail's share of 10 % lies between 100 and 200. */
static double tail_cdf(double x)
{
	return 0.9 * gsl_cdf_exponential_P(x, 5) + 0.1 * gsl_cdf_flat_P(x, 100, 200);
}

static const struct {
	const char *text;
	double (*cdf)(double x);
	double mean, sd;
} forms[] = {
	{ "U(2,6)", uniform_cdf, 4, 1.1547005383792515 },
	{ "exp(5)", exp_cdf, 5, 5 },
	{ "LN(10,18)", lognormal_cdf, 10.6593, 3.9325 },
	{ "N(3,4)", normal_cdf, 4.557529, 2.9835 },
	{ "gamma(2.5,0.5)", gamma_cdf, 2.5, 1.25 },
	{ "weibull(7,0.8)", weibull_cdf, 7, 8.8256 },
	{ "H2(3,4)", hyper_cdf, 3, 6 },
	{ "table(1@0, 2@50%, 10@0.9, 100@1)", table_cdf, 0.75 + 2.4 + 5.5, 16.5 },
	{ "exp(5); 10% U(100,200)", tail_cdf, 19.5, 45.1 },
};

START_TEST(each_form_is_what_it_says)
{
	const char *text = forms[_i].text;
	struct dist dist = parsed(text, UNIT_NONE);
	struct rng rng = rng_stream(1, "dist", (uint64_t)_i);
	double sum = 0, worst = 0;

	for (int i = 0; i < DRAWS; i++) {
		draw[i] = dist_draw(&dist, &rng);
		ck_assert_double_ge(draw[i], 0);
		sum += draw[i];
	}
	qsort(draw, DRAWS, sizeof(draw[0]), by_value);
	for (int i = 0; i < DRAWS; i++) {
		double p = forms[_i].cdf(draw[i]);

		worst = fmax(worst, fmax(p - (double)i / DRAWS, (i + 1.0) / DRAWS - p));
	}
	ck_assert_msg(worst * sqrt(DRAWS) < 1.95, "%s: Kolmogorov-Smirnov %g", text,
		      worst * sqrt(DRAWS));
	ck_assert_msg(fabs(dist_mean(&dist) / forms[_i].mean - 1) < 1e-4, "%s: %g", text,
		      dist_mean(&dist));
	ck_assert_msg(fabs(sum / DRAWS - dist_mean(&dist)) < 4 * forms[_i].sd / sqrt(DRAWS),
		      "%s: mean %g", text, sum / DRAWS);
	ck_assert_str_eq(dist.text, text);
}
END_TEST

START_TEST(units_and_rounding)
{
	struct rng rng = rng_stream(1, "dist", 0), twin = rng;
	struct dist dist = parsed(" 3s ", UNIT_TIME);

	ck_assert_int_eq(dist.kind, DIST_CONSTANT);
	ck_assert_int_eq(dist_draw_int(&dist, &rng), 3000000000);
	ck_assert_mem_eq(&rng, &twin, sizeof(rng)); /* a constant takes no random number */
	ck_assert_str_eq(dist.text, "3s");
	ck_assert_double_eq(dist_mean(&dist), 3e9);
	dist = parsed("2.7", UNIT_NONE);
	ck_assert_int_eq(dist_draw_int(&dist, &rng), 3);
	dist = parsed("LN( 10 s , 18s )", UNIT_TIME);
	ck_assert_double_eq_tol(dist.mu, log(10e9), 1e-12);
	ck_assert_double_eq_tol(exp(dist.mu + 1.6448536269514722 * dist.sigma), 18e9, 1);
	dist = parsed("LN(5s,5s)", UNIT_TIME);
	ck_assert_int_eq(dist_draw_int(&dist, &rng), 5000000000);
	dist = parsed("N(2GiB,0)", UNIT_BYTES);
	ck_assert_int_eq(dist_draw_int(&dist, &rng), (int64_t)1 << 31);
	dist = parsed("3s; 2% 60s", UNIT_TIME);
	ck_assert_double_eq_tol(dist_mean(&dist), 0.98 * 3e9 + 0.02 * 60e9, 1);
	dist = parsed("1e15d", UNIT_TIME);
	ck_assert(dist_draw_int(&dist, &rng) == INT64_C(1) << 62);
	dist = parsed("H2(3,1)", UNIT_NONE);
	ck_assert_double_eq(dist.mu, 0.5);
}
END_TEST

START_TEST(bad_texts)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "is empty; expected a time" },
		{ "  ", "is empty" },
		{ "3", "lacks its unit" },
		{ "-3s", "is negative" },
		{ "fast", "neither a time such as 30s or 1.5ms nor a distribution" },
		{ "3x", "unknown unit \"x\"" },
		{ "ln(3s,4s)", "did you mean \"LN\"" },
		{ "expo(3s)", "did you mean \"exp\"" },
		{ "foo(3s)", "known: U, exp, LN, N, gamma" },
		{ "(3s)", "unknown distribution \"\"" },
		{ "exp", "neither" },
		{ "exp(", "expected exp(mean)" },
		{ "exp()", "is not a number" },
		{ "exp(3s))", "nothing after the closing" },
		{ "exp(3s) 4s", "nothing after" },
		{ "exp(U(1s,2s))", "nothing after" },
		{ "exp(3s,4s)", "expects 1 argument, 2 given" },
		{ "U(3s)", "U(low,high) expects 2 arguments, 1 given" },
		{ "U(4s,3s)", "low is above high" },
		{ "U(-4s,3s)", "negative" },
		{ "U(3s,)", "is not a number" },
		{ "LN(0s,3s)", "median must be above 0" },
		{ "LN(18s,10s)", "95th percentile is below the median" },
		{ "LN(1s,2)", "lacks its unit" },
		{ "gamma(3s,0)", "cv must be above 0" },
		{ "gamma(3s,1s)", "unknown unit" },
		{ "weibull(3s,0)", "shape must be at least" },
		{ "H2(3s,0.9)", "cv2 must be at least 1" },
		{ "table()", "lacks its @share" },
		{ "table(3s@0)", "over at least two points" },
		{ "table(3s@0,4s@0.9)", "from 0 to 1" },
		{ "table(3s@0.1,4s@1)", "from 0 to 1" },
		{ "table(3s@0,2s@1)", "must rise" },
		{ "table(3s@0,4s@0,5s@1)", "must rise" },
		{ "table(3s@0,4s)", "lacks its @share" },
		{ "table(3s@x,4s@1)", "is not a number" },
		{ "3s;", "lacks a share or a value" },
		{ "3s; 2%", "lacks a share or a value" },
		{ "3s; 60s 2%", "unknown unit \"s\"" },
		{ "3s; 0% 60s", "must lie between 0 and 1" },
		{ "3s; 100% 60s", "must lie between" },
		{ "3s; 2% 60s; 1% 90s", "more than one tail" },
		{ "; 2% 60s", "is empty" },
		{ "3s; 2% exp(3)", "lacks its unit" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };
		struct dist dist;

		ck_assert_msg(!dist_parse(&dist, cases[i].text, UNIT_TIME, &arena, &err),
			      "%s was taken", cases[i].text);
		ck_assert_msg(strstr(err.text, cases[i].says) != NULL, "%s: %s", cases[i].text,
			      err.text);
		ck_assert_ptr_null(strchr(err.text, '\n'));
	}
}
END_TEST

Suite *base_dist_suite(void)
{
	Suite *suite = suite_create("base_dist");
	TCase *tc = tcase_create("base_dist");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, each_form_is_what_it_says, 0, sizeof(forms) / sizeof(forms[0]));
	tcase_add_test(tc, units_and_rounding);
	tcase_add_test(tc, bad_texts);
	suite_add_tcase(suite, tc);
	return suite;
}
