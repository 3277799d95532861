/* functional.h - what the files of the functional plane offer each other and the pipeline:
 * functions of the kinds that do not schedule, partitions, the top-level control plane.
 *
 * For models/control/ and its tests alone; the tables are in state.h. */
#ifndef MODELS_CONTROL_FUNCTIONAL_H
#define MODELS_CONTROL_FUNCTIONAL_H
#include "models/control/state.h"

/* crew.c: functions that do not schedule, one queue each. */
/* A function of this kind is to see to the set, if there is something to do and nobody does. */
void crew_ask(struct control *control, enum function_kind kind, uint32_t set);
/* The pod's binding is to be written: sent by `from` to a bind function. */
void crew_hand(struct control *control, uint32_t from, uint32_t pod);
/* The pod has come to a bind function. */
void crew_handed(struct control *control, uint32_t function, uint32_t pod, uint32_t gen);
/* Takes the next task up. */
void crew_next(struct control *control, uint32_t function);
/* The thought is over. */
void crew_thought(struct control *control, uint32_t function);
/* It came up, drains, or was lost: its tasks are dealt out anew. */
void crew_deal(struct control *control, enum function_kind kind);
/* A function died, thinking or not: its tasks, too. */
void crew_lost(struct control *control, uint32_t function, bool thinking);

/* functional.c */
/* A node has room: pods that wait at its owner are tried, as many as would fit together. */
void functional_wake(struct control *control, uint32_t node);

/* probing.c: a pod goes to a function that has room for it. */
/* Its function has none (plane.full). */
void probing_start(struct control *control, uint32_t function, uint32_t pod);
/* The answers to its probes have not all come in time. */
void probing_unanswered(struct control *control, uint32_t pod);
/* Begins to think about a probe, if it is not void (plane.probe); has thought (plane.answer). */
bool probing_take(struct control *control, uint32_t function, const struct task *probe);
void probing_answer(struct control *control, uint32_t function);
/* One of the messages between schedule functions about pods came. */
void probing_received(struct control *control, uint32_t function, const struct msg *msg,
		      const void *load);
/* Every function tells some others how free it is. */
void probing_gossip(struct control *control);

/* partition.c: who owns which nodes (functional). */
enum release {
	RELEASE_HALF, RELEASE_ALL,      /* of nodes and queued pods */
	RELEASE_LOAD,                   /* n nodes, half the queued pods */
	RELEASE_FREE,                   /* nodes with n free GPUs */
	RELEASE_SHAPE                   /* n nodes that can take the shape, and have the type */
};
/* Divides all nodes equally among the functions that are up. */
void partition_start(struct control *control);
/* Top: tells `from` to give nodes to `to`; need, of RELEASE_SHAPE: which. */
void partition_order(struct control *control, uint32_t from, uint32_t to, enum release how,
		     const struct need *need, uint32_t n);
/* The owner has been told: it will, between two decisions. */
void partition_ordered(struct control *control, uint32_t function, const struct msg *msg);
/* An owner between two decisions: gives up what it was told to. */
void partition_release(struct control *control, uint32_t function);
/* Top: sends loose nodes to a new owner. */
void partition_assign(struct control *control, const uint32_t *nodes, uint32_t n, uint32_t to);
/* A function gets nodes; what has an owner by now is skipped. */
void partition_adopt(struct control *control, uint32_t function, const uint32_t *nodes,
		     uint32_t n);
/* A function gets queued pods: pairs of slot and generation. */
void partition_tasks(struct control *control, uint32_t function, const uint32_t *pairs,
		     uint32_t n);
/* Top: finds owners for nodes loose since before `since_ns`. */
void partition_sweep(struct control *control, int64_t since_ns);
/* Top: the function that is up with the fewest nodes, other than `except`; NONE if none. */
uint32_t partition_least(const struct control *control, uint32_t except);

/* top.c: the top-level control plane of the functional plane. */
/* Its tick. */
void top_tick(struct control *control);
/* A function came up: nodes and work for it. */
void top_function_up(struct control *control, uint32_t function);
/* One of this kind was lost: another if there are too few. */
void top_restart(struct control *control, enum function_kind kind);
/* A schedule function was lost: others take its nodes and pods. */
void top_function_lost(struct control *control, uint32_t function);
#endif
