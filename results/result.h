/* result.h - one finished run: what it was, what it taught, and every figure of it by name.
 *
 * result_walk is the one list of figures: the JSON, the store's `metric` table and the summary
 * are all made from it. A figure's name in the store is its path in the JSON: "ttft_s.p99",
 * "control_plane.probes". */
#ifndef RESULTS_RESULT_H
#define RESULTS_RESULT_H
#include "base/record.h"
#include "results/collect.h"

enum world_kind { WORLD_SIM, WORLD_EMU };

/* A closed form or an independent computation that the run is checked against. */
struct oracle {
	const char *quantity;        /* "mean wait in queue, M/M/c" */
	const char *unit;            /* "s", "1/s", "" */
	double expected, simulated;
	double half_width_95;        /* of simulated, by batch means; NaN = unknown */
	double bias;                 /* by how much a finite system may lie off a form that
	                              * holds for infinitely large ones; 0 = the form is exact */
};

/* A point of a sweep: the value of one axis. */
struct axis { const char *name, *text; double value; };

/* A figure that only some worlds or scenarios have ("kv_moved_bytes", "fragmentation_share"):
 * name with its unit last, unit as in struct metric.  Its group in the JSON is "extra". */
struct extra { const char *name, *unit; double value; };

/* The simulator's own cost: the one part of a result that differs from run to run. */
struct simulator_stats {
	uint64_t events;
	double wall_s;
	uint64_t peak_rss_bytes;
};

/* All pointers are borrowed and must live as long as the result is used. */
struct run_result {
	const char *scenario;        /* its name */
	const char *scenario_text;   /* the file as read */
	const char *parameters;      /* the effective dump */
	const char *variant, *version;
	const char *status;          /* how it ended: NULL = "done", or "interrupted" */
	uint64_t seed;
	enum world_kind world;
	const struct axis *axis;     /* of a sweep's point; in the order of the sweep */
	uint32_t axes;
	int64_t simulated_ns;        /* from 0 to the last event */
	const struct collect *collect; /* finished */
	struct control_totals control;
	double gpu_held_s, gpu_busy_s; /* GPU seconds held by pods; of those in engine steps */
	struct simulator_stats simulator;
	bool brief;                  /* a store gets the figures of the whole alone */
	const struct oracle *oracle;
	uint32_t oracles;
	const struct extra *extra;
	uint32_t extras;
};

/* One figure.  Its path is group.item.name, where group and item may be NULL; defined = false
 * says that there was nothing to measure (a mean of no values): null in JSON, NULL in the store,
 * "undefined" for people. */
struct metric {
	const char *group, *item, *name;
	const char *unit;            /* "s", "1/s", "count", "share", "h", "bytes" */
	double value;
	bool defined, whole;         /* whole: a count, printed without a fraction */
};

/* Calls visit for every figure of service s, or of all (s = result->collect->services), grouped:
 * figures of a group, and of an item in it, follow each other. */
typedef void result_visit(void *ctx, const struct metric *metric);
void result_walk(const struct run_result *result, uint32_t s, result_visit *visit, void *ctx);
/* The figure of service s (as above) whose path is given; false when it is undefined or there is
 * none of that name. */
bool result_get(const struct run_result *result, uint32_t s, const char *path, double *value);
/* Writes the path "group.item.name" into out, cut at size; returns out. */
char *result_path(const struct metric *metric, char *out, size_t size);
/* The sweep's point as one text, "rate=10/s nodes=4"; "" outside a sweep.  Returns out. */
char *result_point(const struct run_result *result, char *out, size_t size);
/* "sim" or "emu". */
const char *world_name(enum world_kind world);
#endif
