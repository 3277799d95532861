/* The event engine against its yardsticks, in one run: the prototype that it grew from and a
 * textbook binary heap.
 *
 * Hold model: n events pending, each fires, touches its owner (64 bytes) and arms itself again. All
 * engines draw the same numbers, so they do the same work.  They take turns in short rounds; times
 * are medians, and ratios are medians of each round's ratio: noise that lasts longer than a round
 * cancels.  CPU time of the thread. */
#include "sim/event.h"
#include "tests/bench/binary_heap.h"
#include "tests/bench/prototype.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECOND 1e9

/* Exponential quantiles at i/BINS, in units of 2^-32 of the mean; interpolated, so that drawing
 * costs 2 ns. */
enum { BINS = 1024, ROUNDS = 11 };
static double quantile[BINS + 1];

struct draw {
	uint64_t s[4];
};

static struct draw draw_seed(void)
{
	struct draw d;
	uint64_t x = 42;

	for (int i = 0; i < 4; i++) { /* splitmix64 */
		uint64_t z = x += 0x9e3779b97f4a7c15;

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
		z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
		d.s[i] = z ^ (z >> 31);
	}
	return d;
}

static inline uint64_t draw_bits(struct draw *d)
{
	uint64_t *s = d->s, sum = s[0] + s[3], t = s[1] << 17; /* xoshiro256++ */
	uint64_t out = ((sum << 23) | (sum >> 41)) + s[0];

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = (s[3] << 45) | (s[3] >> 19);
	return out;
}

static void draw_table(void)
{
	for (int i = 0; i < BINS; i++)
		quantile[i] = -log1p(-(double)i / BINS);
	quantile[BINS] = quantile[BINS - 1] + 2; /* the last bin keeps its mean */
}

/* Exponential with this mean in seconds, as ns. */
static inline int64_t draw_exp(struct draw *d, double mean)
{
	uint64_t bits = draw_bits(d);
	uint64_t i = bits >> 54;
	double within = (double)(bits & 0xffffffff) * 0x1p-32;

	return (int64_t)((quantile[i] + within * (quantile[i + 1] - quantile[i])) * mean * SECOND);
}

static int64_t increment_exp(struct draw *d)
{
	return draw_exp(d, 1);
}

/* 10 % at once, 50 % U(20, 100 ms), 20 % exp 5 ms, 15 % exp 1 s, 5 % 60 s + exp 60 s. */
static int64_t increment_mixed(struct draw *d)
{
	uint64_t bits = draw_bits(d), percent = (bits >> 32) * 100 >> 32;

	if (percent < 10)
		return 0;
	if (percent < 60)
		return 20000000 + (int64_t)((bits & 0xffffffff) * 80000000 >> 32);
	if (percent < 80)
		return draw_exp(d, 0.005);
	if (percent < 95)
		return draw_exp(d, 1);
	return (int64_t)(60 * SECOND) + draw_exp(d, 60);
}

/* What is left of a mixed increment at a random time: each kind by its share of time, 6181 ms in
 * all, and the residual of its kind. So the load starts in equilibrium: 97 % wait for minutes. */
static int64_t start_mixed(struct draw *d)
{
	uint64_t ms = (draw_bits(d) >> 32) * 6181 >> 32;
	double u = (double)(draw_bits(d) >> 11) * 0x1p-53;

	if (ms < 3000)
		return (int64_t)(u * 60 * SECOND);
	if (ms < 6000)
		return (int64_t)(60 * SECOND) + draw_exp(d, 60);
	if (ms < 6150)
		return draw_exp(d, 1);
	if (ms < 6160)
		return (int64_t)(u * 0.02 * SECOND);
	if (ms < 6180)
		return (int64_t)((0.02 + 0.08 * (1 - sqrt(u))) * SECOND);
	return draw_exp(d, 0.005);
}

/* Hold with these increments; without any, M/M/1. */
struct load {
	const char *name;
	int64_t (*start)(struct draw *), (*increment)(struct draw *);
	double mean_s;
};
static const struct load exponential = { "exponential", increment_exp, increment_exp, 1 };
static const struct load mixed = { "mixed", start_mixed, increment_mixed, 6.181 };
static const struct load mm1 = { "M/M/1, load 0.9", NULL, NULL, 1 };

#define sim_event_of(f) SIM_EVENT(f)
#define proto_event_of(f) PROTO_EVENT(f)
#define heap_event_of(f) HEAP_EVENT(f)

#define ENGINE(name) sim_##name
#define PREFIX sim
#include "tests/bench/event_load.h"
#define ENGINE(name) proto_##name
#define PREFIX proto
#include "tests/bench/event_load.h"
#define ENGINE(name) heap_##name
#define PREFIX heap
#include "tests/bench/event_load.h"

enum { OURS, PROTOTYPE, HEAP, ENGINES };
static const struct engine {
	void *(*make)(uint32_t n, const struct load *load);
	uint64_t (*go)(void *bed, int64_t span);
	uint64_t (*drop)(void *bed);
} engines[ENGINES] = {
	{ sim_make, sim_go, sim_drop },
	{ proto_make, proto_go, proto_drop },
	{ heap_make, heap_go, heap_drop },
};

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), compare);
	return v[n / 2];
}

/* What one case gave: ns an event, and the ratio to ours, by engine. */
struct result {
	double ns[ENGINES], ratio[ENGINES];
};

/* Runs one case of n events pending on the first `count` engines, some `events` of them a round. */
static struct result measure(const struct load *load, uint32_t n, int count, double events)
{
	double time[ENGINES][ROUNDS], over[ENGINES][ROUNDS];
	int64_t span = (int64_t)(events / n * load->mean_s * SECOND);
	uint64_t fired[ENGINES], state = 0;
	void *bed[ENGINES];
	struct result result = { { 0 }, { 0 } };

	for (int i = 0; i < count; i++) {
		bed[i] = engines[i].make(n, load);
		engines[i].go(bed[i], (int64_t)(load->mean_s * SECOND));
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int k = 0; k < count; k++) {
			int i = (k + round) % count;
			double start = cpu_ns();

			fired[i] = engines[i].go(bed[i], span);
			time[i][round] = (cpu_ns() - start) / (double)fired[i];
		}
		for (int i = 0; i < count; i++) {
			assert(fired[i] == fired[0]);
			over[i][round] = time[i][round] / time[OURS][round];
		}
	}
	for (int i = 0; i < count; i++) {
		uint64_t end = engines[i].drop(bed[i]);

		state = i ? state : end;
		assert(end == state); /* all drew the same numbers */
		result.ns[i] = median(time[i], ROUNDS);
		result.ratio[i] = median(over[i], ROUNDS);
	}
	return result;
}

/* One line of the table. */
static struct result row(const struct load *load, uint32_t n, int count, double events)
{
	struct result r = measure(load, n, count, events);

	printf("%-15s %8u %6.1f %10.1f ", load->name, n, r.ns[OURS], r.ns[PROTOTYPE]);
	if (count > HEAP)
		printf("%12.1f %16.2f %10.1f\n", r.ns[HEAP], 1 / r.ratio[PROTOTYPE], r.ratio[HEAP]);
	else
		printf("%12s %16.2f %10s\n", "-", 1 / r.ratio[PROTOTYPE], "-");
	fflush(stdout);
	return r;
}

static void goal(const char *what, bool reached, double value)
{
	printf("%-62s %s (%.2f)\n", what, reached ? "PASS" : "FAIL", value);
}

int main(void)
{
	const struct load *const loads[] = { &exponential, &mixed };
	double slowest = 0, faster = 0, queue;

	draw_table();
	printf("ns an event      pending   ours  prototype  binary heap   ours/prototype  "
	       "heap/ours\n");
	for (size_t i = 0; i < 2; i++)
		for (uint32_t n = 1000; n <= 10000000; n *= 10) {
			int count = n > 1000000 ? HEAP : ENGINES;
			struct result r = row(loads[i], n, count, n > 1000000 ? 2e6 : 5e5);

			slowest = fmax(slowest, 1 / r.ratio[PROTOTYPE]);
			if (n == 1000000 && loads[i] == &exponential)
				faster = r.ratio[HEAP];
		}
	queue = 1 / row(&mm1, 2, ENGINES, 1e6).ratio[PROTOTYPE];
	printf("\n");
	goal("exponential, 1e6: 5 times as fast as the binary heap, or more:", faster >= 5, faster);
	goal("every hold: 1.05 times the prototype, or less:", slowest <= 1.05, slowest);
	goal("M/M/1: 1.3 times the prototype, or less:", queue <= 1.3, queue);
	return 0;
}
