/* Lists are read once and become what a scenario could have said itself: groups of nodes, rows of
 * pods.  The groups stand in the effective scenario, so that a tape or a store needs no list. */
#include "cli/lists.h"
#include "base/rng.h"
#include "base/vec.h"
#include "traces/openb.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool alike(const struct group_config *group, const struct openb_node *node)
{
	return !strcmp(group->gpu, node->gpu) && group->gpus == node->gpus &&
	       group->cpu_milli == node->cpu_milli && group->memory_bytes == node->memory_bytes;
}

/* The group's values come from the file, as far as the file has them. */
static void mark_group(struct setup *setup, const char *name, const char *path)
{
	static const char *const keys[] = { "name", "nodes", "gpus", "gpu", "cpu", "memory" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		scenario_mark_add(&setup->loaded,
				  arena_print(&setup->arena, "cluster.groups.%s.%s", name, keys[i]),
				  path, &setup->arena);
}

bool lists_nodes(struct setup *setup, struct err *err)
{
	struct cluster_config *cluster = &setup->cluster;
	struct group_config *groups;
	struct openb_node *rows;
	const char *path;
	uint32_t n, used = 0, g;

	if (!cluster->file || !*cluster->file)
		return true;
	path = setup_file(setup, cluster->file);
	if (!openb_nodes(path, &rows, &n, &setup->arena, err))
		return false;
	groups = ARENA_ARRAY(&setup->arena, struct group_config, n);
	for (uint32_t i = 0; i < n; i++) {
		for (g = 0; g < used && !alike(&groups[g], &rows[i]); g++)
			;
		if (g == used) {
			groups[used] = cluster->group;
			groups[used].name = arena_print(&setup->arena, "g%u", used + 1);
			groups[used].gpu = rows[i].gpu;
			groups[used].gpus = rows[i].gpus;
			groups[used].cpu_milli = rows[i].cpu_milli;
			groups[used].memory_bytes = rows[i].memory_bytes;
			groups[used++].nodes = 0;
		}
		groups[g].nodes++;
	}
	for (g = 0; g < used; g++)
		mark_group(setup, groups[g].name, path);
	cluster->groups = (struct opt_list){ groups, used };
	cluster->file = "";
	return true;
}

/* A row of the list as the world takes it; false where no empty node has room for it. */
static bool convert(const struct setup *setup, const struct openb_pod *from, struct pod_row *to,
		    const char *path, struct err *err)
{
	struct need need = { .gpu_milli = (uint32_t)from->gpu_milli,
			     .cpu_milli = (uint32_t)from->cpu_milli,
			     .memory_bytes = (uint64_t)from->memory_bytes };
	struct err unknown;

	if (!cluster_types_named(&setup->cluster, from->gpu, &need.types, &unknown))
		return err_at(err, path, from->line, 1, "%s", unknown.text);
	if (!cluster_has_room(&setup->cluster, &need))
		return err_at(err, path, from->line, 1,
			      "no node has room for %g GPUs%s%s, %u milli-CPUs and %.1f GiB of "
			      "memory",
			      need.gpu_milli / (double)GPU_MILLI, need.types ? " of type " : "",
			      need.types ? from->gpu : "", need.cpu_milli,
			      (double)need.memory_bytes / 0x1p30);
	*to = (struct pod_row){ .at_ns = from->created_ns,
				.lifetime_ns = from->lifetime_ns,
				.memory_bytes = need.memory_bytes,
				.gpu_milli = need.gpu_milli,
				.cpu_milli = need.cpu_milli,
				.types = need.types };
	return true;
}

static double gpus_of(const struct cluster_config *config)
{
	double gpus = 0;

	for (uint32_t g = 0; g < cluster_groups(config); g++) {
		const struct group_config *group = cluster_group(config, g);

		gpus += (double)group->nodes * (double)group->gpus;
	}
	return gpus;
}

/* Draws with replacement until so many GPUs are asked for. */
static void inflate(struct setup *setup, const struct pod_row *rows, uint32_t n)
{
	struct pod_workload *pods = &setup->pods;
	struct rng rng = rng_stream((uint64_t)setup->seed, "pods/inflate", 0);
	double want = pods->inflate * gpus_of(&setup->cluster) * GPU_MILLI;
	VEC(struct pod_row) out = { 0 };
	struct pod_row *kept;

	while (want > 0) {
		const struct pod_row *row = &rows[rng_below(&rng, n)];

		vec_push(&out, *row);
		want -= row->gpu_milli;
	}
	kept = ARENA_ARRAY(&setup->arena, struct pod_row, out.n);
	if (out.n)
		memcpy(kept, out.at, out.n * sizeof(*kept));
	pods->row = kept;
	pods->rows = out.n;
	vec_release(&out);
}

bool lists_pods(struct setup *setup, struct err *err)
{
	struct pod_workload *pods = &setup->pods;
	struct openb_pod *list;
	struct pod_row *rows;
	bool gpus = false;
	uint32_t n;

	if (!pods->file || !*pods->file)
		return true;
	if (!openb_pods(pods->file, &list, &n, &setup->arena, err))
		return false;
	rows = ARENA_ARRAY(&setup->arena, struct pod_row, n);
	for (uint32_t i = 0; i < n; i++) {
		if (!convert(setup, &list[i], &rows[i], pods->file, err))
			return false;
		gpus |= rows[i].gpu_milli > 0;
	}
	if (pods->inflate > 0 && (pods->rate <= 0 || !gpus))
		return err_set(err, "pods.inflate draws pods until they ask for so many GPUs: "
				    "expected a `rate`, and a list in which some have GPUs");
	pods->row = rows;
	pods->rows = n;
	if (pods->inflate > 0)
		inflate(setup, rows, n);
	if (!pods->count || pods->count > (int64_t)pods->rows)
		pods->count = (int64_t)pods->rows;
	return true;
}

/* ---- pods that may come ---- */

struct spec {
	struct need need;
	uint64_t n;
	uint32_t first;
};
struct specs {
	struct spec *at;
	uint32_t n, cap;
};

static void tally(struct specs *tallies, struct need need, uint64_t n)
{
	struct spec next;

	for (uint32_t i = 0; i < tallies->n; i++) {
		struct spec *known = &tallies->at[i];

		if (known->need.gpu_milli == need.gpu_milli &&
		    known->need.cpu_milli == need.cpu_milli &&
		    known->need.memory_bytes == need.memory_bytes &&
		    known->need.types == need.types) {
			known->n += n;
			return;
		}
	}
	next = (struct spec){ need, n, tallies->n };
	vec_push(tallies, next);
}

static int by_number(const void *a, const void *b)
{
	const struct spec *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return x->first < y->first ? -1 : 1;
}

static void tally_pods(struct specs *tallies, const struct pod_workload *pods)
{
	for (uint64_t i = 0; i < pods->rows; i++)
		tally(tallies,
		      (struct need){ .gpu_milli = pods->row[i].gpu_milli,
				     .cpu_milli = pods->row[i].cpu_milli,
				     .memory_bytes = pods->row[i].memory_bytes,
				     .types = pods->row[i].types },
		      1);
	if (!pods->rows && pods->rate > 0)
		tally(tallies,
		      (struct need){ .gpu_milli = need_gpu_milli(pods->gpus),
				     .cpu_milli = (uint32_t)pods->cpu_milli,
				     .memory_bytes = (uint64_t)pods->memory_bytes,
				     .types = pods->types },
		      1);
}

static void tally_services(struct specs *tallies, const struct setup *setup)
{
	const struct service_config *service = setup->services.at;

	for (uint32_t i = 0; i < setup->services.n; i++) {
		struct need need = { .gpu_milli = service_gpu_milli(&service[i]),
				     .cpu_milli = (uint32_t)service[i].cpu_milli,
				     .memory_bytes = (uint64_t)service[i].memory_bytes };
		struct err unknown;

		if (cluster_types_named(&setup->cluster, service[i].gpu, &need.types, &unknown))
			tally(tallies, need, 1);
	}
}

void lists_typical(struct setup *setup)
{
	bool requests = (setup->trace.file && *setup->trace.file) || setup->workload.n;
	struct specs tallies = { 0 };
	struct typical *typical = ARENA_ARRAY(&setup->arena, struct typical, TYPICALS_MAX);
	uint64_t n = 0;

	tally_pods(&tallies, &setup->pods);
	if (requests)
		tally_services(&tallies, setup);
	if (tallies.n)
		qsort(tallies.at, tallies.n, sizeof(*tallies.at), by_number);
	if (tallies.n > TYPICALS_MAX)
		tallies.n = TYPICALS_MAX;
	for (uint32_t i = 0; i < tallies.n; i++)
		n += tallies.at[i].n;
	for (uint32_t i = 0; i < tallies.n; i++)
		typical[i] =
			(struct typical){ tallies.at[i].need, (double)tallies.at[i].n / (double)n };
	setup->control.place.typical = typical;
	setup->control.place.typicals = tallies.n;
	vec_release(&tallies);
}
