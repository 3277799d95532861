/* seats.h - the routable pods of one service, and which of them the next request goes to.
 *
 * A pod that can be routed to has a seat: a small number, kept while it stays and given to
 * another afterwards.  Every policy answers from an index kept as requests come and go: nothing
 * is scanned.
 *   round-robin         the next taken seat after the last one chosen
 *   least-outstanding   fewest requests; among equals the pod that has had so few for longest
 *   power-of-d          the least loaded of d distinct pods drawn at random; among equals a
 *                       random one
 *   random              any
 *   newest-idle         the activator's choice: newest.h */
#ifndef MODELS_SERVING_SEATS_H
#define MODELS_SERVING_SEATS_H
#include "base/rng.h"
#include "base/vec.h"
#include "base/bits.h"
#include "models/serving/list.h"
#include "models/service.h"

struct seat {
	uint32_t pod;            /* control's slot; NONE = nobody sits here */
	uint32_t rank;           /* place in `order` */
	uint32_t outstanding;    /* requests sent to the pod and not over */
	uint32_t proxied;        /* of these, through the activator */
};

struct seats {
	int kind;                /* enum router */
	uint32_t d;
	uint32_t cursor;         /* round-robin: first seat to look at */
	uint32_t lowest;         /* least-outstanding: no level below it has a pod */
	VEC(struct seat) seat;
	uint32_t levels;         /* rings that were made, by outstanding requests */
	VEC(struct link) node;   /* of a seat in its ring, first in first out; of a ring's end */
	VEC(uint32_t) vacant;    /* seats to give, last left first */
	VEC(uint32_t) order;     /* taken seats, oldest pod first */
	struct bits taken;
};

/* No pods, and this policy (enum router; d: of power-of-d). */
void seats_init(struct seats *seats, int kind, int64_t d);
/* Frees it. */
void seats_release(struct seats *seats);
/* Seats a pod and returns its seat. */
uint32_t seats_add(struct seats *seats, uint32_t pod);
/* The pod leaves; its requests are no longer counted. */
void seats_remove(struct seats *seats, uint32_t seat);
/* The seat of the pod that the next request should go to by the policy, or NONE without pods.
 * The caller then says seats_take. */
uint32_t seats_pick(struct seats *seats, struct rng *rng);
/* The least loaded of d distinct seats drawn at random, by outstanding requests or by proxied
 * ones; NONE without pods. */
uint32_t seats_sample(const struct seats *seats, uint32_t d, bool proxied, struct rng *rng);
/* A request goes to the pod; a request of it is over. */
void seats_take(struct seats *seats, uint32_t seat);
void seats_give(struct seats *seats, uint32_t seat);
#endif
