/* toy_world.h - a small world around one control plane, for its tests: answers every action after a
 * delay of its choice, on demand also late, twice, in another order or with failure.
 *
 * It keeps what a test asks about (records, endpoints, counts) and checks what must hold between
 * any two messages.  It prices nothing: delays are uniform between 0 and twice their mean. */
#ifndef TESTS_TOY_WORLD_H
#define TESTS_TOY_WORLD_H
#include "base/vec.h"
#include "models/control/state.h"

#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

struct toy_event {
	int64_t at_ns;
	uint64_t order;
	struct msg msg;
	unsigned char *load;    /* malloc'd, or NULL */
};

struct toy_pod { uint32_t gen; bool started, ended; };

struct toy {
	/* what a test sets, after toy_init and before toy_start */
	struct control_config control;
	struct cluster_config cluster;
	struct service_config *service;
	uint32_t services;
	uint64_t seed;
	/* means: of a write, of a write's watch after it, of a decision, of a message, of a
	 * function's start, of a pod's start and of its stop, of a plain pod's life, of a node's
	 * provisioning; `exact` takes them as they are */
	int64_t write_ns, watch_ns, think_ns, send_ns, up_ns, start_ns, stop_ns, life_ns, node_ns;
	bool exact;
	double twice;           /* probability that an answer comes again */
	double lost;            /* ... that an answer to a write, thought or message never comes */
	double fail;            /* ... that a pod fails instead of becoming ready */
	bool verify;            /* after every message */
	/* what came of it */
	struct control *machine;
	struct outbox out;
	int64_t now;
	struct { struct toy_event *at; uint32_t n, cap; } events;
	uint64_t order, steps, outputs[MSG_KINDS];
	struct rng rng;
	struct { struct toy_pod *at; uint32_t n, cap; } pod;
	struct { struct pod_record *at; uint32_t n, cap; } record;
	struct { struct decision_record *at; uint32_t n, cap; } decisions;
	struct { struct msg *at; uint32_t n, cap; } log; /* every message out, if keep */
	bool keep;
	uint64_t ends[POD_ENDS];
	int64_t *routable;      /* a service: endpoints that are up */
	uint32_t nodes;         /* ids given out */
};

/* Defaults of all options, no services, no delays. */
void toy_init(struct toy *toy, struct arena *arena);
/* So many services "s0", "s1", ... with the defaults; 0 CPU, 0 memory. */
void toy_services(struct toy *toy, struct arena *arena, uint32_t n);
/* Makes the machine; it starts at time 0. */
void toy_start(struct toy *toy);
/* Hands the machine one message at time `now` and carries out what it says. */
void toy_give(struct toy *toy, const struct msg *msg, const void *load);
/* Runs until nothing is left to do before or at `until`. */
void toy_run(struct toy *toy, int64_t until);
/* A message for later. */
void toy_post(struct toy *toy, int64_t at_ns, const struct msg *msg, const void *load);
/* Now: so many pods of a service are wanted; a plain pod comes; a function, a node dies. */
void toy_scale(struct toy *toy, uint32_t service, int32_t desired);
void toy_arrive(struct toy *toy, uint64_t id, uint32_t gpus);
void toy_arrive_milli(struct toy *toy, uint64_t id, uint32_t gpu_milli);
void toy_arrive_as(struct toy *toy, uint64_t id, uint32_t gpu_milli,
		   const struct arrive_load *load);
void toy_lose_function(struct toy *toy, uint32_t function);
void toy_lose_node(struct toy *toy, uint32_t node);
/* Whether every table of the control plane agrees with every other; aborts if not. */
void toy_verify(const struct control *control);
/* Frees all. */
void toy_release(struct toy *toy);
#endif
