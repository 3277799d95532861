/* stats.h - confidence intervals: Student's t over independent runs.
 *
 * Not for percentiles: those come from histograms (base/hist.h). */
#ifndef RESULTS_STATS_H
#define RESULTS_STATS_H
#include <stdbool.h>
#include <stdint.h>

/* A mean with its 95 % confidence interval; half_width is NaN when fewer than two values were
 * seen. */
struct interval {
	uint32_t n;
	double mean, half_width;
};

/* Of n values taken as independent and about normal: mean +- t(0.975, n-1) * s / sqrt(n)
 * (Student 1908; the quantile by GSL). */
struct interval stats_interval(const double *values, uint32_t n);
/* The two-sided 95 % quantile of Student's t with n - 1 degrees of freedom; n >= 2. */
double stats_t95(uint32_t n);
#endif
