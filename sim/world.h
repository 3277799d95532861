/* world.h - the virtual world: carries messages between the step machines, prices what they ask
 * for, and keeps time.
 *
 * It decides nothing.  Order inside an instant: whatever is due at a time is delivered first,
 * engines' iteration ends last, by pod; so the results do not depend on how many iterations ran as
 * one event.
 *
 * A real world (emu/) drives the same loop by the wall clock, and hosts the pods itself (struct
 * pod_host). */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H
#include "models/cluster/cluster.h"
#include "models/control/control.h"
#include "models/service.h"
#include "models/world.h"
#include "sim/api.h"
#include "sim/faults.h"
#include "sim/gpu.h"
#include "sim/kubelet.h"
#include "sim/net.h"
#include "sim/storage.h"
#include "sim/users.h"

/* A request on its way to the gateway. */
struct arrival {
	int64_t at_ns;
	uint64_t id, session;
	uint32_t service, input_tokens, output_tokens;
};

/* Where requests come from, in order of time: next() gives 1 and a row, 0 at the end, -1 when the
 * source failed. */
struct workload { void *ctx; int (*next)(void *ctx, struct arrival *row); };

/* Plain pods: arrivals and lifetimes, no requests. */
enum lifetime_of { LIFETIME_OF_POD, LIFETIME_OF_JOB };
/* A pod of a list. */
struct pod_row {
	int64_t at_ns, lifetime_ns;
	uint64_t memory_bytes;
	uint32_t gpu_milli, cpu_milli, types;
};
struct pod_workload {
	double rate;                    /* pods per second; 0 = none */
	int64_t job;                    /* that arrive at once; jobs are Poisson */
	int lifetime_of;                /* enum lifetime_of */
	int64_t count;                  /* arrivals in all; 0 = until the end of the run */
	struct dist lifetime;           /* from running to gone */
	double gpus;                    /* of each: a share of one, or whole ones */
	const char *gpu;                /* types that will do */
	uint32_t types;                 /* the same as bits (cluster_types_named) */
	int64_t cpu_milli, memory_bytes;
	const char *file;               /* a list of pods; "" = none */
	int format;                     /* of it: openb */
	double inflate;                 /* times the cluster's GPUs that they ask for; 0 = as is */
	const struct pod_row *row;      /* the list, read */
	uint64_t rows;
};
extern const struct opt pod_workload_options[];

/* What a control function's work costs. */
struct decision_cost {
	struct dist base;               /* per decision */
	struct dist per_node;           /* per node examined */
	struct dist lean, lean_per_node; /* the same of one that filters and scores nothing */
	struct dist autoscale, expand, bind, endpoint; /* of functions of these kinds, each task */
	struct dist expand_per_pod, endpoint_per_pod;
	struct dist message;            /* between control functions, one way */
	struct dist migration;          /* what takes a pod along costs beside that */
	struct dist function_start;     /* from the wish for an instance to its first decision */
};
extern const struct opt decision_cost_options[];

struct world_config {
	const struct service_config *services;
	uint32_t n_services;
	const struct gpu_cost *costs;   /* one a service */
	const struct control_config *control;
	const struct cluster_config *cluster;
	const struct api_config *api;
	const struct cold_start_config *cold_start;      /* resolved */
	const struct storage_config *storage;
	const struct net_config *net;
	const struct opt_list *events;  /* of struct event_config; NULL = none */
	const struct detection_config *detection;       /* where there are events */
	const struct user_config *users;                /* NULL = nobody tries again */
	struct decision_cost decision;
	struct pod_workload pods;
	int64_t hop_ns;                 /* gateway to pod, and back */
	int64_t duration_ns;            /* end of the run; 0 = when the last request has ended */
	int64_t sample_ns;              /* of the time series; 0 = none */
	uint64_t seed;
	bool decisions;                 /* hand decision records to the sink */
};

/* One step of a machine, for tapes. */
struct taped_step {
	enum machine machine;
	uint32_t instance;              /* pod slot of a replica, else 0 */
	int64_t now;
	const struct msg *in;
	const void *load;
	const struct outbox *out;
};
struct tape_hook {
	void *ctx;
	void (*step)(void *ctx, const struct taped_step *step);
	/* a replica machine begins */
	void (*born)(void *ctx, uint32_t pod, uint32_t gen, uint32_t service);
	void (*died)(void *ctx, uint32_t pod);
};

/* Who runs the pods, if not this world: a real world's own processes.  Answers come back by
 * world_post. */
struct pod_host {
	void *ctx;
	void (*start)(void *ctx, uint32_t pod, uint32_t gen, uint32_t service);
	void (*stop)(void *ctx, uint32_t pod, uint32_t gen);    /* drained */
	void (*submit)(void *ctx, const struct msg *msg);       /* or cancel */
	bool (*idle)(void *ctx, uint32_t pod, uint32_t gen);    /* whether no request is inside */
	/* its node is gone: appends MSG_FINISHED with OUT_FAILED for each request inside */
	void (*kill)(void *ctx, uint32_t pod, uint32_t gen, struct outbox *ended);
};

struct world_totals {
	uint64_t events, requests;
	int64_t now_ns;
	int64_t gpu_held_ns, gpu_busy_ns;       /* GPU-time of pods bound; of that computing */
	uint64_t iterations;
	struct fault_totals faults;
	struct user_totals users;
	uint64_t api_refused;                   /* writes that met no API server */
};

struct world;
/* A world at time 0; the configuration must outlive it.  Static replicas are in place. */
struct world *world_new(const struct world_config *config, const struct workload *workload,
			const struct sink *sink,
			const struct tape_hook *tape, const struct pod_host *host);
/* Runs to the end; false if the source failed. progress(ctx, done) now and then, of requests or,
 * where there are none, plain pods; returns early, cleanly, when *stop becomes non-zero. */
bool world_run(struct world *world, const volatile int *stop, void (*progress)(void *ctx,
	       double done), void *ctx);
/* For a wall clock: fires all that is due up to t. */
void world_advance(struct world *world, int64_t t);
/* The time of the next thing due, or TIME_NEVER. */
int64_t world_next(struct world *world);
/* Whether the run has reached its end. */
bool world_over(const struct world *world);
/* Whether the source of requests failed. */
bool world_failed(const struct world *world);
/* Delivers a message from outside to a machine, now. */
void world_post(struct world *world, enum machine machine, uint32_t instance, const struct msg *msg,
		const void *load);
/* A hosted pod has no more requests inside: it may end. */
void world_pod_idle(struct world *world, uint32_t pod, uint32_t gen);
/* A hosted pod died: MSG_POD_FAILED. */
void world_pod_lost(struct world *world, const struct msg *msg);
/* A hosted pod computed for this long. */
void world_pod_busy(struct world *world, uint32_t pod, int64_t ns);
/* Records what is still in flight and closes the accounts; call once, after the run. */
void world_close(struct world *world);
/* Totals so far. */
struct world_totals world_totals(struct world *world);
/* What the control plane did. */
const struct control_totals *world_control(struct world *world);
/* Frees it. */
void world_free(struct world *world);
#endif
