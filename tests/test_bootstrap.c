/* The moving-block bootstrap: where blocks begin and end, and what a resampled trace keeps. */
#include "base/rng.h"
#include "base/vec.h"
#include "tests/suites.h"
#include "traces/bootstrap.h"
#include "traces/synth.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define S INT64_C(1000000000)

static char path[64];
static struct err err;
static VEC(struct trace_row) original, rows;

static void setup(void)
{
	snprintf(path, sizeof(path), "/tmp/sonde-test-XXXXXX");
	close(mkstemp(path));
}

static void teardown(void)
{
	unlink(path);
	vec_release(&original);
	vec_release(&rows);
}

/* A row every 100 ms for n rows, the lengths numbering them; every third belongs to session 7. */
static void write_regular(uint32_t n)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs("arrival_s,service,input_tokens,output_tokens,session\n", file);
	for (uint32_t i = 0; i < n; i++)
		fprintf(file, "%u.%u,chat,%u,%u,%s\n", i / 10, i % 10, i + 1, 2 * i + 1,
			i % 3 ? "" : "7");
	fclose(file);
}

static struct trace *open_file(void)
{
	static struct trace_spec spec;
	struct trace *trace;

	spec = (struct trace_spec){ .file = path, .format = "sonde", .loop = 1 };
	trace = trace_open(&spec, &err);
	ck_assert_msg(trace, "%s", err.text);
	return trace;
}

static void resample(int64_t block_ns, uint64_t seed, uint64_t replication)
{
	struct trace *trace = bootstrap_open(open_file(), block_ns, seed, replication, &err);
	struct trace_row row;

	ck_assert_msg(trace, "%s", err.text);
	rows.n = 0;
	while (trace_next(trace, &row, &err) == 1)
		vec_push(&rows, row);
	ck_assert_uint_eq(trace_counts(trace).emitted, rows.n);
	ck_assert_uint_eq(trace_counts(trace).read, rows.n);
	ck_assert_str_eq(trace_services(trace)[0], "chat");
	trace_close(trace);
}

/* In each block of 2.5 s the rows follow each other as in the trace, moved by one distance; the
 * last block is cut at the span. */
START_TEST(boundaries)
{
	enum { ROWS = 1007 };
	int64_t span_ns = (ROWS - 1) * (S / 10) + 1, block_ns = 5 * S / 2;
	uint32_t starts[64] = { 0 }, blocks = 0;

	write_regular(ROWS);
	resample(block_ns, 1, 1);
	for (uint32_t i = 0; i < rows.n; i++) {
		const struct trace_row *row = &rows.at[i];
		int64_t block = row->arrival_ns / block_ns;
		int64_t was_ns = (int64_t)(row->input_tokens - 1) * (S / 10);
		bool first = !i || rows.at[i - 1].arrival_ns / block_ns != block;

		ck_assert_int_lt(row->arrival_ns, span_ns);
		ck_assert_uint_eq(row->output_tokens, 2 * row->input_tokens - 1);
		ck_assert(!row->session == ((row->input_tokens - 1) % 3 != 0));
		if (first) {
			starts[blocks++] = i;
			/* Its first row is less than a gap behind its beginning, which lies in the
			 * trace. */
			ck_assert_int_lt(row->arrival_ns - block * block_ns, S / 10);
			ck_assert_int_le(was_ns - (row->arrival_ns - block * block_ns),
					 span_ns - block_ns);
			continue;
		}
		ck_assert_uint_eq(row->input_tokens, rows.at[i - 1].input_tokens + 1);
		ck_assert_int_eq(row->arrival_ns - rows.at[i - 1].arrival_ns, S / 10);
	}
	ck_assert_uint_eq(blocks, (uint32_t)((span_ns + block_ns - 1) / block_ns));
	/* Whole blocks of 2.5 s hold 25 rows each, of 100 ms. */
	for (uint32_t b = 0; b + 2 < blocks; b++)
		ck_assert_uint_eq(starts[b + 1] - starts[b], 25);
}
END_TEST

/* The same session in two blocks is two sessions, in one block it is one. */
START_TEST(sessions)
{
	uint64_t last = 0;
	int64_t last_block = -1;

	write_regular(400);
	resample(10 * S, 3, 1);
	for (uint32_t i = 0; i < rows.n; i++) {
		int64_t block = rows.at[i].arrival_ns / (10 * S);

		if (!rows.at[i].session)
			continue;
		if (block == last_block)
			ck_assert_uint_eq(rows.at[i].session, last);
		else
			ck_assert_uint_ne(rows.at[i].session, last);
		last = rows.at[i].session;
		last_block = block;
	}
	ck_assert_int_eq(last_block, 3);
}
END_TEST

START_TEST(deterministic)
{
	uint32_t n;

	write_regular(500);
	resample(3 * S, 5, 2);
	vec_reserve(&original, rows.n);
	memcpy(original.at, rows.at, rows.n * sizeof(*rows.at));
	n = rows.n;
	resample(3 * S, 5, 2);
	ck_assert_uint_eq(rows.n, n);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_int_eq(original.at[i].arrival_ns, rows.at[i].arrival_ns);
	resample(3 * S, 5, 3);
	ck_assert(rows.n != n || original.at[7].input_tokens != rows.at[7].input_tokens);
	resample(3 * S, 6, 2);
	ck_assert(rows.n != n || original.at[7].input_tokens != rows.at[7].input_tokens);
}
END_TEST

/* One block: the trace as it is.  One row, and none. */
START_TEST(single_block)
{
	write_regular(100);
	for (int longer = 0; longer < 2; longer++) {
		resample(longer ? 3600 * S : 99 * (S / 10) + 1, 1, 1);
		ck_assert_uint_eq(rows.n, 100);
		for (uint32_t i = 0; i < rows.n; i++) {
			ck_assert_int_eq(rows.at[i].arrival_ns, (int64_t)i * (S / 10));
			ck_assert_uint_eq(rows.at[i].input_tokens, i + 1);
		}
	}
	write_regular(1);
	resample(60 * S, 1, 1);
	ck_assert_uint_eq(rows.n, 1);
	ck_assert_int_eq(rows.at[0].arrival_ns, 0);
}
END_TEST

/* Bad rows are told when it is opened. */
START_TEST(bad_row)
{
	FILE *file = fopen(path, "w");

	fputs("arrival_s,service,input_tokens,output_tokens\n0,a,1,1\n1,a,x,1\n", file);
	fclose(file);
	ck_assert_ptr_null(bootstrap_open(open_file(), S, 1, 1, &err));
	ck_assert_int_eq(err.line, 3);
}
END_TEST

/* Two-level traffic, whose minutes differ: over 200 replications the mean rate and mean lengths
 * are the trace's within four standard errors (and 1 %, for its edges are drawn less often), and
 * blocks keep what single rows would lose: the variance of the counts of a minute. */
START_TEST(keeps)
{
	enum { REPLICATIONS = 200, MINUTES = 60 };
	struct synth_config config;
	struct arena arena;
	struct trace *trace;
	struct trace_row row;
	double n = 0, tokens = 0, sum = 0, squares = 0, sum_tokens = 0, squares_tokens = 0;
	double spread = 0, spread_original = 0, mean, error;
	FILE *file = fopen(path, "w");

	arena_init(&arena);
	opt_defaults(synth_options, &config, &arena);
	config.arrivals = SYNTH_TWO_LEVEL;
	ck_assert(opt_parse(opt_find(synth_options, "rate"), &config, "LN(2/s,8/s)", &arena, &err));
	config.duration_ns = MINUTES * 60 * S;
	trace = synth_open(&config, 0, 0, 11, &err);
	ck_assert_ptr_nonnull(trace);
	fputs("arrival_s,service,input_tokens,output_tokens\n", file);
	while (trace_next(trace, &row, &err) == 1) {
		fprintf(file, "%.9f,chat,%u,%u\n", (double)row.arrival_ns / 1e9, row.input_tokens,
			row.output_tokens);
		n++;
		tokens += row.input_tokens;
	}
	fclose(file);
	trace_close(trace);
	arena_release(&arena);
	for (uint64_t r = 0; r <= REPLICATIONS; r++) {
		double count[MINUTES + 1] = { 0 }, per_minute = 0, length = 0;

		resample(r ? 120 * S : 10000 * S, 1, r); /* 0: the trace itself */
		for (uint32_t i = 0; i < rows.n; i++) {
			count[rows.at[i].arrival_ns / (60 * S)]++;
			length += rows.at[i].input_tokens;
		}
		for (int m = 0; m < MINUTES; m++)
			per_minute += (count[m] - rows.n / (double)MINUTES) *
				      (count[m] - rows.n / (double)MINUTES);
		if (!r) {
			ck_assert_uint_eq(rows.n, (uint32_t)n);
			spread_original = per_minute;
			continue;
		}
		spread += per_minute / REPLICATIONS;
		sum += rows.n;
		squares += (double)rows.n * rows.n;
		sum_tokens += length / rows.n;
		squares_tokens += length / rows.n * (length / rows.n);
	}
	mean = sum / REPLICATIONS;
	error = sqrt((squares / REPLICATIONS - mean * mean) / REPLICATIONS);
	ck_assert_msg(fabs(mean - n) < 4 * error + 0.01 * n, "rows: %g, %g +- %g", n, mean, error);
	ck_assert_double_gt(error, 0);
	mean = sum_tokens / REPLICATIONS;
	error = sqrt((squares_tokens / REPLICATIONS - mean * mean) / REPLICATIONS);
	ck_assert_msg(fabs(mean - tokens / n) < 4 * error + 0.01 * tokens / n,
		      "lengths: %g, %g +- %g", tokens / n, mean, error);
	ck_assert_double_gt(spread, 0.6 * spread_original);
	ck_assert_double_lt(spread, 1.2 * spread_original);
	ck_assert_double_gt(spread, 3 * n); /* Poisson: n */
}
END_TEST

Suite *bootstrap_suite(void)
{
	Suite *suite = suite_create("bootstrap");
	TCase *tcase = tcase_create("bootstrap");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, boundaries);
	tcase_add_test(tcase, sessions);
	tcase_add_test(tcase, deterministic);
	tcase_add_test(tcase, single_block);
	tcase_add_test(tcase, bad_row);
	tcase_add_test(tcase, keeps);
	suite_add_tcase(suite, tcase);
	return suite;
}
