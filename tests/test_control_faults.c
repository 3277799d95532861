/* The central plane when things go wrong: no room, pods, nodes and the scheduler lost, messages
 * that never come; and that it allocates nothing once it is warm. */
#include "tests/suites.h"
#include "tests/toy_world.h"

static struct arena arena;
static struct toy toy;

static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy.verify = toy.keep = true;
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
}

static void node(enum msg_kind kind, uint32_t id)
{
	toy_give(&toy, &(struct msg){ .kind = (uint16_t)kind, .who = id }, NULL);
}

/* Kube-scheduler's queues: parked until an event, then at least the back-off, on whole seconds. */
START_TEST(back_off)
{
	toy.cluster.nodes = 1;
	toy.cluster.gpus = 1;
	toy.life_ns = 1000000 * S;
	toy_start(&toy);
	toy_arrive(&toy, 1, 1);
	toy_run(&toy, 300 * MS);
	toy_arrive(&toy, 2, 1);
	toy_run(&toy, 100 * S);
	/* Nothing happened: one attempt. */
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 1);
	/* A new node with nothing on it, but full at once: the back-off of the first try is long
	 * over, so the pod is tried and bound. */
	node(MSG_NODE_UP, 1);
	toy_run(&toy, 101 * S);
	ck_assert_uint_eq(toy.machine->totals.placements, 2);
	ck_assert_uint_eq(toy.record.at[1].attempts, 2);
	ck_assert_int_eq(toy.record.at[1].bound_ns, 100 * S);
	/* A third pod fits nowhere.  It fails at 101; an event at 101.5 moves it to the back-off
	 * queue: tried again at 102, and so on 1, 2, 4, 8, 10, 10 s after each attempt. */
	toy_arrive(&toy, 3, 2);
	for (int i = 1; i < 60; i++) {
		static const int tried[] = { 101, 102, 104, 108, 116, 126, 136 };
		uint32_t want = 1;

		toy_run(&toy, 101 * S + i * 500 * MS);
		for (int j = 0; j < 7; j++)
			want += 202 + i >= 2 * tried[j];
		ck_assert_uint_eq(toy.machine->totals.unschedulable, want);
		node(i % 2 ? MSG_NODE_UP : MSG_NODE_DOWN, 2);
	}
}
END_TEST

/* Without any event an unschedulable pod is tried again after five minutes. */
START_TEST(idle_flush)
{
	toy.cluster.nodes = 1;
	toy.cluster.gpus = 1;
	toy_start(&toy);
	toy_run(&toy, 10 * S);
	toy_arrive(&toy, 1, 2);
	toy_run(&toy, 329 * S);
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 1);
	toy_run(&toy, 331 * S);
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 2);
}
END_TEST

START_TEST(given_up)
{
	toy.control.attempts = 1;
	toy.cluster.nodes = 1;
	toy.cluster.gpus = 1;
	toy.life_ns = 1000 * S;
	toy_start(&toy);
	toy_arrive(&toy, 7, 1);
	toy_arrive(&toy, 8, 1);
	toy_run(&toy, 1 * S);
	ck_assert_uint_eq(toy.record.n, 2);
	ck_assert_uint_eq(toy.record.at[0].id, 7);
	ck_assert_uint_eq(toy.record.at[0].end, POD_READY);
	ck_assert_uint_eq(toy.record.at[1].id, 8);
	ck_assert_uint_eq(toy.record.at[1].end, POD_UNSCHEDULABLE);
	ck_assert_uint_eq(toy.record.at[1].node, NO_NODE);
}
END_TEST

/* A pod that fails is replaced, after 10, 20, 40 s; a ready one forgives. */
START_TEST(crash_back_off)
{
	toy_services(&toy, &arena, 1);
	toy.fail = 1;
	toy_start(&toy);
	toy_scale(&toy, 0, 1);
	toy_run(&toy, 69 * S);
	/* Fails at 0, 10, 30; the next comes at 70. */
	ck_assert_uint_eq(toy.ends[POD_FAILED], 3);
	toy.fail = 0;
	toy_run(&toy, 71 * S);
	ck_assert_int_eq(toy.routable[0], 1);
	ck_assert_uint_eq(toy.machine->set[0].failures, 0);
	ck_assert_int_eq(toy.record.at[3].wanted_ns, 30 * S);
}
END_TEST

START_TEST(a_lost_node)
{
	int32_t stays;

	toy_services(&toy, &arena, 1);
	toy.service[0].replicas = 6;
	toy.cluster.nodes = 2;
	toy_start(&toy);
	stays = 8 - toy.machine->cluster->node[1].free_gpus;
	toy.start_ns = 10 * S;
	toy_lose_node(&toy, 0);
	toy_lose_node(&toy, 0);
	toy_run(&toy, 1 * S);
	ck_assert_int_eq(toy.routable[0], stays);
	/* Replaced without a back-off: a lost node is no crash. */
	toy_run(&toy, 10 * S);
	ck_assert_int_eq(toy.routable[0], 6);
	ck_assert_int_eq(toy.machine->cluster->node[1].free_gpus, 2);
	node(MSG_NODE_UP, 0);
	ck_assert_int_eq(toy.machine->cluster->node[0].free_gpus, 8);
}
END_TEST

/* A silent node's pods take no requests but count as there; back in time, they go on. */
START_TEST(a_silent_node)
{
	int32_t stays;

	toy_services(&toy, &arena, 1);
	toy.service[0].replicas = 6;
	toy.cluster.nodes = 2;
	toy_start(&toy);
	stays = 8 - toy.machine->cluster->node[1].free_gpus;
	node(MSG_NODE_SILENT, 0);
	node(MSG_NODE_SILENT, 0);
	toy_run(&toy, 100 * S);
	ck_assert_int_eq(toy.routable[0], stays);
	ck_assert_int_eq(toy.machine->set[0].existing, 6);
	ck_assert_uint_eq(toy.outputs[MSG_POD_START], 6);
	toy_scale(&toy, 0, 7); /* not on the silent one */
	toy_run(&toy, 101 * S);
	ck_assert_int_eq(toy.routable[0], stays + 1);
	node(MSG_NODE_UP, 0);
	toy_run(&toy, 102 * S);
	ck_assert_int_eq(toy.routable[0], 7);
	ck_assert_uint_eq(toy.ends[POD_FAILED], 0);
	node(MSG_NODE_SILENT, 0);
	toy_run(&toy, 103 * S);
	node(MSG_NODE_DOWN, 0);
	toy_run(&toy, 104 * S);
	ck_assert_int_eq(toy.routable[0], 7);
	ck_assert_int_eq(toy.machine->cluster->node[0].free_gpus, 8);
}
END_TEST

/* Pods that no node has room for bring nodes; the wait is theirs to show. */
START_TEST(provisioning)
{
	const struct pod_record *record;

	toy_services(&toy, &arena, 1);
	toy.service[0].tensor_parallel = 8;
	toy.service[0].replicas = 1;
	toy.cluster.nodes = 1;
	toy.cluster.provision.max_nodes = 3;
	toy.node_ns = 100 * S;
	toy_start(&toy);
	toy_scale(&toy, 0, 5);
	toy_run(&toy, 200 * S);
	ck_assert_uint_eq(toy.outputs[MSG_NODE_WANT], 1);
	ck_assert_int_eq(toy.routable[0], 3);
	ck_assert_uint_eq(toy.record.n, 2);
	record = &toy.record.at[0];
	ck_assert_int_eq(record->phase_end_ns[PHASE_CONTROL], 0);
	ck_assert_int_eq(record->phase_end_ns[PHASE_PROVISION], 110 * S);
	ck_assert_int_eq(record->phase_end_ns[PHASE_SCHEDULING], 110 * S);
}
END_TEST

START_TEST(scheduler_lost_and_back)
{
	toy_services(&toy, &arena, 1);
	toy.think_ns = 100 * MS;
	toy.up_ns = 15 * S;
	toy_start(&toy);
	toy_scale(&toy, 0, 6);
	toy_run(&toy, 250 * MS);
	toy_lose_function(&toy, 0);
	ck_assert_uint_eq(toy.machine->orphans.n, 4);
	toy_run(&toy, 15 * S);
	ck_assert_int_eq(toy.routable[0], 2);
	toy_run(&toy, 16 * S);
	ck_assert_int_eq(toy.routable[0], 6);
	ck_assert_int_eq(control_totals(toy.machine, 16 * S)->core_ns, 16 * S);
	ck_assert_int_eq(control_totals(toy.machine, 16 * S)->idle_core_ns, 16 * S - 650 * MS);
}
END_TEST

/* Once everything has its size, nothing is allocated any more. */
START_TEST(steady_state_allocates_nothing)
{
	uint64_t grown = 0;
	struct msg tick = { .kind = MSG_TICK };

	toy_services(&toy, &arena, 1);
	toy.keep = toy.verify = false;
	toy.cluster.nodes = 100;
	toy_start(&toy);
	for (int round = 0; round < 60; round++) {
		toy.record.n = 0;
		toy_scale(&toy, 0, round % 2 ? 5 : 300);
		toy_run(&toy, (round + 1) * 10 * S);
		if (round == 20)
			grown = vec_grown();
	}
	toy_give(&toy, &tick, NULL);
	ck_assert_uint_eq(vec_grown(), grown);
}
END_TEST

/* What is lost on the way is asked for again. */
START_TEST(resync)
{
	toy_services(&toy, &arena, 2);
	toy.seed = 5;
	toy.lost = 0.3;
	toy.control.resync_ns = 5 * S;
	toy_start(&toy);
	toy_scale(&toy, 0, 20);
	toy_scale(&toy, 1, 30);
	toy_run(&toy, 600 * S);
	ck_assert_int_eq(toy.routable[0], 20);
	ck_assert_int_eq(toy.routable[1], 30);
	toy_scale(&toy, 0, 3);
	toy_scale(&toy, 1, 0);
	toy_run(&toy, 1200 * S);
	ck_assert_int_eq(toy.routable[0], 3);
	ck_assert_int_eq(toy.routable[1], 0);
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 61);
}
END_TEST

Suite *control_faults_suite(void)
{
	Suite *suite = suite_create("control_faults");
	TCase *tc = tcase_create("control_faults");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, back_off);
	tcase_add_test(tc, idle_flush);
	tcase_add_test(tc, given_up);
	tcase_add_test(tc, crash_back_off);
	tcase_add_test(tc, a_lost_node);
	tcase_add_test(tc, provisioning);
	tcase_add_test(tc, a_silent_node);
	tcase_add_test(tc, scheduler_lost_and_back);
	tcase_add_test(tc, steady_state_allocates_nothing);
	tcase_add_test(tc, resync);
	suite_add_tcase(suite, tc);
	return suite;
}
