/* The sampling plane: what each protocol costs in messages and time, that it finds the emptier
 * nodes, and what the queues of nodes do. */
#include "tests/suites.h"
#include "tests/toy_world.h"

static struct arena arena;
static struct toy toy;

static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy.control.plane = PLANE_SAMPLING;
	toy.control.sampling.schedulers = 1;
	toy.control.sampling.late_binding = false;
	toy.control.sampling.timeout_ns = 100 * MS;
	toy.cluster.nodes = 100;
	toy.cluster.gpus = 4;
	toy.send_ns = 1 * MS;
	toy.life_ns = 1000000 * S;
	toy.verify = true;
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

static uint32_t taken(uint32_t node)
{
	return (uint32_t)(toy.machine->cluster->node[node].gpus -
			  toy.machine->cluster->node[node].free_gpus);
}

/* Asked, answered, placed: three messages' time; two probes, two answers and a pod each. */
static void early_binding(int mode, uint64_t decisions)
{
	enum { PODS = 10 };
	uint32_t probes = 0;

	toy.control.sampling.mode = mode;
	toy_start(&toy);
	job(7, PODS);
	toy_run(&toy, 3 * MS - 1);
	ck_assert_uint_eq(toy.record.n, 0);
	toy_run(&toy, 3 * MS);
	ck_assert_uint_eq(toy.ends[POD_READY], PODS);
	ck_assert_uint_eq(toy.machine->totals.probes, 2 * PODS);
	ck_assert_uint_eq(toy.machine->totals.messages, 5 * PODS);
	ck_assert_uint_eq(toy.machine->totals.decisions, decisions);
	ck_assert_uint_eq(toy.machine->totals.api_writes, 0);
	for (uint32_t i = 0; i < toy.record.n; i++)
		probes += toy.record.at[i].probes;
	ck_assert_uint_eq(probes, 2 * PODS);
}

START_TEST(batch_sampling)
{
	early_binding(SAMPLING_BATCH, 1);
	/* One pod a node: as many nodes as pods were the least loaded. */
	for (uint32_t i = 0; i < 100; i++)
		ck_assert_uint_le(taken(i), 1);
}
END_TEST

START_TEST(per_task_sampling)
{
	early_binding(SAMPLING_PER_TASK, 10);
}
END_TEST

/* Reserved, asked for, placed or told that nothing is left: three messages a probe. */
START_TEST(late_binding)
{
	toy.control.sampling.late_binding = true;
	toy_start(&toy);
	job(7, 10);
	toy_run(&toy, 3 * MS);
	ck_assert_uint_eq(toy.ends[POD_READY], 10);
	ck_assert_uint_eq(toy.machine->totals.probes, 20);
	ck_assert_uint_eq(toy.machine->totals.messages, 60);
	toy_run(&toy, 1 * S);
	ck_assert_uint_eq(toy.machine->totals.messages, 60);
	ck_assert_uint_eq(toy.machine->totals.reservations_expired, 0);
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 390);
}
END_TEST

/* A job of more pods than there are nodes leaves several reservations on each. */
START_TEST(more_pods_than_nodes)
{
	toy.control.sampling.late_binding = true;
	toy.control.sampling.wait_ns = 0;
	toy.cluster.nodes = 4;
	toy_start(&toy);
	job(7, 12);
	toy_run(&toy, 1 * S);
	ck_assert_uint_eq(toy.ends[POD_READY], 12);
	ck_assert_uint_eq(toy.machine->totals.probes, 24);
}
END_TEST

/* Who would ask as many nodes as it has pods has nothing to learn. */
START_TEST(ratio_of_one_asks_nobody)
{
	toy.control.sampling.ratio = 1;
	toy_start(&toy);
	job(7, 10);
	toy_run(&toy, 1 * MS);
	ck_assert_uint_eq(toy.ends[POD_READY], 10);
	ck_assert_uint_eq(toy.machine->totals.probes, 0);
	ck_assert_uint_eq(toy.machine->totals.messages, 10);
}
END_TEST

/* Both nodes are asked: they fill evenly. */
START_TEST(to_the_emptier_node)
{
	toy.cluster.nodes = 2;
	toy_start(&toy);
	for (uint64_t i = 0; i < 8; i++) {
		toy_arrive(&toy, i, 1);
		toy_run(&toy, toy.now + 10 * MS);
		ck_assert_uint_le(taken(0), taken(1) + 1);
		ck_assert_uint_le(taken(1), taken(0) + 1);
	}
	ck_assert_uint_eq(toy.ends[POD_READY], 8);
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 0);
}
END_TEST

/* Through the API server a binding is written; as a message it is the one that places the pod. */
START_TEST(bindings_are_written)
{
	toy.control.path = PATH_API;
	toy.write_ns = 5 * MS;
	toy_start(&toy);
	job(7, 10);
	toy_run(&toy, 8 * MS);
	ck_assert_uint_eq(toy.ends[POD_READY], 10);
	ck_assert_uint_eq(toy.machine->totals.api_writes, 10);
	ck_assert_uint_eq(toy.machine->totals.messages, 50);
}
END_TEST

/* Pods wait in their order, early or late bound, and start when there is room. */
START_TEST(nodes_queue)
{
	toy.control.sampling.late_binding = _i;
	toy.control.sampling.wait_ns = 0;
	toy.cluster.nodes = 1;
	toy.cluster.gpus = 1;
	toy.life_ns = 1 * S;
	toy_start(&toy);
	for (uint64_t i = 0; i < 20; i++) {
		toy_arrive(&toy, i, 1);
		toy_run(&toy, toy.now + 10 * MS);
	}
	ck_assert_uint_lt(toy.record.n, 20);
	toy_run(&toy, 1000 * S);
	ck_assert_uint_eq(toy.record.n, 20);
	for (uint32_t i = 0; i < toy.record.n; i++)
		ck_assert_uint_eq(toy.record.at[i].id, i);
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 0);
}
END_TEST

/* Who waits longer than it may backs off, and is tried again. */
START_TEST(waits_end)
{
	toy.control.sampling.late_binding = _i;
	toy.control.sampling.wait_ns = 50 * MS;
	toy.cluster.nodes = 1;
	toy.cluster.gpus = 1;
	toy_start(&toy);
	toy_arrive(&toy, 0, 1);
	toy_run(&toy, 10 * MS);
	ck_assert_uint_eq(toy.record.n, 1);
	toy_arrive(&toy, 1, 1);
	toy_run(&toy, 900 * MS);
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 1);
	ck_assert_uint_eq(toy.machine->totals.retries, 0);
	toy_run(&toy, 2 * S);
	ck_assert_uint_ge(toy.machine->totals.retries, 1);
	ck_assert_uint_eq(toy.record.n, 1);
}
END_TEST

/* A node that cannot ever take a pod is not waited for; a plain pod is given up after its attempts.
 */
START_TEST(never_fits)
{
	toy.control.attempts = 1;
	toy_start(&toy);
	toy_arrive(&toy, 0, 5);
	toy_run(&toy, 3 * MS);
	ck_assert_uint_eq(toy.ends[POD_UNSCHEDULABLE], 1);
}
END_TEST

/* The queue of a lost node goes elsewhere. */
START_TEST(nodes_are_lost)
{
	toy.control.sampling.wait_ns = 0;
	toy.cluster.nodes = 2;
	toy.cluster.gpus = 1;
	toy_start(&toy);
	toy_lose_node(&toy, 1);
	toy_arrive(&toy, 0, 1);
	toy_run(&toy, 10 * MS);
	toy_arrive(&toy, 1, 1);
	toy_run(&toy, 20 * MS);
	ck_assert_uint_eq(toy.record.n, 1);
	toy_give(&toy, &(struct msg){ .kind = MSG_NODE_UP, .who = 1 }, NULL);
	toy_run(&toy, 1 * S);
	/* It queues where it was placed, whatever else is free. */
	ck_assert_uint_eq(toy.record.n, 1);
	toy_lose_node(&toy, 0);
	toy_run(&toy, 2 * S);
	ck_assert_uint_eq(toy.record.n, 2);
	ck_assert_uint_eq(toy.record.at[1].node, 1);
}
END_TEST

/* A node without answer is done without. */
START_TEST(silence_ends)
{
	toy.cluster.nodes = 2;
	toy_start(&toy);
	toy_arrive(&toy, 0, 1);
	toy_run(&toy, 0);
	toy_lose_node(&toy, 0);
	toy_run(&toy, 101 * MS - 1);
	ck_assert_uint_eq(toy.record.n, 0);
	toy_run(&toy, 101 * MS);
	ck_assert_uint_eq(toy.record.n, 1);
}
END_TEST

/* Pods of a service that are created together are one job. */
START_TEST(a_sync_is_a_job)
{
	toy_services(&toy, &arena, 1);
	toy.service[0].tensor_parallel = 1;
	toy.service[0].replicas = 0;
	toy.control.slow_start = 8;
	toy_start(&toy);
	toy_scale(&toy, 0, 8);
	toy_run(&toy, 1 * S);
	ck_assert_int_eq(toy.routable[0], 8);
	ck_assert_uint_eq(toy.machine->totals.decisions, 1);
	ck_assert_uint_eq(toy.machine->totals.probes, 16);
}
END_TEST

Suite *sampling_suite(void)
{
	Suite *suite = suite_create("sampling");
	TCase *tc = tcase_create("sampling");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, batch_sampling);
	tcase_add_test(tc, per_task_sampling);
	tcase_add_test(tc, late_binding);
	tcase_add_test(tc, more_pods_than_nodes);
	tcase_add_test(tc, ratio_of_one_asks_nobody);
	tcase_add_test(tc, to_the_emptier_node);
	tcase_add_test(tc, bindings_are_written);
	tcase_add_loop_test(tc, nodes_queue, 0, 2);
	tcase_add_loop_test(tc, waits_end, 0, 2);
	tcase_add_test(tc, never_fits);
	tcase_add_test(tc, nodes_are_lost);
	tcase_add_test(tc, silence_ends);
	tcase_add_test(tc, a_sync_is_a_job);
	suite_add_tcase(suite, tc);
	return suite;
}
