/* Made-up traffic against closed forms: Kolmogorov-Smirnov against GSL's distributions, moments,
 * burstiness. */
#include "base/vec.h"
#include "tests/suites.h"
#include "traces/info.h"
#include "traces/synth.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct synth_config config;
static struct err err;
static VEC(struct trace_row) rows;

static void setup(void)
{
	arena_init(&arena);
	opt_defaults(synth_options, &config, &arena);
}

static void teardown(void)
{
	arena_release(&arena);
	vec_release(&rows);
}

static void set(const char *name, const char *text)
{
	const struct opt *opt = opt_find(synth_options, name);

	ck_assert_ptr_nonnull(opt);
	memset(&err, 0, sizeof(err));
	ck_assert_msg(opt_parse(opt, &config, text, &arena, &err), "%s", err.text);
}

static void make(uint64_t instance, uint64_t seed)
{
	struct trace *trace = synth_open(&config, 0, instance, seed, &err);
	struct trace_row row;

	ck_assert_msg(trace, "%s", err.text);
	rows.n = 0;
	while (trace_next(trace, &row, &err) == 1)
		vec_push(&rows, row);
	ck_assert_uint_eq(trace_counts(trace).emitted, rows.n);
	trace_close(trace);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The distance between the sample and a distribution, in units of its 1 % critical value: 1.63 /
 * sqrt(n). */
static double ks(double *x, uint32_t n, double (*cdf)(double, double, double), double a, double b)
{
	double most = 0;

	qsort(x, n, sizeof(*x), by_value);
	for (uint32_t i = 0; i < n; i++) {
		double p = cdf(x[i], a, b);

		most = fmax(most, fmax(p - (double)i / n, (i + 1.0) / n - p));
	}
	return most * sqrt(n) / 1.63;
}

static double *gaps_s(void)
{
	double *gap = malloc(sizeof(*gap) * rows.n);

	gap[0] = (double)rows.at[0].arrival_ns / 1e9;
	for (uint32_t i = 1; i < rows.n; i++)
		gap[i] = (double)(rows.at[i].arrival_ns - rows.at[i - 1].arrival_ns) / 1e9;
	return gap;
}

/* Gaps at 20/s: gamma of shape 1 is exponential; a Weibull of mean m has scale m / Gamma(1 +
 * 1/shape). */
static const struct {
	const char *arrivals, *shape;
	double (*cdf)(double, double, double), a, b;
} laws[] = {
	{ "poisson", "1", gsl_cdf_gamma_P, 1, 0.05 },
	{ "gamma", "0.33", gsl_cdf_gamma_P, 0.33, 0.05 / 0.33 },
	{ "gamma", "4", gsl_cdf_gamma_P, 4, 0.05 / 4 },
	{ "weibull", "0.5", gsl_cdf_weibull_P, 0.05 / 2, 0.5 },
	{ "weibull", "2", gsl_cdf_weibull_P, 0.05 / 0.88622692545275801, 2 },
	{ "two-level", "0.9", gsl_cdf_gamma_P, 0.9, 0.05 / 0.9 },
};

START_TEST(gaps)
{
	double *gap, sum = 0;

	set("arrivals", laws[_i].arrivals);
	set("shape", laws[_i].shape);
	set("rate", "20/s");
	set("requests", "20000");
	make(0, 1);
	ck_assert_uint_eq(rows.n, 20000);
	gap = gaps_s();
	for (uint32_t i = 0; i < rows.n; i++) {
		ck_assert_double_ge(gap[i], 0);
		sum += gap[i];
	}
	/* the mean's standard error is CV / sqrt(n); CV is at most 2.3 here */
	ck_assert_double_eq_tol(sum / rows.n, 0.05, 0.05 * 2.3 * 4 / sqrt(20000));
	ck_assert_double_lt(ks(gap, rows.n, laws[_i].cdf, laws[_i].a, laws[_i].b), 1);
	/* it can fail: another law of the same mean is told apart */
	ck_assert_double_gt(ks(gap, rows.n, gsl_cdf_gamma_P, 1.6, 0.05 / 1.6), 2);
	free(gap);
}
END_TEST

START_TEST(constant)
{
	set("arrivals", "constant");
	set("rate", "3/s");
	set("requests", "1000000");
	set("start", "1h");
	make(0, 1);
	ck_assert_uint_eq(rows.n, 1000000);
	for (uint32_t i = 0; i < rows.n; i++)
		ck_assert_int_le(llabs(rows.at[i].arrival_ns - INT64_C(3600000000000) -
				       (i + 1) * INT64_C(1000000000) / 3),
				 1);
}
END_TEST

START_TEST(lengths)
{
	double *x = malloc(sizeof(*x) * 50000);

	set("requests", "50000");
	set("input_tokens",
	    "LN(100000,1000000)"); /* large, so that rounding to tokens does not show */
	set("output_tokens", "exp(0.1)");
	make(0, 1);
	for (uint32_t i = 0; i < rows.n; i++) {
		x[i] = rows.at[i].input_tokens;
		ck_assert_uint_ge(rows.at[i].output_tokens, 1);
		ck_assert_uint_le(rows.at[i].input_tokens, TRACE_TOKENS_MAX);
	}
	/* without the few above the limit: 0.015 % */
	ck_assert_double_lt(
		ks(x, rows.n, gsl_cdf_lognormal_P, log(1e5), log(10) / 1.6448536269514722), 1);
	free(x);
}
END_TEST

/* Poisson gaps at a rate drawn each minute, LN(mu, sigma): counts of w s inside a window have
 * IDC = 1 + w * Var(rate) / E(rate); with E = exp(mu + sigma^2/2), Var = E^2 (exp(sigma^2) - 1). */
START_TEST(two_level)
{
	const double mu = 1.691, sigma = 0.219, mean = exp(mu + sigma * sigma / 2);
	const double per_s = mean * expm1(sigma * sigma);
	struct info info;
	char text[64];

	snprintf(text, sizeof(text), "LN(%.6f/s,%.6f/s)", exp(mu),
		 exp(mu + 1.6448536269514722 * sigma));
	set("arrivals", "two-level");
	set("rate", text);
	set("duration", "4d");
	make(0, 1);
	info_init(&info);
	info_add(&info,
		 &(struct trace_row){ 0 }); /* so that windows begin with those of the rate */
	for (uint32_t i = 0; i < rows.n; i++)
		info_add(&info, &rows.at[i]);
	ck_assert_double_eq_tol(info_rate(&info), mean, mean * 0.02);
	ck_assert_double_eq_tol(info_idc(&info, 0), 1 + per_s, 0.03);
	ck_assert_double_eq_tol(info_idc(&info, 1), 1 + 10 * per_s, 0.25);
	ck_assert_double_eq_tol(info_idc(&info, 2), 1 + 60 * per_s, 1.5);
	info_release(&info);
}
END_TEST

/* A rate of 0 with a chance of 21 % empties as many minutes. */
START_TEST(empty_windows)
{
	uint32_t with = 0;
	int64_t last = -1;

	set("arrivals", "two-level");
	set("rate", "10/s; 21% 0/s");
	set("duration", "100h");
	make(0, 1);
	for (uint32_t i = 0; i < rows.n; i++) {
		int64_t minute = rows.at[i].arrival_ns / INT64_C(60000000000);

		with += minute != last;
		last = minute;
	}
	ck_assert_double_eq_tol(1 - with / 6000.0, 0.21, 4 * sqrt(0.21 * 0.79 / 6000));
}
END_TEST

static uint32_t between(double from_s, double to_s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rows.n; i++)
		n += (double)rows.at[i].arrival_ns >= from_s * 1e9 &&
		     (double)rows.at[i].arrival_ns < to_s * 1e9;
	return n;
}

/* Bursts multiply the rate where they lie, together where they overlap; the traffic begins at 100
 * s. */
START_TEST(bursts)
{
	struct synth_burst burst[] = {
		{ INT64_C(20000000000), INT64_C(20000000000), 10 },
		{ INT64_C(30000000000), INT64_C(20000000000), 3 },
		{ INT64_C(60000000000), INT64_C(10000000000), 0 },
	};

	set("arrivals", "constant");
	set("rate", "100/s");
	set("start", "100s");
	set("duration", "80s");
	config.bursts = (struct opt_list){ burst, 3 };
	make(0, 1);
	ck_assert_uint_eq(between(0, 100), 0);
	ck_assert_int_le(abs((int)between(100, 120) - 2000), 1);
	ck_assert_int_le(abs((int)between(120, 130) - 10000), 1);
	ck_assert_int_le(abs((int)between(130, 140) - 30000), 1);
	ck_assert_int_le(abs((int)between(140, 150) - 3000), 1);
	ck_assert_int_le(abs((int)between(150, 160) - 1000), 1);
	ck_assert_uint_eq(between(160, 170), 0);
	ck_assert_int_le(abs((int)between(170, 180) - 1000), 1);
	ck_assert_uint_eq(between(180, 1e9), 0);
}
END_TEST

/* Same seed, same rows; another length moves no arrival; another instance or seed is other traffic.
 */
START_TEST(streams)
{
	uint32_t n, same = 0;
	struct trace_row *first;

	set("arrivals", "two-level");
	set("rate", "LN(5/s,9/s)");
	set("requests", "5000");
	make(2, 7);
	n = rows.n;
	first = rows.at;
	memset(&rows, 0, sizeof(rows));
	make(2, 7);
	ck_assert_uint_eq(rows.n, n);
	ck_assert_mem_eq(rows.at, first, sizeof(*first) * n);
	set("input_tokens", "gamma(100,2)");
	make(2, 7);
	for (uint32_t i = 0; i < n; i++) {
		ck_assert_int_eq(rows.at[i].arrival_ns, first[i].arrival_ns);
		ck_assert_uint_eq(rows.at[i].output_tokens, first[i].output_tokens);
	}
	for (uint32_t run = 0; run < 2; run++) {
		make(2 + run, 8 - run);
		for (uint32_t i = 0; i < n; i++)
			same += rows.at[i].arrival_ns == first[i].arrival_ns;
	}
	ck_assert_uint_eq(same, 0);
	free(first);
}
END_TEST

/* To all services of the scenario; the arrivals are those of one. */
START_TEST(in_turn)
{
	int64_t *at;

	set("requests", "100");
	make(0, 3);
	at = calloc(rows.n, sizeof(*at));
	ck_assert_ptr_nonnull(at);
	for (uint32_t i = 0; i < rows.n; i++)
		at[i] = rows.at[i].arrival_ns;
	set("in_turn", "true");
	config.services = 7;
	make(0, 3);
	ck_assert_uint_eq(rows.n, 100);
	for (uint32_t i = 0; i < rows.n; i++) {
		ck_assert_uint_eq(rows.at[i].service, i % 7);
		ck_assert_int_eq(rows.at[i].arrival_ns, at[i]);
	}
	free(at);
}
END_TEST

START_TEST(contradictions)
{
	ck_assert_ptr_null(synth_open(&config, 0, 0, 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "never ends"));
	set("duration", "1s");
	set("service", "a,b");
	ck_assert_ptr_null(synth_open(&config, 0, 0, 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "without spaces, commas or quotes"));
	set("service", "chat");
	set("rate", "0/s");
	ck_assert_ptr_null(synth_open(&config, 0, 0, 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "rate of 0"));
	set("rate", "LN(1/s,2/s)");
	ck_assert_ptr_null(synth_open(&config, 0, 0, 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "two-level"));
	set("rate", "1/s");
	set("lengths", "/nonexistent");
	ck_assert_ptr_null(synth_open(&config, 0, 0, 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "cannot open /nonexistent"));
}
END_TEST

Suite *synth_suite(void)
{
	Suite *suite = suite_create("synth");
	TCase *laws_case = tcase_create("laws");

	tcase_add_checked_fixture(laws_case, setup, teardown);
	tcase_add_loop_test(laws_case, gaps, 0, sizeof(laws) / sizeof(*laws));
	tcase_add_test(laws_case, constant);
	tcase_add_test(laws_case, lengths);
	tcase_add_test(laws_case, two_level);
	tcase_add_test(laws_case, empty_windows);
	tcase_add_test(laws_case, bursts);
	tcase_add_test(laws_case, streams);
	tcase_add_test(laws_case, in_turn);
	tcase_add_test(laws_case, contradictions);
	suite_add_tcase(suite, laws_case);
	return suite;
}
