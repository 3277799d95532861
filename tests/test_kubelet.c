/* Pods on their nodes: images that are shared, ends at any time, lost nodes and new ones. */
#include "sim/model_index.h"
#include "tests/rig_kubelet.h"
#include <stdlib.h>

enum { PODS = 400 };

START_TEST(one_pull_serves_all)
{
	/* Three pods of a node without the image: one pull of 12 GB at 100 MB/s, then all go on. */
	rig_medians();
	rig.config.image.present = 0;
	rig_set("image.rate", "100MB/s");
	rig_start(1);
	for (uint32_t i = 0; i < 3; i++)
		rig_pod(i, 0, 0);
	rig_run();
	ck_assert_uint_eq(kubelet_totals(rig.kubelet).pulls, 1);
	ck_assert_int_eq(rig_took(0, PHASE_IMAGE), 120 * S + 100 * MS);
	for (uint32_t i = 1; i < 3; i++)
		ck_assert_int_eq(rig_when(i, MSG_POD_PHASE, PHASE_IMAGE),
				 rig_when(0, MSG_POD_PHASE, PHASE_IMAGE) + 100 * MS);
	rig_end();
}
END_TEST

/* When the pods of two services with images of their own, on one node, have theirs. */
static void two_images(bool serial, sim_time at[2])
{
	rig.config.image.serial = serial;
	rig_start(1);
	rig_pod(0, 0, 0);
	rig_pod(1, 0, 1);
	rig_run();
	for (uint32_t i = 0; i < 2; i++)
		at[i] = rig_took(i, PHASE_IMAGE);
	rig_end();
}

START_TEST(pulls_one_by_one)
{
	sim_time at[2];

	rig_medians();
	rig.config.image.present = 0;
	rig.config.image.distinct = true;
	rig_set("image.rate", "100MB/s");
	two_images(true, at);
	ck_assert_int_eq(at[0], 120100 * MS);
	ck_assert_int_eq(at[1], 240200 * MS);
	two_images(false, at);
	ck_assert_int_eq(at[0], 120100 * MS);
	ck_assert_int_eq(at[1], 120100 * MS);
}
END_TEST

START_TEST(stopped_while_pulling)
{
	/* The first pod's pull ends with it; the second starts one of its own; a third that waits
	 * is taken out of the queue. */
	rig_medians();
	rig.config.image.present = 0;
	rig_set("image.rate", "100MB/s");
	rig_start(1);
	for (uint32_t i = 0; i < 3; i++)
		rig_pod(i, 0, 0);
	sim_run(rig.sim, 60 * S);
	kubelet_stop(rig.kubelet, 2, 1, 0);
	kubelet_stop(rig.kubelet, 0, 1, 0);
	rig_run();
	ck_assert_int_eq(rig_when(1, MSG_POD_PHASE, PHASE_IMAGE), 180 * S + 100 * MS);
	ck_assert_int_eq(rig_when(0, MSG_POD_READY, 0), -1);
	ck_assert_int_eq(rig_when(2, MSG_POD_GONE, 0), 61 * S);
	ck_assert_int_eq(rig_when(0, MSG_POD_GONE, 0), 61 * S + 1); /* one watch: in order */
	ck_assert_uint_eq(kubelet_totals(rig.kubelet).pulls, 2);
	rig_end();
}
END_TEST

START_TEST(stopped_at_any_time)
{
	/* A stop each 0.5 s after the start: nothing but GONE afterwards, a second after it, once;
	 * and the slot's next generation starts like any other. */
	rig_medians();
	rig_start(1);
	for (uint32_t gen = 1; gen <= 120; gen++) {
		struct msg msg = { .kind = MSG_POD_START, .who = 7 };
		sim_time stop = sim_now(rig.sim) + gen * (S / 2);

		msg.pod.gen = gen;
		msg.pod.node = gen % NODES;
		rig.heard.n = 0;
		kubelet_start(rig.kubelet, &msg);
		kubelet_start(rig.kubelet, &msg); /* told twice */
		sim_run(rig.sim, stop);
		rig.heard.n = 0;
		kubelet_stop(rig.kubelet, 7, gen, gen % NODES);
		sim_run(rig.sim, stop + S / 2);
		kubelet_stop(rig.kubelet, 7, gen, gen % NODES);
		kubelet_stop(rig.kubelet, 7, gen - 1, gen % NODES);
		rig_run();
		ck_assert_uint_eq(rig.heard.n, 1);
		ck_assert_uint_eq(rig.heard.at[0].msg.kind, MSG_POD_GONE);
		ck_assert_uint_eq(rig.heard.at[0].msg.pod.gen, gen);
		ck_assert_int_eq(rig.heard.at[0].at, stop + S);
	}
	ck_assert_uint_eq(kubelet_totals(rig.kubelet).started, 120);
	ck_assert_uint_eq(kubelet_totals(rig.kubelet).gone, 120);
	ck_assert_uint_gt(kubelet_totals(rig.kubelet).ready, 0);
	rig_end();
}
END_TEST

/* The status goes by message: the API server may be down, and nothing is written. */
/* 100 ms of a sandbox's 250 are for one pod of a node at a time. */
START_TEST(sandboxes_one_by_one)
{
	rig_medians();
	rig_set("sandbox", "250ms");
	rig_set("serial", "100ms");
	rig_set("sidecars", "0");
	rig.config.image.present = 1;
	rig_start(1);
	for (uint32_t i = 0; i < 4; i++)
		rig_pod(i, 0, 0);
	rig_pod(4, 1, 0);
	rig_run();
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_int_eq(rig_when(i, MSG_POD_PHASE, PHASE_SANDBOX),
				 250 * MS + i * 100 * MS);
	ck_assert_int_eq(rig_when(4, MSG_POD_PHASE, PHASE_SANDBOX), 250 * MS);
	/* Nobody is before this one. */
	rig.heard.n = 0;
	sim_run(rig.sim, 1000 * S);
	rig_pod(5, 0, 0);
	rig_run();
	ck_assert_int_eq(rig_when(5, MSG_POD_PHASE, PHASE_SANDBOX), 1000 * S + 250 * MS);
	rig_end();
}
END_TEST

START_TEST(told_by_message)
{
	struct dist message;
	struct err err;
	sim_time written;

	rig_start(1);
	rig_pod(0, 0, 0);
	rig_run();
	written = rig_when(0, MSG_POD_READY, 0);
	rig_end();
	ck_assert(dist_parse(&message, "7ms", UNIT_TIME, &rig.arena, &err));
	rig_start(1);
	kubelet_by_message(rig.kubelet, &message);
	api_set_up(rig.api, false);
	rig_pod(0, 0, 0);
	rig_run();
	/* Written it takes no time in this rig. */
	ck_assert_int_eq(rig_when(0, MSG_POD_READY, 0), written + 7000000);
	kubelet_stop(rig.kubelet, 0, 1, 0);
	rig_run();
	ck_assert_int_gt(rig_when(0, MSG_POD_GONE, 0), written);
	ck_assert_uint_eq(api_totals(rig.api).messages, 0);
	rig_end();
}
END_TEST

START_TEST(stopped_while_writing)
{
	/* The watch takes 5 s; the stop comes between the probe and the news of it. The write goes
	 * on, but it neither makes the pod ready nor ends it early. */
	rig_medians();
	rig.api_config.watch = (struct dist){ .kind = DIST_CONSTANT, .a = 5e9 };
	rig.config.image.present = 1;
	rig.config.probe_period_ns = 0;
	rig_start(1);
	rig_pod(0, 0, 0);
	while (rig_when(0, MSG_POD_PHASE, PHASE_INIT) < 0)
		sim_run(rig.sim, sim_now(rig.sim) + S);
	kubelet_stop(rig.kubelet, 0, 1, 0);
	sim_run(rig.sim, sim_now(rig.sim) + S); /* its delete is on the way */
	ck_assert_int_eq(rig_when(0, MSG_POD_GONE, 0), -1);
	rig_run();
	ck_assert_int_eq(rig_when(0, MSG_POD_READY, 0), -1);
	ck_assert_int_ge(rig_when(0, MSG_POD_GONE, 0),
			 rig_when(0, MSG_POD_PHASE, PHASE_INIT) + 6 * S);
	rig_end();
}
END_TEST

START_TEST(there_from_the_start)
{
	struct msg msg = { .kind = MSG_POD_START, .who = 3 };

	rig.config.image.present = 0;
	rig_start(1);
	msg.pod.gen = 1;
	msg.pod.node = 2;
	msg.pod.phase = PHASES;
	kubelet_start(rig.kubelet, &msg);
	ck_assert_int_eq(storage_tier(rig.storage, 2, 0), TIER_DRAM);
	rig_pod(4, 2, 0);
	rig_run();
	ck_assert_uint_eq(kubelet_totals(rig.kubelet).pulls, 0);
	ck_assert_int_eq(rig_when(3, MSG_POD_READY, 0), -1);
	kubelet_stop(rig.kubelet, 3, 1, 2);
	kubelet_stop(rig.kubelet, 9, 1, 2); /* never told of */
	rig_run();
	ck_assert_int_gt(rig_when(3, MSG_POD_GONE, 0), 0);
	ck_assert_int_gt(rig_when(9, MSG_POD_GONE, 0), 0);
	rig_end();
}
END_TEST

START_TEST(plain_pods)
{
	rig_start(1);
	rig_pod(0, 0, NONE);
	rig_run();
	ck_assert_uint_eq(rig.heard.n, 4);
	ck_assert_uint_eq(rig.heard.at[2].msg.pod.phase, PHASE_START);
	ck_assert_uint_eq(rig.heard.at[3].msg.kind, MSG_POD_READY);
	ck_assert_int_eq(rig.heard.at[3].at, rig.heard.at[2].at);
	rig_end();
}
END_TEST

START_TEST(node_lost)
{
	/* At each moment of a start: its pods fall silent, others go on. */
	rig_medians();
	rig.config.image.present = 0.5;
	for (int64_t at = 0; at < 200; at += 5) {
		rig_start(2);
		for (uint32_t i = 0; i < 8; i++)
			rig_pod(i, i % 2, i % 2);
		sim_run(rig.sim, at * S);
		rig.heard.n = 0;
		for (uint32_t i = 0; i < 8; i += 2)
			kubelet_lost(rig.kubelet, i, 1);
		kubelet_node_down(rig.kubelet, 0, false);
		rig_run();
		for (uint32_t i = 0; i < rig.heard.n; i++)
			ck_assert_uint_eq(rig.heard.at[i].msg.pod.node, 1);
		ck_assert_uint_ge(kubelet_totals(rig.kubelet).ready, 4);
		rig_end();
	}
}
END_TEST

START_TEST(pod_lost)
{
	/* At each moment of a start and after it: silent from then on, its wait for a pull handed
	 * on; and the slot's next generation starts like any other. */
	struct msg msg = { .kind = MSG_POD_START, .who = 0 };

	rig_medians();
	rig.config.image.present = 0;
	for (int64_t at = 0; at < 200; at += 5) {
		rig_start(2);
		rig_pod(0, 0, 0);
		rig_pod(1, 0, 0);
		sim_run(rig.sim, at * S);
		rig.heard.n = 0;
		kubelet_lost(rig.kubelet, 0, 2); /* of another generation */
		kubelet_lost(rig.kubelet, 5, 1); /* unknown */
		kubelet_lost(rig.kubelet, 0, 1);
		kubelet_lost(rig.kubelet, 0, 1); /* told twice */
		ck_assert_uint_eq(rig.heard.n, 0);
		msg.pod.gen = 2;
		kubelet_start(rig.kubelet, &msg);
		rig_run();
		ck_assert_uint_ge(kubelet_totals(rig.kubelet).ready, 2);
		for (uint32_t i = 0; i < rig.heard.n; i++)
			ck_assert(rig.heard.at[i].msg.who != 0 || rig.heard.at[i].msg.pod.gen == 2);
		ck_assert_int_gt(rig_when(0, MSG_POD_READY, 0), at * S);
		rig_end();
	}
}
END_TEST

START_TEST(same_models)
{
	/* Against all pairs, and a hundred thousand services in no time (all pairs: a minute). */
	enum { N = 100000, FEW = 300 };
	static const char *const names[] = { "b", "a", "c" };
	struct service_config *services = calloc(N, sizeof(*services));
	uint32_t *first = calloc(N, sizeof(*first));

	for (uint32_t i = 0; i < N; i++) {
		services[i].model = names[i * 7 % 3];
		services[i].weight_bytes = i % 5;
	}
	model_index(services, FEW, first);
	for (uint32_t i = 0; i < FEW; i++) {
		uint32_t j = 0;

		while (strcmp(services[j].model, services[i].model) != 0 ||
		       services[j].weight_bytes != services[i].weight_bytes)
			j++;
		ck_assert_uint_eq(first[i], j);
	}
	model_index(services, N, first);
	ck_assert_uint_eq(first[N - 1], (N - 1) % 15);
	free(services);
	free(first);
}
END_TEST

START_TEST(nodes_on_their_way)
{
	struct msg want = { .kind = MSG_NODE_WANT, .node.count = 3 };

	rig_start(1);
	kubelet_provision(rig.kubelet, &want);
	kubelet_provision(rig.kubelet, &want); /* there is room for one more */
	rig_run();
	ck_assert_uint_eq(rig.heard.n, NODES_MAX - NODES);
	for (uint32_t node = NODES; node < NODES_MAX; node++)
		ck_assert_int_gt(rig_when(node, MSG_NODE_UP, 0), 30 * S);
	rig_end();
}
END_TEST

/* 400 pods at random over time; what was heard, as one number. */
static uint64_t run_of(uint64_t seed)
{
	struct rng rng = rng_stream(1, "test_kubelet", 0);
	uint64_t sum = 0;

	rig_start(seed);
	for (uint32_t i = 0; i < PODS; i++) {
		rig_pod(i, rng_below(&rng, NODES), rng_below(&rng, 2));
		sim_run(rig.sim, sim_now(rig.sim) + rng_below(&rng, 2000000000));
		if (rng_below(&rng, 4) == 0)
			kubelet_stop(rig.kubelet, i / 2, 1, 0);
	}
	rig_run();
	for (uint32_t i = 0; i < rig.heard.n; i++)
		sum = sum * 31 + (uint64_t)rig.heard.at[i].at + rig.heard.at[i].msg.who;
	rig_end();
	return sum;
}

START_TEST(same_seed_same_run)
{
	opt_defaults(api_options, &rig.api_config, &rig.arena);
	ck_assert_uint_eq(run_of(1), run_of(1));
	ck_assert_uint_ne(run_of(1), run_of(2));
}
END_TEST

Suite *kubelet_suite(void)
{
	Suite *suite = suite_create("kubelet");
	TCase *tcase = tcase_create("kubelet");

	tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
	tcase_add_test(tcase, one_pull_serves_all);
	tcase_add_test(tcase, pulls_one_by_one);
	tcase_add_test(tcase, stopped_while_pulling);
	tcase_add_test(tcase, stopped_at_any_time);
	tcase_add_test(tcase, sandboxes_one_by_one);
	tcase_add_test(tcase, told_by_message);
	tcase_add_test(tcase, stopped_while_writing);
	tcase_add_test(tcase, there_from_the_start);
	tcase_add_test(tcase, plain_pods);
	tcase_add_test(tcase, node_lost);
	tcase_add_test(tcase, pod_lost);
	tcase_add_test(tcase, same_models);
	tcase_add_test(tcase, nodes_on_their_way);
	tcase_add_test(tcase, same_seed_same_run);
	suite_add_tcase(suite, tcase);
	return suite;
}
