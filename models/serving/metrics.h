/* metrics.h - concurrency as Knative measures it: the time average of a count over a sampling
 * period, and how many of a revision's pods are asked for theirs. */
#ifndef MODELS_SERVING_METRICS_H
#define MODELS_SERVING_METRICS_H
#include <stdint.h>

/* A count and its integral over the current period.  The period's start is kept once, by the
 * caller: a meter that was not touched for many periods needs no visit at their ends. */
struct meter {
	int64_t at_ns;           /* up to which the area goes */
	int64_t area;            /* count x ns since the start of the period in which at_ns lies */
	uint32_t count;
};

/* Brings the area up to now, in the period that began at since. */
static inline void meter_roll(struct meter *meter, int64_t since, int64_t now)
{
	if (meter->at_ns <= since) {
		meter->at_ns = since;
		meter->area = 0;
	}
	meter->area += (now - meter->at_ns) * (int64_t)meter->count;
	meter->at_ns = now;
}
/* The count changes by step at now. */
static inline void meter_step(struct meter *meter, int64_t since, int64_t now, int step)
{
	meter_roll(meter, since, now);
	meter->count += (uint32_t)step;
}
/* The average over [since, now], now > since. */
static inline double meter_mean(struct meter *meter, int64_t since, int64_t now)
{
	meter_roll(meter, since, now);
	return (double)meter->area / (double)(now - since);
}

#define METRICS_SAMPLE_MAX 16 /* the limit of metrics_sample for many pods: ceil(15.3664) */
/* Pods to ask of `ready`: all of 3 or fewer, else ceil(N X / (N + X - 1)), X = 1.96^2 * 100 /
 * 25: the mean of a finite population to 95 % confidence (knative/serving
 * pkg/autoscaler/metrics/sample_size.go). */
uint32_t metrics_sample(uint32_t ready);
#endif
