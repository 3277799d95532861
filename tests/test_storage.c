/* Stores: the time of a read from each tier, sharing, LRU, warm starts. */
#include "sim/physics.h"
#include "sim/storage.h"
#include "tests/suites.h"
#include <math.h>
#include <stdlib.h>

#define MS INT64_C(1000000)
#define GB INT64_C(1000000000)

enum { NODES = 20 };
static const double a100 = 24e9; /* host_rate of the catalogue's */

struct mark {
	struct sim_event event;
	sim_time at;
};

static struct arena arena;
static struct net_config net_config;
static struct storage_config config;
static struct transport tcp; /* as by default; most tests have a TCP that adds nothing */
static struct sim *sim;
static struct net *net;
static struct storage *storage;

static void setup(void)
{
	struct transport *transport = &net_config.side[NET_TCP].transport;

	arena_init(&arena);
	opt_defaults(net_options, &net_config, &arena);
	tcp = *transport;
	transport->setup_ns = transport->latency_ns = 0;
	transport->efficiency = 1;
	opt_defaults(storage_options, &config, &arena);
	sim = sim_new();
}

static void start(uint64_t seed)
{
	net = net_new(sim, &net_config, NODES, 4);
	storage = storage_new(net, &config, NODES, seed);
}

/* Empty stores, and networks as configured by now. */
static void restart(uint64_t seed)
{
	storage_free(storage);
	net_free(net);
	start(seed);
}

static void teardown(void)
{
	sim_free(sim);
	storage_free(storage);
	net_free(net);
	arena_release(&arena);
}

static void mark_fired(struct sim *s, struct sim_event *event)
{
	SIM_OWNER(event, struct mark, event)->at = sim_now(s);
}

static struct mark mark_new(void)
{
	return (struct mark){ .event = SIM_EVENT(mark_fired), .at = -1 };
}

/* How long one read takes alone. */
static sim_time read_alone(uint32_t node, uint32_t model, int64_t bytes, uint32_t ranks,
			   double loader, int64_t delay_ns)
{
	sim_time before = sim_now(sim);
	struct mark mark = mark_new();

	storage_read(storage, node, model, bytes, ranks, loader, a100, delay_ns, &mark.event);
	sim_run(sim, SIM_NEVER);
	return mark.at - before;
}

START_TEST(tiers_in_turn)
{
	/* 16 GB, one rank, no loader: registry at 5 GB/s after 0.1 s; then from DRAM at 8; without
	 * it from NVMe at 5; and DRAM again. */
	start(1);
	ck_assert_int_eq(storage_tier(storage, 3, 7), TIER_REMOTE);
	ck_assert_int_eq(read_alone(3, 7, 16 * GB, 1, 0, 0), 3300 * MS);
	ck_assert_int_eq(storage_tier(storage, 3, 7), TIER_DRAM);
	ck_assert_int_eq(storage_tier(storage, 4, 7), TIER_REMOTE);
	ck_assert_int_eq(read_alone(3, 7, 16 * GB, 1, 0, 0), 2000 * MS);
	storage_node_down(storage, 3, false);
	ck_assert_int_eq(storage_tier(storage, 3, 7), TIER_NVME);
	ck_assert_int_eq(read_alone(3, 7, 16 * GB, 1, 0, 0), 3200 * MS);
	ck_assert_int_eq(storage_tier(storage, 3, 7), TIER_DRAM);
	storage_node_down(storage, 3, true);
	ck_assert_int_eq(storage_tier(storage, 3, 7), TIER_REMOTE);
	ck_assert_uint_eq(storage_totals(storage).reads[TIER_REMOTE], 1);
	ck_assert_uint_eq(storage_totals(storage).reads[TIER_NVME], 1);
	ck_assert_int_eq(storage_totals(storage).bytes[TIER_DRAM], 16 * GB);
}
END_TEST

/* The registry at a tenth of its 100 GB/s limits one reader to 5 of its 10 GB/s no more than
 * before, and four of them to 2.5 each; then all is as it was. */
START_TEST(a_slow_store)
{
	struct mark mark[4];

	start(1);
	storage_scale(storage, REMOTE_REGISTRY, 0.1);
	ck_assert_int_eq(read_alone(0, 7, 16 * GB, 1, 0, 0), 3300 * MS);
	for (uint32_t i = 0; i < 4; i++) {
		mark[i] = mark_new();
		storage_read(storage, 4 + 4 * i, 8, 10 * GB, 1, 0, a100, 0, &mark[i].event);
	}
	sim_run(sim, SIM_NEVER);
	ck_assert_int_eq(mark[3].at, 7400 * MS);
	storage_scale(storage, REMOTE_REGISTRY, 1);
	for (uint32_t i = 0; i < 4; i++)
		storage_read(storage, 4 + 4 * i, 9, 10 * GB, 1, 0, a100, 0, &mark[i].event);
	sim_run(sim, SIM_NEVER);
	ck_assert_int_eq(mark[3].at, 9500 * MS);
}
END_TEST

START_TEST(loader_and_ranks)
{
	/* 141 GB over 4 ranks: the loader's 4 x 1.8 GB/s from DRAM; from NVMe its 5 GB/s; and the
	 * bus's 24 GB/s where nothing else limits. */
	start(1);
	storage_put(storage, 0, 1, 141 * GB, TIER_DRAM);
	ck_assert_int_eq(read_alone(0, 1, 141 * GB, 4, 1.8e9, 1000 * MS),
			 1000 * MS + llrint(141e9 / 7.2e9 * 1e9));
	storage_put(storage, 1, 1, 141 * GB, TIER_NVME);
	ck_assert_int_eq(read_alone(1, 1, 141 * GB, 4, 1.8e9, 0), 28200 * MS);
	config.tier[TIER_DRAM].rank_rate = 0;
	ck_assert_int_eq(read_alone(0, 1, 141 * GB, 1, 0, 0), 5875 * MS);
}
END_TEST

START_TEST(serverlessllm)
{
	/* ServerlessLLM's 8xH100 node, Qwen3-32B, 64 GB: 3.2 s from NVMe at some 20 GB/s, 1.25 s
	 * from a pinned pool over PCIe Gen5. */
	config.tier[TIER_NVME].rate = 20e9;
	config.tier[TIER_DRAM].rank_rate = 51e9;
	config.gpu_rate = 51e9;
	start(1);
	storage_put(storage, 0, 1, 64 * GB, TIER_NVME);
	ck_assert_int_eq(read_alone(0, 1, 64 * GB, 1, 0, 0), 3200 * MS);
	ck_assert_int_le(llabs(read_alone(0, 1, 64 * GB, 1, 0, 0) - 1254 * MS), 2 * MS);
}
END_TEST

START_TEST(gpus_differ)
{
	/* 100 GB from DRAM that limits nothing: by the GPU's own bus, or by gpu_rate for all. */
	config.tier[TIER_DRAM].rank_rate = 0;
	start(1);
	storage_put(storage, 0, 1, 100 * GB, TIER_DRAM);
	for (int i = 0; i < 2; i++) {
		struct mark mark = mark_new();
		sim_time before = sim_now(sim);

		storage_read(storage, 0, 1, 100 * GB, 1, 0, 50e9, 0, &mark.event);
		sim_run(sim, SIM_NEVER);
		ck_assert_int_eq(mark.at - before, i ? 4000 * MS : 2000 * MS);
		config.gpu_rate = 25e9;
	}
}
END_TEST

START_TEST(readers_share_a_node)
{
	/* NVMe at 5 GB/s; a pod of 3 ranks and one of 1: shares 3.75 and 1.25. The small one's 10
	 * GB take 8 s; the other's 60 GB: 30 in that time, then 30 at 5. */
	struct mark big = mark_new(), small = mark_new();

	start(1);
	storage_put(storage, 0, 1, 60 * GB, TIER_NVME);
	storage_put(storage, 0, 2, 10 * GB, TIER_NVME);
	storage_read(storage, 0, 1, 60 * GB, 3, 0, a100, 0, &big.event);
	storage_read(storage, 0, 2, 10 * GB, 1, 0, a100, 0, &small.event);
	sim_run(sim, SIM_NEVER);
	ck_assert_int_eq(small.at, 8000 * MS);
	ck_assert_int_eq(big.at, 14000 * MS);
}
END_TEST

START_TEST(readers_share_the_file_system)
{
	/* Twenty nodes read 20 GB each from a file system of 40 GB/s that gives one client 4: 2
	 * GB/s each, 10 s; one alone 5 s. */
	struct mark mark[NODES];

	config.source = REMOTE_DFS;
	config.remote[REMOTE_DFS].latency_ns = 0;
	net_config.side[NET_TCP].oversubscription = 1;
	start(1);
	ck_assert_int_eq(read_alone(0, 99, 20 * GB, 8, 0, 0), 5000 * MS);
	for (uint32_t i = 0; i < NODES; i++) {
		mark[i] = mark_new();
		storage_read(storage, i, 1, 20 * GB, 8, 0, a100, 0, &mark[i].event);
	}
	sim_run(sim, SIM_NEVER);
	for (uint32_t i = 0; i < NODES; i++)
		ck_assert_int_eq(mark[i].at, 15000 * MS);
}
END_TEST

START_TEST(transports_count)
{
	/* 40 GB over TCP: set-up 5 ms, latency 50 us, the store's 100 ms; a client's 5 GB/s are
	 * payload, so efficiency does not show until the NIC limits: 12.5 GB/s of 94 %. Then one
	 * stream of 42 Gbit/s; then rails: 25 GB/s of 97.8 %, and a cost per message of 1 MiB. */
	const sim_time tcp_ns = 105050000;
	struct transport *transport = &net_config.side[NET_TCP].transport;

	*transport = tcp;
	start(1);
	ck_assert_int_le(llabs(read_alone(0, 1, 40 * GB, 8, 0, 0) - tcp_ns - 8000 * MS), 2);
	config.remote[REMOTE_REGISTRY].client_rate = 1e12;
	ck_assert_int_le(
		llabs(read_alone(1, 1, 40 * GB, 8, 0, 0) - tcp_ns - llrint(40e9 / (12.5 * 0.94))),
		2);
	transport->streams = 1;
	restart(1);
	ck_assert_int_le(llabs(read_alone(0, 1, 40 * GB, 8, 0, 0) - tcp_ns - llrint(40e9 / 5.25)),
			 2);
	config.network = NET_RDMA;
	restart(1);
	ck_assert_int_le(llabs(read_alone(0, 1, 40 * GB, 8, 0, 0) - 112809900 -
			       (40 * GB + (1 << 20) - 1) / (1 << 20) * 150 -
			       llrint(40e9 / (25 * 0.978))),
			 2);
}
END_TEST

START_TEST(stores_rate_is_payload)
{
	/* Ten clients at once of a file system of 40 GB/s get 4 each, whatever the wire adds. */
	struct mark mark[10];

	config.source = REMOTE_DFS;
	net_config.side[NET_TCP].oversubscription = 1;
	net_config.side[NET_TCP].transport = tcp;
	config.remote[REMOTE_DFS].client_rate = 1e12;
	start(1);
	for (uint32_t i = 0; i < 10; i++) {
		mark[i] = mark_new();
		storage_read(storage, i, 1, 20 * GB, 8, 0, a100, 0, &mark[i].event);
	}
	sim_run(sim, SIM_NEVER);
	for (uint32_t i = 0; i < 10; i++)
		ck_assert_int_le(llabs(mark[i].at - 7050000 - 5000 * MS), 2);
}
END_TEST

START_TEST(racks_limit)
{
	/* Four nodes of one rack behind an uplink of 4 x 12.5 / 10 GB/s: 1.25 GB/s each. */
	struct mark mark[4];

	config.remote[REMOTE_REGISTRY].latency_ns = 0;
	net_config.side[NET_TCP].oversubscription = 10;
	start(1);
	for (uint32_t i = 0; i < 4; i++) {
		mark[i] = mark_new();
		storage_read(storage, i, 1, 10 * GB, 1, 0, a100, 0, &mark[i].event);
	}
	sim_run(sim, SIM_NEVER);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_int_eq(mark[i].at, 8000 * MS);
}
END_TEST

START_TEST(least_recently_used)
{
	config.tier[TIER_NVME].capacity_bytes = 100 * GB;
	config.tier[TIER_DRAM].capacity_bytes = 40 * GB;
	start(1);
	read_alone(0, 1, 40 * GB, 1, 0, 0);
	read_alone(0, 2, 40 * GB, 1, 0, 0);
	ck_assert_int_eq(storage_tier(storage, 0, 1), TIER_NVME); /* DRAM holds one */
	ck_assert_int_eq(storage_tier(storage, 0, 2), TIER_DRAM);
	read_alone(0, 1, 40 * GB, 1, 0, 0); /* used again, so 2 is the oldest on NVMe */
	read_alone(0, 3, 40 * GB, 1, 0, 0);
	ck_assert_int_eq(storage_tier(storage, 0, 2), TIER_REMOTE);
	ck_assert_int_eq(storage_tier(storage, 0, 1), TIER_NVME);
	ck_assert_int_eq(storage_tier(storage, 0, 3), TIER_DRAM);
	read_alone(0, 4, 200 * GB, 1, 0, 0); /* larger than either: nothing goes for it */
	ck_assert_int_eq(storage_tier(storage, 0, 4), TIER_REMOTE);
	ck_assert_int_eq(storage_tier(storage, 0, 3), TIER_DRAM);
	ck_assert_uint_eq(storage_totals(storage).evictions, 4);
}
END_TEST

START_TEST(pulls)
{
	/* 12 GB at 75 MB/s: 160 s, and the image lies in no tier of models. */
	struct mark pull = mark_new(), gone = mark_new();
	uint32_t id;

	start(1);
	storage_pull(storage, 5, 12 * GB, 75e6, &pull.event);
	id = storage_pull(storage, 6, 12 * GB, 75e6, &gone.event);
	sim_run(sim, 1000 * MS);
	storage_cancel(storage, id);
	sim_run(sim, SIM_NEVER);
	ck_assert_int_eq(pull.at, 160100 * MS);
	ck_assert_int_eq(gone.at, -1);
	ck_assert_uint_eq(storage_totals(storage).pulls, 2);
}
END_TEST

START_TEST(warm_nodes)
{
	uint32_t in[TIERS] = { 0 }, other = 0;

	config.warm[TIER_NVME] = 0.5;
	config.warm[TIER_DRAM] = 0.2;
	start(7);
	storage_warm(storage, 1, 10 * GB, NODES);
	storage_warm(storage, 2, 10 * GB, NODES);
	for (uint32_t node = 0; node < NODES; node++) {
		in[storage_tier(storage, node, 1)]++;
		other += storage_tier(storage, node, 1) != storage_tier(storage, node, 2);
	}
	ck_assert_uint_eq(in[TIER_DRAM], 4); /* among the ten with it on NVMe */
	ck_assert_uint_eq(in[TIER_NVME], 6);
	ck_assert_uint_eq(in[TIER_REMOTE], 10);
	ck_assert_uint_gt(other, 0); /* each model has nodes of its own */
}
END_TEST

/* A hundred reads at random; the sum of their ends tells runs apart. */
static uint64_t ends(uint64_t seed)
{
	struct rng rng = rng_stream(seed, "test_storage", 0);
	struct mark mark[100];
	uint64_t sum = 0;

	setup();
	start(seed);
	for (int i = 0; i < 100; i++) {
		uint32_t ranks = 1u << rng_below(&rng, 4), node = rng_below(&rng, NODES);

		mark[i] = mark_new();
		storage_read(storage, node, rng_below(&rng, 5), GB * (1 + rng_below(&rng, 99)),
			     ranks, 1.8e9, a100, 0, &mark[i].event);
		sim_run(sim, sim_now(sim) + rng_below(&rng, 1000000000));
	}
	sim_run(sim, SIM_NEVER);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_gt(mark[i].at, 0);
		sum = sum * 31 + (uint64_t)mark[i].at;
	}
	teardown();
	return sum;
}

START_TEST(same_seed_same_run)
{
	ck_assert_uint_eq(ends(3), ends(3));
	ck_assert_uint_ne(ends(3), ends(4));
}
END_TEST

Suite *storage_suite(void)
{
	Suite *suite = suite_create("storage");
	TCase *tcase = tcase_create("storage"), *whole = tcase_create("whole");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, tiers_in_turn);
	tcase_add_test(tcase, a_slow_store);
	tcase_add_test(tcase, loader_and_ranks);
	tcase_add_test(tcase, serverlessllm);
	tcase_add_test(tcase, gpus_differ);
	tcase_add_test(tcase, readers_share_a_node);
	tcase_add_test(tcase, readers_share_the_file_system);
	tcase_add_test(tcase, transports_count);
	tcase_add_test(tcase, stores_rate_is_payload);
	tcase_add_test(tcase, racks_limit);
	tcase_add_test(tcase, least_recently_used);
	tcase_add_test(tcase, pulls);
	tcase_add_test(tcase, warm_nodes);
	suite_add_tcase(suite, tcase);
	tcase_add_test(whole, same_seed_same_run);
	suite_add_tcase(suite, whole);
	return suite;
}
