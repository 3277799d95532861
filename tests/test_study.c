/* The sweep block: which points it names, and what it says of bad ones. */
#include "scenarios/study.h"
#include "tests/scenario_tables.h"
#include "tests/suites.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct study study;
static char message[1024];

/* Reads a block of s.yaml with --set arguments that line ends part, for some variants. */
static bool read_block(const char *block, const char *sets, uint32_t variants)
{
	struct scenario_set set[8];
	struct err err = { 0 };
	char text[2048], *line;
	uint32_t n = 0;
	bool ok;

	snprintf(text, sizeof(text), "seed: 1\n%s\n", block);
	good(text, NULL);
	snprintf(text, sizeof(text), "%s", sets ? sets : "");
	for (line = text; *line; n++) {
		size_t length = strcspn(line, "\n");

		ck_assert(scenario_set_parse(arena_text(&arena, line, length), &set[n], &arena,
					     &err));
		line += length + (line[length] == '\n');
	}
	ok = study_read(&study, &scenario, variants, root_options, set, n, &arena, &err);
	err_line(&err, message, sizeof(message));
	return ok;
}

static void good_block(const char *block, const char *sets, uint32_t variants)
{
	ck_assert_msg(read_block(block, sets, variants), "%s", message);
}

static void bad_block(const char *block, const char *sets, const char *part)
{
	ck_assert_msg(!read_block(block, sets, 1), "taken: %s", block);
	ck_assert_msg(strstr(message, part), "\"%s\" is not in: %s", part, message);
}

static const char *texts(uint32_t axis)
{
	const char *all = "";

	for (uint32_t i = 0; i < study.line[axis].n; i++)
		all = arena_print(&arena, "%s%s%s", all, i ? " " : "",
				  study.line[axis].value[i].text);
	return all;
}

START_TEST(counts_like_a_counter)
{
	struct scenario_set sets[2];
	uint32_t n = 0;

	good_block("sweep: {axes: [{key: pods, values: [3, 5]}, {key: rate, values: "
		   "[1Gbit/s, 2Gbit/s, 3Gbit/s]}]}",
		   NULL, 2);
	ck_assert_uint_eq(study.points, 12);
	ck_assert_uint_eq(study.sets, 2);
	ck_assert_str_eq(study.line[0].name, "pods");
	ck_assert_str_eq(study.line[1].name, "rate");
	for (uint32_t a = 0; a < 2; a++)
		for (uint32_t b = 0; b < 3; b++)
			for (uint32_t v = 0; v < 2; v++, n++) {
				ck_assert_uint_eq(study_at(&study, n, 0), a);
				ck_assert_uint_eq(study_at(&study, n, 1), b);
				ck_assert_uint_eq(n % study.variants, v);
			}
	study_sets(&study, 9, sets);
	ck_assert_str_eq(sets[0].key, "pods");
	ck_assert_str_eq(sets[0].value, "5");
	ck_assert_str_eq(sets[1].value, "2Gbit/s");
	ck_assert_double_eq(study.line[1].value[1].value, 250e6);
	good_block("sweep: {}", NULL, 0);
	ck_assert_uint_eq(study.points, 1);
	ck_assert_int_eq(study.min, 3);
	ck_assert_int_eq(study.block_ns, 60000000000);
	ck_assert_double_eq(study.half_width, 0.05);
}
END_TEST

START_TEST(ranges)
{
	good_block("sweep: {axes: [{key: seed, from: 1, to: 10, steps: 4}]}", NULL, 1);
	ck_assert_str_eq(texts(0), "1 4 7 10");
	good_block("sweep: {axes: [{key: seed, from: 10, to: 1, steps: 3}]}", NULL, 1);
	ck_assert_str_eq(texts(0), "10 6 1"); /* 5.5 is no whole number */
	good_block("sweep: {axes: [{key: seed, from: 1, to: 1000, factor: 10}]}", NULL, 1);
	ck_assert_str_eq(texts(0), "1 10 100 1000");
	good_block("sweep: {axes: [{key: time, from: 100ms, to: 1s, factor: 2}]}", NULL, 1);
	ck_assert_str_eq(texts(0), "0.1s 0.2s 0.4s 0.8s");
	ck_assert_double_eq_tol(study.line[0].value[2].value, 0.4, 1e-12);
	good_block("sweep: {axes: [{key: engine.share, from: 0, to: 1, steps: 4}]}", NULL, 1);
	ck_assert_double_eq(study.line[0].value[1].value, 0.333333);
}
END_TEST

START_TEST(pairs)
{
	struct scenario_set sets[2];

	good_block("sweep: {axes: [{name: size, key: pods, values: [3, 5], with: [{key: "
		   "seed, from: 10, to: 20, steps: 2}]}]}",
		   NULL, 1);
	ck_assert_uint_eq(study.points, 2);
	ck_assert_uint_eq(study.sets, 2);
	ck_assert_str_eq(study.line[0].name, "size");
	study_sets(&study, 1, sets);
	ck_assert_str_eq(sets[0].value, "5");
	ck_assert_str_eq(sets[1].key, "seed");
	ck_assert_str_eq(sets[1].value, "20");
	bad_block("sweep: {axes: [{key: pods, values: [3, 5], with: [{key: seed, values: "
		  "[1, 2, 3]}]}]}",
		  NULL, "seed has 3 values, but pods, with which it moves, has 2");
}
END_TEST

/* Values that are no numbers, or not scalars. */
START_TEST(other_values)
{
	struct scenario_set sets[1];
	struct err err;

	good_block("sweep: {axes: [{key: policy, values: [best-fit, first-fit]}]}", NULL, 1);
	ck_assert_str_eq(texts(0), "best-fit first-fit");
	ck_assert(isnan(study.line[0].value[0].value));
	good_block("services: [{name: a}]\nsweep: {axes: [{name: many, key: services, values: "
		   "[[{name: a}], [{name: a}, {name: b}]]}]}",
		   NULL, 1);
	study_sets(&study, 1, sets);
	ck_assert_msg(
		scenario_load(root_options, &root, "s.yaml", sets, 1, &scenario, &arena, &err),
		"%s", err.text);
	ck_assert_uint_eq(root.services.n, 2);
	good_block("services: [{name: a}]\nsweep: {axes: [{key: services.a.start, values: [1s, "
		   "\"U(1s,2s)\"]}]}",
		   NULL, 1);
	ck_assert_double_eq(study.line[0].value[0].value, 1);
	ck_assert(isnan(study.line[0].value[1].value));
}
END_TEST

START_TEST(sets)
{
	const char *block = "sweep: {axes: [{name: p, key: pods, values: [3, 5]}]}";

	good_block(block, "sweep.replications.max=4\nsweep.axes.p.values=[1, 2, 9]\nseed=3", 1);
	ck_assert_int_eq(study.max, 4);
	ck_assert_str_eq(texts(0), "1 2 9");
	good_block(block, "sweep.bootstrap={block: 0s}", 1);
	ck_assert_int_eq(study.block_ns, 0);
	bad_block(block, "pods=4", "--set sets pods, but the sweep varies it");
	bad_block(block, "sweep.replications.mx=4", "--set sweep.replications.mx=4: unknown key");
}
END_TEST

START_TEST(bad)
{
	bad_block("title: a", NULL, "s.yaml: no `sweep:` block");
	bad_block("sweep: 3", NULL, "s.yaml:2:8: expected a table");
	bad_block("sweep: {axes: [3]}", NULL, "s.yaml:2:16: axes: expected a table");
	bad_block("sweep: {axes: [{values: [1]}]}", NULL, "expected a `key`");
	bad_block("sweep: {axes: [{key: sed, values: [1]}]}", NULL, "did you mean \"seed\"");
	bad_block("sweep: {axes: [{key: seed}]}", NULL, "either a list of values, or from, to");
	bad_block("sweep: {axes: [{key: seed, values: 3}]}", NULL, "either a list of values");
	bad_block("sweep: {axes: [{key: seed, values: []}]}", NULL, "either a list of values");
	bad_block("sweep: {axes: [{key: seed, values: [1], from: 2}]}", NULL, "either a list");
	bad_block("sweep: {axes: [{key: seed, values: [1, 2, 1]}]}", NULL, "1 is there twice");
	bad_block("sweep: {axes: [{key: seed, values: [1, 2], with: [{key: rate, values: [3, 3, "
		  "3]}]}]}",
		  NULL, "rate has 3 values");
	bad_block("sweep: {axes: [{key: seed, from: 2}]}", NULL, "both `from` and `to`");
	bad_block("sweep: {axes: [{key: seed, from: 2, to: 9}]}", NULL, "either steps");
	bad_block("sweep: {axes: [{key: seed, from: 2, to: x, steps: 2}]}", NULL,
		  "s.yaml:2:16: seed: ");
	bad_block("sweep: {axes: [{key: seed, from: 1, to: 2, steps: 5}]}", NULL,
		  "two steps of the range are both 1");
	bad_block("sweep: {axes: [{key: seed, from: 0, to: 2, factor: 5}]}", NULL,
		  "0 < from <= to");
	bad_block("sweep: {axes: [{key: rate, from: 1bit/s, to: 9Gbit/s, factor: 1.0001}]}", NULL,
		  "more than 10000 values");
	bad_block("sweep: {axes: [{key: title, from: a, to: b, steps: 2}]}", NULL, "no number");
	bad_block("sweep: {axes: [{key: seed, values: [1]}, {key: seed, values: [2]}]}", NULL,
		  "two axes are called \"seed\"");
	bad_block("sweep: {axes: [{key: seed, values: [1]}, {name: b, key: seed, values: [2]}]}",
		  NULL, "two axes vary seed");
	bad_block("sweep: {replications: {min: 5, max: 3}}", NULL, "min is 5, above max, 3");
	bad_block("sweep: {replication: {min: 5}}", NULL, "did you mean \"replications\"");
	bad_block("sweep: {axes: [{key: seed, from: 1, to: 9000, steps: 9000}, {key: pods, "
		  "from: 1, to: 9000, steps: 9000}]}",
		  NULL, "a sweep of 81000000 points");
	bad_block("variants: [{name: a, set: {seed: 2}}]\nsweep: {axes: [{key: seed, values: "
		  "[1]}]}",
		  NULL, "variant \"a\" sets seed, but the sweep varies it");
}
END_TEST

Suite *study_suite(void)
{
	Suite *suite = suite_create("study");
	TCase *tcase = tcase_create("study");

	tcase_add_checked_fixture(tcase, scenario_setup, scenario_teardown);
	tcase_add_test(tcase, counts_like_a_counter);
	tcase_add_test(tcase, ranges);
	tcase_add_test(tcase, pairs);
	tcase_add_test(tcase, other_values);
	tcase_add_test(tcase, sets);
	tcase_add_test(tcase, bad);
	suite_add_tcase(suite, tcase);
	return suite;
}
