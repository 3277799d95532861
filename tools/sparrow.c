/* sparrow - simulates Sparrow by itself, apart from all of Sonde: the table of
 * cli/oracle_sparrow.c.
 *
 * The system of case V4: 10,000 workers of 4 slots, jobs of 100 tasks that arrive by Poisson, task
 * durations exponential with mean 0.1 s (each task's own, or one a job), messages of 0.5 ms one
 * way. Probes are read when they arrive, tasks are sent when the answers are there; under late
 * binding reservations queue at the workers, and a slot whose turn it is asks for a task and stands
 * idle until it is told.  What is measured is the mean time from a job's arrival to the end of its
 * last task, without the first tenth of the jobs; the half width of its 95 % interval is that of 30
 * batches.  The arguments are how many jobs there are where each task has its own duration, and
 * where a job has one, which is noisier.
 *
 *   cc -std=c11 -O2 -o /tmp/sparrow tools/sparrow.c -lm && /tmp/sparrow 100000 400000 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORKERS = 10000, SLOTS = 4, TASKS = 100, PROBES = 200, RING = 1 << 14, BATCHES = 30 };
enum search { PER_TASK, BATCH, LATE, OMNISCIENT, SEARCHES };
enum kind { ARRIVES, PROBED, PLACED, ENDS, ASKED, ENDS_LATE, ENDS_OMNISCIENT, TOLD_NO };

static const double mean_s = 0.1, delay_s = 0.0005;

struct event {
	double at;
	int kind, job, worker;
};
struct job {
	double arrival, duration, last;
	int id, left, open, worker[PROBES];
};
struct queue {
	int *at, head, n, cap;
};

static struct event *heap;
static int events, room;
static struct job jobs[RING];
static struct queue reserved[WORKERS], waiting;
static double free_at[WORKERS][SLOTS];
static int load[WORKERS], idle[WORKERS], order[WORKERS], idle_slots, alive;
static double batch[BATCHES];
static int batched[BATCHES], count;
static enum search search;
static bool same;
static uint64_t state;

static double uniform(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((double)(state >> 11) + 0.5) * 0x1p-53;
}

static double exponential(double mean)
{
	return -log(uniform()) * mean;
}

static int below(int n)
{
	return (int)(uniform() * n);
}

/* ---- events, queues ---- */

static void *grow(void *at, size_t bytes)
{
	at = realloc(at, bytes);
	if (!at)
		abort(); /* out of memory */
	return at;
}

static void post(double at, enum kind kind, int job, int worker)
{
	int i = events++;

	if (events > room)
		heap = grow(heap, (size_t)(room = 2 * events) * sizeof(*heap));
	for (; i && heap[(i - 1) / 2].at > at; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = (struct event){ at, (int)kind, job, worker };
}

static struct event next(void)
{
	struct event first = heap[0], last = heap[--events];
	int i = 0, child;

	for (; (child = 2 * i + 1) < events; i = child) {
		child += child + 1 < events && heap[child + 1].at < heap[child].at;
		if (heap[child].at >= last.at)
			break;
		heap[i] = heap[child];
	}
	heap[i] = last;
	return first;
}

static void put(struct queue *q, int job)
{
	if (q->n == q->cap) {
		q->at = grow(q->at, (size_t)(2 * q->cap + 8) * sizeof(int));
		/* What is before the head comes behind what is after it. */
		for (int i = 0; i < q->head; i++)
			q->at[q->cap + i] = q->at[i];
		for (int i = 0; q->head && i < q->cap; i++)
			q->at[i] = q->at[q->head + i];
		q->head = 0;
		q->cap = 2 * q->cap + 8;
	}
	q->at[(q->head + q->n++) % q->cap] = job;
}

static int take(struct queue *q)
{
	int job = q->at[q->head];

	q->head = (q->head + 1) % q->cap;
	q->n--;
	return job;
}

/* ---- jobs and workers ---- */

static double duration(const struct job *job)
{
	return same ? job->duration : exponential(mean_s);
}

static void ended(struct job *job, double now)
{
	int skip = count / 10, b;

	job->last = fmax(job->last, now);
	if (--job->open)
		return;
	alive--;
	if (job->id < skip)
		return;
	b = (int)((double)(job->id - skip) / (count - skip) * BATCHES);
	batch[b] += job->last - job->arrival;
	batched[b]++;
}

/* First come, first served: when each slot comes free is known. */
static void run(struct job *job, int worker, double now)
{
	double *slot = free_at[worker], start;
	int first = 0;

	for (int i = 1; i < SLOTS; i++)
		if (slot[i] < slot[first])
			first = i;
	start = fmax(slot[first], now);
	slot[first] = start + duration(job);
	load[worker]++;
	post(slot[first], ENDS, job->id, worker);
}

static void serve(int worker, double now)
{
	while (idle[worker] && reserved[worker].n) {
		idle[worker]--;
		post(now + delay_s, ASKED, take(&reserved[worker]), worker);
	}
}

/* Some workers, all different, in random order. */
static void draw(int *worker, int n)
{
	for (int i = 0; i < n; i++) {
		int other = i + below(WORKERS - i);

		worker[i] = order[other];
		order[other] = order[i];
		order[i] = worker[i];
	}
}

static void probe(struct job *job, double now)
{
	int *worker = job->worker;

	if (search != PER_TASK)
		draw(worker, PROBES);
	for (int i = 0; search == PER_TASK && i < TASKS; i++) {
		int two[2];

		draw(two, 2);
		worker[i] = two[load[two[1]] < load[two[0]]];
	}
	for (int i = 1; search == BATCH && i < PROBES; i++) {
		int one = worker[i], k = i;

		for (; k && load[worker[k - 1]] > load[one]; k--)
			worker[k] = worker[k - 1];
		worker[k] = one;
	}
	for (int i = 0; search == LATE && i < PROBES; i++) {
		put(&reserved[worker[i]], job->id);
		serve(worker[i], now);
	}
	if (search != LATE)
		post(now + 2 * delay_s, PLACED, job->id, 0);
}

static void arrive(struct job *job, int id, double now)
{
	if (++alive > RING / 2)
		abort(); /* it does not keep up */
	job->id = id;
	job->arrival = now;
	job->duration = exponential(mean_s);
	job->last = 0;
	job->left = job->open = TASKS;
	if (search != OMNISCIENT)
		post(now + delay_s, PROBED, id, 0);
	for (int i = 0; search == OMNISCIENT && i < TASKS; i++) {
		if (!idle_slots)
			put(&waiting, id);
		else if (idle_slots--)
			post(now + duration(job), ENDS_OMNISCIENT, id, 0);
	}
}

static void late(struct job *job, const struct event *event)
{
	if (event->kind == ASKED && job->id == event->job && job->left) {
		job->left--;
		post(event->at + delay_s + duration(job), ENDS_LATE, event->job, event->worker);
		return;
	}
	if (event->kind == ASKED) {
		post(event->at + delay_s, TOLD_NO, event->job, event->worker);
		return;
	}
	if (event->kind == ENDS_LATE)
		ended(job, event->at);
	idle[event->worker]++;
	serve(event->worker, event->at);
}

static void omniscient(struct job *job, double now)
{
	int other;

	ended(job, now);
	if (!waiting.n) {
		idle_slots++;
		return;
	}
	other = take(&waiting);
	post(now + duration(&jobs[other % RING]), ENDS_OMNISCIENT, other, 0);
}

static void step(double rate)
{
	struct event event = next();
	struct job *job = &jobs[event.job % RING];

	switch ((enum kind)event.kind) {
	case ARRIVES:
		arrive(job, event.job, event.at);
		if (event.job + 1 < count)
			post(event.at + exponential(1 / rate), ARRIVES, event.job + 1, 0);
		break;
	case PROBED: probe(job, event.at); break;
	case PLACED:
		for (int i = 0; i < TASKS; i++)
			run(job, job->worker[i], event.at);
		break;
	case ENDS:
		load[event.worker]--;
		ended(job, event.at);
		break;
	case ENDS_OMNISCIENT: omniscient(job, event.at); break;
	default: late(job, &event);
	}
}

static void simulate(double busy)
{
	static const char *const names[] = { "per-task", "batch", "late", "omniscient" };
	double mean = 0, spread = 0, rate = busy * WORKERS * SLOTS / (TASKS * mean_s);

	state = 88172645463325252u;
	idle_slots = WORKERS * SLOTS;
	for (int i = 0; i < WORKERS; i++) {
		order[i] = i;
		idle[i] = SLOTS;
		for (int k = 0; k < SLOTS; k++)
			free_at[i][k] = 0;
	}
	for (int b = 0; b < BATCHES; b++)
		batch[b] = batched[b] = 0;
	post(0, ARRIVES, 0, 0);
	while (events)
		step(rate);
	for (int b = 0; b < BATCHES; b++)
		mean += batch[b] / batched[b] / BATCHES;
	for (int b = 0; b < BATCHES; b++)
		spread += pow(batch[b] / batched[b] - mean, 2);
	printf("%-10s one duration a %-4s load %.2f: %.1f +- %.1f ms\n", names[search],
	       same ? "job" : "task", busy, mean * 1e3,
	       2.045 * sqrt(spread / (BATCHES - 1) / BATCHES) * 1e3);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const double loads[] = { 0.8, 0.9, 0.95 };

	for (int one = 0; one < 2; one++) {
		same = one;
		count = argc > one + 1 ? (int)strtol(argv[one + 1], NULL, 10) : 10000;
		for (int i = 0; count && i < 3; i++)
			for (search = PER_TASK; search < SEARCHES; search++)
				simulate(loads[i]);
	}
	return 0;
}
