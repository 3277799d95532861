/* Nodes, pools, the search for a node and its scores: closed forms, a naive scan as an oracle, and
 * what must abort. */
#include "base/arena.h"
#include "models/cluster/cluster.h"
#include "tests/suites.h"
#include <signal.h>
#include <string.h>

/* Whole GPUs, milli-CPUs, bytes. */
#define NEED(gpus, cpu, memory) \
	((struct need){ \
		.gpu_milli = (gpus)*GPU_MILLI, .cpu_milli = (cpu), .memory_bytes = (memory) })
#define SHARE(milli) ((struct need){ .gpu_milli = (milli) })

static struct arena arena;
static struct cluster_config config;
static struct place_config place;
static struct rng rng;

static void setup(void)
{
	arena_init(&arena);
	opt_defaults(cluster_options, &config, &arena);
	opt_defaults(place_options, &place, &arena);
	rng = rng_stream(1, "test", 0);
}

static void teardown(void)
{
	arena_release(&arena);
}

static struct cluster *make(int64_t nodes, int64_t gpus)
{
	struct cluster *cluster;

	config.nodes = nodes;
	config.gpus = gpus;
	cluster = cluster_new(&config, &place, 3);
	for (uint32_t i = 0; i < cluster->n; i++)
		cluster_own(cluster, i, 0);
	return cluster;
}

START_TEST(bits_are_a_set)
{
	enum { N = 10000 };
	struct bits bits = { 0 };
	static bool in[N];

	bits_reserve(&bits, 100);
	bits_reserve(&bits, N);
	for (int i = 0; i < 3000; i++) {
		uint32_t at = rng_below(&rng, N);

		in[at] = i < 1000 ? true : rng_below(&rng, 10) == 0;
		if (in[at])
			bits_set(&bits, at);
		else
			bits_clear(&bits, at);
	}
	for (uint32_t i = 0, next = 0; i <= N; i++) {
		if (next < i)
			next = i;
		while (next < N && !in[next])
			next++;
		ck_assert_uint_eq(bits_next(&bits, i), next < N ? next : UINT32_MAX);
	}
	bits_release(&bits);
}
END_TEST

/* V14: kube-scheduler's sample. */
START_TEST(sample_sizes)
{
	ck_assert_uint_eq(search_sample(99, 0), 99);
	ck_assert_uint_eq(search_sample(100, 0), 100);
	ck_assert_uint_eq(search_sample(1000, 0), 420);
	ck_assert_uint_eq(search_sample(5000, 0), 500);
	ck_assert_uint_eq(search_sample(15000, 0), 750);
	ck_assert_uint_eq(search_sample(30000, 0), 1500);
	ck_assert_uint_eq(search_sample(1000, 5), 100);
	ck_assert_uint_eq(search_sample(1000, 30), 300);
	ck_assert_uint_eq(search_sample(1000, 100), 1000);
}
END_TEST

START_TEST(shapes)
{
	static const uint32_t want[] = { 0, 4, 5, 5, 6, 6, 6, 6, 7, 7 };

	for (uint32_t gpus = 0; gpus < 10; gpus++)
		ck_assert_uint_eq(cluster_shape(gpus * GPU_MILLI), want[gpus]);
	ck_assert_uint_eq(cluster_shape(64 * GPU_MILLI), 7);
	ck_assert_uint_eq(cluster_shape(1), 1);
	ck_assert_uint_eq(cluster_shape(249), 1);
	ck_assert_uint_eq(cluster_shape(250), 2);
	ck_assert_uint_eq(cluster_shape(499), 2);
	ck_assert_uint_eq(cluster_shape(500), 3);
	ck_assert_uint_eq(cluster_shape(999), 3);
}
END_TEST

START_TEST(scores_by_hand)
{
	struct need need = NEED(2, 20000, 100), nothing = NEED(0, 0, 0);
	struct cluster *cluster;
	struct node *node;

	config.cpu_milli = 100000;
	config.memory_bytes = 1000;
	cluster = make(1, 8);
	node = &cluster->node[0];
	cluster_take(cluster, 0, &NEED(3, 30000, 400));
	/* CPU 50 of 100 used, memory 500 of 1000: least (50 + 50) / 2; balanced: before |.3 - .4|
	 * / 2 = .05 -> 95, after 0 -> 100: 50 + (50 + 5) / 2 = 77. */
	place = (struct place_config){ .least = 1, .cpu = 1, .memory = 1 };
	ck_assert_int_eq(search_score(&place, node, &need), 50);
	place.memory = 3;
	place.cpu = 0;
	place.most = 2;
	ck_assert_int_eq(search_score(&place, node, &need), 50 + 2 * 50);
	place = (struct place_config){ .balanced = 1, .cpu = 1, .memory = 1 };
	ck_assert_int_eq(search_score(&place, node, &need), 77);
	ck_assert_int_eq(search_score(&place, node, &nothing), 0);
	/* 5 of 8 GPUs: most 62; three shares .3 .4 .375 -> .5 .5 .625: std .04249, .05893. */
	place = (struct place_config){ .most = 1, .gpu = 1 };
	ck_assert_int_eq(search_score(&place, node, &need), 62);
	place = (struct place_config){ .balanced = 1, .cpu = 1, .memory = 1, .gpu = 1 };
	ck_assert_int_eq(search_score(&place, node, &need), 50 + (50 + 94 - 95) / 2);
	/* An empty request counts as 100m when scored: 100 - 30.1. */
	place = (struct place_config){ .least = 1, .cpu = 1 };
	ck_assert_int_eq(search_score(&place, node, &nothing), 69);
	cluster_free(cluster);
}
END_TEST

START_TEST(full_nodes_are_examined_but_skipped)
{
	struct need one = NEED(1, 0, 0), four = NEED(4, 0, 0);
	struct cluster *cluster = make(5000, 8);
	struct found found;

	for (uint32_t i = 0; i < 5000; i++)
		if (i != 4321)
			cluster_take(cluster, i, &NEED(8, 0, 0));
	cluster_take(cluster, 4321, &NEED(5, 0, 0));
	ck_assert_uint_eq(cluster->pool[0].fit[cluster_shape(1)], 1);
	ck_assert_uint_eq(cluster->pool[0].fit[cluster_shape(2000)], 1);
	ck_assert_uint_eq(cluster->pool[0].fit[cluster_shape(4000)], 0);
	ck_assert_int_eq(cluster->pool[0].free_gpus, 3);
	found = search_pool(cluster, 0, &one, &rng);
	ck_assert_uint_eq(found.node, 4321);
	ck_assert_uint_eq(found.examined, 5000);
	ck_assert_uint_eq(found.feasible, 1);
	found = search_pool(cluster, 0, &four, &rng);
	ck_assert_uint_eq(found.node, NO_NODE);
	ck_assert_uint_eq(found.examined, 5000);
	cluster_verify(cluster);
	cluster_free(cluster);
}
END_TEST

START_TEST(search_goes_round)
{
	struct need one = NEED(1, 0, 0);
	struct cluster *cluster = make(1000, 8);
	struct found found;

	found = search_pool(cluster, 0, &one, &rng);
	ck_assert_uint_eq(found.examined, 420);
	ck_assert_uint_eq(found.feasible, 420);
	ck_assert_uint_lt(found.node, 420);
	ck_assert_uint_eq(cluster->pool[0].cursor, 420);
	found = search_pool(cluster, 0, &one, &rng);
	ck_assert(found.node >= 420 && found.node < 840);
	/* 840 .. 999 and 0 .. 259; the 10 nodes before them that are full are passed over. */
	for (uint32_t i = 840; i < 850; i++)
		cluster_take(cluster, i, &NEED(8, 0, 0));
	found = search_pool(cluster, 0, &one, &rng);
	ck_assert_uint_eq(found.examined, 430);
	ck_assert_uint_eq(found.feasible, 420);
	ck_assert_uint_eq(cluster->pool[0].cursor, 270);
	cluster_free(cluster);
}
END_TEST

START_TEST(ties_are_even)
{
	struct need one = NEED(1, 1000, 1000);
	struct cluster *cluster = make(99, 8);
	int count[99] = { 0 };
	double chi = 0;

	for (int i = 0; i < 99000; i++)
		count[search_pool(cluster, 0, &one, &rng).node]++;
	for (int i = 0; i < 99; i++)
		chi += (count[i] - 1000.0) * (count[i] - 1000.0) / 1000.0;
	/* 98 degrees of freedom: 149 is passed once in 1000. */
	ck_assert_double_lt(chi, 149);
	cluster_free(cluster);
}
END_TEST

START_TEST(spread_and_pack)
{
	struct need one = NEED(1, 4000, 1 << 30);
	struct cluster *cluster = make(10, 8);
	uint32_t used = 0;

	for (int i = 0; i < 20; i++)
		cluster_take(cluster, search_pool(cluster, 0, &one, &rng).node, &one);
	for (uint32_t i = 0; i < 10; i++)
		ck_assert_int_eq(cluster->node[i].free_gpus, 6);
	cluster_free(cluster);
	place = (struct place_config){ .most = 1, .gpu = 1 };
	cluster = make(10, 8);
	for (int i = 0; i < 20; i++)
		cluster_take(cluster, search_pool(cluster, 0, &one, &rng).node, &one);
	for (uint32_t i = 0; i < 10; i++)
		used += cluster->node[i].free_gpus < 8;
	ck_assert_uint_eq(used, 3);
	cluster_free(cluster);
}
END_TEST

START_TEST(slots_and_addresses_run_out)
{
	struct need none = NEED(0, 0, 0);
	struct cluster *cluster;

	config.pods = 3;
	cluster = make(1, 8);
	for (int i = 0; i < 3; i++)
		cluster_take(cluster, 0, &none);
	ck_assert(!cluster_fits(&cluster->node[0], &none));
	cluster_give(cluster, 0, &none);
	ck_assert(cluster_fits(&cluster->node[0], &none));
	cluster_free(cluster);
	config.pods = 110;
	config.ips = 2;
	cluster = make(1, 8);
	cluster_take(cluster, 0, &none);
	cluster_take(cluster, 0, &none);
	ck_assert_uint_eq(search_pool(cluster, 0, &none, &rng).node, NO_NODE);
	cluster_free(cluster);
}
END_TEST

/* Any order of taking, giving, changing hands, going down and coming back. */
START_TEST(index_follows_the_nodes)
{
	struct {
		uint32_t node;
		struct need need;
	} taken[300];
	struct cluster *cluster = make(70, 8);
	uint32_t n = 0;

	for (int i = 0; i < 20000; i++) {
		struct need need = NEED(rng_below(&rng, 9), 1000 * rng_below(&rng, 20), 1 << 20);
		uint32_t node = rng_below(&rng, cluster->n), what = rng_below(&rng, 10);

		if (what < 4 && n < 300 && cluster_fits(&cluster->node[node], &need)) {
			cluster_take(cluster, node, &need);
			taken[n].node = node;
			taken[n++].need = need;
		} else if (what < 7 && n) {
			uint32_t at = rng_below(&rng, n);

			cluster_give(cluster, taken[at].node, &taken[at].need);
			taken[at] = taken[--n];
		} else if (what == 7) {
			cluster_up(cluster, node, !cluster->node[node].up);
		} else if (cluster->node[node].pool != NO_POOL) {
			cluster_disown(cluster, node, i);
		} else {
			cluster_own(cluster, node, rng_below(&rng, 3));
		}
		if (i % 16 == 0)
			cluster_verify(cluster);
		if (i % 5000 == 4999)
			cluster_own(cluster, cluster_add(cluster), 1);
	}
	cluster_free(cluster);
}
END_TEST

/* What a scan of the whole pool would have looked at, and the best score there. */
static struct found scan(struct cluster *cluster, const struct need *need, int64_t *best)
{
	const struct pool *pool = &cluster->pool[0];
	struct found found = { .node = NO_NODE };

	*best = -1;
	while (found.examined < pool->n && found.feasible < search_sample(pool->n, 0)) {
		uint32_t at = (pool->cursor + found.examined++) % pool->n;
		const struct node *node = &cluster->node[pool->node[at]];
		int64_t score;

		if (!cluster_fits(node, need))
			continue;
		found.feasible++;
		score = search_score(&place, node, need);
		if (score > *best)
			*best = score;
	}
	return found;
}

/* The node found is the best of those that a scan would have looked at, whatever happened to nodes
 * since their scores were remembered. */
START_TEST(search_equals_a_scan)
{
	const struct need kinds[] = {
		NEED(1, 1000, 1 << 30), NEED(2, 4000, 1 << 30), SHARE(500), SHARE(300),
		NEED(8, 0, 0),		NEED(0, 500, 0)
	};
	struct cluster *cluster = make(300, 8);
	struct {
		struct need need;
		uint32_t node;
	} taken[1000];
	uint32_t n = 0;

	for (int i = 0; i < 20000; i++) {
		struct need need = kinds[rng_below(&rng, 6)];
		uint32_t any = rng_below(&rng, 300), what = rng_below(&rng, 20);
		struct found found, want;
		int64_t best;

		want = scan(cluster, &need, &best);
		found = search_pool(cluster, 0, &need, &rng);
		ck_assert_uint_eq(found.examined, want.examined);
		ck_assert_uint_eq(found.feasible, want.feasible);
		ck_assert_int_eq(found.node != NO_NODE, want.feasible > 0);
		if (found.node != NO_NODE)
			ck_assert_int_eq(search_score(&place, &cluster->node[found.node], &need),
					 best);
		if (found.node != NO_NODE && n < 1000 && what < 12) {
			cluster_take(cluster, found.node, &need);
			taken[n].need = need;
			taken[n++].node = found.node;
		} else if (what < 18 && n) {
			uint32_t at = rng_below(&rng, n);

			cluster_give(cluster, taken[at].node, &taken[at].need);
			taken[at] = taken[--n];
		} else if (what == 18) {
			cluster_up(cluster, any, !cluster->node[any].up);
		} else if (cluster->node[any].pool == 0) {
			cluster_disown(cluster, any, i);
			if (rng_below(&rng, 3))
				cluster_own(cluster, any, 0);
		} else {
			cluster_own(cluster, any, 0);
		}
	}
	cluster_free(cluster);
}
END_TEST

START_TEST(too_much_aborts)
{
	struct cluster *cluster = make(1, 8);

	cluster_take(cluster, 0, &NEED(9, 0, 0));
}
END_TEST

START_TEST(giving_what_was_not_taken_aborts)
{
	struct cluster *cluster = make(1, 8);

	cluster_give(cluster, 0, &NEED(1, 0, 0));
}
END_TEST

START_TEST(two_owners_abort)
{
	struct cluster *cluster = make(1, 8);

	cluster_own(cluster, 0, 1);
}
END_TEST

Suite *cluster_suite(void)
{
	Suite *suite = suite_create("cluster");
	TCase *tc = tcase_create("cluster");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, bits_are_a_set);
	tcase_add_test(tc, sample_sizes);
	tcase_add_test(tc, shapes);
	tcase_add_test(tc, scores_by_hand);
	tcase_add_test(tc, full_nodes_are_examined_but_skipped);
	tcase_add_test(tc, search_goes_round);
	tcase_add_test(tc, ties_are_even);
	tcase_add_test(tc, spread_and_pack);
	tcase_add_test(tc, slots_and_addresses_run_out);
	tcase_add_test(tc, index_follows_the_nodes);
	tcase_add_test(tc, search_equals_a_scan);
	tcase_add_test_raise_signal(tc, too_much_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, giving_what_was_not_taken_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, two_owners_abort, SIGABRT);
	suite_add_tcase(suite, tc);
	return suite;
}
