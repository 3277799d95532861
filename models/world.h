/* world.h - the boundary between what decides and what takes time: every message across it, and
 * nothing else.
 *
 * The system is three kinds of step machine, none of which knows a clock, a file or another
 * machine's state:
 *   serving   gateway, revision split, activator, autoscaler (KPA): one
 *   replica   queue-proxy, batcher and engine of one pod: one a running pod
 *   control   the control plane: autoscaled sets, schedulers, binders, endpoints; central or
 *   functional: one
 * Each is `x_step(state, now, msg, load, out)` and `x_wakeup(state)`: the latest time at which it
 * wants a MSG_TICK.
 * A world (sim/ in virtual time, emu/ in real time) delivers messages, carries out what a step put
 * into `out`, and answers every action by a later message - which may come late, twice or never.
 * One `now` a step.
 *
 * A message is 32 bytes; what is larger rides behind it as its load (a plain struct, taped whole).
 * Objects are named by slot and generation; a message for a dead generation is ignored by who gets
 * it. */
#ifndef MODELS_WORLD_H
#define MODELS_WORLD_H
#include "base/record.h"
#include <stdbool.h>
#include <stdint.h>

#define TIME_NEVER INT64_MAX
#define NONE UINT32_MAX

/* A node as the sender or receiver of MSG_SEND, and back. */
#define NODE_BIT UINT32_C(0x80000000)
/* The node's name. */
static inline uint32_t to_node(uint32_t node)
{
	return NODE_BIT | node;
}
/* Whether it is a node's. */
static inline bool is_node(uint32_t who)
{
	return who != NONE && (who & NODE_BIT);
}

enum machine { MACHINE_SERVING, MACHINE_CONTROL, MACHINE_REPLICA, MACHINES };

enum msg_kind {                 /* from -> to; `who`; load */
	MSG_TICK,               /* world -> any: the time asked for by x_wakeup has come */
	/* requests */
	MSG_REQUEST,            /* world -> serving; service: a request arrives at the gateway */
	MSG_SUBMIT,             /* serving -> replica (over the network); request slot */
	MSG_CANCEL,             /* serving -> replica; request slot */
	/* replica -> serving; request slot: first token made (or the whole answer, where there are
	 * no tokens) */
	MSG_FIRST_TOKEN,
	MSG_FINISHED,           /* replica -> serving; request slot: done, refused or failed */
	MSG_RECORD_REQUEST,     /* serving -> world; load struct request_record: it is over */
	/* engines */
	/* replica -> world; pod; load struct batch_shape: run up to k iterations */
	MSG_ITERATE,
	MSG_INTERRUPT,          /* replica -> world; pod: stop at the next whole iteration */
	/* world -> replica; pod: k iterations are done, the last one just now */
	MSG_ITERATED,
	/* replica -> world; pod: serve one request (request-level engine) */
	MSG_SERVE,
	MSG_SERVED,             /* world -> replica; pod */
	/* scaling and endpoints */
	/* serving -> control; service: the desired number of pods changed */
	MSG_SCALE,
	/* control -> serving; pod; load struct pod_record if up: routable, or no more */
	MSG_ENDPOINT,
	/* the control plane's own traffic */
	/* control -> world; object: writes to the API server by one client */
	MSG_WRITE,
	MSG_WRITTEN,            /* world -> control: the reply to its author */
	MSG_SEEN,               /* world -> control: the watch event to whoever watches this verb */
	MSG_THINK,              /* control -> world; function: a decision takes time */
	MSG_THOUGHT,            /* world -> control; function */
	/* control -> world; function `to`: a message between control functions, or nodes
	 * (to_node); optional load */
	MSG_SEND,
	MSG_RECEIVED,           /* world -> control; function `to` */
	MSG_FUNCTION_START,     /* control -> world; function */
	MSG_FUNCTION_UP,        /* world -> control; function */
	MSG_FUNCTION_STOP,      /* control -> world; function (drained before) */
	MSG_FUNCTION_LOST,      /* world -> control; function: it died */
	/* pods and nodes */
	/* world -> control: a pod without a service (plain pod workloads); load struct arrive_load
	 * if it says anything */
	MSG_POD_ARRIVE,
	/* control -> world; pod; load uint64_t, its id: its kubelet sees the binding */
	MSG_POD_START,
	MSG_POD_PHASE,          /* world -> control; pod: a phase ended */
	MSG_POD_READY,          /* world -> control; pod: status written and seen: ready */
	MSG_POD_FAILED,         /* world -> control; pod: it could not start, or died */
	MSG_POD_STOP,           /* control -> world; pod: drain, then end */
	MSG_POD_GONE,           /* world -> control; pod: its resources are free again */
	MSG_NODE_WANT,          /* control -> world; count: provision nodes */
	MSG_NODE_UP,            /* world -> control; node */
	MSG_NODE_DOWN,          /* world -> control; node */
	MSG_RECORD_POD,         /* control -> world; load struct pod_record */
	MSG_RECORD_DECISION,    /* control -> world; load struct decision_record */
	/* world -> control; node: not heard of for too long; MSG_NODE_UP takes it back,
	 * MSG_NODE_DOWN gives it up */
	MSG_NODE_SILENT,
	MSG_UPGRADE,            /* world -> control; service: another revision of its pods */
	MSG_KINDS
};

struct msg {
	uint16_t kind;                  /* enum msg_kind */
	uint16_t load_bytes;            /* of the load that rides behind it; 0 = none */
	uint32_t who;
	union {
		struct { uint64_t id; uint32_t input_tokens,
			output_tokens; uint64_t session; } request;
		struct { uint32_t gen, pod, pod_gen, input_tokens, output_tokens, service; } submit;
		struct { uint32_t gen, pod, pod_gen; } cancel;
		struct { uint32_t gen, pod; int64_t queue_proxy_ns, batch_wait_ns; } first_token;
		struct { uint32_t gen, pod, outcome, preemptions; } finished;
		struct { uint32_t gen, k_max; } iterate;
		struct { uint32_t gen, k; } iterated;
		struct { uint32_t gen, slot, input_tokens, output_tokens; } serve;
		/* retire: the pod to end first where fewer are wanted, plus 1; 0 = any */
		struct { int32_t desired, from, ready; uint32_t panic, retire; } scale;
		struct { uint32_t gen, service, node; bool up; } endpoint;
		/* verb: enum verb of models/control; writes: sequential writes that it costs (visit
		 * count); client: whose token bucket; reply / watch: whether WRITTEN / SEEN are
		 * wanted */
		struct { uint32_t gen, client, function; uint16_t verb, writes; bool reply,
			watch; } write;
		struct { uint32_t task, examined, gen; uint16_t what; } think;
		struct { uint32_t from, task, gen; uint16_t verb, flag; int64_t value; } send;
		struct { uint16_t what; } function;
		/* gpu_milli: a share of one GPU (below 1000), or whole ones (a multiple) */
		struct { uint64_t id; uint32_t gpu_milli, cpu_milli; uint64_t memory_bytes;
			} arrive;
		struct { uint32_t gen, node, service, phase; } pod;
		struct { uint32_t count; } node;
	};
};
_Static_assert(sizeof(struct msg) == 32, "messages are copied by the million");

/* Of a plain pod that comes with others, or not for all nodes. */
struct arrive_load {
	uint64_t job;                   /* 1 + the job that it is of; 0 = alone */
	uint32_t types;                 /* GPU types that will do, as bits (cluster_types_named);
	                                 * 0 = all */
	uint32_t pods;                  /* of the job */
};

/* What one engine iteration is made of; the world prices it.  Tokens of a decoding sequence count
 * as 1 each. */
struct batch_shape {
	uint32_t prefill_tokens;        /* new prompt tokens in this iteration */
	uint32_t prefill_seqs;          /* sequences that they belong to */
	uint32_t decode_seqs;           /* decoding sequences */
	uint32_t stall_groups;          /* of struct stall, behind this struct in the load */
	/* S: KV tokens that the decoding sequences read in the first iteration; grows by
	 * decode_seqs each iteration */
	uint64_t decode_kv_tokens;
	/* context already computed of the sequences being prefilled */
	uint64_t prefill_kv_tokens;
	double prefill_chunk_sq;        /* sum of squares of the prompt chunks */
	double prefill_cross;           /* sum of chunk x context already computed */
	/* Followed by stall_groups of struct stall. */
};

/* Of the sequences that make a token in the first iteration and have made one before: how many made
 * their last one when.
 * So the gap before a batch's first token is known, although batches are run many iterations at a
 * time. */
struct stall { int64_t last_token_ns; uint32_t seqs, pad; };

/* What a step did, in order.  The world owns it and empties it before each step; loads lie in
 * `loads`, 8-aligned, in the order of the messages that carry them. */
struct outbox {
	struct msg *at;
	uint32_t n, cap;
	unsigned char *loads;
	uint32_t loads_n, loads_cap;
};

/* Appends a message of this kind about `who` and returns it to be filled in; valid until the next
 * append. */
struct msg *outbox_add(struct outbox *out, enum msg_kind kind, uint32_t who);
/* The same with a load, which is copied (at most 65,535 bytes). */
struct msg *outbox_add_load(struct outbox *out, enum msg_kind kind, uint32_t who, const void *load,
			    uint32_t bytes);
/* The same with room for a load of so many bytes, at *load, to be filled in before the next
 * append. */
struct msg *outbox_add_room(struct outbox *out, enum msg_kind kind, uint32_t who, uint32_t bytes,
			    void **load);
/* Empties it, keeping its memory. */
static inline void outbox_clear(struct outbox *out)
{
	out->n = out->loads_n = 0;
}
/* Frees it. */
void outbox_release(struct outbox *out);
/* The name of a kind, for tapes and messages ("request", "submit", ...). */
const char *msg_name(enum msg_kind kind);
#endif
