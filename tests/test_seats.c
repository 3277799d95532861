/* The indexes of models/serving against naive scans, over random comings and goings. */
#include "base/rng.h"
#include "models/serving/activator.h"
#include "models/serving/agenda.h"
#include "models/serving/seats.h"
#include "models/world.h"
#include "tests/suites.h"
#include <string.h>

/* As ck_assert_uint_eq, which writes to a pipe each time: too slow inside these loops. */
static void same(uint64_t a, uint64_t b, const char *what)
{
	if (a != b)
		ck_abort_msg("%s: %llu, expected %llu", what, (unsigned long long)a,
			     (unsigned long long)b);
}

START_TEST(bits_against_array)
{
	enum { N = 300000 };
	static bool member[N];
	struct rng rng = rng_stream(1, "test", 0);
	struct bits bits = { 0 };
	uint32_t room = 1;

	same(bits_next(&bits, 0), UINT32_MAX, "empty");
	for (int step = 0; step < 200000; step++) {
		uint32_t i, from, expected;

		if (step % 2000 == 0 && room < N) {
			room = room * 3 < N ? room * 3 : N;
			bits_reserve(&bits, room);
		}
		/* Dense low members and sparse high ones, so that every level is crossed. */
		i = rng_below(&rng, rng_below(&rng, 4) ? (room < 200 ? room : 200) : room);
		member[i] = rng_below(&rng, 2);
		if (member[i])
			bits_set(&bits, i);
		else
			bits_clear(&bits, i);
		if (step % 10)
			continue;
		from = rng_below(&rng, room);
		for (expected = from; expected < N && !member[expected]; expected++)
			;
		same(bits_next(&bits, from), expected == N ? UINT32_MAX : expected, "next");
	}
	bits_release(&bits);
}
END_TEST

START_TEST(agenda_against_scan)
{
	enum { N = 300 };
	int64_t at[N];
	struct rng rng = rng_stream(2, "test", 0);
	struct agenda agenda;

	agenda_init(&agenda, N);
	for (int i = 0; i < N; i++)
		at[i] = TIME_NEVER;
	for (int step = 0; step < 100000; step++) {
		uint32_t i = rng_below(&rng, N), first = 0;

		at[i] = rng_below(&rng, 3) ? (int64_t)rng_below(&rng, 500) : TIME_NEVER;
		agenda_set(&agenda, i, at[i]);
		for (uint32_t j = 1; j < N; j++)
			if (at[j] < at[first])
				first = j;
		same((uint64_t)agenda_next(&agenda), (uint64_t)at[first], "next");
		if (at[first] != TIME_NEVER)
			same(agenda.heap[0].service, first, "service");
	}
	agenda_release(&agenda);
}
END_TEST

/* --- routing: a naive router that knows every pod's load and since when it has had it --- */
enum { PODS = 40, STEPS = 60000 };
struct naive {
	bool here[PODS];
	uint32_t seat[PODS], out[PODS], proxied[PODS];
	uint64_t since[PODS], clock;
	uint32_t n;
};

static uint32_t naive_pick(const struct naive *naive, int router, uint32_t cursor)
{
	uint32_t best = NONE;

	for (uint32_t i = 0; i < PODS; i++) {
		bool better = best == NONE;

		if (!naive->here[i])
			continue;
		if (!better && router == ROUTE_ROUND_ROBIN) {
			/* distance from the cursor, going up and around */
			uint32_t a = naive->seat[i] - cursor, b = naive->seat[best] - cursor;

			better = a < b;
		} else if (!better) {
			better = naive->out[i] < naive->out[best] ||
				 (naive->out[i] == naive->out[best] &&
				  naive->since[i] < naive->since[best]);
		}
		if (better)
			best = i;
	}
	return best;
}

/* One random event: a pod comes or goes, or a request ends; else the caller makes a request. */
static bool churn(struct naive *naive, struct seats *seats, struct activator *activator,
		  struct rng *rng)
{
	uint32_t pod = rng_below(rng, PODS), what = rng_below(rng, 40);

	if (what < 3) {
		if (naive->here[pod]) {
			if (activator)
				activator_close(activator, naive->seat[pod]);
			seats_remove(seats, naive->seat[pod]);
			naive->n--;
		} else {
			naive->seat[pod] = seats_add(seats, pod);
			if (activator)
				activator_open(activator, seats, naive->seat[pod]);
			naive->out[pod] = naive->proxied[pod] = 0;
			naive->since[pod] = ++naive->clock;
			naive->n++;
		}
		naive->here[pod] = !naive->here[pod];
		return true;
	}
	if (what < 21 && naive->here[pod] && naive->out[pod]) {
		seats_give(seats, naive->seat[pod]);
		naive->out[pod]--;
		naive->since[pod] = ++naive->clock;
		if (naive->proxied[pod]) {
			activator_give(activator, seats, naive->seat[pod]);
			naive->proxied[pod]--;
		}
		return true;
	}
	return what < 21;
}

START_TEST(router_against_scan)
{
	struct rng rng = rng_stream(3, "test", (uint64_t)_i), draws = rng_stream(4, "test", 0);
	int router = _i;
	struct naive naive = { 0 };
	struct seats seats;

	seats_init(&seats, router, 2);
	for (int step = 0; step < STEPS; step++) {
		uint32_t cursor = seats.cursor, seat, pod;

		if (churn(&naive, &seats, NULL, &rng))
			continue;
		seat = seats_pick(&seats, &draws);
		same(seat == NONE, naive.n == 0, "a pod if there is one");
		if (seat == NONE)
			continue;
		pod = seats.seat.at[seat].pod;
		same(naive.here[pod], true, "a pod that is here");
		if (router == ROUTE_ROUND_ROBIN || router == ROUTE_LEAST_OUTSTANDING)
			same(pod, naive_pick(&naive, router, cursor), "pod");
		if (router == ROUTE_POWER_OF_D && naive.n > 1) {
			/* Two distinct pods are looked at: a single most loaded one is never taken.
			 */
			uint32_t above = 0;

			for (uint32_t i = 0; i < PODS; i++)
				above += naive.here[i] && naive.out[i] >= naive.out[pod];
			same(above > 1, true, "not the one most loaded");
		}
		seats_take(&seats, seat);
		naive.out[pod]++;
		naive.since[pod] = ++naive.clock;
		same(seats.seat.at[seat].outstanding, naive.out[pod], "load");
		same(seats.order.n, naive.n, "pods");
	}
	seats_release(&seats);
}
END_TEST

START_TEST(activator_against_scan)
{
	static const uint32_t limits[] = { 0, 1, 3, 4, 10 };
	uint32_t limit = limits[_i];
	struct rng rng = rng_stream(5, "test", (uint64_t)_i), draws = rng_stream(6, "test", 0);
	struct naive naive = { 0 };
	struct seats seats;
	struct activator activator;

	seats_init(&seats, ROUTE_LEAST_OUTSTANDING, 2);
	activator_init(&activator, limit);
	for (int step = 0; step < STEPS; step++) {
		uint32_t cursor = activator.cursor, seat, pod, best = NONE;

		if (churn(&naive, &seats, &activator, &rng))
			continue;
		seat = activator_pick(&activator, &seats, &draws);
		for (uint32_t i = 0; limit && i < PODS; i++) {
			uint32_t from = limit > 3 ? cursor : 0;

			if (naive.here[i] && naive.proxied[i] < limit &&
			    (best == NONE || naive.seat[i] - from < naive.seat[best] - from))
				best = i;
		}
		if (limit)
			same(seat == NONE ? NONE : seats.seat.at[seat].pod, best, "pod with room");
		else
			same(seat == NONE, naive.n == 0, "a pod if there is one");
		if (seat == NONE)
			continue;
		pod = seats.seat.at[seat].pod;
		seats_take(&seats, seat);
		activator_take(&activator, &seats, seat);
		naive.out[pod]++;
		naive.proxied[pod]++;
		same(!limit || naive.proxied[pod] <= limit, true, "within the limit");
		same(seats.seat.at[seat].proxied, naive.proxied[pod], "load");
	}
	activator_release(&activator);
	seats_release(&seats);
}
END_TEST

START_TEST(sample_is_fair)
{
	/* Equal loads, n pods, d looked at: every pod equally often; chi-square of n - 1 degrees
	 * within 6 standard deviations. With d >= n all are looked at, and ties still go at random.
	 */
	static const uint32_t cases[][2] = { { 10, 2 }, { 3, 2 }, { 5, 5 }, { 8, 64 }, { 64, 63 } };
	enum { DRAWS = 100000 };
	uint32_t pods = cases[_i][0], count[64] = { 0 };
	struct rng rng = rng_stream(8, "test", (uint64_t)_i);
	double expected = (double)DRAWS / pods, chi = 0;
	struct seats seats;

	seats_init(&seats, ROUTE_POWER_OF_D, cases[_i][1]);
	for (uint32_t i = 0; i < pods; i++)
		seats_add(&seats, i);
	for (int i = 0; i < DRAWS; i++)
		count[seats_pick(&seats, &rng)]++;
	for (uint32_t i = 0; i < pods; i++)
		chi += (count[i] - expected) * (count[i] - expected) / expected;
	ck_assert_double_lt((chi - (pods - 1)) * (chi - (pods - 1)), 36 * 2.0 * (pods - 1));
	seats_release(&seats);
}
END_TEST

Suite *seats_suite(void)
{
	Suite *suite = suite_create("seats");
	TCase *tcase = tcase_create("indexes");

	tcase_add_test(tcase, bits_against_array);
	tcase_add_test(tcase, agenda_against_scan);
	tcase_add_loop_test(tcase, router_against_scan, ROUTE_ROUND_ROBIN, ROUTE_RANDOM + 1);
	tcase_add_loop_test(tcase, activator_against_scan, 0, 5);
	tcase_add_loop_test(tcase, sample_is_fair, 0, 5);
	suite_add_tcase(suite, tcase);
	return suite;
}
