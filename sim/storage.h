/* storage.h - where weights and images lie, and how fast they come from there.
 *
 * A model is looked for in a node's DRAM (page cache or a pinned pool), then on its NVMe, then
 * in the remote store: an object store (registry) or a distributed file system (dfs). A read is
 * one flow (flow.h) of the weight of its ranks over the links of its source, and lasts
 *   latency + bytes / min(ranks * min(loader, tier per rank, host to GPU), share of the links)
 * From a remote store it takes the way of net.h besides: its transport's set-up, latency, streams
 * and bytes on the wire. A store's own rates count payload, by the efficiency of the network that
 * weights come over (images come by TCP: a store that serves both over rails gives them 4 % less).
 * What was read lies on NVMe and in DRAM afterwards; a full tier drops what was used longest ago.
 * Landing costs nothing: copies are written behind. The way from host to GPU is each rank's own, so
 * it caps and is not shared. It decides nothing: where a pod runs, and what is warmed up, is the
 * system's. */
#ifndef SIM_STORAGE_H
#define SIM_STORAGE_H
#include "sim/net.h"

enum tier { TIER_DRAM, TIER_NVME, TIER_REMOTE, TIERS };
enum remote { REMOTE_REGISTRY, REMOTE_DFS, REMOTES };

struct tier_config {
	double rate;            /* bytes/s of the node; 0 = no limit */
	double rank_rate;       /* of one rank; 0 = no limit */
	int64_t capacity_bytes;
};

struct remote_config {
	double client_rate;     /* bytes/s of one read */
	double rate;            /* of all together; 0 = no limit */
	int64_t latency_ns;     /* to the first byte */
};

struct storage_config {
	int source;             /* enum remote: where weights come from */
	int network;            /* enum net_kind: over which network */
	struct remote_config remote[REMOTES];
	struct tier_config tier[TIER_REMOTE];
	double gpu_rate;        /* host to GPU, per rank; 0 = what the reader says */
	double warm[TIER_REMOTE]; /* share of the nodes that hold a model at the start */
};
extern const struct opt storage_options[];

struct storage_totals {
	uint64_t reads[TIERS], pulls, evictions;
	int64_t bytes[TIERS], pulled_bytes;
};

struct storage;

/* The stores of this many nodes, all empty; the config must outlive it. */
struct storage *storage_new(struct net *net, const struct storage_config *config, uint32_t nodes,
			    uint64_t seed);
/* Frees it; what is under way never ends. */
void storage_free(struct storage *storage);

/* Begins to read a model of so many bytes into the GPUs of `ranks` ranks, each at most at loader
 * bytes/s and, unless storage.gpu_rate says otherwise, at host_rate from host memory to its GPU (0
 * = no limit, of both), after a delay. `done` is fired at its end (physics.h). Returns an id for
 * storage_cancel, valid until then. */
uint32_t storage_read(struct storage *storage, uint32_t node, uint32_t model, int64_t bytes,
		      uint32_t ranks, double loader, double host_rate, int64_t delay_ns,
		      struct sim_event *done);
/* Begins to pull a container image of so many bytes from the registry, at most at `rate`. */
uint32_t storage_pull(struct storage *storage, uint32_t node, int64_t bytes, double rate,
		      struct sim_event *done);
/* Ends a read or a pull before its time. */
void storage_cancel(struct storage *storage, uint32_t id);

/* The nearest tier of a node that holds the model. */
enum tier storage_tier(const struct storage *storage, uint32_t node, uint32_t model);
/* Puts a model on a node (a warm-up job's end, a pod that was there before the run). */
void storage_put(struct storage *storage, uint32_t node, uint32_t model, int64_t bytes,
		 enum tier tier);
/* Puts a model on the configured shares of the first `nodes` nodes, chosen at random: those with it
 * in DRAM are among those with it on NVMe, if they are fewer. */
void storage_warm(struct storage *storage, uint32_t model, int64_t bytes, uint32_t nodes);
/* A node went down: its DRAM is empty, and its NVMe too if `lost`. */
void storage_node_down(struct storage *storage, uint32_t node, bool lost);
/* Gives a remote store this share of its rate; nothing where it has no limit. */
void storage_scale(struct storage *storage, enum remote remote, double share);
/* What was read so far, by the tier it came from. */
struct storage_totals storage_totals(const struct storage *storage);
#endif
