/* The option table: defaults, ranges, choices, nesting, lists, paths, nearest names and text that
 * reads back. */
#include "base/opt.h"
#include "tests/suites.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

struct inner {
	int64_t blocks;
	bool skip;
};
struct extra {
	double share;
};
struct element {
	const char *name;
	struct inner engine;
	int64_t wait_ns;
	struct opt_list parts;
};
struct part {
	int64_t size_bytes;
};
struct root {
	int64_t seed, time_ns, size_bytes;
	double rate, any, low;
	const char *title, *none;
	int policy;
	struct dist start;
	struct inner engine;
	struct extra extra;
	struct element service;
	struct opt_list services;
};

static const char *const policies[] = { "first-fit", "best-fit", "random", NULL };
static const struct opt inner_options[] = {
	{ "kv_blocks", OPT_INT, UNIT_NONE, offsetof(struct inner, blocks), "16", 1, 4096,
	  .help = "blocks" },
	{ "skip", OPT_BOOL, UNIT_NONE, offsetof(struct inner, skip), "yes", .help = "skip" },
	OPT_END
};
static const struct opt extra_options[] = { { "share", OPT_REAL, UNIT_SHARE,
					      offsetof(struct extra, share), "70%", 0, 1,
					      .help = "share" },
					    OPT_END };
static const struct opt part_options[] = {
	{ "size", OPT_INT, UNIT_BYTES, offsetof(struct part, size_bytes), "1KiB", .help = "size" },
	OPT_END
};
static const struct opt element_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, offsetof(struct element, name), "", .help = "name" },
	{ "engine", OPT_TABLE, UNIT_NONE, offsetof(struct element, engine), .sub = inner_options,
	  .help = "engine" },
	{ "wait", OPT_INT, UNIT_TIME, offsetof(struct element, wait_ns), "2s", .help = "wait" },
	{ "parts", OPT_LIST, UNIT_NONE, offsetof(struct element, parts), .sub = part_options,
	  .size = sizeof(struct part), .help = "parts" },
	OPT_END
};
static const struct opt root_options[] = {
	{ "seed", OPT_INT, UNIT_NONE, offsetof(struct root, seed), "1", .help = "seed" },
	{ "time", OPT_INT, UNIT_TIME, offsetof(struct root, time_ns), "30s", 1e9, 3600e9,
	  .help = "time" },
	{ "size", OPT_INT, UNIT_BYTES, offsetof(struct root, size_bytes), "80GiB", .help = "size" },
	{ "rate", OPT_REAL, UNIT_RATE, offsetof(struct root, rate), "200Gbit/s", .help = "rate" },
	{ "any", OPT_REAL, UNIT_NONE, offsetof(struct root, any), "-2.5", .help = "any" },
	{ "low", OPT_REAL, UNIT_NONE, offsetof(struct root, low), "2", 1, INFINITY, .help = "low" },
	{ "title", OPT_TEXT, UNIT_NONE, offsetof(struct root, title), "a title", .help = "title" },
	{ "none", OPT_TEXT, UNIT_NONE, offsetof(struct root, none), NULL, .help = "none" },
	{ "policy", OPT_CHOICE, UNIT_NONE, offsetof(struct root, policy), "best-fit",
	  .choices = policies, .help = "policy" },
	{ "start", OPT_DIST, UNIT_TIME, offsetof(struct root, start), "LN(10s,18s)", 0, 60e9,
	  .help = "start" },
	{ "engine", OPT_TABLE, UNIT_NONE, offsetof(struct root, engine), .sub = inner_options,
	  .help = "engine" },
	{ "extra", OPT_INLINE, UNIT_NONE, offsetof(struct root, extra), .sub = extra_options,
	  .help = "extra" },
	{ "service", OPT_TABLE, UNIT_NONE, offsetof(struct root, service), .sub = element_options,
	  .help = "service" },
	{ "services", OPT_LIST, UNIT_NONE, offsetof(struct root, services), .sub = element_options,
	  .size = sizeof(struct element), .inherit = 1 + offsetof(struct root, service),
	  .help = "services" },
	OPT_END
};

enum { OUT_BYTES = 20000 };

static struct arena arena;
static struct root root;

static void setup(void)
{
	arena_init(&arena);
	memset(&root, 0xee, sizeof(root));
	opt_defaults(root_options, &root, &arena);
}

static void teardown(void)
{
	arena_release(&arena);
}

START_TEST(defaults)
{
	ck_assert_int_eq(root.seed, 1);
	ck_assert_int_eq(root.time_ns, 30000000000);
	ck_assert_int_eq(root.size_bytes, 80LL << 30);
	ck_assert_double_eq(root.rate, 25e9);
	ck_assert_double_eq(root.any, -2.5);
	ck_assert_str_eq(root.title, "a title");
	ck_assert_ptr_null(root.none);
	ck_assert_int_eq(root.policy, 1);
	ck_assert_int_eq(root.start.kind, DIST_LOGNORMAL);
	ck_assert_int_eq(root.engine.blocks, 16);
	ck_assert(root.engine.skip);
	ck_assert_double_eq(root.extra.share, 0.7);
	ck_assert_int_eq(root.service.engine.blocks, 16);
	ck_assert_uint_eq(root.services.n, 0);
	ck_assert_ptr_null(root.services.at);
}
END_TEST

START_TEST(a_wrong_default_is_a_bug)
{
	static const struct opt table[] = {
		{ "time", OPT_INT, UNIT_TIME, 0, "0s", 1e9, 2e9, .help = "time" }, OPT_END
	};

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* it says so and aborts */
	opt_defaults(table, &root, &arena);
}
END_TEST

static bool parse(const char *path, const char *text, struct err *err)
{
	const struct opt *opt = opt_find(root_options, path);
	void *config = !strncmp(path, "engine.", 7) ? (void *)&root.engine
		     : strcmp(path, "share")	    ? (void *)&root
						    : (void *)&root.extra;

	ck_assert_msg(opt != NULL, "%s", path);
	return opt_parse(opt, config, text, &arena, err);
}

START_TEST(good_values)
{
	static const struct {
		const char *path, *text, *reads;
	} cases[] = {
		{ "seed", "9223372036854775807", "9223372036854775807" },
		{ "seed", "-9223372036854775808", "-9223372036854775808" },
		{ "seed", "9007199254740993", "9007199254740993" },
		{ "seed", "2k", "2000" },
		{ "seed", "1e3", "1000" },
		{ "time", "1.1min", "66s" },
		{ "time", "1s", "1s" },
		{ "time", "1h", "1h" },
		{ "time", "1000000001ns", "1000000001ns" },
		{ "size", "9007199254740993", "9007199254740993B" },
		{ "size", "9007199254740993B", "9007199254740993B" },
		{ "size", "0", "0B" },
		{ "size", "1.5KiB", "1536B" },
		{ "rate", "8bit/s", "1B/s" },
		{ "low", "1e30", "1e+30" },
		{ "title", "", "" },
		{ "title", "x: # y", "x: # y" },
		{ "policy", "random", "random" },
		{ "start", "exp(3s); 1% 2min", "exp(3s); 1% 2min" },
		{ "engine.skip", "off", "false" },
		{ "engine.skip", "true", "true" },
		{ "share", "0.25", "25%" },
		{ "engine.kv_blocks", "4096", "4096" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };
		const struct opt *opt = opt_find(root_options, cases[i].path);
		const void *config = strchr(cases[i].path, '.')	    ? (void *)&root.engine
				   : strcmp(cases[i].path, "share") ? (void *)&root
								    : (void *)&root.extra;

		ck_assert_msg(parse(cases[i].path, cases[i].text, &err), "%s", err.text);
		ck_assert_str_eq(opt_text(opt, config, &arena), cases[i].reads);
	}
}
END_TEST

START_TEST(bad_values)
{
	static const struct {
		const char *path, *text, *says;
	} cases[] = {
		{ "seed", "1.5", "seed: \"1.5\" is not a whole number" },
		{ "seed", "", "seed: \"\" is not a number" },
		{ "seed", "9223372036854775808", "too large" },
		{ "seed", "1e30", "too large" },
		{ "seed", " 5", "not a number" },
		{ "seed", "5 ", "goes on" },
		{ "time", "30", "time: \"30\" lacks its unit" },
		{ "time", "1.5ns", "not a whole number of ns" },
		{ "time", "999ms", "time: \"999ms\" is out of range; expected 1s to 1h" },
		{ "time", "2h", "expected 1s to 1h" },
		{ "size", "80Gb", "unknown unit" },
		{ "low", "0.5", "expected at least 1" },
		{ "rate", "25", "lacks its unit" },
		{ "policy", "bestfit",
		  "policy: unknown value \"bestfit\"; expected one of first-fit, best-fit, random; "
		  "did you mean \"best-fit\"?" },
		{ "policy", "xyz", "expected one of first-fit, best-fit, random" },
		{ "policy", "", "expected one of" },
		{ "start", "LN(18s,10s)", "start: \"LN(18s,10s)\": LN(p50,p95)" },
		{ "start", "2min", "start: \"2min\" is out of range; expected 0s to 60s" },
		{ "start", "exp(2min)", "the mean of \"exp(2min)\" is out of range" },
		{ "engine.skip", "maybe",
		  "skip: \"maybe\" is not a truth value; expected true or false" },
		{ "engine.kv_blocks", "0", "kv_blocks: \"0\" is out of range; expected 1 to 4096" },
		{ "share", "70", "expected 0% to 100%" },
		{ "engine", "5", "engine: is a table" },
		{ "services", "x", "services: is a list" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { .file = "s.yaml", .line = 4, .col = 9 };

		ck_assert_msg(!parse(cases[i].path, cases[i].text, &err), "%s %s", cases[i].path,
			      cases[i].text);
		ck_assert_msg(strstr(err.text, cases[i].says) != NULL, "%s", err.text);
		ck_assert_str_eq(err.file, "s.yaml");
		ck_assert_int_eq(err.line, 4);
		ck_assert_int_eq(err.col, 9);
	}
}
END_TEST

START_TEST(paths)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{ "seed", "seed" },
		{ "engine", "engine" },
		{ "engine.kv_blocks", "kv_blocks" },
		{ "share", "share" },
		{ "services", "services" },
		{ "services.0.wait", "wait" },
		{ "services.chat.engine.skip", "skip" },
		{ "services.llama-3.1-8b.wait", "wait" },
		{ "services.wait", "wait" },
		{ "services.*.parts.3.size", "size" },
		{ "services.a.b.parts.x.y.size", "size" },
		{ "services.wait.wait", "wait" },
		{ "seed.x", NULL },
		{ "extra", NULL },
		{ "extra.share", NULL },
		{ "engine.", NULL },
		{ "", NULL },
		{ "see", NULL },
		{ "seeds", NULL },
		{ "engine.kv", NULL },
		{ "services.0.nothing", NULL },
		{ "services.", NULL },
		{ "services.0", NULL },
		{ ".", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct opt *opt = opt_find(root_options, cases[i].path);

		ck_assert_msg(cases[i].name ? opt && !strcmp(opt->name, cases[i].name) : !opt, "%s",
			      cases[i].path);
	}
	ck_assert_str_eq(opt_nearest(root_options, "kvblocks", &arena), "engine.kv_blocks");
	ck_assert_str_eq(opt_nearest(root_options, "engine.kv_block", &arena), "engine.kv_blocks");
	ck_assert_str_eq(opt_nearest(root_options, "motor.kv_blocs", &arena), "engine.kv_blocks");
	ck_assert_str_eq(opt_nearest(root_options, "polcy", &arena), "policy");
	ck_assert_ptr_null(opt_nearest(root_options, "zebra", &arena));
}
END_TEST

static void note(void *ctx, const char *path, const struct opt *opt, const void *config)
{
	char *out = ctx;
	size_t n = strlen(out);
	struct arena scratch;

	arena_init(&scratch);
	snprintf(out + n, OUT_BYTES - n, "%s%s%s ", path, config ? "=" : "",
		 config ? opt_text(opt, config, &scratch) : "");
	arena_release(&scratch);
}

START_TEST(walk_in_table_order)
{
	static char out[OUT_BYTES];
	static char long_name[3000];
	struct part parts[2] = { { 1024 }, { 2048 } };
	struct element elements[2] = { { "chat", { 1, false }, 5, { parts, 2 } },
				       { "", { 2, true }, 6, { NULL, 0 } } };

	opt_walk(root_options, NULL, note, out);
	ck_assert_str_eq(
		out,
		"seed time size rate any low title none policy start engine engine.kv_blocks "
		"engine.skip share "
		"service service.name service.engine service.engine.kv_blocks service.engine.skip "
		"service.wait "
		"service.parts service.parts.*.size services services.*.name services.*.engine "
		"services.*.engine.kv_blocks services.*.engine.skip services.*.wait "
		"services.*.parts "
		"services.*.parts.*.size ");
	root.services = (struct opt_list){ elements, 2 };
	out[0] = 0;
	opt_walk(root_options, &root, note, out);
	ck_assert_ptr_nonnull(
		strstr(out, "services= services.chat.name=chat services.chat.engine= "
			    "services.chat.engine.kv_blocks=1 services.chat.engine.skip=false "
			    "services.chat.wait=5ns "
			    "services.chat.parts= services.chat.parts.0.size=1KiB "
			    "services.chat.parts.1.size=2KiB "
			    "services.1.name= services.1.engine= services.1.engine.kv_blocks=2 "));
	/* A path beyond any sense is cut, not overrun. */
	memset(long_name, 'n', sizeof(long_name) - 1);
	elements[0].name = long_name;
	out[0] = 0;
	opt_walk(root_options, &root, note, out);
	ck_assert_ptr_nonnull(strstr(out, "services.1.wait=6ns"));
}
END_TEST

Suite *base_opt_suite(void)
{
	Suite *suite = suite_create("base_opt");
	TCase *tc = tcase_create("base_opt");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, defaults);
	tcase_add_test_raise_signal(tc, a_wrong_default_is_a_bug, 6);
	tcase_add_test(tc, good_values);
	tcase_add_test(tc, bad_values);
	tcase_add_test(tc, paths);
	tcase_add_test(tc, walk_in_table_order);
	suite_add_tcase(suite, tc);
	return suite;
}
