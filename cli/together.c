/* What must hold between the options of a scenario, beyond the range of each: found here, before a
 * world is made, so that no world has to doubt its configuration. */
#include "base/vec.h"
#include "cli/lists.h"
#include "cli/setup.h"
#include "traces/row.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As many as `cluster.nodes` may be: an oracle's are as many as its queues or slots. */
static const int64_t nodes_max = 1000000;
/* Shorter intervals would make more rows than requests; source: assumption. */
static const int64_t sample_min_ns = 1000000;

static int by_name(const void *a, const void *b)
{
	const struct setup_name *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->service > y->service) - (x->service < y->service);
}

bool setup_index(struct setup *setup, struct err *err)
{
	uint32_t n = setup->services.n;

	setup->by_name = ARENA_ARRAY(&setup->arena, struct setup_name, n);
	for (uint32_t i = 0; i < n; i++)
		setup->by_name[i] = (struct setup_name){ setup->service_names[i], i };
	qsort(setup->by_name, n, sizeof(*setup->by_name), by_name);
	for (uint32_t i = 1; i < n; i++)
		if (!strcmp(setup->by_name[i - 1].name, setup->by_name[i].name))
			return err_set(err, "two services are called '%s'", setup->by_name[i].name);
	return true;
}

static int key_to_name(const void *key, const void *at)
{
	return strcmp(key, ((const struct setup_name *)at)->name);
}

uint32_t setup_service(const struct setup *setup, const char *name, struct err *err)
{
	const struct setup_name *found = bsearch(name, setup->by_name, setup->services.n,
						 sizeof(*setup->by_name), key_to_name);
	const char *near = found ? NULL : err_nearest(name, setup->service_names);

	if (found)
		return found->service;
	err_set(err, "no service is called '%s'%s%s%s", name, near ? "; did you mean '" : "",
		near ? near : "", near ? "'?" : "");
	return NONE;
}

/* A pod that no empty node has room for waits for ever. */
static bool fits_a_node(const struct cluster_config *cluster, const char *whose,
			const struct need *need, const char *types, struct err *err)
{
	const struct group_config *node = &cluster->group;
	double gpus = need->gpu_milli / (double)GPU_MILLI,
	       gib = (double)need->memory_bytes / 0x1p30;

	if (cluster_has_room(cluster, need))
		return true;
	if (cluster->groups.n)
		return err_set(
			err,
			"%s: no group of cluster.groups has nodes with room for %g GPUs%s%s, "
			"%u milli-CPUs and %.1f GiB of memory",
			whose, gpus, need->types ? " of type " : "", need->types ? types : "",
			need->cpu_milli, gib);
	if (need->gpu_milli > node->gpus * GPU_MILLI)
		return err_set(err, "%s: a pod takes %g GPUs, but a node has %lld (cluster.gpus)",
			       whose, gpus, (long long)node->gpus);
	if (need->cpu_milli > node->cpu_milli)
		return err_set(err,
			       "%s: a pod takes %u milli-CPUs, but a node has %lld (cluster.cpu)",
			       whose, need->cpu_milli, (long long)node->cpu_milli);
	return err_set(err,
		       "%s: a pod takes %.1f GiB of memory, but a node has %.1f GiB "
		       "(cluster.memory)",
		       whose, gib, (double)node->memory_bytes / 0x1p30);
}

/* Which types a pod names, and whether it fits. */
static bool check_need(const struct cluster_config *cluster, const char *whose, struct need *need,
		       const char *types, struct err *err)
{
	struct err unknown;

	if (!cluster_types_named(cluster, types, &need->types, &unknown))
		return err_set(err, "%s: %s", whose, unknown.text);
	return fits_a_node(cluster, whose, need, types, err);
}

static bool check_pods(struct setup *setup, struct err *err)
{
	struct pod_workload *pods = &setup->pods;
	struct need need = { .gpu_milli = need_gpu_milli(pods->gpus),
			     .cpu_milli = (uint32_t)pods->cpu_milli,
			     .memory_bytes = (uint64_t)pods->memory_bytes };

	if (!need_gpus_valid(pods->gpus))
		return err_set(err,
			       "pods.gpus is %g: expected a share of one GPU (0.001 to 1) or a "
			       "whole number of them",
			       pods->gpus);
	if (pods->rate <= 0 || pods->rows)
		return true;
	if (pods->gpu && *pods->gpu && !cluster_types(&setup->cluster))
		return err_set(err,
			       "pods.gpu is '%s', but the cluster names no types of GPUs: expected "
			       "cluster.gpu, or cluster.groups with them",
			       pods->gpu);
	if (!check_need(&setup->cluster, "pods", &need, pods->gpu, err))
		return false;
	pods->types = need.types;
	return true;
}

static bool check_split(const struct setup *setup, const struct service_config *service,
			struct err *err)
{
	const struct split_config *split = service->split.at;
	double sum = 0;

	for (uint32_t i = 0; i < service->split.n; i++) {
		struct err unknown;

		if (!split[i].service || setup_service(setup, split[i].service, &unknown) == NONE)
			return err_set(err, "service '%s': split.%u.service: %s", service->name, i,
				       split[i].service ? unknown.text : "expected a service");
		if (!strcmp(split[i].service, service->name))
			return err_set(err,
				       "service '%s': split.%u.service is the service itself: it "
				       "keeps what the others do not take",
				       service->name, i);
		sum += split[i].share;
	}
	return sum <= 1 + 1e-9 ||
	       err_set(err,
		       "service '%s': split: the shares add up to %.4g %%: expected at most "
		       "100 %%",
		       service->name, sum * 100);
}

static bool check_service(const struct setup *setup, const struct service_config *service,
			  struct err *err)
{
	const struct kpa_config *scaler = &service->autoscaler;
	const struct cost_config *cost = &service->engine.cost;
	struct need need;
	char whose[96];

	if (!row_is_name(service->name))
		return err_set(err, "service '%s': expected %s", service->name, ROW_NAME_EXPECTED);
	snprintf(whose, sizeof(whose), "service '%s'", service->name);
	if (service->engine.kind == ENGINE_LLM && cost->model == COST_FITTED &&
	    cost->c0_ms + cost->c1_ms <= 0)
		return err_set(err,
			       "%s: engine.cost.model is fitted, but engine.cost.c0_ms and "
			       "c1_ms are 0",
			       whose);
	if (scaler->class == SCALE_NONE && !service->replicas)
		return err_set(err,
			       "%s has no pods and nothing that starts any: expected "
			       "`replicas` or `autoscaler.class: kpa`",
			       whose);
	if (scaler->class == SCALE_PER_REQUEST && !service->concurrency)
		return err_set(err,
			       "%s: autoscaler.class is per-request, and concurrency 0, which has "
			       "no limit: expected at least 1",
			       whose);
	if (service->router == ROUTE_NEWEST && scaler->class != SCALE_PER_REQUEST)
		return err_set(err,
			       "%s: router is newest-idle: expected autoscaler.class: per-request",
			       whose);
	if (scaler->class != SCALE_NONE && scaler->max_scale &&
	    scaler->max_scale < scaler->min_scale)
		return err_set(err,
			       "%s: autoscaler.max_scale is %lld, less than min_scale, which "
			       "is %lld",
			       whose, (long long)scaler->max_scale, (long long)scaler->min_scale);
	if (service->gpu_share < 1 && service->tensor_parallel > 1)
		return err_set(err,
			       "%s: gpu_share is %g with tensor_parallel %lld: expected 1, for a "
			       "pod of several GPUs has whole ones",
			       whose, service->gpu_share, (long long)service->tensor_parallel);
	need = (struct need){ .gpu_milli = service_gpu_milli(service),
			      .cpu_milli = (uint32_t)service->cpu_milli,
			      .memory_bytes = (uint64_t)service->memory_bytes };
	return check_need(&setup->cluster, whose, &need, service->gpu, err) &&
	       check_split(setup, service, err);
}

static bool check_times(const struct setup *setup, struct err *err)
{
	if (setup->sample_ns && setup->sample_ns < sample_min_ns)
		return err_set(err, "sample is %lld ns: expected at least 1ms, or 0 for no series",
			       (long long)setup->sample_ns);
	if (setup->duration_ns && setup->warmup_ns >= setup->duration_ns)
		return err_set(err,
			       "warmup (%.4g s) is not shorter than duration (%.4g s): nothing "
			       "would be measured",
			       (double)setup->warmup_ns / 1e9, (double)setup->duration_ns / 1e9);
	return true;
}

bool setup_check_oracle(const struct setup *setup, struct err *err)
{
	const char *given = setup->services.n			    ? "services"
			  : setup->trace.file && *setup->trace.file ? "trace"
			  : setup->traces.n			    ? "traces"
			  : setup->workload.n			    ? "workload"
			  : setup->pods.rate > 0 || (setup->pods.file && *setup->pods.file) ? "pods"
			  : setup->copies > 1 ? "copies"
					      : NULL;

	return !given || err_set(err,
				 "oracle makes its own requests and servers: expected it "
				 "without `%s`",
				 given);
}

/* Where the scenario gives an option of an event. */
static bool bad_event(const struct setup *setup, uint32_t i, const char *key, struct err *err)
{
	char path[64];
	const struct scenario_mark *mark;

	snprintf(path, sizeof(path), "events.%u.%s", i, key);
	mark = scenario_mark_find(&setup->loaded, path);
	if (mark && mark->line) {
		snprintf(err->file, sizeof(err->file), "%s", mark->file);
		err->line = mark->line;
	}
	return false;
}

static bool check_names(const struct setup *setup, uint32_t i, const char *at, struct err *err)
{
	while (*at) {
		size_t n = strcspn(at, ", ");
		char name[TRACE_NAME_MAX + 2];
		struct err unknown;

		snprintf(name, sizeof(name), "%.*s", (int)n, at);
		if (n && setup_service(setup, name, &unknown) == NONE) {
			err_set(err, "events.%u.services: %s", i, unknown.text);
			return bad_event(setup, i, "services", err);
		}
		at += n;
		at += strspn(at, ", ");
	}
	return true;
}

/* Whether what the event happens to is there. */
static bool check_event(const struct setup *setup, uint32_t i, struct err *err)
{
	static const char *const what[] = { "", "nodes", "racks", "zones", "", "" };
	const struct event_config *event = (const struct event_config *)setup->events.at + i;
	const struct cluster_config *cluster = &setup->cluster;
	enum fault_unit unit = event_unit((enum event_kind)event->kind);
	int64_t start = cluster_nodes(cluster), max = cluster->provision.max_nodes;
	int64_t nodes = max > start ? max : start,
		racks = (nodes + cluster->rack_nodes - 1) / cluster->rack_nodes,
		most = unit == UNIT_NODES ? nodes
		     : unit == UNIT_RACKS ? racks
		     : unit == UNIT_ZONES ? cluster->zones
					  : INT64_MAX;
	double every_ns = dist_mean(&event->every);

	if (event->first >= 0 && event->count > most - event->first) {
		err_set(err, "events.%u: %s %lld to %lld, but there are %lld", i, what[unit],
			(long long)event->first, (long long)(event->first + event->count - 1),
			(long long)most);
		return bad_event(setup, i, "first", err);
	}
	if (every_ns > 0 && every_ns < 1e6) {
		err_set(err, "events.%u.every is %.4g ns in the mean: expected at least 1ms, or 0s",
			i, every_ns);
		return bad_event(setup, i, "every", err);
	}
	return unit != UNIT_SERVICES || !event->services ||
	       check_names(setup, i, event->services, err);
}

bool setup_check(struct setup *setup, struct err *err)
{
	const struct service_config *service = setup->services.at;
	const struct pod_workload *pods = &setup->pods;
	bool requests = setup->n_reads || setup->workload.n;

	bool pods_come = pods->rate > 0 || (pods->file && *pods->file);

	if (!requests && !pods_come)
		return err_set(err, "there is nothing to run: expected `trace:`, `workload:` or "
				    "`pods:` (or --trace FILE)");
	if (pods_come && !(pods->file && *pods->file) && !pods->count && !setup->duration_ns)
		return err_set(err,
			       "pods: without `count` needs a `duration`, or the run has no end");
	if (!cluster_config_check(&setup->cluster, err))
		return false;
	setup->cluster.nodes = cluster_nodes(&setup->cluster);
	if (cluster_nodes(&setup->cluster) < 1 && !setup->cluster.provision.max_nodes)
		return err_set(err, "cluster.nodes is 0: expected at least one node, or "
				    "cluster.provision.max_nodes");
	if (cluster_nodes(&setup->cluster) > nodes_max)
		return err_set(err, "a cluster of %lld nodes: at most %lld can be simulated",
			       (long long)cluster_nodes(&setup->cluster), (long long)nodes_max);
	if (!check_times(setup, err))
		return false;
	for (uint32_t i = 0; requests && i < setup->services.n; i++)
		if (!check_service(setup, &service[i], err))
			return false;
	if (!lists_pods(setup, err) || !check_pods(setup, err))
		return false;
	for (uint32_t i = 0; i < setup->events.n; i++)
		if (!check_event(setup, i, err))
			return false;
	lists_typical(setup);
	return control_check(&setup->control, &setup->cluster, setup->services.at,
			     setup->services.n, err);
}
