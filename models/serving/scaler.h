/* scaler.h - what becomes of the autoscaler's wish: bounds, initial scale, scale to zero, proxy
 * or serve mode.
 *
 * Knative's PodAutoscaler reconciler as a pure state machine: scaler_wish() takes a decision of
 * kpa.h, scaler_reconcile() brings the state up to date at any moment at which something changed
 * or `recheck_ns` has come. Source: knative/serving 98e5ef90,
 * pkg/reconciler/autoscaling/kpa/{kpa,scaler}.go. Merged: the probe whether the activator is in
 * the path is answered at once (there: within its period of 1 s). */
#ifndef MODELS_SERVING_SCALER_H
#define MODELS_SERVING_SCALER_H
#include "models/service.h"
#include <stdbool.h>
#include <stdint.h>

enum scaler_status { SCALER_INACTIVE, SCALER_ACTIVATING, SCALER_ACTIVE };

struct scaler {
	enum scaler_status status;
	bool initialised;        /* initial scale was reached once */
	bool proxy;              /* the activator is in the path */
	bool panic;              /* of the last valid decision */
	int32_t wish;            /* the autoscaler's latest valid one; -1 = none yet */
	int32_t ebc;             /* of the same decision */
	int32_t desired;         /* pods asked of the control plane */
	int64_t status_since_ns, proxy_since_ns;
	int64_t recheck_ns;      /* when time alone will change something; TIME_NEVER */
};

struct kpa_decision;

/* A revision that begins at `now` with `replicas` pods ready; total = requests in flight a pod
 * takes (kpa.total). */
void scaler_init(struct scaler *scaler, const struct kpa_config *config, int32_t replicas,
		 double total, int64_t now);
/* Notes a decision (ignored if it is not valid). */
void scaler_wish(struct scaler *scaler, const struct kpa_decision *decision);
/* Brings desired, status, proxy and recheck_ns up to date for this number of ready pods. */
void scaler_reconcile(struct scaler *scaler, const struct kpa_config *config, int32_t ready,
		      int64_t now);
#endif
