/* The autoscaler alone: golden traces, windows against a naive history, panic, rates, delay. */
#include "base/arena.h"
#include "base/rng.h"
#include "models/serving/kpa.h"
#include "models/serving/metrics.h"
#include "models/world.h"
#include "tests/suites.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define S INT64_C(1000000000)

static struct arena arena;
static struct kpa_config config;

static void setup(void)
{
	arena_init(&arena);
	opt_defaults(kpa_options, &config, &arena);
	config.class = SCALE_KPA;
}

static void teardown(void)
{
	arena_release(&arena);
}

/* --- golden traces: the driver that the first line of tests/golden/kpa.txt describes --- */
struct trace {
	char name;
	const char *title;
	double before, after; /* concurrency up to t = 0, and from the second that ends at t = 1 */
	int ready, concurrency, until;
};

static const struct trace traces[] = {
	{ 'A', "step 70->210, T=7 (CC=10), 10 pods ready, pod start 3 s", 70, 210, 10, 10, 120 },
	{ 'B', "step 70->130 (no panic), T=7", 70, 130, 10, 10, 80 },
	{ 'C', "step 210->0, T=7, 30 pods", 210, 0, 30, 10, 70 },
	{ 'D', "0->50 concurrency, CC=1 (T=0.7), empty history", -1, 50, 0, 1, 80 },
};

static size_t golden_run(const struct trace *trace, char *out, size_t size)
{
	enum {
		BASE = 1000,
		START_S = 3
	}; /* t = 0 lies at 1000 s: a history needs room before it */
	int ready = trace->ready, coming[200] = { 0 }, wanted = ready, shown[3] = { -1, -1, -1 };
	size_t n = (size_t)snprintf(out, size, "%c: %s\n", trace->name, trace->title);
	struct kpa kpa;

	kpa_init(&kpa, &config, trace->concurrency, 0, BASE * S);
	for (int t = -59; t < trace->until; t++) {
		struct kpa_decision decision;

		if (t >= 0) {
			ready += coming[t];
		}
		if (t > 0 || trace->before >= 0)
			kpa_record(&kpa, (BASE + t) * S, t > 0 ? trace->after : trace->before);
		if (t < 0 || t % 2)
			continue;
		decision = kpa_scale(&kpa, (BASE + t) * S, ready);
		if (!decision.valid)
			continue;
		if (decision.desired > wanted)
			coming[t + START_S] += decision.desired - wanted;
		else if (decision.desired < wanted)
			ready = decision.desired;
		wanted = decision.desired;
		if (ready == shown[0] && wanted == shown[1] && decision.panic == shown[2])
			continue;
		shown[0] = ready;
		shown[1] = wanted;
		shown[2] = decision.panic;
		n += (size_t)snprintf(out + n, size - n,
				      "  t=%d Os=%.1f Op=%.1f ready=%d desired=%d mode=%c EBC=%d\n",
				      t, decision.stable, decision.panic_value, ready, wanted,
				      decision.panic ? 'P' : 's', decision.ebc);
		ck_assert_uint_lt(n, size);
	}
	kpa_release(&kpa);
	return n;
}

START_TEST(golden)
{
	static char expected[1 << 14], got[1 << 14];
	FILE *file = fopen("tests/golden/kpa.txt", "r");
	const char *lines;
	size_t n = 0;

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_gt(fread(expected, 1, sizeof(expected) - 1, file), 1000);
	fclose(file);
	lines = strchr(expected, '\n') + 1;
	for (size_t i = 0; i < sizeof(traces) / sizeof(*traces); i++)
		n += golden_run(&traces[i], got + n, sizeof(got) - n);
	ck_assert_str_eq(got, lines);
}
END_TEST

START_TEST(poke_from_zero)
{
	/* One request, CC = 1: the activator's first word of 1 makes ceil(1 / 0.7) = 2 pods, in
	 * panic. */
	struct kpa_decision decision;
	struct kpa kpa;

	kpa_init(&kpa, &config, 1, 0, 0);
	ck_assert(!kpa_scale(&kpa, 5 * S, 0).valid);
	kpa_record(&kpa, 5 * S, 1);
	decision = kpa_scale(&kpa, 5 * S, 0);
	ck_assert(decision.valid && decision.panic);
	ck_assert_int_eq(decision.desired, 2);
	ck_assert_int_eq(decision.ebc, -212);
	kpa_release(&kpa);
}
END_TEST

START_TEST(targets)
{
	struct kpa kpa;

	kpa_init(&kpa, &config, 0, 0, 0);
	ck_assert_double_eq_tol(kpa.target, 70, 1e-12);
	ck_assert_uint_eq(kpa.stable.n, 60);
	ck_assert_uint_eq(kpa.panic.n, 6);
	kpa_release(&kpa);
	config.target = 50;
	kpa_init(&kpa, &config, 10, 0, 0);
	ck_assert_double_eq(kpa.total, 10);
	kpa_release(&kpa);
	kpa_init(&kpa, &config, 0, 0, 0);
	ck_assert_double_eq_tol(kpa.target, 35, 1e-12);
	/* (30 * 50 + 211) / 100 = 17.11 */
	ck_assert_int_eq(kpa_activators(&kpa, 30), 18);
	ck_assert_int_eq(kpa_activators(&kpa, 0), 3);
	kpa.target_burst_capacity = 0;
	ck_assert_int_eq(kpa_activators(&kpa, 30), 2);
	kpa.target_burst_capacity = -1;
	ck_assert_int_eq(kpa_activators(&kpa, 30), 15);
	kpa_release(&kpa);
}
END_TEST

/* The average by its definition, from the full list of what was recorded. */
static double naive(const double *value, const bool *wrote, int now, int n)
{
	int last = -1, first, count, silent = 0;
	double sum = 0;

	for (int i = 0; i <= now; i++)
		last = wrote[i] ? i : last;
	if (last < 0 || now - last >= n)
		return 0;
	for (first = last; first >= 0 && silent < n - 1; first--)
		silent = wrote[first] ? 0 : silent + 1;
	for (first++; !wrote[first]; first++)
		;
	count = last - first + 1;
	if (count > n - (now - last))
		count = n - (now - last);
	for (int i = 0; i < n && now - i >= 0; i++)
		sum += value[now - i] * (now - i >= first);
	return floor(sum / count * 1e6) / 1e6;
}

START_TEST(windows)
{
	enum { SECONDS = 4000 };
	static double value[SECONDS];
	static bool wrote[SECONDS];
	struct rng rng = rng_stream(7, "test", 0);
	struct kpa kpa;
	bool quiet = false;

	kpa_init(&kpa, &config, 10, 0, 0);
	for (int t = 0; t < SECONDS; t++) {
		struct kpa_decision decision;

		/* Bursts of data, with holes, and silences around the lengths of both windows. */
		if (!rng_below(&rng, quiet ? 35 : 80))
			quiet = !quiet;
		for (uint32_t i = quiet ? 0 : rng_below(&rng, 3); i; i--) {
			double more = rng_below(&rng, 2000) / 8.0;

			value[t] += more;
			wrote[t] = true;
			kpa_record(&kpa, t * S + 7, more);
		}
		decision = kpa_scale(&kpa, t * S + 9, 5);
		if (!decision.valid)
			continue;
		ck_assert_double_eq_tol(decision.stable, naive(value, wrote, t, 60), 2e-6);
		ck_assert_double_eq_tol(decision.panic_value, naive(value, wrote, t, 6), 2e-6);
	}
	kpa_release(&kpa);
}
END_TEST

START_TEST(silence)
{
	struct kpa kpa;

	kpa_init(&kpa, &config, 10, 0, 0);
	for (int t = 0; t < 100; t++)
		kpa_record(&kpa, t * S, 40);
	/* A gap at the tail is no zero: the average holds until nothing is left of the window. */
	ck_assert_double_eq(kpa_scale(&kpa, 130 * S, 4).stable, 40);
	ck_assert_double_eq(kpa_scale(&kpa, 104 * S, 4).panic_value, 40);
	ck_assert_double_eq(kpa_scale(&kpa, 110 * S, 4).panic_value, 0);
	ck_assert_double_eq(kpa_scale(&kpa, 159 * S, 4).stable, 0);
	ck_assert(kpa_scale(&kpa, 159 * S, 4).valid);
	ck_assert(!kpa_scale(&kpa, 160 * S, 4).valid);
	ck_assert(!kpa_warm(&kpa, 160 * S));
	/* Older than the window: ignored. */
	kpa_record(&kpa, 39 * S, 1e6);
	ck_assert_double_eq(kpa_scale(&kpa, 99 * S, 4).stable, 40);
	kpa_release(&kpa);
}
END_TEST

START_TEST(weighted)
{
	/* bucketing.go's own example: weights .6, .6*.4, ... over [10, 10, 5, 5], newest last. */
	struct kpa kpa;
	double sum = 0, weight = 0.2;

	config.weighted = true;
	config.stable_window_ns = 60 * S;
	kpa_init(&kpa, &config, 10, 0, 0);
	ck_assert_double_eq_tol(kpa.stable.smoothing, 0.2, 1e-12);
	ck_assert_double_eq_tol(kpa.panic.smoothing, 1 - pow(1e-4, 1.0 / 6), 1e-12);
	for (int t = 0; t < 60; t++)
		kpa_record(&kpa, t * S, t);
	for (int t = 59; t >= 0; t--, weight *= 0.8)
		sum += t * weight;
	ck_assert_double_eq_tol(kpa_scale(&kpa, 59 * S, 4).stable, sum, 1e-9);
	/* Ten silent seconds weigh as zeros here. */
	for (weight = 0.2 * pow(0.8, 10), sum = 0; weight > 0.2 * pow(0.8, 59.5); weight *= 0.8)
		sum += weight * (59 + 10 - log(weight / 0.2) / log(0.8));
	ck_assert_double_eq_tol(kpa_scale(&kpa, 69 * S, 4).stable, sum, 1e-6);
	kpa.stable.smoothing = 0.6;
	kpa_release(&kpa);
}
END_TEST

START_TEST(rates)
{
	struct kpa kpa;

	config.max_scale_up_rate = 1.1;
	kpa_init(&kpa, &config, 10, 0, 0);
	kpa_record(&kpa, 0, 1000);
	/* Never stuck: ceil(1.1 * 2) = 3. */
	ck_assert_int_eq(kpa_scale(&kpa, 0, 2).desired, 3);
	kpa_release(&kpa);
	kpa_init(&kpa, &config, 10, 0, 0);
	kpa_record(&kpa, 0, 0);
	ck_assert_int_eq(kpa_scale(&kpa, 0, 9).desired, 4);
	ck_assert_int_eq(kpa_scale(&kpa, 0, 1).desired, 0);
	kpa_release(&kpa);
	config.activation_scale = 5;
	kpa_init(&kpa, &config, 10, 0, 0);
	kpa_record(&kpa, 0, 1);
	ck_assert_int_eq(kpa_scale(&kpa, 0, 0).desired, 5);
	kpa_release(&kpa);
	/* A restarted autoscaler keeps what it finds for a stable window. */
	kpa_init(&kpa, &config, 10, 8, 0);
	for (int t = 1; t < 70; t++) {
		kpa_record(&kpa, t * S, 0);
		ck_assert_int_eq(kpa_scale(&kpa, t * S, 8).desired, t > 60 ? 4 : 8);
	}
	kpa_release(&kpa);
}
END_TEST

START_TEST(scale_down_delay)
{
	/* 7 s in ticks of 2 s: the last ceil(7/2) = 4 ticks count. */
	struct rng rng = rng_stream(3, "test", 0);
	int32_t past[1000];
	struct kpa kpa;

	config.scale_down_delay_ns = 7 * S;
	config.panic_threshold = 10;
	config.stable_window_ns = 6 * S;
	config.panic_window_share = 0.5;
	kpa_init(&kpa, &config, 10, 0, 0);
	ck_assert_uint_eq(kpa.peaks, 4);
	for (int t = 0; t < 1000; t++) {
		struct kpa_decision decision;
		int32_t most = 0;

		for (int s = 0; s < 2; s++)
			kpa_record(&kpa, (2 * t + s) * S, rng_below(&rng, 300));
		decision = kpa_scale(&kpa, (2 * t + 1) * S, 8);
		past[t] = (int32_t)fmax(ceil(decision.stable / 7), 4);
		for (int i = t < 3 ? 0 : t - 3; i <= t; i++)
			most = past[i] > most ? past[i] : most;
		ck_assert_int_eq(decision.desired, most);
	}
	kpa_release(&kpa);
}
END_TEST

/* --- metrics.h --- */
START_TEST(sample_size)
{
	static const struct {
		uint32_t pods, want;
	} cases[] = {
		{ 0, 0 }, { 1, 1 },  { 2, 2 },	  { 3, 3 },	  { 4, 4 },
		{ 5, 4 }, { 10, 7 }, { 100, 14 }, { 100000, 16 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ck_assert_uint_eq(metrics_sample(cases[i].pods), cases[i].want);
	ck_assert_uint_le(metrics_sample(UINT32_MAX), METRICS_SAMPLE_MAX);
}
END_TEST

START_TEST(time_average)
{
	struct meter meter = { 0 };

	meter_step(&meter, 0, 2, 1);
	meter_step(&meter, 0, 4, 1);
	ck_assert_double_eq(meter_mean(&meter, 0, 10), 1.4); /* 2 x 1 + 6 x 2 over 10 */
	meter_step(&meter, 10, 15, -2);
	ck_assert_double_eq(meter_mean(&meter, 10, 20), 1);
	/* Not touched for several periods: the count stood. */
	meter_step(&meter, 20, 20, 3);
	meter_step(&meter, 90, 95, -3);
	ck_assert_double_eq(meter_mean(&meter, 90, 100), 1.5);
}
END_TEST

Suite *kpa_suite(void)
{
	Suite *suite = suite_create("kpa");
	TCase *windows_case = tcase_create("autoscaler"), *metrics_case = tcase_create("metrics");

	tcase_add_checked_fixture(windows_case, setup, teardown);
	tcase_add_test(windows_case, golden);
	tcase_add_test(windows_case, poke_from_zero);
	tcase_add_test(windows_case, targets);
	tcase_add_test(windows_case, windows);
	tcase_add_test(windows_case, silence);
	tcase_add_test(windows_case, weighted);
	tcase_add_test(windows_case, rates);
	tcase_add_test(windows_case, scale_down_delay);
	suite_add_tcase(suite, windows_case);
	tcase_add_test(metrics_case, sample_size);
	tcase_add_test(metrics_case, time_average);
	suite_add_tcase(suite, metrics_case);
	return suite;
}
