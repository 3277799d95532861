/* bootstrap.h - a trace resampled by blocks, so that replications speak of the workload and not
 * only of the simulator's dice.
 *
 * Moving-block bootstrap (Kuensch 1989; Liu & Singh 1992): the span of a trace is filled, end to
 * end, with blocks of time that begin anywhere in it, each instant alike.  What happens inside a
 * block - bursts, lengths that go with them - stays together; what joins two blocks is chance.
 * Not for made-up traffic: that changes with its seed. */
#ifndef TRACES_BOOTSTRAP_H
#define TRACES_BOOTSTRAP_H
#include "traces/trace.h"

/* A source of the rows of `from`, resampled by blocks of block_ns (>= 1): as many whole blocks as
 * fit into the span (0 to just after the last row) and the beginning of one more.  A block as long
 * as the span gives the trace as it is.  Sessions are numbered anew, so that one which is drawn
 * twice is two.  The draws are those of the stream (seed, "bootstrap", replication).
 *
 * Reads all of `from` into memory, 40 bytes a row, and owns it from then on; NULL with a message
 * where a row is bad, and `from` is closed then. */
struct trace *bootstrap_open(struct trace *from, int64_t block_ns, uint64_t seed,
			     uint64_t replication, struct err *err);
#endif
