/* report.h - `sonde report`: a folder with one self-contained page (index.html) and its plots as
 * SVG and PNG.
 *
 * Everything on the page comes from the store alone; every figure shows the statement that made
 * it. */
#ifndef RESULTS_REPORT_H
#define RESULTS_REPORT_H
#include "base/err.h"
#include <stdint.h>

struct report_options {
	const char *store;           /* path */
	const char *folder;          /* made where it is missing */
	const int64_t *run;          /* ids; none: the latest of each variant, point, seed, world */
	uint32_t runs;
	const char *const *metric;   /* drawn along the sweep, beside those that always are */
	uint32_t metrics;
};

/* Writes it.  False: the store cannot be read, the folder not be written to, or gnuplot not be
 * run. */
bool report_write(const struct report_options *options, struct err *err);
#endif
