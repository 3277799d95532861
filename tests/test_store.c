/* The store: what goes in comes out, whole or not at all, and every way of failing has its line. */
#include "base/hist.h"
#include "results/store.h"
#include "tests/fake_run.h"
#include "tests/suites.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct fake_options plain = {
	.variant = "central",
	.seed = 7,
	.services = 3,
	.requests = 2000,
	.pods = 60,
	.slowness = 1,
};
static struct err err;
static struct fake_run fake;

static void setup(void)
{
	ck_assert_ptr_nonnull(fake_folder());
	err = (struct err){ .line = 0 };
	fake_run_make(&fake, &plain);
}

static void teardown(void)
{
	fake_run_release(&fake);
	fake_folder_remove();
}

static void open_store(struct store *store, const char *name)
{
	ck_assert_msg(store_open(store, fake_path(name), &err), "%s", err.text);
}

/* The one number that sql yields. */
static int64_t ask(struct store *store, const char *sql)
{
	sqlite3_stmt *query = store_prepare(store, sql, &err);
	bool failed = false;
	int64_t value;

	ck_assert_msg(query, "%s", err.text);
	ck_assert_msg(store_step(store, query, &failed, &err), "%s: %s", sql, err.text);
	value = sqlite3_column_int64(query, 0);
	sqlite3_finalize(query);
	return value;
}

START_TEST(a_run_comes_out_as_it_went_in)
{
	const struct service_stats *total = collect_stats(&fake.collect, plain.services);
	struct store store;
	struct hist hist = { 0 };
	sqlite3_stmt *query;
	bool failed = false;
	int64_t run;

	open_store(&store, "a.db");
	ck_assert_msg(store_put(&store, &fake.result, &run, &err), "%s", err.text);
	ck_assert_int_eq(run, 1);
	store_close(&store);
	ck_assert_int_eq(fake_files(), 1); /* no -wal, no -shm */

	ck_assert(store_open_read(&store, fake_path("a.db"), &err));
	ck_assert_int_eq(ask(&store,
			     "SELECT count(*) FROM run WHERE scenario = 'burst' AND seed = 7 "
			     "AND variant = 'central' AND world = 'sim' AND status = 'done' "
			     "AND point = 'rate=10/s' AND parameters LIKE '%seed=1%'"),
			 1);
	ck_assert_int_eq(ask(&store, "SELECT value FROM metric WHERE service = '' "
				     "AND name = 'requests.completed'"),
			 (int64_t)total->outcome[OUT_COMPLETED]);
	ck_assert_int_eq(ask(&store, "SELECT 1e9 * value FROM metric WHERE service = '' "
				     "AND name = 'ttft_s.p99'"),
			 hist_quantile(collect_hist(total, Q_TTFT), 0.99));
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM metric WHERE service = 'code' "
				     "AND name = 'slo_s.ttft'"),
			 1);
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM series"), fake.collect.series.n);
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM scale"), fake.collect.scale.n);
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM pod"), plain.pods);
	ck_assert_int_eq(ask(&store, "SELECT bound_ns - created_ns FROM pod WHERE id = 5"),
			 fake.collect.pods.at[5].bound_ns - fake.collect.pods.at[5].created_ns);
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM pod WHERE provision_end_ns IS NULL"),
			 plain.pods);
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM decision"), plain.pods);
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM oracle WHERE expected = 0.05"), 1);
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM request"), 0);
	query = store_prepare(
		&store, "SELECT data FROM histogram WHERE service = '' AND name = 'ttft_s'", &err);
	ck_assert(store_step(&store, query, &failed, &err));
	ck_assert(hist_unpack(&hist, sqlite3_column_blob(query, 0),
			      (size_t)sqlite3_column_bytes(query, 0)));
	ck_assert(hist_equal(&hist, collect_hist(total, Q_TTFT)));
	hist_release(&hist);
	sqlite3_finalize(query);
	store_close(&store);
}
END_TEST

START_TEST(histograms_work_inside_sql)
{
	const struct service_stats *total = collect_stats(&fake.collect, plain.services);
	struct store store;

	open_store(&store, "a.db");
	ck_assert(store_put(&store, &fake.result, NULL, &err));
	/* The services' histograms merged are the total's. */
	ck_assert_int_eq(ask(&store, "SELECT hist_count(hist_merge(data)) FROM histogram "
				     "WHERE service <> '' AND name = 'e2e_s'"),
			 (int64_t)total->measured);
	ck_assert_int_eq(ask(&store, "SELECT hist_quantile(hist_merge(data), 0.9) FROM histogram "
				     "WHERE service <> '' AND name = 'e2e_s'"),
			 hist_quantile(collect_hist(total, Q_E2E), 0.9));
	ck_assert_int_eq(ask(&store, "SELECT hist_quantile(NULL, 0.9) IS NULL"), 1);
	ck_assert_int_eq(ask(&store, "SELECT hist_merge(data) IS NULL FROM histogram WHERE 0"), 1);
	ck_assert_int_eq(ask(&store, "SELECT half_width_95(1) IS NULL"), 1);
	/* t(0.975, 2) * 2 / sqrt(3) = 4.968274 */
	ck_assert_int_eq(ask(&store, "SELECT round(1000 * half_width_95(x)) FROM "
				     "(SELECT 4 AS x UNION SELECT 6 UNION SELECT 8)"),
			 4968);
	ck_assert(!store_exec(&store, "SELECT hist_count(x'00ff')", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "not a packed histogram"));
	store_close(&store);
}
END_TEST

START_TEST(requests_are_stored_when_asked_for)
{
	struct store store;
	struct request_record r = fake_request(&plain, 17);
	char sql[256];

	open_store(&store, "a.db");
	ck_assert(store_begin(&store, &fake.result, &err));
	for (uint64_t i = 0; i < plain.requests; i++) {
		struct request_record record = fake_request(&plain, i);

		store_request(&store, &record);
	}
	ck_assert(store_finish(&store, &fake.result, NULL, &err));
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM request"), plain.requests);
	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM request WHERE id = 17 AND end_ns = %lld AND outcome = '%s'"
		 " AND prefill_ns = %lld AND service = '%s'",
		 (long long)r.end_ns, outcome_name((enum outcome)r.outcome),
		 (long long)r.part_ns[PART_PREFILL], fake_names[r.service]);
	ck_assert_int_eq(ask(&store, sql), 1);
	store_close(&store);
}
END_TEST

START_TEST(a_run_given_up_leaves_no_trace)
{
	struct store store;

	open_store(&store, "a.db");
	ck_assert(store_put(&store, &fake.result, NULL, &err));
	ck_assert(store_begin(&store, &fake.result, &err));
	if (_i)
		store_cancel(&store);
	else {
		store_close(&store);
		open_store(&store, "a.db");
	}
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM run"), 1);
	ck_assert_int_eq(ask(&store, "SELECT count(DISTINCT run) FROM axis"), 1);
	ck_assert(store_put(&store, &fake.result, NULL, &err));
	store_close(&store);
}
END_TEST

/* A file that may not grow is a full disk to SQLite. */
START_TEST(a_full_disk_is_one_line_and_leaves_the_store_as_it_was)
{
	struct store store;
	char sql[64];

	open_store(&store, "a.db");
	ck_assert(store_put(&store, &fake.result, NULL, &err));
	snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %lld",
		 (long long)ask(&store, "PRAGMA page_count") + 3);
	ck_assert(store_exec(&store, sql, &err));
	if (_i) { /* while requests stream in */
		ck_assert(store_begin(&store, &fake.result, &err));
		for (uint64_t i = 0; i < plain.requests; i++) {
			struct request_record record = fake_request(&plain, i);

			store_request(&store, &record);
		}
		ck_assert(!store_finish(&store, &fake.result, NULL, &err));
	} else {
		ck_assert(!store_put(&store, &fake.result, NULL, &err));
	}
	ck_assert(err.system);
	ck_assert_ptr_nonnull(strstr(err.text, "a.db"));
	ck_assert_ptr_nonnull(strstr(err.text, "full"));
	ck_assert_ptr_null(strchr(err.text, '\n'));
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM run"), 1);
	ck_assert_int_eq(ask(&store, "SELECT count(DISTINCT run) FROM metric"), 1);
	store_close(&store);
}
END_TEST

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

static void sql_file(const char *path, const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

START_TEST(files_that_are_no_stores)
{
	struct store store;

	write_text(fake_path("text.db"),
		   "This is a text that is long enough to be taken for one.\n");
	sql_file(fake_path("other.db"), "CREATE TABLE t (x)");
	sql_file(fake_path("newer.db"),
		 "CREATE TABLE run (id); PRAGMA application_id = 1399811684; "
		 "PRAGMA user_version = 9");
	for (int write = 0; write < 2; write++) {
		bool (*open)(struct store *, const char *, struct err *) =
			write ? store_open : store_open_read;

		ck_assert(!open(&store, fake_path("text.db"), &err));
		ck_assert(!err.system);
		ck_assert_ptr_nonnull(strstr(err.text, "not an SQLite file"));
		ck_assert(!open(&store, fake_path("other.db"), &err));
		ck_assert_ptr_nonnull(strstr(err.text, "another program"));
		ck_assert(!open(&store, fake_path("newer.db"), &err));
		ck_assert_ptr_nonnull(strstr(err.text, "newer Sonde: its schema is 9"));
		ck_assert(!open(&store, fake_path(""), &err));
	}
	ck_assert(!store_open_read(&store, fake_path("none.db"), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
	ck_assert(!store_open(&store, "/no/such/folder/a.db", &err));
	ck_assert(err.system);
	ck_assert(!store_open(&store, "/proc/a.db", &err));
	ck_assert(err.system);
	write_text(fake_path("empty.db"), "");
	ck_assert(!store_open_read(&store, fake_path("empty.db"), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "holds no runs"));
	ck_assert(store_open(&store, fake_path("empty.db"), &err));
	store_close(&store);
}
END_TEST

/* Schema 1 knew of a decision no more than the search. */
START_TEST(an_older_store_is_brought_up_to_date)
{
	struct store store;
	int64_t rows;

	open_store(&store, "old.db");
	ck_assert_msg(store_put(&store, &fake.result, NULL, &err), "%s", err.text);
	rows = ask(&store, "SELECT count(*) FROM decision WHERE step = 'searched'");
	ck_assert_int_eq(rows, (int64_t)plain.pods);
	ck_assert(store_exec(
		&store,
		"DROP TABLE decision; CREATE TABLE decision (run INTEGER NOT NULL "
		"REFERENCES run ON DELETE CASCADE, seq INTEGER NOT NULL, at_ns INTEGER "
		"NOT NULL, pod INTEGER NOT NULL, function INTEGER NOT NULL, node INTEGER, "
		"examined INTEGER NOT NULL, probes INTEGER NOT NULL, info_age_ns INTEGER "
		"NOT NULL, PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID; INSERT INTO "
		"decision VALUES (1, 0, 5, 3, 2, NULL, 7, 1, 9); PRAGMA user_version=1",
		&err));
	store_close(&store);
	open_store(&store, "old.db");
	ck_assert_int_eq(ask(&store, "PRAGMA user_version"), STORE_SCHEMA);
	ck_assert_int_eq(ask(&store,
			     "SELECT count(*) FROM decision WHERE run = 1 AND at_ns = 5 AND "
			     "pod = 3 AND function = 2 AND node IS NULL AND examined = 7 AND "
			     "probes = 1 AND info_age_ns = 9 AND step = 'searched'"),
			 1);
	ck_assert_msg(store_put(&store, &fake.result, NULL, &err), "%s", err.text);
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM decision"), rows + 1);
	store_close(&store);
}
END_TEST

START_TEST(shards_merge_in_order)
{
	struct fake_options other = plain;
	struct fake_run second;
	struct store store, shard;
	char before[128], after[128];

	other.variant = "functional";
	fake_run_make(&second, &other);
	open_store(&shard, "shard.db");
	ck_assert(store_put(&shard, &second.result, NULL, &err));
	ck_assert(store_put(&shard, &fake.result, NULL, &err));
	snprintf(before, sizeof(before), "%lld",
		 (long long)ask(&shard, "SELECT sum(value) FROM metric WHERE value IS NOT NULL"));
	store_close(&shard);
	open_store(&store, "a.db");
	ck_assert(store_put(&store, &fake.result, NULL, &err));
	ck_assert_msg(store_merge(&store, fake_path("shard.db"), &err), "%s", err.text);
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM run"), 3);
	ck_assert_int_eq(ask(&store, "SELECT id FROM run WHERE variant = 'functional'"), 2);
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM pod WHERE run = 3"), plain.pods);
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM axis"), 3);
	snprintf(after, sizeof(after), "%lld",
		 (long long)ask(&store, "SELECT sum(value) FROM metric WHERE value IS NOT NULL "
					"AND run > 1"));
	ck_assert_str_eq(before, after);
	ck_assert(!store_merge(&store, fake_path("none.db"), &err));
	ck_assert_int_eq(ask(&store, "SELECT count(*) FROM run"), 3);
	store_close(&store);
	fake_run_release(&second);
}
END_TEST

START_TEST(a_deleted_run_takes_its_rows_along)
{
	struct store store;

	open_store(&store, "a.db");
	ck_assert(store_put(&store, &fake.result, NULL, &err));
	ck_assert(store_put(&store, &fake.result, NULL, &err));
	ck_assert(store_exec(&store, "DELETE FROM run WHERE id = 1", &err));
	ck_assert_int_eq(ask(&store, "SELECT count(DISTINCT run) FROM metric"), 1);
	ck_assert_int_eq(ask(&store, "SELECT count(DISTINCT run) FROM series"), 1);
	store_close(&store);
}
END_TEST

Suite *store_suite(void)
{
	Suite *suite = suite_create("store");
	TCase *tcase = tcase_create("store");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_run_comes_out_as_it_went_in);
	tcase_add_test(tcase, histograms_work_inside_sql);
	tcase_add_test(tcase, requests_are_stored_when_asked_for);
	tcase_add_loop_test(tcase, a_run_given_up_leaves_no_trace, 0, 2);
	tcase_add_loop_test(tcase, a_full_disk_is_one_line_and_leaves_the_store_as_it_was, 0, 2);
	tcase_add_test(tcase, files_that_are_no_stores);
	tcase_add_test(tcase, an_older_store_is_brought_up_to_date);
	tcase_add_test(tcase, shards_merge_in_order);
	tcase_add_test(tcase, a_deleted_run_takes_its_rows_along);
	suite_add_tcase(suite, tcase);
	return suite;
}
