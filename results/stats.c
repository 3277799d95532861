/* Mean and spread in two passes, so that values that differ little keep their digits. */
#include "results/stats.h"
#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

double stats_t95(uint32_t n)
{
	assert(n >= 2);
	return gsl_cdf_tdist_Pinv(0.975, n - 1);
}

struct interval stats_interval(const double *values, uint32_t n)
{
	struct interval out = { .n = n, .mean = NAN, .half_width = NAN };
	double sum = 0, squares = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += values[i];
	if (n)
		out.mean = sum / n;
	if (n < 2)
		return out;
	for (uint32_t i = 0; i < n; i++)
		squares += (values[i] - out.mean) * (values[i] - out.mean);
	out.half_width = stats_t95(n) * sqrt(squares / (n - 1) / n);
	return out;
}
