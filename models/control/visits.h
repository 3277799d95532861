/* visits.h - how many API writes each step of a pod's way takes: data, not code.
 *
 * A set of counts is a file of models/catalog/control/, each with its source; a scenario names one
 * (control_plane.visits_from) and may set single counts over it, or include a block counted in a
 * cluster's audit log (sonde trace audit).  Files are read by cli/; which client writes what is
 * fixed here. */
#ifndef MODELS_CONTROL_VISITS_H
#define MODELS_CONTROL_VISITS_H
#include "base/opt.h"
#include "models/control/clients.h"

/* API writes by step. */
struct visit_config {
	int64_t autoscale, deployment, create, replicaset, remove, bind, unschedulable, endpoints;
};

extern const struct opt visit_options[];

/* A count as the catalogue has it. */
struct visit_count { int64_t writes; const char *source; };

/* A file of the catalogue: counts in the order of struct visit_config. */
enum { VISITS = 8 };
struct visit_catalog {
	const char *name, *source;
	struct visit_count count[VISITS];
};

extern const struct opt visit_catalog_options[];

/* The name of a step ("autoscale"), and the client that makes its writes. */
const char *visit_name(uint32_t step);
enum client visit_client(uint32_t step);
/* Takes the counts of a catalogue for all steps for which sets (called with the step's name and
 * the count) says so. */
void visits_resolve(struct visit_config *config, const struct visit_catalog *from,
		    bool (*sets)(void *ctx, const char *step, const struct visit_count *count),
		    void *ctx);
#endif
