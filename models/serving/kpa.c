/* The windows are summed anew for each decision, oldest bucket first: 66 additions every two
 * seconds, and no drift.
 *
 * Missing data is not zero at the end of a window: after a silence of d periods the average is
 * taken over what remains of it.  A gap between two records is zero, and a silence as long as
 * the window starts it afresh. */
#include "models/serving/kpa.h"
#include "models/world.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SCALE_MAX 1e9		/* pods; keeps int32 conversions defined */
#define TARGET_MIN 0.01		/* source: target.go, autoscaling.TargetMin */
#define TOTAL_DEFAULT 100.0	/* source: container-concurrency-target-default */
#define DIGITS 1e6		/* source: bucketing.go, precision = 6 digits, rounded down */
#define SMOOTHING_MIN 0.2	/* source: bucketing.go, minExponent */
#define WEIGHT_PRECISION 0.9999 /* source: bucketing.go, weightPrecision */
#define ACTIVATORS_MIN 2	/* source: multiscaler.go, MinActivators */

static uint32_t periods_up(int64_t time, int64_t period)
{
	int64_t n = (time + period - 1) / period;

	return n < 1 ? 1 : (uint32_t)n;
}

static void window_init(struct kpa_window *window, double *bucket, uint32_t n)
{
	double smoothing = 1 - pow(1 - WEIGHT_PRECISION, 1.0 / n);

	*window = (struct kpa_window){ .bucket = bucket,
				       .n = n,
				       .smoothing = smoothing < SMOOTHING_MIN ? SMOOTHING_MIN
									      : smoothing };
}

void kpa_init(struct kpa *kpa, const struct kpa_config *config, int64_t concurrency, int32_t ready,
	      int64_t now)
{
	int64_t period = config->scrape_ns;
	/* Rounded to whole periods, at least one (config.go: rounded to the bucket size). */
	int64_t panic_ns = llround((double)config->stable_window_ns * config->panic_window_share /
				   (double)period) *
			   period;
	uint32_t stable_n = periods_up(config->stable_window_ns, period),
		 panic_n = periods_up(panic_ns, period);
	double total = concurrency ? (double)concurrency : TOTAL_DEFAULT;

	assert(period > 0 && config->tick_ns > 0 && config->stable_window_ns > 0 && now >= 0);
	if (config->target > 0)
		total = concurrency && config->target > total ? total : config->target;
	*kpa = (struct kpa){ .target = fmax(TARGET_MIN, total * config->utilization),
			     .total = total,
			     .target_burst_capacity = config->target_burst_capacity,
			     .panic_threshold = config->panic_threshold,
			     .up_rate = config->max_scale_up_rate,
			     .down_rate = config->max_scale_down_rate,
			     .activator_capacity = config->activator_capacity,
			     .period_ns = period,
			     .tick_ns = config->tick_ns,
			     .stable_ns = config->stable_window_ns,
			     .activation_scale = (int32_t)config->activation_scale,
			     .weighted = config->weighted,
			     .panic_since_ns = ready > 1 ? now : TIME_NEVER,
			     .panic_pods = ready,
			     .peaks = config->scale_down_delay_ns
					    ? periods_up(config->scale_down_delay_ns,
							 config->tick_ns)
					    : 0 };
	_Static_assert(sizeof(struct kpa_peak) % sizeof(double) == 0,
		       "peaks lie behind the buckets");
	kpa->memory =
		calloc(stable_n + panic_n + kpa->peaks * (sizeof(struct kpa_peak) / sizeof(double)),
		       sizeof(double));
	assert(kpa->memory);
	window_init(&kpa->stable, kpa->memory, stable_n);
	window_init(&kpa->panic, kpa->memory + stable_n, panic_n);
	kpa->peak = (struct kpa_peak *)(void *)(kpa->memory + stable_n + panic_n);
}

void kpa_release(struct kpa *kpa)
{
	free(kpa->memory);
	*kpa = (struct kpa){ 0 };
}

static double *window_bucket(const struct kpa_window *window, int64_t number)
{
	return &window->bucket[number % window->n];
}

static void window_record(struct kpa_window *window, int64_t number, double value)
{
	if (!window->any || number - window->last >= window->n) {
		memset(window->bucket, 0, window->n * sizeof(*window->bucket));
		window->first = window->last = number;
		window->any = true;
	} else if (number > window->last) {
		while (window->last < number)
			*window_bucket(window, ++window->last) = 0;
	} else if (number <= window->last - window->n) {
		return;
	} else if (number < window->first) {
		window->first = number;
	}
	*window_bucket(window, number) += value;
}

/* No record for longer than the window. */
static bool window_empty(const struct kpa_window *window, int64_t number)
{
	return !window->any || number - window->last > window->n;
}

/* The sum of the buckets that a window ending with `number` still covers, and how many they are. */
static double window_sum(const struct kpa_window *window, int64_t number, int64_t *count)
{
	int64_t first = (number > window->last ? number : window->last) - window->n + 1;
	double sum = 0;

	if (first < window->first)
		first = window->first;
	*count = window->last - first + 1;
	for (int64_t i = first; i <= window->last; i++)
		sum += *window_bucket(window, i);
	return sum;
}

static double window_linear(const struct kpa_window *window, int64_t number)
{
	int64_t count;
	double sum;

	if (window_empty(window, number))
		return 0;
	sum = window_sum(window, number, &count);
	return count < 1 ? 0 : floor(sum / (double)count * DIGITS) / DIGITS;
}

static double window_weighted(const struct kpa_window *window, int64_t number)
{
	double weight = window->smoothing, sum = 0;
	int64_t n = window->n;

	if (window_empty(window, number))
		return 0;
	if (number > window->last) {
		weight *= pow(1 - window->smoothing, (double)(number - window->last));
		n -= number - window->last;
	}
	for (int64_t i = 0; i < n && window->last - i >= window->first; i++) {
		sum += *window_bucket(window, window->last - i) * weight;
		weight *= 1 - window->smoothing;
	}
	return sum;
}

void kpa_record(struct kpa *kpa, int64_t at, double concurrency)
{
	assert(at >= 0 && concurrency >= 0);
	window_record(&kpa->stable, at / kpa->period_ns, concurrency);
	window_record(&kpa->panic, at / kpa->period_ns, concurrency);
}

bool kpa_warm(const struct kpa *kpa, int64_t now)
{
	int64_t count, number = now / kpa->period_ns;

	return !window_empty(&kpa->stable, number) && window_sum(&kpa->stable, number, &count) > 0;
}

int32_t kpa_activators(const struct kpa *kpa, int32_t ready)
{
	double room = ready * kpa->total, n;

	if (kpa->target_burst_capacity == 0)
		return ACTIVATORS_MIN;
	if (kpa->target_burst_capacity > 0)
		room += kpa->target_burst_capacity;
	n = ceil(room / kpa->activator_capacity);
	return n < ACTIVATORS_MIN ? ACTIVATORS_MIN : (int32_t)fmin(n, SCALE_MAX);
}

/* The largest count of the last `peaks` ticks, this one included; two decisions of one tick
 * count as their larger. */
static int32_t delayed(struct kpa *kpa, int64_t now, int32_t desired)
{
	int64_t tick = now / kpa->tick_ns;
	struct kpa_peak *last;

	while (kpa->peak_n &&
	       desired >= kpa->peak[(kpa->peak_first + kpa->peak_n - 1) % kpa->peaks].pods)
		kpa->peak_n--;
	while (kpa->peak_n && tick - kpa->peak[kpa->peak_first].tick >= kpa->peaks) {
		kpa->peak_n--;
		kpa->peak_first = (kpa->peak_first + 1) % kpa->peaks;
	}
	last = kpa->peak_n ? &kpa->peak[(kpa->peak_first + kpa->peak_n - 1) % kpa->peaks] : NULL;
	if (!last || last->tick != tick)
		kpa->peak[(kpa->peak_first + kpa->peak_n++) % kpa->peaks] =
			(struct kpa_peak){ .tick = tick, .pods = desired };
	assert(kpa->peak_n <= kpa->peaks);
	return kpa->peak[kpa->peak_first].pods;
}

/* ceil(value / target) within what the rates allow, and no less than the activation scale if
 * anything is wanted. */
static int32_t wanted(const struct kpa *kpa, double pods, double ready)
{
	double most = ceil(kpa->up_rate * ready), least = floor(ready / kpa->down_rate);
	int32_t n = (int32_t)fmin(fmin(fmax(pods, least), most), SCALE_MAX);

	return pods > 0 && kpa->activation_scale > n ? kpa->activation_scale : n;
}

static int32_t excess_burst(const struct kpa *kpa, int32_t ready, double panic_value)
{
	double excess = -1;

	if (kpa->target_burst_capacity == 0)
		excess = 0;
	else if (kpa->target_burst_capacity > 0)
		excess = floor(ready * kpa->total - kpa->target_burst_capacity - panic_value);
	return (int32_t)fmax(fmin(excess, SCALE_MAX), -SCALE_MAX);
}

struct kpa_decision kpa_scale(struct kpa *kpa, int64_t now, int32_t ready)
{
	double (*average)(const struct kpa_window *, int64_t) =
		kpa->weighted ? window_weighted : window_linear;
	int64_t number = now / kpa->period_ns;
	double pods = ready > 1 ? ready : 1, stable_pods, panic_pods;
	struct kpa_decision decision = { 0 };
	int32_t burst;

	assert(ready >= 0 && now >= 0);
	if (window_empty(&kpa->stable, number))
		return decision;
	decision.valid = true;
	decision.stable = average(&kpa->stable, number);
	decision.panic_value = average(&kpa->panic, number);
	stable_pods = ceil(decision.stable / kpa->target);
	panic_pods = ceil(decision.panic_value / kpa->target);
	decision.desired = wanted(kpa, stable_pods, pods);
	burst = wanted(kpa, panic_pods, pods);

	if (panic_pods / pods >= kpa->panic_threshold) {
		kpa->panic_since_ns = now;
	} else if (kpa->panic_since_ns != TIME_NEVER &&
		   kpa->panic_since_ns + kpa->stable_ns < now) {
		kpa->panic_since_ns = TIME_NEVER;
		kpa->panic_pods = 0;
	}
	decision.panic = kpa->panic_since_ns != TIME_NEVER;
	if (decision.panic) {
		if (burst > decision.desired)
			decision.desired = burst;
		if (decision.desired > kpa->panic_pods)
			kpa->panic_pods = decision.desired;
		decision.desired = kpa->panic_pods;
	}
	if (kpa->peaks)
		decision.desired = delayed(kpa, now, decision.desired);
	decision.ebc = excess_burst(kpa, ready, decision.panic_value);
	return decision;
}
