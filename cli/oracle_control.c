/* Oracles of control planes and autoscalers that are more than a few options: what becomes of the
 * setup, and the form.
 *
 * rounds  V6: R requests a round by N schedulers, all on the views of its beginning, S slots, any
 *         that is free: a request conflicts with probability
 *         1 - S/R (1 - (1 - R/(N S))^N) (after ParSync, ATC'21)
 * omega   V7: while a scheduler takes t seconds for a decision, others commit tasks at rate r on M
 *         machines: by sequence numbers a task conflicts with probability 1 - exp(-r t / M), a gang
 *         of m with 1 - exp(-m r t / M); by resource fit none does while there is room (Schwarzkopf
 *         et al. 2013; the exponential forms derived for this project)
 * faas    V12: a function that scales per request; SimFaaS' own run, and running = lambda E[S]
 *         (Little) */
#include "cli/oracle_form.h"
#include "cli/setup.h"
#include <math.h>

/* Rounds: a decision takes a microsecond, so that every scheduler has begun before the first ends;
 * pods live for longer than a round of 10^4, and are gone, and all views refreshed, long before the
 * next: two rounds meet in 10^-5 of the cases. */
#define ROUNDS_DECISION "1us"
#define ROUNDS_LIFETIME "20ms"
#define ROUNDS_SYNC_NS INT64_C(100000000)
#define ROUNDS_GAP_S 1e4

void oracle_expand_rounds(struct setup *setup)
{
	const struct oracle_config *oracle = &setup->oracle;

	setup_pods(setup, (double)oracle->tasks / ROUNDS_GAP_S, oracle->requests, ROUNDS_LIFETIME);
	setup->pods.job = oracle->tasks;
	setup->cluster.nodes = oracle->servers;
	setup_plane_for_conflicts(setup, oracle->schedulers, ROUNDS_DECISION);
	setup->control.shared.sync_ns = ROUNDS_SYNC_NS;
}

double oracle_round_conflict(double schedulers, double requests, double slots)
{
	return 1 - slots / requests * (1 - pow(1 - requests / (schedulers * slots), schedulers));
}

static bool by_fit(const struct oracle_config *oracle)
{
	return oracle->conflict == CONFLICT_FIT;
}

double oracle_omega_conflict(const struct oracle_config *oracle)
{
	double tasks = oracle->gang ? (double)oracle->tasks : 1;

	return by_fit(oracle) ? 0 : 1 - exp(-tasks * oracle->commits);
}

/* The form takes commits on a machine for Poisson.  But who would commit on the heels of another is
 * refused, so that they lie further apart: at most one in the time of a decision, which is then hit
 * with probability `commits` itself. */
double oracle_omega_bias(const struct oracle_config *oracle)
{
	double tasks = oracle->gang ? (double)oracle->tasks : 1, hit = fmin(oracle->commits, 1);

	return by_fit(oracle) ? 0 : 1 - pow(1 - hit, tasks) - oracle_omega_conflict(oracle);
}

/* N schedulers alike, so that each is another's other: the commits of N - 1 of them, as many as are
 * offered but for those that conflict and are given up, are `commits` a machine in the time of a
 * decision, one second.  Tasks stay for ever, so that nothing but a commit changes a machine.  A
 * scheduler must have time for its share: false if not. */
bool oracle_expand_omega(struct setup *setup, struct err *err)
{
	const struct oracle_config *oracle = &setup->oracle;
	double others = (double)oracle->schedulers - 1, machines = (double)oracle->servers;
	double offered = oracle->commits * machines / others / (1 - oracle_omega_conflict(oracle));
	double busy = offered / (double)oracle->tasks;
	double each = (double)oracle->requests / machines, room = ceil(each + 8 * sqrt(each)) + 64;

	if (others < 1 || busy > 0.9)
		return err_set(err,
			       "oracle.schedulers is %lld: for so many commits each would have to "
			       "work %.3g of the time: expected more of them",
			       (long long)oracle->schedulers, busy);
	if (room > 1024)
		return err_set(err, "oracle.requests is %lld, too many for %lld machines",
			       (long long)oracle->requests, (long long)oracle->servers);
	setup_pods(setup, offered * (double)oracle->schedulers, oracle->requests, "1000000h");
	setup->duration_ns = (int64_t)(1.5e9 * (double)oracle->requests /
				       (offered * (double)oracle->schedulers)) +
			     INT64_C(60000000000);
	setup->pods.job = oracle->tasks;
	setup->cluster.nodes = oracle->servers;
	setup->cluster.gpus = (int64_t)room;
	setup->cluster.pods = setup->cluster.ips = (int64_t)room;
	setup_plane_for_conflicts(setup, oracle->schedulers, "1s");
	setup->control.shared.conflict = oracle->conflict;
	/* In turn, who came just before would always be another's. */
	setup->control.dispatch = DISPATCH_RANDOM;
	setup->control.jobs = oracle->gang ? JOBS_GANG : JOBS_TOGETHER;
	return true;
}

/* SimFaaS, README: arrivals 0.9/s, warm service 1.991 s, cold 2.244 s, expiry after 600 s. */
#define FAAS_RATE 0.9
#define FAAS_WARM_S 1.991
#define FAAS_START_S 0.253
#define FAAS_IDLE_NS INT64_C(600000000000)

void oracle_expand_faas(struct setup *setup)
{
	struct service_config *service = &setup->service;

	service->engine.kind = ENGINE_REQUEST;
	service->engine.slots = service->concurrency = 1;
	service->cpu_milli = service->memory_bytes = 0;
	service->timeout_ns = 0;
	service->router = ROUTE_NEWEST;
	service->autoscaler.class = SCALE_PER_REQUEST;
	service->autoscaler.idle_ns = FAAS_IDLE_NS;
	setup_dist(setup, &service->engine.service_time, UNIT_TIME, "exp(1.991s)");
	setup_dist(setup, &setup->cold_start.phases.start, UNIT_TIME, "253ms");
	setup_add_poisson(setup, FAAS_RATE, setup->oracle.requests);
	setup->cluster.nodes = 1;
	setup->cluster.gpus = setup->cluster.pods = setup->cluster.ips = 1000;
}

/* Two single runs of SimFaaS' model are at hand, its README's and one made for this project: a
 * share of cold requests of .0014 and .0013, 7.66 and 7.68 instances, 5.87 and 5.887 idle ones,
 * without intervals.  The bias is what lies between them, the rounding, and 1 % of the instances.
 */
uint32_t oracle_faas_forms(struct oracle_form *form)
{
	double cold = 0.00135;

	form[0] = (struct oracle_form){ "share of cold requests", cold, 0.0001 };
	form[1] = (struct oracle_form){ "running instances",
					FAAS_RATE * (FAAS_WARM_S + cold * FAAS_START_S), 0.0001 };
	form[2] = (struct oracle_form){ "instances", 7.67, 0.08 };
	form[3] = (struct oracle_form){ "idle instances", 5.88, 0.06 };
	return 4;
}

void oracle_faas_values(const struct request_record *record, double *value)
{
	value[0] = record->cold;
	value[1] = FAAS_RATE * (double)(record->end_ns - record->arrival_ns) / 1e9;
}
