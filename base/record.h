/* record.h - the rows that a world hands to results/: what is learnt, in one place for both worlds.
 *
 * Plain data.  A world fills them, cli/ connects them to results/; neither side knows the other. */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H
#include <stdbool.h>
#include <stdint.h>

enum outcome { OUT_COMPLETED, OUT_REJECTED, OUT_TIMED_OUT, OUT_FAILED, OUT_IN_FLIGHT, OUTCOMES };

/* The phases of a cold start, in the order in which a pod goes through them. */
enum pod_phase {
	PHASE_DECISION,      /* need arose -> the autoscaler's desired count went up */
	PHASE_CONTROL,       /* desired count -> pod object exists (Deployment, ReplicaSet, API) */
	PHASE_PROVISION,     /* no node had room -> a new node is ready */
	PHASE_SCHEDULING,    /* pod object -> bound */
	PHASE_SANDBOX,       /* sandbox, networks, sidecars */
	PHASE_IMAGE,         /* image pull */
	PHASE_START,         /* container start */
	PHASE_WEIGHTS,       /* weights read and copied to the GPU */
	PHASE_INIT,          /* engine: imports, compilation, graph capture, KV profiling */
	PHASE_READINESS,     /* ready -> seen by a readiness probe */
	PHASE_ENDPOINT,      /* seen ready -> known to gateway and activator */
	PHASES
};

/* The parts of a request's latency; they add up to end - arrival exactly. */
enum part {
	PART_GATEWAY,        /* waiting at the gateway itself */
	PART_ACTIVATOR,      /* waiting in the activator for capacity of pods that were ready */
	/* First of PHASES parts: waiting for a pod that was in that phase.  A wait that no pod
	 * ended, of a request that found none ready, is CONTROL's from the first moment: serving
	 * never hears of a pod before it is routable, nor how far one came. */
	PART_COLD_START,
	PART_QUEUE_PROXY = PART_COLD_START + PHASES, /* in the queue-proxy for a concurrency slot */
	PART_BATCH_WAIT,     /* waiting in the engine for its first step */
	PART_PREFILL,        /* first step -> first token made (or, without tokens, service) */
	PART_KV_TRANSFER,    /* KV cache on its way between prefill and decode */
	PART_DECODE,         /* first token -> last token made, preemptions included */
	PART_NETWORK,        /* hops */
	PARTS
};

struct request_record {
	uint64_t id;             /* row of the trace, or count of the generator, from 0 */
	uint32_t service;
	uint32_t outcome;        /* enum outcome */
	int64_t arrival_ns;
	int64_t first_token_ns;  /* -1 = none came */
	int64_t end_ns;          /* last token out of the gateway, or the moment of failure */
	uint32_t input_tokens, output_tokens; /* output: as asked for; all were made if completed */
	uint32_t preemptions;
	bool cold;               /* it waited for a pod that was not ready when it arrived */
	uint8_t unused[3];       /* named, and so zero: tapes hold these bytes too */
	int64_t part_ns[PARTS];
};

/* How a pod's way ended; pending: the run ended first. */
enum pod_end {
	POD_READY, POD_UNSCHEDULABLE, POD_FAILED, POD_CANCELLED, POD_PENDING, POD_ENDS
};

/* One pod's way from the need for it to readiness (or not). */
struct pod_record {
	uint64_t id;
	uint32_t service, node;    /* node UINT32_MAX = never bound */
	uint32_t end;              /* enum pod_end */
	uint32_t probes, migrations, attempts;
	int64_t wanted_ns;         /* the desired count rose */
	int64_t created_ns, bound_ns; /* -1 = never; scheduling delay = bound - created */
	int64_t phase_end_ns[PHASES]; /* -1 = not reached; a phase starts where the last ended */
};

/* A change of a service's desired scale, in order. */
struct scale_record {
	int64_t at_ns;
	uint32_t service;
	int32_t from, to, ready;
	bool panic;
};

/* A service's state, sampled at a fixed interval for the plots. */
struct series_record {
	int64_t at_ns;
	uint32_t service;
	uint32_t arrivals;         /* since the last sample */
	uint32_t completions;      /* since the last sample */
	uint32_t waiting;          /* requests in activator, queue-proxy and engine queues */
	uint32_t running;          /* requests in batches */
	uint32_t desired, ready, starting; /* pods; starting: desired and not ready */
};

/* What became of a pod on its way to a node, step by step. */
enum decision_kind {
	DECISION_QUEUED,     /* put into the function's queue, behind `queue` others */
	DECISION_SEARCHED,   /* the function has thought: `node`, or none */
	DECISION_BINDER,     /* the function, a binder, has taken it up */
	DECISION_SKIPPED,    /* `other` is not asked: it was known to have no room */
	DECISION_ASKED,      /* `other` is asked for room */
	DECISION_PROBED,     /* the function, asked by `other`, has thought: it holds `node`, or has
	                      * none */
	DECISION_OFFERED,    /* `other` has answered: it holds `node` */
	DECISION_REFUSED,    /* `other` has answered: it has no room */
	DECISION_UNANSWERED, /* `other` has not answered in time */
	DECISION_MIGRATED,   /* came to the function: `node` is its own, or none: held no longer */
	DECISION_EXPIRED,    /* the function holds `node` no longer: the pod did not come in time */
	DECISION_CONFLICT,   /* `node` was taken by another meanwhile */
	DECISION_WAITING,    /* came to `node`, and waits there behind `queue` others for room */
	DECISION_TAKEN,      /* `node` has room for it now */
	DECISION_RETURNED,   /* `node` had none in time, and gives it back */
	DECISION_PREEMPTS,   /* no room, but `node` is kept for it: others there are to end */
	DECISION_EVICTED,    /* to end: its `node` is kept for another pod */
	DECISION_PARKED,     /* no room: not tried again before `until_ns` */
	DECISION_GIVEN_UP,   /* no room, and not tried again */
	DECISION_LOST,       /* the function was lost, and what it knew of the pod with it */
	DECISIONS
};

/* One step of a scheduler's decision about a pod (on demand). */
struct decision_record {
	int64_t at_ns;             /* when the step was over */
	int64_t began_ns;          /* of a thought: when it began; else at_ns */
	int64_t queued_ns;         /* SEARCHED, BINDER: waited in the queue before that */
	int64_t info_age_ns;       /* age of what it rested on; 0 = own, exact; -1 = knew nothing */
	/* Nodes that could take a pod of its GPUs, where the step looked or asked, as far as the
	 * function knew; -1 = it did not. */
	int64_t known;
	int64_t until_ns;          /* PARKED; else 0 */
	uint64_t pod;
	uint32_t service;          /* UINT32_MAX = a pod of none */
	uint32_t kind;             /* enum decision_kind */
	uint32_t function, other;  /* UINT32_MAX = no other one */
	uint32_t node;             /* UINT32_MAX = none */
	uint32_t examined, feasible, probes; /* probes: of the pod until now */
	uint32_t attempt;          /* how often nobody had room for it until now */
	uint32_t queue;            /* pods in the function's queue, without it */
};

/* The kinds of control functions. */
enum function_kind {
	FUNCTION_SCHEDULE,   /* finds nodes; also the schedulers and binders of other planes */
	FUNCTION_AUTOSCALE,  /* a service's desired number -> its Deployment's scale */
	FUNCTION_EXPAND,     /* Deployment -> ReplicaSet -> pods made and deleted */
	FUNCTION_BIND,       /* a node that was found -> the binding */
	FUNCTION_ENDPOINT,   /* pods ready or leaving -> a service's endpoints */
	FUNCTION_KINDS
};

/* What the functions of one kind did. */
struct function_totals {
	uint64_t tasks;            /* taken up */
	uint64_t started, stopped, lost;
	int64_t held_ns, busy_ns;  /* of all instances together */
	int64_t waited_ns, waited_max_ns; /* tasks in queues */
};

/* An event of the scenario, as it happened. */
struct event_record {
	int64_t at_ns;
	char kind[24];             /* "zone-down" */
	uint32_t count;            /* how many things it happened to */
	bool over;                 /* it ends */
};

/* What the control plane did, in total. */
struct control_totals {
	uint64_t decisions, placements, probes, probe_cache_hits, probe_cache_misses;
	uint64_t migrations, conflicts, api_writes, messages, unschedulable;
	uint64_t rebalanced_nodes, functions_started, functions_stopped;
	uint64_t retries;          /* decisions about a pod beyond its first */
	uint64_t evictions;        /* pods that had to go for one of higher priority */
	uint64_t reservations_expired;
	/* the cache said that there is room, and there was none; the reverse */
	uint64_t probe_false_positives, probe_false_negatives;
	uint64_t partition_moves;  /* times that nodes changed hands */
	struct function_totals kind[FUNCTION_KINDS];
	/* held by all that schedules, a top-level control plane too; of that not deciding about
	 * a pod */
	int64_t core_ns, idle_core_ns;
	/* At that time: of what is free of GPUs the share that pods like the scenario's cannot use
	 * (FGD); taken of all: GPUs that pods have at least a share of, GPUs by share, CPU, memory.
	 * NAN = of nothing */
	double fragmentation, gpus_in_use, gpu_taken, cpu_taken, memory_taken;
};

/* Plain pods that came together, when the last of them has ended. */
struct job_record {
	uint64_t id;               /* counts from 0 */
	int64_t arrival_ns, end_ns;
	uint32_t tasks;            /* pods */
	uint32_t failed;           /* of them did not do their work */
};

/* Where a world puts what is learnt; any callback may be NULL. */
struct sink {
	void *ctx;
	void (*request)(void *ctx, const struct request_record *record);
	/* n token gaps of this length */
	void (*gap)(void *ctx, uint32_t service, int64_t gap_ns, uint64_t n);
	void (*pod)(void *ctx, const struct pod_record *record);
	void (*scale)(void *ctx, const struct scale_record *record);
	void (*series)(void *ctx, const struct series_record *record);
	void (*decision)(void *ctx, const struct decision_record *record);
	void (*event)(void *ctx, const struct event_record *record);
	void (*job)(void *ctx, const struct job_record *record);
};

/* The name of a part ("gateway", "cold_start.weights", ...), of a phase ("weights"), of an outcome
 * ("completed"). */
const char *part_name(enum part part);
const char *phase_name(enum pod_phase phase);
const char *outcome_name(enum outcome outcome);
/* The name of a step of a decision ("searched"). */
const char *decision_name(enum decision_kind kind);
/* The name of a kind of control function ("schedule", ...). */
const char *function_kind_name(enum function_kind kind);
#endif
