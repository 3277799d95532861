/* What is recorded of a decision is what happened, step by step, in order. */
#include "tests/suites.h"
#include "tests/toy_world.h"
#include <stdio.h>

static struct arena arena;
static struct toy toy;

static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy.control.decisions = true;
	toy.cluster.nodes = 2;
	toy.cluster.gpus = 1;
	toy.exact = true;
	toy.think_ns = 3 * MS;
	toy.send_ns = 1 * MS;
	toy.life_ns = 1000 * S;
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
}

static void functional(int functions)
{
	toy.control.plane = PLANE_FUNCTIONAL;
	toy.control.functional.crew->functions = functions;
	toy.control.functional.crew->min = toy.control.functional.crew->max = functions;
	toy.control.functional.d = 1;
	toy.control.functional.interval_ns = 3000 * S;
	toy.control.dispatch = DISPATCH_ROUND_ROBIN;
}

/* The steps of a pod, as a line of text. */
static const char *steps(uint64_t pod)
{
	static char line[512];
	size_t n = 0;

	line[0] = 0;
	for (uint32_t i = 0; i < toy.decisions.n; i++)
		if (toy.decisions.at[i].pod == pod)
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s", n ? " " : "",
					      decision_name(toy.decisions.at[i].kind));
	return line;
}

static const struct decision_record *step(uint64_t pod, enum decision_kind kind)
{
	for (uint32_t i = 0; i < toy.decisions.n; i++)
		if (toy.decisions.at[i].pod == pod && toy.decisions.at[i].kind == kind)
			return &toy.decisions.at[i];
	ck_abort_msg("pod %d was never %s", (int)pod, decision_name(kind));
}

START_TEST(central_searches_and_parks)
{
	const struct decision_record *r;

	toy_start(&toy);
	for (uint64_t id = 0; id < 3; id++)
		toy_arrive(&toy, id, 1);
	toy_run(&toy, S / 2);
	ck_assert_str_eq(steps(0), "queued searched");
	ck_assert_str_eq(steps(1), "queued searched");
	ck_assert_str_eq(steps(2), "queued searched parked");
	r = step(2, DECISION_SEARCHED);
	ck_assert_int_eq(r->began_ns, 6 * MS);
	ck_assert_int_eq(r->at_ns, 9 * MS);
	ck_assert_int_eq(r->queued_ns, 6 * MS);
	ck_assert_uint_eq(r->node, NO_NODE);
	ck_assert_uint_eq(r->examined, 2);
	ck_assert_int_eq(r->known, 0);
	ck_assert_int_eq(r->info_age_ns, 0);
	ck_assert_uint_eq(step(2, DECISION_QUEUED)->queue, 1);
	ck_assert_int_eq(step(2, DECISION_PARKED)->until_ns, 2 * S);
	ck_assert_uint_eq(step(2, DECISION_PARKED)->attempt, 1);
	/* The first knew both nodes free, the second one of them. */
	ck_assert_int_eq(step(0, DECISION_SEARCHED)->known, 2);
	ck_assert_int_eq(step(1, DECISION_SEARCHED)->known, 1);
	ck_assert_uint_eq(step(1, DECISION_SEARCHED)->feasible, 1);
}
END_TEST

START_TEST(functional_asks_and_migrates)
{
	const struct decision_record *r;
	uint32_t home;

	functional(2);
	toy_start(&toy);
	toy_arrive(&toy, 0, 1);
	toy_run(&toy, S / 10);
	home = step(0, DECISION_SEARCHED)->function;
	toy_arrive(&toy, 1, 1);
	toy_run(&toy, 2 * S / 10);
	/* The third and the fourth find everything full; the fourth's function knows it. */
	toy_arrive(&toy, 2, 1);
	toy_run(&toy, 3 * S / 10);
	ck_assert_uint_ne(step(1, DECISION_SEARCHED)->function, home);
	ck_assert_str_eq(steps(2), "queued searched asked probed refused parked");
	ck_assert_uint_eq(step(2, DECISION_ASKED)->function, home);
	ck_assert_int_eq(step(2, DECISION_ASKED)->info_age_ns, -1);
	r = step(2, DECISION_PROBED);
	ck_assert_uint_eq(r->other, home);
	ck_assert_uint_ne(r->function, home);
	ck_assert_int_eq(r->at_ns - r->began_ns, 3 * MS);
	r = step(2, DECISION_REFUSED);
	ck_assert_int_eq(r->at_ns - r->began_ns, 5 * MS);
	ck_assert_int_eq(r->known, 0);
	toy_arrive(&toy, 3, 1);
	toy_arrive(&toy, 4, 1);
	toy_run(&toy, 4 * S / 10);
	ck_assert_str_eq(steps(4), "queued searched skipped parked");
	r = step(4, DECISION_SKIPPED);
	ck_assert_uint_eq(r->function, home);
	ck_assert_int_eq(r->known, 0);
	/* Heard when the probe about the third was answered. */
	ck_assert_int_eq(r->info_age_ns, r->at_ns - step(2, DECISION_REFUSED)->at_ns);
}
END_TEST

START_TEST(functional_offers)
{
	const struct decision_record *r;
	uint32_t home, node;

	functional(2);
	toy.cluster.nodes = 4;
	toy.control.functional.cache = false;
	toy_start(&toy);
	/* Home takes pods 0, 2 and 4, and has room for two. */
	for (uint64_t id = 0; id < 5; id += 1) {
		toy_arrive(&toy, id, id % 2 ? 9 : 1);
		toy_run(&toy, (int64_t)(id + 1) * S / 50);
	}
	home = step(0, DECISION_SEARCHED)->function;
	ck_assert_uint_eq(step(4, DECISION_SEARCHED)->function, home);
	ck_assert_str_eq(steps(4), "queued searched asked probed offered migrated queued binder");
	node = step(4, DECISION_PROBED)->node;
	ck_assert_uint_ne(node, NO_NODE);
	r = step(4, DECISION_OFFERED);
	ck_assert_uint_eq(r->node, node);
	ck_assert_uint_eq(r->function, home);
	ck_assert_uint_eq(r->other, step(4, DECISION_PROBED)->function);
	r = step(4, DECISION_MIGRATED);
	ck_assert_uint_eq(r->node, node);
	ck_assert_uint_eq(r->other, home);
	ck_assert_uint_eq(r->probes, 1);
}
END_TEST

START_TEST(a_lost_function_is_told)
{
	toy_start(&toy);
	toy_arrive(&toy, 0, 1);
	toy_lose_function(&toy, 0);
	toy_run(&toy, S);
	ck_assert_str_eq(steps(0), "queued lost queued searched");
}
END_TEST

START_TEST(conflicts_are_told)
{
	toy.control.plane = PLANE_SHARED;
	toy.control.shared.schedulers = 2;
	toy.cluster.nodes = 1;
	toy_start(&toy);
	toy_arrive(&toy, 0, 1);
	toy_arrive(&toy, 1, 1);
	toy_run(&toy, S / 2);
	ck_assert_str_eq(steps(0), "queued searched");
	ck_assert_str_eq(steps(1), "queued searched conflict queued searched parked");
	ck_assert_uint_eq(step(1, DECISION_CONFLICT)->node, 0);
}
END_TEST

/* One thought about many pods is told of each. */
START_TEST(a_gang_is_told_pod_by_pod)
{
	toy.control.jobs = JOBS_GANG;
	toy_start(&toy);
	for (uint64_t id = 0; id < 2; id++)
		toy_arrive_as(&toy, id, GPU_MILLI, &(struct arrive_load){ 1, 0, 2 });
	toy_run(&toy, S / 2);
	for (uint64_t id = 0; id < 2; id++) {
		ck_assert_str_eq(steps(id), "queued searched");
		ck_assert_int_eq(step(id, DECISION_SEARCHED)->began_ns, 0);
		ck_assert_int_eq(step(id, DECISION_SEARCHED)->at_ns, 3 * MS);
	}
	ck_assert_uint_ne(step(0, DECISION_SEARCHED)->node, step(1, DECISION_SEARCHED)->node);
}
END_TEST

START_TEST(none_unless_asked_for)
{
	toy.control.decisions = false;
	functional(2);
	toy_start(&toy);
	for (uint64_t id = 0; id < 9; id++)
		toy_arrive(&toy, id, 1);
	toy_run(&toy, S);
	ck_assert_uint_eq(toy.decisions.n, 0);
}
END_TEST

Suite *note_suite(void)
{
	Suite *suite = suite_create("note");
	TCase *tc = tcase_create("note");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, central_searches_and_parks);
	tcase_add_test(tc, functional_asks_and_migrates);
	tcase_add_test(tc, functional_offers);
	tcase_add_test(tc, a_lost_function_is_told);
	tcase_add_test(tc, conflicts_are_told);
	tcase_add_test(tc, a_gang_is_told_pod_by_pod);
	tcase_add_test(tc, none_unless_asked_for);
	suite_add_tcase(suite, tc);
	return suite;
}
