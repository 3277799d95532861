/* explain.h - why a pod went where it went, and when: read back from a store's tables pod and
 * decision.
 *
 * What is known of a run's pods (explain_slowest) needs no recorded decisions; the steps of one
 * pod (explain_pod) do: sonde run --decisions.  The timeline for Perfetto is results/timeline.h's.
 * It interprets nothing: every line is a row. */
#ifndef RESULTS_EXPLAIN_H
#define RESULTS_EXPLAIN_H
#include "base/record.h"
#include "base/vec.h"
#include "results/store.h"
#include <stdio.h>

/* What a pod's way from its object to its binding consists of. */
enum spent {
	SPENT_ADRIFT,            /* no function had it: none was up, or it was lost */
	SPENT_QUEUED,
	SPENT_THINKING,          /* a function was deciding about it */
	SPENT_ASKING,            /* others were asked for room */
	SPENT_MIGRATING,
	SPENT_PARKED,            /* nobody had room */
	SPENT_BINDING,           /* the binding was being written */
	SPENTS
};

struct explain_run {
	int64_t id;
	char *scenario, *variant, *point, *world;
	int64_t seed, simulated_ns, pods_lost, decisions_lost;
};

struct explain_pod {
	struct pod_record at;    /* service is UINT32_MAX, end is not used: their names are below */
	char *service, *end;
	int64_t number;          /* among the pods of its service, by id, from 0 */
	VEC(struct decision_record) step; /* service is not used */
	int64_t spent_ns[SPENTS];
	int64_t over_ns;         /* its last moment that is known; the run's end if it is pending */
};

struct explain {
	struct store store;
	struct explain_run run;
	struct explain_pod pod;
};

/* Opens a store and chooses a run: by its id, by its variant (the latest of it), or, with NULL,
 * the only one.  False with one line that lists what there is. */
bool explain_open(struct explain *explain, const char *path, const char *run, struct err *err);
/* Closes it. */
void explain_close(struct explain *explain);

/* Reads a pod: "17", its id, or "chat/3", the one with the fourth lowest id of its service.
 * False: there is none, with the nearest; or the run recorded no decisions. */
bool explain_pod(struct explain *explain, const char *name, struct err *err);
/* Its time line, and what its latency was made of, for a person. */
void explain_print(const struct explain *explain, FILE *out);
/* The same as JSON (docs/json.md). */
bool explain_json(const struct explain *explain, FILE *out, struct err *err);

/* The name of what a pod's time was spent on ("queued"). */
const char *spent_name(enum spent spent);
/* A row of SELECT * FROM pod; service and end, which have names there, are not set. */
void explain_take(struct pod_record *pod, sqlite3_stmt *row);
/* When a phase of a pod began: where the last one that it reached ended; -1 if it did not reach it.
 */
int64_t explain_phase_began(const struct pod_record *pod, enum pod_phase phase);

/* The pods with the longest way from object to binding, or (cold) from need to readiness, longest
 * first; to out, as JSON on demand.  False: no pod of the run has one. */
bool explain_slowest(struct explain *explain, uint32_t n, bool cold, bool json, FILE *out,
		     struct err *err);
#endif
