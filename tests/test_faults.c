/* Events one by one: when the control plane hears of them, what becomes of requests and GPU-hours,
 * and when users try again. */
#include "base/vec.h"
#include "tests/rig_world.h"
#include "tests/suites.h"
#include <string.h>

#define SECOND INT64_C(1000000000)
#define HOP INT64_C(250000)

struct heard {
	int64_t at_ns;
	uint16_t kind;
	uint32_t who;
};

static struct rig_world rig;
static VEC(struct heard) heard;
static VEC(struct request_record) ended;
static VEC(struct event_record) seen;
static struct arrival rows[8];
static uint32_t n_rows, next_row;
static struct world_totals totals;

static void setup(void)
{
	rig_world_init(&rig);
	heard.n = ended.n = seen.n = 0;
	n_rows = next_row = 0;
	rig.cluster.nodes = 3;
	rig.cluster.gpus = 4;
	rig.detection.lease_ns = 0;
	rig.control.limits = LIMITS_UNLIMITED;
}

static void teardown(void)
{
	vec_release(&heard);
	vec_release(&ended);
	vec_release(&seen);
	rig_world_release(&rig);
}

static void request(int64_t at_ns)
{
	rows[n_rows] = (struct arrival){ .at_ns = at_ns, .id = n_rows, .output_tokens = 10 };
	n_rows++;
}

static int next(void *ctx, struct arrival *row)
{
	(void)ctx;
	if (next_row == n_rows)
		return 0;
	*row = rows[next_row++];
	return 1;
}

static void on_step(void *ctx, const struct taped_step *step)
{
	(void)ctx;
	if (step->machine == MACHINE_CONTROL)
		vec_push(&heard, ((struct heard){ step->now, step->in->kind, step->in->who }));
}

static void on_request(void *ctx, const struct request_record *record)
{
	(void)ctx;
	vec_push(&ended, *record);
}

static void on_event(void *ctx, const struct event_record *record)
{
	(void)ctx;
	vec_push(&seen, *record);
}

static void run(int64_t duration_ns)
{
	struct sink sink = { .request = on_request, .event = on_event };
	struct tape_hook tape = { .step = on_step };
	struct workload workload = { NULL, next };
	struct world *world;

	rig.config.duration_ns = duration_ns;
	ck_assert(rig_world_ready(&rig));
	world = world_new(&rig.config, &workload, &sink, &tape, NULL);
	ck_assert(world_run(world, NULL, NULL, NULL));
	world_close(world);
	totals = world_totals(world);
	world_free(world);
}

/* When control was told this the n-th time, from 0; -1 = never. */
static int64_t when(enum msg_kind kind, uint32_t n)
{
	for (uint32_t i = 0; i < heard.n; i++)
		if (heard.at[i].kind == kind && !n--)
			return heard.at[i].at_ns;
	return -1;
}

static void service(int64_t replicas, const char *service_time)
{
	struct service_config *s = rig_world_service(&rig);

	s->replicas = replicas;
	s->engine.service_time = rig_world_times(&rig, service_time);
}

/* Not ready 50 s after the last lease, given up 300 s after that. */
START_TEST(a_node_is_missed)
{
	service(3, "1s");
	rig_world_event(&rig, EVENT_NODE_DOWN, 61 * SECOND)->first = 1;
	run(1000 * SECOND);
	ck_assert_int_eq(when(MSG_NODE_SILENT, 0), 115 * SECOND); /* 111, at the next look */
	ck_assert_int_eq(when(MSG_NODE_DOWN, 0), 415 * SECOND);
	ck_assert_int_eq(when(MSG_NODE_UP, 0), -1);
	ck_assert_uint_eq(totals.faults.nodes_lost, 1);
	ck_assert_uint_ge(totals.faults.pods_lost, 1);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_str_eq(seen.at[0].kind, "node-down");
}
END_TEST

/* The last renewal lies anywhere in the ten seconds before. */
START_TEST(leases_differ)
{
	int64_t first = INT64_MAX, last = 0;

	rig.cluster.nodes = 200;
	rig.detection.lease_ns = 10 * SECOND;
	rig.detection.monitor_ns = 1;
	rig.detection.eviction_rate = 0;
	service(1, "1s");
	rig_world_event(&rig, EVENT_ZONE_DOWN, 60 * SECOND);
	run(200 * SECOND);
	ck_assert_int_gt(when(MSG_NODE_SILENT, 199), 0);
	for (uint32_t i = 0; i < 200; i++) {
		int64_t at = when(MSG_NODE_SILENT, i);

		first = at < first ? at : first;
		last = at > last ? at : last;
	}
	ck_assert_int_ge(first, 100 * SECOND);
	ck_assert_int_lt(first, 101 * SECOND);
	ck_assert_int_gt(last, 109 * SECOND);
	ck_assert_int_le(last, 110 * SECOND);
}
END_TEST

/* Nodes of a zone are tainted one every ten seconds, those of another zone at the same time. */
START_TEST(one_after_another)
{
	rig.cluster.nodes = 6;
	rig.cluster.rack_nodes = 1;
	rig.cluster.zones = 2;
	service(1, "1s");
	rig_world_event(&rig, EVENT_ZONE_DOWN, 60 * SECOND)->first = 0;
	rig_world_event(&rig, EVENT_ZONE_DOWN, 60 * SECOND)->first = 1;
	run(1000 * SECOND);
	ck_assert_int_eq(when(MSG_NODE_SILENT, 5), 110 * SECOND);
	for (uint32_t i = 0; i < 6; i++)
		ck_assert_int_eq(when(MSG_NODE_DOWN, i), (410 + 10 * (i / 2)) * SECOND);
}
END_TEST

/* Back before it is given up: what ran on it is gone all the same, and is told so then. */
START_TEST(a_reboot)
{
	struct event_config *event = rig_world_event(&rig, EVENT_NODE_DOWN, 60 * SECOND);

	service(3, "1s");
	event->first = 1;
	event->length = rig_world_times(&rig, "30s");
	run(1000 * SECOND);
	ck_assert_int_eq(when(MSG_NODE_SILENT, 0), -1);
	ck_assert_int_eq(when(MSG_NODE_DOWN, 0), 90 * SECOND);
	ck_assert_int_eq(when(MSG_NODE_UP, 0), 90 * SECOND);
	ck_assert_int_eq(when(MSG_NODE_DOWN, 1), -1);
	ck_assert_uint_eq(seen.n, 2);
	ck_assert(seen.at[1].over);
}
END_TEST

/* What two events took down is back when both are over, or when one gives all back. */
START_TEST(twice_down)
{
	struct event_config *event = rig_world_event(&rig, EVENT_NODE_DOWN, 60 * SECOND);

	service(3, "1s");
	event->first = 1;
	event->length = rig_world_times(&rig, "30s");
	event = rig_world_event(&rig, EVENT_NODE_DOWN, 70 * SECOND);
	event->first = 1;
	event->length = rig_world_times(&rig, "40s");
	/* Given back at 200; the end at 230 of what was taken before that changes nothing. */
	event = rig_world_event(&rig, EVENT_NODE_DOWN, 180 * SECOND);
	event->first = 1;
	event->length = rig_world_times(&rig, "50s");
	rig_world_event(&rig, EVENT_NODE_UP, 200 * SECOND);
	rig_world_event(&rig, EVENT_NODE_DOWN, 210 * SECOND)->first = 1;
	run(400 * SECOND);
	ck_assert_int_eq(when(MSG_NODE_UP, 0), 110 * SECOND);
	ck_assert_int_eq(when(MSG_NODE_UP, 1), 200 * SECOND);
	ck_assert_int_eq(when(MSG_NODE_UP, 2), -1);
	ck_assert_uint_eq(totals.faults.nodes_lost, 3);
}
END_TEST

/* GPUs of a lost pod are held until its loss, and busy until then. */
START_TEST(gpu_time)
{
	rig.cluster.nodes = 1;
	service(1, "1000s");
	rig.service[0].timeout_ns = 0;
	rig.service[0].tensor_parallel = 2;
	request(20 * SECOND - HOP);
	rig_world_event(&rig, EVENT_NODE_DOWN, 60 * SECOND);
	run(100 * SECOND);
	ck_assert_int_eq(totals.gpu_held_ns, 2 * 60 * SECOND);
	ck_assert_int_eq(totals.gpu_busy_ns, 2 * 40 * SECOND);
}
END_TEST

/* Who was inside learns it when the connection is given up; who comes later, too, until the
 * endpoint is withdrawn. */
START_TEST(into_silence)
{
	rig.cluster.nodes = 1;
	service(1, "1000s");
	rig.service[0].timeout_ns = 0;
	rig.detection.reset_ns = 7 * SECOND;
	request(20 * SECOND);
	request(62 * SECOND);
	rig_world_event(&rig, EVENT_NODE_DOWN, 60 * SECOND);
	run(100 * SECOND);
	ck_assert_uint_eq(ended.n, 2);
	ck_assert_uint_eq(totals.faults.requests_lost, 1);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(ended.at[i].outcome, OUT_FAILED);
	ck_assert_int_eq(ended.at[0].end_ns, 67 * SECOND + HOP);
	ck_assert_int_eq(ended.at[1].end_ns, 69 * SECOND + 2 * HOP);
}
END_TEST

/* One is inside, the second is refused, and tries again 0.5, 1 and 2 s after its answers. */
START_TEST(users_try_again)
{
	int64_t at = 20 * SECOND;

	rig.cluster.nodes = 1;
	service(1, "1000s");
	rig.service[0].timeout_ns = 0;
	rig.service[0].concurrency = 1;
	rig.service[0].queue_depth = 0;
	rig.users.retries = 3;
	rig.users.jitter = 0;
	request(10 * SECOND);
	request(at);
	run(100 * SECOND);
	ck_assert_uint_eq(totals.requests, 5);
	ck_assert_uint_eq(totals.users.retries, 3);
	ck_assert_uint_eq(totals.users.gave_up, 1);
	ck_assert_uint_eq(ended.n, 5);
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(ended.at[i].id, 1);
		ck_assert_uint_eq(ended.at[i].outcome, OUT_REJECTED);
		ck_assert_int_eq(ended.at[i].arrival_ns, at);
		/* It is known at the gateway a hop before it is at the user's end of it. */
		at += HOP + (SECOND / 2 << i);
	}
	ck_assert_uint_eq(ended.at[4].outcome, OUT_IN_FLIGHT);
	ck_assert_uint_eq(ended.at[4].id, 0);
}
END_TEST

/* A scheduler's death is known after the lease; its place is taken when the event says so. */
START_TEST(a_scheduler_dies)
{
	struct event_config *event = rig_world_event(&rig, EVENT_FUNCTION_DOWN, 60 * SECOND);

	service(1, "1s");
	event->length = rig_world_times(&rig, "40s");
	rig.config.decision.function_start = rig_world_times(&rig, "2s");
	run(300 * SECOND);
	ck_assert_int_eq(when(MSG_FUNCTION_LOST, 0), 75 * SECOND);
	ck_assert_int_eq(when(MSG_FUNCTION_UP, 0), 102 * SECOND);
	ck_assert_uint_eq(totals.faults.functions_lost, 1);
}
END_TEST

/* Again and again, at the gaps of a stream of its own, until it says. */
START_TEST(again_and_again)
{
	struct event_config *event = rig_world_event(&rig, EVENT_API_DOWN, 10 * SECOND);

	service(1, "1s");
	event->every = rig_world_times(&rig, "10s");
	event->length = rig_world_times(&rig, "1s");
	event->until_ns = 55 * SECOND;
	run(300 * SECOND);
	ck_assert_uint_eq(totals.faults.events, 5);
	ck_assert_uint_eq(seen.n, 10);
	ck_assert_int_eq(seen.at[9].at_ns / SECOND, 51);
}
END_TEST

/* Services named, one after the other. */
START_TEST(upgrades)
{
	struct event_config *event = rig_world_event(&rig, EVENT_ROLLING_UPGRADE, 10 * SECOND);

	service(1, "1s");
	service(1, "1s");
	service(1, "1s");
	event->services = "s2, s0";
	event->gap_ns = 5 * SECOND;
	run(60 * SECOND);
	ck_assert_uint_eq(totals.faults.upgrades, 2);
	ck_assert_int_eq(when(MSG_UPGRADE, 0), 10 * SECOND);
	ck_assert_int_eq(when(MSG_UPGRADE, 1), 15 * SECOND);
	ck_assert(event_names("a, b,c", "b") && event_names("a", "a"));
	ck_assert(!event_names("ab", "a") && !event_names("", "a"));
}
END_TEST

START_TEST(zones)
{
	/* 10 nodes in racks of 2: five racks, in three zones 2, 2, 1; later ones are dealt out. */
	static const uint32_t want[] = { 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0 };

	for (uint32_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		ck_assert_uint_eq(event_zone(i, 10, 2, 3), want[i]);
}
END_TEST

Suite *faults_suite(void)
{
	Suite *suite = suite_create("faults");
	TCase *tc = tcase_create("faults");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_node_is_missed);
	tcase_add_test(tc, leases_differ);
	tcase_add_test(tc, one_after_another);
	tcase_add_test(tc, a_reboot);
	tcase_add_test(tc, twice_down);
	tcase_add_test(tc, gpu_time);
	tcase_add_test(tc, into_silence);
	tcase_add_test(tc, users_try_again);
	tcase_add_test(tc, a_scheduler_dies);
	tcase_add_test(tc, again_and_again);
	tcase_add_test(tc, upgrades);
	tcase_add_test(tc, zones);
	suite_add_tcase(suite, tc);
	return suite;
}
