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

/* One run to be done, and what is kept of it besides its result. */
struct run_job {
	const char *path;               /* the scenario file */
	const struct scenario_set *sets; /* a variant's, a sweep's, the command line's */
	uint32_t n_sets;
	const char *variant;            /* its name in the results; "" = none */
	uint64_t replication;           /* added to the scenario's seed */
	const struct axis *axis;        /* of a sweep's point */
	uint32_t axes;
	int64_t block_ns;               /* a trace is resampled by blocks of this from the second
	                                 * replication on; 0 = never */
	double speed;                   /* as above */
	bool quiet;                     /* no progress line */
	struct store *store;            /* NULL = none; likewise the next two */
	struct requests_csv *csv;
	struct tape *tape;
	const struct sink *also;        /* sees every record too; NULL = none */
};

enum { RUN_EXTRAS = 10 };

/* One finished run; its memory is kept until run_release, because the result points into it. */
struct run {
	struct setup setup;
	struct collect collect;
	struct oracle oracle[ORACLE_FORMS];
	struct extra extra[RUN_EXTRAS];
	struct run_result result;
	bool interrupted;
};

/* Does one run, the only way in which a scenario is run; run must stay where it is.  False with
 * err: nothing is left to release then. */
bool run_do(struct run *run, const struct run_job *job, struct err *err);
/* Frees what it holds. */
void run_release(struct run *run);
/* Runs all that is wished for and reports: JSON or the summary on stdout, store, request rows,
 * tape.  Returns the exit status. */
int run_all(const struct run_wishes *wishes);
#endif
