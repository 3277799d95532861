/* Probes between schedule functions: in which order and how many at once, what becomes of the
 * reservations of those that lose, of messages that come late or twice, and how a function learns
 * who is full. */
#include "tests/suites.h"
#include "tests/toy_world.h"

enum { FUNCTIONS = 4, GPUS = 4 };

static struct arena arena;
static struct toy toy;

/* Four functions with a node each; the first has no room any more. */
static void setup(void)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy.control.plane = PLANE_FUNCTIONAL;
	toy.control.functional.crew->functions = FUNCTIONS;
	toy.control.functional.crew->min = toy.control.functional.crew->max = 0;
	toy.control.functional.rebalance = 0;
	toy.control.functional.d = 3;
	toy.control.functional.order = ORDER_ROUND_ROBIN;
	toy.cluster.nodes = FUNCTIONS;
	toy.cluster.gpus = GPUS;
	toy.life_ns = 1000000 * S;
	toy.verify = toy.keep = true;
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
}

/* A pod for function `home`, now. */
static void arrive(uint64_t id, uint32_t home, uint32_t gpus)
{
	toy.machine->turn = (home + FUNCTIONS - 1) % FUNCTIONS;
	toy_arrive(&toy, id, gpus);
	toy_run(&toy, toy.now);
}

static void start(uint32_t full)
{
	toy_start(&toy);
	for (uint32_t i = 0; i < full; i++)
		arrive(100 + i, i, GPUS);
	toy_run(&toy, 1 * S);
	toy.log.n = 0;
}

static uint32_t sent(enum verb verb)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < toy.log.n; i++)
		n += toy.log.at[i].kind == MSG_SEND && toy.log.at[i].send.verb == verb;
	return n;
}

static const struct msg *nth(enum verb verb, uint32_t n)
{
	for (uint32_t i = 0; i < toy.log.n; i++)
		if (toy.log.at[i].kind == MSG_SEND && toy.log.at[i].send.verb == verb && !n--)
			return &toy.log.at[i];
	ck_abort_msg("no such message");
	return NULL;
}

static int32_t free_gpus(uint32_t node)
{
	return toy.machine->cluster->node[node].free_gpus;
}

START_TEST(one_after_the_other)
{
	toy.send_ns = 10 * MS;
	start(3);
	arrive(1, 0, GPUS);
	toy_run(&toy, toy.now + 15 * MS);
	ck_assert_uint_eq(sent(VERB_PROBE), 1);
	toy_run(&toy, toy.now + 1 * S);
	/* 1 and 2 are full, 3 has room. */
	ck_assert_uint_eq(sent(VERB_PROBE), 3);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_uint_eq(nth(VERB_PROBE, i)->who, 1 + i);
	ck_assert_int_eq(toy.machine->cluster->node[3].free_gpus, 0);
	ck_assert_uint_eq(sent(VERB_FREE), 0);
	ck_assert_int_eq(toy.record.at[toy.record.n - 1].bound_ns - toy.record.at[0].bound_ns,
			 1 * S + 8 * 10 * MS - 10 * MS);
}
END_TEST

/* Three probes at once, three reservations, one pod: the other two are given back as soon as their
 * answers are in, long before they expire. */
START_TEST(all_at_once)
{
	toy.send_ns = 10 * MS;
	toy.control.functional.probing = PROBING_PARALLEL;
	toy.control.functional.reservation_ns = 10 * S;
	start(1);
	arrive(1, 0, GPUS);
	toy_run(&toy, toy.now + 15 * MS);
	ck_assert_uint_eq(sent(VERB_PROBE), 3);
	ck_assert_int_eq(free_gpus(1) + free_gpus(2) + free_gpus(3), 0);
	toy_run(&toy, toy.now + 20 * MS);
	ck_assert_uint_eq(sent(VERB_MIGRATE), 1);
	ck_assert_uint_eq(sent(VERB_FREE), 2);
	ck_assert_int_eq(free_gpus(1) + free_gpus(2) + free_gpus(3), 2 * GPUS);
	toy_run(&toy, toy.now + 1 * S);
	ck_assert_int_eq(free_gpus(1) + free_gpus(2) + free_gpus(3), 2 * GPUS);
	ck_assert_uint_eq(toy.machine->totals.reservations_expired, 0);
	ck_assert_uint_eq(toy.machine->totals.migrations, 1);
	ck_assert_uint_eq(toy.ends[POD_READY], 2);
}
END_TEST

/* All are full: the attempt is over when the last has said so. */
START_TEST(all_at_once_and_all_full)
{
	toy.control.functional.probing = PROBING_PARALLEL;
	toy.control.functional.cache = false;
	toy.control.attempts = 1;
	start(4);
	toy.send_ns = 10 * MS;
	toy.exact = false;
	arrive(1, 0, GPUS);
	toy_run(&toy, toy.now + 1 * S);
	ck_assert_uint_eq(sent(VERB_ANSWER), 3);
	ck_assert_uint_eq(toy.machine->totals.probes, 3);
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 1);
	ck_assert_uint_eq(toy.ends[POD_UNSCHEDULABLE], 1);
}
END_TEST

/* A yes that comes when nobody waits for it any more is told to let go. */
START_TEST(a_late_yes_is_given_back)
{
	toy.control.functional.d = 1;
	toy.control.functional.reservation_ns = 100 * MS;
	toy.control.attempts = 1;
	start(1);
	toy.send_ns = 60 * MS;
	arrive(1, 0, GPUS);
	toy_run(&toy, 1 * S + 110 * MS);
	ck_assert_uint_eq(toy.ends[POD_UNSCHEDULABLE], 1);
	ck_assert_int_eq(free_gpus(1), 0);
	toy_run(&toy, 1 * S + 130 * MS);
	ck_assert_uint_eq(sent(VERB_FREE), 1);
	toy_run(&toy, 1 * S + 300 * MS);
	ck_assert_int_eq(free_gpus(1), GPUS);
}
END_TEST

/* A probe that comes twice is thought about and answered once, even when the pod has moved on; an
 * answer that comes twice does not cost the pod its reservation. */
START_TEST(nothing_is_done_twice)
{
	struct msg probe, answer;
	struct free_vector vector = { .unused = 0 };

	start(1);
	toy.send_ns = 10 * MS;
	arrive(1, 0, GPUS);
	probe = *nth(VERB_PROBE, 0);
	probe.kind = MSG_RECEIVED;
	probe.load_bytes = sizeof(vector);
	toy_run(&toy, toy.now + 15 * MS);
	ck_assert_uint_eq(sent(VERB_ANSWER), 1);
	toy_give(&toy, &probe, &vector);
	toy_run(&toy, toy.now + 6 * MS);
	ck_assert_uint_eq(sent(VERB_MIGRATE), 1);
	toy_give(&toy, &probe, &vector);
	answer = *nth(VERB_ANSWER, 0);
	answer.kind = MSG_RECEIVED;
	toy_give(&toy, &answer, &vector);
	toy_run(&toy, toy.now + 1 * S);
	toy_give(&toy, &probe, &vector);
	toy_give(&toy, &answer, &vector);
	toy_run(&toy, toy.now + 1 * S);
	ck_assert_uint_eq(sent(VERB_ANSWER), 1);
	ck_assert_uint_eq(sent(VERB_FREE), 0);
	ck_assert_uint_eq(toy.machine->totals.reservations_expired, 0);
	ck_assert_uint_eq(toy.ends[POD_READY], 2);
}
END_TEST

/* Time to think counts: a reservation that expires meanwhile is none. */
START_TEST(a_slow_thinker_has_nothing_to_offer)
{
	toy.control.functional.reservation_ns = 50 * MS;
	toy.control.functional.d = 1;
	toy.control.attempts = 1;
	start(1);
	toy.think_ns = 80 * MS;
	arrive(1, 0, GPUS);
	toy_run(&toy, 1 * S + 131 * MS);
	ck_assert_uint_eq(toy.machine->totals.reservations_expired, 1);
	toy_run(&toy, 2 * S);
	ck_assert_uint_eq(sent(VERB_ANSWER), 1);
	ck_assert_uint_eq(nth(VERB_ANSWER, 0)->send.flag & 1, 0);
	ck_assert_uint_eq(toy.ends[POD_UNSCHEDULABLE], 1);
	ck_assert_int_eq(free_gpus(1), GPUS);
}
END_TEST

/* Whoever asks is full, and says so: the asked one does not ask back. */
START_TEST(probes_tell_of_their_sender)
{
	toy.control.functional.piggyback = _i;
	toy.control.functional.d = 1;
	toy.control.functional.cache_age_ns = 1000 * S;
	start(1);
	arrive(1, 0, GPUS); /* goes to 1, which is full now and has heard from 0 */
	toy_run(&toy, toy.now + 1 * S);
	ck_assert_int_eq(free_gpus(1), 0);
	toy.machine->function[1].asked_last = 3; /* 0 would be next */
	toy.log.n = 0;
	arrive(2, 1, GPUS);
	toy_run(&toy, toy.now + 1 * S);
	ck_assert_uint_eq(nth(VERB_PROBE, 0)->who, _i ? 2 : 0);
	ck_assert_uint_eq(toy.machine->totals.probe_cache_hits, _i);
}
END_TEST

/* Gossip tells of those that were never asked. */
START_TEST(gossip_goes_round)
{
	toy.control.functional.gossip_ns = 100 * MS;
	toy.control.functional.gossip_peers = 3;
	toy.control.functional.cache_age_ns = 10 * S;
	start(4);
	ck_assert_uint_ge(toy.machine->totals.messages, 9 * FUNCTIONS * 3);
	toy.log.n = 0;
	arrive(1, 0, 1);
	ck_assert_uint_eq(sent(VERB_PROBE), 0);
	ck_assert_uint_eq(toy.machine->totals.probe_cache_hits, 3);
	ck_assert_uint_eq(toy.machine->totals.unschedulable, 1);
	/* One interval: each to so many others, none to itself. */
	toy.log.n = 0;
	toy_run(&toy, toy.now + 100 * MS);
	ck_assert_uint_eq(sent(VERB_GOSSIP), FUNCTIONS * 3);
	for (uint32_t i = 0; i < FUNCTIONS * 3; i++)
		ck_assert_uint_ne(nth(VERB_GOSSIP, i)->who, nth(VERB_GOSSIP, i)->send.from);
}
END_TEST

Suite *probing_suite(void)
{
	Suite *suite = suite_create("probing");
	TCase *tc = tcase_create("probing");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_after_the_other);
	tcase_add_test(tc, all_at_once);
	tcase_add_test(tc, all_at_once_and_all_full);
	tcase_add_test(tc, a_late_yes_is_given_back);
	tcase_add_test(tc, nothing_is_done_twice);
	tcase_add_test(tc, a_slow_thinker_has_nothing_to_offer);
	tcase_add_loop_test(tc, probes_tell_of_their_sender, 0, 2);
	tcase_add_test(tc, gossip_goes_round);
	suite_add_tcase(suite, tc);
	return suite;
}
