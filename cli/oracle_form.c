/* Closed forms.  Time is counted in mean service times: the mean service time is one second.
 *
 * mmc             E[wait] = C(c, a) / (c - a), C = B / (1 - rho (1 - B)) (Erlang 1917)
 * mg1             E[wait] = rho (1 + cv2) / (2 (1 - rho)) (Pollaczek-Khinchine)
 * erlang-b        blocking B(c, a)
 * power-of-d      E[T] = sum_{k>=1} load^((d^k - d)/(d - 1)); d = 1: 1/(1 - load) (Vvedenskaya et
 *                 al. 1996)
 * home-partition  blocking p^(d+1), probes p (1 - p^d)/(1 - p), migrated p (1 - p^d)
 * sparrow         oracle_sparrow.c */
#include "cli/oracle_form.h"
#include <math.h>

double oracle_erlang_b(int64_t servers, double offered)
{
	double b = 1;

	for (int64_t k = 1; k <= servers; k++)
		b = offered * b / ((double)k + offered * b);
	return b;
}

/* Damped, for the map may overshoot. */
double oracle_full_share(double capacity, double load, double probes)
{
	double p = 0.1;

	for (int i = 0; i < 100000; i++) {
		double theta = 1 + p * (1 - pow(p, probes)) / (1 - p);
		double next = oracle_erlang_b((int64_t)capacity, load * capacity * theta);

		if (fabs(next - p) < 1e-15)
			break;
		p += 0.2 * (next - p);
	}
	return p;
}

/* Nothing is blocked: the offered load a is such that load C is carried, a (1 - B(C, a)) = load C,
 * which grows with a. */
double oracle_full_share_perfect(double capacity, double load)
{
	double low = load * capacity, high = 2 * low;
	int64_t servers = (int64_t)capacity;

	while (high * (1 - oracle_erlang_b(servers, high)) < load * capacity)
		high *= 2;
	for (int i = 0; i < 200; i++) {
		double middle = (low + high) / 2;

		if (middle * (1 - oracle_erlang_b(servers, middle)) < load * capacity)
			low = middle;
		else
			high = middle;
	}
	return oracle_erlang_b(servers, low);
}

static double power_of_d_time(double load, double d)
{
	double sum = 0, exponent = 0;

	if (d <= 1)
		return 1 / (1 - load);
	for (int k = 1; k < 200; k++) {
		double term = pow(load, exponent);

		sum += term;
		if (term < 1e-18)
			break;
		exponent = exponent * d + d; /* (d^(k+1) - d)/(d - 1) */
	}
	return sum;
}

static double mmc_wait(const struct oracle_config *config)
{
	double servers = (double)config->servers, load = config->load;
	double b = oracle_erlang_b(config->servers, servers * load);

	return b / (1 - load * (1 - b)) / (servers - servers * load);
}

enum home { HOME_BLOCKED, HOME_PROBES, HOME_MIGRATED };

static double home_value(const struct oracle_config *config, enum home what, double load)
{
	double c = (double)config->capacity, d = (double)config->probes, p;

	if (config->cache == ORACLE_CACHE_PERFECT)
		return what == HOME_BLOCKED ? 0 : oracle_full_share_perfect(c, load);
	p = oracle_full_share(c, load, d);
	switch (what) {
	case HOME_BLOCKED: return pow(p, d + 1);
	case HOME_PROBES: return p * (1 - pow(p, d)) / (1 - p);
	default: return p * (1 - pow(p, d));
	}
}

/* The number of busy slots P C fluctuates like a Poisson variable, and all partitions feel it: the
 * mean of a quantity g is off by g''(load) load^2 / (2 P C load) in first order.  The reference
 * simulations at P = 100 lie at 1.4 to 3.7 times that (overflow feeds on itself), so four times it
 * is allowed. */
static double home_bias(const struct oracle_config *config, enum home what)
{
	double load = config->load, step = 1e-3 * load, second;

	if (!config->probes || (config->cache == ORACLE_CACHE_PERFECT && load + step >= 1))
		return 0;
	second = (home_value(config, what, load + step) - 2 * home_value(config, what, load) +
		  home_value(config, what, load - step)) /
		 (step * step);
	return 4 * fabs(second) * load / (2 * (double)(config->partitions * config->capacity));
}

static uint32_t home_forms(const struct oracle_config *config, struct oracle_form *form)
{
	static const char *const quantity[] = { "blocking probability", "probes per pod",
						"migrated share" };
	enum home first = config->cache == ORACLE_CACHE_PERFECT ? HOME_PROBES : HOME_BLOCKED;
	enum home last = config->probes ? HOME_MIGRATED : HOME_BLOCKED;
	uint32_t n = 0;

	for (enum home what = first; what <= last; what++)
		form[n++] = (struct oracle_form){ quantity[what],
						  home_value(config, what, config->load),
						  home_bias(config, what) };
	return n;
}

/* power-of-d: load^2 / (2 (1 - load)) more jobs a queue, over n queues (Gast and Van Houdt 2017,
 * for d = 2; taken for every d > 1), turned into time by Little's law. */
static double power_of_d_bias(const struct oracle_config *config)
{
	if (config->d <= 1)
		return 0;
	return config->load / (2 * (1 - config->load)) / (double)config->queues;
}

uint32_t oracle_forms(const struct oracle_config *config, struct oracle_form form[ORACLE_FORMS])
{
	double load = config->load;

	switch ((enum oracle_kind)config->kind) {
	case ORACLE_MMC:
		form[0] = (struct oracle_form){ "mean wait (mean service times)", mmc_wait(config),
						0 };
		return 1;
	case ORACLE_MG1:
		form[0] = (struct oracle_form){ "mean wait (mean service times)",
						load * (1 + config->cv2) / (2 * (1 - load)), 0 };
		return 1;
	case ORACLE_ERLANG_B:
		form[0] = (struct oracle_form){
			"blocking probability",
			oracle_erlang_b(config->servers, (double)config->servers * load), 0
		};
		return 1;
	case ORACLE_POWER_OF_D:
		form[0] = (struct oracle_form){ "mean time in system (mean service times)",
						power_of_d_time(load, (double)config->d),
						power_of_d_bias(config) };
		return 1;
	case ORACLE_HOME_PARTITION: return home_forms(config, form);
	case ORACLE_SPARROW:
		form[0] = (struct oracle_form){ "mean job response (s)",
						oracle_sparrow_response(config), 0 };
		return 1;
	case ORACLE_ROUNDS:
		form[0] = (struct oracle_form){ "share of requests that conflict",
						oracle_round_conflict((double)config->schedulers,
								      (double)config->tasks,
								      (double)config->servers),
						0 };
		return 1;
	case ORACLE_OMEGA:
		form[0] = (struct oracle_form){ "share of tasks that conflict",
						oracle_omega_conflict(config),
						oracle_omega_bias(config) };
		return 1;
	case ORACLE_FAAS: return oracle_faas_forms(form);
	case ORACLE_NONE: break;
	}
	return 0;
}
