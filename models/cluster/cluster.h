/* cluster.h - the nodes, what is free on them, and who owns them: flat arrays that every control
 * plane decides on.
 *
 * A node is a row; a pool is a set of nodes that one scheduler owns (a partition; the central
 * scheduler owns one pool with all of them).  A node is in one pool at most.  What a pool can
 * still take is kept by shape while pods come and go, so that full nodes are skipped without
 * being touched.  Here are the facts and the search for a node (models/cluster/search.c); when
 * to look, and what to do about the answer, is models/control's. */
#ifndef MODELS_CLUSTER_CLUSTER_H
#define MODELS_CLUSTER_CLUSTER_H
#include "base/opt.h"
#include "base/rng.h"
#include "base/bits.h"
#include <stdbool.h>
#include <stdint.h>

#define NO_NODE UINT32_MAX
#define NO_POOL UINT32_MAX

/* The shapes by which free capacity is kept: nodes that can take any pod at all; any share of a
 * GPU, a quarter, a half; 1, 2, 4, 8 GPUs.  Who can take one can take those before it. */
enum { SHAPES = 8 };
/* A GPU, in the unit in which pods ask for them. */
enum { GPU_MILLI = 1000 };

struct provision_config {
	int64_t max_nodes;      /* that the cluster autoscaler may go up to; 0 = there is none */
	int64_t scan_ns, give_up_ns;
	const char *group;      /* that grows; "" = the first */
};

/* Nodes that are alike. */
struct group_config {
	const char *name;
	const char *gpu;        /* type; "" = not named */
	int64_t nodes, gpus, cpu_milli, memory_bytes, pods, ips;
};

struct cluster_config {
	union {
		struct group_config group;      /* what groups start from; without a list the one */
		struct {                        /* the same by shorter names */
			const char *name, *gpu;
			int64_t nodes, gpus, cpu_milli, memory_bytes, pods, ips;
		};
	};
	struct opt_list groups;                 /* of struct group_config */
	const char *file;                       /* a list of nodes instead; "" = none */
	int format;                             /* of it: openb */
	int64_t rack_nodes, zones;
	struct provision_config provision;
};

extern const struct opt cluster_options[];

struct need;

/* GPU types that a cluster may name. */
enum { TYPES_MAX = 16 };
/* As a bit, a type that no node has. */
#define NO_TYPE (UINT32_C(1) << 31)

/* Its groups: those of the list, or the one. */
uint32_t cluster_groups(const struct cluster_config *config);
const struct group_config *cluster_group(const struct cluster_config *config, uint32_t group);
/* The group that new nodes are of (cluster_config_check has found it). */
uint32_t cluster_growing(const struct cluster_config *config);
/* Nodes of all groups (a scenario's `nodes` is set to it once it is read); the most GPUs that one
 * has. */
int64_t cluster_nodes(const struct cluster_config *config);
int64_t cluster_most_gpus(const struct cluster_config *config);
/* GPU types in the order in which groups name them: their number, and which a group has, as a bit
 * (0 = not named). */
uint32_t cluster_types(const struct cluster_config *config);
uint32_t cluster_type(const struct cluster_config *config, uint32_t group);
/* Which of them a list like "V100M16|V100M32" names, as bits; 0 = all: "", or a cluster that names
 * none.  False with a message if a name is not among them. */
bool cluster_types_named(const struct cluster_config *config, const char *names, uint32_t *types,
			 struct err *err);
/* Whether an empty node of some group has room for it. */
bool cluster_has_room(const struct cluster_config *config, const struct need *need);
/* Whether the groups make sense. */
bool cluster_config_check(const struct cluster_config *config, struct err *err);

/* How a node is chosen: kube-scheduler's sample and the weights of its scores. */
struct place_config {
	int64_t sample;                 /* percent of the nodes to find feasible; 0 = adaptive */
	int64_t least, most, balanced;  /* weights of the scores */
	int64_t cpu, memory, gpu;       /* weights of the resources inside a score */
	int64_t best_fit, fragmentation, locality; /* weights of those scores */
	const struct typical *typical;  /* pods that may come, for it */
	uint32_t typicals;
};

extern const struct opt place_options[];

/* What a pod asks for: a share of one GPU (below GPU_MILLI), or whole ones (a multiple). */
struct need {
	uint32_t gpu_milli, cpu_milli;
	uint64_t memory_bytes;
	uint32_t types;                 /* GPU types that will do (cluster_type); 0 = all */
	uint32_t gpu;                   /* a share, taken: of which of its node's GPUs */
	uint32_t model;                 /* whose weights it loads, from 1; 0 = none */
};

/* GPUs as a user writes them, as a request. */
static inline uint32_t need_gpu_milli(double gpus)
{
	return (uint32_t)(gpus * GPU_MILLI + 0.5);
}
/* Whether they can be asked for: a share of one GPU, or whole ones. */
static inline bool need_gpus_valid(double gpus)
{
	return gpus < 1 ? gpus == 0 || need_gpu_milli(gpus) > 0
			: need_gpu_milli(gpus) == (uint32_t)gpus * GPU_MILLI;
}

/* A pod that may come, and how likely it is of those that do; the shares add up to 1. */
struct typical { struct need need; double share; };
/* The most popular kinds are kept.  source: assumption; 64 are 99 % of openb's pods */
enum { TYPICALS_MAX = 64 };

/* What need counts as when nodes are scored: 100m CPU and 200 MiB where nothing is asked for.
 * Source: kube-scheduler util/pod_resources.go, DefaultMilliCPURequest, DefaultMemoryRequest. */
static inline int64_t need_scored_cpu_milli(const struct need *need)
{
	return need->cpu_milli ? need->cpu_milli : 100;
}
/* The same of memory. */
static inline int64_t need_scored_memory_bytes(const struct need *need)
{
	return need->memory_bytes ? (int64_t)need->memory_bytes : INT64_C(200) << 20;
}

/* A node whose GPUs were never shared. */
#define NO_SHARE UINT32_MAX

struct node {
	int64_t cpu_milli, memory_bytes;                /* capacity */
	int64_t free_cpu_milli, free_memory_bytes;
	int64_t scored_cpu_milli, scored_memory_bytes;  /* taken, empty requests at a default */
	int32_t gpus, free_pods, free_ips;
	int32_t free_gpus, free_gpu_milli;              /* entirely free ones; all that is free */
	int32_t room_milli;                             /* the most GPU that a pod could get */
	uint32_t share;                                 /* its GPUs in cluster.share, or NO_SHARE */
	uint32_t group, type;                           /* type: a bit, or 0 */
	uint32_t rack, pool, at;                        /* at: position in its pool */
	uint32_t holds;                                 /* reservations: with one it stays put */
	int64_t loose_ns;                               /* when it last left a pool */
	uint32_t promised;                              /* in no pool: which is to get it */
	int8_t shapes;                                  /* it can take shapes 0 .. shapes - 1 */
	bool up;
	bool kept;                                      /* for one pod: nobody else may have it */
	bool known;                                     /* the last score is still right */
	uint32_t version;                               /* counts what changed on it */
	struct need score_need;                         /* that it was of */
	int64_t score;
};

/* What a search found in a block of BLOCK positions for one request: right while the block's
 * version is that of the pool's. */
struct tally { int64_t score; uint32_t version; uint8_t feasible, ties; };
enum { BLOCK = 64, MEMOS = 4 };
struct memo { struct need need; struct tally *block; uint32_t cap; };

/* What nodes of one GPU type can take. */
struct kind { struct bits can[SHAPES]; uint32_t fit[SHAPES]; };

/* A set of nodes by position: removing one moves the last into its place. */
struct pool {
	uint32_t *node, n, cap;
	struct bits can[SHAPES];        /* positions that can take this shape */
	uint32_t fit[SHAPES];           /* their number: the pool's free vector */
	uint32_t cursor;                /* where the next search begins */
	struct kind *kind;              /* the same by type; NULL where there is but one */
	int64_t free_gpus;              /* on nodes that are up */
	uint32_t *version, version_cap; /* of each block: counts what changed in it */
	struct memo memo[MEMOS];        /* the last requests that were searched for */
	uint32_t memo_turn;
};

struct cluster {
	struct cluster_config config;
	struct place_config place;
	struct node *node;
	struct pool *pool;
	uint32_t n, cap, pools;
	/* the largest of any node, by which best fit measures */
	int64_t most_cpu_milli, most_memory_bytes, most_gpu_milli;
	uint32_t kinds;                 /* types that pools keep apart; 0 = all are one */
	/* Taken of each GPU of nodes that pods have had shares of, milli; whole pods do not show
	 * here. */
	struct { uint16_t *at; uint32_t n, cap; } share;
	uint32_t loose;                 /* nodes in no pool */
	/* Models whose weights each node has read, as far as is known: words a node, bits. */
	struct { uint64_t *at; uint32_t n, cap; } local;
	uint32_t local_words;
	/* Of a cluster that logs: ids of the last log_cap nodes that changed, a ring. */
	uint32_t *log, log_cap;         /* a power of 2; 0 = it does not */
	uint64_t changes;               /* so many were logged */
};

/* How many nodes of a pool can still take a pod of each shape that has GPUs, and which types have
 * such nodes, as bits. */
struct free_vector { uint32_t fit[SHAPES - 1]; uint16_t types[SHAPES - 1], unused; };

/* What is taken of each of a node's GPUs by shares; NULL if none of them was ever shared. */
static inline const uint16_t *cluster_shares(const struct cluster *cluster, const struct node *node)
{
	return node->share == NO_SHARE ? NULL : cluster->share.at + node->share;
}

struct found {
	uint32_t node;                  /* NO_NODE = none has room */
	uint32_t examined;              /* nodes that a scheduler filters, full ones included */
	uint32_t feasible;              /* of them, had room and were scored */
};

/* The nodes of config, up, empty and in no pool; `pools` empty pools; place says how a node is
 * chosen.  Freed by cluster_free. */
struct cluster *cluster_new(const struct cluster_config *config, const struct place_config *place,
			    uint32_t pools);
/* Frees it. */
void cluster_free(struct cluster *cluster);
/* The same in the caller's memory and without nodes; ended by cluster_release. */
void cluster_init(struct cluster *cluster, const struct cluster_config *config,
		  const struct place_config *place, uint32_t pools);
void cluster_release(struct cluster *cluster);
/* Keeps from now on which nodes have read the weights of so many models. */
void cluster_models(struct cluster *cluster, uint32_t models);
/* A node has read a model's weights (from 1), as far as is known; or has lost all. */
void cluster_learn(struct cluster *cluster, uint32_t node, uint32_t model);
void cluster_forget(struct cluster *cluster, uint32_t node);
/* Whether it has read those that need names. */
bool cluster_has(const struct cluster *cluster, uint32_t node, const struct need *need);
/* Logs from now on which nodes change: what is free on them, whether they are up, their pool. */
void cluster_log(struct cluster *cluster);
/* Makes node `id` what it is in another cluster, but for its pool. */
void cluster_copy(struct cluster *cluster, uint32_t id, const struct cluster *from);
/* Adds a node of the group that grows, up, in no pool; returns its id (ids count up). */
uint32_t cluster_add(struct cluster *cluster);
/* Opens a node for pods or closes it; what is taken on it stays taken until given back. */
void cluster_up(struct cluster *cluster, uint32_t node, bool up);
/* Keeps a node for one pod, or opens it again: while it is kept no search finds it, and nothing
 * fits. */
void cluster_keep(struct cluster *cluster, uint32_t node, bool kept);
/* Puts a node that is in no pool into one. */
void cluster_own(struct cluster *cluster, uint32_t node, uint32_t pool);
/* Takes a node out of its pool at time now. */
void cluster_disown(struct cluster *cluster, uint32_t node, int64_t now);
/* Whether the node is up and has room for need: GPUs of its type, CPU, memory, a pod slot and an
 * address. */
bool cluster_fits(const struct node *node, const struct need *need);
/* Takes what need says from a node that has it, a share from the fullest GPU that has room for it,
 * or the one that place.fragmentation prefers (need->gpu); or gives it back. */
void cluster_take(struct cluster *cluster, uint32_t node, struct need *need);
void cluster_give(struct cluster *cluster, uint32_t node, const struct need *need);
/* Takes again exactly what was given back since, a share of the very same GPU. */
void cluster_retake(struct cluster *cluster, uint32_t node, const struct need *need);
/* The widest shape that is no wider than a request: such a pod cannot go where this shape
 * cannot. */
uint32_t cluster_shape(uint32_t gpu_milli);
/* How many nodes of a pool can take need's shape, and have the type if it names one; the positions
 * of those that it should look at (of several types: of all). */
uint32_t cluster_fit(const struct cluster *cluster, uint32_t pool, const struct need *need);
const struct bits *cluster_can(const struct pool *pool, const struct need *need);
/* A pool's free vector, and what it says of a need that has GPUs: nodes, 0 for sure none. */
void cluster_vector(const struct cluster *cluster, uint32_t pool, struct free_vector *vector);
uint32_t cluster_vector_fit(const struct free_vector *vector, const struct need *need);
/* Aborts if a count or an index is not what the nodes say.  For tests: it walks everything. */
void cluster_verify(const struct cluster *cluster);

/* Nodes to find feasible among `nodes`: all below 100; else percent of them, or 50 - nodes/125
 * (at least 5) percent where that is 0; at least 100.  Source: kube-scheduler schedule_one.go,
 * numFeasibleNodesToFind. */
uint32_t search_sample(uint32_t nodes, int64_t percent);
/* The score of putting need on node, 0..100 times the weights; place has the weights.  Source:
 * kube-scheduler plugins/noderesources least_allocated.go, most_allocated.go,
 * balanced_allocation.go (v1.36: 50 + (50 + with - without) / 2), integer division as there. */
int64_t search_score(const struct place_config *place, const struct node *node,
		     const struct need *need);
/* Looks in a pool for the node of the highest score among the first search_sample() that have
 * room, round robin from where the last search stopped; equal scores are drawn from `ties`.
 * Takes nothing. */
struct found search_pool(struct cluster *cluster, uint32_t pool, const struct need *need,
			 struct rng *ties);
#endif
