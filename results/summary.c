/* A list of lines, each the path of a figure (result.h) and what to call it; a column a run.  Lines
 * that are zero or undefined everywhere and not of the headline are left out. */
#include "results/summary.h"
#include "base/unit.h"
#include "results/grid.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	COLUMNS_MAX = 100, /* of the terminal; more runs than fit go into a second table */
	SERVICES_MAX = 8,  /* with lines of their own */
	COLUMN_MIN = 12
};

struct line {
	const char *label, *path, *unit; /* path NULL: an empty line */
	bool headline;			 /* shown even when undefined */
};

static const struct line lines[] = {
	{ "requests", "requests.arrived", "count", true },
	{ "  completed", "completed_share", "share", true },
	{ "  rejected", "requests.rejected", "count", false },
	{ "  timed out", "requests.timed_out", "count", false },
	{ "  failed", "requests.failed", "count", false },
	{ "  still in flight", "requests.in_flight", "count", false },
	{ "  waited for a cold start", "requests.cold", "count", false },
	{ "  preemptions", "requests.preemptions", "count", false },
	{ "  within every SLO", "goodput_share", "share", true },
	{ "  tried again", "extra.retries", "count", false },
	{ "  given up by their users", "extra.gave_up", "count", false },
	{ "nodes lost", "extra.nodes_lost", "count", false },
	{ "pods lost with them", "extra.pods_lost", "count", false },
	{ "requests lost with them", "extra.requests_lost", "count", false },
	{ "control functions lost", "extra.functions_lost", "count", false },
	{ "writes refused", "extra.api_refused", "count", false },
	{ NULL, NULL, NULL, false },
	{ "TTFT mean", "ttft_s.mean", "s", true },
	{ "TTFT p50", "ttft_s.p50", "s", true },
	{ "TTFT p99", "ttft_s.p99", "s", true },
	{ "TPOT p50", "tpot_s.p50", "s", false },
	{ "TPOT p99", "tpot_s.p99", "s", false },
	{ "ITL p99", "itl_s.p99", "s", false },
	{ "end to end p50", "e2e_s.p50", "s", true },
	{ "end to end p99", "e2e_s.p99", "s", true },
	{ "queueing p99", "queue_s.p99", "s", false },
	{ NULL, NULL, NULL, false },
	{ "requests/s", "requests_per_s", "1/s", true },
	{ "goodput, requests/s", "goodput_requests_per_s", "1/s", true },
	{ "output tokens/s", "output_tokens_per_s", "1/s", false },
	{ "GPU-hours", "gpu_hours", "h", false },
	{ "GPU utilisation", "gpu_utilisation", "share", false },
	{ NULL, NULL, NULL, false },
	{ "cold starts", "cold_starts", "count", true },
	{ "  p50", "cold_start_s.p50", "s", false },
	{ "  p99", "cold_start_s.p99", "s", false },
	{ "scheduling delay p50", "scheduling_delay_s.p50", "s", false },
	{ "scheduling delay p99", "scheduling_delay_s.p99", "s", false },
	{ "scale decisions", "scale_decisions", "count", false },
	{ "pods unschedulable", "pods.unschedulable", "count", false },
	{ "pods failed", "pods.failed", "count", false },
	{ "pods never ready", "pods.pending", "count", false },
	{ NULL, NULL, NULL, false },
	{ "decisions", "control_plane.decisions", "count", false },
	{ "probes", "control_plane.probes", "count", false },
	{ "probe-cache hits", "control_plane.probe_cache_hits", "count", false },
	{ "migrations", "control_plane.migrations", "count", false },
	{ "conflicts", "control_plane.conflicts", "count", false },
	{ "control core-hours", "control_plane.core_hours", "h", false },
	{ NULL, NULL, NULL, false },
	{ "events", "simulator.events", "count", false },
	{ "wall time", "simulator.wall_s", "s", false },
	{ "events/s", "simulator.events_per_s", "1/s", false },
	{ "peak memory", "simulator.peak_rss_bytes", "bytes", false },
};

static const struct line service_lines[] = {
	{ "  requests", "requests.arrived", "count", true },
	{ "  completed", "completed_share", "share", true },
	{ "  within every SLO", "goodput_share", "share", true },
	{ "  TTFT p50", "ttft_s.p50", "s", true },
	{ "  TTFT p99", "ttft_s.p99", "s", true },
	{ "  end to end p99", "e2e_s.p99", "s", true },
	{ "  cold starts", "cold_starts", "count", false },
};

/* 99.996 % must not read as 100 %: something was lost. */
static void share_text(double value, char *out, size_t size)
{
	double percent = value * 100;

	if (percent > 99.9 && percent < 100)
		snprintf(out, size, "%.*f %%", percent > 99.99 ? 4 : 3, floor(percent * 1e4) / 1e4);
	else
		snprintf(out, size, "%.3g %%", percent);
}

char *summary_value(bool defined, double value, const char *unit, char *out, size_t size)
{
	if (!defined)
		snprintf(out, size, "undefined");
	else if (strcmp(unit, "s") == 0)
		unit_human(value * 1e9, UNIT_TIME, out, size);
	else if (strcmp(unit, "bytes") == 0)
		unit_human(value, UNIT_BYTES, out, size);
	else if (strcmp(unit, "share") == 0)
		share_text(value, out, size);
	else if (strcmp(unit, "count") == 0 && value >= 0 && value == floor(value) && value < 1e18)
		grid_count((uint64_t)value, out, size);
	else if (fabs(value) >= 999.5 && fabs(value) < 1e15)
		grid_count((uint64_t)llround(fabs(value)), out, size);
	else
		snprintf(out, size, "%.3g", value);
	return out;
}

struct columns {
	const struct run_result *const *run;
	uint32_t n;
};

static void add_line(struct grid *grid, const struct columns *columns, uint32_t service,
		     const struct line *line)
{
	bool some = line->headline;
	char text[64];
	double value;

	for (uint32_t i = 0; i < columns->n && !some; i++)
		some = result_get(columns->run[i],
				  service < UINT32_MAX ? service
						       : columns->run[i]->collect->services,
				  line->path, &value) &&
		       value != 0;
	if (!some)
		return;
	grid_add(grid, "%s", line->label);
	for (uint32_t i = 0; i < columns->n; i++) {
		uint32_t s = service < UINT32_MAX ? service : columns->run[i]->collect->services;
		bool defined = result_get(columns->run[i], s, line->path, &value);

		grid_add(grid, "%s", summary_value(defined, value, line->unit, text, sizeof(text)));
	}
}

/* Where the mean request spends its time: parts of at least a thousandth of the end-to-end mean. */
static void add_parts(struct grid *grid, const struct columns *columns)
{
	bool title = false;

	for (uint32_t p = 0; p < PARTS; p++) {
		struct line line = { .path = "", .unit = "s" };
		char label[64], path[64];
		bool some = false;

		snprintf(label, sizeof(label), "  %s", part_name(p));
		snprintf(path, sizeof(path), "latency_parts_s.%s", part_name(p));
		line.label = label;
		line.path = path;
		for (uint32_t i = 0; i < columns->n; i++) {
			const struct collect *collect = columns->run[i]->collect;
			const struct service_stats *stats =
				collect_stats(collect, collect->services);

			some |= collect_part_mean(stats, p) >
				1e-3 * hist_mean(collect_hist(stats, Q_E2E));
		}
		if (some && !title) {
			grid_add(grid, "mean request, where its time goes");
			grid_end(grid);
			title = true;
		}
		if (some)
			add_line(grid, columns, UINT32_MAX, &line);
	}
	if (title)
		grid_end(grid);
}

static bool same_services(const struct columns *columns)
{
	const struct collect *first = columns->run[0]->collect;

	for (uint32_t i = 1; i < columns->n; i++) {
		const struct collect *other = columns->run[i]->collect;

		if (other->services != first->services)
			return false;
		for (uint32_t s = 0; s < first->services; s++)
			if (strcmp(first->name[s], other->name[s]) != 0)
				return false;
	}
	return true;
}

static void add_services(struct grid *grid, const struct columns *columns)
{
	const struct collect *collect = columns->run[0]->collect;
	uint32_t shown = collect->services < SERVICES_MAX ? collect->services : SERVICES_MAX;

	if (collect->services < 2 || !same_services(columns))
		return;
	for (uint32_t s = 0; s < shown; s++) {
		grid_add(grid, "service %s", collect->name[s]);
		grid_end(grid);
		for (size_t l = 0; l < sizeof(service_lines) / sizeof(*service_lines); l++)
			add_line(grid, columns, s, &service_lines[l]);
	}
	if (shown < collect->services) {
		grid_add(grid, "and %u more services (--json has all)", collect->services - shown);
		grid_end(grid);
	}
	grid_end(grid);
}

static const struct oracle *oracle_of(const struct run_result *run, uint32_t o)
{
	return o < run->oracles ? &run->oracle[o] : NULL;
}

static void add_oracles(struct grid *grid, const struct columns *columns)
{
	const struct run_result *first = columns->run[0];
	char text[64], half[64];

	for (uint32_t o = 0; o < first->oracles; o++) {
		grid_add(grid, "%s: expected", first->oracle[o].quantity);
		for (uint32_t i = 0; i < columns->n; i++) {
			const struct oracle *oracle = oracle_of(columns->run[i], o);

			grid_add(grid, "%s",
				 oracle ? summary_value(true, oracle->expected, oracle->unit, text,
							sizeof(text))
					: "undefined");
		}
		grid_add(grid, "  simulated (95 %% interval)");
		for (uint32_t i = 0; i < columns->n; i++) {
			const struct oracle *oracle = oracle_of(columns->run[i], o);

			if (!oracle) {
				grid_add(grid, "undefined");
				continue;
			}
			summary_value(true, oracle->simulated, oracle->unit, text, sizeof(text));
			if (isfinite(oracle->half_width_95))
				grid_add(grid, "%s +- %s", text,
					 summary_value(true, oracle->half_width_95, oracle->unit,
						       half, sizeof(half)));
			else
				grid_add(grid, "%s", text);
		}
	}
	if (first->oracles)
		grid_end(grid);
}

/* What tells the runs apart: the variant, and where it does not, the sweep's point and the seed. */
static void column_title(const struct columns *all, uint32_t i, char *out, size_t size)
{
	const struct run_result *run = all->run[i];
	char point[256], mine[256];
	bool same_point = true, same_seed = true, same_world = true;

	result_point(run, mine, sizeof(mine));
	for (uint32_t j = 0; j < all->n; j++) {
		same_point &= strcmp(result_point(all->run[j], point, sizeof(point)), mine) == 0;
		same_seed &= all->run[j]->seed == run->seed;
		same_world &= all->run[j]->world == run->world;
	}
	snprintf(out, size, "%s", run->variant);
	if (!same_point)
		snprintf(out + strlen(out), size - strlen(out), " %s", mine);
	if (!same_seed)
		snprintf(out + strlen(out), size - strlen(out), " #%llu",
			 (unsigned long long)run->seed);
	if (!same_world)
		snprintf(out + strlen(out), size - strlen(out), " (%s)", world_name(run->world));
}

static void table(FILE *out, const struct columns *columns, const struct columns *all,
		  uint32_t from)
{
	struct grid grid;
	char title[320];
	bool open = false;

	grid_init(&grid, columns->n + 1);
	grid_add(&grid, "%s", "");
	for (uint32_t i = 0; i < columns->n; i++) {
		column_title(all, from + i, title, sizeof(title));
		grid_add(&grid, "%s", title);
	}
	for (size_t l = 0; l < sizeof(lines) / sizeof(*lines); l++) {
		uint32_t before = grid.cell.n;

		if (lines[l].path)
			add_line(&grid, columns, UINT32_MAX, &lines[l]);
		else if (open)
			grid_end(&grid);
		if (lines[l].path)
			open |= grid.cell.n > before;
		else
			open = false;
	}
	if (open)
		grid_end(&grid);
	add_oracles(&grid, columns);
	add_parts(&grid, columns);
	add_services(&grid, columns);
	grid_print(&grid, out);
	grid_release(&grid);
}

/* True where the figure of every run is within the histograms' error (both sides') of the first
 * one's. */
static bool tied(const struct columns *all, const char *path)
{
	double first, value;

	if (!result_get(all->run[0], all->run[0]->collect->services, path, &first))
		return false;
	for (uint32_t i = 1; i < all->n; i++)
		if (!result_get(all->run[i], all->run[i]->collect->services, path, &value) ||
		    fabs(value - first) > 2 * HIST_ERROR * fmax(fabs(first), fabs(value)))
			return false;
	return true;
}

static bool any_arrived(const struct service_stats *stats)
{
	uint64_t n = 0;

	for (int outcome = 0; outcome < OUTCOMES; outcome++)
		n += stats->outcome[outcome];
	return n > 0;
}

static void notes(FILE *out, const struct columns *all)
{
	static const struct {
		const char *path, *name;
	} headline[] = { { "ttft_s.p99", "TTFT p99" },
			 { "e2e_s.p99", "end to end p99" },
			 { "goodput_requests_per_s", "goodput" },
			 { "scheduling_delay_s.p99", "scheduling delay p99" } };
	char title[320];
	int ties = 0;

	for (uint32_t i = 0; i < all->n; i++) {
		const struct collect *collect = all->run[i]->collect;
		uint64_t lost = collect->series_lost + collect->scale_lost + collect->pods_lost +
				collect->decisions_lost;

		column_title(all, i, title, sizeof(title));
		if (!*title)
			snprintf(title, sizeof(title), "%s", all->run[i]->scenario);
		if (all->run[i]->status)
			fprintf(out, "%s: %s; the figures are of what had happened until then.\n",
				title, all->run[i]->status);
		if (any_arrived(collect_stats(collect, collect->services)) &&
		    !collect_stats(collect, collect->services)->measured)
			fprintf(out, "%s: no request completed%s; latencies are undefined.\n",
				title, collect->warmup_ns ? " after the warm-up" : "");
		if (lost)
			fprintf(out,
				"%s: %llu rows (series, scale, pods, decisions) beyond the limit "
				"were counted but not kept.\n",
				title, (unsigned long long)lost);
	}
	for (size_t i = 0; all->n > 1 && i < sizeof(headline) / sizeof(*headline); i++)
		if (tied(all, headline[i].path))
			fprintf(out, "%s%s",
				ties++ ? ", "
				       : "No difference beyond the histograms' resolution of 1.6 "
					 "%: ",
				headline[i].name);
	if (ties)
		fputs(".\n", out);
}

void summary_print(FILE *out, const struct run_result *const *results, uint32_t n)
{
	struct columns all = { .run = results, .n = n };
	char text[64], title[320];
	uint32_t widest = COLUMN_MIN, fit;

	assert(n);
	fprintf(out, "%s, seed %llu%s, Sonde %s, %s %s\n\n", results[0]->scenario,
		(unsigned long long)results[0]->seed,
		n > 1 && results[n - 1]->seed != results[0]->seed ? " and on" : "",
		results[0]->version,
		unit_human((double)results[0]->simulated_ns, UNIT_TIME, text, sizeof(text)),
		results[0]->world == WORLD_EMU ? "emulated" : "simulated");
	for (uint32_t i = 0; i < n; i++) {
		uint32_t width;

		column_title(&all, i, title, sizeof(title));
		width = (uint32_t)strlen(title) + 2;
		widest = width > widest ? width : widest;
	}
	fit = (COLUMNS_MAX - 34) / widest;
	fit = fit ? fit : 1;
	for (uint32_t from = 0; from < n; from += fit) {
		struct columns some = { .run = results + from,
					.n = n - from < fit ? n - from : fit };

		table(out, &some, &all, from);
	}
	notes(out, &all);
}
