/* The event engine, promise by promise: order, memory, edges of time, owners.  That it
 * fires the right events at all is for property/event_lockstep.c. */
#include "sim/event.h"
#include "tests/suites.h"
#include <signal.h>
#include <stdlib.h>

/* --- order --- */

struct log {
	uint32_t n;
	uint32_t id[1 << 20];
};
struct named {
	struct sim_event event;
	uint32_t id;
};

/* How many places of the log do not hold the id that step * place + start gives. */
static uint32_t misplaced(const struct log *log, uint32_t n, uint32_t start, int step)
{
	uint32_t bad = 0;

	for (uint32_t i = 0; i < n; i++)
		bad += log->id[i] != start + (uint32_t)step * i;
	return bad;
}

static void note(struct sim *sim, struct sim_event *event)
{
	struct log *log = sim_user(sim);

	log->id[log->n++] = SIM_OWNER(event, struct named, event)->id;
}

/* An engine whose events a[0..n) write their ids to the log. */
static struct sim *logging(struct log *log, struct named *a, uint32_t n)
{
	struct sim *sim = sim_new();

	log->n = 0;
	for (uint32_t i = 0; i < n; i++)
		a[i] = (struct named){ .event = SIM_EVENT(note), .id = i };
	sim_user_set(sim, log);
	return sim;
}

START_TEST(ties_fire_in_arming_order)
{
	enum { N = 100000 };
	static struct log log;
	static const int64_t times[] = { 1000, 1000, 1000, 1001, 1002 };
	struct named *named = calloc(N, sizeof(*named));
	struct sim *sim = logging(&log, named, N);
	uint32_t k = 0, bad = 0;

	for (uint32_t i = 0; i < N; i++)
		sim_arm(sim, &named[i].event, times[i % 5]);
	sim_run(sim, 2000);
	ck_assert_uint_eq(log.n, N);
	for (int64_t t = 1000; t <= 1002; t++)
		for (uint32_t i = 0; i < N; i++)
			if (times[i % 5] == t)
				bad += log.id[k++] != i;
	ck_assert_uint_eq(bad, 0);
	sim_free(sim);
	free(named);
}
END_TEST

START_TEST(moved_events_go_behind_their_equals)
{
	static struct log log;
	struct named a[6];
	struct sim *sim = logging(&log, a, 6);

	for (uint32_t i = 0; i < 6; i++)
		sim_arm(sim, &a[i].event, 50);
	sim_arm(sim, &a[0].event, 50); /* no change: keeps its place */
	sim_arm(sim, &a[1].event, 20);
	sim_arm(sim, &a[1].event, 50); /* earlier and back */
	sim_arm(sim, &a[2].event, 70);
	sim_arm(sim, &a[2].event, 50); /* later and back */
	sim_disarm(&a[3].event);
	sim_arm(sim, &a[3].event, 50); /* off and on */
	sim_run(sim, SIM_NEVER);
	static const uint32_t expected[] = { 0, 4, 5, 1, 2, 3 };

	ck_assert_uint_eq(log.n, 6);
	ck_assert_mem_eq(log.id, expected, sizeof(expected));
	ck_assert_int_eq(sim_now(sim), 50);
	sim_free(sim);
}
END_TEST

/* Wherever the queue divides the front, equal times stay in order on both sides. */
START_TEST(ties_hold_where_the_front_is_divided)
{
	enum { N = 150 };
	static struct log log;
	struct named a[N];

	for (uint32_t first = 0; first <= N; first++) {
		struct sim *sim = logging(&log, a, N);

		for (uint32_t i = 0; i < N; i++)
			sim_arm(sim, &a[i].event, i < first ? 1000 : 1001);
		sim_run(sim, SIM_NEVER);
		ck_assert_uint_eq(log.n, N);
		ck_assert_uint_eq(misplaced(&log, N, 0, 1), 0);
		sim_free(sim);
	}
}
END_TEST

/* The first of a crowd follows its owner to their time late, when the queue has been divided. */
START_TEST(a_follower_comes_before_those_armed_after_it)
{
	enum { SOON = 20, N = 100 };
	static struct log log;
	struct named a[N];
	struct sim *sim = logging(&log, a, N);

	for (uint32_t i = 0; i < N; i++) {
		sim_arm(sim, &a[i].event, i < SOON ? 500 : i == SOON ? 10 : 1000);
		if (i == SOON)
			sim_arm(sim, &a[i].event, 1000);
	}
	sim_run(sim, SIM_NEVER);
	ck_assert_uint_eq(log.n, N);
	ck_assert_uint_eq(misplaced(&log, N, 0, 1), 0);
	sim_free(sim);
}
END_TEST

/* Timers moved later in the reverse of their old order, to one time: the sort of a burst meets its
 * worst case. */
START_TEST(a_burst_of_moved_timers_is_in_order)
{
	enum { N = 1 << 20 }; /* a quadratic sort would take minutes */
	static struct log log;
	struct named *named = calloc(N, sizeof(*named));
	struct sim *sim = logging(&log, named, N);

	for (uint32_t i = 0; i < N; i++)
		sim_arm(sim, &named[i].event, N - i);
	for (uint32_t i = 0; i < N; i++)
		sim_arm(sim, &named[i].event, 2 * N);
	sim_run(sim, SIM_NEVER);
	ck_assert_uint_eq(log.n, N);
	ck_assert_uint_eq(misplaced(&log, N, 0, 1), 0);
	sim_free(sim);
	free(named);
}
END_TEST

struct pass {
	struct sim_event event, work[3];
	uint32_t done, at_pass;
};

static void work_fire(struct sim *sim, struct sim_event *event)
{
	struct pass *pass = sim_user(sim);

	(void)event;
	pass->done++;
	sim_arm(sim, &pass->event, sim_now(sim));
}

static void pass_fire(struct sim *sim, struct sim_event *event)
{
	struct pass *pass = SIM_OWNER(event, struct pass, event);

	ck_assert_ptr_eq(sim_user(sim), pass);
	pass->at_pass = pass->done;
}

START_TEST(a_zero_delay_pass_sees_the_whole_instant)
{
	struct pass pass = { .event = SIM_EVENT(pass_fire) };
	struct sim *sim = sim_new();

	sim_user_set(sim, &pass);
	for (int i = 0; i < 3; i++) {
		pass.work[i] = SIM_EVENT(work_fire);
		sim_arm(sim, &pass.work[i], 7);
	}
	sim_run(sim, 7);
	ck_assert_uint_eq(pass.at_pass, 3);
	ck_assert_uint_eq(sim_fired(sim), 4);
	sim_free(sim);
}
END_TEST

/* --- memory --- */

enum { CROWD = 20000 };
static struct sim_event crowd[CROWD];

/* Work of 1 .. 100 ms that pushes back a timer of 60 s somewhere, and sometimes pulls one in. */
static void again(struct sim *sim, struct sim_event *event)
{
	uint64_t k = sim_fired(sim) * 0x9e3779b97f4a7c15 >> 32;

	sim_arm(sim, event, sim_now(sim) + 1000000 * (int64_t)(1 + k % 100) + (int64_t)(k % 7));
	sim_arm(sim, &crowd[k % CROWD], sim_now(sim) + 60000000000);
	if (k % 8 == 0)
		sim_arm(sim, &crowd[(k >> 3) % CROWD], sim_now(sim) + 30000000000);
}

START_TEST(a_steady_state_allocates_nothing)
{
	struct sim *sim = sim_new();
	uint64_t grown;

	for (uint32_t i = 0; i < CROWD; i++) {
		crowd[i] = SIM_EVENT(again);
		sim_arm(sim, &crowd[i], 1 + 7919ll * i * 100);
	}
	sim_run(sim, 240 * 1000000000ll);
	grown = sim_grown(sim);
	ck_assert_uint_gt(grown, 2);
	ck_assert_uint_lt(grown, 20);
	sim_run(sim, 600 * 1000000000ll);
	ck_assert_uint_gt(sim_fired(sim), 300000);
	ck_assert_uint_eq(sim_grown(sim), grown);
	sim_free(sim);
}
END_TEST

/* A wake-up for 60 s on, pulled in to 1 ms by someone else's work, and out again. */
static void wake(struct sim *sim, struct sim_event *event)
{
	uint64_t k = sim_fired(sim) * 0x9e3779b97f4a7c15 >> 32;

	sim_arm(sim, event, sim_now(sim) + 60000000000);
	sim_arm(sim, &crowd[k % CROWD], sim_now(sim) + 1000000);
}

START_TEST(timers_going_in_and_out_leave_nothing_behind)
{
	struct sim *sim = sim_new();
	uint64_t entries = 0;

	for (uint32_t i = 0; i < CROWD; i++) {
		crowd[i] = SIM_EVENT(wake);
		sim_arm(sim, &crowd[i], 1 + 50ll * i);
	}
	sim_run(sim, 50 * 1000000ll);
	for (uint32_t i = 0; i < CROWD; i++)
		entries += crowd[i].entries;
	ck_assert_uint_gt(sim_fired(sim), 10 * CROWD);
	ck_assert_uint_le(entries, 2 * CROWD);
	sim_free(sim);
}
END_TEST

static void nothing(struct sim *sim, struct sim_event *event)
{
	(void)sim;
	(void)event;
}

/* Looking ahead moves the wheel's base; arming a crowd before it must not be quadratic, nor out of
 * order. */
START_TEST(a_crowd_may_be_armed_after_a_look_ahead)
{
	enum { N = 99990 };
	static struct log log;
	struct named *named = calloc(N + 10, sizeof(*named));
	struct sim *sim = logging(&log, named, N + 10);

	for (uint32_t i = 0; i < 10; i++)
		sim_arm(sim, &named[N + i].event, 3600 * 1000000000ll + (int64_t)i);
	ck_assert_int_eq(sim_next(sim), 3600 * 1000000000ll);
	sim_run(sim, 1000);
	ck_assert_uint_eq(log.n, 0);
	for (uint32_t i = 0; i < N; i++)
		sim_arm(sim, &named[i].event, 1000 + 10000ll * (N - i));
	ck_assert_int_eq(sim_next(sim), 11000);
	sim_run(sim, SIM_NEVER);
	ck_assert_uint_eq(log.n, N + 10);
	ck_assert_uint_eq(misplaced(&log, N, N - 1, -1), 0);
	sim_free(sim);
	free(named);
}
END_TEST

/* --- edges --- */

START_TEST(edges_of_time)
{
	static const int64_t times[] = { 0,
					 0,
					 1,
					 63,
					 64,
					 4095,
					 4096,
					 1ll << 40,
					 (1ll << 40) + 1,
					 1ll << 62,
					 (1ll << 62) + 1,
					 7ll << 60,
					 SIM_NEVER - 2,
					 SIM_NEVER - 1,
					 SIM_NEVER - 1 };
	enum { N = sizeof(times) / sizeof(times[0]) };
	static struct log log;
	struct named named[N];
	struct sim *sim = logging(&log, named, N);

	ck_assert_int_eq(sim_next(sim), SIM_NEVER);
	ck_assert(sim_run(sim, 0));
	for (int i = N - 1; i >= 0; i--)
		sim_arm(sim, &named[i].event, times[i]);
	for (uint32_t i = 0; i < N; i++) {
		if (i && times[i] == times[i - 1])
			continue;
		ck_assert_int_eq(sim_next(sim), times[i]);
		sim_run(sim, times[i]);
		ck_assert_int_eq(sim_now(sim), times[i]);
	}
	ck_assert_uint_eq(log.n, N);
	ck_assert_uint_eq(log.id[0], 1);
	ck_assert_uint_eq(log.id[1], 0);
	for (uint32_t i = 2; i < N - 2; i++)
		ck_assert_uint_eq(log.id[i], i);
	sim_free(sim);
}
END_TEST

START_TEST(disarmed_and_moved_events_are_not_next)
{
	struct sim *sim = sim_new();
	struct sim_event a = SIM_EVENT(nothing), b = SIM_EVENT(nothing);

	sim_arm(sim, &a, 10);
	sim_arm(sim, &b, 20);
	sim_disarm(&a);
	ck_assert(!sim_armed(&a) && !sim_idle(&a) && sim_armed(&b));
	ck_assert_int_eq(sim_next(sim), 20);
	ck_assert(sim_idle(&a));
	sim_arm(sim, &b, 1ll << 50);
	sim_arm(sim, &a, 15);
	ck_assert_int_eq(sim_next(sim), 15);
	ck_assert_ptr_eq(sim_peek(sim, 0), &a);
	ck_assert_ptr_null(sim_peek(sim, 5));
	sim_run(sim, 15);
	ck_assert_int_eq(sim_next(sim), 1ll << 50);
	ck_assert_uint_eq(sim_fired(sim), 1);
	sim_free(sim);
}
END_TEST

static struct sim *signalled;

static void on_signal(int number)
{
	(void)number;
	sim_stop(signalled);
}

static void raise_signal(struct sim *sim, struct sim_event *event)
{
	sim_arm(sim, event, sim_now(sim) + 1);
	raise(SIGUSR1);
}

START_TEST(a_signal_stops_after_the_current_event)
{
	struct sim *sim = signalled = sim_new();
	struct sim_event event = SIM_EVENT(raise_signal);

	signal(SIGUSR1, on_signal);
	sim_arm(sim, &event, 5);
	ck_assert(!sim_run(sim, 100));
	ck_assert_int_eq(sim_now(sim), 5);
	ck_assert_int_eq(event.at, 6);
	sim_stop(sim); /* before a run: it ends before its first event */
	ck_assert(!sim_run(sim, 100));
	ck_assert_uint_eq(sim_fired(sim), 1);
	ck_assert(!sim_run(sim, 100));
	ck_assert_int_eq(sim_now(sim), 6);
	signal(SIGUSR1, SIG_DFL);
	sim_free(sim);
}
END_TEST

/* --- owners --- */

static void free_owner(struct sim *sim, struct sim_event *event)
{
	(void)sim;
	ck_assert(sim_idle(event));
	free(SIM_OWNER(event, struct named, event));
}

START_TEST(idle_owners_may_be_freed)
{
	struct sim *sim = sim_new();

	for (uint32_t i = 0; i < 1000; i++) {
		struct named *named = malloc(sizeof(*named));

		*named = (struct named){ .event = SIM_EVENT(free_owner), .id = i };
		sim_arm(sim, &named->event, sim_now(sim) + i % 7);
		sim_run(sim, sim_now(sim) + i % 3);
	}
	sim_run(sim, SIM_NEVER);
	ck_assert_uint_eq(sim_fired(sim), 1000);
	struct sim_event moved = SIM_EVENT(nothing);

	sim_arm(sim, &moved, sim_now(sim) + 1000);
	sim_arm(sim, &moved, sim_now(sim) + 10); /* leaves an entry at 1000 */
	sim_run(sim, sim_now(sim) + 500);
	ck_assert(!sim_armed(&moved) && !sim_idle(&moved));
	sim_run(sim, sim_now(sim) + 500);
	ck_assert(sim_idle(&moved));
	sim_free(sim);
}
END_TEST

Suite *event_suite(void)
{
	Suite *suite = suite_create("event");
	TCase *tc = tcase_create("event");

	tcase_add_test(tc, ties_fire_in_arming_order);
	tcase_add_test(tc, moved_events_go_behind_their_equals);
	tcase_add_test(tc, ties_hold_where_the_front_is_divided);
	tcase_add_test(tc, a_follower_comes_before_those_armed_after_it);
	tcase_add_test(tc, a_burst_of_moved_timers_is_in_order);
	tcase_add_test(tc, a_zero_delay_pass_sees_the_whole_instant);
	tcase_add_test(tc, a_steady_state_allocates_nothing);
	tcase_add_test(tc, timers_going_in_and_out_leave_nothing_behind);
	tcase_add_test(tc, a_crowd_may_be_armed_after_a_look_ahead);
	tcase_add_test(tc, edges_of_time);
	tcase_add_test(tc, disarmed_and_moved_events_are_not_next);
	tcase_add_test(tc, a_signal_stops_after_the_current_event);
	tcase_add_test(tc, idle_owners_may_be_freed);
	suite_add_tcase(suite, tc);
	return suite;
}
