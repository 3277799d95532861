/* sweep.h - all points of a sweep, on all cores, into one results file.
 *
 * Each point is a process of its own that leaves a shard in OUT.parts; when all are there they
 * become OUT, in the order of the points, so that it is the same for any number of workers.
 * Whatever ends a sweep early, the same command goes on from the shards that are there. */
#ifndef CLI_SWEEP_H
#define CLI_SWEEP_H
#include "scenarios/load.h"

struct sweep_wishes {
	const char *path;               /* the scenario file */
	const struct scenario_set *sets;
	uint32_t n_sets;
	const char *variant;            /* only this one; NULL = every one of the file */
	const char *out;                /* the results file, which is not there yet */
	uint32_t jobs;                  /* workers; 0 = as many as there are cores to use */
	bool json, quiet;
};

/* Runs it and reports: JSON or a table on stdout.  Returns the exit status. */
int sweep_run(const struct sweep_wishes *wishes);
#endif
