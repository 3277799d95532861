/* Rolling updates: the sizes at each step, that no more pods lack than may, and that nothing is
 * left of the old revision. */
#include "tests/suites.h"
#include "tests/toy_world.h"

static struct arena arena;
static struct toy toy;

static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy_services(&toy, &arena, 1);
	toy.cluster.nodes = 10;
	toy.start_ns = 10 * S;
	toy.verify = true;
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
}

static void upgrade(void)
{
	toy_give(&toy, &(struct msg){ .kind = MSG_UPGRADE }, NULL);
}

/* Runs until the new revision has replaced the old one; the fewest that serve and the most that
 * exist meanwhile. */
static void roll(int32_t *fewest, int32_t *most)
{
	const struct set *s = &toy.machine->set[0];

	*fewest = INT32_MAX;
	*most = 0;
	for (int i = 0; i < 3000 && (s->older || s->fresh_serving < s->desired); i++) {
		toy_run(&toy, toy.now + 100 * MS);
		*fewest = s->serving < *fewest ? s->serving : *fewest;
		*most = s->existing > *most ? s->existing : *most;
	}
	ck_assert_int_eq(s->older, 0);
	ck_assert_int_eq(s->fresh_serving, s->desired);
	ck_assert_int_eq(toy.routable[0], s->desired);
}

/* A Deployment's defaults: 10 pods, at most 3 more (2.5 rounded up) and 2 fewer (rounded down). */
START_TEST(defaults)
{
	int32_t fewest, most;

	toy.service[0].replicas = 10;
	toy_start(&toy);
	upgrade();
	ck_assert_int_eq(toy.machine->set[0].older, 10);
	roll(&fewest, &most);
	ck_assert_int_eq(fewest, 8);
	ck_assert_int_eq(most, 13);
	/* All were replaced, each new pod by its own way. */
	ck_assert_uint_eq(toy.ends[POD_READY], 10);
	/* 3 and 2 make room for 5 new pods at a time: two rounds of a pod's start. */
	ck_assert_int_eq(toy.now, 20 * S);
}
END_TEST

/* One at a time: none more, one fewer. */
START_TEST(no_surge)
{
	int32_t fewest, most;

	toy.control.rollout.surge = toy.control.rollout.unavailable = 0;
	toy.service[0].replicas = 4;
	toy_start(&toy);
	upgrade();
	roll(&fewest, &most);
	ck_assert_int_eq(fewest, 3);
	ck_assert_int_eq(most, 4);
	ck_assert_int_eq(toy.now, 40 * S);
}
END_TEST

/* With room for twice the pods there is never one too few. */
START_TEST(all_at_once)
{
	int32_t fewest, most;

	toy.control.rollout.surge = 1;
	toy.control.rollout.unavailable = 0;
	toy.service[0].replicas = 20;
	toy_start(&toy);
	upgrade();
	roll(&fewest, &most);
	ck_assert_int_eq(fewest, 20);
	ck_assert_int_eq(most, 40);
}
END_TEST

/* No room for a surge: new pods wait until old ones have gone, and it goes on. */
START_TEST(full_cluster)
{
	int32_t fewest, most;

	toy.service[0].replicas = 80;
	toy_start(&toy);
	upgrade();
	roll(&fewest, &most);
	ck_assert_int_eq(fewest, 60);
	ck_assert_int_eq(most, 100);
}
END_TEST

/* The wanted number changes meanwhile, another revision comes, pods die. */
START_TEST(in_between)
{
	int32_t fewest, most;

	toy.service[0].replicas = 10;
	toy_start(&toy);
	upgrade();
	toy_run(&toy, 5 * S);
	toy_scale(&toy, 0, 4);
	toy_run(&toy, 12 * S);
	upgrade();
	toy_run(&toy, 15 * S);
	toy_scale(&toy, 0, 30);
	toy_lose_node(&toy, 0);
	toy_lose_node(&toy, 1);
	roll(&fewest, &most);
	ck_assert_int_eq(toy.machine->set[0].existing, 30);
	toy_scale(&toy, 0, 0);
	upgrade();
	toy_run(&toy, toy.now + 60 * S);
	ck_assert_int_eq(toy.machine->set[0].existing, 0);
	ck_assert_int_eq(toy.machine->set[0].older, 0);
	toy_scale(&toy, 0, 3);
	roll(&fewest, &most);
}
END_TEST

/* A new pod's way begins when there was room for it, not when the service was made. */
START_TEST(wanted_then)
{
	int32_t fewest, most;

	toy.keep = true;
	toy.service[0].replicas = 1;
	toy_start(&toy);
	toy_run(&toy, 100 * S);
	upgrade();
	roll(&fewest, &most);
	ck_assert_uint_eq(toy.record.n, 1);
	ck_assert_int_eq(toy.record.at[0].wanted_ns, 100 * S);
	ck_assert_int_eq(fewest, 1);
}
END_TEST

Suite *rollout_suite(void)
{
	Suite *suite = suite_create("rollout");
	TCase *tc = tcase_create("rollout");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, defaults);
	tcase_add_test(tc, no_surge);
	tcase_add_test(tc, all_at_once);
	tcase_add_test(tc, full_cluster);
	tcase_add_test(tc, in_between);
	tcase_add_test(tc, wanted_then);
	suite_add_tcase(suite, tc);
	return suite;
}
