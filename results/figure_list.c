/* What is drawn.  The statements are shown beside the pictures: they are written to be read. */
#include "results/figure.h"
#include "results/mem.h"

/* Quantiles of the merged histograms of a variant's runs: one curve each. */
#define CDF(quantity) \
	"WITH RECURSIVE q(p) AS (VALUES (0.0) UNION ALL SELECT p + 0.002 FROM q WHERE p < " \
	"0.997),\n" \
	"  level(p) AS (SELECT p FROM q UNION ALL VALUES (0.999), (1.0)),\n" \
	"  merged AS (SELECT rank, label, hist_merge(data) AS data FROM shown JOIN histogram " \
	"USING (run)\n" \
	"    WHERE service = '' AND name = '" quantity "' AND rank < 8 GROUP BY rank, label)\n" \
	"SELECT label, hist_quantile(data, p) / 1e9 AS x, 100 * max(p) FROM merged, level\n" \
	"  GROUP BY rank, label, x ORDER BY rank, x"

/* A figure against the axis of the sweep that has most numbers; what else varies is part of the
 * label. */
#define SWEEP(metric) \
	"WITH at AS (SELECT axis.* FROM axis JOIN shown USING (run)),\n" \
	"  vary AS (SELECT seq, name, count(DISTINCT text) AS n, count(DISTINCT value) AS " \
	"numbers FROM at GROUP BY seq, name),\n" \
	"  x AS (SELECT seq, name || ', ' || (SELECT text FROM at WHERE at.seq = vary.seq AND " \
	"value IS NOT NULL ORDER BY value)\n" \
	"      || ' to ' || (SELECT text FROM at WHERE at.seq = vary.seq ORDER BY value DESC) AS " \
	"title\n" \
	"    FROM vary WHERE numbers > 1 ORDER BY numbers DESC, seq LIMIT 1),\n" \
	"  point AS (SELECT shown.run, axis.value AS at, x.title AS title, series || " \
	"coalesce((SELECT ' ' ||\n" \
	"      group_concat(other.name || '=' || other.text, ' ') FROM axis AS other JOIN vary " \
	"USING (seq)\n" \
	"      WHERE other.run = shown.run AND vary.n > 1 AND other.seq <> x.seq), '') AS label\n" \
	"    FROM x JOIN axis ON axis.seq = x.seq JOIN shown ON shown.run = axis.run WHERE " \
	"axis.value IS NOT NULL),\n" \
	"  mean AS (SELECT label, at, title, avg(metric.value) AS y, " \
	"coalesce(half_width_95(metric.value), 0) AS half\n" \
	"    FROM point JOIN metric USING (run) WHERE service = '' AND metric.name = '" metric \
	"'\n" \
	"      AND metric.value IS NOT NULL GROUP BY label, at)\n" \
	"SELECT label, at, y, y - half, y + half, title FROM mean ORDER BY label, at"

const struct figure figures[] = {
	{
		"ttft",
		"Time to first token",
		"Arrival at the gateway to the first token out of it.",
		FIGURE_CDF,
		"time to first token",
		"slo_s.ttft",
		"No request of these runs had a first token.",
		CDF("ttft_s"),
	},
	{
		"e2e",
		"End-to-end latency",
		"Arrival at the gateway to the last token out of it.",
		FIGURE_CDF,
		"end-to-end latency",
		"slo_s.e2e",
		"No request of these runs completed.",
		CDF("e2e_s"),
	},
	{
		"itl",
		"Gaps between tokens",
		"Every gap between two tokens of a request.",
		FIGURE_CDF,
		"inter-token latency",
		NULL,
		"No request of these runs had more than one token.",
		CDF("itl_s"),
	},
	{
		"parts",
		"Where the time of a mean request goes",
		"The parts of the latency add up to the mean end-to-end latency of completed "
		"requests.",
		FIGURE_STACK,
		"mean time per request",
		NULL,
		"No request of these runs completed.",
		"SELECT label, substr(name, 17), avg(value) FROM shown JOIN metric USING (run)\n"
		"  WHERE service = '' AND name LIKE 'latency_parts_s.%' AND value IS NOT NULL AND "
		"rank < 8\n"
		"  GROUP BY rank, label, name ORDER BY rank",
	},
	{
		"time",
		"Load, pods and queue over time",
		"The first run of each variant, all services together. Queue: requests waiting in "
		"activator, queue-proxy and "
		"engine. Dotted: events of the scenario, pale where they end.",
		FIGURE_TIME,
		"",
		NULL,
		"These runs have no time series.",
		"WITH first AS (SELECT rank, label, min(run) AS run FROM shown WHERE rank < 8 "
		"GROUP BY rank, label),\n"
		"  bin AS (SELECT max(at_ns) / 600 + 1 AS ns FROM series JOIN first USING (run)),\n"
		"  total AS (SELECT rank, label, run, at_ns, sum(arrivals) AS arrivals, "
		"sum(desired) AS desired,\n"
		"    sum(ready) AS ready, sum(waiting) AS waiting FROM series JOIN first USING "
		"(run) GROUP BY run, at_ns),\n"
		"  sample AS (SELECT *, arrivals * 1e9 / (at_ns - lag(at_ns) OVER (PARTITION BY "
		"run ORDER BY at_ns)) AS rate\n"
		"    FROM total)\n"
		"SELECT label, min(at_ns) / 1e9, avg(rate), avg(desired), avg(ready), avg(waiting) "
		"FROM sample, bin\n"
		"  GROUP BY rank, label, at_ns / ns ORDER BY rank, 2",
	},
	{
		"cold",
		"Cold starts, phase by phase",
		"From the moment a pod was wanted to its readiness: the mean over pods that became "
		"ready.",
		FIGURE_STACK,
		"mean time per cold start",
		NULL,
		"No pod became ready in these runs: there were no cold starts.",
		"SELECT label, replace(replace(mean.name, 'cold_start_phases_s.', ''), '.mean', "
		"''),\n"
		"    sum(mean.value * reached.value) / sum(pods.value)\n"
		"  FROM shown JOIN metric AS mean USING (run)\n"
		"  JOIN metric AS reached ON reached.run = mean.run AND reached.service = ''\n"
		"    AND reached.name = replace(mean.name, '.mean', '.count')\n"
		"  JOIN metric AS pods ON pods.run = mean.run AND pods.service = '' AND pods.name "
		"= 'cold_start_s.count'\n"
		"  WHERE mean.service = '' AND mean.name LIKE 'cold_start_phases_s.%.mean' AND "
		"mean.value IS NOT NULL\n"
		"    AND rank < 8 GROUP BY rank, label, mean.name ORDER BY rank",
	},
	{
		"scheduling",
		"Scheduling delay",
		"Pod created to bound, by control plane.",
		FIGURE_CDF,
		"scheduling delay",
		NULL,
		"No pod was bound in these runs.",
		CDF("scheduling_delay_s"),
	},
	{
		"sweep_goodput",
		"Goodput along the sweep",
		"Mean over the runs of a point; the band is its 95 % interval.",
		FIGURE_SWEEP,
		"goodput (requests/s)",
		NULL,
		NULL,
		SWEEP("goodput_requests_per_s"),
	},
	{
		"sweep_ttft",
		"TTFT p99 along the sweep",
		"Mean over the runs of a point; the band is its 95 % interval.",
		FIGURE_SWEEP,
		"TTFT p99 (s)",
		NULL,
		NULL,
		SWEEP("ttft_s.p99"),
	},
	{
		"sweep_scheduling",
		"Scheduling delay p99 along the sweep",
		"Mean over the runs of a point; the band is its 95 % interval.",
		FIGURE_SWEEP,
		"scheduling delay p99 (s)",
		NULL,
		NULL,
		SWEEP("scheduling_delay_s.p99"),
	},
};

const uint32_t figure_count = sizeof(figures) / sizeof(*figures);

/* ---- a metric that was asked for ---- */

static const char *text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

/* The message for a metric that no run shown has. */
static bool no_metric(struct store *store, const char *metric, struct err *err)
{
	sqlite3_stmt *query = store_prepare(store,
					    "SELECT DISTINCT name FROM metric JOIN shown USING "
					    "(run) WHERE service = '' ORDER BY name",
					    err);
	VEC(const char *) names = { 0 };
	bool failed = !query;
	const char *near = NULL;

	while (query && store_step(store, query, &failed, err))
		vec_push(&names, mem_text(text_of(query, 0)));
	sqlite3_finalize(query);
	vec_push(&names, NULL);
	if (!failed) {
		near = err_nearest(metric, names.at);
		err_set(err, "%s has no figure '%s'%s%s%s (docs/json.md lists them)", store->path,
			metric, near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	for (uint32_t i = 0; i + 1 < names.n; i++)
		free((void *)(uintptr_t)names.at[i]);
	vec_release(&names);
	return false;
}

/* The metric's unit; false where no run shown has it. */
static bool unit_of(struct store *store, const char *metric, char *out, size_t size,
		    struct err *err)
{
	sqlite3_stmt *query = store_prepare(store,
					    "SELECT unit FROM metric JOIN shown USING (run) WHERE "
					    "service = '' AND name = ? LIMIT 1",
					    err);
	bool failed = !query, some = false;

	if (query) {
		sqlite3_bind_text(query, 1, metric, -1, SQLITE_STATIC);
		some = store_step(store, query, &failed, err);
		snprintf(out, size, "%s", text_of(query, 0));
		sqlite3_finalize(query);
	}
	return some || (!failed && no_metric(store, metric, err));
}

static char *print(const char *format, const char *text, const char *more)
{
	char *made = sqlite3_mprintf(format, text, more), *out = mem_text(made);

	sqlite3_free(made);
	return out;
}

bool figure_sweep(struct store *store, const char *metric, struct figure *figure, struct err *err)
{
	char unit[32], *name;

	if (!unit_of(store, metric, unit, sizeof(unit), err))
		return false;
	name = print("sweep_%s", metric, NULL);
	for (char *at = name; *at; at++)
		if (*at == '.' || *at == '/')
			*at = '_';
	*figure = (struct figure){
		.name = name,
		.title = print("%s along the sweep", metric, NULL),
		.caption = "Mean over the runs of a point; the band is its 95 % interval.",
		.kind = FIGURE_SWEEP,
		.axis = strcmp(unit, "count") == 0 ? print("%s", metric, NULL)
						   : print("%s (%s)", metric, unit),
		.nothing = "These runs are no sweep along numbers, or the figure has no value in "
			   "any of them.",
		.sql = print(SWEEP("%q"), metric, NULL),
	};
	return true;
}

void figure_release(struct figure *figure)
{
	free((void *)(uintptr_t)figure->name);
	free((void *)(uintptr_t)figure->title);
	free((void *)(uintptr_t)figure->axis);
	free((void *)(uintptr_t)figure->sql);
	*figure = (struct figure){ 0 };
}

/* ---- the runs that are shown ---- */

#define SHOWN_BEGIN "CREATE TEMP TABLE shown AS\n"
#define SHOWN_LATEST \
	"WITH chosen AS (SELECT max(id) AS id FROM run GROUP BY scenario, variant, point, seed, " \
	"world),\n"
#define SHOWN_REST \
	"  one AS (SELECT run.* FROM run JOIN chosen USING (id)),\n" \
	"  many AS (SELECT count(DISTINCT scenario) > 1 AS scenarios, count(DISTINCT world) > 1 " \
	"AS worlds,\n" \
	"    count(DISTINCT point) > 1 AS points FROM one),\n" \
	"  named AS (SELECT id AS run, seed, point, points, variant || iif(scenarios, ', ' || " \
	"scenario, '') ||\n" \
	"    iif(worlds, iif(world = 'emu', ' (emulated)', ' (simulated)'), '') AS series FROM " \
	"one, many),\n" \
	"  labelled AS (SELECT run, seed, series, series || iif(points, ' ' || point, '') AS " \
	"label FROM named),\n" \
	"  first AS (SELECT *, min(run) OVER (PARTITION BY label) AS first FROM labelled)\n" \
	"SELECT run, seed, series, label, dense_rank() OVER (ORDER BY first) - 1 AS rank FROM " \
	"first"

const char figure_show_sql[] = SHOWN_BEGIN SHOWN_LATEST SHOWN_REST;

bool figure_show(struct store *store, const int64_t *ids, uint32_t n, struct err *err)
{
	sqlite3_stmt *query;
	bool failed = false, some;

	if (!store_exec(store,
			"DROP TABLE IF EXISTS temp.shown; CREATE TEMP TABLE IF NOT EXISTS asked "
			"(id INTEGER PRIMARY KEY);"
			"DELETE FROM asked",
			err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		char sql[120];

		snprintf(sql, sizeof(sql),
			 "INSERT OR IGNORE INTO asked SELECT id FROM run WHERE id = %lld",
			 (long long)ids[i]);
		if (!store_exec(store, sql, err))
			return false;
		if (!sqlite3_changes(store->db))
			return err_set(err, "%s has no run %lld", store->path, (long long)ids[i]);
	}
	if (!store_exec(store,
			n ? SHOWN_BEGIN "WITH chosen AS (SELECT id FROM asked),\n" SHOWN_REST
			  : figure_show_sql,
			err))
		return false;
	query = store_prepare(store, "SELECT 1 FROM shown LIMIT 1", err);
	some = query && store_step(store, query, &failed, err);
	sqlite3_finalize(query);
	if (!query || failed)
		return false;
	return some || err_set(err, "%s holds no runs", store->path);
}
