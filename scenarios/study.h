/* study.h - the `sweep:` block of a scenario: which points, and how often each is run.
 *
 * A point is a value of every axis for one variant of the file.  Points are numbered as a counter
 * counts: the last axis runs faster than the first, the variants fastest of all.  An axis lists
 * its values or spans a range, in equal steps or by a factor; keys in its `with` move along.
 * Not for running them: cli/sweep.h. */
#ifndef SCENARIOS_STUDY_H
#define SCENARIOS_STUDY_H
#include "scenarios/load.h"

/* A key and the values it takes: a list, or from..to with steps or a factor. */
struct study_key {
	const char *key, *values, *from, *to;
	int64_t steps;
	double factor;
};

struct study_axis {
	const char *name;              /* "" = the last word of the key */
	struct study_key lead;
	struct opt_list with;          /* of struct study_key, as many values each */
};

/* A value of an axis: as written, and as a number (times in seconds; NaN where it is none). */
struct study_value { const char *text; double value; };

/* An axis made. */
struct study_line {
	const char *name;
	uint32_t n, keys;
	const struct study_value *value;   /* n, of the leading key */
	const struct scenario_set *sets;   /* n * keys; value i takes sets[i * keys] and on */
};

struct study {
	struct opt_list axes;              /* of struct study_axis */
	int64_t min, max;                  /* replications of a point */
	const char *metric;                /* whose mean decides when there are enough */
	double half_width;                 /* of its 95 % interval, relative to the mean; 0 = max
	                                    * replications always */
	int64_t block_ns;                  /* of the bootstrap of a trace; 0 = none */
	/* made from the above */
	const struct study_line *line;     /* axes.n */
	uint32_t variants, points;         /* variants: at least 1 */
	uint32_t sets;                     /* of a point, by its axes */
};

enum { STUDY_POINTS_MAX = 1000000 };
/* {sweep: the block}, for help; and what is in it. */
extern const struct opt study_root[], study_options[];

/* Reads the block of a loaded scenario for so many variants; root is the table that keys are
 * options of.  Of sets, those that begin with "sweep." change the block; the others, and the
 * variants', must leave the axes' keys alone.  Memory from the arena. */
bool study_read(struct study *study, const struct scenario *scenario, uint32_t variants,
		const struct opt *root, const struct scenario_set *sets, uint32_t n_sets,
		struct arena *arena, struct err *err);
/* Whether a set is of the block, and so not of the runs. */
bool study_owns(const struct scenario_set *set);
/* The index of a point's value on an axis. */
uint32_t study_at(const struct study *study, uint32_t point, uint32_t axis);
/* The sets of a point: study->sets of them into out. */
void study_sets(const struct study *study, uint32_t point, struct scenario_set *out);
#endif
