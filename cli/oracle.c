/* From an oracle block to an ordinary scenario.  Time is counted in mean service times: the mean
 * service time is one second. */
#include "cli/oracle.h"
#include "cli/setup.h"
#include <math.h>
#include <stdlib.h>

#define ORACLE(f) offsetof(struct oracle_config, f)

static const char *const kinds[] = { "none",	 "mmc",	       "mg1",
				     "erlang-b", "power-of-d", "home-partition",
				     "sparrow",	 "rounds",     "omega",
				     "faas",	 NULL };
static const char *const caches[] = { "none", "perfect", NULL };
static const char *const conflicts[] = { "resource-fit", "sequence-number", NULL };
static const char *const searches[] = { "random", "per-task", "batch", "late", "omniscient", NULL };
static const char *const durations[] = { "task", "job", NULL };

/* Source: radlab/sparrow afb8efad, simulation/simulation_batch.py: TASK_LENGTH (a mean),
 * NETWORK_DELAY, one way, PROBE_RATIO. */
#define SPARROW_TASK_S 0.1
#define SPARROW_TASK "exp(100ms)"
#define SPARROW_DELAY "0.5ms"
#define SPARROW_RATIO 2

const struct opt oracle_options[] = {
	{ "kind", OPT_CHOICE, UNIT_NONE, ORACLE(kind), "none", .choices = kinds,
	  .help = "a system with a closed form, run through the ordinary code" },
	{ "servers", OPT_INT, UNIT_NONE, ORACLE(servers), "1", 1, 1e6,
	  .help = "mmc, erlang-b: servers; rounds: slots; omega: machines" },
	{ "load", OPT_REAL, UNIT_NONE, ORACLE(load), "0.8", 1e-6, 100,
	  .help = "offered load per server or slot" },
	{ "cv2", OPT_REAL, UNIT_NONE, ORACLE(cv2), "1", 0, 1e4,
	  .help = "mg1: squared coefficient of variation of the service time" },
	{ "queues", OPT_INT, UNIT_NONE, ORACLE(queues), "1000", 1, 1e6,
	  .help = "power-of-d: queues" },
	{ "d", OPT_INT, UNIT_NONE, ORACLE(d), "2", 1, 64, .help = "power-of-d: queues looked at" },
	{ "partitions", OPT_INT, UNIT_NONE, ORACLE(partitions), "1000", 1, 1e5,
	  .help = "home-partition: partitions" },
	{ "capacity", OPT_INT, UNIT_NONE, ORACLE(capacity), "10", 1, 1e5,
	  .help = "home-partition: slots of each" },
	{ "probes", OPT_INT, UNIT_NONE, ORACLE(probes), "1", 0, 64,
	  .help = "home-partition: other partitions tried when home is full" },
	{ "cache", OPT_CHOICE, UNIT_NONE, ORACLE(cache), "none", .choices = caches,
	  .help = "home-partition: what is known of the others; perfect: who has room, always" },
	{ "workers", OPT_INT, UNIT_NONE, ORACLE(workers), "10000", 1, 1e6,
	  .help = "sparrow: nodes" },
	{ "slots", OPT_INT, UNIT_NONE, ORACLE(slots), "4", 1, 64, .help = "sparrow: of a node" },
	{ "tasks", OPT_INT, UNIT_NONE, ORACLE(tasks), "100", 2, 1e5,
	  .help = "sparrow: of a job; rounds: requests of a round; omega: tasks of a job" },
	{ "schedulers", OPT_INT, UNIT_NONE, ORACLE(schedulers), "2", 1, 4096,
	  .help = "rounds, omega: schedulers that share the cluster" },
	{ "commits", OPT_REAL, UNIT_NONE, ORACLE(commits), "0.1", 1e-9, 100,
	  .help = "omega: tasks that others commit on a machine during a decision" },
	{ "conflict", OPT_CHOICE, UNIT_NONE, ORACLE(conflict), "sequence-number",
	  .choices = conflicts, .help = "omega: what makes a conflict" },
	{ "gang", OPT_BOOL, UNIT_NONE, ORACLE(gang), "false",
	  .help = "omega: the tasks of a job are bound all or none" },
	{ "search", OPT_CHOICE, UNIT_NONE, ORACLE(search), "batch", .choices = searches,
	  .help = "sparrow: how nodes are found: any; by sampling, task by task, for a job at "
		  "once, with late binding; by one scheduler that knows all and takes no time" },
	{ "duration", OPT_CHOICE, UNIT_NONE, ORACLE(duration), "task", .choices = durations,
	  .help = "sparrow: whether each task draws its own duration, or a job's tasks have one" },
	{ "requests", OPT_INT, UNIT_NONE, ORACLE(requests), "2000000", 1000, 1e12,
	  .help = "arrivals in all; sparrow: jobs" },
	{ "warmup", OPT_REAL, UNIT_SHARE, ORACLE(warmup), "10%", 0, 0.9,
	  .help = "share of them not measured",
	  .source = "assumption: longer than the relaxation of every case shipped" },
	OPT_END
};

static void set_dist(struct dist *dist, struct arena *arena, enum unit unit, const char *text)
{
	struct err err;
	bool ok = dist_parse(dist, text, unit, arena, &err);

	if (!ok)
		abort(); /* the texts below are ours */
}

static void expand_queue(struct setup *setup)
{
	const struct oracle_config *oracle = &setup->oracle;
	struct service_config *service = &setup->service;
	double rate = oracle->load;
	const char *time = "exp(1s)";

	service->engine.kind = ENGINE_REQUEST;
	service->autoscaler.class = SCALE_NONE;
	service->timeout_ns = 0;
	service->concurrency = 0;
	service->cpu_milli = service->memory_bytes = 0;
	service->replicas = 1;
	service->engine.slots = 1;
	if (oracle->kind == ORACLE_MMC) {
		service->engine.slots = oracle->servers;
		rate *= (double)oracle->servers;
	} else if (oracle->kind == ORACLE_POWER_OF_D) {
		service->replicas = oracle->queues;
		service->router = oracle->d > 1 ? ROUTE_POWER_OF_D : ROUTE_RANDOM;
		service->d = oracle->d;
		rate *= (double)oracle->queues;
	} else if (oracle->cv2 <= 0) {
		time = "1s";
	} else if (oracle->cv2 < 1) {
		time = arena_print(&setup->arena, "gamma(1s,%.17g)", sqrt(oracle->cv2));
	} else if (oracle->cv2 > 1) {
		time = arena_print(&setup->arena, "H2(1s,%.17g)", oracle->cv2);
	}
	set_dist(&service->engine.service_time, &setup->arena, UNIT_TIME, time);
	setup_add_poisson(setup, rate, oracle->requests);
	setup->cluster.nodes = service->replicas;
}

static void expand_pods(struct setup *setup)
{
	const struct oracle_config *oracle = &setup->oracle;
	bool home = oracle->kind == ORACLE_HOME_PARTITION;
	double slots =
		home ? (double)(oracle->partitions * oracle->capacity) : (double)oracle->servers;

	setup->no_services = true;
	setup->cluster.nodes = (int64_t)slots;
	setup->pods.rate = oracle->load * slots;
	setup->pods.count = oracle->requests;
	setup->pods.gpus = 1;
	setup->pods.cpu_milli = setup->pods.memory_bytes = 0;
	set_dist(&setup->pods.lifetime, &setup->arena, UNIT_TIME, "exp(1s)");
	setup_plane_for_loss(setup, home ? oracle->partitions : 0, oracle->probes);
	setup->control.functional.cache = setup->control.functional.cache_perfect =
		home && oracle->cache == ORACLE_CACHE_PERFECT;
}

/* Jobs on nodes with slots for a few tasks. */
static void expand_sparrow(struct setup *setup)
{
	const struct oracle_config *oracle = &setup->oracle;
	double slots = (double)(oracle->workers * oracle->slots);

	setup->no_services = true;
	setup->cluster.nodes = oracle->workers;
	setup->cluster.gpus = oracle->slots;
	setup->pods.rate = oracle->load * slots / SPARROW_TASK_S;
	setup->pods.job = oracle->tasks;
	setup->pods.lifetime_of = oracle->duration;
	setup->pods.count = oracle->requests * oracle->tasks;
	setup->pods.gpus = 1;
	setup->pods.cpu_milli = setup->pods.memory_bytes = 0;
	set_dist(&setup->pods.lifetime, &setup->arena, UNIT_TIME, SPARROW_TASK);
	if (oracle->search == SEARCH_OMNISCIENT) {
		setup_plane_for_all(setup);
		return;
	}
	set_dist(&setup->decision.message, &setup->arena, UNIT_TIME, SPARROW_DELAY);
	setup_plane_for_sampling(setup, oracle->search == SEARCH_RANDOM ? 1 : SPARROW_RATIO,
				 oracle->search == SEARCH_PER_TASK, oracle->search == SEARCH_LATE);
}

bool oracle_expand(struct setup *setup, struct err *err)
{
	const struct oracle_config *oracle = &setup->oracle;
	bool queue = oracle->kind == ORACLE_MMC || oracle->kind == ORACLE_MG1 ||
		     oracle->kind == ORACLE_POWER_OF_D;

	if (oracle->kind == ORACLE_NONE)
		return true;
	if ((queue || oracle->kind == ORACLE_SPARROW) && oracle->load >= 1)
		return err_set(err, "oracle.load is %g: a queue has no steady state at 1 or more",
			       oracle->load);
	if (oracle->kind == ORACLE_POWER_OF_D && oracle->d > oracle->queues)
		return err_set(err, "oracle.d is %lld, more than the %lld queues",
			       (long long)oracle->d, (long long)oracle->queues);
	if (oracle->kind == ORACLE_HOME_PARTITION && oracle->probes >= oracle->partitions)
		return err_set(err,
			       "oracle.probes is %lld: at most partitions - 1 others can be tried",
			       (long long)oracle->probes);
	if (oracle->kind == ORACLE_HOME_PARTITION && oracle->cache == ORACLE_CACHE_PERFECT &&
	    (oracle->load >= 1 || !oracle->probes))
		return err_set(err, "oracle.cache is perfect: expected a load below 1 and at least "
				    "one probe");
	if (oracle->kind == ORACLE_ROUNDS &&
	    (oracle->tasks >= oracle->servers || oracle->tasks > 10000))
		return err_set(err,
			       "oracle.tasks is %lld: expected fewer than the %lld slots, and at "
			       "most 10000",
			       (long long)oracle->tasks, (long long)oracle->servers);
	setup_without_latency(setup);
	if (oracle->kind == ORACLE_SPARROW)
		expand_sparrow(setup);
	else if (oracle->kind == ORACLE_ROUNDS)
		oracle_expand_rounds(setup);
	else if (oracle->kind == ORACLE_OMEGA)
		return oracle_expand_omega(setup, err);
	else if (oracle->kind == ORACLE_FAAS)
		oracle_expand_faas(setup);
	else if (queue)
		expand_queue(setup);
	else
		expand_pods(setup);
	return true;
}
