/* sonde models: the catalogue, as a table. */
#include "cli/cli.h"
#include "cli/cmd.h"
#include "models/catalog.h"
#include "models/control/visits.h"
#include "scenarios/load.h"
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"usage: sonde models\n\nLists the GPUs, the models and the counts of API "
	"writes of the catalogue, with where their figures come from.\n";

static void print_gpu(const char *path, struct arena *arena, struct err *err)
{
	struct gpu_model gpu = { 0 };

	if (scenario_load(gpu_model_options, &gpu, path, NULL, 0, NULL, arena, err))
		printf("  %-12s %6.1f GiB %7.0f TFLOPS bf16 %7.0f GB/s   %s\n", gpu.name,
		       (double)gpu.memory_bytes / 0x1p30, gpu.flops_bf16 / 1e12,
		       gpu.memory_rate / 1e9, gpu.source);
}

static void print_llm(const char *path, struct arena *arena, struct err *err)
{
	struct llm_model llm = { 0 };

	if (scenario_load(llm_model_options, &llm, path, NULL, 0, NULL, arena, err))
		printf("  %-12s %6.1f G weights %6.1f GiB %7.0f KiB of KV a token   %s\n", llm.name,
		       llm.params / 1e9, llm.params * llm.bytes_per_param / 0x1p30,
		       2 * (double)(llm.layers * llm.kv_heads * llm.head_dim) *
			       llm.kv_bytes_per_value / 1024,
		       llm.source);
}

static void print_visits(const char *path, struct arena *arena, struct err *err)
{
	struct visit_catalog visits = { 0 };

	if (!scenario_load(visit_catalog_options, &visits, path, NULL, 0, NULL, arena, err))
		return;
	printf("  %-12s", visits.name);
	for (uint32_t i = 0; i < VISITS; i++)
		printf(" %s %lld", visit_name(i), (long long)visits.count[i].writes);
	printf("   %s\n", visits.source);
}

static bool list(const char *title, const char *kind,
		 void print(const char *path, struct arena *, struct err *), struct err *err)
{
	struct arena arena;
	const char *folder, *file, **names;

	arena_init(&arena);
	folder = arena_print(&arena, "models/catalog/%s", kind);
	names = cli_data_names(folder, &arena);
	if (!names)
		err_system(err,
			   "cannot find the catalogue (%s): set SONDE_DATA to the folder that "
			   "holds it",
			   folder);
	else
		printf("%s\n", title);
	for (; names && *names && !err->text[0]; names++) {
		file = cli_data(arena_print(&arena, "%s/%s.yaml", folder, *names), &arena);
		if (file)
			print(file, &arena, err);
	}
	arena_release(&arena);
	return !err->text[0];
}

int cmd_models(int argc, char **argv)
{
	struct err err = { 0 };

	if (argc == 2 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		fputs(usage, stdout);
		return cli_flush() ? EXIT_DONE : EXIT_FAILED;
	}
	if (argc != 1)
		return cli_usage("models", "takes no arguments");
	if (!list("GPUs", "gpu", print_gpu, &err) || !list("Models", "llm", print_llm, &err) ||
	    !list("API writes by step", "control", print_visits, &err))
		return cli_fail(&err);
	return cli_flush() ? EXIT_DONE : EXIT_FAILED;
}
