/* Flows: known sharing examples, random ones against a naive filling, bytes to the last one, and
 * that a change touches its component alone. */
#include "base/rng.h"
#include "sim/flow.h"
#include "sim/physics.h"
#include "tests/suites.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Notes when it was fired. */
struct mark {
	struct sim_event event;
	sim_time at;
	int times;
};

static void mark_fired(struct sim *sim, struct sim_event *event)
{
	struct mark *mark = SIM_OWNER(event, struct mark, event);

	mark->at = sim_now(sim);
	mark->times++;
}

static struct mark mark_new(void)
{
	return (struct mark){ .event = SIM_EVENT(mark_fired), .at = -1 };
}

static uint32_t begin(struct flow_net *net, int64_t bytes, double cap, uint32_t weight,
		      struct mark *mark, uint32_t n, const uint32_t *links)
{
	struct flow_spec spec = { .bytes = bytes,
				  .cap = cap,
				  .weight = weight,
				  .done = mark ? &mark->event : NULL,
				  .path.n = n };

	if (n)
		memcpy(spec.path.link, links, n * sizeof(*links));
	return flow_begin(net, &spec);
}

START_TEST(triangle)
{
	/* Three links of 1 GB/s in a row; one flow over all three, one over each: all get a half.
	 * With the middle link of 0.3 GB/s: long and middle flow 0.15, the others 0.85. */
	struct sim *sim = sim_new();
	struct flow_net *net = flow_net_new(sim);
	uint32_t link[3] = { flow_link(net, 1e9), flow_link(net, 1e9), flow_link(net, 1e9) };
	uint32_t all = begin(net, 1000000000, 0, 1, NULL, 3, link), one[3];

	for (int i = 0; i < 3; i++)
		one[i] = begin(net, 1000000000, 0, 1, NULL, 1, &link[i]);
	sim_run(sim, 0);
	ck_assert_double_eq(flow_rate(net, all), 0.5e9);
	for (int i = 0; i < 3; i++)
		ck_assert_double_eq(flow_rate(net, one[i]), 0.5e9);
	flow_link_set(net, link[1], 0.3e9);
	sim_run(sim, 0);
	ck_assert_double_eq_tol(flow_rate(net, all), 0.15e9, 1);
	ck_assert_double_eq_tol(flow_rate(net, one[1]), 0.15e9, 1);
	ck_assert_double_eq_tol(flow_rate(net, one[0]), 0.85e9, 1);
	ck_assert_double_eq_tol(flow_rate(net, one[2]), 0.85e9, 1);
	sim_free(sim);
	flow_net_free(net);
}
END_TEST

START_TEST(caps_and_weights)
{
	/* A cap of 1 on a link of 10 leaves 9 to weights 2 and 1: 6 and 3. */
	struct sim *sim = sim_new();
	struct flow_net *net = flow_net_new(sim);
	uint32_t link = flow_link(net, 10), capped = begin(net, 1000, 1, 1, NULL, 1, &link);
	uint32_t heavy = begin(net, 1000, 0, 2, NULL, 1, &link);
	uint32_t light = begin(net, 1000, 0, 1, NULL, 1, &link);

	sim_run(sim, 0);
	ck_assert_double_eq(flow_rate(net, capped), 1);
	ck_assert_double_eq(flow_rate(net, heavy), 6);
	ck_assert_double_eq(flow_rate(net, light), 3);
	sim_free(sim);
	flow_net_free(net);
}
END_TEST

START_TEST(times_by_hand)
{
	/* 1 GB/s; 3 GB from 0 s, 1 GB from 1 s: 1 alone, then halves until the short one is done at
	 * 3 s, and the long one, with 1 GB to go, at 4 s. */
	struct sim *sim = sim_new();
	struct flow_net *net = flow_net_new(sim);
	uint32_t link = flow_link(net, 1e9);
	struct mark a = mark_new(), b = mark_new(), c = mark_new();

	begin(net, 3000000000, 0, 1, &a, 1, &link);
	sim_run(sim, 1000000000);
	begin(net, 1000000000, 0, 1, &b, 1, &link);
	begin(net, 0, 0, 1, &c, 1, &link);
	sim_run(sim, SIM_NEVER);
	ck_assert_int_eq(c.at, 1000000000);
	ck_assert_int_eq(b.at, 3000000000);
	ck_assert_int_eq(a.at, 4000000000);
	ck_assert_int_eq(a.times + b.times + c.times, 3);
	ck_assert_int_eq(flow_link_bytes(net, link), 4000000000);
	sim_free(sim);
	flow_net_free(net);
}
END_TEST

START_TEST(delay_cap_and_no_links)
{
	struct sim *sim = sim_new();
	struct flow_net *net = flow_net_new(sim);
	struct mark capped = mark_new(), free_way = mark_new(), late = mark_new();
	struct flow_spec spec = { .bytes = 500, .delay_ns = 7, .done = &late.event };

	begin(net, 500, 1000, 1, &capped, 0, NULL);
	begin(net, 500, 0, 1, &free_way, 0, NULL);
	flow_begin(net, &spec);
	ck_assert_int_eq(free_way.times, 0); /* never from within the call */
	sim_run(sim, SIM_NEVER);
	ck_assert_int_eq(capped.at, 500000000);
	ck_assert_int_eq(free_way.at, 0);
	ck_assert_int_eq(late.at, 7);
	sim_free(sim);
	flow_net_free(net);
}
END_TEST

START_TEST(down_and_up)
{
	struct sim *sim = sim_new();
	struct flow_net *net = flow_net_new(sim);
	uint32_t link = flow_link(net, 100);
	struct mark mark = mark_new();

	begin(net, 200, 0, 1, &mark, 1, &link);
	sim_run(sim, 1000000000);
	flow_link_set(net, link, 0);
	sim_run(sim, 5000000000);
	ck_assert_int_eq(flow_link_bytes(net, link), 100);
	flow_link_set(net, link, 50);
	sim_run(sim, SIM_NEVER);
	ck_assert_int_eq(mark.at, 7000000000);
	sim_free(sim);
	flow_net_free(net);
}
END_TEST

START_TEST(cancelled)
{
	/* The other one speeds up; the bytes moved so far count. */
	struct sim *sim = sim_new();
	struct flow_net *net = flow_net_new(sim);
	uint32_t link = flow_link(net, 100), id;
	struct mark gone = mark_new(), stays = mark_new();

	id = begin(net, 1000, 0, 1, &gone, 1, &link);
	begin(net, 200, 0, 1, &stays, 1, &link);
	sim_run(sim, 1000000000);
	ck_assert_int_eq(flow_cancel(net, id), 50);
	sim_run(sim, SIM_NEVER);
	ck_assert_int_eq(gone.times, 0);
	ck_assert_int_eq(stays.at, 2500000000);
	ck_assert_int_eq(flow_link_bytes(net, link), 250);
	sim_free(sim);
	flow_net_free(net);
}
END_TEST

/* ---- against a naive filling ---- */

enum { LINKS = 12, FLOWS = 40 };

struct shape {
	double rate[LINKS], cap[FLOWS], got[FLOWS];
	uint32_t weight[FLOWS];
	bool over[FLOWS][LINKS];
};

/* Raises all rates by the smallest step that fills a link or reaches a cap; O(flows^2 links). */
static void fill_naively(struct shape *shape, uint32_t flows)
{
	bool frozen[FLOWS] = { false };
	uint32_t left = flows;

	memset(shape->got, 0, sizeof(shape->got));
	while (left) {
		double step = INFINITY;

		for (uint32_t l = 0; l < LINKS; l++) {
			double used = 0, weight = 0;

			for (uint32_t f = 0; f < flows; f++) {
				used += shape->over[f][l] ? shape->got[f] : 0;
				weight += shape->over[f][l] && !frozen[f] ? shape->weight[f] : 0;
			}
			if (weight > 0)
				step = fmin(step, (shape->rate[l] - used) / weight);
		}
		for (uint32_t f = 0; f < flows; f++)
			if (!frozen[f] && shape->cap[f] > 0)
				step = fmin(step,
					    (shape->cap[f] - shape->got[f]) / shape->weight[f]);
		for (uint32_t f = 0; f < flows; f++)
			shape->got[f] += frozen[f] ? 0 : step * shape->weight[f];
		for (uint32_t f = 0; f < flows; f++) {
			double cap = shape->cap[f];
			bool full = cap > 0 && shape->got[f] >= cap * (1 - 1e-12);

			for (uint32_t l = 0; l < LINKS && !full; l++) {
				double used = 0;

				for (uint32_t g = 0; g < flows; g++)
					used += shape->over[g][l] ? shape->got[g] : 0;
				full = shape->over[f][l] && used >= shape->rate[l] * (1 - 1e-12);
			}
			left -= !frozen[f] && full;
			frozen[f] |= full;
		}
	}
}

START_TEST(random_shapes)
{
	struct rng rng = rng_stream(11, "test_flow", (uint64_t)_i);

	for (int round = 0; round < 20; round++) {
		struct sim *sim = sim_new();
		struct flow_net *net = flow_net_new(sim);
		struct shape shape = { 0 };
		uint32_t id[FLOWS], flows = 1 + rng_below(&rng, FLOWS);

		for (uint32_t l = 0; l < LINKS; l++) {
			shape.rate[l] = 1e6 * (1 + rng_below(&rng, 50));
			flow_link(net, shape.rate[l]);
		}
		for (uint32_t f = 0; f < flows; f++) {
			uint32_t path[FLOW_LINKS], n = 0;

			shape.weight[f] = 1 + rng_below(&rng, 4);
			shape.cap[f] = rng_below(&rng, 3) ? 0 : 1e5 * (1 + rng_below(&rng, 60));
			for (uint32_t want = 1 + rng_below(&rng, 4); n < want;) {
				uint32_t l = rng_below(&rng, LINKS);

				if (!shape.over[f][l])
					path[n++] = l;
				shape.over[f][l] = true;
			}
			id[f] = begin(net, INT64_C(1) << 50, shape.cap[f], shape.weight[f], NULL, n,
				      path);
			if (rng_below(&rng, 4) == 0) /* some join a network that is settled */
				sim_run(sim, sim_now(sim));
		}
		sim_run(sim, sim_now(sim));
		fill_naively(&shape, flows);
		for (uint32_t f = 0; f < flows; f++)
			ck_assert_double_eq_tol(flow_rate(net, id[f]), shape.got[f],
						1e-6 * shape.got[f]);
		sim_free(sim);
		flow_net_free(net);
	}
}
END_TEST

/* ---- bytes ---- */

START_TEST(bytes_are_exact)
{
	/* 500 flows of odd sizes come and go over 30 links of odd rates; a tenth is cancelled. */
	enum { MANY = 500, WAYS = 30 };
	struct rng rng = rng_stream(12, "test_flow", 0);
	struct sim *sim = sim_new();
	struct flow_net *net = flow_net_new(sim);
	struct mark *mark = calloc(MANY, sizeof(*mark));
	int64_t sent[WAYS] = { 0 };

	for (uint32_t l = 0; l < WAYS; l++)
		flow_link(net, 1e8 / 3 * (1 + rng_below(&rng, 9)));
	for (uint32_t f = 0; f < MANY; f++) {
		uint32_t first = rng_below(&rng, WAYS), path[2] = { first, (first + 1) % WAYS }, id;
		int64_t bytes = 1 + rng_below(&rng, 1000000007);

		mark[f] = mark_new();
		id = begin(net, bytes, f % 7 ? 0 : 1e7 / 3, 1 + f % 3, &mark[f], 2, path);
		sim_run(sim, sim_now(sim) + rng_below(&rng, 300000000));
		if (f % 10 == 9 && !mark[f].times) {
			bytes = flow_cancel(net, id);
			mark[f].times = 1;
		}
		sent[path[0]] += bytes;
		sent[path[1]] += bytes;
	}
	sim_run(sim, SIM_NEVER);
	for (uint32_t f = 0; f < MANY; f++)
		ck_assert_int_eq(mark[f].times, 1);
	for (uint32_t l = 0; l < WAYS; l++)
		ck_assert_int_eq(flow_link_bytes(net, l), sent[l]);
	free(mark);
	sim_free(sim);
	flow_net_free(net);
}
END_TEST

START_TEST(looking_changes_nothing)
{
	sim_time end[2];

	for (int look = 0; look < 2; look++) {
		struct sim *sim = sim_new();
		struct flow_net *net = flow_net_new(sim);
		uint32_t link = flow_link(net, 1e9 / 7);
		struct mark mark[3] = { mark_new(), mark_new(), mark_new() };

		for (int i = 0; i < 3; i++)
			begin(net, INT64_C(1000000007) * (i + 1), 0, 1, &mark[i], 1, &link);
		for (int i = 0; look && i < 1000; i++) {
			sim_run(sim, sim_now(sim) + 1000003);
			flow_link_bytes(net, link);
		}
		sim_run(sim, SIM_NEVER);
		end[look] = mark[2].at;
		sim_free(sim);
		flow_net_free(net);
	}
	ck_assert_int_le(llabs(end[0] - end[1]), 1);
}
END_TEST

START_TEST(component_alone)
{
	/* 10,000 flows on links of their own: one more recomputes two rates, not ten thousand. */
	enum { MANY = 10000 };
	struct sim *sim = sim_new();
	struct flow_net *net = flow_net_new(sim);
	uint64_t before;

	for (uint32_t f = 0; f < MANY; f++) {
		uint32_t link = flow_link(net, 1e9 + f);

		begin(net, 1000000000 + f, 0, 1, NULL, 1, &link);
	}
	sim_run(sim, 0);
	ck_assert_uint_eq(flow_totals(net).rates, MANY);
	ck_assert_uint_eq(flow_totals(net).passes, 1);
	before = flow_totals(net).rates;
	begin(net, 1000, 0, 1, NULL, 1, &(uint32_t){ 5000 });
	sim_run(sim, 1);
	ck_assert_uint_eq(flow_totals(net).rates, before + 2);
	sim_run(sim, SIM_NEVER);
	for (uint32_t f = 0; f < MANY; f++)
		ck_assert_int_eq(flow_link_bytes(net, f), 1000000000 + f + (f == 5000 ? 1000 : 0));
	sim_free(sim);
	flow_net_free(net);
}
END_TEST

Suite *flow_suite(void)
{
	Suite *suite = suite_create("flow");
	TCase *sharing = tcase_create("sharing"), *bytes = tcase_create("bytes");

	tcase_add_test(sharing, triangle);
	tcase_add_test(sharing, caps_and_weights);
	tcase_add_test(sharing, times_by_hand);
	tcase_add_test(sharing, delay_cap_and_no_links);
	tcase_add_test(sharing, down_and_up);
	tcase_add_test(sharing, cancelled);
	tcase_add_loop_test(sharing, random_shapes, 0, 10);
	suite_add_tcase(suite, sharing);
	tcase_add_test(bytes, bytes_are_exact);
	tcase_add_test(bytes, looking_changes_nothing);
	tcase_add_test(bytes, component_alone);
	suite_add_tcase(suite, bytes);
	return suite;
}
