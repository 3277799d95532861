/* The steps stand once, with the client of each; the file of the catalogue groups them by client,
 * so that it cannot say otherwise. */
#include "models/control/visits.h"
#include <assert.h>

enum {
	STEP_AUTOSCALE,
	STEP_DEPLOYMENT,
	STEP_CREATE,
	STEP_REPLICASET,
	STEP_REMOVE,
	STEP_BIND,
	STEP_UNSCHEDULABLE,
	STEP_ENDPOINTS
};

static const struct {
	const char *name;
	enum client client;
} steps[VISITS] = {
	[STEP_AUTOSCALE] = { "autoscale", CLIENT_AUTOSCALER },
	[STEP_DEPLOYMENT] = { "deployment", CLIENT_DEPLOYMENT },
	[STEP_CREATE] = { "create", CLIENT_REPLICASET },
	[STEP_REPLICASET] = { "replicaset", CLIENT_REPLICASET },
	[STEP_REMOVE] = { "remove", CLIENT_REPLICASET },
	[STEP_BIND] = { "bind", CLIENT_SCHEDULER },
	[STEP_UNSCHEDULABLE] = { "unschedulable", CLIENT_SCHEDULER },
	[STEP_ENDPOINTS] = { "endpoints", CLIENT_ENDPOINTS },
};

_Static_assert(sizeof(struct visit_config) == VISITS * sizeof(int64_t), "a count a step");

static const char from[] = "models/catalog/control/knative.yaml";

#define ROW(FIELD, DEFAULT, HELP) \
	{ \
		.name = #FIELD, .type = OPT_INT, .offset = offsetof(struct visit_config, FIELD), \
		.value = DEFAULT, .min = 0, .max = 1000, .help = HELP, .source = from \
	}

const struct opt visit_options[] = {
	ROW(autoscale, "3",
	    "by the autoscaler for a change of scale: the scale, its own and the SKS's status"),
	ROW(deployment, "3", "by the Deployment controller for a change of scale"),
	ROW(create, "1", "by the ReplicaSet controller for a new pod"),
	ROW(replicaset, "2", "by the ReplicaSet controller after a sync: status"),
	ROW(remove, "1", "by the ReplicaSet controller for a pod less"),
	ROW(bind, "1", "by a scheduler for a pod that found a node"),
	ROW(unschedulable, "1", "by a scheduler for a pod that found none: its status"),
	ROW(endpoints, "3", "by the endpoints controller for a change of a service's endpoints"),
	OPT_END
};

/* ---- a file of the catalogue ---- */

static const struct opt count_options[] = {
	{ "writes", OPT_INT, UNIT_NONE, offsetof(struct visit_count, writes), "0", 0, 1000,
	  .help = "API writes" },
	{ "source", OPT_TEXT, UNIT_NONE, offsetof(struct visit_count, source), "",
	  .help = "where the count comes from" },
	OPT_END
};

#define COUNT(STEP, NAME) \
	{ \
		.name = NAME, .type = OPT_TABLE, \
		.offset = offsetof(struct visit_catalog, count) + \
			  sizeof(struct visit_count) * (STEP), \
		.sub = count_options, .help = "one step" \
	}
#define CLIENT(NAME, SUB) \
	{ \
		.name = NAME, .type = OPT_TABLE, .sub = SUB, .help = "one client" \
	}

static const struct opt autoscaler[] = { COUNT(STEP_AUTOSCALE, "autoscale"), OPT_END };
static const struct opt deployment[] = { COUNT(STEP_DEPLOYMENT, "deployment"), OPT_END };
static const struct opt replicaset[] = { COUNT(STEP_CREATE, "create"),
					 COUNT(STEP_REPLICASET, "replicaset"),
					 COUNT(STEP_REMOVE, "remove"), OPT_END };
static const struct opt scheduler[] = { COUNT(STEP_BIND, "bind"),
					COUNT(STEP_UNSCHEDULABLE, "unschedulable"), OPT_END };
static const struct opt endpoints[] = { COUNT(STEP_ENDPOINTS, "endpoints"), OPT_END };

const struct opt visit_catalog_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, offsetof(struct visit_catalog, name), "",
	  .help = "as control_plane.visits_from names it" },
	{ "source", OPT_TEXT, UNIT_NONE, offsetof(struct visit_catalog, source), "",
	  .help = "where the counts come from" },
	CLIENT("autoscaler", autoscaler),
	CLIENT("deployment", deployment),
	CLIENT("replicaset", replicaset),
	CLIENT("scheduler", scheduler),
	CLIENT("endpoints", endpoints),
	OPT_END
};

const char *visit_name(uint32_t step)
{
	assert(step < VISITS);
	return steps[step].name;
}

enum client visit_client(uint32_t step)
{
	assert(step < VISITS);
	return steps[step].client;
}

void visits_resolve(struct visit_config *config, const struct visit_catalog *catalog,
		    bool (*sets)(void *ctx, const char *step, const struct visit_count *count),
		    void *ctx)
{
	for (uint32_t i = 0; i < VISITS; i++) {
		const struct opt *opt = opt_find(visit_options, steps[i].name);

		if (sets(ctx, steps[i].name, &catalog->count[i]))
			*(int64_t *)(void *)((char *)config + opt->offset) =
				catalog->count[i].writes;
	}
}
