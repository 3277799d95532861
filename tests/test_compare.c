/* Comparisons: intervals against hand-made figures, verdicts, pairs of variants, files and worlds;
 * and the report that is made of them. */
#include "base/hist.h"
#include "results/figure.h"
#include "results/compare.h"
#include "results/plot.h"
#include "results/report.h"
#include "results/store.h"
#include "tests/fake_run.h"
#include "tests/suites.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct err err;

static void setup(void)
{
	ck_assert_ptr_nonnull(fake_folder());
	err = (struct err){ .line = 0 };
}

/* Stores runs of a variant for the seeds from..to. */
static void put_runs(const char *name, struct fake_options options, uint64_t from, uint64_t to,
		     int32_t shift)
{
	struct store store;
	struct fake_run fake;

	options.services = 1;
	options.requests = options.requests ? options.requests : 600;
	options.pods = 20;
	ck_assert(store_open(&store, fake_path(name), &err));
	for (options.seed = from; options.seed <= to; options.seed++) {
		fake_run_make(&fake, &options);
		if (shift && fake.collect.scale.n)
			fake.collect.scale.at[fake.collect.scale.n - 1].to += shift;
		ck_assert_msg(store_put(&store, &fake.result, NULL, &err), "%s", err.text);
		fake_run_release(&fake);
	}
	store_close(&store);
}

static const struct comparison *figure(const struct compare_pair *pair, const char *path)
{
	for (uint32_t f = 0; f < pair->figure.n; f++)
		if (!strcmp(pair->figure.at[f].path, path))
			return &pair->figure.at[f];
	ck_abort_msg("no %s", path);
	return NULL;
}

START_TEST(intervals_of_hand_made_pairs)
{
	/* Differences 1, 2, 3: mean 2, s 1, t(0.975, 2) = 4.302653: half width 2.484138. */
	const double a[] = { 10, 20, 30 }, b[] = { 11, 22, 33 };
	struct comparison figure = { .unit = "s" };

	compare_figure(&figure, a, b, 3, 0, "B");
	ck_assert_double_eq_tol(figure.mean[0], 20, 1e-12);
	ck_assert_double_eq_tol(figure.difference.mean, 2, 1e-12);
	ck_assert_double_eq_tol(figure.difference.half_width, 2.484138, 1e-5);
	/* The ratio is 1.1 in every pair: no spread. */
	ck_assert_double_eq_tol(figure.ratio, 1.1, 1e-12);
	ck_assert_double_eq_tol(figure.ratio_high - figure.ratio_low, 0, 1e-12);
	ck_assert_int_eq(figure.verdict, VERDICT_HIGHER);
	ck_assert_str_eq(figure.text, "B higher by 10 % [10, 10]");
}
END_TEST

START_TEST(verdicts_in_words)
{
	static const struct {
		double a[4], b[4], resolution;
		uint32_t n;
		enum verdict verdict;
		const char *text;
	} table[] = {
		{ { 1, 1, 1 },
		  { 1, 1, 1 },
		  0,
		  3,
		  VERDICT_TIE,
		  "nothing separates them: equal (n=3)" },
		{ { 10, 10, 10 },
		  { 5, 20, 11 },
		  0,
		  3,
		  VERDICT_TIE,
		  "nothing separates them (n=3)" },
		{ { 100, 100 },
		  { 101, 101 },
		  2 * HIST_ERROR,
		  2,
		  VERDICT_TIE,
		  "nothing separates them beyond the histograms' resolution of 1.6 % (n=2)" },
		{ { 10, 10, 10 },
		  { 7.7, 7.5, 7.9 },
		  0,
		  3,
		  VERDICT_LOWER,
		  "B lower by 23 % [18, 28]" },
		{ { 1, 1, 1 },
		  { 3, 3.1, 2.9 },
		  0,
		  3,
		  VERDICT_HIGHER,
		  "B higher: 3 times [2.76, 3.26]" },
		{ { 10 }, { 9 }, 0, 1, VERDICT_SINGLE, "one pair: -10 %, no interval" },
		{ { 0 }, { 9 }, 0, 1, VERDICT_SINGLE, "one pair: no interval" },
		{ { 0 }, { 0 }, 0, 0, VERDICT_UNDEFINED, "undefined" },
		/* However often it repeats, a percentile is no sharper than its histogram. */
		{ { 100, 100, 100 },
		  { 95, 95, 95 },
		  2 * HIST_ERROR,
		  3,
		  VERDICT_LOWER,
		  "B lower by 5 % [3.5, 6.5]" },
		/* Nearly all is not all. */
		{ { 1000, 1000 },
		  { 1.5, 1.5 },
		  0,
		  2,
		  VERDICT_LOWER,
		  "B lower by 99.85 % [99.85, 99.85]" },
		/* No ratio to zero: the difference decides. */
		{ { 0, 0, 0 }, { 5, 5, 5 }, 0, 3, VERDICT_HIGHER, "B higher by 5 [5, 5] s" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct comparison out = { .unit = "s" };

		compare_figure(&out, table[i].a, table[i].b, table[i].n, table[i].resolution, "B");
		ck_assert_str_eq(out.text, table[i].text);
		ck_assert_int_eq(out.verdict, table[i].verdict);
	}
}
END_TEST

static struct compare compare_files(const char *a, const char *b, const char *variant_a,
				    const char *variant_b)
{
	struct compare_options options = {
		.path = { fake_path(a), b ? fake_path(b) : NULL },
		.variant = { variant_a, variant_b },
	};
	struct compare compare;

	ck_assert_msg(compare_run(&compare, &options, &err), "%s", err.text);
	return compare;
}

START_TEST(variants_meet_by_seed)
{
	struct compare compare;
	const struct compare_pair *pair;

	put_runs("a.db", (struct fake_options){ .variant = "central", .slowness = 1 }, 1, 6, 0);
	put_runs("a.db", (struct fake_options){ .variant = "functional", .slowness = 0.5 }, 3, 8,
		 0);
	/* A newer run of a seed replaces the older one: the same again changes nothing. */
	put_runs("a.db", (struct fake_options){ .variant = "central", .slowness = 1 }, 4, 4, 0);
	put_runs("a.db", (struct fake_options){ .variant = "other", .slowness = 1 }, 1, 2, 0);
	compare = compare_files("a.db", NULL, NULL, NULL);
	ck_assert_uint_eq(compare.pair.n, 3); /* every pair of three variants */
	ck_assert_str_eq(compare.pair.at[2].label[0], "functional");
	pair = &compare.pair.at[0];
	ck_assert_str_eq(pair->label[0], "central");
	ck_assert_str_eq(pair->label[1], "functional");
	ck_assert_uint_eq(pair->seeds, 4);
	ck_assert_uint_eq(pair->alone[0], 2);
	ck_assert_uint_eq(pair->alone[1], 2);
	ck_assert_int_eq(figure(pair, "ttft_s.p50")->verdict, VERDICT_LOWER);
	ck_assert_double_lt(figure(pair, "ttft_s.p50")->ratio_high, 0.7);
	ck_assert_int_eq(figure(pair, "gpu_hours")->verdict, VERDICT_TIE);
	compare_release(&compare);
	compare = compare_files("a.db", NULL, "functional", "other");
	ck_assert_uint_eq(compare.pair.n, 1);
	ck_assert_uint_eq(compare.pair.at[0].seeds, 0); /* no seed in common: said, not computed */
	compare_release(&compare);
}
END_TEST

START_TEST(two_files_meet_by_variant)
{
	struct compare compare;

	put_runs("a.db", (struct fake_options){ .variant = "central", .slowness = 1 }, 1, 3, 0);
	put_runs("b.db", (struct fake_options){ .variant = "central", .slowness = 2 }, 1, 3, 0);
	put_runs("c.db", (struct fake_options){ .variant = "direct", .slowness = 1 }, 1, 3, 0);
	compare = compare_files("a.db", "b.db", NULL, NULL);
	ck_assert_uint_eq(compare.pair.n, 1);
	ck_assert_str_eq(compare.pair.at[0].label[1], "central (b.db)");
	ck_assert_int_eq(figure(&compare.pair.at[0], "ttft_s.p50")->verdict, VERDICT_HIGHER);
	compare_release(&compare);
	compare = compare_files("a.db", "c.db", NULL, NULL);
	ck_assert_uint_eq(compare.pair.n, 1);
	ck_assert_str_eq(compare.pair.at[0].label[1], "direct");
	compare_release(&compare);
}
END_TEST

START_TEST(worlds_are_held_against_each_other)
{
	struct fake_options options = { .variant = "central", .slowness = 1 };
	struct compare compare;
	const struct compare_pair *pair;
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	put_runs("a.db", options, 1, 2, 0);
	options.world = WORLD_EMU;
	put_runs("a.db", options, 1, 2, _i ? 3 : 0);
	compare = compare_files("a.db", NULL, NULL, NULL);
	ck_assert_uint_eq(compare.pair.n, 1);
	pair = &compare.pair.at[0];
	ck_assert(pair->worlds && pair->scale.known);
	ck_assert_str_eq(pair->label[0], "emulated");
	ck_assert_double_eq(figure(pair, "ttft_s.p99")->difference.mean, 0);
	ck_assert(pair->count.n > 4 && pair->count.at[0].equal);
	compare_print(&compare, out);
	fclose(out);
	if (_i) {
		ck_assert(!pair->scale.equal);
		ck_assert_ptr_nonnull(strstr(text, "Scale decisions differ: seed 1, decision"));
		ck_assert_ptr_nonnull(strstr(text, "emulated chat"));
	} else {
		ck_assert(pair->scale.equal);
		ck_assert_ptr_nonnull(strstr(text, "the same, in the same order"));
	}
	free(text);
	compare_release(&compare);
}
END_TEST

START_TEST(the_json_of_a_comparison)
{
	struct compare compare;
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	cJSON *json, *pair;

	put_runs("a.db", (struct fake_options){ .variant = "central", .slowness = 1 }, 1, 3, 0);
	put_runs("a.db", (struct fake_options){ .variant = "functional", .slowness = 0.5 }, 1, 3,
		 0);
	compare = compare_files("a.db", NULL, NULL, NULL);
	ck_assert(compare_json(&compare, out, &err));
	fclose(out);
	json = cJSON_Parse(text);
	pair = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "pairs"), 0);
	ck_assert_ptr_nonnull(pair);
	ck_assert_int_eq(cJSON_GetObjectItem(pair, "seeds")->valueint, 3);
	ck_assert_str_eq(
		cJSON_GetObjectItem(
			cJSON_GetObjectItem(cJSON_GetObjectItem(pair, "figures"), "ttft_s.p50"),
			"verdict")
			->valuestring,
		"lower");
	cJSON_Delete(json);
	free(text);
	compare_release(&compare);
}
END_TEST

START_TEST(what_cannot_be_compared_is_said)
{
	struct compare_options options = { .path = { fake_path("a.db"), NULL } };
	struct compare compare;

	put_runs("a.db", (struct fake_options){ .variant = "central", .slowness = 1 }, 1, 1, 0);
	ck_assert(!compare_run(&compare, &options, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "nothing to compare"));
	options.variant[0] = "centrl";
	ck_assert(!compare_run(&compare, &options, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "did you mean \"central\"?"));
	ck_assert(!err.system);
	options.path[1] = "/no/such.db";
	ck_assert(!compare_run(&compare, &options, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/no/such.db"));
}
END_TEST

/* One curve a variant: the mean over the seeds of a point, and Student's interval round it. */
START_TEST(a_figure_along_a_sweep)
{
	struct figure figure;
	struct store store;
	sqlite3_stmt *rows;
	bool failed = false;
	int n = 0;

	put_runs("a.db", (struct fake_options){ .variant = "central", .slowness = 1 }, 1, 6, 0);
	put_runs("a.db", (struct fake_options){ .variant = "functional", .slowness = 0.5 }, 1, 6,
		 0);
	ck_assert(store_open(&store, fake_path("a.db"), &err));
	ck_assert(store_exec(&store,
			     "UPDATE axis SET value = 20, text = '20/s' WHERE run % 2 = 0;"
			     "UPDATE run SET point = 'rate=20/s' WHERE id % 2 = 0",
			     &err));
	ck_assert_msg(figure_show(&store, NULL, 0, &err), "%s", err.text);
	ck_assert(!figure_sweep(&store, "e2e.p99", &figure, &err));
	ck_assert_msg(strstr(err.text, "no figure 'e2e.p99': did you mean 'e2e_s.p99'?"), "%s",
		      err.text);
	ck_assert(!figure_sweep(&store, "x'; DROP TABLE run; --", &figure, &err));
	ck_assert_msg(figure_sweep(&store, "e2e_s.p99", &figure, &err), "%s", err.text);
	ck_assert_str_eq(figure.name, "sweep_e2e_s_p99");
	ck_assert_str_eq(figure.axis, "e2e_s.p99 (s)");
	rows = store_prepare(&store, figure.sql, &err);
	ck_assert_msg(rows, "%s", err.text);
	for (; store_step(&store, rows, &failed, &err); n++) {
		double x = sqlite3_column_double(rows, 1), y = sqlite3_column_double(rows, 2),
		       sum = 0, squares = 0, value;
		sqlite3_stmt *runs = store_prepare(
			&store,
			"SELECT metric.value FROM metric JOIN run ON run = id JOIN axis USING "
			"(run) WHERE "
			"metric.service = '' AND metric.name = 'e2e_s.p99' AND variant = ? AND "
			"axis.value = ?",
			&err);

		ck_assert_str_eq((const char *)sqlite3_column_text(rows, 0),
				 n < 2 ? "central" : "functional");
		ck_assert_double_eq(x, n % 2 ? 20 : 10);
		sqlite3_bind_text(runs, 1, n < 2 ? "central" : "functional", -1, SQLITE_STATIC);
		sqlite3_bind_double(runs, 2, x);
		for (int r = 0; r < 3; r++) {
			ck_assert_int_eq(sqlite3_step(runs), SQLITE_ROW);
			value = sqlite3_column_double(runs, 0);
			sum += value;
			squares += value * value;
		}
		sqlite3_finalize(runs);
		ck_assert_double_eq_tol(y, sum / 3, 1e-12);
		/* Student's t of 2 degrees of freedom at 97.5 %: 4.302653. */
		ck_assert_double_eq_tol(sqlite3_column_double(rows, 4) - y,
					4.302653 * sqrt((squares - sum * sum / 3) / 2 / 3), 1e-6);
	}
	ck_assert_int_eq(n, 4);
	sqlite3_finalize(rows);
	figure_release(&figure);
	store_close(&store);
}
END_TEST

START_TEST(a_report_has_its_pictures_and_escapes_its_texts)
{
	static const char *const pictures[] = { "ttft", "e2e",	"itl",	     "parts",
						"time", "cold", "scheduling" };
	struct report_options options;
	char *text;

	if (!plot_available(&err))
		return;
	put_runs("a.db", (struct fake_options){ .variant = "a<b>&'\"{_x}`date`", .slowness = 1 }, 1,
		 2, 0);
	put_runs("a.db", (struct fake_options){ .variant = "functional", .slowness = 0.5 }, 1, 2,
		 0);
	options = (struct report_options){ .store = fake_path("a.db"),
					   .folder = fake_path("out/deep") };
	ck_assert_msg(report_write(&options, &err), "%s", err.text);
	for (size_t i = 0; i < sizeof(pictures) / sizeof(*pictures); i++) {
		char name[64];

		snprintf(name, sizeof(name), "out/deep/%s.png", pictures[i]);
		ck_assert_msg(access(fake_path(name), R_OK) == 0, "%s", name);
		snprintf(name, sizeof(name), "out/deep/%s.svg", pictures[i]);
		text = fake_read(fake_path(name));
		ck_assert_ptr_nonnull(strstr(text, "</svg>"));
		free(text);
	}
	text = fake_read(fake_path("out/deep/index.html"));
	ck_assert_ptr_nonnull(strstr(text, "a&lt;b&gt;&amp;'&quot;{_x}`date`"));
	ck_assert_ptr_null(strstr(text, "<b>"));
	ck_assert_ptr_null(strstr(text, "<script"));
	ck_assert_ptr_nonnull(strstr(text, "its &lt;cure&gt;"));
	ck_assert_ptr_nonnull(strstr(text, "functional lower by"));
	ck_assert_ptr_nonnull(strstr(text, "</html>"));
	free(text);
}
END_TEST

START_TEST(reports_that_cannot_be_made)
{
	struct report_options options = { .store = fake_path("a.db"), .folder = fake_path("out") };
	const int64_t none = 99;

	if (!plot_available(&err))
		return;
	ck_assert(!report_write(&options, &err)); /* no store */
	ck_assert(!err.system);
	put_runs("a.db", (struct fake_options){ .variant = "central", .slowness = 1 }, 1, 1, 0);
	options.run = &none;
	options.runs = 1;
	ck_assert(!report_write(&options, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "no run 99"));
	options.runs = 0;
	options.folder = "/proc/no";
	ck_assert(!report_write(&options, &err));
	ck_assert(err.system);
	setenv("PATH", "/nowhere", 1);
	options.folder = fake_path("out");
	ck_assert(!report_write(&options, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "gnuplot-nox"));
	ck_assert_int_eq(fake_files(), 1);
}
END_TEST

Suite *compare_suite(void)
{
	Suite *suite = suite_create("compare");
	TCase *tcase = tcase_create("compare");

	tcase_add_checked_fixture(tcase, setup, fake_folder_remove);
	tcase_add_test(tcase, intervals_of_hand_made_pairs);
	tcase_add_test(tcase, verdicts_in_words);
	tcase_add_test(tcase, variants_meet_by_seed);
	tcase_add_test(tcase, two_files_meet_by_variant);
	tcase_add_loop_test(tcase, worlds_are_held_against_each_other, 0, 2);
	tcase_add_test(tcase, the_json_of_a_comparison);
	tcase_add_test(tcase, what_cannot_be_compared_is_said);
	tcase_add_test(tcase, a_figure_along_a_sweep);
	tcase_add_test(tcase, a_report_has_its_pictures_and_escapes_its_texts);
	tcase_add_test(tcase, reports_that_cannot_be_made);
	suite_add_tcase(suite, tcase);
	return suite;
}
