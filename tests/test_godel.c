/* The godel plane: shards and the fall-back beyond them, the binder, refusals, the shuffle. */
#include "tests/suites.h"
#include "tests/toy_world.h"

static struct arena arena;
static struct toy toy;

static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy.control.plane = PLANE_GODEL;
	toy.control.godel.schedulers = 2;
	toy.control.godel.assume = 0;
	toy.cluster.nodes = 10;
	toy.cluster.gpus = 2;
	toy.life_ns = 1000000 * S;
	toy.verify = true;
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
}

static uint32_t owned(uint32_t function)
{
	return toy.machine->cluster->pool[function].n;
}

/* A pod that the dispatcher deals to this scheduler. */
static void arrive_at(uint32_t scheduler, uint64_t id, uint32_t gpus)
{
	while (toy.machine->crew->live[(toy.machine->turn + 1) % toy.machine->crew->lives] !=
	       scheduler)
		toy.machine->turn++;
	toy_arrive(&toy, id, gpus);
}

/* Of 20 pods at one scheduler the first 10 fill its shard of 5 nodes. */
START_TEST(the_shard_comes_first)
{
	bool logical = _i;

	toy.control.godel.logical = logical;
	toy.control.attempts = 1;
	toy_start(&toy);
	ck_assert_uint_eq(owned(0), 5);
	ck_assert_uint_eq(owned(1), 5);
	for (uint64_t i = 0; i < 21; i++)
		arrive_at(1, i, 1);
	toy_run(&toy, 1 * S);
	ck_assert_uint_eq(toy.record.n, 21);
	for (uint32_t i = 0; i < 21; i++) {
		const struct pod_record *record = &toy.record.at[i];

		if (record->id < 10)
			ck_assert(record->node >= 5 && record->node < 10);
		else if (record->id < 20 && logical)
			ck_assert_uint_lt(record->node, 5);
		else
			ck_assert_uint_eq(record->end, POD_UNSCHEDULABLE);
	}
}
END_TEST

/* However many schedulers, the binder takes one pod at a time. */
START_TEST(the_binder_is_one)
{
	toy.control.godel.schedulers = 5;
	toy.think_ns = 10 * MS;
	toy_start(&toy);
	for (uint64_t i = 0; i < 10; i++)
		toy_arrive(&toy, i, 1);
	for (uint32_t ms = 10; ms < 120; ms += 10) {
		toy_run(&toy, ms * MS);
		/* A decision, and then one binding after the other. */
		ck_assert_uint_eq(toy.record.n, ms / 10 - 1);
	}
	ck_assert_uint_eq(toy.machine->totals.decisions, 10);
	ck_assert_uint_eq(toy.machine->totals.retries, 0);
}
END_TEST

/* Ten schedulers see the same last slot; nine are refused and go back to the dispatcher. */
START_TEST(refusals_go_back)
{
	toy.control.godel.schedulers = 10;
	toy.control.attempts = 1;
	toy.think_ns = 10 * MS;
	toy_start(&toy);
	for (uint32_t i = 1; i < 10; i++)
		toy_lose_node(&toy, i);
	for (uint64_t i = 0; i < 10; i++)
		toy_arrive(&toy, i, 2);
	toy_run(&toy, 10 * MS);
	ck_assert_uint_eq(toy.machine->totals.conflicts, 9);
	toy_run(&toy, 1 * S);
	ck_assert_uint_eq(toy.ends[POD_READY], 1);
	ck_assert_uint_eq(toy.ends[POD_UNSCHEDULABLE], 9);
	ck_assert_uint_eq(toy.machine->totals.retries, 9);
}
END_TEST

/* With a view that is never refreshed a pod is refused four times, and then waits a second. */
START_TEST(after_three_retries_it_waits)
{
	toy.control.godel.schedulers = 1;
	toy.control.godel.sync_ns = 3600 * S;
	toy.cluster.gpus = 1;
	toy_start(&toy);
	toy_arrive(&toy, 1, 0);
	toy_run(&toy, 1 * MS);
	for (uint32_t i = 0; i < 10; i++)
		toy_lose_node(&toy, i);
	toy_arrive(&toy, 2, 1);
	toy_run(&toy, 500 * MS);
	ck_assert_uint_eq(toy.machine->totals.conflicts, 4);
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 1);
	/* On the next full second after one second. */
	toy_run(&toy, 1999 * MS);
	ck_assert_uint_eq(toy.machine->totals.conflicts, 4);
	toy_run(&toy, 2500 * MS);
	ck_assert_uint_eq(toy.machine->totals.conflicts, 8);
}
END_TEST

/* A dead shard's nodes go to the other; the new one is empty until the shuffle, which moves
 * (10 + 0) / 2 - 0. */
START_TEST(shards_are_shuffled)
{
	toy.up_ns = 1 * S;
	toy_start(&toy);
	toy_run(&toy, 10 * S);
	toy_lose_function(&toy, 0);
	ck_assert_uint_eq(owned(0), 0);
	ck_assert_uint_eq(owned(1), 10);
	toy_run(&toy, 59 * S);
	ck_assert_uint_eq(owned(0), 0);
	toy_run(&toy, 61 * S);
	ck_assert_uint_eq(owned(0), 5);
	/* 6 : 4 is even enough. */
	toy_give(&toy, &(struct msg){ .kind = MSG_NODE_UP, .who = 10 }, NULL);
	ck_assert_uint_eq(owned(0) + owned(1), 11);
	toy_run(&toy, 200 * S);
	ck_assert_uint_eq(owned(0) * owned(1), 30);
}
END_TEST

/* What waits at a binder that dies gives its nodes back and is decided anew. */
START_TEST(the_binder_dies)
{
	toy.think_ns = 10 * MS;
	toy.up_ns = 1 * S;
	toy_start(&toy);
	for (uint64_t i = 0; i < 4; i++)
		toy_arrive(&toy, i, 1);
	toy_run(&toy, 25 * MS);
	ck_assert_uint_eq(toy.record.n, 1);
	toy_lose_function(&toy, 2);
	toy_run(&toy, 500 * MS);
	ck_assert_uint_eq(toy.record.n, 1);
	toy_run(&toy, 2 * S);
	ck_assert_uint_eq(toy.record.n, 4);
	ck_assert_uint_eq(toy.ends[POD_READY], 4);
}
END_TEST

Suite *godel_suite(void)
{
	Suite *suite = suite_create("godel");
	TCase *tc = tcase_create("godel");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, the_shard_comes_first, 0, 2);
	tcase_add_test(tc, the_binder_is_one);
	tcase_add_test(tc, refusals_go_back);
	tcase_add_test(tc, after_three_retries_it_waits);
	tcase_add_test(tc, shards_are_shuffled);
	tcase_add_test(tc, the_binder_dies);
	suite_add_tcase(suite, tc);
	return suite;
}
