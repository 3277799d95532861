/* functional: many schedule functions, each with nodes of its own that nobody else touches, so that
 * decisions never conflict.  One that has no room asks up to d others, one after the other; who
 * has room holds a node and the pod migrates there.  What they answer goes into the asker's probe
 * cache, which rules out those that are known to be full before they are asked.
 *
 * With attempts = 1, random dispatch and order, no cache and fixed partitions this is the loss
 * model V8: p = ErlangB(C, load * theta), theta = 1 + p (1 - p^d) / (1 - p). */
#include "models/control/functional.h"
#include "models/control/note.h"
#include <assert.h>

/* Parked pods that are looked at when something comes free.  source: assumption, so that a long
 * queue of pods that do not fit costs a constant */
#define WAKE_WINDOW 64

static void start(struct control *c)
{
	partition_start(c);
	control_arm(c, c->now + c->config.functional.interval_ns, TIMER_TOP, 0, 0, 0);
}

static void dispatch(struct control *c, uint32_t pod)
{
	uint32_t function = function_choose(c);

	if (function == NONE)
		pod_orphan(c, pod);
	else
		pod_enqueue(c, pod, function);
}

/* What the cache of `from` says of `other`: 0 = hopeless, below 0 = nothing. */
static int64_t known(const struct control *c, uint32_t from, uint32_t other, const struct pod *pod)
{
	int64_t age_ns;

	if (!c->config.functional.cache)
		return -1;
	if (c->config.functional.cache_perfect && pod->need.gpu_milli)
		return cluster_fit(c->cluster, other, &pod->need);
	return probe_cache_look(&c->cache, from, other, &pod->need, c->now, &age_ns);
}

/* A probe was saved; whether it would have found room is nobody's to know but the count's. */
static void saved(struct control *c, uint32_t other, const struct pod *pod)
{
	c->totals.probe_cache_hits++;
	note_cache(c, DECISION_SKIPPED, (uint32_t)(pod - c->pods.at), other);
	c->totals.probe_false_negatives += cluster_fit(c->cluster, other, &pod->need) > 0;
}

/* The candidate at position i of scratch, which loses it. */
static uint32_t pick(struct control *c, uint32_t i)
{
	uint32_t function = c->scratch.at[i];

	c->scratch.at[i] = c->scratch.at[--c->scratch.n];
	return function;
}

/* Draws candidates until one is not known to be hopeless; NONE when there are no more.  A probe is
 * saved where one would have been sent: *chances of them are left. */
static uint32_t draw(struct control *c, const struct pod *pod, uint32_t *chances)
{
	while (c->scratch.n) {
		uint32_t other = pick(c, rng_below(&c->choices, c->scratch.n));

		if (known(c, pod->function, other, pod))
			return other;
		if (*chances) {
			saved(c, other, pod);
			--*chances;
		}
	}
	return NONE;
}

/* The freer of two draws; the other may be drawn again. */
static uint32_t draw_of_two(struct control *c, const struct pod *pod, uint32_t *chances)
{
	uint32_t a = draw(c, pod, chances), b = draw(c, pod, chances), other;

	if (b == NONE)
		return a;
	other = known(c, pod->function, a, pod) < known(c, pod->function, b, pod) ? a : b;
	c->scratch.at[c->scratch.n++] = other;
	return other == a ? b : a;
}

/* The freest by the cache; of those that nothing is known of, any. */
static uint32_t draw_best(struct control *c, const struct pod *pod, uint32_t *chances)
{
	uint32_t best = 0;
	int64_t most = 0;

	for (uint32_t i = 0; i < c->scratch.n; i++) {
		int64_t fit = known(c, pod->function, c->scratch.at[i], pod);

		if (fit > most) {
			most = fit;
			best = i;
		}
	}
	return most ? pick(c, best) : draw(c, pod, chances);
}

/* Chooses whom to ask in this attempt: up to d others, all different. */
static void plan(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	uint32_t d = (uint32_t)c->config.functional.d, chances = d, other;

	pod->targets = pod->target = 0;
	c->scratch.n = 0;
	for (uint32_t i = 0; d && i < c->crew->lives; i++)
		if (c->crew->live[i] != pod->function)
			c->scratch.at[c->scratch.n++] = c->crew->live[i];
	while (pod->targets < d && c->scratch.n) {
		if (c->config.functional.order == ORDER_RANDOM)
			other = draw(c, pod, &chances);
		else if (c->config.functional.order == ORDER_POWER_OF_D)
			other = draw_of_two(c, pod, &chances);
		else
			other = draw_best(c, pod, &chances);
		if (other == NONE)
			break;
		c->targets[id * d + pod->targets++] = other;
		chances -= chances > 0;
	}
}

/* Asks the next function that is not known to be full by now; after the last the attempt is over.
 */
static void ask(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	uint32_t d = (uint32_t)c->config.functional.d, other;
	struct msg *msg;
	int64_t fit;

	while (pod->target < pod->targets) {
		other = c->targets[id * d + pod->target++];
		if (c->function[other].state != FUNCTION_UP)
			continue;
		fit = known(c, pod->function, other, pod);
		if (!fit) {
			saved(c, other, pod);
			continue;
		}
		pod->hopeful = fit > 0;
		c->totals.probe_cache_misses += c->config.functional.cache;
		c->totals.probes++;
		pod->record.probes++;
		pod->state = POD_PROBING;
		pod->asked = other;
		note_cache(c, DECISION_ASKED, id, other);
		pod->since_ns = c->now;
		c->function[pod->function].probing++;
		control_arm(c, c->now + c->config.functional.reservation_ns, TIMER_PROBE, id,
			    pod->gen, ++pod->probe);
		msg = control_send(c, pod->function, other, VERB_PROBE, NULL, 0);
		msg->send.task = id;
		msg->send.gen = pod->gen;
		return;
	}
	pod_unplaced(c, id);
}

static void full(struct control *c, uint32_t function, uint32_t pod)
{
	assert(c->pods.at[pod].function == function);
	c->function[function].missed[cluster_shape(c->pods.at[pod].need.gpu_milli)]++;
	plan(c, pod);
	ask(c, pod);
}

static void refused(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	assert(pod->state == POD_PROBING && c->function[pod->function].probing);
	c->function[pod->function].probing--;
	ask(c, id);
}

static bool probe(struct control *c, uint32_t id, const struct task *p)
{
	struct function *f = &c->function[id];
	const struct pod *pod = pod_at(c, p->id, p->gen);
	struct found found = { .node = NO_NODE };

	if (!pod || pod->state != POD_PROBING || pod->function != p->from || pod->asked != id)
		return false;
	if (f->state == FUNCTION_UP)
		found = search_pool(c->cluster, id, &pod->need, &c->ties);
	f->asker = p->from;
	f->hold = NONE;
	note_search(c, DECISION_PROBED, id, p->id, &found, note_known(c->cluster, id, &pod->need),
		    0);
	if (found.node != NO_NODE) {
		f->hold = hold_new(c, p->id, found.node, id);
		f->hold_gen = c->holds.at[f->hold].gen;
	}
	function_think(c, id, THINK_PROBE, p->id, found.examined);
	return true;
}

static void answer(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];
	const struct pod *pod = pod_at(c, f->pod, f->pod_gen);
	bool yes = f->hold != NONE && hold_alive(c, f->hold, f->hold_gen);
	struct free_vector now_free;
	struct msg *msg;

	if (!pod || pod->state != POD_PROBING || pod->asked != id) {
		if (yes)
			hold_drop(c, f->hold);
		return;
	}
	if (yes)
		hold_arm(c, f->hold);
	cluster_vector(c->cluster, id, &now_free);
	msg = control_send(c, id, f->asker, VERB_ANSWER, &now_free, sizeof(now_free));
	msg->send.task = f->pod;
	msg->send.gen = f->pod_gen;
	msg->send.flag = yes;
	if (yes)
		msg->send.value = (int64_t)((uint64_t)f->hold_gen << 32 | f->hold);
}

static void answered(struct control *c, uint32_t id, const struct msg *in, const void *load)
{
	struct pod *pod = pod_at(c, in->send.task, in->send.gen);
	uint32_t from = in->send.from;
	struct msg *msg;

	probe_cache_learn(&c->cache, id, from, c->now, load);
	if (!pod || pod->state != POD_PROBING || pod->function != id || pod->asked != from)
		return;
	if (!in->send.flag) {
		c->totals.probe_false_positives += pod->hopeful;
		note_answer(c, DECISION_REFUSED, in->send.task, from, load, -1);
		refused(c, in->send.task);
		return;
	}
	note_answer(c, DECISION_OFFERED, in->send.task, from, load, in->send.value);
	c->function[id].probing--;
	c->totals.migrations++;
	pod->record.migrations++;
	pod->state = POD_MIGRATING;
	pod->function = from;
	pod->since_ns = c->now;
	msg = control_send(c, id, from, VERB_MIGRATE, NULL, 0);
	msg->send.task = in->send.task;
	msg->send.gen = in->send.gen;
	msg->send.value = in->send.value;
}

/* The pod is here; if its reservation is not any more it queues like any other. */
static void migrated(struct control *c, uint32_t id, const struct msg *in)
{
	struct pod *pod = pod_at(c, in->send.task, in->send.gen);
	uint32_t hold = (uint32_t)in->send.value, gen = (uint32_t)((uint64_t)in->send.value >> 32);

	if (!pod || pod->state != POD_MIGRATING || pod->function != id)
		return;
	pod->record.node = hold_use(c, hold, gen, in->send.task);
	note(c, DECISION_MIGRATED, in->send.task, id, in->send.from, pod->record.node);
	if (pod->record.node != NO_NODE)
		pod_bind(c, in->send.task, id);
	else
		pod_enqueue(c, in->send.task, id);
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
		function_ask(c, id,
			     (struct task){ .from = in->send.from,
					    .id = in->send.task,
					    .gen = in->send.gen,
					    .since_ns = c->now });
		break;
	case VERB_ANSWER: answered(c, id, in, load); break;
	case VERB_MIGRATE: migrated(c, id, in); break;
	case VERB_TASKS: partition_tasks(c, id, load, words / 2); break;
	case VERB_ADOPT: partition_adopt(c, id, load, words); break;
	case VERB_RELEASE:
		c->function[id].release_to = in->send.task;
		c->function[id].release_how = in->send.flag;
		c->function[id].release_n = (uint32_t)in->send.value;
		c->function[id].release_shape = (uint32_t)((uint64_t)in->send.value >> 32);
		function_next(c, id);
		break;
	default: assert(!"a message between functions has a verb of theirs");
	}
}

/* Room may have come free anywhere: the pod gets a new home. */
static void retry(struct control *c, uint32_t pod)
{
	pod_unqueue(c, pod);
	dispatch(c, pod);
}

static void freed(struct control *c, uint32_t node)
{
	uint32_t owner = c->cluster->node[node].pool, at;
	struct function *f;

	if (owner == NO_POOL || !c->config.functional.wake)
		return;
	f = &c->function[owner];
	at = f->state == FUNCTION_UP && f->backoff.n ? f->backoff.head : NONE;
	for (uint32_t i = 0; i < WAKE_WINDOW && at != NONE; i++, at = c->pods.at[at].next) {
		if (!cluster_fits(&c->cluster->node[node], &c->pods.at[at].need))
			continue;
		pod_unqueue(c, at);
		pod_enqueue(c, at, owner);
		return;
	}
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
		note_answer(c, DECISION_UNANSWERED, timer->id, c->pods.at[timer->id].asked, NULL,
			    -1);
		refused(c, timer->id);
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
	.full = full,
	.parked = pod_back_off,
	.retry = retry,
	.freed = freed,
	.probe = probe,
	.answer = answer,
	.received = received,
	.idle = idle,
	.function_up = up,
	.function_lost = top_function_lost,
	.node_up = node_up,
	.timer = timer,
};
