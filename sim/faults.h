/* faults.h - what goes wrong, and what is done to the system: the events of a scenario.
 *
 * Physics, not decisions: a node dies in an instant, and the control plane hears of it when
 * Kubernetes would (struct detection_config); an API server is not there; a link is slow; somebody
 * wants another revision of a service.  What becomes of it is the system's to decide.
 *
 *   node-down, rack-down, zone-down
 *          nodes lose power: pods on them are gone, DRAM is empty, images and NVMe stay (unless
 *          `wipe`); requests inside, or sent there, fail after detection.reset.  The control plane
 *          hears MSG_NODE_SILENT when the last renewal of the node's lease is `grace` old, at the
 *          next look (`monitor`), and MSG_NODE_DOWN `eviction` after its taint, which a zone's
 *          nodes get one after another (`eviction_rate`).  Power back, a node boots
 *          (cold_start.node); its pods do not: if they have not been given up yet, they are then.
 *   function-down
 *          a control function (of a plane without them: a scheduler) dies with what it had in hand:
 *          nobody answers until MSG_FUNCTION_LOST, after detection.function; its place is taken
 *          again at the earliest after `for`
 *   api-down      writes are refused and come again (api.retry); watches are silent
 *   link-slow, registry-slow, dfs-slow
 *          the nodes' NICs, or all of a store, have `factor` of their bandwidth, or none
 *   rolling-upgrade   MSG_UPGRADE for each service, `gap` after one another
 *
 * Simplifications: a rebooted node's pods are replaced, not restarted in place (a kubelet that
 * comes back before its device plugin refuses pods with GPUs); no gateway stops sending to a pod
 * that does not answer before its endpoint is withdrawn; the slower taints of a partly lost zone
 * are left out. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H
#include "base/opt.h"
#include "models/world.h"

enum event_kind {
	EVENT_NODE_DOWN, EVENT_NODE_UP, EVENT_RACK_DOWN, EVENT_RACK_UP, EVENT_ZONE_DOWN,
	EVENT_ZONE_UP, EVENT_FUNCTION_DOWN, EVENT_API_DOWN, EVENT_LINK_SLOW, EVENT_REGISTRY_SLOW,
	EVENT_DFS_SLOW, EVENT_ROLLING_UPGRADE, EVENT_KINDS
};

/* One event of the scenario, which may come again and again. */
struct event_config {
	int kind;                       /* enum event_kind */
	int64_t at_ns;
	struct dist length, every;      /* how long; gap to the next one, 0 = once */
	int64_t until_ns;               /* no more after; 0 = the end of the run */
	int64_t first, count;           /* nodes, racks, zones or functions; first -1 = drawn */
	bool wipe;
	int function;                   /* enum function_kind; FUNCTION_KINDS = of any kind */
	double factor;
	const char *services;           /* names with commas; "" = all */
	int64_t gap_ns;
};
extern const struct opt event_options[];

/* When whose loss is noticed. */
struct detection_config {
	int64_t lease_ns, grace_ns, monitor_ns, eviction_ns;
	double eviction_rate;           /* nodes of a zone per second; 0 = no limit */
	int64_t function_ns, reset_ns;
};
extern const struct opt detection_options[];

struct fault_totals {
	uint64_t events;                /* occurrences */
	uint64_t nodes_lost, pods_lost, requests_lost, functions_lost, upgrades;
};

/* Whether a list of names with commas has this one. */
bool event_names(const char *list, const char *name);
/* What an event touches: ids of nodes, racks, zones or functions, or 0 where there is but one. */
enum fault_unit { UNIT_ONE, UNIT_NODES, UNIT_RACKS, UNIT_ZONES, UNIT_FUNCTIONS, UNIT_SERVICES };
/* That of a kind of event. */
enum fault_unit event_unit(enum event_kind kind);
/* The name of a kind. */
const char *event_name(enum event_kind kind);
/* The zone of a node: racks in the order of their ids in equal runs, those of provisioned nodes
 * dealt out. */
uint32_t event_zone(uint32_t node, int64_t nodes, int64_t rack_nodes, int64_t zones);

struct world;
struct pod;
struct faults;
/* The events of a world's configuration, armed; NULL if there are none. */
struct faults *faults_new(struct world *world);
/* Frees them. */
void faults_free(struct faults *faults);
/* Whether the node has no power, or boots. */
bool faults_node_off(const struct faults *faults, uint32_t node);
/* A pod holds GPUs of its node from now on; no more. */
void faults_pod(struct faults *faults, struct pod *pod, bool holds);
/* A node came that was not there at the start. */
void faults_node_came(struct faults *faults, uint32_t node);
/* Whether what this message says, from or to a control function, is lost with it. */
bool faults_swallow(struct faults *faults, const struct msg *msg);
/* How long a message to a control function is on its way in vain: until its death is known, and
 * nobody is there. */
int64_t faults_in_vain(const struct faults *faults, const struct msg *msg);
/* How long a function's start is put off. */
int64_t faults_function_wait(const struct faults *faults, uint32_t function);
/* What happened so far. */
struct fault_totals faults_totals(const struct faults *faults);
#endif
