/* The LLM engine against a world that counts time by itself: skipping and stepping give the same
 * tokens at the same nanoseconds; blocks, tokens and requests are conserved; each scheduler's rule
 * of admission holds. */
#include "base/rng.h"
#include "models/engine/replica.h"
#include "sim/world.h"
#include "tests/suites.h"
#include <stdlib.h>
#include <string.h>

/* One replica under a tiny clock: submissions at given times, iterations timed by a fitted cost. */
struct bench {
	struct service_config service;
	struct gpu_cost cost;
	struct replica *replica;
	struct outbox out;
	struct gpu_series series;
	int64_t now;
	bool running;
	uint64_t target;
	uint64_t steps, rejected, failed, finished, first_tokens, preempted, max_prefill,
		max_product;
	uint64_t hash; /* over (time, kind, request) of all tokens told */
	int64_t *first_ns, *end_ns;
	uint64_t tokens; /* gaps + first tokens */
};

struct ask {
	int64_t at;
	uint32_t input, output;
};

static void mix(struct bench *b, uint64_t x)
{
	b->hash = (b->hash ^ x) * 0x9e3779b97f4a7c15u;
	b->hash ^= b->hash >> 29;
}

static void setup(struct bench *b, int scheduler, bool skip, int64_t blocks, struct arena *arena)
{
	memset(b, 0, sizeof(*b));
	opt_defaults(service_options, &b->service, arena);
	b->service.name = "test";
	b->service.engine.scheduler = scheduler;
	b->service.engine.kv_blocks = blocks;
	b->service.engine.max_tokens = 512;
	b->service.engine.max_seqs = 24;
	b->service.engine.skip = skip;
	b->service.engine.cost = (struct cost_config){ .model = COST_FITTED,
						       .c0_ms = 10.9,
						       .c1_ms = 0.039,
						       .knee_tokens = 96,
						       .c2_ms = 0.017,
						       .c3_ms = 8.37e-5,
						       .c4_ms = 2.6e-6,
						       .c5_ms = 0.00108 };
	gpu_cost_init(&b->cost, &b->service, NULL, NULL);
	b->replica = replica_new(&b->service, 0, 1);
}

static void carry_out(struct bench *b)
{
	const unsigned char *load = b->out.loads;

	for (uint32_t i = 0; i < b->out.n; i++) {
		const struct msg *m = &b->out.at[i];

		if (m->kind == MSG_ITERATE) {
			const struct batch_shape *shape = (const void *)load;

			ck_assert(!b->running);
			gpu_series_run(&b->series, &b->cost, shape, b->now);
			b->target = b->series.done + m->iterate.k_max;
			b->running = true;
			b->steps++;
			if (shape->prefill_tokens > b->max_prefill)
				b->max_prefill = shape->prefill_tokens;
		} else if (m->kind == MSG_INTERRUPT) {
			uint64_t at = gpu_series_at(&b->series, b->now);

			ck_assert(b->running);
			if (at < b->target)
				b->target = at;
		} else if (m->kind == MSG_FIRST_TOKEN) {
			ck_assert_int_eq(b->first_ns[m->who], -1);
			b->first_ns[m->who] = b->now;
			b->first_tokens++;
			mix(b, (uint64_t)b->now);
			mix(b, m->who + 1);
			mix(b, (uint64_t)m->first_token.batch_wait_ns);
		} else if (m->kind == MSG_FINISHED) {
			ck_assert_int_eq(b->end_ns[m->who], -1);
			b->end_ns[m->who] = b->now;
			b->finished += m->finished.outcome == OUT_COMPLETED;
			b->rejected += m->finished.outcome == OUT_REJECTED;
			b->failed += m->finished.outcome == OUT_FAILED;
			b->preempted += m->finished.preemptions;
			mix(b, (uint64_t)b->now);
			mix(b, m->finished.outcome + 10);
			mix(b, m->finished.preemptions);
		}
		load += (m->load_bytes + 7u) & ~7u;
	}
	outbox_clear(&b->out);
}

static void end_run(struct bench *b)
{
	struct msg m = { .kind = MSG_ITERATED };

	m.iterated.gen = 1;
	m.iterated.k = (uint32_t)(b->target - b->series.done);
	b->series.done = b->target;
	if (b->series.next_kv_tokens)
		b->series.next_kv_tokens += (uint64_t)b->series.decode_seqs * m.iterated.k;
	b->running = false;
	replica_step(b->replica, b->now, &m, NULL, &b->out);
	carry_out(b);
}

/* Feeds n requests in order of time, ends of iterations after submissions of the same time; cancels
 * every cancel-th request a little after it came. */
static void drive(struct bench *b, const struct ask *asks, uint32_t n, uint32_t cancel)
{
	uint32_t i = 0, c = 0;

	b->first_ns = malloc(n * sizeof(int64_t));
	b->end_ns = malloc(n * sizeof(int64_t));
	for (uint32_t k = 0; k < n; k++)
		b->first_ns[k] = b->end_ns[k] = -1;
	while (i < n || b->running || (cancel && c < n)) {
		int64_t ask = i < n ? asks[i].at : TIME_NEVER, give_up = TIME_NEVER,
			end = TIME_NEVER;

		if (cancel) {
			while (c < n && c % cancel)
				c++;
			give_up = c < n ? asks[c].at + 40000000 : TIME_NEVER;
		}
		if (b->running)
			end = gpu_series_end(&b->series, b->target);
		if (ask <= end && ask <= give_up && ask != TIME_NEVER) {
			struct msg m = { .kind = MSG_SUBMIT, .who = i };

			b->now = ask;
			m.submit.gen = 7;
			m.submit.pod_gen = 1;
			m.submit.input_tokens = asks[i].input;
			m.submit.output_tokens = asks[i].output;
			i++;
			replica_step(b->replica, b->now, &m, NULL, &b->out);
			carry_out(b);
		} else if (give_up <= end && give_up != TIME_NEVER) {
			struct msg m = { .kind = MSG_CANCEL, .who = c };

			b->now = give_up;
			m.cancel.gen = 7;
			c++;
			replica_step(b->replica, b->now, &m, NULL, &b->out);
			carry_out(b);
		} else if (b->running) {
			b->now = end;
			end_run(b);
		} else {
			break;
		}
	}
}

static void teardown(struct bench *b)
{
	replica_free(b->replica);
	outbox_release(&b->out);
	free(b->first_ns);
	free(b->end_ns);
}

static struct ask *random_asks(uint32_t n, double gap_ns, uint32_t longest, uint64_t seed)
{
	struct ask *asks = malloc(n * sizeof(*asks));
	struct rng rng = rng_stream(seed, "test", 0);
	int64_t t = 0;

	for (uint32_t i = 0; i < n; i++) {
		t += rng_below(&rng, 8) ? (int64_t)(rng_exp(&rng) * gap_ns) : 0;
		asks[i] = (struct ask){ t, 1 + rng_below(&rng, longest), 1 + rng_below(&rng, 120) };
	}
	return asks;
}

START_TEST(skip_equals_step)
{
	static const int64_t blocks[] = { 4000, 90, 45 };
	struct arena arena;
	struct ask *asks = random_asks(300, 3e7 * (1 + _i % 3), 500, (uint64_t)_i);
	struct bench skip, step;
	int scheduler = _i % 3;

	arena_init(&arena);
	setup(&skip, scheduler, true, blocks[(_i / 3) % 3], &arena);
	setup(&step, scheduler, false, blocks[(_i / 3) % 3], &arena);
	drive(&skip, asks, 300, _i % 2 ? 5 : 0);
	drive(&step, asks, 300, _i % 2 ? 5 : 0);
	ck_assert_uint_eq(skip.hash, step.hash);
	ck_assert_uint_eq(skip.finished, step.finished);
	ck_assert_uint_lt(skip.steps, step.steps);
	if (!(_i % 2))
		ck_assert_uint_eq(skip.finished + skip.rejected, 300);
	ck_assert_uint_eq(skip.failed, 0);
	/* all is given back */
	ck_assert_int_eq(replica_look(skip.replica).free_blocks, skip.service.engine.kv_blocks);
	ck_assert_uint_eq(replica_in_flight(skip.replica), 0);
	teardown(&skip);
	teardown(&step);
	free(asks);
	arena_release(&arena);
}
END_TEST

START_TEST(short_of_blocks_preempts)
{
	struct arena arena;
	struct ask asks[8];
	struct bench b;

	arena_init(&arena);
	for (int i = 0; i < 8; i++)
		asks[i] = (struct ask){ i, 60, 100 };
	setup(&b, _i, true, 40, &arena); /* 8 x 160 tokens need 80 blocks */
	drive(&b, asks, 8, 0);
	ck_assert_uint_eq(b.finished, 8);
	ck_assert_uint_gt(b.preempted, 0);
	ck_assert_int_eq(replica_look(b.replica).free_blocks, 40);
	teardown(&b);
	arena_release(&arena);
}
END_TEST

START_TEST(one_request_by_hand)
{
	/* 100 tokens in, 3 out: one prompt iteration, then two decodes over 101 and 102 KV tokens
	 */
	struct arena arena;
	struct ask ask = { 1000, 100, 3 };
	struct bench b;
	double prompt, first, second;

	arena_init(&arena);
	setup(&b, _i, true, 1000, &arena);
	drive(&b, &ask, 1, 0);
	prompt = 10.9 + 0.039 * 100 + 0.017 * 4 + 2.6e-6 * 1e4;
	first = 10.9 + 0.039 + 8.37e-5 * 101;
	second = 10.9 + 0.039 + 8.37e-5 * 102;
	ck_assert_int_le(llabs(b.first_ns[0] - 1000 - (int64_t)(prompt * 1e6 + 0.5)), 1);
	ck_assert_int_le(
		llabs(b.end_ns[0] - b.first_ns[0] - (int64_t)((first + second) * 1e6 + 0.5)), 1);
	ck_assert_uint_eq(b.steps, 2);
	teardown(&b);
	arena_release(&arena);
}
END_TEST

START_TEST(rules_of_admission)
{
	struct arena arena;
	struct ask asks[] = {
		{ 0, 100, 1 }, { 1, 200, 1 }, { 1, 200, 1 }, { 1, 200, 1 }, { 1, 100, 1 }
	};
	struct ask huge = { 0, 600, 1 };
	struct bench b;

	arena_init(&arena);
	/* v0: 2 x 200 within 512, 3 x 200 not; sarathi and v1 fill 512 tokens to the last */
	setup(&b, SCHED_VLLM_V0, true, 4000, &arena);
	drive(&b, asks, 5, 0);
	ck_assert_uint_eq(b.max_prefill, 400);
	ck_assert_int_eq(b.first_ns[1], b.first_ns[2]);
	ck_assert_int_gt(b.first_ns[3], b.first_ns[2]);
	teardown(&b);
	setup(&b, SCHED_SARATHI, true, 4000, &arena);
	drive(&b, asks, 5, 0);
	ck_assert_uint_eq(b.max_prefill, 512);
	teardown(&b);
	/* v0 cannot take a prompt above its budget; chunked schedulers can */
	setup(&b, SCHED_VLLM_V0, true, 4000, &arena);
	drive(&b, &huge, 1, 0);
	ck_assert_uint_eq(b.rejected, 1);
	teardown(&b);
	setup(&b, SCHED_VLLM_V1, true, 4000, &arena);
	drive(&b, &huge, 1, 0);
	ck_assert_uint_eq(b.finished, 1);
	teardown(&b);
	arena_release(&arena);
}
END_TEST

START_TEST(queue_proxy_limits)
{
	struct arena arena;
	struct ask asks[30];
	struct bench b;

	arena_init(&arena);
	for (int i = 0; i < 30; i++)
		asks[i] = (struct ask){ i, 10, 50 };
	setup(&b, SCHED_VLLM_V1, true, 4000, &arena);
	b.service.concurrency = 2;
	b.service.queue_depth = 10;
	drive(&b, asks, 30, 0);
	ck_assert_uint_eq(b.finished, 22); /* 2 inside, 20 queued */
	ck_assert_uint_eq(b.rejected, 8);
	teardown(&b);
	arena_release(&arena);
}
END_TEST

START_TEST(a_dead_pod_fails_all)
{
	struct arena arena;
	struct bench b;
	struct msg m = { .kind = MSG_SUBMIT };

	arena_init(&arena);
	setup(&b, SCHED_VLLM_V1, true, 4000, &arena);
	m.submit.pod_gen = 1;
	m.submit.input_tokens = m.submit.output_tokens = 10;
	for (m.who = 0; m.who < 5; m.who++)
		replica_step(b.replica, 0, &m, NULL, &b.out);
	outbox_clear(&b.out);
	replica_fail(b.replica, &b.out);
	ck_assert_uint_eq(b.out.n, 5);
	/* messages of another generation, and late ones, change nothing */
	outbox_clear(&b.out);
	m.kind = MSG_ITERATED;
	m.iterated.gen = 2;
	m.iterated.k = 1;
	replica_step(b.replica, 0, &m, NULL, &b.out);
	ck_assert_uint_eq(b.out.n, 0);
	teardown(&b);
	arena_release(&arena);
}
END_TEST

START_TEST(series_inverts)
{
	struct gpu_series s = { .start_ns = 12345,
				.first_ns = 1.1e7 + _i,
				.step_ns = _i % 3 ? 84.3 * _i : 0 };

	for (uint64_t i = 1; i < 300; i++) {
		int64_t end = gpu_series_end(&s, i);

		ck_assert_uint_eq(gpu_series_at(&s, end), i);
		ck_assert_uint_eq(gpu_series_at(&s, end + 1), i + 1);
		ck_assert_uint_eq(gpu_series_at(&s, end - 1), i);
	}
}
END_TEST

START_TEST(times_have_an_end)
{
	/* A mean of 1001 h is refused wherever times are drawn: the clock could not hold the sums.
	 */
	static const struct {
		const struct opt *table;
		const char *name;
	} times[] = {
		{ engine_options, "service_time" },   { pod_workload_options, "lifetime" },
		{ decision_cost_options, "base" },    { decision_cost_options, "per_node" },
		{ decision_cost_options, "lean" },    { decision_cost_options, "lean_per_node" },
		{ decision_cost_options, "message" }, { decision_cost_options, "function_start" },
		{ decision_cost_options, "bind" },    { decision_cost_options, "migration" }
	};
	union {
		struct engine_config engine;
		struct pod_workload pods;
		struct decision_cost cost;
	} config;
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		const struct opt *opt = opt_find(times[i].table, times[i].name);
		struct err err = { 0 };

		ck_assert(opt_parse(opt, &config, "exp(999h)", &arena, &err));
		ck_assert_msg(!opt_parse(opt, &config, "exp(1001h)", &arena, &err), "%s",
			      times[i].name);
	}
	arena_release(&arena);
}
END_TEST

Suite *engine_suite(void)
{
	Suite *suite = suite_create("engine");
	TCase *tcase = tcase_create("engine");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, skip_equals_step, 0, 90);
	tcase_add_loop_test(tcase, short_of_blocks_preempts, 0, 3);
	tcase_add_loop_test(tcase, one_request_by_hand, 0, 3);
	tcase_add_test(tcase, rules_of_admission);
	tcase_add_test(tcase, queue_proxy_limits);
	tcase_add_test(tcase, a_dead_pod_fails_all);
	tcase_add_loop_test(tcase, series_inverts, 0, 12);
	tcase_add_test(tcase, times_have_an_end);
	suite_add_tcase(suite, tcase);
	return suite;
}
