/* kpa.h - Knative's pod autoscaler: from observed concurrency to the number of pods that it
 * wants.
 *
 * A pure state machine without a clock: the metric windows (stable and panic), panic mode, the
 * scale-down delay and the excess burst capacity.  What of its wish is applied - bounds, scale
 * to zero, proxy mode - is scaler.h's. Usable alone: kpa_init, then kpa_record and kpa_scale in
 * any order of non-decreasing times. Source of the algorithm and of every constant:
 * knative/serving 98e5ef90, pkg/autoscaler/scaling/autoscaler.go,
 * pkg/autoscaler/aggregation/bucketing.go and max/window.go,
 * pkg/reconciler/autoscaling/resources/target.go. */
#ifndef MODELS_SERVING_KPA_H
#define MODELS_SERVING_KPA_H
#include "models/service.h"
#include <stdbool.h>
#include <stdint.h>

/* A ring of buckets, one a sampling period; a bucket's number is its time / period. */
struct kpa_window {
	double *bucket;
	uint32_t n;
	bool any;                /* something was ever recorded */
	int64_t first, last;     /* bucket numbers: first since the last silence; newest */
	double smoothing;        /* of the exponential average */
};

struct kpa_peak { int64_t tick; int32_t pods; };

struct kpa {
	double target, total;    /* requests in flight a pod: aimed at; at full use */
	double target_burst_capacity, panic_threshold, up_rate, down_rate, activator_capacity;
	int64_t period_ns, tick_ns, stable_ns;
	int32_t activation_scale;
	bool weighted;
	struct kpa_window stable, panic;
	int64_t panic_since_ns;  /* TIME_NEVER = not in panic mode */
	int32_t panic_pods;      /* most pods wanted since panic began */
	struct kpa_peak *peak;   /* scale-down delay: falling maxima of the last `peaks` ticks */
	uint32_t peaks, peak_first, peak_n; /* peaks 0 = no delay */
	double *memory;          /* all buckets, then the peaks */
};

struct kpa_decision {
	double stable, panic_value;  /* the two averages it rests on */
	int32_t desired;             /* pods wanted, before bounds */
	int32_t ebc;                 /* excess burst capacity; below 0: activator in the path */
	bool panic;                  /* in panic mode after this decision */
	bool valid;                  /* false: no data in the window, nothing else set: keep */
};

/* Starts an autoscaler with `ready` pods at `now` (with more than one it starts in panic mode,
 * so as to keep them until it has seen a window); concurrency = containerConcurrency, 0 = no
 * limit.  Copies what it needs. */
void kpa_init(struct kpa *kpa, const struct kpa_config *config, int64_t concurrency, int32_t ready,
	      int64_t now);
/* Frees its windows. */
void kpa_release(struct kpa *kpa);
/* Adds a source's concurrency (requests in flight, averaged over a period that ended at `at`, in
 * ns) to the bucket of `at`; sources of one bucket add up; older than the window is ignored. */
void kpa_record(struct kpa *kpa, int64_t at, double concurrency);
/* Decides from what was recorded and the number of ready pods. */
struct kpa_decision kpa_scale(struct kpa *kpa, int64_t now, int32_t ready);
/* True while something other than zero was recorded in the stable window that ends at now. */
bool kpa_warm(const struct kpa *kpa, int64_t now);
/* Activators that belong in the path of this many ready pods: max(2, ceil((ready * total + TBC)
 * / capacity)), 2 if TBC is 0 (kpa.go, computeNumActivators). */
int32_t kpa_activators(const struct kpa *kpa, int32_t ready);
#endif
