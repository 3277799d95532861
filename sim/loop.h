/* loop.h - the insides of the virtual world, shared by its files (world.c, pods.c, later.c).
 * Private to sim/. */
#ifndef SIM_LOOP_H
#define SIM_LOOP_H
#include "base/vec.h"
#include "models/engine/replica.h"
#include "models/serving/serving.h"
#include "sim/event.h"
#include "sim/jobs.h"
#include "sim/later.h"
#include "sim/world.h"

/* A message that waits for the current step to end. */
struct mail { struct msg msg; uint32_t instance, load_at; uint8_t machine; };

/* A pod as the world sees it; never moved, because events lie in it. */
struct pod {
	/* three cache lines of what every event of an engine touches */
	_Alignas(64) struct sim_event boundary; /* end of the last iteration asked for */
	struct replica *replica;        /* NULL: not running, or hosted elsewhere */
	uint32_t gen, service;
	_Alignas(64) struct gpu_series series;
	int64_t run_start_ns;
	uint32_t k;                     /* iterations of the series under way; 0 = idle */
	bool due, up, holds, draining;  /* due: they end now; holds: GPUs */
	VEC(struct stall) stall;        /* of the batch under way */
	uint32_t slot, gpu_milli;
	/* the rest */
	int64_t held_since_ns;
	struct sim_event drained;       /* no request can be under way to it any more */
	uint32_t node;
	uint32_t serving;               /* request-level engine: slots at work */
	uint64_t id;                    /* as control counts pods */
	bool gone_asked;
	bool silent;                    /* it died with its node, and nobody says so */
	uint32_t next, prev;            /* on its node, where nodes may go down */
};

struct world {
	struct sim *sim;
	const struct world_config *config;
	struct workload workload;
	struct sink sink;
	struct tape_hook tape;
	struct pod_host host;
	bool hosted;

	struct serving *serving;
	struct control *control;
	struct api *api;
	struct net *net;
	struct storage *storage;
	struct kubelet *kubelet;
	struct later *later;
	struct faults *faults;          /* NULL = there are no events */
	struct user_totals users;
	uint64_t retries_coming;
	VEC(struct pod *) pods;         /* by slot */

	struct outbox out;
	VEC(struct mail) mail;
	uint32_t mail_head;
	VEC(unsigned char) mail_loads, mail_copy;
	bool busy;                      /* delivering: what comes now waits in mail */

	struct sim_event arrive, serving_tick, control_tick, pass, sample, submit_due, pod_arrive,
		end;
	struct arrival next;
	bool more, failed, over;
	uint64_t requests, recorded, pods_arrived, pods_recorded;
	struct jobs jobs;               /* of plain pods, where there are any */
	VEC(uint32_t) due;              /* pods whose iterations end now */
	/* the hop from gateway to pod: a delay line of constant latency */
	VEC(struct hop { int64_t at; struct msg msg; }) hops;
	uint32_t hops_head;

	struct rng decide, service_time, pod_gap;
	int64_t gpu_held_ns, gpu_busy_ns;
	uint64_t iterations;
	void (*progress)(void *ctx, double done);
	void *progress_ctx;
	const volatile int *stop;
};

/* So long a time of the pod as GPU-time: a share counts as that. */
static inline int64_t loop_gpu_ns(const struct pod *pod, int64_t ns)
{
	return ns * (pod->gpu_milli / GPU_MILLI) + ns * (pod->gpu_milli % GPU_MILLI) / GPU_MILLI;
}

/* Plain pods (plain.c): whether there are any; those of a run; what one has of GPUs, milli, and how
 * long it lives. */
bool plain_pods(const struct pod_workload *pods);
void plain_start(struct world *world);
void plain_due(struct sim *sim, struct sim_event *event);
uint32_t plain_gpu_milli(const struct pod_workload *pods, uint64_t id);
int64_t plain_lifetime_ns(const struct world *world, uint64_t id);
/* Whether the run is over, or is to stop. */
bool loop_ends(const struct world *world);
/* Delivers to a machine: now if nothing is being delivered, else after it. */
void loop_post(struct world *world, enum machine machine, uint32_t instance, const struct msg *msg,
	       const void *load);
/* The pod in this slot, made at need. */
struct pod *loop_pod(struct world *world, uint32_t slot);
/* The pod in this slot if it is of this generation, else NULL. */
struct pod *loop_pod_of(struct world *world, uint32_t slot, uint32_t gen);

/* Delivers what has crossed the hop from gateway to pod. */
void loop_hops_due(struct sim *sim, struct sim_event *event);

enum { POD_BLOCK = 64 };        /* pods are made in blocks, because events in them must not move */

/* Engines (pods.c). */
void pods_iterate(struct world *world, const struct msg *msg, const void *load);
void pods_interrupt(struct world *world, const struct msg *msg);
void pods_serve(struct world *world, const struct msg *msg);
void pods_served(struct world *world, const struct msg *msg);
void pods_pass(struct world *world);
/* The run ends here: records the iterations of a batch under way that ended before. */
void pods_cut(struct world *world, struct pod *pod);
void pods_look_ahead(struct world *world);
/* Pods (pods.c): what control asks for, and what the kubelet tells. */
void pods_start(struct world *world, const struct msg *msg, const void *load);
void pods_stop(struct world *world, const struct msg *msg);
/* A plain pod's life is over. */
void pods_lived(struct world *world, const struct msg *msg);
/* A plain pod has done its work, or will not. */
void pods_task_over(struct world *world, uint64_t id, bool done);
void pods_told(struct world *world, const struct msg *msg);
void pods_end(struct world *world, struct pod *pod);
/* It died with its node: appends MSG_FINISHED with OUT_FAILED for each request inside. */
void pods_lost(struct world *world, struct pod *pod, struct outbox *ended);
void pods_check_drained(struct world *world, struct pod *pod);
void pods_boundary(struct sim *sim, struct sim_event *event);
void pods_drain_due(struct sim *sim, struct sim_event *event);
#endif
