/* state.h - the insides of the control plane: its tables, and what its files offer each other.
 *
 * For models/control/ and its tests alone.  Pods, sets (one a service), control functions and
 * reservations are rows; a row that is reused has a generation.  During a step `now` and `out` are
 * those of the step.  What a function may know: its own pool, its own queue, its row of the probe
 * cache, and what messages brought; only the top-level control plane looks at all functions. */
#ifndef MODELS_CONTROL_STATE_H
#define MODELS_CONTROL_STATE_H
#include "base/arena.h"
#include "models/control/control.h"
#include "models/control/probe_cache.h"
#include "models/control/timer.h"
#include "models/control/view.h"

/* Doubly linked pods, first in first out. */
struct list { uint32_t head, tail, n; };

enum pod_state {
	POD_UNUSED,
	POD_CREATING,           /* the object is being written */
	POD_QUEUED,             /* in a function's queue (a binder's: node taken), or an orphan */
	POD_DECIDING,           /* a function is at it; node: what it will say */
	POD_PROBING,            /* its function has asked another one */
	POD_MIGRATING,          /* on its way to the function that holds a node for it */
	POD_MOVING,             /* on its way from queue to queue */
	POD_PARKED,             /* no room: waits for a back-off or an event */
	POD_WAITING,            /* sampling: in the queue of the node that it asked for */
	POD_GATHERING,          /* waits for the other pods of its gang */
	POD_BINDING,            /* node taken; the binding is being written */
	POD_STARTING,           /* bound: the kubelet is at it; a plain pod stays here */
	POD_WARM,               /* ready, not routable yet */
	POD_SERVING,            /* routable */
	POD_STOPPING,           /* told to stop */
	POD_DEAD,               /* gone, but its endpoint is not */
	POD_STATES
};

struct pod {
	struct pod_record record;
	struct need need;
	uint32_t gen;
	uint32_t next, prev;            /* in a queue, a parked or the free list */
	uint32_t older, younger;        /* in its set */
	uint32_t endpoint_next;
	uint32_t beside_next, beside_prev; /* on its node, if linked */
	uint32_t gang;                  /* it is decided with; NONE = alone */
	uint32_t chosen, seen;          /* of a gang, in a view: the node, its version then */
	uint32_t nominated;             /* node that is kept for it; NONE = none */
	uint32_t function;              /* that has it, queued to parked; who binds it after */
	uint32_t asked;                 /* probing: whom (sampling: its job; later its node) */
	uint32_t conflicts;             /* shared: that it met */
	uint32_t job;                   /* plain pods that came together; 0 = alone */
	uint32_t probe;                 /* number of the probe, for its timer */
	uint32_t revision;              /* of its set when it was made */
	int64_t since_ns;               /* of this state, or of the last write in it */
	int64_t delete_ns;              /* when its deletion was last written */
	int64_t retry_ns;               /* parked: not before */
	uint8_t state, targets, target; /* functions to ask in this attempt; the next of them */
	uint8_t handed;                 /* binding: enum handed */
	bool replied;                   /* the create has been answered */
	bool doomed;                    /* to be deleted */
	bool retired;                   /* the first to be deleted */
	bool deleting;                  /* its delete is being written */
	bool in_endpoints;              /* in a list of its set's endpoints */
	bool routable;                  /* serving has been told of it */
	bool reported;                  /* its record is out */
	bool timed;                     /* parked: a timer will wake it */
	bool provision;                 /* parked: nodes have been asked for because of it */
	bool counted;                   /* among its set's existing pods */
	bool tried;                     /* a decision about it has begun before */
	bool current;                   /* of a gang: what it saw of its node still holds */
	bool linked;                    /* among the pods of its node (preempt.c) */
	/* Probing: a bit for each of its targets: asked and not answered; has taken the probe; the
	 * cache says that there is room. */
	uint16_t open, taken, hopeful;
};

/* How far a binding has come, where a function of its own writes it. */
enum handed {
	HANDED_NOT,             /* nobody has it: no bind function is up */
	HANDED_SENT,            /* on its way to one */
	HANDED_QUEUED,          /* it has it */
	HANDED_WRITTEN
};

/* Pods that are decided together: those not bound yet, of them waiting for the rest. */
struct gang { uint64_t job; struct list waiting; uint32_t size, function, next; };

/* Of a node: the pods that hold some of it, and the one that it is kept for. */
struct on_node { uint32_t first, nominee; };

/* When the wanted number of pods last reached a level. */
struct rise { int64_t at_ns; int32_t level; };
enum { RISES = 8 };

/* A chain of level-triggered stages: desired -> spec -> replicas -> existing. */
struct set {
	const struct service_config *service;
	struct need need;
	int32_t desired;                /* as the autoscaler last said */
	int32_t spec, spec_writing;     /* Deployment; the second is on its way there */
	int32_t replicas, replicas_writing; /* ReplicaSet */
	int32_t existing, serving;      /* pods neither doomed nor dead; of them routable */
	/* Revisions (rollout.c): the present one's number, and of existing and serving its pods;
	 * the ReplicaSets of the older ones together: their size, and on its way there. */
	uint32_t revision;
	int32_t fresh, fresh_serving;
	int32_t older, older_writing;
	bool scaling, deploying, publishing; /* a write is under way */
	uint32_t scale_seq, deploy_seq, publish_seq;
	int64_t scale_ns, deploy_ns, publish_ns; /* when it was sent */
	int32_t to_create, batch;       /* of the sync under way */
	uint32_t unanswered;            /* creates of the batch */
	uint32_t oldest, youngest;      /* pods */
	uint32_t changed, publishes;    /* pods whose endpoint is to change, is being written */
	struct rise rise[RISES];
	uint32_t rises;
	int64_t lost_ns;                /* when a pod was last lost */
	int64_t hold_ns;                /* no new pods before: back-off */
	uint32_t failures;              /* since one became ready */
	uint8_t asked;                  /* a bit for each kind of functions that see to it */
};

enum function_state { FUNCTION_OFF, FUNCTION_STARTING, FUNCTION_UP, FUNCTION_DRAINING };

/* What a function has been asked to do: a probe of a pod (schedule), a binding (bind), a service
 * to see to (the others). */
struct task { uint32_t from, id, gen, number; int64_t since_ns; };

struct function {
	uint8_t kind;                   /* enum function_kind */
	uint8_t state;
	bool thinking;
	uint16_t what;                  /* enum think */
	uint32_t thought;               /* number of the thought under way */
	uint32_t pod, pod_gen;          /* that it is about; a service: its number, 0 */
	uint32_t asker, hold, hold_gen; /* a probe: from whom; the reservation made, or NONE */
	uint16_t round;                 /* its round */
	uint32_t asked_last;            /* whom it sent a probe, or would have */
	uint32_t chosen;                /* a node that is not its own, to be taken later */
	uint32_t examined;
	int64_t thinking_ns;            /* since */
	struct list queue, gang;        /* gang: pods decided about together */
	struct list parked, backoff;    /* no room: waiting for an event; for a timer */
	struct { struct task *at; uint32_t head, n, cap; } inbox; /* ring, cap a power of 2 */
	uint32_t freed;                 /* whole: control.freed when its decision began */
	uint32_t live_at;               /* position in its crew's live */
	uint32_t probing, holds;        /* own pods that probe; reservations on its nodes */
	uint32_t offer;                 /* two-level: number of the last one */
	bool offered, accepted;         /* it is out; it has come and is being used */
	bool giving;                    /* the top has told it to give nodes up; no word yet */
	int64_t giving_ns;              /* since */
	/* To be given up between two decisions; NONE = nothing. */
	uint32_t release_to, release_how, release_shape, release_types, release_n;
	uint32_t missed[SHAPES];        /* pods without room at home, since the top last looked */
	struct need missed_need[SHAPES]; /* of the last of them */
	double delay_ns;                /* queueing delay, smoothed */
	uint32_t decided;               /* since the top-level control plane last looked */
	int64_t busy_ns, busy_seen_ns;  /* deciding; at that look */
	int64_t waited_ns;              /* in the queue: the pod decided about */
	/* What the thought under way will say, of each pod that it is about. */
	struct { struct decision_record *at; uint32_t n, cap; } notes;
	int64_t started_ns, stopped_ns, drained_ns;
};

/* The functions of one kind. */
struct crew {
	uint32_t first, slots;          /* theirs */
	uint32_t *live, lives;          /* slots that are UP */
	uint32_t min, max;
	uint32_t calm;                  /* intervals of little delay on end */
};

/* A node that an asked function keeps for a pod. */
struct hold {
	struct need need;
	int64_t expires_ns;             /* 0 = not set */
	uint32_t pod, pod_gen, node, function, gen, next;
	bool live;
};

enum timer_kind {
	TIMER_SET,              /* back-off of a service is over */
	TIMER_POD,              /* back-off of a pod is over */
	TIMER_PROBE,            /* an answer has not come, or a pod has waited long enough */
	TIMER_HOLD,             /* a reservation expires */
	TIMER_IDLE,             /* whole: look for unschedulable pods too long forgotten */
	TIMER_TOP,
	TIMER_SCAN,             /* cluster autoscaler */
	TIMER_RESYNC,
	TIMER_OFFER,            /* two-level: an offer was held too long */
	TIMER_JOB,              /* sampling: nodes have not answered */
	TIMER_DRAIN,            /* a drained function may end */
	TIMER_GOSSIP,           /* functional */
	TIMER_KINDS
};

struct control;

/* What one control plane does its own way; the rest is common. */
struct plane {
	enum think think;               /* what a decision is for the world to price */
	/* Where a pod should go: a decision begins, and has what it will say.  An owner takes the
	 * node at once (pod->record.node); others take it when it is `decided`. */
	struct found (*search)(struct control *control, uint32_t function, uint32_t pod);
	/* Whether the function may decide now; NULL = always. */
	bool (*ready)(const struct control *control, uint32_t function);
	/* The decision is over: the pod is bound, or full, or goes on. */
	void (*decided)(struct control *control, uint32_t function, uint32_t pod);
	/* Divides the nodes, starts timers; the pods of the start have been placed. */
	void (*start)(struct control *control);
	/* A pod is to be scheduled: into whose queue (pod_enqueue), or orphan it. */
	void (*dispatch)(struct control *control, uint32_t pod);
	/* A pod in a state of the plane's own (probing, waiting) is taken out of its tables; NULL =
	 * there are none. */
	void (*forget)(struct control *control, uint32_t pod);
	/* A function found no node of its own for a pod (state POD_DECIDING). */
	void (*full)(struct control *control, uint32_t function, uint32_t pod);
	/* A pod that nobody has room for was put among the parked of its function. */
	void (*parked)(struct control *control, uint32_t pod);
	/* A parked pod's back-off is over. */
	void (*retry)(struct control *control, uint32_t pod);
	/* Something came free on a node. */
	void (*freed)(struct control *control, uint32_t node);
	/* A probe from the inbox: begins to think about it, or returns false if it is void. */
	bool (*probe)(struct control *control, uint32_t function, const struct task *probe);
	/* The probe has been thought about. */
	void (*answer)(struct control *control, uint32_t function);
	/* A message between functions came; function NONE = the top-level control plane. */
	void (*received)(struct control *control, uint32_t function, const struct msg *msg,
			 const void *load);
	/* A function has nothing to do (its queue is empty, or it is not ready). */
	void (*idle)(struct control *control, uint32_t function);
	/* A function came up (is UP, has no nodes); was lost (is OFF, its tables are as they
	 * were). */
	void (*function_up)(struct control *control, uint32_t function);
	void (*function_lost)(struct control *control, uint32_t function);
	/* A new or a recovered node without an owner. */
	void (*node_up)(struct control *control, uint32_t node);
	/* A node fell silent or was given up; NULL = the plane does not mind. */
	void (*node_down)(struct control *control, uint32_t node);
	/* One of its own timers. */
	void (*timer)(struct control *control, const struct timer *timer);
};

extern const struct plane plane_central, plane_functional, plane_shared, plane_direct;
extern const struct plane plane_godel, plane_two_level, plane_sampling;

struct control {
	struct control_config config;
	const struct plane *plane;
	bool direct;                    /* state goes by messages, not through the API server */
	struct arena arena;             /* tables of fixed size */
	struct cluster *cluster;
	int64_t now;
	struct outbox *out;
	bool begun;
	struct { struct pod *at; uint32_t n, cap; } pods;
	struct list free_pods;
	uint32_t *targets, targets_cap; /* functional.d a pod: functions to ask */
	uint64_t next_pod;
	struct set *set;
	uint32_t sets;
	struct function *function;
	uint32_t functions;             /* slots of functions that schedule: the first */
	uint32_t slots;                 /* of all kinds */
	struct crew crew[FUNCTION_KINDS]; /* the first: those that schedule */
	bool crews;                     /* there are functions of the other kinds: functional */
	/* Of functions that are no more. */
	int64_t held_ns[FUNCTION_KINDS], busy_ns[FUNCTION_KINDS];
	uint32_t *queued;               /* length of each queue; NONE = not UP */
	uint32_t turn;                  /* round robin */
	uint32_t offered_last;          /* two-level: who got an offer last */
	uint32_t binder;                /* godel: the slot that binds, not schedules; or NONE */
	struct list orphans;            /* pods to be dispatched once a function is up */
	struct { struct hold *at; uint32_t n, cap; } holds;
	uint32_t free_hold;
	struct probe_cache cache;
	struct view *view;              /* shared: one a scheduler */
	struct sampling *sampling;      /* sampling.h; NULL = another plane */
	struct { uint32_t *at; uint32_t n, cap; } scratch;
	struct { struct gang *at; uint32_t n, cap; } gangs;
	uint32_t gang, free_gang;       /* that the last pod was of; a free row */
	bool priorities;                /* services have other priorities than 0 */
	struct { struct on_node *at; uint32_t n, cap; } on_node;
	struct { uint32_t *at; uint32_t n, cap; } victims;
	struct timers timers;
	uint32_t nodes_coming;          /* asked for, not up */
	int64_t nodes_asked_ns;
	uint32_t freed;                 /* whole: how often something came free */
	struct rng ties, choices;
	struct control_totals totals;
};

/* control.c: sending. */
/* So many writes; on the direct path a message to whoever waits for them, if anybody does.  What
 * costs no writes takes no time on either. */
void control_write(struct control *control, enum verb verb, enum client client, uint32_t object,
		   uint32_t gen, int64_t writes);
/* A message from one function to another, with a load if bytes. */
struct msg *control_send(struct control *control, uint32_t from, uint32_t to, enum verb verb,
			 const void *load, uint32_t bytes);
/* Arms a timer. */
void control_arm(struct control *control, int64_t at_ns, enum timer_kind kind, uint32_t id,
		 uint32_t gen, uint32_t extra);

/* list.c */
/* Appends a pod to a list; it must be in none. */
void list_push(struct control *control, struct list *list, uint32_t pod);
/* Inserts a pod behind another one of a list, or at its head (after = NONE). */
void list_insert(struct control *control, struct list *list, uint32_t pod, uint32_t after);
/* Takes a pod out of the list that it is in. */
void list_remove(struct control *control, struct list *list, uint32_t pod);

/* pods.c: a pod from its object to its end. */
/* A new row in state POD_CREATING; wanted at wanted_ns. */
uint32_t pod_new(struct control *control, uint32_t service, uint64_t id, const struct need *need,
		 int64_t wanted_ns);
/* The pod of this slot if the generation is its present one, else NULL. */
struct pod *pod_at(struct control *control, uint32_t pod, uint32_t gen);
/* The row is free again; it must be in no list. */
void pod_free(struct control *control, uint32_t pod);
/* Emits its record with this end. */
void pod_report(struct control *control, uint32_t pod, enum pod_end end);
/* The object is there: to the scheduler. */
void pod_created(struct control *control, uint32_t pod);
/* A node is taken for it by `function`: the binding is written, or handed to a bind function. */
void pod_bind(struct control *control, uint32_t pod, uint32_t function);
/* Writes the binding. */
void pod_write_binding(struct control *control, uint32_t pod);
/* The binding is seen: to the kubelet. */
void pod_bound(struct control *control, uint32_t pod);
/* From the world. */
void pod_phase(struct control *control, uint32_t pod, uint32_t phase);
void pod_ready(struct control *control, uint32_t pod);
void pod_failed(struct control *control, uint32_t pod);
/* Its node is given up: it has failed, by no fault of its own. */
void pod_lost(struct control *control, uint32_t pod);
void pod_gone(struct control *control, uint32_t pod);
/* It is not wanted any more: endpoint, then delete, then stop. */
void pod_doom(struct control *control, uint32_t pod);
/* Writes its deletion. */
void pod_delete(struct control *control, uint32_t pod);
/* The deletion is seen. */
void pod_deleted(struct control *control, uint32_t pod);
/* Says again what has not been answered since before stale_ns. */
void pod_resync(struct control *control, uint32_t pod, int64_t stale_ns);
/* A message to the kubelet about it: start, stop. */
struct msg *pod_tell(struct control *control, enum msg_kind kind, uint32_t pod);
/* Whether it has taken something of its node (audit.c). */
bool pod_has_node(const struct pod *pod);
/* What is taken of the nodes that are up, and what is fragment, into the totals. */
void control_occupancy(struct control *control);
/* Gives back what it has taken of its node. */
void pod_give(struct control *control, uint32_t pod);

/* sets.c: a service's pods. */
/* Continues every stage of the chain that lags behind the one before it; where functions do that,
 * asks them. */
void set_drive(struct control *control, uint32_t set);
/* Whether a function of this kind has something to do about it, and about how many pods. */
bool set_wants(const struct control *control, uint32_t set, enum function_kind kind);
uint32_t set_size(const struct control *control, uint32_t set, enum function_kind kind);
/* A function of this kind has thought about it: does what is to be done by now. */
void set_work(struct control *control, uint32_t set, enum function_kind kind);
/* The desired number is now this. */
void set_desire(struct control *control, uint32_t set, int32_t desired);
/* This pod of it goes first when there is one too many. */
void set_retire(struct control *control, uint32_t set, uint32_t pod);
/* A write of the set was seen. */
void set_seen(struct control *control, uint32_t set, const struct msg *msg);
/* The create of a pod was answered (or never will be). */
void set_answered(struct control *control, uint32_t pod);
/* A pod no longer counts among the existing: doomed or dead. */
void set_uncount(struct control *control, uint32_t pod);
/* Takes it out of its set's list. */
void set_unlink(struct control *control, uint32_t pod);
/* A pod that runs from the start. */
void set_adopt(struct control *control, uint32_t set, uint32_t pod);
/* Writes again what has not been answered since before `stale_ns`. */
void set_resync(struct control *control, uint32_t set, int64_t stale_ns);

/* It became routable (by 1), or is not any more (-1). */
void set_serves(struct control *control, uint32_t pod, int32_t by);

/* rollout.c: one revision's pods replace another's. */
/* Another revision of the set is wanted: all its pods are to be replaced. */
void rollout_start(struct control *control, uint32_t set);
/* What the Deployment controller would make of the sizes of the ReplicaSets now. */
void rollout_sizes(const struct control *control, uint32_t set, int32_t *fresh, int32_t *older);

/* nodes.c: nodes that come, fall silent and are given up. */
void node_came(struct control *control, uint32_t node);
void node_fell_silent(struct control *control, uint32_t node);
void node_given_up(struct control *control, uint32_t node);

/* endpoints.c */
/* Writes what has changed, if no write is under way. */
void endpoint_publish(struct control *control, uint32_t set);
/* The pod's endpoint is to change: published or withdrawn with the set's next write. */
void endpoint_change(struct control *control, uint32_t pod);
/* The write was seen. */
void endpoint_seen(struct control *control, uint32_t set, uint32_t seq);
/* Writes again if nothing came back since before stale_ns. */
void endpoint_resync(struct control *control, uint32_t set, int64_t stale_ns);
/* Serving is told that it is routable. */
void endpoint_up(struct control *control, uint32_t pod);

/* queue.c: pods that wait. */
/* Puts a pod into its queue. */
void pod_enqueue(struct control *control, uint32_t pod, uint32_t function);
/* Takes a pod out of the queue or a list of its function, or from the orphans. */
void pod_unqueue(struct control *control, uint32_t pod);
/* Puts a pod among those that wait for a function; function_adopt sends them on. */
void pod_orphan(struct control *control, uint32_t pod);
/* Dispatches the orphans, if a function is up. */
void function_adopt(struct control *control);
/* An attempt failed: given up, or parked with a back-off. */
void pod_unplaced(struct control *control, uint32_t pod);
/* It is given up; among the parked of its function. */
void pod_give_up(struct control *control, uint32_t pod);
void pod_park(struct control *control, uint32_t pod);
/* Wakes a parked pod: into its function's queue at once, or when its back-off is over. */
void pod_wake(struct control *control, uint32_t pod);
/* Arms the timer of a parked pod's back-off. */
void pod_back_off(struct control *control, uint32_t pod);

/* functions.c: instances that decide, one thing at a time. */
/* A slot of this kind is started: MSG_FUNCTION_START; returns it, or NONE if all are taken. */
uint32_t function_start(struct control *control, enum function_kind kind);
/* It is up. */
void function_up(struct control *control, uint32_t function);
/* Whether it is draining and has nothing left to do, for long enough. */
bool function_drained(const struct control *control, uint32_t function);
/* It ends (idle and drained). */
void function_stop(struct control *control, uint32_t function);
/* It died. */
void function_lost(struct control *control, uint32_t function);
/* No more pods are dispatched to it. */
void function_drain(struct control *control, uint32_t function);
/* Begins to think: the answer is function_thought(). */
void function_think(struct control *control, uint32_t function, enum think what, uint32_t pod,
		    uint32_t examined);
/* plane.search and plane.decided of who owns its nodes. */
struct found function_search_own(struct control *control, uint32_t function, uint32_t pod);
void function_decided_own(struct control *control, uint32_t function, uint32_t pod);
/* The thought is over. */
void function_thought(struct control *control, uint32_t function, const struct msg *msg);
/* Takes the next thing up, unless it is thinking. */
void function_next(struct control *control, uint32_t function);
/* It is asked to do something: into its inbox. */
void function_ask(struct control *control, uint32_t function, struct task task);
/* The oldest thing in its inbox, taken out; there must be one. */
struct task function_pop(struct function *function);
/* A task that waited since then was taken up: the delay that the top-level control plane sees. */
void function_waited(struct control *control, uint32_t function, int64_t since_ns);
/* The function that a new pod goes to; NONE if none is up. */
uint32_t function_choose(struct control *control, uint32_t pod);
/* Thinks again what has not been answered since before stale_ns. */
void function_resync(struct control *control, uint32_t function, int64_t stale_ns);

/* hold.c: reservations. */
/* Takes a node for a pod; expires unless hold_use comes. */
uint32_t hold_new(struct control *control, uint32_t pod, uint32_t node, uint32_t function);
/* The same of room for what need says, for no pod in particular. */
uint32_t hold_room(struct control *control, const struct need *need, uint32_t node,
		   uint32_t function);
/* Whether it is still there. */
bool hold_alive(const struct control *control, uint32_t hold, uint32_t gen);
/* The reservation becomes the pod's: its node, or NO_NODE if it is void. */
uint32_t hold_use(struct control *control, uint32_t hold, uint32_t gen, uint32_t pod);
/* Starts its time to expiry. */
void hold_arm(struct control *control, uint32_t hold);
/* Ends it; what it took of its node is the caller's. */
void hold_end(struct control *control, uint32_t hold);
/* Ends it and gives the node back. */
void hold_drop(struct control *control, uint32_t hold);
/* Drops those of a function, or on a node (the other NONE). */
void hold_drop_all(struct control *control, uint32_t function, uint32_t node);

/* provision.c: the cluster autoscaler. */
/* Asks for nodes for the pods that are parked. */
void provision_scan(struct control *control);
/* A new node came: pods that it was asked for are marked. */
void provision_up(struct control *control);

/* initial.c: the pods of the start. */
/* Places them, in one pool; false with a message that names the service that does not fit. */
bool initial_place(struct control *control, struct err *err);
/* Announces them. */
void initial_announce(struct control *control);
#endif
