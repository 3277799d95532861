/* Loggers with a coarse clock give many rows the same stamp, and a burst that never was.  Rows of
 * one stamp are held back until the next is known, and laid out over the tick: evenly, the first
 * where it stood, or at random, as those of a Poisson process given their number.  Memory grows
 * with the largest tie only. */
#include "base/arena.h"
#include "base/vec.h"
#include "traces/source.h"
#include <stdlib.h>

struct spread {
	struct trace base;
	struct trace *from;
	const struct trace_spec *spec;
	struct rng rng;
	VEC(struct trace_row) tie; /* from `at` on not given out yet */
	VEC(int64_t) time;
	uint32_t at;
	struct trace_row next; /* the first row behind the tie */
	bool has_next, started;
};

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void lay_out(struct spread *s)
{
	int64_t begin_ns = s->tie.at[0].arrival_ns, width_ns = s->spec->tick_ns;
	uint32_t n = s->tie.n;

	if (s->has_next && s->next.arrival_ns - begin_ns < width_ns)
		width_ns = s->next.arrival_ns - begin_ns;
	if (s->spec->spread == TRACE_SPREAD_EVEN) {
		for (uint32_t i = 0; i < n; i++)
			s->tie.at[i].arrival_ns +=
				(int64_t)((double)width_ns * ((double)i / (double)n));
		return;
	}
	s->time.n = 0;
	for (uint32_t i = 0; i < n; i++) {
		int64_t at_ns = begin_ns + (int64_t)(rng_unit(&s->rng) * (double)width_ns);

		vec_push(&s->time, at_ns);
	}
	qsort(s->time.at, n, sizeof(*s->time.at), by_time);
	for (uint32_t i = 0; i < n; i++)
		s->tie.at[i].arrival_ns = s->time.at[i];
}

/* The next tie, and one row more: 1, or what the source says. */
static int collect_tie(struct spread *s, struct err *err)
{
	int got = 1;

	if (!s->started)
		got = trace_next(s->from, &s->next, err);
	else if (!s->has_next)
		return 0;
	s->started = true;
	s->at = s->tie.n = 0;
	s->has_next = false;
	if (got <= 0)
		return got;
	do {
		vec_push(&s->tie, s->next);
		got = trace_next(s->from, &s->next, err);
	} while (got == 1 && s->next.arrival_ns == s->tie.at[0].arrival_ns);
	s->has_next = got == 1;
	if (got < 0)
		return got;
	lay_out(s);
	return 1;
}

static int spread_next(struct trace *trace, struct trace_row *row, struct err *err)
{
	struct spread *s = (struct spread *)trace;

	if (s->at == s->tie.n) {
		int got = collect_tie(s, err);

		if (got <= 0)
			return got;
	}
	*row = s->tie.at[s->at++];
	return 1;
}

static void spread_close(struct trace *trace)
{
	struct spread *s = (struct spread *)trace;

	trace_close(s->from);
	vec_release(&s->tie);
	vec_release(&s->time);
	free(s);
}

/* Rows held back are read and not emitted yet. */
static struct trace_counts spread_counts(const struct trace *trace)
{
	const struct spread *s = (const struct spread *)trace;
	struct trace_counts counts = trace_counts(s->from);

	counts.emitted -= s->tie.n - s->at + s->has_next;
	return counts;
}

static const char *const *spread_services(const struct trace *trace)
{
	return trace_services(((const struct spread *)trace)->from);
}

static const struct trace_ops spread_ops = { spread_next, spread_close, spread_counts,
					     spread_services };

struct trace *spread_open(struct trace *from, const struct trace_spec *spec)
{
	uint32_t cap = 0;
	struct spread *s = vec_grow(NULL, &cap, 1, sizeof(*s));

	*s = (struct spread){ .base = *from,
			      .from = from,
			      .spec = spec,
			      .rng = rng_stream(spec->seed, "trace.spread", 0) };
	s->base.ops = &spread_ops;
	return &s->base;
}
