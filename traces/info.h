/* info.h - what a trace is like: counts, rates, burstiness and lengths, in one pass and fixed
 * memory.
 *
 * Percentiles are exact (lengths are counted, not sampled), with linear interpolation between
 * ranks.  IDC is variance over mean of the counts in consecutive full windows from the first
 * arrival.  Variances are those of a sample (n - 1). */
#ifndef TRACES_INFO_H
#define TRACES_INFO_H
#include "traces/trace.h"
#include <stdio.h>

enum { INFO_WINDOWS = 3 };
extern const int info_window_s[INFO_WINDOWS]; /* 1, 10, 60 */

/* How often each number of tokens came. */
struct info_lengths {
	uint64_t *count;            /* by value; n of them: the largest value and 1 */
	uint32_t n, cap;
	uint64_t sum, zeros;
	uint32_t max;
};

struct info_window {
	int64_t width_ns;
	int64_t end_ns;             /* of the window being filled, from the first arrival */
	uint64_t now;               /* in it */
	uint64_t full, most;        /* windows finished; most rows in any, the last one included */
	uint64_t sum, square_sum;   /* over those finished */
};

struct info {
	uint64_t rows;
	int64_t first_ns, last_ns;
	double gap_mean_s, gap_m2;  /* Welford's running moments, s and s^2 */
	struct info_window window[INFO_WINDOWS];
	struct info_lengths input, output;
};

/* Starts empty. */
void info_init(struct info *info);
/* Adds a row; arrivals must not fall. */
void info_add(struct info *info, const struct trace_row *row);
/* Frees the tables. */
void info_release(struct info *info);

/* Seconds between the first and the last arrival. */
double info_span_s(const struct info *info);
/* Gaps per second of span; NAN with fewer than two arrivals or no span. */
double info_rate(const struct info *info);
/* Coefficient of variation of the gaps; NAN where there are fewer than two. */
double info_gap_cv(const struct info *info);
/* Most rows in one second. */
uint64_t info_peak(const struct info *info);
/* Index of dispersion of window i; NAN with fewer than two full windows. */
double info_idc(const struct info *info, int i);
/* Mean of the lengths; 0 when empty. */
double info_mean(const struct info_lengths *lengths);
/* The q-quantile (0..1), interpolated between the two ranks beside q * (n - 1); 0 when empty. */
double info_quantile(const struct info_lengths *lengths, double q);

/* Writes the figures for reading, or as members of a JSON object, without its braces. */
void info_print(const struct info *info, const struct trace_counts *counts, FILE *out);
void info_print_json(const struct info *info, const struct trace_counts *counts, FILE *out);
/* Writes the lengths as a quantile table (lengths.h) of some 200 points, closer in the upper tail.
 */
void info_print_quantiles(const struct info *info, FILE *out);
#endif
