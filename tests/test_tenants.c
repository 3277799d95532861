/* Traces whose tenants, models or functions are not services: their readers, what they become, and
 * the part of a trace that is played. */
#include "base/vec.h"
#include "tests/suites.h"
#include "traces/trace.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS INT64_C(1000000)
#define BURST "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
#define F2021 "app,func,end_timestamp,duration\n"

static char path[64];
static struct trace_spec spec;
static struct err err;
static struct trace_counts counts;
static struct arena arena;
static VEC(struct trace_row) rows;
static VEC(char *) names; /* as the source gives them at the end */
static char message[1024];

static void setup(void)
{
	snprintf(path, sizeof(path), "/tmp/sonde-test-XXXXXX");
	close(mkstemp(path));
	arena_init(&arena);
	opt_defaults(trace_options, &spec, &arena);
	spec.file = path;
	spec.seed = 1;
}

static void forget(void)
{
	for (uint32_t i = 0; i < names.n; i++)
		free(names.at[i]);
	names.n = rows.n = 0;
}

static void teardown(void)
{
	unlink(path);
	forget();
	vec_release(&rows);
	vec_release(&names);
	arena_release(&arena);
}

/* Reads it all; -1 with the message where it is bad. */
static int read_all(void)
{
	struct trace *trace = trace_open(&spec, &err);
	struct trace_row row;
	int got = -1;

	forget();
	message[0] = '\0';
	if (trace) {
		const char *const *known;

		while ((got = trace_next(trace, &row, &err)) == 1)
			vec_push(&rows, row);
		known = trace_services(trace);
		for (; got == 0 && known && *known; known++)
			vec_push(&names, strdup(*known));
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

static int read_text(const char *format, const char *text)
{
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
	fclose(file);
	spec.format = format;
	return read_all();
}

static void check_row(uint32_t i, int64_t arrival_ns, uint32_t service, uint32_t input,
		      uint32_t output)
{
	ck_assert_uint_lt(i, rows.n);
	ck_assert_int_eq(rows.at[i].arrival_ns, arrival_ns);
	ck_assert_uint_eq(rows.at[i].service, service);
	ck_assert_uint_eq(rows.at[i].input_tokens, input);
	ck_assert_uint_eq(rows.at[i].output_tokens, output);
}

/* Both variants; what the third file inserts is found by name, and a failure is dropped. */
START_TEST(burstgpt)
{
	ck_assert_int_eq(read_text("burstgpt", BURST "5,ChatGPT,472,18,490,Conversation log\r\n"
						     "45,GPT-4,0,0,0,API log\r\n"
						     "118,GPT-4,417,276,693,\"API, log\""),
			 0);
	ck_assert_uint_eq(rows.n, 2);
	check_row(0, 0, 0, 472, 18);
	check_row(1, 113000 * MS, 1, 417, 276);
	ck_assert_str_eq(names.at[1], "GPT-4");
	ck_assert_uint_eq(counts.zero, 1);
	ck_assert_int_eq(read_text("burstgpt",
				   "Timestamp,Session ID,Elapsed time,Model,Request tokens,"
				   "Response tokens,Total tokens,Log Type\n"
				   "19440110.0,1722ac82-0a46,43,GPT-4,906,446,1352,x\n"
				   "19440161.5,d5983bf9-4b48,2,ChatGPT,36,29,65,x\n"
				   "19440162.0,1722ac82-0a46,43,GPT-4,1,2,3,x\n"
				   "19440163.0,,43,GPT-4,1,2,3,x\n"),
			 0);
	check_row(1, 51500 * MS, 1, 36, 29);
	ck_assert_uint_ne(rows.at[0].session, 0);
	ck_assert_uint_eq(rows.at[0].session, rows.at[2].session);
	ck_assert_uint_ne(rows.at[0].session, rows.at[1].session);
	ck_assert_uint_eq(rows.at[3].session, 0);
}
END_TEST

/* start = end - duration, which may lie before the origin; a token each 20 ms. */
START_TEST(functions)
{
	const char *text = F2021 "aaaaaaaaaaaaaaaaaaaa,f1f1f1f1f1f1f1f1f1f1,1.5,2.0\n"
				 "aaaaaaaaaaaaaaaaaaaa,f2f2f2f2f2f2f2f2f2f2,2.0,0.029\n"
				 "bbbb,f3,2.0,0.03\n";

	ck_assert_int_eq(read_text("azure-functions-2021", text), 0);
	ck_assert_uint_eq(rows.n, 3);
	check_row(0, 0, 0, 512, 100);
	check_row(1, 2470 * MS, 2, 512, 2); /* it began a bit earlier than the next row */
	check_row(2, 2471 * MS, 1, 512, 1);
	ck_assert_uint_eq(counts.reordered, 1);
	ck_assert_str_eq(names.at[0], "f1f1f1f1f1f1f1f1");
	spec.tenant = TRACE_TENANT_APP;
	spec.token_ns = MS;
	ck_assert_int_eq(read_all(), 0);
	check_row(0, 0, 0, 512, 2000);
	check_row(1, 2470 * MS, 1, 512, 30);
	ck_assert_str_eq(names.at[0], "aaaaaaaaaaaaaaaa");
}
END_TEST

/* Keys in any order, others skipped whatever they hold. */
START_TEST(mooncake)
{
	ck_assert_int_eq(
		read_text(
			"mooncake",
			"\xef\xbb\xbf{\"timestamp\": 27482, \"input_length\": 6955, "
			"\"output_length\": 52, \"hash_ids\": [46, 47, 2353]}\r\n\n"
			"{\"x\":{\"timestamp\":[1,\"}\\\"\"]},\"hash_ids\":[],\"output_length\":26,"
			"\"input_length\":6472,\"timestamp\":30535,\"y\":null}"),
		0);
	ck_assert_uint_eq(rows.n, 2);
	check_row(0, 0, 0, 6955, 52);
	check_row(1, 3053 * MS, 0, 6472, 26);
	ck_assert_uint_eq(rows.at[0].prefix, 47);
	ck_assert_uint_eq(rows.at[1].prefix, 0);
	spec.loop = 2;
	ck_assert_int_eq(read_all(), 0);
	ck_assert_uint_eq(rows.n, 4);
	check_row(2, 6106 * MS, 0, 6955, 52);
}
END_TEST

static const struct {
	const char *format, *text, *says;
} bad[] = {
	{ "burstgpt", "Timestamp,Request tokens,Response tokens\n", "no column Model" },
	{ "burstgpt", BURST "5,ChatGPT,472,-18,490,x\n", ":2:15: Response tokens" },
	{ "burstgpt", BURST "5,Chat GPT,472,18,490,x\n", ":2:3: Model: expected a name" },
	{ "burstgpt", BURST "5s,ChatGPT,472,18,490,x\n", "found \"5s\"" },
	{ "burstgtp", BURST, "did you mean \"burstgpt\"" },
	{ "azure-functions-2021", F2021 "a,b,1\n",
	  ":2:5: expected 4 fields as in the header, found 3" },
	{ "azure-functions-2021", F2021 "a,b,1,99999999\n", ":2:7: duration" },
	{ "azure-functions-2021", F2021 "a,,1,1\n", ":2:3: func: expected a name" },
	{ "azure-functions-2021", F2021 "a,b,9000000000,1\n", ":2:1: ends more than 146 years" },
	{ "azure-functions-2021", "app,func,duration\n", "no column end_timestamp" },
	{ "mooncake", "", "is empty" },
	{ "mooncake", "timestamp,input_length\n", ":1:1: expected an object" },
	{ "mooncake", "{}\n", ":1:2: expected an object" },
	{ "mooncake", "{\"timestamp\": 1}\n", ":1:16: input_length: expected a count" },
	{ "mooncake", "{\"timestamp\": 1.5,}\n", ":1:16: expected an object" },
	{ "mooncake", "{\"timestamp\": \"1\"}\n", ":1:15: timestamp: expected a time" },
	{ "mooncake", "{\"timestamp\": 1, \"x\": \"}\n", ":1:23: expected an object" },
	{ "mooncake", "{\"timestamp\": 1, \"x\": [[1]}\n", ":1:28: expected an object" },
	{ "mooncake", "{\"hash_ids\": [1, x]}\n", ":1:14: hash_ids: expected a list" },
	{ "mooncake", "{\"hash_ids\": 7}\n", ":1:14: hash_ids: expected a list" },
	{ "mooncake",
	  "{\"timestamp\":1,\"input_length\":1,\"output_length\":1,\"hash_ids\":[]} x\n",
	  ":1:66: expected an object" },
};

START_TEST(bad_input)
{
	ck_assert_int_eq(read_text(bad[_i].format, bad[_i].text), -1);
	ck_assert_msg(strstr(message, bad[_i].says), "%s\nlacks: %s", message, bad[_i].says);
	ck_assert(!err.system);
}
END_TEST

/* Five rows in three ties of a 3 s clock, the second cut short by the third. */
START_TEST(ties)
{
	const char *text = "arrived_at,num_prefill_tokens,num_decode_tokens\n"
			   "0,1,1\n0,2,1\n0,3,1\n3,4,1\n3,5,1\n4,6,1\n";

	spec.tick_ns = 3000 * MS;
	ck_assert_int_eq(read_text("vidur", text), 0);
	for (uint32_t i = 0, ms[] = { 0, 1000, 2000, 3000, 3500, 4000 }; i < 6; i++)
		check_row(i, ms[i] * MS, 0, i + 1, 1);
	spec.spread = TRACE_SPREAD_RANDOM;
	ck_assert_int_eq(read_all(), 0);
	for (uint32_t i = 0, ms[] = { 0, 0, 0, 3000, 3000, 4000, 7000 }; i < 6; i++) {
		ck_assert_uint_eq(rows.at[i].input_tokens, i + 1);
		ck_assert_int_ge(rows.at[i].arrival_ns, ms[i] * MS);
		ck_assert_int_lt(rows.at[i].arrival_ns, ms[i < 3 ? 3 : i < 5 ? 5 : 6] * MS);
		ck_assert(!i || rows.at[i].arrival_ns >= rows.at[i - 1].arrival_ns);
	}
	ck_assert_int_gt(rows.at[1].arrival_ns, 0);
	ck_assert_int_eq(read_text("vidur", "arrived_at,num_prefill_tokens,num_decode_tokens\n"
					    "0,1,1\n0,2,1\n9,x,1\n"),
			 -1);
}
END_TEST

START_TEST(part)
{
	const char *text = "arrived_at,num_prefill_tokens,num_decode_tokens\n"
			   "100,1,1\n101,2,1\n102,3,1\n105,4,1\n106,5,1\n";

	spec.from_ns = 1000 * MS;
	spec.length_ns = 5000 * MS;
	spec.start_ns = 7;
	ck_assert_int_eq(read_text("vidur", text), 0);
	ck_assert_uint_eq(rows.n, 3);
	check_row(0, 7, 0, 2, 1);
	check_row(2, 4000 * MS + 7, 0, 4, 1);
	ck_assert_uint_eq(counts.left_out, 2);
}
END_TEST

static const char *const services[] = { "s0", "s1", "s2", NULL };
/* a comes first, c most often, then b, then a and d. */
static const char tenants[] = BURST "0,a,1,1,,\n1,c,1,1,,\n2,c,1,1,,\n3,b,1,1,,\n4,c,1,1,,\n"
				    "5,b,1,1,,\n6,d,1,1,,\n";

static const struct {
	int map, rest;
	int64_t top;
	uint32_t to[7]; /* 9 = dropped */
} mappings[] = {
	{ TRACE_MAP_ORDER, TRACE_REST_FOLD, 0, { 0, 1, 1, 2, 1, 2, 0 } },
	{ TRACE_MAP_AUTO, TRACE_REST_FOLD, 0, { 2, 0, 0, 1, 0, 1, 0 } },
	{ TRACE_MAP_POPULARITY, TRACE_REST_FOLD, 1, { 2, 0, 0, 2, 0, 2, 2 } },
	{ TRACE_MAP_POPULARITY, TRACE_REST_DROP, 2, { 9, 0, 0, 1, 0, 1, 9 } },
};

START_TEST(mapping)
{
	uint32_t at = 0;

	spec.services = services;
	spec.map = mappings[_i].map;
	spec.rest = mappings[_i].rest;
	spec.top = mappings[_i].top;
	ck_assert_int_eq(read_text("burstgpt", tenants), 0);
	for (uint32_t i = 0; i < 7; i++) {
		if (mappings[_i].to[i] == 9)
			continue;
		check_row(at++, i * 1000 * MS, mappings[_i].to[i], 1, 1);
	}
	ck_assert_uint_eq(rows.n, at);
	ck_assert_uint_eq(counts.left_out, 7 - at);
	ck_assert_uint_eq(names.n, 3);
}
END_TEST

/* Into some of the services: rows have the scenario's numbers, tenants without a name the first. */
START_TEST(subset)
{
	static const uint32_t numbers[] = { 5, 9, 3 };

	spec.services = services;
	spec.numbers = numbers;
	ck_assert_int_eq(read_text("burstgpt", tenants), 0);
	for (uint32_t i = 0, to[] = { 3, 5, 5, 9, 5, 9, 5 }; i < 7; i++)
		check_row(i, i * 1000 * MS, to[i], 1, 1);
	ck_assert_int_eq(
		read_text("vidur", "arrived_at,num_prefill_tokens,num_decode_tokens\n0,1,1\n"), 0);
	check_row(0, 0, 5, 1, 1);
	ck_assert_int_eq(read_text("sonde", "arrival_s,service,input_tokens,output_tokens\n"
					    "0,s2,1,1\n1,s1,1,1\n"),
			 0);
	check_row(0, 0, 3, 1, 1);
	check_row(1, 1000 * MS, 9, 1, 1);
}
END_TEST

/* The same tenant goes to the same service wherever it stands, and hashes use all of them. */
START_TEST(hash_and_names)
{
	struct trace_assign assign[] = { { "c", "s1" }, { "nobody", "s2" } };
	char text[4096] = BURST;
	uint32_t first[64], used = 0;

	spec.services = services;
	spec.map = TRACE_MAP_HASH;
	for (int i = 0; i < 64; i++)
		snprintf(text + strlen(text), 40, "%d,t%d,1,1,,\n", i, i);
	ck_assert_int_eq(read_text("burstgpt", text), 0);
	for (uint32_t i = 0; i < 64; i++)
		used |= 1u << (first[i] = rows.at[i].service);
	ck_assert_uint_eq(used, 7);
	snprintf(text, sizeof(text), BURST);
	for (int i = 63; i >= 0; i--)
		snprintf(text + strlen(text), 40, "%d,t%d,1,1,,\n", 63 - i, i);
	ck_assert_int_eq(read_text("burstgpt", text), 0);
	for (uint32_t i = 0; i < 64; i++)
		ck_assert_uint_eq(rows.at[i].service, first[63 - i]);
	spec.map = TRACE_MAP_ORDER;
	spec.assign = (struct opt_list){ assign, 2 };
	ck_assert_int_eq(read_text("burstgpt", tenants), 0);
	ck_assert_uint_eq(rows.at[1].service, 1);
	spec.map = TRACE_MAP_NAME;
	ck_assert_int_eq(read_text("burstgpt", BURST "0,c,1,1,,\n1,s2,1,1,,\n"), 0);
	ck_assert_uint_eq(rows.at[1].service, 2);
	ck_assert_int_eq(read_text("burstgpt", BURST "0,c,1,1,,\n1,s9,1,1,,\n"), -1);
	ck_assert_ptr_nonnull(strstr(message, "unknown tenant \"s9\""));
	assign[1].service = "s8";
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, "trace.assign.1.service: no service is called 's8'"));
	spec.assign.n = 0;
	ck_assert_int_eq(read_all(), -1);
	ck_assert_ptr_nonnull(strstr(message, ":2:3: unknown service \"c\""));
}
END_TEST

Suite *tenants_suite(void)
{
	Suite *suite = suite_create("tenants");
	TCase *readers = tcase_create("readers"), *maps = tcase_create("maps");

	tcase_add_checked_fixture(readers, setup, teardown);
	tcase_add_test(readers, burstgpt);
	tcase_add_test(readers, functions);
	tcase_add_test(readers, mooncake);
	tcase_add_loop_test(readers, bad_input, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_test(readers, ties);
	tcase_add_test(readers, part);
	suite_add_tcase(suite, readers);
	tcase_add_checked_fixture(maps, setup, teardown);
	tcase_add_loop_test(maps, mapping, 0, sizeof(mappings) / sizeof(*mappings));
	tcase_add_test(maps, hash_and_names);
	tcase_add_test(maps, subset);
	suite_add_tcase(suite, maps);
	return suite;
}
