/* Jobs whose pods are decided together: one decision for all, each bound that can be, or all or
 * none; and what another scheduler that was faster does to them. */
#include "tests/suites.h"
#include "tests/toy_world.h"
#include <string.h>

static struct arena arena;
static struct toy toy;

static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy.verify = toy.exact = true;
	toy.write_ns = MS;
	toy.think_ns = 10 * MS;
	toy.life_ns = 1000 * S;
	toy.cluster.nodes = 1;
	toy.cluster.gpus = 4;
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
}

static void job(uint64_t id, uint32_t pods)
{
	for (uint32_t i = 0; i < pods; i++)
		toy_arrive_as(&toy, 1000 * id + i, GPU_MILLI,
			      &(struct arrive_load){ id + 1, 0, pods });
}

static const struct control_totals *totals(void)
{
	return control_totals(toy.machine, toy.now);
}

static uint64_t placed(int plane, int jobs, uint32_t pods, uint64_t decisions)
{
	toy.control.plane = plane;
	toy.control.jobs = jobs;
	toy_start(&toy);
	job(1, pods);
	toy_run(&toy, 500 * MS);
	ck_assert_uint_eq(totals()->decisions, decisions);
	return totals()->placements;
}

START_TEST(one_by_one)
{
	ck_assert_uint_eq(placed(PLANE_CENTRAL, JOBS_PODS, 6, 6), 4);
}
END_TEST

START_TEST(together)
{
	ck_assert_uint_eq(placed(_i ? PLANE_SHARED : PLANE_CENTRAL, JOBS_TOGETHER, 6, 1), 4);
}
END_TEST

START_TEST(all)
{
	ck_assert_uint_eq(placed(_i ? PLANE_SHARED : PLANE_CENTRAL, JOBS_GANG, 4, 1), 4);
}
END_TEST

/* None while one is missing; all at once when there is room. */
START_TEST(or_none)
{
	ck_assert_uint_eq(placed(_i ? PLANE_SHARED : PLANE_CENTRAL, JOBS_GANG, 6, 1), 0);
	toy_give(&toy, &(struct msg){ .kind = MSG_NODE_UP, .who = 1 }, NULL);
	toy_run(&toy, 30 * S);
	ck_assert_uint_eq(totals()->placements, 6);
	for (uint32_t i = 1; i < toy.record.n; i++)
		ck_assert_int_eq(toy.record.at[i].bound_ns, toy.record.at[0].bound_ns);
}
END_TEST

/* Two schedulers see four free GPUs and want three each: the second gets one of them by increments,
 * and none as a gang. */
static void two_at_once(int jobs)
{
	toy.control.plane = PLANE_SHARED;
	toy.control.shared.schedulers = 2;
	toy.control.dispatch = DISPATCH_LEAST_QUEUE;
	toy.control.jobs = jobs;
	toy_start(&toy);
	job(1, 3);
	toy.now = 1 * MS;
	job(2, 3);
	toy_run(&toy, 15 * MS);
}

START_TEST(the_faster_one_wins)
{
	two_at_once(JOBS_TOGETHER);
	ck_assert_uint_eq(totals()->placements, 4);
	ck_assert_uint_eq(totals()->conflicts, 2);
}
END_TEST

START_TEST(the_faster_one_wins_all)
{
	two_at_once(JOBS_GANG);
	ck_assert_uint_eq(totals()->placements, 3);
	ck_assert_uint_eq(totals()->conflicts, 3);
}
END_TEST

/* Its own pods do not conflict with each other, though they change what it looked at. */
START_TEST(no_conflict_with_itself)
{
	toy.control.shared.conflict = CONFLICT_SEQUENCE;
	ck_assert_uint_eq(placed(PLANE_SHARED, _i ? JOBS_GANG : JOBS_TOGETHER, 4, 1), 4);
	ck_assert_uint_eq(totals()->conflicts, 0);
}
END_TEST

START_TEST(a_scheduler_dies)
{
	toy.control.jobs = JOBS_GANG;
	toy.control.plane = _i ? PLANE_SHARED : PLANE_CENTRAL;
	toy_start(&toy);
	job(1, 4);
	toy_run(&toy, 5 * MS);
	toy_lose_function(&toy, toy.machine->function[0].gang.n ? 0 : 1);
	toy_run(&toy, 30 * S);
	ck_assert_uint_eq(totals()->placements, 4);
}
END_TEST

START_TEST(elsewhere_it_is_refused)
{
	struct err err;

	toy.control.plane = PLANE_GODEL;
	toy.control.jobs = JOBS_GANG;
	ck_assert(!control_check(&toy.control, &toy.cluster, NULL, 0, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "control_plane.jobs"));
}
END_TEST

Suite *gang_suite(void)
{
	Suite *suite = suite_create("gang");
	TCase *tc = tcase_create("gang");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_by_one);
	tcase_add_loop_test(tc, together, 0, 2);
	tcase_add_loop_test(tc, all, 0, 2);
	tcase_add_loop_test(tc, or_none, 0, 2);
	tcase_add_test(tc, the_faster_one_wins);
	tcase_add_test(tc, the_faster_one_wins_all);
	tcase_add_loop_test(tc, no_conflict_with_itself, 0, 2);
	tcase_add_loop_test(tc, a_scheduler_dies, 0, 2);
	tcase_add_test(tc, elsewhere_it_is_refused);
	suite_add_tcase(suite, tc);
	return suite;
}
