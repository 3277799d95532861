/* Scaling per request: who waits for what, who ends when, and the newest idle pod against a scan.
 */
#include "models/serving/newest.h"
#include "models/world.h"
#include "tests/play_serving.h"
#include "tests/suites.h"

static struct play play;

static void setup(void)
{
	play_init(&play, 1);
	play.service[0].autoscaler.class = SCALE_PER_REQUEST;
	play.service[0].autoscaler.idle_ns = 100 * S;
	play.service[0].router = ROUTE_NEWEST;
	play.service[0].concurrency = 1;
	play.service[0].timeout_ns = 0;
}

static void teardown(void)
{
	play_release(&play);
}

static const struct msg *scaled(uint32_t i)
{
	ck_assert_uint_gt(play.scale.n, i);
	return &play.scale.at[i];
}

static void up(int64_t at, uint32_t pod)
{
	play_pod(&play, at, pod, 1, 0, true, NULL);
}

START_TEST(a_pod_for_each_that_waits)
{
	play_start(&play, 1);
	play_request(&play, 1 * S, 0, 0);
	ck_assert_int_eq(scaled(0)->scale.desired, 1);
	play_request(&play, 1 * S, 0, 1);
	ck_assert_int_eq(scaled(1)->scale.desired, 2);
	ck_assert_uint_eq(play.submit.n, 0);
	up(2 * S, 7);
	ck_assert_uint_eq(play.submit.n, 1);
	/* The other is waiting for its own. */
	play_finished(&play, 3 * S, &play.submit.at[0], OUT_COMPLETED);
	ck_assert_uint_eq(play.submit.n, 1);
	/* A third finds the free one. */
	play_request(&play, 4 * S, 0, 2);
	ck_assert_uint_eq(play.submit.n, 2);
	ck_assert_uint_eq(play.submit.at[1].submit.pod, 7);
	up(5 * S, 8);
	ck_assert_uint_eq(play.submit.n, 3);
	ck_assert_uint_eq(play.submit.at[2].submit.pod, 8);
	ck_assert_uint_eq(play.scale.n, 2);
	play_finished(&play, 6 * S, &play.submit.at[2], OUT_COMPLETED);
	ck_assert(play.record.at[0].cold && play.record.at[1].cold);
	play_finished(&play, 6 * S, &play.submit.at[1], OUT_COMPLETED);
	ck_assert(!play.record.at[2].cold);
}
END_TEST

START_TEST(not_its_own)
{
	play.service[0].autoscaler.own_pod = false;
	play_start(&play, 1);
	play_request(&play, 1 * S, 0, 0);
	play_request(&play, 1 * S, 0, 1);
	up(2 * S, 7);
	play_finished(&play, 3 * S, &play.submit.at[0], OUT_COMPLETED);
	ck_assert_uint_eq(play.submit.n, 2);
	ck_assert_uint_eq(play.submit.at[1].submit.pod, 7);
}
END_TEST

START_TEST(several_at_a_time)
{
	play.service[0].autoscaler.own_pod = false;
	play.service[0].autoscaler.max_scale = 2;
	play.service[0].concurrency = 3;
	play_start(&play, 1);
	for (uint64_t i = 0; i < 9; i++)
		play_request(&play, 1 * S, 0, i);
	ck_assert_uint_eq(play.scale.n, 2);
	ck_assert_int_eq(scaled(1)->scale.desired, 2);
	up(2 * S, 0);
	up(2 * S, 1);
	ck_assert_uint_eq(play.submit.n, 6);
}
END_TEST

/* The one that has been idle for longest ends, after 100 s to the nanosecond, and gets nothing. */
START_TEST(idle_pods_end)
{
	play_start(&play, 1);
	for (uint32_t i = 0; i < 3; i++)
		play_request(&play, i * S, 0, i);
	for (uint32_t i = 0; i < 3; i++)
		up(10 * S + i, i);
	play_finished(&play, 20 * S, &play.submit.at[1], OUT_COMPLETED);
	play_finished(&play, 30 * S, &play.submit.at[0], OUT_COMPLETED);
	play_finished(&play, 40 * S, &play.submit.at[2], OUT_COMPLETED);
	play_until(&play, 120 * S - 1);
	ck_assert_uint_eq(play.scale.n, 3);
	play_until(&play, 120 * S);
	ck_assert_int_eq(scaled(3)->scale.desired, 2);
	ck_assert_uint_eq(scaled(3)->scale.retire, 1 + 1);
	/* It is still there; the newest of the others is taken. */
	play_request(&play, 121 * S, 0, 3);
	ck_assert_uint_eq(play.submit.at[3].submit.pod, 2);
	play_request(&play, 122 * S, 0, 4);
	ck_assert_uint_eq(play.submit.at[4].submit.pod, 0);
	play_request(&play, 123 * S, 0, 5);
	ck_assert_uint_eq(play.submit.n, 5);
	ck_assert_int_eq(scaled(4)->scale.desired, 3);
	play_pod(&play, 124 * S, 1, 1, 0, false, NULL);
	/* One that is busy again starts anew. */
	play_finished(&play, 130 * S, &play.submit.at[4], OUT_COMPLETED);
	play_until(&play, 230 * S - 1);
	ck_assert_uint_eq(play.scale.n, 5);
	play_until(&play, 230 * S);
	ck_assert_uint_eq(scaled(5)->scale.retire, 0 + 1);
}
END_TEST

START_TEST(some_are_kept)
{
	play.service[0].autoscaler.min_scale = 1;
	play_start(&play, 1);
	play_request(&play, 0, 0, 0);
	play_request(&play, 0, 0, 1);
	up(1 * S, 0);
	up(1 * S, 1);
	play_finished(&play, 2 * S, &play.submit.at[0], OUT_COMPLETED);
	play_finished(&play, 2 * S, &play.submit.at[1], OUT_COMPLETED);
	play_until(&play, 1000 * S);
	ck_assert_int_eq(scaled(2)->scale.desired, 1);
	ck_assert_uint_eq(play.scale.n, 3);
}
END_TEST

/* Random pods come, go, fill up and get room; the newest with room is what a scan finds. */
START_TEST(newest_against_scan)
{
	enum { PODS = 300 };
	static struct {
		uint64_t born;
		uint32_t seat;
		bool here, room;
	} pod[PODS];
	struct rng rng = rng_stream(6, "test", 0);
	struct newest newest = { 0 };
	struct seats seats;
	uint64_t clock = 0;

	seats_init(&seats, ROUTE_NEWEST, 2);
	for (int step = 0; step < 100000; step++) {
		uint32_t i = rng_below(&rng, PODS), best = NONE, seat;

		if (!pod[i].here) {
			pod[i].seat = seats_add(&seats, i);
			newest_add(&newest, &seats, pod[i].seat);
			pod[i].here = pod[i].room = true;
			pod[i].born = ++clock;
		} else if (!rng_below(&rng, 8)) {
			newest_close(&newest, pod[i].seat);
			seats_remove(&seats, pod[i].seat);
			pod[i].here = pod[i].room = false;
		} else {
			pod[i].room = rng_below(&rng, 4) == 0;
			(pod[i].room ? newest_open : newest_close)(&newest, pod[i].seat);
		}
		for (uint32_t j = 0; j < PODS; j++)
			if (pod[j].room && (best == NONE || pod[j].born > pod[best].born))
				best = j;
		seat = newest_pick(&newest);
		if (seat != (best == NONE ? NONE : pod[best].seat))
			ck_abort_msg("step %d: seat %u", step, seat);
	}
	newest_release(&newest);
	seats_release(&seats);
}
END_TEST

Suite *per_request_suite(void)
{
	Suite *suite = suite_create("per_request");
	TCase *tc = tcase_create("per_request");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_pod_for_each_that_waits);
	tcase_add_test(tc, not_its_own);
	tcase_add_test(tc, several_at_a_time);
	tcase_add_test(tc, idle_pods_end);
	tcase_add_test(tc, some_are_kept);
	tcase_add_test(tc, newest_against_scan);
	suite_add_tcase(suite, tc);
	return suite;
}
