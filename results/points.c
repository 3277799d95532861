/* A point and its figures are two queries; the figures of a point are grouped by name, so their
 * order is the alphabet's. */
#include "results/points.h"
#include "results/digest.h"
#include "results/grid.h"
#include "results/json.h"
#include "results/summary.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char points_sql[] =
	"SELECT min(id), scenario, variant, point, version, count(*) FROM run "
	"GROUP BY scenario, variant, point, version ORDER BY 1";
/* The figures of the runs that are like run ?1; ?2: one of them, or NULL for all. */
static const char figures_sql[] =
	"SELECT metric.name, unit, count(value), avg(value), half_width_95(value) "
	"FROM run AS first JOIN run ON run.scenario = first.scenario AND run.variant = "
	"first.variant AND run.point = first.point AND run.version = first.version "
	"JOIN metric ON metric.run = run.id WHERE first.id = ?1 AND service = '' "
	"AND metric.name NOT GLOB 'simulator.*' AND (?2 IS NULL OR metric.name = ?2) "
	"GROUP BY metric.name ORDER BY metric.name";

struct reading {
	struct store *store;
	sqlite3_stmt *points, *figures, *axes;
	struct err *err;
	bool failed;
};

static bool begin(struct reading *r, struct store *store, struct err *err)
{
	*r = (struct reading){ .store = store, .err = err };
	r->points = store_prepare(store, points_sql, err);
	r->figures = r->points ? store_prepare(store, figures_sql, err) : NULL;
	r->axes = r->figures ? store_prepare(store,
					     "SELECT name, text FROM axis WHERE run = ?1 "
					     "ORDER BY seq",
					     err)
			     : NULL;
	r->failed = !r->axes;
	return r->axes;
}

static bool end(struct reading *r)
{
	sqlite3_finalize(r->points);
	sqlite3_finalize(r->figures);
	sqlite3_finalize(r->axes);
	return !r->failed;
}

static const char *text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

static double number_of(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN
							       : sqlite3_column_double(row, column);
}

/* Begins the figures of the point that is being read. */
static void ask(struct reading *r, const char *metric)
{
	sqlite3_reset(r->figures);
	sqlite3_bind_int64(r->figures, 1, sqlite3_column_int64(r->points, 0));
	sqlite3_bind_text(r->figures, 2, metric, -1, SQLITE_STATIC);
}

/* ---- for people ---- */

static void add_point(struct reading *r, struct grid *grid, const char *metric, double half_width)
{
	const char *point = text_of(r->points, 3), *variant = text_of(r->points, 2), *unit;
	char mean[64], half[64];
	double value, width;

	grid_add(grid, "%s%s%s", point, *point && *variant ? "  " : "", variant);
	grid_add(grid, "%d", sqlite3_column_int(r->points, 5));
	ask(r, metric);
	if (!store_step(r->store, r->figures, &r->failed, r->err)) {
		grid_add(grid, "%s", "undefined");
		grid_end(grid);
		return;
	}
	unit = text_of(r->figures, 1);
	value = number_of(r->figures, 3);
	width = number_of(r->figures, 4);
	if (width < 1e-12 * fabs(value))
		width = 0; /* equal values, but for the rounding of their mean */
	grid_add(grid, "%s", summary_value(isfinite(value), value, unit, mean, sizeof(mean)));
	if (isfinite(width)) {
		grid_add(grid, "+- %s", summary_value(true, width, unit, half, sizeof(half)));
		if (value != 0)
			grid_add(grid, "%.2g %%", 100 * width / fabs(value));
		else
			grid_add(grid, "%s", "");
		if (half_width > 0 && width > half_width * fabs(value))
			grid_add(grid, "%s", "wider than wanted");
	}
	if (grid->cell.n % grid->columns)
		grid_end(grid);
}

bool points_print(FILE *out, struct store *store, const char *metric, double half_width,
		  struct err *err)
{
	struct reading r;
	struct grid grid;

	if (!begin(&r, store, err))
		return end(&r);
	grid_init(&grid, 6);
	grid_add(&grid, "%s", "");
	grid_add(&grid, "%s", "runs");
	grid_add(&grid, "%s", metric);
	grid_end(&grid);
	while (!r.failed && store_step(store, r.points, &r.failed, err))
		add_point(&r, &grid, metric, half_width);
	if (!r.failed)
		grid_print(&grid, out);
	grid_release(&grid);
	return end(&r);
}

/* ---- for scripts ---- */

static void put_axes(struct reading *r, struct json *json)
{
	sqlite3_reset(r->axes);
	sqlite3_bind_int64(r->axes, 1, sqlite3_column_int64(r->points, 0));
	json_open(json, "point", '{');
	while (store_step(r->store, r->axes, &r->failed, r->err))
		json_text(json, text_of(r->axes, 0), text_of(r->axes, 1));
	json_close(json, '}');
}

static void put_figures(struct reading *r, struct json *json)
{
	ask(r, NULL);
	json_open(json, "figures", '{');
	while (!r->failed && store_step(r->store, r->figures, &r->failed, r->err)) {
		json_open(json, text_of(r->figures, 0), '{');
		json_text(json, "unit", text_of(r->figures, 1));
		json_count(json, "runs", (uint64_t)sqlite3_column_int64(r->figures, 2));
		json_number(json, "mean", number_of(r->figures, 3));
		json_number(json, "half_width_95", number_of(r->figures, 4));
		json_close(json, '}');
	}
	json_close(json, '}');
}

bool points_json(FILE *out, struct store *store, const char *metric, struct err *err)
{
	struct reading r;
	struct json json;
	uint64_t digest;
	char hex[20];

	if (!digest_store(store, &digest, err))
		return false;
	if (!begin(&r, store, err))
		return end(&r);
	json_init(&json, out);
	json_open(&json, NULL, '{');
	snprintf(hex, sizeof(hex), "%016" PRIx64, digest);
	json_text(&json, "digest", hex);
	json_text(&json, "metric", metric);
	json_open(&json, "points", '[');
	while (!r.failed && store_step(store, r.points, &r.failed, err)) {
		json_open(&json, NULL, '{');
		json_text(&json, "scenario", text_of(r.points, 1));
		json_text(&json, "variant", text_of(r.points, 2));
		json_text(&json, "version", text_of(r.points, 4));
		put_axes(&r, &json);
		json_count(&json, "runs", (uint64_t)sqlite3_column_int64(r.points, 5));
		put_figures(&r, &json);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
	return end(&r) && json_end(&json, err);
}
