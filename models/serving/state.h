/* state.h - what the files of models/serving share: the state of the serving machine.  Not for
 * anyone else but their tests. */
#ifndef MODELS_SERVING_STATE_H
#define MODELS_SERVING_STATE_H
#include "models/serving/activator.h"
#include "models/serving/agenda.h"
#include "models/serving/kpa.h"
#include "models/serving/per_request.h"
#include "models/serving/seats.h"
#include "models/serving/scaler.h"
#include "models/serving/serving.h"

enum request_state {
	REQUEST_FREE,
	REQUEST_WAITING,   /* in the activator */
	REQUEST_SENT,      /* to a pod; no token yet */
	REQUEST_STREAMING  /* its first token was made */
};

/* What every message about a request touches: a cache line. */
struct request {
	_Alignas(64) uint32_t gen;
	uint32_t service, pod, pod_gen; /* pod NONE = not sent yet */
	int64_t arrival_ns, sent_ns;
	int64_t first_ns;        /* first token made, without the hop; -1 = none */
	uint8_t state;           /* enum request_state */
	bool proxied;            /* it came through the activator */
	bool waited;             /* there: its row of `wait` is filled */
	bool cold;
};

/* What its record needs besides: another. */
struct request_rest {
	_Alignas(64) uint64_t id;
	uint32_t input_tokens, output_tokens;
	/* known with the first token */
	int64_t queue_proxy_ns, batch_wait_ns, prefill_ns, network_ns;
};

enum { WAIT_ACTIVATOR = PHASES, WAITS };
/* By phase of the pod that ended the wait, then the rest. */
struct request_wait { int64_t part_ns[WAITS]; };

struct requests {
	VEC(struct request) row;
	VEC(struct request_rest) rest;
	VEC(struct request_wait) wait;
	VEC(struct link) due;    /* a service's requests without a first token, by arrival */
	VEC(struct link) queue;  /* of its activator */
	VEC(uint32_t) free;      /* last freed first */
};

/* A pod, by control's slot. */
struct pod {
	uint32_t gen, service, seat;
	bool known, up;          /* known: gen is one that was seen */
	int64_t up_ns;           /* when serving learnt that it is routable */
	struct meter direct;     /* requests past the activator: what its queue-proxy reports */
	int64_t phase_end_ns[PHASES];
};

struct share { double until; uint32_t service; };

struct revision {
	const struct service_config *config;
	bool scaled;             /* by the KPA */
	struct list due;
	int64_t due_ns;          /* when to look at the head of `due`; TIME_NEVER */
	int64_t wake_ns;         /* what the agenda has */
	struct seats seats;
	struct activator activator;
	struct rng router_rng, activator_rng, split_rng, scrape_rng;
	struct share *share;     /* cumulative */
	uint32_t shares;
	uint32_t in_flight, streaming, arrivals, completions;
	/* autoscaling (scaling.c) */
	bool awake;              /* it ticks */
	int32_t sent_desired;    /* what control was last told */
	int64_t phase_ns;        /* its ticks lie at phase + k * period */
	int64_t period_ns;       /* start of the running metric period */
	int64_t scrape_ns, tick_ns; /* next of each */
	struct kpa kpa;
	struct scaler scaler;
	struct per_request per_request;
};

struct serving {
	uint32_t n;
	struct revision *revision;
	struct requests requests;
	VEC(struct pod) pod;
	struct agenda agenda;
	int64_t hop_ns, now;
};

/* request.c: a new row, waiting, linked nowhere. */
uint32_t request_open(struct requests *requests, uint32_t service, int64_t now,
		      const struct msg *in);
/* Lays the wait that this pod ends at now against its history. */
void request_waited(struct requests *requests, uint32_t slot, const struct pod *pod, int64_t now);
/* The first token was made at now; splits the time since it was sent. */
void request_first_token(struct requests *requests, uint32_t slot, int64_t now, int64_t hop_ns,
			 int64_t queue_proxy_ns, int64_t batch_wait_ns);
/* Records the request, over at now with this outcome (back_ns: time of the answer's way to the
 * gateway), and frees its row; it must be linked nowhere. */
void request_close(struct requests *requests, uint32_t slot, int64_t now, enum outcome outcome,
		   uint32_t preemptions, int64_t hop_ns, int64_t back_ns, struct outbox *out);
/* Frees the pool. */
void requests_release(struct requests *requests);

/* scaling.c: starts the autoscaler of a service, if it has one. */
void scaling_init(struct revision *revision, uint32_t service);
/* Frees it. */
void scaling_release(struct revision *revision);
/* When it wants scaling_run at the latest; TIME_NEVER. */
int64_t scaling_next(const struct revision *revision);
/* Samples, decides and tells control, as far as each is due. */
void scaling_run(struct serving *serving, uint32_t service, int64_t now, struct outbox *out);
/* A request comes to the activator: it reports and pokes where it must. */
void scaling_request(struct serving *serving, uint32_t service, int64_t now, struct outbox *out);
/* A pod came or went. */
void scaling_pods(struct serving *serving, uint32_t service, int64_t now, struct outbox *out);
#endif
