/* What becomes of the autoscaler's wish: bounds, the way to zero and back, proxy and serve mode. */
#include "base/arena.h"
#include "models/serving/kpa.h"
#include "models/serving/scaler.h"
#include "models/world.h"
#include "tests/suites.h"

#define S INT64_C(1000000000)

static struct arena arena;
static struct kpa_config config;

static void setup(void)
{
	arena_init(&arena);
	opt_defaults(kpa_options, &config, &arena);
	config.class = SCALE_KPA;
}

static void teardown(void)
{
	arena_release(&arena);
}

static struct kpa_decision wish(int32_t desired, int32_t ebc)
{
	return (struct kpa_decision){ .valid = true, .desired = desired, .ebc = ebc };
}

static void want(struct scaler *scaler, int32_t desired, int32_t ebc, int32_t ready, int64_t now)
{
	struct kpa_decision decision = wish(desired, ebc);

	scaler_wish(scaler, &decision);
	scaler_reconcile(scaler, &config, ready, now);
}

START_TEST(to_zero_proxied)
{
	/* The activator was in the path all along: no grace is left to wait for. */
	struct scaler scaler;

	scaler_init(&scaler, &config, 1, 1, 0);
	ck_assert(scaler.proxy && scaler.status == SCALER_ACTIVE);
	want(&scaler, 0, -200, 1, 20 * S);
	ck_assert_int_eq(scaler.desired, 1);
	ck_assert_int_eq(scaler.recheck_ns, 60 * S);
	scaler_reconcile(&scaler, &config, 1, 60 * S);
	ck_assert_int_eq(scaler.desired, 0);
	ck_assert_int_eq(scaler.status, SCALER_INACTIVE);
	/* Back: two pods wanted; active once one is ready; another stable window is then held. */
	want(&scaler, 2, -212, 0, 70 * S);
	ck_assert_int_eq(scaler.desired, 2);
	ck_assert_int_eq(scaler.status, SCALER_ACTIVATING);
	scaler_reconcile(&scaler, &config, 1, 80 * S);
	ck_assert_int_eq(scaler.status, SCALER_ACTIVE);
	want(&scaler, 0, -200, 2, 100 * S);
	ck_assert_int_eq(scaler.desired, 1);
	ck_assert_int_eq(scaler.recheck_ns, 140 * S);
}
END_TEST

START_TEST(to_zero_served)
{
	/* Straight traffic until idle: inactivity starts the grace period of 30 s. */
	struct scaler scaler;

	config.target_burst_capacity = 0;
	scaler_init(&scaler, &config, 1, 10, 0);
	ck_assert(!scaler.proxy);
	want(&scaler, 0, 0, 1, 100 * S);
	ck_assert_int_eq(scaler.desired, 1);
	ck_assert(scaler.proxy && scaler.status == SCALER_INACTIVE);
	ck_assert_int_eq(scaler.recheck_ns, 130 * S);
	scaler_reconcile(&scaler, &config, 1, 130 * S - 1);
	ck_assert_int_eq(scaler.desired, 1);
	scaler_reconcile(&scaler, &config, 1, 130 * S);
	ck_assert_int_eq(scaler.desired, 0);
	/* With a retention longer than the grace that is what counts. */
	config.retention_ns = 50 * S;
	scaler_init(&scaler, &config, 1, 10, 0);
	want(&scaler, 0, 0, 1, 100 * S);
	ck_assert_int_eq(scaler.recheck_ns, 150 * S);
	/* Traffic in between makes it active anew. */
	want(&scaler, 1, 0, 1, 120 * S);
	ck_assert(!scaler.proxy && scaler.status == SCALER_ACTIVE);
	ck_assert_int_eq(scaler.status_since_ns, 120 * S);
}
END_TEST

START_TEST(bounds)
{
	struct scaler scaler;

	config.min_scale = 2;
	config.max_scale = 5;
	scaler_init(&scaler, &config, 2, 1, 0);
	want(&scaler, 9, -1, 2, 10 * S);
	ck_assert_int_eq(scaler.desired, 5);
	want(&scaler, 0, -1, 5, 200 * S);
	ck_assert_int_eq(scaler.desired, 2);
	ck_assert_int_eq(scaler.status, SCALER_ACTIVE);
	config.min_scale = 0;
	config.scale_to_zero = false;
	want(&scaler, 0, -1, 2, 300 * S);
	ck_assert_int_eq(scaler.desired, 1);
}
END_TEST

START_TEST(initial)
{
	struct scaler scaler;

	config.initial_scale = 3;
	scaler_init(&scaler, &config, 0, 1, 0);
	ck_assert_int_eq(scaler.desired, 3);
	ck_assert_int_eq(scaler.status, SCALER_ACTIVATING);
	want(&scaler, 1, -1, 2, 5 * S);
	ck_assert_int_eq(scaler.desired, 3);
	scaler_reconcile(&scaler, &config, 3, 8 * S);
	ck_assert_int_eq(scaler.status, SCALER_ACTIVE);
	ck_assert_int_eq(scaler.desired, 1);
	/* Begun at zero: nothing is wanted, and a wish of zero stands, so that a request may poke.
	 */
	config.initial_scale = 0;
	scaler_init(&scaler, &config, 0, 1, 0);
	ck_assert_int_eq(scaler.desired, 0);
	ck_assert_int_eq(scaler.wish, 0);
	ck_assert(scaler.proxy && scaler.recheck_ns == TIME_NEVER);
}
END_TEST

START_TEST(activation_fails)
{
	/* Pods that never become ready are given up after the progress deadline, 600 + 30 s. */
	struct scaler scaler;

	config.initial_scale = 0;
	scaler_init(&scaler, &config, 0, 1, 0);
	want(&scaler, 2, -1, 0, 10 * S);
	want(&scaler, 0, -1, 0, 300 * S);
	ck_assert_int_eq(scaler.desired, 2);
	ck_assert_int_eq(scaler.recheck_ns, 640 * S);
	scaler_reconcile(&scaler, &config, 0, 640 * S);
	ck_assert_int_eq(scaler.desired, 0);
	ck_assert_int_eq(scaler.status, SCALER_INACTIVE);
}
END_TEST

START_TEST(serve_mode)
{
	struct scaler scaler;

	scaler_init(&scaler, &config, 30, 10, 0);
	ck_assert(!scaler.proxy); /* 300 - 211 >= 0 */
	want(&scaler, 30, -1, 30, 2 * S);
	ck_assert(scaler.proxy && scaler.proxy_since_ns == 2 * S);
	want(&scaler, 30, -5, 30, 4 * S);
	ck_assert_int_eq(scaler.proxy_since_ns, 2 * S);
	want(&scaler, 30, 0, 30, 6 * S);
	ck_assert(!scaler.proxy);
	/* No pod to serve: traffic falls back to the activator. */
	scaler_reconcile(&scaler, &config, 0, 7 * S);
	ck_assert(scaler.proxy && scaler.proxy_since_ns == 7 * S);
}
END_TEST

Suite *scaler_suite(void)
{
	Suite *suite = suite_create("scaler");
	TCase *tcase = tcase_create("scaler");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, to_zero_proxied);
	tcase_add_test(tcase, to_zero_served);
	tcase_add_test(tcase, bounds);
	tcase_add_test(tcase, initial);
	tcase_add_test(tcase, activation_fails);
	tcase_add_test(tcase, serve_mode);
	suite_add_tcase(suite, tcase);
	return suite;
}
