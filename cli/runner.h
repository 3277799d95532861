/* runner.h - one run from scenario to result, in either world, with everything that listens to it.
 * */
#ifndef CLI_RUNNER_H
#define CLI_RUNNER_H
#include "cli/setup.h"
#include "results/requests_csv.h"
#include "results/result.h"
#include "results/store.h"
#include "sim/tape.h"

/* What the command line asks for, for all of its runs. */
struct run_wishes {
	const char *path;               /* the scenario file */
	const struct scenario_set *sets;
	uint32_t n_sets;
	const char *variant;            /* only this one; NULL = every one of the file */
	uint64_t seeds;                 /* replications: seed, seed + 1, ... */
	const char *out, *requests, *tape;
	bool json, quiet;
	double speed;                   /* of the wall clock; 0 = simulate */
};

/* One finished run; its memory is kept until run_release, because the result points into it. */
struct run {
	struct setup setup;
	struct collect collect;
	struct oracle oracle;
	struct run_result result;
	bool interrupted;
};

/* Runs all that is wished for and reports: JSON or the summary on stdout, store, request rows,
 * tape.  Returns the exit status. */
int run_all(const struct run_wishes *wishes);
#endif
