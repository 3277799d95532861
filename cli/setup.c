/* The root of the option tables, and the way from a file to a world's configuration: read, expand,
 * complete from the catalogue, check that it fits together. */
#include "cli/setup.h"
#include "cli/lists.h"
#include "cli/catalog.h"
#include "cli/cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT(f) offsetof(struct setup, f)

const struct opt setup_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, ROOT(name), "", .help = "what reports call the scenario" },
	{ "about", OPT_TEXT, UNIT_NONE, ROOT(about), "",
	  .help = "what to look for in its results" },
	{ "seed", OPT_INT, UNIT_NONE, ROOT(seed), "1", 0, 0x1p53,
	  .help = "of every random stream" },
	{ "duration", OPT_INT, UNIT_TIME, ROOT(duration_ns), "0s", 0, 9e18,
	  .help = "simulated time; 0 = until the last request has ended" },
	{ "warmup", OPT_INT, UNIT_TIME, ROOT(warmup_ns), "0s", 0, 9e18,
	  .help = "requests that arrive earlier are counted, but not in latencies" },
	{ "sample", OPT_INT, UNIT_TIME, ROOT(sample_ns), "1s", 0, 9e18,
	  .help = "interval of the time series; 0 = none" },
	{ "details", OPT_BOOL, UNIT_NONE, ROOT(details), "true",
	  .help = "a results file has figures of single services, scale decisions and pods; false "
		  "= "
		  "those of the whole alone" },
	{ "hop", OPT_INT, UNIT_TIME, ROOT(hop_ns), "250us", 0, 1e10,
	  .help = "gateway to pod, one way",
	  .source = "assumption: half of a 0.5 ms round trip within a data centre; swept" },
	{ "copies", OPT_INT, UNIT_NONE, ROOT(copies), "1", 1, SERVICES_MAX,
	  .help = "every service and its workload so many times (NAME-1, NAME-2, ...), the rate "
		  "shared out" },
	{ "zipf", OPT_REAL, UNIT_NONE, ROOT(zipf), "0", 0, 10,
	  .help = "how unlike copies are: the k-th gets a share of the rate that falls as 1/k to "
		  "this power; 0 = all alike",
	  .source = "public: about 1.7 over 86 models of one serverless service" },
	{ "defaults", OPT_INLINE, UNIT_NONE, ROOT(service), NULL,
	  .sub = service_options + 1 }, /* all but the name */
	{ "services", OPT_LIST, UNIT_NONE, ROOT(services), NULL, .sub = service_options,
	  .size = sizeof(struct service_config), .inherit = 1 + ROOT(service),
	  .help = "services; what one leaves out it takes from the top level; without a list there "
		  "is one, 'default'" },
	{ "trace", OPT_TABLE, UNIT_NONE, ROOT(trace), NULL, .sub = trace_options,
	  .help = "requests from a file" },
	{ "traces", OPT_LIST, UNIT_NONE, ROOT(traces), NULL, .sub = trace_options,
	  .size = sizeof(struct trace_spec), .inherit = 1 + ROOT(trace),
	  .help = "several traces at once, merged by time; what one leaves out it takes from "
		  "`trace`" },
	{ "workload", OPT_LIST, UNIT_NONE, ROOT(workload), NULL, .sub = synth_options,
	  .size = sizeof(struct synth_config),
	  .help = "requests made up; not used where there is a trace" },
	{ "pods", OPT_TABLE, UNIT_NONE, ROOT(pods), NULL, .sub = pod_workload_options,
	  .help = "plain pods: arrivals and lifetimes without requests" },
	{ "cluster", OPT_TABLE, UNIT_NONE, ROOT(cluster), NULL, .sub = cluster_options,
	  .help = "nodes and what they have" },
	{ "control_plane", OPT_TABLE, UNIT_NONE, ROOT(control), NULL, .sub = control_options,
	  .help = "the control plane" },
	{ "events", OPT_LIST, UNIT_NONE, ROOT(events), NULL, .sub = event_options,
	  .size = sizeof(struct event_config),
	  .help = "what goes wrong, or is done to the system, and when" },
	{ "detection", OPT_TABLE, UNIT_NONE, ROOT(detection), NULL, .sub = detection_options,
	  .help = "when the loss of nodes and control functions is noticed" },
	{ "users", OPT_TABLE, UNIT_NONE, ROOT(users), NULL, .sub = user_options,
	  .help = "who sends the requests, and tries again" },
	{ "decision", OPT_TABLE, UNIT_NONE, ROOT(decision), NULL, .sub = decision_cost_options,
	  .help = "what control functions' work takes" },
	{ "api", OPT_TABLE, UNIT_NONE, ROOT(api), NULL, .sub = api_options,
	  .help = "API server, etcd and watches" },
	{ "cold_start", OPT_TABLE, UNIT_NONE, ROOT(cold_start), NULL, .sub = cold_start_options,
	  .help = "phases of a pod's start" },
	{ "storage", OPT_TABLE, UNIT_NONE, ROOT(storage), NULL, .sub = storage_options,
	  .help = "where weights and images come from" },
	{ "network", OPT_TABLE, UNIT_NONE, ROOT(network), NULL, .sub = net_options,
	  .help = "networks of the nodes" },
	{ "oracle", OPT_TABLE, UNIT_NONE, ROOT(oracle), NULL, .sub = oracle_options,
	  .help = "a system with a closed form instead of all the above" },
	OPT_END
};

/* ---- completing ---- */

static bool complete_service(struct setup *setup, uint32_t i, struct catalog *catalog,
			     struct err *err)
{
	struct service_config *service = (struct service_config *)setup->services.at + i;
	static const struct gpu_model no_gpu;
	static const struct llm_model no_llm;
	bool is_llm = service->engine.kind == ENGINE_LLM;

	if (is_llm && (!catalog_find(setup, service, catalog, err) ||
		       !service_resolve(service, &catalog->gpu, &catalog->llm, err)))
		return false;
	gpu_cost_init(&setup->costs[i], service, is_llm ? &catalog->gpu : &no_gpu,
		      is_llm ? &catalog->llm : &no_llm);
	setup->service_names[i] = service->name;
	setup->slos[i] =
		(struct slo){ service->slo.ttft_ns, service->slo.tpot_ns, service->slo.e2e_ns };
	return true;
}

static void set_dist(struct setup *setup, struct dist *dist, enum unit unit, const char *text)
{
	struct err err;

	if (!dist_parse(dist, text, unit, &setup->arena, &err))
		abort(); /* the texts are our own */
}

/* Without a list there is one service; one without a name is called as its option says. */
static void name_services(struct setup *setup)
{
	struct service_config *service = setup->services.at;

	if (!setup->services.n) {
		service = ARENA_ARRAY(&setup->arena, struct service_config, 1);
		*service = setup->service;
		setup->services = (struct opt_list){ service, 1 };
	}
	for (uint32_t i = 0; i < setup->services.n; i++)
		if (!service[i].name)
			service[i].name = opt_find(service_options, "name")->value;
}

static void make_world(struct setup *setup)
{
	setup->world = (struct world_config){ .services = setup->services.at,
					      .n_services = setup->services.n,
					      .costs = setup->costs,
					      .control = &setup->control,
					      .cluster = &setup->cluster,
					      .api = &setup->api,
					      .cold_start = &setup->cold_start,
					      .storage = &setup->storage,
					      .net = &setup->network,
					      .events = &setup->events,
					      .detection = &setup->detection,
					      .users = &setup->users,
					      .decision = setup->decision,
					      .pods = setup->pods,
					      .hop_ns = setup->hop_ns,
					      .duration_ns = setup->duration_ns,
					      .sample_ns = setup->sample_ns,
					      .seed = (uint64_t)setup->seed,
					      .decisions = setup->control.decisions };
}

static bool complete(struct setup *setup, struct err *err)
{
	struct catalog catalog = { 0 };
	uint32_t n;

	if (setup->oracle.kind != ORACLE_NONE && !setup_check_oracle(setup, err))
		return false;
	if (!oracle_expand(setup, err))
		return false;
	if (!setup->no_services)
		name_services(setup);
	if (setup->copies > 1 && !setup_copy(setup, err))
		return false;
	n = setup->services.n;
	setup->costs = ARENA_ARRAY(&setup->arena, struct gpu_cost, n);
	setup->service_names = ARENA_ARRAY(&setup->arena, const char *, n + 1);
	setup->slos = ARENA_ARRAY(&setup->arena, struct slo, n);
	for (uint32_t i = 0; i < n; i++)
		if (!complete_service(setup, i, &catalog, err))
			return false;
	if (!setup_index(setup, err) || !setup_find_traces(setup, err) || !setup_check(setup, err))
		return false;
	make_world(setup);
	return true;
}

/* The effective scenario as text: what a results file keeps, and what a tape is replayed from. */
static const char *dump(struct setup *setup)
{
	char *text = NULL;
	const char *copy;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort(); /* out of memory */
	scenario_dump(out, &setup->loaded, setup_options, setup);
	fclose(out);
	copy = arena_text(&setup->arena, text, n);
	free(text);
	return copy;
}

/* The cold start's preset sets what the user did not. */
static bool preset_sets(void *ctx, const char *path)
{
	struct setup *setup = ctx;
	const char *whole = arena_print(&setup->arena, "cold_start.%s", path);

	if (scenario_mark_find(&setup->loaded, whole))
		return false;
	scenario_mark_add(&setup->loaded, whole, "cold_start.preset", &setup->arena);
	return true;
}

bool setup_read(struct setup *setup, const char *path, const struct scenario_set *sets,
		uint32_t n_sets, uint64_t replication, struct err *err)
{
	bool ok;

	memset(setup, 0, sizeof(*setup));
	arena_init(&setup->arena);
	setup->path = path;
	if (!scenario_load(setup_options, setup, path, sets, n_sets, &setup->loaded, &setup->arena,
			   err)) {
		arena_release(&setup->arena);
		return false;
	}
	setup->seed += (int64_t)replication;
	cold_start_resolve(&setup->cold_start, preset_sets, setup, &setup->arena);
	if (setup->pods.file && *setup->pods.file)
		setup->pods.file = setup_file(setup, setup->pods.file);
	ok = catalog_visits(setup, err) && lists_nodes(setup, err);
	if (ok) {
		setup->effective = dump(setup);
		ok = complete(setup, err);
	}
	if (!ok && !err->file[0])
		snprintf(err->file, sizeof(err->file), "%s", path);
	if (!ok)
		arena_release(&setup->arena);
	return ok;
}

void setup_release(struct setup *setup)
{
	arena_release(&setup->arena);
}

/* ---- for oracles ---- */

void setup_add_poisson(struct setup *setup, double rate, int64_t requests)
{
	struct synth_config *synth = ARENA_ARRAY(&setup->arena, struct synth_config, 1);

	opt_defaults(synth_options, synth, &setup->arena);
	synth->requests = requests;
	set_dist(setup, &synth->rate, UNIT_PER_S, arena_print(&setup->arena, "%.17g/s", rate));
	set_dist(setup, &synth->input_tokens, UNIT_TOKENS, "1");
	set_dist(setup, &synth->output_tokens, UNIT_TOKENS, "1");
	setup->workload = (struct opt_list){ synth, 1 };
	setup->trace.file = NULL;
}

void setup_plane_for_loss(struct setup *setup, int64_t partitions, int64_t probes)
{
	struct control_config *control = &setup->control;

	control->attempts = 1;
	control->dispatch = DISPATCH_RANDOM;
	control->plane = partitions ? PLANE_FUNCTIONAL : PLANE_CENTRAL;
	if (!partitions)
		return;
	control->functional.crew->functions = control->functional.crew->min =
		control->functional.crew->max = partitions;
	control->functional.d = probes;
	control->functional.order = ORDER_RANDOM;
	control->functional.cache = false;
	control->functional.rebalance = 0;
	control->functional.wake = false;
}

void setup_dist(struct setup *setup, struct dist *dist, enum unit unit, const char *text)
{
	set_dist(setup, dist, unit, text);
}

void setup_pods(struct setup *setup, double rate, int64_t count, const char *lifetime)
{
	setup->no_services = true;
	setup->pods.rate = rate;
	setup->pods.count = count;
	setup->pods.gpus = 1;
	setup->pods.cpu_milli = setup->pods.memory_bytes = 0;
	set_dist(setup, &setup->pods.lifetime, UNIT_TIME, lifetime);
}

void setup_plane_for_conflicts(struct setup *setup, int64_t schedulers, const char *decision)
{
	struct control_config *control = &setup->control;

	control->plane = PLANE_SHARED;
	control->shared.schedulers = schedulers;
	control->shared.give_up = 1;
	control->attempts = 1;
	/* Any node with room is as good as any other. */
	control->place.least = control->place.balanced = 0;
	control->place.sample = 100;
	set_dist(setup, &setup->decision.base, UNIT_TIME, decision);
}

void setup_plane_for_all(struct setup *setup)
{
	setup_plane_for_loss(setup, 1, 0);
	setup->control.attempts = 0;
	setup->control.functional.wake = true;
	/* Any node will do that has room. */
	setup->control.place.sample = 1;
}

void setup_plane_for_sampling(struct setup *setup, double ratio, bool per_task, bool late)
{
	struct sampling_config *sampling = &setup->control.sampling;

	setup->control.plane = PLANE_SAMPLING;
	setup->control.path = PATH_DIRECT;
	sampling->schedulers = 1;
	sampling->ratio = ratio;
	sampling->mode = per_task ? SAMPLING_PER_TASK : SAMPLING_BATCH;
	sampling->late_binding = late;
	sampling->wait_ns = 0;
	sampling->timeout_ns = 1000000000; /* more than every message takes */
}

void setup_without_latency(struct setup *setup)
{
	struct dist *zero[] = { &setup->decision.base,
				&setup->decision.per_node,
				&setup->decision.lean,
				&setup->decision.lean_per_node,
				&setup->decision.message,
				&setup->decision.function_start,
				&setup->decision.autoscale,
				&setup->decision.expand,
				&setup->decision.expand_per_pod,
				&setup->decision.bind,
				&setup->decision.endpoint,
				&setup->decision.endpoint_per_pod,
				&setup->decision.migration,
				&setup->api.service,
				&setup->api.commit,
				&setup->api.watch };

	for (size_t i = 0; i < sizeof(zero) / sizeof(*zero); i++)
		set_dist(setup, zero[i], UNIT_TIME, "0s");
	setup->api.hop_ns = setup->hop_ns = 0;
	setup->control.limits = LIMITS_UNLIMITED;
	setup->cold_start.preset = PRESET_NONE;
	setup->sample_ns = 0;
	setup->cluster.gpus = 1;
}
