/* two-level: Mesos.  A master owns all nodes and offers what it has to one framework's scheduler at
 * a time; while an offer is held nobody else sees its nodes, so decisions never conflict, but wait
 * for each other.  A scheduler that has placed what it has, or found no room for it, hands the rest
 * back; an offer that is held too long is rescinded.  A pod that no node of an offer had room for
 * has had an attempt: its back-off is how long it refuses.  Frameworks with nothing to place
 * suppress offers, the others get them in turn.
 *
 * Of N frameworks with k pods each, decisions of t and messages of s, the last is done after
 * N k t + (2 N - 1) s: the offers follow one another. */
#include "models/control/whole.h"

/* The pool behind those of the functions. */
static uint32_t master(const struct control *c)
{
	return c->functions;
}

/* n nodes, any of them if not all: who declined the ones gets others.  Source: Mesos' hierarchical
 * allocator goes through the agents in random order. */
static void move(struct control *c, uint32_t from, uint32_t to, uint32_t n)
{
	const struct pool *pool = &c->cluster->pool[from];

	for (; n; n--) {
		uint32_t at = n < pool->n ? rng_below(&c->choices, pool->n) : pool->n - 1;
		uint32_t node = pool->node[at];

		cluster_disown(c->cluster, node, c->now);
		cluster_own(c->cluster, node, to);
	}
}

/* Who is next of those that have something to place; NONE if nobody has. */
static uint32_t next(struct control *c)
{
	for (uint32_t i = 1; i <= c->functions; i++) {
		uint32_t id = (c->offered_last + i) % c->functions;
		const struct function *f = &c->function[id];

		if (f->state == FUNCTION_UP && f->queue.n && !f->offered)
			return c->offered_last = id;
	}
	return NONE;
}

static void offer(struct control *c)
{
	uint32_t most = (uint32_t)c->config.two_level.nodes, n, to;

	while ((n = c->cluster->pool[master(c)].n) > 0) {
		to = next(c);
		if (to == NONE)
			return;
		move(c, master(c), to, most && most < n ? most : n);
		c->function[to].offered = true;
		control_send(c, NONE, to, VERB_OFFER, NULL, 0)->send.task = ++c->function[to].offer;
		control_arm(c, c->now + c->config.two_level.hold_ns, TIMER_OFFER, to, 0,
			    c->function[to].offer);
	}
}

static void take_back(struct control *c, uint32_t id, uint32_t number)
{
	struct function *f = &c->function[id];

	if (!f->offered || f->offer != number)
		return;
	f->offered = f->accepted = false;
	move(c, id, master(c), c->cluster->pool[id].n);
	offer(c);
}

static void start(struct control *c)
{
	control_arm(c, c->now + c->config.two_level.interval_ns, TIMER_TOP, 0, 0, 0);
	move(c, 0, master(c), c->cluster->pool[0].n);
}

/* A service belongs to a framework. */
static void dispatch(struct control *c, uint32_t pod)
{
	uint32_t service = c->pods.at[pod].record.service, to = service % c->functions;

	if (service != NONE && c->function[to].state == FUNCTION_UP)
		pod_enqueue(c, pod, to);
	else
		whole_dispatch(c, pod);
	offer(c);
}

static bool ready(const struct control *c, uint32_t id)
{
	return c->function[id].accepted;
}

static void freed(struct control *c, uint32_t node)
{
	(void)c, (void)node;
}

static void received(struct control *c, uint32_t id, const struct msg *in, const void *load)
{
	struct function *f;

	(void)load;
	if (id == NONE) {
		take_back(c, in->send.from, in->send.task);
		return;
	}
	f = &c->function[id];
	if (!f->offered || f->offer != in->send.task)
		return;
	f->accepted = true;
	function_next(c, id);
}

static void idle(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];

	if (!f->accepted || f->queue.n)
		return;
	f->accepted = false;
	control_send(c, id, NONE, VERB_DECLINE, NULL, 0)->send.task = f->offer;
}

static void up(struct control *c, uint32_t id)
{
	(void)id;
	offer(c);
}

static void lost(struct control *c, uint32_t id)
{
	take_back(c, id, c->function[id].offer);
	function_start(c, FUNCTION_SCHEDULE);
}

static void node_up(struct control *c, uint32_t node)
{
	cluster_own(c->cluster, node, master(c));
	offer(c);
}

static void timer(struct control *c, const struct timer *timer)
{
	if (timer->kind == TIMER_OFFER) {
		take_back(c, timer->id, timer->extra);
		return;
	}
	offer(c);
	control_arm(c, c->now + c->config.two_level.interval_ns, TIMER_TOP, 0, 0, 0);
}

const struct plane plane_two_level = {
	.think = THINK_SCHEDULE,
	.search = function_search_own,
	.decided = function_decided_own,
	.ready = ready,
	.start = start,
	.dispatch = dispatch,
	.full = whole_full,
	.parked = pod_back_off,
	.retry = whole_retry,
	.freed = freed,
	.probe = whole_probe,
	.answer = whole_answer,
	.received = received,
	.idle = idle,
	.function_up = up,
	.function_lost = lost,
	.node_up = node_up,
	.timer = timer,
};
