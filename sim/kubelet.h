/* kubelet.h - what the nodes do with the pods they are given: phase after phase, and its time.
 *
 *   MSG_POD_START -> SANDBOX -> IMAGE -> START -> WEIGHTS -> INIT -> probe -> status write, seen
 *                 -> MSG_POD_READY
 * MSG_POD_PHASE is delivered at the end of each phase from SANDBOX to INIT (a plain pod, without a
 * service, ends with START). The times are cold_start.h's; weights and images come through
 * storage.h, status writes go through api.h by the node's token bucket, or by message. Also here:
 * nodes that the cluster autoscaler asks for. It decides nothing, and nothing fails by itself:
 * faults come from the scenario, through kubelet_node_down. */
#ifndef SIM_KUBELET_H
#define SIM_KUBELET_H
#include "models/service.h"
#include "sim/api.h"
#include "sim/cold_start.h"
#include "sim/storage.h"

struct kubelet_totals { uint64_t started, ready, gone, pulls; };

struct kubelet;

/* The kubelets of up to nodes_max nodes, of which the first nodes_up are there at the start. Models
 * with weights are put on nodes as storage's warm shares say. Config (resolved), services, storage
 * and api must outlive it; seed names its random streams. */
struct kubelet *kubelet_new(struct sim *sim, const struct cold_start_config *config,
			    struct storage *storage, struct api *api,
			    const struct service_config *services, uint32_t n_services,
			    uint32_t nodes_up, uint32_t nodes_max, uint64_t seed,
			    world_deliver *deliver, void *ctx);
/* From now on the status goes by a message that takes so long, not through the API server. */
void kubelet_by_message(struct kubelet *kubelet, const struct dist *message);
/* Frees it. */
void kubelet_free(struct kubelet *kubelet);
/* MSG_POD_START. With pod.phase = PHASES it runs already: no phase, no message, but its image and
 * its weights lie on the node. Told twice, the second is ignored. */
void kubelet_start(struct kubelet *kubelet, const struct msg *msg);
/* Ends a pod that is drained, or not ready yet: after its time to stop, and a delete that is seen,
 * MSG_POD_GONE. A pod that kubelet_start was not told of is ended on this node all the same. Told
 * twice, or for another generation, it is ignored. */
void kubelet_stop(struct kubelet *kubelet, uint32_t pod, uint32_t gen, uint32_t node);
/* A pod that ended by itself (its process died) is forgotten at once, without a message; another
 * generation's, or one that is gone already, is left alone. */
void kubelet_lost(struct kubelet *kubelet, uint32_t pod, uint32_t gen);
/* MSG_NODE_WANT: each node comes, with the next id, as MSG_NODE_UP; none beyond nodes_max. */
void kubelet_provision(struct kubelet *kubelet, const struct msg *msg);
/* A node died, and its pods were lost one by one (kubelet_lost). Its images and its NVMe stay,
 * unless it is wiped. */
void kubelet_node_down(struct kubelet *kubelet, uint32_t node, bool wiped);
/* What was done so far. */
struct kubelet_totals kubelet_totals(const struct kubelet *kubelet);
#endif
