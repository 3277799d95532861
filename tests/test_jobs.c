/* Jobs of plain pods: whose last pod ends when, in any order, and how long a whole run says that
 * they take. */
#include "sim/jobs.h"
#include "base/rng.h"
#include "tests/suites.h"

static struct jobs jobs;

static void teardown(void)
{
	jobs_release(&jobs);
	jobs = (struct jobs){ 0 };
}

START_TEST(the_last_pod_ends_a_job)
{
	struct job_record over;

	jobs_arrive(&jobs, 3, 100);
	jobs_arrive(&jobs, 1, 200);
	ck_assert_uint_eq(jobs.open, 2);
	ck_assert(!jobs_end(&jobs, 0, true, 300, &over));
	ck_assert(jobs_end(&jobs, 1, true, 350, &over));
	ck_assert_uint_eq(over.id, 1);
	ck_assert_int_eq(over.arrival_ns, 200);
	ck_assert_int_eq(over.end_ns, 350);
	ck_assert_uint_eq(over.tasks, 1);
	ck_assert_uint_eq(over.failed, 0);
	ck_assert(!jobs_end(&jobs, 0, false, 400, &over));
	ck_assert(jobs_end(&jobs, 0, true, 500, &over));
	ck_assert_uint_eq(over.id, 0);
	ck_assert_int_eq(over.end_ns, 500);
	ck_assert_uint_eq(over.failed, 1);
	ck_assert_uint_eq(jobs.open, 0);
}
END_TEST

/* Many jobs at once, ended in random order, against an array of them all; memory stays that of
 * those that are open. */
START_TEST(any_order)
{
	enum { JOBS = 20000, OPEN = 50 };
	static uint32_t left[JOBS];
	static int64_t came[JOBS];
	struct rng rng = rng_stream(3, "jobs", 0);
	uint32_t open[OPEN + 1], n = 0, arrived = 0, ended = 0;
	struct job_record over;

	for (int64_t now = 0; ended < JOBS; now++) {
		uint32_t i, id;

		if (arrived < JOBS && (n < OPEN / 2 || (n < OPEN && rng_unit(&rng) < 0.3))) {
			left[arrived] = 1 + rng_below(&rng, 4);
			came[arrived] = now;
			jobs_arrive(&jobs, left[arrived], now);
			open[n++] = arrived++;
		}
		i = rng_below(&rng, n);
		id = open[i];
		if (!jobs_end(&jobs, id, true, now, &over)) {
			ck_assert_uint_gt(--left[id], 0);
			continue;
		}
		ck_assert_uint_eq(left[id], 1);
		ck_assert_uint_eq(over.id, id);
		ck_assert_int_eq(over.arrival_ns, came[id]);
		ck_assert_int_eq(over.end_ns, now);
		open[i] = open[--n];
		ended++;
	}
	ck_assert_uint_eq(jobs.open, 0);
	ck_assert_uint_lt(jobs.rows.cap, JOBS / 2);
}
END_TEST

Suite *jobs_suite(void)
{
	Suite *suite = suite_create("jobs");
	TCase *tc = tcase_create("jobs");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, the_last_pod_ends_a_job);
	tcase_add_test(tc, any_order);
	suite_add_tcase(suite, tc);
	return suite;
}
