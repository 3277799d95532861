/* What the tables say for themselves: the effective dump, which loads to the same values, and help.
 */
#include "scenarios/help.h"
#include "tests/scenario_tables.h"
#include "tests/suites.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *dumped(void)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(out);
	scenario_dump(out, &scenario, root_options, &root);
	fclose(out);
	return text;
}

START_TEST(dump_says_where_values_come_from)
{
	char *text;

	good("seed: 5\n"
	     "service:\n"
	     "  engine: {share: 1%}\n"
	     "  parts: [{name: p, size: 7B}]\n"
	     "services:\n"
	     "  - name: a\n"
	     "  - name: b\n"
	     "    parts: [{name: p}]\n",
	     "services.a.engine.kv_blocks=3");
	text = dumped();
	ck_assert_str_eq(text,
			 "seed: 5                                      # s.yaml:1\n"
			 "time: 60s                                    # default\n"
			 "title: \"\"                                    # default\n"
			 "fast: false                                  # default\n"
			 "policy: best-fit                             # default\n"
			 "rate: 25GB/s                                 # default\n"
			 "engine:\n"
			 "  kv_blocks: 16                              # default: vLLM\n"
			 "  share: 70%                                 # default\n"
			 "pods: 110                                    # default\n"
			 "services:\n"
			 "  - name: a                                  # s.yaml:6\n"
			 "    engine:\n"
			 "      kv_blocks: 3                           # --set "
			 "services.a.engine.kv_blocks=3\n"
			 "      share: 1%                              # service, s.yaml:3\n"
			 "    start: 3s                                # default: assumption\n"
			 "    parts:\n"
			 "      - name: p                              # service, s.yaml:4\n"
			 "        size: 7B                             # service, s.yaml:4\n"
			 "  - name: b                                  # s.yaml:7\n"
			 "    engine:\n"
			 "      kv_blocks: 16                          # default: vLLM\n"
			 "      share: 1%                              # service, s.yaml:3\n"
			 "    start: 3s                                # default: assumption\n"
			 "    parts:\n"
			 "      - name: p                              # s.yaml:8\n"
			 "        size: 1KiB                           # default\n"
			 "service:\n"
			 "  name: default                              # default\n"
			 "  engine:\n"
			 "    kv_blocks: 16                            # default: vLLM\n"
			 "    share: 1%                                # s.yaml:3\n"
			 "  start: 3s                                  # default: assumption\n"
			 "  parts:\n"
			 "    - name: p                                # s.yaml:4\n"
			 "      size: 7B                               # s.yaml:4\n");
	free(text);
}
END_TEST

/* Texts that YAML would take for something else, or could not hold. */
static const char *const titles[] = {
	"",
	"plain",
	"a: b",
	"x #y",
	"- x",
	"null",
	"~",
	"\"q\" 'r' \\",
	"tab\there",
	"line\nbreak",
	" lead",
	"trail ",
	"h\xc3\xa9llo",
	"next\xc2\x85line\xe2\x80\xa8sep\xe2\x80\xa9par",
	"[a, b]",
	"{a: b}",
	"*x",
	"&x",
	"!x",
	"%x",
	"@x",
	"`x",
	"1.5e3",
	"yes",
	"a, b",
	"---",
	"...",
	"x\x01y\x7f",
	"?",
	"x\xc2\x80y",
	"? x",
	"|",
	">",
	"-",
	":",
	"x:",
	"\xef\xbb\xbfx",
};

static void same(void *ctx, const char *path, const struct opt *opt, const void *config)
{
	char **text = ctx, *longer;

	longer = arena_print(&arena, "%s%s=%s;", *text, path, opt_text(opt, config, &arena));
	*text = longer;
}

START_TEST(dump_loads_to_the_same)
{
	char *before = NULL, *after, *text;

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		put("s.yaml", "time: 1.1min\nrate: 3.3Gbit/s\nengine: {share: "
			      "0.123456789}\nservice: {start: 'LN(1.5s,7s); 2% 60s'}\n"
			      "services: [{name: a.b, parts: [{}, {size: 3GiB}]}, {name: '', "
			      "parts: []}, {name: 'x: y'}]\n");
		for (int pass = 0; pass < 2; pass++) {
			struct yaml_node title = { .kind = YAML_SCALAR,
						   .text = titles[i],
						   .file = "t" };
			struct scenario_set set = { .key = "title", .value = "", .node = &title };
			struct err err = { 0 };

			ck_assert_msg(scenario_load(root_options, &root, "s.yaml", &set,
						    pass ? 0 : 1, &scenario, &arena, &err),
				      "%s: %s", titles[i], err.text);
			ck_assert_str_eq(root.title, titles[i]);
			after = arena_print(&arena, "%s", "");
			opt_walk(root_options, &root, same, &after);
			if (pass)
				ck_assert_str_eq(before, after);
			before = after;
			text = dumped();
			put("s.yaml", text);
			free(text);
		}
	}
	ck_assert_ptr_nonnull(strstr(before, "services.a.b.start=LN(1.5s,7s); 2% 60s;"));
	ck_assert_ptr_nonnull(strstr(before, "time=66s;"));
}
END_TEST

START_TEST(help_shows_a_row)
{
	char *text = NULL;
	struct err err;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(out);
	ck_assert(help_write(out, root_options, "services.engine.kv_blocks", &err));
	fflush(out);
	ck_assert_str_eq(text, "services.engine.kv_blocks\n  KV blocks\n\n"
			       "  takes    a plain number such as 4, 0.5 or 2k\n  range    1 to "
			       "4096\n  default  16\n  source   vLLM\n");
	rewind(out);
	ck_assert(help_write(out, root_options, "service", &err));
	fflush(out);
	ck_assert_ptr_nonnull(strstr(text, "  set as   service.KEY=VALUE\n"));
	ck_assert_ptr_nonnull(
		strstr(text, "  start                      3s                 start\n"));
	rewind(out);
	ck_assert(help_write(out, root_options, "", &err));
	fflush(out);
	ck_assert_ptr_nonnull(
		strstr(text, "  pods                       110                pods a node\n"));
	ck_assert(!help_write(out, root_options, "kvblock", &err));
	ck_assert_str_eq(err.text,
			 "no option is called \"kvblock\"; did you mean \"engine.kv_blocks\"?");
	rewind(out);
	help_man(out, root_options);
	fflush(out);
	ck_assert_ptr_nonnull(strstr(
		text, ".TP\n.B title\n\\&.title \\e of\\-it.\nTakes a text; default (none).\n"));
	ck_assert_ptr_nonnull(strstr(
		text,
		".SS services.*.engine\nengine.\n.TP\n.B services.*.engine.kv_blocks\nKV blocks.\n"
		"Takes a plain number such as 4, 0.5 or 2k, 1 to 4096; default 16 (vLLM).\n"));
	/* The root's own options come before any section. */
	ck_assert(strstr(text, ".B pods") < strstr(text, ".SS"));
	fclose(out);
	free(text);
}
END_TEST

Suite *scenario_dump_suite(void)
{
	Suite *suite = suite_create("scenario_dump");
	TCase *tc = tcase_create("scenario_dump");

	tcase_add_checked_fixture(tc, scenario_setup, scenario_teardown);
	tcase_add_test(tc, dump_says_where_values_come_from);
	tcase_add_test(tc, dump_loads_to_the_same);
	tcase_add_test(tc, help_shows_a_row);
	suite_add_tcase(suite, tc);
	return suite;
}
