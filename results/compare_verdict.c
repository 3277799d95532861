/* The interval that is shown is the one that decides: a verdict and its numbers cannot disagree.
 * Differences smaller than what a histogram resolves are no differences, however often they repeat,
 * and no interval is narrower than that. */
#include "results/compare.h"
#include "results/mem.h"
#include <assert.h>
#include <math.h>

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = { "undefined", "single", "tie", "lower", "higher" };

	assert(verdict <= VERDICT_HIGHER);
	return names[verdict];
}

/* A share as a percentage; what is not all must not read as 100. */
static const char *percent(double share, char *out)
{
	double value = 100 * share;

	snprintf(out, 24,
		 value >= 99 && value < 100 ? "%.2f"
		 : value >= 9.95	    ? "%.0f"
					    : "%.2g",
		 value >= 99 && value < 100 ? floor(100 * value) / 100 : value);
	return out;
}

/* The size of a change in words, with its interval; r = B / A. */
static void say_change(struct comparison *figure, const char *name)
{
	double r = figure->ratio, low = figure->ratio_low, high = figure->ratio_high;
	bool lower = figure->verdict == VERDICT_LOWER;
	const char *word = lower ? "lower" : "higher";

	if (!isfinite(r))
		snprintf(figure->text, sizeof(figure->text), "%.60s %s by %.3g [%.3g, %.3g] %s",
			 name, word, fabs(figure->difference.mean),
			 fabs(figure->difference.mean) - figure->difference.half_width,
			 fabs(figure->difference.mean) + figure->difference.half_width,
			 figure->unit);
	else if (r >= 2)
		snprintf(figure->text, sizeof(figure->text),
			 "%.60s higher: %.3g times [%.3g, %.3g]", name, r, low, high);
	else
		snprintf(figure->text, sizeof(figure->text), "%.60s %s by %s %% [%s, %s]", name,
			 word, percent(fabs(1 - r), (char[24]){ 0 }),
			 percent(lower ? 1 - high : low - 1, (char[24]){ 0 }),
			 percent(lower ? 1 - low : high - 1, (char[24]){ 0 }));
}

static void say_tie(struct comparison *figure, const char *why)
{
	figure->verdict = VERDICT_TIE;
	snprintf(figure->text, sizeof(figure->text), "nothing separates them%s (n=%u)", why,
		 figure->pairs);
}

static void ratios(struct comparison *figure, const double *a, const double *b, uint32_t n,
		   double resolution)
{
	double *logs = mem_zero(n, sizeof(*logs));
	struct interval log_ratio;
	bool positive = n > 0;
	double half;

	figure->ratio = figure->ratio_low = figure->ratio_high = NAN;
	for (uint32_t i = 0; i < n; i++) {
		positive &= a[i] > 0 && b[i] > 0;
		logs[i] = positive ? log(b[i] / a[i]) : 0;
	}
	if (positive) {
		log_ratio = stats_interval(logs, n);
		half = n < 2 ? NAN : fmax(log_ratio.half_width, resolution);
		figure->ratio = exp(log_ratio.mean);
		figure->ratio_low = exp(log_ratio.mean - half);
		figure->ratio_high = exp(log_ratio.mean + half);
	}
	free(logs);
}

void compare_figure(struct comparison *figure, const double *a, const double *b, uint32_t n,
		    double resolution, const char *name_b)
{
	double *difference = mem_zero(n, sizeof(*difference)), largest;
	bool apart;

	figure->equal = n > 0;
	for (uint32_t i = 0; i < n; i++) {
		difference[i] = b[i] - a[i];
		figure->equal &= difference[i] == 0;
	}
	figure->pairs = n;
	figure->mean[0] = stats_interval(a, n).mean;
	figure->mean[1] = stats_interval(b, n).mean;
	figure->difference = stats_interval(difference, n);
	free(difference);
	ratios(figure, a, b, n, resolution);
	if (!n) {
		figure->verdict = VERDICT_UNDEFINED;
		snprintf(figure->text, sizeof(figure->text), "undefined");
		return;
	}
	largest = fmax(fabs(figure->mean[0]), fabs(figure->mean[1]));
	if (n >= 2)
		figure->difference.half_width =
			fmax(figure->difference.half_width, resolution * largest);
	if (figure->equal) {
		say_tie(figure, ": equal");
	} else if (fabs(figure->difference.mean) <= resolution * largest) {
		say_tie(figure, " beyond the histograms' resolution of 1.6 %");
	} else if (n == 1) {
		figure->verdict = VERDICT_SINGLE;
		snprintf(figure->text, sizeof(figure->text), "one pair: %+.3g %%, no interval",
			 100 * (b[0] - a[0]) / (a[0] != 0 ? fabs(a[0]) : NAN));
		if (a[0] == 0)
			snprintf(figure->text, sizeof(figure->text), "one pair: no interval");
	} else {
		/* The interval that is shown decides: the ratio's, or where there is none the
		 * difference's. */
		apart = isfinite(figure->ratio)
			      ? figure->ratio_low > 1 || figure->ratio_high < 1
			      : fabs(figure->difference.mean) > figure->difference.half_width;
		if (!apart) {
			say_tie(figure, "");
			return;
		}
		figure->verdict =
			(isfinite(figure->ratio) ? figure->ratio < 1 : figure->difference.mean < 0)
				? VERDICT_LOWER
				: VERDICT_HIGHER;
		say_change(figure, name_b);
	}
}
