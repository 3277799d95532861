/* What a request costs the serving machine in all: arrival, first token, end and record; ends come
 * in random order. CPU time; best of the rounds, as other work on the machine can only add. */
#include "base/arena.h"
#include "base/rng.h"
#include "models/serving/serving.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 15, REQUESTS = 500000, GAP_NS = 1000 };

static const struct load {
	const char *name;
	uint32_t pods, live; /* live: requests in flight */
	int router, class;
	int64_t concurrency;
} loads[] = {
	{ "least-outstanding", 100, 1000, ROUTE_LEAST_OUTSTANDING, SCALE_NONE, 0 },
	{ "least-outstanding", 1000, 20000, ROUTE_LEAST_OUTSTANDING, SCALE_NONE, 0 },
	{ "round-robin", 100, 1000, ROUTE_ROUND_ROBIN, SCALE_NONE, 0 },
	{ "power-of-two", 100, 1000, ROUTE_POWER_OF_D, SCALE_NONE, 0 },
	{ "kpa, proxied", 100, 1000, ROUTE_LEAST_OUTSTANDING, SCALE_KPA, 20 },
};

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void end(struct serving *serving, int64_t now, const struct msg *submit, struct outbox *out)
{
	struct msg msg = { .kind = MSG_FIRST_TOKEN, .who = submit->who };

	msg.first_token.gen = submit->submit.gen;
	msg.first_token.pod = submit->submit.pod;
	serving_step(serving, now, &msg, NULL, out);
	msg = (struct msg){ .kind = MSG_FINISHED, .who = submit->who };
	msg.finished.gen = submit->submit.gen;
	msg.finished.pod = submit->submit.pod;
	serving_step(serving, now, &msg, NULL, out);
	outbox_clear(out);
}

static void round_of(struct serving *serving, const struct load *load, struct msg *sent,
		     int64_t *now, struct rng *rng, struct outbox *out)
{
	const struct msg tick = { .kind = MSG_TICK };

	for (int i = 0; i < REQUESTS; i++) {
		struct msg msg = { .kind = MSG_REQUEST };
		uint32_t at = rng_below(rng, load->live);

		*now += GAP_NS;
		while (serving_wakeup(serving) <= *now)
			serving_step(serving, *now, &tick, NULL, out);
		outbox_clear(out);
		if (sent[at].kind == MSG_SUBMIT)
			end(serving, *now, &sent[at], out);
		serving_step(serving, *now, &msg, NULL, out);
		assert(out->n == 1 && out->at[0].kind == MSG_SUBMIT);
		sent[at] = out->at[0];
		outbox_clear(out);
	}
}

int main(void)
{
	for (size_t l = 0; l < sizeof(loads) / sizeof(*loads); l++) {
		const struct load *load = &loads[l];
		struct rng rng = rng_stream(1, "bench", l);
		struct service_config config;
		struct outbox out = { 0 };
		struct serving *serving;
		struct arena arena;
		struct msg *sent = calloc(load->live, sizeof(*sent));
		double best_s = 1e9;
		int64_t now = 0;

		assert(sent);
		arena_init(&arena);
		opt_defaults(service_options, &config, &arena);
		config.router = load->router;
		config.replicas = load->pods;
		config.concurrency = load->concurrency;
		config.autoscaler.class = load->class;
		config.autoscaler.target_burst_capacity = -1;
		serving = serving_new(&config, 1, 1, 1000000);
		for (uint32_t i = 0; i < load->pods; i++) {
			struct msg msg = { .kind = MSG_ENDPOINT, .who = i };

			msg.endpoint.up = true;
			serving_step(serving, 0, &msg, NULL, &out);
		}
		outbox_clear(&out);
		for (int round = 0; round < ROUNDS; round++) {
			double start_s = cpu_s(), took_s;

			round_of(serving, load, sent, &now, &rng, &out);
			took_s = cpu_s() - start_s;
			best_s = took_s < best_s ? took_s : best_s;
		}
		printf("%-18s %5u pods, %6u in flight: %6.1f ns a request\n", load->name,
		       load->pods, load->live, best_s / REQUESTS * 1e9);
		serving_free(serving);
		outbox_release(&out);
		arena_release(&arena);
		free(sent);
	}
	return 0;
}
