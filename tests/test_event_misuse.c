/* What the event engine must refuse: each misuse ends in an assert, with asserts kept in release.
 */
#include "sim/event.h"
#include "tests/suites.h"
#include <signal.h>
#include <stdlib.h>

static void nothing(struct sim *sim, struct sim_event *event)
{
	(void)sim;
	(void)event;
}

START_TEST(arming_in_the_past_aborts)
{
	struct sim *sim = sim_new();
	struct sim_event event = SIM_EVENT(nothing);

	sim_run(sim, 100);
	sim_arm(sim, &event, 99);
}
END_TEST

START_TEST(arming_at_never_aborts)
{
	struct sim_event event = SIM_EVENT(nothing);

	sim_arm(sim_new(), &event, SIM_NEVER);
}
END_TEST

START_TEST(running_backwards_aborts)
{
	struct sim *sim = sim_new();

	sim_run(sim, 100);
	sim_run(sim, 99);
}
END_TEST

static void nested(struct sim *sim, struct sim_event *event)
{
	(void)event;
	sim_run(sim, SIM_NEVER);
}

START_TEST(running_inside_a_callback_aborts)
{
	struct sim *sim = sim_new();
	struct sim_event event = SIM_EVENT(nested);

	sim_arm(sim, &event, 1);
	sim_run(sim, 1);
}
END_TEST

START_TEST(initialising_a_queued_event_aborts)
{
	struct sim *sim = sim_new();
	struct sim_event event = SIM_EVENT(nothing);

	sim_arm(sim, &event, 1);
	event = SIM_EVENT(nothing);
	sim_run(sim, 1);
}
END_TEST

Suite *event_misuse_suite(void)
{
	Suite *suite = suite_create("event_misuse");
	const char *fork = getenv("CK_FORK");
	TCase *tc;

	if (fork && fork[0] == 'n')
		return suite; /* an abort needs a process of its own */
	tc = tcase_create("event_misuse");
	tcase_add_test_raise_signal(tc, arming_in_the_past_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, arming_at_never_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, running_backwards_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, running_inside_a_callback_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, initialising_a_queued_event_aborts, SIGABRT);
	suite_add_tcase(suite, tc);
	return suite;
}
