/* sampling.h - the tables of the sampling plane (Sparrow): jobs, which its schedulers keep, and the
 * queues of the nodes, which the nodes keep.
 *
 * For models/control/ and its tests alone.  sampling.c is a scheduler, agents.c is a node; what one
 * knows of the other is what a message said, and every message takes its time:
 *
 *   early   PROBE -> LOAD (how full it is) -> PLACE, into the node's queue
 *   late    RESERVE -> ASK when its turn has come and there is room -> PLACE or NOTHING
 *
 * Schedulers lose a node when it falls silent or is given up; they draw no such nodes. */
#ifndef MODELS_CONTROL_SAMPLING_H
#define MODELS_CONTROL_SAMPLING_H
#include "base/vec.h"
#include "models/control/state.h"

/* A node that was asked, in the order of asking; load: its answer, how full it would be with a pod
 * of the job, in millionths of what it has of the resource that it has least of. */
struct target { uint32_t node, load, order; bool answered; };

/* Of a node that cannot ever take such a pod; of one that has not answered. */
#define LOAD_NEVER UINT32_MAX

/* flag of VERB_PLACE: room is kept, which value names; the number of the attempt (pod.probe), so
 * that what comes late is not taken for a newer one. */
enum { PLACE_LATE = 0x8000, PLACE_NUMBER = 0x7fff };

/* Load of VERB_PROBE and VERB_RESERVE: what a pod of the job needs. */
struct wish { uint64_t memory_bytes; uint32_t gpu_milli, cpu_milli, types, unused; };

/* Pods that look for nodes together. */
struct job {
	struct list pods;               /* in state POD_PROBING, that have no node yet */
	struct wish wish;
	uint32_t function, gen, next;
	uint32_t answers;
	bool live;
	int64_t asked_ns;
	VEC(struct target) targets;
};

/* Late binding: room for one pod of a job, if one is left when the node's turn for it comes. */
struct reservation {
	uint32_t job, gen, function;
	struct wish wish;
	int64_t since_ns;
};

/* A node's side. */
struct agent {
	struct list pods;               /* in state POD_WAITING */
	struct need queued;             /* what they need, in all */
	struct { struct reservation *at; uint32_t head, n, cap; } reserved; /* cap a power of 2 */
};

struct sampling {
	VEC(struct job) jobs;
	uint32_t free_job;
	VEC(struct agent) agents;       /* by node */
	VEC(uint32_t) order;            /* nodes as they were last drawn */
};

/* Empty tables; freed by sampling_free. */
struct sampling *sampling_new(void);
/* Frees them. */
void sampling_free(struct sampling *sampling);
/* Aborts if a table is not what the pods say.  For tests. */
void sampling_verify(const struct control *control);

/* agents.c */
/* A message came to a node. */
void agent_received(struct control *control, const struct msg *msg, const void *load);
/* Something came free on a node, or it is back. */
void agent_serve(struct control *control, uint32_t node);
/* Takes a pod out of its node's queue. */
void agent_forget(struct control *control, uint32_t pod);
/* A pod has waited in its node's queue for long enough: back to its scheduler. */
void agent_return(struct control *control, uint32_t pod);
/* A node died: its queue is gone, its pods are dispatched again. */
void agent_down(struct control *control, uint32_t node);
#endif
