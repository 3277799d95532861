/* FGD: F by hand and by its definition, the GPU it prefers, and V13: filled to the brim, a cluster
 * has more of its GPUs in use than under other scores. */
#include "models/cluster/fragment.h"
#include "tests/suites.h"
#include <math.h>

#define GPUS(milli, cpu) ((struct need){ .gpu_milli = (milli), .cpu_milli = (cpu) })

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
	cluster = cluster_new(&config, &place, 1);
	for (uint32_t i = 0; i < cluster->n; i++)
		cluster_own(cluster, i, 0);
	return cluster;
}

/* Free are a GPU and 400 of another; half of the pods want 500, half a GPU.  F = 400: of no use are
 * the 400.  A share of 300 from them leaves 100; from the free GPU 700 and 400, of which pods of
 * 500 cannot use 400 and those of 1000 nothing. */
START_TEST(by_hand)
{
	const struct typical typical[] = { { GPUS(500, 0), 0.5 }, { GPUS(1000, 0), 0.5 } };
	struct need first = GPUS(600, 0), small = GPUS(300, 0), whole = GPUS(1000, 0);
	struct cluster *cluster;

	place.typical = typical;
	place.typicals = 2;
	place.fragmentation = 10;
	cluster = make(1, 2);
	ck_assert_double_eq(fragment_of(cluster), 0);
	cluster_take(cluster, 0, &first);
	ck_assert_double_eq_tol(fragment_of(cluster), 400.0 / 1400, 1e-12);
	ck_assert_int_eq(fragment_score(cluster, &cluster->node[0], &small),
			 (int64_t)(1000 / (1 + exp(-0.3))));
	ck_assert_uint_eq(fragment_gpu(cluster, &cluster->node[0], &small), first.gpu);
	/* A whole one: 400 are left, which are of no use, as before. */
	ck_assert_int_eq(fragment_score(cluster, &cluster->node[0], &whole), 500);
	cluster_take(cluster, 0, &small);
	ck_assert_uint_eq(small.gpu, first.gpu);
	ck_assert_double_eq_tol(fragment_of(cluster), 100.0 / 1100, 1e-12);
	cluster_take(cluster, 0, &whole);
	ck_assert_double_eq(fragment_of(cluster), 1);
	cluster_up(cluster, 0, false);
	ck_assert(isnan(fragment_of(cluster)));
	cluster_free(cluster);
}
END_TEST

/* The definition, GPU by GPU: free[] is what is free of each. */
static double defined(const struct typical *typical, uint32_t n, const int32_t *free, int gpus,
		      int64_t cpu_milli)
{
	double f = 0;

	for (uint32_t i = 0; i < n; i++) {
		int32_t milli = (int32_t)typical[i].need.gpu_milli;
		int32_t each = milli < GPU_MILLI ? milli : GPU_MILLI, usable = 0, lost = 0, all = 0;

		for (int g = 0; g < gpus; g++) {
			all += free[g];
			usable += free[g] >= each;
			lost += free[g] < each ? free[g] : 0;
		}
		if (!milli || typical[i].need.cpu_milli > cpu_milli || usable * each < milli)
			lost = all;
		f += typical[i].share * lost;
	}
	return f;
}

START_TEST(by_definition)
{
	const struct typical typical[] = { { GPUS(250, 1000), 0.3 },
					   { GPUS(700, 8000), 0.2 },
					   { GPUS(1000, 4000), 0.3 },
					   { GPUS(4000, 30000), 0.1 },
					   { GPUS(0, 2000), 0.1 } };
	enum { N = 4, TYPICALS = 5 };

	place.typical = typical;
	place.typicals = TYPICALS;
	place.fragmentation = 1;
	config.cpu_milli = 40000;
	for (int round = 0; round < 3000; round++) {
		struct cluster *cluster = make(1, N);
		const struct node *node = &cluster->node[0];
		int32_t free[N] = { 1000, 1000, 1000, 1000 };
		struct need need;

		for (uint32_t pods = rng_below(&rng, 12); pods; pods--) {
			need = GPUS(1 + rng_below(&rng, 1000), 1000 * rng_below(&rng, 8));
			if (need.gpu_milli == GPU_MILLI || !cluster_fits(node, &need))
				continue;
			cluster_take(cluster, 0, &need);
			free[need.gpu] -= (int32_t)need.gpu_milli;
			ck_assert_int_ge(free[need.gpu], 0);
		}
		if (node->free_gpu_milli)
			ck_assert_double_eq_tol(
				fragment_of(cluster) * node->free_gpu_milli,
				defined(typical, TYPICALS, free, N, node->free_cpu_milli), 1e-6);
		need = GPUS(1 + rng_below(&rng, 999), 1000);
		if (cluster_fits(node, &need) && node->share != NO_SHARE) {
			uint32_t gpu = fragment_gpu(cluster, node, &need);
			double least = INFINITY, chosen = 0;

			for (uint32_t g = 0; g < N; g++) {
				double f;

				if (free[g] < (int32_t)need.gpu_milli)
					continue;
				free[g] -= (int32_t)need.gpu_milli;
				f = defined(typical, TYPICALS, free, N,
					    node->free_cpu_milli - 1000);
				free[g] += (int32_t)need.gpu_milli;
				least = f < least ? f : least;
				chosen = g == gpu ? f : chosen;
			}
			ck_assert_double_eq_tol(chosen, least, 1e-6);
		}
		cluster_free(cluster);
	}
}
END_TEST

/* Pods in openb's proportions, as they come until they ask for 1.3 times the GPUs; the share of the
 * GPUs that they get. */
static double filled(int64_t least, int64_t most, int64_t fragmentation, uint64_t seed)
{
	static const struct typical typical[] = {
		{ { .gpu_milli = 1000, .cpu_milli = 8000 }, 0.54 },
		{ { .gpu_milli = 810, .cpu_milli = 8000 }, 0.15 },
		{ { .gpu_milli = 470, .cpu_milli = 4000 }, 0.12 },
		{ { .gpu_milli = 320, .cpu_milli = 4000 }, 0.08 },
		{ { .gpu_milli = 650, .cpu_milli = 6000 }, 0.06 },
		{ { .gpu_milli = 230, .cpu_milli = 4000 }, 0.03 },
		{ { .gpu_milli = 8000, .cpu_milli = 64000 }, 0.02 },
	};
	struct rng pods = rng_stream(seed, "pods", 0), ties = rng_stream(seed, "ties", 0);
	struct cluster *cluster;
	double asked = 0, got = 0;

	place = (struct place_config){ .sample = 100,
				       .least = least,
				       .most = most,
				       .fragmentation = fragmentation,
				       .cpu = 1,
				       .memory = 1,
				       .gpu = 1,
				       .typical = typical,
				       .typicals = 7 };
	config.cpu_milli = 96000;
	cluster = make(60, 8);
	while (asked < 1.3 * 480 * GPU_MILLI) {
		double u = rng_unit(&pods);
		struct need need;
		struct found found;
		uint32_t k = 0;

		while (k < 6 && u >= typical[k].share)
			u -= typical[k++].share;
		need = typical[k].need;
		asked += need.gpu_milli;
		found = search_pool(cluster, 0, &need, &ties);
		if (found.node == NO_NODE)
			continue;
		cluster_take(cluster, found.node, &need);
		got += need.gpu_milli;
	}
	cluster_verify(cluster);
	cluster_free(cluster);
	return got / (480 * GPU_MILLI);
}

/* V13: shape of the result, on a cluster of our own making. */
START_TEST(more_gpus_are_used)
{
	double fgd = 0, packed = 0, spread = 0, random = 0;

	for (uint64_t seed = 1; seed <= 10; seed++) {
		fgd += filled(0, 0, 100, seed) / 10;
		packed += filled(0, 1, 0, seed) / 10;
		spread += filled(1, 0, 0, seed) / 10;
		random += filled(0, 0, 0, seed) / 10;
	}
	ck_assert_msg(fgd > packed && fgd > spread && fgd > random && fgd > 0.93,
		      "fgd %.4f packed %.4f spread %.4f random %.4f", fgd, packed, spread, random);
}
END_TEST

Suite *fragment_suite(void)
{
	Suite *suite = suite_create("fragment");
	TCase *tc = tcase_create("fragment");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, by_hand);
	tcase_add_test(tc, by_definition);
	tcase_add_test(tc, more_gpus_are_used);
	suite_add_tcase(suite, tc);
	return suite;
}
