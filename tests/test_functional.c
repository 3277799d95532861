/* The functional plane: probes one by one, reservations, the cache, and lost functions.  Its
 * elastic pools are in test_crew.c. */
#include "tests/suites.h"
#include "tests/toy_world.h"
#include <string.h>

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

/* So many functions with one node of so many GPUs each. */
static void nodes(int64_t functions, int64_t gpus)
{
	toy.control.functional.crew->functions = functions;
	toy.cluster.nodes = functions;
	toy.cluster.gpus = gpus;
	toy.life_ns = 1000000 * S;
}

static const struct msg *nth(enum msg_kind kind, uint32_t n)
{
	for (uint32_t i = 0; i < toy.out.n; i++)
		if (toy.out.at[i].kind == kind && !n--)
			return &toy.out.at[i];
	ck_abort_msg("no such message");
	return NULL;
}

/* Fills the nodes of all functions but `but`. */
static void fill(uint32_t but)
{
	uint64_t id = 1000;

	for (uint32_t i = 0; i < toy.machine->crew->lives; i++) {
		/* Round robin goes to the next one. */
		uint32_t next = (toy.machine->turn + 1) % toy.machine->crew->lives;
		uint32_t gpus = (uint32_t)toy.cluster.gpus;

		toy_arrive(&toy, id++, toy.machine->crew->live[next] == but ? 0 : gpus);
		toy_run(&toy, toy.now);
	}
}

START_TEST(equal_split)
{
	toy.control.functional.crew->functions = 3;
	toy.cluster.nodes = 10;
	toy_start(&toy);
	ck_assert_uint_eq(toy.machine->cluster->pool[0].n, 4);
	ck_assert_uint_eq(toy.machine->cluster->pool[1].n, 3);
	ck_assert_uint_eq(toy.machine->cluster->pool[2].n, 3);
}
END_TEST

/* The top-level control plane is paid for as the functions are. */
START_TEST(cores_held)
{
	const struct control_totals *totals;

	toy.control.functional.crew->functions = 3;
	toy.control.cores = 2;
	toy.cluster.nodes = 10;
	toy.think_ns = 1 * S;
	toy.exact = true;
	toy_start(&toy);
	toy_arrive(&toy, 0, 1);
	toy_run(&toy, 10 * S);
	totals = control_totals(toy.machine, 10 * S);
	/* Three that schedule, and the top; the others are accounts of their own. */
	ck_assert_int_eq(totals->core_ns, (3 + 1) * 2 * 10 * S);
	ck_assert_int_eq(totals->idle_core_ns, totals->core_ns - 2 * S);
	ck_assert_int_eq(totals->kind[FUNCTION_SCHEDULE].held_ns, 3 * 10 * S);
	ck_assert_int_eq(totals->kind[FUNCTION_BIND].held_ns, 10 * S);
	ck_assert_int_eq(totals->kind[FUNCTION_BIND].busy_ns, 1 * S);
	ck_assert_uint_eq(totals->kind[FUNCTION_BIND].tasks, 1);
	ck_assert_uint_eq(totals->kind[FUNCTION_EXPAND].tasks, 0);
}
END_TEST

START_TEST(a_full_function_probes)
{
	struct msg probe, answer;
	const struct pod *pod;

	nodes(2, 4);
	toy.send_ns = 10 * MS;
	toy_start(&toy);
	fill(1);
	toy_run(&toy, 90 * MS);
	toy.machine->turn = 1; /* the next home is function 0 */
	toy_arrive(&toy, 1, 4);
	toy_run(&toy, toy.now);
	probe = *nth(MSG_SEND, 0);
	ck_assert_uint_eq(probe.send.verb, VERB_PROBE);
	ck_assert_uint_eq(probe.who, 1);
	ck_assert_uint_eq(probe.send.from, 0);
	pod = &toy.machine->pods.at[probe.send.task];
	ck_assert_uint_eq(pod->state, POD_PROBING);
	toy_run(&toy, 100 * MS);
	/* Held before the answer; its vector says so. */
	answer = *nth(MSG_SEND, 0);
	ck_assert_uint_eq(answer.send.verb, VERB_ANSWER);
	ck_assert_uint_eq(answer.who, 0);
	ck_assert_uint_eq(answer.send.flag, probe.send.flag | 1);
	ck_assert_uint_eq(((const struct free_vector *)(const void *)toy.out.loads)
				  ->fit[cluster_shape(4000) - 1],
			  0);
	ck_assert_int_eq(toy.machine->cluster->node[1].free_gpus, 0);
	ck_assert_uint_eq(toy.machine->cluster->node[1].holds, 1);
	toy_run(&toy, 110 * MS);
	ck_assert_uint_eq(pod->state, POD_MIGRATING);
	toy_run(&toy, 120 * MS);
	ck_assert_uint_eq(pod->state, POD_BINDING);
	toy_run(&toy, 130 * MS);
	ck_assert_uint_eq(pod->state, POD_STARTING);
	ck_assert_uint_eq(pod->record.node, 1);
	ck_assert_uint_eq(pod->record.probes, 1);
	ck_assert_uint_eq(pod->record.migrations, 1);
	ck_assert_uint_eq(toy.machine->cluster->node[1].holds, 0);
	/* The answer again, and the migration: nothing. */
	answer.kind = MSG_RECEIVED;
	toy_give(&toy, &answer, toy.out.loads);
	ck_assert_uint_eq(toy.out.n, 0);
}
END_TEST

/* A migration that comes after the reservation has expired queues at the new home. */
START_TEST(reservations_expire)
{
	const struct pod *pod;

	nodes(2, 4);
	toy.control.functional.reservation_ns = 15 * MS;
	toy.send_ns = 7 * MS;
	toy_start(&toy);
	fill(1);
	toy.machine->turn = 1; /* the next home is function 0 */
	toy_arrive(&toy, 1, 4);
	toy_run(&toy, 13 * MS);
	ck_assert_uint_eq(toy.machine->cluster->node[1].holds, 1);
	/* The answer comes at 14 ms, in time; the migration, on its way from then, is held up. */
	toy.send_ns = 1 * S;
	toy_run(&toy, 14 * MS);
	pod = &toy.machine->pods.at[toy.machine->pods.n - 1];
	ck_assert_uint_eq(pod->state, POD_MIGRATING);
	toy_run(&toy, 22 * MS);
	ck_assert_uint_eq(toy.machine->cluster->node[1].holds, 0);
	ck_assert_uint_eq(toy.machine->totals.reservations_expired, 1);
	ck_assert_int_eq(toy.machine->cluster->node[1].free_gpus, 4);
	toy_run(&toy, 3 * S);
	ck_assert_uint_eq(pod->state, POD_STARTING);
	ck_assert_uint_eq(pod->record.node, 1);
}
END_TEST

/* Without an answer in time the next is asked, and a late yes is let go. */
START_TEST(probes_time_out)
{
	nodes(3, 4);
	toy.control.functional.reservation_ns = 100 * MS;
	toy.control.functional.cache = false;
	toy.send_ns = 70 * MS;
	toy.control.attempts = 1;
	toy_start(&toy);
	fill(NONE);
	toy_run(&toy, 1 * S);
	toy_lose_node(&toy, 1);
	toy_lose_node(&toy, 2);
	toy_give(&toy, &(struct msg){ .kind = MSG_NODE_UP, .who = 1 }, NULL);
	toy_give(&toy, &(struct msg){ .kind = MSG_NODE_UP, .who = 2 }, NULL);
	toy.record.n = 0;
	/* Its home is function 0: two round-robin turns away. */
	while (toy.machine->crew->live[(toy.machine->turn + 1) % 3] != 0)
		toy.machine->turn++;
	toy_arrive(&toy, 77, 4);
	toy_run(&toy, 1 * S + 220 * MS);
	ck_assert_uint_eq(toy.machine->totals.probes, 2);
	ck_assert_uint_eq(toy.record.n, 1);
	ck_assert_uint_eq(toy.record.at[0].end, POD_UNSCHEDULABLE);
	ck_assert_uint_eq(toy.record.at[0].probes, 2);
	toy_run(&toy, 2 * S);
	ck_assert_int_eq(toy.machine->cluster->node[1].free_gpus, 4);
	ck_assert_int_eq(toy.machine->cluster->node[2].free_gpus, 4);
}
END_TEST

/* Known to be full: not asked, until what is known is too old. */
START_TEST(the_cache_saves_probes)
{
	const struct control_totals *totals;

	nodes(3, 4);
	toy.control.attempts = 1;
	toy_start(&toy);
	fill(NONE);
	totals = &toy.machine->totals;
	toy_arrive(&toy, 1, 1);
	toy_run(&toy, 0);
	ck_assert_uint_eq(totals->probes, 2);
	ck_assert_uint_eq(totals->probe_cache_misses, 2);
	ck_assert_uint_eq(totals->probe_cache_hits, 0);
	toy.machine->turn += 2;
	toy_arrive(&toy, 2, 1);
	toy_run(&toy, 900 * MS);
	ck_assert_uint_eq(totals->probes, 2);
	ck_assert_uint_eq(totals->probe_cache_hits, 2);
	toy.machine->turn += 2;
	toy_run(&toy, 1100 * MS);
	toy_arrive(&toy, 3, 1);
	toy_run(&toy, 1200 * MS);
	ck_assert_uint_eq(totals->probes, 4);
	ck_assert_uint_eq(toy.ends[POD_UNSCHEDULABLE], 3);
}
END_TEST

#define GPUS(n) (&(struct need){ .gpu_milli = (n)*GPU_MILLI })

/* A node with 3 GPUs rules pods of 4 out, not those of 2. */
START_TEST(the_cache_knows_shapes)
{
	struct probe_cache cache;
	struct free_vector vector = { .fit = { 7, 7, 6, 5, 4, 0, 0 } };
	int64_t age_ns;

	probe_cache_init(&cache, 4, 1000);
	ck_assert_int_eq(probe_cache_look(&cache, 1, 2, GPUS(1), 0, &age_ns), -1);
	probe_cache_learn(&cache, 1, 2, 500, &vector);
	ck_assert_int_eq(probe_cache_look(&cache, 1, 2, GPUS(1), 600, &age_ns), 5);
	ck_assert_int_eq(age_ns, 100);
	ck_assert_int_eq(probe_cache_look(&cache, 1, 2, GPUS(2), 1500, &age_ns), 4);
	ck_assert_int_eq(probe_cache_look(&cache, 1, 2, GPUS(4), 600, &age_ns), 0);
	ck_assert_int_eq(probe_cache_look(&cache, 1, 2, GPUS(0), 600, &age_ns), -1);
	ck_assert_int_eq(probe_cache_look(&cache, 1, 2, GPUS(4), 1501, &age_ns), -1);
	ck_assert_int_eq(probe_cache_look(&cache, 2, 1, GPUS(1), 600, &age_ns), -1);
	probe_cache_forget(&cache, 1);
	ck_assert_int_eq(probe_cache_look(&cache, 1, 2, GPUS(1), 600, &age_ns), -1);
	probe_cache_release(&cache);
}
END_TEST

/* By the cache's best first: nobody is asked in vain once all are known. */
START_TEST(the_best_known_is_asked)
{
	nodes(8, 8);
	toy.control.functional.order = ORDER_BEST_CACHED;
	toy.control.functional.d = 7;
	toy.control.functional.cache_age_ns = 1000 * S;
	toy_start(&toy);
	fill(5);
	toy.machine->turn = 7; /* the next home is function 0 */
	toy_arrive(&toy, 1, 1);
	toy_run(&toy, 0);
	for (uint64_t i = 0; i < 7; i++) {
		uint64_t before = toy.machine->totals.probes;

		toy.machine->turn = 7;
		toy_arrive(&toy, 2 + i, 1);
		toy_run(&toy, 0);
		ck_assert_uint_eq(toy.machine->totals.probes, before + 1);
	}
	ck_assert_int_eq(toy.machine->cluster->node[5].free_gpus, 0);
}
END_TEST

START_TEST(a_pod_that_waits_gets_what_comes_free)
{
	nodes(2, 4);
	toy_start(&toy);
	fill(NONE);
	toy_arrive(&toy, 1, 4);
	toy_run(&toy, 100 * MS);
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 1);
	toy_lose_node(&toy, 0);
	toy_lose_node(&toy, 1);
	toy_run(&toy, 200 * MS);
	toy_give(&toy, &(struct msg){ .kind = MSG_NODE_UP, .who = 0 }, NULL);
	toy_give(&toy, &(struct msg){ .kind = MSG_NODE_UP, .who = 1 }, NULL);
	toy_run(&toy, 200 * MS);
	/* Long before its back-off ends at 1 s or more. */
	ck_assert_uint_eq(toy.record.n, 3);
	ck_assert_int_eq(toy.record.at[2].bound_ns, 200 * MS);
}
END_TEST

/* --- lost functions --- */

/* Nodes and pods of a function that dies in the middle of a decision go to the others. */
START_TEST(a_lost_function)
{
	nodes(4, 4);
	toy.think_ns = 100 * MS;
	toy.up_ns = 5 * S;
	toy.send_ns = 1 * MS;
	toy.control.functional.crew->min = 4;
	toy_start(&toy);
	for (uint64_t id = 0; id < 12; id++)
		toy_arrive(&toy, id, 1);
	toy_run(&toy, 150 * MS);
	ck_assert_uint_eq(toy.machine->totals.placements, 4);
	toy_lose_function(&toy, 2);
	ck_assert_uint_eq(toy.machine->cluster->pool[2].n, 0);
	ck_assert_uint_eq(toy.machine->cluster->loose, 1);
	toy_lose_function(&toy, 2);
	toy_run(&toy, 3 * S);
	ck_assert_uint_eq(toy.machine->cluster->loose, 0);
	ck_assert_uint_eq(toy.ends[POD_READY], 12);
	toy_run(&toy, 60 * S);
	ck_assert_uint_eq(toy.machine->crew->lives, 4);
}
END_TEST

START_TEST(all_functions_lost)
{
	nodes(2, 4);
	toy.think_ns = 100 * MS;
	toy.up_ns = 5 * S;
	toy_start(&toy);
	for (uint64_t id = 0; id < 6; id++)
		toy_arrive(&toy, id, 1);
	toy_run(&toy, 50 * MS);
	toy_lose_function(&toy, 0);
	toy_lose_function(&toy, 1);
	toy_arrive(&toy, 6, 1);
	ck_assert_uint_eq(toy.machine->orphans.n, 7);
	ck_assert_uint_eq(toy.machine->cluster->loose, 2);
	toy_run(&toy, 30 * S);
	ck_assert_uint_eq(toy.ends[POD_READY], 7);
	ck_assert_uint_eq(toy.machine->cluster->loose, 0);
	ck_assert_uint_eq(toy.machine->crew->lives, 2);
}
END_TEST

/* The same messages give the same actions. */
START_TEST(it_replays)
{
	struct outbox again = { 0 };
	struct control *other;
	struct msg in;

	nodes(8, 4);
	toy.verify = false;
	toy_start(&toy);
	other = control_new(&toy.control, &toy.cluster, toy.service, 0, toy.seed);
	control_step(other, 0, &(struct msg){ .kind = MSG_TICK }, NULL, &again);
	for (uint64_t id = 0; id < 200; id++) {
		in = (struct msg){ .kind = MSG_POD_ARRIVE,
				   .arrive = { .id = id, .gpu_milli = id % 5 * GPU_MILLI } };
		toy.now = (int64_t)id;
		toy_give(&toy, &in, NULL);
		outbox_clear(&again);
		control_step(other, (int64_t)id, &in, NULL, &again);
		ck_assert_uint_eq(again.n, toy.out.n);
		ck_assert_uint_eq(again.loads_n, toy.out.loads_n);
		ck_assert(!again.n || !memcmp(again.at, toy.out.at, again.n * sizeof(*again.at)));
		ck_assert(!again.loads_n || !memcmp(again.loads, toy.out.loads, again.loads_n));
		for (uint32_t f = 0; f < 8; f++) {
			in = (struct msg){ .kind = MSG_THOUGHT, .who = f };
			in.think.gen = other->function[f].thought;
			toy_give(&toy, &in, NULL);
			outbox_clear(&again);
			control_step(other, (int64_t)id, &in, NULL, &again);
			ck_assert_uint_eq(again.n, toy.out.n);
			ck_assert(!again.n ||
				  !memcmp(again.at, toy.out.at, again.n * sizeof(*again.at)));
		}
	}
	outbox_release(&again);
	control_free(other);
}
END_TEST

Suite *functional_suite(void)
{
	Suite *suite = suite_create("functional");
	TCase *tc = tcase_create("functional");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, equal_split);
	tcase_add_test(tc, cores_held);
	tcase_add_test(tc, a_full_function_probes);
	tcase_add_test(tc, reservations_expire);
	tcase_add_test(tc, probes_time_out);
	tcase_add_test(tc, the_cache_saves_probes);
	tcase_add_test(tc, the_cache_knows_shapes);
	tcase_add_test(tc, the_best_known_is_asked);
	tcase_add_test(tc, a_pod_that_waits_gets_what_comes_free);
	tcase_add_test(tc, a_lost_function);
	tcase_add_test(tc, all_functions_lost);
	tcase_add_test(tc, it_replays);
	suite_add_tcase(suite, tc);
	return suite;
}
