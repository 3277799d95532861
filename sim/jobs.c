/* A queue of rows: jobs end in about the order in which they came, so that the oldest are soon of
 * no use; the queue moves to the front of its memory when more than half of that is. */
#include "sim/jobs.h"
#include <assert.h>
#include <string.h>

void jobs_arrive(struct jobs *jobs, uint32_t tasks, int64_t now)
{
	struct job_record row = { .id = jobs->first + (jobs->rows.n - jobs->head),
				  .arrival_ns = now,
				  .end_ns = -1,
				  .tasks = tasks };

	vec_push(&jobs->rows, row);
	vec_push(&jobs->left, tasks);
	jobs->open++;
}

static void forget_old(struct jobs *jobs)
{
	while (jobs->head < jobs->rows.n && !jobs->left.at[jobs->head]) {
		jobs->head++;
		jobs->first++;
	}
	if (jobs->head < 1024 || jobs->head < jobs->rows.n / 2)
		return;
	jobs->rows.n = jobs->left.n -= jobs->head;
	memmove(jobs->rows.at, jobs->rows.at + jobs->head, jobs->rows.n * sizeof(*jobs->rows.at));
	memmove(jobs->left.at, jobs->left.at + jobs->head, jobs->left.n * sizeof(*jobs->left.at));
	jobs->head = 0;
}

bool jobs_end(struct jobs *jobs, uint64_t job, bool done, int64_t now, struct job_record *over)
{
	uint32_t at = jobs->head + (uint32_t)(job - jobs->first);

	assert(job >= jobs->first && at < jobs->rows.n && jobs->left.at[at]);
	jobs->rows.at[at].end_ns = now;
	jobs->rows.at[at].failed += !done;
	if (--jobs->left.at[at])
		return false;
	*over = jobs->rows.at[at];
	jobs->open--;
	forget_old(jobs);
	return true;
}

void jobs_release(struct jobs *jobs)
{
	vec_release(&jobs->rows);
	vec_release(&jobs->left);
}
