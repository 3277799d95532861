/* functional: many schedule functions, each with nodes of its own that nobody else touches, so that
 * decisions never conflict.  One that has no room asks others (probing.c).  A top-level control
 * plane (top.c) says how many functions there are, of this and four other kinds (crew.c), and who
 * owns which nodes (partition.c). */
#include "models/control/functional.h"
#include <assert.h>

/* Parked pods that are looked at when something comes free.  source: assumption, so that a long
 * queue of pods that do not fit costs a constant */
#define WAKE_WINDOW 64

static void start(struct control *c)
{
	partition_start(c);
	control_arm(c, c->now + c->config.functional.interval_ns, TIMER_TOP, 0, 0, 0);
	if (c->config.functional.gossip_ns)
		control_arm(c, c->now + c->config.functional.gossip_ns, TIMER_GOSSIP, 0, 0, 0);
}

static void dispatch(struct control *c, uint32_t pod)
{
	uint32_t function = function_choose(c, pod);

	if (function == NONE)
		pod_orphan(c, pod);
	else
		pod_enqueue(c, pod, function);
}

/* At the top-level control plane: nodes that an owner gave up go to their new one. */
static void released(struct control *c, const struct msg *in, const void *load)
{
	uint32_t to = in->send.task, n = in->load_bytes / (uint32_t)sizeof(uint32_t);

	c->function[in->send.from].giving = false;
	if (c->function[to].state != FUNCTION_UP)
		to = partition_least(c, NONE);
	if (n && to != NONE)
		partition_assign(c, load, n, to);
}

static void received(struct control *c, uint32_t id, const struct msg *in, const void *load)
{
	uint32_t words = in->load_bytes / (uint32_t)sizeof(uint32_t);

	if (id == NONE) {
		assert(in->send.verb == VERB_RELEASED);
		released(c, in, load);
		return;
	}
	if (in->send.verb == VERB_HAND) {
		crew_handed(c, id, in->send.task, in->send.gen);
		return;
	}
	/* Nobody is there any more; who sent it will notice, or the loss was reported. */
	if (c->function[id].state < FUNCTION_UP && in->send.verb != VERB_TASKS)
		return;
	switch (in->send.verb) {
	case VERB_PROBE:
	case VERB_ANSWER:
	case VERB_MIGRATE:
	case VERB_FREE:
	case VERB_GOSSIP: probing_received(c, id, in, load); break;
	case VERB_TASKS: partition_tasks(c, id, load, words / 2); break;
	case VERB_ADOPT: partition_adopt(c, id, load, words); break;
	case VERB_RELEASE: partition_ordered(c, id, in); break;
	default: assert(!"a message between functions has a verb of theirs");
	}
}

/* Room may have come free anywhere: the pod goes to the next function, so that it comes to every
 * one in turn.  Dealt out anew, two pods that wait equally long might each come to the same one
 * again and again. */
static void retry(struct control *c, uint32_t pod)
{
	const struct function *f = &c->function[c->pods.at[pod].function];

	pod_unqueue(c, pod);
	if (f->state == FUNCTION_UP)
		pod_enqueue(c, pod, c->crew->live[(f->live_at + 1) % c->crew->lives]);
	else
		dispatch(c, pod);
}

/* Pods are tried while what they ask for still adds up to no more than there is. */
void functional_wake(struct control *c, uint32_t node)
{
	struct node left = c->cluster->node[node];
	uint32_t owner = left.pool, at = NONE, next;
	const struct function *f = &c->function[owner];

	if (f->state == FUNCTION_UP && f->backoff.n)
		at = f->backoff.head;
	for (uint32_t i = 0; i < WAKE_WINDOW && at != NONE; i++, at = next) {
		const struct need *need = &c->pods.at[at].need;

		next = c->pods.at[at].next;
		if (!cluster_fits(&left, need))
			continue;
		left.room_milli -= (int32_t)need->gpu_milli;
		left.free_cpu_milli -= need->cpu_milli;
		left.free_memory_bytes -= (int64_t)need->memory_bytes;
		pod_unqueue(c, at);
		pod_enqueue(c, at, owner);
		if (!left.room_milli)
			return;
	}
}

static void freed(struct control *c, uint32_t node)
{
	if (c->cluster->node[node].pool != NO_POOL && c->config.functional.wake)
		functional_wake(c, node);
}

static void idle(struct control *c, uint32_t id)
{
	const struct function *f = &c->function[id];

	if (function_drained(c, id) && !c->cluster->pool[id].n && !f->probing && !f->holds)
		function_stop(c, id);
}

static void up(struct control *c, uint32_t id)
{
	probe_cache_forget(&c->cache, id);
	top_function_up(c, id);
}

static void node_up(struct control *c, uint32_t node)
{
	uint32_t to = partition_least(c, NONE);

	/* Where pods wait, if anywhere. */
	for (uint32_t i = 0; i < c->crew->lives; i++)
		if (c->function[c->crew->live[i]].backoff.n > c->function[to].backoff.n)
			to = c->crew->live[i];
	if (to != NONE)
		partition_assign(c, &node, 1, to);
}

static void timer(struct control *c, const struct timer *timer)
{
	if (timer->kind == TIMER_PROBE) {
		probing_unanswered(c, timer->id);
		return;
	}
	if (timer->kind == TIMER_GOSSIP) {
		probing_gossip(c);
		return;
	}
	top_tick(c);
	control_arm(c, c->now + c->config.functional.interval_ns, TIMER_TOP, 0, 0, 0);
}

const struct plane plane_functional = {
	.think = THINK_SCHEDULE,
	.search = function_search_own,
	.decided = function_decided_own,
	.start = start,
	.dispatch = dispatch,
	.full = probing_start,
	.parked = pod_back_off,
	.retry = retry,
	.freed = freed,
	.probe = probing_take,
	.answer = probing_answer,
	.received = received,
	.idle = idle,
	.function_up = up,
	.function_lost = top_function_lost,
	.node_up = node_up,
	.timer = timer,
};
