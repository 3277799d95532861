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
	void *(*make)(uint32_t n, int64_t (*increment)(struct draw *));
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

/* Runs one case on the first `count` engines: ns an event in ns[], ratios to ours in ratio[]. */
static void measure(int count, uint32_t n, int64_t (*increment)(struct draw *), double mean_s,
		    double events, double *ns, double *ratio)
{
	double time[ENGINES][ROUNDS], over[ENGINES][ROUNDS];
	int64_t span = (int64_t)(events / n * mean_s * SECOND);
	uint64_t fired[ENGINES], state = 0;
	void *bed[ENGINES];

	for (int i = 0; i < count; i++) {
		bed[i] = engines[i].make(n, increment);
		engines[i].go(bed[i], (int64_t)(mean_s * SECOND));
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
		ns[i] = median(time[i], ROUNDS);
		ratio[i] = median(over[i], ROUNDS);
	}
}

static const char *verdict(bool reached)
{
	return reached ? "PASS" : "FAIL";
}

int main(void)
{
	static const struct {
		const char *name;
		int64_t (*increment)(struct draw *);
		double mean_s;
	} loads[] = {
		{ "exponential", increment_exp, 1 },
		{ "mixed", increment_mixed, 6.181 },
	};
	double ns[ENGINES], ratio[ENGINES], worst = 0, heap_1e6 = 1e9, mm1;

	draw_table();
	printf("ns an event            ours  prototype  binary heap   ours/prototype  heap/ours\n");
	for (size_t load = 0; load < 2; load++)
		for (uint32_t n = 1000; n <= 10000000; n *= 10) {
			int count = n > 1000000 ? HEAP : ENGINES;

			measure(count, n, loads[load].increment, loads[load].mean_s,
				n > 1000000 ? 2e6 : 5e5, ns, ratio);
			printf("%-12s %8u %6.1f %10.1f ", loads[load].name, n, ns[OURS],
			       ns[PROTOTYPE]);
			if (count > HEAP)
				printf("%12.1f %16.2f %10.1f\n", ns[HEAP], 1 / ratio[PROTOTYPE],
				       ratio[HEAP]);
			else
				printf("%12s %16.2f %10s\n", "-", 1 / ratio[PROTOTYPE], "-");
			fflush(stdout);
			worst = fmax(worst, 1 / ratio[PROTOTYPE]);
			if (n == 1000000)
				heap_1e6 = fmin(heap_1e6, ratio[HEAP]);
		}
	measure(ENGINES, 1, NULL, 1, 1e6, ns, ratio);
	mm1 = 1 / ratio[PROTOTYPE];
	printf("%-21s %6.1f %10.1f %12.1f %16.2f %10.1f\n", "M/M/1, load 0.9", ns[OURS],
	       ns[PROTOTYPE], ns[HEAP], mm1, ratio[HEAP]);
	printf("\nfaster than the binary heap at 1e6, at least 5 times: %s (%.1f)\n",
	       verdict(heap_1e6 >= 5), heap_1e6);
	printf("never slower than the prototype, at most 1.05:        %s (%.2f)\n",
	       verdict(worst <= 1.05), worst);
	printf("M/M/1 against the prototype, at most 1.3:             %s (%.2f)\n",
	       verdict(mm1 <= 1.3), mm1);
	return 0;
}
