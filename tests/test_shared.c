/* The shared plane (Omega) against the closed forms of its conflicts, V6 and V7; the views that it
 * decides on; the direct plane's placements; and the direct state path. */
#include "tests/suites.h"
#include "tests/toy_world.h"
#include <math.h>
#include <string.h>

static struct arena arena;
static struct toy toy;

static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy.control.plane = PLANE_SHARED;
	toy.life_ns = 1000000 * S;
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
}

/* Every free node is as good as any other. */
static void choose_at_random(void)
{
	toy.control.place.least = toy.control.place.balanced = 0;
	toy.control.place.sample = 100;
}

static uint64_t conflicts(void)
{
	return toy.machine->totals.conflicts;
}

/* --- views --- */

static void same_as(const struct view *view, const struct cluster *cluster)
{
	cluster_verify(&view->cluster);
	ck_assert_uint_eq(view->cluster.n, cluster->n);
	for (uint32_t i = 0; i < cluster->n; i++) {
		const struct node *a = &view->cluster.node[i], *b = &cluster->node[i];

		ck_assert_int_eq(a->free_gpus, b->free_gpus);
		ck_assert_int_eq(a->free_pods, b->free_pods);
		ck_assert_int_eq(a->scored_memory_bytes, b->scored_memory_bytes);
		ck_assert_int_eq(a->up, b->up);
		ck_assert_uint_eq(a->version, b->version);
	}
}

/* Few changes are read from the log; more than it holds are copied; both come to the same. */
START_TEST(views_follow)
{
	struct cluster *cluster;
	struct rng rng = rng_stream(3, "views", 0);
	struct need need = { .gpu_milli = GPU_MILLI };
	struct view view;

	toy_start(&toy);
	toy.cluster.nodes = 50;
	cluster = cluster_new(&toy.cluster, &toy.control.place, 1);
	cluster_log(cluster);
	view_init(&view, cluster, NO_POOL);
	view_sync(&view, cluster, 0, 0);
	for (int round = 1; round < 200; round++) {
		uint32_t changes = rng_below(&rng, round % 10 ? 40 : 3000);

		for (uint32_t i = 0; i < changes; i++) {
			uint32_t id = rng_below(&rng, cluster->n);
			struct node *node = &cluster->node[id];

			if (!rng_below(&rng, 20))
				cluster_up(cluster, id, !node->up);
			else if (cluster_fits(node, &need) && rng_below(&rng, 2))
				cluster_take(cluster, id, &need);
			else if (node->free_gpus < node->gpus)
				cluster_give(cluster, id, &need);
		}
		if (!rng_below(&rng, 8))
			cluster_add(cluster);
		ck_assert(view_current(&view, cluster) == (view.seen == cluster->changes));
		/* Young enough: it stays as it is. */
		view_sync(&view, cluster, 2, round);
		view_sync(&view, cluster, 1, round);
		same_as(&view, cluster);
		ck_assert(view_current(&view, cluster));
	}
	view_release(&view);
	cluster_free(cluster);
}
END_TEST

START_TEST(decisions_say_how_old_they_are)
{
	const struct decision_record *record;

	toy.control.decisions = true;
	toy.control.shared.schedulers = 1;
	toy.control.shared.sync_ns = 10 * S;
	toy_start(&toy);
	for (int second = 0; second < 25; second += 4) {
		toy_run(&toy, second * S);
		toy_arrive(&toy, 1, 1);
		toy_run(&toy, second * S);
		record = &toy.decisions.at[toy.decisions.n - 1];
		ck_assert_uint_eq(record->kind, DECISION_SEARCHED);
		ck_assert_int_eq(record->at_ns, second * S);
		/* Refreshed at 0, 12 and 24 s. */
		ck_assert_int_eq(record->info_age_ns, second % 12 * S);
	}
}
END_TEST

/* --- conflicts --- */

/* The share of R requests, decided at once on the same view of S nodes, that conflict. */
static double round_of(int schedulers, int requests, int slots, int64_t gpus, int mode,
		       uint64_t seed)
{
	double share;

	teardown();
	setup();
	choose_at_random();
	toy.seed = seed;
	toy.cluster.nodes = slots;
	toy.cluster.gpus = gpus;
	toy.control.shared.schedulers = schedulers;
	toy.control.shared.sync_ns = 1000 * S;
	toy.control.shared.conflict = mode;
	toy.think_ns = 1 * MS;
	toy_start(&toy);
	for (int i = 0; i < requests; i++)
		toy_arrive(&toy, (uint64_t)i, 1);
	/* Each has been decided once. */
	toy_run(&toy, requests / schedulers * MS);
	share = (double)conflicts() / requests;
	ck_assert_uint_eq(toy.machine->totals.placements + conflicts(), (uint64_t)requests);
	return share;
}

static const struct {
	int schedulers, requests;
	double want;
} v6[] = {
	{ 1, 500, 0 },	   { 2, 100, 0.025 },  { 20, 100, 0.0461 },
	{ 2, 500, 0.125 }, { 5, 500, 0.181 },  { 20, 500, 0.2054 },
	{ 2, 900, 0.225 }, { 5, 900, 0.3008 }, { 20, 900, 0.3313 },
};

START_TEST(v6_conflicts_of_a_round)
{
	enum { SLOTS = 1000, SEEDS = 20 };
	double n = v6[_i].schedulers, r = v6[_i].requests, mean = 0, square = 0, error;
	double form = 1 - SLOTS / r * (1 - pow(1 - r / (n * SLOTS), n));

	ck_assert_double_eq_tol(form, v6[_i].want, 0.00006);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		double share = round_of(v6[_i].schedulers, v6[_i].requests, SLOTS, 1,
					seed % 2 ? CONFLICT_FIT : CONFLICT_SEQUENCE, seed);

		mean += share / SEEDS;
		square += share * share / SEEDS;
	}
	error = sqrt(fmax(square - mean * mean, 0) / (SEEDS - 1));
	ck_assert_double_lt(error, 0.006);
	ck_assert_double_eq_tol(mean, form, 4 * error + 1e-12);
}
END_TEST

START_TEST(resource_fit_conflicts_less)
{
	double fit = round_of(20, 900, 500, 2, CONFLICT_FIT, 1);
	double sequence = round_of(20, 900, 500, 2, CONFLICT_SEQUENCE, 1);

	ck_assert_double_gt(fit, 0);
	ck_assert_double_lt(fit, 0.6 * sequence);
}
END_TEST

/* A pod for one of two schedulers. */
static void arrive_at(uint32_t scheduler)
{
	toy.machine->turn = !scheduler;
	toy_arrive(&toy, 1, 1);
}

/* One scheduler takes `think_s` for a decision, while others place `rate` pods a second. */
static double slow_decisions(double rate, double think_s, int trials)
{
	struct rng arrivals = rng_stream(5, "arrivals", 0);

	toy.cluster.nodes = 100;
	toy.cluster.gpus = 64;
	toy.control.shared.schedulers = 2;
	toy.life_ns = 0;
	toy_start(&toy);
	for (int i = 0; i < trials; i++) {
		int64_t from_ns = toy.now, for_ns = (int64_t)(think_s * 1e9);
		double at = rng_exp(&arrivals) / rate;

		toy.think_ns = for_ns;
		arrive_at(0);
		toy.think_ns = 0;
		for (; at < think_s; at += rng_exp(&arrivals) / rate) {
			toy_run(&toy, from_ns + (int64_t)(at * 1e9));
			arrive_at(1);
		}
		toy_run(&toy, from_ns + for_ns);
		toy.record.n = 0;
	}
	return (double)conflicts() / trials;
}

static const struct {
	double rate, think_s, want;
} v7[] = {
	{ 1, 1, 0.00995 },
	{ 1, 10, 0.0952 },
	{ 10, 10, 0.6321 },
};

START_TEST(v7_conflicts_of_slow_decisions)
{
	enum { TRIALS = 1500 };
	double want = 1 - exp(-v7[_i].rate * v7[_i].think_s / 100), share;

	ck_assert_double_eq_tol(want, v7[_i].want, 0.0001);
	choose_at_random();
	toy.control.shared.conflict = CONFLICT_SEQUENCE;
	share = slow_decisions(v7[_i].rate, v7[_i].think_s, TRIALS);
	ck_assert_double_eq_tol(share, want, 4 * sqrt(want * (1 - want) / TRIALS));
}
END_TEST

START_TEST(no_conflicts_where_there_is_room)
{
	choose_at_random();
	ck_assert_double_eq(slow_decisions(10, 10, 100), 0);
}
END_TEST

/* The loser goes behind what waits at its own scheduler. */
START_TEST(a_conflict_goes_to_the_back)
{
	toy.verify = true;
	toy.cluster.nodes = 2;
	toy.cluster.gpus = 1;
	toy.control.place.sample = 100;
	toy.control.shared.schedulers = 2;
	toy.control.attempts = 1;
	toy.think_ns = 10 * MS;
	toy_start(&toy);
	toy_lose_node(&toy, 1);
	arrive_at(0);
	arrive_at(1);
	toy_arrive(&toy, 2, 0); /* at the first */
	toy_arrive(&toy, 3, 0); /* at the second */
	toy_run(&toy, 10 * MS);
	ck_assert_uint_eq(conflicts(), 1);
	ck_assert_uint_eq(toy.machine->pods.at[2].state, POD_DECIDING);
	ck_assert_uint_eq(toy.machine->pods.at[3].state, POD_DECIDING);
	ck_assert_uint_eq(toy.machine->function[1].queue.head, 1);
	/* By then it knows that there is no room. */
	toy_run(&toy, 1 * S);
	ck_assert_uint_eq(toy.ends[POD_READY], 3);
	ck_assert_uint_eq(toy.ends[POD_UNSCHEDULABLE], 1);
	ck_assert_uint_eq(conflicts(), 1);
}
END_TEST

/* Two schedulers on one node with one slot: the loser comes again after a second, Omega's way, or
 * is given up at once. */
START_TEST(losers_wait_or_give_up)
{
	toy.verify = true;
	toy.cluster.nodes = 2;
	toy.cluster.gpus = 1;
	choose_at_random();
	toy.control.shared.schedulers = 2;
	toy.control.shared.retry_ns = 1 * S;
	toy.control.shared.give_up = _i;
	toy.think_ns = 10 * MS;
	toy.life_ns = 500 * MS;
	toy_start(&toy);
	toy_lose_node(&toy, 1);
	arrive_at(0);
	arrive_at(1);
	toy_run(&toy, 10 * MS);
	ck_assert_uint_eq(conflicts(), 1);
	ck_assert_uint_eq(toy.ends[POD_UNSCHEDULABLE], _i);
	/* The slot has long been free. */
	toy_run(&toy, 1019 * MS);
	ck_assert_uint_eq(toy.ends[POD_READY], 1);
	toy_run(&toy, 1020 * MS);
	ck_assert_uint_eq(toy.ends[POD_READY], _i ? 1 : 2);
	ck_assert_uint_eq(conflicts(), 1);
}
END_TEST

/* An old view says that there is no room, and nothing more will happen: the clock brings it back.
 */
START_TEST(old_views_are_outlived)
{
	toy.verify = true;
	toy.cluster.nodes = 1;
	toy.cluster.gpus = 1;
	toy.control.shared.schedulers = 1;
	toy.control.shared.sync_ns = 3 * S;
	toy.life_ns = 0;
	toy_start(&toy);
	toy_arrive(&toy, 1, 1);
	toy_run(&toy, 1 * S); /* the pod is gone, but the view does not know */
	ck_assert_int_eq(toy.machine->cluster->node[0].free_gpus, 1);
	toy_arrive(&toy, 2, 1);
	toy_run(&toy, 1500 * MS);
	ck_assert_uint_eq(toy.record.n, 1);
	toy_run(&toy, 10 * S);
	ck_assert_uint_eq(toy.record.n, 2);
	ck_assert_uint_eq(toy.ends[POD_READY], 2);
}
END_TEST

/* --- direct: the plane --- */

static void place_30(int placement)
{
	toy.control.plane = PLANE_DIRECT;
	toy.control.lean.placement = placement;
	toy.cluster.nodes = 10;
	toy.cluster.gpus = 4;
	toy_start(&toy);
	for (uint64_t i = 0; i < 30; i++)
		toy_arrive(&toy, i, 1);
	toy_run(&toy, 1 * S);
	ck_assert_uint_eq(toy.ends[POD_READY], 30);
	cluster_verify(toy.machine->cluster);
}

START_TEST(round_robin_goes_round)
{
	place_30(PLACEMENT_ROUND_ROBIN);
	for (uint32_t i = 0; i < 30; i++)
		ck_assert_uint_eq(toy.record.at[i].node, i % 10);
	/* Full nodes are stepped over. */
	toy_arrive(&toy, 99, 2);
	toy_arrive(&toy, 99, 1);
	toy_run(&toy, 2 * S);
	ck_assert_uint_eq(toy.machine->cluster->pool[0].fit[1], 9);
	ck_assert_uint_eq(toy.record.n, 31);
	ck_assert_uint_eq(toy.record.at[30].node, 0);
}
END_TEST

START_TEST(least_allocated_levels)
{
	toy.control.place.gpu = 1;
	place_30(PLACEMENT_LEAST_ALLOCATED);
	for (uint32_t i = 0; i < 10; i++)
		ck_assert_int_eq(toy.machine->cluster->node[i].free_gpus, 1);
}
END_TEST

/* Of nodes with room each is as likely: chi-square over many one-pod lives. */
START_TEST(random_is_uniform)
{
	enum { NODES = 20, PODS = 4000 };
	double chi = 0, mean = (double)PODS / NODES, count[NODES] = { 0 };

	toy.control.plane = PLANE_DIRECT;
	toy.cluster.nodes = NODES;
	toy.life_ns = 0;
	toy_start(&toy);
	for (uint64_t i = 0; i < PODS; i++) {
		toy_arrive(&toy, i, 1);
		toy_run(&toy, (int64_t)i);
		count[toy.record.at[i].node]++;
	}
	for (int i = 0; i < NODES; i++)
		chi += (count[i] - mean) * (count[i] - mean) / mean;
	/* 19 degrees of freedom: 43.8 at 0.1 %, 3.9 at 99.99 % from below. */
	ck_assert_double_lt(chi, 43.8);
	ck_assert_double_gt(chi, 3.9);
}
END_TEST

/* --- direct: the state path, for any plane --- */

START_TEST(messages_instead_of_writes)
{
	/* With functions for everything: five more thoughts, and a message to who binds. */
	bool functional = _i == PLANE_FUNCTIONAL;
	int64_t more_ns = functional ? 35 * MS : 0;
	uint64_t sent = functional ? 10 : 9;

	toy_services(&toy, &arena, 1);
	toy.control.plane = _i;
	toy.control.path = PATH_DIRECT;
	toy.write_ns = 1000 * S;
	toy.send_ns = 10 * MS;
	toy.think_ns = 5 * MS;
	toy.start_ns = 100 * MS;
	toy.verify = true;
	toy_start(&toy);
	toy_scale(&toy, 0, 1);
	/* scale, Deployment, create; decision; bind; start; endpoints */
	toy_run(&toy, 154 * MS + more_ns);
	ck_assert_int_eq(toy.routable[0], 0);
	toy_run(&toy, 155 * MS + more_ns);
	ck_assert_int_eq(toy.routable[0], 1);
	toy_scale(&toy, 0, 0);
	toy_run(&toy, 1 * S);
	ck_assert_int_eq(toy.routable[0], 0);
	ck_assert_uint_eq(toy.outputs[MSG_WRITE], 0);
	ck_assert_uint_eq(toy.machine->totals.api_writes, 0);
	ck_assert_uint_eq(toy.outputs[MSG_SEND], sent);
	ck_assert_uint_eq(toy.machine->totals.messages, sent);
}
END_TEST

/* Over the API server the direct plane is held up like any other. */
START_TEST(the_lean_scheduler_over_the_api)
{
	toy.control.plane = PLANE_DIRECT;
	toy.control.path = PATH_API;
	toy.write_ns = 10 * MS;
	toy_start(&toy);
	toy_arrive(&toy, 1, 1);
	toy_run(&toy, 9 * MS);
	ck_assert_uint_eq(toy.record.n, 0);
	toy_run(&toy, 10 * MS);
	ck_assert_uint_eq(toy.record.n, 1);
	ck_assert_uint_eq(toy.outputs[MSG_SEND], 0);
}
END_TEST

Suite *shared_suite(void)
{
	Suite *suite = suite_create("shared");
	TCase *tc = tcase_create("shared");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, views_follow);
	tcase_add_test(tc, decisions_say_how_old_they_are);
	tcase_add_loop_test(tc, v6_conflicts_of_a_round, 0, sizeof(v6) / sizeof(*v6));
	tcase_add_test(tc, resource_fit_conflicts_less);
	tcase_add_loop_test(tc, v7_conflicts_of_slow_decisions, 0, sizeof(v7) / sizeof(*v7));
	tcase_add_test(tc, no_conflicts_where_there_is_room);
	tcase_add_test(tc, a_conflict_goes_to_the_back);
	tcase_add_loop_test(tc, losers_wait_or_give_up, 0, 2);
	tcase_add_test(tc, old_views_are_outlived);
	tcase_add_test(tc, round_robin_goes_round);
	tcase_add_test(tc, least_allocated_levels);
	tcase_add_test(tc, random_is_uniform);
	tcase_add_loop_test(tc, messages_instead_of_writes, PLANE_CENTRAL, PLANE_DIRECT + 1);
	tcase_add_test(tc, the_lean_scheduler_over_the_api);
	suite_add_tcase(suite, tc);
	return suite;
}
