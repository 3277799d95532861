/* The cluster's networks: paths, transfer times against the closed form, and published tables. */
#include "base/arena.h"
#include "base/unit.h"
#include "sim/net.h"
#include "sim/physics.h"
#include "tests/suites.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mark {
	struct sim_event event;
	sim_time at;
};

static void mark_fired(struct sim *sim, struct sim_event *event)
{
	SIM_OWNER(event, struct mark, event)->at = sim_now(sim);
}

static struct arena arena;
static struct net_config config;

static void setup(void)
{
	arena_init(&arena);
	opt_defaults(net_options, &config, &arena);
}

static void teardown(void)
{
	arena_release(&arena);
}

START_TEST(paths)
{
	struct sim *sim = sim_new();
	struct net *net;
	struct flow_path path = { 0 };
	double uplink;

	net = net_new(sim, &config, 10, 4);
	net_path(net, NET_TCP, 1, 2, &path);
	ck_assert_uint_eq(path.n, 2); /* one rack: two NICs */
	path.n = 0;
	net_path(net, NET_TCP, 1, 9, &path);
	ck_assert_uint_eq(path.n, 4); /* oversubscribed: up and down as well */
	uplink = 4 * config.side[NET_TCP].nic_rate / config.side[NET_TCP].oversubscription;
	ck_assert_double_eq(flow_link_rate(net_flows(net), path.link[1]), uplink);
	path.n = 0;
	net_path(net, NET_RDMA, 1, 9, &path);
	ck_assert_uint_eq(path.n, 2); /* not oversubscribed */
	path.n = 0;
	net_path(net, NET_TCP, NONE, 9, &path);
	ck_assert_uint_eq(path.n, 2);
	path.n = 0;
	net_path(net, NET_RDMA, 3, 3, &path);
	net_path(net, NET_NVLINK, 3, 4, &path);
	ck_assert_uint_eq(path.n, 0);
	sim_free(sim);
	net_free(net);
}
END_TEST

START_TEST(uncontended)
{
	/* Every transport, several sizes: the simulated time is the closed form's, to the ns. */
	static const int64_t sizes[] = { 0, 1, 4096, 1048577, 146000000, 4500000000 };

	for (size_t i = 0; i < NETS * sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct sim *sim = sim_new();
		struct net *net = net_new(sim, &config, 2, 4);
		struct mark mark = { SIM_EVENT(mark_fired), -1 };
		int kind = (int)(i % NETS);
		int64_t bytes = sizes[i / NETS];
		const struct net_side *side = &config.side[kind];
		double rate = side->nic_rate * (double)side->rails;
		bool within = kind == NET_NVLINK;

		net_send(net, kind, 0, within ? 0 : 1, bytes, i & 1, &mark.event);
		sim_run(sim, SIM_NEVER);
		rate = within ? INFINITY : rate;
		ck_assert_int_eq(mark.at, net_transfer_time(&side->transport, rate, bytes, i & 1));
		sim_free(sim);
		net_free(net);
	}
}
END_TEST

START_TEST(measured_rail)
{
	/* LMCache #4161: 8.4 / 10.9 / 11.9 / 12.16 / 12.23 GB/s at 256 KiB / 1 / 4 / 16 / 64 MiB on
	 * one 100G rail: the defaults of rdma reproduce them within 2 %. */
	static const double rate[] = { 8.4e9, 10.9e9, 11.9e9, 12.16e9, 12.23e9 };
	const struct transport *rdma = &config.side[NET_RDMA].transport;

	for (int i = 0; i < 5; i++) {
		int64_t bytes = INT64_C(262144) << (2 * i);
		double time = 1e-9 * (double)net_transfer_time(rdma, 12.5e9, bytes, false);

		ck_assert_double_eq_tol((double)bytes / time, rate[i], 0.02 * rate[i]);
	}
}
END_TEST

START_TEST(measured_kv_transfers)
{
	/* Mooncake's two tables, with latency and rate fitted to each: 0.374 ms and 137 GB/s over 8
	 * rails, 1.835 ms and 171 GB/s over 4: within 10 % at each of the 18 points. */
	const char *shared = getenv("SONDE_SHARED");
	struct transport h800 = config.side[NET_RDMA].transport, h20 = h800;
	char line[256];
	int points = 0;
	FILE *file;

	snprintf(line, sizeof(line), "%s/calibration/mooncake/kv_transfer_points.csv",
		 shared ? shared : "../shared");
	file = fopen(line, "r");
	if (!file)
		return;
	h800.latency_ns = 374000;
	h800.efficiency = 137.0 / 200;
	h20.latency_ns = 1835000;
	h20.efficiency = 171.0 / 200;
	h800.message_ns = h20.message_ns = 0;
	while (fgets(line, sizeof(line), file)) {
		const struct transport *with = strncmp(line, "vllm-h800", 9) ? &h20 : &h800;
		double bytes, ms, tokens, time;

		if (sscanf(strchr(line, ','), ",%lf,%lf,%lf", &tokens, &bytes, &ms) != 3)
			continue;
		time = 1e-6 * (double)net_transfer_time(with, 200e9, (int64_t)bytes, false);
		ck_assert_double_eq_tol(time, ms, 0.1 * ms);
		points++;
	}
	fclose(file);
	ck_assert_int_eq(points, 18);
}
END_TEST

START_TEST(incast)
{
	/* Seven nodes send to one: each has a seventh of its NIC; the CPU time is the bytes'. */
	struct sim *sim = sim_new();
	struct net *net;
	struct mark mark[7];
	const struct transport *rdma = &config.side[NET_RDMA].transport;
	sim_time alone = net_transfer_time(rdma, 25e9 / 7, INT64_C(1) << 30, false);

	net = net_new(sim, &config, 8, 4);
	for (uint32_t i = 0; i < 7; i++) {
		mark[i] = (struct mark){ SIM_EVENT(mark_fired), -1 };
		net_send(net, NET_RDMA, i, 7, INT64_C(1) << 30, false, &mark[i].event);
	}
	sim_run(sim, SIM_NEVER);
	for (uint32_t i = 0; i < 7; i++)
		ck_assert_int_le(llabs(mark[i].at - alone), 1);
	ck_assert_int_eq(net_cpu_ns(net), (int64_t)(7 * rdma->cpu_s_per_gib * 1e9 + 0.5));
	sim_free(sim);
	net_free(net);
}
END_TEST

START_TEST(node_down)
{
	struct sim *sim = sim_new();
	struct net *net = net_new(sim, &config, 2, 4);
	struct mark mark = { SIM_EVENT(mark_fired), -1 };

	net_send(net, NET_TCP, 0, 1, 1000000000, false, &mark.event);
	net_node_scale(net, 1, 0);
	sim_run(sim, 10000000000);
	ck_assert_int_eq(mark.at, -1);
	net_node_scale(net, 1, 1);
	sim_run(sim, SIM_NEVER);
	ck_assert_int_gt(mark.at, 10000000000);
	sim_free(sim);
	net_free(net);
}
END_TEST

Suite *net_suite(void)
{
	Suite *suite = suite_create("net");
	TCase *tcase = tcase_create("net");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, paths);
	tcase_add_test(tcase, uncontended);
	tcase_add_test(tcase, measured_rail);
	tcase_add_test(tcase, measured_kv_transfers);
	tcase_add_test(tcase, incast);
	tcase_add_test(tcase, node_down);
	suite_add_tcase(suite, tcase);
	return suite;
}
