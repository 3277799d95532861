/* Files that a run leaves: JSON, rows per request, the summary; and what happens when they cannot
 * be written. */
#include "results/json.h"
#include "results/requests_csv.h"
#include "results/summary.h"
#include "tests/fake_run.h"
#include "tests/suites.h"
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct fake_options plain = {
	.variant = "central",
	.seed = 7,
	.services = 3,
	.requests = 3000,
	.pods = 60,
	.slowness = 1,
};
static struct err err;

static void setup(void)
{
	ck_assert_ptr_nonnull(fake_folder());
	err = (struct err){ .line = 0 };
}

static char *json_of(const struct run_result *const *results, uint32_t n)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	ck_assert(json_runs(out, results, n, &err));
	fclose(out);
	return text;
}

/* The number at a path of keys parted by '/'. */
static double number(const cJSON *json, const char *path)
{
	char key[64];

	while (*path) {
		size_t n = strcspn(path, "/");

		ck_assert_uint_lt(n, sizeof(key));
		memcpy(key, path, n);
		key[n] = 0;
		json = cJSON_GetObjectItemCaseSensitive(json, key);
		ck_assert_msg(json, "no %s", key);
		path += n + (path[n] == '/');
	}
	ck_assert_msg(cJSON_IsNumber(json), "%s is no number", key);
	return json->valuedouble;
}

START_TEST(the_json_of_a_run_says_what_was_collected)
{
	const struct service_stats *total;
	const struct run_result *one;
	struct fake_run fake;
	cJSON *json, *part;
	double sum = 0;
	char *text;

	fake_run_make(&fake, &plain);
	one = &fake.result;
	text = json_of(&one, 1);
	json = cJSON_Parse(text);
	ck_assert_ptr_nonnull(json);
	total = collect_stats(&fake.collect, plain.services);
	ck_assert_str_eq(cJSON_GetObjectItem(json, "variant")->valuestring, "central");
	ck_assert_double_eq(number(json, "seed"), 7);
	ck_assert_double_eq(number(json, "requests/arrived"), plain.requests);
	ck_assert_double_eq(number(json, "requests/completed"),
			    (double)total->outcome[OUT_COMPLETED]);
	ck_assert_double_eq_tol(number(json, "ttft_s/mean"),
				hist_mean(collect_hist(total, Q_TTFT)) / 1e9, 1e-8);
	ck_assert_double_eq(number(json, "control_plane/probes"), 1234);
	ck_assert_double_eq(number(json, "control_plane/core_hours"), 2);
	ck_assert_double_eq(number(json, "gpu_utilisation"), 0.75);
	ck_assert_double_eq(number(json, "extra/kv_moved_bytes"), 123456789);
	ck_assert_double_eq(number(json, "simulator/events_per_s"), 2e6);
	ck_assert_double_gt(number(json, "cold_start_phases_s/weights/mean"), 0);
	ck_assert_double_eq(number(json, "services/search, \"big\"/slo_s/ttft"), 0.2);
	cJSON_ArrayForEach(part, cJSON_GetObjectItem(json, "latency_parts_s")) sum +=
		part->valuedouble;
	ck_assert_double_eq_tol(sum, number(json, "e2e_s/mean"), 1e-6);
	cJSON_Delete(json);
	free(text);
	fake_run_release(&fake);
}
END_TEST

START_TEST(the_same_run_gives_the_same_bytes)
{
	struct fake_run a, b;
	const struct run_result *first, *pair[2];
	char *x, *y;
	cJSON *json;

	fake_run_make(&a, &plain);
	fake_run_make(&b, &plain);
	first = &a.result;
	x = json_of(&first, 1);
	first = &b.result;
	y = json_of(&first, 1);
	ck_assert_str_eq(x, y);
	free(x);
	free(y);
	pair[0] = &a.result;
	pair[1] = &b.result;
	x = json_of(pair, 2);
	json = cJSON_Parse(x);
	ck_assert_int_eq(cJSON_GetArraySize(json), 2);
	cJSON_Delete(json);
	free(x);
	fake_run_release(&a);
	fake_run_release(&b);
}
END_TEST

START_TEST(the_writer_prints_fixed_text)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	struct json json;

	json_init(&json, out);
	json_open(&json, NULL, '{');
	json_text(&json, "a\"\\\n\t\x01", "\xff\xc3\xa9\xe2\x82");
	json_number(&json, "third", 1.0 / 3);
	json_number(&json, "nan", 0.0 / 0.0);
	json_number(&json, "minus", -0.0);
	json_count(&json, "most", UINT64_MAX);
	json_open(&json, "none", '[');
	json_close(&json, ']');
	json_open(&json, "list", '[');
	json_bool(&json, NULL, true);
	json_text(&json, NULL, NULL);
	json_close(&json, ']');
	json_close(&json, '}');
	ck_assert(json_end(&json, &err));
	fclose(out);
	ck_assert_str_eq(text,
			 "{\n  \"a\\\"\\\\\\n\\t\\u0001\": \"\\ufffd\xc3\xa9\\ufffd\\ufffd\",\n"
			 "  \"third\": 0.333333333,\n  \"nan\": null,\n  \"minus\": 0,\n"
			 "  \"most\": 18446744073709551615,\n  \"none\": [],\n"
			 "  \"list\": [\n    true,\n    null\n  ]\n}\n");
	free(text);
}
END_TEST

START_TEST(json_to_a_full_disk_is_an_error)
{
	FILE *full = fopen("/dev/full", "w");
	const struct run_result *one;
	struct fake_run fake;

	ck_assert_ptr_nonnull(full);
	fake_run_make(&fake, &plain);
	one = &fake.result;
	ck_assert(!json_runs(full, &one, 1, &err));
	ck_assert(err.system);
	ck_assert_ptr_nonnull(strstr(err.text, "No space left"));
	fclose(full);
	fake_run_release(&fake);
}
END_TEST

/* Cuts the next field off a line of CSV, quotes undone. */
static char *next_field(char **at)
{
	char *start = *at, *out = start, *in = start;
	bool quoted = *in == '"';

	in += quoted;
	for (; *in && (quoted || (*in != ',' && *in != '\n')); in++) {
		if (quoted && *in == '"' && *++in != '"')
			break;
		*out++ = *in;
	}
	*at = *in ? in + 1 : in;
	*out = 0;
	return start;
}

static int64_t next_number(char **at)
{
	char *end, *text = next_field(at);
	int64_t value = *text ? strtoll(text, &end, 10) : -1;

	ck_assert(!*text || !*end);
	return value;
}

static void check_row(char **at, const struct request_record *r)
{
	ck_assert_int_eq(next_number(at), (int64_t)r->id);
	ck_assert_str_eq(next_field(at), fake_names[r->service]);
	ck_assert_int_eq(next_number(at), r->arrival_ns);
	ck_assert_int_eq(next_number(at), r->first_token_ns);
	ck_assert_int_eq(next_number(at), r->end_ns);
	ck_assert_int_eq(next_number(at), r->input_tokens);
	ck_assert_int_eq(next_number(at), r->output_tokens);
	ck_assert_str_eq(next_field(at), outcome_name(r->outcome));
	ck_assert_int_eq(next_number(at), r->cold);
	ck_assert_int_eq(next_number(at), r->preemptions);
	for (int p = 0; p < PARTS; p++)
		ck_assert_int_eq(next_number(at), r->part_ns[p]);
	ck_assert_str_eq(next_field(at), "a,\"b\"");
	ck_assert_int_eq(next_number(at), 7);
}

START_TEST(requests_can_be_read_back)
{
	struct requests_csv csv;
	char *text, *at;

	ck_assert(requests_csv_open(&csv, fake_path("r.csv"), &err));
	requests_csv_run(&csv, fake_names, plain.services, "a,\"b\"", 7);
	for (uint64_t i = 0; i < plain.requests; i++) {
		struct request_record r = fake_request(&plain, i);

		requests_csv_add(&csv, &r);
	}
	ck_assert_int_eq(fake_files(), 1); /* the temporary one alone */
	ck_assert(requests_csv_close(&csv, &err));
	ck_assert_int_eq(fake_files(), 1);
	text = fake_read(fake_path("r.csv"));
	at = strchr(text, '\n') + 1;
	ck_assert_int_eq(strncmp(text, "id,service,arrival_ns,first_token_ns,end_ns,", 44), 0);
	ck_assert_ptr_nonnull(strstr(text, ",part.cold_start.weights_ns,"));
	for (uint64_t i = 0; i < plain.requests; i++) {
		struct request_record r = fake_request(&plain, i);

		check_row(&at, &r);
	}
	ck_assert_str_eq(at, "");
	free(text);
}
END_TEST

START_TEST(integers_of_every_length)
{
	struct request_record r = { .first_token_ns = -1, .arrival_ns = 0, .outcome = OUT_FAILED };
	struct requests_csv csv;
	char *text, *at;

	ck_assert(requests_csv_open(&csv, fake_path("r.csv"), &err));
	requests_csv_run(&csv, fake_names, 1, "a,\"b\"", 7);
	for (int64_t v = 1; v < INT64_MAX / 10; v *= 10) {
		for (int step = -1; step < 2; step++) {
			r.end_ns = r.part_ns[PART_DECODE] = v + step;
			r.id = (uint64_t)(v + step);
			requests_csv_add(&csv, &r);
		}
	}
	r.id = UINT64_MAX;
	requests_csv_add(&csv, &r);
	ck_assert(requests_csv_close(&csv, &err));
	text = fake_read(fake_path("r.csv"));
	at = strchr(text, '\n') + 1;
	for (int64_t v = 1; v < INT64_MAX / 10; v *= 10) {
		for (int step = -1; step < 2; step++) {
			r.end_ns = r.part_ns[PART_DECODE] = v + step;
			r.id = (uint64_t)(v + step);
			check_row(&at, &r);
		}
	}
	ck_assert_int_eq(strncmp(at, "18446744073709551615,", 21), 0);
	free(text);
}
END_TEST

static bool write_requests(const char *path)
{
	struct requests_csv csv;

	if (!requests_csv_open(&csv, path, &err))
		return false;
	requests_csv_run(&csv, fake_names, plain.services, "central", 7);
	for (uint64_t i = 0; i < plain.requests; i++) {
		struct request_record r = fake_request(&plain, i);

		requests_csv_add(&csv, &r);
	}
	return requests_csv_close(&csv, &err);
}

START_TEST(a_file_that_cannot_be_written_is_one_line_and_leaves_nothing)
{
	static const char *const path[] = { "/dev/full", "/no/such/folder/r.csv", "/proc/r.csv" };

	ck_assert(!write_requests(path[_i]));
	ck_assert(err.system);
	ck_assert_int_eq(strncmp(err.text, "cannot write ", 13), 0);
	ck_assert_ptr_nonnull(strstr(err.text, path[_i]));
	ck_assert_ptr_null(strchr(err.text, '\n'));
	ck_assert_int_eq(fake_files(), 0);
}
END_TEST

START_TEST(what_stood_there_stays_until_the_new_file_is_whole)
{
	FILE *old = fopen(fake_path("r.csv"), "w");
	struct requests_csv csv;
	struct stat st;
	char *text;

	fputs("old", old);
	fclose(old);
	ck_assert(requests_csv_open(&csv, fake_path("r.csv"), &err));
	requests_csv_abort(&csv);
	text = fake_read(fake_path("r.csv"));
	ck_assert_str_eq(text, "old");
	ck_assert_int_eq(fake_files(), 1);
	free(text);
	ck_assert(write_requests(fake_path("r.csv")));
	ck_assert_int_eq(stat(fake_path("r.csv"), &st), 0);
	ck_assert_int_gt(st.st_size, 100000);
	ck_assert_int_eq(fake_files(), 1);
}
END_TEST

static char *summary_of(const struct run_result *const *results, uint32_t n)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	summary_print(out, results, n);
	fclose(out);
	return text;
}

START_TEST(the_summary_reads)
{
	struct fake_options options[3] = { plain, plain, plain };
	const struct run_result *results[3];
	struct fake_run fake[3];
	char *text;

	options[1].variant = "functional";
	options[1].slowness = 0.5;
	options[2].variant = "empty";
	options[2].requests = options[2].pods = 0;
	for (int i = 0; i < 3; i++) {
		fake_run_make(&fake[i], &options[i]);
		results[i] = &fake[i].result;
	}
	text = summary_of(results, 3);
	ck_assert_ptr_nonnull(strstr(text, "functional"));
	ck_assert_ptr_nonnull(strstr(text, "undefined"));
	ck_assert_ptr_null(strstr(text, "empty: no request completed")); /* none arrived */
	ck_assert_ptr_null(strstr(text, "nan"));
	ck_assert_ptr_null(strstr(text, " \n"));
	ck_assert_ptr_null(strstr(text, "No difference"));
	free(text);
	results[1] = results[0]; /* a tie is said */
	text = summary_of(results, 2);
	ck_assert_ptr_nonnull(strstr(text,
				     "No difference beyond the histograms' resolution of 1.6 %: "
				     "TTFT p99, end to end p99, goodput"));
	free(text);
	for (int i = 0; i < 3; i++)
		fake_run_release(&fake[i]);
}
END_TEST

START_TEST(values_for_people)
{
	static const struct {
		double value;
		const char *unit, *text;
	} table[] = {
		{ 0.0123, "s", "12.3 ms" }, { 0.99996, "share", "99.9960 %" },
		{ 1, "share", "100 %" },    { 1234567, "count", "1,234,567" },
		{ 999, "count", "999" },    { 3.14159, "1/s", "3.14" },
		{ 1234.5, "1/s", "1,235" }, { 0, "count", "0" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		ck_assert_str_eq(
			summary_value(true, table[i].value, table[i].unit, text, sizeof(text)),
			table[i].text);
	ck_assert_str_eq(summary_value(false, 0, "s", text, sizeof(text)), "undefined");
}
END_TEST

Suite *results_files_suite(void)
{
	Suite *suite = suite_create("results_files");
	TCase *tcase = tcase_create("files");

	tcase_add_checked_fixture(tcase, setup, fake_folder_remove);
	tcase_add_test(tcase, the_json_of_a_run_says_what_was_collected);
	tcase_add_test(tcase, the_same_run_gives_the_same_bytes);
	tcase_add_test(tcase, the_writer_prints_fixed_text);
	tcase_add_test(tcase, json_to_a_full_disk_is_an_error);
	tcase_add_test(tcase, requests_can_be_read_back);
	tcase_add_test(tcase, integers_of_every_length);
	tcase_add_loop_test(tcase, a_file_that_cannot_be_written_is_one_line_and_leaves_nothing, 0,
			    3);
	tcase_add_test(tcase, what_stood_there_stays_until_the_new_file_is_whole);
	tcase_add_test(tcase, the_summary_reads);
	tcase_add_test(tcase, values_for_people);
	suite_add_tcase(suite, tcase);
	return suite;
}
