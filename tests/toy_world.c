/* A heap of messages to come; every action of the machine puts its answers there. */
#include "tests/toy_world.h"
#include "models/control/sampling.h"
#include <assert.h>
#include <string.h>

void toy_init(struct toy *t, struct arena *arena)
{
	memset(t, 0, sizeof(*t));
	opt_defaults(control_options, &t->control, arena);
	opt_defaults(cluster_options, &t->cluster, arena);
	t->exact = true;
	t->seed = 1;
}

void toy_services(struct toy *t, struct arena *arena, uint32_t n)
{
	t->services = n;
	t->service = ARENA_ARRAY(arena, struct service_config, n);
	for (uint32_t i = 0; i < n; i++) {
		opt_defaults(service_options, &t->service[i], arena);
		t->service[i].name = arena_print(arena, "s%u", i);
		t->service[i].cpu_milli = t->service[i].memory_bytes = 0;
	}
}

static bool before(const struct toy_event *a, const struct toy_event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void toy_post(struct toy *t, int64_t at_ns, const struct msg *msg, const void *load)
{
	struct toy_event event = { at_ns, t->order++, *msg, NULL };
	uint32_t i = t->events.n;

	assert(at_ns >= t->now);
	assert(load || !msg->load_bytes);
	if (msg->load_bytes) {
		event.load = malloc(msg->load_bytes);
		memcpy(event.load, load, msg->load_bytes);
	}
	vec_push(&t->events, event);
	for (; i && before(&event, &t->events.at[(i - 1) / 2]); i = (i - 1) / 2)
		t->events.at[i] = t->events.at[(i - 1) / 2];
	t->events.at[i] = event;
}

static struct toy_event pop(struct toy *t)
{
	struct toy_event first = t->events.at[0], last = t->events.at[--t->events.n];
	uint32_t i = 0, child;

	for (; (child = 2 * i + 1) < t->events.n; i = child) {
		if (child + 1 < t->events.n &&
		    before(&t->events.at[child + 1], &t->events.at[child]))
			child++;
		if (!before(&t->events.at[child], &last))
			break;
		t->events.at[i] = t->events.at[child];
	}
	t->events.at[i] = last;
	return first;
}

static int64_t delay(struct toy *t, int64_t mean_ns)
{
	return t->exact ? mean_ns : (int64_t)(rng_unit(&t->rng) * 2 * (double)mean_ns);
}

/* An answer to `msg` of another kind; it may come twice. */
static void reply(struct toy *t, const struct msg *msg, enum msg_kind kind, int64_t after_ns,
		  const void *load)
{
	struct msg in = *msg;

	in.kind = (uint16_t)kind;
	if (t->lost > 0 &&
	    (kind == MSG_SEEN || kind == MSG_WRITTEN || kind == MSG_THOUGHT ||
	     kind == MSG_RECEIVED) &&
	    rng_unit(&t->rng) < t->lost)
		return;
	toy_post(t, t->now + after_ns, &in, load);
	while (t->twice > 0 && rng_unit(&t->rng) < t->twice)
		toy_post(t, t->now + after_ns + delay(t, after_ns + MS), &in, load);
}

static struct toy_pod *pod_of(struct toy *t, const struct msg *msg)
{
	struct toy_pod *pod;

	while (t->pod.n <= msg->who)
		vec_push(&t->pod, (struct toy_pod){ 0 });
	pod = &t->pod.at[msg->who];
	if (pod->gen != msg->pod.gen)
		*pod = (struct toy_pod){ .gen = msg->pod.gen };
	return pod;
}

static void start_pod(struct toy *t, const struct msg *msg)
{
	struct toy_pod *pod = pod_of(t, msg);
	struct msg in = *msg;
	int64_t after_ns = delay(t, t->start_ns);

	in.load_bytes = 0;
	if (pod->started)
		return;
	pod->started = true;
	if (msg->pod.phase == PHASES)
		return;
	if (msg->pod.service == NONE) {
		reply(t, &in, MSG_POD_GONE,
		      t->life_ns ? (int64_t)(rng_exp(&t->rng) * (double)t->life_ns) : delay(t, 0),
		      NULL);
		return;
	}
	if (t->fail > 0 && rng_unit(&t->rng) < t->fail) {
		reply(t, &in, MSG_POD_FAILED, after_ns, NULL);
		return;
	}
	in.pod.phase = PHASE_SANDBOX;
	reply(t, &in, MSG_POD_PHASE, after_ns / 2, NULL);
	reply(t, &in, MSG_POD_READY, after_ns, NULL);
}

static void stop_pod(struct toy *t, const struct msg *msg)
{
	struct toy_pod *pod = pod_of(t, msg);
	struct msg in = *msg;

	in.load_bytes = 0;
	assert(pod->started);
	if (!pod->ended)
		reply(t, &in, MSG_POD_GONE, delay(t, t->stop_ns), NULL);
	pod->ended = true;
}

static void want_nodes(struct toy *t, const struct msg *msg)
{
	for (uint32_t i = 0; i < msg->node.count; i++) {
		struct msg in = { .who = t->nodes++ };

		reply(t, &in, MSG_NODE_UP, delay(t, t->node_ns), NULL);
	}
}

static void carry_out(struct toy *t, const struct msg *msg, const void *load)
{
	int64_t after_ns = delay(t, t->write_ns);

	switch (msg->kind) {
	case MSG_WRITE:
		if (msg->write.reply)
			reply(t, msg, MSG_WRITTEN, after_ns, NULL);
		if (msg->write.watch)
			reply(t, msg, MSG_SEEN, after_ns + delay(t, t->watch_ns), NULL);
		break;
	case MSG_THINK: reply(t, msg, MSG_THOUGHT, delay(t, t->think_ns), NULL); break;
	case MSG_SEND: reply(t, msg, MSG_RECEIVED, delay(t, t->send_ns), load); break;
	case MSG_FUNCTION_START: reply(t, msg, MSG_FUNCTION_UP, delay(t, t->up_ns), NULL); break;
	case MSG_POD_START: start_pod(t, msg); break;
	case MSG_POD_STOP: stop_pod(t, msg); break;
	case MSG_NODE_WANT: want_nodes(t, msg); break;
	case MSG_ENDPOINT:
		assert(msg->endpoint.service < t->services);
		t->routable[msg->endpoint.service] += msg->endpoint.up ? 1 : -1;
		assert(t->routable[msg->endpoint.service] >= 0);
		break;
	case MSG_RECORD_POD:
		vec_push(&t->record, *(const struct pod_record *)load);
		t->ends[t->record.at[t->record.n - 1].end]++;
		break;
	case MSG_RECORD_DECISION:
		vec_push(&t->decisions, *(const struct decision_record *)load);
		break;
	default: assert(msg->kind == MSG_FUNCTION_STOP);
	}
}

void toy_give(struct toy *t, const struct msg *msg, const void *load)
{
	uint32_t at = 0;

	outbox_clear(&t->out);
	control_step(t->machine, t->now, msg, load, &t->out);
	t->steps++;
	for (uint32_t i = 0; i < t->out.n; i++) {
		const struct msg *out = &t->out.at[i];

		t->outputs[out->kind]++;
		if (t->keep)
			vec_push(&t->log, *out);
		carry_out(t, out, t->out.loads + at);
		at += (out->load_bytes + 7u) & ~7u;
	}
	if (t->verify)
		toy_verify(t->machine);
}

void toy_run(struct toy *t, int64_t until)
{
	for (;;) {
		int64_t wakeup_ns = control_wakeup(t->machine);
		struct msg tick = { .kind = MSG_TICK };
		struct toy_event event;

		if (t->events.n && t->events.at[0].at_ns <= until &&
		    t->events.at[0].at_ns <= wakeup_ns) {
			event = pop(t);
			t->now = event.at_ns;
			toy_give(t, &event.msg, event.load);
			free(event.load);
		} else if (wakeup_ns <= until) {
			assert(wakeup_ns >= t->now);
			t->now = wakeup_ns;
			toy_give(t, &tick, NULL);
		} else {
			break;
		}
	}
	t->now = until;
}

void toy_start(struct toy *t)
{
	struct msg tick = { .kind = MSG_TICK };
	struct err err;

	if (!control_check(&t->control, &t->cluster, t->service, t->services, &err))
		abort();
	t->rng = rng_stream(t->seed, "toy", 0);
	t->nodes = (uint32_t)cluster_nodes(&t->cluster);
	t->routable = calloc(t->services + 1, sizeof(*t->routable));
	t->machine = control_new(&t->control, &t->cluster, t->service, t->services, t->seed);
	assert(control_wakeup(t->machine) == 0);
	toy_give(t, &tick, NULL);
}

void toy_scale(struct toy *t, uint32_t service, int32_t desired)
{
	struct msg msg = { .kind = MSG_SCALE, .who = service, .scale = { .desired = desired } };

	toy_give(t, &msg, NULL);
}

void toy_arrive(struct toy *t, uint64_t id, uint32_t gpus)
{
	toy_arrive_milli(t, id, gpus * GPU_MILLI);
}

void toy_arrive_milli(struct toy *t, uint64_t id, uint32_t gpu_milli)
{
	toy_arrive_as(t, id, gpu_milli, &(struct arrive_load){ .job = 0 });
}

void toy_arrive_as(struct toy *t, uint64_t id, uint32_t gpu_milli, const struct arrive_load *load)
{
	struct msg msg = { .kind = MSG_POD_ARRIVE, .arrive = { .id = id, .gpu_milli = gpu_milli } };

	msg.load_bytes = load->job || load->types ? sizeof(*load) : 0;
	toy_give(t, &msg, load);
}

void toy_lose_function(struct toy *t, uint32_t function)
{
	toy_give(t, &(struct msg){ .kind = MSG_FUNCTION_LOST, .who = function }, NULL);
}

void toy_lose_node(struct toy *t, uint32_t node)
{
	toy_give(t, &(struct msg){ .kind = MSG_NODE_DOWN, .who = node }, NULL);
}

void toy_release(struct toy *t)
{
	for (uint32_t i = 0; i < t->events.n; i++)
		free(t->events.at[i].load);
	vec_release(&t->events);
	vec_release(&t->pod);
	vec_release(&t->record);
	vec_release(&t->decisions);
	vec_release(&t->log);
	free(t->routable);
	outbox_release(&t->out);
	control_free(t->machine);
}
