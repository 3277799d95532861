/* The figures come from the records of the run: a pod's creation, and the ready pods of all
 * services at each sample, which follow each other in time. */
#include "cli/pod_starts.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/runner.h"
#include "traces/format.h"
#include "traces/info.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define NS_PER_S INT64_C(1000000000)

struct count {
	VEC(int64_t) created;
	int64_t sample_ns; /* of the samples being added up */
	double ready, sum, peak;
	uint64_t samples;
};

static void on_pod(void *ctx, const struct pod_record *pod)
{
	struct count *count = ctx;

	if (pod->created_ns >= 0)
		vec_push(&count->created, pod->created_ns);
}

static void end_sample(struct count *count)
{
	if (count->sample_ns < 0)
		return;
	count->sum += count->ready;
	count->samples++;
	if (count->ready > count->peak)
		count->peak = count->ready;
	count->ready = 0;
}

static void on_series(void *ctx, const struct series_record *record)
{
	struct count *count = ctx;

	if (record->at_ns != count->sample_ns)
		end_sample(count);
	count->sample_ns = record->at_ns;
	count->ready += record->ready;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Counts in consecutive windows over the whole run, from its start. */
static void windows(const struct count *count, int64_t span_ns, int i, struct pod_starts *out)
{
	int64_t width_ns = info_window_s[i] * NS_PER_S;
	int64_t whole = span_ns / width_ns;
	double full = (double)whole, sum = 0, squares = 0;
	uint32_t at = 0;

	while (at < count->created.n) {
		int64_t window = count->created.at[at] / width_ns;
		uint64_t n = 0;

		for (; at < count->created.n && count->created.at[at] / width_ns == window; at++)
			n++;
		if (n > out->peak[i])
			out->peak[i] = n;
		if ((double)window < full) {
			sum += (double)n;
			squares += (double)n * (double)n;
		}
	}
	out->idc[i] = full > 1 && sum > 0 ? (squares - sum * sum / full) / (full - 1) / (sum / full)
					  : NAN;
}

static void figures(struct count *count, const struct run *run, struct pod_starts *out)
{
	const struct service_stats *stats = collect_stats(&run->collect, run->collect.services);
	int64_t span_ns = run->result.simulated_ns;

	end_sample(count);
	if (count->created.n)
		qsort(count->created.at, count->created.n, sizeof(*count->created.at), by_time);
	out->started = count->created.n;
	out->span_s = (double)span_ns / NS_PER_S;
	for (int i = 0; i < POD_STARTS_WINDOWS; i++)
		windows(count, span_ns, i, out);
	out->alive_mean = count->samples ? count->sum / (double)count->samples : 0;
	out->alive_peak = count->peak;
	for (int i = 0; i < OUTCOMES; i++)
		out->requests += stats->outcome[i];
	out->waited = stats->cold;
}

static void add(struct scenario_set *sets, uint32_t *n, const char *key, const char *value)
{
	sets[(*n)++] = (struct scenario_set){ .key = key, .value = value };
}

/* What the trace asks for, before what the user does: it is read as it was for the other figures.
 */
static uint32_t own_sets(const struct trace_spec *spec, const char *autoscaler, uint32_t services,
			 struct scenario_set *sets, struct arena *arena, struct err *err)
{
	const struct format *format = format_find(spec->format, err);
	uint32_t n = 0;

	for (const struct opt *opt = trace_options; opt->name; opt++) {
		const char *text = opt->type == OPT_LIST ? "" : opt_text(opt, spec, arena);

		if (text && *text)
			add(sets, &n, arena_print(arena, "trace.%s", opt->name), text);
	}
	if (spec->map == TRACE_MAP_AUTO) /* its services are called after nobody */
		add(sets, &n, "trace.map", "popularity");
	add(sets, &n, "seed", arena_print(arena, "%" PRIu64, spec->seed));
	add(sets, &n, "autoscaler.class", autoscaler);
	add(sets, &n, "copies", arena_print(arena, "%u", services));
	if (format->durations) {
		add(sets, &n, "engine.kind", "request");
		add(sets, &n, "engine.service_time", "0s");
		add(sets, &n, "engine.slots", "1000"); /* a pod takes what it is sent */
		add(sets, &n, "engine.token_time",
		    arena_print(arena, "%" PRId64 "ns", spec->token_ns));
	}
	return n;
}

bool pod_starts_run(const struct trace_spec *spec, const char *autoscaler, uint32_t tenants,
		    const struct scenario_set *sets, uint32_t n_sets, struct pod_starts *out,
		    struct arena *arena, struct err *err)
{
	struct scenario_set *all = ARENA_ARRAY(arena, struct scenario_set, n_sets + 48);
	const char *name = "scenarios/pod-starts.yaml";
	struct count count = { .sample_ns = -1 };
	const struct sink also = { .ctx = &count, .pod = on_pod, .series = on_series };
	struct run_job job = {
		.path = cli_data(name, arena), .sets = all, .variant = "", .also = &also
	};
	struct run run;
	bool ok;

	if (!job.path)
		return err_system(err, "cannot find %s: set SONDE_DATA to the folder that holds it",
				  name);
	*out = (struct pod_starts){ .autoscaler = autoscaler, .services = tenants ? tenants : 1 };
	job.n_sets = own_sets(spec, autoscaler, out->services, all, arena, err);
	if (n_sets)
		memcpy(all + job.n_sets, sets, n_sets * sizeof(*sets));
	job.n_sets += n_sets;
	ok = run_do(&run, &job, err);
	if (ok) {
		out->services = run.setup.services.n;
		figures(&count, &run, out);
		ok = !run.interrupted || err_system(err, "stopped before the trace was at its end");
		run_release(&run);
	}
	vec_release(&count.created);
	return ok;
}

void pod_starts_print(const struct pod_starts *starts, FILE *out)
{
	fprintf(out,
		"pod starts     %" PRIu64 " by %s for %" PRIu32
		" service%s, were they ready at once\n"
		"  per second   mean %.4g, at most %" PRIu64 " in 1 s, %.4g in 10 s, %.4g in 60 s\n"
		"  IDC          %.3g in 1 s, %.3g in 10 s, %.3g in 60 s\n"
		"  pods ready   mean %.4g, at most %.6g\n"
		"  requests     %" PRIu64 ", %" PRIu64 " waited for a pod\n",
		starts->started, starts->autoscaler, starts->services,
		starts->services == 1 ? "" : "s",
		starts->span_s > 0 ? (double)starts->started / starts->span_s : 0, starts->peak[0],
		(double)starts->peak[1] / 10, (double)starts->peak[2] / 60, starts->idc[0],
		starts->idc[1], starts->idc[2], starts->alive_mean, starts->alive_peak,
		starts->requests, starts->waited);
}

static void print_idc(const struct pod_starts *starts, int i, FILE *out)
{
	fprintf(out, ",\"peak_%ds\":%" PRIu64 ",\"idc_%ds\":", info_window_s[i], starts->peak[i],
		info_window_s[i]);
	if (isnan(starts->idc[i]))
		fputs("null", out);
	else
		fprintf(out, "%.17g", starts->idc[i]);
}

void pod_starts_print_json(const struct pod_starts *starts, FILE *out)
{
	fprintf(out,
		",\"pod_starts\":{\"autoscaler\":\"%s\",\"services\":%" PRIu32
		",\"started\":%" PRIu64 ",\"span_s\":%.17g,\"per_s\":%.17g",
		starts->autoscaler, starts->services, starts->started, starts->span_s,
		starts->span_s > 0 ? (double)starts->started / starts->span_s : 0);
	for (int i = 0; i < POD_STARTS_WINDOWS; i++)
		print_idc(starts, i, out);
	fprintf(out,
		",\"ready_mean\":%.17g,\"ready_max\":%.17g,\"requests\":%" PRIu64
		",\"waited\":%" PRIu64 "}",
		starts->alive_mean, starts->alive_peak, starts->requests, starts->waited);
}
