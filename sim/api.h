/* api.h - what a write to the API server costs in time: stations with queues, nothing more.
 *
 *   client's token bucket -> hop -> API server (c servers, one FIFO queue) -> etcd (group commit)
 *     -> hop -> MSG_WRITTEN, and from the commit on the watch -> MSG_SEEN
 *
 * A message of n writes takes n tokens in a row and makes n passes, one after the other's reply:
 *   on an idle system it takes n * (2 hops + service + commit);
 *   n messages of w writes at once leave their bucket by max(0, (n w - burst) / qps);
 *   what is sustained is the least of rate / visits over the stations.
 * etcd commits whatever waits when a commit starts, as one group. A watch delivers events of one
 * verb in the order of their commits. It keeps no objects and checks no conflicts: control does. */
#ifndef SIM_API_H
#define SIM_API_H
#include "base/opt.h"
#include "sim/physics.h"

struct api_config {
	int64_t servers;                     /* writes that the API server works on at once */
	struct dist service;                 /* its work per write */
	struct dist commit;                  /* of etcd: proposal, WAL fsync, apply */
	int64_t hop_ns;                      /* client to server, one way */
	struct dist watch;                   /* from the commit to the watcher */
	double kubelet_qps, kubelet_burst;   /* the bucket of each node */
	int64_t retry_ns, retry_max_ns;      /* of what met no API server */
};
extern const struct opt api_options[];

/* A client with a bucket of its own; MSG_WRITE's `client` is its index. qps <= 0 = no limit. */
struct api_client { const char *name; double qps, burst; };

struct api_totals {
	uint64_t messages, answered;         /* taken; done, with all that they wanted sent */
	uint64_t writes, commits;
	uint64_t refused;                    /* arrivals while it was down */
	int64_t bucket_wait_ns, server_wait_ns, commit_wait_ns; /* summed over writes */
	int64_t server_busy_ns;
	uint32_t queue_max;                  /* writes waiting for a server */
};

struct api;

/* An idle API server for n clients and the kubelets of up to `nodes` nodes. What is asked for by
 * api_write is answered through deliver(ctx, ...). The config must outlive it. */
struct api *api_new(struct sim *sim, const struct api_config *config,
		    const struct api_client *clients, uint32_t n, uint32_t nodes, uint64_t seed,
		    world_deliver *deliver, void *ctx);
/* Frees it; what is under way is never answered. */
void api_free(struct api *api);
/* Takes a MSG_WRITE; MSG_WRITTEN and MSG_SEEN, where wanted, carry the same fields. 0 writes are
 * answered at once. */
void api_write(struct api *api, const struct msg *msg);
/* Writes by a node's kubelet; `seen` (or NULL) is fired when the watch delivers the last one.
 * Returns an id for api_forget, valid until then. */
uint32_t api_node_write(struct api *api, uint32_t node, uint16_t writes, struct sim_event *seen);
/* The writes go on, but `seen` will not be fired. */
void api_forget(struct api *api, uint32_t id);
/* An outage: what arrives is refused, and comes again after retry * 2^(n-1), at most retry_max,
 * with another token of its client; what the server works on goes on, but nobody hears of it before
 * the API server is up again. */
void api_set_up(struct api *api, bool up);
/* What was done so far. */
struct api_totals api_totals(const struct api *api);
#endif
