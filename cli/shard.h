/* shard.h - one point of a sweep: its replications, in their order, into a store of its own.
 *
 * A shard is whole or absent, and is called by a digest of all that decides what is in it, so that
 * a sweep that is begun again knows which of its points are there.  Not for who runs which:
 * sweep.h. */
#ifndef CLI_SHARD_H
#define CLI_SHARD_H
#include "cli/setup.h"
#include "results/result.h"
#include "scenarios/study.h"

/* A sweep as its points see it. */
struct shard_plan {
	const char *path;                /* the scenario file */
	const char *folder;              /* where shards go */
	struct study study;
	struct scenario loaded;
	const struct scenario_variant *only; /* NULL = every one of the file */
	const struct scenario_set *sets; /* the command line's, without the sweep's own */
	uint32_t n_sets;
	const uint64_t *key;             /* of every point */
	struct arena arena;
};

/* A point's place. */
struct shard {
	const char *variant, *label;     /* "rate=10/s, central" */
	struct scenario_set *sets;       /* the variant's, the point's, the command line's */
	uint32_t n_sets;
	struct axis *axis;               /* study.axes.n */
};

/* Reads the scenario with its sweep, tries the set-up of every point and gives each its key.  sets
 * are the command line's.  Release it in any case. */
bool shard_plan_read(struct shard_plan *plan, const char *path, const char *folder,
		     const char *variant, const struct scenario_set *sets, uint32_t n_sets,
		     struct err *err);
/* Frees it. */
void shard_plan_release(struct shard_plan *plan);
/* Where a point lies; memory from the arena. */
struct shard shard_at(const struct shard_plan *plan, uint32_t point, struct arena *arena);
/* The path of a point's shard: of the whole one, or of the one that is being written. */
const char *shard_path(const struct shard_plan *plan, uint32_t point, bool whole,
		       struct arena *arena);
/* Runs the replications of a point until its metric is known well enough, and puts the shard in
 * place.  Of a bad point nothing is left but the unfinished file. */
bool shard_run(const struct shard_plan *plan, uint32_t point, struct err *err);
#endif
