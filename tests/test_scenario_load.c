/* The loader on good input: what is read, in which order, and what includes, sets and variants do.
 */
#include "tests/scenario_tables.h"
#include "tests/suites.h"
#include <string.h>
#include <sys/stat.h>

START_TEST(all_kinds_of_values)
{
	good("# a comment\n"
	     "seed: 42\ntime: 5min\ntitle: \"a: b # c\"\nfast: yes\npolicy: first-fit\nrate: "
	     "100Gbit/s\npods: 7\n"
	     "engine: {kv_blocks: 2k, share: 0.5}\n"
	     "services:\n"
	     "  - name: chat\n"
	     "    engine:\n"
	     "      kv_blocks: 99\n"
	     "    start: LN(10s,18s); 2% 60s\n"
	     "    parts: [{size: 2KiB}, {name: p}]\n"
	     "  - {name: code, start: \"U(1s,2s)\"}\n",
	     NULL);
	ck_assert_int_eq(root.seed, 42);
	ck_assert_int_eq(root.time_ns, 300000000000);
	ck_assert_str_eq(root.title, "a: b # c");
	ck_assert(root.fast);
	ck_assert_int_eq(root.policy, 0);
	ck_assert_double_eq(root.rate, 12.5e9);
	ck_assert_int_eq(root.limits.pods, 7);
	ck_assert_int_eq(root.engine.blocks, 2000);
	ck_assert_double_eq(root.engine.share, 0.5);
	ck_assert_uint_eq(root.services.n, 2);
	ck_assert_str_eq(service(0)->name, "chat");
	ck_assert_int_eq(service(0)->engine.blocks, 99);
	ck_assert_double_eq(service(0)->engine.share, 0.7);
	ck_assert_str_eq(service(0)->start.text, "LN(10s,18s); 2% 60s");
	ck_assert_uint_eq(service(0)->parts.n, 2);
	ck_assert_int_eq(part(service(0), 0)->size_bytes, 2048);
	ck_assert_str_eq(service(1)->start.text, "U(1s,2s)");
	ck_assert_uint_eq(service(1)->parts.n, 0);
	ck_assert_ptr_nonnull(strstr(scenario.text, "# a comment"));
	ck_assert_str_eq(scenario.path, "s.yaml");
}
END_TEST

START_TEST(elements_start_from_the_enclosing_table)
{
	/* The list stands before the table that its elements start from. */
	good("services: [{name: a, engine: {kv_blocks: 5}}, {name: b, parts: []}]\n"
	     "service: {engine: {kv_blocks: 3, share: 10%}, parts: [{name: x}]}\n",
	     NULL);
	ck_assert_int_eq(service(0)->engine.blocks, 5);
	ck_assert_double_eq(service(0)->engine.share, 0.1);
	ck_assert_int_eq(service(1)->engine.blocks, 3);
	ck_assert_uint_eq(service(0)->parts.n, 1);
	ck_assert_uint_eq(service(1)->parts.n, 0);
	/* A set on that table reaches them, as sets change the tree. */
	good("services: [{name: a, engine: {kv_blocks: 5}}, {name: b}]\n",
	     "service.engine.kv_blocks=8");
	ck_assert_int_eq(service(0)->engine.blocks, 5);
	ck_assert_int_eq(service(1)->engine.blocks, 8);
	/* One that makes the table where the file has none, or nothing in it. */
	good("service:\nservices: [{name: b}]\n", "service.engine.kv_blocks=8");
	ck_assert_int_eq(service(0)->engine.blocks, 8);
}
END_TEST

START_TEST(absent_parts)
{
	good("service:\nservices:\nengine: ~\nseed: 2", NULL);
	ck_assert_uint_eq(root.services.n, 0);
	ck_assert_int_eq(root.engine.blocks, 16);
	good("title: ''\nvariants:\nsweep:\n", NULL);
	ck_assert_str_eq(root.title, "");
	good("\xef\xbb\xbfseed: 3\n", NULL); /* a byte-order mark */
	ck_assert_int_eq(root.seed, 3);
	good("{\"seed\": 4, \"engine\": {\"share\": 0.25}}", NULL); /* JSON is YAML */
	ck_assert_double_eq(root.engine.share, 0.25);
	good("title: h\xc3\xa9llo\n", NULL);
	ck_assert_str_eq(root.title, "h\xc3\xa9llo");
}
END_TEST

START_TEST(anchors_and_merges)
{
	good("service: &base\n  engine: &e {kv_blocks: 3, share: 20%}\n"
	     "engine: *e\n"
	     "services:\n  - <<: *base\n    name: a\n  - name: b\n    engine: {<<: [*e, {share: "
	     "1%}], kv_blocks: 9}\n",
	     "engine.kv_blocks=4");
	ck_assert_int_eq(root.engine.blocks, 4);
	ck_assert_int_eq(root.service.engine.blocks,
			 3); /* another use of the anchor stays as it was */
	ck_assert_int_eq(service(0)->engine.blocks, 3);
	ck_assert_int_eq(service(1)->engine.blocks, 9);
	ck_assert_double_eq(service(1)->engine.share, 0.2);
}
END_TEST

START_TEST(includes)
{
	ck_assert_int_eq(mkdir("sub", 0755), 0);
	put("sub/d.yaml", "include: ../b.yaml\nseed: 5\nengine: {kv_blocks: 5, share: 50%}\n");
	put("b.yaml", "seed: 6\ntime: 6min\nfast: true\nservices: [{name: x}, {name: y}]\n");
	put("c.yaml", "time: 7min\ntitle: c\n");
	good("include: [sub/d.yaml, c.yaml]\nengine: {share: 30%}\nservices: [{name: z}]\n", NULL);
	ck_assert_int_eq(root.seed, 5);
	ck_assert_int_eq(root.time_ns, 420000000000);
	ck_assert(root.fast);
	ck_assert_str_eq(root.title, "c");
	ck_assert_int_eq(root.engine.blocks, 5);
	ck_assert_double_eq(root.engine.share, 0.3);
	ck_assert_uint_eq(root.services.n, 1);
	ck_assert_str_eq(scenario_mark_find(&scenario, "engine.kv_blocks")->file, "sub/d.yaml");
	ck_assert_int_eq(scenario_mark_find(&scenario, "engine.kv_blocks")->line, 3);
	ck_assert_str_eq(scenario_mark_find(&scenario, "engine.share")->file, "s.yaml");
	/* The same file twice, but not inside itself. */
	good("include: [c.yaml, c.yaml]\n", NULL);
}
END_TEST

START_TEST(sets_change_the_tree)
{
	static const char file[] = "seed: 1\nservices:\n  - name: chat\n  - name: llama-3.1-8b\n   "
				   " parts: [{name: p}, {}]\n";

	good(file, "seed=7\nengine.share=5%\npods=3\ntitle=a: b, c\nrate=8bit/s\nseed=8");
	ck_assert_int_eq(root.seed, 8);
	ck_assert_double_eq(root.engine.share, 0.05);
	ck_assert_int_eq(root.limits.pods, 3);
	ck_assert_str_eq(root.title, "a: b, c");
	ck_assert_double_eq(root.rate, 1);
	good(file, "services.chat.engine.kv_blocks=5\nservices.llama-3.1-8b.start=exp(3s); 1% 9s\n"
		   "services.1.parts.p.size=5B\nservices.llama-3.1-8b.parts.1.size=6B");
	ck_assert_int_eq(service(0)->engine.blocks, 5);
	ck_assert_str_eq(service(1)->start.text, "exp(3s); 1% 9s");
	ck_assert_int_eq(part(service(1), 0)->size_bytes, 5);
	ck_assert_int_eq(part(service(1), 1)->size_bytes, 6);
	good(file, "services.*.engine.share=9%");
	ck_assert_double_eq(service(0)->engine.share, 0.09);
	ck_assert_double_eq(service(1)->engine.share, 0.09);
	/* Tables merge, lists replace, quotes come off, an empty text is one. */
	good("engine: {kv_blocks: 3, share: 1%}\n",
	     "engine={share: 2%}\nservices=[{name: n}]\ntitle=\"q\\ts\"");
	ck_assert_int_eq(root.engine.blocks, 3);
	ck_assert_double_eq(root.engine.share, 0.02);
	ck_assert_str_eq(service(0)->name, "n");
	ck_assert_str_eq(root.title, "q\ts");
	good("title: x\n", "title=");
	ck_assert_str_eq(root.title, "");
	good("services: [{name: a}]\n", "services=");
	ck_assert_uint_eq(root.services.n, 0);
}
END_TEST

START_TEST(variants_are_kept_raw)
{
	struct scenario first;
	struct err err = { 0 };
	const struct scenario_variant *variant;
	char message[1024];

	good("seed: 1\nservices: [{name: a}]\n"
	     "sweep: {axes: [{key: seed, values: [1, 2]}], 'a b': \"x, y\"}\n"
	     "variants:\n"
	     "  - name: plain\n"
	     "  - name: big\n"
	     "    set:\n"
	     "      seed: 2\n"
	     "      engine: {share: 3%}\n"
	     "      services.a.engine.kv_blocks: 77\n"
	     "      services.a.parts: [{name: p, size: 1B}]\n"
	     "  - name: wrong\n"
	     "    set: {time: 1ms}\n",
	     NULL);
	ck_assert_str_eq(scenario.sweep_text,
			 "{axes: [{key: seed, values: [1, 2]}], \"a b\": \"x, y\"}");
	ck_assert_int_eq(scenario.sweep->line, 3);
	ck_assert_uint_eq(scenario.n_variants, 3);
	ck_assert_uint_eq(scenario.variants[0].n, 0);
	ck_assert_int_eq(root.seed, 1);
	ck_assert_ptr_null(scenario_variant_find(&scenario, "bog", &err));
	ck_assert_str_eq(err.text, "no variant is called \"bog\"; did you mean \"big\"?");
	variant = scenario_variant_find(&scenario, "big", &err);
	ck_assert_uint_eq(variant->n, 4);
	ck_assert_str_eq(variant->sets[1].value, "{share: 3%}");

	/* Its sets come before the command line's, and a run leaves them as they are for the next.
	 */
	first = scenario;
	for (int run = 0; run < 2; run++) {
		struct scenario_set set[5];

		for (uint32_t i = 0; i < 4; i++)
			set[i] = first.variants[1].sets[i];
		ck_assert(scenario_set_parse(run ? "services.a.parts.p.size=3B"
						 : "services.a.parts.p.size=2B",
					     &set[4], &arena, &err));
		ck_assert(scenario_load(root_options, &root, "s.yaml", set, 5, &scenario, &arena,
					&err));
		ck_assert_int_eq(root.seed, 2);
		ck_assert_double_eq(root.engine.share, 0.03);
		ck_assert_int_eq(service(0)->engine.blocks, 77);
		ck_assert_int_eq(part(service(0), 0)->size_bytes, run ? 3 : 2);
		ck_assert_int_eq(scenario_mark_find(&scenario, "seed")->line, 8);
	}
	ck_assert(!scenario_load(root_options, &root, "s.yaml", first.variants[2].sets, 1, NULL,
				 &arena, &err));
	ck_assert_str_eq(err_line(&err, message, sizeof(message)),
			 "s.yaml:13:17: time: \"1ms\" is out of range; expected at least 1s");
}
END_TEST

Suite *scenario_load_suite(void)
{
	Suite *suite = suite_create("scenario_load");
	TCase *tc = tcase_create("scenario_load");

	tcase_add_checked_fixture(tc, scenario_setup, scenario_teardown);
	tcase_add_test(tc, all_kinds_of_values);
	tcase_add_test(tc, elements_start_from_the_enclosing_table);
	tcase_add_test(tc, absent_parts);
	tcase_add_test(tc, anchors_and_merges);
	tcase_add_test(tc, includes);
	tcase_add_test(tc, sets_change_the_tree);
	tcase_add_test(tc, variants_are_kept_raw);
	suite_add_tcase(suite, tc);
	return suite;
}
