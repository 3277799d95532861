/* Records drawn from a stream per request, so that any one of them can be drawn again by itself. */
#include "tests/fake_run.h"
#include "base/rng.h"
#include <assert.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const fake_names[FAKE_SERVICES_MAX] = { "chat",   "code", "search, \"big\"",
						    "vision", "a",    "b",
						    "c",      "d" };

static const struct axis fake_axis[] = { { "rate", "10/s", 10 } };
static const struct oracle fake_oracle[] = { { "mean wait in queue, M/M/1", "s", 0.05, 0.051, 0.002,
					       0 } };
static const struct extra fake_extra[] = { { "kv_moved_bytes", "bytes", 123456789 } };

static int64_t draw(struct rng *rng, double mean_ns, double slowness)
{
	return (int64_t)(rng_exp(rng) * mean_ns * slowness);
}

struct request_record fake_request(const struct fake_options *options, uint64_t i)
{
	struct rng traffic = rng_stream(options->seed, "traffic", i);
	struct rng rng = rng_stream(options->seed, options->variant, i);
	struct request_record r = { .id = i, .first_token_ns = -1 };
	double slow = options->slowness;
	int64_t first = 0;

	r.service = rng_below(&traffic, options->services);
	r.arrival_ns = (int64_t)i * 10000000 + (int64_t)rng_below(&traffic, 10000000);
	r.input_tokens = 1 + rng_below(&traffic, 2000);
	r.output_tokens = 1 + rng_below(&traffic, 300);
	r.cold = rng_unit(&traffic) < 0.02;
	r.outcome = rng_unit(&rng) < 0.97 ? OUT_COMPLETED : 1 + rng_below(&rng, OUTCOMES - 1);
	r.preemptions = rng_below(&rng, 50) == 0;
	if (r.cold) {
		r.part_ns[PART_COLD_START + PHASE_WEIGHTS] = draw(&rng, 8e9, slow);
		r.part_ns[PART_COLD_START + PHASE_INIT] = draw(&rng, 12e9, slow);
	}
	r.part_ns[PART_NETWORK] = 500000;
	r.part_ns[PART_BATCH_WAIT] = draw(&rng, 20e6, slow);
	r.part_ns[PART_PREFILL] = 1000 * r.input_tokens + draw(&rng, 40e6, slow);
	for (int p = 0; p < PARTS; p++)
		first += r.part_ns[p];
	if (r.outcome == OUT_COMPLETED) {
		r.first_token_ns = r.arrival_ns + first;
		r.part_ns[PART_DECODE] = (r.output_tokens - 1) * (20000000 + draw(&rng, 2e6, slow));
	}
	r.end_ns = r.arrival_ns + first + r.part_ns[PART_DECODE];
	return r;
}

static struct pod_record fake_pod(const struct fake_options *options, uint64_t i)
{
	struct rng rng = rng_stream(options->seed, options->variant, 1000000000 + i);
	const uint32_t services = options->services ? options->services : 1;
	static const double mean_ns[PHASES] = { 0,   2e8,  0,	 3e8, 1.2e9, 9e9,
						4e8, 11e9, 14e9, 1e9, 1e8 };
	struct pod_record pod = { .id = i, .service = (uint32_t)(i % services), .node = 3 };
	int64_t at = (int64_t)i * 1000000000;

	pod.wanted_ns = at;
	pod.end = rng_below(&rng, 20) ? POD_READY : POD_CANCELLED;
	pod.probes = rng_below(&rng, 4);
	pod.attempts = 1;
	pod.created_ns = pod.bound_ns = -1;
	for (int p = 0; p < PHASES; p++) {
		pod.phase_end_ns[p] = -1;
		if (p == PHASE_PROVISION || (p > PHASE_SCHEDULING && pod.end != POD_READY))
			continue;
		at += draw(&rng, mean_ns[p], options->slowness);
		pod.phase_end_ns[p] = at;
		if (p == PHASE_CONTROL)
			pod.created_ns = at;
		if (p == PHASE_SCHEDULING)
			pod.bound_ns = at;
	}
	return pod;
}

static void feed_state(const struct sink *sink, const struct fake_options *options, int64_t end_ns)
{
	struct rng rng = rng_stream(options->seed, options->variant, 2000000000);
	int32_t ready[FAKE_SERVICES_MAX] = { 0 };

	for (int64_t at = 0; at <= end_ns; at += 1000000000) {
		for (uint32_t s = 0; s < options->services; s++) {
			double wave = at % 60000000000 < 20000000000 ? 3 : 1;
			int32_t want = (int32_t)(2 * wave * options->slowness);
			struct series_record row = {
				.at_ns = at,
				.service = s,
				.arrivals = (uint32_t)(wave * 20) + rng_below(&rng, 10),
				.completions = 20,
				.desired = (uint32_t)want,
				.waiting = rng_below(&rng, (uint32_t)(10 * options->slowness)),
			};

			if (want > ready[s] && rng_below(&rng, 5) == 0)
				ready[s]++;
			if (want < ready[s] && rng_below(&rng, 5) == 0)
				ready[s]--;
			row.ready = (uint32_t)ready[s];
			if (at % 60000000000 == 0 || at % 60000000000 == 20000000000)
				sink->scale(sink->ctx, &(struct scale_record){ .at_ns = at,
									       .service = s,
									       .from = ready[s],
									       .to = want,
									       .ready = ready[s],
									       .panic = wave > 1 });
			sink->series(sink->ctx, &row);
		}
	}
}

void fake_run_make(struct fake_run *fake, const struct fake_options *options)
{
	struct rng rng = rng_stream(options->seed, options->variant, 3000000000);
	struct sink sink;
	int64_t end_ns = 0;

	for (uint32_t s = 0; s < options->services; s++)
		fake->slo[s] = (struct slo){ .ttft_ns = 200000000, .tpot_ns = 25000000 };
	collect_init(&fake->collect, options->services, fake_names, fake->slo, options->warmup_ns);
	fake->collect.also = options->also;
	fake->collect.keep_pods = fake->collect.keep_decisions = true;
	fake->result = (struct run_result){
		.scenario = "burst",
		.scenario_text = "# A burst & its <cure>\nservices:\n  - name: chat\n",
		.parameters = "services.chat.engine.block_tokens=16\nseed=1\n",
		.variant = options->variant,
		.version = "0.1.0",
		.seed = options->seed,
		.world = options->world,
		.axis = fake_axis,
		.axes = 1,
		.collect = &fake->collect,
		.oracle = fake_oracle,
		.oracles = 1,
		.extra = fake_extra,
		.extras = 1,
		.gpu_held_s = 7200,
		.gpu_busy_s = 5400,
		.control = { .decisions = 1000,
			     .placements = 900,
			     .probes = 1234,
			     .migrations = 5,
			     .core_ns = 7200000000000,
			     .idle_core_ns = 3600000000000 },
		.simulator = { .events = 1000000, .wall_s = 0.5, .peak_rss_bytes = 64 << 20 },
	};
	sink = collect_sink(&fake->collect);
	for (uint64_t i = 0; i < options->requests; i++) {
		struct request_record r = fake_request(options, i);

		sink.request(sink.ctx, &r);
		end_ns = r.end_ns > end_ns ? r.end_ns : end_ns;
		if (r.outcome == OUT_COMPLETED && r.output_tokens > 1)
			sink.gap(sink.ctx, r.service,
				 r.part_ns[PART_DECODE] / (r.output_tokens - 1),
				 r.output_tokens - 1);
	}
	for (uint64_t i = 0; i < options->pods; i++) {
		struct pod_record pod = fake_pod(options, i);

		sink.pod(sink.ctx, &pod);
		sink.decision(sink.ctx, &(struct decision_record){
						.at_ns = pod.created_ns,
						.began_ns = pod.created_ns,
						.kind = DECISION_SEARCHED,
						.service = pod.service,
						.other = UINT32_MAX,
						.known = -1,
						.pod = i,
						.node = 3,
						.examined = 10,
						.info_age_ns = (int64_t)rng_below(&rng, 1000000) });
	}
	feed_state(&sink, options, end_ns);
	fake->result.simulated_ns = fake->now_ns = end_ns;
	collect_finish(&fake->collect);
}

void fake_run_release(struct fake_run *fake)
{
	collect_release(&fake->collect);
}

static char folder[64];

const char *fake_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/sonde-test-XXXXXX");
	return mkdtemp(folder);
}

const char *fake_path(const char *name)
{
	static char path[8][256];
	static int which;

	which = (which + 1) % 8;
	snprintf(path[which], sizeof(path[which]), "%s/%s", folder, name);
	return path[which];
}

int fake_files(void)
{
	DIR *dir = opendir(folder);
	int n = 0;

	assert(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2; /* . and .. */
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void fake_folder_remove(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

char *fake_read(const char *path)
{
	char *text = NULL, part[4096];
	FILE *file = fopen(path, "r");
	size_t bytes, n;
	FILE *memory = open_memstream(&text, &bytes);

	assert(file && memory);
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		fwrite(part, 1, n, memory);
	fclose(file);
	fclose(memory);
	return text;
}
