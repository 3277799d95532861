/* cold_start.h - how long each phase of a pod's start takes: distributions, presets and draws.
 *
 * Four presets of one table:
 *   vllm  the defaults: measured phases of vLLM on Kubernetes, each with its source
 *   fast  what the user does not give takes light values instead: image there, tuned loader, engine
 *         restored from a snapshot, aggressive probes; a small model is ready in about 3 s
 *   knative  a small function without weights, on Knative: the medians of a published breakdown
 *   none  the parts count nothing: each phase lasts what cold_start.phases says, by default 0
 * The engine's initialisation is a sum of parts (INIT):
 *   bootstrap + spawn + NCCL if TP > 1 + Dynamo + compilation (cached or cold) + KV profiling
 *     + graph capture + tokenizer
 * of which five depend on the size of the model, by the bytes of its weights: small up to 48 GB
 * (measured: 8B, 16 GB), medium up to 256 GB (70B, 141 GB), large above (235B, 470 GB); the bounds
 * are the geometric means between what was measured. All of a pod's draws are made at its start
 * from a stream of its own: the n-th pod of a service draws the same under every policy.
 * Not modelled: phases that slow each other down by the CPU; image pulls do share links. */
#ifndef SIM_COLD_START_H
#define SIM_COLD_START_H
#include "base/opt.h"

enum cold_start_preset { PRESET_NONE, PRESET_FAST, PRESET_VLLM, PRESET_KNATIVE };
enum init_mode { INIT_FULL, INIT_RESTORE };
enum init_size { SIZE_SMALL, SIZE_MEDIUM, SIZE_LARGE, INIT_SIZES };
enum probe_mode { PROBE_PERIODIC, PROBE_AGGRESSIVE };

/* preset none: whole phases. */
struct phase_times {
	struct dist provision, sandbox, image, start, weights, init, readiness, stop;
};

/* A node that the cluster autoscaler asks for. */
struct node_start { struct dist decide, boot, driver; };

struct image_start {
	double present, present_new;    /* nodes that have it: at the start, and new ones */
	int64_t bytes;                  /* pulled */
	struct dist rate;               /* of a pull, unpacking included: bytes/s */
	struct dist check;              /* where it is there */
	bool serial;                    /* one pull at a time on a node */
	bool distinct;                  /* each service has an image of its own; else one for all */
};

struct weights_start {
	struct dist fixed;
	double loader_rate;             /* bytes/s of one rank; 0 = no limit */
	struct dist spread;             /* factor on the time */
};

struct init_parts { struct dist dynamo, compile_cold, compile_cached, kv_profile, capture; };

struct init_start {
	int mode;                       /* enum init_mode */
	struct dist bootstrap, spawn, nccl, tokenizer, restore;
	double cache_hit;               /* share of the starts that find the compile cache */
	struct init_parts size[INIT_SIZES];
};

struct cold_start_config {
	int preset;                     /* enum cold_start_preset */
	struct phase_times phases;
	struct node_start node;
	struct dist sandbox, serial, network, sidecar;
	int64_t networks, sidecars;     /* beyond the first; beside the engine */
	struct image_start image;
	struct dist start;
	struct weights_start weights;
	struct init_start init;
	int probe;                      /* enum probe_mode */
	int64_t probe_period_ns;
	struct dist stop;
	int64_t status_writes;
};
extern const struct opt cold_start_options[];

/* What one pod's start was drawn to be. */
struct cold_start {
	int64_t sandbox_ns, serial_ns, image_ns, start_ns, weights_ns, init_ns, readiness_ns;
	int64_t stop_ns;
	double image_rate, loader_rate;
};

/* Sets what the preset says, but only where sets(ctx, "image.present") allows it: not what the user
 * wrote, be it the default's text. Call once, after the scenario is read. */
void cold_start_resolve(struct cold_start_config *config,
			bool (*sets)(void *ctx, const char *path), void *ctx,
			struct arena *arena);
/* The class of a model by the bytes of its weights. */
enum init_size cold_start_size(int64_t weight_bytes);
/* Draws a pod's start. image_ns is that of an image that is there; weights_ns comes before the
 * first byte is read. With preset none both are the whole phase. */
struct cold_start cold_start_draw(const struct cold_start_config *config, int64_t weight_bytes,
				  uint32_t ranks, struct rng *rng);
/* Draws how long a node takes from being asked for to ready, GPUs included. */
int64_t cold_start_node_ns(const struct cold_start_config *config, struct rng *rng);
/* The same of a node that has power again: it boots and loads its driver. */
int64_t cold_start_boot_ns(const struct cold_start_config *config, struct rng *rng);
#endif
