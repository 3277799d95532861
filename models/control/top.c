/* The top-level control plane: looks at all functions once an interval, starts or drains some by
 * the delay of pods in their queues, and moves nodes where free capacity is skewed.  One change at
 * a time: while a function starts or drains, or nodes are on their way, it waits. */
#include "models/control/state.h"
#include <math.h>

/* The pool at most doubles in an interval.  source: assumption */
#define GROWTH_MAX 2.0
/* One function fewer must leave the others less busy than this, and the delay below this share of
 * the target, for so many intervals on end.  source: assumption */
#define BUSY_MAX 0.5
#define CALM_SHARE 0.5
#define CALM_TICKS 3

static double delay_of(const struct control *c, uint32_t id)
{
	const struct function *f = &c->function[id];
	int64_t waits_ns = f->queue.n ? c->now - c->pods.at[f->queue.head].since_ns : 0;

	return (double)waits_ns > f->delay_ns ? (double)waits_ns : f->delay_ns;
}

/* Who is to share with a new function: of those that are up, have two nodes, are not giving any up
 * and wait for no less than the mean, the one with the most nodes.  Delays alone say little when
 * all are loaded, and would halve the same small partition again and again. */
static uint32_t donor(const struct control *c, uint32_t except)
{
	double mean = 0;
	uint32_t best = NONE;

	for (uint32_t i = 0; i < c->lives; i++)
		mean += delay_of(c, c->live[i]) / c->lives;
	for (int pass = 0; pass < 2 && best == NONE; pass++) {
		for (uint32_t i = 0; i < c->lives; i++) {
			uint32_t id = c->live[i], n = c->cluster->pool[id].n;

			if (id == except || n < 2 || c->function[id].giving ||
			    (!pass && delay_of(c, id) < mean))
				continue;
			if (best == NONE || n > c->cluster->pool[best].n)
				best = id;
		}
	}
	return best;
}

static uint32_t count(const struct control *c, enum function_state state)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->functions; i++)
		n += c->function[i].state == state;
	return n;
}

/* Mean delay of the functions that are up; *busy: cores' worth that they decided since the last
 * look.  A queue that has been empty since is half forgotten. */
static double look(struct control *c, double *busy)
{
	double delay = 0;

	*busy = 0;
	for (uint32_t i = 0; i < c->lives; i++) {
		struct function *f = &c->function[c->live[i]];
		int64_t busy_ns = f->busy_ns + (f->thinking ? c->now - f->thinking_ns : 0);

		if (!f->decided && !f->queue.n)
			f->delay_ns /= 2;
		f->decided = 0;
		*busy += (double)(busy_ns - f->busy_seen_ns) /
			 (double)c->config.functional.interval_ns;
		f->busy_seen_ns = busy_ns;
		delay += delay_of(c, c->live[i]);
	}
	return c->lives ? delay / c->lives : 0;
}

/* The smallest partition is merged into the next smallest. */
static void drain(struct control *c)
{
	uint32_t id = partition_least(c, NONE);

	function_drain(c, id);
	partition_order(c, id, partition_least(c, id), RELEASE_ALL, 0);
}

static void scale(struct control *c)
{
	const struct functional_config *f = &c->config.functional;
	double busy, delay = look(c, &busy), target = (double)f->target_delay_ns, factor;
	uint32_t want;

	for (uint32_t n = c->lives + count(c, FUNCTION_STARTING); n < f->min; n++)
		function_start(c);
	if (count(c, FUNCTION_STARTING) || count(c, FUNCTION_DRAINING) || !c->lives)
		return;
	c->calm = delay < target * CALM_SHARE ? c->calm + 1 : 0;
	if (delay > target) {
		factor = delay / target < GROWTH_MAX ? delay / target : GROWTH_MAX;
		want = (uint32_t)ceil(c->lives * factor);
		for (uint32_t n = c->lives; n < want && n < f->max; n++)
			function_start(c);
	} else if (c->calm >= CALM_TICKS && c->lives > f->min && c->lives > 1 &&
		   busy < BUSY_MAX * (c->lives - 1)) {
		c->calm = 0;
		drain(c);
	}
}

/* Free nodes from the freest partition to the least free one.  Source of the rule: Goedel's node
 * shuffler, which moves half the difference when one has more than twice the other's. */
static void rebalance(struct control *c)
{
	uint32_t rich = NONE, poor = NONE;
	int64_t most, least;

	if (c->config.functional.rebalance <= 0 || c->lives < 2 || c->cluster->loose)
		return;
	for (uint32_t i = 0; i < c->lives; i++) {
		const struct pool *pool = &c->cluster->pool[c->live[i]];

		if (c->function[c->live[i]].giving)
			return;
		if (rich == NONE || pool->free_gpus > c->cluster->pool[rich].free_gpus)
			rich = c->live[i];
		if (poor == NONE || pool->free_gpus < c->cluster->pool[poor].free_gpus)
			poor = c->live[i];
	}
	most = c->cluster->pool[rich].free_gpus;
	least = c->cluster->pool[poor].free_gpus;
	/* Less than two nodes' worth is not worth a hand-over. */
	if ((double)most > c->config.functional.rebalance * (double)least &&
	    most - least >= 2 * c->cluster->config.gpus)
		partition_order(c, rich, poor, RELEASE_FREE, (uint32_t)((most - least) / 2));
}

/* Half the nodes and queued pods of a loaded function go to one that has none. */
static void feed(struct control *c, uint32_t id)
{
	uint32_t from = donor(c, id);

	if (from != NONE)
		partition_order(c, from, id, RELEASE_HALF, 0);
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
		if (c->cluster->pool[i].n && c->lives && !c->function[i].giving)
			partition_order(c, i, partition_least(c, i), RELEASE_ALL, 0);
		function_next(c, i);
	}
	scale(c);
	rebalance(c);
}

void top_function_up(struct control *c, uint32_t id)
{
	feed(c, id);
	if (c->lives == 1)
		partition_sweep(c, c->now);
}

void top_function_lost(struct control *c, uint32_t id)
{
	const struct pool *pool = &c->cluster->pool[id];

	while (pool->n)
		cluster_disown(c->cluster, pool->node[pool->n - 1], c->now);
	partition_sweep(c, c->now);
	if (c->lives + count(c, FUNCTION_STARTING) < c->config.functional.min)
		function_start(c);
}
