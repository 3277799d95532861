/* The gateway's path, step by step: split, route or wait, first token, end; deadlines; pods that
 * come and go.
 *
 * A request costs a few list and index moves at each step and allocates nothing once the pools
 * have grown.  Deadlines need no timer each: a service has one timeout, so its requests expire
 * in order of arrival, and the agenda holds one time a service at which to look at the head of
 * that list - late enough if it is the deadline of a request long gone. */
#include "models/serving/state.h"
#include <assert.h>
#include <string.h>

static uint32_t service_named(const struct service_config *services, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(services[i].name, name))
			return i;
	return NONE;
}

static void split_init(struct revision *revision, const struct service_config *services, uint32_t n)
{
	const struct opt_list *list = &revision->config->split;
	const struct split_config *split = list->at;
	double until = 0;

	if (!list->n)
		return;
	revision->share = calloc(list->n, sizeof(*revision->share));
	assert(revision->share);
	for (uint32_t i = 0; i < list->n; i++) {
		until += split[i].share;
		revision->share[i] =
			(struct share){ until, service_named(services, n, split[i].service) };
		assert(revision->share[i].service != NONE);
	}
	revision->shares = list->n;
	assert(until <= 1 + 1e-9);
}

struct serving *serving_new(const struct service_config *services, uint32_t n, uint64_t seed,
			    int64_t hop_ns)
{
	struct serving *serving = calloc(1, sizeof(*serving));

	assert(serving && hop_ns >= 0);
	serving->n = n;
	serving->hop_ns = hop_ns;
	serving->revision = calloc(n ? n : 1, sizeof(*serving->revision));
	assert(serving->revision);
	agenda_init(&serving->agenda, n);
	for (uint32_t i = 0; i < n; i++) {
		struct revision *revision = &serving->revision[i];

		revision->config = &services[i];
		revision->due = LIST_EMPTY;
		revision->due_ns = TIME_NEVER;
		revision->router_rng = rng_stream(seed, "router", i);
		revision->activator_rng = rng_stream(seed, "activator", i);
		revision->split_rng = rng_stream(seed, "split", i);
		revision->scrape_rng = rng_stream(seed, "scrape", i);
		split_init(revision, services, n);
		seats_init(&revision->seats, services[i].router, services[i].d);
		activator_init(&revision->activator, services[i].concurrency);
		revision->activator.newest_first = services[i].router == ROUTE_NEWEST;
		scaling_init(revision, i);
		revision->wake_ns = scaling_next(revision);
		agenda_set(&serving->agenda, i, revision->wake_ns);
	}
	return serving;
}

void serving_free(struct serving *serving)
{
	if (!serving)
		return;
	for (uint32_t i = 0; i < serving->n; i++) {
		seats_release(&serving->revision[i].seats);
		activator_release(&serving->revision[i].activator);
		scaling_release(&serving->revision[i]);
		free(serving->revision[i].share);
	}
	free(serving->revision);
	requests_release(&serving->requests);
	vec_release(&serving->pod);
	agenda_release(&serving->agenda);
	free(serving);
}

/* Puts the service's next wake-up into the agenda, if it is another than the one there. */
static void arm(struct serving *serving, uint32_t service)
{
	struct revision *revision = &serving->revision[service];
	int64_t next = scaling_next(revision);

	if (revision->due_ns < next)
		next = revision->due_ns;
	if (next == revision->wake_ns)
		return;
	revision->wake_ns = next;
	agenda_set(&serving->agenda, service, next);
}

/* The pod that the request was sent to, if it is still routable; else NULL. */
static struct pod *pod_of(struct serving *serving, const struct request *request)
{
	struct pod *pod = &serving->pod.at[request->pod];

	return pod->up && pod->gen == request->pod_gen ? pod : NULL;
}

/* Sends the request to the pod on this seat. */
static void submit(struct serving *serving, uint32_t slot, uint32_t seat, int64_t now,
		   struct outbox *out)
{
	struct request *request = &serving->requests.row.at[slot];
	const struct request_rest *rest = &serving->requests.rest.at[slot];
	struct revision *revision = &serving->revision[request->service];
	uint32_t at = revision->seats.seat.at[seat].pod;
	struct pod *pod = &serving->pod.at[at];
	struct msg *msg;

	assert(request->state == REQUEST_WAITING && pod->up && pod->seat == seat);
	if (now > request->arrival_ns)
		request_waited(&serving->requests, slot, pod, now);
	if (revision->per_request.on && !revision->seats.seat.at[seat].outstanding)
		per_request_busy(&revision->per_request, seat);
	seats_take(&revision->seats, seat);
	if (request->proxied)
		activator_take(&revision->activator, &revision->seats, seat);
	else if (revision->scaled)
		meter_step(&pod->direct, revision->period_ns, now, 1);
	request->state = REQUEST_SENT;
	request->pod = at;
	request->pod_gen = pod->gen;
	request->sent_ns = now;
	msg = outbox_add(out, MSG_SUBMIT, slot);
	msg->submit.gen = request->gen;
	msg->submit.pod = at;
	msg->submit.pod_gen = pod->gen;
	msg->submit.input_tokens = rest->input_tokens;
	msg->submit.output_tokens = rest->output_tokens;
	msg->submit.service = request->service;
}

/* Sends waiting requests as long as a pod has room. */
static void dispatch(struct serving *serving, uint32_t service, int64_t now, struct outbox *out)
{
	struct revision *revision = &serving->revision[service];
	struct activator *activator = &revision->activator;

	while (activator->waiting) {
		uint32_t slot = activator->queue.head;
		uint32_t seat =
			activator_pick(activator, &revision->seats, &revision->activator_rng);

		if (seat == NONE)
			return;
		list_cut(&activator->queue, serving->requests.queue.at, slot);
		activator->waiting--;
		submit(serving, slot, seat, now, out);
		if (revision->per_request.own)
			return;
	}
}

/* The request is over, whatever state it was in: its places are given back and it is recorded. */
static void finish(struct serving *serving, uint32_t slot, int64_t now, enum outcome outcome,
		   uint32_t preemptions, int64_t back_ns, struct outbox *out)
{
	struct request *request = &serving->requests.row.at[slot];
	uint32_t service = request->service;
	struct revision *revision = &serving->revision[service];
	struct activator *activator = &revision->activator;
	struct pod *pod = request->pod == NONE ? NULL : pod_of(serving, request);

	if (request->state == REQUEST_STREAMING)
		revision->streaming--;
	else if (revision->config->timeout_ns)
		list_cut(&revision->due, serving->requests.due.at, slot);
	if (request->state == REQUEST_WAITING) {
		list_cut(&activator->queue, serving->requests.queue.at, slot);
		activator->waiting--;
	}
	if (pod) {
		seats_give(&revision->seats, pod->seat);
		if (request->proxied)
			activator_give(activator, &revision->seats, pod->seat);
		else if (revision->scaled)
			meter_step(&pod->direct, revision->period_ns, now, -1);
		if (revision->per_request.on && !revision->seats.seat.at[pod->seat].outstanding)
			per_request_idle(&revision->per_request, pod->seat, now);
	}
	if (request->proxied && revision->scaled)
		meter_step(&activator->meter, revision->period_ns, now, -1);
	revision->in_flight--;
	revision->completions++;
	request_close(&serving->requests, slot, now, outcome, preemptions, serving->hop_ns, back_ns,
		      out);
	if (activator->waiting && pod && !revision->per_request.own)
		dispatch(serving, service, now, out);
}

/* The revision that this request of the service goes to. */
static uint32_t split(struct revision *revision, uint32_t service)
{
	double draw;

	if (!revision->shares)
		return service;
	draw = rng_unit(&revision->split_rng);
	for (uint32_t i = 0; i < revision->shares; i++)
		if (draw < revision->share[i].until)
			return revision->share[i].service;
	return service;
}

/* Through the activator: to a pod with room, or into the queue. */
static void proxy(struct serving *serving, uint32_t slot, int64_t now, struct outbox *out)
{
	struct request *request = &serving->requests.row.at[slot];
	uint32_t service = request->service;
	struct revision *revision = &serving->revision[service];
	struct activator *activator = &revision->activator;
	bool full;
	uint32_t seat = NONE;

	request->proxied = true;
	request->cold = !revision->seats.order.n;
	if (!activator->waiting || revision->per_request.own)
		seat = activator_pick(activator, &revision->seats, &revision->activator_rng);
	full = seat == NONE && activator->waiting >= revision->config->activator_queue;
	if (seat != NONE) {
		submit(serving, slot, seat, now, out);
	} else {
		list_push(&activator->queue, serving->requests.queue.at, slot);
		activator->waiting++;
		request->cold |= revision->per_request.on;
	}
	/* Refused requests count too: Knative's reporter stands before the throttler. */
	scaling_request(serving, service, now, out);
	if (full)
		finish(serving, slot, now, OUT_REJECTED, 0, 0, out);
}

static void on_request(struct serving *serving, int64_t now, const struct msg *in,
		       struct outbox *out)
{
	uint32_t service, slot;
	struct revision *revision;

	assert(in->who < serving->n);
	service = split(&serving->revision[in->who], in->who);
	revision = &serving->revision[service];
	revision->arrivals++;
	revision->in_flight++;
	slot = request_open(&serving->requests, service, now, in);
	if (revision->config->timeout_ns) {
		list_push(&revision->due, serving->requests.due.at, slot);
		if (revision->due_ns == TIME_NEVER)
			revision->due_ns = now + revision->config->timeout_ns;
	}
	if (revision->seats.order.n && !(revision->scaled && revision->scaler.proxy) &&
	    !revision->per_request.on)
		submit(serving, slot, seats_pick(&revision->seats, &revision->router_rng), now,
		       out);
	else
		proxy(serving, slot, now, out);
	arm(serving, service);
}

/* The row of a request that a pod speaks of, or NONE if it is over, or was never sent to this
 * pod. */
static uint32_t request_named(const struct serving *serving, uint32_t slot, uint32_t gen,
			      uint32_t pod)
{
	const struct request *request;

	if (slot >= serving->requests.row.n)
		return NONE;
	request = &serving->requests.row.at[slot];
	if (request->gen != gen || request->state < REQUEST_SENT || request->pod != pod)
		return NONE;
	return slot;
}

static void on_first_token(struct serving *serving, int64_t now, const struct msg *in)
{
	uint32_t slot = request_named(serving, in->who, in->first_token.gen, in->first_token.pod);
	struct revision *revision;

	if (slot == NONE || serving->requests.row.at[slot].state != REQUEST_SENT)
		return;
	revision = &serving->revision[serving->requests.row.at[slot].service];
	if (revision->config->timeout_ns)
		list_cut(&revision->due, serving->requests.due.at, slot);
	revision->streaming++;
	request_first_token(&serving->requests, slot, now, serving->hop_ns,
			    in->first_token.queue_proxy_ns, in->first_token.batch_wait_ns);
}

static void on_finished(struct serving *serving, int64_t now, const struct msg *in,
			struct outbox *out)
{
	uint32_t slot = request_named(serving, in->who, in->finished.gen, in->finished.pod),
		 service;

	if (slot == NONE)
		return;
	assert(in->finished.outcome < OUTCOMES && in->finished.outcome != OUT_IN_FLIGHT);
	service = serving->requests.row.at[slot].service;
	finish(serving, slot, now, (enum outcome)in->finished.outcome, in->finished.preemptions,
	       serving->hop_ns, out);
	arm(serving, service);
}

static void pod_down(struct serving *serving, struct pod *pod)
{
	struct revision *revision = &serving->revision[pod->service];

	pod->up = false;
	if (revision->per_request.on)
		per_request_down(&revision->per_request, pod->seat);
	activator_close(&revision->activator, pod->seat);
	seats_remove(&revision->seats, pod->seat);
}

/* When each phase of the pod ended, without gaps: one that it did not have ended with the one
 * before it; the last, when serving learnt of the pod. */
static void pod_history(struct pod *pod, const struct pod_record *record, int64_t now)
{
	int64_t at = 0;

	pod->up_ns = now;
	for (int i = 0; i < PHASES; i++) {
		int64_t end = record ? record->phase_end_ns[i] : -1;

		if (record && i == PHASE_DECISION)
			end = record->wanted_ns;
		else if (record && i == PHASE_CONTROL && end < 0)
			end = record->created_ns;
		if (end > at)
			at = end < now ? end : now;
		pod->phase_end_ns[i] = at;
	}
	pod->phase_end_ns[PHASE_ENDPOINT] = now;
}

static void pod_up(struct serving *serving, uint32_t slot, const struct msg *in,
		   const struct pod_record *record, int64_t now)
{
	struct pod *pod = &serving->pod.at[slot];
	struct revision *revision = &serving->revision[in->endpoint.service];

	*pod = (struct pod){
		.gen = in->endpoint.gen, .service = in->endpoint.service, .known = true, .up = true
	};
	pod_history(pod, record, now);
	pod->seat = seats_add(&revision->seats, slot);
	activator_open(&revision->activator, &revision->seats, pod->seat);
	if (revision->per_request.on)
		per_request_up(&revision->per_request, pod->seat, now);
}

static void on_endpoint(struct serving *serving, int64_t now, const struct msg *in,
			const struct pod_record *record, struct outbox *out)
{
	uint32_t service = in->endpoint.service;
	struct pod *pod;

	assert(in->who != NONE && service < serving->n);
	while (serving->pod.n <= in->who)
		vec_push(&serving->pod, (struct pod){ 0 });
	pod = &serving->pod.at[in->who];
	if (pod->known && (int32_t)(in->endpoint.gen - pod->gen) < 0)
		return; /* of a generation long gone */
	if (pod->known && pod->gen == in->endpoint.gen && (in->endpoint.up || !pod->up))
		return; /* heard before; or up after it was down: that was overtaken on the way */
	if (pod->up) {
		uint32_t left = pod->service;

		pod_down(serving, pod);
		scaling_pods(serving, left, now, out);
		arm(serving, left);
	}
	if (in->endpoint.up)
		pod_up(serving, in->who, in, record, now);
	pod->known = true;
	pod->gen = in->endpoint.gen;
	if (!in->endpoint.up)
		return;
	scaling_pods(serving, service, now, out);
	dispatch(serving, service, now, out);
	arm(serving, service);
}

/* Ends the requests that have waited for a first token for as long as they may. */
static void expire(struct serving *serving, uint32_t service, int64_t now, struct outbox *out)
{
	struct revision *revision = &serving->revision[service];
	int64_t timeout_ns = revision->config->timeout_ns;
	struct requests *requests = &serving->requests;

	if (revision->due_ns > now)
		return;
	while (revision->due.head != LIST_NONE &&
	       requests->row.at[revision->due.head].arrival_ns + timeout_ns <= now) {
		uint32_t slot = revision->due.head;
		struct request *request = &requests->row.at[slot];

		if (request->state == REQUEST_SENT) {
			struct msg *msg = outbox_add(out, MSG_CANCEL, slot);

			msg->cancel.gen = request->gen;
			msg->cancel.pod = request->pod;
			msg->cancel.pod_gen = request->pod_gen;
		}
		finish(serving, slot, now, OUT_TIMED_OUT, 0, 0, out);
	}
	revision->due_ns = revision->due.head == LIST_NONE
				 ? TIME_NEVER
				 : requests->row.at[revision->due.head].arrival_ns + timeout_ns;
}

static void on_tick(struct serving *serving, int64_t now, struct outbox *out)
{
	while (agenda_next(&serving->agenda) <= now) {
		uint32_t service = serving->agenda.heap[0].service;

		expire(serving, service, now, out);
		scaling_run(serving, service, now, out);
		arm(serving, service);
	}
}

void serving_step(struct serving *serving, int64_t now, const struct msg *in, const void *load,
		  struct outbox *out)
{
	assert(now >= serving->now);
	serving->now = now;
	switch (in->kind) {
	case MSG_REQUEST: on_request(serving, now, in, out); break;
	case MSG_FIRST_TOKEN: on_first_token(serving, now, in); break;
	case MSG_FINISHED: on_finished(serving, now, in, out); break;
	case MSG_ENDPOINT: on_endpoint(serving, now, in, load, out); break;
	case MSG_TICK: on_tick(serving, now, out); break;
	default: assert(!"a message that serving does not take");
	}
}

void serving_fetch(const struct serving *serving, uint32_t request)
{
	if (request >= serving->requests.row.n)
		return;
	__builtin_prefetch(&serving->requests.row.at[request], 1);
	__builtin_prefetch(&serving->requests.rest.at[request], 1);
}

int64_t serving_wakeup(const struct serving *serving)
{
	return agenda_next(&serving->agenda);
}

void serving_sample(struct serving *serving, uint32_t service, int64_t now,
		    struct series_record *record)
{
	struct revision *revision = &serving->revision[service];

	assert(service < serving->n);
	*record = (struct series_record){ .at_ns = now,
					  .service = service,
					  .arrivals = revision->arrivals,
					  .completions = revision->completions,
					  .waiting = revision->in_flight - revision->streaming,
					  .running = revision->streaming };
	revision->arrivals = revision->completions = 0;
}

void serving_drain(struct serving *serving, int64_t now, struct outbox *out)
{
	struct requests *requests = &serving->requests;

	assert(now >= serving->now);
	serving->now = now;
	/* Those waiting first: then no other's end lets one of them through. */
	for (int waiting = 1; waiting >= 0; waiting--) {
		for (uint32_t slot = 0; slot < requests->row.n; slot++) {
			uint8_t state = requests->row.at[slot].state;

			if (state != REQUEST_FREE && (state == REQUEST_WAITING || !waiting))
				finish(serving, slot, now, OUT_IN_FLIGHT, 0, 0, out);
		}
	}
}
