/* The autoscaler's rounds: metrics every scrape period, a decision every tick, both at a phase
 * of the service's own.
 *
 * A service ticks while there is something to see.  One without pods, requests, wishes and load
 * in its window would decide nothing: it sleeps until a request or a pod comes, and then falls
 * in with the ticks as if it never had. */
#include "models/serving/state.h"
#include <assert.h>
#include <math.h>

/* Knative's tickers start one by one as it meets the revisions: the phases are spread evenly
 * over the tick, by the golden section, service 0 at 0.  source: assumption */
#define GOLDEN 0.6180339887498949

/* The first phase + k * period after now. */
static int64_t aligned_after(int64_t phase, int64_t period, int64_t now)
{
	phase %= period;
	return now < phase ? phase : now - (now - phase) % period + period;
}

static void wake(struct revision *revision, int64_t now)
{
	const struct kpa_config *config = &revision->config->autoscaler;

	if (revision->awake)
		return;
	revision->awake = true;
	revision->scrape_ns = aligned_after(revision->phase_ns, config->scrape_ns, now);
	revision->tick_ns = aligned_after(revision->phase_ns, config->tick_ns, now);
	revision->period_ns = revision->scrape_ns - config->scrape_ns;
	if (revision->period_ns < 0)
		revision->period_ns = 0;
}

void scaling_init(struct revision *revision, uint32_t service)
{
	const struct service_config *config = revision->config;
	double turn = service * GOLDEN;

	per_request_init(&revision->per_request, config);
	revision->scaled = config->autoscaler.class == SCALE_KPA;
	if (!revision->scaled)
		return;
	revision->phase_ns = (int64_t)((turn - floor(turn)) * (double)config->autoscaler.tick_ns);
	kpa_init(&revision->kpa, &config->autoscaler, config->concurrency,
		 (int32_t)config->replicas, 0);
	scaler_init(&revision->scaler, &config->autoscaler, (int32_t)config->replicas,
		    revision->kpa.total, 0);
	revision->sent_desired = (int32_t)config->replicas;
	if (revision->scaler.status != SCALER_INACTIVE)
		wake(revision, 0);
}

void scaling_release(struct revision *revision)
{
	if (revision->scaled)
		kpa_release(&revision->kpa);
	per_request_release(&revision->per_request);
}

int64_t scaling_next(const struct revision *revision)
{
	int64_t next = TIME_NEVER;

	if (revision->per_request.on)
		return per_request_next(&revision->per_request, &revision->config->autoscaler);
	if (!revision->scaled || !revision->awake)
		return next;
	if (revision->scaler.desired != revision->sent_desired)
		return 0; /* at the start: the initial scale */
	next = revision->scrape_ns < revision->tick_ns ? revision->scrape_ns : revision->tick_ns;
	return revision->scaler.recheck_ns < next ? revision->scaler.recheck_ns : next;
}

static void reconcile(struct revision *revision, uint32_t service, int64_t now, struct outbox *out)
{
	int32_t ready = (int32_t)revision->seats.order.n, desired;
	struct msg *msg;

	scaler_reconcile(&revision->scaler, &revision->config->autoscaler, ready, now);
	desired = revision->scaler.desired;
	if (desired == revision->sent_desired)
		return;
	msg = outbox_add(out, MSG_SCALE, service);
	msg->scale.desired = desired;
	msg->scale.from = revision->sent_desired;
	msg->scale.ready = ready;
	msg->scale.panic = revision->scaler.panic;
	revision->sent_desired = desired;
}

static void decide(struct revision *revision, uint32_t service, int64_t now, struct outbox *out)
{
	struct kpa_decision decision =
		kpa_scale(&revision->kpa, now, (int32_t)revision->seats.order.n);

	scaler_wish(&revision->scaler, &decision);
	reconcile(revision, service, now, out);
}

/* A report of the activator; where the autoscaler wants no pods it decides at once. */
static void report(struct revision *revision, uint32_t service, int64_t now, double concurrency,
		   struct outbox *out)
{
	kpa_record(&revision->kpa, now, concurrency);
	if (concurrency > 0 && revision->scaler.wish == 0)
		decide(revision, service, now, out);
}

void scaling_request(struct serving *serving, uint32_t service, int64_t now, struct outbox *out)
{
	struct revision *revision = &serving->revision[service];
	struct activator *activator = &revision->activator;

	if (revision->per_request.on)
		per_request_waiting(&revision->per_request, revision->config, service,
				    activator->waiting, out);
	if (!revision->scaled)
		return;
	wake(revision, now);
	meter_step(&activator->meter, revision->period_ns, now, 1);
	if (activator->known)
		return;
	activator->known = true;
	activator->reported = 1;
	report(revision, service, now, 1, out);
}

void scaling_pods(struct serving *serving, uint32_t service, int64_t now, struct outbox *out)
{
	struct revision *revision = &serving->revision[service];

	if (!revision->scaled)
		return;
	wake(revision, now);
	reconcile(revision, service, now, out);
}

/* Pods of a service that have been up for a stable window: they come first in the order by age. */
static uint32_t pods_old(const struct serving *serving, const struct revision *revision,
			 int64_t now)
{
	const struct seats *seats = &revision->seats;
	int64_t before = now - revision->config->autoscaler.stable_window_ns;
	uint32_t low = 0, high = seats->order.n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (serving->pod.at[seats->seat.at[seats->order.at[mid]].pod].up_ns <= before)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The sum of the averages of `want` distinct pods out of ranks [first, first + n). */
static double ask(struct serving *serving, struct revision *revision, uint32_t first, uint32_t n,
		  uint32_t want, int64_t now)
{
	const struct seats *seats = &revision->seats;
	uint32_t asked[METRICS_SAMPLE_MAX];
	double sum = 0;

	assert(want <= n && (want == n || want <= METRICS_SAMPLE_MAX));
	/* Floyd's sample: the i-th draw is from the first n - want + i + 1, or that last one if it
	 * was drawn already. */
	for (uint32_t i = 0; i < want; i++) {
		uint32_t last = n - want + i, rank = last;

		if (want < n) {
			rank = rng_below(&revision->scrape_rng, last + 1);
			for (uint32_t j = 0; j < i; j++)
				if (asked[j] == rank)
					rank = last;
			asked[i] = rank;
		}
		sum += meter_mean(
			&serving->pod.at[seats->seat.at[seats->order.at[first + rank]].pod].direct,
			revision->period_ns, now);
	}
	return sum;
}

/* One period's metrics: what the activator holds, and what a sample of the pods says came past
 * it. */
static void scrape(struct serving *serving, uint32_t service, int64_t now, struct outbox *out)
{
	struct revision *revision = &serving->revision[service];
	struct activator *activator = &revision->activator;
	uint32_t ready = revision->seats.order.n, want = metrics_sample(ready), old, old_want;

	if (now == revision->period_ns)
		return;
	/* Old pods are asked first: the young ones' averages say little. */
	if (ready) {
		old = pods_old(serving, revision, now);
		old_want = want < old ? want : old;
		kpa_record(&revision->kpa, now,
			   (ask(serving, revision, 0, old, old_want, now) +
			    ask(serving, revision, old, ready - old, want - old_want, now)) /
				   want * ready);
	}
	if (activator->known) {
		double mean = meter_mean(&activator->meter, revision->period_ns, now);
		double more = mean > activator->reported ? mean - activator->reported : 0;

		activator->known = mean > 0 || activator->meter.count;
		activator->reported = 0;
		if (activator->known)
			report(revision, service, now, more, out);
	}
	revision->period_ns = now;
}

/* Pods that have been idle for long enough get no more requests and end. */
static void end_idle(struct revision *revision, uint32_t service, int64_t now, struct outbox *out)
{
	const struct kpa_config *config = &revision->config->autoscaler;
	uint32_t seat;

	while ((seat = per_request_due(&revision->per_request, config, now)) != NONE) {
		activator_close(&revision->activator, seat);
		per_request_end(&revision->per_request, service, revision->seats.seat.at[seat].pod,
				out);
	}
}

static bool idle(const struct revision *revision, int64_t now)
{
	return !revision->seats.order.n && !revision->in_flight && !revision->activator.known &&
	       revision->scaler.status == SCALER_INACTIVE && !revision->scaler.wish &&
	       !revision->scaler.desired && !kpa_warm(&revision->kpa, now);
}

void scaling_run(struct serving *serving, uint32_t service, int64_t now, struct outbox *out)
{
	struct revision *revision = &serving->revision[service];
	const struct kpa_config *config = &revision->config->autoscaler;

	if (revision->per_request.on)
		end_idle(revision, service, now, out);
	if (!revision->scaled || !revision->awake)
		return;
	if (revision->scrape_ns <= now) {
		scrape(serving, service, now, out);
		revision->scrape_ns = aligned_after(revision->phase_ns, config->scrape_ns, now);
	}
	if (revision->tick_ns <= now) {
		decide(revision, service, now, out);
		revision->tick_ns = aligned_after(revision->phase_ns, config->tick_ns, now);
	} else if (revision->scaler.recheck_ns <= now ||
		   revision->scaler.desired != revision->sent_desired) {
		reconcile(revision, service, now, out);
	}
	if (idle(revision, now))
		revision->awake = false;
}
