/* The serving machine, message by message: where a request's time goes, deadlines, refusals, pods
 * that come and go, what is ignored. The autoscaler in it: test_scaling.c. */
#include "models/serving/state.h"
#include "tests/play_serving.h"
#include "tests/suites.h"
#include <string.h>

#define US INT64_C(1000)

static struct play play;

static void setup(void)
{
	play_init(&play, 2);
}

static void teardown(void)
{
	play_release(&play);
}

static int64_t sum(const struct request_record *record)
{
	int64_t total = 0;

	for (int i = 0; i < PARTS; i++)
		total += record->part_ns[i];
	return total;
}

START_TEST(straight)
{
	const struct request_record *record;
	const struct msg *sent;

	play.hop_ns = 200 * US;
	play_start(&play, 1);
	play_pod(&play, 0, 7, 3, 0, true, NULL);
	play_request(&play, 1 * S, 0, 42);
	sent = &play.submit.at[0];
	ck_assert_uint_eq(play.submit.n, 1);
	ck_assert_uint_eq(sent->submit.pod, 7);
	ck_assert_uint_eq(sent->submit.pod_gen, 3);
	ck_assert_uint_eq(sent->submit.input_tokens, 100);
	ck_assert_uint_eq(sent->submit.output_tokens, 10);
	ck_assert_uint_eq(sent->submit.service, 0);
	play_token(&play, 1 * S + 50 * MS, sent, 5 * MS, 7 * MS);
	play_finished(&play, 2 * S, sent, OUT_COMPLETED);
	record = play_last(&play);
	ck_assert_uint_eq(record->id, 42);
	ck_assert_uint_eq(record->outcome, OUT_COMPLETED);
	ck_assert_int_eq(record->arrival_ns, 1 * S);
	ck_assert_int_eq(record->first_token_ns, 1 * S + 50 * MS + 200 * US);
	ck_assert_int_eq(record->end_ns, 2 * S + 200 * US);
	ck_assert_int_eq(record->part_ns[PART_QUEUE_PROXY], 5 * MS);
	ck_assert_int_eq(record->part_ns[PART_BATCH_WAIT], 7 * MS);
	ck_assert_int_eq(record->part_ns[PART_PREFILL], 50 * MS - 12 * MS - 200 * US);
	ck_assert_int_eq(record->part_ns[PART_DECODE], 950 * MS);
	ck_assert_int_eq(record->part_ns[PART_NETWORK], 400 * US);
	ck_assert_int_eq(sum(record), record->end_ns - record->arrival_ns);
	ck_assert(!record->cold);
}
END_TEST

START_TEST(hop_longer_than_measured)
{
	/* sent at 1 s, token at +10 ms, of which the pod claims `claimed`: hop 4 ms does not fit.
	 */
	static const struct {
		int64_t queue_proxy, batch_wait, network, got_queue_proxy, got_batch_wait;
	} cases[] = {
		{ 3 * MS, 5 * MS, 2 * MS, 3 * MS, 5 * MS },
		{ 3 * MS, 9 * MS, 0, 3 * MS, 7 * MS },
		{ 13 * MS, 9 * MS, 0, 10 * MS, 0 },
	};

	play.hop_ns = 4 * MS;
	play_start(&play, 1);
	play_pod(&play, 0, 0, 0, 0, true, NULL);
	for (int i = 0; i < 3; i++) {
		const struct msg *sent;
		int64_t at = (i + 1) * S;

		play_request(&play, at, 0, 0);
		sent = &play.submit.at[i];
		play_token(&play, at + 10 * MS, sent, cases[i].queue_proxy, cases[i].batch_wait);
		play_finished(&play, at + 10 * MS, sent, OUT_COMPLETED);
		ck_assert_int_eq(play_last(&play)->part_ns[PART_PREFILL], 0);
		ck_assert_int_eq(play_last(&play)->part_ns[PART_NETWORK],
				 cases[i].network + 4 * MS);
		ck_assert_int_eq(play_last(&play)->part_ns[PART_QUEUE_PROXY],
				 cases[i].got_queue_proxy);
		ck_assert_int_eq(play_last(&play)->part_ns[PART_BATCH_WAIT],
				 cases[i].got_batch_wait);
	}
}
END_TEST

/* A pod wanted at 10 s; phase p ends at 11 + p s, but provisioning never was; routable at 25 s. */
static struct pod_record history(void)
{
	struct pod_record record = { .wanted_ns = 10 * S, .created_ns = 12 * S };

	for (int i = 0; i < PHASES; i++)
		record.phase_end_ns[i] = (11 + i) * S;
	record.phase_end_ns[PHASE_DECISION] = 10 * S;
	record.phase_end_ns[PHASE_PROVISION] = -1;
	record.phase_end_ns[PHASE_ENDPOINT] = 24 * S;
	return record;
}

START_TEST(cold_start_parts)
{
	struct pod_record record = history();
	int64_t *part;

	play_start(&play, 1);
	play_request(&play, 8 * S, 0, 1);
	play_request(&play, 15 * S + 1, 0, 2);
	play_request(&play, 25 * S - 1, 0, 3);
	ck_assert_uint_eq(play.submit.n, 0);
	play_pod(&play, 25 * S, 0, 0, 0, true, &record);
	ck_assert_uint_eq(play.submit.n, 3); /* no limit: all of them */
	for (uint32_t i = 0; i < 3; i++) {
		play_finished(&play, 26 * S, &play.submit.at[i], OUT_COMPLETED);
		ck_assert(play_last(&play)->cold);
		ck_assert_int_eq(sum(play_last(&play)), 26 * S - play_last(&play)->arrival_ns);
	}
	part = &play.record.at[0].part_ns[PART_COLD_START];
	ck_assert_int_eq(part[PHASE_DECISION], 2 * S);
	ck_assert_int_eq(part[PHASE_CONTROL], 2 * S);
	ck_assert_int_eq(part[PHASE_PROVISION], 0);
	ck_assert_int_eq(part[PHASE_SCHEDULING], 2 * S);
	for (int i = PHASE_SANDBOX; i < PHASE_ENDPOINT; i++)
		ck_assert_int_eq(part[i], 1 * S);
	ck_assert_int_eq(part[PHASE_ENDPOINT], 25 * S - 20 * S);
	part = &play.record.at[1].part_ns[PART_COLD_START];
	ck_assert_int_eq(part[PHASE_SCHEDULING], 0);
	ck_assert_int_eq(part[PHASE_SANDBOX], 0);
	ck_assert_int_eq(part[PHASE_IMAGE], 1 * S - 1);
	ck_assert_int_eq(part[PHASE_START], 1 * S);
	ck_assert_int_eq(play.record.at[2].part_ns[PART_COLD_START + PHASE_ENDPOINT], 1);
	ck_assert_int_eq(play.record.at[2].part_ns[PART_ACTIVATOR], 0);
}
END_TEST

START_TEST(limited_pods)
{
	/* CC = 1, no pod at first: two wait; the pod takes one; the other waits for room, then for
	 * a second pod that comes later. */
	struct pod_record record = history();

	play.service[0].concurrency = 1;
	play_start(&play, 1);
	play_request(&play, 24 * S, 0, 1);
	play_request(&play, 24 * S, 0, 2);
	play_request(&play, 24 * S, 0, 3);
	play_pod(&play, 25 * S, 4, 0, 0, true, &record);
	ck_assert_uint_eq(play.submit.n, 1);
	play_finished(&play, 31 * S, &play.submit.at[0], OUT_COMPLETED);
	ck_assert_uint_eq(play.submit.n, 2);
	record.phase_end_ns[PHASE_READINESS] = 32 * S;
	play_pod(&play, 33 * S, 5, 0, 0, true, &record);
	ck_assert_uint_eq(play.submit.n, 3);
	ck_assert_uint_eq(play.submit.at[2].submit.pod, 5);
	play_finished(&play, 40 * S, &play.submit.at[1], OUT_COMPLETED);
	play_finished(&play, 40 * S, &play.submit.at[2], OUT_COMPLETED);
	/* The second: 1 s for the endpoint, 6 s for room on a pod that was ready. */
	ck_assert_int_eq(play.record.at[1].part_ns[PART_COLD_START + PHASE_ENDPOINT], 1 * S);
	ck_assert_int_eq(play.record.at[1].part_ns[PART_ACTIVATOR], 6 * S);
	ck_assert(play.record.at[1].cold);
	ck_assert_int_eq(play.record.at[2].part_ns[PART_COLD_START + PHASE_READINESS], 8 * S);
	ck_assert_int_eq(play.record.at[2].part_ns[PART_COLD_START + PHASE_ENDPOINT], 1 * S);
	ck_assert_int_eq(play.record.at[2].part_ns[PART_ACTIVATOR], 0);
	ck_assert(play.record.at[2].cold);
}
END_TEST

START_TEST(waits_in_vain)
{
	/* CC = 1: of a service with a pod, the wait is for room; of one without, for a pod. */
	play.service[0].autoscaler.class = SCALE_KPA; /* all through the activator */
	play.service[0].autoscaler.initial_scale = 0;
	play.service[0].concurrency = play.service[1].concurrency = 1;
	play.service[0].timeout_ns = play.service[1].timeout_ns = 10 * S;
	play_start(&play, 1);
	play_pod(&play, 0, 0, 0, 0, true, NULL);
	play_request(&play, 1 * S, 0, 0);
	play_token(&play, 1 * S, &play.submit.at[0], 0, 0);
	play_request(&play, 2 * S, 0, 1);
	play_request(&play, 3 * S, 1, 2);
	play_until(&play, 13 * S);
	ck_assert_uint_eq(play.record.n, 2);
	ck_assert_int_eq(play.record.at[0].part_ns[PART_ACTIVATOR], 10 * S);
	ck_assert(!play.record.at[0].cold);
	ck_assert_int_eq(play.record.at[1].part_ns[PART_COLD_START + PHASE_CONTROL], 10 * S);
	ck_assert_int_eq(play.record.at[1].part_ns[PART_ACTIVATOR], 0);
	ck_assert(play.record.at[1].cold);
}
END_TEST

START_TEST(timeouts)
{
	play.service[0].timeout_ns = 10 * S;
	play.service[1].timeout_ns = 0;
	play.service[1].concurrency = 1;
	play.hop_ns = 1 * MS;
	play_start(&play, 1);
	play_request(&play, 1 * S, 0, 1); /* waits in vain */
	play_until(&play, 5 * S);
	play_pod(&play, 5 * S, 9, 0, 1, true, NULL);
	play_request(&play, 5 * S, 1, 2); /* no timeout */
	ck_assert_int_eq(serving_wakeup(play.serving), 11 * S);
	play_until(&play, 11 * S - 1);
	ck_assert_uint_eq(play.record.n, 0);
	play_until(&play, 11 * S);
	ck_assert_uint_eq(play.record.n, 1);
	ck_assert_uint_eq(play_last(&play)->outcome, OUT_TIMED_OUT);
	ck_assert_int_eq(play_last(&play)->end_ns, 11 * S);
	/* No pod was there, none came: it did not wait for room. */
	ck_assert_int_eq(play_last(&play)->part_ns[PART_ACTIVATOR], 0);
	ck_assert_int_eq(play_last(&play)->part_ns[PART_COLD_START + PHASE_CONTROL], 10 * S);
	ck_assert(play_last(&play)->cold);
	ck_assert_uint_eq(play.cancel.n, 0);

	/* One that was sent is cancelled; its late answers are ignored. One with a token lives on.
	 */
	play_pod(&play, 12 * S, 3, 8, 0, true, NULL);
	play_request(&play, 20 * S, 0, 3);
	play_request(&play, 20 * S, 0, 4);
	play_token(&play, 21 * S, &play.submit.at[2], 0, 0);
	play_until(&play, 100 * S);
	ck_assert_uint_eq(play.record.n, 2);
	ck_assert_uint_eq(play_last(&play)->id, 3);
	ck_assert_uint_eq(play_last(&play)->outcome, OUT_TIMED_OUT);
	ck_assert_int_eq(play_last(&play)->first_token_ns, -1);
	ck_assert_int_eq(play_last(&play)->part_ns[PART_NETWORK], 1 * MS);
	ck_assert_int_eq(play_last(&play)->part_ns[PART_PREFILL], 10 * S - 1 * MS);
	ck_assert_uint_eq(play.cancel.n, 1);
	ck_assert_uint_eq(play.cancel.at[0].who, play.submit.at[1].who);
	ck_assert_uint_eq(play.cancel.at[0].cancel.gen, play.submit.at[1].submit.gen);
	ck_assert_uint_eq(play.cancel.at[0].cancel.pod, 3);
	ck_assert_uint_eq(play.cancel.at[0].cancel.pod_gen, 8);
	play_token(&play, 101 * S, &play.submit.at[1], 0, 0);
	play_finished(&play, 102 * S, &play.submit.at[1], OUT_COMPLETED);
	ck_assert_uint_eq(play.record.n, 2);
	play_finished(&play, 103 * S, &play.submit.at[2], OUT_COMPLETED);
	ck_assert_uint_eq(play_last(&play)->id, 4);
	ck_assert_int_eq(serving_wakeup(play.serving), TIME_NEVER);
}
END_TEST

START_TEST(activator_full)
{
	play.service[0].activator_queue = 2;
	play_start(&play, 1);
	for (uint64_t i = 0; i < 4; i++)
		play_request(&play, 1 * S, 0, i);
	ck_assert_uint_eq(play.record.n, 2);
	ck_assert_uint_eq(play.record.at[0].id, 2);
	ck_assert_uint_eq(play.record.at[1].id, 3);
	ck_assert_uint_eq(play_last(&play)->outcome, OUT_REJECTED);
	ck_assert_int_eq(play_last(&play)->end_ns, 1 * S);
	play_pod(&play, 2 * S, 0, 0, 0, true, NULL);
	ck_assert_uint_eq(play.submit.n, 2);
}
END_TEST

START_TEST(refused_and_failed)
{
	play.hop_ns = 1 * MS;
	play_start(&play, 1);
	play_pod(&play, 0, 0, 0, 0, true, NULL);
	for (uint64_t i = 0; i < 4; i++)
		play_request(&play, 1 * S, 0, i);
	play_finished(&play, 1 * S + 5 * MS, &play.submit.at[0], OUT_REJECTED);
	ck_assert_int_eq(play_last(&play)->part_ns[PART_QUEUE_PROXY], 4 * MS);
	ck_assert_int_eq(play_last(&play)->part_ns[PART_NETWORK], 2 * MS);
	ck_assert_int_eq(play_last(&play)->end_ns, 1 * S + 6 * MS);
	play_finished(&play, 2 * S, &play.submit.at[1], OUT_FAILED);
	ck_assert_uint_eq(play_last(&play)->outcome, OUT_FAILED);
	ck_assert_int_eq(play_last(&play)->part_ns[PART_PREFILL], 999 * MS);
	play_token(&play, 3 * S, &play.submit.at[2], 0, 0);
	play_finished(&play, 4 * S, &play.submit.at[2], OUT_FAILED);
	ck_assert_int_eq(play_last(&play)->part_ns[PART_DECODE], 1 * S);
	ck_assert_int_eq(play_last(&play)->first_token_ns, 3 * S + 1 * MS);
	/* The word of the first token never came: the end stands for it. */
	play_finished(&play, 5 * S, &play.submit.at[3], OUT_COMPLETED);
	ck_assert_int_eq(play_last(&play)->first_token_ns, 5 * S + 1 * MS);
	play_token(&play, 6 * S, &play.submit.at[3], 0, 0);
	ck_assert_uint_eq(play.record.n, 4);
}
END_TEST

START_TEST(heard_twice)
{
	struct msg stale;

	play_start(&play, 1);
	play_pod(&play, 0, 0, 0, 0, true, NULL);
	play_request(&play, 1 * S, 0, 1);
	stale = play.submit.at[0];
	play_token(&play, 2 * S, &stale, 1 * S, 0);
	play_token(&play, 3 * S, &stale, 0, 0);
	play_finished(&play, 4 * S, &stale, OUT_COMPLETED);
	play_finished(&play, 5 * S, &stale, OUT_FAILED);
	ck_assert_uint_eq(play.record.n, 1);
	ck_assert_int_eq(play_last(&play)->first_token_ns, 2 * S);
	/* The slot lives again, under another generation: the old one's messages miss it. */
	play_request(&play, 6 * S, 0, 2);
	ck_assert_uint_eq(play.submit.at[1].who, stale.who);
	ck_assert_uint_ne(play.submit.at[1].submit.gen, stale.submit.gen);
	play_token(&play, 7 * S, &stale, 0, 0);
	play_finished(&play, 7 * S, &stale, OUT_COMPLETED);
	ck_assert_uint_eq(play.record.n, 1);
	/* From a pod that it was not sent to, or of a slot that never was. */
	stale = play.submit.at[1];
	stale.submit.pod = 5;
	play_finished(&play, 8 * S, &stale, OUT_COMPLETED);
	stale.who = 1000;
	play_finished(&play, 8 * S, &stale, OUT_COMPLETED);
	ck_assert_uint_eq(play.record.n, 1);
	play_finished(&play, 9 * S, &play.submit.at[1], OUT_COMPLETED);
	ck_assert_uint_eq(play.record.n, 2);
}
END_TEST

static uint32_t ready(uint32_t service)
{
	return play.serving->revision[service].seats.order.n;
}

START_TEST(pods_come_and_go)
{
	play_start(&play, 1);
	play_pod(&play, 0, 0, 5, 0, true, NULL);
	play_pod(&play, 0, 1, 1, 0, true, NULL);
	play_pod(&play, 1 * S, 0, 5, 0, true, NULL); /* said twice */
	ck_assert_uint_eq(ready(0), 2);
	play_request(&play, 2 * S, 0, 1); /* both get one */
	play_request(&play, 2 * S, 0, 2);
	play_pod(&play, 3 * S, 0, 5, 0, false, NULL);
	play_pod(&play, 3 * S, 0, 5, 0, false, NULL);
	for (uint64_t i = 0; i < 10; i++)
		play_request(&play, 4 * S, 0, 3 + i);
	for (uint32_t i = 2; i < play.submit.n; i++)
		ck_assert_uint_eq(play.submit.at[i].submit.pod, 1);
	/* A word of it that was overtaken changes nothing; the next generation does. */
	play_pod(&play, 5 * S, 0, 5, 0, true, NULL);
	play_pod(&play, 5 * S, 0, 4, 0, true, NULL);
	ck_assert_uint_eq(ready(0), 1);
	play_pod(&play, 6 * S, 0, 6, 0, true, NULL);
	ck_assert_uint_eq(ready(0), 2);
	play_pod(&play, 6 * S, 0, 5, 0, false, NULL);
	ck_assert_uint_eq(ready(0), 2);
	/* The old generation's request ends, and is not taken off the new one's load. */
	play_finished(&play, 7 * S, &play.submit.at[0], OUT_FAILED);
	ck_assert_uint_eq(play_last(&play)->outcome, OUT_FAILED);
	play_request(&play, 8 * S, 0, 20);
	ck_assert_uint_eq(play.submit.at[play.submit.n - 1].submit.pod_gen, 6);
	/* A slot that passes to another service without a word that it was gone. */
	play_pod(&play, 9 * S, 0, 7, 1, true, NULL);
	ck_assert_uint_eq(ready(0), 1);
	ck_assert_uint_eq(ready(1), 1);
	/* Gone before it was ever up: then it never is. */
	play_pod(&play, 9 * S, 12, 1, 0, false, NULL);
	play_pod(&play, 9 * S, 12, 1, 0, true, NULL);
	ck_assert_uint_eq(ready(0), 1);
}
END_TEST

START_TEST(shares)
{
	/* 30 % of s0 go to s1; the draws are a stream of their own. */
	struct split_config split = { "s1", 0.3 };
	uint32_t to[2] = { 0 };

	play.service[0].split = (struct opt_list){ &split, 1 };
	play_start(&play, 1);
	for (uint64_t i = 0; i < 10000; i++)
		play_request(&play, 1 * S, 0, i);
	for (uint32_t i = 0; i < 2; i++) {
		struct series_record record;

		serving_sample(play.serving, i, play.now, &record);
		to[i] = record.arrivals;
	}
	ck_assert_uint_eq(to[0] + to[1], 10000);
	ck_assert_uint_gt(to[1], 3000 - 4 * 46); /* sd = sqrt(10000 .3 .7) = 46 */
	ck_assert_uint_lt(to[1], 3000 + 4 * 46);
}
END_TEST

START_TEST(samples_and_drain)
{
	struct series_record record;

	play.hop_ns = 10 * MS;
	play_start(&play, 1);
	play_pod(&play, 0, 0, 0, 0, true, NULL);
	for (uint64_t i = 0; i < 5; i++)
		play_request(&play, 1 * S, 0, i);
	play_request(&play, 1 * S, 1, 5);
	play_token(&play, 2 * S, &play.submit.at[0], 0, 0);
	play_token(&play, 2 * S, &play.submit.at[1], 0, 0);
	play_finished(&play, 3 * S, &play.submit.at[0], OUT_COMPLETED);
	play_token(&play, 4 * S, &play.submit.at[2], 0, 0);
	serving_sample(play.serving, 0, 4 * S, &record);
	ck_assert_uint_eq(record.arrivals, 5);
	ck_assert_uint_eq(record.completions, 1);
	ck_assert_uint_eq(record.waiting, 2);
	ck_assert_uint_eq(record.running, 2);
	serving_sample(play.serving, 0, 4 * S, &record);
	ck_assert_uint_eq(record.arrivals + record.completions, 0);

	outbox_clear(&play.out);
	serving_drain(play.serving, 4 * S + 5 * MS, &play.out);
	ck_assert_uint_eq(play.out.n, 5);
	for (uint32_t i = 0; i < 5; i++) {
		const struct request_record *left =
			(const void *)(play.out.loads + i * sizeof(*left));

		ck_assert_uint_eq(left->outcome, OUT_IN_FLIGHT);
		ck_assert_int_eq(left->end_ns, 4 * S + 5 * MS);
		ck_assert_int_eq(sum(left), left->end_ns - left->arrival_ns);
		/* The token of request 2 is still on its way. */
		ck_assert_int_eq(left->first_token_ns, left->id == 1 ? 2 * S + 10 * MS : -1);
	}
	outbox_clear(&play.out);
	serving_drain(play.serving, 5 * S, &play.out);
	ck_assert_uint_eq(play.out.n, 0);
}
END_TEST

START_TEST(allocates_nothing)
{
	uint64_t before = 0;

	play_start(&play, 1);
	for (uint32_t i = 0; i < 20; i++)
		play_pod(&play, 0, i, 0, 0, true, NULL);
	for (int round = 0; round < 100; round++) {
		uint32_t first = play.submit.n;

		if (round == 3)
			before = vec_grown();
		for (uint64_t i = 0; i < 1000; i++)
			play_request(&play, (round + 1) * S, 0, i);
		for (uint32_t i = 0; i < 1000; i++) {
			play_token(&play, play.now, &play.submit.at[first + i], 0, 0);
			play_finished(&play, play.now, &play.submit.at[first + i], OUT_COMPLETED);
		}
		play.submit.n = play.record.n = 0;
	}
	ck_assert_uint_eq(vec_grown(), before);
}
END_TEST

Suite *serving_suite(void)
{
	Suite *suite = suite_create("serving");
	TCase *tcase = tcase_create("requests");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, straight);
	tcase_add_test(tcase, hop_longer_than_measured);
	tcase_add_test(tcase, cold_start_parts);
	tcase_add_test(tcase, limited_pods);
	tcase_add_test(tcase, waits_in_vain);
	tcase_add_test(tcase, timeouts);
	tcase_add_test(tcase, activator_full);
	tcase_add_test(tcase, refused_and_failed);
	tcase_add_test(tcase, heard_twice);
	tcase_add_test(tcase, pods_come_and_go);
	tcase_add_test(tcase, shares);
	tcase_add_test(tcase, samples_and_drain);
	tcase_add_test(tcase, allocates_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
