/* Making a control plane, and finding out whether one can be made. */
#include "base/vec.h"
#include "models/control/sampling.h"
#include <assert.h>
#include <string.h>

static void make_sets(struct control *c, const struct service_config *services, uint32_t n)
{
	c->sets = n;
	c->set = ARENA_ARRAY(&c->arena, struct set, n);
	for (uint32_t i = 0; i < n; i++) {
		struct set *s = &c->set[i];

		s->service = &services[i];
		s->need = (struct need){ .gpu_milli = service_gpu_milli(&services[i]),
					 .cpu_milli = (uint32_t)services[i].cpu_milli,
					 .memory_bytes = (uint64_t)services[i].memory_bytes };
		s->desired = s->spec = s->replicas = (int32_t)services[i].replicas;
		s->rise[s->rises++].level = s->desired;
		s->oldest = s->youngest = s->changed = s->publishes = NONE;
	}
}

static void make_functions(struct control *c)
{
	struct functional_config *f = &c->config.functional;
	uint32_t up = 1;

	c->functions = 1;
	if (c->plane == &plane_shared)
		c->functions = up = (uint32_t)c->config.shared.schedulers;
	c->binder = NONE;
	if (c->plane == &plane_godel) {
		c->binder = (uint32_t)c->config.godel.schedulers;
		c->functions = up = c->binder + 1;
	}
	if (c->plane == &plane_two_level)
		c->functions = up = (uint32_t)c->config.two_level.frameworks;
	if (c->plane == &plane_sampling) {
		c->functions = up = (uint32_t)c->config.sampling.schedulers;
		c->sampling = sampling_new();
	}
	if (c->plane == &plane_functional) {
		f->min = f->min ? f->min : f->functions;
		f->max = f->max ? f->max : f->functions;
		up = (uint32_t)f->functions;
		c->functions = (uint32_t)f->max;
		probe_cache_init(&c->cache, c->functions, f->cache_age_ns);
	}
	c->function = ARENA_ARRAY(&c->arena, struct function, c->functions);
	c->live = ARENA_ARRAY(&c->arena, uint32_t, c->functions);
	c->queued = ARENA_ARRAY(&c->arena, uint32_t, c->functions);
	vec_reserve(&c->scratch, c->functions);
	for (uint32_t i = 0; i < c->functions; i++) {
		c->function[i].release_to = c->function[i].hold = NONE;
		c->queued[i] = NONE;
		if (i >= up)
			continue;
		c->function[i].state = FUNCTION_UP;
		c->function[i].live_at = c->lives;
		c->queued[i] = 0;
		c->live[c->lives++] = i;
	}
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
	c->free_hold = NONE;
	arena_init(&c->arena);
	make_sets(c, services, n);
	make_functions(c);
	c->cluster =
		cluster_new(cluster, &config->place, c->functions + (c->plane == &plane_two_level));
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

bool control_check(const struct control_config *config, const struct cluster_config *cluster,
		   const struct service_config *services, uint32_t n, struct err *err)
{
	const struct functional_config *f = &config->functional;
	struct control *c;

	if (config->plane == PLANE_FUNCTIONAL) {
		if (f->min > f->functions)
			return err_set(err,
				       "control_plane.functional.min is %lld, more than the %lld "
				       "functions of the start",
				       (long long)f->min, (long long)f->functions);
		if (f->max && f->max < f->functions)
			return err_set(err,
				       "control_plane.functional.max is %lld, less than the %lld "
				       "functions of the start",
				       (long long)f->max, (long long)f->functions);
		if (f->functions > cluster->nodes)
			return err_set(
				err,
				"control_plane.functional.functions is %lld, but the cluster "
				"has %lld nodes: a function needs one of its own",
				(long long)f->functions, (long long)cluster->nodes);
	}
	if (cluster->provision.max_nodes && cluster->provision.max_nodes < cluster->nodes)
		return err_set(err,
			       "cluster.provision.max_nodes is %lld, less than cluster.nodes, "
			       "which is %lld",
			       (long long)cluster->provision.max_nodes, (long long)cluster->nodes);
	c = make(config, cluster, services, n, 1, err);
	control_free(c);
	return c != NULL;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->functions; i++)
		free(c->function[i].inbox.at);
	for (uint32_t i = 0; c->view && i < c->functions; i++)
		view_release(&c->view[i]);
	cluster_free(c->cluster);
	sampling_free(c->sampling);
	probe_cache_release(&c->cache);
	timer_release(&c->timers);
	vec_release(&c->pods);
	vec_release(&c->holds);
	vec_release(&c->scratch);
	free(c->targets);
	arena_release(&c->arena);
	free(c);
}
