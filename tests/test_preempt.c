/* Preemption in the central plane: who goes, who is spared, who waits, and that the room which was
 * made is taken by the pod that it was made for. */
#include "tests/suites.h"
#include "tests/toy_world.h"

static struct arena arena;
static struct toy toy;

/* Nodes of four GPUs under services s0, s1, ... of these priorities. */
static void begin(int64_t nodes, uint32_t services, const int64_t *priority)
{
	toy.cluster.nodes = nodes;
	toy.cluster.gpus = 4;
	toy_services(&toy, &arena, services);
	for (uint32_t i = 0; i < services; i++) {
		toy.service[i].priority = priority[i];
		toy.service[i].cpu_milli = 8000; /* else all nodes score the same */
	}
	toy_start(&toy);
}

static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy.verify = toy.exact = true;
	toy.write_ns = toy.think_ns = MS;
	toy.start_ns = toy.stop_ns = 100 * MS;
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
}

static uint64_t evictions(void)
{
	return control_totals(toy.machine, toy.now)->evictions;
}

/* Low has all four GPUs, high wants two: exactly two go, and high gets their room, not their
 * replacements, which wait. */
START_TEST(the_higher_takes_its_place)
{
	begin(1, 2, (int64_t[]){ 0, 10 });
	toy_scale(&toy, 0, 4);
	toy_run(&toy, 2 * S);
	ck_assert_int_eq(toy.routable[0], 4);
	toy_scale(&toy, 1, 2);
	toy_run(&toy, 30 * S);
	ck_assert_int_eq(toy.routable[0], 2);
	ck_assert_int_eq(toy.routable[1], 2);
	ck_assert_uint_eq(evictions(), 2);
	/* What is gone comes back when there is room again. */
	toy_scale(&toy, 1, 0);
	toy_run(&toy, 90 * S);
	ck_assert_int_eq(toy.routable[0], 4);
	ck_assert_uint_eq(evictions(), 2);
}
END_TEST

START_TEST(equals_wait)
{
	begin(1, 2, (int64_t[]){ 10, 10 });
	toy_scale(&toy, 0, 4);
	toy_run(&toy, 2 * S);
	toy_scale(&toy, 1, 2);
	toy_run(&toy, 30 * S);
	ck_assert_int_eq(toy.routable[0], 4);
	ck_assert_int_eq(toy.routable[1], 0);
	ck_assert_uint_eq(evictions(), 0);
}
END_TEST

START_TEST(switched_off)
{
	toy.control.preemption = false;
	begin(1, 2, (int64_t[]){ 0, 10 });
	toy_scale(&toy, 0, 4);
	toy_run(&toy, 2 * S);
	toy_scale(&toy, 1, 2);
	toy_run(&toy, 30 * S);
	ck_assert_int_eq(toy.routable[0], 4);
	ck_assert_uint_eq(evictions(), 0);
}
END_TEST

/* Two nodes, one full of priority 5, one of priority 1: the lesser goes, all four of it if need
 * be, rather than one that matters more. */
START_TEST(the_least_loss)
{
	toy.control.place.most = 1;
	toy.control.place.least = toy.control.place.balanced = 0;
	begin(2, 3, (int64_t[]){ 5, 1, 10 });
	toy.machine->set[2].need.gpu_milli = 4 * GPU_MILLI;
	toy_scale(&toy, 0, 4);
	toy_run(&toy, 2 * S);
	toy_scale(&toy, 1, 4);
	toy_run(&toy, 4 * S);
	toy_scale(&toy, 2, 1);
	toy_run(&toy, 40 * S);
	ck_assert_int_eq(toy.routable[2], 1);
	ck_assert_int_eq(toy.routable[0], 4);
	ck_assert_int_eq(toy.routable[1], 0);
	ck_assert_uint_eq(evictions(), 4);
}
END_TEST

/* Of equal priority those go that run for the shortest time. */
START_TEST(the_youngest_goes)
{
	uint64_t first = 0;

	begin(1, 2, (int64_t[]){ 0, 10 });
	for (int32_t i = 1; i <= 4; i++) {
		toy_scale(&toy, 0, i);
		toy_run(&toy, i * 2 * S);
	}
	toy_scale(&toy, 1, 1);
	toy_run(&toy, 8 * S + 200 * MS);
	for (uint32_t i = 0; i < toy.machine->pods.n; i++) {
		const struct pod *pod = &toy.machine->pods.at[i];

		if (pod->state == POD_SERVING && !pod->doomed && pod->record.service == 0)
			first += 1u << pod->record.id;
	}
	ck_assert_uint_eq(first, 1 + 2 + 4);
}
END_TEST

/* In a queue the higher goes first; equals in their order. */
START_TEST(the_queue_is_sorted)
{
	int64_t bound[3] = { 0 };

	toy.think_ns = 50 * MS;
	begin(4, 3, (int64_t[]){ 1, 0, 2 });
	toy_scale(&toy, 0, 4);
	toy_scale(&toy, 1, 4);
	toy_scale(&toy, 2, 4);
	toy_run(&toy, 10 * S);
	for (uint32_t i = 0; i < toy.record.n; i++) {
		const struct pod_record *record = &toy.record.at[i];

		if (record->bound_ns > bound[record->service])
			bound[record->service] = record->bound_ns;
	}
	ck_assert_int_lt(bound[2], bound[0]);
	ck_assert_int_lt(bound[0], bound[1]);
}
END_TEST

/* The node that was kept is lost: the pod looks for another, and nothing stays kept. */
START_TEST(the_kept_node_is_lost)
{
	begin(2, 2, (int64_t[]){ 0, 10 });
	toy.stop_ns = 5 * S;
	toy_scale(&toy, 0, 8);
	toy_run(&toy, 4 * S);
	toy_scale(&toy, 1, 1);
	toy_run(&toy, 4 * S + 500 * MS);
	ck_assert_uint_eq(evictions(), 1);
	for (uint32_t i = 0; i < 2; i++)
		if (toy.machine->cluster->node[i].kept) {
			toy_lose_node(&toy, i);
			break;
		}
	toy_run(&toy, 60 * S);
	ck_assert_int_eq(toy.routable[1], 1);
	ck_assert_int_eq(toy.routable[0], 3);
	for (uint32_t i = 0; i < 2; i++)
		ck_assert(!toy.machine->cluster->node[i].kept);
}
END_TEST

Suite *preempt_suite(void)
{
	Suite *suite = suite_create("preempt");
	TCase *tc = tcase_create("preempt");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_higher_takes_its_place);
	tcase_add_test(tc, equals_wait);
	tcase_add_test(tc, switched_off);
	tcase_add_test(tc, the_least_loss);
	tcase_add_test(tc, the_youngest_goes);
	tcase_add_test(tc, the_queue_is_sorted);
	tcase_add_test(tc, the_kept_node_is_lost);
	suite_add_tcase(suite, tc);
	return suite;
}
