/* A pod explained is what the control plane did, and a timeline is what Perfetto can open: both
 * from the rows of a real control plane in a toy world. */
#include "results/timeline.h"
#include "tests/fake_run.h"
#include "tests/suites.h"
#include "tests/toy_world.h"
#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct toy toy;
static struct collect collect;
static struct err err;
static const char *const names[] = { "s0", "s1" };

/* Four functions of five nodes; two services that scale up and down, and plain pods between. */
static void play(int plane)
{
	arena_init(&arena);
	toy_init(&toy, &arena);
	toy_services(&toy, &arena, 2);
	toy.control.decisions = true;
	toy.control.plane = plane;
	toy.control.functional.crew->functions = 4;
	toy.control.functional.crew->min = toy.control.functional.crew->max = 4;
	toy.control.functional.d = 2;
	toy.control.functional.wake = false;
	toy.control.dispatch = DISPATCH_RANDOM;
	toy.cluster.nodes = 20;
	toy.cluster.gpus = 2;
	toy.think_ns = 20 * MS;
	toy.send_ns = 2 * MS;
	toy.write_ns = 5 * MS;
	toy.start_ns = 3 * S;
	toy.stop_ns = S;
	toy.life_ns = 8 * S;
	toy_start(&toy);
	for (int64_t second = 0; second < 40; second++) {
		toy_run(&toy, second * S);
		if (second % 7 == 0)
			toy_scale(&toy, (uint32_t)(second / 7 % 2), (int32_t)(second % 5) * 6);
		for (uint64_t i = 0; i < 4; i++)
			toy_arrive(&toy, 1000 + 4 * (uint64_t)second + i, 1 + i % 2);
	}
	toy_run(&toy, 45 * S);
	outbox_clear(&toy.out);
	control_drain(toy.machine, 45 * S, &toy.out);
}

/* What it recorded, as a run in a store. */
static void keep(const char *name, bool decisions)
{
	struct run_result result = { .scenario = "toy",
				     .variant = "functional",
				     .version = "0",
				     .seed = 1,
				     .simulated_ns = 45 * S,
				     .collect = &collect };
	const unsigned char *load = toy.out.loads;
	struct store store;
	struct sink sink;

	collect_init(&collect, 2, names, NULL, 0);
	collect.keep_pods = collect.keep_decisions = true;
	sink = collect_sink(&collect);
	for (uint32_t i = 0; i < toy.record.n; i++)
		sink.pod(sink.ctx, &toy.record.at[i]);
	for (uint32_t i = 0; i < toy.out.n; i++) {
		ck_assert_uint_eq(toy.out.at[i].kind, MSG_RECORD_POD);
		sink.pod(sink.ctx, (const void *)load);
		load += (toy.out.at[i].load_bytes + 7u) & ~7u;
	}
	for (uint32_t i = 0; decisions && i < toy.decisions.n; i++)
		sink.decision(sink.ctx, &toy.decisions.at[i]);
	for (int64_t at = 0; at < 45; at++)
		sink.series(sink.ctx, &(struct series_record){ .at_ns = at * S, .ready = 3 });
	collect_finish(&collect);
	ck_assert_msg(store_open(&store, fake_path(name), &err), "%s", err.text);
	ck_assert_msg(store_put(&store, &result, NULL, &err), "%s", err.text);
	store_close(&store);
	collect_release(&collect);
}

static void setup(void)
{
	ck_assert_ptr_nonnull(fake_folder());
	err = (struct err){ .line = 0 };
	play(PLANE_FUNCTIONAL);
	keep("a.db", true);
}

static void teardown(void)
{
	toy_release(&toy);
	arena_release(&arena);
	fake_folder_remove();
}

static char *text_of(const struct explain *explain)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	explain_print(explain, out);
	fclose(out);
	return text;
}

/* Under every control plane. */
START_TEST(every_pod_is_explained)
{
	uint64_t bound = 0, migrated = 0, parked = 0;
	struct explain e;
	char *text;

	toy_release(&toy);
	arena_release(&arena);
	play(_i);
	keep("p.db", true);
	ck_assert_msg(explain_open(&e, fake_path("p.db"), NULL, &err), "%s", err.text);
	for (uint32_t i = 0; i < toy.record.n; i++) {
		const struct pod_record *r = &toy.record.at[i];
		int64_t sum_ns = 0;
		char name[32];

		snprintf(name, sizeof(name), "%llu", (unsigned long long)r->id);
		ck_assert_msg(explain_pod(&e, name, &err), "%s", err.text);
		for (int s = 0; s < SPENTS; s++) {
			ck_assert_int_ge(e.pod.spent_ns[s], 0);
			sum_ns += e.pod.spent_ns[s];
		}
		text = text_of(&e);
		if (r->bound_ns >= 0) {
			/* The parts add up to the scheduling delay. */
			ck_assert_int_eq(sum_ns, r->bound_ns - r->created_ns);
			ck_assert_ptr_nonnull(strstr(text, "bound to node"));
			/* Of it no more than writing and telling is left to the binding. */
			ck_assert_int_lt(e.pod.spent_ns[SPENT_BINDING], 200 * MS);
			ck_assert_int_lt(e.pod.spent_ns[SPENT_ADRIFT], 10 * MS);
			bound++;
		}
		ck_assert_ptr_nonnull(strstr(text, "queued at function"));
		ck_assert((strstr(text, "migrated from function") != NULL) == (r->migrations > 0));
		migrated += r->migrations > 0;
		parked += e.pod.spent_ns[SPENT_PARKED] > 0;
		free(text);
	}
	explain_close(&e);
	/* The toy has had what there is to explain. */
	ck_assert_uint_gt(bound, 50);
	ck_assert(_i != PLANE_FUNCTIONAL || migrated > 10);
	ck_assert_uint_gt(parked, 5);
}
END_TEST

START_TEST(a_pod_of_a_service_by_number)
{
	struct explain e;
	uint64_t id;
	char *text;

	ck_assert(explain_open(&e, fake_path("a.db"), "functional", &err));
	ck_assert_msg(explain_pod(&e, "s1/0", &err), "%s", err.text);
	ck_assert_str_eq(e.pod.service, "s1");
	id = e.pod.at.id;
	ck_assert_msg(explain_pod(&e, "s1/1", &err), "%s", err.text);
	ck_assert_uint_gt(e.pod.at.id, id);
	text = text_of(&e);
	ck_assert_ptr_nonnull(strstr(text, "(s1/1) of run 1 (functional, seed 1)"));
	free(text);
	explain_close(&e);
}
END_TEST

static void refused(struct explain *e, const char *pod, const char *says)
{
	ck_assert(!explain_pod(e, pod, &err));
	ck_assert_msg(strstr(err.text, says), "%s", err.text);
}

START_TEST(what_is_not_there_is_said)
{
	struct explain e;

	keep("none.db", false);
	ck_assert(explain_open(&e, fake_path("a.db"), "1", &err));
	refused(&e, "999999", "the nearest of its");
	refused(&e, "s0/999999", "s0 has");
	refused(&e, "s7/0", "it has pods of s0, s1");
	refused(&e, "x", "'x' is no pod");
	refused(&e, "/3", "is no pod");
	refused(&e, "-1", "is no pod");
	explain_close(&e);
	ck_assert(!explain_open(&e, fake_path("a.db"), "central", &err));
	ck_assert_msg(strstr(err.text, "has no run 'central': it holds 1 (functional, seed 1)"),
		      "%s", err.text);
	ck_assert(!explain_open(&e, fake_path("nothing.db"), NULL, &err));
	ck_assert(explain_open(&e, fake_path("none.db"), NULL, &err));
	refused(&e, "1000", "recorded no decisions: run it again");
	explain_close(&e);
	keep("none.db", true);
	ck_assert(!explain_open(&e, fake_path("none.db"), NULL, &err));
	ck_assert_msg(strstr(err.text, "choose one with --run: 1 (functional, seed 1), 2"), "%s",
		      err.text);
	ck_assert(explain_open(&e, fake_path("none.db"), "functional", &err));
	ck_assert_int_eq(e.run.id, 2);
	explain_close(&e);
}
END_TEST

START_TEST(the_slowest_come_first)
{
	double value[5], last = 1e9;
	char *text = NULL, *at;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	struct explain e;
	int n = 0;

	ck_assert(explain_open(&e, fake_path("a.db"), NULL, &err));
	ck_assert_msg(explain_slowest(&e, 5, false, true, out, &err), "%s", err.text);
	fclose(out);
	for (at = text; (at = strstr(at, "scheduling_delay_s\": ")) && n < 5; n++) {
		value[n] = strtod(at += 21, NULL);
		ck_assert_double_le(value[n], last);
		last = value[n];
	}
	ck_assert_int_eq(n, 5);
	for (uint32_t i = 0; i < toy.record.n; i++)
		if (toy.record.at[i].bound_ns >= 0)
			ck_assert_double_le(
				(double)(toy.record.at[i].bound_ns - toy.record.at[i].created_ns) /
					1e9,
				value[0] + 1e-6);
	free(text);
	explain_close(&e);
}
END_TEST

/* ---- the timeline ---- */

static char *file_text(const char *path)
{
	FILE *file = fopen(path, "r"), *memory;
	char *text = NULL, part[4096];
	size_t bytes, n;

	ck_assert_ptr_nonnull(file);
	memory = open_memstream(&text, &bytes);
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		fwrite(part, 1, n, memory);
	fclose(file);
	fclose(memory);
	return text;
}

/* The one number that sql yields; ?1 is a text. */
static int64_t ask(sqlite3 *db, const char *sql, const char *text)
{
	sqlite3_stmt *query;
	int64_t value;

	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &query, NULL) == SQLITE_OK, "%s: %s", sql,
		      sqlite3_errmsg(db));
	if (text)
		sqlite3_bind_text(query, 1, text, -1, SQLITE_STATIC);
	ck_assert_msg(sqlite3_step(query) == SQLITE_ROW, "%s: %s", sql, sqlite3_errmsg(db));
	value = sqlite3_column_int64(query, 0);
	sqlite3_finalize(query);
	return value;
}

/* The events as a table, read by another parser of JSON; times in ns. */
static sqlite3 *events_of(const char *path)
{
	char *text = file_text(path);
	sqlite3_stmt *insert;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	ck_assert_int_eq(ask(db, "SELECT json_valid(?1)", text), 1);
	ck_assert_int_eq(
		sqlite3_prepare_v2(
			db,
			"CREATE TABLE event AS SELECT key AS id, value ->> 'ph' AS ph, value ->> "
			"'pid' AS pid, value ->> 'tid' AS tid, CAST(round(1000 * (value ->> 'ts')) "
			"AS INTEGER) AS t, CAST(round(1000 * (value ->> 'dur')) AS INTEGER) AS d, "
			"value ->> 'cat' AS cat, value ->> 'name' AS name, value -> 'args' AS "
			"args, "
			"value ->> 'id' AS flow FROM json_each(?1, '$.traceEvents')",
			-1, &insert, NULL),
		SQLITE_OK);
	sqlite3_bind_text(insert, 1, text, -1, SQLITE_STATIC);
	ck_assert_int_eq(sqlite3_step(insert), SQLITE_DONE);
	sqlite3_finalize(insert);
	free(text);
	return db;
}

START_TEST(a_timeline_is_sound)
{
	uint64_t events, thoughts = 0, migrations = 0;
	struct explain e;
	sqlite3 *db;

	ck_assert(explain_open(&e, fake_path("a.db"), NULL, &err));
	ck_assert_msg(timeline_write(&e, fake_path("t.json"), &events, &err), "%s", err.text);
	explain_close(&e);
	for (uint32_t i = 0; i < toy.decisions.n; i++) {
		thoughts += toy.decisions.at[i].kind == DECISION_SEARCHED ||
			    toy.decisions.at[i].kind == DECISION_PROBED;
		migrations += toy.decisions.at[i].kind == DECISION_MIGRATED;
	}
	db = events_of(fake_path("t.json"));
	ck_assert_int_eq(ask(db, "SELECT count(*) FROM event", NULL), (int64_t)events);
	ck_assert_int_eq(ask(db,
			     "SELECT count(*) FROM event WHERE ph = 'X' AND cat IN "
			     "('searched', 'probed')",
			     NULL),
			 (int64_t)thoughts);
	/* Slices of a track lie beside or inside each other. */
	ck_assert_int_eq(
		ask(db, "SELECT count(*) FROM event WHERE ph = 'X' AND (d < 0 OR t < 0)", NULL), 0);
	ck_assert_int_eq(
		ask(db,
		    "SELECT count(*) FROM event AS a JOIN event AS b USING (pid, tid) WHERE "
		    "a.ph = 'X' AND b.ph = 'X' AND a.id < b.id AND a.t + a.d > b.t AND b.t + "
		    "b.d > a.t AND NOT (a.t <= b.t AND a.t + a.d >= b.t + b.d) AND NOT (b.t <= "
		    "a.t AND b.t + b.d >= a.t + a.d)",
		    NULL),
		0);
	/* A phase lies inside its pod. */
	ck_assert_int_eq(
		ask(db,
		    "SELECT count(*) FROM event AS p WHERE p.cat = 'phase' AND NOT EXISTS "
		    "(SELECT 1 FROM event AS o WHERE o.cat = 'pod' AND o.pid = p.pid AND o.tid "
		    "= p.tid AND o.t <= p.t AND o.t + o.d >= p.t + p.d)",
		    NULL),
		0);
	ck_assert_int_gt(ask(db, "SELECT count(*) FROM event WHERE cat = 'phase'", NULL), 20);
	/* Both ends of a flow lie in slices. */
	ck_assert_int_eq(ask(db, "SELECT count(*) FROM event WHERE ph = 's'", NULL),
			 (int64_t)migrations);
	ck_assert_int_eq(ask(db,
			     "SELECT count(*) FROM event AS s JOIN event AS f USING (flow) "
			     "WHERE s.ph = 's' AND f.ph = 'f' AND s.t <= f.t AND s.pid <> f.pid",
			     NULL),
			 (int64_t)migrations);
	ck_assert_int_eq(ask(db,
			     "SELECT count(*) FROM event AS f WHERE ph IN ('s', 'f') AND NOT "
			     "EXISTS (SELECT 1 FROM event AS x WHERE x.ph = 'X' AND x.pid = "
			     "f.pid AND x.tid = f.tid AND x.t <= f.t AND x.t + x.d >= f.t)",
			     NULL),
			 0);
	/* Who has events has a name. */
	ck_assert_int_eq(ask(db,
			     "SELECT count(DISTINCT pid) FROM event WHERE pid NOT IN (SELECT "
			     "pid FROM event WHERE name = 'process_name')",
			     NULL),
			 0);
	sqlite3_close(db);
}
END_TEST

START_TEST(counters_count)
{
	struct explain e;
	sqlite3 *db;

	ck_assert(explain_open(&e, fake_path("a.db"), NULL, &err));
	ck_assert_msg(timeline_write(&e, fake_path("t.json"), NULL, &err), "%s", err.text);
	explain_close(&e);
	db = events_of(fake_path("t.json"));
	ck_assert_int_gt(
		ask(db, "SELECT max(args ->> 'pods') FROM event WHERE name = 'queue'", NULL), 1);
	/* Of those that wait at the end the last value is the number. */
	ck_assert_int_eq(ask(db,
			     "SELECT args ->> 'pods' FROM event WHERE name = 'pods without a "
			     "node' ORDER BY t DESC, id DESC LIMIT 1",
			     NULL),
			 (int64_t)toy.out.n - (int64_t)toy.ends[POD_PENDING] -
				 ask(db,
				     "SELECT count(*) FROM event WHERE cat = 'pod' AND args ->> "
				     "'end' = 'pending'",
				     NULL));
	ck_assert_int_eq(ask(db,
			     "SELECT count(*) FROM event WHERE name LIKE '% pods' AND args ->> "
			     "'ready' = 3",
			     NULL),
			 45);
	sqlite3_close(db);
}
END_TEST

START_TEST(a_timeline_is_whole_or_absent)
{
	struct explain e;

	ck_assert(explain_open(&e, fake_path("a.db"), NULL, &err));
	ck_assert(!timeline_write(&e, fake_path("no/such/t.json"), NULL, &err));
	ck_assert(err.system);
	explain_close(&e);
	ck_assert_int_eq(fake_files(), 1);
}
END_TEST

Suite *explain_suite(void)
{
	Suite *suite = suite_create("explain");
	TCase *tc = tcase_create("explain");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_pod_is_explained, 0, PLANE_SAMPLING + 1);
	tcase_add_test(tc, a_pod_of_a_service_by_number);
	tcase_add_test(tc, what_is_not_there_is_said);
	tcase_add_test(tc, the_slowest_come_first);
	tcase_add_test(tc, a_timeline_is_sound);
	tcase_add_test(tc, counters_count);
	tcase_add_test(tc, a_timeline_is_whole_or_absent);
	suite_add_tcase(suite, tc);
	return suite;
}
