/* The autoscaler inside the serving machine: pokes, metrics from both sources, proxy and serve
 * mode, the way to zero, who ticks and who sleeps. */
#include "tests/play_serving.h"
#include "tests/suites.h"
#include <math.h>

static struct play play;

static void setup(void)
{
	play_init(&play, 1);
	play.service[0].autoscaler.class = SCALE_KPA;
	play.service[0].autoscaler.initial_scale = 0;
	play.service[0].concurrency = 1;
}

static void teardown(void)
{
	play_release(&play);
}

static const struct msg *last_scale(void)
{
	ck_assert_uint_gt(play.scale.n, 0);
	return &play.scale.at[play.scale.n - 1];
}

/* A control plane without surprises: pods 0, 1, ... come start_ns after they are asked for and go
 * at once, the youngest first; every pod slot's generation counts. */
struct obedient {
	uint32_t heard, pods, gen[1000];
	int64_t up_at[1000];
};

static void obey(struct obedient *control, int64_t until, int64_t start_ns)
{
	while (play.now < until) {
		int64_t next = play.now + 100 * MS;

		play_until(&play, next < until ? next : until);
		for (uint32_t i = 0; i < control->pods; i++) {
			if (control->up_at[i] <= play.now) {
				control->up_at[i] = TIME_NEVER;
				play_pod(&play, play.now, i, control->gen[i], 0, true, NULL);
			}
		}
		for (; control->heard < play.scale.n; control->heard++) {
			uint32_t want = (uint32_t)play.scale.at[control->heard].scale.desired;

			ck_assert_uint_le(want, 1000);
			ck_assert_uint_ne(want, control->pods);
			for (; control->pods < want; control->pods++) {
				control->gen[control->pods]++;
				control->up_at[control->pods] = play.now + start_ns;
			}
			while (control->pods > want) {
				control->pods--;
				play_pod(&play, play.now, control->pods,
					 control->gen[control->pods], 0, false, NULL);
			}
		}
	}
}

START_TEST(poke)
{
	play_start(&play, 1);
	ck_assert_int_eq(serving_wakeup(play.serving), TIME_NEVER);
	play_request(&play, 5300 * MS, 0, 1);
	ck_assert_uint_eq(play.scale.n, 1);
	ck_assert_int_eq(last_scale()->scale.desired, 2);
	ck_assert_int_eq(last_scale()->scale.from, 0);
	ck_assert_int_eq(last_scale()->scale.ready, 0);
	ck_assert_uint_eq(last_scale()->scale.panic, 1);
	/* The second does not: the activator knows the revision by now. */
	play_request(&play, 5400 * MS, 0, 2);
	ck_assert_uint_eq(play.scale.n, 1);
	ck_assert_int_eq(serving_wakeup(play.serving), 6 * S);
}
END_TEST

START_TEST(burst_from_zero)
{
	/* Trace D in the large: 50 at once at 0.5 s, CC = 1. The poke asks for 2; the first tick
	 * sees the first whole report, (1 + 24) / 2 = 12.5 in the mean of two buckets; the next
	 * ones the rest. */
	play_start(&play, 1);
	for (uint64_t i = 0; i < 50; i++)
		play_request(&play, 500 * MS, 0, i);
	ck_assert_int_eq(last_scale()->scale.desired, 2);
	play_until(&play, 2 * S);
	/* Buckets 0 to 2: the poke's 1, then 25 - 1 of the half second, then 50. */
	ck_assert_int_eq(last_scale()->scale.desired, (int)ceil((1 + 24 + 50) / 3.0 / 0.7));
	play_until(&play, 20 * S);
	ck_assert_int_eq(last_scale()->scale.desired, 72);
	ck_assert_uint_eq(last_scale()->scale.panic, 1);
}
END_TEST

START_TEST(to_zero_and_asleep)
{
	struct obedient control = { 0 };

	play.service[0].timeout_ns = 0; /* its deadline would be looked at once more */
	play_start(&play, 1);
	play_request(&play, 5300 * MS, 0, 1);
	obey(&control, 10 * S, 2700 * MS);
	ck_assert_uint_eq(play.submit.n, 1);
	play_finished(&play, 10 * S, &play.submit.at[0], OUT_COMPLETED);
	obey(&control, 66 * S, 2700 * MS);
	ck_assert_uint_eq(control.pods, 2); /* panic holds them, then the stable window */
	obey(&control, 80 * S, 2700 * MS);
	ck_assert_uint_eq(control.pods, 0);
	ck_assert_int_eq(last_scale()->scale.desired, 0);
	play_until(&play, 200 * S);
	ck_assert_int_eq(serving_wakeup(play.serving), TIME_NEVER);
	/* And up again, in step with the old ticks. */
	play_request(&play, 300 * S + 1, 0, 2);
	ck_assert_int_eq(last_scale()->scale.desired, 2);
	ck_assert_int_eq(serving_wakeup(play.serving), 301 * S);
}
END_TEST

START_TEST(initial_scale)
{
	play.service[0].autoscaler.initial_scale = 3;
	play_start(&play, 1);
	ck_assert_int_eq(serving_wakeup(play.serving), 0);
	play_until(&play, 0);
	ck_assert_uint_eq(play.scale.n, 1);
	ck_assert_int_eq(last_scale()->scale.desired, 3);
	ck_assert_int_eq(last_scale()->scale.from, 0);
}
END_TEST

START_TEST(without_autoscaler)
{
	play.service[0].autoscaler.class = SCALE_NONE;
	play.service[0].timeout_ns = 0;
	play_start(&play, 1);
	for (uint64_t i = 0; i < 10; i++)
		play_request(&play, 1 * S, 0, i);
	ck_assert_int_eq(serving_wakeup(play.serving), TIME_NEVER);
	ck_assert_uint_eq(play.scale.n, 0);
}
END_TEST

/* n pods up at 0, each with `load` requests from then on. */
static void loaded(uint32_t pods, uint32_t load)
{
	play.service[0].replicas = pods;
	play_start(&play, 1);
	for (uint32_t i = 0; i < pods; i++)
		play_pod(&play, 0, i, 0, 0, true, NULL);
	for (uint64_t i = 0; i < pods * load; i++)
		play_request(&play, 0, 0, i);
	ck_assert_uint_eq(play.submit.n, pods * load);
}

START_TEST(metrics_through_activator)
{
	/* 30 pods of 1, all busy, proxied: ceil(30 / 0.7) = 43 after the window has seen nothing
	 * else. */
	loaded(30, 1);
	play_until(&play, 100 * S);
	ck_assert_int_eq(last_scale()->scale.desired, 43);
}
END_TEST

START_TEST(metrics_straight)
{
	/* TBC = 0: no activator. 8 in flight on each of n pods, CC = 10, T = 7; up to 3 pods are
	 * all asked, more by sample, which is exact where loads are equal. */
	static const uint32_t pods[] = { 2, 3, 60 };

	play.service[0].autoscaler.target_burst_capacity = 0;
	play.service[0].concurrency = 10;
	loaded(pods[_i], 8);
	play_until(&play, 100 * S);
	ck_assert_int_eq(last_scale()->scale.desired, (int)ceil(pods[_i] * 8 / 7.0));
}
END_TEST

START_TEST(modes)
{
	/* CC = 10, 30 pods, TBC = 211: 300 - 211 - 60 >= 0: straight, so the router's
	 * least-outstanding; with 130 in flight the activator steps in, round-robin over pods with
	 * room as *it* sees it. */
	uint32_t count[30] = { 0 };

	play.service[0].concurrency = 10;
	loaded(30, 2);
	for (uint32_t i = 0; i < 60; i++)
		count[play.submit.at[i].submit.pod]++;
	for (uint32_t i = 0; i < 30; i++)
		ck_assert_uint_eq(count[i], 2);
	play_until(&play, 30 * S);
	for (uint64_t i = 0; i < 70; i++)
		play_request(&play, 30 * S, 0, 60 + i);
	play_until(&play, 40 * S);
	/* 130 straight ones are nothing to the activator: 300 more fit, and no one more. */
	for (uint64_t i = 0; i < 301; i++)
		play_request(&play, 40 * S, 0, 130 + i);
	ck_assert_uint_eq(play.submit.n, 130 + 300);
	for (uint32_t i = 131; i < 430; i++)
		ck_assert_uint_eq(play.submit.at[i].submit.pod,
				  (play.submit.at[i - 1].submit.pod + 1) % 30);
	play_finished(&play, 41 * S, &play.submit.at[300], OUT_COMPLETED);
	ck_assert_uint_eq(play.submit.n, 431);
	ck_assert_uint_eq(play.submit.at[430].submit.pod, play.submit.at[300].submit.pod);
}
END_TEST

START_TEST(first_available)
{
	/* CC = 2: pods are filled one after the other. */
	play.service[0].concurrency = 2;
	loaded(4, 2);
	for (uint32_t i = 0; i < 8; i++)
		ck_assert_uint_eq(play.submit.at[i].submit.pod, i / 2);
	play_finished(&play, 1 * S, &play.submit.at[3], OUT_COMPLETED);
	play_finished(&play, 1 * S, &play.submit.at[0], OUT_COMPLETED);
	play_request(&play, 2 * S, 0, 9);
	ck_assert_uint_eq(play.submit.at[8].submit.pod, 0);
}
END_TEST

START_TEST(steady_load_finds_its_size)
{
	/* 8 requests of 1 s in flight at any time (a closed loop), CC = 1: it settles at
	 * ceil(8/.7). */
	struct obedient control = { 0 };
	uint32_t ended = 0;

	play.service[0].autoscaler.stable_window_ns = 20 * S;
	play_start(&play, 1);
	for (uint64_t i = 0; i < 8; i++)
		play_request(&play, 1 * S, 0, i);
	for (int64_t t = 2; t < 200; t++) {
		uint32_t sent;

		obey(&control, t * S, 3 * S);
		for (sent = play.submit.n; ended < sent; ended++) {
			play_finished(&play, t * S, &play.submit.at[ended], OUT_COMPLETED);
			play_request(&play, t * S, 0, 8 + ended);
		}
	}
	ck_assert_uint_eq(control.pods, 12);
	ck_assert_uint_gt(play.record.n, 1200);
}
END_TEST

START_TEST(idle_services_sleep)
{
	enum { SERVICES = 5000 };

	play_release(&play);
	play_init(&play, SERVICES);
	for (uint32_t i = 0; i < SERVICES; i++) {
		play.service[i].autoscaler.class = SCALE_KPA;
		play.service[i].autoscaler.initial_scale = 0;
		play.service[i].concurrency = 1;
		play.service[i].timeout_ns = 0;
	}
	play_start(&play, 1);
	ck_assert_int_eq(serving_wakeup(play.serving), TIME_NEVER);
	play_request(&play, 10 * S, 17, 1);
	play_until(&play, 110 * S);
	/* One scrape a second, every second one with a decision; nobody else. */
	ck_assert_uint_ge(play.ticks, 99);
	ck_assert_uint_le(play.ticks, 101);
	/* Phases are spread over the tick. */
	play_request(&play, 111 * S, 0, 2);
	play_request(&play, 111 * S, 1, 2);
	ck_assert_int_eq(serving_wakeup(play.serving) % (1 * S) != 0, 1);
}
END_TEST

Suite *scaling_suite(void)
{
	Suite *suite = suite_create("scaling");
	TCase *tcase = tcase_create("autoscaled services");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, poke);
	tcase_add_test(tcase, burst_from_zero);
	tcase_add_test(tcase, to_zero_and_asleep);
	tcase_add_test(tcase, initial_scale);
	tcase_add_test(tcase, without_autoscaler);
	tcase_add_test(tcase, metrics_through_activator);
	tcase_add_loop_test(tcase, metrics_straight, 0, 3);
	tcase_add_test(tcase, modes);
	tcase_add_test(tcase, first_available);
	tcase_add_test(tcase, steady_load_finds_its_size);
	tcase_add_test(tcase, idle_services_sleep);
	suite_add_tcase(suite, tcase);
	return suite;
}
