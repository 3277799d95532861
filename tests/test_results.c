/* What a collector makes of records: against sorted arrays, exact sums and a second count. */
#include "results/collect.h"
#include "results/result.h"
#include "results/stats.h"
#include "tests/fake_run.h"
#include "tests/suites.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct fake_options plain = {
	.variant = "central",
	.seed = 7,
	.services = 3,
	.requests = 5000,
	.pods = 60,
	.slowness = 1,
};

struct values {
	int64_t *at;
	uint32_t n;
};

static int by_value(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* The quantity of each request that counts, sorted; -1: of none. */
static int64_t pick(const struct request_record *r, uint32_t quantity)
{
	int64_t e2e = r->end_ns - r->arrival_ns, ttft = r->first_token_ns - r->arrival_ns, sum = 0;

	switch (quantity) {
	case Q_TTFT: return ttft;
	case Q_E2E: return e2e;
	case Q_TPOT:
		return r->output_tokens < 2
			     ? -1
			     : llround((double)(e2e - ttft) / (r->output_tokens - 1));
	case Q_QUEUE:
		for (int p = 0; p < PART_PREFILL; p++)
			sum += r->part_ns[p];
		return sum;
	default: return r->part_ns[quantity - Q_PART];
	}
}

static struct values sorted(const struct fake_options *options, uint32_t service, uint32_t quantity)
{
	struct values values = { .at = calloc(options->requests, sizeof(int64_t)) };

	for (uint64_t i = 0; i < options->requests; i++) {
		struct request_record r = fake_request(options, i);
		int64_t value;

		if (r.outcome != OUT_COMPLETED || r.arrival_ns < options->warmup_ns ||
		    (service < options->services && r.service != service))
			continue;
		value = pick(&r, quantity);
		if (value >= 0)
			values.at[values.n++] = value;
	}
	qsort(values.at, values.n, sizeof(int64_t), by_value);
	return values;
}

static void check_quantity(const struct fake_run *fake, const struct fake_options *options,
			   uint32_t service, uint32_t quantity)
{
	static const double q[] = { 0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1 };
	const struct service_stats *stats = collect_stats(&fake->collect, service);
	const struct hist *hist = collect_hist(stats, quantity);
	struct values values = sorted(options, service, quantity);
	double sum = 0;

	ck_assert_uint_gt(values.n, 100);
	ck_assert_uint_eq(hist->count, values.n);
	for (size_t i = 0; i < sizeof(q) / sizeof(*q); i++) {
		uint32_t rank = (uint32_t)ceil(q[i] * values.n - 1e-9);
		int64_t exact = values.at[rank ? rank - 1 : 0];
		double off = fabs((double)(hist_quantile(hist, q[i]) - exact));

		ck_assert_double_le(off, HIST_ERROR * (double)exact + 1);
	}
	for (uint32_t i = 0; i < values.n; i++)
		sum += (double)values.at[i];
	ck_assert_double_eq_tol(hist_mean(hist), sum / values.n, 1e-9 * sum / values.n);
	free(values.at);
}

START_TEST(quantiles_and_means_match_sorted_arrays)
{
	static const uint32_t quantity[] = {
		Q_TTFT,
		Q_TPOT,
		Q_E2E,
		Q_QUEUE,
		Q_PART + PART_DECODE,
		Q_PART + PART_PREFILL,
		Q_PART + PART_COLD_START + PHASE_WEIGHTS,
	};
	struct fake_options options = plain;
	struct fake_run fake;

	options.warmup_ns = _i ? 20000000000 : 0;
	fake_run_make(&fake, &options);
	for (uint32_t s = 0; s <= options.services; s++)
		for (size_t q = 0; q < sizeof(quantity) / sizeof(*quantity); q++)
			check_quantity(&fake, &options, s, quantity[q]);
	fake_run_release(&fake);
}
END_TEST

START_TEST(counts_are_what_was_fed)
{
	uint64_t outcome[OUTCOMES] = { 0 }, good = 0, tokens = 0, cold = 0;
	const struct service_stats *total;
	struct fake_run fake;
	double parts = 0;

	fake_run_make(&fake, &plain);
	for (uint64_t i = 0; i < plain.requests; i++) {
		struct request_record r = fake_request(&plain, i);

		outcome[r.outcome]++;
		cold += r.cold;
		if (r.outcome != OUT_COMPLETED)
			continue;
		tokens += r.output_tokens;
		good += pick(&r, Q_TTFT) <= 200000000 && pick(&r, Q_TPOT) <= 25000000;
	}
	total = collect_stats(&fake.collect, plain.services);
	ck_assert_mem_eq(total->outcome, outcome, sizeof(outcome));
	ck_assert_uint_eq(total->cold, cold);
	ck_assert_uint_eq(total->good, good);
	ck_assert_uint_gt(good, 0);
	ck_assert_uint_lt(good, total->measured);
	ck_assert_uint_eq(total->output_tokens, tokens);
	/* The parts of the mean request add up to its whole. */
	for (int p = 0; p < PARTS; p++)
		parts += collect_part_mean(total, (enum part)p);
	ck_assert_double_eq_tol(parts, hist_mean(collect_hist(total, Q_E2E)), 1e-3);
	fake_run_release(&fake);
}
END_TEST

START_TEST(the_total_is_the_sum_of_the_services)
{
	const struct service_stats *total;
	struct fake_run fake;

	fake_run_make(&fake, &plain);
	total = collect_stats(&fake.collect, plain.services);
	for (uint32_t q = 0; q < QUANTITIES; q++) {
		uint64_t count = 0;
		__int128 sum = 0;

		for (uint32_t s = 0; s < plain.services; s++) {
			const struct hist *hist = collect_hist(collect_stats(&fake.collect, s), q);

			count += hist->count;
			sum += hist->sum;
		}
		ck_assert_uint_eq(collect_hist(total, q)->count, count);
		ck_assert(collect_hist(total, q)->sum == sum);
	}
	fake_run_release(&fake);
}
END_TEST

START_TEST(phases_add_up_to_cold_starts)
{
	const struct service_stats *total;
	struct fake_run fake;
	__int128 sum = 0;

	fake_run_make(&fake, &plain);
	total = collect_stats(&fake.collect, plain.services);
	for (uint32_t p = 0; p < PHASES; p++)
		sum += collect_hist(total, Q_PHASE + p)->sum;
	ck_assert_uint_gt(total->pod_end[POD_READY], 40);
	ck_assert_uint_lt(total->pod_end[POD_READY], plain.pods);
	ck_assert_uint_eq(collect_hist(total, Q_COLD_START)->count, total->pod_end[POD_READY]);
	ck_assert_uint_eq(collect_hist(total, Q_SCHEDULING_DELAY)->count, plain.pods);
	ck_assert(collect_hist(total, Q_COLD_START)->sum == sum);
	ck_assert_uint_eq(fake.collect.pods.n, plain.pods);
	fake_run_release(&fake);
}
END_TEST

/* Of a pod that the run cut off only that it was pending is counted. */
START_TEST(pending_pods)
{
	struct pod_record pod = { .node = 1, .end = POD_PENDING, .created_ns = 5, .bound_ns = 9 };
	const struct service_stats *total;
	struct collect collect;
	struct sink sink;

	collect_init(&collect, 1, (const char *const[]){ "s" }, NULL, 0);
	sink = collect_sink(&collect);
	sink.pod(sink.ctx, &pod);
	pod.end = POD_CANCELLED;
	sink.pod(sink.ctx, &pod);
	collect_finish(&collect);
	total = collect_stats(&collect, 1);
	ck_assert_uint_eq(total->pod_end[POD_PENDING], 1);
	ck_assert_uint_eq(collect_hist(total, Q_SCHEDULING_DELAY)->count, 1);
	ck_assert_uint_eq(collect_hist(total, Q_COLD_START)->count, 0);
	collect_release(&collect);
}
END_TEST

/* Two runs merged are what one collector makes of the records of both. */
START_TEST(merging_is_collecting_together)
{
	struct fake_options other = plain;
	struct fake_run a, b;
	struct collect both;
	struct sink sink;

	other.variant = "functional";
	other.requests = 800;
	fake_run_make(&a, &plain);
	fake_run_make(&b, &other);
	collect_merge(&a.collect, &b.collect);
	collect_init(&both, plain.services, fake_names, a.slo, 0);
	sink = collect_sink(&both);
	for (int run = 0; run < 2; run++) {
		const struct fake_options *options = run ? &other : &plain;

		for (uint64_t i = 0; i < options->requests; i++) {
			struct request_record r = fake_request(options, i);

			sink.request(sink.ctx, &r);
		}
	}
	collect_finish(&both);
	for (uint32_t s = 0; s <= plain.services; s++) {
		const struct service_stats *x = collect_stats(&a.collect, s);
		const struct service_stats *y = collect_stats(&both, s);

		ck_assert_mem_eq(x->outcome, y->outcome, sizeof(x->outcome));
		ck_assert_uint_eq(x->good, y->good);
		for (uint32_t q = 0; q < QUANTITIES; q++)
			if (q == Q_TTFT || q == Q_TPOT || q == Q_E2E || q == Q_QUEUE || q >= Q_PART)
				ck_assert(hist_equal(collect_hist(x, q), collect_hist(y, q)));
	}
	collect_release(&both);
	fake_run_release(&a);
	fake_run_release(&b);
}
END_TEST

START_TEST(odd_requests_count_as_documented)
{
	struct collect collect;
	struct sink sink;
	const struct service_stats *stats;
	struct request_record one = { .outcome = OUT_COMPLETED,
				      .first_token_ns = 60,
				      .end_ns = 100,
				      .arrival_ns = 40,
				      .output_tokens = 1,
				      .part_ns = { 60 } };
	struct request_record none = one;

	none.first_token_ns = -1; /* a model without tokens that says so */
	collect_init(&collect, 1, fake_names, &(struct slo){ .tpot_ns = 1, .ttft_ns = 20 }, 0);
	sink = collect_sink(&collect);
	sink.request(sink.ctx, &one);
	sink.request(sink.ctx, &none);
	sink.gap(sink.ctx, 0, 5, 0);
	collect_finish(&collect);
	stats = collect_stats(&collect, 0);
	ck_assert_uint_eq(collect_hist(stats, Q_TPOT)->count, 0);
	ck_assert_uint_eq(collect_hist(stats, Q_ITL)->count, 0);
	ck_assert_uint_eq(collect_hist(stats, Q_TTFT)->count, 1);
	ck_assert_int_eq(collect_hist(stats, Q_TTFT)->max, 20);
	ck_assert_uint_eq(collect_hist(stats, Q_E2E)->count, 2);
	ck_assert_uint_eq(stats->good, 2);
	collect_release(&collect);
}
END_TEST

START_TEST(rows_beyond_the_limit_are_counted)
{
	struct collect collect;
	struct sink sink;
	struct series_record row = { .service = 0 };

	collect_init(&collect, 1, fake_names, NULL, 0);
	sink = collect_sink(&collect);
	for (uint32_t i = 0; i < COLLECT_SERIES_MAX + 5u; i++)
		sink.series(sink.ctx, &row);
	collect_finish(&collect);
	ck_assert_uint_eq(collect.series.n, COLLECT_SERIES_MAX);
	ck_assert_uint_eq(collect.series_lost, 5);
	collect_release(&collect);
}
END_TEST

START_TEST(parts_that_do_not_add_up_are_a_bug)
{
	struct collect collect;
	struct request_record wrong = { .outcome = OUT_COMPLETED,
					.end_ns = 100,
					.part_ns = { 99 } };

	collect_init(&collect, 1, fake_names, NULL, 0);
	collect_sink(&collect).request(&collect, &wrong);
}
END_TEST

/* Requests like those seen before allocate nothing. */
START_TEST(the_steady_state_allocates_nothing)
{
	struct collect collect;
	struct sink sink;
	uint64_t grown = 0;

	collect_init(&collect, plain.services, fake_names, NULL, 0);
	sink = collect_sink(&collect);
	for (uint64_t i = 0; i < 4000; i++) {
		struct request_record r = fake_request(&plain, i % 2000);

		if (i == 2000)
			grown = vec_grown();
		sink.request(sink.ctx, &r);
	}
	ck_assert_uint_eq(vec_grown(), grown);
	collect_release(&collect);
}
END_TEST

START_TEST(student_t)
{
	/* Tables of the distribution: t(0.975) with 1, 4, 9 and 30 degrees of freedom. */
	static const struct {
		uint32_t n;
		double t;
	} table[] = { { 2, 12.7062 }, { 5, 2.77645 }, { 10, 2.26216 }, { 31, 2.04227 } };
	double values[] = { 4, 6, 8 };
	struct interval interval = stats_interval(values, 3);

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		ck_assert_double_eq_tol(stats_t95(table[i].n), table[i].t, 1e-4);
	/* s = 2, so the half width is 4.30265 * 2 / sqrt(3). */
	ck_assert_double_eq_tol(interval.mean, 6, 1e-12);
	ck_assert_double_eq_tol(interval.half_width, 4.968274, 1e-5);
	ck_assert(isnan(stats_interval(values, 1).half_width));
	ck_assert(isnan(stats_interval(values, 0).mean));
}
END_TEST

struct seen {
	int n, undefined;
	char last[160];
};

static void count_metric(void *ctx, const struct metric *metric)
{
	struct seen *seen = ctx;

	seen->n++;
	seen->undefined += !metric->defined;
	ck_assert(isfinite(metric->value));
	ck_assert(metric->unit && *metric->unit);
	ck_assert_ptr_nonnull(result_path(metric, seen->last, sizeof(seen->last)));
}

START_TEST(an_empty_run_has_undefined_figures_not_nan)
{
	struct fake_options options = plain;
	struct seen seen = { .n = 0 };
	struct fake_run fake;
	double value;

	options.requests = options.pods = 0;
	fake_run_make(&fake, &options);
	result_walk(&fake.result, options.services, count_metric, &seen);
	ck_assert_int_gt(seen.n, 150);
	ck_assert_int_gt(seen.undefined, 50);
	ck_assert(!result_get(&fake.result, options.services, "ttft_s.p99", &value));
	ck_assert(!result_get(&fake.result, options.services, "no.such", &value));
	ck_assert(result_get(&fake.result, options.services, "gpu_hours", &value));
	ck_assert_double_eq(value, 2);
	fake_run_release(&fake);
}
END_TEST

Suite *results_suite(void)
{
	Suite *suite = suite_create("results");
	TCase *tcase = tcase_create("collect");

	tcase_add_loop_test(tcase, quantiles_and_means_match_sorted_arrays, 0, 2);
	tcase_add_test(tcase, counts_are_what_was_fed);
	tcase_add_test(tcase, the_total_is_the_sum_of_the_services);
	tcase_add_test(tcase, phases_add_up_to_cold_starts);
	tcase_add_test(tcase, pending_pods);
	tcase_add_test(tcase, merging_is_collecting_together);
	tcase_add_test(tcase, odd_requests_count_as_documented);
	tcase_add_test(tcase, rows_beyond_the_limit_are_counted);
	tcase_add_test_raise_signal(tcase, parts_that_do_not_add_up_are_a_bug, 6 /* SIGABRT */);
	tcase_add_test(tcase, the_steady_state_allocates_nothing);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("figures");
	tcase_add_test(tcase, student_t);
	tcase_add_test(tcase, an_empty_run_has_undefined_figures_not_nan);
	suite_add_tcase(suite, tcase);
	return suite;
}
