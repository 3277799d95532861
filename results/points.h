/* points.h - a sweep's store point by point: how often each was run, and what came out, with
 * intervals.
 *
 * Reads nothing but the store, so that it can be made again from it.  Points come in the order in
 * which they were stored.  Not for comparing them: compare.h. */
#ifndef RESULTS_POINTS_H
#define RESULTS_POINTS_H
#include "results/store.h"
#include <stdio.h>

/* Writes a table for a person: a line a point, the metric (its path in the JSON) with half of its
 * 95 % interval, which is marked where it is wider than half_width, relative to the mean (0:
 * never). */
bool points_print(FILE *out, struct store *store, const char *metric, double half_width,
		  struct err *err);
/* Writes every figure of every point as JSON (docs/json.md). */
bool points_json(FILE *out, struct store *store, const char *metric, struct err *err);
#endif
