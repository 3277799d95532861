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
		ORACLE_HOME_PARTITION, ORACLE_SPARROW, ORACLE_ROUNDS, ORACLE_OMEGA,
		ORACLE_FAAS };

enum oracle_search { SEARCH_RANDOM, SEARCH_PER_TASK, SEARCH_BATCH, SEARCH_LATE, SEARCH_OMNISCIENT };
enum oracle_cache { ORACLE_CACHE_NONE, ORACLE_CACHE_PERFECT };
/* The most quantities of one oracle. */
enum { ORACLE_FORMS = 4 };

struct oracle_config {
	int kind;               /* enum oracle_kind */
	int64_t servers;        /* mmc, erlang-b; rounds: slots; omega: machines */
	double load;            /* offered per server */
	double cv2;             /* mg1: squared coefficient of variation of the service time */
	int64_t queues, d;      /* power-of-d */
	int64_t partitions, capacity, probes; /* home-partition */
	int cache;              /* home-partition: enum oracle_cache */
	int64_t workers, slots, tasks; /* sparrow; tasks: of a job, rounds: of a round;
				* omega: of a job */
	int64_t schedulers;     /* rounds, omega */
	double commits;         /* omega: by others, a machine and decision */
	int conflict;           /* omega: enum conflict */
	bool gang;              /* omega: the tasks of a job are bound all or none */
	int search;             /* sparrow: enum oracle_search */
	int duration;           /* sparrow: enum lifetime_of */
	int64_t requests;       /* arrivals in all; sparrow: jobs */
	double warmup;          /* share of them not measured */
};
extern const struct opt oracle_options[];

struct setup;
/* Makes the scenario that the oracle block describes; false if its values make no stable system. */
bool oracle_expand(struct setup *setup, struct err *err);
/* For oracle.c: the same of single kinds. */
void oracle_expand_rounds(struct setup *setup);
bool oracle_expand_omega(struct setup *setup, struct err *err);
void oracle_expand_faas(struct setup *setup);

/* Collects the quantities in batches, for means and their confidence intervals. */
struct oracle_meter;
/* An empty meter; freed by oracle_meter_free. */
struct oracle_meter *oracle_meter_new(const struct oracle_config *config);
/* Takes a request, or a plain pod, into account: the kind of oracle says which counts. */
void oracle_meter_request(struct oracle_meter *meter, const struct request_record *record);
/* The same of a pod, of a job. */
void oracle_meter_pod(struct oracle_meter *meter, const struct pod_record *record);
void oracle_meter_job(struct oracle_meter *meter, const struct job_record *record);
/* So many pods were there in the mean over the whole run. */
void oracle_meter_pods(struct oracle_meter *meter, double pods);
/* The results so far, in the order of oracle_forms; returns how many.  Half width of the 95 %
 * interval by 30 batch means (Student t). */
uint32_t oracle_meter_read(const struct oracle_meter *meter, struct oracle oracle[ORACLE_FORMS]);
/* Frees it. */
void oracle_meter_free(struct oracle_meter *meter);
#endif
