/* A sweep's store: the digest sees all but the simulator's own cost, and the points' means and
 * intervals are those of their runs. */
#include "results/digest.h"
#include "results/points.h"
#include "results/stats.h"
#include "tests/fake_run.h"
#include "tests/suites.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 4 };

static const struct axis axis[2] = { { "rate", "10/s", 10 }, { "rate", "20/s", 20 } };
static struct err err;
static struct store store;

static void setup(void)
{
	ck_assert_ptr_nonnull(fake_folder());
}

static void teardown(void)
{
	fake_folder_remove();
}

/* Two points of so many runs each; values: the TTFT means of the first. */
static void make_store(const char *name, double wall_s, uint64_t seed, double *values)
{
	static struct fake_run fake;

	ck_assert_msg(store_open(&store, fake_path(name), &err), "%s", err.text);
	for (uint32_t p = 0; p < 2; p++)
		for (uint32_t r = 0; r < RUNS; r++) {
			struct fake_options options = { .variant = "central",
							.seed = seed + r,
							.services = 2,
							.requests = 300,
							.pods = 9,
							.slowness = 1 + p };

			fake_run_make(&fake, &options);
			fake.result.axis = &axis[p];
			fake.result.axes = 1;
			fake.result.simulator.wall_s = wall_s;
			ck_assert(store_put(&store, &fake.result, NULL, &err));
			if (values && !p)
				ck_assert(result_get(&fake.result, 2, "ttft_s.mean", &values[r]));
			fake_run_release(&fake);
		}
}

static uint64_t digest_of(const char *name, double wall_s, uint64_t seed, const char *sql)
{
	uint64_t digest = 0;

	make_store(name, wall_s, seed, NULL);
	if (sql)
		ck_assert_msg(store_exec(&store, sql, &err), "%s", err.text);
	ck_assert_msg(digest_store(&store, &digest, &err), "%s", err.text);
	store_close(&store);
	return digest;
}

START_TEST(digests)
{
	static const char *const changes[] = {
		"UPDATE run SET parameters = parameters || ' ' WHERE id = 8",
		"UPDATE axis SET text = '10.0/s' WHERE run = 3",
		"UPDATE metric SET value = value + 1e-9 WHERE run = 5 AND name = 'ttft_s.mean'",
		"UPDATE metric SET value = NULL WHERE run = 5 AND name = 'ttft_s.mean'",
		"DELETE FROM histogram WHERE run = 2 AND name = 'e2e_s'",
		"UPDATE pod SET node = 99 WHERE run = 1 AND seq = 4",
		"UPDATE run SET id = 9 WHERE id = 8",
	};
	uint64_t digest = digest_of("a.db", 1, 1, NULL);

	ck_assert_uint_eq(digest_of("b.db", 2, 1, NULL), digest);
	ck_assert_uint_ne(digest_of("c.db", 1, 2, NULL), digest);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		char name[16], sql[200];

		snprintf(name, sizeof(name), "%zu.db", i);
		snprintf(sql, sizeof(sql), "PRAGMA foreign_keys = OFF; %s", changes[i]);
		ck_assert_msg(digest_of(name, 1, 1, sql) != digest, "unseen: %s", changes[i]);
	}
	/* The published value of the hash for "a". */
	ck_assert_uint_eq(digest_bytes(DIGEST_EMPTY, "a", 1), UINT64_C(0xaf63dc4c8601ec8c));
}
END_TEST

/* What a writer leaves on a stream. */
static char *written(bool json, const char *metric, double half_width)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	ck_assert_ptr_nonnull(out);
	ck_assert_msg(json ? points_json(out, &store, metric, &err)
			   : points_print(out, &store, metric, half_width, &err),
		      "%s", err.text);
	fclose(out);
	return text;
}

START_TEST(means_and_intervals)
{
	double values[RUNS];
	struct interval want;
	char expected[200];
	char *text;

	make_store("a.db", 1, 1, values);
	want = stats_interval(values, RUNS);
	text = written(true, "ttft_s.mean", 0);
	snprintf(expected, sizeof(expected), "\"mean\": %.9g,", want.mean);
	ck_assert_msg(strstr(text, expected), "no %s", expected);
	snprintf(expected, sizeof(expected), "\"half_width_95\": %.9g", want.half_width);
	ck_assert_msg(strstr(text, expected), "no %s", expected);
	ck_assert_ptr_nonnull(strstr(text, "\"rate\": \"20/s\""));
	ck_assert_ptr_null(strstr(text, "simulator"));
	free(text);
	text = written(false, "ttft_s.mean", 0);
	ck_assert_ptr_nonnull(strstr(text, "rate=10/s  central"));
	ck_assert_ptr_null(strstr(text, "wider"));
	free(text);
	text = written(false, "ttft_s.mean", 1e-6);
	ck_assert_ptr_nonnull(strstr(text, "wider than wanted"));
	ck_assert_ptr_null(strstr(text, "\n\n"));
	free(text);
	text = written(false, "no.such", 0);
	ck_assert_ptr_nonnull(strstr(text, "undefined"));
	free(text);
	store_close(&store);
}
END_TEST

Suite *points_suite(void)
{
	Suite *suite = suite_create("points");
	TCase *tcase = tcase_create("points");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, digests);
	tcase_add_test(tcase, means_and_intervals);
	suite_add_tcase(suite, tcase);
	return suite;
}
