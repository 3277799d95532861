/* ServeGen's tenants as sources, merged.  A tenant is a renewal process in the time of its rate, as
 * in synth.c: gaps of mean 1 with its window's shape are laid out along the integral of the rate.
 * A request's tokens are drawn from the distributions of the window that it falls into, or, where
 * that has none, of the nearest before it. */
#include "traces/servegen.h"
#include "traces/source.h"
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct source {
	struct trace base;
	struct servegen_tenant tenant;
	const struct trace_spec *spec;
	uint32_t service;
	struct arena *arena; /* of the pool; the first source frees it */
	const char *const *names;
	struct trace_counts counts;
	int64_t now_ns, end_ns; /* as the files count them */
	double now_part_ns;	/* of a ns behind now */
	uint32_t window, lengths;
	struct rng gaps, inputs, outputs;
};

static double draw_gap(struct source *s)
{
	const struct servegen_window *window = &s->tenant.windows[s->window];

	switch (window->gaps) {
	case SERVEGEN_GAMMA: return rng_gamma(&s->gaps, window->shape);
	case SERVEGEN_WEIBULL: return pow(rng_exp(&s->gaps), 1 / window->shape) / window->mean;
	default: return rng_exp(&s->gaps);
	}
}

/* Moves now to the next arrival; false when the end comes first. */
static bool next_arrival(struct source *s)
{
	double need = s->window < s->tenant.n_windows ? draw_gap(s) : 0;

	for (; s->window < s->tenant.n_windows; s->window++) {
		const struct servegen_window *window = &s->tenant.windows[s->window];
		int64_t end_ns = window->end_ns < s->end_ns ? window->end_ns : s->end_ns;
		double rate = window->rate_per_ns * s->spec->rate, left_ns;

		if (s->now_ns < window->start_ns) {
			s->now_ns = window->start_ns;
			s->now_part_ns = 0;
		}
		if (s->now_ns >= s->end_ns)
			return false;
		left_ns = (double)(end_ns - s->now_ns) - s->now_part_ns;
		if (left_ns > 0 && need < rate * left_ns) {
			double step_ns = need / rate + s->now_part_ns, whole_ns = floor(step_ns);

			s->now_ns += (int64_t)whole_ns;
			s->now_part_ns = step_ns - whole_ns;
			if (s->now_ns < end_ns)
				return true;
			need = 0; /* rounding took it to the edge */
		} else if (left_ns > 0) {
			need -= rate * left_ns;
		}
	}
	return false;
}

/* The number with this share of the distribution below it. */
static uint32_t draw_tokens(const struct servegen_tokens *tokens, struct rng *rng)
{
	uint32_t low = 0, high = tokens->n;
	double u;

	if (!tokens->n)
		return 0;
	u = rng_unit(rng);
	while (high - low > 1) {
		uint32_t middle = (low + high - 1) / 2;

		if (tokens->below[middle] > u)
			high = middle + 1;
		else
			low = middle + 1;
	}
	return tokens->value[low];
}

static void draw_lengths(struct source *s, struct trace_row *row)
{
	const struct servegen_lengths *lengths = s->tenant.lengths;
	uint64_t input = 0;

	while (s->lengths + 1 < s->tenant.n_lengths &&
	       lengths[s->lengths + 1].start_ns <= s->now_ns)
		s->lengths++;
	lengths += s->lengths;
	for (int i = SERVEGEN_TEXT; i <= SERVEGEN_VIDEO; i++)
		input += draw_tokens(&lengths->field[i], &s->inputs);
	row->input_tokens = input < TRACE_TOKENS_MAX ? (uint32_t)input : TRACE_TOKENS_MAX;
	row->output_tokens = draw_tokens(&lengths->field[SERVEGEN_OUTPUT], &s->outputs);
}

static int source_next(struct trace *trace, struct trace_row *row, struct err *err)
{
	struct source *s = (struct source *)trace;

	while (next_arrival(s)) {
		s->counts.read++;
		*row = (struct trace_row){ .arrival_ns =
						   s->now_ns - s->spec->from_ns + s->spec->start_ns,
					   .service = s->service };
		draw_lengths(s, row);
		if ((row->input_tokens && row->output_tokens) ||
		    s->spec->zero_tokens == TRACE_ZERO_KEEP) {
			s->counts.emitted++;
			return 1;
		}
		if (s->spec->zero_tokens == TRACE_ZERO_FAIL) {
			err_at(err, s->spec->file, 0, 0,
			       "%s draws %u input and %u output tokens: expected at least one of "
			       "each (zero_tokens: drop or keep)",
			       s->tenant.name, row->input_tokens, row->output_tokens);
			return -1;
		}
		s->counts.zero++;
	}
	return 0;
}

static void source_close(struct trace *trace)
{
	struct source *s = (struct source *)trace;
	struct arena arena;

	if (!s->arena)
		return;
	arena = *s->arena; /* it lies in itself */
	arena_release(&arena);
}

static struct trace_counts source_counts(const struct trace *trace)
{
	struct trace_counts counts = ((const struct source *)trace)->counts;

	counts.read += counts.malformed;
	counts.dropped = counts.zero + counts.malformed;
	return counts;
}

static const char *const *source_services(const struct trace *trace)
{
	return ((const struct source *)trace)->names;
}

static const struct trace_ops source_ops = { source_next, source_close, source_counts,
					     source_services };

/* ---- the pool ---- */

struct pool {
	const struct trace_spec *spec;
	struct arena *arena;
	const char *folder;
	VEC(uint32_t) numbers;
	VEC(struct servegen_tenant) tenants;
	uint64_t unread; /* left out where that is allowed */
};

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int by_requests(const void *a, const void *b)
{
	const struct servegen_tenant *x = a, *y = b;

	if (x->requests != y->requests)
		return x->requests < y->requests ? 1 : -1;
	return by_number(&x->number, &y->number);
}

static bool is_tenant(const char *name, uint32_t *number)
{
	int end = 0;

	return sscanf(name, "chunk-%9u-trace.csv%n", number, &end) == 1 && end && !name[end];
}

/* The tenants of a folder, or the one of a file. */
static bool find_tenants(struct pool *pool, struct err *err)
{
	const char *file = pool->spec->file, *slash = strrchr(file, '/');
	const struct dirent *entry;
	DIR *folder = opendir(file);
	uint32_t number;

	if (!folder && errno == ENOTDIR && is_tenant(slash ? slash + 1 : file, &number)) {
		pool->folder = slash ? arena_text(pool->arena, file, (size_t)(slash - file)) : ".";
		vec_push(&pool->numbers, number);
		return true;
	}
	if (!folder)
		return err_set(err, "cannot open %s: %s%s", file, strerror(errno),
			       errno == ENOTDIR ? ", expected a folder of chunk-N-trace.csv and "
						  "chunk-N-dataset.json"
						: "");
	pool->folder = file;
	while ((entry = readdir(folder)))
		if (is_tenant(entry->d_name, &number))
			vec_push(&pool->numbers, number);
	closedir(folder);
	if (!pool->numbers.n)
		return err_set(err,
			       "%s holds no tenants: expected files chunk-N-trace.csv and "
			       "chunk-N-dataset.json",
			       file);
	qsort(pool->numbers.at, pool->numbers.n, sizeof(*pool->numbers.at), by_number);
	return true;
}

static bool read_tenants(struct pool *pool, struct err *err)
{
	for (uint32_t i = 0; i < pool->numbers.n; i++) {
		struct servegen_tenant tenant;

		if (servegen_read(pool->spec, pool->folder, pool->numbers.at[i], &tenant,
				  pool->arena, err))
			vec_push(&pool->tenants, tenant);
		else if (!pool->spec->lenient || err->system)
			return false;
		else
			pool->unread++;
	}
	if (!pool->tenants.n)
		return false; /* with the last one's message */
	qsort(pool->tenants.at, pool->tenants.n, sizeof(*pool->tenants.at), by_requests);
	return true;
}

/* The number of a tenant's rows. */
static bool find_service(const struct trace_spec *spec, const char *name, uint32_t *service,
			 struct err *err)
{
	const char *near;

	if (!spec->services)
		return true;
	for (*service = 0; spec->services[*service]; ++*service)
		if (!strcmp(spec->services[*service], name))
			return true;
	near = err_nearest(name, spec->services);
	return err_at(err, spec->file, 0, 0,
		      "unknown service \"%s\": expected a service of the scenario%s%s%s", name,
		      near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static bool init_source(struct source *s, const struct pool *pool, uint32_t i,
			const char *const *names, struct err *err)
{
	const struct trace_spec *spec = pool->spec;

	s->base.ops = &source_ops;
	s->tenant = pool->tenants.at[i];
	s->spec = spec;
	s->service = i;
	s->names = names;
	s->gaps = rng_stream(spec->seed, "servegen.arrivals", s->tenant.number);
	s->inputs = rng_stream(spec->seed, "servegen.input", s->tenant.number);
	s->outputs = rng_stream(spec->seed, "servegen.output", s->tenant.number);
	s->now_ns = spec->from_ns;
	s->end_ns = spec->length_ns ? spec->from_ns + spec->length_ns : INT64_MAX;
	while (s->window + 1 < s->tenant.n_windows &&
	       s->tenant.windows[s->window].end_ns <= s->now_ns)
		s->window++;
	return find_service(spec, s->tenant.name, &s->service, err);
}

static struct trace *make_sources(struct pool *pool, struct err *err)
{
	uint32_t n = pool->tenants.n;
	struct trace **part = ARENA_ARRAY(pool->arena, struct trace *, n), *trace;
	struct source *source = ARENA_ARRAY(pool->arena, struct source, n);
	const char **names = ARENA_ARRAY(pool->arena, const char *, n + 1);

	for (uint32_t i = 0; i < n; i++) {
		if (!init_source(&source[i], pool, i,
				 pool->spec->services ? pool->spec->services : names, err))
			return NULL;
		names[i] = source[i].tenant.name;
		part[i] = &source[i].base;
	}
	source[0].counts.malformed = pool->unread;
	trace = trace_merge(part, n);
	trace->ranked = true;
	/* Closed last, as the others lie in the same arena. */
	source[n - 1].arena = arena_take(pool->arena, sizeof(struct arena));
	*source[n - 1].arena = *pool->arena;
	return trace;
}

struct trace *servegen_open(const struct trace_spec *spec, struct err *err)
{
	struct arena arena;
	struct pool pool = { .spec = spec, .arena = &arena };
	struct trace *trace = NULL;

	arena_init(&arena);
	if (find_tenants(&pool, err) && read_tenants(&pool, err))
		trace = make_sources(&pool, err);
	vec_release(&pool.numbers);
	vec_release(&pool.tenants);
	if (!trace)
		arena_release(&arena);
	return trace;
}
