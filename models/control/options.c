/* The option tables of the control plane. */
#include "models/control/control.h"

#define CONTROL(f) offsetof(struct control_config, f)
#define BACKOFF(f) offsetof(struct backoff_config, f)
#define ROLLOUT(f) offsetof(struct rollout_config, f)
#define FUNCTIONAL(f) offsetof(struct functional_config, f)
#define SHARED(f) offsetof(struct shared_config, f)
#define GODEL(f) offsetof(struct godel_config, f)
#define TWO_LEVEL(f) offsetof(struct two_level_config, f)
#define SAMPLING(f) offsetof(struct sampling_config, f)
#define LEAN(f) offsetof(struct lean_config, f)

static const char *const planes[] = { "central", "functional", "shared",   "direct",
				      "godel",	 "two-level",  "sampling", NULL };
static const char *const modes[] = { "per-task", "batch", NULL };
static const char *const paths[] = { "own", "api", "direct", NULL };
static const char *const conflicts[] = { "resource-fit", "sequence-number", NULL };
static const char *const placements[] = { "random", "round-robin", "least-allocated", NULL };
static const char *const limits[] = { "default", "tuned", "unlimited", NULL };
static const char *const dispatches[] = { "random", "round-robin", "least-queue", "service", NULL };
static const char *const jobs[] = { "pods", "together", "gang", NULL };
static const char *const probings[] = { "serial", "parallel", NULL };
static const char *const orders[] = { "random", "power-of-d", "best-cached", "round-robin", NULL };

static const char queue[] = "kube-scheduler backend/queue/scheduling_queue.go";

static const struct opt backoff_options[] = {
	{ "initial", OPT_INT, UNIT_TIME, BACKOFF(initial_ns), "1s", 1e6, 3.6e12,
	  .help = "wait of a pod after its first attempt; doubles with each", .source = queue },
	{ "max", OPT_INT, UNIT_TIME, BACKOFF(max_ns), "10s", 1e6, 3.6e12,
	  .help = "longest such wait", .source = queue },
	{ "flush", OPT_INT, UNIT_TIME, BACKOFF(flush_ns), "1s", 1, 3.6e12,
	  .help = "waits end on multiples of this", .source = queue },
	{ "idle_max", OPT_INT, UNIT_TIME, BACKOFF(idle_max_ns), "5min", 1e6, 8.64e13,
	  .help = "central and alike: an unschedulable pod is tried again by then, whatever "
		  "happens",
	  .source = queue },
	{ "idle_flush", OPT_INT, UNIT_TIME, BACKOFF(idle_flush_ns), "30s", 1e6, 8.64e13,
	  .help = "central and alike: how often that is looked for", .source = queue },
	{ "crash", OPT_INT, UNIT_TIME, BACKOFF(crash_ns), "10s", 0, 8.64e13,
	  .help = "wait of a service after a pod of it failed; doubles until one becomes ready",
	  .source = "kubelet's crash-loop back-off: 10 s" },
	{ "crash_max", OPT_INT, UNIT_TIME, BACKOFF(crash_max_ns), "5min", 0, 8.64e13,
	  .help = "longest such wait", .source = "kubelet's crash-loop back-off: 5 min" },
	OPT_END
};

static const struct opt rollout_options[] = {
	{ "surge", OPT_REAL, UNIT_SHARE, ROLLOUT(surge), "25%", 0, 1,
	  .help = "pods above the wanted number while revisions change, rounded up",
	  .source = "Deployment maxSurge, pkg/apis/apps/v1/defaults.go" },
	{ "unavailable", OPT_REAL, UNIT_SHARE, ROLLOUT(unavailable), "25%", 0, 1,
	  .help = "pods that may be missing meanwhile, rounded down; at least one if surge is 0",
	  .source = "Deployment maxUnavailable, pkg/apis/apps/v1/defaults.go" },
	OPT_END
};

static const struct opt crew_options[] = {
	{ "functions", OPT_INT, UNIT_NONE, offsetof(struct crew_config, functions), "1", 1, 4096,
	  .help = "functions of this kind at the start", .source = "assumption; swept" },
	{ "min", OPT_INT, UNIT_NONE, offsetof(struct crew_config, min), "1", 0, 4096,
	  .help = "fewest; 0 = as many as at the start", .source = "assumption; swept" },
	{ "max", OPT_INT, UNIT_NONE, offsetof(struct crew_config, max), "16", 0, 4096,
	  .help = "most; 0 = as many as at the start", .source = "assumption; swept" },
	OPT_END
};

const struct opt functional_options[] = {
	{ "functions", OPT_INT, UNIT_NONE, FUNCTIONAL(crew[FUNCTION_SCHEDULE].functions), "4", 1,
	  4096, .help = "schedule functions at the start, each with an equal part of the nodes",
	  .source = "assumption; swept" },
	{ "min", OPT_INT, UNIT_NONE, FUNCTIONAL(crew[FUNCTION_SCHEDULE].min), "1", 0, 4096,
	  .help = "fewest schedule functions; 0 = as many as at the start",
	  .source = "assumption; swept" },
	{ "max", OPT_INT, UNIT_NONE, FUNCTIONAL(crew[FUNCTION_SCHEDULE].max), "32", 0, 4096,
	  .help = "most schedule functions; 0 = as many as at the start",
	  .source = "assumption; swept" },
	{ "autoscale", OPT_TABLE, UNIT_NONE, FUNCTIONAL(crew[FUNCTION_AUTOSCALE]), NULL,
	  .sub = crew_options, .help = "functions that turn a desired number into a scale" },
	{ "expand", OPT_TABLE, UNIT_NONE, FUNCTIONAL(crew[FUNCTION_EXPAND]), NULL,
	  .sub = crew_options, .help = "functions that turn a scale into pods" },
	{ "bind", OPT_TABLE, UNIT_NONE, FUNCTIONAL(crew[FUNCTION_BIND]), NULL, .sub = crew_options,
	  .help = "functions that write bindings" },
	{ "endpoint", OPT_TABLE, UNIT_NONE, FUNCTIONAL(crew[FUNCTION_ENDPOINT]), NULL,
	  .sub = crew_options, .help = "functions that publish and withdraw endpoints" },
	{ "d", OPT_INT, UNIT_NONE, FUNCTIONAL(d), "2", 0, 16,
	  .help = "other functions that a full one asks for a pod", .source = "assumption; swept" },
	{ "order", OPT_CHOICE, UNIT_NONE, FUNCTIONAL(order), "power-of-d", .choices = orders,
	  .help = "whom it asks: any, the freer by its cache of two, the freest by its cache, one "
		  "after the other",
	  .source = "assumption; swept" },
	{ "probing", OPT_CHOICE, UNIT_NONE, FUNCTIONAL(probing), "serial", .choices = probings,
	  .help = "one probe after the other, or all d at once: the first that has room gets the "
		  "pod, the others' reservations are given back by message",
	  .source = "assumption; swept" },
	{ "piggyback", OPT_BOOL, UNIT_NONE, FUNCTIONAL(piggyback), "true",
	  .help = "every message between functions about a pod tells how free its sender is, not "
		  "answers alone",
	  .source = "assumption: 44 bytes on a message that is sent anyway" },
	{ "gossip", OPT_INT, UNIT_TIME, FUNCTIONAL(gossip_ns), "0s", 0, 3.6e12,
	  .help = "how often each function tells some others how free it is; 0 = never",
	  .source = "assumption; swept" },
	{ "gossip_peers", OPT_INT, UNIT_NONE, FUNCTIONAL(gossip_peers), "2", 1, 64,
	  .help = "how many times it draws another one to tell, each time anew",
	  .source = "assumption; swept" },
	{ "cache", OPT_BOOL, UNIT_NONE, FUNCTIONAL(cache), "true",
	  .help = "skips those whose last answer says that they have no room",
	  .source = "assumption; swept" },
	{ "cache_age", OPT_INT, UNIT_TIME, FUNCTIONAL(cache_age_ns), "1s", 0, 3.6e12,
	  .help = "answers older than this are not trusted", .source = "assumption; swept" },
	{ "cache_perfect", OPT_BOOL, UNIT_NONE, FUNCTIONAL(cache_perfect), "false",
	  .help = "the cache knows what is free at this moment, which no message can tell: the "
		  "most that any cache is worth" },
	{ "reservation", OPT_INT, UNIT_TIME, FUNCTIONAL(reservation_ns), "1s", 1e3, 3.6e12,
	  .help = "how long an asked function holds a node, and the asker waits for its answer",
	  .source = "assumption; swept" },
	{ "wake", OPT_BOOL, UNIT_NONE, FUNCTIONAL(wake), "true",
	  .help = "room that comes free is given to a pod that waits for it at its owner",
	  .source = "assumption: an owner knows its nodes; false = back-off alone" },
	{ "interval", OPT_INT, UNIT_TIME, FUNCTIONAL(interval_ns), "10s", 1e6, 3.6e12,
	  .help = "time between decisions of the top-level control plane",
	  .source = "assumption; swept" },
	{ "target_delay", OPT_INT, UNIT_TIME, FUNCTIONAL(target_delay_ns), "50ms", 1e3, 3.6e12,
	  .help = "queueing delay above which functions of a kind are added",
	  .source = "assumption; swept" },
	{ "drain", OPT_INT, UNIT_TIME, FUNCTIONAL(drain_ns), "1s", 0, 3.6e12,
	  .help = "shortest time from the order to end until a function has ended",
	  .source = "assumption; swept: leases and watches are given up" },
	{ "rebalance", OPT_REAL, UNIT_NONE, FUNCTIONAL(rebalance), "2", 0, 1e6,
	  .help = "the most : the least of any two partitions' delay, nodes for a shape that was "
		  "missed, or free GPUs, at which nodes move; 0 = never",
	  .source = "Goedel's node shuffler: max > 2 x min" },
	OPT_END
};

static const struct opt shared_options[] = {
	{ "schedulers", OPT_INT, UNIT_NONE, SHARED(schedulers), "4", 1, 4096,
	  .help = "schedulers, each with a view of the whole cluster",
	  .source = "assumption; swept" },
	{ "sync", OPT_INT, UNIT_TIME, SHARED(sync_ns), "0s", 0, 3.6e12,
	  .help = "a view that is older is refreshed when a decision begins",
	  .source = "Omega: the cell state is synchronised before each decision" },
	{ "conflict", OPT_CHOICE, UNIT_NONE, SHARED(conflict), "resource-fit", .choices = conflicts,
	  .help = "a placement is refused if there is no room by then; if anything changed on the "
		  "node",
	  .source = "Omega's two modes (google/cluster-scheduler-simulator)" },
	{ "retry", OPT_INT, UNIT_TIME, SHARED(retry_ns), "0s", 0, 3.6e12,
	  .help = "a pod that met a conflict waits so long; 0 = it joins its queue again at once",
	  .source = "assumption: it is pending work like any other; Omega's simulator waits 1 s" },
	{ "give_up", OPT_INT, UNIT_NONE, SHARED(give_up), "0", 0, 1e6,
	  .help = "conflicts after which a plain pod is given up; 0 = never",
	  .source = "as kube-scheduler, which never does; Omega's simulator: after more than 100" },
	OPT_END
};

static const struct opt godel_options[] = {
	{ "schedulers", OPT_INT, UNIT_NONE, GODEL(schedulers), "3", 1, 4096,
	  .help = "schedulers, each with a shard of the nodes",
	  .source = "godel-scheduler docs/performance/best-practice.md: 3 shards" },
	{ "sync", OPT_INT, UNIT_TIME, GODEL(sync_ns), "0s", 0, 3.6e12,
	  .help = "a view that is older is refreshed when a decision begins",
	  .source = "assumption: caches fed by a watch" },
	{ "shuffle", OPT_INT, UNIT_TIME, GODEL(shuffle_ns), "60s", 1e6, 3.6e12,
	  .help = "time between looks whether shards have grown apart",
	  .source = "godel-scheduler's node shuffler" },
	{ "logical", OPT_BOOL, UNIT_NONE, GODEL(logical), "true",
	  .help = "a full shard's scheduler looks at all other nodes; false = physical shards",
	  .source = "godel-scheduler's partition types" },
	{ "assume", OPT_INT, UNIT_NONE, GODEL(assume), "1", 0, 1000,
	  .help = "writes by which a scheduler hands a pod to the binder, beside visits.bind",
	  .source = "godel-scheduler: an annotation of the pod" },
	OPT_END
};

static const struct opt two_level_options[] = {
	{ "frameworks", OPT_INT, UNIT_NONE, TWO_LEVEL(frameworks), "4", 1, 4096,
	  .help = "frameworks, each with a scheduler; services are dealt out to them",
	  .source = "assumption; swept" },
	{ "nodes", OPT_INT, UNIT_NONE, TWO_LEVEL(nodes), "0", 0, 1e6,
	  .help = "most nodes of an offer; 0 = all that nobody holds",
	  .source = "Mesos: all available resources go to one framework at a time" },
	{ "hold", OPT_INT, UNIT_TIME, TWO_LEVEL(hold_ns), "30s", 1e3, 3.6e12,
	  .help = "an offer held for longer is rescinded; must be longer than a message takes",
	  .source = "assumption; swept" },
	{ "interval", OPT_INT, UNIT_TIME, TWO_LEVEL(interval_ns), "1s", 1e6, 3.6e12,
	  .help = "offers are made at least so often, and when nodes or pods come",
	  .source = "assumption: Mesos' --allocation_interval as remembered; swept" },
	OPT_END
};

static const char sparrow[] = "Sparrow (radlab/sparrow afb8efad, simulation/)";

static const struct opt sampling_options[] = {
	{ "schedulers", OPT_INT, UNIT_NONE, SAMPLING(schedulers), "4", 1, 4096,
	  .help = "schedulers, none of which knows the cluster", .source = "assumption; swept" },
	{ "ratio", OPT_REAL, UNIT_NONE, SAMPLING(ratio), "2", 1, 1000,
	  .help = "nodes asked a pod; at 1 without late binding none has to be asked",
	  .source = sparrow },
	{ "mode", OPT_CHOICE, UNIT_NONE, SAMPLING(mode), "batch", .choices = modes,
	  .help = "each pod to the least loaded of its own nodes, or all pods of a job to the "
		  "least loaded of all that were asked for it",
	  .source = sparrow },
	{ "late_binding", OPT_BOOL, UNIT_NONE, SAMPLING(late_binding), "true",
	  .help = "nodes queue reservations, and ask for a pod when there is room",
	  .source = sparrow },
	{ "wait", OPT_INT, UNIT_TIME, SAMPLING(wait_ns), "1s", 0, 8.64e13,
	  .help = "a pod that waits longer for a node's turn backs off and draws others; 0 = it "
		  "waits for ever",
	  .source = "assumption: as long as the first back-off; Sparrow's tasks are short and wait "
		    "for ever" },
	{ "timeout", OPT_INT, UNIT_TIME, SAMPLING(timeout_ns), "100ms", 1e3, 3.6e12,
	  .help = "how long a scheduler waits for nodes' answers, and a node for a pod to fill the "
		  "room it keeps",
	  .source = "assumption: some hundred messages' time" },
	OPT_END
};

static const struct opt lean_options[] = {
	{ "placement", OPT_CHOICE, UNIT_NONE, LEAN(placement), "random", .choices = placements,
	  .help = "how a node is chosen: any that fits, the next that fits, by `place`",
	  .source = "Dirigent's cluster configuration" },
	OPT_END
};

const struct opt control_options[] = {
	{ "kind", OPT_CHOICE, UNIT_NONE, CONTROL(plane), "central", .choices = planes,
	  .help = "central: one scheduler; functional: an elastic pool of them, each with its "
		  "nodes; shared: many over all nodes, optimistic; direct: one lean scheduler; "
		  "godel: many that prefer shards, and a binder; two-level: offers; sampling: many "
		  "that ask a few nodes at random" },
	{ "state_path", OPT_CHOICE, UNIT_NONE, CONTROL(path), "own", .choices = paths,
	  .help = "how state goes from one part to the next: through the API server and etcd, or "
		  "by messages (decision.message); own: messages for kinds direct and sampling, "
		  "else the API" },
	{ "limits", OPT_CHOICE, UNIT_NONE, CONTROL(limits), "default", .choices = limits,
	  .help = "token buckets of the API server's clients",
	  .source = "Knative, kube-controller-manager and kube-scheduler; tuned: scheduler_perf" },
	{ "clients", OPT_TABLE, UNIT_NONE, CONTROL(clients), NULL, .sub = client_options,
	  .help = "single buckets, over what limits says" },
	{ "visits_from", OPT_TEXT, UNIT_NONE, CONTROL(visits_from), "knative",
	  .help = "the counts of API writes by step: a file of models/catalog/control (sonde "
		  "models); `visits` goes over it, and sonde trace audit counts a cluster's" },
	{ "visits", OPT_TABLE, UNIT_NONE, CONTROL(visits), NULL, .sub = visit_options,
	  .help = "API writes by step, over what visits_from says" },
	{ "place", OPT_TABLE, UNIT_NONE, CONTROL(place), NULL, .sub = place_options,
	  .help = "how a node is chosen" },
	{ "backoff", OPT_TABLE, UNIT_NONE, CONTROL(backoff), NULL, .sub = backoff_options,
	  .help = "waiting before the next attempt" },
	{ "rollout", OPT_TABLE, UNIT_NONE, CONTROL(rollout), NULL, .sub = rollout_options,
	  .help = "how a service's pods are replaced by those of another revision" },
	{ "functional", OPT_TABLE, UNIT_NONE, CONTROL(functional), NULL, .sub = functional_options,
	  .help = "the functional plane" },
	{ "shared", OPT_TABLE, UNIT_NONE, CONTROL(shared), NULL, .sub = shared_options,
	  .help = "the shared plane" },
	{ "direct", OPT_TABLE, UNIT_NONE, CONTROL(lean), NULL, .sub = lean_options,
	  .help = "the direct plane" },
	{ "godel", OPT_TABLE, UNIT_NONE, CONTROL(godel), NULL, .sub = godel_options,
	  .help = "the godel plane" },
	{ "two_level", OPT_TABLE, UNIT_NONE, CONTROL(two_level), NULL, .sub = two_level_options,
	  .help = "the two-level plane" },
	{ "sampling", OPT_TABLE, UNIT_NONE, CONTROL(sampling), NULL, .sub = sampling_options,
	  .help = "the sampling plane" },
	{ "attempts", OPT_INT, UNIT_NONE, CONTROL(attempts), "0", 0, 1e6,
	  .help = "after which a plain pod without a node is given up; 0 = never" },
	{ "dispatch", OPT_CHOICE, UNIT_NONE, CONTROL(dispatch), "round-robin",
	  .choices = dispatches,
	  .help = "which schedule function a new pod goes to; service: all of a service to the "
		  "same",
	  .source = "assumption; swept" },
	{ "slow_start", OPT_INT, UNIT_NONE, CONTROL(slow_start), "1", 1, 1e6,
	  .help = "pods of the first batch of a ReplicaSet's sync; doubles with each batch",
	  .source = "kube-controller-manager SlowStartInitialBatchSize" },
	{ "burst", OPT_INT, UNIT_NONE, CONTROL(burst), "500", 1, 1e6,
	  .help = "pods a ReplicaSet's sync creates or deletes at most",
	  .source = "kube-controller-manager BurstReplicas" },
	{ "resync", OPT_INT, UNIT_TIME, CONTROL(resync_ns), "12h", 1e9, 8.64e14,
	  .help = "what has not been answered for so long is asked for again",
	  .source = "kube-controller-manager --min-resync-period" },
	{ "cores", OPT_REAL, UNIT_NONE, CONTROL(cores), "1", 0, 1e4,
	  .help = "cores that each scheduler, schedule function, binder and top-level control "
		  "plane holds",
	  .source = "assumption: a decision runs on one core" },
	{ "jobs", OPT_CHOICE, UNIT_NONE, CONTROL(jobs), "pods", .choices = jobs,
	  .help = "how plain pods that arrive as a job are decided (central, shared): one by one; "
		  "in one decision, each bound that can be; in one, and all are bound or none",
	  .source = "Omega: incremental and all-or-nothing commits; Kubernetes: one by one" },
	{ "preemption", OPT_BOOL, UNIT_NONE, CONTROL(preemption), "true",
	  .help = "central: a pod that finds no room evicts pods of services of lower priority",
	  .source = "kube-scheduler's DefaultPreemption" },
	{ "decisions", OPT_BOOL, UNIT_NONE, CONTROL(decisions), "false",
	  .help = "a record of every step of a scheduling decision (sonde run --decisions)" },
	OPT_END
};
