/* One request costs some ten adds into flat rows of its service: histograms are made at their first
 * value, parts that are zero (most are) are not touched but counted at the end, and the total is
 * the sum of the services, made once. */
#include "results/collect.h"
#include "results/mem.h"
#include <assert.h>
#include <stdio.h>

static struct hist *hist_make(void)
{
	return mem_zero(1, sizeof(struct hist));
}

static inline void note(struct service_stats *stats, uint32_t quantity, int64_t value, uint64_t n)
{
	if (__builtin_expect(!stats->hist[quantity], 0))
		stats->hist[quantity] = hist_make();
	hist_add(stats->hist[quantity], value, n);
}

void collect_init(struct collect *collect, uint32_t services, const char *const *name,
		  const struct slo *slo, int64_t warmup_ns)
{
	*collect = (struct collect){ .services = services, .name = name, .warmup_ns = warmup_ns };
	collect->at = mem_zero(services + 2, sizeof(*collect->at));
	for (uint32_t s = 0; s < services; s++) {
		assert(name[s] && *name[s]);
		if (slo)
			collect->at[s].slo = slo[s];
	}
}

void collect_release(struct collect *collect)
{
	for (uint32_t s = 0; s < collect->services + 2; s++)
		for (uint32_t q = 0; q < QUANTITIES; q++) {
			if (!collect->at[s].hist[q])
				continue;
			hist_release(collect->at[s].hist[q]);
			free(collect->at[s].hist[q]);
		}
	free(collect->at);
	vec_release(&collect->series);
	vec_release(&collect->scale);
	vec_release(&collect->events);
	vec_release(&collect->pods);
	vec_release(&collect->decisions);
	*collect = (struct collect){ 0 };
}

/* Rounded to the nearest ns. */
static int64_t tpot(int64_t decode_ns, uint32_t tokens)
{
	return (decode_ns + (tokens - 1) / 2) / (tokens - 1);
}

static void measure(struct service_stats *stats, const struct request_record *r)
{
	const struct slo *slo = &stats->slo;
	int64_t e2e = r->end_ns - r->arrival_ns, ttft = r->first_token_ns - r->arrival_ns,
		queue = 0, sum;
	bool good = !slo->e2e_ns || e2e <= slo->e2e_ns;

	for (uint32_t p = 0; p <= PART_BATCH_WAIT; p++)
		queue += r->part_ns[p];
	sum = queue;
	for (uint32_t p = PART_BATCH_WAIT + 1; p < PARTS; p++)
		sum += r->part_ns[p];
	assert(sum == e2e && e2e >= 0);
	for (uint32_t p = 0; p < PARTS; p++)
		if (r->part_ns[p])
			note(stats, Q_PART + p, r->part_ns[p], 1);
	note(stats, Q_E2E, e2e, 1);
	note(stats, Q_QUEUE, queue, 1);
	if (r->first_token_ns >= 0) {
		assert(ttft >= 0 && ttft <= e2e);
		note(stats, Q_TTFT, ttft, 1);
		good &= !slo->ttft_ns || ttft <= slo->ttft_ns;
		if (r->output_tokens > 1) {
			int64_t per_token = tpot(e2e - ttft, r->output_tokens);

			note(stats, Q_TPOT, per_token, 1);
			good &= !slo->tpot_ns || per_token <= slo->tpot_ns;
		}
	}
	stats->measured++;
	stats->good += good;
	stats->input_tokens += r->input_tokens;
	stats->output_tokens += r->output_tokens;
}

static void on_request(void *ctx, const struct request_record *r)
{
	struct collect *collect = ctx;
	struct service_stats *stats = &collect->at[r->service];

	assert(r->service < collect->services && r->outcome < OUTCOMES && !collect->finished);
	stats->outcome[r->outcome]++;
	stats->cold += r->cold;
	stats->preemptions += r->preemptions;
	if (r->arrival_ns >= collect->warmup_ns) {
		stats->measured_arrived++;
		if (r->outcome == OUT_COMPLETED)
			measure(stats, r);
	}
	if (collect->also && collect->also->request)
		collect->also->request(collect->also->ctx, r);
}

static void on_gap(void *ctx, uint32_t service, int64_t gap_ns, uint64_t n)
{
	struct collect *collect = ctx;

	assert(service < collect->services && gap_ns >= 0 && !collect->finished);
	if (n)
		note(&collect->at[service], Q_ITL, gap_ns, n);
	if (collect->also && collect->also->gap)
		collect->also->gap(collect->also->ctx, service, gap_ns, n);
}

/* A phase starts where the one reached before it ended; the first one in which the pod itself takes
 * part is CONTROL, from the moment it was wanted. */
static void measure_phases(struct service_stats *stats, const struct pod_record *pod)
{
	int64_t last = pod->wanted_ns;

	for (uint32_t p = PHASE_CONTROL; p < PHASES; p++) {
		int64_t end = pod->phase_end_ns[p];

		if (end < 0)
			continue;
		assert(end >= last);
		note(stats, Q_PHASE + p, end - last, 1);
		last = end;
	}
	note(stats, Q_COLD_START, last - pod->wanted_ns, 1);
}

static void on_pod(void *ctx, const struct pod_record *pod)
{
	struct collect *collect = ctx;
	struct service_stats *stats;

	/* Pods of plain workloads have no service: their row lies behind the services. */
	stats = &collect->at[pod->service < collect->services ? pod->service : collect->services];
	assert(pod->end < POD_ENDS && !collect->finished);
	if (pod->wanted_ns >= collect->warmup_ns) {
		stats->pod_end[pod->end]++;
		stats->probes += pod->probes;
		stats->migrations += pod->migrations;
		/* What the end of the run cut off says nothing about how long it takes. */
		if (pod->bound_ns >= 0 && pod->end != POD_PENDING) {
			assert(pod->bound_ns >= pod->created_ns);
			note(stats, Q_SCHEDULING_DELAY, pod->bound_ns - pod->created_ns, 1);
		}
		if (pod->end == POD_READY)
			measure_phases(stats, pod);
	}
	if (collect->keep_pods) {
		if (collect->pods.n < COLLECT_PODS_MAX)
			vec_push(&collect->pods, *pod);
		else
			collect->pods_lost++;
	}
	if (collect->also && collect->also->pod)
		collect->also->pod(collect->also->ctx, pod);
}

static void on_scale(void *ctx, const struct scale_record *record)
{
	struct collect *collect = ctx;

	assert(record->service < collect->services && !collect->finished);
	collect->at[record->service].scale_decisions++;
	if (collect->scale.n < COLLECT_SCALE_MAX)
		vec_push(&collect->scale, *record);
	else
		collect->scale_lost++;
	if (collect->also && collect->also->scale)
		collect->also->scale(collect->also->ctx, record);
}

static void on_series(void *ctx, const struct series_record *record)
{
	struct collect *collect = ctx;

	assert(record->service < collect->services && !collect->finished);
	if (collect->series.n < COLLECT_SERIES_MAX)
		vec_push(&collect->series, *record);
	else
		collect->series_lost++;
	if (collect->also && collect->also->series)
		collect->also->series(collect->also->ctx, record);
}

/* Only what rested on something has an age: a search, and whom the cache said to ask or not. */
static bool rested(const struct decision_record *record)
{
	return record->kind == DECISION_SEARCHED ||
	       ((record->kind == DECISION_ASKED || record->kind == DECISION_SKIPPED) &&
		record->info_age_ns >= 0);
}

static void on_decision(void *ctx, const struct decision_record *record)
{
	struct collect *collect = ctx;
	struct service_stats *stats;

	assert(!collect->finished);
	assert(record->service < collect->services || record->service == UINT32_MAX);
	stats = &collect->at[record->service < collect->services ? record->service
								 : collect->services];
	stats->decisions += record->kind == DECISION_SEARCHED;
	if (rested(record))
		note(stats, Q_INFO_AGE, record->info_age_ns, 1);
	if (collect->keep_decisions) {
		if (collect->decisions.n < COLLECT_DECISIONS_MAX)
			vec_push(&collect->decisions, *record);
		else
			collect->decisions_lost++;
	}
	if (collect->also && collect->also->decision)
		collect->also->decision(collect->also->ctx, record);
}

static void on_event(void *ctx, const struct event_record *record)
{
	struct collect *collect = ctx;

	assert(!collect->finished);
	if (collect->events.n < COLLECT_EVENTS_MAX)
		vec_push(&collect->events, *record);
	if (collect->also && collect->also->event)
		collect->also->event(collect->also->ctx, record);
}

/* Of a job that was not done it is not known how long it takes. */
static void on_job(void *ctx, const struct job_record *record)
{
	struct collect *collect = ctx;

	assert(!collect->finished && record->end_ns >= record->arrival_ns);
	if (record->arrival_ns >= collect->warmup_ns && !record->failed)
		note(&collect->at[collect->services], Q_JOB, record->end_ns - record->arrival_ns,
		     1);
	if (collect->also && collect->also->job)
		collect->also->job(collect->also->ctx, record);
}

struct sink collect_sink(struct collect *collect)
{
	return (struct sink){ .ctx = collect,
			      .request = on_request,
			      .gap = on_gap,
			      .pod = on_pod,
			      .scale = on_scale,
			      .series = on_series,
			      .decision = on_decision,
			      .event = on_event,
			      .job = on_job };
}

static void add(struct service_stats *to, const struct service_stats *from)
{
	for (uint32_t o = 0; o < OUTCOMES; o++)
		to->outcome[o] += from->outcome[o];
	for (uint32_t e = 0; e < POD_ENDS; e++)
		to->pod_end[e] += from->pod_end[e];
	to->cold += from->cold;
	to->preemptions += from->preemptions;
	to->measured_arrived += from->measured_arrived;
	to->measured += from->measured;
	to->good += from->good;
	to->input_tokens += from->input_tokens;
	to->output_tokens += from->output_tokens;
	to->probes += from->probes;
	to->migrations += from->migrations;
	to->scale_decisions += from->scale_decisions;
	to->decisions += from->decisions;
	for (uint32_t q = 0; q < QUANTITIES; q++) {
		if (!from->hist[q])
			continue;
		if (!to->hist[q])
			to->hist[q] = hist_make();
		hist_merge(to->hist[q], from->hist[q]);
	}
}

static void count_zero_parts(struct service_stats *stats)
{
	for (uint32_t p = 0; p < PARTS; p++) {
		struct hist *hist = stats->hist[Q_PART + p];

		if (hist && hist->count < stats->measured)
			hist_add(hist, 0, stats->measured - hist->count);
	}
}

void collect_finish(struct collect *collect)
{
	struct service_stats *total = &collect->at[collect->services + 1];

	if (collect->finished)
		return;
	for (uint32_t s = 0; s <= collect->services; s++)
		add(total, &collect->at[s]);
	/* After the sum: services whose part is zero throughout have no histogram to add. */
	for (uint32_t s = 0; s < collect->services + 2; s++)
		count_zero_parts(&collect->at[s]);
	collect->finished = true;
}

void collect_merge(struct collect *collect, const struct collect *other)
{
	assert(collect->finished && other->finished && collect->services == other->services);
	for (uint32_t s = 0; s < collect->services + 2; s++) {
		add(&collect->at[s], &other->at[s]);
		count_zero_parts(&collect->at[s]);
	}
}

const struct service_stats *collect_stats(const struct collect *collect, uint32_t s)
{
	assert(s <= collect->services && collect->finished);
	return &collect->at[s < collect->services ? s : collect->services + 1];
}

const struct hist *collect_hist(const struct service_stats *stats, uint32_t quantity)
{
	static const struct hist empty;

	assert(quantity < QUANTITIES);
	return stats->hist[quantity] ? stats->hist[quantity] : &empty;
}

double collect_part_mean(const struct service_stats *stats, enum part part)
{
	const struct hist *hist = stats->hist[Q_PART + part];

	assert(part < PARTS);
	return hist ? hist_mean(hist) : 0;
}

const char *quantity_name(uint32_t quantity)
{
	static const char *const plain[Q_PHASE] = {
		"ttft_s",	"tpot_s",     "itl_s", "e2e_s", "queue_s", "scheduling_delay_s",
		"cold_start_s", "info_age_s", "job_s"
	};
	static char names[QUANTITIES - Q_PHASE][40];
	uint32_t made; /* which of those that are put together */

	if (quantity < Q_PHASE)
		return plain[quantity];
	made = quantity - Q_PHASE;
	assert(made < QUANTITIES - Q_PHASE);
	if (!names[made][0] && quantity < Q_PART)
		snprintf(names[made], sizeof(names[0]), "phase.%s_s", phase_name(made));
	else if (!names[made][0])
		snprintf(names[made], sizeof(names[0]), "part.%s_s", part_name(quantity - Q_PART));
	return names[made];
}
