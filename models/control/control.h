/* control.h - the control plane: from "so many pods are wanted" to pods that take requests, and
 * back.  One step machine (models/world.h), whichever plane is chosen.
 *
 * The way of a pod is the same in all planes: autoscaler -> Deployment -> ReplicaSet -> a
 * scheduler's queue -> decision -> bind -> kubelet (the world) -> endpoints.  A plane
 * (models/control/state.h, struct plane) says who decides on which nodes:
 *   central     one scheduler, one pool with every node: kube-scheduler's cycle
 *   functional  an elastic pool of schedule functions, each with nodes of its own; a full one asks
 *               others, past a cache of what they answered; a top-level control plane scales the
 *               pool and moves nodes
 *   shared      Omega: many schedulers, each with a view of all nodes, that commit optimistically
 *   direct      Dirigent: one lean scheduler
 *   two-level   Mesos: a master offers nodes to one framework's scheduler at a time
 *   godel       Goedel: schedulers that prefer shards of the nodes, and one binder
 *   sampling    Sparrow: schedulers without state, that ask a few nodes; the nodes have queues
 * It owns desired and observed state and decides; it knows no durations.
 *
 * What a world does with what comes out:
 *   MSG_WRITE        who = pod slot (create, bind, delete, status) or service (scale, deployment,
 *                    replicaset, endpoints).  `writes` sequential writes through the client's
 *                    bucket; then WRITTEN to the author if `reply`, SEEN to the watchers if
 *                    `watch`: the same message with another kind.  0 writes cost nothing.
 *                    On the direct state path a MSG_SEND from and to NONE stands in its place.
 *   MSG_THINK        answered by THOUGHT, the same message with another kind; what = enum think
 *   MSG_SEND         answered by RECEIVED with the same load; who, send.from: a function, a node
 *                    (to_node), or NONE
 *                    = the top-level control plane
 *   MSG_POD_START    load: uint64_t, the pod's id (of MSG_POD_ARRIVE, or counted).  pod.phase =
 *                    PHASES: it runs already.  A pod of a service is then reported by POD_PHASE
 *                    (SANDBOX .. INIT), POD_READY and after POD_STOP by POD_GONE; a plain pod
 *                    (pod.service = NONE) by POD_GONE when its life is over.  Told twice, the
 *                    second is to be ignored.
 *   MSG_NODE_SILENT  the node is not heard of: nothing is placed on it and its pods take no
 *                    requests, but they count as there
 *   MSG_NODE_DOWN    comes when the cluster has given the node up: its pods have failed, whether
 *                    or not POD_FAILED says so as well
 *   MSG_UPGRADE      a service's pods are replaced by new ones, as a Deployment's rolling update
 *                    does
 *   MSG_FUNCTION_*   who = instance slot; slots are reused.  what = enum function_kind
 * Every pod gets one MSG_RECORD_POD: when it becomes routable (plain pods: bound), or at its end if
 * it does not, or by control_drain at the end of the run if that comes first; the pods that are
 * there at the start get none. */
#ifndef MODELS_CONTROL_CONTROL_H
#define MODELS_CONTROL_CONTROL_H
#include "models/cluster/cluster.h"
#include "models/control/clients.h"
#include "models/control/visits.h"
#include "models/service.h"
#include "models/world.h"

enum plane_kind { PLANE_CENTRAL, PLANE_FUNCTIONAL, PLANE_SHARED, PLANE_DIRECT, PLANE_GODEL,
	PLANE_TWO_LEVEL, PLANE_SAMPLING };
enum state_path { PATH_OWN, PATH_API, PATH_DIRECT };
enum sampling_mode { SAMPLING_PER_TASK, SAMPLING_BATCH };
enum conflict { CONFLICT_FIT, CONFLICT_SEQUENCE };
enum placement { PLACEMENT_RANDOM, PLACEMENT_ROUND_ROBIN, PLACEMENT_LEAST_ALLOCATED };
enum dispatch { DISPATCH_RANDOM, DISPATCH_ROUND_ROBIN, DISPATCH_LEAST_QUEUE, DISPATCH_SERVICE };
enum job_mode { JOBS_PODS, JOBS_TOGETHER, JOBS_GANG };
enum probe_order { ORDER_RANDOM, ORDER_POWER_OF_D, ORDER_BEST_CACHED, ORDER_ROUND_ROBIN };
enum probing { PROBING_SERIAL, PROBING_PARALLEL };

/* What MSG_WRITE and MSG_SEND say. */
enum verb {
	VERB_SCALE,             /* write: the Deployment's scale */
	VERB_DEPLOYMENT,        /* write: the ReplicaSet's size */
	VERB_REPLICASET,        /* write: the ReplicaSet's status, after a sync */
	VERB_POD_CREATE,
	VERB_POD_DELETE,
	VERB_POD_STATUS,        /* write: why a pod was not scheduled */
	VERB_BIND,
	VERB_ENDPOINTS,
	/* About a pod; a load is its sender's struct free_vector, ANSWER and GOSSIP have one. */
	VERB_PROBE,             /* send: have you room for it? flag = twice the round's number */
	VERB_ANSWER,            /* send: flag = that, 1 more if a node is held; value = by which
	                         * reservation */
	VERB_MIGRATE,           /* send: take it over, value = reservation */
	VERB_FREE,              /* send: it needs this reservation no longer */
	VERB_GOSSIP,            /* send: how free I am; about no pod */
	VERB_TASKS,             /* send: queued pods change hands; load pairs of slot, generation */
	VERB_RELEASE,           /* send, top to owner: give nodes up; task = to whom, flag = which,
	                         * value = how many */
	VERB_RELEASED,          /* send, owner to top: load node ids; task = to whom */
	VERB_ADOPT,             /* send, top to new owner: load node ids */
	VERB_OFFER,             /* send, master to framework: task = number of the offer */
	VERB_DECLINE,           /* send, framework to master: the rest of it is not wanted */
	VERB_HAND,              /* send, schedule to bind function: write this pod's binding */
	/* Sampling, between schedulers and nodes. */
	VERB_LOAD,              /* send, node to scheduler: how full it is, after VERB_PROBE with
	                         * load struct need; task = job */
	VERB_RESERVE,           /* send, to node: queue for a pod of the job; load struct need */
	VERB_ASK,               /* send, node to scheduler: its turn; task = job, value = room */
	VERB_PLACE,             /* send, to node: take the pod; value = room, or none kept */
	VERB_NOTHING,           /* send, to node: no pod is left; task, gen = room */
	VERB_RETURN,            /* send, node to scheduler: the pod has waited for long enough */
	VERBS
};

/* What a function thinks about: MSG_THINK, and what `examined` counts. */
enum think {
	THINK_SCHEDULE, THINK_PROBE,    /* nodes */
	THINK_LEAN,             /* nodes; filters and scores nothing */
	THINK_AUTOSCALE,
	THINK_EXPAND,           /* pods to be made or deleted */
	THINK_BIND,
	THINK_ENDPOINT,         /* pods whose endpoint changes */
	THINKS
};



struct backoff_config {
	int64_t initial_ns, max_ns, flush_ns;           /* of a pod that found no room */
	int64_t idle_max_ns, idle_flush_ns;             /* central: of one that nothing wakes */
	int64_t crash_ns, crash_max_ns;                 /* of a service whose pods fail */
};

struct rollout_config { double surge, unavailable; };  /* shares of the wanted pods */

/* Functions of one kind: at the start, fewest, most. */
struct crew_config { int64_t functions, min, max; };

struct functional_config {
	struct crew_config crew[FUNCTION_KINDS];
	int64_t d;                      /* others asked when the home function is full */
	int order, probing;             /* enum probe_order, enum probing */
	bool cache, cache_perfect, piggyback, wake;
	int64_t gossip_ns, gossip_peers; /* 0 = none; whom to tell each time */
	int64_t cache_age_ns, reservation_ns;
	int64_t interval_ns, target_delay_ns, drain_ns;
	double rebalance;
};

struct shared_config {
	int64_t schedulers;
	int64_t sync_ns;                /* a view this old is refreshed before a decision */
	int conflict;                   /* enum conflict */
	int64_t retry_ns;               /* after a conflict */
	int64_t give_up;                /* conflicts of a plain pod; 0 = never */
};

struct godel_config {
	int64_t schedulers;
	int64_t sync_ns, shuffle_ns;
	bool logical;                   /* falls back to nodes of other shards */
	int64_t assume;                 /* API writes by which a pod gets to the binder */
};

struct two_level_config {
	int64_t frameworks;             /* each with a scheduler */
	int64_t nodes;                  /* most of an offer; 0 = all there are */
	int64_t hold_ns, interval_ns;
};

struct sampling_config {
	int64_t schedulers;
	double ratio;                   /* nodes asked a pod */
	int mode;                       /* enum sampling_mode */
	bool late_binding;
	int64_t wait_ns;                /* in a node's queue, at most; 0 = for ever */
	int64_t timeout_ns;             /* for answers */
};

struct lean_config { int placement; };  /* enum placement */

struct control_config {
	int plane;                      /* enum plane_kind */
	int path;                       /* enum state_path */
	int limits;                     /* enum limits */
	struct client_limit clients[CLIENTS];
	struct visit_config visits;
	const char *visits_from;        /* a file of models/catalog/control/ */
	struct place_config place;
	struct backoff_config backoff;
	struct rollout_config rollout;
	struct functional_config functional;
	struct shared_config shared;
	struct lean_config lean;
	struct godel_config godel;
	struct two_level_config two_level;
	struct sampling_config sampling;
	int64_t attempts;               /* after which a plain pod is given up; 0 = never */
	int dispatch;                   /* enum dispatch */
	int64_t slow_start, burst;      /* ReplicaSet: first batch, most pods a sync */
	int64_t resync_ns;
	double cores;                   /* each scheduler, control function, binder and top-level
	                                 * control plane holds */
	int jobs;                       /* enum job_mode */
	bool preemption;                /* central */
	bool decisions;                 /* MSG_RECORD_DECISION for each */
};

extern const struct opt control_options[], functional_options[];

/* Whether state goes by messages instead of through the API server. */
bool control_is_direct(const struct control_config *config);

struct control;

/* Whether the configuration makes sense and the pods that the services start with fit the cluster;
 * the message says which option, or which service, does not. */
bool control_check(const struct control_config *config, const struct cluster_config *cluster,
		   const struct service_config *services, uint32_t n, struct err *err);
/* A control plane with its cluster, for a configuration that control_check passed.  The service
 * configurations must outlive it; seed names its random streams. */
struct control *control_new(const struct control_config *config,
			    const struct cluster_config *cluster,
			    const struct service_config *services, uint32_t n, uint64_t seed);
/* One step.  load is what rode behind in; NULL if nothing did.  The first, a MSG_TICK at time 0,
 * starts the pods that are there from the beginning. */
void control_step(struct control *control, int64_t now, const struct msg *in, const void *load,
		  struct outbox *out);
/* The end of a run: MSG_RECORD_POD, with what is known of it until now, for each pod that has had
 * none: POD_PENDING, or POD_CANCELLED if it is to be deleted.  No step may follow. */
void control_drain(struct control *control, int64_t now, struct outbox *out);
/* The latest time at which it wants a MSG_TICK; TIME_NEVER if it needs none. */
int64_t control_wakeup(const struct control *control);
/* What it did until now (core_ns and idle_core_ns up to now); valid until the next call. */
const struct control_totals *control_totals(struct control *control, int64_t now);
/* The control functions of a kind (FUNCTION_KINDS: of all) that are up: fills slot (room for all
 * there are, or NULL) and returns their number. */
uint32_t control_functions(const struct control *control, enum function_kind kind, uint32_t *slot);
/* Fills desired, ready (routable) and starting (desired and not ready, whether or not there is a
 * pod object yet) of a service. */
void control_sample(const struct control *control, uint32_t service, struct series_record *sample);
/* Aborts unless what pods and reservations take of each node is what the node says is taken, and is
 * no more than it has.  It walks everything: for the end of a run, and for tests. */
void control_audit(const struct control *control);
/* Frees it and its cluster. */
void control_free(struct control *control);
#endif
