/* The event engine held against a heap, firing by firing, in lock step: millions of events over
 * arming, moving, disarming, early stops and looking ahead, with delays of five kinds.
 * SONDE_TEST_LONG=1: a hundred times longer. */
#include "sim/event.h"
#include "tests/oracle_heap.h"
#include "tests/suites.h"
#include <stdlib.h>

struct pair;
struct node {
	struct sim_event event;
	struct pair *pair;
	int64_t at; /* what the oracle knows: armed for, SIM_NEVER = not */
	uint64_t order;
};
struct pair {
	struct sim *sim;
	struct oracle oracle;
	struct node *node;
	uint32_t n;
	uint64_t order, fired, rng, stop_at;
	int64_t now;
	int64_t (*delay)(struct pair *);
	bool dwindle; /* callbacks arm nothing more */
};

static uint64_t draw(struct pair *p)
{
	uint64_t x = p->rng; /* xorshift64*, Vigna 2016 */

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	p->rng = x;
	return (x * 0x2545f4914f6cdd1d) >> 16;
}

static uint32_t below(struct pair *p, uint32_t n)
{
	return (uint32_t)(draw(p) % n);
}

/* The oracle's next live entry; it stays in the heap. */
static struct oracle_entry oracle_next(struct pair *p)
{
	while (p->oracle.n) {
		struct oracle_entry x = p->oracle.v[0];

		if (p->node[x.id].at == x.t && p->node[x.id].order == x.order)
			return x;
		oracle_pop(&p->oracle);
	}
	return (struct oracle_entry){ .t = SIM_NEVER };
}

/* As ck_assert_int_eq, which writes to a pipe each time: too slow for here. */
static void same(int64_t a, int64_t b, const char *what)
{
	if (a != b)
		ck_abort_msg("%s: %lld, expected %lld", what, (long long)a, (long long)b);
}

static void arm(struct pair *p, uint32_t id, int64_t at)
{
	struct node *node = &p->node[id];

	sim_arm(p->sim, &node->event, at);
	if (node->at == at)
		return;
	node->at = at;
	node->order = ++p->order;
	oracle_push(&p->oracle, (struct oracle_entry){ at, node->order, id });
}

static void disarm(struct pair *p, uint32_t id)
{
	sim_disarm(&p->node[id].event);
	p->node[id].at = SIM_NEVER;
}

static int64_t later(struct pair *p)
{
	int64_t delay = p->delay(p);

	return delay < SIM_NEVER - p->now ? p->now + delay : SIM_NEVER - 1;
}

/* One random act on one random node. */
static void act(struct pair *p, uint32_t id)
{
	struct node *node = &p->node[id];
	int64_t at = node->at;

	switch (below(p, 8)) {
	case 0: disarm(p, id); break;
	case 1: /* disarm, and back to the same time: goes behind its equals */
		disarm(p, id);
		if (at != SIM_NEVER)
			arm(p, id, at);
		break;
	case 2: /* earlier */
		if (at != SIM_NEVER)
			arm(p, id, p->now + (at - p->now) / (1 + below(p, 4)));
		break;
	case 3: /* there and back */
		if (at != SIM_NEVER) {
			arm(p, id, later(p));
			arm(p, id, at);
		}
		break;
	case 4: arm(p, id, p->now); break;
	case 5: same(sim_next(p->sim), oracle_next(p).t, "sim_next"); break;
	default: arm(p, id, later(p));
	}
}

static void fire(struct sim *sim, struct sim_event *event)
{
	struct node *node = SIM_OWNER(event, struct node, event);
	struct pair *p = node->pair;
	struct oracle_entry x = oracle_next(p);

	if (x.t != sim_now(sim) || node != &p->node[x.id])
		ck_abort_msg("firing %llu: node %d at %lld, expected node %u at %lld",
			     (unsigned long long)p->fired, (int)(node - p->node),
			     (long long)sim_now(sim), x.id, (long long)x.t);
	oracle_pop(&p->oracle);
	node->at = SIM_NEVER;
	p->now = x.t;
	p->fired++;
	if (p->fired == p->stop_at)
		sim_stop(sim);
	if (p->dwindle)
		return;
	if (p->now < SIM_NEVER / 2)
		arm(p, x.id, later(p));
	if (below(p, 4) == 0)
		act(p, below(p, p->n));
}

/* Fires about `count` events of n nodes, and drains. */
static void lock_step(uint32_t n, uint64_t count, int64_t (*delay)(struct pair *), uint64_t seed)
{
	struct pair p = { .n = n, .rng = seed, .delay = delay };

	p.sim = sim_new();
	p.node = calloc(n, sizeof(*p.node));
	oracle_init(&p.oracle);
	for (uint32_t i = 0; i < n; i++) {
		p.node[i] = (struct node){ .event = SIM_EVENT(fire), .pair = &p, .at = SIM_NEVER };
		arm(&p, i, later(&p));
	}
	while (p.fired < count && oracle_next(&p).t != SIM_NEVER) {
		int64_t until = below(&p, 4) ? later(&p) : oracle_next(&p).t;

		p.stop_at = p.fired + 1 + below(&p, 2 * n);
		bool done = sim_run(p.sim, until);

		same(done, p.fired < p.stop_at, "sim_run's result");
		if (done) {
			p.now = until;
			same(oracle_next(&p).t > until, true, "nothing left before `until`");
		}
		same(sim_now(p.sim), p.now, "sim_now");
		same((int64_t)sim_fired(p.sim), (int64_t)p.fired, "sim_fired");
		for (uint32_t k = below(&p, 8); k; k--)
			act(&p, below(&p, n));
	}
	p.dwindle = true;
	p.stop_at = 0;
	ck_assert(sim_run(p.sim, SIM_NEVER));
	ck_assert_int_eq(oracle_next(&p).t, SIM_NEVER);
	ck_assert_int_eq(sim_next(p.sim), SIM_NEVER);
	for (uint32_t i = 0; i < n; i++) {
		same(sim_idle(&p.node[i].event), true, "idle after all");
		same(p.node[i].event.queued, SIM_NEVER, "queued after all");
	}
	sim_free(p.sim);
	oracle_release(&p.oracle);
	free(p.node);
}

/* Log-uniform over 1 ns .. 2 s. */
static int64_t delay_wide(struct pair *p)
{
	return (int64_t)(draw(p) & ((2ull << below(p, 31)) - 1));
}

/* Mostly equal times: multiples of 1 ms, often none. */
static int64_t delay_burst(struct pair *p)
{
	return below(p, 3) ? 1000000 * (int64_t)below(p, 4) : 0;
}

/* A few ns: every level-0 slot is busy. */
static int64_t delay_tiny(struct pair *p)
{
	return below(p, 100);
}

/* Timers of 60 s and short work, the engine's daily bread. */
static int64_t delay_mixed(struct pair *p)
{
	uint32_t k = below(p, 100);

	if (k < 10)
		return 0;
	if (k < 60)
		return 20000000 + (int64_t)below(p, 80000000);
	if (k < 90)
		return below(p, 10000000);
	return k < 95 ? 60000000000 : 60000000000 + (int64_t)(draw(p) % 60000000000);
}

/* Up to half of all time, so that a run ends at the end of time. */
static int64_t delay_huge(struct pair *p)
{
	return (int64_t)(draw(p) << 16 >> (1 + below(p, 63)));
}

static int64_t (*const delays[])(struct pair *) = { delay_wide, delay_burst, delay_tiny,
						    delay_mixed, delay_huge };
enum { DELAYS = sizeof(delays) / sizeof(delays[0]) };

START_TEST(agrees_with_a_heap)
{
	static const uint32_t sizes[] = { 1, 2, 3, 10, 50, 100, 300, 1000, 20000 };
	uint64_t rounds = getenv("SONDE_TEST_LONG") ? 100 : 1;

	for (uint64_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			lock_step(sizes[i], 60000, delays[_i],
				  1 + i + 100 * (uint64_t)_i + 10000 * round);
}
END_TEST

Suite *event_lockstep_suite(void)
{
	Suite *suite = suite_create("event_lockstep");
	TCase *tc = tcase_create("event_lockstep");

	tcase_set_timeout(tc, getenv("SONDE_TEST_LONG") ? 3600 : 60);
	tcase_add_loop_test(tc, agrees_with_a_heap, 0, DELAYS);
	suite_add_tcase(suite, tc);
	return suite;
}
