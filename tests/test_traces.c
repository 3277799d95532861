/* Readers, writer and figures: small files written here, and the public traces where they are. */
#include "base/rng.h"
#include "base/vec.h"
#include "tests/suites.h"
#include "traces/trace.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "arrival_s,service,input_tokens,output_tokens\n"
#define MS INT64_C(1000000)

static char path[64];
static struct trace_spec spec;
static struct err err;
static struct trace_counts counts;
static VEC(struct trace_row) rows;
static char message[1024];

static void setup(void)
{
	snprintf(path, sizeof(path), "/tmp/sonde-test-XXXXXX");
	close(mkstemp(path));
	spec = (struct trace_spec){ .file = path, .format = "sonde", .reorder = 4, .loop = 1 };
	rows.n = 0;
}

static void teardown(void)
{
	unlink(path);
	vec_release(&rows);
}

static void put(const void *bytes, size_t n)
{
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
	fclose(file);
}

/* Reads all of spec.file into rows; returns trace_next's last answer, -1 also where it does not
 * open; message says why. */
static int read_all(void)
{
	struct trace *trace = trace_open(&spec, &err);
	struct trace_row row;
	int got = -1;

	rows.n = 0;
	message[0] = '\0';
	counts = (struct trace_counts){ 0 };
	if (trace) {
		while ((got = trace_next(trace, &row, &err)) == 1)
			vec_push(&rows, row);
		counts = trace_counts(trace);
		trace_close(trace);
	}
	if (got < 0)
		err_line(&err, message, sizeof(message));
	return got;
}

static int read_text(const char *format, const char *text)
{
	spec.format = format;
	put(text, strlen(text));
	return read_all();
}

static void check_row(uint32_t i, int64_t arrival_ns, uint32_t input, uint32_t output)
{
	ck_assert_uint_lt(i, rows.n);
	ck_assert_int_eq(rows.at[i].arrival_ns, arrival_ns);
	ck_assert_uint_eq(rows.at[i].input_tokens, input);
	ck_assert_uint_eq(rows.at[i].output_tokens, output);
}

START_TEST(sonde_csv)
{
	ck_assert_int_eq(read_text("sonde", HEAD "5,a,10,20\n5.25,b,11,21\n5.250000001,a,12,22\n"),
			 0);
	ck_assert_uint_eq(rows.n, 3);
	check_row(0, 0, 10, 20);
	check_row(1, 250 * MS, 11, 21);
	check_row(2, 250 * MS + 1, 12, 22);
	ck_assert_uint_eq(rows.at[1].service, 1);
	ck_assert_uint_eq(rows.at[2].service, 0);
	spec.start_ns = 7;
	ck_assert_int_eq(read_all(), 0);
	check_row(0, 7, 10, 20);
}
END_TEST

/* What real files do: byte-order mark, CRLF, comments, blank lines, quotes, any order, no newline
 * at the end. */
START_TEST(real_files)
{
	ck_assert_int_eq(read_text("sonde",
				   "\xef\xbb\xbf# a comment\r\n\r\nprefix,session, \"service\" ,"
				   "output_tokens,input_tokens,arrival_s\r\n"
				   "7,,\"a\",2,\"1\",\"0.5\"\r\n\r\n,18446744073709551615,a,4,3,1"),
			 0);
	ck_assert_uint_eq(rows.n, 2);
	check_row(0, 0, 1, 2);
	check_row(1, 500 * MS, 3, 4);
	ck_assert_uint_eq(rows.at[0].prefix, 7);
	ck_assert_uint_eq(rows.at[0].session, 0);
	ck_assert_uint_eq(rows.at[1].session, UINT64_MAX);
	ck_assert_uint_eq(counts.read, 2);
	ck_assert_int_eq(read_text("vidur", "x,num_decode_tokens,arrived_at,num_prefill_tokens\n"
					    "\"a,\"\"b\"\"\",2,1.5,1\n,4,2.5,3\n"),
			 0);
	check_row(1, 1000 * MS, 3, 4);
}
END_TEST

START_TEST(azure)
{
	ck_assert_int_eq(read_text("azure2023", "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
						"2023-11-16 18:15:46.6805900,374,44\r\n"
						"2023-11-16 18:15:50.9951690,396,109\r\n"
						"2023-11-17 00:00:00,879,55"),
			 0);
	check_row(0, 0, 374, 44);
	check_row(1, INT64_C(4314579000), 396, 109);
	check_row(2, INT64_C(20653319410000), 879, 55);
	/* a leap day, a zone ahead of UTC */
	ck_assert_int_eq(read_text("azure2024", "TIMESTAMP,ContextTokens,GeneratedTokens\n"
						"2024-02-28 23:59:59.999999+00:00,2162,5\n"
						"2024-03-01 02:00:00.000001+02:00,2399,6\n"),
			 0);
	check_row(1, INT64_C(86400000002000), 2399, 6);
	ck_assert_int_eq(read_text("azure2024",
				   "TIMESTAMP,NumImages,ContextTokens,GeneratedTokens\n"
				   "2024-10-15T12:00:00.269Z,0,770,491\n"
				   "2024-10-15T12:00:05.819Z,1,949,126\n"),
			 0);
	check_row(1, 5550 * MS, 949, 126);
}
END_TEST

static const struct {
	const char *text;
	int64_t ns;
} seconds[] = {
	{ "1e-06", 1000 },
	{ "23.950000000000003", INT64_C(23950000000) },
	{ "0.9999999996", INT64_C(1000000000) },
	{ "0.99999999949", 999999999 },
	{ "1.5E2", INT64_C(150000000000) },
	{ "12e-1", INT64_C(1200000000) },
	{ "9e-10", 1 },
	{ "4e-10", 0 },
	{ "1e-300", 0 },
	{ "123456789.123456789", INT64_C(123456789123456789) },
	{ "0000000000000000012.0", INT64_C(12000000000) },
	{ "3.", INT64_C(3000000000) },
};

START_TEST(times)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "arrived_at,num_prefill_tokens,num_decode_tokens\n0,1,1\n%s,1,1\n",
		 seconds[_i].text);
	ck_assert_int_eq(read_text("vidur", text), 0);
	check_row(1, seconds[_i].ns, 1, 1);
}
END_TEST

static const struct {
	const char *format, *text, *says;
} bad[] = {
	{ "", HEAD, "no trace format given" },
	{ "azure23", HEAD, "did you mean \"azure2023\"" },
	{ "sonde", "", "is empty" },
	{ "sonde", "\n# only\n", "is empty" },
	{ "sonde", "1,a,2,3\n", ":1:1: unknown column \"1\"" },
	{ "sonde", "arrival_s,servce,input_tokens,output_tokens\n",
	  ":1:11: unknown column \"servce\"" },
	{ "sonde", "arrival_s,servce,input_tokens,output_tokens\n", "did you mean \"service\"" },
	{ "sonde", "arrival_s,service,input_tokens\n", "no column output_tokens" },
	{ "sonde", "arrival_s,arrival_s,service\n",
	  ":1:11: the column arrival_s stands there twice" },
	{ "vidur", HEAD, "no column arrived_at" },
	{ "sonde", HEAD "1,a,2\n", ":2:5: expected 4 fields as in the header, found 3" },
	{ "sonde", HEAD "1,a,2,3\n1,a,2,3,4\n",
	  ":3:7: expected 4 fields as in the header, found more" },
	{ "sonde", HEAD "1,a,-5,3\n", ":2:5: input_tokens: expected a count of tokens" },
	{ "sonde", HEAD "1,a,-5,3\n", "found \"-5\"" },
	{ "sonde", HEAD "1,a,2,\n", ":2:7: output_tokens: expected a count of tokens" },
	{ "sonde", HEAD "1,a,2,\n", "found nothing" },
	{ "sonde", HEAD "1,a,16777217,1\n", "from 0 to 16777216" },
	{ "sonde", HEAD "1,a,99999999999999999999999999,1\n", "from 0 to 16777216" },
	{ "sonde", HEAD "1,a,2.5,1\n", ":2:5: input_tokens" },
	{ "sonde", HEAD "1,,2,1\n", ":2:3: service" },
	{ "sonde", HEAD "1,\"a\nb\",2,1\n", ":2:3: service" },
	{ "sonde", HEAD "-1,a,2,1\n", ":2:1: arrival_s: expected a time in seconds" },
	{ "sonde", HEAD "1e30,a,2,1\n", ":2:1: arrival_s" },
	{ "sonde", HEAD "9223372037,a,2,1\n", ":2:1: arrival_s" },
	{ "sonde", HEAD "nan,a,2,1\n", ":2:1: arrival_s" },
	{ "sonde",
	  "\x7f"
	  "ELF\x02\x01\n",
	  "is binary" },
	{ "azure2023", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-02-29 00:00:00,1,1\n",
	  ":2:1: TIMESTAMP" },
	{ "azure2023", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-01-01 00:00:00Z,1,1\n",
	  "without a zone" },
	{ "azure2024", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-01-01 00:00:00,1,1\n",
	  "or with +00:00" },
	{ "azure2023", "TIMESTAMP,ContextTokens,GeneratedTokens\nUTC,1,1\n", "found \"UTC\"" },
};

START_TEST(bad_input)
{
	ck_assert_int_eq(read_text(bad[_i].format, bad[_i].text), -1);
	ck_assert_msg(strstr(message, bad[_i].says), "%s\nlacks: %s", message, bad[_i].says);
	ck_assert(!err.system);
	/* the same row is dropped and counted where the user says so; what is not a row is still an
	 * error */
	spec.lenient = true;
	if (strncmp(bad[_i].text, HEAD, strlen(HEAD)) || strcmp(bad[_i].format, "sonde"))
		return;
	ck_assert_int_eq(read_all(), 0);
	ck_assert_uint_ge(counts.malformed, 1);
	ck_assert_uint_eq(counts.read, counts.emitted + counts.dropped);
}
END_TEST

START_TEST(no_file)
{
	unlink(path);
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, "cannot open"));
	spec.file = "/tmp";
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, "is a directory"));
}
END_TEST

START_TEST(zero_tokens)
{
	const char *text = HEAD "1,a,0,5\n2,a,5,0\n3,a,5,5\n";

	ck_assert_int_eq(read_text("sonde", text), 0);
	ck_assert_uint_eq(rows.n, 1);
	check_row(0, 0, 5, 5);
	ck_assert_uint_eq(counts.zero, 2);
	ck_assert_uint_eq(counts.read, counts.emitted + counts.dropped);
	spec.zero_tokens = TRACE_ZERO_KEEP;
	ck_assert_int_eq(read_all(), 0);
	ck_assert_uint_eq(rows.n, 3);
	check_row(0, 0, 0, 5);
	ck_assert_uint_eq(counts.dropped, 0);
	spec.zero_tokens = TRACE_ZERO_FAIL;
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, ":2:1: 0 input and 5 output tokens"));
}
END_TEST

/* Rows of the same time keep their order; one that stands exactly `reorder` rows too late is the
 * last to be taken. */
START_TEST(reorder)
{
	const char *text = HEAD "2,a,1,1\n2,a,2,1\n3,a,3,1\n4,a,4,1\n1,a,5,1\n2,a,6,1\n";

	ck_assert_int_eq(read_text("sonde", text), 0);
	ck_assert_uint_eq(rows.n, 6);
	for (uint32_t i = 0, input[] = { 5, 1, 2, 6, 3, 4 }; i < 6; i++)
		ck_assert_uint_eq(rows.at[i].input_tokens, input[i]);
	ck_assert_int_eq(rows.at[0].arrival_ns, 0);
	ck_assert_uint_eq(counts.reordered, 2);
	spec.reorder = 3;
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, ":6:1: arrives 1 s before"));
	spec.lenient = true;
	ck_assert_int_eq(read_all(), 0);
	ck_assert_uint_eq(counts.late, 1);
	ck_assert_uint_eq(counts.read, counts.emitted + counts.dropped);
	spec.lenient = false;
	spec.reorder = 0;
	ck_assert_int_eq(read_text("sonde", HEAD "1,a,1,1\n1,a,2,1\n2,a,3,1\n"), 0);
	ck_assert_uint_eq(counts.reordered, 0);
	ck_assert_int_eq(read_text("sonde", HEAD "1,a,1,1\n0.9,a,2,1\n"), -1);
}
END_TEST

START_TEST(services)
{
	const char *const known[] = { "chat", "code", "", NULL };
	char text[8192] = HEAD;

	spec.services = known;
	ck_assert_int_eq(read_text("sonde", HEAD "1,code,1,1\n2,chat,1,1\n"), 0);
	ck_assert_uint_eq(rows.at[0].service, 1);
	ck_assert_uint_eq(rows.at[1].service, 0);
	spec.lenient = true; /* not a malformed row: the scenario lacks a service, or its name is
				misspelt */
	ck_assert_int_eq(read_text("sonde", HEAD "1,chta,1,1\n"), -1);
	ck_assert_ptr_nonnull(strstr(message, ":2:3: unknown service \"chta\""));
	ck_assert_ptr_nonnull(strstr(message, "did you mean \"chat\""));
	/* collected: numbers in order of arrival, through several growths of the table */
	spec.services = NULL;
	for (int i = 0; i < 200; i++)
		snprintf(text + strlen(text), 40, "1,%.*s%d,1,1\n", i % 4 * 5, "service-number-",
			 i % 100);
	ck_assert_int_eq(read_text("sonde", text), 0);
	for (uint32_t i = 0; i < 200; i++)
		ck_assert_uint_eq(rows.at[i].service, i % 100);
	spec.service = 3;
	ck_assert_int_eq(
		read_text("vidur", "arrived_at,num_prefill_tokens,num_decode_tokens\n0,1,1\n"), 0);
	ck_assert_uint_eq(rows.at[0].service, 3);
}
END_TEST

/* Three repetitions of 0, 1, 4 s: mean gap 2 s, so one lasts 6 s. */
START_TEST(loop)
{
	spec.loop = 3;
	ck_assert_int_eq(read_text("sonde", "# x\n" HEAD "10,a,1,1\n11,b,2,1\n14,a,3,1\n"), 0);
	ck_assert_uint_eq(rows.n, 9);
	for (uint32_t i = 0, at_s[] = { 0, 1, 4 }; i < 9; i++) {
		check_row(i, (6 * (i / 3) + at_s[i % 3]) * INT64_C(1000000000), i % 3 + 1, 1);
		ck_assert_uint_eq(rows.at[i].service, i % 3 == 1);
	}
	ck_assert_uint_eq(counts.read, 9);
	ck_assert_int_eq(read_text("sonde", HEAD "10,a,1,1\n"), -1);
	ck_assert_ptr_nonnull(strstr(message, "cannot loop over 1 rows"));
	spec.loop = 1000000;
	ck_assert_int_eq(read_text("sonde", HEAD "0,a,1,1\n9000000000,a,1,1\n"), -1);
	ck_assert_ptr_nonnull(strstr(message, "292 years"));
}
END_TEST

START_TEST(merge)
{
	const char *text = HEAD "0,a,1,1\n1,a,2,1\n1,a,3,1\n5,a,4,1\n";
	struct trace_spec other = spec;
	struct trace *part[3], *trace;
	struct trace_row row;
	int64_t last_ns = 0;
	const uint32_t ties[] = { 2, 3, 2, 3, 1 };
	uint32_t n = 0, last_service = 0;

	put(text, strlen(text));
	for (uint32_t i = 0; i < 3; i++) {
		static struct trace_spec one[3];

		one[i] = other;
		one[i].start_ns = i == 2 ? 1000 * MS : 0;
		part[i] = trace_open(&one[i], &err);
		ck_assert_ptr_nonnull(part[i]);
	}
	trace = trace_merge(part, 3);
	while (trace_next(trace, &row, &err) == 1) {
		ck_assert_int_ge(row.arrival_ns, last_ns);
		last_ns = row.arrival_ns;
		if (n >= 2 &&
		    n < 7) /* at 1 s: two of the first, two of the second, one of the third */
			ck_assert_uint_eq(row.input_tokens, ties[n - 2]);
		last_service = row.service;
		n++;
	}
	ck_assert_uint_eq(n, 12);
	ck_assert_uint_eq(last_service, 0);
	counts = trace_counts(trace);
	ck_assert_uint_eq(counts.read, 12);
	ck_assert_uint_eq(counts.emitted, 12);
	trace_close(trace);
	trace = trace_merge(part, 0);
	ck_assert_int_eq(trace_next(trace, &row, &err), 0);
	trace_close(trace);
}
END_TEST

/* Counts of any length against strtoull's reading of them. */
START_TEST(numbers)
{
	struct rng rng = rng_stream(1, "numbers", 0);
	char *text = NULL, *at;
	size_t bytes = 0;
	FILE *file = open_memstream(&text, &bytes);

	fputs("session,prefix," HEAD, file);
	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t session = rng_bits(&rng) >> rng_below(&rng, 64);
		uint32_t input = 1 + rng_below(&rng, TRACE_TOKENS_MAX);

		fprintf(file, "%" PRIu64 ",%u,1,a,%u,%u\n", session, i, input,
			1 + ((TRACE_TOKENS_MAX - 1) >> rng_below(&rng, 24)));
	}
	fclose(file);
	ck_assert_int_eq(read_text("sonde", text), 0);
	at = strchr(text, '\n') + 1;
	for (uint32_t i = 0; i < 20000; i++) {
		ck_assert_uint_eq(rows.at[i].session, strtoull(at, &at, 10));
		ck_assert_uint_eq(rows.at[i].prefix, strtoull(at + 1, &at, 10));
		ck_assert_uint_eq(rows.at[i].input_tokens, strtoull(at + 5, &at, 10));
		ck_assert_uint_eq(rows.at[i].output_tokens, strtoull(at + 1, &at, 10));
		at++;
	}
	free(text);
}
END_TEST

Suite *traces_suite(void)
{
	Suite *suite = suite_create("traces");
	TCase *rows_case = tcase_create("rows"), *order_case = tcase_create("order");

	tcase_add_checked_fixture(rows_case, setup, teardown);
	tcase_add_test(rows_case, sonde_csv);
	tcase_add_test(rows_case, real_files);
	tcase_add_test(rows_case, azure);
	tcase_add_loop_test(rows_case, times, 0, sizeof(seconds) / sizeof(*seconds));
	tcase_add_loop_test(rows_case, bad_input, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_test(rows_case, no_file);
	tcase_add_test(rows_case, zero_tokens);
	tcase_add_test(rows_case, services);
	tcase_add_test(rows_case, numbers);
	suite_add_tcase(suite, rows_case);
	tcase_add_checked_fixture(order_case, setup, teardown);
	tcase_add_test(order_case, reorder);
	tcase_add_test(order_case, loop);
	tcase_add_test(order_case, merge);
	suite_add_tcase(suite, order_case);
	return suite;
}
