/* azure-functions-2019: counts a minute become arrivals, a minute at a time.  Given its number, the
 * arrivals of a Poisson process are uniform; evenly spread ones begin at a phase of the function's
 * own, drawn each minute, so that functions do not fire in step. */
#include "traces/minutes.h"
#include "traces/source.h"
#include <assert.h>

#define MINUTE_NS INT64_C(60000000000)

struct invocation {
	int64_t at_ns;
	uint32_t function, order;
};

struct minutes {
	struct trace base;
	struct arena arena;
	const struct trace_spec *spec;
	struct minutes_table table;
	struct trace_counts counts;
	VEC(struct invocation) due; /* of the minute, by time; from `at` on to come */
	uint32_t at, cell;	    /* the first that is not laid out yet */
	struct rng rng;
	struct fill fill;
};

static int by_time(const void *a, const void *b)
{
	const struct invocation *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void lay_out(struct minutes *m, const struct minutes_cell *cell)
{
	int64_t begin_ns = cell->minute * MINUTE_NS;
	double phase = rng_unit(&m->rng);

	for (uint32_t i = 0; i < cell->count; i++) {
		double share = m->spec->spread == TRACE_SPREAD_EVEN ? (i + phase) / cell->count
			     : i				    ? rng_unit(&m->rng)
								    : phase;
		struct invocation one = { begin_ns + (int64_t)(share * MINUTE_NS), cell->function,
					  m->due.n };

		vec_push(&m->due, one);
	}
}

/* Lays out the next minute in which anything happens; false where there is none. */
static bool next_minute(struct minutes *m)
{
	const struct minutes_cell *cells = m->table.cells.at;
	uint32_t first = m->cell;

	m->at = m->due.n = 0;
	if (first == m->table.cells.n)
		return false;
	while (m->cell < m->table.cells.n && cells[m->cell].minute == cells[first].minute)
		lay_out(m, &cells[m->cell++]);
	qsort(m->due.at, m->due.n, sizeof(*m->due.at), by_time);
	return true;
}

static void take(struct minutes *m, const struct invocation *from, struct trace_row *row)
{
	const struct minutes_function *function = &m->table.functions.at[from->function];
	int64_t duration_ns = dist_draw_int(&function->duration, &m->fill.durations);

	*row = (struct trace_row){ .arrival_ns = from->at_ns - m->spec->from_ns + m->spec->start_ns,
				   .service = function->tenant };
	fill_tokens(&m->fill, duration_ns, row);
}

static int minutes_next(struct trace *trace, struct trace_row *row, struct err *err)
{
	struct minutes *m = (struct minutes *)trace;
	int64_t from_ns = m->spec->from_ns, length_ns = m->spec->length_ns;

	(void)err;
	for (;;) {
		const struct invocation *one;

		if (m->at == m->due.n && !next_minute(m))
			return 0;
		one = &m->due.at[m->at++];
		m->counts.read++;
		if (one->at_ns < from_ns) {
			m->counts.left_out++;
			continue;
		}
		if (length_ns && one->at_ns - from_ns >= length_ns) {
			m->counts.left_out++;
			m->at = m->due.n = 0;
			m->cell = m->table.cells.n;
			return 0;
		}
		m->counts.emitted++;
		take(m, one, row);
		return 1;
	}
}

static void minutes_close(struct trace *trace)
{
	struct minutes *m = (struct minutes *)trace;
	struct arena arena = m->arena; /* it lies in it */

	minutes_release(&m->table);
	vec_release(&m->due);
	arena_release(&arena);
}

static struct trace_counts minutes_counts(const struct trace *trace)
{
	const struct minutes *m = (const struct minutes *)trace;
	struct trace_counts counts = m->counts;

	counts.malformed = m->table.malformed;
	counts.read += counts.malformed;
	counts.dropped = counts.malformed + counts.left_out;
	return counts;
}

static const char *const *minutes_services(const struct trace *trace)
{
	return ((const struct minutes *)trace)->table.tenants;
}

static const struct trace_ops minutes_ops = { minutes_next, minutes_close, minutes_counts,
					      minutes_services };

struct trace *minutes_open(const struct trace_spec *spec, struct err *err)
{
	struct arena arena;
	struct minutes *m;

	arena_init(&arena);
	m = arena_take(&arena, sizeof(*m));
	if (!minutes_read(spec, &m->table, &arena, err)) {
		arena_release(&arena);
		return NULL;
	}
	m->base.ops = &minutes_ops;
	m->base.ranked = true;
	m->spec = spec;
	m->rng = rng_stream(spec->seed, "trace.spread", 0);
	fill_init(&m->fill, spec);
	while (m->cell < m->table.cells.n &&
	       (m->table.cells.at[m->cell].minute + 1) * MINUTE_NS <= spec->from_ns)
		m->cell++;
	m->arena = arena;
	return &m->base;
}
