/* pod_starts.h - what an autoscaler makes of a trace: how many pods it starts, how fast, and how
 * many there are.
 *
 * A run of scenarios/pod-starts.yaml, by the same autoscaler and engines as every other run: pods
 * are ready at once and room is unlimited, so that what comes out is the demand that a control
 * plane would meet. */
#ifndef CLI_POD_STARTS_H
#define CLI_POD_STARTS_H
#include "scenarios/load.h"
#include "traces/trace.h"
#include <stdio.h>

enum { POD_STARTS_WINDOWS = 3 }; /* of 1, 10 and 60 s, as those of info.h */

struct pod_starts {
	const char *autoscaler;
	uint32_t services;
	uint64_t started;
	double span_s;              /* of the run */
	uint64_t peak[POD_STARTS_WINDOWS]; /* most in one full or partial window */
	double idc[POD_STARTS_WINDOWS]; /* variance over mean of full windows; NAN: fewer than 2 */
	double alive_mean, alive_peak; /* ready pods, sampled each second */
	uint64_t requests, waited;  /* of them, for a pod that was not there */
};

/* Runs the trace of spec with as many services as it has tenants (at least one); sets, the user's,
 * are of the scenario's options.  False with err; stopped runs are an error too. */
bool pod_starts_run(const struct trace_spec *spec, const char *autoscaler, uint32_t tenants,
		    const struct scenario_set *sets, uint32_t n_sets, struct pod_starts *out,
		    struct arena *arena, struct err *err);
/* Writes them for reading, or as a member ,"pod_starts":{...} of a JSON object. */
void pod_starts_print(const struct pod_starts *starts, FILE *out);
void pod_starts_print_json(const struct pod_starts *starts, FILE *out);
#endif
