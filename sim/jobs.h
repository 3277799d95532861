/* jobs.h - plain pods that come together: when the last of a job has ended.
 *
 * A job has so many pods, with ids that follow each other; jobs are numbered likewise.  Rows are
 * kept from the oldest job that has not ended on. */
#ifndef SIM_JOBS_H
#define SIM_JOBS_H
#include "base/record.h"
#include "base/vec.h"

struct jobs {
	VEC(struct job_record) rows;    /* end_ns: of the last that has ended; -1 = none has */
	VEC(uint32_t) left;             /* pods of each that have not ended */
	uint32_t head;                  /* rows before it are of no use any more */
	uint64_t first, open;           /* number of the job at head; jobs that have not ended */
};

/* The next job arrives. */
void jobs_arrive(struct jobs *jobs, uint32_t tasks, int64_t now);
/* A pod of a job has ended, having done its work or not; true when it was the last: *over is the
 * job. */
bool jobs_end(struct jobs *jobs, uint64_t job, bool done, int64_t now, struct job_record *over);
/* Frees them. */
void jobs_release(struct jobs *jobs);
#endif
