/* What pods may ask of a node: shares of GPUs, against a plain list of who has what. */
#include "base/arena.h"
#include "base/vec.h"
#include "models/cluster/cluster.h"
#include "tests/suites.h"
#include <signal.h>
#include <string.h>

/* Whole GPUs, milli-CPUs, bytes. */
#define NEED(gpus, cpu, memory) \
	((struct need){ \
		.gpu_milli = (gpus)*GPU_MILLI, .cpu_milli = (cpu), .memory_bytes = (memory) })
/* A share of a GPU. */
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

/* Half GPUs fill GPU after GPU; what is left of one keeps whole pods out and shares in. */
START_TEST(shares_by_hand)
{
	struct need half = SHARE(500), other = SHARE(500), most = SHARE(700), pair = NEED(2, 0, 0);
	struct cluster *cluster = make(1, 2);
	const struct node *node = &cluster->node[0];

	cluster_take(cluster, 0, &half);
	ck_assert_int_eq(node->free_gpus, 1);
	ck_assert_int_eq(node->free_gpu_milli, 1500);
	ck_assert(!cluster_fits(node, &pair));
	cluster_take(cluster, 0, &most);
	ck_assert_uint_ne(most.gpu, half.gpu);
	ck_assert_int_eq(node->room_milli, 500);
	ck_assert(!cluster_fits(node, &NEED(1, 0, 0)));
	ck_assert(!cluster_fits(node, &SHARE(501)));
	cluster_take(cluster, 0, &other);
	ck_assert_uint_eq(other.gpu, half.gpu);
	ck_assert_int_eq(node->room_milli, 300);
	ck_assert_uint_eq(cluster->pool[0].fit[cluster_shape(250)], 1);
	ck_assert_uint_eq(cluster->pool[0].fit[cluster_shape(500)], 0);
	cluster_verify(cluster);
	cluster_give(cluster, 0, &most);
	ck_assert(cluster_fits(node, &NEED(1, 0, 0)));
	cluster_give(cluster, 0, &half);
	ck_assert(!cluster_fits(node, &pair));
	cluster_give(cluster, 0, &other);
	cluster_take(cluster, 0, &pair);
	ck_assert_uint_eq(search_pool(cluster, 0, &SHARE(1), &rng).node, NO_NODE);
	cluster_verify(cluster);
	cluster_free(cluster);
}
END_TEST

/* The pods of one node, each with what it took, as a plain list. */
struct guests {
	struct need need[64];
	uint32_t n;
};

/* Whether the node has room for so much: by the list alone. */
static bool has_room(const struct guests *guests, uint32_t gpus, uint32_t milli)
{
	uint32_t taken[8] = { 0 }, whole = 0, shared = 0, most = 0;

	for (uint32_t i = 0; i < guests->n; i++) {
		const struct need *need = &guests->need[i];

		if (need->gpu_milli % GPU_MILLI)
			taken[need->gpu] += need->gpu_milli;
		else
			whole += need->gpu_milli / GPU_MILLI;
	}
	for (uint32_t i = 0; i < gpus; i++) {
		ck_assert_uint_le(taken[i], GPU_MILLI);
		shared += taken[i] > 0;
		if (taken[i] && GPU_MILLI - taken[i] > most)
			most = GPU_MILLI - taken[i];
	}
	ck_assert_uint_le(whole + shared, gpus);
	return milli <= (gpus - whole - shared) * GPU_MILLI || (milli < GPU_MILLI && milli <= most);
}

START_TEST(shares_equal_a_list)
{
	enum { NODES = 6 };
	static const uint32_t sizes[] = { 10, 100, 125, 250, 300, 500, 501, 750, 990, 999 };
	struct cluster *cluster = make(NODES, 5), *copy = make(NODES, 5);
	static struct guests guests[NODES];

	for (int i = 0; i < 60000; i++) {
		struct need need = SHARE(sizes[rng_below(&rng, 10)]);
		uint32_t id = rng_below(&rng, NODES);
		struct guests *at = &guests[id];

		if (rng_below(&rng, 3) == 0)
			need.gpu_milli = GPU_MILLI * rng_below(&rng, 6);
		ck_assert_int_eq(cluster_fits(&cluster->node[id], &need),
				 has_room(at, 5, need.gpu_milli));
		if (rng_below(&rng, 2) && at->n < 64 && cluster_fits(&cluster->node[id], &need)) {
			cluster_take(cluster, id, &need);
			at->need[at->n++] = need;
		} else if (at->n) {
			uint32_t which = rng_below(&rng, at->n);

			cluster_give(cluster, id, &at->need[which]);
			at->need[which] = at->need[--at->n];
		}
		if (rng_below(&rng, 3) == 0)
			cluster_copy(copy, id, cluster);
		if (i % 16 == 0) {
			cluster_verify(cluster);
			cluster_verify(copy);
		}
	}
	cluster_free(cluster);
	cluster_free(copy);
}
END_TEST

START_TEST(share_given_twice_aborts)
{
	struct cluster *cluster = make(1, 8);
	struct need half = SHARE(500);

	cluster_take(cluster, 0, &half);
	cluster_give(cluster, 0, &half);
	cluster_give(cluster, 0, &half);
}
END_TEST

/* Two named types and nodes without, a pool that changes: who fits where, by type, is what a walk
 * over the nodes says. */
static struct cluster *three_groups(void)
{
	static struct group_config groups[3];
	struct cluster *cluster;

	for (int i = 0; i < 3; i++) {
		groups[i] = config.group;
		groups[i].nodes = 70;
	}
	groups[0].gpu = "T4";
	groups[0].gpus = 2;
	groups[1].gpu = "A10";
	groups[1].gpus = 4;
	config.groups = (struct opt_list){ groups, 3 };
	cluster = cluster_new(&config, &place, 2);
	for (uint32_t i = 0; i < cluster->n; i++)
		cluster_own(cluster, i, 0);
	return cluster;
}

START_TEST(types_have_names)
{
	struct cluster *cluster = three_groups();
	uint32_t types;
	struct err err;

	ck_assert_uint_eq(cluster->n, 210);
	ck_assert_int_eq(cluster_nodes(&config), 210);
	ck_assert_int_eq(cluster_most_gpus(&config), 8);
	ck_assert_uint_eq(cluster_types(&config), 2);
	ck_assert(cluster_types_named(&config, "A10", &types, &err) && types == 2);
	ck_assert(cluster_types_named(&config, "A10|T4|A10", &types, &err) && types == 3);
	ck_assert(cluster_types_named(&config, "", &types, &err) && types == 0);
	ck_assert(!cluster_types_named(&config, "T4|A100", &types, &err));
	ck_assert_str_eq(err.text, "no node of the cluster has GPUs of type 'A100'; did you mean "
				   "'A10'?");
	ck_assert(!cluster_types_named(&config, "T4|", &types, &err));
	ck_assert_int_eq(cluster->node[69].gpus, 2);
	ck_assert_int_eq(cluster->node[70].gpus, 4);
	ck_assert_uint_eq(cluster->node[209].type, 0);
	ck_assert(cluster_has_room(&config, &NEED(8, 0, 0)));
	ck_assert(!cluster_has_room(&config, &(struct need){ .gpu_milli = 8000, .types = 3 }));
	ck_assert(need_gpus_valid(0) && need_gpus_valid(0.5) && need_gpus_valid(16));
	ck_assert(!need_gpus_valid(1.5) && !need_gpus_valid(0.0001) && !need_gpus_valid(2.001));
	cluster_free(cluster);
	/* Where all have the one type, naming it asks for nothing. */
	config.groups.n = 1;
	ck_assert(cluster_types_named(&config, "T4", &types, &err) && types == 0);
}
END_TEST

START_TEST(types_equal_a_scan)
{
	struct cluster *cluster = three_groups();
	const struct pool *pool = &cluster->pool[0];
	VEC(struct need) taken = { 0 };
	VEC(uint32_t) where = { 0 };

	for (int i = 0; i < 20000; i++) {
		struct need need = SHARE(rng_below(&rng, 9) * 250);
		struct free_vector vector;
		struct found found;
		uint32_t any = rng_below(&rng, cluster->n), fit = 0, can = 0;

		if (need.gpu_milli > GPU_MILLI)
			need.gpu_milli -= need.gpu_milli % GPU_MILLI;
		need.types = rng_below(&rng, 4);
		found = search_pool(cluster, 0, &need, &rng);
		for (uint32_t at = 0; at < pool->n; at++) {
			const struct node *node = &cluster->node[pool->node[at]];
			bool will_do = !need.types || need.types & node->type;

			can += node->shapes > (int8_t)cluster_shape(need.gpu_milli) && will_do;
			fit += cluster_fits(node, &need);
			ck_assert(will_do || !cluster_fits(node, &need));
		}
		ck_assert_uint_eq(cluster_fit(cluster, 0, &need), can);
		ck_assert_int_eq(found.node != NO_NODE, fit > 0);
		cluster_vector(cluster, 0, &vector);
		if (need.gpu_milli)
			ck_assert_int_eq(cluster_vector_fit(&vector, &need) > 0, can > 0);
		if (found.node != NO_NODE && rng_below(&rng, 3)) {
			cluster_take(cluster, found.node, &need);
			vec_push(&taken, need);
			vec_push(&where, found.node);
		} else if (taken.n && rng_below(&rng, 2)) {
			uint32_t at = rng_below(&rng, taken.n);

			cluster_give(cluster, where.at[at], &taken.at[at]);
			taken.at[at] = vec_pop(&taken);
			where.at[at] = vec_pop(&where);
		} else if (cluster->node[any].pool == 0) {
			cluster_disown(cluster, any, 0);
		} else {
			cluster_own(cluster, any, 0);
		}
		if (i % 64 == 0)
			cluster_verify(cluster);
	}
	vec_release(&taken);
	vec_release(&where);
	cluster_free(cluster);
}
END_TEST

/* A node that has the weights is preferred, whatever else a score says, until it is known to have
 * lost them; to pods of other models it is like any other. */
START_TEST(weights_attract)
{
	struct need need = NEED(1, 0, 0), other;
	struct cluster *cluster, *copy;

	place.locality = 50;
	config.nodes = 300;
	cluster = make(300, 8);
	copy = make(300, 8);
	cluster_models(cluster, 70);
	cluster_models(copy, 70);
	need.model = 66;
	other = need;
	other.model = 2;
	cluster_take(cluster, 77, &need);
	ck_assert_uint_ne(search_pool(cluster, 0, &need, &rng).node, 77);
	cluster->pool[0].cursor = 0;
	cluster_learn(cluster, 77, need.model);
	ck_assert(cluster_has(cluster, 77, &need) && !cluster_has(cluster, 77, &other));
	ck_assert_uint_eq(search_pool(cluster, 0, &need, &rng).node, 77);
	cluster->pool[0].cursor = 0;
	ck_assert_uint_ne(search_pool(cluster, 0, &other, &rng).node, 77);
	cluster_copy(copy, 77, cluster);
	ck_assert_uint_eq(search_pool(copy, 0, &need, &rng).node, 77);
	cluster->pool[0].cursor = 0;
	cluster_forget(cluster, 77);
	ck_assert_uint_ne(search_pool(cluster, 0, &need, &rng).node, 77);
	cluster_verify(cluster);
	cluster_free(cluster);
	cluster_free(copy);
}
END_TEST

Suite *shapes_suite(void)
{
	Suite *suite = suite_create("shapes");
	TCase *tc = tcase_create("shapes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, shares_by_hand);
	tcase_add_test(tc, shares_equal_a_list);
	tcase_add_test(tc, types_have_names);
	tcase_add_test(tc, weights_attract);
	tcase_add_test(tc, types_equal_a_scan);
	tcase_add_test_raise_signal(tc, share_given_twice_aborts, SIGABRT);
	suite_add_tcase(suite, tc);
	return suite;
}
