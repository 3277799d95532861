/* serving.h - the serving step machine: gateway, revision split, router, activator and autoscaler
 * of every service.
 *
 * A request comes in (MSG_REQUEST), is sent to a pod (MSG_SUBMIT) at once or after a wait in the
 * activator, makes its first token, is finished, and leaves as one MSG_RECORD_REQUEST, whatever
 * befalls it.  The autoscaler's wishes leave as MSG_SCALE; pods come and go by MSG_ENDPOINT.
 * Not here: what happens in a pod (replica) and how pods come to be (control).
 *
 * Inputs may be late, doubled or out of order: what does not fit the present state is ignored.
 * Generations of a pod slot only grow; a pod that was said to be gone stays gone.  A service is
 * a revision: a `split` sends shares of its requests to others, which scale on their own.
 *
 * Where a request's time goes (base/record.h): a wait in the activator is laid against the
 * history of the pod that ended it, up to the moment at which serving learnt of the pod; what
 * lies after that is PART_ACTIVATOR.  A wait that no pod ended is PART_ACTIVATOR where the
 * request found a pod ready, else PART_COLD_START + PHASE_CONTROL.  Each way over the network is
 * the constant hop_ns: serving adds the way back to the stamps of first token and end.  The
 * activator stands beside the gateway: no hop between the two. */
#ifndef MODELS_SERVING_SERVING_H
#define MODELS_SERVING_SERVING_H
#include "models/service.h"
#include "models/world.h"

struct serving;

/* For n services, which must outlive it; a split must name one of them.  seed: of the streams
 * "split", "router", "activator" and "scrape" of each service; hop_ns: one way between gateway
 * and pod. */
struct serving *serving_new(const struct service_config *services, uint32_t n, uint64_t seed,
			    int64_t hop_ns);
/* Handles MSG_REQUEST, MSG_FIRST_TOKEN, MSG_FINISHED, MSG_ENDPOINT (load: struct pod_record if
 * up) and MSG_TICK at now, which never decreases, and appends what follows to out: MSG_SUBMIT
 * and MSG_CANCEL (who: its slot of the request), MSG_SCALE and MSG_RECORD_REQUEST (who:
 * service). */
void serving_step(struct serving *serving, int64_t now, const struct msg *in, const void *load,
		  struct outbox *out);
/* A message about this request will be stepped soon: its memory is asked for. */
void serving_fetch(const struct serving *serving, uint32_t request);
/* A message about this request will come soon: its memory is asked for. */
void serving_fetch(const struct serving *serving, uint32_t request);
/* The latest time at which it wants MSG_TICK, or TIME_NEVER. */
int64_t serving_wakeup(const struct serving *serving);
/* Fills record but for its pods, which are control's to say.  arrivals and completions (all
 * outcomes) count from the last sample on; waiting: requests without a first token; running: with
 * one. */
void serving_sample(struct serving *serving, uint32_t service, int64_t now,
		    struct series_record *record);
/* The end of a run: MSG_RECORD_REQUEST with OUT_IN_FLIGHT, ended now, for each request still
 * there; those in the activator first. */
void serving_drain(struct serving *serving, int64_t now, struct outbox *out);
/* Frees all. */
void serving_free(struct serving *serving);
#endif
