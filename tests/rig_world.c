/* Tables are filled by their own defaults, as a scenario would be. */
#include "tests/rig_world.h"
#include <assert.h>
#include <string.h>

void rig_world_init(struct rig_world *rig)
{
	memset(rig, 0, sizeof(*rig));
	arena_init(&rig->arena);
	opt_defaults(control_options, &rig->control, &rig->arena);
	opt_defaults(cluster_options, &rig->cluster, &rig->arena);
	opt_defaults(api_options, &rig->api, &rig->arena);
	opt_defaults(cold_start_options, &rig->cold_start, &rig->arena);
	opt_defaults(storage_options, &rig->storage, &rig->arena);
	opt_defaults(net_options, &rig->net, &rig->arena);
	opt_defaults(detection_options, &rig->detection, &rig->arena);
	opt_defaults(user_options, &rig->users, &rig->arena);
	opt_defaults(decision_cost_options, &rig->config.decision, &rig->arena);
	opt_defaults(pod_workload_options, &rig->config.pods, &rig->arena);
	rig->cold_start.preset = PRESET_NONE;
	rig->events.at = rig->event;
	rig->config.services = rig->service;
	rig->config.costs = rig->cost;
	rig->config.control = &rig->control;
	rig->config.cluster = &rig->cluster;
	rig->config.api = &rig->api;
	rig->config.cold_start = &rig->cold_start;
	rig->config.storage = &rig->storage;
	rig->config.net = &rig->net;
	rig->config.events = &rig->events;
	rig->config.detection = &rig->detection;
	rig->config.users = &rig->users;
	rig->config.hop_ns = 250000;
	rig->config.seed = 1;
}

struct dist rig_world_times(struct rig_world *rig, const char *text)
{
	struct dist dist;
	struct err err;

	if (!dist_parse(&dist, text, UNIT_TIME, &rig->arena, &err))
		abort();
	return dist;
}

struct service_config *rig_world_service(struct rig_world *rig)
{
	uint32_t i = rig->config.n_services++;
	struct service_config *s = &rig->service[i];

	assert(i < RIG_SERVICES);
	opt_defaults(service_options, s, &rig->arena);
	s->name = arena_print(&rig->arena, "s%u", i);
	s->cpu_milli = s->memory_bytes = 0;
	s->weight_bytes = INT64_C(1000000000);
	s->engine.kind = ENGINE_REQUEST;
	s->engine.service_time = rig_world_times(rig, "exp(300ms)");
	s->engine.slots = 4;
	s->engine.kv_blocks = 500;
	s->engine.cost.model = COST_FITTED;
	s->engine.cost.c0_ms = 20;
	return s;
}

struct event_config *rig_world_event(struct rig_world *rig, enum event_kind kind, int64_t at_ns)
{
	struct event_config *event = &rig->event[rig->events.n++];

	assert(rig->events.n <= RIG_EVENTS);
	opt_defaults(event_options, event, &rig->arena);
	event->kind = (int)kind;
	event->at_ns = at_ns;
	return event;
}

static bool all(void *ctx, const char *path)
{
	(void)ctx, (void)path;
	return true;
}

bool rig_world_ready(struct rig_world *rig)
{
	static const struct gpu_model no_gpu;
	static const struct llm_model no_llm;
	struct err err;

	for (uint32_t i = 0; i < rig->config.n_services; i++)
		gpu_cost_init(&rig->cost[i], &rig->service[i], &no_gpu, &no_llm);
	cold_start_resolve(&rig->cold_start, all, NULL, &rig->arena);
	return control_check(&rig->control, &rig->cluster, rig->service, rig->config.n_services,
			     &err);
}

void rig_world_release(struct rig_world *rig)
{
	arena_release(&rig->arena);
}
