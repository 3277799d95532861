/* per_request.h - the autoscaler of platforms that scale per request: whoever finds no pod with
 * room has one started, and a pod without requests for `idle` ends, that very pod.
 *
 * Source: SimFaaS (Mahmoudi and Khazaei 2021), scale-per-request as in AWS Lambda and its kin.
 * There a request is bound to the instance started for it (own_pod); else it takes the first that
 * comes free.  Beyond it, a pod may take several requests at a time (concurrency). */
#ifndef MODELS_SERVING_PER_REQUEST_H
#define MODELS_SERVING_PER_REQUEST_H
#include "base/vec.h"
#include "models/serving/list.h"
#include "models/service.h"
#include "models/world.h"

struct per_request_seat { int64_t since_ns; uint8_t state; };

struct per_request {
	bool on;                 /* the service is scaled so */
	bool own;                /* who waits, waits for the pod that was started for it */
	int32_t wanted;          /* pods, as control was last told */
	uint32_t seated;         /* pods that are routable and not told to end */
	struct list idle;        /* seats of pods without requests, idle for longest first */
	VEC(struct link) link;
	VEC(struct per_request_seat) seat;
};

/* For a service with so many pods at the start. */
void per_request_init(struct per_request *scaler, const struct service_config *config);
/* Frees it. */
void per_request_release(struct per_request *scaler);
/* A pod came to this seat, without requests; left it. */
void per_request_up(struct per_request *scaler, uint32_t seat, int64_t now);
void per_request_down(struct per_request *scaler, uint32_t seat);
/* The pod on it got its first request; has none any more. */
void per_request_busy(struct per_request *scaler, uint32_t seat);
void per_request_idle(struct per_request *scaler, uint32_t seat, int64_t now);
/* So many requests wait: MSG_SCALE to the service if more pods are needed. */
void per_request_waiting(struct per_request *scaler, const struct service_config *config,
			 uint32_t service, uint32_t waiting, struct outbox *out);
/* When a pod will have been idle for long enough; TIME_NEVER. */
int64_t per_request_next(const struct per_request *scaler, const struct kpa_config *config);
/* The seat of a pod that has been, which the caller closes; NONE if there is none.  It no longer
 * counts; per_request_end then tells control about it. */
uint32_t per_request_due(struct per_request *scaler, const struct kpa_config *config, int64_t now);
/* MSG_SCALE: one pod less, and this one. */
void per_request_end(struct per_request *scaler, uint32_t service, uint32_t pod,
		     struct outbox *out);
#endif
