/* The list of figures.  Everything is derived here, once, from counters and histograms; a figure
 * with nothing to measure is undefined rather than 0 or NaN. */
#include "results/result.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECOND 1e9  /* ns */
#define HOUR 3600.0 /* s */

struct walk {
	result_visit *visit;
	void *ctx;
	const char *group, *item;
};

static void put(struct walk *walk, const char *name, const char *unit, double value, bool defined,
		bool whole)
{
	struct metric metric = { .group = walk->group,
				 .item = walk->item,
				 .name = name,
				 .unit = unit,
				 .value = defined ? value : 0,
				 .defined = defined && isfinite(value),
				 .whole = whole };

	walk->visit(walk->ctx, &metric);
}

static void count(struct walk *walk, const char *name, uint64_t value)
{
	put(walk, name, "count", (double)value, true, true);
}

/* A share, undefined where it is NAN. */
static void part(struct walk *walk, const char *name, double value)
{
	put(walk, name, "share", isnan(value) ? 0 : value, !isnan(value), false);
}

/* A quotient, undefined where the divisor is 0. */
static void ratio(struct walk *walk, const char *name, const char *unit, double value, double by)
{
	put(walk, name, unit, by > 0 ? value / by : 0, by > 0, false);
}

static void histogram(struct walk *walk, const struct hist *hist)
{
	static const struct {
		const char *name;
		double q;
	} quantile[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p95", 0.95 }, { "p99", 0.99 } };
	bool some = hist->count > 0;

	put(walk, "mean", "s", some ? hist_mean(hist) / SECOND : 0, some, false);
	for (size_t i = 0; i < sizeof(quantile) / sizeof(*quantile); i++)
		put(walk, quantile[i].name, "s",
		    some ? (double)hist_quantile(hist, quantile[i].q) / SECOND : 0, some, false);
	put(walk, "max", "s", (double)hist->max / SECOND, some, false);
	count(walk, "count", hist->count);
}

static void walk_requests(struct walk *walk, const struct service_stats *stats)
{
	uint64_t arrived = 0;

	for (uint32_t o = 0; o < OUTCOMES; o++)
		arrived += stats->outcome[o];
	walk->group = "requests";
	count(walk, "arrived", arrived);
	for (uint32_t o = 0; o < OUTCOMES; o++)
		count(walk, outcome_name(o), stats->outcome[o]);
	count(walk, "cold", stats->cold);
	count(walk, "preemptions", stats->preemptions);
	count(walk, "measured", stats->measured);
	walk->group = NULL;
	ratio(walk, "completed_share", "share", (double)stats->outcome[OUT_COMPLETED],
	      (double)arrived);
	ratio(walk, "goodput_share", "share", (double)stats->good, (double)stats->measured_arrived);
}

static void walk_latencies(struct walk *walk, const struct service_stats *stats)
{
	for (uint32_t q = 0; q < Q_PHASE; q++) {
		/* Only worlds that record decisions know the age of what they rested on; only
		 * plain pods come in jobs. */
		if ((q == Q_INFO_AGE || q == Q_JOB) && !stats->hist[q])
			continue;
		walk->group = quantity_name(q);
		histogram(walk, collect_hist(stats, q));
	}
	walk->group = "latency_parts_s";
	for (uint32_t p = 0; p < PARTS; p++)
		put(walk, part_name(p), "s", collect_part_mean(stats, p) / SECOND,
		    stats->measured > 0, false);
	walk->group = "pods";
	count(walk, "ready", stats->pod_end[POD_READY]);
	count(walk, "unschedulable", stats->pod_end[POD_UNSCHEDULABLE]);
	count(walk, "failed", stats->pod_end[POD_FAILED]);
	count(walk, "cancelled", stats->pod_end[POD_CANCELLED]);
	count(walk, "pending", stats->pod_end[POD_PENDING]);
	count(walk, "probes", stats->probes);
	count(walk, "migrations", stats->migrations);
	walk->group = NULL;
	count(walk, "cold_starts", stats->pod_end[POD_READY]);
	count(walk, "scale_decisions", stats->scale_decisions);
	walk->group = "cold_start_phases_s";
	for (uint32_t p = PHASE_CONTROL; p < PHASES; p++) {
		walk->item = phase_name(p);
		histogram(walk, collect_hist(stats, Q_PHASE + p));
	}
	walk->group = walk->item = NULL;
}

static void walk_rates(struct walk *walk, const struct service_stats *stats, double window_s)
{
	walk->group = "tokens";
	count(walk, "input", stats->input_tokens);
	count(walk, "output", stats->output_tokens);
	walk->group = NULL;
	ratio(walk, "requests_per_s", "1/s", (double)stats->measured, window_s);
	ratio(walk, "goodput_requests_per_s", "1/s", (double)stats->good, window_s);
	ratio(walk, "output_tokens_per_s", "1/s", (double)stats->output_tokens, window_s);
}

static void walk_slo(struct walk *walk, const struct slo *slo)
{
	walk->group = "slo_s";
	if (slo->ttft_ns)
		put(walk, "ttft", "s", (double)slo->ttft_ns / SECOND, true, false);
	if (slo->tpot_ns)
		put(walk, "tpot", "s", (double)slo->tpot_ns / SECOND, true, false);
	if (slo->e2e_ns)
		put(walk, "e2e", "s", (double)slo->e2e_ns / SECOND, true, false);
	walk->group = NULL;
}

/* Of planes that have more than one kind of functions. */
static void walk_functions(struct walk *walk, const struct control_totals *control)
{
	if (!control->kind[FUNCTION_BIND].held_ns)
		return;
	for (int k = 0; k < FUNCTION_KINDS; k++) {
		const struct function_totals *kind = &control->kind[k];

		walk->item = function_kind_name((enum function_kind)k);
		count(walk, "tasks", kind->tasks);
		ratio(walk, "delay_mean", "s", (double)kind->waited_ns / SECOND,
		      (double)kind->tasks);
		put(walk, "delay_max", "s", (double)kind->waited_max_ns / SECOND, true, false);
		count(walk, "started", kind->started);
		count(walk, "stopped", kind->stopped);
		count(walk, "lost", kind->lost);
		put(walk, "held_hours", "h", (double)kind->held_ns / SECOND / HOUR, true, false);
		ratio(walk, "busy_share", "share", (double)kind->busy_ns, (double)kind->held_ns);
	}
	walk->item = NULL;
}

static void walk_control(struct walk *walk, const struct run_result *result)
{
	const struct control_totals *c = &result->control;

	ratio(walk, "gpu_hours", "h", result->gpu_held_s, HOUR);
	ratio(walk, "gpu_utilisation", "share", result->gpu_busy_s, result->gpu_held_s);
	walk->group = "control_plane";
	count(walk, "decisions", c->decisions);
	count(walk, "placements", c->placements);
	count(walk, "unschedulable", c->unschedulable);
	count(walk, "probes", c->probes);
	count(walk, "probe_cache_hits", c->probe_cache_hits);
	count(walk, "probe_cache_misses", c->probe_cache_misses);
	count(walk, "migrations", c->migrations);
	count(walk, "conflicts", c->conflicts);
	count(walk, "retries", c->retries);
	count(walk, "evictions", c->evictions);
	count(walk, "reservations_expired", c->reservations_expired);
	count(walk, "probe_false_positives", c->probe_false_positives);
	count(walk, "probe_false_negatives", c->probe_false_negatives);
	count(walk, "api_writes", c->api_writes);
	count(walk, "messages", c->messages);
	count(walk, "rebalanced_nodes", c->rebalanced_nodes);
	count(walk, "partition_moves", c->partition_moves);
	count(walk, "functions_started", c->functions_started);
	count(walk, "functions_stopped", c->functions_stopped);
	put(walk, "core_hours", "h", (double)c->core_ns / SECOND / HOUR, true, false);
	put(walk, "idle_core_hours", "h", (double)c->idle_core_ns / SECOND / HOUR, true, false);
	ratio(walk, "probes_per_placement", "count", (double)c->probes, (double)c->placements);
	ratio(walk, "decisions_per_s", "1/s", (double)c->decisions,
	      (double)result->simulated_ns / SECOND);
	ratio(walk, "scheduled_per_s", "1/s", (double)c->placements,
	      (double)result->simulated_ns / SECOND);
	part(walk, "fragmentation", c->fragmentation);
	part(walk, "gpus_in_use", c->gpus_in_use);
	part(walk, "gpu_taken", c->gpu_taken);
	part(walk, "cpu_taken", c->cpu_taken);
	part(walk, "memory_taken", c->memory_taken);
	walk_functions(walk, c);
	walk->group = "extra";
	for (uint32_t i = 0; i < result->extras; i++)
		put(walk, result->extra[i].name, result->extra[i].unit, result->extra[i].value,
		    true, strcmp(result->extra[i].unit, "count") == 0);
	walk->group = NULL;
}

static void walk_simulator(struct walk *walk, const struct run_result *result)
{
	const struct service_stats *stats =
		collect_stats(result->collect, result->collect->services);
	const struct simulator_stats *sim = &result->simulator;
	uint64_t arrived = 0;

	for (uint32_t o = 0; o < OUTCOMES; o++)
		arrived += stats->outcome[o];
	walk->group = "simulator";
	count(walk, "events", sim->events);
	put(walk, "wall_s", "s", sim->wall_s, true, false);
	ratio(walk, "events_per_s", "1/s", (double)sim->events, sim->wall_s);
	ratio(walk, "requests_per_wall_s", "1/s", (double)arrived, sim->wall_s);
	put(walk, "peak_rss_bytes", "bytes", (double)sim->peak_rss_bytes, true, true);
	walk->group = NULL;
}

void result_walk(const struct run_result *result, uint32_t s, result_visit *visit, void *ctx)
{
	const struct service_stats *stats = collect_stats(result->collect, s);
	struct walk walk = { .visit = visit, .ctx = ctx };

	walk_requests(&walk, stats);
	walk_rates(&walk, stats,
		   (double)(result->simulated_ns - result->collect->warmup_ns) / SECOND);
	walk_latencies(&walk, stats);
	if (s < result->collect->services) {
		walk_slo(&walk, &stats->slo);
	} else {
		walk_control(&walk, result);
		walk_simulator(&walk, result);
	}
}

struct search {
	const char *path;
	double *value;
	bool found;
};

static void look(void *ctx, const struct metric *metric)
{
	struct search *search = ctx;
	char path[160];

	if (search->found || !metric->defined)
		return;
	if (strcmp(result_path(metric, path, sizeof(path)), search->path) != 0)
		return;
	*search->value = metric->value;
	search->found = true;
}

bool result_get(const struct run_result *result, uint32_t s, const char *path, double *value)
{
	struct search search = { .path = path, .value = value };

	result_walk(result, s, look, &search);
	return search.found;
}

char *result_path(const struct metric *metric, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s%s%s", metric->group ? metric->group : "",
		 metric->group ? "." : "", metric->item ? metric->item : "",
		 metric->item ? "." : "", metric->name);
	return out;
}

char *result_point(const struct run_result *result, char *out, size_t size)
{
	size_t used = 0;

	assert(size);
	*out = 0;
	for (uint32_t i = 0; i < result->axes && used < size; i++) {
		int n = snprintf(out + used, size - used, "%s%s=%s", i ? " " : "",
				 result->axis[i].name, result->axis[i].text);

		used += n > 0 ? (size_t)n : 0;
	}
	return out;
}

const char *world_name(enum world_kind world)
{
	return world == WORLD_EMU ? "emu" : "sim";
}
