/* One row a client; a scenario names a set and may override single figures. */
#include "models/control/clients.h"
#include <assert.h>
#include <string.h>

static const struct {
	const char *name;
	struct client_limit by_default;
} clients[CLIENTS] = {
	/* knative/serving cmd/autoscaler/main.go: 2 x 5 and 2 x 10 */
	[CLIENT_AUTOSCALER] = { "autoscaler", { 10, 20 } },
	/* kube-controller-manager defaults.go, a bucket for each controller's client */
	[CLIENT_DEPLOYMENT] = { "deployment", { 20, 30 } },
	[CLIENT_REPLICASET] = { "replicaset", { 20, 30 } },
	/* kube-scheduler defaults.go */
	[CLIENT_SCHEDULER] = { "scheduler", { 50, 100 } },
	/* kube-controller-manager, as above */
	[CLIENT_ENDPOINTS] = { "endpoints", { 20, 30 } },
};

/* kubernetes test/integration/scheduler_perf/util.go: 5000 and 5000; that raising the limits of
 * every client is what tuning means: PulseNet, arXiv 2505.24551, footnote 6. */
static const struct client_limit tuned = { 5000, 5000 };

static const struct opt limit_options[] = {
	{ "qps", OPT_REAL, UNIT_PER_S, offsetof(struct client_limit, qps), "0", 0, 1e9,
	  .help = "writes a second; 0 = as control_plane.limits says" },
	{ "burst", OPT_REAL, UNIT_NONE, offsetof(struct client_limit, burst), "0", 0, 1e9,
	  .help = "writes the bucket holds; 0 = as control_plane.limits says" },
	OPT_END
};

#define CLIENT(id) (sizeof(struct client_limit) * (id))

const struct opt client_options[] = {
	{ "autoscaler", OPT_TABLE, UNIT_NONE, CLIENT(CLIENT_AUTOSCALER), NULL, .sub = limit_options,
	  .help = "Knative's autoscaler" },
	{ "deployment", OPT_TABLE, UNIT_NONE, CLIENT(CLIENT_DEPLOYMENT), NULL, .sub = limit_options,
	  .help = "the Deployment controller" },
	{ "replicaset", OPT_TABLE, UNIT_NONE, CLIENT(CLIENT_REPLICASET), NULL, .sub = limit_options,
	  .help = "the ReplicaSet controller" },
	{ "scheduler", OPT_TABLE, UNIT_NONE, CLIENT(CLIENT_SCHEDULER), NULL, .sub = limit_options,
	  .help = "schedulers, all instances together" },
	{ "endpoints", OPT_TABLE, UNIT_NONE, CLIENT(CLIENT_ENDPOINTS), NULL, .sub = limit_options,
	  .help = "the EndpointSlice controller" },
	OPT_END
};

const char *client_name(enum client client)
{
	assert(client < CLIENTS);
	return clients[client].name;
}

void client_limits(enum limits limits, const struct client_limit over[CLIENTS],
		   struct client_limit out[CLIENTS])
{
	for (int i = 0; i < CLIENTS; i++) {
		if (limits == LIMITS_DEFAULT)
			out[i] = clients[i].by_default;
		else if (limits == LIMITS_TUNED)
			out[i] = tuned;
		else
			out[i] = (struct client_limit){ 0, 0 };
		if (over[i].qps > 0)
			out[i].qps = over[i].qps;
		if (over[i].burst > 0)
			out[i].burst = over[i].burst;
	}
}
