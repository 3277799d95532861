/* All rows' offsets count from struct cold_start_config, nested tables' too, so that a preset is a
 * list of paths and texts. Each draw is a statement of its own: C leaves the order within an
 * expression open. */
#include "sim/cold_start.h"
#include <assert.h>
#include <string.h>

#define COLD(f) offsetof(struct cold_start_config, f)
/* A row that is a distribution of times. */
#define TIME(NAME, FIELD, VALUE, HELP, SOURCE) \
	{ \
		NAME, OPT_DIST, UNIT_TIME, COLD(FIELD), VALUE, 0, 8.64e13, .help = HELP, \
									   .source = SOURCE \
	}
#define SUB(NAME, TABLE, HELP) \
	{ \
		NAME, OPT_TABLE, UNIT_NONE, 0, NULL, .sub = TABLE, .help = HELP \
	}

static const char *const presets[] = { "none", "fast", "vllm", "knative", NULL };
static const char *const init_modes[] = { "full", "restore", NULL };
static const char *const probes[] = { "periodic", "aggressive", NULL };

static const char profiler[] = "vLLM start-up study (arXiv 2606.07362), 0.10.1.1 on A100; the p95 "
			       "is judgement";
static const char anyscale[] = "anyscale/ray-serve-llm-perf-examples, vLLM V1 on p5.48xlarge, late "
			       "2025; the p95 is judgement";
static const char zero[] = "for oracles: what is not set takes no time";

static const struct opt phase_options[] = {
	TIME("provision", phases.provision, "0s", "a node wanted -> ready", zero),
	TIME("sandbox", phases.sandbox, "0s", "sandbox, networks, sidecars", zero),
	TIME("image", phases.image, "0s", "image pull", zero),
	TIME("start", phases.start, "0s", "container start", zero),
	TIME("weights", phases.weights, "0s", "weights to the GPU", zero),
	TIME("init", phases.init, "0s", "engine initialisation", zero),
	TIME("readiness", phases.readiness, "0s", "ready -> probed", zero),
	TIME("stop", phases.stop, "0s", "drained -> gone", zero),
	OPT_END
};

static const struct opt node_options[] = {
	TIME("decide", node.decide, "LN(3s,12s)", "the cluster autoscaler's call, after its scan",
	     "cluster-autoscaler: scale-up p99 below 21.8 s in a scale test (autoscaler#5769)"),
	TIME("boot", node.boot, "LN(75s,180s)", "machine wanted -> node Ready",
	     "assumption above 28 to 40 s measured for EC2 CPU types; sweep 30 to 600 s"),
	TIME("driver", node.driver, "LN(30s,75s)", "Ready -> GPUs allocatable",
	     "GCE about 1 min (karpenter-provider-gcp#148), baked image; operator LN(210s,330s)"),
	OPT_END
};

static const struct opt image_options[] = {
	{ "present", OPT_REAL, UNIT_SHARE, COLD(image.present), "80%", 0, 1,
	  .help = "nodes that have the image at the start", .source = "assumption; sweep 0 to 1" },
	{ "present_new", OPT_REAL, UNIT_SHARE, COLD(image.present_new), "0%", 0, 1,
	  .help = "new nodes that come with it", .source = "no image baked into the machine's" },
	{ "bytes", OPT_INT, UNIT_BYTES, COLD(image.bytes), "12GB", 0, 0x1p50, .help = "pulled",
	  .source = "vLLM image, 2025-10: about 12 GB compressed (vllm#27154); sweep 5 to 20 GB" },
	{ "rate", OPT_DIST, UNIT_RATE, COLD(image.rate), "LN(75MB/s,150MB/s)", 1, 1e12,
	  .help = "of a pull, unpacking included",
	  .source = "15 to 20 GB in 4 to 6 min (AWS, 2026-06); tuned 250 MB/s, cached 1 GB/s" },
	TIME("check", image.check, "0.1s", "where the image is there",
	     "assumption: look-up and mount; lazy images LN(20s,45s)"),
	{ "serial", OPT_BOOL, UNIT_NONE, COLD(image.serial), "true",
	  .help = "one pull at a time on a node", .source = "kubelet serializeImagePulls" },
	{ "distinct", OPT_BOOL, UNIT_NONE, COLD(image.distinct), "false",
	  .help = "each service has an image of its own; else all share one",
	  .source = "assumption: one engine image for all models" },
	OPT_END
};

static const struct opt weights_options[] = {
	TIME("fixed", weights.fixed, "1s", "before the first byte", "vLLM logs; assumption"),
	{ "loader_rate", OPT_REAL, UNIT_RATE, COLD(weights.loader_rate), "1.8GB/s", 0, 1e15,
	  .help = "of the engine's loader, per rank; 0 = no limit",
	  .source = "mmap loader: 7B 7.3 s, 13B 16 s (vllm#10647); tuned 6 GB/s" },
	{ "spread", OPT_DIST, UNIT_NONE, COLD(weights.spread), "LN(1,1.5)", 0.01, 100,
	  .help = "factor on the loader's time", .source = "assumption: one run each published" },
	OPT_END
};

/* The parts that depend on the model's size. */
#define SIZE(I, DYNAMO, COMPILE, CACHED, PROFILE, CAPTURE, WHY) \
	TIME("dynamo", init.size[I].dynamo, DYNAMO, "Dynamo trace, at every start", WHY), \
		TIME("compile_cold", init.size[I].compile_cold, COMPILE, "Inductor, no cache", \
		     WHY), \
		TIME("compile_cached", init.size[I].compile_cached, CACHED, "loading the cache", \
		     WHY), \
		TIME("kv_profile", init.size[I].kv_profile, PROFILE, "memory profiling for KV", \
		     WHY), \
		TIME("capture", init.size[I].capture, CAPTURE, "CUDA graphs; 0s = eager", WHY)

static const struct opt small_options[] = { SIZE(SIZE_SMALL, "LN(7s,11s)", "LN(18s,32s); 1% 180s",
						 "LN(5s,10s)", "LN(2.5s,6s)", "LN(5s,17s)",
						 profiler),
					    OPT_END };
static const struct opt medium_options[] = { SIZE(SIZE_MEDIUM, "LN(12s,18s)",
						  "LN(50s,80s); 1% 500s", "LN(4s,8s)", "LN(6s,20s)",
						  "LN(16s,60s)", anyscale),
					     OPT_END };
static const struct opt large_options[] = { SIZE(SIZE_LARGE, "LN(17s,25s)", "LN(95s,150s); 1% 950s",
						 "LN(6s,12s)", "LN(10s,40s)", "LN(44s,80s)",
						 anyscale),
					    OPT_END };

static const struct opt init_options[] = {
	{ "mode", OPT_CHOICE, UNIT_NONE, COLD(init.mode), "full", .choices = init_modes,
	  .help = "full: all parts; restore: from a snapshot, for the time of `restore`",
	  .source = "vLLM without snapshots" },
	TIME("bootstrap", init.bootstrap, "LN(10s,18s)", "imports, model inspection, worker",
	     profiler),
	TIME("spawn", init.spawn, "LN(7s,14s)", "processes, server: in no log line", profiler),
	TIME("nccl", init.nccl, "LN(3s,12s); 2% 60s", "communicators, where TP > 1",
	     "assumption: 1 to 5 s within a node; 8xB200 55 s (nccl#1646); sweep 0.5 to 60 s"),
	TIME("tokenizer", init.tokenizer, "LN(0.3s,0.6s)", "tokenizer", profiler),
	TIME("restore", init.restore, "LN(3.1s,5s)", "of a snapshot, beside its bytes",
	     "ai-dynamo/snapshot benchmarks.md, B200: 3.1 s + 0.26 s/GB by our fit"),
	{ "cache_hit", OPT_REAL, UNIT_SHARE, COLD(init.cache_hit), "90%", 0, 1,
	  .help = "starts that find the compile cache", .source = "assumption; sweep 0 to 1" },
	SUB("small", small_options, "models up to 48 GB of weights"),
	SUB("medium", medium_options, "models up to 256 GB"),
	SUB("large", large_options, "models above"),
	OPT_END
};

const struct opt cold_start_options[] = {
	{ "preset", OPT_CHOICE, UNIT_NONE, COLD(preset), "vllm", .choices = presets,
	  .help = "vllm: as measured; fast: light; knative: a small function of Knative's; none: "
		  "`phases` alone, by default no time" },
	SUB("phases", phase_options, "preset none: whole phases"),
	SUB("node", node_options, "a node that the cluster autoscaler asks for"),
	TIME("sandbox", sandbox, "LN(1s,2.5s)", "sandbox and first network",
	     "pod start on an idle cluster about 2 s (knative#2484); the p95 is judgement"),
	TIME("serial", serial, "0s", "of that, what a node does for one pod at a time",
	     "no limit; Dirigent's workers made 14 sandboxes/s with containerd, some 25 from "
	     "snapshots"),
	{ "networks", OPT_INT, UNIT_NONE, COLD(networks), "0", 0, 64,
	  .help = "networks beyond the first (RDMA rails), attached one after another",
	  .source = "no second network" },
	TIME("network", network, "LN(0.7s,3s)", "attaching one of them",
	     "Multus is serial (multus#1016); 0.3 to 1 s idle; 12 s and more in bursts"),
	{ "sidecars", OPT_INT, UNIT_NONE, COLD(sidecars), "1", 0, 64, .help = "beside the engine",
	  .source = "Knative's queue-proxy" },
	TIME("sidecar", sidecar, "LN(0.7s,2s)", "starting one of them",
	     "assumption: queue-proxy 87 ms (Dirigent) to Istio 2.3 s (knative#2485)"),
	SUB("image", image_options, "the container image"),
	TIME("start", start, "LN(1.5s,5.5s)", "container start",
	     "ai-dynamo/snapshot on B200: 4.8 to 5.7 s; the median is judgement"),
	SUB("weights", weights_options, "weights from storage to the GPUs"),
	SUB("init", init_options, "engine initialisation"),
	{ "probe", OPT_CHOICE, UNIT_NONE, COLD(probe), "periodic", .choices = probes,
	  .help = "periodic: seen after U(0, probe_period); aggressive: polled every 50 ms",
	  .source = "Knative's queue-proxy polls every 50 ms; kubelet by period" },
	{ "probe_period", OPT_INT, UNIT_TIME, COLD(probe_period_ns), "1s", 0, 3.6e12,
	  .help = "of the readiness probe",
	  .source = "527 ms of a Knative cold start (Dirigent), 1 s poll period (PulseNet); "
		    "Kubernetes' default is 10 s" },
	TIME("stop", stop, "LN(1s,3s)", "drained -> processes and sandbox gone",
	     "assumption: SIGTERM to an idle engine; Kubernetes kills after 30 s"),
	{ "status_writes", OPT_INT, UNIT_NONE, COLD(status_writes), "3", 1, 100,
	  .help = "a kubelet's writes of a pod's status until it is ready, the last one waited for",
	  .source = "control-plane visit counts: pod status by kubelet 3" },
	OPT_END
};

struct preset_value {
	const char *path, *text;
};

/* What the preset fast sets. Sources: sandbox and sidecar as in Dirigent's breakdown of Knative
 * (89 + 66 and 87 ms; here with the runtime's tail), container start as there (286 ms for all the
 * rest), loader and tiers as ServerlessLLM's (64 GB in 3.2 s from NVMe), restore as vLLM's sleep
 * level 1 and llm-d's fast actuation (wake 0.3 to 3 s). */
static const struct preset_value fast[] = {
	{ "sandbox", "LN(0.5s,1s)" },
	{ "sidecar", "LN(0.1s,0.2s)" },
	{ "image.present", "100%" },
	{ "image.present_new", "100%" },
	{ "start", "LN(0.3s,0.6s)" },
	{ "weights.fixed", "0.1s" },
	{ "weights.loader_rate", "20GB/s" },
	{ "weights.spread", "LN(1,1.2)" },
	{ "init.mode", "restore" },
	{ "init.restore", "LN(1s,1.6s)" },
	{ "probe", "aggressive" },
	{ "stop", "LN(0.3s,1s)" },
	{ NULL, NULL },
};

/* What the preset knative sets: the medians of Dirigent's breakdown of a Knative cold start at one
 * a second (artefact, breakdown_comparison.py): sandbox 89, network 66, sidecar 87, the rest 286 ms
 * (50 + 236); readiness 527 ms is half of a poll period of 1 s, here U(0, 1 s). The cluster
 * manager's 59 ms are for the control plane to take. The p95 of twice the median is judgement. */
static const struct preset_value knative[] = {
	{ "sandbox", "LN(89ms,178ms)" },
	{ "networks", "1" },
	{ "network", "LN(66ms,132ms)" },
	{ "sidecars", "1" },
	{ "sidecar", "LN(87ms,174ms)" },
	{ "image.present", "100%" },
	{ "image.present_new", "100%" },
	{ "image.check", "0s" },
	{ "start", "LN(286ms,572ms)" },
	{ "weights.fixed", "0s" },
	{ "weights.loader_rate", "0B/s" },
	{ "init.mode", "restore" },
	{ "init.restore", "0s" },
	{ "probe", "periodic" },
	{ "probe_period", "1s" },
	{ "stop", "LN(0.3s,1s)" },
	{ NULL, NULL },
};

void cold_start_resolve(struct cold_start_config *config, bool (*sets)(void *ctx, const char *path),
			void *ctx, struct arena *arena)
{
	const struct preset_value *value = config->preset == PRESET_FAST    ? fast
					 : config->preset == PRESET_KNATIVE ? knative
									    : NULL;

	for (; value && value->path; value++) {
		const struct opt *opt = opt_find(cold_start_options, value->path);
		struct err err = { 0 };
		bool ok =
			!sets(ctx, value->path) || opt_parse(opt, config, value->text, arena, &err);

		assert(ok);
	}
}

enum init_size cold_start_size(int64_t weight_bytes)
{
	if (weight_bytes <= INT64_C(48000000000))
		return SIZE_SMALL;
	return weight_bytes <= INT64_C(256000000000) ? SIZE_MEDIUM : SIZE_LARGE;
}

static int64_t init_draw(const struct init_start *init, int64_t weight_bytes, uint32_t ranks,
			 struct rng *rng)
{
	const struct init_parts *parts = &init->size[cold_start_size(weight_bytes)];
	bool hit = rng_unit(rng) < init->cache_hit;
	int64_t sum = 0;

	if (init->mode == INIT_RESTORE)
		return dist_draw_int(&init->restore, rng);
	sum += dist_draw_int(&init->bootstrap, rng);
	sum += dist_draw_int(&init->spawn, rng);
	if (ranks > 1)
		sum += dist_draw_int(&init->nccl, rng);
	sum += dist_draw_int(&parts->dynamo, rng);
	sum += dist_draw_int(hit ? &parts->compile_cached : &parts->compile_cold, rng);
	sum += dist_draw_int(&parts->kv_profile, rng);
	sum += dist_draw_int(&parts->capture, rng);
	sum += dist_draw_int(&init->tokenizer, rng);
	return sum;
}

static struct cold_start draw_phases(const struct phase_times *phases, struct rng *rng)
{
	struct cold_start draw = { 0 };

	draw.sandbox_ns = dist_draw_int(&phases->sandbox, rng);
	draw.image_ns = dist_draw_int(&phases->image, rng);
	draw.start_ns = dist_draw_int(&phases->start, rng);
	draw.weights_ns = dist_draw_int(&phases->weights, rng);
	draw.init_ns = dist_draw_int(&phases->init, rng);
	draw.readiness_ns = dist_draw_int(&phases->readiness, rng);
	draw.stop_ns = dist_draw_int(&phases->stop, rng);
	return draw;
}

struct cold_start cold_start_draw(const struct cold_start_config *config, int64_t weight_bytes,
				  uint32_t ranks, struct rng *rng)
{
	static const double aggressive_ns = 50e6; /* Knative pkg/queue/readiness/probe.go */
	struct cold_start draw = { 0 };
	double period =
		config->probe == PROBE_AGGRESSIVE ? aggressive_ns : (double)config->probe_period_ns;
	double spread;

	if (config->preset == PRESET_NONE)
		return draw_phases(&config->phases, rng);
	draw.sandbox_ns = dist_draw_int(&config->sandbox, rng);
	for (int64_t i = 0; i < config->networks; i++)
		draw.sandbox_ns += dist_draw_int(&config->network, rng);
	for (int64_t i = 0; i < config->sidecars; i++)
		draw.sandbox_ns += dist_draw_int(&config->sidecar, rng);
	draw.serial_ns = dist_draw_int(&config->serial, rng);
	if (draw.sandbox_ns < draw.serial_ns)
		draw.sandbox_ns = draw.serial_ns;
	draw.image_ns = dist_draw_int(&config->image.check, rng);
	draw.image_rate = dist_draw(&config->image.rate, rng);
	draw.start_ns = dist_draw_int(&config->start, rng);
	spread = dist_draw(&config->weights.spread, rng);
	draw.weights_ns = (int64_t)(dist_draw(&config->weights.fixed, rng) * spread + 0.5);
	draw.loader_rate = config->weights.loader_rate / spread;
	draw.init_ns = init_draw(&config->init, weight_bytes, ranks, rng);
	draw.readiness_ns = (int64_t)(rng_unit(rng) * period + 0.5);
	draw.stop_ns = dist_draw_int(&config->stop, rng);
	return draw;
}

int64_t cold_start_boot_ns(const struct cold_start_config *config, struct rng *rng)
{
	int64_t sum = 0;

	if (config->preset == PRESET_NONE)
		return 0;
	sum += dist_draw_int(&config->node.boot, rng);
	sum += dist_draw_int(&config->node.driver, rng);
	return sum;
}

int64_t cold_start_node_ns(const struct cold_start_config *config, struct rng *rng)
{
	int64_t sum = 0;

	if (config->preset == PRESET_NONE)
		return dist_draw_int(&config->phases.provision, rng);
	sum += dist_draw_int(&config->node.decide, rng);
	sum += dist_draw_int(&config->node.boot, rng);
	sum += dist_draw_int(&config->node.driver, rng);
	return sum;
}
