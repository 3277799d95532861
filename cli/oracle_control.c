/* Oracles of control planes and autoscalers that are more than a few options: what becomes of the
 * setup, and the form.
 *
 * rounds  V6: R requests a round by N schedulers, all on the views of its beginning, S slots, any
 *         that is free: a request conflicts with probability
 *         1 - S/R (1 - (1 - R/(N S))^N) (after ParSync, ATC'21)
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
