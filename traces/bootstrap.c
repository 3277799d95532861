/* The rows lie in one flat array, sorted by arrival.  A block is a beginning in the trace and a
 * place in the new one; its rows are found by bisection and handed out one by one, moved by the
 * distance between the two. */
#include "traces/bootstrap.h"
#include "base/rng.h"
#include "base/vec.h"
#include "traces/source.h"
#include <assert.h>

struct bootstrap {
	struct trace base;
	struct trace *from; /* at its end: its names and counts are still asked for */
	VEC(struct trace_row) rows;
	struct rng rng;
	int64_t block_ns, span_ns;
	int64_t to_ns;	  /* where the block is laid */
	int64_t shift_ns; /* to_ns - where it begins in the trace */
	int64_t end_ns;	  /* where it ends in the trace */
	uint64_t block;	  /* its number, from 1 */
	uint32_t at;	  /* the next row of it */
	uint64_t emitted;
};

/* The first row at or after a time. */
static uint32_t row_at(const struct bootstrap *b, int64_t at_ns)
{
	uint32_t low = 0, high = b->rows.n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (b->rows.at[middle].arrival_ns < at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Draws the block that is laid at to_ns. */
static void draw_block(struct bootstrap *b)
{
	int64_t begins = b->span_ns - b->block_ns, left_ns = b->span_ns - b->to_ns, from_ns;

	from_ns = (int64_t)(rng_unit(&b->rng) * (double)(begins + 1));
	if (from_ns > begins)
		from_ns = begins; /* rounded up: a span beyond 2^53 ns */
	b->shift_ns = b->to_ns - from_ns;
	b->end_ns = from_ns + (left_ns < b->block_ns ? left_ns : b->block_ns);
	b->at = row_at(b, from_ns);
	b->block++;
}

static int bootstrap_next(struct trace *trace, struct trace_row *row, struct err *err)
{
	struct bootstrap *b = (struct bootstrap *)trace;

	(void)err;
	while (b->at == b->rows.n || b->rows.at[b->at].arrival_ns >= b->end_ns) {
		b->to_ns = b->end_ns + b->shift_ns;
		if (b->to_ns >= b->span_ns)
			return 0;
		draw_block(b);
	}
	*row = b->rows.at[b->at++];
	row->arrival_ns += b->shift_ns;
	if (row->session) {
		uint64_t mixed = row->session + b->block;

		row->session = rng_split(&mixed) | 1; /* 0 would be none */
	}
	b->emitted++;
	return 1;
}

static void bootstrap_close(struct trace *trace)
{
	struct bootstrap *b = (struct bootstrap *)trace;

	trace_close(b->from);
	vec_release(&b->rows);
	free(b);
}

/* What the trace dropped stays dropped; what was read and resampled counts as often as it came. */
static struct trace_counts bootstrap_counts(const struct trace *trace)
{
	const struct bootstrap *b = (const struct bootstrap *)trace;
	struct trace_counts counts = trace_counts(b->from);

	counts.emitted = b->emitted;
	counts.read = b->emitted + counts.dropped;
	return counts;
}

static const char *const *bootstrap_services(const struct trace *trace)
{
	return trace_services(((const struct bootstrap *)trace)->from);
}

static const struct trace_ops bootstrap_ops = { bootstrap_next, bootstrap_close, bootstrap_counts,
						bootstrap_services };

struct trace *bootstrap_open(struct trace *from, int64_t block_ns, uint64_t seed,
			     uint64_t replication, struct err *err)
{
	struct bootstrap *b = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*b));
	struct trace_row row;
	int got;

	assert(from && block_ns > 0);
	*b = (struct bootstrap){ .base = { .ops = &bootstrap_ops,
					   .sessions = trace_has_sessions(from) },
				 .from = from,
				 .rng = rng_stream(seed, "bootstrap", replication) };
	while ((got = trace_next(from, &row, err)) == 1)
		vec_push(&b->rows, row);
	if (got < 0) {
		bootstrap_close(&b->base);
		return NULL;
	}
	b->span_ns = b->rows.n ? b->rows.at[b->rows.n - 1].arrival_ns + 1 : 0;
	b->block_ns = block_ns < b->span_ns ? block_ns : b->span_ns;
	b->at = b->rows.n;
	return &b->base;
}
