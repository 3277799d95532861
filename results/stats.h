/* stats.h - confidence intervals: Student's t over independent runs, and batch means inside one
 * run.
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

/* Batch means (Law & Kelton, "Simulation Modeling and Analysis", section 9.5.3): the values of
 * one long run, which depend on each other, are averaged in between 32 and 63 batches of equal
 * length, whose means are nearly independent when batches are long.  When 64 are full,
 * neighbours are joined.  Memory is constant. */
enum { BATCH_MEANS_MAX = 64 };
struct batch_means {
	double sum[BATCH_MEANS_MAX];
	double open_sum;             /* of the batch being filled */
	uint64_t open_n, batch_n;    /* values in it, and in a full one */
	uint32_t batches;
};

/* Starts empty. */
void batch_means_init(struct batch_means *means);
/* Halves the number of full batches: a step of batch_means_add. */
void batch_means_join(struct batch_means *means);
/* Adds a value. */
static inline void batch_means_add(struct batch_means *means, double value)
{
	means->open_sum += value;
	if (++means->open_n < means->batch_n)
		return;
	means->sum[means->batches++] = means->open_sum;
	means->open_sum = 0;
	means->open_n = 0;
	if (means->batches == BATCH_MEANS_MAX)
		batch_means_join(means);
}
/* Mean over the full batches and the half width of its 95 % interval. */
struct interval batch_means_interval(const struct batch_means *means);
#endif
