/* The slowest pods of a run: one SELECT, a row each. */
#include "base/unit.h"
#include "results/explain.h"
#include "results/grid.h"
#include "results/json.h"
#include <string.h>

/* Readiness is the end of phase readiness; a plain pod has neither. */
#define SLOWEST(from, to) \
	"SELECT id, service, row_number() OVER (PARTITION BY service ORDER BY id) - 1, node, " \
	"attempts, probes, migrations, wanted_ns, " to " - " from " AS span_ns FROM pod " \
	"WHERE run = ?1 AND \"end\" <> 'pending' AND " to " IS NOT NULL AND " from \
	" IS NOT NULL ORDER BY span_ns DESC, seq LIMIT ?2"

static void add_row(struct grid *grid, sqlite3_stmt *row)
{
	const char *service = (const char *)sqlite3_column_text(row, 1);
	char text[64];

	grid_add(grid, "%lld", (long long)sqlite3_column_int64(row, 0));
	if (*service)
		grid_add(grid, "%s/%lld", service, (long long)sqlite3_column_int64(row, 2));
	else
		grid_add(grid, "-");
	grid_add(grid, "%s",
		 unit_human((double)sqlite3_column_int64(row, 8), UNIT_TIME, text, sizeof(text)));
	grid_add(grid, "%.3f s", (double)sqlite3_column_int64(row, 7) / 1e9);
	grid_add(grid, "%lld", (long long)sqlite3_column_int64(row, 3));
	for (int c = 4; c < 7; c++)
		grid_add(grid, "%d", sqlite3_column_int(row, c));
}

static void json_row(struct json *json, sqlite3_stmt *row, bool cold)
{
	json_open(json, NULL, '{');
	json_count(json, "pod", (uint64_t)sqlite3_column_int64(row, 0));
	json_text(json, "service", (const char *)sqlite3_column_text(row, 1));
	json_count(json, "number", (uint64_t)sqlite3_column_int64(row, 2));
	json_number(json, cold ? "cold_start_s" : "scheduling_delay_s",
		    (double)sqlite3_column_int64(row, 8) / 1e9);
	json_number(json, "wanted_s", (double)sqlite3_column_int64(row, 7) / 1e9);
	json_count(json, "node", (uint64_t)sqlite3_column_int64(row, 3));
	json_count(json, "attempts", (uint64_t)sqlite3_column_int64(row, 4));
	json_count(json, "probes", (uint64_t)sqlite3_column_int64(row, 5));
	json_count(json, "migrations", (uint64_t)sqlite3_column_int64(row, 6));
	json_close(json, '}');
}

bool explain_slowest(struct explain *e, uint32_t n, bool cold, bool json, FILE *out,
		     struct err *err)
{
	static const char *const title[] = { "pod",  "of",	 "",	   "wanted at",
					     "node", "attempts", "probes", "migrations" };
	sqlite3_stmt *query = store_prepare(&e->store,
					    cold ? SLOWEST("wanted_ns", "readiness_end_ns")
						 : SLOWEST("created_ns", "bound_ns"),
					    err);
	bool failed = !query, ok = true;
	uint32_t rows = 0;
	struct grid grid;
	struct json list;

	if (!query)
		return false;
	sqlite3_bind_int64(query, 1, e->run.id);
	sqlite3_bind_int64(query, 2, n);
	grid_init(&grid, 8);
	for (uint32_t c = 0; c < 8; c++)
		grid_add(&grid, "%s", c != 2 ? title[c] : cold ? "cold start" : "scheduling delay");
	while (store_step(&e->store, query, &failed, err)) {
		if (json && !rows) {
			json_init(&list, out);
			json_open(&list, NULL, '[');
		}
		if (json)
			json_row(&list, query, cold);
		else
			add_row(&grid, query);
		rows++;
	}
	sqlite3_finalize(query);
	if (json && rows) {
		json_close(&list, ']');
		ok = json_end(&list, err);
	} else if (rows && !failed) {
		grid_print(&grid, out);
	}
	grid_release(&grid);
	if (!rows && !failed)
		err_set(err, "in run %lld of %s no pod %s", (long long)e->run.id, e->store.path,
			cold ? "became ready" : "was bound");
	return ok && rows && !failed;
}
