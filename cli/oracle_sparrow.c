/* Mean job response of Sparrow's simulation (case V4): 10,000 workers of 4 slots, jobs of 100 tasks
 * of 100 ms in the mean, messages of 0.5 ms.
 *
 * At random each worker is M/M/c, and a job takes as long as the longest of its tasks, which are
 * independent: a form.  So is the omniscient scheduler on tasks with durations of their own, where
 * hardly ever a task waits: 100 ms x H_100.  Sampling has none: its values are those of simulations
 * of the same system apart from Sonde (docs/accuracy.md sets them beside each other). */
#include "cli/oracle_form.h"
#include <math.h>

/* Source: radlab/sparrow afb8efad, simulation/simulation_batch.py. */
#define TASK_S 0.1
#define DELAY_S 0.0005

/* P(a task takes longer than t), in task times: its wait in M/M/c is 0 or exponential at rate
 * theta = c (1 - load), and after it comes the task itself unless all tasks of the job have one
 * duration, which is added to the longest wait. */
static double longer(const struct oracle_config *config, double wait, double t)
{
	double theta = (double)config->slots * (1 - config->load);

	if (config->duration)
		return wait * exp(-theta * t);
	if (fabs(theta - 1) < 1e-9)
		return exp(-t) * (1 + wait * t);
	return exp(-t) + wait / (1 - theta) * (exp(-theta * t) - exp(-t));
}

/* The mean of the longest of so many: the integral of 1 - (1 - P)^n, by Simpson's rule. */
double oracle_random_response(const struct oracle_config *config)
{
	double slots = (double)config->slots, n = (double)config->tasks, step = 1e-3, sum = 0, last;
	double b = oracle_erlang_b(config->slots, slots * config->load);
	double wait = b / (1 - config->load * (1 - b));

	for (uint64_t i = 0;; i += 2) {
		double t = (double)i * step;
		double f[3];

		for (int k = 0; k < 3; k++)
			f[k] = -expm1(n * log1p(-longer(config, wait, t + k * step)));
		sum += (f[0] + 4 * f[1] + f[2]) * step / 3;
		last = f[2];
		if (last < 1e-12)
			break;
	}
	return (sum + (config->duration ? 1 : 0)) * TASK_S + DELAY_S;
}

/* Row: per-task, batch, late, omniscient; column: load 0.8, 0.9, 0.95.  In ms.  Source: durations
 * of each task: another simulation with the settings of radlab/sparrow's; one a job, where that is
 * of too few jobs: tools/sparrow.c, 400,000 jobs. */
static const double simulated_ms[2][4][3] = {
	{ { 530.4, 547.8, 570.0 },
	  { 522.3, 535.5, 553.8 },
	  { 521.0, 527.4, 543.8 },
	  { 518.7, 518.7, 518.7 } },
	{ { 212.9, 263.4, 310.2 },
	  { 154.6, 220.6, 267.8 },
	  { 104.8, 123.1, 150.2 },
	  { 99.9, 100.0, 101.6 } },
};

double oracle_sparrow_response(const struct oracle_config *config)
{
	static const double loads[] = { 0.8, 0.9, 0.95 };
	bool as_published = config->slots == 4 && config->tasks == 100;

	if (config->search == SEARCH_RANDOM)
		return oracle_random_response(config);
	for (int i = 0; as_published && i < 3; i++)
		if (fabs(config->load - loads[i]) < 1e-9)
			return simulated_ms[config->duration][config->search - 1][i] / 1e3;
	return NAN;
}
