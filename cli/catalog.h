/* catalog.h - what a scenario takes from models/catalog/: GPUs, models, counts of API writes.
 *
 * Files are found by cli_data and read by the options of their module; a name that is none gets one
 * line with the nearest. */
#ifndef CLI_CATALOG_H
#define CLI_CATALOG_H
#include "cli/setup.h"
#include "models/catalog.h"

/* What services name, read once while they name the same. */
struct catalog {
	const char *gpu_name, *llm_name;
	struct gpu_model gpu;
	struct llm_model llm;
};

/* The GPU and the model of a service, into catalog. */
bool catalog_find(struct setup *setup, const struct service_config *service,
		  struct catalog *catalog, struct err *err);
/* Sets the counts of control_plane.visits that the scenario does not to those of the file that
 * control_plane.visits_from names, and marks them so. */
bool catalog_visits(struct setup *setup, struct err *err);
#endif
