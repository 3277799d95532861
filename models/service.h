/* service.h - a service as the user describes it: model, GPUs, engine, routing, scaling,
 * objectives.
 *
 * Plain data with option tables; shared by serving, replica and control, and read by worlds to
 * price things.
 * A Knative revision is a service of its own here; a canary is a service whose `split` sends a
 * share elsewhere. */
#ifndef MODELS_SERVICE_H
#define MODELS_SERVICE_H
#include "base/opt.h"
#include <stdbool.h>
#include <stdint.h>

enum engine_kind { ENGINE_LLM, ENGINE_REQUEST };
enum engine_scheduler { SCHED_VLLM_V0, SCHED_VLLM_V1, SCHED_SARATHI };
enum cost_model { COST_ROOFLINE, COST_FITTED };
enum router { ROUTE_ROUND_ROBIN, ROUTE_LEAST_OUTSTANDING, ROUTE_POWER_OF_D, ROUTE_RANDOM,
	ROUTE_NEWEST };
enum autoscaler_class { SCALE_NONE, SCALE_KPA, SCALE_PER_REQUEST };

/* Parameters of the GPU-time model, for the world (sim/gpu.h has the formulae). */
struct cost_config {
	int model;                      /* enum cost_model */
	/* fitted: six coefficients; sim/gpu.h has the formula */
	double c0_ms, c1_ms, knee_tokens, c2_ms, c3_ms, c4_ms, c5_ms;
	/* roofline overrides; 0 = the GPU's catalogue figure */
	double mfu_prefill, bandwidth_share;
	double overhead_ms;             /* roofline: host time per iteration */
};

struct engine_config {
	int kind;                       /* enum engine_kind */
	int scheduler;                  /* enum engine_scheduler */
	int64_t kv_blocks;              /* 0 = from GPU memory, weights and memory_share */
	int64_t block_tokens;
	double watermark;               /* share of blocks kept free at admission */
	int64_t max_seqs, max_tokens;   /* per iteration */
	double memory_share;            /* of GPU memory that the engine may use */
	/* run many iterations as one event; false = one by one, same results */
	bool skip;
	struct cost_config cost;
	struct dist service_time;       /* request-level engine: time to serve one request */
	int64_t token_time_ns;          /* request-level engine: further time an output token */
	int64_t slots;                  /* request-level engine: requests served at once */
};

struct kpa_config {
	int class;                      /* enum autoscaler_class */
	/* requests in flight per pod; 0 = containerConcurrency or its default of 100 */
	double target;
	double utilization;             /* 0.7 */
	double target_burst_capacity;   /* 211; -1 = activator always in path, 0 = only at zero */
	int64_t stable_window_ns, tick_ns, scrape_ns;
	double panic_window_share, panic_threshold;
	double max_scale_up_rate, max_scale_down_rate;
	int64_t scale_down_delay_ns, grace_ns, retention_ns;
	int64_t min_scale, max_scale, initial_scale, activation_scale;
	bool scale_to_zero, weighted;   /* weighted = weightedExponential averaging */
	double activator_capacity;
	int64_t idle_ns;                /* per-request: a pod without requests for so long ends */
	bool own_pod;                   /* per-request: who waits does so for the pod made for it */
};

struct slo_config { int64_t ttft_ns, tpot_ns, e2e_ns; }; /* 0 = none */

struct split_config { const char *service; double share; };

struct service_config {
	const char *name;
	const char *model, *gpu;        /* names in the catalogue */
	int64_t tensor_parallel;        /* GPUs a pod */
	double gpu_share;               /* of its GPU, where it has but one */
	/* pods at the start; with autoscaler.class none they are all there is, and ready */
	int64_t replicas;
	int router;                     /* enum router */
	int64_t d;                      /* power-of-d: how many are looked at */
	/* containerConcurrency: requests a pod takes at once; 0 = no limit */
	int64_t concurrency;
	/* of queue-proxy, in multiples of concurrency (Knative: 10) */
	int64_t queue_depth;
	/* requests that may wait in the activator (Knative: 10000) */
	int64_t activator_queue;
	/* of a request, arrival to first token (Knative revision timeout: 300 s); 0 = none */
	int64_t timeout_ns;
	int64_t priority;               /* of its pods, when nodes are scarce */
	int64_t cpu_milli, memory_bytes; /* a pod's requests, sidecars included */
	struct engine_config engine;
	struct kpa_config autoscaler;
	struct slo_config slo;
	struct opt_list split;          /* of struct split_config */
	/* derived by system_resolve() (models/catalog.h) from the catalogue */
	int64_t weight_bytes;           /* of the whole model */
	/* bytes/s, host memory to GPU, of one rank; 0 = storage.gpu_rate */
	double host_rate;
	int64_t kv_bytes_per_token;     /* over all ranks */
};

/* GPUs that a pod asks for, milli. */
static inline uint32_t service_gpu_milli(const struct service_config *service)
{
	return (uint32_t)((double)service->tensor_parallel * service->gpu_share * 1000 + 0.5);
}

extern const struct opt engine_options[], cost_options[], kpa_options[], slo_options[],
		split_options[], service_options[];
#endif
