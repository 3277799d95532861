/* The writer and the figures of a trace: round trips, hand-made rows, and the public traces with
 * the figures that are known of them (SONDE_SHARED, default ../shared; skipped without). */
#include "base/dist.h"
#include "base/vec.h"
#include "tests/suites.h"
#include "traces/info.h"
#include "traces/lengths.h"
#include "traces/writer.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64], named[80];
static struct err err;

static void setup(void)
{
	snprintf(path, sizeof(path), "/tmp/sonde-test-XXXXXX");
	close(mkstemp(path));
	unlink(path);
}

static void teardown(void)
{
	unlink(path);
	unlink(named);
}

/* named: the path, of a plain file or with the suffix of a compressed one. */
static void name_file(int kind)
{
	static const char *const suffix[] = { "", ".gz", ".zst" };

	snprintf(named, sizeof(named), "%s%s", path, suffix[kind]);
}

static const char *shared(const char *name)
{
	static char out[2][512];
	static int which;
	const char *folder = getenv("SONDE_SHARED");

	which = !which;
	snprintf(out[which], sizeof(out[which]), "%s/traces/%s", folder ? folder : "../shared",
		 name);
	return access(out[which], R_OK) ? NULL : out[which];
}

static struct trace *open_trace(const char *file, const char *format, struct trace_spec *spec)
{
	struct trace *trace;

	*spec = (struct trace_spec){ .file = file,
				     .format = format,
				     .reorder = 256,
				     .loop = 1,
				     .zero_tokens = TRACE_ZERO_KEEP };
	trace = trace_open(spec, &err);
	ck_assert_msg(trace, "%s", err.text);
	return trace;
}

static const struct trace_row samples[] = {
	{ 0, 0, 1, TRACE_TOKENS_MAX, 0, 0 },
	{ 1, 1, 10, 1, 7, 0 },
	{ 100, 0, 999, 1000, 0, UINT64_MAX },
	{ INT64_C(1000000000), 1, 1, 1, UINT64_MAX, 3 },
	{ INT64_C(5000000000000001230), 0, 1, 1, 0, 0 },
};
enum { SAMPLES = sizeof(samples) / sizeof(*samples) };

START_TEST(round_trip)
{
	static const char *const names[] = { "chat", "code", NULL };
	struct trace_spec spec;
	struct trace_row row;
	struct trace *trace;
	struct writer writer;

	name_file(_i);
	ck_assert(writer_open(&writer, named, true, &err));
	for (int i = 0; i < SAMPLES; i++)
		ck_assert(writer_add(&writer, &samples[i], names[samples[i].service], &err));
	ck_assert(access(named, F_OK) != 0); /* whole or absent */
	ck_assert(writer_finish(&writer, &err));
	trace = open_trace(named, "sonde", &spec);
	ck_assert(trace_has_sessions(trace));
	for (int i = 0; i < SAMPLES; i++) {
		ck_assert_int_eq(trace_next(trace, &row, &err), 1);
		ck_assert_int_eq(row.arrival_ns, samples[i].arrival_ns);
		ck_assert_str_eq(trace_services(trace)[row.service], names[samples[i].service]);
		ck_assert_uint_eq(row.input_tokens, samples[i].input_tokens);
		ck_assert_uint_eq(row.output_tokens, samples[i].output_tokens);
		ck_assert_uint_eq(row.session, samples[i].session);
		ck_assert_uint_eq(row.prefix, samples[i].prefix);
	}
	ck_assert_int_eq(trace_next(trace, &row, &err), 0);
	trace_close(trace);
}
END_TEST

/* Through all buffers: the same bytes of text come back from each kind of file. */
START_TEST(large_file)
{
	struct trace_spec spec;
	struct trace_row row = { 0 };
	struct trace *trace;
	struct writer writer;

	name_file(_i);
	ck_assert(writer_open(&writer, named, false, &err));
	for (uint32_t i = 0; i < 100000; i++) {
		row = (struct trace_row){ i * INT64_C(1000003), 0, i % 977 + 1, i % 31 + 1, 0, 0 };
		ck_assert(writer_add(&writer, &row, "default", &err));
	}
	ck_assert(writer_finish(&writer, &err));
	trace = open_trace(named, "sonde", &spec);
	ck_assert(!trace_has_sessions(trace));
	for (uint32_t i = 0; i < 100000; i++) {
		ck_assert_int_eq(trace_next(trace, &row, &err), 1);
		ck_assert(row.arrival_ns == i * INT64_C(1000003) &&
			  row.input_tokens == i % 977 + 1);
	}
	ck_assert_int_eq(trace_next(trace, &row, &err), 0);
	trace_close(trace);
}
END_TEST

START_TEST(failed_file)
{
	struct writer writer;

	ck_assert(!writer_open(&writer, "/nonexistent/trace.csv", false, &err));
	ck_assert(err.system);
	ck_assert(writer_open(&writer, path, false, &err));
	ck_assert(writer_add(&writer, &samples[0], "chat", &err));
	writer_drop(&writer);
	ck_assert(access(path, F_OK) != 0);
}
END_TEST

/* Arrivals at 0, 0.5, 1, 3.2, 4 s; counts of the full seconds: 2, 1, 0, 1; the fifth is not full.
 */
START_TEST(figures)
{
	const int64_t at_ms[] = { 0, 500, 1000, 3200, 4000 };
	const uint32_t tokens[] = { 4, 0, 10, 4, 1 };
	struct info info;

	info_init(&info);
	for (int i = 0; i < 5; i++)
		info_add(&info, &(struct trace_row){ at_ms[i] * 1000000, 0, tokens[i], 7, 0, 0 });
	ck_assert_uint_eq(info.rows, 5);
	ck_assert_double_eq_tol(info_span_s(&info), 4, 1e-12);
	ck_assert_double_eq_tol(info_rate(&info), 1, 1e-12);
	ck_assert_uint_eq(info_peak(&info), 2);
	ck_assert_double_eq_tol(info_idc(&info, 0), 2.0 / 3, 1e-12);
	ck_assert_double_nan(info_idc(&info, 1));
	ck_assert_double_eq_tol(info_gap_cv(&info), sqrt((0.25 + 0.25 + 1.44 + 0.04) / 3), 1e-12);
	ck_assert_double_eq_tol(info_mean(&info.input), 3.8, 1e-12);
	ck_assert_uint_eq(info.input.zeros, 1);
	ck_assert_uint_eq(info.input.max, 10);
	ck_assert_double_eq(info_quantile(&info.input, 0), 0); /* 0 1 4 4 10 */
	ck_assert_double_eq(info_quantile(&info.input, 0.5), 4);
	ck_assert_double_eq_tol(info_quantile(&info.input, 0.125), 0.5, 1e-12);
	ck_assert_double_eq_tol(info_quantile(&info.input, 0.9), 7.6, 1e-12);
	ck_assert_double_eq(info_quantile(&info.input, 1), 10);
	ck_assert_double_eq(info_quantile(&info.output, 0.99), 7);
	info_release(&info);
	info_init(&info);
	ck_assert_double_eq(info_quantile(&info.input, 0.5), 0);
	ck_assert_double_nan(info_rate(&info));
	ck_assert_double_nan(info_gap_cv(&info));
	info_release(&info);
}
END_TEST

/* Memory does not grow with rows: neither tables nor the heap, once all lengths have been seen. */
START_TEST(bounded)
{
	struct trace_row row = { 0 };
	struct info info;
	uint64_t grown;

	info_init(&info);
	for (uint32_t i = 0; i < 3000; i++, row.arrival_ns += 1000) {
		row.input_tokens = row.output_tokens = i % 3000;
		info_add(&info, &row);
	}
	grown = vec_grown();
	for (uint32_t i = 0; i < 300000; i++, row.arrival_ns += 1000) {
		row.input_tokens = row.output_tokens = i % 3000;
		info_add(&info, &row);
	}
	ck_assert_uint_eq(vec_grown(), grown);
	info_release(&info);
}
END_TEST

static void add_all(struct info *info, const char *file, const char *format)
{
	struct trace_spec spec;
	struct trace *trace = open_trace(file, format, &spec);
	struct trace_row row;
	int got;

	info_init(info);
	while ((got = trace_next(trace, &row, &err)) == 1)
		info_add(info, &row);
	ck_assert_msg(got == 0, "%s", err.text);
	trace_close(trace);
}

/* Measured on the files themselves by other means, to as many digits as there are. */
static const struct {
	const char *name, *format;
	uint64_t rows;
	double span_s, rate;
	uint64_t peak;
	double idc[3], idc_tol[3], gap_cv;
	double input[4], output[4]; /* mean, p50, p90, p99 */
	uint32_t input_max, output_max;
	uint64_t zeros;
} figures_of[] = {
	{ "azure2023/AzureLLMInferenceTrace_conv.csv.zst",
	  "azure2023",
	  19366,
	  3501.72,
	  5.53,
	  16,
	  { 1.39, 3.87, 16.4 },
	  { 0.005, 0.005, 0.05 },
	  1.09,
	  { 1154.7, 1020, 2734.5, 4142 },
	  { 211.13, 129, 424, 601 },
	  14050,
	  1000,
	  0 },
	{ "mooncake/synthetic_trace.jsonl.zst",
	  "mooncake",
	  3993,
	  1022.02,
	  3.906,
	  13,
	  { 1.09, 1.19, 1.27 },
	  { 0.005, 0.005, 0.005 },
	  1.01,
	  { 15326, 11587, 38611, 66456 },
	  { 149.12, 69, 389, 768.08 },
	  191378,
	  893,
	  0 },
	{ "burstgpt/BurstGPT_1_first400.csv.zst",
	  "burstgpt",
	  400,
	  37269,
	  0.01071,
	  2,
	  { 1, 1.23, 2.78 },
	  { 0.005, 0.005, 0.005 },
	  4.56,
	  { 520.47, 314, 1417.9, 1958 },
	  { 276.53, 229.5, 570.7, 1421.2 },
	  2126,
	  2019,
	  17 },
	{ "burstgpt/BurstGPT_3_first400.csv.zst",
	  "burstgpt",
	  400,
	  41453,
	  0.009625,
	  2,
	  { 1.01, 1.19, 2.26 },
	  { 0.005, 0.005, 0.005 },
	  2.87,
	  { 617.35, 308.5, 1134.2, 5928.8 },
	  { 170.88, 101, 421.5, 862.17 },
	  25085,
	  1101,
	  1 },
};

static void check_lengths(const struct info_lengths *l, const double *want, uint32_t max)
{
	const double got[] = { info_mean(l), info_quantile(l, 0.5), info_quantile(l, 0.9),
			       info_quantile(l, 0.99) };

	for (int i = 0; i < 4; i++)
		ck_assert_double_eq_tol(got[i], want[i], want[i] * 5e-5);
	ck_assert_uint_eq(l->max, max);
}

START_TEST(public_figures)
{
	const char *file = shared(figures_of[_i].name);
	struct info info;

	if (!file)
		return;
	add_all(&info, file, figures_of[_i].format);
	ck_assert_uint_eq(info.rows, figures_of[_i].rows);
	ck_assert_double_eq_tol(info_span_s(&info), figures_of[_i].span_s, 0.005);
	ck_assert_double_eq_tol(info_rate(&info), figures_of[_i].rate, figures_of[_i].rate * 1e-3);
	ck_assert_uint_eq(info_peak(&info), figures_of[_i].peak);
	for (int i = 0; i < 3; i++)
		ck_assert_double_eq_tol(info_idc(&info, i), figures_of[_i].idc[i],
					figures_of[_i].idc_tol[i]);
	ck_assert_double_eq_tol(info_gap_cv(&info), figures_of[_i].gap_cv, 0.0075);
	check_lengths(&info.input, figures_of[_i].input, figures_of[_i].input_max);
	check_lengths(&info.output, figures_of[_i].output, figures_of[_i].output_max);
	ck_assert_uint_eq(info.input.zeros, figures_of[_i].zeros);
	ck_assert_uint_eq(info.output.zeros, figures_of[_i].zeros);
	info_release(&info);
}
END_TEST

/* The same requests, published twice: in absolute stamps, and in seconds printed from doubles. */
START_TEST(azure_is_vidur)
{
	const char *azure = shared("azure2023/AzureLLMInferenceTrace_conv.csv.zst");
	const char *vidur = shared("vidur/splitwise_conv.csv.zst");
	struct trace_spec spec[2];
	struct trace_row a, b;
	struct trace *trace[2];
	uint32_t n = 0;

	if (!azure || !vidur)
		return;
	trace[0] = open_trace(azure, "azure2023", &spec[0]);
	trace[1] = open_trace(vidur, "vidur", &spec[1]);
	for (; trace_next(trace[0], &a, &err) == 1; n++) {
		ck_assert_int_eq(trace_next(trace[1], &b, &err), 1);
		ck_assert_int_eq(a.arrival_ns, b.arrival_ns);
		ck_assert(a.input_tokens == b.input_tokens && a.output_tokens == b.output_tokens);
	}
	ck_assert_int_eq(trace_next(trace[1], &b, &err), 0);
	ck_assert_uint_eq(n, 19366);
	trace_close(trace[0]);
	trace_close(trace[1]);
}
END_TEST

START_TEST(azure2024_fixtures)
{
	static const struct {
		const char *name;
		uint32_t rows;
		double span_s;
	} files[] = {
		{ "azure2024-format/code_1week_head_tail.csv", 10, 604799.919571 },
		{ "azure2024-format/conv_1week_head_tail.csv", 10, 604799.994297 },
		{ "azure2024-format/lmm2025_multimodal_head_tail.csv", 9, 604799.693 },
	};
	const char *file = shared(files[_i].name);
	struct info info;

	if (!file)
		return;
	add_all(&info, file, "azure2024");
	ck_assert_uint_eq(info.rows, files[_i].rows);
	ck_assert_double_eq_tol(info_span_s(&info), files[_i].span_s, 1e-7);
	info_release(&info);
}
END_TEST

/* A table of quantiles written from lengths, read again and drawn from gives those lengths' mean
 * and shape. */
START_TEST(quantiles)
{
	struct rng rng = rng_stream(1, "quantiles", 0);
	struct arena arena;
	struct dist input, output;
	struct info info;
	FILE *file = fopen(path, "w");
	double sum = 0;

	arena_init(&arena);
	info_init(&info);
	for (uint32_t i = 0; i < 10000; i++)
		info_add(&info,
			 &(struct trace_row){ i, 0, i * i / 10000 + 1, i % 2 ? 5 : 400, 0, 0 });
	fputs("# made by a test\n", file);
	info_print_quantiles(&info, file);
	fclose(file);
	ck_assert_msg(lengths_read(path, &input, &output, &arena, &err), "%s", err.text);
	ck_assert_uint_eq(input.n, 203);
	ck_assert_double_eq_tol(dist_mean(&input), info_mean(&info.input), 2);
	for (int i = 0; i < 100000; i++)
		sum += dist_draw(&output, &rng) < 200;
	ck_assert_double_eq_tol(sum / 100000, 0.5, 0.01);
	info_release(&info);
	arena_release(&arena);
}
END_TEST

static const struct {
	const char *text, *says;
} bad_tables[] = {
	{ "", "ends before a share of 1" },
	{ "share,in,out\n", ":1:1: expected the header share,input_tokens,output_tokens" },
	{ "share,input_tokens,output_tokens\n0,1,1\n0.5,2,2\n", "ends before a share of 1" },
	{ "share,input_tokens,output_tokens\n0,1,1\n1,2\n", ":3:1: expected three numbers" },
	{ "share,input_tokens,output_tokens\n0,1,1\n1,2,2,3\n", ":3:1: expected three numbers" },
	{ "share,input_tokens,output_tokens\n0,1,1\n0,2,2\n",
	  ":3:1: share 0: expected shares rising" },
	{ "share,input_tokens,output_tokens\n0.1,1,1\n1,2,2\n",
	  ":2:1: share 0.1: expected shares rising" },
	{ "share,input_tokens,output_tokens\n0,1,1\n1.5,2,2\n",
	  ":3:1: share 1.5: expected shares rising" },
	{ "share,input_tokens,output_tokens\n0,1,9\n1,2,2\n",
	  ":3:1: expected tokens that never fall" },
	{ "share,input_tokens,output_tokens\n0,nan,9\n", ":2:1: expected tokens" },
};

START_TEST(bad_table)
{
	struct dist input, output;
	struct arena arena;
	char line[1024];
	FILE *file = fopen(path, "w");

	fputs(bad_tables[_i].text, file);
	fclose(file);
	arena_init(&arena);
	ck_assert(!lengths_read(path, &input, &output, &arena, &err));
	err_line(&err, line, sizeof(line));
	ck_assert_msg(strstr(line, bad_tables[_i].says), "%s\nlacks: %s", line,
		      bad_tables[_i].says);
	arena_release(&arena);
}
END_TEST

Suite *trace_info_suite(void)
{
	Suite *suite = suite_create("trace_info");
	TCase *writer_case = tcase_create("writer"), *info_case = tcase_create("info"),
	      *public_case = tcase_create("public");

	tcase_add_checked_fixture(writer_case, setup, teardown);
	tcase_add_loop_test(writer_case, round_trip, 0, 3);
	tcase_add_loop_test(writer_case, large_file, 0, 3);
	tcase_add_test(writer_case, failed_file);
	suite_add_tcase(suite, writer_case);
	tcase_add_checked_fixture(info_case, setup, teardown);
	tcase_add_test(info_case, figures);
	tcase_add_test(info_case, bounded);
	tcase_add_test(info_case, quantiles);
	tcase_add_loop_test(info_case, bad_table, 0, sizeof(bad_tables) / sizeof(*bad_tables));
	suite_add_tcase(suite, info_case);
	tcase_add_loop_test(public_case, public_figures, 0,
			    sizeof(figures_of) / sizeof(*figures_of));
	tcase_add_test(public_case, azure_is_vidur);
	tcase_add_loop_test(public_case, azure2024_fixtures, 0, 3);
	suite_add_tcase(suite, public_case);
	return suite;
}
