/* collect.h - what a run taught, kept in bounded memory: a sink (base/record.h) that counts and
 * fills histograms.
 *
 * Per service and in total.  Definitions are those of vLLM's benchmark
 * (benchmarks/benchmark_serving.py): TTFT from arrival at the gateway to the first token out of
 * it; TPOT = (e2e - TTFT) / (output tokens - 1), not counted for one-token outputs; ITL a row
 * per gap between tokens; goodput counts completed requests that meet every objective of their
 * service (with no objective, every completed request).
 *
 * Only completed requests that arrived at or after the warm-up enter histograms, tokens, goodput
 * and rates; outcome counts are of all requests.  Token gaps come without their request, so ITL
 * is over all tokens made, warm-up and unfinished requests included.  Pods wanted before the
 * warm-up are left out of every pod figure.
 *
 * Not for rows per request: those stream through `also` to a file or the store. */
#ifndef RESULTS_COLLECT_H
#define RESULTS_COLLECT_H
#include "base/hist.h"
#include "base/record.h"
#include "base/vec.h"

/* What has a histogram, in ns. */
enum quantity {
	Q_TTFT, Q_TPOT, Q_ITL, Q_E2E,
	Q_QUEUE,                     /* all waiting before the engine's first step: gateway,
	                              * activator, cold start, queue-proxy, batch wait */
	Q_SCHEDULING_DELAY,          /* pod created -> bound, of every pod that was bound
	                              * and is not pending */
	Q_COLD_START,                /* pod wanted -> ready, of every pod that became ready */
	Q_INFO_AGE,                  /* age of what a search for a node, or the choice whom to
	                              * ask, rested on, where decisions are recorded */
	Q_JOB,                       /* plain pods that came together: arrival -> the last of
	                              * them has ended */
	Q_PHASE,                     /* first of PHASES: a pod's phases; decision has no start of
	                              * its own and stays empty */
	Q_PART = Q_PHASE + PHASES,   /* first of PARTS: a request's parts, zeros included */
	QUANTITIES = Q_PART + PARTS
};

/* Service level objectives; 0 = none. */
struct slo { int64_t ttft_ns, tpot_ns, e2e_ns; };

struct service_stats {
	uint64_t outcome[OUTCOMES];  /* of all requests */
	uint64_t cold;               /* of all requests: waited for a pod that was not ready */
	uint64_t preemptions;
	uint64_t measured_arrived;   /* arrived at or after the warm-up */
	uint64_t measured;           /* of those, completed: what the histograms hold */
	uint64_t good;               /* of those, within every objective */
	uint64_t input_tokens, output_tokens; /* of those */
	uint64_t pod_end[POD_ENDS];
	uint64_t probes, migrations; /* by pods */
	uint64_t scale_decisions, decisions;
	struct slo slo;
	struct hist *hist[QUANTITIES]; /* NULL until a first value (a part: one not zero) */
};

/* Rows of series, scale, pods and decisions that are kept at most, each (source: assumption;
 * about 50 MB at most in sum, and 120 MB more where decisions are recorded; pods as the store keeps
 * them).  What comes after is counted alone. */
enum {
	COLLECT_SERIES_MAX = 1 << 19, COLLECT_SCALE_MAX = 1 << 18, COLLECT_PODS_MAX = 100000,
	COLLECT_EVENTS_MAX = 100000,
	COLLECT_DECISIONS_MAX = 1 << 20
};

struct collect {
	uint32_t services;
	const char *const *name;     /* of the services; borrowed */
	struct service_stats *at;    /* services, then pods without a service, then (once
	                              * finished) the total */
	int64_t warmup_ns;
	bool finished;
	VEC(struct series_record) series;
	VEC(struct scale_record) scale;
	VEC(struct event_record) events;         /* of the scenario; the first COLLECT_EVENTS_MAX */
	VEC(struct pod_record) pods;             /* kept when keep_pods */
	VEC(struct decision_record) decisions;   /* kept when keep_decisions */
	uint64_t series_lost, scale_lost, pods_lost, decisions_lost; /* rows beyond the limits */
	bool keep_pods, keep_decisions;
	const struct sink *also;     /* sees every record once counted; NULL = none; borrowed */
};

/* Starts empty.  name and slo have one element a service; name stays the caller's, slo (may be
 * NULL) is copied. */
void collect_init(struct collect *collect, uint32_t services, const char *const *name,
		  const struct slo *slo, int64_t warmup_ns);
/* Frees it. */
void collect_release(struct collect *collect);
/* The sink that fills it. */
struct sink collect_sink(struct collect *collect);
/* Makes the total and counts the zero parts; nothing may be recorded after it. */
void collect_finish(struct collect *collect);
/* Adds other, of the same services, to collect (both finished): counters and histograms.  Rows
 * (series, scale, pods, decisions) stay those of collect alone: of two runs they have no common
 * order. */
void collect_merge(struct collect *collect, const struct collect *other);
/* The statistics of service s, or of all (s = collect->services); finished. */
const struct service_stats *collect_stats(const struct collect *collect, uint32_t s);
/* A histogram of those; an empty one where nothing was recorded.  Parts: NULL hist, all zero,
 * gives an empty one. */
const struct hist *collect_hist(const struct service_stats *stats, uint32_t quantity);
/* The mean of a part over the measured requests, in ns; 0 when there are none. */
double collect_part_mean(const struct service_stats *stats, enum part part);
/* The name of a quantity with its unit as the JSON and the store have it ("ttft_s",
 * "part.prefill_s", ...). */
const char *quantity_name(uint32_t quantity);
#endif
