/* One run: its requests in, its records to whoever listens, its result. */
#include "cli/runner.h"
#include "base/progress.h"
#include "cli/cli.h"
#include "emu/local.h"
#include "traces/bootstrap.h"
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* What listens to a run in progress. */
struct listener {
	struct collect *collect;
	struct sink to;
	struct requests_csv *csv;
	struct oracle_meter *meter;
};

struct feed {
	struct trace *trace;
	struct err *err;
	uint64_t n;
};

static int next_arrival(void *ctx, struct arrival *row)
{
	struct feed *feed = ctx;
	struct trace_row trace;
	int got = trace_next(feed->trace, &trace, feed->err);

	if (got <= 0)
		return got;
	*row = (struct arrival){ trace.arrival_ns, feed->n++,	       trace.session,
				 trace.service,	   trace.input_tokens, trace.output_tokens };
	return 1;
}

static void on_request(void *ctx, const struct request_record *record)
{
	struct listener *listener = ctx;

	listener->to.request(listener->to.ctx, record);
	if (listener->csv)
		requests_csv_add(listener->csv, record);
	if (listener->meter)
		oracle_meter_request(listener->meter, record);
}

static void on_pod(void *ctx, const struct pod_record *record)
{
	struct listener *listener = ctx;

	listener->to.pod(listener->to.ctx, record);
	if (listener->meter)
		oracle_meter_pod(listener->meter, record);
}

static void on_gap(void *ctx, uint32_t service, int64_t gap_ns, uint64_t n)
{
	struct listener *listener = ctx;

	listener->to.gap(listener->to.ctx, service, gap_ns, n);
}

static void on_scale(void *ctx, const struct scale_record *record)
{
	struct listener *listener = ctx;

	listener->to.scale(listener->to.ctx, record);
}

static void on_series(void *ctx, const struct series_record *record)
{
	struct listener *listener = ctx;

	listener->to.series(listener->to.ctx, record);
}

static void on_decision(void *ctx, const struct decision_record *record)
{
	struct listener *listener = ctx;

	listener->to.decision(listener->to.ctx, record);
}

static void on_event(void *ctx, const struct event_record *record)
{
	struct listener *listener = ctx;

	listener->to.event(listener->to.ctx, record);
}

static void on_job(void *ctx, const struct job_record *record)
{
	struct listener *listener = ctx;

	listener->to.job(listener->to.ctx, record);
	if (listener->meter)
		oracle_meter_job(listener->meter, record);
}

static double wall_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void show(void *ctx, double done)
{
	progress_show(ctx, done);
}

/* How many requests, or plain pods, are to come, where that is known. */
static double expected(const struct setup *setup)
{
	const struct synth_config *synth = setup->workload.at;
	double sum = 0;

	if (setup->n_reads)
		return 0;
	if (!setup->workload.n)
		return (double)setup->pods.count;
	for (uint32_t i = 0; i < setup->workload.n; i++) {
		if (!synth[i].requests)
			return 0;
		sum += (double)synth[i].requests;
	}
	return sum;
}

static void add_extra(struct run *run, const char *name, uint64_t value)
{
	run->extra[run->result.extras++] = (struct extra){ name, "count", (double)value };
}

/* What events did and what users tried, where the scenario has any. */
static void fill_extra(struct run *run, const struct world_totals *totals)
{
	run->result.extra = run->extra;
	if (run->setup.events.n) {
		add_extra(run, "events", totals->faults.events);
		add_extra(run, "nodes_lost", totals->faults.nodes_lost);
		add_extra(run, "pods_lost", totals->faults.pods_lost);
		add_extra(run, "requests_lost", totals->faults.requests_lost);
		add_extra(run, "functions_lost", totals->faults.functions_lost);
		add_extra(run, "api_refused", totals->api_refused);
		add_extra(run, "upgrades", totals->faults.upgrades);
	}
	if (run->setup.users.retries) {
		add_extra(run, "retries", totals->users.retries);
		add_extra(run, "gave_up", totals->users.gave_up);
	}
}

static void fill_result(struct run *run, const struct run_job *job, struct world *world,
			double wall, struct oracle_meter *meter)
{
	struct world_totals totals = world_totals(world);
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	run->result =
		(struct run_result){ .scenario = run->setup.name,
				     .scenario_text = run->setup.loaded.text,
				     .parameters = run->setup.effective,
				     .variant = job->variant,
				     .version = SONDE_VERSION,
				     .status = run->interrupted ? "interrupted" : NULL,
				     .seed = (uint64_t)run->setup.seed,
				     .world = job->speed > 0 ? WORLD_EMU : WORLD_SIM,
				     .axis = job->axis,
				     .axes = job->axes,
				     .simulated_ns = totals.now_ns,
				     .collect = &run->collect,
				     .control = *world_control(world),
				     .brief = !run->setup.details,
				     .gpu_held_s = (double)totals.gpu_held_ns / 1e9,
				     .gpu_busy_s = (double)totals.gpu_busy_ns / 1e9,
				     .simulator = { .events = totals.events,
						    .wall_s = wall,
						    .peak_rss_bytes =
							    (uint64_t)usage.ru_maxrss * 1024 } };
	fill_extra(run, &totals);
	if (meter) {
		oracle_meter_pods(meter, (double)totals.gpu_held_ns / (double)totals.now_ns);
		run->result.oracles = oracle_meter_read(meter, run->oracle);
		run->result.oracle = run->oracle;
	}
}

/* Makes the world, runs it and closes it. */
static bool run_world(struct run *run, const struct run_job *job, struct feed *feed,
		      const struct sink *sink, struct oracle_meter *meter, struct err *err)
{
	struct tape_hook hook = { 0 };
	struct workload workload = { feed->trace ? feed : NULL, feed->trace ? next_arrival : NULL };
	struct progress progress;
	double start = wall_s();
	struct world *world;
	bool ok;

	if (job->tape) {
		tape_run(job->tape, run->setup.effective);
		hook = tape_hook(job->tape);
	}
	progress_start(&progress, feed->trace ? "requests" : "pods", expected(&run->setup),
		       job->quiet);
	if (job->speed > 0 && run->setup.events.n && !job->quiet)
		fputs("sonde: events: a node that goes down kills its replicas' processes; control "
		      "functions, API server, links, stores and boots are simulated\n",
		      stderr);
	if (job->speed > 0) {
		ok = emu_local(&run->setup.world, &workload, sink, job->tape ? &hook : NULL,
			       job->speed, &cli_stop, show, &progress, &world, err);
	} else {
		world = world_new(&run->setup.world, &workload, sink, job->tape ? &hook : NULL,
				  NULL);
		ok = world_run(world, &cli_stop, show, &progress);
	}
	progress_end(&progress);
	if (!world)
		return false;
	if (ok) {
		run->interrupted = cli_stop != 0;
		world_close(world);
		collect_finish(&run->collect);
		fill_result(run, job, world, wall_s() - start, meter);
	}
	world_free(world);
	return ok;
}

static void listen(struct run *run, const struct run_job *job, struct listener *listener,
		   struct sink *sink)
{
	collect_init(&run->collect, run->setup.services.n, run->setup.service_names,
		     run->setup.slos, run->setup.warmup_ns);
	run->collect.keep_pods = run->collect.keep_decisions = job->store != NULL;
	run->collect.also = job->also;
	*listener =
		(struct listener){ .collect = &run->collect, .to = collect_sink(&run->collect) };
	*sink = (struct sink){ listener,  on_request,  on_gap,	 on_pod, on_scale,
			       on_series, on_decision, on_event, on_job };
	if (job->csv) {
		requests_csv_run(job->csv, run->setup.service_names, run->setup.services.n,
				 job->variant, (uint64_t)run->setup.seed);
		listener->csv = job->csv;
	}
	if (run->setup.oracle.kind != ORACLE_NONE)
		listener->meter = oracle_meter_new(&run->setup.oracle);
}

/* The requests of this replication. */
static bool open_requests(struct run *run, const struct run_job *job, struct feed *feed,
			  struct err *err)
{
	feed->err = err;
	feed->trace = setup_requests(&run->setup, err);
	if (feed->trace && job->block_ns && job->replication && setup_can_resample(&run->setup))
		feed->trace = bootstrap_open(feed->trace, job->block_ns, (uint64_t)run->setup.seed,
					     job->replication, err);
	return feed->trace || !err->text[0];
}

bool run_do(struct run *run, const struct run_job *job, struct err *err)
{
	struct feed feed = { 0 };
	struct listener listener;
	struct sink sink;
	bool ok;

	memset(run, 0, sizeof(*run));
	if (!setup_read(&run->setup, job->path, job->sets, job->n_sets, job->replication, err))
		return false;
	if (!open_requests(run, job, &feed, err)) {
		setup_release(&run->setup);
		return false;
	}
	listen(run, job, &listener, &sink);
	ok = run_world(run, job, &feed, &sink, listener.meter, err);
	trace_close(feed.trace);
	oracle_meter_free(listener.meter);
	ok = ok && (!job->store || store_put(job->store, &run->result, NULL, err));
	if (!ok)
		run_release(run);
	return ok;
}

void run_release(struct run *run)
{
	collect_release(&run->collect);
	setup_release(&run->setup);
}
