/* The elastic pools of the functional plane: what its functions of five kinds take, who sees to
 * what, how many there are, and which nodes move between those that schedule. */
#include "tests/suites.h"
#include "tests/toy_world.h"

static struct arena arena;
static struct toy toy;

static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy.control.plane = PLANE_FUNCTIONAL;
	toy.control.functional.crew->min = toy.control.functional.crew->max = 0;
	toy.control.functional.rebalance = 0;
	toy.verify = true;
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
}

static struct crew_config *crew(enum function_kind kind)
{
	return &toy.control.functional.crew[kind];
}

static const struct function_totals *did(enum function_kind kind)
{
	return &control_totals(toy.machine, toy.now)->kind[kind];
}

/* --- the kinds that do not schedule --- */

/* Each stage of a pod's way is thought about by a function of its kind, one thing at a time. */
START_TEST(every_stage_has_its_function)
{
	toy_services(&toy, &arena, 2);
	toy.control.slow_start = 4;
	toy.think_ns = 10 * MS;
	toy.send_ns = 1 * MS;
	toy.cluster.nodes = 4;
	crew(FUNCTION_SCHEDULE)->functions = 4;
	toy_start(&toy);
	toy_scale(&toy, 0, 4);
	toy_scale(&toy, 1, 4);
	/* Both scales, one after the other, and then both Deployments, and then the pods, four of a
	 * service at a time. */
	toy_run(&toy, 29 * MS);
	ck_assert_uint_eq(toy.outputs[MSG_WRITE], 2 + 1);
	ck_assert_uint_eq(did(FUNCTION_AUTOSCALE)->tasks, 2);
	ck_assert_int_eq(did(FUNCTION_AUTOSCALE)->waited_ns, 10 * MS);
	toy_run(&toy, 49 * MS);
	ck_assert_uint_eq(toy.machine->pods.n, 4);
	toy_run(&toy, 50 * MS);
	ck_assert_uint_eq(toy.machine->pods.n, 8);
	toy_run(&toy, 10 * S);
	ck_assert_int_eq(toy.routable[0], 4);
	ck_assert_int_eq(toy.routable[1], 4);
	ck_assert_uint_eq(did(FUNCTION_SCHEDULE)->tasks, 8);
	ck_assert_uint_eq(did(FUNCTION_BIND)->tasks, 8);
	ck_assert_int_eq(did(FUNCTION_BIND)->busy_ns, 80 * MS);
	ck_assert_uint_ge(did(FUNCTION_ENDPOINT)->tasks, 2);
	/* Deployment, pods, and the ReplicaSet's status. */
	ck_assert_uint_eq(did(FUNCTION_EXPAND)->tasks, 2 * 3);
}
END_TEST

/* What it costs to expand is a matter of how many pods. */
START_TEST(the_world_is_told_how_much)
{
	uint32_t most = 0;

	toy_services(&toy, &arena, 1);
	toy.control.slow_start = 3;
	toy.cluster.nodes = 8;
	toy.keep = true;
	toy_start(&toy);
	toy_scale(&toy, 0, 20);
	toy_run(&toy, 10 * S);
	toy_scale(&toy, 0, 0);
	toy_run(&toy, 20 * S);
	for (uint32_t i = 0; i < toy.log.n; i++) {
		const struct msg *msg = &toy.log.at[i];

		if (msg->kind == MSG_THINK && msg->think.what == THINK_EXPAND)
			most = msg->think.examined > most ? msg->think.examined : most;
		if (msg->kind == MSG_THINK && msg->think.what == THINK_BIND)
			ck_assert_uint_eq(msg->think.examined, 1);
	}
	/* Made 3, 6, 11; deleted 20 at once. */
	ck_assert_uint_eq(most, 20);
	ck_assert_int_eq(toy.routable[0], 0);
}
END_TEST

/* A second bind function halves the queue, and is drained when all is quiet. */
START_TEST(bind_functions_come_and_go)
{
	struct rng arrivals = rng_stream(3, "arrivals", 0);
	uint32_t most = 0;
	double at = 0;

	crew(FUNCTION_SCHEDULE)->functions = crew(FUNCTION_SCHEDULE)->max = 8;
	crew(FUNCTION_BIND)->max = 8;
	toy.cluster.nodes = 64;
	toy.think_ns = 5 * MS;
	toy.send_ns = 1 * MS;
	toy.up_ns = 1 * S;
	toy.life_ns = 100 * MS;
	toy.exact = false;
	toy_start(&toy);
	/* 600 a second need three at 5 ms each. */
	for (uint64_t id = 0; at < 120; id++) {
		at += rng_exp(&arrivals) / 600;
		toy.verify = id % 997 == 0;
		toy_run(&toy, (int64_t)(at * 1e9));
		toy_arrive(&toy, id, 1);
		toy.record.n = 0;
		if (toy.machine->crew[FUNCTION_BIND].lives > most)
			most = toy.machine->crew[FUNCTION_BIND].lives;
	}
	ck_assert_uint_ge(most, 4);
	ck_assert_uint_ge(toy.machine->crew[FUNCTION_BIND].lives, 3);
	ck_assert_uint_ge(did(FUNCTION_BIND)->started, 3);
	toy.verify = true;
	toy_run(&toy, 1000 * S);
	ck_assert_uint_eq(toy.machine->crew[FUNCTION_BIND].lives, 1);
	ck_assert_uint_eq(did(FUNCTION_BIND)->stopped, did(FUNCTION_BIND)->started);
	ck_assert_uint_eq(toy.machine->crew[FUNCTION_SCHEDULE].lives, 8);
}
END_TEST

/* A draining function deals its tasks out, ends what it is at, and holds its core for a while. */
START_TEST(draining_takes_time)
{
	int64_t begun_ns = 0;

	toy.control.functional.drain_ns = 3 * S;
	toy.control.functional.interval_ns = 1 * S;
	crew(FUNCTION_BIND)->functions = 2;
	toy_start(&toy);
	while (!did(FUNCTION_BIND)->stopped) {
		toy_run(&toy, toy.now + 100 * MS);
		if (!begun_ns && toy.machine->crew[FUNCTION_BIND].lives == 1)
			begun_ns = toy.now;
		ck_assert_int_lt(toy.now, 60 * S);
	}
	ck_assert_int_eq(toy.now - begun_ns, 3 * S);
	ck_assert_int_eq(did(FUNCTION_BIND)->held_ns, 2 * toy.now - (toy.now - begun_ns) + 3 * S);
}
END_TEST

/* Whatever kind dies, its queue is seen to by others, or by the one that comes after it. */
START_TEST(any_kind_may_be_lost)
{
	enum function_kind kind = (enum function_kind)_i;

	toy_services(&toy, &arena, 6);
	crew(FUNCTION_SCHEDULE)->functions = 2;
	toy.cluster.nodes = 6;
	toy.think_ns = 50 * MS;
	toy.send_ns = 5 * MS;
	toy.up_ns = 2 * S;
	toy_start(&toy);
	for (uint32_t i = 0; i < 6; i++)
		toy_scale(&toy, i, 4);
	for (int64_t ms = 20; ms < 4000; ms += 330) {
		toy_run(&toy, ms * MS);
		for (uint32_t i = 0; i < toy.machine->crew[kind].slots; i++)
			toy_lose_function(&toy, toy.machine->crew[kind].first + i);
	}
	toy_run(&toy, 60 * S);
	for (uint32_t i = 0; i < 6; i++)
		ck_assert_int_eq(toy.routable[i], 4);
	ck_assert_uint_gt(did(kind)->lost, 2);
}
END_TEST

/* --- those that schedule --- */

START_TEST(the_pool_follows_the_load)
{
	struct rng arrivals = rng_stream(3, "arrivals", 0);
	const struct control_totals *totals;
	uint32_t most = 0;
	double at = 0;

	toy.control.functional.crew->functions = 2;
	toy.control.functional.crew->min = 1;
	toy.control.functional.crew->max = 12;
	toy.control.functional.rebalance = 2;
	toy.cluster.nodes = 60;
	toy.think_ns = 5 * MS;
	toy.send_ns = 1 * MS;
	toy.up_ns = 1 * S;
	toy.life_ns = 100 * MS;
	toy.exact = false;
	toy_start(&toy);
	/* 1000 pods/s need five functions at 5 ms each. */
	for (uint64_t id = 0; at < 120; id++) {
		at += rng_exp(&arrivals) / 1000;
		toy.verify = id % 997 == 0;
		toy_run(&toy, (int64_t)(at * 1e9));
		toy_arrive(&toy, id, 1);
		toy.record.n = 0;
		if (toy.machine->crew->lives > most)
			most = toy.machine->crew->lives;
	}
	totals = control_totals(toy.machine, toy.now);
	ck_assert_uint_ge(most, 6);
	ck_assert_uint_ge(toy.machine->crew->lives, 5);
	ck_assert_uint_gt(totals->functions_started, 3);
	ck_assert_uint_gt(totals->rebalanced_nodes, 0);
	for (uint32_t i = 0; i < toy.machine->crew->lives; i++) {
		ck_assert_uint_gt(toy.machine->cluster->pool[toy.machine->crew->live[i]].n, 0);
		ck_assert_double_lt(toy.machine->function[toy.machine->crew->live[i]].delay_ns,
				    100e6);
	}
	/* Quiet: down to the fewest. */
	toy.verify = true;
	toy_run(&toy, 1000 * S);
	ck_assert_uint_eq(toy.machine->crew->lives, 1);
	ck_assert_uint_eq(toy.machine->cluster->pool[toy.machine->crew->live[0]].n, 60);
	ck_assert_int_eq(toy.machine->cluster->pool[toy.machine->crew->live[0]].free_gpus, 480);
	totals = control_totals(toy.machine, toy.now);
	ck_assert_uint_eq(totals->functions_stopped, totals->functions_started + 1);
	ck_assert_int_lt(totals->core_ns, 12 * 1000 * S);
	ck_assert_int_gt(totals->idle_core_ns, 0);
}
END_TEST

START_TEST(free_capacity_is_evened_out)
{
	toy.control.functional.crew->functions = 2;
	toy.control.functional.rebalance = 2;
	toy.control.dispatch = DISPATCH_LEAST_QUEUE;
	toy.control.functional.d = 0;
	toy.cluster.nodes = 20;
	toy.life_ns = 1000000 * S;
	toy_start(&toy);
	/* Function 0 is filled up, function 1 is empty. */
	for (uint64_t id = 0; id < 10; id++) {
		toy.machine->turn = 1;
		toy_arrive(&toy, id, 8);
		toy_run(&toy, 0);
	}
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 0);
	ck_assert_int_eq(toy.machine->cluster->pool[1].free_gpus, 80);
	toy.send_ns = 100 * MS;
	toy_run(&toy, 10 * S + 150 * MS);
	ck_assert_uint_eq(toy.machine->cluster->loose, 5);
	toy_run(&toy, 11 * S);
	ck_assert_uint_eq(toy.machine->cluster->loose, 0);
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 40);
	ck_assert_int_eq(toy.machine->cluster->pool[1].free_gpus, 40);
	ck_assert_uint_eq(toy.machine->totals.rebalanced_nodes, 5);
	ck_assert_uint_eq(toy.machine->totals.partition_moves, 1);
}
END_TEST

/* Each half has 40 free GPUs, but those of function 0 lie in halves of nodes: a pod of eight has no
 * room there, and that is what moves nodes. */
START_TEST(room_for_a_shape_is_evened_out)
{
	toy.control.functional.crew->functions = 2;
	toy.control.functional.rebalance = 2;
	toy.control.functional.d = 0;
	toy.control.place.gpu = 1; /* spread */
	toy.cluster.nodes = 20;
	toy.life_ns = 1000000 * S;
	toy_start(&toy);
	for (uint64_t id = 0; id < 10; id++) {
		toy.machine->turn = 1;
		toy_arrive(&toy, id, 4);
		toy.machine->turn = 0;
		toy_arrive(&toy, 100 + id, id < 5 ? 8 : 0);
		toy_run(&toy, 0);
	}
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 40);
	ck_assert_int_eq(toy.machine->cluster->pool[1].free_gpus, 40);
	toy_run(&toy, 9 * S);
	/* Nobody asked for a whole node so far. */
	ck_assert_uint_eq(toy.machine->totals.partition_moves, 0);
	toy.machine->turn = 1;
	toy_arrive(&toy, 1000, 8);
	toy_run(&toy, 9 * S);
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 1);
	toy_run(&toy, 11 * S);
	ck_assert_uint_eq(toy.machine->totals.partition_moves, 1);
	ck_assert_uint_eq(toy.machine->totals.rebalanced_nodes, 2);
	ck_assert_uint_eq(toy.ends[POD_READY], 21);
}
END_TEST

/* Pods queue at one function and not at the other: half of them go there, and no nodes, for both
 * have as many. */
START_TEST(load_is_evened_out)
{
	uint32_t queued;

	toy.control.functional.crew->functions = 2;
	toy.control.functional.crew->min = toy.control.functional.crew->max = 2;
	toy.control.functional.rebalance = 2;
	toy.think_ns = 200 * MS;
	toy.cluster.nodes = 40;
	toy.life_ns = 1000000 * S;
	toy_start(&toy);
	for (uint64_t id = 0; id < 100; id++) {
		toy.machine->turn = 1;
		toy_arrive(&toy, id, 1);
	}
	toy_run(&toy, 10 * S - 1);
	queued = toy.machine->function[0].queue.n;
	ck_assert_uint_ge(queued, 45);
	ck_assert_uint_eq(toy.machine->function[1].queue.n, 0);
	toy_run(&toy, 10 * S + 400 * MS);
	ck_assert_uint_ge(toy.machine->function[1].queue.n, queued / 2 - 4);
	ck_assert_uint_eq(toy.machine->cluster->pool[0].n, 20);
	toy_run(&toy, 60 * S);
	ck_assert_uint_eq(toy.ends[POD_READY], 100);
}
END_TEST

/* Two pods that fit one function's nodes only, and wait equally long: both come there. */
START_TEST(a_pod_that_waits_comes_to_everyone)
{
	toy.control.functional.crew->functions = 2;
	toy.control.functional.d = 0;
	toy.cluster.nodes = 2;
	toy.life_ns = 1000000 * S;
	toy.control.functional.wake = false;
	toy_start(&toy);
	for (uint64_t id = 0; id < 2; id++) {
		toy.machine->turn = 1 - (uint32_t)id;
		toy_arrive(&toy, id, 8);
		toy_run(&toy, 0);
	}
	toy_arrive(&toy, 10, 4);
	toy_arrive(&toy, 11, 4);
	toy_run(&toy, 100 * MS);
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 2);
	toy_lose_node(&toy, 1);
	toy_give(&toy, &(struct msg){ .kind = MSG_NODE_UP, .who = 1 }, NULL);
	toy_run(&toy, 8 * S);
	ck_assert_int_eq(toy.machine->cluster->node[1].free_gpus, 0);
}
END_TEST

/* An order whose effect is not seen yet is not given again: nodes do not swing to and fro. */
START_TEST(slow_messages_do_not_swing)
{
	toy.control.functional.crew->functions = 2;
	toy.control.functional.rebalance = 1.5;
	toy.control.functional.interval_ns = 100 * MS;
	toy.control.functional.d = 0;
	toy.cluster.nodes = 20;
	toy.send_ns = 170 * MS;
	toy_start(&toy);
	for (uint32_t i = 9; i < 12; i++)
		toy_lose_node(&toy, i);
	for (uint32_t i = 0; i < 9; i++)
		toy_lose_node(&toy, i);
	toy_run(&toy, 60 * S);
	/* 8 nodes are left, all of one function: half of them move, once. */
	ck_assert_uint_eq(toy.machine->totals.rebalanced_nodes, 4);
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 32);
	ck_assert_uint_eq(toy.machine->cluster->loose, 0);
}
END_TEST

Suite *crew_suite(void)
{
	Suite *suite = suite_create("crew");
	TCase *tc = tcase_create("crew");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_stage_has_its_function);
	tcase_add_test(tc, the_world_is_told_how_much);
	tcase_add_test(tc, bind_functions_come_and_go);
	tcase_add_test(tc, draining_takes_time);
	tcase_add_loop_test(tc, any_kind_may_be_lost, 0, FUNCTION_KINDS);
	tcase_add_test(tc, the_pool_follows_the_load);
	tcase_add_test(tc, free_capacity_is_evened_out);
	tcase_add_test(tc, room_for_a_shape_is_evened_out);
	tcase_add_test(tc, load_is_evened_out);
	tcase_add_test(tc, a_pod_that_waits_comes_to_everyone);
	tcase_add_test(tc, slow_messages_do_not_swing);
	suite_add_tcase(suite, tc);
	return suite;
}
