/* clients.h - the clients of the API server as data: who writes, through which token bucket.
 *
 * The first limits that a burst of pods meets are these buckets, not the API server: a baseline
 * with `default` limits saturates at 2 to 4 cold starts a second, a tuned one at 50 (PulseNet,
 * arXiv 2505.24551).  The world owns the buckets and prices every write (bucket -> API server ->
 * etcd -> watch); the control plane only says which client writes what, and how often.
 * All control functions of one kind share their client's bucket: a functional control plane gets
 * no larger budget than the central one. */
#ifndef MODELS_CONTROL_CLIENTS_H
#define MODELS_CONTROL_CLIENTS_H
#include "base/opt.h"

enum client {
	CLIENT_AUTOSCALER,      /* Knative's autoscaler: patches the Deployment's scale */
	CLIENT_DEPLOYMENT,      /* the Deployment controller: writes ReplicaSets */
	CLIENT_REPLICASET,      /* the ReplicaSet controller: creates and deletes pods */
	CLIENT_SCHEDULER,       /* binds pods, says why they are not */
	CLIENT_ENDPOINTS,       /* the EndpointSlice controller */
	CLIENTS
};

enum limits { LIMITS_DEFAULT, LIMITS_TUNED, LIMITS_UNLIMITED };

struct client_limit {
	double qps;             /* tokens a second; configured 0 = as `limits` says, resolved 0 = no
	                         * limit */
	double burst;           /* tokens the bucket holds */
};

/* control_plane.clients: one table a client. */
extern const struct opt client_options[];

/* The name of a client ("autoscaler", ...). */
const char *client_name(enum client client);
/* The buckets of a set of limits, single values overridden by those of `over` that are not 0. */
void client_limits(enum limits limits, const struct client_limit over[CLIENTS],
		   struct client_limit out[CLIENTS]);
#endif
