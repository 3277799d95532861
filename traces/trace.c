/* What all sources share, and their merge: a binary heap of the parts by (time of their next row,
 * number). */
#include "traces/trace.h"
#include "base/arena.h"
#include "traces/source.h"
#include <assert.h>
#include <string.h>
#include <unistd.h>

struct trace *tenants_open(const struct trace_spec *spec, struct err *err)
{
	const struct format *format = format_find(spec->format, err);
	struct trace *trace;

	if (!format)
		return NULL;
	trace = format->open ? format->open(spec, err) : reader_open(spec, format, err);
	return trace && spec->tick_ns ? spread_open(trace, spec) : trace;
}

struct trace *trace_open(const struct trace_spec *spec, struct err *err)
{
	const struct format *format = format_find(spec->format, err);
	bool by_name;

	if (!format)
		return NULL;
	by_name = spec->map == TRACE_MAP_NAME || (spec->map == TRACE_MAP_AUTO && !format->foreign);
	if (format->open && spec->loop > 1) {
		err_set(err, "a trace of format %s cannot be looped over", format->name);
		return NULL;
	}
	if (!spec->services || (by_name && !spec->assign.n && !spec->numbers))
		return tenants_open(spec, err);
	return map_open(spec, format->foreign, err);
}

int trace_next(struct trace *trace, struct trace_row *row, struct err *err)
{
	return trace->ops->next(trace, row, err);
}

void trace_close(struct trace *trace)
{
	if (trace)
		trace->ops->close(trace);
}

struct trace_counts trace_counts(const struct trace *trace)
{
	return trace->ops->counts(trace);
}

const char *const *trace_services(const struct trace *trace)
{
	return trace->ops->services(trace);
}

bool trace_has_sessions(const struct trace *trace)
{
	return trace->sessions;
}

const char *trace_path(const char *path, const char *named_in, struct arena *arena)
{
	const char *slash = strrchr(named_in, '/'), *beside;

	if (*path == '/' || !*path || !slash)
		return path;
	beside = arena_print(arena, "%.*s%s", (int)(slash + 1 - named_in), named_in, path);
	return access(beside, F_OK) ? path : beside;
}

struct part {
	struct trace *trace;
	struct trace_row row;
};

struct merge {
	struct trace base;
	struct arena arena;
	struct part *part; /* n */
	uint32_t *heap;	   /* parts that have a row, the earliest first */
	uint32_t n, live;
	bool started;
};

static bool before(const struct merge *m, uint32_t a, uint32_t b)
{
	int64_t a_ns = m->part[a].row.arrival_ns, b_ns = m->part[b].row.arrival_ns;

	return a_ns < b_ns || (a_ns == b_ns && a < b);
}

static void sift_down(struct merge *m, uint32_t at)
{
	uint32_t moved = m->heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child + 1 < m->live && before(m, m->heap[child + 1], m->heap[child]))
			child++;
		if (child >= m->live || !before(m, m->heap[child], moved))
			break;
		m->heap[at] = m->heap[child];
		at = child;
	}
	m->heap[at] = moved;
}

static bool merge_start(struct merge *m, struct err *err)
{
	m->started = true;
	for (uint32_t i = 0; i < m->n; i++) {
		int got = trace_next(m->part[i].trace, &m->part[i].row, err);

		if (got < 0)
			return false;
		if (got)
			m->heap[m->live++] = i;
	}
	for (uint32_t i = m->live / 2; i-- > 0;)
		sift_down(m, i);
	return true;
}

static int merge_next(struct trace *trace, struct trace_row *row, struct err *err)
{
	struct merge *m = (struct merge *)trace;
	struct part *part;
	int got;

	if (!m->started && !merge_start(m, err))
		return -1;
	if (!m->live)
		return 0;
	part = &m->part[m->heap[0]];
	*row = part->row;
	got = trace_next(part->trace, &part->row, err);
	if (got < 0)
		return -1;
	if (!got)
		m->heap[0] = m->heap[--m->live];
	if (m->live)
		sift_down(m, 0);
	return 1;
}

static void merge_close(struct trace *trace)
{
	struct merge *m = (struct merge *)trace;
	struct arena arena = m->arena; /* the merge lies in it */

	for (uint32_t i = 0; i < m->n; i++)
		trace_close(m->part[i].trace);
	arena_release(&arena);
}

/* Rows that wait in the merge are read and not emitted yet. */
static struct trace_counts merge_counts(const struct trace *trace)
{
	const struct merge *m = (const struct merge *)trace;
	struct trace_counts sum = { 0 };

	for (uint32_t i = 0; i < m->n; i++) {
		struct trace_counts one = trace_counts(m->part[i].trace);

		sum.read += one.read;
		sum.emitted += one.emitted;
		sum.dropped += one.dropped;
		sum.zero += one.zero;
		sum.malformed += one.malformed;
		sum.late += one.late;
		sum.left_out += one.left_out;
		sum.reordered += one.reordered;
	}
	sum.emitted -= m->live;
	return sum;
}

static const char *const *merge_services(const struct trace *trace)
{
	const struct merge *m = (const struct merge *)trace;

	for (uint32_t i = 0; i < m->n; i++)
		if (trace_services(m->part[i].trace))
			return trace_services(m->part[i].trace);
	return NULL;
}

static const struct trace_ops merge_ops = { merge_next, merge_close, merge_counts, merge_services };

struct trace *trace_merge(struct trace *const *parts, uint32_t n)
{
	struct arena arena;
	struct merge *m;

	arena_init(&arena);
	m = arena_take(&arena, sizeof(*m));
	m->base.ops = &merge_ops;
	m->n = n;
	m->part = ARENA_ARRAY(&arena, struct part, n);
	m->heap = ARENA_ARRAY(&arena, uint32_t, n);
	m->arena = arena;
	for (uint32_t i = 0; i < n; i++) {
		assert(parts[i]);
		m->part[i].trace = parts[i];
		m->base.sessions |= parts[i]->sessions;
	}
	return &m->base;
}
