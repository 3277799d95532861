/* progress.h - one line on a terminal while something long runs: done, rate, time left. Silent in a
 * pipe. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H
#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;      /* "requests", "points" */
	double total;          /* 0 = unknown: no ETA */
	int64_t start_ns, last_ns;
	bool on;               /* stderr is a terminal and not silenced */
};

/* Starts; quiet also when force_off (for --quiet and --json on a terminal). */
void progress_start(struct progress *progress, const char *what, double total, bool force_off);
/* Redraws at most five times a second; done is out of total. */
void progress_show(struct progress *progress, double done);
/* Wipes the line. */
void progress_end(struct progress *progress);
#endif
