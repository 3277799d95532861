/* The top-level control plane: looks at all functions once an interval, starts or drains some of
 * each kind by how long tasks wait in their queues, and moves nodes where load, room for a shape
 * that was asked for, or free capacity is skewed.  One change at a time: while a function of the
 * kind starts or drains, or nodes are on their way, it waits. */
#include "base/vec.h"
#include "models/control/functional.h"
#include <math.h>
#include <string.h>

/* The pool at most doubles, or halves, in an interval.  source: assumption */
#define GROWTH_MAX 2.0
/* Fewer functions must leave the others less busy than this, and the delay be below this share of
 * the target, for so many intervals on end.  source: assumption */
#define BUSY_MAX 0.5
#define CALM_SHARE 0.5
#define CALM_TICKS 3

static double delay_of(const struct control *c, uint32_t id)
{
	const struct function *f = &c->function[id];
	int64_t waits_ns = 0;

	if (f->kind != FUNCTION_SCHEDULE && f->inbox.n)
		waits_ns = c->now - f->inbox.at[f->inbox.head].since_ns;
	else if (f->queue.n)
		waits_ns = c->now - c->pods.at[f->queue.head].since_ns;
	return (double)waits_ns > f->delay_ns ? (double)waits_ns : f->delay_ns;
}

/* Who is to share with a new function: of those that are up, have two nodes, are not giving any up
 * and wait for no less than the mean, the one with the most nodes.  Delays alone say little when
 * all are loaded, and would halve the same small partition again and again. */
static uint32_t donor(const struct control *c, uint32_t except)
{
	double mean = 0;
	uint32_t best = NONE;

	for (uint32_t i = 0; i < c->crew->lives; i++)
		mean += delay_of(c, c->crew->live[i]) / c->crew->lives;
	for (int pass = 0; pass < 2 && best == NONE; pass++) {
		for (uint32_t i = 0; i < c->crew->lives; i++) {
			uint32_t id = c->crew->live[i], n = c->cluster->pool[id].n;

			if (id == except || n < 2 || c->function[id].giving ||
			    (!pass && delay_of(c, id) < mean))
				continue;
			if (best == NONE || n > c->cluster->pool[best].n)
				best = id;
		}
	}
	return best;
}

static uint32_t count(const struct control *c, enum function_kind kind, enum function_state state)
{
	const struct crew *crew = &c->crew[kind];
	uint32_t n = 0;

	for (uint32_t i = 0; i < crew->slots; i++)
		n += c->function[crew->first + i].state == state;
	return n;
}

/* Mean delay of the functions of a kind that are up; *busy: cores' worth that they decided since
 * the last look.  A queue that has been empty since is half forgotten. */
static double look(struct control *c, const struct crew *crew, double *busy)
{
	double delay = 0;

	*busy = 0;
	for (uint32_t i = 0; i < crew->lives; i++) {
		struct function *f = &c->function[crew->live[i]];
		int64_t busy_ns = f->busy_ns + (f->thinking ? c->now - f->thinking_ns : 0);

		if (!f->decided && !f->queue.n && !f->inbox.n)
			f->delay_ns /= 2;
		f->decided = 0;
		*busy += (double)(busy_ns - f->busy_seen_ns) /
			 (double)c->config.functional.interval_ns;
		f->busy_seen_ns = busy_ns;
		delay += delay_of(c, crew->live[i]);
	}
	return crew->lives ? delay / crew->lives : 0;
}

/* So many functions fewer: the smallest partitions are merged into those that stay. */
static void drain(struct control *c, enum function_kind kind, uint32_t n)
{
	const struct crew *crew = &c->crew[kind];
	uint32_t at = c->scratch.n = 0;

	for (; n; n--) {
		uint32_t id = kind == FUNCTION_SCHEDULE ? partition_least(c, NONE)
							: crew->live[crew->lives - 1];

		function_drain(c, id);
		if (kind == FUNCTION_SCHEDULE)
			vec_push(&c->scratch, id);
	}
	for (; at < c->scratch.n; at++)
		partition_order(c, c->scratch.at[at], crew->live[at % crew->lives], RELEASE_ALL,
				NULL, 0);
}

/* How many functions would be busy enough, but half of them at least. */
static uint32_t fewer(const struct crew *crew, double busy)
{
	uint32_t want = (uint32_t)ceil(busy / BUSY_MAX), least = (crew->lives + 1) / 2;

	if (want < least)
		want = least;
	return want < crew->min ? crew->min : want;
}

static void scale(struct control *c, enum function_kind kind)
{
	struct crew *crew = &c->crew[kind];
	double busy, delay = look(c, crew, &busy);
	double target = (double)c->config.functional.target_delay_ns, factor;
	uint32_t want;

	for (uint32_t n = crew->lives + count(c, kind, FUNCTION_STARTING); n < crew->min; n++)
		function_start(c, kind);
	if (count(c, kind, FUNCTION_STARTING) || count(c, kind, FUNCTION_DRAINING) || !crew->lives)
		return;
	crew->calm = delay < target * CALM_SHARE ? crew->calm + 1 : 0;
	if (delay > target) {
		factor = delay / target < GROWTH_MAX ? delay / target : GROWTH_MAX;
		want = (uint32_t)ceil(crew->lives * factor);
		for (uint32_t n = crew->lives; n < want && n < crew->max; n++)
			function_start(c, kind);
	} else if (crew->calm >= CALM_TICKS && fewer(crew, busy) < crew->lives) {
		crew->calm = 0;
		drain(c, kind, crew->lives - fewer(crew, busy));
	}
}

/* Whether one has so much more than the other that nodes should move. */
static bool skewed(const struct control *c, double most, double least)
{
	return most > c->config.functional.rebalance * least;
}

/* Of the functions that are up those with the most and the least by a measure; need: for whom. */
struct ends {
	uint32_t most, least;
};

static struct ends ends_of(const struct control *c,
			   double (*measure)(const struct control *c, uint32_t id,
					     const struct need *need),
			   const struct need *need)
{
	struct ends ends = { c->crew->live[0], c->crew->live[0] };

	for (uint32_t i = 1; i < c->crew->lives; i++) {
		uint32_t id = c->crew->live[i];

		if (measure(c, id, need) > measure(c, ends.most, need))
			ends.most = id;
		if (measure(c, id, need) < measure(c, ends.least, need))
			ends.least = id;
	}
	return ends;
}

static double by_load(const struct control *c, uint32_t id, const struct need *need)
{
	(void)need;
	return delay_of(c, id);
}

static double by_fit(const struct control *c, uint32_t id, const struct need *need)
{
	return cluster_fit(c->cluster, id, need);
}

static double by_free(const struct control *c, uint32_t id, const struct need *need)
{
	(void)need;
	return (double)c->cluster->pool[id].free_gpus;
}

/* Pods wait at one function and not at another: half of its queued pods go there, and as many
 * nodes as even out how many each has to examine. */
static bool rebalance_load(struct control *c)
{
	struct ends ends = ends_of(c, by_load, NULL);
	double most = delay_of(c, ends.most), least = delay_of(c, ends.least);
	uint32_t from = c->cluster->pool[ends.most].n, to = c->cluster->pool[ends.least].n;

	if (most <= (double)c->config.functional.target_delay_ns || !skewed(c, most, least))
		return false;
	partition_order(c, ends.most, ends.least, RELEASE_LOAD, NULL,
			from > to ? (from - to) / 2 : 0);
	return true;
}

/* Whose pods of a shape most often found no room at home; NONE if all did. */
static uint32_t missed_most(const struct control *c, uint32_t shape)
{
	uint32_t most = NONE, misses = 0;

	for (uint32_t i = 0; i < c->crew->lives; i++) {
		uint32_t id = c->crew->live[i];

		if (c->function[id].missed[shape] > misses) {
			misses = c->function[id].missed[shape];
			most = id;
		}
	}
	return most;
}

/* Pods of a shape did not fit where they came to, and would elsewhere: half of what the nodes that
 * take the last of them differ by moves, or the only one.  The widest shape first. */
static bool rebalance_shape(struct control *c)
{
	for (uint32_t shape = SHAPES - 1; shape; shape--) {
		uint32_t to = missed_most(c, shape), from;
		const struct need *need;
		double most, least;

		if (to == NONE)
			continue;
		need = &c->function[to].missed_need[shape];
		from = ends_of(c, by_fit, need).most;
		most = by_fit(c, from, need);
		least = by_fit(c, to, need);
		if (!skewed(c, most, least) || (most < least + 2 && least > 0) ||
		    c->cluster->pool[from].n < 2)
			continue;
		partition_order(c, from, to, RELEASE_SHAPE, need,
				most < least + 2 ? 1 : (uint32_t)((most - least) / 2));
		return true;
	}
	return false;
}

/* Free nodes from the freest partition to the least free one, if by two nodes' worth at least.
 * Source of the rule: Goedel's node shuffler, which moves half the difference when one has more
 * than twice the other's. */
static void rebalance_free(struct control *c)
{
	struct ends ends = ends_of(c, by_free, NULL);
	double most = by_free(c, ends.most, NULL), least = by_free(c, ends.least, NULL);

	if (skewed(c, most, least) &&
	    most - least >= 2 * (double)cluster_most_gpus(&c->cluster->config))
		partition_order(c, ends.most, ends.least, RELEASE_FREE, NULL,
				(uint32_t)((most - least) / 2));
}

/* One hand-over at a time. */
static void rebalance(struct control *c)
{
	bool giving = c->cluster->loose > 0;

	for (uint32_t i = 0; i < c->crew->lives; i++)
		giving |= c->function[c->crew->live[i]].giving;
	if (c->config.functional.rebalance > 0 && c->crew->lives >= 2 && !giving &&
	    !rebalance_load(c) && !rebalance_shape(c))
		rebalance_free(c);
	for (uint32_t i = 0; i < c->functions; i++)
		memset(c->function[i].missed, 0, sizeof(c->function[i].missed));
}

/* Half the nodes and queued pods of a loaded function go to one that has none. */
static void feed(struct control *c, uint32_t id)
{
	uint32_t from = donor(c, id);

	if (from != NONE)
		partition_order(c, from, id, RELEASE_HALF, NULL, 0);
}

void top_tick(struct control *c)
{
	/* What was in nobody's hands a whole interval ago was lost on the way. */
	partition_sweep(c, c->now - c->config.functional.interval_ns);
	for (uint32_t i = 0; i < c->functions; i++) {
		if (c->function[i].state == FUNCTION_UP && !c->cluster->pool[i].n &&
		    !c->cluster->loose)
			feed(c, i);
		if (c->function[i].state != FUNCTION_DRAINING)
			continue;
		if (c->cluster->pool[i].n && c->crew->lives && !c->function[i].giving)
			partition_order(c, i, partition_least(c, i), RELEASE_ALL, NULL, 0);
		function_next(c, i);
	}
	for (int k = 0; k < FUNCTION_KINDS; k++)
		scale(c, (enum function_kind)k);
	rebalance(c);
}

void top_function_up(struct control *c, uint32_t id)
{
	feed(c, id);
	if (c->crew->lives == 1)
		partition_sweep(c, c->now);
}

void top_restart(struct control *c, enum function_kind kind)
{
	if (c->crew[kind].lives + count(c, kind, FUNCTION_STARTING) < c->crew[kind].min)
		function_start(c, kind);
}

void top_function_lost(struct control *c, uint32_t id)
{
	const struct pool *pool = &c->cluster->pool[id];

	while (pool->n)
		cluster_disown(c->cluster, pool->node[pool->n - 1], c->now);
	partition_sweep(c, c->now);
	top_restart(c, FUNCTION_SCHEDULE);
}
