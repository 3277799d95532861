/* The line is redrawn over itself (carriage return, then "erase to the end of the line"). */
#include "base/progress.h"
#include "base/unit.h"
#include <assert.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Five redraws a second are smooth enough to read.  source: assumption, without effect on results
 */
#define REDRAW_NS 200000000

/* How long a person waits is wall time; nothing but the line on the terminal depends on it. */
static int64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void progress_start(struct progress *progress, const char *what, double total, bool force_off)
{
	assert(what && total >= 0);
	progress->what = what;
	progress->total = total;
	progress->on = !force_off && isatty(STDERR_FILENO);
	progress->start_ns = progress->on ? wall_ns() : 0;
	progress->last_ns = progress->start_ns;
}

void progress_show(struct progress *progress, double done)
{
	char amount[32], of[48] = "", rate[32], left[48] = "";
	double elapsed_ns, share;
	int64_t now;

	if (!progress->on)
		return;
	now = wall_ns();
	if (now - progress->last_ns < REDRAW_NS)
		return;
	progress->last_ns = now;
	elapsed_ns = (double)(now - progress->start_ns);
	if (progress->total > 0) {
		share = done < progress->total ? done / progress->total : 1;
		snprintf(of, sizeof(of), " (%.0f %%)", share * 100);
		if (share > 0) {
			unit_human(elapsed_ns / share - elapsed_ns, UNIT_TIME, rate, sizeof(rate));
			snprintf(left, sizeof(left), ", %s left", rate);
		}
	}
	unit_human(done, UNIT_NONE, amount, sizeof(amount));
	unit_human(done * 1e9 / elapsed_ns, UNIT_PER_S, rate, sizeof(rate));
	fprintf(stderr, "\r%s %s%s, %s%s\033[K", amount, progress->what, of, rate, left);
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->on)
		fputs("\r\033[K", stderr);
	progress->on = false;
}
