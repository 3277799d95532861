/* replica.h - one pod from the inside: queue-proxy (concurrency slots), then the engine.
 *
 * A step machine (models/world.h).  It gets MSG_SUBMIT, MSG_CANCEL and what the world answers
 * (MSG_ITERATED,
 * MSG_SERVED), and emits MSG_ITERATE / MSG_INTERRUPT or MSG_SERVE, MSG_FIRST_TOKEN and
 * MSG_FINISHED.  It never asks the time and never knows how long anything takes. */
#ifndef MODELS_ENGINE_REPLICA_H
#define MODELS_ENGINE_REPLICA_H
#include "models/service.h"
#include "models/world.h"

struct replica;

struct replica_view {
	uint32_t waiting;       /* in queue-proxy or for the engine's first step */
	uint32_t running;       /* in the batch */
	int64_t free_blocks;
	uint64_t iterations, preemptions;
};

/* A pod of this service; service must outlive it and be resolved (kv_blocks > 0). */
struct replica *replica_new(const struct service_config *service, uint32_t pod, uint32_t gen);
/* One step.  load is what rode behind in; NULL if nothing did. */
void replica_step(struct replica *replica, int64_t now, const struct msg *in, const void *load,
		  struct outbox *out);
/* The latest time at which it wants a MSG_TICK: never, it is driven by its inputs alone. */
int64_t replica_wakeup(const struct replica *replica);
/* Visits the requests that make a token at the end of the iteration under way (LLM engine): what a
 * world that really streams tokens sends. */
typedef void replica_token(void *ctx, uint32_t request, uint32_t gen);
void replica_tokens(const struct replica *replica, replica_token *visit, void *ctx);
/* Requests inside. */
uint32_t replica_in_flight(const struct replica *replica);
/* What a monitor would see. */
struct replica_view replica_look(const struct replica *replica);
/* The pod died: MSG_FINISHED with OUT_FAILED for every request inside. */
void replica_fail(struct replica *replica, struct outbox *out);
/* It will be stepped soon: its memory is asked for; and very soon: what that points to.  Of a large
 * cluster little lies in the cache, and a step would wait for one line after another. */
void replica_fetch(const struct replica *replica);
void replica_fetch_rows(const struct replica *replica);
/* Frees it. */
void replica_free(struct replica *replica);
#endif
