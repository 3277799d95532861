/* oracle.h - scenarios with a closed form: the queues and loss systems that Sonde is checked
 * against.
 *
 * An `oracle:` block turns into an ordinary scenario (services, routers, pods, control planes) that
 * runs through the very code that everything else runs through; what is measured is set beside the
 * formula. */
#ifndef CLI_ORACLE_H
#define CLI_ORACLE_H
#include "base/opt.h"
#include "base/record.h"
#include "results/result.h"

enum oracle_kind { ORACLE_NONE, ORACLE_MMC, ORACLE_MG1, ORACLE_ERLANG_B, ORACLE_POWER_OF_D,
		ORACLE_HOME_PARTITION };

struct oracle_config {
	int kind;               /* enum oracle_kind */
	int64_t servers;        /* mmc, erlang-b */
	double load;            /* offered per server */
	double cv2;             /* mg1: squared coefficient of variation of the service time */
	int64_t queues, d;      /* power-of-d */
	int64_t partitions, capacity, probes; /* home-partition */
	int64_t requests;       /* arrivals in all */
	double warmup;          /* share of them not measured */
};
extern const struct opt oracle_options[];

struct setup;
/* Makes the scenario that the oracle block describes; false if its values make no stable system. */
bool oracle_expand(struct setup *setup, struct err *err);
/* The closed form's value. */
double oracle_expected(const struct oracle_config *config);
/* By how much the value of a finite system may differ from the closed form, which holds for
 * infinitely many queues or partitions; 0 where it is exact. */
double oracle_bias(const struct oracle_config *config);

/* Collects the quantity in batches, for a mean and its confidence interval. */
struct oracle_meter;
/* An empty meter; freed by oracle_meter_free. */
struct oracle_meter *oracle_meter_new(const struct oracle_config *config);
/* Takes a request, or a plain pod, into account: the kind of oracle says which counts. */
void oracle_meter_request(struct oracle_meter *meter, const struct request_record *record);
/* The same of a pod. */
void oracle_meter_pod(struct oracle_meter *meter, const struct pod_record *record);
/* The result so far: half width of the 95 % interval by 30 batch means (Student t). */
struct oracle oracle_meter_read(const struct oracle_meter *meter);
/* Frees it. */
void oracle_meter_free(struct oracle_meter *meter);
#endif
