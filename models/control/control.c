/* One step: a message finds what it is about, by slot and generation, and takes it one arrow on.
 * What it does not find in the state it speaks of is dropped: late, or told before. */
#include "models/control/control.h"
#include "base/vec.h"
#include "models/control/functional.h"
#include "models/control/gang.h"
#include "models/control/note.h"
#include <assert.h>
#include <string.h>

/* Its author waits for the reply; others wait to see it. */
static bool replied(enum verb verb)
{
	return verb == VERB_POD_CREATE;
}

static bool watched(enum verb verb)
{
	return verb != VERB_REPLICASET && verb != VERB_POD_STATUS;
}

void control_write(struct control *c, enum verb verb, enum client client, uint32_t object,
		   uint32_t gen, int64_t writes)
{
	struct msg *msg;

	assert(verb < VERB_PROBE && writes >= 0 && writes <= UINT16_MAX);
	if (c->direct && writes) {
		if (!replied(verb) && !watched(verb))
			return;
		msg = control_send(c, NONE, NONE, verb, NULL, 0);
		msg->send.task = object;
		msg->send.gen = gen;
		return;
	}
	c->totals.api_writes += (uint64_t)writes;
	msg = outbox_add(c->out, MSG_WRITE, object);
	msg->write.gen = gen;
	msg->write.client = client;
	msg->write.function = verb == VERB_BIND ? c->pods.at[object].function : NONE;
	msg->write.verb = (uint16_t)verb;
	msg->write.writes = (uint16_t)writes;
	msg->write.reply = replied(verb);
	msg->write.watch = watched(verb);
}

struct msg *control_send(struct control *c, uint32_t from, uint32_t to, enum verb verb,
			 const void *load, uint32_t bytes)
{
	struct msg *msg = bytes ? outbox_add_load(c->out, MSG_SEND, to, load, bytes)
				: outbox_add(c->out, MSG_SEND, to);

	c->totals.messages++;
	msg->send.from = from;
	msg->send.verb = (uint16_t)verb;
	return msg;
}

void control_arm(struct control *c, int64_t at_ns, enum timer_kind kind, uint32_t id, uint32_t gen,
		 uint32_t extra)
{
	timer_arm(&c->timers, (struct timer){ at_ns, 0, kind, id, gen, extra });
}

/* Whether what the timer was armed for is over. */
static bool stale(struct control *c, const struct timer *timer)
{
	const struct pod *pod;

	switch (timer->kind) {
	case TIMER_POD:
		pod = pod_at(c, timer->id, timer->gen);
		return !pod || pod->state != POD_PARKED || pod->record.attempts != timer->extra;
	case TIMER_PROBE:
		pod = pod_at(c, timer->id, timer->gen);
		return !pod || (pod->state != POD_PROBING && pod->state != POD_WAITING) ||
		       pod->probe != timer->extra;
	case TIMER_HOLD: return !hold_alive(c, timer->id, timer->gen);
	default: return false;
	}
}

/* Asks again for what has not been answered for a whole interval. */
static void resync(struct control *c)
{
	int64_t stale_ns = c->now - c->config.resync_ns;

	for (uint32_t i = 0; i < c->pods.n; i++)
		pod_resync(c, i, stale_ns);
	for (uint32_t i = 0; i < c->sets; i++)
		set_resync(c, i, stale_ns);
	for (uint32_t i = 0; i < c->slots; i++)
		function_resync(c, i, stale_ns);
	control_arm(c, c->now + c->config.resync_ns, TIMER_RESYNC, 0, 0, 0);
}

static void fire(struct control *c, const struct timer *timer)
{
	switch (timer->kind) {
	case TIMER_SET: set_drive(c, timer->id); break;
	case TIMER_POD: c->plane->retry(c, timer->id); break;
	case TIMER_HOLD:
		c->totals.reservations_expired++;
		note_expired(c, timer->id);
		hold_drop(c, timer->id);
		break;
	case TIMER_RESYNC: resync(c); break;
	case TIMER_DRAIN: function_next(c, timer->id); break;
	case TIMER_SCAN:
		provision_scan(c);
		control_arm(c, c->now + c->cluster->config.provision.scan_ns, TIMER_SCAN, 0, 0, 0);
		break;
	default: c->plane->timer(c, timer);
	}
}

static void tick(struct control *c)
{
	while (c->timers.n && c->timers.at[0].at_ns <= c->now) {
		struct timer timer = timer_pop(&c->timers);

		if (!stale(c, &timer))
			fire(c, &timer);
	}
}

static void written(struct control *c, const struct msg *in)
{
	struct pod *pod;

	if (in->write.verb != VERB_POD_CREATE)
		return;
	pod = pod_at(c, in->who, in->write.gen);
	if (!pod || pod->replied)
		return;
	set_answered(c, in->who);
	set_drive(c, pod->record.service);
}

static void seen(struct control *c, const struct msg *in)
{
	struct pod *pod = NULL;
	uint32_t set;

	if (in->write.verb == VERB_ENDPOINTS) {
		endpoint_seen(c, in->who, in->write.gen);
		return;
	}
	if (in->write.verb == VERB_SCALE || in->write.verb == VERB_DEPLOYMENT) {
		set_seen(c, in->who, in);
		return;
	}
	pod = pod_at(c, in->who, in->write.gen);
	if (!pod)
		return;
	if (in->write.verb == VERB_POD_CREATE && pod->state == POD_CREATING) {
		pod_created(c, in->who);
	} else if (in->write.verb == VERB_BIND && pod->state == POD_BINDING) {
		pod_bound(c, in->who);
	} else if (in->write.verb == VERB_POD_DELETE) {
		set = pod->record.service;
		pod_deleted(c, in->who);
		set_drive(c, set);
	}
}

/* What came by message instead of through the API server is reply and watch event in one. */
static void told(struct control *c, const struct msg *in)
{
	struct msg as = { .kind = MSG_SEEN, .who = in->send.task };

	as.write.gen = in->send.gen;
	as.write.verb = in->send.verb;
	if (replied(in->send.verb))
		written(c, &as);
	seen(c, &as);
}

static void arrive(struct control *c, const struct msg *in, const void *load)
{
	struct need need = { .gpu_milli = in->arrive.gpu_milli,
			     .cpu_milli = in->arrive.cpu_milli,
			     .memory_bytes = in->arrive.memory_bytes };
	struct arrive_load more = { .job = 0 };
	uint32_t pod;

	if (in->load_bytes) {
		memcpy(&more, load, sizeof(more));
		need.types = more.types;
	}
	pod = pod_new(c, NONE, in->arrive.id, &need, c->now);
	if (more.job) {
		c->pods.at[pod].job = (uint32_t)((more.job - 1) % UINT32_MAX) + 1;
		gang_join(c, pod, more.job, more.pods);
	}
	pod_created(c, pod);
}

static void kubelet(struct control *c, const struct msg *in)
{
	if (!pod_at(c, in->who, in->pod.gen))
		return;
	switch (in->kind) {
	case MSG_POD_PHASE: pod_phase(c, in->who, in->pod.phase); break;
	case MSG_POD_READY: pod_ready(c, in->who); break;
	case MSG_POD_FAILED: pod_failed(c, in->who); break;
	default: pod_gone(c, in->who);
	}
}

static void function_message(struct control *c, const struct msg *in, const void *load)
{
	if (in->kind == MSG_RECEIVED) {
		assert(in->who < c->slots || in->who == NONE || is_node(in->who));
		if (in->send.verb < VERB_PROBE)
			told(c, in);
		else
			c->plane->received(c, in->who, in, load);
		return;
	}
	assert(in->who < c->slots);
	if (in->kind == MSG_THOUGHT)
		function_thought(c, in->who, in);
	else if (in->kind == MSG_FUNCTION_UP)
		function_up(c, in->who);
	else
		function_lost(c, in->who);
}

static void begin(struct control *c)
{
	c->begun = true;
	c->plane->start(c);
	control_arm(c, c->now + c->config.resync_ns, TIMER_RESYNC, 0, 0, 0);
	if (c->cluster->config.provision.max_nodes)
		control_arm(c, c->now + c->cluster->config.provision.scan_ns, TIMER_SCAN, 0, 0, 0);
	initial_announce(c);
}

void control_step(struct control *c, int64_t now, const struct msg *in, const void *load,
		  struct outbox *out)
{
	assert(now >= c->now);
	c->now = now;
	c->out = out;
	if (!c->begun)
		begin(c);
	switch (in->kind) {
	case MSG_TICK: tick(c); break;
	case MSG_SCALE:
		assert(in->who < c->sets);
		if (in->scale.retire)
			set_retire(c, in->who, in->scale.retire - 1);
		set_desire(c, in->who, in->scale.desired);
		break;
	case MSG_WRITTEN: written(c, in); break;
	case MSG_SEEN: seen(c, in); break;
	case MSG_THOUGHT:
	case MSG_RECEIVED:
	case MSG_FUNCTION_UP:
	case MSG_FUNCTION_LOST: function_message(c, in, load); break;
	case MSG_POD_ARRIVE: arrive(c, in, load); break;
	case MSG_POD_PHASE:
	case MSG_POD_READY:
	case MSG_POD_FAILED:
	case MSG_POD_GONE: kubelet(c, in); break;
	case MSG_NODE_UP: node_came(c, in->who); break;
	case MSG_NODE_SILENT: node_fell_silent(c, in->who); break;
	case MSG_NODE_DOWN: node_given_up(c, in->who); break;
	case MSG_UPGRADE:
		assert(in->who < c->sets);
		rollout_start(c, in->who);
		break;
	default: assert(!"a message to the control plane");
	}
	while (c->timers.n && stale(c, &c->timers.at[0]))
		timer_pop(&c->timers);
	c->out = NULL;
}

void control_drain(struct control *c, int64_t now, struct outbox *out)
{
	assert(now >= c->now);
	c->now = now;
	c->out = out;
	for (uint32_t i = 0; i < c->pods.n; i++) {
		struct pod *pod = &c->pods.at[i];

		if (pod->state == POD_UNUSED || pod->reported)
			continue;
		/* A node that a scheduler has in mind is not the pod's yet. */
		if (pod->record.bound_ns < 0)
			pod->record.node = NO_NODE;
		pod_report(c, i, pod->doomed ? POD_CANCELLED : POD_PENDING);
	}
	c->out = NULL;
}

int64_t control_wakeup(const struct control *c)
{
	if (!c->begun)
		return 0;
	return c->timers.n ? c->timers.at[0].at_ns : TIME_NEVER;
}

const struct control_totals *control_totals(struct control *c, int64_t now)
{
	const struct function_totals *schedule = &c->totals.kind[FUNCTION_SCHEDULE];
	int64_t held_ns;

	for (int k = 0; k < FUNCTION_KINDS; k++) {
		struct function_totals *kind = &c->totals.kind[k];

		kind->held_ns = c->held_ns[k];
		kind->busy_ns = c->busy_ns[k];
		for (uint32_t i = 0; i < c->crew[k].slots; i++) {
			const struct function *f = &c->function[c->crew[k].first + i];

			if (f->state == FUNCTION_OFF)
				continue;
			kind->held_ns += now - f->started_ns;
			kind->busy_ns += f->busy_ns + (f->thinking ? now - f->thinking_ns : 0);
		}
	}
	/* What the other kinds do, controllers do in other planes, which nobody counts.  The
	 * top-level control plane lives as long as the cluster, and decides about no pod. */
	held_ns = schedule->held_ns + (c->plane == &plane_functional ? now : 0);
	c->totals.core_ns = (int64_t)((double)held_ns * c->config.cores + 0.5);
	c->totals.idle_core_ns =
		(int64_t)((double)(held_ns - schedule->busy_ns) * c->config.cores + 0.5);
	control_occupancy(c);
	return &c->totals;
}

uint32_t control_functions(const struct control *c, enum function_kind kind, uint32_t *slot)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->slots; i++) {
		if (c->function[i].state != FUNCTION_UP ||
		    (kind != FUNCTION_KINDS && c->function[i].kind != kind))
			continue;
		if (slot)
			slot[n] = i;
		n++;
	}
	return n;
}

void control_sample(const struct control *c, uint32_t service, struct series_record *sample)
{
	const struct set *s = &c->set[service];

	assert(service < c->sets);
	sample->desired = (uint32_t)s->desired;
	sample->ready = (uint32_t)s->serving;
	sample->starting = s->desired > s->serving ? (uint32_t)(s->desired - s->serving) : 0;
}
