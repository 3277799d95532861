/* The way of a pod, stage by stage, through the central plane: what is written by whom, what waits
 * for what, what comes twice or late, and what the records say. */
#include "tests/suites.h"
#include "tests/toy_world.h"
#include <string.h>

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

/* The messages of one kind that the last step gave. */
static uint32_t count(enum msg_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < toy.out.n; i++)
		n += toy.out.at[i].kind == kind;
	return n;
}

static const struct msg *only(enum msg_kind kind)
{
	ck_assert_uint_eq(count(kind), 1);
	for (uint32_t i = 0; i < toy.out.n; i++)
		if (toy.out.at[i].kind == kind)
			return &toy.out.at[i];
	return NULL;
}

static void give(struct msg msg, enum msg_kind kind)
{
	msg.kind = (uint16_t)kind;
	msg.load_bytes = 0;
	toy_give(&toy, &msg, NULL);
}

/* Nothing is answered by itself: the tests that go step by step do it by hand. */
static void by_hand(uint32_t services)
{
	toy_services(&toy, &arena, services);
	toy.write_ns = toy.think_ns = toy.start_ns = toy.stop_ns = toy.send_ns = INT64_MAX / 8;
}

static struct msg expect_write(enum verb verb, enum client client, int64_t writes)
{
	const struct msg *msg = only(MSG_WRITE);

	ck_assert_uint_eq(msg->write.verb, verb);
	ck_assert_uint_eq(msg->write.client, client);
	ck_assert_int_eq(msg->write.writes, writes);
	return *msg;
}

START_TEST(a_pod_comes)
{
	struct msg write, think, start, twice;
	const struct pod_record *record;

	by_hand(1);
	toy_start(&toy);
	toy.now = 1 * S;
	toy_scale(&toy, 0, 1);
	write = expect_write(VERB_SCALE, CLIENT_AUTOSCALER, 3);
	toy.now = 2 * S;
	give(write, MSG_SEEN);
	twice = write;
	write = expect_write(VERB_DEPLOYMENT, CLIENT_DEPLOYMENT, 3);
	give(twice, MSG_SEEN);
	ck_assert_uint_eq(toy.out.n, 0);
	toy.now = 3 * S;
	give(write, MSG_SEEN);
	write = expect_write(VERB_POD_CREATE, CLIENT_REPLICASET, 1);
	ck_assert(write.write.reply && write.write.watch);
	toy.now = 4 * S;
	give(write, MSG_SEEN);
	think = *only(MSG_THINK);
	ck_assert_uint_eq(think.think.what, THINK_SCHEDULE);
	ck_assert_uint_eq(think.think.examined, 8);
	give(write, MSG_SEEN);
	ck_assert_uint_eq(toy.out.n, 0);
	/* The reply ends the sync: its status is written. */
	give(write, MSG_WRITTEN);
	expect_write(VERB_REPLICASET, CLIENT_REPLICASET, 2);
	toy.now = 5 * S;
	give(think, MSG_THOUGHT);
	write = expect_write(VERB_BIND, CLIENT_SCHEDULER, 1);
	give(think, MSG_THOUGHT);
	ck_assert_uint_eq(toy.out.n, 0);
	toy.now = 6 * S;
	give(write, MSG_SEEN);
	start = *only(MSG_POD_START);
	ck_assert_uint_eq(start.pod.service, 0);
	ck_assert_uint_eq(start.load_bytes, sizeof(uint64_t));
	toy.now = 7 * S;
	start.pod.phase = PHASE_SANDBOX;
	give(start, MSG_POD_PHASE);
	toy.now = 8 * S;
	start.pod.phase = PHASE_WEIGHTS;
	give(start, MSG_POD_PHASE);
	toy.now = 9 * S;
	give(start, MSG_POD_READY);
	write = expect_write(VERB_ENDPOINTS, CLIENT_ENDPOINTS, 3);
	toy.now = 10 * S;
	give(write, MSG_SEEN);
	ck_assert(only(MSG_ENDPOINT)->endpoint.up);
	ck_assert_uint_eq(toy.record.n, 1);
	record = &toy.record.at[0];
	ck_assert_uint_eq(record->end, POD_READY);
	ck_assert_uint_eq(record->attempts, 1);
	ck_assert_int_eq(record->wanted_ns, 1 * S);
	ck_assert_int_eq(record->created_ns, 4 * S);
	ck_assert_int_eq(record->bound_ns, 6 * S);
	/* decision, control, provision, scheduling, sandbox, image, start, weights, init ... */
	for (int i = 0; i < PHASES; i++) {
		static const int64_t end_s[] = { 1, 4, 4, 6, 7, 7, 7, 8, 8, 9, 10 };

		ck_assert_int_eq(record->phase_end_ns[i], end_s[i] * S);
	}
}
END_TEST

START_TEST(a_pod_goes)
{
	struct msg stop;

	by_hand(1);
	toy.service[0].replicas = 1;
	toy_start(&toy);
	toy_scale(&toy, 0, 0);
	give(expect_write(VERB_SCALE, CLIENT_AUTOSCALER, 3), MSG_SEEN);
	give(expect_write(VERB_DEPLOYMENT, CLIENT_DEPLOYMENT, 3), MSG_SEEN);
	give(expect_write(VERB_ENDPOINTS, CLIENT_ENDPOINTS, 3), MSG_SEEN);
	ck_assert(!only(MSG_ENDPOINT)->endpoint.up);
	give(expect_write(VERB_POD_DELETE, CLIENT_REPLICASET, 1), MSG_SEEN);
	stop = *only(MSG_POD_STOP);
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 63);
	give(stop, MSG_POD_GONE);
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 64);
	give(stop, MSG_POD_GONE);
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 64);
	ck_assert_uint_eq(toy.record.n, 0);
}
END_TEST

/* Batches of 1, 2, 4, 8 and what is left, each after the answers to the one before. */
START_TEST(slow_start)
{
	static const uint32_t batch[] = { 1, 2, 4, 8, 5 };
	struct msg write[8];

	by_hand(1);
	toy_start(&toy);
	toy_scale(&toy, 0, 20);
	give(expect_write(VERB_SCALE, CLIENT_AUTOSCALER, 3), MSG_SEEN);
	give(expect_write(VERB_DEPLOYMENT, CLIENT_DEPLOYMENT, 3), MSG_SEEN);
	for (uint32_t i = 0; i < 5; i++) {
		ck_assert_uint_eq(count(MSG_WRITE), batch[i]);
		for (uint32_t j = 0; j < batch[i]; j++)
			write[j] = toy.out.at[j];
		for (uint32_t j = 0; j < batch[i]; j++) {
			ck_assert_uint_eq(write[j].write.verb, VERB_POD_CREATE);
			if (j)
				ck_assert_uint_eq(toy.out.n, 0);
			give(write[j], MSG_WRITTEN);
			if (j + 1 < batch[i])
				give(write[j], MSG_WRITTEN);
		}
	}
	expect_write(VERB_REPLICASET, CLIENT_REPLICASET, 2);
	ck_assert_int_eq(toy.machine->set[0].existing, 20);
}
END_TEST

/* A sync stops at 500; the next begins with one again. */
START_TEST(burst_ends_a_sync)
{
	uint32_t creates = 0, statuses = 0, first_status = 0;

	toy_services(&toy, &arena, 1);
	toy.verify = false;
	toy.cluster.nodes = 100;
	toy_start(&toy);
	toy_scale(&toy, 0, 700);
	toy_run(&toy, 10 * S);
	for (uint32_t i = 0; i < toy.log.n; i++) {
		if (toy.log.at[i].kind != MSG_WRITE)
			continue;
		creates += toy.log.at[i].write.verb == VERB_POD_CREATE;
		if (toy.log.at[i].write.verb == VERB_REPLICASET && !statuses++)
			first_status = creates;
	}
	ck_assert_uint_eq(creates, 700);
	ck_assert_uint_eq(statuses, 2);
	ck_assert_uint_eq(first_status, 500);
	ck_assert_int_eq(toy.routable[0], 700);
}
END_TEST

/* A number that changes while the chain is busy is taken up when it is not. */
START_TEST(level_triggered)
{
	struct msg write;

	by_hand(1);
	toy_start(&toy);
	toy_scale(&toy, 0, 5);
	write = expect_write(VERB_SCALE, CLIENT_AUTOSCALER, 3);
	toy_scale(&toy, 0, 9);
	ck_assert_uint_eq(toy.out.n, 0);
	toy_scale(&toy, 0, 2);
	ck_assert_uint_eq(toy.out.n, 0);
	give(write, MSG_SEEN);
	ck_assert_uint_eq(count(MSG_WRITE), 2);
	ck_assert_int_eq(toy.machine->set[0].spec, 5);
	give(toy.out.at[0], MSG_SEEN);
	ck_assert_int_eq(toy.machine->set[0].spec, 2);
	toy_scale(&toy, 0, 2);
	ck_assert_uint_eq(toy.out.n, 0);
}
END_TEST

/* What is wanted, when: a pod made later does not inherit the time of an earlier need. */
START_TEST(wanted_when)
{
	toy_services(&toy, &arena, 1);
	toy.write_ns = 100 * MS;
	toy_start(&toy);
	toy_run(&toy, 1 * S);
	toy_scale(&toy, 0, 2);
	toy_run(&toy, 1 * S + 50 * MS);
	toy_scale(&toy, 0, 3);
	toy_run(&toy, 20 * S);
	ck_assert_uint_eq(toy.record.n, 3);
	ck_assert_int_eq(toy.record.at[0].wanted_ns, 1 * S);
	ck_assert_int_eq(toy.record.at[1].wanted_ns, 1 * S);
	ck_assert_int_eq(toy.record.at[2].wanted_ns, 1 * S + 50 * MS);
	toy_scale(&toy, 0, 1);
	toy_run(&toy, 30 * S);
	toy_scale(&toy, 0, 2);
	toy_run(&toy, 40 * S);
	ck_assert_uint_eq(toy.record.n, 4);
	ck_assert_int_eq(toy.record.at[3].wanted_ns, 30 * S);
}
END_TEST

/* Unassigned pods go first, then pending ones, then the youngest ready ones. */
START_TEST(order_of_deletion)
{
	toy_services(&toy, &arena, 1);
	toy.service[0].replicas = 3;
	toy.cluster.nodes = 1;
	toy.cluster.gpus = 5;
	toy.start_ns = 1000 * S;
	toy_start(&toy);
	toy_scale(&toy, 0, 7);
	toy_run(&toy, 5 * S);
	/* Three serve, two start, two found no room. */
	ck_assert_int_eq(toy.machine->set[0].serving, 3);
	ck_assert_uint_eq(toy.machine->function[0].parked.n, 2);
	toy_scale(&toy, 0, 4);
	toy_run(&toy, 10 * S);
	ck_assert_uint_eq(toy.machine->function[0].parked.n, 0);
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 1);
	ck_assert_int_eq(toy.routable[0], 3);
	ck_assert_uint_eq(toy.ends[POD_CANCELLED], 3);
	/* The initial pods are numbered 0, 1, 2: the oldest stays. */
	toy_scale(&toy, 0, 1);
	toy_run(&toy, 20 * S);
	ck_assert_int_eq(toy.routable[0], 1);
	ck_assert_uint_eq(toy.machine->pods.at[toy.machine->set[0].oldest].record.id, 0);
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 4);
}
END_TEST

START_TEST(pods_of_the_start)
{
	uint64_t started = 0, up = 0;

	toy_services(&toy, &arena, 2);
	toy.service[0].replicas = 4;
	toy.service[1].replicas = 2;
	toy.service[1].tensor_parallel = 8;
	toy.cluster.nodes = 3;
	toy_start(&toy);
	for (uint32_t i = 0; i < toy.out.n; i++) {
		const struct msg *msg = &toy.out.at[i];

		if (msg->kind == MSG_POD_START)
			started += msg->pod.phase == PHASES;
		if (msg->kind == MSG_ENDPOINT)
			up += msg->endpoint.up && msg->load_bytes == sizeof(struct pod_record);
	}
	ck_assert_uint_eq(started, 6);
	ck_assert_uint_eq(up, 6);
	toy_run(&toy, 100 * S);
	ck_assert_uint_eq(toy.record.n, 0);
	ck_assert_uint_eq(toy.outputs[MSG_WRITE], 0);
	ck_assert_int_eq(toy.machine->cluster->pool[0].free_gpus, 4);
}
END_TEST

START_TEST(what_does_not_fit_is_named)
{
	struct err err;

	toy_services(&toy, &arena, 2);
	toy.service[1].replicas = 9;
	toy.service[1].tensor_parallel = 8;
	ck_assert(!control_check(&toy.control, &toy.cluster, toy.service, 2, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "\"s1\": 8 of its 9 replicas fit the 8 nodes"));
	toy.service[1].replicas = 8;
	ck_assert(control_check(&toy.control, &toy.cluster, toy.service, 2, &err));
	toy.control.plane = PLANE_FUNCTIONAL;
	toy.control.functional.crew->max = 3;
	ck_assert(!control_check(&toy.control, &toy.cluster, toy.service, 2, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "control_plane.functional.max is 3"));
}
END_TEST

/* One write says all that changed while the one before was under way. */
START_TEST(endpoints_coalesce)
{
	toy_services(&toy, &arena, 1);
	toy.start_ns = 10 * S;
	toy.write_ns = 100 * MS;
	toy.control.slow_start = 16;
	toy_start(&toy);
	toy_scale(&toy, 0, 16);
	toy_run(&toy, 60 * S);
	ck_assert_int_eq(toy.routable[0], 16);
	uint32_t writes = 0;
	for (uint32_t i = 0; i < toy.log.n; i++)
		writes += toy.log.at[i].kind == MSG_WRITE &&
			  toy.log.at[i].write.verb == VERB_ENDPOINTS;
	/* All ready in one instant: the first alone, the others together. */
	ck_assert_uint_eq(writes, 2);
}
END_TEST

START_TEST(limits_of_clients)
{
	struct client_limit over[CLIENTS] = { { 0, 0 } }, out[CLIENTS];

	client_limits(LIMITS_DEFAULT, over, out);
	ck_assert_double_eq(out[CLIENT_AUTOSCALER].qps, 10);
	ck_assert_double_eq(out[CLIENT_AUTOSCALER].burst, 20);
	ck_assert_double_eq(out[CLIENT_REPLICASET].qps, 20);
	ck_assert_double_eq(out[CLIENT_SCHEDULER].burst, 100);
	over[CLIENT_SCHEDULER].qps = 7;
	client_limits(LIMITS_TUNED, over, out);
	ck_assert_double_eq(out[CLIENT_SCHEDULER].qps, 7);
	ck_assert_double_eq(out[CLIENT_SCHEDULER].burst, 5000);
	ck_assert_double_eq(out[CLIENT_ENDPOINTS].qps, 5000);
	client_limits(LIMITS_UNLIMITED, (struct client_limit[CLIENTS]){ { 0, 0 } }, out);
	ck_assert_double_eq(out[CLIENT_DEPLOYMENT].qps, 0);
	ck_assert_str_eq(client_name(CLIENT_ENDPOINTS), "endpoints");
}
END_TEST

START_TEST(sampled)
{
	struct series_record sample = { 0 };

	toy_services(&toy, &arena, 1);
	toy.service[0].replicas = 2;
	toy.start_ns = 1 * S;
	toy_start(&toy);
	toy_scale(&toy, 0, 5);
	toy_run(&toy, 500 * MS);
	control_sample(toy.machine, 0, &sample);
	ck_assert_uint_eq(sample.desired, 5);
	ck_assert_uint_eq(sample.ready, 2);
	ck_assert_uint_eq(sample.starting, 3);
	/* Wanted, though no pod is there yet. */
	toy.write_ns = 10 * S;
	toy_scale(&toy, 0, 9);
	ck_assert_int_eq(toy.machine->set[0].existing, 5);
	control_sample(toy.machine, 0, &sample);
	ck_assert_uint_eq(sample.desired, 9);
	ck_assert_uint_eq(sample.ready, 2);
	ck_assert_uint_eq(sample.starting, 7);
	/* More than are wanted: none starts. */
	toy_scale(&toy, 0, 1);
	control_sample(toy.machine, 0, &sample);
	ck_assert_uint_eq(sample.ready, 2);
	ck_assert_uint_eq(sample.starting, 0);
}
END_TEST

/* Pods on their way when the run ends are told of, each once. */
START_TEST(the_run_ends_first)
{
	const struct pod_record *record;

	toy_services(&toy, &arena, 1);
	toy.service[0].replicas = 1;
	toy.cluster.nodes = 1;
	toy.cluster.gpus = 3;
	toy.start_ns = 1000 * S;
	toy.exact = true;
	toy_start(&toy);
	toy_scale(&toy, 0, 5);
	toy_run(&toy, 5 * S);
	ck_assert_uint_eq(toy.record.n, 0);
	outbox_clear(&toy.out);
	control_drain(toy.machine, 6 * S, &toy.out);
	/* Two start, two found no room; the first replica has no record. */
	ck_assert_uint_eq(toy.out.n, 4);
	record = (const void *)toy.out.loads;
	ck_assert_uint_eq(sizeof(*record) & 7, 0);
	for (uint32_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(toy.out.at[i].kind, MSG_RECORD_POD);
		ck_assert_uint_eq(record[i].end, POD_PENDING);
		ck_assert_uint_eq(record[i].id, i + 1);
		ck_assert_int_eq(record[i].created_ns, 0);
		ck_assert_int_eq(record[i].bound_ns, i < 2 ? 0 : -1);
		ck_assert_uint_eq(record[i].node, i < 2 ? 0 : NO_NODE);
		ck_assert_int_eq(record[i].phase_end_ns[PHASE_READINESS], -1);
	}
	outbox_clear(&toy.out);
	control_drain(toy.machine, 6 * S, &toy.out);
	ck_assert_uint_eq(toy.out.n, 0);
}
END_TEST

/* Where its model has been ready before a pod goes again, until the node has been given up. */
START_TEST(back_to_the_weights)
{
	uint32_t first = NONE;

	toy_services(&toy, &arena, 1);
	toy.cluster.nodes = 20;
	toy.control.place.locality = 10;
	toy_start(&toy);
	for (int round = 0; round < 6; round++) {
		toy_scale(&toy, 0, 1);
		toy_run(&toy, toy.now + 100 * S);
		ck_assert_int_eq(toy.routable[0], 1);
		ck_assert_uint_eq(toy.record.n, round + 1);
		if (round == 0)
			first = toy.record.at[0].node;
		ck_assert_int_eq(toy.record.at[round].node == first, round < 5);
		toy_scale(&toy, 0, 0);
		toy_run(&toy, toy.now + 100 * S);
		if (round == 4) {
			toy_lose_node(&toy, first);
			toy_give(&toy, &(struct msg){ .kind = MSG_NODE_UP, .who = first }, NULL);
		}
	}
}
END_TEST

Suite *control_suite(void)
{
	Suite *suite = suite_create("control");
	TCase *tc = tcase_create("control");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_pod_comes);
	tcase_add_test(tc, a_pod_goes);
	tcase_add_test(tc, the_run_ends_first);
	tcase_add_test(tc, slow_start);
	tcase_add_test(tc, burst_ends_a_sync);
	tcase_add_test(tc, level_triggered);
	tcase_add_test(tc, wanted_when);
	tcase_add_test(tc, order_of_deletion);
	tcase_add_test(tc, pods_of_the_start);
	tcase_add_test(tc, what_does_not_fit_is_named);
	tcase_add_test(tc, endpoints_coalesce);
	tcase_add_test(tc, limits_of_clients);
	tcase_add_test(tc, sampled);
	tcase_add_test(tc, back_to_the_weights);
	suite_add_tcase(suite, tc);
	return suite;
}
