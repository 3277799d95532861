/* A file of the catalogue is read by the same loader as a scenario, by the options of its kind. */
#include "cli/catalog.h"
#include "cli/cli.h"
#include <string.h>

static bool read_catalog(struct setup *setup, const char *kind, const char *name,
			 const struct opt *table, void *entry, struct err *err)
{
	const char *folder = arena_print(&setup->arena, "models/catalog/%s", kind);
	const char *file = arena_print(&setup->arena, "%s/%s.yaml", folder, name), *path, *near;
	const char **names;

	path = *name && !strchr(name, '/') ? cli_data(file, &setup->arena) : NULL;
	if (path)
		return scenario_load(table, entry, path, NULL, 0, NULL, &setup->arena, err);
	names = cli_data_names(folder, &setup->arena);
	if (!names)
		return err_system(err,
				  "cannot find the catalogue (%s): set SONDE_DATA to the folder "
				  "that holds it",
				  folder);
	near = err_nearest(name, names);
	return err_set(err, "no %s '%s' in the catalogue%s%s%s (sonde models lists them)", kind,
		       name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

bool catalog_find(struct setup *setup, const struct service_config *service,
		  struct catalog *catalog, struct err *err)
{
	if (!catalog->gpu_name || strcmp(catalog->gpu_name, service->gpu) != 0) {
		catalog->gpu = (struct gpu_model){ 0 };
		if (!read_catalog(setup, "gpu", service->gpu, gpu_model_options, &catalog->gpu,
				  err))
			return false;
		catalog->gpu_name = service->gpu;
	}
	if (!catalog->llm_name || strcmp(catalog->llm_name, service->model) != 0) {
		catalog->llm = (struct llm_model){ 0 };
		if (!read_catalog(setup, "llm", service->model, llm_model_options, &catalog->llm,
				  err))
			return false;
		catalog->llm_name = service->model;
	}
	return true;
}

/* A preset sets what the user did not, and says where from. */
static bool visits_sets(void *ctx, const char *step, const struct visit_count *count)
{
	struct setup *setup = ctx;
	const char *whole = arena_print(&setup->arena, "control_plane.visits.%s", step);

	if (scenario_mark_find(&setup->loaded, whole))
		return false;
	scenario_mark_add(
		&setup->loaded, whole,
		arena_print(&setup->arena, "control_plane.visits_from: %s", count->source),
		&setup->arena);
	return true;
}

bool catalog_visits(struct setup *setup, struct err *err)
{
	struct visit_catalog catalog = { 0 };

	if (!read_catalog(setup, "control", setup->control.visits_from, visit_catalog_options,
			  &catalog, err))
		return false;
	visits_resolve(&setup->control.visits, &catalog, visits_sets, setup);
	return true;
}
