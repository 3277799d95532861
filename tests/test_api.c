/* The API server's stations against closed forms: token bucket, M/D/1, M/M/10, group commit; and
 * nothing lost, nothing out of order. */
#include "base/vec.h"
#include "sim/api.h"
#include "sim/bucket.h"
#include "tests/suites.h"
#include <math.h>
#include <string.h>

#define MS INT64_C(1000000)

struct answer {
	sim_time at;
	struct msg msg;
};

static struct arena arena;
static struct api_config config;
static struct sim *sim;
static struct api *api;
static VEC(struct answer) answers;

static void set(const char *path, const char *text)
{
	const struct opt *opt = opt_find(api_options, path);
	struct err err = { 0 };

	ck_assert_msg(opt && opt_parse(opt, &config, text, &arena, &err), "%s", err.text);
}

/* Everything but what a test sets costs nothing. */
static void setup(void)
{
	arena_init(&arena);
	opt_defaults(api_options, &config, &arena);
	set("service", "0s");
	set("commit", "0s");
	set("hop", "0s");
	set("watch", "0s");
	sim = sim_new();
	answers.n = 0;
}

static void teardown(void)
{
	sim_free(sim);
	api_free(api);
	api = NULL;
	vec_release(&answers);
	arena_release(&arena);
}

static void take(void *ctx, const struct msg *msg)
{
	(void)ctx;
	vec_push(&answers, ((struct answer){ sim_now(sim), *msg }));
}

static void start(double qps, double burst, uint64_t seed)
{
	struct api_client client = { "test", qps, burst };

	api = api_new(sim, &config, &client, 1, 4, seed, take, NULL);
}

static void write_one(uint32_t who, uint16_t verb, uint16_t writes, bool reply, bool watch)
{
	struct msg msg = { .kind = MSG_WRITE, .who = who };

	msg.write.verb = verb;
	msg.write.writes = writes;
	msg.write.reply = reply;
	msg.write.watch = watch;
	api_write(api, &msg);
}

START_TEST(bucket_knee)
{
	/* 10/s, burst 20, 2.5 writes a cold start: the last of 25 at 4.25 s, of 100 at 23.0 s; 4/s
	 * from then on (validation case V10). */
	struct bucket bucket = bucket_new(10, 20);
	sim_time at[500];

	for (int i = 0; i < 500; i++)
		at[i] = bucket_at(&bucket, bucket_take(&bucket, 0, 2.5), 2.5);
	ck_assert_int_eq(at[7], 0);
	ck_assert_int_eq(at[8], 250 * MS);
	ck_assert_int_eq(at[24], 4250 * MS);
	ck_assert_int_eq(at[99], 23000 * MS);
	ck_assert_int_eq(at[499] - at[99], 100000 * MS);
	/* Idle for a second, it has ten tokens, not more. */
	bucket = bucket_new(10, 20);
	bucket_take(&bucket, 0, 20);
	ck_assert_int_le(bucket_at(&bucket, bucket_take(&bucket, 1000 * MS, 10), 10), 1000 * MS);
	ck_assert_int_eq(bucket_at(&bucket, bucket_take(&bucket, 1000 * MS, 1), 1), 1100 * MS);
	bucket = bucket_new(0, 1);
	ck_assert_int_le(bucket_at(&bucket, bucket_take(&bucket, 5, 1e9), 1e9), 5);
}
END_TEST

START_TEST(cold_starts_through_the_bucket)
{
	/* The same through the stations: 100 cold starts of 2 and 3 writes in turn. */
	start(10, 20, 1);
	for (uint32_t i = 0; i < 100; i++)
		write_one(i, 0, 2 + (i & 1), true, false);
	sim_run(sim, SIM_NEVER);
	ck_assert_uint_eq(answers.n, 100);
	ck_assert_int_eq(answers.at[99].at, 23000 * MS);
	ck_assert_uint_eq(answers.at[99].msg.who, 99);
	ck_assert_int_eq((answers.at[23].at + answers.at[24].at) / 2, 4100 * MS);
	for (uint32_t i = 20; i < 100; i++)
		ck_assert_uint_eq(answers.at[i].msg.who, i); /* past the burst, in order */
}
END_TEST

START_TEST(idle_latency)
{
	/* n (2 hops + service + commit); seen counts from the commit. */
	set("service", "3ms");
	set("commit", "2ms");
	set("hop", "1ms");
	set("watch", "10ms");
	start(0, 1, 1);
	write_one(5, 2, 3, true, true);
	sim_run(sim, SIM_NEVER);
	ck_assert_uint_eq(answers.n, 2);
	ck_assert_uint_eq(answers.at[0].msg.kind, MSG_WRITTEN);
	ck_assert_int_eq(answers.at[0].at, 21 * MS);
	ck_assert_uint_eq(answers.at[1].msg.kind, MSG_SEEN);
	ck_assert_int_eq(answers.at[1].at, 30 * MS);
	ck_assert_uint_eq(answers.at[1].msg.who, 5);
	ck_assert_uint_eq(api_totals(api).writes, 3);
	ck_assert_uint_eq(api_totals(api).commits, 3);
	write_one(6, 2, 0, true, true); /* nothing to write: at once */
	sim_run(sim, SIM_NEVER);
	ck_assert_uint_eq(answers.n, 4);
	ck_assert_int_eq(answers.at[3].at, 30 * MS);
}
END_TEST

/* Poisson arrivals of single writes. */
struct source {
	struct sim_event event;
	struct rng rng;
	double gap_ns;
	uint32_t left;
};

static void source_fire(struct sim *s, struct sim_event *event)
{
	struct source *source = SIM_OWNER(event, struct source, event);

	sim_time gap = (sim_time)(rng_exp(&source->rng) * source->gap_ns + 0.5);

	write_one(source->left, 0, 1, true, false);
	if (--source->left)
		sim_arm(s, event, sim_now(s) + gap);
}

/* Mean wait for a server, in ms, at this many arrivals a ms. */
static double mean_wait(double per_ms, uint32_t n, uint64_t seed)
{
	struct source source = { SIM_EVENT(source_fire), rng_stream(seed, "test_api", 0),
				 MS / per_ms, n };

	start(0, 1, seed);
	sim_arm(sim, &source.event, 0);
	sim_run(sim, SIM_NEVER);
	ck_assert_uint_eq(answers.n, n);
	return (double)api_totals(api).server_wait_ns / n / MS;
}

START_TEST(one_server_deterministic)
{
	/* Pollaczek-Khinchine: rho / (2 (1 - rho)) of a service time: 2.0 at rho 0.8 (V2). */
	set("service", "1ms");
	set("servers", "1");
	ck_assert_double_eq_tol(mean_wait(0.8, 400000, 21), 2.0, 0.06);
	ck_assert_double_eq((double)api_totals(api).server_busy_ns, 400000.0 * MS);
}
END_TEST

START_TEST(ten_servers_exponential)
{
	/* Erlang C: Wq = 0.20459 of a service time for c = 10, rho = 0.8 (V1). */
	set("service", "exp(1ms)");
	set("servers", "10");
	ck_assert_double_eq_tol(mean_wait(8, 400000, 22), 0.20459, 0.01);
}
END_TEST

START_TEST(group_commit)
{
	/* Ten writes at once: the first commits alone, the nine that waited meanwhile together. */
	set("commit", "4ms");
	set("servers", "10");
	start(0, 1, 1);
	for (uint32_t i = 0; i < 10; i++)
		write_one(i, 0, 1, true, false);
	sim_run(sim, SIM_NEVER);
	ck_assert_int_eq(answers.at[0].at, 4 * MS);
	ck_assert_int_eq(answers.at[1].at, 8 * MS);
	ck_assert_int_eq(answers.at[9].at, 8 * MS);
	ck_assert_uint_eq(api_totals(api).commits, 2);
	ck_assert_int_eq(api_totals(api).commit_wait_ns, 9 * 4 * MS);
}
END_TEST

START_TEST(group_commit_under_load)
{
	/* Many writes a commit: each meets a commit half done, so it waits for half of one; and the
	 * commits follow one another without a gap. */
	struct source source = { SIM_EVENT(source_fire), rng_stream(3, "test_api", 1), MS / 50.0,
				 200000 };

	set("commit", "4ms");
	set("servers", "1000");
	start(0, 1, 1);
	sim_arm(sim, &source.event, 0);
	sim_run(sim, SIM_NEVER);
	ck_assert_double_eq_tol((double)api_totals(api).commit_wait_ns / 200000 / MS, 2.0, 0.03);
	ck_assert_int_le(sim_now(sim) - (int64_t)api_totals(api).commits * 4 * MS, 8 * MS);
}
END_TEST

START_TEST(nothing_lost)
{
	/* Writes of all kinds under default times: every answer wanted comes once, and the run is
	 * the same twice. */
	enum { N = 3000, VERBS = 3 };
	uint64_t sum[2] = { 0 };

	for (int run = 0; run < 2; run++) {
		struct rng rng = rng_stream(4, "test_api", 2);
		uint32_t written[N] = { 0 }, seen[N] = { 0 }, want_written = 0, want_seen = 0;

		teardown();
		setup();
		opt_defaults(api_options, &config, &arena);
		start(400, 50, 9);
		for (uint32_t i = 0; i < N; i++) {
			bool reply = rng_below(&rng, 2), watch = rng_below(&rng, 2);
			uint16_t verb = (uint16_t)rng_below(&rng, VERBS);

			want_written += reply;
			want_seen += watch;
			write_one(i, verb, (uint16_t)rng_below(&rng, 4), reply, watch);
			sim_run(sim, sim_now(sim) + rng_below(&rng, 8000000));
		}
		sim_run(sim, SIM_NEVER);
		ck_assert_uint_eq(answers.n, want_written + want_seen);
		for (uint32_t i = 0; i < answers.n; i++) {
			const struct answer *a = &answers.at[i];

			if (a->msg.kind == MSG_WRITTEN)
				written[a->msg.who]++;
			else
				seen[a->msg.who]++;
			sum[run] = sum[run] * 31 + (uint64_t)a->at + a->msg.who;
		}
		for (uint32_t i = 0; i < N; i++)
			ck_assert(written[i] <= 1 && seen[i] <= 1);
		ck_assert_uint_eq(api_totals(api).messages, N);
		ck_assert_uint_eq(api_totals(api).answered, N);
	}
	ck_assert_uint_eq(sum[0], sum[1]);
}
END_TEST

START_TEST(watches_keep_order)
{
	/* One server and no jitter before the watch: a verb's events come in the order written. */
	uint32_t next[2] = { 0, 1 };
	bool mixed = false;

	set("watch", "exp(50ms)");
	set("service", "1ms");
	set("servers", "1");
	start(0, 1, 6);
	for (uint32_t i = 0; i < 400; i++)
		write_one(i, i & 1, 1, false, true);
	sim_run(sim, SIM_NEVER);
	ck_assert_uint_eq(answers.n, 400);
	for (uint32_t i = 0; i < 400; i++) {
		const struct msg *msg = &answers.at[i].msg;

		mixed |= msg->who != i;
		ck_assert_uint_eq(msg->who, next[msg->write.verb]);
		next[msg->write.verb] += 2;
	}
	ck_assert(mixed); /* two verbs are two watches */
}
END_TEST

struct mark {
	struct sim_event event;
	sim_time at;
	int times;
};

static void mark_fired(struct sim *s, struct sim_event *event)
{
	struct mark *mark = SIM_OWNER(event, struct mark, event);

	mark->at = sim_now(s);
	mark->times++;
}

START_TEST(kubelets)
{
	/* Each node has a bucket of its own; a forgotten write is made but not told. */
	struct mark a = { SIM_EVENT(mark_fired), -1, 0 }, b = a, gone = a;
	uint32_t id;

	set("kubelet_qps", "10/s");
	set("kubelet_burst", "1");
	set("commit", "1ms");
	set("watch", "5ms");
	start(0, 1, 1);
	api_node_write(api, 0, 2, &a.event);
	api_node_write(api, 1, 1, &b.event);
	id = api_node_write(api, 2, 1, &gone.event);
	api_forget(api, id);
	sim_run(sim, SIM_NEVER);
	ck_assert_int_eq(a.at, 106 * MS); /* its second token at 100 ms */
	ck_assert_int_eq(b.at, 7 * MS);	  /* the first commit takes the first write alone */
	ck_assert_int_eq(a.times, 1);
	ck_assert_int_eq(gone.times, 0);
	ck_assert_uint_eq(api_totals(api).answered, 3);
}
END_TEST

START_TEST(outage)
{
	set("service", "2ms");
	start(0, 1, 1);
	api_set_up(api, false);
	set("retry", "10ms");
	set("retry_max", "50ms");
	write_one(1, 0, 1, true, false);
	sim_run(sim, 100 * MS);
	ck_assert_uint_eq(answers.n, 0);
	api_set_up(api, true);
	sim_run(sim, SIM_NEVER);
	/* Refused at 0, 10, 30, 70; the next try, the wait at its longest, is at 120. */
	ck_assert_int_eq(answers.at[0].at, 122 * MS);
	ck_assert_uint_eq(api_totals(api).refused, 4);
}
END_TEST

/* Each try takes a token; what was committed before is heard of after the outage, in order. */
START_TEST(outage_in_between)
{
	set("service", "2ms");
	set("watch", "20ms");
	set("retry", "10ms");
	start(10, 1, 1);
	write_one(1, 0, 1, true, true);
	sim_run(sim, 1 * MS);
	api_set_up(api, false);
	write_one(2, 0, 1, true, false);
	sim_run(sim, 450 * MS);
	ck_assert_uint_eq(answers.n, 0);
	api_set_up(api, true);
	sim_run(sim, SIM_NEVER);
	ck_assert_uint_eq(answers.n, 3);
	ck_assert_int_eq(answers.at[0].at, 450 * MS);
	ck_assert_int_eq(answers.at[0].msg.kind, MSG_WRITTEN);
	ck_assert_int_eq(answers.at[1].at, 450 * MS);
	ck_assert_int_eq(answers.at[1].msg.kind, MSG_SEEN);
	/* Its first token comes at 100 ms, refused; at 200, 300, 400 too; at 500 it is not. */
	ck_assert_uint_eq(api_totals(api).refused, 4);
	ck_assert_int_eq(answers.at[2].at, 502 * MS);
}
END_TEST

START_TEST(steady_state_allocates_nothing)
{
	uint64_t grown = 0;

	opt_defaults(api_options, &config, &arena);
	start(0, 1, 5);
	for (int round = 0; round < 200; round++) {
		if (round == 100)
			grown = vec_grown();
		answers.n = 0;
		for (uint32_t i = 0; i < 50; i++)
			write_one(i, 0, 2, true, true);
		sim_run(sim, SIM_NEVER);
	}
	ck_assert_uint_eq(vec_grown(), grown);
}
END_TEST

Suite *api_suite(void)
{
	Suite *suite = suite_create("api");
	TCase *tcase = tcase_create("api");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, bucket_knee);
	tcase_add_test(tcase, cold_starts_through_the_bucket);
	tcase_add_test(tcase, idle_latency);
	tcase_add_test(tcase, one_server_deterministic);
	tcase_add_test(tcase, ten_servers_exponential);
	tcase_add_test(tcase, group_commit);
	tcase_add_test(tcase, group_commit_under_load);
	tcase_add_test(tcase, nothing_lost);
	tcase_add_test(tcase, watches_keep_order);
	tcase_add_test(tcase, kubelets);
	tcase_add_test(tcase, outage);
	tcase_add_test(tcase, outage_in_between);
	tcase_add_test(tcase, steady_state_allocates_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
