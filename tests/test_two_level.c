/* The two-level plane: offers one after the other, handed back, rescinded, lost with a scheduler.
 */
#include "tests/suites.h"
#include "tests/toy_world.h"

static struct arena arena;
static struct toy toy;

static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy.control.plane = PLANE_TWO_LEVEL;
	toy.cluster.nodes = 10;
	toy.cluster.gpus = 8;
	toy.life_ns = 1000000 * S;
	toy.verify = true;
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
}

static uint32_t held(uint32_t function)
{
	return toy.machine->cluster->pool[function].n;
}

/* N frameworks with k pods: N k decisions and 2 N - 1 messages, one after the other. */
START_TEST(offers_follow_one_another)
{
	enum { FRAMEWORKS = 4, PODS = 5 };
	int64_t done_ns = FRAMEWORKS * PODS * 10 * MS + (2 * FRAMEWORKS - 1) * MS;

	toy.control.two_level.frameworks = FRAMEWORKS;
	toy.think_ns = 10 * MS;
	toy.send_ns = 1 * MS;
	toy_start(&toy);
	ck_assert_uint_eq(held(FRAMEWORKS), 10);
	for (uint64_t i = 0; i < FRAMEWORKS * PODS; i++)
		toy_arrive(&toy, i, 1);
	toy_run(&toy, done_ns - 1);
	ck_assert_uint_eq(toy.record.n, FRAMEWORKS * PODS - 1);
	toy_run(&toy, done_ns);
	ck_assert_uint_eq(toy.record.n, FRAMEWORKS * PODS);
	toy_run(&toy, done_ns + 1 * MS);
	ck_assert_uint_eq(held(FRAMEWORKS), 10);
	ck_assert_uint_eq(toy.machine->totals.messages, 2 * FRAMEWORKS);
}
END_TEST

/* Offers of five nodes each: two frameworks at once. */
START_TEST(smaller_offers_run_side_by_side)
{
	toy.control.two_level.frameworks = 2;
	toy.control.two_level.nodes = 5;
	toy.think_ns = 10 * MS;
	toy_start(&toy);
	for (uint64_t i = 0; i < 10; i++)
		toy_arrive(&toy, i, 1);
	ck_assert_uint_eq(held(0), 5);
	ck_assert_uint_eq(held(1), 5);
	toy_run(&toy, 50 * MS);
	ck_assert_uint_eq(toy.record.n, 10);
}
END_TEST

/* Held for 25 ms, an offer is good for three decisions of 10 ms; then it is another's turn. */
START_TEST(long_offers_are_rescinded)
{
	toy.control.two_level.frameworks = 2;
	toy.control.two_level.hold_ns = 25 * MS;
	toy.think_ns = 10 * MS;
	toy_start(&toy);
	for (uint64_t i = 0; i < 20; i++)
		toy_arrive(&toy, i, 1);
	toy_run(&toy, 24 * MS);
	ck_assert_uint_eq(held(0) + held(1), 10);
	ck_assert(held(0) == 10 || held(1) == 10);
	toy_run(&toy, 35 * MS);
	/* Two and the one begun in time; one of the other's, begun at 25 ms. */
	ck_assert_uint_eq(toy.record.n, 4);
	toy_run(&toy, 1 * S);
	ck_assert_uint_eq(toy.record.n, 20);
}
END_TEST

START_TEST(an_offer_dies_with_its_scheduler)
{
	toy.control.two_level.frameworks = 1;
	toy.think_ns = 10 * MS;
	toy.up_ns = 1 * S;
	toy_start(&toy);
	for (uint64_t i = 0; i < 3; i++)
		toy_arrive(&toy, i, 1);
	toy_run(&toy, 15 * MS);
	ck_assert_uint_eq(held(0), 10);
	toy_lose_function(&toy, 0);
	ck_assert_uint_eq(held(1), 10);
	toy_run(&toy, 2 * S);
	ck_assert_uint_eq(toy.record.n, 3);
	ck_assert_uint_eq(held(1), 10);
}
END_TEST

Suite *two_level_suite(void)
{
	Suite *suite = suite_create("two_level");
	TCase *tc = tcase_create("two_level");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, offers_follow_one_another);
	tcase_add_test(tc, smaller_offers_run_side_by_side);
	tcase_add_test(tc, long_offers_are_rescinded);
	tcase_add_test(tc, an_offer_dies_with_its_scheduler);
	suite_add_tcase(suite, tc);
	return suite;
}
