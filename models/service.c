/* The option tables of a service: names, units, defaults and where each default comes from. */
#include "models/service.h"

#define COST(f) offsetof(struct cost_config, f)
#define ENGINE(f) offsetof(struct engine_config, f)
#define KPA(f) offsetof(struct kpa_config, f)
#define SLO(f) offsetof(struct slo_config, f)
#define SERVICE(f) offsetof(struct service_config, f)

static const char *const engine_kinds[] = { "llm", "request", NULL };
static const char *const schedulers[] = { "vllm-v0", "vllm-v1", "sarathi", NULL };
static const char *const cost_models[] = { "roofline", "fitted", NULL };
static const char *const routers[] = { "round-robin", "least-outstanding", "power-of-two",
				       "random",      "newest-idle",	   NULL };
static const char *const scaler_classes[] = { "none", "kpa", "per-request", NULL };

static const char vllm[] = "vLLM's default";
static const char knative[] = "Knative Serving config-autoscaler and config-defaults, 98e5ef90";

const struct opt cost_options[] = {
	{ "model", OPT_CHOICE, UNIT_NONE, COST(model), "roofline", .choices = cost_models,
	  .help = "how the time of an iteration is computed: from GPU and model data, or from "
		  "coefficients" },
	{ "c0_ms", OPT_REAL, UNIT_NONE, COST(c0_ms), "0", 0, 1e6,
	  .help = "fitted: ms per iteration" },
	{ "c1_ms", OPT_REAL, UNIT_NONE, COST(c1_ms), "0", 0, 1e6,
	  .help = "fitted: ms per token of the iteration" },
	{ "knee_tokens", OPT_REAL, UNIT_NONE, COST(knee_tokens), "0", 0, 1e9,
	  .help = "fitted: tokens above which c2_ms applies too" },
	{ "c2_ms", OPT_REAL, UNIT_NONE, COST(c2_ms), "0", 0, 1e6,
	  .help = "fitted: further ms per token above the knee" },
	{ "c3_ms", OPT_REAL, UNIT_NONE, COST(c3_ms), "0", 0, 1e6,
	  .help = "fitted: ms per KV token of decoding sequences" },
	{ "c4_ms", OPT_REAL, UNIT_NONE, COST(c4_ms), "0", 0, 1e6,
	  .help = "fitted: ms per squared token of a prompt chunk" },
	{ "c5_ms", OPT_REAL, UNIT_NONE, COST(c5_ms), "0", 0, 1e6,
	  .help = "fitted: ms per KV token already computed of sequences in prefill" },
	{ "mfu_prefill", OPT_REAL, UNIT_SHARE, COST(mfu_prefill), "0", 0, 1,
	  .help = "roofline: share of peak compute reached; 0 = the GPU's catalogue figure" },
	{ "bandwidth_share", OPT_REAL, UNIT_SHARE, COST(bandwidth_share), "0", 0, 1,
	  .help = "roofline: share of memory bandwidth reached; 0 = the GPU's catalogue figure" },
	{ "overhead_ms", OPT_REAL, UNIT_NONE, COST(overhead_ms), "2", 0, 1e4,
	  .help = "roofline: host time per iteration that the GPU waits",
	  .source = "assumption; measured TPOT exceeds summed kernels by 13 to 18 % ("
		    "Llama-2-70B H100 TP4)" },
	OPT_END
};

const struct opt engine_options[] = {
	{ "kind", OPT_CHOICE, UNIT_NONE, ENGINE(kind), "llm", .choices = engine_kinds,
	  .help = "llm: continuous batching over paged KV blocks; request: serves whole requests "
		  "for a drawn time" },
	{ "scheduler", OPT_CHOICE, UNIT_NONE, ENGINE(scheduler), "vllm-v1", .choices = schedulers,
	  .help = "vllm-v0: prefill first, whole prompts; vllm-v1: mixed, token budget; sarathi: "
		  "chunked prefill",
	  .source = vllm },
	{ "kv_blocks", OPT_INT, UNIT_NONE, ENGINE(kv_blocks), "0", 0, 1e9,
	  .help = "KV blocks of a pod; 0 = what GPU memory leaves beside the weights" },
	{ "block_tokens", OPT_INT, UNIT_TOKENS, ENGINE(block_tokens), "16", 1, 4096,
	  .help = "tokens a KV block", .source = vllm },
	{ "watermark", OPT_REAL, UNIT_SHARE, ENGINE(watermark), "1%", 0, 0.5,
	  .help = "share of the KV blocks kept free when a request is admitted",
	  .source = "vLLM v0 block manager: 0.01" },
	{ "max_seqs", OPT_INT, UNIT_NONE, ENGINE(max_seqs), "256", 1, 4000,
	  .help = "sequences in a batch (a batch must fit a message's load)",
	  .source = "vLLM: 256 (128 on small GPUs)" },
	{ "max_tokens", OPT_INT, UNIT_TOKENS, ENGINE(max_tokens), "2048", 1, 1 << 24,
	  .help = "tokens an iteration (v1, sarathi: budget; v0: requests x longest prompt of a "
		  "prefill batch)",
	  .source = "vLLM max_num_batched_tokens, 2048 online" },
	{ "memory_share", OPT_REAL, UNIT_SHARE, ENGINE(memory_share), "90%", 0.05, 1,
	  .help = "share of GPU memory that the engine uses",
	  .source = "vLLM gpu_memory_utilization 0.9" },
	{ "skip", OPT_BOOL, UNIT_NONE, ENGINE(skip), "true",
	  .help = "run iterations between two changes of the batch as one event; false gives the "
		  "same results, slower" },
	{ "service_time", OPT_DIST, UNIT_TIME, ENGINE(service_time), "100ms", 0, 3.6e15,
	  .help = "request engine: time a request takes; its mean at most 1000 h",
	  .source = "assumption: to be set by whoever uses the request engine" },
	{ "token_time", OPT_INT, UNIT_TIME, ENGINE(token_time_ns), "0s", 0, 1e11,
	  .help = "request engine: further time that a request takes for each output token; with "
		  "trace.token the same and service_time 0s, functions take their durations" },
	{ "slots", OPT_INT, UNIT_NONE, ENGINE(slots), "1", 1, 1 << 20,
	  .help = "request engine: requests served at once" },
	{ "cost", OPT_TABLE, UNIT_NONE, ENGINE(cost), NULL, .sub = cost_options,
	  .help = "the GPU-time model" },
	OPT_END
};

const struct opt kpa_options[] = {
	{ "class", OPT_CHOICE, UNIT_NONE, KPA(class), "none", .choices = scaler_classes,
	  .help = "none: `replicas` pods, ready from the start; kpa: Knative's pod autoscaler; "
		  "per-request: a pod for whoever finds none with room, as FaaS platforms do" },
	{ "target", OPT_REAL, UNIT_NONE, KPA(target), "0", 0, 1e6,
	  .help = "requests in flight a pod should have at full use; 0 = concurrency, or 100 "
		  "without a limit",
	  .source = knative },
	{ "utilization", OPT_REAL, UNIT_SHARE, KPA(utilization), "70%", 0.01, 1,
	  .help = "share of the target aimed at", .source = knative },
	{ "target_burst_capacity", OPT_REAL, UNIT_NONE, KPA(target_burst_capacity), "211", -1, 1e9,
	  .help = "spare requests the pods must be able to take for the activator to leave the "
		  "path; -1 = never leaves",
	  .source = knative },
	{ "stable_window", OPT_INT, UNIT_TIME, KPA(stable_window_ns), "60s", 6e9, 3.6e12,
	  .help = "averaging window", .source = knative },
	{ "tick", OPT_INT, UNIT_TIME, KPA(tick_ns), "2s", 1e8, 6e10,
	  .help = "time between decisions", .source = knative },
	{ "scrape", OPT_INT, UNIT_TIME, KPA(scrape_ns), "1s", 1e8, 6e10,
	  .help = "time between metric samples", .source = knative },
	{ "panic_window", OPT_REAL, UNIT_SHARE, KPA(panic_window_share), "10%", 0.01, 1,
	  .help = "panic window as a share of the stable window", .source = knative },
	{ "panic_threshold", OPT_REAL, UNIT_SHARE, KPA(panic_threshold), "200%", 1, 10,
	  .help = "wanted / ready pods at which panic begins", .source = knative },
	{ "max_scale_up_rate", OPT_REAL, UNIT_NONE, KPA(max_scale_up_rate), "1000", 1.01, 1e6,
	  .help = "factor by which one decision may grow", .source = knative },
	{ "max_scale_down_rate", OPT_REAL, UNIT_NONE, KPA(max_scale_down_rate), "2", 1.01, 1e6,
	  .help = "factor by which one decision may shrink", .source = knative },
	{ "scale_down_delay", OPT_INT, UNIT_TIME, KPA(scale_down_delay_ns), "0s", 0, 3.6e12,
	  .help = "how long a lower count must be wanted", .source = knative },
	{ "grace", OPT_INT, UNIT_TIME, KPA(grace_ns), "30s", 0, 3.6e12,
	  .help = "scale-to-zero-grace-period", .source = knative },
	{ "retention", OPT_INT, UNIT_TIME, KPA(retention_ns), "0s", 0, 8.64e13,
	  .help = "scale-to-zero-pod-retention-period", .source = knative },
	{ "min_scale", OPT_INT, UNIT_NONE, KPA(min_scale), "0", 0, 1e6, .help = "fewest pods",
	  .source = knative },
	{ "max_scale", OPT_INT, UNIT_NONE, KPA(max_scale), "0", 0, 1e6,
	  .help = "most pods; 0 = no limit", .source = knative },
	{ "initial_scale", OPT_INT, UNIT_NONE, KPA(initial_scale), "1", 0, 1e6,
	  .help = "pods wanted when a revision begins (here: `replicas` pods are ready at the "
		  "start)",
	  .source = knative },
	{ "activation_scale", OPT_INT, UNIT_NONE, KPA(activation_scale), "1", 1, 1e6,
	  .help = "fewest pods when scaling from zero", .source = knative },
	{ "scale_to_zero", OPT_BOOL, UNIT_NONE, KPA(scale_to_zero), "true",
	  .help = "may go to zero pods", .source = knative },
	{ "weighted", OPT_BOOL, UNIT_NONE, KPA(weighted), "false",
	  .help = "weightedExponential averaging", .source = knative },
	{ "activator_capacity", OPT_REAL, UNIT_NONE, KPA(activator_capacity), "100", 1, 1e6,
	  .help = "requests an activator instance is meant to hold", .source = knative },
	{ "idle", OPT_INT, UNIT_TIME, KPA(idle_ns), "600s", 1e6, 8.64e13,
	  .help = "per-request: a pod without requests for so long ends",
	  .source = "SimFaaS: expiry after 10 minutes, as measured on AWS Lambda" },
	{ "own_pod", OPT_BOOL, UNIT_NONE, KPA(own_pod), "true",
	  .help = "per-request: who found no room waits for the pod started for it, though another "
		  "come free meanwhile",
	  .source = "SimFaaS: a cold request is bound to its instance" },
	OPT_END
};

const struct opt slo_options[] = { { "ttft", OPT_INT, UNIT_TIME, SLO(ttft_ns), "0s", 0, 8.64e13,
				     .help = "bound on time to first token; 0 = none" },
				   { "tpot", OPT_INT, UNIT_TIME, SLO(tpot_ns), "0s", 0, 8.64e13,
				     .help = "bound on time per output token; 0 = none" },
				   { "e2e", OPT_INT, UNIT_TIME, SLO(e2e_ns), "0s", 0, 8.64e13,
				     .help = "bound on the whole request; 0 = none" },
				   OPT_END };

const struct opt split_options[] = {
	{ "service", OPT_TEXT, UNIT_NONE, offsetof(struct split_config, service), "",
	  .help = "where the share goes" },
	{ "share", OPT_REAL, UNIT_SHARE, offsetof(struct split_config, share), "0", 0, 1,
	  .help = "of the requests" },
	OPT_END
};

const struct opt service_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, SERVICE(name), "default",
	  .help = "how traces and reports call it" },
	{ "model", OPT_TEXT, UNIT_NONE, SERVICE(model), "llama-3-8b",
	  .help = "a model of the catalogue (sonde models)" },
	{ "gpu", OPT_TEXT, UNIT_NONE, SERVICE(gpu), "a100-80g",
	  .help = "a GPU of the catalogue (sonde models)" },
	{ "tensor_parallel", OPT_INT, UNIT_NONE, SERVICE(tensor_parallel), "1", 1, 64,
	  .help = "GPUs a pod" },
	{ "gpu_share", OPT_REAL, UNIT_NONE, SERVICE(gpu_share), "1", 0.001, 1,
	  .help = "of a pod's GPU, where it has but one: that share of its memory, its arithmetic "
		  "and its bandwidth",
	  .source = "whole GPUs, as the device plugin hands them out; a share as MIG cuts it" },
	{ "replicas", OPT_INT, UNIT_NONE, SERVICE(replicas), "0", 0, 1e6,
	  .help = "pods that are ready at the start" },
	{ "router", OPT_CHOICE, UNIT_NONE, SERVICE(router), "least-outstanding", .choices = routers,
	  .help = "which pod a request goes to when the activator is not in the path" },
	{ "d", OPT_INT, UNIT_NONE, SERVICE(d), "2", 1, 64,
	  .help = "pods that power-of-two looks at", .source = "Mitzenmacher 2001: two choices" },
	{ "concurrency", OPT_INT, UNIT_NONE, SERVICE(concurrency), "0", 0, 1e6,
	  .help = "containerConcurrency: requests a pod takes at once; 0 = no limit",
	  .source = knative },
	{ "queue_depth", OPT_INT, UNIT_NONE, SERVICE(queue_depth), "10", 0, 1e6,
	  .help = "queue-proxy's queue, in multiples of concurrency",
	  .source = "Knative pkg/queue/sharedmain: 10 x CC" },
	{ "activator_queue", OPT_INT, UNIT_NONE, SERVICE(activator_queue), "10000", 0, 1e9,
	  .help = "requests that may wait in the activator",
	  .source = "Knative pkg/activator/net: 10000" },
	{ "timeout", OPT_INT, UNIT_TIME, SERVICE(timeout_ns), "300s", 0, 8.64e13,
	  .help = "a request without a first token by then times out; 0 = never",
	  .source = "Knative revision timeout" },
	{ "priority", OPT_INT, UNIT_NONE, SERVICE(priority), "0", 0, 1e9,
	  .help = "of its pods: the higher are scheduled first, and may evict lower ones",
	  .source = "Kubernetes PriorityClass: 0 where none is named" },
	{ "cpu", OPT_INT, UNIT_NONE, SERVICE(cpu_milli), "4000", 0, 1e9,
	  .help = "a pod's CPU request, in milli-CPUs",
	  .source = "assumption: 4 CPUs feed one GPU; swept where it matters" },
	{ "memory", OPT_INT, UNIT_BYTES, SERVICE(memory_bytes), "32GiB", 0, 0x1p50,
	  .help = "a pod's memory request",
	  .source = "assumption: pinned staging and runtime; swept where it matters" },
	{ "engine", OPT_TABLE, UNIT_NONE, SERVICE(engine), NULL, .sub = engine_options,
	  .help = "the inference engine" },
	{ "autoscaler", OPT_TABLE, UNIT_NONE, SERVICE(autoscaler), NULL, .sub = kpa_options,
	  .help = "scaling" },
	{ "slo", OPT_TABLE, UNIT_NONE, SERVICE(slo), NULL, .sub = slo_options,
	  .help = "objectives, for goodput" },
	{ "split", OPT_LIST, UNIT_NONE, SERVICE(split), NULL, .sub = split_options,
	  .size = sizeof(struct split_config),
	  .help = "shares of this service's requests that other services (revisions) take" },
	OPT_END
};
