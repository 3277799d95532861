/* setup.h - the whole of a scenario file: every module's options under one root, and what is made
 * from them.
 *
 * One file describes a run.  Options of a service may stand at the top level, as defaults of every
 * service. */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H
#include "base/arena.h"
#include "cli/oracle.h"
#include "results/collect.h"
#include "scenarios/load.h"
#include "sim/world.h"
#include "traces/synth.h"
#include "traces/trace.h"

/* With more services than this, a list of them is a mistake; source: assumption. */
enum { SERVICES_MAX = 100000 };

struct setup_name { const char *name; uint32_t service; };

struct setup {
	const char *name, *about;
	int64_t seed, duration_ns, sample_ns, warmup_ns, hop_ns;
	int64_t copies;
	double zipf;
	bool details;
	/* defaults of every service; the only one if there is no list */
	struct service_config service;
	struct opt_list services;               /* of struct service_config */
	struct trace_spec trace;
	struct opt_list traces;                 /* of struct trace_spec */
	struct opt_list workload;               /* of struct synth_config */
	struct pod_workload pods;
	struct cluster_config cluster;
	struct control_config control;
	struct opt_list events;                 /* of struct event_config */
	struct detection_config detection;
	struct user_config users;
	struct decision_cost decision;
	struct api_config api;
	struct cold_start_config cold_start;
	struct storage_config storage;
	struct net_config network;
	struct oracle_config oracle;

	/* made from the above */
	const char *path;                       /* the file, for messages */
	struct trace_spec *reads;               /* the traces that are read, n_reads of them */
	uint32_t n_reads;
	bool no_services;                       /* plain pods only */
	struct arena arena;
	struct gpu_cost *costs;
	const char **service_names;             /* NULL-terminated */
	struct setup_name *by_name;             /* the same, sorted */
	struct slo *slos;
	/* the file: its text, its variants, where values come from */
	struct scenario loaded;
	const char *effective;                  /* as YAML, with all defaults */
	struct world_config world;
};
extern const struct opt setup_options[];

/* Reads, checks and completes a scenario; replication is added to its seed.  The memory is the
 * setup's own; on failure there is nothing to release. */
bool setup_read(struct setup *setup, const char *path, const struct scenario_set *sets,
		uint32_t n_sets,
		uint64_t replication, struct err *err);
/* Frees it. */
void setup_release(struct setup *setup);
/* Opens the requests of the scenario: its trace, else its workload; NULL with err where it cannot
 * (and err->text "" where there is none, as with plain pods). */
struct trace *setup_requests(struct setup *setup, struct err *err);

/* The service of a name; NONE with a message where there is none. */
uint32_t setup_service(const struct setup *setup, const char *name, struct err *err);

/* The trace that can be read only once, such as a pipe; NULL where there is none. */
const char *setup_pipe(const struct setup *setup);
/* Whether its traces are measurements, which replications resample: those that are made up change
 * with the seed. */
bool setup_can_resample(const struct setup *setup);
/* For setup.c: finds the traces that are read, their files and the services of each. */
bool setup_find_traces(struct setup *setup, struct err *err);
/* For setup.c: makes every service and its workload `copies` times over. */
bool setup_copy(struct setup *setup, struct err *err);
/* A file that the scenario names: beside it, else from the current folder, else as shipped. */
const char *setup_file(struct setup *setup, const char *name);
/* For setup.c: sorts the names of the services, which must differ. */
bool setup_index(struct setup *setup, struct err *err);
/* Whether nothing is given that an oracle makes itself. */
bool setup_check_oracle(const struct setup *setup, struct err *err);
/* Whether the options fit together. */
bool setup_check(struct setup *setup, struct err *err);

/* For oracle.c: one Poisson stream of `requests` requests for the only service. */
void setup_add_poisson(struct setup *setup, double rate, int64_t requests);
/* A control plane in loss mode: partitions 0 = central. */
void setup_plane_for_loss(struct setup *setup, int64_t partitions, int64_t probes);
/* A control plane of one function that owns all nodes and gives what comes free to who waits. */
void setup_plane_for_all(struct setup *setup);
/* One that samples, whose pods wait in the queues of nodes for ever. */
void setup_plane_for_sampling(struct setup *setup, double ratio, bool per_task, bool late);
/* Plain pods, this many a second and in all, of one GPU each. */
void setup_pods(struct setup *setup, double rate, int64_t count, const char *lifetime);
/* The shared plane with so many schedulers that choose at random and give up what conflicts. */
void setup_plane_for_conflicts(struct setup *setup, int64_t schedulers, const char *decision);
/* Sets a distribution to a text that is known to be one. */
void setup_dist(struct setup *setup, struct dist *dist, enum unit unit, const char *text);
/* Nothing but queues and servers takes time. */
void setup_without_latency(struct setup *setup);
#endif
