/* Traces that are counts or rates: ServeGen's tenants and functions by the minute. */
#include "base/vec.h"
#include "tests/suites.h"
#include "traces/trace.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define S INT64_C(1000000000)
#define HEAD "HashOwner,HashApp,HashFunction,Trigger,1,2,3\n"

static char folder[64], file[160];
static struct trace_spec spec;
static struct err err;
static struct trace_counts counts;
static struct arena arena;
static VEC(struct trace_row) rows;
static char message[1024], names[16][64];

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/sonde-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	arena_init(&arena);
	opt_defaults(trace_options, &spec, &arena);
	spec.file = folder;
	spec.format = "servegen";
	spec.seed = 1;
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
	vec_release(&rows);
	arena_release(&arena);
}

static const char *put(const char *name, const char *text)
{
	FILE *out;

	snprintf(file, sizeof(file), "%s/%s", folder, name);
	out = fopen(file, "wb");
	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
	return arena_print(&arena, "%s", file);
}

static int read_all(void)
{
	struct trace *trace = trace_open(&spec, &err);
	struct trace_row row;
	int got = -1;

	rows.n = 0;
	message[0] = '\0';
	if (trace) {
		const char *const *known = trace_services(trace);

		for (int i = 0; known && known[i] && i < 16; i++)
			snprintf(names[i], sizeof(names[i]), "%s", known[i]);
		while ((got = trace_next(trace, &row, &err)) == 1) {
			ck_assert(!rows.n || rows.at[rows.n - 1].arrival_ns <= row.arrival_ns);
			vec_push(&rows, row);
		}
		counts = trace_counts(trace);
		if (got == 0)
			ck_assert_uint_eq(counts.read, counts.emitted + counts.dropped);
		ck_assert_uint_eq(counts.emitted, rows.n);
		trace_close(trace);
	}
	if (got < 0)
		err_line(&err, message, sizeof(message));
	return got;
}

static void put_tenant(uint32_t number, const char *windows, const char *dataset)
{
	put(arena_print(&arena, "chunk-%u-trace.csv", number), windows);
	put(arena_print(&arena, "chunk-%u-dataset.json", number), dataset);
}

/* Mean and coefficient of variation of the gaps. */
static void gaps(double *mean_s, double *cv)
{
	double sum = 0, square = 0, n = rows.n - 1;

	for (uint32_t i = 1; i < rows.n; i++) {
		double gap = (double)(rows.at[i].arrival_ns - rows.at[i - 1].arrival_ns) / 1e9;

		sum += gap;
		square += gap * gap;
	}
	*mean_s = sum / n;
	*cv = sqrt(square / n - *mean_s * *mean_s) / *mean_s;
}

static const struct {
	const char *window;
	double cv;
} shapes[] = {
	{ "0,100,2,Gamma,0.25,0.001\r\n", 2 },
	{ "0,100,0,,0,0\r\n", 1 },
	/* sqrt(gamma(1 + 2/k) / gamma(1 + 1/k)^2 - 1), k = 0.5 */
	{ "0,100,9,Weibull,0.5,7\r\n", 2.2360679775 },
	{ "0,100,0.5,Gamma,4,1e9\r\n", 0.5 },
};

/* The rate is the window's and the shape the gaps', whatever the scale says. */
START_TEST(renewal)
{
	double mean_s, cv;

	put_tenant(7, shapes[_i].window,
		   "{\"0\": {\"input_tokens\": \"{5: 1}\", \"output_tokens\": \"{6: 1.0}\"}}");
	ck_assert_int_eq(read_all(), 0);
	ck_assert_str_eq(names[0], "chunk-7");
	ck_assert_double_eq_tol((double)rows.n / 60000, 1, 0.03);
	gaps(&mean_s, &cv);
	ck_assert_double_eq_tol(mean_s, 0.01, 0.0003);
	ck_assert_double_eq_tol(cv, shapes[_i].cv, shapes[_i].cv * 0.03);
	ck_assert_uint_eq(rows.at[0].input_tokens, 5);
	ck_assert_uint_eq(rows.at[0].output_tokens, 6);
}
END_TEST

/* Windows of 0, 100 and 300 a second; distributions change at 1200 s; image tokens add up. */
START_TEST(windows)
{
	uint32_t in[3] = { 0 }, tokens[3] = { 0 };

	put_tenant(1,
		   "\xef\xbb\xbf"
		   "0,0,0,,0,0\r\n\n600,100,1,Gamma,1,1\r\n1200,300,1,Gamma,1,1",
		   "{\"1200\": {\"text_tokens\": \"{7: 0.25, 8.0: 0.75, 9: 0.0}\", "
		   "\"image_tokens\": \"{100: 1.0}\", \"output_tokens\": \"{2: 1.0}\"}, "
		   "\"0\": {\"text_tokens\": \"{1: 1.0}\", \"output_tokens\": \"{1: 1}\"},"
		   "\"3000\": {\"text_tokens\": \"{}\", \"output_tokens\": \"{}\"}}");
	ck_assert_int_eq(read_all(), 0);
	for (uint32_t i = 0; i < rows.n; i++) {
		const struct trace_row *row = &rows.at[i];

		in[row->arrival_ns / (600 * S)]++;
		if (row->arrival_ns < 1200 * S)
			ck_assert(row->input_tokens == 1 && row->output_tokens == 1);
		else
			tokens[row->input_tokens - 106]++;
	}
	ck_assert_uint_eq(in[0], 0);
	ck_assert_double_eq_tol(in[1], 60000, 1000);
	ck_assert_double_eq_tol(in[2], 180000, 2000);
	ck_assert_uint_eq(tokens[0], 0);
	ck_assert_double_eq_tol((double)tokens[1] / tokens[2], 1.0 / 3, 0.01);
	/* a part, from the middle of a window on, at a tenth of the rate */
	spec.from_ns = 900 * S;
	spec.length_ns = 500 * S;
	spec.start_ns = 10 * S;
	spec.rate = 0.1;
	ck_assert_int_eq(read_all(), 0);
	ck_assert_double_eq_tol(rows.n, 9000, 300);
	ck_assert_int_ge(rows.at[0].arrival_ns, 10 * S);
	ck_assert_int_lt(rows.at[0].arrival_ns, 12 * S);
	ck_assert_int_lt(rows.at[rows.n - 1].arrival_ns, 510 * S);
}
END_TEST

static const char one[] =
	"{\"0\": {\"input_tokens\": \"{5: 1}\", \"output_tokens\": \"{6: 0.5, 0: 0.5}\"}}";

/* Who has most to say comes first; the draws of a tenant do not depend on who else there is. */
START_TEST(tenants)
{
	static const char *const services[] = { "a", "b", NULL };
	uint32_t of[2] = { 0 }, alone;

	put_tenant(3, "0,1,1,,0,0\n", one);
	put_tenant(12, "0,30,1,,0,0\n", one);
	put_tenant(20, "0,10,1,,0,0\n", one);
	spec.zero_tokens = TRACE_ZERO_KEEP;
	ck_assert_int_eq(read_all(), 0);
	ck_assert_str_eq(names[0], "chunk-12");
	ck_assert_str_eq(names[2], "chunk-3");
	spec.services = services;
	ck_assert_int_eq(read_all(), 0);
	for (uint32_t i = 0; i < rows.n; i++)
		of[rows.at[i].service]++;
	ck_assert_double_eq_tol(of[1], 6000, 300);
	ck_assert_double_eq_tol(of[0], 18600, 600);
	spec.file = arena_print(&arena, "%s/chunk-20-trace.csv", folder);
	ck_assert_int_eq(read_all(), 0);
	alone = rows.n;
	ck_assert_uint_eq(alone, of[1]);
	spec.zero_tokens = TRACE_ZERO_DROP;
	ck_assert_int_eq(read_all(), 0);
	ck_assert_uint_eq(counts.zero, alone - rows.n);
	ck_assert_double_eq_tol(rows.n, alone / 2.0, 150);
	spec.zero_tokens = TRACE_ZERO_FAIL;
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, "chunk-20 draws 5 input and 0 output tokens"));
}
END_TEST

static const struct {
	const char *windows, *dataset, *says;
} bad[] = {
	{ "", one, "chunk-1-trace.csv: is empty" },
	{ "start,rate,cv,kind,shape,scale\n", one, "chunk-1-trace.csv:1:1: expected start,rate" },
	{ "0,1,1,Gamma,1,1\n0,1,1,Gamma,1,1\n", one, ":2:1: a window that begins no later" },
	{ "0,-1,1,Gamma,1,1\n", one, ":1:1: expected start" },
	{ "0,1,1,Gamma,0,1\n", one, ":1:1: expected start" },
	{ "0,1,1,Pareto,1,1\n", one, "found \"0,1,1,Pareto,1,1\"" },
	{ "0,1,1,Gamma,1\n", one, ":1:1: expected start" },
	{ "0,nan,1,Gamma,1,1\n", one, ":1:1: expected start" },
	{ "0,1,1,Gamma,1,1\n", "[]", "chunk-1-dataset.json: expected an object" },
	{ "0,1,1,Gamma,1,1\n", "{\"0\": ", "chunk-1-dataset.json: expected an object" },
	{ "0,1,1,Gamma,1,1\n", "{\"x\": {}}", "window \"x\": expected its start" },
	{ "0,1,1,Gamma,1,1\n", "{\"0\": {\"input_tokens\": \"{}\", \"output_tokens\": \"{}\"}}",
	  "no window has input_tokens" },
	{ "0,1,1,Gamma,1,1\n", "{\"0\": {\"input_tokens\": 5}}",
	  "window 0, input_tokens: expected a string" },
	{ "0,1,1,Gamma,1,1\n", "{\"0\": {\"input_tokens\": \"{5: 1\"}}",
	  "input_tokens: expected a" },
	{ "0,1,1,Gamma,1,1\n", "{\"0\": {\"input_tokens\": \"{5: x}\"}}", "found \"5: x}\"" },
	{ "0,1,1,Gamma,1,1\n", "{\"0\": {\"input_tokens\": \"{-5: 1}\"}}", "found \"-5: 1}\"" },
	{ "0,1,1,Gamma,1,1\n", "{\"0\": {\"output_tokens\": \"{5: 1} x\"}}", "found \" x\"" },
};

START_TEST(bad_tenants)
{
	put_tenant(1, bad[_i].windows, bad[_i].dataset);
	ck_assert_int_eq(read_all(), -1);
	ck_assert_msg(strstr(message, bad[_i].says), "%s\nlacks: %s", message, bad[_i].says);
	ck_assert(!err.system);
	put_tenant(2, "0,1,1,Gamma,1,1\n", one);
	spec.lenient = true;
	ck_assert_int_eq(read_all(), 0);
	ck_assert_uint_eq(counts.malformed, 1);
}
END_TEST

START_TEST(no_tenants)
{
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, "holds no tenants"));
	put("chunk-1-trace.csv", "0,1,1,,0,0\n");
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, "chunk-1-dataset.json: No such file"));
	spec.file = put("other.csv", "x");
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, "expected a folder"));
	spec.file = "/nowhere";
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, "cannot open /nowhere"));
	spec.file = folder;
	spec.loop = 2;
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, "cannot be looped over"));
}
END_TEST

/* ---- functions by the minute ---- */

static int read_minutes(const char *text)
{
	spec.format = "azure-functions-2019";
	spec.file = put("invocations.csv", text);
	return read_all();
}

/* Counts a minute, columns in any order, two functions of one app. */
START_TEST(minutes)
{
	uint32_t of[3][2] = { { 0 } };

	ck_assert_int_eq(read_minutes("\xef\xbb\xbf"
				      "3,HashFunction,HashApp,HashOwner,1,2,x\r\n"
				      "1,f1,a1,o1,0,4,\r\n\r\n0,\"f2\",a1,o2,6,0,y"),
			 0);
	ck_assert_uint_eq(rows.n, 11);
	ck_assert_str_eq(names[0], "f2");
	for (uint32_t i = 0; i < rows.n; i++)
		of[rows.at[i].arrival_ns / (60 * S)][rows.at[i].service]++;
	ck_assert(of[0][0] == 6 && of[1][1] == 4 && of[2][1] == 1);
	for (uint32_t i = 1; i < 6; i++)
		ck_assert_double_eq_tol((double)(rows.at[i].arrival_ns - rows.at[i - 1].arrival_ns),
					10e9, 2);
	spec.tenant = TRACE_TENANT_APP;
	spec.spread = TRACE_SPREAD_RANDOM;
	ck_assert_int_eq(read_all(), 0);
	ck_assert_uint_eq(rows.n, 11);
	ck_assert_str_eq(names[0], "a1");
	ck_assert_int_ne(rows.at[2].arrival_ns - rows.at[1].arrival_ns, 10 * S);
	spec.from_ns = 60 * S;
	spec.length_ns = 60 * S;
	ck_assert_int_eq(read_all(), 0);
	ck_assert_uint_eq(rows.n, 4);
	ck_assert_int_lt(rows.at[3].arrival_ns, 60 * S);
}
END_TEST

/* Percentiles of a function become its durations, and a token each 20 ms. */
START_TEST(durations)
{
	const char *head = "HashOwner,HashApp,HashFunction,Average,percentile_Average_0,"
			   "percentile_Average_1,percentile_Average_25,percentile_Average_50,"
			   "percentile_Average_75,percentile_Average_99,percentile_Average_100\n";
	uint32_t below = 0, n = 0;

	spec.durations = put("durations.csv", arena_print(&arena,
							  "%so,a,f,0,0,0,200,200.0,400,400,400\n"
							  "o,a,unheard,0,0,0,0,0,0,0,0\n",
							  head));
	ck_assert_int_eq(read_minutes(HEAD "o,a,f,http,4000,0,0\no,a,g,http,0,10,0\n"), 0);
	for (uint32_t i = 0; i < rows.n; i++) {
		if (rows.at[i].service)
			continue;
		n++;
		ck_assert_uint_le(rows.at[i].output_tokens, 20);
		below += rows.at[i].output_tokens <= 10;
		ck_assert_uint_eq(rows.at[i].input_tokens, 512);
	}
	ck_assert_uint_eq(n, 4000);
	ck_assert_double_eq_tol(below / 4000.0, 0.5 + 0.25 * 0.5 / 10, 0.03);
	spec.durations = put("durations.csv",
			     arena_print(&arena, "%so,a,f,0,0,0,300,200,400,400,400\n", head));
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, ":2:1: expected percentiles that never fall"));
	spec.durations = put("durations.csv",
			     arena_print(&arena, "%so,a,f,0,0,0,x,200,400,400,400\n", head));
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, ":2:13: expected a duration in ms"));
	spec.durations = put("durations.csv", "HashFunction,percentile_Average_0\n");
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, "durations.csv:1:1: expected the header"));
	spec.durations = "/nowhere";
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, "cannot open /nowhere"));
}
END_TEST

static const struct {
	const char *text, *says;
} bad_minutes[] = {
	{ "", "is empty" },
	{ "HashOwner,HashApp,HashFunction,Trigger\n", ":1:1: expected the header" },
	{ "HashOwner,HashApp,Trigger,1,2\n", ":1:1: expected the header" },
	{ HEAD "o,a,f,http,1,2\n", ":2:1: expected 7 fields as in the header, found 6" },
	{ HEAD "o,a,f,http,1,2,3,4\n", "found more than 7" },
	{ HEAD "o,a,f,http,1,-2,3\n", ":2:14: expected a count of invocations" },
	{ HEAD "o,a,f,http,1,2.5,3\n", "found \"2.5\"" },
	{ HEAD "o,a,f,http,1,99999999,3\n", "from 0 to 10000000" },
	{ HEAD "o,a,,http,1,2,3\n", ":2:5: expected a name" },
};

START_TEST(bad_counts)
{
	ck_assert_int_eq(read_minutes(bad_minutes[_i].text), -1);
	ck_assert_msg(strstr(message, bad_minutes[_i].says), "%s\nlacks: %s", message,
		      bad_minutes[_i].says);
	spec.lenient = true;
	if (strncmp(bad_minutes[_i].text, HEAD, strlen(HEAD)))
		return;
	ck_assert_int_eq(read_all(), 0);
	ck_assert_uint_eq(counts.malformed, 1);
	ck_assert_uint_eq(rows.n, 0);
}
END_TEST

Suite *pools_suite(void)
{
	Suite *suite = suite_create("pools");
	TCase *servegen = tcase_create("servegen"), *by_minute = tcase_create("minutes");

	tcase_add_checked_fixture(servegen, setup, teardown);
	tcase_add_loop_test(servegen, renewal, 0, sizeof(shapes) / sizeof(*shapes));
	tcase_add_test(servegen, windows);
	tcase_add_test(servegen, tenants);
	tcase_add_loop_test(servegen, bad_tenants, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_test(servegen, no_tenants);
	suite_add_tcase(suite, servegen);
	tcase_add_checked_fixture(by_minute, setup, teardown);
	tcase_add_test(by_minute, minutes);
	tcase_add_test(by_minute, durations);
	tcase_add_loop_test(by_minute, bad_counts, 0, sizeof(bad_minutes) / sizeof(*bad_minutes));
	suite_add_tcase(suite, by_minute);
	return suite;
}
