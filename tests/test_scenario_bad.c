/* The loader on bad input: one line each, that says where, what was wrong and what is expected. */
#include "tests/scenario_tables.h"
#include "tests/suites.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(bad_includes)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "seed: 1\ninclude: nowhere.yaml\n",
		  "s.yaml:2:10: include: nowhere.yaml: no such file" },
		{ "include: s.yaml\n", "s.yaml:1:10: include: s.yaml: the file includes itself" },
		{ "include: a.yaml\n", "a.yaml:1:10: include: ./s.yaml: the file includes itself" },
		{ "include: b.yaml\n", "b.yaml:2:1: unknown key \"sed\"; did you mean \"seed\"?" },
		{ "include: {a: b}\n",
		  "s.yaml:1:10: include: expected a file name, found a table" },
		{ "include:\n", "s.yaml:1:9: include: expected a file name, found nothing" },
		{ "include: [c.yaml]\n", "s.yaml:1:11: include: c.yaml: the file is empty" },
		{ "include: .\n", "s.yaml:1:10: include: .: a directory; a YAML file is expected" },
	};
	char message[1024];

	put("a.yaml", "include: ./s.yaml\n");
	put("b.yaml", "seed: 1\nsed: 2\n");
	put("c.yaml", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put("s.yaml", cases[i].text);
		ck_assert_msg(!load(NULL, message, sizeof(message)), "%s", cases[i].text);
		ck_assert_msg(strstr(message, cases[i].says) == message, "%s", message);
	}
}
END_TEST

/* Every line of bad input: the file, and how the message begins. */
static const struct {
	const char *text, *says;
} bad[] = {
	{ "sed: 1\n", "s.yaml:1:1: unknown key \"sed\"; did you mean \"seed\"?" },
	{ "seed: 1\nEngine: {}\n", "s.yaml:2:1: unknown key \"Engine\"; did you mean \"engine\"?" },
	{ "engine:\n  kv-blocks: 2\n",
	  "s.yaml:2:3: unknown key \"kv-blocks\"; did you mean \"kv_blocks\"?" },
	{ "kv_blocks: 2\n",
	  "s.yaml:1:1: unknown key \"kv_blocks\" here; did you mean \"engine.kv_blocks\"?" },
	{ "services:\n  - name: a\n    sizes: 2\n",
	  "s.yaml:3:5: unknown key \"sizes\" here; did you mean \"services.*.parts.*.size\"?" },
	{ "engine: {zebra: 2}\n",
	  "s.yaml:1:10: unknown key \"zebra\"; known here: kv_blocks, share" },
	{ "xylophone: 2\n", "s.yaml:1:1: unknown key \"xylophone\"; known here: seed, time, title, "
			    "fast, policy, rate, engine, pods" },
	{ "services: [{name: a, start: U(1s,2s)}]\n",
	  "s.yaml:1:34: unknown key \"2s)\"; a value with commas inside {...} needs quotes" },
	{ "seed: 1\nseed: 2\n", "s.yaml:2:1: the key \"seed\" is given twice (first in line 1)" },
	{ "engine: {share: 1%, share: 2%}\n", "s.yaml:1:21: the key \"share\" is given twice" },
	{ "seed: one\n", "s.yaml:1:7: seed: \"one\" is not a number" },
	{ "seed: 1.5\n", "s.yaml:1:7: seed: \"1.5\" is not a whole number" },
	{ "seed:\n",
	  "s.yaml:1:6: seed: expected a plain number such as 4, 0.5 or 2k, found nothing" },
	{ "title: ~\n", "s.yaml:1:8: title: expected a text, found nothing" },
	{ "time: 30\n", "s.yaml:1:7: time: \"30\" lacks its unit" },
	{ "time: 10ms\n", "s.yaml:1:7: time: \"10ms\" is out of range; expected at least 1s" },
	{ "engine:\n  kv_blocks: 5000\n",
	  "s.yaml:2:14: kv_blocks: \"5000\" is out of range; expected 1 to 4096" },
	{ "engine: {share: 70}\n",
	  "s.yaml:1:17: share: \"70\" is out of range; expected 0% to 100%" },
	{ "policy: bestfit\n", "s.yaml:1:9: policy: unknown value \"bestfit\"; expected one of "
			       "first-fit, best-fit; did you mean \"best-fit\"?" },
	{ "fast: maybe\n",
	  "s.yaml:1:7: fast: \"maybe\" is not a truth value; expected true or false" },
	{ "service: {start: fast}\n", "s.yaml:1:18: start: \"fast\" is neither a time" },
	{ "service:\n  start: LN(18s,10s)\n",
	  "s.yaml:2:10: start: \"LN(18s,10s)\": LN(p50,p95): the 95th percentile" },
	{ "seed: [1]\n",
	  "s.yaml:1:7: seed: expected a plain number such as 4, 0.5 or 2k, found a list" },
	{ "seed: {a: 1}\n",
	  "s.yaml:1:7: seed: expected a plain number such as 4, 0.5 or 2k, found a table" },
	{ "title: [a]\n", "s.yaml:1:8: title: expected a text, found a list" },
	{ "fast: [a]\n", "s.yaml:1:7: fast: expected true or false, found a list" },
	{ "policy: []\n", "s.yaml:1:9: policy: expected one of first-fit, best-fit, found a list" },
	{ "engine: 5\n",
	  "s.yaml:1:9: engine: expected a table of options (key: value), found a value" },
	{ "engine: [1]\n",
	  "s.yaml:1:9: engine: expected a table of options (key: value), found a list" },
	{ "services: {name: a}\n", "s.yaml:1:11: services: expected a list of tables (each begins "
				   "with \"- \"), found a table" },
	{ "services: a\n", "s.yaml:1:11: services: expected a list of tables" },
	{ "services: [a]\n",
	  "s.yaml:1:12: services: expected a table of options in each element, found a value" },
	{ "services: [[]]\n",
	  "s.yaml:1:12: services: expected a table of options in each element, found a list" },
	{ "services:\n  - name: a\n  - name: a\n",
	  "s.yaml:3:11: services: two elements are called \"a\"" },
	{ "services: [{}, {}]\n",
	  "s.yaml:1:16: services: two elements are called \"default\"; each needs a name" },
	{ "services: [{parts: [{size: 1s}]}]\n", "s.yaml:1:28: size: \"1s\" has an unknown unit" },
	{ "? [a, b]\n: 1\n", "s.yaml:1:3: a key must be a word, not a list" },
	{ "engine:\n\tkv_blocks: 2\n", "s.yaml:2:1: a tab stands where YAML expects spaces" },
	{ "engine: {kv_blocks: 2\n", "s.yaml:2:1: not valid YAML: did not find expected ',' or '}' "
				     "while parsing a flow mapping that begins in line 1" },
	{ "a: b: c\n",
	  "s.yaml:1:5: not valid YAML: mapping values are not allowed in this context" },
	{ "engine: *nothing\n", "s.yaml:1:9: not valid YAML: found undefined alias" },
	{ "title: \"abc\n", "s.yaml:2:1: not valid YAML: found unexpected end of stream while "
			    "scanning a quoted scalar" },
	{ "title: \"a\\0b\"\n", "s.yaml:1:8: a text with a zero byte inside" },
	{ "title: @x\n",
	  "s.yaml:1:8: not valid YAML: found character that cannot start any token" },
	{ "seed: 1\n title: 2\n", "s.yaml:2:7: not valid YAML" },
	{ "- seed: 1\n", "s.yaml:1:1: expected a table of options (key: value), found a list" },
	{ "hello\n", "s.yaml:1:1: expected a table of options (key: value), found a value" },
	{ "", "s.yaml: the file is empty" },
	{ "# nothing\n", "s.yaml: the file has no options in it" },
	{ "---\n", "s.yaml: the file has no options in it" },
	{ "seed: 1\n---\nseed: 2\n", "s.yaml:3:1: a second document begins" },
	{ "title: caf\xe9\n", "s.yaml:1:11: the byte 0xe9 is not UTF-8 text" },
	{ "a\nt\xc3\xa9\xff\n", "s.yaml:2:3: the byte 0xff is not UTF-8 text" },
	{ "title: \xed\xa0\x80\n", "s.yaml:1:8: the byte 0xed is not UTF-8 text" },
	{ "title: \xc0\x80\n", "s.yaml:1:8: the byte 0xc0 is not UTF-8 text" },
	{ "title: a\x01\n", "s.yaml:1:9: the control character 0x01 in a text" },
	{ "engine: &a {b: *a}\n",
	  "s.yaml:1:13: nested too deeply (or an anchor that holds itself)" },
	{ "engine: {<<: 5}\n",
	  "s.yaml:1:14: <<: expected a table or a list of tables, found a value" },
	{ "engine: {<<: [[]]}\n", "s.yaml:1:15: <<: expected a table" },
	{ "variants: 5\n", "s.yaml:1:11: variants: expected a list of {name: NAME, set: {KEY: "
			   "VALUE, ...}}, found a value" },
	{ "variants: [a]\n", "s.yaml:1:12: variants: expected {name: NAME" },
	{ "variants: [{set: {}}]\n", "s.yaml:1:12: variants: expected {name: NAME" },
	{ "variants: [{name: a, sets: {}}]\n",
	  "s.yaml:1:22: unknown key \"sets\"; known here: name, set" },
	{ "variants: [{name: a, set: [b]}]\n",
	  "s.yaml:1:27: set: expected a table of KEY: VALUE, found a list" },
	{ "variants: [{name: a, set: {engin.share: 1%}}]\n",
	  "s.yaml:1:28: unknown key \"engin.share\" here; did you mean \"engine.share\"?" },
	{ "variants: [{name: a}, {name: a}]\n", "s.yaml:1:23: variants: two are called \"a\"" },
};

START_TEST(bad_input)
{
	char message[1024];

	put("s.yaml", bad[_i].text);
	ck_assert_msg(!load(NULL, message, sizeof(message)), "taken: %s", bad[_i].text);
	ck_assert_msg(strstr(message, bad[_i].says) == message, "%s\nnot\n%s", message,
		      bad[_i].says);
	ck_assert_ptr_null(strchr(message, '\n'));
}
END_TEST

START_TEST(bad_files)
{
	char message[1024];

	ck_assert(!load(NULL, message, sizeof(message)));
	ck_assert_str_eq(message, "s.yaml: no such file");
	put_bytes("s.yaml",
		  "\x7f"
		  "ELF\0\0\1",
		  7);
	ck_assert(!load(NULL, message, sizeof(message)));
	ck_assert_str_eq(message, "s.yaml: a binary file, not YAML text");
	put_bytes("s.yaml", "\xff\xfes\0:\0", 6);
	ck_assert(!load(NULL, message, sizeof(message)));
	ck_assert_str_eq(message, "s.yaml: a binary file, not YAML text");
	unlink("s.yaml");
	ck_assert_int_eq(mkdir("s.yaml", 0755), 0);
	ck_assert(!load(NULL, message, sizeof(message)));
	ck_assert_str_eq(message, "s.yaml: a directory; a YAML file is expected");
	ck_assert_int_eq(rmdir("s.yaml"), 0);
}
END_TEST

/* Files that would grow: aliases that multiply, depth, size. */
START_TEST(hostile_files)
{
	char message[1024], *text = malloc((size_t)17 << 20);
	size_t n = 0;

	ck_assert_ptr_nonnull(text);
	n += (size_t)snprintf(text, 100, "a0: &a0 [1,1,1,1,1,1,1,1]\n");
	for (int i = 1; i < 12; i++)
		n += (size_t)snprintf(text + n, 200,
				      "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
				      i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	put("s.yaml", text);
	ck_assert(!load(NULL, message, sizeof(message)));
	ck_assert_ptr_nonnull(strstr(message, "too many values (or anchors that multiply)"));
	snprintf(text, 100, "title: ");
	memset(text + 7, '[', 100);
	text[107] = 0;
	put("s.yaml", text);
	ck_assert(!load(NULL, message, sizeof(message)));
	memset(text + 107, ']', 100);
	text[207] = 0;
	put("s.yaml", text);
	ck_assert(!load(NULL, message, sizeof(message)));
	ck_assert_str_eq(message,
			 "s.yaml:1:72: nested too deeply (or an anchor that holds itself)");
	memset(text, '#', (size_t)17 << 20);
	put_bytes("s.yaml", text, (size_t)17 << 20);
	ck_assert(!load(NULL, message, sizeof(message)));
	ck_assert_str_eq(message, "s.yaml: larger than 16 MiB: not a file of this kind");
	free(text);
}
END_TEST

START_TEST(bad_sets)
{
	static const struct {
		const char *set, *says;
	} cases[] = {
		{ "seed", "--set seed: expected KEY=VALUE" },
		{ "=5", "--set =5: expected KEY=VALUE" },
		{ "sed=5", "--set sed=5: unknown key \"sed\"; did you mean \"seed\"?" },
		{ "seed=x", "--set seed=x: seed: \"x\" is not a number" },
		{ "seed=", "--set seed=: seed: \"\" is not a number" },
		{ "time=5ms", "--set time=5ms: time: \"5ms\" is out of range" },
		{ "policy=worst",
		  "--set policy=worst: policy: unknown value \"worst\"; expected one of" },
		{ "engine=5", "--set engine=5: engine: expected a table of options" },
		{ "engine=[1", "--set engine=[1: not valid YAML" },
		{ "engine=", "" },
		{ "engine.zebra=5",
		  "--set engine.zebra=5: unknown key \"zebra\"; known here: kv_blocks, share" },
		{ "engine.=5", "--set engine.=5: unknown key \"\"" },
		{ ".seed=5", "--set .seed=5: unknown key \"\"" },
		{ "seed.x=5", "--set seed.x=5: seed is a value, it has no key \"x\"" },
		{ "services.code.start=5s", "--set services.code.start=5s: services has 2 elements "
					    "(a, b), and none is called \"code\"" },
		{ "services.7.start=5s", "--set services.7.start=5s: services has 2 elements (a, "
					 "b), and none is called \"7\"" },
		{ "services.a=5s", "--set services.a=5s: services has 2 elements" },
		{ "services.a.zebra=5s",
		  "--set services.a.zebra=5s: unknown key \"zebra\"; known here: name, engine" },
		{ "services.a.parts.0.size=1B",
		  "--set services.a.parts.0.size=1B: parts is not given" },
		{ "services.b.name=a",
		  "--set services.b.name=a: services: two elements are called \"a\"" },
		{ "title=\"x", "--set title=\"x: not valid YAML" },
		{ "title=[x]", "--set title=[x]: title: expected a text, found a list" },
		{ "title=\xff", "--set title=\xff: title: not UTF-8 text" },
	};
	char message[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ok;

		put("s.yaml", "services: [{name: a}, {name: b}]\n");
		ok = load(cases[i].set, message, sizeof(message));
		if (!*cases[i].says) {
			ck_assert_msg(ok, "%s", message); /* an empty table is one */
			continue;
		}
		ck_assert_msg(!ok, "%s", cases[i].set);
		ck_assert_msg(strstr(message, cases[i].says) == message, "%s\nnot\n%s", message,
			      cases[i].says);
	}
	put("s.yaml", "engine: 5\n");
	ck_assert(!load("engine.share=5%", message, sizeof(message)));
	ck_assert_str_eq(message, "s.yaml:1:9: engine: expected a table of options, found a value");
}
END_TEST

Suite *scenario_bad_suite(void)
{
	Suite *suite = suite_create("scenario_bad");
	TCase *tc = tcase_create("scenario_bad");

	tcase_add_checked_fixture(tc, scenario_setup, scenario_teardown);
	tcase_add_test(tc, bad_includes);
	tcase_add_loop_test(tc, bad_input, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tc, bad_files);
	tcase_add_test(tc, hostile_files);
	tcase_add_test(tc, bad_sets);
	suite_add_tcase(suite, tc);
	return suite;
}
