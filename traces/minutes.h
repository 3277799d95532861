/* minutes.h - the files of azure-functions-2019: invocations of functions by the minute, and
 * percentiles of their durations; private to traces/.
 *
 * A row a function, a column a minute, so the file cannot stream: what is kept of it is a cell for
 * each minute in which a function was invoked. */
#ifndef TRACES_MINUTES_H
#define TRACES_MINUTES_H
#include "base/arena.h"
#include "base/vec.h"
#include "traces/trace.h"

/* More invocations of a function in a minute are bad data: they are laid out in memory.  Source:
 * assumption, a hundred times the most in the public file. */
enum { MINUTES_COUNT_MAX = 10000000, MINUTES_MAX = 20160 };

struct minutes_function {
	const char *name;           /* of its digest */
	uint32_t tenant;
	struct dist duration;       /* in ns */
};

struct minutes_cell { uint32_t minute, function, count; };

struct minutes_table {
	VEC(struct minutes_function) functions;
	VEC(struct minutes_cell) cells; /* by minute from 0, then by function */
	const char **tenants;       /* NULL-terminated, by invocations falling; or the spec's */
	uint64_t malformed;         /* rows dropped */
};

/* Reads spec's file and its durations; texts from the arena.  False with file:line:col; the table
 * is empty then. */
bool minutes_read(const struct trace_spec *spec, struct minutes_table *table, struct arena *arena,
		  struct err *err);
/* Frees the table. */
void minutes_release(struct minutes_table *table);
#endif
