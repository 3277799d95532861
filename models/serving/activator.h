/* activator.h - the proxy that holds requests until a pod can take them, and spreads them over
 * the pods.
 *
 * A revision's capacity is concurrency x its pods (no limit if concurrency is 0); what exceeds
 * it waits, first come first served.  Its policy follows the concurrency as Knative's does: none
 * - the less loaded of two random pods; 1 to 3 - the first pod with room; more - round-robin
 * over the pods with room.  With the router newest-idle it is the newest with room.  Loads are
 * those of its own requests: what goes past it, straight to a pod, it does not see.
 * Source: knative/serving 98e5ef90, pkg/activator/net/{throttler,lb_policy}.go.
 * Merged: the activators in the path of a revision (kpa_activators says how many) are one here.
 * There each has its own slice of the pods, its own queue and its own first report, so that a
 * request may wait at one while another has a free slot. */
#ifndef MODELS_SERVING_ACTIVATOR_H
#define MODELS_SERVING_ACTIVATOR_H
#include "models/serving/metrics.h"
#include "models/serving/newest.h"
#include "models/serving/seats.h"

struct activator {
	uint32_t concurrency;    /* of a pod; 0 = no limit */
	uint32_t cursor;         /* round-robin: first seat to look at */
	uint32_t waiting;        /* requests in the queue */
	struct list queue;       /* of requests, in order of arrival */
	struct bits open;        /* seats of pods with room (with a limit only) */
	bool newest_first;       /* the newest pod with room, whatever the concurrency */
	struct newest newest;    /* then: them */
	struct meter meter;      /* requests that came through and are not over */
	bool known;              /* it has reported this revision since it was last idle */
	double reported;         /* said ahead of the period's report, to be taken off it */
};

/* An empty one for pods of this containerConcurrency. */
void activator_init(struct activator *activator, int64_t concurrency);
/* Frees it. */
void activator_release(struct activator *activator);
/* A pod was seated, or is about to leave its seat. */
void activator_open(struct activator *activator, const struct seats *seats, uint32_t seat);
void activator_close(struct activator *activator, uint32_t seat);
/* The seat of the pod that takes the next request, or NONE if none has room. */
uint32_t activator_pick(struct activator *activator, const struct seats *seats, struct rng *rng);
/* One of its requests goes to the pod; one of them is over. */
void activator_take(struct activator *activator, struct seats *seats, uint32_t seat);
void activator_give(struct activator *activator, struct seats *seats, uint32_t seat);
#endif
