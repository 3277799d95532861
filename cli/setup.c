/* The root of the option tables, and the way from a file to a world's configuration: read, expand,
 * complete from the catalogue, check that it fits together. */
#include "cli/setup.h"
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
	{ "hop", OPT_INT, UNIT_TIME, ROOT(hop_ns), "250us", 0, 1e10,
	  .help = "gateway to pod, one way",
	  .source = "assumption: half of a 0.5 ms round trip within a data centre; swept" },
	{ "copies", OPT_INT, UNIT_NONE, ROOT(copies), "1", 1, 1e6,
	  .help = "every service and its workload so many times (NAME-1, NAME-2, ...), the rate "
		  "shared out" },
	{ "defaults", OPT_INLINE, UNIT_NONE, ROOT(service), NULL,
	  .sub = service_options + 1 }, /* all but the name */
	{ "services", OPT_LIST, UNIT_NONE, ROOT(services), NULL, .sub = service_options,
	  .size = sizeof(struct service_config), .inherit = 1 + ROOT(service),
	  .help = "services; what one leaves out it takes from the top level; without a list there "
		  "is one, 'default'" },
	{ "trace", OPT_TABLE, UNIT_NONE, ROOT(trace), NULL, .sub = trace_options,
	  .help = "requests from a file" },
	{ "workload", OPT_LIST, UNIT_NONE, ROOT(workload), NULL, .sub = synth_options,
	  .size = sizeof(struct synth_config),
	  .help = "requests made up; not used where there is a trace" },
	{ "pods", OPT_TABLE, UNIT_NONE, ROOT(pods), NULL, .sub = pod_workload_options,
	  .help = "plain pods: arrivals and lifetimes without requests" },
	{ "cluster", OPT_TABLE, UNIT_NONE, ROOT(cluster), NULL, .sub = cluster_options,
	  .help = "nodes and what they have" },
	{ "control_plane", OPT_TABLE, UNIT_NONE, ROOT(control), NULL, .sub = control_options,
	  .help = "the control plane" },
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

static bool read_catalog(struct setup *setup, const char *kind, const char *name,
			 const struct opt *table, void *entry, struct err *err)
{
	const char *file = arena_print(&setup->arena, "models/catalog/%s/%s.yaml", kind, name);
	const char *path = strchr(name, '/') ? NULL : cli_data(file, &setup->arena);

	if (!path)
		return err_set(err, "no %s '%s' in the catalogue (sonde models lists them)", kind,
			       name);
	return scenario_load(table, entry, path, NULL, 0, NULL, &setup->arena, err);
}

static bool complete_service(struct setup *setup, uint32_t i, struct err *err)
{
	struct service_config *service = (struct service_config *)setup->services.at + i;
	struct gpu_model gpu = { 0 };
	struct llm_model llm = { 0 };

	if (service->engine.kind == ENGINE_LLM &&
	    (!read_catalog(setup, "gpu", service->gpu, gpu_model_options, &gpu, err) ||
	     !read_catalog(setup, "llm", service->model, llm_model_options, &llm, err) ||
	     !service_resolve(service, &gpu, &llm, err)))
		return false;
	gpu_cost_init(&setup->costs[i], service, &gpu, &llm);
	setup->service_names[i] = service->name;
	setup->slos[i] =
		(struct slo){ service->slo.ttft_ns, service->slo.tpot_ns, service->slo.e2e_ns };
	if (service->engine.cost.model == COST_FITTED && service->engine.kind == ENGINE_LLM &&
	    service->engine.cost.c0_ms + service->engine.cost.c1_ms <= 0)
		return err_set(err,
			       "service '%s': engine.cost.model is fitted, but engine.cost.c0_ms "
			       "and c1_ms are 0",
			       service->name);
	for (uint32_t j = 0; j < i; j++)
		if (!strcmp(setup->service_names[j], service->name))
			return err_set(err, "two services are called '%s'", service->name);
	return true;
}

/* Each service and each part of the workload `copies` times over. */
static void make_copies(struct setup *setup)
{
	uint32_t n = (uint32_t)setup->copies, n_services = setup->services.n,
		 n_workload = setup->workload.n;
	const struct service_config *from = setup->services.at;
	const struct synth_config *load = setup->workload.at;
	struct service_config *services =
		ARENA_ARRAY(&setup->arena, struct service_config, n_services * n);
	struct synth_config *loads =
		ARENA_ARRAY(&setup->arena, struct synth_config, n_workload * n);

	for (uint32_t i = 0; i < n_services * n; i++) {
		services[i] = from[i % n_services];
		services[i].name =
			arena_print(&setup->arena, "%s-%u", services[i].name, i / n_services + 1);
	}
	for (uint32_t i = 0; i < n_workload * n; i++) {
		struct dist *rate = &loads[i].rate;
		struct err err;

		loads[i] = load[i % n_workload];
		loads[i].service =
			arena_print(&setup->arena, "%s-%u", loads[i].service, i / n_workload + 1);
		loads[i].requests = load[i % n_workload].requests / n;
		if (rate->kind == DIST_CONSTANT &&
		    !dist_parse(rate, arena_print(&setup->arena, "%.17g/s", rate->a / n),
				UNIT_PER_S, &setup->arena, &err))
			abort();
	}
	setup->services = (struct opt_list){ services, n_services * n };
	setup->workload = (struct opt_list){ loads, n_workload * n };
}

static void one_service(struct setup *setup)
{
	struct service_config *service = ARENA_ARRAY(&setup->arena, struct service_config, 1);

	*service = setup->service;
	if (!service->name || !*service->name)
		service->name = "default";
	setup->services = (struct opt_list){ service, 1 };
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
					      .decision = setup->decision,
					      .pods = setup->pods,
					      .hop_ns = setup->hop_ns,
					      .duration_ns = setup->duration_ns,
					      .sample_ns = setup->sample_ns,
					      .seed = (uint64_t)setup->seed,
					      .decisions = setup->control.decisions };
}

static bool check_together(const struct setup *setup, struct err *err)
{
	bool requests = (setup->trace.file && *setup->trace.file) || setup->workload.n;

	if (!requests && setup->pods.rate <= 0)
		return err_set(err, "there is nothing to run: expected `trace:`, `workload:` or "
				    "`pods:` (or --trace FILE)");
	if (setup->pods.rate > 0 && !setup->pods.count && !setup->duration_ns && !requests)
		return err_set(err,
			       "pods: without `count` needs a `duration`, or the run has no end");
	if (setup->cluster.nodes < 1 && !setup->cluster.provision.max_nodes)
		return err_set(err, "cluster.nodes is 0: expected at least one node, or "
				    "cluster.provision.max_nodes");
	return control_check(&setup->control, &setup->cluster, setup->services.at,
			     setup->services.n, err);
}

static bool complete(struct setup *setup, struct err *err)
{
	uint32_t n;

	if (!oracle_expand(setup, err))
		return false;
	if (!setup->services.n && !setup->no_services)
		one_service(setup);
	if (setup->copies > 1)
		make_copies(setup);
	n = setup->services.n;
	setup->costs = ARENA_ARRAY(&setup->arena, struct gpu_cost, n);
	setup->service_names = ARENA_ARRAY(&setup->arena, const char *, n + 1);
	setup->slos = ARENA_ARRAY(&setup->arena, struct slo, n);
	for (uint32_t i = 0; i < n; i++)
		if (!complete_service(setup, i, err))
			return false;
	make_world(setup);
	return check_together(setup, err);
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

bool setup_read(struct setup *setup, const char *path, const struct scenario_set *sets,
		uint32_t n_sets, uint64_t replication, struct err *err)
{
	bool ok;

	memset(setup, 0, sizeof(*setup));
	arena_init(&setup->arena);
	ok = scenario_load(setup_options, setup, path, sets, n_sets, &setup->loaded, &setup->arena,
			   err);
	if (ok) {
		setup->seed += (int64_t)replication;
		cold_start_resolve(&setup->cold_start, &setup->arena);
		setup->effective = dump(setup);
		ok = complete(setup, err);
		if (!ok && !err->file[0])
			snprintf(err->file, sizeof(err->file), "%s", path);
	}
	if (!ok)
		arena_release(&setup->arena);
	return ok;
}

void setup_release(struct setup *setup)
{
	arena_release(&setup->arena);
}

/* ---- requests ---- */

/* A file that the scenario names: beside it, else from the current folder, else as shipped. */
static const char *named_file(struct setup *setup, const char *name)
{
	const char *path = trace_path(name, setup->loaded.path, &setup->arena), *shipped;

	if (access(path, R_OK) == 0)
		return path;
	shipped = cli_data(name, &setup->arena);
	return shipped ? shipped : path;
}

static uint32_t service_of(const struct setup *setup, const char *name)
{
	for (uint32_t i = 0; i < setup->services.n; i++)
		if (!strcmp(setup->service_names[i], name))
			return i;
	return NONE;
}

static struct trace *open_workload(struct setup *setup, struct err *err)
{
	uint32_t n = setup->workload.n;
	struct trace **parts = ARENA_ARRAY(&setup->arena, struct trace *, n);
	struct synth_config *synth = setup->workload.at;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t service = service_of(setup, synth[i].service);

		if (synth[i].lengths && *synth[i].lengths)
			synth[i].lengths = named_file(setup, synth[i].lengths);

		if (service == NONE) {
			const char *near = err_nearest(synth[i].service, setup->service_names);

			err_set(err, "workload.%u.service: no service is called '%s'%s%s%s", i,
				synth[i].service, near ? "; did you mean '" : "", near ? near : "",
				near ? "'?" : "");
			parts[i] = NULL;
		} else {
			parts[i] = synth_open(&synth[i], service, i, (uint64_t)setup->seed, err);
		}
		if (!parts[i]) {
			while (i-- > 0)
				trace_close(parts[i]);
			return NULL;
		}
	}
	return n == 1 ? parts[0] : trace_merge(parts, n);
}

struct trace *setup_requests(struct setup *setup, struct err *err)
{
	memset(err, 0, sizeof(*err));
	if (setup->trace.file && *setup->trace.file) {
		setup->trace.services = setup->service_names;
		setup->trace.file = named_file(setup, setup->trace.file);
		return trace_open(&setup->trace, err);
	}
	return setup->workload.n ? open_workload(setup, err) : NULL;
}

/* ---- for oracles ---- */

static void set_dist(struct setup *setup, struct dist *dist, enum unit unit, const char *text)
{
	struct err err;

	if (!dist_parse(dist, text, unit, &setup->arena, &err))
		abort(); /* the texts are ours */
}

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
	control->functional.functions = control->functional.min = control->functional.max =
		partitions;
	control->functional.d = probes;
	control->functional.order = ORDER_RANDOM;
	control->functional.cache = false;
	control->functional.rebalance = 0;
	control->functional.wake = false;
}

void setup_without_latency(struct setup *setup)
{
	struct dist *zero[] = { &setup->decision.base,	  &setup->decision.per_node,
				&setup->decision.message, &setup->decision.function_start,
				&setup->api.service,	  &setup->api.commit,
				&setup->api.watch };

	for (size_t i = 0; i < sizeof(zero) / sizeof(*zero); i++)
		set_dist(setup, zero[i], UNIT_TIME, "0s");
	setup->api.hop_ns = setup->hop_ns = 0;
	setup->control.limits = LIMITS_UNLIMITED;
	setup->cold_start.preset = PRESET_NONE;
	setup->sample_ns = 0;
	setup->cluster.gpus = 1;
}
