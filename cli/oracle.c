/* Closed forms.  Time is counted in mean service times: the mean service time is one second.
 *
 * mmc             E[wait] = C(c, a) / (c - a), C from Erlang B: C = B / (1 - rho (1 - B))  (Erlang
 * 1917) mg1             E[wait] = rho (1 + cv2) / (2 (1 - rho)) (Pollaczek-Khinchine) erlang-b
 * blocking B(c, a): B_0 = 1, B_k = a B_{k-1} / (k + a B_{k-1}) power-of-d      E[T] = sum_{k>=1}
 * load^((d^k - d)/(d - 1)), d = 1: 1/(1 - load)           (Vvedenskaya et al. 1996) home-partition
 * p = B(C, load C theta), theta = 1 + p (1 - p^d)/(1 - p); blocking p^(d+1): a full home probes up
 * to d other partitions (derived for this project; mean field, P large) */
#include "cli/oracle.h"
#include "base/vec.h"
#include "cli/setup.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

enum { BATCHES = 30 };

#define ORACLE(f) offsetof(struct oracle_config, f)

static const char *const kinds[] = { "none",	       "mmc", "mg1", "erlang-b", "power-of-d",
				     "home-partition", NULL };

const struct opt oracle_options[] = {
	{ "kind", OPT_CHOICE, UNIT_NONE, ORACLE(kind), "none", .choices = kinds,
	  .help = "a system with a closed form, run through the ordinary code" },
	{ "servers", OPT_INT, UNIT_NONE, ORACLE(servers), "1", 1, 1e6,
	  .help = "mmc, erlang-b: servers" },
	{ "load", OPT_REAL, UNIT_NONE, ORACLE(load), "0.8", 1e-6, 100,
	  .help = "offered load per server or slot" },
	{ "cv2", OPT_REAL, UNIT_NONE, ORACLE(cv2), "1", 0, 1e4,
	  .help = "mg1: squared coefficient of variation of the service time" },
	{ "queues", OPT_INT, UNIT_NONE, ORACLE(queues), "1000", 1, 1e6,
	  .help = "power-of-d: queues" },
	{ "d", OPT_INT, UNIT_NONE, ORACLE(d), "2", 1, 64, .help = "power-of-d: queues looked at" },
	{ "partitions", OPT_INT, UNIT_NONE, ORACLE(partitions), "1000", 1, 1e5,
	  .help = "home-partition: partitions" },
	{ "capacity", OPT_INT, UNIT_NONE, ORACLE(capacity), "10", 1, 1e5,
	  .help = "home-partition: slots of each" },
	{ "probes", OPT_INT, UNIT_NONE, ORACLE(probes), "1", 0, 64,
	  .help = "home-partition: other partitions tried when home is full" },
	{ "requests", OPT_INT, UNIT_NONE, ORACLE(requests), "2000000", 1000, 1e12,
	  .help = "arrivals in all" },
	{ "warmup", OPT_REAL, UNIT_SHARE, ORACLE(warmup), "10%", 0, 0.9,
	  .help = "share of them not measured",
	  .source = "assumption: longer than the relaxation of every case shipped" },
	OPT_END
};

static double erlang_b(int64_t servers, double offered)
{
	double b = 1;

	for (int64_t k = 1; k <= servers; k++)
		b = offered * b / ((double)k + offered * b);
	return b;
}

/* The share of partitions that are full, by damped iteration. */
static double full_share(double slots, double load, double probes)
{
	double p = 0.1;

	for (int i = 0; i < 100000; i++) {
		double theta = 1 + p * (1 - pow(p, probes)) / (1 - p);
		double next = erlang_b((int64_t)slots, load * slots * theta);

		if (fabs(next - p) < 1e-15)
			break;
		p += 0.2 * (next - p);
	}
	return p;
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

double oracle_expected(const struct oracle_config *config)
{
	double servers = (double)config->servers, load = config->load, b;

	switch ((enum oracle_kind)config->kind) {
	case ORACLE_MMC:
		b = erlang_b(config->servers, servers * load);
		return b / (1 - load * (1 - b)) / (servers - servers * load);
	case ORACLE_MG1: return load * (1 + config->cv2) / (2 * (1 - load));
	case ORACLE_ERLANG_B: return erlang_b(config->servers, servers * load);
	case ORACLE_POWER_OF_D: return power_of_d_time(load, (double)config->d);
	case ORACLE_HOME_PARTITION:
		return pow(full_share((double)config->capacity, load, (double)config->probes),
			   (double)config->probes + 1);
	case ORACLE_NONE: break;
	}
	return NAN;
}

/* power-of-d: load^2 / (2 (1 - load)) more jobs a queue, over n queues (Gast and Van Houdt 2017,
 * for d = 2; taken for every d > 1), turned into time by Little's law. home-partition: the number
 * of busy slots P C fluctuates like a Poisson variable, all partitions feel it, and blocking is
 * convex in it: first order d (d + 1)/2 (dln p/dln load)^2 / (P C load).  The reference simulations
 * at P = 100 lie at 1.4 to 3.7 times that (overflow feeds on itself), so four times it is allowed.
 */
double oracle_bias(const struct oracle_config *config)
{
	double load = config->load, d, c, step = 1e-4, slope;

	if (config->kind == ORACLE_POWER_OF_D && config->d > 1)
		return load / (2 * (1 - load)) / (double)config->queues;
	if (config->kind != ORACLE_HOME_PARTITION || !config->probes)
		return 0;
	d = (double)config->probes;
	c = (double)config->capacity;
	slope = log(full_share(c, load * (1 + step), d) / full_share(c, load * (1 - step), d)) /
		(2 * step);
	return 4 * oracle_expected(config) * d * (d + 1) / 2 * slope * slope /
	       ((double)config->partitions * c * load);
}

/* ---- from block to scenario ---- */

static void set_dist(struct dist *dist, struct arena *arena, enum unit unit, const char *text)
{
	struct err err;
	bool ok = dist_parse(dist, text, unit, arena, &err);

	if (!ok)
		abort(); /* the texts below are ours */
}

static void expand_queue(struct setup *setup)
{
	const struct oracle_config *oracle = &setup->oracle;
	struct service_config *service = &setup->service;
	double rate = oracle->load;
	const char *time = "exp(1s)";

	service->engine.kind = ENGINE_REQUEST;
	service->autoscaler.class = SCALE_NONE;
	service->timeout_ns = 0;
	service->concurrency = 0;
	service->cpu_milli = service->memory_bytes = 0;
	service->replicas = 1;
	service->engine.slots = 1;
	if (oracle->kind == ORACLE_MMC) {
		service->engine.slots = oracle->servers;
		rate *= (double)oracle->servers;
	} else if (oracle->kind == ORACLE_POWER_OF_D) {
		service->replicas = oracle->queues;
		service->router = oracle->d > 1 ? ROUTE_POWER_OF_D : ROUTE_RANDOM;
		service->d = oracle->d;
		rate *= (double)oracle->queues;
	} else if (oracle->cv2 <= 0) {
		time = "1s";
	} else if (oracle->cv2 < 1) {
		time = arena_print(&setup->arena, "gamma(1s,%.17g)", sqrt(oracle->cv2));
	} else if (oracle->cv2 > 1) {
		time = arena_print(&setup->arena, "H2(1s,%.17g)", oracle->cv2);
	}
	set_dist(&service->engine.service_time, &setup->arena, UNIT_TIME, time);
	setup_add_poisson(setup, rate, oracle->requests);
	setup->cluster.nodes = service->replicas;
}

static void expand_pods(struct setup *setup)
{
	const struct oracle_config *oracle = &setup->oracle;
	bool home = oracle->kind == ORACLE_HOME_PARTITION;
	double slots =
		home ? (double)(oracle->partitions * oracle->capacity) : (double)oracle->servers;

	setup->no_services = true;
	setup->cluster.nodes = (int64_t)slots;
	setup->pods.rate = oracle->load * slots;
	setup->pods.count = oracle->requests;
	setup->pods.gpus = 1;
	setup->pods.cpu_milli = setup->pods.memory_bytes = 0;
	set_dist(&setup->pods.lifetime, &setup->arena, UNIT_TIME, "exp(1s)");
	setup_plane_for_loss(setup, home ? oracle->partitions : 0, oracle->probes);
}

bool oracle_expand(struct setup *setup, struct err *err)
{
	const struct oracle_config *oracle = &setup->oracle;
	bool queue = oracle->kind == ORACLE_MMC || oracle->kind == ORACLE_MG1 ||
		     oracle->kind == ORACLE_POWER_OF_D;

	if (oracle->kind == ORACLE_NONE)
		return true;
	if (queue && oracle->load >= 1)
		return err_set(err, "oracle.load is %g: a queue has no steady state at 1 or more",
			       oracle->load);
	if (oracle->kind == ORACLE_POWER_OF_D && oracle->d > oracle->queues)
		return err_set(err, "oracle.d is %lld, more than the %lld queues",
			       (long long)oracle->d, (long long)oracle->queues);
	if (oracle->kind == ORACLE_HOME_PARTITION && oracle->probes >= oracle->partitions)
		return err_set(err,
			       "oracle.probes is %lld: at most partitions - 1 others can be tried",
			       (long long)oracle->probes);
	setup_without_latency(setup);
	if (queue)
		expand_queue(setup);
	else
		expand_pods(setup);
	return true;
}

/* ---- measuring ---- */

struct oracle_meter {
	struct oracle_config config;
	uint64_t seen, skip, per_batch;
	double sum[BATCHES];
	uint64_t n[BATCHES];
};

struct oracle_meter *oracle_meter_new(const struct oracle_config *config)
{
	struct oracle_meter *meter = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*meter));

	*meter = (struct oracle_meter){ .config = *config };
	meter->skip = (uint64_t)((double)config->requests * config->warmup);
	meter->per_batch = ((uint64_t)config->requests - meter->skip) / BATCHES;
	if (!meter->per_batch)
		meter->per_batch = 1;
	return meter;
}

void oracle_meter_free(struct oracle_meter *meter)
{
	free(meter);
}

static void add(struct oracle_meter *meter, double value)
{
	uint64_t batch;

	if (meter->seen++ < meter->skip)
		return;
	batch = (meter->seen - 1 - meter->skip) / meter->per_batch;
	if (batch >= BATCHES)
		return;
	meter->sum[batch] += value;
	meter->n[batch]++;
}

void oracle_meter_request(struct oracle_meter *meter, const struct request_record *record)
{
	const int64_t *part = record->part_ns;

	if (record->outcome != OUT_COMPLETED)
		return;
	if (meter->config.kind == ORACLE_POWER_OF_D)
		add(meter, (double)(record->end_ns - record->arrival_ns) / 1e9);
	else
		add(meter, (double)(part[PART_ACTIVATOR] + part[PART_QUEUE_PROXY] +
				    part[PART_BATCH_WAIT]) /
				   1e9);
}

void oracle_meter_pod(struct oracle_meter *meter, const struct pod_record *record)
{
	if (record->end == POD_READY || record->end == POD_UNSCHEDULABLE)
		add(meter, record->end == POD_UNSCHEDULABLE);
}

struct oracle oracle_meter_read(const struct oracle_meter *meter)
{
	static const char *const quantities[] = { "",
						  "mean wait (mean service times)",
						  "mean wait (mean service times)",
						  "blocking probability",
						  "mean time in system (mean service times)",
						  "blocking probability" };
	struct oracle oracle = { .quantity = quantities[meter->config.kind], .unit = "" };
	double mean = 0, spread = 0;
	int batches = 0;

	for (; batches < BATCHES && meter->n[batches] == meter->per_batch; batches++)
		mean += meter->sum[batches] / (double)meter->n[batches];
	mean /= batches ? batches : 1;
	for (int i = 0; i < batches; i++)
		spread += pow(meter->sum[i] / (double)meter->n[i] - mean, 2);
	oracle.simulated = batches ? mean : NAN;
	oracle.half_width_95 = batches > 1 ? gsl_cdf_tdist_Pinv(0.975, batches - 1) *
						     sqrt(spread / (batches - 1) / batches)
					   : NAN;
	oracle.expected = oracle_expected(&meter->config);
	oracle.bias = oracle_bias(&meter->config);
	return oracle;
}
