/* A schedule function without room for a pod asks up to d others, one after the other or all at
 * once.  Who has room holds a node until the reservation expires, and says so; the pod migrates to
 * the first that does, and the others are told to let go.  An answer, and every message that comes
 * by anyway, carries its sender's free vector: from them a function knows who can be left out.
 *
 * With attempts = 1, random dispatch and order, serial probes, no cache and fixed partitions this
 * is the loss model V8: p = ErlangB(C, load * theta), theta = 1 + p (1 - p^d) / (1 - p). */
#include "base/vec.h"
#include "models/control/functional.h"
#include "models/control/note.h"
#include <assert.h>

/* ---- whom to ask ---- */

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

/* Of the candidates in scratch: any. */
static uint32_t any(struct control *c, const struct pod *pod)
{
	(void)pod;
	return rng_below(&c->choices, c->scratch.n);
}

/* The next one by number after the one that the pod's function asked last. */
static uint32_t next(struct control *c, const struct pod *pod)
{
	uint32_t last = c->function[pod->function].asked_last, best = 0;

	for (uint32_t i = 1; i < c->scratch.n; i++)
		if (c->scratch.at[i] - last - 1 < c->scratch.at[best] - last - 1)
			best = i;
	return best;
}

/* Draws candidates until one is not known to be hopeless; NONE when there are no more.  A probe is
 * saved where one would have been sent: *chances of them are left. */
static uint32_t draw(struct control *c, const struct pod *pod, uint32_t *chances,
		     uint32_t (*choose)(struct control *c, const struct pod *pod))
{
	while (c->scratch.n) {
		uint32_t other = pick(c, choose(c, pod));

		c->function[pod->function].asked_last = other;
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
	uint32_t a = draw(c, pod, chances, any), b = draw(c, pod, chances, any), other;

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
	return most ? pick(c, best) : draw(c, pod, chances, any);
}

/* Chooses whom to ask in this attempt: up to d others, all different. */
static void plan(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	uint32_t d = (uint32_t)c->config.functional.d, chances = d, other = NONE;

	pod->targets = pod->target = 0;
	c->scratch.n = 0;
	for (uint32_t i = 0; d && i < c->crew->lives; i++)
		if (c->crew->live[i] != pod->function)
			c->scratch.at[c->scratch.n++] = c->crew->live[i];
	while (pod->targets < d && c->scratch.n) {
		switch ((enum probe_order)c->config.functional.order) {
		case ORDER_RANDOM: other = draw(c, pod, &chances, any); break;
		case ORDER_POWER_OF_D: other = draw_of_two(c, pod, &chances); break;
		case ORDER_BEST_CACHED: other = draw_best(c, pod, &chances); break;
		case ORDER_ROUND_ROBIN: other = draw(c, pod, &chances, next); break;
		}
		if (other == NONE)
			break;
		c->targets[id * d + pod->targets++] = other;
		chances -= chances > 0;
	}
}

/* ---- asking ---- */

/* A message about a pod, with its sender's free vector if that costs nothing or is the point. */
static struct msg *say(struct control *c, uint32_t from, uint32_t to, enum verb verb, uint32_t pod,
		       uint32_t gen)
{
	struct free_vector vector;
	bool with = c->config.functional.piggyback || verb == VERB_ANSWER;
	struct msg *msg;

	if (with)
		cluster_vector(c->cluster, from, &vector);
	msg = control_send(c, from, to, verb, with ? &vector : NULL,
			   with ? (uint32_t)sizeof(vector) : 0);
	msg->send.task = pod;
	msg->send.gen = gen;
	return msg;
}

/* The round of probes that a message is about; the lowest bit is a yes. */
static uint16_t round_of(const struct pod *pod)
{
	return (uint16_t)(pod->probe << 1);
}

/* Asks target i, if it is there and not known to be full by now. */
static void ask_one(struct control *c, uint32_t id, uint32_t i)
{
	struct pod *pod = &c->pods.at[id];
	uint32_t other = c->targets[id * (uint32_t)c->config.functional.d + i];
	int64_t fit;

	if (c->function[other].state != FUNCTION_UP)
		return;
	fit = known(c, pod->function, other, pod);
	if (!fit) {
		saved(c, other, pod);
		return;
	}
	pod->open |= (uint16_t)(1u << i);
	pod->hopeful |= (uint16_t)((fit > 0) << i);
	c->totals.probe_cache_misses += c->config.functional.cache;
	c->totals.probes++;
	pod->record.probes++;
	note_cache(c, DECISION_ASKED, id, other);
	say(c, pod->function, other, VERB_PROBE, id, pod->gen)->send.flag = round_of(pod);
}

/* The next round, of one probe or of all; after the last the attempt is over. */
static void ask(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	bool parallel = c->config.functional.probing == PROBING_PARALLEL;

	pod->open = pod->taken = pod->hopeful = 0;
	pod->probe++;
	while (pod->target < pod->targets && (parallel || !pod->open))
		ask_one(c, id, pod->target++);
	if (!pod->open) {
		pod_unplaced(c, id);
		return;
	}
	pod->state = POD_PROBING;
	pod->since_ns = c->now;
	c->function[pod->function].probing++;
	control_arm(c, c->now + c->config.functional.reservation_ns, TIMER_PROBE, id, pod->gen,
		    pod->probe);
}

void probing_start(struct control *c, uint32_t function, uint32_t id)
{
	const struct pod *pod = &c->pods.at[id];

	assert(pod->function == function);
	c->function[function].missed[cluster_shape(pod->need.gpu_milli)]++;
	c->function[function].missed_need[cluster_shape(pod->need.gpu_milli)] = pod->need;
	plan(c, id);
	ask(c, id);
}

static void refused(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	assert(pod->state == POD_PROBING && c->function[pod->function].probing);
	c->function[pod->function].probing--;
	ask(c, id);
}

void probing_unanswered(struct control *c, uint32_t id)
{
	const struct pod *pod = &c->pods.at[id];

	for (uint32_t i = 0; i < pod->targets; i++)
		if (pod->open >> i & 1)
			note_answer(c, DECISION_UNANSWERED, id,
				    c->targets[id * (uint32_t)c->config.functional.d + i], NULL,
				    -1);
	refused(c, id);
}

/* Which target of the pod's last round `other` is, in a mask; 0 if it is none, or that of another
 * round. */
static uint16_t target_of(const struct control *c, uint32_t id, uint32_t other, uint16_t round)
{
	const struct pod *pod = &c->pods.at[id];
	uint32_t d = (uint32_t)c->config.functional.d;

	for (uint32_t i = 0; i < pod->targets && round_of(pod) == (round & ~1); i++)
		if (c->targets[id * d + i] == other)
			return (uint16_t)(1u << i);
	return 0;
}

/* ---- being asked ---- */

/* What comes twice is taken once; whether the pod has found another place meanwhile nobody knows
 * here. */
static void asked(struct control *c, uint32_t id, const struct msg *in)
{
	struct pod *pod = pod_at(c, in->send.task, in->send.gen);
	uint16_t target = 0;

	if (pod)
		target = target_of(c, in->send.task, id, in->send.flag);
	if (!target || pod->taken & target)
		return;
	pod->taken |= target;
	function_ask(c, id,
		     (struct task){ .from = in->send.from,
				    .id = in->send.task,
				    .gen = in->send.gen,
				    .number = in->send.flag,
				    .since_ns = c->now });
}

bool probing_take(struct control *c, uint32_t id, const struct task *p)
{
	struct function *f = &c->function[id];
	const struct pod *pod = pod_at(c, p->id, p->gen);
	struct found found = { .node = NO_NODE };

	if (!pod)
		return false;
	if (f->state == FUNCTION_UP)
		found = search_pool(c->cluster, id, &pod->need, &c->ties);
	f->asker = p->from;
	f->round = (uint16_t)p->number;
	f->hold = NONE;
	note_search(c, DECISION_PROBED, id, p->id, &found, note_known(c->cluster, id, &pod->need),
		    0);
	if (found.node != NO_NODE) {
		f->hold = hold_new(c, p->id, found.node, id);
		f->hold_gen = c->holds.at[f->hold].gen;
		hold_arm(c, f->hold);
	}
	function_think(c, id, THINK_PROBE, p->id, found.examined);
	return true;
}

void probing_answer(struct control *c, uint32_t id)
{
	struct function *f = &c->function[id];
	bool yes = f->hold != NONE && hold_alive(c, f->hold, f->hold_gen);
	struct msg *msg = say(c, id, f->asker, VERB_ANSWER, f->pod, f->pod_gen);

	msg->send.flag = f->round | yes;
	if (yes)
		msg->send.value = (int64_t)((uint64_t)f->hold_gen << 32 | f->hold);
}

/* ---- being answered ---- */

/* Whoever holds a node for a pod that has another, or asks no more, is to let go of it. */
static void let_go(struct control *c, uint32_t id, const struct pod *pod, const struct msg *in)
{
	struct msg *msg;

	if (!(in->send.flag & 1) || (pod && pod->function == in->send.from))
		return;
	msg = say(c, id, in->send.from, VERB_FREE, in->send.task, in->send.gen);
	msg->send.value = in->send.value;
}

static void answered(struct control *c, uint32_t id, const struct msg *in, const void *load)
{
	struct pod *pod = pod_at(c, in->send.task, in->send.gen);
	uint32_t from = in->send.from;
	uint16_t target = 0;
	struct msg *msg;

	if (pod && pod->state == POD_PROBING && pod->function == id)
		target = pod->open & target_of(c, in->send.task, from, in->send.flag);
	if (!target) {
		let_go(c, id, pod, in);
		return;
	}
	pod->open &= (uint16_t)~target;
	if (!(in->send.flag & 1)) {
		c->totals.probe_false_positives += (pod->hopeful & target) != 0;
		note_answer(c, DECISION_REFUSED, in->send.task, from, load, -1);
		if (!pod->open)
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
	msg = say(c, id, from, VERB_MIGRATE, in->send.task, in->send.gen);
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

static void freed(struct control *c, const struct msg *in)
{
	uint32_t hold = (uint32_t)in->send.value, gen = (uint32_t)((uint64_t)in->send.value >> 32);

	if (hold_alive(c, hold, gen))
		hold_drop(c, hold);
}

void probing_received(struct control *c, uint32_t id, const struct msg *in, const void *load)
{
	if (load)
		probe_cache_learn(&c->cache, id, in->send.from, c->now, load);
	switch (in->send.verb) {
	case VERB_PROBE: asked(c, id, in); break;
	case VERB_ANSWER: answered(c, id, in, load); break;
	case VERB_MIGRATE: migrated(c, id, in); break;
	case VERB_FREE: freed(c, in); break;
	default: assert(in->send.verb == VERB_GOSSIP && load);
	}
}

/* ---- gossip ---- */

/* To so many of the other functions, each once. */
static void tell_some(struct control *c, uint32_t from, const struct free_vector *vector)
{
	const struct crew *crew = c->crew;

	c->scratch.n = 0;
	for (uint32_t i = 0; i < crew->lives; i++)
		if (crew->live[i] != from)
			vec_push(&c->scratch, crew->live[i]);
	for (uint32_t n = 0; n < c->config.functional.gossip_peers && n < c->scratch.n; n++) {
		uint32_t *at = &c->scratch.at[n + rng_below(&c->choices, c->scratch.n - n)];
		uint32_t to = *at;

		*at = c->scratch.at[n];
		c->scratch.at[n] = to;
		control_send(c, from, to, VERB_GOSSIP, vector, sizeof(*vector));
	}
}

void probing_gossip(struct control *c)
{
	for (uint32_t i = 0; i < c->crew->lives; i++) {
		struct free_vector vector;

		cluster_vector(c->cluster, c->crew->live[i], &vector);
		tell_some(c, c->crew->live[i], &vector);
	}
	control_arm(c, c->now + c->config.functional.gossip_ns, TIMER_GOSSIP, 0, 0, 0);
}
