/* The functional plane as a loss system, V8: with one attempt, random homes and order, no cache and
 * fixed partitions it must give the closed form of Erlang-B partitions that overflow into d others.
 */
#include "tests/suites.h"
#include "tests/toy_world.h"
#include <math.h>

static struct arena arena;
static struct toy toy;

static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy.control.plane = PLANE_FUNCTIONAL;
	toy.control.functional.crew->min = toy.control.functional.crew->max = 0;
	toy.control.functional.rebalance = 0;
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
}

static double erlang_b(int servers, double offered)
{
	double b = 1;

	for (int k = 1; k <= servers; k++)
		b = offered * b / (k + offered * b);
	return b;
}

/* p = ErlangB(C, C load theta), theta = 1 + p (1 - p^d) / (1 - p); of the whole: p^(d + 1). */
static double v8_full(int slots, double load, int d)
{
	double p = 0.1;

	for (int i = 0; i < 1000; i++)
		p = erlang_b(slots, slots * load * (1 + p * (1 - pow(p, d)) / (1 - p)));
	return p;
}

struct loss {
	double blocked, blocked_error, probes, migrated;
};

/* Batch means over 16 batches after one that is thrown away. */
static struct loss run_loss(int partitions, int slots, double load, int d, int jobs)
{
	enum { BATCHES = 17 };
	const int per_batch = jobs / BATCHES;
	double rate = partitions * slots * load, at = 0, mean = 0, sum = 0, share[BATCHES];
	struct rng arrivals = rng_stream(7, "arrivals", 0);
	struct control_totals first = { 0 };
	struct loss loss;

	toy.control.attempts = 1;
	toy.control.dispatch = DISPATCH_RANDOM;
	toy.control.functional.crew->functions = partitions;
	toy.control.functional.d = d;
	toy.control.functional.order = ORDER_RANDOM;
	toy.control.functional.cache = false;
	toy.cluster.nodes = partitions * slots;
	toy.cluster.gpus = 1;
	toy.life_ns = 1 * S;
	toy_start(&toy);
	for (int b = 0; b < BATCHES; b++) {
		uint64_t before = toy.machine->totals.unschedulable;

		if (b == 1)
			first = toy.machine->totals;
		for (int i = 0; i < per_batch; i++) {
			at += rng_exp(&arrivals) / rate;
			toy_run(&toy, (int64_t)(at * 1e9));
			toy_arrive(&toy, 1, 1);
			toy.record.n = 0;
		}
		share[b] = (double)(toy.machine->totals.unschedulable - before) / per_batch;
	}
	for (int b = 1; b < BATCHES; b++)
		mean += share[b] / (BATCHES - 1);
	for (int b = 1; b < BATCHES; b++)
		sum += (share[b] - mean) * (share[b] - mean);
	loss.blocked = mean;
	loss.blocked_error = sqrt(sum / (BATCHES - 2) / (BATCHES - 1));
	jobs = jobs / BATCHES * (BATCHES - 1);
	loss.probes = (double)(toy.machine->totals.probes - first.probes) / jobs;
	loss.migrated = (double)(toy.machine->totals.migrations - first.migrations) / jobs;
	return loss;
}

/* `finite`: what 100 partitions differ by from the closed form, which is of infinitely many, in
 * another simulation; it falls as 1 / partitions. */
static void check_v8(int d, double want, double finite)
{
	bool thorough = getenv("SONDE_TEST_LONG");
	int partitions = thorough ? 1000 : 200, jobs = thorough ? 4000000 : 400000;
	struct loss loss = run_loss(partitions, 10, 0.9, d, jobs);
	double p = v8_full(10, 0.9, d), blocked = pow(p, d + 1), bias = finite * 100 / partitions;
	double probes = p * (1 - pow(p, d)) / (1 - p), migrated = p * (1 - pow(p, d));

	ck_assert_double_eq_tol(blocked, want, 0.0005);
	ck_assert_double_lt(loss.blocked_error, 0.003);
	ck_assert_double_eq_tol(loss.blocked, blocked, 4 * loss.blocked_error + bias);
	ck_assert_double_eq_tol(loss.probes, probes, 0.03 * probes + 1e-9);
	ck_assert_double_eq_tol(loss.migrated, migrated, 0.03 * migrated + 1e-9);
}

START_TEST(v8_static_partitions)
{
	check_v8(0, 0.1681, 0);
}
END_TEST

START_TEST(v8_one_probe)
{
	check_v8(1, 0.0802, 0.0015);
}
END_TEST

START_TEST(v8_two_probes)
{
	check_v8(2, 0.0434, 0.0024);
}
END_TEST

Suite *loss_suite(void)
{
	Suite *suite = suite_create("loss");
	TCase *tc = tcase_create("loss");

	tcase_set_timeout(tc, getenv("SONDE_TEST_LONG") ? 3600 : 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, v8_static_partitions);
	tcase_add_test(tc, v8_one_probe);
	tcase_add_test(tc, v8_two_probes);
	suite_add_tcase(suite, tc);
	return suite;
}
