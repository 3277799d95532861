/* Instances that decide, one thing at a time.  What a decision will say is worked out when it
 * begins, so that the world can price the nodes examined.  An owner takes the node then: nobody
 * else may touch its nodes, so that is the same as taking it when the decision ends. */
#include "base/vec.h"
#include "models/control/functional.h"
#include "models/control/gang.h"
#include "models/control/preempt.h"
#include "models/control/note.h"
#include <assert.h>

/* Weight of the newest queueing delay in the smoothed one.  source: assumption, 1/8 as in TCP's
 * round-trip estimate (RFC 6298) */
#define DELAY_WEIGHT 0.125

static void set_live(struct control *c, uint32_t id, bool live)
{
	struct function *f = &c->function[id];
	struct crew *crew = &c->crew[f->kind];

	if (live) {
		f->live_at = crew->lives;
		crew->live[crew->lives++] = id;
	} else {
		uint32_t last = crew->live[--crew->lives];

		assert(crew->live[f->live_at] == id);
		crew->live[f->live_at] = last;
		c->function[last].live_at = f->live_at;
	}
	if (f->kind == FUNCTION_SCHEDULE)
		c->queued[id] = live ? f->queue.n : NONE;
}

uint32_t function_start(struct control *c, enum function_kind kind)
{
	const struct crew *crew = &c->crew[kind];
	uint32_t best = NONE;

	for (uint32_t i = crew->first; i < crew->first + crew->slots; i++)
		if (c->function[i].state == FUNCTION_OFF &&
		    (best == NONE || c->function[i].stopped_ns < c->function[best].stopped_ns))
			best = i;
	if (best == NONE)
		return NONE;
	c->function[best].state = FUNCTION_STARTING;
	c->function[best].started_ns = c->now;
	c->totals.functions_started++;
	c->totals.kind[kind].started++;
	outbox_add(c->out, MSG_FUNCTION_START, best)->function.what = (uint16_t)kind;
	return best;
}

void function_up(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];

	if (f->state != FUNCTION_STARTING)
		return;
	f->state = FUNCTION_UP;
	f->delay_ns = 0;
	f->decided = 0;
	f->release_to = NONE;
	f->giving = false;
	set_live(c, id, true);
	if (f->kind != FUNCTION_SCHEDULE) {
		crew_deal(c, f->kind);
		return;
	}
	c->plane->function_up(c, id);
	function_adopt(c);
}

static void end(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];

	f->state = FUNCTION_OFF;
	f->stopped_ns = c->now;
	c->held_ns[f->kind] += c->now - f->started_ns;
	c->busy_ns[f->kind] += f->busy_ns;
	f->busy_ns = f->busy_seen_ns = 0;
}

void function_stop(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];

	assert(f->state == FUNCTION_DRAINING && !f->queue.n && !f->inbox.n && !f->thinking);
	end(c, id);
	c->totals.functions_stopped++;
	c->totals.kind[f->kind].stopped++;
	outbox_add(c->out, MSG_FUNCTION_STOP, id)->function.what = f->kind;
}

bool function_drained(const struct control *c, uint32_t id)
{
	const struct function *f = &c->function[id];

	return f->state == FUNCTION_DRAINING && !f->thinking &&
	       c->now - f->drained_ns >= c->config.functional.drain_ns;
}

void function_drain(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];

	assert(f->state == FUNCTION_UP);
	f->state = FUNCTION_DRAINING;
	f->drained_ns = c->now;
	set_live(c, id, false);
	control_arm(c, c->now + c->config.functional.drain_ns, TIMER_DRAIN, id, 0, 0);
	if (f->kind != FUNCTION_SCHEDULE)
		crew_deal(c, f->kind);
}

/* What a lost function had in hand is to be decided anew. */
static void replay(struct control *c, uint32_t id)
{
	for (uint32_t i = 0; i < c->pods.n; i++) {
		struct pod *pod = &c->pods.at[i];

		if (pod->function != id || pod->state < POD_QUEUED || pod->state > POD_PARKED)
			continue;
		note(c, DECISION_LOST, i, id, NONE, NO_NODE);
		if (pod->state == POD_QUEUED || pod->state == POD_PARKED)
			pod_unqueue(c, i);
		if (pod->record.node != NO_NODE) {
			cluster_give(c->cluster, pod->record.node, &pod->need);
			pod->record.node = NO_NODE;
		}
		pod_orphan(c, i);
	}
}

void function_lost(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];
	bool thinking = f->thinking;

	if (f->state == FUNCTION_OFF)
		return;
	if (thinking)
		f->busy_ns += c->now - f->thinking_ns;
	f->thinking = false;
	f->notes.n = 0;
	if (f->state == FUNCTION_UP)
		set_live(c, id, false);
	end(c, id);
	c->totals.kind[f->kind].lost++;
	if (f->kind != FUNCTION_SCHEDULE) {
		crew_lost(c, id, thinking);
		return;
	}
	f->inbox.n = 0;
	f->release_to = NONE;
	f->giving = false;
	f->probing = 0;
	hold_drop_all(c, id, NO_NODE);
	gang_lost(c, id);
	replay(c, id);
	c->plane->function_lost(c, id);
	function_adopt(c);
}

void function_think(struct control *c, uint32_t id, enum think what, uint32_t pod,
		    uint32_t examined)
{
	struct function *f = &c->function[id];
	struct msg *msg = outbox_add(c->out, MSG_THINK, id);

	assert(!f->thinking);
	f->thinking = true;
	f->what = (uint16_t)what;
	f->pod = pod;
	f->pod_gen = what == THINK_BIND || f->kind == FUNCTION_SCHEDULE ? c->pods.at[pod].gen : 0;
	f->examined = examined;
	f->thinking_ns = c->now;
	msg->think.task = pod;
	msg->think.examined = examined;
	msg->think.gen = ++f->thought;
	msg->think.what = f->what;
}

struct found function_search_own(struct control *c, uint32_t id, uint32_t at)
{
	struct pod *pod = &c->pods.at[at];
	struct found found = search_pool(c->cluster, id, &pod->need, &c->ties);

	/* An owner's information is exact. */
	note_search(c, DECISION_SEARCHED, id, at, &found, note_known(c->cluster, id, &pod->need),
		    0);
	if (found.node != NO_NODE)
		cluster_take(c->cluster, found.node, &pod->need);
	pod->record.node = found.node;
	return found;
}

void function_decided_own(struct control *c, uint32_t id, uint32_t pod)
{
	if (c->pods.at[pod].record.node != NO_NODE)
		pod_bind(c, pod, id);
	else
		c->plane->full(c, id, pod);
}

static void decide(struct control *c, uint32_t id)
{
	uint32_t at = c->function[id].queue.head;
	struct pod *pod = &c->pods.at[at];
	struct found found;

	if (pod->gang != NONE) {
		gang_decide(c, id);
		return;
	}
	pod_unqueue(c, at);
	function_waited(c, id, pod->since_ns);
	if (id != c->binder) {
		c->totals.decisions++;
		c->totals.retries += pod->tried;
		pod->tried = true;
	}
	pod->state = POD_DECIDING;
	pod->since_ns = c->now;
	c->function[id].freed = c->freed;
	found = c->plane->search(c, id, at);
	function_think(c, id, id == c->binder ? THINK_LEAN : c->plane->think, at, found.examined);
}

struct task function_pop(struct function *f)
{
	struct task task = f->inbox.at[f->inbox.head];

	assert(f->inbox.n);
	f->inbox.head = (f->inbox.head + 1) & (f->inbox.cap - 1);
	f->inbox.n--;
	return task;
}

/* The inbox is a ring whose size is a power of 2. */
void function_ask(struct control *c, uint32_t id, struct task task)
{
	struct function *f = &c->function[id];
	uint32_t had = f->inbox.cap;

	if (f->inbox.n == had) {
		f->inbox.at = vec_grow(f->inbox.at, &f->inbox.cap, had + 1, sizeof(task));
		/* What lay before the head now follows what lay behind it. */
		for (uint32_t i = 0; i < f->inbox.head; i++)
			f->inbox.at[had + i] = f->inbox.at[i];
	}
	f->inbox.at[(f->inbox.head + f->inbox.n++) & (f->inbox.cap - 1)] = task;
	function_next(c, id);
}

void function_waited(struct control *c, uint32_t id, int64_t since_ns)
{
	struct function *f = &c->function[id];
	struct function_totals *totals = &c->totals.kind[f->kind];
	int64_t waited_ns = c->now - since_ns;

	f->delay_ns += DELAY_WEIGHT * ((double)waited_ns - f->delay_ns);
	f->waited_ns = waited_ns;
	f->decided++;
	totals->tasks++;
	totals->waited_ns += waited_ns;
	if (waited_ns > totals->waited_max_ns)
		totals->waited_max_ns = waited_ns;
}

void function_next(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];

	if (f->thinking || f->state < FUNCTION_UP)
		return;
	if (f->kind != FUNCTION_SCHEDULE) {
		crew_next(c, id);
		return;
	}
	if (f->release_to != NONE)
		partition_release(c, id);
	/* Others wait for the answer to a probe: it goes before own work. */
	while (f->inbox.n) {
		struct task probe = function_pop(f);

		if (c->plane->probe(c, id, &probe))
			return;
	}
	if (f->queue.n && (!c->plane->ready || c->plane->ready(c, id)))
		decide(c, id);
	else
		c->plane->idle(c, id);
}

void function_thought(struct control *c, uint32_t id, const struct msg *msg)
{
	struct function *f = &c->function[id];
	struct pod *pod;

	if (!f->thinking || msg->think.gen != f->thought)
		return;
	f->thinking = false;
	f->busy_ns += c->now - f->thinking_ns;
	note_thought(c, id);
	pod = pod_at(c, f->pod, f->pod_gen);
	if (f->kind != FUNCTION_SCHEDULE)
		crew_thought(c, id);
	else if (f->what == THINK_PROBE)
		c->plane->answer(c, id);
	else if (f->gang.n)
		gang_decided(c, id);
	else if (pod && pod->state == POD_DECIDING && pod->function == id)
		c->plane->decided(c, id, f->pod);
	function_next(c, id);
}

void function_resync(struct control *c, uint32_t id, int64_t stale_ns)
{
	struct function *f = &c->function[id];
	struct msg *msg;

	if (f->giving && f->giving_ns <= stale_ns)
		f->giving = false;
	if (f->state == FUNCTION_STARTING && f->started_ns <= stale_ns) {
		outbox_add(c->out, MSG_FUNCTION_START, id)->function.what = f->kind;
	} else if (f->thinking && f->thinking_ns <= stale_ns) {
		msg = outbox_add(c->out, MSG_THINK, id);
		msg->think.task = f->pod;
		msg->think.examined = f->examined;
		msg->think.gen = f->thought;
		msg->think.what = f->what;
	}
}
