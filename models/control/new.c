/* Making a control plane, and finding out whether one can be made. */
#include "base/vec.h"
#include "models/control/preempt.h"
#include "models/control/sampling.h"
#include "models/control/state.h"
#include <assert.h>
#include <string.h>

/* Services of one model load the same weights; returns how many models there are. */
static uint32_t number_models(struct control *c)
{
	uint32_t models = 0;

	for (uint32_t i = 0; i < c->sets; i++) {
		for (uint32_t j = 0; j < i && !c->set[i].need.model; j++)
			if (!strcmp(c->set[i].service->model, c->set[j].service->model))
				c->set[i].need.model = c->set[j].need.model;
		if (!c->set[i].need.model)
			c->set[i].need.model = ++models;
	}
	return models;
}

static void make_sets(struct control *c, const struct cluster_config *cluster,
		      const struct service_config *services, uint32_t n)
{
	struct err unknown;

	c->sets = n;
	c->set = ARENA_ARRAY(&c->arena, struct set, n);
	for (uint32_t i = 0; i < n; i++) {
		struct set *s = &c->set[i];

		s->service = &services[i];
		s->need = (struct need){ .gpu_milli = service_gpu_milli(&services[i]),
					 .cpu_milli = (uint32_t)services[i].cpu_milli,
					 .memory_bytes = (uint64_t)services[i].memory_bytes };
		if (!cluster_types_named(cluster, services[i].gpu, &s->need.types, &unknown))
			s->need.types = NO_TYPE;
		s->desired = s->spec = s->replicas = (int32_t)services[i].replicas;
		s->rise[s->rises++].level = s->desired;
		s->oldest = s->youngest = s->changed = s->publishes = NONE;
	}
}

/* The functions of a kind, `up` of them at the start; their slots follow those before. */
static void make_crew(struct control *c, enum function_kind kind, uint32_t up, uint32_t slots)
{
	struct crew *crew = &c->crew[kind];

	crew->first = c->slots;
	crew->slots = slots;
	crew->live = ARENA_ARRAY(&c->arena, uint32_t, slots);
	for (uint32_t i = 0; i < slots; i++) {
		struct function *f = &c->function[c->slots++];

		f->kind = (uint8_t)kind;
		f->release_to = f->hold = NONE;
		if (i >= up)
			continue;
		f->state = FUNCTION_UP;
		f->live_at = crew->lives;
		crew->live[crew->lives++] = crew->first + i;
	}
}

static void make_crews(struct control *c)
{
	struct crew_config *crew = c->config.functional.crew;
	uint32_t slots = 0;

	for (int k = 0; k < FUNCTION_KINDS; k++) {
		crew[k].min = crew[k].min ? crew[k].min : crew[k].functions;
		crew[k].max = crew[k].max ? crew[k].max : crew[k].functions;
		c->crew[k].min = (uint32_t)crew[k].min;
		c->crew[k].max = (uint32_t)crew[k].max;
		slots += c->crew[k].max;
	}
	c->crews = true;
	c->functions = c->crew->max;
	c->function = ARENA_ARRAY(&c->arena, struct function, slots);
	for (int k = 0; k < FUNCTION_KINDS; k++)
		make_crew(c, (enum function_kind)k, (uint32_t)crew[k].functions, c->crew[k].max);
	probe_cache_init(&c->cache, c->functions, c->config.functional.cache_age_ns);
}

static void make_functions(struct control *c)
{
	c->functions = 1;
	c->binder = NONE;
	if (c->plane == &plane_shared)
		c->functions = (uint32_t)c->config.shared.schedulers;
	if (c->plane == &plane_godel) {
		c->binder = (uint32_t)c->config.godel.schedulers;
		c->functions = c->binder + 1;
	}
	if (c->plane == &plane_two_level)
		c->functions = (uint32_t)c->config.two_level.frameworks;
	if (c->plane == &plane_sampling) {
		c->functions = (uint32_t)c->config.sampling.schedulers;
		c->sampling = sampling_new();
	}
	if (c->plane == &plane_functional) {
		make_crews(c);
	} else {
		c->function = ARENA_ARRAY(&c->arena, struct function, c->functions);
		make_crew(c, FUNCTION_SCHEDULE, c->functions, c->functions);
	}
	c->queued = ARENA_ARRAY(&c->arena, uint32_t, c->functions);
	vec_reserve(&c->scratch, c->functions);
	for (uint32_t i = 0; i < c->functions; i++)
		c->queued[i] = c->function[i].state == FUNCTION_UP ? 0 : NONE;
}

static const struct plane *const planes[] = {
	[PLANE_CENTRAL] = &plane_central,   [PLANE_FUNCTIONAL] = &plane_functional,
	[PLANE_SHARED] = &plane_shared,	    [PLANE_DIRECT] = &plane_direct,
	[PLANE_GODEL] = &plane_godel,	    [PLANE_TWO_LEVEL] = &plane_two_level,
	[PLANE_SAMPLING] = &plane_sampling,
};

bool control_is_direct(const struct control_config *config)
{
	return config->path == PATH_DIRECT ||
	       (config->path == PATH_OWN &&
		(config->plane == PLANE_DIRECT || config->plane == PLANE_SAMPLING));
}

static void make_views(struct control *c)
{
	c->view = ARENA_ARRAY(&c->arena, struct view, c->functions);
	cluster_log(c->cluster);
	for (uint32_t i = 0; i < c->functions; i++)
		view_init(&c->view[i], c->cluster, c->plane == &plane_godel ? i : NO_POOL);
}

/* NULL with a message if the pods of the start do not fit. */
static struct control *make(const struct control_config *config,
			    const struct cluster_config *cluster,
			    const struct service_config *services, uint32_t n, uint64_t seed,
			    struct err *err)
{
	struct control *c = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*c));

	memset(c, 0, sizeof(*c));
	c->config = *config;
	c->plane = planes[config->plane];
	c->direct = control_is_direct(config);
	c->ties = rng_stream(seed, "control/ties", 0);
	c->choices = rng_stream(seed, "control/choices", 0);
	c->free_hold = c->gang = c->free_gang = NONE;
	arena_init(&c->arena);
	make_sets(c, cluster, services, n);
	preempt_init(c);
	make_functions(c);
	c->cluster =
		cluster_new(cluster, &config->place, c->functions + (c->plane == &plane_two_level));
	if (config->place.locality)
		cluster_models(c->cluster, number_models(c));
	for (uint32_t i = 0; i < c->cluster->n; i++)
		cluster_own(c->cluster, i, 0);
	if (c->plane == &plane_shared || c->plane == &plane_godel)
		make_views(c);
	if (initial_place(c, err))
		return c;
	control_free(c);
	return NULL;
}

struct control *control_new(const struct control_config *config,
			    const struct cluster_config *cluster,
			    const struct service_config *services, uint32_t n, uint64_t seed)
{
	struct err err;
	struct control *c = make(config, cluster, services, n, seed, &err);

	assert(c);
	return c;
}

static bool check_crews(const struct functional_config *f, int64_t nodes, struct err *err)
{
	for (int k = 0; k < FUNCTION_KINDS; k++) {
		const struct crew_config *crew = &f->crew[k];
		const char *of = k ? function_kind_name((enum function_kind)k) : "";
		const char *dot = k ? "." : "";

		if (crew->min > crew->functions)
			return err_set(err,
				       "control_plane.functional.%s%smin is %lld, more than the "
				       "%lld functions of the start",
				       of, dot, (long long)crew->min, (long long)crew->functions);
		if (crew->max && crew->max < crew->functions)
			return err_set(err,
				       "control_plane.functional.%s%smax is %lld, less than the "
				       "%lld functions of the start",
				       of, dot, (long long)crew->max, (long long)crew->functions);
	}
	if (f->gossip_ns && f->gossip_ns < 1000000)
		return err_set(err, "control_plane.functional.gossip is less than 1ms: 0 = never");
	if (f->crew->functions > nodes)
		return err_set(err,
			       "control_plane.functional.functions is %lld, but the cluster has "
			       "%lld nodes: a function needs one of its own",
			       (long long)f->crew->functions, (long long)nodes);
	return true;
}

bool control_check(const struct control_config *config, const struct cluster_config *cluster,
		   const struct service_config *services, uint32_t n, struct err *err)
{
	int64_t nodes = cluster_nodes(cluster);
	struct control *c;

	if (config->plane == PLANE_FUNCTIONAL && !check_crews(&config->functional, nodes, err))
		return false;
	if (config->jobs != JOBS_PODS && config->plane != PLANE_CENTRAL &&
	    config->plane != PLANE_SHARED)
		return err_set(err, "control_plane.jobs: only the kinds central and shared decide "
				    "about the pods of a job together; elsewhere it is pods");
	if (cluster->provision.max_nodes && cluster->provision.max_nodes < nodes)
		return err_set(err,
			       "cluster.provision.max_nodes is %lld, less than cluster.nodes, "
			       "which is %lld",
			       (long long)cluster->provision.max_nodes, (long long)nodes);
	c = make(config, cluster, services, n, 1, err);
	control_free(c);
	return c != NULL;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->slots; i++) {
		free(c->function[i].inbox.at);
		free(c->function[i].notes.at);
	}
	for (uint32_t i = 0; c->view && i < c->functions; i++)
		view_release(&c->view[i]);
	cluster_free(c->cluster);
	sampling_free(c->sampling);
	probe_cache_release(&c->cache);
	timer_release(&c->timers);
	vec_release(&c->pods);
	vec_release(&c->holds);
	vec_release(&c->scratch);
	vec_release(&c->on_node);
	vec_release(&c->gangs);
	vec_release(&c->victims);
	free(c->targets);
	arena_release(&c->arena);
	free(c);
}
