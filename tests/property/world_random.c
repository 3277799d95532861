/* The virtual world whole, small and random, under every plane, while nodes, racks, zones, control
 * functions and the API server go down, bandwidth falls, services are upgraded and users try again.
 * Whatever happens:
 *   each request ends once and its parts add up; each plain pod has one record
 *   each arrival is a first attempt or a counted retry
 *   GPUs are held by no more than there are, and busy no longer than held
 *   the books of the control plane balance (control_audit, in world_close)
 *   the same seed gives the same steps
 *   once all is well again, no request is left, services have their pods, plain pods were bound
 *
 * SONDE_TEST_LONG runs 10,000 worlds instead of 1,000; SONDE_TEST_WORLD=17 one of them. */
#include "base/rng.h"
#include "base/vec.h"
#include "tests/rig_world.h"
#include "tests/suites.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WORLDS = 1000,
	WORLDS_LONG = 10000,
	SERVICES = 3,
	EVENTS = 5,
	PLAIN = 60,
	REQUESTS = 400,
	PLANES = PLANE_SAMPLING + 1
};

/* Events end by then; the rest is time to heal: the longest back-off of a write that an API server
 * was not there for, a node's loss, pods that found no room. */
#define EVENTS_UNTIL (200 * INT64_C(1000000000))
#define HEALED (3000 * INT64_C(1000000000))
#define SECOND INT64_C(1000000000)

static uint64_t number; /* of the world being run */

static void say_world(int signal)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "aborted in SONDE_TEST_WORLD=%llu\n",
			 (unsigned long long)number);

	(void)!write(STDERR_FILENO, text, (size_t)n);
	(void)signal;
}

#define HOLDS(condition) \
	do { \
		if (!(condition)) \
			ck_abort_msg("SONDE_TEST_WORLD=%llu: %s", (unsigned long long)number, \
				     #condition); \
	} while (0)

struct chaos {
	struct rig_world rig;
	struct rng rng;
	uint64_t requests; /* of the workload */
	int64_t gap_ns;
	/* what was seen */
	uint64_t emitted, records, by_outcome[OUTCOMES], hash;
	uint8_t ended[REQUESTS]; /* attempts of each */
	bool recorded[PLAIN];	 /* plain pods */
	int64_t plain, pending;
	uint32_t ready[SERVICES];
};

static uint32_t below(struct chaos *c, uint32_t n)
{
	return rng_below(&c->rng, n);
}

static bool chance(struct chaos *c, double p)
{
	return rng_unit(&c->rng) < p;
}

static void services(struct chaos *c)
{
	for (uint32_t n = 1 + below(c, RIG_SERVICES); n; n--) {
		struct service_config *s = rig_world_service(&c->rig);

		s->tensor_parallel = 1 + below(c, 2);
		s->replicas = 1 + below(c, 3);
		s->priority = below(c, 3);
		s->timeout_ns = (5 + below(c, 60)) * SECOND;
		s->concurrency = chance(c, 0.3) ? 1 + below(c, 4) : 0;
		s->engine.kind = chance(c, 0.5) ? ENGINE_LLM : ENGINE_REQUEST;
		if (chance(c, 0.4)) {
			s->autoscaler.class = SCALE_KPA;
			s->autoscaler.target = 2;
			s->autoscaler.max_scale = 4;
			s->autoscaler.min_scale = 1;
		}
	}
}

static void events(struct chaos *c)
{
	static const char *const lengths[] = { "exp(20s)", "5s", "U(0s,120s)", "40s" };

	for (uint32_t n = 1 + below(c, EVENTS); n; n--) {
		enum event_kind kind = (enum event_kind)below(c, EVENT_KINDS);
		struct event_config *e =
			rig_world_event(&c->rig, kind, (int64_t)(rng_unit(&c->rng) * 100e9));
		enum fault_unit unit = event_unit(kind);

		e->length = rig_world_times(&c->rig, chance(c, 0.05) ? "0s" : lengths[below(c, 4)]);
		if (chance(c, 0.3)) {
			e->every = rig_world_times(&c->rig, "exp(30s)");
			e->until_ns = EVENTS_UNTIL;
		}
		if (chance(c, 0.5))
			e->first =
				below(c, unit == UNIT_NODES ? (uint32_t)c->rig.cluster.nodes : 1);
		e->count = e->first >= 0 ? 1 : 1 + below(c, 3);
		e->function = (int)below(c, FUNCTION_KINDS + 1);
		e->factor = chance(c, 0.3) ? 0 : rng_unit(&c->rng);
		e->wipe = chance(c, 0.3);
		e->gap_ns = chance(c, 0.5) ? SECOND : 0;
		e->services = chance(c, 0.3) ? "s0" : "";
	}
}

static void configure(struct chaos *c)
{
	c->rig.control.plane = (int)(number % PLANES);
	c->rig.control.jobs = (int)below(c, 3);
	c->rig.control.limits = (int)below(c, 3);
	c->rig.control.path = chance(c, 0.3) ? (int)below(c, 3) : PATH_OWN;
	for (int k = 0; k < FUNCTION_KINDS; k++) {
		c->rig.control.functional.crew[k].functions = 1 + below(c, 3);
		c->rig.control.functional.crew[k].min = 1;
	}
	c->rig.control.functional.interval_ns = SECOND + (int64_t)(rng_unit(&c->rng) * 10e9);
	c->rig.cluster.nodes = 4 + below(c, 8);
	c->rig.cluster.gpus = 4;
	c->rig.cluster.rack_nodes = 1 + below(c, 3);
	c->rig.cluster.zones = 1 + below(c, 3);
	if (chance(c, 0.2))
		c->rig.cluster.provision.max_nodes = c->rig.cluster.nodes + 2;
	c->rig.cold_start.preset = (int)below(c, 3);
	c->rig.detection.grace_ns = below(c, 50) * SECOND;
	c->rig.detection.eviction_ns = below(c, 60) * SECOND;
	c->rig.detection.eviction_rate = chance(c, 0.5) ? 0 : 0.5;
	c->rig.detection.function_ns = below(c, 20) * SECOND;
	c->rig.detection.reset_ns = (int64_t)(rng_unit(&c->rng) * 20e9);
	c->rig.users.retries = chance(c, 0.5) ? 1 + below(c, 4) : 0;
	if (chance(c, 0.3)) {
		c->rig.config.pods.rate = 1;
		c->rig.config.pods.count = PLAIN;
		c->rig.config.pods.job = 1 + below(c, 3);
		c->rig.config.pods.gpus = chance(c, 0.5) ? 0.5 : 1;
		c->rig.config.pods.lifetime = rig_world_times(&c->rig, "exp(20s)");
	}
	services(c);
	events(c);
}

static int next(void *ctx, struct arrival *row)
{
	struct chaos *c = ctx;

	if (c->emitted == c->requests)
		return 0;
	*row = (struct arrival){ .at_ns = (int64_t)(c->emitted + 1) * c->gap_ns,
				 .id = c->emitted,
				 .service = (uint32_t)(c->emitted % c->rig.config.n_services),
				 .input_tokens = 50,
				 .output_tokens = 1 + (uint32_t)(c->emitted % 40) };
	c->emitted++;
	return 1;
}

static void on_request(void *ctx, const struct request_record *r)
{
	struct chaos *c = ctx;
	int64_t sum = 0;

	HOLDS(r->id < c->emitted && r->outcome < OUTCOMES);
	for (int i = 0; i < PARTS; i++) {
		HOLDS(r->part_ns[i] >= 0);
		sum += r->part_ns[i];
	}
	HOLDS(sum == r->end_ns - r->arrival_ns);
	HOLDS(c->ended[r->id] <= c->rig.users.retries);
	c->ended[r->id]++;
	c->records++;
	c->by_outcome[r->outcome]++;
}

/* A plain pod has one record, bound or not. */
static void on_pod(void *ctx, const struct pod_record *r)
{
	struct chaos *c = ctx;

	if (r->service != NONE)
		return;
	HOLDS(r->id < PLAIN && !c->recorded[r->id]);
	c->recorded[r->id] = true;
	c->plain++;
	c->pending += r->end == POD_PENDING;
}

static void on_step(void *ctx, const struct taped_step *step)
{
	struct chaos *c = ctx;
	const unsigned char *at = (const void *)step->in;

	for (size_t i = 0; i < sizeof(*step->in); i++) /* FNV-1a */
		c->hash = (c->hash ^ at[i]) * 0x100000001b3;
	c->hash = (c->hash ^ (uint64_t)step->now ^ step->out->n) * 0x100000001b3;
}

static void on_life(void *ctx, uint32_t pod, uint32_t gen, uint32_t service)
{
	(void)ctx, (void)pod, (void)gen, (void)service;
}

static void on_death(void *ctx, uint32_t pod)
{
	(void)ctx, (void)pod;
}

/* GPUs of the nodes that the cluster may have. */
static int64_t gpus(const struct chaos *c)
{
	int64_t most = c->rig.cluster.provision.max_nodes;

	return c->rig.cluster.gpus * (most > c->rig.cluster.nodes ? most : c->rig.cluster.nodes);
}

/* Whether anything could stay down. */
static bool heals(const struct chaos *c)
{
	for (uint32_t i = 0; i < c->rig.events.n; i++) {
		enum event_kind kind = (enum event_kind)c->rig.event[i].kind;

		if (dist_mean(&c->rig.event[i].length) <= 0 && kind != EVENT_ROLLING_UPGRADE)
			return false;
	}
	return true;
}

static void check(struct chaos *c, struct world *world)
{
	struct world_totals totals = world_totals(world);
	uint64_t attempts = 0, sum = 0;

	for (int i = 0; i < OUTCOMES; i++)
		sum += c->by_outcome[i];
	for (uint64_t i = 0; i < c->emitted; i++)
		attempts += c->ended[i];
	HOLDS(sum == totals.requests && c->records == sum);
	HOLDS(totals.requests == c->emitted + totals.users.retries && attempts == sum);
	HOLDS(c->plain == c->rig.config.pods.count);
	HOLDS(totals.gpu_busy_ns <= totals.gpu_held_ns);
	HOLDS(totals.gpu_held_ns <= gpus(c) * totals.now_ns);
	if (!heals(c))
		return;
	HOLDS(!c->pending);
	HOLDS(c->emitted == c->requests && !c->by_outcome[OUT_IN_FLIGHT]);
	HOLDS(!c->rig.users.retries ||
	      totals.users.gave_up + c->by_outcome[OUT_COMPLETED] == c->requests);
	for (uint32_t i = 0; i < c->rig.config.n_services; i++)
		if (c->rig.service[i].autoscaler.class == SCALE_NONE)
			HOLDS(c->ready[i] == (uint32_t)c->rig.service[i].replicas);
}

static void on_series(void *ctx, const struct series_record *r)
{
	((struct chaos *)ctx)->ready[r->service] = r->ready;
}

static uint64_t run_world(uint64_t seed)
{
	struct chaos *c = calloc(1, sizeof(*c));
	struct sink sink = { .ctx = c, .request = on_request, .pod = on_pod, .series = on_series };
	struct tape_hook tape = { c, on_step, on_life, on_death };
	struct workload workload = { c, next };
	struct world *world;
	uint64_t hash;

	number = seed;
	rig_world_init(&c->rig);
	c->rng = rng_stream(seed, "chaos", 0);
	configure(c);
	c->requests = 1 + below(c, REQUESTS);
	c->gap_ns = (int64_t)(rng_unit(&c->rng) * 200e9 / (double)c->requests);
	c->rig.config.duration_ns = HEALED;
	c->rig.config.sample_ns = 10 * SECOND;
	c->rig.config.seed = seed;
	if (rig_world_ready(&c->rig)) {
		world = world_new(&c->rig.config, &workload, &sink, &tape, NULL);
		HOLDS(world_run(world, NULL, NULL, NULL));
		world_close(world);
		check(c, world);
		world_free(world);
	}
	hash = c->hash;
	rig_world_release(&c->rig);
	free(c);
	return hash;
}

START_TEST(worlds)
{
	const char *one = getenv("SONDE_TEST_WORLD");
	uint64_t n = getenv("SONDE_TEST_LONG") ? WORLDS_LONG : WORLDS;

	signal(SIGABRT, say_world);
	if (one) {
		run_world(strtoull(one, NULL, 10));
		return;
	}
	for (uint64_t seed = 1; seed <= n; seed++) {
		mark_point();
		run_world(seed);
	}
}
END_TEST

START_TEST(same_again)
{
	for (uint64_t seed = 1; seed <= 2 * PLANES; seed++)
		HOLDS(run_world(seed) == run_world(seed));
}
END_TEST

Suite *world_random_suite(void)
{
	Suite *suite = suite_create("world_random");
	TCase *tc = tcase_create("world_random");

	tcase_set_timeout(tc, 3600);
	tcase_add_test(tc, worlds);
	tcase_add_test(tc, same_again);
	suite_add_tcase(suite, tc);
	return suite;
}
