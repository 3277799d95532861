/* Tenants become services.  The source below collects the names that it meets, in the order in
 * which they come; here each number is given a service once, when it is first seen.  Who is popular
 * is counted in a pass of its own, except where the source knows already. */
#include "base/arena.h"
#include "base/vec.h"
#include "traces/source.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NOWHERE UINT32_MAX

struct count {
	uint64_t rows;
	uint32_t tenant;
};

struct map {
	struct trace base;
	struct trace_spec below; /* the spec, without services */
	const struct trace_spec *spec;
	struct trace *from;
	uint32_t services;
	VEC(uint32_t) to;   /* by tenant: a service, or NOWHERE */
	VEC(uint32_t) rank; /* by tenant, where that was counted */
	uint64_t dropped;
	bool failed; /* at the last row that was read */
};

static int by_rows(const void *a, const void *b)
{
	const struct count *x = a, *y = b;

	if (x->rows != y->rows)
		return x->rows < y->rows ? 1 : -1;
	return (x->tenant > y->tenant) - (x->tenant < y->tenant);
}

/* Reads everything once, and ranks the tenants. */
static bool count_tenants(struct map *map, struct err *err)
{
	struct trace *trace = tenants_open(&map->below, err);
	VEC(struct count) counts = { 0 };
	struct trace_row row;
	int got;

	if (!trace)
		return false;
	while ((got = trace_next(trace, &row, err)) == 1) {
		while (row.service >= counts.n) {
			struct count one = { 0, counts.n };

			vec_push(&counts, one);
		}
		counts.at[row.service].rows++;
	}
	trace_close(trace);
	if (counts.n)
		qsort(counts.at, counts.n, sizeof(*counts.at), by_rows);
	for (uint32_t i = 0; i < counts.n; i++)
		vec_push(&map->rank, i);
	for (uint32_t i = 0; i < counts.n; i++)
		map->rank.at[counts.at[i].tenant] = i;
	vec_release(&counts);
	return got == 0;
}

static uint32_t find_service(const struct map *map, const char *name)
{
	for (uint32_t i = 0; i < map->services; i++)
		if (!strcmp(map->spec->services[i], name))
			return i;
	return NOWHERE;
}

static uint64_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a, and mixed */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return rng_split(&hash);
}

/* By its rank: the services in turn, up to the top. */
static uint32_t by_rank(const struct map *map, uint32_t tenant)
{
	uint32_t rank = tenant < map->rank.n ? map->rank.at[tenant] : tenant;

	if (map->spec->top && rank >= map->spec->top)
		return map->spec->rest == TRACE_REST_DROP ? NOWHERE : map->services - 1;
	return rank % map->services;
}

/* Gives the next tenant that was met its service. */
static bool place(struct map *map, const char *name, struct err *err)
{
	const struct trace_assign *assign = map->spec->assign.at;
	uint32_t service = NOWHERE;
	const char *near;

	for (uint32_t i = 0; i < map->spec->assign.n && service == NOWHERE; i++)
		if (!strcmp(assign[i].tenant, name))
			service = find_service(map, assign[i].service);
	if (service == NOWHERE && map->below.map == TRACE_MAP_HASH)
		service = (uint32_t)(hash_of(name) % map->services);
	else if (service == NOWHERE && map->below.map == TRACE_MAP_NAME)
		service = find_service(map, name);
	else if (service == NOWHERE)
		service = by_rank(map, map->to.n);
	if (service == NOWHERE && map->below.map == TRACE_MAP_NAME) {
		near = err_nearest(name, map->spec->services);
		return err_at(err, map->spec->file, 0, 0,
			      "unknown tenant \"%s\": expected a service of the scenario, or "
			      "trace.map or trace.assign%s%s%s",
			      name, near ? "; did you mean \"" : "", near ? near : "",
			      near ? "\"?" : "");
	}
	vec_push(&map->to, service);
	return true;
}

/* A service as rows have it. */
static uint32_t number(const struct map *map, uint32_t service)
{
	return map->spec->numbers ? map->spec->numbers[service] : service;
}

static int map_next(struct trace *trace, struct trace_row *row, struct err *err)
{
	struct map *map = (struct map *)trace;
	int got;

	while ((got = trace_next(map->from, row, err)) == 1) {
		const char *const *names = trace_services(map->from);

		if (!names) { /* one tenant, without a name */
			row->service = number(map, 0);
			return 1;
		}
		while (row->service >= map->to.n)
			if (!place(map, names[map->to.n], err)) {
				map->failed = true;
				return -1;
			}
		if (map->to.at[row->service] != NOWHERE) {
			row->service = number(map, map->to.at[row->service]);
			return 1;
		}
		map->dropped++;
	}
	return got;
}

static void map_close(struct trace *trace)
{
	struct map *map = (struct map *)trace;

	trace_close(map->from);
	vec_release(&map->to);
	vec_release(&map->rank);
	free(map);
}

static struct trace_counts map_counts(const struct trace *trace)
{
	const struct map *map = (const struct map *)trace;
	struct trace_counts counts = trace_counts(map->from);

	counts.emitted -= map->dropped + map->failed;
	counts.left_out += map->dropped;
	counts.dropped += map->dropped;
	return counts;
}

static const char *const *map_services(const struct trace *trace)
{
	const struct trace_spec *spec = ((const struct map *)trace)->spec;

	return spec->numbers ? NULL : spec->services;
}

static const struct trace_ops map_ops = { map_next, map_close, map_counts, map_services };

static bool check_assign(const struct map *map, struct err *err)
{
	const struct trace_assign *assign = map->spec->assign.at;

	for (uint32_t i = 0; i < map->spec->assign.n; i++) {
		const char *name = assign[i].service ? assign[i].service : "", *near;

		if (!assign[i].tenant || !*assign[i].tenant)
			return err_set(err, "trace.assign.%u has no tenant", i);
		if (find_service(map, name) != NOWHERE)
			continue;
		near = err_nearest(name, map->spec->services);
		return err_set(err, "trace.assign.%u.service: no service is called '%s'%s%s%s", i,
			       name, near ? "; did you mean '" : "", near ? near : "",
			       near ? "'?" : "");
	}
	return true;
}

static bool rank_tenants(struct map *map, struct err *err)
{
	struct stat st;

	if (map->below.map != TRACE_MAP_POPULARITY || map->from->ranked ||
	    (map->services == 1 && !map->spec->top))
		return true;
	if (stat(map->spec->file, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return err_set(err,
			       "%s is a pipe, and popularity is counted in a pass of its own: "
			       "expected trace.map order or hash",
			       map->spec->file);
	return count_tenants(map, err);
}

struct trace *map_open(const struct trace_spec *spec, bool foreign, struct err *err)
{
	uint32_t cap = 0;
	struct map *map = vec_grow(NULL, &cap, 1, sizeof(*map));

	*map = (struct map){ .below = *spec, .spec = spec };
	map->below.services = NULL;
	map->below.service = 0;
	if (map->below.map == TRACE_MAP_AUTO)
		map->below.map = foreign ? TRACE_MAP_POPULARITY : TRACE_MAP_NAME;
	while (spec->services[map->services])
		map->services++;
	assert(map->services);
	map->base.ops = &map_ops;
	if (check_assign(map, err))
		map->from = tenants_open(&map->below, err);
	if (!map->from || !rank_tenants(map, err)) {
		map_close(&map->base);
		return NULL;
	}
	map->base.sessions = map->from->sessions;
	return &map->base;
}
