/* compare.h - does B differ from A, and by how much?  Runs of a store, paired by seed.
 *
 * Variants: per figure the paired difference and ratio with 95 % intervals (Student's t over the
 * seeds; the ratio's on the logarithms), and a verdict in words.  A null result is a result and
 * is said. Worlds: where a variant was both simulated and emulated, the simulation's relative
 * error per figure, whether the counts agree, and whether the scale decisions are the same in
 * the same order. Runs pair when scenario, point of the sweep and seed agree; of equal runs the
 * latest counts. */
#ifndef RESULTS_COMPARE_H
#define RESULTS_COMPARE_H
#include "base/err.h"
#include "base/vec.h"
#include "results/stats.h"
#include <stdio.h>

struct compare_options {
	const char *path[2];         /* stores; the second NULL: both sides come from the first */
	const char *variant[2];      /* --a and --b; NULL = any */
};

enum verdict { VERDICT_UNDEFINED, VERDICT_SINGLE, VERDICT_TIE, VERDICT_LOWER, VERDICT_HIGHER };

/* One figure of A and B.  Intervals have NaN where there is nothing to say. */
struct comparison {
	const char *path, *label, *unit;
	uint32_t pairs;              /* in which it is defined on both sides */
	bool equal;                  /* in every pair, exactly */
	double mean[2];
	struct interval difference;  /* B - A, or for worlds: sim - emu */
	double ratio, ratio_low, ratio_high; /* B / A (sim / emu) */
	enum verdict verdict;        /* about B against A */
	char text[160];              /* the verdict in words */
};

/* Scale decisions of a pair of worlds. */
struct scale_match {
	bool known, equal;           /* known: both sides have any */
	char text[200];              /* the first difference, in words */
};

struct compare_pair {
	char *label[2];              /* what each side is called */
	char *where;                 /* scenario and point that they share */
	bool worlds;                 /* sim against emu: side 0 is the emulation */
	uint32_t seeds, alone[2];    /* pairs; runs of each side without a partner */
	VEC(struct comparison) figure;
	VEC(struct comparison) count; /* worlds: counts, to be equal */
	struct scale_match scale;
};

struct compare {
	VEC(struct compare_pair) pair;
};

/* Reads the stores and compares.  False when a store cannot be read, a variant is not in it, or
 * there is nothing to compare. */
bool compare_run(struct compare *compare, const struct compare_options *options, struct err *err);
/* Frees it. */
void compare_release(struct compare *compare);
/* Writes it for a person. */
void compare_print(const struct compare *compare, FILE *out);
/* Writes it as JSON (docs/json.md). */
bool compare_json(const struct compare *compare, FILE *out, struct err *err);
/* "lower", "tie", ... */
const char *verdict_name(enum verdict verdict);
/* Fills difference, ratio and verdict of a figure from n pairs of values; exposed for tests and
 * the report. resolution: relative differences of means up to this are no difference (twice
 * HIST_ERROR for percentiles: each side may be off by one). */
void compare_figure(struct comparison *figure, const double *a, const double *b, uint32_t n,
		    double resolution, const char *name_b);
#endif
