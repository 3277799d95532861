/* summary.h - what a person reads when a run ends: the headline figures, variants side by side. */
#ifndef RESULTS_SUMMARY_H
#define RESULTS_SUMMARY_H
#include "results/result.h"
#include <stdio.h>

/* Writes the summary of n >= 1 runs of one scenario to out. */
void summary_print(FILE *out, const struct run_result *const *results, uint32_t n);
/* One figure for a person: "1.23 s", "99.9 %", "1,234", "undefined"; unit as in struct metric. */
char *summary_value(bool defined, double value, const char *unit, char *out, size_t size);
#endif
